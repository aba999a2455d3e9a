"""What a tool is, of labels or of measures, and how they are found."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

import workstation.ui.tools as package
from workstation.domain.image import Image
from workstation.domain.marks import Shape, touches_plane
from workstation.domain.masks import Mask
from workstation.ui.state.reading_session import ReadingSession

Point = tuple[float, float]


@dataclass
class Surface:
    """Where a tool works: the draft, one image and slice, the class in force, the brush."""

    session: ReadingSession
    image: Image
    z: int
    class_code: str
    radius: int

    def add(self, shape: Shape) -> None:
        """A new lesion, unless the shape marks nothing of the image: no pixel, no mark."""
        if touches_plane(shape, self.image.rows, self.image.cols):
            self.session.add(self.image.image_id, self.class_code, shape)

    def within(self, at: Point) -> Point:
        """The nearest point of the image: a box ends where the pixels do."""
        x, y = at
        return min(max(x, -0.5), self.image.cols - 0.5), min(max(y, -0.5), self.image.rows - 0.5)


class Stroke(ABC):
    """One use of a tool from press to finish. Points are image coordinates (x, y).

    `grip` is how near, in image pixels, a press counts as on a point: the same on the screen at
    every zoom.
    """

    grip = 8.0
    # Whether what it shows reaches beyond its outline, so that the whole pane is painted anew.
    whole_pane = False

    def __init__(self, surface: Surface) -> None:
        self.surface = surface

    @abstractmethod
    def press(self, at: Point) -> bool:
        """A press; True when the stroke is finished and applied."""

    def move(self, at: Point, pressed: bool) -> None:
        """The pointer moved."""
        del at, pressed

    def release(self, at: Point) -> bool:
        """The button went up; True when the stroke is finished and applied."""
        del at
        return False

    def close(self) -> bool:
        """Enter or a double click; True when the stroke is finished and applied."""
        return False

    def back(self) -> None:  # noqa: B027 - most strokes have no points to take back
        """Backspace: take the last point back."""

    def outline(self) -> list[Point]:
        """Points of the preview line."""
        return []

    def painted(self) -> tuple[npt.NDArray[np.uint8], tuple[int, int]] | None:
        """Preview pixels and where they lie (row, col)."""
        return None


class ToolKind(StrEnum):
    """A label tool draws marks of a class; a measuring tool needs none and lays down a note."""

    LABEL = "label"
    MEASURE = "measure"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as toolbar, shortcuts and help see it; `for_points` is of label tools."""

    tool_id: str
    title: str
    icon: str
    shortcut: str
    order: int
    stroke: Callable[[Surface], Stroke]
    uses_radius: bool = False
    for_points: bool = False
    kind: ToolKind = ToolKind.LABEL


@functools.cache
def tools() -> tuple[Tool, ...]:
    """All tools: every module of the tools package that defines `TOOL`."""
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        found.append(module.TOOL)
    return tuple(sorted(found, key=lambda t: t.order))


def label_tools() -> tuple[Tool, ...]:
    return tuple(tool for tool in tools() if tool.kind is ToolKind.LABEL)


def measuring_tools() -> tuple[Tool, ...]:
    return tuple(tool for tool in tools() if tool.kind is ToolKind.MEASURE)


def mask_of(bits: npt.NDArray[np.uint8], image: Image) -> Mask:
    return Mask.from_array(bits, (0, 0), (image.rows, image.cols))
