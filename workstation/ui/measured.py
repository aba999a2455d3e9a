"""Measured values as people read them, in image and lists alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from workstation.display.grey import GreyChain
from workstation.domain.image import Image, SpacingKind
from workstation.domain.marks import Mark, mark_planes, shape_planes
from workstation.domain.masks import Mask
from workstation.domain.measures import (
    Measure,
    MeasureKind,
    Quantity,
    Statistics,
    Unit,
    angle,
    area,
    cobb,
    distance,
    region,
    statistics,
    value_unit,
    volume,
)
from workstation.i18n import N_, tr

Values = npt.NDArray[np.float64]
LoadPlane = Callable[[Image, int], npt.NDArray[np.generic]]

TITLES: Mapping[MeasureKind, str] = {
    MeasureKind.DISTANCE: N_("Distance"),
    MeasureKind.ANGLE: N_("Angle"),
    MeasureKind.COBB: N_("Cobb angle"),
    MeasureKind.BIDIRECTIONAL: N_("Bidirectional"),
    MeasureKind.ELLIPSE: N_("Ellipse ROI"),
    MeasureKind.RECTANGLE: N_("Rectangle ROI"),
    MeasureKind.PROBE: N_("Probe"),
}


def not_available() -> str:
    return tr("not available")


def unit_text(unit: Unit, kind: SpacingKind | None) -> str:
    """A unit; millimetres with what they mean, unless they are the patient's."""
    signs = {Unit.PIXEL2: "px", Unit.MM2: "mm²", Unit.MM3: "mm³", Unit.DEGREE: "°"}
    sign = signs.get(unit, str(unit))
    if kind is SpacingKind.DETECTOR:
        return tr("{unit} at detector", unit=sign)
    if kind is SpacingKind.NOMINAL:
        return tr("{unit} nominal", unit=sign)
    return sign


def number_text(quantity: Quantity) -> str:
    """The digits that carry meaning: whole pixels of an area, hundredths of a disc diameter."""
    whole = quantity.unit is Unit.PIXEL2 or (quantity.unit is Unit.MM3 and quantity.value >= 100)
    places = 2 if quantity.unit is Unit.DISC else 0 if whole else 1
    return f"{quantity.value:.{places}f}"


def quantity_text(quantity: Quantity | None) -> str:
    """Number and unit; "not available" rather than 0 for what cannot be measured."""
    if quantity is None:
        return not_available()
    gap = "" if quantity.unit is Unit.DEGREE else " "
    return f"{number_text(quantity)}{gap}{unit_text(quantity.unit, quantity.kind)}"


def length_text(quantity: Quantity, disc: float | None) -> str:
    """A length; in pixels of a photograph also in disc diameters where the disc is drawn."""
    text = quantity_text(quantity)
    if quantity.unit is Unit.PIXEL and disc:
        text += " · " + quantity_text(Quantity(quantity.value / disc, Unit.DISC))
    return text


def volume_text(quantity: Quantity) -> str:
    """mm³, and millilitres beside it."""
    return f"{quantity_text(quantity)} ({quantity.value / 1000:.2f} ml)"


def statistics_text(found: Statistics | None, unit: Unit) -> list[str]:
    """Mean and deviation, then the ends."""
    if found is None:
        return [not_available()]
    sign = f" {unit}" if unit is not Unit.NONE else ""
    spread = "–" if found.sd is None else f"{found.sd:.1f}"
    return [
        tr("mean {mean}{unit}  SD {sd}", mean=f"{found.mean:.1f}", unit=sign, sd=spread),
        tr("min {low}  max {high}", low=f"{found.low:g}", high=f"{found.high:g}"),
    ]


def modality_values(
    image: Image, stored: npt.NDArray[np.generic], z: int
) -> tuple[Values, npt.NDArray[np.bool_]]:
    """Modality values of a plane of slice `z`, and where they are no padding."""
    chain = GreyChain.of(image, z)
    return chain.modality(stored), ~chain.is_padding(stored)


class Measuring:
    """What measures and marks of an open case amount to; values are read through `load`.

    What was worked out is kept, so that a repaint reads no pixel again.
    """

    def __init__(self, load: LoadPlane) -> None:
        self._load = load
        self._plane: tuple[tuple[str, int], npt.NDArray[np.generic]] | None = None
        self._texts: dict[tuple[Measure, float | None], list[str]] = {}
        self._planes: dict[tuple[str, int, Mask], Statistics | None] = {}

    def lines(self, measure: Measure, image: Image, disc: float | None) -> list[str]:
        """A measure's values, a line each; `disc` is the disc diameter in pixels, if known."""
        key = measure, disc
        if key not in self._texts:
            if len(self._texts) > 500:
                self._texts.clear()
            self._texts[key] = self._worked_out(measure, image, disc)
        return self._texts[key]

    def _worked_out(self, measure: Measure, image: Image, disc: float | None) -> list[str]:
        p = measure.points
        match measure.kind:
            case MeasureKind.DISTANCE:
                return [length_text(distance(image, p[0], p[1]), disc)]
            case MeasureKind.ANGLE:
                return [quantity_text(angle(image, p[0], p[1], p[2]))]
            case MeasureKind.COBB:
                found = cobb(image, (p[0], p[1]), (p[2], p[3]))
                return [tr("Cobb {angle}", angle=quantity_text(found))]
            case MeasureKind.BIDIRECTIONAL:
                axes = distance(image, p[0], p[1]), distance(image, p[2], p[3])
                return [
                    tr("long {length}", length=length_text(axes[0], disc)),
                    tr("short {length}", length=length_text(axes[1], disc)),
                ]
            case MeasureKind.PROBE:
                return [self._probed(measure, image)]
            case MeasureKind.ELLIPSE | MeasureKind.RECTANGLE:
                return self._of_region(measure, image)

    def _stored(self, image: Image, z: int) -> npt.NDArray[np.generic]:
        key = image.image_id, z
        if self._plane is None or self._plane[0] != key:
            self._plane = key, self._load(image, z)
        return self._plane[1]

    def _probed(self, measure: Measure, image: Image) -> str:
        x, y = (round(v) for v in measure.points[0])
        if not (0 <= x < image.cols and 0 <= y < image.rows):
            return not_available()
        stored = self._stored(image, measure.z)[y : y + 1, x : x + 1]
        if image.samples == 3:
            r, g, b = (int(v) for v in stored[0, 0])
            return f"R {r}  G {g}  B {b}"
        values, valid = modality_values(image, stored, measure.z)
        unit = value_unit(image)
        return f"{values[0, 0]:g} {unit}".strip() if valid[0, 0] else not_available()

    def _of_region(self, measure: Measure, image: Image) -> list[str]:
        shape = region(measure)
        assert shape is not None
        mask = shape_planes(shape, image.rows, image.cols).get(measure.z)
        if mask is None:
            return [not_available()]
        stored = self._stored(image, measure.z)
        size = tr("area {area}  n {count}", area=quantity_text(area(image, mask.area)),
                  count=mask.area)  # fmt: skip
        if image.samples == 3:
            everywhere = np.ones(stored.shape[:2], np.bool_)
            lines = []
            for n, name in enumerate("RGB"):
                found = statistics(stored[..., n], everywhere, mask)
                assert found is not None
                spread = "–" if found.sd is None else f"{found.sd:.1f}"
                lines.append(f"{name} {found.mean:.1f} ± {spread}")
            return [*lines, size]
        values, valid = modality_values(image, stored, measure.z)
        found = statistics(values, valid, mask)
        return [*statistics_text(found, value_unit(image)), size]

    def mark(self, mark: Mark, image: Image) -> str:
        """Size of a mark: in a stack of even steps its volume and mean value, elsewhere its area; over
        several slices without a known step the pixels are counted."""
        if mark.is_point:
            return tr("point")
        planes = mark_planes(mark, image.rows, image.cols)
        found = volume(image, planes)
        if found is None:
            count = sum(m.area for m in planes.values())
            several = len(planes) > 1
            return quantity_text(Quantity(count, Unit.PIXEL2) if several else area(image, count))
        whole = self._of_planes(planes, image)
        mean = "" if whole is None else f"  {whole.mean:.0f} {value_unit(image)}".rstrip()
        return volume_text(found) + mean

    def _of_planes(self, planes: Mapping[int, Mask], image: Image) -> Statistics | None:
        whole: Statistics | None = None
        for z, mask in planes.items():
            key = image.image_id, z, mask
            if key not in self._planes:
                if len(self._planes) > 2000:
                    self._planes.clear()
                values, valid = modality_values(image, self._load(image, z), z)
                self._planes[key] = statistics(values, valid, mask)
            here = self._planes[key]
            if here is not None:
                whole = here if whole is None else whole.merged(here)
        return whole
