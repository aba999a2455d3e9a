"""Coded errors: the rooms raise a code with parameters, only ui and cli make sentences of them."""

from __future__ import annotations

from typing import Any


class WorkstationError(Exception):
    """Base of all expected errors: a stable `code` and the parameters of its sentence."""

    def __init__(self, code: str, /, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        if not self.params:
            return self.code
        return self.code + " " + ", ".join(f"{key}={value!r}" for key, value in self.params.items())


class RuleViolation(WorkstationError):
    """The person asked for something the study's rules refuse (incomplete reading, wrong role)."""


class InvalidValue(WorkstationError, ValueError):
    """A value could not be built: what is wrong, where, is in `code` and `params`."""


class EnvironmentProblem(WorkstationError):
    """The machine is in the way: disk full, store locked, file unreadable, key missing."""


class IntegrityProblem(WorkstationError):
    """Stored content is not what was written: damaged, rolled back or tampered with."""


class Cancelled(Exception):
    """The person stopped a job; whatever it had begun is rolled back."""
