"""Farthing accounts for an AWS bill to the last farthing.

>>> import farthing as ft
>>> bill = ft.open(folder, progress=False)
>>> bill.reconcile().verdict
'pass'
>>> bill.costs(by="ServiceName", metric="BilledCost", granularity="monthly").columns
['BillingPeriod', 'ServiceName', 'BilledCost']

Frames are `polars.DataFrame`s with money as exact decimals; they go on to pandas, DuckDB and pyarrow through Arrow.
Whatever is heavy lets other threads run and can be interrupted.
"""

from ._bill import Bill, Ledger, open
from ._certificate import Certificate, Check, Input, Invoice, Period, Skipped
from ._errors import (
    BillError,
    FarthingError,
    FileError,
    NotFoundError,
    QueryError,
    ReconciliationError,
    RemoteError,
)
from ._factory import columns, demo
from ._farthing import __version__
from ._gates import GateResult
from ._plan import Commitments, Plan
from ._recommend import Recommendations, detectors
from ._report import Chart, Report
from ._rightsize import Rightsizing

__all__ = [
    "Bill",
    "BillError",
    "Certificate",
    "Chart",
    "Check",
    "Commitments",
    "FarthingError",
    "FileError",
    "GateResult",
    "Input",
    "Invoice",
    "Ledger",
    "NotFoundError",
    "Period",
    "Plan",
    "QueryError",
    "Recommendations",
    "ReconciliationError",
    "RemoteError",
    "Report",
    "Rightsizing",
    "Skipped",
    "__version__",
    "columns",
    "demo",
    "detectors",
    "open",
]
