//! The walk over a header that believes nothing: every declared length is held against the bytes that are there.
//!
//! It does not recurse and allocates one small [`Node`] for each element that really stands in the file, so that neither declared
//! lengths nor nested sequences can exhaust memory or stack. What PS3.5 asks a receiver to accept, and what can only be meant in one way, is
//! read; [`Liberties`] tell of it. The nodes it leaves behind are the index from which [`DataSet`](super::elements::DataSet) reads: the
//! bytes are parsed once, and by one parser.
//!
//! - [`walk`](mod@walk): one element after the other; [`head`]: the head of one
//! - [`scan`](mod@scan): what the walk leaves behind
//! - [`encoding`]: how a data set is written

mod encoding;
mod head;
mod scan;
#[cfg(test)]
mod tests;
mod walk;

pub use encoding::Encoding;
pub use scan::{Liberties, Node, PixelElement, Scan};
pub use walk::{Walk, WalkError, walk};
