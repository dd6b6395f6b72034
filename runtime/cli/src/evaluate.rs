//! `cordline evaluate`: figures of a cohort as text, CSV and ROC picture.

use std::path::{Path, PathBuf};

use clap::Args;
use cordline_analysis::config::{Config, Flags};
use cordline_inference::bundle::Bundle;
use cordline_report::evaluate::{self, CohortSource, DRAWS, Evaluation, EvaluationRequest, SEED};
use cordline_sdk::problem::{Code, Problem};

use crate::exit::Exit;
use crate::fail;

/// Flags of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Table of the cohort: case, label, finding, dice, and p:CLASSIFIER for each question (CSV, see models/README.md)
    #[arg(value_name = "TABLE")]
    table: PathBuf,
    /// The table holds labels alone; answers are read from DIR/CASE/result.json
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Write evaluation.txt, evaluation.csv, roc.svg and roc.png into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Bundle whose questions were asked [default: the one that comes with the program]
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Draws of the bootstrap
    #[arg(long, value_name = "N", default_value_t = DRAWS, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    draws: usize,
    /// Seed of the bootstrap: the same seed gives the same intervals
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
}

impl EvaluateArgs {
    /// The flags that stand for settings.
    pub(super) fn flags(&self) -> Flags {
        Flags { bundle: self.bundle.clone(), ..Flags::default() }
    }
}

/// Runs the command.
pub(crate) fn run(args: EvaluateArgs, config: &Config) -> Exit {
    match evaluate(args, config) {
        Ok(()) => Exit::Completed,
        Err(problem) => fail(&problem, Exit::Failed),
    }
}

fn evaluate(args: EvaluateArgs, config: &Config) -> Result<(), Problem> {
    let bundle = Bundle::open_or_default(config.bundle.as_deref())?;
    let cohort = match args.results {
        Some(folder) => CohortSource::Results { labels: args.table, folder },
        None => CohortSource::Table(args.table),
    };
    let request = EvaluationRequest { cohort, draws: args.draws, seed: args.seed };
    let evaluation = evaluate::run(&request, &bundle.manifest)?;
    print!("{evaluation}");
    if let Some(out) = args.out {
        write(&out, &evaluation)?;
        println!("Written to {}", out.display());
    }
    Ok(())
}

fn write(out: &Path, evaluation: &Evaluation) -> Result<(), Problem> {
    let picture = evaluation.roc_png()?;
    let text = evaluation.to_string();
    let files: [(&str, &[u8]); 4] = [
        ("evaluation.txt", text.as_bytes()),
        ("evaluation.csv", &evaluation.to_csv().into_bytes()),
        ("roc.svg", &evaluation.roc_svg().into_bytes()),
        ("roc.png", &picture),
    ];
    let written = std::fs::create_dir_all(out)
        .and_then(|()| files.iter().try_for_each(|(name, bytes)| std::fs::write(out.join(name), bytes)));
    written.map_err(|e| Problem {
        code: Code::NotWritable,
        message: format!("cannot write the evaluation into {}: {e}", out.display()),
        action: "name a folder that this user may write to with --out".into(),
    })
}
