//! Frames that show the same as another one, sample by sample.

use super::decode::Decoder;
use super::instance::InstanceHeader;
use super::limits::FileLimits;

/// Most pairs that are compared for one study; beyond, frames count as different.
const MAX_PAIRS: usize = 1000;

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

    /// True where frame `i` of one instance and frame `k` of another hold the same values. What cannot be decoded equals nothing.
    pub fn same(&mut self, one: &InstanceHeader, i: usize, other: &InstanceHeader, k: usize) -> bool {
        let size = |instance: &InstanceHeader| [instance.pixels.rows as usize, instance.pixels.columns as usize];
        if self.left == 0 || size(one) != size(other) {
            return false;
        }
        self.left -= 1;
        let [rows, columns] = size(one);
        for ((instance, frame), plane) in [(one, i), (other, k)].into_iter().zip(&mut self.planes) {
            plane.clear();
            plane.resize(rows * columns, 0.0);
            if self.decoder.decode(instance, &mut [(frame, plane.as_mut_slice())]).is_err() {
                return false;
            }
        }
        self.planes[0] == self.planes[1]
    }
}
