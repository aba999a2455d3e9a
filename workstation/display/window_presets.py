"""Windows people know by name, as data. A preset is found by its id, never by its place.

Values in HU: centre (level) and width as the common viewers have them; where they differ, the
value most of them share. Brain, stroke and liver are narrow on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """`digit` is the key that chooses it; 0 and 9 are kept for automatic and the file's own."""

    preset_id: str
    digit: int
    center: float
    width: float

    def __post_init__(self) -> None:
        if not 1 <= self.digit <= 8 or self.width < 1:
            raise InvalidValue("window.range", center=self.center, width=self.width)


AUTOMATIC_DIGIT = 0
FILE_DIGIT = 9

CT_PRESETS = (
    WindowPreset("abdomen", 1, 40.0, 400.0),
    WindowPreset("lung", 2, -600.0, 1500.0),
    WindowPreset("mediastinum", 3, 40.0, 400.0),
    WindowPreset("bone", 4, 350.0, 2000.0),
    WindowPreset("brain", 5, 40.0, 80.0),
    WindowPreset("stroke", 6, 40.0, 40.0),
    WindowPreset("liver", 7, 90.0, 150.0),
    WindowPreset("angio", 8, 300.0, 600.0),
)


def presets_of(modality: str) -> tuple[WindowPreset, ...]:
    """The presets of a DICOM modality: those of CT; none for others, whose values have no scale
    (MR) or whose files bring their own windows (MG, CR, DX)."""
    return CT_PRESETS if modality == "CT" else ()


def preset(preset_id: str) -> WindowPreset:
    """Raises KeyError for an id that is none."""
    return {one.preset_id: one for one in CT_PRESETS}[preset_id]
