//! What to buy: the Savings Plans and reservations that cost least, with a bound on how much better any purchase could
//! be; AWS's own way of recommending beside it.

pub mod aws;
pub mod backtest;
pub mod bill;
mod bound;
pub mod caps;
mod choice;
pub mod decision;
pub mod demand;
pub mod eligible;
pub mod joint;
pub mod market;
pub mod offers;
mod outlook;
pub(crate) mod pricing;
pub mod proposal;
mod purchase;
mod respond;
pub mod scenarios;
pub mod settle;
pub mod single;
