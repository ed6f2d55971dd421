"""A bill that has been opened."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import _farthing, _html
from ._certificate import Certificate
from ._errors import QueryError, ReconciliationError
from ._frames import Money, frame, with_money
from ._gates import GateResult, gate_results, gate_texts
from ._plan import Buy, Commitments, Payment, Plan, Term
from ._progress import Progress, ticking
from ._recommend import Kind, Recommendations
from ._report import Report, writer
from ._rightsize import Rightsizing

if TYPE_CHECKING:
    import polars as pl

Path: TypeAlias = str | os.PathLike[str]
Day: TypeAlias = str | datetime.date
"""A UTC day: a date, or text like `2026-10-31`."""


def open(
    source: Path | Iterable[Path],
    *,
    periods: Iterable[str] | None = None,
    threads: int | None = None,
    progress: Progress = None,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    path_style: bool = False,
    requester_pays: bool = False,
    expected_bucket_owner: str | None = None,
    cache: Path | None = None,
    store: Path | bool = True,
) -> Bill:
    """Opens a bill: a parquet or csv file, a folder (a delivery, a month, a whole export), a manifest, or several of these.

    `periods` keeps these billing periods only. `threads` is one for each core unless said otherwise. `progress` is
    `True` for a bar (tqdm), `False` for none, or a callable that gets the rows done and the rows in all (as far as
    the bytes tell, where files are text); by default there is a bar where somebody is looking.

    A source may be `s3://bucket/folder` or `s3://bucket/key`. Its objects are fetched here, whole and checked, and
    `progress` gets bytes meanwhile. Credentials come from the standard chain of the AWS SDKs, with `profile` if one is
    named; the bucket is asked for its `region`. `endpoint_url` is an S3 other than AWS's own, and `path_style` writes
    the bucket into its paths. `requester_pays` pays for the requests. `expected_bucket_owner` refuses a bucket of
    another account. `cache` is the folder where objects are kept, `farthing/objects` in the user's cache folder by
    default; it may be deleted at any time.

    `store` is the folder where ledgers are kept, so that a delivery that did not change is not read again: the
    variable `FARTHING_STORE`, or `farthing/store` in the user's cache folder, unless a folder is named; `False` keeps
    nothing. It changes no answer; `Bill.store_notes` says what could not be kept or used.

    >>> october = ft.open(folder, periods=["2026-10"], progress=False)
    >>> october.inventory["periods"]
    ['2026-10']
    """
    paths = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    chosen = None if periods is None else [periods] if isinstance(periods, str) else list(periods)
    s3: _farthing.S3 | None = None
    if any(str(path).startswith("s3://") for path in paths):
        s3 = {
            "cache": _user_cache("objects") if cache is None else cache,
            "profile": profile,
            "region": region,
            "endpoint_url": endpoint_url,
            "path_style": path_style,
            "requester_pays": requester_pays,
            "expected_bucket_owner": expected_bucket_owner,
        }
    with ticking(progress, "B" if s3 else " rows") as tick:
        native = _farthing.open(paths, chosen, threads, tick, s3, _store_folder(store))
    return Bill(native, progress)


def _store_folder(store: Path | bool) -> Path | None:
    if isinstance(store, bool):
        return (os.environ.get("FARTHING_STORE") or _user_cache("store")) if store else None
    return store


def _user_cache(name: str) -> str:
    caches = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(caches):
        caches = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(caches, "farthing", name)


class Bill:
    """A bill that has been opened, by `farthing.open`. It is read once, when something is first asked."""

    def __init__(self, native: _farthing.Bill, progress: Progress) -> None:
        self._native = native
        self._progress = progress

    @cached_property
    def inventory(self) -> dict[str, Any]:
        """What the source holds: deliveries, periods, dialect, files, rows, columns; found without reading the rows."""
        inventory: dict[str, Any] = json.loads(self._native.inventory())
        return inventory

    @property
    def store_notes(self) -> list[str]:
        """What was found in the store and could not be used, and what could not be kept there."""
        return self._native.store_notes

    @cached_property
    def ledger(self) -> Ledger:
        """The bill's exact sums, as frames."""
        return Ledger(self._native, self._progress)

    def costs(
        self,
        by: str | Sequence[str] = (),
        metric: str = "EffectiveCost",
        granularity: Literal["total", "monthly", "daily"] = "total",
        *,
        period: str | None = None,
        from_: Day | None = None,
        to: Day | None = None,
        where: str | None = None,
        top: int | None = None,
        money: Money = "decimal",
    ) -> pl.DataFrame:
        """The sum of a metric by charge columns, `Tags/KEY` or `CostCategories/KEY`.

        `period` (`"2026-10"`) keeps one billing period; `from_` and `to` keep charges that start on or after, and
        before, a UTC day. `where` is the command's filter: `"x_ServiceCode=AmazonEC2,Tags/team!=core"`. With `top`
        the smaller groups become one row `(other)`, so that it still adds up.

        Raises `QueryError` for a name or filter that is not understood, and `ReconciliationError` when the
        certificate forbids figures.

        >>> bill.costs(by="ServiceName", top=3).shape
        (4, 2)
        >>> bill.costs(by=["SubAccountId", "Tags/team"], granularity="monthly", where="RegionId=us-east-1").columns
        ['BillingPeriod', 'SubAccountId', 'Tags/team', 'EffectiveCost']
        """
        question = _farthing.Costs(
            by=[by] if isinstance(by, str) else list(by),
            metric=metric,
            granularity=granularity,
            period=period,
            from_=_day(from_),
            to=_day(to),
            filter=where or "",
            top=top,
        )
        self._need_figures(self._certificate)
        with ticking(self._progress) as tick:
            answer = self._native.costs(question, tick)
        return with_money(frame(answer), money)

    def charges(
        self, where: str | None = None, columns: Sequence[str] | None = None, *, money: Money = "decimal"
    ) -> pl.DataFrame:
        """Charges, row by row, in the bill's own order: FOCUS columns, and `x_` columns where FOCUS has no word.

        `Tags` are maps: `pl.col("Tags").map.get("team")`.

        >>> bill.charges(where="x_ServiceCode=AmazonS3", columns=["ResourceId", "BilledCost"]).columns
        ['ResourceId', 'BilledCost']
        """
        with ticking(self._progress) as tick:
            batches = self._native.charges(where or "", None if columns is None else list(columns), tick)
        return with_money(frame(batches), money)

    def reconcile(self, invoice: Path | None = None) -> Certificate:
        """The certificate: every check that can run, its figure, its verdict; what did not run, and why.

        `invoice` is a csv file (payer, invoice_id, amount, currency) that ties the bill to what finance was billed.

        >>> bill.reconcile().verdict
        'pass'
        """
        with ticking(self._progress) as tick:
            return Certificate(self._native.reconcile(invoice, tick))

    def recommend(
        self,
        *,
        only: str | Sequence[str] = (),
        kind: Kind | Sequence[Kind] = (),
        settings: Mapping[str, float | str] | None = None,
        as_of: Day | None = None,
        min_savings: float | None = None,
        config: Path | None = None,
        goal: str | float | None = None,
        metrics: Path | Sequence[Path] | None = None,
        catalog: Path | None = None,
    ) -> Recommendations:
        """Every saving that the bill shows, ranked, each resource counted once.

        `metrics` are files with what CloudWatch measured (csv, parquet, or answers of `get-metric-data`); what rests on
        them is found, too. `catalog` is a folder of imported price lists, used before the bundled ones.

        `only` names detectors, `kind` keeps kinds of savings. `settings` sets thresholds:
        `{"idle-nat-gateway.HOURS_MIN": 168}`. `as_of` keeps billing periods whose usage ends by that UTC day, and
        `min_savings` rows that save so much a month. `config` is a file like `farthing.toml`: thresholds, least savings,
        owners and exceptions that the team has agreed on. With a `goal`, a part of the bill (`"15%"`) or an amount a
        month, `goal_frame` is the least risky choice that reaches it. Raises `QueryError` for names and settings that are not
        understood, and `ReconciliationError` when the certificate forbids figures.

        >>> bill.recommend(kind="idle", min_savings=1).frame["savings_monthly"].min() >= 1
        True
        """
        with ticking(self._progress) as tick:
            native = self._native.recommend(
                [only] if isinstance(only, str) else list(only),
                [kind] if isinstance(kind, str) else list(kind),
                [f"{name}={value}" for name, value in (settings or {}).items()],
                _day(as_of),
                min_savings,
                config,
                None if goal is None else str(goal),
                tick,
                None if metrics is None else _paths(metrics),
                catalog,
            )
        recommendations = Recommendations(native)
        self._need_figures(recommendations.certificate)
        return recommendations

    def rightsize(
        self,
        metrics: Path | Sequence[Path],
        *,
        percentile: float = 99.5,
        cpu_headroom: float = 20.0,
        memory_headroom: float = 20.0,
        look_back_days: int = 14,
        catalog: Path | None = None,
    ) -> Rightsizing:
        """Which EC2 instances are too large or too small, by what CloudWatch measured of them.

        `metrics` are files: csv or parquet tables with the columns `resource_id,timestamp,metric,statistic,value,unit`,
        or answers of `get-metric-data` as JSON. An instance must carry its use at `percentile` (in steps of 0.5) with
        `cpu_headroom` percent of its processors and `memory_headroom` percent of its memory to spare, over the
        `look_back_days` before each series' last measurement. Raises `FileError` for files that are not understood, and
        `ReconciliationError` when the certificate forbids figures.
        """
        with ticking(self._progress) as tick:
            document, summary, certificate = self._native.rightsize(
                _paths(metrics), percentile, cpu_headroom, memory_headroom, look_back_days, catalog, tick
            )
        rightsizing = Rightsizing(document, summary, Certificate(certificate))
        self._need_figures(rightsizing.certificate)
        return rightsizing

    def commitments(self, granularity: Literal["hourly", "daily", "monthly"] = "monthly") -> Commitments:
        """What commitments were worth: bought, used and unused, terms, what ends soon, who benefits, coverage.

        `granularity` is the step of time of Savings Plans and coverage. Raises `ReconciliationError` when the
        certificate forbids figures.

        >>> bill.commitments().sections["expiring"].columns[-1]
        'Increase'
        """
        with ticking(self._progress) as tick:
            commitments = Commitments(self._native.commitments(granularity, tick))
        self._need_figures(commitments.certificate)
        return commitments

    def plan(
        self,
        *,
        term: Term | Sequence[Term] = "1yr",
        payment: Payment | Sequence[Payment] = (),
        buy: Buy | Sequence[Buy] = (),
        method: Literal["optimal", "aws"] = "optimal",
        capital_cost: float = 0.0,
        max_commitment: float | None = None,
        max_spend: float | None = None,
        max_coverage: float | None = None,
        max_break_even: float | None = None,
        exclude_accounts: Sequence[str] = (),
        exclude_families: Sequence[str] = (),
        look_back_days: int | None = None,
        outlook_weeks: int | None = None,
        backtest: bool = False,
        after_advice: bool = False,
        config: Path | None = None,
        metrics: Path | Sequence[Path] | None = None,
        catalog: Path | None = None,
    ) -> Plan:
        """What to buy on top of what the bill owns, jointly, with a bound on how much better any purchase could be.

        `term`, `payment` and `buy` say what may be bought, everything of one year by default; `capital_cost` is a
        yearly rate. `max_commitment` limits each Savings Plan and `max_spend` all commitments, in USD for an hour;
        `max_coverage` is a share, and `max_break_even` months. Purchases are sized on the last `look_back_days`, 28 unless
        said (30 of AWS's way); `outlook_weeks` plans along the usage's trend instead, and
        `backtest` shows what other months would have cost. `after_advice` leaves out usage of resources that
        `recommend` counts a saving on, with `config` and `metrics` as there. `catalog` is a folder of imported price lists, for
        what the bill shows no rate of.
        Raises `QueryError` for words that are not understood, `FarthingError` for a bill that cannot be planned for, and
        `ReconciliationError` when the certificate forbids figures.

        >>> plan = bill.plan(buy="reservation", payment="no")
        >>> plan.frame["SavingsMonthly"].min() > 0
        True
        """
        terms = [term] if isinstance(term, str) else list(term)
        unknown = [one for one in terms if one not in ("1yr", "3yr")]
        if unknown:
            raise QueryError(f"unknown term {unknown[0]!r}; use 1yr or 3yr")
        question: _farthing.PlanQuestion = {
            "terms_years": [int(one[0]) for one in terms],
            "payments": [payment] if isinstance(payment, str) else list(payment),
            "buy": [buy] if isinstance(buy, str) else list(buy),
            "method": method,
            "capital_cost": capital_cost,
            "max_commitment": max_commitment,
            "max_spend": max_spend,
            "max_coverage": max_coverage,
            "max_break_even": max_break_even,
            "exclude_accounts": list(exclude_accounts),
            "exclude_families": list(exclude_families),
            "look_back_days": look_back_days,
            "outlook_weeks": outlook_weeks,
            "backtest": backtest,
            "catalog": catalog,
            "config": config,
            "metrics": None if metrics is None else _paths(metrics),
            "after_advice": after_advice,
        }
        with ticking(self._progress) as tick:
            plan = Plan(self._native.plan(question, tick))
        self._need_figures(plan.certificate)
        return plan

    def report(
        self,
        path: Path | None = None,
        invoice: Path | None = None,
        *,
        gates: str | Iterable[str] = (),
        config: Path | None = None,
        metrics: Path | Sequence[Path] | None = None,
        catalog: Path | None = None,
    ) -> Report:
        """The monthly report; written to `path` too, when there is one: the ending chooses, `.html`,
        `.xlsx`, `.md` or `.json`.

        `gates` are conditions under which a job fails; the report shows what came of each. `config`, `metrics` and `catalog`
        are what its advice rests on, as in `recommend`. A file appears whole or not at all. Raises `QueryError` for a gate or
        a configuration that is not understood, and `ReconciliationError` when the certificate forbids figures.

        >>> report = bill.report(tmp / "october.md", gates="cost>1")
        >>> (tmp / "october.md").read_text() == report.to_markdown()
        True
        >>> [gate.failed for gate in report.gates]
        [True]
        """
        write = None if path is None else writer(path)
        with ticking(self._progress) as tick:
            files = None if metrics is None else _paths(metrics)
            report = Report(self._native.report(invoice, gate_texts(gates), config, files, catalog, tick))
        self._need_figures(report.certificate)
        if write is not None:
            write(report)
        return report

    def gates(self, gates: str | Iterable[str]) -> list[GateResult]:
        """Looks at the last month through gates: conditions under which a job fails, as in the command's `--fail-if`.

        `docs/monthly-job.md` lists the figures. Raises `QueryError` for a gate that is not understood, and
        `ReconciliationError` when the certificate forbids figures.

        >>> [result.failed for result in bill.gates(["cost>1", "coverage>100%"])]
        [True, False]
        """
        wanted = gate_texts(gates)
        self._need_figures(self._certificate)
        with ticking(self._progress) as tick:
            return gate_results(self._native.gates(wanted, tick))

    def __repr__(self) -> str:
        return f"Bill({self._native.summary})"

    def _repr_html_(self) -> str:
        tables = [_html.table(grid) for grid in self._native.grids() if grid["rows"]]
        return "".join([_html.heading("Bill"), _html.paragraph(self._native.summary), *tables])

    @cached_property
    def _certificate(self) -> Certificate:
        return self.reconcile()

    def _need_figures(self, certificate: Certificate) -> None:
        if certificate.figures_allowed:
            return
        failed = [c for c in certificate.checks if c.verdict == "fail" and c.severity == "error"]
        reasons = "; ".join(f"{check.id} {check.title}: {check.detail}" for check in failed)
        raise ReconciliationError(f"no figure is given, because the bill does not reconcile: {reasons}", certificate)


class Ledger:
    """The bill's exact sums in a few tables, as frames. The bill is read when the first of them is asked for.

    >>> bill.ledger.daily["EffectiveCost"].sum() == bill.costs()["EffectiveCost"].sum()
    True
    """

    def __init__(self, native: _farthing.Bill, progress: Progress) -> None:
        self._native = native
        self._progress = progress

    def _table(self, name: str) -> pl.DataFrame:
        with ticking(self._progress) as tick:
            return frame(self._native.table(name, tick))

    @cached_property
    def daily(self) -> pl.DataFrame:
        """Costs by day, account, service, region, usage type and the kinds of charge."""
        return self._table("daily")

    @cached_property
    def allocation(self) -> pl.DataFrame:
        """Costs by day, account, service and each tag or cost category, one key at a time."""
        return self._table("allocation")

    @cached_property
    def resources(self) -> pl.DataFrame:
        """Costs and quantity of each resource by month, and in which hours it was used."""
        return self._table("resources")

    @cached_property
    def demand(self) -> pl.DataFrame:
        """Usage by hour that a commitment could cover, and how it was covered."""
        return self._table("demand")

    @cached_property
    def commitments(self) -> pl.DataFrame:
        """What each reservation and Savings Plan bought, and what of it was used, by hour."""
        return self._table("commitments")

    @cached_property
    def negation(self) -> pl.DataFrame:
        """What Savings Plans covered, beside what AWS took off again."""
        return self._table("negation")

    @cached_property
    def terms(self) -> pl.DataFrame:
        """What each commitment is for, who owns it, and from when to when it lasts."""
        return self._table("terms")

    @cached_property
    def rates(self) -> pl.DataFrame:
        """The rates seen in the bill."""
        return self._table("rates")

    @cached_property
    def identity(self) -> pl.DataFrame:
        """The terms that tie cash to amortized cost, by commitment."""
        return self._table("identity")

    @cached_property
    def tag_sets(self) -> pl.DataFrame:
        """The sets of tags that resources carry."""
        return self._table("tag_sets")

    @cached_property
    def audit(self) -> pl.DataFrame:
        """Rows and sums by file, invoice and line item type: what the certificate rests on."""
        return self._table("audit")

    def __repr__(self) -> str:
        return f"Ledger({', '.join(_farthing.tables())})"


def _day(day: Day | None) -> str | None:
    if isinstance(day, datetime.datetime):
        raise QueryError(f"{day!r} is an instant; give a UTC day, a date or text like 2026-10-31")
    return day.isoformat() if isinstance(day, datetime.date) else day


def _paths(given: Path | Sequence[Path]) -> list[Path]:
    """One path or several, as a list."""
    return [given] if isinstance(given, (str, os.PathLike)) else list(given)
