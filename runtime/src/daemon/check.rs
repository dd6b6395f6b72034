//! Is the configuration one with which the daemon can work: every fault at once, each with what to do.

use std::path::Path;

use cordline_device::library;
use cordline_sdk::result::Problem;

use crate::bundle::{Bundle, place, verify};
use crate::config::Config;
use crate::keys::KeyFolder;

/// Longest path of a socket file (`sun_path` of unix(7), less its end).
const SOCKET_PATH: usize = 107;

/// All that is wrong; empty where the daemon can start.
pub fn check(config: &Config) -> Vec<Problem> {
    let daemon = &config.daemon;
    let mut wrong = Vec::new();
    if let Err(error) = library::find(config.onnxruntime.as_deref()) {
        wrong.push(problem("onnxruntime", error.to_string(), &error.action()));
    }
    let bundle = config.bundle.clone().map_or_else(place::find, Ok).and_then(|folder| Bundle::open(&folder));
    if let Err(error) = bundle.and_then(|bundle| verify::all(&bundle)) {
        wrong.push(error.problem());
    }
    let length = daemon.socket.as_os_str().len();
    if length > SOCKET_PATH {
        wrong.push(problem(
            "daemon.socket",
            format!("daemon.socket has {length} characters; the system takes {SOCKET_PATH}"),
            "name a shorter path",
        ));
    }
    for (setting, path) in [("daemon.spool", &daemon.spool), ("daemon.socket", &daemon.socket)] {
        let folder = if setting == "daemon.socket" { path.parent().unwrap_or(path) } else { path };
        if let Some(why) = obstacle(folder) {
            wrong.push(problem(
                setting,
                format!("{setting}: {}: {why}", folder.display()),
                "make the folder for the daemon's user, or name another one",
            ));
        }
    }
    for root in daemon.roots.iter().filter(|root| !root.is_dir()) {
        wrong.push(problem(
            "daemon.roots",
            format!("daemon.roots: {} is no folder", root.display()),
            "make the folder, or take it out of the list",
        ));
    }
    if let Some(endpoint) = &daemon.tcp {
        if !endpoint.starts_with("tcp://") {
            wrong.push(problem(
                "daemon.tcp",
                format!("daemon.tcp: `{endpoint}` is no endpoint"),
                "write it as tcp://ADDRESS:PORT",
            ));
        }
        match KeyFolder::new(&daemon.keys).clients() {
            Ok(clients) if clients.is_empty() => wrong.push(problem(
                "daemon.keys",
                format!("daemon.tcp is set, and {} lists no client: nobody could come in", daemon.keys.display()),
                "make a key with `cordline keys new NAME`, or leave daemon.tcp out",
            )),
            Ok(_) => {}
            Err(error) => wrong.push(error.problem()),
        }
    }
    wrong
}

/// Why files cannot be made in a folder, or the folder itself; `None` where they can.
fn obstacle(folder: &Path) -> Option<String> {
    let standing = folder.ancestors().find(|f| f.exists())?;
    if !standing.is_dir() {
        return Some(format!("{} is a file", standing.display()));
    }
    rustix::fs::access(standing, rustix::fs::Access::WRITE_OK).err().map(|e| e.to_string())
}

fn problem(setting: &str, message: String, action: &str) -> Problem {
    Problem { code: setting.into(), message, action: action.into() }
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
        let codes: Vec<String> = check(&config).into_iter().map(|p| p.code).collect();
        let expected =
            ["onnxruntime", "no_bundle", "daemon.socket", "daemon.spool", "daemon.roots", "daemon.tcp", "daemon.keys"];
        assert_eq!(codes, expected);
    }
}
