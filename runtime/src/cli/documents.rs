//! Shell completions, man pages and the schema of the result: generated, so that they cannot go stale.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::Shell;
use cordline_sdk::AnalysisResult;
use cordline_sdk::result::Problem;

use super::exit::Exit;
use super::{command_line, fail};

/// What to print.
#[derive(Debug, Subcommand)]
pub enum PrintCommand {
    /// Completions for a shell, to standard output
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Man pages, one for each command, into a folder
    Man {
        /// The folder; made where it is missing
        folder: PathBuf,
    },
    /// The JSON Schema of result.json, to standard output
    Schema,
}

/// Prints it.
pub fn run(command: PrintCommand) -> Exit {
    let printed = match command {
        PrintCommand::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command_line(), "cordline", &mut text);
            print!("{}", String::from_utf8_lossy(&text));
            Ok(())
        }
        PrintCommand::Man { folder } => {
            std::fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(command_line(), &folder))
        }
        PrintCommand::Schema => {
            println!("{}", schema());
            Ok(())
        }
    };
    match printed {
        Ok(()) => Exit::Completed,
        Err(error) => {
            let action = "choose a place that this user may write to".to_owned();
            fail(
                &Problem { code: "not_writable".into(), message: format!("cannot write: {error}"), action },
                Exit::Failed,
            )
        }
    }
}

/// The JSON Schema of `result.json`.
pub fn schema() -> String {
    let schema = schemars::schema_for!(AnalysisResult);
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_published_schema_is_that_of_the_types() {
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/result.schema.json");
        let text = std::fs::read_to_string(&published).unwrap();
        assert_eq!(text.trim(), super::schema(), "run `cordline print schema > docs/result.schema.json`");
    }
}
