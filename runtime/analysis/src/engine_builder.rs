//! Engines are built by processes of their own, one network after the other: a builder has been seen to end by a signal, and again when it
//! was run again in the same process.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cordline_core::printable::printable;
use cordline_device::engine::{EngineRecord, EngineState, EngineStore};
use cordline_inference::engines::WantedEngine;
use rustix::process::{Resource, Rlimit, setpriority_process, setrlimit};

use crate::config::Config;

/// Words of the command that builds one engine; the network and the provider follow. Not for people.
pub const COMMAND: [&str; 2] = ["engines", "build-one"];
/// A build that takes longer than this has hung: the longest that was reported for a network of this size is ten minutes.
const LIMIT: Duration = Duration::from_secs(30 * 60);
const POLL: Duration = Duration::from_millis(200);
/// Most characters of what a builder said.
const LONGEST: usize = 300;
/// Nice value: whatever else the host does comes first.
const NICE: i32 = 10;

/// Builds what is absent or damaged.
pub struct EngineBuilder {
    /// The program that runs [`COMMAND`].
    program: PathBuf,
    /// The settings of the networks, as variables.
    environment: Vec<(String, OsString)>,
    limit: Duration,
}

/// What the builder is about.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct EngineProgress {
    /// The network that is compiled.
    pub network: String,
    /// Who compiles it.
    pub provider: String,
    /// Its number among those that are built, from 1, and how many these are.
    pub n: usize,
    pub of: usize,
    /// Since its build began.
    pub seconds: f64,
    /// What the last build of this network took here, as far as it is known.
    pub usual_seconds: Option<f64>,
}

/// How a build ended.
#[derive(Debug, Clone, PartialEq)]
pub enum BuildEnd {
    /// The engine is trusted.
    Trusted,
    /// It was refused, and is not tried again until something that it depends on changes; the reason.
    Refused(String),
    /// Another process builds it.
    Elsewhere,
    /// It was given up, and may be tried again.
    Stopped,
    /// It could not be tried; the reason.
    NotTried(String),
}

impl EngineBuilder {
    /// With this program, as it runs now, and its settings.
    pub fn new(config: &Config) -> Self {
        Self { program: "/proc/self/exe".into(), environment: config.network_environment(), limit: LIMIT }
    }

    /// Builds each engine of `wanted` that is absent or damaged. `each` is told of it every second, and ends the work with `false`.
    pub fn build(
        &self,
        store: &EngineStore,
        wanted: &[WantedEngine],
        now: &dyn Fn() -> String,
        each: &mut dyn FnMut(&EngineProgress) -> bool,
    ) -> Vec<(WantedEngine, BuildEnd)> {
        let missing = |engine: &&WantedEngine| matches!(engine.state, EngineState::Absent | EngineState::Damaged);
        let missing: Vec<&WantedEngine> = wanted.iter().filter(missing).collect();
        let mut ends = Vec::new();
        for (n, engine) in missing.iter().enumerate() {
            let progress = EngineProgress {
                network: engine.network.clone(),
                provider: engine.provider.to_string(),
                n: n + 1,
                of: missing.len(),
                seconds: 0.0,
                usual_seconds: usual_seconds(store, engine),
            };
            let end =
                self.one(store, engine, now, progress, each).unwrap_or_else(|e| BuildEnd::NotTried(e.to_string()));
            let is_stopped = end == BuildEnd::Stopped;
            ends.push(((*engine).clone(), end));
            if is_stopped {
                break;
            }
        }
        ends
    }

    fn one(
        &self,
        store: &EngineStore,
        engine: &WantedEngine,
        now: &dyn Fn() -> String,
        mut progress: EngineProgress,
        each: &mut dyn FnMut(&EngineProgress) -> bool,
    ) -> io::Result<BuildEnd> {
        // Taken and given back: the child takes it, and whoever holds it now is not disturbed.
        if store.begin(&engine.key)?.is_none() {
            return Ok(BuildEnd::Elsewhere);
        }
        let began = Instant::now();
        let mut child = self.start(engine)?;
        let said = last_line(&mut child);
        let failed = loop {
            if let Some(status) = child.try_wait()? {
                break match (status.success(), status.signal()) {
                    (true, _) => None,
                    (false, Some(signal)) => Some(format!("the builder ended by signal {signal}")),
                    (false, None) => Some(said.join().unwrap_or_default()),
                };
            }
            progress.seconds = began.elapsed().as_secs_f64();
            if !each(&progress) {
                end(&mut child)?;
                return Ok(BuildEnd::Stopped);
            }
            if began.elapsed() > self.limit {
                end(&mut child)?;
                break Some(format!("the builder had not ended after {} s", self.limit.as_secs()));
            }
            std::thread::sleep(POLL);
        };
        let Some(reason) = failed else {
            return Ok(match store.state(&engine.key) {
                EngineState::Trusted(_) => BuildEnd::Trusted,
                EngineState::Refused(reason) => BuildEnd::Refused(reason),
                EngineState::Damaged | EngineState::Absent => BuildEnd::NotTried("the builder left no engine".into()),
            });
        };
        if is_disk_full(&reason) {
            return Ok(BuildEnd::NotTried(reason));
        }
        let Some(room) = store.begin(&engine.key)? else { return Ok(BuildEnd::Elsewhere) };
        room.finish(EngineRecord {
            network: engine.network.clone(),
            seconds: began.elapsed().as_secs_f64(),
            built: now(),
            refused: Some(reason.clone()),
            golden: None,
            key: Default::default(),
            files: Default::default(),
        })?;
        Ok(BuildEnd::Refused(reason))
    }

    #[allow(unsafe_code)] // What runs between fork and exec can only be given so.
    fn start(&self, engine: &WantedEngine) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .args(COMMAND)
            .args([&engine.network, engine.provider.as_str()])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // SAFETY: both calls are plain system calls, which may be made between fork and exec.
        unsafe {
            command.pre_exec(|| {
                // A host that refuses either builds all the same.
                let _ = setpriority_process(None, NICE);
                let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
                Ok(())
            });
        }
        command.spawn()
    }
}

/// Its last line on standard error. Read while it runs: a builder that nobody listens to stands still once the pipe is full.
fn last_line(child: &mut Child) -> JoinHandle<String> {
    let stderr = child.stderr.take();
    std::thread::spawn(move || {
        let mut last = "the builder said nothing".to_owned();
        for line in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')).map_while(Result::ok) {
            let line = printable(String::from_utf8_lossy(&line).trim(), LONGEST);
            if !line.is_empty() {
                last = line;
            }
        }
        last
    })
}

/// A full disk says nothing of the network: it is tried again when there is room.
fn is_disk_full(reason: &str) -> bool {
    reason.contains("No space left on device") || reason.contains("Disk quota exceeded")
}

fn end(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

/// The seconds of the newest engine of this network that was built by this provider.
fn usual_seconds(store: &EngineStore, engine: &WantedEngine) -> Option<f64> {
    let by = engine.key.parts().get("by");
    let same = |record: &EngineRecord| record.network == engine.network && record.key.get("by") == by;
    store.list().into_iter().rev().filter_map(|stored| stored.record).find(same).map(|record| record.seconds)
}

#[cfg(test)]
mod tests;
