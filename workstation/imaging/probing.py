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
from workstation.imaging import colour_profile, dicom_decode, dicom_tables, headers, jpeg
from workstation.imaging.attributes import numbers, placing_attributes, read
from workstation.imaging.spacing import spacing_of
from workstation.imaging.syntaxes import DEFLATED, DEFLATED_FRAME, KNOWN, LOSSY, NATIVE, name_of

MAX_FILE = 2 << 30
MAX_PIXELS = 400_000_000
MAX_BYTES = 2 << 30
MAX_INFLATED = 512 << 20
# The allow-listed attributes hold 64 characters and less (PS3.5 6.2).
MAX_TEXT = 1024

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

_COLOUR_MODELS = (
    "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_RCT", "YBR_ICT",
)  # fmt: skip

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


def _inspect_dicom(data: bytes) -> Reply:
    dataset = _dataset(data)
    header = headers.whole_header(data, ATTRIBUTES)
    attributes: dict[str, Any] = {}
    for keyword in ATTRIBUTES:
        value = headers.ASK if header is None else headers.value(header, keyword)
        if value is headers.ASK:
            value = read(dataset, keyword)
        if value not in (None, "", []):
            attributes[keyword] = value
    _check_values(attributes)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    attributes["TransferSyntaxUID"] = syntax
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise InvalidValue("dicom.float_pixels")
    if "PixelData" not in dataset:
        raise InvalidValue("dicom.no_pixels", sop_class=name_of(attributes.get("SOPClassUID")))
    if syntax not in KNOWN:
        raise InvalidValue("dicom.transfer_syntax", syntax=name_of(syntax))
    attributes["syntax_name"] = name_of(syntax)
    attributes["lossy"] = syntax in LOSSY or attributes.get("LossyImageCompression") == "01"
    rows, cols, frames, samples, bits = (
        _whole(attributes, keyword, default)
        for keyword, default in (
            ("Rows", 0),
            ("Columns", 0),
            ("NumberOfFrames", 1),
            ("SamplesPerPixel", 1),
            ("BitsAllocated", 0),
        )
    )
    _check_size(rows, cols, frames, samples, bits)
    photometric = str(attributes.get("PhotometricInterpretation", ""))
    _check_format(photometric, samples, bits, attributes)
    attributes |= placing_attributes(dataset, frames)
    if photometric == "PALETTE COLOR":
        dicom_tables.palette_of(dataset)  # a table that cannot be used is told of now
        samples = 3
    elif samples == 1:
        attributes |= dicom_tables.grey_tables(dataset)
        _signed_padding(attributes)
        _check_values(attributes)
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
    for keyword, value in attributes.items():
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and len(text) > MAX_TEXT for text in texts):
            raise InvalidValue("dicom.bad_value", attribute=keyword)
    for keyword in _SINGLE:
        if isinstance(attributes.get(keyword), list):
            raise InvalidValue("dicom.bad_value", attribute=keyword)
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if keyword in attributes:
            value = numbers(attributes, keyword, 1)
            if value is None or (keyword == "RescaleSlope" and value[0] == 0):
                raise InvalidValue("dicom.bad_value", attribute=keyword)
    if attributes.get("Modality") == "CT" and "PixelSpacing" in attributes:
        if spacing_of(attributes) is None:
            raise InvalidValue("dicom.bad_value", attribute="PixelSpacing")


def _whole(attributes: Reply, keyword: str, default: int) -> int:
    """A whole number of the header. Raises InvalidValue where it is none."""
    try:
        return int(attributes.get(keyword) or default)
    except (ValueError, TypeError) as error:
        raise InvalidValue("dicom.bad_value", attribute=keyword) from error


def _check_format(photometric: str, samples: int, bits: int, attributes: Reply) -> None:
    """Raises InvalidValue for a depth or colour model that is not read."""
    single = bits == 1 and photometric.startswith("MONOCHROME")
    single = single and attributes["TransferSyntaxUID"] in NATIVE | {DEFLATED_FRAME}
    if not single and (bits not in (8, 16) or samples not in (1, 3)):
        raise InvalidValue("dicom.pixel_format", bits=bits, samples=samples)
    if samples == 1 and photometric in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"):
        return
    if samples == 3 and bits != 8:
        raise InvalidValue("dicom.pixel_format", bits=bits, samples=samples)
    native_420 = photometric == "YBR_PARTIAL_420" and attributes["TransferSyntaxUID"] in NATIVE
    if samples != 3 or photometric not in _COLOUR_MODELS or native_420:
        raise InvalidValue("dicom.photometric", photometric=photometric[:32])


def _signed_padding(attributes: Reply) -> None:
    """Padding of signed pixels that was written as if they were unsigned, as what it is."""
    if attributes.get("PixelRepresentation") != 1:
        return
    for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        value = attributes.get(keyword)
        if isinstance(value, int) and value > 32767:
            attributes[keyword] = value - 65536


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
    """Canonical pixels of one frame, the metadata-free JPEG stream where that is kept, what
    decoded it, the table of its colour profile, and the hash of the file they were read from."""
    opened = _MULTI_FRAME.opened(location)
    if opened is not None:
        return _dicom_plane(opened[0], opened[1], frame)
    data = read_bytes(location)
    sha256 = hashlib.sha256(data).hexdigest()
    if data[128:132] == b"DICM":
        dataset = _dataset(data)
        _MULTI_FRAME.keep(location, dataset, sha256)
        return _dicom_plane(dataset, sha256, frame)
    pixels, coded = _decode_photo(data)
    suspect = bool(coded) and _ends_early(pixels, coded)
    warnings = ["photo.maybe_damaged"] if suspect else []
    pixels = rgb(pixels)
    table = _table(colour_profile.of_photo(data), pixels, warnings)
    decoder = decoder_of_photo(data)
    return DecodedPlane(pixels, coded, sha256, tuple(warnings), decoder, table)


def overlays(location: tuple[str, str], frame: int) -> DecodedPlane:
    """The overlays of a DICOM frame laid together, 0 or 1; of a photograph, which has none, 0."""
    data = read_bytes(location)
    sha256 = hashlib.sha256(data).hexdigest()
    if data[128:132] != b"DICM":
        return DecodedPlane(np.zeros(rgb(_decode_photo(data)[0]).shape[:2], np.uint8), b"", sha256)
    return DecodedPlane(dicom_decode.overlay_mask(_dataset(data), frame), b"", sha256)


def _dicom_plane(dataset: Any, sha256: str, frame: int) -> DecodedPlane:
    pixels = dicom_decode.decoded_frame(dataset, frame)
    warnings: list[str] = []
    table = _table(colour_profile.of_dicom(dataset), pixels, warnings)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    decoder = dicom_decode.decoder_of(syntax)
    return DecodedPlane(pixels, b"", sha256, tuple(warnings), decoder, table)


def _table(profile: bytes, pixels: npt.NDArray[np.generic], warnings: list[str]) -> bytes:
    """The profile's table, empty where colours need none; a warning where it cannot be made."""
    if not profile or pixels.ndim != 3:
        return b""
    table = colour_profile.table_of(profile)
    if table is None:
        warnings.append("photo.profile_unusable")
    return table or b""


class _LastMultiFrame:
    """The file with many frames read last stays open: each of its frames is asked for singly."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._held: tuple[Any, str] | None = None

    def opened(self, location: tuple[str, str]) -> tuple[Any, str] | None:
        """The dataset and the file's hash, while the file is as it was."""
        return self._held if self._held is not None and _state(location) == self._key else None

    def keep(self, location: tuple[str, str], dataset: Any, sha256: str) -> None:
        self._held = None
        if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
            self._key, self._held = _state(location), (dataset, sha256)


def _state(location: tuple[str, str]) -> tuple[object, ...]:
    try:
        found = Path(location[0]).stat()
    except OSError:
        return ()
    return (*location, found.st_size, found.st_mtime_ns)


_MULTI_FRAME = _LastMultiFrame()


def decoder_of_photo(data: bytes) -> str:
    """Which decoder, of which version, makes the pixels of a photograph."""
    import imagecodecs

    codec = "jpeg8" if data[:2] == b"\xff\xd8" else "png" if data[:4] == b"\x89PNG" else "tiff"
    return f"imagecodecs {imagecodecs.__version__} {getattr(imagecodecs, f'{codec}_version')()}"


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
