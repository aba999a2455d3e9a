"""External readings: how far readers of a delivered file outlined the same nodules, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from workstation.comparators.matching import match_areas
from workstation.comparators.regions import Planes, overlap
from workstation.domain.estimate import NotEstimable
from workstation.domain.marks import union_planes
from workstation.domain.nodule_readings import MATRIX, NoduleReadings, ReadingSession
from workstation.metrics.overlap import PairCounts, iou


@dataclass(frozen=True, slots=True)
class RegionOverlap:
    """Voxel counts of two regions over all slices, and their exact IoU."""

    counts: PairCounts

    @property
    def iou(self) -> Fraction | NotEstimable:
        return iou(self.counts)


@dataclass(frozen=True, slots=True)
class MatchedNodule:
    """One nodule as both readers outlined it, by the ids each gave it."""

    first_id: str
    second_id: str
    overlap: RegionOverlap


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two readers of one series: matched nodules, what only one outlined, and all regions at once.

    `matched` is NotEstimable where no nodule of one overlaps one of the other: there is no overlap
    to state then, which is not an overlap of 0.
    """

    first: int
    second: int
    matched: tuple[MatchedNodule, ...] | NotEstimable
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    overall: RegionOverlap


@dataclass(frozen=True, slots=True)
class _Outlined:
    """A reader's nodules with their regions; one whose contours enclose no pixel has an empty one
    and can match nothing."""

    number: int
    ids: tuple[str, ...]
    regions: tuple[Planes, ...]


def pairwise_agreement(
    readings: NoduleReadings,
) -> tuple[PairAgreement, ...] | NotEstimable:
    """Agreement of every two readers of a series; NotEstimable("one_reader") for one alone.

    Nodules of at least 3 mm are matched one to one by overlap, as a study's marks are. A nodule one
    reader outlined and the other marked as a point counts as outlined by one only.
    """
    if len(readings.sessions) < 2:
        return NotEstimable("one_reader")
    outlined = [_outlined(readings, session) for session in readings.sessions]
    return tuple(_pair(readings.series_uid, a, b) for a, b in combinations(outlined, 2))


def _outlined(readings: NoduleReadings, session: ReadingSession) -> _Outlined:
    slices = readings.slices
    return _Outlined(
        session.number,
        tuple(nodule.nodule_id for nodule in session.nodules),
        tuple(nodule.region(slices) for nodule in session.nodules),
    )


def _pair(series: str, first: _Outlined, second: _Outlined) -> PairAgreement:
    pairs = match_areas(first.regions, second.regions)
    matched = tuple(
        MatchedNodule(
            first.ids[i], second.ids[j], _overlap(series, first.regions[i], second.regions[j])
        )
        for i, j in pairs
    )
    return PairAgreement(
        first.number,
        second.number,
        matched or NotEstimable("no_matched_nodule"),
        _unmatched(first.ids, {i for i, _ in pairs}),
        _unmatched(second.ids, {j for _, j in pairs}),
        _overlap(
            series,
            union_planes(list(first.regions), MATRIX, MATRIX),
            union_planes(list(second.regions), MATRIX, MATRIX),
        ),
    )


def _overlap(series: str, first: Planes, second: Planes) -> RegionOverlap:
    both, _, of_first, of_second = overlap([(first, second)])
    return RegionOverlap(PairCounts(series, both, of_first, of_second))


def _unmatched(ids: tuple[str, ...], matched: set[int]) -> tuple[str, ...]:
    return tuple(nodule_id for n, nodule_id in enumerate(ids) if n not in matched)
