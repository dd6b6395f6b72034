"""A correction in OHIF that outlives what the viewer does to its labelmap, and a brush that goes with the reader."""

import json

import numpy as np
import pydicom
import pytest
from chromium import drive, labels
from daemon_process import Daemon
from ohif_studies import study_uid, whole_study
from orthanc_process import ended
from test_ohif import events_of, masks_of, panel, pictures, serve, version

__all__ = ["panel", "pictures", "version"]
pytestmark = pytest.mark.timeout(400)


def test_strokes_outlive_a_way_to_the_list_of_studies(version, orthanc, program, library, bundle, tmp_path, pictures):
    daemon = Daemon(program, library, bundle, tmp_path)
    daemon.start()
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[arrivals]\nstate = "{tmp_path}/state"\n')
    gateway = serve(program, daemon, tmp_path / "g", orthanc, version, "--config", settings)
    try:
        files = whole_study(tmp_path / "studies", "whole")
        for file in files:
            stored = json.loads(orthanc.ask("POST", "/instances", file.read_bytes()))
        ended(orthanc, stored["ParentStudy"])
        words = (f"http://127.0.0.1:{gateway.port}", gateway.submitter, study_uid(files), pictures)
        saw = drive("correction.mjs", *words)
        corrected, matrix = masks_of(events_of(daemon, "mask"))
    finally:
        gateway.stop()
        daemon.stop()

    origins = {str(ds.SOPInstanceUID): ds for ds in (pydicom.dcmread(file, stop_before_pixels=True) for file in files)}
    section = {sop: np.linalg.solve(matrix, [*origins[sop].ImagePositionPatient, 1])[2] for sop in saw["painted"]}
    sops = sorted(section, key=section.get)
    before, painted, back = (labels(saw[name], sops, corrected.shape) for name in ("before", "painted", "came_back"))
    assert 0 < np.count_nonzero(painted) < np.count_nonzero(before)
    # Made anew by the panel, with the reader's strokes and what they left unlocked; and that is what is classified.
    assert np.array_equal(back, painted)
    assert saw["locks"] == ["Unlocked"] * 2
    assert np.array_equal(corrected, painted > 0)
    # In a stack and in MPR; a panel that is built anew begins with the brush; then the viewer has its own tool back.
    own, *painters, then = saw["tools"]
    assert painters == ["CircularEraser", "CircularEraser", "CircularBrush"]
    assert then == own
    assert "first" in saw["blocked"], "no other job during a correction"
    assert [error for error in saw["errors"] if "404" not in error and "calculateSegmentsStatistics" not in error] == []
