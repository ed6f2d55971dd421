//! Examples of each command, which run.

pub(super) const EXAMPLES: &str = "\
Examples:
  farthing demo bill/
  farthing inspect bill/
  farthing reconcile bill/
  farthing costs bill/ --by ServiceName
  farthing recommend bill/
  farthing report bill/ -o report.html

Exit codes:
  0 ok · 1 error · 2 usage · 3 a reconciliation check failed · 4 warnings or partial data with --strict
  5 a gate failed (--fail-if)";

pub(super) const DEMO_EXAMPLES: &str = "\
Examples:
  farthing demo bill/
  farthing demo year/ --months 12 --accounts 8 --seed 1
  farthing demo legacy/ --dialect legacy --scale 20000 --truth
  farthing demo focus/ --dialect focus1.2 --months 1";

pub(super) const INSPECT_EXAMPLES: &str = "\
Examples:
  farthing inspect bill/
  farthing inspect bill/ --format json
  farthing inspect bill/ --quick
  farthing inspect s3://bucket/prefix/export/ --iam";

pub(super) const RECONCILE_EXAMPLES: &str = "\
Examples:
  farthing reconcile bill/
  farthing reconcile bill/ --format json -o certificate.json
  farthing reconcile bill/ --strict --quiet";

pub(super) const COSTS_EXAMPLES: &str = "\
Examples:
  farthing costs bill/ --by ServiceName --top 5
  farthing costs bill/ --by SubAccountId --granularity monthly --metric BilledCost
  farthing costs bill/ --by Tags/team --where 'x_ServiceCode=AmazonEC2,Tags/team!=core'
  farthing costs bill/ --by ServiceName --from 2026-10-01 --to 2026-10-08 --granularity daily
  farthing costs bill/ --by x_LineItemType,RegionId --period 2026-10 --format csv -o october.csv";

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  farthing report bill/
  farthing report bill/ -o report.html report.xlsx
  farthing report bill/ -o report.md report.json
  farthing report bill/ --format json";

pub(super) const STORE_EXAMPLES: &str = "\
Examples:
  farthing store list
  farthing store verify
  farthing store prune
  farthing store prune --all --store ledgers/";

pub(super) const RECOMMEND_EXAMPLES: &str = "\
Examples:
  farthing recommend bill/
  farthing recommend bill/ --kind idle --min-savings 5
  farthing recommend bill/ --metrics metrics.csv --kind idle,rightsize
  farthing recommend bill/ --only idle-nat-gateway,gp2-to-gp3 --set idle-nat-gateway.HOURS_MIN=168
  farthing recommend bill/ --goal 15% --config farthing.toml
  farthing recommend bill/ --format json -o savings.json";

pub(super) const DETECTORS_EXAMPLES: &str = "\
Examples:
  farthing detectors
  farthing detectors --format json";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  farthing explain idle-nat-gateway
  farthing explain gp2-to-gp3";
