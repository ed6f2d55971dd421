//! Detectors: what each owes, by iteration over the registry, and how they do on bills whose waste is known.

mod conformance;
mod example;
mod honesty;
mod measured;
mod planted;
