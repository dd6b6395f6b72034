//! A provider's library is tried in a process of its own first: one that takes its process down, as a cut or foreign file may, takes down
//! that one.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::library::OnnxRuntime;
use crate::refusal::Refusal;

/// Command word of the process that loads a library; not for people.
pub const COMMAND: &str = "try-plug-in";
/// The program that runs now, even where a newer one was installed in its place.
const PROGRAM: &str = "/proc/self/exe";
/// Registering takes some hundredths of a second; a disk of the network may take more.
const LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(2);

/// Has a process load `first` and then `library`, as `name`.
///
/// # Errors
/// It does not load, takes the process down, or takes too long.
pub(crate) fn load(
    runtime: &OnnxRuntime,
    name: &str,
    library: &Path,
    first: &[impl AsRef<Path>],
) -> Result<(), Refusal> {
    let paths = [runtime.path(), library].into_iter().chain(first.iter().map(AsRef::as_ref)).map(OsString::from);
    let failed = |reason: String| Err(Refusal::DoesNotLoad(reason));
    let child = Command::new(PROGRAM)
        .arg(COMMAND)
        .arg(name)
        .args(paths)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return failed(format!("no process could be started to try it: {error}")),
    };
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                // What it said is a line or two, and fits in the pipe.
                let said = child.stderr.take().map(std::io::read_to_string).and_then(Result::ok).unwrap_or_default();
                return match (status.success(), status.signal()) {
                    (true, _) => Ok(()),
                    (false, Some(signal)) => failed(format!("it takes its process down (signal {signal})")),
                    (false, None) => failed(said.trim().to_owned()),
                };
            }
            Ok(None) if began.elapsed() < LIMIT => std::thread::sleep(POLL),
            Ok(None) => {
                // It ends now, or has ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                return failed(format!("it is not loaded after {} s", LIMIT.as_secs()));
            }
            Err(error) => return failed(error.to_string()),
        }
    }
}

/// What the process does: loads ONNX Runtime and the library. The sentence of an error is for standard error.
///
/// # Errors
/// Either does not load.
pub fn run(arguments: &[OsString]) -> Result<(), String> {
    let [name, runtime, library, first @ ..] = arguments else { return Err("a name and two paths are needed".into()) };
    let runtime = OnnxRuntime::load(Path::new(runtime)).map_err(|e| e.to_string())?;
    for beside in first {
        crate::library::keep_loaded(Path::new(beside))?;
    }
    runtime.register(&name.to_string_lossy(), Path::new(library)).map_err(|e| e.to_string())
}
