"""A real gateway beside a daemon."""

import http.client
import json
import os
import struct
import subprocess
import time
from contextlib import closing
from pathlib import Path

from daemon_process import free_port
from websockets.sync.client import connect


class Gateway:
    """`cordline-gateway` beside a daemon."""

    def __init__(self, program: Path, daemon: str, folder: Path, *flags: str, environment: dict | None = None) -> None:
        """`environment`: what it finds beside the test's own, whenever it is started."""
        self.port = free_port()
        self.program, self.folder = program.with_name("cordline-gateway"), folder
        self.tokens = folder / "tokens.toml"
        self.viewer, self.submitter = (self.token(role) for role in ("viewer", "submitter"))
        words = ["--listen", f"127.0.0.1:{self.port}", "--daemon", daemon, "--tokens", self.tokens, *flags]
        self.command = [self.program, *map(str, words)]
        self.environment = environment or {}
        self.run()

    def run(self) -> None:
        """Starts it; again after its end."""
        self.log = (self.folder / "gateway.log").open("a")
        environment = os.environ | self.environment
        self.process = subprocess.Popen(self.command, env=environment, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.ask("GET", "/api/v1/health", token=None)
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "gateway.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def token(self, role: str, *flags: str, name: str = "") -> str:
        """A new token, of the name of its role where none is given."""
        words = [self.program, "token", name or role, "--role", role, "--tokens", self.tokens, *flags]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    def revoke(self, name: str) -> None:
        subprocess.run([self.program, "token", name, "--revoke", "--tokens", self.tokens], check=True)

    def ask(self, method: str, path: str, body=None, token="", **headers) -> tuple[int, dict, bytes]:
        """Status, headers and body; `token` is the submitter's where it is left out."""
        with closing(self.connection()) as connection:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if token is not None:
                sent["Authorization"] = f"Bearer {token or self.submitter}"
            if body is not None:
                body, sent["Content-Type"] = json.dumps(body), "application/json"
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def json(self, path: str, method: str = "GET", body=None):
        status, _, text = self.ask(method, path, body)
        assert status in (200, 202), text
        return json.loads(text)

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=15) == 0
        self.log.close()


class Wire:
    """The protocol over a WebSocket, by hand."""

    def __init__(self, gateway: Gateway, token: str, **headers: str) -> None:
        sent = {"Authorization": f"Bearer {token}"} | headers
        address = f"ws://127.0.0.1:{gateway.port}/api/v1/wire"
        self.connecting = connect(address, additional_headers=sent, max_size=None, proxy=None)
        self.number = 0

    def __enter__(self) -> "Wire":
        self.socket = self.connecting.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self.connecting.__exit__(*error)

    def ask(self, verb: str, body: dict, raw: bytes = b"") -> dict:
        self.number += 1
        header = json.dumps({"v": 1, "id": self.number, "verb": verb, "body": body}).encode()
        self.socket.send(struct.pack("<I", len(header)) + header + raw)
        return self.read()[0]

    def read(self) -> tuple[dict, bytes]:
        message = self.socket.recv(timeout=20)
        length = struct.unpack("<I", message[:4])[0]
        return json.loads(message[4 : 4 + length]), message[4 + length :]
