"""The folder of a frozen dataset version: BagIt layout, seal, and its verification.

`data/` is the payload; `manifest-sha256.txt` and `tagmanifest-sha256.txt` follow RFC 8493, so that
`sha256sum -c` and any BagIt tool can check the files. `SEAL.json` holds the fingerprint and what
describes the version, `SEAL.sig` the Ed25519 signature over its bytes, `verify_seal.py` checks all
of it with nothing but Python (the signature with `cryptography`, where it is installed).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import struct
import time
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.domain.dataset import PayloadFile, fingerprint
from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.image import Image, ImageKind
from workstation.domain.ports import (
    PayloadSource,
    Pixels,
    Progress,
    SealCheck,
    SealProblem,
)
from workstation.paths import resources_dir

BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SEAL_FORMAT = "seal/1"
_CHUNK = 1 << 20
_DRAFT = re.compile(r"\.v[0-9]+\.[0-9]+\.[0-9a-f]{8}")
_STARTED = time.time()
_TAGS = (
    "SEAL.json",
    "SEAL.sig",
    "bag-info.txt",
    "bagit.txt",
    "manifest-sha256.txt",
    "verify_seal.py",
)

Verify = Callable[[str, bytes, str], bool]
"""public key (hex), payload, signature (hex) -> whether the signature holds."""


@dataclass(frozen=True, slots=True)
class BagFolder:
    """The `DatasetFolder` port. `verify` checks an Ed25519 signature (keys live in the store)."""

    verify: Verify

    def encode(self, image: Image, pixels: Pixels) -> tuple[str, Callable[[], bytes]]:
        """JPEG photographs as they were kept, other pictures as PNG; stacks, and pictures whose
        values have a sign, which PNG has none for, as NIfTI."""
        if image.kind is ImageKind.STACK or image.dtype == "int16":
            return "nii", lambda: nifti_bytes(image, pixels)
        if image.planes[0].codec == "jpeg":
            return "jpg", lambda: pixels.encoded(image)[1]
        return "png", lambda: png_bytes(pixels.plane(image))

    def write(
        self,
        folder: Path,
        payload: Sequence[PayloadSource],
        seal: Callable[[tuple[PayloadFile, ...]], Mapping[str, Any]],
        sign: Callable[[bytes], Mapping[str, str]],
        progress: Progress,
    ) -> tuple[PayloadFile, ...]:
        if folder.exists():
            raise EnvironmentProblem("dataset.folder_exists", folder=str(folder))
        self._sweep(folder.parent)
        draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
        try:
            draft.mkdir(parents=True)
            files = _write_payload(draft / "data", payload, progress)
            seal_bytes = _json_bytes(seal(files))
            _put(draft / "SEAL.json", seal_bytes)
            _put(draft / "SEAL.sig", _json_bytes(dict(sign(seal_bytes))))
            _put(draft / "bagit.txt", BAGIT.encode())
            total = sum(file.size for file in files)
            _put(draft / "bag-info.txt", f"Payload-Oxum: {total}.{len(files)}\n".encode())
            script = resources_dir() / "dataset" / "verify_seal.py"
            _put(draft / "verify_seal.py", script.read_bytes())
            manifest = "".join(f"{f.sha256}  data/{_bag_path(f.path)}\n" for f in files)
            _put(draft / "manifest-sha256.txt", manifest.encode())
            tags = "".join(f"{_sha256_file(draft / name)}  {name}\n" for name in _TAGS)
            _put(draft / "tagmanifest-sha256.txt", tags.encode())
            for path in sorted(draft.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
            draft.rename(folder)
            _sync_folder(folder.parent)
        except OSError as error:
            self.remove(draft)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise EnvironmentProblem("disk.full", folder=str(folder.parent)) from error
            raise EnvironmentProblem("folder.not_writable", folder=str(folder.parent)) from error
        except BaseException:
            self.remove(draft)
            raise
        return files

    def adopt(
        self, folder: Path, payload: Sequence[PayloadSource], progress: Progress
    ) -> tuple[tuple[PayloadFile, ...], Mapping[str, Any], str] | None:
        if not folder.is_dir() or not self.check(folder, progress).holds:
            return None
        files = []
        for done, (path, make) in enumerate(sorted(payload, key=lambda p: p[0].encode())):
            progress(done, len(payload), "freeze")
            data = make()
            files.append(PayloadFile(path, len(data), hashlib.sha256(data).hexdigest()))
        seal = json.loads((folder / "SEAL.json").read_bytes())
        if fingerprint(files) != seal["fingerprint"]:
            return None
        signature = json.loads((folder / "SEAL.sig").read_bytes())
        return tuple(files), seal, str(signature["public_key"])

    def _sweep(self, parent: Path) -> None:
        """Remove what freezes that were killed left: decrypted images are in it. A draft that
        anything was written to since this program started may be another's, at work."""
        for draft in parent.glob(".v*"):
            if _DRAFT.fullmatch(draft.name) and draft.is_dir() and not draft.is_symlink():
                with suppress(OSError):
                    newest = max(p.lstat().st_mtime for p in (draft, *draft.rglob("*")))
                    if newest < _STARTED:
                        self.remove(draft)

    def remove(self, folder: Path) -> None:
        if not folder.exists():
            return
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        folder.chmod(0o755)
        shutil.rmtree(folder)

    def check(self, folder: Path, progress: Progress) -> SealCheck:
        return check_folder(folder, self.verify, progress)


def _bag_path(path: str) -> str:
    """RFC 8493 2.1.3: line ends and the percent sign itself are percent-encoded."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _json_bytes(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode() + b"\n"


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_payload(
    root: Path, payload: Sequence[PayloadSource], progress: Progress
) -> tuple[PayloadFile, ...]:
    files = []
    for done, (path, make) in enumerate(sorted(payload, key=lambda p: p[0].encode())):
        progress(done, len(payload), "freeze")
        data = make()
        file = PayloadFile(path, len(data), hashlib.sha256(data).hexdigest())
        _put(root.joinpath(*path.split("/")), data)
        files.append(file)
    progress(len(payload), len(payload), "freeze")
    fingerprint(files)  # refuses colliding paths before anything is sealed
    return tuple(files)


def _sha256_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while chunk := data.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


# Verification


def check_folder(folder: Path, verify: Verify, progress: Progress) -> SealCheck:
    """Compare the folder with its manifests, its seal and its signature.

    Problem codes: `seal.missing`, `seal.unreadable`, `seal.format`, `file.missing`,
    `file.unlisted`, `file.differs`, `file.link`, `file.collision`, `file.name`,
    `manifest.unreadable`, `manifest.differs`, `fingerprint.differs`, `signature.missing`,
    `signature.invalid`.
    """
    problems: list[SealProblem] = []
    seal = _read_seal(folder, problems)
    if seal is None:
        return SealCheck("", "", 0, tuple(problems))
    listed = _manifest(folder / "manifest-sha256.txt", problems, "data/")
    present = _present(folder, problems)
    files: list[PayloadFile] = []
    for done, path in enumerate(sorted(set(listed) | set(present))):
        progress(done, len(listed), "verify")
        if path not in present:
            problems.append(SealProblem("file.missing", f"data/{path}"))
        elif path not in listed:
            problems.append(SealProblem("file.unlisted", f"data/{path}"))
        else:
            where = folder / "data" / path
            digest = _sha256_file(where)
            if digest != listed[path]:
                problems.append(SealProblem("file.differs", f"data/{path}"))
            try:
                files.append(PayloadFile(path, where.stat().st_size, digest))
            except InvalidValue:
                problems.append(SealProblem("file.name", f"data/{path}"))
    _check_tags(folder, problems)
    found = ""
    try:
        found = fingerprint(files)
    except InvalidValue:
        problems.append(SealProblem("file.collision"))
    if found != seal.get("fingerprint"):
        problems.append(SealProblem("fingerprint.differs"))
    _check_signature(folder, verify, problems)
    return SealCheck(str(seal.get("version", "")), found, len(files), tuple(problems))


def _regular(path: Path) -> Path:
    """Raises OSError for what is no file: reading a named pipe waits for ever."""
    if not path.is_file():
        raise FileNotFoundError(path)
    return path


def _read_seal(folder: Path, problems: list[SealProblem]) -> Mapping[str, Any] | None:
    path = folder / "SEAL.json"
    if not path.is_file():
        problems.append(SealProblem("seal.missing", "SEAL.json"))
        return None
    try:
        seal = json.loads(path.read_bytes())
    except (ValueError, OSError, RecursionError):
        problems.append(SealProblem("seal.unreadable", "SEAL.json"))
        return None
    if not isinstance(seal, dict) or seal.get("format") != SEAL_FORMAT:
        problems.append(SealProblem("seal.format", "SEAL.json"))
        return None
    return seal


def _manifest(path: Path, problems: list[SealProblem], prefix: str) -> dict[str, str]:
    out: dict[str, str] = {}
    try:
        lines = _regular(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        problems.append(SealProblem("manifest.unreadable", path.name))
        return out
    for line in lines:
        digest, _, name = line.partition("  ")
        plain = name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        if not plain.startswith(prefix) or plain[len(prefix) :] in out:
            problems.append(SealProblem("manifest.unreadable", path.name))
            continue
        out[plain[len(prefix) :]] = digest
    return out


def _present(folder: Path, problems: list[SealProblem]) -> set[str]:
    out: set[str] = set()
    root = folder / "data"
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            problems.append(SealProblem("file.link", f"data/{name}"))
        elif path.is_file():
            out.add(name)
        elif not path.is_dir():
            problems.append(SealProblem("file.unlisted", f"data/{name}"))
    allowed = {*_TAGS, "tagmanifest-sha256.txt", "data"}
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            problems.append(SealProblem("file.link", path.name))
        elif path.name not in allowed:
            problems.append(SealProblem("file.unlisted", path.name))
    return out


def _check_tags(folder: Path, problems: list[SealProblem]) -> None:
    listed = _manifest(folder / "tagmanifest-sha256.txt", problems, "")
    for name in _TAGS:
        path = folder / name
        if not path.is_file():
            problems.append(SealProblem("file.missing", name))
        elif listed.get(name) != _sha256_file(path):
            problems.append(SealProblem("manifest.differs", name))
    for name in sorted(set(listed) - set(_TAGS)):
        problems.append(SealProblem("manifest.differs", name))


def _check_signature(folder: Path, verify: Verify, problems: list[SealProblem]) -> None:
    path = folder / "SEAL.sig"
    try:
        signature = json.loads(_regular(path).read_bytes())
        holds = verify(
            signature["public_key"],
            _regular(folder / "SEAL.json").read_bytes(),
            signature["signature"],
        )
    except OSError:
        problems.append(SealProblem("signature.missing", "SEAL.sig"))
        return
    except (ValueError, KeyError, TypeError, RecursionError):
        holds = False
    if not holds:
        problems.append(SealProblem("signature.invalid", "SEAL.sig"))


# Canonical image files


def png_bytes(pixels: npt.NDArray[np.generic]) -> bytes:
    """PNG of a photograph without compression: bytes that depend on no compressor's version.

    `pixels`: (rows, cols, 3) uint8 RGB, or (rows, cols) uint8 / uint16 grey.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8:
        depth, color = 8, 2
    elif pixels.ndim == 2 and pixels.dtype in (np.uint8, np.uint16):
        depth, color = pixels.dtype.itemsize * 8, 0
    else:
        raise InvalidValue("png.pixels", shape=pixels.shape, dtype=str(pixels.dtype))
    rows, cols = pixels.shape[:2]
    big = pixels.astype(pixels.dtype.newbyteorder(">"), copy=False)
    lines = np.zeros((rows, 1 + big.nbytes // rows), np.uint8)
    lines[:, 1:] = np.frombuffer(np.ascontiguousarray(big).tobytes(), np.uint8).reshape(rows, -1)
    header = struct.pack(">IIBBBBB", cols, rows, depth, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_chunk(b"IHDR", header)
        + _png_chunk(b"IDAT", _stored_zlib(lines.tobytes()))
        + _png_chunk(b"IEND", b"")
    )


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _stored_zlib(data: bytes) -> bytes:
    """A zlib stream of stored blocks (RFC 1950, 1951 3.2.4)."""
    parts = [b"\x78\x01"]
    size = 65535
    for at in range(0, max(len(data), 1), size):
        block = data[at : at + size]
        last = at + size >= len(data)
        parts.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF))
        parts.append(block)
    parts.append(struct.pack(">I", zlib.adler32(data)))
    return b"".join(parts)


def nifti_bytes(image: Image, pixels: Pixels) -> bytes:
    """NIfTI-1 of a stack or picture: stored values with slope and intercept, axes (x, y, z);
    colour as RGB24. Where slices are scaled each by itself the header says no scale.

    The affine maps voxel centres to RAS mm where the slices are evenly spaced and the gantry is
    not tilted; otherwise the qform and sform codes are 0 ("unknown") and the geometry stands in
    the image's JSON alone.
    """
    import nibabel  # heavy, and only freezing needs it

    planes = [pixels.plane(image, z) for z in range(image.slices)]
    if image.samples == 3:
        colours = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
        planes = [np.ascontiguousarray(plane).view(colours)[..., 0] for plane in planes]
    volume = np.stack([np.asarray(plane).T for plane in planes], axis=2)
    affine = stack_affine(image)
    header = nibabel.Nifti1Header()
    header.set_data_dtype(volume.dtype)
    header.set_data_shape(volume.shape)
    if affine is None:
        header.set_zooms((1.0, 1.0, 1.0))
        header.set_xyzt_units("unknown")
    else:
        header.set_zooms(tuple(float(v) for v in np.linalg.norm(affine[:3, :3], axis=0)))
        header.set_xyzt_units("mm")
        header.set_sform(affine, code=1)
        header.set_qform(affine, code=1)
    # The stored values are written unscaled: slope and intercept stand in the header alone.
    if image.slice_rescale:
        header["scl_slope"] = 0  # "not scaled"; the image's JSON has each slice's
    else:
        header.set_slope_inter(image.slope, image.intercept)
    header["magic"] = b"n+1"
    header["vox_offset"] = 352
    return bytes(header.binaryblock) + b"\0\0\0\0" + volume.tobytes(order="F")


def stack_affine(image: Image) -> npt.NDArray[np.float64] | None:
    """Voxel (x, y, z) to RAS mm; None where the stack is no regular grid."""
    geometry, spacing = image.geometry, image.spacing
    if geometry is None or spacing is None or geometry.step_mm is None:
        return None
    if abs(geometry.tilt_deg) > 0.05:
        return None
    along_row = np.array(geometry.row_direction)
    along_col = np.array(geometry.col_direction)
    affine = np.eye(4)
    affine[:3, 0] = along_row * spacing.col_mm
    affine[:3, 1] = along_col * spacing.row_mm
    affine[:3, 2] = np.cross(along_row, along_col) * geometry.step_mm
    affine[:3, 3] = geometry.origin
    lps_to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    return np.asarray(lps_to_ras @ affine)
