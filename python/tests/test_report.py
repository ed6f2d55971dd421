"""The report and its files."""

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import farthing as ft


@pytest.fixture(scope="module")
def report(bill: ft.Bill) -> ft.Report:
    return bill.report()


def test_sections_are_frames_that_add_up(report: ft.Report) -> None:
    assert report.sections
    assert report.periods == ["2026-08", "2026-09", "2026-10"]
    assert report.currency == "USD"
    for key, total in report.totals.items():
        section = report.sections[key]
        for name, dtype in section.schema.items():
            if isinstance(dtype, pl.Decimal) and total[name].item() is not None:
                assert section[name].sum() == total[name].item(), (key, name)


def test_frame_lists_the_sections(report: ft.Report) -> None:
    assert report.frame["section"].to_list() == list(report.sections)
    assert report.frame["rows"].to_list() == [section.height for section in report.sections.values()]


def test_it_prints_well(report: ft.Report) -> None:
    assert repr(report).startswith(report.title)
    html = report._repr_html_()
    assert html.count("<table>") == len(report.sections)
    assert report._repr_markdown_().startswith("# ")


def test_printed_parts_add_up_to_the_printed_total(report: ft.Report) -> None:
    for section in report._native.sections:
        grid, total = section["grid"], section["grid"]["total"]
        for index, name in enumerate(grid["columns"]):
            money = isinstance(report.sections[section["id"]].schema[name], pl.Decimal)
            if money and total is not None and total[index]:
                parts = [Decimal(row[index].replace(",", "")) for row in grid["rows"] if row[index] != "n/a"]
                assert sum(parts) == Decimal(total[index].replace(",", "")), (section["id"], name)


@pytest.mark.parametrize("ending", [".md", ".json", ".JSON", ".html"])
def test_files_are_written_whole(bill: ft.Bill, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"october{ending}"
    target.write_text("old")
    report = bill.report(target)
    assert [file.name for file in tmp_path.iterdir()] == [target.name]
    text = target.read_text(encoding="utf-8")
    made = {".md": report.to_markdown, ".html": report.to_html}.get(ending, report.to_json)
    assert text == made()
    if ending.lower() == ".json":
        assert json.loads(text)["schema"] == "farthing.report/1"


def test_an_ending_that_is_not_known_is_refused_at_once(folder: Path, tmp_path: Path) -> None:
    def told(done: int, total: int) -> None:
        raise AssertionError("the bill was read")

    with pytest.raises(ft.QueryError, match=r"`\.pdf`.*\.html, \.xlsx, \.md, \.json"):
        ft.open(folder, progress=told).report(tmp_path / "october.pdf")


def test_a_folder_that_is_not_there_is_named(bill: ft.Bill, tmp_path: Path) -> None:
    with pytest.raises(ft.FileError, match="nowhere"):
        bill.report(tmp_path / "nowhere" / "october.md")


def test_gates_are_those_of_the_command(bill: ft.Bill) -> None:
    cost = bill.costs(period="2026-10")["EffectiveCost"].item()
    failed, passed = bill.gates("cost>1,cost<1")
    assert (failed.failed, passed.failed) == (True, False)
    assert failed.figure == cost and "2026-10" in failed.detail
    with pytest.raises(ft.QueryError, match="FIGURE<NUMBER"):
        bill.gates(["cost"])
    with pytest.raises(TypeError, match="failed"):
        assert failed


def test_a_report_holds_to_gates_and_to_what_was_agreed_on(bill: ft.Bill, tmp_path: Path) -> None:
    agreed = tmp_path / "farthing.toml"
    agreed.write_text('[[exception]]\nkind = "idle"\nreason = "a drill"\nuntil = 2027-03-31\n')
    report = bill.report(gates=["cost>1", "cost<1"], config=agreed)
    assert report.gates == bill.gates("cost>1,cost<1")
    assert report.sections["gates"]["Result"].to_list() == ["failed", "passed"]
    assert report.sections["exceptions"]["Reason"].to_list() == ["a drill"]
    message = report.to_message()
    assert len(message) <= 3000 and "Gates: 1 of 2 failed" in message
    assert "gates" not in bill.report().sections
    with pytest.raises(ft.QueryError, match="FIGURE<NUMBER"):
        bill.report(gates="cost")
