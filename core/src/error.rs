//! One public error: every variant names the file, column, period or key, and the next step.

pub mod s3;

use std::path::{Path, PathBuf};

use s3::S3Error;

/// What can go wrong. A message says which thing is at fault and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that was given does not exist.
    #[error("{}: no such file or folder; check the path, or list the folder above it", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A folder, or the set of paths, holds nothing that can be read as a bill.
    #[error("{}: {detail}", path.display())]
    NoBill {
        /// The path as it was given.
        path: PathBuf,
        /// What was looked for, what was found, and what to do.
        detail: String,
    },
    /// A file that is readable but is neither a Cost and Usage Report nor in FOCUS.
    #[error(
        "{file}: this is no Cost and Usage Report, for it has none of the columns {missing}, nor is it in FOCUS, with \
         BilledCost, EffectiveCost, ChargeCategory and ChargePeriodStart; point farthing at a CUR or Data Exports delivery"
    )]
    NotABill {
        /// The file's path.
        file: String,
        /// The columns that a bill must have.
        missing: String,
    },
    /// The operating system refused to read or write.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path that was read or written.
        path: PathBuf,
        /// The system's own words.
        #[source]
        source: std::io::Error,
    },
    /// A file that is truncated, corrupt or written in a way that no decoder accepts.
    #[error("{file}: {detail}; fetch this file again from where AWS delivered it")]
    Unreadable {
        /// The file's path.
        file: String,
        /// The decoder's words.
        detail: String,
    },
    /// A file that claims, or would become, more than is read.
    #[error("{file}: {found}, more than {limit}; {hint}")]
    Limit {
        /// The file's path.
        file: String,
        /// What is too large, with its figure.
        found: String,
        /// The most that is read, with its unit.
        limit: String,
        /// What to do.
        hint: String,
    },
    /// A column that is missing, has a type that is not known, or holds a value that cannot be read.
    #[error("{file}: column {column}: {detail}")]
    Column {
        /// The file's path.
        file: String,
        /// The column's name as the file spells it.
        column: String,
        /// What is wrong and what was expected.
        detail: String,
    },
    /// A manifest that is not understood, or that lists what is not there.
    #[error("{}: {detail}", path.display())]
    Manifest {
        /// The manifest's path.
        path: PathBuf,
        /// What is wrong and the next step.
        detail: String,
    },
    /// A name that is no charge column, metric, period or tag key.
    #[error("unknown {what} `{name}`; {hint}")]
    UnknownName {
        /// What kind of name it is: "charge column", "metric", …
        what: &'static str,
        /// The name as it was given.
        name: String,
        /// What would be accepted.
        hint: String,
    },
    /// A filter that cannot be parsed.
    #[error("filter `{filter}`: {detail}; write COLUMN=VALUE or COLUMN!=VALUE, separated by commas")]
    Filter {
        /// The whole filter.
        filter: String,
        /// What is wrong.
        detail: String,
    },
    /// A threshold that cannot be set so.
    #[error(
        "setting `{setting}`: {detail}; write DETECTOR.THRESHOLD=NUMBER, as `farthing explain DETECTOR` lists them"
    )]
    Threshold {
        /// The setting as it was given.
        setting: String,
        /// What is wrong.
        detail: String,
    },
    /// A gate that cannot be understood.
    #[error("gate `{gate}`: {detail}; write FIGURE<NUMBER or FIGURE>NUMBER, as in unused>100 or coverage<70%")]
    Gate {
        /// The gate as it was given.
        gate: String,
        /// What is wrong.
        detail: String,
    },
    /// A goal that cannot be understood.
    #[error("goal `{goal}`: {detail}; write a part of the bill like 15%, or an amount a month like 500")]
    Goal {
        /// The goal as it was given.
        goal: String,
        /// What is wrong.
        detail: String,
    },
    /// A configuration file that is not understood.
    #[error("{file}, line {line}, {key}: {detail}")]
    Config {
        /// The file's name.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong, and what was expected.
        detail: String,
    },
    /// An invoice file that cannot be read.
    #[error("{}: {detail}; expected a csv with the columns payer,invoice_id,amount,currency", path.display())]
    Invoice {
        /// The file's path.
        path: PathBuf,
        /// What is wrong, with the line.
        detail: String,
    },
    /// A saved ledger that cannot be written or read.
    #[error("{place}: {detail}")]
    Ledger {
        /// Where it is: a file of the store, or bytes.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// A table that the user gave and that cannot be read.
    #[error("{}: {detail}", path.display())]
    Table {
        /// The file's path.
        path: PathBuf,
        /// What is wrong, with the line, and what was expected.
        detail: String,
    },
    /// Several currencies where one sum was asked for.
    #[error(
        "the bill holds several currencies ({currencies}), which are never added together; filter with BillingCurrency=…"
    )]
    Currencies {
        /// The currencies, separated by commas.
        currencies: String,
    },
    /// Something cannot be answered from what the bill holds.
    #[error("{what} is not available: {reason}")]
    NotAvailable {
        /// What was asked.
        what: String,
        /// Why it cannot be answered.
        reason: String,
    },
    /// Polars could not build or join a frame.
    #[error("frame {table}: {detail}")]
    Frame {
        /// The table.
        table: &'static str,
        /// Polars' own words.
        detail: String,
    },
    /// A document that could not be made; a fault of this program.
    #[error("{what} could not be made: {detail}; please report this, with the bill's dialect")]
    Render {
        /// The document.
        what: &'static str,
        /// What went wrong.
        detail: String,
    },
    /// Something on S3, or in the cache of its objects.
    #[error(transparent)]
    S3(S3Error),
    /// The caller's progress callback asked to stop.
    #[error("stopped before the bill was read to its end")]
    Interrupted,
}

impl Error {
    /// An error about S3; that of an interruption is [`Error::Interrupted`], wherever it came.
    pub fn s3(error: S3Error) -> Error {
        match error {
            S3Error::Interrupted => Error::Interrupted,
            error => Error::S3(error),
        }
    }

    /// An [`Error::Io`] about `path`.
    pub fn io(path: &Path, source: std::io::Error) -> Error {
        if source.kind() == std::io::ErrorKind::NotFound {
            Error::NotFound { path: path.to_path_buf() }
        } else {
            Error::Io { path: path.to_path_buf(), source }
        }
    }
}

/// A result whose error is [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;
