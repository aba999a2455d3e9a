"""Arbitrate: the queue, the blind read, the reveal, item by item to a signed ruling.

Both readings stay as they are; the ruling is a new body, and the reference standard a view of it.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workstation.comparators.consensus import merge, stands_alone
from workstation.comparators.objects import ObjectGroup, object_groups, object_rule
from workstation.domain.agreement import Reason, ReasonType, Verdict
from workstation.domain.arbitration import (
    Choice,
    Decision,
    Dispute,
    DisputeState,
    Provenance,
    ReferenceStandard,
    Ruling,
    object_code,
    require_reveal_allowed,
    require_ruling_complete,
)
from workstation.domain.blinding import Field
from workstation.domain.case import Case, CaseState, moved
from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.image import Image
from workstation.domain.marks import (
    Mark,
    PaintedShape,
    PointShape,
    mark_center,
    mark_planes,
    union_planes,
)
from workstation.domain.masks import Mask
from workstation.domain.people import Role, require_role
from workstation.domain.ports import UnitOfWork
from workstation.domain.protocol import Protocol
from workstation.domain.reading import (
    Reading,
    ReadingBody,
    ReadingKind,
    ReadingState,
    body_to_json,
    case_scopes,
    checked_body,
    images_about,
    missing_in,
)
from workstation.domain.schema import Completeness, Geometry, Level, Scope, asked, holds
from workstation.services.canonical import document_sha256
from workstation.services.reading import (
    earlier_images,
    named_scope,
    not_evaluable,
    ordered_images,
    require_consistent,
    require_unchanged,
    submitted_form,
)
from workstation.services.workspace import (
    Workspace,
    current_protocol,
    require_acting,
    require_sees,
    sees,
)

MIN_REASON = 10
"""Characters of a coordinator's reason for re-opening or releasing a dispute."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """What an arbitrator sees of a dispute in the list: before the own read, number and age only.

    `items` is None until X and Y are revealed.
    """

    dispute_id: str
    case_id: str
    number: str
    state: DisputeState
    age_days: int
    items: int | None


@dataclass(frozen=True, slots=True)
class DisputeItem:
    """One thing to decide: a question of a scope, or an object of an image.

    For a question `x_value`, `y_value`, `mine_value`; for an object the mark ids of each side.
    `reasons` are the typed reasons it is here for; an item without any is pre-adopted as agreed.
    `combines`: both sides drew areas, so that union and intersection mean something; `differing`
    names the attributes its marks differ in.
    """

    scope: Scope
    question: str = ""
    class_code: str = ""
    x_value: Any = None
    y_value: Any = None
    mine_value: Any = None
    x_marks: tuple[str, ...] = ()
    y_marks: tuple[str, ...] = ()
    mine_marks: tuple[str, ...] = ()
    reasons: tuple[ReasonType, ...] = ()
    combines: bool = False
    differing: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (str(self.scope), self.question, self.class_code, *self.x_marks, "|", *self.y_marks)

    @property
    def disputed(self) -> bool:
        return bool(self.reasons)


def allowed(item: DisputeItem) -> tuple[Choice, ...]:
    """The choices that make sense for an item; no other is signed.

    Union and intersection make one outline of two and would take the attributes of one side:
    where these differ, the side is for the arbitrator to choose, not for the coin.
    """
    agreed = () if item.disputed else (Choice.AGREED,)
    if item.question:
        own = (Choice.MINE, Choice.UNDECIDABLE)
        if not item.disputed and item.x_value == item.y_value:
            return own  # only the ruling asks it
        return (Choice.ADOPT_X, Choice.ADOPT_Y, *own, *agreed)
    if not item.x_marks and not item.y_marks:
        undecidable = (Choice.UNDECIDABLE,) if item.disputed else ()
        return (Choice.MINE, Choice.NOTHING, *undecidable)
    both = (Choice.UNION, Choice.INTERSECTION) if item.combines and not item.differing else ()
    return (
        Choice.ADOPT_X,
        Choice.ADOPT_Y,
        Choice.MINE,
        *both,
        Choice.NOTHING,
        Choice.UNDECIDABLE,
        *agreed,
    )


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A dispute on the desk. `x`, `y`, `verdict` and `items` are None/empty until revealed,
    `ruling` until it is signed."""

    dispute: Dispute
    case: Case
    protocol: Protocol
    images: tuple[Image, ...]
    mine: Reading
    x: ReadingBody | None = None
    y: ReadingBody | None = None
    verdict: Verdict | None = None
    items: tuple[DisputeItem, ...] = ()
    ruling: Ruling | None = None
    x_is_first: bool = True
    """Whether X is the reading of the first slot: what nobody disputes must not hang on the coin."""
    earlier: tuple[Image, ...] = ()


def queue(workspace: Workspace) -> tuple[QueueRow, ...]:
    """The disputes the person may rule on, oldest first: open to all arbitrators, or one's own.

    A case the person has read is never among them.
    """
    now = workspace.clock.now()
    rows: list[QueueRow] = []
    with workspace.reading() as uow:
        require_acting(uow, Role.ARBITRATOR)
        for dispute in uow.disputes.all():
            case = uow.cases.get(dispute.case_id)
            if not sees(uow, Field.IMAGES, Role.ARBITRATOR, case, dispute):
                continue
            revealed = sees(uow, Field.VERDICT, Role.ARBITRATOR, case, dispute)
            verdict = _verdict(uow, dispute) if revealed else None
            rows.append(
                QueueRow(
                    dispute.dispute_id,
                    dispute.case_id,
                    case.number,
                    dispute.state,
                    max(0, (now - dispute.opened_at).days),
                    len(verdict.reasons) if verdict else None,
                )
            )
    return tuple(sorted(rows, key=lambda r: (r.state is DisputeState.RESOLVED, r.number)))


def _verdict(uow: UnitOfWork, dispute: Dispute) -> Verdict:
    comparison = uow.comparisons.latest(dispute.case_id)
    if comparison is None or comparison.comparison_id != dispute.comparison_id:
        raise RuleViolation("arbitration.stale_comparison")
    return comparison.verdict


def _mine(uow: UnitOfWork, dispute_id: str) -> Dispute:
    """The dispute, where it is the person's to rule on; refused to anyone else."""
    require_acting(uow, Role.ARBITRATOR)
    dispute = uow.disputes.get(dispute_id)
    case = uow.cases.get(dispute.case_id)
    require_sees(uow, Field.IMAGES, Role.ARBITRATOR, case, dispute)
    return dispute


def open_dispute(workspace: Workspace, dispute_id: str) -> OpenDispute:
    """Take the dispute (nobody else may then) and open it where it stands.

    Before the reveal: images and the person's own blind read. Afterwards also X, Y and the items.
    """
    me = workspace.person.person_id
    with workspace.reading() as uow:
        dispute = _mine(uow, dispute_id)
        ready = dispute.arbitrator_id == me and _draft(uow, dispute, me) is not None
    if not ready:
        with workspace.writing() as uow:
            dispute = _mine(uow, dispute_id)
            if dispute.arbitrator_id != me:
                dispute = replace(dispute, arbitrator_id=me)
                uow.disputes.update(dispute)
                uow.audit.append("dispute.taken", dispute.case_id, {})
            _ensure_draft(workspace, uow, dispute, _own_kind(dispute))
            uow.commit()
    with workspace.reading() as uow:
        return _opened(uow, uow.disputes.get(dispute_id), me)


def _own_kind(dispute: Dispute) -> ReadingKind:
    revealed = dispute.state in (DisputeState.REVEALED, DisputeState.RESOLVED)
    return ReadingKind.RULING if revealed else ReadingKind.BLIND_READ


def _draft(uow: UnitOfWork, dispute: Dispute, person_id: str) -> Reading | None:
    """The person's reading of this dispute; one of an earlier round, before a re-opening, is
    history and not found."""
    found = uow.readings.find(dispute.case_id, person_id, _own_kind(dispute))
    return found if found is not None and found.started_at >= dispute.opened_at else None


def _ensure_draft(
    workspace: Workspace, uow: UnitOfWork, dispute: Dispute, kind: ReadingKind
) -> None:
    me = workspace.person.person_id
    if _draft(uow, dispute, me) is not None:
        return
    blind = uow.readings.find(dispute.case_id, me, ReadingKind.BLIND_READ)
    body = blind.body if kind is ReadingKind.RULING and blind is not None else ReadingBody()
    sha256, _ = current_protocol(uow)
    now = workspace.clock.now()
    uow.readings.add(
        Reading(
            str(uuid.uuid4()), dispute.case_id, me, kind, ReadingState.DRAFT, sha256, body, now, now
        )
    )


def _opened(uow: UnitOfWork, dispute: Dispute, me: str) -> OpenDispute:
    case = uow.cases.get(dispute.case_id)
    images = ordered_images(uow.images.of_case(dispute.case_id))
    reading = _draft(uow, dispute, me)
    assert reading is not None
    protocol = uow.protocols.get(reading.protocol_sha256)
    opened = OpenDispute(dispute, case, protocol, images, reading)
    opened = replace(opened, earlier=earlier_images(uow, case, protocol))
    if not sees(uow, Field.OTHER_READING, Role.ARBITRATOR, case, dispute):
        return opened
    x = uow.readings.get(dispute.x_reading_id).body.without_notes()
    y = uow.readings.get(dispute.y_reading_id).body.without_notes()
    verdict = _verdict(uow, dispute)
    items = dispute_items(protocol, images, verdict, x, y)
    in_slots = [r.reading_id for r in uow.readings.submitted(dispute.case_id)]
    x_is_first = in_slots.index(dispute.x_reading_id) < in_slots.index(dispute.y_reading_id)
    opened = replace(opened, x=x, y=y, verdict=verdict, items=items, x_is_first=x_is_first)
    if dispute.state is DisputeState.RESOLVED:
        opened = replace(opened, ruling=uow.rulings.of_dispute(dispute.dispute_id))
    return with_mine(opened, reading.body)


def seal_blind_read(
    workspace: Workspace, dispute_id: str, *, expected: int | None = None
) -> Changes:
    """Freeze and sign the arbitrator's own read; X and Y may be seen afterwards.

    Raises RuleViolation("reading.incomplete") naming what is missing, and where the own read is
    not at the `expected` revision.
    """
    me = workspace.person.person_id
    with workspace.writing() as uow:
        dispute = _mine(uow, dispute_id)
        if dispute.state is not DisputeState.OPEN:
            raise RuleViolation("arbitration.blind_read_sealed")
        reading = _draft(uow, dispute, me)
        if reading is None or dispute.arbitrator_id != me:
            # Never opened, or released since: it has to be taken (again) first.
            raise RuleViolation("arbitration.not_taken")
        require_unchanged(reading, expected)
        protocol = uow.protocols.get(reading.protocol_sha256)
        body, sha256 = submitted_form(protocol, uow.images.of_case(dispute.case_id), reading)
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
        signature = workspace.keys.sign(me, sha256.encode())
        uow.disputes.update(replace(dispute, state=DisputeState.BLIND_READ_SEALED))
        uow.audit.append(
            "blind_read.sealed", dispute.case_id, {"body_sha256": sha256, "signature": signature}
        )
        uow.commit()
    return changed(Topic.DISPUTES, case_ids=(dispute.case_id,))


def reveal(workspace: Workspace, dispute_id: str) -> Changes:
    """Show X and Y. An audit event of its own; without a blind read it is recorded as such.

    Raises RuleViolation where the protocol demands the blind read first.
    """
    me = workspace.person.person_id
    with workspace.writing() as uow:
        dispute = _mine(uow, dispute_id)
        if dispute.state in (DisputeState.REVEALED, DisputeState.RESOLVED):
            return changed()
        _, protocol = current_protocol(uow)
        require_reveal_allowed(protocol, dispute)
        without = dispute.state is DisputeState.OPEN
        dispute = replace(
            dispute,
            state=DisputeState.REVEALED,
            arbitrator_id=me,
            revealed_at=workspace.clock.now(),
            revealed_without_blind_read=without,
        )
        uow.disputes.update(dispute)
        _ensure_draft(workspace, uow, dispute, ReadingKind.RULING)
        uow.audit.append("dispute.revealed", dispute.case_id, {"without_blind_read": without})
        uow.commit()
    return changed(Topic.DISPUTES, case_ids=(dispute.case_id,))


def save_decisions(workspace: Workspace, dispute_id: str, decisions: Sequence[Decision]) -> None:
    """Keep the decisions made so far; they come back when the dispute is opened again."""
    with workspace.writing() as uow:
        dispute = _mine(uow, dispute_id)
        if dispute.state is not DisputeState.REVEALED:
            raise RuleViolation("arbitration.not_revealed")
        uow.disputes.update(replace(dispute, decisions=tuple(decisions)))
        uow.commit()


# What there is to decide


def dispute_items(
    protocol: Protocol,
    images: Sequence[Image],
    verdict: Verdict,
    x: ReadingBody,
    y: ReadingBody,
) -> tuple[DisputeItem, ...]:
    """Everything X and Y differ in, in reading order; disputed items carry their reasons.

    Questions first, then objects, per scope. Differences the protocol does not dispute (an
    optional class, an agreed tolerance) come without reasons and are pre-adopted as agreed. Every
    disputed unit has at least one disputed item: where no difference explains it (a comparator
    failed on equal readings), what its rules are about is for the arbitrator to say.
    """
    out: list[DisputeItem] = []
    by_image = {image.image_id: image for image in images}
    for scope in case_scopes(images):
        for question in protocol.schema.at(scope.level):
            first, second = x.answer(scope, question.code), y.answer(scope, question.code)
            if first != second:
                out.append(
                    DisputeItem(
                        scope,
                        question=question.code,
                        x_value=first,
                        y_value=second,
                        reasons=_question_reasons(protocol, verdict, scope, question.code),
                    )
                )
        if scope.level is Level.IMAGE:
            out += _object_items(protocol, by_image[scope.key], verdict, x, y)
    for unit in verdict.disputed_units:
        inside = images_about(unit, images)
        if not any(i.disputed and images_about(i.scope, images) & inside for i in out):
            _dispute_all(protocol, images, unit, verdict.of_unit(unit), x, y, out)
    return tuple(out)


def _dispute_all(
    protocol: Protocol,
    images: Sequence[Image],
    unit: Scope,
    reasons: Sequence[Reason],
    x: ReadingBody,
    y: ReadingBody,
    items: list[DisputeItem],
) -> None:
    """Make disputed items of what the unit's failing rules are about, in `items`."""
    inside = images_about(unit, images)
    for reason in reasons:
        rule, why = protocol.item(reason.item_id), (reason.type,)
        is_question = any(q.code == rule.question for q in protocol.schema.questions)
        for scope in case_scopes(images):
            if not images_about(scope, images) & inside:
                continue
            about = [
                n
                for n, item in enumerate(items)
                if item.scope == scope
                and (
                    item.question == rule.question
                    if is_question
                    else item.class_code and (not rule.classes or item.class_code in rule.classes)
                )
            ]
            for n in about:
                found = tuple(dict.fromkeys((*items[n].reasons, *why)))
                items[n] = replace(items[n], reasons=found)
            if about:
                continue
            if is_question and protocol.schema.question(rule.question).level is scope.level:
                first, second = x.answer(scope, rule.question), y.answer(scope, rule.question)
                items.append(
                    DisputeItem(
                        scope,
                        question=rule.question,
                        x_value=first,
                        y_value=second,
                        reasons=why,
                    )
                )
            elif not is_question and scope.level is Level.IMAGE:
                lesions = [c.code for c in protocol.schema.lesion_classes if c.is_lesion]
                code = (rule.classes or lesions or [""])[0]
                if code:
                    items.append(DisputeItem(scope, class_code=code, reasons=why))


def _touches(reason: Reason, scope: Scope) -> bool:
    return (
        reason.score.scope == scope
        or (scope.level is Level.IMAGE and scope.key in reason.score.images)
        or (scope.level is not Level.IMAGE and reason.score.scope.level is Level.CASE)
    )


def _question_reasons(
    protocol: Protocol, verdict: Verdict, scope: Scope, question: str
) -> tuple[ReasonType, ...]:
    """Reasons about the question; a question nobody rules on is disputed with the one that
    opens it (a quality reason with the quality)."""
    found = [
        reason
        for reason in verdict.reasons
        if _touches(reason, scope) and protocol.item(reason.item_id).question == question
    ]
    if not found:
        ruled = {item.question for item in protocol.agreement}
        if question not in ruled:
            openers = set(protocol.schema.question(question).when or {})
            found = [
                reason
                for reason in verdict.reasons
                if _touches(reason, scope) and protocol.item(reason.item_id).question in openers
            ]
    return tuple(dict.fromkeys(reason.type for reason in found))


_OBJECT_REASONS = frozenset(
    {
        ReasonType.LESION_IOU,
        ReasonType.CLASS_IOU,
        ReasonType.MISSING_OBJECT,
        ReasonType.SPLIT_MERGE,
        ReasonType.CLASS_DIFFERS,
        ReasonType.ATTRIBUTE,
        ReasonType.COMPARATOR_FAILED,
    }
)


def _object_items(
    protocol: Protocol,
    image: Image,
    verdict: Verdict,
    x: ReadingBody,
    y: ReadingBody,
) -> list[DisputeItem]:
    scope = Scope(Level.IMAGE, image.image_id)
    reasons = [r for r in verdict.reasons if _touches(r, scope) and r.type in _OBJECT_REASONS]
    groups = _one_fovea(protocol, object_groups(protocol, image, x, y))
    by_fovea = _nearest_by_fovea(protocol, image, x, y)
    items: list[DisputeItem] = []
    for group in groups:
        lesion = protocol.schema.lesion_class(group.class_code)
        about = [r for r in reasons if _concerns(protocol, r, group, by_fovea)]
        # A mark that goes with a disputed answer stands or falls with it.
        about += [
            r
            for r in verdict.reasons
            if _touches(r, scope)
            and protocol.item(r.item_id).question in (lesion.required_when or {})
        ]
        if _identical(image, group, x, y):
            about = []
        marks = [m for m in x.marks if m.mark_id in group.x_marks]
        marks += [m for m in y.marks if m.mark_id in group.y_marks]
        items.append(
            DisputeItem(
                scope,
                class_code=group.class_code,
                x_marks=group.x_marks,
                y_marks=group.y_marks,
                reasons=tuple(dict.fromkeys(r.type for r in about)),
                combines=lesion.geometry is Geometry.AREA and bool(group.x_marks and group.y_marks),
                differing=tuple(
                    a.code
                    for a in lesion.attributes
                    if any(
                        m.attributes.get(a.code) != marks[0].attributes.get(a.code) for m in marks
                    )
                ),
            )
        )
    return items


def _one_fovea(protocol: Protocol, groups: Sequence[ObjectGroup]) -> tuple[ObjectGroup, ...]:
    """The groups with the two readers' foveas as one object, however far apart: an image has one."""
    code = protocol.schema.fovea_class
    found = [g for g in groups if code and g.class_code == code]
    if len(found) != 2 or {bool(g.x_marks) for g in found} != {True, False}:
        return tuple(groups)
    both = replace(
        found[0],
        x_marks=found[0].x_marks + found[1].x_marks,
        y_marks=found[0].y_marks + found[1].y_marks,
    )
    return tuple(both if g is found[0] else g for g in groups if g is not found[1])


def _nearest_by_fovea(
    protocol: Protocol, image: Image, x: ReadingBody, y: ReadingBody
) -> frozenset[str]:
    """Classes of which the fovea decides which mark on the image counts."""
    return frozenset(
        lesion.code
        for lesion in protocol.schema.lesion_classes
        if lesion.completeness is Completeness.NEAREST
        and any(
            sum(m.class_code == lesion.code for m in body.on_image(image.image_id)) > 1
            for body in (x, y)
        )
    )


def _concerns(
    protocol: Protocol, reason: Reason, group: ObjectGroup, by_fovea: frozenset[str]
) -> bool:
    item = protocol.item(reason.item_id)
    if item.question and not item.classes:
        return False  # about an answer, which failed to compare
    if group.class_code == protocol.schema.fovea_class and by_fovea:
        # Which mark was compared hangs on it, so a difference in it is part of the dispute.
        return not item.classes or bool(by_fovea & {*item.classes})
    if item.classes:
        if group.class_code not in item.classes:
            return False
    elif not protocol.schema.lesion_class(group.class_code).is_lesion:
        return False
    named = reason.score.evidence.get("marks")
    if named is None:
        return True
    return bool(set(named) & {*group.x_marks, *group.y_marks})


def _identical(image: Image, group: ObjectGroup, x: ReadingBody, y: ReadingBody) -> bool:
    first = [m for m in x.marks if m.mark_id in group.x_marks]
    second = [m for m in y.marks if m.mark_id in group.y_marks]
    if [dict(m.attributes) for m in first] != [dict(m.attributes) for m in second]:
        return False
    if any(m.is_point for m in (*first, *second)):
        return [m.shape for m in first] == [m.shape for m in second]
    return _pixels(first, image) == _pixels(second, image)


def _pixels(marks: Sequence[Mark], image: Image) -> dict[int, Mask]:
    planes = [mark_planes(m, image.rows, image.cols) for m in marks]
    return union_planes(planes, image.rows, image.cols)


def with_mine(opened: OpenDispute, mine: ReadingBody) -> OpenDispute:
    """The dispute with the arbitrator's own answers and marks beside each item.

    A mark goes to the object of its class that it overlaps most, a point to the nearest within
    the protocol's matching distance. What only the arbitrator marked comes as an item of its own
    per image and class, for keeping or leaving out.
    """
    assert opened.x is not None and opened.y is not None
    theirs = {mark.mark_id: mark for mark in (*opened.x.marks, *opened.y.marks)}
    images = {image.image_id: image for image in opened.images}
    kept = [
        item
        for item in opened.items
        if item.question or item.x_marks or item.y_marks or item.disputed
    ]
    objects = [item for item in kept if not item.question]
    own: dict[tuple[str, ...], list[str]] = {}
    alone: dict[tuple[str, str], list[str]] = {}
    for mark in mine.marks:
        about = [
            item
            for item in objects
            if item.scope.key == mark.image_id and item.class_code == mark.class_code
        ]
        home = _home(opened.protocol, images[mark.image_id], mark, about, theirs)
        if home is not None:
            own.setdefault(home.key, []).append(mark.mark_id)
        else:
            bare = next((i for i in about if not i.x_marks and not i.y_marks), None)
            if bare is not None:
                own.setdefault(bare.key, []).append(mark.mark_id)
            else:
                alone.setdefault((mark.image_id, mark.class_code), []).append(mark.mark_id)
    items = [
        replace(item, mine_value=mine.answer(item.scope, item.question))
        if item.question
        else replace(item, mine_marks=tuple(own.get(item.key, ())))
        for item in kept
    ]
    items += [
        DisputeItem(Scope(Level.IMAGE, image_id), class_code=code, mine_marks=tuple(ids))
        for (image_id, code), ids in alone.items()
    ]
    return replace(opened, items=tuple(items))


def _home(
    protocol: Protocol,
    image: Image,
    mark: Mark,
    items: Sequence[DisputeItem],
    theirs: Mapping[str, Mark],
) -> DisputeItem | None:
    """The item a mark of the arbitrator's own is about."""
    best: DisputeItem | None = None
    if mark.is_point:
        rule = object_rule(protocol, mark.class_code)
        limit = rule.matching_distance_px if rule else None
        nearest = 0.0 if limit is None else float(limit)
        here = mark_center(mark, image.rows, image.cols)
        for item in items:
            for other in (*item.x_marks, *item.y_marks):
                gap = math.dist(here, mark_center(theirs[other], image.rows, image.cols))
                if gap <= nearest:
                    best, nearest = item, gap
        return best
    most = 0
    pixels = _pixels([mark], image)
    for item in items:
        members = [theirs[i] for i in (*item.x_marks, *item.y_marks)]
        common = _common(pixels, _pixels(members, image))
        if common > most:
            best, most = item, common
    return best


def _common(first: Mapping[int, Mask], second: Mapping[int, Mask]) -> int:
    return sum(first[z].intersection_area(second[z]) for z in first if z in second)


# The ruling


def asked_by_ruling(
    opened: OpenDispute, decisions: Sequence[Decision], mine: ReadingBody
) -> tuple[DisputeItem, ...]:
    """Required questions neither reader had to answer and the decisions so far make necessary."""
    known = {item.key for item in opened.items}
    undecidable = {d.key for d in decisions if d.choice is Choice.UNDECIDABLE}
    extra = {d.key for d in decisions if d.question and d.key not in known} - undecidable
    body = ruling_body(opened, [d for d in decisions if d.key not in extra], mine)
    found = [
        DisputeItem(m.scope, question=m.code, mine_value=mine.answer(m.scope, m.code))
        for m in missing_in(opened.protocol.schema, opened.images, body)
        if m.kind == "question"
    ]
    return tuple(i for i in found if i.key not in known and i.key not in undecidable)


def unresolved(
    opened: OpenDispute, decisions: Sequence[Decision], mine: ReadingBody
) -> tuple[DisputeItem, ...]:
    """Disputed items without a decision. A question that the decided answers no longer ask
    (a stage where the ruling says "normal") needs none, nor an object on an image they call not
    evaluable."""
    decided = {decision.key for decision in decisions}
    body = ruling_body(opened, decisions, mine)
    left_out = not_evaluable(opened.protocol, opened.images, body)
    open_items = []
    for item in opened.items:
        if not item.disputed or item.key in decided:
            continue
        if item.question:
            question = opened.protocol.schema.question(item.question)
            if not holds(question.when, body.answers.get(item.scope, {})):
                continue
        elif item.scope.key in left_out:
            continue
        open_items.append(item)
    return tuple(open_items)


def ruling_body(
    opened: OpenDispute, decisions: Sequence[Decision], mine: ReadingBody
) -> ReadingBody:
    """The reference the decisions add up to: what X and Y agree in, and each decision applied.

    Nothing is marked on an image that the answers call not evaluable.
    """
    body = _assembled(opened, decisions, mine)
    left_out = not_evaluable(opened.protocol, opened.images, body)
    return body.with_marks([m for m in body.marks if m.image_id not in left_out])


def _assembled(
    opened: OpenDispute, decisions: Sequence[Decision], mine: ReadingBody
) -> ReadingBody:
    assert opened.x is not None and opened.y is not None
    by_key = {decision.key: decision for decision in decisions}
    answers: dict[Scope, dict[str, Any]] = {}
    for scope in case_scopes(opened.images):
        first = opened.x.answers.get(scope, {})
        second = opened.y.answers.get(scope, {})
        answers[scope] = {
            code: first.get(code) for code in first if first.get(code) == second.get(code)
        }
    marks: list[Mark] = []
    agreed = _agreed_marks(opened)
    for item in opened.items:
        decision = by_key.get(item.key)
        if item.question:
            value = _decided_value(opened, item, decision, mine)
            if value is not None:
                answers[item.scope][item.question] = value
        elif decision is None:
            if not item.disputed:
                marks += agreed.get(item.key, ())
        else:
            marks += _decided_marks(opened, item, decision, mine)
    known = {item.key for item in opened.items}
    for decision in decisions:
        # A question neither reader was asked, and the ruling asks.
        if decision.question and decision.choice is Choice.MINE and decision.key not in known:
            value = mine.answer(decision.scope, decision.question)
            if value is not None:
                answers[decision.scope][decision.question] = value
    numbered = _numbered(marks)
    kept = {
        scope: {
            q.code: given[q.code]
            for q in asked(opened.protocol.schema, scope, given)
            if q.code in given
        }
        for scope, given in answers.items()
    }
    return ReadingBody({scope: given for scope, given in kept.items() if given}, numbered)


def _decided_value(
    opened: OpenDispute, item: DisputeItem, decision: Decision | None, mine: ReadingBody
) -> Any:
    if decision is None:
        return None if item.disputed else _tolerated_value(opened, item)
    match decision.choice:
        case Choice.ADOPT_X:
            return item.x_value
        case Choice.ADOPT_Y:
            return item.y_value
        case Choice.MINE:
            return mine.answer(item.scope, item.question)
        case Choice.AGREED:
            return _tolerated_value(opened, item)
        case _:
            return None


def _tolerated_value(opened: OpenDispute, item: DisputeItem) -> Any:
    """What stands where the rules let answers differ: as in a consensus, the first there is."""
    values = (item.x_value, item.y_value) if opened.x_is_first else (item.y_value, item.x_value)
    return values[0] if values[0] is not None else values[1]


def _agreed_marks(opened: OpenDispute) -> dict[tuple[str, ...], list[Mark]]:
    """What stands for an object nobody disputes: the protocol's merge of X and Y."""
    assert opened.x is not None and opened.y is not None
    out: dict[tuple[str, ...], list[Mark]] = {}
    for item in opened.items:
        if item.question or item.disputed:
            continue
        sides = [
            (opened.x, [m for m in opened.x.marks if m.mark_id in item.x_marks]),
            (opened.y, [m for m in opened.y.marks if m.mark_id in item.y_marks]),
        ]
        (first, a), (second, b) = sides if opened.x_is_first else sides[::-1]
        image = next(i for i in opened.images if i.image_id == item.scope.key)
        if a and b:
            bodies = [ReadingBody({}, tuple(a)), ReadingBody({}, tuple(b))]
            out[item.key] = list(merge(opened.protocol, image, bodies).marks) or _midway(
                opened.protocol, item, bodies
            )
        elif a or b:
            other = second if a else first
            if stands_alone(opened.protocol, image, (a or b)[0], bool(a), [other]):
                out[item.key] = a or b
    return out


def _midway(protocol: Protocol, item: DisputeItem, bodies: Sequence[ReadingBody]) -> list[Mark]:
    """The fovea half-way between the two nobody disputes: too far apart to match as objects, and
    still the one that both mean."""
    marks = [mark for body in bodies for mark in body.marks]
    shapes = [m.shape for m in marks if isinstance(m.shape, PointShape)]
    if item.class_code != protocol.schema.fovea_class or len(marks) != 2 or len(shapes) != 2:
        return []
    a, b = shapes
    return [replace(marks[0], shape=PointShape((a.x + b.x) / 2, (a.y + b.y) / 2, a.z))]


def _decided_marks(
    opened: OpenDispute, item: DisputeItem, decision: Decision, mine: ReadingBody
) -> list[Mark]:
    assert opened.x is not None and opened.y is not None
    first = [m for m in opened.x.marks if m.mark_id in item.x_marks]
    second = [m for m in opened.y.marks if m.mark_id in item.y_marks]
    match decision.choice:
        case Choice.ADOPT_X:
            return first
        case Choice.ADOPT_Y:
            return second
        case Choice.MINE:
            wanted = set(decision.result_marks) or set(item.mine_marks)
            return [m for m in mine.marks if m.mark_id in wanted]
        case Choice.AGREED:
            return _agreed_marks(replace(opened, items=(replace(item, reasons=()),))).get(
                item.key, []
            )
        case Choice.UNION | Choice.INTERSECTION:
            return _combined(opened, item, decision.choice, first, second)
        case Choice.NOTHING | Choice.UNDECIDABLE:
            return []


def _combined(
    opened: OpenDispute,
    item: DisputeItem,
    choice: Choice,
    first: list[Mark],
    second: list[Mark],
) -> list[Mark]:
    image = next(i for i in opened.images if i.image_id == item.scope.key)
    a, b = _pixels(first, image), _pixels(second, image)
    if choice is Choice.UNION:
        planes = union_planes([a, b], image.rows, image.cols)
    else:
        planes = {z: a[z].intersection(b[z]) for z in a if z in b}
    planes = {z: mask for z, mask in planes.items() if not mask.empty}
    if not planes:
        raise RuleViolation("arbitration.empty_combination")
    model = (first or second if opened.x_is_first else second or first)[0]
    return [
        replace(model, mark_id=f"{model.mark_id}-{choice}", shape=PaintedShape(planes), note="")
    ]


def _numbered(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Marks from several bodies with numbers and ids unique again."""
    counters: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    out: list[Mark] = []
    for mark in marks:
        if mark.mark_id in seen:
            continue
        seen.add(mark.mark_id)
        key = (mark.image_id, mark.class_code)
        counters[key] = counters.get(key, 0) + 1
        out.append(replace(mark, number=counters[key]))
    return tuple(out)


def sign(
    workspace: Workspace,
    dispute_id: str,
    decisions: Sequence[Decision],
    reason_code: str,
    confidence: int,
    note: str,
    *,
    expected: int | None = None,
) -> Changes:
    """Sign the ruling: it becomes the reference standard of the case.

    Raises RuleViolation naming unresolved items, a choice that makes no sense for its item, a
    missing reason, a missing note where the ruling matches neither reader, or what the protocol
    asks for, given the ruled answers, and the ruling leaves open; and where what was redrawn is not at
    the `expected` revision.
    """
    me = workspace.person.person_id
    with workspace.writing() as uow:
        dispute = _mine(uow, dispute_id)
        if dispute.state is not DisputeState.REVEALED:
            raise RuleViolation("arbitration.not_revealed")
        opened = _opened(uow, dispute, me)
        require_unchanged(opened.mine, expected)
        mine = opened.mine.body
        decisions = _sensible(opened, decisions, mine)
        lacking = unresolved(opened, decisions, mine)
        numbers = {image.image_id: image.number for image in opened.images}
        require_ruling_complete(
            opened.protocol,
            tuple(
                f"{named_scope(item.scope, numbers)}/{item.question or item.class_code}"
                for item in lacking
            ),
            reason_code,
            note,
            matches_neither(opened, decisions, mine),
        )
        body = checked_body(
            opened.protocol.schema, opened.images, ruling_body(opened, decisions, mine)
        )
        _check_answers(opened, decisions, body)
        sha256 = document_sha256(body_to_json(body))
        now = workspace.clock.now()
        ruling = Ruling(
            str(uuid.uuid4()),
            dispute_id,
            dispute.case_id,
            me,
            body,
            tuple(decisions),
            reason_code,
            confidence,
            note.strip(),
            now,
            sha256,
            workspace.keys.sign(me, sha256.encode()),
        )
        uow.rulings.add(ruling)
        uow.readings.submit(
            replace(
                opened.mine,
                state=ReadingState.SUBMITTED,
                submitted_at=now,
                saved_at=now,
                body_sha256=document_sha256(body_to_json(mine)),
            )
        )
        uow.references.put(_reference(opened, ruling))
        uow.disputes.update(
            replace(dispute, state=DisputeState.RESOLVED, decisions=tuple(decisions))
        )
        case = opened.case
        uow.cases.update(replace(case, state=moved(case.state, CaseState.RULED, case.number)))
        uow.audit.append(
            "ruling.signed",
            dispute.case_id,
            {"body_sha256": sha256, "signature": ruling.signature, "reason": reason_code},
        )
        uow.commit()
    return changed(Topic.DISPUTES, Topic.CASES, case_ids=(dispute.case_id,))


def matches_neither(opened: OpenDispute, decisions: Sequence[Decision], mine: ReadingBody) -> bool:
    """Whether some decision is neither X's nor Y's word: the ruling then needs a note."""
    neither = (Choice.MINE, Choice.NOTHING, Choice.UNDECIDABLE)
    return any(d.choice in neither for d in decisions if not _matches_one(d, opened, mine))


def _matches_one(decision: Decision, opened: OpenDispute, mine: ReadingBody) -> bool:
    """Whether a decision for one's own value, or for nothing, is what X or Y said anyway."""
    if decision.choice is Choice.NOTHING:
        return not decision.x_marks or not decision.y_marks
    if decision.choice is not Choice.MINE or not decision.question:
        return False
    value = mine.answer(decision.scope, decision.question)
    assert opened.x is not None and opened.y is not None
    return value in (
        opened.x.answer(decision.scope, decision.question),
        opened.y.answer(decision.scope, decision.question),
    )


def _sensible(
    opened: OpenDispute, decisions: Sequence[Decision], mine: ReadingBody
) -> tuple[Decision, ...]:
    """The decisions, without those on own marks that were taken back since. Raises RuleViolation
    for one that makes no sense for its item."""
    items = {item.key: item for item in opened.items}
    numbers = {image.image_id: image.number for image in opened.images}
    kept: list[Decision] = []
    for decision in decisions:
        name = f"{named_scope(decision.scope, numbers)}/{decision.question or decision.class_code}"
        item = items.get(decision.key)
        if item is None:
            if decision.x_marks or decision.y_marks:
                raise RuleViolation("arbitration.unknown_item", item=name)
            if not decision.question:
                continue
            own = mine.answer(decision.scope, decision.question)
            item = DisputeItem(decision.scope, question=decision.question, mine_value=own)
        combining = decision.choice in (Choice.UNION, Choice.INTERSECTION)
        if combining and item.combines and item.differing:
            raise RuleViolation(
                "arbitration.attributes_differ", item=name, attributes=list(item.differing)
            )
        if decision.choice not in allowed(item):
            raise RuleViolation("arbitration.choice", item=name, choice=str(decision.choice))
        if decision.choice is Choice.MINE:
            ids = {m.mark_id for m in mine.marks}
            drawn = ids & {*(decision.result_marks or item.mine_marks)}
            if item.mine_value is None if item.question else not drawn:
                raise RuleViolation("arbitration.nothing_own", item=name)
        kept.append(decision)
    return tuple(kept)


def _check_answers(opened: OpenDispute, decisions: Sequence[Decision], body: ReadingBody) -> None:
    """What the protocol asks for given the ruled answers, and the ruling leaves open: questions,
    lesions that go with an answer, attributes, a fovea; other than what was ruled undecidable, or
    was no part of the dispute and fell to the merge."""
    undecidable = {
        (d.scope, d.question or d.class_code) for d in decisions if d.choice is Choice.UNDECIDABLE
    }
    require_consistent(opened.protocol, opened.images, body)
    ruled = {decision.key for decision in decisions}
    drawn: dict[tuple[Scope, str], bool] = {}
    for item in opened.items:
        if item.x_marks or item.y_marks:
            about = item.scope, item.class_code
            drawn[about] = drawn.get(about, False) or item.disputed or item.key in ruled
    merged = {about for about, in_dispute in drawn.items() if not in_dispute}
    numbers = {image.image_id: image.number for image in opened.images}
    lacking = [
        (named_scope(m.scope, numbers), m.code, m.kind)
        for m in missing_in(opened.protocol.schema, opened.images, body)
        if m.kind == "attribute" or (m.scope, m.code) not in undecidable | merged
    ]
    if lacking:
        raise RuleViolation("arbitration.answers_missing", missing=lacking)


_PROVENANCE = {
    Choice.ADOPT_X: Provenance.ADOPTED_X,
    Choice.ADOPT_Y: Provenance.ADOPTED_Y,
    Choice.UNDECIDABLE: Provenance.UNDECIDABLE,
    Choice.AGREED: Provenance.AGREED,
}


def _reference(opened: OpenDispute, ruling: Ruling) -> ReferenceStandard:
    """The reference as a view of the ruling, with where each item comes from."""
    by_question = {(d.scope, d.question): d.choice for d in ruling.decisions if d.question}
    provenance: dict[str, str] = {}
    free = {i.key: i for i in opened.items if not i.disputed}
    for scope, given in ruling.body.answers.items():
        for code in given:
            item = free.get((str(scope), code, "", "|"))
            if item is not None and (scope, code) not in by_question:
                alone = item.x_value is None or item.y_value is None
                source = Provenance.ONE_READER if alone else Provenance.TOLERATED
                provenance[f"{scope}/{code}"] = str(source)
                continue
            choice = by_question.get((scope, code), Choice.AGREED)
            provenance[f"{scope}/{code}"] = str(_PROVENANCE.get(choice, Provenance.ARBITRATED))
    for (scope, code), choice in by_question.items():
        openers = opened.protocol.schema.question(code).when or {}
        given = ruling.body.answers.get(scope, {})
        unasked = any(q in given and not holds({q: v}, given) for q, v in openers.items())
        if choice is Choice.UNDECIDABLE and not unasked:
            provenance[f"{scope}/{code}"] = str(Provenance.UNDECIDABLE)
    left_out = not_evaluable(opened.protocol, opened.images, ruling.body)
    counts: dict[tuple[Scope, str], int] = {}
    for decision in ruling.decisions:
        about = decision.scope, decision.class_code
        if decision.choice is Choice.UNDECIDABLE and not decision.question:
            if decision.scope.key not in left_out:
                counts[about] = counts.get(about, 0) + 1
                key = f"{decision.scope}/{object_code(decision.class_code, counts[about])}"
                provenance[key] = str(Provenance.UNDECIDABLE)
    assembled = _assembled(opened, ruling.decisions, opened.mine.body).marks
    dropped = [m.mark_id for m in assembled if m.image_id in left_out]
    assert opened.x is not None and opened.y is not None
    x_ids = {m.mark_id for m in opened.x.marks}
    y_ids = {m.mark_id for m in opened.y.marks}
    disputed = {i for item in opened.items if item.disputed for i in (*item.x_marks, *item.y_marks)}
    schema = opened.protocol.schema
    alone_ids = {
        i
        for item in free.values()
        if item.class_code and not schema.lesion_class(item.class_code).is_lesion
        if not (item.x_marks and item.y_marks)
        for i in (*item.x_marks, *item.y_marks)
    }
    for mark in ruling.body.marks:
        source = Provenance.ARBITRATED
        if mark.mark_id in x_ids and mark.mark_id in disputed:
            source = Provenance.ADOPTED_X
        elif mark.mark_id in y_ids and mark.mark_id in disputed:
            source = Provenance.ADOPTED_Y
        elif not any(m.mark_id == mark.mark_id for m in opened.mine.body.marks) and not any(
            mark.mark_id.endswith(f"-{choice}") for choice in (Choice.UNION, Choice.INTERSECTION)
        ):
            source = Provenance.ONE_READER if mark.mark_id in alone_ids else Provenance.AGREED
        provenance[f"mark:{mark.mark_id}"] = str(source)
    return ReferenceStandard(
        ruling.case_id,
        "arbitration",
        ruling.body,
        provenance,
        {
            "merge": str(opened.protocol.consensus_merge),
            "reason": ruling.reason_code,
            "not_evaluable": dropped,
        },
    )


def reopen(workspace: Workspace, dispute_id: str, because: str) -> Changes:
    """Open a resolved dispute again; history stays, a reason is needed.

    Raises RuleViolation without a reason or for a dispute that is not resolved.
    """
    require_role(workspace.person, Role.COORDINATOR)
    if len(because.strip()) < MIN_REASON:
        raise RuleViolation("arbitration.reopen_reason", minimum=MIN_REASON)
    with workspace.writing() as uow:
        dispute = uow.disputes.get(dispute_id)
        case = uow.cases.get(dispute.case_id)
        if dispute.state is not DisputeState.RESOLVED or case.state is not CaseState.RULED:
            raise RuleViolation("arbitration.not_resolved")
        uow.cases.update(replace(case, state=moved(case.state, CaseState.DISPUTED, case.number)))
        uow.disputes.add(
            replace(
                dispute,
                dispute_id=str(uuid.uuid4()),
                state=DisputeState.OPEN,
                arbitrator_id="",
                opened_at=workspace.clock.now(),
                revealed_at=None,
                revealed_without_blind_read=False,
                reopened_because=because.strip(),
                decisions=(),
            )
        )
        uow.audit.append("dispute.reopened", dispute.case_id, {})
        uow.commit()
    return changed(Topic.DISPUTES, Topic.CASES, case_ids=(dispute.case_id,))


def release(workspace: Workspace, dispute_id: str, because: str) -> Changes:
    """Give a dispute that an arbitrator has taken and not sealed back to the queue.

    What was drawn stays with that arbitrator as a draft, and is found again if it is the same one
    who takes it next. Raises RuleViolation without a reason, for a dispute nobody has taken, and
    after the own read was sealed or X and Y were shown.
    """
    require_role(workspace.person, Role.COORDINATOR)
    if len(because.strip()) < MIN_REASON:
        raise RuleViolation("arbitration.release_reason", minimum=MIN_REASON)
    with workspace.writing() as uow:
        dispute = uow.disputes.get(dispute_id)
        if dispute.state is not DisputeState.OPEN or not dispute.arbitrator_id:
            raise RuleViolation("arbitration.not_to_release")
        uow.disputes.update(replace(dispute, arbitrator_id=""))
        uow.audit.append(
            "dispute.released",
            dispute.case_id,
            {"arbitrator": dispute.arbitrator_id, "reason": because.strip()},
        )
        uow.commit()
    return changed(Topic.DISPUTES, case_ids=(dispute.case_id,))
