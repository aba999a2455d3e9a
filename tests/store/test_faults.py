"""A machine in the way: full disks, files that are missing, empty or old; what was saved is told
to be saved, and what is not whole is not taken as good."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies import PASSPHRASE, Team, document, photo
from workstation.cli.commands import main
from workstation.domain.case import Subject
from workstation.domain.errors import EnvironmentProblem, IntegrityProblem
from workstation.domain.image import PlaneRef
from workstation.store import rollback


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    team = Team(tmp_path / "f.study", document())
    yield team
    team.close()


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def run(team: Team, tmp_path: Path, *words: str, login: str = "coordinator") -> int:
    (tmp_path / "phrase.txt").write_text(PASSPHRASE + "\n")
    where = ["--store", str(team.folder), "--login", login, "--passphrase-file",
             str(tmp_path / "phrase.txt")]  # fmt: skip
    return main(team.opener, [*words[:2], *where, *words[2:]])


def add_image(team: Team, case_id: str, blob_id: str) -> None:
    planes = (PlaneRef(blob_id, "raw", "0" * 64, 6),)
    with team["coordinator"].writing() as uow:
        uow.images.add(replace(photo(case_id, image_id="i1"), planes=planes))
        uow.commit()


def test_what_is_committed_is_not_said_to_have_failed(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = team["coordinator"]
    with monkeypatch.context() as patch:
        patch.setattr(rollback, "log_head", full)
        with workspace.writing() as uow:
            uow.subjects.add(Subject("s1", "P1"))
            uow.commit()
    with workspace.writing() as uow:  # the log catches up with the next write
        uow.audit.append("test", "next")
        seq = uow.audit.last_seq()
        uow.commit()
    assert (team.folder / "heads.log").read_text().splitlines()[-1].split()[0] == str(seq)


def test_the_result_comes_first_and_then_what_signing_out_met(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    team.close()
    with monkeypatch.context() as patch:
        patch.setattr(rollback, "log_head", full)
        assert run(team, tmp_path, "study", "info") == 0
    said = capsys.readouterr()
    assert said.out.startswith("Study: Study") and "Traceback" not in said.err
    assert "done and saved" in said.err and "disk is full" in said.err
    assert run(team, tmp_path, "study", "info") == 0


def test_closing_takes_all_its_steps(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = team["coordinator"]
    team.open = {}
    generation = (team.folder / "keyslots.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(rollback, "log_head", full)
        with workspace.writing() as uow:
            uow.audit.append("test", "x")
            uow.commit()
        with pytest.raises(EnvironmentProblem, match="disk.full"):
            workspace.close()
    assert (team.folder / "keyslots.json").read_bytes() != generation
    assert not (team.folder / "store.db-wal").exists()


def test_a_torn_line_of_the_log_spoils_no_other(team: Team) -> None:
    team.close()
    log = team.folder / "heads.log"
    log.write_bytes(log.read_bytes() + b"12")
    team.opener.open(team.folder, "reader-a", PASSPHRASE).close()
    assert b"\n12\n" in log.read_bytes()
    assert rollback.logged(team.folder)[-1][0] > 0


@pytest.mark.parametrize("name", ["store.db", "keys.db"])
@pytest.mark.parametrize("emptied", [True, False])
def test_a_missing_or_empty_database_is_refused_and_not_made_anew(
    team: Team, name: str, emptied: bool
) -> None:
    team.close()
    path = team.folder / name
    path.unlink()
    if emptied:
        path.touch()
    before = (team.folder / "heads.log").read_bytes()
    code = "store.missing" if name == "store.db" else "store.keys_missing"
    with pytest.raises(IntegrityProblem, match=code):
        team.opener.open(team.folder, "coordinator", PASSPHRASE)
    assert path.exists() == emptied and (not emptied or path.stat().st_size == 0)
    assert (team.folder / "heads.log").read_bytes() == before


def test_a_database_without_tables_is_no_new_study(team: Team) -> None:
    """The right key and nothing in it: neither migrated nor remembered."""
    from workstation.store.blobs import derived
    from workstation.store.engine import make_engine

    key = team["coordinator"].keys._slot.secrets.store_key  # type: ignore[attr-defined]
    team.close()
    keys = derived(key, b"", "keys.db")
    for name, its_key, code in (("keys.db", keys, "keys_missing"), ("store.db", key, "damaged")):
        path = team.folder / name
        kept = shutil.copy(path, path.with_suffix(".kept"))
        path.unlink()
        engine = make_engine(path, its_key)
        with engine.connect().execution_options(write=True) as connection:
            connection.exec_driver_sql("CREATE TABLE t (x)")
            connection.commit()
        engine.dispose()
        with pytest.raises(IntegrityProblem, match=f"store.{code}"):
            team.opener.open(team.folder, "coordinator", PASSPHRASE)
        shutil.move(kept, path)
    team.opener.open(team.folder, "coordinator", PASSPHRASE).close()


def aged(team: Team) -> list[Path]:
    files = sorted((team.folder / "blobs").glob("??/*"))
    for path in files:
        os.utime(path, (1e9, 1e9))
    return files


def test_images_of_a_running_import_are_not_swept(team: Team) -> None:
    """However long it runs; and what a killed one left is."""
    case = team.add_case("P1", [])
    blob_id = team["coordinator"].blobs.write(case.case_id, "i1", b"pixels")
    (file,) = aged(team)
    (team.folder / "blobs" / "ab").mkdir(exist_ok=True)
    strange = team.folder / "blobs" / "ab" / ("a" * 64)
    strange.mkdir()
    os.utime(strange, (1e9, 1e9))
    team["reader-a"]
    assert file.exists()
    add_image(team, case.case_id, blob_id)
    left = team["coordinator"].blobs.write(case.case_id, "i2", b"of a killed import")
    aged(team)
    team.close()
    team["reader-a"]
    assert file.exists() and strange.is_dir()
    assert not (team.folder / "blobs" / left[:2] / left).exists()
    assert not list((team.folder / "blobs").glob(".writing-*"))


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_marker_of_a_process_that_died_holds_nothing_up(team: Team) -> None:
    team.close()
    script = (
        "import sys, os, pathlib; from tests.studies import PASSPHRASE, opener;"
        "w = opener().open(pathlib.Path(sys.argv[1]), 'coordinator', PASSPHRASE);"
        "w.blobs.write('c', 'i', b'pixels'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(team.folder)], cwd=Path(__file__).parents[2])
    assert len(list((team.folder / "blobs").glob(".writing-*"))) == 1
    (file,) = aged(team)
    team["reader-a"]
    assert not file.exists() and not list((team.folder / "blobs").glob(".writing-*"))


def test_rows_of_images_whose_files_are_gone_are_not_kept(team: Team) -> None:
    case = team.add_case("P1", [])
    blob_id = team["coordinator"].blobs.write(case.case_id, "i1", b"pixels")
    team["coordinator"].blobs.remove([blob_id])
    with pytest.raises(IntegrityProblem, match="blob.missing"):
        add_image(team, case.case_id, blob_id)
    with team["coordinator"].reading() as uow:
        assert uow.images.all() == ()


def test_the_copy_before_a_migration_holds_what_is_in_the_log_only(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer program opens a study that an older one still has open."""
    from workstation.store import migrations
    from workstation.store.engine import make_engine

    workspace = team["coordinator"]
    key = workspace.keys._slot.secrets.store_key  # type: ignore[attr-defined]
    with workspace.writing() as uow:
        uow.subjects.add(Subject("s1", "P1"))
        uow.commit()
    assert (team.folder / "store.db-wal").stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "head_revision", lambda: "0002")
        patch.setattr(migrations, "migrate", lambda _: True)
        team["reader-a"]
    copy = make_engine(team.folder / "store.db.before-0002", key)
    with copy.connect() as connection:
        assert connection.exec_driver_sql("SELECT pseudonym FROM subjects").scalar() == "P1"
        assert connection.exec_driver_sql("PRAGMA cipher_integrity_check").first() is None
    copy.dispose()
    assert not list(team.folder.glob(".store.db*"))


def test_audit_verify_checks_the_databases(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team.close()
    old = shutil.copy(team.folder / "keys.db", tmp_path / "old.db")
    case = team.add_case("P1", [])
    add_image(team, case.case_id, team["coordinator"].blobs.write(case.case_id, "i1", b"pixels"))
    team.close()
    assert run(team, tmp_path, "audit", "verify") == 0
    assert "every image has its key" in capsys.readouterr().out
    new = (team.folder / "keys.db").read_bytes()
    for name in ("keys.db-wal", "keys.db-shm"):
        (team.folder / name).unlink(missing_ok=True)
    shutil.copy(old, team.folder / "keys.db")
    assert run(team, tmp_path, "audit", "verify") == 1
    assert "lacks the keys" in capsys.readouterr().out
    broken = bytearray(new)
    broken[-2000] ^= 1
    (team.folder / "keys.db").write_bytes(broken)
    assert run(team, tmp_path, "audit", "verify") == 1
    assert "keys.db is damaged" in capsys.readouterr().out
