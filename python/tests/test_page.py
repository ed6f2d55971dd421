"""The HTML report in a real browser: what it shows, and what it does not do."""

import json
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import farthing as ft
from hostile import PAYLOADS, write

selenium = pytest.importorskip("selenium.webdriver")

#: Widths of a phone and of a desk.
WIDTHS = [360, 1440]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    found = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(found):
        message = "no Chromium with its driver here; `make readers` installs Debian's"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    options = selenium.ChromeOptions()
    options.binary_location = found[0]
    for switch in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "disable-dev-shm-usage",
        f"user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(found[1]))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def axe() -> str:
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.fail("axe-playwright-python, which carries axe-core, is not in the environment")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(bill: ft.Bill, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of a demo month, with waste, and of a hostile bill: 10,000 accounts, 50,000 resources."""
    folder = tmp_path_factory.mktemp("pages")
    demo = ft.demo(folder / "bill", months=2, accounts=5, seed=7)
    (folder / "hostile").mkdir()
    write(folder / "hostile", accounts=10_000, resources_each=5)
    pages = {"demo": folder / "demo.html", "hostile": folder / "hostile.html"}
    ft.open(demo, progress=False, store=False).report(pages["demo"])
    ft.open(folder / "hostile", progress=False, store=False).report(pages["hostile"])
    return pages


def _open(browser: Any, page: Path, width: int = 1440, theme: str = "light") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(page.as_uri())


def _requests(browser: Any) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_nothing_is_loaded_and_nothing_runs(browser: Any, pages: dict[str, Path], name: str) -> None:
    _open(browser, pages[name])
    assert _requests(browser) == [pages[name].as_uri()]
    assert browser.execute_script("return window.pwned === undefined && document.scripts.length === 0")
    assert browser.title.startswith("AWS cost report, 2026-09 to 2026-10")
    # A violation of the policy would be told here, as would whatever else the browser minds.
    assert browser.get_log("browser") == []
    handlers = "return [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    assert not [name for name in set(browser.execute_script(handlers)) if name.startswith("on")]


def test_every_payload_is_shown_as_text(browser: Any, pages: dict[str, Path]) -> None:
    _open(browser, pages["hostile"])
    text = browser.execute_script("return document.body.textContent")
    for payload in PAYLOADS[:5]:
        assert payload in text, payload
    for control in "\u202e\u2066\u200b\x1b\x9b":
        assert control not in text, repr(control)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_nothing_overflows(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    _open(browser, pages[name], width)
    browser.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    # What is wider than its box scrolls inside of it; all else stays on the page.
    out = """return [...document.body.querySelectorAll('*')]
        .filter(e => !e.closest('.scroll, pre, .skip, .unseen, svg') && e.getBoundingClientRect().right > innerWidth + 1)
        .map(e => e.outerHTML.slice(0, 200))"""
    assert browser.execute_script(out) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_everybody_can_read_it(browser: Any, axe: str, pages: dict[str, Path], name: str, theme: str) -> None:
    _open(browser, pages[name], theme=theme)
    browser.execute_script("document.querySelectorAll('details').forEach((one, at) => { one.open = at < 20 })")
    browser.set_script_timeout(240)
    run = "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']}).then(done)"
    found = browser.execute_async_script(f"{axe};{run}")
    assert found["testEngine"]["name"] == "axe-core"
    told = [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
    assert [one for one in told if one[1] in ("serious", "critical")] == [], told


def test_it_is_small_and_adds_up(pages: dict[str, Path]) -> None:
    assert pages["hostile"].stat().st_size <= 2_000_000
    text = pages["hostile"].read_text(encoding="utf-8")
    assert "(other)" in text
    assert "Content-Security-Policy" in text
