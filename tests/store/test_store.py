"""The encrypted store: transactions, attacks on the files, what a crash leaves, rollback."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import PASSPHRASE, Team, document, photo, rectangle
from workstation.domain.case import Subject
from workstation.domain.errors import (
    EnvironmentProblem,
    IntegrityProblem,
    RuleViolation,
)
from workstation.domain.people import Person, Role
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import assigning, reading
from workstation.store import blobs
from workstation.store.engine import make_engine
from workstation.store.slots import Kdf, load_slots

MARKERS = ("Xeroderma-marker", "PSEUDO-77-MARKER", "haemorrhagia-note")


@pytest.fixture
def team(tmp_path: Path):
    made = Team(tmp_path / "s.study", document())
    yield made
    made.close()


def subject_names(team: Team) -> list[str]:
    with team["coordinator"].reading() as uow:
        return [s.pseudonym for s in uow.subjects.all()]


def test_what_is_not_committed_is_gone(team: Team) -> None:
    with team["coordinator"].writing() as uow:
        uow.subjects.add(Subject("s1", "P1"))
    assert subject_names(team) == []
    with pytest.raises(ZeroDivisionError), team["coordinator"].writing() as uow:
        uow.subjects.add(Subject("s1", "P1"))
        _ = 1 / 0
    assert subject_names(team) == []


def test_an_open_read_does_not_block_a_write_of_another_session(team: Team) -> None:
    with team["coordinator"].reading() as first:
        assert first.subjects.all() == ()
        with team["reader-a"].writing() as second:
            second.subjects.add(Subject("s1", "P1"))
            second.commit()
        # The open read still sees the one state it began with.
        assert first.subjects.all() == ()
    assert subject_names(team) == ["P1"]


def test_a_second_writer_waits_and_then_is_told(team: Team, tmp_path: Path) -> None:
    key = team["coordinator"].keys._slot.secrets.store_key  # type: ignore[attr-defined]
    other = make_engine(team.folder / "store.db", key, busy_seconds=0.2)
    with team["coordinator"].writing() as uow:
        uow.subjects.add(Subject("s1", "P1"))
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            with other.connect().execution_options(write=True) as c:
                c.execute(sa.text("SELECT 1"))
    other.dispose()


def test_submitted_readings_and_the_audit_trail_cannot_be_changed(team: Team) -> None:
    image = photo()
    case = team.add_case("P1", [image])
    submit(team, case.case_id, image.image_id)
    key = team["coordinator"].keys._slot.secrets.store_key  # type: ignore[attr-defined]
    engine = make_engine(team.folder / "store.db", key)
    for statement in (
        "UPDATE readings SET body = x'00' WHERE state = 'submitted'",
        "DELETE FROM readings WHERE state = 'submitted'",
        "UPDATE audit SET hash = 'x'",
        "DELETE FROM audit",
    ):
        with (
            pytest.raises(sa.exc.IntegrityError, match="frozen"),
            engine.connect().execution_options(write=True) as c,
        ):
            c.execute(sa.text(statement))
    engine.dispose()


def submit(team: Team, case_id: str, image_id: str, note: str = "") -> None:
    with team["coordinator"].reading() as uow:
        people = {p.login: p.person_id for p in uow.people.all()}
    pair = (people["reader-a"], people["reader-b"])
    assigning.assign(team["coordinator"], [(case_id, pair)])
    for login in ("reader-a", "reader-b"):
        opened = reading.open_case(team[login], case_id)
        mark = replace(rectangle(image_id, 10, 10, 20, 20), note=note)
        given = {"diagnosis": "DR", "stage": "II", "referral": "no"}
        body = ReadingBody({Scope(Level.IMAGE, image_id): given}, (mark,))
        reading.save_draft(team[login], opened.reading.reading_id, body)
        reading.submit(team[login], opened.reading.reading_id)


def test_a_draft_is_saved_only_from_the_state_it_was_made_from(team: Team) -> None:
    """Two windows of one reader: the older one is refused, in the service and in the store."""
    image = photo()
    case = team.add_case("P1", [image])
    with team["coordinator"].reading() as uow:
        people = {p.login: p.person_id for p in uow.people.all()}
    assigning.assign(
        team["coordinator"], [(case.case_id, (people["reader-a"], people["reader-b"]))]
    )
    opened = reading.open_case(team["reader-a"], case.case_id).reading
    scope = Scope(Level.IMAGE, image.image_id)
    bodies = [ReadingBody({scope: {"referral": value}}) for value in ("no", "yes")]
    first = reading.save_draft(
        team["reader-a"], opened.reading_id, bodies[0], expected=opened.revision
    )
    with pytest.raises(RuleViolation, match="reading.changed_elsewhere") as refused:
        reading.save_draft(team["reader-a"], opened.reading_id, bodies[1], expected=opened.revision)
    assert refused.value.params == {"at": first.saved_at, "revision": first.revision}
    with pytest.raises(RuleViolation, match="reading.changed_elsewhere"):
        reading.submit(team["reader-a"], opened.reading_id, expected=opened.revision)
    with team["reader-a"].writing() as uow:
        now = team["reader-a"].clock.now()
        with pytest.raises(RuleViolation, match="reading.changed_elsewhere"):
            uow.readings.save_draft(opened.reading_id, bodies[1], now, 9, expected=7)
    with team["reader-a"].reading() as uow:
        assert uow.readings.get(opened.reading_id).body == bodies[0]
    # Without a revision it is written over: the command line names what it wants.
    reading.save_draft(team["reader-a"], opened.reading_id, bodies[1])


def test_nothing_readable_lies_on_the_disk(team: Team, tmp_path: Path) -> None:
    image = photo()
    case = team.add_case(MARKERS[1], [image])
    submit(team, case.case_id, image.image_id, note=MARKERS[2])
    team["coordinator"].blobs.write(case.case_id, image.image_id, MARKERS[0].encode() * 50)
    live = searched(team.folder)
    team.close()
    assert live == searched(team.folder) == []
    raw = (team.folder / "store.db").read_bytes()
    assert not raw.startswith(b"SQLite format 3")
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(team.folder / "store.db").execute("SELECT * FROM sqlite_master")


def searched(folder: Path) -> list[tuple[str, str]]:
    words = [*MARKERS, "diagnosis", "LESION"]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for word in words:
                forms = (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))
                found += [(path.name, word) for form in forms if form in data]
    return found


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_only_the_owner_may_read_the_files(team: Team) -> None:
    assert team.folder.stat().st_mode & 0o077 == 0
    for name in ("store.db", "keys.db", "keyslots.json"):
        assert (team.folder / name).stat().st_mode & 0o077 == 0


def test_wrong_passphrase_unknown_login_and_no_study(team: Team, tmp_path: Path) -> None:
    for login, phrase in (("coordinator", "not this phrase"), ("nobody", PASSPHRASE)):
        with pytest.raises(RuleViolation, match="signin.failed"):
            team.opener.open(team.folder, login, phrase)
    with pytest.raises(EnvironmentProblem, match="study.not_a_study"):
        team.opener.open(tmp_path, "coordinator", PASSPHRASE)


@pytest.mark.parametrize("phrase", ["short", "coordinator rules", "aaaaaaaaaaaaaaaa"])
def test_weak_passphrases_are_refused(tmp_path: Path, phrase: str) -> None:
    from workstation.store.slots import check_passphrase

    with pytest.raises(RuleViolation, match="passphrase"):
        check_passphrase(phrase, "coordinator")


@pytest.mark.parametrize("memory", [8 * 1024 * 1024, 1024])
def test_absurd_or_weakened_key_parameters_are_refused(team: Team, memory: int) -> None:
    team.close()
    path = team.folder / "keyslots.json"
    data = json.loads(path.read_text())
    data["slots"][0]["kdf"]["memory_kib"] = memory
    path.write_text(json.dumps(data))
    with pytest.raises(IntegrityProblem, match="keyslots.parameters"):
        load_slots(path)
    with pytest.raises(IntegrityProblem):
        Kdf(memory, 3, 4, b"0" * 16)


def test_a_changed_key_file_is_seen(team: Team) -> None:
    team.close()
    path = team.folder / "keyslots.json"
    data = json.loads(path.read_text())
    data["slots"][1]["name"] = "Somebody else"
    path.write_text(json.dumps(data))
    with pytest.raises(IntegrityProblem, match="keyslots.signature"):
        team.opener.open(team.folder, "coordinator", PASSPHRASE)


def test_a_plain_database_in_the_place_of_the_store_is_refused(team: Team) -> None:
    team.close()
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (team.folder / name).unlink(missing_ok=True)
    sqlite3.connect(team.folder / "store.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(IntegrityProblem, match="store.damaged"):
        team.opener.open(team.folder, "coordinator", PASSPHRASE)


def test_a_missing_store_is_not_made_anew(team: Team) -> None:
    team.close()
    (team.folder / "store.db").unlink()
    with pytest.raises(IntegrityProblem, match="store.missing"):
        team.opener.open(team.folder, "coordinator", PASSPHRASE)
    assert not (team.folder / "store.db").exists()


# Blobs


@given(st.binary(max_size=200), st.integers(0, 10**6), st.integers(1, 255))
def test_any_change_of_a_blob_is_seen(plain: bytes, at: int, change: int) -> None:
    key, aad = b"k" * 32, b"aad"
    data = bytearray(blobs.sealed(key, aad, plain))
    assert blobs.opened(key, aad, bytes(data)) == plain
    data[at % len(data)] ^= change
    with pytest.raises(IntegrityProblem):
        blobs.opened(key, aad, bytes(data))


def test_a_cut_or_moved_blob_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "CHUNK", 64)
    key, aad, plain = b"k" * 32, b"aad", bytes(range(256)) * 2
    data = blobs.sealed(key, aad, plain)
    assert blobs.opened(key, aad, data) == plain
    step = 64 + blobs.TAG
    for end in range(20, len(data), step):
        with pytest.raises(IntegrityProblem):
            blobs.opened(key, aad, data[:end])
    swapped = (
        data[:20] + data[20 + step : 20 + 2 * step] + data[20 : 20 + step] + data[20 + 2 * step :]
    )
    with pytest.raises(IntegrityProblem):
        blobs.opened(key, aad, swapped)
    with pytest.raises(IntegrityProblem):
        blobs.opened(key, b"another case", data)


def test_blobs_belong_to_their_case(team: Team) -> None:
    store = team["coordinator"].blobs
    blob_id = store.write("case-1", "image-1", b"pixels")
    assert store.read("case-1", "image-1", blob_id) == b"pixels"
    assert team["reader-a"].blobs.read("case-1", "image-1", blob_id) == b"pixels"
    for case, image in (("case-2", "image-1"), ("case-1", "image-2")):
        with pytest.raises(IntegrityProblem):
            team["reader-b"].blobs.read(case, image, blob_id)


# Crash


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_writer_loses_nothing_it_was_told_is_saved(team: Team) -> None:
    """Ten kills at different moments of a loop of acknowledged commits."""
    team.close()
    script = textwrap.dedent("""
        import sys, pathlib
        from tests.studies import PASSPHRASE, opener
        w = opener().open(pathlib.Path(sys.argv[1]), "coordinator", PASSPHRASE)
        n = int(sys.argv[2])
        while True:
            with w.writing() as uow:
                uow.audit.append("test.write", str(n))
                uow.commit()
            print(n, flush=True)
            n += 1
    """)
    said = 0
    for attempt in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(team.folder), str(said + 1)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(3 + 7 * attempt):
            said = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        said = int(rest[-1]) if rest else said
        child.wait()
        child.stdout.close()
    with team["coordinator"].reading() as uow:
        written = {int(e.object) for e in uow.audit.all() if e.action == "test.write"}
    assert set(range(1, said + 1)) <= written


def test_the_audit_trail_is_a_chain(team: Team) -> None:
    from workstation.services.auditing import verify_chain

    with team["coordinator"].writing() as uow:
        for n in range(20):
            uow.audit.append("test", str(n))
        uow.commit()
    with team["coordinator"].reading() as uow:
        events = list(uow.audit.all())
    assert verify_chain(events) is None
    for n in (0, 7, len(events) - 1):
        forged = events[:]
        forged[n] = replace(forged[n], actor="somebody")
        assert verify_chain(forged) == forged[n].seq
        assert verify_chain(events[:n] + events[n + 1 :]) is not None or n == len(events) - 1


def test_a_person_signs_with_the_own_key_only(team: Team) -> None:
    a, b = team["reader-a"], team["reader-b"]
    signature = a.keys.sign(a.person.person_id, b"payload")
    assert b.keys.verify(a.person.person_id, b"payload", signature)
    assert not b.keys.verify(a.person.person_id, b"other", signature)
    assert not b.keys.verify(b.person.person_id, b"payload", signature)
    with pytest.raises(RuleViolation, match="keys.not_yours"):
        a.keys.sign(b.person.person_id, b"payload")


def test_secrets_are_not_printed(team: Team) -> None:
    workspace = team["coordinator"]
    slot = workspace.keys._slot  # type: ignore[attr-defined]
    shown = repr((workspace, slot, slot.secrets, workspace.accounts))
    assert slot.secrets.store_key.hex() not in shown
    assert repr(slot.secrets.store_key) not in shown


def test_a_person_needs_a_role_of_the_study(team: Team) -> None:
    from workstation.services.enrolling import AddPerson, add_person

    command = AddPerson("new-one", "N", frozenset({Role.READER}), PASSPHRASE)
    with pytest.raises(RuleViolation, match="role.needed"):
        add_person(team["reader-a"], command)
    person, _ = add_person(team["coordinator"], command)
    assert isinstance(person, Person) and person.code == "R3"
    with pytest.raises(RuleViolation, match="person.login_taken"):
        add_person(team["coordinator"], command)
