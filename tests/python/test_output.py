"""Where nobody reads what the program says, and where it cannot be written."""

import os
import subprocess
from pathlib import Path

import pytest
import tiny_bundle

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def into(program, library, tmp_path):
    """Runs the program with a standard output that is closed, full, or whatever is handed over."""

    def run(*words, out, err=subprocess.PIPE, **environment) -> tuple[int, str]:
        known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CORDLINE_ONNXRUNTIME": library} | environment
        done = subprocess.run(
            [program, *map(str, words)], stdout=out, stderr=err, env=known, cwd=tmp_path, text=True, timeout=100
        )
        return done.returncode, done.stderr or ""

    return run


@pytest.fixture
def closed():
    """A pipe whose reader has gone, as that of `head -1` after its line."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def commands(bundle, shared, study, job, tmp_path) -> dict[str, list]:
    table = tmp_path / "table.csv"
    questions = ",".join(f"p:{name}" for name in tiny_bundle.CLASSES)
    table.write_text(f"case,label,finding,dice,{questions}\na,ms,demyelinating/ms,0.5,0.9,,0.1\nb,ms,no_lesion,0,,,\n")
    socket = ["--socket", shared.socket]
    return {
        "keys new": ["keys", "new", "slicer-3"],
        "keys list": ["keys", "list"],
        "schema": ["print", "schema"],
        "completions": ["print", "completions", "bash"],
        "help": ["--help"],
        "doctor": ["doctor", "--bundle", bundle],
        "doctor as JSON": ["doctor", "--json", "--bundle", bundle],
        "bundle": ["bundle", "verify", bundle],
        "evaluate": ["evaluate", table, "--bundle", bundle],
        "analyze": ["analyze", study, "--out", tmp_path / "out", "--bundle", bundle],
        "analyze as JSON": ["analyze", study, "--json", "--out", tmp_path / "out", "--bundle", bundle],
        "jobs": ["jobs", *socket],
        "status": ["status", *socket],
        "watch": ["watch", job, *socket],
        "watch as JSON": ["watch", job, "--json", *socket],
        "get": ["get", job, "--out", tmp_path / "got", *socket],
    }


def test_a_reader_that_has_seen_enough_is_no_fault(into, closed, shared, client, bundle, study, tmp_path):
    job = client.submit_study([study])
    list(client.follow(job))
    keys = {"CORDLINE_DAEMON__KEYS": str(tmp_path / "keys")}
    for name, words in commands(bundle, shared, study, job, tmp_path).items():
        code, said = into(*words, out=closed, **keys)
        assert (code, said) == (0, ""), name
    # What a command does is done all the same.
    assert (tmp_path / "got/result.json").exists()
    assert "slicer-3" in (tmp_path / "keys/clients.toml").read_text()


def test_nobody_reads_errors_either(into, closed, tmp_path):
    for words, code in (
        (["analyze", tmp_path / "nothing", "--out", tmp_path / "o"], 5),
        (["jobs", "--socket", "s"], 5),
    ):
        assert into(*words, out=closed, err=closed)[0] == code, words


def test_a_full_disk_behind_a_redirection_is_told(into, tmp_path):
    with Path("/dev/full").open("w") as full:
        for words in (["keys", "new", "x"], ["print", "schema"], ["print", "completions", "zsh"]):
            code, said = into(*words, out=full, CORDLINE_DAEMON__KEYS=str(tmp_path / "keys"))
            assert code == 5, words
            assert "could not be written: No space left" in said
            assert "what to do" in said
    # The same again, as it says: nobody has that key.
    assert "[x]" not in (tmp_path / "keys/clients.toml").read_text()


def test_the_token_of_the_gateway_ends_quietly_too(into, closed, program, tmp_path):
    words = [program.with_name("cordline-gateway"), "token", "x", "--tokens", tmp_path / "tokens.toml"]
    done = subprocess.run(words, stdout=closed, stderr=subprocess.PIPE, text=True, timeout=20)
    assert (done.returncode, "panicked" in done.stderr) == (0, False), done.stderr
    quiet = subprocess.run(words, stdout=closed, stderr=closed, timeout=20)
    assert quiet.returncode == 0, "nobody reads standard error either"


@pytest.mark.parametrize("filter", ["wran", "cordline=debgu", "info,cordline", "=,="])
def test_a_log_filter_that_cannot_be_read_is_refused(cordline, filter):
    for command in (["jobs"], ["serve", "--check"]):
        run = cordline(*command, env={"CORDLINE_LOG": filter}).expect(2)
        assert f"`{filter}` cannot be read" in run.stderr
        assert "cordline_daemon=debug" in run.stderr, "what to write instead"


def test_a_filter_for_a_part_whose_name_holds_ort_leaves_onnx_runtime_quiet(analyse, study):
    run = analyse(study, env={"CORDLINE_LOG": "cordline_report=debug"}).expect(0)
    assert " ort" not in run.stderr, run.stderr
