"""Agreement between the readers: kappa, raw agreement, and the tables behind them."""

from __future__ import annotations

from workstation.domain.estimate import Estimate, NotEstimable
from workstation.domain.report import AgreementEntry, ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Block, Chapter, Chart, Column, Heading, Paragraph, Table
from workstation.reports.charts import ForestRow, forest
from workstation.reports.setting import Setting
from workstation.reports.wording import (
    counted,
    estimate,
    interval,
    method,
    not_estimable,
    point,
    unit_name,
    verdict,
)

ORDER = 50
LONGEST_HEAD = 8


def chapter(data: ReportData, setting: Setting) -> Chapter:
    title = tr("Agreement between readers")
    if not data.agreement:
        return Chapter(
            title,
            (Paragraph(not_estimable(NotEstimable("no_observations")), "note"),),
        )
    blocks: list[Block] = [
        Paragraph(
            tr(
                "All numbers compare the readers' own submissions before any arbitration. "
                "Kappa is agreement beyond chance; weights, if any, are named, and every category "
                "of the scale counts, used or not."
            )
        ),
        _kappas(data.agreement, setting),
        _chart(data.agreement, setting),
    ]
    for entry in data.agreement:
        blocks += [Heading(_name(entry, setting)), *_confusion(entry, setting)]
    return Chapter(title, tuple(blocks))


def _name(entry: AgreementEntry, setting: Setting) -> str:
    return tr(
        "{question} ({first} and {second})",
        question=entry.label.text(setting.language),
        first=entry.first_reader,
        second=entry.second_reader,
    )


def _weights(code: str) -> str:
    names = {
        "unweighted": tr("unweighted"),
        "linear": tr("linear weights"),
        "quadratic": tr("quadratic weights"),
    }
    return names[code]


def _kappas(entries: tuple[AgreementEntry, ...], setting: Setting) -> Table:
    rows: list[tuple[str, ...]] = []
    for entry in entries:
        kappa = entry.kappa
        rows.append(
            (
                tr(
                    "{question}, {weights}",
                    question=_name(entry, setting),
                    weights=_weights(kappa.weights),
                ),
                point(kappa.asymptotic, entry.criterion),
                interval(kappa.asymptotic),
                method(kappa.asymptotic),
                counted(sum(map(sum, kappa.table)), entry.unit),
                verdict(entry.criterion),
            )
        )
        if kappa.bootstrap is not None and not isinstance(kappa.asymptotic, NotEstimable):
            rows.append(("", "", interval(kappa.bootstrap), method(kappa.bootstrap), "", ""))
    return Table(
        tr("Cohen's kappa"),
        (
            Column(tr("Question"), 9),
            Column(tr("Kappa"), 4, "right"),
            Column(tr("95 % CI"), 8),
            Column(tr("Method"), 11),
            Column(tr("n"), 6),
            Column(tr("Criterion"), 6),
        ),
        tuple(rows),
        tr(
            "Below 150 pairs, or with several units of one patient, the interval by patient stands "
            "beneath the asymptotic one. Criteria are decided on exact fractions, not on the "
            "printed decimals."
        ),
    )


def _limits(result: Estimate | NotEstimable | None) -> tuple[float, float] | None:
    if not isinstance(result, Estimate) or result.low is None or result.high is None:
        return None
    return result.low, result.high


def _chart(entries: tuple[AgreementEntry, ...], setting: Setting) -> Chart:
    rows = [
        ForestRow(
            label=_name(entry, setting),
            value=entry.kappa.asymptotic.value
            if isinstance(entry.kappa.asymptotic, Estimate)
            else None,
            first=_limits(entry.kappa.asymptotic),
            second=_limits(entry.kappa.bootstrap),
        )
        for entry in entries
    ]
    drawn = forest(
        rows,
        thresholds=[float(entry.criterion.threshold) for entry in entries if entry.criterion],
        x_title=tr("Kappa"),
        first_title=tr("asymptotic"),
        second_title=tr("bootstrap by patient"),
        missing_title=tr("not estimable"),
        font=setting.regular_font,
    )
    said = tr("; ").join(
        f"{_name(entry, setting)}: {estimate(entry.kappa.asymptotic)}" for entry in entries
    )
    return Chart(tr("Kappa with its 95 % intervals; the dashed line is the criterion"), drawn, said)


def _confusion(entry: AgreementEntry, setting: Setting) -> list[Block]:
    kappa = entry.kappa
    totals = [sum(row[j] for row in kappa.table) for j in range(len(kappa.categories))]
    named = [
        _category(code, label.text(setting.language))
        for code, label in zip(kappa.categories, entry.category_labels, strict=True)
    ]
    heads = list(kappa.categories)
    if max(map(len, heads)) > LONGEST_HEAD:
        # Codes that would run into one another are numbered, in the rows too.
        heads = [f"({n})" for n in range(1, len(heads) + 1)]
        named = [f"{head} {name}" for head, name in zip(heads, named, strict=True)]
    rows = [
        (name, *map(str, row), str(sum(row))) for name, row in zip(named, kappa.table, strict=True)
    ]
    rows.append((tr("Total"), *map(str, totals), str(sum(totals))))
    return [
        Table(
            tr(
                "Answers of {first} (rows) and {second} (columns), {unit}",
                first=entry.first_reader,
                second=entry.second_reader,
                unit=unit_name(entry.unit),
            ),
            (
                Column(tr("Category"), 5),
                *(Column(head, 2, "right") for head in heads),
                Column(tr("Total"), 2, "right"),
            ),
            tuple(rows),
        ),
        Paragraph(
            tr(
                "Raw agreement: {estimate}; {method}.",
                estimate=estimate(entry.percent),
                method=method(entry.percent),
            )
        ),
    ]


def _category(code: str, label: str) -> str:
    return code if code == label else tr("{code}: {label}", code=code, label=label)
