//! What the ends of a path are, and the flows that a path is made of.
//!
//! Source: Reachability Analyzer guide, "Source and destination resources", "Explanation codes".

use super::borders::Borders;
use super::parts::{Parts, kind_of};
use super::steps::{ANY_PORT, Ends, single};
use super::{Asked, NotBuilt};
use crate::kernel::Scope;
use crate::model::insights::{Fact, Facts, Header, InsightsEnd, InsightsPath, Part};
use crate::model::interface::InterfaceIndex;
use crate::model::path::{Flow, Goal, Trace, Vantage};
use crate::model::route::RouteTableIndex;
use crate::model::transit::TransitIndex;
use crate::model::{
    Associate, Attachment, EndpointType, Id, InstanceId, InternetGatewayId, NetworkInterface,
    NetworkInterfaceId, RouteTarget, State, TransitGatewayId, VpcEndpointId, VpcId, VpcPeeringConnectionId,
    VpnGatewayId,
};
use crate::net::trace::{PRIVATE, SHARED, Terrain, trace, trace_inbound};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// One end, as far as packets are concerned.
enum End {
    Interfaces(Vec<Arc<NetworkInterface>>),
    Edge(RouteTarget),
    Address(Ipv4Addr),
}

/// Why there is nothing to follow.
pub enum Stop {
    NotBuilt(NotBuilt),
    /// An explanation instead.
    Explained(Facts),
    /// One that names an account that it takes.
    Foreign(Facts, crate::kernel::AccountId),
}

/// A flow, and what its ends are.
pub struct Attempt {
    pub flow: Flow,
    pub ends: Ends,
    /// The gateway and the address outside where it begins, if it begins outside.
    from: Option<(InternetGatewayId, Ipv4Addr)>,
}

impl Attempt {
    pub fn trace(&self, terrain: &Terrain<'_>) -> Trace {
        match self.from {
            Some((gateway, address)) => trace_inbound(terrain, gateway, address, &self.flow),
            None => trace(terrain, &self.flow),
        }
    }
}

/// Everywhere that no internet gateway leads to, beside the addresses of private networks: RFC 1122 and RFC 5771.
const NOWHERE: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 3),
];
const EVERYWHERE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

fn explained(code: &str) -> Facts {
    Facts::default().text("ExplanationCode", code)
}

/// What an id means in a region. `Err(None)`: it is of no use in the network.
fn end(state: &State, id: &str) -> Result<End, Option<NotBuilt>> {
    let prefix = id.rsplit_once('-').map_or("", |(prefix, _)| prefix);
    let attached =
        |id: InternetGatewayId| state.internet_gateways.get(&id).is_some_and(|row| row.vpc.is_some());
    let of_endpoint = |id: VpcEndpointId| -> Result<End, Option<NotBuilt>> {
        let row = state.vpc_endpoints.get(&id).ok_or(None)?;
        Ok(match row.kind() {
            EndpointType::Interface => {
                let rows = row.placements.iter().filter_map(|at| state.interfaces.get(&at.interface));
                End::Interfaces(rows.cloned().collect())
            }
            _ => End::Edge(RouteTarget::Endpoint(id)),
        })
    };
    let found = match prefix {
        "eni" => {
            let row = NetworkInterfaceId::parse(id).and_then(|id| state.interfaces.get(&id));
            row.map(|row| End::Interfaces(vec![row.clone()]))
        }
        "i" => InstanceId::parse(id).map(|id| End::Interfaces(state.interfaces_of(id))),
        "igw" => InternetGatewayId::parse(id)
            .filter(|id| attached(*id))
            .map(|id| End::Edge(RouteTarget::InternetGateway(id))),
        "vpce" => VpcEndpointId::parse(id).map(of_endpoint).transpose()?,
        "pcx" => VpcPeeringConnectionId::parse(id).map(|id| End::Edge(RouteTarget::Peering(id))),
        "tgw" => TransitGatewayId::parse(id).map(|id| End::Edge(RouteTarget::TransitGateway(id))),
        "vgw" => VpnGatewayId::parse(id).map(|id| End::Edge(RouteTarget::VpnGateway(id))),
        "tgw-attach" => return Err(Some("a path to or from a transit gateway attachment")),
        _ => return Err(Some("a path to or from a VPC endpoint service")),
    };
    match found.ok_or(None)? {
        End::Interfaces(rows) => {
            let rows: Vec<_> = rows.into_iter().filter(|row| !row.addresses.is_empty()).collect();
            if rows.is_empty() { Err(None) } else { Ok(End::Interfaces(rows)) }
        }
        end => Ok(end),
    }
}

/// The state that an end is in.
fn resolve(asked: &Asked<'_>, parts: &Parts<'_>, named: &InsightsEnd) -> Result<End, Stop> {
    let site = &asked.terrain.state.site;
    let foreign = named.account != site.account;
    let there = foreign.then(|| asked.elsewhere().peek(named.account, &Scope::Region(site.region.clone())));
    let state: &State = match &there {
        None => asked.terrain.state,
        Some(Some(state)) => state,
        Some(None) => {
            let why = explained("UNKNOWN_RESOURCE").text("ComponentAccount", named.account);
            return Err(Stop::Foreign(why, named.account));
        }
    };
    if kind_of(&named.id).is_none_or(|kind| !kind.exists(state, &named.id)) {
        let why = explained("NO_SOURCE_OR_DESTINATION").text("MissingComponent", &named.id);
        return Err(Stop::Explained(why));
    }
    end(state, &named.id).map_err(|form| match form {
        Some(form) => Stop::NotBuilt(form),
        None => {
            let component = parts.part(&named.id);
            Stop::Explained(explained("UNASSOCIATED_COMPONENT").part("Component", component))
        }
    })
}

/// The components of an interface that is an end, from the network to what the user named.
fn components(parts: &Parts<'_>, row: &NetworkInterface, named: Option<&str>) -> Vec<Facts> {
    let attached = match &row.attachment {
        Some(Attachment::Instance { instance, .. }) => parts.part(&instance.to_string()),
        _ => None,
    };
    let own = row.id.to_string();
    let interface = Facts::default()
        .part("Component", parts.part(&own))
        .part("AttachedTo", attached)
        .part("Subnet", parts.part(&row.subnet.to_string()))
        .part("Vpc", parts.part(&row.vpc.to_string()));
    let whole = named.filter(|named| *named != own).map(|named| {
        let whole = Facts::default().part("Component", parts.part(named));
        let service = parts.find(|state| {
            let row = state.vpc_endpoints.get(&VpcEndpointId::parse(named)?)?;
            Some(row.service.name.clone())
        });
        match service {
            Some(name) => whole.text("ServiceName", name),
            None => whole,
        }
    });
    std::iter::once(interface).chain(whole).collect()
}

fn vantage(row: &NetworkInterface, address: Ipv4Addr) -> Option<Vantage> {
    // What is not attached to anything has no use of its public address.
    let public = row.owner.is_none() && row.attachment.is_some();
    let public = public && row.public.iter().any(|it| it.private == address);
    Some(Vantage { address, public, ..Vantage::of(row)? })
}

/// The VPCs whose rules packets may meet.
fn near(state: &State, vpc: VpcId) -> Vec<VpcId> {
    let gateways: Vec<_> =
        state.transit_attachments.by(&TransitIndex::Vpc(vpc)).map(|row| row.gateway).collect();
    let attached = gateways.iter().flat_map(|id| state.transit_attachments.by(&TransitIndex::Gateway(*id)));
    let mut all: Vec<_> = attached.map(|row| row.vpc).chain([vpc]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn blocks(state: &State, vpc: VpcId) -> Vec<Ipv4Net> {
    state.vpcs.get(&vpc).into_iter().flat_map(|vpc| vpc.cidrs.iter().map(|(_, net)| *net)).collect()
}

fn no_internet() -> Vec<Ipv4Net> {
    [&PRIVATE[..], &[SHARED], &NOWHERE[..]].concat()
}

/// What a filter asks for that no end has.
fn unmet(code: &str, address: Ipv4Addr, named: Option<Part>) -> Stop {
    Stop::Explained(explained(code).text("Address", address).part("Component", named))
}

/// Every flow that would do. None of them can be told from the others but by the network.
pub fn attempts(asked: &Asked<'_>, parts: &Parts<'_>, path: &InsightsPath) -> Result<Vec<Attempt>, Stop> {
    let (leaving, arriving) = (path.leaving(), path.arriving());
    let narrowed = |ports: Option<(u16, u16)>| ports.is_some_and(|ports| ports != ANY_PORT);
    if narrowed(leaving.source_ports) || narrowed(arriving.source_ports) {
        return Err(Stop::NotBuilt("a path from some source ports only"));
    }
    let begin = resolve(asked, parts, &path.source)?;
    let wanted = leaving.destination.or(arriving.destination);
    let finish = match &path.destination {
        Some(named) => resolve(asked, parts, named)?,
        None => End::Address(wanted.ok_or(Stop::NotBuilt("a path without a destination"))?),
    };
    let (low, high) = leaving.destination_ports.unwrap_or(ANY_PORT);
    let at_end = arriving.destination_ports.unwrap_or(ANY_PORT);
    let ports = (low.max(at_end.0), high.min(at_end.1));
    if ports.0 > ports.1 {
        return Err(Stop::Explained(explained("FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE")));
    }
    if path.source.account != asked.terrain.state.site.account {
        return Err(Stop::NotBuilt("a path from a resource of another account"));
    }
    let search = Search { asked, parts, path, ports, wanted, from: leaving.source };
    if let Some(id) = VpcEndpointId::parse(&path.source.id) {
        return Err(search.of_endpoint_alone(id, &finish));
    }
    match begin {
        End::Interfaces(rows) => search.leaving(&rows, &finish),
        End::Edge(RouteTarget::InternetGateway(id)) => search.coming_in(id, &finish),
        End::Edge(_) => Err(Stop::NotBuilt(
            "a path from a peering connection, a transit gateway or a virtual private gateway",
        )),
        End::Address(_) => Err(Stop::NotBuilt("a path from an address")),
    }
}

struct Search<'a> {
    asked: &'a Asked<'a>,
    parts: &'a Parts<'a>,
    path: &'a InsightsPath,
    ports: (u16, u16),
    /// The destination's address, if one is asked for.
    wanted: Option<Ipv4Addr>,
    /// The same of the source.
    from: Option<Ipv4Addr>,
}

impl Search<'_> {
    fn state(&self) -> &State {
        self.asked.terrain.state
    }

    fn source(&self) -> Option<Part> {
        self.parts.part(&self.path.source.id)
    }

    fn destination_id(&self) -> Option<&str> {
        self.path.destination.as_ref().map(|named| &*named.id)
    }

    fn header(&self, from: Vec<Ipv4Net>, to: Ipv4Addr, port: u16) -> Header {
        Header {
            sources: from,
            source_ports: Some(ANY_PORT),
            destinations: single(to),
            destination_ports: Some((port, port)),
            transport: Some(self.path.transport),
        }
    }

    fn flow(&self, from: Option<Vantage>, to: Goal, port: u16) -> Flow {
        Flow { from, to, transport: self.path.transport, port }
    }

    /// What leaves interfaces.
    fn leaving(&self, rows: &[Arc<NetworkInterface>], finish: &End) -> Result<Vec<Attempt>, Stop> {
        let mut attempts = Vec::new();
        for row in rows {
            let borders = Borders::of(self.state(), &near(self.state(), row.vpc));
            let addresses = row.addresses.iter().filter(|it| self.from.is_none_or(|from| from == **it));
            for address in addresses {
                let Some(from) = vantage(row, *address) else { continue };
                let mut source = components(self.parts, row, Some(&self.path.source.id));
                source.reverse();
                for (goal, to, destination) in self.goals(row.vpc, finish, &borders)? {
                    for port in borders.ports_within(self.ports) {
                        attempts.push(Attempt {
                            flow: self.flow(Some(from.clone()), goal.clone(), port),
                            ends: Ends {
                                source: source.clone(),
                                destination: destination.clone(),
                                header: self.header(single(*address), to, port),
                            },
                            from: None,
                        });
                    }
                }
            }
        }
        match self.from {
            Some(from) if attempts.is_empty() => {
                Err(unmet("FILTER_AT_SOURCE_SOURCE_ADDRESS", from, self.source()))
            }
            _ => Ok(attempts),
        }
    }

    /// What a destination may mean to a VPC: each goal with its address and its components.
    fn goals(
        &self,
        vpc: VpcId,
        finish: &End,
        borders: &Borders,
    ) -> Result<Vec<(Goal, Ipv4Addr, Vec<Facts>)>, Stop> {
        match finish {
            End::Interfaces(rows) => {
                let mut goals = Vec::new();
                for (row, vantage) in self.receivers(rows)? {
                    let destination = components(self.parts, row, self.destination_id());
                    goals.push((Goal::Peer(vantage.clone()), vantage.address, destination));
                }
                Ok(goals)
            }
            End::Address(address) => {
                let row = self.state().interfaces.by(&InterfaceIndex::Vpc(vpc));
                let row = row.into_iter().find(|row| row.addresses.contains(address));
                let destination = row.map(|row| components(self.parts, row, None)).unwrap_or_default();
                Ok(vec![(Goal::Host(address.to_string().into()), *address, destination)])
            }
            End::Edge(at) => {
                let addresses = match self.wanted {
                    Some(address) => vec![address],
                    None => self.behind(vpc, *at, borders),
                };
                let goal = |address| (Goal::Edge { at: *at, address }, address, Vec::new());
                Ok(addresses.into_iter().map(goal).collect())
            }
        }
    }

    /// The addresses behind an edge of a network: one for each that may be treated differently.
    fn behind(&self, vpc: VpcId, edge: RouteTarget, borders: &Borders) -> Vec<Ipv4Addr> {
        let state = self.state();
        let own = blocks(state, vpc);
        match edge {
            RouteTarget::InternetGateway(_) => {
                borders.addresses(&[EVERYWHERE], &[no_internet(), own].concat())
            }
            RouteTarget::Endpoint(id) => {
                let list = state.vpc_endpoints.get(&id).and_then(|row| row.service.prefix_list);
                let blocks = list.map(|list| crate::net::trace::entries(state, list)).unwrap_or_default();
                borders.addresses(&blocks, &[])
            }
            RouteTarget::Peering(id) => {
                let blocks = state.peerings.get(&id).map(|row| row.other_side(vpc).cidrs.clone());
                borders.addresses(&blocks.unwrap_or_default(), &own)
            }
            _ => borders.addresses(&[EVERYWHERE], &[NOWHERE.to_vec(), own].concat()),
        }
    }

    /// The interfaces that may receive, at the addresses that may be meant.
    fn receivers<'r>(
        &self,
        rows: &'r [Arc<NetworkInterface>],
    ) -> Result<Vec<(&'r NetworkInterface, Vantage)>, Stop> {
        let mut all = Vec::new();
        for row in rows {
            let meant = |address: &&Ipv4Addr| self.wanted.is_none_or(|wanted| wanted == **address);
            all.extend(
                row.addresses.iter().filter(meant).filter_map(|it| Some((&**row, vantage(row, *it)?))),
            );
        }
        match self.wanted {
            Some(wanted) if all.is_empty() => {
                let named = self.destination_id().and_then(|id| self.parts.part(id));
                Err(unmet("FILTER_AT_DESTINATION_DESTINATION_ADDRESS", wanted, named))
            }
            _ => Ok(all),
        }
    }

    /// What comes in from the internet.
    fn coming_in(&self, gateway: InternetGatewayId, finish: &End) -> Result<Vec<Attempt>, Stop> {
        let state = self.state();
        let vpc = state.internet_gateways.get(&gateway).and_then(|row| row.vpc);
        let Some(vpc) = vpc else { return Ok(Vec::new()) };
        let ingress = |associate: &Associate| *associate == Associate::InternetGateway(gateway);
        let mut tables = state.route_tables.by(&RouteTableIndex::Vpc(vpc));
        if tables.any(|table| table.associations.iter().any(|it| ingress(&it.with))) {
            return Err(Stop::NotBuilt("a path from an internet gateway that has a route table"));
        }
        let component = self.source();
        let found;
        // Packets from outside have public addresses: the gateway replaces them.
        let rows = match finish {
            End::Interfaces(rows) => rows,
            End::Address(address) => {
                found = state.interfaces.by(&InterfaceIndex::Public(*address)).cloned().collect::<Vec<_>>();
                if found.is_empty() {
                    let why = explained("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS").text("Address", address);
                    return Err(Stop::Explained(why.part("InternetGateway", component)));
                }
                &found
            }
            End::Edge(RouteTarget::InternetGateway(_)) => {
                return Err(Stop::Explained(
                    explained("IGW_NAT_REFLECTION").part("InternetGateway", component),
                ));
            }
            End::Edge(_) => return Err(Stop::NotBuilt("a path from an internet gateway to another gateway")),
        };
        let borders = Borders::of(state, &near(state, vpc));
        let sources = match self.from {
            Some(address) => vec![address],
            None => borders.addresses(&[EVERYWHERE], &[no_internet(), blocks(state, vpc)].concat()),
        };
        let mut attempts = Vec::new();
        for row in rows {
            let mut receivers: Vec<_> =
                row.addresses.iter().filter_map(|address| vantage(row, *address)).collect();
            let public = |vantage: &Vantage| {
                row.public.iter().find(|it| it.private == vantage.address).map(|it| it.public)
            };
            if let Some(wanted) = self.wanted {
                receivers.retain(|it| public(it) == Some(wanted) || it.address == wanted);
            }
            for to in receivers {
                for source in &sources {
                    for port in borders.ports_within(self.ports) {
                        let outside = public(&to).unwrap_or(to.address);
                        let gateway_step = Facts::default()
                            .part("Component", component.clone())
                            .with("InboundHeader", Fact::Header(self.header(single(*source), outside, port)))
                            .part("Vpc", self.parts.part(&vpc.to_string()));
                        attempts.push(Attempt {
                            flow: self.flow(None, Goal::Peer(to.clone()), port),
                            ends: Ends {
                                source: vec![gateway_step],
                                destination: components(self.parts, row, self.destination_id()),
                                header: self.header(single(*source), to.address, port),
                            },
                            from: Some((gateway, *source)),
                        });
                    }
                }
            }
        }
        match self.wanted {
            Some(wanted) if attempts.is_empty() => {
                let named = self.destination_id().and_then(|id| self.parts.part(id));
                Err(unmet("FILTER_AT_SOURCE_DESTINATION_ADDRESS", wanted, named))
            }
            _ => Ok(attempts),
        }
    }

    /// An endpoint begins no connections in its own VPC.
    fn of_endpoint_alone(&self, id: VpcEndpointId, finish: &End) -> Stop {
        let vpc = self.state().vpc_endpoints.get(&id).map(|row| row.vpc);
        let inside = match finish {
            End::Interfaces(rows) => rows.iter().any(|row| Some(row.vpc) == vpc),
            _ => false,
        };
        if !inside {
            return Stop::NotBuilt("a path from a VPC endpoint to another VPC");
        }
        let why = explained("VPCE_INTRA_VPC_TRAFFIC").part("VpcEndpoint", self.source());
        Stop::Explained(why.part("Vpc", vpc.and_then(|vpc| self.parts.part(&vpc.to_string()))))
    }
}
