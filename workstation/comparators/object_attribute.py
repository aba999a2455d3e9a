"""Attribute: how many matched objects differ in an attribute (nodule type)."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.answers import shown
from workstation.comparators.iou_score import nearest_undefined
from workstation.comparators.matching import match
from workstation.comparators.regions import NearestUndefined, Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import ReasonType, Score
from workstation.domain.protocol import AgreementItem


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """Number of matched pairs whose attribute differs; unmatched marks are another rule's."""
    out = []
    for scope, images in regions.units(item.unit).items():
        marks: list[str] = []
        pairs: list[list[object]] = []
        differing = 0
        try:
            for image in images:
                for code in item.classes:
                    lesion = regions.pair.protocol.schema.lesion_class(code)
                    found = match(
                        regions,
                        image,
                        regions.of_class(0, image, lesion),
                        regions.of_class(1, image, lesion),
                        item.matching_iou,
                        item.matching_distance_px,
                    )
                    for pair in found.matches:
                        a = pair.first.attributes.get(item.question)
                        b = pair.second.attributes.get(item.question)
                        if a != b:
                            differing += 1
                            marks += [pair.first.mark_id, pair.second.mark_id]
                            pairs.append([shown(a), shown(b)])
        except NearestUndefined:
            out.append(nearest_undefined(item, scope, images, ReasonType.ATTRIBUTE))
            continue
        out.append(
            Score(
                item.item_id,
                scope,
                ReasonType.ATTRIBUTE,
                Fraction(differing),
                "",
                tuple(i.image_id for i in images),
                {"marks": marks, "values": pairs},
            )
        )
    return tuple(out)


COMPARATOR = Comparator(
    "object_attribute",
    scores,
    "A 5.5.3.1",
    frozenset({Names.ATTRIBUTE, Names.CLASSES}),
)
