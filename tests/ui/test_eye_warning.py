"""The lesion panel says where disc and fovea contradict the stated eye, and changes nothing."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from tests.studies import photo, rectangle, shipped
from workstation.domain.image import Eye
from workstation.domain.marks import Mark, PointShape
from workstation.domain.protocol import protocol_from_dict
from workstation.domain.reading import ReadingBody
from workstation.i18n import set_language
from workstation.ui.measured import Measuring
from workstation.ui.panels.lesions import LesionPanel
from workstation.ui.state.reading_session import ReadingSession


def test_a_disc_on_the_other_side_is_said(qtbot: QtBot) -> None:
    protocol = protocol_from_dict(shipped("dr_screening"))
    image = photo(eye=Eye.OS)
    marks = (
        rectangle(image.image_id, 250, 100, 40, 40, "DISC"),
        Mark("f", image.image_id, "FOVEA", 1, PointShape(120.0, 125.0)),
    )
    body = ReadingBody({}, marks)
    for language, word in (("en", "Please check"), ("zh_CN", "请核对")):
        set_language(language)
        panel = LesionPanel(protocol, [image], Measuring(lambda *_: np.zeros((1, 1), np.uint8)))
        qtbot.addWidget(panel)
        saved: list[ReadingBody] = []
        session = ReadingSession(body, saved.append)
        panel.set_session(session, False)
        assert not panel.eye_warning.isHidden()
        text = panel.eye_warning.text()
        assert word in text and image.number in text and "OS" in text and "OD" in text
        assert session.body == body and saved == []
    set_language("en")
    panel = LesionPanel(protocol, [image])
    qtbot.addWidget(panel)
    session = ReadingSession(ReadingBody({}, marks[:1]), lambda _: None)
    panel.set_session(session, False)
    assert panel.eye_warning.isHidden()
    session.add(image.image_id, "FOVEA", PointShape(120.0, 125.0))
    assert not panel.eye_warning.isHidden()
    session.stack.undo()
    assert panel.eye_warning.isHidden()
