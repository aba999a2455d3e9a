"""Compare a case's readings: all pairs, all items; a failing comparator goes to the arbitrator."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from workstation.comparators import lesions_kept
from workstation.comparators.regions import Regions
from workstation.comparators.registry import comparators
from workstation.domain.agreement import Pair, ReasonType, Score, Verdict, verdict
from workstation.domain.image import Image
from workstation.domain.protocol import LESIONS_KEPT, AgreementItem, Protocol
from workstation.domain.reading import ReadingBody

log = logging.getLogger("workstation.comparators")


def compare(protocol: Protocol, images: Sequence[Image], bodies: Sequence[ReadingBody]) -> Verdict:
    """The verdict over two or more readings: agreed where every pair agrees in every item, and
    merging it would lose no lesion.

    Raises ValueError for fewer than two readings: one reading is no comparison.
    """
    if len(bodies) < 2:
        raise ValueError("a comparison needs two readings")
    scores: list[Score] = []
    for first, second in combinations(range(len(bodies)), 2):
        regions = Regions(Pair(protocol, tuple(images), bodies[first], bodies[second]))
        for item in protocol.agreement:
            scores += [replace(s, pair=(first, second)) for s in _scores(item, regions)]
        scores += [replace(s, pair=(first, second)) for s in _kept(regions)]
    return verdict(protocol, images, scores)


def _scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    comparator = comparators().get(item.kind)
    if comparator is None:
        return _failed(item, regions, "unknown_comparator")
    try:
        return comparator.scores(item, regions)
    except Exception as error:  # noqa: BLE001  any failure must reach the arbitrator
        # The kind of failure only: its text may hold what a reader answered.
        log.error("comparator %s failed: %s", item.kind, type(error).__name__)
        return _failed(item, regions, "comparator_failed")


def _kept(regions: Regions) -> tuple[Score, ...]:
    try:
        return lesions_kept.scores(regions)
    except Exception as error:  # noqa: BLE001  as above
        log.error("comparator lesions_kept failed: %s", type(error).__name__)
        return _failed(LESIONS_KEPT, regions, "comparator_failed")


def _failed(item: AgreementItem, regions: Regions, why: str) -> tuple[Score, ...]:
    return tuple(
        Score(
            item.item_id,
            scope,
            ReasonType.COMPARATOR_FAILED,
            None,
            why,
            tuple(i.image_id for i in images),
        )
        for scope, images in regions.units(item.unit).items()
    )
