"""Costs, charges and the ledger agree with one another and with the truth of the factory, to the last digit."""

import datetime
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

import farthing as ft

METRICS = ["EffectiveCost", "BilledCost", "x_UnblendedCost", "x_AmortizedCost"]
NONE = "(none)"
UNIT = Decimal(10) ** -12
Truth = dict[str, Any]
Sums = dict[str, Decimal]


def expected(truth: Truth, dimension: str, metric: str, months: Iterable[str] | None = None) -> Sums:
    """What the truth says of each member; members that cost nothing are left out."""
    sums: Sums = {}
    for month in truth["by"][dimension] if months is None else months:
        for member, measures in truth["by"][dimension][month].items():
            sums[member] = sums.get(member, Decimal(0)) + int(measures[metric]) * UNIT
    return {member: cost for member, cost in sums.items() if cost}


def found(frame: pl.DataFrame, dimension: str, metric: str) -> Sums:
    """What a frame says of each member; members that cost nothing are left out."""
    sums = frame.group_by(dimension).agg(pl.col(metric).sum())
    pairs = zip(sums[dimension].cast(pl.String).fill_null(NONE), sums[metric])
    return {member: cost for member, cost in pairs if cost}


def total(truth: Truth, metric: str, months: Iterable[str] | None = None) -> Decimal:
    sums = [int(truth["totals"][month][metric]) for month in (truth["totals"] if months is None else months)]
    return sum(sums) * UNIT


def test_the_truth_has_what_is_compared(truth: Truth) -> None:
    wanted = {"x_ServiceCode", "RegionId", "SubAccountId", "x_LineItemType", "CommitmentDiscountId", "InvoiceId", "Day"}
    assert wanted <= set(truth["by"])
    assert any(dimension.startswith("Tags/") for dimension in truth["by"])
    assert any(dimension.startswith("CostCategories/") for dimension in truth["by"])


@pytest.mark.parametrize("metric", METRICS)
def test_every_dimension_is_as_the_factory_decided(bill: ft.Bill, truth: Truth, metric: str) -> None:
    for dimension, months in truth["by"].items():
        if dimension == "Day":
            continue
        answer = bill.costs(by=dimension, metric=metric, granularity="monthly")
        assert answer[metric].sum() == total(truth, metric)
        # The answer names a key as users know it, the truth as the report spells it.
        answer = answer.rename({answer.columns[1]: dimension})
        # The truth leaves out a month in which nothing carries the tag.
        for month in months:
            of_month = answer.filter(pl.col("BillingPeriod") == month)
            assert found(of_month, dimension, metric) == expected(truth, dimension, metric, [month]), (dimension, month)


@pytest.mark.parametrize("metric", METRICS)
def test_days_and_months_are_as_the_factory_decided(bill: ft.Bill, truth: Truth, metric: str) -> None:
    daily = bill.costs(metric=metric, granularity="daily")
    assert daily.schema["ChargePeriodStart"] == pl.Date
    assert found(daily, "ChargePeriodStart", metric) == expected(truth, "Day", metric)
    monthly = bill.costs(metric=metric, granularity="monthly")
    assert dict(monthly.iter_rows()) == {month: total(truth, metric, [month]) for month in truth["totals"]}


def test_a_period_is_asked_alone(bill: ft.Bill, truth: Truth) -> None:
    answer = bill.costs(by="x_ServiceCode", metric="BilledCost", period="2026-09")
    assert found(answer, "x_ServiceCode", "BilledCost") == expected(truth, "x_ServiceCode", "BilledCost", ["2026-09"])


def test_days_from_and_to(bill: ft.Bill, truth: Truth) -> None:
    days = expected(truth, "Day", "BilledCost")
    answer = bill.costs(metric="BilledCost", granularity="daily", from_=datetime.date(2026, 9, 10), to="2026-09-20")
    assert found(answer, "ChargePeriodStart", "BilledCost") == {
        day: cost for day, cost in days.items() if "2026-09-10" <= day < "2026-09-20"
    }


def test_top_still_adds_up(bill: ft.Bill, truth: Truth) -> None:
    answer = bill.costs(by="x_ServiceCode", top=2)
    assert answer.height == 3
    everything = expected(truth, "x_ServiceCode", "EffectiveCost")
    rest = sorted(everything.values(), reverse=True)[2:]
    assert found(answer, "x_ServiceCode", "EffectiveCost")["(other)"] == sum(rest)
    assert answer["EffectiveCost"].sum() == total(truth, "EffectiveCost")


@pytest.mark.parametrize("dimension", ["Tags/team", "x_ServiceCode", "CommitmentDiscountId"])
@pytest.mark.parametrize("missing", [False, True])
def test_filters_complement(bill: ft.Bill, truth: Truth, dimension: str, missing: bool) -> None:
    members = expected(truth, dimension, "EffectiveCost")
    member = NONE if missing and NONE in members else max(members.keys() - {NONE}, key=lambda name: members[name])
    condition = f'{dimension}{{}}"{member}"'
    with_it: Any = bill.costs(where=condition.format("="))["EffectiveCost"].sum()
    without: Any = bill.costs(where=condition.format("!="))["EffectiveCost"].sum()
    assert with_it == members[member] != 0
    assert without != 0
    assert with_it + without == total(truth, "EffectiveCost")
    rows = [bill.charges(where=condition.format(sign), columns=["EffectiveCost"]) for sign in ("=", "!=")]
    assert [frame["EffectiveCost"].sum() for frame in rows] == [with_it, without]
    assert sum(frame.height for frame in rows) == bill.charges(columns=["EffectiveCost"]).height


@pytest.mark.parametrize("metric", METRICS)
def test_charges_are_what_the_ledger_adds_up(bill: ft.Bill, truth: Truth, metric: str) -> None:
    charges = bill.charges(columns=["x_ServiceCode", "SubAccountId", metric])
    assert found(charges, "x_ServiceCode", metric) == expected(truth, "x_ServiceCode", metric)
    for dimension in ("x_ServiceCode", "SubAccountId"):
        assert found(charges, dimension, metric) == found(bill.ledger.daily, dimension, metric)


def test_charges_have_focus_columns(bill: ft.Bill) -> None:
    charges = bill.charges(where="x_ServiceCode=AmazonS3")
    assert set(charges.columns) == set(ft.columns()["name"])
    assert charges["x_ServiceCode"].cast(pl.String).unique().to_list() == ["AmazonS3"]
    assert isinstance(charges.schema["ChargePeriodStart"], pl.Datetime)


def test_tags_of_charges_are_maps(bill: ft.Bill, truth: Truth) -> None:
    charges = bill.charges(columns=["Tags", "EffectiveCost"])
    team = charges.select(pl.col("Tags").map.get("team").alias("Tags/team"), "EffectiveCost")
    assert found(team, "Tags/team", "EffectiveCost") == expected(truth, "Tags/team", "EffectiveCost")


@pytest.mark.parametrize("metric", METRICS)
def test_ledger_tables_add_up_to_the_truth(bill: ft.Bill, truth: Truth, metric: str) -> None:
    daily = bill.ledger.daily
    assert daily[metric].sum() == total(truth, metric)
    for dimension in ("x_ServiceCode", "RegionId", "SubAccountId", "x_LineItemType", "InvoiceId"):
        assert found(daily, dimension, metric) == expected(truth, dimension, metric), dimension


def test_ledger_tables_are_frames_made_once(bill: ft.Bill) -> None:
    ledger = bill.ledger
    assert ledger is bill.ledger
    assert ledger.daily is ledger.daily
    for name in ft._farthing.tables():
        assert isinstance(getattr(ledger, name), pl.DataFrame), name
        assert name in repr(ledger)


def test_periods_may_be_chosen_when_opening(folder: Path, truth: Truth) -> None:
    bill = ft.open(folder, periods=["2026-10"], threads=1, progress=False)
    assert bill.costs(metric="BilledCost")["BilledCost"].item() == total(truth, "BilledCost", ["2026-10"])
    with pytest.raises(ft.QueryError, match="unknown billing period `2025-01`"):
        ft.open(folder, periods="2025-01")


def test_several_sources_are_one_bill(folder: Path, truth: Truth) -> None:
    files = sorted(folder.rglob("*.parquet"))
    bill = ft.open(files, progress=False)
    assert bill.costs(metric="BilledCost")["BilledCost"].item() == total(truth, "BilledCost")
    assert len(bill.inventory["inputs"]) == len(files)


@pytest.mark.parametrize("dialect", ["focus1.0", "focus1.2"])
def test_focus_says_what_it_does_not_state(tmp_path: Path, dialect: Literal["focus1.0", "focus1.2"]) -> None:
    bill = ft.open(ft.demo(tmp_path / "bill", months=1, accounts=4, dialect=dialect, scale="5000-rows"), progress=False)
    assert bill.costs()["EffectiveCost"].sum() > 0
    assert bill.costs(metric="x_UnblendedCost")["x_UnblendedCost"].null_count() == 1
    assert bill.costs(metric="ContractedCost")["ContractedCost"].null_count() == 0
    statuses = {"focus1.0": "not stated", "focus1.2": "final"}
    assert [period.status for period in bill.reconcile().periods] == [statuses[dialect]]
    assert bill.ledger.daily["x_UnblendedCost"].null_count() == bill.ledger.daily.height


def test_the_legacy_report_is_read_alike(tmp_path: Path) -> None:
    folder = ft.demo(tmp_path / "bill", months=1, accounts=4, dialect="legacy", truth=True)
    truth = json.loads((folder / "truth.json").read_text())
    bill = ft.open(folder, progress=False)
    answer = bill.costs(by="x_ServiceCode")
    assert found(answer, "x_ServiceCode", "EffectiveCost") == expected(truth, "x_ServiceCode", "EffectiveCost")
    assert bill.reconcile().verdict == "pass"


def test_the_factory_writes_the_same_bytes_again(tmp_path: Path) -> None:
    bills = [ft.demo(tmp_path / name, months=1, accounts=4, scale="3000-rows") for name in ("a", "b")]
    first, second = ([file.read_bytes() for file in sorted(bill.rglob("*.parquet"))] for bill in bills)
    assert first == second
    assert not (bills[0] / "truth.json").exists()


def test_inventory_says_what_is_there(bill: ft.Bill, truth: Truth) -> None:
    inventory = bill.inventory
    assert inventory["schema"] == "farthing.inspect/1"
    assert inventory["periods"] == ["2026-08", "2026-09", "2026-10"]
    assert inventory["totals"]["rows"] == sum(truth["rows"].values())
    assert repr(bill).startswith("Bill(3 deliveries, 6 files, ")
    assert "2026-08" in bill._repr_html_()
