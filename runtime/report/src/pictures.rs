//! What is drawn of a volume: the files, each shown section plain, with outlines and with each heat map; and the panels and tiles that the
//! page and the montage hold.
//!
//! All of it is drawn before the last answer is known, beside the networks: the words of page and montage come last.

use std::path::PathBuf;

use cordline_core::findings::HeatMap;
use cordline_core::volume::{LabelMap, Volume};
use cordline_sdk::FileKind;
use cordline_sdk::result::{AnalysisResult, Lesion, OutputFile};

use super::draw::{self, Marks};
use super::error::ReportError;
use super::indexed_image::IndexedImage;
use super::montage::{Montage, Rows};
use super::page_panels::{self, SectionView};
use super::picture::Packing;
use super::sections::RenderedSections;
use super::tiles::{Tiles, outlined};
use super::{KeepFile, PICTURES};

/// What is drawn of a volume. The files of it are kept by others already.
#[derive(Debug)]
pub struct Pictures {
    /// What is shown of the volume.
    pub shown: RenderedSections,
    /// The sections at the size in which the montage shows them.
    tiles: Tiles,
    /// The sections as the montage shows them.
    rows: Rows,
    /// The sections as the page shows them.
    pub(super) panels: Vec<SectionView>,
    /// The files of each section, in the order in which they are listed.
    files: Vec<Vec<String>>,
}

impl Pictures {
    /// Draws what does not depend on any answer, the sections plain and with their lesions, and hands each file to `keep`. Pixels are square,
    /// so the proportions are those of the patient.
    ///
    /// # Errors
    /// A picture cannot be encoded, or not be kept.
    pub fn of(
        volume: &Volume,
        lesions: &[Lesion],
        labels: &LabelMap,
        keep: &mut KeepFile<'_>,
    ) -> Result<Self, ReportError> {
        let shown = RenderedSections::of(volume, lesions, labels);
        let tiles = Tiles::of(&shown);
        let (rows, files) = (Rows::of(&shown, &tiles), vec![Vec::new(); shown.sections.len()]);
        let mut pictures = Self { shown, tiles, rows, panels: Vec::new(), files };
        let [width, height] = pictures.shown.square_size();
        let [_, width_mm] = pictures.shown.orientation.extent_mm();
        let letters = (width as f32 / 26.0).clamp(13.0, 24.0);
        let marks = Marks::new(&pictures.shown.orientation.letters(), width_mm / width as f64, width, letters);
        for place in 0..pictures.shown.sections.len() {
            pictures.add_section(place, [width, height], &marks, keep)?;
        }
        Ok(pictures)
    }

    /// The panel of a section, and its files.
    fn add_section(
        &mut self,
        place: usize,
        [width, height]: [usize; 2],
        marks: &Marks,
        keep: &mut KeepFile<'_>,
    ) -> Result<(), ReportError> {
        let section = &self.shown.sections[place];
        // Compressed, for the page holds it too; one pixel a voxel.
        let voxels = section.grey.to_png(Packing::Compressed)?;
        self.panels.push(page_panels::section(&self.shown, section, &voxels));
        let grey = draw::resize(&section.grey, width, height);
        let outlines = (!section.outlines.is_empty()).then(|| {
            let mut picture = IndexedImage::of(&grey);
            outlined(&mut picture, section, marks);
            picture
        });
        let plain = if (grey.width, grey.height) == (section.grey.width, section.grey.height) {
            voxels
        } else {
            grey.to_png(Packing::Stored)?
        };
        self.save(place, "", &plain, keep)?;
        outlines.map_or(Ok(()), |picture| self.save(place, "-lesions", &picture.to_png(Packing::Stored)?, keep))
    }

    /// Draws the heat map of the next question, and hands the file of each of its sections to `keep`.
    ///
    /// A heat map is far coarser than the section: it is shown at the size of the tiles.
    ///
    /// # Errors
    /// A picture cannot be encoded, or not be kept.
    pub fn add(&mut self, map: &HeatMap, keep: &mut KeepFile<'_>) -> Result<(), ReportError> {
        let name = format!("-heat-{}", file_name(&map.classifier));
        self.rows.begin();
        // The same above every section, so made once.
        let caption = self.rows.caption(&format!("Heat map: {}", map.label));
        for place in self.shown.add(map) {
            self.panels[place].add_heat(&self.shown, place)?;
            if let Some(tile) = self.tiles.heated(&self.shown, place) {
                self.rows.put(place, &caption, &tile);
                self.save(place, &name, &tile.to_png(Packing::Stored)?, keep)?;
            }
        }
        Ok(())
    }

    /// One picture that says it all.
    pub fn montage(&self, result: &AnalysisResult) -> Montage<'_> {
        self.rows.with_words(result, &self.shown)
    }

    /// The files, section by section.
    pub fn files(&self) -> Vec<OutputFile> {
        let file = |path: &String| OutputFile {
            kind: FileKind::Picture.to_string(),
            path: path.clone(),
            sop_instance_uid: None,
        };
        self.files.iter().flatten().map(file).collect()
    }

    fn save(&mut self, place: usize, what: &str, png: &[u8], keep: &mut KeepFile<'_>) -> Result<(), ReportError> {
        let path = format!("{PICTURES}/section-{:02}{what}.png", self.shown.sections[place].index + 1);
        keep(&path, png).map_err(|source| ReportError::Write { path: PathBuf::from(&path), source })?;
        self.files[place].push(path);
        Ok(())
    }
}

/// A bundle's id as part of a file name: letters, digits and hyphens only.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
