//! Public addresses: those that stand for private ones of interfaces.

use super::elastic::ElasticAddressIndex;
use super::interface::InterfaceIndex;
use super::*;
use crate::kernel::Rehome;
use std::net::Ipv4Addr;

/// A public address that stands for a private one of an interface.
#[derive(Clone, Copy, PartialEq, Debug, Rehome)]
pub struct PublicAddress {
    pub private: Ipv4Addr,
    pub public: Ipv4Addr,
    /// An Elastic IP address of the user's; `None`: one of Amazon's pool, which goes when its instance stops.
    pub elastic: Option<(AllocationId, AddressAssociationId)>,
}

/// Some of the ranges that Amazon's pool of addresses has.
const POOL: [(Ipv4Addr, u32); 4] = [
    (Ipv4Addr::new(3, 208, 0, 0), 12),
    (Ipv4Addr::new(18, 204, 0, 0), 14),
    (Ipv4Addr::new(52, 0, 0, 0), 11),
    (Ipv4Addr::new(54, 80, 0, 0), 13),
];

/// An address of Amazon's pool that nothing in this region has.
pub fn fresh(txn: &mut Txn<'_>) -> Ipv4Addr {
    loop {
        let bits = txn.mint("public-address").to_le_bytes();
        let (first, prefix) = POOL[usize::from(bits[0]) % POOL.len()];
        let host = u32::from_le_bytes([bits[1], bits[2], bits[3], bits[4]]) & (u32::MAX >> prefix);
        let address = Ipv4Addr::from(u32::from(first) | host);
        let state = &txn.state;
        if state.interfaces.count(&InterfaceIndex::Public(address)) == 0
            && state.elastic_addresses.count(&ElasticAddressIndex::Address(address)) == 0
        {
            return address;
        }
    }
}
