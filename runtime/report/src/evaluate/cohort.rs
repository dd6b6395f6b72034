//! A cohort: what is true of each case, and what was said of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cordline_sdk::Finding;
use cordline_sdk::result::{AnalysisResult, State};

use super::error::EvaluateError;
use super::questions::{Question, WITHOUT_LESION};

/// A case with its label and what was said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub name: String,
    /// The truth.
    pub label: String,
    /// `no_lesion`, `indeterminate`, or the finding with its subtype after a slash; empty where unknown.
    pub finding: String,
    /// Dice of the mask, where there is a true one.
    pub dice: Option<f64>,
    /// Study probability of the second class by classifier id.
    pub probabilities: BTreeMap<String, f64>,
}

/// A table of labels, findings and scores: columns `case`, `label`, and where present `finding`, `dice` and `p:ID` for each classifier.
///
/// # Errors
/// The table cannot be opened, lacks a column, or holds a value that is none.
pub fn read_table(path: &Path, questions: &[Question]) -> Result<Vec<Case>, EvaluateError> {
    let table = Table::open(path)?;
    let columns: Vec<(&Question, usize)> =
        questions.iter().filter_map(|q| Some((q, table.column(&format!("p:{}", q.id))?))).collect();
    if columns.is_empty() && !questions.is_empty() {
        let wanted = questions.iter().map(|q| format!("p:{}", q.id)).collect::<Vec<_>>().join(", ");
        return Err(table.fault(1, format!("has no column of probabilities; expected {wanted}")));
    }
    let (finding, dice) = (table.column("finding"), table.column("dice"));
    let mut cases = Vec::with_capacity(table.rows.len());
    for (line, row) in &table.rows {
        let mut probabilities = BTreeMap::new();
        for (question, column) in &columns {
            if let Some(p) = table.share(*line, row, *column)? {
                probabilities.insert(question.id.clone(), p);
            }
        }
        cases.push(Case {
            name: row[table.case].clone(),
            label: table.label(*line, row, questions)?,
            finding: finding.map(|c| row[c].clone()).unwrap_or_default(),
            dice: dice.map(|c| table.share(*line, row, c)).transpose()?.flatten(),
            probabilities,
        });
    }
    Ok(cases)
}

/// A table of labels (`case`, `label`) and a folder with `CASE/result.json` for each: what `cordline analyze --out` wrote.
///
/// # Errors
/// The table cannot be used, or the result of a case not be read.
pub fn read_results(labels: &Path, folder: &Path, questions: &[Question]) -> Result<Vec<Case>, EvaluateError> {
    let table = Table::open(labels)?;
    let mut cases = Vec::with_capacity(table.rows.len());
    for (line, row) in &table.rows {
        let label = table.label(*line, row, questions)?;
        let name = row[table.case].clone();
        let path = folder.join(&name).join("result.json");
        let fault = |reason: String| EvaluateError::Result { path: path.clone(), reason };
        let text = fs::read_to_string(&path).map_err(|e| fault(e.to_string()))?;
        let result: AnalysisResult = serde_json::from_str(&text).map_err(|e| fault(e.to_string()))?;
        cases.push(Case {
            name,
            label,
            finding: finding_of(&result),
            dice: None,
            probabilities: result.classifications.iter().map(|c| (c.id.clone(), c.in_order()[1].1)).collect(),
        });
    }
    Ok(cases)
}

/// What stands for the finding of a study that ended without one.
pub(super) const NO_ANSWER: [&str; 3] = ["needs_selection", "out_of_scope", "failed"];

/// The finding as the table writes it; the state where there is none.
fn finding_of(result: &AnalysisResult) -> String {
    let [needs_selection, out_of_scope, failed] = NO_ANSWER;
    match (&result.finding, result.state) {
        (Some(Finding { name, subtype: Some(subtype), .. }), _) => format!("{name}/{subtype}"),
        (Some(finding), _) => finding.name.clone(),
        (None, State::NeedsSelection) => needs_selection.into(),
        (None, State::OutOfScope) => out_of_scope.into(),
        (None, _) => failed.into(),
    }
}

/// A CSV file with a header.
struct Table {
    path: PathBuf,
    header: Vec<String>,
    /// Line number and cells.
    rows: Vec<(u64, Vec<String>)>,
    case: usize,
    label: usize,
}

impl Table {
    fn open(path: &Path) -> Result<Self, EvaluateError> {
        let fault = |line: u64, reason: String| EvaluateError::Table { path: path.into(), line, reason };
        let csv_fault = |e: csv::Error| fault(e.position().map_or(0, csv::Position::line), e.to_string());
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|e| EvaluateError::Unreadable { path: path.into(), reason: e.to_string() })?;
        // A byte order mark, as spreadsheets write it, is not part of the first name.
        let header: Vec<String> =
            reader.headers().map_err(csv_fault)?.iter().map(|h| h.trim_start_matches('\u{feff}').to_string()).collect();
        let column = |name: &str| {
            let place = header.iter().position(|h| h == name);
            place.ok_or_else(|| fault(1, format!("has no column {name:?}; it has {}", header.join(", "))))
        };
        let (case, label) = (column("case")?, column("label")?);
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(csv_fault)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record.iter().map(String::from).collect()));
        }
        if rows.is_empty() {
            return Err(fault(1, "has no case".into()));
        }
        Ok(Self { path: path.into(), header, rows, case, label })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    fn fault(&self, line: u64, reason: String) -> EvaluateError {
        EvaluateError::Table { path: self.path.clone(), line, reason }
    }

    /// A cell with a number from 0 to 1, or nothing.
    fn share(&self, line: u64, row: &[String], column: usize) -> Result<Option<f64>, EvaluateError> {
        let cell = &row[column];
        if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(v) if (0.0..=1.0).contains(&v) => Ok(Some(v)),
            _ => Err(self.fault(line, format!("{} is {cell:?}; expected a number from 0 to 1", self.header[column]))),
        }
    }

    /// The label, which must be one that a question or its absence knows.
    fn label(&self, line: u64, row: &[String], questions: &[Question]) -> Result<String, EvaluateError> {
        let label = &row[self.label];
        let known = || questions.iter().flat_map(|q| q.labels.iter().flatten()).map(String::as_str);
        if WITHOUT_LESION.contains(&label.as_str()) || known().any(|k| k == label) {
            return Ok(label.clone());
        }
        let mut legal: Vec<&str> = WITHOUT_LESION.into_iter().chain(known()).collect();
        legal.sort_unstable();
        legal.dedup();
        Err(self.fault(line, format!("label {label:?} is unknown; expected one of {}", legal.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::questions::tests::spinal;
    use super::*;
    use crate::answer::tests::asked;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.csv");
        fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn a_table_from_a_spreadsheet_is_read() {
        let (_dir, path) = written(
            "\u{feff}case,label,finding,dice,p:tumour-demyelinating,p:ms-nmosd\n\
             a, ms ,demyelinating/ms,0.5,0.93,0.2\nb,healthy,no_lesion,,,\nc,nmosd,no_lesion,0,nan,\n",
        );
        let cases = read_table(&path, &spinal()).unwrap();
        assert_eq!((cases[0].label.as_str(), cases[0].dice), ("ms", Some(0.5)));
        assert_eq!(cases[0].probabilities["ms-nmosd"], 0.2);
        assert!(cases[1].probabilities.is_empty() && cases[1].dice.is_none());
        assert_eq!(cases[2].dice, Some(0.0));
    }

    #[test]
    fn faults_name_file_line_and_what_was_expected() {
        for (text, wanted) in [
            (
                "case,label,p:ms-nmosd\na,glioma,0.1\n",
                "line 2: label \"glioma\" is unknown; expected one of astrocytoma",
            ),
            (
                "case,label,p:ms-nmosd\na,ms,0.1\nb,ms,1.4\n",
                "line 3: p:ms-nmosd is \"1.4\"; expected a number from 0 to 1",
            ),
            ("case,finding\na,ms\n", "line 1: has no column \"label\"; it has case, finding"),
            ("case,label\na,ms\n", "has no column of probabilities; expected p:tumour-demyelinating"),
            ("case,label,p:ms-nmosd\n", "has no case"),
            ("case,label,p:ms-nmosd\na,ms\n", "line 2"),
        ] {
            let (_dir, path) = written(text);
            let message = read_table(&path, &spinal()).unwrap_err().to_string();
            assert!(message.contains(wanted) && message.contains("table.csv"), "{message}");
        }
    }

    #[test]
    fn results_of_the_road_are_read_by_case() {
        let (dir, path) = written("case,label\nx,ms\n");
        let result = crate::tests::result(State::Completed);
        let result = AnalysisResult { classifications: vec![asked("ms", "nmosd", &[0.2, 0.4])], ..result };
        fs::create_dir(dir.path().join("x")).unwrap();
        fs::write(dir.path().join("x/result.json"), serde_json::to_string(&result).unwrap()).unwrap();
        let cases = read_results(&path, dir.path(), &spinal()).unwrap();
        assert!((cases[0].probabilities["ms-nmosd"] - 0.3).abs() < 1e-12);
        assert_eq!(cases[0].finding, "demyelinating/ms");
        fs::remove_file(dir.path().join("x/result.json")).unwrap();
        let message = read_results(&path, dir.path(), &spinal()).unwrap_err().to_string();
        assert!(message.contains("result.json"), "{message}");
    }
}
