"""The sign-in page: cards, wrong passphrases, demo phrases, a new study with a protocol of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from tests.studies import PASSPHRASE, document, opener
from tests.ui.conftest import Bench
from workstation import settings
from workstation.i18n import set_language
from workstation.ui.application import Application, run
from workstation.ui.main_window import MainWindow
from workstation.ui.sign_in import NewStudyDialog, SignIn

LEFT = Qt.MouseButton.LeftButton


def page_of(bench: Bench, *, demo: bool = False) -> SignIn:
    study = bench.study("fundus")
    page = SignIn(opener(), [study], {study: PASSPHRASE} if demo else {})
    bench.qtbot.addWidget(page)
    page.show()
    return page


def card(page: SignIn, login: str) -> QPushButton:
    found = page.findChild(QPushButton, f"card:{login}")
    assert found is not None
    return found


def test_a_wrong_passphrase_is_told_and_can_be_typed_again(bench: Bench) -> None:
    page = page_of(bench)
    opened: list[object] = []
    page.signed_in.connect(opened.append)
    assert not page.enter.isEnabled()
    bench.qtbot.mouseClick(card(page, "reader-a"), LEFT)
    bench.qtbot.keyClicks(page.passphrase, "not the right one")
    bench.qtbot.mouseClick(page.enter, LEFT)
    assert not page.enter.isEnabled() and "Signing in" in page.enter.text()
    bench.qtbot.waitUntil(page.enter.isEnabled)
    told = "\n".join(label.text() for label in page.findChildren(QLabel))
    assert "passphrase" in told.lower() and opened == []
    page.passphrase.clear()
    bench.qtbot.keyClicks(page.passphrase, PASSPHRASE)
    bench.qtbot.mouseClick(page.enter, LEFT)
    bench.qtbot.waitUntil(lambda: bool(opened))
    opened[0].close()  # type: ignore[attr-defined]
    page.close()


def test_the_cards_keep_their_places_whoever_signs_in(bench: Bench) -> None:
    def order() -> list[str]:
        return [card.login for card in opener().cards(bench.study("fundus"))]

    first = order()
    assert first == ["coordinator", "reader-a", "reader-b", "arbitrator"]
    for login in ("reader-a", "coordinator", "arbitrator"):
        bench.workspace("fundus", login).close()
        assert order() == first


def test_only_the_demo_has_its_phrase_on_the_screen(bench: Bench) -> None:
    for demo in (True, False):
        page = page_of(bench, demo=demo)
        bench.qtbot.mouseClick(card(page, "reader-a"), LEFT)
        told = "\n".join(label.text() for label in page.findChildren(QLabel))
        assert (PASSPHRASE in told) is demo
        assert page.passphrase.text() == (PASSPHRASE if demo else "")
        page.close()


def test_a_protocol_of_ones_own_is_offered_or_refused_with_the_reason(
    qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = NewStudyDialog(opener())
    qtbot.addWidget(dialog)
    count = dialog.protocol.count()
    broken = tmp_path / "broken.yaml"
    broken.write_text("format: protocol/1\ncode: [")
    dialog.add_protocol(broken)
    assert "broken.yaml" in dialog.problem.text() and dialog.protocol.count() == count
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(document(), allow_unicode=True), "utf-8")
    dialog.add_protocol(own)
    assert dialog.problem.text() == ""
    assert dialog.protocol.count() == count + 1 and "DR-01" in dialog.protocol.currentText()


def test_the_language_is_remembered(bench: Bench, qapp: object) -> None:
    application = Application(qapp, opener(), [bench.study("fundus")], {})  # type: ignore[arg-type]
    application.show_sign_in()
    shown = application.shown
    assert isinstance(shown, SignIn)
    chinese = next(b for b in shown.findChildren(QPushButton) if b.text() == "中文")
    bench.qtbot.mouseClick(chinese, LEFT)
    assert settings.load().language == "zh_CN"
    assert application.shown is not shown and application.shown is not None
    assert "登录" in application.shown.windowTitle()
    application.shown.close()
    set_language("en")


def test_the_study_just_used_is_offered_again(bench: Bench, qapp: object) -> None:
    application = Application(qapp, opener(), [], {})  # type: ignore[arg-type]
    application.enter(bench.workspace("fundus", "reader-a"))
    assert isinstance(application.shown, MainWindow)
    application.shown.signed_out.emit()
    assert isinstance(application.shown, SignIn)
    assert application.shown.folder == bench.study("fundus")
    application.shown.close()


def test_without_a_display_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from workstation.cli.commands import main

    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    status = main(opener(), ["run"], lambda store, demo: run(opener(), store, demo))
    said = capsys.readouterr().err
    assert status == 2 and "--headless" in said and said.count("\n") == 1
