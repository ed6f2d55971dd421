"""Recommendations: what a bill itself shows could be saved, and the detectors that look for it."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from . import _farthing, _html
from ._certificate import Certificate, Skipped
from ._frames import frame

if TYPE_CHECKING:
    import polars as pl

Kind: TypeAlias = Literal["idle", "rightsize", "modernize", "commit"]


class Recommendations:
    """What a bill could save, ranked, each resource counted once. Amounts are for a month of 730 hours.

    >>> savings = bill.recommend()
    >>> savings.frame.columns[:3]
    ['detector', 'kind', 'action']
    >>> savings.savings_monthly <= savings.cost_monthly
    True
    """

    def __init__(self, native: _farthing.Recommendations) -> None:
        self._native = native

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row a resource: those in the total first, the greatest saving first. `docs/detectors.md` has the columns."""
        return frame(self._native.frame())

    @cached_property
    def followed(self) -> pl.DataFrame:
        """Advice of earlier months that is given no more: whether it was done, and what that has really saved.

        `savings_monthly` is what was promised, `realized_monthly` what a month of 730 hours costs less since, `realized`
        what was saved in all months since. `measured` is false where what was promised stands for it: what replaces a
        resource has another name.

        >>> savings = bill.recommend()
        >>> set(savings.followed["status"]) <= {"done", "lapsed", "unknown"}
        True
        """
        return frame(self._native.followed())

    @cached_property
    def excepted(self) -> pl.DataFrame:
        """Rows that exceptions of `config` keep from being proposed, with `reason`, `excepted_by` and `until`.

        >>> _ = (tmp / "farthing.toml").write_text('protected_tags = ["team"]')
        >>> bill.recommend(config=tmp / "farthing.toml").excepted["until"].to_list()[:1] in ([], [""])
        True
        """
        import polars as pl

        batches, reasons = self._native.excepted()
        names = ["reason", "excepted_by", "until"]
        more = pl.DataFrame(reasons, schema=dict.fromkeys(names, pl.String), orient="row")
        return frame(batches).hstack(more)

    @cached_property
    def waterfall(self) -> pl.DataFrame:
        """All rows in the total followed together, one kind after the other: the bill is made again with each step.

        `alone_monthly` is what the step's rows add up to, `saved_monthly` what they save after the steps before: hours that
        reservations and Savings Plans are freed of serve other usage, or go unused (`newly_unused_monthly`). `left_monthly`
        is what a month costs then. Without rows when kinds or detectors were chosen.

        >>> savings = bill.recommend()
        >>> savings.waterfall["saved_monthly"].sum() == savings.together_monthly
        True
        """
        return frame(self._native.waterfall())

    @property
    def goal_reached(self) -> bool | None:
        """Whether the advice reaches the goal that was asked for; `None` when none was."""
        return self._native.goal_reached

    @cached_property
    def goal_frame(self) -> pl.DataFrame:
        """The rows of the least risky choice that reaches the goal: `detector`, `savings_monthly` and `risk` are those of the
        advice that is followed.

        >>> savings = bill.recommend(goal="0.1%")
        >>> savings.goal_reached, savings.goal_frame.height <= savings.frame.height
        (True, True)
        """
        return frame(self._native.goal_frame())

    @property
    def notes(self) -> list[str]:
        """What earlier months and exceptions have to do with it, in sentences."""
        return self._native.notes

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self._native.currency

    @property
    def look_back(self) -> tuple[str, int]:
        """The billing period that savings are measured in, and its hours."""
        return self._native.look_back

    @property
    def as_of(self) -> str:
        """The last hour of usage."""
        return self._native.as_of

    @property
    def savings_monthly(self) -> Decimal:
        """What the rows add up to, each by itself, after commitments and discounts; heuristic rows are not in it."""
        return self._native.totals[0]

    @property
    def together_monthly(self) -> Decimal:
        """What the next bill drops by when all of them are followed: the sum of `waterfall`."""
        return self._native.totals[4]

    @property
    def savings_monthly_list(self) -> Decimal:
        """The same at public on-demand prices."""
        return self._native.totals[1]

    @property
    def potential_monthly(self) -> Decimal:
        """What the heuristic rows add up to: likely stories, in no total."""
        return self._native.totals[2]

    @property
    def cost_monthly(self) -> Decimal:
        """The bill's effective cost."""
        return self._native.totals[3]

    @cached_property
    def skipped(self) -> list[Skipped]:
        """Detectors that did not run, and why."""
        return [Skipped(what, reason) for what, reason in self._native.skipped]

    @cached_property
    def certificate(self) -> Certificate:
        """What was checked about the bill, and R20 about the recommendations."""
        return Certificate(self._native.certificate)

    def to_json(self) -> str:
        """The recommendations as JSON, money as decimal text."""
        return self._native.json()

    def to_markdown(self) -> str:
        """The recommendations as Markdown, money rounded to cents."""
        return self._native.markdown()

    def __repr__(self) -> str:
        return f"Recommendations: {self._native.summary}"

    def _repr_html_(self) -> str:
        parts = [_html.heading("Recommendations"), _html.paragraph(f"{self._native.summary}.")]
        parts += [_html.table(self._native.grid())]
        parts += [_html.paragraph(f"{note}.") for note in self.notes]
        parts += [_html.paragraph(f"Skipped: {one.what}, {one.reason}.") for one in self.skipped]
        return "".join(parts)


def detectors() -> pl.DataFrame:
    """The detectors that look for savings: what each finds, its grade, thresholds and guide.

    >>> ft.detectors()["detector"].is_in(["idle-nat-gateway"]).any()
    True
    """
    import polars as pl

    rows = json.loads(_farthing.detectors())["rows"]
    threshold = pl.Struct({
        "name": pl.String, "unit": pl.String, "meaning": pl.String,
        "default": pl.Float64, "least": pl.Float64, "greatest": pl.Float64,
    })  # fmt: skip
    words = ("detector", "kind", "grade", "summary", "action", "effort")
    schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(words, pl.String)
    schema |= {"risk": pl.Int64, "needs": pl.List(pl.String), "thresholds": pl.List(threshold)}
    schema |= {"assumptions": pl.List(pl.String), "command": pl.String, "guide": pl.String}
    return pl.DataFrame(rows, schema=schema)
