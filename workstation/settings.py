"""A person's options on this machine, declared once; a study's rules are in its protocol instead.

Kept as `settings.toml` in the user's data folder. An unreadable file or an unknown value counts
as not there: options must never keep anybody from working.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from workstation.i18n import LANGUAGES
from workstation.paths import user_data_dir

VERSION = 1
# Old version -> values as the next version has them.
MIGRATIONS: dict[int, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Settings:
    """`language`: of the window; empty means the system's."""

    language: str = ""

    def __post_init__(self) -> None:
        if self.language and self.language not in LANGUAGES:
            raise ValueError(self.language)


def load() -> Settings:
    """The options kept on this machine, or the defaults."""
    try:
        found: Mapping[str, Any] = tomllib.loads(_file().read_text("utf-8"))
        version = int(found.get("version", 0))
        while version < VERSION:
            found = MIGRATIONS[version](found)
            version += 1
        known = {f.name for f in fields(Settings)}
        return Settings(**{k: v for k, v in found.items() if k in known})
    except (OSError, ValueError, TypeError, KeyError):
        return Settings()


def save(settings: Settings) -> None:
    """Keep the options; where they cannot be written this session still has them."""
    # A JSON string is a TOML basic string; all options are text, numbers or truth values.
    lines = [f"version = {VERSION}"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in asdict(settings).items()]
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text("\n".join(lines) + "\n", "utf-8")
    except OSError:
        return


def _file() -> Path:
    return user_data_dir() / "settings.toml"
