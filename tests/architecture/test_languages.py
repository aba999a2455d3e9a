"""Both languages complete: every sentence translated, placeholders kept, catalogues compiled."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from workstation import messages
from workstation.domain.errors import RuleViolation
from workstation.i18n import set_language, tr
from workstation.paths import resources_dir

ROOT = Path(__file__).resolve().parents[2]
FOLDER = resources_dir() / "i18n" / "zh_CN"
CATALOGUES = sorted(FOLDER.glob("*.po"))


def sentences() -> dict[str, str]:
    """Every literal given to tr() or N_() and where it stands."""
    found = {}
    for path in sorted((ROOT / "workstation").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("tr", "N_") and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found[first.value] = f"{path.name}:{node.lineno}"
    return found


def translations() -> dict[str, str]:
    out = {}
    for po in CATALOGUES:
        with po.open("rb") as data:
            for entry in read_po(data, locale="zh_CN"):
                if entry.id:
                    assert not entry.fuzzy and entry.string, (po.name, entry.id)
                    out[entry.id] = entry.string
    return out


def test_every_sentence_is_translated() -> None:
    known = translations()
    missing = {text: where for text, where in sentences().items() if text and text not in known}
    assert missing == {}


def test_a_sentence_has_one_translation_in_all_catalogues() -> None:
    """The first catalogue that has a sentence wins: a second wording would come and go."""
    found: dict[str, set[str]] = {}
    for po in CATALOGUES:
        with po.open("rb") as data:
            for entry in read_po(data, locale="zh_CN"):
                found.setdefault(str(entry.id), set()).add(str(entry.string))
    assert {k: v for k, v in found.items() if k and len(v) > 1} == {}


# Words that were used beside the one of docs/glossary.md. Blind reading of two is 双人盲法阅片,
# the arbitrator's own is 盲读.
OTHER_WORDS = {
    "审计日志": "审计记录",
    "审计链": "审计记录",
    "判定界限": "决策界限",
    "受试者": "患者",
    "把握度": "把握程度",
    "双盲": "双人盲法",
    "先盲法阅片": "先盲读",
    "独立盲法阅片": "盲读",
}


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_one_chinese_word_for_one_thing(word: str) -> None:
    shown = {text: said for text, said in translations().items() if word in said}
    assert shown == {}, OTHER_WORDS[word]
    assert word not in (ROOT / "docs" / "glossary.md").read_text("utf-8")


def test_no_translation_is_left_over() -> None:
    written = {
        node.value
        for path in (ROOT / "workstation").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(translations()) - written == set()


def test_placeholders_are_kept() -> None:
    def names(text: str) -> set[str]:
        return set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", text))

    assert {k: v for k, v in translations().items() if names(k) != names(v)} == {}


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda p: p.name)
def test_catalogues_are_compiled(po: Path) -> None:
    spec = importlib.util.spec_from_file_location(
        "compile_po", resources_dir() / "i18n" / "compile.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert po.with_suffix(".mo").read_bytes() == module.compiled(po)


def test_no_chinese_sentences_in_code() -> None:
    # Words that are data: eyes and columns as hospitals write them, names in the trade, the
    # two bilingual labels of the report, eyes named in a sentence about how to write them, and
    # a language's name for itself.
    allowed = {"name_pattern.py", "photo_list.py", "identity.py", "reporting.py", "messages.py",
               "sign_in.py"}  # fmt: skip
    found = [
        path.name
        for path in sorted((ROOT / "workstation").rglob("*.py"))
        if path.name not in allowed
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search("[\u4e00-\u9fff]", node.value)
    ]
    assert found == []


def raised() -> dict[str, str]:
    """Codes given to errors and refusals that a person may come to see."""
    found = {}
    for path in sorted((ROOT / "workstation").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = {"RuleViolation": 0, "EnvironmentProblem": 0, "IntegrityProblem": 0,
                      "InvalidValue": 0, "Refusal": 1, "IdentityFinding": 2}.get(name)  # fmt: skip
                if (
                    at is not None
                    and len(node.args) > at
                    and isinstance(node.args[at], ast.Constant)
                ):
                    found[node.args[at].value] = f"{path.name}:{node.lineno}"
    return found


def test_every_code_has_a_sentence() -> None:
    assert {c: w for c, w in raised().items() if c not in messages.ERRORS} == {}


def test_sentences_are_filled_in_both_languages() -> None:
    error = RuleViolation("assignment.too_few_readers", needed=2, found=1)
    assert "2" in messages.sentence(error) and "{" not in messages.sentence(error)
    set_language("zh_CN")
    assert "2" in messages.sentence(error) and "阅片者" in messages.sentence(error)
    assert tr("Cancelled; nothing was changed.") != "Cancelled; nothing was changed."
