"""MR series for the tests: a volume of voxels on a grid, written as the DICOM objects that scanners write."""

import hashlib
import subprocess
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
)

TRANSFER_SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "rle": RLELossless,
    "jpeg-lossless": JPEGLosslessSV1,
    "jpeg-2000": JPEG2000Lossless,
    "jpeg-ls": JPEGLSLossless,
}


@dataclass(frozen=True)
class Grid:
    """Where the voxels lie. Array order (section, row, column); LPS, mm.

    `axes` holds the unit vectors along which the section, row and column index grow; `origin` is the centre of the
    first voxel.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    axes: np.ndarray

    def position(self, index) -> np.ndarray:
        """Patient position of a voxel index; fractions are allowed."""
        return np.asarray(self.origin) + (np.asarray(index) * self.spacing) @ self.axes

    def positions(self) -> np.ndarray:
        """Patient position of every voxel, (section, row, column, 3)."""
        return self.position(np.stack(np.indices(self.shape), axis=-1))

    def flipped(self) -> "Grid":
        """The same voxel centres with the section index running the other way: the other handedness."""
        last = tuple(self.position((self.shape[0] - 1, 0, 0)))
        return Grid(self.shape, self.spacing, last, self.axes * [[-1], [1], [1]])


@dataclass(frozen=True)
class Protocol:
    """What the scanner says of a series; the defaults are a sagittal T2-weighted turbo spin echo of the spine."""

    description: str = "T2 TSE sag spine"
    body_part: str = "SPINE"
    sequence: str = "SE"
    variant: str = "SK"
    acquisition: str = "2D"
    repetition_ms: float = 3500.0
    echo_ms: float = 105.0
    thickness_mm: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    signed: bool = False
    patient: str = "phantom"
    study: str = "study"
    series: str = "series"
    number: int = 1
    manufacturer: str = "Drawn"
    extra: dict = field(default_factory=dict)


SAGITTAL_T2 = Protocol()


def uid(*words) -> UID:
    """A UID that is the same for the same words."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def _meta(sop_class: str, instance: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("cordline tests")
    return meta


def _common(protocol: Protocol, sop_class: str, instance: UID, stored: np.ndarray) -> Dataset:
    p = protocol
    ds = Dataset()
    ds.file_meta = _meta(sop_class, instance)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, instance
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20260105"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101500"
    ds.AccessionNumber = ""
    ds.Modality = "MR"
    ds.Manufacturer = p.manufacturer
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = "MR spine"
    ds.SeriesDescription = ds.ProtocolName = p.description
    ds.PatientName, ds.PatientID = f"{p.patient}^test", p.patient
    ds.PatientBirthDate, ds.PatientSex = "", ""
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "Never held an identity"
    ds.BodyPartExamined = p.body_part
    ds.PatientPosition = "HFS"
    ds.StudyInstanceUID = uid(p.patient, p.study)
    ds.SeriesInstanceUID = uid(p.patient, p.study, p.series)
    ds.FrameOfReferenceUID = uid(p.patient, p.study, "frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber = "1", p.number, 1
    ds.MagneticFieldStrength = 3.0
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape[-2:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    ds.PixelRepresentation = int(p.signed)
    return ds


def _stored(volume: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Stored values of voxel values, by the inverse of the rescale."""
    stored = np.rint((volume - protocol.intercept) / protocol.slope)
    kind = np.dtype("<i2") if protocol.signed else np.dtype("<u2")
    limits = np.iinfo(kind)
    assert stored.min() >= limits.min, "voxel values do not fit the stored type"
    assert stored.max() <= limits.max, "voxel values do not fit the stored type"
    return stored.astype(kind)


def _ds(values) -> list[str]:
    return [pydicom.valuerep.format_number_as_ds(float(v) + 0.0) for v in values]


def classic(volume: np.ndarray, grid: Grid, protocol: Protocol = SAGITTAL_T2) -> list[Dataset]:
    """One MR Image Storage object a section, in the order of the sections."""
    p, stored, found = protocol, _stored(volume, protocol), []
    for k, section in enumerate(stored):
        ds = _common(p, MRImageStorage, uid(p.patient, p.study, p.series, k), section)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = p.sequence, p.variant, ""
        ds.MRAcquisitionType = p.acquisition
        ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength = p.repetition_ms, p.echo_ms, 16
        ds.SliceThickness = p.thickness_mm or grid.spacing[0]
        ds.SpacingBetweenSlices = grid.spacing[0]
        ds.InstanceNumber = k + 1
        ds.ImagePositionPatient = _ds(grid.position((k, 0, 0)))
        ds.ImageOrientationPatient = _ds([*grid.axes[2], *grid.axes[1]])
        ds.PixelSpacing = _ds(grid.spacing[1:])
        if (p.slope, p.intercept) != (1.0, 0.0):
            ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = p.intercept, p.slope, "US"
        for name, value in p.extra.items():
            setattr(ds, name, value)
        ds.PixelData = section.tobytes()
        ds["PixelData"].VR = "OW"
        found.append(ds)
    return found


def _item(**attributes) -> Dataset:
    ds = Dataset()
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def enhanced(volume: np.ndarray, grid: Grid, protocol: Protocol = SAGITTAL_T2) -> Dataset:
    """One Enhanced MR Image Storage object with a frame for each section."""
    p, stored = protocol, _stored(volume, protocol)
    ds = _common(p, EnhancedMRImageStorage, uid(p.patient, p.study, p.series, "enhanced"), stored)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "T2", "NONE"]
    ds.InstanceNumber = 1
    ds.NumberOfFrames = len(stored)
    ds.AcquisitionDateTime, ds.AcquisitionDuration = "20260105101500", 180.0
    ds.ManufacturerModelName, ds.DeviceSerialNumber, ds.SoftwareVersions = "Pencil", "1", "1"
    ds.AcquisitionContrast, ds.PulseSequenceName = "T2", "tse"
    ds.EchoPulseSequence, ds.MRAcquisitionType, ds.MultipleSpinEcho = "SPIN", p.acquisition, "NO"
    ds.MultiPlanarExcitation = ds.PhaseContrast = ds.TimeOfFlightContrast = ds.ArterialSpinLabelingContrast = "NO"
    ds.SteadyStatePulseSequence = ds.SpectrallySelectedExcitation = ds.SpectrallySelectedSuppression = "NONE"
    ds.EchoPlanarPulseSequence, ds.SaturationRecovery, ds.GeometryOfKSpaceTraversal = "NO", "NO", "RECTILINEAR"
    ds.RectilinearPhaseEncodeReordering, ds.SegmentedKSpaceTraversal, ds.ResonantNucleus = "LINEAR", "PARTIAL", "1H"
    ds.PixelPresentation, ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "MONOCHROME", "VOLUME", "NONE"
    ds.ComplexImageComponent = "MAGNITUDE"
    ds.ContentQualification, ds.LossyImageCompression, ds.BurnedInAnnotation = "RESEARCH", "00", "NO"
    ds.PresentationLUTShape, ds.AcquisitionContextSequence = "IDENTITY", []

    shared = Dataset()
    shared.PixelMeasuresSequence = [
        _item(
            PixelSpacing=_ds(grid.spacing[1:]),
            SliceThickness=p.thickness_mm or grid.spacing[0],
            SpacingBetweenSlices=grid.spacing[0],
        )
    ]
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=_ds([*grid.axes[2], *grid.axes[1]]))]
    shared.PixelValueTransformationSequence = [
        _item(RescaleIntercept=p.intercept, RescaleSlope=p.slope, RescaleType="US")
    ]
    region = _item(CodeValue="421060004", CodingSchemeDesignator="SCT", CodeMeaning="Vertebral column")
    shared.FrameAnatomySequence = [_item(FrameLaterality="U", AnatomicRegionSequence=[region])]
    shared.MRImageFrameTypeSequence = [
        _item(
            FrameType=["ORIGINAL", "PRIMARY", "T2", "NONE"],
            PixelPresentation="MONOCHROME",
            VolumetricProperties="VOLUME",
            VolumeBasedCalculationTechnique="NONE",
            ComplexImageComponent="MAGNITUDE",
            AcquisitionContrast="T2",
        )
    ]
    shared.MRTimingAndRelatedParametersSequence = [
        _item(
            RepetitionTime=p.repetition_ms,
            FlipAngle=150,
            EchoTrainLength=16,
            RFEchoTrainLength=16,
            GradientEchoTrainLength=0,
        )
    ]
    shared.MREchoSequence = [_item(EffectiveEchoTime=p.echo_ms)]
    ds.SharedFunctionalGroupsSequence = [shared]

    organisation = uid(p.patient, p.study, p.series, "dimensions")
    ds.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=organisation)]
    ds.DimensionIndexSequence = [
        _item(
            DimensionOrganizationUID=organisation,
            DimensionIndexPointer=pydicom.tag.Tag("InStackPositionNumber"),
            FunctionalGroupPointer=pydicom.tag.Tag("FrameContentSequence"),
        )
    ]
    frames = []
    for k in range(len(stored)):
        content = _item(StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=k + 1)
        content.FrameAcquisitionDateTime = content.FrameReferenceDateTime = "20260105101500"
        content.FrameAcquisitionDuration = 180.0
        frames.append(
            _item(
                FrameContentSequence=[content],
                PlanePositionSequence=[_item(ImagePositionPatient=_ds(grid.position((k, 0, 0))))],
            )
        )
    ds.PerFrameFunctionalGroupsSequence = frames
    for name, value in p.extra.items():
        setattr(ds, name, value)
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def encoded(ds: Dataset, syntax: str) -> bytes:
    """The whole Part 10 file of a data set in one of TRANSFER_SYNTAXES."""
    target = TRANSFER_SYNTAXES[syntax]
    if target in (RLELossless, JPEG2000Lossless, JPEGLSLossless):
        ds = pydicom.dcmread(BytesIO(encoded(ds, "explicit")))
        ds.compress(target, generate_instance_uid=False)
    elif target == JPEGLosslessSV1:
        return _dcmcjpeg(encoded(ds, "explicit"))
    buffer = BytesIO()
    meta = FileMetaDataset()
    meta.update(ds.file_meta)
    meta.TransferSyntaxUID = target
    out = FileDataset(buffer, ds, preamble=b"\0" * 128, file_meta=meta)
    out.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _dcmcjpeg(file: bytes) -> bytes:
    # Written by dcmtk: pydicom cannot encode JPEG lossless. +un keeps the SOP instance UID.
    run = subprocess.run(["dcmcjpeg", "+e1", "+un", "-", "-"], input=file, capture_output=True, timeout=60)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout


def save(datasets: list[Dataset], folder: Path, syntax: str = "explicit", names: list[str] | None = None) -> list[Path]:
    """Writes each data set into a file of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, ds in enumerate(datasets):
        path = folder / (names[k] if names else f"IM{k + 1:04d}.dcm")
        path.write_bytes(encoded(ds, syntax))
        paths.append(path)
    return paths


def save_zip(datasets: list[Dataset], path: Path, syntax: str = "explicit") -> Path:
    """Writes the data sets into a ZIP archive whose bytes are the same each time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for k, ds in enumerate(datasets):
            member = zipfile.ZipInfo(f"{path.stem}/IM{k + 1:04d}.dcm", (2026, 1, 5, 10, 15, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, encoded(ds, syntax), compresslevel=9)
    return path
