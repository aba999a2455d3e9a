"""A report's language is its own: making one leaves the window's language alone."""

from __future__ import annotations

import threading

import pytest

from workstation.i18n import language, language_in_force, tr


def test_language_of_a_document_ends_with_its_block() -> None:
    before = language()
    with language_in_force("zh_CN"):
        assert (language(), tr("Agreement between readers")) == ("zh_CN", "阅片者间一致性")
    assert language() == before


def test_other_threads_do_not_notice() -> None:
    seen: list[str] = []
    before = language()
    with language_in_force("zh_CN" if before == "en" else "en"):
        thread = threading.Thread(target=lambda: seen.append(language()))
        thread.start()
        thread.join()
    assert seen == [before]


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown language"), language_in_force("de"):
        tr("Agreement between readers")
