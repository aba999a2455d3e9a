"""A pair of readings with its pixels: each mark is rasterised once per comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from workstation.domain.agreement import Pair, unit_scopes
from workstation.domain.image import Image
from workstation.domain.marks import Mark, area_px, mark_center, mark_planes, union_planes
from workstation.domain.masks import Mask
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Completeness, Geometry, LesionClass, Level, Scope

Planes = dict[int, Mask]


class NearestUndefined(Exception):
    """Several marks of a nearest-only class and no fovea: which one counts is unknown."""


class Regions:
    """The pair and a cache of its marks' pixels."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._planes: dict[tuple[int, str], Planes] = {}

    @property
    def bodies(self) -> tuple[ReadingBody, ReadingBody]:
        return self.pair.first, self.pair.second

    def units(self, level: Level) -> dict[Scope, tuple[Image, ...]]:
        return unit_scopes(self.pair.images, level)

    def planes(self, side: int, mark: Mark, image: Image) -> Planes:
        """Pixels of a mark of side 0 or 1."""
        key = (side, mark.mark_id)
        if key not in self._planes:
            self._planes[key] = mark_planes(mark, image.rows, image.cols)
        return self._planes[key]

    def union(self, side: int, marks: Iterable[Mark], image: Image) -> Planes:
        return union_planes([self.planes(side, m, image) for m in marks], image.rows, image.cols)

    def of_class(self, side: int, image: Image, lesion: LesionClass) -> tuple[Mark, ...]:
        """The marks of a class that the rules look at: all, or the one nearest to the fovea.

        Raises NearestUndefined; see there.
        """
        marks = tuple(
            m for m in self.bodies[side].on_image(image.image_id) if m.class_code == lesion.code
        )
        if lesion.completeness is not Completeness.NEAREST or len(marks) < 2:
            return marks
        fovea = self.fovea(side, image)
        if fovea is None:
            raise NearestUndefined(lesion.code)

        def distance(mark: Mark) -> tuple[Fraction, int]:
            # B.3.3 c: the nearest by its centre; equal distances go by number, so that the
            # choice is the same whoever computes it.
            x, y, _ = mark_center(mark, image.rows, image.cols)
            return (x - fovea[0]) ** 2 + (y - fovea[1]) ** 2, mark.number

        return (min(marks, key=distance),)

    def fovea(self, side: int, image: Image) -> tuple[Fraction, Fraction] | None:
        """(x, y) of the fovea this reader marked; None where none or more than one."""
        code = self.pair.protocol.schema.fovea_class
        found = [m for m in self.bodies[side].on_image(image.image_id) if m.class_code == code]
        if not code or len(found) != 1:
            return None
        x, y, _ = mark_center(found[0], image.rows, image.cols)
        return x, y

    def compared_areas(self, side: int, image: Image) -> tuple[Mark, ...]:
        """Marks of the overall lesion region (decision 6): area lesions, optional ones left out,
        of nearest-only classes the nearest."""
        out: list[Mark] = []
        for lesion in self.pair.protocol.schema.lesion_classes:
            if (
                lesion.is_lesion
                and lesion.geometry is Geometry.AREA
                and lesion.completeness is not Completeness.OPTIONAL
            ):
                out += self.of_class(side, image, lesion)
        return tuple(out)


def overlap(pairs: Sequence[tuple[Planes, Planes]]) -> tuple[int, int, int, int]:
    """Pixel counts (intersection, union, first, second) summed over images and slices."""
    both = first = second = 0
    for a, b in pairs:
        first += area_px(a)
        second += area_px(b)
        both += sum(mask.intersection_area(b[z]) for z, mask in a.items() if z in b)
    return both, first + second - both, first, second
