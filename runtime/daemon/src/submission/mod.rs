//! What a client submits: checked, named, and split into the items of its upload.
//!
//! - [`validation`]: what is wrong with it
//! - [`items`](mod@items): its items and its name
//! - [`folder`]: folders of this host as input

pub(super) mod folder;
mod items;
mod validation;

pub(super) use items::{items, name};
pub(super) use validation::{check, check_reader};

#[cfg(test)]
mod tests {
    use cordline_sdk::job::Priority;
    use cordline_sdk::problem::Code;
    use cordline_sdk::sha256::Sha256;
    use cordline_sdk::wire::limits::Limits;
    use cordline_sdk::wire::request::{Input, Instance, Predecessor, Submit, Voxels};
    use cordline_sdk::wire::tensor::{Element, Tensor};

    use super::*;

    fn study(uids: &[&str]) -> Submit {
        let instance = |uid: &&str| Instance { sop_uid: (*uid).into(), bytes: 5, sha256: Sha256::of(uid).to_string() };
        let input = Input::Study { instances: uids.iter().map(instance).collect(), again: 0 };
        Submit::new(input)
    }

    fn volume(shape: &[u64], element: Element) -> Submit {
        let mut matrix = [0.0; 16];
        (matrix[2], matrix[4], matrix[9], matrix[15]) = (3.0, 0.5, -0.5, 1.0);
        let tensor = Tensor { shape: shape.to_vec(), element };
        let t2w = Voxels { tensor, matrix, sha256: "ab".repeat(32) };
        Submit::new(Input::Volume { t2w, t1c: None })
    }

    #[test]
    fn the_same_input_has_the_same_name_and_nothing_else_has() {
        let one = study(&["1.2", "1.3"]);
        let named = name(&one, None, "bundle", b"key");
        assert_eq!(name(&Submit { priority: Priority::Urgent, ..one.clone() }, None, "bundle", b"key"), named);
        // A gateway that was killed meets its job again, whatever earlier results it has learnt of meanwhile.
        let earlier = Predecessor { series_uid: "1.4".into(), sop_class_uid: "1.5".into(), sop_uid: "1.6".into() };
        assert_eq!(name(&Submit { predecessors: vec![earlier], ..one.clone() }, None, "bundle", b"key"), named);
        let anew = |again| {
            let Input::Study { instances, .. } = one.input.clone() else { unreachable!() };
            Submit { input: Input::Study { instances, again }, ..one.clone() }
        };
        let others = [
            name(&anew(1), None, "bundle", b"key"),
            name(&study(&["1.2"]), None, "bundle", b"key"),
            name(&Submit { series: Some("1.9".into()), ..one.clone() }, None, "bundle", b"key"),
            name(&one, None, "another bundle", b"key"),
            name(&one, None, "bundle", b"another key"),
        ];
        assert!(others.iter().all(|n| *n != named));
        assert_ne!(name(&anew(1), None, "bundle", b"key"), name(&anew(2), None, "bundle", b"key"));
    }

    #[test]
    fn items_are_the_instances_or_the_voxels() {
        assert_eq!(items(&study(&["1.2", "1.3"]).input).len(), 2);
        assert_eq!(items(&volume(&[15, 448, 448], Element::I16).input)[0].bytes, 6_021_120);
        assert!(items(&Input::Folder { path: "/x".into(), again: 0 }).is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_sent() {
        let limits = Limits { items: 3, job_bytes: 1000, voxels: 900, ..Limits::default() };
        assert_eq!(check(&study(&["1.2", "1.3"]), &limits), Ok(()));
        assert_eq!(check(&volume(&[1, 20, 20], Element::U16), &limits), Ok(()));
        let code = |s: &Submit| check(s, &limits).unwrap_err().problem.code;
        for (wrong, expected) in [
            (study(&[]), Code::ManifestInvalid),
            (study(&["1.2", "1.2"]), Code::ManifestInvalid),
            (study(&["1.3", "1.2"]), Code::ManifestInvalid),
            (study(&["../../x"]), Code::ManifestInvalid),
            (study(&["1.1", "1.2", "1.3", "1.4"]), Code::TooLarge),
            (volume(&[1, 20], Element::I16), Code::ManifestInvalid),
            (volume(&[0, 20, 20], Element::I16), Code::ManifestInvalid),
            (volume(&[1, 20, 20], Element::U8), Code::ManifestInvalid),
            (volume(&[1, 30, 31], Element::U16), Code::TooLarge),
            (volume(&[1, 20, 20], Element::F32), Code::TooLarge),
            (volume(&[u64::MAX, 2, 2], Element::F32), Code::TooLarge),
        ] {
            assert_eq!(code(&wrong), expected, "{wrong:?}");
        }
        let mut crooked = volume(&[1, 20, 20], Element::U16);
        let Input::Volume { t2w, .. } = &mut crooked.input else { unreachable!() };
        t2w.matrix[0] = f64::NAN;
        assert_eq!(code(&crooked), Code::ManifestInvalid);
    }
}
