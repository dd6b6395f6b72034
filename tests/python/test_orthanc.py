"""Studies that arrive in a real Orthanc: analysed once, their results put back."""

import json
import time

import pydicom
import pytest
from gateway_process import Gateway
from orthanc_process import Orthanc, ended, wait

pytestmark = pytest.mark.timeout(180)


def test_a_study_arrives_and_its_results_come_back_once(orthanc, start_gateway, another):
    gateway = start_gateway()
    study = orthanc.send(another(1))
    mark = ended(orthanc, study)
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]
    assert len(mark["objects"]) == 2
    assert orthanc.note(study).startswith("done: ")
    # Our own objects make the study stable once more, and a person may press the button: nothing is done twice.
    changes = len(orthanc.get("/changes?limit=1000")["Changes"])
    assert gateway.json("/api/v1/arrivals", "POST", {"study": study})["waiting"] >= 1
    time.sleep(3)
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]
    assert json.loads(orthanc.note(study, 1025)) == mark
    assert len(orthanc.get("/changes?limit=1000")["Changes"]) <= changes + 4


def test_a_late_section_adds_what_is_said_now(orthanc, start_gateway, another):
    start_gateway()
    folder = another(2)
    study = orthanc.send(folder, slice(0, -1))
    first = ended(orthanc, study)
    orthanc.send(folder, slice(-1, None))
    wait(
        lambda: json.loads(orthanc.note(study, 1025))["instances"] != first["instances"], "the late section is not seen"
    )
    second = ended(orthanc, study)
    assert second["job"] != first["job"]
    assert orthanc.modalities(study) == ["MR", "SEG", "SEG", "SR", "SR"]
    assert not set(first["objects"]) & set(second["objects"])


def test_the_hook_tells_at_once_and_a_gateway_that_is_away_holds_up_nobody(shared, program, another, tmp_path):
    folder = tmp_path / "orthanc"
    folder.mkdir()
    (tmp_path / "gateway").mkdir()
    orthanc = Orthanc(folder)
    orthanc.hook("http://127.0.0.1:1", "ab" * 32)
    orthanc.start()
    url = f"http://127.0.0.1:{orthanc.port}"
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[archive]\nurl = "{url}"\n[arrivals]\nstate = "{tmp_path}/state"\nchanges = false\n')
    gateway = Gateway(program, shared.endpoint, tmp_path / "gateway", "--config", settings)
    try:
        missed = orthanc.send(another(7))
        time.sleep(3)
        assert orthanc.get("/system")["Name"] is not None
        orthanc.stop()
        orthanc.hook(f"http://127.0.0.1:{gateway.port}", gateway.submitter)
        orthanc.start()
        told = orthanc.send(another(8))
        ended(orthanc, told)
        assert orthanc.modalities(told) == ["MR", "SEG", "SR"]
        assert orthanc.note(missed) == "", "nobody reads the list of changes here"
        assert orthanc.note(told, "Cordline").startswith("done: "), "the line may have a name"
    finally:
        orthanc.stop()
        gateway.stop()


def test_whoever_looks_at_a_study_finds_its_analysis_or_asks_for_one(orthanc, shared, program, another, tmp_path):
    url = f"http://127.0.0.1:{orthanc.port}"
    gateway = Gateway(program, shared.endpoint, tmp_path, "--archive", url)
    folder = another(10)
    study = orthanc.send(folder)
    uid = pydicom.dcmread(next(folder.iterdir())).StudyInstanceUID
    assert gateway.ask("GET", f"/api/v1/analyses?study_uid={uid}")[0] == 404
    assert gateway.ask("POST", "/api/v1/analyses", {"study_uid": uid}, token=gateway.viewer)[0] == 403
    for wrong, status in (("1.2.3", 404), ("../x", 422), ("", 422)):
        assert gateway.ask("POST", "/api/v1/analyses", {"study_uid": wrong})[0] == status
    job = gateway.json("/api/v1/analyses", "POST", {"study_uid": uid})
    assert job["priority"] == "urgent"
    assert gateway.json("/api/v1/analyses", "POST", {"study_uid": uid})["job"] == job["job"]
    with shared.client() as client:
        assert list(client.follow(job["job"]))[-1].body["state"] == "completed"

    # A result goes into no other study than its own, whoever asks.
    other = another(11)
    orthanc.send(other)
    wrong = {"study_uid": pydicom.dcmread(next(other.iterdir())).StudyInstanceUID, "job": job["job"]}
    for path, body in (("store", wrong), ("verdict", wrong | {"accepted": True})):
        status, _, text = gateway.ask("POST", f"/api/v1/analyses/{path}", body)
        assert (status, json.loads(text)["code"]) == (409, "other_study")
    right = {"study_uid": uid, "job": job["job"]}
    said = right | {"accepted": False, "reason": "flow void, not a lesion"}
    assert gateway.ask("POST", "/api/v1/analyses/verdict", said)[0] == 204
    assert json.loads(orthanc.note(study, 1026))[0]["reason"] == "flow void, not a lesion"
    assert gateway.ask("POST", "/api/v1/analyses/store", right, token=gateway.viewer)[0] == 403
    assert gateway.json("/api/v1/analyses/store", "POST", right) == {"objects": 2}
    assert orthanc.modalities(study) == ["MR", "SEG", "SR", "SR"], "the verdict is a report of its own"
    gateway.stop()
    # Analysed when it arrives: the same files are the same job.
    words = ("--archive", url, "--arrivals", tmp_path / "state")
    gateway = Gateway(program, shared.endpoint, tmp_path, *map(str, words))
    before = json.loads(orthanc.note(study, 1025))
    assert before["instances"] == "not looked at", "a reader's save is no analysis of the arrival"
    gateway.json("/api/v1/arrivals", "POST", {"study": study})
    wait(
        lambda: json.loads(orthanc.note(study, 1025))["instances"] != before["instances"], "the arrival is not analysed"
    )
    assert ended(orthanc, study)["job"] == job["job"]
    assert gateway.json(f"/api/v1/analyses?study_uid={uid}")["job"] == job["job"]
    assert orthanc.modalities(study) == ["MR", "SEG", "SR", "SR"]
    gateway.stop()


def test_heat_maps_are_stored_whoever_has_results_stored(orthanc, shared, program, another, tmp_path):
    url, state = f"http://127.0.0.1:{orthanc.port}", tmp_path / "state"
    folder = another(14)
    orthanc.send(folder)
    uid = pydicom.dcmread(next(folder.iterdir())).StudyInstanceUID
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[archive]\nurl = "{url}"\n[arrivals]\nstate = "{state}"\nchanges = false\nheat_maps = true\n')
    gateway = Gateway(program, shared.endpoint, tmp_path, "--config", str(settings))
    try:
        job = gateway.json("/api/v1/analyses", "POST", {"study_uid": uid})["job"]
        with shared.client() as client:
            assert list(client.follow(job))[-1].body["state"] == "completed"
            maps = sum(file["kind"] == "parametric_map" for file in client.files(job))
        assert maps > 0
        stored = gateway.json("/api/v1/analyses/store", "POST", {"study_uid": uid, "job": job})
        assert stored == {"objects": 2 + maps}
    finally:
        gateway.stop()


def test_dicomweb_passes_and_tricks_do_not(orthanc, start_gateway, another):
    gateway = start_gateway()
    orthanc.send(another(9))
    studies = gateway.json("/dicom-web/studies")
    assert len(studies) == 1
    uid = studies[0]["0020000D"]["Value"][0]
    assert gateway.json(f"/dicom-web/studies/{uid}/series")[0]["00080060"]["Value"] == ["MR"]
    for path in (
        "/dicom-web/../instances",
        "/dicom-web/%2e%2e/instances",
        "/dicom-web//instances",
        f"/dicom-web/studies/{uid}%2Fseries",
        "/dicom-web/studies/..%2f..%2finstances",
        "/dicom-web/servers",
        "/dicom-web/info",
        "/dicom-web/app/client/index.html",
    ):
        assert gateway.ask("GET", path)[0] == 404, path
    assert gateway.ask("POST", "/dicom-web/servers/elsewhere/get", {"Uri": "/studies"})[0] == 404
    assert gateway.ask("GET", "/dicom-web/studies")[1]["cache-control"] == "no-store"
    assert gateway.ask("GET", "/instances")[0] == 404, "only DICOMweb passes"
    assert gateway.ask("DELETE", f"/dicom-web/studies/{uid}")[0] == 405
    assert gateway.ask("POST", "/dicom-web/studies", {}, token=gateway.viewer)[0] == 403
    assert gateway.ask("GET", "/dicom-web/studies", token="wrong")[0] == 401


def test_the_viewers_list_of_studies_gets_the_attributes_that_it_asks_for(orthanc, start_gateway, another):
    """As OHIF asks: with commas that are written as %2C, which Orthanc 1.10 does not understand."""
    gateway = start_gateway()
    folder = another(13)
    for file in folder.iterdir():
        ds = pydicom.dcmread(file)
        ds.StudyDescription = "Wirbelsaeule"
        ds.save_as(file)
    orthanc.send(folder)
    for wanted in ("00081030%2C00080060", "00080060%2c00081030", "00081030,00080060", "00081030"):
        studies = gateway.json(f"/dicom-web/studies?limit=101&offset=0&fuzzymatching=false&includefield={wanted}")
        assert studies[0]["00081030"]["Value"] == ["Wirbelsaeule"], wanted
    named = gateway.json("/dicom-web/studies?PatientName=a%2Cb")
    assert named == [], "a comma in a name stays one"
