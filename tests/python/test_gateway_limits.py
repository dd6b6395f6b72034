"""The gateway when the system grants little, and what it counts."""

import json
import resource
import socket
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from daemon_process import free_port
from gateway_process import Gateway

pytestmark = pytest.mark.timeout(120)


def crowd(gateway: Gateway, count: int) -> list[socket.socket]:
    """Connections with half a header each."""
    sockets = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
        connection.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        sockets.append(connection)
    return sockets


def test_without_descriptors_it_waits_says_so_once_and_goes_on(shared, program, tmp_path):
    gateway = Gateway(program, shared.endpoint, tmp_path)
    pid = gateway.process.pid
    try:
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        assert usual[0] == usual[1], "the soft limit is raised at the start"
        open_now = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + 4, usual[1]))
        waiting = crowd(gateway, 40)
        time.sleep(1.5)
        assert gateway.process.poll() is None
        resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
        assert gateway.ask("GET", "/api/v1/jobs", token=gateway.viewer)[0] == 200
        assert (tmp_path / "gateway.log").read_text().count("no connection can be accepted") == 1
        for connection in waiting:
            connection.close()
    finally:
        gateway.stop()


def test_what_is_refused_is_counted(shared, program, tmp_path):
    port = free_port()
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'metrics = "127.0.0.1:{port}"\nconnections = 16\n')
    gateway = Gateway(program, shared.endpoint, tmp_path, "--config", str(settings))
    try:
        waiting = crowd(gateway, 60)
        assert gateway.ask("GET", "/api/v1/jobs", token="wrong")[0] == 401
        assert gateway.ask("POST", "/api/v1/session", {"token": "0" * 5000}, token=None)[0] == 413
        with closing(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20)) as page:
            lines = dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines() if not line.startswith("#"))
        assert int(lines['cordline_gateway_answers_total{status="401"}']) == 1
        assert int(lines['cordline_gateway_answers_total{status="413"}']) == 1
        assert 1 <= int(lines["cordline_gateway_connections"]) <= 16
        assert int(lines["cordline_gateway_connections_evicted_total"]) >= 44
        assert json.loads(gateway.ask("GET", "/api/v1/health", token=None)[2])["daemon"] is True
        for connection in waiting:
            connection.close()
    finally:
        gateway.stop()


def test_files_that_others_may_read_are_said(shared, program, tmp_path):
    gateway = Gateway(program, shared.endpoint, tmp_path)
    gateway.stop()
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    gateway.tokens.chmod(0o644)
    gateway.command += ["--archive", "http://127.0.0.1:1", "--arrivals", str(state)]
    gateway.run()
    gateway.stop()
    log = (tmp_path / "gateway.log").read_text()
    assert f"{gateway.tokens} has the mode 0644" in log
    assert f"chmod 0700 {state}" in log
