//! One network on one provider: opening, first run, further runs, how far it strays from the processor.

use std::error::Error;
use std::time::{Duration, Instant};

use cordline_device::{ExecutionProvider, Host, Precision, Session, probe};
use ndarray::ArrayD;
use serde_json::json;

use crate::arguments::Arguments;
use crate::bundle::Network;
use crate::images::Images;
use crate::report::{Report, Row, Subject};

/// After this a batch is run no more: medians of few runs are worth more than missing rows.
const LONGEST: Duration = Duration::from_secs(5);

/// What ONNX Runtime's own kernels on the processor make of each image, in single precision.
pub(crate) struct Reference(Vec<Vec<ArrayD<f32>>>);

impl Reference {
    pub(crate) fn of(host: &Host, network: &Network, images: &Images, threads: usize) -> Result<Self, Box<dyn Error>> {
        let (provider, precision) = (ExecutionProvider::Cpu, Precision::Fp32);
        let mut session =
            network.with_graph(&network.single, |graph| Session::open(host, provider, precision, graph, threads))?;
        let outputs: Result<_, _> = (0..images.count()).map(|image| session.run(images.one(image))).collect();
        Ok(Self(outputs?))
    }

    /// The largest difference of an output to it, as a share of the largest value where that is above 1.
    fn largest_difference(&self, outputs: &[ArrayD<f32>]) -> f32 {
        let mut largest = 0.0f32;
        for (output, found) in outputs.iter().enumerate() {
            for (image, found) in found.outer_iter().enumerate() {
                // The processor had one image at a time.
                let wanted = &self.0[image][output];
                let scale = wanted.iter().fold(1.0f32, |most, value| most.max(value.abs()));
                for (a, b) in found.iter().zip(wanted) {
                    // No number is as far away as can be; `max` would pass it over.
                    let difference = (a - b).abs() / scale;
                    largest = if difference.is_nan() { f32::INFINITY } else { largest.max(difference) };
                }
            }
        }
        largest
    }
}

/// Of the GPU that computes.
fn gpu_memory_used() -> Option<u64> {
    Some(probe::gpus().first()?.memory?.used_bytes())
}

/// Measures a network, and returns its session; nothing where it could not be opened.
pub(crate) fn network(
    host: &Host,
    subject: Subject,
    network: &Network,
    images: &Images,
    reference: &Reference,
    arguments: &Arguments,
    report: &mut Report,
) -> Option<Session> {
    let Subject { provider, precision } = subject;
    let wants_half = provider.wants_half_graph(precision);
    let Some(onnx) = (if wants_half { network.half.as_ref() } else { Some(&network.single) }) else {
        report.failed(subject, &network.name, "the bundle has no graph in half precision");
        return None;
    };
    let batches = arguments.batches(provider);
    let before = gpu_memory_used();
    let began = Instant::now();
    let opened = network.with_graph(onnx, |graph| Session::open(host, provider, precision, graph, arguments.threads));
    let open_ms = ms(began.elapsed());
    let mut session = match opened {
        Ok(session) => session,
        Err(error) => {
            report.failed(subject, &network.name, &error.to_string());
            return None;
        }
    };
    let all: usize = session.placement().values().sum();
    let own = session.placement().get(provider.onnx_name()).copied().unwrap_or_default();
    report.line(json!({
        "measured": "open", "provider": provider, "precision": precision, "network": network.name, "ms": open_ms,
        "nodes": [own, all], "gpu_used_bytes_before": before, "gpu_used_bytes_after": gpu_memory_used(),
    }));
    for batch in batches {
        match batch_of(&mut session, batch, images, reference, arguments.rounds) {
            Ok([first, median, least, difference]) => report.row(Row {
                subject,
                network: network.name.clone(),
                batch,
                nodes: [own, all],
                open_ms,
                first_ms: first,
                median_ms: median / batch as f64,
                least_ms: least / batch as f64,
                difference,
                gpu_used_bytes: [before, gpu_memory_used()],
            }),
            Err(sentence) => report.failed(subject, &format!("{} batch {batch}", network.name), &sentence),
        }
    }
    Some(session)
}

/// Milliseconds of the first run, median and least of the further ones, and the largest difference.
fn batch_of(
    session: &mut Session,
    batch: usize,
    images: &Images,
    reference: &Reference,
    rounds: usize,
) -> Result<[f64; 4], String> {
    let input = images.first(batch);
    let mut timed = || -> Result<(f64, Vec<ArrayD<f32>>), String> {
        let began = Instant::now();
        let outputs = session.run(input).map_err(|error| error.to_string())?;
        Ok((ms(began.elapsed()), outputs))
    };
    let (first, outputs) = timed()?;
    let began = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || (times.len() < rounds && began.elapsed() < LONGEST) {
        times.push(timed()?.0);
    }
    times.sort_by(f64::total_cmp);
    Ok([first, times[times.len() / 2], times[0], f64::from(reference.largest_difference(&outputs))])
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
