"""Has a study analysed as the Slicer extension does, and saves where in the patient Slicer draws lesion.

    .venv-slicer/bin/python tests/slicer/mask_of_study.py ENDPOINT FOLDER DESCRIPTION voxels|files OUT.npy

OUT holds (n, 3) of LPS positions in mm. For tests in another Python than Slicer's core has (tests/python).
"""

import sys
from pathlib import Path

import numpy as np
from conftest import APPLICATION  # noqa: F401  starts Slicer's core
from CordlineLib import request
from CordlineLib.analysis import Analysis
from volumes import load_dicom, mask_in, places_of, to_the_end


def main(endpoint: str, folder: str, description: str, way: str, out: str) -> None:
    volume = load_dicom(Path(folder), description)
    analysis = Analysis(request.from_volumes(volume, None, "routine", way == "files"), endpoint, "")
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    if analysis.problem is not None:
        sys.exit(str(analysis.problem))
    np.save(out, places_of(mask_in(analysis.record.segmentation, volume), volume))


if __name__ == "__main__":
    main(*sys.argv[1:])
