"""Which keys are in force: a person's own, before those of a preset, before the table's.

A key that two actions want where both work goes to the more deliberate choice; the other action is
left without it, and the key page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from PySide6.QtGui import QKeySequence

Keys = Mapping[str, tuple[str, ...]]

WORKSTATION = "workstation"


class Place(Protocol):
    """Where an action's keys work."""

    def meets(self, other: object, /) -> bool: ...


class Bound(Protocol):
    """What the map needs of an action."""

    @property
    def action_id(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def where(self) -> Place: ...
    @property
    def fixed(self) -> bool: ...


# Action -> keys, where a viewer people come from has others. What is not listed stays as it is.
PRESETS: Mapping[str, Keys] = MappingProxyType(
    {
        WORKSTATION: {},
        "weasis": {
            "turn_right": ("Alt+R",),
            "turn_left": ("Alt+L",),
            "mirror": ("Alt+F",),
            "tool:distance": ("D",),
            "tool:angle": ("A",),
            "tool:polygon": ("Y",),
            "tool:brush": ("P",),
        },
        "ohif": {
            "fit": ("=",),
            "invert": ("I",),
            "turn_right": ("R",),
            "turn_left": ("L",),
            "mirror": ("H",),
            "upend": ("V",),
            "tool:brush": ("B",),
            "tool:box": ("D",),
            "tool:ellipse": ("O",),
            "delete": ("Backspace", "Del"),
            "redo": ("Ctrl+Y", "Ctrl+Shift+Z"),
        },
    }
)


def normal(key: str) -> str:
    """A key sequence as Qt writes it; "" for what is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


@dataclass(frozen=True, slots=True)
class KeyMap:
    """`own` are the person's changes by action; an empty tuple takes an action's keys away.

    Raises ValueError for an unknown preset or what is no key.
    """

    preset: str = WORKSTATION
    own: Keys = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(self.preset)
        for keys in self.own.values():
            for key in keys:
                if not normal(key):
                    raise ValueError(key)

    def resolved(self, actions: Sequence[Bound]) -> dict[str, tuple[str, ...]]:
        """Keys of every action."""
        wanted: list[tuple[int, Bound, str]] = []
        for action in actions:
            if action.fixed:
                wanted += [(0, action, key) for key in action.keys]
                continue
            for rank, keys in enumerate((self.own, PRESETS[self.preset]), 1):
                if action.action_id in keys:
                    wanted += [(rank, action, key) for key in keys[action.action_id]]
                    break
            else:
                wanted += [(3, action, key) for key in action.keys]
        given: dict[str, tuple[str, ...]] = {action.action_id: () for action in actions}
        taken: dict[str, list[Bound]] = {}
        for _, action, key in sorted(wanted, key=lambda w: w[0]):
            holders = taken.setdefault(normal(key), [])
            if all(h is action or not h.where.meets(action.where) for h in holders):
                holders.append(action)
                given[action.action_id] += (key,)
        return given

    def holders(self, actions: Sequence[Bound], action_id: str, key: str) -> tuple[str, ...]:
        """The other actions that have the key where both work."""
        by_id = {a.action_id: a for a in actions}
        return tuple(
            other
            for other, keys in self.resolved(actions).items()
            if other != action_id
            and normal(key) in [normal(k) for k in keys]
            and by_id[other].where.meets(by_id[action_id].where)
        )

    def with_key(self, actions: Sequence[Bound], action_id: str, key: str) -> KeyMap:
        """The action has this key and no other; whoever had it has it no longer."""
        own = dict(self.own)
        resolved = self.resolved(actions)
        for holder in self.holders(actions, action_id, key):
            own[holder] = tuple(k for k in resolved[holder] if normal(k) != normal(key))
        own[action_id] = (key,)
        return replace(self, own=own)

    def restored(self, action_id: str) -> KeyMap:
        """The action as the preset has it."""
        return replace(self, own={k: v for k, v in self.own.items() if k != action_id})
