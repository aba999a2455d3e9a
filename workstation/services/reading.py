"""Read: a reader's worklist, the open draft, every stroke saved, submission one way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workstation.domain.case import AssignmentState, Case, CaseState, moved
from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.image import Image, ImageKind
from workstation.domain.people import Role
from workstation.domain.ports import UnitOfWork
from workstation.domain.protocol import EarlierVisits, Protocol
from workstation.domain.reading import (
    Reading,
    ReadingBody,
    ReadingKind,
    ReadingState,
    answers_around,
    body_to_json,
    changed_elsewhere,
    check_body,
    checked_body,
    missing_in,
)
from workstation.domain.schema import Level, Missing, Scope, holds
from workstation.services.canonical import document_sha256
from workstation.services.workspace import (
    Workspace,
    current_protocol,
    own_assignment,
    require_acting,
)


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """All a reader sees of a case in the list."""

    case_id: str
    number: str
    state: AssignmentState
    position: int


@dataclass(frozen=True, slots=True)
class CaseName:
    """All a reader is told of an open case beside its images: no state, no patient."""

    case_id: str
    number: str


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case on the reading desk: images in reading order and the person's own reading."""

    case: CaseName
    protocol: Protocol
    images: tuple[Image, ...]
    reading: Reading
    earlier: tuple[Image, ...] = ()

    @property
    def targets(self) -> tuple[Image, ...]:
        return tuple(image for image in self.images if image.is_target)


def worklist(uow: UnitOfWork, person_id: str) -> tuple[WorklistRow, ...]:
    """The person's cases in the person's own order. Raises RuleViolation for anyone else's."""
    require_acting(uow, Role.READER)
    if person_id != uow.actor:
        raise RuleViolation("assignment.not_yours")
    rows = []
    for a in uow.assignments.of_person(person_id):
        case = uow.cases.get(a.case_id)
        if case.state is not CaseState.WITHDRAWN:
            rows.append(WorklistRow(a.case_id, case.number, a.state, a.position))
    return tuple(sorted(rows, key=lambda row: row.position))


def next_case(uow: UnitOfWork, person_id: str, after: str = "") -> str | None:
    """The next case that is not submitted: after the one given, else from the top; None at the
    end of the list."""
    rows = worklist(uow, person_id)
    open_ids = [r.case_id for r in rows if r.state is not AssignmentState.SUBMITTED]
    later: list[str] = []
    passed = False
    for row in rows:
        if passed and row.case_id in open_ids:
            later.append(row.case_id)
        passed = passed or row.case_id == after
    remaining = later or [c for c in open_ids if c != after]
    return remaining[0] if remaining else None


def own_case(uow: UnitOfWork, number: str) -> str:
    """The id of one's own case of that number.

    Raises RuleViolation for any other, the same whether there is such a case or not.
    """
    for row in worklist(uow, uow.actor):
        if row.number == number:
            return row.case_id
    raise RuleViolation("assignment.not_yours")


def ordered_images(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """Targets first; by view, so that two sides of one view lie beside each other, the right one
    left (as if facing the patient), one that is not known last; by field and number."""
    sides = ("OD", "OS", "R", "L")

    def key(image: Image) -> tuple[bool, str, int, str, str]:
        side = str(image.eye) if image.eye is not None else image.laterality
        place = sides.index(side) % 2 if side in sides else len(sides)
        return (not image.is_target, image.view, place, image.field, image.number)

    return tuple(sorted(images, key=key))


def named_scope(scope: Scope, numbers: Mapping[str, str]) -> str:
    """The scope as people write it: an image by its number, not by its id."""
    return f"{Level.IMAGE}:{numbers[scope.key]}" if scope.level is Level.IMAGE else str(scope)


def open_case(workspace: Workspace, case_id: str) -> OpenCase:
    """Open one's own case: the draft is made at the first opening and found again afterwards.

    Raises RuleViolation where the case is not the person's own.
    """
    me = workspace.person.person_id
    with workspace.reading() as uow:
        found = _opened(uow, case_id)
    if found is not None:
        return found
    with workspace.writing() as uow:
        case, assignment = own_assignment(uow, case_id)
        if case.state is not CaseState.ASSIGNED:
            raise RuleViolation("reading.case_closed", case=case.number)
        sha256, _ = current_protocol(uow)
        now = workspace.clock.now()
        uow.readings.add(
            Reading(
                str(uuid.uuid4()),
                case_id,
                me,
                ReadingKind.READING,
                ReadingState.DRAFT,
                sha256,
                ReadingBody(),
                now,
                now,
            )
        )
        uow.assignments.update(replace(assignment, state=AssignmentState.IN_PROGRESS))
        uow.audit.append("reading.opened", case_id, {})
        uow.commit()
    with workspace.reading() as uow:
        found = _opened(uow, case_id)
    assert found is not None
    return found


def _opened(uow: UnitOfWork, case_id: str) -> OpenCase | None:
    case, _ = own_assignment(uow, case_id)
    reading = uow.readings.find(case_id, uow.actor, ReadingKind.READING)
    if reading is None:
        return None
    protocol = uow.protocols.get(reading.protocol_sha256)
    images = ordered_images(uow.images.of_case(case_id))
    earlier = earlier_images(uow, case, protocol)
    return OpenCase(CaseName(case_id, case.number), protocol, images, reading, earlier)


def earlier_images(uow: UnitOfWork, case: Case, protocol: Protocol) -> tuple[Image, ...]:
    """Photographs of the patient's last visit before this one, where the protocol shows them and
    the order of the visits is known; no mark and no answer comes with them.

    For whoever may see the images of `case` itself: the caller has asked.
    """
    if protocol.earlier_visits is EarlierVisits.HIDDEN or case.visit is None:
        return ()
    gone = (CaseState.IMPORTED, CaseState.EXCLUDED, CaseState.WITHDRAWN)
    before = [
        other
        for other in uow.cases.of_subject(case.subject_id)
        if other.visit is not None and other.visit < case.visit and other.state not in gone
    ]
    last = max((other.visit or 0 for other in before), default=0)
    found = [
        i for other in before if other.visit == last for i in uow.images.of_case(other.case_id)
    ]
    return ordered_images(tuple(i for i in found if i.kind is ImageKind.PHOTOGRAPH))


def save_draft(
    workspace: Workspace, reading_id: str, body: ReadingBody, *, expected: int | None = None
) -> Reading:
    """Keep the draft as it is now; durable when this returns.

    `expected` is the revision the body was made from; None writes over whatever is there. Raises
    RuleViolation("reading.changed_elsewhere") where the draft has another by now, for a submitted
    reading, someone else's, and that of a dispute not one's own any more; InvalidValue naming a
    mark that is not on its image or not of its class.
    """
    with workspace.writing() as uow:
        reading = _own(uow, reading_id)
        require_unchanged(reading, expected)
        protocol = uow.protocols.get(reading.protocol_sha256)
        images = uow.images.of_case(reading.case_id)
        check_body(protocol.schema, images, body, seen=reading.body.marks)
        now = workspace.clock.now()
        uow.readings.save_draft(reading_id, body, now, reading.revision + 1, expected=expected)
        uow.commit()
    return replace(reading, body=body, saved_at=now, revision=reading.revision + 1)


def _own(uow: UnitOfWork, reading_id: str) -> Reading:
    """One's own draft, in the role it belongs to."""
    reading = uow.readings.get(reading_id)
    if reading.person_id != uow.actor:
        raise RuleViolation("assignment.not_yours")
    of_reader = reading.kind is ReadingKind.READING
    require_acting(uow, Role.READER if of_reader else Role.ARBITRATOR)
    if reading.state is not ReadingState.DRAFT:
        raise RuleViolation("reading.submitted")
    if not of_reader:
        # Released and perhaps taken by another, or re-opened: what is drawn would go nowhere.
        latest = uow.disputes.of_case(reading.case_id)[-1]
        if latest.arbitrator_id != uow.actor or reading.started_at < latest.opened_at:
            raise RuleViolation("arbitration.not_taken")
    return reading


def require_unchanged(reading: Reading, expected: int | None) -> None:
    """Raises RuleViolation where the draft is not at the revision a window last saw of it."""
    if expected is not None and reading.revision != expected:
        raise changed_elsewhere(reading.saved_at, reading.revision)


def missing(workspace: Workspace, reading_id: str) -> tuple[Missing, ...]:
    """What keeps the draft from being submitted, in reading order."""
    with workspace.reading() as uow:
        reading = uow.readings.get(reading_id)
        if reading.person_id != workspace.person.person_id:
            raise RuleViolation("assignment.not_yours")
        protocol = uow.protocols.get(reading.protocol_sha256)
        images = uow.images.of_case(reading.case_id)
        return missing_in(protocol.schema, images, reading.body)


def submitted_form(
    protocol: Protocol, images: tuple[Image, ...], reading: Reading
) -> tuple[ReadingBody, str]:
    """The body as it is frozen, and its hash.

    Mark ids become the reading's own: two readers' files may both call a mark `m1`, and the two
    meet in comparison and ruling. Raises RuleViolation("reading.incomplete") naming every missing
    item, and as `require_consistent`.
    """
    body = checked_body(protocol.schema, images, reading.body)
    lacking = missing_in(protocol.schema, images, body)
    if lacking:
        numbers = {image.image_id: image.number for image in images}
        raise RuleViolation(
            "reading.incomplete",
            missing=[(named_scope(m.scope, numbers), m.code, m.kind) for m in lacking],
        )
    require_consistent(protocol, images, body)
    space = uuid.uuid5(uuid.NAMESPACE_OID, reading.reading_id)
    body = body.with_marks(
        [replace(mark, mark_id=str(uuid.uuid5(space, mark.mark_id))) for mark in body.marks]
    )
    return body, document_sha256(body_to_json(body))


def not_evaluable(protocol: Protocol, images: Sequence[Image], body: ReadingBody) -> frozenset[str]:
    """Images the answers call not evaluable, by the protocol's rules about that."""
    rules = [
        {item.question: item.values}
        for item in protocol.agreement
        if item.kind == "not_evaluable" and item.question
    ]
    return frozenset(
        image.image_id
        for image in images
        if image.is_target
        and any(
            holds(rule, answers_around(images, body, Scope(Level.IMAGE, image.image_id)))
            for rule in rules
        )
    )


def require_consistent(protocol: Protocol, images: Sequence[Image], body: ReadingBody) -> None:
    """Raises RuleViolation for what no reader can mean: marks on an image called not evaluable,
    two foveas in one eye's image. The marks are named."""
    left = not_evaluable(protocol, images, body)
    fovea = protocol.schema.fovea_class
    for image in images:
        here = body.on_image(image.image_id)
        if here and image.image_id in left:
            raise RuleViolation(
                "reading.marks_not_evaluable",
                image=image.number,
                marks=[mark.name for mark in here],
            )
        foveas = [mark.name for mark in here if fovea and mark.class_code == fovea]
        if len(foveas) > 1:
            raise RuleViolation("reading.two_foveas", image=image.number, marks=foveas)


def submit(
    workspace: Workspace,
    reading_id: str,
    *,
    expected: int | None = None,
    compare: bool = True,
) -> Changes:
    """Freeze and sign the reading; with the last one in, the case awaits its comparison.

    The comparison itself is another transaction, so that a crash between the two loses nothing.
    With `compare` false it is left to the caller, who has it done out of the reader's sight: how
    long a submission takes must not tell whether the other reader has submitted.
    Raises RuleViolation for an incomplete reading, naming what is missing, and for one that is
    not at the `expected` revision: nobody signs what another window wrote.
    """
    with workspace.writing() as uow:
        reading = _own(uow, reading_id)
        require_unchanged(reading, expected)
        case, assignment = own_assignment(uow, reading.case_id)
        protocol = uow.protocols.get(reading.protocol_sha256)
        body, sha256 = submitted_form(protocol, uow.images.of_case(case.case_id), reading)
        now = workspace.clock.now()
        uow.readings.submit(
            replace(
                reading,
                body=body,
                state=ReadingState.SUBMITTED,
                saved_at=now,
                submitted_at=now,
                body_sha256=sha256,
            )
        )
        uow.assignments.update(replace(assignment, state=AssignmentState.SUBMITTED))
        signature = workspace.keys.sign(workspace.person.person_id, sha256.encode())
        uow.audit.append(
            "reading.submitted", case.case_id, {"body_sha256": sha256, "signature": signature}
        )
        states = [a.state for a in uow.assignments.of_case(case.case_id)]
        if all(state is AssignmentState.SUBMITTED for state in states):
            to = moved(case.state, CaseState.AWAITING_COMPARISON, case.number)
            uow.cases.update(replace(case, state=to))
        uow.commit()
    # What the comparison changed is not the reader's to know: it would tell that the other
    # has submitted.
    if compare:
        workspace.comparison.compare_pending()
    return changed(Topic.READINGS, Topic.ASSIGNMENTS, case_ids=(reading.case_id,))
