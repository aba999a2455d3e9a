"""One frame of a file as it is seen: 8-bit grey or RGB in the size of its stored matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workstation.display import overlay
from workstation.display.grey import Choice, GreyChain
from workstation.domain.errors import RuleViolation
from workstation.domain.image import Window
from workstation.domain.intake import FileView
from workstation.domain.ports import FileViewing


@dataclass(frozen=True, slots=True)
class RenderFile:
    """What to show of which file: frame (counted from 1), window in modality units.

    Without a window the file's first one is used, else its VOI LUT, else from the smallest to the
    largest modality value that is no padding. `function` replaces that of the window.
    """

    path: Path
    frame: int = 1
    window: tuple[float, float] | None = None
    function: str | None = None
    overlays: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """`pixels`: uint8 (rows, cols) or (rows, cols, 3); `choice` is None for colour."""

    view: FileView
    pixels: npt.NDArray[np.uint8]
    choice: Choice | None


def render(viewing: FileViewing, command: RenderFile) -> Rendered:
    """Show the frame: no scaling, no colour profile, MONOCHROME1 inverted, overlays if asked for.

    Raises InvalidValue for a file or window that cannot be shown, RuleViolation for a window on a
    colour image.
    """
    view = viewing.view(command.path, command.frame, overlays=command.overlays)
    choice: Choice | None = None
    if view.image.samples == 3:
        if command.window is not None or command.function is not None:
            raise RuleViolation("render.window_on_colour", photometric=view.photometric)
        shown = view.pixels.astype(np.uint8, copy=False)
    else:
        chain = GreyChain.of(view.image, view.frame - 1)
        choice = _choice(chain, view, command)
        shown = chain.grey(view.pixels, choice)
    if view.overlay is not None:
        shown = overlay.laid_over(shown, view.overlay)
    return Rendered(view, shown, choice)


def _choice(chain: GreyChain, view: FileView, command: RenderFile) -> Choice:
    if command.window is not None:
        return Window(*command.window, command.function or "LINEAR")
    if command.function is None:
        return chain.default(view.pixels)
    window = chain.windows[0] if chain.windows else chain.full_range(view.pixels)
    return replace(window, function=command.function)
