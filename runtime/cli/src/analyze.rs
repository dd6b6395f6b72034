//! `cordline analyze`: a study to findings.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use cordline_analysis::config::{Config, Flags};
use cordline_analysis::output::RESULT_FILE;
use cordline_analysis::{self as analyze, AnalysisInput, AnalysisRequest, Models};
use cordline_sdk::job::Priority;
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::result::{SeriesVerdict, State};
use cordline_sdk::{AnalysisResult, FileKind};

use crate::exit::Exit;
use crate::progress::Bar;
use crate::remote::Refusal;
use crate::{fail, get, output, remote, series_table};

/// Flags of `analyze`.
#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    /// DICOM folders, files or ZIP archives of one patient
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Folder for the results; made where it is missing, results of an earlier run in it are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder of the bundle [default: the one that comes with the program]
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Series Instance UID of the sagittal T2-weighted series, instead of the automatic choice; UID#N for the Nth volume of a series that
    /// holds several
    #[arg(long, value_name = "UID")]
    series: Option<String>,
    /// Print result.json on standard output
    #[arg(long)]
    json: bool,
    /// Threads of a network [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// No progress bar and no summary
    #[arg(long, short)]
    quiet: bool,
    /// Let the running daemon analyse the study instead of this process; it takes folders and files, and no ZIP archives
    #[arg(long, conflicts_with_all = ["bundle", "threads"])]
    daemon: bool,
    /// Socket file of the daemon [default: /run/cordline/cordline.sock]
    #[arg(long, value_name = "FILE", requires = "daemon")]
    socket: Option<PathBuf>,
}

impl AnalyzeArgs {
    /// The flags that stand for settings.
    pub(super) fn flags(&self) -> Flags {
        let Self { bundle, threads, socket, .. } = self;
        Flags { bundle: bundle.clone(), threads: *threads, socket: socket.clone(), ..Flags::default() }
    }
}

/// Runs the command.
pub(crate) fn run(args: &AnalyzeArgs, config: &Config) -> Exit {
    let bar = Bar::new(args.quiet);
    let outcome = if args.daemon { through_daemon(args, config, &bar) } else { here(args, config, &bar) };
    bar.finish();
    let result = match outcome {
        Ok(result) => result,
        Err(problem) => return fail(&problem, Exit::Failed),
    };
    if args.json {
        let text = serde_json::to_string_pretty(&result).expect("results are plain JSON");
        println!("{}", output::json(&text));
    } else if !args.quiet {
        summarise(&result, &args.out);
    }
    match &result.problem {
        Some(problem) => {
            let exit = fail(problem, result.state.into());
            if let Some(wanted) = args.series.as_deref().filter(|_| result.state == State::OutOfScope) {
                eprintln!("  it was called with --series {wanted}");
            }
            list_choices(&result);
            exit
        }
        None => result.state.into(),
    }
}

fn here(args: &AnalyzeArgs, config: &Config, bar: &Bar) -> Result<AnalysisResult, Problem> {
    let request = AnalysisRequest {
        input: AnalysisInput::Files(&args.inputs),
        out: &args.out,
        series: args.series.as_deref(),
        correction: None,
        predecessors: &[],
        created: None,
        again: 0,
    };
    analyze::analyze(request, config, Models::Cold, &mut |progress| {
        bar.show(&progress);
        ControlFlow::Continue(())
    })
    .map_err(|problem| remote::in_folder(&args.out, problem))
}

/// The same by way of the daemon: the study goes there, the files of the result come back.
fn through_daemon(args: &AnalyzeArgs, config: &Config, bar: &Bar) -> Result<AnalysisResult, Problem> {
    let fetch = || -> Result<_, Refusal> {
        let mut client = remote::connect(&config.daemon.socket)?;
        let job = client.submit_study(&args.inputs, Priority::Urgent, args.series.as_deref())?;
        client.follow(&job, 0, &mut |event, _| {
            bar.show_event(event);
            ControlFlow::Continue(())
        })?;
        get::fetch(&mut client, &job, &args.out)
    };
    let files = fetch().map_err(|Refusal(problem)| problem)?;
    let lacking = |why: String| Problem {
        code: Code::NoResult,
        message: format!("the daemon's job came to no result: {why}"),
        action: "ask `cordline jobs` for what became of it".into(),
    };
    if !files.iter().any(|f| f.path == RESULT_FILE) {
        return Err(lacking("it lists no result.json".into()));
    }
    let bytes = std::fs::read(args.out.join(RESULT_FILE)).map_err(|e| lacking(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| lacking(e.to_string()))
}

/// The answer in a few lines.
fn summarise(result: &AnalysisResult, out: &std::path::Path) {
    if let Some(finding) = &result.finding {
        println!("{finding}");
    }
    for c in &result.classifications {
        let answer = c.labels.get(&c.decision).map_or("undecided", String::as_str);
        let numbers: Vec<String> = c
            .in_order()
            .iter()
            .map(|(id, p)| format!("{} {:.0} %", c.labels.get(*id).map_or(*id, String::as_str), p * 100.0))
            .collect();
        println!("  {} {answer} ({})", c.question, numbers.join(", "));
    }
    for lesion in &result.lesions {
        println!(
            "  Lesion {}: {:.2} mL, {:.0} mm craniocaudal, sections {}",
            lesion.number,
            lesion.volume_ml,
            lesion.extent_mm,
            sections(&lesion.sections)
        );
    }
    for warning in &result.warnings {
        println!("  Note: {warning}");
    }
    if result.files.iter().any(|f| f.kind == FileKind::Report) {
        println!("  Report: {}", out.join("report.html").display());
    }
    println!("  {}", cordline_sdk::RESEARCH_USE);
}

/// Section numbers as ranges: `3-5, 8`.
fn sections(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &n in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => ranges.push((n, n)),
        }
    }
    ranges.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") }).collect::<Vec<_>>().join(", ")
}

/// What can be chosen instead, with what is to be typed: the candidates; the others that fit where the chosen one failed; all of them where
/// none fits.
fn list_choices(result: &AnalysisResult) {
    let Some(series) = &result.series else { return };
    let (heading, choices): (_, Vec<&SeriesVerdict>) = match result.state {
        State::NeedsSelection => ("Run it again with one of these:", series.candidates.iter().collect()),
        State::Failed => ("These fit too:", series.rejected.iter().filter(|v| v.fits).collect()),
        State::OutOfScope => {
            ("To analyse one of these all the same, run it again with its --series:", series.rejected.iter().collect())
        }
        State::Completed => return,
    };
    if !choices.is_empty() {
        eprintln!("{heading}\n{}", series_table::table(choices, |selector| format!("--series {selector}")));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn section_numbers_become_ranges() {
        assert_eq!(super::sections(&[3, 4, 5, 8]), "3-5, 8");
        assert_eq!(super::sections(&[]), "");
    }
}
