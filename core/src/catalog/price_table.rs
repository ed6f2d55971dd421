//! A small table of on-demand rates that the user gives: a csv or parquet file with a row for each instance type.

use std::collections::BTreeMap;
use std::path::Path;

use super::platforms::Platform;
use crate::error::{Error, Result};
use crate::ingest::table_file::{headers, read_rows};
use crate::schema::money::{MONEY_SCALE, from_text};

/// The columns of a table of rates, by the names that are accepted for each. The first and the last are needed.
/// Without a region the rates hold in every region, without an operating system they are those of Linux.
const COLUMNS: [(&str, &[&str]); 5] = [
    ("instance_type", &["instance_type", "type", "InstanceType"]),
    ("region_id", &["region_id", "region", "region_code"]),
    ("operating_system", &["operating_system", "os", "platform"]),
    ("vcpus", &["vcpus", "vcpu", "vcpu_count"]),
    (
        "on_demand_rate",
        &[
            "on_demand_rate",
            "on_demand_hourly",
            "ondemand_hourly",
            "ondemand_usd_hourly",
            "usd_hourly",
            "rate",
            "price",
        ],
    ),
];

/// Rates by instance type, region (empty: every region) and platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTable {
    /// The file.
    pub file: String,
    rates: BTreeMap<(String, String, Platform), i128>,
    vcpus: BTreeMap<String, u32>,
}

impl PriceTable {
    /// Reads a table with the columns `instance_type,region_id,operating_system,vcpus,on_demand_rate`, a rate being US
    /// dollars an hour. All but the first and the last may be missing.
    ///
    /// # Errors
    /// [`Error::Table`] that names the line and what is wrong with it; [`Error::NotFound`], [`Error::Io`].
    pub fn read(path: &Path) -> Result<PriceTable> {
        let headers = headers(path)?;
        let named =
            |names: &[&str]| headers.iter().find(|header| names.iter().any(|name| name.eq_ignore_ascii_case(header)));
        let found = COLUMNS.map(|(_, names)| named(names).map(String::as_str));
        let fail = |detail: String| Error::Table { path: path.to_path_buf(), detail };
        for at in [0, COLUMNS.len() - 1] {
            if found[at].is_none() {
                let expected = COLUMNS.map(|(name, _)| name).join(",");
                let detail =
                    format!("it has no column {}; expected {expected}, found {}", COLUMNS[at].0, headers.join(","));
                return Err(fail(detail));
            }
        }
        let there: Vec<&str> = found.iter().copied().flatten().collect();
        let mut table = PriceTable { file: path.display().to_string(), rates: BTreeMap::new(), vcpus: BTreeMap::new() };
        read_rows(path, &there, |row| {
            let mut cells = row.iter();
            let cells = found.map(|name| name.and_then(|_| cells.next().copied()).map(str::trim).unwrap_or_default());
            table.add(cells)
        })?;
        if table.rates.is_empty() {
            return Err(fail("it has no rates".to_owned()));
        }
        Ok(table)
    }

    fn add(&mut self, cells: [&str; COLUMNS.len()]) -> std::result::Result<(), String> {
        let [instance_type, region, platform, vcpus, rate] = cells;
        if instance_type.is_empty() {
            return Err("the instance type is empty".to_owned());
        }
        let rate = match from_text(rate, MONEY_SCALE) {
            Some(rate) if rate.units >= 0 => rate.units,
            _ => return Err(format!("on-demand rate `{rate}` is no amount")),
        };
        if !vcpus.is_empty() {
            let count = vcpus.strip_suffix(".0").unwrap_or(vcpus).parse::<u32>().ok().filter(|&count| count > 0);
            let count = count.ok_or_else(|| format!("vcpus `{vcpus}` is no number of processors"))?;
            if self.vcpus.insert(instance_type.to_owned(), count).is_some_and(|known| known != count) {
                return Err(format!("{instance_type} has another number of vcpus than above"));
            }
        }
        let platform = if platform.is_empty() { Platform::parse("Linux") } else { Platform::parse(platform) };
        let key = (instance_type.to_owned(), region.to_owned(), platform);
        let text = format!("{instance_type}, {}, {region}", key.2);
        match self.rates.insert(key, rate) {
            Some(known) if known != rate => Err(format!("{text} has another rate than above")),
            _ => Ok(()),
        }
    }

    /// The rate of an hour in units of 1e-12.
    pub fn on_demand(&self, instance_type: &str, region: &str, platform: &Platform) -> Option<i128> {
        let rate = |region: &str| self.rates.get(&(instance_type.to_owned(), region.to_owned(), platform.clone()));
        rate(region).or_else(|| rate("")).copied()
    }

    /// Virtual processors of a type, where the table says.
    pub fn vcpus(&self, instance_type: &str) -> Option<u32> {
        self.vcpus.get(instance_type).copied()
    }

    /// Every type, in order.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let mut last = "";
        self.rates
            .keys()
            .map(|(name, _, _)| name.as_str())
            .filter(move |&name| std::mem::replace(&mut last, name) != name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PriceTable> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prices.csv");
        std::fs::write(&path, text).unwrap();
        PriceTable::read(&path)
    }

    #[test]
    fn columns_have_several_names_and_may_be_missing() {
        let table = read("region,instance_type,ondemand_hourly\nus-east-1,m5.large,0.096\n,m5.xlarge,0.192\n").unwrap();
        let linux = Platform::parse("Linux");
        assert_eq!(table.on_demand("m5.large", "us-east-1", &linux), Some(96_000_000_000));
        assert_eq!(table.on_demand("m5.large", "us-west-2", &linux), None);
        assert_eq!(table.on_demand("m5.xlarge", "us-west-2", &linux), Some(192_000_000_000), "of every region");
        assert_eq!(
            table.on_demand("m5.large", "us-east-1", &Platform::parse("Windows")),
            None,
            "rates are those of Linux"
        );
        assert_eq!(table.types().collect::<Vec<_>>(), ["m5.large", "m5.xlarge"]);
        let table = read("Instance_Type,OS,vCPU,rate\nm5.large,SUSE,2,1e-1\n").unwrap();
        assert_eq!(table.on_demand("m5.large", "anywhere", &Platform::parse("sles")), Some(100_000_000_000));
        assert_eq!(table.vcpus("m5.large"), Some(2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, told) in [
            ("instance_type,region\nm5.large,us-east-1\n", "it has no column on_demand_rate"),
            ("region,rate\nus-east-1,1\n", "it has no column instance_type"),
            ("instance_type,rate\n", "it has no rates"),
            ("instance_type,rate\nm5.large,free\n", "line 2: on-demand rate `free` is no amount"),
            ("instance_type,rate\nm5.large,-1\n", "line 2: on-demand rate `-1` is no amount"),
            ("instance_type,rate\nm5.large,1\nm5.large,2\n", "line 3: m5.large, Linux,  has another rate"),
            ("instance_type,vcpus,rate\nm5.large,0,2\n", "line 2: vcpus `0`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error} does not say: {told}");
        }
    }
}
