//! The stages of an analysis.

use cordline_sdk::words::words;

words! {
    /// A stage of an analysis, in order; its word is the key in `timings_ms`.
    #[derive(PartialOrd, Ord)]
    pub enum Stage {
        /// Headers are read.
        Reading = "reading",
        /// The series is chosen.
        Selecting = "selecting",
        /// Pixels are decoded and put in order.
        Decoding = "decoding",
        /// Intensities are normalised.
        Normalising = "normalising",
        /// Networks are loaded.
        Loading = "loading",
        /// Lesions are segmented.
        Segmenting = "segmenting",
        /// Lesions are measured.
        Measuring = "measuring",
        /// Questions are asked.
        Classifying = "classifying",
        /// Results are written.
        Writing = "writing",
    }
}

impl Stage {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reading => "Reading files",
            Self::Selecting => "Choosing the series",
            Self::Decoding => "Decoding pixels",
            Self::Normalising => "Normalising intensities",
            Self::Loading => "Loading networks",
            Self::Segmenting => "Segmenting lesions",
            Self::Measuring => "Measuring lesions",
            Self::Classifying => "Asking the questions",
            Self::Writing => "Writing results",
        }
    }
}
