"""Ways of hanging at the reading desk, and windows by name and digit."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.studies import Team, document, opener
from tests.ui.conftest import Bench
from workstation.display.grey import GreyChain
from workstation.domain.hanging import Anchor
from workstation.domain.image import Image, ImageKind, LookupTable, Window
from workstation.exchange.name_pattern import name_pattern
from workstation.services import assigning, importing
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.desks.reading import ReadingDesk
from workstation.ui.jobs import JobRunner
from workstation.ui.main_window import MainWindow
from workstation.ui.state.app_state import AppState
from workstation.ui.state.view_state import ViewState
from workstation.ui.window_choices import (
    AUTOMATIC,
    WindowChoice,
    choice_of_digit,
    preset_name,
    window_choices,
)


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """A patient photographed twice, two fields the second time; the protocol shows the first."""
    delivered = tmp_path / "in"
    delivered.mkdir()
    for n, name in enumerate(
        ("P1_V1_OD_1", "P1_V1_OS_1", "P1_V2_OD_1", "P1_V2_OS_1", "P1_V2_OD_2", "P1_V2_OS_2")
    ):
        noise = np.random.default_rng(n).integers(0, 255, (60, 80, 3), np.uint8)
        (delivered / f"{name}.png").write_bytes(imagecodecs.png_encode(noise))
    team = Team(tmp_path / "s.study", document(earlier_visits="shown"))
    coordinator = team["coordinator"]
    command = importing.ImportFiles(
        (delivered,), "Coordinator", name_pattern("{patient}_V{visit}_{eye}_{field}")
    )
    importing.run_import(coordinator, command, lambda: 1 << 40, lambda *_: None)
    with coordinator.reading() as uow:
        cases = uow.cases.all()
    for case in cases:
        importing.include(coordinator, case.case_id)
    with coordinator.reading() as uow:
        pairs = assigning.plan(uow).pairs
    assigning.assign(coordinator, pairs)
    team.close()
    return tmp_path / "s.study"


def shown(desk: ReadingDesk) -> list[tuple[str, str, bool]]:
    assert desk.read is not None
    return [
        (str(p.image.eye), p.image.field, p.surface_for is not None)
        for p, _ in desk.read.bench.panes
        if p.image is not None
    ]


def test_all_ways_in_turn(bench: Bench, visits: Path, qtbot: QtBot) -> None:
    workspace = opener().open(visits, "reader-a", "a long enough phrase")
    window = MainWindow(AppState(workspace, JobRunner(), opener()))
    qtbot.addWidget(window)
    bench.windows.append(window)
    window.resize(1200, 800)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    desk = window.stack.currentWidget()
    assert isinstance(desk, ReadingDesk)
    with workspace.reading() as uow:
        second = next(c for c in uow.cases.all() if c.visit == 2)
    desk.open_case(second.case_id)
    read = desk.read
    assert read is not None
    first = [("OD", "1", True), ("OS", "1", True), ("OD", "2", True), ("OS", "2", True)]
    assert shown(desk) == first
    places = [p.mapTo(window, p.rect().topLeft()) for p, _ in read.bench.panes]
    assert places[0].x() < places[1].x() and places[0].y() < places[2].y()
    names = [h.hanging_id for h in read.hangings]
    assert "previous_visit" in names
    seen = set()
    for _ in names:
        qtbot.keyClick(read.bench.panes[0][0], Qt.Key.Key_Period)
        seen.add(read.hangings[read.ways.currentIndex()].hanging_id)
    assert seen == set(names) and shown(desk) == first
    read.hang(names.index("previous_visit"))
    assert shown(desk) == [
        ("OD", "1", True), ("OS", "1", True), ("OD", "1", False), ("OS", "1", False),
    ]  # fmt: skip
    earlier = {i.image_id for i in read.earlier}
    assert {p.image.image_id for p, _ in read.bench.panes[2:] if p.image} == earlier
    qtbot.keyClick(read.bench.panes[0][0], Qt.Key.Key_Comma)
    assert read.hangings[read.ways.currentIndex()].hanging_id != "previous_visit"


@pytest.mark.parametrize(("anchor", "edge"), [(Anchor.LEFT, 0.0), (Anchor.RIGHT, 600.0)])
def test_a_breast_leans_on_the_middle(qtbot: QtBot, anchor: Anchor, edge: float) -> None:
    image = Image("i", "c", "M1", ImageKind.RADIOGRAPH, "MG", 400, 100, 1, 1, "uint8", ())
    view = ImageView(ViewState(), lambda *_: np.zeros((400, 100), np.uint8))
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.set_image(image)
    view.anchor = anchor
    side = -0.5 if anchor is Anchor.LEFT else 99.5
    assert view.to_screen((side, 0.0)).x() == pytest.approx(edge, abs=1.0)
    view.view.set(turn=view.view.turn.mirrored())
    assert view.to_screen((49.5, 199.5)).x() == pytest.approx(300.0, abs=1.0)


def ct(**more: object) -> Image:
    facts = {"windows": (Window(50.0, 350.0), Window(-500.0, 1500.0, "LINEAR", "LUNG"))} | more
    return Image("i", "c", "S1", ImageKind.STACK, "CT", 4, 4, 1, 1, "int16", (), **facts)  # type: ignore[arg-type]


def test_digits_choose_windows() -> None:
    view = ViewState()
    found = {n: choice_of_digit(ct(), 0, view, n) for n in range(9)}
    assert found[0] == AUTOMATIC
    assert found[2] == WindowChoice((-600.0, 1500.0)) and found[8] == WindowChoice((300.0, 600.0))
    for expected in (1, 0, 1):
        choice = choice_of_digit(ct(), 0, view, 9)
        assert choice == WindowChoice(offered=expected)
        view.set(**choice.as_values())
    view.set(window=(1.0, 2.0))
    assert choice_of_digit(ct(), 0, view, 9) == WindowChoice(offered=0)


def test_no_preset_where_values_have_no_scale() -> None:
    mammogram = Image("i", "c", "M1", ImageKind.RADIOGRAPH, "MG", 4, 4, 1, 1, "uint16", (),
                      voi_luts=(LookupTable(0, 12, (0, 4095), "soft"),))  # fmt: skip
    view = ViewState()
    assert [choice_of_digit(mammogram, 0, view, n) for n in range(1, 9)] == [None] * 8
    labels = [label for label, _ in window_choices(mammogram)]
    assert labels == ["File: soft (9)", "Automatic (0)"]
    photo = Image("i", "c", "F1", ImageKind.PHOTOGRAPH, "OP", 4, 4, 1, 3, "uint8", ())
    assert choice_of_digit(photo, 0, view, 1) is None
    assert choice_of_digit(photo, 0, view, 0) == WindowChoice()


def test_what_is_chosen_is_what_is_shown(qtbot: QtBot) -> None:
    stored = np.arange(-8, 8, dtype=np.int16).reshape(4, 4) * 100
    image = ct()
    pane = ImageView(ViewState(), lambda *_: stored)
    qtbot.addWidget(pane)
    pane.set_image(image)
    chain = GreyChain.of(image)
    shown = dict(window_choices(image))
    pane.view.set(**shown["File: LUNG (9)"].as_values())
    assert pane.values_window() == (-500.0, 1500.0)
    pane.view.set(**shown["Automatic (0)"].as_values())
    whole = chain.full_range(stored)
    assert pane.values_window() == (whole.center, whole.width)
    assert preset_name("stroke") == "Stroke"
