"""How pictures were looked at: changes of the view, never of stored pixels, and their record.

The record stands in the reading's body: what was used of each image while it was read, and how it
was last seen. It enters no comparison and no report.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.domain.errors import InvalidValue

Range = tuple[float, float]
GAMMA = (0.3, 3.0)


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """How a photograph is shown. `brightness` and `contrast` -100 to 100, `gamma` 0.3 to 3 (above
    1 lightens the shadows); the default is the picture as it is. See `display/photo.py`."""

    red_free: bool = False
    clahe: bool = False
    brightness: int = 0
    contrast: int = 0
    gamma: float = 1.0

    def __post_init__(self) -> None:
        inside = abs(self.brightness) <= 100 and abs(self.contrast) <= 100
        if not inside or not GAMMA[0] <= self.gamma <= GAMMA[1]:
            raise InvalidValue(
                "look.range",
                brightness=self.brightness,
                contrast=self.contrast,
                gamma=self.gamma,
            )

    def moved(self, brighter: float, harder: float) -> PhotoLook:
        """So much brighter and of so much more contrast, within what there is."""
        brightness = min(100, max(-100, round(self.brightness + brighter)))
        contrast = min(100, max(-100, round(self.contrast + harder)))
        return replace(self, brightness=brightness, contrast=contrast)


AS_IT_IS = PhotoLook()


class Used(StrEnum):
    """What of the view was changed at any time while reading."""

    RED_FREE = "red_free"
    CLAHE = "clahe"
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    GAMMA = "gamma"
    WINDOW_PRESET = "window_preset"
    WINDOW_BY_HAND = "window_by_hand"


@dataclass(frozen=True, slots=True)
class Viewing:
    """The record of one image.

    `brightness`, `contrast`, `gamma`: smallest and largest value used. `presets`: centre and width
    of the presets chosen, in the order first chosen. `look` and `window` (centre, width; None: the
    file's) are as last seen.
    """

    image_id: str
    used: frozenset[Used] = frozenset()
    brightness: Range = (0.0, 0.0)
    contrast: Range = (0.0, 0.0)
    gamma: Range = (1.0, 1.0)
    presets: tuple[tuple[float, float], ...] = ()
    look: PhotoLook = AS_IT_IS
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        windows = (*self.presets, self.window or ())
        numbers = [
            v for pair in (self.brightness, self.contrast, self.gamma, *windows) for v in pair
        ]
        if not all(math.isfinite(v) for v in numbers):
            raise InvalidValue("viewing.range")

    def with_look(self, look: PhotoLook) -> Viewing:
        """The record once the picture was seen so."""
        used = {
            Used.RED_FREE: look.red_free,
            Used.CLAHE: look.clahe,
            Used.BRIGHTNESS: look.brightness != 0,
            Used.CONTRAST: look.contrast != 0,
            Used.GAMMA: look.gamma != 1.0,
        }
        return Viewing(
            self.image_id,
            self.used | {name for name, on in used.items() if on},
            _grown(self.brightness, look.brightness),
            _grown(self.contrast, look.contrast),
            _grown(self.gamma, look.gamma),
            self.presets,
            look,
            self.window,
        )

    def with_window(self, window: tuple[float, float] | None, *, preset: bool) -> Viewing:
        """The record once values were seen through a window; None is the file's own."""
        used, presets = self.used, self.presets
        if window is not None and preset:
            used |= {Used.WINDOW_PRESET}
            presets = presets if window in presets else (*presets, window)
        elif window is not None:
            used |= {Used.WINDOW_BY_HAND}
        return Viewing(
            self.image_id,
            used,
            self.brightness,
            self.contrast,
            self.gamma,
            presets,
            self.look,
            window,
        )


def _grown(known: Range, value: float) -> Range:
    return min(known[0], float(value)), max(known[1], float(value))
