"""The PDF says what the data say: text layer, fonts, both languages, the same bytes again."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.reports.conftest import FINGERPRINT, PROTOCOL_HASH
from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.report import ReportData, RulingEntry, StudyPart
from workstation.domain.text import Label
from workstation.i18n import LANGUAGES
from workstation.metrics.overlap import PairCounts
from workstation.metrics.reader_accuracy import Answer, answer_accuracy, mean_iou
from workstation.paths import resources_dir
from workstation.reports.chapters.limits import limit_sentences
from workstation.reports.render import pdf_bytes, render_pdf
from workstation.reports.setting import font_file

NUMBERS = ("0.9457", "0.7994", "0.8849", "124", "97/100", FINGERPRINT, PROTOCOL_HASH, "20240101")


def text_of(content: bytes) -> str:
    """The text layer with line ends and break points taken out."""
    pages = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    return re.sub(r"\s+", " ", "\n".join(pages).replace("\u200b", ""))


def squeezed(content: bytes) -> str:
    """The text layer without any white space, for sentences that wrap."""
    return re.sub(r"\s", "", text_of(content))


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_hashes_stand_in_the_text_layer(full_report: ReportData, language: str) -> None:
    text = squeezed(pdf_bytes(full_report, language))
    for number in NUMBERS:
        assert number in text
    assert "blindness_level:application" in text
    assert "糖网筛查DR双人盲法阅片研究" in text


def test_chinese_report_keeps_chinese_and_digits_apart_from_radicals(
    full_report: ReportData,
) -> None:
    text = text_of(pdf_bytes(full_report, "zh_CN"))
    assert "糖尿病视网膜病变" in text
    assert "≥ 0.80：不符合" in text
    assert "无法估计" in text
    assert "两名阅片者均无标记" in text
    assert not re.search("[\u2e80-\u2fdf]", text), "radicals instead of characters"


def test_english_report_words(full_report: ReportData) -> None:
    text = text_of(pdf_bytes(full_report, "en"))
    assert "≥ 0.80: not met" in text
    assert "both readers used one and the same category" in text
    assert "Not estimable (neither reader marked anything): 100 images compared." in text
    assert "not verified against the text: 5.2.1, B.3.4" in text
    assert "≤ 0 unmatched objects" in text
    assert "incorporation bias" in text
    assert "Page 1 of" in text
    assert "conform" not in text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_study_has_a_report(empty_report: ReportData, language: str) -> None:
    content = pdf_bytes(empty_report, language)
    assert len(PdfReader(BytesIO(content)).pages) >= 3
    assert {"en": "No dataset version has been frozen.", "zh_CN": "尚未冻结任何数据集版本"}[
        language
    ] in text_of(content)


def test_only_the_shipped_fonts_are_used_and_all_are_embedded(full_report: ReportData) -> None:
    reader = PdfReader(BytesIO(pdf_bytes(full_report, "en")))
    names = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = descendant["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(str(descendant["/BaseFont"]).partition("+")[2])
    assert names == {"NotoSansSC-Regular", "NotoSansSC-Bold"}


def test_declares_pdf_a_and_its_language(full_report: ReportData) -> None:
    content = pdf_bytes(full_report, "zh_CN")
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in content
    reader = PdfReader(BytesIO(content))
    assert str(reader.trailer["/Root"]["/Lang"]).startswith("zh")
    width, height = reader.pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)


def test_same_data_give_the_same_bytes(full_report: ReportData) -> None:
    assert pdf_bytes(full_report, "en") == pdf_bytes(full_report, "en")


@pytest.mark.parametrize(
    ("language", "shown", "hidden"),
    [("en", "Practicedataset", "练习数据集"), ("zh_CN", "练习数据集", "Practicedataset")],
)
def test_the_purpose_is_in_the_reports_language(
    full_report: ReportData, language: str, shown: str, hidden: str
) -> None:
    text = squeezed(pdf_bytes(full_report, language))
    assert shown in text and hidden not in text


NASTY = (
    '#panic("no") *b* _i_ $x^2$ @ref \\ <label> `raw` [c] {d} // e /* f */ "q" {name} %s 張偉 😀 '
)


def test_foreign_text_is_printed_not_run(full_report: ReportData) -> None:
    label = Label(NASTY, NASTY)
    data = replace(
        full_report,
        study=StudyPart("#eval", NASTY + "长" * 300, Label(NASTY, NASTY + "w" * 400)),
        agreement=(replace(full_report.agreement[0], label=label, first_reader=NASTY),),
        overlap=(replace(full_report.overlap[0], label=label),),
        rulings=(RulingEntry(NASTY, "F" * 200, label, "#let", "$", NASTY, note=NASTY),),
        remarks=(label,),
        limits=("#unknown_code",),
    )
    text = squeezed(pdf_bytes(data, "en"))
    printed = re.sub(r"\s", "", NASTY.replace("😀", "[U+1F600]"))
    assert text.count(printed) >= 6
    assert "F" * 200 in text
    assert "w" * 400 in text
    assert "#unknown_code" in text


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(min_size=1, max_size=60))
def test_any_name_at_all_gives_a_report(empty_report: ReportData, name: str) -> None:
    data = replace(
        empty_report, study=StudyPart(name, name, Label(f"_{name}", f"_{name}")), limits=(name,)
    )
    assert squeezed(pdf_bytes(data, "en")).count("Page1of") == 1


def test_every_limit_has_its_sentence(full_report: ReportData) -> None:
    data = replace(full_report, limits=tuple(limit_sentences()))
    text = squeezed(pdf_bytes(data, "en"))
    for sentence in limit_sentences().values():
        assert re.sub(r"\s", "", sentence) in text


def test_long_tables_repeat_their_header(full_report: ReportData) -> None:
    many = full_report.rulings * 5
    reader = PdfReader(BytesIO(pdf_bytes(replace(full_report, rulings=many), "en")))
    pages = [page.extract_text() for page in reader.pages]
    with_rows = [page for page in pages if page.count("case-00") > 3]
    assert len(with_rows) > 3
    assert all("Arbitrator" in page for page in with_rows)


def test_written_whole_or_not_at_all(full_report: ReportData, tmp_path: Path) -> None:
    target = tmp_path / "new" / "report.pdf"
    assert render_pdf(full_report, "en", target) == target
    assert target.read_bytes().startswith(b"%PDF-")
    assert [path.name for path in target.parent.iterdir()] == ["report.pdf"]
    with pytest.raises(EnvironmentProblem) as caught:
        render_pdf(full_report, "en", target / "below_a_file.pdf")
    assert caught.value.code == "report.not_written"


def test_unknown_language_and_missing_font_are_refused(
    full_report: ReportData, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValue):
        render_pdf(full_report, "de", tmp_path / "r.pdf")
    with pytest.raises(EnvironmentProblem) as caught:
        font_file(tmp_path, "Regular")
    assert caught.value.code == "report.font_missing"
    assert font_file(resources_dir() / "fonts", "Bold") != font_file(
        resources_dir() / "fonts", "Regular"
    )


def test_no_count_of_one_stands_with_a_plural(full_report: ReportData) -> None:
    result = mean_iou([PairCounts("P1", 80, 90, 90)], unit="image", seed=5, replicates=50)
    accuracy = full_report.reader_accuracy
    one = replace(accuracy[1], result=result, both_empty=11)
    single = (
        *accuracy,
        one,
        replace(accuracy[0], result=answer_accuracy([Answer("P1", "II", "II")], unit="image")),
    )
    empty = replace(full_report.overlap[1], pairs=1)
    report = replace(full_report, reader_accuracy=single, overlap=(full_report.overlap[0], empty))
    text = text_of(pdf_bytes(report, "en"))
    assert "1 image; 11 marked by neither" in text and "1/1 image " in text
    assert "1 image compared." in text and "1 patient" in text
    assert not re.findall(r"(?<![\d.,/])1(?:/1)? (?:images|cases|patients|eyes|pairs)\b", text)


def test_no_two_titles_of_a_table_run_together(full_report: ReportData) -> None:
    """Every title of the ruled items begins right of the end of the one before."""
    starts: list[tuple[float, float, str]] = []

    def see(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if text.strip() in ("Reason", "Arbitrator", "Note"):
            starts.append((tm[5] * cm[3] + cm[5], tm[4] * cm[0] + cm[4], text.strip()))

    for page in PdfReader(BytesIO(pdf_bytes(full_report, "en"))).pages:
        page.extract_text(visitor_text=see)
    rows: dict[float, dict[str, float]] = {}
    for y, x, word in starts:
        rows.setdefault(round(y, 1), {})[word] = x
    heads = [row for row in rows.values() if len(row) == 3]
    assert heads
    # "Arbitrator" in bold 8.2 pt is 43 pt wide.
    assert all(row["Note"] - row["Arbitrator"] > 47 for row in heads)


def test_the_blindness_level_has_its_sentence_before_its_code(full_report: ReportData) -> None:
    text = text_of(pdf_bytes(full_report, "en"))
    assert "in the store. (blindness_level: application)" in text
