//! Scenarios: stories that are told in a file, run against a control plane, and have an expected end.

pub mod file;
pub mod matcher;
pub mod problem;
mod query;
pub mod span;
pub mod template;
pub mod tree;
