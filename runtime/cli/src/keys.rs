//! `cordline keys`: which clients of other hosts are accepted. `cordline audit`: is the audit file whole.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use cordline_analysis::config::Config;
use cordline_daemon::audit::{self, AuditError};
use cordline_daemon::keys::{KeyError, KeyFolder};
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::reply::Role;

use crate::exit::Exit;
use crate::{fail, output};

/// Subcommands of `keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Let a new client in, and print what it needs; the daemon need not be restarted
    New(NewArgs),
    /// List the clients that may come in
    List(FolderArgs),
    /// Let a client in no more
    Revoke(RevokeArgs),
}

/// Where the keys lie.
#[derive(Debug, Args)]
pub(crate) struct FolderArgs {
    /// Folder of the keys [default: /etc/cordline/keys]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

/// Flags of `keys new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Name of the client: letters, digits, - _ .
    name: String,
    /// viewer, submitter or admin
    #[arg(long, default_value = "submitter", value_parser = parse_role)]
    role: Role,
    /// Last day on which the key is accepted, for example 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<chrono::NaiveDate>,
    /// New file for the key, which only its owner may read, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    folder: FolderArgs,
}

/// Flags of `keys revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Name of the client
    name: String,
    #[command(flatten)]
    folder: FolderArgs,
}

/// Subcommands of `audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that no line was changed, taken out, put in or moved
    Verify {
        /// The file [default: audit.jsonl of the configured spool]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Runs `keys`.
pub(crate) fn run(command: KeysCommand, config: &Config) -> Exit {
    let folder = |args: &FolderArgs| KeyFolder::new(args.keys.as_ref().unwrap_or(&config.daemon.keys));
    let done = match command {
        KeysCommand::New(args) => new(&folder(&args.folder), &args),
        KeysCommand::List(args) => list(&folder(&args)),
        KeysCommand::Revoke(args) => folder(&args.folder).revoke(&args.name).map(|()| {
            println!("{} is let in no more", args.name);
        }),
    };
    match done {
        Ok(()) => Exit::Completed,
        Err(error) => fail(&error.into(), Exit::Failed),
    }
}

/// Lets a client in. The file for its key is made first: a key that cannot be handed over is of no use.
fn new(folder: &KeyFolder, args: &NewArgs) -> Result<(), KeyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| KeyError::File { path, source }
    };
    let out = match &args.out {
        Some(path) => {
            let made = File::options().write(true).create_new(true).mode(0o600).open(path);
            Some((path, made.map_err(failed(path))?))
        }
        None => None,
    };
    let added = folder.add(&args.name, args.role, args.until);
    if let (Err(_), Some((path, _))) = (&added, &out) {
        // It is empty, and was made a moment ago.
        let _ = std::fs::remove_file(path);
    }
    let (pair, server) = added?;
    let said = format!(
        "# Key of {}. Hand it over on a safe way; the secret is kept nowhere else.\n\
         public = \"{}\"\nsecret = \"{}\"\nserver = \"{server}\"\n",
        args.name, pair.public, pair.secret
    );
    let Some((path, mut file)) = out else {
        print!("{said}");
        return if output::has_failed() { folder.revoke(&args.name) } else { Ok(()) };
    };
    file.write_all(said.as_bytes()).and_then(|()| file.sync_all()).map_err(|source| {
        // Nobody has this key: the name is free again, and half a file is of no use.
        let _ = std::fs::remove_file(path);
        match folder.revoke(&args.name) {
            Ok(()) => failed(path)(source),
            Err(listed) => KeyError::Name(format!(
                "the key of {} could not be handed over ({source}), and the client could not be taken off the list: {listed}",
                args.name
            )),
        }
    })
}

fn list(folder: &KeyFolder) -> Result<(), KeyError> {
    for (name, key) in folder.clients()? {
        let until = key.until.map(|day| format!("until {day}")).unwrap_or_default();
        println!("{name:<24} {:<10} {until}", key.role.as_str());
    }
    Ok(())
}

/// Runs `audit`.
pub(crate) fn run_audit(command: AuditCommand, config: &Config) -> Exit {
    let AuditCommand::Verify { file } = command;
    let file = file.unwrap_or_else(|| config.daemon.spool.join("audit.jsonl"));
    match audit::verify(&file) {
        Ok((lines, last)) => {
            println!("{}: {lines} lines, whole; last hash {last}", file.display());
            Exit::Completed
        }
        Err(error) => {
            let action = match error {
                AuditError::Broken { .. } => {
                    "find out who had access to the file; copies made before tell what it said"
                }
                AuditError::File { .. } => {
                    "name the file, and run this as a user who may read it, such as the daemon's"
                }
            };
            fail(&Problem { code: Code::Audit, message: error.to_string(), action: action.into() }, Exit::Failed)
        }
    }
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "roles are viewer, submitter and admin".to_owned())
}
