"""Gates: conditions on a month's totals under which a job fails."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class GateResult:
    """What came of a gate."""

    gate: str
    failed: bool
    """Whether its condition holds, or its figure is missing."""
    figure: Decimal | None
    """In the bill's currency or in percent; `None` when the bill does not have it."""
    detail: str
    """What was found, in a sentence."""

    def __bool__(self) -> bool:
        raise TypeError("a result of a gate is neither true nor false; ask for `.failed`")
