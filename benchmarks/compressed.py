"""B14: slices of 512 x 512, compressed in five ways, each file read and decoded on one thread by the
product's decoder, beside pydicom with the plug-ins of the test environment.

JPEG-LS and JPEG 2000: the peer has our engine under another binding, so its ratio is information.
Lossless JPEG: no plug-in here decodes it.
"""

import io

import numpy as np
from support import studies
from support.measure import CannotRun, Line, Result, interleaved, timed

FLOOR = "the codec on the streams"
# Name, transfer syntax, pydicom's plug-in (its name in the table), whether it is another engine.
WAYS = (
    ("RLE", "1.2.840.10008.1.2.5", "pydicom", True),
    ("JPEG lossless", "1.2.840.10008.1.2.4.70", "", False),
    ("JPEG-LS", "1.2.840.10008.1.2.4.80", "pyjpegls", False),
    ("JPEG 2000", "1.2.840.10008.1.2.4.90", "pylibjpeg", False),
    ("HTJ2K", "1.2.840.10008.1.2.4.201", "pylibjpeg", True),
)


def run(context):
    from pydicom import dcmread
    from pydicom.pixels import pixel_array

    from workstation.imaging.dicom_decode import decoded_frame

    count, rounds = (6, 3) if context.quick else (40, 7)
    slices = [(hu + 1024).astype(np.uint16) for hu in studies.ct_slices(count)]
    lines = []
    for name, syntax, plugin, different in WAYS:
        files = [_file(pixels, name, syntax) for pixels in slices]
        streams = [_stream(one) for one in files]
        decode = _decoder(name)

        def ours(files=files):
            return [decoded_frame(dcmread(io.BytesIO(one)), 0) for one in files]

        def theirs(files=files, plugin=plugin):
            return [pixel_array(dcmread(io.BytesIO(one)), decoding_plugin=plugin) for one in files]

        def floor(streams=streams, decode=decode):
            return [decode(one) for one in streams]

        candidates = {"ours": ours, FLOOR: floor}
        peer = f"pydicom with {plugin}" if plugin != "pydicom" else "pydicom, its own"
        if plugin:
            candidates[peer] = theirs
            _same(theirs(), slices, peer)
        _same(ours(), slices, "ours")
        found = interleaved({key: timed(work) for key, work in candidates.items()}, rounds)
        lines.append(
            Line(
                f"{count} slices, {name}", found.pop("ours"), found, b_number="B14", floor=FLOOR,
                different_engine=(peer,) if different else (),
            )
        )  # fmt: skip
    return Result(lines, ["one thread; our engines let others run meanwhile, the plug-ins do not"])


def _same(found, slices, who):
    if not all(np.array_equal(a, b) for a, b in zip(found, slices, strict=True)):
        raise CannotRun(f"{who}: other pixels")


def _file(pixels, name, syntax):
    """A file of one slice and the stream in it."""
    from pydicom.encaps import encapsulate

    ds = studies.ct_dataset(pixels, 0)
    ds.RescaleIntercept = "0"
    if name == "RLE":
        ds.PixelData = pixels.tobytes()
        ds.compress(syntax)
    else:
        ds.file_meta.TransferSyntaxUID = syntax
        ds.PixelData = encapsulate([_coded(pixels, name)])
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _stream(file):
    from pydicom import dcmread
    from pydicom.encaps import get_frame

    return get_frame(dcmread(io.BytesIO(file)).PixelData, 0, number_of_frames=1)


def _coded(pixels, name):
    import imagecodecs

    match name:
        case "JPEG lossless":
            return imagecodecs.ljpeg_encode(pixels, bitspersample=12)
        case "JPEG-LS":
            return imagecodecs.jpegls_encode(pixels)
        case "JPEG 2000":
            return imagecodecs.jpeg2k_encode(
                pixels, codecformat="j2k", reversible=True, bitspersample=12
            )
        case _:
            return imagecodecs.htj2k_encode(pixels, reversible=True)


def _decoder(name):
    import imagecodecs

    return {
        "RLE": lambda coded: imagecodecs.dicomrle_decode(coded, "<u2"),
        "JPEG lossless": imagecodecs.ljpeg_decode,
        "JPEG-LS": imagecodecs.jpegls_decode,
        "JPEG 2000": imagecodecs.jpeg2k_decode,
        "HTJ2K": imagecodecs.htj2k_decode,
    }[name]
