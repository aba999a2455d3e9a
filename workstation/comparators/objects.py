"""What an arbitrator walks through on an image: matched, missing, extra, split and merged marks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from workstation.comparators.matching import match
from workstation.comparators.regions import Regions
from workstation.domain.agreement import Pair
from workstation.domain.image import Image
from workstation.domain.marks import Mark
from workstation.domain.protocol import AgreementItem, Protocol
from workstation.domain.reading import ReadingBody


@dataclass(frozen=True, slots=True)
class ObjectGroup:
    """Marks of X and Y that are about the same thing; one side is empty where only one drew it."""

    class_code: str
    x_marks: tuple[str, ...]
    y_marks: tuple[str, ...]
    iou: Fraction | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return (self.class_code, *self.x_marks, "|", *self.y_marks)


def object_groups(
    protocol: Protocol,
    image: Image,
    x: ReadingBody,
    y: ReadingBody,
    regions: Regions | None = None,
) -> tuple[ObjectGroup, ...]:
    """The groups on an image, class by class in the protocol's order; `regions` of X and Y where
    their pixels are known already.

    Matching limits are those of the protocol's own object rule for the class, else any overlap.
    Anatomy has no limit: two readers' fovea are one structure however far apart they put it.
    An unmatched area that overlaps a matched group of the other reader joins it (split or merge).
    """
    regions = regions or Regions(Pair(protocol, (image,), x, y))
    out: list[ObjectGroup] = []
    for lesion in protocol.schema.lesion_classes:
        first = [m for m in x.on_image(image.image_id) if m.class_code == lesion.code]
        second = [m for m in y.on_image(image.image_id) if m.class_code == lesion.code]
        rule = object_rule(protocol, lesion.code)
        found = match(
            regions,
            image,
            first,
            second,
            rule.matching_iou if rule and lesion.is_lesion else None,
            rule.matching_distance_px if rule else None,
            anywhere=not lesion.is_lesion,
        )
        groups: list[_Group] = [([m.first], [m.second], m.iou) for m in found.matches]
        for mark in found.only_first:
            home = _overlapping(regions, image, mark, 0, groups)
            if home is not None:
                home[0].append(mark)
            else:
                groups.append(([mark], [], None))
        for mark in found.only_second:
            home = _overlapping(regions, image, mark, 1, groups)
            if home is not None:
                home[1].append(mark)
            else:
                groups.append(([], [mark], None))
        out += [
            ObjectGroup(lesion.code, _ids(a), _ids(b), iou if len(a) == len(b) == 1 else None)
            for a, b, iou in groups
        ]
    return tuple(out)


def object_rule(protocol: Protocol, code: str) -> AgreementItem | None:
    return next((i for i in protocol.agreement if code in i.classes and i.kind == "objects"), None)


def _ids(marks: list[Mark]) -> tuple[str, ...]:
    return tuple(m.mark_id for m in sorted(marks, key=lambda m: m.number))


_Group = tuple[list[Mark], list[Mark], Fraction | None]


def _overlapping(
    regions: Regions, image: Image, mark: Mark, side: int, groups: list[_Group]
) -> _Group | None:
    """The group whose other side the mark overlaps most."""
    if mark.is_point:
        return None
    own = regions.planes(side, mark, image)
    best: _Group | None = None
    most = 0
    for group in groups:
        others = [m for m in (group[1] if side == 0 else group[0]) if not m.is_point]
        union = regions.union(1 - side, others, image)
        common = sum(mask.intersection_area(union[z]) for z, mask in own.items() if z in union)
        if common > most:
            best, most = group, common
    return best
