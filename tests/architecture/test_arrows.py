"""The arrows hold, and each contract really catches what it forbids."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = {
    "Arrows point inwards": ("workstation/domain/case.py", "import workstation.services.reading"),
    "Domain uses the standard library and numpy only": ("workstation/domain/case.py", "import scipy"),
    "Qt only in ui": ("workstation/services/reading.py", "import PySide6"),
    "SQL only in store": ("workstation/services/reading.py", "import sqlalchemy"),
    "pydicom only where files are read or written": ("workstation/cli/study.py", "import pydicom"),
    "Keys only in store and privacy": ("workstation/services/reading.py", "import cryptography"),
    "No exchange format knows another": (
        "workstation/exchange/photo_list.py", "import workstation.exchange.name_pattern",
    ),
    "No tool knows another": (
        "workstation/ui/tools/box.py", "import workstation.ui.tools.brush",
    ),
    "No desk knows another": (
        "workstation/ui/desks/reading.py", "import workstation.ui.desks.arbitration",
    ),
}  # fmt: skip


def contracts(folder: Path) -> tuple[int, str]:
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"], cwd=folder, capture_output=True, text=True,
        env={"PATH": "", "PYTHONPATH": str(folder), "COLUMNS": "200"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "workstation", folder / "workstation")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_holds(copy: Path) -> None:
    status, said = contracts(copy)
    assert status == 0, said
    for name in PLANTED:
        assert f"{name} KEPT" in said


@pytest.mark.parametrize("name", list(PLANTED))
def test_each_contract_catches_its_planted_violation(copy: Path, name: str) -> None:
    place, line = PLANTED[name]
    path = copy / place
    before = path.read_text("utf-8")
    path.write_text(before + f"\n{line}\n", "utf-8")
    try:
        status, said = contracts(copy)
    finally:
        path.write_text(before, "utf-8")
    assert status != 0 and f"{name} BROKEN" in said


def sources() -> list[Path]:
    return sorted((ROOT / "workstation").rglob("*.py"))


def test_own_modules_are_imported_at_the_top() -> None:
    found = []
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for node in ast.walk(function):
                    names = (
                        [node.module or ""] if isinstance(node, ast.ImportFrom)
                        else [a.name for a in node.names] if isinstance(node, ast.Import) else []
                    )  # fmt: skip
                    found += [(path.name, n) for n in names if n.startswith("workstation")]
    assert found == []


def test_nothing_is_swallowed_evaluated_or_unpickled() -> None:
    found = []
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and all(
                isinstance(s, ast.Pass) for s in node.body
            ):
                found.append((path.name, node.lineno, "swallowed"))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("eval", "exec"):
                    found.append((path.name, node.lineno, node.func.id))
            if isinstance(node, ast.Call):
                found += [(path.name, node.lineno, "shell") for k in node.keywords
                          if k.arg == "shell"]  # fmt: skip
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                modules = [getattr(node, "module", None) or "", *(a.name for a in node.names)]
                found += [
                    (path.name, node.lineno, m) for m in modules if m in ("pickle", "marshal")
                ]
    assert found == []
