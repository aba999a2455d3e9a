"""LIDC-IDRI reading files: what is read, how a contour becomes pixels, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import EnvironmentProblem, InvalidValue, WorkstationError
from workstation.domain.estimate import NotEstimable
from workstation.domain.nodule_readings import (
    CHARACTERISTIC_LEVELS,
    Contour,
    Nodule,
    NoduleReadings,
    RadiographReadings,
    SlicePosition,
)
from workstation.domain.polygons import interior_mask, polygon_mask
from workstation.exchange.lidc_xml import LIMIT_MIB, lidc_files, lidc_readings
from workstation.i18n import set_language
from workstation.messages import ERRORS, sentence
from workstation.services.external_readings import pairwise_agreement

Points = Sequence[tuple[int, int]]
RATINGS = "".join(f"<{name}>1</{name}>" for name in CHARACTERISTIC_LEVELS)


def square(x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
    """The pixels of a square's outline in order, closed as the collection closes them."""
    top = [(x, y0) for x in range(x0, x1)]
    right = [(x1, y) for y in range(y0, y1)]
    bottom = [(x, y1) for x in range(x1, x0, -1)]
    left = [(x0, y) for y in range(y1, y0, -1)]
    return [*top, *right, *bottom, *left, (x0, y0)]


def roi(points: Points, z: float = -10.0, inclusion: str = "TRUE") -> str:
    edges = "".join(
        f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>" for x, y in points
    )
    return (
        f"<roi><imageZposition>{z} </imageZposition><imageSOP_UID>1.2.{int(-z * 4)}</imageSOP_UID>"
        f"<inclusion>{inclusion}</inclusion>{edges}</roi>"
    )


def nodule(*rois: str, name: str = "N1", ratings: str = RATINGS) -> str:
    rated = f"<characteristics>{ratings}</characteristics>" if ratings else ""
    return (
        f"<unblindedReadNodule><noduleID>{name}</noduleID>{rated}{''.join(rois)}"
        "</unblindedReadNodule>"
    )


NON_NODULE = (
    "<nonNodule><nonNoduleID>7</nonNoduleID><imageZposition>-5</imageZposition>"
    "<imageSOP_UID>1.2.5</imageSOP_UID><locus><xCoord>8</xCoord><yCoord>9</yCoord></locus>"
    "</nonNodule>"
)


def session(*marks: str) -> str:
    return (
        "<readingSession><annotationVersion>3.12</annotationVersion>"
        f"<servicingRadiologistID>anon</servicingRadiologistID>{''.join(marks)}</readingSession>"
    )


def message(*sessions: str, root: str = "LidcReadMessage", uid: str = "1.2.3") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="http://www.nih.gov">'
        "<ResponseHeader><TaskDescription>Second unblinded read</TaskDescription>"
        f"<SeriesInstanceUid>{uid}</SeriesInstanceUid></ResponseHeader>{''.join(sessions)}</{root}>"
    )


def read(folder: Path, text: str | bytes) -> NoduleReadings | RadiographReadings:
    path = folder / "case.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return lidc_readings(path)


def read_ct(folder: Path, *sessions: str) -> NoduleReadings:
    found = read(folder, message(*sessions))
    assert isinstance(found, NoduleReadings)
    return found


def region_of(readings: NoduleReadings, reader: int = 0) -> dict[int, int]:
    """Pixels per slice of a reader's first nodule."""
    nodule = readings.sessions[reader].nodules[0]
    return {z: mask.area for z, mask in nodule.region(readings.slices).items()}


def test_everything_a_reader_marks_is_read(tmp_path: Path) -> None:
    found = read_ct(
        tmp_path,
        session(
            nodule(roi(square(10, 20, 15, 26)), roi(square(10, 20, 14, 24), z=-12.5)),
            nodule(roi([(3, 4)]), name="N2", ratings=""),
            NON_NODULE,
        ),
        session(),
    )
    assert (found.series_uid, found.task) == ("1.2.3", "Second unblinded read")
    first, second = found.sessions
    assert (first.number, second.number) == (1, 2) and not second.nodules
    assert first.nodules[0].characteristics == dict.fromkeys(CHARACTERISTIC_LEVELS, 1)
    assert [(p.finding_id, p.x, p.y) for p in first.small_nodules] == [("N2", 3, 4)]
    assert [(p.finding_id, p.x, p.y, p.position.z_mm) for p in first.non_nodules] == [
        ("7", 8, 9, -5.0)
    ]
    assert [p.z_mm for p in found.slices] == [-12.5, -10.0]
    assert region_of(found) == {0: 3 * 3, 1: 4 * 5}


def test_the_outline_is_no_part_of_the_nodule() -> None:
    outline = square(100, 100, 199, 199)
    assert polygon_mask(outline, 300, 300).area == 100 * 100
    inside = interior_mask(outline, 300, 300)
    assert inside.area == 98 * 98
    assert inside.contains(101, 101) and not inside.contains(100, 150)


def test_an_excluded_region_is_a_hole(tmp_path: Path) -> None:
    outer, hole = roi(square(0, 0, 10, 10)), roi(square(3, 3, 6, 6), inclusion="FALSE")
    assert region_of(read_ct(tmp_path, session(nodule(outer, hole)))) == {0: 81 - 4}
    everything = roi(square(0, 0, 10, 10), inclusion="FALSE")
    assert region_of(read_ct(tmp_path, session(nodule(outer, everything)))) == {}


def test_two_contours_of_a_slice_are_united(tmp_path: Path) -> None:
    rois = (roi(square(0, 0, 4, 4)), roi(square(20, 20, 25, 25)), roi(square(0, 0, 3, 3)))
    assert region_of(read_ct(tmp_path, session(nodule(*rois)))) == {0: 9 + 16}


@pytest.mark.parametrize("points", [[(5, 5)], [(5, 5), (6, 6)], [(5, 5), (6, 5), (6, 6), (5, 5)]])
def test_a_contour_around_nothing_has_no_pixel(tmp_path: Path, points: Points) -> None:
    found = read_ct(tmp_path, session(nodule(roi(points))), session(nodule(roi(points))))
    assert region_of(found) == {}
    pairs = pairwise_agreement(found)
    assert isinstance(pairs, tuple)
    assert pairs[0].matched == NotEstimable("no_matched_nodule")
    assert pairs[0].overall.iou == NotEstimable("both_empty")
    assert (pairs[0].only_first, pairs[0].only_second) == (("N1",), ("N1",))


place = st.tuples(st.integers(0, 12), st.integers(0, 12))


def strictly_inside(x: int, y: int, vertices: Points) -> bool:
    """Even-odd in exact arithmetic, one pixel at a time; False on the outline."""
    odd = False
    for (x1, y1), (x2, y2) in zip(vertices, [*vertices[1:], vertices[0]], strict=True):
        cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        within = min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)
        if cross == 0 and within:
            return False
        if (y1 > y) != (y2 > y) and x < x1 + Fraction((y - y1) * (x2 - x1), y2 - y1):
            odd = not odd
    return odd


@given(st.lists(place, min_size=3, max_size=9))
def test_fill_less_outline_by_brute_force(vertices: Points) -> None:
    got = interior_mask(vertices, 14, 14)
    wanted = np.array([[strictly_inside(x, y, vertices) for x in range(14)] for y in range(14)])
    assert np.array_equal(got.to_array(), wanted)
    assert all(not got.contains(y, x) for x, y in vertices)
    assert got.difference(polygon_mask(vertices, 14, 14)).empty


def test_pairs_are_matched_one_to_one_with_exact_overlap(tmp_path: Path) -> None:
    small, big = roi(square(0, 0, 11, 11)), roi(square(0, 0, 21, 11))
    found = read_ct(
        tmp_path,
        session(nodule(big, name="A"), nodule(roi(square(50, 50, 60, 60)), name="B")),
        session(nodule(roi(square(30, 30, 34, 34)), name="C"), nodule(small, name="D")),
        session(),
    )
    pairs = pairwise_agreement(found)
    assert isinstance(pairs, tuple)
    assert [(p.first, p.second) for p in pairs] == [(1, 2), (1, 3), (2, 3)]
    first = pairs[0]
    assert isinstance(first.matched, tuple)
    (match,) = first.matched
    assert (match.first_id, match.second_id) == ("A", "D")
    assert match.overlap.iou == Fraction(100, 200)
    assert (first.only_first, first.only_second) == (("B",), ("C",))
    assert first.overall.iou == Fraction(100, 200 + 81 + 9)
    assert pairs[1].overall.iou == 0 and pairs[1].matched == NotEstimable("no_matched_nodule")
    alone = read_ct(tmp_path, session(nodule(big)))
    assert pairwise_agreement(alone) == NotEstimable("one_reader")


def test_slices_of_one_height_but_two_images_stay_apart(tmp_path: Path) -> None:
    one = roi(square(0, 0, 9, 9))
    other = one.replace("1.2.40", "1.2.41")
    found = read_ct(tmp_path, session(nodule(one)), session(nodule(other)))
    pairs = pairwise_agreement(found)
    assert isinstance(pairs, tuple) and pairs[0].overall.iou == 0


def test_a_chest_radiograph_is_never_ct(tmp_path: Path) -> None:
    mark = "<unblindedRead><noduleID>1</noduleID></unblindedRead>"
    sessions = f"<CXRreadingSession>{mark}{mark}</CXRreadingSession><CXRreadingSession/>"
    for root in ("IdriReadMessage", "LidcReadMessage"):
        found = read(tmp_path, message(sessions, root=root))
        assert isinstance(found, RadiographReadings) and found.marks_by_reader == (2, 0)


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><LidcReadMessage>&i;</LidcReadMessage>"
)
EXTERNAL = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><LidcReadMessage>&x;</LidcReadMessage>'
)
GOOD = message(session(nodule(roi(square(0, 0, 9, 9))), NON_NODULE))
TWO_HEIGHTS = session(nodule(roi([(1, 1)]), roi([(2, 2)], z=-10.2)))

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "billion laughs": (LAUGHS, "lidc.document_type"),
    "external entity": (EXTERNAL, "lidc.document_type"),
    "undeclared entity": (GOOD.replace("anon", "&x;"), "lidc.broken_xml"),
    "empty": (b"", "lidc.not_xml"),
    "text": ("reader,nodule\n1,2\n", "lidc.not_xml"),
    "binary": (bytes(range(256)) * 40, "lidc.not_xml"),
    "utf-16": (GOOD.encode("utf-16"), "lidc.not_xml"),
    "truncated": (GOOD[: len(GOOD) // 2], "lidc.broken_xml"),
    "deep": ("<a>" * 200_000, "lidc.broken_xml"),
    "deep and closed": ("<a>" * 100_000 + "</a>" * 100_000, "lidc.other_xml"),
    "too large": (b" " * ((LIMIT_MIB << 20) + 1), "lidc.too_large"),
    "other xml": ("<html><body/></html>", "lidc.other_xml"),
    "no header": ("<LidcReadMessage/>", "lidc.missing"),
    "no series": (GOOD.replace("SeriesInstanceUid", "Series"), "lidc.value"),
    "series is no uid": (message(session(), uid="../x"), "lidc.value"),
    "no reader": (message(), "nodule_readings.no_reader"),
    "no reader of a radiograph": (message(root="IdriReadMessage"), "nodule_readings.no_reader"),
    "blinded read": (GOOD.replace("unblindedReadNodule", "blindedReadNodule"), "lidc.element"),
    "no id": (GOOD.replace("noduleID", "id"), "lidc.missing"),
    "id to harm a terminal": (GOOD.replace(">N1<", ">\x9b2J<"), "lidc.value"),
    "no rating": (GOOD.replace("<margin>1</margin>", ""), "lidc.missing"),
    "rating off the scale": (
        GOOD.replace("<margin>1</margin>", "<margin>6</margin>"), "nodule.characteristic",
    ),
    "no contour": (message(session(nodule())), "nodule.no_contour"),
    "no point": (message(session(nodule(roi([])))), "contour.no_point"),
    "point far away": (message(session(nodule(roi([(1, 999999)])))), "contour.outside"),
    "point before the image": (message(session(nodule(roi([(-1, 5)])))), "contour.outside"),
    "coordinate is no number": (GOOD.replace("<xCoord>9<", "<xCoord>nine<"), "lidc.value"),
    "coordinate of many digits": (GOOD.replace("<xCoord>9<", f"<xCoord>{'9' * 5000}<"),
                                  "lidc.value"),
    "no coordinate": (GOOD.replace("<xCoord>9</xCoord>", ""), "lidc.missing"),
    "position is no number": (GOOD.replace("-10.0 ", "nan"), "lidc.value"),
    "inclusion": (GOOD.replace("TRUE", "MAYBE"), "lidc.value"),
    "one slice at two heights": (message(TWO_HEIGHTS), "nodule_readings.slice"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_bad_files_get_one_sentence_that_names_them(
    tmp_path: Path, name: str, language: str
) -> None:
    text, code = REFUSED[name]
    set_language(language)
    with pytest.raises(InvalidValue) as caught:
        read(tmp_path, text)
    assert caught.value.code == code and code in ERRORS
    said = sentence(caught.value)
    assert "case.xml" in said and "\n" not in said and "{" not in said and len(said) < 400
    assert "\x9b" not in said


def test_files_and_folders_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match=r"lidc\.unreadable"):
        lidc_readings(tmp_path / "none.xml")
    with pytest.raises(InvalidValue, match=r"lidc\.none") as caught:
        lidc_files([tmp_path])
    assert tmp_path.name in sentence(caught.value)


def test_folders_are_searched_and_files_named_once(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.XML", "b/1.xml", "readme.txt"):
        (tmp_path / name).write_text("x")
    wanted = [tmp_path / "b" / "1.xml", tmp_path / "b" / "2.XML"]
    assert list(lidc_files([tmp_path / "b" / "1.xml", tmp_path])) == wanted


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_coded_error(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.xml"
    for text in (data, GOOD.encode()[: len(data) * 8] + data, b"<LidcReadMessage>" + data):
        path.write_bytes(text)
        try:
            lidc_readings(path)
        except WorkstationError as error:
            assert error.code in ERRORS


def test_values_are_valid_once_made() -> None:
    position = SlicePosition(1.0, "1.2")
    for make in (
        lambda: SlicePosition(float("inf"), "1.2"),
        lambda: SlicePosition(1.0, ""),
        lambda: Contour(position, ()),
        lambda: Contour(position, ((0, 1024),)),
        lambda: Nodule("n", ()),
        lambda: Nodule("n", (Contour(position, ((0, 0),)),), {"margin": 3}),
        lambda: NoduleReadings("1.2", "", ()),
        lambda: RadiographReadings("1.2", "", ()),
    ):
        with pytest.raises(InvalidValue):
            make()
