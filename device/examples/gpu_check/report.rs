//! What was measured: a line of JSON for each measurement at once, and a table at the end.

use std::error::Error;
use std::io::{Write, stdout};

use cordline_device::{ExecutionProvider, Host, Precision};
use serde_json::{Value, json};

/// Whom a measurement is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    pub provider: ExecutionProvider,
    pub precision: Precision,
}

/// One row of the table. Times of runs are those of an image.
pub(crate) struct Row {
    pub subject: Subject,
    pub network: String,
    pub batch: usize,
    /// That the provider took, and all.
    pub nodes: [usize; 2],
    pub open_ms: f64,
    /// Of the whole batch: what is prepared once for a shape is part of it.
    pub first_ms: f64,
    pub median_ms: f64,
    pub least_ms: f64,
    pub difference: f64,
    /// Before the network was opened, and now.
    pub gpu_used_bytes: [Option<u64>; 2],
}

/// Lines that were printed, and rows that will be.
pub(crate) struct Report {
    host: String,
    rows: Vec<Row>,
    sentences: Vec<String>,
}

impl Report {
    /// Begins with the host, and says so plainly where it has no GPU.
    pub(crate) fn of(host: &Host) -> Self {
        let hardware = &host.hardware;
        let version = host.runtime.version();
        let gpus: Vec<&str> = hardware.gpus.iter().map(|gpu| gpu.model.as_str()).collect();
        let named = if gpus.is_empty() { "no NVIDIA GPU".to_owned() } else { gpus.join(", ") };
        let words = format!("{named}; {}, {} cores; ONNX Runtime {version}", hardware.processor, hardware.cores);
        let mut report = Self { host: words, rows: Vec::new(), sentences: Vec::new() };
        report.line(json!({ "measured": "host", "hardware": hardware, "onnxruntime": version }));
        if gpus.is_empty() {
            eprintln!("gpu_check: no NVIDIA GPU was found: what follows is of the processor");
        }
        report
    }

    /// Prints what was measured.
    pub(crate) fn line(&mut self, line: Value) {
        if let Some(sentence) = line["sentence"].as_str() {
            let of = ["provider", "precision", "what"].into_iter().filter_map(|key| line[key].as_str());
            self.sentences.push(format!("{}: {}", of.collect::<Vec<_>>().join(" "), sentence.trim()));
        }
        // A reader who has gone is told at the end, by the exit code.
        let _ = writeln!(stdout(), "{line}");
    }

    /// Prints why something could not be measured.
    pub(crate) fn failed(&mut self, subject: Subject, what: &str, sentence: &str) {
        let Subject { provider, precision } = subject;
        self.line(json!({
            "measured": "failed", "provider": provider, "precision": precision, "what": what, "sentence": sentence,
        }));
    }

    /// Prints a row, and keeps it for the table.
    pub(crate) fn row(&mut self, row: Row) {
        let Subject { provider, precision } = row.subject;
        self.line(json!({
            "measured": "run", "provider": provider, "precision": precision, "network": row.network, "batch": row.batch,
            "first_ms": row.first_ms, "median_ms_an_image": row.median_ms, "least_ms_an_image": row.least_ms,
            "largest_difference": row.difference,
            "gpu_used_bytes_before": row.gpu_used_bytes[0], "gpu_used_bytes_after": row.gpu_used_bytes[1],
        }));
        self.rows.push(row);
    }

    /// Prints the table, for docs/benchmarks.md.
    pub(crate) fn end(self) -> Result<(), Box<dyn Error>> {
        let mut out = stdout().lock();
        writeln!(out, "\n{}\n", self.host)?;
        writeln!(
            out,
            "| network | provider | batch | nodes | open, ms | first run, ms | median / least, ms an image | largest difference | GPU memory, MB |"
        )?;
        writeln!(out, "|---|---|---:|---:|---:|---:|---:|---:|---:|")?;
        for row in &self.rows {
            let Subject { provider, precision } = row.subject;
            let [own, all] = row.nodes;
            let memory = match row.gpu_used_bytes {
                // Others may have given back more than was taken here.
                [Some(before), Some(after)] if provider.is_of_gpu() => {
                    format!("{}", after.saturating_sub(before) / 1_000_000)
                }
                _ => "-".into(),
            };
            let (network, batch, difference) = (&row.network, row.batch, row.difference);
            let (open, first, median, least) = (row.open_ms, row.first_ms, row.median_ms, row.least_ms);
            writeln!(
                out,
                "| {network} | {provider} {precision} | {batch} | {own} of {all} | {open:.0} | {first:.1} | {median:.2} / {least:.2} | {difference:.1e} | {memory} |"
            )?;
        }
        writeln!(out)?;
        for sentence in &self.sentences {
            writeln!(out, "- {sentence}")?;
        }
        Ok(out.flush()?)
    }
}
