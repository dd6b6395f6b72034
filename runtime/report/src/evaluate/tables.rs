//! The figures as aligned text.

use std::fmt;

use cordline_sdk::RESEARCH_USE;

use super::counts::Confusion;
use super::figures::{Evaluation, QuestionFigures};

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases\n", self.cases)?;
        if !self.questions.is_empty() {
            write(f, &answers(&self.questions))?;
            let (draws, seed) = self.bootstrap;
            writeln!(
                f,
                "The positive answer is the second one. Intervals: bootstrap over cases, {draws} draws, seed {seed}.\n"
            )?;
            for figures in &self.questions {
                write(f, &confusion(figures))?;
            }
        }
        if !self.dice.is_empty() {
            let mut rows = vec![cells(["Dice", "cases", "mean ± SD", "median"])];
            rows.extend(self.dice.iter().map(|(label, s)| {
                vec![
                    label.clone(),
                    s.count.to_string(),
                    format!("{:.2} ± {:.2}", s.mean, s.sd),
                    format!("{:.2}", s.median),
                ]
            }));
            write(f, &rows)?;
        }
        if !self.findings.is_empty() {
            write(f, &self.finding_rows())?;
        }
        if let Some(rate) = self.without_lesion {
            writeln!(f, "Cases without lesion called no_lesion: {rate}; false positives: {}", rate.of - rate.count)?;
        }
        if let Some(rate) = self.missed {
            writeln!(f, "Cases with lesion called no_lesion: {rate}")?;
        }
        writeln!(f, "{RESEARCH_USE}")
    }
}

impl Evaluation {
    /// Labels down, findings across.
    fn finding_rows(&self) -> Vec<Vec<String>> {
        let mut columns: Vec<&String> = self.findings.values().flat_map(|row| row.keys()).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut rows =
            vec![["Label \\ finding".to_string()].into_iter().chain(columns.iter().map(|c| c.to_string())).collect()];
        rows.extend(self.findings.iter().map(|(label, row)| {
            let counts = columns.iter().map(|c| row.get(*c).copied().unwrap_or(0).to_string());
            [label.clone()].into_iter().chain(counts).collect::<Vec<_>>()
        }));
        rows
    }
}

/// The table as the literature prints it: a row a measure, a column a question.
fn answers(questions: &[QuestionFigures]) -> Vec<Vec<String>> {
    let row = |name: &str, cell: &dyn Fn(&QuestionFigures) -> String| -> Vec<String> {
        [name.to_string()].into_iter().chain(questions.iter().map(cell)).collect()
    };
    let mut rows = vec![row("", &|q| q.question.text.clone())];
    for (k, (name, _)) in Confusion::default().rates().into_iter().enumerate() {
        rows.push(row(name, &|q| q.confusion.rates()[k].1.to_string()));
    }
    rows.push(row("AUC (95 % CI)", &|q| match (q.auc, q.auc_interval) {
        (Some(area), Some([low, high])) => format!("{area:.2} ({low:.2}, {high:.2})"),
        _ => "-".into(),
    }));
    if questions.iter().any(|q| q.undecided > 0) {
        rows.push(row("in the undecided band", &|q| q.undecided.to_string()));
    }
    if questions.iter().any(|q| q.unanswered > 0) {
        rows.push(row("without answer (counted as wrong)", &|q| q.unanswered.to_string()));
    }
    rows
}

/// Truth down, answer across.
fn confusion(figures: &QuestionFigures) -> Vec<Vec<String>> {
    let ([first, second], c) = (&figures.question.answers, figures.confusion);
    let count = |n: usize| n.to_string();
    vec![
        vec![figures.question.text.clone(), format!("answer {first}"), format!("answer {second}")],
        vec![format!("truth {first}"), count(c.true_negative), count(c.false_positive)],
        vec![format!("truth {second}"), count(c.false_negative), count(c.true_positive)],
    ]
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(String::from).to_vec()
}

/// Rows in columns of equal width, the first to the left and the others to the right; a line under the first row, an empty line after the last.
fn write(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |k: usize| rows.iter().filter_map(|r| r.get(k)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (i, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (k, cell) in row.iter().enumerate() {
            let space = widths[k] - cell.chars().count();
            if k == 0 {
                line.push_str(cell);
                line.push_str(&" ".repeat(space));
            } else {
                line.push_str(&" ".repeat(space + 3));
                line.push_str(cell);
            }
        }
        writeln!(f, "{}", line.trim_end())?;
        if i == 0 {
            writeln!(f, "{}", "-".repeat(widths.iter().sum::<usize>() + 3 * (columns - 1)))?;
        }
    }
    writeln!(f)
}
