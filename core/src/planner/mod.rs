//! What to buy: the Savings Plans and reservations that cost least, with a bound on how much better any purchase could
//! be; AWS's own way of recommending beside it.

pub mod aws;
mod bound;
pub mod demand;
pub mod joint;
pub mod market;
pub mod offers;
pub mod proposal;
mod respond;
pub mod settle;
pub mod single;
