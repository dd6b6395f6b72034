//! UIDs of transfer syntaxes and SOP classes, as the standard lists them.

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const BIG: &str = "1.2.840.10008.1.2.2";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const RLE: &str = "1.2.840.10008.1.2.5";
pub const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
pub const HIGH_THROUGHPUT: &str = "1.2.840.10008.1.2.4.201";
pub const JPEG_2000_LOSSLESS: &str = "1.2.840.10008.1.2.4.90";
pub const JPEG_2000: &str = "1.2.840.10008.1.2.4.91";
pub const MR: &str = "1.2.840.10008.5.1.4.1.1.4";
pub const ENHANCED_MR: &str = "1.2.840.10008.5.1.4.1.1.4.1";
pub const LEGACY_MR: &str = "1.2.840.10008.5.1.4.1.1.4.4";
