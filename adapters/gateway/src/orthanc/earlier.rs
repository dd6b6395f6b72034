//! Results of ours that a study holds already: a new analysis names them as its predecessors. They are known by what they say of themselves, not by our
//! notes, which may be lost.

use cordline_sdk::wire::request::Predecessor;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::rest::{InstanceTags, OrthancError, Series};
use crate::archive::ArchiveClient;

/// What our objects carry as (0008,0070).
const MANUFACTURER: &str = "Cordline";
/// What an analysis may name at most.
const MOST: usize = 256;
/// Objects that are looked at at the same time.
const AT_ONCE: usize = 8;

/// Segmentations and reports of ours among the series of a study; `but` are Orthanc's names of those that do not count.
pub async fn results(
    archive: &ArchiveClient,
    series: &[Series],
    but: &[String],
) -> Result<Vec<Predecessor>, OrthancError> {
    let ours = series.iter().filter(|s| matches!(s.main_dicom_tags.modality.as_str(), "SEG" | "SR"));
    let mut instances: Vec<String> = ours.flat_map(|s| s.instances.iter().cloned()).collect();
    instances.retain(|instance| !but.contains(instance));
    instances.sort();
    let tags = instances.iter().map(|instance| archive.tags(instance));
    let tags: Vec<InstanceTags> = stream::iter(tags.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    let made = tags.into_iter().filter(|tags| tags.manufacturer == MANUFACTURER);
    let named = made.map(|tags| Predecessor {
        series_uid: tags.series_uid,
        sop_class_uid: tags.sop_class_uid,
        sop_uid: tags.sop_uid,
    });
    Ok(named.take(MOST).collect())
}
