"""Recommendations and the registry."""

import json
from decimal import Decimal

import polars as pl
import pytest

import farthing as ft


def test_rows_are_ranked_and_add_up(bill: ft.Bill) -> None:
    savings = bill.recommend()
    rows = savings.frame
    steps = savings.waterfall
    assert steps.columns[:2] == ["kind", "rows"] and steps.height > 0
    assert steps["saved_monthly"].sum() == savings.together_monthly > 0
    assert steps["left_monthly"].to_list()[-1] == savings.cost_monthly - savings.together_monthly
    assert bill.recommend(kind="idle").waterfall.height == 0
    counted = rows.filter(pl.col("grade") != "heuristic")
    assert counted.height > 0
    assert counted["savings_monthly"].sum() == savings.savings_monthly > 0
    assert counted["savings_monthly"].is_sorted(descending=True)
    assert rows.filter(pl.col("grade") == "heuristic")["savings_monthly"].sum() == savings.potential_monthly
    named = rows.filter(pl.col("resource_id").is_not_null())
    assert named.select("sub_account_id", "resource_id").is_duplicated().sum() == 0
    assert savings.savings_monthly <= savings.savings_monthly_list
    assert isinstance(savings.cost_monthly, Decimal)
    assert [check.verdict for check in savings.certificate.checks if check.id == "R20"] == ["pass"]


def test_questions_narrow_it(bill: ft.Bill) -> None:
    only = bill.recommend(only="idle-nat-gateway").frame
    assert set(only["detector"]) == {"idle-nat-gateway"}
    assert bill.recommend(only=["idle-nat-gateway"], settings={"idle-nat-gateway.HOURS_MIN": 10_000}).frame.height == 0
    assert set(bill.recommend(kind="idle").frame["kind"]) == {"idle"}
    assert bill.recommend(min_savings=1e9).frame.height == 0
    assert bill.recommend(as_of="2026-09-30").look_back == ("2026-09", 720)


def test_what_is_not_understood_is_said(bill: ft.Bill) -> None:
    with pytest.raises(ft.QueryError, match="idle-nat-gateway"):
        bill.recommend(only="idle-nat-gatway")
    with pytest.raises(ft.QueryError, match="is no number"):
        bill.recommend(settings={"idle-nat-gateway.HOURS_MIN": "many"})
    with pytest.raises(ft.QueryError, match="unknown kind"):
        bill.recommend(kind="idel")  # type: ignore[arg-type]


def test_it_prints_well(bill: ft.Bill) -> None:
    savings = bill.recommend()
    assert repr(savings).startswith("Recommendations: ")
    assert "idle-nat-gateway" in savings._repr_html_()
    document = json.loads(savings.to_json())
    assert document["schema"] == "farthing.recommend/1"
    assert Decimal(document["totals"]["savings_monthly"]) == savings.savings_monthly


def test_figures_that_cannot_be_trusted_are_withheld(unsound: ft.Bill) -> None:
    with pytest.raises(ft.ReconciliationError):
        unsound.recommend()


def test_the_registry_is_a_frame() -> None:
    detectors = ft.detectors()
    assert detectors.height >= 35
    assert set(detectors["kind"]) <= {"idle", "rightsize", "modernize", "commit"}
    assert detectors["thresholds"].list.len().min() >= 1
