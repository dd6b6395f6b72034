//! A series, or one volume of a series that holds several.

use std::num::NonZeroU32;
use std::sync::Arc;

use cordline_sdk::selector::Selector;

use super::doubt;
use super::input::UnreadableFile;
use super::instance::{Frame, InstanceHeader};

/// Frames of one SeriesInstanceUID that are to be one volume, and the damaged files that belong to it.
#[derive(Debug, Clone, Default)]
pub struct SeriesVolume {
    /// SeriesInstanceUID.
    pub uid: String,
    /// The instances that hold its frames.
    pub instances: Vec<Arc<InstanceHeader>>,
    /// Which of their frames belong to it, ascending.
    pub frames: Vec<FrameAt>,
    /// Files of this series whose header cannot be read.
    pub unreadable: Vec<UnreadableFile>,
    /// Which volume of its series it is, where there are several.
    pub part: Option<VolumePart>,
    /// What a reader must know: copies that were left out.
    pub notes: Vec<String>,
}

/// A frame of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameAt {
    /// Index of the instance in the series.
    pub instance: usize,
    /// Index of the frame in the instance.
    pub frame: usize,
}

/// One of several volumes of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumePart {
    /// Number from 1, in the order in which the scanner numbered the images.
    pub number: usize,
    /// How many volumes the series holds.
    pub of: usize,
    /// What tells it from the others: "echo 98 ms".
    pub words: String,
}

impl SeriesVolume {
    /// All that was found under one SeriesInstanceUID.
    pub(super) fn whole(uid: String, instances: Vec<Arc<InstanceHeader>>, unreadable: Vec<UnreadableFile>) -> Self {
        let of = |(instance, held): (usize, &Arc<InstanceHeader>)| {
            (0..held.frames.len()).map(move |frame| FrameAt { instance, frame })
        };
        let frames = instances.iter().enumerate().flat_map(of).collect();
        Self { uid, instances, frames, unreadable, part: None, notes: Vec::new() }
    }

    /// Its frames, each with its instance and its place in it.
    pub fn placed_frames(&self) -> impl Iterator<Item = (FrameAt, &InstanceHeader, &Frame)> {
        self.frames.iter().filter_map(|at| {
            let instance = self.instances.get(at.instance)?;
            Some((*at, instance.as_ref(), instance.frames.get(at.frame)?))
        })
    }

    /// Its frames, each with its instance.
    pub fn frames(&self) -> impl Iterator<Item = (&InstanceHeader, &Frame)> {
        self.placed_frames().map(|(_, instance, frame)| (instance, frame))
    }

    /// SeriesDescription, empty where there is none.
    pub fn description(&self) -> &str {
        self.instances.first().map_or("", |i| &i.series.description)
    }

    /// How a person names it: the UID, with its number where the series holds several volumes.
    pub fn selector(&self) -> Selector {
        let number = self.part.as_ref().and_then(|part| u32::try_from(part.number).ok());
        Selector { uid: self.uid.clone(), volume: number.and_then(NonZeroU32::new) }
    }

    /// What is read of its files though not without doubt, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        doubt::warnings(self.instances.iter().map(|i| i.doubts.as_slice()))
    }
}
