"""The bill factory, and the words that questions are asked in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import _farthing

if TYPE_CHECKING:
    import polars as pl


def demo(
    path: str | os.PathLike[str],
    *,
    months: int = 3,
    accounts: int = 5,
    seed: int = 7,
    scale: str = "small",
    dialect: Literal["cur2", "legacy", "focus1.0", "focus1.2"] = "cur2",
    waste: Literal["none", "planted", "removed"] | None = None,
    truth: bool = False,
    metrics: bool = False,
) -> Path:
    """Writes a bill from the factory into the folder `path`, which it returns. The same seed gives the same bytes.

    `scale` is `"small"`, `"medium"` or a number of rows, `"100000-rows"`. Waste is planted in bills of 20,000 rows a month
    or more, unless `waste` says otherwise; `"removed"` is the same bill once its waste is gone. With `truth` the answers
    are written beside the bill, as `truth.json`; with `metrics` what CloudWatch would have measured of its EC2 instances
    in the last 14 days, as `metrics.parquet`.

    >>> ft.open(ft.demo(tmp / "another", months=1, accounts=4), progress=False).costs().shape
    (1, 1)
    """
    _farthing.demo(path, months, accounts, seed, scale, dialect, waste, truth, metrics)
    return Path(path)


def columns() -> pl.DataFrame:
    """Every charge column: its name, what it means, and the columns of AWS's reports that it is made from.

    >>> ft.columns().columns
    ['name', 'description', 'from']
    >>> ft.columns().row(by_predicate=pl.col("name") == "ServiceName")
    ('ServiceName', "the service's readable name", ['line_item_product_code'])
    """
    import polars as pl

    return pl.DataFrame(_farthing.columns(), schema=["name", "description", "from"], orient="row")
