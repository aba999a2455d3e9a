"""The demo study played through the services: prepared for the window, or whole and headless."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.demo import files, plan, readers
from workstation.demo.ct import CtScene, make_ct
from workstation.demo.fundus import FundusScene, make_fundus
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.case import CaseState
from workstation.domain.errors import EnvironmentProblem
from workstation.domain.people import Qualification, Role
from workstation.domain.ports import Progress
from workstation.domain.reading import ReadingBody
from workstation.services import arbitrating, assigning, freezing, importing, reading, reporting
from workstation.services.arbitrating import DisputeItem, OpenDispute
from workstation.services.enrolling import AddPerson, add_person
from workstation.services.opening import DemoStudy, NewStudy, StudyOpener
from workstation.services.workspace import Workspace
from workstation.store.slots import FLOOR_KIB

PASSPHRASE = "open demo rooms"
MEMORY_KIB = FLOOR_KIB
COORDINATOR, READER_A, READER_B, ARBITRATOR = "coordinator", "reader-a", "reader-b", "arbitrator"
CONFIRMED_BY = "Demo coordinator"
READY = "ready.json"
FUNDUS_STUDY, CT_STUDY = "dr-screening.study", "lung-nodule-ct.study"

PEOPLE = (
    (READER_A, "Demo reader A", Role.READER, "attending", 6.0),
    (READER_B, "Demo reader B", Role.READER, "attending", 7.0),
    (ARBITRATOR, "Demo arbitrator", Role.ARBITRATOR, "chief", 14.0),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the two demo studies: its protocol, files, and what each person says of a case."""

    name: str
    protocol: str
    title: str
    deliver: Callable[[Path], None]
    body: Callable[[Workspace, str, str], ReadingBody]
    unread: frozenset[str]
    open_disputes: frozenset[str]
    mapped: bool


def _patient(n: int) -> str:
    return f"P{n + 1:03d}"


def _ct_patient(n: int) -> str:
    return f"T{n + 1:03d}"


def _parts(progress: Progress) -> tuple[_Part, _Part]:
    """Draw all images once and lay down what everybody will say."""
    total = 2 * len(plan.FUNDUS) + len(plan.CT)
    scenes: dict[str, dict[str, FundusScene]] = {}
    done = 0
    for n, pair in enumerate(plan.FUNDUS):
        for m, scene_plan in enumerate(pair):
            progress(done, total, "demo.images")
            drawn = make_fundus(scene_plan, plan.SEED + 2 * n + m)
            scenes.setdefault(_patient(n), {})[scene_plan.eye] = drawn
            done += 1
    volumes: dict[str, CtScene] = {}
    for n, nodules in enumerate(plan.CT):
        progress(done, total, "demo.images")
        volumes[_ct_patient(n)] = make_ct(nodules, plan.SEED + 100 + n)
        done += 1
    progress(total, total, "demo.images")
    return _fundus_part(scenes), _ct_part(volumes)


def _fundus_part(scenes: Mapping[str, Mapping[str, FundusScene]]) -> _Part:
    deviations: dict[str, dict[str, str]] = {}
    for (n, eye), deviation in plan.FUNDUS_DEVIATIONS.items():
        deviations.setdefault(_patient(n), {})[eye] = deviation
    centres = ("BJ01", "SH02", "CD03")

    def deliver(folder: Path) -> None:
        photos = [
            files.DeliveredPhoto(patient, "1", centres[n % 3], scene)
            for n, (patient, eyes) in enumerate(sorted(scenes.items()))
            for scene in eyes.values()
        ]
        files.write_photos(folder, photos)

    def body(workspace: Workspace, case_id: str, who: str) -> ReadingBody:
        patient, images = _of_case(workspace, case_id)
        found = deviations.get(patient, {}) if who == READER_B else {}
        tremor = {READER_A: 0, READER_B: 1, ARBITRATOR: 0}[who]
        return readers.fundus_body(images, dict(scenes[patient]), found, tremor)

    return _Part(
        FUNDUS_STUDY, "dr_screening", "DR-01 demo", deliver, body,
        frozenset(_patient(n) for n in plan.FUNDUS_UNREAD),
        frozenset(_patient(n) for n in plan.FUNDUS_OPEN_DISPUTES), True,
    )  # fmt: skip


def _ct_part(volumes: Mapping[str, CtScene]) -> _Part:
    deviations = {_ct_patient(n): d for n, d in plan.CT_DEVIATIONS.items()}

    def deliver(folder: Path) -> None:
        for n, (patient, scene) in enumerate(sorted(volumes.items())):
            files.write_ct(folder / patient, patient, scene, thick_too=n == 0)

    def body(workspace: Workspace, case_id: str, who: str) -> ReadingBody:
        patient, images = _of_case(workspace, case_id)
        deviation = deviations.get(patient, "") if who == READER_B else ""
        return readers.ct_body(images[0], volumes[patient], deviation, 0)

    return _Part(
        CT_STUDY, "lung_nodule_ct", "CT-01 demo", deliver, body,
        frozenset(_ct_patient(n) for n in plan.CT_UNREAD),
        frozenset(_ct_patient(n) for n in plan.CT_OPEN_DISPUTES), False,
    )  # fmt: skip


def _of_case(workspace: Workspace, case_id: str) -> tuple[str, tuple[Any, ...]]:
    """The pseudonym and target images of a case: the simulated people know what was planted."""
    with workspace.reading() as uow:
        case = uow.cases.get(case_id)
        subject = uow.subjects.get(case.subject_id)
        images = reading.ordered_images(uow.images.of_case(case_id))
    return subject.pseudonym, tuple(i for i in images if i.is_target)


def _create(
    opener: StudyOpener, part: _Part, folder: Path, delivery: Path, progress: Progress
) -> None:
    """Study, people, import, inclusion, assignment."""
    progress(0, 1, "demo.create")
    shipped = opener.protocol(part.protocol)
    workspace = opener.create(
        NewStudy(
            folder, part.title, shipped.document, COORDINATOR, CONFIRMED_BY, PASSPHRASE, plan.SEED
        )
    )
    try:
        for login, name, role, title, years in PEOPLE:
            add_person(
                workspace,
                AddPerson(
                    login, name, frozenset({role}), PASSPHRASE, Qualification(title, "", years, "")
                ),
            )
        part.deliver(delivery)
        mapping = opener.photo_mapping(None, delivery / "photos.csv") if part.mapped else None
        importing.run_import(
            workspace,
            importing.ImportFiles((delivery,), CONFIRMED_BY, mapping),
            lambda: shutil.disk_usage(folder).free,
            lambda done, total, _: progress(done, total, "demo.import"),
        )
        with workspace.reading() as uow:
            imported = uow.cases.all(CaseState.IMPORTED)
        for case in imported:
            importing.include(workspace, case.case_id)
        with workspace.reading() as uow:
            pairs = assigning.plan(uow).pairs
        assigning.assign(workspace, pairs)
    finally:
        workspace.close()


def _read_all(
    opener: StudyOpener, part: _Part, folder: Path, skip: frozenset[str], progress: Progress
) -> None:
    """Both readers read every case but those of the patients to skip."""
    for login in (READER_A, READER_B):
        workspace = opener.open(folder, login, PASSPHRASE)
        try:
            with workspace.reading() as uow:
                rows = reading.worklist(uow, workspace.person.person_id)
            for n, row in enumerate(rows):
                progress(n, len(rows), "demo.read")
                if _of_case(workspace, row.case_id)[0] in skip:
                    continue
                opened = reading.open_case(workspace, row.case_id)
                body = part.body(workspace, row.case_id, login)
                reading.save_draft(workspace, opened.reading.reading_id, body)
                reading.submit(workspace, opened.reading.reading_id)
        finally:
            workspace.close()


def _arbitrate_all(
    opener: StudyOpener, part: _Part, folder: Path, skip: frozenset[str], progress: Progress
) -> None:
    """The arbitrator reads blind, looks at X and Y, and rules."""
    workspace = opener.open(folder, ARBITRATOR, PASSPHRASE)
    try:
        rows = arbitrating.queue(workspace)
        for n, row in enumerate(rows):
            progress(n, len(rows), "demo.arbitrate")
            if _of_case(workspace, row.case_id)[0] in skip:
                continue
            opened = arbitrating.open_dispute(workspace, row.dispute_id)
            own = part.body(workspace, row.case_id, ARBITRATOR)
            reading.save_draft(workspace, opened.mine.reading_id, own)
            arbitrating.seal_blind_read(workspace, row.dispute_id)
            arbitrating.reveal(workspace, row.dispute_id)
            opened = arbitrating.open_dispute(workspace, row.dispute_id)
            arbitrating.sign(
                workspace, row.dispute_id, _decisions(opened), "missed", 3,
                "Ruled by the simulated arbitrator from what was planted.",
            )  # fmt: skip
    finally:
        workspace.close()


def _decisions(opened: OpenDispute) -> list[Decision]:
    """Adopt whichever side says what the arbitrator saw; one's own where neither does."""
    out = []
    for item in opened.items:
        if item.disputed:
            choice = _choice(item)
            out.append(
                Decision(
                    item.scope, choice, item.question, item.class_code, item.x_marks,
                    item.y_marks, item.mine_marks if choice is Choice.MINE else (),
                )
            )  # fmt: skip
    return out


def _choice(item: DisputeItem) -> Choice:
    if item.question:
        if item.mine_value == item.x_value:
            return Choice.ADOPT_X
        return Choice.ADOPT_Y if item.mine_value == item.y_value else Choice.MINE
    if item.mine_marks:
        return Choice.MINE
    return Choice.NOTHING


def prepare(home: Path, opener: StudyOpener, progress: Progress) -> DemoStudy:
    """The demo studies for the window, made at first use: most cases read, some left to do."""
    folder = home / FUNDUS_STUDY
    if not (home / READY).is_file():
        shutil.rmtree(home, ignore_errors=True)
        _make(home, opener, progress, whole=False)
        (home / READY).write_text(json.dumps({"studies": [FUNDUS_STUDY, CT_STUDY]}), "utf-8")
    return DemoStudy(folder, PASSPHRASE)


def _make(home: Path, opener: StudyOpener, progress: Progress, *, whole: bool) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentProblem("folder.not_writable", folder=str(home)) from error
    delivery = home / "delivered"
    for part in _parts(progress):
        folder = home / part.name
        _create(opener, part, folder, delivery / part.name, progress)
        _read_all(opener, part, folder, frozenset() if whole else part.unread, progress)
        _arbitrate_all(opener, part, folder, frozenset() if whole else part.open_disputes, progress)
    shutil.rmtree(delivery)


def play(out: Path, opener: StudyOpener, progress: Progress) -> Mapping[str, Any]:
    """The whole story: frozen datasets, reports in both languages and a summary in `out`.

    The screening study's results lie in `out` itself, the CT study's in `out/lung-nodule-ct`.
    Raises EnvironmentProblem where `out` has results already or cannot be written.
    """
    if (out / "summary.json").exists() or (out / "dataset").exists():
        raise EnvironmentProblem("dataset.folder_exists", folder=str(out))
    home = out / "studies"
    _make(home, opener, progress, whole=True)
    summary = {
        FUNDUS_STUDY: _finish(opener, home / FUNDUS_STUDY, out, progress),
        CT_STUDY: _finish(opener, home / CT_STUDY, out / "lung-nodule-ct", progress),
    }
    text = json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True)
    (out / "summary.json").write_text(text + "\n", "utf-8")
    return summary


def _finish(opener: StudyOpener, folder: Path, out: Path, progress: Progress) -> dict[str, Any]:
    """Freeze, verify, report."""
    out.mkdir(parents=True, exist_ok=True)
    workspace = opener.open(folder, COORDINATOR, PASSPHRASE)
    try:
        record, where, _ = freezing.freeze(
            workspace,
            freezing.Freeze(out / "dataset"),
            lambda done, total, _: progress(done, total, "demo.freeze"),
        )
        check = freezing.verify(workspace, where, lambda *_: None)
        for n, language in enumerate(("zh_CN", "en")):
            progress(n, 2, "demo.report")
            reporting.make_report(
                workspace, language, out / f"report.{language}.pdf", ("simulated",)
            )
        with workspace.reading() as uow:
            states = [c.state for c in uow.cases.all()]
            reasons = _reasons([c.verdict.reasons for c in uow.comparisons.all_latest()])
            events = len(uow.audit.all())
        return {
            "version": record.version,
            "fingerprint": record.fingerprint,
            "verified": check.holds,
            "cases": record.case_count,
            "images": record.image_count,
            "agreed": states.count(CaseState.AGREED),
            "ruled": states.count(CaseState.RULED),
            "dispute_reasons": reasons,
            "audit_events": events,
            "blindness_level": workspace.keys.blindness_level,
        }
    finally:
        workspace.close()


def _reasons(found: Sequence[Sequence[Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reasons in found:
        for reason in reasons:
            counts[str(reason.type)] = counts.get(str(reason.type), 0) + 1
    return dict(sorted(counts.items()))
