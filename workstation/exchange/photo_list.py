"""Photographs to patient, eye, field, centre by a list: XLSX, or CSV in UTF-8 or GBK."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.ports import PhotoRow

_COLUMNS = {
    "file": "file", "filename": "file", "文件": "file", "文件名": "file",
    "patient": "patient", "患者": "patient", "受试者": "patient", "患者编号": "patient",
    "eye": "eye", "眼别": "eye",
    "field": "field", "视野": "field",
    "centre": "centre", "center": "centre", "中心": "centre",
}  # fmt: skip
_EYES = {
    "od": "OD", "r": "OD", "right": "OD", "右": "OD", "右眼": "OD",
    "os": "OS", "l": "OS", "left": "OS", "左": "OS", "左眼": "OS", "": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhotoList:
    """The `PhotoMapping` of a list: by path as listed, else by file name where that is unique."""

    rows: dict[str, PhotoRow]
    names: dict[str, PhotoRow]

    def row(self, file_name: str) -> PhotoRow | None:
        return self.rows.get(file_name) or self.names.get(file_name.rpartition("/")[2])


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
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [r for r in sheet.iter_rows(values_only=True) if any(v not in (None, "") for v in r)]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
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
    leaves: dict[str, list[PhotoRow]] = {}
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
        file = given["file"].replace("\\", "/")
        if file in rows:
            raise InvalidValue("mapping.twice", file=name, row=number, value=file)
        row = PhotoRow(given["patient"], eye, given.get("field", ""), given.get("centre", ""))
        rows[file] = row
        leaves.setdefault(file.rpartition("/")[2], []).append(row)
    return PhotoList(rows, {leaf: found[0] for leaf, found in leaves.items() if len(found) == 1})


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
