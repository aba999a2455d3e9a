"""What happened: plain values a service returns; ui turns them into one refresh."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """Kinds of things a desk shows; a desk refreshes when one of its topics changed."""

    STUDY = "study"
    PEOPLE = "people"
    CASES = "cases"
    ASSIGNMENTS = "assignments"
    READINGS = "readings"
    DISPUTES = "disputes"
    DATASETS = "datasets"


@dataclass(frozen=True, slots=True)
class Changes:
    """The topics touched by a unit of work, and the cases where that is known."""

    topics: frozenset[Topic]
    case_ids: frozenset[str] = frozenset()

    def __or__(self, other: Changes) -> Changes:
        return Changes(self.topics | other.topics, self.case_ids | other.case_ids)


def changed(*topics: Topic, case_ids: tuple[str, ...] = ()) -> Changes:
    return Changes(frozenset(topics), frozenset(case_ids))
