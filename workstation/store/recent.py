"""What can be said of studies before anybody has signed in: which were opened, and who is in one."""

from __future__ import annotations

import json
from pathlib import Path

from workstation.domain.people import Role
from workstation.paths import user_data_dir
from workstation.services.opening import SignInCard
from workstation.store.slots import SLOTS, sign_in_names

MOST = 8


def recent_studies() -> tuple[Path, ...]:
    """Studies opened before that still exist, newest first."""
    try:
        listed = json.loads(_list().read_text("utf-8"))
    except (OSError, ValueError):
        return ()
    paths = [Path(p) for p in listed if isinstance(p, str)] if isinstance(listed, list) else []
    return tuple(p for p in paths if (p / SLOTS).is_file())


def remember(folder: Path) -> None:
    """Put the study first in the list of recent ones; a list that cannot be kept is no reason not
    to work."""
    paths = [str(folder.resolve()), *(str(p) for p in recent_studies())]
    try:
        _list().parent.mkdir(parents=True, exist_ok=True)
        _list().write_text(json.dumps(list(dict.fromkeys(paths))[:MOST]), "utf-8")
    except OSError:
        return


def sign_in_cards(folder: Path) -> tuple[SignInCard, ...]:
    """Who can sign in. Raises EnvironmentProblem where the folder is no study."""
    cards = [
        SignInCard(login, name, tuple(Role(r) for r in roles))
        for login, name, roles in sign_in_names(folder)
    ]
    # Always in the same place: people click where their card was.
    order = (Role.COORDINATOR, Role.READER, Role.ARBITRATOR)
    return tuple(sorted(cards, key=lambda c: (min(order.index(r) for r in c.roles), c.login)))


def _list() -> Path:
    return user_data_dir() / "recent.json"
