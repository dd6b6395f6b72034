//! Pointers to other instances.

use dicom_dictionary_std::tags;

use crate::source::{SourceFrame, SourceSeries};
use crate::write::dataset::{Dataset, Put, item};

/// Names an instance: SOP Instance Reference Macro.
pub(crate) fn put_instance(r: &mut Dataset, class: &str, instance: &str) {
    r.uid(tags::REFERENCED_SOP_CLASS_UID, class);
    r.uid(tags::REFERENCED_SOP_INSTANCE_UID, instance);
}

/// A reference item for each (SOP class, SOP instance).
pub(crate) fn items(instances: Vec<(&str, &str)>) -> Vec<Dataset> {
    instances.into_iter().map(|(class, instance)| item(|r| put_instance(r, class, instance))).collect()
}

/// A reference to the instance (and, in a multi-frame one, the frame) of a section; `more` adds to it.
pub(crate) fn instance(source: &SourceFrame, more: impl FnOnce(&mut Dataset)) -> Dataset {
    item(|r| {
        put_instance(r, &source.sop_class_uid, &source.sop_instance_uid);
        if let Some(number) = source.frame_number {
            r.integers(tags::REFERENCED_FRAME_NUMBER, &[i64::from(number)]);
        }
        more(r);
    })
}

/// Every instance of a series once, in section order: (SOP class, SOP instance).
pub(crate) fn instances(series: &SourceSeries) -> Vec<(&str, &str)> {
    let mut all: Vec<(&str, &str)> = Vec::with_capacity(series.frames.len());
    for frame in &series.frames {
        let pair = (frame.sop_class_uid.as_str(), frame.sop_instance_uid.as_str());
        // Frames of one Enhanced MR instance follow each other; a search keeps it true for any order.
        if all.last() != Some(&pair) && !all.contains(&pair) {
            all.push(pair);
        }
    }
    all
}

/// Common Instance Reference: the source series with all of its instances.
pub(crate) fn put_series(d: &mut Dataset, series: &SourceSeries) {
    let listed = items(instances(series));
    let series = item(|s| {
        s.uid(tags::SERIES_INSTANCE_UID, &series.series_uid);
        s.items(tags::REFERENCED_INSTANCE_SEQUENCE, listed);
    });
    d.items(tags::REFERENCED_SERIES_SEQUENCE, vec![series]);
}
