"""A real Orthanc, and what is asked of it."""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from daemon_process import free_port

ADAPTER = Path(__file__).parents[2] / "adapters/orthanc"


class Orthanc:
    """Orthanc on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.environment: dict[str, str] = {}
        configuration = {
            "StorageDirectory": str(folder / "db"),
            "IndexDirectory": str(folder / "db"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StableAge": 1,
            "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
            "UserMetadata": {"Cordline": 1024},
        }
        self.configuration = folder / "configuration"
        self.configuration.mkdir()
        (self.configuration / "orthanc.json").write_text(json.dumps(configuration))

    def hook(self, gateway: str, token: str) -> None:
        """Has it tell a gateway of studies, from its next start on."""
        main = self.configuration / "orthanc.json"
        main.write_text(json.dumps(json.loads(main.read_text()) | {"LuaScripts": [str(ADAPTER / "cordline.lua")]}))
        file = self.folder / "token"
        file.write_text(token)
        settings = {"Cordline": {"Gateway": gateway, "TokenFile": str(file)}}
        (self.configuration / "cordline.json").write_text(json.dumps(settings))

    def start(self) -> "Orthanc":
        log = (self.folder / "orthanc.log").open("a")
        words = ["Orthanc", str(self.configuration)]
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

    def send_all(self, datasets: list) -> str:
        """Stores the objects of one study; the study."""
        for ds in datasets:
            file = BytesIO()
            ds.save_as(file, enforce_file_format=True)
            stored = json.loads(self.ask("POST", "/instances", file.getvalue()))
        return stored["ParentStudy"]

    def note(self, study: str, number: int | str = 1024) -> str:
        with contextlib.suppress(urllib.error.HTTPError):
            return self.ask("GET", f"/studies/{study}/metadata/{number}").decode()
        return ""

    def modalities(self, study: str) -> list[str]:
        return sorted(s["MainDicomTags"]["Modality"] for s in self.get(f"/studies/{study}/series"))


def wait(condition, why: str | Callable[[], str], seconds: float = 60):
    """What `condition` gives once it is true; `why` is said where it does not become so, as it is by then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.1)
    raise AssertionError(why if isinstance(why, str) else why())


def ended(orthanc: Orthanc, study: str) -> dict:
    """Waits for the end, or a question to a person, and returns the gateway's own note."""

    def has_ended() -> bool:
        return '"done":true' in orthanc.note(study, 1025) or orthanc.note(study).startswith("needs selection")

    wait(has_ended, lambda: f"no end: {orthanc.note(study)!r}")
    return json.loads(orthanc.note(study, 1025))
