"""Old studies are left alone until somebody asks; whoever asks gets a real analysis, and nothing new is missed."""

import json
import os
import shutil
import subprocess
import time

import pydicom
import pytest
from daemon_process import free_port
from gateway_process import Gateway
from orthanc_process import Orthanc, ended, wait

pytestmark = pytest.mark.timeout(180)


def stable(orthanc: Orthanc, study: str) -> str:
    wait(lambda: orthanc.get(f"/studies/{study}")["IsStable"], "the study does not become stable")
    wait(
        lambda: any(
            change["ChangeType"] == "StableStudy" and change["ID"] == study
            for change in orthanc.get("/changes?limit=1000000")["Changes"]
        ),
        "the archive does not list it",
    )
    return study


def new_job(orthanc: Orthanc, study: str, before: dict) -> dict:
    """The note of the analysis after `before`."""

    def is_another() -> bool:
        text = orthanc.note(study, 1025)
        return '"done":true' in text and json.loads(text)["job"] != before["job"]

    wait(is_another, lambda: f"nothing is analysed anew: {orthanc.note(study)!r}, {orthanc.note(study, 1025)!r}")
    return json.loads(orthanc.note(study, 1025))


def sops(orthanc: Orthanc, study: str, modality: str) -> set[str]:
    found = set()
    for series in orthanc.get(f"/studies/{study}/series"):
        if series["MainDicomTags"]["Modality"] == modality:
            found |= {orthanc.get(f"/instances/{i}")["MainDicomTags"]["SOPInstanceUID"] for i in series["Instances"]}
    return found


def test_a_new_folder_of_arrivals_begins_now(orthanc, start_gateway, another):
    old = [stable(orthanc, orthanc.send(another(number))) for number in (60, 61)]
    gateway = start_gateway()
    new = orthanc.send(another(62))
    ended(orthanc, new)
    time.sleep(2)
    assert [orthanc.note(study) for study in old] == ["", ""]
    assert [orthanc.modalities(study) for study in old] == [["MR"], ["MR"]]
    assert "from now on" in (gateway.folder / "gateway.log").read_text()


def test_what_arrives_while_the_gateway_is_down_is_found(orthanc, start_gateway, another):
    gateway = start_gateway()
    first = orthanc.send(another(63))
    ended(orthanc, first)
    gateway.process.kill()
    gateway.process.wait()
    missed = stable(orthanc, orthanc.send(another(64)))
    start_gateway()
    ended(orthanc, missed)
    assert orthanc.modalities(missed) == ["MR", "SEG", "SR"]


def test_a_first_start_before_the_archive_s_own_misses_nothing(orthanc, start_gateway, another):
    old = stable(orthanc, orthanc.send(another(65)))
    orthanc.stop()
    time.sleep(1.1)
    start_gateway(archive_is_up=False)
    time.sleep(1)
    orthanc.start()
    new = orthanc.send(another(66))
    ended(orthanc, new)
    assert orthanc.note(old) == ""


@pytest.mark.parametrize("down", [False, True], ids=["gateway up", "gateway down"])
def test_an_archive_that_was_put_back_from_a_copy_shows_its_new_studies_and_no_old_ones(
    orthanc, start_gateway, another, down
):
    old = stable(orthanc, orthanc.send(another(70)))
    orthanc.stop()
    copy = shutil.copytree(orthanc.folder / "db", orthanc.folder / "copy")
    orthanc.start()
    gateway = start_gateway()
    seen = [orthanc.send(another(number)) for number in (71, 72)]
    for study in seen:
        ended(orthanc, study)
    if down:
        gateway.process.kill()
        gateway.process.wait()
    orthanc.stop()
    shutil.rmtree(orthanc.folder / "db")
    copy.rename(orthanc.folder / "db")
    orthanc.start()
    new = stable(orthanc, orthanc.send(another(73)))
    if down:
        start_gateway()
    ended(orthanc, new)
    assert orthanc.modalities(new) == ["MR", "SEG", "SR"]
    assert orthanc.note(old) == "", "an old study is nobody's wish"


def test_an_archive_that_was_emptied_and_filled_beyond_is_read_from_its_beginning(orthanc, start_gateway, another):
    gateway = start_gateway()
    ended(orthanc, orthanc.send(another(74)))
    gateway.process.kill()
    gateway.process.wait()
    last = orthanc.get("/changes?last")["Last"]
    orthanc.stop()
    shutil.rmtree(orthanc.folder / "db")
    time.sleep(1.1)
    orthanc.start()
    first = stable(orthanc, orthanc.send(another(75)))
    number = 76
    while orthanc.get("/changes?last")["Last"] <= last:
        stable(orthanc, orthanc.send(another(number)))
        number += 1
    start_gateway()
    ended(orthanc, first)
    assert orthanc.modalities(first) == ["MR", "SEG", "SR"]


def test_a_place_in_the_list_that_cannot_be_read_begins_now_and_says_so(orthanc, start_gateway, another):
    old = stable(orthanc, orthanc.send(another(90)))
    time.sleep(1.1)
    state = orthanc.folder.parent / "gateway" / "state"
    state.mkdir(parents=True)
    (state / "changes").write_text("seven")
    gateway = start_gateway()
    wait(lambda: (state / "changes").read_text() != "seven", "the gateway does not begin")
    time.sleep(1)
    ended(orthanc, orthanc.send(another(91)))
    assert orthanc.note(old) == ""
    log = (gateway.folder / "gateway.log").read_text()
    assert "how far the list of changes was read cannot be told" in log


def test_a_deleted_note_has_the_study_analysed_anew(orthanc, start_gateway, shared, another):
    start_gateway()
    study = orthanc.send(another(80))
    first = ended(orthanc, study)
    earlier = {modality: sops(orthanc, study, modality) for modality in ("SEG", "SR")}
    jobs = [first["job"]]
    for _ in range(2):
        before = json.loads(orthanc.note(study, 1025))
        orthanc.ask("DELETE", f"/studies/{study}/metadata/1025")
        jobs.append(new_job(orthanc, study, before)["job"])
    assert len(set(jobs)) == 3
    with shared.client() as client:
        assert [client.status(job)["state"] for job in jobs] == ["completed"] * 3
    for modality, known in earlier.items():
        assert sops(orthanc, study, modality) - known, f"the new {modality} is an object of its own"


def test_a_note_that_is_deleted_while_the_study_is_analysed_counts_too(orthanc, start_gateway, shared, another):
    start_gateway()
    study = orthanc.send(another(81))
    wait(lambda: orthanc.note(study, 1025), "nothing was begun")
    begun = json.loads(orthanc.note(study, 1025))
    orthanc.ask("DELETE", f"/studies/{study}/metadata/1025")
    assert new_job(orthanc, study, begun)["again"] == 1


def test_rerun_by_an_administrator_by_a_program_and_for_a_study_older_than_the_gateway(
    orthanc, start_gateway, program, another, tmp_path
):
    folder = another(82)
    uid = pydicom.dcmread(next(folder.iterdir())).StudyInstanceUID
    old = stable(orthanc, orthanc.send(folder))
    gateway = start_gateway()
    settings = tmp_path / "archive.toml"
    settings.write_text(f'[archive]\nurl = "http://127.0.0.1:{orthanc.port}"\n')

    def rerun(*names: str) -> subprocess.CompletedProcess:
        words = [program.with_name("cordline-gateway"), "rerun", *names, "--config", settings]
        # A proxy of the administrator's shell, which would see password and UID, is not asked.
        proxies = dict.fromkeys(("http_proxy", "all_proxy", "ALL_PROXY"), f"http://127.0.0.1:{free_port()}")
        return subprocess.run(words, capture_output=True, text=True, timeout=60, env=os.environ | proxies)

    done = rerun(uid)
    assert done.returncode == 0, done.stderr
    assert "reads the list of changes" in done.stdout
    first = ended(orthanc, old)
    assert rerun(old).returncode == 0, "Orthanc's own name does as well"
    second = new_job(orthanc, old, first)
    assert gateway.json("/api/v1/arrivals", "POST", {"study": old, "again": True})["waiting"] >= 1
    third = new_job(orthanc, old, second)
    assert len({first["job"], second["job"], third["job"]}) == 3
    nowhere = {"study": "-".join(["0123abcd"] * 5), "again": True}
    status, _, body = gateway.ask("POST", "/api/v1/arrivals", nowhere)
    assert (status, json.loads(body)["code"]) == (404, "no_such_study")
    missing = rerun("1.2.3.4")
    assert missing.returncode == 1
    assert "no study 1.2.3.4" in missing.stderr
    missing = rerun("-".join(["0123abcd"] * 5))
    assert missing.returncode == 1
    assert "no study" in missing.stderr


def test_a_reader_who_looks_at_an_old_study_and_judges_it_asks_for_no_analysis(orthanc, start_gateway, shared, another):
    folder = another(84)
    wish = {"study_uid": pydicom.dcmread(next(folder.iterdir())).StudyInstanceUID}
    old = stable(orthanc, orthanc.send(folder))
    gateway = start_gateway()
    for again in (False, True):
        job = gateway.json("/api/v1/analyses", "POST", wish | {"again": again})["job"]
        with shared.client() as client:
            list(client.follow(job))
    said = wish | {"job": job, "verdict": "rejected", "reason": "flow void"}
    assert gateway.ask("POST", "/api/v1/analyses/verdict", said)[0] == 204
    time.sleep(4)  # the list of changes is read each second
    assert orthanc.modalities(old) == ["MR", "SR"], "the reader's report, and nothing of ours"
    record = json.loads(orthanc.note(old, 1025))
    assert (record["instances"], record["job"]) == ("not looked at", "")
    assert orthanc.note(old).endswith(" - rejected by submitter: flow void")
    # Whoever deletes that note asks for one.
    orthanc.ask("DELETE", f"/studies/{old}/metadata/1025")
    assert new_job(orthanc, old, record)["again"] == 2
    assert orthanc.modalities(old) == ["MR", "SEG", "SR", "SR"]


def test_a_person_in_the_viewer_may_want_it_anew(orthanc, shared, program, another, tmp_path):
    gateway = Gateway(program, shared.endpoint, tmp_path, "--archive", f"http://127.0.0.1:{orthanc.port}")
    try:
        folder = another(83)
        orthanc.send(folder)
        wish = {"study_uid": pydicom.dcmread(next(folder.iterdir())).StudyInstanceUID}
        first = gateway.json("/api/v1/analyses", "POST", wish)["job"]
        assert gateway.json("/api/v1/analyses", "POST", wish)["job"] == first
        anew = [gateway.json("/api/v1/analyses", "POST", wish | {"again": True})["job"] for _ in range(2)]
        assert len({first, *anew}) == 3
        # Each has objects of its own, and says which analysis it is.
        with shared.client() as client:
            uids = set()
            for job in (first, *anew):
                list(client.follow(job))
                result = next(f for f in client.files(job) if f["kind"] == "result")
                files = json.loads(client.download(job, result))["files"]
                uids |= {f["sop_instance_uid"] for f in files if f["kind"] == "structured_report"}
        assert len(uids) == 3
    finally:
        gateway.stop()
