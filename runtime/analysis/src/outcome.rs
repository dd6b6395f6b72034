//! How far an analysis came, and what its result says of it.

use cordline_core::findings::Findings;
use cordline_core::manifest::Manifest;
use cordline_core::volume::Volume;
use cordline_dicom::source::SourceSeries;
use cordline_report::Pictures;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::{AnalysisResult, BundleIdentity, SCHEMA_VERSION, State};
use cordline_sdk::wire::request::Predecessor;

use super::infer::Computation;
use super::load::{NotLoaded, Selection};
use crate::early_end::EarlyEnd;

/// How far an analysis came. What was learnt before an early end is kept: the result tells it.
pub(super) struct Outcome {
    pub bundle: Option<BundleIdentity>,
    pub selection: Selection,
    /// Where the networks were computed, as far as any was.
    pub computation: Option<Computation>,
    /// Of the networks' work.
    pub warnings: Vec<String>,
    pub study: Result<AnalyzedStudy, EarlyEnd>,
}

/// A study that was analysed, before it becomes files.
pub(super) struct AnalyzedStudy {
    /// `None` for a volume from a viewer, which has no DICOM that results could refer to.
    pub source: Option<SourceSeries>,
    /// The contrast-enhanced T1-weighted series, where it was used too.
    pub t1c: Option<SourceSeries>,
    pub volume: Volume,
    pub findings: Findings,
    /// What was drawn beside the networks, or why it could not be.
    pub pictures: Result<Pictures, Problem>,
    /// Of the bundle that found it.
    pub manifest: Manifest,
    /// A person corrected the mask.
    pub semiautomatic: bool,
    /// Name of that person, where the viewer told it.
    pub reader: Option<String>,
    /// How often the same was analysed before.
    pub again: u32,
    /// Results of earlier analyses of the same study, which this one follows.
    pub predecessors: Vec<Predecessor>,
}

impl Outcome {
    /// There is no bundle that could be used.
    pub(super) fn without_bundle(end: EarlyEnd) -> Self {
        Self { bundle: None, selection: Selection::default(), computation: None, warnings: Vec::new(), study: Err(end) }
    }

    /// There is no volume.
    pub(super) fn not_loaded(bundle: BundleIdentity, NotLoaded { end, selection }: NotLoaded) -> Self {
        Self { bundle: Some(bundle), selection, ..Self::without_bundle(end) }
    }

    /// The result, but for its files, their times and its date.
    pub(super) fn to_result(&self) -> AnalysisResult {
        let of_bundle = self.bundle.as_ref().and_then(|bundle| bundle.warning.as_ref());
        let warnings = of_bundle.into_iter().chain(&self.selection.warnings).chain(&self.warnings);
        let findings = self.study.as_ref().ok().map(|study| &study.findings);
        let end = self.study.as_ref().err();
        AnalysisResult {
            schema_version: SCHEMA_VERSION.into(),
            notice: cordline_sdk::RESEARCH_USE.into(),
            cordline_version: env!("CARGO_PKG_VERSION").into(),
            state: end.map_or(State::Completed, |end| end.state),
            finding: findings.map(|f| f.finding.clone()),
            problem: end.map(|end| end.problem.clone()),
            warnings: warnings.cloned().collect(),
            series: self.selection.series.clone(),
            bundle: self.bundle.clone(),
            created: String::new(),
            provider: self.computation.as_ref().map(|computation| computation.provider.clone()),
            precision: self.computation.as_ref().map(|computation| computation.precision.clone()),
            classifications: findings.map(|f| f.classifications.clone()).unwrap_or_default(),
            not_asked: findings.map(|f| f.not_asked.clone()).unwrap_or_default(),
            lesions: findings.map(|f| f.lesions.clone()).unwrap_or_default(),
            timings_ms: Default::default(),
            files: Vec::new(),
        }
    }
}
