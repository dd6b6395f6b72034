//! Settings, resolved once: file, then environment, then flags. No other part reads the environment.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat};
use cordline_sdk::owner;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::limits::quotas::MAX_STREAMS_EACH;

/// The file that is read when none is named and this one exists.
pub const DEFAULT_FILE: &str = "/etc/cordline/gateway.toml";
/// Prefix of the environment variables: `CORDLINE_GATEWAY_LISTEN=127.0.0.1:8080`.
const PREFIX: &str = "CORDLINE_GATEWAY";

/// Every setting. `packaging/gateway.toml` is the commented reference.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// ZeroMQ endpoint of the daemon.
    pub daemon: String,
    /// Key file for a daemon on another host.
    pub key: Option<PathBuf>,
    /// The one archive that is ever contacted.
    pub archive: Option<ArchiveSettings>,
    /// Analysis of studies that arrive in the archive (an Orthanc); none where left out.
    pub arrivals: Option<ArrivalSettings>,
    /// File of tokens. Without it one token is made at the start, for this run alone, and only on an address of this machine.
    pub tokens: Option<PathBuf>,
    /// Folder of the OHIF application.
    pub ohif: Option<PathBuf>,
    /// Folder of our extension for OHIF.
    pub extension: Option<PathBuf>,
    /// Certificates (PEM); with them the gateway speaks HTTPS.
    pub certificate: Option<PathBuf>,
    /// Their private key (PEM).
    pub certificate_key: Option<PathBuf>,
    /// Most requests of a token in a second.
    pub requests_per_second: u32,
    /// Most connections at the same time; one without a valid token is closed to make room for another.
    pub connections: usize,
    /// Most WebSockets and streams of a token at the same time, 1 to 256.
    pub sockets_per_token: usize,
    /// Where Prometheus may ask, on this machine alone; none where left out.
    pub metrics: Option<SocketAddr>,
    /// Largest body of a request to the interface, in bytes.
    pub body_bytes: usize,
    /// Largest body of a request to the archive, in bytes.
    pub archive_body_bytes: usize,
    /// What is logged.
    pub log: String,
}

/// The archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveSettings {
    /// Its root, for example `http://orthanc:8042`.
    pub url: Url,
    /// Path of DICOMweb below it.
    #[serde(default = "dicom_web")]
    pub dicom_web: String,
    /// User name of the gateway.
    #[serde(default)]
    pub user: Option<String>,
    /// File with the password: its first line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

/// Analysis of studies that arrive in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalSettings {
    /// Folder of the queue of studies, and of how far Orthanc's list of changes was read.
    pub state: PathBuf,
    /// True to store heat maps too, beside SEG and SR, also where a reader has results stored.
    #[serde(default)]
    pub heat_maps: bool,
    /// False to get studies from Orthanc's hook alone, and not to read its list of changes.
    #[serde(default = "yes")]
    pub changes: bool,
}

fn yes() -> bool {
    true
}

fn dicom_web() -> String {
    "/dicom-web".into()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            daemon: "ipc:///run/cordline/cordline.sock".into(),
            key: None,
            archive: None,
            arrivals: None,
            tokens: None,
            ohif: None,
            extension: None,
            certificate: None,
            certificate_key: None,
            requests_per_second: 200,
            connections: 1024,
            sockets_per_token: 32,
            metrics: None,
            body_bytes: 64 << 10,
            archive_body_bytes: 1 << 30,
            log: "info".into(),
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, Error)]
#[error("the settings cannot be used: {0}; packaging/gateway.toml explains every one")]
pub struct SettingsError(String);

impl Settings {
    /// Reads the file (a named one must exist, the default one may) and the environment; `flags` go before both.
    ///
    /// # Errors
    /// Where the file cannot be read, or a setting cannot be used.
    pub fn resolve(file: Option<&Path>, flags: SettingsFlags) -> Result<Self, SettingsError> {
        Self::read(
            file,
            Environment::with_prefix(PREFIX).prefix_separator("_").separator("__").try_parsing(true),
            flags,
        )
    }

    fn read(file: Option<&Path>, environment: Environment, flags: SettingsFlags) -> Result<Self, SettingsError> {
        let looked_at = file.unwrap_or(Path::new(DEFAULT_FILE));
        match std::fs::File::open(looked_at) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(SettingsError(format!("{}: {}", looked_at.display(), owner::explain(looked_at, &error))));
            }
            // What else may be wrong with it is said below, and the default one need not be there.
            _ => {}
        }
        let file = match file {
            Some(named) => File::from(named).format(FileFormat::Toml).required(true),
            None => File::from(Path::new(DEFAULT_FILE)).format(FileFormat::Toml).required(false),
        };
        let built = config::Config::builder().add_source(file).add_source(environment).build();
        let settings: Self =
            built.and_then(config::Config::try_deserialize).map_err(|e| SettingsError(e.to_string()))?;
        flags.over(settings).checked()
    }

    fn checked(self) -> Result<Self, SettingsError> {
        if self.certificate.is_some() != self.certificate_key.is_some() {
            return Err(SettingsError("certificate and certificate_key go together".into()));
        }
        if self.tokens.is_none() && !self.listen.ip().is_loopback() {
            return Err(SettingsError(format!(
                "{} can be reached from other machines, so `tokens` must name a file of tokens",
                self.listen
            )));
        }
        if let Some(metrics) = self.metrics.filter(|metrics| !metrics.ip().is_loopback()) {
            return Err(SettingsError(format!("metrics can be asked on this machine alone, not at {metrics}")));
        }
        if self.connections < 8 {
            return Err(SettingsError("connections must be 8 or more".into()));
        }
        if !(1..=MAX_STREAMS_EACH).contains(&self.sockets_per_token) {
            return Err(SettingsError(format!("sockets_per_token must be 1 to {MAX_STREAMS_EACH}")));
        }
        if self.arrivals.is_some() && self.archive.is_none() {
            return Err(SettingsError("arrivals want an archive from which studies come".into()));
        }
        if let Some(archive) = &self.archive {
            if !matches!(archive.url.scheme(), "http" | "https") || archive.url.cannot_be_a_base() {
                return Err(SettingsError(format!("the archive {} is no http address", archive.url)));
            }
            if archive.user.is_some() != archive.password_file.is_some() {
                return Err(SettingsError("user and password_file of the archive go together".into()));
            }
        }
        Ok(self)
    }
}

/// What the command line sets.
#[derive(Debug, Default, clap::Args)]
pub struct SettingsFlags {
    /// Address of the archive, for example http://127.0.0.1:8042
    #[arg(long, value_name = "URL")]
    archive: Option<Url>,
    /// Analyse studies that arrive in the archive; what was seen of them is kept in this folder
    #[arg(long, value_name = "DIR")]
    arrivals: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Endpoint of the daemon [default: ipc:///run/cordline/cordline.sock]
    #[arg(long, value_name = "ENDPOINT")]
    daemon: Option<String>,
    /// Key file for a daemon on another host
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// File of tokens; without it one is made for this run and printed
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Folder of the OHIF application
    #[arg(long, value_name = "DIR")]
    ohif: Option<PathBuf>,
    /// Folder of Cordline's extension for OHIF
    #[arg(long, value_name = "DIR")]
    extension: Option<PathBuf>,
}

impl SettingsFlags {
    /// Flags that name an archive, where there is one to name, and nothing else.
    pub fn of_archive(archive: Option<Url>) -> Self {
        Self { archive, ..Self::default() }
    }

    fn over(self, mut settings: Settings) -> Settings {
        if let Some(url) = self.archive {
            settings.archive = Some(match settings.archive.take() {
                Some(known) => ArchiveSettings { url, ..known },
                None => ArchiveSettings { url, dicom_web: dicom_web(), user: None, password_file: None },
            });
        }
        if let Some(state) = self.arrivals {
            settings.arrivals = Some(match settings.arrivals.take() {
                Some(known) => ArrivalSettings { state, ..known },
                None => ArrivalSettings { state, heat_maps: false, changes: true },
            });
        }
        settings.listen = self.listen.unwrap_or(settings.listen);
        settings.daemon = self.daemon.unwrap_or(settings.daemon);
        settings.key = self.key.or(settings.key);
        settings.tokens = self.tokens.or(settings.tokens);
        settings.ohif = self.ohif.or(settings.ohif);
        settings.extension = self.extension.or(settings.extension);
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, flags: SettingsFlags) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.toml");
        std::fs::write(&file, text).unwrap();
        Settings::read(Some(&file), Environment::with_prefix("CORDLINE_TESTS_SET_NO_SUCH_VARIABLE"), flags)
    }

    #[test]
    fn flags_go_before_the_file() {
        let flags = SettingsFlags { archive: Some("http://b:1".parse().unwrap()), ..SettingsFlags::default() };
        let settings = read("[archive]\nurl = \"http://a\"\ndicom_web = \"/dw\"\n", flags).unwrap();
        let archive = settings.archive.unwrap();
        assert_eq!((archive.url.as_str(), archive.dicom_web.as_str()), ("http://b:1/", "/dw"));
        assert_eq!(read("", SettingsFlags::default()).unwrap(), Settings::default());
    }

    /// The commented file is the reference: what stands in it is what happens without it, and every line can be used.
    #[test]
    fn the_commented_file_holds_the_defaults_and_every_setting() {
        let text = include_str!("../../../packaging/gateway.toml");
        assert_eq!(read(text, SettingsFlags::default()).unwrap(), Settings::default());
        let setting = |line: &&str| line.starts_with("# [") || line.trim_start_matches("# ").contains(" = ");
        let all: String =
            text.lines().filter(setting).map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
        let every = read(&all, SettingsFlags::default()).unwrap();
        assert!(every.archive.unwrap().password_file.is_some() && every.arrivals.is_some() && every.key.is_some());
    }

    #[test]
    fn what_would_be_open_to_all_or_half_said_is_refused() {
        for (text, reason) in [
            ("listen = \"0.0.0.0:80\"", "tokens"),
            ("certificate = \"a.pem\"", "go together"),
            ("[archive]\nurl = \"ftp://a\"", "no http address"),
            ("[archive]\nurl = \"http://a\"\nuser = \"x\"", "go together"),
            ("[arrivals]\nstate = \"/x\"", "want an archive"),
            ("metrics = \"0.0.0.0:5712\"", "this machine alone"),
            ("connections = 0", "8 or more"),
            ("sockets_per_token = 0", "1 to 256"),
            ("sockets_per_token = 257", "1 to 256"),
            ("lisen = \"127.0.0.1:80\"", "lisen"),
        ] {
            let error = read(text, SettingsFlags::default()).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
