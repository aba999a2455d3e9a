"""A frozen folder tampered with in every way one can think of: this program and the script that
lies in the folder say the same, and it is not that it holds."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workstation import messages
from workstation.bootstrap import Opener
from workstation.domain.dataset import PayloadFile, fingerprint
from workstation.exchange.dataset_folder import SEAL_FORMAT, BagFolder
from workstation.store.slots import verify

FILES = {"protocol.json": b"{}", "cases/case-0001/labels.json": b'{"a": 1}',
         "cases/case-0001/image-1.png": b"png", "100% sure.txt": b"percent"}  # fmt: skip
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def sign(data: bytes) -> dict[str, str]:
    public = KEY.public_key().public_bytes_raw().hex()
    return {"public_key": public, "signature": KEY.sign(data).hex()}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "v1.0"

    def seal(files: tuple[PayloadFile, ...]) -> dict[str, object]:
        return {"format": SEAL_FORMAT, "version": "v1.0", "fingerprint": fingerprint(files)}

    payload = [(path, lambda data=data: data) for path, data in FILES.items()]
    BagFolder(verify).write(folder, payload, seal, sign, lambda *_: None)
    return folder


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: put(folder / name, change((folder / name).read_bytes()))


def without_line(name: str, word: bytes) -> Callable[[Path], None]:
    def change(data: bytes) -> bytes:
        kept = [line for line in data.splitlines(keepends=True) if word not in line]
        assert kept != data.splitlines(keepends=True)
        return b"".join(kept)

    return edit(name, change)


def remanifested(folder: Path) -> None:
    """What a careful forger does last: both manifests fit the files again."""
    lines = []
    for path in sorted((folder / "data").rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix().replace("%", "%25")
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    put(folder / "manifest-sha256.txt", "".join(lines).encode())
    retagged(folder)


def retagged(folder: Path) -> None:
    names = ("SEAL.json", "SEAL.sig", "bag-info.txt", "bagit.txt", "manifest-sha256.txt",
             "verify_seal.py")  # fmt: skip
    tags = [
        f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n"
        for n in names
        if (folder / n).is_file()
    ]
    put(folder / "tagmanifest-sha256.txt", "".join(tags).encode())


def then(*steps: Callable[[Path], object]) -> Callable[[Path], None]:
    def all_of_them(folder: Path) -> None:
        for step in steps:
            step(folder)

    return all_of_them


def forged_seal(folder: Path) -> None:
    """The fingerprint made to fit a changed file, the old signature kept."""
    put(folder / "data" / "protocol.json", b"[]")
    files = [
        PayloadFile(p.relative_to(folder / "data").as_posix(), p.stat().st_size,
                    hashlib.sha256(p.read_bytes()).hexdigest())
        for p in (folder / "data").rglob("*") if p.is_file()
    ]  # fmt: skip
    seal = json.loads((folder / "SEAL.json").read_bytes())
    put(folder / "SEAL.json", json.dumps({**seal, "fingerprint": fingerprint(files)}).encode())
    remanifested(folder)


LABELS = "data/cases/case-0001/labels.json"
LIAR = b"def loads(*_): return {'format': 'seal/1', 'fingerprint': ''}\ndef dumps(*a, **k): return ''\n"
TAMPERINGS: dict[str, Callable[[Path], object]] = {
    "a byte of a file": edit(LABELS, lambda d: d.replace(b"1", b"2")),
    "a byte of a file, manifests made to fit": then(
        edit(LABELS, lambda d: d.replace(b"1", b"2")), remanifested
    ),
    "a longer file": edit(LABELS, lambda d: d + b"\n"),
    "a file taken out": lambda f: (f / LABELS).unlink(),
    "a file taken out, manifests made to fit": then(lambda f: (f / LABELS).unlink(), remanifested),
    "a file more": lambda f: put(f / "data" / "more.txt", b"more"),
    "a file more, manifests made to fit": then(
        lambda f: put(f / "data" / "more.txt", b"more"), remanifested
    ),
    "an empty file more": lambda f: put(f / "data" / "cases" / "empty", b""),
    "a file renamed": lambda f: (f / LABELS).rename(f / "data" / "cases" / "other.json"),
    "a file renamed by letter case": lambda f: (f / LABELS).rename(f / LABELS.replace("l", "L")),
    "the same name in another case beside it": lambda f: put(f / "data" / "PROTOCOL.json", b"{}"),
    "two files exchanged": lambda f: (
        put(f / LABELS, b"png"), put(f / "data/cases/case-0001/image-1.png", b'{"a": 1}'),
    ),
    "a file for a link to the same": lambda f: (
        (f / LABELS).rename(f.parent / "outside.json"),
        (f / LABELS).symlink_to(f.parent / "outside.json"),
    ),
    "a folder for a link to the same": lambda f: (
        (f / "data" / "cases").rename(f.parent / "cases"),
        (f / "data" / "cases").symlink_to(f.parent / "cases"),
    ),
    "data for a link to the same": lambda f: (
        (f / "data").rename(f.parent / "data"), (f / "data").symlink_to(f.parent / "data"),
    ),
    "a link to a folder more": lambda f: (f / "data" / "more").symlink_to(f.parent),
    "the seal for a link to the same": lambda f: (
        (f / "SEAL.json").rename(f.parent / "s"), (f / "SEAL.json").symlink_to(f.parent / "s"),
    ),
    "a pipe more": lambda f: os.mkfifo(f / "data" / "pipe"),
    "a name with a backslash, manifests made to fit": then(
        lambda f: put(f / "data" / "a\\b", b""), remanifested
    ),
    "a file beside data": lambda f: put(f / "notes.txt", b"notes"),
    "a hidden file beside data": lambda f: put(f / ".hidden", b""),
    "a folder beside data": lambda f: (f / "data2").mkdir(),
    "a module beside the script": lambda f: put(f / "json.py", LIAR),
    "no data": lambda f: shutil.rmtree(f / "data"),
    "no manifest": lambda f: (f / "manifest-sha256.txt").unlink(),
    "an empty manifest": lambda f: put(f / "manifest-sha256.txt", b""),
    "a line out of the manifest": without_line("manifest-sha256.txt", b"labels"),
    "a line out of the manifest, tags made to fit": then(
        without_line("manifest-sha256.txt", b"labels"), retagged
    ),
    "a line twice in the manifest": then(
        edit("manifest-sha256.txt", lambda d: d + d.splitlines(keepends=True)[0]), retagged
    ),
    "a line of the manifest outside data": then(
        edit("manifest-sha256.txt", lambda d: d + b"0" * 64 + b"  /etc/passwd\n"), retagged
    ),
    "a line of the manifest that climbs": then(
        edit("manifest-sha256.txt", lambda d: d + b"0" * 64 + b"  data/../SEAL.json\n"), retagged
    ),
    "a manifest that is no text": then(
        edit("manifest-sha256.txt", lambda d: d + b"\xff\xfe\n"), retagged
    ),
    "a digest in the manifest": then(
        edit("manifest-sha256.txt", lambda d: d.replace(d[:8], b"00000000", 1)), retagged
    ),
    "no tag manifest": lambda f: (f / "tagmanifest-sha256.txt").unlink(),
    "an empty tag manifest": lambda f: put(f / "tagmanifest-sha256.txt", b""),
    "a line out of the tag manifest": without_line("tagmanifest-sha256.txt", b"SEAL.sig"),
    "the script out of the tag manifest": without_line("tagmanifest-sha256.txt", b"verify_seal"),
    "a line more in the tag manifest": edit(
        "tagmanifest-sha256.txt",
        lambda d: d + hashlib.sha256(b"{}").hexdigest().encode() + b"  data/protocol.json\n",
    ),
    "bagit.txt": edit("bagit.txt", lambda d: d.replace(b"1.0", b"0.9")),
    "no bag-info.txt": lambda f: (f / "bag-info.txt").unlink(),
    "no bag-info.txt, tags made to fit": then(lambda f: (f / "bag-info.txt").unlink(), retagged),
    "a comment in the script": edit("verify_seal.py", lambda d: d + b"# nothing\n"),
    "no seal": lambda f: (f / "SEAL.json").unlink(),
    "a seal that is no JSON": edit("SEAL.json", lambda d: d[:-3]),
    "a seal that is a list": then(edit("SEAL.json", lambda _: b"[]"), retagged),
    "a seal nested without end": then(edit("SEAL.json", lambda _: b"[" * 100000), retagged),
    "a seal of another format": then(
        edit("SEAL.json", lambda d: d.replace(b"seal/1", b"seal/2")), retagged
    ),
    "the version in the seal": then(
        edit("SEAL.json", lambda d: d.replace(b"v1.0", b"v9.9")), retagged
    ),
    "a seal made to fit": forged_seal,
    "no signature": lambda f: (f / "SEAL.sig").unlink(),
    "no signature, tags made to fit": then(lambda f: (f / "SEAL.sig").unlink(), retagged),
    "a signature that is no JSON": then(edit("SEAL.sig", lambda _: b"{"), retagged),
    "a signature that is a number": then(edit("SEAL.sig", lambda _: b"3"), retagged),
    "a signature without a key": then(edit("SEAL.sig", lambda _: b"{}"), retagged),
    "a signature of numbers": then(
        edit("SEAL.sig", lambda _: b'{"public_key": 1, "signature": 2}'), retagged
    ),
    "a byte of the signature": then(
        edit("SEAL.sig", lambda d: d.replace(d[-40:-38], b"00" if d[-40:-38] != b"00" else b"11")),
        retagged,
    ),
}  # fmt: skip


def copy_of(sealed: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy" / "v1.0"
    shutil.copytree(sealed, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def script(folder: Path, *flags: str) -> tuple[int, str]:
    """What the folder's own script says; the product's, where the folder has none."""
    ran = subprocess.run(
        [sys.executable, *flags, str(folder / "verify_seal.py")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def program(folder: Path) -> list[str]:
    """The problems this program names; each has its sentence."""
    check = Opener().check_folder(folder, lambda *_: None)
    return [messages.seal_problem(p) for p in check.problems]


@pytest.mark.parametrize("flags", [(), ("-S",)], ids=["", "without cryptography"])
def test_what_nobody_touched_holds(sealed: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    folder = copy_of(sealed, tmp_path)
    assert program(folder) == []
    status, said = script(folder, *flags)
    assert status == 0 and said.splitlines()[-1] == "holds"
    assert ("not checked" in said) == bool(flags)


@pytest.mark.parametrize("what", TAMPERINGS)
def test_program_and_script_both_see_it(sealed: Path, tmp_path: Path, what: str) -> None:
    folder = copy_of(sealed, tmp_path)
    TAMPERINGS[what](folder)
    assert program(folder)
    status, said = script(folder)
    assert status == 1 and said.splitlines()[-1] == "DOES NOT HOLD"
    assert "PROBLEM" in said


def test_the_sealed_folder_was_left_alone(sealed: Path) -> None:
    assert program(sealed) == []
