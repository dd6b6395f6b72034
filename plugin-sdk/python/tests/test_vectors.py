"""Every message of plugin-sdk/vectors is read as it was meant, and written so that the daemon reads it."""

import json
from pathlib import Path

import msgpack
import pytest

from cordline_client import Event, VersionMismatch, messages, pack_bits, tensor, unpack_bits
from cordline_client.files import sop_instance_uid

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/messages.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_message(vector):
    header, raw = bytes.fromhex(vector["header_hex"]), bytes.fromhex(vector["raw_hex"])
    wanted = vector["message"]
    assert msgpack.unpackb(header) == wanted
    if vector["from"] == "client":
        written = messages.encode_request(wanted["id"], wanted["verb"], wanted["body"])
        assert msgpack.unpackb(written) == wanted
        return
    found = messages.decode([header, raw] if raw else [header])
    assert found is not None
    assert (found.body, found.raw or b"") == (wanted["body"], raw)
    assert found.name == wanted["event" if isinstance(found, Event) else "reply"]


def test_another_version_is_named():
    other = messages.decode([msgpack.packb({"v": 2, "reply": "pong", "id": 1})])
    assert isinstance(other, VersionMismatch)
    assert (other.theirs, other.ours) == (2, 1)
    assert messages.decode([msgpack.packb([1, 2])]) is None
    assert messages.decode([msgpack.packb({"reply": "pong", "id": 1})]) is None


@pytest.mark.parametrize("with_numpy", [True, False])
def test_bits(with_numpy, monkeypatch):
    if not with_numpy:
        monkeypatch.setattr(tensor, "numpy", None)
    mask = [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert pack_bits(mask) == b"\x01\x06"
    assert list(unpack_bits(b"\x01\x06", 11)) == mask
    assert unpack_bits(b"", 3) == b"\0\0\0"


def test_uid_of_a_file():
    head = bytes(128) + b"DICM"
    meta = b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01\x02\x00\x03\x00UI\x06\x001.2.3\x00"
    assert sop_instance_uid(head + meta) == "1.2.3"
    assert sop_instance_uid(head + meta[:-3]) is None
    assert sop_instance_uid(b"hello") is None
    assert sop_instance_uid(head + b"\x02\x00\x03\x00UI\x04\x00../x") is None
