//! Probability of lesion, section by section, middle ones first.

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, Ix4};

use super::resize;
use crate::network::{Network, NetworkError};

/// The order in which sections are segmented: from the middle outwards, since the cord lies there and the viewer fills from there.
pub fn middle_out(sections: usize) -> Vec<usize> {
    let middle = sections.saturating_sub(1) / 2;
    let mut order: Vec<usize> = (0..sections).collect();
    order.sort_by_key(|&s| (s.abs_diff(middle), s));
    order
}

/// Probability of lesion of one normalised section (row, column), on the section's own grid.
pub fn section_probability(
    network: &mut dyn Network,
    section: ArrayView2<'_, f32>,
    size: [usize; 2],
) -> Result<Array2<f32>, NetworkError> {
    let input = resize::linear(section, size);
    let outputs = network.run(input.view().insert_axis(Axis(0)).insert_axis(Axis(0)))?;
    let shape = |found: &[usize]| NetworkError::Shape {
        network: "segmenter".into(),
        found: found.to_vec(),
        expected: "(1, 1, rows, columns) of its input",
    };
    let output = outputs.first().ok_or_else(|| shape(&[]))?;
    if output.shape() != [1, 1, size[0], size[1]] {
        return Err(shape(output.shape()));
    }
    let output = output.view().into_dimensionality::<Ix4>().map_err(|_| shape(output.shape()))?;
    let (rows, columns) = section.dim();
    Ok(resize::linear(output.index_axis(Axis(0), 0).index_axis(Axis(0), 0), [rows, columns]))
}

/// What the segmenter takes for lesion, (section, row, column) on the volume's own grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segmented {
    /// Probability of at least `threshold`: the outline.
    pub mask: Array3<bool>,
    /// Probability of at least `core_threshold`: what a lesion must have enough of to be believed.
    pub core: Array3<bool>,
}

/// Is told the index and the mask of every section; its error ends the work.
pub type EachSection<'a> = dyn FnMut(usize, ArrayView2<'_, bool>) -> Result<(), NetworkError> + 'a;

/// Segments a normalised volume (section, row, column).
///
/// Two thresholds, since outlines are best at a low one, and false lesions are told from true ones at a high one.
/// `each(section, mask)` is called after every section, in the order of [`middle_out`]; its error ends the work.
pub fn segment(
    network: &mut dyn Network,
    volume: ArrayView3<'_, f32>,
    size: [usize; 2],
    [threshold, core_threshold]: [f32; 2],
    each: &mut EachSection<'_>,
) -> Result<Segmented, NetworkError> {
    let mut mask = Array3::from_elem(volume.raw_dim(), false);
    let mut core = mask.clone();
    for section in middle_out(volume.len_of(Axis(0))) {
        let probability = section_probability(network, volume.index_axis(Axis(0), section), size)?;
        let mut outline = mask.index_axis_mut(Axis(0), section);
        ndarray::Zip::from(&mut outline).and(core.index_axis_mut(Axis(0), section)).and(&probability).for_each(
            |m, c, &p| {
                *m = p >= threshold;
                *c = p >= core_threshold;
            },
        );
        each(section, outline.view())?;
    }
    Ok(Segmented { mask, core })
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, ArrayView4};

    use super::*;

    /// Answers with its input: a probability map that equals the image.
    struct Echo;

    impl Network for Echo {
        fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError> {
            Ok(vec![input.to_owned().into_dyn()])
        }
    }

    #[test]
    fn the_middle_comes_first() {
        assert_eq!(middle_out(5), [2, 1, 3, 0, 4]);
        assert_eq!(middle_out(4), [1, 0, 2, 3]);
        assert_eq!(middle_out(1), [0]);
        assert!(middle_out(0).is_empty());
    }

    #[test]
    fn the_mask_lies_where_the_image_is_bright_and_every_section_is_told() {
        let mut volume = Array3::<f32>::zeros((3, 96, 80));
        volume.slice_mut(ndarray::s![2, 30..50, 10..22]).fill(1.0);
        let mut told = Vec::new();
        let Segmented { mask, core } = segment(&mut Echo, volume.view(), [64, 64], [0.5, 0.9], &mut |s, m| {
            told.push((s, m.iter().filter(|&&v| v).count()));
            Ok(())
        })
        .unwrap();
        assert_eq!(told.iter().map(|t| t.0).collect::<Vec<_>>(), [1, 0, 2]);
        assert_eq!((told[0].1, told[1].1), (0, 0));
        assert!(mask[(2, 40, 15)] && !mask[(2, 40, 25)] && !mask[(2, 55, 15)]);
        let area = told[2].1 as f64;
        assert!((area - 240.0).abs() < 40.0, "{area}");
        let sure = core.iter().filter(|&&v| v).count();
        assert!(sure > 0 && (sure as f64) < area, "{sure} of {area}");
        assert!(core.iter().zip(&mask).all(|(&c, &m)| m || !c));
    }

    #[test]
    fn who_listens_may_end_the_work_before_the_next_section() {
        let volume = Array3::<f32>::zeros((5, 8, 8));
        let mut told = 0;
        let ended = segment(&mut Echo, volume.view(), [8, 8], [0.5, 0.9], &mut |_, _| {
            told += 1;
            if told == 2 { Err(NetworkError::Cancelled) } else { Ok(()) }
        });
        assert!(matches!(ended, Err(NetworkError::Cancelled)));
        assert_eq!(told, 2);
    }

    #[test]
    fn another_shape_is_an_error() {
        struct Wrong;
        impl Network for Wrong {
            fn run(&mut self, _: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError> {
                Ok(vec![ArrayD::zeros(vec![1, 2, 8, 8])])
            }
        }
        let image = Array2::zeros((8, 8));
        assert!(matches!(section_probability(&mut Wrong, image.view(), [32, 32]), Err(NetworkError::Shape { .. })));
    }
}
