//! The bundled snapshot: instance types and list prices as of a day, compiled into the crate. `SOURCE.md` says how.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::Int32Type;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::commitments::Payment;
use super::instance_types::InstanceType;
use super::platforms::Platform;

/// A millionth of a dollar in units of money.
const MICRO: i128 = 1_000_000;

static EC2_TYPES: LazyLock<Types> = LazyLock::new(|| Types::read(include_bytes!("snapshot/ec2_types.parquet")));

static EC2_PRICES: LazyLock<Prices> =
    LazyLock::new(|| Prices::read(include_bytes!("snapshot/ec2_prices.parquet"), PLATFORM));
static ELASTICACHE: LazyLock<Prices> =
    LazyLock::new(|| Prices::read(include_bytes!("snapshot/elasticache.parquet"), "engine"));
static OPENSEARCH: LazyLock<Prices> =
    LazyLock::new(|| Prices::read(include_bytes!("snapshot/opensearch.parquet"), "engine"));

/// The column of what an instance runs.
const PLATFORM: &str = "operating_system";

/// EC2's instance types.
pub(super) fn ec2_types() -> &'static Types {
    &EC2_TYPES
}

/// EC2's list prices.
pub(super) fn ec2_prices() -> &'static Prices {
    &EC2_PRICES
}

/// ElastiCache's nodes and their list prices, by engine.
pub(super) fn elasticache() -> &'static Prices {
    &ELASTICACHE
}

/// OpenSearch Service's instances and their list prices.
pub(super) fn opensearch() -> &'static Prices {
    &OPENSEARCH
}

/// A bundled file: its rows, and the month that they are of.
struct File {
    rows: RecordBatch,
    as_of: String,
}

impl File {
    /// Reads a file that is part of this crate; a test reads every one, so that none can be damaged.
    fn read(bytes: &'static [u8]) -> File {
        let whole = || -> Result<File, Box<dyn std::error::Error>> {
            let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from_static(bytes))?;
            let schema = builder.schema().clone();
            let as_of = schema.metadata().get("as_of").cloned().unwrap_or_default();
            let batches = builder.with_batch_size(1 << 17).build()?.collect::<Result<Vec<_>, _>>()?;
            Ok(File { rows: concat_batches(&schema, &batches)?, as_of })
        };
        whole().unwrap_or_else(|error| panic!("the bundled snapshot is damaged: {error}"))
    }

    fn text(&self, name: &str) -> &StringArray {
        self.column(name).as_string::<i32>()
    }

    fn number(&self, name: &str) -> &Int32Array {
        self.column(name).as_primitive::<Int32Type>()
    }

    fn numbers_if_any(&self, name: &str) -> Option<&Int32Array> {
        self.rows.column_by_name(name).map(|column| column.as_primitive::<Int32Type>())
    }

    /// The types that a list of prices describes: processors and memory.
    fn node_types(&self) -> Vec<InstanceType> {
        let (Some(vcpus), Some(memory)) = (self.numbers_if_any("vcpus"), self.numbers_if_any("memory_mib")) else {
            return Vec::new();
        };
        let names = self.text("instance_type");
        let is_first = |at: &usize| *at == 0 || names.value(*at) != names.value(*at - 1);
        let one = |at: usize| InstanceType {
            name: names.value(at).to_owned(),
            vcpus: vcpus.value(at).unsigned_abs(),
            memory_mib: memory.value(at).unsigned_abs(),
            ..InstanceType::default()
        };
        (0..names.len()).filter(is_first).map(one).collect()
    }

    fn column(&self, name: &str) -> &dyn Array {
        self.rows.column_by_name(name).unwrap_or_else(|| panic!("the bundled snapshot has no column {name}"))
    }
}

/// Instance types by name.
#[derive(Debug)]
pub(super) struct Types {
    /// Sorted by name.
    pub(super) all: Vec<InstanceType>,
    /// The month that they are of.
    pub(super) as_of: String,
}

impl Types {
    fn read(bytes: &'static [u8]) -> Types {
        let file = File::read(bytes);
        let text = |name: &str| file.text(name).iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
        let count =
            |name: &str| file.number(name).iter().map(|count| count.map(i32::cast_unsigned)).collect::<Vec<_>>();
        let flag = |name: &str| file.number(name).iter().map(|flag| flag.map(|flag| flag == 1)).collect::<Vec<_>>();
        let (names, architectures, hypervisors, networks) =
            (text("instance_type"), text("architecture"), text("hypervisor"), text("network"));
        let (vcpus, memory, disks, gpus) =
            (count("vcpus"), count("memory_mib"), count("local_storage_gb"), count("gpus"));
        let (throughput, operations) = (count("ebs_baseline_mbps"), count("ebs_baseline_iops"));
        let (burstable, metal, current) = (flag("is_burstable"), flag("is_bare_metal"), flag("is_current"));
        let one = |at: usize| InstanceType {
            name: names[at].clone().unwrap_or_default(),
            vcpus: vcpus[at].unwrap_or_default(),
            memory_mib: memory[at].unwrap_or_default(),
            architecture: architectures[at].clone(),
            hypervisor: hypervisors[at].clone(),
            network: networks[at].clone(),
            local_storage_gb: disks[at],
            ebs_baseline_mbps: throughput[at],
            ebs_baseline_iops: operations[at],
            gpus: gpus[at],
            is_burstable: burstable[at],
            is_bare_metal: metal[at],
            is_current: current[at],
        };
        Types { all: (0..names.len()).map(one).collect(), as_of: file.as_of }
    }

    /// A type by its name.
    pub(super) fn get(&self, name: &str) -> Option<&InstanceType> {
        self.all.binary_search_by(|one| one.name.as_str().cmp(name)).ok().map(|at| &self.all[at])
    }

    /// The types of a family, `m7g`.
    pub(super) fn family<'a>(&'a self, family: &'a str) -> impl Iterator<Item = &'a InstanceType> {
        let from = self.all.partition_point(|one| one.name.as_str() < family);
        self.all[from..]
            .iter()
            .take_while(move |one| one.name.starts_with(family))
            .filter(move |one| one.family() == family)
    }
}

/// Terms of reservations in the order of [`Hourly::reserved`].
pub(super) const RESERVED: [(u8, Payment); 6] = [
    (1, Payment::NoUpfront),
    (1, Payment::PartialUpfront),
    (1, Payment::AllUpfront),
    (3, Payment::NoUpfront),
    (3, Payment::PartialUpfront),
    (3, Payment::AllUpfront),
];
/// Their columns.
const RESERVED_COLUMNS: [&str; RESERVED.len()] = [
    "reserved_1y_no",
    "reserved_1y_partial",
    "reserved_1y_all",
    "reserved_3y_no",
    "reserved_3y_partial",
    "reserved_3y_all",
];

/// What an hour of an instance type costs in a region on a platform or with an engine: millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hourly {
    on_demand: i32,
    /// Upfront spread over the term's hours; 0 where it is not sold.
    reserved: [i32; RESERVED.len()],
}

impl Hourly {
    /// On demand, in units of 1e-12.
    pub(super) fn on_demand(&self) -> i128 {
        i128::from(self.on_demand) * MICRO
    }

    /// Reserved (standard) on the terms that are sold, with what is paid at once spread over the hours of the term.
    pub(super) fn reserved(&self) -> impl Iterator<Item = ((u8, Payment), i128)> {
        let sold = RESERVED.into_iter().zip(self.reserved).filter(|(_, micros)| *micros > 0);
        sold.map(|(terms, micros)| (terms, i128::from(micros) * MICRO))
    }
}

/// Hourly list prices of a service.
#[derive(Debug)]
pub(super) struct Prices {
    /// Where the rows of a type are.
    places: HashMap<String, Range<usize>>,
    regions: Vec<String>,
    /// Platforms or engines.
    variants: Vec<String>,
    /// Region, variant, prices.
    rows: Vec<(u8, u8, Hourly)>,
    /// Types, where this list describes them.
    pub(super) types: Types,
    /// The month that they are of.
    pub(super) as_of: String,
}

/// The place of a text among those seen so far.
fn place(seen: &mut Vec<String>, text: &str) -> u8 {
    let at = seen.iter().position(|known| known == text).unwrap_or_else(|| {
        seen.push(text.to_owned());
        seen.len() - 1
    });
    u8::try_from(at).expect("there are fewer than 256 regions, platforms and engines")
}

impl Prices {
    fn read(bytes: &'static [u8], variant: &str) -> Prices {
        let file = File::read(bytes);
        let (types, regions, variants) = (file.text("instance_type"), file.text("region"), file.text(variant));
        let on_demand = file.number("on_demand");
        let reserved = RESERVED_COLUMNS.map(|name| file.numbers_if_any(name));
        let micros = |column: &Int32Array, at: usize| if column.is_valid(at) { column.value(at) } else { 0 };
        let mut prices = Prices {
            places: HashMap::new(),
            regions: Vec::new(),
            variants: Vec::new(),
            rows: Vec::with_capacity(types.len()),
            types: Types { all: file.node_types(), as_of: file.as_of.clone() },
            as_of: file.as_of.clone(),
        };
        let mut begun = 0;
        for at in 0..types.len() {
            let hourly = Hourly {
                on_demand: on_demand.value(at),
                reserved: reserved.map(|column| column.map_or(0, |column| micros(column, at))),
            };
            let region = place(&mut prices.regions, regions.value(at));
            prices.rows.push((region, place(&mut prices.variants, variants.value(at)), hourly));
            if at + 1 == types.len() || types.value(at + 1) != types.value(at) {
                prices.places.insert(types.value(at).to_owned(), begun..at + 1);
                begun = at + 1;
            }
        }
        for name in prices.variants.iter_mut().filter(|_| variant == PLATFORM) {
            *name = Platform::parse(name).name().to_owned();
        }
        prices
    }

    /// What a type costs in a region on a platform or with an engine.
    pub(super) fn get(&self, instance_type: &str, region: &str, variant: &str) -> Option<Hourly> {
        self.of_type(instance_type, region).find(|(name, _)| *name == variant).map(|(_, hourly)| hourly)
    }

    /// What a type costs in a region, by platform or engine.
    pub(super) fn of_type(&self, instance_type: &str, region: &str) -> impl Iterator<Item = (&str, Hourly)> {
        let rows = self.places.get(instance_type).map_or(&[][..], |range| &self.rows[range.clone()]);
        let region = self.regions.iter().position(|known| known == region);
        let rows = rows.iter().filter(move |row| Some(usize::from(row.0)) == region);
        rows.map(|row| (self.variants[usize::from(row.1)].as_str(), row.2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_files_are_whole() {
        let types = ec2_types();
        assert_eq!((types.all.len(), types.as_of.as_str()), (1_403, "2026-07"));
        assert!(types.all.is_sorted_by(|a, b| a.name < b.name));
        assert!(types.all.iter().all(|one| one.vcpus > 0 && one.memory_mib > 0));
        let large = types.get("m7g.large").unwrap();
        assert_eq!((large.vcpus, large.memory_mib, large.architecture.as_deref()), (2, 8_192, Some("arm64")));
        assert_eq!(types.get("m7g.huge"), None);
        let prices = ec2_prices();
        assert_eq!((prices.rows.len(), prices.regions.len(), prices.variants.len()), (96_958, 36, 6));
        assert!(prices.variants.iter().all(|name| Platform::parse(name).operation().is_some()));
        for (nodes, rows, as_of) in [(elasticache(), 5_033, "2025-04"), (opensearch(), 3_662, "2024-11")] {
            assert_eq!((nodes.rows.len(), nodes.as_of.as_str()), (rows, as_of));
            assert!(
                nodes.types.all.is_sorted_by(|a, b| a.name < b.name)
                    && nodes.rows.iter().all(|row| row.2.on_demand > 0)
            );
        }
    }

    #[test]
    fn families_are_told_apart() {
        let names = |family: &str| ec2_types().family(family).map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names("t3a").len(), 7);
        assert!(names("m5").iter().all(|name| name.starts_with("m5.")) && names("m5").len() == 9, "{:?}", names("m5"));
        assert!(names("nothing").is_empty());
    }

    #[test]
    fn prices_are_exact() {
        let price = |instance_type, platform| ec2_prices().get(instance_type, "us-east-1", platform);
        let large = price("m5.large", "Linux").unwrap();
        assert_eq!(large.on_demand(), 96_000_000_000);
        let reserved: Vec<_> = large.reserved().collect();
        assert_eq!(reserved, [((1, Payment::AllUpfront), 56_393_000_000), ((3, Payment::AllUpfront), 36_111_000_000)]);
        assert_eq!(price("m5.large", "Windows").unwrap().on_demand(), 188_000_000_000);
        assert_eq!((price("m5.large", "BeOS"), price("m5.huge", "Linux")), (None, None));
        let node = |engine| elasticache().get("cache.m6g.2xlarge", "ca-central-1", engine).unwrap();
        assert_eq!((node("Redis").on_demand(), node("Valkey").on_demand()), (650_000_000_000, 520_000_000_000));
        assert_eq!(node("Redis").reserved().count(), 5, "one year, all upfront, is not sold");
    }
}
