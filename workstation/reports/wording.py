"""Numbers, codes and reasons as the report words them, in the language in force."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from workstation.domain.estimate import Estimate, NotEstimable
from workstation.domain.report import Criterion, ReasonCount
from workstation.i18n import tr

DECIMALS = 4
_MOST_DECIMALS = 12


def number(value: float | Fraction, decimals: int = DECIMALS) -> str:
    """A ratio with a fixed number of decimals; -0 is printed as 0."""
    with localcontext() as context:
        context.prec = 60
        exact = (
            Decimal(value.numerator) / Decimal(value.denominator)
            if isinstance(value, Fraction)
            else Decimal(value)
        )
        text = str(exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN))
    return text.removeprefix("-") if not text.strip("-0.") else text


def number_against(value: Fraction, threshold: str) -> str:
    """A ratio with enough decimals to be told from the threshold it is judged by."""
    limit = Fraction(threshold)
    decimals = DECIMALS
    while (
        value != limit and Fraction(number(value, decimals)) == limit and decimals < _MOST_DECIMALS
    ):
        decimals += 1
    return number(value, decimals)


def point(result: Estimate | NotEstimable, criterion: Criterion | None = None) -> str:
    """The value alone; where there is none, `interval` beside it says why."""
    if isinstance(result, NotEstimable):
        return tr("not estimable")
    if criterion is not None and result.exact is not None:
        return number_against(result.exact, criterion.threshold)
    return number(result.value if result.exact is None else result.exact)


def interval(result: Estimate | NotEstimable) -> str:
    """The interval's limits, or why there are none."""
    if isinstance(result, NotEstimable):
        return why_not(result.reason_code)
    if result.low is None or result.high is None:
        return tr("no interval: {reason}", reason=why_not(result.note))
    return tr("{low} to {high}", low=number(result.low), high=number(result.high))


def estimate(result: Estimate | NotEstimable) -> str:
    """Value and interval in one line."""
    if isinstance(result, NotEstimable):
        return not_estimable(result)
    return tr("{value} (95 % CI {interval})", value=point(result), interval=interval(result))


def not_estimable(result: NotEstimable) -> str:
    """The sentence printed in place of a number that does not exist."""
    return tr("Not estimable ({reason})", reason=why_not(result.reason_code))


def why_not(code: str) -> str:
    """Why a number or an interval does not exist."""
    reasons = {
        "no_observations": tr("no observations"),
        "expected_agreement_one": tr("both readers used one and the same category"),
        "no_variation": tr("no variation in the data"),
        "both_empty": tr("neither reader marked anything"),
        "too_few_patients": tr("fewer than two patients"),
        "bootstrap_undefined": tr("undefined in every resample"),
        "bootstrap_degenerate": tr("every resample gives the same value"),
    }
    return reasons.get(code, code)


def method(result: Estimate | NotEstimable) -> str:
    """How the interval was computed, with the seed where it was drawn."""
    if isinstance(result, NotEstimable):
        return "–"
    names = {
        "wilson": tr("Wilson"),
        "wilson_clustered": tr("Wilson, effective n by patient"),
        "clopper_pearson": tr("Clopper-Pearson"),
        "fleiss_cohen_everitt": tr("Fleiss-Cohen-Everitt"),
        "patient_bootstrap_percentile": tr("bootstrap by patient, percentile"),
    }
    parts = [names.get(result.method, result.method)]
    if result.note == "patients_as_effective_n":
        parts.append(tr("number of patients taken as effective n"))
    if result.clusters is not None:
        parts.append(counted(result.clusters, "patient"))
    if result.resampling is not None:
        parts.append(
            tr(
                "B = {replicates}, seed {seed}, undefined {undefined}",
                replicates=result.resampling.replicates,
                seed=result.resampling.seed,
                undefined=result.resampling.undefined,
            )
        )
    return tr("; ").join(parts)


def unit_name(code: str) -> str:
    """What is counted, in the plural."""
    names = {
        "image": tr("images"),
        "eye": tr("eyes"),
        "case": tr("cases"),
        "patient": tr("patients"),
        "lesion": tr("lesions"),
    }
    return names.get(code, code)


def counted(count: int, unit: str) -> str:
    """A count with its unit: "1 image", "2 images"."""
    forms = {
        "image": (tr("{count} image", count=count), tr("{count} images", count=count)),
        "eye": (tr("{count} eye", count=count), tr("{count} eyes", count=count)),
        "case": (tr("{count} case", count=count), tr("{count} cases", count=count)),
        "patient": (tr("{count} patient", count=count), tr("{count} patients", count=count)),
        "lesion": (tr("{count} lesion", count=count), tr("{count} lesions", count=count)),
    }
    one, several = forms.get(unit, (f"{count} {unit}", f"{count} {unit}"))
    return one if count == 1 else several


def level_name(code: str) -> str:
    """The level a rule works on."""
    names = {"image": tr("image"), "eye": tr("eye"), "case": tr("case")}
    return names.get(code, code)


def verdict(criterion: Criterion | None) -> str:
    """The criterion with its exact verdict."""
    if criterion is None:
        return "–"
    words = {
        "met": tr("met"),
        "not_met": tr("not met"),
        "not_estimable": tr("not estimable"),
    }
    return tr(
        "{operator} {threshold}: {verdict}",
        operator=sign(criterion.operator),
        threshold=criterion.threshold,
        verdict=words[criterion.verdict],
    )


def sign(operator: str) -> str:
    """A comparison operator as printed."""
    return {">=": "≥", "<=": "≤"}.get(operator, operator)


def reason(entry: ReasonCount, language: str) -> str:
    """A reason's own label, else the product's wording, else its code."""
    if entry.label is not None:
        return entry.label.text(language)
    return reason_name(entry.code)


def reason_name(code: str) -> str:
    """The product's wording of a reason code; unknown codes are printed as they are."""
    names = {
        "category": tr("category differs"),
        "ordinal_distance": tr("grades too far apart"),
        "decision_boundary": tr("on different sides of a decision"),
        "lesion_iou": tr("lesion overlap below the rule"),
        "class_iou": tr("overlap of one class below the rule"),
        "missing_object": tr("object marked by one reader only"),
        "split_merge": tr("one object here, several there"),
        ":lesions_kept": tr("no class of lesion lost in the merge"),
        "class_differs": tr("same lesion, other class"),
        "measurement": tr("measurements too far apart"),
        "not_evaluable_one_side": tr("not evaluable for one reader only"),
        "attribute": tr("attribute of an object differs"),
        "one_side_only": tr("answered by one reader only"),
        "comparator_failed": tr("comparison failed"),
        "duplicate": tr("duplicate"),
    }
    return names.get(code, code)


def choice_name(code: str) -> str:
    """What the arbitrator decided on an item."""
    names = {
        "x": tr("adopted X"),
        "y": tr("adopted Y"),
        "mine": tr("own answer or drawing"),
        "union": tr("union"),
        "intersection": tr("intersection"),
        "nothing": tr("rejected all (nothing here)"),
        "undecidable": tr("undecidable"),
        "agreed": tr("agreed by both readers"),
    }
    return names.get(code, code)


def role_name(code: str) -> str:
    """A person's part in the study."""
    names = {
        "reader": tr("reader"),
        "arbitrator": tr("arbitrator"),
        "coordinator": tr("coordinator"),
    }
    return names.get(code, code)


def recorded(text: str) -> str:
    """The text, or the statement that nothing was recorded."""
    return text if text.strip() else tr("not recorded")


def moment(when: datetime) -> str:
    """A point in time in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
