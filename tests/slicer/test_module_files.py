"""The extension as a package: what is written where, what it needs, and what it must never do."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MODULE, TREE
from CordlineLib import packages, strings
from module_lint import main, offences

EXTENSION = TREE / "adapters/slicer"
LIBRARY = MODULE / "CordlineLib"


def test_the_module_neither_waits_nor_has_threads(capsys):
    assert main([str(MODULE)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "import threading",
        "from concurrent.futures import ThreadPoolExecutor",
        "import zmq.asyncio",
        "time.sleep(1)",
        "slicer.app.processEvents()",
        "client.submit_volume(a, b)",
        "for event in client.follow(job): pass",
        "client.download(job, file)",
        "self._client.select_series(job, selector)",
        "Client(connection)",
        "Client.connect(endpoint)",
        "cordline_client.Client.connect(endpoint)",
        "loop.exec_()",
    ],
)
def test_the_lint_sees(line):
    assert list(offences(line))


def test_the_lint_lets_the_good_way_pass():
    good = (
        "client = PollingClient.connect(endpoint)\noperation = client.start(verbs.submit_volume(a, b))\nclient.poll()\n"
    )
    assert list(offences(good)) == []


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {base} if node.module else {f"{base}{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_dependencies_point_one_way():
    """Panel to logic to client: the logic knows no Qt, and of MRML only those files that draw."""
    for path in LIBRARY.glob("*.py"):
        assert not imports_of(path) & {"qt", "ctk"}, path.name
        assert not any(name.startswith(".panel") for name in imports_of(path)), path.name
    for name in (
        "grid",
        "components",
        "address",
        "job",
        "remote_job",
        "connection",
        "problem",
        "settings",
        "strings",
        "connection_test",
        "query",
    ):
        wanted = imports_of(LIBRARY / f"{name}.py")
        assert not any(each.split(".")[0] in ("slicer", "vtk") for each in wanted), name
    speakers = {p.name for p in LIBRARY.rglob("*.py") if any(n.startswith("cordline_client") for n in imports_of(p))}
    assert speakers == {"connection.py", "request.py"}


def test_files_are_small():
    lines = sorted(len(path.read_text().splitlines()) for path in MODULE.rglob("*.py"))
    assert lines[-1] <= 600
    assert lines[len(lines) // 2] < 200


def test_all_words_are_in_one_file():
    """What is shown is a name of strings.py; a sentence in the panel itself would be one that nobody translates."""
    for path in (LIBRARY / "panel").glob("*.py"):
        tree = ast.parse(path.read_text())
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if id(node) not in docs and re.search(r"[A-Za-z]{3} [A-Za-z]{3}", text):
                pytest.fail(f"{path.name}:{node.lineno}: {text!r}")


def test_every_error_is_explained_in_the_readme():
    named = set()
    for path in LIBRARY.rglob("*.py"):
        named |= set(re.findall(r'problem\(\s*"([a-z_]+)"', path.read_text()))
    readme = (EXTENSION / "README.md").read_text()
    assert named
    for name in sorted(named):
        assert f"`{name}`" in readme, f"README.md does not explain {name}"


def test_words_are_those_of_the_ohif_panel():
    """Where both panels say the same, they say it in the same words."""
    ohif = (TREE / "adapters/ohif/src/strings.ts").read_text()
    same = [strings.TITLE, strings.RESEARCH, strings.CONNECTING, strings.RECONNECTING, strings.CANCEL,
            strings.UNDECIDED, strings.SHOW_HEAT, strings.HIDE_HEAT, strings.OPACITY, strings.CLASSIFY, strings.LESIONS,
            strings.NO_LESION_MEANS, strings.JUMP, strings.NOTES,
            *strings.STATES.values()]  # fmt: skip
    for words in same:
        assert f'"{words}"' in ohif, words


def test_cmake_installs_every_file():
    listed = (MODULE / "CMakeLists.txt").read_text().replace("${MODULE_NAME}", "Cordline")
    for path in MODULE.rglob("*"):
        relative = path.relative_to(MODULE)
        wanted = path.suffix in (".py", ".json", ".txt", ".ctbl", ".png") and "Testing" not in relative.parts
        if path.is_file() and wanted and path.name != "CMakeLists.txt" and "__pycache__" not in relative.parts:
            assert str(relative) in listed, f"CMakeLists.txt does not list {relative}"
    for line in re.findall(r"^\s+(CordlineLib/\S+|Resources/\S+)$", listed, re.MULTILINE):
        assert (MODULE / line).is_file(), f"CMakeLists.txt lists {line}, which is not there"
    client = TREE / "plugin-sdk/python/cordline_client"
    for path in client.glob("*.py"):
        assert f"cordline_client/{path.name}" in listed, path.name


def test_the_entry_for_the_extensions_index():
    entry = json.loads((EXTENSION / "Cordline.json").read_text())
    assert entry["category"] == "Segmentation"
    assert entry["build_subdirectory"] == "."
    assert entry["tier"] == 1
    assert (MODULE / "Resources/Icons/Cordline.png").read_bytes()[:4] == b"\x89PNG"
    described = (EXTENSION / "CMakeLists.txt").read_text()
    for word in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert f"EXTENSION_{word}" in described, word


def test_a_folder_of_its_own_has_all_it_needs(tmp_path):
    folder = tmp_path / "extension"
    script = TREE / "packaging/scripts/slicer_extension.sh"
    made = subprocess.run([script, folder], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    look = "import cordline_client, CordlineLib.strings; print(cordline_client.__file__)"
    words = [sys.executable, "-c", look]
    environment = os.environ | {"PYTHONPATH": str(folder / "Cordline")}
    found = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path)
    assert found.stdout.startswith(str(folder)), found.stderr
    again = subprocess.run([script, folder], capture_output=True, text=True, timeout=60)
    assert again.returncode == 1
    assert "there already" in again.stderr


@pytest.mark.parametrize("folder", ["/cordline/Cordline", "/Cordline"])
def test_the_folder_may_lie_near_the_root_of_a_disk(folder):
    """Where there are fewer folders above the module than in the source tree."""
    source, before = (MODULE / "Cordline.py").read_text(), list(sys.path)
    exec(compile(source, "Cordline.py", "exec"), {"__file__": f"{folder}/Cordline.py", "__name__": "Cordline"})
    assert sys.path == before


def test_the_client_beside_the_module_comes_first(tmp_path, monkeypatch):
    """Beside the module lies the one that fits it; what lies further up may be another version."""
    module = tmp_path / "adapters/slicer/Cordline"
    for each in (module / "cordline_client", tmp_path / "plugin-sdk/python"):
        each.mkdir(parents=True)
    source, before = (MODULE / "Cordline.py").read_text(), list(sys.path)
    monkeypatch.setattr(sys, "path", list(before))
    exec(compile(source, "Cordline.py", "exec"), {"__file__": str(module / "Cordline.py"), "__name__": "Cordline"})
    assert sys.path == before


@pytest.mark.parametrize("python", ["3.9", "3.12"])
@pytest.mark.parametrize("platform", ["manylinux_2_28_x86_64", "macosx_11_0_arm64", "win_amd64"])
def test_what_it_needs_has_wheels(python, platform, tmp_path):
    """For the Pythons of Slicer 5.8 and 5.13: nothing is compiled on a reader's computer."""
    extra = ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64"] if "linux" in platform else []
    extra += (
        ["--platform", "macosx_10_15_universal2", "--platform", "macosx_11_0_universal2"] if "mac" in platform else []
    )
    run = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--platform", platform, *extra,
         "--dest", str(tmp_path), "--requirement", str(packages.REQUIREMENTS)],
        capture_output=True, text=True, timeout=120, env=os.environ,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    wheels = sorted(path.name for path in tmp_path.iterdir())
    assert [name.split("-")[0] for name in wheels] == ["msgpack", "pyzmq"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < (packages.SIZE_MB + 1) * 1e6


def test_the_code_is_python_3_9():
    for path in [*MODULE.rglob("*.py"), *(TREE / "plugin-sdk/python/cordline_client").glob("*.py")]:
        ast.parse(path.read_text(), feature_version=(3, 9))
        source = path.read_text()
        if re.search(r"\w+ \| (None|\w+)", source):
            assert "from __future__ import annotations" in source, path
        assert "strict=" not in source, f"{path}: zip(strict=) came with 3.10"
