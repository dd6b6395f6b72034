//! Frames that show the same as others, sample by sample.

use std::ops::Range;

use super::decode::Decoder;
use super::instance::InstanceHeader;
use super::limits::FileLimits;

/// Most pairs of frames that are compared for one study.
const MAX_PAIRS: usize = 1000;
/// Samples of each side that are decoded together: every call opens both files, and reads all that is compressed in them.
const AT_ONCE: usize = 16 << 20;

/// What came of holding frames against others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// All samples have the same values.
    Same,
    /// Some have not, or cannot be decoded: such a frame equals nothing.
    Different,
    /// Too many were compared before.
    NotCompared,
}

/// Compares frames, and keeps its buffers between comparisons.
pub struct FrameComparison<'a> {
    decoder: Decoder<'a>,
    planes: [Vec<f32>; 2],
    left: usize,
}

impl<'a> FrameComparison<'a> {
    /// No pair is compared yet.
    pub fn new(limits: &'a FileLimits) -> Self {
        Self { decoder: Decoder::new(limits), planes: Default::default(), left: MAX_PAIRS }
    }

    /// Frame `i` of one instance and frame `k` of another.
    pub fn frames(&mut self, one: &InstanceHeader, i: usize, other: &InstanceHeader, k: usize) -> Sameness {
        self.compare((one, i..i + 1), (other, k..k + 1))
    }

    /// All frames of two instances, each with the one of its number.
    pub fn instances(&mut self, one: &InstanceHeader, other: &InstanceHeader) -> Sameness {
        let count = one.frames.len();
        if count == 0 || other.frames.len() != count {
            return Sameness::Different;
        }
        let together = (AT_ONCE / samples(one).max(1)).max(1);
        for first in (0..count).step_by(together) {
            let frames = first..count.min(first + together);
            match self.compare((one, frames.clone()), (other, frames)) {
                Sameness::Same => {}
                ended => return ended,
            }
        }
        Sameness::Same
    }

    /// As many frames of one instance as of the other.
    fn compare(&mut self, one: (&InstanceHeader, Range<usize>), other: (&InstanceHeader, Range<usize>)) -> Sameness {
        let size = |instance: &InstanceHeader| [instance.pixels.rows, instance.pixels.columns];
        let (samples, pairs) = (samples(one.0), one.1.len());
        if samples == 0 || size(one.0) != size(other.0) {
            return Sameness::Different;
        }
        let Some(left) = self.left.checked_sub(pairs) else { return Sameness::NotCompared };
        self.left = left;
        for ((instance, frames), planes) in [one, other].into_iter().zip(&mut self.planes) {
            planes.clear();
            planes.resize(samples * pairs, 0.0);
            let mut wanted: Vec<_> = frames.zip(planes.chunks_exact_mut(samples)).collect();
            if self.decoder.decode(instance, &mut wanted).is_err() {
                return Sameness::Different;
            }
        }
        if self.planes[0] == self.planes[1] { Sameness::Same } else { Sameness::Different }
    }
}

/// Samples of one frame.
fn samples(instance: &InstanceHeader) -> usize {
    instance.pixels.rows as usize * instance.pixels.columns as usize
}
