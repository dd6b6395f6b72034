"""Settings as TOML: read strictly, and kept in the folder of the run that they belong to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, asdict, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ..phantom.whole_file import replacing
from .settings import TrainingSettings

FILE = "settings.toml"
HEAD = "# Settings of a training, all of them; `cordline-models train --settings` takes such a file, or a part of it.\n"
WORDS = {int: "a whole number", float: "a number", bool: "true or false"}
MOST_NAMED = 4
"""Differences that a refusal names one by one."""


def settings_of_run(
    run: Path, file: Path | None = None, quick: bool = False, seed: int | None = None
) -> TrainingSettings:
    """The settings to train with in `run`; a run that has none yet gets them in its folder.

    Whatever is not asked for is as the run was begun with, or else the default.

    Raises
    ------
    ValueError
        When the run was begun with other settings: its stages and draws would no longer be those of one training.
    """
    stored = run / FILE
    begun = read_settings(stored) if stored.is_file() else None
    asked = read_settings(file) if file else begun or TrainingSettings()
    if quick:
        asked = asked.quick()
    if seed is not None:
        asked = replace(asked, seed=seed)
    if begun is None:
        if any(run.glob("*.pt")):
            raise ValueError(
                f"{run} holds checkpoints, but no {FILE}, so nobody knows how they were trained: name another --run, "
                f"with --begin-with {run} if their weights are to be the first ones"
            )
        write_settings(asked, stored)
    elif asked != begun:
        raise ValueError(
            f"{run} was begun with other settings ({differences(begun, asked)}): leave --settings, --quick and --seed "
            f"out to go on with those in {stored}, or name another --run"
        )
    return asked


def read_settings(path: Path) -> TrainingSettings:
    """The settings in `path`; what is left out has its default. Unknown keys and wrong types are a ValueError."""
    try:
        return _build(TrainingSettings, tomllib.loads(path.read_text(encoding="utf-8")), "")
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def write_settings(settings: TrainingSettings, path: Path) -> None:
    """Write every setting; the file appears whole or not at all."""
    with replacing(path) as part:
        part.write_text(to_toml(settings), encoding="utf-8", newline="\n")


def to_toml(settings: TrainingSettings) -> str:
    return HEAD + "\n".join(_table(asdict(settings), "")) + "\n"


def differences(begun: TrainingSettings, asked: TrainingSettings) -> str:
    """The settings that differ, by name, with both values."""
    old, new = (dict(_flat(asdict(settings), "")) for settings in (begun, asked))
    found = [
        f"{name} {old.get(name)}, now {new.get(name)}" for name in {**old, **new} if old.get(name) != new.get(name)
    ]
    more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    return "; ".join(found[:MOST_NAMED] + more)


def _build(kind: type, table: object, where: str) -> Any:
    """A dataclass of type `kind` from a TOML table that stands at `where`."""
    if not isinstance(table, dict):
        raise ValueError(f"{where} is a table, not {table!r}")
    types = get_type_hints(kind)
    inside = f"{where}." if where else ""
    for name in table:
        if name not in types:
            raise ValueError(f"{inside}{name} is not a setting; known here are {', '.join(types)}")
    for field in fields(kind):
        if field.name not in table and field.default is MISSING:
            raise ValueError(f"{inside}{field.name} is missing")
    values = {name: _convert(types[name], value, inside + name) for name, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}" if where else str(error)) from error


def _convert(kind: Any, value: object, where: str) -> Any:
    if is_dataclass(kind):
        return _build(kind, value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not value:
            raise ValueError(f"{where} is a list of one table or more, not {value!r}")
        return tuple(_convert(get_args(kind)[0], one, f"{where}[{k}]") for k, one in enumerate(value))
    if get_origin(kind) is UnionType:  # of a type and None, which TOML says by leaving the key out
        kind = get_args(kind)[0]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{where} is {WORDS[kind]}, not {value!r}")
    return value


def _table(table: dict[str, Any], name: str) -> Iterator[str]:
    """Lines of a TOML table: its values, then its tables, then its lists of tables."""
    inside = f"{name}." if name else ""
    for key, value in table.items():
        if isinstance(value, bool):
            yield f"{key} = {str(value).lower()}"
        elif isinstance(value, int | float):
            yield f"{key} = {value!r}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from ("", f"[{inside}{key}]", *_table(value, inside + key))
    for key, value in table.items():
        if isinstance(value, tuple):
            for one in value:
                yield from ("", f"[[{inside}{key}]]", *_table(one, inside + key))


def _flat(value: object, name: str) -> Iterator[tuple[str, object]]:
    """Every single value with its full name."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(one, f"{name}.{key}" if name else key)
    elif isinstance(value, tuple):
        for k, one in enumerate(value):
            yield from _flat(one, f"{name}[{k}]")
    else:
        yield name, value
