"""What readers say of answers is kept by the daemon: with the job, as a DICOM object, over a kill and an upgrade."""

import json
import sqlite3
from contextlib import closing
from io import BytesIO

import msgpack
import numpy as np
import pydicom
import pytest
from daemon_process import Rejected, end_of, pack_bits
from foreign_readers import complaints, report_by_dcmqi
from test_daemon_jobs import volume_of

pytestmark = pytest.mark.timeout(120)


def said(summary: dict) -> list[tuple[str, str, str]]:
    return [(r["reader"], r["verdict"], r["reason"]) for r in summary.get("reviews", [])]


def test_a_review_is_kept_with_its_job_and_the_same_twice_counts_once(client, study, tmp_path):
    job = client.submit_study([study], priority="background")
    end_of(client, job)
    before = len(said(client.status(job)))
    assert said(client.review(job, "withdrawn", "R. Meyer"))[before:] == [], "nothing stands that could be taken back"
    for _ in range(2):
        summary = client.review(job, "rejected", "R. Meyer", "too large")
    assert said(summary)[before:] == [("R. Meyer", "rejected", "too large")]
    summary = client.review(job, "withdrawn", "A. Novák")
    assert said(summary)[before:][1:] == [("A. Novák", "withdrawn", "")]
    assert said(client.status(job)) == said(summary)
    [listed] = [one for one in client.list_jobs(states=["completed"])["jobs"] if one["job"] == job]
    assert said(listed) == said(summary)
    moments = [review["at_ms"] for review in summary["reviews"]]
    assert moments == sorted(set(moments))

    for number, review in enumerate(summary["reviews"]):
        data = client.download(job, review["file"])
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(data)
        assert complaints(path) == []
        ds = pydicom.dcmread(path)
        assert (ds.Modality, ds.VerificationFlag) == ("SR", "UNVERIFIED")
        assert str(ds.AuthorObserverSequence[0].PersonName) == review["reader"] + "^"
        assert review["verdict"] in ds.SeriesDescription
        report_by_dcmqi(path, tmp_path / f"dcmqi-{number}")
    uids = {pydicom.dcmread(path).SOPInstanceUID for path in tmp_path.glob("*.dcm")}
    assert len(uids) == len(summary["reviews"])


def test_what_is_no_review_is_refused_by_name(client, study):
    job = client.submit_study([study], priority="background")
    end_of(client, job)
    before = said(client.status(job))
    for code, words in [
        ("manifest_invalid", {"verdict": "accepted", "reader": ""}),
        ("manifest_invalid", {"verdict": "accepted", "reader": " "}),
        ("manifest_invalid", {"verdict": "accepted", "reader": "a\nb"}),
        ("manifest_invalid", {"verdict": "accepted", "reader": "x" * 65}),
        ("too_large", {"verdict": "accepted", "reader": "R.", "reason": "x" * 1001}),
        ("malformed", {"verdict": "perhaps", "reader": "R."}),
    ]:
        with pytest.raises(Rejected) as refused:
            client.review(job, **words)
        assert refused.value.code == code, words
    assert said(client.status(job)) == before
    with pytest.raises(Rejected) as refused:
        client.review("0", "accepted", "R.")
    assert refused.value.code == "no_such_job"
    voxels = np.zeros((6, 32, 32), "<i2")
    described = {"tensor": {"shape": [6, 32, 32], "element": "i16"}, "matrix": np.diag([1.0, 1, 4, 1]).ravel().tolist()}
    without_answer = client.submit_volume(described, voxels.tobytes())
    assert end_of(client, without_answer)["state"] == "out_of_scope"
    with pytest.raises(Rejected) as refused:
        client.review(without_answer, "accepted", "R.")
    assert refused.value.code == "wrong_state"


def test_a_damaged_review_costs_no_other_its_object(daemon, study):
    with daemon.start().client() as client:
        job = client.submit_study([study])
        end_of(client, job)
        for reason in ("first", "second"):
            client.review(job, "rejected", "R. Meyer", reason)
        files = [review["file"] for review in client.status(job)["reviews"]]
        objects = [client.download(job, file) for file in files]
        with closing(sqlite3.connect(daemon.spool / "journal.sqlite", timeout=10)) as journal, journal:
            journal.execute("UPDATE reviews SET review = 'x' WHERE number = 1")
        summary = client.review(job, "accepted", "A. Novak", "third")
        assert [reason for *_, reason in said(summary)] == ["second", "third"]
        assert summary["reviews"][-1]["file"]["path"] not in {file["path"] for file in files}
        assert [client.download(job, file) for file in files] == objects
    assert daemon.stop() == 0


def test_an_answer_without_dicom_has_a_verdict_without_one(client, study):
    voxels, matrix = volume_of(study)
    described = {"tensor": {"shape": list(voxels.shape), "element": "i16"}, "matrix": matrix.ravel().tolist()}
    job = client.submit_volume(described, voxels.tobytes())
    assert end_of(client, job)["state"] == "completed"
    [review] = client.review(job, "accepted", "R. Meyer")["reviews"]
    assert "file" not in review
    # A corrected mask names its reader here too.
    mask = np.zeros(voxels.shape, bool)
    mask[voxels.shape[0] // 2, 20:30, 20:28] = True
    corrected = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()), reader="R. Meyer")
    summary = end_of(client, corrected)
    assert (summary["reader"], summary["corrects"]) == ("R. Meyer", job)
    assert client.submit_mask(job, mask.shape, pack_bits(mask.ravel()), reader="A. Novak") != corrected
    with pytest.raises(Rejected):
        client.submit_mask(job, mask.shape, pack_bits(mask.ravel()), reader="x" * 65)


def test_the_same_mask_of_two_readers_is_two_objects(client, study):
    job = client.submit_study([study], priority="background")
    [grid] = [e.body for e in client.follow(job) if e.name == "grid"]
    mask = np.zeros(grid["shape"], bool)
    mask[grid["shape"][0] // 2, 31:44, 30:40] = True
    found = {}
    for reader in ("R. Meyer", "A. Novak"):
        corrected = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()), reader=reader)
        assert end_of(client, corrected)["state"] == "completed"
        for file in client.files(corrected):
            if file["kind"] in ("segmentation", "structured_report"):
                ds = pydicom.dcmread(BytesIO(client.download(corrected, file)))
                found[ds.SOPInstanceUID] = reader
                if file["kind"] == "structured_report":
                    said = ds.to_json()
                    assert "clipped at" in said
                    assert "mask threshold" not in said, "a person's mask is taken as it was drawn"
    assert sorted(found.values()) == ["A. Novak", "A. Novak", "R. Meyer", "R. Meyer"]


def test_a_correction_of_a_correction_names_the_one_before(client, study):
    job = client.submit_study([study], priority="background")
    [grid] = [e.body for e in client.follow(job) if e.name == "grid"]
    uids = []
    for row in (30, 33):
        mask = np.zeros(grid["shape"], bool)
        mask[grid["shape"][0] // 2, row:44, 30:40] = True
        job = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()), reader="R. Meyer")
        assert end_of(client, job)["state"] == "completed"
        [file] = [f for f in client.files(job) if f["kind"] == "structured_report"]
        ds = pydicom.dcmread(BytesIO(client.download(job, file)))
        named = ds.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
        uids.append((ds.SOPInstanceUID, [one.ReferencedSOPInstanceUID for one in named]))
    assert uids[1][1] == [uids[0][0]]


def test_reviews_outlive_a_kill_and_status_shows_them(daemon, study, cordline):
    with daemon.start().client() as client:
        job = client.submit_study([study])
        end_of(client, job)
        client.review(job, "rejected", "R. Meyer", "too large")
        daemon.kill()
    with daemon.start().client() as client:
        assert said(client.status(job)) == [("R. Meyer", "rejected", "too large")]
        [review] = client.status(job)["reviews"]
        assert len(client.download(job, review["file"])) == review["file"]["bytes"]
    for words in (["status", job], ["jobs"]):
        shown = cordline(*words, "--socket", daemon.socket).expect(0)
        assert "rejected by R. Meyer: too large" in shown.stdout


def test_a_journal_of_the_format_before_opens_and_loses_nothing(daemon, study):
    with daemon.start().client() as client:
        job = client.submit_study([study])
        before = end_of(client, job)
        events = list(client.follow(job))
    assert daemon.stop() == 0
    # As an early program left it: no reviews, no predecessors, no counted time, events as JSON.
    with closing(sqlite3.connect(daemon.spool / "journal.sqlite")) as journal:
        for owner, number, header in journal.execute("SELECT job, number, header FROM events").fetchall():
            event = msgpack.unpackb(header)
            what = json.dumps({"event": event["event"], "body": event["body"]}, separators=(",", ":"))
            journal.execute("UPDATE events SET header = ? WHERE job = ? AND number = ?", (what, owner, number))
        journal.commit()
        journal.executescript(
            "DROP TABLE reviews; DROP TABLE pulse; ALTER TABLE jobs DROP COLUMN predecessors;"
            "ALTER TABLE jobs DROP COLUMN ended_counted_ms; ALTER TABLE events DROP COLUMN name;"
            "ALTER TABLE events DROP COLUMN checksum; ALTER TABLE events RENAME COLUMN header TO what;"
            "PRAGMA user_version = 2;"
        )
    with daemon.start().client() as client:
        assert client.status(job) == before
        assert list(client.follow(job)) == events
        assert said(client.review(job, "accepted", "R. Meyer")) == [("R. Meyer", "accepted", "")]
        assert client.submit_study([study]) == job
