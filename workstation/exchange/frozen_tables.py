"""The labels of a frozen version as two flat tables, for a spreadsheet or a statistics program.

`answers.csv` has one row per answer, `marks.csv` one per mark; both are UTF-8 with a byte-order
mark (so that a Chinese spreadsheet program reads them) and CRLF line ends (RFC 4180). Ids are the
version's own. A text that a spreadsheet would run as a formula is led by an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ANSWERS = ("case", "subject", "centre", "image", "eye", "field", "level", "question", "answer",
           "provenance")  # fmt: skip
MARKS = ("case", "subject", "image", "eye", "mark", "class", "number", "geometry", "center_x",
         "center_y", "center_z", "pixels", "attributes", "note", "provenance")  # fmt: skip

OBJECT = "object:"
TABLES = ("answers.csv", "marks.csv")


def frozen_tables(folder: Path) -> dict[str, bytes]:
    """File name -> bytes, from the folder of a version that has been verified."""
    cases = [
        json.loads((path / "labels.json").read_bytes())
        for path in sorted((folder / "data" / "cases").iterdir())
    ]
    answers = _csv(ANSWERS, (row for case in cases for row in _answers(case)))
    marks = _csv(MARKS, (row for case in cases for row in _marks(case)))
    return dict(zip(TABLES, (answers, marks), strict=True))


def _answers(case: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    images = {image["id"]: image for image in case["images"]}
    reference = case["reference"]
    given_in = {scope: dict(given) for scope, given in reference["answers"].items()}
    for place, source in reference["provenance"].items():
        scope, _, question = place.rpartition("/")
        if (
            source == "undecidable" and scope and not question.startswith(OBJECT)
        ):  # a row without an answer, never a missing row
            given_in.setdefault(scope, {}).setdefault(question, None)
    for scope, given in sorted(given_in.items()):
        level, _, key = scope.partition(":")
        image = images.get(key, {})
        eye = key if level == "eye" else image.get("eye")
        for question, value in sorted(given.items()):
            yield (
                case["case"], case["subject"]["id"], case["subject"]["centre"],
                key if level == "image" else "", eye, image.get("field"), level, question,
                "; ".join(value) if isinstance(value, list) else value,
                reference["provenance"].get(f"{scope}/{question}", ""),
            )  # fmt: skip


def _marks(case: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    images = {image["id"]: image for image in case["images"]}
    reference = case["reference"]
    for mark in reference["marks"]:
        yield (
            case["case"], case["subject"]["id"], mark["image"], images[mark["image"]]["eye"],
            mark["id"], mark["class"], mark["number"], mark["shape"]["type"],
            *mark["measured"]["center"],
            "" if mark["shape"]["type"] == "point" else mark["measured"]["pixels"],
            "; ".join(f"{k}={v}" for k, v in sorted(mark["attributes"].items())), mark["note"],
            reference["provenance"].get(f"mark:{mark['id']}", ""),
        )  # fmt: skip

    for place, source in sorted(reference["provenance"].items()):
        scope, _, name = place.rpartition("/")
        if name.startswith(OBJECT):  # ruled undecidable: a row without a shape, never a missing row
            _, code, number = name.split(":")
            image = scope.partition(":")[2]
            yield (
                case["case"], case["subject"]["id"], image, images[image]["eye"], "", code, number,
                *[""] * 7, source,
            )  # fmt: skip


def _csv(heads: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value
