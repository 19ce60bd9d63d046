//! Ranges of subnets that are set aside.

use super::*;
use crate::kernel::{Memo, Rehome, Row};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::sync::Arc;

/// Who uses a reserved range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum ReservationType {
    /// EC2, for prefixes of interfaces.
    Prefix,
    /// The user, who asks for addresses of it one by one.
    Explicit,
}

/// Source: VPC user guide, "Subnet CIDR reservations".
#[derive(Clone, PartialEq, Debug, Rehome)]
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

/// What is set aside in a subnet, in order. Of IPv4, the pool of the subnet itself knows what is not given out.
#[derive(Default)]
pub struct Reserved {
    /// For prefixes.
    pub prefixes: Vec<Ipv4Net>,
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// For whatever.
    pub ipv6: Vec<Ipv6Net>,
}

impl State {
    /// The ranges set aside in a subnet.
    pub fn reserved_in(&self, subnet: SubnetId) -> Reserved {
        let mut rows: Vec<_> = self.reservations.by(&ReservationIndex::Subnet(subnet)).collect();
        rows.sort_by_key(|row| row.cidr);
        let mut reserved = Reserved::default();
        for row in rows {
            let for_prefixes = row.kind == ReservationType::Prefix;
            match row.cidr {
                IpNet::V4(range) if for_prefixes => reserved.prefixes.push(range),
                IpNet::V4(_) => {}
                IpNet::V6(range) => {
                    reserved.ipv6.push(range);
                    reserved.ipv6_prefixes.extend(for_prefixes.then_some(range));
                }
            }
        }
        reserved
    }

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
