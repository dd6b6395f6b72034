"""From DICOM files to a volume: the straightforward way, with pydicom."""

import io
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom


class NoSeries(ValueError):
    """No series of the input is a sagittal T2-weighted one."""


def datasets(inputs: list[Path]) -> list[pydicom.Dataset]:
    """Every DICOM file among files, folders and ZIP archives."""
    found = []
    for path in inputs:
        for member in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            if zipfile.is_zipfile(member):
                with zipfile.ZipFile(member) as archive:
                    files = [io.BytesIO(archive.read(name)) for name in archive.namelist() if not name.endswith("/")]
            else:
                files = [member]
            for file in files:
                try:
                    found.append(pydicom.dcmread(file))
                except pydicom.errors.InvalidDicomError:
                    continue
    return found


def is_sagittal_t2w(series: list[pydicom.Dataset]) -> bool:
    """The main rules only: plane, echo and repetition time, number of sections, no localizer, no gradient echo."""
    ds = series[0]
    if ds.Modality != "MR" or "LOCALIZER" in ds.get("ImageType", []) or len(series) < 5:
        return False
    orientation = np.array(ds.ImageOrientationPatient, float)
    sagittal = abs(np.cross(orientation[:3], orientation[3:])[0]) >= 0.707
    t2w = float(ds.EchoTime) >= 60 and float(ds.RepetitionTime) >= 1000 and "GR" not in ds.ScanningSequence
    spine = ds.get("BodyPartExamined", "") not in ("KNEE", "BRAIN", "HEAD")
    return sagittal and t2w and spine


def choose(found: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    """The sagittal T2-weighted series with most sections."""
    series = defaultdict(list)
    for ds in found:
        if "PixelData" in ds:
            series[ds.SeriesInstanceUID].append(ds)
    fitting = [s for s in series.values() if is_sagittal_t2w(s)]
    if not fitting:
        raise NoSeries("no sagittal T2-weighted series of the spine")
    return max(fitting, key=len)


def volume(series: list[pydicom.Dataset]) -> tuple[np.ndarray, list[pydicom.Dataset], np.ndarray]:
    """Voxels (section, row, column) after rescaling, data sets in that order, and spacing in mm, section first."""
    orientation = np.array(series[0].ImageOrientationPatient, float)
    normal = np.cross(orientation[:3], orientation[3:])
    series = sorted(series, key=lambda ds: float(np.dot(normal, np.array(ds.ImagePositionPatient, float))))
    places = [np.dot(normal, np.array(ds.ImagePositionPatient, float)) for ds in series]
    voxels = np.stack(
        [
            ds.pixel_array.astype(np.float32) * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))
            for ds in series
        ]
    )
    spacing = np.array([np.mean(np.diff(places)), *map(float, series[0].PixelSpacing)])
    return voxels, series, spacing
