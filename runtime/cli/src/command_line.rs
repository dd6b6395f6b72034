//! The command line: which commands there are, what their flags say, and what each runs.

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use cordline_analysis::config::{Config, Flags};

use crate::exit::Exit;
use crate::{
    analyze, bundle, doctor, documents, engines, evaluate, fail, get, jobs, keys, logging, output, serve, spool,
    submit, watch,
};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\nResearch use only; not a medical device");

/// Finds and classifies lesions of the spinal cord in MR studies
#[derive(Debug, Parser)]
#[command(name = "cordline", version = VERSION, max_term_width = 110)]
pub(crate) struct CommandLine {
    /// Configuration file [default: /etc/cordline/cordline.toml, where it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Analyse an MR study: a folder, files or a ZIP archive of DICOM
    Analyze(analyze::AnalyzeArgs),
    /// Run the daemon: jobs over ZeroMQ, kept on disk
    Serve(serve::ServeArgs),
    /// Send a study to the daemon
    Submit(submit::SubmitArgs),
    /// Follow a job of the daemon to its end
    Watch(watch::WatchArgs),
    /// Fetch the files of a job
    Get(get::GetArgs),
    /// Say how the daemon is, or where a job is
    Status(jobs::StatusArgs),
    /// List the daemon's jobs, newest first
    Jobs(jobs::JobsArgs),
    /// Stop a job; heeded between sections, and while files are read
    Cancel(jobs::CancelArgs),
    /// Remove what the daemon keeps of a job or a study: input, results, pictures
    Forget(jobs::ForgetArgs),
    /// Choose the series of a job that needs a selection
    Choose(jobs::ChooseArgs),
    /// Look after the keys of clients from other hosts
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Look after the record of who did what
    #[command(subcommand)]
    Audit(keys::AuditCommand),
    /// Look after the daemon's folder of jobs
    #[command(subcommand)]
    Spool(spool::SpoolCommand),
    /// Say what this box has, what was chosen and why, what is wrong and what to do
    Doctor(doctor::DoctorArgs),
    /// Look after bundles (manifest + models)
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Look after the engines that TensorRT compiles of the networks
    #[command(subcommand)]
    Engines(engines::EnginesCommand),
    /// Compare results with the truth: accuracy, sensitivity, specificity, AUC, Dice
    Evaluate(evaluate::EvaluateArgs),
    /// Print shell completions, man pages or the schema of the result
    #[command(subcommand)]
    Print(documents::PrintCommand),
}

/// The whole command line; every help page ends with the research-use line.
pub(crate) fn command_line() -> clap::Command {
    fn noticed(command: clap::Command) -> clap::Command {
        command.after_help(cordline_sdk::RESEARCH_USE).mut_subcommands(noticed)
    }
    noticed(CommandLine::command())
}

/// Reads the command line; a wrong one ends the program with a message and the code for usage.
pub(crate) fn parse() -> CommandLine {
    let matches = command_line().get_matches();
    CommandLine::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

impl CliCommand {
    /// The flags that stand for settings.
    fn flags(&self) -> Flags {
        match self {
            Self::Analyze(args) => args.flags(),
            Self::Serve(args) => args.flags(),
            Self::Doctor(args) => args.flags(),
            Self::Bundle(command) => command.flags(),
            Self::Evaluate(args) => args.flags(),
            _ => Flags::default(),
        }
    }
}

/// Runs one command. Every failure ends in a sentence on standard error and an exit code.
pub(crate) fn run(line: CommandLine) -> Exit {
    let config = match Config::resolve(line.config.as_deref(), line.command.flags()) {
        Ok(config) => config,
        Err(error) => return fail(&error.into(), Exit::Usage),
    };
    if let Err(problem) = logging::start(&config.log, config.log_format) {
        return fail(&problem, Exit::Usage);
    }
    output::ended(match line.command {
        CliCommand::Analyze(args) => analyze::run(&args, &config),
        CliCommand::Serve(args) => serve::run(&args, &config),
        CliCommand::Submit(args) => submit::run(&args, &config),
        CliCommand::Watch(args) => watch::run(&args, &config),
        CliCommand::Get(args) => get::run(&args, &config),
        CliCommand::Status(args) => jobs::status(&args, &config),
        CliCommand::Jobs(args) => jobs::jobs(&args, &config),
        CliCommand::Cancel(args) => jobs::cancel(&args, &config),
        CliCommand::Forget(args) => jobs::forget(&args, &config),
        CliCommand::Choose(args) => jobs::choose(&args, &config),
        CliCommand::Keys(command) => keys::run(command, &config),
        CliCommand::Audit(command) => keys::run_audit(command, &config),
        CliCommand::Spool(command) => spool::run(command, &config),
        CliCommand::Doctor(args) => doctor::run(&args, &config),
        CliCommand::Bundle(_) => bundle::run(&config),
        CliCommand::Engines(command) => engines::run(&command, &config),
        CliCommand::Evaluate(args) => evaluate::run(args, &config),
        CliCommand::Print(command) => documents::run(command, command_line()),
    })
}
