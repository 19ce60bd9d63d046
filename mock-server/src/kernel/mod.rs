//! Cells and transactions over any state, ids, virtual time, timers and events.
//!
//! The kernel knows nothing of AWS and nothing of the model: it is generic over the state it keeps. It does
//! no I/O, reads no clock and draws no randomness; whoever calls it says what time it is.

mod account;
mod account_id;
mod cell;
mod deed;
mod event;
mod ids;
mod memo;
mod rehome;
mod table;
mod time;
mod timers;
mod trail;
mod world;

pub use account::{Account, Snapshot, TooMany};
pub use account_id::AccountId;
use cell::Letter;
#[cfg(test)]
pub use cell::Nowhere;
pub use cell::{CellState, Elsewhere, Origin, Scope, Txn};
pub use deed::{Action, DeedLog, Deeds};
pub use event::{Event, EventLog};
pub use ids::{HexId, Minter, digest};
pub use memo::Memo;
pub use rehome::{Moving, Rehome};
#[cfg(test)]
pub use table::counting::rows_seen;
pub use table::{Row, Table};
pub use time::{Clock, ClockMode, SimTime};
pub use timers::{Due, Timers};
pub use world::World;
