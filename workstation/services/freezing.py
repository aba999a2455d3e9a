"""Freeze: a checklist, then one immutable version with one fingerprint anyone can recompute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from workstation.domain.arbitration import Provenance, ReferenceStandard
from workstation.domain.blinding import Field
from workstation.domain.case import REFERENCED, AssignmentState, Case, CaseState, Subject
from workstation.domain.dataset import (
    DatasetVersion,
    PayloadFile,
    checked_version,
    fingerprint,
    next_version,
)
from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.image import Image, ImageKind, LookupTable, Window
from workstation.domain.marks import Mark, area_px, mark_center, mark_planes
from workstation.domain.people import Role
from workstation.domain.ports import PayloadSource, Progress, SealCheck, UnitOfWork
from workstation.domain.protocol import Protocol
from workstation.domain.reading import ReadingBody, body_to_json, case_scopes
from workstation.domain.schema import Level, Schema, Scope
from workstation.services.canonical import canonical_json, document_sha256
from workstation.services.reading import ordered_images
from workstation.services.workspace import Workspace, current_protocol, require_sees

SEAL_FORMAT = "seal/1"


class CheckState(StrEnum):
    MET = "met"
    UNMET = "unmet"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the freeze checklist; an unmet one names the cases it is about."""

    code: str
    state: CheckState
    cases: tuple[str, ...] = ()
    count: int = 0


def checklist(uow: UnitOfWork) -> tuple[Check, ...]:
    """What must hold before freezing; nothing that is excluded or withdrawn counts.

    Raises RuleViolation for anyone but a coordinator: it tells the states of cases.
    """
    require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
    counted = [
        c for c in uow.cases.all() if c.state not in (CaseState.EXCLUDED, CaseState.WITHDRAWN)
    ]

    def check(code: str, failing: Sequence[Case]) -> Check:
        numbers = tuple(c.number for c in failing)
        return Check(code, CheckState.UNMET if failing else CheckState.MET, numbers, len(numbers))

    undecided = [c for c in counted if c.state is CaseState.IMPORTED]
    unassigned = [c for c in counted if c.state is CaseState.INCLUDED]
    unread = [c for c in counted if c.state is CaseState.ASSIGNED]
    waiting = [c for c in counted if c.state is CaseState.AWAITING_COMPARISON]
    disputed = [c for c in counted if c.state is CaseState.DISPUTED]
    referenced = [c for c in counted if c.state in REFERENCED]
    sha256, protocol = current_protocol(uow)
    thin: list[Case] = []
    mixed: list[Case] = []
    for case in referenced:
        readings = uow.readings.submitted(case.case_id)
        if len(readings) < protocol.readers_per_case:
            thin.append(case)
        if any(reading.protocol_sha256 != sha256 for reading in readings):
            mixed.append(case)
    any_case = Check(
        "freeze.any_case",
        CheckState.MET if referenced else CheckState.UNMET,
        count=len(referenced),
    )
    return (
        any_case,
        check("freeze.all_decided", undecided),
        check("freeze.all_assigned", unassigned),
        check("freeze.all_read", unread),
        check("freeze.all_compared", waiting),
        check("freeze.all_ruled", disputed),
        check("freeze.enough_readings", thin),
        check("freeze.one_protocol", mixed),
    )


def versions(workspace: Workspace) -> tuple[tuple[DatasetVersion, ...], tuple[Check, ...]]:
    """The frozen versions, and the checklist for the next. Raises as `checklist` does."""
    with workspace.reading() as uow:
        return uow.datasets.all(), checklist(uow)


def blocking(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(c for c in checks if c.state is CheckState.UNMET)


@dataclass(frozen=True, slots=True)
class Freeze:
    """Freeze into `folder`/`<version>`; `version` empty takes the next one."""

    folder: Path
    version: str = ""
    changes: tuple[str, ...] = ()


def freeze(
    workspace: Workspace, command: Freeze, progress: Progress
) -> tuple[DatasetVersion, Path, Changes]:
    """Write, seal and record the version; one that was written and sealed just so before, and
    not recorded because the program was ended then, is recorded.

    Raises RuleViolation where the checklist has an unmet item, the version exists already, no
    changes are named, or the content is that of the last version, which leaves no folder behind;
    and for anyone but a coordinator.
    """
    with workspace.reading() as uow:
        lacking = blocking(checklist(uow))
        if lacking:
            raise RuleViolation("freeze.blocked", checks=[(c.code, c.cases) for c in lacking])
        fingerprints = {v.version: v.fingerprint for v in uow.datasets.all()}
        existing = list(fingerprints)
        version = checked_version(command.version or next_version(existing))
        if version in existing:
            raise RuleViolation("freeze.version_exists", version=version)
        parent = max(existing, key=_number, default="")
        if parent and not command.changes:
            raise RuleViolation("freeze.changes_missing", parent=parent)
        sha256, protocol = current_protocol(uow)
        content = _content(uow)
        head = uow.audit.head()
        study = uow.study.get()
        assert study is not None
    payload = payload_of(protocol, content, workspace)
    folder = command.folder / version
    now = workspace.clock.now()
    me = workspace.person.person_id

    def seal(files: tuple[PayloadFile, ...]) -> Mapping[str, Any]:
        return {
            "format": SEAL_FORMAT,
            "study": study.title,
            "version": version,
            "parent": parent,
            "changes": list(command.changes),
            "fingerprint": fingerprint(files),
            "fingerprint_method": "RFC 6962 Merkle root, SHA-256, leaves RFC 8785 JSON of "
            "{path, sha256, size} of the files under data/ sorted by path",
            "files": len(files),
            "bytes": sum(f.size for f in files),
            "cases": len(content),
            "images": sum(len(c.images) for c in content),
            "protocol": {
                "code": protocol.code,
                "revision": protocol.revision,
                "sha256": sha256,
            },
            "blindness_level": workspace.keys.blindness_level,
            "audit_head": head,
            "frozen_at": now.isoformat(),
        }

    def sign(data: bytes) -> Mapping[str, str]:
        return {
            "algorithm": "Ed25519",
            "signer": workspace.person.code,
            "public_key": workspace.keys.public_key(me),
            "signature": workspace.keys.sign(me, data),
        }

    found = workspace.dataset_folder.adopt(folder, payload, progress)
    adopted = _sealed_before(workspace, found, version, parent, sha256) if found else None
    if adopted is None:
        files = workspace.dataset_folder.write(folder, payload, seal, sign, progress)
        adopted = _Sealed(files, command.changes, head, now, me)
    if fingerprint(adopted.files) == fingerprints.get(parent):
        if found is None:
            workspace.dataset_folder.remove(folder)
        raise RuleViolation("freeze.nothing_changed", parent=parent)
    record = DatasetVersion(
        version=version,
        parent=parent,
        fingerprint=fingerprint(adopted.files),
        files=adopted.files,
        case_count=len(content),
        image_count=sum(len(c.images) for c in content),
        changes=adopted.changes,
        protocol_sha256=sha256,
        audit_head=adopted.audit_head,
        frozen_at=adopted.at,
        frozen_by=adopted.by,
    )
    try:
        with workspace.writing() as uow:
            uow.datasets.add(record)
            uow.audit.append(
                "dataset.frozen",
                version,
                {"fingerprint": record.fingerprint, "files": len(record.files)},
            )
            uow.commit()
    except BaseException:
        if found is None:
            workspace.dataset_folder.remove(folder)
        raise
    return record, folder, changed(Topic.DATASETS)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What the seal of a version says that only who sealed it knew."""

    files: tuple[PayloadFile, ...]
    changes: tuple[str, ...]
    audit_head: str
    at: datetime
    by: str


def _sealed_before(
    workspace: Workspace,
    found: tuple[tuple[PayloadFile, ...], Mapping[str, Any], str],
    version: str,
    parent: str,
    protocol_sha256: str,
) -> _Sealed | None:
    """The version in the folder, where it is this study's own: sealed by one of its coordinators
    at a point of its trail, then not recorded because the program was ended in between."""
    files, seal, public_key = found
    with workspace.reading() as uow:
        coordinators = [p.person_id for p in uow.people.all() if Role.COORDINATOR in p.roles]
        heads = {event.hash for event in uow.audit.all()}
    by = [p for p in coordinators if workspace.keys.public_key(p) == public_key]
    try:
        fits = (seal["version"], seal["parent"], seal["protocol"]["sha256"]) == (
            version,
            parent,
            protocol_sha256,
        )
        if not by or not fits or seal["audit_head"] not in heads:
            return None
        at = datetime.fromisoformat(seal["frozen_at"])
        return _Sealed(files, tuple(map(str, seal["changes"])), seal["audit_head"], at, by[0])
    except (KeyError, TypeError, ValueError):
        return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in version[1:].split("."))


def verify(workspace: Workspace, folder: Path, progress: Progress) -> SealCheck:
    """Check a frozen folder; see `DatasetFolder.check`. Anyone may."""
    return workspace.dataset_folder.check(folder, progress)


# Content in dataset-local ids


@dataclass(frozen=True, slots=True)
class FrozenCase:
    subject: Subject
    images: tuple[Image, ...]
    reference: ReferenceStandard
    readings: int
    visit: int | None = None


def _content(uow: UnitOfWork) -> tuple[FrozenCase, ...]:
    """All referenced cases, in an order that depends on content alone."""
    out = []
    for case in uow.cases.all(*REFERENCED):
        require_sees(uow, Field.REFERENCE, Role.COORDINATOR, case)
        reference = uow.references.get(case.case_id)
        if reference is None:
            raise RuleViolation("freeze.reference_missing", case=case.number)
        submitted = [
            a for a in uow.assignments.of_case(case.case_id) if a.state is AssignmentState.SUBMITTED
        ]
        targets = [i for i in uow.images.of_case(case.case_id) if i.is_target]
        images = tuple(sorted(ordered_images(tuple(targets)), key=_image_key))
        subject = uow.subjects.get(case.subject_id)
        out.append(FrozenCase(subject, images, reference, len(submitted), case.visit))
    return tuple(sorted(out, key=_case_key))


def _image_key(image: Image) -> tuple[str, str, list[str]]:
    return (str(image.eye or "~"), image.field, [p.pixel_sha256 for p in image.planes])


def _case_key(case: FrozenCase) -> tuple[str, list[tuple[str, str, list[str]]]]:
    return (case.subject.pseudonym, [_image_key(image) for image in case.images])


def payload_of(
    protocol: Protocol, content: Sequence[FrozenCase], workspace: Workspace
) -> tuple[PayloadSource, ...]:
    """The files of a version: protocol, label key, per case the images and the labels.

    Ids are local to the version (case-0001, image-1, mark-1): no study id, time or person is in
    the payload, so that the same content has the same fingerprint anywhere.
    """
    out: list[PayloadSource] = [
        ("protocol.json", _fixed(canonical_json(_plain(protocol.document)))),
        ("label_key.json", _fixed(canonical_json(label_key(protocol)))),
        ("README.md", _fixed(_readme(content).encode())),
    ]
    subjects = {
        pseudonym: f"subject-{n:04d}"
        for n, pseudonym in enumerate(sorted({c.subject.pseudonym for c in content}), 1)
    }
    for n, case in enumerate(content, 1):
        name = f"case-{n:04d}"
        local = {image.image_id: f"image-{m}" for m, image in enumerate(case.images, 1)}
        for image in case.images:
            extension, make = workspace.dataset_folder.encode(image, workspace.pixels)
            out.append((f"cases/{name}/{local[image.image_id]}.{extension}", make))
        labels = case_labels(name, subjects[case.subject.pseudonym], case, local, protocol.schema)
        out.append((f"cases/{name}/labels.json", _fixed(canonical_json(labels))))
    return tuple(out)


def _fixed(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _plain(value: Any) -> Any:
    """Plain JSON values of a YAML document."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def label_key(protocol: Protocol) -> dict[str, Any]:
    """Every code used in the labels and what it means, in both languages (B-5.2.12 a)."""
    questions: dict[str, Any] = {}
    for question in protocol.schema.questions:
        questions[question.code] = {
            "label": question.label.to_dict(),
            "level": str(question.level),
            "kind": str(question.kind),
            "options": {o.code: o.label.to_dict() for o in question.options},
        }
    classes = {
        c.code: {
            "label": c.label.to_dict(),
            "geometry": str(c.geometry),
            "completeness": str(c.completeness),
            "group": str(c.group),
            "attributes": {
                a.code: {
                    "label": a.label.to_dict(),
                    "options": {o.code: o.label.to_dict() for o in a.options},
                }
                for a in c.attributes
            },
        }
        for c in protocol.schema.lesion_classes
    }
    return {"format": "label_key/1", "questions": questions, "lesion_classes": classes}


def case_labels(
    name: str, subject: str, case: FrozenCase, local: Mapping[str, str], schema: Schema
) -> dict[str, Any]:
    """The labels of a case as they stand in the payload (`labels/1`)."""
    body, renamed = _local_body(case.reference.body, case.images, local)
    provenance = {}
    for key, source in case.reference.provenance.items():
        if key.startswith("mark:"):
            mark_id = renamed.get(key.removeprefix("mark:"))
            if mark_id is not None:
                provenance[f"mark:{mark_id}"] = _PUBLISHED.get(source, source)
        else:
            scope, _, question = key.rpartition("/")
            place = _local_scope(Scope.parse(scope), local)
            provenance[f"{place}/{question}"] = _PUBLISHED.get(source, source)
    sizes = {image.image_id: image for image in case.images}
    stored = body_to_json(body)
    by_local = {v: k for k, v in local.items()}
    for mark, entry in zip(body.marks, stored["marks"], strict=True):
        image = sizes[by_local[mark.image_id]]
        entry["measured"] = _measured(mark, image)
    # Only where it is known: versions frozen before visits could be told keep their fingerprint.
    visit = {} if case.visit is None else {"visit": case.visit}
    return {
        "format": "labels/1",
        "case": name,
        **visit,
        "subject": {
            "id": subject,
            "centre": case.subject.centre,
            "sex": case.subject.sex,
            "birth_year": case.subject.birth_year,
        },
        "images": [_image_entry(image, local[image.image_id]) for image in case.images],
        "reference": {
            "source": case.reference.source,
            "readings": case.readings,
            "answers": stored["answers"],
            "marks": stored["marks"],
            "provenance": provenance,
            "notes": _notes(case.reference, local),
        },
    }


_PUBLISHED: dict[str, str] = {Provenance.ADOPTED_X: "adopted", Provenance.ADOPTED_Y: "adopted"}
"""Which reading X was is drawn per case: it says nothing of the labels, and must not move the
fingerprint."""


def _notes(reference: ReferenceStandard, local: Mapping[str, str]) -> dict[str, Any]:
    """How the reference was merged, and what of the readings is not in it."""
    notes = reference.notes
    tolerated = [key.rpartition("/") for key in notes.get("tolerated_answers", ())]
    left_out = [
        {"image": local[entry["image"]], "class": entry["class"], "count": entry["count"]}
        for entry in notes.get("left_out", ())
    ]
    return {
        "merge": notes.get("merge"),
        "tolerated_answers": sorted(
            f"{_local_scope(Scope.parse(scope), local)}/{question}"
            for scope, _, question in tolerated
        ),
        "left_out": sorted(left_out, key=lambda e: (e["image"], e["class"])),
    }


def _measured(mark: Mark, image: Image) -> dict[str, Any]:
    """Centre (x, y, z) and pixel count; decimal text, so that no float formatting is involved."""
    x, y, z = mark_center(mark, image.rows, image.cols)
    planes = mark_planes(mark, image.rows, image.cols)
    return {
        "center": [f"{float(v):.3f}" for v in (x, y, z)],
        "pixels": area_px(planes),
    }


def _local_scope(scope: Scope, local: Mapping[str, str]) -> str:
    return str(Scope(scope.level, local[scope.key])) if scope.level is Level.IMAGE else str(scope)


def _local_body(
    body: ReadingBody, images: Sequence[Image], local: Mapping[str, str]
) -> tuple[ReadingBody, dict[str, str]]:
    """The body with image and mark ids of the version; old mark id -> new one."""
    answers: dict[Scope, Mapping[str, Any]] = {}
    for scope in case_scopes(images):
        if scope in body.answers:
            key = local[scope.key] if scope.level is Level.IMAGE else scope.key
            answers[Scope(scope.level, key)] = body.answers[scope]
    ordered = sorted(body.marks, key=lambda m: (local[m.image_id], m.class_code, _shape_key(m)))
    renamed: dict[str, str] = {}
    marks: list[Mark] = []
    numbers: dict[tuple[str, str], int] = {}
    for n, mark in enumerate(ordered, 1):
        renamed[mark.mark_id] = f"mark-{n}"
        key2 = (mark.image_id, mark.class_code)
        numbers[key2] = numbers.get(key2, 0) + 1
        marks.append(
            Mark(
                f"mark-{n}",
                local[mark.image_id],
                mark.class_code,
                numbers[key2],
                mark.shape,
                mark.attributes,
                mark.note,
            )
        )
    return ReadingBody(answers, tuple(marks)), renamed


def _shape_key(mark: Mark) -> str:
    return document_sha256(body_to_json(ReadingBody({}, (mark,)))["marks"][0]["shape"])


def _image_entry(image: Image, name: str) -> dict[str, Any]:
    spacing = image.spacing
    geometry = image.geometry
    return {
        "id": name,
        "kind": str(image.kind),
        "modality": image.modality,
        "eye": str(image.eye) if image.eye else None,
        "field": image.field or None,
        "rows": image.rows,
        "cols": image.cols,
        "slices": image.slices,
        "pixel_sha256": [plane.pixel_sha256 for plane in image.planes],
        "spacing": None
        if spacing is None
        else {
            "row_mm": repr(spacing.row_mm),
            "col_mm": repr(spacing.col_mm),
            "kind": str(spacing.kind),
        },
        "geometry": None
        if geometry is None
        else {
            "origin": [repr(v) for v in geometry.origin],
            "row_direction": [repr(v) for v in geometry.row_direction],
            "col_direction": [repr(v) for v in geometry.col_direction],
            "positions_mm": [repr(v) for v in geometry.positions_mm],
            "step_mm": None if geometry.step_mm is None else repr(geometry.step_mm),
            "tilt_deg": repr(geometry.tilt_deg),
        },
        "slope": repr(image.slope),
        "intercept": repr(image.intercept),
        "manufacturer": image.manufacturer or None,
        "model": image.model or None,
        "warnings": list(image.warnings),
    } | _where_said(image)


def _where_said(image: Image) -> dict[str, Any]:
    """What only some kinds of images have; left out where there is nothing to say."""
    said: dict[str, Any] = {
        "laterality": image.laterality,
        "view": image.view,
        "patient_orientation": list(image.patient_orientation)
        if any(image.patient_orientation)
        else None,
        "aspect": list(image.aspect) if image.aspect != (1, 1) else None,
        "slice_rescale": [[repr(v) for v in pair] for pair in image.slice_rescale],
        "step_vector": _step_vector(image),
        "frame_time_ms": None if image.frame_time_ms is None else repr(image.frame_time_ms),
        "inverted": image.monochrome1 or image.inverse_shape,
        "modality_lut": _table(image.modality_lut) if image.modality_lut else None,
    }
    if not _frozen_without_windows(image):
        said |= {
            "padding": list(image.padding) if image.padding else None,
            "windows": _windows(image.windows),
            "slice_windows": [_windows(windows) for windows in image.slice_windows],
            "voi_luts": [_table(table) for table in image.voi_luts],
        }
    return {key: value for key, value in said.items() if value}


def _frozen_without_windows(image: Image) -> bool:
    """Photographs, and CT, whose values have a scale of their own: versions of them were frozen
    before windows were, and keep their fingerprint."""
    return image.kind is ImageKind.PHOTOGRAPH or image.modality == "CT"


def _windows(windows: Sequence[Window]) -> list[dict[str, str]]:
    """Without their explanations, which are free text."""
    return [
        {"center": repr(w.center), "width": repr(w.width), "function": w.function} for w in windows
    ]


def _table(table: LookupTable) -> dict[str, Any]:
    return {"first": table.first, "bits": table.bits, "entries": list(table.entries)}


def _step_vector(image: Image) -> list[str]:
    """From slice to slice in LPS mm, where the normal does not say it: a tilted gantry."""
    geometry = image.geometry
    if geometry is None or geometry.step_vector is None or not geometry.tilt_deg:
        return []
    return [repr(v) for v in geometry.step_vector]


def _readme(content: Sequence[FrozenCase]) -> str:
    """How to read the payload. What stands in every version is never reworded: it is part of their
    fingerprint."""
    more = any(_where_said(image) for case in content for image in case.images)
    return README + README_OF_OTHERS if more else README


README = """# Frozen dataset version

One folder per case under `cases/`: the images and `labels.json`.

- Photographs: the coded JPEG as delivered (metadata dropped), or PNG. Stacks: NIfTI-1, stored
  values with slope and intercept; axes x, y, z.
- Coordinates: pixel (x = column, y = row), 0-based; (0, 0) is the centre of the top-left pixel,
  x to the right, y down. A pixel belongs to an outline when its centre is inside or on it
  (even-odd). Painted masks are row-major runs: start, length, start, length ...
- `label_key.json` explains every code in Chinese and English; `protocol.json` is the study
  protocol the labels were made under.
- `provenance` says where each item of the reference comes from: agreed, tolerated (answers
  differ and no rule minds: the first reader's), one_reader (only one reader gave it), adopted
  (the ruling took one reader's), arbitrated, undecidable.
- `notes` says how outlines were merged, which answers were tolerated, and how many marks of the
  readings are not in the reference.
- Check the folder with `python3 verify_seal.py`, `sha256sum -c manifest-sha256.txt`, or any
  BagIt tool.
"""

README_OF_OTHERS = """
## Images that are neither photographs nor CT

- Radiographs: PNG, or NIfTI-1 where values have a sign. Stacks of colour: NIfTI-1, RGB24.
- All images hold stored values. How they are shown is said in `labels.json`: `modality_lut`,
  `slice_rescale`, `windows`, `slice_windows`, `voi_luts`, `padding`, and `inverted` where the
  smallest value is shown white.
"""
