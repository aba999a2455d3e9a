"""Over which images a reader's mean IoU against the reference goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.studies import photo, rectangle, shipped
from workstation.domain.arbitration import ReferenceStandard
from workstation.domain.case import Case, CaseState
from workstation.domain.estimate import Estimate
from workstation.domain.image import Image
from workstation.domain.marks import Mark, PointShape
from workstation.domain.people import Person, Role
from workstation.domain.protocol import protocol_from_dict
from workstation.domain.reading import Reading, ReadingBody, ReadingKind, ReadingState
from workstation.domain.report import ReaderAccuracyEntry
from workstation.services import reporting

PROTOCOL = protocol_from_dict(shipped("dr_screening"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def fovea(image: Image) -> Mark:
    return Mark(f"f-{image.image_id}", image.image_id, "FOVEA", 1, PointShape(200.0, 150.0))


def spots(image: Image, width: int) -> tuple[Mark, ...]:
    """Two haemorrhages: one by the fovea, one far from it; only the nearest is compared."""
    return (
        rectangle(image.image_id, 190, 140, width, 10, "HE", 1),
        rectangle(image.image_id, 10, 10, 30, 30, "HE", 2),
    )


def entry(*units: tuple[Image, tuple[Mark, ...], tuple[Mark, ...]]) -> ReaderAccuracyEntry:
    """The reader's entry of regions: one case of one image for each unit."""
    facts = []
    for n, (image, mine, reference) in enumerate(units):
        case = Case(f"c{n}", f"{n:04d}", f"s{n}", CaseState.AGREED)
        reading = Reading(f"r{n}", case.case_id, "p", ReadingKind.READING,
                          ReadingState.SUBMITTED, "", ReadingBody({}, mine), NOW, NOW)  # fmt: skip
        standard = ReferenceStandard(case.case_id, "consensus", ReadingBody({}, reference), {})
        facts.append(
            reporting._CaseFacts(
                case, (replace(image, case_id=case.case_id),), (reading,), None, standard
            )
        )
    person = Person("p", "reader-a", "reader", "R1", frozenset({Role.READER}))
    found = reporting._accuracy(PROTOCOL, facts, {"p": person}, 7)
    return next(e for e in found if e.scope == "all" and "IoU" in e.label.en)


def test_a_reference_without_a_fovea_is_measured_from_the_readers() -> None:
    """An agreed reference held no fovea, and every image with two spots fell out of the mean."""
    a, b, c, d = (photo() for _ in range(4))
    found = entry(
        (a, (fovea(a), *spots(a, 20)), spots(a, 20)),  # 1
        (b, (fovea(b), *spots(b, 10)), spots(b, 20)),  # 1/2: the far spot does not count
        (c, (fovea(c),), spots(c, 20)[:1]),  # 0: on one side only
        (d, (fovea(d),), ()),  # neither
    )
    assert isinstance(found.result, Estimate)
    assert found.result.n == 3 and found.result.value == 0.5
    assert (found.both_empty, found.undefined) == (1, 0)


def test_what_has_no_nearest_lesion_is_counted_apart() -> None:
    a, b = photo(), photo()
    found = entry((a, spots(a, 20), spots(a, 20)), (b, (fovea(b), *spots(b, 20)), spots(b, 20)))
    assert isinstance(found.result, Estimate)
    assert found.result.n == 1 and (found.both_empty, found.undefined) == (0, 1)
