"""Several processes at one study: nobody who is honest is accused, what is remembered stays."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studies import PASSPHRASE, Team, document
from workstation.domain.errors import IntegrityProblem
from workstation.store import study_folder
from workstation.store.slots import OpenSlot

ROOT = Path(__file__).parents[2]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    team = Team(tmp_path / "t.study", document())
    yield team
    team.close()


def test_three_processes_sign_in_and_out_at_once(team: Team) -> None:
    team.close()
    script = textwrap.dedent("""
        import sys, pathlib
        from tests.studies import PASSPHRASE, opener
        for _ in range(10):
            opener().open(pathlib.Path(sys.argv[1]), sys.argv[2], PASSPHRASE).close()
    """)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(team.folder), login],
            stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for login in ("reader-a", "reader-b", "coordinator")
    ]  # fmt: skip
    said = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said


@pytest.mark.parametrize("login", ["reader-a", "coordinator"])
def test_a_sign_out_while_the_key_is_derived_is_no_rollback(
    team: Team, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    """Another person's, and one's own in a second window."""
    other = team["coordinator"]
    real = study_folder.open_slot

    def slowly(*arguments: object) -> OpenSlot:
        slot = real(*arguments)  # type: ignore[arg-type]
        if team.open:
            team.open = {}
            other.close()
        return slot

    monkeypatch.setattr(study_folder, "open_slot", slowly)
    team.opener.open(team.folder, login, PASSPHRASE).close()


def test_a_head_logged_while_the_store_is_read_is_no_rollback(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator = team["coordinator"]
    real = study_folder._check_slots

    def meanwhile(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(study_folder, "_check_slots", real)
        with coordinator.writing() as uow:
            uow.audit.append("test", "meanwhile")
            uow.commit()

    monkeypatch.setattr(study_folder, "_check_slots", meanwhile)
    team.opener.open(team.folder, "reader-a", PASSPHRASE).close()


def test_a_refused_sign_in_leaves_the_log_alone(team: Team, tmp_path: Path) -> None:
    team.close()
    monday = shutil.copy(team.folder / "store.db", tmp_path / "monday.db")
    for login in ("reader-a", "reader-b"):
        team.opener.open(team.folder, login, PASSPHRASE).close()
    shutil.copy(monday, team.folder / "store.db")
    before = (team.folder / "heads.log").read_bytes()
    for _ in range(4):
        with pytest.raises(IntegrityProblem, match="store.rolled_back"):
            team.opener.open(team.folder, "arbitrator", PASSPHRASE)
    assert (team.folder / "heads.log").read_bytes() == before
