//! What passes between the daemon and its reader: a length (4 bytes, little-endian), then MessagePack; voxels raw.

use std::io::{self, ErrorKind, Read, Write};

use cordline_core::geometry::Geometry;
use cordline_core::stage::Stage;
use cordline_core::volume::Volume;
use cordline_dicom::source::SourceSeries;
use cordline_sdk::result::State;
use ndarray::Array3;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zerocopy::IntoBytes;

use super::{LoadedSeries, OnStage, ReadNotes, ReadOutcome, ReadRequest, ReaderLimits};
use crate::early_end::EarlyEnd;

/// Upper limit of a message without voxels: thousands of frames, each with its UIDs.
const MAX_MESSAGE_BYTES: u32 = 16 << 20;

/// Most warnings of one study: each is an event in the journal.
pub const MOST_WARNINGS: usize = 1000;
/// Bytes of the longest warning: it may name a file by its path.
const MOST_WARNING_BYTES: usize = 16 << 10;
/// Most verdicts on series, each counted with its reasons and its kinds of image: one takes twenty times its bytes in memory.
const MOST_VERDICTS: usize = 100_000;

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
    let is_end = end.as_ref().err().is_none_or(|end| end.state != State::Completed);
    if !is_end || !is_bounded(&notes) {
        return Err(io::Error::new(ErrorKind::InvalidData, "more than a reader has to say, or an end that is none"));
    }
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

/// True for notes as an honest reader writes them: one that was taken over must fill neither journal nor disk nor memory.
fn is_bounded(notes: &ReadNotes) -> bool {
    let ReadNotes { warnings, series, timings_ms, thumbnails, walls: _ } = notes;
    let verdicts = series.iter().flat_map(|s| s.candidates.iter().chain(&s.rejected));
    let said = verdicts.map(|v| 1 + v.reasons.len() + v.image_type.len()).sum::<usize>();
    let reasons = series.as_ref().map_or(0, |s| s.reasons.len());
    warnings.len() <= MOST_WARNINGS
        && warnings.iter().all(|warning| warning.len() <= MOST_WARNING_BYTES)
        && said + reasons <= MOST_VERDICTS
        // One a candidate, in their order; how many candidates get one is `Thumbnail::is_sound`'s.
        && thumbnails.is_sorted_by(|one, next| one.candidate < next.candidate)
        && timings_ms.is_sorted_by(|(one, _), (next, _)| one < next)
        && timings_ms.iter().all(|(_, ms)| ms.is_finite())
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
    use cordline_sdk::problem::Problem;
    use cordline_sdk::result::SeriesChoice;

    use super::*;
    use crate::reader::thumbnail::Thumbnail;

    fn problem() -> Problem {
        Problem { code: "c".parse().unwrap(), message: "m".into(), action: "a".into() }
    }

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
    fn notes_without_end_are_no_answer() {
        let told = |notes: ReadNotes| {
            let mut bytes = Vec::new();
            let series = Err(EarlyEnd::out_of_scope(problem()));
            write_outcome(&mut bytes, ReadOutcome { notes, series }).unwrap();
            read_outcome(&mut bytes.as_slice(), 24, &mut |_| Ok(())).map_err(|error| error.kind()).map(drop)
        };
        let warnings =
            |n: usize, bytes: usize| ReadNotes { warnings: vec!["w".repeat(bytes); n], ..ReadNotes::default() };
        assert_eq!(told(warnings(MOST_WARNINGS, 0)), Ok(()));
        assert_eq!(told(warnings(MOST_WARNINGS + 1, 0)), Err(ErrorKind::InvalidData));
        assert_eq!(told(warnings(1, MOST_WARNING_BYTES + 1)), Err(ErrorKind::InvalidData));
        let reasons = |n: usize| SeriesChoice { reasons: vec![String::new(); n], ..SeriesChoice::default() };
        let choice = |series| ReadNotes { series: Some(series), ..ReadNotes::default() };
        assert_eq!(told(choice(reasons(MOST_VERDICTS))), Ok(()));
        assert_eq!(told(choice(reasons(MOST_VERDICTS + 1))), Err(ErrorKind::InvalidData));
        let picture = |candidate| Thumbnail { candidate, width: 1, height: 1, pixels: vec![0] };
        let pictures =
            |of: &[usize]| ReadNotes { thumbnails: of.iter().map(|n| picture(*n)).collect(), ..ReadNotes::default() };
        assert_eq!(told(pictures(&[0, 2])), Ok(()));
        assert_eq!(told(pictures(&[0, 0])), Err(ErrorKind::InvalidData));
        let took = |all: &[(Stage, f64)]| ReadNotes { timings_ms: all.to_vec(), ..ReadNotes::default() };
        assert_eq!(told(took(&[(Stage::Reading, 1.0), (Stage::Decoding, 2.0)])), Ok(()));
        assert_eq!(told(took(&[(Stage::Reading, f64::NAN)])), Err(ErrorKind::InvalidData));
        assert_eq!(told(took(&[(Stage::Reading, 1.0); 2])), Err(ErrorKind::InvalidData));
    }

    #[test]
    fn an_end_before_any_finding_is_no_completed_analysis() {
        let bytes = sent(Err(EarlyEnd { state: State::Completed, problem: problem() }));
        let read = read_outcome(&mut bytes.as_slice(), 24, &mut |_| Ok(()));
        assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidData);
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
        let stop = EarlyEnd::from(problem());
        let bytes = sent(Err(stop.clone()));
        let outcome = read_outcome(&mut bytes.as_slice(), 24, &mut |_| Ok(())).unwrap().unwrap();
        assert_eq!(outcome.series.unwrap_err(), stop);
        let ended = read_outcome(&mut bytes.as_slice(), 24, &mut |_| Err(stop.clone())).unwrap();
        assert_eq!(ended.unwrap_err(), stop);
    }
}
