"""A verdict in OHIF: shown to the next reader with name and reason, taken back, and closed to who may only look."""

import json

import pytest
from chromium import drive
from daemon_process import Daemon
from ohif_studies import study_uid, whole_study
from orthanc_process import ended
from test_ohif import VERSIONS, panel, serve

__all__ = ["panel"]
pytestmark = pytest.mark.timeout(400)


def test_the_next_reader_sees_what_the_last_one_said(orthanc, program, library, bundle, tmp_path):
    daemon = Daemon(program, library, bundle, tmp_path)
    daemon.start()
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[arrivals]\nstate = "{tmp_path}/state"\nheat_maps = true\n')
    gateway = serve(program, daemon, tmp_path / "g", orthanc, VERSIONS[-1], "--config", settings)
    try:
        first, second = (gateway.token("submitter", name=name) for name in ("R. Meyer", "S. Okafor"))
        files = whole_study(tmp_path / "studies", "whole")
        for file in files:
            stored = json.loads(orthanc.ask("POST", "/instances", file.read_bytes()))
        ended(orthanc, stored["ParentStudy"])
        words = (f"http://127.0.0.1:{gateway.port}", first, second, gateway.viewer, study_uid(files), tmp_path)
        saw = drive("verdict.mjs", *words)
    finally:
        gateway.stop()
        daemon.stop()
    for told in (saw["own"], saw["next"]):
        assert told.startswith("Rejected by R. Meyer, ")
        assert told.endswith(": too large, see section 5")
    assert saw["pressed"] == "true"
    assert saw["focused"] == "cordline-accept"
    assert saw["then"].startswith("Accepted by S. Okafor, ")
    assert saw["looking"] == saw["then"]
    for name, (disabled, why) in saw["disabled"].items():
        assert disabled, name
        assert "submitter" in why, name
    assert [error for error in saw["errors"] if "404" not in error] == []
