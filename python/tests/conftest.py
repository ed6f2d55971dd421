"""One bill from the factory, with its truth, for every test."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import farthing as ft


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "bill"
    return ft.demo(place, months=3, accounts=5, seed=7, waste="none", truth=True)


@pytest.fixture(autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds the ledgers of another, or the user's."""
    monkeypatch.setenv("FARTHING_STORE", str(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="session")
def truth(folder: Path) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return answers


@pytest.fixture(scope="session")
def bill(folder: Path) -> ft.Bill:
    return ft.open(folder, progress=False, store=False)


@pytest.fixture(scope="session")
def unsound(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ft.Bill:
    """The bill with one of its files delivered twice."""
    target = tmp_path_factory.mktemp("unsound")
    files = sorted(folder.rglob("*.parquet"))
    for number, file in enumerate([*files, files[0]]):
        shutil.copy(file, target / f"{number}.parquet")
    return ft.open(target, progress=False, store=False)
