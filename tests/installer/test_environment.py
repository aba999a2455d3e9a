"""The installer's answers to a machine that is not as it should be: one sentence each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "installer"))

import environment  # noqa: E402  found by the line above
import licences  # noqa: E402
import run as start  # noqa: E402


@pytest.mark.parametrize("version", [(3, 10), (2, 7), (3, 14)])
def test_another_python_gets_one_sentence(version, monkeypatch, capsys) -> None:
    with pytest.raises(environment.Problem) as caught:
        environment.check_python(version)
    environment.say(caught.value)
    said = capsys.readouterr().err
    assert "3.11, 3.12 or 3.13" in said and said.count("\n") == 2
    environment.check_python((3, 12))


def test_an_old_python_can_still_read_the_scripts() -> None:
    import ast

    for name in ("environment.py", "run.py", "test.py"):
        tree = ast.parse((ROOT / "installer" / name).read_text("utf-8"), feature_version=(3, 4))
        assert not any(isinstance(n, (ast.JoinedStr, ast.NamedExpr)) for n in ast.walk(tree))


def test_a_missing_library_is_one_line_to_type(monkeypatch) -> None:
    monkeypatch.setattr(environment.sys, "platform", "linux")
    monkeypatch.setattr(environment, "has_library", lambda name: name != "libEGL.so.1")
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(environment.shutil, "which", lambda name: "/usr/bin/" + name)
    with pytest.raises(environment.Problem, match="sudo apt-get install -y .* libegl1"):
        environment.system_libraries(display=True)


def test_root_installs_what_is_missing(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(environment.sys, "platform", "linux")
    monkeypatch.setattr(environment, "has_library", lambda name: name != "libGL.so.1")
    monkeypatch.setattr(environment.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(environment.shutil, "which", lambda name: "/usr/bin/" + name)
    environment.system_libraries(False, run=lambda c, **_: calls.append(c) or 0)
    assert calls[-1][-1] == "libgl1" and calls[0][1] == "update"


def test_what_tests_compare_with_is_installed_where_root_may(monkeypatch) -> None:
    calls = []

    def fails(command: list[str], **_: object) -> int:
        calls.append(command)
        return 100  # no network: the tests that need it are skipped

    wanted = [("dcm2pnm", "dcmtk"), ("sh", "dash")]
    monkeypatch.setattr(
        environment.shutil, "which", lambda name: None if name == "dcm2pnm" else "/usr/bin/" + name
    )
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000, raising=False)
    environment.oracles(wanted, run=fails)
    assert calls == []
    monkeypatch.setattr(environment.os, "geteuid", lambda: 0, raising=False)
    environment.oracles(wanted, run=fails)
    assert calls[-1][-1] == "dcmtk" and "dash" not in calls[-1]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(environment.Problem, match="cannot be written"):
        environment.check_room(str(tmp_path / "missing" / ".venv"))


def test_a_full_disk(tmp_path: Path, monkeypatch) -> None:
    class Usage:
        free = 5 << 20

    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(environment.Problem, match="too full: 5 MiB"):
        environment.check_room(str(tmp_path / ".venv"))


def test_no_package_index(tmp_path: Path) -> None:
    home = tmp_path / ".venv"

    def run(command: list[str]) -> int:
        if "venv" in command:
            python = Path(environment.python_of(str(home)))
            python.parent.mkdir(parents=True)
            python.touch()
            return 0
        return 1

    with pytest.raises(environment.Problem, match="no package index"):
        environment.ready("runtime.txt", str(home), run)
    assert not (home / "stamp-runtime.txt").exists()


def test_a_second_start_installs_nothing(tmp_path: Path) -> None:
    home = tmp_path / ".venv"
    calls: list[list[str]] = []

    def run(command: list[str]) -> int:
        calls.append(command)
        python = Path(environment.python_of(str(home)))
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return 0

    first = environment.ready("runtime.txt", str(home), run)
    assert len(calls) == 2 and "--require-hashes" in calls[1]
    assert environment.ready("runtime.txt", str(home), run) == first and len(calls) == 2
    environment.ready("dev.txt", str(home), run)
    assert len(calls) == 3


def test_no_venv_module(tmp_path: Path) -> None:
    with pytest.raises(environment.Problem, match="python3-venv"):
        environment.ready("runtime.txt", str(tmp_path / ".venv"), lambda _: 1)


def test_what_is_started() -> None:
    assert start.command_of(start.arguments([])) == ["run", "--demo"]
    assert start.command_of(start.arguments(["--headless", "--out", "/x"]))[:2] == [
        "demo", "--headless",
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        start.arguments(["--headless"])


def test_the_lock_is_whole_and_names_no_host() -> None:
    for name in ("runtime.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text("utf-8")
        assert "://" not in text and "--index" not in text
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert len(pins) == text.count(" \\\n    --hash=sha256:") or len(pins) > 20


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True), ("GPL-3.0-only", False), ("AGPL-3.0-or-later", False),
        ("LGPL-3.0-only", True), ("LGPL-3.0-only OR GPL-2.0-only", True), ("MIT AND GPL-3.0", False),
        ("(MIT OR GPL-3.0) AND BSD-3-Clause", True), ("Apache-2.0 WITH LLVM-exception", True),
        ("Proprietary", False),
    ],
)  # fmt: skip
def test_licence_expressions(expression: str, allowed: bool) -> None:
    assert licences.expression_allowed(expression) is allowed
