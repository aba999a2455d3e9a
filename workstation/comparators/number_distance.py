"""Measurement: how far apart two numbers are, the largest difference of a unit."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.answers import shown, unit_answers
from workstation.comparators.regions import Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import NEITHER_ASKED, ONE_SIDE_ONLY, ReasonType, Score
from workstation.domain.protocol import AgreementItem
from workstation.domain.schema import QuestionKind


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """Largest absolute difference, exact for the decimal numbers readers typed; a number on one
    side only is undefined."""
    out = []
    for unit in unit_answers(item, regions):
        asked = unit.asked
        value: Fraction | None = None
        undefined = NEITHER_ASKED if not asked else ""
        if any(a is None or b is None for _, a, b in asked):
            undefined = ONE_SIDE_ONLY
        elif asked:
            # A typed 0.3 means three tenths: through its shortest decimal, not its binary value.
            value = max(abs(Fraction(repr(a)) - Fraction(repr(b))) for _, a, b in asked)
        out.append(
            Score(
                item.item_id,
                unit.unit,
                ReasonType.MEASUREMENT,
                value,
                undefined,
                unit.images,
                {"answers": [[str(s), shown(a), shown(b)] for s, a, b in asked]},
            )
        )
    return tuple(out)


COMPARATOR = Comparator(
    "number_distance",
    scores,
    "A 5.5.3.1",
    frozenset({Names.QUESTION}),
    frozenset({QuestionKind.NUMBER}),
)
