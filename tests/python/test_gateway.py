"""The gateway: who may come in, what passes, and the wire over a WebSocket."""

import http.client
import json
import re
import ssl
import subprocess
import time
import urllib.request
from contextlib import closing

import numpy as np
import pytest
from daemon_process import unpack_bits
from gateway_process import Gateway, Wire
from websockets.exceptions import InvalidStatus

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def gateway(shared, program, tmp_path_factory):
    gateway = Gateway(program, shared.endpoint, tmp_path_factory.mktemp("g"))
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def job(shared, study):
    with shared.client() as client:
        job = client.submit_study([study])
        assert list(client.follow(job))[-1].body["state"] == "completed"
        return job


def test_nothing_without_a_token_but_health(gateway, job):
    assert json.loads(gateway.ask("GET", "/api/v1/health", token=None)[2])["daemon"] is True
    for path in ("/api/v1/status", "/api/v1/jobs", f"/api/v1/jobs/{job}/files/result.json", "/api/v1/wire"):
        for token in (None, "wrong"):
            status, _, body = gateway.ask("GET", path, token=token)
            assert (status, json.loads(body)["code"]) == (401, "no_token"), path


def test_a_token_that_is_new_old_or_taken_back_counts_at_once(gateway):
    def status(token: str) -> int:
        return gateway.ask("GET", "/api/v1/jobs", token=token)[0]

    assert status(gateway.token("viewer", "--expires", "2020-01-01", name="old")) == 401
    night = gateway.token("viewer", name="night shift")
    assert status(night) == 200
    gateway.revoke("night shift")
    assert status(night) == 401
    assert status(gateway.viewer) == 200


def test_a_file_of_tokens_that_is_away_lets_nobody_in_and_is_said(gateway):
    aside = gateway.tokens.with_suffix(".aside")
    gateway.tokens.rename(aside)
    try:
        deadline = time.monotonic() + 10
        while gateway.ask("GET", "/api/v1/jobs", token=gateway.viewer)[0] != 401:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert json.loads(gateway.ask("GET", "/api/v1/health", token=None)[2])["tokens"] is False
        assert "no token is accepted" in (gateway.folder / "gateway.log").read_text()
    finally:
        aside.rename(gateway.tokens)
    assert gateway.ask("GET", "/api/v1/jobs", token=gateway.viewer)[0] == 200
    assert json.loads(gateway.ask("GET", "/api/v1/health", token=None)[2])["tokens"] is True


def test_a_viewer_looks_and_changes_nothing(gateway, job):
    assert gateway.ask("GET", f"/api/v1/jobs/{job}", token=gateway.viewer)[0] == 200
    status, _, body = gateway.ask("POST", f"/api/v1/jobs/{job}/cancel", {}, token=gateway.viewer)
    assert (status, json.loads(body)["code"]) == (403, "not_allowed")


def test_a_token_becomes_a_cookie_that_other_sites_cannot_use(gateway, job):
    status, headers, _ = gateway.ask("GET", f"/enter?token={gateway.submitter}", token=None)
    assert (status, headers["location"]) == (303, "/")
    assert all(word in headers["set-cookie"] for word in ("HttpOnly", "SameSite=Strict", "Path=/"))
    cookie = headers["set-cookie"].split(";")[0]
    assert gateway.ask("GET", "/api/v1/jobs", token=None, Cookie=cookie)[0] == 200
    path = f"/api/v1/jobs/{job}/cancel"
    assert gateway.ask("POST", path, {}, token=None, Cookie=cookie, Origin="http://elsewhere")[0] == 403
    own = f"http://127.0.0.1:{gateway.port}"
    assert gateway.ask("POST", path, {}, token=None, Cookie=cookie, Origin=own)[0] == 200
    assert gateway.ask("GET", "/enter?token=wrong", token=None)[0] == 401


def test_jobs_files_and_events(gateway, shared, job):
    assert job in [j["job"] for j in gateway.json("/api/v1/jobs?state=completed")["jobs"]]
    assert gateway.json(f"/api/v1/jobs/{job}")["state"] == "completed"
    assert gateway.json("/api/v1/status")["ready"] is True
    assert gateway.json("/api/v1/device")["provider"]
    files = {f["path"]: f for f in gateway.json(f"/api/v1/jobs/{job}/files")}
    status, headers, body = gateway.ask("GET", f"/api/v1/jobs/{job}/files/segmentation.dcm")
    assert (status, headers["content-type"]) == (200, "application/dicom")
    assert len(body) == files["segmentation.dcm"]["bytes"]
    picture = next(path for path in files if path.startswith("pictures/"))
    assert gateway.ask("GET", f"/api/v1/jobs/{job}/files/{picture}")[2].startswith(b"\x89PNG")
    for path in ("nothing", "../../journal.sqlite", "%2e%2e/journal.sqlite"):
        assert gateway.ask("GET", f"/api/v1/jobs/{job}/files/{path}")[0] == 404
    assert gateway.ask("GET", "/api/v1/jobs/nobody")[0] == 404

    with shared.client() as client:
        events = list(client.follow(job))
    section = next(e for e in events if e.name == "section" and any(e.mask()))
    raw = gateway.ask("GET", f"/api/v1/jobs/{job}/events/{section.number}/raw")[2]
    assert raw == section.raw
    assert gateway.ask("GET", f"/api/v1/jobs/{job}/events/1/raw")[0] == 404
    assert gateway.ask("GET", f"/api/v1/jobs/{job}/events/99999/raw")[0] == 404


def test_events_as_a_stream_from_any_number(gateway, job):
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/api/v1/jobs/{job}/events?since=2",
        headers={"Authorization": f"Bearer {gateway.viewer}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read().decode()
    numbers = [int(n) for n in re.findall(r"^id: ?(\d+)$", text, re.MULTILINE)]
    assert numbers == list(range(3, numbers[-1] + 1))
    last = [json.loads(line.split(":", 1)[1]) for line in text.splitlines() if line.startswith("data")][-1]
    assert (last["event"], last["body"]["state"]) == ("state", "completed")


def test_the_wire_carries_masks_as_they_come(gateway, shared):
    voxels = np.random.default_rng(time.time_ns()).integers(0, 900, (12, 64, 64), np.int16).tobytes()
    matrix = [0.0, 0, 4, -24, 1, 0, 0, -32, 0, -1, 0, 32, 0, 0, 0, 1]
    described = {"tensor": {"shape": [12, 64, 64], "element": "i16"}, "matrix": matrix}
    with Wire(gateway, gateway.submitter) as wire, shared.client() as client:
        assert wire.ask("hello", {"client": "test"})["reply"] == "welcome"
        job = client.submit_volume(described, voxels)
        assert wire.ask("events", {"job": job, "follow": True})["reply"] == "events"
        told = []
        while not told or told[-1][0]["body"].get("state") != "completed":
            told.append(wire.read())
        there = list(client.follow(job))
    assert [t[0]["number"] for t in told] == [e.number for e in there]
    assert [t[1] for t in told] == [e.raw or b"" for e in there]
    assert all(len(unpack_bits(raw, 64 * 64)) == 4096 for head, raw in told if head["event"] == "section")


def test_a_viewer_cannot_submit_over_the_wire_either(gateway, job):
    with Wire(gateway, gateway.viewer) as wire:
        assert wire.ask("hello", {"client": "test"})["body"]["role"] == "viewer"
        for verb in ("submit", "chunk", "commit", "cancel", "choose", "later"):
            answer = wire.ask(verb, {"job": job}, b"x" if verb == "chunk" else b"")
            assert (answer["reply"], answer["body"]["code"], answer["id"]) == ("fault", "not_allowed", wire.number)
        wire.socket.send(b"\x01")
        assert wire.read()[0]["body"]["code"] == "malformed"
        assert wire.ask("ping", {})["reply"] == "pong"


def test_a_page_of_another_origin_gets_no_wire(gateway):
    with pytest.raises(InvalidStatus) as refused, Wire(gateway, gateway.viewer, Origin="http://elsewhere"):
        pass
    assert refused.value.response.status_code == 403


def test_too_many_requests_are_slowed_down(gateway):
    """On a token of its own: the others go on."""
    token = gateway.submitter
    with closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)) as connection:
        for _ in range(3000):
            connection.request("GET", "/api/v1/jobs/nobody!", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 429:
                break
    assert answer.status == 429
    assert gateway.ask("GET", "/api/v1/jobs", token=gateway.viewer)[0] == 200
    time.sleep(1)
    assert gateway.ask("GET", "/api/v1/jobs")[0] == 200


def test_headers_keep_other_sites_out(gateway):
    _, headers, _ = gateway.ask("GET", "/api/v1/health", token=None)
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_the_document_describes_every_route(gateway):
    document = gateway.json("/api/v1/openapi.json")
    assert document["openapi"].startswith("3.")
    assert "/api/v1/jobs/{job}/events" in document["paths"]
    assert "Research use only" in document["info"]["description"]


def test_with_a_certificate_it_speaks_https_and_its_cookie_too(shared, program, tmp_path):
    pem, key = tmp_path / "gateway.pem", tmp_path / "gateway-key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=localhost", "-keyout", key, "-out", pem]
    subprocess.run(words, check=True, capture_output=True)
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'certificate = "{pem}"\ncertificate_key = "{key}"\narchive_body_bytes = 1000\n')
    trusted = ssl.create_default_context(cafile=pem)
    trusted.check_hostname = False

    class Secure(Gateway):
        def connection(self):
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusted)

    gateway = Secure(program, shared.endpoint, tmp_path, "--config", str(settings))
    try:
        status, headers, _ = gateway.ask("GET", f"/enter?token={gateway.viewer}", token=None)
        assert (status, "Secure" in headers["set-cookie"]) == (303, True)
        assert gateway.ask("GET", "/api/v1/jobs", token=gateway.viewer)[0] == 200
        status, _, body = gateway.ask("POST", "/dicom-web/studies", {"x": "y" * 2000})
        assert (status, json.loads(body)["code"]) == (413, "too_large")
        assert gateway.ask("POST", "/dicom-web/studies", {"x": "y" * 200})[0] == 404, "no archive"
    finally:
        gateway.stop()


def test_an_open_door_is_refused(gateway, program, tmp_path):
    words = [program.with_name("cordline-gateway"), "--listen", "0.0.0.0:0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "tokens" in done.stderr


def test_what_is_not_there_is_a_refusal_that_a_program_can_read(shared, program, tmp_path):
    """With the viewer's pages beside it, whose own addresses are no files either."""
    pages = tmp_path / "ohif"
    pages.mkdir()
    (pages / "index.html").write_text("<html>the viewer</html>")
    (pages / "app.js").write_text("1")
    gateway = Gateway(program, shared.endpoint, tmp_path, "--ohif", str(pages))
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    prometheus = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"}
    try:
        nowhere = ["/api/v1/nonsense", "/api/v1/jobs/1/2/3", "/api/v1", "/api/v2/jobs", "/metrics", "/status", "/docs"]
        for path in (*nowhere, "/metrics/x", "/static/gone.js", "/robots.txt"):
            for method in ("GET", "POST", "DELETE"):
                for headers in ({}, prometheus):
                    status, sent, body = gateway.ask(method, path, **headers)
                    assert (status, sent["content-type"]) == (404, "application/json"), (method, path)
                    assert json.loads(body)["code"] == "no_such_path"
        for path in nowhere:
            assert gateway.ask("GET", path, **browser)[0] == 404, path
        for path, asked in (
            ("/", {}),
            ("/app.js", {}),
            ("/viewer?StudyInstanceUIDs=1.2", browser),
            ("/cordline", browser),
        ):
            assert gateway.ask("GET", path, **asked)[0] == 200, path
        status, _, body = gateway.ask("GET", "/api/v1/arrivals")
        assert (status, json.loads(body)["code"]) == (405, "method_not_allowed")
    finally:
        gateway.stop()


def test_without_the_viewer_unknown_paths_are_refused_alike(gateway):
    for path in ("/", "/metrics", "/api/v1/nonsense", "/viewer"):
        status, _, body = gateway.ask("GET", path, Accept="text/html")
        assert (status, json.loads(body)["code"]) == (404, "no_such_path"), path
