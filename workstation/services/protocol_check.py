"""Whether a protocol is one this product can carry out."""

from __future__ import annotations

from typing import Any

from workstation.comparators.registry import check_items
from workstation.domain.errors import RuleViolation
from workstation.domain.protocol import Protocol, protocol_from_dict

DESK_READERS = 2
"""Readings the arbitration desk shows side by side: a disagreement outside them would be lost."""


def checked_protocol(document: Any) -> Protocol:
    """The protocol a YAML document describes, each of its rules one that can be computed.

    Raises InvalidValue naming the place and what is wrong there; RuleViolation for other than two
    readers per case, which the arbitration desk has no place for.
    """
    protocol = protocol_from_dict(document)
    check_items(protocol)
    if protocol.readers_per_case != DESK_READERS:
        raise RuleViolation("protocol.two_readers", readers=protocol.readers_per_case)
    return protocol
