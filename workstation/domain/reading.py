"""One person's answer to a case: form answers and marks; a draft until submitted, then immutable.

The body's JSON form (`reading/1`) is documented in docs/formats/reading.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from workstation.domain.errors import InvalidValue, RuleViolation
from workstation.domain.image import Eye, Image
from workstation.domain.marks import (
    BoxShape,
    Mark,
    PaintedShape,
    PointShape,
    PolygonShape,
    Shape,
    touches_plane,
)
from workstation.domain.masks import Mask
from workstation.domain.measures import Measure, MeasureKind
from workstation.domain.schema import (
    CASE_SCOPE,
    Completeness,
    Geometry,
    Level,
    Missing,
    Schema,
    Scope,
    holds,
    missing_answers,
    without_unasked,
)
from workstation.domain.viewing import PhotoLook, Used, Viewing

BODY_FORMAT = "reading/1"


class ReadingKind(StrEnum):
    READING = "reading"
    BLIND_READ = "blind_read"
    RULING = "ruling"


class ReadingState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class ReadingBody:
    """Answers by scope and question, and marks. Values are checked against a schema on the way in
    (`checked_body`), so that stored content is always readable.

    `measures` are the reader's own working notes, `viewing` the record of how images were looked
    at, one entry an image: they enter no comparison, ruling, reference or report.
    """

    answers: Mapping[Scope, Mapping[str, Any]] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    measures: tuple[Measure, ...] = ()
    viewing: tuple[Viewing, ...] = ()

    def __post_init__(self) -> None:
        ids = [mark.mark_id for mark in self.marks] + [m.measure_id for m in self.measures]
        if len(set(ids)) != len(ids):
            raise InvalidValue("reading.duplicate_mark")
        seen = [record.image_id for record in self.viewing]
        if len(set(seen)) != len(seen):
            raise InvalidValue("reading.duplicate_viewing")
        frozen = {s: MappingProxyType(dict(a)) for s, a in self.answers.items()}
        object.__setattr__(self, "answers", MappingProxyType(frozen))

    def answer(self, scope: Scope, question: str) -> Any:
        """The answer, or None where none was given."""
        return self.answers.get(scope, {}).get(question)

    def with_answer(self, scope: Scope, question: str, value: Any) -> ReadingBody:
        """A body with one answer changed; None takes it back."""
        answers = {s: dict(a) for s, a in self.answers.items()}
        given = answers.setdefault(scope, {})
        if value is None:
            given.pop(question, None)
        else:
            given[question] = value
        return replace(self, answers=answers)

    def with_marks(self, marks: Sequence[Mark]) -> ReadingBody:
        return replace(self, marks=tuple(marks))

    def with_measures(self, measures: Sequence[Measure]) -> ReadingBody:
        return replace(self, measures=tuple(measures))

    def without_notes(self) -> ReadingBody:
        """Answers and marks only: all of it that others may see."""
        return ReadingBody(self.answers, self.marks)

    def on_image(self, image_id: str) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.image_id == image_id)


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft or submitted reading of one case by one person.

    `protocol_sha256` names the protocol revision it answers. `body_sha256` is set at submission.
    """

    reading_id: str
    case_id: str
    person_id: str
    kind: ReadingKind
    state: ReadingState
    protocol_sha256: str
    body: ReadingBody
    started_at: datetime
    saved_at: datetime
    submitted_at: datetime | None = None
    body_sha256: str = ""
    revision: int = 0


def changed_elsewhere(at: datetime, revision: int) -> RuleViolation:
    """The refusal of a save from an older state: when the draft was saved since, and as what."""
    return RuleViolation("reading.changed_elsewhere", at=at, revision=revision)


def case_scopes(images: Sequence[Image]) -> tuple[Scope, ...]:
    """Scopes in reading order: each eye's images then the eye (OD before OS), then the case.

    View-only series (not the target) are not answered about.
    """
    scopes: list[Scope] = []
    targets = [image for image in images if image.is_target]
    for eye in (Eye.OD, Eye.OS, None):
        here = sorted((i for i in targets if i.eye is eye), key=lambda i: (i.field, i.number))
        scopes += [Scope(Level.IMAGE, image.image_id) for image in here]
        if eye is not None and here:
            scopes.append(Scope(Level.EYE, str(eye)))
    scopes.append(CASE_SCOPE)
    return tuple(scopes)


def images_about(scope: Scope, images: Sequence[Image]) -> frozenset[str]:
    """Ids of the target images a scope is about: one, those of an eye, or all of the case."""
    targets = [image for image in images if image.is_target]
    if scope.level is Level.IMAGE:
        return frozenset({scope.key})
    return frozenset(
        image.image_id
        for image in targets
        if scope.level is Level.CASE or str(image.eye) == scope.key
    )


def missing_in(schema: Schema, images: Sequence[Image], body: ReadingBody) -> tuple[Missing, ...]:
    """Everything that keeps the reading from being submitted, in reading order."""
    scopes = case_scopes(images)
    out = list(missing_answers(schema, scopes, body.answers))
    for scope in scopes:
        if scope.level is not Level.IMAGE:
            continue
        answers = answers_around(images, body, scope)
        marks = body.on_image(scope.key)
        present = [mark.class_code for mark in marks]
        for lesion in schema.lesion_classes:
            count = present.count(lesion.code)
            if lesion.required_when and holds(lesion.required_when, answers) and not count:
                out.append(Missing(scope, lesion.code, "lesion"))
            if (
                lesion.completeness is Completeness.NEAREST
                and count > 1
                and schema.fovea_class not in present
                and not any(m.kind == "fovea" and m.scope == scope for m in out)
            ):
                out.append(Missing(scope, schema.fovea_class, "fovea"))
        for mark in marks:
            for attribute in schema.lesion_class(mark.class_code).attributes:
                if attribute.required and mark.attributes.get(attribute.code) in (None, "", ()):
                    out.append(Missing(scope, attribute.code, "attribute", mark.mark_id))
    return tuple(out)


def answers_around(images: Sequence[Image], body: ReadingBody, scope: Scope) -> dict[str, Any]:
    """The answers that hold for an image: its own, its eye's and the case's."""
    eye = next((image.eye for image in images if image.image_id == scope.key), None)
    around = dict(body.answers.get(CASE_SCOPE, {}))
    if eye is not None:
        around.update(body.answers.get(Scope(Level.EYE, str(eye)), {}))
    return around | dict(body.answers.get(scope, {}))


def checked_body(schema: Schema, images: Sequence[Image], body: ReadingBody) -> ReadingBody:
    """The body with answers in canonical form. Raises as `check_body` does."""
    check_body(schema, images, body)
    return replace(body, answers=without_unasked(schema, body.answers))


def check_body(
    schema: Schema, images: Sequence[Image], body: ReadingBody, seen: Sequence[Mark] = ()
) -> None:
    """Raises InvalidValue for an answer to what is not asked there, and for a mark that is not on
    its image or not of its class; it is named. Marks of `seen` were checked before.
    """
    scopes = set(case_scopes(images))
    for scope, given in body.answers.items():
        if scope not in scopes:
            raise InvalidValue("reading.unknown_scope", scope=str(scope))
        for code in given:
            if schema.question(code).level is not scope.level:
                raise InvalidValue("reading.wrong_level", question=code, scope=str(scope))
    targets = {image.image_id: image for image in images if image.is_target}
    before = {mark.mark_id: mark for mark in seen}
    for mark in body.marks:
        if before.get(mark.mark_id) != mark:
            _check_mark(schema, targets, mark)
    for measure in body.measures:
        here = targets.get(measure.image_id)
        if here is None or measure.z >= here.slices:
            raise InvalidValue("reading.measure_place", kind=measure.kind)
    for record in body.viewing:
        if record.image_id not in targets:
            raise InvalidValue("reading.viewing_place")


def _check_mark(schema: Schema, targets: Mapping[str, Image], mark: Mark) -> None:
    lesion = schema.lesion_class(mark.class_code)
    known_attributes = {attribute.code: attribute for attribute in lesion.attributes}
    for code, value in mark.attributes.items():
        if code not in known_attributes:
            raise InvalidValue("reading.unknown_attribute", mark=mark.name, attribute=code)
        known_attributes[code].checked(value)
    image = targets.get(mark.image_id)
    if image is None:
        raise InvalidValue("reading.unknown_image", mark=mark.name)
    if mark.is_point != (lesion.geometry is Geometry.POINT):
        code = "reading.area_as_point" if mark.is_point else "reading.point_as_area"
        raise InvalidValue(code, mark=mark.name, image=image.number)
    outside = [z for z in mark.slices if z >= image.slices]
    if outside:
        raise InvalidValue(
            "reading.slice",
            mark=mark.name,
            image=image.number,
            slice=outside[0] + 1,
            slices=image.slices,
        )
    if isinstance(mark.shape, PaintedShape) and any(
        (m.rows, m.cols) != (image.rows, image.cols) for m in mark.shape.planes.values()
    ):
        raise InvalidValue("reading.mask_size", mark=mark.name, image=image.number)
    if not touches_plane(mark.shape, image.rows, image.cols):
        raise InvalidValue("reading.outside", mark=mark.name, image=image.number)


# JSON form


def shape_to_json(shape: Shape) -> dict[str, Any]:
    match shape:
        case PointShape():
            return {"type": "point", "x": shape.x, "y": shape.y, "z": shape.z}
        case BoxShape():
            return {
                "type": "box",
                "corners": [shape.x0, shape.y0, shape.x1, shape.y1],
                "z": shape.z,
            }
        case PolygonShape():
            return {"type": "polygon", "vertices": [list(p) for p in shape.vertices], "z": shape.z}
        case PaintedShape():
            return {
                "type": "painted",
                "planes": [
                    {
                        "z": z,
                        "rows": mask.rows,
                        "cols": mask.cols,
                        "runs": mask.runs.reshape(-1).tolist(),
                    }
                    for z, mask in shape.planes.items()
                ],
            }


def _whole(value: Any) -> int:
    """A whole number as it stands; 1.7 slices are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def shape_from_json(data: Mapping[str, Any]) -> Shape:
    """Inverse of `shape_to_json`; raises InvalidValue on anything else."""
    try:
        match data["type"]:
            case "point":
                return PointShape(float(data["x"]), float(data["y"]), _whole(data["z"]))
            case "box":
                x0, y0, x1, y1 = (float(v) for v in data["corners"])
                return BoxShape(x0, y0, x1, y1, _whole(data["z"]))
            case "polygon":
                vertices = tuple((float(x), float(y)) for x, y in data["vertices"])
                return PolygonShape(vertices, _whole(data["z"]))
            case "painted":
                planes = {}
                for plane in data["planes"]:
                    runs = [_whole(v) for v in plane["runs"]]
                    pairs = list(zip(runs[0::2], runs[1::2], strict=True))
                    size = _whole(plane["rows"]), _whole(plane["cols"])
                    planes[_whole(plane["z"])] = Mask.from_runs(*size, pairs)
                return PaintedShape(planes)
    except InvalidValue:
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InvalidValue("reading.shape_json") from error
    raise InvalidValue("reading.shape_json", type=str(data.get("type")))


def body_to_json(body: ReadingBody) -> dict[str, Any]:
    """Plain JSON values; the order of scopes, questions and marks is canonical.

    Measures and the record of viewing are left out where there are none: a body without them is
    written, and hashed, as before there were any.
    """
    data: dict[str, Any] = {
        "format": BODY_FORMAT,
        "answers": {
            str(scope): {
                code: list(value) if isinstance(value, tuple) else value
                for code, value in sorted(body.answers[scope].items())
            }
            for scope in sorted(body.answers)
        },
        "marks": [
            {
                "id": mark.mark_id,
                "image": mark.image_id,
                "class": mark.class_code,
                "number": mark.number,
                "shape": shape_to_json(mark.shape),
                "attributes": dict(sorted(mark.attributes.items())),
                "note": mark.note,
            }
            for mark in body.marks
        ],
    }
    if body.measures:
        data["measures"] = [
            {
                "id": m.measure_id,
                "image": m.image_id,
                "kind": str(m.kind),
                "points": [list(p) for p in m.points],
                "z": m.z,
            }
            for m in body.measures
        ]
    if body.viewing:
        data["viewing"] = [_viewing_to_json(record) for record in body.viewing]
    return data


def _viewing_to_json(record: Viewing) -> dict[str, Any]:
    look = record.look
    return {
        "image": record.image_id,
        "used": sorted(str(used) for used in record.used),
        "brightness": list(record.brightness),
        "contrast": list(record.contrast),
        "gamma": list(record.gamma),
        "presets": [list(preset) for preset in record.presets],
        "last": {
            "red_free": look.red_free,
            "clahe": look.clahe,
            "brightness": look.brightness,
            "contrast": look.contrast,
            "gamma": look.gamma,
            "window": None if record.window is None else list(record.window),
        },
    }


def _pair(data: Any) -> tuple[float, float]:
    first, second = data
    return float(first), float(second)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _viewing_from_json(data: Mapping[str, Any]) -> Viewing:
    last = data["last"]
    look = PhotoLook(
        _flag(last["red_free"]),
        _flag(last["clahe"]),
        _whole(last["brightness"]),
        _whole(last["contrast"]),
        float(last["gamma"]),
    )
    return Viewing(
        _text(data["image"]),
        frozenset(Used(used) for used in data["used"]),
        _pair(data["brightness"]),
        _pair(data["contrast"]),
        _pair(data["gamma"]),
        tuple(_pair(preset) for preset in data["presets"]),
        look,
        None if last["window"] is None else _pair(last["window"]),
    )


def body_from_json(data: Mapping[str, Any]) -> ReadingBody:
    """Inverse of `body_to_json`; raises InvalidValue for another format or a broken body."""
    if not isinstance(data, Mapping):
        raise InvalidValue("reading.body_json")
    if data.get("format") != BODY_FORMAT:
        raise InvalidValue("reading.format", format=str(data.get("format")))
    try:
        answers = {
            Scope.parse(scope): {
                code: tuple(value) if isinstance(value, list) else value
                for code, value in given.items()
            }
            for scope, given in data["answers"].items()
        }
        marks = tuple(
            Mark(
                _text(mark["id"]),
                _text(mark["image"]),
                _text(mark["class"]),
                _whole(mark["number"]),
                shape_from_json(mark["shape"]),
                dict(mark.get("attributes", {})),
                _text(mark.get("note", "")),
            )
            for mark in data["marks"]
        )
        measures = tuple(
            Measure(
                _text(m["id"]),
                _text(m["image"]),
                MeasureKind(m["kind"]),
                tuple(_pair(p) for p in m["points"]),
                _whole(m["z"]),
            )
            for m in data.get("measures", ())
        )
        viewing = tuple(_viewing_from_json(record) for record in data.get("viewing", ()))
    except InvalidValue:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise InvalidValue("reading.body_json") from error
    return ReadingBody(answers, marks, measures, viewing)
