"""One DEALER socket, and the operations that wait for replies on it. Both clients are built on this."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from . import messages, verbs
from .errors import Busy, ClientError, Rejected, VersionMismatch, rejection, too_large
from .messages import Event, Reply
from .operations import Operation, Request
from .socket_monitor import SocketMonitor

DEFAULT_ENDPOINT = "ipc:///run/cordline/cordline.sock"
LINGER_MS = 1000
SILENCE_S = 30
"""Where the daemon does not say after which silence it forgets a client."""


@dataclass(frozen=True)
class _Sent:
    """A request without a reply. `give_up_at` (time.monotonic): when a busy daemon is no longer asked again."""

    operation: Operation
    request: Request
    give_up_at: float


class Connection:
    """Used from one thread. `welcome` is the daemon's greeting, `events` those that were not read yet.

    timeout_s: how long a request that a busy daemon rejects is repeated. key: key file of `cordline keys new`, for a
    daemon on another host. monitored: tells by `monitor` why there is no reply to `hello`.
    """

    def __init__(
        self,
        endpoint: str,
        name: str,
        timeout_s: float,
        key: str | os.PathLike[str] | None = None,
        monitored: bool = False,
    ) -> None:
        self.endpoint, self.timeout_s = endpoint, timeout_s
        self.welcome: dict[str, Any] = {}
        self.events: deque[Event] = deque()
        self.monitor: SocketMonitor | None = None
        self.subscription_error: Rejected | None = None
        """Why the daemon stopped sending the events of a job that has not ended."""
        self.last_message_at = self.last_sent_at = time.monotonic()
        self._name, self._monitored = name, monitored
        self._key = _read_key(Path(key)) if key is not None else None
        self._socket: zmq.Socket[bytes] | None = None
        self._number = 0
        self._subscription = 0
        """Number of the latest request `events`: a fault under it may come long after its reply."""
        self._pending: dict[int, _Sent] = {}
        self._held: list[Operation] = []
        """What was started before the first welcome, which has the limits."""
        self._deferred: list[tuple[float, _Sent]] = []
        """What the daemon was too busy for, with the time (time.monotonic) at which it is sent again."""

    def connect(self) -> Operation:
        """Opens a new socket and says hello; whatever was under way on an earlier one is forgotten.

        A socket that may have lost messages cannot be repaired.
        """
        self.close()
        self.events.clear()
        self.subscription_error = None
        self._pending.clear()
        self._held.clear()
        self._deferred.clear()
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.linger = LINGER_MS
        if self._key is not None:
            self._socket.curve_serverkey = self._key["server"].encode()
            self._socket.curve_publickey = self._key["public"].encode()
            self._socket.curve_secretkey = self._key["secret"].encode()
        if self._monitored:
            self.monitor = SocketMonitor(self._socket)
        self._socket.connect(self.endpoint)
        return self.hello()

    def hello(self) -> Operation:
        return self._begin(verbs.call("hello", client=self._name))

    @property
    def ping_at(self) -> float:
        """When (time.monotonic) the daemon must hear of this client again: a third of the silence that it allows."""
        return self.last_sent_at + max(self.welcome.get("limits", {}).get("silence_s", SILENCE_S), 1) / 3

    def drop_events(self, job: str) -> None:
        """Forgets the events of a job that were not read yet."""
        self.events = deque(event for event in self.events if event.job != job)

    def close(self) -> None:
        if self.monitor is not None:
            self.monitor.close()
        if self._socket is not None:
            self._socket.close()

    def start(self, operation: Operation) -> Operation:
        """Sends the first requests of an operation, or does so once the welcome has come."""
        if self.welcome:
            return self._begin(operation)
        self._held.append(operation)
        return operation

    def _begin(self, operation: Operation) -> Operation:
        for request in operation.begin(self.welcome.get("limits", {})):
            self._send(_Sent(operation, request, time.monotonic() + self.timeout_s))
        return operation

    def abandon(self, operation: Operation) -> None:
        """Ignores replies to an operation from now on."""
        self._pending = {number: sent for number, sent in self._pending.items() if sent.operation is not operation}
        self._deferred = [each for each in self._deferred if each[1].operation is not operation]
        self._held = [each for each in self._held if each is not operation]

    def poll(self) -> None:
        """Handles all messages that are there; never waits."""
        self._send_deferred()
        while self._socket.poll(0):
            self._handle_message()

    def wait(self, deadline: float) -> bool:
        """Handles one message; False where none came before `deadline` (time.monotonic)."""
        while True:
            self._send_deferred()
            until = min([deadline, *(due for due, _ in self._deferred)])
            if self._socket.poll(max(0, int((until - time.monotonic()) * 1000) + 1)):
                self._handle_message()
                return True
            if time.monotonic() >= deadline:
                return False

    def _send(self, sent: _Sent) -> None:
        request = sent.request
        header = messages.encode_request(self._number + 1, request.verb, request.body)
        most = self.welcome.get("limits", {}).get("header_bytes", len(header))
        if len(header) > most:
            # ZeroMQ would close the connection before the daemon could say why.
            sent.operation.fail(too_large(len(header), most))
            return
        self._number += 1
        self._pending[self._number] = sent
        self.last_sent_at = time.monotonic()
        if request.verb == "events":
            self._subscription, self.subscription_error = self._number, None
        self._socket.send_multipart([header] if request.raw is None else [header, request.raw])

    def _send_deferred(self) -> None:
        now = time.monotonic()
        due = [sent for at, sent in self._deferred if at <= now]
        self._deferred = [(at, sent) for at, sent in self._deferred if at > now]
        for sent in due:
            self._send(sent)

    def _handle_message(self) -> None:
        message = messages.decode(self._socket.recv_multipart())
        self.last_message_at = time.monotonic()
        if isinstance(message, Reply):
            self._handle_reply(message)
        elif isinstance(message, Event):
            self.events.append(message)
        elif isinstance(message, VersionMismatch):
            # Nothing that this daemon says can be understood.
            for sent in [*self._pending.values(), *(sent for _, sent in self._deferred)]:
                sent.operation.fail(message)
            self._pending.clear()
            self._deferred.clear()
            self._fail_held(message)

    def _handle_reply(self, reply: Reply) -> None:
        sent = self._pending.pop(reply.id, None)
        error = rejection(reply.body) if reply.name == "fault" else None
        if sent is None:
            if error is not None and reply.id == self._subscription:
                self.subscription_error = error
            return
        if isinstance(error, Busy) and self._defer(sent, error):
            return
        if reply.name == "welcome":
            self._greeted(reply.body)
        operation, request = sent.operation, sent.request
        if error is not None and request.verb == "hello":
            self._fail_held(error)
        following = operation.on_reply(request, reply) if error is None else operation.on_rejected(request, error)
        for each in following:
            self._send(_Sent(operation, each, time.monotonic() + self.timeout_s))

    def _defer(self, sent: _Sent, error: Busy) -> bool:
        """Whether the request will be sent again. A chunk is not: the ones behind it would arrive out of order."""
        at = time.monotonic() + error.retry_after_s
        if sent.request.verb == "chunk" or at > sent.give_up_at:
            return False
        self._deferred.append((at, sent))
        return True

    def _greeted(self, welcome: dict[str, Any]) -> None:
        self.welcome = welcome
        if self.monitor is not None:
            # Unread events of the monitor would fill its queue, and then block ZeroMQ's own thread.
            self.monitor.close()
        held, self._held = self._held, []
        for operation in held:
            self._begin(operation)

    def _fail_held(self, error: ClientError) -> None:
        held, self._held = self._held, []
        for operation in held:
            operation.fail(error)


def _read_key(path: Path) -> dict[str, str]:
    found = dict(re.findall(r'^(public|secret|server) *= *"(.{40})"$', path.read_text(), re.MULTILINE))
    if len(found) < 3:
        raise ClientError(f"{path} is no key file")
    return found
