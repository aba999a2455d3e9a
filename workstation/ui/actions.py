"""Every action of the window in one table: menus, shortcuts and the help page are made of it.

The keys in the table are those a person starts with; `key_map.py` says which are in force.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from workstation.i18n import N_, tr
from workstation.ui.canvas.tool import label_tools, measuring_tools
from workstation.ui.key_map import KeyMap


class Where(StrEnum):
    """Where an action's keys work. At the arbitration desk the ruling's letters come before the
    bench's while no tool is in hand, so these two may use the same letter."""

    EVERYWHERE = "everywhere"
    BENCH = "bench"
    RULING = "ruling"

    def meets(self, other: Where) -> bool:
        """Whether one key cannot serve both."""
        return self is other or Where.EVERYWHERE in (self, other)


READ, LOOK, DRAW, MEASURE, RULE, WINDOW = (
    N_("Reading"),
    N_("Looking"),
    N_("Drawing"),
    N_("Measuring"),
    N_("Arbitration"),
    N_("Window"),
)
_WHERE = {LOOK: Where.BENCH, DRAW: Where.BENCH, MEASURE: Where.BENCH, RULE: Where.RULING}


@dataclass(frozen=True, slots=True)
class Action:
    """`keys` are Qt key sequences, the first is the one shown; `group` heads it in the help.

    `fixed` keys are nobody's to change: the digits, which answer the focused question first.
    """

    action_id: str
    title: str
    keys: tuple[str, ...]
    group: str
    anywhere: bool = False
    fixed: bool = False

    @property
    def where(self) -> Where:
        return Where.EVERYWHERE if self.anywhere else _WHERE.get(self.group, Where.EVERYWHERE)


TABLE = (
    Action("finish", N_("Submit the reading, seal the own read or sign the ruling"),
           ("Ctrl+Return", "Ctrl+Enter"), READ),
    Action("next_case", N_("Next case"), ("Ctrl+Right",), READ),
    Action("undo", N_("Undo"), ("Ctrl+Z",), READ),
    Action("redo", N_("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), READ),
    Action("marks_shown", N_("Marks: outlined, hidden, hatched"), ("Space",), LOOK),
    Action("fit", N_("Fit the image to the pane"), ("F",), LOOK),
    Action("full_size", N_("One image pixel on one screen pixel"), ("Shift+F",), LOOK),
    Action("mpr", N_("Planes and 3-D view of a stack, and back"), ("Ctrl+M",), LOOK),
    Action("turn_right", N_("Turn the picture to the right"), ("Shift+R",), LOOK),
    Action("turn_left", N_("Turn the picture to the left"), ("Shift+L",), LOOK),
    Action("mirror", N_("Mirror left and right"), ("H",), LOOK),
    Action("upend", N_("Mirror top and bottom"), ("V",), LOOK),
    Action("invert", N_("Black for white"), ("Shift+I",), LOOK),
    Action("magnifier", N_("Magnifier: 2x, 3x, 4x, none"), ("G",), LOOK),
    Action("cine", N_("Play or pause the stack"), ("C",), LOOK),
    Action("hanging_next", N_("Next way of hanging"), (".",), LOOK),
    Action("hanging_previous", N_("Previous way of hanging"), (",",), LOOK),
    Action("window_0", N_("Window: automatic, from the smallest to the largest value"), ("0",),
           LOOK, fixed=True),
    Action("window_1", N_("Window: abdomen"), ("1",), LOOK, fixed=True),
    Action("window_2", N_("Window: lung"), ("2",), LOOK, fixed=True),
    Action("window_3", N_("Window: mediastinum"), ("3",), LOOK, fixed=True),
    Action("window_4", N_("Window: bone"), ("4",), LOOK, fixed=True),
    Action("window_5", N_("Window: brain"), ("5",), LOOK, fixed=True),
    Action("window_6", N_("Window: stroke"), ("6",), LOOK, fixed=True),
    Action("window_7", N_("Window: liver"), ("7",), LOOK, fixed=True),
    Action("window_8", N_("Window: angio"), ("8",), LOOK, fixed=True),
    Action("window_9", N_("Window of the file, its next one when pressed again"), ("9",), LOOK,
           fixed=True),
    Action("grid", N_("ETDRS grid on photographs"), ("Shift+G",), LOOK),
    Action("no_tool", N_("Put the tool away"), ("Esc",), DRAW),
    Action("smaller", N_("Smaller brush; without one, fainter marks"), ("[",), DRAW),
    Action("larger", N_("Larger brush; without one, stronger marks"), ("]",), DRAW),
    Action("delete", N_("Delete the lesion or measure chosen"), ("Del",), DRAW),
    Action("adopt_x", N_("Adopt X"), ("X",), RULE),
    Action("adopt_y", N_("Adopt Y"), ("Y",), RULE),
    Action("keep_mine", N_("Keep mine"), ("M",), RULE),
    Action("union", N_("Union of X and Y"), ("U",), RULE),
    Action("intersection", N_("Intersection of X and Y"), ("I",), RULE),
    Action("nothing", N_("Nothing is there"), ("R",), RULE),
    Action("undecidable", N_("Undecidable"), ("?",), RULE),
    Action("edit", N_("Redraw, starting from what is adopted"), ("E",), RULE),
    Action("next_item", N_("Next item, or lesion"), ("N",), RULE, True),
    Action("previous_item", N_("Previous item, or lesion"), ("Shift+N",), RULE, True),
    Action("overlay", N_("X and Y over mine"), ("O",), RULE),
    Action("difference", N_("Difference of X and Y"), ("D",), RULE),
    Action("flicker", N_("X and Y in turn"), ("F",), RULE),
    Action("help", N_("All keys"), ("F1",), WINDOW),
    Action("office", N_("Worklist and form in a window of their own, or back"), ("F9",), WINDOW),
    Action("sign_out", N_("Sign out"), ("Ctrl+Shift+Q",), WINDOW),
)  # fmt: skip


def all_actions() -> tuple[Action, ...]:
    """The table, with a row for each tool."""
    drawing, measuring = (
        tuple(Action(f"tool:{t.tool_id}", t.title, (t.shortcut,), group) for t in found)
        for group, found in ((DRAW, label_tools()), (MEASURE, measuring_tools()))
    )
    return (*TABLE, *drawing, *measuring)


def row(action_id: str) -> Action:
    """Raises KeyError for an id that is not in the table."""
    return {a.action_id: a for a in all_actions()}[action_id]


@runtime_checkable
class ShowsLetters(Protocol):
    """A widget on which keys are printed otherwise than by `show_key`."""

    def show_letters(self) -> None: ...


_in_force = KeyMap()


def key_map() -> KeyMap:
    """The keys in force."""
    return _in_force


@functools.cache
def _resolved() -> dict[str, tuple[str, ...]]:
    return _in_force.resolved(all_actions())


def use(keys: KeyMap) -> None:
    """Put other keys in force, on everything that is open too."""
    global _in_force
    _in_force = keys
    _resolved.cache_clear()
    for window in QApplication.topLevelWidgets():
        for action in window.findChildren(QAction):
            if action.objectName().startswith("action:"):
                action.setShortcuts(_sequences(action.objectName().removeprefix("action:")))
        for widget in window.findChildren(QWidget):
            if isinstance(widget, ShowsLetters):
                widget.show_letters()
        for button in window.findChildren(QPushButton):
            if button.property(_KEYED) is not None:
                show_key(button, *button.property(_KEYED))


def keys_of(action_id: str) -> tuple[str, ...]:
    """The keys in force of an action; none where another action has taken them."""
    return _resolved()[action_id]


def hint(action_id: str) -> str:
    """The first key of an action as it is printed on a button or in a tooltip; "" without one."""
    keys = keys_of(action_id)
    return key_text(keys[0]) if keys else ""


def key_text(keys: str) -> str:
    """A key as it is printed on the keyboard: the same word in both languages."""
    shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
    return shown.replace("Return", "Enter").replace("Right", "→")


_KEYED = "keyed"


def show_key(button: QPushButton, action_id: str, text: str, bracketed: bool = False) -> None:
    """The button's text with the key of its action, which follows when the key is changed."""
    button.setProperty(_KEYED, [action_id, text, bracketed])
    key = hint(action_id)
    shown = f"{text}  [{key}]" if bracketed else f"{text}   {key}"
    button.setText(shown if key else text)


def bind(widget: QWidget, action_id: str, act: Callable[[], object]) -> QAction:
    """Give a widget the action; its keys work while the widget or a child of it has the focus."""
    action = QAction(tr(row(action_id).title), widget)
    action.setObjectName(f"action:{action_id}")
    action.setShortcuts(_sequences(action_id))
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda _=False: act())
    widget.addAction(action)
    return action


def _sequences(action_id: str) -> list[QKeySequence]:
    return [QKeySequence(k) for k in keys_of(action_id)]
