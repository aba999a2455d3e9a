"""The child process in which delivered files are opened: capped in memory and time, keyless.

Parent and child speak JSON and raw pixel bytes over a pipe, never pickled objects: a child that a
hostile file took over can only answer wrongly, and its answers are checked again here.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import signal
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from workstation.domain.errors import InvalidValue
from workstation.domain.intake import DecodedPlane
from workstation.imaging import probing

MEMORY_BYTES = 6 << 30
SECONDS_PER_CALL = 20
# A new child costs as much as inspecting some 300 files.
CALLS_PER_CHILD = 2000
# What is said of a file is held by the parent: the longest header that is read, of 16 000 frames,
# says as much.
MAX_REPLY = 12 << 20
_WARNINGS = ("photo.maybe_damaged", "photo.profile_unusable")
_TABLE_BYTES = 33**3 * 3
# Files that are asked about at once: the child goes on while its last answer is being read.
FILES_PER_REQUEST = 100
_DTYPES = {"uint8": np.uint8, "uint16": np.uint16, "int16": np.int16}


def serve(pipe: Connection) -> None:
    """The child's loop: one request, and one answer for each file it names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's, which ends the child
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            request = json.loads(pipe.recv_bytes())
            for location in request["files"]:
                _answer(pipe, request["call"], tuple(location), request.get("frame", 0))
        except (EOFError, ConnectionError):  # nobody asks any more, or waits for an answer
            return


def _answer(pipe: Connection, call: str, location: tuple[str, str], frame: int) -> None:
    plane: DecodedPlane | None = None
    try:
        if call == "inspect":
            reply = {"ok": probing.inspect(location)}
        else:
            made = probing.overlays if call == "overlays" else probing.decode
            plane = made(location, frame)
            reply = {
                "ok": {
                    "shape": list(plane.pixels.shape),
                    "dtype": str(plane.pixels.dtype),
                    "coded": len(plane.coded),
                    "sha256": plane.source_sha256,
                    "warnings": plane.warnings,
                    "decoder": plane.decoder,
                    "table": len(plane.colour_table),
                }
            }
    except InvalidValue as error:
        reply = {"refused": error.code, "params": error.params}
    except MemoryError:
        reply = {"refused": "file.too_much_memory", "params": {}}
    except Exception as error:  # noqa: BLE001  the file may break any library in any way
        reply = {"refused": "file.damaged", "params": {"kind": type(error).__name__}}
    if "ok" not in reply:
        plane = None
    said = json.dumps(reply, default=str).encode()
    if len(said) > MAX_REPLY:
        said = b'{"refused": "file.too_much_memory", "params": {}}'
        plane = None
    pipe.send_bytes(said)
    if plane is not None:
        pipe.send_bytes(memoryview(np.ascontiguousarray(plane.pixels)).cast("B"))
        pipe.send_bytes(plane.coded or b"-")
        pipe.send_bytes(plane.colour_table or b"-")


def _start_deaf(process: Any) -> None:
    """Start with Ctrl+C held back: it reaches the child too, which is still importing then."""
    if sys.platform == "win32":
        process.start()
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # started by the first child, it would let Ctrl+C in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class DecodingChild:
    """The parent's side: starts, asks, replaces a child that hangs, dies or has done enough."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Connection | None = None
        self._calls = 0

    def inspect(
        self, locations: Sequence[tuple[str, str]]
    ) -> Iterator[dict[str, Any] | InvalidValue]:
        """See `probing.inspect`; an answer for each file in turn, or how it failed. A file that
        takes too long or ends the child does so alone: the next child goes on behind it."""
        rest = list(locations)
        done = not rest
        try:
            while rest:
                asked = rest[:FILES_PER_REQUEST]
                try:
                    self._send("inspect", asked)
                    for n in range(len(asked)):
                        rest.pop(0)
                        # Nobody may be left who waits for what is still to come.
                        done = n == len(asked) - 1
                        yield self._inspected()
                        if self._pipe is None:
                            break
                except InvalidValue as error:
                    rest.pop(0)
                    yield error
        finally:
            if not done:
                self._kill()

    def _inspected(self) -> dict[str, Any] | InvalidValue:
        try:
            return self._reply()
        except InvalidValue as error:
            return error

    def decode(self, location: tuple[str, str], frame: int) -> DecodedPlane:
        """See `probing.decode`. Raises InvalidValue for every way a file can fail."""
        return self._plane("decode", location, frame)

    def overlays(self, location: tuple[str, str], frame: int) -> DecodedPlane:
        """See `probing.overlays`. Raises InvalidValue for every way a file can fail."""
        return self._plane("overlays", location, frame)

    def _plane(self, call: str, location: tuple[str, str], frame: int) -> DecodedPlane:
        self._send(call, [location], frame)
        reply = self._reply()
        dtype = _DTYPES.get(str(reply["dtype"]))
        shape = tuple(int(n) for n in reply["shape"])
        pixels_bytes = self._receive()
        coded = self._receive()
        table = self._receive() if reply["table"] else self._receive()[:0]
        if dtype is None or len(shape) not in (2, 3):
            raise InvalidValue("file.damaged", kind="answer")
        expected = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if len(pixels_bytes) != expected or len(table) not in (0, _TABLE_BYTES):
            raise InvalidValue("file.damaged", kind="answer")
        pixels = np.frombuffer(pixels_bytes, dtype).reshape(shape)
        return DecodedPlane(
            pixels,
            coded if reply["coded"] else b"",
            str(reply["sha256"]),
            tuple(w for w in _WARNINGS if w in reply["warnings"]),
            str(reply["decoder"])[:80],
            table,
        )

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.join(1)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process = None
        self._calls = 0

    def _send(self, call: str, files: Sequence[tuple[str, str]], frame: int = 0) -> None:
        if self._calls >= CALLS_PER_CHILD:
            self.close()
        pipe = self._started()
        self._calls += len(files)
        request = {"call": call, "files": files, "frame": frame}
        try:
            pipe.send_bytes(json.dumps(request).encode())
        except OSError as error:
            self.close()
            raise InvalidValue("file.crashed_decoder") from error

    def _reply(self) -> dict[str, Any]:
        reply = json.loads(self._receive(MAX_REPLY))
        if "refused" in reply:
            raise InvalidValue(str(reply["refused"]), **dict(reply["params"]))
        return dict(reply["ok"])

    def _receive(self, most: int = probing.MAX_BYTES + 4096) -> bytes:
        assert self._pipe is not None
        if not self._pipe.poll(SECONDS_PER_CALL):
            self._kill()
            raise InvalidValue("file.timeout", seconds=SECONDS_PER_CALL)
        try:
            return self._pipe.recv_bytes(most)
        except (EOFError, OSError) as error:
            self._kill()
            raise InvalidValue("file.crashed_decoder") from error

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self.close()

    def _started(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        self.close()
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        _start_deaf(self._process)
        theirs.close()
        self._pipe = ours
        # The first answer waits for the child's imports as well.
        return ours
