"""How often one reader's answers equal the reference standard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from workstation.domain.estimate import Accuracy, Estimate, NotEstimable
from workstation.metrics.bootstrap import DEFAULT_REPLICATES
from workstation.metrics.intervals import wilson, wilson_clustered
from workstation.metrics.overlap import PairCounts, iou, mean_by_patient


@dataclass(frozen=True, slots=True)
class Answer:
    """One reader's answer and the reference for one unit; None = the reader gave no answer."""

    patient: str
    given: str | None
    reference: str


def answer_accuracy(answers: Sequence[Answer], *, unit: str) -> Accuracy:
    """Accuracy with the Wilson interval, and beside it the one allowing for patients."""
    successes: dict[str, int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    for answer in answers:
        totals[answer.patient] += 1
        successes[answer.patient] += int(answer.given == answer.reference)
    patients = sorted(totals)
    correct = sum(successes.values())
    return Accuracy(
        correct=correct,
        n=len(answers),
        missing=sum(answer.given is None for answer in answers),
        plain=wilson(correct, len(answers), unit=unit),
        clustered=wilson_clustered(
            [successes[p] for p in patients], [totals[p] for p in patients], unit=unit
        ),
    )


def mean_iou(
    pairs: Sequence[PairCounts], *, unit: str, seed: int, replicates: int = DEFAULT_REPLICATES
) -> Estimate | NotEstimable:
    """Mean IoU of a reader's regions against the reference, over units where either is marked.

    A unit marked by one side only counts as 0; a unit marked by neither has no IoU and does not
    enter. NotEstimable: "no_observations", "both_empty".
    """
    if not pairs:
        return NotEstimable("no_observations", {"unit": unit})
    valued = [(p.patient, v) for p in pairs if isinstance(v := iou(p), Fraction)]
    if not valued:
        return NotEstimable("both_empty", {"n": len(pairs), "unit": unit})
    return mean_by_patient(valued, unit=unit, seed=seed, replicates=replicates)
