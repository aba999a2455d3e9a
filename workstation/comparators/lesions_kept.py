"""Whether merging two readings would lose a lesion: no rule of a protocol's own, always in force.

A lesion is lost where its class, one of which all or the nearest must be marked, has no mark left
on the image, or where a region both readers outlined is in nobody's outline any more. The overall
region can agree although the readers gave its parts different classes: such a lesion must not be
neither disputed nor in the reference.
"""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.consensus import merge
from workstation.comparators.objects import object_groups
from workstation.comparators.regions import NearestUndefined, Planes, Regions
from workstation.domain.agreement import ReasonType, Score
from workstation.domain.image import Image
from workstation.domain.marks import Mark, area_px, intersection_px, mark_planes, union_planes
from workstation.domain.protocol import LESIONS_KEPT, MergeRule
from workstation.domain.schema import Completeness, Geometry, Level, Scope


def scores(regions: Regions) -> tuple[Score, ...]:
    """Per image where lesions would be lost their number: CLASS_DIFFERS those the other reader
    outlined as another class, MISSING_OBJECT the rest."""
    out = []
    for image in regions.pair.images:
        if not image.is_target:
            continue
        differing, missing = _lost(regions, image)
        for reason, marks in (
            (ReasonType.CLASS_DIFFERS, differing),
            (ReasonType.MISSING_OBJECT, missing),
        ):
            if marks:
                out.append(
                    Score(
                        LESIONS_KEPT.item_id,
                        Scope(Level.IMAGE, image.image_id),
                        reason,
                        Fraction(len(marks)),
                        "",
                        (image.image_id,),
                        {"marks": [m.mark_id for m in marks]},
                    )
                )
    return tuple(out)


def _lost(regions: Regions, image: Image) -> tuple[list[Mark], list[Mark]]:
    protocol = regions.pair.protocol
    rule = protocol.consensus_merge
    left_out: list[tuple[int, Mark]] = []
    in_reference: set[str] = set()
    if rule is MergeRule.UNION:
        return [], []
    first, second = (b.on_image(image.image_id) for b in regions.bodies)
    for group in object_groups(protocol, image, *regions.bodies, regions):
        lesion = protocol.schema.lesion_class(group.class_code)
        if not lesion.is_lesion or lesion.completeness is Completeness.OPTIONAL:
            continue
        if (group.x_marks and group.y_marks) or (rule is MergeRule.FIRST and group.x_marks):
            in_reference.add(lesion.code)
        else:
            left_out += [(0, m) for m in first if m.mark_id in group.x_marks]
            left_out += [(1, m) for m in second if m.mark_id in group.y_marks]
    differing: list[Mark] = []
    missing: list[Mark] = []
    for side, mark in left_out:
        other = _other_class(regions, 1 - side, image, mark)
        overlapping = not mark.is_point and _overlap(regions, side, image, mark, other)
        if mark.class_code not in in_reference:
            (differing if overlapping else missing).append(mark)
        elif overlapping and _outlined_by_both_and_gone(regions, side, image, mark):
            differing.append(mark)
    return differing, missing


def _other_class(regions: Regions, side: int, image: Image, mark: Mark) -> list[Mark]:
    """The reader's lesion areas of other classes that must be marked."""
    codes = {
        c.code
        for c in regions.pair.protocol.schema.lesion_classes
        if c.is_lesion
        and c.geometry is Geometry.AREA
        and c.completeness is not Completeness.OPTIONAL
        and c.code != mark.class_code
    }
    return [m for m in regions.bodies[side].on_image(image.image_id) if m.class_code in codes]


def _overlap(regions: Regions, side: int, image: Image, mark: Mark, others: list[Mark]) -> bool:
    own = regions.planes(side, mark, image)
    return intersection_px(own, regions.union(1 - side, others, image)) > 0


def _outlined_by_both_and_gone(regions: Regions, side: int, image: Image, mark: Mark) -> bool:
    """Whether the mark has pixels both readers' compared regions hold and the merge does not."""
    if mark not in _compared(regions, side, image):
        return False
    own = regions.planes(side, mark, image)
    theirs = regions.union(1 - side, _compared(regions, 1 - side, image), image)
    both = {z: m.intersection(theirs[z]) for z, m in own.items() if z in theirs}
    merged = merge(regions.pair.protocol, image, regions.bodies).marks
    lesions = {c.code for c in regions.pair.protocol.schema.lesion_classes if c.is_lesion}
    reference = _planes([m for m in merged if m.class_code in lesions], image)
    return area_px(both) > intersection_px(both, reference)


def _compared(regions: Regions, side: int, image: Image) -> tuple[Mark, ...]:
    try:
        return regions.compared_areas(side, image)
    except NearestUndefined:
        return ()  # The overall region is undefined, which the rule about it disputes.


def _planes(marks: list[Mark], image: Image) -> Planes:
    planes = [mark_planes(m, image.rows, image.cols) for m in marks if not m.is_point]
    return union_planes(planes, image.rows, image.cols)
