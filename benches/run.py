"""Asks the twelve questions of a cost report of farthing and of DuckDB, on the same files, in one run.

    python benches/run.py BENCH_BINARY FOLDER ROWS [REPEATS]

Prints CPU seconds, wall seconds and peak resident memory of fresh processes on warm files, ratios to DuckDB, and
whether the answers are equal (ours are exact; DuckDB adds doubles, so its own error is allowed for).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

NONE = "'(none)'"
SP_FEE = "line_item_line_item_type = 'SavingsPlanRecurringFee'"
COVERED = "line_item_line_item_type = 'SavingsPlanCoveredUsage'"
MONTH = "strftime(bill_billing_period_start_date, '%Y-%m')"
DAY = "strftime(line_item_usage_start_date, '%Y-%m-%d')"
HOUR = "cast(date_diff('hour', bill_billing_period_start_date, line_item_usage_start_date) as varchar)"


def some(column: str) -> str:
    return f"coalesce(nullif({column}, ''), {NONE})"


AMORTIZED = """case line_item_line_item_type
    when 'DiscountedUsage' then reservation_effective_cost
    when 'SavingsPlanCoveredUsage' then savings_plan_savings_plan_effective_cost
    when 'SavingsPlanNegation' then 0
    when 'SavingsPlanUpfrontFee' then 0
    when 'SavingsPlanRecurringFee' then savings_plan_total_commitment_to_date - savings_plan_used_commitment
    when 'RIFee' then reservation_unused_amortized_upfront_fee_for_billing_period + reservation_unused_recurring_fee
    when 'Fee' then case when coalesce(reservation_reservation_a_r_n, '') <> '' then 0 else line_item_unblended_cost end
    when 'Refund' then case when line_item_product_code = 'ComputeSavingsPlans'
        and line_item_line_item_description like 'Refund for one-time fee for Savings Plan ID%' then 0
        else line_item_unblended_cost end
    else line_item_unblended_cost end"""

EFFECTIVE = """case line_item_line_item_type
    when 'DiscountedUsage' then coalesce(reservation_net_effective_cost, reservation_effective_cost)
    when 'SavingsPlanCoveredUsage' then
        coalesce(savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost)
    when 'SavingsPlanNegation' then 0
    when 'SavingsPlanUpfrontFee' then 0
    when 'SavingsPlanRecurringFee' then
        (savings_plan_total_commitment_to_date - savings_plan_used_commitment)
        * (coalesce(savings_plan_net_amortized_upfront_commitment_for_billing_period,
                    savings_plan_amortized_upfront_commitment_for_billing_period)
           + coalesce(savings_plan_net_recurring_commitment_for_billing_period,
                      savings_plan_recurring_commitment_for_billing_period))
        / (savings_plan_amortized_upfront_commitment_for_billing_period
           + savings_plan_recurring_commitment_for_billing_period)
    when 'RIFee' then
        coalesce(reservation_net_unused_amortized_upfront_fee_for_billing_period,
                 reservation_unused_amortized_upfront_fee_for_billing_period)
        + coalesce(reservation_net_unused_recurring_fee, reservation_unused_recurring_fee)
    when 'Fee' then case when coalesce(reservation_reservation_a_r_n, '') <> '' then 0
        else coalesce(line_item_net_unblended_cost, line_item_unblended_cost) end
    when 'Refund' then case when line_item_product_code = 'ComputeSavingsPlans'
        and line_item_line_item_description like 'Refund for one-time fee for Savings Plan ID%' then 0
        else coalesce(line_item_net_unblended_cost, line_item_unblended_cost) end
    else coalesce(line_item_net_unblended_cost, line_item_unblended_cost) end"""

CLASS = """case line_item_product_code
    when 'AmazonEC2' then 'compute' when 'AWSLambda' then 'compute' when 'AmazonECS' then 'compute'
    when 'AmazonEKS' then 'compute' when 'AmazonS3' then 'storage' when 'AmazonEFS' then 'storage'
    when 'AmazonGlacier' then 'storage' when 'AmazonRDS' then 'database' when 'AmazonDynamoDB' then 'database'
    when 'AmazonElastiCache' then 'database' when 'AmazonRedshift' then 'database' else 'other' end"""

# Rows that split the cost of an instance are no charges.
ROWS = "bill where coalesce(line_item_operation, '') not in ('EKSPod-EC2', 'ECSTask-EC2')"
CASH = "sum(line_item_unblended_cost)"
IDLE = ["EBS:VolumeUsage", "IdleAddress", "NatGateway-Hours", "LoadBalancerUsage"]

# Each question: SQL whose columns are the key's parts, then named amounts (a name of None adds nothing to the key).
QUESTIONS: dict[str, tuple[str, list[str | None]]] = {
    "q01": (
        f"select {MONTH}, {some('line_item_usage_account_id')}, {some('line_item_product_code')}, {CASH},"
        f" sum({AMORTIZED}), sum({EFFECTIVE}) from {ROWS} group by all",
        ["x_UnblendedCost", "x_AmortizedCost", "EffectiveCost"],
    ),
    "q02": (f"select {DAY}, {CLASS}, {CASH} from {ROWS} group by all", [None]),
    "q03": (f"select {MONTH}, coalesce(resource_tags['user_team'], {NONE}), {CASH} from {ROWS} group by all", [None]),
    "q04": (
        f"select line_item_resource_id, sum({AMORTIZED}) from {ROWS}"
        " and coalesce(line_item_resource_id, '') <> '' group by all order by 2 desc limit 100",
        [None],
    ),
    "q05": (
        "select reservation_reservation_a_r_n,"
        " coalesce(sum(case when line_item_line_item_type = 'RIFee' then line_item_unblended_cost"
        "   + reservation_amortized_upfront_fee_for_billing_period end), 0),"
        " coalesce(sum(case when line_item_line_item_type = 'DiscountedUsage' then reservation_effective_cost end), 0),"
        " coalesce(sum(case when line_item_line_item_type = 'RIFee' then"
        "   reservation_unused_amortized_upfront_fee_for_billing_period + reservation_unused_recurring_fee end), 0)"
        f" from {ROWS} and line_item_line_item_type in ('RIFee', 'DiscountedUsage')"
        " and coalesce(reservation_reservation_a_r_n, '') <> '' group by all",
        ["bought", "used", "unused"],
    ),
    "q06": (
        f"select {HOUR}, coalesce(sum(case when {SP_FEE} then savings_plan_total_commitment_to_date end), 0),"
        f" coalesce(sum(case when {COVERED} then savings_plan_savings_plan_effective_cost end), 0),"
        f" coalesce(sum(case when {COVERED} then line_item_unblended_cost end), 0) from {ROWS}"
        " and line_item_line_item_type in ('SavingsPlanRecurringFee', 'SavingsPlanCoveredUsage') group by all",
        ["bought", "used", "covered"],
    ),
    "q07": (
        "select regexp_extract(line_item_usage_type, 'BoxUsage:([^.]+)', 1),"
        f" {some('product_region_code')}, {HOUR}, sum(line_item_usage_amount) from {ROWS}"
        " and line_item_line_item_type = 'Usage' and line_item_product_code = 'AmazonEC2'"
        " and line_item_usage_type like '%BoxUsage:%' and line_item_operation like 'RunInstances%' group by all",
        [None],
    ),
    "q08": (
        " union all ".join(
            f"select '{pattern}', {CASH}, count(distinct nullif(line_item_resource_id, '')) from {ROWS}"
            f" and line_item_usage_type like '%{pattern}%' having count(*) > 0"
            for pattern in IDLE
        ),
        ["cost", "resources"],
    ),
    "q09": (
        f"select line_item_usage_type, {CASH} from {ROWS} and line_item_usage_type like '%DataTransfer%' group by all",
        [None],
    ),
    "q10": (f"select {MONTH}, {some('line_item_product_code')}, {CASH} from {ROWS} group by all", [None]),
    "q11": (
        f"select {DAY}, {some('line_item_usage_account_id')}, {some('line_item_product_code')},"
        f" {some('product_region_code')}, {CASH} from {ROWS} group by all",
        [None],
    ),
    "q12": (f"select 'resources', count(distinct nullif(line_item_resource_id, '')) from {ROWS}", [None]),
}


def ask_duckdb(folder: str, answers: str, only: str | None = None) -> None:
    """Runs in a process of its own."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads = %d" % (os.cpu_count() or 1))
    files = str(Path(folder) / "**" / "*.parquet")
    connection.execute(f"create view bill as select * from read_parquet('{files}', hive_partitioning = false)")
    found: dict[str, dict[str, float]] = {}
    for name, (sql, amounts) in QUESTIONS.items():
        if only and name != only:
            continue
        found[name] = {}
        for row in connection.execute(sql).fetchall():
            parts, values = row[: -len(amounts)], row[-len(amounts) :]
            for label, value in zip(amounts, values):
                key = "|".join([*parts, label] if label else parts)
                found[name][key] = float(value)
    Path(answers).write_text(json.dumps(found))


def measure(command: list[str]) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak resident MB of a fresh process."""
    import time

    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} {command[1]} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


def differences(ours: dict, theirs: dict) -> list[str]:
    """Where the answers differ by more than DuckDB's error in adding doubles."""
    found = []
    for name in QUESTIONS:
        mine, other = ours[name], theirs[name]
        if name != "q04" and set(mine) != set(other):
            # A group that cancels to nothing may be left out by neither; groups must be the same.
            missing = sorted(set(mine) ^ set(other))[:3]
            found.append(f"{name}: groups differ: {missing}")
        for key, value in other.items():
            exact = float(mine.get(key, "nan"))
            if not abs(exact - value) <= 1e-6 + 1e-9 * abs(value):
                found.append(f"{name} {key}: ours {exact}, DuckDB {value}")
        if name == "q04":
            best = sorted((float(v) for v in mine.values()), reverse=True)[:100]
            if any(abs(a - b) > 1e-6 for a, b in zip(best, sorted(other.values(), reverse=True))):
                found.append("q04: the top 100 amounts differ")
    return found


def main() -> None:
    binary, folder, rows = sys.argv[1:4]
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    if not Path(folder).exists():
        subprocess.run([binary, "make", folder, rows], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        mine, theirs = f"{scratch}/ours.json", f"{scratch}/duckdb.json"
        commands = {
            "decode alone": [binary, "decode", folder],
            "farthing": [binary, "twelve", folder, mine],
            "duckdb": [sys.executable, __file__, "--duckdb", folder, theirs],
        }
        for command in commands.values():
            measure(command)  # Files are warm from here on.
        figures: dict[str, list] = {name: [] for name in commands}
        for _ in range(repeats):
            for name, command in commands.items():
                figures[name].append(measure(command))
        wrong = differences(json.loads(Path(mine).read_text()), json.loads(Path(theirs).read_text()))
    base = statistics.median(run[0] for run in figures["duckdb"])
    print(f"{rows} rows, {repeats} runs each, median [min–max]\n")
    print("| | CPU s | wall s | peak MB | CPU against DuckDB |\n|---|---|---|---|---|")
    for name, runs in figures.items():
        cpu = sorted(run[0] for run in runs)
        wall, peak = statistics.median(run[1] for run in runs), max(run[2] for run in runs)
        middle = statistics.median(cpu)
        print(f"| {name} | {middle:.2f} [{cpu[0]:.2f}–{cpu[-1]:.2f}] | {wall:.2f} | {peak:.0f} | {middle / base:.2f} |")
    print("\nanswers:", "equal" if not wrong else "\n  ".join(["DIFFERENT", *wrong[:20]]))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    if sys.argv[1] == "--duckdb":
        ask_duckdb(*sys.argv[2:])
    else:
        main()
