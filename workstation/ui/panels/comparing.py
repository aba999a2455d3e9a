"""Three linked panes, Mine | X | Y, with overlay, difference and flicker over one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.domain.arbitration import Choice, Decision
from workstation.domain.image import Image
from workstation.domain.marks import (
    Mark,
    PaintedShape,
    PointShape,
    mark_planes,
    union_planes,
)
from workstation.domain.masks import Mask
from workstation.domain.reading import ReadingBody, ReadingState
from workstation.domain.schema import Level
from workstation.i18n import tr
from workstation.services.arbitrating import DisputeItem, OpenDispute
from workstation.ui.actions import bind, show_key
from workstation.ui.canvas.marks import DrawnMark
from workstation.ui.canvas.tool import Tool, tools
from workstation.ui.panels.bench import Bench
from workstation.ui.panels.elsewhere import Elsewhere
from workstation.ui.panels.ruling import RulingPanel
from workstation.ui.state.app_state import AppState
from workstation.ui.state.autosave import Autosave
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.ruling_session import RulingSession

# Colour-blind safe; the hatching tells them apart without colour.
ONLY_X, ONLY_Y, BOTH = "#56b4e9", "#e69f00", "#f0f0f0"
FLICKER_MS = 500


class Over(StrEnum):
    """What is drawn over one's own marks in the first pane."""

    NOTHING = "nothing"
    BOTH = "both"
    DIFFERENCE = "difference"
    FLICKER = "flicker"


class Comparing(QWidget):
    """The second step of a dispute: everything seen, item by item to the signature."""

    def __init__(
        self, app: AppState, opened: OpenDispute, save: Callable[[tuple[Decision, ...]], None]
    ) -> None:
        super().__init__()
        assert opened.x is not None and opened.y is not None
        self._x: ReadingBody = opened.x
        self._y: ReadingBody = opened.y
        self.opened = opened
        self.images = tuple(image for image in opened.images if image.is_target)
        self.read_only = opened.mine.state is not ReadingState.DRAFT
        self.autosave = Autosave(app, opened.mine)
        self.elsewhere = Elsewhere(app, self, self.autosave)
        self.own = ReadingSession(opened.mine.body, self.autosave.put)
        self.ruling = RulingSession(opened, self.own, save)
        self.over = Over.NOTHING
        self._flick = False
        self._editing: tuple[str, ...] = ()
        self.bench = Bench(
            app.workspace, opened.protocol, self.images, self.own, read_only=self.read_only
        )
        if not self.read_only:
            self.autosave.gather = self.own.save_viewing
        self.bench.read_out.connect(app.read_out)
        app.jobs.closing.connect(self.bench.close_images)
        self.bench.toolbar.class_followed.connect(
            lambda name: app.saved.emit(tr("The tool draws another class: {name}", name=name))
        )
        self.panel = RulingPanel(self.ruling, self.own, read_only=self.read_only)
        self.panel.setFixedWidth(340)
        self.panel.edit_wanted.connect(self.edit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.bench, 1)
        row.addWidget(self.panel)
        self._timer = QTimer(self)
        self._timer.setInterval(FLICKER_MS)
        self._timer.timeout.connect(self._flicker)
        self._image: Image | None = None
        self._over_row()
        self._bind()
        self.ruling.moved.connect(self._show_item)
        self.ruling.changed.connect(self.bench.refresh)
        self.own.changed.connect(self._own_changed)
        self.bench.toolbar.tool_chosen.connect(self._tool_chosen)
        self._tool_chosen(None)
        self._show_item()

    def _over_row(self) -> None:
        below = self.bench.below
        if len(self.images) > 1:
            self._choose = QComboBox()
            self._choose.setObjectName("image")
            for image in self.images:
                self._choose.addItem(f"{image.number}  {image.side}".strip(), image)
            self._choose.activated.connect(lambda: self.show_image(self._choose.currentData()))
            below.insertWidget(0, self._choose)
        self.over_buttons: dict[Over, QPushButton] = {}
        for n, (over, action, text) in enumerate(
            (
                (Over.BOTH, "overlay", tr("Overlay")),
                (Over.DIFFERENCE, "difference", tr("Difference")),
                (Over.FLICKER, "flicker", tr("Flicker")),
            )
        ):
            button = QPushButton()
            show_key(button, action, text, bracketed=True)
            button.setCheckable(True)
            button.setObjectName(f"over:{over}")
            button.clicked.connect(lambda _=False, o=over: self.lay_over(o))
            self.over_buttons[over] = button
            below.insertWidget(n + (1 if len(self.images) > 1 else 0), button)
        self.legend = QLabel(
            f'<span style="color:{ONLY_X}">▨ {tr("only X")}</span> &nbsp; '
            f'<span style="color:{ONLY_Y}">▧ {tr("only Y")}</span> &nbsp; '
            f'<span style="color:{BOTH}">▩ {tr("both")}</span>'
        )
        self.legend.setContentsMargins(8, 4, 8, 4)
        self.legend.hide()
        self.bench.above.addWidget(self.legend)

    def _bind(self) -> None:
        self.bench.bind_keys(self)
        keys = {
            "adopt_x": lambda: self.ruling.decide(Choice.ADOPT_X),
            "adopt_y": lambda: self.ruling.decide(Choice.ADOPT_Y),
            "keep_mine": self._keep_mine,
            "union": lambda: self.ruling.decide(Choice.UNION),
            "intersection": lambda: self.ruling.decide(Choice.INTERSECTION),
            "nothing": lambda: self.ruling.decide(Choice.NOTHING),
            "undecidable": lambda: self.ruling.decide(Choice.UNDECIDABLE),
            "edit": self.edit,
            "overlay": lambda: self.lay_over(Over.BOTH),
            "difference": lambda: self.lay_over(Over.DIFFERENCE),
            "flicker": lambda: self.lay_over(Over.FLICKER),
        }
        if self.read_only:
            keys = {k: v for k, v in keys.items() if k in ("overlay", "difference", "flicker")}
        self._letters = [bind(self, key, act) for key, act in keys.items()]
        bind(self, "next_item", lambda: self.ruling.step(1))
        bind(self, "previous_item", lambda: self.ruling.step(-1))

    def _keep_mine(self) -> None:
        item = self.ruling.current
        if item is not None and (item.mine_marks or item.mine_value is not None):
            self.ruling.decide(Choice.MINE)

    def _tool_chosen(self, tool: Tool | None) -> None:
        """Letters decide while no tool is in hand, and choose tools while one is."""
        for action in self._letters:
            action.setEnabled(tool is None)
        for action in self.bench.tool_keys:
            action.setEnabled(tool is not None)
        letters = {key.toString() for action in self._letters for key in action.shortcuts()}
        for action in self.bench.keys:
            shared = any(key.toString() in letters for key in action.shortcuts())
            action.setEnabled(tool is not None or not shared)
        if tool is None:
            self._editing = ()

    # images and items

    def image_of(self, item: DisputeItem) -> Image:
        """The image an item is about: its own, else the first of its eye, else the first."""
        if item.scope.level is Level.IMAGE:
            return next(i for i in self.images if i.image_id == item.scope.key)
        if item.scope.level is Level.EYE:
            here = [i for i in self.images if str(i.eye) == item.scope.key]
            if self._image in here:
                return next(i for i in here if i is self._image)
            return here[0]
        return self._image or self.images[0]

    def _show_item(self) -> None:
        item = self.ruling.current
        self.show_image(self.image_of(item) if item is not None else self.images[0])
        if item is None or item.question:
            return
        self.bench.toolbar.set_class(item.class_code)
        marks = [m for m in self._all_marks() if m.mark_id in self._ids(item)]
        image = self._image
        if image is None or not marks:
            return
        points = [m.shape for m in marks if isinstance(m.shape, PointShape)]
        if points:
            xs, ys = [p.x for p in points], [p.y for p in points]
            # A point has no size: what is around it within 40 pixels is shown with it.
            self.bench.panes[0][0].show_box(
                min(xs) - 40, min(ys) - 40, max(xs) + 40, max(ys) + 40, points[0].z
            )
            return
        planes = union_planes(
            [mark_planes(m, image.rows, image.cols) for m in marks], image.rows, image.cols
        )
        planes = {z: mask for z, mask in planes.items() if not mask.empty}
        if not planes:
            return
        z = max(planes, key=lambda p: planes[p].area)
        box = planes[z].box
        self.bench.panes[0][0].show_box(box.col0, box.row0, box.col1, box.row1, z)

    def _all_marks(self) -> tuple[Mark, ...]:
        ruled = self.opened.ruling.body.marks if self.opened.ruling is not None else ()
        return (*self._x.marks, *self._y.marks, *self.own.body.marks, *ruled)

    def _ids(self, item: DisputeItem | None) -> frozenset[str]:
        if item is None:
            return frozenset()
        return frozenset((*item.x_marks, *item.y_marks, *item.mine_marks))

    def show_image(self, image: Image) -> None:
        if image is self._image:
            self.bench.refresh()
            return
        self._image = image
        bench = self.bench
        focused = any(pane.hasFocus() for pane, _ in bench.panes)
        bench.clear_panes()
        title = tr("Mine") if self.opened.ruling is None else tr("Ruling (reference standard)")
        own = bench.add_pane(image, lambda: self._mine_drawn(image), drawing=True, title=title)
        bench.add_pane(image, lambda: self._drawn(self._x, "x", image), drawing=False, title="X")
        bench.add_pane(image, lambda: self._drawn(self._y, "y", image), drawing=False, title="Y")
        bench.refresh()
        if len(self.images) > 1:
            self._choose.setCurrentIndex(self.images.index(image))
        if focused or not self.isVisible():
            own.setFocus()

    def _drawn(self, body: ReadingBody, side: str, image: Image) -> list[DrawnMark]:
        strong = self._ids(self.ruling.current)
        return self.bench.drawn(body.on_image(image.image_id), side, strong)

    def _mine_drawn(self, image: Image) -> Sequence[DrawnMark]:
        ruled = self.opened.ruling
        own = self._drawn(self.own.body if ruled is None else ruled.body, "own", image)
        match self.over:
            case Over.NOTHING:
                return own
            case Over.BOTH:
                return [*own, *self._drawn(self._x, "x", image), *self._drawn(self._y, "y", image)]
            case Over.FLICKER:
                side, body = ("y", self._y) if self._flick else ("x", self._x)
                return self._drawn(body, side, image)
            case Over.DIFFERENCE:
                return self._difference(image)

    def _difference(self, image: Image) -> list[DrawnMark]:
        """Only X, only Y, both: of the current object's class, else of all lesion classes."""
        item = self.ruling.current
        schema = self.opened.protocol.schema
        if item is not None and item.class_code:
            codes = {item.class_code}
        else:
            codes = {c.code for c in schema.lesion_classes if c.is_lesion}
        x, points_x = self._planes(self._x, image, codes)
        y, points_y = self._planes(self._y, image, codes)
        empty = {z: m.difference(m) for z, m in (x | y).items()}
        only_x = {z: m.difference(y.get(z, empty[z])) for z, m in x.items()}
        only_y = {z: m.difference(x.get(z, empty[z])) for z, m in y.items()}
        both = {z: m.intersection(y[z]) for z, m in x.items() if z in y}
        out = []
        for planes, color, side, hatch in (
            (both, BOTH, "own", Qt.BrushStyle.DiagCrossPattern),
            (only_x, ONLY_X, "x", Qt.BrushStyle.BDiagPattern),
            (only_y, ONLY_Y, "y", Qt.BrushStyle.FDiagPattern),
        ):
            kept = {z: mask for z, mask in planes.items() if not mask.empty}
            if kept:
                mark = Mark(f"difference-{side}", image.image_id, "-", 1, PaintedShape(kept))
                out.append(DrawnMark(mark, color, side, hatch=hatch))
        out += self._colored(points_x, "x", ONLY_X)
        out += self._colored(points_y, "y", ONLY_Y)
        return out

    def _colored(self, marks: list[Mark], side: str, color: str) -> list[DrawnMark]:
        return [replace(d, color=color) for d in self.bench.drawn(marks, side)]

    def _planes(
        self, body: ReadingBody, image: Image, codes: set[str]
    ) -> tuple[dict[int, Mask], list[Mark]]:
        marks = [m for m in body.on_image(image.image_id) if m.class_code in codes]
        areas = [mark_planes(m, image.rows, image.cols) for m in marks if not m.is_point]
        return union_planes(areas, image.rows, image.cols), [m for m in marks if m.is_point]

    def lay_over(self, over: Over) -> None:
        """Switch an overlay on, or off when it is on."""
        self.over = Over.NOTHING if self.over is over else over
        for one, button in self.over_buttons.items():
            button.setChecked(one is self.over)
        self.legend.setVisible(self.over is Over.DIFFERENCE)
        if self.over is Over.FLICKER:
            self._timer.start()
        else:
            self._timer.stop()
        self.bench.refresh()

    def _flicker(self) -> None:
        self._flick = not self._flick
        self.bench.refresh()

    # redrawing

    def edit(self) -> None:
        """Take a tool on one's own drawing of the current object; a copy of what is adopted, or
        of X, or of Y, where there is none yet."""
        item = self.ruling.current
        if item is None or item.question or self.read_only:
            return
        if not item.mine_marks:
            decision = self.ruling.decision(item)
            first = item.y_marks if decision and decision.choice is Choice.ADOPT_Y else item.x_marks
            for mark in [m for m in self._all_marks() if m.mark_id in (first or item.y_marks)]:
                self.own.copy(mark)
            item = self.ruling.current
        assert item is not None
        if item.mine_marks:
            self.own.select(item.mine_marks[0])
        self.ruling.rule_mine()
        self._editing = item.key
        point = any(m.is_point for m in self._all_marks() if m.mark_id in self._ids(item))
        wanted = "point" if point else "brush"
        self.bench.toolbar.set_class(item.class_code)
        self.bench.toolbar.choose(next(t for t in tools() if t.tool_id == wanted))
        self.bench.focus_first()

    def _own_changed(self) -> None:
        """What is drawn while an object is redrawn belongs to its ruling."""
        item = self.ruling.current
        if self._editing and item is not None and item.key == self._editing:
            self.ruling.rule_mine()
