"""No client learns where the box keeps what, in whichever form an error prints a path."""

import os
import zipfile
from pathlib import Path

import pydicom
import pytest
from daemon_process import Client, Daemon
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save

pytestmark = pytest.mark.timeout(180)
GRID = sagittal_grid()
ODD = 'Xyzzy "it" lies\\é'
"""A folder whose name looks otherwise when it is quoted, escaped or made canonical."""


@pytest.fixture(scope="module")
def odd(program, library, bundle, tmp_path_factory):
    """A daemon whose spool is reached by a link, and whose folder of input lies under the same odd name."""
    base = tmp_path_factory.mktemp("private-place")
    (base / ODD).mkdir()
    (base / "link").symlink_to(base / ODD)
    daemon = Daemon(program, library, bundle, base)
    daemon.spool = base / "link" / "spool"
    daemon.roots = [base / ODD / "in"]
    daemon.roots[0].mkdir()
    daemon.start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


def study(folder: Path, name: str, **other) -> list[Path]:
    save(classic(draw(GRID), GRID, Protocol(study=name, **other)), folder)
    return sorted(folder.glob("*.dcm"))


def cut_short(folder):
    files = study(folder, "cut")
    files[3].write_bytes(files[3].read_bytes()[:-9000])


def header_alone(folder):
    files = study(folder, "header")
    files[3].write_bytes(files[3].read_bytes()[:400])


def two_patients(folder):
    study(folder / "a", "p1", patient="one")
    study(folder / "b", "p2", patient="two", series="other")


def a_section_twice(folder):
    files = study(folder, "twice")
    again = pydicom.dcmread(files[0])
    again.PixelData = bytes(len(again.PixelData))
    again.save_as(folder / "again.dcm")


def a_section_missing(folder):
    study(folder, "gap")[5].unlink()


def broken_archive(folder):
    with zipfile.ZipFile(folder / "study.zip", "w") as archive:
        archive.writestr("IM1", b"x" * 5000)
    data = (folder / "study.zip").read_bytes()
    (folder / "study.zip").write_bytes(data[:20] + b"\xff" * 30 + data[50:])


def archive_in_archive(folder):
    with zipfile.ZipFile(folder / "inner.zip", "w") as archive:
        archive.writestr("IM1", b"x")
    with zipfile.ZipFile(folder / "outer.zip", "w") as archive:
        archive.write(folder / "inner.zip", "inner.zip")
    (folder / "inner.zip").unlink()


MADE = [cut_short, header_alone, two_patients, a_section_twice, a_section_missing, broken_archive, archive_in_archive]


def tells_of(daemon, text: str) -> list[str]:
    """What of the box's paths a text holds."""
    real = os.path.realpath(daemon.spool)
    forms = [str(daemon.spool), real, daemon.folder.name, "spool", "/jobs/", ODD, repr(ODD)[1:-1], "Xyzzy"]
    return [form for form in forms if form in text]


def everything(client: Client, job: str) -> str:
    """All that a client can get of a job."""
    said = [str(event.body) for event in client.follow(job)] + [str(client.status(job))]
    texts = [f for f in client.files(job) if f["media_type"] in ("application/json", "text/html")]
    return "\n".join(said + [client.download(job, file).decode() for file in texts])


WAYS = [
    (make, way) for make in MADE for way in ("folder", "study") if "archive" not in make.__name__ or way == "folder"
]


@pytest.mark.parametrize(("make", "way"), WAYS, ids=lambda each: getattr(each, "__name__", each))
def test_what_is_said_of_a_job_names_no_place_of_the_box(odd, make, way):
    folder = odd.roots[0] / f"{make.__name__} {way}"
    folder.mkdir()
    make(folder)
    with odd.client() as client:
        job = client.submit_folder(str(folder)) if way == "folder" else client.submit_study([folder])
        said = everything(client, job)
        assert tells_of(odd, said) == [], said[:2000]
        if make in (cut_short, header_alone):
            # The item is named all the same, by its place.
            assert "input/0000" in client.status(job)["problem"]["message"]
