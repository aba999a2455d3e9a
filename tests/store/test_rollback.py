"""An old copy of the store put back: seen by everybody, accepted by a coordinator once, and seen
again the next time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studies import PASSPHRASE, Team, document
from workstation.bootstrap import Opener
from workstation.cli.commands import main
from workstation.domain.errors import IntegrityProblem, RuleViolation
from workstation.store.slots import FLOOR_KIB

EVERYBODY = ("coordinator", "reader-a", "reader-b", "arbitrator")
BECAUSE = "the disk failed, backup of Monday put back"


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    team = Team(tmp_path / "back.study", document())
    yield team
    team.close()


def everybody_signs_in(team: Team) -> None:
    for login in EVERYBODY:
        team.opener.open(team.folder, login, PASSPHRASE).close()


def kept(team: Team, where: Path) -> Path:
    team.close()
    where.mkdir()
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        if (team.folder / name).exists():
            shutil.copy(team.folder / name, where / name)
    return where


def put_back(team: Team, copy: Path) -> None:
    team.close()
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (team.folder / name).unlink(missing_ok=True)
        if (copy / name).exists():
            shutil.copy(copy / name, team.folder / name)


def everybody_is_told(team: Team) -> None:
    for login in EVERYBODY:
        with pytest.raises(IntegrityProblem, match="store.rolled_back"):
            team.opener.open(team.folder, login, PASSPHRASE)


def accept(team: Team, login: str = "coordinator", because: str = BECAUSE) -> None:
    team.opener.accept_rollback(team.folder, login, PASSPHRASE, because)


def actions(team: Team) -> list[str]:
    with team["coordinator"].reading() as uow:
        found = [event.action for event in uow.audit.all()]
    team.close()
    return found


def test_an_accepted_rollback_lets_everybody_in_again_and_for_good(
    team: Team, tmp_path: Path
) -> None:
    monday = kept(team, tmp_path / "monday")
    for _ in range(3):
        everybody_signs_in(team)
    put_back(team, monday)
    everybody_is_told(team)
    accept(team)
    for _ in range(2):
        everybody_signs_in(team)
    assert actions(team).count("store.rollback_accepted") == 1
    with team["coordinator"].reading() as uow:
        (event,) = [e for e in uow.audit.all() if e.action == "store.rollback_accepted"]
    assert event.details["reason"] == BECAUSE


def test_what_was_accepted_once_excuses_no_other_rollback(team: Team, tmp_path: Path) -> None:
    monday = kept(team, tmp_path / "monday")
    for _ in range(6):
        everybody_signs_in(team)
    put_back(team, monday)
    accept(team)
    tuesday = kept(team, tmp_path / "tuesday")
    everybody_signs_in(team)  # fewer events than were lost: within what the first one excused
    put_back(team, tuesday)
    everybody_is_told(team)
    put_back(team, monday)  # and one from before the acceptance
    everybody_is_told(team)
    accept(team)
    everybody_signs_in(team)


def test_a_log_beside_the_store_that_is_put_away_hides_nothing(team: Team, tmp_path: Path) -> None:
    monday = kept(team, tmp_path / "monday")
    everybody_signs_in(team)
    put_back(team, monday)
    (team.folder / "heads.log").unlink()
    everybody_is_told(team)


@pytest.mark.parametrize("login", ["reader-a", "arbitrator"])
def test_only_a_coordinator_accepts(team: Team, tmp_path: Path, login: str) -> None:
    monday = kept(team, tmp_path / "monday")
    everybody_signs_in(team)
    put_back(team, monday)
    with pytest.raises(RuleViolation, match="role.needed"):
        accept(team, login)
    with pytest.raises(RuleViolation, match="signin.failed"):
        team.opener.accept_rollback(team.folder, "coordinator", "not the passphrase", BECAUSE)
    with pytest.raises(RuleViolation, match="store.rollback_reason"):
        accept(team, because="   too few    ")
    everybody_is_told(team)


def test_there_is_nothing_to_accept_in_a_store_as_it_was(team: Team) -> None:
    team.close()
    with pytest.raises(RuleViolation, match="store.not_rolled_back"):
        accept(team)
    assert "store.rollback_accepted" not in actions(team)


def test_a_broken_trail_is_no_matter_of_accepting(team: Team, tmp_path: Path) -> None:
    from workstation.store import rollback

    team.close()

    def broken(*_: object) -> None:
        raise IntegrityProblem("audit.broken", seq=3)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollback, "_check_links", broken)
        with pytest.raises(IntegrityProblem, match="audit.broken"):
            accept(team)


def test_the_command_is_named_where_it_is_needed(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monday = kept(team, tmp_path / "monday")
    everybody_signs_in(team)
    put_back(team, monday)
    (tmp_path / "phrase.txt").write_text(PASSPHRASE)
    who = ["--store", str(team.folder), "--login", "coordinator", "--passphrase-file",
           str(tmp_path / "phrase.txt")]  # fmt: skip
    for language in ("en", "zh_CN"):
        assert main(Opener(FLOOR_KIB), ["--language", language, "study", "info", *who]) == 2
        told = capsys.readouterr().err
        assert f"workstation store accept-rollback --store {team.folder} --login" in told
    command = ["--json", "store", "accept-rollback", *who, "--because", BECAUSE]
    assert main(Opener(FLOOR_KIB), command) == 0
    assert json.loads(capsys.readouterr().out) == {"accepted": True}
    assert main(Opener(FLOOR_KIB), ["study", "info", *who]) == 0
