//! Shell completions, man pages and the schema of the result: generated, so that they cannot go stale.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::Shell;
use cordline_sdk::AnalysisResult;
use cordline_sdk::problem::{Code, Problem};
use schemars::Schema;

use crate::exit::Exit;
use crate::fail;

/// What to print.
#[derive(Debug, Subcommand)]
pub(crate) enum PrintCommand {
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
    /// The JSON Schema of the messages of the daemon, to standard output
    ProtocolSchema,
}

/// Prints it; completions and man pages are made of the whole command line.
pub(crate) fn run(command: PrintCommand, mut command_line: clap::Command) -> Exit {
    let printed = match command {
        PrintCommand::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command_line, "cordline", &mut text);
            print!("{}", String::from_utf8_lossy(&text));
            Ok(())
        }
        PrintCommand::Man { folder } => {
            std::fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(command_line, &folder))
        }
        PrintCommand::Schema => {
            println!("{}", result_schema());
            Ok(())
        }
        PrintCommand::ProtocolSchema => {
            println!("{}", protocol_schema());
            Ok(())
        }
    };
    match printed {
        Ok(()) => Exit::Completed,
        Err(error) => {
            let action = "choose a place that this user may write to".to_owned();
            fail(&Problem { code: Code::NotWritable, message: format!("cannot write: {error}"), action }, Exit::Failed)
        }
    }
}

/// The JSON Schema of `result.json`.
fn result_schema() -> String {
    pretty(&schemars::schema_for!(AnalysisResult))
}

/// The JSON Schema of the messages between a client and the daemon.
fn protocol_schema() -> String {
    pretty(&cordline_sdk::wire::schema::schema())
}

fn pretty(schema: &Schema) -> String {
    serde_json::to_string_pretty(schema).expect("a schema is plain JSON")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_published_schemas_are_those_of_the_types() {
        for (file, schema, word) in [
            ("result.schema.json", super::result_schema(), "schema"),
            ("protocol.schema.json", super::protocol_schema(), "protocol-schema"),
        ] {
            let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(file);
            let text = std::fs::read_to_string(&published).unwrap();
            assert_eq!(text.trim(), schema, "run `cordline print {word} > docs/{file}`");
        }
    }
}
