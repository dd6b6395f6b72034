"""Debian's Orthanc as its package sets it up: its files of /etc/orthanc, its user, the command line of its unit."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from daemon_process import free_port
from orthanc_process import Orthanc, wait
from service_user import as_user, own

UNIT = Path("/lib/systemd/system/orthanc.service")
USER = "orthanc"


class DebianOrthanc(Orthanc):
    """The package's own configuration in a copy: ports and folders are others, and a study is stable soon."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.environment, self.process = folder, {}, None
        self.port = free_port()
        self.configuration = folder / "etc-orthanc"
        self.configuration.mkdir()
        for file in package_files():
            # With owners and modes, as the package has them.
            if os.access(file, os.R_OK):
                subprocess.run(["cp", "-a", file, self.configuration], check=True)
        main = self.configuration / "orthanc.json"
        text = main.read_text()
        for key, value in {
            "HttpPort": str(self.port),
            "DicomPort": str(free_port()),
            "StorageDirectory": f'"{folder}/db"',
            "IndexDirectory": f'"{folder}/db"',
            "StableAge": "1",
        }.items():
            text = change(text, key, value)
        main.write_text(text)
        self.logs = own(folder / "log", USER, USER)
        own(folder / "db", USER, USER)

    def start(self) -> "DebianOrthanc":
        self.process = self.run()
        wait(self.answers, "Orthanc does not start")
        return self

    def answers(self) -> bool:
        assert self.process.poll() is None, f"Orthanc stopped at once:\n{self.said()}"
        return bool(self.get("/system"))

    def run(self) -> subprocess.Popen:
        command = re.search(r"^ExecStart=(.*)$", UNIT.read_text(), re.MULTILINE).group(1)
        command = command.replace("/var/log/orthanc", str(self.logs)).replace("/etc/orthanc", str(self.configuration))
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"} | self.environment
        output = (self.folder / "orthanc.out").open("a")
        words = [*as_user(USER, USER), *shlex.split(command)]
        return subprocess.Popen(words, stdout=output, stderr=output, env=environment, cwd="/")

    def said(self) -> str:
        """All that it wrote."""
        logs = [log.read_text() for log in sorted(self.logs.iterdir()) if not log.is_symlink()]
        return "\n".join([*logs, (self.folder / "orthanc.out").read_text()])

    def register(self, script: Path) -> None:
        """What the README has an administrator do: name the hook in the list that stands in Debian's file."""
        main = self.configuration / "orthanc.json"
        text = main.read_text()
        assert text.count('"LuaScripts" : [') == 1
        main.write_text(text.replace('"LuaScripts" : [', f'"LuaScripts" : [ "{script}"'))

    def add(self, file: Path) -> Path:
        """Copies a file into the folder of the configuration, as root does."""
        return Path(shutil.copy(file, self.configuration))


def package_files() -> list[str]:
    """The configuration that the packages bring."""
    listed = subprocess.run(["dpkg", "-L", "orthanc", "orthanc-dicomweb"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if re.fullmatch(r"/etc/orthanc/[^/]+\.json", line)]


def change(text: str, key: str, value: str) -> str:
    """Gives a key that stands in the text once another value."""
    changed, times = re.subn(rf'^(  "{key}" : )[^\n]*?(,?)$', rf"\g<1>{value}\g<2>", text, flags=re.MULTILINE)
    assert times == 1, f"{key} stands {times} times in Debian's file"
    return changed
