"""Rightsizing of a bill's instances by what was measured of them."""

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import farthing as ft


@pytest.fixture(scope="module")
def metrics(bill: ft.Bill, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two instances of the bill: one that does little, and one whose processors are full."""
    hours = bill.charges("x_ServiceCode=AmazonEC2", columns=["ResourceId", "x_UsageType", "x_Operation"])
    hours = hours.cast(pl.String).drop_nulls("ResourceId")
    busy, quiet = (
        hours.filter(pl.col("x_UsageType").str.ends_with(f"BoxUsage:{one}"))["ResourceId"].min()
        for one in ("m6i.xlarge", "m5.2xlarge")
    )
    lines = ["resource_id,timestamp,metric,statistic,value,unit"]
    for resource, value in ((quiet, 4), (busy, 95)):
        lines += [f"{resource},{1_790_812_800 + at * 300},CPUUtilization,Maximum,{value},Percent" for at in range(1_000)]
    path = tmp_path_factory.mktemp("metrics") / "metrics.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_instances_are_sized(bill: ft.Bill, metrics: Path) -> None:
    sized = bill.rightsize(metrics)
    found = dict(sized.frame.select("finding", "resource_id").iter_rows())
    assert set(found) == {"over-provisioned", "under-provisioned"}
    types = dict(sized.frame.select("finding", "instance_type").iter_rows())
    assert types == {"over-provisioned": "m5.2xlarge", "under-provisioned": "m6i.xlarge"}, "what they are now"
    over = sized.frame.filter(pl.col("finding") == "over-provisioned")
    assert over["savings_monthly"].sum() == sized.savings_monthly >= 0
    advised = sized.options.filter(pl.col("is_advised") & (pl.col("resource_id") == found["over-provisioned"]))
    assert advised["instance_type"].to_list() == over["target"].to_list()
    assert sized.curve.filter("is_chosen")["savings_monthly"].to_list() == [sized.savings_monthly]
    assert any("does not mean that it is idle" in one.reason for one in sized.skipped)
    assert repr(sized).startswith("Rightsizing: ")
    assert Decimal(json.loads(sized.to_json())["totals"]["savings_monthly"]) == sized.savings_monthly


def test_recommendations_take_measurements_in(bill: ft.Bill, metrics: Path) -> None:
    assert "rightsize-ec2" in {one.what for one in bill.recommend().skipped}
    with_metrics = bill.recommend(metrics=[metrics])
    assert "rightsize-ec2" not in {one.what for one in with_metrics.skipped}


def test_files_that_are_not_understood_are_named(bill: ft.Bill, tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ft.FarthingError, match="no column resource_id"):
        bill.rightsize(path)
