"""Every command of the command line, tried by each role; what a reader sees never depends on the
other reader, on a comparison or on a ruling."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from tests.studies import PASSPHRASE, Team, document, photo
from workstation.bootstrap import Opener
from workstation.cli.commands import main, root
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.case import CaseState
from workstation.domain.people import Role
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import arbitrating, assigning, reading
from workstation.services.enrolling import AddPerson, add_person
from workstation.store.slots import FLOOR_KIB

READER, ARBITRATOR, COORDINATOR = Role.READER, Role.ARBITRATOR, Role.COORDINATOR
LOGINS = {READER: "reader-b", ARBITRATOR: "arbitrator", COORDINATOR: "coordinator"}
ALL = frozenset(Role)

# Command -> who may, and what is given with it ({folder} is a folder of the test).
TABLE: dict[str, tuple[frozenset[Role], list[str]]] = {
    "study info": (ALL, []),
    "people add": ({COORDINATOR}, ["--new-login", "dora", "--name", "D", "--role", "reader",
                                   "--new-passphrase-file", "{folder}/phrase.txt"]),
    "people list": ({COORDINATOR}, []),
    "import": ({COORDINATOR}, ["{folder}", "--confirm", "Coordinator"]),
    "cases list": ({COORDINATOR}, []),
    "cases include": ({COORDINATOR}, []),
    "cases exclude": ({COORDINATOR}, ["0002", "--reason", "a test"]),
    "cases image": ({COORDINATOR}, ["F0001"]),
    "assign": ({COORDINATOR}, ["--dry-run"]),
    "reading list": ({READER}, []),
    "reading export": ({READER}, ["0002"]),
    "reading submit": ({READER}, ["0002"]),
    "compare": ({COORDINATOR}, []),
    "arbitrate queue": ({ARBITRATOR}, []),
    "arbitrate blind-read": ({ARBITRATOR}, ["0003", "--from", "{folder}/none.json"]),
    "arbitrate show": ({ARBITRATOR}, ["0002"]),
    "arbitrate sign": ({ARBITRATOR}, ["0002", "--reason", "missed"]),
    "arbitrate reopen": ({COORDINATOR}, ["0002", "--because", "a reason long enough"]),
    "arbitrate release": ({COORDINATOR}, ["0002", "--because", "a reason long enough"]),
    "dataset freeze": ({COORDINATOR}, ["--out", "{folder}/out"]),
    "dataset list": ({COORDINATOR}, []),
    "report make": ({COORDINATOR}, ["--out", "{folder}/report.pdf"]),
    "store accept-rollback": ({COORDINATOR}, ["--because", "a reason long enough"]),
    "audit verify": ({COORDINATOR}, []),
    "audit export": ({COORDINATOR}, ["--out", "{folder}/audit.jsonl"]),
}  # fmt: skip
# These sign nobody in: they work without a study, or the window asks who it is.
WITHOUT_A_PERSON = {
    "study create", "study protocols", "dataset verify", "dataset export", "dataset diff",
    "metrics lidc", "info", "render", "demo", "run",
}  # fmt: skip
REFUSALS = {"role.needed", "assignment.not_yours"}

Run = Callable[..., tuple[int, str]]


def commands(group: click.Group = root, path: str = "") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        where = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            found |= commands(command, where)
        else:
            found[where] = command
    return found


def body(images: list[str], diagnosis: str) -> ReadingBody:
    given = {"diagnosis": diagnosis, "referral": "no"}
    return ReadingBody({Scope(Level.IMAGE, i): given for i in images})


def submit(team: Team, login: str, cases: dict[str, list[str]], diagnosis: str) -> None:
    for case_id, images in cases.items():
        opened = reading.open_case(team[login], case_id)
        reading.save_draft(team[login], opened.reading.reading_id, body(images, diagnosis))
        reading.submit(team[login], opened.reading.reading_id)


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same study twice: reader B has submitted all; and then reader A has too, 0001 is agreed,
    0002 is ruled and 0003 is disputed."""
    home = tmp_path_factory.mktemp("who")
    team = Team(home / "late.study", document())
    cases = {}
    for n in range(3):
        images = [photo(image_id=f"w{n}")]
        cases[team.add_case(f"P{n}", images).case_id] = [i.image_id for i in images]
    with team["coordinator"].reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(team["coordinator"], plan.pairs)
    third = AddPerson("reader-c", "reader-c", frozenset({READER}), PASSPHRASE)
    add_person(team["coordinator"], third)
    submit(team, "reader-b", cases, "normal")
    team.close()
    shutil.copytree(team.folder, home / "early.study")
    ids = list(cases)
    submit(team, "reader-a", {ids[0]: cases[ids[0]]}, "normal")
    submit(team, "reader-a", {i: cases[i] for i in ids[1:]}, "other")
    arbitrator = team["arbitrator"]
    row = next(r for r in arbitrating.queue(arbitrator) if r.case_id == ids[1])
    opened = arbitrating.open_dispute(arbitrator, row.dispute_id)
    reading.save_draft(arbitrator, opened.mine.reading_id, body(cases[ids[1]], "other"))
    arbitrating.seal_blind_read(arbitrator, row.dispute_id)
    arbitrating.reveal(arbitrator, row.dispute_id)
    opened = arbitrating.open_dispute(arbitrator, row.dispute_id)
    decisions = [Decision(i.scope, Choice.ADOPT_X, i.question) for i in opened.items if i.disputed]
    arbitrating.sign(arbitrator, row.dispute_id, decisions, "missed", 3, "")
    with team["coordinator"].reading() as uow:
        states = [c.state for c in uow.cases.all()]
    assert states == [CaseState.AGREED, CaseState.RULED, CaseState.DISPUTED]
    team.close()
    return {"early": home / "early.study", "late": home / "late.study"}


@pytest.fixture
def run(studies: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "phrase.txt").write_text(PASSPHRASE)

    def tried(study: str, login: str, command: str, given: list[str]) -> tuple[int, str]:
        store = tmp_path / "tried.study"
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(studies[study], store)
        filled = [word.format(folder=tmp_path) for word in given]
        where = ["--store", str(store), "--login", login, "--passphrase-file",
                 str(tmp_path / "phrase.txt")]  # fmt: skip
        status = main(Opener(FLOOR_KIB), ["--json", *command.split(), *where, *filled])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return status, out.out

    return tried


def test_every_command_is_in_the_table() -> None:
    signing_in = {
        name
        for name, command in commands().items()
        if {"store", "login"} <= {p.name for p in command.params} and name != "study create"
    }
    assert signing_in == set(TABLE)
    assert set(commands()) == set(TABLE) | WITHOUT_A_PERSON


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize("command", sorted(TABLE))
def test_who_may(run: Run, command: str, role: Role) -> None:
    allowed, given = TABLE[command]
    status, out = run("late", LOGINS[role], command, given)
    error = json.loads(out).get("error", "") if status else ""
    if role in allowed:
        assert error not in REFUSALS, out
        return
    assert status == 2 and error in REFUSALS, out
    said: dict[str, Any] = json.loads(out)
    assert set(said) == {"error", "params", "message"}
    assert set(said["params"]) <= {"role", "person"}


@pytest.mark.parametrize("number", ["0001", "0002", "0003", "0099"])
@pytest.mark.parametrize("command", sorted(c for c, (_, given) in TABLE.items() if "0002" in given))
def test_a_reader_is_told_the_same_of_every_case_that_is_no_own(
    run: Run, command: str, number: str
) -> None:
    """Reader C of the study, who has no case: agreed, ruled, disputed or none, one answer."""
    given = [number if word == "0002" else word for word in TABLE[command][1]]
    status, out = run("late", "reader-c", command, given)
    assert status == 2 and json.loads(out)["error"] in REFUSALS
    assert number not in out


@pytest.mark.parametrize("command", sorted(TABLE))
def test_no_command_tells_a_reader_what_the_others_did(run: Run, command: str) -> None:
    """To the letter: before and after the other reader, the comparison and the ruling."""
    before = run("early", "reader-b", command, TABLE[command][1])
    assert run("late", "reader-b", command, TABLE[command][1]) == before


def test_no_command_reads_rows_by_itself() -> None:
    """What a command prints comes from a service, where it is decided who may see it."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted(Path(__file__).parents[2].glob("workstation/cli/*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "uow"
    ]
    assert found == []
