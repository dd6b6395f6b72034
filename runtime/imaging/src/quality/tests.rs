use cordline_sdk::problem::{Code, Diagnose};
use ndarray::s;

use super::*;

/// Six sections of noise-like grey levels from 0 to 990.
fn picture() -> Array3<f32> {
    Array3::from_shape_fn((6, 40, 30), |(s, r, c)| {
        let place = (s * 1200 + r * 30 + c) as u64;
        (((place * 2_654_435_761) >> 13) % 991) as f32
    })
}

/// A smooth picture with the noise of a measurement.
fn smooth() -> Array3<f32> {
    Array3::from_shape_fn((6, 80, 60), |(s, r, c)| {
        let (high, wide) = ((r as f32 / 9.0).sin(), (c as f32 / 11.0).cos());
        (900.0 + 600.0 * high * wide).round() + ((s * 31 + r * 17 + c * 13) % 23) as f32
    })
}

fn refused(voxels: &Array3<f32>) -> Code {
    check(voxels).unwrap_err().code()
}

#[test]
fn a_picture_passes_in_silence() {
    assert_eq!(check(&picture()), Ok(vec![]));
    // As 8 bits, with a bright spike, with values below 0, and very small ones.
    assert_eq!(check(&picture().mapv(|v| (v / 4.0).floor())), Ok(vec![]));
    let mut spiked = picture();
    spiked[(2, 3, 4)] = 1e7;
    assert_eq!(check(&spiked), Ok(vec![]));
    assert_eq!(check(&picture().mapv(|v| v * 1e-6 - 3e-4)), Ok(vec![]));
}

#[test]
fn bytes_in_the_wrong_order_are_said() {
    let smooth = smooth();
    assert_eq!(check(&smooth), Ok(vec![]));
    let said = check(&smooth.mapv(|v| f32::from((v as u16).swap_bytes()))).unwrap();
    assert!(said.iter().any(|s| s.contains("two bytes")), "{said:?}");
}

#[test]
fn rows_and_columns_that_are_exchanged_are_said() {
    let (values, _) = smooth().into_raw_vec_and_offset();
    let said = check(&Array3::from_shape_vec((6, 60, 80), values).unwrap()).unwrap();
    assert!(said.iter().any(|s| s.contains("Rows and Columns")), "{said:?}");
}

#[test]
fn sections_that_show_the_same_are_said() {
    let mut twice = picture();
    let one = twice.slice(s![2, .., ..]).to_owned();
    twice.slice_mut(s![3, .., ..]).assign(&one);
    let said = check(&twice).unwrap();
    assert!(said.iter().any(|s| s.starts_with("Section 4 shows exactly the same")), "{said:?}");
}

#[test]
fn a_volume_without_spread_is_refused_whatever_its_value() {
    for value in [0.0, 37.5, -1.0] {
        assert_eq!(check(&Array3::from_elem((6, 40, 30), value)), Err(NoPicture::NoSpread { value }));
    }
}

#[test]
fn what_is_no_number_is_refused_and_found() {
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut voxels = picture();
        voxels.slice_mut(s![4, 10, 3..5]).fill(wrong);
        assert_eq!(check(&voxels), Err(NoPicture::NotFinite { count: 2, of: 7200, section: 5 }));
    }
    assert_eq!(refused(&Array3::from_elem((6, 40, 30), f32::NAN)), Code::VoxelsNotFinite);
    let mut far = picture();
    (far[(0, 0, 0)], far[(0, 0, 1)]) = (f32::MIN, f32::MAX);
    assert_eq!(refused(&far), Code::VoxelsOutOfRange);
}

#[test]
fn masks_and_label_maps_are_refused() {
    assert_eq!(check(&picture().mapv(|v| f32::from(v > 500.0))), Err(NoPicture::FewValues { values: 2 }));
    assert_eq!(check(&picture().mapv(|v| (v / 66.1).floor())), Err(NoPicture::FewValues { values: 15 }));
    // Sixteen grey levels are few, and may be a picture.
    assert!(check(&picture().mapv(|v| (v / 62.0).floor())).is_ok());
}

#[test]
fn most_sections_empty_is_refused_and_fewer_are_named() {
    let mut voxels = picture();
    voxels.slice_mut(s![..4, .., ..]).fill(12.0);
    let expected = NoPicture::EmptySections { empty: vec![1, 2, 3, 4], sections: 6 };
    assert_eq!(check(&voxels), Err(expected.clone()));
    assert!(expected.to_string().starts_with("4 of 6 sections hold no picture (section 1 to 4)"), "{expected}");
    // A few lost pixels are no picture either.
    voxels.slice_mut(s![..4, 7, 3..8]).fill(900.0);
    assert_eq!(refused(&voxels), Code::EmptySections);

    let mut voxels = picture();
    voxels.slice_mut(s![..3, .., ..]).fill(0.0);
    let said = check(&voxels).unwrap();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("3 hold no picture (section 1 to 3)"), "{said:?}");
    let mut voxels = picture();
    voxels.slice_mut(s![4, .., ..]).fill(500.0);
    assert!(check(&voxels).unwrap()[0].contains("1 holds no picture (section 5)"));
}

#[test]
fn a_section_without_signal_is_named() {
    let mut voxels = picture();
    voxels.slice_mut(s![1, .., ..]).mapv_inplace(|v| (v / 30.0).floor());
    let said = check(&voxels).unwrap();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("no signal in section 2:"), "{said:?}");
}

#[test]
fn clipped_and_flat_pictures_are_said_to_be_so() {
    let said = check(&picture().mapv(|v| v.min(980.0))).unwrap();
    assert!(said.len() == 1 && said[0].contains("highest value (980)") && said[0].starts_with("1."), "{said:?}");
    assert_eq!(check(&picture().mapv(|v| v.min(989.0))), Ok(vec![]));
    let said = check(&picture().mapv(|v| v / 40.0 + 3000.0)).unwrap();
    assert!(said.len() == 1 && said[0].contains("no contrast"), "{said:?}");
}

#[test]
fn values_that_were_wrapped_are_said_to_be_so() {
    // Negative values of 16 bits, read as if there were none.
    let said = check(&picture().mapv(|v| if v < 30.0 { v + 65_500.0 } else { v })).unwrap();
    assert!(said.len() == 1 && said[0].contains("another sign"), "{said:?}");
    // A few spikes are none.
    assert_eq!(check(&picture().mapv(|v| if v < 3.0 { v + 65_500.0 } else { v })), Ok(vec![]));
}

#[test]
fn numbers_are_written_as_people_do() {
    assert_eq!(refusal::numbered(&[1, 2, 3, 5, 8, 9]), "1 to 3, 5, 8, 9");
    assert_eq!(refusal::numbered(&[]), "");
}
