//! What a submission names: the items of its upload, and the job.

use cordline_sdk::job::JobId;
use cordline_sdk::sha256::Hasher;
use cordline_sdk::wire::request::{Input, Submit, Voxels};

use crate::spool::Item;

/// Hexadecimal digits of a job's name.
const NAME_DIGITS: usize = 32;

/// What is to be uploaded, in the order in which chunks number it.
pub(crate) fn items(input: &Input) -> Vec<Item> {
    let voxels = |v: &Voxels| Item { bytes: v.tensor.bytes().unwrap_or(u64::MAX), sha256: v.sha256.parse().ok() };
    match input {
        Input::Study { instances, .. } => {
            instances.iter().map(|i| Item { bytes: i.bytes, sha256: i.sha256.parse().ok() }).collect()
        }
        Input::Folder { .. } => Vec::new(),
        Input::Volume { t2w, t1c } => [Some(t2w), t1c.as_ref()].into_iter().flatten().map(voxels).collect(),
        Input::Mask { mask, sha256, .. } => {
            vec![Item { bytes: mask.bytes().unwrap_or(u64::MAX), sha256: sha256.parse().ok() }]
        }
    }
}

/// Name of the job: the same for the same input, choice of series and bundle. The key keeps the input from being guessed from it.
///
/// `fingerprint`: of the files, where the input is a folder, since the path alone does not tell what lies there.
pub(crate) fn name(submit: &Submit, fingerprint: Option<&str>, bundle_sha256: &str, key: &[u8]) -> JobId {
    let mut hasher = Hasher::default();
    hasher.update(key);
    let said = serde_json::to_vec(&(&submit.input, fingerprint, &submit.series, bundle_sha256));
    hasher.update(said.expect("messages are plain data with text keys"));
    let digits = hasher.finish().to_string();
    JobId::new(&digits[..NAME_DIGITS]).expect("hexadecimal digits are letters and digits")
}
