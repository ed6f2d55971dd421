"""The examples in the docstrings run, on the bill of the tests."""

import doctest
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import farthing as ft

MODULES = ["farthing", *(f"farthing.{module.name}" for module in pkgutil.iter_modules(ft.__path__))]
EXAMPLES = [
    example
    for name in MODULES
    for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    if example.examples
]


def test_there_are_examples() -> None:
    shown = {example.name for example in EXAMPLES}
    assert {"farthing._bill.Bill.costs", "farthing._bill.open", "farthing._factory.columns"} <= shown


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(example: doctest.DocTest, folder: Path, bill: ft.Bill, tmp_path: Path) -> None:
    names: dict[str, Any] = {"ft": ft, "pl": pl, "bill": bill, "folder": folder, "tmp": tmp_path}
    example.globs.update(names)
    failures: list[str] = []
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    doctest.DocTestRunner(optionflags=flags, verbose=False).run(example, out=failures.append, clear_globs=False)
    assert not failures, "".join(failures)
