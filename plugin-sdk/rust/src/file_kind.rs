//! What the files of a result are.

use crate::words::words;

words! {
    /// What a file of a result is. On the wire and in `result.json` it is text, since later versions know more kinds.
    #[non_exhaustive]
    pub enum FileKind {
        /// `result.json` itself.
        Result = "result",
        /// The page for people.
        Report = "report",
        /// A picture of the page.
        Picture = "picture",
        /// A section of a series among which a person chooses.
        Thumbnail = "thumbnail",
        /// DICOM Segmentation of the lesions.
        Segmentation = "segmentation",
        /// DICOM structured report (TID 1500).
        StructuredReport = "structured_report",
        /// DICOM parametric map: the heat map of an answer.
        ParametricMap = "parametric_map",
        /// DICOM secondary capture: the findings as a picture.
        SecondaryCapture = "secondary_capture",
        /// DICOM structured report: what a reader said of the answer. Listed with the review itself.
        Review = "review",
    }
}

impl PartialEq<FileKind> for String {
    fn eq(&self, kind: &FileKind) -> bool {
        self == kind.as_str()
    }
}
