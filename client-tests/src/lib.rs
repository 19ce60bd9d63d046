//! What the tests and benchmarks here share. Nothing in this crate knows the server's code: it starts the
//! `mockplane` binary as a user would and speaks HTTP with it.

pub mod load;
pub mod process;
pub mod server;
pub mod wall;
pub mod wire;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
