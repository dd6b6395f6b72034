//! How this process takes memory from the kernel, and that it keeps it.

#[cfg(target_env = "gnu")]
use std::hint::black_box;

/// Lets the process keep the memory that it frees, up to the most it ever held, instead of handing each large buffer back: pages that
/// the kernel must clear again were a tenth of what a study cost beside its networks. Call it first in `main`. Other C libraries than
/// glibc are left as they are.
#[allow(unsafe_code)] // The allocator's settings can only be had through the C interface.
pub fn keep_freed() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `mallopt` takes two integers, refuses what it does not know, and no other thread runs yet.
    unsafe {
        // 32 MiB is the largest that glibc takes; from there on a buffer has its own mapping.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Has the kernel give the first of the heap in large pages, where it has such: to clear small ones, each when it is first touched, was
/// another tenth. Call it after [`keep_freed`], before anything large is allocated.
#[allow(unsafe_code)] // Where the heap lies can only be had through the C interface.
pub fn begin_with_large_pages() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `madvise` is given a part of a block that this function owns; what it advises changes no byte.
    unsafe {
        // What lies before the first border of a large page is given away: never written to, it is no memory. Less two headers of glibc's,
        // so that the border lies at the very start of the next block. `black_box` hides it from the compiler, which would leave out what is not used.
        let start = libc::malloc(FIRST);
        let before = start.align_offset(LARGE_PAGE).saturating_sub(2 * 16);
        libc::free(start);
        black_box(libc::malloc(before));
        // Taken and freed at once, so that what is allocated next lies in it.
        let block = libc::malloc(FIRST);
        let from = block.align_offset(LARGE_PAGE);
        if !block.is_null() && from < FIRST {
            libc::madvise(block.add(from), (FIRST - from) / LARGE_PAGE * LARGE_PAGE, libc::MADV_HUGEPAGE);
        }
        libc::free(block);
    }
}

/// Bytes of the heap that are asked for in large pages: as much as a study needs outside of its networks.
#[cfg(target_env = "gnu")]
const FIRST: usize = (24 << 20) + 64;
/// Bytes of a large page of x86-64, and of ARM with pages of 4 KiB.
#[cfg(target_env = "gnu")]
const LARGE_PAGE: usize = 2 << 20;
