//! `cordline doctor`: what this host has, what was chosen and why, what is wrong and what to do.
//!
//! - [`gpu`]: the GPUs in words

mod gpu;

use std::path::PathBuf;

use clap::Args;
use cordline_analysis::config::{Config, Flags};
use cordline_analysis::diagnosis::{self, Diagnosis, NetworkState};
use serde::Serialize;

use crate::exit::Exit;

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Folder of the bundle [default: the one that comes with the program]
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl DoctorArgs {
    /// The flags that stand for settings.
    pub(super) fn flags(&self) -> Flags {
        Flags { bundle: self.bundle.clone(), ..Flags::default() }
    }
}

/// Runs the command. It fails where something stands in the way of an analysis.
pub(crate) fn run(args: &DoctorArgs, config: &Config) -> Exit {
    let diagnosis = diagnosis::examine(config);
    if args.json {
        print_json(&diagnosis)
    } else {
        print_words(&diagnosis)
    }
    if diagnosis.problems.is_empty() { Exit::Completed } else { Exit::Failed }
}

fn print_json(value: &impl Serialize) {
    println!("{}", serde_json::to_string_pretty(value).expect("a diagnosis is plain JSON"));
}

fn print_words(d: &Diagnosis) {
    println!("This box");
    println!("  processor      {}, {} cores", d.hardware.processor, d.hardware.cores);
    println!(
        "  memory         {:.1} GiB, {:.1} GiB available",
        gpu::gib(d.hardware.memory_bytes),
        gpu::gib(d.hardware.memory_available_bytes)
    );
    for line in gpu::lines(&d.hardware.gpus, &d.hardware.hidden_gpus) {
        println!("{line}");
    }
    if let Some(library) = &d.onnxruntime {
        println!("ONNX Runtime\n  {} ({})", library.version, library.path.display());
    }
    println!("Execution providers, in the configured order");
    for provider in &d.providers {
        let mark = match (provider.used, provider.obstacles.is_empty()) {
            (true, _) => "used",
            (false, true) => "idle",
            (false, false) => "no",
        };
        println!("  {:<13} {:<5} {}", provider.provider.to_string(), mark, provider.obstacles.join("; "));
    }
    if let Some(bundle) = &d.bundle {
        println!("Bundle\n  {} {} ({})", bundle.identity.id, bundle.identity.version, bundle.folder.display());
        if let Some(warning) = &bundle.identity.warning {
            println!("  {warning}");
        }
    }
    if !d.networks.is_empty() {
        println!("Networks, each against its golden output");
    }
    for network in &d.networks {
        let NetworkState { provider, precision, nodes: [own, all], batch, golden } = network;
        let at_once = if *batch > 1 { format!(", up to {batch} sections at once") } else { String::new() };
        println!("  {}: {provider} {precision}, {own} of {all} nodes{at_once}; {}", golden.network, golden.describe());
    }
    if let Some(need) = d.gpu_memory {
        println!("{}", gpu::memory_line(need));
    }
    println!("Verdict");
    for problem in &d.problems {
        println!("  WRONG  {}\n         what to do: {}", problem.message, problem.action);
    }
    for note in &d.notes {
        println!("  note   {note}");
    }
    if d.problems.is_empty() {
        println!("  ready  `cordline analyze FOLDER --out RESULTS` will work here");
    }
    println!("{}", cordline_sdk::RESEARCH_USE);
}
