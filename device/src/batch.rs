//! How many images a network is given at once.
//!
//! The sizes are a fixed set, and what is left over is filled up with empty images: the plans of cuDNN, the profiles of TensorRT and the
//! warm-up then meet no new shape in the middle of a study.

use crate::precision::Precision;
use crate::probe::{Gpu, GpuMemory};
use crate::refusal::Refusal;

/// The sizes.
const SIZES: [usize; 5] = [1, 4, 8, 16, 32];

/// Images that a GPU is given at once where it has room: more gain little, and the first mask waits for all of them.
const USUAL: usize = 16;

/// Memory below which a GPU is a small one, as a Jetson of 8 GB, whose memory is the host's too.
const SMALL_BYTES: u64 = 12 << 30;

/// What an image takes in single and in half precision, a network beside its images, and CUDA itself: resident memory on the processor,
/// until a GPU has told what it needs.
const IMAGE_BYTES: [u64; 2] = [100 << 20, 50 << 20];
const NETWORK_BYTES: u64 = 150 << 20;
const CUDA_BYTES: u64 = 512 << 20;

/// The most images that a network is given at once: one of the sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch(usize);

impl Batch {
    /// One image after the other.
    pub const ONE: Self = Self(1);

    /// The largest size that is not above `most`; one where there is none.
    pub fn up_to(most: usize) -> Self {
        Self(SIZES.into_iter().rev().find(|size| *size <= most).unwrap_or(1))
    }

    /// As many as a GPU has memory for, while `networks` are open on it, and no more than `most`.
    ///
    /// # Errors
    /// It has not memory enough for one.
    pub fn for_gpu(gpu: &Gpu, precision: Precision, networks: usize, most: Option<usize>) -> Result<Self, Refusal> {
        let most = Self::up_to(most.unwrap_or(USUAL).min(profile(Some(gpu))[1]));
        let Some(GpuMemory { free_bytes, .. }) = gpu.memory else { return Ok(most) };
        let has_room = |size: &usize| free_bytes / 11 * 10 >= needed_bytes(precision, networks, *size);
        match SIZES.into_iter().rev().filter(|size| *size <= most.0).find(has_room) {
            Some(size) => Ok(Self(size)),
            None => {
                let [needed, free] =
                    [needed_bytes(precision, networks, 1) / 10 * 11, free_bytes].map(|bytes| bytes >> 20);
                Err(Refusal::OutOfMemory(format!("{needed} MB of the GPU are needed, {free} MB are free")))
            }
        }
    }

    /// Images at most.
    pub fn largest(self) -> usize {
        self.0
    }

    /// Every size that may come, the smallest first.
    pub fn sizes(self) -> impl Iterator<Item = usize> {
        SIZES.into_iter().filter(move |size| *size <= self.0)
    }

    /// The size in which `left` images are given: the smallest that holds them, or the largest there is.
    pub fn holding(self, left: usize) -> usize {
        self.sizes().find(|size| *size >= left).unwrap_or(self.0)
    }

    /// Half as many; nothing where it is one image already.
    pub fn halved(self) -> Option<Self> {
        (self.0 > 1).then(|| Self::up_to(self.0 / 2))
    }
}

/// The images for which an engine is built: most of the time, and at most. They are part of its key, and so depend on nothing that changes.
pub fn profile(gpu: Option<&Gpu>) -> [usize; 2] {
    match gpu.and_then(|gpu| gpu.memory) {
        Some(memory) if memory.total_bytes < SMALL_BYTES => [4, 8],
        _ => [8, 32],
    }
}

/// Memory of a GPU on which `networks` are open, each given `images` at once, one after the other.
fn needed_bytes(precision: Precision, networks: usize, images: usize) -> u64 {
    let [single, half] = IMAGE_BYTES;
    let image = if precision == Precision::Fp16 { half } else { single };
    CUDA_BYTES + NETWORK_BYTES * networks as u64 + image * images as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_one_of_few_sizes() {
        let sizes = [0, 1, 3, 4, 15, 16, 100].map(|most| Batch::up_to(most).largest());
        assert_eq!(sizes, [1, 1, 1, 4, 8, 16, 32]);
        let batch = Batch::up_to(16);
        assert_eq!([1, 2, 5, 16, 40].map(|left| batch.holding(left)), [1, 4, 8, 16, 16]);
        assert!(batch.sizes().eq([1, 4, 8, 16]));
        let mut halves = std::iter::successors(Some(batch), |batch| batch.halved()).map(Batch::largest);
        assert!(halves.by_ref().eq([16, 8, 4, 1]));
    }

    fn gpu(total_bytes: u64, free_bytes: u64) -> Gpu {
        Gpu { memory: Some(GpuMemory { total_bytes, free_bytes }), ..Gpu::default() }
    }

    #[test]
    fn a_gpu_is_given_what_it_has_room_for() {
        let batch = |total: u64, free: u64, precision, most| {
            Batch::for_gpu(&gpu(total << 20, free << 20), precision, 4, most).map(Batch::largest)
        };
        assert_eq!(batch(24_000, 20_000, Precision::Fp32, None), Ok(16));
        assert_eq!(batch(24_000, 20_000, Precision::Fp32, Some(64)), Ok(32));
        assert_eq!(batch(24_000, 2_500, Precision::Fp32, None), Ok(8));
        assert_eq!(batch(24_000, 2_500, Precision::Fp16, None), Ok(16));
        assert_eq!(batch(8_000, 7_000, Precision::Fp16, None), Ok(8), "no more than its engines are built for");
        let refused = batch(24_000, 1_000, Precision::Fp32, None).unwrap_err();
        assert_eq!(refused.as_str(), "out_of_memory");
        assert!(refused.to_string().contains("1000 MB are free"), "{refused}");
        let untold = Batch::for_gpu(&Gpu::default(), Precision::Fp32, 4, None);
        assert_eq!(untold, Ok(Batch::up_to(16)));
    }
}
