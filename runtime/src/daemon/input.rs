//! What a client wants analysed: checked, named, and taken apart into items.

use std::collections::BTreeSet;

use cordline_sdk::job::{JobId, JobKind};
use cordline_sdk::review::MOST_READER_CHARS;
use cordline_sdk::selector::Selector;
use cordline_sdk::uid;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::request::{Input, Submit, Voxels};
use cordline_sdk::wire::tensor::{Element, Tensor};
use sha2::{Digest, Sha256};

use crate::digest;
use crate::spool::Item;

/// Most results of earlier analyses that a job may follow.
const MOST_PREDECESSORS: usize = 256;
/// Hexadecimal digits of a job's name.
const NAME_DIGITS: usize = 32;

/// The kind of a job with this input.
pub(super) fn kind(input: &Input) -> JobKind {
    match input {
        Input::Study { .. } => JobKind::Study,
        Input::Folder { .. } => JobKind::Folder,
        Input::Volume { .. } => JobKind::Volume,
        Input::Mask { .. } => JobKind::Mask,
    }
}

/// What is to be uploaded, in the order in which chunks name it.
pub(super) fn items(input: &Input) -> Vec<Item> {
    let voxels = |v: &Voxels| Item { bytes: v.tensor.bytes().unwrap_or(u64::MAX), sha256: v.sha256.clone() };
    match input {
        Input::Study { instances, .. } => {
            instances.iter().map(|i| Item { bytes: i.bytes, sha256: i.sha256.clone() }).collect()
        }
        Input::Folder { .. } => Vec::new(),
        Input::Volume { t2w, t1c } => [Some(t2w), t1c.as_ref()].into_iter().flatten().map(voxels).collect(),
        Input::Mask { mask, sha256, .. } => {
            vec![Item { bytes: mask.bytes().unwrap_or(u64::MAX), sha256: sha256.clone() }]
        }
    }
}

/// The same input, choice of series and bundle have the same name; without the key nobody can tell the input from it.
///
/// `fingerprint`: of the files, where the input is a folder: the path alone does not say what lies there.
pub(super) fn name(submit: &Submit, fingerprint: Option<&str>, bundle_sha256: &str, key: &[u8]) -> JobId {
    let mut hash = Sha256::new();
    hash.update(key);
    let said = serde_json::to_vec(&(&submit.input, fingerprint, &submit.series, bundle_sha256));
    hash.update(said.expect("messages are plain data with text keys"));
    let digits = digest::hexadecimal(&hash.finalize());
    JobId::new(&digits[..NAME_DIGITS]).expect("hexadecimal digits are letters and digits")
}

/// What can be known to be wrong before anything is uploaded.
pub(super) fn check(submit: &Submit, limits: &Limits) -> Result<(), Fault> {
    match &submit.input {
        Input::Study { instances, .. } => {
            if instances.is_empty() {
                return Err(manifest("the manifest lists no instance"));
            }
            if instances.len() as u64 > u64::from(limits.items) {
                let (n, most) = (instances.len(), limits.items);
                return Err(too_large(format!("the manifest lists {n} instances; at most {most} are taken")));
            }
            let uids: BTreeSet<&str> = instances.iter().map(|i| i.sop_uid.as_str()).collect();
            if uids.len() < instances.len() {
                return Err(manifest("the manifest lists the same SOP Instance UID twice"));
            }
            if let Some(i) = instances.iter().find(|i| uid::check(&i.sop_uid).is_err()) {
                let shown: String = i.sop_uid.chars().take(64).collect();
                return Err(manifest(&format!("`{shown}` is no UID")));
            }
            if !instances.is_sorted_by(|a, b| a.sop_uid < b.sop_uid) {
                return Err(manifest("the instances are not in the order of their SOP Instance UIDs (as text)"));
            }
            if instances.iter().any(|i| i.bytes == 0) {
                return Err(manifest("an instance has no bytes"));
            }
        }
        Input::Folder { path, .. } => {
            if !path.starts_with('/') {
                return Err(Fault::new(
                    FaultCode::Folder,
                    "the path of a folder must be absolute",
                    "name a folder under one of the daemon's roots",
                ));
            }
        }
        Input::Volume { t2w, t1c } => {
            for voxels in [Some(t2w), t1c.as_ref()].into_iter().flatten() {
                check_grid(&voxels.tensor, &[Element::I16, Element::U16, Element::F32], limits)?;
                if !voxels.matrix.iter().all(|v| v.is_finite()) || voxels.matrix[12..] != [0.0, 0.0, 0.0, 1.0] {
                    return Err(manifest("the last row of the matrix must be 0, 0, 0, 1, and every number finite"));
                }
            }
        }
        Input::Mask { mask, reader, .. } => {
            check_grid(mask, &[Element::Bit], limits)?;
            reader.as_deref().map_or(Ok(()), check_reader)?;
        }
    }
    if submit.predecessors.len() > MOST_PREDECESSORS {
        return Err(too_large(format!("at most {MOST_PREDECESSORS} earlier results can be named")));
    }
    if submit
        .predecessors
        .iter()
        .flat_map(|p| [&p.series_uid, &p.sop_class_uid, &p.sop_uid])
        .any(|u| uid::check(u).is_err())
    {
        return Err(manifest("an earlier result is named by what is no UID"));
    }
    let items = items(&submit.input);
    if items.iter().any(|i| i.sha256.len() != 64 || !i.sha256.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(manifest("a sha256 is not 64 hexadecimal digits"));
    }
    let bytes = items.iter().try_fold(0u64, |sum, i| sum.checked_add(i.bytes)).unwrap_or(u64::MAX);
    if bytes > limits.job_bytes {
        return Err(too_large(format!("the input has {bytes} bytes; at most {} are taken", limits.job_bytes)));
    }
    if let Some(series) = submit.series.as_deref().filter(|s| Selector::parse(s).is_none()) {
        let shown: String = series.chars().take(64).collect();
        return Err(manifest(&format!("the chosen series `{shown}` is neither a UID nor UID#N")));
    }
    Ok(())
}

/// A reader's name stands in DICOM objects and in the journal: some characters, none of which is a control.
pub(super) fn check_reader(name: &str) -> Result<(), Fault> {
    let characters = name.chars().count();
    if name.trim().is_empty() || characters > MOST_READER_CHARS || name.chars().any(char::is_control) {
        return Err(Fault::new(
            FaultCode::Manifest,
            format!("a reader's name has 1 to {MOST_READER_CHARS} printable characters"),
            "name the reader as in the list of tokens",
        ));
    }
    Ok(())
}

fn check_grid(tensor: &Tensor, elements: &[Element], limits: &Limits) -> Result<(), Fault> {
    if tensor.shape.len() != 3 || tensor.shape.contains(&0) {
        return Err(manifest("the shape must name sections, rows and columns, each at least 1"));
    }
    if !elements.contains(&tensor.element) {
        return Err(manifest("the type of the elements is not taken here"));
    }
    let voxels = tensor.shape.iter().try_fold(1u64, |n, side| n.checked_mul(*side)).unwrap_or(u64::MAX);
    if voxels > limits.voxels {
        return Err(too_large(format!("the grid has {voxels} voxels; at most {} are taken", limits.voxels)));
    }
    Ok(())
}

fn manifest(what: &str) -> Fault {
    Fault::new(FaultCode::Manifest, what, "correct what is submitted; see PROTOCOL.md, Upload")
}

fn too_large(what: String) -> Fault {
    Fault::new(FaultCode::TooLarge, what, "send less, or ask the operator to raise the limit")
}

#[cfg(test)]
mod tests {
    use cordline_sdk::job::Priority;
    use cordline_sdk::wire::request::Instance;

    use super::*;

    fn study(uids: &[&str]) -> Submit {
        let instance =
            |uid: &&str| Instance { sop_uid: (*uid).into(), bytes: 5, sha256: digest::sha256(uid.as_bytes()) };
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
        let code = |s: &Submit| check(s, &limits).unwrap_err().code;
        for (wrong, expected) in [
            (study(&[]), FaultCode::Manifest),
            (study(&["1.2", "1.2"]), FaultCode::Manifest),
            (study(&["1.3", "1.2"]), FaultCode::Manifest),
            (study(&["../../x"]), FaultCode::Manifest),
            (study(&["1.1", "1.2", "1.3", "1.4"]), FaultCode::TooLarge),
            (volume(&[1, 20], Element::I16), FaultCode::Manifest),
            (volume(&[0, 20, 20], Element::I16), FaultCode::Manifest),
            (volume(&[1, 20, 20], Element::U8), FaultCode::Manifest),
            (volume(&[1, 30, 31], Element::U16), FaultCode::TooLarge),
            (volume(&[1, 20, 20], Element::F32), FaultCode::TooLarge),
            (volume(&[u64::MAX, 2, 2], Element::F32), FaultCode::TooLarge),
        ] {
            assert_eq!(code(&wrong), expected, "{wrong:?}");
        }
        let mut crooked = volume(&[1, 20, 20], Element::U16);
        let Input::Volume { t2w, .. } = &mut crooked.input else { unreachable!() };
        t2w.matrix[0] = f64::NAN;
        assert_eq!(code(&crooked), FaultCode::Manifest);
    }
}
