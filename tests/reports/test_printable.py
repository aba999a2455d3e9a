"""Foreign text is printed as it is, or named; it is never run, lost or hidden."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.paths import resources_dir
from workstation.reports.printable import LONG_WORD, breakable, glyphs, printable, printable_value
from workstation.reports.setting import font_file


def _available() -> frozenset[int]:
    return glyphs(font_file(resources_dir() / "fonts", "Regular"))


def test_ordinary_text_of_both_languages_is_left_alone() -> None:
    for text in (
        "糖尿病视网膜病变 n = 400，≥ 2 级",
        "#panic() *a* $x$ @b \\ <c> `d`",
        "Ōå μm ± – “”",
    ):
        assert printable(text, _available()) == text


def test_what_the_font_cannot_show_is_named() -> None:
    assert printable("a😀b", _available()) == "a[U+1F600]b"
    assert printable("\x00\x1b", _available()) == "[U+0000][U+001B]"


def test_direction_overrides_cannot_disguise_a_name() -> None:
    assert printable("abc\u202efdp.exe", _available()) == "abc[U+202E]fdp.exe"
    assert printable("a\u200bb", _available()) == "a[U+200B]b"


def test_line_breaks_become_spaces() -> None:
    assert printable("a\r\nb\tc", _available()) == "a  b c"


def test_long_words_get_break_points_and_lose_nothing() -> None:
    word = "x" * 500
    assert breakable(word).replace("\u200b", "") == word
    assert max(map(len, breakable(word).split("\u200b"))) <= LONG_WORD
    assert breakable("short words stay") == "short words stay"


def test_hashes_marked_as_code_stay_whole() -> None:
    value = {"code": True, "value": "a" * 64, "label": "SHA-256"}
    assert printable_value(value, _available()) == value
    assert "\u200b" in printable_value("a" * 64, _available())


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_becomes_printable_by_the_font(text: str) -> None:
    shown = printable(text, _available())
    assert all(ord(character) in _available() for character in shown)
