"""Operations without a socket: what they send next after each reply."""

import hashlib

import pytest

from cordline_client import ChecksumMismatch
from cordline_client.messages import Reply
from cordline_client.operations import Download, Upload

LIMITS = {"frame_bytes": 4}


def reply(name: str, body: dict, raw: bytes | None = None) -> Reply:
    return Reply(1, name, body, raw)


def test_an_upload_stays_within_the_credit():
    upload = Upload({"kind": "volume"}, [lambda: bytes(10), lambda: bytes(7)])
    [submit] = upload.begin(LIMITS)
    waiting = upload.on_reply(
        submit, reply("upload", {"job": "a", "state": "receiving", "received": [4, 0], "credit": 2})
    )
    sent, most = [], 0
    while waiting and waiting[0].verb == "chunk":
        most = max(most, len(waiting))
        sent.append(waiting.pop(0))
        waiting += upload.on_reply(sent[-1], reply("upload", {"job": "a", "state": "receiving", "credit": 2}))
    assert most == 2
    assert [(each.body["item"], each.body["offset"], len(each.raw)) for each in sent] == [
        (0, 4, 4), (0, 8, 2), (1, 0, 4), (1, 4, 3),
    ]  # fmt: skip
    [commit] = waiting
    assert commit.verb == "commit"
    assert upload.on_reply(commit, reply("job", {"state": "queued"})) == []
    assert (upload.done, upload.result, upload.error) == (True, "a", None)


def test_what_the_daemon_knows_is_not_sent_again():
    upload = Upload({"kind": "folder", "path": "p"}, [])
    [submit] = upload.begin(LIMITS)
    assert upload.on_reply(submit, reply("upload", {"job": "a", "state": "completed"})) == []
    assert upload.result == "a"


@pytest.mark.parametrize(
    ("pieces", "error"),
    [([b"abc", b"de"], None), ([b"abc", b"dX"], ChecksumMismatch), ([b"abc", b""], ChecksumMismatch)],
)
def test_a_download_is_what_was_announced(pieces, error):
    file = {"path": "f", "bytes": 5, "sha256": hashlib.sha256(b"abcde").hexdigest()}
    download = Download("a", file)
    requests, offsets = download.begin(LIMITS), []
    for piece in pieces:
        [request] = requests
        offsets.append(request.body["offset"])
        requests = download.on_reply(request, reply("artifact", {}, piece))
    assert download.done
    assert offsets == [0, 3]
    assert (download.result == b"abcde") == (error is None)
    assert isinstance(download.error, error or type(None))
