"""The bench: panes, tools and panels around one open draft; reading and arbitration share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from workstation.display.window_presets import CT_PRESETS
from workstation.domain.fundus import disc_diameter
from workstation.domain.geometry import ViewTurn
from workstation.domain.hanging import Anchor
from workstation.domain.image import Image, ImageKind
from workstation.domain.marks import Mark, mark_center
from workstation.domain.measures import Measure
from workstation.domain.protocol import Protocol
from workstation.domain.schema import Geometry, Level, Scope
from workstation.domain.viewing import AS_IT_IS, PhotoLook
from workstation.i18n import language, tr
from workstation.services.workspace import Workspace
from workstation.ui.actions import bind, hint
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.links import Links
from workstation.ui.canvas.marks import DrawnMark
from workstation.ui.canvas.measuring import EllipseLayer, MeasureLayer
from workstation.ui.canvas.photo_layer import PhotoLayer
from workstation.ui.canvas.planes import PlaneLoader
from workstation.ui.canvas.tool import Surface, Tool, ToolKind, label_tools, measuring_tools, tools
from workstation.ui.measured import Measuring
from workstation.ui.panels.focus import leave_focus
from workstation.ui.panels.form import FormPanel
from workstation.ui.panels.lesions import LesionPanel
from workstation.ui.panels.photo_bar import PhotoBar
from workstation.ui.panels.viewing import ViewBar
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.view_state import ViewState
from workstation.ui.state.viewing_record import ViewingRecord
from workstation.ui.window_choices import WindowChoice, choice_of_digit, window_choices

# Keys of the bench that change what every view of the images shows, or the reading itself.
NOT_OF_PANES = frozenset(
    {"marks_shown", "invert", "smaller", "larger", "undo", "redo", "delete"}
    | {f"window_{n}" for n in range(10)}
)


# Pixels the words on the two buttons without a letter of their own take.
NAMES_OF_TWO = 130


class Toolbar(QWidget):
    """Tools with their names, the class in force, the brush size."""

    tool_chosen = Signal(object)
    class_followed = Signal(str)

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self.radius = 12
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        # Button -> its sign, and what stands beside it with room and without.
        self._names: dict[QPushButton, tuple[str, str, str]] = {}
        none = QPushButton("✥ " + tr("Move"))
        none.setCheckable(True)
        none.setChecked(True)
        none.setStyleSheet("padding: 4px 7px;")
        none.setToolTip(tr("No tool: drag changes the window, click chooses a lesion (Esc)"))
        self._group.addButton(none)
        none.clicked.connect(lambda: self.choose(None))
        self._none = none
        row.addWidget(none)
        for tool in label_tools():
            button = QPushButton()
            button.setCheckable(True)
            button.setObjectName(f"tool:{tool.tool_id}")
            button.setStyleSheet("padding: 4px 7px;")
            button.clicked.connect(lambda _=False, t=tool: self.choose(t))
            self._group.addButton(button)
            self._buttons[tool.tool_id] = button
            row.addWidget(button)
        row.addWidget(self._measure_button())
        row.addSpacing(8)
        self.classes = QComboBox()
        self.classes.setObjectName("class")
        for lesion in protocol.schema.lesion_classes:
            self.classes.addItem(f"{lesion.code}  {lesion.label.text(language())}", lesion.code)
        # Whether the class is of points -> the class last drawn; lesions before anatomy.
        self._last: dict[bool, str] = {}
        lesions = sorted(protocol.schema.lesion_classes, key=lambda c: not c.is_lesion)
        for lesion in reversed(lesions):
            self._last[lesion.geometry is Geometry.POINT] = lesion.code
        for tool in label_tools():
            self._buttons[tool.tool_id].setEnabled(tool.for_points in self._last)
        if lesions:
            self.set_class(lesions[0].code)
        self.classes.currentIndexChanged.connect(self._class_changed)
        self.classes.setToolTip(tr("Class of the next lesion"))
        self.classes.setMinimumWidth(96)
        self.classes.setMaximumWidth(300)
        row.addWidget(self.classes, 1)
        self.brush = QLabel()
        row.addWidget(self.brush)
        row.addStretch()
        self.tool: Tool | None = None
        self._class_changed()
        self.show_letters()

    def show_letters(self) -> None:
        """The keys in force, on buttons, in tooltips and in the menu."""
        for tool in label_tools():
            button, letter = self._buttons[tool.tool_id], hint(f"tool:{tool.tool_id}")
            self._names[button] = tool.icon, f"{tr(tool.title)} {letter}".strip(), letter
            button.setToolTip(f"{tr(tool.title)} ({letter})" if letter else tr(tool.title))
        entries = {entry.objectName(): entry for entry in self.measure.menu().actions()}
        for tool in measuring_tools():
            name = f"tool:{tool.tool_id}"
            entries[name].setText(f"{tool.icon} {tr(tool.title)}\t{hint(name)}")
        self._name_buttons()

    # Signs and keys only where names have no room: the window is never widened by them.

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_buttons()

    def _name_buttons(self) -> None:
        metrics = self.fontMetrics()
        names = [f"{sign} {name}" for sign, name, _ in self._names.values()]
        wanted = sum(metrics.horizontalAdvance(name) + 26 for name in names)
        room = self.width() - self._none.width() - self.classes.minimumWidth() - 90
        for button, (sign, name, letter) in self._names.items():
            button.setText(f"{sign} {name if wanted <= room else letter}".strip())
        narrow = self.width() < self.minimumSizeHint().width() + NAMES_OF_TWO
        self._none.setText("✥" if narrow else "✥ " + tr("Move"))
        if narrow:
            self.measure.setText(self._names[self.measure][0])

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        signs = [s if b is self.measure else f"{s} {k}" for b, (s, _, k) in self._names.items()]
        short = sum(metrics.horizontalAdvance(sign) + 26 for sign in ("✥", *signs))
        fixed = self.classes.minimumWidth() + 24
        return QSize(short + fixed, super().minimumSizeHint().height())

    def _measure_button(self) -> QPushButton:
        """All measuring tools in one menu; the button is down while one is in hand."""
        self.measure = QPushButton()
        self._names[self.measure] = "↔", tr("Measuring"), tr("Measuring")
        self.measure.setObjectName("measure")
        self.measure.setCheckable(True)
        self.measure.setStyleSheet("padding: 4px 7px;")
        self.measure.setToolTip(tr("Lengths, angles, regions and values; needs no class"))
        menu = QMenu(self.measure)
        for tool in measuring_tools():
            entry = menu.addAction(tool.icon)
            entry.setObjectName(f"tool:{tool.tool_id}")
            entry.triggered.connect(lambda _=False, t=tool: self.choose(t))
            self._buttons[tool.tool_id] = self.measure
        menu.aboutToHide.connect(lambda: self._button_of(self.tool).setChecked(True))
        self.measure.setMenu(menu)
        self._group.addButton(self.measure)
        return self.measure

    def _button_of(self, tool: Tool | None) -> QPushButton:
        return self._buttons[tool.tool_id] if tool else self._none

    @property
    def class_code(self) -> str:
        return str(self.classes.currentData())

    def set_class(self, code: str) -> None:
        self.classes.setCurrentIndex(self.classes.findData(code))

    def _class_changed(self) -> None:
        """A class of points needs the point tool, an area one of the others."""
        point = self._is_point(self.class_code)
        self._last[point] = self.class_code
        labelling = self.tool is not None and self.tool.kind is ToolKind.LABEL
        if labelling and self.tool is not None and self.tool.for_points != point:
            self.choose(next(t for t in label_tools() if t.for_points == point))

    def _is_point(self, code: str) -> bool:
        return self._protocol.schema.lesion_class(code).geometry is Geometry.POINT

    def choose(self, tool: Tool | None) -> None:
        """Take a tool, or None; the class follows to the last one the tool can draw."""
        labelling = tool is not None and tool.kind is ToolKind.LABEL
        if tool is not None and labelling and tool.for_points not in self._last:
            return
        self.tool = tool
        if tool is not None and labelling and tool.for_points != self._is_point(self.class_code):
            self.set_class(self._last[tool.for_points])
            self.class_followed.emit(self.classes.currentText())
        self._button_of(tool).setChecked(True)
        in_menu = tool is not None and tool.kind is ToolKind.MEASURE
        name = tr(tool.title) if tool is not None and in_menu else tr("Measuring")
        sign = tool.icon if tool is not None and in_menu else "↔"
        self._names[self.measure] = sign, name, name
        self._name_buttons()
        self._show_size()
        self.tool_chosen.emit(tool)

    def grow(self, steps: int) -> None:
        self.radius = min(200, max(1, self.radius + steps * max(1, self.radius // 6)))
        self._show_size()

    def _show_size(self) -> None:
        painting = self.tool is not None and self.tool.uses_radius
        self.brush.setText(tr("{size} px  [ ]", size=2 * self.radius + 1) if painting else "")
        self.brush.setToolTip(tr("Diameter of the brush; keys [ and ] change it"))


class TwoRows(QWidget):
    """Two rows of controls, which are one where there is room for both: the image has the
    height."""

    def __init__(self, first: QWidget, second: QWidget) -> None:
        super().__init__()
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.addWidget(first)
        self._box.addWidget(second, 1)
        self._items = [item for n in range(2) if (item := self._box.itemAt(n)) is not None]

    @property
    def in_one(self) -> bool:
        return self._box.direction() == QBoxLayout.Direction.LeftToRight

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return done

    def _arrange(self) -> None:
        one = sum(item.sizeHint().width() for item in self._items) <= self.width()
        if one != self.in_one:
            way = QBoxLayout.Direction
            self._box.setDirection(way.LeftToRight if one else way.TopToBottom)

    def minimumSizeHint(self) -> QSize:
        """As wide as the wider of the two: being in one row never keeps the window from shrinking."""
        widest = max(item.minimumSize().width() for item in self._items)
        return QSize(widest, super().minimumSizeHint().height())


class Bench(QWidget):
    """`show_panes` lays out images; the session's marks are drawn on panes of side "own"."""

    read_out = Signal(str)

    def __init__(
        self, workspace: Workspace, protocol: Protocol, images: Sequence[Image],
        session: ReadingSession, *, read_only: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.protocol = protocol
        self.images = tuple(images)
        self.session = session
        self.read_only = read_only
        self._workspace = workspace
        self._loader = PlaneLoader(workspace.pixels.plane, table=workspace.pixels.colour_table)
        # The reader is no Qt object: it is there whichever of the two goes first.
        reader = self._loader.reader
        self.destroyed.connect(lambda: reader.close(wait=False))
        self.links = Links()
        # Image and which of its panes -> how it is looked at there.
        self._views: dict[tuple[str, int], ViewState] = {}
        # Image -> the slice around which the others are read ahead.
        self._ahead: dict[str, int] = {}
        self.panes: list[tuple[ImageView, Callable[[], Sequence[DrawnMark]]]] = []
        self.colors = {c.code: c.color for c in protocol.schema.lesion_classes}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.toolbar = Toolbar(protocol)
        self.toolbar.tool_chosen.connect(self._tool_chosen)
        layout.addWidget(self.toolbar)
        self.toolbar.setVisible(not read_only)
        self.above = QVBoxLayout()
        layout.addLayout(self.above)
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        layout.addLayout(self._grid, 1)
        self.viewing = ViewBar(self.links, self._loader)
        self.viewing.lens_wanted.connect(self._set_lens)
        below = QWidget()
        self.below = QHBoxLayout(below)
        self.below.setContentsMargins(4, 2, 4, 2)
        self.rows = TwoRows(self.viewing, below)
        layout.addWidget(self.rows)
        self.form = FormPanel(protocol, images)
        self.form.set_session(session, read_only)
        self.form.scope_wanted.connect(self.show_scope)
        self.measuring = Measuring(workspace.pixels.plane)
        self.record = ViewingRecord(session, {(p.center, p.width) for p in CT_PRESETS})
        self.lesions = LesionPanel(protocol, images, self.measuring)
        self.lesions.set_session(session, read_only)
        self.lesions.jump.connect(self.jump)
        session.changed.connect(self.refresh)
        session.selected.connect(lambda _: self.refresh())
        self._below()

    def view_of(self, image: Image, nth: int = 0) -> ViewState:
        """How an image is looked at in the n-th of the panes that show it."""
        key = (image.image_id, nth)
        if key not in self._views:
            view = ViewState()
            view.z = image.slices // 2
            if self._views:
                like = next(iter(self._views.values()))
                view.look, view.grid = like.look, like.grid
                view.shown, view.opacity = like.shown, like.opacity
            self._views[key] = view
            if image.slices > 1:
                view.changed.connect(lambda: self._read_ahead(image, view))
            if not self.read_only and image.is_target:
                self.record.follow(image, view)
        return self._views[key]

    def clear_panes(self) -> None:
        self.links.part()
        self.viewing.leave()
        while self._grid.count():
            old = self._grid.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for n in range(self._grid.rowCount()):
            self._grid.setRowStretch(n, 0)
        for n in range(self._grid.columnCount()):
            self._grid.setColumnStretch(n, 0)
        self.panes = []

    def close_images(self) -> None:
        """Read no more images, and wait for those being read: their study is about to close."""
        self.viewing.leave()
        self._loader.close(wait=True)

    def _read_ahead(self, image: Image, view: ViewState) -> None:
        if self._ahead.get(image.image_id) != view.z:
            self._ahead[image.image_id] = view.z
            self._loader.look_ahead(image, view.z)

    def add_pane(
        self,
        image: Image | None,
        marks: Callable[[], Sequence[DrawnMark]],
        *,
        drawing: bool,
        message: str = "",
        title: str = "",
        at: tuple[int, int] | None = None,
        anchor: Anchor = Anchor.CENTER,
    ) -> ImageView:
        """A pane at a row and column of the grid, else to the right of the others."""
        nth = sum(p.image is image and image is not None for p, _ in self.panes)
        view = self.view_of(image, nth) if image is not None else ViewState()
        pane = ImageView(view, self._loader.take)
        pane.message = message
        pane.anchor = anchor
        pane.set_image(image)
        pane.set_lens(self.viewing.lens)
        self._loader.arrived.connect(pane.plane_arrived)
        pane.menu_wanted.connect(self._menu)
        pane.focused.connect(self.viewing.attend)
        if image is not None:
            self.links.join(pane)
            self.viewing.attend(pane)
            if image.slices > 1:
                self._read_ahead(image, view)
        pane.read_out.connect(self.read_out)
        if image is not None and image.samples == 3:
            pane.layers.append(PhotoLayer(view, lambda i: self.session.body.on_image(i.image_id)))
        if drawing:
            measures = MeasureLayer(self.session, self.measured, read_only=self.read_only)
            pane.layers.append(measures)
        if drawing and not self.read_only:
            pane.layers.append(EllipseLayer(self.session))
            pane.surface_for = self._surface
            pane.set_tool(self.toolbar.tool)
        pane.mark_clicked.connect(self.session.select)
        pane.alone_wanted.connect(self.show_alone)
        self.panes.append((pane, marks))
        row, col = at or (0, len(self.panes) - 1)
        self._grid.setRowStretch(row, 1)
        self._grid.setColumnStretch(col, 1)
        if title:
            holder: QWidget = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            head = QLabel(title)
            head.setContentsMargins(8, 4, 8, 4)
            column.addWidget(head)
            column.addWidget(pane, 1)
        else:
            holder = pane
        self._grid.addWidget(holder, row, col)
        if self.isVisible():
            holder.show()  # now, so that it can have the focus
        return pane

    def show_alone(self, pane: ImageView) -> None:
        """One pane takes the whole room (double click); the same again brings the others back."""
        alone = any(p.isVisible() for p, _ in self.panes if p is not pane)
        for other, _ in self.panes:
            holder = other.parentWidget() if self._grid.indexOf(other) < 0 else other
            assert holder is not None
            shown = other is pane or not alone
            row, col, _, _ = self._grid.getItemPosition(self._grid.indexOf(holder))  # type: ignore[misc]
            # An empty row or column would keep its share of the room.
            self._grid.setRowStretch(row, 0)
            self._grid.setColumnStretch(col, 0)
            holder.setVisible(shown)
        for n in range(self._grid.count()):
            item = self._grid.itemAt(n)
            if item is not None and item.widget() is not None and not item.widget().isHidden():
                row, col, _, _ = self._grid.getItemPosition(n)  # type: ignore[misc]
                self._grid.setRowStretch(row, 1)
                self._grid.setColumnStretch(col, 1)
        pane.setFocus()

    def measured(self, measure: Measure, image: Image) -> list[str]:
        """The values of a measure as text; on photographs also by the disc drawn."""
        disc = None
        if image.kind is ImageKind.PHOTOGRAPH:
            disc = disc_diameter(image, self.session.body.on_image(image.image_id))
        return self.measuring.lines(measure, image, disc)

    def own_marks(self, image: Image) -> Sequence[DrawnMark]:
        return self.drawn(self.session.body.on_image(image.image_id), "own")

    def drawn(
        self, marks: Sequence[Mark], side: str, strong: frozenset[str] = frozenset()
    ) -> list[DrawnMark]:
        return [
            DrawnMark(
                m,
                self.colors[m.class_code],
                side,
                f"{m.class_code}-{m.number}",
                m.mark_id in strong,
            )
            for m in marks
        ]

    def refresh(self) -> None:
        for pane, marks in self.panes:
            pane.set_marks(marks() if pane.image is not None else (), self.session.selection)

    def _surface(self, image: Image, z: int) -> Surface:
        bar = self.toolbar
        return Surface(self.session, image, z, bar.class_code, bar.radius)

    def _tool_chosen(self, tool: Tool | None) -> None:
        for pane, _ in self.panes:
            if pane.surface_for is not None:
                pane.set_tool(tool)

    def active(self) -> ImageView | None:
        panes = [pane for pane, _ in self.panes if pane.image is not None]
        return next((p for p in panes if p.hasFocus()), panes[0] if panes else None)

    def show_scope(self, scope: Scope) -> None:
        if scope.level is Level.IMAGE:
            for pane, _ in self.panes:
                if pane.image is not None and pane.image.image_id == scope.key:
                    pane.setFocus()

    def jump(self, mark_id: str) -> None:
        """Choose a mark and bring it to the middle of its pane."""
        self.session.select(mark_id)
        measure = self.session.measure(mark_id)
        if measure is not None:
            self._show_measure(measure)
        mark = self.session.mark(mark_id)
        if mark is None:
            return
        for pane, _ in self.panes:
            if pane.image is not None and pane.image.image_id == mark.image_id:
                x, y, z = mark_center(mark, pane.image.rows, pane.image.cols)
                pane.show_point((float(x), float(y)), round(float(z)))
                break

    def _show_measure(self, measure: Measure) -> None:
        xs, ys = zip(*measure.points, strict=True)
        for pane, _ in self.panes:
            if pane.image is not None and pane.image.image_id == measure.image_id:
                pane.show_point(((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2), measure.z)
                break

    def _below(self) -> None:
        """Slice slider for stacks, how they are shown for photographs."""
        stack = next((i for i in self.images if i.kind is ImageKind.STACK), None)
        if stack is not None:
            self.slider = QSlider(Qt.Orientation.Horizontal)
            self.slider.setRange(0, stack.slices - 1)
            view = self.view_of(stack)
            self.slider.setValue(view.z)
            self.slider.valueChanged.connect(lambda z: view.z == z or view.set(z=z))
            view.changed.connect(lambda: self.slider.setValue(min(view.z, stack.slices - 1)))
            self.below.addWidget(QLabel(tr("Frame") if stack.is_clip else tr("Slice")))
            self.below.addWidget(self.slider, 1)
            if stack.samples == 1:
                self._window_box(stack)
            else:
                self._photo_bar(with_grid=False)
        elif not any(image.samples == 3 for image in self.images):
            self.below.addStretch()
            if self.images:
                self._window_box(self.images[0])
        else:
            fundus = any(image.kind is ImageKind.PHOTOGRAPH for image in self.images)
            self.below.addStretch()
            self._photo_bar(with_grid=fundus)

    def _photo_bar(self, *, with_grid: bool) -> None:
        """How colour images are shown, and the way back to how they are."""
        self.photo = PhotoBar(with_grid=with_grid)
        self.photo.look_wanted.connect(self._change_look)
        self.photo.grid_wanted.connect(self._show_grid)
        self.below.addWidget(self.photo)
        for image in self.images:
            view = self.view_of(image)
            view.changed.connect(lambda v=view: self.photo.show_look(v.look))

    def _window_box(self, image: Image) -> None:
        """The windows an image can be given by name, the one in force chosen."""
        self._windows = QComboBox()
        self._windows.setObjectName("windows")
        for label, choice in window_choices(image):
            self._windows.addItem(label, choice)
        self._windows.activated.connect(lambda: self._choose_window(self._windows.currentData()))
        self._windows.setPlaceholderText(tr("Window by hand"))
        view = self.view_of(image)
        view.changed.connect(lambda: self._show_window(view))
        self._show_window(view)
        self.below.addWidget(self._windows)

    def _show_window(self, view: ViewState) -> None:
        """The window in force, whichever way it was chosen."""
        here = WindowChoice.of(view)
        found = [n for n in range(self._windows.count()) if self._windows.itemData(n) == here]
        self._windows.setCurrentIndex(found[0] if found else -1)

    def _change_look(self, change: Callable[[PhotoLook], PhotoLook]) -> None:
        for view in self._views.values():
            view.set(look=change(view.look))

    def _show_grid(self, on: bool) -> None:
        self.photo.grid.setChecked(on)
        for view in self._views.values():
            view.set(grid=on)

    def _toggle_grid(self) -> None:
        colour = [image for image in self.images if image.samples == 3]
        if any(image.kind is ImageKind.PHOTOGRAPH for image in colour):
            self._show_grid(not any(view.grid for view in self._views.values()))

    def _choose_window(self, choice: WindowChoice) -> None:
        pane = self.active()
        views = self._views.values() if self.links.is_on("window") or pane is None else [pane.view]
        for view in views:
            look = view.look if choice.window is not None else AS_IT_IS
            view.set(**choice.as_values(), look=look)

    def _turn(self, change: Callable[[ViewTurn], ViewTurn]) -> None:
        self._each(lambda pane: pane.view.set(turn=change(pane.view.turn)))

    def _set_lens(self, times: float) -> None:
        for pane, _ in self.panes:
            pane.set_lens(times)

    def _menu(self, at: QPoint) -> None:
        """What can be done with a picture, under the right button."""
        wanted = ("fit", "full_size", "turn_right", "turn_left", "mirror", "upend", "invert",
                  "magnifier", "cine", "marks_shown", "undo", "delete")  # fmt: skip
        names = [f"action:{name}" for name in wanted]
        menu = QMenu(self)
        menu.addActions([a for name in names for a in self.keys if a.objectName() == name])
        menu.exec(at)
        menu.deleteLater()

    def bind_keys(self, host: QWidget) -> None:
        """Give the keys to the widget that holds the bench and its panels."""
        bind(host, "marks_shown", lambda: [v.cycle_marks() for v in self._views.values()])
        bind(host, "fit", lambda: self._each(lambda p: p.fit()))
        bind(host, "full_size", lambda: self._each(lambda p: p.full_size()))
        bind(host, "turn_right", lambda: self._turn(lambda t: t.turned(1)))
        bind(host, "turn_left", lambda: self._turn(lambda t: t.turned(-1)))
        bind(host, "mirror", lambda: self._turn(lambda t: t.mirrored()))
        bind(host, "upend", lambda: self._turn(lambda t: t.upended()))
        bind(host, "invert", lambda: self._each(_invert))
        bind(host, "magnifier", self.viewing.next_lens)
        bind(host, "cine", self.viewing.play_or_pause)
        bind(host, "grid", self._toggle_grid)
        bind(host, "no_tool", lambda: self.toolbar.choose(None))
        bind(host, "smaller", lambda: self._smaller_or_fainter(-1))
        bind(host, "larger", lambda: self._smaller_or_fainter(1))
        bind(host, "undo", self.session.stack.undo)
        bind(host, "redo", self.session.stack.redo)
        for n in range(10):
            bind(host, f"window_{n}", lambda n=n: self._digit(n))
        self.keys = host.actions()
        self.tool_keys: list[QAction] = []
        if not self.read_only:
            bind(host, "delete", lambda: self.session.delete(self.session.selection))
            self.keys = host.actions()
            for tool in tools():
                key = bind(host, f"tool:{tool.tool_id}", lambda t=tool: self.toolbar.choose(t))
                self.tool_keys.append(key)

    def showEvent(self, event: QShowEvent) -> None:
        """All controls are there now, those of the desk too."""
        super().showEvent(event)
        for bar in (self.toolbar, self.rows):
            leave_focus(bar)

    def step_aside(self, aside: bool) -> None:
        """Leave the room to another view of the images; keys that would change what nobody sees
        rest meanwhile."""
        if aside:
            self.toolbar.choose(None)
        self.setVisible(not aside)
        for action in (*self.keys, *self.tool_keys):
            name = action.objectName().removeprefix("action:")
            action.setEnabled(not aside or name in NOT_OF_PANES)

    def focus_first(self) -> None:
        """The canvas has the keys first."""
        if self.panes:
            self.panes[0][0].setFocus()

    def _digit(self, n: int) -> None:
        """A digit answers the focused question, else it is a window preset."""
        if self.form.digit(n):
            return
        pane = self.active()
        if pane is not None and pane.image is not None:
            choice = choice_of_digit(pane.image, pane.slice(), pane.view, n)
            if choice is not None:
                self._choose_window(choice)

    def _smaller_or_fainter(self, step: int) -> None:
        """The brush while one is in hand, else how strongly the marks are drawn."""
        if self.toolbar.tool is not None and self.toolbar.tool.uses_radius:
            self.toolbar.grow(step)
            return
        for view in self._views.values():
            view.set(opacity=min(1.0, max(0.2, round(view.opacity + 0.2 * step, 1))))

    def step_lesion(self, by: int) -> None:
        """Choose the next (1) or previous (-1) lesion and bring it to the middle."""
        ids = [m.mark_id for m in self.session.body.marks]
        if ids:
            here = ids.index(self.session.selection) if self.session.selection in ids else -1
            start = here if here >= 0 else (-1 if by > 0 else 0)
            self.jump(ids[(start + by) % len(ids)])

    def _each(self, act: Callable[[ImageView], object]) -> None:
        pane = self.active()
        if pane is not None:
            act(pane)


def _invert(pane: ImageView) -> None:
    pane.view.set(inverted=not pane.view.inverted)
