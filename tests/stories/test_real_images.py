"""Real files through the import: a tilted head CT, fundus photographs with lesion masks."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from scipy import ndimage

from tests.studies import Team, document, label, photo, shipped
from workstation.comparators.compare import compare
from workstation.domain.image import ImageKind
from workstation.domain.marks import Mark, PaintedShape
from workstation.domain.masks import Mask
from workstation.domain.protocol import protocol_from_dict
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.exchange.name_pattern import name_pattern
from workstation.services import importing

PLENTY = 1 << 40


def quiet(*_: object) -> None:
    return None


def run(team: Team, *sources: Path, mapping=None) -> importing.ImportResult:
    command = importing.ImportFiles(tuple(sources), "Coordinator", mapping)
    return importing.run_import(team["coordinator"], command, lambda: PLENTY, quiet)[0]


@pytest.fixture
def ct(tmp_path: Path):
    team = Team(tmp_path / "ct.study", shipped("lung_nodule_ct"))
    yield team
    team.close()


def test_a_tilted_head_ct_is_sorted_and_its_oddities_are_said(ct: Team, samples: Path) -> None:
    result = run(ct, samples / "data" / "dcm_qa_ct")
    assert len(result.images) == 1
    image = result.images[0]
    assert (image.kind, image.slices, image.is_target) == (ImageKind.STACK, 28, True)
    assert image.geometry is not None and image.geometry.step_mm is None
    assert list(image.geometry.positions_mm) == sorted(image.geometry.positions_mm)
    codes = {w.partition(":")[0]: w.partition(":")[2] for w in image.warnings}
    assert codes["stack.tilt"] == "18.5"
    assert "stack.gap" in codes and "stack.step" in codes
    assert {r.name.rpartition("/")[2] for r in result.refusals} == {"LICENSE", "README.md"}
    plane = ct["coordinator"].pixels.plane(image, 0)
    assert plane.shape == (512, 512) and plane.dtype == np.int16
    again = run(ct, samples / "data" / "dcm_qa_ct" / "In")
    assert not again.images and {r.code for r in again.refusals} == {"import.duplicate"}


def test_identity_in_a_header_or_in_pixels_stops_a_file(ct: Team, samples: Path) -> None:
    result = run(ct, samples / "data" / "deid-data-us", samples / "data" / "highdicom")
    assert not result.images
    codes = {r.name.rpartition("/")[2]: r.code for r in result.refusals}
    assert codes["GREYSCALE_IMAGE.dcm"] == "identity.element"
    assert codes["ct_image.dcm"] == "identity.element"
    assert codes["sr_document.dcm"] == "dicom.no_pixels"
    told = " ".join(str(r.params) for r in result.refusals)
    assert "Archibald" not in told and "CLEVELAND" not in told


FOLDER = "data/idrid/A. Segmentation"
CLASSES = {"MA": "1. Microaneurysms", "HE": "2. Haemorrhages", "EX": "3. Hard Exudates",
           "SE": "4. Soft Exudates", "OD": "5. Optic Disc"}  # fmt: skip


def masks(samples: Path, number: str) -> dict[str, np.ndarray]:
    root = samples / FOLDER / "2. All Segmentation Groundtruths" / "a. Training Set"
    found = {}
    for code, folder in CLASSES.items():
        path = root / folder / f"IDRiD_{number}_{code}.tif"
        if path.exists():
            pixels = imagecodecs.tiff_decode(path.read_bytes())
            found[code] = pixels.reshape(pixels.shape[0], pixels.shape[1], -1).any(axis=2)
    return found


def test_photographs_keep_their_pixels_and_lose_their_metadata(
    tmp_path: Path, samples: Path
) -> None:
    team = Team(tmp_path / "dr.study", shipped("dr_screening"))
    source = samples / FOLDER / "1. Original Images" / "a. Training Set"
    result = run(team, source, mapping=name_pattern("IDRiD_{patient}"))
    assert [i.rows for i in result.images] == [2848] * 3
    for image in result.images:
        assert image.eye is None  # nobody said which eye it is
        with team["coordinator"].reading() as uow:
            patient = uow.subjects.get(uow.cases.get(image.case_id).subject_id).pseudonym
        data = (source / f"IDRiD_{patient}.jpg").read_bytes()
        kept = team["coordinator"].pixels.encoded(image)
        assert kept[0] == "jpeg" and b"Exif" not in kept[1] and b"adobe" not in kept[1]
        theirs = imagecodecs.jpeg8_decode(data)
        assert np.array_equal(team["coordinator"].pixels.plane(image), theirs)
    with pytest.raises(Exception, match="include.eye_unknown"):
        importing.include(team["coordinator"], result.images[0].case_id)
    team.close()


def rules():
    doc = document()
    doc["lesion_classes"] = [
        {"code": c, "label": label(c), "geometry": "area", "color": "#00ff00",
         "group": "anatomy" if c == "OD" else "primary"} for c in CLASSES
    ]  # fmt: skip
    doc["agreement"].append(
        {"id": "each", "kind": "class_iou", "label": label("each"), "unit": "image",
         "classes": list(CLASSES), "operator": ">", "threshold": "0.80"}
    )  # fmt: skip
    return protocol_from_dict(doc)


@pytest.mark.parametrize(
    ("number", "change", "disputed"),
    [("01", "none", False), ("03", "shift1", None), ("08", "erode", True), ("03", "dilate", True)],
)
def test_real_lesions_compare_as_an_independent_count_says(
    samples, number, change, disputed
) -> None:
    truth = masks(samples, number)
    assert ("SE" in truth) == (number != "01")
    changed = {
        "none": lambda m: m,
        "shift1": lambda m: np.roll(m, 1, axis=1),
        "erode": lambda m: ndimage.binary_erosion(m, iterations=4),
        "dilate": lambda m: ndimage.binary_dilation(m, iterations=4),
    }[change]
    other = {code: changed(mask) for code, mask in truth.items()}
    rows, cols = next(iter(truth.values())).shape
    image = photo(rows=rows, cols=cols)

    def body(found: dict[str, np.ndarray]) -> ReadingBody:
        marks = tuple(
            Mark(code, image.image_id, code, 1, PaintedShape({0: Mask.from_array(mask)}))
            for code, mask in found.items()
            if mask.any()
        )
        given = {"diagnosis": "DR", "stage": "II", "referral": "no"}
        return ReadingBody({Scope(Level.IMAGE, image.image_id): given}, marks)

    found = compare(rules(), [image], [body(truth), body(other)])
    for score in found.scores:
        code = score.evidence.get("class")
        if code in truth:
            both = np.count_nonzero(truth[code] & other[code])
            either = np.count_nonzero(truth[code] | other[code])
            assert (score.evidence["intersection"], score.evidence["union"]) == (both, either)
    lesions = [c for c in truth if c != "OD"]
    a = np.any([truth[c] for c in lesions], axis=0)
    b = np.any([other[c] for c in lesions], axis=0)
    overall = next(s for s in found.scores if s.item_id == "lesion_iou")
    assert overall.evidence["intersection"] == np.count_nonzero(a & b)
    assert overall.evidence["union"] == np.count_nonzero(a | b)
    if disputed is not None:
        assert found.agreed is not disputed
