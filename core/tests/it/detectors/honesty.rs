//! Nothing is claimed from what is not there.
