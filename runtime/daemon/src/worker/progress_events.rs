//! The steps of an analysis as events of its job.

use cordline_analysis::Progress;
use cordline_core::findings::HeatMap;
use cordline_core::geometry::Geometry;
use cordline_core::resize;
use cordline_core::stage::Stage;
use cordline_core::volume::LabelMap;
use cordline_sdk::job::JobState;
use cordline_sdk::wire::event::{EventKind, Grid, HeatMapSection, Lesions, SectionMask};
use cordline_sdk::wire::tensor::{Element, Tensor, pack_bits};
use ndarray::{ArrayView2, Axis, s};

use crate::journal::PendingEvent;

/// Pixels of a side of a heat map at most: the network itself draws it on far fewer cells.
const MAX_HEAT_MAP_SIDE: usize = 128;

/// Follows one analysis, and keeps what is sent later.
#[derive(Debug, Default)]
pub(super) struct EventBuilder {
    provider: String,
    /// The mask of each section as it was sent last.
    masks: Vec<Option<Vec<u8>>>,
    heat_maps: Vec<PendingEvent>,
}

impl EventBuilder {
    /// `provider`: what runs the networks.
    pub(super) fn new(provider: &str) -> Self {
        Self { provider: provider.into(), ..Self::default() }
    }

    /// The events of one step; often none.
    pub(super) fn on_progress(&mut self, progress: Progress<'_>) -> Vec<PendingEvent> {
        match progress {
            Progress::Stage(Stage::Selecting) => vec![EventKind::state(JobState::Selecting).into()],
            Progress::Stage(Stage::Segmenting) => vec![EventKind::state(JobState::Segmenting).into()],
            Progress::Stage(Stage::Classifying) => vec![EventKind::state(JobState::Classifying).into()],
            Progress::Stage(Stage::Writing) => self.explain(),
            Progress::Series(choice) => vec![EventKind::Series(Box::new(choice.clone())).into()],
            Progress::Volume { geometry, pixel_sha256 } => {
                self.masks = vec![None; geometry.shape()[0]];
                vec![EventKind::Grid(self.grid(geometry, pixel_sha256)).into()]
            }
            Progress::Segmented { section, mask, done, total } => vec![self.section(section, mask, done, total)],
            Progress::Measured { lesions, labels } => {
                let mut events = self.changed_sections(labels);
                events.push(EventKind::Lesions(Lesions { lesions: lesions.to_vec() }).into());
                events
            }
            Progress::Answered(answer, map) => {
                self.heat_maps.extend(map.into_iter().flat_map(heat_map));
                vec![EventKind::Classification(Box::new(answer.clone())).into()]
            }
            Progress::Stage(Stage::Loading) => {
                // Where a provider failed in the middle, the study begins anew on the next one.
                self.heat_maps.clear();
                Vec::new()
            }
            Progress::Stage(_) | Progress::Waiting | Progress::Asked { .. } => Vec::new(),
        }
    }

    /// The heat maps, and that results are being written.
    fn explain(&mut self) -> Vec<PendingEvent> {
        let maps = std::mem::take(&mut self.heat_maps);
        let before = (!maps.is_empty()).then(|| EventKind::state(JobState::Explaining).into());
        before.into_iter().chain(maps).chain([EventKind::state(JobState::Writing).into()]).collect()
    }

    fn grid(&self, geometry: &Geometry, pixel_sha256: &str) -> Grid {
        Grid {
            shape: geometry.shape().map(|n| n as u64),
            matrix: matrix(geometry),
            pixel_sha256: pixel_sha256.into(),
            provider: self.provider.clone(),
        }
    }

    fn section(&mut self, section: usize, mask: ArrayView2<'_, bool>, done: usize, total: usize) -> PendingEvent {
        let bits = pack_bits(mask.iter().copied());
        let event = section_event(section, mask.dim(), [done, total], false, bits.clone());
        if let Some(sent) = self.masks.get_mut(section) {
            *sent = Some(bits);
        }
        event
    }

    /// The sections whose mask changed when lesions were measured.
    fn changed_sections(&mut self, labels: &LabelMap) -> Vec<PendingEvent> {
        let total = labels.len_of(Axis(0));
        let mut events = Vec::new();
        for (section, label) in labels.outer_iter().enumerate() {
            let bits = pack_bits(label.iter().map(|l| *l > 0));
            if self.masks.get(section).is_some_and(|sent| sent.as_ref() != Some(&bits)) {
                events.push(section_event(section, label.dim(), [total, total], true, bits));
            }
        }
        events
    }
}

fn section_event(
    section: usize,
    (rows, columns): (usize, usize),
    [done, total]: [usize; 2],
    is_final: bool,
    bits: Vec<u8>,
) -> PendingEvent {
    let mask = Tensor { shape: vec![rows as u64, columns as u64], element: Element::Bit };
    // Sections are counted in thousands at most.
    let [number, done, total] = [section + 1, done, total].map(|n| n as u32);
    let kind = EventKind::Section(SectionMask { section: number, done, total, is_final, mask });
    PendingEvent { kind, raw: Some(bits) }
}

/// From (column, row, section, 1) to patient coordinates (LPS, mm), row by row.
fn matrix(geometry: &Geometry) -> [f64; 16] {
    let (axes, spacing, origin) = (geometry.axes(), geometry.spacing(), geometry.origin());
    let mut matrix = [0.0; 16];
    for row in 0..3 {
        for (column, axis) in [2, 1, 0].into_iter().enumerate() {
            matrix[row * 4 + column] = axes[axis][row] * spacing[axis];
        }
        matrix[row * 4 + 3] = origin[row];
    }
    matrix[15] = 1.0;
    matrix
}

fn heat_map(map: &HeatMap) -> impl Iterator<Item = PendingEvent> + '_ {
    map.sections.iter().map(|section| {
        let values = resize::linear(section.activation.view(), map.grid);
        let step = map.grid[0].max(map.grid[1]).div_ceil(MAX_HEAT_MAP_SIDE).max(1);
        // The middle of each step by step square; the map is smooth over far more than that.
        let thinned = values.slice(s![(step - 1) / 2..;step, (step - 1) / 2..;step]);
        let shape = thinned.shape().iter().map(|n| *n as u64).collect();
        // A float becomes u8 saturating.
        let levels = thinned.iter().map(|v| (v * 255.0 + 0.5) as u8).collect();
        let kind = EventKind::HeatMap(HeatMapSection {
            classifier: map.classifier.clone(),
            class: map.class.clone(),
            section: (section.section + 1) as u32,
            map: Tensor { shape, element: Element::U8 },
        });
        PendingEvent { kind, raw: Some(levels) }
    })
}

#[cfg(test)]
mod tests {
    use cordline_core::findings;
    use cordline_sdk::wire::tensor::unpack_bits;
    use ndarray::{Array2, Array3};

    use super::*;

    fn geometry() -> Geometry {
        Geometry::new([2, 3, 4], [3.3, 0.5, 0.6], [-16., -80., 100.], [[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]])
            .unwrap()
    }

    #[test]
    fn the_matrix_takes_an_index_to_where_the_geometry_puts_it() {
        let (g, index) = (geometry(), [1.0, 2.0, 3.0]);
        let m = matrix(&g);
        let at: Vec<f64> = (0..3)
            .map(|r| m[r * 4] * index[2] + m[r * 4 + 1] * index[1] + m[r * 4 + 2] * index[0] + m[r * 4 + 3])
            .collect();
        for (a, b) in at.iter().zip(g.to_patient(index)) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn a_section_that_loses_a_speck_is_sent_once_more_and_no_other() {
        let mut builder = EventBuilder::new("CPU");
        builder.on_progress(Progress::Volume { geometry: &geometry(), pixel_sha256: "x" });
        let mut mask = Array2::from_elem((3, 4), false);
        mask[(1, 2)] = true;
        for section in 0..2 {
            let events =
                builder.on_progress(Progress::Segmented { section, mask: mask.view(), done: section + 1, total: 2 });
            let PendingEvent { kind: EventKind::Section(event), raw: Some(bits) } = &events[0] else {
                panic!("{events:?}")
            };
            assert!(!event.is_final && unpack_bits(bits, 12)[6]);
        }
        let mut labels = Array3::<u16>::zeros((2, 3, 4));
        labels[(0, 1, 2)] = 1;
        let events = builder.on_progress(Progress::Measured { lesions: &[], labels: &labels });
        assert_eq!(events.len(), 2, "{events:?}");
        let PendingEvent { kind: EventKind::Section(event), raw: Some(bits) } = &events[0] else {
            panic!("{events:?}")
        };
        assert_eq!((event.section, event.is_final, bits.iter().sum::<u8>()), (2, true, 0));
        assert!(matches!(events[1].kind, EventKind::Lesions(_)));
    }

    #[test]
    fn heat_maps_wait_for_all_answers_and_are_thinned() {
        let map = HeatMap {
            classifier: "kind".into(),
            question: "?".into(),
            class: "tumour".into(),
            label: "Tumour".into(),
            grid: [448, 300],
            sections: vec![findings::ActivationMap { section: 4, activation: Array2::from_elem((8, 8), 0.5) }],
        };
        let mut builder = EventBuilder::new("CPU");
        builder.heat_maps.extend(heat_map(&map));
        let events = builder.on_progress(Progress::Stage(Stage::Writing));
        let states: Vec<JobState> = events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::State(change) => Some(change.state),
                _ => None,
            })
            .collect();
        assert_eq!(states, [JobState::Explaining, JobState::Writing]);
        let PendingEvent { kind: EventKind::HeatMap(event), raw: Some(levels) } = &events[1] else {
            panic!("{events:?}")
        };
        assert_eq!((event.section, &event.map.shape[..], levels[0]), (5, &[112, 75][..], 128));
        assert_eq!(event.map.bytes(), Some(levels.len() as u64));
    }
}
