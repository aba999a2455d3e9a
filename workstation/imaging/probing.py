"""Inside the child: look into one file and decode one frame. No keys, no store, no network.

Everything here may meet hostile bytes: sizes are computed in Python integers and checked before
anything is allocated; what is not understood is refused with a code.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue
from workstation.domain.intake import DecodedPlane
from workstation.imaging import headers, jpeg
from workstation.imaging.series import STACKED, numbers, spacing_of

MAX_FILE = 2 << 30
MAX_PIXELS = 400_000_000
MAX_BYTES = 2 << 30
MAX_INFLATED = 512 << 20

DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, DEFLATED})
RLE = "1.2.840.10008.1.2.5"
JPEG_8 = frozenset({"1.2.840.10008.1.2.4.50"})
JPEG_12 = frozenset({"1.2.840.10008.1.2.4.51"})
JPEG_LOSSLESS = frozenset({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"})
JPEG_LS = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})
JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
HTJ2K = frozenset({f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203)})
LOSSY = (
    JPEG_8
    | JPEG_12
    | {"1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"}
)

ATTRIBUTES = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Modality",
    "PatientID",
    "PatientSex",
    "Manufacturer",
    "ManufacturerModelName",
    "KVP",
    "ConvolutionKernel",
    "SliceThickness",
    "BodyPartExamined",
    "ImageType",
    "InstanceNumber",
    "AcquisitionNumber",
    "EchoTime",
    "TemporalPositionIdentifier",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "RescaleSlope",
    "RescaleIntercept",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ImageLaterality",
    "Laterality",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "BurnedInAnnotation",
    "PatientIdentityRemoved",
    "PresentationLUTShape",
    "GantryDetectorTilt",
)

IDENTITY = (
    "PatientName",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "AccessionNumber",
    "InstitutionName",
    "InstitutionAddress",
    "ReferringPhysicianName",
    "ReferringPhysicianAddress",
    "PerformingPhysicianName",
    "PhysiciansOfRecord",
    "NameOfPhysiciansReadingStudy",
    "OperatorsName",
    "RequestingPhysician",
    "PatientComments",
    "AdditionalPatientHistory",
    "MedicalRecordLocator",
    "ResponsiblePerson",
    "CurrentPatientLocation",
    "PatientInstitutionResidence",
    "MilitaryRank",
    "Occupation",
    "IssuerOfPatientID",
    "AdmissionID",
)

Reply = dict[str, Any]

# What zipfile raises for archives that are broken, cut, of an unknown version or wrongly named.
ARCHIVE_ERRORS = (
    OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError,
    NotImplementedError, RuntimeError, UnicodeError, OverflowError,
)  # fmt: skip
# Attributes that hold one value; a list of them would be guessed from.
_SINGLE = (
    "PatientID", "Modality", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID",
    "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "RescaleSlope",
    "RescaleIntercept", "ImageLaterality", "Laterality",
)  # fmt: skip


def read_bytes(location: tuple[str, str]) -> bytes:
    """The file's bytes. Raises InvalidValue where it is too large, encrypted or unreadable."""
    path, member_text = location
    try:
        if not member_text:
            if Path(path).stat().st_size > MAX_FILE:
                raise InvalidValue("file.too_large", limit_mib=MAX_FILE >> 20)
            return Path(path).read_bytes()
        archive = _ARCHIVE.opened(path)
        info = _member(archive, member_text)
        if info.flag_bits & 1:
            raise InvalidValue("file.encrypted")
        if info.file_size > MAX_FILE:
            raise InvalidValue("file.too_large", limit_mib=MAX_FILE >> 20)
        with archive.open(info) as data:
            return data.read(MAX_FILE + 1)[: info.file_size]
    except ARCHIVE_ERRORS as error:
        raise InvalidValue("file.unreadable") from error


def member(number: int, info: zipfile.ZipInfo) -> str:
    """What finds the member again: its place, as names may stand twice, and its name."""
    return f"{number}:{info.filename}"


def _member(archive: zipfile.ZipFile, text: str) -> zipfile.ZipInfo:
    number, _, name = text.partition(":")
    entries = archive.infolist()
    if int(number) >= len(entries) or entries[int(number)].filename != name:
        raise InvalidValue("file.unreadable")  # the archive was exchanged since it was listed
    return entries[int(number)]


class _LastArchive:
    """The archive read last stays open: its directory is long, and is asked for each member."""

    def __init__(self) -> None:
        self._key: tuple[str, int, int] | None = None
        self._archive: zipfile.ZipFile | None = None

    def opened(self, path: str) -> zipfile.ZipFile:
        found = Path(path).stat()
        key = (path, found.st_size, found.st_mtime_ns)
        if self._archive is None or key != self._key:
            if self._archive is not None:
                self._archive.close()
                self._archive = None
            self._archive, self._key = zipfile.ZipFile(path), key
        return self._archive


_ARCHIVE = _LastArchive()


def inspect(location: tuple[str, str]) -> Reply:
    """What the file is: kind, hash, size, allow-listed attributes, identity-bearing text."""
    data = read_bytes(location)
    reply: Reply = {"sha256": hashlib.sha256(data).hexdigest()}
    if data[128:132] == b"DICM":
        reply |= _inspect_dicom(data)
    elif data[:3] == b"\xff\xd8\xff":
        head = jpeg.frame(data)
        if head.bits != 8 or head.samples not in (1, 3):
            raise InvalidValue("photo.unsupported", bits=head.bits, samples=head.samples)
        _check_size(head.rows, head.cols, 1, head.samples, 8)
        reply |= _photo("jpeg", head.rows, head.cols, head.samples, jpeg.metadata(data))
        reply["attributes"] = {"exif_orientation": jpeg.orientation(data)}
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        reply |= _inspect_png(data)
    elif data[:4] in (b"II*\0", b"MM\0*"):
        reply |= _inspect_tiff(data)
    elif data[:4] in (b"PK\3\4", b"PK\5\6"):
        raise InvalidValue("file.archive")
    else:
        raise InvalidValue("file.no_image")
    return reply


def _photo(kind: str, rows: int, cols: int, samples: int, identity: dict[str, str]) -> Reply:
    return {
        "kind": kind,
        "rows": rows,
        "cols": cols,
        "frames": 1,
        "samples": samples,
        "identity": identity,
        "attributes": {},
    }


def _check_size(rows: int, cols: int, frames: int, samples: int, bits: int) -> None:
    if rows <= 0 or cols <= 0 or frames <= 0:
        raise InvalidValue("image.no_size", rows=rows, cols=cols)
    if rows * cols > MAX_PIXELS or rows * cols * frames * samples * -(-bits // 8) > MAX_BYTES:
        raise InvalidValue("image.too_large", rows=rows, cols=cols, frames=frames)


_TIFF_COLOURS = {
    0: "white is zero", 1: "black is zero", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK",
    6: "YCbCr", 8: "CIELab", 9: "ICCLab", 10: "ITULab",
}  # fmt: skip


def _inspect_tiff(data: bytes) -> Reply:
    """Grey and RGB of one page are read; other colour models would be shown in wrong colours."""
    head = jpeg.tiff_head(data)
    if head is None:
        raise InvalidValue("photo.damaged", kind="tiff")
    _check_size(head.rows, head.cols, 1, 4, 16)
    if head.pages > 1:
        raise InvalidValue("photo.several_pages")
    grey = head.photometric in (0, 1) and head.samples in (1, 2)
    if not grey and not (head.photometric == 2 and head.samples in (3, 4)):
        name = _TIFF_COLOURS.get(head.photometric, str(head.photometric))
        raise InvalidValue("photo.colour_model", model=name, samples=head.samples)
    identity = {f"TIFF {k}": v for k, v in jpeg.tiff_text(data).items()}
    reply = _photo("tiff", head.rows, head.cols, 1 if grey else 3, identity)
    reply["attributes"] = {"exif_orientation": head.orientation}
    if head.photometric == 0:
        reply["attributes"]["PhotometricInterpretation"] = "MONOCHROME1"
    return reply


def _inspect_png(data: bytes) -> Reply:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise InvalidValue("photo.damaged", kind="png")
    cols, rows, bits, color = struct.unpack_from(">IIBB", data, 16)
    samples = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(color, 0)
    if bits not in (8, 16) or not samples or (bits == 16 and samples > 1):
        raise InvalidValue("photo.unsupported", bits=bits, samples=samples)
    _check_size(rows, cols, 1, samples, bits)
    identity: dict[str, str] = {}
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            identity[kind.decode()] = data[at + 8 : at + 8 + min(length, 4096)].decode(
                "utf-8", "replace"
            )
        if kind == b"acTL":
            raise InvalidValue("photo.several_pages")
        if kind == b"IEND":
            break
        at += 12 + length
    return _photo("png", rows, cols, 1 if samples < 3 else 3, identity)


# DICOM


def _dataset(data: bytes) -> Any:
    import pydicom

    if _transfer_syntax(data) == DEFLATED:
        data = _inflated(data)
    try:
        return pydicom.dcmread(io.BytesIO(data), force=False)
    except MemoryError:
        raise
    except Exception as error:
        raise InvalidValue("dicom.damaged") from error


def _transfer_syntax(data: bytes) -> str:
    """Value of (0002,0010) in the meta header, which is always Explicit VR Little Endian."""
    at = data.find(b"\x02\x00\x10\x00UI", 132, 132 + 4096)
    if at < 0:
        raise InvalidValue("dicom.damaged")
    (length,) = struct.unpack_from("<H", data, at + 6)
    return data[at + 8 : at + 8 + length].rstrip(b"\0 ").decode("ascii", "replace")


def _inflated(data: bytes) -> bytes:
    """A deflated file whose dataset inflates to no more than the limit, deflated again at level 0
    for the reader, so that nothing inflates unbounded."""
    if len(data) < 144 or data[132:138] != b"\x02\x00\x00\x00UL":
        raise InvalidValue("dicom.damaged")
    head = 144 + int(struct.unpack_from("<I", data, 140)[0])
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(data[head:], MAX_INFLATED)
    except zlib.error as error:
        raise InvalidValue("dicom.damaged") from error
    if inflater.unconsumed_tail:
        raise InvalidValue("file.too_large", limit_mib=MAX_INFLATED >> 20)
    deflater = zlib.compressobj(0, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[:head] + deflater.compress(plain) + deflater.flush()


def _plain(value: Any) -> Any:
    """An allow-listed value as plain JSON."""
    from pydicom.multival import MultiValue

    if value is None:
        return None
    if isinstance(value, (MultiValue, list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value)


def _inspect_dicom(data: bytes) -> Reply:
    dataset = _dataset(data)
    header = headers.whole_header(data, ATTRIBUTES)
    attributes: dict[str, Any] = {}
    for keyword in ATTRIBUTES:
        try:
            value = headers.ASK if header is None else headers.value(header, keyword)
            if value is headers.ASK:
                value = _plain(dataset.get(keyword))
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidValue("dicom.bad_value", attribute=keyword) from error
        if value not in (None, "", []):
            attributes[keyword] = value
    _check_values(attributes)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    attributes["TransferSyntaxUID"] = syntax
    if "PixelData" not in dataset:
        raise InvalidValue("dicom.no_pixels", sop_class=_name(attributes.get("SOPClassUID")))
    known = NATIVE | {RLE} | JPEG_8 | JPEG_12 | JPEG_LOSSLESS | JPEG_LS | JPEG_2000 | HTJ2K
    if syntax not in known:
        raise InvalidValue("dicom.transfer_syntax", syntax=_name(syntax))
    for refused in ("ModalityLUTSequence",):
        if refused in dataset:
            raise InvalidValue("dicom.unsupported_part", part=refused)
    if "VOILUTSequence" in dataset:
        attributes["has_voi_lut"] = True
    attributes["syntax_name"] = _name(syntax)
    attributes["lossy"] = syntax in LOSSY or attributes.get("LossyImageCompression") == "01"
    rows, cols = int(attributes.get("Rows", 0)), int(attributes.get("Columns", 0))
    frames = int(attributes.get("NumberOfFrames", 1) or 1)
    samples = int(attributes.get("SamplesPerPixel", 1))
    bits = int(attributes.get("BitsAllocated", 0))
    _check_size(rows, cols, frames, samples, bits)
    if bits not in (8, 16) or samples not in (1, 3):
        raise InvalidValue("dicom.pixel_format", bits=bits, samples=samples)
    photometric = attributes.get("PhotometricInterpretation", "")
    grey = photometric in ("MONOCHROME1", "MONOCHROME2") and samples == 1
    color = (
        samples == 3
        and bits == 8
        and photometric
        in (
            "RGB",
            "YBR_FULL",
            "YBR_FULL_422",
            "YBR_RCT",
            "YBR_ICT",
        )
    )
    if not grey and not color:
        raise InvalidValue("dicom.photometric", photometric=str(photometric)[:32])
    return {
        "kind": "dicom",
        "rows": rows,
        "cols": cols,
        "frames": frames,
        "samples": samples,
        "attributes": attributes,
        "identity": _dicom_identity(dataset, header),
    }


def _check_values(attributes: Reply) -> None:
    """What decides on patient, series and measure is one value, and a usable one."""
    for keyword in _SINGLE:
        if isinstance(attributes.get(keyword), list):
            raise InvalidValue("dicom.bad_value", attribute=keyword)
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if keyword in attributes:
            value = numbers(attributes, keyword, 1)
            if value is None or (keyword == "RescaleSlope" and value[0] == 0):
                raise InvalidValue("dicom.bad_value", attribute=keyword)
    if attributes.get("Modality") in STACKED and "PixelSpacing" in attributes:
        if spacing_of(attributes) is None:
            raise InvalidValue("dicom.bad_value", attribute="PixelSpacing")


def _name(uid: Any) -> str:
    from pydicom.uid import UID

    text = str(uid or "")
    return UID(text).name if text else "?"


def _dicom_identity(dataset: Any, header: headers.Header | None) -> dict[str, str]:
    """Non-empty identity-bearing elements, nested ones and every person name included.

    Where the header shows for certain that all of them stand at the top, only those are asked for.
    """
    found: dict[str, str] = {}
    borne = None if header is None else headers.bearing(header, IDENTITY)
    sure = borne is not None and not borne[1]
    try:
        for element in (dataset[tag] for tag in borne[0]) if sure else dataset.iterall():
            if element.VR == "PN" or element.keyword in IDENTITY:
                text = str(element.value or "").strip()
                keyword = element.keyword or str(element.tag)
                if text:
                    found.setdefault(keyword, text[:256])
    except Exception as error:
        raise InvalidValue("dicom.damaged") from error
    return found


def decode(location: tuple[str, str], frame: int) -> DecodedPlane:
    """Canonical pixels of one frame, the metadata-free JPEG stream where that is kept, and the
    hash of the file they were read from."""
    data = read_bytes(location)
    sha256 = hashlib.sha256(data).hexdigest()
    if data[128:132] == b"DICM":
        return DecodedPlane(_decode_dicom(data, frame), b"", sha256)
    pixels, coded = _decode_photo(data)
    suspect = bool(coded) and _ends_early(pixels, coded)
    return DecodedPlane(rgb(pixels), coded, sha256, ("photo.maybe_damaged",) if suspect else ())


def _ends_early(pixels: npt.NDArray[np.generic], coded: bytes) -> bool:
    """Whether a JPEG's picture was complete before its data were. Raises InvalidValue where the
    data are over before the picture is complete: the decoder fills up with grey and says nothing.
    """
    import imagecodecs

    if not jpeg.huffman(coded):
        return False
    if not np.array_equal(pixels, imagecodecs.jpeg8_decode(jpeg.with_more_data(coded))):
        raise InvalidValue("photo.damaged", kind="jpeg")
    other = jpeg.with_other_end(coded)
    if other is None or (pixels == pixels[0, 0]).all():
        return False  # of one colour all over, it may be the same from any data
    try:
        return bool(np.array_equal(pixels, imagecodecs.jpeg8_decode(other)))
    except (RuntimeError, ValueError):
        return False


def _decode_photo(data: bytes) -> tuple[npt.NDArray[np.generic], bytes]:
    import imagecodecs

    coded = b""
    try:
        if data[:2] == b"\xff\xd8":
            coded = jpeg.without_metadata(data)
            pixels = imagecodecs.jpeg8_decode(coded)
            if not np.array_equal(pixels, imagecodecs.jpeg8_decode(data)):
                raise InvalidValue("photo.damaged", kind="jpeg")
        elif data[:4] == b"\x89PNG":
            pixels = imagecodecs.png_decode(data)
        else:
            pixels = imagecodecs.tiff_decode(data)
    except (RuntimeError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue("photo.damaged", kind="image") from error
    return pixels, coded


def rgb(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """uint8 (rows, cols, 3), or (rows, cols) grey of 8 or 16 bit.

    Raises InvalidValue for real transparency or a depth that would have to be reduced.
    """
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        if (pixels[..., -1] != np.iinfo(pixels.dtype).max).any():
            raise InvalidValue("photo.transparent")
        pixels = pixels[..., :-1]
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and (pixels.shape[2] != 3 or pixels.dtype != np.uint8):
        raise InvalidValue(
            "photo.unsupported", bits=pixels.dtype.itemsize * 8, samples=int(pixels.shape[2])
        )
    if pixels.ndim not in (2, 3) or pixels.dtype not in (np.uint8, np.uint16):
        raise InvalidValue("photo.unsupported", bits=pixels.dtype.itemsize * 8, samples=1)
    return np.ascontiguousarray(pixels)


def _decode_dicom(data: bytes, frame: int) -> npt.NDArray[np.generic]:
    dataset = _dataset(data)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    rows, cols = int(dataset.Rows), int(dataset.Columns)
    samples = int(dataset.get("SamplesPerPixel", 1))
    photometric = str(dataset.PhotometricInterpretation)
    if syntax in NATIVE:
        pixels = _native(dataset, syntax, frame, rows, cols, samples, photometric)
        coded_color = photometric
    else:
        pixels, coded_color = _encapsulated(dataset, syntax, frame, photometric)
    if samples == 3:
        if pixels.shape != (rows, cols, 3):
            raise InvalidValue("dicom.frame_size")
        if coded_color in ("YBR_FULL", "YBR_FULL_422"):
            pixels = ybr_to_rgb(pixels)
        return np.ascontiguousarray(pixels.astype(np.uint8, copy=False))
    if pixels.shape != (rows, cols):
        raise InvalidValue("dicom.frame_size")
    return stored_values(pixels, dataset)


def _native(
    dataset: Any, syntax: str, frame: int, rows: int, cols: int, samples: int, photometric: str
) -> npt.NDArray[np.generic]:
    bits = int(dataset.BitsAllocated)
    raw = dataset.PixelData
    per_pixel = samples * bits // 8
    if photometric == "YBR_FULL_422":
        return _native_422(raw, frame, rows, cols)
    size = rows * cols * per_pixel
    part = raw[frame * size : (frame + 1) * size]
    if len(part) != size:
        raise InvalidValue("dicom.pixels_short", found=len(raw), needed=(frame + 1) * size)
    order = ">" if syntax == BIG_ENDIAN else "<"
    flat = np.frombuffer(part, np.dtype(f"{order}u{bits // 8}"))
    if syntax == BIG_ENDIAN and bits == 8 and str(dataset["PixelData"].VR) == "OW":
        flat = flat.reshape(-1, 2)[:, ::-1].reshape(-1)
    if samples == 1:
        return flat.reshape(rows, cols)
    if int(dataset.get("PlanarConfiguration", 0)) == 1:
        return flat.reshape(3, rows, cols).transpose(1, 2, 0)
    return flat.reshape(rows, cols, 3)


def _native_422(raw: bytes, frame: int, rows: int, cols: int) -> npt.NDArray[np.generic]:
    """Y1 Y2 Cb Cr for every two pixels of a row."""
    size = rows * cols * 2
    part = raw[frame * size : (frame + 1) * size]
    if len(part) != size or cols % 2:
        raise InvalidValue("dicom.pixels_short", found=len(raw), needed=(frame + 1) * size)
    quads = np.frombuffer(part, np.uint8).reshape(rows, cols // 2, 4)
    out = np.empty((rows, cols, 3), np.uint8)
    out[:, 0::2, 0], out[:, 1::2, 0] = quads[..., 0], quads[..., 1]
    out[..., 1] = np.repeat(quads[..., 2], 2, axis=1)
    out[..., 2] = np.repeat(quads[..., 3], 2, axis=1)
    return out


def _encapsulated(
    dataset: Any, syntax: str, frame: int, photometric: str
) -> tuple[npt.NDArray[np.generic], str]:
    """Decoded frame and the colour space it is in."""
    import imagecodecs
    from pydicom.encaps import get_frame

    count = int(dataset.get("NumberOfFrames", 1) or 1)
    try:
        coded = get_frame(dataset.PixelData, frame, number_of_frames=count)
        if syntax == RLE:
            from pydicom.pixels import pixel_array

            return np.asarray(pixel_array(dataset, index=frame, raw=True)), photometric
        if syntax in JPEG_8:
            # libjpeg undoes YCbCr where the stream says so; an RGB photometric with a plain
            # three-component stream is taken at its word.
            space = "RGB" if photometric == "RGB" and b"JFIF" not in coded[:32] else None
            return np.asarray(imagecodecs.jpeg8_decode(coded, colorspace=space)), "RGB"
        if syntax in JPEG_12:
            return np.asarray(imagecodecs.jpeg_decode(coded)), "RGB"
        if syntax in JPEG_LOSSLESS:
            return np.asarray(imagecodecs.ljpeg_decode(coded)), photometric
        if syntax in JPEG_LS:
            return np.asarray(imagecodecs.jpegls_decode(coded)), photometric
        if syntax in JPEG_2000:
            return np.asarray(imagecodecs.jpeg2k_decode(coded)), (
                "RGB" if photometric in ("YBR_RCT", "YBR_ICT") else photometric
            )
        return np.asarray(imagecodecs.htj2k_decode(coded)), (
            "RGB" if photometric in ("YBR_RCT", "YBR_ICT") else photometric
        )
    except InvalidValue:
        raise
    except Exception as error:
        raise InvalidValue("dicom.undecodable", syntax=_name(syntax)) from error


def stored_values(pixels: npt.NDArray[np.generic], dataset: Any) -> npt.NDArray[np.generic]:
    """Masked to the stored bits and sign-extended (PS3.5 8.1.1); uint8, uint16 or int16."""
    allocated = int(dataset.BitsAllocated)
    stored = int(dataset.get("BitsStored", allocated))
    high = int(dataset.get("HighBit", stored - 1))
    if not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise InvalidValue("dicom.bits", stored=stored, high=high, allocated=allocated)
    wide = pixels.astype(np.int64) & ((1 << allocated) - 1)
    value = (wide >> (high + 1 - stored)) & ((1 << stored) - 1)
    if int(dataset.get("PixelRepresentation", 0)) == 1:
        sign = 1 << (stored - 1)
        value = (value ^ sign) - sign
        return value.astype(np.int16)
    return value.astype(np.uint8 if stored <= 8 else np.uint16)


def ybr_to_rgb(ybr: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """YBR_FULL to RGB (PS3.3 C.7.6.3.1.2)."""
    y, cb, cr = (ybr[..., i].astype(np.float64) for i in range(3))
    cb, cr = cb - 128, cr - 128
    out = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)
