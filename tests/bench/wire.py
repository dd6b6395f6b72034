"""What the daemon costs beside its networks: the wire, the queue, and its memory over a day's studies.

    make bench    or    .venv/bin/python tests/bench/wire.py [STUDY] [--bundle DIR] [--studies N]

A real daemon on a spool of its own. Beside it, for the ratio, what viewers do without one: the volume as gzip-NIfTI in
a multipart HTTP request, the mask as gzip-NIfTI back, on the same machine and in the same run.
"""

import argparse
import gzip
import hashlib
import http.client
import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import msgpack
import nibabel
import numpy as np
import pydicom
import pydicom.misc
import zmq

TREE = Path(__file__).parents[2]
sys.path[:0] = [str(TREE / "tests/python"), str(TREE / "plugin-sdk/python")]
import table  # noqa: E402
from cordline_client import Client  # noqa: E402
from daemon_process import Daemon  # noqa: E402

SHAPE = (15, 448, 448)
MATRIX = [0.0, 0.0, 3.3, -24.75, 0.5, 0.0, 0.0, -112.0, 0.0, -0.5, 0.0, 112.0, 0.0, 0.0, 0.0, 1.0]
PIECE = 1 << 20
QUEUED = 8
WATCHED = 5
"""Studies of which the first mask is waited for."""

VOLUME_MS, HTTP_RATIO, ROUND_TRIP_US, BUSY_STATUS_MS = 5.0, 40.0, 120.0, 5.0
FIRST_MASK, THROUGHPUT, MEMORY = 1.2, 0.95, 0.10


def clock(work, times: int) -> list[float]:
    """Milliseconds of each of `times` runs; `work` gets the number of the run."""
    found = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        found.append(1e3 * (time.perf_counter() - began))
    return found


def a_volume(number: int) -> np.ndarray:
    """Smooth like tissue, noisy like MR, and never the same twice."""
    rng = np.random.default_rng(number)
    rows = np.linspace(0, 3, SHAPE[1])[:, None] + np.linspace(0, 2, SHAPE[2])
    return np.rint(400 + 300 * np.sin(rows) + rng.normal(0, 12, SHAPE)).astype("<i2")


def a_mask() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[6:9, 180:260, 210:230] = True
    return mask


class Upload(http.server.BaseHTTPRequestHandler):
    """Takes a gzip-NIfTI apart and answers with one, as inference servers behind viewers do."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--edge--", 1)[0]
        voxels = np.asanyarray(nibabel.Nifti1Image.from_bytes(gzip.decompress(packed)).dataobj)
        assert voxels.shape == SHAPE
        answer = gzip.compress(nibabel.Nifti1Image(a_mask().astype(np.uint8), np.eye(4)).to_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def by_http(rounds: int) -> float:
    """Milliseconds of one volume there and one mask back."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upload)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    volumes = [a_volume(k) for k in range(rounds)]

    def once(number: int) -> None:
        packed = gzip.compress(nibabel.Nifti1Image(volumes[number], np.eye(4)).to_bytes(), 6)
        head = b'--edge\r\nContent-Disposition: form-data; name="volume"; filename="v.nii.gz"\r\n\r\n'
        connection = http.client.HTTPConnection(*server.server_address)
        kind = {"Content-Type": "multipart/form-data; boundary=edge"}
        connection.request("POST", "/", head + packed + b"\r\n--edge--\r\n", kind)
        mask = nibabel.Nifti1Image.from_bytes(gzip.decompress(connection.getresponse().read()))
        assert np.asanyarray(mask.dataobj).sum() == a_mask().sum()
        connection.close()

    found = statistics.median(clock(once, rounds))
    server.shutdown()
    return found


def kept_safe(folder: Path, seeds: range) -> tuple[float, float]:
    """Milliseconds that a volume's digests at both ends, and its way to the disk, take by themselves."""
    digests, disk = [], []
    for seed in seeds:
        volume = a_volume(seed).tobytes()
        digests += clock(lambda _, volume=volume: hashlib.sha256(volume), 2)
        began = time.perf_counter()
        for name, bytes_ in (("volume", volume), ("journal", bytes(4096))):
            with (folder / name).open("wb") as file:
                file.write(bytes_)
                file.flush()
                os.fsync(file.fileno())
        disk.append(1e3 * (time.perf_counter() - began))
    return 2 * statistics.median(digests), statistics.median(disk)


def bare_sockets(rounds: int) -> float:
    """Milliseconds of a volume up and masks back between two bare sockets over tcp with keys: ZeroMQ and its cipher."""
    here, there = zmq.Context().socket(zmq.DEALER), zmq.Context().socket(zmq.DEALER)
    public, there.curve_secretkey = zmq.curve_keypair()
    there.curve_server = True
    port = there.bind_to_random_port("tcp://127.0.0.1")
    here.curve_serverkey = public
    here.curve_publickey, here.curve_secretkey = zmq.curve_keypair()
    here.connect(f"tcp://127.0.0.1:{port}")
    volume, mask = a_volume(0).tobytes(), bytes(SHAPE[1] * SHAPE[2] // 8)
    pieces = [volume[at : at + PIECE] for at in range(0, len(volume), PIECE)]

    def answer() -> None:
        for _ in range(rounds + 1):
            for _ in pieces:
                there.recv()
            for _ in range(SHAPE[0]):
                there.send(mask)

    threading.Thread(target=answer, daemon=True).start()

    def once(_: int) -> None:
        for piece in pieces:
            here.send(piece)
        for _ in range(SHAPE[0]):
            here.recv()

    found = clock(once, rounds + 1)[1:]
    here.close(0)
    return statistics.median(found)


def daemon_of(program: Path, bundle: Path, folder: Path) -> Daemon:
    """A daemon that has begun, on all processors; it listens for clients with keys too."""
    daemon = Daemon(program, os.environ["CORDLINE_ONNXRUNTIME"], bundle, folder)
    daemon.environment["CORDLINE_LOG"] = "warn"
    daemon.threads = os.cpu_count()
    daemon.tcp = "tcp://127.0.0.1:5719"
    return daemon.start()


def with_key(daemon: Daemon) -> Client:
    """A client as from another host: over tcp, with a key."""
    key = daemon.folder / "bench.key"
    words = ["keys", "new", "bench", "--keys", str(daemon.keys)]
    made = subprocess.run([daemon.program, *words], capture_output=True, text=True, check=True, env=daemon.environment)
    key.write_text(made.stdout)
    return Client.connect(daemon.tcp, "bench", key=key)


def volumes_by_wire(client: Client, seeds: range) -> tuple[float, float]:
    """Milliseconds up to the answer that the volume is kept, and for its masks back."""
    described = {"tensor": {"shape": list(SHAPE), "element": "i16"}, "matrix": MATRIX}
    volumes = [a_volume(seed).tobytes() for seed in seeds]
    jobs = []
    up = []
    for volume in volumes:  # each once the box is idle again
        up += clock(lambda _, volume=volume: jobs.append(client.submit_volume(described, volume)), 1)
        list(client.follow(jobs[-1]))
    sections = [e.number for e in client.follow(jobs[0]) if e.name == "section"]

    def back(_: int) -> None:
        masks = [e.mask() for e in client.follow(jobs[0], sections[0] - 1) if e.name == "section"]
        assert len(masks) >= SHAPE[0]

    down = clock(back, len(seeds))
    return statistics.median(up), statistics.median(down)


def round_trips(daemon: Daemon, times: int) -> list[float]:
    """Microseconds of a question of 1 KB and its answer, on the socket of the box."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(daemon.endpoint)
    found = []
    for number, (verb, body) in enumerate([("hello", {"client": "bench"}), *[("ping", {"x": "y" * 960})] * times]):
        asked = msgpack.packb({"v": 1, "id": number, "verb": verb, "body": body})
        began = time.perf_counter()
        socket.send(asked)
        socket.recv_multipart()
        found.append(1e6 * (time.perf_counter() - began))
    socket.close()
    return found[1:]


def copies(study: Path, count: int, folder: Path) -> list[Path]:
    """The study again and again, each time as another one of another patient."""
    with zipfile.ZipFile(study) as archive:
        archive.extractall(folder / "original")
    found = []
    for number in range(count):
        target = folder / f"{number:03d}"
        target.mkdir()
        for file in (folder / "original").rglob("*"):
            if not (file.is_file() and pydicom.misc.is_dicom(file)):
                continue
            ds = pydicom.dcmread(file)
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
                setattr(ds, name, f"{getattr(ds, name)[:50]}.{number + 1}")
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            # Files of two series may have the same name.
            ds.save_as(target / "-".join(file.relative_to(folder / "original").parts))
        found.append(target)
    return found


def first_mask(daemon: Daemon, study: Path) -> float:
    """Time from the accepted commit to the first mask, over the time between two sections."""
    with daemon.client() as client:
        job = client.submit_study([study])
        accepted, came = time.perf_counter(), []
        for event in client.follow(job):
            if event.name == "section" and not event.body["final"]:
                came.append(time.perf_counter())
    return (came[0] - accepted) / statistics.median(np.diff(came))


def status_while_busy(daemon: Daemon, study: Path) -> float:
    """The 99th of 100 answers to `status`, in ms, while a study is computed."""
    found = []
    with daemon.client() as client, daemon.client() as watcher:
        job = client.submit_study([study])
        while watcher.status(job)["state"] not in ("completed", "failed"):
            began = time.perf_counter()
            watcher.status()
            found.append(1e3 * (time.perf_counter() - began))
            time.sleep(0.002)
    return float(np.percentile(found, 99))


def a_queue(daemon: Daemon, studies: list[Path], at_once: int) -> tuple[float, list[float]]:
    """Pure network time over the time of the first `at_once` studies; resident MB after each of all."""
    memory, networks = [], 0.0
    with daemon.client() as client:
        for begin in range(0, len(studies), at_once):
            jobs = [client.submit_study([study]) for study in studies[begin : begin + at_once]]
            for number, job in enumerate(jobs):
                for event in client.follow(job):
                    if begin == number == 0 and event.name == "state" and event.body["state"] == "decoding":
                        started = time.perf_counter()
                rss = Path(f"/proc/{daemon.process.pid}/status").read_text().split("VmRSS:")[1].split()[0]
                memory.append(int(rss) / 1024)
                if begin == 0:
                    [file] = [f for f in client.files(job) if f["path"] == "result.json"]
                    networks += json.loads(client.download(job, file))["timings_ms"]["networks"]
            if begin == 0:
                share = networks / 1e3 / (time.perf_counter() - started)
    return share, memory


def main() -> None:
    parser = argparse.ArgumentParser(description="What the daemon costs beside its networks.")
    parser.add_argument("study", nargs="?", type=Path, default=TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=TREE / "models/bundles/spinal-lesion-phantom")
    parser.add_argument("--studies", type=int, default=50, help="studies over which memory is watched")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--spool", type=Path, help="folder for spool and socket; a temporary one by default")
    arguments = parser.parse_args()
    program = Path(os.environ.get("PROGRAM_UNDER_TEST", TREE / "target/release/cordline"))

    with tempfile.TemporaryDirectory(dir=arguments.spool) as folder:
        daemon = daemon_of(program, arguments.bundle, Path(folder))
        try:
            measure(daemon, arguments, Path(folder))
        finally:
            daemon.stop()


def measure(daemon: Daemon, arguments: argparse.Namespace, folder: Path) -> None:
    rounds = arguments.rounds
    trips = round_trips(daemon, 3000)
    http_ms = by_http(rounds)
    digests, disk = kept_safe(folder, range(300, 300 + rounds))
    bare_ms = bare_sockets(rounds)
    with daemon.client() as client:
        up_here, down_here = volumes_by_wire(client, range(100, 100 + rounds))
    with with_key(daemon) as client:
        up, down = volumes_by_wire(client, range(200, 200 + rounds))
    studies = copies(arguments.study, arguments.studies + WATCHED + 2, folder)
    first_mask(daemon, studies.pop())  # the networks warm up
    first = statistics.median(first_mask(daemon, studies.pop()) for _ in range(WATCHED))
    busy = status_while_busy(daemon, studies.pop())
    share, memory = a_queue(daemon, studies, QUEUED)
    drift = (memory[-1] - memory[0]) / memory[0]
    beside = up + down - digests - disk

    trip = statistics.median(trips)
    figures = {
        f"448 x 448 x 15 voxels up ({up_here:.1f} ms), masks back ({down_here:.1f} ms), on the box": table.told(
            up_here + down_here, "{:.1f} ms"
        ),
        f"of it besides digests ({digests:.1f} ms) and disk ({disk:.1f} ms)": table.most(
            up_here + down_here - digests - disk, VOLUME_MS, "{:.1f} ms"
        ),
        f"the same over tcp with keys ({up:.1f} and {down:.1f} ms)": table.most(beside, VOLUME_MS, "{:.1f} ms"),
        "two bare sockets with keys need, for the same bytes": table.told(bare_ms, "{:.1f} ms"),
        f"gzip-NIfTI by HTTP ({http_ms:.0f} ms, neither digest nor disk), over the tcp one": table.least(
            http_ms / beside, HTTP_RATIO, "{:.0f} x"
        ),
        "round trip of 1 KB, median": table.most(trip, ROUND_TRIP_US, "{:.0f} us"),
        "status while all processors compute, 99 of 100": table.most(busy, BUSY_STATUS_MS, "{:.1f} ms"),
        "first mask after commit, over a section": table.most(first, FIRST_MASK, "{:.2f}"),
        f"network time over the time of {QUEUED} queued studies": table.least(share, THROUGHPUT, "{:.3f}"),
        f"memory after 1 ({memory[0]:.0f} MB) and {len(memory)} studies": table.most(abs(drift), MEMORY, "{:.0%}"),
    }
    table.show("The daemon", figures, f"medians of {rounds}")


if __name__ == "__main__":
    main()
