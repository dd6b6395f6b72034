//! Three classifiers one after the other and on three threads; a GPU that is not there.

use std::error::Error;
use std::ffi::OsString;
use std::process::Command;
use std::thread;
use std::time::Instant;

use cordline_device::{ExecutionProvider, Precision, RunError, Session};
use serde_json::json;

use crate::arguments::Arguments;
use crate::images::Images;
use crate::measure::ms;
use crate::report::{Report, Subject};
use crate::{bundle, host};

/// Runs classifiers on a batch of sections, as a study asks its questions: in turn, and at once.
pub(crate) fn classifiers(
    subject: Subject,
    mut opened: Vec<(Session, &Images)>,
    arguments: &Arguments,
    report: &mut Report,
) {
    if opened.len() < 2 {
        return;
    }
    let batch = arguments.batches(subject.provider).into_iter().max().unwrap_or(1);
    let mut in_turn = Vec::new();
    let mut at_once = Vec::new();
    for _ in 0..arguments.rounds {
        let run = |(session, images): &mut (Session, &Images)| session.run(images.first(batch)).map(drop);
        let began = Instant::now();
        let first: Result<(), RunError> = opened.iter_mut().try_for_each(run);
        in_turn.push(ms(began.elapsed()));
        let began = Instant::now();
        let second: Result<(), RunError> = thread::scope(|scope| {
            let threads: Vec<_> = opened.iter_mut().map(|one| scope.spawn(move || run(one))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("running a network does not panic"))
        });
        at_once.push(ms(began.elapsed()));
        if let Err(error) = first.and(second) {
            return report.failed(subject, "classifiers side by side", &error.to_string());
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (count, in_turn, at_once) = (opened.len(), median(in_turn), median(at_once));
    report.line(json!({
        "measured": "classifiers", "provider": subject.provider, "precision": subject.precision, "batch": batch,
        "what": format!("{count} classifiers on {batch} images each"), "in_turn_ms": in_turn, "at_once_ms": at_once,
        "sentence": format!("{in_turn:.1} ms one after the other, {at_once:.1} ms side by side"),
    }));
}

/// Command word of the process that opens a network on a GPU that is not there.
pub(crate) const COMMAND: &str = "open-out-of-range";
/// No host has so many.
const NUMBER: &str = "99";

/// What is said where the GPU that was chosen is not there. In a process of its own: CUDA reads the choice once.
pub(crate) fn out_of_range(provider: ExecutionProvider, arguments: &Arguments, report: &mut Report) {
    let ended = std::env::current_exe().and_then(|program| {
        let plug_in = arguments.tensorrt_rtx.as_deref().unwrap_or_default();
        Command::new(program)
            .args([COMMAND, provider.as_str(), plug_in])
            .arg(&arguments.bundle)
            .env("CUDA_VISIBLE_DEVICES", NUMBER)
            .output()
    });
    let sentence = match &ended {
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("gpu_check: ").to_owned(),
        Err(error) => error.to_string(),
    };
    let is_refused = ended.is_ok_and(|output| output.status.code() == Some(1));
    report.line(json!({
        "measured": "out_of_range", "provider": provider, "what": format!("device {NUMBER}"), "is_refused": is_refused, "sentence": sentence,
    }));
}

/// What that process does. It ends well only where the network was opened after all.
pub(crate) fn open_out_of_range(words: &[OsString]) -> Result<(), Box<dyn Error>> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let [provider, plug_in, folder] = words[..] else { return Err("three words are needed".into()) };
    let provider: ExecutionProvider = provider.parse()?;
    let host = host(None, Some(plug_in))?;
    let networks = bundle::read(folder.as_ref())?;
    let network = networks.first().ok_or("the bundle has no network")?;
    let obstacle = provider.obstacle(&host).map(|reason| format!("{reason}; "));
    // Tried in spite of it: this is what the provider itself would have said.
    let opened = network
        .with_graph(&network.single, |graph| Session::open(&host, provider, Precision::Fp32, graph, 1).map(drop));
    opened.map_err(|error| format!("{}{error}", obstacle.unwrap_or_default()).into())
}
