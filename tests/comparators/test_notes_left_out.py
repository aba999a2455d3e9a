"""Working notes and the record of viewing change no score and no reference."""

from __future__ import annotations

from tests.studies import photo, protocol, rectangle
from workstation.comparators.compare import compare
from workstation.comparators.consensus import consensus
from workstation.domain.measures import Measure, MeasureKind
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.domain.viewing import PhotoLook, Viewing


def test_notes_change_no_score_and_no_reference() -> None:
    image, rules = photo(image_id="i1"), protocol()
    given = {Scope(Level.IMAGE, "i1"): {"diagnosis": "normal", "referral": "no"}}
    plain = [ReadingBody(given, (rectangle("i1", 10, 10, 40, 40),)) for _ in range(2)]
    noted = [
        ReadingBody(
            body.answers,
            body.marks,
            (Measure(f"n{n}", "i1", MeasureKind.DISTANCE, ((0.0, 0.0), (float(n), 9.0))),),
            (Viewing("i1").with_look(PhotoLook(brightness=10 * n)),),
        )
        for n, body in enumerate(plain, 1)
    ]
    assert compare(rules, [image], noted) == compare(rules, [image], plain)
    reference = consensus(rules, [image], noted).body
    assert reference == consensus(rules, [image], plain).body
    assert reference.measures == () and reference.viewing == ()
    assert noted[0].without_notes() == plain[0]
