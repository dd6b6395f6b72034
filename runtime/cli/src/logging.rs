//! The log on standard error: which lines, and how they look.

use std::io::{self, IsTerminal, Write};

use cordline_analysis::config::LogFormat;
use cordline_core::printable::is_harmless;
use cordline_sdk::problem::{Code, Problem};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// Target of what ONNX Runtime says.
const ONNX_RUNTIME: &str = "ort";
/// What is logged where the filter is empty.
const DEFAULT: &str = "warn";

/// Starts the log. A filter that cannot be read is refused: a log that silently holds less than was asked for is missed when it is
/// needed.
pub(super) fn start(filter: &str, format: LogFormat) -> Result<(), Problem> {
    let filter = read(filter).map_err(|why| Problem {
        code: Code::LogFilter,
        message: format!("the log filter `{filter}` cannot be read: {why}"),
        action: "set `log` (CORDLINE_LOG) to a level (error, warn, info, debug, trace, off), or to parts \
                 `TARGET=LEVEL` with commas between, for example `info,cordline_daemon=debug`"
            .into(),
    })?;
    let is_coloured = format == LogFormat::Human && std::io::stderr().is_terminal();
    let writer = move || Harmless { to: std::io::stderr(), is_coloured };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Human => log.with_ansi(is_coloured).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Passes on lines of the log without what would steer a terminal: some words in them come from other hosts.
struct Harmless<W> {
    to: W,
    /// The library's own colours pass; it writes escapes of others as text.
    is_coloured: bool,
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let passes = |c: char| is_harmless(c) || matches!(c, '\n' | '\t') || (self.is_coloured && c == '\u{1b}');
        let text: String = String::from_utf8_lossy(bytes).chars().map(|c| if passes(c) { c } else { ' ' }).collect();
        // All of it: the length of what is written is not that of what came.
        self.to.write_all(text.as_bytes()).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The filter, with ONNX Runtime's own chatter only where it is asked for.
fn read(text: &str) -> Result<EnvFilter, String> {
    let mut parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        // Nothing was asked for: as where nothing is set.
        parts.push(DEFAULT);
    }
    // The library would take the first for the name of a program part and log nothing of all others, and the second for `trace`.
    let is_level = |part: &&str| part.parse::<LevelFilter>().is_ok();
    if let Some(word) = parts.iter().find(|part| !part.contains(['=', '[']) && !is_level(part) || part.ends_with('=')) {
        return Err(format!("`{word}` names no level"));
    }
    let filter = EnvFilter::try_new(parts.join(",")).map_err(|error| error.to_string())?;
    let asked = parts.iter().any(|part| {
        let target = part.split(['=', '[']).next().unwrap_or_default();
        target == ONNX_RUNTIME || target.starts_with("ort::")
    });
    match asked || parts == ["off"] {
        true => Ok(filter),
        false => Ok(filter.add_directive(format!("{ONNX_RUNTIME}=error").parse().expect("a valid directive"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn onnx_runtime_is_quiet_unless_it_is_named() {
        for filter in ["warn", "info,cordline_report=debug", "cordline_sdk::transport=trace", "support=info", ""] {
            let read = read(filter).unwrap().to_string();
            assert!(read.contains("ort=error"), "{filter}: {read}");
        }
        for filter in ["ort=info", "warn, ort=debug", "ort::execution_providers=debug", "ort[session]=trace", "off"] {
            let read = read(filter).unwrap().to_string();
            assert!(!read.contains("ort=error"), "{filter}: {read}");
        }
    }

    #[test]
    fn a_line_of_the_log_steers_no_terminal() {
        let mut log = Harmless { to: Vec::new(), is_coloured: false };
        log.write_all("who=\u{1b}[2J\u{202e}x\u{9b}\tä\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(log.to).unwrap(), "who= [2J x \tä\n");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        for filter in ["wran", "info,cordline", "cordline=debgu", "cordline_report=", "=,=", "info,,x=9"] {
            let refused = read(filter);
            assert!(refused.is_err(), "{filter}: {}", refused.unwrap());
        }
    }
}
