"""Objects: how many marks of the named classes one reader has and the other has not."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.iou_score import nearest_undefined
from workstation.comparators.matching import match
from workstation.comparators.regions import NearestUndefined, Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import ReasonType, Score
from workstation.domain.protocol import AgreementItem


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """Number of unmatched marks after one-to-one matching; evidence names them.

    SPLIT_MERGE where every unmatched mark overlaps something of the other reader, else
    MISSING_OBJECT.
    """
    out = []
    for scope, images in regions.units(item.unit).items():
        only_first: list[str] = []
        only_second: list[str] = []
        touching: set[str] = set()
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
                    only_first += [m.mark_id for m in found.only_first]
                    only_second += [m.mark_id for m in found.only_second]
                    touching |= found.touching
        except NearestUndefined:
            out.append(nearest_undefined(item, scope, images, ReasonType.MISSING_OBJECT))
            continue
        unmatched = [*only_first, *only_second]
        split = bool(unmatched) and all(mark_id in touching for mark_id in unmatched)
        out.append(
            Score(
                item.item_id,
                scope,
                ReasonType.SPLIT_MERGE if split else ReasonType.MISSING_OBJECT,
                Fraction(len(unmatched)),
                "",
                tuple(i.image_id for i in images),
                {"only_first": only_first, "only_second": only_second, "marks": unmatched},
            )
        )
    return tuple(out)


COMPARATOR = Comparator(
    "objects",
    scores,
    "A 5.5.3.1; YY/T 1949 B.3.3",
    frozenset({Names.CLASSES}),
)
