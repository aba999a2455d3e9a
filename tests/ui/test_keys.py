"""Keys can be changed, are in force at once, and never serve two actions at one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Bench
from workstation import settings
from workstation.settings import BRIGHTENS, DARKENS, Settings
from workstation.ui.actions import Where, all_actions, keys_of, use
from workstation.ui.key_map import PRESETS, KeyMap, normal
from workstation.ui.keys_dialog import MOUSE_NAMES, PRESET_NAMES, KeyQuestion, KeysDialog, sheet
from workstation.ui.main_window import use_own_keys
from workstation.ui.state.mouse import ROLES, Drag, MouseRoles, mouse_roles, use_mouse


@pytest.fixture(autouse=True)
def _as_shipped() -> Iterator[None]:
    yield
    use(KeyMap())
    use_mouse(MouseRoles())


def clashes(resolved: dict[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    by_id = {a.action_id: a for a in all_actions()}
    seen = [(normal(k), a) for a, keys in resolved.items() for k in keys]
    return [
        (key, one, other)
        for n, (key, one) in enumerate(seen)
        for again, other in seen[n + 1 :]
        if key == again and one != other and by_id[one].where.meets(by_id[other].where)
    ]


def test_the_table_has_no_clash_and_loses_no_key() -> None:
    resolved = KeyMap().resolved(all_actions())
    assert clashes(resolved) == []
    assert resolved == {a.action_id: a.keys for a in all_actions()}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_name_real_actions_and_give_each_its_keys(preset: str) -> None:
    wanted = PRESETS[preset]
    resolved = KeyMap(preset).resolved(all_actions())
    assert set(wanted) <= set(resolved)
    assert clashes(resolved) == []
    for action_id, keys in wanted.items():
        assert resolved[action_id] == keys, action_id
    assert preset in PRESET_NAMES


keys = st.sampled_from(["A", "F", "Ctrl+Z", "Space", "N", "Shift+N", "F1", "?"])
ids = st.sampled_from([a.action_id for a in all_actions() if not a.fixed])


@given(st.sampled_from(sorted(PRESETS)), st.lists(st.tuples(ids, keys), max_size=6))
def test_any_changes_leave_no_clash_and_the_last_one_holds(
    preset: str, changes: list[tuple[str, str]]
) -> None:
    keymap = KeyMap(preset)
    for action_id, key in changes:
        keymap = keymap.with_key(all_actions(), action_id, key)
        assert keymap.resolved(all_actions())[action_id] == (key,)
    assert clashes(keymap.resolved(all_actions())) == []


def test_digits_stay_what_they_are(bench: Bench, qtbot: QtBot) -> None:
    """They answer the focused question: a digit that chose another option would be a wrong one."""
    spoilt = KeyMap("ohif", {"window_1": ("7",), "fit": ("3",)})
    resolved = spoilt.resolved(all_actions())
    assert resolved["window_1"] == ("1",) and resolved["window_3"] == ("3",)
    assert resolved["fit"] == ()
    dialog = KeysDialog(bench.window("fundus", "reader-a"))
    qtbot.addWidget(dialog)
    dialog.choose("window_1")
    assert not dialog.change_button.isEnabled()
    asked = KeyQuestion(next(a for a in all_actions() if a.action_id == "fit"), dialog)
    qtbot.addWidget(asked)
    asked.edit.setKeySequence(QKeySequence("3"))
    assert not asked.ok.isEnabled() and "Digits" in asked.problem.text()


def test_bench_and_ruling_may_share_a_letter() -> None:
    assert not Where.BENCH.meets(Where.RULING)
    assert Where.EVERYWHERE.meets(Where.RULING) and Where.BENCH.meets(Where.EVERYWHERE)


@pytest.mark.parametrize("bad", [{"preset": "emacs"}, {"own": {"fit": ("",)}}])
def test_a_map_is_valid_on_construction(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        KeyMap(**bad)  # type: ignore[arg-type]


def test_what_cannot_be_used_is_as_none() -> None:
    settings.save(Settings(key_preset="emacs", keys={"fit": ("G",)}, left_handed=True))
    use_own_keys()
    assert keys_of("fit") == ("F",)
    assert mouse_roles().left_handed


def test_a_changed_key_works_at_once_and_after_a_restart(bench: Bench, qtbot: QtBot) -> None:
    window = bench.window("fundus", "reader-a")
    desk = window.stack.currentWidget()
    dialog = KeysDialog(window)
    qtbot.addWidget(dialog)
    dialog.choose("next_case")

    def press() -> None:
        asked = QApplication.activeModalWidget()
        assert isinstance(asked, KeyQuestion)
        asked.edit.setKeySequence(QKeySequence("F7"))
        assert asked.problem.text() == ""
        asked.ok.click()

    QTimer.singleShot(50, press)
    dialog.change()
    assert keys_of("next_case") == ("F7",)
    button = window.findChild(QPushButton, "next")
    assert button is not None and button.text().endswith("F7")
    dialog.accept()
    bench.focus(window, desk)
    qtbot.keyClick(desk, Qt.Key.Key_F7)
    assert desk.case is not None  # type: ignore[attr-defined]
    use(KeyMap())
    use_own_keys()
    assert keys_of("next_case") == ("F7",)


def test_a_key_in_use_is_taken_over_only_when_wanted(bench: Bench, qtbot: QtBot) -> None:
    window = bench.window("fundus", "reader-a")
    dialog = KeysDialog(window)
    qtbot.addWidget(dialog)
    dialog.choose("undo")

    def answering(act: Callable[[KeyQuestion], object]) -> None:
        def look() -> None:
            asked = QApplication.activeModalWidget()
            assert isinstance(asked, KeyQuestion)
            asked.edit.setKeySequence(QKeySequence("Space"))
            assert "“" in asked.problem.text()
            act(asked)

        QTimer.singleShot(50, look)
        dialog.change()

    answering(lambda asked: asked.reject())
    assert keys_of("marks_shown") == ("Space",) and keys_of("undo") == ("Ctrl+Z",)
    answering(lambda asked: asked.ok.click())
    assert keys_of("undo") == ("Space",) and keys_of("marks_shown") == ()
    assert "no key" in sheet().toPlainText()
    dialog.choose("undo")
    dialog.restore()
    assert keys_of("undo") == ("Ctrl+Z",)
    dialog.restore_all.click()
    assert keys_of("marks_shown") == ("Space",)


def test_mouse_roles_are_kept(bench: Bench, qtbot: QtBot) -> None:
    window = bench.window("fundus", "reader-a")
    dialog = KeysDialog(window)
    qtbot.addWidget(dialog)
    dialog.left_handed.click()
    for name, value in (("mouse", "pacs"), ("drag_up", BRIGHTENS)):
        combo = dialog.findChild(QComboBox, name)
        assert combo is not None
        combo.setCurrentIndex(combo.findData(value))
        combo.activated.emit(combo.currentIndex())
    assert mouse_roles() == MouseRoles("pacs", True, BRIGHTENS)
    use_mouse(MouseRoles())
    use_own_keys()
    assert mouse_roles() == MouseRoles("pacs", True, BRIGHTENS)


def test_what_the_buttons_do() -> None:
    left, middle, right = (
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.MiddleButton,
        Qt.MouseButton.RightButton,
    )
    usual = MouseRoles()
    assert [usual.drag(b) for b in (left, middle, right)] == [Drag.WINDOW, Drag.PAN, Drag.ZOOM]
    other = MouseRoles("pacs", left_handed=True, drag_up=BRIGHTENS)
    assert [other.drag(b) for b in (left, middle, right)] == [Drag.WINDOW, Drag.PAN, Drag.SLICES]
    assert (usual.level_sign, other.level_sign) == (1, -1)
    assert (usual.first, other.first, other.second) == (left, right, left)
    assert set(ROLES) == set(settings.MICE) == set(MOUSE_NAMES)
    with pytest.raises(ValueError):
        MouseRoles(drag_up="sideways")
    assert DARKENS != BRIGHTENS


def test_a_changed_key_is_printed_on_the_tool_at_once(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    window.stack.currentWidget().open_next()  # type: ignore[union-attr]
    brush = window.findChild(QPushButton, "tool:brush")
    lens = window.findChild(QPushButton, "magnifier")
    assert brush is not None and lens is not None and brush.text().endswith("D")
    use(KeyMap(own={"tool:brush": ("W",), "magnifier": ("Q",), "tool:distance": ("J",)}))
    assert brush.text().endswith("W") and "(W)" in brush.toolTip()
    assert "(Q)" in lens.toolTip()
    measure = window.findChild(QPushButton, "measure")
    assert measure is not None
    assert any(a.text().endswith("\tJ") for a in measure.menu().actions())
    use(KeyMap(own={"tool:brush": ()}))
    assert brush.text() == "✎" and "(" not in brush.toolTip()
