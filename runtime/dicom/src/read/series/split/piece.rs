//! Some frames of a series, and how they are taken apart.

use crate::read::instance::{Frame, InstanceHeader};
use crate::read::series::pictures::{PictureKind, Pictures};
use crate::read::series_volume::FrameAt;

/// Tells whether two frames show the same, sample by sample.
pub(super) type SamePixels<'a> = dyn FnMut(&InstanceHeader, usize, &InstanceHeader, usize) -> bool + 'a;

/// A frame with all that is known of it.
#[derive(Clone)]
pub(super) struct SeriesFrame<'a> {
    pub(super) at: FrameAt,
    pub(super) instance: &'a InstanceHeader,
    pub(super) frame: &'a Frame,
    pub(super) pictures: Pictures,
}

/// Some frames of a series, and what tells them from the others.
#[derive(Clone, Default)]
pub(super) struct Piece<'a> {
    pub(super) items: Vec<SeriesFrame<'a>>,
    pub(super) labels: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// A piece taken apart: each part with its label.
pub(super) type Parts<'a> = Vec<(String, Vec<SeriesFrame<'a>>)>;

impl SeriesFrame<'_> {
    /// Where it comes among the frames of its series: as scanners number them.
    pub(super) fn order(&self) -> (i64, &str, usize) {
        (self.frame.instance_number.unwrap_or(0), &self.instance.sop_instance_uid, self.at.frame)
    }
}

impl<'a> Piece<'a> {
    /// Nothing of it will be analysed, so it need not be one volume: a localizer stays one thing to a reader.
    pub(super) fn is_out(&self) -> bool {
        self.items.first().is_some_and(|item| matches!(item.pictures.kind, PictureKind::Excluded(_)))
    }

    /// The parts of a cut, each with its label where there are several.
    pub(super) fn cut(self, how: fn(&[SeriesFrame<'a>]) -> Parts<'a>) -> Vec<Piece<'a>> {
        let parts = how(&self.items);
        if parts.len() < 2 {
            return vec![self];
        }
        parts.into_iter().map(|(label, items)| self.part(label, items)).collect()
    }

    pub(super) fn part(&self, label: String, items: Vec<SeriesFrame<'a>>) -> Self {
        let mut labels = self.labels.clone();
        labels.push(label);
        Piece { items, labels, notes: self.notes.clone() }
    }
}
