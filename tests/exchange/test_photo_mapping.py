"""Lists and file-name patterns: what they say, and what is refused by row and column."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from workstation.domain.errors import InvalidValue
from workstation.domain.ports import PhotoRow
from workstation.exchange.name_pattern import name_pattern
from workstation.exchange.photo_list import PhotoList, photo_list

ROWS = [["文件", "患者", "眼别", "视野", "中心"], ["一.jpg", "P1", "右眼", "1", "BJ01"],
        ["b/c.png", "P2", "L", 2, ""]]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_csv_in_the_encodings_of_hospitals(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(",".join(map(str, r)) for r in ROWS), encoding)
    found = photo_list(path)
    assert found.row("一.jpg") == PhotoRow("P1", "OD", "1", "BJ01")
    assert found.row("b/c.png") == PhotoRow("P2", "OS", "2", "")
    assert found.row("other.jpg") is None and found.row("c.png") is None


def test_the_visit_is_a_number_from_one(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("file,patient,visit\na.jpg,P1,2\nb.jpg,P1,\n")
    found = photo_list(path)
    assert found.row("a.jpg") == PhotoRow("P1", visit=2)
    assert found.row("b.jpg") == PhotoRow("P1")
    for bad in ("0", "-1", "1.5", "second", "1000", "２"):
        path.write_text(f"file,patient,就诊次序\na.jpg,P1,{bad}\n")
        with pytest.raises(InvalidValue, match="mapping.cell") as refused:
            photo_list(path)
        assert refused.value.params["column"] == "visit"
    by_name = name_pattern("{patient}_V{visit}_{eye}")
    assert by_name.row("P1_V2_OD.jpg") == PhotoRow("P1", "OD", visit=2)
    assert by_name.row("P1_V0_OD.jpg") is None


def mapped(tmp_path: Path, listed: str, *delivered: str) -> PhotoList:
    (tmp_path / "l.csv").write_text(f"file,patient\n{listed}")
    return photo_list(tmp_path / "l.csv").delivered(delivered)


def test_a_photograph_of_another_folder_is_not_the_listed_one(tmp_path: Path) -> None:
    names = [f"visit_{v}/IMG_0001.jpg" for v in "ABC"]
    found = mapped(tmp_path, "visit_A/IMG_0001.jpg,P1\nvisit_D/IMG_0001.jpg,P2", *names)
    assert [found.row(n) for n in names] == [PhotoRow("P1"), None, None]
    assert found.unmatched() == ("visit_D/IMG_0001.jpg",)


def test_a_name_without_folder_needs_one_file_of_that_name(tmp_path: Path) -> None:
    assert mapped(tmp_path, "a.jpg,P1", "A/a.jpg", "b.jpg").row("A/a.jpg") == PhotoRow("P1")
    for twice in (("A/a.jpg", "B/a.jpg"), ("a.jpg", "a.jpg")):
        found = mapped(tmp_path, "a.jpg,P1", *twice)
        assert found.unmatched() == ()
        for name in twice:
            with pytest.raises(InvalidValue, match="import.ambiguous_name"):
                found.row(name)


def test_a_listed_folder_is_found_within_an_archive(tmp_path: Path) -> None:
    found = mapped(tmp_path, "A/a.jpg,P1", "d.zip/A/a.jpg", "d.zip/B/a.jpg")
    assert found.row("d.zip/A/a.jpg") == PhotoRow("P1")
    assert found.row("d.zip/B/a.jpg") is None


def test_xlsx(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    assert photo_list(tmp_path / "list.xlsx").row("b/c.png") == PhotoRow("P2", "OS", "2", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "mapping.empty"),
        ("file,eye\na,OD", "mapping.column"),
        ("file,patient,eye\na.jpg,P1,Re", "mapping.cell"),
        ("file,patient\na.jpg,", "mapping.cell"),
        ("file,patient\na.jpg,P1\na.jpg,P2", "mapping.twice"),
    ],
)
def test_wrong_lists_are_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(InvalidValue, match=code):
        photo_list(tmp_path / "l.csv")


def test_no_list_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.xlsx").write_bytes(b"PK not really")
    (tmp_path / "l.csv").write_bytes(b"\xff\xfe\x81\x00\x81")
    for name in ("l.xlsx", "l.csv"):
        with pytest.raises(InvalidValue, match="mapping"):
            photo_list(tmp_path / name)


def test_a_workbook_that_breaks_the_reader_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["file", "patient"])
    book.save(tmp_path / "good.xlsx")
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good:
        parts = {n: good.read(n) for n in good.namelist()}
    charts = openpyxl.Workbook()
    charts.create_chartsheet()
    charts.remove(charts.active)
    charts.save(tmp_path / "chart.xlsx")
    for n, name in enumerate(("xl/worksheets/sheet1.xml", "xl/workbook.xml")):
        with zipfile.ZipFile(tmp_path / f"broken{n}.xlsx", "w") as broken:
            for part, data in parts.items():
                broken.writestr(part, data[: len(data) // 2] if part == name else data)
    for name in ("chart.xlsx", "broken0.xlsx", "broken1.xlsx"):
        with pytest.raises(InvalidValue, match="mapping.unreadable"):
            photo_list(tmp_path / name)


def test_patterns() -> None:
    found = name_pattern("{patient}_{eye}_F{field}")
    assert found.row("a/P001_OD_F1.jpg") == PhotoRow("P001", "OD", "1", "")
    assert found.row("P001_左眼_F2.png") == PhotoRow("P001", "OS", "2", "")
    assert found.row("P001.png") is None
    with pytest.raises(InvalidValue, match="mapping.eye"):
        found.row("P001_Re_F1.png")


@pytest.mark.parametrize("pattern", ["{eye}", "{patient}{patient}", "{who}", ""])
def test_wrong_patterns(pattern: str) -> None:
    with pytest.raises(InvalidValue, match="mapping.pattern"):
        name_pattern(pattern)
