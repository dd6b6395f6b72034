"""Studies that arrive in a real Orthanc: analysed once, their results put back, whatever comes in between."""

import contextlib
import http.client
import http.server
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pydicom
import pytest
from daemon_process import free_port
from landmark import draw, sagittal_grid
from mr_series import classic, save
from test_gateway import Gateway

pytestmark = pytest.mark.timeout(180)
HOOK = Path(__file__).parents[2] / "adapters/orthanc/cordline.lua"


class Orthanc:
    """Orthanc on a folder of its own."""

    def __init__(self, folder: Path, hook: dict | None = None) -> None:
        self.port, self.folder = free_port(), folder
        self.environment = hook or {}
        configuration = {
            "StorageDirectory": str(folder / "db"),
            "IndexDirectory": str(folder / "db"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StableAge": 1,
            "HttpTimeout": 5,
            "LuaScripts": [str(HOOK)] if hook else [],
            "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
        }
        (folder / "orthanc.json").write_text(json.dumps(configuration))

    def start(self) -> "Orthanc":
        log = (self.folder / "orthanc.log").open("a")
        words = ["Orthanc", str(self.folder / "orthanc.json")]
        environment = {"PATH": "/usr/sbin:/usr/bin:/bin"} | self.environment
        self.process = subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd=self.folder)
        wait(lambda: self.get("/system"), "Orthanc does not start")
        return self

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def get(self, path: str, query: dict | None = None):
        """What a path says, or the answer to a question."""
        if query is None:
            return json.loads(self.ask("GET", path))
        return json.loads(self.ask("POST", path, json.dumps(query).encode()))

    def send(self, folder: Path, names: slice = slice(None)) -> str:
        """Stores the files; the study."""
        for file in sorted(folder.iterdir())[names]:
            stored = json.loads(self.ask("POST", "/instances", file.read_bytes()))
        return stored["ParentStudy"]

    def note(self, study: str, number: int = 1024) -> str:
        with contextlib.suppress(urllib.error.HTTPError):
            return self.ask("GET", f"/studies/{study}/metadata/{number}").decode()
        return ""

    def modalities(self, study: str) -> list[str]:
        return sorted(s["MainDicomTags"]["Modality"] for s in self.get(f"/studies/{study}/series"))


def wait(condition, why: str, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.1)
    raise AssertionError(why)


def ended(orthanc: Orthanc, study: str) -> dict:
    """Waits for the end, and returns the gateway's own note."""
    wait(lambda: '"done":true' in orthanc.note(study, 1025), f"no end: {orthanc.note(study)!r}")
    return json.loads(orthanc.note(study, 1025))


@pytest.fixture
def orthanc(tmp_path):
    folder = tmp_path / "orthanc"
    folder.mkdir()
    orthanc = Orthanc(folder).start()
    yield orthanc
    orthanc.stop()


@pytest.fixture
def porter(orthanc, shared, program, tmp_path):
    """Starts a gateway that analyses what arrives; again after a kill."""
    running = []

    def start() -> Gateway:
        folder = tmp_path / "gateway"
        folder.mkdir(exist_ok=True)
        url = f"http://127.0.0.1:{orthanc.port}"
        gateway = Gateway(program, shared.endpoint, folder, "--archive", url, "--arrivals", folder / "state")
        running.append(gateway)
        return gateway

    yield start
    for gateway in running:
        gateway.process.kill()
        gateway.process.wait()


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    """A study that nobody has seen, with a lesion where the tiny bundle finds one."""

    def make(number: int) -> Path:
        grid = sagittal_grid()
        folder = tmp_path_factory.mktemp("another")
        save(classic(draw(grid), grid), folder)
        for file in folder.iterdir():
            ds = pydicom.dcmread(file)
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                setattr(ds, name, f"{getattr(ds, name)[:50]}.{number}")
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            ds.save_as(file)
        return folder

    return make


def test_a_study_arrives_and_its_results_come_back_once(orthanc, porter, another):
    gateway = porter()
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


def test_a_late_section_supersedes_what_was_said(orthanc, porter, another):
    porter()
    folder = another(2)
    study = orthanc.send(folder, slice(0, -1))
    first = ended(orthanc, study)
    orthanc.send(folder, slice(-1, None))
    wait(
        lambda: json.loads(orthanc.note(study, 1025))["instances"] != first["instances"], "the late section is not seen"
    )
    second = ended(orthanc, study)
    assert second["job"] != first["job"]
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]
    assert not set(first["objects"]) & set(second["objects"])


def test_what_arrived_while_nobody_listened_is_found_and_a_kill_loses_nothing(orthanc, porter, another):
    studies = [orthanc.send(another(number)) for number in (3, 4)]
    time.sleep(2.5)  # both are stable before anybody looks
    gateway = porter()
    wait(lambda: any(orthanc.note(study) for study in studies), "nothing was begun")
    gateway.process.kill()
    gateway.process.wait()
    porter()
    for study in studies:
        ended(orthanc, study)
        assert orthanc.modalities(study) == ["MR", "SEG", "SR"]


def test_orthanc_may_be_away_for_a_while(orthanc, porter, another):
    porter()
    study = orthanc.send(another(5))
    orthanc.stop()
    time.sleep(2)
    orthanc.start()
    ended(orthanc, study)
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]


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


def test_a_study_without_mr_is_left_alone(orthanc, porter, another, tmp_path):
    gateway = porter()
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


def test_the_hook_tells_at_once_and_a_gateway_that_is_away_holds_up_nobody(shared, program, another, tmp_path):
    folder = tmp_path / "orthanc"
    folder.mkdir()
    (tmp_path / "gateway").mkdir()
    orthanc = Orthanc(folder, {"CORDLINE_GATEWAY": "http://127.0.0.1:1", "CORDLINE_TOKEN": "none"}).start()
    url = f"http://127.0.0.1:{orthanc.port}"
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[archive]\nurl = "{url}"\n[arrivals]\nstate = "{tmp_path}/state"\nchanges = false\n')
    gateway = Gateway(program, shared.endpoint, tmp_path / "gateway", "--config", settings)
    try:
        missed = orthanc.send(another(7))
        time.sleep(3)
        assert orthanc.get("/system")["Name"] is not None
        orthanc.stop()
        orthanc.environment = {
            "CORDLINE_GATEWAY": f"http://127.0.0.1:{gateway.port}",
            "CORDLINE_TOKEN": gateway.submitter,
        }
        orthanc.start()
        told = orthanc.send(another(8))
        ended(orthanc, told)
        assert orthanc.modalities(told) == ["MR", "SEG", "SR"]
        assert orthanc.note(missed) == "", "nobody reads the list of changes here"
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
    assert orthanc.modalities(study) == ["MR", "SEG", "SR"]
    gateway.stop()
    # Analysed when it arrives: the same files are the same job.
    words = ("--archive", url, "--arrivals", tmp_path / "state")
    gateway = Gateway(program, shared.endpoint, tmp_path, *map(str, words))
    wait(lambda: gateway.ask("GET", f"/api/v1/analyses?study_uid={uid}")[0] == 200, "the arrival is not analysed")
    assert gateway.json(f"/api/v1/analyses?study_uid={uid}")["job"] == job["job"]
    gateway.stop()


def test_dicomweb_passes_and_tricks_do_not(orthanc, porter, another):
    gateway = porter()
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
    ):
        assert gateway.ask("GET", path)[0] in (400, 404), path
    assert gateway.ask("GET", "/instances")[0] == 404, "only DICOMweb passes"
    assert gateway.ask("DELETE", f"/dicom-web/studies/{uid}")[0] == 405
    assert gateway.ask("POST", "/dicom-web/studies", {}, token=gateway.viewer)[0] == 403
    assert gateway.ask("GET", "/dicom-web/studies", token="wrong")[0] == 401
