"""Client of the Cordline daemon; plugin-sdk/PROTOCOL.md describes the wire. Research use only; not a medical device.

    with Client() as client:
        job = client.submit_study(["folder"])
        for event in client.follow(job):
            print(event.name, event.body)

A window that must not wait uses `client.start(...)` and calls `client.poll()` from a timer.
"""

from .client import DEFAULT_ENDPOINT, Client, Operation
from .errors import ClientError, Damaged, HelloRequired, Nobody, OtherVersion, Refused, Silence
from .link import Link
from .messages import RESEARCH_USE, Event
from .tensor import pack_bits, unpack_bits

__all__ = [
    "DEFAULT_ENDPOINT",
    "RESEARCH_USE",
    "Client",
    "ClientError",
    "Damaged",
    "Event",
    "HelloRequired",
    "Link",
    "Nobody",
    "Operation",
    "OtherVersion",
    "Refused",
    "Silence",
    "pack_bits",
    "unpack_bits",
]
