"""The gateway against its own OpenAPI document: no request that follows it, and none that does not, ends in a fault."""

import json
import subprocess
import sys

import pytest
from gateway_process import Gateway

pytestmark = pytest.mark.timeout(300)
# Streams that end with their job, and the WebSocket, are no exchanges of one question and one answer.
STREAMS = "/events$|/wire$"


def test_every_answer_is_one_that_the_document_names(orthanc, shared, study, program, tmp_path):
    with shared.client() as client:
        list(client.follow(client.submit_study([study])))
    orthanc.send(study)
    url = f"http://127.0.0.1:{orthanc.port}"
    gateway = Gateway(program, shared.endpoint, tmp_path, "--archive", url, "--arrivals", str(tmp_path / "state"))
    try:
        tried = subprocess.run(
            [
                f"{sys.prefix}/bin/schemathesis", "run", f"http://127.0.0.1:{gateway.port}/api/v1/openapi.json",
                "--header", f"Authorization: Bearer {gateway.submitter}", "--exclude-path-regex", STREAMS,
                "--seed", "1", "--max-examples", "40", "--rate-limit", "150/s", "--no-color",
            ],
            capture_output=True, text=True, timeout=280, cwd=tmp_path,
        )  # fmt: skip
        assert tried.returncode == 0, tried.stdout[-6000:] + tried.stderr
        assert gateway.ask("GET", "/api/v1/health", token=None)[0] == 200
    finally:
        gateway.stop()


def test_the_document_tells_of_tokens_and_refusals(shared, program, tmp_path):
    gateway = Gateway(program, shared.endpoint, tmp_path)
    try:
        document = json.loads(gateway.ask("GET", "/api/v1/openapi.json", token=None)[2])
    finally:
        gateway.stop()
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
