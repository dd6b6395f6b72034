"""A picture as a classic DICOM MR series."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from .geometry import Grid
from .image import Image

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
ROOT = "2.25."


@dataclass(frozen=True)
class Patient:
    """What the study says of the person; all of it invented."""

    name: str
    id: str
    sex: str
    age: int


@dataclass(frozen=True)
class Protocol:
    """What a series says of its making."""

    description: str
    sequence: str  # ScanningSequence
    variant: str
    repetition_ms: float
    echo_ms: float
    inversion_ms: float | None = None
    options: str = ""
    agent: str = ""
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M", "ND")
    study: str = "SPINE MR PHANTOM"
    maker: tuple[str, str] = ("Cordline phantom", "Drawn, not scanned")


PROTOCOLS = {
    "T2w": Protocol("T2 TSE SAG", "SE", "SK", 3500.0, 102.0),
    "T2w FS": Protocol("T2 TSE FS SAG", "SE", "SK", 3800.0, 98.0, options="FS"),
    "T1w": Protocol("T1 TSE SAG", "SE", "SK", 580.0, 11.0),
    "T1c": Protocol("T1 TSE SAG GD", "SE", "SK", 620.0, 11.0, agent="Gadobutrol"),
    "STIR": Protocol("STIR SAG", "IR", "SK", 4200.0, 58.0, inversion_ms=165.0),
    "T2w axial": Protocol("T2 TSE TRA", "SE", "SK", 4100.0, 96.0),
    "localizer": Protocol("LOCALIZER", "GR", "SP", 8.6, 4.0, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")),
}


def uid(*parts: object) -> UID:
    """A UID that depends on `parts` alone, under the UUID root."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return UID(ROOT + str(int.from_bytes(digest[:16], "big")))


def number(value: float) -> str:
    """A decimal string of at most 16 characters."""
    text = f"{value:.8f}".rstrip("0").rstrip(".")
    return (text if len(text) <= 16 else f"{value:.8e}"[:16]) if text not in ("-0", "") else "0"


def write_series(
    folder: Path,
    image: Image,
    protocol: Protocol,
    patient: Patient,
    seed: str,
    series_number: int,
    body_part: str,
    start_instance: int = 1,
) -> list[Path]:
    """One file a section under `folder`, which is made. `seed` names the study; returns the files in section order."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for k in range(image.grid.shape[0]):
        dataset = instance(image, k, protocol, patient, seed, series_number, body_part, start_instance)
        path = folder / f"IM{start_instance + k:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
    return files


def instance(
    image: Image,
    section: int,
    protocol: Protocol,
    patient: Patient,
    seed: str,
    series_number: int,
    body_part: str,
    start_instance: int,
) -> Dataset:
    grid: Grid = image.grid
    data = Dataset()
    number_ = start_instance + section
    data.SOPClassUID = MR_IMAGE_STORAGE
    data.SOPInstanceUID = uid(seed, series_number, number_)
    data.SpecificCharacterSet = "ISO_IR 100"
    data.ImageType = list(protocol.image_type)
    day, clock = "20260105", f"{90000 + series_number * 400:06d}"
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(data, f"{name}Date", day)
        setattr(data, f"{name}Time", "090000" if name == "Study" else clock)
    data.AccessionNumber = ""
    data.Modality = "MR"
    data.Manufacturer, data.ManufacturerModelName = protocol.maker
    data.DeviceSerialNumber = "0"
    data.SoftwareVersions = "cordline-models"
    data.InstitutionName = ""
    data.ReferringPhysicianName = ""
    data.StudyDescription = protocol.study
    data.SeriesDescription = protocol.description
    data.PatientName, data.PatientID = patient.name, patient.id
    data.PatientBirthDate = f"{2026 - patient.age:04d}0101"
    data.PatientSex = patient.sex
    data.PatientAge = f"{patient.age:03d}Y"
    data.PatientWeight = "70"
    data.BodyPartExamined = body_part
    data.ScanningSequence, data.SequenceVariant = protocol.sequence, protocol.variant
    data.ScanOptions = protocol.options
    data.MRAcquisitionType = "2D"
    data.SequenceName = "phantom"
    data.SliceThickness = number(grid.thickness)
    data.RepetitionTime, data.EchoTime = number(protocol.repetition_ms), number(protocol.echo_ms)
    if protocol.inversion_ms is not None:
        data.InversionTime = number(protocol.inversion_ms)
    data.NumberOfAverages = "2"
    data.ImagingFrequency = "63.87"
    data.ImagedNucleus = "1H"
    data.MagneticFieldStrength = "1.5"
    data.SpacingBetweenSlices = number(grid.spacing[0])
    data.EchoTrainLength = "1" if protocol.sequence == "GR" else "15"
    data.FlipAngle = "20" if protocol.sequence == "GR" else "150"
    data.PatientPosition = "HFS"
    data.ProtocolName = protocol.description
    if protocol.agent:
        data.ContrastBolusAgent = protocol.agent
    data.StudyInstanceUID = uid(seed)
    data.SeriesInstanceUID = uid(seed, series_number)
    data.StudyID = "1"
    data.SeriesNumber, data.InstanceNumber, data.AcquisitionNumber = series_number, number_, 1
    position = grid.origin + section * grid.spacing[0] * grid.axes[0]
    data.ImagePositionPatient = [number(v) for v in position]
    data.ImageOrientationPatient = [number(v) for v in (*grid.axes[2], *grid.axes[1])]
    data.FrameOfReferenceUID = uid(seed, "frame")
    data.PositionReferenceIndicator = ""
    data.SliceLocation = number(float(position @ np.cross(grid.axes[2], grid.axes[1])))
    write_pixels(data, image.voxels[section], grid)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.ImplementationClassUID = uid("cordline-models")
    return pydicom.FileDataset(None, data, file_meta=data.file_meta, preamble=b"\0" * 128)


def write_pixels(data: Dataset, pixels: np.ndarray, grid: Grid) -> None:
    """12 bits in 16, unsigned."""
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape
    data.PixelSpacing = [number(grid.spacing[1]), number(grid.spacing[2])]
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    low, high = np.percentile(pixels, [1, 99.5])
    data.WindowCenter, data.WindowWidth = number(round((low + high) / 2)), number(round(max(high - low, 2)))
    data.PixelData = pixels.astype("<u2").tobytes()
