//! Machines that are too large for what they do: AWS's own arithmetic on a table.

pub mod cost_explorer;
