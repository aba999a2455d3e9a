"""A refused file is printed with a label, whatever refused it, in both languages."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reports.test_render import text_of
from workstation import messages
from workstation.domain.report import Intake, ReasonCount, ReportData
from workstation.i18n import LANGUAGES, language_in_force
from workstation.reports.refused import REFUSED, refused_name
from workstation.reports.render import pdf_bytes

ROOT = Path(__file__).resolve().parents[2] / "workstation"
ROOMS = [
    *sorted((ROOT / "imaging").rglob("*.py")),
    *sorted((ROOT / "privacy").rglob("*.py")),
    ROOT / "services" / "importing.py",
    *sorted((ROOT / "display").rglob("*.py")),
]
# Refused as a whole, before or after the files: none of them is a file's.
OF_NO_FILE = {
    "blob.damaged",
    "case.already_assigned",
    "colour.table",
    "dicom.no_frame",
    "exclude.reason_missing",
    "image.no_memory",
    "import.archive_entries",
    "import.disk",
    "import.not_confirmed",
    "import.nothing_found",
    "import.source_missing",
    "include.eye_unknown",
    "include.no_target",
    "overlay.short",
    "volume.lookup_table",
    "volume.no_geometry",
    "volume.no_spacing",
    "volume.no_stack",
    "volume.one_slice",
    "volume.plane",
    "volume.steps",
    "volume.tilt",
    "volume.uneven",
    "volume.voxels",
    "window.function",
    "window.range",
    "window.width",
}


def codes() -> set[str]:
    """Every code that stands in the rooms that look at delivered files."""
    return {
        str(node.value)
        for path in ROOMS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in messages.ERRORS
    }


def test_every_code_a_file_can_be_refused_with_has_a_label() -> None:
    assert codes() - OF_NO_FILE == set(REFUSED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labels_stand_in_the_flow(full_report: ReportData, language: str) -> None:
    refused = tuple(ReasonCount(code, 1) for code in sorted(REFUSED))
    report = replace(full_report, intake=Intake(len(refused) + 2, 2, refused))
    text = text_of(pdf_bytes(report, language)).replace(" ", "")
    with language_in_force(language):
        labels = {code: refused_name(code) for code in REFUSED}
    assert len(set(labels.values())) == len(REFUSED)
    for code, label in labels.items():
        assert label.replace(" ", "") in text, code
        assert code not in text


def test_a_code_of_another_program_is_printed_as_it_is() -> None:
    assert refused_name("import.unheard_of") == "import.unheard_of"
