"""Reports to render: a full one after the screening scenario, and an empty one."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from workstation.domain.estimate import NotEstimable
from workstation.domain.protocol import Operator
from workstation.domain.report import (
    AgreementEntry,
    AgreementRule,
    AuditPart,
    Criterion,
    DatasetPart,
    Flow,
    Intake,
    MarkedClass,
    OverlapEntry,
    ProtocolPart,
    ReaderAccuracyEntry,
    ReaderEntry,
    ReasonCount,
    ReportData,
    RulingEntry,
    RulingSummary,
    SoftwareVersion,
    StandardClaim,
    StudyPart,
)
from workstation.domain.text import Label
from workstation.metrics.gates import Gate, judge
from workstation.metrics.intervals import wilson
from workstation.metrics.kappa import kappa_exact, kappa_of_pairs
from workstation.metrics.overlap import PairCounts, iou_distribution
from workstation.metrics.reader_accuracy import Answer, answer_accuracy, mean_iou

FINGERPRINT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PROTOCOL_HASH = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
DIAGNOSIS = ((49, 0, 1), (0, 6, 0), (2, 0, 42))


def answers_of(table: tuple[tuple[int, ...], ...]) -> tuple[list[str], list[str], list[str]]:
    """Paired answers that give `table`, two to a patient."""
    pairs = [
        (str(i), str(j))
        for i, row in enumerate(table)
        for j, count in enumerate(row)
        for _ in range(count)
    ]
    patients = [f"P{i // 2:03d}" for i in range(len(pairs))]
    return [a for a, _ in pairs], [b for _, b in pairs], patients


def agreement_entry(
    question: str, label: Label, table: tuple[tuple[int, ...], ...], labels: tuple[Label, ...]
) -> AgreementEntry:
    first, second, patients = answers_of(table)
    result = kappa_of_pairs(
        first,
        second,
        patients,
        [str(i) for i in range(len(table))],
        unit="image",
        seed=20240101,
        replicates=300,
    )
    agreed = sum(a == b for a, b in zip(first, second, strict=True))
    verdict = judge(kappa_exact(table), Gate(Operator(">="), "0.80"))
    return AgreementEntry(
        question=question,
        label=label,
        unit="image",
        first_reader="R1",
        second_reader="R2",
        category_labels=labels,
        kappa=result,
        percent=wilson(agreed, len(first), unit="image"),
        criterion=Criterion(">=", "0.80", verdict, "YY/T 1949-2024 B.3.4"),
    )


@pytest.fixture
def protocol() -> ProtocolPart:
    return ProtocolPart(
        protocol_id="DR-01",
        revision="3",
        sha256=PROTOCOL_HASH,
        title=Label("糖尿病视网膜病变筛查", "Diabetic retinopathy screening"),
        readers_per_case=2,
        blind_read="required",
        merge_rule="intersection",
        standards=(
            StandardClaim(
                "YY/T 1949-2024",
                Label("眼底彩照数据集标注要求", "Annotation of fundus data sets"),
                True,
                ("5.2.1", "B.3.4"),
            ),
            StandardClaim("referral-rule", Label("转诊规则", "Referral rule"), verified=False),
        ),
        agreement_rules=(
            AgreementRule(
                "diagnosis",
                Label("诊断", "Diagnosis"),
                "answer_equal",
                "image",
                ">=",
                "1",
                "B.3.4 a",
            ),
            AgreementRule(
                "lesion_iou",
                Label("病灶区域", "Lesion region"),
                "lesion_iou",
                "image",
                ">",
                "0.80",
                "B.3.4 b",
            ),
            AgreementRule("ma", Label("微动脉瘤", "Microaneurysm"), "objects", "image", "<=", "0"),
        ),
        marked_classes=(
            MarkedClass("HE", Label("出血", "Haemorrhage"), "area", "all"),
            MarkedClass("MA", Label("微动脉瘤", "Microaneurysm"), "point", "nearest"),
            MarkedClass("LS", Label("激光斑", "Laser scar"), "area", "optional"),
        ),
    )


@pytest.fixture
def full_report(protocol: ProtocolPart) -> ReportData:
    categories = (
        Label("无糖尿病视网膜病变", "No retinopathy"),
        Label("其他眼病", "Other eye disease"),
        Label("糖尿病视网膜病变", "Diabetic retinopathy"),
    )
    yes_no = (Label("不转诊", "No referral"), Label("转诊", "Referral"))
    regions = [
        *(PairCounts(f"P{i:03d}", 9000 - 40 * i, 9000, 9500) for i in range(30)),
        *(PairCounts(f"P{i:03d}", 0, 0, 0) for i in range(60)),
        PairCounts("P001", 0, 0, 400),
        PairCounts("P002", 8000, 9000, 9000),
    ]
    answers = [Answer(f"P{i // 2}", "II" if i < 97 else None, "II") for i in range(100)]
    return ReportData(
        study=StudyPart(
            "S-2024-01", "糖网筛查 DR 双人盲法阅片研究", Label("练习数据集", "Practice data set")
        ),
        protocol=protocol,
        blindness_level="application",
        generated_at=datetime(2025, 11, 24, 8, 30, tzinfo=UTC),
        product_version="0.1.0",
        readers=(
            ReaderEntry("R1", "reader", "", "主治医师", "LIC-1", 5, "BJ01", 50),
            ReaderEntry("R2", "reader", submitted=50),
            ReaderEntry("A1", "arbitrator", "", "副主任医师", "LIC-9", 10.5, "SH02", 9),
        ),
        intake=Intake(
            130,
            124,
            (
                ReasonCount("import.unreadable", 4, Label("文件无法读取", "file unreadable")),
                ReasonCount("duplicate", 2),
            ),
        ),
        flows=(
            Flow(
                unit="image",
                imported=124,
                excluded=(ReasonCount("image_quality", 16), ReasonCount("duplicate", 8)),
                included=100,
                unassigned=0,
                assigned=100,
                unread=0,
                read=100,
                awaiting_comparison=0,
                agreed=88,
                disputed=12,
                disputed_by_reason=(ReasonCount("category", 8), ReasonCount("lesion_iou", 4)),
                ruled=11,
                irreducible=1,
                open_disputes=0,
                reasons_met=(
                    ReasonCount("category", 8),
                    ReasonCount("decision_boundary", 4),
                    ReasonCount("lesion_iou", 7),
                ),
            ),
        ),
        agreement=(
            agreement_entry("diagnosis", Label("诊断", "Diagnosis"), DIAGNOSIS, categories),
            agreement_entry("referral", Label("转诊", "Referral"), ((48, 4), (6, 42)), yes_no),
            agreement_entry("laser", Label("激光斑", "Laser scars"), ((60, 0), (0, 0)), yes_no),
        ),
        overlap=(
            OverlapEntry(
                "all",
                Label("全部病灶区域", "All lesions"),
                "image",
                len(regions),
                iou_distribution(regions, unit="image", seed=5, replicates=300),
                Criterion(">", "0.80", "met", "B.3.4 b"),
                21,
            ),
            OverlapEntry(
                "NV",
                Label("新生血管", "New vessels"),
                "image",
                100,
                NotEstimable("both_empty", {"n": 100}),
            ),
        ),
        rulings=tuple(
            RulingEntry(
                f"case-{i:04d}",
                "" if i == 3 else f"F{i:04d}",
                Label("诊断", "Diagnosis"),
                ("x", "y", "mine", "nothing")[i % 4],
                ("missed", "over_read", "boundary")[i % 3],
                "A1",
                3,
                reason_label=Label("漏标", "Missed") if i % 3 == 0 else None,
            )
            for i in range(1, 41)
        ),
        ruling_summary=RulingSummary(9, 0),
        reader_accuracy=(
            ReaderAccuracyEntry(
                "R1",
                Label("分期", "Stage"),
                "image",
                "all",
                answer_accuracy(answers, unit="image"),
                Criterion(">=", "0.70", "met"),
            ),
            ReaderAccuracyEntry(
                "R1",
                Label("平均 IoU", "Mean IoU"),
                "image",
                "all",
                mean_iou(regions, unit="image", seed=5, replicates=300),
                Criterion(">=", "0.70", judge(Fraction(3, 4), Gate(Operator(">="), "0.70"))),
            ),
            ReaderAccuracyEntry(
                "R2",
                Label("分期", "Stage"),
                "image",
                "disputed",
                answer_accuracy([], unit="image"),
            ),
        ),
        dataset=DatasetPart(
            "1.0", FINGERPRINT, datetime(2025, 11, 23, 7, 0, tzinfo=UTC), 50, 100, 412, 93_482_112
        ),
        audit=AuditPart(1234, PROTOCOL_HASH, True),
        software=(SoftwareVersion("numpy", "2.4.1"), SoftwareVersion("scipy", "1.17.1")),
        limits=("simulated", "display_unchecked"),
        remarks=(Label("仅供练习。", "For practice only."),),
    )


@pytest.fixture
def empty_report(protocol: ProtocolPart) -> ReportData:
    return ReportData(
        study=StudyPart("S-0", "Empty study"),
        protocol=protocol,
        blindness_level="application",
        generated_at=datetime(2025, 11, 24, 8, 30, tzinfo=UTC),
        product_version="0.1.0",
        readers=(),
        intake=None,
        flows=(),
    )
