"""A real daemon of the program under test, on a spool and a socket of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "plugin-sdk/python"))
from cordline_client import Client, ConnectError, HelloRequired, PollingClient, Rejected, pack_bits, unpack_bits

__all__ = [
    "PROVIDERS",
    "Client",
    "ConnectError",
    "Daemon",
    "HelloRequired",
    "PollingClient",
    "Rejected",
    "end_of",
    "find_library",
    "find_program",
    "free_port",
    "pack_bits",
    "unpack_bits",
]
TREE = Path(__file__).parents[2]
PROVIDERS = "CORDLINE_DEVICE__PROVIDERS"
# What is compared to the last digit is computed by the provider that every host has; test_providers.py tries others.
os.environ.setdefault(PROVIDERS, "cpu")
START_S = 30


def find_program() -> Path:
    """The program: PROGRAM_UNDER_TEST, else the newest build of the tree."""
    if given := os.environ.get("PROGRAM_UNDER_TEST"):
        return Path(given)
    target = Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target"))
    found = [path for kind in ("debug", "release") if (path := target / kind / "cordline").exists()]
    assert found, "the program is not built: run `cargo build`, or set PROGRAM_UNDER_TEST"
    return max(found, key=lambda path: path.stat().st_mtime)


def find_library() -> str:
    """The ONNX Runtime to load: CORDLINE_ONNXRUNTIME, else the one that `make setup` laid into the tree."""
    if given := os.environ.get("CORDLINE_ONNXRUNTIME"):
        return given
    found = sorted((TREE / ".onnxruntime").glob("*/libonnxruntime.so.*"))
    assert found, "ONNX Runtime is not there: run `make setup`, or set CORDLINE_ONNXRUNTIME"
    return str(found[-1])


class Daemon:
    """`cordline serve`; start, stop and kill it as often as wanted."""

    def __init__(self, program: Path, library: str, bundle: Path, folder: Path) -> None:
        self.program, self.bundle, self.folder = program, bundle, folder
        self.spool = folder / "spool"
        # A socket's path has 107 characters at most.
        self.socket = folder / "d" / "s"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CORDLINE_ONNXRUNTIME": library,
            "CORDLINE_LOG": "cordline=debug",
            "CORDLINE_DAEMON__METRICS": "",
            PROVIDERS: os.environ[PROVIDERS],
            # The tests need little room; the reserve of a box that works all day would refuse them on a small disk.
            "CORDLINE_DAEMON__RESERVE_BYTES": str(16 << 20),
        }
        self.process: subprocess.Popen | None = None
        self.roots: list[Path] = []
        self.tcp = ""
        self.threads = 1
        self.keys = folder / "keys"

    @property
    def endpoint(self) -> str:
        return f"ipc://{self.socket}"

    def command(self) -> list[str]:
        roots = [word for root in self.roots for word in ("--root", str(root))]
        if self.tcp:
            self.environment |= {"CORDLINE_DAEMON__TCP": self.tcp, "CORDLINE_DAEMON__KEYS": str(self.keys)}
        return [
            str(self.program), "serve", "--spool", str(self.spool), "--socket", str(self.socket),
            "--bundle", str(self.bundle), "--threads", str(self.threads), *roots,
        ]  # fmt: skip

    def start(self) -> "Daemon":
        log = (self.folder / "log").open("a")
        self.process = subprocess.Popen(self.command(), env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(ConnectError), Client.connect(self.endpoint, "test", timeout_s=0.5):
                return self
        raise AssertionError(f"the daemon did not start in {START_S} s\n{self.log()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_S)

    def log(self) -> str:
        """What it said so far: nothing where it was never started."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        with Client.connect(self.endpoint, "test") as client:
            yield client

    @contextlib.contextmanager
    def polling_client(self, limit_s: float = 10.0) -> Iterator[PollingClient]:
        """One whose hello was answered."""
        with PollingClient.connect(self.endpoint, "test") as client:
            deadline = time.monotonic() + limit_s
            while not client.welcome:
                if time.monotonic() > deadline:
                    raise ConnectError(self.endpoint)
                client.poll()
                time.sleep(0.002)
            yield client


def end_of(client: Client, job: str) -> dict:
    """Waits for the end of a job; its summary."""
    list(client.follow(job))
    return client.status(job)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
