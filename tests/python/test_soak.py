"""Short soaks in every run of the tests; `make soak` runs the long ones."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "soak"))
import crowd
import states

pytestmark = pytest.mark.timeout(900)


def test_every_accepted_job_ends_once_whenever_the_daemon_is_killed(daemon, tmp_path):
    found = states.run(daemon, tmp_path, rounds=100)
    # Some states last a millisecond and are hit by chance.
    assert {"receiving", "queued", "segmenting", "writing"} <= set(found), found
    assert len(set(states.KILLED_AT) & set(found)) >= 6, found


def test_nothing_that_was_said_yes_to_is_lost_while_four_clients_do_everything(daemon, tmp_path):
    did = crowd.run(daemon, tmp_path, kills=12)
    assert min(did[what] for what in crowd.EACH) > 0, did
