"""The state of a connection, from ZeroMQ's socket monitor: a DEALER itself does not tell why no reply comes."""

from __future__ import annotations

from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

_STATES = {
    zmq.EVENT_CONNECTED: "connected",
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "open",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "not_admitted",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "not_admitted",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "not_admitted",
    zmq.EVENT_DISCONNECTED: "lost",
    zmq.EVENT_CONNECT_RETRIED: "refused",
}


class SocketMonitor:
    """`state` is the latest of:

    - `waiting`: nothing came back yet
    - `refused`: nothing listens there; ZeroMQ tries again by itself
    - `connected`: something listens there
    - `not_admitted`: it rejects this client's key, or requires one
    - `open`: the handshake is done
    - `lost`: the connection broke

    `seen` holds every state so far.
    """

    def __init__(self, socket: zmq.Socket[Any]) -> None:
        self._socket = socket
        self._monitor = socket.get_monitor_socket()
        self.seen: list[str] = ["waiting"]

    @property
    def state(self) -> str:
        """Reads the monitor's events since the last call; never waits."""
        while self._monitor is not None and self._monitor.poll(0):
            event = parse_monitor_message(self._monitor.recv_multipart())["event"]
            state = _STATES.get(event)
            if state is not None:
                self.seen.append(state)
        return self.seen[-1]

    def close(self) -> None:
        """Stops monitoring; `state` stays what it was. To be called before the socket itself is closed."""
        if self._monitor is not None:
            # In this order: ZeroMQ sends the monitor a last event, and would wait for one that is closed already.
            self._socket.disable_monitor()
            self._monitor.close(linger=0)
            self._monitor = None
