//! Transfer syntaxes: which are read, and the names of those that are not.

use super::prescan::Encoding;

/// How the data set and the pixels of a file are encoded. Only what is listed here is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syntax {
    /// Implicit VR Little Endian.
    ImplicitLittle,
    /// Explicit VR Little Endian.
    ExplicitLittle,
    /// Explicit VR Big Endian (retired, still found in old archives).
    ExplicitBig,
    /// RLE Lossless.
    Rle,
    /// JPEG Lossless, process 14, with any or the first selection value.
    JpegLossless,
    /// JPEG-LS, lossless.
    JpegLs,
    /// JPEG-LS, near-lossless: each sample may be wrong by a stated amount.
    JpegLsNear,
    /// JPEG 2000, lossless only.
    Jpeg2000Lossless,
    /// JPEG 2000, which may have lost something.
    Jpeg2000,
    /// A compression that is not read. The header can be: its attributes are explicit little endian.
    Unreadable {
        /// TransferSyntaxUID.
        uid: String,
        name: &'static str,
    },
}

impl Syntax {
    /// The syntax of a UID, or the name under which it is refused because not even the header can be read.
    ///
    /// # Errors
    /// The name of a syntax of which not even the header is read.
    pub fn from_uid(uid: &str) -> Result<Self, &'static str> {
        Ok(match uid {
            "1.2.840.10008.1.2" => Self::ImplicitLittle,
            "1.2.840.10008.1.2.1" => Self::ExplicitLittle,
            "1.2.840.10008.1.2.2" => Self::ExplicitBig,
            "1.2.840.10008.1.2.5" => Self::Rle,
            "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => Self::JpegLossless,
            "1.2.840.10008.1.2.4.80" => Self::JpegLs,
            "1.2.840.10008.1.2.4.81" => Self::JpegLsNear,
            "1.2.840.10008.1.2.4.90" => Self::Jpeg2000Lossless,
            "1.2.840.10008.1.2.4.91" => Self::Jpeg2000,
            "1.2.840.10008.1.2.1.99" => return Err("Deflated Explicit VR Little Endian"),
            _ => match compressed_name(uid) {
                Some(name) => Self::Unreadable { uid: uid.to_owned(), name },
                None => return Err("a private or unknown transfer syntax"),
            },
        })
    }

    /// The uncompressed syntax of an encoding.
    pub fn native(encoding: Encoding) -> Self {
        match encoding {
            Encoding { implicit: true, .. } => Self::ImplicitLittle,
            Encoding { big_endian: true, .. } => Self::ExplicitBig,
            _ => Self::ExplicitLittle,
        }
    }

    /// How the attributes are written.
    pub fn encoding(&self) -> Encoding {
        Encoding { implicit: self.is_implicit(), big_endian: self.is_big_endian() }
    }

    /// True where attributes carry no value representation.
    pub fn is_implicit(&self) -> bool {
        *self == Self::ImplicitLittle
    }

    /// True where numbers are written with the most significant byte first.
    pub fn is_big_endian(&self) -> bool {
        *self == Self::ExplicitBig
    }

    /// True where pixels lie in fragments.
    pub fn is_encapsulated(&self) -> bool {
        !matches!(self, Self::ImplicitLittle | Self::ExplicitLittle | Self::ExplicitBig)
    }
}

/// Compressions of the standard that are known by name and not read.
fn compressed_name(uid: &str) -> Option<&'static str> {
    Some(match uid.strip_prefix("1.2.840.10008.1.2.")? {
        "1.98" => "Encapsulated Uncompressed Explicit VR Little Endian",
        "4.50" => "JPEG Baseline (8 bit, lossy)",
        "4.51" => "JPEG Extended (12 bit, lossy)",
        "4.92" | "4.93" => "JPEG 2000 Part 2 Multi-component",
        "4.94" | "4.95" | "4.204" | "4.205" => "JPIP Referenced",
        "4.100" | "4.100.1" | "4.101" | "4.101.1" => "MPEG2",
        "4.102" | "4.102.1" | "4.103" | "4.103.1" | "4.104" | "4.104.1" | "4.105" | "4.105.1" | "4.106" | "4.106.1" => {
            "MPEG-4 AVC/H.264"
        }
        "4.107" | "4.108" => "HEVC/H.265",
        "4.110" | "4.111" | "4.112" => "JPEG XL",
        "4.201" | "4.202" | "4.203" => "High-Throughput JPEG 2000",
        "8.1" => "Deflated Image Frame Compression",
        _ => return None,
    })
}
