"""Report: gather what the study report prints, from the store alone, and have it written."""

from __future__ import annotations

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import workstation
from workstation.comparators.regions import NearestUndefined, Regions
from workstation.domain.agreement import Pair, Score, Verdict, agrees, unit_scopes
from workstation.domain.arbitration import (
    Choice,
    DisputeState,
    ReferenceStandard,
    Ruling,
    object_code,
)
from workstation.domain.audit import AuditEvent
from workstation.domain.blinding import Field
from workstation.domain.case import REFERENCED, Case, CaseState
from workstation.domain.estimate import NotEstimable
from workstation.domain.image import Image
from workstation.domain.marks import area_px, intersection_px
from workstation.domain.people import Person, Role
from workstation.domain.ports import Comparison, UnitOfWork
from workstation.domain.protocol import LESIONS_KEPT, AgreementItem, Protocol
from workstation.domain.reading import Reading, ReadingBody, case_scopes, images_about
from workstation.domain.report import (
    AccuracyScope,
    AgreementEntry,
    AgreementRule,
    AuditPart,
    Criterion,
    DatasetPart,
    Flow,
    Intake,
    MarkedClass,
    OverlapEntry,
    ProtocolPart,
    ReaderAccuracyEntry,
    ReaderEntry,
    ReasonCount,
    ReferencePart,
    ReportData,
    RulingEntry,
    RulingSummary,
    SoftwareVersion,
    StandardClaim,
    StudyPart,
)
from workstation.domain.schema import Level, Question, QuestionKind, Scope
from workstation.domain.text import Label
from workstation.metrics.intervals import wilson, wilson_clustered
from workstation.metrics.kappa import kappa_of_pairs
from workstation.metrics.overlap import PairCounts, iou_distribution
from workstation.metrics.reader_accuracy import Answer, answer_accuracy, mean_iou
from workstation.services.auditing import verify_chain
from workstation.services.workspace import Workspace, current_protocol, require_sees, sees

STANDING_LIMITS = ("identity_declared", "display_unchecked")
_LIBRARIES = ("numpy", "scipy", "pydicom", "imagecodecs", "SQLAlchemy", "sqlcipher3", "typst")


@dataclass(frozen=True, slots=True)
class _CaseFacts:
    """A case with everything the report counts of it."""

    case: Case
    images: tuple[Image, ...]
    readings: tuple[Reading, ...]
    comparison: Comparison | None
    reference: ReferenceStandard | None

    @property
    def verdict(self) -> Verdict | None:
        return self.comparison.verdict if self.comparison else None


def make_report(workspace: Workspace, language: str, out: Path, limits: Sequence[str] = ()) -> Path:
    """Gather and write the report. Raises RuleViolation for anyone but a coordinator: it shows
    how readers answered."""
    return workspace.report_writer(report_data(workspace, limits), language, out)


def report_data(workspace: Workspace, limits: Sequence[str] = ()) -> ReportData:
    """Everything the report prints, at one state of the store."""
    with workspace.reading() as uow:
        require_sees(uow, Field.STATISTICS, Role.COORDINATOR)
        sha256, protocol = current_protocol(uow)
        study = uow.study.get()
        assert study is not None
        facts = tuple(_facts(uow))
        people = {p.person_id: p for p in uow.people.all()}
        versions = uow.datasets.all()
        events = uow.audit.all()
        rulings = _standing_rulings(uow)
        disputes = {d.dispute_id: d for d in uow.disputes.all()}
        intake = _intake(uow)
    return ReportData(
        study=StudyPart(study.study_id, study.title, protocol.purpose),
        protocol=_protocol(protocol, sha256),
        blindness_level=workspace.keys.blindness_level,
        generated_at=workspace.clock.now(),
        product_version=workstation.__version__,
        readers=_readers(people, facts, rulings),
        intake=intake,
        flows=_flows(protocol, facts),
        agreement=tuple(_agreement(protocol, facts, people, study.seed)),
        overlap=tuple(_overlap(protocol, facts, study.seed)),
        rulings=tuple(_rulings(protocol, facts, rulings, people)),
        ruling_summary=_ruling_summary(rulings, disputes),
        reader_accuracy=tuple(_accuracy(protocol, facts, people, study.seed)),
        dataset=None
        if not versions
        else DatasetPart(
            versions[-1].version,
            versions[-1].fingerprint,
            versions[-1].frozen_at,
            versions[-1].case_count,
            versions[-1].image_count,
            len(versions[-1].files),
            sum(f.size for f in versions[-1].files),
            versions[-1].parent,
        ),
        audit=_audit(events),
        software=_software(),
        limits=(*STANDING_LIMITS, *limits),
        references=_references(protocol, facts),
    )


def _standing_rulings(uow: UnitOfWork) -> tuple[Ruling, ...]:
    """The last ruling of every ruled case: not one that was re-opened since."""
    last = {ruling.case_id: ruling for ruling in uow.rulings.all()}
    return tuple(
        ruling
        for ruling in last.values()
        if sees(uow, Field.VERDICT, Role.COORDINATOR, uow.cases.get(ruling.case_id))
    )


def _facts(uow: UnitOfWork) -> Iterator[_CaseFacts]:
    for case in uow.cases.all():
        yield _CaseFacts(
            case,
            tuple(i for i in uow.images.of_case(case.case_id) if i.is_target),
            uow.readings.submitted(case.case_id),
            uow.comparisons.latest(case.case_id),
            uow.references.get(case.case_id),
        )


def _audit(events: Sequence[AuditEvent]) -> AuditPart:
    head = events[-1].hash if events else ""
    return AuditPart(len(events), head, verify_chain(events) is None)


def _software() -> tuple[SoftwareVersion, ...]:
    found = [SoftwareVersion("Python", platform.python_version())]
    for name in _LIBRARIES:
        try:
            found.append(SoftwareVersion(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return tuple(found)


def _protocol(protocol: Protocol, sha256: str) -> ProtocolPart:
    return ProtocolPart(
        protocol.code,
        str(protocol.revision),
        sha256,
        protocol.title,
        protocol.readers_per_case,
        str(protocol.blind_read),
        str(protocol.consensus_merge),
        tuple(StandardClaim(s.code, s.text, s.verified) for s in protocol.sources),
        tuple(
            AgreementRule(
                i.item_id,
                i.label,
                i.kind,
                str(i.unit),
                str(i.operator),
                i.threshold_text,
                i.source,
            )
            for i in protocol.agreement
        ),
        tuple(
            MarkedClass(c.code, c.label, str(c.geometry), str(c.completeness))
            for c in protocol.schema.lesion_classes
        ),
    )


def _readers(
    people: dict[str, Person], facts: Sequence[_CaseFacts], rulings: Sequence[Ruling]
) -> tuple[ReaderEntry, ...]:
    """Readers and arbitrators by code; names stay out of the report."""
    counts: dict[str, int] = {}
    for one in facts:
        for reading in one.readings:
            counts[reading.person_id] = counts.get(reading.person_id, 0) + 1
    ruled: dict[str, int] = {}
    for ruling in rulings:
        ruled[ruling.person_id] = ruled.get(ruling.person_id, 0) + 1
    out = []
    for person in people.values():
        for role, done in ((Role.READER, counts), (Role.ARBITRATOR, ruled)):
            if role in person.roles:
                q = person.qualification
                out.append(
                    ReaderEntry(
                        person.code,
                        str(role),
                        "",
                        q.title,
                        q.licence,
                        q.years,
                        q.institution,
                        done.get(person.person_id, 0),
                    )
                )
    return tuple(out)


def _intake(uow: UnitOfWork) -> Intake | None:
    records = uow.imports.all()
    if not records:
        return None
    offered = sum(r.file_count for r in records)
    refused: dict[str, int] = {}
    for record in records:
        for refusal in record.refusals:
            refused[refusal.code] = refused.get(refusal.code, 0) + 1
    return Intake(
        offered,
        offered - sum(refused.values()),
        tuple(ReasonCount(code, n) for code, n in sorted(refused.items())),
    )


# Flow


def _flows(protocol: Protocol, facts: Sequence[_CaseFacts]) -> tuple[Flow, ...]:
    flows = [_flow("case", protocol, facts)]
    if protocol.verdict_unit is Level.IMAGE:
        flows.append(_flow("image", protocol, facts))
    return tuple(flows)


_READ = frozenset(
    {CaseState.AWAITING_COMPARISON, CaseState.AGREED, CaseState.DISPUTED, CaseState.RULED}
)


def _flow(unit: str, protocol: Protocol, facts: Sequence[_CaseFacts]) -> Flow:
    """Boxes that sum. For images, an undisputed image of a disputed case counts as agreed."""
    n = {f.case.case_id: 1 if unit == "case" else len(f.images) for f in facts}

    def count(*states: CaseState) -> int:
        return sum(n[f.case.case_id] for f in facts if f.case.state in states)

    excluded: dict[str, int] = {}
    agreed = count(CaseState.AGREED)
    ruled = open_disputes = irreducible = 0
    leading: dict[str, int] = {}
    met: dict[str, int] = {}
    for f in facts:
        if f.case.state is CaseState.EXCLUDED:
            reason = f.case.exclusion_reason or "?"
            excluded[reason] = excluded.get(reason, 0) + n[f.case.case_id]
        if f.case.state not in (CaseState.DISPUTED, CaseState.RULED) or f.verdict is None:
            continue
        units: list[tuple[Scope, ...]] = [(u,) for u in f.verdict.disputed_units]
        if unit == "case":
            units = [f.verdict.disputed_units]
        else:
            agreed += n[f.case.case_id] - len(units)
        for group in units:
            reasons = [r for u in group for r in f.verdict.of_unit(u)]
            first = reasons[0].item_id
            leading[first] = leading.get(first, 0) + 1
            for item_id in dict.fromkeys(r.item_id for r in reasons):
                met[item_id] = met.get(item_id, 0) + 1
            if f.case.state is CaseState.DISPUTED:
                open_disputes += 1
            elif _undecidable(f, group):
                irreducible += 1
            else:
                ruled += 1
    disputed = ruled + open_disputes + irreducible
    withdrawn = count(CaseState.WITHDRAWN)
    included = sum(n.values()) - sum(excluded.values())
    unassigned = count(CaseState.IMPORTED, CaseState.INCLUDED)
    return Flow(
        unit=unit,
        imported=sum(n.values()),
        excluded=tuple(ReasonCount(r, k, Label(r, r)) for r, k in sorted(excluded.items())),
        included=included,
        unassigned=unassigned,
        assigned=included - unassigned,
        unread=count(CaseState.ASSIGNED),
        read=count(*_READ),
        awaiting_comparison=count(CaseState.AWAITING_COMPARISON),
        agreed=agreed,
        disputed=disputed,
        disputed_by_reason=_by_item(protocol, leading),
        ruled=ruled,
        irreducible=irreducible,
        open_disputes=open_disputes,
        reasons_met=_by_item(protocol, met),
        withdrawn=(ReasonCount("withdrawn", withdrawn),) if withdrawn else (),
    )


def _by_item(protocol: Protocol, counts: dict[str, int]) -> tuple[ReasonCount, ...]:
    found = [
        ReasonCount(i.item_id, counts[i.item_id], i.label)
        for i in protocol.agreement
        if i.item_id in counts
    ]
    if LESIONS_KEPT.item_id in counts:
        found.append(ReasonCount(LESIONS_KEPT.item_id, counts[LESIONS_KEPT.item_id]))
    return tuple(found)


def _undecidable(facts: _CaseFacts, units: Sequence[Scope]) -> bool:
    """Whether the ruling left something of these units undecidable."""
    if facts.reference is None:
        return False
    inside = frozenset().union(*(images_about(u, facts.images) for u in units))
    return any(
        images_about(scope, facts.images) & inside for scope, _ in facts.reference.undecidable
    )


def _references(protocol: Protocol, facts: Sequence[_CaseFacts]) -> ReferencePart | None:
    """Of all final references; None while there is none."""
    found = [f.reference for f in facts if f.case.state in REFERENCED and f.reference is not None]
    if not found:
        return None
    sources: Counter[str] = Counter()
    tolerated: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for reference in found:
        for source in reference.provenance.values():
            sources["adopted" if source.startswith("adopted_") else source] += 1
        for key in reference.notes.get("tolerated_answers", ()):
            tolerated[key.rpartition("/")[2]] += 1
        for entry in reference.notes.get("left_out", ()):
            left_out[entry["class"]] += entry["count"]
    return ReferencePart(
        tuple(ReasonCount(code, n) for code, n in sorted(sources.items())),
        tuple(
            ReasonCount(q.code, tolerated[q.code], q.label)
            for q in protocol.schema.questions
            if q.code in tolerated
        ),
        tuple(
            ReasonCount(c.code, left_out[c.code], c.label)
            for c in protocol.schema.lesion_classes
            if c.code in left_out
        ),
    )


# Agreement


def _compared_questions(protocol: Protocol) -> tuple[Question, ...]:
    """Questions the protocol demands agreement in, with a scale of categories."""
    codes = dict.fromkeys(i.question for i in protocol.agreement if i.question)
    out = []
    for question in protocol.schema.questions:
        if question.code in codes and question.kind in (
            QuestionKind.NOMINAL,
            QuestionKind.ORDINAL,
        ):
            out.append(question)
    return tuple(out)


def category(protocol: Protocol, body: ReadingBody, scope: Scope, question: Question) -> str:
    """The answer's code; where the question was not asked, the answer that made it so.

    A stage under "normal" is the category `diagnosis=normal`, so that no image drops out of the
    table only because one reader was not asked.
    """
    value = body.answer(scope, question.code)
    if value is not None:
        return str(value)
    for opener, accepted in (question.when or {}).items():
        given = body.answer(scope, opener)
        if given is None:
            return category(protocol, body, scope, protocol.schema.question(opener))
        if given not in accepted:
            return f"{opener}={given}"
    return "unanswered"


def _category_label(protocol: Protocol, question: Question, code: str) -> Label:
    if code in question.codes:
        return question.option(code).label
    opener, _, value = code.partition("=")
    if not value:
        return Label("未回答", "unanswered")
    other = protocol.schema.question(opener)
    option = other.option(value)
    return Label(
        f"{other.label.zh_CN}：{option.label.zh_CN}", f"{other.label.en}: {option.label.en}"
    )


def _agreement(
    protocol: Protocol, facts: Sequence[_CaseFacts], people: dict[str, Person], seed: int
) -> Iterator[AgreementEntry]:
    """Kappa per question and pair of readers, over all compared cases."""
    for question in _compared_questions(protocol):
        pairs: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for f in facts:
            if f.comparison is None:
                continue
            scopes = [s for s in case_scopes(f.images) if s.level is question.level]
            ordered = sorted(f.readings, key=lambda r: people[r.person_id].code)
            for a, b in combinations(ordered, 2):
                key = (people[a.person_id].code, people[b.person_id].code)
                pairs.setdefault(key, []).extend(
                    (
                        f.case.subject_id,
                        category(protocol, a.body, scope, question),
                        category(protocol, b.body, scope, question),
                    )
                    for scope in scopes
                )
        for (first, second), observed in sorted(pairs.items()):
            if not observed:
                continue
            seen = {c for _, a, b in observed for c in (a, b)}
            categories = [*question.codes, *sorted(seen - set(question.codes))]
            result = kappa_of_pairs(
                [a for _, a, _ in observed],
                [b for _, _, b in observed],
                [p for p, _, _ in observed],
                categories,
                unit=str(question.level),
                seed=seed,
            )
            yield AgreementEntry(
                question.code,
                question.label,
                str(question.level),
                first,
                second,
                tuple(_category_label(protocol, question, c) for c in categories),
                result,
                _percent(observed, str(question.level)),
            )


def _percent(observed: Sequence[tuple[str, str, str]], unit: str) -> Any:
    """Raw agreement with the interval that allows for patients, where there are several."""
    totals: dict[str, int] = {}
    same: dict[str, int] = {}
    for patient, a, b in observed:
        totals[patient] = totals.get(patient, 0) + 1
        same[patient] = same.get(patient, 0) + int(a == b)
    patients = sorted(totals)
    if len(patients) == len(observed):
        return wilson(sum(same.values()), len(observed), unit=unit)
    clustered = wilson_clustered(
        [same[p] for p in patients], [totals[p] for p in patients], unit=unit
    )
    if isinstance(clustered, NotEstimable):
        return wilson(sum(same.values()), len(observed), unit=unit)
    return clustered


def _overlap(protocol: Protocol, facts: Sequence[_CaseFacts], seed: int) -> Iterator[OverlapEntry]:
    """IoU distribution of every overlap rule (per class, where it is a class rule)."""
    for item in protocol.agreement:
        if item.kind not in ("lesion_iou", "class_iou"):
            continue
        for code in item.classes or ("",):
            found = list(_overlap_scores(item, code, facts))
            counts = [c for c in (_counts(patient, s) for patient, s in found) if c is not None]
            meeting = sum(1 for _, s in found if agrees(item, s))
            label = item.label
            if code:
                name = protocol.schema.lesion_class(code).label
                label = Label(f"{item.label.zh_CN}（{name.zh_CN}）", f"{item.label.en} ({name.en})")
            yield OverlapEntry(
                f"{item.item_id}.{code}" if code else item.item_id,
                label,
                str(item.unit),
                len(found),
                iou_distribution(counts, unit=str(item.unit), seed=seed),
                Criterion(
                    str(item.operator),
                    item.threshold_text,
                    "not_estimable" if not found else "met" if meeting == len(found) else "not_met",
                    item.source,
                ),
                meeting,
            )


def _overlap_scores(
    item: AgreementItem, code: str, facts: Sequence[_CaseFacts]
) -> Iterator[tuple[str, Score]]:
    for f in facts:
        if f.verdict is None:
            continue
        for score in f.verdict.scores:
            if score.item_id == item.item_id and score.evidence.get("class", "") in ("", code):
                yield f.case.subject_id, score


def _counts(patient: str, score: Score) -> PairCounts | None:
    e = score.evidence
    if "intersection" not in e:
        return None
    return PairCounts(patient, int(e["intersection"]), int(e["first"]), int(e["second"]))


# Rulings and accuracy


def _rulings(
    protocol: Protocol,
    facts: Sequence[_CaseFacts],
    rulings: Sequence[Ruling],
    people: dict[str, Person],
) -> Iterator[RulingEntry]:
    by_case = {f.case.case_id: f for f in facts}
    for ruling in rulings:
        f = by_case[ruling.case_id]
        numbers = {i.image_id: i.number for i in f.images}
        reason = next((o for o in protocol.reason_codes if o.code == ruling.reason_code), None)
        for decision in ruling.decisions:
            if decision.choice is Choice.AGREED:
                continue
            if decision.question:
                item = protocol.schema.question(decision.question).label
            else:
                item = protocol.schema.lesion_class(decision.class_code).label
            yield RulingEntry(
                f.case.number,
                numbers.get(decision.scope.key, ""),
                item,
                str(decision.choice),
                ruling.reason_code,
                people[ruling.person_id].code,
                ruling.confidence,
                ruling.note,
                reason.label if reason else None,
            )


def _ruling_summary(rulings: Sequence[Ruling], disputes: dict[str, Any]) -> RulingSummary | None:
    if not rulings:
        return None
    resolved = [disputes[r.dispute_id] for r in rulings]
    without = sum(
        1 for d in resolved if d.state is DisputeState.RESOLVED and d.revealed_without_blind_read
    )
    return RulingSummary(len(resolved) - without, without)


def _accuracy(
    protocol: Protocol, facts: Sequence[_CaseFacts], people: dict[str, Person], seed: int
) -> Iterator[ReaderAccuracyEntry]:
    """Every reader against the final references: all of them, and those ruled alone."""
    referenced = [f for f in facts if f.case.state in REFERENCED and f.reference is not None]
    readers = sorted(
        {r.person_id for f in referenced for r in f.readings}, key=lambda p: people[p].code
    )
    scopes: tuple[AccuracyScope, ...] = ("all", "disputed")
    for person_id in readers:
        for which in scopes:
            chosen = [f for f in referenced if which == "all" or f.case.state is CaseState.RULED]
            for question in _compared_questions(protocol):
                unit = str(question.level)
                answers, left_out = _answers(protocol, chosen, person_id, question, which)
                if answers or left_out:
                    yield ReaderAccuracyEntry(
                        people[person_id].code,
                        question.label,
                        unit,
                        which,
                        answer_accuracy(answers, unit=unit)
                        if answers
                        else NotEstimable("no_observations", {"unit": unit}),
                        undecidable=_left_out({question.code: left_out}, protocol),
                    )
            classes: dict[str, int] = {}
            regions = list(_regions(protocol, chosen, person_id, which, classes))
            if regions:
                known = [counts for counts in regions if counts is not None]
                yield ReaderAccuracyEntry(
                    people[person_id].code,
                    Label("病灶总体区域平均交并比", "Mean IoU of the overall lesion area"),
                    str(protocol.verdict_unit),
                    which,
                    mean_iou(known, unit=str(protocol.verdict_unit), seed=seed),
                    both_empty=sum(counts.both_empty for counts in known),
                    undefined=len(regions) - len(known),
                    undecidable=_left_out(classes, protocol),
                )


def _left_out(counts: dict[str, int], protocol: Protocol) -> tuple[ReasonCount, ...]:
    schema = protocol.schema
    labels = {c.code: c.label for c in schema.lesion_classes}
    labels |= {q.code: q.label for q in schema.questions}
    return tuple(ReasonCount(code, n, labels[code]) for code, n in counts.items() if n)


def _counted(facts: _CaseFacts, scope: Scope, which: AccuracyScope) -> bool:
    """Whether the scope enters: under `disputed` only what lies within the disputed units."""
    if which != "disputed":
        return True
    units = facts.verdict.disputed_units if facts.verdict else ()
    disputed = frozenset().union(*(images_about(u, facts.images) for u in units))
    return images_about(scope, facts.images) <= disputed


def _answers(
    protocol: Protocol,
    facts: Sequence[_CaseFacts],
    person_id: str,
    question: Question,
    which: AccuracyScope,
) -> tuple[list[Answer], int]:
    """The reader's answers beside the reference's, and how many of these are undecidable: nobody
    can be right or wrong about those."""
    answers: list[Answer] = []
    left_out = 0
    for f in facts:
        assert f.reference is not None
        reading = next((r for r in f.readings if r.person_id == person_id), None)
        if reading is None:
            continue
        for scope in case_scopes(f.images):
            if scope.level is not question.level or not _counted(f, scope, which):
                continue
            if _is_open(protocol, f.reference, scope, question):
                left_out += 1
                continue
            answers.append(
                Answer(
                    f.case.subject_id,
                    category(protocol, reading.body, scope, question),
                    category(protocol, f.reference.body, scope, question),
                )
            )
    return answers, left_out


def _is_open(
    protocol: Protocol, reference: ReferenceStandard, scope: Scope, question: Question
) -> bool:
    """Whether the reference leaves it undecidable, or whether it is asked at all."""
    if (scope, question.code) in reference.undecidable:
        return True
    for opener, accepted in (question.when or {}).items():
        given = reference.body.answer(scope, opener)
        if given is not None:
            if given not in accepted:
                return False
        elif _is_open(protocol, reference, scope, protocol.schema.question(opener)):
            return True
    return False


def _regions(
    protocol: Protocol,
    facts: Sequence[_CaseFacts],
    person_id: str,
    which: AccuracyScope,
    left_out: dict[str, int],
) -> Iterator[PairCounts | None]:
    """Pixels of the reader and the reference in every unit; None where the nearest lesion of a
    class is not known on either side. A class with an object ruled undecidable on an image is
    left out there on both sides, and counted in `left_out`."""
    for f in facts:
        assert f.reference is not None
        reading = next((r for r in f.readings if r.person_id == person_id), None)
        if reading is None:
            continue
        reader, reference = _with_fovea(protocol, reading.body, f.reference.body)
        pair = Regions(Pair(protocol, f.images, reader, reference))
        for unit, images in unit_scopes(f.images, protocol.verdict_unit).items():
            if not _counted(f, unit, which):
                continue
            both = first = second = 0
            try:
                for image in images:
                    scope = Scope(Level.IMAGE, image.image_id)
                    unknown = [
                        c.code
                        for c in protocol.schema.lesion_classes
                        if (scope, object_code(c.code)) in f.reference.undecidable
                    ]
                    a, b = (
                        pair.union(
                            side,
                            [
                                m
                                for m in pair.compared_areas(side, image)
                                if m.class_code not in unknown
                            ],
                            image,
                        )
                        for side in (0, 1)
                    )
                    for code in unknown:
                        left_out[code] = left_out.get(code, 0) + 1
                    both += intersection_px(a, b)
                    first += area_px(a)
                    second += area_px(b)
            except NearestUndefined:
                yield None
                continue
            yield PairCounts(f.case.subject_id, both, first, second)


def _with_fovea(
    protocol: Protocol, first: ReadingBody, second: ReadingBody
) -> tuple[ReadingBody, ReadingBody]:
    """Both bodies with a fovea on every image where at least one of them has it: a ruling need
    not mark it anew, and which lesion is the nearest is known all the same."""
    code = protocol.schema.fovea_class

    def lent(body: ReadingBody, other: ReadingBody) -> ReadingBody:
        have = {m.image_id for m in body.marks if m.class_code == code}
        used = {m.mark_id for m in body.marks}
        new = [
            replace(m, mark_id=f"{m.mark_id}-lent") if m.mark_id in used else m
            for m in other.marks
            if m.class_code == code and m.image_id not in have
        ]
        return body.with_marks((*body.marks, *new))

    return lent(first, second), lent(second, first)
