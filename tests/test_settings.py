"""Options survive a restart, and a broken file keeps nobody from working."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation import settings
from workstation.settings import Settings


def test_kept_and_read_again() -> None:
    assert settings.load() == Settings()
    settings.save(Settings(language="zh_CN"))
    assert settings.load() == Settings(language="zh_CN")


@pytest.mark.parametrize(
    "text", ["not toml [", 'version = 1\nlanguage = "xx"', "version = 99999\nlanguage = 3", "\0"]
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
