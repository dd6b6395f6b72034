//! The words of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use cordline_device::{ExecutionProvider, Precision};

pub(crate) const USAGE: &str = "gpu_check BUNDLE [--provider NAME]... [--precision NAME]... [--batch N]... [--rounds N] [--threads N] \
     [--minutes N] [--openvino PATH] [--tensorrt-rtx PATH]";

/// What is to be measured.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Folder of the bundle.
    pub bundle: PathBuf,
    /// All of them where none is named.
    pub providers: Vec<ExecutionProvider>,
    /// None: all that a provider can do.
    pub precisions: Vec<Precision>,
    batches: Vec<usize>,
    /// How often each batch is run after its first time.
    pub rounds: usize,
    pub threads: usize,
    /// When no further network is begun.
    pub limit: Duration,
    pub openvino: Option<String>,
    pub tensorrt_rtx: Option<String>,
}

impl Arguments {
    pub(crate) fn read(words: Vec<OsString>) -> Result<Self, String> {
        let mut arguments = Self {
            bundle: PathBuf::new(),
            providers: Vec::new(),
            precisions: Vec::new(),
            batches: Vec::new(),
            rounds: 7,
            threads: std::thread::available_parallelism().map_or(1, |n| n.get()),
            limit: Duration::from_secs(9 * 60),
            openvino: None,
            tensorrt_rtx: None,
        };
        let mut words = words.into_iter().map(|word| word.into_string().map_err(|word| format!("{word:?} is no text")));
        while let Some(word) = words.next() {
            let word = word?;
            if !word.starts_with("--") {
                arguments.bundle = word.into();
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"))??;
            arguments.set(&word, value)?;
        }
        if arguments.bundle.as_os_str().is_empty() {
            return Err(USAGE.into());
        }
        if arguments.providers.is_empty() {
            arguments.providers = ExecutionProvider::FASTEST_FIRST.to_vec();
        }
        Ok(arguments)
    }

    fn set(&mut self, word: &str, value: String) -> Result<(), String> {
        let number =
            || value.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| format!("{word} {value}: no number"));
        match word {
            "--provider" => self.providers.push(value.parse()?),
            "--precision" => {
                let known = Precision::ALL.into_iter().find(|precision| precision.as_str() == value);
                self.precisions.push(known.ok_or_else(|| format!("{value} is no precision"))?);
            }
            "--batch" => self.batches.push(number()?),
            "--rounds" => self.rounds = number()?,
            "--threads" => self.threads = number()?,
            "--minutes" => self.limit = Duration::from_secs(60 * number()? as u64),
            "--openvino" => self.openvino = Some(value),
            "--tensorrt-rtx" => self.tensorrt_rtx = Some(value),
            _ => return Err(format!("{word} is not known\n{USAGE}")),
        }
        Ok(())
    }

    /// How many images at once. A processor gains nothing by many.
    pub(crate) fn batches(&self, provider: ExecutionProvider) -> Vec<usize> {
        match (self.batches.is_empty(), provider.is_of_gpu()) {
            (false, _) => self.batches.clone(),
            (true, true) => vec![1, 4, 8, 16, 32],
            (true, false) => vec![1, 4],
        }
    }
}
