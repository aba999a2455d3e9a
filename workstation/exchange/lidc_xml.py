"""LIDC-IDRI reading files (XML): what up to four radiologists marked on one series, without images.

Described in docs/formats/lidc_xml.md. Element names are the collection's own, in any namespace.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path

from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.nodule_readings import (
    CHARACTERISTIC_LEVELS,
    Contour,
    Nodule,
    NoduleReadings,
    PointFinding,
    RadiographReadings,
    ReadingSession,
    SlicePosition,
)

LIMIT_MIB = 8
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,12})?")
_UID = re.compile(r"[0-9.]{1,64}")
_SESSION_PARTS = frozenset(
    {"annotationVersion", "servicingRadiologistID", "unblindedReadNodule", "nonNodule"}
)


def lidc_files(sources: Sequence[Path]) -> tuple[Path, ...]:
    """The files named, and every .xml below the folders named, in order of path.

    Raises InvalidValue for a folder without any.
    """
    found: list[Path] = []
    for source in sources:
        if not source.is_dir():
            found.append(source)
            continue
        below = [p for p in source.rglob("*") if p.suffix.lower() == ".xml" and p.is_file()]
        if not below:
            raise InvalidValue("lidc.none", folder=source.as_posix())
        found += sorted(below)
    return tuple(dict.fromkeys(found))


def lidc_readings(path: Path) -> NoduleReadings | RadiographReadings:
    """Read one file. IDRI chest radiographs share the form and are told apart by their root.

    Raises InvalidValue naming the file and the first thing that is wrong in it,
    EnvironmentProblem where it cannot be read at all.
    """
    name = path.as_posix()
    try:
        return _readings(_root(_text(path)))
    except InvalidValue as error:
        raise InvalidValue(error.code, **error.params, file=name) from error
    except OSError as error:
        raise EnvironmentProblem("lidc.unreadable", file=name) from error


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read((LIMIT_MIB << 20) + 1)
    if len(data) > LIMIT_MIB << 20:
        raise InvalidValue("lidc.too_large", limit_mib=LIMIT_MIB)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue("lidc.not_xml") from error


def _root(text: str) -> ET.Element:
    # Entities can only be declared in a document type. Refusing it before the parser sees the text
    # leaves nothing that could grow or reach out; no reading file has one.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InvalidValue("lidc.document_type")
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        if not text.lstrip().startswith("<"):
            raise InvalidValue("lidc.not_xml") from error
        raise InvalidValue("lidc.broken_xml", line=error.position[0]) from error


def _readings(root: ET.Element) -> NoduleReadings | RadiographReadings:
    kind = _local_name(root)
    if kind not in ("LidcReadMessage", "IdriReadMessage"):
        raise InvalidValue("lidc.other_xml", root=_printable(kind))
    header = _child(root, "ResponseHeader")
    task = _printable(_optional(header, "TaskDescription"))
    radiographs = root.findall("{*}CXRreadingSession")
    if kind == "IdriReadMessage" or radiographs:
        marks = tuple(len(session.findall("{*}unblindedRead")) for session in radiographs)
        return RadiographReadings(_series_uid(header), task, marks)
    sessions = tuple(
        _session(number, element)
        for number, element in enumerate(root.findall("{*}readingSession"), start=1)
    )
    return NoduleReadings(_series_uid(header), task, sessions)


def _series_uid(header: ET.Element) -> str:
    # Written with one ending by LIDC, with the other by IDRI.
    given = _optional(header, "SeriesInstanceUid") or _optional(header, "SeriesInstanceUID")
    return _matching(_UID, "SeriesInstanceUid", given)


def _session(number: int, element: ET.Element) -> ReadingSession:
    for part in element:
        # A blinded read or a later kind of mark must not silently count as nothing marked.
        if _local_name(part) not in _SESSION_PARTS:
            raise InvalidValue("lidc.element", element=_printable(_local_name(part)))
    nodules: list[Nodule] = []
    small: list[PointFinding] = []
    for found in element.findall("{*}unblindedReadNodule"):
        nodule = _nodule(found)
        if nodule.characteristics is None and all(c.is_point for c in nodule.contours):
            small += _points(nodule)
        else:
            nodules.append(nodule)
    others = tuple(_non_nodule(found) for found in element.findall("{*}nonNodule"))
    return ReadingSession(number, tuple(nodules), tuple(small), others)


def _nodule(element: ET.Element) -> Nodule:
    contours = tuple(_contour(roi) for roi in element.findall("{*}roi"))
    return Nodule(_identifier(element, "noduleID"), contours, _characteristics(element))


def _contour(roi: ET.Element) -> Contour:
    inclusion = _text_of(roi, "inclusion").upper()
    if inclusion not in ("TRUE", "FALSE"):
        raise _wrong("inclusion", inclusion)
    vertices = tuple(_place(edge) for edge in roi.findall("{*}edgeMap"))
    return Contour(_position(roi), vertices, inclusion == "TRUE")


def _characteristics(element: ET.Element) -> dict[str, int] | None:
    """The nine ratings; None where the element is missing or empty."""
    given = element.find("{*}characteristics")
    if given is None or len(given) == 0:
        return None
    return {name: _whole(given, name) for name in CHARACTERISTIC_LEVELS}


def _points(nodule: Nodule) -> Iterable[PointFinding]:
    for contour in nodule.contours:
        x, y = contour.vertices[0]
        yield PointFinding(nodule.nodule_id, contour.position, x, y)


def _non_nodule(element: ET.Element) -> PointFinding:
    x, y = _place(_child(element, "locus"))
    return PointFinding(_identifier(element, "nonNoduleID"), _position(element), x, y)


def _position(element: ET.Element) -> SlicePosition:
    z = _matching(_DECIMAL, "imageZposition", _text_of(element, "imageZposition"))
    uid = _matching(_UID, "imageSOP_UID", _text_of(element, "imageSOP_UID"))
    return SlicePosition(float(z), uid)


def _place(element: ET.Element) -> tuple[int, int]:
    return _whole(element, "xCoord"), _whole(element, "yCoord")


def _whole(element: ET.Element, name: str) -> int:
    return int(_matching(_WHOLE, name, _text_of(element, name)))


def _identifier(element: ET.Element, name: str) -> str:
    text = _text_of(element, name)
    if len(text) > 64 or not text.isprintable():
        raise _wrong(name, text)
    return text


def _text_of(element: ET.Element, name: str) -> str:
    text = (_child(element, name).text or "").strip()
    if not text:
        raise InvalidValue("lidc.missing", element=name)
    return text


def _optional(element: ET.Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _child(element: ET.Element, name: str) -> ET.Element:
    found = element.find(f"{{*}}{name}")
    if found is None:
        raise InvalidValue("lidc.missing", element=name)
    return found


def _matching(pattern: re.Pattern[str], name: str, text: str) -> str:
    if not pattern.fullmatch(text):
        raise _wrong(name, text)
    return text


def _wrong(name: str, text: str) -> InvalidValue:
    return InvalidValue("lidc.value", element=name, value=_printable(text))


def _local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _printable(text: str) -> str:
    """What may go to a terminal, and no more than fits a line."""
    return "".join(c if c.isprintable() else "?" for c in text[:60])
