"""Options survive a restart, and a broken file keeps nobody from working."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation import settings
from workstation.settings import Settings


def test_kept_and_read_again() -> None:
    assert settings.load() == Settings()
    settings.save(Settings(language="zh_CN"))
    assert settings.load() == Settings(language="zh_CN")


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
tables = st.dictionaries(words, st.lists(words, max_size=2).map(tuple), max_size=3)


@given(keys=tables, places=tables, left=st.booleans())
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_tables_are_kept(
    keys: dict[str, tuple[str, ...]], places: dict[str, tuple[str, ...]], left: bool
) -> None:
    one = Settings(keys=keys, places=places, left_handed=left, mouse="weasis", drag_up="brightens")
    settings.save(one)
    assert settings.load() == one


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        'version = 1\nlanguage = "xx"',
        "version = 99999\nlanguage = 3",
        "\0",
        "version = 1\nkeys = 3",
        'version = 1\nmouse = "cat"',
        "version = 1\nleft_handed = 3",
        "version = 1\n[keys]\nfit = 3",
    ],
)
def test_a_broken_file_is_as_none(text: str, tmp_path: Path) -> None:
    settings.save(Settings(language="en"))
    settings._file().write_text(text)
    assert settings.load() == Settings()


def test_a_value_is_valid_on_construction() -> None:
    with pytest.raises(ValueError, match="klingon"):
        Settings(language="klingon")


def test_a_folder_that_cannot_be_written_is_borne(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path / "file" / "below"))
    settings.save(Settings(language="en"))
    assert settings.load() == Settings()
