"""Four readers' contours of real patients: read, compared pair by pair, and said what they are."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from skimage.draw import polygon

from workstation.bootstrap import Opener
from workstation.cli.commands import main
from workstation.domain.nodule_readings import RadiographReadings
from workstation.exchange.lidc_xml import lidc_files, lidc_readings
from workstation.store.slots import FLOOR_KIB

CT = ("185/117", "185/177", "186/117", "186/177", "186/237", "186/297")
RADIOGRAPHS = ("185/237", "185/297", "186/057")
SIZE = 512
NS = "{http://www.nih.gov}"


@pytest.fixture(scope="session")
def folder(samples: Path) -> Path:
    found = samples / "data" / "lidc-xml"
    if not found.is_dir():
        pytest.skip("LIDC reading files not found (WORKSTATION_SAMPLES)")
    return found / "tcia-lidc-xml"


def volumes(path: Path) -> list[list[np.ndarray]]:
    """Each reader's nodules as boolean volumes, computed apart from the product."""
    root = ET.parse(path).getroot()
    uids = sorted({e.text or "" for e in root.iter(f"{NS}imageSOP_UID")})
    readers = []
    for reading in root.findall(f"{NS}readingSession"):
        nodules = []
        for nodule in reading.findall(f"{NS}unblindedReadNodule"):
            volume = np.zeros((len(uids), SIZE, SIZE), bool)
            for roi in nodule.findall(f"{NS}roi"):
                x = [int(e.text or "") for e in roi.iter(f"{NS}xCoord")]
                y = [int(e.text or "") for e in roi.iter(f"{NS}yCoord")]
                assert roi.findtext(f"{NS}inclusion") == "TRUE"
                plane = volume[uids.index(roi.findtext(f"{NS}imageSOP_UID") or "")]
                plane[polygon(y, x, plane.shape)] = True
                plane[y, x] = False
            if volume.any():
                nodules.append(volume)
        readers.append(nodules)
    return readers


def counts(a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    return int(np.count_nonzero(a & b)), int(np.count_nonzero(a | b))


def expected(path: Path) -> list[dict[str, Any]]:
    out = []
    for first, second in combinations(volumes(path), 2):
        table = [[counts(a, b) for b in second] for a in first]
        iou = np.array([[c[0] / c[1] for c in row] for row in table]).reshape(
            len(first), len(second)
        )
        pairs = zip(*linear_sum_assignment(-iou), strict=True)
        empty = np.zeros((1, 1, 1), bool)
        out.append(
            {
                "matched": sorted(table[i][j] for i, j in pairs if table[i][j][0]),
                "nodules": (len(first), len(second)),
                "overall": counts(
                    np.any(first, axis=0) if first else empty,
                    np.any(second, axis=0) if second else empty,
                ),
            }
        )
    return out


def said(overlap: dict[str, Any]) -> tuple[int, int]:
    both = overlap["intersection"]
    return both, overlap["first"] + overlap["second"] - both


@pytest.mark.parametrize("name", CT)
def test_agreement_is_what_an_independent_count_says(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = folder / f"{name}.xml"
    assert main(Opener(FLOOR_KIB), ["--json", "metrics", "lidc", str(path)]) == 0
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert found["kind"] == "ct" and len(found["readers"]) == 4
    wanted = expected(path)
    assert len(found["pairs"]) == len(wanted) == 6
    for pair, apart in zip(found["pairs"], wanted, strict=True):
        matched = pair["matched"] if isinstance(pair["matched"], list) else []
        assert sorted(said(m) for m in matched) == apart["matched"]
        assert len(matched) + len(pair["only_first"]) == apart["nodules"][0]
        assert len(matched) + len(pair["only_second"]) == apart["nodules"][1]
        assert said(pair["overall"]) == apart["overall"]
        if not apart["matched"]:
            assert pair["matched"] == {"not_estimable": "no_matched_nodule"}
        if apart["overall"] == (0, 0):
            assert pair["overall"]["iou"] == {"not_estimable": "both_empty"}


def test_counts_of_the_files_are_those_of_their_elements(folder: Path) -> None:
    for name in CT:
        path = folder / f"{name}.xml"
        readings = lidc_readings(path)
        text = path.read_text("utf-8")
        nodules = [n for s in readings.sessions for n in s.nodules]
        small = [n for s in readings.sessions for n in s.small_nodules]
        assert len(nodules) + len(small) == text.count("<unblindedReadNodule>")
        assert len(nodules) == text.count("<characteristics>")
        assert sum(len(s.non_nodules) for s in readings.sessions) == text.count("<nonNodule>")
        assert readings.task == "Second unblinded read"


def test_radiographs_are_told_apart(folder: Path) -> None:
    assert len(lidc_files([folder])) == len(CT) + len(RADIOGRAPHS)
    marks = {}
    for name in RADIOGRAPHS:
        readings = lidc_readings(folder / f"{name}.xml")
        assert isinstance(readings, RadiographReadings) and len(readings.marks_by_reader) == 4
        marks[name] = sum(readings.marks_by_reader)
    assert marks == {"185/237": 24, "185/297": 4, "186/057": 8}


WORDS = {
    "en": ["second, unblinded", "nothing about agreement between blind readers",
           "do not persist between patients", "chest radiograph, not CT",
           "just outside of the nodule", "not estimable (neither reader outlined a nodule)"],
    "zh_CN": ["第二轮非盲", "不能据此对盲法阅片的一致性作任何结论", "不同患者之间并不对应",
              "胸部 X 线片，非 CT", "轮廓点位于结节边缘之外", "无法估计（两名阅片者均未勾画结节）"],
}  # fmt: skip


@pytest.mark.parametrize("language", list(WORDS))
def test_the_table_and_what_the_readings_are(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    assert main(Opener(FLOOR_KIB), ["--language", language, "metrics", "lidc", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "1-3\t1\t0\t0\t0.902 (422/468)\t0.902 (422/468)" in out
    assert "1-3\t2\t1\t0\t0.157 (212/1353)\t0.762 (176/231), 0.706 (36/51)" in out
    assert [word for word in WORDS[language] if word not in out] == []


def test_bad_files_do_not_stop_the_good(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = folder / "186/177.xml"
    (tmp_path / "cut.xml").write_bytes(good.read_bytes()[:4000])
    (tmp_path / "page.xml").write_text("<html/>")
    (tmp_path / "good.xml").write_bytes(good.read_bytes())
    assert main(Opener(FLOOR_KIB), ["metrics", "lidc", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "1-2\t1\t0\t0\t0.679 (19/28)" in printed.out and "Traceback" not in printed.err
    lines = printed.err.splitlines()
    assert len(lines) == 2 and "cut.xml" in lines[0] and "page.xml" in lines[1]
    for bad in ("none.xml", "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        assert main(Opener(FLOOR_KIB), ["metrics", "lidc", str(tmp_path / bad)]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and bad in lines[0]
