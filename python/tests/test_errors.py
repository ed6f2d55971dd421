"""Every failure is a FarthingError of the right kind, and says what is at fault and what to do."""

import datetime
import pickle
from pathlib import Path

import pytest

import farthing as ft


def test_the_tree() -> None:
    assert issubclass(ft.NotFoundError, FileNotFoundError)
    assert issubclass(ft.FileError, OSError)
    assert issubclass(ft.QueryError, ValueError)
    kinds = [ft.BillError, ft.FileError, ft.NotFoundError, ft.QueryError, ft.ReconciliationError]
    assert all(issubclass(kind, ft.FarthingError) for kind in kinds)
    error = pickle.loads(pickle.dumps(ft.QueryError("unknown metric")))
    assert isinstance(error, ft.QueryError)
    assert repr(ft.QueryError) == "<class 'farthing.QueryError'>"


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ft.NotFoundError, match="nowhere.*check the path"):
        ft.open(tmp_path / "nowhere")


def test_a_folder_without_a_bill(tmp_path: Path) -> None:
    with pytest.raises(ft.BillError):
        ft.open(tmp_path)


def test_a_file_that_is_no_bill(tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(ft.BillError, match="no Cost and Usage Report"):
        ft.open(tmp_path / "other.parquet").costs()


def test_a_broken_file(folder: Path, tmp_path: Path) -> None:
    sound = next(iter(sorted(folder.rglob("*.parquet")))).read_bytes()
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(sound[: len(sound) // 2])
    with pytest.raises(ft.BillError, match="broken.parquet.*fetch this file again"):
        ft.open(broken).costs()


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"by": "Servic"}, "unknown charge column `Servic`.*ServiceName"),
        ({"metric": "Cost"}, "unknown metric `Cost`.*EffectiveCost"),
        ({"granularity": "weekly"}, "unknown granularity `weekly`.*daily"),
        ({"where": "RegionId"}, "no `=`"),
        ({"where": "Nope=1"}, "unknown charge column `Nope`"),
        ({"from_": datetime.datetime(2026, 10, 1, 12)}, "give a UTC day"),
        ({"period": "October"}, "October"),
    ],
)
def test_a_question_that_is_not_understood(bill: ft.Bill, question: dict[str, object], message: str) -> None:
    with pytest.raises(ft.QueryError, match=message):
        bill.costs(**question)  # type: ignore[arg-type]


def test_a_question_is_checked_before_the_bill_is_read(folder: Path) -> None:
    def told(done: int, total: int) -> None:
        raise AssertionError("the bill was read")

    with pytest.raises(ft.QueryError, match="Servic"):
        ft.open(folder, progress=told).costs(by="Servic")


def test_a_wrong_type_is_a_type_error(bill: ft.Bill) -> None:
    with pytest.raises(TypeError):
        bill.costs(top="three")  # type: ignore[arg-type]


def test_the_factory_names_what_it_cannot_make(tmp_path: Path) -> None:
    with pytest.raises(ft.QueryError, match="unknown dialect `focus9`"):
        ft.demo(tmp_path, dialect="focus9")  # type: ignore[arg-type]
    with pytest.raises(ft.QueryError, match="unknown scale `huge`"):
        ft.demo(tmp_path, scale="huge")
    with pytest.raises(ft.QueryError, match="unknown waste `all`"):
        ft.demo(tmp_path, waste="all")  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(ft.FileError, match="file"):
        ft.demo(tmp_path / "file")


def test_no_figures_without_a_certificate(unsound: ft.Bill, tmp_path: Path) -> None:
    with pytest.raises(ft.ReconciliationError, match="does not reconcile: R1") as caught:
        unsound.costs()
    assert caught.value.certificate is not None
    assert caught.value.certificate.verdict == "fail"
    with pytest.raises(ft.ReconciliationError):
        unsound.report(tmp_path / "report.md")
    assert list(tmp_path.iterdir()) == []
