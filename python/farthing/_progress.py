"""What a long read shows: a tqdm bar where somebody is looking, or whatever the caller makes of the counts."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Tick: TypeAlias = Callable[[int, int], object]
"""Called with rows done and rows in all, which are estimated where files are text, or with bytes while objects are
fetched; what it raises stops the work."""

Progress: TypeAlias = Tick | bool | None
"""A callable; `True` for a bar, `False` for none, `None` for a bar on a terminal or in a notebook, if tqdm is there."""

# A bar that would be gone at once is not shown.
_DELAY_SECONDS = 0.5


@contextmanager
def ticking(progress: Progress, unit: str = " rows") -> Iterator[Tick | None]:
    """The callable that the engine tells its progress to, while the work goes on."""
    if callable(progress):
        yield progress
    elif progress is True or (progress is None and _somebody_looks() and _has_tqdm()):
        bar = _Bar(unit)
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield None


def _somebody_looks() -> bool:
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


def _has_tqdm() -> bool:
    return importlib.util.find_spec("tqdm") is not None


class _Bar:
    """A bar for each pass over the bill: one call may need several."""

    def __init__(self, unit: str) -> None:
        with warnings.catch_warnings():
            # Without ipywidgets tqdm falls back to text, which is good enough.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm  # type: ignore[import-untyped]
        self._tqdm: Any = tqdm
        self._unit = unit
        self._bar: Any = None

    def __call__(self, rows_done: int, rows_total: int) -> None:
        if self._bar is not None and rows_done < self._bar.n:
            self.close()
        if self._bar is None:
            self._bar = self._tqdm(
                total=rows_total, desc="farthing", unit=self._unit, unit_scale=True, leave=False, delay=_DELAY_SECONDS
            )
        self._bar.total = rows_total
        self._bar.update(rows_done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
