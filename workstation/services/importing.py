"""Import: delivered files become cases with images, or a line that says why not."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from workstation.display.grey import whole_depth
from workstation.domain.case import Case, CaseState, Subject, moved
from workstation.domain.errors import EnvironmentProblem, InvalidValue, RuleViolation
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.image import Eye, Image, ImageKind, PlaneRef, Window
from workstation.domain.intake import (
    DecodedPlane,
    FileFacts,
    PicturePlan,
    Refusal,
    SourceFile,
    StackPlan,
)
from workstation.domain.people import Role, require_role
from workstation.domain.ports import (
    FileIntake,
    ImportRecord,
    PhotoMapping,
    Progress,
    UnitOfWork,
)
from workstation.domain.protocol import MODALITIES, ONE_SERIES
from workstation.services.workspace import Workspace, current_protocol

# A stored study needs about the delivered bytes once; the rest is head room for the journal.
HEADROOM = 1.3


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an import would take, before anything is opened."""

    files: tuple[SourceFile, ...]
    total_bytes: int
    needed_bytes: int
    free_bytes: int

    @property
    def fits(self) -> bool:
        return self.needed_bytes <= self.free_bytes


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """Import what `sources` hold.

    `confirmed_by`: the name the coordinator typed to confirm that the data were de-identified
    elsewhere; it must be the signed-in person's own.
    """

    sources: tuple[Path, ...]
    confirmed_by: str
    mapping: PhotoMapping | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of every file: made into images, or refused with a reason."""

    images: tuple[Image, ...]
    case_numbers: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    file_count: int
    # Names of the list that no delivered file has.
    unmatched: tuple[str, ...] = ()


def estimate(
    intake: FileIntake,
    sources: Sequence[Path],
    free_bytes: Callable[[], int],
    progress: Progress,
) -> Estimate:
    """Count files and bytes; nothing is opened."""
    files = intake.find(sources, progress)
    total = sum(file.size for file in files)
    return Estimate(files, total, int(total * HEADROOM), free_bytes())


@dataclass(frozen=True, slots=True)
class _Draft:
    """An image on its way in: facts of its files, decoded planes written to the blob store.

    `names` are its files', for the refusal if another import was faster.
    """

    patient: str
    study_key: str
    centre: str
    sex: str
    image: Image
    names: tuple[str, ...] = ()
    visit: int | None = None


def run_import(
    workspace: Workspace, command: ImportFiles, free_bytes: Callable[[], int], progress: Progress
) -> tuple[ImportResult, Changes]:
    """Import in one transaction; a cancel or failure leaves the study as it was.

    Raises RuleViolation where the confirmation is not the person's own name or nothing was found,
    EnvironmentProblem where the disk would not hold it.
    """
    require_role(workspace.person, Role.COORDINATOR)
    if command.confirmed_by.strip() != workspace.person.display_name:
        raise RuleViolation("import.not_confirmed", name=workspace.person.display_name)
    intake = workspace.intake()
    written: list[str] = []
    try:
        plan = estimate(intake, command.sources, free_bytes, progress)
        if not plan.files:
            raise RuleViolation("import.nothing_found")
        if not plan.fits:
            raise EnvironmentProblem(
                "import.disk", needed_mib=plan.needed_bytes >> 20, free_mib=plan.free_bytes >> 20
            )
        with workspace.reading() as uow:
            _, protocol = current_protocol(uow)
        facts, refusals = _inspect(workspace, intake, plan.files, progress)
        mapping = _knowing(command.mapping, facts, refusals)
        drafts: list[_Draft] = []
        with workspace.reading() as uow:
            known = _Known(uow)
            if protocol.modality != "fundus":
                _refuse_others(facts, refusals, MODALITIES[protocol.modality])
                stacks = intake.stacks(facts)
                pictures = [f for f in facts if not f.is_stacked]
                steps = sum(len(s.files) for s in stacks) + len(pictures)
                done = 0
                for stack in stacks:
                    base = done

                    def tick(n: int, base: int = base) -> None:
                        progress(base + n, steps, "read")

                    draft, refused = _stack(workspace, intake, stack, known, written, tick)
                    done += len(stack.files)
                    refusals += refused
                    drafts += [draft] if draft else []
                for one in pictures:
                    progress(done, steps, "read")
                    done += 1
                    found = _radiograph(workspace, intake, one, known, written)
                    if isinstance(found, Refusal):
                        refusals.append(found)
                    else:
                        drafts.append(found)
            else:
                for n, one in enumerate(facts):
                    progress(n, len(facts), "read")
                    found = _photograph(workspace, intake, one, mapping, known, written)
                    if isinstance(found, Refusal):
                        refusals.append(found)
                    else:
                        drafts.append(found)
        one_target = protocol.modality in ONE_SERIES
        result = _record(workspace, command, plan, drafts, refusals, one_target, written)
        workspace.blobs.remove(written)
        if mapping is not None and protocol.modality == "fundus":
            result = replace(result, unmatched=mapping.unmatched())
    except BaseException:
        workspace.blobs.remove(written)
        raise
    finally:
        intake.close()
    return result, changed(Topic.CASES)


def _knowing(
    mapping: PhotoMapping | None, facts: Sequence[FileFacts], refusals: Sequence[Refusal]
) -> PhotoMapping | None:
    """The mapping that knows every delivered name, those of refused files too; the same file
    delivered twice counts once."""
    if mapping is None:
        return None
    names = [f.source.name for f in facts]
    return mapping.delivered(names + [r.name for r in refusals if r.code != "import.twice"])


def _inspect(
    workspace: Workspace,
    intake: FileIntake,
    files: Sequence[SourceFile],
    progress: Progress,
) -> tuple[list[FileFacts], list[Refusal]]:
    facts: list[FileFacts] = []
    refusals: list[Refusal] = []
    seen: dict[str, str] = {}
    inspected = intake.inspect(files)
    for n, file in enumerate(files):
        progress(n, len(files), "inspect")
        found = next(inspected)
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        findings = workspace.identity.findings(found)
        if findings:
            where = ", ".join(dict.fromkeys(f.where for f in findings if f.where))
            refusals.append(Refusal(file.name, findings[0].code, {"where": where}))
        elif found.sha256 in seen:
            refusals.append(Refusal(file.name, "import.twice", {"other": seen[found.sha256]}))
        else:
            seen[found.sha256] = file.name
            facts.append(found)
    return facts, refusals


class _Known:
    """What the study has already, and what this import has added to it."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._pixels: dict[str, str] = {}
        self._cases: dict[tuple[str, str], str] = {}

    def case_id(self, patient: str, study_key: str) -> str:
        """Id of the case-to-be of a patient's visit: blob keys hang on it before its row exists."""
        return self._cases.setdefault((patient, study_key), str(uuid.uuid4()))

    def source(self, sha256: str) -> str | None:
        found = self._uow.images.with_source(sha256)
        return found.number if found else None

    def pixels(self, sha256: str, name: str) -> str | None:
        found = self._uow.images.with_pixels(sha256)
        if found is not None:
            return found.number
        return self._pixels.setdefault(sha256, name) if sha256 in self._pixels else None

    def add_pixels(self, sha256: str, name: str) -> None:
        self._pixels[sha256] = name


def _refuse_others(facts: list[FileFacts], refusals: list[Refusal], taken: frozenset[str]) -> None:
    """A study takes DICOM images of its own modalities; CT slices only where they can be placed,
    measured and trusted. The rest is named."""
    for one in list(facts):
        a = one.attributes
        code = ""
        params: Mapping[str, object] = {}
        described = "frames" in a or "frames_described" in a
        if one.kind != "dicom" or a.get("Modality") not in taken:
            code, params = "import.wrong_modality", {"modality": str(a.get("Modality", one.kind))}
        elif a.get("Modality") == "CT" and "PixelSpacing" not in a and not described:
            code, params = "dicom.missing", {"attribute": "PixelSpacing (0028,0030)"}
        elif a.get("Modality") == "CT" and not _placed(a) and not described:
            code, params = "dicom.missing", {"attribute": "ImagePositionPatient (0020,0032)"}
        elif a.get("Modality") == "CT" and a.get("lossy"):
            code, params = "dicom.lossy", {"syntax": str(a.get("syntax_name"))}
        elif not a.get("PatientID"):
            code, params = "dicom.missing", {"attribute": "PatientID (0010,0020)"}
        if code:
            facts.remove(one)
            refusals.append(Refusal(one.source.name, code, params))


def _placed(attributes: Mapping[str, object]) -> bool:
    return "ImagePositionPatient" in attributes and "ImageOrientationPatient" in attributes


def _stack(
    workspace: Workspace,
    intake: FileIntake,
    stack: StackPlan,
    known: _Known,
    written: list[str],
    tick: Callable[[int], None],
) -> tuple[_Draft | None, list[Refusal]]:
    refused = list(stack.refused)
    if not stack.files:
        return None, refused
    twins = _known_files(stack, known)
    if twins:
        return None, refused + twins
    first = stack.files[0]
    if stack.spacing is None and first.attributes.get("Modality") == "CT":
        missing = {"attribute": "PixelSpacing (0028,0030)"}
        return None, refused + [Refusal(n, "dicom.missing", missing) for n in _files(stack)]
    planes: list[DecodedPlane] = []
    for n, one in enumerate(stack.files):
        tick(n)
        plane = _decoded(intake, one, stack.frames[n] if stack.frames else 0)
        if isinstance(plane, Refusal):
            # A stack with a hole is no stack: the whole series is refused, naming the file.
            return None, refused + [plane] + [
                Refusal(name, "stack.incomplete", {"file": one.source.name})
                for name in _files(stack)
                if name != one.source.name
            ]
        planes.append(plane)
    alike = _of_one_depth(planes)
    if alike is None:
        return None, refused + [Refusal(name, "stack.depths") for name in _files(stack)]
    planes = alike
    a = first.attributes
    patient, study_key = str(a["PatientID"]), str(a.get("StudyInstanceUID", ""))
    lossy = ("photo.lossy",) if any(f.attributes.get("lossy") for f in stack.files) else ()
    header = _header_facts(first, stack, planes[0])
    image = Image(
        case_id=known.case_id(patient, study_key),
        kind=ImageKind.STACK,
        modality=str(a.get("Modality", "")),
        slices=len(planes),
        is_target=False,
        geometry=stack.geometry,
        windows=stack.windows,
        series_description=_described(a, stack.part),
        source_sha256=tuple(dict.fromkeys(f.sha256 for f in stack.files)),
        warnings=(*stack.warnings, *dict.fromkeys(w for p in planes for w in p.warnings), *lossy),
        slice_rescale=stack.slice_rescale,
        slice_windows=stack.slice_windows,
        patient_orientation=stack.orientation,
        laterality=stack.laterality,
        view=stack.view,
        frame_time_ms=stack.frame_time_ms,
        **header | {"voi_luts": _common_tables(stack)},
    )
    draft = _Draft(patient, study_key, "", str(a.get("PatientSex", "")), image, _files(stack))
    return _with_planes(workspace, draft, planes, written), refused


def _known_files(stack: StackPlan, known: _Known) -> list[Refusal]:
    """Refusals of a series of which the study has a part, or all; empty where it has nothing.

    What it has not yet would make a second stack, with a hole or with slices twice.
    """
    files = {f.sha256: f.source.name for f in stack.files}
    images = {sha256: known.source(sha256) for sha256 in files}
    found = next((image for image in images.values() if image is not None), None)
    if found is None:
        return []
    return [
        Refusal(name, "import.duplicate", {"image": images[sha256]})
        if images[sha256] is not None
        else Refusal(name, "stack.partly_known", {"image": found})
        for sha256, name in files.items()
    ]


def _of_one_depth(planes: list[DecodedPlane]) -> list[DecodedPlane] | None:
    """The planes with the same values in one depth; None where neither 16-bit depth holds them."""
    kinds = {p.pixels.dtype for p in planes}
    if len(kinds) == 1:
        return planes
    common = np.result_type(*kinds)
    if common.itemsize > 2:
        common = np.dtype(np.int16)
        if max(int(p.pixels.max()) for p in planes) > np.iinfo(np.int16).max:
            return None
    return [replace(p, pixels=p.pixels.astype(common)) for p in planes]


def _common_tables(stack: StackPlan) -> object:
    """VOI tables that all files of a stack have; none where they differ, to be shown wrongly by."""
    found = {f.attributes.get("voi_luts", ()) for f in stack.files}
    return found.pop() if len(found) == 1 else ()


def _header_facts(
    facts: FileFacts, plan: StackPlan | PicturePlan, plane: DecodedPlane
) -> dict[str, Any]:
    """What an image of any kind has from its header, its plan and its first plane; no number yet,
    and no planes before they are stored."""
    a = facts.attributes
    return {
        "image_id": str(uuid.uuid4()),
        "number": "",
        "rows": facts.rows,
        "cols": facts.cols,
        "samples": 3 if plane.pixels.ndim == 3 else 1,
        "dtype": str(plane.pixels.dtype),
        "planes": (),
        "spacing": plan.spacing,
        "aspect": plan.aspect,
        "slope": plan.slope,
        "intercept": plan.intercept,
        "monochrome1": plan.monochrome1,
        "padding": plan.padding,
        "manufacturer": str(a.get("Manufacturer", "")),
        "model": str(a.get("ManufacturerModelName", "")),
        "decoder": plane.decoder,
        "modality_lut": a.get("modality_lut"),
        "voi_luts": a.get("voi_luts", ()),
        "inverse_shape": a.get("PresentationLUTShape") == "INVERSE",
    }


def _files(stack: StackPlan) -> tuple[str, ...]:
    """Names of the files of a stack, each once."""
    return tuple(dict.fromkeys(f.source.name for f in stack.files))


def _radiograph(
    workspace: Workspace,
    intake: FileIntake,
    facts: FileFacts,
    known: _Known,
    written: list[str],
) -> _Draft | Refusal:
    """One picture that is neither a photograph nor a slice: a mammogram, a chest radiograph, an
    ultrasound frame."""
    name, a = facts.source.name, facts.attributes
    plane = _new_pixels(intake, facts, known)
    if isinstance(plane, Refusal):
        return plane
    plan = intake.picture(facts)
    patient, study_key = str(a["PatientID"]), str(a.get("StudyInstanceUID", ""))
    image = Image(
        case_id=known.case_id(patient, study_key),
        kind=ImageKind.RADIOGRAPH,
        modality=str(a.get("Modality", "")),
        slices=1,
        windows=plan.windows,
        source_sha256=(facts.sha256,),
        warnings=plane.warnings + plan.warnings + (("photo.lossy",) if a.get("lossy") else ()),
        patient_orientation=plan.orientation,
        laterality=plan.laterality,
        view=plan.view,
        **_header_facts(facts, plan, plane),
    )
    draft = _Draft(patient, study_key, "", str(a.get("PatientSex", "")), image, (name,))
    return _with_planes(workspace, draft, [plane], written)


def _new_pixels(intake: FileIntake, facts: FileFacts, known: _Known) -> DecodedPlane | Refusal:
    """The picture of a file of one frame, if the study has neither the file nor its pixels."""
    name = facts.source.name
    twin = known.source(facts.sha256)
    if twin is not None:
        return Refusal(name, "import.duplicate", {"image": twin})
    plane = _decoded(intake, facts)
    if isinstance(plane, Refusal):
        return plane
    pixel_sha256 = _pixel_sha256(plane)
    twin = known.pixels(pixel_sha256, name)
    if twin is not None:
        return Refusal(name, "import.duplicate", {"image": twin})
    known.add_pixels(pixel_sha256, name)
    return plane


def _decoded(intake: FileIntake, facts: FileFacts, frame: int = 0) -> DecodedPlane | Refusal:
    """A frame of the file, if it still is the file that was inspected."""
    plane = intake.decode(facts, frame)
    if isinstance(plane, DecodedPlane) and plane.source_sha256 != facts.sha256:
        return Refusal(facts.source.name, "import.changed")
    return plane


def _described(attributes: Mapping[str, object], part: str) -> str:
    """Thickness, kernel, and what sets it off within its series: enough to tell series apart,
    nothing typed by a person."""
    parts = []
    if attributes.get("SliceThickness") is not None:
        parts.append(f"{attributes['SliceThickness']} mm")
    if attributes.get("ConvolutionKernel"):
        parts.append(str(attributes["ConvolutionKernel"]))
    if part:
        parts.append(part)
    return ", ".join(parts)


def _photograph(
    workspace: Workspace,
    intake: FileIntake,
    facts: FileFacts,
    mapping: PhotoMapping | None,
    known: _Known,
    written: list[str],
) -> _Draft | Refusal:
    name, a = facts.source.name, facts.attributes
    if facts.frames != 1:
        return Refusal(name, "import.several_frames", {"frames": facts.frames})
    if facts.kind == "dicom" and a.get("Modality") not in MODALITIES["fundus"]:
        return Refusal(name, "import.wrong_modality", {"modality": str(a.get("Modality", ""))})
    try:
        row = mapping.row(name) if mapping else None
    except InvalidValue as error:
        return Refusal(name, error.code, error.params)
    patient = row.patient if row else str(a.get("PatientID", ""))
    if not patient:
        return Refusal(name, "import.no_patient")
    plan = intake.picture(facts)
    header_eye = {"R": Eye.OD, "L": Eye.OS}.get(plan.laterality)
    listed_eye = Eye(row.eye) if row and row.eye else None
    if header_eye and listed_eye and header_eye is not listed_eye:
        return Refusal(
            name, "import.eye_conflict", {"header": str(header_eye), "listed": str(listed_eye)}
        )
    plane = _new_pixels(intake, facts, known)
    if isinstance(plane, Refusal):
        return plane
    warnings = list(plane.warnings)
    if facts.kind != "dicom" and facts.identity:
        warnings.append("photo.metadata_dropped")
    if a.get("exif_orientation", 1) != 1:
        warnings.append("photo.exif_orientation")
    if facts.kind == "dicom" and a.get("lossy"):
        warnings.append("photo.lossy")
    visit = row.visit if row else None
    study_key = "" if visit is None else f"visit {visit}"
    image = Image(
        case_id=known.case_id(patient, study_key),
        kind=ImageKind.PHOTOGRAPH,
        modality=str(a.get("Modality", "OP")),
        slices=1,
        eye=header_eye or listed_eye,
        field=row.field if row else "",
        windows=_photo_windows(facts, plan, plane),
        source_sha256=(facts.sha256,),
        warnings=(*warnings, *plan.warnings),
        **_header_facts(facts, plan, plane),
    )
    centre, sex = row.centre if row else "", str(a.get("PatientSex", ""))
    draft = _Draft(patient, study_key, centre, sex, image, (name,), visit)
    return _with_planes(workspace, draft, [plane], written)


def _photo_windows(facts: FileFacts, plan: PicturePlan, plane: DecodedPlane) -> tuple[Window, ...]:
    """Of a DICOM file its own: its values may fill 10 or 12 of 16 bits. A plain picture says itself
    what is black and white: the ends of its depth."""
    if plane.pixels.ndim == 3:
        return ()
    if facts.kind == "dicom":
        return plan.windows
    return (whole_depth(plane.pixels.dtype),)


def _pixel_sha256(plane: DecodedPlane) -> str:
    """Hash of the canonical pixels with their shape and depth: the same for PNG and TIFF twins."""
    pixels = plane.pixels
    head = f"{pixels.shape}|{pixels.dtype.name}|".encode()
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(head + np.ascontiguousarray(little).tobytes()).hexdigest()


def _with_planes(
    workspace: Workspace, draft: _Draft, planes: Sequence[DecodedPlane], written: list[str]
) -> _Draft:
    """Encrypt the planes into the blob store."""
    image = draft.image
    references = []
    for plane in planes:
        pixel_sha256 = _pixel_sha256(plane)
        if plane.coded:
            codec, data = "jpeg", plane.coded
        else:
            codec, data = workspace.pixels.stored(plane.pixels)
        blob_id = workspace.blobs.write(image.case_id, image.image_id, data)
        written.append(blob_id)
        references.append(PlaneRef(blob_id, codec, pixel_sha256, len(data)))
    table = _colour_table(workspace, image, planes[0], written)
    return replace(draft, image=replace(image, planes=tuple(references), colour_table=table))


def _colour_table(
    workspace: Workspace, image: Image, plane: DecodedPlane, written: list[str]
) -> PlaneRef | None:
    """The table of the image's colour profile, encrypted into the blob store."""
    if not plane.colour_table:
        return None
    codec, data = workspace.pixels.stored(np.frombuffer(plane.colour_table, np.uint8))
    blob_id = workspace.blobs.write(image.case_id, image.image_id, data)
    written.append(blob_id)
    sha256 = hashlib.sha256(plane.colour_table).hexdigest()
    return PlaneRef(blob_id, codec, sha256, len(data))


def _record(
    workspace: Workspace,
    command: ImportFiles,
    plan: Estimate,
    drafts: Sequence[_Draft],
    refusals: Sequence[Refusal],
    one_target: bool,
    written: list[str],
) -> ImportResult:
    """Rows of subjects, cases and images, and the record of the import, in one transaction.

    Another import may have brought the same images since this one looked: they are looked for
    again where nobody else can write, and are duplicates then. Only their blobs are left in
    `written`, to be removed: whatever fails from then on, the others are the study's.
    """
    with workspace.writing() as uow:
        images: list[Image] = []
        numbers: list[str] = []
        refusals = list(refusals)
        fresh: list[_Draft] = []
        late: list[str] = []
        for draft in drafts:
            twin = _twin(uow, draft.image)
            if twin is None:
                fresh.append(draft)
                continue
            late += [plane.blob_id for plane in draft.image.stored]
            refusals += [Refusal(n, "import.duplicate", {"image": twin}) for n in draft.names]
        for group in _by_case(fresh):
            subject = _subject(uow, group[0])
            case = _new_case(uow, subject, group[0].image.case_id, group[0].visit)
            numbers.append(case.number)
            images += _numbered(uow, group, one_target)
        record = ImportRecord(
            str(uuid.uuid4()),
            workspace.clock.now(),
            workspace.person.person_id,
            len(plan.files),
            plan.total_bytes,
            len(images),
            tuple(refusals),
            command.confirmed_by.strip(),
        )
        uow.imports.add(record)
        uow.audit.append(
            "import.done",
            record.import_id,
            {
                "files": len(plan.files),
                "bytes": plan.total_bytes,
                "images": len(images),
                "refused": len(refusals),
                "identity_confirmed_by": workspace.person.person_id,
            },
        )
        uow.commit()
        written[:] = late
    return ImportResult(tuple(images), tuple(numbers), tuple(refusals), len(plan.files))


def _twin(uow: UnitOfWork, image: Image) -> str | None:
    """Number of the study's image of one of the same files or, for pictures, the same pixels."""
    sources = map(uow.images.with_source, image.source_sha256)
    found = next((one for one in sources if one is not None), None)
    if found is None and image.kind is not ImageKind.STACK:
        found = uow.images.with_pixels(image.planes[0].pixel_sha256)
    return found.number if found else None


def _by_case(drafts: Sequence[_Draft]) -> list[list[_Draft]]:
    """Drafts of one patient's visit together: by patient for photographs, else by study."""
    groups: dict[tuple[str, str], list[_Draft]] = {}
    for draft in drafts:
        groups.setdefault((draft.patient, draft.study_key), []).append(draft)
    return [groups[key] for key in sorted(groups)]


def _subject(uow: UnitOfWork, draft: _Draft) -> Subject:
    found = uow.subjects.by_pseudonym(draft.patient)
    if found is None:
        sex = draft.sex if draft.sex in ("M", "F", "O") else ""
        found = Subject(str(uuid.uuid4()), draft.patient, draft.centre, sex)
        uow.subjects.add(found)
    return found


def _new_case(uow: UnitOfWork, subject: Subject, case_id: str, visit: int | None) -> Case:
    case = Case(
        case_id,
        uow.cases.next_number(),
        subject.subject_id,
        CaseState.IMPORTED,
        identity_confirmed=True,
        visit=visit,
    )
    uow.cases.add(case)
    return case


_PREFIXES = {ImageKind.PHOTOGRAPH: "F", ImageKind.STACK: "S", ImageKind.RADIOGRAPH: "R"}


def _numbered(uow: UnitOfWork, group: Sequence[_Draft], one_target: bool) -> list[Image]:
    """The group's images with numbers; with `one_target` one series is chosen and no other, else
    all of them are answered about."""
    target = _default_target([draft.image for draft in group])
    out = []
    for draft in sorted(group, key=lambda d: (d.image.side or "~", d.image.field)):
        image = replace(
            draft.image,
            number=uow.images.next_number(_PREFIXES[draft.image.kind]),
            is_target=draft.image.image_id == target or not one_target,
        )
        uow.images.add(image)
        out.append(image)
    return out


def _default_target(images: Sequence[Image]) -> str:
    """The series with the most slices, then the finest step; fixed at inclusion."""
    stacks = [i for i in images if i.kind is ImageKind.STACK]
    if not stacks:
        return ""

    def key(image: Image) -> tuple[int, float, str]:
        step = image.geometry.step_mm if image.geometry and image.geometry.step_mm else 1e9
        return -image.slices, step, image.source_sha256[0]

    return min(stacks, key=key).image_id


# After import


def include(workspace: Workspace, case_id: str) -> Changes:
    """Include a case. Raises RuleViolation where an eye is unknown or no series is the target."""
    require_role(workspace.person, Role.COORDINATOR)
    with workspace.writing() as uow:
        case = uow.cases.get(case_id)
        images = uow.images.of_case(case_id)
        unknown = [i.number for i in images if i.kind is ImageKind.PHOTOGRAPH and i.eye is None]
        if unknown:
            raise RuleViolation("include.eye_unknown", case=case.number, images=unknown)
        if not any(image.is_target for image in images):
            raise RuleViolation("include.no_target", case=case.number)
        state = moved(case.state, CaseState.INCLUDED, case.number)
        uow.cases.update(replace(case, state=state, exclusion_reason=""))
        uow.audit.append("case.included", case_id, {})
        uow.commit()
    return changed(Topic.CASES, case_ids=(case_id,))


def exclude(workspace: Workspace, case_id: str, reason: str) -> Changes:
    """Exclude a case; it stays in the flow with its reason. Raises RuleViolation without one."""
    require_role(workspace.person, Role.COORDINATOR)
    if len(reason.strip()) < 3:
        raise RuleViolation("exclude.reason_missing")
    with workspace.writing() as uow:
        case = uow.cases.get(case_id)
        state = moved(case.state, CaseState.EXCLUDED, case.number)
        uow.cases.update(replace(case, state=state, exclusion_reason=reason.strip()))
        uow.audit.append("case.excluded", case_id, {})
        uow.commit()
    return changed(Topic.CASES, case_ids=(case_id,))


def set_target(workspace: Workspace, case_id: str, image_id: str) -> Changes:
    """Make a series the case's target; the others are view-only. Only before assignment."""
    require_role(workspace.person, Role.COORDINATOR)
    with workspace.writing() as uow:
        _before_assignment(uow.cases.get(case_id))
        for image in uow.images.of_case(case_id):
            if image.kind is ImageKind.STACK:
                uow.images.update(replace(image, is_target=image.image_id == image_id))
        uow.audit.append("case.target_series", case_id, {"image": image_id})
        uow.commit()
    return changed(Topic.CASES, case_ids=(case_id,))


def set_photo_facts(workspace: Workspace, image_id: str, eye: Eye | None, field: str) -> Changes:
    """Say which eye and field a photograph shows. Only before assignment."""
    require_role(workspace.person, Role.COORDINATOR)
    with workspace.writing() as uow:
        image = uow.images.get(image_id)
        _before_assignment(uow.cases.get(image.case_id))
        uow.images.update(replace(image, eye=eye, field=field))
        uow.audit.append("image.facts_set", image_id, {"eye": str(eye or ""), "field": field})
        uow.commit()
    return changed(Topic.CASES, case_ids=(image.case_id,))


def _before_assignment(case: Case) -> None:
    if case.state not in (CaseState.IMPORTED, CaseState.INCLUDED):
        raise RuleViolation("case.already_assigned", case=case.number, state=str(case.state))
