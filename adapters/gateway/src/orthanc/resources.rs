//! Resources of Orthanc's REST interface, as far as they are used here.

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Series {
    #[serde(rename = "ID")]
    pub(super) id: String,
    /// Orthanc's identifiers of its instances.
    pub(super) instances: Vec<String>,
    pub(super) main_dicom_tags: SeriesTags,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SeriesTags {
    /// (0008,0060)
    #[serde(default)]
    pub(super) modality: String,
    /// (0020,000E)
    #[serde(default, rename = "SeriesInstanceUID")]
    pub(super) uid: String,
}

/// Attributes of an instance; empty where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct InstanceTags {
    /// (0008,0008), its values separated by backslashes.
    pub(super) image_type: String,
    /// (0008,0070)
    pub(super) manufacturer: String,
    /// (0008,0016)
    #[serde(rename = "SOPClassUID")]
    pub(super) sop_class_uid: String,
    /// (0008,0018)
    #[serde(rename = "SOPInstanceUID")]
    pub(super) sop_uid: String,
    /// (0020,000E)
    #[serde(rename = "SeriesInstanceUID")]
    pub(super) series_uid: String,
}

/// A page of `/changes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Changes {
    /// The changes, oldest first.
    pub(super) changes: Vec<Change>,
    /// True where no more exist yet.
    pub(super) done: bool,
    /// Number of the last change on the page.
    pub(super) last: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Change {
    pub(super) change_type: ChangeType,
    #[serde(default)]
    pub(super) resource_type: ResourceType,
    /// Orthanc's identifier of the resource.
    #[serde(rename = "ID")]
    pub(super) id: String,
    /// Number of the change, from 1.
    #[serde(default)]
    pub(super) seq: u64,
    /// When, by Orthanc's own clock: `20261129T230935` (UTC). The order of such texts is the order in time.
    #[serde(default)]
    pub(super) date: String,
}

/// What happened, as far as it is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum ChangeType {
    NewInstance,
    StableStudy,
    UpdatedMetadata,
    #[serde(other)]
    Other,
}

/// What it happened to, as far as it is used here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum ResourceType {
    Study,
    #[default]
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OrthancStudy {
    #[serde(rename = "ID")]
    pub(super) id: String,
    /// False while Orthanc waits for more images.
    pub(super) is_stable: bool,
}

/// The answer to a stored instance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Stored {
    #[serde(rename = "ID")]
    pub(super) id: String,
}

/// What a UID leads to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LookupMatch {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) r#type: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_orthanc_are_read() {
        let page = r#"{"Changes":[{"ChangeType":"StableStudy","Date":"20261125T000000","ID":"a-b","Path":"/studies/a-b",
            "ResourceType":"Study","Seq":7}],"Done":true,"Last":7}"#;
        let page: Changes = serde_json::from_str(page).unwrap();
        assert_eq!((page.changes[0].change_type, page.last, page.done), (ChangeType::StableStudy, 7, true));
        assert_eq!((page.changes[0].seq, page.changes[0].date.as_str()), (7, "20261125T000000"));
        let series =
            r#"[{"ID":"s","Instances":["i"],"MainDicomTags":{"Modality":"MR","SeriesNumber":"2"},"Type":"Series"}]"#;
        let series: Vec<Series> = serde_json::from_str(series).unwrap();
        assert_eq!((series[0].main_dicom_tags.modality.as_str(), series[0].instances.len()), ("MR", 1));
    }
}
