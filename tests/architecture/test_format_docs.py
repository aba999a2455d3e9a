"""The examples in docs/formats are what the code reads, writes and computes."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import yaml

from tests.studies import photo, shipped
from workstation.cli.reading import load_body, named_body
from workstation.comparators.registry import comparators
from workstation.domain import protocol as protocol_module
from workstation.domain.dataset import PayloadFile, fingerprint, merkle_root
from workstation.domain.image import Eye, Image
from workstation.domain.marks import area_px, mark_planes
from workstation.domain.protocol import BlindRead, MergeRule, Operator, protocol_from_dict
from workstation.domain.reading import ReadingBody, checked_body, missing_in
from workstation.domain.schema import Completeness, Geometry, Level, QuestionKind, SignGroup

DOCS = Path(__file__).resolve().parents[2] / "docs" / "formats"


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a language in a document."""
    text = (DOCS / document).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def loaded(tmp_path: Path) -> tuple[ReadingBody, tuple[Image, ...]]:
    images = tuple(replace(photo(eye=eye, image_id=f"id-{eye}"), number=number)
                   for number, eye in (("F0001", Eye.OD), ("F0002", Eye.OS)))  # fmt: skip
    file = tmp_path / "reading.json"
    file.write_text(blocks("reading.md", "json")[0], "utf-8")
    return load_body(file, {i.number: i.image_id for i in images}), images


def test_the_reading_can_be_submitted_as_documented(tmp_path: Path) -> None:
    body, images = loaded(tmp_path)
    schema = protocol_from_dict(shipped("dr_screening")).schema
    checked = checked_body(schema, images, body)
    assert checked.answers == body.answers
    assert missing_in(schema, images, checked) == ()


def test_the_reading_has_the_pixels_the_page_counts(tmp_path: Path) -> None:
    body, _ = loaded(tmp_path)
    area = {m.mark_id: area_px(mark_planes(m, 300, 400)) for m in body.marks}
    assert (area["m1"], area["m2"], area["m4"]) == (0, 15, 200)
    rows = {m.mark_id: mark_planes(m, 300, 400) for m in body.marks}["m2"][0].to_array()
    assert rows[120, 200:205].all() and rows[121, 199:206].all() and rows[122, 201:204].all()


def test_the_reading_is_written_back_as_documented(tmp_path: Path) -> None:
    body, images = loaded(tmp_path)
    written = named_body(body, {i.image_id: i.number for i in images})
    assert written == json.loads(blocks("reading.md", "json")[0])


def test_the_protocol_is_read_as_documented() -> None:
    (example,) = blocks("protocol.md", "yaml")
    document = yaml.safe_load(example)
    protocol = protocol_from_dict(document)
    assert {item.kind for item in protocol.agreement} <= set(comparators())
    assert protocol.agreement and protocol.reason_codes and protocol.sources


def test_every_word_of_a_protocol_is_explained() -> None:
    text = (DOCS / "protocol.md").read_text("utf-8")
    fields = {
        word
        for name in ("_PROTOCOL_FIELDS", "_QUESTION_FIELDS", "_CLASS_FIELDS", "_ITEM_FIELDS")
        for word in getattr(protocol_module, name)
    }
    kinds = (Level, QuestionKind, Geometry, Completeness, SignGroup, Operator, MergeRule, BlindRead)
    values = {str(value) for kind in kinds for value in kind}
    words = fields | values | set(comparators())
    assert {word for word in words if f"`{word}`" not in text} == set()


def test_the_fingerprint_comes_out_as_documented() -> None:
    (example,) = (json.loads(b) for b in blocks("dataset.md", "json") if "leaves" in b)
    leaves = [leaf["leaf"].encode() for leaf in example["leaves"]]
    assert [hashlib.sha256(b"\0" + leaf).hexdigest() for leaf in leaves] == [
        leaf["hash"] for leaf in example["leaves"]
    ]
    assert merkle_root(leaves).hex() == example["fingerprint"]
    files = [PayloadFile(**json.loads(leaf)) for leaf in leaves]
    assert [f.leaf() for f in files] == leaves
    assert fingerprint(files[::-1]) == example["fingerprint"]


def test_the_few_lines_of_python_find_the_fingerprint(tmp_path: Path) -> None:
    files = []
    for n in range(7):
        path = tmp_path / "data" / f"cases/case-{n:04d}" / "labels.json"
        path.parent.mkdir(parents=True)
        data = b"{}" * n
        path.write_bytes(data)
        name = path.relative_to(tmp_path / "data").as_posix()
        files.append(PayloadFile(name, len(data), hashlib.sha256(data).hexdigest()))
    (script,) = blocks("dataset.md", "python")
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == fingerprint(files), done.stderr
