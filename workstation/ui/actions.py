"""Every action of the window in one table: menus, shortcuts and the help page are made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from workstation.i18n import N_, tr
from workstation.ui.canvas.tool import tools


@dataclass(frozen=True, slots=True)
class Action:
    """`keys` are Qt key sequences, the first is the one shown; `group` heads it in the help."""

    action_id: str
    title: str
    keys: tuple[str, ...]
    group: str


READ, LOOK, DRAW, RULE, WINDOW = (
    N_("Reading"),
    N_("Looking"),
    N_("Drawing"),
    N_("Arbitration"),
    N_("Window"),
)

TABLE = (
    Action("finish", N_("Submit the reading, seal the own read or sign the ruling"),
           ("Ctrl+Return", "Ctrl+Enter"), READ),
    Action("next_case", N_("Next case"), ("Ctrl+Right",), READ),
    Action("undo", N_("Undo"), ("Ctrl+Z",), READ),
    Action("redo", N_("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), READ),
    Action("marks_shown", N_("Marks: outlined, hidden, hatched"), ("Space",), LOOK),
    Action("fit", N_("Fit the image to the pane"), ("F",), LOOK),
    Action("full_size", N_("One image pixel on one screen pixel"), ("Home",), LOOK),
    Action("mpr", N_("Planes and 3-D view of a stack, and back"), ("Ctrl+M",), LOOK),
    Action("window_0", N_("Window of the file"), ("0",), LOOK),
    Action("window_1", N_("Window: abdomen"), ("1",), LOOK),
    Action("window_2", N_("Window: lung"), ("2",), LOOK),
    Action("window_3", N_("Window: mediastinum"), ("3",), LOOK),
    Action("window_4", N_("Window: bone"), ("4",), LOOK),
    Action("window_5", N_("Window: brain"), ("5",), LOOK),
    Action("window_6", N_("Option 6 of the focused question"), ("6",), LOOK),
    Action("window_7", N_("Option 7 of the focused question"), ("7",), LOOK),
    Action("window_8", N_("Option 8 of the focused question"), ("8",), LOOK),
    Action("window_9", N_("Option 9 of the focused question"), ("9",), LOOK),
    Action("no_tool", N_("Put the tool away"), ("Esc",), DRAW),
    Action("smaller", N_("Smaller brush; without one, fainter marks"), ("[",), DRAW),
    Action("larger", N_("Larger brush; without one, stronger marks"), ("]",), DRAW),
    Action("delete", N_("Delete the lesion chosen"), ("Del",), DRAW),
    Action("adopt_x", N_("Adopt X"), ("X",), RULE),
    Action("adopt_y", N_("Adopt Y"), ("Y",), RULE),
    Action("keep_mine", N_("Keep mine"), ("M",), RULE),
    Action("union", N_("Union of X and Y"), ("U",), RULE),
    Action("intersection", N_("Intersection of X and Y"), ("I",), RULE),
    Action("nothing", N_("Nothing is there"), ("R",), RULE),
    Action("undecidable", N_("Undecidable"), ("?",), RULE),
    Action("edit", N_("Redraw, starting from what is adopted"), ("E",), RULE),
    Action("next_item", N_("Next item, or lesion"), ("N",), RULE),
    Action("previous_item", N_("Previous item, or lesion"), ("Shift+N",), RULE),
    Action("overlay", N_("X and Y over mine"), ("O",), RULE),
    Action("difference", N_("Difference of X and Y"), ("D",), RULE),
    Action("flicker", N_("X and Y in turn"), ("F",), RULE),
    Action("help", N_("All keys"), ("F1",), WINDOW),
    Action("sign_out", N_("Sign out"), ("Ctrl+Shift+Q",), WINDOW),
)  # fmt: skip


def all_actions() -> tuple[Action, ...]:
    """The table, with a row for each drawing tool."""
    drawing = tuple(Action(f"tool:{t.tool_id}", t.title, (t.shortcut,), DRAW) for t in tools())
    return (*TABLE, *drawing)


def hint(action_id: str) -> str:
    """The first key of an action as it is printed on a button or in a tooltip."""
    action = next(a for a in all_actions() if a.action_id == action_id)
    return key_text(action.keys[0])


def key_text(keys: str) -> str:
    """A key as it is printed on the keyboard: the same word in both languages."""
    shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
    return shown.replace("Return", "Enter").replace("Right", "→")


def bind(widget: QWidget, action_id: str, act: Callable[[], object]) -> QAction:
    """Give a widget the action; its keys work while the widget or a child of it has the focus."""
    row = next(a for a in all_actions() if a.action_id == action_id)
    action = QAction(tr(row.title), widget)
    action.setObjectName(f"action:{action_id}")
    action.setShortcuts([QKeySequence(k) for k in row.keys])
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda _=False: act())
    widget.addAction(action)
    return action
