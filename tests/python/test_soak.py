"""A short soak of the daemon in every run of the tests; `make soak` is the long one."""

import pytest
import soak

ROUNDS = 100


@pytest.mark.timeout(900)
def test_every_accepted_job_ends_once_whenever_the_daemon_is_killed(daemon, tmp_path):
    found = soak.soak(daemon, tmp_path, ROUNDS)
    # Some states last a millisecond and are hit by chance.
    assert {"receiving", "queued", "segmenting", "writing"} <= set(found), found
    assert len(set(soak.KILLED_AT) & set(found)) >= 6, found
