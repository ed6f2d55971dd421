"""Frames go on to other libraries, exact."""

from decimal import Decimal

import polars as pl
import pytest

import farthing as ft

MONEY = pl.Decimal(38, 12)
ROWS = ["ServiceName", "ChargePeriodStart", "Tags", "BilledCost"]


def test_money_is_decimal(bill: ft.Bill) -> None:
    assert bill.costs(by="ServiceName").schema["EffectiveCost"] == MONEY
    assert bill.ledger.daily.schema["EffectiveCost"] == MONEY
    assert bill.charges(columns=["EffectiveCost"]).schema["EffectiveCost"] == MONEY


def test_money_as_float(bill: ft.Bill) -> None:
    exact = bill.costs(by="ServiceName", granularity="daily")
    floats = bill.costs(by="ServiceName", granularity="daily", money="float")
    assert floats.schema["EffectiveCost"] == pl.Float64
    assert floats["EffectiveCost"].to_list() == pytest.approx([float(c) for c in exact["EffectiveCost"]], abs=1e-9)
    assert floats.drop("EffectiveCost").equals(exact.drop("EffectiveCost"))
    assert not any(isinstance(dtype, pl.Decimal) for dtype in bill.charges(money="float").schema.values())


def test_pandas(bill: ft.Bill) -> None:
    costs = bill.costs(by="ServiceName")
    assert sum(costs.to_pandas()["EffectiveCost"]) == costs["EffectiveCost"].sum()
    charges = bill.charges("x_ServiceCode=AmazonS3", ROWS)
    assert sum(charges.to_pandas()["BilledCost"]) == charges["BilledCost"].sum()


def test_duckdb(bill: ft.Bill) -> None:
    import duckdb

    costs = bill.costs(by="ServiceName")
    total = duckdb.execute("SELECT sum(EffectiveCost) FROM costs").fetchall()[0][0]
    assert total == costs["EffectiveCost"].sum()
    charges = bill.charges("x_ServiceCode=AmazonS3", ROWS)
    rows = duckdb.execute("SELECT sum(BilledCost), count(ServiceName) FROM charges").fetchall()[0]
    assert rows == (charges["BilledCost"].sum(), charges["ServiceName"].count())


def test_pyarrow(bill: ft.Bill) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    costs = bill.costs(by="ServiceName")
    assert pc.sum(pa.table(costs)["EffectiveCost"]).as_py() == costs["EffectiveCost"].sum()
    charges = bill.charges("x_ServiceCode=AmazonS3", ROWS)
    assert pc.sum(pa.table(charges)["BilledCost"]).as_py() == charges["BilledCost"].sum()


def test_any_library_takes_the_engines_batches(bill: ft.Bill) -> None:
    import pyarrow as pa

    batches = bill._native.table("daily")
    for _ in range(2):
        table = pa.table(batches)
        assert table.num_rows == len(batches) == bill.ledger.daily.height
        assert table.schema.field("EffectiveCost").type == pa.decimal128(38, 12)
    assert pa.schema(batches) == table.schema


def test_a_stream_that_nobody_takes_is_released(bill: ft.Bill) -> None:
    batches = bill._native.table("daily")
    for _ in range(100):
        del_me = batches.__arrow_c_stream__()
        assert "arrow_array_stream" in repr(del_me)
        del del_me


def test_charges_that_match_nothing_are_an_empty_frame_with_columns(bill: ft.Bill) -> None:
    nothing = bill.charges(where="RegionId=nowhere-1", columns=["ServiceName", "BilledCost"])
    assert nothing.shape == (0, 2)
    assert bill.costs(by="ServiceName", where="RegionId=nowhere-1").columns == ["ServiceName", "EffectiveCost"]
    assert isinstance(bill.costs()["EffectiveCost"].item(), Decimal)


def test_altair(bill: ft.Bill) -> None:
    import altair as alt

    daily = bill.costs(by="ServiceName", granularity="daily", money="float")
    chart = alt.Chart(daily).mark_bar().encode(x="ChargePeriodStart:O", y="sum(EffectiveCost):Q", color="ServiceName:N")
    [rows] = chart.to_dict()["datasets"].values()
    assert len(rows) == daily.height
    assert sum(row["EffectiveCost"] for row in rows) == pytest.approx(daily["EffectiveCost"].sum())


def test_plotly(bill: ft.Bill) -> None:
    import plotly.express as px

    costs = bill.costs(by="ServiceName", money="float")
    [bars] = px.bar(costs, x="ServiceName", y="EffectiveCost").data
    assert list(bars.x) == costs["ServiceName"].to_list()
    assert sum(bars.y) == pytest.approx(costs["EffectiveCost"].sum())
