"""Whole imports of odd deliveries: what is taken, whose it becomes, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from tests.studies import Team, document
from workstation.services import importing
from workstation.services.importing import ImportFiles, ImportResult


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    made = Team(tmp_path / "study", document())
    yield made
    made.close()


def quiet(*_: object) -> None:
    return None


def photograph(seed: int, rows: int = 24, cols: int = 32) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (rows, cols, 3), np.uint8)
    return imagecodecs.jpeg8_encode(pixels, level=90)


def take(
    team: Team,
    source: Path,
    listed: str | None = None,
    progress: Callable[[int, int, str], None] = quiet,
) -> ImportResult:
    pattern, list_file = "{patient}_{eye}", None
    if listed is not None:
        pattern, list_file = None, source.parent / "list.csv"
        list_file.write_text(listed, "utf-8")
    mapping = team.opener.photo_mapping(pattern, list_file)
    command = ImportFiles((source,), "Coordinator", mapping)
    return importing.run_import(team["coordinator"], command, lambda: 10**12, progress)[0]


def test_same_names_in_several_folders_stay_apart(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    for n, visit in enumerate(("visit_A", "visit_B", "visit_C")):
        (source / visit).mkdir(parents=True)
        (source / visit / "IMG_0001.jpg").write_bytes(photograph(n))
    result = take(
        team, source, "file,patient,eye\nvisit_A/IMG_0001.jpg,P001,OD\ngone.jpg,P002,OD\n"
    )
    assert len(result.images) == 1 and result.unmatched == ("gone.jpg",)
    assert [r.code for r in result.refusals] == ["import.no_patient"] * 2
    result = take(team, source, "file,patient,eye\nIMG_0001.jpg,P001,OD\n")
    assert [r.code for r in result.refusals] == ["import.ambiguous_name"] * 3


def test_a_name_that_says_no_eye_refuses_that_file_only(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "P1_OD.jpg").write_bytes(photograph(1))
    (source / "P2_Re.jpg").write_bytes(photograph(2))
    result = take(team, source)
    assert len(result.images) == 1
    assert [(r.name, r.code) for r in result.refusals] == [("P2_Re.jpg", "mapping.eye")]


def test_a_file_changed_meanwhile_is_not_taken(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    path = source / "P1_OD.jpg"
    path.write_bytes(photograph(1))

    def change(_: int, __: int, step: str) -> None:
        if step == "read":
            path.write_bytes(photograph(2))

    result = take(team, source, progress=change)
    assert result.images == () and [r.code for r in result.refusals] == ["import.changed"]


def test_two_imports_at_once_take_an_image_once(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for n in range(3):
        (source / f"P{n}_OD.jpg").write_bytes(photograph(n))
    faster: list[ImportResult] = []

    def meanwhile(done: int, _: int, step: str) -> None:
        # The slower import has looked at the store by then, and found nothing.
        if step == "read" and done == 2 and not faster:
            faster.append(take(team, source))

    slower = take(team, source, progress=meanwhile)
    assert len(faster[0].images) == 3 and slower.images == () and slower.case_numbers == ()
    assert [(r.name, r.code) for r in slower.refusals] == [
        (f"P{n}_OD.jpg", "import.duplicate") for n in range(3)
    ]
    with team["coordinator"].reading() as uow:
        assert len(uow.cases.all()) == 3
        kept = {plane.blob_id for image in uow.images.all() for plane in image.planes}
    assert {p.name for p in (team.folder / "blobs").glob("??/*")} == kept
