"""While a case is open the next one of the person's own list is made ready, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies import Team, shipped
from tests.ui.conftest import import_and_assign, photo_scene
from workstation.demo import files
from workstation.domain.errors import IntegrityProblem
from workstation.domain.image import Image
from workstation.domain.ports import Blobs
from workstation.imaging.pixels import StudyPixels
from workstation.services import reading
from workstation.services.prefetching import Prefetching, pixel_bytes
from workstation.services.workspace import Workspace


class Watched:
    """The study's blobs, and which images were read."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.images: list[str] = []
        self.gate: threading.Event | None = None
        self.broken = False
        self.reached = threading.Event()

    def write(self, case_id: str, image_id: str, plain: bytes) -> str:
        raise AssertionError("nothing is written here")

    def remove(self, blob_ids: object) -> None:
        raise AssertionError("nothing is removed here")

    def read(self, case_id: str, image_id: str, blob_id: str) -> bytes:
        self.images.append(image_id)
        self.reached.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.broken:
            raise IntegrityProblem("blob.damaged")
        return self._blobs.read(case_id, image_id, blob_id)


class Reader:
    """A reader at work: cases in their order, pixels whose reads are seen."""

    def __init__(self, workspace: Workspace, cache_bytes: int = 1 << 30) -> None:
        self.blobs = Watched(workspace.blobs)
        self.pixels = StudyPixels(self.blobs, cache_bytes)
        self.workspace = replace(workspace, pixels=self.pixels)
        with workspace.reading() as uow:
            self.rows = reading.worklist(uow, workspace.person.person_id)
        self.ahead = Prefetching(self.workspace)

    def images(self, nth: int) -> tuple[Image, ...]:
        with self.workspace.reading() as uow:
            return reading.ordered_images(uow.images.of_case(self.rows[nth].case_id))

    def open(self, nth: int) -> None:
        """Open the case and wait until all is loaded that is loaded ahead."""
        case = reading.open_case(self.workspace, self.rows[nth].case_id)
        running = self.ahead.after(case.case.case_id, case.images)
        assert running is not None
        running.result(30)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    photos = [
        files.DeliveredPhoto(f"P{n}", "1", "C1", photo_scene(eye, 2 * n + k))
        for n in range(3)
        for k, eye in enumerate(("OD", "OS"))
    ]
    files.write_photos(tmp_path / "photos", photos)
    made = Team(tmp_path / "fundus.study", shipped("dr_screening"))
    import_and_assign(made, tmp_path / "photos")
    yield made
    made.close()


def ids(*groups: tuple[Image, ...]) -> set[str]:
    return {image.image_id for group in groups for image in group}


def test_the_open_case_and_the_next_are_made_ready_and_no_other(team: Team) -> None:
    reader = Reader(team["reader-a"])
    reader.open(0)
    assert set(reader.blobs.images) == ids(reader.images(0), reader.images(1))
    assert len(reader.blobs.images) == 4
    reader.open(1)
    assert len(reader.blobs.images) == 6  # only the third case was still to be read
    assert set(reader.blobs.images[4:]) == ids(reader.images(2))
    reader.ahead.close()


def test_the_next_one_is_the_next_of_ones_own_order(team: Team) -> None:
    """The order is each reader's own: what is loaded tells nothing of another's."""
    for login in ("reader-a", "reader-b"):
        reader = Reader(team[login])
        reader.open(1)
        assert set(reader.blobs.images) == ids(reader.images(1), reader.images(2))
        reader.ahead.close()


def test_a_case_that_was_read_is_passed_over_and_the_last_has_none_after_it(team: Team) -> None:
    reader = Reader(team["reader-a"])
    reader.open(2)
    # From the last one on the list begins anew with what is not submitted.
    assert set(reader.blobs.images) == ids(reader.images(2), reader.images(0))
    reader.ahead.close()


def test_nobody_but_a_reader_of_the_case_loads_anything(team: Team) -> None:
    with team["coordinator"].reading() as uow:
        case = uow.cases.all()[0]
        images = uow.images.of_case(case.case_id)
    workspace = team["arbitrator"]
    blobs = Watched(workspace.blobs)
    ahead = Prefetching(replace(workspace, pixels=StudyPixels(blobs)))
    running = ahead.after(case.case_id, images)
    assert running is not None
    running.result(30)
    assert blobs.images == []
    ahead.close()


def test_going_elsewhere_stops_what_was_under_way(team: Team) -> None:
    reader = Reader(team["reader-a"])
    reader.blobs.gate = threading.Event()
    first = reader.ahead.after(reader.rows[0].case_id, reader.images(0))
    assert first is not None and reader.blobs.reached.wait(20)
    second = reader.ahead.after(reader.rows[2].case_id, reader.images(2))
    reader.blobs.gate.set()
    assert second is not None
    first.result(30)
    second.result(30)
    # Of the first case only the picture that was being read; the third, and what follows it.
    assert len(set(reader.blobs.images) & ids(reader.images(1))) == 0
    assert ids(reader.images(2)) <= set(reader.blobs.images)
    reader.ahead.close()


def test_what_finds_no_room_is_not_loaded(team: Team) -> None:
    one = pixel_bytes(Reader(team["reader-a"]).images(0)[0])
    reader = Reader(team["reader-a"], cache_bytes=3 * one)
    reader.open(0)
    assert set(reader.blobs.images) == ids(reader.images(0), reader.images(1)[:1])
    reader.ahead.close()


def test_what_fails_ahead_is_told_when_the_case_is_opened(team: Team) -> None:
    reader = Reader(team["reader-a"])
    reader.blobs.broken = True
    reader.open(0)
    with pytest.raises(IntegrityProblem):
        reader.pixels.plane(reader.images(0)[0])
    reader.blobs.broken = False
    assert reader.pixels.plane(reader.images(0)[0]).size
    reader.ahead.close()


def test_nothing_starts_after_the_end(team: Team) -> None:
    reader = Reader(team["reader-a"])
    reader.ahead.close()
    assert reader.ahead.after(reader.rows[0].case_id, reader.images(0)) is None
    assert reader.blobs.images == []


def test_a_case_left_meanwhile_lets_go_of_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next case is being looked up while another one is opened, whose pictures stay."""
    reader = Reader(team["reader-a"])
    kept: list[set[str]] = []
    keep_only = reader.pixels.keep_only
    monkeypatch.setattr(
        reader.pixels, "keep_only", lambda i: (kept.append(ids(tuple(i))), keep_only(i))
    )
    look_up, later = reading.next_case, []

    def elsewhere(*asked: str) -> str | None:
        if not later:
            later.append(reader.ahead.after(reader.rows[2].case_id, reader.images(2)))
        return look_up(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "next_case", elsewhere)
    first = reader.ahead.after(reader.rows[0].case_id, reader.images(0))
    assert first is not None
    first.result(30)
    assert later[0] is not None
    later[0].result(30)
    assert kept and all(ids(reader.images(2)) <= one for one in kept)
    reader.ahead.close()
