"""The module's settings, stored in Slicer's user settings (QSettings)."""

from __future__ import annotations

import getpass
from typing import Any, Protocol

from .address import DEFAULT_ENDPOINT
from .verdict import READER_LENGTH

_MAX_ADDRESSES = 8


class Store(Protocol):
    """The part of QSettings that is used."""

    def value(self, key: str, default: Any = None) -> Any: ...
    def setValue(self, key: str, value: Any) -> None: ...


class Settings:
    """Values are stored as text: QSettings' INI files do not keep other types."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def addresses(self) -> list[str]:
        """Addresses as typed, the latest first; never empty."""
        kept = [line for line in self._get("addresses", "").split("\n") if line]
        return kept or [DEFAULT_ENDPOINT]

    def use_address(self, typed: str) -> None:
        rest = [each for each in self.addresses if each != typed]
        self._set("addresses", "\n".join([typed, *rest][:_MAX_ADDRESSES]))

    @property
    def key(self) -> str:
        """Path of a key file; "" for none."""
        return self._get("key", "")

    @key.setter
    def key(self, path: str) -> None:
        self._set("key", path)

    @property
    def priority(self) -> str:
        return self._get("priority", "routine")

    @priority.setter
    def priority(self, name: str) -> None:
        self._set("priority", name)

    @property
    def reader(self) -> str:
        """Name for verdicts and corrected masks; the system's user name until one is entered."""
        return self._get("reader", "").strip() or _user()

    @reader.setter
    def reader(self, name: str) -> None:
        self._set("reader", name.strip()[:READER_LENGTH])

    @property
    def show_3d(self) -> bool:
        return self._get("show3d", "no") == "yes"

    @show_3d.setter
    def show_3d(self, wanted: bool) -> None:
        self._set("show3d", "yes" if wanted else "no")

    @property
    def send_files(self) -> bool:
        return self._get("sendFiles", "yes") == "yes"

    @send_files.setter
    def send_files(self, wanted: bool) -> None:
        self._set("sendFiles", "yes" if wanted else "no")

    @property
    def opacity(self) -> int:
        """Opacity of heat maps, in percent."""
        kept = self._get("opacity", "60")
        return min(max(int(kept), 0), 100) if kept.isdigit() else 60

    @opacity.setter
    def opacity(self, percent: int) -> None:
        self._set("opacity", str(percent))

    def _get(self, key: str, default: str) -> str:
        found = self._store.value(f"Cordline/{key}")
        return default if found is None else str(found)

    def _set(self, key: str, value: str) -> None:
        self._store.setValue(f"Cordline/{key}", value)


def _user() -> str:
    """The system's user name; "" where it has none, as in some containers."""
    try:
        return getpass.getuser()[:READER_LENGTH]
    except (OSError, KeyError, ImportError):
        return ""
