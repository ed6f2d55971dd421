"""The module: its names, its stub, how quick it is to import."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import farthing as ft
from farthing import _farthing


def test_version_is_that_of_the_engine() -> None:
    assert ft.__version__ == _farthing.__version__
    assert ft.__version__.count(".") == 2


def test_everything_public_is_documented() -> None:
    for name in ft.__all__:
        value = getattr(ft, name)
        assert name == "__version__" or inspect.getdoc(value), name


def test_importing_does_not_import_frames_or_bars() -> None:
    code = "import sys, farthing; sys.exit(' '.join({'polars', 'tqdm', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr.strip() == ""


def test_stub_has_the_names_of_the_module() -> None:
    stub = ast.parse((Path(ft.__file__).parent / "_farthing.pyi").read_text())
    classes = [node for node in stub.body if isinstance(node, ast.ClassDef)]
    native = {
        node.name: node for node in classes if not any("type_check_only" in ast.dump(d) for d in node.decorator_list)
    }
    functions = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
    assert native.keys() | functions == {name for name in dir(_farthing) if not name.startswith("_")}
    for name, node in native.items():
        written = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
        built = {member for member in vars(getattr(_farthing, name)) if member not in vars(object)}
        assert written - {"__new__"} == built - {"__module__", "__new__"}, name


def test_package_is_typed() -> None:
    assert (Path(ft.__file__).parent / "py.typed").exists()


def test_columns_are_described(bill: ft.Bill) -> None:
    columns = ft.columns()
    assert columns["name"].is_unique().all()
    assert columns.select((columns["description"] != "").all()).item()
    assert {"ServiceName", "EffectiveCost", "Tags", "ChargePeriodStart"} <= set(columns["name"])
