//! Ranges of subnets that are set aside.

use super::*;
use crate::kernel::{Memo, Row};
use ipnet::IpNet;
use std::sync::Arc;

/// Who uses a reserved range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReservationType {
    /// EC2, for prefixes of interfaces.
    Prefix,
    /// The user, who asks for addresses of it one by one.
    Explicit,
}

/// Source: VPC user guide, "Subnet CIDR reservations".
#[derive(Clone, PartialEq, Debug)]
pub struct SubnetCidrReservation {
    pub id: SubnetCidrReservationId,
    pub subnet: SubnetId,
    pub cidr: IpNet,
    pub kind: ReservationType,
    pub description: Option<String>,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReservationIndex {
    Subnet(SubnetId),
}

impl Row for SubnetCidrReservation {
    type Key = SubnetCidrReservationId;
    type Index = ReservationIndex;
    fn key(&self) -> SubnetCidrReservationId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(ReservationIndex)) {
        emit(ReservationIndex::Subnet(self.subnet));
    }
}

impl State {
    /// Makes a reservation; its IPv4 addresses are given out by themselves no more.
    pub fn add_reservation(&mut self, reservation: SubnetCidrReservation) -> Arc<SubnetCidrReservation> {
        if let IpNet::V4(range) = reservation.cidr {
            self.subnets.update(&reservation.subnet, |subnet| subnet.addresses.set_aside(range));
        }
        self.reservations.insert(reservation)
    }

    /// Removes a reservation; what is free of it can be given out again.
    pub fn remove_reservation(&mut self, id: SubnetCidrReservationId) -> Option<Arc<SubnetCidrReservation>> {
        let reservation = self.reservations.remove(&id)?;
        if let IpNet::V4(range) = reservation.cidr {
            self.subnets.update(&reservation.subnet, |subnet| subnet.addresses.give_back(range));
        }
        Some(reservation)
    }
}

/// What does not hold of reservations.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for reservation in state.reservations.iter() {
        let inside = state.subnets.get(&reservation.subnet).is_some_and(|subnet| match reservation.cidr {
            IpNet::V4(range) => subnet.cidr.is_some_and(|block| block.contains(&range)),
            IpNet::V6(range) => subnet.ipv6.is_some_and(|(_, block)| block.contains(&range)),
        });
        if !inside {
            broken.push(format!("{} lies outside {}", reservation.id, reservation.subnet));
        }
    }
    for subnet in state.subnets.iter() {
        let reservations = state.reservations.by(&ReservationIndex::Subnet(subnet.id));
        let mut ranges: Vec<_> = reservations
            .filter_map(|reservation| match reservation.cidr {
                IpNet::V4(range) => Some(range),
                IpNet::V6(_) => None,
            })
            .collect();
        let mut aside = subnet.addresses.ranges_set_aside().to_vec();
        ranges.sort();
        aside.sort();
        if ranges != aside {
            broken.push(format!("the ranges set aside in {} do not match its reservations", subnet.id));
        }
    }
    broken
}
