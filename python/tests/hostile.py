"""A bill whose every name was typed by an enemy, and that is as large as organizations get."""

import csv
import json
from pathlib import Path

#: What a page, a spreadsheet, a terminal or a template engine might take for more than text.
PAYLOADS = [
    "<script>window.pwned=1;document.title='pwned'</script>",
    "<img src=x onerror=window.pwned=2>",
    "\"><svg onload=window.pwned=3>",
    "</style></title></text></svg><script>window.pwned=4</script>",
    "javascript:window.pwned=5",
    "{{ 7*7 }}{% raw %}${7*7}",
    "<link rel=stylesheet href=http://127.0.0.1:9/pwned.css><style>@import 'http://127.0.0.1:9/p.css';</style>",
    "=HYPERLINK(\"http://127.0.0.1:9/\",\"click\")",
    "+SUM(1,1)",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\u202egnp.exe\u202c \u2066\u200b",
    "\x1b[31mred\x1b]0;title\x07\x9b31m",
    "&lt;b&gt;&#x3c;script&#x3e;",
    "a" * 300,
    "x\ufffey\uffff",
]

_COLUMNS = [
    "bill_payer_account_id",
    "line_item_usage_account_id",
    "line_item_usage_account_name",
    "line_item_currency_code",
    "bill_billing_period_start_date",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_line_item_type",
    "line_item_product_code",
    "line_item_usage_type",
    "line_item_operation",
    "line_item_usage_amount",
    "line_item_unblended_cost",
    "pricing_public_on_demand_cost",
    "product_region_code",
    "line_item_resource_id",
    "line_item_line_item_description",
    "resource_tags",
]


def write(folder: Path, accounts: int, resources_each: int) -> None:
    """Two months of idle addresses and of usage, one row a resource and month, and an hour of everything."""
    for month, days in (("2026-09", 30), ("2026-10", 31)):
        with (folder / f"{month}.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(_COLUMNS)
            for number in range(accounts * resources_each):
                account, payload = number // resources_each, PAYLOADS[number % len(PAYLOADS)]
                rows.writerow(_row(month, days, number, account, payload))


def _row(month: str, days: int, number: int, account: int, payload: str) -> list[str]:
    day, hour = number % days + 1, number // days % 24
    # The last hours have usage too, so that the month is over and what idles still exists.
    if number % 7 == 0:
        day, hour = days, 23 - number % 5
    start = f"{month}-{day:02}T{hour:02}:00:00Z"
    end = f"{month}-{day:02}T{hour:02}:59:59Z"
    is_address = number % 3 == 0
    product, usage = ("AmazonVPC", "PublicIPv4:IdleAddress") if is_address else (f"code {payload}", f"usage {payload}")
    return [
        "999900000000",
        f"{account:012}",
        f"{payload} {account}",
        "USD",
        f"{month}-01T00:00:00Z",
        start,
        end,
        "Usage",
        product,
        usage,
        f"op {payload}",
        "400",
        f"{(number % 97 + 1) / 10:.10f}",
        f"{(number % 97 + 1) / 10:.10f}",
        "us-east-1",
        f"arn:aws:ec2:us-east-1:{account:012}:thing/{payload}/{number}",
        payload,
        json.dumps({f"user_team {payload[:40]}": payload, "user_owner": payload}),
    ]
