"""The study protocol: what is asked, what counts as agreement, how it is settled; versioned.

A protocol is read from a YAML document's plain values by `protocol_from_dict`; the document itself
is kept whole, so that its canonical hash names the revision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from workstation.domain.errors import InvalidValue
from workstation.domain.schema import (
    Completeness,
    Geometry,
    LesionClass,
    Level,
    Option,
    Question,
    QuestionKind,
    Schema,
    SignGroup,
    condition_from,
)
from workstation.domain.text import Label, checked_code

PROTOCOL_FORMAT = "protocol/1"

MODALITIES: Mapping[str, frozenset[str]] = {
    "fundus": frozenset({"OP", "XC", "OT"}),
    "ct": frozenset({"CT"}),
    "mr": frozenset({"MR"}),
    "mammography": frozenset({"MG"}),
    "radiography": frozenset({"CR", "DX", "RF", "XA", "PX", "IO"}),
    "ultrasound": frozenset({"US", "IVUS"}),
}
"""What a study is about, and which values of the DICOM Modality (0008,0060) it takes."""

ONE_SERIES = frozenset({"ct", "mr"})
"""Studies in which one target series of a case is answered about, and the others are to look at."""


class Operator(StrEnum):
    """How a value meets its threshold; stored as written, decided exactly."""

    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="

    def holds(self, value: Fraction, threshold: Fraction) -> bool:
        match self:
            case Operator.GREATER:
                return value > threshold
            case Operator.AT_LEAST:
                return value >= threshold
            case Operator.LESS:
                return value < threshold
            case Operator.AT_MOST:
                return value <= threshold


class MergeRule(StrEnum):
    """How the outlines of two agreeing readings become one (decision 8)."""

    MEAN_BOUNDARY = "mean_boundary"
    INTERSECTION = "intersection"
    UNION = "union"
    FIRST = "first"


class EarlierVisits(StrEnum):
    """Whether whoever reads a case sees the photographs of the patient's visit before it."""

    HIDDEN = "hidden"
    SHOWN = "shown"


class BlindRead(StrEnum):
    """Whether the arbitrator reads the case before seeing X and Y."""

    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class AgreementItem:
    """One rule: `kind` names the comparator, its score must satisfy `operator threshold`.

    `unit` is the scope a score is computed and judged for. `question` and `classes` name what is
    compared (by kind). `matching_iou` and `matching_distance_px` are for object matching.
    """

    item_id: str
    kind: str
    label: Label
    unit: Level
    operator: Operator
    threshold: Fraction
    threshold_text: str
    question: str = ""
    values: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    matching_iou: Fraction | None = None
    matching_distance_px: Fraction | None = None
    source: str = ""


LESIONS_KEPT = AgreementItem(
    ":lesions_kept",
    "lesions_kept",
    Label("lesions_kept", "lesions_kept"),
    Level.IMAGE,
    Operator.AT_MOST,
    Fraction(0),
    "0",
)
"""The product's own rule beside those of every protocol: how many lesions the merge of two
agreeing readings would lose with their class, or although both readers outlined them. Its words
are the report's."""


@dataclass(frozen=True, slots=True)
class Source:
    """A standard or paper the protocol leans on; `verified` False prints "not verified"."""

    code: str
    text: Label
    verified: bool


@dataclass(frozen=True, slots=True)
class Protocol:
    """One approved revision of a study's rules."""

    code: str
    revision: int
    title: Label
    purpose: Label
    modality: str  # a key of MODALITIES
    verdict_unit: Level
    readers_per_case: int
    schema: Schema
    agreement: tuple[AgreementItem, ...]
    consensus_merge: MergeRule
    blind_read: BlindRead
    reason_codes: tuple[Option, ...]
    sources: tuple[Source, ...]
    document: Mapping[str, Any]
    earlier_visits: EarlierVisits = EarlierVisits.HIDDEN

    def item(self, item_id: str) -> AgreementItem:
        for item in (*self.agreement, LESIONS_KEPT):
            if item.item_id == item_id:
                return item
        raise InvalidValue("protocol.unknown_item", item=item_id)


def _get(data: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = data.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidValue("protocol.field", where=where, field=key, needed=kind.__name__)
    return value


def _enum(kind: type[StrEnum], value: Any, where: str) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidValue(
            "protocol.choice", where=where, value=value, choices=[str(v) for v in kind]
        ) from error


def _only(data: Any, where: str, allowed: Sequence[str]) -> Mapping[str, Any]:
    """A mapping with no field the product does not know: a misspelt rule must not be ignored."""
    if not isinstance(data, Mapping):
        raise InvalidValue("protocol.field", where=where, field="", needed="mapping")
    unknown = sorted(str(key) for key in data if key not in allowed)
    if unknown:
        raise InvalidValue("protocol.unknown_field", where=where, fields=unknown)
    return data


def _options(data: Any, where: str) -> tuple[Option, ...]:
    if data is None:
        return ()
    if not isinstance(data, list):
        raise InvalidValue("protocol.field", where=where, field="options", needed="list")
    return tuple(
        Option(checked_code(o.get("code"), where), Label.from_dict(o.get("label"), where))
        for o in (_only(o, where, ("code", "label")) for o in data)
    )


_QUESTION_FIELDS = (
    "code",
    "level",
    "kind",
    "label",
    "options",
    "required",
    "when",
    "minimum",
    "maximum",
    "unit",
    "help",
    "source",
)


def _question(data: Any, where: str, level: Level | None = None) -> Question:
    data = _only(data, where, _QUESTION_FIELDS)
    code = checked_code(data.get("code"), where)
    where = f"{where}.{code}"
    return Question(
        code=code,
        level=level or _enum(Level, data.get("level"), where),
        kind=_enum(QuestionKind, data.get("kind"), where),
        label=Label.from_dict(data.get("label"), where),
        options=_options(data.get("options"), where),
        required=bool(data.get("required", True)),
        when=condition_from(data.get("when"), where),
        minimum=data.get("minimum"),
        maximum=data.get("maximum"),
        unit=str(data.get("unit", "")),
        help=Label.from_dict(data["help"], where) if "help" in data else None,
        source=str(data.get("source", "")),
    )


_CLASS_FIELDS = (
    "code",
    "label",
    "geometry",
    "group",
    "color",
    "completeness",
    "required_when",
    "attributes",
    "snomed",
)


def _lesion_class(data: Any, where: str) -> LesionClass:
    data = _only(data, where, _CLASS_FIELDS)
    code = checked_code(data.get("code"), where)
    where = f"{where}.{code}"
    color = str(data.get("color", ""))
    if len(color) != 7 or color[0] != "#":
        raise InvalidValue("protocol.color", where=where, value=color)
    attributes = _get(data, "attributes", list, where) if "attributes" in data else []
    return LesionClass(
        code=code,
        label=Label.from_dict(data.get("label"), where),
        geometry=_enum(Geometry, data.get("geometry"), where),
        group=_enum(SignGroup, data.get("group"), where),
        color=color,
        completeness=_enum(Completeness, data.get("completeness", "all"), where),
        required_when=condition_from(data.get("required_when"), where),
        attributes=tuple(_question(a, where, Level.IMAGE) for a in attributes),
        snomed=str(data.get("snomed", "")),
    )


def exact(value: Any, where: str) -> Fraction:
    """A threshold written as text or whole number; a float would not be exact and is refused."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidValue("protocol.threshold", where=where, value=value)
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise InvalidValue("protocol.threshold", where=where, value=value) from error


def _codes(
    data: Mapping[str, Any], field: str, where: str, known: Collection[str]
) -> tuple[str, ...]:
    """A list of codes the protocol has; empty where the field is not there."""
    if field not in data:
        return ()
    given = tuple(str(code) for code in _get(data, field, list, where))
    for code in given:
        if code not in known:
            raise InvalidValue("protocol.unknown_code", where=where, field=field, code=code)
    return given


_ITEM_FIELDS = (
    "id",
    "kind",
    "label",
    "unit",
    "operator",
    "threshold",
    "question",
    "values",
    "classes",
    "matching_iou",
    "matching_distance_px",
    "source",
)


def _item(data: Any, where: str, schema: Schema) -> AgreementItem:
    data = _only(data, where, _ITEM_FIELDS)
    item_id = checked_code(data.get("id"), where)
    where = f"{where}.{item_id}"
    question = str(data.get("question", ""))
    classes = _codes(data, "classes", where, {c.code for c in schema.lesion_classes})
    threshold = exact(data.get("threshold"), where)
    unit = _enum(Level, data.get("unit"), where)
    values: tuple[str, ...] = ()
    attributes = {a.code: a for c in schema.lesion_classes for a in c.attributes}
    questions = {q.code: q for q in schema.questions}
    if question:
        asked = questions.get(question) or attributes.get(question)
        if asked is None:
            raise InvalidValue(
                "protocol.unknown_code", where=where, field="question", code=question
            )
        order = list(Level)
        if question in questions and order.index(unit) < order.index(asked.level):
            raise InvalidValue("protocol.unit", where=where, unit=str(unit))
        values = _codes(data, "values", where, set(asked.codes))
    elif data.get("values"):
        raise InvalidValue("protocol.field", where=where, field="question", needed="str")
    iou, distance = data.get("matching_iou"), data.get("matching_distance_px")
    return AgreementItem(
        item_id=item_id,
        kind=checked_code(data.get("kind"), where),
        label=Label.from_dict(data.get("label"), where),
        unit=unit,
        operator=_enum(Operator, data.get("operator"), where),
        threshold=threshold,
        threshold_text=str(data["threshold"]),
        question=question,
        values=values,
        classes=classes,
        matching_iou=None if iou is None else exact(iou, where),
        matching_distance_px=None if distance is None else exact(distance, where),
        source=str(data.get("source", "")),
    )


_PROTOCOL_FIELDS = (
    "format",
    "code",
    "revision",
    "title",
    "purpose",
    "modality",
    "verdict_unit",
    "readers_per_case",
    "questions",
    "lesion_classes",
    "fovea_class",
    "agreement",
    "consensus_merge",
    "arbitration",
    "sources",
    "earlier_visits",
)


def protocol_from_dict(document: Any) -> Protocol:
    """The protocol a YAML document describes.

    Raises InvalidValue naming the place of the first thing that is missing, unknown or wrong.
    """
    data = _only(document, "protocol", _PROTOCOL_FIELDS)
    if data.get("format") != PROTOCOL_FORMAT:
        raise InvalidValue("protocol.format", format=str(data.get("format")))
    modality = _get(data, "modality", str, "protocol")
    if modality not in MODALITIES:
        raise InvalidValue(
            "protocol.choice", where="modality", value=modality, choices=list(MODALITIES)
        )
    schema = Schema(
        tuple(_question(q, "questions") for q in _get(data, "questions", list, "protocol")),
        tuple(
            _lesion_class(c, "lesion_classes")
            for c in _get(data, "lesion_classes", list, "protocol")
        ),
        str(data.get("fovea_class", "")),
    )
    items = tuple(_item(i, "agreement", schema) for i in _get(data, "agreement", list, "protocol"))
    if not items or len({i.item_id for i in items}) != len(items):
        raise InvalidValue("protocol.agreement_items")
    readers = _get(data, "readers_per_case", int, "protocol")
    if readers < 2:
        raise InvalidValue("protocol.readers_per_case", readers=readers)
    unit = _enum(Level, data.get("verdict_unit"), "verdict_unit")
    arbitration = _only(
        _get(data, "arbitration", dict, "protocol"), "arbitration", ("blind_read", "reasons")
    )
    reasons = _options(arbitration.get("reasons"), "arbitration.reasons")
    if not reasons or len({reason.code for reason in reasons}) != len(reasons):
        raise InvalidValue("protocol.reasons", where="arbitration.reasons")
    return Protocol(
        code=checked_code(data.get("code"), "protocol"),
        revision=_get(data, "revision", int, "protocol"),
        title=Label.from_dict(data.get("title"), "title"),
        purpose=Label.from_dict(data.get("purpose"), "purpose"),
        modality=modality,
        verdict_unit=unit,
        readers_per_case=readers,
        schema=schema,
        agreement=items,
        consensus_merge=_enum(MergeRule, data.get("consensus_merge"), "consensus_merge"),
        blind_read=_enum(BlindRead, arbitration.get("blind_read"), "arbitration.blind_read"),
        reason_codes=reasons,
        sources=tuple(
            Source(
                checked_code(s.get("code"), "sources"),
                Label.from_dict(s.get("text"), "sources"),
                bool(s.get("verified", False)),
            )
            for s in (
                _only(s, "sources", ("code", "text", "verified"))
                for s in _get(data, "sources", list, "protocol")
            )
        ),
        document=data,
        earlier_visits=_enum(EarlierVisits, data.get("earlier_visits", "hidden"), "earlier_visits"),
    )
