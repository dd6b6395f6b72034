"""Several images at once, classifiers side by side, and what is done where one is too much, on a real ONNX Runtime."""

import pydicom
import pytest
import tiny_bundle
from daemon_process import end_of

BATCH, SIDE_BY_SIDE, LOG = "CORDLINE_DEVICE__BATCH", "CORDLINE_DEVICE__SIDE_BY_SIDE", "CORDLINE_LOG"
pytestmark = pytest.mark.timeout(120)


def answers(run) -> list[tuple[int, float]]:
    sections = [s for answer in run.result["classifications"] for s in answer["sections"]]
    return [(section["section"], section["probability"]) for section in sections]


def mask(run) -> bytes:
    return pydicom.dcmread(run.out / "segmentation.dcm").PixelData


def test_several_at_once_find_what_one_after_the_other_does(analyse, study, tmp_path):
    one = analyse(study, out=tmp_path / "one").expect(0)
    for settings in ({BATCH: "4"}, {SIDE_BY_SIDE: "true"}, {BATCH: "8", SIDE_BY_SIDE: "true"}):
        many = analyse(study, out=tmp_path / "many", env=settings).expect(0)
        assert [section for section, _ in answers(many)] == [section for section, _ in answers(one)]
        assert [p for _, p in answers(many)] == pytest.approx([p for _, p in answers(one)], abs=1e-6)
        assert mask(many) == mask(one)
        assert many.result["not_asked"] == one.result["not_asked"]
        assert many.result["warnings"] == one.result["warnings"]


def test_a_device_without_memory_for_so_many_gets_half_of_them(analyse, study, tmp_path):
    greedy = tiny_bundle.write(tmp_path / "greedy", segmenter=tiny_bundle.greedy_segmenter)
    one = analyse(study, out=tmp_path / "one", bundle=greedy).expect(0)
    four = analyse(study, out=tmp_path / "four", bundle=greedy, env={BATCH: "4", LOG: "warn"}).expect(0)
    assert "half as many images at once" in four.stderr
    assert mask(four) == mask(one)
    assert answers(four) == answers(one)


def test_where_half_of_them_is_too_much_as_well_the_study_ends_with_the_reason_and_the_next_gets_fewer(
    daemon, study, tmp_path
):
    daemon.bundle = tiny_bundle.write(tmp_path / "greedy", segmenter=tiny_bundle.greedy_segmenter)
    daemon.environment[BATCH] = "8"
    daemon.start()
    with daemon.client() as client:
        ended = end_of(client, client.submit_study([study]))
        assert ended["state"] == "failed"
        assert "allocate" in ended["problem"]["message"]
        assert end_of(client, client.submit_study([study], again=1))["state"] == "completed"
