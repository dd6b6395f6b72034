"""Let the CUDA build of PyTorch from PyPI start on a machine without CUDA.

PyPI's Linux wheel of torch links to some fifteen CUDA libraries that its dependencies (several GB) would bring.
A CPU never calls them; the dynamic loader only wants the names to exist. This script reads from the wheel's own
ELF tables which libraries and versioned symbols are wanted, and compiles an empty library for each with gcc.

    pip install --no-deps torch==2.13.0
    python models/tools/cpu_torch.py

Not needed where an ordinary CPU wheel (https://pytorch.org) or a real CUDA installation is at hand: the script
leaves every library alone that the loader can already find. Tried with torch 2.13.0 only.
"""

from __future__ import annotations

import ctypes
import importlib.util
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

CUDA_LIBRARY = re.compile(r"^lib(cu(da|blas|dnn|fft|rand|solver|sparse|pti|file)|nv|nccl)")
CUDA_SYMBOL = re.compile(r"^_?_?(cu|nccl|nvrtc|nvshmem|nvtx|nvJit)")
ERROR_NO_DEVICE = 100  # cudaErrorNoDevice: what every stand-in answers


def elf_table(option: str, library: Path) -> list[str]:
    """Lines of one of readelf's tables."""
    answer = subprocess.run(["readelf", option, "-W", str(library)], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def wanted(folder: Path) -> tuple[set[str], dict[str, dict[str, set[str]]], set[str]]:
    """(library names, symbols by library and version, symbols without a version) that the wheel leaves open."""
    own = {path.name for path in folder.glob("*.so*")}
    libraries: set[str] = set()
    versioned: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    plain: set[str] = set()
    defined: set[str] = set()
    for library in sorted(folder.glob("*.so*")):
        for line in elf_table("-d", library):
            match = re.search(r"\(NEEDED\).*\[(.+)\]", line)
            if match and CUDA_LIBRARY.match(match[1]) and match[1] not in own:
                libraries.add(match[1])
        home: dict[str, str] = {}
        current = ""
        for line in elf_table("-V", library):
            if match := re.search(r"File: (\S+)", line):
                current = match[1]
            elif (match := re.search(r"Name: (\S+)", line)) and current:
                home[match[1]] = current
        for line in elf_table("--dyn-syms", library):
            fields = line.split()
            if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
                continue
            name, _, version = fields[7].partition("@")
            version = version.lstrip("@")
            if fields[6] != "UND":
                defined.add(name)
            elif version in home and home[version] not in own and CUDA_LIBRARY.match(home[version]):
                versioned[home[version]][version].add(name)
            elif not version and fields[4] != "WEAK" and CUDA_SYMBOL.match(name):
                plain.add(name)
    return libraries, versioned, plain - defined


def loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def compile_empty(target: Path, versions: dict[str, set[str]], plain: set[str]) -> None:
    """Compile `target`, whose functions all answer 'no device'."""
    names = set().union(plain, *versions.values())
    with tempfile.TemporaryDirectory() as scratch:
        source, script = Path(scratch, "empty.c"), Path(scratch, "empty.map")
        body = "".join(f"int {name}(void) {{ return {ERROR_NO_DEVICE}; }}\n" for name in sorted(names))
        source.write_text(body or "typedef int nothing;\n")
        command = ["gcc", "-shared", "-fPIC", "-w", "-O1", f"-Wl,-soname,{target.name}", "-o", str(target), str(source)]
        if versions:
            script.write_text(
                "".join(f"{v} {{ global: {' '.join(n + ';' for n in sorted(s))} }};\n" for v, s in versions.items())
            )
            command.append(f"-Wl,--version-script={script}")
        subprocess.run(command, check=True)


def main() -> int:
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        print("torch is not installed here: pip install --no-deps torch==2.13.0", file=sys.stderr)
        return 1
    folder = Path(next(iter(spec.submodule_search_locations)), "lib")
    libraries, versioned, plain = wanted(folder)
    made = []
    for name in sorted(libraries):
        if not loadable(name):
            compile_empty(folder / name, versioned.get(name, {}), plain)
            made.append(name)
            plain = set()  # symbols without a version may live in any one library
    print(f"{len(made)} of {len(libraries)} CUDA libraries were absent and got an empty stand-in in {folder}")
    return subprocess.run(
        [sys.executable, "-c", "import torch; print('torch', torch.__version__, 'imports')"]
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
