"""Protocols that would decide something else than they say are refused, naming the place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.studies import choice, document, label, shipped
from workstation import messages
from workstation.bootstrap import Opener
from workstation.comparators.registry import comparators
from workstation.domain.errors import InvalidValue
from workstation.paths import resources_dir
from workstation.services.protocol_check import checked_protocol

Change = Callable[[dict[str, Any]], object]


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "one", "kind": kind, "label": label("one"), "unit": "image", "operator": ">=",
            "threshold": 1, **more}  # fmt: skip


def with_item(kind: str, **more: Any) -> Change:
    return lambda d: d["agreement"].append(item(kind, **more))


def set_in(*path: Any, to: Any) -> Change:
    def change(d: dict[str, Any]) -> None:
        for step in path[:-1]:
            d = d[step]
        d[path[-1]] = to

    return change


def attribute_of_lesion(d: dict[str, Any]) -> None:
    kept = choice("type", "a", "b")
    kept.pop("level")
    d["lesion_classes"][0]["attributes"] = [kept]
    d["lesion_classes"].append({**d["lesion_classes"][0], "code": "PLAIN", "attributes": []})


WRONG: dict[str, tuple[Change, str, str, str]] = {
    # what is changed -> code, place, what is named
    "misspelt kind": (with_item("lesion_iuo"), "protocol.choice", "agreement.one", "lesion_iuo"),
    "no question": (with_item("answer_equal"), "protocol.item_needs", "agreement.one", "question"),
    "no values": (
        with_item("decision_boundary", question="stage"),
        "protocol.item_needs", "agreement.one", "values",
    ),
    "not_evaluable without values": (
        with_item("not_evaluable", question="diagnosis", values=[]),
        "protocol.item_needs", "agreement.one", "values",
    ),
    "no classes": (with_item("class_iou"), "protocol.item_needs", "agreement.one", "classes"),
    "objects without classes": (
        with_item("objects", classes=[]), "protocol.item_needs", "agreement.one", "classes",
    ),
    "classes nobody looks at": (
        with_item("lesion_iou", classes=["LESION"]),
        "protocol.item_unneeded", "agreement.one", "classes",
    ),
    "unknown class": (
        with_item("class_iou", classes=["LESIONS"]),
        "protocol.unknown_code", "agreement.one", "LESIONS",
    ),
    "unknown question": (
        with_item("answer_equal", question="diagnose"),
        "protocol.unknown_code", "agreement.one", "diagnose",
    ),
    "unknown value": (
        with_item("decision_boundary", question="stage", values=["VII"]),
        "protocol.unknown_code", "agreement.one", "VII",
    ),
    "classes as a text": (
        with_item("class_iou", classes="LESION"), "protocol.field", "agreement.one", "classes",
    ),
    "distance of unordered categories": (
        with_item("ordinal_distance", question="diagnosis"),
        "protocol.question_kind", "agreement.one", "diagnosis",
    ),
    "number of a choice": (
        with_item("number_distance", question="stage"),
        "protocol.question_kind", "agreement.one", "stage",
    ),
    "no reasons": (
        set_in("arbitration", "reasons", to=[]),
        "protocol.reasons", "arbitration.reasons", "",
    ),
    "reasons left out": (
        lambda d: d["arbitration"].pop("reasons"), "protocol.reasons", "arbitration.reasons", "",
    ),
    "a reason twice": (
        lambda d: d["arbitration"]["reasons"].append(d["arbitration"]["reasons"][0]),
        "protocol.reasons", "arbitration.reasons", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_protocol_is_refused(what: str) -> None:
    change, code, where, named = WRONG[what]
    wrong = copy.deepcopy(document())
    change(wrong)
    with pytest.raises(InvalidValue) as caught:
        checked_protocol(wrong)
    assert caught.value.code == code
    assert caught.value.params["where"] == where
    said = messages.sentence(caught.value)
    assert where in said and named in said and "{" not in said


def test_an_attribute_rule_names_an_attribute_of_every_class() -> None:
    right = copy.deepcopy(document())
    attribute_of_lesion(right)
    right["agreement"].append(item("object_attribute", question="type", classes=["LESION"]))
    checked_protocol(right)
    for question, classes in (("diagnosis", ["LESION"]), ("type", ["LESION", "PLAIN"])):
        right["agreement"][-1] = item("object_attribute", question=question, classes=classes)
        with pytest.raises(InvalidValue, match="protocol.not_an_attribute"):
            checked_protocol(right)


def test_an_attribute_is_no_answer_of_the_form() -> None:
    wrong = copy.deepcopy(document())
    attribute_of_lesion(wrong)
    wrong["agreement"].append(item("answer_equal", question="type"))
    with pytest.raises(InvalidValue, match="protocol.question_kind"):
        checked_protocol(wrong)


def test_a_class_demanded_by_an_answer_nobody_can_give() -> None:
    wrong = copy.deepcopy(document())
    wrong["lesion_classes"][0]["required_when"] = {"diagnosis": ["Dr"]}
    with pytest.raises(InvalidValue, match="schema.condition_value"):
        checked_protocol(wrong)


def test_files_and_new_studies_go_through_the_check(tmp_path) -> None:
    wrong = copy.deepcopy(document())
    wrong["agreement"][0]["kind"] = "answers_equal"
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong), "utf-8")
    with pytest.raises(InvalidValue, match="protocol.choice"):
        Opener().protocol(str(tmp_path / "wrong.yaml"))


@pytest.mark.parametrize("name", ["dr_screening", "lung_nodule_ct"])
def test_shipped_protocols_pass(name: str) -> None:
    assert (resources_dir() / "protocols" / f"{name}.yaml").is_file()
    assert {i.kind for i in checked_protocol(shipped(name)).agreement} <= set(comparators())
