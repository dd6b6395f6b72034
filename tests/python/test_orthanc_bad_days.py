"""Arrivals on bad days: an archive that is away or broken, studies that nobody can analyse, and too many at once."""

import http.client
import http.server
import json
import re
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pydicom
import pytest
from daemon_process import Daemon
from gateway_process import Gateway
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic
from orthanc_process import ended, wait

pytestmark = pytest.mark.timeout(300)


class Moody(http.server.BaseHTTPRequestHandler):
    """Between the gateway and Orthanc: errors, long pauses, and connections that close, one after the other."""

    protocol_version = "HTTP/1.1"
    behind = 0
    moods: ClassVar[list] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mood = self.moods.pop(0) if self.moods else "fine"
        if mood == "slow":
            time.sleep(4)
        if mood == "error":
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if mood == "closes":
            self.close_connection = True
            return
        with closing(http.client.HTTPConnection("127.0.0.1", self.behind, timeout=30)) as connection:
            connection.request(self.command, self.path, body or None)
            answer = connection.getresponse()
            data = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


def test_what_arrived_while_nobody_listened_is_found_and_a_kill_loses_nothing(orthanc, start_gateway, another):
    gateway = start_gateway()
    gateway.stop()
    studies = [orthanc.send(another(number)) for number in (3, 4)]
    time.sleep(2.5)  # both are stable before anybody looks
    gateway = start_gateway()
    wait(lambda: any(orthanc.note(study) for study in studies), "nothing was begun")
    gateway.process.kill()
    gateway.process.wait()
    start_gateway()
    for study in studies:
        ended(orthanc, study)
        assert orthanc.modalities(study) == ["MR", "SEG", "SR"]


def test_orthanc_may_be_away_for_a_while(orthanc, start_gateway, another):
    start_gateway()
    study = orthanc.send(another(5))
    orthanc.stop()
    time.sleep(2)
    orthanc.start()
    ended(orthanc, study)
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]


def test_an_archive_of_many_moods_gets_its_results_once(orthanc, shared, program, another, tmp_path):
    moods = ["fine", "error", "closes", "slow", "error", "error", "fine", "closes", "fine", "slow"]
    handler = type("Handler", (Moody,), {"behind": orthanc.port, "moods": moods})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    gateway = Gateway(program, shared.endpoint, tmp_path, "--archive", url, "--arrivals", str(tmp_path / "state"))
    try:
        study = orthanc.send(another(12))
        ended(orthanc, study)
        assert moods == [], "every mood was met"
        assert orthanc.modalities(study) == ["MR", "SEG", "SR"]
    finally:
        gateway.stop()
        server.shutdown()


def test_a_request_while_the_study_is_fetched_is_not_lost(orthanc, shared, program, another, tmp_path):
    may_pass = threading.Event()

    class Held(Moody):
        """Gives no image away until it may."""

        behind = orthanc.port

        def do_GET(self) -> None:
            if self.path.endswith("/file"):
                may_pass.wait(20)
            self.answer()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Held)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    gateway = Gateway(program, shared.endpoint, tmp_path, "--archive", url, "--arrivals", str(tmp_path / "state"))
    try:
        study = orthanc.send(another(25))
        wait(lambda: orthanc.note(study) == "queued", "the study is not seen")
        gateway.json("/api/v1/arrivals", "POST", {"study": study, "again": True})
        may_pass.set()
        wait(lambda: '"again":1' in orthanc.note(study, 1025), "it is analysed once only")
        wait(lambda: '"done":true' in orthanc.note(study, 1025), "the second one does not end")
        assert orthanc.modalities(study) == ["MR", "SEG", "SEG", "SR", "SR"]
    finally:
        may_pass.set()
        gateway.stop()
        server.shutdown()


def test_a_study_without_mr_is_left_alone(orthanc, start_gateway, another, tmp_path):
    gateway = start_gateway()
    folder = another(6)
    for file in folder.iterdir():
        ds = pydicom.dcmread(file)
        ds.Modality = "CT"
        ds.save_as(file)
    study = orthanc.send(folder)
    gateway.json("/api/v1/arrivals", "POST", {"study": study})
    time.sleep(3)
    assert orthanc.note(study) == ""
    assert orthanc.modalities(study) == ["CT"]


def test_three_series_to_choose_from_ask_a_person(orthanc, start_gateway, shared, another):
    gateway = start_gateway()
    folder = another(20)
    for number in range(3):
        study = orthanc.send(as_series(folder, number))
    wait(lambda: orthanc.note(study).startswith("needs selection"), lambda: f"nobody asks: {orthanc.note(study)!r}")
    mark = json.loads(orthanc.note(study, 1025))
    candidate = pydicom.dcmread(next(folder.iterdir())).SeriesInstanceUID
    assert orthanc.modalities(study) == ["MR", "MR", "MR"]
    chosen = {"series": candidate}
    gateway.json(f"/api/v1/jobs/{mark['job']}/choose", "POST", chosen)
    with shared.client() as client:
        wait(lambda: client.status(mark["job"])["state"] == "completed", "the choice is not analysed")
    # Told of once more, by a person or by the archive: what was chosen goes back.
    gateway.json("/api/v1/arrivals", "POST", {"study": study})
    wait(lambda: '"done":true' in orthanc.note(study, 1025), "the choice does not go back")
    assert orthanc.modalities(study) == ["MR", "MR", "MR", "SEG", "SR"]


def as_series(folder: Path, number: int) -> Path:
    """The study's series as another one of the same study; `folder` itself holds the last."""
    for file in folder.iterdir():
        ds = pydicom.dcmread(file)
        ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID.split('.7.7.')[0]}.7.7.{number}"
        ds.SOPInstanceUID = f"{ds.SOPInstanceUID.split('.7.7.')[0]}.7.7.{number}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.save_as(file)
    return folder


def test_a_section_is_missing_and_the_study_says_so_until_it_comes(orthanc, start_gateway, another):
    start_gateway()
    folder = another(21)
    middle = sorted(folder.iterdir())[6]
    held_back = middle.read_bytes()
    middle.unlink()
    study = orthanc.send(folder)
    ended(orthanc, study)
    assert orthanc.note(study).startswith("failed: ")
    assert "missing" in orthanc.note(study)
    assert orthanc.modalities(study) == ["MR"]
    orthanc.ask("POST", "/instances", held_back)
    wait(
        lambda: orthanc.note(study).startswith("done: "),
        lambda: f"the late section is not seen: {orthanc.note(study)!r}",
    )
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]


def test_a_note_that_names_what_is_not_ours_removes_nothing(orthanc, start_gateway, another):
    other, study = orthanc.send(another(23)), orthanc.send(another(24))
    named = [orthanc.get(f"/studies/{one}/instances")[0]["ID"] for one in (other, study)]
    forged = {"instances": "0", "job": "", "done": True, "objects": named}
    orthanc.ask("PUT", f"/studies/{study}/metadata/1025", json.dumps(forged).encode())
    start_gateway().json("/api/v1/arrivals", "POST", {"study": study})
    wait(lambda: "SR" in orthanc.modalities(study), "the study is not analysed")
    ended(orthanc, study)
    for instance in named:
        assert orthanc.get(f"/instances/{instance}")["ID"] == instance


def test_a_box_that_is_away_is_said_on_the_study_and_made_up_for(orthanc, program, library, bundle, another, tmp_path):
    daemon = Daemon(program, library, bundle, tmp_path)
    url = f"http://127.0.0.1:{orthanc.port}"
    gateway = Gateway(program, daemon.endpoint, tmp_path, "--archive", url, "--arrivals", str(tmp_path / "state"))
    try:
        study = orthanc.send(another(22))
        wait(lambda: orthanc.note(study) == "queued", "nobody says that it was seen", seconds=6)
        wait(lambda: orthanc.note(study).startswith("waiting: "), "nobody says why nothing happens")
        log = tmp_path / "gateway.log"
        wait(lambda: f"study={study}" in plain(log), lambda: f"the log does not say which study waits: {plain(log)}")
        daemon.start()
        ended(orthanc, study)
        assert orthanc.note(study).startswith("done: ")
    finally:
        gateway.stop()
        daemon.stop()


def plain(log: Path) -> str:
    """A log without its colours."""
    return re.sub("\x1b\\[[0-9;]*m", "", log.read_text())


def test_two_hundred_studies_at_once_are_each_analysed_once_and_an_urgent_one_first(
    orthanc, start_gateway, shared, tmp_path
):
    start_gateway().stop()
    grid = sagittal_grid(shape=(7, 136, 128), spacing=(4.5, 1.2, 1.2))
    voxels = draw(grid)
    studies = []
    for number in range(200):
        series = classic(voxels, grid, Protocol(study=f"crowd-{number}", series=f"crowd-{number}"))
        studies.append(orthanc.send_all(series))
    gateway = start_gateway()
    wait(lambda: orthanc.note(studies[0], 1025), "nothing was begun")
    for _ in range(3):
        gateway.json("/api/v1/arrivals", "POST", {"study": studies[-1], "priority": "urgent"})
    ended(orthanc, studies[-1])
    open_then = sum('"done":true' not in orthanc.note(study, 1025) for study in studies)
    assert open_then > 100, "the urgent one did not go first"
    marks = []
    for study in studies:
        wait(lambda study=study: '"done":true' in orthanc.note(study, 1025), f"no end of {study}", seconds=200)
        marks.append(json.loads(orthanc.note(study, 1025)))
    assert {orthanc.note(study)[:5] for study in studies} == {"done:"}, orthanc.note(studies[0])
    assert len({mark["job"] for mark in marks}) == 200
    kinds = Counter(series["MainDicomTags"]["Modality"] for series in orthanc.get("/series?expand"))
    assert kinds == {"MR": 200, "SEG": 200, "SR": 200}


def test_a_study_that_was_not_yet_stable_when_the_archive_was_killed_is_found(orthanc, start_gateway, another):
    """Orthanc forgets with its process which studies it was waiting for."""
    first = start_gateway() and orthanc.send(another(71))
    ended(orthanc, first)
    study = orthanc.send(another(72))
    orthanc.process.kill()
    orthanc.process.wait()
    assert not any(
        change["ChangeType"] == "StableStudy" and change["ID"] == study
        for change in orthanc.start().get("/changes?limit=1000")["Changes"]
    ), "killed too late"
    assert ended(orthanc, study)["done"]
    # And what was there before is not begun again.
    assert len(orthanc.modalities(first)) == len(orthanc.modalities(study))
