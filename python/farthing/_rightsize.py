"""Rightsizing: which instances are too large or too small for what was measured of them."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import _html
from ._certificate import Certificate, Skipped

if TYPE_CHECKING:
    import polars as pl


class Rightsizing:
    """Which instances are too large or too small, what would do, and what that saves. Amounts are for a month of 730 hours."""

    def __init__(self, document: str, summary: str, certificate: Certificate) -> None:
        self._document: dict[str, Any] = json.loads(document)
        self._text = document
        self._summary = summary
        self.certificate = certificate
        """What was checked about the bill."""

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row for each instance of which something is said: what was found, the advised type, savings, CPU in percent,
        and up to which percentile the answer holds."""
        import polars as pl

        money = pl.Decimal(38, 12)
        schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(
            ("resource_id", "sub_account_id", "region_id", "operating_system", "instance_type", "finding", "target"),
            pl.String,
        )
        schema |= dict.fromkeys(("savings_monthly", "savings_monthly_list", "cost_monthly"), money)
        schema |= dict.fromkeys(("cpu_percent_mean", "cpu_percent_at_percentile", "cpu_percent_max"), pl.Float64)
        schema |= {"memory_measured": pl.Boolean, "samples": pl.Int64, "fits_to_percentile": pl.Float64}
        return pl.DataFrame([_flat(row, schema) for row in self._document["rows"]], schema=schema, orient="row")

    @cached_property
    def options(self) -> pl.DataFrame:
        """One row for each type that would do, up to three an instance, with its risk and how its platform differs."""
        import polars as pl

        money = pl.Decimal(38, 12)
        schema: dict[str, pl.DataType | type[pl.DataType]] = {"resource_id": pl.String, "instance_type": pl.String}
        schema |= {"is_advised": pl.Boolean, "savings_monthly": money, "savings_monthly_list": money}
        schema |= {"performance_risk": pl.Int64, "platform_differences": pl.List(pl.String), "migration_effort": pl.String}
        schema |= {"price_source": pl.String, "price_as_of": pl.String}
        rows = [
            _flat(option | {"resource_id": row["resource_id"]}, schema)
            for row in self._document["rows"]
            for option in row["options"]
        ]
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def curve(self) -> pl.DataFrame:
        """Savings against risk: what would come of asking more or less of smaller machines."""
        import polars as pl

        schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(
            ("percentile", "cpu_headroom_percent", "memory_headroom_percent"), pl.Float64
        )
        schema |= {"preset": pl.String, "is_chosen": pl.Boolean, "instances": pl.Int64}
        schema |= {"savings_monthly": pl.Decimal(38, 12), "performance_risk_mean": pl.Float64, "at_high_risk": pl.Int64}
        return pl.DataFrame([_flat(row, schema) for row in self._document["curve"]], schema=schema, orient="row")

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return str(self._document["currency"])

    @property
    def savings_monthly(self) -> Decimal:
        """What the next bill drops by when every over-provisioned instance becomes the advised type."""
        return Decimal(self._document["totals"]["savings_monthly"])

    @cached_property
    def skipped(self) -> list[Skipped]:
        """Instances of which nothing is said, and why. No data is never idleness."""
        return [Skipped(entry["what"], entry["reason"]) for entry in self._document["skipped"]]

    def to_json(self) -> str:
        """The answer as JSON, money as decimal text."""
        return self._text

    def __repr__(self) -> str:
        return f"Rightsizing: {self._summary}"

    def _repr_html_(self) -> str:
        parts = [_html.heading("Rightsizing"), _html.paragraph(f"{self._summary}.")]
        parts += [_html.paragraph(f"Skipped: {one.what}, {one.reason}.") for one in self.skipped]
        return "".join(parts) + self.frame._repr_html_()


def _flat(row: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
    """The cells of a row of JSON in the order of a schema."""
    row = row | {f"cpu_percent_{name}": value for name, value in row.get("cpu_percent", {}).items()}
    # What stands in the row itself goes first: the type of its sensitivity is the one that a change would lead to.
    row = (row.get("sensitivity") or {}) | row
    return [Decimal(row[name]) if "monthly" in name and row.get(name) is not None else row.get(name) for name in schema]
