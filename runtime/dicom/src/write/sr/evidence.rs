//! Current Requested Procedure Evidence: every instance that the tree refers to, by study and series.

use dicom_dictionary_std::tags;

use crate::write::context::ResultContext;
use crate::write::dataset::{Dataset, Put, item};
use crate::write::module::reference;
use crate::write::result_object::ResultObject;

/// Puts the sequence.
pub(super) fn put(d: &mut Dataset, ctx: &ResultContext, segmentation: Option<&ResultObject>) {
    let mut studies: Vec<(&str, Vec<Dataset>)> = vec![(&ctx.source.study.uid, Vec::new())];
    for source in [Some(ctx.source), ctx.t1c].into_iter().flatten() {
        let listed = series(&source.series_uid, reference::instances(source));
        match studies.iter_mut().find(|(uid, _)| *uid == source.study.uid) {
            Some((_, all)) => all.push(listed),
            None => studies.push((&source.study.uid, vec![listed])),
        }
    }
    if let Some(object) = segmentation {
        let listed = series(&object.series_uid, vec![(&object.sop_class_uid, &object.sop_instance_uid)]);
        studies[0].1.push(listed);
    }
    let items = studies
        .into_iter()
        .map(|(uid, series)| {
            item(|s| {
                s.uid(tags::STUDY_INSTANCE_UID, uid);
                s.items(tags::REFERENCED_SERIES_SEQUENCE, series);
            })
        })
        .collect();
    d.items(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, items);
}

fn series(uid: &str, instances: Vec<(&str, &str)>) -> Dataset {
    let listed = reference::items(instances);
    item(|s| {
        s.uid(tags::SERIES_INSTANCE_UID, uid);
        s.items(tags::REFERENCED_SOP_SEQUENCE, listed);
    })
}
