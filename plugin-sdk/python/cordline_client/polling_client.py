"""The polling client: never waits, for programs whose event loop must go on, such as viewers."""

from __future__ import annotations

import os
import time

from . import verbs
from .connection import DEFAULT_ENDPOINT, Connection
from .errors import Rejected
from .messages import Event
from .operations import Operation
from .schema import Welcome
from .socket_monitor import SocketMonitor


class PollingClient:
    """A connection to the daemon, used from one thread. `PollingClient.connect` makes one; a timer calls `poll`.

    `greeting` is the operation of `hello`, `welcome` its result; {} until it is done.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.greeting: Operation = connection.connect()

    @classmethod
    def connect(
        cls,
        endpoint: str = DEFAULT_ENDPOINT,
        name: str = "python",
        timeout_s: float = 10.0,
        key: str | os.PathLike[str] | None = None,
    ) -> PollingClient:
        """Begins to connect and to say hello. Parameters as in `Client.connect`."""
        return cls(Connection(endpoint, name, timeout_s, key, monitored=True))

    def __enter__(self) -> PollingClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the socket. Jobs go on."""
        self._connection.close()

    @property
    def welcome(self) -> Welcome:
        return self._connection.welcome

    @property
    def monitor(self) -> SocketMonitor:
        """How far the connection is, until the welcome has come."""
        assert self._connection.monitor is not None
        return self._connection.monitor

    @property
    def last_message_at(self) -> float:
        """When the daemon was heard last, in seconds of time.monotonic."""
        return self._connection.last_message_at

    @property
    def subscription_error(self) -> Rejected | None:
        """Why the daemon stopped sending the events of a job that has not ended."""
        return self._connection.subscription_error

    def start(self, operation: Operation) -> Operation:
        """Begins an operation of `verbs`, once the welcome has come; `poll` carries it on until it is `done`.

        One upload at a time: the credit is that of the connection.
        """
        return self._connection.start(operation)

    def poll(self) -> list[Event]:
        """Handles what has arrived, and returns the events among it. Pings where nothing was sent for long."""
        self._connection.poll()
        if self.welcome and time.monotonic() >= self._connection.ping_at:
            self.start(verbs.call("ping"))
        events = list(self._connection.events)
        self._connection.events.clear()
        return events
