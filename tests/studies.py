"""Small studies for tests: protocols from plain values, images without pixels, real stores."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from workstation.bootstrap import Opener
from workstation.domain.case import Case, CaseState, Subject
from workstation.domain.image import Eye, Image, ImageKind
from workstation.domain.marks import BoxShape, Mark
from workstation.domain.people import Role
from workstation.domain.protocol import Protocol, protocol_from_dict
from workstation.paths import resources_dir
from workstation.services.enrolling import AddPerson, add_person
from workstation.services.opening import NewStudy
from workstation.services.workspace import Workspace
from workstation.store.slots import FLOOR_KIB

PASSPHRASE = "a long enough phrase"
_ids = itertools.count(1)


def opener() -> Opener:
    return Opener(FLOOR_KIB)


def label(text: str) -> dict[str, str]:
    return {"zh_CN": text, "en": text}


def shipped(name: str) -> dict[str, Any]:
    document = yaml.safe_load((resources_dir() / "protocols" / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def choice(
    code: str, *options: str, level: str = "image", kind: str = "nominal", **more: Any
) -> Any:
    return {
        "code": code,
        "level": level,
        "kind": kind,
        "label": label(code),
        "options": [{"code": o, "label": label(o)} for o in options],
        **more,
    }


def document(**changes: Any) -> dict[str, Any]:
    """The protocol of acceptance scenario C1: diagnosis, stage, referral, one lesion class."""
    base: dict[str, Any] = {
        "format": "protocol/1",
        "code": "dr-01",
        "revision": 1,
        "title": label("DR-01"),
        "purpose": label("test"),
        "modality": "fundus",
        "verdict_unit": "image",
        "readers_per_case": 2,
        "questions": [
            choice("diagnosis", "normal", "DR", "other"),
            choice("stage", "I", "II", "III", "IV", "V", "VI", kind="ordinal",
                   when={"diagnosis": ["DR"]}),
            choice("referral", "yes", "no"),
        ],
        "lesion_classes": [
            {"code": "LESION", "label": label("lesion"), "geometry": "area", "group": "primary",
             "color": "#00e5ff"},
        ],
        "agreement": [
            *(
                {"id": q, "kind": "answer_equal", "label": label(q), "unit": "image",
                 "question": q, "operator": ">=", "threshold": 1}
                for q in ("diagnosis", "stage", "referral")
            ),
            {"id": "lesion_iou", "kind": "lesion_iou", "label": label("IoU"), "unit": "image",
             "operator": ">", "threshold": "0.80"},
        ],
        "consensus_merge": "intersection",
        "arbitration": {
            "blind_read": "off",
            "reasons": [{"code": "missed", "label": label("missed")}],
        },
        "sources": [],
    }  # fmt: skip
    return base | changes


def protocol(**changes: Any) -> Protocol:
    return protocol_from_dict(document(**changes))


def photo(
    case_id: str = "c",
    eye: Eye | None = Eye.OD,
    rows: int = 300,
    cols: int = 400,
    field: str = "1",
    image_id: str = "",
) -> Image:
    n = next(_ids)
    return Image(
        image_id or f"i{n}",
        case_id,
        f"F{n:04d}",
        ImageKind.PHOTOGRAPH,
        "OP",
        rows,
        cols,
        1,
        3,
        "uint8",
        (),
        eye,
        field,
    )


def rectangle(
    image_id: str,
    left: int,
    top: int,
    width: int,
    height: int,
    code: str = "LESION",
    number: int = 1,
) -> Mark:
    """A mark of exactly `width` x `height` pixels."""
    shape = BoxShape(float(left), float(top), float(left + width - 1), float(top + height - 1))
    return Mark(f"m{next(_ids)}", image_id, code, number, shape)


class Team:
    """A real store with a coordinator, two readers and an arbitrator, each able to sign in."""

    def __init__(self, folder: Path, document: dict[str, Any], seed: int = 7) -> None:
        self.opener = opener()
        self.folder = folder
        workspace = self.opener.create(
            NewStudy(folder, "Study", document, "coordinator", "Coordinator", PASSPHRASE, seed)
        )
        for login, role in (
            ("reader-a", Role.READER),
            ("reader-b", Role.READER),
            ("arbitrator", Role.ARBITRATOR),
        ):
            add_person(workspace, AddPerson(login, login, frozenset({role}), PASSPHRASE))
        self.open = {"coordinator": workspace}

    def __getitem__(self, login: str) -> Workspace:
        if login not in self.open:
            self.open[login] = self.opener.open(self.folder, login, PASSPHRASE)
        return self.open[login]

    def add_case(self, pseudonym: str, images: Sequence[Image]) -> Case:
        """An included case whose images have no pixels (readings are all that is tested)."""
        with self["coordinator"].writing() as uow:
            subject = uow.subjects.by_pseudonym(pseudonym)
            if subject is None:
                subject = Subject(f"s{next(_ids)}", pseudonym)
                uow.subjects.add(subject)
            case = Case(
                f"case{next(_ids)}",
                uow.cases.next_number(),
                subject.subject_id,
                CaseState.INCLUDED,
                identity_confirmed=True,
            )
            uow.cases.add(case)
            for image in images:
                uow.images.add(replace(image, case_id=case.case_id))
            uow.commit()
        return case

    def close(self) -> None:
        for workspace in self.open.values():
            workspace.close()
        self.open = {}
