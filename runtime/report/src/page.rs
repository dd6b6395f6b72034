//! `report.html`: one file that needs neither network nor script.

use std::sync::LazyLock;

use cordline_sdk::result::{AnalysisResult, State};
use cordline_sdk::{FileKind, RESEARCH_USE};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

use super::error::ReportError;
use super::page_panels::{self, LegendView, SectionView};
use super::page_parts::{self, LesionView, QuestionView, millilitres, plain};
use super::page_series::{self, SeriesView};
use super::pictures::Pictures;
use super::sections::RenderedSections;

static TEMPLATE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters are valid"));
    // Everything is escaped, whatever the template is called.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", include_str!("page.html.jinja")).expect("the template is part of the program");
    environment
});

/// What the template is filled with.
#[derive(Serialize)]
struct Page<'a> {
    css: Value,
    notice: &'static str,
    headline: String,
    summary: String,
    problem: Option<ProblemView>,
    phantom: bool,
    bundle_warning: Option<String>,
    warnings: Vec<String>,
    questions: Vec<QuestionView>,
    /// Question and reason.
    not_asked: Vec<(String, String)>,
    lesions: Vec<LesionView>,
    total_volume: String,
    sections: &'a [SectionView],
    heat: Vec<LegendView>,
    heat_ramp: Vec<(usize, String, f64)>,
    turned: bool,
    series: Option<SeriesView>,
    created: String,
    cordline_version: String,
    schema_version: String,
    bundle: Option<BundleView>,
    provider: Option<String>,
    precision: Option<String>,
    /// Stage and milliseconds.
    timings: Vec<(String, String)>,
    /// Kind and path.
    files: Vec<(String, String)>,
}

#[derive(Serialize)]
struct ProblemView {
    message: String,
    action: String,
}

#[derive(Serialize)]
struct BundleView {
    id: String,
    version: String,
    sha256: String,
    cohort: String,
}

/// Reads the template, which takes a process as long as to fill it in. Else the first page does so.
pub fn prepare() {
    LazyLock::force(&TEMPLATE);
}

/// The page; `thumbnail` gives the PNG file of a path among the result's files. No patient name or ID goes in: the result holds none.
///
/// # Errors
/// The template cannot be filled in.
pub fn render(
    result: &AnalysisResult,
    pictures: Option<&Pictures>,
    thumbnail: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<String, ReportError> {
    let shown = pictures.map(|pictures| &pictures.shown);
    let text = |s: &Option<String>| s.as_deref().map(plain);
    let bundle = result.bundle.as_ref();
    let bundle_warning = bundle.and_then(|b| b.warning.as_deref());
    let page = Page {
        css: Value::from_safe_string(include_str!("page.css").into()),
        notice: RESEARCH_USE,
        headline: headline(result),
        summary: summary(result, shown),
        problem: result.problem.as_ref().map(|p| ProblemView { message: plain(&p.message), action: plain(&p.action) }),
        phantom: bundle.is_some_and(|b| b.cohort == "phantom"),
        bundle_warning: bundle_warning.map(plain),
        warnings: result.warnings.iter().filter(|w| Some(w.as_str()) != bundle_warning).map(|w| plain(w)).collect(),
        questions: result.classifications.iter().map(page_parts::question).collect(),
        not_asked: result.not_asked.iter().map(|n| (plain(&n.question), plain(&n.reason))).collect(),
        lesions: result.lesions.iter().map(page_parts::lesion).collect(),
        total_volume: millilitres(result.lesions.iter().map(|l| l.volume_ml).sum()),
        sections: pictures.map_or(&[], |pictures| &pictures.panels[..]),
        heat: shown.map(page_panels::legends).unwrap_or_default(),
        heat_ramp: page_panels::ramp(),
        turned: shown.is_some_and(|s| s.orientation.turned()),
        series: result.series.as_ref().map(|s| page_series::series(s, thumbnail)),
        created: plain(&result.created),
        cordline_version: plain(&result.cordline_version),
        schema_version: plain(&result.schema_version),
        bundle: bundle.map(|b| BundleView {
            id: plain(&b.id),
            version: plain(&b.version),
            sha256: plain(&b.sha256),
            cohort: plain(&b.cohort),
        }),
        provider: text(&result.provider),
        precision: text(&result.precision),
        timings: page_parts::timings(result),
        files: result
            .files
            .iter()
            .filter(|f| ![FileKind::Picture, FileKind::Thumbnail, FileKind::Report].iter().any(|kind| f.kind == *kind))
            .map(|f| (plain(&f.kind.replace('_', " ")), plain(&f.path)))
            .collect(),
    };
    Ok(TEMPLATE.get_template("page")?.render(Serde(page))?)
}

/// The answer, or why there is none, in a few words.
fn headline(result: &AnalysisResult) -> String {
    match (result.state, &result.finding) {
        (State::Completed, Some(finding)) => plain(&finding.label),
        (State::Completed, None) => "Completed without a finding".into(),
        (State::NeedsSelection, _) => "A series must be chosen".into(),
        (State::OutOfScope, _) => "Out of scope: not analysed".into(),
        (State::Failed, _) => "The analysis failed".into(),
    }
}

/// The sentence under the headline.
fn summary(result: &AnalysisResult, shown: Option<&RenderedSections>) -> String {
    if result.state != State::Completed {
        return String::new();
    }
    let count =
        shown.map_or_else(|| result.series.as_ref().and_then(|s| s.shape).map_or(0, |s| s[0]), |s| s.section_count);
    if result.lesions.is_empty() {
        return format!("No lesion is marked in any of the {count} sections. This does not prove that there is none.");
    }
    let volume = millilitres(result.lesions.iter().map(|l| l.volume_ml).sum());
    let longest = result.lesions.iter().map(|l| l.extent_mm).fold(0.0, f64::max);
    let mut in_sections: Vec<usize> = result.lesions.iter().flat_map(|l| l.sections.iter().copied()).collect();
    in_sections.sort_unstable();
    in_sections.dedup();
    let sections = format!("in {} of {count} sections", in_sections.len());
    match result.lesions.len() {
        1 => format!("One lesion of {volume} mL, {longest:.0} mm from head to foot, {sections}."),
        n => format!("{n} lesions, together {volume} mL, the longest {longest:.0} mm from head to foot, {sections}."),
    }
}
