"""Everything a study report prints, as plain values (format `report/1`).

Built by the reporting service from the store, rendered by `reports`; both know only this file.
Codes stand here, sentences do not: wording and language belong to the renderer. A `Label` is used
where the text comes from the study's own protocol. Counts are checked when the value is built:
a case that is in no box of the flow is an error, not a rounding matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workstation.domain.errors import InvalidValue
from workstation.domain.estimate import (
    Accuracy,
    Estimate,
    KappaResult,
    NotEstimable,
    OverlapDistribution,
)
from workstation.domain.text import Label

REPORT_FORMAT = "report/1"

Verdict = Literal["met", "not_met", "not_estimable"]
AccuracyScope = Literal["all", "disputed", "verified"]
"""Which references count: all final ones (agreed answers are right by construction), only those
disputed and ruled, or only those verified independently of the readers."""


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many units fell under a reason. `label` where the protocol names the reason itself."""

    code: str
    count: int
    label: Label | None = None

    def __post_init__(self) -> None:
        if self.count < 0:
            raise InvalidValue("report.negative_count", reason=self.code)


@dataclass(frozen=True, slots=True)
class StandardClaim:
    """A source the protocol's rules rest on.

    `verified` False: nobody has read the text, or its meaning is not confirmed; the report says
    so. `unverified_clauses` names single clauses of an otherwise verified source.
    """

    code: str
    title: Label
    verified: bool
    unverified_clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementRule:
    """One item two readings must agree on; `source` is the clause or document it rests on.

    `kind` names the comparator, `operator` and `threshold` stand as the protocol writes them.
    `level` is "image", "eye" or "case".
    """

    code: str
    label: Label
    kind: str
    level: str
    operator: str
    threshold: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class MarkedClass:
    """A class of marks: how it is drawn, and how completely ("all", "nearest", "optional")."""

    code: str
    label: Label
    geometry: str
    completeness: str


@dataclass(frozen=True, slots=True)
class StudyPart:
    """The study as it was named; `purpose` as the protocol states it, None = not recorded."""

    study_id: str
    title: str
    purpose: Label | None = None


@dataclass(frozen=True, slots=True)
class ProtocolPart:
    """The approved rules. `sha256` is of the canonical JSON of this revision.

    `blind_read` says whether the arbitrator reads before seeing X and Y: "required" or "off".
    """

    protocol_id: str
    revision: str
    sha256: str
    title: Label
    readers_per_case: int
    blind_read: str
    merge_rule: str
    standards: tuple[StandardClaim, ...]
    agreement_rules: tuple[AgreementRule, ...]
    marked_classes: tuple[MarkedClass, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """Someone who read or ruled. `code` is the pseudonym; `name` is empty where it is withheld.

    Unknown qualifications stay empty or None: the report prints "not recorded".
    """

    code: str
    role: str
    name: str = ""
    title: str = ""
    licence: str = ""
    years: float | None = None
    institution: str = ""
    submitted: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """Files offered at import; every one was accepted or refused for a reason."""

    offered: int
    accepted: int
    refused: tuple[ReasonCount, ...] = ()

    def __post_init__(self) -> None:
        _sum("intake.offered", self.offered, self.accepted, *_counts(self.refused))


@dataclass(frozen=True, slots=True)
class Flow:
    """What became of every imported unit ("image" or "case"); all boxes sum.

    imported = excluded + included; included = unassigned + assigned; assigned = withdrawn +
    unread + read (read = all its readers submitted, and not withdrawn since); read = awaiting
    comparison + agreed + disputed; disputed = ruled + irreducible + open. `disputed_by_reason`
    counts each dispute once, under its leading reason; `reasons_met` counts every reason met, so
    its sum may be larger.
    """

    unit: str
    imported: int
    excluded: tuple[ReasonCount, ...]
    included: int
    unassigned: int
    assigned: int
    unread: int
    read: int
    awaiting_comparison: int
    agreed: int
    disputed: int
    disputed_by_reason: tuple[ReasonCount, ...]
    ruled: int
    irreducible: int
    open_disputes: int
    reasons_met: tuple[ReasonCount, ...] = ()
    withdrawn: tuple[ReasonCount, ...] = ()

    def __post_init__(self) -> None:
        _sum("flow.imported", self.imported, self.included, *_counts(self.excluded))
        _sum("flow.included", self.included, self.unassigned, self.assigned)
        _sum("flow.assigned", self.assigned, self.unread, self.read, *_counts(self.withdrawn))
        _sum("flow.read", self.read, self.awaiting_comparison, self.agreed, self.disputed)
        _sum("flow.disputed", self.disputed, *_counts(self.disputed_by_reason))
        _sum("flow.disputed", self.disputed, self.ruled, self.irreducible, self.open_disputes)

    @property
    def reference(self) -> int:
        """Units with a reference standard."""
        return self.agreed + self.ruled


@dataclass(frozen=True, slots=True)
class ReferencePart:
    """Where the references' items come from, and what merging agreeing readings left out.

    `provenance` counts answers and marks by `Provenance` (adopted from X or from Y as one,
    `adopted`); `tolerated` answers that differ, or that one reader alone gave, by question;
    `left_out` marks that are in no reference, by class. The last two are of consensus alone.
    """

    provenance: tuple[ReasonCount, ...]
    tolerated: tuple[ReasonCount, ...] = ()
    left_out: tuple[ReasonCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """A threshold of the protocol and what the exact comparison gave."""

    operator: str
    threshold: str
    verdict: Verdict
    source: str = ""


@dataclass(frozen=True, slots=True)
class AgreementEntry:
    """Agreement of two readers on one question, before arbitration.

    `category_labels` name the rows and columns of the table in its order. `percent` is raw
    agreement.
    """

    question: str
    label: Label
    unit: str
    first_reader: str
    second_reader: str
    category_labels: tuple[Label, ...]
    kappa: KappaResult
    percent: Estimate | NotEstimable
    criterion: Criterion | None = None

    def __post_init__(self) -> None:
        if len(self.category_labels) != len(self.kappa.categories):
            raise InvalidValue("report.category_labels", question=self.question)


@dataclass(frozen=True, slots=True)
class OverlapEntry:
    """Distribution of IoU between two readers for one set of classes."""

    code: str
    label: Label
    unit: str
    pairs: int
    distribution: OverlapDistribution | NotEstimable
    rule: Criterion | None = None
    pairs_meeting_rule: int | None = None

    def __post_init__(self) -> None:
        if self.pairs_meeting_rule is not None and not 0 <= self.pairs_meeting_rule <= self.pairs:
            raise InvalidValue("report.overlap_pairs", pairs=self.pairs)


@dataclass(frozen=True, slots=True)
class RulingEntry:
    """One ruled item: what was chosen (a `Choice` of domain.arbitration), why, by whom.

    `case` and `image` are the study's own codes; `image` is empty for an item of the whole case.
    `confidence` runs from 1 to 4.
    """

    case: str
    image: str
    item: Label
    choice: str
    reason: str
    arbitrator: str
    confidence: int | None = None
    note: str = ""
    reason_label: Label | None = None


@dataclass(frozen=True, slots=True)
class RulingSummary:
    """How the arbitrators worked: rulings signed after a blind reading of their own or without."""

    with_blind_read: int
    without_blind_read: int


@dataclass(frozen=True, slots=True)
class ReaderAccuracyEntry:
    """One reader against the reference standard: either answers or regions.

    Of regions, units marked by neither side (`both_empty`) and units whose nearest lesion is not
    known (`undefined`) are no part of the mean.

    `undecidable` counts what was ruled undecidable and is left out for that: answers by question,
    classes of an image by class.
    """

    reader: str
    label: Label
    unit: str
    scope: AccuracyScope
    result: Accuracy | Estimate | NotEstimable
    criterion: Criterion | None = None
    both_empty: int = 0
    undefined: int = 0
    undecidable: tuple[ReasonCount, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetPart:
    """The frozen version; `fingerprint` is its Merkle root in hexadecimal."""

    version: str
    fingerprint: str
    frozen_at: datetime
    cases: int
    images: int
    files: int
    size_bytes: int
    parent: str = ""


@dataclass(frozen=True, slots=True)
class AuditPart:
    """The audit chain's length and head when the report was made."""

    events: int
    head: str
    verified: bool


@dataclass(frozen=True, slots=True)
class SoftwareVersion:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """The whole report. `generated_at` carries its time zone and dates the document.

    `blindness_level` is "application" or "cryptographic". `limits` are codes of known limits
    (see the limits chapter), `remarks` free sentences of the study.
    """

    study: StudyPart
    protocol: ProtocolPart
    blindness_level: str
    generated_at: datetime
    product_version: str
    readers: tuple[ReaderEntry, ...]
    intake: Intake | None
    flows: tuple[Flow, ...]
    agreement: tuple[AgreementEntry, ...] = ()
    overlap: tuple[OverlapEntry, ...] = ()
    rulings: tuple[RulingEntry, ...] = ()
    ruling_summary: RulingSummary | None = None
    reader_accuracy: tuple[ReaderAccuracyEntry, ...] = ()
    dataset: DatasetPart | None = None
    audit: AuditPart | None = None
    software: tuple[SoftwareVersion, ...] = ()
    limits: tuple[str, ...] = ()
    remarks: tuple[Label, ...] = ()
    references: ReferencePart | None = None

    def __post_init__(self) -> None:
        if self.generated_at.tzinfo is None:
            raise InvalidValue("report.time_zone")


def _counts(reasons: tuple[ReasonCount, ...]) -> tuple[int, ...]:
    return tuple(reason.count for reason in reasons)


def _sum(where: str, whole: int, *parts: int) -> None:
    if min(whole, *parts, 0) < 0 or whole != sum(parts):
        raise InvalidValue("report.sum", where=where, whole=whole, parts=parts)
