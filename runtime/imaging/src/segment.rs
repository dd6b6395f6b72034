//! What is lesion, section by section, middle ones first.

use cordline_core::resize::{self, bilinear};
use ndarray::{Array3, Array4, ArrayD, ArrayView2, ArrayView3, ArrayViewMut2, Axis, Ix4, Zip, s};

use super::network::{Network, UnexpectedOutput, is_probability};
use super::normalise::Normalised;

/// Name of the network in errors.
const SEGMENTER: &str = "segmenter";

/// The order in which sections are segmented: from the middle outwards, since the cord lies there and the viewer fills from there.
pub fn middle_out(sections: usize) -> Vec<usize> {
    let middle = sections.saturating_sub(1) / 2;
    let mut order: Vec<usize> = (0..sections).collect();
    order.sort_by_key(|&s| (s.abs_diff(middle), s));
    order
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
pub type EachSection<'a, E> = dyn FnMut(usize, ArrayView2<'_, bool>) -> Result<(), E> + 'a;

/// Segments a volume with a network that takes sections of `size` (rows, columns).
///
/// Two thresholds, since outlines are best at a low one, and false lesions are told from true ones at a high one.
/// `each(section, mask)` is called for every section as soon as its batch is done, in the order of [`middle_out`].
///
/// # Errors
/// The network's own, one that answers in another shape, and that of `each`, which ends the work.
pub fn segment<N: Network>(
    network: &mut N,
    volume: &Normalised<'_>,
    size: [usize; 2],
    thresholds: [f32; 2],
    each: &mut EachSection<'_, N::Error>,
) -> Result<Segmented, N::Error> {
    let mut mask = Array3::from_elem(volume.shape(), false);
    let mut core = mask.clone();
    let order = middle_out(volume.shape()[0]);
    let mut left = &order[..];
    while !left.is_empty() {
        let batch = network.batch_for(left.len())?.max(1);
        let (sections, others) = left.split_at(batch.min(left.len()));
        left = others;
        let mut input = Array4::zeros((batch, 1, size[0], size[1]));
        for (mut image, &section) in input.outer_iter_mut().zip(sections) {
            image.index_axis_mut(Axis(0), 0).assign(&resize::linear(volume.section(section).view(), size));
        }
        let outputs = network.run(input.view())?;
        let probabilities = probabilities(&outputs, input.dim())?;
        for (probability, &section) in probabilities.outer_iter().zip(sections) {
            let mut outline = mask.index_axis_mut(Axis(0), section);
            cut(probability, thresholds, [&mut outline, &mut core.index_axis_mut(Axis(0), section)]);
            each(section, outline.view())?;
        }
    }
    Ok(Segmented { mask, core })
}

/// The probability of lesion (image, row, column) of the images that were run; `input`: the shape of these.
fn probabilities(
    outputs: &[ArrayD<f32>],
    input: (usize, usize, usize, usize),
) -> Result<ArrayView3<'_, f32>, UnexpectedOutput> {
    let shape = |found: &[usize]| UnexpectedOutput::Shape {
        network: SEGMENTER.into(),
        found: found.to_vec(),
        expected: "the shape of its input",
    };
    let output = outputs.first().ok_or_else(|| shape(&[]))?;
    let of_input = output.view().into_dimensionality::<Ix4>().ok().filter(|found| found.dim() == input);
    let of_input = of_input.ok_or_else(|| shape(output.shape()))?;
    let values = output.as_standard_layout();
    // No early end, and so vectorised.
    if values.iter().fold(false, |any, &p| any | !is_probability(p)) {
        UnexpectedOutput::improbable(SEGMENTER, values.iter())?;
    }
    Ok(of_input.index_axis_move(Axis(1), 0))
}

/// Brings a probability to the grid of the masks, and cuts it at each one's threshold. The masks hold nothing yet.
fn cut(probability: ArrayView2<'_, f32>, thresholds: [f32; 2], masks: [&mut ArrayViewMut2<'_, bool>; 2]) {
    let [low, high] = thresholds;
    let (from, to) = (probability.dim(), masks[0].dim());
    // Nothing between two probabilities is larger than both, and in most rows none reaches a threshold.
    let probability = probability.as_standard_layout();
    let pixels = probability.as_slice().expect("standard layout is one slice");
    // No early end, and so vectorised.
    let reaches = |row: &[f32]| row.iter().fold(false, |any, &p| any | (p >= low.min(high)));
    let reached = resize::rows_from_first_to_last(pixels.chunks_exact(from.1.max(1)).map(reaches));
    let rows = bilinear::rows_touching(reached, from.0, to.0);
    let native = resize::linear_rows(probability.view(), to.into(), rows.clone());
    for (mask, threshold) in masks.into_iter().zip([low, high]) {
        Zip::from(mask.slice_mut(s![rows.clone(), ..])).and(&native).for_each(|lesion, &p| *lesion = p >= threshold);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView4};

    use super::super::network::tests::TestError;
    use super::*;

    /// Answers with its input: a probability map that equals the image.
    struct Echo;

    impl Network for Echo {
        type Error = TestError;

        fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, TestError> {
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
        let Segmented { mask, core } =
            segment(&mut Echo, &Normalised::of(&volume, 5.0), [64, 64], [0.5, 0.9], &mut |s, m| {
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

    /// As [`Echo`], for so many images at once, each of which must be none that was there before; empty ones are filled up with.
    struct EchoOfMany {
        batch: usize,
        given: Vec<usize>,
    }

    impl Network for EchoOfMany {
        type Error = TestError;

        fn batch_for(&mut self, _: usize) -> Result<usize, TestError> {
            Ok(self.batch)
        }

        fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, TestError> {
            self.given.push(input.outer_iter().filter(|image| image.iter().any(|&v| v > 0.0)).count());
            Ok(vec![input.to_owned().into_dyn()])
        }
    }

    #[test]
    fn many_at_once_are_told_in_the_same_order_with_the_same_masks() {
        let volume = Array3::from_shape_fn((6, 40, 30), |(s, r, c)| ((s * 7 + r * 3 + c) % 11) as f32);
        let volume = Normalised::of(&volume, 5.0);
        let run = |batch| {
            let (mut network, mut told) = (EchoOfMany { batch, given: Vec::new() }, Vec::new());
            let found = segment(&mut network, &volume, [32, 32], [0.5, 0.9], &mut |section, mask| {
                told.push((section, mask.to_owned()));
                Ok(())
            });
            (found.unwrap(), told, network.given)
        };
        let (one, told, given) = run(1);
        assert_eq!(given, [1; 6]);
        let (four, told_of_four, given) = run(4);
        assert_eq!((one, told), (four, told_of_four));
        assert_eq!(given, [4, 2], "what is left over is filled up with empty images");
    }

    #[test]
    fn who_listens_may_end_the_work_before_the_next_section() {
        let volume = Array3::<f32>::zeros((5, 8, 8));
        let mut told = 0;
        let ended = segment(&mut Echo, &Normalised::of(&volume, 5.0), [8, 8], [0.5, 0.9], &mut |_, _| {
            told += 1;
            if told == 2 { Err(TestError::Cancelled) } else { Ok(()) }
        });
        assert!(matches!(ended, Err(TestError::Cancelled)));
        assert_eq!(told, 2);
    }

    #[test]
    fn another_shape_is_an_error() {
        struct Wrong;
        impl Network for Wrong {
            type Error = TestError;

            fn run(&mut self, _: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, TestError> {
                Ok(vec![ArrayD::zeros(vec![1, 2, 8, 8])])
            }
        }
        let volume = Array3::zeros((1, 8, 8));
        let found = segment(&mut Wrong, &Normalised::of(&volume, 5.0), [32, 32], [0.5, 0.9], &mut |_, _| Ok(()));
        assert!(matches!(found, Err(TestError::Output(UnexpectedOutput::Shape { .. }))));
    }

    /// Answers with one value in the midst of zeros.
    struct Answer(f32);

    impl Network for Answer {
        type Error = TestError;

        fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, TestError> {
            let mut output = ArrayD::zeros(input.shape());
            output[[0, 0, 20, 20]] = self.0;
            Ok(vec![output])
        }
    }

    #[test]
    fn a_probability_that_is_none_ends_the_work_and_is_not_taken_for_no_lesion() {
        let volume = Array3::<f32>::zeros((1, 40, 30));
        let run = |value| {
            segment(&mut Answer(value), &Normalised::of(&volume, 5.0), [32, 32], [0.5; 2], &mut |_, _| Ok(())).map(drop)
        };
        for value in [f32::NAN, f32::INFINITY, -0.5, 1.5] {
            let error = run(value).unwrap_err();
            assert!(matches!(error, TestError::Output(UnexpectedOutput::Value { .. })), "{value}: {error:?}");
        }
        assert_eq!(run(1.0 + 1e-6), Ok(()));
    }

    #[test]
    fn a_mask_is_the_whole_probability_on_its_grid_cut_at_the_threshold() {
        let mut probability = Array2::<f32>::zeros((40, 30));
        // Lesion at the upper edge, and apart from it in the middle.
        for (row, column, p) in [(0, 3, 0.6), (17, 9, 0.95), (18, 9, 0.7), (18, 10, 0.4)] {
            probability[(row, column)] = p;
        }
        for size in [(57, 41), (23, 30), (40, 30)] {
            let [mut outline, mut core] = [(); 2].map(|()| Array2::from_elem(size, false));
            cut(probability.view(), [0.3, 0.8], [&mut outline.view_mut(), &mut core.view_mut()]);
            let whole = resize::linear(probability.view(), size.into());
            assert_eq!((outline, core), (whole.mapv(|p| p >= 0.3), whole.mapv(|p| p >= 0.8)), "{size:?}");
        }
    }
}
