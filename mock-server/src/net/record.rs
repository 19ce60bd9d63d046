//! What the interfaces on a path saw of what went over it.
//!
//! Packets come as far as the first hop that the network refuses at: whatever interface lies before it accepted them,
//! the one at which it is asked rejected them, and those behind it never saw any. So records and traces cannot disagree.
//! Groups and ACLs reject; a route that is missing or leads nowhere does not, so that all there is of such packets is that
//! they left. Groups remember connections: what they let through is answered through them, and a record of answers
//! is of the ACL alone. What policies refuse is refused in an answer.
//!
//! Never logged, and so not in here: requests for names to Amazon's resolver, DHCP, instance metadata and time, and what
//! goes to the router of a VPC. Names are no flows of this model, the rest is decided at no interface.
//! Source: VPC user guide, "Flow log limitations" and "Flow log record examples".

use super::Terrain;
use crate::model::path::{HopKind, Sighting, Trace, Transport};
use crate::model::traffic::{EXCHANGE, FlowRecord, Volume};
use crate::model::{NetworkInterface, NetworkInterfaceId, RouteTarget, State};
use std::net::Ipv4Addr;

/// What one packet carries of what applications say, and what it has besides: headers of IPv4 and TCP without options, on
/// an Ethernet without large frames.
const SEGMENT: u64 = 1_460;
const HEADERS: u64 = 40;
/// The same of UDP.
const DATAGRAM: u64 = 1_472;
const UDP_HEADERS: u64 = 28;
/// A packet that opens a connection has options.
const SYN_BYTES: u64 = 60;
/// How often a connection is tried: once, and again as often as Linux does by default (`tcp_syn_retries` is 6, in the
/// kernel's "IP Sysctl"). Assumed: that each of them is answered once.
const ATTEMPTS: u64 = 7;

/// Bits of `tcp-flags`. An ACK is told along with a SYN only.
const FIN: u8 = 1;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// One record for each direction at each interface that saw packets, in the order in which they did.
pub fn records(terrain: &Terrain<'_>, trace: &Trace, volume: &Volume) -> Vec<FlowRecord> {
    let Some(far) = trace.way.address else { return Vec::new() };
    let told = Told { terrain, trace, cut: trace.cut(), far, spans: spans(trace, volume), volume };
    let all = trace.seen.iter().enumerate();
    all.take_while(|(_, at)| told.cut.is_none_or(|cut| at.hops.start <= cut))
        .filter_map(|(n, at)| told.record(n, at))
        .collect()
}

/// Packets in one direction.
#[derive(Clone, Copy)]
struct Span {
    packets: u64,
    bytes: u64,
    flags: u8,
}

/// What is sent, and what is answered.
fn spans(trace: &Trace, volume: &Volume) -> [Span; 2] {
    let refused = trace.blocked().is_some_and(|hop| hop.kind.is_of_application());
    let most = if refused { EXCHANGE } else { (u64::MAX, u64::MAX) };
    let (out, back) = (volume.out_bytes.min(most.0), volume.back_bytes.min(most.1));
    match trace.flow.transport {
        Transport::Udp => [out, back].map(|bytes| {
            let packets = bytes.div_ceil(DATAGRAM).max(1);
            Span { packets, bytes: bytes.saturating_add(packets.saturating_mul(UDP_HEADERS)), flags: 0 }
        }),
        Transport::Tcp if trace.cut().is_some() => {
            [SYN, SYN | ACK].map(|flags| Span { packets: ATTEMPTS, bytes: ATTEMPTS * SYN_BYTES, flags })
        }
        Transport::Tcp => {
            // Who connects opens and closes with two packets, who answers with one each; every second segment is
            // acknowledged by itself.
            let span = |own: u64, other: u64, around: u64, flags: u8| {
                let segments = own.div_ceil(SEGMENT);
                let acks = other.div_ceil(SEGMENT).div_ceil(2);
                let packets = segments + acks + around;
                let headers = packets * HEADERS + (SYN_BYTES - HEADERS);
                Span { packets, bytes: own.saturating_add(headers), flags: flags | FIN }
            };
            [span(out, back, 4, SYN), span(back, out, 2, SYN | ACK)]
        }
    }
}

/// Source and destination, of who asks and who is asked.
fn ends<T>(at: &Sighting, client: T, server: T) -> (T, T) {
    if at.back { (server, client) } else { (client, server) }
}

struct Told<'a> {
    terrain: &'a Terrain<'a>,
    trace: &'a Trace,
    /// The hop that packets come to and no further.
    cut: Option<usize>,
    /// What was asked for, as packets name it everywhere.
    far: Ipv4Addr,
    spans: [Span; 2],
    volume: &'a Volume,
}

impl Told<'_> {
    fn record(&self, n: usize, at: &Sighting) -> Option<FlowRecord> {
        let state = self.terrain.cell(at.account, &at.region)?;
        let row = state.interfaces.get(&at.interface)?;
        let own = *row.addresses.first()?;
        let accepted = self.cut.is_none_or(|cut| !at.hops.contains(&cut));
        let (volume, port) = (self.volume, self.trace.flow.port);
        let (packet_source, packet_destination) = ends(at, at.client, self.far);
        let ports = ends(at, self.client_port(at), port);
        let service = |address| self.service().filter(|_| address == self.far);
        let span = self.spans[usize::from(at.back)];
        let instance = row.attachment.as_ref().and_then(|attachment| attachment.instance());
        Some(FlowRecord {
            account: at.account,
            region: at.region.clone(),
            interface: row.id,
            subnet: row.subnet,
            vpc: row.vpc,
            zone_id: row.zone.id,
            instance,
            interface_type: row.interface_type,
            ingress: at.ingress,
            // The interface stands for itself, whatever the packets say: the guide's example of a NAT gateway.
            source: if at.ingress { packet_source } else { own },
            destination: if at.ingress { own } else { packet_destination },
            source_port: ports.0,
            destination_port: ports.1,
            packet_source,
            packet_destination,
            source_service: service(packet_source),
            destination_service: service(packet_destination),
            protocol: match self.trace.flow.transport {
                Transport::Tcp => 6,
                Transport::Udp => 17,
            },
            tcp_flags: span.flags,
            packets: span.packets,
            bytes: span.bytes,
            start: volume.start,
            end: volume.end,
            accepted,
            path: self.path(n, at, &state, row).filter(|_| accepted),
            next_hop: self.next_hop(n, at).filter(|_| accepted),
        })
    }

    /// The port of who asks. Where an ACL refuses answers to some ports, it is one of those.
    fn client_port(&self, at: &Sighting) -> u16 {
        let port = || {
            let cut = self.cut?;
            let refused = self.trace.seen.iter().find(|seen| seen.hops.contains(&cut))?;
            let port = self.trace.hops.get(cut)?.evidence.get("client_port")?;
            (refused.client == at.client).then(|| port.parse().ok())?
        };
        port().unwrap_or(self.volume.from_port)
    }

    /// The service of AWS that is asked at a public address. Of most of them the guide's list has no name of its own.
    fn service(&self) -> Option<&'static str> {
        self.trace.way.service.as_deref().map(|service| match service {
            "s3" => "S3",
            "dynamodb" => "DYNAMODB",
            "execute-api" => "API_GATEWAY",
            _ => "AMAZON",
        })
    }

    /// The hop at which packets are lost behind an interface, before they come to another one.
    fn lost(&self, n: usize, at: &Sighting) -> Option<HopKind> {
        let next = self.trace.seen.get(n + 1).map_or(usize::MAX, |next| next.hops.start);
        let cut = self.cut.filter(|cut| (at.hops.end..next).contains(cut))?;
        self.trace.hops.get(cut).map(|hop| hop.kind)
    }

    /// `traffic-path` is told of what goes out and has a way to go. Assumed: that instances of SageMaker are of the Nitro
    /// system, as all of their newer types are, and that of what is no instance the older numbers are told.
    fn path(&self, n: usize, at: &Sighting, state: &State, row: &NetworkInterface) -> Option<u8> {
        let over = at.over.filter(|_| !at.ingress && self.lost(n, at) != Some(HopKind::Route))?;
        let nitro = || match row.attachment.as_ref().and_then(|attachment| attachment.instance()) {
            Some(id) => {
                state.instances.get(&id).is_some_and(|row| row.instance_type.hypervisor != Some("xen"))
            }
            None => row.interface_type == "interface" && row.attachment.is_some(),
        };
        match over {
            // Also through what has an interface in the VPC.
            RouteTarget::Local
            | RouteTarget::NatGateway(_)
            | RouteTarget::Interface(_)
            | RouteTarget::TransitGateway(_) => Some(1),
            RouteTarget::InternetGateway(_) => Some(if nitro() { 8 } else { 2 }),
            RouteTarget::Endpoint(_) => Some(if nitro() { 7 } else { 2 }),
            RouteTarget::VpnGateway(_) => Some(3),
            RouteTarget::Peering(id) => {
                let peering = state.peerings.get(&id)?;
                Some(if peering.requester.region == peering.accepter.region { 4 } else { 5 })
            }
            RouteTarget::EgressOnlyInternetGateway(_) => None,
        }
    }

    fn next_hop(&self, n: usize, at: &Sighting) -> Option<NetworkInterfaceId> {
        let next = self.trace.seen.get(n + 1)?;
        let there = (next.account, &next.region) == (at.account, &at.region);
        let leads = !at.ingress && next.ingress && next.back == at.back;
        (leads && there && self.lost(n, at).is_none()).then_some(next.interface)
    }
}
