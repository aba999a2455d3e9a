"""Photographs to patient, visit, eye, field, centre by a list: XLSX, or CSV in UTF-8 or GBK."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workstation.domain.case import LAST_VISIT
from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.ports import PhotoRow

_COLUMNS = {
    "file": "file", "filename": "file", "文件": "file", "文件名": "file",
    "patient": "patient", "患者": "patient", "受试者": "patient", "患者编号": "patient",
    "eye": "eye", "眼别": "eye",
    "field": "field", "视野": "field",
    "visit": "visit", "就诊": "visit", "就诊次序": "visit",
    "centre": "centre", "center": "centre", "中心": "centre",
}  # fmt: skip
_EYES = {
    "od": "OD", "r": "OD", "right": "OD", "右": "OD", "右眼": "OD",
    "os": "OS", "l": "OS", "left": "OS", "左": "OS", "左眼": "OS", "": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhotoList:
    """The `PhotoMapping` of a list: a listed path is a delivered one, or the end of just one.

    What lies in a folder is never taken for a file of the same name in another folder.
    """

    rows: dict[str, PhotoRow]
    # How many delivered files have a path, or a path that ends so.
    ends: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)

    def delivered(self, file_names: Sequence[str]) -> PhotoList:
        return PhotoList(
            self.rows,
            Counter(end for name in file_names for end in _ends(name)),
            Counter(file_names),
        )

    def row(self, file_name: str) -> PhotoRow | None:
        for end in _ends(file_name):
            if end in self.rows:
                many = self.whole[end] if end == file_name else self.ends[end]
                if many > 1:
                    raise InvalidValue("import.ambiguous_name", listed=end, count=many)
                return self.rows[end]
        return None

    def unmatched(self) -> tuple[str, ...]:
        return tuple(name for name in self.rows if not self.ends[name])


def _ends(name: str) -> list[str]:
    """The path and what is left of it without its first folders, longest first."""
    parts = name.split("/")
    return ["/".join(parts[n:]) for n in range(len(parts))]


def photo_list(path: Path) -> PhotoList:
    """Read a list. Raises InvalidValue naming row and column of the first thing that is wrong."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EnvironmentProblem("mapping.unreadable", file=path.name) from error
    table = _xlsx(data, path.name) if data[:2] == b"PK" else _csv(data, path.name)
    return _rows(table, path.name)


def _csv(data: bytes, name: str) -> list[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        try:
            return [r for r in csv.reader(io.StringIO(text), delimiter=delimiter) if any(r)]
        except csv.Error as error:
            raise InvalidValue("mapping.unreadable", file=name) from error
    raise InvalidValue("mapping.encoding", file=name)


def _xlsx(data: bytes, name: str) -> list[Sequence[Any]]:
    import openpyxl  # slow to import, and only this needs it

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [r for r in sheet.iter_rows(values_only=True) if any(v not in (None, "") for v in r)]
    except Exception as error:
        raise InvalidValue("mapping.unreadable", file=name) from error


def _rows(table: Iterable[Sequence[Any]], name: str) -> PhotoList:
    listed = list(table)
    if not listed:
        raise InvalidValue("mapping.empty", file=name)
    header = [_COLUMNS.get(_text(cell).lower(), "") for cell in listed[0]]
    for needed in ("file", "patient"):
        if header.count(needed) != 1:
            raise InvalidValue("mapping.column", file=name, column=needed)
    rows: dict[str, PhotoRow] = {}
    for number, cells in enumerate(listed[1:], start=2):
        given = {key: _text(cell) for key, cell in zip(header, cells, strict=False) if key}
        eye = _EYES.get(given.get("eye", "").lower())
        if eye is None:
            raise InvalidValue(
                "mapping.cell", file=name, row=number, column="eye", value=given.get("eye", "")
            )
        for needed in ("file", "patient"):
            if not given.get(needed):
                raise InvalidValue("mapping.cell", file=name, row=number, column=needed, value="")
        file = given["file"].replace("\\", "/").removeprefix("./").strip("/")
        if file in rows:
            raise InvalidValue("mapping.twice", file=name, row=number, value=file)
        rows[file] = PhotoRow(
            given["patient"],
            eye,
            given.get("field", ""),
            given.get("centre", ""),
            _visit(given.get("visit", ""), name, number),
        )
    return PhotoList(rows)


def _visit(text: str, name: str, number: int) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LAST_VISIT:
        raise InvalidValue("mapping.cell", file=name, row=number, column="visit", value=text)
    return int(text)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
