"""The edges of the command line: outputs that fail, inputs that are closed, bytes that are no text,
files that are none. One sentence each, and no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studies import PASSPHRASE, Team, document
from workstation.bootstrap import Opener
from workstation.cli.commands import main
from workstation.domain.errors import IntegrityProblem, InvalidValue, RuleViolation
from workstation.domain.people import Person, Role
from workstation.store import rollback
from workstation.store.slots import FLOOR_KIB, load_slots

ROOT = Path(__file__).parents[2]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    team = Team(tmp_path / "e.study", document())
    team.close()
    (tmp_path / "phrase.txt").write_text(PASSPHRASE + "\n")
    yield team
    team.close()


def where(team: Team, phrase: str = "") -> list[str]:
    phrase = phrase or str(team.folder.parent / "phrase.txt")
    return ["--store", str(team.folder), "--login", "coordinator", "--passphrase-file", phrase]


def started(*words: str, **more: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "workstation", *words],
        stderr=subprocess.PIPE, cwd=ROOT, **more,  # type: ignore[call-overload]
    )  # fmt: skip


@pytest.mark.parametrize("out", ["none/audit.jsonl", "", "phrase.txt/audit.jsonl"])
def test_an_audit_trail_that_cannot_be_written(
    team: Team, tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = main(team.opener, ["audit", "export", *where(team), "--out", str(tmp_path / out)])
    assert found == 2 and "cannot be written" in capsys.readouterr().err
    good = str(tmp_path / "audit.jsonl")
    assert main(team.opener, ["audit", "export", *where(team), "--out", good]) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_to_a_full_device_and_closed_input() -> None:
    with open("/dev/full", "wb") as full:
        for words in (["study", "protocols"], ["--json", "study", "protocols"], ["--help"]):
            child = started(*words, stdout=full)
            said = child.communicate()[1].decode()
            assert child.returncode == 2 and said.count("\n") == 1 and "No space left" in said
    for source in ([], ["--passphrase-file", "-"]):
        child = started(
            "study", "info", "--store", "x", "--login", "x", *source,
            stdout=subprocess.DEVNULL, preexec_fn=lambda: os.close(0),
        )  # fmt: skip
        said = child.communicate()[1].decode()
        assert child.returncode == 2 and said.count("\n") == 1


def test_a_console_without_the_letters_of_a_name(team: Team) -> None:
    folder = team.folder.rename(team.folder.with_name("Zo\u00eb \U0001f642.study"))
    team.folder = folder
    out_file = str(folder.parent / "\U0001f642.jsonl")
    child = started("audit", "export", *where(team), "--out", out_file, stdout=subprocess.PIPE,
                    env=dict(os.environ, PYTHONIOENCODING="gbk"))  # fmt: skip
    out, said = child.communicate()
    assert child.returncode == 0 and rb"\U0001f642" in out, said


def test_ctrl_c_is_one_sentence_and_the_child_keeps_still(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from multiprocessing import Pipe

    def interrupted(self: Opener) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Opener, "protocols", interrupted)
    assert main(Opener(FLOOR_KIB), ["study", "protocols"]) == 130
    assert capsys.readouterr().err.strip() == "Cancelled."
    ours, theirs = Pipe()
    script = (
        "import sys; from multiprocessing.connection import Connection as C;"
        "from workstation.imaging.child import serve; serve(C(int(sys.argv[1])))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(theirs.fileno())], cwd=ROOT,
                               stderr=subprocess.PIPE, pass_fds=[theirs.fileno()])  # fmt: skip
    theirs.close()
    ask = json.dumps({"call": "inspect", "files": [["/none", ""]]}).encode()
    ours.send_bytes(ask)
    assert b"refused" in ours.recv_bytes()
    process.send_signal(signal.SIGINT)
    ours.send_bytes(ask)
    assert b"refused" in ours.recv_bytes()
    ours.close()
    assert process.communicate()[1] == b"" and process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_decoding_child_is_started_deaf_to_ctrl_c() -> None:
    from workstation.imaging.child import DecodingChild

    child = DecodingChild()
    try:
        child._started()
        os.kill(child._process.pid, signal.SIGINT)  # while it imports
        first = child._process.pid
        (found,) = child.inspect([("/none", "")])
        assert isinstance(found, InvalidValue) and found.code == "file.unreadable"
        assert child._process.pid == first
    finally:
        child.close()


@pytest.mark.parametrize(
    "text",
    ["2026-13-45: 1\n", "[" * 5000, "!!int ''", "a: !!bool maybe", "\t"],
    ids=["date", "nesting", "int", "bool", "tab"],
)
def test_a_protocol_that_yaml_chokes_on(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(InvalidValue, match=r"protocol.yaml file='p.yaml'"):
        Opener(FLOOR_KIB).protocol(str(path))
    with pytest.raises(InvalidValue, match=r"protocol.unknown"):
        Opener(FLOOR_KIB).protocol("a" * 5000)


def test_bytes_that_are_no_text(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = "\udcff"
    coordinator = frozenset({Role.COORDINATOR})
    with pytest.raises(InvalidValue, match="text.not_unicode"):
        Person("p", "pp", f"P{half}", "C1", coordinator)
    with pytest.raises(RuleViolation, match="passphrase.characters"):
        team.opener.open(team.folder, "coordinator", PASSPHRASE + half)
    create = ["study", "create", str(tmp_path / "n.study"), "--protocol", "dr_screening",
              "--passphrase-file", str(tmp_path / "phrase.txt"), "--login", "cc"]  # fmt: skip
    for words in (
        [*create, "--title", half, "--name", "C"],
        [*create, "--title", "t", "--name", half],
        ["cases", "exclude", *where(team), half, "--reason", "xxxx"],
    ):
        assert main(team.opener, words) == 2
        assert "no Unicode text" in capsys.readouterr().err
    assert not (tmp_path / "n.study").exists()


@pytest.mark.parametrize(
    "change",
    ['"generation": 1e30', '"generation": Infinity', '"generation": -1', '"generation": true'],
)
def test_a_key_file_with_absurd_numbers(team: Team, change: str) -> None:
    path = team.folder / "keyslots.json"
    data = json.loads(path.read_text())
    path.write_text(path.read_text().replace(f'"generation": {data["generation"]}', change))
    with pytest.raises(IntegrityProblem, match="keyslots.damaged"):
        team.opener.cards(team.folder)


def test_a_key_file_with_unknown_words(team: Team) -> None:
    path = team.folder / "keyslots.json"
    good = path.read_text()
    for key, value in (("roles", ["king"]), ("roles", []), ("nonce", "AAAA"), ("name", "\udcff")):
        data = json.loads(good)
        data["slots"][0][key] = value
        path.write_text(json.dumps(data))
        with pytest.raises(IntegrityProblem, match="keyslots.damaged"):
            load_slots(path)
    path.write_text(good)


def test_a_log_of_heads_that_is_none(team: Team) -> None:
    log = team.folder / "heads.log"
    log.write_text("9" * 5000 + " " + "a" * 64 + "\n" + "9" * 19 + " " + "a" * 64 + "\n")
    assert rollback.logged(team.folder) == []
    team.opener.open(team.folder, "reader-a", PASSPHRASE).close()
    log.unlink()
    log.mkdir()
    assert main(team.opener, ["study", "info", *where(team)]) == 0
    log.rmdir()


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
@pytest.mark.parametrize("name", ["SEAL.json", "SEAL.sig", "manifest-sha256.txt", "data/x"])
def test_a_named_pipe_in_a_frozen_folder_is_refused_and_not_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "v1.0"
    (folder / "data").mkdir(parents=True)
    (folder / "SEAL.json").write_text('{"format": "seal/1"}')
    (folder / "manifest-sha256.txt").write_text("0" * 64 + "  data/x\n")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    for words in (
        ["-m", "workstation", "dataset", "verify", str(folder)],
        [str(ROOT / "resources" / "dataset" / "verify_seal.py"), str(folder)],
    ):
        child = subprocess.run([sys.executable, *words], cwd=ROOT, timeout=20, capture_output=True)
        assert child.returncode == 1 and b"Traceback" not in child.stderr
