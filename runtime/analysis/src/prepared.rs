//! What is made of the results beside the networks, on a thread of its own: pictures need the volume and its lesions, a heat map needs one
//! answer, and only words need them all. After the last answer little is left to do.
//!
//! Pictures go to the folder at once: kept until the end, those of a large volume would take more memory than the classifiers. Where the
//! analysis comes to no findings after all, [`crate::output`] takes them away again.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{Scope, ScopedJoinHandle};

use cordline_core::findings::HeatMap;
use cordline_core::volume::{LabelMap, Volume};
use cordline_report::{Pictures, ReportError, page};
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::result::Lesion;

use super::output_folder::{OutputError, OutputFolder};
use super::timings::TimeBeside;

/// What is known before the first question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured<'a> {
    pub volume: &'a Volume,
    pub lesions: &'a [Lesion],
    pub labels: &'a LabelMap,
}

impl Measured<'_> {
    /// Draws all pictures: first what no answer changes, then each heat map when it comes, until there is none to come.
    fn draw(
        self,
        folder: &OutputFolder,
        heat_maps: &Receiver<HeatMap>,
        time: &TimeBeside,
    ) -> Result<Pictures, ReportError> {
        let keep = &mut |name: &str, bytes: &[u8]| folder.replace(name, |file| file.write_all(bytes));
        time.add(page::prepare);
        let mut pictures = time.add(|| Pictures::of(self.volume, self.lesions, self.labels, keep))?;
        for map in heat_maps {
            time.add(|| pictures.add(&map, keep))?;
        }
        Ok(pictures)
    }
}

/// Results that are being prepared. Dropped, it comes to its end by itself, and the scope of its thread waits for that.
pub(crate) struct Preparation<'scope> {
    heat_maps: Sender<HeatMap>,
    thread: ScopedJoinHandle<'scope, Result<Pictures, Problem>>,
}

impl<'scope> Preparation<'scope> {
    /// Starts the thread, which adds what it takes to `time`.
    pub(crate) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        measured: Measured<'env>,
        folder: &'env OutputFolder,
        time: &'env TimeBeside,
    ) -> Self {
        let (heat_maps, coming) = mpsc::channel();
        let thread = scope.spawn(move || measured.draw(folder, &coming, time).map_err(report_problem));
        Self { heat_maps, thread }
    }

    /// Hands over the heat map of the next question.
    pub(crate) fn add(&self, map: HeatMap) {
        // A thread that came to an error listens no more, and tells that at the end.
        let _ = self.heat_maps.send(map);
    }

    /// Waits for what is still to be done.
    ///
    /// # Errors
    /// A picture cannot be made, or not be written.
    pub(crate) fn finish(self) -> Result<Pictures, Problem> {
        drop(self.heat_maps);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Why there is no report, for whoever asked for one.
pub(super) fn report_problem(error: ReportError) -> Problem {
    match error {
        ReportError::Write { path, source } => OutputError::new(path, source).into(),
        other => Problem::new(
            Code::Report,
            other.to_string(),
            "this is a fault of the program: please report it with this message",
        ),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::thread;

    use cordline_core::findings::ActivationMap;
    use cordline_core::geometry::Geometry;
    use cordline_report::PICTURES;
    use ndarray::{Array2, Array3, s};

    use super::*;

    /// Six sections with a lesion in all but the last.
    pub(crate) fn images() -> (Volume, Vec<Lesion>, LabelMap) {
        let axes = [[-1., 0., 0.], [0., 0., -1.], [0., 1., 0.]];
        let geometry = Geometry::new([6, 48, 40], [3.0, 1.0, 1.2], [0.0; 3], axes).unwrap();
        let voxels = Array3::from_shape_fn([6, 48, 40], |(s, r, c)| (s * 97 + r * 31 + c * 17 % 101) as f32);
        let mut labels = LabelMap::zeros([6, 48, 40]);
        labels.slice_mut(s![..5, 10..30, 8..20]).fill(1);
        let sections = (1..=5).collect();
        let lesion = Lesion { number: 1, volume_ml: 4.3, extent_mm: 20.0, sections, centre_lps_mm: [0.0; 3] };
        (Volume { voxels, geometry }, vec![lesion], labels)
    }

    pub(crate) fn heat_map(classifier: &str) -> HeatMap {
        let map = |section| ActivationMap {
            section,
            activation: Array2::from_shape_fn((4, 4), |(r, c)| (section + r * c) as f32 / 14.0),
        };
        HeatMap {
            classifier: classifier.into(),
            question: "Which?".into(),
            class: "one".into(),
            label: "One".into(),
            grid: [48, 40],
            sections: (0..5).map(map).collect(),
        }
    }

    /// All files below a folder.
    pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path().is_dir() {
                true => found.extend(files(&entry.path())),
                false => drop(found.insert(entry.path(), fs::read(entry.path()).unwrap())),
            }
        }
        found
    }

    #[test]
    fn beside_the_networks_the_same_is_drawn_as_one_after_the_other() {
        let (volume, lesions, labels) = images();
        let maps = ["kind", "tumour-type"].map(heat_map);
        let (room, time) = (tempfile::tempdir().unwrap(), TimeBeside::default());
        let folder = OutputFolder::open(room.path()).unwrap();
        let drawn = thread::scope(|scope| {
            let measured = Measured { volume: &volume, lesions: &lesions, labels: &labels };
            let preparation = Preparation::begin(scope, measured, &folder, &time);
            maps.iter().cloned().for_each(|map| preparation.add(map));
            preparation.finish().unwrap()
        });

        let mut wanted = BTreeMap::new();
        let keep = &mut |name: &str, bytes: &[u8]| {
            wanted.insert(room.path().join(name), bytes.to_vec());
            Ok(())
        };
        let mut pictures = Pictures::of(&volume, &lesions, &labels, keep).unwrap();
        maps.iter().for_each(|map| pictures.add(map, keep).unwrap());
        assert_eq!(files(room.path()), wanted);
        assert_eq!(wanted.len(), 5 * 4);
        assert_eq!(drawn.files(), pictures.files());
        assert!(time.so_far().cpu_ms > 0.0);
    }

    #[test]
    fn a_picture_that_cannot_be_written_is_the_problem_that_its_file_has() {
        let (volume, lesions, labels) = images();
        let (room, time) = (tempfile::tempdir().unwrap(), TimeBeside::default());
        let folder = OutputFolder::open(room.path()).unwrap();
        fs::write(room.path().join(PICTURES), "no folder").unwrap();
        let problem = thread::scope(|scope| {
            let measured = Measured { volume: &volume, lesions: &lesions, labels: &labels };
            let preparation = Preparation::begin(scope, measured, &folder, &time);
            // Whether the thread still listens or not.
            preparation.add(heat_map("kind"));
            preparation.finish().unwrap_err()
        });
        let name = format!("{PICTURES}/section-01.png");
        let error = folder.replace(&name, |_| Ok(())).unwrap_err();
        assert_eq!(problem, Problem::from(OutputError::new(name.into(), error)));
        assert_eq!(problem.code, Code::NotWritable);
    }
}
