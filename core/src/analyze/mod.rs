//! Questions to a ledger, or to the bill itself where the ledger does not keep what is asked.

pub mod classes;
pub mod commitments;
pub mod costs;
pub mod request;
pub mod scan;
mod slots;
pub mod terms;
