"""A person's options on this machine, declared once; a study's rules are in its protocol instead.

Kept as `settings.toml` in the user's data folder. An unreadable file or an unknown value counts
as not there: options must never keep anybody from working.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from workstation.i18n import LANGUAGES
from workstation.paths import user_data_dir

VERSION = 1
# What dragging up with the window in hand does: raise the level, or lower it.
DARKENS, BRIGHTENS = "darkens", "brightens"
# Roles of the mouse buttons, by the viewers they are known from.
MICE = ("workstation", "weasis", "pacs")
# Old version -> values as the next version has them.
MIGRATIONS: dict[int, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}


_TABLES = frozenset({"keys", "places"})


@dataclass(frozen=True, slots=True)
class Settings:
    """`language`: of the window; empty means the system's. `key_preset` and `keys` (action ->
    keys) are the person's keys. `mouse` names the roles of the buttons; `left_handed` swaps left
    and right; `drag_up` says what dragging up does to the picture. `places` remembers where the
    windows stood, by the screens of the station.
    """

    language: str = ""
    key_preset: str = "workstation"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mouse: str = "workstation"
    left_handed: bool = False
    drag_up: str = DARKENS
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.language and self.language not in LANGUAGES:
            raise ValueError(self.language)
        if self.mouse not in MICE or self.drag_up not in (DARKENS, BRIGHTENS):
            raise ValueError(self.mouse, self.drag_up)
        if not isinstance(self.key_preset, str) or not isinstance(self.left_handed, bool):
            raise TypeError(self.key_preset, self.left_handed)


def load() -> Settings:
    """The options kept on this machine, or the defaults."""
    try:
        found: Mapping[str, Any] = tomllib.loads(_file().read_text("utf-8"))
        version = int(found.get("version", 0))
        while version < VERSION:
            found = MIGRATIONS[version](found)
            version += 1
        known = {f.name for f in fields(Settings)}
        values = {k: v for k, v in found.items() if k in known}
        for table in _TABLES & values.keys():
            values[table] = {str(k): tuple(map(str, v)) for k, v in values[table].items()}
        return Settings(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Settings()


def save(settings: Settings) -> None:
    """Keep the options; where they cannot be written this session still has them."""
    # JSON text, truth values and lists of text are TOML's too.
    values = asdict(settings)
    lines = [f"version = {VERSION}"]
    lines += [f"{name} = {_toml(value)}" for name, value in values.items() if name not in _TABLES]
    for table in sorted(_TABLES):
        lines.append(f"\n[{table}]")
        lines += [f"{_toml(name)} = {_toml(list(value))}" for name, value in values[table].items()]
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text("\n".join(lines) + "\n", "utf-8")
    except OSError:
        return


def _toml(value: object) -> str:
    # Without escapes for what TOML takes as it is: it knows no surrogate pairs.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _file() -> Path:
    return user_data_dir() / "settings.toml"
