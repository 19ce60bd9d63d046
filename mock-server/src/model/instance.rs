//! Instances, as far as they hold interfaces and addresses. What an instance has of a network is not in its row but
//! in those of the interfaces that are attached to it ([`State::interfaces_of`]).

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::sync::Arc;

/// Source: EC2 user guide, "Amazon EC2 instance state changes".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum InstanceState {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl InstanceState {
    /// The state that it passes into by itself.
    pub fn next(self) -> Option<InstanceState> {
        match self {
            InstanceState::Pending => Some(InstanceState::Running),
            InstanceState::Stopping => Some(InstanceState::Stopped),
            InstanceState::ShuttingDown => Some(InstanceState::Terminated),
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated => None,
        }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Instance {
    pub id: InstanceId,
    pub reservation: ReservationId,
    /// Its place among the instances of its reservation.
    pub launch_index: u32,
    pub image: Arc<Image>,
    pub instance_type: &'static InstanceType,
    pub zone: Zone,
    pub tenancy: Tenancy,
    pub state: InstanceState,
    /// When it was started last.
    pub launched: SimTime,
    /// When a user last stopped or terminated it.
    pub ended: Option<SimTime>,
    pub disable_api_termination: bool,
    pub disable_api_stop: bool,
    /// What becomes of it when it shuts itself down: `stop` or `terminate`.
    pub shutdown_behavior: &'static str,
    /// In Base64, as it was given.
    pub user_data: Option<Arc<str>>,
    /// The client token of its reservation, as it was given.
    pub token: Option<Arc<str>>,
    /// The entry of that among the used client tokens: the first instance of the reservation keeps it.
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InstanceIndex {
    Reservation(ReservationId),
}

impl Row for Instance {
    type Key = InstanceId;
    type Index = InstanceIndex;
    fn key(&self) -> InstanceId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InstanceIndex)) {
        emit(InstanceIndex::Reservation(self.reservation));
    }
}

/// What must hold of instances; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for row in state.instances.iter() {
        let interfaces = state.interfaces_of(row.id);
        let is_primary =
            |row: &Arc<NetworkInterface>| row.attachment.as_ref().is_some_and(Attachment::is_primary);
        let primaries = interfaces.iter().filter(|row| is_primary(row)).count();
        if primaries != usize::from(row.state != InstanceState::Terminated) {
            broken.push(format!("{} is {:?} and has {primaries} primary interfaces", row.id, row.state));
        }
        if interfaces.len() > row.instance_type.interfaces {
            broken.push(format!("{} has too many interfaces", row.id));
        }
        if interfaces.iter().any(|interface| interface.zone != row.zone) {
            broken.push(format!("{} has an interface in another zone", row.id));
        }
        let timer = state.timers.next_of(&Owner::Instance(row.id));
        if timer.is_some() != row.state.next().is_some() {
            broken.push(format!("{} is {:?} and has the timer {timer:?}", row.id, row.state));
        }
        let end = state.timers.next_of(&Owner::TerminatedInstance(row.id));
        if end.is_some() != (row.state == InstanceState::Terminated) {
            broken.push(format!("{} is {:?} and is forgotten at {end:?}", row.id, row.state));
        }
    }
    broken
}
