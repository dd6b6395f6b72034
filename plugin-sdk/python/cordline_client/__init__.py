"""Clients of the Cordline daemon; plugin-sdk/PROTOCOL.md describes the wire. Research use only; not a medical device.

    with Client.connect() as client:
        job = client.submit_study(["folder"])
        for event in client.follow(job):
            print(event.name, event.body)

`PollingClient` is for programs that must not wait: `client.start(verbs.submit_study(["folder"]))`, and `client.poll()`
from a timer.

- client.py, polling_client.py: the two clients
- verbs.py: what can be asked of the daemon, by the names that all clients use
- operations.py: uploads, downloads and single requests as state machines without a socket
- connection.py: the socket; matches replies with requests, and repeats what a busy daemon rejected
- messages.py, tensor.py: headers and masks as bytes
- files.py: DICOM files to a manifest
- schema.py: the types of all bodies; generated
"""

from . import verbs
from .client import Client
from .connection import DEFAULT_ENDPOINT
from .errors import (
    Busy,
    ChecksumMismatch,
    ClientError,
    ConnectError,
    HelloRequired,
    InvalidUid,
    Rejected,
    Timeout,
    VersionMismatch,
)
from .messages import RESEARCH_USE, Event
from .operations import Operation
from .polling_client import PollingClient
from .socket_monitor import SocketMonitor
from .tensor import pack_bits, unpack_bits

__all__ = [
    "DEFAULT_ENDPOINT",
    "RESEARCH_USE",
    "Busy",
    "ChecksumMismatch",
    "Client",
    "ClientError",
    "ConnectError",
    "Event",
    "HelloRequired",
    "InvalidUid",
    "Operation",
    "PollingClient",
    "Rejected",
    "SocketMonitor",
    "Timeout",
    "VersionMismatch",
    "pack_bits",
    "unpack_bits",
    "verbs",
]
