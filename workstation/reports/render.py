"""Renders the report as PDF/A: chapters to template values, template values to pages."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.report import ReportData
from workstation.i18n import LANGUAGES, language_in_force, tr
from workstation.paths import resources_dir
from workstation.reports.blocks import to_template
from workstation.reports.chapters import all_chapters
from workstation.reports.printable import glyphs, printable_value
from workstation.reports.setting import Setting, font_file
from workstation.reports.wording import moment

PDF_STANDARD: Literal["a-2b"] = "a-2b"
_HEADER_LENGTH = 60


def render_pdf(data: ReportData, language: str, out: Path) -> Path:
    """Write the report in "zh_CN" or "en" to `out` (PDF/A-2b) and return the path.

    The same data give the same bytes. The file appears whole or not at all.

    Raises InvalidValue("report.language"), EnvironmentProblem("report.font_missing") and
    EnvironmentProblem("report.not_written").
    """
    if language not in LANGUAGES:
        raise InvalidValue("report.language", language=language)
    content = pdf_bytes(data, language)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=out.parent, suffix=".part")
        partial = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentProblem("report.not_written", path=str(out), why=str(error)) from error
    return out


def pdf_bytes(data: ReportData, language: str) -> bytes:
    """The report as PDF/A-2b bytes."""
    import typst

    fonts = resources_dir() / "fonts"
    template = resources_dir() / "report" / "report.typ"
    font_file(fonts, "Bold")
    setting = Setting(language, font_file(fonts, "Regular"))
    values = template_values(data, setting)
    compiled = typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(values, ensure_ascii=False)},
        pdf_standards=PDF_STANDARD,
        timestamp=int(data.generated_at.timestamp()),
        format="pdf",
    )
    return compiled


def template_values(data: ReportData, setting: Setting) -> dict[str, Any]:
    """Everything the template prints, in words, as one JSON value."""
    with language_in_force(setting.language):
        chapters = all_chapters(data, setting)
        made_on = data.generated_at.astimezone(UTC)
        title = tr("Report of a blind double reading")
        page = tr("Page {page} of {pages}", page="\x00", pages="\x00").split("\x00")
        values: dict[str, Any] = {
            "language": "zh" if setting.language == "zh_CN" else "en",
            "region": "CN" if setting.language == "zh_CN" else "GB",
            "date": [made_on.year, made_on.month, made_on.day],
            "title": title,
            "subtitle": data.study.title,
            "contents": tr("Contents"),
            "cover": [
                {"label": tr("Protocol"), "value": _protocol(data, setting), "code": False},
                {
                    "label": tr("Dataset version"),
                    "value": data.dataset.version if data.dataset else tr("not frozen"),
                    "code": False,
                },
                *(
                    [
                        {
                            "label": tr("Fingerprint"),
                            "value": data.dataset.fingerprint,
                            "code": True,
                        }
                    ]
                    if data.dataset
                    else []
                ),
                {
                    "label": tr("Report made at"),
                    "value": moment(data.generated_at),
                    "code": False,
                },
            ],
            "header_left": _shortened(data.study.title),
            "header_right": _protocol(data, setting, short=True),
            "footer_left": tr("Made with version {version}", version=data.product_version),
            "chapters": [
                {"title": chapter.title, "blocks": [to_template(b) for b in chapter.blocks]}
                for chapter in chapters
            ],
        }
    shown = printable_value(values, glyphs(setting.regular_font))
    assert isinstance(shown, dict)
    # After the check for unprintable characters: the page numbers go where the marks stood.
    shown["page"] = page
    return shown


def _protocol(data: ReportData, setting: Setting, short: bool = False) -> str:
    protocol = data.protocol
    name = protocol.protocol_id if short else protocol.title.text(setting.language)
    return tr("{protocol}, revision {revision}", protocol=name, revision=protocol.revision)


def _shortened(text: str) -> str:
    return text if len(text) <= _HEADER_LENGTH else text[: _HEADER_LENGTH - 1] + "…"
