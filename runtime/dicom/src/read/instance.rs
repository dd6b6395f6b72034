//! One DICOM file of the input: its attributes, and where its pixels lie.

use cordline_core::geometry::Lps;

use super::doubt::Doubt;
use super::file_error::FileError;
use super::origin::Origin;
use super::syntax::Syntax;
use crate::source::{Patient, Study};

/// The attributes of one file that series choice, geometry and result objects need. Absent text is empty.
#[derive(Debug, Clone)]
pub struct InstanceHeader {
    /// Where the file lies.
    pub origin: Origin,
    /// Its size in bytes.
    pub size: u64,
    /// TransferSyntaxUID, as far as it is read.
    pub syntax: Syntax,
    /// SOPClassUID.
    pub sop_class_uid: String,
    /// SOPInstanceUID.
    pub sop_instance_uid: String,
    /// Who was imaged.
    pub patient: Patient,
    /// The examination.
    pub study: Study,
    /// What it says of its series.
    pub series: SeriesAttributes,
    /// How it was acquired.
    pub acquisition: Acquisition,
    /// How samples are laid out.
    pub pixels: PixelFormat,
    /// Where the samples lie.
    pub pixel_data: PixelData,
    /// One entry for a classic image, one for each frame of an Enhanced one.
    pub frames: Vec<Frame>,
    /// Why its pixels cannot be used, although its header can be read.
    pub error: Option<FileError>,
    /// What is read of it, though not without doubt.
    pub doubts: Vec<Doubt>,
}

/// General Series and Frame of Reference attributes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeriesAttributes {
    /// SeriesInstanceUID.
    pub uid: String,
    /// SeriesNumber, 0 where absent.
    pub number: i32,
    pub modality: String,
    /// SeriesDescription.
    pub description: String,
    /// ProtocolName.
    pub protocol: String,
    /// BodyPartExamined; the meaning of AnatomicRegionSequence where that stands instead.
    pub body_part: String,
    /// SeriesDate.
    pub date: String,
    /// SeriesTime.
    pub time: String,
    /// FrameOfReferenceUID.
    pub frame_of_reference_uid: String,
    /// PositionReferenceIndicator.
    pub position_reference_indicator: String,
}

impl SeriesAttributes {
    /// What the series says of itself: SeriesDescription. ProtocolName only where that is empty, for it may name a whole examination.
    pub fn described(&self) -> &str {
        if self.description.is_empty() { &self.protocol } else { &self.description }
    }
}

/// MR Image attributes from which plane, contrast and kind are told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acquisition {
    /// ImageType.
    pub image_type: Vec<String>,
    /// ScanningSequence; derived from EchoPulseSequence and its like in Enhanced MR.
    pub scanning_sequence: Vec<String>,
    /// ScanOptions.
    pub scan_options: Vec<String>,
    /// MRAcquisitionType is 3D.
    pub is_3d: bool,
    /// RepetitionTime in ms.
    pub repetition_time: Option<f64>,
    /// InversionTime in ms.
    pub inversion_time: Option<f64>,
    /// AcquisitionContrast (Enhanced MR): T2, T1, STIR ...
    pub contrast: String,
    /// Fat was suppressed, by ScanOptions or SpectrallySelectedSuppression.
    pub fat_suppressed: bool,
    /// A diffusion weighting of b > 0.
    pub diffusion: bool,
    /// Contrast agent given (ContrastBolusAgent or its sequence).
    pub contrast_agent: bool,
    /// LossyImageCompression is 01.
    pub lossy: bool,
    /// LossyImageCompression says 00, never lossy.
    pub lossless: bool,
    /// LossyImageCompressionRatio.
    pub lossy_ratio: String,
    /// LossyImageCompressionMethod.
    pub lossy_method: String,
}

/// Image Pixel attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PixelFormat {
    pub rows: u32,
    pub columns: u32,
    /// SamplesPerPixel.
    pub samples: u32,
    /// PhotometricInterpretation.
    pub photometric: String,
    /// BitsAllocated: 8 or 16.
    pub bits_allocated: u32,
    /// BitsStored.
    pub bits_stored: u32,
    /// HighBit.
    pub high_bit: u32,
    /// PixelRepresentation is 1: two's complement.
    pub signed: bool,
    /// The bits of a sample in which the header says that overlays lie; bit 0 is the lowest.
    pub overlay_bits: u16,
    /// Lowest and highest stored value of samples that hold no measurement (PixelPaddingValue, PixelPaddingRangeLimit).
    pub padding: Option<[i32; 2]>,
}

impl PixelFormat {
    /// True where the lowest stored value is meant to be shown white.
    pub fn is_inverted(&self) -> bool {
        self.photometric == "MONOCHROME1"
    }

    /// How many bits lie below the value by the word of HighBit, as the standard once allowed.
    pub fn bits_below(&self) -> u32 {
        (self.high_bit + 1).saturating_sub(self.bits_stored)
    }
}

/// Where the samples of an instance lie in its file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PixelData {
    /// There are none.
    #[default]
    Absent,
    /// All frames one behind the other.
    Native {
        /// Where they begin, in bytes from the start of the file.
        start: u64,
    },
    /// In fragments of compressed frames.
    Encapsulated {
        /// Where the item of the offset table begins, in bytes from the start of the file.
        start: u64,
    },
}

/// One section as the scanner stored it. What is absent was not stated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Frame number from 1 in a multi-frame file; absent for a classic one.
    pub number: Option<u32>,
    /// ImagePositionPatient: centre of the first voxel, LPS mm.
    pub position: Option<Lps>,
    /// ImageOrientationPatient: direction of a row, then of a column.
    pub orientation: Option<[f64; 6]>,
    /// PixelSpacing in mm: between rows, then between columns.
    pub spacing: Option<[f64; 2]>,
    /// SliceThickness in mm.
    pub thickness: Option<f64>,
    /// EffectiveEchoTime or EchoTime in ms.
    pub echo_time: Option<f64>,
    /// TemporalPositionIndex or TemporalPositionIdentifier.
    pub time_point: Option<u64>,
    /// AcquisitionNumber, or FrameAcquisitionNumber in Enhanced MR.
    pub acquisition_number: Option<u64>,
    /// AcquisitionDate and AcquisitionTime, or FrameAcquisitionDateTime in Enhanced MR; empty where absent.
    pub acquired: String,
    /// TriggerTime, or NominalCardiacTriggerDelayTime in Enhanced MR, in ms.
    pub trigger_time: Option<f64>,
    /// DiffusionBValue in s/mm².
    pub b_value: Option<f64>,
    /// StackID (Enhanced only).
    pub stack_id: String,
    /// FrameType (Enhanced only): takes the place of the file's ImageType.
    pub frame_type: Vec<String>,
    /// AcquisitionContrast (Enhanced only): takes the place of the file's.
    pub contrast: String,
    /// ComplexImageComponent: MAGNITUDE, PHASE, REAL, IMAGINARY.
    pub component: String,
    /// InstanceNumber (classic only): what viewers show beside the picture.
    pub instance_number: Option<i64>,
    /// RescaleSlope; 1 where absent.
    pub slope: f64,
    /// RescaleIntercept; 0 where absent.
    pub intercept: f64,
}

/// SOP classes that can hold an MR volume.
pub mod sop_class {
    /// MR Image Storage.
    pub const MR: &str = "1.2.840.10008.5.1.4.1.1.4";
    /// Enhanced MR Image Storage.
    pub const ENHANCED_MR: &str = "1.2.840.10008.5.1.4.1.1.4.1";
    /// Legacy Converted Enhanced MR Image Storage.
    pub const LEGACY_CONVERTED_MR: &str = "1.2.840.10008.5.1.4.1.1.4.4";
    /// Media Storage Directory Storage: a DICOMDIR.
    pub const DIRECTORY: &str = "1.2.840.10008.1.3.10";

    /// True for the three kinds of MR image.
    pub fn is_mr(uid: &str) -> bool {
        matches!(uid, MR | ENHANCED_MR | LEGACY_CONVERTED_MR)
    }

    /// True for the MR images with functional groups.
    pub fn is_enhanced(uid: &str) -> bool {
        matches!(uid, ENHANCED_MR | LEGACY_CONVERTED_MR)
    }
}
