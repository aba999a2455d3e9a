"""Background work lets go of the window's objects in the window's thread."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workstation.ui.jobs import JobRunner


class Told:
    """Whoever is told of the end; a Qt object in the window."""

    def __init__(self) -> None:
        self.got: list[object] = []

    def done(self, value: object) -> None:
        self.got.append(value)

    def failed(self, error: BaseException) -> None:
        raise error


def test_a_finished_future_holds_nobody_who_was_told(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker drops its future at any time: what only that held was destroyed in its thread."""
    futures: list[Future[Any]] = []
    real = ThreadPoolExecutor.submit

    def kept(pool: ThreadPoolExecutor, *args: Any) -> Future[Any]:
        futures.append(real(pool, *args))
        return futures[-1]

    monkeypatch.setattr(ThreadPoolExecutor, "submit", kept)
    jobs = JobRunner()
    told = Told()
    seen, alive = told.got, weakref.ref(told)
    started = threading.Event()
    jobs.run("one", lambda _: started.wait(10), told.done, told.failed)
    started.set()
    qtbot.waitUntil(lambda: seen == [True])
    del told
    gc.collect()
    assert alive() is None and futures[0].done() and not jobs.active
    jobs.close()
