"""What is asked of a reader: lesion classes and form questions; and what is missing in an answer.

A form is answered per scope: an image, an eye of the case, or the case. A question is asked where
its condition holds; a required one that is asked and unanswered blocks submission.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workstation.domain.errors import InvalidValue
from workstation.domain.text import Label, checked_code


class Level(StrEnum):
    """The unit a question, mark or rule belongs to."""

    IMAGE = "image"
    EYE = "eye"
    CASE = "case"


class QuestionKind(StrEnum):
    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    MULTI = "multi"
    NUMBER = "number"
    TEXT = "text"


class Geometry(StrEnum):
    """How a class is drawn; only areas enter overlap, points and lines compare as objects."""

    AREA = "area"
    POINT = "point"


class Completeness(StrEnum):
    """What must be marked: all lesions of the class, only the one nearest to the fovea (B.3.3 c),
    or nothing (B.3.3 d: what is drawn of an optional class enters no agreement rule)."""

    ALL = "all"
    NEAREST = "nearest"
    OPTIONAL = "optional"


class SignGroup(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    ANATOMY = "anatomy"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What an answer is about: `key` is the image id, `OD`/`OS`, or empty for the case."""

    level: Level
    key: str = ""

    def __post_init__(self) -> None:
        if (self.level is Level.CASE) != (self.key == ""):
            raise InvalidValue("scope.key", level=self.level, key=self.key)

    def __str__(self) -> str:
        return f"{self.level}:{self.key}" if self.key else str(self.level)

    @classmethod
    def parse(cls, text: str) -> Scope:
        level, _, key = text.partition(":")
        try:
            return cls(Level(level), key)
        except ValueError as error:
            raise InvalidValue("scope.text", text=text) from error


CASE_SCOPE = Scope(Level.CASE)

Condition = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: Label


@dataclass(frozen=True, slots=True)
class Question:
    """One form question.

    `when`: question code -> accepted values, all of the same scope and all needed. `minimum`,
    `maximum`, `unit` are for numbers. `source` names the standard or rule it is asked for.
    """

    code: str
    level: Level
    kind: QuestionKind
    label: Label
    options: tuple[Option, ...] = ()
    required: bool = True
    when: Condition | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    help: Label | None = None
    source: str = ""

    def __post_init__(self) -> None:
        choice = self.kind in (QuestionKind.NOMINAL, QuestionKind.ORDINAL, QuestionKind.MULTI)
        if choice and len(self.options) < 2:
            raise InvalidValue("question.options", question=self.code)
        codes = [option.code for option in self.options]
        if len(set(codes)) != len(codes):
            raise InvalidValue("question.duplicate_option", question=self.code)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(option.code for option in self.options)

    def option(self, code: str) -> Option:
        for option in self.options:
            if option.code == code:
                return option
        raise InvalidValue("answer.unknown_option", question=self.code, value=code)

    def checked(self, value: Any) -> Any:
        """The value in canonical form; raises InvalidValue where it is no answer to this."""
        match self.kind:
            case QuestionKind.NOMINAL | QuestionKind.ORDINAL:
                if value not in self.codes:
                    raise InvalidValue("answer.unknown_option", question=self.code, value=value)
                return value
            case QuestionKind.MULTI:
                if not isinstance(value, (list, tuple)) or any(v not in self.codes for v in value):
                    raise InvalidValue("answer.unknown_option", question=self.code, value=value)
                return tuple(code for code in self.codes if code in value)
            case QuestionKind.NUMBER:
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    raise InvalidValue("answer.not_a_number", question=self.code, value=value)
                low = -math.inf if self.minimum is None else self.minimum
                high = math.inf if self.maximum is None else self.maximum
                if not low <= value <= high or not math.isfinite(value):
                    raise InvalidValue(
                        "answer.out_of_range",
                        question=self.code,
                        value=value,
                        minimum=self.minimum,
                        maximum=self.maximum,
                    )
                return value
            case QuestionKind.TEXT:
                if not isinstance(value, str) or len(value) > 4000:
                    raise InvalidValue("answer.not_text", question=self.code)
                return value


@dataclass(frozen=True, slots=True)
class LesionClass:
    """A kind of mark. `required_when` (question -> values, same image) demands at least one."""

    code: str
    label: Label
    geometry: Geometry
    group: SignGroup
    color: str
    completeness: Completeness = Completeness.ALL
    required_when: Condition | None = None
    attributes: tuple[Question, ...] = ()
    snomed: str = ""

    @property
    def is_lesion(self) -> bool:
        return self.group is not SignGroup.ANATOMY


Answers = Mapping[Scope, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Schema:
    """The questions in reading order, and the lesion classes."""

    questions: tuple[Question, ...]
    lesion_classes: tuple[LesionClass, ...]
    fovea_class: str = ""

    def __post_init__(self) -> None:
        codes = [q.code for q in self.questions]
        classes = [c.code for c in self.lesion_classes]
        for kind, found in (("question", codes), ("lesion_class", classes)):
            twice = sorted({code for code in found if found.count(code) > 1})
            if twice:
                raise InvalidValue("schema.duplicate", kind=kind, codes=twice)
        for question in self.questions:
            for other, values in (question.when or {}).items():
                asked = self._known(other, question.code)
                if asked.level is not question.level:
                    raise InvalidValue("schema.condition_level", question=question.code)
                if codes.index(other) >= codes.index(question.code):
                    raise InvalidValue("schema.condition_order", question=question.code)
                if asked.options and any(v not in asked.codes for v in values):
                    raise InvalidValue("schema.condition_value", question=question.code)
        for lesion in self.lesion_classes:
            for other, values in (lesion.required_when or {}).items():
                asked = self._known(other, lesion.code)
                if asked.options and any(v not in asked.codes for v in values):
                    raise InvalidValue("schema.condition_value", question=lesion.code)
        if self.fovea_class and self.fovea_class not in classes:
            raise InvalidValue("schema.fovea_class", code=self.fovea_class)
        if not self.fovea_class and any(
            c.completeness is Completeness.NEAREST for c in self.lesion_classes
        ):
            raise InvalidValue("schema.nearest_without_fovea")

    def _known(self, code: str, where: str) -> Question:
        for question in self.questions:
            if question.code == code:
                return question
        raise InvalidValue("schema.unknown_question", code=code, where=where)

    def question(self, code: str) -> Question:
        return self._known(code, "")

    def lesion_class(self, code: str) -> LesionClass:
        for lesion in self.lesion_classes:
            if lesion.code == code:
                return lesion
        raise InvalidValue("schema.unknown_class", code=code)

    def at(self, level: Level) -> tuple[Question, ...]:
        return tuple(q for q in self.questions if q.level is level)


def holds(condition: Condition | None, answers: Mapping[str, Any]) -> bool:
    """Whether every question of the condition has one of its values."""
    for code, values in (condition or {}).items():
        given = answers.get(code)
        if isinstance(given, tuple):
            if not any(v in values for v in given):
                return False
        elif given not in values:
            return False
    return True


def asked(schema: Schema, scope: Scope, answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """The questions of the scope that apply, given its answers so far.

    An answer whose own question does not apply (any more) opens no other question.
    """
    found: list[Question] = []
    counted: dict[str, Any] = {}
    for question in schema.at(scope.level):
        if holds(question.when, counted):
            found.append(question)
            if question.code in answers:
                counted[question.code] = answers[question.code]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps a reading from being submitted."""

    scope: Scope
    code: str
    kind: str  # "question" | "lesion" | "fovea" | "attribute"
    mark_id: str = ""


def missing_answers(
    schema: Schema, scopes: Iterable[Scope], answers: Answers
) -> tuple[Missing, ...]:
    """Required questions that apply and have no answer, in reading order."""
    out: list[Missing] = []
    for scope in scopes:
        given = answers.get(scope, {})
        for question in asked(schema, scope, given):
            value = given.get(question.code)
            if question.required and value in (None, "", ()):
                out.append(Missing(scope, question.code, "question"))
    return tuple(out)


def without_unasked(schema: Schema, answers: Answers) -> dict[Scope, dict[str, Any]]:
    """Answers to questions that apply; an answer whose condition fell away is not part of it."""
    out: dict[Scope, dict[str, Any]] = {}
    for scope, given in answers.items():
        kept: dict[str, Any] = {}
        for question in schema.at(scope.level):
            if holds(question.when, kept) and question.code in given:
                kept[question.code] = question.checked(given[question.code])
        out[scope] = kept
    return out


def condition_from(data: Any, where: str) -> Condition | None:
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise InvalidValue("protocol.condition", where=where)
    out: dict[str, tuple[str, ...]] = {}
    for code, values in data.items():
        values = values if isinstance(values, list) else [values]
        out[checked_code(code, where)] = tuple(str(v) for v in values)
    return out
