"""What both readers answered to a question, for each unit of a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workstation.comparators.regions import Regions
from workstation.domain.image import Image
from workstation.domain.protocol import AgreementItem
from workstation.domain.reading import case_scopes
from workstation.domain.schema import Level, Question, Scope


@dataclass(frozen=True, slots=True)
class UnitAnswers:
    """The answers of a unit: (scope, first, second) for every scope of the question in it."""

    unit: Scope
    images: tuple[str, ...]
    question: Question
    pairs: tuple[tuple[Scope, Any, Any], ...]

    @property
    def asked(self) -> tuple[tuple[Scope, Any, Any], ...]:
        """Those at least one reader answered."""
        return tuple(p for p in self.pairs if p[1] is not None or p[2] is not None)


def unit_answers(item: AgreementItem, regions: Regions) -> Iterator[UnitAnswers]:
    """The answers to the item's question, unit by unit."""
    question = regions.pair.protocol.schema.question(item.question)
    scopes = [s for s in case_scopes(regions.pair.images) if s.level is question.level]
    for unit, images in regions.units(item.unit).items():
        inside = [s for s in scopes if _inside(s, unit, images)]
        yield UnitAnswers(
            unit,
            tuple(i.image_id for i in images),
            question,
            tuple(
                (
                    s,
                    regions.pair.first.answer(s, question.code),
                    regions.pair.second.answer(s, question.code),
                )
                for s in inside
            ),
        )


def _inside(scope: Scope, unit: Scope, images: tuple[Image, ...]) -> bool:
    if unit.level is Level.CASE or scope == unit:
        return True
    if scope.level is Level.IMAGE:
        return any(i.image_id == scope.key for i in images)
    return scope.level is Level.EYE and any(str(i.eye) == scope.key for i in images)


def shown(value: Any) -> Any:
    """An answer as plain JSON for evidence."""
    return list(value) if isinstance(value, tuple) else value
