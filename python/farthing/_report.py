"""The monthly report: its sections as frames, its texts, and the files it is written to."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from . import _html
from ._certificate import Certificate
from ._errors import FileError, QueryError
from ._frames import frame
from ._gates import GateResult, gate_results

if TYPE_CHECKING:
    import polars as pl

    from . import _farthing


@dataclass(frozen=True)
class Chart:
    """A chart of a report, as SVG.

    >>> chart = bill.report().charts["costs_by_service"]
    >>> chart.title
    'Effective cost by service in 2026-10 (USD); the line marks 2026-09'
    >>> chart.svg.startswith("<svg")
    True
    """

    title: str
    description: str
    svg: str

    def __repr__(self) -> str:
        return f"Chart({self.title!r})"

    def _repr_svg_(self) -> str:
        return self.svg


class Report:
    """The monthly report of a bill.

    >>> report = bill.report()
    >>> report.title, report.currency
    ('AWS cost report, 2026-08 to 2026-10', 'USD')
    >>> report.sections["costs_by_account"].columns
    ['SubAccountId', 'SubAccountName', '2026-08', '2026-09', '2026-10', 'Total', 'Share']
    >>> report.frame.columns
    ['section', 'title', 'note', 'rows']
    """

    def __init__(self, native: _farthing.Report) -> None:
        self._native = native

    @property
    def title(self) -> str:
        """What it is about."""
        return self._native.title

    @property
    def periods(self) -> list[str]:
        """The billing periods, in order."""
        return self._native.periods

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self._native.currency

    @cached_property
    def certificate(self) -> Certificate:
        """What was checked."""
        return Certificate(self._native.certificate)

    @cached_property
    def sections(self) -> dict[str, pl.DataFrame]:
        """The sections, in reading order, exact."""
        return {section["id"]: frame(section["rows"]) for section in self._native.sections}

    @cached_property
    def totals(self) -> dict[str, pl.DataFrame]:
        """The sum row of each section that adds up to something."""
        return {
            section["id"]: frame(section["total"]) for section in self._native.sections if section["total"] is not None
        }

    @cached_property
    def frame(self) -> pl.DataFrame:
        """What the report holds: each section's key, title and note, and how many rows it has."""
        import polars as pl

        columns = ("section", "title", "note", "rows")
        rows = [(s["id"], s["title"], s["note"], len(s["rows"])) for s in self._native.sections]
        return pl.DataFrame(rows, schema=dict(zip(columns, (pl.String, pl.String, pl.String, pl.Int64))), orient="row")

    @cached_property
    def gates(self) -> list[GateResult]:
        """What came of the gates that were asked about."""
        return gate_results(self._native.gates)

    def to_message(self) -> str:
        """A summary in Markdown of at most 3,000 characters, for a chat or a pull request.

        >>> len(bill.report().to_message()) <= 3000
        True
        """
        return self._native.message()

    def to_json(self) -> str:
        """The report as JSON, money as decimal text."""
        return self._native.json()

    def to_markdown(self) -> str:
        """The report as Markdown, money rounded to cents."""
        return self._native.markdown()

    def to_html(self) -> str:
        """The report as one HTML file with charts, which loads nothing and runs no script."""
        return self._native.html()

    def to_xlsx(self) -> bytes:
        """The report as an Excel workbook: charts, tables to pivot, every recommendation."""
        return self._native.xlsx()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the report; the ending chooses the form: `.html`, `.xlsx`, `.md` or `.json`. A file appears whole or not at all.

        >>> report = bill.report()
        >>> report.save(tmp / "october.html")
        >>> (tmp / "october.html").read_text() == report.to_html()
        True
        """
        writer(path)(self)

    @cached_property
    def charts(self) -> dict[str, Chart]:
        """Charts by the section whose figures they show; a notebook draws them.

        >>> list(bill.report().charts)[:2]
        ['summary', 'costs_by_service']
        """
        return {key: Chart(title, description, svg) for key, title, description, svg in self._native.charts()}

    def __repr__(self) -> str:
        lines = [f"{self.title} ({self.certificate.summary})"]
        lines += [f"  {s['id']}: {s['title']}, {len(s['rows'])} rows" for s in self._native.sections]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        parts = [_html.heading(self.title), _html.paragraph(self._native.headline)]
        parts.append(_html.paragraph(f"Certificate: {self.certificate.summary}."))
        for section in self._native.sections:
            chart = self.charts.get(section["id"])
            parts += [_html.heading(section["title"]), _html.paragraph(section["note"])]
            parts += ["" if chart is None else chart.svg, _html.table(section["grid"])]
        return "".join(parts)


_WRITERS: dict[str, Callable[[Report], str | bytes]] = {
    ".html": Report.to_html,
    ".xlsx": Report.to_xlsx,
    ".md": Report.to_markdown,
    ".json": Report.to_json,
}


def writer(path: str | os.PathLike[str]) -> Callable[[Report], None]:
    """What writes a report to `path`; an ending that is not known is found out before any work is done."""
    target = Path(path)
    content = _WRITERS.get(target.suffix.lower())
    if content is None:
        raise QueryError(f"{target}: a report is not written as `{target.suffix}`; use one of {', '.join(_WRITERS)}")
    return lambda report: _write(target, content(report))


def _write(target: Path, content: str | bytes) -> None:
    """Writes beside the target and then renames, so that nobody sees half a file."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(target)
    except OSError as error:
        raise FileError(f"{target}: {error.strerror}; choose a folder that exists and can be written to") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
