//! Results of earlier analyses of the same study: named by what follows them, and never replaced.

use cordline_sdk::wire::request::Predecessor;
use dicom_dictionary_std::{tags, uids};

use super::reference;
use crate::write::dataset::{Dataset, Put, item};

/// Report classes of which ours are, or may once have been.
const REPORTS: [&str; 3] =
    [uids::COMPREHENSIVE3_DSR_STORAGE, uids::COMPREHENSIVE_SR_STORAGE, uids::ENHANCED_SR_STORAGE];

/// Names earlier reports as predecessors, and all other earlier objects as evidence beside them. `itself`: SOP Instance UID of this one.
pub(crate) fn put(d: &mut Dataset, study_uid: &str, itself: &str, all: &[Predecessor]) {
    let others = all.iter().filter(|object| object.sop_uid != itself);
    let (reports, rest): (Vec<&Predecessor>, Vec<_>) =
        others.partition(|object| REPORTS.contains(&object.sop_class_uid.as_str()));
    for (tag, objects) in
        [(tags::PREDECESSOR_DOCUMENTS_SEQUENCE, reports), (tags::PERTINENT_OTHER_EVIDENCE_SEQUENCE, rest)]
    {
        if !objects.is_empty() {
            d.items(tag, vec![hierarchy(study_uid, &objects)]);
        }
    }
}

/// Study, series, instances: Hierarchical SOP Instance Reference Macro.
fn hierarchy(study_uid: &str, objects: &[&Predecessor]) -> Dataset {
    let mut series: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for object in objects {
        let pair = (object.sop_class_uid.as_str(), object.sop_uid.as_str());
        match series.iter_mut().find(|(uid, _)| *uid == object.series_uid) {
            Some((_, instances)) if instances.contains(&pair) => {}
            Some((_, instances)) => instances.push(pair),
            None => series.push((&object.series_uid, vec![pair])),
        }
    }
    let listed = series.into_iter().map(|(uid, instances)| {
        item(|s| {
            s.uid(tags::SERIES_INSTANCE_UID, uid);
            s.items(tags::REFERENCED_SOP_SEQUENCE, reference::items(instances));
        })
    });
    let listed = listed.collect();
    item(|s| {
        s.uid(tags::STUDY_INSTANCE_UID, study_uid);
        s.items(tags::REFERENCED_SERIES_SEQUENCE, listed);
    })
}
