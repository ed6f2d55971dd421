//! Damaged and hostile parquet: the right answer, or an error that names the file; never a panic, never much memory, and
//! where checksums were written never another sum.

mod bombs;
mod flips;
mod forge;
mod lies;

use std::path::Path;

use farthing::{Bill, Costs, Error, Metric};

/// What a bill answers, in some detail.
fn answer(path: &Path) -> farthing::Result<String> {
    let bill = Bill::options().threads(1).open([path])?;
    let by = ["x_ServiceCode", "SubAccountId", "x_LineItemType", "RegionId", "x_UsageType"];
    let cash = bill.costs(&Costs::by(by).metric(Metric::UnblendedCost).daily())?;
    let amortized = bill.costs(&Costs::by(["Tags/team", "InvoiceId"]).metric(Metric::AmortizedCost))?;
    Ok(format!("{:?} {:?} {:?}", cash.rows, cash.total, amortized.rows))
}

/// The error of a file: it is about the file, and one of the kinds that are meant for it.
fn refused(path: &Path) -> String {
    named(path, answer(path).expect_err("it is refused"))
}

fn named(path: &Path, error: Error) -> String {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let is_meant = matches!(
        error,
        Error::Unreadable { .. }
            | Error::Limit { .. }
            | Error::Column { .. }
            | Error::NotABill { .. }
            | Error::Currencies { .. }
    );
    let text = error.to_string();
    assert!(is_meant, "{error:?}");
    assert!(text.contains(name) || matches!(error, Error::Currencies { .. }), "{text}");
    assert!(text.contains("; ") || text.contains("filter"), "it says what to do: {text}");
    text
}
