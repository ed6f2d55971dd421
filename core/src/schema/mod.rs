//! The words: columns of charges and line items, money, and the values that dimensions take.

pub mod charges;
pub mod filter;
pub mod focus;
pub mod line_items;
pub mod money;
pub mod names;
pub mod recommendations;
pub mod values;
