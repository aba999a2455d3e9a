"""Panes that follow one another: slice, zoom, pan and window, each by its own switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.display.view import LEAST_ZOOM, MOST_ZOOM, Point, ViewTransform
from workstation.domain.image import Image
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.window_choices import WindowChoice

SLICE, ZOOM, PAN, WINDOW = "slice", "zoom", "pan", "window"
SWITCHES = (SLICE, ZOOM, PAN, WINDOW)
# Cosine of the angle up to which two stacks count as lying the same way.
SAME_WAY = 0.999


@dataclass(frozen=True)
class _Seen:
    """How a pane stood when it was last looked at."""

    zoom: float | None
    view: ViewTransform
    z: int
    window: WindowChoice


class Links(QObject):
    """`join` every pane; those of one image take the same values, others follow by as much."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._on = dict.fromkeys(SWITCHES, True)
        self._panes: dict[ImageView, tuple[_Seen, Callable[[], None]]] = {}
        self._following = False

    def is_on(self, switch: str) -> bool:
        return self._on[switch]

    def switch(self, name: str, on: bool) -> None:
        if self._on[name] != on:
            self._on[name] = on
            self.changed.emit()

    def join(self, pane: ImageView) -> None:
        moved = partial(self._moved, pane)
        self._panes[pane] = (_seen(pane), moved)
        pane.view.changed.connect(moved)
        self.changed.emit()

    def part(self) -> None:
        """Let all panes go."""
        for pane, (_, moved) in self._panes.items():
            pane.view.changed.disconnect(moved)
        self._panes.clear()

    @property
    def several(self) -> bool:
        return sum(pane.image is not None for pane in self._panes) > 1

    def _moved(self, pane: ImageView) -> None:
        before, moved = self._panes[pane]
        now = _seen(pane)
        self._panes[pane] = (now, moved)
        if self._following or pane.image is None:
            return
        self._following = True
        try:
            for other in list(self._panes):
                if other is pane or other.image is None or other.view is pane.view:
                    continue
                if other.image.image_id == pane.image.image_id:
                    values = self._same_image(pane, other)
                else:
                    values = self._other_image(before, now, pane, other)
                if any(getattr(other.view, name) != value for name, value in values.items()):
                    other.view.set(**values)
        finally:
            self._following = False

    def _same_image(self, pane: ImageView, other: ImageView) -> dict[str, object]:
        view = pane.view
        values: dict[str, object] = {
            "turn": view.turn, "inverted": view.inverted, "look": view.look, "grid": view.grid,
        }  # fmt: skip
        if self._on[SLICE]:
            values["z"] = view.z
        if self._on[WINDOW]:
            values |= WindowChoice.of(view).as_values()
        if self._on[ZOOM] and self._on[PAN]:
            values |= {"zoom": view.zoom, "center": view.center}
        elif self._on[ZOOM]:
            values |= {"zoom": view.zoom, "center": other.center()}
        elif self._on[PAN] and view.zoom is not None:
            values |= {"zoom": other.zoom(), "center": view.center}
        return values

    def _other_image(
        self, before: _Seen, now: _Seen, pane: ImageView, other: ImageView
    ) -> dict[str, object]:
        assert pane.image is not None and other.image is not None
        values: dict[str, object] = {}
        if self._on[SLICE] and now.z != before.z:
            values["z"] = slice_beside(pane.image, now.z, other.image)
        if self._on[WINDOW] and now.window != before.window and _same_values(pane, other):
            values |= now.window.as_values()
        there = other.transform()
        zoomed = now.zoom != before.zoom
        if zoomed and self._on[ZOOM]:
            if now.zoom is None:
                return values | {"zoom": None}
            zoom = there.zoom * now.view.zoom / before.view.zoom
            values |= {"zoom": min(MOST_ZOOM, max(LEAST_ZOOM, zoom)), "center": there.center}
        if self._on[PAN] and (not zoomed or self._on[ZOOM]) and now.zoom is not None:
            way = _on_screen(before.view, before.view.center, now.view.center)
            if way != (0.0, 0.0):
                dx, dy = there.direction_to_image(way)
                center = (there.center[0] + dx, there.center[1] + dy)
                values = {"zoom": there.zoom} | values | {"center": center}
        return values


def slice_beside(image: Image, z: int, other: Image) -> int:
    """The slice of another stack at the same place along the normal, where both lie the same way;
    else the one of the same number."""
    a, b = image.geometry, other.geometry
    if a is not None and b is not None:
        same = (
            np.dot(a.row_direction, b.row_direction) > SAME_WAY
            and np.dot(a.col_direction, b.col_direction) > SAME_WAY
        )
        if same and z < len(a.positions_mm) and b.positions_mm:
            return int(np.argmin(np.abs(np.array(b.positions_mm) - a.positions_mm[z])))
    return min(z, other.slices - 1)


def _seen(pane: ImageView) -> _Seen:
    return _Seen(pane.view.zoom, pane.transform(), pane.slice(), WindowChoice.of(pane.view))


def _on_screen(view: ViewTransform, start: Point, end: Point) -> Point:
    (a, b), (c, d) = view.linear
    dx, dy = end[0] - start[0], end[1] - start[1]
    return a * dx + b * dy, c * dx + d * dy


def _same_values(pane: ImageView, other: ImageView) -> bool:
    assert pane.image is not None and other.image is not None
    here, there = pane.image, other.image
    return here.modality == there.modality and here.samples == there.samples
