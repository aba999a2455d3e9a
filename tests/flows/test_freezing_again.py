"""A freeze that was killed: what it left half done is removed, what it finished is recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.studies import Team, document, photo
from workstation.domain.errors import EnvironmentProblem
from workstation.domain.image import PlaneRef
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.exchange.dataset_folder import BagFolder
from workstation.services import assigning, freezing, reading
from workstation.store import rows


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A study whose one case both readers agree on."""
    team = Team(tmp_path / "z.study", document())
    coordinator = team["coordinator"]
    case = team.add_case("P1", [])
    blob = coordinator.blobs.write(case.case_id, "i1", b"coded")
    image = photo(case.case_id, image_id="i1")
    image = replace(image, planes=(PlaneRef(blob, "jpeg", "0" * 64, 5),), is_target=True)
    with coordinator.writing() as uow:
        uow.images.add(image)
        uow.commit()
    with coordinator.reading() as uow:
        people = {p.login: p.person_id for p in uow.people.all()}
    pair = (people["reader-a"], people["reader-b"])
    assigning.assign(coordinator, [(case.case_id, pair)])
    body = ReadingBody({Scope(Level.IMAGE, "i1"): {"diagnosis": "normal", "referral": "no"}})
    for login in ("reader-a", "reader-b"):
        opened = reading.open_case(team[login], case.case_id)
        reading.save_draft(team[login], opened.reading.reading_id, body)
        reading.submit(team[login], opened.reading.reading_id)
    yield team
    team.close()


def freeze(team: Team, folder: Path, **more: Any) -> Any:
    command = freezing.Freeze(folder, **more)
    return freezing.freeze(team["coordinator"], command, lambda *_: None)[0]


def killed(team: Team, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that was sealed whole, and no record of it."""

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rows.Datasets, "add", dies)
        patch.setattr(BagFolder, "remove", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            freeze(team, folder)
    return folder / "v1.0"


def test_a_version_sealed_but_not_recorded_is_recorded(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = killed(team, tmp_path / "out", monkeypatch)
    seal = json.loads((folder / "SEAL.json").read_bytes())
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    record = freeze(team, tmp_path / "out")
    assert record.version == "v1.0" and record.fingerprint == seal["fingerprint"]
    assert record.frozen_at.isoformat() == seal["frozen_at"]
    assert record.audit_head == seal["audit_head"]
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    with team["coordinator"].reading() as uow:
        assert [v.version for v in uow.datasets.all()] == ["v1.0"]


@pytest.mark.parametrize("fault", ["changed", "other study", "other content"])
def test_any_other_folder_is_left_alone_and_refused(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    folder = killed(team, tmp_path / "out", monkeypatch)
    if fault == "changed":
        victim = folder / "data" / "README.md"
        victim.chmod(0o644)
        victim.write_text("something else")
    elif fault == "other study":
        monkeypatch.setattr(type(team["coordinator"].keys), "public_key", lambda *_: "00" * 32)
    else:
        monkeypatch.setattr(freezing, "README", "# Another")
    with pytest.raises(EnvironmentProblem, match="dataset.folder_exists"):
        freeze(team, tmp_path / "out")
    assert (folder / "SEAL.json").exists()


def test_drafts_of_killed_freezes_are_swept(team: Team, tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = (".v1.0.0123abcd", ".v1.0.89abcdef", ".v1.0.0123abcd.x", ".v1.0", "v1.0.0123abcd")
    for name in names:
        (out / name / "data").mkdir(parents=True)
        (out / name / "data" / "image.jpg").write_bytes(b"decrypted")
    for name in names:
        if name != ".v1.0.89abcdef":  # somebody is at this one
            for path in (out / name, *(out / name).rglob("*")):
                os.utime(path, (1e9, 1e9))
    for path in sorted((out / names[0]).rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    freeze(team, out)
    assert sorted(p.name for p in out.iterdir()) == sorted([*names[1:], "v1.0"])
