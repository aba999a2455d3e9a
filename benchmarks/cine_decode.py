"""B16: a clip of 60 frames as an ultrasound scanner sends it (JPEG, YBR_FULL_422, 1024 x 768) to
RGB, through the product's decoder; the first frame alone, and all.

Ours also proves of each frame that its data reach to its end, by a second decoding: a clip cut off
in transfer is no grey picture.
"""

import io

import numpy as np
from support.measure import CannotRun, Line, Result, interleaved, timed

FLOOR = "libjpeg-turbo on the frames"
PYDICOM, QT = "pydicom, its default plug-in", "QImage on the frames"
ROWS, COLS = 768, 1024
# Two decoders may round colours differently.
NEAR = 2.0


def run(context):
    import imagecodecs
    from pydicom import dcmread
    from pydicom.pixels import pixel_array
    from PySide6.QtGui import QImage

    from workstation.imaging.dicom_decode import decoded_frame

    count = 12 if context.quick else 60
    frames = _frames(count)
    file = _clip(frames)

    def read():
        return dcmread(io.BytesIO(file))

    def ours(numbers):
        dataset = read()
        return np.stack([decoded_frame(dataset, n) for n in numbers])

    def qimage(coded):
        return QImage.fromData(coded, "jpg").convertToFormat(QImage.Format.Format_RGB888)

    theirs = pixel_array(read())
    if np.abs(ours([0]).astype(float) - theirs[0]).mean() > NEAR:
        raise CannotRun("the decoders show other pictures")
    rounds = 3 if context.quick else 7
    every = range(count)
    lines = [
        _line(
            "first frame of a clip", rounds, lambda: ours([0]),
            {
                FLOOR: lambda: imagecodecs.jpeg8_decode(frames[0]),
                PYDICOM: lambda: pixel_array(read(), index=0),
                QT: lambda: qimage(frames[0]),
            },
        ),
        _line(
            f"all {count} frames of a clip", rounds, lambda: ours(every),
            {
                FLOOR: lambda: [imagecodecs.jpeg8_decode(one) for one in frames],
                PYDICOM: lambda: pixel_array(read()),
                QT: lambda: [qimage(one) for one in frames],
            },
        ),
    ]  # fmt: skip
    return Result(lines, ["each of our frames is decoded twice, to prove that it is whole"])


def _line(what, rounds, ours, peers):
    found = interleaved(
        {"ours": timed(ours)} | {name: timed(work) for name, work in peers.items()}, rounds
    )
    # Qt's reader is the library that we use; it proves nothing of the frame's end.
    return Line(
        what, found.pop("ours"), found, b_number="B16", floor=FLOOR, different_engine=(PYDICOM,)
    )


def _frames(count):
    """JPEG streams of a fan with speckle that moves."""
    import imagecodecs

    rng = np.random.default_rng(3)
    y, x = np.mgrid[:ROWS, :COLS].astype(np.float32)
    away = np.hypot(x - COLS / 2, y)
    fan = (away < ROWS * 0.95) & (np.abs(np.arctan2(x - COLS / 2, y + 1)) < 0.7)
    speckle = rng.gamma(1.5, 30, (ROWS, COLS)).astype(np.float32)
    found = []
    for n in range(count):
        grey = np.where(fan, np.roll(speckle, 3 * n, 0) * (1.2 - away / ROWS), 0).clip(0, 255)
        picture = np.repeat(grey.astype(np.uint8)[..., None], 3, 2)
        picture[40:300, 20:40] = (0, 90, 200)  # the bar of a colour scale
        coded = imagecodecs.jpeg8_encode(picture, level=90, subsampling="422")
        found.append(coded + b"\0" * (len(coded) % 2))
    return found


def _clip(frames):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.826.0.1.3680043.10.511.16"
    ds.Modality = "US"
    ds.Rows, ds.Columns, ds.NumberOfFrames = ROWS, COLS, len(frames)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_FULL_422", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = encapsulate(frames)
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()
