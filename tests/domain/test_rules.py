"""Case life, blinding and fingerprints."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.arbitration import DisputeState
from workstation.domain.blinding import Field, Relation, require_visible, visible
from workstation.domain.case import TRANSITIONS, CaseState, moved
from workstation.domain.dataset import (
    PayloadFile,
    fingerprint,
    merkle_root,
    next_version,
)
from workstation.domain.errors import InvalidValue, RuleViolation
from workstation.domain.people import Person, Role

names = st.text("abcdefghijklmnop/", min_size=1, max_size=12).filter(
    lambda p: all(part not in ("", ".", "..") for part in p.split("/"))
)


@given(st.sampled_from(list(CaseState)), st.sampled_from(list(CaseState)))
def test_a_case_moves_along_the_table_only(state: CaseState, to: CaseState) -> None:
    if to in TRANSITIONS[state]:
        assert moved(state, to) is to
    else:
        with pytest.raises(RuleViolation, match="case.transition"):
            moved(state, to)


@given(
    st.sampled_from(list(Role)), st.sampled_from(list(Relation)), st.sampled_from(list(CaseState)),
    st.one_of(st.none(), st.sampled_from(list(DisputeState))),
)  # fmt: skip
def test_no_reader_ever_sees_the_other_reading(role, relation, state, dispute) -> None:
    seen = {field for field in Field if visible(field, role, relation, state, dispute)}
    if role is Role.READER or role is Role.COORDINATOR:
        assert Field.OTHER_READING not in seen
    else:
        revealed = dispute in (DisputeState.REVEALED, DisputeState.RESOLVED)
        assert (Field.OTHER_READING in seen) == (
            revealed and relation is Relation.ARBITRATOR_OF_CASE
        )
        assert (Field.VERDICT in seen) == (Field.OTHER_READING in seen)
    if role is Role.READER:
        assert seen <= {Field.IMAGES, Field.OWN_READING}
    if role is not Role.COORDINATOR:
        assert not seen & {Field.PROGRESS, Field.STATISTICS, Field.REFERENCE}
    if relation is Relation.READER_OF_CASE and role is Role.ARBITRATOR:
        assert not seen
    for field in Field:
        if field in seen:
            require_visible(field, role, relation, state, dispute)
        else:
            with pytest.raises(RuleViolation):
                require_visible(field, role, relation, state, dispute)


def test_a_coordinator_neither_reads_nor_arbitrates() -> None:
    with pytest.raises(InvalidValue, match="person.role_conflict"):
        Person("p", "anna", "Anna", "C1", frozenset({Role.COORDINATOR, Role.READER}))


def test_merkle_root_is_that_of_rfc_6962() -> None:
    """Three leaves: the split is at two."""

    def leaf(data: bytes) -> bytes:
        return hashlib.sha256(b"\0" + data).digest()

    def node(a: bytes, b: bytes) -> bytes:
        return hashlib.sha256(b"\1" + a + b).digest()

    a, b, c = b"a", b"b", b"c"
    assert merkle_root([a, b, c]) == node(node(leaf(a), leaf(b)), leaf(c))
    assert merkle_root([]) == hashlib.sha256(b"").digest()


@given(st.lists(names, unique=True, max_size=8), st.randoms())
def test_the_fingerprint_does_not_depend_on_order(paths: list[str], random) -> None:
    files = [PayloadFile(p, len(p), hashlib.sha256(p.encode()).hexdigest()) for p in paths]
    shuffled = files[:]
    random.shuffle(shuffled)
    assert fingerprint(files) == fingerprint(shuffled)


@given(names, st.integers(0, 10**12))
def test_a_leaf_is_rfc_8785_json(path: str, size: int) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    file = PayloadFile(path, size, digest)
    assert file.leaf() == rfc8785.dumps({"path": path, "size": size, "sha256": digest})


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a\\b", "e\u0301", "a\nb"])
def test_paths_that_differ_between_systems_are_refused(path: str) -> None:
    with pytest.raises(InvalidValue):
        PayloadFile(path, 0, "0" * 64)


def test_paths_that_collide_are_refused() -> None:
    files = [PayloadFile(p, 0, "0" * 64) for p in ("a", "A")]
    with pytest.raises(InvalidValue, match="path_collision"):
        fingerprint(files)


def test_versions_count_up() -> None:
    assert [next_version([]), next_version(["v1.0"]), next_version(["v1.9", "v1.10"])] == [
        "v1.0", "v1.1", "v1.11",
    ]  # fmt: skip
