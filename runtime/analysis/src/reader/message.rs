//! What passes between the daemon and its reader: a length (4 bytes, little-endian), then MessagePack; voxels raw.

use std::io::{self, ErrorKind, Read, Write};

use cordline_core::geometry::Geometry;
use cordline_core::stage::Stage;
use cordline_core::volume::Volume;
use cordline_dicom::source::SourceSeries;
use ndarray::Array3;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zerocopy::IntoBytes;

use super::{LoadedSeries, OnStage, ReadNotes, ReadOutcome, ReadRequest, ReaderLimits};
use crate::early_end::EarlyEnd;

/// Upper limit of a message without voxels: thousands of frames, each with its UIDs.
const MAX_MESSAGE_BYTES: u32 = 16 << 20;

/// What the process is told, once.
#[derive(Serialize, Deserialize)]
pub(super) struct ChildRequest {
    pub request: ReadRequest,
    pub limits: ReaderLimits,
    /// The process that waits for the answer, so that a reader sees whether it is still there.
    pub daemon: u32,
}

/// What the process tells: stages, then one of the others.
#[derive(Serialize, Deserialize)]
enum ChildMessage {
    Begins(Stage),
    Done(Box<ReaderOutcome>),
    GaveUp(String),
}

/// All but the voxels, which follow: those of the volume, then those of the T1c.
#[derive(Serialize, Deserialize)]
struct ReaderOutcome {
    notes: ReadNotes,
    end: Result<SeriesHeader, EarlyEnd>,
}

#[derive(Serialize, Deserialize)]
struct SeriesHeader {
    source: SourceSeries,
    geometry: Geometry,
    t1c: Option<SourceSeries>,
}

pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = rmp_serde::to_vec_named(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).ok().filter(|n| *n <= MAX_MESSAGE_BYTES).ok_or_else(too_long)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)
}

pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_MESSAGE_BYTES {
        return Err(too_long());
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    rmp_serde::from_slice(&bytes).map_err(io::Error::other)
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("a message of more than {MAX_MESSAGE_BYTES} bytes"))
}

pub(super) fn write_stage(to: &mut impl Write, stage: Stage) -> io::Result<()> {
    write(to, &ChildMessage::Begins(stage))
}

pub(super) fn write_failure(to: &mut impl Write, why: &io::Error) -> io::Result<()> {
    write(to, &ChildMessage::GaveUp(why.to_string()))?;
    to.flush()
}

pub(super) fn write_outcome(to: &mut impl Write, outcome: ReadOutcome) -> io::Result<()> {
    let ReadOutcome { notes, series } = outcome;
    let mut voxels = Vec::new();
    let end = series.map(|LoadedSeries { source, volume, t1c }| {
        voxels.push(volume.voxels);
        let t1c = t1c.map(|(source, array)| {
            voxels.push(array);
            source
        });
        SeriesHeader { source, geometry: volume.geometry, t1c }
    });
    write(to, &ChildMessage::Done(Box::new(ReaderOutcome { notes, end })))?;
    for array in &voxels {
        let array = array.as_standard_layout();
        to.write_all(array.as_slice().expect("standard layout is one slice").as_bytes())?;
    }
    to.flush()
}

/// Reads until the process is done. `voxels`: most that a volume may have.
///
/// # Errors
/// What came is no answer that a reader gives. The inner error is that of `on_stage`.
pub fn read_outcome(
    from: &mut impl Read,
    voxels: u64,
    on_stage: &mut OnStage<'_>,
) -> io::Result<Result<ReadOutcome, EarlyEnd>> {
    let mut last = None;
    let ReaderOutcome { notes, end } = loop {
        match read(from)? {
            ChildMessage::Done(outcome) => break *outcome,
            ChildMessage::GaveUp(why) => return Err(io::Error::other(why)),
            // Each is an event in the journal: one that was taken over must not fill it.
            ChildMessage::Begins(stage) if last >= Some(stage) => {
                return Err(io::Error::new(ErrorKind::InvalidData, "a stage began again"));
            }
            ChildMessage::Begins(stage) => {
                last = Some(stage);
                if let Err(end) = on_stage(stage) {
                    return Ok(Err(end));
                }
            }
        }
    };
    let series = match end {
        Err(end) => Err(end),
        Ok(SeriesHeader { source, geometry, t1c }) => {
            let shape = geometry.shape();
            let volume = Volume { voxels: read_voxels(from, shape, voxels)?, geometry };
            let t1c = match t1c {
                Some(source) => Some((source, read_voxels(from, shape, voxels)?)),
                None => None,
            };
            Ok(LoadedSeries { source, volume, t1c })
        }
    };
    Ok(Ok(ReadOutcome { notes, series }))
}

fn read_voxels(from: &mut impl Read, shape: [usize; 3], most: u64) -> io::Result<Array3<f32>> {
    // What comes from the reader is not believed either: it may have been taken over by a file.
    let count = shape.iter().try_fold(1u64, |n, side| n.checked_mul(*side as u64));
    if count.is_none_or(|n| n > most) {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("a volume of shape {shape:?}")));
    }
    let mut voxels = Array3::<f32>::zeros(shape);
    from.read_exact(voxels.as_slice_mut().expect("a new array is one slice").as_mut_bytes())?;
    Ok(voxels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(shape: [usize; 3]) -> LoadedSeries {
        let source = SourceSeries { series_uid: "1.2.3".into(), slice_thickness_mm: Some(3.3), ..Default::default() };
        let axes = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]];
        let geometry = Geometry::new(shape, [3.3, 0.1 + 0.2, 1.0 / 3.0], [-24.75, 1e-17, 120.5], axes).unwrap();
        let voxels = Array3::from_shape_fn(shape, |(s, r, c)| (s * 100 + r * 10 + c) as f32 / 3.0);
        let t1c = voxels.mapv(|v| -v);
        LoadedSeries { t1c: Some((source.clone(), t1c)), source, volume: Volume { voxels, geometry } }
    }

    fn sent(series: Result<LoadedSeries, EarlyEnd>) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_stage(&mut bytes, Stage::Reading).unwrap();
        let notes = ReadNotes { warnings: vec!["w".into()], ..ReadNotes::default() };
        write_outcome(&mut bytes, ReadOutcome { notes, series }).unwrap();
        bytes
    }

    #[test]
    fn a_volume_arrives_to_the_last_bit() {
        let (bytes, mut stages) = (sent(Ok(loaded([2, 3, 4]))), Vec::new());
        let begin = &mut |stage| {
            stages.push(stage);
            Ok(())
        };
        let outcome = read_outcome(&mut bytes.as_slice(), 24, begin).unwrap().unwrap();
        let (got, want) = (outcome.series.unwrap(), loaded([2, 3, 4]));
        assert_eq!((got.volume.geometry, got.volume.voxels), (want.volume.geometry, want.volume.voxels));
        assert_eq!((got.source, got.t1c), (want.source, want.t1c));
        assert_eq!((outcome.notes.warnings, stages), (vec!["w".to_owned()], vec![Stage::Reading]));
    }

    #[test]
    fn a_reader_that_lies_or_falls_silent_is_an_error() {
        let bytes = sent(Ok(loaded([2, 3, 4])));
        let read = |bytes: &[u8], most| read_outcome(&mut &*bytes, most, &mut |_| Ok(()));
        assert!(read(&bytes, 23).unwrap_err().to_string().contains("shape [2, 3, 4]"));
        assert_eq!(read(&bytes[..bytes.len() - 1], 24).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(read(&u32::MAX.to_le_bytes(), 24).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn a_stage_begins_once_and_in_its_order() {
        for stages in [[Stage::Reading, Stage::Reading], [Stage::Decoding, Stage::Selecting]] {
            let mut bytes = Vec::new();
            stages.iter().for_each(|stage| write_stage(&mut bytes, *stage).unwrap());
            bytes.extend(sent(Ok(loaded([2, 3, 4]))));
            let mut told = 0;
            let read = read_outcome(&mut bytes.as_slice(), 24, &mut |_| {
                told += 1;
                Ok(())
            });
            assert_eq!((read.unwrap_err().kind(), told), (ErrorKind::InvalidData, 1));
        }
    }

    #[test]
    fn an_early_end_arrives_with_its_reason_and_the_listener_may_end_it_too() {
        let problem =
            cordline_sdk::problem::Problem { code: "c".parse().unwrap(), message: "m".into(), action: "a".into() };
        let stop = EarlyEnd::from(problem);
        let bytes = sent(Err(stop.clone()));
        let outcome = read_outcome(&mut bytes.as_slice(), 24, &mut |_| Ok(())).unwrap().unwrap();
        assert_eq!(outcome.series.unwrap_err(), stop);
        let ended = read_outcome(&mut bytes.as_slice(), 24, &mut |_| Err(stop.clone())).unwrap();
        assert_eq!(ended.unwrap_err(), stop);
    }
}
