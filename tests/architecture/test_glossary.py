"""Every stored code has a row in the glossary, in both languages, in the words people see."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from workstation import messages
from workstation.domain.agreement import ReasonType
from workstation.domain.arbitration import Choice, DisputeState, Provenance
from workstation.domain.case import AssignmentState, CaseState
from workstation.domain.measures import MeasureKind
from workstation.domain.people import Role
from workstation.domain.viewing import Used
from workstation.i18n import set_language, tr
from workstation.ui.measured import TITLES

ROOT = Path(__file__).resolve().parents[2]
ENUMS = (CaseState, DisputeState, Choice, Provenance, Role, AssignmentState, ReasonType,
         MeasureKind, Used)  # fmt: skip


def table() -> list[list[str]]:
    """The rows, without the head and the headings within the table."""
    lines = (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [row for row in rows[2:] if not row[0].startswith("**")]


def by_code() -> dict[str, list[str]]:
    return {row[3].strip("`"): row for row in table()}


@pytest.mark.parametrize("enum", ENUMS, ids=lambda e: e.__name__)
def test_every_code_has_a_row(enum: type[StrEnum]) -> None:
    wanted = {f"{enum.__name__}.{member.value}" for member in enum}
    found = {code for code in by_code() if code.startswith(f"{enum.__name__}.")}
    assert found == wanted


def test_every_row_is_whole_and_in_both_languages() -> None:
    for row in table():
        assert len(row) == 5 and all(row), row
        chinese, english = row[0], row[1]
        assert re.search("[\u4e00-\u9fff]", chinese), row
        assert re.search("[A-Za-z]", english) and not re.search("[\u4e00-\u9fff]", english), row
        assert re.fullmatch("`[^`]+`", row[3]), row


def test_no_code_stands_twice() -> None:
    codes = [row[3] for row in table()]
    assert sorted(codes) == sorted(set(codes))


def test_every_place_exists() -> None:
    for row in table():
        inside = ROOT / "workstation" / row[4]
        assert inside.is_file() or (ROOT / row[4]).is_file(), row


def test_every_code_is_where_the_row_says() -> None:
    for row in table():
        code, place = row[3].strip("`"), ROOT / "workstation" / row[4]
        text = (place if place.is_file() else ROOT / row[4]).read_text("utf-8")
        name, _, value = code.partition(".") if code[0].isupper() else (code, "", "")
        assert name in text and (not value or f'"{value}"' in text), row


def test_codes_are_worded_as_on_screen() -> None:
    shown = {
        **{f"{e.__name__}.{m}": messages.STATES[m] for e in (CaseState, DisputeState, Role,
           AssignmentState) for m in e},
        **{f"ReasonType.{m}": messages.REASONS[m] for m in ReasonType},
        **{f"MeasureKind.{m}": TITLES[m] for m in MeasureKind},
    }  # fmt: skip
    rows = by_code()
    assert {c: rows[c][1] for c in shown} == shown
    set_language("zh_CN")
    assert {c: rows[c][0] for c in shown} == {c: tr(text) for c, text in shown.items()}
