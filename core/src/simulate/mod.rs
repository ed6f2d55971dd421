//! The bill with advice followed, step by step: what reservations and Savings Plans covered is covered anew, so that what
//! idle or smaller resources free is used elsewhere, or shown as newly wasted.

mod bought;
mod moves;
mod parallel;
mod spared;
mod state;
mod tariffs;
pub mod waterfall;
