"""Errors that a request to the daemon can end with."""

from __future__ import annotations

from .schema import Fault


class ClientError(Exception):
    """Base class of the errors below; itself raised for input that cannot be sent."""


class ConnectError(ClientError):
    """No reply to `hello`. The daemon is not running, or ZeroMQ dropped the key: both look alike from here."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"the key was not accepted, or nobody listens at {endpoint}")


class Timeout(ClientError):
    """No reply to a request after `hello`."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"the daemon at {endpoint} does not answer any more")


class VersionMismatch(ClientError):
    """The daemon speaks another version of the protocol: `theirs` and `ours` are the major numbers."""

    def __init__(self, theirs: object, ours: int) -> None:
        self.theirs, self.ours = theirs, ours
        super().__init__(f"the daemon speaks version {theirs} of the protocol, this client version {ours}")


class Rejected(ClientError):
    """The daemon answered with a fault.

    `code` is for programs; `message` and `action` are for people: what is wrong, and what to do. `retry`: the same
    request may succeed later.
    """

    def __init__(self, fault: Fault) -> None:
        self.code: str = fault.get("code", "")
        self.message: str = fault.get("message", "refused")
        self.action: str = fault.get("action", "")
        self.retry: bool = bool(fault.get("retry"))
        self.retry_after_s: float = fault.get("retry_after_ms", 250) / 1000
        super().__init__(f"{self.message}; {self.action}")


class HelloRequired(Rejected):
    """The daemon does not know this connection (any more: it forgets silent ones), and its subscriptions are gone.

    Say hello again, then repeat the request.
    """


class Busy(Rejected):
    """The daemon is overloaded, or this client exceeds its share. Clients repeat the request until their timeout."""


class InvalidUid(ClientError, ValueError):
    """A DICOM file that cannot be listed: the UID of its file meta information breaks the rule for UIDs."""

    def __init__(self, path: object) -> None:
        super().__init__(f"the UID in the file meta information of {path} is no UID")


class ChecksumMismatch(ClientError):
    """A downloaded file is shorter than announced, or has another SHA-256."""


def rejection(fault: Fault) -> Rejected:
    """The error for the body of a `fault`, by its code."""
    return {"hello_required": HelloRequired, "busy": Busy}.get(fault.get("code", ""), Rejected)(fault)


def too_large(header_bytes: int, most: int) -> Rejected:
    """What the daemon would say of a header beyond its limit, could it read it."""
    message = f"the list of what is to be sent has {header_bytes} bytes, and the daemon takes {most}"
    action = "send fewer files at once, or raise `daemon.limits.header_bytes`"
    return Rejected({"code": "too_large", "message": message, "action": action, "retry": False})
