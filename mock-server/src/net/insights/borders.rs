//! Which addresses and ports are worth a try.
//!
//! A network treats addresses differently only at the borders of the blocks that its rules, entries and routes name. So
//! what holds of the first address of each block, of the one after its last, and of the very first, holds of some
//! address: whoever tries them all has tried every address. It is the same with ports.

use crate::model::gateway::InVpcIndex;
use crate::model::group::SecurityGroupIndex;
use crate::model::insights::PortRange;
use crate::model::route::RouteTableIndex;
use crate::model::{Destination, Peer, PrefixListId, State, VpcId};
use crate::net::trace::{entries, v4};
use ipnet::Ipv4Net;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// What the blocks of some VPCs divide.
#[derive(Default)]
pub struct Borders {
    addresses: BTreeSet<u32>,
    ports: BTreeSet<u16>,
}

impl Borders {
    pub fn of(state: &State, vpcs: &[VpcId]) -> Self {
        let mut borders = Self::default();
        borders.addresses.insert(0);
        borders.ports.insert(0);
        let mut lists: BTreeSet<PrefixListId> = BTreeSet::new();
        for vpc in vpcs {
            for group in state.groups.by(&SecurityGroupIndex::Vpc(*vpc)) {
                for rule in &group.rules {
                    match rule.peer {
                        Peer::V4(net) => borders.block(net),
                        Peer::PrefixList(id) => drop(lists.insert(id)),
                        Peer::V6(_) | Peer::Group(_) => {}
                    }
                    borders.ports(rule.from_port, rule.to_port);
                }
            }
            for acl in state.acls.by(&InVpcIndex::Vpc(*vpc)) {
                for entry in &acl.entries {
                    v4(&entry.cidr).into_iter().for_each(|net| borders.block(net));
                    let (from, to) = entry.ports.unzip();
                    borders.ports(from, to);
                }
            }
            for table in state.route_tables.by(&RouteTableIndex::Vpc(*vpc)) {
                for route in &table.routes {
                    match route.destination {
                        Destination::Cidr(net) => v4(&net).into_iter().for_each(|net| borders.block(net)),
                        Destination::PrefixList(id) => drop(lists.insert(id)),
                    }
                }
            }
        }
        lists.into_iter().flat_map(|id| entries(state, id)).for_each(|net| borders.block(net));
        borders
    }

    /// A block that divides.
    pub fn block(&mut self, net: Ipv4Net) {
        self.addresses.insert(net.network().into());
        self.addresses.extend(u32::from(net.broadcast()).checked_add(1));
    }

    fn ports(&mut self, from: Option<i32>, to: Option<i32>) {
        self.ports.extend(from.and_then(|port| u16::try_from(port).ok()));
        self.ports.extend(to.and_then(|port| u16::try_from(port.saturating_add(1)).ok()));
    }

    /// An address of each part, within blocks and outside of others.
    pub fn addresses(&self, within: &[Ipv4Net], outside: &[Ipv4Net]) -> Vec<Ipv4Addr> {
        let mut all = self.addresses.clone();
        // These divide, too.
        for net in within.iter().chain(outside) {
            all.insert(net.network().into());
            all.extend(u32::from(net.broadcast()).checked_add(1));
        }
        let all = all.into_iter().map(Ipv4Addr::from);
        let lies = |nets: &[Ipv4Net], address: &Ipv4Addr| nets.iter().any(|net| net.contains(address));
        all.filter(|address| lies(within, address) && !lies(outside, address)).collect()
    }

    /// A port of each part of a range.
    pub fn ports_within(&self, range: PortRange) -> Vec<u16> {
        let inside = self.ports.iter().copied().filter(|port| (range.0..=range.1).contains(port));
        inside.chain([range.0]).collect::<BTreeSet<_>>().into_iter().collect()
    }
}
