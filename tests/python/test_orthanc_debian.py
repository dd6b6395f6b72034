"""The road of adapters/orthanc/README.md on Debian's own Orthanc, with the package's files and user, to SEG and SR."""

import json
import shutil
import socket
import time
from pathlib import Path

import pytest
from debian_orthanc import DebianOrthanc, change
from orthanc_process import ADAPTER, ended
from service_user import Installed, open_folder

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def installed(program, library):
    installed = Installed(program, library)
    yield installed
    installed.remove()


@pytest.fixture(scope="module")
def daemon(installed):
    daemon = installed.daemon().start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


@pytest.fixture
def debian():
    folder = open_folder()
    orthanc = DebianOrthanc(folder)
    yield orthanc
    if orthanc.process and orthanc.process.poll() is None:
        orthanc.stop()
    shutil.rmtree(folder)


def arrivals(orthanc: DebianOrthanc, state: Path, more: str = "") -> str:
    """gateway.toml, as the README has it."""
    return f'[archive]\nurl = "http://127.0.0.1:{orthanc.port}"\n[arrivals]\nstate = "{state}"\n{more}'


def test_results_come_back_into_debians_orthanc_with_nothing_changed_in_it(debian, installed, daemon, another):
    debian.start()
    gateway = installed.gateway(daemon, arrivals(debian, installed.state / "plain"))
    try:
        study = debian.send(another(40))
        ended(debian, study)
        assert debian.note(study).startswith("done: ")
        assert debian.modalities(study) == ["MR", "SEG", "SR"]
    finally:
        gateway.stop()


def test_all_files_of_the_adapter_may_lie_in_the_folder_and_the_hook_tells(debian, installed, daemon, another):
    debian.start()
    gateway = installed.gateway(daemon, arrivals(debian, installed.state / "hook", "changes = false\n"))
    try:
        before = debian.send(another(41))
        debian.stop()
        for file in ADAPTER.iterdir():
            debian.add(file)
        settings = debian.configuration / "cordline.json"
        settings.write_text(change_gateway(settings.read_text(), f"http://127.0.0.1:{gateway.port}"))
        debian.register(debian.configuration / "cordline.lua")
        # As systemd hands it over: a folder of files that this service alone may read.
        credentials = debian.folder / "credentials"
        credentials.mkdir()
        (credentials / "cordline-token").write_text(gateway.submitter + "\n")
        shutil.chown(credentials / "cordline-token", "orthanc") if credentials.owner() == "root" else None
        debian.environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
        debian.start()
        told = debian.send(another(42))
        ended(debian, told)
        assert debian.modalities(told) == ["MR", "SEG", "SR"]
        assert debian.note(before) == "", "nobody reads the list of changes here"
        environment = Path(f"/proc/{debian.process.pid}/environ").read_bytes()
        assert gateway.submitter.encode() not in environment, "the token lies open in the environment"
        assert "Cordline: " not in debian.said(), debian.said()
    finally:
        gateway.stop()


def change_gateway(text: str, address: str) -> str:
    assert text.count('"http://127.0.0.1:8080"') == 1
    return text.replace('"http://127.0.0.1:8080"', f'"{address}"')


def test_a_box_that_is_off_holds_up_neither_orthanc_nor_its_start(debian, another):
    """A socket that takes connections and never answers: Orthanc's own message would wait there for a minute."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for file in ADAPTER.iterdir():
            debian.add(file)
        settings = debian.configuration / "cordline.json"
        settings.write_text(change_gateway(settings.read_text(), f"http://127.0.0.1:{silent.getsockname()[1]}"))
        token = debian.folder / "token"
        token.write_text("ab" * 32)
        commented = '// , "TokenFile": "/etc/orthanc/cordline-token"'
        assert commented in settings.read_text()
        settings.write_text(settings.read_text().replace(commented, f', "TokenFile": "{token}"'))
        debian.register(debian.configuration / "cordline.lua")
        debian.start()
        debian.send(another(43))
        silent.settimeout(30)
        silent.accept()
        slowest = 0.0
        for _ in range(30):
            begun = time.monotonic()
            debian.get("/system")
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.1)
        assert slowest < 2, "Orthanc waits for the gateway"
        assert json.loads(debian.ask("GET", "/statistics"))["CountStudies"] == 1


def test_a_hook_without_its_token_says_so_and_disturbs_nothing(debian, another):
    for file in ADAPTER.iterdir():
        debian.add(file)
    debian.register(debian.configuration / "cordline.lua")
    debian.start()
    study = debian.send(another(44))
    time.sleep(3)
    assert debian.modalities(study) == ["MR"]
    assert "Cordline: no token can be read from" in debian.said()


def test_no_key_of_orthanc_is_set_by_a_file_of_the_adapter(debian):
    """Debian's Orthanc stops where a key stands in two files; its global time limits are nobody's business here."""
    debian.start()
    standing = (debian.configuration / "orthanc.json").read_text()
    for file in ADAPTER.glob("*.json"):
        text = "".join(line for line in file.read_text().splitlines() if not line.strip().startswith("//"))
        for key in json.loads(text):
            assert f'"{key}"' not in standing, key
            assert key == "Cordline"
    assert change(standing, "HttpTimeout", "60") == standing
