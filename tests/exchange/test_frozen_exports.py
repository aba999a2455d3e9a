"""A frozen version handed on: tables that a spreadsheet opens, one zip, what changed since."""

from __future__ import annotations

import copy
import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from workstation.domain.dataset import LabelChange
from workstation.exchange.frozen_archive import write_archive
from workstation.exchange.frozen_difference import frozen_difference
from workstation.exchange.frozen_tables import ANSWERS, MARKS, frozen_tables

CASE: dict[str, Any] = {
    "case": "case-0001",
    "format": "labels/1",
    "subject": {"id": "subject-0001", "centre": "北京一院", "sex": "", "birth_year": None},
    "images": [
        {"id": "image-1", "eye": "OD", "field": "1", "pixel_sha256": ["aa"]},
        {"id": "image-2", "eye": None, "field": None, "pixel_sha256": ["bb", "cc"]},
    ],
    "reference": {
        "source": "arbitration",
        "readings": 2,
        "answers": {"image:image-1": {"diagnosis": "DR", "signs": ["MA", "HE"]},
                    "case": {"remark": "=HYPERLINK(1)"}},
        "marks": [
            {"id": "mark-1", "image": "image-1", "class": "MA", "number": 1, "attributes": {},
             "note": "-5", "shape": {"type": "point", "x": 1, "y": 2, "z": 0},
             "measured": {"center": ["1.000", "2.000", "0.000"], "pixels": 0}},
            {"id": "mark-2", "image": "image-2", "class": "HE", "number": 1,
             "attributes": {"kind": "dot"}, "note": "@risk",
             "shape": {"type": "box", "corners": [1, 1, 2, 2], "z": 0},
             "measured": {"center": ["1.500", "1.500", "0.000"], "pixels": 4}},
        ],
        "provenance": {"image:image-1/diagnosis": "adopted_x", "image:image-1/signs": "agreed",
                       "case/remark": "agreed", "image:image-2/stage": "undecidable",
                       "mark:mark-1": "agreed", "mark:mark-2": "arbitrated"},
    },
}  # fmt: skip


def frozen(folder: Path, *cases: dict[str, Any], protocol: str = "{}") -> Path:
    (folder / "data" / "cases").mkdir(parents=True)
    (folder / "data" / "protocol.json").write_text(protocol)
    for n, case in enumerate(cases, 1):
        name = f"case-{n:04d}"
        (folder / "data" / "cases" / name).mkdir()
        text = json.dumps(case | {"case": name}, ensure_ascii=False)
        (folder / "data" / "cases" / name / "labels.json").write_text(text, "utf-8")
    return folder


def rows(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_every_answer_and_mark_has_a_row(tmp_path: Path) -> None:
    tables = frozen_tables(frozen(tmp_path / "v1.0", CASE))
    answers, marks = rows(tables["answers.csv"]), rows(tables["marks.csv"])
    assert tuple(answers[0]) == ANSWERS and tuple(marks[0]) == MARKS
    found = {(r["level"], r["image"], r["question"]): r for r in answers}
    assert len(found) == len(answers) == 4
    assert found["image", "image-1", "diagnosis"]["provenance"] == "adopted_x"
    assert found["image", "image-1", "signs"]["answer"] == "MA; HE"
    # Ruled undecidable: it has no answer and is not left out.
    lost = found["image", "image-2", "stage"]
    assert (lost["answer"], lost["provenance"], lost["eye"]) == ("", "undecidable", "")
    assert {r["centre"] for r in answers} == {"北京一院"}
    assert [(m["class"], m["pixels"], m["attributes"]) for m in marks] == [
        ("MA", "", ""), ("HE", "4", "kind=dot"),
    ]  # fmt: skip


def test_a_text_is_never_a_formula(tmp_path: Path) -> None:
    tables = frozen_tables(frozen(tmp_path / "v1.0", CASE))
    remark = next(r for r in rows(tables["answers.csv"]) if r["question"] == "remark")
    assert remark["answer"] == "'=HYPERLINK(1)"
    assert [m["note"] for m in rows(tables["marks.csv"])] == ["-5", "'@risk"]


def test_the_archive_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    folder = frozen(tmp_path / "v1.0", CASE)
    write_archive(folder, tmp_path / "a.zip", lambda *_: None)
    for path in folder.rglob("*.json"):
        path.touch()
    write_archive(folder, tmp_path / "b.zip", lambda *_: None)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    there = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes()
             for p in (tmp_path / "out").rglob("*") if p.is_file()}  # fmt: skip
    here = {f"v1.0/{p.relative_to(folder).as_posix()}": p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip
    assert there == here


def other(seed: str) -> dict[str, Any]:
    case = copy.deepcopy(CASE)
    for image in case["images"]:
        image["pixel_sha256"] = [seed + image["id"]]
    return case


def test_cases_are_matched_by_pixels_not_by_number(tmp_path: Path) -> None:
    changed = copy.deepcopy(CASE)
    changed["reference"]["answers"]["image:image-1"]["diagnosis"] = "normal"
    changed["reference"]["marks"].pop()
    before = frozen(tmp_path / "v1.0", CASE, other("gone"))
    after = frozen(tmp_path / "v1.1", other("new"), changed, protocol='{"revision":2}')
    assert set(frozen_difference(before, after)) == {
        LabelChange("case-0001", "case-0002", "answer", "image:image-1/diagnosis", "DR", "normal"),
        LabelChange("case-0001", "case-0002", "marks", "", "2", "1"),
        LabelChange("case-0002", "", "removed"),
        LabelChange("", "case-0001", "added"),
        LabelChange("", "", "protocol"),
    }


@pytest.mark.parametrize("cases", [(), (CASE,)])
def test_a_version_does_not_differ_from_itself(tmp_path: Path, cases: Any) -> None:
    assert frozen_difference(frozen(tmp_path / "a", *cases), frozen(tmp_path / "b", *cases)) == ()
