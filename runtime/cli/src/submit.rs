//! `cordline submit`: a study to the daemon.

use std::path::PathBuf;

use clap::Args;
use cordline_analysis::config::Config;
use cordline_sdk::job::Priority;

use crate::exit::Exit;
use crate::remote::{RemoteArgs, line, print_json};
use crate::watch::watch;

/// Flags of `submit`.
#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// DICOM folders and files of one patient, and no ZIP archives; they are sent to the daemon
    #[arg(required_unless_present = "on_the_box", value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// A folder, file or ZIP archive of the daemon's own box, under one of its roots, instead: nothing is sent
    #[arg(long, value_name = "PATH", conflicts_with = "inputs")]
    on_the_box: Option<String>,
    /// urgent, routine or background
    #[arg(long, default_value = "routine", value_parser = parse_priority)]
    priority: Priority,
    /// Series Instance UID of the sagittal T2-weighted series, instead of the automatic choice; UID#N for the Nth volume of a series that
    /// holds several
    #[arg(long, value_name = "UID")]
    series: Option<String>,
    /// Stay and watch the job
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs the command.
pub(crate) fn run(args: &SubmitArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        let series = args.series.as_deref();
        let job = match &args.on_the_box {
            Some(path) => client.submit_folder(path, args.priority, series)?,
            None => client.submit_study(&args.inputs, args.priority, series)?,
        };
        if args.watch {
            return Ok(watch(client, &job, 0, args.remote.json)?);
        }
        let summary = client.status(&job)?;
        match args.remote.json {
            true => print_json(&summary),
            false => println!("{}", line(&summary)),
        }
        Ok(Exit::Completed)
    })
}

fn parse_priority(text: &str) -> Result<Priority, String> {
    text.parse().map_err(|_| "priorities are urgent, routine and background".to_owned())
}
