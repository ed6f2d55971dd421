"""Gates: conditions on a month's totals under which a job fails."""

from __future__ import annotations

from collections.abc import Iterable
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


def gate_texts(gates: str | Iterable[str]) -> list[str]:
    """Gates one by one: text has commas between them."""
    return gates.split(",") if isinstance(gates, str) else list(gates)


def gate_results(results: Iterable[tuple[str, bool, str | None, str]]) -> list[GateResult]:
    """What the engine found, exact."""
    return [
        GateResult(gate, failed, None if figure is None else Decimal(figure), detail)
        for gate, failed, figure, detail in results
    ]
