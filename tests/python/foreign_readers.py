"""What others make of our DICOM objects: dciodvfy, dcmqi and highdicom, and how their voxels map onto ours."""

import json
import subprocess
from pathlib import Path

import dcmqi
import highdicom as hd
import nibabel
import numpy as np
import pydicom
from pydicom.uid import ParametricMapStorage

TIME_LIMIT_S = 60
LPS_OF_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

# dciodvfy of 2022 does not know QUANTITY, which PS3.3 C.8.32.2 has for parametric maps.
UNKNOWN_TO_DCIODVFY = {
    f"Warning - Unrecognized defined term <QUANTITY> for value 4 of attribute <{attribute}>"
    for attribute in ("Image Type", "Frame Type")
}


def complaints(path: Path) -> list[str]:
    """Every error and warning of dciodvfy, but for UNKNOWN_TO_DCIODVFY in a parametric map."""
    done = subprocess.run(["dciodvfy", path], capture_output=True, text=True, timeout=TIME_LIMIT_S)
    lines = (done.stdout + done.stderr).splitlines()
    assert lines, "dciodvfy names at least the IOD"
    found = [line for line in lines if line.startswith(("Error", "Warning"))]
    sop_class = pydicom.dcmread(path, specific_tags=["SOPClassUID"]).SOPClassUID
    return [line for line in found if sop_class != ParametricMapStorage or line not in UNKNOWN_TO_DCIODVFY]


def run_dcmqi(tool: str, *arguments) -> None:
    program = Path(dcmqi.__file__).parent / "bin" / tool
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=TIME_LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr, done.stdout + done.stderr


def affine_of(shape, spacing, origin, axes) -> np.ndarray:
    """Voxel index (section, row, column, 1) to LPS mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = (np.asarray(axes) * np.asarray(spacing)[:, None]).T
    matrix[:3, 3] = origin
    return matrix


def onto_grid(voxels: np.ndarray, affine: np.ndarray, grid: np.ndarray, shape) -> np.ndarray:
    """The same voxels in the order of another grid; every voxel centre must fall on one of that grid's."""
    to_grid = np.linalg.inv(grid) @ affine
    index = np.einsum("ij,j...->i...", to_grid[:3, :3], np.indices(voxels.shape)) + to_grid[:3, 3][:, None, None, None]
    nearest = np.rint(index).astype(int)
    assert np.abs(index - nearest).max() < 0.01, "voxel centres lie elsewhere"
    assert (nearest.min(axis=(1, 2, 3)) >= 0).all(), "voxels outside of the grid"
    assert (nearest.max(axis=(1, 2, 3)) < shape).all(), "voxels outside of the grid"
    found = np.full(shape, 0, voxels.dtype)
    found[tuple(nearest)] = voxels
    return found


def segments_by_highdicom(path: Path, grid: np.ndarray, shape) -> dict[int, np.ndarray]:
    """Mask of each segment on the grid."""
    segmentation = hd.seg.segread(path)
    volume = segmentation.get_volume(combine_segments=False)
    assert volume.spatial_shape == tuple(shape)
    return {
        number: onto_grid(volume.array[..., i].astype(bool), volume.affine, grid, shape)
        for i, number in enumerate(segmentation.segment_numbers)
    }


def _by_dcmqi(file: Path, grid: np.ndarray, shape) -> np.ndarray:
    image = nibabel.load(file)
    return onto_grid(np.asarray(image.dataobj), LPS_OF_RAS @ image.affine, grid, shape)


def segments_by_dcmqi(path: Path, folder: Path, grid: np.ndarray, shape) -> tuple[dict[int, np.ndarray], list[dict]]:
    """Mask of each segment on the grid, and what dcmqi says of the segments."""
    folder.mkdir(parents=True)
    run_dcmqi(
        "segimage2itkimage",
        *("--inputDICOM", path, "--outputDirectory", folder, "--prefix", "segment", "--outputType", "nii"),
    )
    meta = json.loads((folder / "segment-meta.json").read_text())
    masks, attributes = {}, []
    for group, segments in enumerate(meta["segmentAttributes"], start=1):
        voxels = _by_dcmqi(folder / f"segment-{group}.nii.gz", grid, shape)
        for segment in segments:
            masks[int(segment["SegmentLabel"].removeprefix("Lesion "))] = voxels == segment["labelID"]
            attributes.append(segment)
    return masks, attributes


def map_by_highdicom(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Real-world values of a parametric map, and its affine (LPS)."""
    volume = hd.pm.ParametricMap.from_dataset(pydicom.dcmread(path)).get_volume(dtype=np.float64)
    return volume.array, volume.affine


def map_by_dcmqi(path: Path, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The same by dcmqi."""
    folder.mkdir(parents=True)
    run_dcmqi(
        "paramap2itkimage",
        *("--inputDICOM", path, "--outputDirectory", folder, "--prefix", "map", "--outputType", "nii"),
    )
    image = nibabel.load(folder / "map-pmap.nii.gz")
    return np.asarray(image.dataobj), LPS_OF_RAS @ image.affine


def report_by_dcmqi(path: Path, folder: Path) -> dict:
    """TID 1500 as dcmqi's reader understands it."""
    folder.mkdir(parents=True)
    run_dcmqi("tid1500reader", "--inputDICOM", path, "--outputMetadata", folder / "report.json")
    return json.loads((folder / "report.json").read_text())


def items(container: pydicom.Dataset, name: str, value_type: str) -> list[pydicom.Dataset]:
    """Content items right below a container, by meaning of their name."""
    return [
        item
        for item in container.ContentSequence
        if item.ValueType == value_type
        and "ConceptNameCodeSequence" in item
        and item.ConceptNameCodeSequence[0].CodeMeaning == name
    ]


def texts(container: pydicom.Dataset) -> list[str]:
    """All text of a report, depth first."""
    found = [container.TextValue] if container.get("ValueType") == "TEXT" else []
    for item in container.get("ContentSequence", []):
        found += texts(item)
    return found
