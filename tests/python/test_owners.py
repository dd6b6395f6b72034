"""What root makes is readable by the user that the units run as, and a refusal says who may read."""

import os
import subprocess

import pytest
from service_user import GROUP, IS_ROOT, USER, Installed, as_user, own

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not IS_ROOT, reason="only root can make files for another user"),
]


@pytest.fixture(scope="module")
def installed(program, library):
    installed = Installed(program, library)
    yield installed
    installed.remove()


def owner(path) -> tuple[str, int]:
    return path.owner(), path.stat().st_mode & 0o777


def as_service(installed, program: str, *words) -> subprocess.CompletedProcess:
    command = [*as_user(USER, GROUP), installed.bin / program, *map(str, words)]
    environment = {"PATH": os.environ["PATH"], "CORDLINE_ONNXRUNTIME": installed.library}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_tokens_that_root_makes_are_those_of_the_folders_owner(installed):
    tokens = installed.etc / "tokens.toml"
    made = installed.root("cordline-gateway", "token", "reading room", "--tokens", tokens)
    assert made.returncode == 0, made.stderr
    assert owner(tokens) == (USER, 0o600)
    assert USER in made.stderr, "who may read it is said"
    assert len(made.stdout.split()) == 1, "the token alone goes to a file or a pipe"
    # Whoever has the file keeps it, also where its folder is another's.
    moved = own(installed.folder / "etc-root", "root", "root") / "tokens.toml"
    tokens.rename(moved)
    for words in (["token", "second"], ["token", "second", "--revoke"]):
        assert installed.root("cordline-gateway", *words, "--tokens", moved).returncode == 0
        assert owner(moved) == (USER, 0o600), words


def test_keys_that_root_makes_are_those_of_the_folders_owner(installed):
    keys = installed.etc / "more" / "keys"
    made = installed.root("cordline", "keys", "new", "slicer", "--keys", keys)
    assert made.returncode == 0, made.stderr
    for path in (keys.parent, keys):
        assert owner(path) == (USER, 0o700), path
    for file in keys.iterdir():
        assert owner(file) == (USER, 0o600), file
    listed = as_service(installed, "cordline", "keys", "list", "--keys", keys)
    assert listed.stdout.startswith("slicer"), listed.stderr


def test_a_folder_of_keys_that_an_earlier_version_left_to_root_is_handed_over(installed):
    keys = installed.etc / "old-keys"
    assert installed.root("cordline", "keys", "new", "first", "--keys", keys).returncode == 0
    for path in (keys, *keys.iterdir()):
        os.chown(path, 0, 0)
    refused = as_service(installed, "cordline", "keys", "list", "--keys", keys)
    assert refused.returncode != 0
    assert installed.root("cordline", "keys", "new", "second", "--keys", keys).returncode == 0
    listed = as_service(installed, "cordline", "keys", "list", "--keys", keys)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["first", "second"], listed.stderr


@pytest.mark.parametrize("what", ["tokens", "password_file", "certificate_key", "settings"])
def test_a_file_that_the_user_may_not_read_is_named_with_its_owner(installed, what):
    file = installed.etc / f"{what}.secret"
    file.write_text("secret\n")
    file.chmod(0o600)
    text = {
        "tokens": f'tokens = "{file}"\n',
        "password_file": f'[archive]\nurl = "http://127.0.0.1:1"\nuser = "a"\npassword_file = "{file}"\n',
        "certificate_key": f'certificate = "{installed.etc}/{what}-settings.toml"\ncertificate_key = "{file}"\n',
    }.get(what)
    settings = installed.etc / f"{what}-settings.toml"
    if text is None:
        settings = file
    else:
        settings.write_text(text)
    done = as_service(installed, "cordline-gateway", "--config", settings, "--listen", "127.0.0.1:0")
    assert done.returncode == 1
    for word in (str(file), "belongs to root", f"runs as {USER}", f"chown {USER}"):
        assert word in done.stderr, done.stderr
    assert "cordline-gateway token" not in done.stderr, "to make it again makes the same file"


def test_a_shut_folder_is_named_too(installed):
    shut = own(installed.folder / "shut", "root", "root")
    shut.chmod(0o700)
    (shut / "tokens.toml").write_text("")
    done = as_service(installed, "cordline-gateway", "--tokens", shut / "tokens.toml")
    assert done.returncode == 1
    assert f"its folder {shut} belongs to root" in done.stderr, done.stderr
