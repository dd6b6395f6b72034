//! `cordline engines`: what TensorRT compiled of a bundle's networks for this host.

use chrono::{Local, SecondsFormat};
use clap::Subcommand;
use cordline_analysis::config::Config;
use cordline_analysis::engine_builder::{BuildEnd, EngineBuilder, EngineProgress};
use cordline_analysis::models::load_networks;
use cordline_device::ExecutionProvider;
use cordline_device::engine::{EngineKey, EngineState, EngineStore};
use cordline_inference::bundle::Bundle;
use cordline_inference::engines::{self, WantedEngine};
use cordline_inference::networks::Networks;
use cordline_sdk::problem::{Code, Problem};

use crate::exit::Exit;
use crate::fail;

/// What to do with engines.
#[derive(Debug, Subcommand)]
pub(crate) enum EnginesCommand {
    /// List the engines that are there, and those that the bundle wants
    List,
    /// Build what the bundle wants and what is not there yet; a refused one is not tried again
    Build {
        /// Print progress as JSON, a line a second
        #[arg(long)]
        json: bool,
    },
    /// Remove what the bundle does not want, and the oldest beyond the configured bytes
    Clean,
    /// Build one engine in this process
    #[command(hide = true)]
    BuildOne {
        /// Network
        network: String,
        /// Execution provider
        provider: ExecutionProvider,
    },
}

/// Runs the command.
pub(crate) fn run(command: &EnginesCommand, config: &Config) -> Exit {
    match execute(command, config) {
        Ok(exit) => exit,
        // The owner of this process reads the last line.
        Err(problem) if matches!(command, EnginesCommand::BuildOne { .. }) => {
            eprintln!("{}", problem.message);
            Exit::Failed
        }
        Err(problem) => fail(&problem, Exit::Failed),
    }
}

fn execute(command: &EnginesCommand, config: &Config) -> Result<Exit, Problem> {
    let bundle = Bundle::open_or_default(config.bundle.as_deref())?;
    let store = EngineStore::new(&config.device.engines);
    let networks = load_networks(config, bundle, 0)?;
    let wanted = engines::wanted(&networks, &store);
    match command {
        EnginesCommand::List => list(&store, &wanted),
        EnginesCommand::Build { json } => return Ok(build(&store, &wanted, config, *json)),
        EnginesCommand::Clean => {
            let keys: Vec<EngineKey> = wanted.into_iter().map(|engine| engine.key).collect();
            let gone = store.clean(&keys, config.device.engine_bytes).map_err(|e| unwritable(config, &e))?;
            for engine in &gone {
                println!("Removed {} ({} MB)", engine.folder.display(), engine.bytes >> 20);
            }
            println!("{} engines removed.", gone.len());
        }
        EnginesCommand::BuildOne { network, provider } => {
            build_one(config, &networks, &store, &wanted, network, *provider)?
        }
    }
    Ok(Exit::Completed)
}

fn list(store: &EngineStore, wanted: &[WantedEngine]) {
    for engine in wanted {
        let state = match &engine.state {
            EngineState::Trusted(record) => {
                format!(
                    "trusted, built {} in {:.0} s; {}",
                    record.built,
                    record.seconds,
                    record.golden.as_deref().unwrap_or("")
                )
            }
            EngineState::Refused(reason) => format!("refused: {reason}"),
            EngineState::Damaged => "not what was built; it will be built again".into(),
            EngineState::Absent => "not built yet".into(),
        };
        println!("{} {} {}: {state}", engine.network, engine.provider, engine.precision);
    }
    if wanted.is_empty() {
        println!("No execution provider of this host keeps engines; `cordline doctor` says why.");
    }
    let folders: Vec<_> = wanted.iter().map(|engine| store.folder(&engine.key)).collect();
    for stored in store.list().iter().filter(|stored| !folders.contains(&stored.folder)) {
        println!("{}: not wanted by this bundle on this host ({} MB)", stored.folder.display(), stored.bytes >> 20);
    }
}

fn build(store: &EngineStore, wanted: &[WantedEngine], config: &Config, json: bool) -> Exit {
    let mut told = -1.0;
    let ends = EngineBuilder::new(config).build(store, wanted, &now, &mut |progress| {
        if progress.seconds < told || progress.seconds >= told + 1.0 {
            told = progress.seconds;
            tell(progress, json);
        }
        true
    });
    let mut exit = Exit::Completed;
    for (engine, end) in &ends {
        let words = match end {
            BuildEnd::Trusted => "trusted".into(),
            BuildEnd::Elsewhere => "another process builds it".into(),
            BuildEnd::Stopped => "given up".into(),
            BuildEnd::Refused(reason) => format!("refused: {reason}"),
            BuildEnd::NotTried(reason) => format!("not built: {reason}"),
        };
        println!("{} {} {}: {words}", engine.network, engine.provider, engine.precision);
        if matches!(end, BuildEnd::Refused(_) | BuildEnd::NotTried(_)) {
            exit = Exit::Failed;
        }
    }
    if ends.is_empty() {
        println!("Nothing is to be built.");
    }
    exit
}

fn tell(progress: &EngineProgress, json: bool) {
    let EngineProgress { network, provider, n, of, seconds, usual_seconds } = progress;
    if json {
        println!("{}", serde_json::to_string(progress).expect("progress is plain JSON"));
        return;
    }
    let usual = usual_seconds.map(|usual| format!(" of about {usual:.0}")).unwrap_or_default();
    eprintln!("{n} of {of}: {provider} compiles {network}, {seconds:.0}{usual} s");
}

fn build_one(
    config: &Config,
    networks: &Networks,
    store: &EngineStore,
    wanted: &[WantedEngine],
    network: &str,
    provider: ExecutionProvider,
) -> Result<(), Problem> {
    let is_it = |engine: &&WantedEngine| engine.network == network && engine.provider == provider;
    let engine = wanted.iter().find(is_it).ok_or_else(|| Problem {
        code: Code::Network,
        message: format!("{provider} keeps no engine of {network} on this host"),
        action: "run `cordline engines list`".into(),
    })?;
    let room = store.begin(&engine.key).map_err(|e| unwritable(config, &e))?;
    // Who holds it ends it.
    let Some(room) = room else { return Ok(()) };
    let record = engines::build(networks, store, engine, &room, now())?;
    room.finish(record).map(drop).map_err(|e| unwritable(config, &e))
}

fn now() -> String {
    Local::now().to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn unwritable(config: &Config, error: &std::io::Error) -> Problem {
    Problem {
        code: Code::NotWritable,
        message: format!("the folder of engines {} cannot be used: {error}", config.device.engines.display()),
        action: "make it writable for this user, or name another one as device.engines".into(),
    }
}
