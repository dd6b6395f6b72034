"""What readers saved and said stays in a real Orthanc: no machine removes it, and the next reader sees it."""

import hashlib
import json
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from daemon_process import end_of, pack_bits
from foreign_readers import complaints, items, texts
from gateway_process import Gateway, Wire
from orthanc_process import Orthanc, ended, wait

pytestmark = pytest.mark.timeout(300)

READER, OTHER = "R. Meyer", "Nováková^A"


class Archive:
    """A study in Orthanc with the machine's answer, and readers who work on it through the gateway."""

    def __init__(self, orthanc: Orthanc, gateway: Gateway, folder: Path, names: slice = slice(None)) -> None:
        self.orthanc, self.gateway, self.folder = orthanc, gateway, folder
        self.tokens = {name: gateway.token("submitter", name=name) for name in (READER, OTHER)}
        self.study = orthanc.send(folder, names)
        self.uid = pydicom.dcmread(next(folder.iterdir())).StudyInstanceUID
        self.mark = ended(orthanc, self.study)

    @property
    def job(self) -> str:
        return self.mark["job"]

    def instances(self) -> set[str]:
        return {instance["ID"] for instance in self.orthanc.get(f"/studies/{self.study}/instances")}

    def read(self, instance: str) -> pydicom.Dataset:
        return pydicom.dcmread(BytesIO(self.orthanc.ask("GET", f"/instances/{instance}/file")))

    def results(self, among: set[str]) -> dict[str, pydicom.Dataset]:
        """What is no image, by modality and who made it."""
        return {instance: ds for instance in among if (ds := self.read(instance)).Modality in ("SEG", "SR")}

    def post(self, path: str, body: dict, reader: str = READER) -> int:
        whole = {"study_uid": self.uid, "job": self.job} | body
        return self.gateway.ask("POST", f"/api/v1/analyses/{path}", whole, token=self.tokens[reader])[0]

    def reviews(self) -> list[dict]:
        """As another reader asks, who may only look."""
        path = f"/api/v1/analyses/reviews?study_uid={self.uid}"
        status, _, text = self.gateway.ask("GET", path, token=self.gateway.viewer)
        assert status == 200, text
        return json.loads(text)

    def correct(self, client, reader: str = READER) -> str:
        """Paints another mask and sends it as the panel does, under a name that is not the reader's; the job."""
        [grid] = [e.body for e in client.follow(self.job) if e.name == "grid"]
        mask = np.zeros(grid["shape"], bool)
        mask[grid["shape"][0] // 2, 30:44, 30:40] = True
        bits = pack_bits(mask.ravel())
        tensor = {"shape": grid["shape"], "element": "bit"}
        with Wire(self.gateway, self.tokens[reader]) as wire:
            wire.ask("hello", {"client": "test"})
            about = {"kind": "mask", "job": self.job, "mask": tensor, "sha256": hashlib.sha256(bits).hexdigest()}
            job = wire.ask("submit", about | {"reader": "Somebody Else"})["body"]["job"]
            wire.ask("chunk", {"job": job, "item": 0, "offset": 0}, bits)
            wire.ask("commit", {"job": job})
        summary = end_of(client, job)
        assert (summary["state"], summary["reader"], summary["corrects"]) == ("completed", reader, self.job)
        return job

    def send_localizer(self) -> None:
        """A late image of another series, and the gateway's next look at the study."""
        ds = pydicom.dcmread(sorted(self.folder.iterdir())[0])
        self.send_other(ds, "8", ["ORIGINAL", "PRIMARY", "LOCALIZER"])

    def send_other(self, ds: pydicom.Dataset, number: str, image_type: list[str]) -> None:
        ds.ImageType = image_type
        ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID[:50]}.{number}"
        ds.SOPInstanceUID = f"{ds.SOPInstanceUID[:50]}.{number}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        self.orthanc.send_all([ds])
        self.seen_anew()

    def seen_anew(self) -> None:
        def is_new() -> bool:
            return json.loads(self.orthanc.note(self.study, 1025))["instances"] != self.mark["instances"]

        wait(is_new, "the late image is not seen")
        self.mark = ended(self.orthanc, self.study)


@pytest.fixture
def archive(orthanc, start_gateway, another, request):
    number = 100 + request.session.items.index(request.node)
    return lambda names=slice(None): Archive(orthanc, start_gateway(), another(number), names)


def observer(sr: pydicom.Dataset) -> list[str]:
    """Persons who observed what the report says."""
    return [str(item.PersonName) for item in items(sr, "Person Observer Name", "PNAME")]


def predecessors(sr: pydicom.Dataset) -> set[str]:
    named = sr.get("PredecessorDocumentsSequence", [])
    return {
        one.ReferencedSOPInstanceUID
        for study in named
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }


def test_a_late_localizer_changes_nothing_that_is_there(archive, client):
    archive = archive()
    machine = archive.instances()
    job = archive.correct(client)
    assert archive.post("store", {"job": job}) == 200
    assert archive.post("verdict", {"job": job, "verdict": "accepted"}) == 204
    saved, line = archive.instances(), archive.orthanc.note(archive.study)
    assert machine < saved, "a save removes nothing of the machine's"
    assert line.endswith(f", corrected by {READER} - accepted by {READER}")
    jobs = len(client.list_jobs()["jobs"])

    archive.send_localizer()
    time.sleep(2)
    assert saved < archive.instances()
    assert len(archive.instances()) == len(saved) + 1
    assert archive.orthanc.note(archive.study) == line
    assert archive.mark["job"] == job
    assert len(client.list_jobs()["jobs"]) == jobs, "nothing was analysed anew"
    assert [review["verdict"] for review in archive.reviews()] == ["accepted"]


def test_a_correction_stands_beside_what_it_corrects_with_its_readers_name(archive, client, tmp_path):
    archive = archive()
    machine = archive.results(archive.instances())
    job = archive.correct(client, OTHER)
    assert archive.post("store", {"job": job}, OTHER) == 200
    added = archive.results(archive.instances() - set(machine))
    by_kind = {ds.Modality: ds for ds in added.values()}
    assert sorted(by_kind) == ["SEG", "SR"]
    seg, sr = by_kind["SEG"], by_kind["SR"]
    # A caret would split the name.
    assert (str(seg.ContentCreatorName), seg.SegmentSequence[0].SegmentAlgorithmType) == (
        "Nováková A^",
        "SEMIAUTOMATIC",
    )
    assert observer(sr) == ["Nováková A^"]
    assert str(sr.AuthorObserverSequence[0].PersonName) == "Nováková A^"
    assert predecessors(sr) == {ds.SOPInstanceUID for ds in machine.values() if ds.Modality == "SR"}
    for ds in machine.values():
        assert by_kind[ds.Modality].SeriesDescription != ds.SeriesDescription
    assert "corrected by Nov" in seg.SeriesDescription
    for name, ds in by_kind.items():
        ds.save_as(tmp_path / name)
        assert complaints(tmp_path / name) == []
    [result] = [file for file in client.files(job) if file["kind"] == "result"]
    reasons = json.loads(client.download(job, result))["series"]["reasons"]
    assert reasons == [f"corrected mask of job {archive.job} by {OTHER}"]


def test_a_late_section_of_the_chosen_series_adds_and_names_what_was_there(archive, client):
    archive = archive(slice(0, -1))
    first = archive.results(archive.instances())
    job = archive.correct(client)
    assert archive.post("store", {"job": job}) == 200
    assert archive.post("verdict", {"verdict": "accepted"}) == 204
    before, earlier = archive.instances(), archive.mark["job"]
    reports = {ds.SOPInstanceUID for ds in archive.results(before).values() if ds.Modality == "SR"}
    assert len(reports) == 3, "the machine's, the reader's, and the verdict"

    archive.orthanc.send(archive.folder, slice(-1, None))
    archive.seen_anew()
    added = archive.results(archive.instances() - before)
    assert before < archive.instances(), "nothing is removed"
    assert sorted(ds.Modality for ds in added.values()) == ["SEG", "SR"]
    [sr] = [ds for ds in added.values() if ds.Modality == "SR"]
    machine = {ds.SOPInstanceUID for ds in first.values() if ds.Modality == "SR"}
    assert machine < predecessors(sr) < reports, "the machine's and the reader's, not the verdict"
    assert archive.mark["job"] not in (earlier, job)
    line = archive.orthanc.note(archive.study)
    assert line.endswith(f"; an earlier answer was accepted by {READER}"), line
    assert [review["job"] for review in archive.reviews()] == [earlier]


def test_a_series_that_comes_later_is_named_and_not_analysed(archive, client):
    archive = archive()
    before, line = archive.instances(), archive.orthanc.note(archive.study)
    ds = pydicom.dcmread(sorted(archive.folder.iterdir())[0])
    archive.send_other(ds, "9", ["ORIGINAL", "PRIMARY", "M", "SE"])
    said = wait(lambda: (now := archive.orthanc.note(archive.study)) != line and now, "the late series is not named")
    assert said == f"{line}; 1 series came later and was not analysed"
    assert before < archive.instances()
    assert archive.post("verdict", {"verdict": "accepted"}) == 204
    said = archive.orthanc.note(archive.study)
    assert said == f"{line} - accepted by {READER}; 1 series came later and was not analysed"


def test_the_next_reader_sees_a_verdict_and_its_withdrawal(archive, tmp_path):
    archive = archive()
    said = [
        (READER, {"verdict": "rejected", "reason": "too large:\nflow void"}),
        (OTHER, {"accepted": True}),
        (OTHER, {"accepted": True}),  # pressed twice
        (READER, {"verdict": "withdrawn"}),
        (READER, {"verdict": "withdrawn"}),
    ]
    for reader, body in said:
        assert archive.post("verdict", body, reader) == 204
    found = archive.reviews()
    assert [(r["reader"], r["verdict"], r["reason"]) for r in found] == [
        (READER, "rejected", "too large:\nflow void"),
        (OTHER, "accepted", ""),
        (READER, "withdrawn", ""),
    ]
    assert all(r["job"] == archive.job for r in found)
    assert archive.orthanc.note(archive.study).startswith("done: ")
    assert " - " not in archive.orthanc.note(archive.study)
    kept = json.loads(archive.orthanc.note(archive.study, 1026))
    assert [entry["verdict"] for entry in kept] == ["rejected", "accepted", "withdrawn"]
    machine = archive.results(archive.instances() - {entry["object"] for entry in kept})
    [report] = [ds.SOPInstanceUID for ds in machine.values() if ds.Modality == "SR"]
    for entry in kept:
        review = archive.read(entry["object"])
        assert observer(review) == [READER + "^" if entry["reader"] == READER else "Nováková A^"]
        assert predecessors(review) == {report}
        source = pydicom.dcmread(next(archive.folder.iterdir()))
        for name in ("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "AccessionNumber"):
            assert review.get(name) == source.get(name), name
        assert texts(review)[0].startswith("Research use only")
        review.save_as(tmp_path / "review.dcm")
        assert complaints(tmp_path / "review.dcm") == []
    [judgement] = items(archive.read(kept[0]["object"]).ContentSequence[-1], "Assessment Category", "CODE")
    assert judgement.ConceptCodeSequence[0].CodeMeaning == "Disagreement with prior findings"

    twice, too_long = {"verdict": "accepted", "accepted": True}, {"verdict": "rejected", "reason": "x" * 1001}
    for wrong in ({}, twice, {"verdict": "perhaps"}, too_long):
        assert archive.post("verdict", wrong) in (413, 422), wrong
    assert len(archive.reviews()) == 3


def test_whoever_deletes_our_note_loses_nothing_of_a_readers(archive, client):
    archive = archive()
    job = archive.correct(client)
    assert archive.post("store", {"job": job}) == 200
    assert archive.post("verdict", {"job": job, "verdict": "accepted"}) == 204
    before = archive.instances()
    archive.orthanc.ask("DELETE", f"/studies/{archive.study}/metadata/1025")
    archive.gateway.json("/api/v1/arrivals", "POST", {"study": archive.study})
    wait(lambda: archive.orthanc.note(archive.study, 1025), "the study is not looked at")
    ended(archive.orthanc, archive.study)
    assert before <= archive.instances()
    [save] = json.loads(archive.orthanc.note(archive.study, 1027))
    assert (save["job"], save["reader"], len(save["objects"])) == (job, READER, 2)
    assert [review["verdict"] for review in archive.reviews()] == ["accepted"]


def test_a_save_while_a_late_section_is_analysed_is_not_lost(archive, client, another):
    archive = archive(slice(0, -1))
    job = archive.correct(client)
    # The machine is kept busy, so that the late section waits in its queue.
    busy = [client.submit_study([another(200 + n)], priority="urgent") for n in range(6)]
    archive.orthanc.send(archive.folder, slice(-1, None))
    wait(lambda: archive.orthanc.note(archive.study) == "queued", "the late section is not seen")
    assert archive.post("store", {"job": job}) == 200
    saved = archive.instances()
    for one in busy:
        end_of(client, one)
    # "queued" is said before the daemon is asked: the note of the earlier analysis stands until then.
    earlier = (archive.job, job)
    wait(lambda: json.loads(archive.orthanc.note(archive.study, 1025))["job"] not in earlier, "not analysed anew")
    mark = ended(archive.orthanc, archive.study)
    assert saved <= archive.instances()
    assert len(archive.results(archive.instances())) == 6, "the machine's, the reader's, and those of all sections"
    assert mark["job"] not in (archive.job, job)
    assert [save["job"] for save in json.loads(archive.orthanc.note(archive.study, 1027))] == [job]


def test_what_a_stop_left_half_done_is_made_up_for_and_nothing_is_doubled(archive, client):
    archive = archive()
    assert archive.post("verdict", {"verdict": "rejected", "reason": "too small"}) == 204
    [kept] = json.loads(archive.orthanc.note(archive.study, 1026))
    whole = archive.instances()
    # Stopped after the object, before the note; and judged beside the gateway, as another viewer does.
    archive.orthanc.ask("DELETE", f"/studies/{archive.study}/metadata/1026")
    client.review(archive.job, "accepted", "S. Slicer", "after all")
    assert [r["verdict"] for r in archive.reviews()] == ["rejected", "accepted"]

    def is_whole() -> bool:
        return len(json.loads(archive.orthanc.note(archive.study, 1026) or "[]")) == 2

    wait(is_whole, "the archive does not get what was said")
    assert json.loads(archive.orthanc.note(archive.study, 1026))[0] == kept
    assert len(archive.instances()) == len(whole) + 1
    line = archive.orthanc.note(archive.study)
    wait(lambda: archive.orthanc.note(archive.study).endswith(" - accepted by S. Slicer: after all"), line)


def test_verdicts_of_an_earlier_version_are_shown_and_a_note_that_cannot_be_read_is_left(archive):
    archive = archive()
    old = [{"job": archive.job, "who": "R.", "at_ms": 5, "accepted": False, "reason": "flow void"}]
    path = f"/studies/{archive.study}/metadata/1026"
    archive.orthanc.ask("PUT", path, json.dumps(old).encode())
    assert [(r["reader"], r["verdict"], r["reason"]) for r in archive.reviews()] == [("R.", "rejected", "flow void")]
    assert archive.post("verdict", {"verdict": "accepted"}) == 204
    assert [r["verdict"] for r in archive.reviews()] == ["rejected", "accepted"]
    # A list of any length: Orthanc is sent large metadata in another way.
    many = [old[0] | {"at_ms": number, "reason": "flow void " * 50} for number in range(300)]
    archive.orthanc.ask("PUT", path, json.dumps(many).encode())
    assert archive.post("verdict", {"verdict": "accepted"}) == 204
    assert len(archive.reviews()) == len(json.loads(archive.orthanc.note(archive.study, 1026))) == 301
    archive.orthanc.ask("PUT", path, b"{half")
    assert archive.post("verdict", {"verdict": "rejected"}) == 409
    assert archive.orthanc.note(archive.study, 1026) == "{half"
