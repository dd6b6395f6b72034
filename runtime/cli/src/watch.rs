//! `cordline watch`: a job as it runs, stage by stage and section by section, then its finding.

use std::ops::ControlFlow;

use clap::Args;
use cordline_analysis::config::Config;
use cordline_core::printable::printable;
use cordline_sdk::client::{Client, ClientError};
use cordline_sdk::job::JobId;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::event::{Event, EventKind, StateChange};
use cordline_sdk::wire::tensor::{Element, Tensor};

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

/// Voxels that are set in a mask of one bit a voxel; `None` where it has not the bytes that it says, as the other side may say anything.
fn set_bits(mask: &Tensor, raw: &[u8]) -> Option<u32> {
    let whole = mask.element == Element::Bit && mask.bytes() == Some(raw.len() as u64);
    // What fills up the last byte is zero.
    whole.then(|| raw.iter().map(|byte| byte.count_ones()).sum())
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
            let lesion = set_bits(&section.mask, raw.unwrap_or_default());
            let lesion = lesion.map_or("a mask of another size than it says".into(), |n| format!("{n} voxels"));
            let kind = if section.is_final { "final" } else { "provisional" };
            format!("  section {:>3} ({}/{}): {lesion}, {kind}", section.section, section.done, section.total)
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

#[cfg(test)]
mod tests {
    use cordline_sdk::wire::tensor::pack_bits;

    use super::*;

    #[test]
    fn voxels_are_counted_in_what_came_and_not_in_what_was_said() {
        let mask = |shape: &[u64], element| Tensor { shape: shape.to_vec(), element };
        let bits = pack_bits([true, false, true, false, false, false, false, false, true, false]);
        assert_eq!(set_bits(&mask(&[2, 5], Element::Bit), &bits), Some(3));
        assert_eq!(set_bits(&mask(&[1 << 40], Element::Bit), &bits), None);
        assert_eq!(set_bits(&mask(&[u64::MAX, 2], Element::Bit), &[]), None);
        assert_eq!(set_bits(&mask(&[2], Element::U8), &bits), None);
    }
}
