"""Repositories: domain values in and out of the tables, one small class per noun."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
import zstandard

from workstation.domain.arbitration import Dispute, ReferenceStandard, Ruling
from workstation.domain.audit import AuditEvent
from workstation.domain.case import Assignment, AssignmentState, Case, CaseState, Subject
from workstation.domain.dataset import DatasetVersion
from workstation.domain.errors import IntegrityProblem, RuleViolation
from workstation.domain.image import Image
from workstation.domain.people import Person
from workstation.domain.ports import Clock, Comparison, ImportRecord, Study
from workstation.domain.protocol import Protocol, protocol_from_dict
from workstation.domain.reading import (
    Reading,
    ReadingBody,
    ReadingKind,
    ReadingState,
    body_from_json,
    body_to_json,
    changed_elsewhere,
)
from workstation.services.auditing import event_hash
from workstation.store import tables as t
from workstation.store.codec import decode, encode

T = TypeVar("T")


def packed(value: Any) -> bytes:
    """A value as compressed JSON."""
    text = json.dumps(encode(value), ensure_ascii=False, separators=(",", ":"))
    return zstandard.ZstdCompressor(level=1).compress(text.encode())


def unpacked(data: bytes) -> Any:
    try:
        return json.loads(zstandard.ZstdDecompressor().decompress(data))
    except (zstandard.ZstdError, ValueError) as error:
        raise IntegrityProblem("store.unreadable_value", kind="body") from error


class _Rows:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def _one(self, query: sa.Select[Any], noun: str, key: str) -> Any:
        row = self._c.execute(query).one_or_none()
        if row is None:
            raise RuleViolation("store.not_found", noun=noun, key=key)
        return row

    def _update(self, table: sa.Table, key: str, values: Mapping[str, Any]) -> None:
        done = self._c.execute(sa.update(table).where(table.c.id == key).values(**values))
        if done.rowcount != 1:
            raise RuleViolation("store.not_found", noun=table.name, key=key)


class Studies(_Rows):
    def get(self) -> Study | None:
        data = self._c.scalar(sa.select(t.study.c.data))
        return None if data is None else decode(Study, data)

    def put(self, study: Study) -> None:
        self._c.execute(sa.delete(t.study))
        self._c.execute(sa.insert(t.study).values(id=study.study_id, data=encode(study)))


class Protocols(_Rows):
    def add(self, sha256: str, document: Mapping[str, Any]) -> None:
        self._c.execute(sa.insert(t.protocols).values(sha256=sha256, document=encode(document)))

    def get(self, sha256: str) -> Protocol:
        query = sa.select(t.protocols.c.document).where(t.protocols.c.sha256 == sha256)
        return protocol_from_dict(self._one(query, "protocol", sha256).document)


class People(_Rows):
    def add(self, person: Person) -> None:
        self._c.execute(
            sa.insert(t.people).values(id=person.person_id, login=person.login, data=encode(person))
        )

    def update(self, person: Person) -> None:
        self._update(t.people, person.person_id, {"login": person.login, "data": encode(person)})

    def get(self, person_id: str) -> Person:
        query = sa.select(t.people.c.data).where(t.people.c.id == person_id)
        return decode(Person, self._one(query, "person", person_id).data)

    def by_login(self, login: str) -> Person | None:
        data = self._c.scalar(sa.select(t.people.c.data).where(t.people.c.login == login))
        return None if data is None else decode(Person, data)

    def all(self) -> tuple[Person, ...]:
        found = [decode(Person, d) for d in self._c.scalars(sa.select(t.people.c.data))]
        return tuple(sorted(found, key=lambda p: (p.code[:1], len(p.code), p.code)))


class Subjects(_Rows):
    def add(self, subject: Subject) -> None:
        self._c.execute(
            sa.insert(t.subjects).values(
                id=subject.subject_id, pseudonym=subject.pseudonym, data=encode(subject)
            )
        )

    def get(self, subject_id: str) -> Subject:
        query = sa.select(t.subjects.c.data).where(t.subjects.c.id == subject_id)
        return decode(Subject, self._one(query, "subject", subject_id).data)

    def by_pseudonym(self, pseudonym: str) -> Subject | None:
        query = sa.select(t.subjects.c.data).where(t.subjects.c.pseudonym == pseudonym)
        data = self._c.scalar(query)
        return None if data is None else decode(Subject, data)

    def all(self) -> tuple[Subject, ...]:
        query = sa.select(t.subjects.c.data).order_by(t.subjects.c.pseudonym)
        return tuple(decode(Subject, d) for d in self._c.scalars(query))


class Cases(_Rows):
    def add(self, case: Case) -> None:
        self._c.execute(sa.insert(t.cases).values(**self._values(case)))

    def update(self, case: Case) -> None:
        self._update(t.cases, case.case_id, self._values(case))

    @staticmethod
    def _values(case: Case) -> dict[str, Any]:
        return {
            "id": case.case_id,
            "number": case.number,
            "subject_id": case.subject_id,
            "state": str(case.state),
            "data": encode(case),
        }

    def get(self, case_id: str) -> Case:
        query = sa.select(t.cases.c.data).where(t.cases.c.id == case_id)
        return decode(Case, self._one(query, "case", case_id).data)

    def by_number(self, number: str) -> Case | None:
        data = self._c.scalar(sa.select(t.cases.c.data).where(t.cases.c.number == number))
        return None if data is None else decode(Case, data)

    def of_subject(self, subject_id: str) -> tuple[Case, ...]:
        query = sa.select(t.cases.c.data).where(t.cases.c.subject_id == subject_id)
        return tuple(decode(Case, d) for d in self._c.scalars(query.order_by(t.cases.c.number)))

    def all(self, *states: CaseState) -> tuple[Case, ...]:
        query = sa.select(t.cases.c.data).order_by(t.cases.c.number)
        if states:
            query = query.where(t.cases.c.state.in_([str(s) for s in states]))
        return tuple(decode(Case, d) for d in self._c.scalars(query))

    def next_number(self) -> str:
        return f"{_next_counter(self._c, 'case_number'):04d}"


def _next_counter(connection: sa.Connection, name: str) -> int:
    """Counts up and never back: a number that was given away is not given again."""
    found = connection.scalar(sa.select(t.meta.c.value).where(t.meta.c.name == name))
    number = int(found or 0) + 1
    set_meta(connection, name, str(number))
    return number


def set_meta(connection: sa.Connection, name: str, value: str) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO meta (name, value) VALUES (:n, :v) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"n": name, "v": value},
    )


def get_meta(connection: sa.Connection, name: str) -> str | None:
    return connection.scalar(sa.select(t.meta.c.value).where(t.meta.c.name == name))


class Images(_Rows):
    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self.added: list[str] = []  # blobs of the images added in this transaction

    def add(self, image: Image) -> None:
        self.added += [plane.blob_id for plane in image.stored]
        self._c.execute(
            sa.insert(t.images).values(
                id=image.image_id, case_id=image.case_id, number=image.number, data=encode(image)
            )
        )
        hashes = [("source", s) for s in image.source_sha256]
        hashes += [("pixels", p.pixel_sha256) for p in image.planes]
        rows = [
            {"kind": kind, "sha256": sha256, "image_id": image.image_id}
            for kind, sha256 in dict.fromkeys(hashes)
        ]
        if rows:
            self._c.execute(sa.insert(t.image_hashes), rows)

    def update(self, image: Image) -> None:
        self._update(t.images, image.image_id, {"case_id": image.case_id, "data": encode(image)})

    def get(self, image_id: str) -> Image:
        query = sa.select(t.images.c.data).where(t.images.c.id == image_id)
        return decode(Image, self._one(query, "image", image_id).data)

    def of_case(self, case_id: str) -> tuple[Image, ...]:
        query = sa.select(t.images.c.data).where(t.images.c.case_id == case_id)
        return self._many(query.order_by(t.images.c.number))

    def all(self) -> tuple[Image, ...]:
        return self._many(sa.select(t.images.c.data).order_by(t.images.c.number))

    def _many(self, query: sa.Select[Any]) -> tuple[Image, ...]:
        return tuple(decode(Image, d) for d in self._c.scalars(query))

    def with_source(self, sha256: str) -> Image | None:
        return self._with("source", sha256)

    def with_pixels(self, pixel_sha256: str) -> Image | None:
        return self._with("pixels", pixel_sha256)

    def _with(self, kind: str, sha256: str) -> Image | None:
        query = (
            sa.select(t.images.c.data)
            .join(t.image_hashes, t.image_hashes.c.image_id == t.images.c.id)
            .where(t.image_hashes.c.kind == kind, t.image_hashes.c.sha256 == sha256)
        )
        data = self._c.scalar(query)
        return None if data is None else decode(Image, data)

    def next_number(self, prefix: str) -> str:
        return f"{prefix}{_next_counter(self._c, f'image_number_{prefix}'):04d}"


class Assignments(_Rows):
    def add(self, assignment: Assignment) -> None:
        self._c.execute(sa.insert(t.assignments).values(**self._values(assignment)))

    def update(self, assignment: Assignment) -> None:
        self._update(t.assignments, assignment.assignment_id, self._values(assignment))

    @staticmethod
    def _values(a: Assignment) -> dict[str, Any]:
        return {
            "id": a.assignment_id,
            "case_id": a.case_id,
            "person_id": a.person_id,
            "slot": a.slot,
            "position": a.position,
            "state": str(a.state),
        }

    def _many(self, query: sa.Select[Any]) -> tuple[Assignment, ...]:
        return tuple(
            Assignment(r.id, r.case_id, r.person_id, r.slot, r.position, AssignmentState(r.state))
            for r in self._c.execute(query)
        )

    def of_case(self, case_id: str) -> tuple[Assignment, ...]:
        a = t.assignments
        return self._many(sa.select(a).where(a.c.case_id == case_id).order_by(a.c.slot))

    def of_person(self, person_id: str) -> tuple[Assignment, ...]:
        a = t.assignments
        return self._many(sa.select(a).where(a.c.person_id == person_id).order_by(a.c.position))

    def find(self, case_id: str, person_id: str) -> Assignment | None:
        a = t.assignments
        found = self._many(sa.select(a).where(a.c.case_id == case_id, a.c.person_id == person_id))
        return found[0] if found else None

    def all(self) -> tuple[Assignment, ...]:
        a = t.assignments
        return self._many(sa.select(a).order_by(a.c.case_id, a.c.slot))


class Readings(_Rows):
    def add(self, reading: Reading) -> None:
        self._c.execute(sa.insert(t.readings).values(**self._values(reading)))

    @staticmethod
    def _values(r: Reading) -> dict[str, Any]:
        return {
            "id": r.reading_id,
            "case_id": r.case_id,
            "person_id": r.person_id,
            "kind": str(r.kind),
            "state": str(r.state),
            "protocol_sha256": r.protocol_sha256,
            "body": packed(body_to_json(r.body)),
            "started_at": r.started_at.isoformat(),
            "saved_at": r.saved_at.isoformat(),
            "submitted_at": r.submitted_at.isoformat() if r.submitted_at else None,
            "body_sha256": r.body_sha256,
            "revision": r.revision,
        }

    @staticmethod
    def _reading(row: Any) -> Reading:
        return Reading(
            row.id,
            row.case_id,
            row.person_id,
            ReadingKind(row.kind),
            ReadingState(row.state),
            row.protocol_sha256,
            body_from_json(unpacked(row.body)),
            datetime.fromisoformat(row.started_at),
            datetime.fromisoformat(row.saved_at),
            datetime.fromisoformat(row.submitted_at) if row.submitted_at else None,
            row.body_sha256,
            row.revision,
        )

    def save_draft(
        self,
        reading_id: str,
        body: ReadingBody,
        at: datetime,
        revision: int,
        *,
        expected: int | None = None,
    ) -> None:
        r = t.readings
        draft = (r.c.id == reading_id, r.c.state == str(ReadingState.DRAFT))
        from_here = () if expected is None else (r.c.revision == expected,)
        done = self._c.execute(
            sa.update(r)
            .where(*draft, *from_here)
            .values(body=packed(body_to_json(body)), saved_at=at.isoformat(), revision=revision)
        )
        if done.rowcount == 1:
            return
        found = self._c.execute(sa.select(r.c.saved_at, r.c.revision).where(*draft)).one_or_none()
        if found is None:
            raise RuleViolation("reading.submitted")
        raise changed_elsewhere(datetime.fromisoformat(found.saved_at), found.revision)

    def submit(self, reading: Reading) -> None:
        r = t.readings
        done = self._c.execute(
            sa.update(r)
            .where(r.c.id == reading.reading_id, r.c.state == str(ReadingState.DRAFT))
            .values(**self._values(reading))
        )
        if done.rowcount != 1:
            raise RuleViolation("reading.submitted")

    def get(self, reading_id: str) -> Reading:
        query = sa.select(t.readings).where(t.readings.c.id == reading_id)
        return self._reading(self._one(query, "reading", reading_id))

    def find(self, case_id: str, person_id: str, kind: ReadingKind) -> Reading | None:
        r = t.readings
        query = (
            sa.select(r)
            .where(r.c.case_id == case_id, r.c.person_id == person_id, r.c.kind == str(kind))
            .order_by(r.c.started_at.desc())
            .limit(1)
        )
        row = self._c.execute(query).one_or_none()
        return None if row is None else self._reading(row)

    def submitted(self, case_id: str) -> tuple[Reading, ...]:
        r, a = t.readings, t.assignments
        query = (
            sa.select(r)
            .join(a, sa.and_(a.c.case_id == r.c.case_id, a.c.person_id == r.c.person_id))
            .where(
                r.c.case_id == case_id,
                r.c.kind == str(ReadingKind.READING),
                r.c.state == str(ReadingState.SUBMITTED),
            )
            .order_by(a.c.slot)
        )
        return tuple(self._reading(row) for row in self._c.execute(query))


class Comparisons(_Rows):
    def add(self, comparison: Comparison) -> None:
        self._c.execute(
            sa.insert(t.comparisons).values(
                id=comparison.comparison_id,
                case_id=comparison.case_id,
                seq=_next_counter(self._c, "comparison"),
                data=packed(comparison),
            )
        )

    def latest(self, case_id: str) -> Comparison | None:
        c = t.comparisons
        query = sa.select(c.c.data).where(c.c.case_id == case_id).order_by(c.c.seq.desc()).limit(1)
        data = self._c.scalar(query)
        return None if data is None else decode(Comparison, unpacked(data))

    def all_latest(self) -> tuple[Comparison, ...]:
        c = t.comparisons
        newest: dict[str, bytes] = {}
        for row in self._c.execute(sa.select(c.c.case_id, c.c.data).order_by(c.c.seq)):
            newest[row.case_id] = row.data
        return tuple(decode(Comparison, unpacked(d)) for d in newest.values())


class Disputes(_Rows):
    def add(self, dispute: Dispute) -> None:
        self._c.execute(
            sa.insert(t.disputes).values(
                id=dispute.dispute_id,
                case_id=dispute.case_id,
                opened_at=dispute.opened_at.isoformat(),
                data=packed(dispute),
            )
        )

    def update(self, dispute: Dispute) -> None:
        self._update(t.disputes, dispute.dispute_id, {"data": packed(dispute)})

    def get(self, dispute_id: str) -> Dispute:
        query = sa.select(t.disputes.c.data).where(t.disputes.c.id == dispute_id)
        return decode(Dispute, unpacked(self._one(query, "dispute", dispute_id).data))

    def of_case(self, case_id: str) -> tuple[Dispute, ...]:
        d = t.disputes
        return self._many(sa.select(d.c.data).where(d.c.case_id == case_id))

    def all(self) -> tuple[Dispute, ...]:
        return self._many(sa.select(t.disputes.c.data))

    def _many(self, query: sa.Select[Any]) -> tuple[Dispute, ...]:
        query = query.order_by(t.disputes.c.opened_at, t.disputes.c.id)
        return tuple(decode(Dispute, unpacked(d)) for d in self._c.scalars(query))


class Rulings(_Rows):
    def add(self, ruling: Ruling) -> None:
        self._c.execute(
            sa.insert(t.rulings).values(
                id=ruling.ruling_id, dispute_id=ruling.dispute_id, data=packed(ruling)
            )
        )

    def of_dispute(self, dispute_id: str) -> Ruling | None:
        data = self._c.scalar(
            sa.select(t.rulings.c.data).where(t.rulings.c.dispute_id == dispute_id)
        )
        return None if data is None else decode(Ruling, unpacked(data))

    def all(self) -> tuple[Ruling, ...]:
        found = [decode(Ruling, unpacked(d)) for d in self._c.scalars(sa.select(t.rulings.c.data))]
        return tuple(sorted(found, key=lambda r: (r.signed_at, r.ruling_id)))


class References(_Rows):
    def put(self, reference: ReferenceStandard) -> None:
        self._c.execute(sa.delete(t.references).where(t.references.c.case_id == reference.case_id))
        self._c.execute(
            sa.insert(t.references).values(case_id=reference.case_id, data=packed(reference))
        )

    def get(self, case_id: str) -> ReferenceStandard | None:
        data = self._c.scalar(
            sa.select(t.references.c.data).where(t.references.c.case_id == case_id)
        )
        return None if data is None else decode(ReferenceStandard, unpacked(data))

    def all(self) -> tuple[ReferenceStandard, ...]:
        query = sa.select(t.references.c.data).order_by(t.references.c.case_id)
        return tuple(decode(ReferenceStandard, unpacked(d)) for d in self._c.scalars(query))


class Datasets(_Rows):
    def add(self, version: DatasetVersion) -> None:
        self._c.execute(sa.insert(t.datasets).values(version=version.version, data=packed(version)))

    def get(self, version: str) -> DatasetVersion | None:
        data = self._c.scalar(sa.select(t.datasets.c.data).where(t.datasets.c.version == version))
        return None if data is None else decode(DatasetVersion, unpacked(data))

    def all(self) -> tuple[DatasetVersion, ...]:
        found = [
            decode(DatasetVersion, unpacked(d))
            for d in self._c.scalars(sa.select(t.datasets.c.data))
        ]
        return tuple(sorted(found, key=lambda v: v.frozen_at))


class Imports(_Rows):
    def add(self, record: ImportRecord) -> None:
        self._c.execute(
            sa.insert(t.imports).values(
                id=record.import_id, at=record.at.isoformat(), data=packed(record)
            )
        )

    def all(self) -> tuple[ImportRecord, ...]:
        query = sa.select(t.imports.c.data).order_by(t.imports.c.at)
        return tuple(decode(ImportRecord, unpacked(d)) for d in self._c.scalars(query))


class Audit(_Rows):
    def __init__(self, connection: sa.Connection, actor: str, clock: Clock) -> None:
        super().__init__(connection)
        self._actor = actor
        self._clock = clock

    def append(
        self, action: str, object: str, details: Mapping[str, object] | None = None
    ) -> AuditEvent:
        last = self._c.execute(
            sa.select(t.audit.c.seq, t.audit.c.hash).order_by(t.audit.c.seq.desc()).limit(1)
        ).one_or_none()
        unhashed = AuditEvent(
            seq=(last.seq if last else 0) + 1,
            previous=last.hash if last else "",
            at=self._clock.now(),
            actor=self._actor,
            action=action,
            object=object,
            details=encode(details or {}),
        )
        event = AuditEvent(
            unhashed.seq,
            unhashed.previous,
            unhashed.at,
            unhashed.actor,
            action,
            object,
            unhashed.details,
            event_hash(unhashed),
        )
        self._c.execute(
            sa.insert(t.audit).values(seq=event.seq, hash=event.hash, data=encode(event))
        )
        return event

    def all(self) -> tuple[AuditEvent, ...]:
        return self._events(sa.select(t.audit.c.data).order_by(t.audit.c.seq))

    def since(self, seq: int) -> tuple[AuditEvent, ...]:
        """Events after `seq`."""
        a = t.audit
        return self._events(sa.select(a.c.data).where(a.c.seq > seq).order_by(a.c.seq))

    def _events(self, query: sa.Select[Any]) -> tuple[AuditEvent, ...]:
        return tuple(decode(AuditEvent, d) for d in self._c.scalars(query))

    def head(self) -> str:
        a = t.audit
        return self._c.scalar(sa.select(a.c.hash).order_by(a.c.seq.desc()).limit(1)) or ""

    def last_seq(self) -> int:
        return self._c.scalar(sa.select(sa.func.max(t.audit.c.seq))) or 0

    def hash_at(self, seq: int) -> str | None:
        return self._c.scalar(sa.select(t.audit.c.hash).where(t.audit.c.seq == seq))
