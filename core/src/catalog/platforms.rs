//! What an instance runs, which its price depends on: the names that AWS's tables, lists and bills use for it.

use std::fmt;

/// An operating system with its licences, by one name, whatever a table calls it. One that is not known stands for
/// itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform(String);

/// Name, the operation of its hours in bills and price lists, and further names, in lower case.
const KNOWN: &[(&str, &str, &[&str])] = &[
    ("Linux", "RunInstances", &["linux/unix", "unix", "amazon linux", "ubuntu", "debian", "linux2", "al2023"]),
    ("RHEL", "RunInstances:0010", &["red hat enterprise linux", "red hat", "redhat"]),
    ("SUSE", "RunInstances:000g", &["suse linux", "suse linux enterprise server", "sles"]),
    ("Ubuntu Pro", "RunInstances:0g00", &["ubuntu pro linux"]),
    ("Windows", "RunInstances:0002", &["mswin", "windows server"]),
    ("Windows BYOL", "RunInstances:0800", &["windows (byol)"]),
    ("Windows with SQL Server Web", "RunInstances:0202", &["mswinsqlweb", "windows with sql web"]),
    (
        "Windows with SQL Server Standard",
        "RunInstances:0006",
        &["mswinsql", "windows with sql std", "windows with sql standard"],
    ),
    (
        "Windows with SQL Server Enterprise",
        "RunInstances:0102",
        &["mswinsqlenterprise", "windows with sql ent", "windows with sql enterprise"],
    ),
    ("Linux with SQL Server Standard", "RunInstances:0004", &["linux with sql std"]),
    ("Linux with SQL Server Enterprise", "RunInstances:0100", &["linux with sql ent"]),
    ("Linux with SQL Server Web", "RunInstances:0200", &["linux with sql web"]),
];

impl Platform {
    /// The platform of a name: of Cost Explorer (`Linux/UNIX`, `Windows (Amazon VPC)`), of price lists (`SUSE`) or of
    /// other tables (`sles`, `mswin`).
    ///
    /// ```
    /// use farthing::catalog::platforms::Platform;
    /// assert_eq!(Platform::parse("SUSE Linux (Amazon VPC)"), Platform::parse("sles"));
    /// assert_eq!(Platform::parse("Linux/UNIX").name(), "Linux");
    /// assert_eq!(Platform::parse("Windows").operation(), Some("RunInstances:0002"));
    /// assert_eq!(Platform::parse("BeOS").operation(), None);
    /// ```
    pub fn parse(text: &str) -> Platform {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let bare = lower.trim_end_matches("(amazon vpc)").trim_end();
        let is_meant = |name: &str, others: &[&str]| name.eq_ignore_ascii_case(bare) || others.contains(&bare);
        let known = KNOWN.iter().find(|(name, _, others)| is_meant(name, others));
        Platform(known.map_or_else(|| text.to_owned(), |(name, _, _)| (*name).to_owned()))
    }

    /// The platform of an operation in bills: `RunInstances:0002` is Windows.
    pub fn of_operation(operation: &str) -> Option<Platform> {
        let known = KNOWN.iter().find(|(_, code, _)| *code == operation);
        known.map(|(name, _, _)| Platform((*name).to_owned()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The operation of its hours in bills and price lists; `None` for a platform that is not known.
    pub fn operation(&self) -> Option<&'static str> {
        KNOWN.iter().find(|(name, _, _)| *name == self.0).map(|(_, code, _)| *code)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
