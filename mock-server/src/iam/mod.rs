//! Whether something is allowed, and why: pure functions over policy documents.

pub mod bucket;
pub mod control;
pub mod delivery;
pub mod grants;
pub mod least;
pub mod message;
pub mod public;
pub mod trust;
pub mod who;
