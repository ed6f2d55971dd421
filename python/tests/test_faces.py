"""The faces of one report: every figure of HTML, Excel, Markdown and JSON is the same to the cent."""

import io
import json
import re
from decimal import ROUND_HALF_EVEN, Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

import farthing as ft

openpyxl = pytest.importorskip("openpyxl")

Table = list[list[str]]
CENT = Decimal("0.01")


class _Tables(HTMLParser):
    """Tables by caption: column names, rows, and the sum row as the last."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, Table] = {}
        self._caption: list[str] | None = None
        self._rows: Table = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "caption":
            self._caption = []
        elif tag == "tr":
            self._caption, self._rows = None, [*self._rows, []]
        elif tag in ("th", "td"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._title = "".join(self._caption or [])
            self._caption, self._rows = None, []
        elif tag == "table":
            self.tables[self._title], self._rows = self._rows, []

    def handle_data(self, data: str) -> None:
        if self._caption is not None:
            self._caption.append(data)
        elif self._rows and self._rows[-1] and data.strip():
            self._rows[-1][-1] += data


def _html(text: str) -> dict[str, Table]:
    parser = _Tables()
    parser.feed(text)
    return parser.tables


def _markdown(text: str) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for part in text.split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ")]
        rows = [[_plain(cell) for cell in re.split(r"(?<!\\) ?\| ?", line)[1:-1]] for line in lines]
        tables[_plain(part.splitlines()[0])] = [row for row in rows if not set("".join(row)) <= set("-: ")]
    return tables


def _plain(cell: str) -> str:
    return re.sub(r"\\(.)", r"\1", cell.removeprefix("**").removesuffix("**"))


def _workbook(data: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    tables = {}
    for sheet in book.worksheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        for at, row in enumerate(rows):
            # Below a title and a note stand the names of columns.
            if row[0] is not None and sheet.cell(at + 1, 1).font.size == 16 and at + 2 < len(rows):
                end = next((e for e in range(at + 3, len(rows)) if all(c is None for c in rows[e])), len(rows))
                tables[str(row[0])] = rows[at + 2 : end]
    return tables


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "").removesuffix("%"))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ft.Report:
    """A report with everything in it: commitments, waste, tags, three months."""
    folder = ft.demo(tmp_path_factory.mktemp("faces") / "bill", months=3, accounts=5, seed=7)
    return ft.open(folder, progress=False, store=False).report()


def test_every_figure_is_the_same_in_every_face(report: ft.Report) -> None:
    html, markdown, book = _html(report.to_html()), _markdown(report.to_markdown()), _workbook(report.to_xlsx())
    compared = 0
    for key, section in json.loads(report.to_json())["sections"].items():
        title = section["title"]
        # The page shows the key figures as tiles, which are compared below.
        faces = [markdown[title], markdown[title] if key == "key_figures" else html[title]]
        rows = section["rows"] + ([section["total"]] if section["total"] else [])
        assert [len(face) - 1 for face in [*faces, book[title]]] == [len(rows)] * 3, key
        for column in section["columns"]:
            name = column["name"]
            in_book = book[title][0].index(name)
            shown = [[row[face[0].index(name)] for row in face[1:]] for face in faces if name in face[0]]
            exact = [row[name] for row in rows]
            assert shown or all(value is None for value in exact), (key, name)
            for at, value in enumerate(exact):
                texts = {column[at] for column in shown}
                assert len(texts) <= 1, (key, name, at, texts)
                if value is None or not texts or column["kind"] == "text":
                    continue
                compared += _agree(value, texts.pop(), book[title][at + 1][in_book], (key, name, at))
    assert compared > 500


def _agree(exact: Any, shown: str, in_book: Any, where: Any) -> int:
    """Holds one figure's faces beside each other."""
    figure = _number(shown)
    if isinstance(exact, str):
        assert Decimal(repr(in_book)).quantize(CENT) == figure, where
        assert abs(figure - Decimal(exact)) < CENT, where
    elif shown.endswith("%"):
        assert f"{in_book:.12g}" == f"{exact:.12g}", where
        assert abs(Decimal(repr(exact)) * 100 - figure) <= Decimal("0.05000001"), where
    else:
        assert exact == in_book == figure, where
    return 1


def test_sums_are_rounded_once_and_parts_add_up_to_them(report: ft.Report) -> None:
    book = _workbook(report.to_xlsx())
    for key, section in json.loads(report.to_json())["sections"].items():
        for at, column in enumerate(section["columns"]):
            total = (section["total"] or {}).get(column["name"])
            if column["kind"] == "money" and total is not None:
                *rows, last = [row[at] for row in book[section["title"]][1:]]
                due = Decimal(total).quantize(CENT, ROUND_HALF_EVEN)
                assert Decimal(repr(last)).quantize(CENT) == due, (key, column["name"])
                if key != "costs_by_day" or column["name"] != "MonthBefore":
                    assert sum(Decimal(repr(row)).quantize(CENT) for row in rows) == due, (key, column["name"])


def test_tiles_are_the_key_figures(report: ft.Report) -> None:
    tiles = re.findall(r'<dt>([^<]*)</dt><dd class="figure">([^< ]*)', report.to_html())
    shown = [(row[0], row[1]) for row in _markdown(report.to_markdown())["The month in figures"][1:]]
    assert tiles == shown and len(tiles) >= 8


def test_flat_sheets_hold_everything_exactly(report: ft.Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(report.to_xlsx()))
    names, *rows = book["Costs"].iter_rows(values_only=True)
    months = {row["BillingPeriod"]: row for row in json.loads(report.to_json())["rows"]}
    for metric in ("EffectiveCost", "BilledCost"):
        for month, exact in months.items():
            total = sum(Decimal(repr(row[names.index(metric)])) for row in rows if row[0] == month)
            assert abs(total - Decimal(exact[metric])) < Decimal("0.0001"), (month, metric)
    names, *rows = book["Recommendations"].iter_rows(values_only=True)
    advice = json.loads(report.to_json())["recommendations"]
    assert len(rows) == len(advice) > 50
    saved = [Decimal(repr(row[names.index("savings_monthly")])) for row in rows]
    assert all(abs(s - Decimal(one["savings_monthly"])) < Decimal("1e-8") for s, one in zip(saved, advice))
    assert book["Costs"].tables and book["Recommendations"].tables
