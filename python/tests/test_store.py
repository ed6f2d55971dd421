"""Ledgers are kept, and a bill that did not change is not read again."""

import os
from pathlib import Path

import pytest

import farthing as ft


def blank_pages(folder: Path) -> None:
    """Leaves nothing of the files but their size, footer and time of writing."""
    for file in folder.rglob("*.parquet"):
        times = file.stat()
        content = bytearray(file.read_bytes())
        footer = int.from_bytes(content[-8:-4], "little") + 8
        content[4:-footer] = bytes(len(content) - footer - 4)
        file.write_bytes(content)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return ft.demo(tmp_path / "bill", months=2, accounts=4, scale="4000-rows")


def test_an_unchanged_bill_is_not_read_again(fresh: Path, tmp_path: Path) -> None:
    store = tmp_path / "kept"
    first = ft.open(fresh, progress=False, store=store)
    expected = first.costs(by=["ServiceName"], granularity="monthly")
    certificate = first.reconcile().frame
    assert len(list((store / "ledgers").iterdir())) == 2
    blank_pages(fresh)
    with pytest.raises(ft.FarthingError):
        ft.open(fresh, progress=False, store=False).costs()
    second = ft.open(fresh, progress=False, store=store)
    assert second.reconcile().frame.equals(certificate)
    assert second.costs(by=["ServiceName"], granularity="monthly").equals(expected)
    assert second.ledger.daily.height > 0
    assert second.store_notes == []


def test_the_variable_names_the_store_and_false_keeps_nothing(fresh: Path) -> None:
    store = Path(os.environ["FARTHING_STORE"])
    ft.open(fresh, progress=False, store=False).costs()
    assert not store.exists() or not any(store.iterdir())
    ft.open(fresh, progress=False).costs()
    assert len(list((store / "ledgers").iterdir())) == 2


def test_a_store_that_cannot_be_used_is_told(fresh: Path) -> None:
    bill = ft.open(fresh, progress=False, store="/proc/farthing")
    assert bill.costs().height == 1
    assert len(bill.store_notes) == 1 and "/proc/farthing" in bill.store_notes[0]
