"""The certificate: what was checked about a bill, with which figure, and with which verdict."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from . import _html
from ._frames import frame

if TYPE_CHECKING:
    import polars as pl

    from . import _farthing

Verdict: TypeAlias = Literal["pass", "not_run", "warn", "fail"]
Severity: TypeAlias = Literal["info", "warning", "error"]
PeriodStatus: TypeAlias = Literal["not stated", "open", "partly invoiced", "final"]


@dataclass(frozen=True)
class Check:
    """One check: `R1` … `R20`."""

    id: str
    title: str
    severity: Severity
    verdict: Verdict
    detail: str
    """One sentence with the numbers, or why it did not run."""
    figure: str | None
    """The figure the verdict rests on: a difference, a count."""
    findings: list[str]
    """The groups, files or days at fault, worst first."""


@dataclass(frozen=True)
class Period:
    """One payer's month in one currency."""

    payer: str
    period: str
    currency: str
    status: PeriodStatus
    rows: int
    costs: dict[str, Decimal | None]
    """The sum of each metric; `None` where the bill does not say."""


@dataclass(frozen=True)
class Invoice:
    """What one invoice adds up to in the bill, and what was invoiced, where an invoice file says."""

    payer: str
    invoice_id: str | None
    currency: str
    rows: int
    amount: Decimal
    invoiced: Decimal | None


@dataclass(frozen=True)
class Input:
    """One file that was read."""

    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Skipped:
    """Something that was not computed, and why."""

    what: str
    reason: str


class Certificate:
    """What was checked about a bill.

    >>> certificate = bill.reconcile()
    >>> certificate.verdict
    'pass'
    >>> certificate.checks[0].id, certificate.checks[0].verdict
    ('R1', 'pass')
    >>> certificate.frame.columns
    ['id', 'title', 'severity', 'verdict', 'figure', 'detail']
    """

    def __init__(self, native: _farthing.Certificate) -> None:
        self._native = native

    @property
    def verdict(self) -> Verdict:
        """The worst verdict; `"not_run"` only when no check ran at all."""
        return self._native.verdict

    @property
    def figures_allowed(self) -> bool:
        """Whether figures may be given: no check of severity error failed."""
        return self._native.figures_allowed

    @property
    def summary(self) -> str:
        """One line: how many checks passed, warned, failed, did not run."""
        return self._native.summary

    @cached_property
    def checks(self) -> list[Check]:
        """The checks, in order of number."""
        return [Check(**check) for check in self._native.checks]

    @cached_property
    def periods(self) -> list[Period]:
        """Payers' months, with the sums of every metric."""
        return [Period(**period) for period in self._native.periods]

    @cached_property
    def invoices(self) -> list[Invoice]:
        """What each invoice adds up to."""
        return [Invoice(**invoice) for invoice in self._native.invoices]

    @cached_property
    def inputs(self) -> list[Input]:
        """The files that were read."""
        return [Input(**file) for file in self._native.inputs]

    @cached_property
    def skipped(self) -> list[Skipped]:
        """What could not be computed from this bill."""
        return [Skipped(what, reason) for what, reason in self._native.skipped]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The checks as a frame."""
        return frame(self._native.frame())

    def to_json(self) -> str:
        """The certificate as JSON, money as decimal text."""
        return self._native.json()

    def to_markdown(self) -> str:
        """The certificate as Markdown."""
        return self._native.markdown()

    def __repr__(self) -> str:
        lines = [f"Certificate: {self.verdict} ({self.summary})"]
        lines += [f"  {check.id:<4} {check.verdict:<8} {check.title}: {check.detail}" for check in self.checks]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [_html.heading(f"Certificate: {self.verdict}"), _html.paragraph(self.summary)]
        parts += [_html.table(grid) for grid in self._native.grids() if grid["rows"]]
        return "".join(parts)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
