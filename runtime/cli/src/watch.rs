//! `cordline watch`: a job as it runs, stage by stage and section by section, then its finding.

use std::ops::ControlFlow;

use clap::Args;
use cordline_analysis::config::Config;
use cordline_core::printable::printable;
use cordline_sdk::client::{Client, ClientError};
use cordline_sdk::job::JobId;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::event::{Event, EventKind, StateChange};
use cordline_sdk::wire::tensor::unpack_bits;

use crate::exit::Exit;
use crate::output;
use crate::remote::{self, RemoteArgs, exit_of};
use crate::series_table;

/// Flags of `watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The job
    #[arg(value_name = "JOB", value_parser = remote::parse_job)]
    job: JobId,
    /// Number of the last event that is known already
    #[arg(long, value_name = "N", default_value_t = 0)]
    since: u64,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs the command. With `--json` each event is one line.
pub(crate) fn run(args: &WatchArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| Ok(watch(client, &args.job, args.since, args.remote.json)?))
}

/// Follows a job to its end.
pub(crate) fn watch(client: &mut Client, job: &JobId, since: u64, json: bool) -> Result<Exit, ClientError> {
    client.follow(job, since, &mut |event, raw| {
        match json {
            true => println!("{}", as_json(event)),
            false => words(event, raw).into_iter().for_each(|words| println!("{words}")),
        }
        // A closed pipe ends the command.
        if output::is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if !json {
        println!("{}", cordline_sdk::RESEARCH_USE);
    }
    Ok(exit_of(client.status(job)?.state))
}

/// As it travels: what is printed is what PROTOCOL.md describes.
fn as_json(event: &Event) -> String {
    output::json(&codec::to_json(event).to_string())
}

/// Words of files in one line.
fn one_line(words: &str) -> String {
    printable(words, usize::MAX)
}

/// An event in a line; nothing for one that says nothing to people.
fn words(event: &Event, raw: Option<&[u8]>) -> Option<String> {
    Some(match &event.kind {
        EventKind::State(StateChange { state, finding: Some(finding), .. }) => format!("{state}: {finding}"),
        EventKind::State(StateChange { state, problem: Some(problem), .. }) => {
            format!("{state}: {}\n  what to do: {}", one_line(&problem.message), one_line(&problem.action))
        }
        EventKind::State(change) => change.state.to_string(),
        EventKind::Series(choice) => match &choice.description {
            Some(description) => {
                let reasons = one_line(&choice.reasons.join("; "));
                format!("  series \u{201c}{}\u{201d}: {reasons}", one_line(description))
            }
            None if choice.candidates.is_empty() => return None,
            None => {
                series_table::table(&choice.candidates, |selector| format!("cordline choose {} {selector}", event.job))
            }
        },
        EventKind::Grid(grid) => {
            let [sections, rows, columns] = grid.shape;
            format!("  {sections} sections of {rows} x {columns}, on {}", grid.provider)
        }
        EventKind::Section(section) => {
            let voxels: u64 = section.mask.shape.iter().product();
            let lesion = unpack_bits(raw.unwrap_or_default(), voxels as usize).into_iter().filter(|v| *v).count();
            let kind = if section.is_final { "final" } else { "provisional" };
            format!("  section {:>3} ({}/{}): {lesion} voxels, {kind}", section.section, section.done, section.total)
        }
        EventKind::Lesions(lesions) => match lesions.lesions.len() {
            0 => "  no lesion".into(),
            n => {
                let ml: f64 = lesions.lesions.iter().map(|l| l.volume_ml).sum();
                format!("  {n} lesion{}, {ml:.2} mL", if n == 1 { "" } else { "s" })
            }
        },
        EventKind::Classification(answer) => {
            let label = answer.labels.get(&answer.decision).map_or("undecided", String::as_str);
            format!("  {} {label}", answer.question)
        }
        EventKind::Warning(warning) => format!("  Note: {}", one_line(&warning.message)),
        EventKind::Files(files) => format!("  {} files", files.files.len()),
        // A heat map is for viewers; an event of a later version is passed over.
        _ => return None,
    })
}
