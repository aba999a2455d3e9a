"""The whole story at the command line, with real files, and what it answers to mistakes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workstation.bootstrap import Opener
from workstation.cli.commands import main
from workstation.demo import files, plan
from workstation.demo.ct import CtScene
from workstation.demo.fundus import FundusScene
from workstation.store.slots import FLOOR_KIB

PHRASES = {
    "coordinator": "the first long phrase",
    "anna": "the second long phrase",
    "bert": "the third long phrase",
    "carl": "the fourth long phrase",
}


class CommandLine:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.store = folder / "cli.study"
        self._capsys = capsys
        for login, phrase in PHRASES.items():
            (folder / f"{login}.txt").write_text(phrase + "\n")

    def __call__(self, login: str, *arguments: str, status: int = 0) -> Any:
        where = ["--store", str(self.store), "--login", login, "--passphrase-file",
                 str(self.folder / f"{login}.txt")]  # fmt: skip
        split = next((n for n, a in enumerate(arguments) if a.startswith("!")), None)
        words = list(arguments)
        if split is None:
            depth = 1 if arguments[0] in ("import", "assign", "compare") else 2
            words = [*arguments[:depth], *where, *arguments[depth:]]
        else:
            words[split] = words[split][1:]
        found = main(Opener(FLOOR_KIB), ["--json", *words])
        out = self._capsys.readouterr()
        assert found == status, out.err
        assert "Traceback" not in out.err
        try:
            return json.loads(out.out)
        except ValueError:
            return out.out


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, capsys)


def small_photo(eye: str, seed: int) -> FundusScene:
    pixels = np.random.default_rng(seed).integers(0, 255, (120, 160, 3), np.uint8)
    return FundusScene(pixels, eye, (0, 0), (0, 0), (), "normal", "", True, False)


def reading_json(numbers: dict[str, str], marks: list[Any], **given: str) -> str:
    answers = {}
    for number, eye in numbers.items():
        answers[f"image:{number}"] = {"quality": "acceptable", "eye": eye, "diagnosis": "normal",
                                      "referral": "no", "laser_scars": "no"} | given  # fmt: skip
    return json.dumps({"format": "reading/1", "answers": answers, "marks": marks})


def test_the_whole_story(cli: CommandLine, tmp_path: Path) -> None:
    cli("coordinator", "study", "!create", str(cli.store), "--title", "筛查一", "--protocol",
        "dr-screening", "--login", "coordinator", "--name", "Coordinator", "--seed", "5",
        "--passphrase-file", str(tmp_path / "coordinator.txt"))  # fmt: skip
    for login, role in (("anna", "reader"), ("bert", "reader"), ("carl", "arbitrator")):
        cli("coordinator", "people", "add", "--new-login", login, "--name", login, "--role", role,
            "--new-passphrase-file", str(tmp_path / f"{login}.txt"))  # fmt: skip
    photos = [
        files.DeliveredPhoto(f"P{n}", "1", "BJ01", small_photo(eye, 2 * n + k))
        for n in range(3)
        for k, eye in enumerate(("OD", "OS"))
    ]
    delivered = tmp_path / "交付"
    files.write_photos(delivered, photos)
    (delivered / "张伟_OD.jpg").write_bytes((delivered / "P0_OS_F1.jpg").read_bytes())
    done = cli("coordinator", "import", str(delivered), "--confirm", "Coordinator",
               "--list", str(delivered / "photos.csv"))  # fmt: skip
    assert len(done["images"]) == 6 and len(done["cases"]) == 3
    assert {r["code"] for r in done["refused"]} == {"file.no_image", "identity.name_person"}
    assert cli("coordinator", "cases", "include")["included"] == 3
    assert cli("coordinator", "assign")["cases"] == 3
    listed = cli("coordinator", "cases", "list")["cases"]
    eyes = {c["case"]: {i["number"]: i["eye"] for i in c["images"]} for c in listed}
    for login in ("anna", "bert"):
        work = cli(login, "reading", "list")["worklist"]
        assert len(work) == 3
        for row in work:
            number = row["case"]
            first = next(iter(eyes[number]))
            given = {}
            if login == "bert" and number == "0002":
                given = {"diagnosis": "other"}
            body = tmp_path / "body.json"
            mark = {"id": "m", "image": first, "class": "DISC", "number": 1, "attributes": {},
                    "note": "", "shape": {"type": "box", "corners": [5, 5, 14, 14], "z": 0}}  # fmt: skip
            body.write_text(reading_json(eyes[number], [mark], **given))
            cli(login, "reading", "submit", number, "--from", str(body))
            again = cli(login, "reading", "submit", number, "--from", str(body), status=2)
            assert again["error"] == "reading.submitted"
    assert cli("coordinator", "compare") == {
        "awaiting_comparison": 0, "agreed": 2, "disputed": 1, "ruled": 0,
    }  # fmt: skip
    waiting = cli("carl", "arbitrate", "queue")["queue"]
    assert [(r["case"], r["items"]) for r in waiting] == [("0002", None)]
    early = cli("carl", "arbitrate", "show", "0002", status=2)
    assert early["error"] == "arbitration.blind_read_first"
    (tmp_path / "own.json").write_text(reading_json(eyes["0002"], []))
    cli("carl", "arbitrate", "blind-read", "0002", "--from", str(tmp_path / "own.json"))
    shown = cli("carl", "arbitrate", "show", "0002")
    assert sum(i["disputed"] for i in shown["items"]) == 2
    refused = cli("carl", "arbitrate", "sign", "0002", "--reason", "missed", status=2)
    assert refused["error"] == "arbitration.unresolved"
    cli("carl", "arbitrate", "sign", "0002", "--all", "mine", "--reason", "ambiguous",
        "--note", "own")  # fmt: skip
    frozen = cli("coordinator", "dataset", "freeze", "--out", str(tmp_path / "out"))
    assert frozen["version"] == "v1.0" and frozen["cases"] == 3
    folder = Path(frozen["folder"])
    assert cli("", "dataset", "!verify", str(folder))["holds"]
    script = subprocess.run([sys.executable, str(folder / "verify_seal.py")], capture_output=True,
                            text=True)  # fmt: skip
    assert script.returncode == 0 and frozen["fingerprint"] in script.stdout
    made = cli("", "dataset", "!export", str(folder), "--out", str(tmp_path / "v1.zip"))
    assert made["written"] == [str(tmp_path / "v1.zip")]
    again = cli("", "dataset", "!export", str(folder), "--out", str(tmp_path / "v1.zip"), status=2)
    assert again["error"] == "dataset.folder_exists"
    cli("", "dataset", "!export", str(folder), "--as", "tables", "--out", str(tmp_path / "csv"))
    assert (tmp_path / "csv" / "answers.csv").read_bytes().count(b"\r\n") == 1 + 6 * 5
    assert cli("", "dataset", "!diff", str(folder), str(folder)) == {"changes": []}
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    victim = next(copy.rglob("labels.json"))
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes().replace(b"normal", b"normaL", 1))
    broken = cli("", "dataset", "!verify", str(copy), status=1)
    assert [p["path"] for p in broken["problems"] if p["code"] == "file.differs"] == [
        "data/" + victim.relative_to(copy / "data").as_posix()
    ]
    refused = cli("", "dataset", "!export", str(copy), "--out", str(tmp_path / "x.zip"), status=2)
    assert refused["error"] == "export.not_holding" and not (tmp_path / "x.zip").exists()
    assert subprocess.run([sys.executable, str(copy / "verify_seal.py")], capture_output=True
                          ).returncode == 1  # fmt: skip
    twice = cli("coordinator", "dataset", "freeze", "--out", str(tmp_path / "o2"), status=2)
    assert twice["error"] == "freeze.changes_missing"
    second = cli("coordinator", "dataset", "freeze", "--out", str(tmp_path / "o2"),
                 "--change", "nothing but a second copy", status=2)  # fmt: skip
    assert second["error"] == "freeze.nothing_changed"
    assert not list((tmp_path / "o2").iterdir())
    listed = cli("coordinator", "dataset", "list")["versions"]
    assert [v["version"] for v in listed] == ["v1.0"]
    cli("coordinator", "arbitrate", "reopen", "0002", "--because", "the form was misread")
    cli("carl", "arbitrate", "blind-read", "0002", "--from", str(tmp_path / "own.json"))
    cli("carl", "arbitrate", "show", "0002")
    cli("carl", "arbitrate", "sign", "0002", "--all", "y", "--reason", "ambiguous")
    third = cli("coordinator", "dataset", "freeze", "--out", str(tmp_path / "o2"),
                "--change", "0002 ruled anew")  # fmt: skip
    assert third["version"] == "v1.1" and third["fingerprint"] != frozen["fingerprint"]
    report = tmp_path / "report.pdf"
    cli("coordinator", "report", "make", "--out", str(report))
    assert report.read_bytes().startswith(b"%PDF")
    assert cli("coordinator", "audit", "verify")["holds"]
    refused = cli("anna", "report", "make", "--out", str(report), status=2)
    assert refused["error"] == "role.needed"


def test_mistakes_get_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "short.txt").write_text("short")
    cases = [
        (["study", "create", str(tmp_path / "a"), "--title", "t", "--protocol", "nowhere",
          "--login", "cc", "--name", "C", "--passphrase-file", str(tmp_path / "short.txt")],
         "There is no protocol"),
        (["study", "create", str(tmp_path / "a"), "--title", "t", "--protocol", "dr_screening",
          "--login", "cc", "--name", "C", "--passphrase-file", str(tmp_path / "short.txt")],
         "at least 12 characters"),
        (["study", "info", "--store", str(tmp_path), "--login", "x", "--passphrase-file",
          str(tmp_path / "short.txt")], "no study folder"),
        (["dataset", "verify", str(tmp_path / "none")], "cannot be read"),
    ]  # fmt: skip
    for arguments, text in cases:
        assert main(Opener(FLOOR_KIB), arguments) == 2
        said = capsys.readouterr().err
        assert text in said and said.count("\n") == 1
    assert not (tmp_path / "a").exists()


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    import click

    from workstation.cli.commands import root

    def walk(command: click.Command) -> None:
        assert command.help, command.name
        for sub in getattr(command, "commands", {}).values():
            walk(sub)

    walk(root)
    assert main(Opener(FLOOR_KIB), ["--help"]) == 0


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo story on small images: the same people, deviations and steps."""
    from workstation.demo import ct, fundus

    for name, value in {"ROWS": 816, "COLS": 1088, "FIELD_RADIUS": 395, "DISC_DISTANCE": 260,
                        "DISC_RADIUS": 46}.items():  # fmt: skip
        monkeypatch.setattr(fundus, name, value)
    monkeypatch.setattr(ct, "SLICES", 20)


def test_the_demo_tells_the_whole_story(tiny: None, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(Opener(FLOOR_KIB), ["--quiet", "demo", "--headless", "--out", str(out)]) == 0
    summary = json.loads((out / "summary.json").read_text())
    fundus, ct = summary["dr-screening.study"], summary["lung-nodule-ct.study"]
    assert fundus["cases"] == 12 and fundus["images"] == 24 and fundus["verified"]
    assert ct["cases"] == 3 and ct["verified"]
    assert fundus["ruled"] + fundus["agreed"] == 12
    wanted = {"category", "lesion_iou", "missing_object", "not_evaluable_one_side"}
    assert wanted <= set(fundus["dispute_reasons"])
    assert {"attribute", "missing_object"} <= set(ct["dispute_reasons"])
    for name in ("report.zh_CN.pdf", "report.en.pdf", "dataset/v1.0/SEAL.json"):
        assert (out / name).is_file()
    assert main(Opener(FLOOR_KIB), ["--quiet", "demo", "--headless", "--out", str(out)]) == 2


def test_the_demo_study_leaves_something_to_do(tiny: None, tmp_path: Path) -> None:
    from workstation.services import arbitrating, reading

    opener = Opener(FLOOR_KIB)
    demo = opener.demo(lambda *_: None)
    for study, unread in (("dr-screening.study", 2), ("lung-nodule-ct.study", 1)):
        folder = demo.folder.parent / study
        for login in ("reader-a", "reader-b"):
            workspace = opener.open(folder, login, demo.passphrase)
            with workspace.reading() as uow:
                rows = reading.worklist(uow, workspace.person.person_id)
            assert [str(r.state) for r in rows].count("waiting") == unread
            workspace.close()
        workspace = opener.open(folder, "arbitrator", demo.passphrase)
        assert any(str(r.state) == "open" for r in arbitrating.queue(workspace))
        workspace.close()
    assert Opener(FLOOR_KIB).demo(lambda *_: None) == demo  # made once


def test_volumes_are_drawn_the_same_every_time(tiny: None) -> None:
    from workstation.demo.ct import make_ct

    first, second = (make_ct(plan.CT[0], 1) for _ in range(2))
    assert isinstance(first, CtScene) and np.array_equal(first.volume, second.volume)
