"""Tables for notebooks. Every text is escaped: names in a bill are whatever somebody typed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._farthing import Grid


def table(grid: Grid) -> str:
    """A table; figures stand to the right, the sum row is set off."""
    sides = ["right" if right else "left" for right in grid["right"]]
    rows = "".join(_row("td", row, sides) for row in grid["rows"])
    total = "" if grid["total"] is None else f"<tfoot>{_row('th', grid['total'], sides)}</tfoot>"
    return f"<table><thead>{_row('th', grid['columns'], sides)}</thead><tbody>{rows}</tbody>{total}</table>"


def _row(tag: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    cells = [f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides)]
    return f"<tr>{''.join(cells)}</tr>"


def heading(text: str) -> str:
    """A heading above a table."""
    return f"<h4>{escape(text)}</h4>"


def paragraph(text: str | None) -> str:
    """A sentence; nothing where there is none."""
    return f"<p>{escape(text)}</p>" if text else ""
