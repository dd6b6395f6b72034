//! Settings, resolved once: file, then environment, then flags. Nothing else reads the environment.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat};
use cordline_device::{PrecisionPolicy, ProviderChoice};
use cordline_dicom::read::limits::FileLimits;
use cordline_dicom::read::series::SeriesRules;
use cordline_inference::networks::NetworkOptions;
use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::wire::limits::Limits as WireLimits;
use serde::Deserialize;
use thiserror::Error;

use crate::reader::ReaderLimits;

/// The file that is read when none is named and this one exists.
pub const DEFAULT_FILE: &str = "/etc/cordline/cordline.toml";

/// Prefix of the environment variables: `CORDLINE_THREADS=2`, `CORDLINE_SERIES__MIN_SECTIONS=5`.
const PREFIX: &str = "CORDLINE";

/// Settings that are lists: in a variable, their values are parted by commas.
const LISTS: [&str; 9] = [
    "series.stir_inversion_time_ms",
    "series.image_type_excluded",
    "series.spine_body_parts",
    "series.spine_words",
    "series.other_words",
    "series.agent_words",
    "series.no_agent_words",
    "series.fat_words",
    "daemon.roots",
];

/// Beginnings of variables that other programs of this project read, perhaps in the same shell or container: those of the gateway, and the
/// token of a client.
const OF_OTHERS: [&str; 2] = ["CORDLINE_GATEWAY_", "CORDLINE_TOKEN"];

/// The variables among `all` that are settings of this program.
fn environment(all: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Environment, ConfigError> {
    let mut ours = HashMap::new();
    for (name, value) in all {
        let Some(name) = name.to_str().map(str::to_uppercase) else { continue };
        if !name.starts_with(PREFIX) || OF_OTHERS.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let value = value.into_string().map_err(|_| ConfigError(format!("{name} holds no text")))?;
        ours.insert(name, value);
    }
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .source(Some(ours));
    Ok(LISTS.iter().fold(environment, |environment, list| environment.with_list_parse_key(list)))
}

/// Every setting of the program. `packaging/cordline.toml` is the commented reference.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// ONNX Runtime: its library file or the folder that holds it. Looked for in the usual places where absent.
    pub onnxruntime: Option<PathBuf>,
    /// Folder of the bundle. Looked for in the usual places where absent.
    pub bundle: Option<PathBuf>,
    /// Who computes networks, and how exactly.
    pub device: DeviceConfig,
    /// Threads of a network; 0 for one on each processor.
    pub threads: usize,
    /// What is logged, for example `warn` or `cordline=debug`.
    pub log: String,
    /// How it is written: for people, or one JSON object a line.
    pub log_format: LogFormat,
    /// What is accepted from outside.
    pub limits: FileLimits,
    /// How the series is chosen.
    pub series: SeriesRules,
    /// `cordline serve`.
    pub daemon: DaemonConfig,
}

/// Who computes networks, and how exactly.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceConfig {
    /// Execution providers in order of preference, or whatever is there, fastest first.
    pub providers: ProviderChoice,
    /// Single precision, or the fastest that the bundle was judged with.
    pub precision: PrecisionPolicy,
    /// OpenVINO's plug-in: its library, or the folder that holds it. Looked for in the usual places where absent.
    pub openvino: Option<PathBuf>,
    /// The plug-in of TensorRT-RTX, likewise.
    pub tensorrt_rtx: Option<PathBuf>,
    /// Folder of the engines that TensorRT compiles; for the user of the program alone.
    pub engines: PathBuf,
    /// Bytes of all engines together; beyond, the oldest go when a new one is trusted.
    pub engine_bytes: u64,
    /// Jobs that the daemon computes at the same time; where absent, one on each GPU.
    pub workers: Option<usize>,
    /// Images that a network is given at once, at most; by provider and memory where absent.
    pub batch: Option<usize>,
    /// Whether classifiers run side by side; where absent, on a GPU that has room for it.
    pub side_by_side: Option<bool>,
}

impl Default for DeviceConfig {
    fn default() -> Self {
        Self {
            providers: ProviderChoice::default(),
            precision: PrecisionPolicy::default(),
            openvino: None,
            tensorrt_rtx: None,
            engines: "/var/cache/cordline/engines".into(),
            engine_bytes: 4 << 30,
            workers: None,
            batch: None,
            side_by_side: None,
        }
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Settings of the daemon.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DaemonConfig {
    /// Folder for jobs and their journal.
    pub spool: PathBuf,
    /// Socket file on which clients of this host reach it; its folder is for the daemon's user alone.
    pub socket: PathBuf,
    /// Endpoint for clients from other hosts, for example `tcp://0.0.0.0:5710`; none by default. Only keys of the list come in.
    pub tcp: Option<String>,
    /// Address of the figures for Prometheus and of `/live` and `/ready`; empty for none. Keep it on this host.
    pub metrics: Option<String>,
    /// Folder of the daemon's own keys and the list of clients.
    pub keys: PathBuf,
    /// Folders under which clients may name input that lies on this host; none by default.
    pub roots: Vec<PathBuf>,
    /// Free bytes that must stay on the disk of the spool.
    pub reserve_bytes: u64,
    /// Most jobs that may wait.
    pub queue: u64,
    /// How much clients may send at once.
    pub limits: WireLimits,
    /// What the process that reads files may use.
    pub reader: ReaderLimits,
    /// How long jobs that have ended are kept.
    pub keep: Keep,
}

/// How long jobs that have ended are kept, with all that belongs to them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// Days since their end.
    pub days: u32,
    /// Bytes of all together but a reader's work; beyond, the oldest go first.
    pub bytes: u64,
    /// Hours after its end from which on an answer may go where the disk has no room for new jobs.
    pub room_hours: u32,
    /// Days of a reader's work: corrected masks, jobs that were corrected, and jobs with reviews. Never removed for space.
    pub reader_days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { days: 30, bytes: 50 << 30, room_hours: 24, reader_days: 365 }
    }
}

impl Default for DaemonConfig {
    fn default() -> Self {
        Self {
            spool: "/var/lib/cordline".into(),
            socket: "/run/cordline/cordline.sock".into(),
            tcp: None,
            metrics: Some("127.0.0.1:5711".into()),
            keys: "/etc/cordline/keys".into(),
            roots: Vec::new(),
            reserve_bytes: 2 << 30,
            queue: 1000,
            limits: WireLimits::default(),
            reader: ReaderLimits::default(),
            keep: Keep::default(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            onnxruntime: None,
            bundle: None,
            device: DeviceConfig::default(),
            threads: 0,
            log: "warn".into(),
            log_format: LogFormat::default(),
            limits: FileLimits::default(),
            series: SeriesRules::default(),
            daemon: DaemonConfig::default(),
        }
    }
}

/// What the command line sets, over file and environment. Each command has some of these flags.
#[derive(Debug, Default)]
pub struct Flags {
    /// Folder of the bundle.
    pub bundle: Option<PathBuf>,
    /// Threads of a network.
    pub threads: Option<u16>,
    /// Folder for jobs and their journal.
    pub spool: Option<PathBuf>,
    /// Socket file of the daemon.
    pub socket: Option<PathBuf>,
    /// Folders under which clients may name input, beside those of the file.
    pub roots: Vec<PathBuf>,
}

impl Flags {
    fn over(self, mut config: Config) -> Config {
        config.bundle = self.bundle.or(config.bundle);
        config.threads = self.threads.map_or(config.threads, usize::from);
        config.daemon.spool = self.spool.unwrap_or(config.daemon.spool);
        config.daemon.socket = self.socket.unwrap_or(config.daemon.socket);
        config.daemon.roots.extend(self.roots);
        config
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
#[error("the configuration cannot be used: {0}")]
pub struct ConfigError(String);

impl Diagnose for ConfigError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn action(&self) -> Cow<'_, str> {
        "correct the file or the CORDLINE_ variable; packaging/cordline.toml explains every setting".into()
    }
}

impl Config {
    /// Reads the file (the named one must exist, the default one may) and the environment; flags go over both.
    ///
    /// # Errors
    /// The file cannot be read, or a setting is unknown or has an illegal value.
    pub fn resolve(file: Option<&Path>, flags: Flags) -> Result<Self, ConfigError> {
        Self::read(file, environment(std::env::vars_os())?, flags)
    }

    fn read(file: Option<&Path>, environment: Environment, flags: Flags) -> Result<Self, ConfigError> {
        let file = match file {
            Some(named) => File::from(named).format(FileFormat::Toml).required(true),
            None => File::from(Path::new(DEFAULT_FILE)).format(FileFormat::Toml).required(false),
        };
        config::Config::builder()
            .add_source(file)
            .add_source(environment)
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|e| ConfigError(e.to_string()))
            .and_then(Self::checked)
            .map(|config| flags.over(config))
    }

    fn checked(self) -> Result<Self, ConfigError> {
        let most = [("threads", Some(self.threads), 256), ("device.workers", self.device.workers, 64)];
        if let Some((name, Some(value), most)) = most.into_iter().find(|(_, value, most)| *value > Some(*most)) {
            return Err(ConfigError(format!("{name} is {value}; at most {most}")));
        }
        if self.device.workers == Some(0) || self.device.batch == Some(0) {
            return Err(ConfigError("device.workers and device.batch are 1 at least".into()));
        }
        Ok(self)
    }

    /// The settings of networks as variables, for a process of the program's own: it must see those that hold here, wherever they come from.
    pub fn network_environment(&self) -> Vec<(String, OsString)> {
        let DeviceConfig { providers, precision, openvino, tensorrt_rtx, engines, .. } = &self.device;
        let words = [
            ("THREADS", Some(self.threads.to_string().into())),
            ("ONNXRUNTIME", self.onnxruntime.clone().map(OsString::from)),
            ("BUNDLE", self.bundle.clone().map(OsString::from)),
            ("DEVICE__PROVIDERS", Some(providers.to_string().into())),
            ("DEVICE__PRECISION", Some(precision.to_string().into())),
            ("DEVICE__OPENVINO", openvino.clone().map(OsString::from)),
            ("DEVICE__TENSORRT_RTX", tensorrt_rtx.clone().map(OsString::from)),
            ("DEVICE__ENGINES", Some(engines.clone().into())),
        ];
        words.into_iter().filter_map(|(name, value)| Some((format!("{PREFIX}_{name}"), value?))).collect()
    }

    /// The settings of one of so many that compute at the same time, each with its share of the threads.
    pub fn shared_by(&self, workers: usize) -> Self {
        Self { threads: (self.network_threads() / workers.max(1)).max(1), ..self.clone() }
    }

    fn network_threads(&self) -> usize {
        let all = std::thread::available_parallelism().map_or(1, |n| n.get());
        if self.threads == 0 { all } else { self.threads }
    }

    /// How networks are to be run, on this GPU of the host, from 0, where it has some.
    pub fn network_options(&self, device: usize) -> NetworkOptions {
        let DeviceConfig { providers, precision, openvino, tensorrt_rtx, engines, batch, side_by_side, .. } =
            self.device.clone();
        let threads = self.network_threads();
        NetworkOptions { providers, precision, threads, openvino, tensorrt_rtx, engines, device, batch, side_by_side }
    }
}

#[cfg(test)]
mod tests {
    use cordline_device::ExecutionProvider;

    use super::*;

    /// Variables that the machine under the tests has set play no part.
    fn nowhere() -> Environment {
        Environment::with_prefix("CORDLINE_TESTS_SET_NO_SUCH_VARIABLE")
    }

    fn read(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cordline.toml");
        std::fs::write(&file, text).unwrap();
        Config::read(Some(&file), nowhere(), Flags::default())
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(read("").unwrap(), Config::default());
    }

    #[test]
    fn settings_are_read_and_unknown_ones_are_named() {
        let config = read("threads = 3\n[device]\nproviders = [\"cuda\", \"cpu\"]\nprecision = \"fast\"\n").unwrap();
        assert_eq!((config.threads, config.device.precision), (3, PrecisionPolicy::Fast));
        assert_eq!(config.device.providers.providers(), [ExecutionProvider::Cuda, ExecutionProvider::Cpu]);
        assert!(read("thread = 3\n").unwrap_err().to_string().contains("thread"));
        for wrong in ["providers = []", "providers = \"gpu\"", "precision = \"half\""] {
            let error = read(&format!("[device]\n{wrong}\n")).unwrap_err().to_string();
            assert!(error.contains(wrong.split(' ').next().unwrap()), "{error}");
        }
    }

    #[test]
    fn the_reference_file_says_what_the_defaults_are() {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/cordline.toml");
        assert_eq!(Config::read(Some(&reference), nowhere(), Flags::default()).unwrap(), Config::default());
    }

    #[test]
    fn a_process_of_its_own_sees_the_settings_of_the_networks_that_hold_here() {
        let text = "threads = 3\nonnxruntime = \"/o\"\nbundle = \"/b\"\n[device]\nproviders = [\"tensorrt\", \"cpu\"]\n\
                    precision = \"fp16\"\nopenvino = \"/v\"\ntensorrt_rtx = \"/r\"\nengines = \"/e\"\n";
        let config = read(text).unwrap();
        let variables = config.network_environment().into_iter().map(|(name, value)| (name.into(), value));
        let seen = Config::read(None, environment(variables).unwrap(), Flags::default()).unwrap();
        assert_eq!(seen, config);
    }

    #[test]
    fn flags_go_over_the_file_and_what_they_do_not_name_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cordline.toml");
        std::fs::write(&file, "threads = 3\n[daemon]\nsocket = \"/run/a\"\nroots = [\"/a\"]\n").unwrap();
        let flags = Flags { bundle: Some("/b".into()), threads: Some(2), roots: vec!["/b".into()], ..Flags::default() };
        let config = Config::read(Some(&file), nowhere(), flags).unwrap();
        assert_eq!((config.threads, config.bundle.as_deref()), (2, Some(Path::new("/b"))));
        assert_eq!(config.daemon.socket, Path::new("/run/a"));
        assert_eq!(config.daemon.roots, [Path::new("/a"), Path::new("/b")]);
    }

    fn set(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let all = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cordline.toml");
        std::fs::write(&file, "").unwrap();
        Config::read(Some(&file), environment(all)?, Flags::default())
    }

    #[test]
    fn variables_of_the_gateway_and_of_clients_are_no_settings_of_this_program() {
        let others = [("CORDLINE_GATEWAY_LISTEN", "127.0.0.1:8080"), ("CORDLINE_TOKEN", "t"), ("PATH", "/bin")];
        assert_eq!(set(&others).unwrap(), Config::default());
        assert!(set(&[("CORDLINE_THREAD", "3")]).unwrap_err().to_string().contains("thread"));
        assert_eq!(set(&[("CORDLINE_SERIES__MIN_SECTIONS", "7")]).unwrap().series.min_sections, 7);
    }

    #[test]
    fn every_list_of_the_reference_file_can_be_set_by_a_variable() {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/cordline.toml");
        let reference: toml::Table = std::fs::read_to_string(reference).unwrap().parse().unwrap();
        let mut lists = Vec::new();
        let mut tables = vec![(String::new(), &reference)];
        while let Some((at, table)) = tables.pop() {
            for (name, value) in table {
                match value {
                    toml::Value::Table(inner) => tables.push((format!("{at}{name}."), inner)),
                    toml::Value::Array(_) => lists.push(format!("{at}{name}")),
                    _ => {}
                }
            }
        }
        lists.sort();
        let mut known = LISTS.to_vec();
        known.sort();
        assert_eq!(lists, known);
        for list in lists {
            let value = match &*list {
                "series.stir_inversion_time_ms" => "90,310.5",
                _ => "/one,/two",
            };
            let name = format!("CORDLINE_{}", list.to_uppercase().replace('.', "__"));
            let config = set(&[(&name, value)]).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_ne!(config, Config::default(), "{name}");
        }
        assert_eq!(set(&[("CORDLINE_DAEMON__ROOTS", "/data")]).unwrap().daemon.roots, [Path::new("/data")]);
    }

    #[test]
    fn a_named_file_must_exist() {
        assert!(Config::read(Some(Path::new("/nowhere/cordline.toml")), nowhere(), Flags::default()).is_err());
    }
}
