"""A wall clock of our own for programs: libfaketime, told by a file, which may be moved while they run.

Only the wall clock: time that is counted (CLOCK_MONOTONIC, CLOCK_BOOTTIME) goes on as it does.
"""

from pathlib import Path

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class Clock:
    """Seconds ahead of the true time; what is in `environment` follows it."""

    def __init__(self, folder: Path) -> None:
        assert LIBRARIES, "libfaketime is not there: apt-get install libfaketime"
        self.file, self.ahead_s = folder / "clock", 0
        self.environment = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.step(0)

    def step(self, seconds: int) -> None:
        """Moves it, forward or back."""
        self.ahead_s += seconds
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.ahead_s:+d}\n")
        fresh.replace(self.file)
