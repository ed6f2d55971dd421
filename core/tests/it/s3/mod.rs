//! S3: a real server (moto), a proxy that breaks what goes through it, and one server that checks signatures.

mod bills;
mod cache;
mod chain;
mod deliveries;
mod faults;
mod fixture;
mod keeping;
mod listing;
mod moto;
mod prices;
mod proxy;
mod races;
mod signatures;
mod stored;
mod swaps;

use farthing::ingest::s3;
