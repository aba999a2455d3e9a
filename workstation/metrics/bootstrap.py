"""Percentile bootstrap that resamples patients, with the seed kept beside the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.domain.estimate import NotEstimable, Resampling

DEFAULT_REPLICATES = 2000
METHOD = "patient_bootstrap_percentile"
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class BootstrapInterval:
    """Two percentile limits and how they were drawn."""

    low: float
    high: float
    resampling: Resampling


def patient_bootstrap(
    per_patient: NDArray[np.int64] | NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    seed: int,
    replicates: int = DEFAULT_REPLICATES,
    level: float = 0.95,
) -> BootstrapInterval | NotEstimable:
    """Interval of a statistic that depends only on sums over patients.

    `per_patient` has shape (patients, ...): one additive summary per patient (a confusion table,
    a pair sum/count ...). Each replicate draws as many patients as there are, with replacement
    (PCG64, multinomial counts), so that a patient's eyes and images stay together. `statistic`
    maps summed summaries of shape (replicates, ...) to (replicates,) and marks an undefined
    replicate with NaN; those are counted, not hidden. Percentiles interpolate linearly.

    NotEstimable: "too_few_patients" below two, "bootstrap_undefined" when no replicate is
    defined, "bootstrap_degenerate" when all defined replicates are equal.
    """
    if seed < 0 or replicates < 1 or not 0 < level < 1:
        raise ValueError("seed, replicates or level out of range")
    patients = per_patient.shape[0]
    if patients < 2:
        return NotEstimable("too_few_patients", {"patients": patients})
    generator = np.random.Generator(np.random.PCG64(seed))
    flat = per_patient.reshape(patients, -1).astype(np.float64)
    equal_chance = np.full(patients, 1.0 / patients)
    parts: list[NDArray[np.float64]] = []
    for start in range(0, replicates, _CHUNK):
        size = min(_CHUNK, replicates - start)
        drawn = generator.multinomial(patients, equal_chance, size=size).astype(np.float64)
        sums = (drawn @ flat).reshape(size, *per_patient.shape[1:])
        parts.append(np.asarray(statistic(sums), dtype=np.float64))
    values = np.concatenate(parts)
    defined = values[np.isfinite(values)]
    undefined = replicates - int(defined.size)
    if defined.size == 0:
        return NotEstimable("bootstrap_undefined", {"replicates": replicates, "seed": seed})
    if float(defined.min()) == float(defined.max()):
        return NotEstimable("bootstrap_degenerate", {"replicates": replicates, "seed": seed})
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail], method="linear")
    return BootstrapInterval(float(low), float(high), Resampling(replicates, seed, undefined))
