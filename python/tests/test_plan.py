"""Commitments and what to buy."""

import json
from decimal import Decimal

import pytest

import farthing as ft


def test_commitments_are_frames(bill: ft.Bill) -> None:
    commitments = bill.commitments()
    sums = commitments.frame.select("Committed", "Used", "Unused").sum()
    assert sums["Committed"].item() == sums["Used"].item() + sums["Unused"].item()
    terms = commitments.sections["commitment_terms"]
    assert set(commitments.frame["CommitmentDiscountId"]) == set(terms["CommitmentDiscountId"])
    assert "savings_plans_over_time" in bill.commitments(granularity="daily").sections
    assert bill.ledger.terms.height == terms.height
    with pytest.raises(ft.QueryError, match="unknown granularity"):
        bill.commitments(granularity="yearly")  # type: ignore[arg-type]


def test_a_plan_adds_up_and_prints(bill: ft.Bill) -> None:
    plan = bill.plan()
    document = json.loads(plan.to_json())
    assert document["schema"] == "farthing.plan/1"
    assert plan.frame.height == len(document["rows"]) > 0
    saved = sum(Decimal(row["savings_monthly"]) for row in document["rows"])
    assert abs(saved - Decimal(document["totals"]["savings_monthly"])) < Decimal("0.001")
    assert "saves" in repr(plan)
    assert "What to buy" in plan._repr_html_()
    assert plan.frontier is not None
    assert plan.scenarios is not None
    assert plan.backtest is None


def test_questions_narrow_the_plan(bill: ft.Bill) -> None:
    plan = bill.plan(buy=["reservation"], payment=["no"], exclude_families=["m5"])
    assert all(text.startswith("Reservation") for text in plan.frame["Commitment"])
    assert set(plan.frame["Term"]) == {"1 yr, No Upfront"}
    assert json.loads(bill.plan(method="aws").to_json())["method"] == "aws"
    for question in ({"payment": ["later"]}, {"buy": ["spot"]}, {"method": "luck"}, {"term": "2yr"}):
        with pytest.raises(ft.QueryError):
            bill.plan(**question)


def test_a_plan_of_an_unsound_bill_is_withheld(unsound: ft.Bill) -> None:
    with pytest.raises(ft.ReconciliationError):
        unsound.plan()
    with pytest.raises(ft.ReconciliationError):
        unsound.commitments()
