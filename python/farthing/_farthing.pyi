"""The compiled engine. Its classes are the inside of those that `farthing` exports; use those.

Everything that takes a `tick` lets other threads run while it works, stops at a KeyboardInterrupt, and calls
`tick(rows_done, rows_total)` now and then on the thread that called it.
"""

import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias, TypedDict, final, type_check_only

_Path: TypeAlias = str | os.PathLike[str]
_Tick: TypeAlias = Callable[[int, int], object] | None

__version__: str

@type_check_only
class Check(TypedDict):
    id: str
    title: str
    severity: Literal["info", "warning", "error"]
    verdict: Literal["pass", "not_run", "warn", "fail"]
    detail: str
    figure: str | None
    findings: list[str]

@type_check_only
class Period(TypedDict):
    payer: str
    period: str
    currency: str
    status: Literal["not stated", "open", "partly invoiced", "final"]
    rows: int
    costs: dict[str, Decimal | None]

@type_check_only
class Invoice(TypedDict):
    payer: str
    invoice_id: str | None
    currency: str
    rows: int
    amount: Decimal
    invoiced: Decimal | None

@type_check_only
class Input(TypedDict):
    file: str
    rows: int
    bytes: int
    sha256: str

@type_check_only
class S3(TypedDict):
    """How S3 is reached, and where objects are kept."""

    cache: _Path
    profile: str | None
    region: str | None
    endpoint_url: str | None
    path_style: bool
    requester_pays: bool
    expected_bucket_owner: str | None

@type_check_only
class PlanQuestion(TypedDict):
    """What is asked of a plan."""

    terms_years: list[int]
    payments: list[str]
    buy: list[str]
    method: str
    capital_cost: float
    max_commitment: float | None
    max_spend: float | None
    max_coverage: float | None
    max_break_even: float | None
    exclude_accounts: list[str]
    exclude_families: list[str]
    look_back_days: int | None
    outlook_weeks: int | None
    backtest: bool
    catalog: _Path | None
    config: _Path | None
    metrics: list[_Path] | None
    after_advice: bool

@type_check_only
class Plan(TypedDict):
    """A plan as a report, its JSON, and one sentence."""

    report: Report
    json: str
    headline: str

@type_check_only
class Grid(TypedDict):
    """A table as people read it; `right` says of each column whether it stands to the right."""

    columns: list[str]
    right: list[bool]
    rows: list[list[str]]
    total: list[str] | None

@type_check_only
class Section(TypedDict):
    id: str
    title: str
    note: str
    rows: Batches
    total: Batches | None
    grid: Grid

@final
class Batches:
    """Record batches of one schema, by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...

@final
class Costs:
    """A cost question that is understood; days and periods as text, the filter empty when there is none."""

    def __new__(
        cls,
        by: Sequence[str],
        metric: str,
        granularity: str,
        period: str | None,
        from_: str | None,
        to: str | None,
        filter: str,
        top: int | None,
    ) -> Costs: ...

@final
class Bill:
    """A bill that has been opened."""

    @property
    def summary(self) -> str:
        """What the source holds, in one sentence."""

    @property
    def store_notes(self) -> list[str]:
        """What the store could not do."""

    def inventory(self) -> str:
        """What the source holds, as JSON."""

    def grids(self) -> list[Grid]:
        """For people: the deliveries, and what can be computed."""

    def costs(self, question: Costs, tick: _Tick = None) -> Batches:
        """The answer to a cost question."""

    def reconcile(self, invoice: _Path | None = None, tick: _Tick = None) -> Certificate:
        """The certificate."""

    def table(self, name: str, tick: _Tick = None) -> Batches:
        """One table of the ledger."""

    def charges(self, filter: str, columns: Sequence[str] | None = None, tick: _Tick = None) -> Batches:
        """Charges, row by row."""

    def recommend(
        self,
        only: Sequence[str],
        kinds: Sequence[str],
        settings: Sequence[str],
        as_of: str | None = None,
        min_savings: float | None = None,
        config: _Path | None = None,
        goal: str | None = None,
        tick: _Tick = None,
        metrics: Sequence[_Path] | None = None,
        catalog: _Path | None = None,
    ) -> Recommendations:
        """What could be saved."""

    def rightsize(
        self,
        metrics: Sequence[_Path],
        percentile: float,
        cpu_headroom: float,
        memory_headroom: float,
        look_back_days: int,
        catalog: _Path | None = None,
        tick: _Tick = None,
    ) -> tuple[str, str, Certificate]:
        """Which instances are too large or too small, as JSON."""

    def commitments(self, granularity: str, tick: _Tick = None) -> Report:
        """What commitments were worth."""

    def plan(self, question: PlanQuestion, tick: _Tick = None) -> Plan:
        """What to buy."""

    def report(
        self,
        invoice: _Path | None = None,
        gates: Sequence[str] = ...,
        config: _Path | None = None,
        metrics: Sequence[_Path] | None = None,
        catalog: _Path | None = None,
        tick: _Tick = None,
    ) -> Report:
        """The report."""

    def gates(self, gates: Sequence[str], tick: _Tick = None) -> list[tuple[str, bool, str | None, str]]:
        """What came of gates: the gate, whether it failed, its figure and a sentence."""

@final
class Certificate:
    """What was checked about a bill."""

    @property
    def verdict(self) -> Literal["pass", "not_run", "warn", "fail"]: ...
    @property
    def figures_allowed(self) -> bool: ...
    @property
    def summary(self) -> str: ...
    @property
    def checks(self) -> list[Check]: ...
    @property
    def periods(self) -> list[Period]: ...
    @property
    def invoices(self) -> list[Invoice]: ...
    @property
    def inputs(self) -> list[Input]: ...
    @property
    def skipped(self) -> list[tuple[str, str]]: ...
    def frame(self) -> Batches:
        """The checks as a frame."""

    def grids(self) -> list[Grid]:
        """For people: the checks, what is at fault, payers' months and invoices."""

    def json(self) -> str: ...
    def markdown(self) -> str: ...

@final
class Report:
    """The report of a bill."""

    @property
    def title(self) -> str: ...
    @property
    def periods(self) -> list[str]: ...
    @property
    def currency(self) -> str: ...
    @property
    def headline(self) -> str | None: ...
    @property
    def certificate(self) -> Certificate: ...
    @property
    def sections(self) -> list[Section]: ...
    @property
    def gates(self) -> list[tuple[str, bool, str | None, str]]: ...
    def message(self) -> str: ...
    def json(self) -> str: ...
    def markdown(self) -> str: ...
    def html(self) -> str: ...
    def xlsx(self) -> bytes: ...
    def charts(self) -> list[tuple[str, str, str, str]]:
        """Charts: section, title, description and SVG."""

@final
class Recommendations:
    """What a bill could save."""

    def frame(self) -> Batches:
        """The rows as a frame."""

    def followed(self) -> Batches:
        """What became of earlier advice, as a frame."""

    def excepted(self) -> tuple[Batches, list[tuple[str, str | None, str]]]:
        """The rows that are excepted as a frame, and for each the reason, who answers for it, and until when."""

    def waterfall(self) -> Batches:
        """The steps of the waterfall as a frame."""

    def goal_frame(self) -> Batches:
        """The choice that reaches a goal as a frame."""

    @property
    def goal_reached(self) -> bool | None: ...
    @property
    def notes(self) -> list[str]: ...
    @property
    def currency(self) -> str: ...
    @property
    def look_back(self) -> tuple[str, int]: ...
    @property
    def as_of(self) -> str: ...
    @property
    def totals(self) -> list[Decimal]: ...
    @property
    def skipped(self) -> list[tuple[str, str]]: ...
    @property
    def certificate(self) -> Certificate: ...
    @property
    def summary(self) -> str: ...
    def grid(self) -> Grid:
        """For people."""

    def json(self) -> str: ...
    def markdown(self) -> str: ...

def detectors() -> str:
    """The registry as JSON."""

def open(
    paths: Sequence[_Path],
    periods: Sequence[str] | None = None,
    threads: int | None = None,
    tick: _Tick = None,
    s3: S3 | None = None,
    store: _Path | None = None,
) -> Bill:
    """Opens one bill that consists of these files and folders, on disk and on S3. `tick` gets bytes here."""

def tables() -> list[str]:
    """The names of the ledger's tables."""

def demo(
    path: _Path,
    months: int,
    accounts: int,
    seed: int,
    scale: str,
    dialect: str,
    waste: str | None,
    truth: bool,
    metrics: bool,
) -> None:
    """Writes a bill from the factory."""

def columns() -> list[tuple[str, str, list[str]]]:
    """Every charge column: its name, what it means, and the line item columns it is made from."""
