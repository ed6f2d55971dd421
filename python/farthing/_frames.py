"""Polars frames from the engine's record batches. Polars is imported when the first frame is made, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import polars as pl

    from ._farthing import Batches

Money: TypeAlias = Literal["decimal", "float"]
"""Exact decimals, or floats for charts and for libraries that know no decimals."""


def frame(batches: Batches) -> pl.DataFrame:
    """The batches as a frame."""
    import polars as pl

    return pl.DataFrame(batches)


def with_money(frame: pl.DataFrame, money: Money) -> pl.DataFrame:
    """The frame with its money as asked."""
    if money == "decimal":
        return frame
    import polars as pl
    import polars.selectors as cs

    return frame.with_columns(cs.decimal().cast(pl.Float64))
