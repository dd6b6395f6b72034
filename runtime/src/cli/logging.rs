//! The log on standard error: which lines, and how they look.

use std::io::IsTerminal;

use cordline_sdk::result::Problem;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Target of what ONNX Runtime says.
const ONNX_RUNTIME: &str = "ort";
/// What is logged where the filter is empty.
const DEFAULT: &str = "warn";

/// Starts the log. A filter that cannot be read is refused: a log that silently holds less than was asked for is missed when it is
/// needed.
pub(super) fn start(filter: &str, format: LogFormat) -> Result<(), Problem> {
    let filter = read(filter).map_err(|why| Problem {
        code: "log_filter".into(),
        message: format!("the log filter `{filter}` cannot be read: {why}"),
        action: "set `log` (CORDLINE_LOG) to a level (error, warn, info, debug, trace, off), or to parts \
                 `TARGET=LEVEL` with commas between, for example `info,cordline::daemon=debug`"
            .into(),
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Human => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
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
        for filter in ["warn", "info,cordline::report=debug", "cordline::transport=trace", "support=info", ""] {
            let read = read(filter).unwrap().to_string();
            assert!(read.contains("ort=error"), "{filter}: {read}");
        }
        for filter in ["ort=info", "warn, ort=debug", "ort::execution_providers=debug", "ort[session]=trace", "off"] {
            let read = read(filter).unwrap().to_string();
            assert!(!read.contains("ort=error"), "{filter}: {read}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        for filter in ["wran", "info,cordline", "cordline=debgu", "cordline::report=", "=,=", "info,,x=9"] {
            let refused = read(filter);
            assert!(refused.is_err(), "{filter}: {}", refused.unwrap());
        }
    }
}
