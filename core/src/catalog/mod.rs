//! What AWS sells: names of services.

pub mod commitments;
pub mod services;
