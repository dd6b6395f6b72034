//! What passes between the daemon and its reader: a length (4 bytes, little-endian), then MessagePack; voxels raw.

use std::io::{self, ErrorKind, Read, Write};

use ndarray::Array3;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zerocopy::IntoBytes;

use super::ReaderLimits;
use super::intake::{Ask, Intake, Notes, Taken};
use crate::dicom::source::SourceSeries;
use crate::geometry::Geometry;
use crate::stage::Stage;
use crate::stop::Stop;
use crate::volume::Volume;

/// Most bytes of a message without voxels: thousands of frames, each with its UIDs.
const MOST_BYTES: u32 = 16 << 20;

/// What the reader is told.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub ask: Ask,
    pub limits: ReaderLimits,
}

/// What the reader tells.
#[derive(Serialize, Deserialize)]
enum Word {
    Begins(Stage),
    Done(Box<Done>),
    GaveUp(String),
}

/// All but the voxels, which follow: those of the volume, then those of the T1c.
#[derive(Serialize, Deserialize)]
struct Done {
    notes: Notes,
    end: Result<Grid, Stop>,
}

#[derive(Serialize, Deserialize)]
struct Grid {
    source: SourceSeries,
    geometry: Geometry,
    t1c: Option<SourceSeries>,
}

pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = rmp_serde::to_vec_named(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).ok().filter(|n| *n <= MOST_BYTES).ok_or_else(too_long)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)
}

pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MOST_BYTES {
        return Err(too_long());
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    rmp_serde::from_slice(&bytes).map_err(io::Error::other)
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("a message of more than {MOST_BYTES} bytes"))
}

pub(super) fn write_stage(to: &mut impl Write, stage: Stage) -> io::Result<()> {
    write(to, &Word::Begins(stage))
}

pub(super) fn write_end(to: &mut impl Write, why: &io::Error) -> io::Result<()> {
    write(to, &Word::GaveUp(why.to_string()))?;
    to.flush()
}

pub(super) fn write_intake(to: &mut impl Write, intake: Intake) -> io::Result<()> {
    let Intake { notes, end } = intake;
    let mut voxels = Vec::new();
    let end = end.map(|Taken { source, volume, t1c }| {
        voxels.push(volume.voxels);
        let t1c = t1c.map(|(source, array)| {
            voxels.push(array);
            source
        });
        Grid { source, geometry: volume.geometry, t1c }
    });
    write(to, &Word::Done(Box::new(Done { notes, end })))?;
    for array in &voxels {
        let array = array.as_standard_layout();
        to.write_all(array.as_slice().expect("standard layout is one slice").as_bytes())?;
    }
    to.flush()
}

/// Reads until the reader is done; `begin` is told of each stage. `voxels`: most that a volume may have.
pub(super) fn read_intake(
    from: &mut impl Read,
    voxels: u64,
    begin: &mut dyn FnMut(Stage) -> Result<(), Stop>,
) -> io::Result<Result<Intake, Stop>> {
    let Done { notes, end } = loop {
        match read(from)? {
            Word::Done(done) => break *done,
            Word::GaveUp(why) => return Err(io::Error::other(why)),
            Word::Begins(stage) => {
                if let Err(stop) = begin(stage) {
                    return Ok(Err(stop));
                }
            }
        }
    };
    let end = match end {
        Err(stop) => Err(stop),
        Ok(Grid { source, geometry, t1c }) => {
            let shape = geometry.shape();
            let volume = Volume { voxels: read_voxels(from, shape, voxels)?, geometry };
            let t1c = match t1c {
                Some(source) => Some((source, read_voxels(from, shape, voxels)?)),
                None => None,
            };
            Ok(Taken { source, volume, t1c })
        }
    };
    Ok(Ok(Intake { notes, end }))
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

    fn taken(shape: [usize; 3]) -> Taken {
        let source = SourceSeries { series_uid: "1.2.3".into(), slice_thickness_mm: Some(3.3), ..Default::default() };
        let axes = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]];
        let geometry = Geometry::new(shape, [3.3, 0.1 + 0.2, 1.0 / 3.0], [-24.75, 1e-17, 120.5], axes).unwrap();
        let voxels = Array3::from_shape_fn(shape, |(s, r, c)| (s * 100 + r * 10 + c) as f32 / 3.0);
        let t1c = voxels.mapv(|v| -v);
        Taken { t1c: Some((source.clone(), t1c)), source, volume: Volume { voxels, geometry } }
    }

    fn sent(end: Result<Taken, Stop>) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_stage(&mut bytes, Stage::Reading).unwrap();
        let notes = Notes { warnings: vec!["w".into()], ..Notes::default() };
        write_intake(&mut bytes, Intake { notes, end }).unwrap();
        bytes
    }

    #[test]
    fn a_volume_arrives_to_the_last_bit() {
        let (bytes, mut stages) = (sent(Ok(taken([2, 3, 4]))), Vec::new());
        let begin = &mut |stage| {
            stages.push(stage);
            Ok(())
        };
        let intake = read_intake(&mut bytes.as_slice(), 24, begin).unwrap().unwrap();
        let (got, want) = (intake.end.unwrap(), taken([2, 3, 4]));
        assert_eq!((got.volume.geometry, got.volume.voxels), (want.volume.geometry, want.volume.voxels));
        assert_eq!((got.source, got.t1c), (want.source, want.t1c));
        assert_eq!((intake.notes.warnings, stages), (vec!["w".to_owned()], vec![Stage::Reading]));
    }

    #[test]
    fn a_reader_that_lies_or_falls_silent_is_an_error() {
        let bytes = sent(Ok(taken([2, 3, 4])));
        let read = |bytes: &[u8], most| read_intake(&mut &*bytes, most, &mut |_| Ok(()));
        assert!(read(&bytes, 23).unwrap_err().to_string().contains("shape [2, 3, 4]"));
        assert_eq!(read(&bytes[..bytes.len() - 1], 24).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(read(&u32::MAX.to_le_bytes(), 24).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn an_early_end_arrives_with_its_reason_and_the_listener_may_end_it_too() {
        let problem = cordline_sdk::result::Problem { code: "c".into(), message: "m".into(), action: "a".into() };
        let stop = Stop::from(problem);
        let bytes = sent(Err(stop.clone()));
        let intake = read_intake(&mut bytes.as_slice(), 24, &mut |_| Ok(())).unwrap().unwrap();
        assert_eq!(intake.end.unwrap_err(), stop);
        let ended = read_intake(&mut bytes.as_slice(), 24, &mut |_| Err(stop.clone())).unwrap();
        assert_eq!(ended.unwrap_err(), stop);
    }
}
