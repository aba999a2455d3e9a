"""What differs between two frozen versions, case by case.

Ids are local to a version, so cases are matched by the SHA-256 of their pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workstation.domain.dataset import LabelChange


def frozen_difference(before: Path, after: Path) -> tuple[LabelChange, ...]:
    """Changes from one verified folder to another: cases added and removed, answers, marks."""
    old, new = _cases(before), _cases(after)
    out: list[LabelChange] = []
    for key in [*old, *(k for k in new if k not in old)]:
        if key not in new:
            out.append(LabelChange(old[key]["case"], "", "removed"))
        elif key not in old:
            out.append(LabelChange("", new[key]["case"], "added"))
        else:
            out += _changes(old[key], new[key])
    protocols = [(folder / "data" / "protocol.json").read_bytes() for folder in (before, after)]
    if protocols[0] != protocols[1]:
        out.append(LabelChange("", "", "protocol"))
    return tuple(out)


def _cases(folder: Path) -> dict[tuple[str, ...], Mapping[str, Any]]:
    out: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for path in sorted((folder / "data" / "cases").iterdir()):
        labels = json.loads((path / "labels.json").read_bytes())
        out[tuple("".join(image["pixel_sha256"]) for image in labels["images"])] = labels
    return out


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[LabelChange]:
    names = old["case"], new["case"]
    before, after = (_flat(case["reference"]["answers"]) for case in (old, new))
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield LabelChange(
                *names, "answer", place, _text(before.get(place)), _text(after.get(place))
            )
    marks = [
        sorted(json.dumps([m["image"], m["class"], m["shape"], m["attributes"]], sort_keys=True)
               for m in case["reference"]["marks"])
        for case in (old, new)
    ]  # fmt: skip
    if marks[0] != marks[1]:
        yield LabelChange(*names, "marks", "", str(len(marks[0])), str(len(marks[1])))


def _flat(answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{scope}/{q}": v for scope, given in answers.items() for q, v in given.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(value) if isinstance(value, list) else str(value)
