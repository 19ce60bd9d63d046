//! What jobs do over time: their stages, their interfaces, their end.

use crate::kernel::Due;
use crate::model::{Alarm, Owner, Txn};

/// Does what a timer says.
pub fn step(_txn: &mut Txn<'_>, _due: Due<Owner, Alarm>) {}
