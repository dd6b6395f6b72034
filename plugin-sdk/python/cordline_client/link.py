"""How far a connection is, told by ZeroMQ's own monitor: a DEALER alone is silent about why nobody answers."""

from __future__ import annotations

from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

_SEEN = {
    zmq.EVENT_CONNECTED: "connected",
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "open",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "not_admitted",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "not_admitted",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "not_admitted",
    zmq.EVENT_DISCONNECTED: "lost",
    zmq.EVENT_CONNECT_RETRIED: "refused",
}


class Link:
    """`state` is the last of `waiting` (nothing came back), `refused` (nobody listens there; it is tried again),
    `connected` (somebody does), `not_admitted` (they do not take this client's key, or want one), `open`, `lost`.

    `seen` holds every state so far.
    """

    def __init__(self, socket: zmq.Socket[Any]) -> None:
        self._socket = socket
        self._monitor = socket.get_monitor_socket()
        self.seen: list[str] = ["waiting"]

    @property
    def state(self) -> str:
        """Reads what the monitor has told since; never waits."""
        while self._monitor is not None and self._monitor.poll(0):
            event = parse_monitor_message(self._monitor.recv_multipart())["event"]
            word = _SEEN.get(event)
            if word is not None:
                self.seen.append(word)
        return self.seen[-1]

    def close(self) -> None:
        """Listens no more, and `state` stays what it was. Before the socket itself is closed."""
        if self._monitor is not None:
            # In this order: ZeroMQ says goodbye to the monitor, and would wait for one that is not there any more.
            self._socket.disable_monitor()
            self._monitor.close(linger=0)
            self._monitor = None
