"""How a colour photograph may be shown otherwise: red-free, CLAHE, brightness, contrast, gamma.

Order: CLAHE, then red-free, then one table of 256 levels (gamma, contrast about the middle grey,
brightness). CLAHE works on 8 x 8 tiles of the whole picture with a clip limit of 2.0: on the
lightness of CIE L*a*b* in colour, on the green channel where the picture is red-free. Only what
is on the screen changes, never a stored pixel. Arrays are uint8 RGB (rows, cols, 3).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from workstation.domain.viewing import PhotoLook

Rgb = npt.NDArray[np.uint8]

CLIP, TILES = 2.0, (8, 8)
MIDDLE = 127.5


def shown(rgb: Rgb, look: PhotoLook) -> Rgb:
    """The picture as it is seen; the same array where the look changes nothing."""
    return toned(equalised(rgb, look), look)


def equalised(rgb: Rgb, look: PhotoLook) -> Rgb:
    """CLAHE alone, which looks at the whole picture: do it once, not at every move of the view.

    With red-free all three channels are the equalised green. The same array without CLAHE.
    """
    if not look.clahe:
        return rgb
    equaliser = cv2.createCLAHE(CLIP, TILES)
    if look.red_free:
        green = equaliser.apply(np.ascontiguousarray(rgb[..., 1]))
        return np.asarray(cv2.merge([green, green, green]), np.uint8)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    lab[..., 0] = equaliser.apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def toned(rgb: Rgb, look: PhotoLook) -> Rgb:
    """Red-free and the table: pixel by pixel, so that only what is on the screen need be done."""
    if look.red_free:
        green = np.ascontiguousarray(rgb[..., 1])
        rgb = np.asarray(cv2.merge([green, green, green]), np.uint8)
    if (look.brightness, look.contrast, look.gamma) == (0, 0, 1.0):
        return rgb
    return np.asarray(cv2.LUT(rgb, table(look)), np.uint8)


def table(look: PhotoLook) -> npt.NDArray[np.uint8]:
    """What each of 256 levels becomes: x -> 255 (x/255)^(1/gamma), then away from the middle grey
    by 2^(contrast/50), then up by brightness percent of the middle grey; rounded, clipped."""
    levels = 255.0 * (np.arange(256) / 255.0) ** (1.0 / look.gamma)
    levels = (levels - MIDDLE) * 2.0 ** (look.contrast / 50) + MIDDLE
    levels += MIDDLE * look.brightness / 100
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)
