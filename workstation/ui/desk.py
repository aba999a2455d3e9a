"""What a desk is, and how desks are found: every module of the desks package defines `DESK`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

import workstation.ui.desks as package
from workstation.domain.people import Role
from workstation.ui.state.app_state import AppState


@dataclass(frozen=True, slots=True)
class Desk:
    """A place to work, for people of some roles. `title` is marked with N_, `icon` one sign."""

    desk_id: str
    title: str
    icon: str
    roles: frozenset[Role]
    order: int
    make: Callable[[AppState], QWidget]


@functools.cache
def desks() -> tuple[Desk, ...]:
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        desk = getattr(module, "DESK", None)
        if isinstance(desk, Desk):
            found.append(desk)
    return tuple(sorted(found, key=lambda d: d.order))
