"""Parsing of the daemon's address as users type it."""

from __future__ import annotations

import re

DEFAULT_ENDPOINT = "ipc:///run/cordline/cordline.sock"
"""Where the daemon listens for programs on its own host."""
DEFAULT_PORT = 5710


def endpoint(typed: str) -> str:
    """The ZeroMQ endpoint: `ipc://PATH`, `tcp://HOST:PORT`, a path, `HOST:PORT` or `HOST` are accepted.

    Raises ValueError, whose message is shown to the user, for anything else.
    """
    text = typed.strip()
    if not text:
        return DEFAULT_ENDPOINT
    if text.startswith("/"):
        return f"ipc://{text}"
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "tcp", text
    if scheme == "ipc":
        if not rest.startswith("/"):
            raise ValueError(f"{text}: after ipc:// comes the whole path of a socket")
        return text
    if scheme != "tcp":
        raise ValueError(f"{text}: addresses begin with tcp:// or ipc://")
    match = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+)(?::(\d{1,5}))?", rest.rstrip("/"))
    if not match:
        raise ValueError(f"{text}: an address is HOST:PORT")
    port = int(match.group(2) or DEFAULT_PORT)
    if not 0 < port < 65536:
        raise ValueError(f"{text}: ports go from 1 to 65535")
    return f"tcp://{match.group(1)}:{port}"
