//! Routes, ACLs and groups against evaluators that are slow and obvious.

use super::super::acl::{Packets, ask};
use super::super::group::{Other, ask as ask_groups};
use super::super::route::branches;
use super::random::cases;
use super::scene::{Scene, entry, net};
use crate::model::acl::AclEntry;
use crate::model::path::Transport;
use crate::model::*;
use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// The blocks that a route is for.
fn blocks(state: &State, route: &Route) -> Vec<Ipv4Net> {
    let nets: Vec<IpNet> = match route.destination {
        Destination::Cidr(net) => vec![net],
        Destination::PrefixList(id) => match state.prefix_list(id) {
            Some(AnyPrefixList::Aws(list)) => list.entries.clone(),
            Some(AnyPrefixList::Customer(list)) => list.entries().iter().map(|entry| entry.cidr).collect(),
            None => Vec::new(),
        },
    };
    nets.into_iter().filter_map(|net| if let IpNet::V4(net) = net { Some(net) } else { None }).collect()
}

/// The route that one address takes.
fn naive(state: &State, table: &RouteTable, to: Ipv4Addr) -> Option<Route> {
    let is_local = |address| {
        let mut local = table.routes.iter().filter(|route| route.target == RouteTarget::Local);
        local.any(|route| blocks(state, route).iter().any(|net| net.contains(&address)))
    };
    let mut best: Option<(u8, u8, &Route)> = None;
    for route in &table.routes {
        for net in blocks(state, route).iter().filter(|net| net.contains(&to)) {
            let learned = route.origin == RouteOrigin::Propagation;
            if learned && is_local(to) {
                continue;
            }
            let list = matches!(route.destination, Destination::PrefixList(_));
            let weight = match (learned, list) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            if best.is_none_or(|(length, best, _)| (net.prefix_len(), weight) > (length, best)) {
                best = Some((net.prefix_len(), weight, route));
            }
        }
    }
    best.map(|(.., route)| route.clone())
}

/// Addresses at and beside the edges of blocks.
fn edges(nets: &[Ipv4Net]) -> Vec<Ipv4Addr> {
    let numbers = nets.iter().flat_map(|net| {
        let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
        [first.saturating_sub(1), first, first + (last - first) / 2, last, last.saturating_add(1)]
    });
    numbers.map(Ipv4Addr::from).collect()
}

fn small_block() -> impl Strategy<Value = Ipv4Net> {
    (0u32..64, 24u8..=32).prop_map(|(host, length)| {
        Ipv4Net::new_assert(Ipv4Addr::from(0x0a00_0000 + host * 4), length).trunc()
    })
}

fn small_ports() -> impl Strategy<Value = (u16, u16)> {
    (1u16..12, 0u16..6).prop_map(|(from, more)| (from, from + more))
}

fn small_entry() -> impl Strategy<Value = AclEntry> {
    let protocol = prop::sample::select(vec!["-1", "6", "17"]);
    (2i32..60, any::<bool>(), 0..3, small_block(), small_ports(), protocol).prop_map(
        |(number, egress, deny, cidr, ports, protocol)| {
            let ports = (i32::from(ports.0), i32::from(ports.1));
            let entry = entry(number, egress, deny != 0, &cidr.to_string(), ports);
            let ports = entry.ports.filter(|_| protocol != "-1");
            AclEntry { protocol: protocol.into(), ports, ..entry }
        },
    )
}

/// What becomes of one packet: the entry that decides.
fn first_match(acl: &NetworkAcl, egress: bool, other: Ipv4Addr, port: u16) -> Option<&AclEntry> {
    let mut entries: Vec<_> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
    entries.sort_by_key(|entry| entry.number);
    entries.into_iter().find(|entry| {
        let ports = entry.ports.is_none_or(|(from, to)| (from..=to).contains(&i32::from(port)));
        ["-1", "6"].contains(&entry.protocol.as_str())
            && ports
            && entry.cidr.contains(&std::net::IpAddr::V4(other))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is sorted into branches takes the same routes address by address, and nothing is lost.
    #[test]
    fn the_most_specific_route_is_taken(case in cases(), more in prop::collection::vec((small_block(), 0u8..3), 0..12)) {
        let mut scene = case.scene;
        let mut tables: Vec<_> = scene.here.route_tables.iter().map(|table| RouteTable::clone(table)).collect();
        // Routes that no call makes, for what they do to each other.
        let list = PrefixListId::parse(&super::random::s3_list()).unwrap();
        for (net, origin) in more {
            let (destination, origin) = match origin {
                0 => (Destination::Cidr(net.into()), RouteOrigin::Route),
                1 => (Destination::Cidr(net.into()), RouteOrigin::Propagation),
                _ => (Destination::PrefixList(list), RouteOrigin::Route),
            };
            let target = RouteTarget::VpnGateway(scene.id());
            let table = tables.first_mut().unwrap();
            if table.route_for(destination).is_none() {
                table.routes.push(Route::new(destination, target, origin));
            }
        }
        let state = &scene.here;
        for table in &tables {
            let all: Vec<_> = table.routes.iter().flat_map(|route| blocks(state, route)).collect();
            let addresses = edges(&all);
            let singles: Vec<_> = addresses.iter().map(|address| Ipv4Net::new_assert(*address, 32)).collect();
            for single in &singles {
                let found = branches(state, table, &[*single]);
                prop_assert_eq!(found.len(), 1);
                prop_assert_eq!(&found[0].0, &naive(state, table, single.addr()), "{} in {:?}", single, table.routes);
            }
            for to in [net("0.0.0.0/0"), net("10.0.0.0/24"), net("52.0.0.0/8")] {
                let found = branches(state, table, &[to]);
                for address in addresses.iter().filter(|address| to.contains(*address)) {
                    let holding: Vec<_> =
                        found.iter().filter(|(_, parts)| parts.iter().any(|part| part.contains(address))).collect();
                    prop_assert_eq!(holding.len(), 1);
                    prop_assert_eq!(&holding[0].0, &naive(state, table, *address));
                }
            }
        }
    }

    /// All packets pass if each does; who refuses is who refuses one of them.
    #[test]
    fn the_first_entry_decides(
        entries in prop::collection::vec(small_entry(), 0..10),
        other in small_block().prop_filter("few", |net| net.prefix_len() >= 27),
        ports in small_ports(),
        egress in any::<bool>(),
    ) {
        let mut scene = Scene::closed();
        let id = scene.add_acl(scene.subnet, entries);
        let acl = scene.here.acls.get(&id).unwrap();
        let said = ask(acl, egress, Transport::Tcp, vec![Packets { other, ports }]);
        let each = (u32::from(other.network())..=u32::from(other.broadcast()))
            .flat_map(|host| (ports.0..=ports.1).map(move |port| (Ipv4Addr::from(host), port)));
        let decided: Vec<_> = each.map(|(host, port)| (host, port, first_match(acl, egress, host, port).unwrap())).collect();
        prop_assert_eq!(said.refused.is_none(), decided.iter().all(|(.., entry)| entry.allow));
        if let Some((entry, packets)) = said.refused {
            let refused = decided.iter().find(|(host, port, by)| {
                packets.other.contains(host) && (packets.ports.0..=packets.ports.1).contains(port) && by.number == entry.number
            });
            prop_assert!(refused.is_some() && !entry.allow, "{:?} {:?}", entry, packets);
        } else {
            let mut taken: Vec<_> = decided.iter().map(|(.., entry)| entry.number).collect();
            taken.sort_unstable();
            taken.dedup();
            prop_assert_eq!(said.by.iter().map(|entry| entry.number).collect::<Vec<_>>(), taken);
        }
    }

    /// All addresses pass if for each there is a rule.
    #[test]
    fn rules_add_up(
        peers in prop::collection::vec((small_block(), small_ports(), any::<bool>()), 0..8),
        other in small_block(),
        port in 1u16..12,
    ) {
        let mut scene = Scene::closed();
        let mut rules = Vec::new();
        for (net, ports, out) in &peers {
            let direction = if *out { Direction::Egress } else { Direction::Ingress };
            rules.push((direction, "tcp", Some((i32::from(ports.0), i32::from(ports.1))), Peer::V4(*net)));
        }
        let groups: Vec<_> = rules.chunks(3).map(|rules| scene.add_group(scene.vpc, rules)).collect();
        let mut flow = scene.host("10.0.0.1");
        flow.port = port;
        let asked = Other { ranges: &[other], groups: &[] };
        let said = ask_groups(&scene.here, &groups, Direction::Egress, &flow, &asked);
        let each = (u32::from(other.network())..=u32::from(other.broadcast())).map(Ipv4Addr::from);
        let allowed = |address: Ipv4Addr| peers.iter().any(|(net, ports, out)| {
            *out && net.contains(&address) && (ports.0..=ports.1).contains(&port)
        });
        prop_assert_eq!(said.refused.is_none(), each.clone().all(allowed));
        if let Some(refused) = said.refused {
            prop_assert!(!allowed(refused.network()) && !allowed(refused.broadcast()));
        }
    }
}
