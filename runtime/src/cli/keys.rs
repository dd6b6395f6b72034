//! `cordline keys`: who may come in from other hosts. `cordline audit`: is the record of who did what whole.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cordline_sdk::result::Problem;
use cordline_sdk::wire::reply::Role;

use super::exit::Exit;
use super::fail;
use crate::audit;
use crate::config::Config;
use crate::keys::{KeyError, KeyFolder};

/// Subcommands of `keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Let a new client in, and print what it needs; the daemon need not be restarted
    New(NewArgs),
    /// List the clients that may come in
    List(FolderArgs),
    /// Let a client in no more
    Revoke(RevokeArgs),
}

/// Where the keys lie.
#[derive(Debug, Args)]
pub struct FolderArgs {
    /// Folder of the keys [default: /etc/cordline/keys]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

/// Flags of `keys new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Name of the client: letters, digits, - _ .
    name: String,
    /// viewer, submitter or admin
    #[arg(long, default_value = "submitter", value_parser = parse_role)]
    role: Role,
    /// Last day on which the key is accepted, for example 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<chrono::NaiveDate>,
    #[command(flatten)]
    folder: FolderArgs,
}

/// Flags of `keys revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Name of the client
    name: String,
    #[command(flatten)]
    folder: FolderArgs,
}

/// Subcommands of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no line was changed, taken out, put in or moved
    Verify {
        /// The file [default: audit.jsonl of the configured spool]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Runs `keys`.
pub fn run(command: KeysCommand, config: &Config) -> Exit {
    let folder = |args: &FolderArgs| KeyFolder::new(args.keys.as_ref().unwrap_or(&config.daemon.keys));
    let done = match command {
        KeysCommand::New(args) => folder(&args.folder).add(&args.name, args.role, args.until).map(|(pair, server)| {
            println!("# Key of {}. Hand it over on a safe way; the secret is kept nowhere else.", args.name);
            println!("public = \"{}\"\nsecret = \"{}\"\nserver = \"{server}\"", pair.public, pair.secret);
        }),
        KeysCommand::List(args) => list(&folder(&args)),
        KeysCommand::Revoke(args) => folder(&args.folder).revoke(&args.name).map(|()| {
            println!("{} is let in no more", args.name);
        }),
    };
    match done {
        Ok(()) => Exit::Completed,
        Err(error) => fail(&error.problem(), Exit::Failed),
    }
}

fn list(folder: &KeyFolder) -> Result<(), KeyError> {
    for (name, key) in folder.clients()? {
        let until = key.until.map(|day| format!("until {day}")).unwrap_or_default();
        println!("{name:<24} {:<10} {until}", key.role.key());
    }
    Ok(())
}

/// Runs `audit`.
pub fn run_audit(command: AuditCommand, config: &Config) -> Exit {
    let AuditCommand::Verify { file } = command;
    let file = file.unwrap_or_else(|| config.daemon.spool.join("audit.jsonl"));
    match audit::verify(&file) {
        Ok((lines, last)) => {
            println!("{}: {lines} lines, whole; last hash {last}", file.display());
            Exit::Completed
        }
        Err(error) => {
            let action = "find out who had access to the file; copies made before tell what it said";
            fail(&Problem { code: "audit".into(), message: error.to_string(), action: action.into() }, Exit::Failed)
        }
    }
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::of(text).ok_or_else(|| "roles are viewer, submitter and admin".to_owned())
}
