//! What an analysis tells on its way, and who listens.

use std::ops::ControlFlow;

use cordline_core::findings::HeatMap;
use cordline_core::geometry::Geometry;
use cordline_core::stage::Stage;
use cordline_core::volume::LabelMap;
use cordline_sdk::result::{Classification, Lesion, SeriesChoice};
use ndarray::ArrayView2;

/// What happened in an analysis, in the order in which it happens.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A stage begins.
    Stage(Stage),
    /// Nothing happened: files are still being read, by another process. Said every moment, so that who watches can end that too.
    Waiting,
    /// A series was chosen, or the reasons why none was.
    Series(&'a SeriesChoice),
    /// The volume is decoded: where its voxels lie, and which they are.
    Volume {
        /// The grid.
        geometry: &'a Geometry,
        /// SHA-256 of the voxels.
        pixel_sha256: &'a str,
    },
    /// A section was segmented.
    Segmented {
        /// Section index from 0.
        section: usize,
        /// Its mask on the grid of the volume, (row, column); provisional until lesions are measured.
        mask: ArrayView2<'a, bool>,
        /// Sections done.
        done: usize,
        /// Sections of the volume.
        total: usize,
    },
    /// Lesions were measured.
    Measured {
        /// The lesions, largest first.
        lesions: &'a [Lesion],
        /// Their numbers on the grid of the volume.
        labels: &'a LabelMap,
    },
    /// A section was asked.
    Asked {
        /// The question in words.
        question: &'a str,
        /// Sections done.
        done: usize,
        /// Sections with lesion.
        total: usize,
    },
    /// A question was answered, with the heat map where it was decided.
    Answered(&'a Classification, Option<&'a HeatMap>),
}

/// Who watches an analysis. `Break` stops it before its next section, and while another process reads the files.
pub type Observer<'a> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'a;
