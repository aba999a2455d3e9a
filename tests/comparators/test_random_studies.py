"""2 000 small random studies: the engine's verdict against one written apart from it.

The second implementation uses plain sets of pixels and knows nothing of masks, comparators or
verdicts.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

from tests.studies import choice, document, label
from workstation.comparators.compare import compare
from workstation.domain.image import Eye, Image, ImageKind
from workstation.domain.marks import BoxShape, Mark, PaintedShape, PointShape
from workstation.domain.masks import Mask
from workstation.domain.protocol import protocol_from_dict
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope

SIZE = 12
CLASSES = {"A": "all", "B": "nearest", "C": "optional", "D": "all"}
MUST = "ABD"  # what is not optional


def rules(draw: random.Random) -> dict[str, Any]:
    operator = draw.choice([">", ">="])
    threshold = draw.choice(["0.5", "0.8", "2/3", "0"])
    unit = draw.choice(["image", "eye", "case"])
    return document(
        verdict_unit=draw.choice(["image", "case"]),
        consensus_merge=draw.choice(["intersection", "mean_boundary", "union", "first"]),
        questions=[
            choice("quality", "good", "bad"),
            choice("diagnosis", "normal", "DR", when={"quality": ["good"]}),
            choice("stage", "I", "II", "III", kind="ordinal", when={"diagnosis": ["DR"]}),
        ],
        fovea_class="F",
        lesion_classes=[
            {"code": "F", "label": label("F"), "geometry": "point", "group": "anatomy",
             "color": "#ffffff"},
            *({"code": c, "label": label(c), "geometry": "area", "group": "primary",
               "color": "#00ff00", "completeness": k} for c, k in CLASSES.items()),
        ],
        agreement=[
            {"id": "evaluable", "kind": "not_evaluable", "label": label("e"), "unit": unit,
             "question": "quality", "values": ["bad"], "operator": ">=", "threshold": 1},
            {"id": "diagnosis", "kind": "answer_equal", "label": label("d"), "unit": unit,
             "question": "diagnosis", "operator": ">=", "threshold": 1},
            {"id": "stage", "kind": "ordinal_distance", "label": label("s"), "unit": unit,
             "question": "stage", "operator": "<=", "threshold": draw.choice([0, 1])},
            {"id": "iou", "kind": "lesion_iou", "label": label("i"), "unit": unit,
             "operator": operator, "threshold": threshold},
            {"id": "per_class", "kind": "class_iou", "label": label("c"), "unit": unit,
             "classes": [draw.choice("ABCD")], "operator": operator, "threshold": threshold},
        ],
    )  # fmt: skip


def draw_reading(draw: random.Random, images: list[Image], base: Any) -> Any:
    """Per image: (answers, [(class, pixels)], fovea or None); near to `base` where given."""
    out = {}
    for image in images:
        if base is not None and draw.random() < 0.55:
            out[image.image_id] = base[image.image_id]
            continue
        if base is not None and draw.random() < 0.4:
            # The same outlines under classes of one's own.
            answers, marks, fovea = base[image.image_id]
            renamed = [(draw.choice(["A", "D", code]), pixels) for code, pixels in marks]
            out[image.image_id] = (answers, renamed, fovea)
            continue
        if draw.random() < 0.12:
            out[image.image_id] = ({"quality": "bad"}, [], None)
            continue
        answers = {"quality": "good", "diagnosis": draw.choice(["normal", "DR"])}
        if answers["diagnosis"] == "DR":
            answers["stage"] = draw.choice(["I", "II", "III"])
        marks = []
        for _ in range(draw.choice([0, 0, 1, 1, 2, 4])):
            x, y = draw.randrange(SIZE - 4), draw.randrange(SIZE - 4)
            w, h = draw.choice([(4, 4), (4, 5), (2, 4), (1, 3)])
            pixels = {(y + r, x + c) for r in range(h) for c in range(w) if y + r < SIZE}
            marks.append((draw.choice("ABCD"), pixels))
        fovea = (draw.randrange(SIZE), draw.randrange(SIZE)) if draw.random() < 0.8 else None
        out[image.image_id] = (answers, marks, fovea)
    return out


def body(reading: Any, images: list[Image], painted: bool) -> ReadingBody:
    answers, marks, n = {}, [], 0
    for image in images:
        given, drawn, fovea = reading[image.image_id]
        answers[Scope(Level.IMAGE, image.image_id)] = given
        if fovea is not None:
            n += 1
            marks.append(Mark(f"m{n}", image.image_id, "F", 1, PointShape(fovea[1], fovea[0])))
        for k, (code, pixels) in enumerate(drawn, 1):
            n += 1
            rows, cols = [r for r, _ in pixels], [c for _, c in pixels]
            if painted:
                runs = [
                    (r * SIZE + min(cols), max(cols) - min(cols) + 1) for r in sorted(set(rows))
                ]
                shape = PaintedShape({0: Mask.from_runs(SIZE, SIZE, runs)})
            else:
                shape = BoxShape(min(cols), min(rows), max(cols), max(rows))
            marks.append(Mark(f"m{n}", image.image_id, code, k, shape))
    return ReadingBody(answers, tuple(marks))


# The second opinion


def expected(doc: dict[str, Any], images: list[Image], readings: list[Any]) -> set[str]:
    """Units disputed, as "image:<id>" or "case"."""
    disputed: set[str] = set()
    for a, b in combinations(readings, 2):
        for item in doc["agreement"]:
            for group in groups(images, item["unit"]):
                if not fine(item, group, a, b):
                    if doc["verdict_unit"] == "case":
                        disputed.add("case")
                    else:
                        disputed |= {f"image:{i.image_id}" for i in group}
        for image in images:
            if loses(doc["consensus_merge"], a[image.image_id], b[image.image_id]):
                whole = doc["verdict_unit"] == "case"
                disputed.add("case" if whole else f"image:{image.image_id}")
    return disputed


def loses(rule: str, a: Any, b: Any) -> bool:
    """Whether merging loses a class that must be marked, or pixels both outlined."""
    if rule == "union":
        return False
    drawn = [{c: [p for d, p in read[1] if d == c] for c in CLASSES} for read in (a, b)]
    alone: list[set[tuple[int, int]]] = []
    for code in MUST:
        mine, theirs = drawn[0][code], drawn[1][code]
        if rule == "first":
            if theirs and not mine:
                return True
            continue
        unmet = [[p for p in ours if not any(p & q for q in others)]
                 for ours, others in ((mine, theirs), (theirs, mine))]  # fmt: skip
        if len(unmet[0]) == len(mine) and len(unmet[1]) == len(theirs) and (mine or theirs):
            return True
        alone += unmet[0] + unmet[1]
    counted = [[marks_of(read, code) for code in MUST] for read in (a, b)]
    if not alone or any(found is None for side in counted for found in side):
        return False
    regions = [[p for found in side for p in found or []] for side in counted]
    both = set().union(*regions[0]) & set().union(*regions[1])
    kept = set()
    for code in CLASSES:
        for ours, others in met(drawn[0][code], drawn[1][code]):
            kept |= ours & others if rule == "intersection" else half_way(ours, others)
    return any(p in [*regions[0], *regions[1]] and (p & both) - kept for p in alone)


def met(
    a: list[set[tuple[int, int]]], b: list[set[tuple[int, int]]]
) -> list[tuple[set[tuple[int, int]], set[tuple[int, int]]]]:
    """Pairs of largest total IoU; what is left joins the pair it overlaps most."""
    size = max(len(a), len(b))
    best: tuple[Fraction, list[tuple[int, int]]] = (Fraction(-1), [])
    for order in permutations(range(size)):
        pairs = [(i, j) for i, j in enumerate(order)
                 if i < len(a) and j < len(b) and a[i] & b[j]]  # fmt: skip
        total = sum((Fraction(len(a[i] & b[j]), len(a[i] | b[j])) for i, j in pairs), Fraction(0))
        best = max(best, (total, pairs), key=lambda t: t[0])
    groups = [(set(a[i]), set(b[j])) for i, j in best[1]]
    for side, marks in ((0, a), (1, b)):
        for n, pixels in enumerate(marks):
            if any(pair[side] == n for pair in best[1]):
                continue
            common = [len(pixels & group[1 - side]) for group in groups]
            if common and max(common) > 0:
                groups[common.index(max(common))][side].update(pixels)
    return groups


def half_way(a: set[tuple[int, int]], b: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Pixels of both, and those of one that lie as deep in it as far from the other."""
    around = {(r, c) for r in range(-2, SIZE + 2) for c in range(-2, SIZE + 2)}

    def nearest(p: tuple[int, int], others: set[tuple[int, int]]) -> int:
        return min((p[0] - r) ** 2 + (p[1] - c) ** 2 for r, c in others)

    kept = a & b
    for mine, other in ((a, b), (b, a)):
        kept |= {p for p in mine - other if nearest(p, around - mine) >= nearest(p, other)}
    return kept


def groups(images: list[Image], unit: str) -> list[list[Image]]:
    if unit == "case":
        return [images]
    if unit == "image":
        return [[i] for i in images]
    return [[i for i in images if i.eye is eye] for eye in {i.eye for i in images}]


def meets(value: Fraction, item: dict[str, Any]) -> bool:
    limit = Fraction(str(item["threshold"]))
    return {">": value > limit, ">=": value >= limit, "<=": value <= limit}[item["operator"]]


def fine(item: dict[str, Any], group: list[Image], a: Any, b: Any) -> bool:
    kind = item["kind"]
    if kind == "not_evaluable":
        bad = [(a[i.image_id][0]["quality"] == "bad", b[i.image_id][0]["quality"] == "bad")
               for i in group]  # fmt: skip
        return all(x == y for x, y in bad)
    if kind == "answer_equal":
        return all(a[i.image_id][0].get("diagnosis") == b[i.image_id][0].get("diagnosis")
                   for i in group)  # fmt: skip
    if kind == "ordinal_distance":
        steps = []
        for i in group:
            x, y = a[i.image_id][0].get("stage"), b[i.image_id][0].get("stage")
            if (x is None) != (y is None):
                return False
            if x is not None:
                steps.append(abs(len(x) - len(y)))
        return not steps or max(steps) <= item["threshold"]
    classes = item.get("classes") or MUST
    both, union = 0, 0
    for i in group:
        regions = []
        for reading in (a, b):
            region = set()
            for code in classes:
                found = marks_of(reading[i.image_id], code)
                if found is None:
                    return False
                region |= set().union(*found) if found else set()
            regions.append(region)
        both += len(regions[0] & regions[1])
        union += len(regions[0] | regions[1])
    return union == 0 or meets(Fraction(both, union), item)


def marks_of(read: Any, code: str) -> list[set[tuple[int, int]]] | None:
    """Pixels of the class's marks that count; None where the nearest is not known."""
    _, marks, fovea = read
    # Marks are numbered by their place in the list: the number breaks ties.
    found = [p for c, p in marks if c == code]
    if CLASSES[code] != "nearest" or len(found) < 2:
        return found
    if fovea is None:
        return None

    def squared(pixels: set[tuple[int, int]]) -> Fraction:
        y = Fraction(sum(r for r, _ in pixels), len(pixels)) - fovea[0]
        x = Fraction(sum(c for _, c in pixels), len(pixels)) - fovea[1]
        return x * x + y * y

    return [min(found, key=squared)]


def test_two_thousand_random_studies() -> None:
    draw = random.Random(20260)
    different = []
    outcomes = {True: 0, False: 0}
    for n in range(2000):
        doc = rules(draw)
        layout = draw.choice([(Eye.OD,), (Eye.OD, Eye.OS), (Eye.OD, Eye.OD, Eye.OS)])
        images = [
            Image(f"i{k}", "c", f"F{k}", ImageKind.PHOTOGRAPH, "OP", SIZE, SIZE, 1, 3, "uint8",
                  (), eye, str(k))
            for k, eye in enumerate(layout)
        ]  # fmt: skip
        first = draw_reading(draw, images, None)
        readings = [first]
        for _ in range(draw.choice([1, 1, 2])):
            readings.append(draw_reading(draw, images, first))
        bodies = [body(r, images, painted=draw.random() < 0.5) for r in readings]
        found = compare(protocol_from_dict(doc), images, bodies)
        want = expected(doc, images, readings)
        outcomes[found.agreed] += 1
        if {str(u) for u in found.disputed_units} != want or found.agreed != (not want):
            different.append(n)
    assert different == []
    assert min(outcomes.values()) > 300, "both outcomes must really occur"
