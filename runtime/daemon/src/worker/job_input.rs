//! The input of a job, from journal and spool to what is analysed.

use std::fs;
use std::path::{Path, PathBuf};

use cordline_analysis::config::Config;
use cordline_analysis::reader::{ReadRequest, ReaderProcess};
use cordline_analysis::viewer_volume::geometry_of;
use cordline_analysis::{AnalysisInput, AnalysisRequest, Correction};
use cordline_core::manifest::Manifest;
use cordline_core::volume::Volume;
use cordline_dicom::write::earlier_object;
use cordline_sdk::job::JobId;
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::event::EventKind;
use cordline_sdk::wire::request::{Input, Predecessor, Voxels};
use cordline_sdk::wire::tensor::{Element, Tensor, unpack_bits};
use ndarray::Array3;

use crate::journal::{JobRecord, Journal};
use crate::spool::{INPUT, Spool, SpoolError};
use crate::{clock, submission};

/// Events that are read at once.
const PAGE: u32 = 256;

/// What is analysed: in memory, except for files.
#[derive(Debug)]
pub(super) struct JobInput {
    /// Where the files lie: in `INPUT` of this folder of the spool.
    folder: PathBuf,
    volume: Option<(Volume, Option<Volume>)>,
    correction: Option<Correction>,
    series: Option<String>,
    predecessors: Vec<Predecessor>,
    submitted_ms: u64,
    /// How often the same files were analysed before.
    again: u32,
}

impl JobInput {
    /// Loads the input of a job. What was stored before `started_ms`, the start of the daemon, may have changed since: its digests are
    /// checked again.
    ///
    /// # Errors
    ///
    /// The input is lost or damaged.
    pub(super) fn load(record: &JobRecord, journal: &Journal, spool: &Spool, started_ms: u64) -> Result<Self, Problem> {
        let input = record.input.as_ref().ok_or_else(|| lost("the journal lost what this job works on"))?;
        if record.touched_ms <= started_ms {
            spool.verify(&record.job, &submission::items(input)).map_err(|error| lost(&altered(&error)))?;
        }
        let folder = spool.input(&record.job);
        let submitted_ms = record.submitted_ms;
        let mut loaded = Self {
            folder: spool.job(&record.job),
            volume: None,
            correction: None,
            series: record.series.clone(),
            predecessors: record.predecessors.clone(),
            submitted_ms,
            again: 0,
        };
        match input {
            Input::Study { again, .. } | Input::Folder { again, .. } => loaded.again = *again,
            Input::Volume { t2w, t1c } => {
                let t1c = t1c.as_ref().map(|v| read_volume(v, &folder.join("000001"))).transpose()?;
                loaded.volume = Some((read_volume(t2w, &folder.join("000000"))?, t1c));
            }
            Input::Mask { job, mask, reader, .. } => {
                let base = journal.job(job)?;
                let base = base.ok_or_else(|| lost("the job whose mask was corrected is no longer kept"))?;
                // The mask may itself correct a corrected mask; the volume is that of the first job.
                let corrected_input = Self::load(&base, journal, spool, started_ms)?;
                let corrected = read_mask(mask, &folder.join("000000"))?;
                let machine = match corrected_input.correction {
                    Some(earlier) => earlier.machine,
                    None => stored_mask(journal, job, corrected.dim())?,
                };
                let series = corrected_input.series.or(chosen_series(journal, job)?);
                // The results that were corrected stay; the new ones name them.
                let predecessors = earlier_object::references(&spool.results(job))
                    .map_err(|e| lost(&format!("the results that were corrected cannot be read: {e}")))?;
                let correction = Correction { mask: corrected, machine, job: job.clone(), reader: reader.clone() };
                loaded = Self { correction: Some(correction), series, predecessors, submitted_ms, ..corrected_input };
            }
        }
        Ok(loaded)
    }

    /// What the reader process is asked; `None` where the voxels are in memory already.
    pub(super) fn read_request(&self, config: &Config, manifest: &Manifest) -> Option<ReadRequest> {
        let series = self.series.as_deref();
        let request = || ReadRequest::new(&[INPUT.into()], series, &config.series, &config.limits, &manifest.input);
        self.volume.is_none().then(request)
    }

    /// The folder to which the names of the files are relative.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The request to the analysis; `reader` works on [`JobInput::read_request`].
    pub(super) fn request<'a>(&'a self, reader: Option<ReaderProcess>, out: &'a Path) -> AnalysisRequest<'a> {
        let input = match (&self.volume, reader) {
            (Some((t2w, t1c)), _) => AnalysisInput::Volume(t2w, t1c.as_ref()),
            // Files are never read in this process: without voxels there was something to ask.
            (None, reader) => AnalysisInput::Reader(reader.expect("files have a reader")),
        };
        let (series, correction) = (self.series.as_deref(), self.correction.as_ref());
        let (predecessors, created) = (&self.predecessors[..], clock::local(self.submitted_ms));
        AnalysisRequest { input, out, series, correction, predecessors, again: self.again, created }
    }
}

fn read_volume(voxels: &Voxels, path: &Path) -> Result<Volume, Problem> {
    let shape = shape_of(&voxels.tensor)?;
    let geometry = geometry_of(&voxels.matrix, shape).map_err(|e| Problem {
        code: Code::Matrix,
        message: format!("the volume's matrix describes no grid: {e}"),
        action: "hand over a volume whose axes are at right angles".into(),
    })?;
    let bytes = read(path, &voxels.tensor)?;
    let values: Vec<f32> = match voxels.tensor.element {
        Element::I16 => bytes.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b))).collect(),
        Element::U16 => bytes.as_chunks().0.iter().map(|b| f32::from(u16::from_le_bytes(*b))).collect(),
        Element::F32 => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Element::Bit | Element::U8 => return Err(lost("the volume's type is not one that is taken")),
    };
    let voxels = Array3::from_shape_vec(shape, values).map_err(|e| lost(&e.to_string()))?;
    Ok(Volume { voxels, geometry })
}

fn read_mask(tensor: &Tensor, path: &Path) -> Result<Array3<bool>, Problem> {
    let shape = shape_of(tensor)?;
    let bits = unpack_bits(&read(path, tensor)?, shape.iter().product());
    Array3::from_shape_vec(shape, bits).map_err(|e| lost(&e.to_string()))
}

/// The final mask of a job: the last one of each section.
fn stored_mask(journal: &Journal, job: &JobId, shape: (usize, usize, usize)) -> Result<Array3<bool>, Problem> {
    let mut mask = Array3::from_elem(shape, false);
    each_event(journal, job, |what, raw| {
        if let (EventKind::Section(section), Some(bits)) = (what, raw) {
            let index = (section.section as usize).wrapping_sub(1);
            if let Some(mut target) = mask.outer_iter_mut().nth(index) {
                let voxels = unpack_bits(bits, target.len());
                target.iter_mut().zip(voxels).for_each(|(t, v)| *t = v);
            }
        }
    })?;
    Ok(mask)
}

/// The series that a job chose: a corrected mask belongs to it and no other.
fn chosen_series(journal: &Journal, job: &JobId) -> Result<Option<String>, Problem> {
    let mut series = None;
    each_event(journal, job, |what, _| {
        if let EventKind::Series(choice) = what {
            series.clone_from(if choice.selector.is_some() { &choice.selector } else { &choice.uid });
        }
    })?;
    Ok(series)
}

fn each_event(journal: &Journal, job: &JobId, mut each: impl FnMut(&EventKind, Option<&[u8]>)) -> Result<(), Problem> {
    let mut since = 0;
    loop {
        let page = journal.events(job, since, PAGE)?;
        for stored in &page {
            if let Some(kind) = stored.kind() {
                each(&kind, stored.raw.as_deref());
            }
            since = stored.number;
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

fn shape_of(tensor: &Tensor) -> Result<[usize; 3], Problem> {
    let sides: Vec<usize> = tensor.shape.iter().filter_map(|n| usize::try_from(*n).ok()).collect();
    sides.try_into().map_err(|_| lost("the shape does not name sections, rows and columns"))
}

fn read(path: &Path, tensor: &Tensor) -> Result<Vec<u8>, Problem> {
    let bytes = fs::read(path).map_err(|e| lost(&format!("the spool cannot be read: {e}")))?;
    match Some(bytes.len() as u64) == tensor.bytes() {
        true => Ok(bytes),
        false => Err(lost("the spool holds another number of bytes than was announced")),
    }
}

fn altered(error: &SpoolError) -> String {
    match error {
        SpoolError::Digest { item } => format!("file {} of the input is not what was sent any more", item + 1),
        SpoolError::Write { source, .. } => format!("the input cannot be read any more: {}", source.kind()),
        other => other.to_string(),
    }
}

fn lost(what: &str) -> Problem {
    Problem {
        code: Code::InputLost,
        message: what.into(),
        action: "submit it again; if it stays, check the disk of the spool".into(),
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::sha256::Sha256;
    use cordline_sdk::wire::event::SectionMask;
    use cordline_sdk::wire::tensor::pack_bits;

    use super::*;
    use crate::journal::{NewJob, PendingEvent};

    const MATRIX: [f64; 16] = [0.0, 0.0, 3.3, 0.0, 0.6, 0.0, 0.0, 0.0, 0.0, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];

    fn job(name: &str) -> JobId {
        JobId::new(name).unwrap()
    }

    fn keep(journal: &mut Journal, name: &str, input: Input) -> JobRecord {
        journal.begin(&NewJob::new(job(name), 7001, input)).unwrap()
    }

    fn put(spool: &Spool, name: &str, item: &str, bytes: &[u8]) {
        fs::create_dir_all(spool.input(&job(name))).unwrap();
        fs::write(spool.input(&job(name)).join(item), bytes).unwrap();
    }

    #[test]
    fn voxels_and_a_corrected_mask_come_back_from_the_spool() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let tensor = Tensor { shape: vec![1, 2, 2], element: Element::I16 };
        let t2w = Voxels { tensor, matrix: MATRIX, sha256: String::new() };
        put(&spool, "vol", "000000", &[1, 0, 0xff, 0xff, 3, 0, 0, 1]);
        let record = keep(&mut journal, "vol", Input::Volume { t2w, t1c: None });
        let loaded = JobInput::load(&record, &journal, &spool, 0).unwrap();
        let (volume, _) = loaded.volume.as_ref().unwrap();
        assert_eq!(volume.voxels.as_slice().unwrap(), [1.0, -1.0, 3.0, 256.0]);
        let request = loaded.request(None, folder.path());
        assert!(matches!(request.input, AnalysisInput::Volume(..)));
        assert_eq!(request.created.unwrap().timestamp_millis(), 7000, "the moment of a job is that of its submission");

        // Provisional, then final: the last one counts.
        for (bits, is_final) in [([true, true, false, false], false), ([true, false, false, false], true)] {
            let mask = Tensor { shape: vec![2, 2], element: Element::Bit };
            let kind = EventKind::Section(SectionMask { section: 1, done: 1, total: 1, is_final, mask });
            let raw = Some(pack_bits(bits));
            journal.append(&job("vol"), 1, &[PendingEvent { kind, raw }]).unwrap();
        }
        let mask = Tensor { shape: vec![1, 2, 2], element: Element::Bit };
        put(&spool, "cor", "000000", &pack_bits([true, true, false, false]));
        let input = Input::Mask { job: job("vol"), mask, sha256: String::new(), reader: Some("R. Meyer".into()) };
        let record = keep(&mut journal, "cor", input);
        let loaded = JobInput::load(&record, &journal, &spool, 0).unwrap();
        let correction = loaded.correction.as_ref().unwrap();
        assert!((correction.dice() - 2.0 / 3.0).abs() < 1e-12);
        assert!(loaded.request(None, folder.path()).correction.is_some());

        journal.remove(&job("vol")).unwrap();
        assert_eq!(JobInput::load(&record, &journal, &spool, 0).unwrap_err().code, Code::InputLost);
    }

    #[test]
    fn input_that_became_something_else_while_the_daemon_was_down_is_lost_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let sent = [1, 0, 2, 0];
        let tensor = Tensor { shape: vec![1, 1, 2], element: Element::I16 };
        let t2w = Voxels { tensor, matrix: MATRIX, sha256: Sha256::of(sent).to_string() };
        put(&spool, "vol", "000000", &sent);
        let record = keep(&mut journal, "vol", Input::Volume { t2w, t1c: None });
        let after = record.touched_ms;
        assert!(JobInput::load(&record, &journal, &spool, after).is_ok());
        put(&spool, "vol", "000000", &[1, 0, 2, 1]);
        let problem = JobInput::load(&record, &journal, &spool, after).unwrap_err();
        assert_eq!(
            (&problem.code, &*problem.message),
            (&Code::InputLost, "file 1 of the input is not what was sent any more")
        );
        assert!(
            JobInput::load(&record, &journal, &spool, after - 1).is_ok(),
            "of this start: it was checked when it came"
        );
    }

    #[test]
    fn a_volume_that_is_none_is_a_named_error() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let voxels = |element, matrix| Voxels {
            tensor: Tensor { shape: vec![1, 1, 2], element },
            matrix,
            sha256: String::new(),
        };
        let mut flat = MATRIX;
        flat[2] = 0.0;
        for (name, voxels, bytes, code) in [
            ("a", voxels(Element::I16, flat), vec![0; 4], Code::Matrix),
            ("b", voxels(Element::I16, MATRIX), vec![0; 3], Code::InputLost),
        ] {
            put(&spool, name, "000000", &bytes);
            let record = keep(&mut journal, name, Input::Volume { t2w: voxels, t1c: None });
            assert_eq!(JobInput::load(&record, &journal, &spool, 0).unwrap_err().code, code);
        }
    }
}
