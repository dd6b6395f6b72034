//! What is wrong with a submission, found before anything is uploaded.

use std::collections::BTreeSet;

use cordline_sdk::problem::Code;
use cordline_sdk::review::MOST_READER_CHARS;
use cordline_sdk::selector::Selector;
use cordline_sdk::uid;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::request::{Input, Submit};
use cordline_sdk::wire::tensor::{Element, Tensor};

use super::items::items;

/// Results of earlier analyses that a job may name.
const MAX_PREDECESSORS: usize = 256;

/// Checks a submission.
///
/// # Errors
///
/// The first thing that is wrong.
pub(crate) fn check(submit: &Submit, limits: &Limits) -> Result<(), Fault> {
    match &submit.input {
        Input::Study { instances, .. } => {
            if instances.is_empty() {
                return Err(manifest("the manifest lists no instance"));
            }
            if instances.len() as u64 > u64::from(limits.items) {
                let (n, max) = (instances.len(), limits.items);
                return Err(too_large(format!("the manifest lists {n} instances; at most {max} are taken")));
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
                    Code::FolderNotAllowed,
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
    if submit.predecessors.len() > MAX_PREDECESSORS {
        return Err(too_large(format!("at most {MAX_PREDECESSORS} earlier results can be named")));
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
    if items.iter().any(|item| item.sha256.is_none()) {
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

/// Checks a reader's name, which goes into DICOM objects and the journal.
///
/// # Errors
///
/// It is empty, too long, or has control characters.
pub(crate) fn check_reader(name: &str) -> Result<(), Fault> {
    let characters = name.chars().count();
    if name.trim().is_empty() || characters > MOST_READER_CHARS || name.chars().any(char::is_control) {
        return Err(Fault::new(
            Code::ManifestInvalid,
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
    Fault::new(Code::ManifestInvalid, what, "correct what is submitted; see PROTOCOL.md, Upload")
}

fn too_large(what: String) -> Fault {
    Fault::new(Code::TooLarge, what, "send less, or ask the operator to raise the limit")
}
