//! Earlier results of ours in a study: a new analysis names them as its predecessors. They are found by their DICOM attributes, and not by
//! our metadata, which may be lost.

use cordline_sdk::wire::request::Predecessor;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::error::OrthancError;
use super::resources::{InstanceTags, Series};
use crate::archive::ArchiveClient;

/// Manufacturer (0008,0070) of our objects.
const MANUFACTURER: &str = "Cordline";
/// Largest number that an analysis may name.
const MAX_PREDECESSORS: usize = 256;
/// Requests at the same time.
const CONCURRENCY: usize = 8;

/// Segmentations and reports of ours among the series of a study, without the instances in `except`.
pub(super) async fn find(
    archive: &ArchiveClient,
    series: &[Series],
    except: &[String],
) -> Result<Vec<Predecessor>, OrthancError> {
    let ours = series.iter().filter(|s| matches!(s.main_dicom_tags.modality.as_str(), "SEG" | "SR"));
    let mut instances: Vec<String> = ours.flat_map(|s| s.instances.iter().cloned()).collect();
    instances.retain(|instance| !except.contains(instance));
    instances.sort();
    let tags = instances.iter().map(|instance| archive.tags(instance));
    let tags: Vec<InstanceTags> = stream::iter(tags.collect::<Vec<_>>()).buffered(CONCURRENCY).try_collect().await?;
    let made_here = tags.into_iter().filter(|tags| tags.manufacturer == MANUFACTURER);
    let predecessors = made_here.map(|tags| Predecessor {
        series_uid: tags.series_uid,
        sop_class_uid: tags.sop_class_uid,
        sop_uid: tags.sop_uid,
    });
    Ok(predecessors.take(MAX_PREDECESSORS).collect())
}
