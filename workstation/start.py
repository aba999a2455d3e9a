"""Start a command, or the window: the sign-in page is painted before the rest is loaded."""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from pathlib import Path
from typing import Any

from workstation import settings
from workstation.cli.commands import main as command_line
from workstation.i18n import default_language, set_language
from workstation.services.opening import SignInCard
from workstation.store.recent import recent_studies, sign_in_cards

# In the order in which signing in asks for them.
NEEDED_NEXT = (
    "workstation.bootstrap",
    "workstation.store.study_folder",
    "workstation.ui.main_window",
)


class Door:
    """The `StudyOpener` of a program that has just been started. What the sign-in page shows it
    knows itself; for all else it asks the composition root, which takes most of a start to load."""

    def recent(self) -> tuple[Path, ...]:
        return recent_studies()

    def cards(self, folder: Path) -> tuple[SignInCard, ...]:
        return sign_in_cards(folder)

    @functools.cached_property
    def _opener(self) -> Any:
        return importlib.import_module("workstation.bootstrap").Opener()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opener, name)


def main(arguments: list[str] | None = None) -> int:
    """Start a command, or the window."""
    set_language(settings.load().language or default_language())
    door: Any = Door()

    def window(store: Path | None, demo: bool) -> int:
        # Qt takes a while to load: a command that opens no window does without.
        application = importlib.import_module("workstation.ui.application")
        return int(application.run(door, store, demo, make_ready))

    return command_line(door, sys.argv[1:] if arguments is None else arguments, window)


def make_ready() -> None:
    """Load what signing in needs, while the person chooses a card and types. Whoever closes the
    window at once waits for it: a thread killed inside a library's code takes the process with it."""
    threading.Thread(target=_load, name="make ready").start()


def _load() -> None:
    for name in NEEDED_NEXT:
        importlib.import_module(name)
    importlib.import_module("workstation.ui.desk").desks()
