"""One bill from the factory, with its truth, for every test."""

import json
from pathlib import Path
from typing import Any

import pytest

import farthing as ft


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ft.demo(tmp_path_factory.mktemp("demo") / "bill", months=3, accounts=5, seed=7, truth=True)


@pytest.fixture(scope="session")
def truth(folder: Path) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return answers


@pytest.fixture(scope="session")
def bill(folder: Path) -> ft.Bill:
    return ft.open(folder, progress=False)


@pytest.fixture(scope="session")
def unsound(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ft.Bill:
    """The bill without one row that takes back what a Savings Plan covered."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    target = tmp_path_factory.mktemp("unsound")
    dropped = 0
    for file in sorted(folder.rglob("*.parquet")):
        rows = pq.read_table(file)
        negation = pc.equal(rows["line_item_line_item_type"], "SavingsPlanNegation").to_pylist()
        if not dropped and True in negation:
            dropped = 1
            negation.reverse()
            last = len(negation) - 1 - negation.index(True)
            rows = pa.concat_tables([rows.slice(0, last), rows.slice(last + 1)])
        pq.write_table(rows, target / f"{file.parent.name}-{file.name}".replace("=", "-"))
    assert dropped
    return ft.open(target, progress=False)
