//! What AWS sells: names of services, instance types, list prices, and families of instances with what replaces them.

pub mod commitments;
pub mod discounts;
pub mod families;
pub mod fargate;
pub mod instance_types;
pub mod lines;
pub mod listed;
pub mod platforms;
pub mod pools;
pub mod price_lists;
pub mod price_table;
pub mod prices;
pub mod quotes;
pub mod services;
mod snapshot;
pub mod usage_types;
