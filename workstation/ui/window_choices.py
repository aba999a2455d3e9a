"""The windows an image can be given by name: automatic, the presets of its modality, and those its
own file offers; with the digits that choose them."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.display.grey import Choice, GreyChain
from workstation.display.window_presets import AUTOMATIC_DIGIT, FILE_DIGIT, presets_of
from workstation.domain.image import Image, Window
from workstation.i18n import tr
from workstation.ui.state.view_state import ViewState


@dataclass(frozen=True, slots=True)
class WindowChoice:
    """The part of a view state that says which window is in force."""

    window: tuple[float, float] | None = None
    whole_range: bool = False
    offered: int = 0

    @classmethod
    def of(cls, view: ViewState) -> WindowChoice:
        if view.window is not None:
            return cls(view.window)
        return cls(None, True) if view.whole_range else cls(None, False, view.offered)

    def as_values(self) -> dict[str, object]:
        """For `ViewState.set`."""
        return {
            "window": self.window, "whole_range": self.whole_range, "offered": self.offered,
        }  # fmt: skip


AUTOMATIC = WindowChoice(whole_range=True)


def in_force(view: ViewState, chain: GreyChain) -> Choice | None:
    """The window set by hand, else the one chosen of those the file offers; None where it is to
    reach from the smallest to the largest value, which only who has the values can say."""
    if view.window is not None:
        center, width = view.window
        return Window(center, max(width, 1.0))
    if chain.choices and not view.whole_range:
        return chain.choices[min(view.offered, len(chain.choices) - 1)]
    return None


def window_choices(image: Image) -> list[tuple[str, WindowChoice]]:
    """Labels and choices of a grey image, the file's own first."""
    out = []
    offered = GreyChain.of(image, 0).choices
    for n, one in enumerate(offered):
        name = one.explanation or (str(n + 1) if len(offered) > 1 else "")
        label = tr("Window of the file") if not name else tr("File: {name}", name=name)
        out.append((f"{label} ({FILE_DIGIT})", WindowChoice(offered=n)))
    out.append((f"{tr('Automatic')} ({AUTOMATIC_DIGIT})", AUTOMATIC))
    for preset in presets_of(image.modality):
        size = f"{preset.width:.0f}/{preset.center:.0f}"
        label = f"{preset_name(preset.preset_id)} {size} ({preset.digit})"
        out.append((label, WindowChoice((preset.center, preset.width))))
    return out


def choice_of_digit(image: Image, z: int, view: ViewState, digit: int) -> WindowChoice | None:
    """What a digit chooses; the file's windows in turn. None where it has no meaning, as on
    colour pictures, but for the digits that bring back what the file says."""
    if image.samples == 3:
        return WindowChoice() if digit in (AUTOMATIC_DIGIT, FILE_DIGIT) else None
    if digit == AUTOMATIC_DIGIT:
        return AUTOMATIC
    if digit == FILE_DIGIT:
        count = len(GreyChain.of(image, z).choices)
        here = WindowChoice.of(view)
        if count == 0:
            return AUTOMATIC
        on_file = here.window is None and not here.whole_range
        return WindowChoice(offered=(here.offered + 1) % count if on_file else 0)
    for preset in presets_of(image.modality):
        if preset.digit == digit:
            return WindowChoice((preset.center, preset.width))
    return None


def preset_name(preset_id: str) -> str:
    """The name of a window preset."""
    names = {
        "abdomen": tr("Abdomen"),
        "lung": tr("Lung"),
        "mediastinum": tr("Mediastinum"),
        "bone": tr("Bone"),
        "brain": tr("Brain"),
        "stroke": tr("Stroke"),
        "liver": tr("Liver"),
        "angio": tr("Angio"),
    }
    return names[preset_id]
