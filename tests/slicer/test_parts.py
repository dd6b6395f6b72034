"""Small parts of the logic by themselves: no scene, no daemon."""

import numpy as np
import pytest
from cordline_client import Event
from CordlineLib import address, strings
from CordlineLib.components import components
from CordlineLib.job import Job
from CordlineLib.problem import refused_by_daemon
from CordlineLib.settings import Settings


@pytest.mark.parametrize(
    ("typed", "endpoint"),
    [
        ("", address.DEFAULT_ENDPOINT),
        ("box", "tcp://box:5710"),
        ("box:6000", "tcp://box:6000"),
        (" 10.0.0.7:5710 ", "tcp://10.0.0.7:5710"),
        ("tcp://box:6000", "tcp://box:6000"),
        ("tcp://box:6000/", "tcp://box:6000"),
        ("[::1]:6000", "tcp://[::1]:6000"),
        ("/run/cordline/cordline.sock", "ipc:///run/cordline/cordline.sock"),
        ("ipc:///tmp/s", "ipc:///tmp/s"),
    ],
)
def test_what_people_type(typed, endpoint):
    assert address.endpoint(typed) == endpoint


@pytest.mark.parametrize("typed", ["http://box", "box:0", "box:99999", "box:port", "ipc://s", "a b", "box:1:2"])
def test_what_is_no_address(typed):
    with pytest.raises(ValueError, match=typed.split("://")[0][:3]):
        address.endpoint(typed)


def by_hand(mask: np.ndarray) -> list[set]:
    """Components by walking from voxel to voxel."""
    left, found = {tuple(p) for p in np.argwhere(mask)}, []
    while left:
        todo, part = [left.pop()], set()
        while todo:
            voxel = todo.pop()
            part.add(voxel)
            near = {tuple(np.array(voxel) + step) for step in np.ndindex(3, 3, 3) for step in [np.array(step) - 1]}
            todo += near & left
            left -= near
        found.append(part)
    return sorted(found, key=lambda part: (-len(part), min(part)))


@pytest.mark.parametrize("seed", range(12))
def test_components_are_those_that_touch(seed):
    random = np.random.default_rng(seed)
    mask = random.random((5, 9, 8)) < (0.02, 0.08, 0.15, 0.3)[seed % 4]
    found = [{tuple(p) for p in part} for part in components(mask)]
    assert sorted(found, key=lambda part: (-len(part), min(part))) == by_hand(mask)
    assert [len(part) for part in found] == sorted((len(part) for part in found), reverse=True)


def test_no_component_goes_round_the_edge():
    mask = np.zeros((2, 3, 4), bool)
    mask[0, 0, 3] = mask[0, 1, 0] = mask[1, 2, 3] = True
    assert [len(part) for part in components(mask)] == [1, 1, 1]
    assert components(np.zeros((2, 2, 2))) == []


def event(number: int, name: str, body: dict, raw: bytes | None = None, job: str = "j") -> Event:
    return Event(job, number, 0, name, body, raw)


def grid(number: int) -> Event:
    return event(number, "grid", {"shape": [3, 2, 4], "matrix": np.eye(4).ravel().tolist(), "pixel_sha256": ""})


def section(number: int, place: int, bits: int, final: bool = False) -> Event:
    body = {"section": place, "done": 1, "total": 3, "final": final, "mask": {"shape": [2, 4], "element": "bit"}}
    return event(number, "section", body, bytes([bits]))


def test_a_job_is_made_of_its_events_however_often_they_come():
    events = [grid(1), section(2, 2, 0b11), section(3, 1, 0b1), section(4, 2, 0b10, final=True)]
    job = Job("j")
    for each in events:
        assert job.apply(each)
    assert not job.apply(events[1])
    assert not job.apply(event(9, "warning", {"message": "x"}, job="other"))
    assert job.mask.sum() == 2
    assert job.mask[1].ravel().tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert job.missing_sections == [3]
    assert job.apply(event(5, "something new", {}))


def test_a_job_that_is_taken_up_again_forgets_what_was_said():
    job = Job("j")
    for each in (grid(1), section(2, 1, 1), event(3, "warning", {"message": "w"}),
                 event(4, "state", {"state": "cancelled", "problem": {"code": "cancelled"}})):  # fmt: skip
        job.apply(each)
    assert job.ended
    job.apply(event(5, "state", {"state": "queued"}))
    assert (job.state, job.warnings, job.grid, job.problem) == ("queued", [], None, None)
    assert (job.last_event, job.id) == (5, "j")


def test_missing_sections_are_said_aloud():
    assert "sections 3, 4" in strings.MISSING_SECTIONS.format(sections=strings.listed([3, 4]))
    assert "section 7;" in strings.MISSING_SECTIONS.format(sections=strings.listed([7]))


def test_the_daemon_s_words_become_sentences():
    said = refused_by_daemon("queue_full", "the queue is full", "try again later")
    assert str(said) == "The queue is full. Try again later."
    assert said.name == "queue_full"


class Kept(dict):
    def value(self, key, default=None):
        return self.get(key, default)

    def setValue(self, key, value):
        self[key] = value


def test_settings_are_those_that_were_kept():
    kept = Kept()
    settings = Settings(kept)
    assert settings.addresses == [address.DEFAULT_ENDPOINT]
    for n in range(12):
        settings.use_address(f"box{n}")
    settings.use_address("box7")
    assert settings.addresses[:3] == ["box7", "box11", "box10"]
    assert len(settings.addresses) == 8
    kept["Cordline/opacity"] = "often"
    assert settings.opacity == 60
    assert Settings(Kept()).send_files
