"""The workbook of a hostile bill, in LibreOffice: it opens without complaint, and no text of the bill is a formula."""

import csv
import io
import os
import shutil
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

import farthing as ft
from hostile import PAYLOADS, write

openpyxl = pytest.importorskip("openpyxl")

#: Every sheet as csv in UTF-8, as it is shown.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ft.Report:
    folder = tmp_path_factory.mktemp("hostile")
    write(folder, accounts=40, resources_each=6)
    return ft.open(folder, progress=False, store=False).report()


def test_text_is_text(report: ft.Report) -> None:
    data = report.to_xlsx()
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    texts = {str(cell.value) for cell in cells if cell.data_type == "s"}
    formulas = [text for text in PAYLOADS if text.lstrip().startswith(("=", "+", "-", "@"))]
    for payload in formulas:
        assert any(payload.strip() in text for text in texts), payload
    quoted = [cell for cell in cells if cell.data_type == "s" and str(cell.value)[:1] in "=+-@"]
    assert quoted and all(cell.quotePrefix for cell in quoted)
    parts = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not [name for name in parts if "externalLink" in name or "vba" in name or "connections" in name]


def test_libreoffice_opens_it(report: ft.Report, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        message = "no LibreOffice here; `make readers` installs Debian's"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    report.save(tmp_path / "hostile.xlsx")
    command = [office, "--headless", "--norestore", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"]
    command += ["--convert-to", AS_CSV, "--outdir", str(tmp_path / "out"), str(tmp_path / "hostile.xlsx")]
    done = subprocess.run(command, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "javaldx" not in line and line.strip()]
    assert done.returncode == 0 and complaints == [], complaints
    sheets = {file.stem.removeprefix("hostile-"): file for file in (tmp_path / "out").glob("*.csv")}
    assert {"Summary", "Breakdown", "Costs", "Certificate"} <= sheets.keys()
    rows = {name: list(csv.reader(file.open(encoding="utf-8"))) for name, file in sheets.items()}
    cells = [cell for sheet in rows.values() for row in sheet for cell in row]
    assert not [cell for cell in cells if cell.startswith(("#", "Err:"))]
    # What looks like a formula is shown, not worked out.
    for payload in ("=HYPERLINK(", "+SUM(1,1)", "-2+3+cmd", "@SUM(1+1)"):
        assert any(cell.startswith(payload) for cell in cells), payload
    names, *costs = rows["Costs"]
    shown = sum(Decimal(row[names.index("EffectiveCost")].replace(",", "")) for row in costs)
    total = report.totals["summary"]["EffectiveCost"].item()
    assert abs(shown - total) < Decimal("0.01") * len(costs)
