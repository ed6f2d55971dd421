"""The certificate."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import farthing as ft
from farthing import _html


def test_a_sound_bill_passes(bill: ft.Bill) -> None:
    certificate = bill.reconcile()
    assert certificate.verdict == "pass"
    assert certificate.figures_allowed
    assert certificate.frame.height == len(certificate.checks)
    assert [check.id for check in certificate.checks][0] == "R1"
    assert all(check.detail for check in certificate.checks)


def test_it_holds_months_invoices_and_files(bill: ft.Bill, folder: Path) -> None:
    certificate = bill.reconcile()
    assert [period.period for period in certificate.periods] == ["2026-08", "2026-09", "2026-10"]
    cash = sum((period.costs["x_UnblendedCost"] or Decimal(0)) for period in certificate.periods)
    assert cash == sum(invoice.amount for invoice in certificate.invoices)
    assert len(certificate.inputs) == len(list(folder.rglob("*.parquet")))
    assert {len(file.sha256) for file in certificate.inputs} == {64}


def test_it_ties_to_the_invoices_that_finance_has(bill: ft.Bill, tmp_path: Path) -> None:
    lines = [
        f"{invoice.payer},{invoice.invoice_id},{invoice.amount:.2f},{invoice.currency}"
        for invoice in bill.reconcile().invoices
        if invoice.invoice_id
    ]
    right = tmp_path / "invoices.csv"
    right.write_text("\n".join(["payer,invoice_id,amount,currency", *lines, ""]))
    certificate = bill.reconcile(invoice=right)
    assert certificate.verdict == "pass"
    assert any(invoice.invoiced is not None for invoice in certificate.invoices)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("payer,amount\n1,2\n")
    with pytest.raises(ft.BillError, match="payer,invoice_id,amount,currency"):
        bill.reconcile(invoice=wrong)


def test_it_prints_well(bill: ft.Bill) -> None:
    certificate = bill.reconcile()
    lines = repr(certificate).splitlines()
    assert lines[0].startswith("Certificate: pass (")
    assert len(lines) == 1 + len(certificate.checks)
    html = certificate._repr_html_()
    assert all(f">{check.id}<" in html for check in certificate.checks)
    assert all(f">{period.period}<" in html for period in certificate.periods)
    assert certificate.to_json().startswith("{")
    assert "R1" in certificate.to_markdown()


def test_html_is_escaped() -> None:
    text = '<script>alert("x")</script>'
    grid: Any = {"columns": [text], "right": [False], "rows": [[text]], "total": [text]}
    parts = [_html.table(grid), _html.heading(text), _html.paragraph(text)]
    assert all("<script" not in part and "&lt;script&gt;" in part for part in parts)
