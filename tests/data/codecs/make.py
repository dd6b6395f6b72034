"""Writes the compressed fixtures of this folder: one small drawn image in each compression that Cordline reads."""

import subprocess
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import JPEG2000, ExplicitVRLittleEndian, JPEG2000Lossless, MRImageStorage

HERE = Path(__file__).parent
ROWS, COLUMNS = 72, 68


def image(signed: bool) -> Dataset:
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    stored = (row * 100 + column * 7) % 4096 - (1000 if signed else 0)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.7.{int(signed)}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.826.7.8", "1.2.826.7.9", "MR"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 13, 12, int(signed)
    ds.PixelData = stored.astype("<i2").tobytes()
    return ds


def patches() -> Dataset:
    """Flat patches between rough ones: runs of equal samples, and what ends them."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    rough = (row * row * 31 + column * column * 17 + row * column * 7) % 4096
    ds = image(signed=False)
    ds.PixelData = np.where((row // 9 + column // 11) % 2 == 0, 300, rough).astype("<u2").tobytes()
    return ds


def main() -> None:
    for signed in (False, True):
        name = "signed" if signed else "unsigned"
        plain = HERE / "plain.dcm"
        image(signed).save_as(plain, enforce_file_format=True)
        for option, syntax in (("+el", "57"), ("+e1", "70")):
            subprocess.run(["dcmcjpeg", option, "+un", plain, HERE / f"jpeg-{syntax}-{name}.dcm"], check=True)
        subprocess.run(["dcmcjpls", "+un", plain, HERE / f"jpegls-80-{name}.dcm"], check=True)
        plain.unlink()
        for uid, syntax in ((JPEG2000Lossless, "90"), (JPEG2000, "91")):
            ds = image(signed)
            ds.compress(uid, **({} if uid == JPEG2000Lossless else {"j2k_cr": [1]}))
            ds.save_as(HERE / f"jpeg2000-{syntax}-{name}.dcm", enforce_file_format=True)
    patches().save_as(plain, enforce_file_format=True)
    for options, syntax in (("+el",), "80"), (("+en", "+md", "3"), "81"):
        subprocess.run(["dcmcjpls", *options, "+un", plain, HERE / f"jpegls-{syntax}-patches.dcm"], check=True)
    plain.unlink()


if __name__ == "__main__":
    main()
