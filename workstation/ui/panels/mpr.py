"""Three linked planes through a stack, and its 3-D view: to look, never to draw.

The one way in is `MprPanel`: it loads the volume in the background, shows the planes when it is
there, and gives everything back on `release`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from workstation.display import volume as volumes
from workstation.display.volume import Axis, LabelBox, Projection, Volume
from workstation.domain.errors import EnvironmentProblem, InvalidValue, WorkstationError
from workstation.domain.image import Image
from workstation.domain.marks import Mark, PointShape, mark_planes
from workstation.domain.masks import Box
from workstation.domain.ports import Pixels, Progress
from workstation.i18n import tr
from workstation.messages import sentence
from workstation.ui.actions import bind, show_key
from workstation.ui.canvas.image_view import DrawnMark
from workstation.ui.canvas.plane_view import PlaneView, VolumeMark
from workstation.ui.canvas.reslice import Reslicer
from workstation.ui.canvas.scene import Scene, prepare
from workstation.ui.canvas.volume_view import VolumeView
from workstation.ui.errors import told
from workstation.ui.panels.bench import TwoRows
from workstation.ui.panels.focus import leave_focus
from workstation.ui.state.app_state import AppState
from workstation.ui.state.mpr_state import THICKEST_MM, MprState
from workstation.ui.state.view_state import MarksShown, ViewState
from workstation.ui.window_choices import WindowChoice

# Voxels along the longest axis of the copies that are drawn in three dimensions: while it is
# turned, and at rest. With its gradients the latter is less than a fifth of a CT of 300 slices.
COARSE, FINE = 128, 192

# Elsewhere the scene is made in the job that loads: its gradients take long.
WINDOWS_IN_MAIN_THREAD = sys.platform == "darwin"

# Of a box of choices where there is little room.
BOX_PX = 72

Window = tuple[float, float]


@dataclass(frozen=True)
class Loaded:
    """A stack ready to be looked at as a volume. `scene` gives the 3-D scene, in the main thread;
    None with a sentence in `problem` where there can be none."""

    volume: Volume
    scene: Callable[[], Scene] | None
    problem: str = ""


def load(pixels: Pixels, image: Image, look: str, progress: Progress) -> Loaded:
    """The volume of a stack, and its scene ready to be drawn; the voxels are the port's memory.

    Raises InvalidValue where the stack is no volume, Cancelled where `progress` does.
    """
    volumes.check(image)
    volume = volumes.volume_of(image, pixels.volume(image, progress))
    progress(image.slices, image.slices, "read")
    fine = volumes.reduced(volume, FINE)
    progress(image.slices, image.slices, "read")
    coarse = volumes.reduced(fine, COARSE)
    if WINDOWS_IN_MAIN_THREAD:
        prepare()
        return Loaded(volume, lambda: scene_of(volume, coarse, fine, look))
    try:
        scene = scene_of(volume, coarse, fine, look)
    except EnvironmentProblem as problem:
        return Loaded(volume, None, sentence(problem))
    scene.warm_up()
    return Loaded(volume, lambda: scene)


def scene_of(volume: Volume, coarse: Volume, fine: Volume, look: str) -> Scene:
    """Raises EnvironmentProblem where there is nothing to draw with."""
    scene = Scene(volume, coarse, fine)
    scene.set_look(look)
    return scene


def why_not(image: Image) -> str:
    """Why an image cannot be looked at in planes, as a sentence; empty where it can."""
    try:
        volumes.check(image)
    except InvalidValue as problem:
        return sentence(problem)
    return ""


class MprPanel(QWidget):
    """`marks` gives what the reading has on the image; `view` has the window and whether marks
    show, and is the one of the slices' own pane; `windows` are what it can be given by name."""

    read_out = Signal(str)
    closed = Signal()

    def __init__(
        self,
        app: AppState,
        image: Image,
        marks: Callable[[], Sequence[DrawnMark]],
        view: ViewState,
        windows: Sequence[tuple[str, WindowChoice]] = (),
    ) -> None:
        super().__init__()
        self.image = image
        self.state: MprState | None = None
        self.planes: dict[Axis, PlaneView] = {}
        self.three_d = VolumeView()
        self._places: dict[QWidget, tuple[int, int]] = {}
        self._marks = marks
        self._drawn: tuple[DrawnMark, ...] = ()
        self._view = view
        self._windows = tuple(windows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar())
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._waiting = QLabel(tr("The volume is loading …"))
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._waiting.setProperty("role", "muted")
        self._grid.addWidget(self._waiting, 0, 0)
        column.addLayout(self._grid, 1)
        leave_focus(self)
        # The keys are here while the volume is on its way.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        bind(self, "fit", self.fit)
        self._controls(False)
        pixels, look = app.workspace.pixels, str(self.look.currentData())
        self._job = app.jobs.run(
            tr("Loading the volume"),
            lambda progress: load(pixels, image, look, progress),
            self._loaded,
            self._not_loaded,
            writer=False,
        )

    # controls

    def _bar(self) -> TwoRows:
        first, second = QWidget(), QWidget()
        row = QHBoxLayout(first)
        row.setContentsMargins(4, 4, 4, 4)
        back = QPushButton()
        show_key(back, "mpr", tr("Back to the slices"))
        back.setObjectName("mpr_back")
        back.clicked.connect(self.closed)
        row.addWidget(back)
        self.reset_button = QPushButton(tr("Reset"))
        self.reset_button.setObjectName("mpr_reset")
        self.reset_button.setToolTip(tr("Standard planes through the middle, no slab, all in view"))
        self.reset_button.clicked.connect(self.reset)
        row.addWidget(self.reset_button)
        row.addSpacing(8)
        row.addWidget(QLabel(tr("Slab")))
        self.slab = QSlider(Qt.Orientation.Horizontal)
        self.slab.setObjectName("mpr_slab")
        self.slab.setRange(0, THICKEST_MM)
        self.slab.setMinimumWidth(60)
        self.slab.setMaximumWidth(200)
        self.slab.setToolTip(tr("Thickness of what each plane shows as one"))
        self.slab.valueChanged.connect(self._slab_changed)
        self.slab.sliderPressed.connect(lambda: self._moving(True))
        self.slab.sliderReleased.connect(lambda: self._moving(False))
        row.addWidget(self.slab)
        self.slab_text = QLabel()
        self.slab_text.setMinimumWidth(48)
        row.addWidget(self.slab_text)
        self.projection = QComboBox()
        self.projection.setObjectName("mpr_projection")
        for text, projection in (
            (tr("MIP"), Projection.MAXIMUM), (tr("MinIP"), Projection.MINIMUM),
            (tr("Mean projection"), Projection.MEAN),
        ):  # fmt: skip
            self.projection.addItem(text, projection)
        self.projection.setToolTip(tr("Largest, smallest or mean value across the slab"))
        self.projection.currentIndexChanged.connect(self._slab_changed)
        row.addWidget(self.projection)
        row = QHBoxLayout(second)
        row.setContentsMargins(4, 4, 4, 4)
        row.addStretch(1)
        self.windows = QComboBox()
        self.windows.setObjectName("mpr_window")
        for name, choice in self._windows:
            self.windows.addItem(name, choice)
        self.windows.setPlaceholderText(tr("Window by hand"))
        if not self._windows:
            self.windows.hide()
        self.windows.activated.connect(
            lambda: self._view.set(**self.windows.currentData().as_values())
        )
        row.addWidget(self.windows)
        self.look = QComboBox()
        self.look.setObjectName("mpr_look")
        for name, text in (
            ("bone", tr("3-D: bone")), ("lung", tr("3-D: lung")), ("soft", tr("3-D: soft tissue")),
            ("mip", tr("3-D: MIP")),
        ):  # fmt: skip
            if name == "mip" or self.image.modality == "CT":
                self.look.addItem(text, name)
        self.look.currentIndexChanged.connect(self._look_changed)
        row.addWidget(self.look)
        self._view.changed.connect(self._view_changed)
        for box in (self.projection, self.windows, self.look):
            box.setMinimumWidth(BOX_PX)  # and no more: the window is never widened by them
        return TwoRows(first, second)

    def _controls(self, on: bool) -> None:
        for one in (self.reset_button, self.slab, self.projection, self.windows, self.look):
            one.setEnabled(on)

    # the volume

    def _loaded(self, loaded: Loaded) -> None:
        if self._job is None:
            if loaded.scene is not None:  # closed meanwhile
                loaded.scene().release()
            return
        self._job = None
        self._waiting.hide()
        self.state = MprState(loaded.volume)
        reslicer = Reslicer(loaded.volume)
        places = {Axis.AXIAL: (0, 0), Axis.CORONAL: (0, 1), Axis.SAGITTAL: (1, 0)}
        for axis, place in places.items():
            pane = PlaneView(axis, self.image, self.state, self._view, reslicer)
            pane.setObjectName(f"mpr_{axis}")
            pane.read_out.connect(self.read_out)
            pane.alone_wanted.connect(self._alone)
            self.planes[axis] = pane
            self._put(pane, place)
        self.three_d.setObjectName("mpr_volume")
        self.three_d.alone_wanted.connect(self._alone)
        self._put(self.three_d, (1, 1))
        for n in range(2):
            self._grid.setRowStretch(n, 1)
            self._grid.setColumnStretch(n, 1)
        self._controls(True)
        self._slab_changed()
        self._show_scene(loaded)
        self._view_changed()
        self.refresh()
        if self.window().focusWidget() is self:  # and nobody writes a remark meanwhile
            self.planes[Axis.AXIAL].setFocus()

    def _show_scene(self, loaded: Loaded) -> None:
        problem = loaded.problem
        if loaded.scene is not None:
            try:
                self.three_d.show_scene(loaded.scene())
            except EnvironmentProblem as found:
                problem = sentence(found)
        if problem:
            self.three_d.say(problem)
            self.look.setEnabled(False)

    def _put(self, pane: QWidget, place: tuple[int, int]) -> None:
        self._places[pane] = place
        self._grid.addWidget(pane, *place)

    def _not_loaded(self, error: BaseException) -> None:
        if self._job is None:
            return
        self._job = None
        if isinstance(error, WorkstationError):
            self._waiting.setText(sentence(error))
        else:
            self._waiting.setText(tr("The volume was not loaded."))
            told(self, error)

    def release(self) -> None:
        """Stop the loading, free the volume and everything made of it."""
        if self._job is not None:
            self._job.progress.cancel()
            self._job = None
        for pane in self.planes.values():
            pane.release()
        self.three_d.release()
        self.planes = {}
        self._places = {}
        self.state = None
        self._drawn = ()

    # what people do

    def reset(self) -> None:
        if self.state is None:
            return
        self.slab.setValue(0)
        self.projection.setCurrentIndex(0)
        self.state.reset()
        self.fit()
        if self.three_d.scene is not None:
            self.three_d.scene.reset()
            self.three_d.renew()

    def fit(self) -> None:
        """The whole volume in every plane."""
        for pane in self.planes.values():
            pane.fit()

    def _slab_changed(self) -> None:
        self.slab_text.setText(
            tr("{size} mm", size=self.slab.value()) if self.slab.value() else tr("off")
        )
        self.projection.setEnabled(self.state is not None and self.slab.value() > 0)
        if self.state is not None:
            self.state.set_slab(float(self.slab.value()), Projection(self.projection.currentData()))

    def _moving(self, on: bool) -> None:
        if self.state is not None:
            self.state.set_moving(on)

    def _look_changed(self) -> None:
        if self.three_d.scene is not None:
            self.three_d.scene.set_look(self.look.currentData())
            self.three_d.renew()

    def _view_changed(self) -> None:
        """The preset in force, and surfaces hidden with the marks."""
        here = WindowChoice.of(self._view)
        found = [n for n, (_, choice) in enumerate(self._windows) if choice == here]
        self.windows.setCurrentIndex(found[0] if found else -1)
        hidden = self._view.shown is MarksShown.HIDDEN
        scene = self.three_d.scene
        if scene is not None and scene.regions_shown == hidden:
            scene.show_regions(not hidden)
            self.three_d.renew()

    def _alone(self, pane: QWidget) -> None:
        """One pane takes the whole room (double click); the same again brings the others back."""
        others = [p for p in (*self.planes.values(), self.three_d) if p is not pane]
        alone = any(p.isVisible() for p in others)
        for other in others:
            other.setVisible(not alone)
        here = self._places[pane]
        for n in range(2):
            self._grid.setRowStretch(n, 0 if alone and n != here[0] else 1)
            self._grid.setColumnStretch(n, 0 if alone and n != here[1] else 1)
        pane.setFocus()

    def refresh(self) -> None:
        """The marks as the reading has them now."""
        drawn = tuple(self._marks())
        if self.state is None or drawn == self._drawn:
            return
        self._drawn = drawn
        marks = [
            one
            for d in drawn
            if (one := volume_mark(d.mark, d.color, self.image, self.state.volume)) is not None
        ]
        for pane in self.planes.values():
            pane.set_marks(marks)
        if self.three_d.scene is not None:
            regions = [(m.region, m.color) for m in marks if m.region is not None]
            self.three_d.scene.set_regions(regions)
            self.three_d.renew()


def volume_mark(mark: Mark, color: str, image: Image, volume: Volume) -> VolumeMark | None:
    """A mark of a stack as the planes show it; None where it holds no voxel."""
    if isinstance(mark.shape, PointShape):
        place = (mark.shape.x, mark.shape.y, mark.shape.z)
        return VolumeMark(mark.name, color, point=volume.to_patient(place))
    planes = mark_planes(mark, image.rows, image.cols)
    if not planes:
        return None
    box = Box(0, 0, 0, 0)
    for mask in planes.values():
        box = box.union(mask.box)
    first, last = min(planes), max(planes)
    bits = np.zeros((last - first + 1, box.rows, box.cols), np.uint8)
    for z, mask in planes.items():
        bits[z - first] = mask.to_array(box)
    return VolumeMark(mark.name, color, LabelBox(bits, (box.col0, box.row0, first)))
