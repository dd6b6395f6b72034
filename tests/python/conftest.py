"""The program under test, run as a user would run it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
import tiny_bundle
from daemon_process import PROVIDERS, Daemon, find_library, find_program
from gateway_process import Gateway
from landmark import draw, sagittal_grid
from mr_series import classic, save
from orthanc_process import Orthanc, wait

TREE = Path(__file__).parents[2]
TIME_LIMIT_S = 120
LONGEST = ("test_ohif.py", "test_soak.py")
"""Files that take minutes. They go first: a worker that takes one up last lets the others wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@dataclass
class Run:
    """What a run of the program left behind."""

    code: int
    stdout: str
    stderr: str
    out: Path

    @property
    def result(self) -> dict:
        return json.loads((self.out / "result.json").read_text())

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    def expect(self, code: int) -> "Run":
        assert "panicked" not in self.stderr, self.stderr
        assert self.code == code, f"exit code {self.code}, wanted {code}\n{self.said}"
        return self


@pytest.fixture(scope="session")
def program() -> Path:
    return find_program()


@pytest.fixture(scope="session")
def library() -> str:
    return find_library()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> Path:
    """The tiny bundle; not to be changed by a test."""
    return tiny_bundle.write(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def cordline(program, library, tmp_path):
    """Runs the program with any arguments and returns a Run; `env` is added to the environment."""

    def run(*arguments, env: dict | None = None, out: Path = tmp_path / "out") -> Run:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CORDLINE_ONNXRUNTIME": library}
        environment[PROVIDERS] = os.environ[PROVIDERS]
        environment |= env or {}
        done = subprocess.run(
            [program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            cwd=tmp_path,
            env=environment,
        )
        return Run(done.returncode, done.stdout, done.stderr, out)

    return run


@pytest.fixture
def analyse(cordline, bundle, tmp_path):
    """Runs `cordline analyze` on paths with the tiny bundle."""

    def run(*inputs, bundle: Path = bundle, flags=(), out: Path = tmp_path / "out", env: dict | None = None) -> Run:
        return cordline("analyze", *inputs, "--out", out, "--bundle", bundle, *flags, env=env, out=out)

    return run


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    grid = sagittal_grid()
    folder = tmp_path_factory.mktemp("study")
    save(classic(draw(grid), grid), folder)
    return folder


@pytest.fixture(scope="module")
def shared(program, library, bundle, tmp_path_factory, study):
    """One daemon for all tests that leave it as it was."""
    daemon = Daemon(program, library, bundle, tmp_path_factory.mktemp("d"))
    daemon.roots = [study]
    daemon.start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


@pytest.fixture
def daemon(program, library, bundle, tmp_path):
    daemon = Daemon(program, library, bundle, tmp_path)
    yield daemon
    if daemon.process and daemon.process.poll() is None:
        daemon.kill()


@pytest.fixture
def client(shared):
    with shared.client() as client:
        yield client


@pytest.fixture
def orthanc(tmp_path):
    folder = tmp_path / "orthanc"
    folder.mkdir()
    orthanc = Orthanc(folder).start()
    yield orthanc
    orthanc.stop()


@pytest.fixture
def start_gateway(orthanc, shared, program, tmp_path):
    """Starts a gateway that analyses what arrives from now on; again after a kill."""
    running = []

    def start(archive_is_up: bool = True) -> Gateway:
        folder = tmp_path / "gateway"
        folder.mkdir(exist_ok=True)
        url = f"http://127.0.0.1:{orthanc.port}"
        gateway = Gateway(program, shared.endpoint, folder, "--archive", url, "--arrivals", folder / "state")
        running.append(gateway)
        if archive_is_up:
            wait((folder / "state" / "changes").exists, "the gateway does not begin")
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


@pytest.fixture(scope="session")
def writer(program) -> Path:
    """The program that writes drawn results, built beside the one under test."""
    writer = program.parent / "write_results"
    assert writer.exists(), "run `cargo build --workspace --bins`"
    return writer


@pytest.fixture(scope="session")
def written(writer, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    subprocess.run([writer, folder], check=True, timeout=120)
    return folder
