"""Cordline as its units run it: daemon and gateway as a user of their own, with files that root made for it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import tiny_bundle
from daemon_process import Daemon
from gateway_process import Gateway

# Where no package made the user `cordline`, one that every machine has, and that may as little.
USER, GROUP = "nobody", "nogroup"
IS_ROOT = os.geteuid() == 0


def as_user(user: str, group: str) -> list[str]:
    """Words before a command that run it as this user; none where whoever runs the tests is not root."""
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--"] if IS_ROOT else []


def open_folder() -> Path:
    """A new folder that every user may enter, as none of pytest's is."""
    folder = Path(tempfile.mkdtemp(prefix="cordline-"))
    folder.chmod(0o755)
    return folder


def own(path: Path, user: str = USER, group: str = GROUP) -> Path:
    """Gives a folder to a user."""
    path.mkdir(exist_ok=True, parents=True)
    if IS_ROOT:
        shutil.chown(path, user, group)
    return path


class Installed:
    """The programs where the service's user finds them, and that user's folders."""

    def __init__(self, program: Path, library: str) -> None:
        self.folder = open_folder()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in ("cordline", "cordline-gateway"):
            shutil.copy(program.with_name(name), self.bin / name)
        libraries = shutil.copytree(Path(library).parent, self.folder / "lib")
        self.library = str(libraries / Path(library).name)
        self.bundle = tiny_bundle.write(self.folder / "bundle")
        # What the folders of systemd are: settings, state.
        self.etc, self.state = own(self.folder / "etc"), own(self.folder / "state")

    def daemon(self) -> Daemon:
        """The daemon, run by the service's user."""

        class AsUser(Daemon):
            def command(self) -> list[str]:
                return [*as_user(USER, GROUP), *super().command()]

        return AsUser(self.bin / "cordline", self.library, self.bundle, own(self.folder / "daemon"))

    def gateway(self, daemon: Daemon, settings: str) -> Gateway:
        """The gateway, run by the service's user with tokens that root made."""
        file = self.etc / "gateway.toml"
        file.write_text(settings)
        etc = self.etc

        class AsUser(Gateway):
            def run(self) -> None:
                if self.command[0] != "setpriv":
                    self.command = [*as_user(USER, GROUP), *self.command]
                super().run()

        return AsUser(self.bin / "cordline", daemon.endpoint, etc, "--config", file)

    def root(self, program: str, *words: object) -> subprocess.CompletedProcess:
        """What an administrator types."""
        return subprocess.run([self.bin / program, *map(str, words)], capture_output=True, text=True, timeout=60)

    def remove(self) -> None:
        shutil.rmtree(self.folder)
