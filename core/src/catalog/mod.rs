//! What AWS sells: names of services, list prices, and families of instances with what replaces them.

pub mod commitments;
pub mod families;
pub mod prices;
pub mod services;
