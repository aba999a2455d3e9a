"""Working notes in the JSON files of the command line."""

from __future__ import annotations

import json
from pathlib import Path

from workstation.cli.reading import load_body, named_body
from workstation.domain.measures import Measure, MeasureKind
from workstation.domain.reading import ReadingBody
from workstation.domain.viewing import PhotoLook, Viewing


def test_notes_go_out_and_come_in_with_images_by_their_number(tmp_path: Path) -> None:
    body = ReadingBody(
        {}, (),
        (Measure("n1", "id-1", MeasureKind.PROBE, ((3.0, 4.0),)),),
        (Viewing("id-1").with_look(PhotoLook(clahe=True)),),
    )  # fmt: skip
    named = named_body(body, {"id-1": "F0001"})
    assert [one["image"] for one in (*named["measures"], *named["viewing"])] == ["F0001"] * 2
    (tmp_path / "r.json").write_text(json.dumps(named), "utf-8")
    assert load_body(tmp_path / "r.json", {"F0001": "id-1"}) == body
