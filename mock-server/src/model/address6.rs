//! Which IPv6 addresses of a subnet are taken, and by which interface.

use super::address::Refusal;
use super::{Id, NetworkInterfaceId};
use crate::kernel::{Rehome, digest};
use imbl::OrdMap;
use ipnet::Ipv6Net;
use std::net::Ipv6Addr;

/// As of IPv4: the first four addresses of a subnet and its last one are never given out.
/// Source: VPC user guide, "Subnet sizing for IPv6".
const RESERVED_FIRST: u128 = 4;

/// How long the prefixes are that an interface can be given.
/// Source: EC2 user guide, "Assign prefixes to network interfaces".
pub const PREFIX_LENGTH: u8 = 80;

/// How often an address is tried before a subnet counts as full. No subnet is: a /64 has more addresses than all
/// interfaces of a region can take.
const TRIES: u32 = 1_000;

/// The one record of the use of a subnet's IPv6 addresses. It does not know the subnet's block, which may come later
/// than the subnet and go before it: whoever takes something names it.
#[derive(Clone, Debug, Default, PartialEq, Rehome)]
pub struct Ipv6Pool {
    /// What is taken: single addresses, as /128, and prefixes. They never overlap.
    owners: OrdMap<Ipv6Net, NetworkInterfaceId>,
}

impl Ipv6Pool {
    /// Whether nothing is taken: only then may the block go.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// Who has this address, by itself or as part of a prefix.
    pub fn owner(&self, address: Ipv6Addr) -> Option<NetworkInterfaceId> {
        let holders = [128, PREFIX_LENGTH].map(|length| net(address, length));
        holders.iter().find_map(|net| self.owners.get(net)).copied()
    }

    /// What is taken and by whom, in order.
    pub fn taken(&self) -> impl Iterator<Item = (Ipv6Net, NetworkInterfaceId)> + '_ {
        self.owners.iter().map(|(net, owner)| (*net, *owner))
    }

    /// Gives some free address of the block to `owner`, none of a range that is set aside. AWS chooses at random; here
    /// it follows from who asks.
    ///
    /// # Errors
    /// [`Refusal::Exhausted`].
    pub fn take_next(
        &mut self,
        block: Ipv6Net,
        owner: NetworkInterfaceId,
        aside: &[Ipv6Net],
    ) -> Result<Ipv6Addr, Refusal> {
        self.take_some(block, block, 128, owner, aside).map(|net| net.network())
    }

    /// Gives some free prefix to `owner`: of the ranges that are kept for prefixes, or else of what is not set aside.
    ///
    /// # Errors
    /// [`Refusal::Exhausted`].
    pub fn take_next_prefix(
        &mut self,
        block: Ipv6Net,
        owner: NetworkInterfaceId,
        kept: &[Ipv6Net],
        aside: &[Ipv6Net],
    ) -> Result<Ipv6Net, Refusal> {
        let kept = kept.iter().filter(|range| range.prefix_len() <= PREFIX_LENGTH);
        for range in kept {
            if let Ok(prefix) = self.take_some(block, *range, PREFIX_LENGTH, owner, &[]) {
                return Ok(prefix);
            }
        }
        self.take_some(block, block, PREFIX_LENGTH, owner, aside)
    }

    /// Gives this address, or this prefix, to `owner`.
    ///
    /// # Errors
    /// [`Refusal::Outside`], also for a prefix of another length; `Reserved`, `InUse`.
    pub fn take(
        &mut self,
        block: Ipv6Net,
        wanted: Ipv6Net,
        owner: NetworkInterfaceId,
    ) -> Result<(), Refusal> {
        if ![128, PREFIX_LENGTH].contains(&wanted.prefix_len()) || !block.contains(&wanted) {
            return Err(Refusal::Outside);
        }
        let first = u128::from(block.network());
        let (from, to) = (u128::from(wanted.network()), u128::from(wanted.broadcast()));
        if from < first + RESERVED_FIRST || to == u128::from(block.broadcast()) {
            return Err(Refusal::Reserved);
        }
        let within = net(wanted.network(), 128)..=net(wanted.broadcast(), 128);
        if self.owner(wanted.network()).is_some() || self.owners.range(within).next().is_some() {
            return Err(Refusal::InUse);
        }
        self.owners.insert(wanted, owner);
        Ok(())
    }

    /// Takes an address or a prefix back. `None` if nobody had it.
    pub fn release(&mut self, net: Ipv6Net) -> Option<NetworkInterfaceId> {
        self.owners.remove(&net)
    }

    /// Something of this length within a part of the block, outside of some ranges.
    fn take_some(
        &mut self,
        block: Ipv6Net,
        part: Ipv6Net,
        length: u8,
        owner: NetworkInterfaceId,
        aside: &[Ipv6Net],
    ) -> Result<Ipv6Net, Refusal> {
        for n in 0..TRIES {
            let bits = digest(0, &[owner.hex().to_string().as_bytes(), &n.to_be_bytes()]);
            let host = bits & (u128::MAX >> part.prefix_len());
            let wanted = net(Ipv6Addr::from(u128::from(part.network()) | host), length);
            if aside.iter().any(|range| range.contains(&wanted) || wanted.contains(range)) {
                continue;
            }
            if self.take(block, wanted, owner).is_ok() {
                return Ok(wanted);
            }
        }
        Err(Refusal::Exhausted)
    }
}

/// The net of this length that the address lies in.
fn net(address: Ipv6Addr, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(address, length).trunc()
}

/// A single address, as the pool keeps it.
pub fn single(address: Ipv6Addr) -> Ipv6Net {
    net(address, 128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::HexId;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn eni(n: u128) -> NetworkInterfaceId {
        NetworkInterfaceId::from_hex(HexId::long(n))
    }

    fn block() -> Ipv6Net {
        "2001:db8:0:1::/64".parse().unwrap()
    }

    #[test]
    fn reserved_foreign_and_used_addresses_are_refused() {
        let mut pool = Ipv6Pool::default();
        for (wanted, refusal) in [
            ("2001:db8:0:2::9/128", Refusal::Outside),
            ("2001:db8:0:1::/128", Refusal::Reserved),
            ("2001:db8:0:1::3/128", Refusal::Reserved),
            ("2001:db8:0:1:ffff:ffff:ffff:ffff/128", Refusal::Reserved),
            ("2001:db8:0:1::/80", Refusal::Reserved),
            ("2001:db8:0:1:1::/96", Refusal::Outside),
        ] {
            assert_eq!(pool.take(block(), wanted.parse().unwrap(), eni(1)), Err(refusal), "{wanted}");
        }
        let address = pool.take_next(block(), eni(1), &[]).unwrap();
        assert_eq!(pool.take(block(), single(address), eni(2)), Err(Refusal::InUse));
        assert_eq!(pool.take(block(), net(address, PREFIX_LENGTH), eni(2)), Err(Refusal::InUse));
        let prefix = pool.take_next_prefix(block(), eni(2), &[], &[]).unwrap();
        assert_eq!(pool.owner(prefix.broadcast()), Some(eni(2)));
    }

    proptest! {
        /// Against the plainest model: a map of taken addresses, in a corner of the block.
        #[test]
        fn every_address_has_one_owner_at_most(
            steps in prop::collection::vec((0u8..5, 0u16..3, 0u16..6), 0..80),
        ) {
            let mut pool = Ipv6Pool::default();
            let mut plain: BTreeMap<Ipv6Net, NetworkInterfaceId> = BTreeMap::new();
            for (n, (kind, high, low)) in steps.into_iter().enumerate() {
                let owner = eni(n as u128);
                let address: Ipv6Addr = format!("2001:db8:0:1:{high:x}::{low:x}").parse().unwrap();
                let wanted = net(address, if kind % 2 == 0 { 128 } else { PREFIX_LENGTH });
                match kind {
                    0 | 1 => {
                        let overlaps = plain.keys().any(|net| net.contains(&wanted) || wanted.contains(net));
                        let reserved = high == 0 && (kind == 1 || low < 4);
                        let taken = pool.take(block(), wanted, owner);
                        prop_assert_eq!(taken.is_ok(), !overlaps && !reserved);
                        if taken.is_ok() { plain.insert(wanted, owner); }
                    }
                    2 | 3 => prop_assert_eq!(pool.release(wanted), plain.remove(&wanted)),
                    _ => {
                        let address = pool.take_next(block(), owner, &[]).unwrap();
                        prop_assert!(plain.keys().all(|net| !net.contains(&address)));
                        plain.insert(single(address), owner);
                    }
                }
                let holder = plain.iter().find(|(net, _)| net.contains(&address)).map(|(_, owner)| *owner);
                prop_assert_eq!(pool.owner(address), holder);
                prop_assert_eq!(pool.is_empty(), plain.is_empty());
            }
            prop_assert!(pool.taken().eq(plain));
        }
    }
}
