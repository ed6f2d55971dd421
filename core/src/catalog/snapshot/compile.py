"""Compiles the bundled snapshot of instance types and prices; see ../SOURCE.md. Needs pyarrow.

    python compile.py FOLDER

FOLDER holds AWS's public figures as flat tables; their names and columns are below. The same tables give the same bytes.
"""

import csv
import gzip
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
MICROS = Decimal(1_000_000)


def micros(value, exact=True):
    """A price in millionths of a dollar; None where there is none. Finer ones are an error unless they are a quotient."""
    if value in (None, ""):
        return None
    # repr() of a double is the shortest text that stands for it, which is what was printed.
    scaled = Decimal(repr(value) if isinstance(value, float) else value) * MICROS
    whole = scaled.to_integral_value(ROUND_HALF_EVEN)
    if exact and scaled != whole:
        raise ValueError(f"{value} is finer than a millionth")
    return int(whole)


def read_csv(folder, name):
    with gzip.open(folder / name, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


def write(name, columns, as_of):
    """Writes columns of (name, type, values); texts become dictionaries."""
    arrays = [pa.array(values, kind) for _, kind, values in columns]
    fields = [pa.field(column, kind, nullable=array.null_count > 0) for (column, kind, _), array in zip(columns, arrays)]
    table = pa.table(arrays, schema=pa.schema(fields, metadata={"as_of": as_of}))
    texts = [column for column, kind, _ in columns if kind == pa.string()]
    numbers = [column for column, kind, _ in columns if kind != pa.string()]
    pq.write_table(
        table, HERE / name, compression="zstd", compression_level=19, use_dictionary=texts, write_statistics=False,
        column_encoding={column: "DELTA_BINARY_PACKED" for column in numbers}, data_page_size=8 << 20,
        row_group_size=1 << 20, store_schema=True,
    )
    print(f"{name}: {table.num_rows} rows, {(HERE / name).stat().st_size} bytes")


def column(name, kind, rows, pick):
    return (name, kind, [pick(row) for row in rows])


def number(name):
    """A whole-number column of a csv; empty is null."""
    return lambda row: round(float(row[name])) if row[name] != "" else None


def ec2_types(folder, prices):
    rows = read_csv(folder, "ec2_specs_describe_instance_types.csv.gz")
    known = {row["instance_type"] for row in rows}
    # Types that are sold but not described: the price list says how many processors and how much memory they have.
    for row in prices:
        if row["instance_type"] not in known:
            known.add(row["instance_type"])
            rows.append({
                "instance_type": row["instance_type"], "current_generation": "", "vcpus": row["vcpu_count"],
                "cores": "", "memory_mib": row["memory_gib"] * 1024, "arch": "", "burstable": "", "bare_metal": "",
                "hypervisor": "", "network": "", "local_storage_gb": "", "ebs_baseline_mbps": "",
                "ebs_baseline_iops": "", "gpus": "",
            })
    rows.sort(key=lambda row: row["instance_type"])
    text = lambda name: (lambda row: row[name] or None)
    flag = lambda name: (lambda row: {"True": 1, "False": 0, "": None}[row[name]])
    write("ec2_types.parquet", [
        column("instance_type", pa.string(), rows, text("instance_type")),
        column("vcpus", pa.int32(), rows, number("vcpus")),
        column("memory_mib", pa.int32(), rows, number("memory_mib")),
        column("architecture", pa.string(), rows, text("arch")),
        column("hypervisor", pa.string(), rows, text("hypervisor")),
        column("network", pa.string(), rows, text("network")),
        column("local_storage_gb", pa.int32(), rows, number("local_storage_gb")),
        column("ebs_baseline_mbps", pa.int32(), rows, number("ebs_baseline_mbps")),
        column("ebs_baseline_iops", pa.int32(), rows, number("ebs_baseline_iops")),
        column("gpus", pa.int32(), rows, number("gpus")),
        column("is_burstable", pa.int32(), rows, flag("burstable")),
        column("is_bare_metal", pa.int32(), rows, flag("bare_metal")),
        column("is_current", pa.int32(), rows, flag("current_generation")),
    ], "2026-07")


def ec2_prices(prices):
    # A price of nothing is that of a type that is not sold on demand. In this order neighbouring figures are alike.
    rows = [row for row in prices if row["ondemand_usd_hourly"]]
    rows.sort(key=lambda row: (row["instance_type"], row["region_code"], row["operating_system"]))
    text = lambda name: (lambda row: row[name])
    price = lambda name: (lambda row: micros(row[name]))
    write("ec2_prices.parquet", [
        column("instance_type", pa.string(), rows, text("instance_type")),
        column("region", pa.string(), rows, text("region_code")),
        column("operating_system", pa.string(), rows, text("operating_system")),
        column("on_demand", pa.int32(), rows, price("ondemand_usd_hourly")),
        column("reserved_1y_all", pa.int32(), rows, price("ri_standard_1yr_all_upfront_usd_hourly")),
        column("reserved_3y_all", pa.int32(), rows, price("ri_standard_3yr_all_upfront_usd_hourly")),
    ], "2026-07")


TERMS = ["sta_1y_no", "sta_1y_partial", "sta_1y_all", "sta_3y_no", "sta_3y_partial", "sta_3y_all"]


def nodes(folder):
    """Cache nodes and search instances: on demand, and reserved for each term and payment, upfront spread over the term."""
    caches = read_csv(folder, "elasticache_2025-04.csv.gz")
    searches = read_csv(folder, "opensearch_2024-11.csv.gz")
    for name, rows, as_of, kind, engine in [
        ("elasticache.parquet", caches, "2025-04", "node_type", lambda row: row["engine"]),
        ("opensearch.parquet", searches, "2024-11", "instance_type", lambda row: "OpenSearch"),
    ]:
        rows = [row for row in rows if row["ondemand_hourly"] not in ("", "0")]
        rows.sort(key=lambda row: (row[kind], row["region"], engine(row)))
        reserved = [
            column(f"reserved_{term[4:]}", pa.int32(), rows, lambda row, term=term: micros(row[f"{term}_hourly"], exact=False))
            for term in TERMS
        ]
        write(name, [
            column("instance_type", pa.string(), rows, lambda row: row[kind]),
            column("region", pa.string(), rows, lambda row: row["region"]),
            column("engine", pa.string(), rows, engine),
            column("vcpus", pa.int32(), rows, number("vcpu")),
            column("memory_mib", pa.int32(), rows, lambda row: round(float(row["memory_gib"]) * 1024)),
            column("on_demand", pa.int32(), rows, lambda row: micros(row["ondemand_hourly"])),
            *reserved,
        ], as_of)


def main():
    folder = Path(sys.argv[1])
    prices = pq.read_table(folder / "ec2_list_prices_2026-07.parquet").to_pylist()
    ec2_types(folder, prices)
    ec2_prices(prices)
    nodes(folder)


if __name__ == "__main__":
    main()
