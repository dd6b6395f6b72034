"""What can go wrong between a client and the daemon."""

from __future__ import annotations

from typing import Any


class ClientError(Exception):
    """Any of the errors below."""


class Nobody(ClientError):
    """No answer to the first message."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"the key was not accepted, or nobody listens at {endpoint}")


class Silence(ClientError):
    """No answer to another message."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"the daemon at {endpoint} does not answer any more")


class OtherVersion(ClientError):
    """The daemon speaks another version of the protocol: `theirs` and `ours` are the major numbers."""

    def __init__(self, theirs: object, ours: int) -> None:
        self.theirs, self.ours = theirs, ours
        super().__init__(f"the daemon speaks version {theirs} of the protocol, this client version {ours}")


class Refused(ClientError):
    """The daemon refused.

    `code` is for programs, `message` and `action` say what is wrong and what to do, `retry` whether the same may
    succeed later.
    """

    def __init__(self, fault: dict[str, Any]) -> None:
        self.code: str = fault.get("code", "")
        self.message: str = fault.get("message", "refused")
        self.action: str = fault.get("action", "")
        self.retry: bool = bool(fault.get("retry"))
        super().__init__(f"{self.message}; {self.action}")


class HelloRequired(Refused):
    """The daemon does not know this client, or not any more (it forgets who is silent), and what it followed is
    forgotten: greet it on a new connection, and ask again."""


def refused(fault: dict[str, Any]) -> Refused:
    """A fault as the error that it is."""
    return HelloRequired(fault) if fault.get("code") == "hello_required" else Refused(fault)


class Damaged(ClientError):
    """Something did not arrive as it was announced."""
