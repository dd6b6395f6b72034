//! Whether the daemon can work with a configuration: everything that is wrong at once, each with what to do.

use std::path::Path;

use cordline_analysis::config::Config;
use cordline_device::library;
use cordline_inference::bundle::{Bundle, verify};
use cordline_sdk::problem::{Code, Diagnose, Problem};

use crate::keys::KeyFolder;

/// Longest path of a socket file (`sun_path` of unix(7), less its terminator).
const MAX_SOCKET_PATH: usize = 107;

/// All that is wrong; empty where the daemon can start.
pub fn check(config: &Config) -> Vec<Problem> {
    let daemon = &config.daemon;
    let mut wrong = Vec::new();
    if let Err(error) = library::find(config.onnxruntime.as_deref()) {
        wrong.push(Problem::new(Code::Onnxruntime, error.to_string(), error.action()));
    }
    let bundle = Bundle::open_or_default(config.bundle.as_deref());
    if let Err(error) = bundle.and_then(|bundle| verify::all(&bundle)) {
        wrong.push(error.into());
    }
    let length = daemon.socket.as_os_str().len();
    if length > MAX_SOCKET_PATH {
        wrong.push(Problem::new(
            Code::DaemonSocket,
            format!("daemon.socket has {length} characters; the system takes {MAX_SOCKET_PATH}"),
            "name a shorter path",
        ));
    }
    for (setting, path) in [(Code::DaemonSpool, &daemon.spool), (Code::DaemonSocket, &daemon.socket)] {
        let folder = if setting == Code::DaemonSocket { path.parent().unwrap_or(path) } else { path };
        if let Some(why) = obstacle(folder) {
            let name = setting.as_str().to_owned();
            wrong.push(Problem::new(
                setting,
                format!("{name}: {}: {why}", folder.display()),
                "make the folder for the daemon's user, or name another one",
            ));
        }
    }
    for root in daemon.roots.iter().filter(|root| !root.is_dir()) {
        wrong.push(Problem::new(
            Code::DaemonRoots,
            format!("daemon.roots: {} is no folder", root.display()),
            "make the folder, or take it out of the list",
        ));
    }
    if let Some(endpoint) = &daemon.tcp {
        if !endpoint.starts_with("tcp://") {
            wrong.push(Problem::new(
                Code::DaemonTcp,
                format!("daemon.tcp: `{endpoint}` is no endpoint"),
                "write it as tcp://ADDRESS:PORT",
            ));
        }
        match KeyFolder::new(&daemon.keys).clients() {
            Ok(clients) if clients.is_empty() => wrong.push(Problem::new(
                Code::DaemonKeys,
                format!("daemon.tcp is set, and {} lists no client: nobody could come in", daemon.keys.display()),
                "make a key with `cordline keys new NAME`, or leave daemon.tcp out",
            )),
            Ok(_) => {}
            Err(error) => wrong.push(error.problem()),
        }
    }
    wrong
}

/// Why a folder, or files in it, cannot be made; `None` where they can.
fn obstacle(folder: &Path) -> Option<String> {
    let existing = folder.ancestors().find(|f| f.exists())?;
    if !existing.is_dir() {
        return Some(format!("{} is a file", existing.display()));
    }
    rustix::fs::access(existing, rustix::fs::Access::WRITE_OK).err().map(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"x").unwrap();
        let mut config = Config { bundle: Some(folder.path().into()), ..Config::default() };
        config.onnxruntime = Some(folder.path().join("none.so"));
        config.daemon.spool = file.join("spool");
        config.daemon.socket = folder.path().join("s".repeat(120));
        config.daemon.roots = vec![folder.path().join("none")];
        config.daemon.tcp = Some("0.0.0.0:5710".into());
        config.daemon.keys = folder.path().join("keys");
        let codes: Vec<Code> = check(&config).into_iter().map(|p| p.code).collect();
        let expected = [
            Code::Onnxruntime,
            Code::NoBundle,
            Code::DaemonSocket,
            Code::DaemonSpool,
            Code::DaemonRoots,
            Code::DaemonTcp,
            Code::DaemonKeys,
        ];
        assert_eq!(codes, expected);
    }
}
