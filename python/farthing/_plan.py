"""Commitments: what they are worth, and what to buy."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from . import _html
from ._report import Report

if TYPE_CHECKING:
    import polars as pl

    from . import _farthing

Payment: TypeAlias = Literal["no", "partial", "all"]
Buy: TypeAlias = Literal["reservation", "ec2_sp", "compute_sp", "sagemaker_sp", "database_sp"]
Term: TypeAlias = Literal["1yr", "3yr"]


class Commitments(Report):
    """What commitments were worth: each of them, their terms, what ends soon, who benefits, and coverage.

    >>> commitments = bill.commitments()
    >>> commitments.frame.columns[:4]
    ['BillingPeriod', 'CommitmentDiscountId', 'Kind', 'Committed']
    >>> sorted(commitments.sections)[:3]
    ['commitment_terms', 'commitments', 'commitments_by_account']
    """

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Each commitment by billing period: what was committed, used and unused, and what it saved."""
        return self.sections["commitments"]


class Plan(Report):
    """What to buy, with its proof.

    >>> plan = bill.plan()
    >>> plan.frame.columns[:4]
    ['Commitment', 'Amount', 'Term', 'Utilization']
    >>> list(plan.sections)[-1]
    'plan_commands'
    """

    def __init__(self, native: _farthing.Plan) -> None:
        super().__init__(native["report"])
        self._json = native["json"]
        self.headline = native["headline"]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """What to buy, line by line."""
        return self.sections["plan"]

    @property
    def frontier(self) -> pl.DataFrame | None:
        """How much could be committed, from the best purchase down; none where nothing is bought."""
        return self.sections.get("frontier")

    @property
    def scenarios(self) -> pl.DataFrame | None:
        """What becomes of the purchase when usage changes."""
        return self.sections.get("scenarios")

    @property
    def backtest(self) -> pl.DataFrame | None:
        """What the months that came would have cost, by strategy, where it was asked for."""
        return self.sections.get("backtest")

    def to_json(self) -> str:
        """The plan as JSON, as the command writes it."""
        return self._json

    def __repr__(self) -> str:
        return f"Plan({self.headline})"

    def _repr_html_(self) -> str:
        parts = [_html.heading(self.title), _html.paragraph(self.headline)]
        for section in self._native.sections:
            if section["id"] != "plan":
                parts.append(_html.heading(section["title"]))
            parts += [_html.paragraph(section["note"]), _html.table(section["grid"])]
        return "".join(parts)
