//! Machines that are too large for what they do, or too small.
//!
//! [`cost_explorer`] is AWS's own arithmetic on a table. [`fleet`] sizes a bill's machines by what CloudWatch measured of
//! them, with the settings that Compute Optimizer publishes: what a machine must be able to do is, of each resource, what it
//! used at a percentile, divided by the part that may be used.

pub mod cost_explorer;
pub mod curve;
pub mod engine;
pub mod fleet;
pub mod load;
pub mod preferences;
