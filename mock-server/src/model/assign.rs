//! Further addresses for interfaces that are there, and taking them back.

use super::*;
use crate::kernel::Rehome;
use crate::model::place::NotPlaced;
use crate::model::reservation::Reserved;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Addresses that an interface is to have, or to have no more: chosen ones, and how many others.
#[derive(Clone, Debug, Default, PartialEq, Rehome)]
pub struct Addresses {
    pub ipv4: Vec<Ipv4Addr>,
    pub ipv4_count: usize,
    pub prefixes: Vec<Ipv4Net>,
    pub prefix_count: usize,
    pub ipv6: Vec<Ipv6Addr>,
    pub ipv6_count: usize,
    pub ipv6_prefixes: Vec<Ipv6Net>,
    pub ipv6_prefix_count: usize,
}

impl Addresses {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many slots of an interface they take; see [`NetworkInterface::ipv4_slots`].
    pub fn ipv4_slots(&self) -> usize {
        self.ipv4.len() + self.ipv4_count + self.prefixes.len() + self.prefix_count
    }

    pub fn ipv6_slots(&self) -> usize {
        self.ipv6.len() + self.ipv6_count + self.ipv6_prefixes.len() + self.ipv6_prefix_count
    }

    fn wants_ipv6(&self) -> bool {
        self.ipv6_slots() > 0
    }
}

impl State {
    /// Gives an interface further addresses of its subnet.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn assign(
        &mut self,
        id: NetworkInterfaceId,
        more: &Addresses,
    ) -> Result<Arc<NetworkInterface>, NotPlaced> {
        let reserved = self.interfaces.get(&id).map(|row| self.reserved_in(row.subnet)).unwrap_or_default();
        self.edit_addresses(id, |row, subnet| {
            let pool = &mut subnet.addresses;
            for address in &more.ipv4 {
                pool.take(*address, id).map_err(|why| NotPlaced::Address(Some(*address), why))?;
                row.addresses.push(*address);
            }
            for prefix in &more.prefixes {
                let named = || Some(IpNet::V4(*prefix));
                pool.take_prefix(*prefix, id).map_err(|why| NotPlaced::Prefix(named(), why))?;
                row.prefixes.push(*prefix);
            }
            for _ in 0..more.ipv4_count {
                row.addresses.push(pool.take_next(id).map_err(|why| NotPlaced::Address(None, why))?);
            }
            for _ in 0..more.prefix_count {
                let taken = pool.take_next_prefix(id, &reserved.prefixes);
                row.prefixes.push(taken.map_err(|why| NotPlaced::Prefix(None, why))?);
            }
            match (more.wants_ipv6(), subnet.ipv6) {
                (false, _) => Ok(()),
                (true, None) => Err(NotPlaced::NoIpv6(subnet.id)),
                (true, Some((_, block))) => {
                    take_ipv6(row, &mut subnet.ipv6_addresses, block, more, &reserved)
                }
            }
        })
    }

    /// Takes addresses back that an interface has; a public address that stood for one of them goes with it.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn unassign(
        &mut self,
        id: NetworkInterfaceId,
        less: &Addresses,
    ) -> Result<Arc<NetworkInterface>, NotPlaced> {
        self.edit_addresses(id, |row, subnet| {
            for address in &less.ipv4 {
                row.addresses.retain(|one| one != address);
                row.public.retain(|one| one.private != *address);
                subnet.addresses.release(*address);
            }
            for prefix in &less.prefixes {
                row.prefixes.retain(|one| one != prefix);
                subnet.addresses.release_prefix(*prefix);
            }
            for address in &less.ipv6 {
                row.ipv6.retain(|one| one != address);
                subnet.ipv6_addresses.release(address6::single(*address));
            }
            for prefix in &less.ipv6_prefixes {
                row.ipv6_prefixes.retain(|one| one != prefix);
                subnet.ipv6_addresses.release(*prefix);
            }
            Ok(())
        })
    }

    /// Gives a private address of one interface to another one of the same subnet, together with the public address
    /// that stands for it. Source: the page of AssignPrivateIpAddresses.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn reassign(
        &mut self,
        address: Ipv4Addr,
        from: NetworkInterfaceId,
        to: NetworkInterfaceId,
    ) -> Result<(), NotPlaced> {
        let public = self.interfaces.get(&from).and_then(|row| {
            let mut all = row.public.iter();
            all.find(|one| one.private == address).copied()
        });
        let one = Addresses { ipv4: vec![address], ..Addresses::default() };
        self.unassign(from, &one)?;
        self.assign(to, &one)?;
        if let Some(public) = public {
            self.interfaces.update(&to, |row| row.public.push(public));
        }
        Ok(())
    }
}

fn take_ipv6(
    row: &mut NetworkInterface,
    pool: &mut Ipv6Pool,
    block: Ipv6Net,
    more: &Addresses,
    reserved: &Reserved,
) -> Result<(), NotPlaced> {
    for address in &more.ipv6 {
        let taken = pool.take(block, address6::single(*address), row.id);
        taken.map_err(|why| NotPlaced::Address6(Some(*address), why))?;
        row.ipv6.push(*address);
    }
    for prefix in &more.ipv6_prefixes {
        let taken = pool.take(block, *prefix, row.id);
        taken.map_err(|why| NotPlaced::Prefix(Some(IpNet::V6(*prefix)), why))?;
        row.ipv6_prefixes.push(*prefix);
    }
    for _ in 0..more.ipv6_count {
        let taken = pool.take_next(block, row.id, &reserved.ipv6);
        row.ipv6.push(taken.map_err(|why| NotPlaced::Address6(None, why))?);
    }
    for _ in 0..more.ipv6_prefix_count {
        let taken = pool.take_next_prefix(block, row.id, &reserved.ipv6_prefixes, &reserved.ipv6);
        row.ipv6_prefixes.push(taken.map_err(|why| NotPlaced::Prefix(None, why))?);
    }
    Ok(())
}
