"""Heavy work lets other threads run, tells its progress, and can be interrupted."""

import signal
import threading
import time
from pathlib import Path

import pytest

import farthing as ft


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ft.demo(tmp_path_factory.mktemp("large"), months=1, accounts=5, scale="400000-rows")


def test_other_threads_run_meanwhile(large: Path) -> None:
    turns, finished = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not finished.wait(0.001):
            turns += 1

    counter = threading.Thread(target=count)
    counter.start()
    begun = time.perf_counter()
    ft.open(large, progress=False).costs()
    seconds = time.perf_counter() - begun
    finished.set()
    counter.join()
    # Two threads of the engine, this one and a machine that others use: a tenth of the turns is plenty.
    assert turns > seconds * 1000 / 10


def test_progress_is_told_on_the_calling_thread(large: Path) -> None:
    told: list[tuple[int, int, int]] = []
    ft.open(large, progress=lambda done, total: told.append((threading.get_ident(), done, total))).costs()
    threads, done, totals = zip(*told)
    assert set(threads) == {threading.get_ident()}
    assert done[-1] == totals[-1] > 300_000
    assert max(done) == done[-1]


def test_what_progress_raises_stops_the_work(large: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    bill = ft.open(large, progress=stop)
    with pytest.raises(RuntimeError, match="enough"):
        bill.costs()


def test_keyboard_interrupt_stops_the_work_and_the_bill_can_be_asked_again(large: Path) -> None:
    begun = threading.Event()
    told: list[tuple[int, int]] = []
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        begun.wait(60)
        signal.pthread_kill(main, signal.SIGINT)

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        begun.set()

    bill = ft.open(large, threads=1, progress=progress)
    sender = threading.Thread(target=interrupt)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        bill.costs()
        sender.join()
        time.sleep(1)
    sender.join()
    assert told[-1][0] < told[-1][1], "the work went on to its end"
    assert bill.costs().height == 1


def test_several_threads_may_ask_one_bill(folder: Path) -> None:
    bill = ft.open(folder, progress=False)
    answers: list[object] = []
    askers = [threading.Thread(target=lambda: answers.append(bill.costs()["EffectiveCost"].item())) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1


def test_a_bar_shows_progress_when_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("farthing._progress._DELAY_SECONDS", 0)
    bill = ft.open(folder, progress=True, store=False)
    bill.costs()
    told = capsys.readouterr()
    assert "farthing:" in told.err and "0%|" in told.err and told.out == ""
    ft.open(folder, progress=False, store=False).costs()
    assert capsys.readouterr().err == ""
