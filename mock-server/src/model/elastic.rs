//! Elastic IP addresses: what an account has allocated. What they are associated with stands in the interface alone
//! ([`NetworkInterface::public`]).

use super::interface::InterfaceIndex;
use super::*;
use crate::kernel::{Rehome, Row};
use std::net::Ipv4Addr;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct ElasticAddress {
    pub id: AllocationId,
    pub address: Ipv4Addr,
    /// The name that a reverse look-up of the address gives, with its final dot.
    pub domain_name: Option<Arc<str>>,
    pub tags: Tags,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ElasticAddressIndex {
    Address(Ipv4Addr),
}

impl Row for ElasticAddress {
    type Key = AllocationId;
    type Index = ElasticAddressIndex;
    fn key(&self) -> AllocationId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(ElasticAddressIndex)) {
        emit(ElasticAddressIndex::Address(self.address));
    }
}

impl State {
    /// The interface that has this address, and as what.
    pub fn association_of(
        &self,
        address: &ElasticAddress,
    ) -> Option<(&Arc<NetworkInterface>, PublicAddress, AddressAssociationId)> {
        let interface = self.interfaces.by(&InterfaceIndex::Public(address.address)).next()?;
        let public = *interface.public.iter().find(|public| public.public == address.address)?;
        Some((interface, public, public.elastic?.1))
    }

    /// Lets an Elastic IP address stand for a private address of an interface; it and the private address lose what
    /// they were associated with. Whether that may be is the caller's to ask.
    pub fn associate(
        &mut self,
        (elastic, public): (AllocationId, Ipv4Addr),
        interface: NetworkInterfaceId,
        private: Ipv4Addr,
        id: AddressAssociationId,
    ) {
        self.disassociate(public);
        self.interfaces.update(&interface, |interface| {
            interface.public.retain(|other| other.private != private);
            interface.public.push(PublicAddress { private, public, elastic: Some((elastic, id)) });
        });
    }

    /// Takes a public address from whatever interface has it.
    pub fn disassociate(&mut self, public: Ipv4Addr) {
        let holder = self.interfaces.by(&InterfaceIndex::Public(public)).next().map(|interface| interface.id);
        if let Some(id) = holder {
            self.interfaces.update(&id, |interface| interface.public.retain(|other| other.public != public));
        }
    }
}

/// What must hold of public addresses.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for interface in state.interfaces.iter() {
        for (n, public) in interface.public.iter().enumerate() {
            if state.interfaces.count(&InterfaceIndex::Public(public.public)) != 1 {
                broken.push(format!("{} is on more than one interface", public.public));
            }
            if interface.public[..n].iter().any(|other| other.private == public.private)
                || !interface.addresses.contains(&public.private)
            {
                broken.push(format!("{} of {} stands for nothing of its own", public.public, interface.id));
            }
            let allocated = public.elastic.map(|(id, _)| state.elastic_addresses.get(&id));
            if allocated.is_some_and(|row| row.is_none_or(|row| row.address != public.public)) {
                broken.push(format!("{} of {} is not allocated", public.public, interface.id));
            }
        }
    }
    for address in state.elastic_addresses.iter() {
        if state.elastic_addresses.count(&ElasticAddressIndex::Address(address.address)) != 1 {
            broken.push(format!("{} is allocated twice", address.address));
        }
        let holder = state.interfaces.by(&InterfaceIndex::Public(address.address)).next();
        if holder.is_some() && state.association_of(address).is_none() {
            broken.push(format!("{} is allocated and of Amazon's pool", address.address));
        }
    }
    broken
}
