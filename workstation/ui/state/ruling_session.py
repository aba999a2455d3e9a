"""The ruling under way: the items, what was decided of each, and where the arbitrator is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from workstation.domain.arbitration import Choice, Decision
from workstation.services import arbitrating
from workstation.services.arbitrating import DisputeItem, OpenDispute
from workstation.ui.state.reading_session import ReadingSession

Key = tuple[str, ...]


class RulingSession(QObject):
    """`opened` follows the arbitrator's own draft; `save` is called with all decisions so far."""

    changed = Signal()
    moved = Signal()

    def __init__(
        self,
        opened: OpenDispute,
        own: ReadingSession,
        save: Callable[[tuple[Decision, ...]], None],
    ) -> None:
        super().__init__()
        self._base = opened
        self._own = own
        self._save = save
        self._by_key: dict[Key, Decision] = {d.key: d for d in opened.dispute.decisions}
        self.opened = opened
        self.items: tuple[DisputeItem, ...] = ()
        self.index = 0
        self._read_own()
        own.changed.connect(self._own_changed)
        open_items = self.unresolved()
        if open_items:
            self.index = self.items.index(open_items[0])

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(self._by_key.values())

    @property
    def current(self) -> DisputeItem | None:
        return self.items[self.index] if self.items else None

    def decision(self, item: DisputeItem) -> Decision | None:
        return self._by_key.get(item.key)

    def unresolved(self) -> tuple[DisputeItem, ...]:
        """What still keeps the ruling from being signed."""
        body = self._own.body
        lacking = arbitrating.unresolved(self.opened, self.decisions, body)
        asked = arbitrating.asked_by_ruling(self.opened, self.decisions, body)
        return (*lacking, *(i for i in asked if i.key not in self._by_key))

    @property
    def needs_note(self) -> bool:
        """Whether the decisions so far match neither reader."""
        return arbitrating.matches_neither(self.opened, self.decisions, self._own.body)

    def _read_own(self) -> None:
        body = self._own.body
        self.opened = arbitrating.with_mine(self._base, body)
        for item in self.opened.items:
            decision = self._by_key.get(item.key)
            if decision is not None and decision.choice is Choice.MINE:
                self._by_key[item.key] = replace(decision, result_marks=item.mine_marks)
        self._list()

    def _list(self) -> None:
        here = self.current.key if self.current else ()
        asked = arbitrating.asked_by_ruling(self.opened, self.decisions, self._own.body)
        self.items = (*self.opened.items, *asked)
        keys = [item.key for item in self.items]
        self.index = keys.index(here) if here in keys else min(self.index, len(keys) - 1)

    def _own_changed(self) -> None:
        self._read_own()
        self.changed.emit()

    def decide(self, choice: Choice) -> bool:
        """Decide the current item; the same choice again takes it back. False where it is not
        among the choices."""
        item = self.current
        if item is None or choice not in arbitrating.allowed(item):
            return False
        before = self._by_key.get(item.key)
        if before is not None and before.choice is choice:
            del self._by_key[item.key]
        else:
            self._put(item, choice)
        self._list()
        self._save(self.decisions)
        self.changed.emit()
        return True

    def _put(self, item: DisputeItem, choice: Choice) -> None:
        self._by_key[item.key] = Decision(
            item.scope,
            choice,
            question=item.question,
            class_code=item.class_code,
            x_marks=item.x_marks,
            y_marks=item.y_marks,
            result_marks=item.mine_marks if choice is Choice.MINE else (),
        )

    def rule_mine(self) -> None:
        """Make one's own answer or drawing the decision of the current item."""
        item = self.current
        if item is not None:
            self._put(item, Choice.MINE)
            self._read_own()
            self._save(self.decisions)
            self.changed.emit()

    def go(self, index: int) -> None:
        if self.items and index != self.index and 0 <= index < len(self.items):
            self.index = index
            self.moved.emit()

    def step(self, by: int) -> None:
        """To the next (1) or previous (-1) item that needs a decision, round the end; where all
        is decided, simply to the neighbour."""
        count = len(self.items)
        if not count:
            return
        wanted = {item.key for item in self.unresolved()}
        for offset in range(1, count):
            index = (self.index + by * offset) % count
            if self.items[index].key in wanted:
                self.go(index)
                return
        self.go((self.index + by) % count)
