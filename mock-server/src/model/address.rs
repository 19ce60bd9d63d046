//! Which private addresses of a subnet are taken, and by which interface.

use super::NetworkInterfaceId;
use crate::kernel::Rehome;
use imbl::{OrdMap, Vector};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// The first four addresses of a subnet and its last one are never given out.
/// Source: VPC user guide, "Subnet sizing for IPv4".
const RESERVED_FIRST: u32 = 4;
const RESERVED_LAST: u32 = 1;

/// Addresses of one chunk.
const CHUNK: u32 = 256;

/// Why an address cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No address of the subnet is free.
    Exhausted,
    /// The address lies outside the subnet.
    Outside,
    /// The address is one of the five that are reserved.
    Reserved,
    /// An interface has it.
    InUse,
    /// There are free addresses enough, but no whole prefix of them.
    Fragmented,
}

/// How long the prefixes are that an interface can be given instead of single addresses, and how many addresses
/// that are. Source: EC2 user guide, "Assign prefixes to network interfaces".
pub const PREFIX_LENGTH: u8 = 28;
const PREFIX_SIZE: u32 = 1 << (32 - PREFIX_LENGTH as u32);

/// The one record of address use in a subnet: who owns what, and, derived from that within this type alone,
/// which are free. Free count O(1), next free address O(chunks), owner O(log n), copies share what they can.
#[derive(Clone, Debug, PartialEq, Rehome)]
pub struct AddressPool {
    net: Ipv4Net,
    owners: OrdMap<u32, NetworkInterfaceId>,
    /// One bit an address, set if it cannot be given out by itself; with the number of clear bits.
    chunks: Vector<Chunk>,
    free: u32,
    /// Ranges that are set aside: given out only to who asks for the very address, and not counted as free.
    set_aside: Vec<Ipv4Net>,
}

/// Small and plain, so that copying some dozens of them costs less than sharing each.
#[derive(Clone, Copy, Debug, PartialEq, Rehome)]
struct Chunk {
    bits: [u64; 4],
    free: u16,
}

impl AddressPool {
    pub fn new(net: Ipv4Net) -> Self {
        let size = size_of(net);
        let chunks = (0..size.div_ceil(CHUNK)).map(|n| {
            let offsets = n * CHUNK..((n + 1) * CHUNK).min(size);
            if offsets.len() == CHUNK as usize && !is_reserved(offsets.start, size) && offsets.end < size {
                return Chunk::EMPTY;
            }
            let mut chunk = Chunk::FULL;
            offsets
                .filter(|offset| !is_reserved(*offset, size))
                .for_each(|offset| chunk.flip(offset % CHUNK));
            chunk
        });
        let chunks: Vector<_> = chunks.collect();
        let free = chunks.iter().map(|chunk| u32::from(chunk.free)).sum();
        Self { net, owners: OrdMap::new(), chunks, free, set_aside: Vec::new() }
    }

    /// The pool of a subnet without IPv4: it has no address to give.
    pub fn none() -> Self {
        Self::new(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 32))
    }

    /// Sets a range aside. Addresses of it that are taken stay with their owners.
    /// Source: VPC user guide, "Subnet CIDR reservations".
    pub fn set_aside(&mut self, range: Ipv4Net) {
        let flipped = self.open_in(range);
        self.set_aside.push(range);
        self.free -= flipped;
    }

    /// Gives a range back that was set aside.
    pub fn give_back(&mut self, range: Ipv4Net) {
        if let Some(at) = self.set_aside.iter().position(|other| *other == range) {
            self.set_aside.remove(at);
            self.free += self.open_in(range);
        }
    }

    /// The ranges that are set aside.
    pub fn ranges_set_aside(&self) -> &[Ipv4Net] {
        &self.set_aside
    }

    /// Flips the bits of a range's addresses that nobody has; how many those are.
    fn open_in(&mut self, range: Ipv4Net) -> u32 {
        let size = size_of(self.net);
        let Some(first) = self.offset(range.network()) else { return 0 };
        let open = (first..first + size_of(range))
            .filter(|offset| !is_reserved(*offset, size) && !self.owners.contains_key(offset));
        let open: Vec<_> = open.collect();
        open.iter().for_each(|offset| self.flip(*offset));
        u32::try_from(open.len()).unwrap_or(u32::MAX)
    }

    fn is_set_aside(&self, offset: u32) -> bool {
        let address = self.address(offset);
        self.set_aside.iter().any(|range| range.contains(&address))
    }

    /// How many addresses can still be given out without being asked for.
    pub fn free(&self) -> u32 {
        self.free
    }

    /// Who has this address.
    pub fn owner(&self, address: Ipv4Addr) -> Option<NetworkInterfaceId> {
        self.owners.get(&self.offset(address)?).copied()
    }

    /// The taken addresses with their owners, in order.
    pub fn taken(&self) -> impl Iterator<Item = (Ipv4Addr, NetworkInterfaceId)> + '_ {
        self.owners.iter().map(|(offset, owner)| (self.address(*offset), *owner))
    }

    /// Gives the lowest free address to `owner`.
    ///
    /// # Errors
    /// [`Refusal::Exhausted`].
    pub fn take_next(&mut self, owner: NetworkInterfaceId) -> Result<Ipv4Addr, Refusal> {
        let (n, chunk) =
            self.chunks.iter().enumerate().find(|(_, chunk)| chunk.free > 0).ok_or(Refusal::Exhausted)?;
        let within = chunk.first_free().ok_or(Refusal::Exhausted)?;
        let offset = u32::try_from(n).map_err(|_| Refusal::Exhausted)? * CHUNK + within;
        self.give(offset, owner);
        Ok(self.address(offset))
    }

    /// Gives this address to `owner`.
    ///
    /// # Errors
    /// Any [`Refusal`] but `Exhausted`.
    pub fn take(&mut self, address: Ipv4Addr, owner: NetworkInterfaceId) -> Result<(), Refusal> {
        let offset = self.offset(address).ok_or(Refusal::Outside)?;
        if is_reserved(offset, size_of(self.net)) {
            return Err(Refusal::Reserved);
        }
        if self.owners.contains_key(&offset) {
            return Err(Refusal::InUse);
        }
        self.give(offset, owner);
        Ok(())
    }

    /// Takes an address back. `None` if nobody had it.
    pub fn release(&mut self, address: Ipv4Addr) -> Option<NetworkInterfaceId> {
        let offset = self.offset(address)?;
        let owner = self.owners.remove(&offset)?;
        if !self.is_set_aside(offset) {
            self.flip(offset);
            self.free += 1;
        }
        Some(owner)
    }

    /// Gives the lowest prefix of which no address is taken to `owner`: of the ranges that are kept for prefixes, or
    /// else of what is not set aside. That it is so when those ranges have none left is assumed.
    /// Source: VPC user guide, "Subnet CIDR reservations".
    ///
    /// # Errors
    /// [`Refusal::Exhausted`], [`Refusal::Fragmented`].
    pub fn take_next_prefix(
        &mut self,
        owner: NetworkInterfaceId,
        kept: &[Ipv4Net],
    ) -> Result<Ipv4Net, Refusal> {
        let mut kept = kept.iter().filter_map(|range| range.subnets(PREFIX_LENGTH).ok()).flatten();
        if let Some(prefix) = kept.find(|prefix| self.take_prefix(*prefix, owner).is_ok()) {
            return Ok(prefix);
        }
        if self.free < PREFIX_SIZE {
            return Err(Refusal::Exhausted);
        }
        let place = (0u32..).zip(&self.chunks).find_map(|(n, chunk)| Some((n, chunk.first_free_prefix()?)));
        let (n, within) = place.ok_or(Refusal::Fragmented)?;
        let first = n * CHUNK + within;
        (first..first + PREFIX_SIZE).for_each(|offset| self.give(offset, owner));
        Ok(prefix_at(self.address(first)))
    }

    /// Gives all addresses of this prefix to `owner`, or none of them.
    ///
    /// # Errors
    /// [`Refusal::Outside`], also for what is no prefix of the right length; `Reserved`, `InUse`.
    pub fn take_prefix(&mut self, prefix: Ipv4Net, owner: NetworkInterfaceId) -> Result<(), Refusal> {
        if prefix.prefix_len() != PREFIX_LENGTH || !self.net.contains(&prefix) {
            return Err(Refusal::Outside);
        }
        let first = self.offset(prefix.network()).ok_or(Refusal::Outside)?;
        let size = size_of(self.net);
        let offsets = first..first + PREFIX_SIZE;
        if offsets.clone().any(|offset| is_reserved(offset, size)) {
            return Err(Refusal::Reserved);
        }
        if offsets.clone().any(|offset| self.owners.contains_key(&offset)) {
            return Err(Refusal::InUse);
        }
        offsets.for_each(|offset| self.give(offset, owner));
        Ok(())
    }

    /// Takes the addresses of a prefix back.
    pub fn release_prefix(&mut self, prefix: Ipv4Net) {
        for address in prefix_addresses(prefix) {
            self.release(address);
        }
    }

    fn give(&mut self, offset: u32, owner: NetworkInterfaceId) {
        self.owners.insert(offset, owner);
        if !self.is_set_aside(offset) {
            self.flip(offset);
            self.free -= 1;
        }
    }

    fn flip(&mut self, offset: u32) {
        if let Some(chunk) = self.chunks.get_mut((offset / CHUNK) as usize) {
            chunk.flip(offset % CHUNK);
        }
    }

    fn offset(&self, address: Ipv4Addr) -> Option<u32> {
        self.net.contains(&address).then(|| u32::from(address) - u32::from(self.net.network()))
    }

    fn address(&self, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.net.network()) + offset)
    }
}

impl Chunk {
    /// Every address is free.
    const EMPTY: Chunk = Chunk { bits: [0; 4], free: 256 };
    /// None is.
    const FULL: Chunk = Chunk { bits: [u64::MAX; 4], free: 0 };

    fn flip(&mut self, within: u32) {
        let (word, bit) = ((within / 64) as usize, 1u64 << (within % 64));
        self.bits[word] ^= bit;
        self.free = if self.bits[word] & bit == 0 { self.free + 1 } else { self.free - 1 };
    }

    /// Where the first stretch of free addresses begins that makes a prefix.
    fn first_free_prefix(&self) -> Option<u32> {
        let is_free = |at: &u32| (self.bits[(at / 64) as usize] >> (at % 64)) & 0xffff == 0;
        (0..CHUNK).step_by(PREFIX_SIZE as usize).find(is_free)
    }

    fn first_free(&self) -> Option<u32> {
        (0u32..)
            .zip(self.bits)
            .find(|(_, word)| *word != u64::MAX)
            .map(|(n, word)| n * 64 + word.trailing_ones())
    }
}

/// The prefix that begins with this address.
fn prefix_at(first: Ipv4Addr) -> Ipv4Net {
    Ipv4Net::new_assert(first, PREFIX_LENGTH)
}

/// Every address of a prefix; its first and last one are as good as the others.
pub fn prefix_addresses(prefix: Ipv4Net) -> impl Iterator<Item = Ipv4Addr> {
    (u32::from(prefix.network())..=u32::from(prefix.broadcast())).map(Ipv4Addr::from)
}

fn size_of(net: Ipv4Net) -> u32 {
    1u32.checked_shl(32 - u32::from(net.prefix_len())).unwrap_or(u32::MAX)
}

fn is_reserved(offset: u32, size: u32) -> bool {
    offset < RESERVED_FIRST || offset >= size - RESERVED_LAST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::HexId;
    use crate::model::Id;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn eni(n: u128) -> NetworkInterfaceId {
        NetworkInterfaceId::from_hex(HexId::long(n))
    }

    #[test]
    fn a_slash_28_starts_with_11_and_a_slash_24_with_251() {
        assert_eq!(AddressPool::none().free(), 0);
        for (net, free) in [("10.0.0.0/28", 11), ("10.0.0.0/24", 251), ("10.0.0.0/16", 65_531)] {
            assert_eq!(AddressPool::new(net.parse().unwrap()).free(), free);
        }
    }

    #[test]
    fn reserved_foreign_and_used_addresses_are_refused() {
        let mut pool = AddressPool::new("10.0.0.16/28".parse().unwrap());
        for (address, refusal) in [
            ("10.0.0.15", Refusal::Outside),
            ("10.0.0.32", Refusal::Outside),
            ("10.0.0.16", Refusal::Reserved),
            ("10.0.0.19", Refusal::Reserved),
            ("10.0.0.31", Refusal::Reserved),
        ] {
            assert_eq!(pool.take(address.parse().unwrap(), eni(1)), Err(refusal), "{address}");
        }
        assert_eq!(pool.take_next(eni(1)), Ok("10.0.0.20".parse().unwrap()));
        assert_eq!(pool.take("10.0.0.20".parse().unwrap(), eni(2)), Err(Refusal::InUse));
    }

    proptest! {
        /// Against the plainest model: a map of taken addresses.
        #[test]
        fn every_address_is_free_or_has_one_owner(
            prefix in 22u8..=28,
            steps in prop::collection::vec((0u8..10, 0u32..1100), 0..300),
        ) {
            let net: Ipv4Net = format!("10.1.0.0/{prefix}").parse().unwrap();
            let mut pool = AddressPool::new(net);
            let usable: Vec<Ipv4Addr> = (4..size_of(net) - 1).map(|n| Ipv4Addr::from(u32::from(net.network()) + n)).collect();
            let mut plain: BTreeMap<Ipv4Addr, NetworkInterfaceId> = BTreeMap::new();
            let mut aside: Vec<Ipv4Net> = Vec::new();
            for (n, (kind, pick)) in steps.into_iter().enumerate() {
                let owner = eni(n as u128);
                let address = Ipv4Addr::from(u32::from(net.network()) + pick);
                let range = Ipv4Net::new(address, 32 - (pick % 5) as u8).unwrap().trunc();
                let chosen = Ipv4Net::new(address, PREFIX_LENGTH).unwrap().trunc();
                let untaken = |one: &Ipv4Addr| usable.contains(one) && !plain.contains_key(one);
                let open = |one: &Ipv4Addr| untaken(one) && !aside.iter().any(|range| range.contains(one));
                match kind {
                    0 | 1 => {
                        let lowest = usable.iter().find(|one| open(one)).copied();
                        let taken = pool.take_next(owner);
                        prop_assert_eq!(taken.ok(), lowest);
                        plain.extend(taken.map(|one| (one, owner)));
                    }
                    2 => {
                        let fits = untaken(&address);
                        prop_assert_eq!(pool.take(address, owner).is_ok(), fits);
                        plain.extend(fits.then_some((address, owner)));
                    }
                    3 | 4 => prop_assert_eq!(pool.release(address), plain.remove(&address)),
                    5 => {
                        let apart = |other: &Ipv4Net| !other.contains(&range) && !range.contains(other);
                        if net.contains(&range) && aside.iter().all(apart) {
                            pool.set_aside(range);
                            aside.push(range);
                        }
                    }
                    6 => {
                        if !aside.is_empty() {
                            pool.give_back(aside.remove(pick as usize % aside.len()));
                        }
                    }
                    // Prefixes: the next one, a chosen one, one that is given back.
                    7 => {
                        let lowest = net
                            .subnets(PREFIX_LENGTH)
                            .unwrap()
                            .find(|prefix| prefix_addresses(*prefix).all(|one| open(&one)));
                        let enough = usable.iter().filter(|one| open(one)).count() >= 16;
                        let why = if enough { Refusal::Fragmented } else { Refusal::Exhausted };
                        let taken = pool.take_next_prefix(owner, &[]);
                        prop_assert_eq!(taken, lowest.ok_or(why));
                        plain.extend(taken.into_iter().flat_map(prefix_addresses).map(|one| (one, owner)));
                    }
                    8 => {
                        let fits = prefix_addresses(chosen).all(|one| untaken(&one));
                        prop_assert_eq!(pool.take_prefix(chosen, owner).is_ok(), fits);
                        let taken = fits.then_some(chosen);
                        plain.extend(taken.into_iter().flat_map(prefix_addresses).map(|one| (one, owner)));
                    }
                    _ => {
                        pool.release_prefix(chosen);
                        plain.retain(|one, _| !chosen.contains(one));
                    }
                }
                let set_aside = |one: &Ipv4Addr| aside.iter().any(|range| range.contains(one));
                let free = usable.iter().filter(|one| !plain.contains_key(one) && !set_aside(one)).count();
                prop_assert_eq!(pool.free() as usize, free);
                prop_assert_eq!(pool.owner(address), plain.get(&address).copied());
            }
            prop_assert!(pool.taken().eq(plain));
            aside.into_iter().for_each(|range| pool.give_back(range));
            prop_assert_eq!(pool.free() as usize, usable.len() - pool.taken().count());
        }
    }
}
