//! What AWS sells: names of services.

pub mod services;
