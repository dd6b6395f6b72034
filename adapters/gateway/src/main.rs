//! `cordline-gateway`: see the library for the map.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cordline_gateway::auth::tokens::Tokens;
use cordline_gateway::orthanc;
use cordline_gateway::settings::{Settings, SettingsFlags};
use cordline_sdk::RESEARCH_USE;
use cordline_sdk::owner;
use cordline_sdk::wire::reply::Role;
use tracing_subscriber::EnvFilter;

/// Cordline for browsers and archives: HTTP and WebSocket on one side, the daemon on the other
#[derive(Debug, Parser)]
#[command(version, after_help = RESEARCH_USE, args_conflicts_with_subcommands = true)]
struct Cli {
    /// Settings [default: /etc/cordline/gateway.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: SettingsFlags,
    #[command(subcommand)]
    command: Option<GatewayCommand>,
}

#[derive(Debug, Subcommand)]
enum GatewayCommand {
    /// Make a token, print it once, and put its digest into the file; a gateway that runs takes it at once
    Token {
        /// Whose it is, for the log; an earlier token of this name is no longer accepted
        name: String,
        /// What it allows: viewer, submitter or admin
        #[arg(long, value_name = "ROLE", default_value = "viewer")]
        role: String,
        /// File of tokens
        #[arg(long, value_name = "FILE", default_value = "/etc/cordline/tokens.toml")]
        tokens: PathBuf,
        /// Last day on which it is accepted, for example 2027-12-31
        #[arg(long, value_name = "DAY")]
        expires: Option<chrono::NaiveDate>,
        /// Take the token of this name back instead
        #[arg(long, conflicts_with_all = ["role", "expires"])]
        revoke: bool,
    },
    /// Have studies of the archive analysed anew, or for the first time where they are older than the gateway
    Rerun {
        /// Study Instance UIDs, or Orthanc's own names of the studies
        #[arg(value_name = "STUDY", required = true)]
        studies: Vec<String>,
        /// Address of the archive, where the settings do not name it
        #[arg(long, value_name = "URL")]
        archive: Option<url::Url>,
        /// Settings [default: /etc/cordline/gateway.toml, where it exists]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(GatewayCommand::Token { name, tokens, revoke: true, .. }) => revoke_token(&name, &tokens),
        Some(GatewayCommand::Token { name, role, tokens, expires, .. }) => issue_token(&name, &role, &tokens, expires),
        Some(GatewayCommand::Rerun { studies, archive, config }) => rerun(&studies, archive, config.as_deref()),
        None => serve(cli.config, cli.flags),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Where standard error is closed too, the exit code is all that is left.
            let _ = writeln!(std::io::stderr(), "cordline-gateway: {message}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Option<PathBuf>, flags: SettingsFlags) -> Result<(), String> {
    let settings = Settings::resolve(config.as_deref(), flags).map_err(|e| e.to_string())?;
    let filter = EnvFilter::try_new(&settings.log).map_err(|e| format!("log is no filter: {e}"))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(cordline_gateway::run(settings, stop_signal())).map_err(|e| e.to_string())
}

fn rerun(studies: &[String], archive: Option<url::Url>, config: Option<&std::path::Path>) -> Result<(), String> {
    let settings = Settings::resolve(config, SettingsFlags::of_archive(archive)).map_err(|e| e.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    for study in studies {
        runtime.block_on(orthanc::rerun::rerun(&settings, study)).map_err(|e| e.to_string())?;
        print_line(&format!("{study}: wanted anew; the line on the study says how far it is"))?;
    }
    print_line(when_taken_up(&settings))
}

/// Where nobody reads the list of changes, nobody sees what was written on the study.
fn when_taken_up(settings: &Settings) -> &'static str {
    match &settings.arrivals {
        Some(arrivals) if arrivals.changes => "The gateway takes it up within a second.",
        Some(_) => {
            "The list of changes is not read here (changes = false): it is taken up when the hook tells of the study \
                again, or `POST /api/v1/arrivals` does."
        }
        None => {
            "A gateway that analyses what arrives ([arrivals]) and reads the list of changes takes it up within a second."
        }
    }
}

/// Prints a line. A reader that closes the pipe early has seen enough: that is no error.
fn print_line(line: &str) -> Result<(), String> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("nothing can be printed: {error}")),
        _ => Ok(()),
    }
}

async fn stop_signal() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .expect("signals can be caught outside of special threads");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn issue_token(
    name: &str,
    role: &str,
    file: &std::path::Path,
    expires: Option<chrono::NaiveDate>,
) -> Result<(), String> {
    let role: Role =
        serde_json::from_value(role.into()).map_err(|_| format!("{role} is none of viewer, submitter, admin"))?;
    let mut tokens = if file.exists() { Tokens::read(file).map_err(|e| e.to_string())? } else { Tokens::default() };
    let token = tokens.issue(name, role, expires).map_err(|e| e.to_string())?;
    write_tokens(&tokens, file)?;
    // As in `print_line`.
    match writeln!(std::io::stdout(), "{token}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("the token could not be printed, so nobody has it: {error}; make another one"))
        }
        _ => Ok(()),
    }
}

fn revoke_token(name: &str, file: &std::path::Path) -> Result<(), String> {
    let mut tokens = Tokens::read(file).map_err(|e| e.to_string())?;
    if !tokens.revoke(name) {
        return Err(format!("{} holds no token of {name}", file.display()));
    }
    write_tokens(&tokens, file)
}

fn write_tokens(tokens: &Tokens, file: &std::path::Path) -> Result<(), String> {
    let reader = tokens.write(file).map_err(|e| format!("{}: {}", file.display(), owner::explain(file, &e)))?;
    let said = format!("{} can be read by {reader} alone: the gateway must run as that user", file.display());
    // Where standard error is closed there is nowhere left to say it.
    let _ = writeln!(std::io::stderr(), "{said}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use cordline_gateway::settings::ArrivalSettings;

    use super::*;

    #[test]
    fn rerun_promises_a_second_only_where_the_list_of_changes_is_read() {
        let said = |changes| {
            let arrivals = ArrivalSettings { state: "/x".into(), heat_maps: false, changes };
            when_taken_up(&Settings { arrivals: Some(arrivals), ..Settings::default() })
        };
        assert!(said(true).contains("within a second"));
        assert!(!said(false).contains("second") && said(false).contains("changes = false"));
        assert!(when_taken_up(&Settings::default()).contains("[arrivals]"));
    }
}
