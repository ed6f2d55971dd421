"""Writes discounts_ec2.csv and discounts_nodes.csv from tables of list prices: python discounts.py PRICES_FOLDER.

The folder holds ec2_list_prices_*.parquet, elasticache_*.csv.gz and opensearch_*.csv.gz, one row for each instance type and
region with its on-demand price and the effective hourly price of its reservations. What is written is the part of the
on-demand price that a reservation saves, in thousandths: the median over sizes in us-east-1, or over all regions where
us-east-1 does not have the family.
"""

import pathlib
import sys

import polars as pl

prices, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
TERMS = ["1y_no", "1y_partial", "1y_all", "3y_no", "3y_partial", "3y_all"]


def medians(frame, by, shares):
    """The median of each share by family, in us-east-1 where there is one."""
    at_home = frame.filter(pl.col("region") == "us-east-1").group_by(by).agg(pl.col(shares).median())
    anywhere = frame.group_by(by).agg(pl.col(shares).median())
    joined = anywhere.join(at_home, on=by, how="left", suffix="_home")
    return joined.select(*by, *[pl.coalesce(f"{s}_home", s).mul(1000).round().cast(pl.Int32).alias(s) for s in shares])


def saved(paid, on_demand):
    return 1 - pl.col(paid).cast(pl.Float64, strict=False) / pl.col(on_demand)


ec2 = pl.read_parquet(next(prices.glob("ec2_list_prices_*.parquet"))).with_columns(
    pl.col("instance_type").str.split(".").list.get(0).alias("family"),
    pl.col("region_code").alias("region"),
    saved("ri_standard_1yr_all_upfront_usd_hourly", "ondemand_usd_hourly").alias("1y_all"),
    saved("ri_standard_3yr_all_upfront_usd_hourly", "ondemand_usd_hourly").alias("3y_all"),
)
ec2 = medians(ec2, ["family", "operating_system"], ["1y_all", "3y_all"]).drop_nulls()
# Two Windows families of the list stand beyond what AWS says a year can save.
ec2 = ec2.filter(pl.col("1y_all") <= 650).sort("family", "operating_system")
ec2.write_csv(here / "discounts_ec2.csv")

nodes = []
for service, name in [("AmazonElastiCache", "elasticache"), ("AmazonES", "opensearch")]:
    frame = pl.read_csv(next(prices.glob(f"{name}_*.csv.gz")), infer_schema_length=None)
    kind = pl.col("node_type" if name == "elasticache" else "instance_type")
    family = kind.str.split(".").list.get(1 if name == "elasticache" else 0)
    frame = frame.with_columns(
        pl.lit(service).alias("service"),
        family.alias("family"),
        *[saved(f"sta_{term}_hourly", "ondemand_hourly").alias(term) for term in TERMS],
    )
    nodes.append(medians(frame, ["service", "family"], TERMS).sort("family"))
nodes = pl.concat(nodes)
nodes.filter(pl.any_horizontal(pl.col(TERMS).is_not_null())).write_csv(here / "discounts_nodes.csv")
