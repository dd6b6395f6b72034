//! What a GPU makes of the networks of a bundle: one command, ten minutes at most.
//!
//!     make gpu-check    or    gpu_check BUNDLE [--provider cuda] [--precision fp16] [--batch 8] …
//!
//! - [`arguments`]: which providers, precisions and batches
//! - [`bundle`]: the networks
//! - [`images`]: what they are run on
//! - [`measure`]: opening, running, comparing
//! - [`side_by_side`]: three classifiers on three threads; a GPU that is not there
//! - [`report`]: a line of JSON for each measurement, a table at the end
//!
//! What cannot be measured is said in a sentence, and the next thing is measured.

mod arguments;
mod bundle;
mod images;
mod measure;
mod report;
mod side_by_side;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use cordline_device::{
    ExecutionProvider, Host, OnnxRuntime, PlugIns, Precision, PrecisionPolicy, library, probe, trial,
};
use serde_json::json;

use arguments::Arguments;
use images::Images;
use measure::Reference;
use report::{Report, Subject};

fn main() -> ExitCode {
    probe::order_gpus_by_bus();
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let ended: Result<(), Box<dyn Error>> = match words.first() {
        // Plug-ins are tried in a process of their own.
        Some(word) if word == trial::COMMAND => trial::run(&words[1..]).map_err(Into::into),
        Some(word) if word == side_by_side::COMMAND => side_by_side::open_out_of_range(&words[1..]),
        _ => Arguments::read(words).map_err(Into::into).and_then(|arguments| check(&arguments)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("gpu_check: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// This host, as the program itself sees it.
fn host(openvino: Option<&str>, tensorrt_rtx: Option<&str>) -> Result<Host, Box<dyn Error>> {
    let configured = std::env::var_os(library::ENVIRONMENT_VARIABLE);
    let runtime = OnnxRuntime::load(&library::find(configured.as_ref().map(AsRef::as_ref))?)?;
    let plug_ins = PlugIns::find(openvino.map(AsRef::as_ref), tensorrt_rtx.map(AsRef::as_ref));
    Ok(Host { runtime, hardware: probe::hardware(), plug_ins, device: 0 })
}

fn check(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let networks = bundle::read(&arguments.bundle)?;
    let host = host(arguments.openvino.as_deref(), arguments.tensorrt_rtx.as_deref())?;
    let mut report = Report::of(&host);
    let largest = arguments.batches(ExecutionProvider::Cuda).into_iter().max().unwrap_or(1);
    let subjects = subjects(&host, arguments, &mut report);
    if subjects.is_empty() {
        return report.end();
    }
    let mut measured: Vec<(Images, Reference)> = Vec::new();
    for network in &networks {
        let is_on_gpu = subjects.iter().any(|subject| subject.provider.is_of_gpu());
        // On a processor 32 images take seconds, and gigabytes.
        let count =
            if is_on_gpu { largest } else { arguments.batches(ExecutionProvider::Cpu).into_iter().max().unwrap_or(1) };
        let images = Images::of(network, count);
        let reference = Reference::of(&host, network, &images, arguments.threads)?;
        measured.push((images, reference));
    }
    for subject in subjects {
        let mut classifiers = Vec::new();
        for (network, (images, reference)) in networks.iter().zip(&measured) {
            if began.elapsed() > arguments.limit {
                report.failed(subject, &network.name, "left out: the time is over (--minutes)");
                continue;
            }
            let opened = measure::network(&host, subject, network, images, reference, arguments, &mut report);
            classifiers.extend(opened.filter(|_| network.is_classifier()).map(|session| (session, images)));
        }
        side_by_side::classifiers(subject, classifiers, arguments, &mut report);
    }
    for provider in arguments.providers.iter().filter(|provider| provider.is_of_gpu()) {
        side_by_side::out_of_range(*provider, arguments, &mut report);
    }
    report.end()
}

/// What is to be measured; what stands in the way of the rest is said.
fn subjects(host: &Host, arguments: &Arguments, report: &mut Report) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for &provider in &arguments.providers {
        if let Some(obstacle) = provider.obstacle(host) {
            report.line(json!({ "measured": "obstacle", "provider": provider, "sentence": obstacle }));
            continue;
        }
        let able = provider.precisions(host, PrecisionPolicy::Fast);
        let wanted =
            |precision: &Precision| arguments.precisions.is_empty() || arguments.precisions.contains(precision);
        subjects.extend(able.into_iter().filter(wanted).map(|precision| Subject { provider, precision }));
    }
    subjects
}
