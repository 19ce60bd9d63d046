//! Whether packets get from here to there, and why: a pure function over the state.
//!
//! What lies beyond a virtual private gateway is not known, so nothing gets anywhere through one; transit gateways lead to
//! the VPCs that are attached, and through these to where their routes lead.
//!
//! Hops are in the order in which they would be noticed: name, security groups, network ACL, route, target and what
//! lies behind it, the way back; and once packets go both ways, the bucket and the policies. A hop that is refused does
//! not end the trace: what can still be asked is asked, and tells what the next obstacle would have been.
//!
//! A name of S3 may resolve to any address of its region, and nobody can know beforehand to which. So a way counts
//! only if it is open to *all* ranges of the region's prefix list: with some of them closed, a user sees requests that
//! fail now and then. The hop cites a range that is refused.
//!
//! What hops tell, beside `resource`, the element that decided:
//!
//! | fact | of |
//! | --- | --- |
//! | `vpc`, `subnet`, `zone` | where the hop is |
//! | `name` | the host name that is looked up |
//! | `attribute`, `dhcp_options`, `servers` | DNS: what refuses: a VPC attribute, or the DHCP options |
//! | `address` | what the name resolves to, or what is asked for, as a range or several |
//! | `service`, `prefix_list`, `region` | the service of AWS that is asked, its prefix list here, where it is |
//! | `endpoint`, `endpoint_type` | a VPC endpoint: the one that is taken, or that would be if it could be |
//! | `interface` | one end: the interface that receives |
//! | `groups`, `group` | all groups of the interface; the one whose rule decided, or the first |
//! | `peer`, `rules`, `peer_groups` | a group's rule's other side; all rules that it took; groups at the other side |
//! | `acl`, `entry`, `entries`, `egress` | the ACL, the number that decided, all that it took, the direction |
//! | `cidr` | the range that a rule or entry is asked about: the refused one, if one is |
//! | `transport`, `port` | of the flow |
//! | `from_port`, `to_port` | what a rule or entry has to open |
//! | `client_port` | of answers that an ACL refuses: a port that it refuses them to |
//! | `route_table`, `destination`, `target` | the table, the route's destination and target, `none` if there is none |
//! | `nat`, `nat_subnet`, `connectivity` | a NAT gateway, its subnet, `public` or `private` |
//! | `gateway`, `state`, `status` | the target's id and what it is in; `state` of groups and routes: what is wrong |
//! | `fault` | the declared fault because of which the target is out of order |
//! | `public_address` | what an internet gateway lets the sender have |
//! | `peer_vpc`, `peer_region`, `peer_account` | what is at the other end of a peering connection or transit gateway |
//! | `back_to` | of a route table at the other end: the block that it needs a route to, back to `gateway` |
//! | `attachment` | that of a VPC to a transit gateway |
//! | `bucket`, `owner`, `service_region`, `external` | a bucket, its account, the flow's region, whether it is kept elsewhere |
//! | `role`, `action`, `key` | who does what; the action that is refused, or all of them |
//! | `policy`, `policy_type`, `statement`, `sid` | which policy and statement decided; statements count from 0 |
//! | `verdict` | `allowed`, `explicit deny` or `implicit deny` |

mod access;
mod acl;
mod across;
mod group;
mod inbound;
mod name;
mod range;
mod route;
mod target;
#[cfg(test)]
pub(super) mod tests;

use crate::kernel::{AccountId, Elsewhere, Scope, SimTime};
use crate::model::path::{Flow, Hop, HopKind, Sighting, Trace, Transport, Vantage, Way};
use crate::model::{
    Evidence, NatGatewayId, NetworkInterface, NetworkInterfaceId, Owner, PeeringSide, RouteTarget,
    SecurityGroupId, State, Subnet, VpcEndpoint,
};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;
use std::ops::Deref;
use std::sync::Arc;

/// All that a path can depend on.
#[derive(Clone, Copy)]
pub struct Terrain<'a> {
    /// The region in which the flow begins.
    pub state: &'a State,
    /// The account-wide state of its account.
    pub global: &'a State,
    /// Other accounts and regions: peered VPCs, buckets.
    pub elsewhere: &'a dyn Elsewhere<State>,
    /// The account's time, which policies may ask about.
    pub now: SimTime,
}

/// Follows a flow hop by hop.
pub fn trace(terrain: &Terrain<'_>, flow: &Flow) -> Trace {
    let mut walk = Walk::new(terrain, flow);
    walk.go();
    walk.told()
}

impl<'a> Terrain<'a> {
    /// A region of an account.
    pub(super) fn cell(&self, account: AccountId, region: &Arc<str>) -> Option<Cell<'a>> {
        let site = &self.state.site;
        if (account, region) == (site.account, &site.region) {
            return Some(Cell::Here(self.state));
        }
        self.elsewhere.peek(account, &Scope::Region(region.clone())).map(Cell::There)
    }
}

pub use group::entries;
pub use inbound::trace_inbound;
pub use range::v4;
pub use target::{PRIVATE, SHARED};

/// A region of an account: the one in which the flow begins, or another.
#[derive(Clone)]
pub(super) enum Cell<'a> {
    Here(&'a State),
    There(Arc<State>),
}

impl Deref for Cell<'_> {
    type Target = State;
    fn deref(&self) -> &State {
        match self {
            Cell::Here(state) => state,
            Cell::There(state) => state,
        }
    }
}

/// A subnet.
#[derive(Clone)]
struct Place<'a> {
    state: Cell<'a>,
    subnet: Arc<Subnet>,
}

/// Who sends packets: the interface that the flow begins at, or whatever forwards them in its own name.
#[derive(Clone)]
struct Sender<'a> {
    place: Place<'a>,
    address: Ipv4Addr,
    /// The public address that stands for it, if it has one. `Some(None)`: one that is not known.
    public: Option<Option<Ipv4Addr>>,
    /// `None`: it has no groups, as NAT gateways.
    groups: Option<Vec<SecurityGroupId>>,
    /// The NAT gateway that it is.
    nat: Option<NatGatewayId>,
    interface: Option<NetworkInterfaceId>,
    /// The id of the interface or gateway, or of the subnet where an interface is still to be made.
    at: String,
    /// Whether it is an interface of SageMaker's.
    of_service: bool,
    /// Where answers to it go.
    ports: acl::Ports,
    /// Where it is outside the VPC of `place`: what leads from there to it.
    via: Option<RouteTarget>,
    /// How often the packets were forwarded already.
    relays: usize,
}

/// More than this is a loop.
const MOST_RELAYS: usize = 4;

/// Who is to receive packets in a VPC.
#[derive(Clone)]
struct Receiver<'a> {
    place: Place<'a>,
    address: Ipv4Addr,
    groups: Vec<SecurityGroupId>,
    interface: Option<NetworkInterfaceId>,
    at: String,
    /// The interface endpoint that it belongs to.
    endpoint: Option<Arc<VpcEndpoint>>,
}

/// What is to be reached, once its name is known.
#[derive(Clone)]
struct Aim<'a> {
    /// Every address that it may have.
    ranges: Vec<Ipv4Net>,
    /// `None`: it is in no VPC.
    receiver: Option<Receiver<'a>>,
    /// The service of AWS that it is, such as `s3`, and its region.
    service: Option<(Arc<str>, Arc<str>)>,
    /// What packets are to leave through, if that is all that is asked.
    edge: Option<RouteTarget>,
}

/// How a request came to a service of AWS.
#[derive(Clone)]
enum Arrival {
    Endpoint {
        endpoint: Arc<VpcEndpoint>,
        /// Whose the endpoint is.
        account: AccountId,
        source: Ipv4Addr,
    },
    Public(Option<Ipv4Addr>),
}

/// How packets are seen.
#[derive(Clone, Copy)]
struct Seen {
    ingress: bool,
    back: bool,
    client: Ipv4Addr,
    over: Option<RouteTarget>,
}

impl Seen {
    /// Packets that arrive.
    fn arriving(client: Ipv4Addr) -> Self {
        Self { ingress: true, back: false, client, over: None }
    }

    /// Packets that leave by a route.
    fn leaving(client: Ipv4Addr, over: Option<RouteTarget>) -> Self {
        Self { ingress: false, back: false, client, over }
    }

    /// The same of answers.
    fn back(self) -> Self {
        Self { back: true, ..self }
    }
}

/// A trace in the making.
#[derive(Clone)]
struct Walk<'a> {
    terrain: &'a Terrain<'a>,
    flow: &'a Flow,
    hops: Vec<Hop>,
    seen: Vec<Sighting>,
    /// Those of the addresses that took the last route.
    taken: Vec<Ipv4Net>,
    way: Way,
    /// `None`: it did not get there.
    came: Option<Arrival>,
}

impl<'a> Walk<'a> {
    fn new(terrain: &'a Terrain<'a>, flow: &'a Flow) -> Self {
        let (hops, seen, taken) = (Vec::new(), Vec::new(), Vec::new());
        Self { terrain, flow, hops, seen, taken, way: Way::default(), came: None }
    }

    fn told(self) -> Trace {
        Trace { flow: self.flow.clone(), hops: self.hops, seen: self.seen, way: self.way }
    }

    fn go(&mut self) {
        let Some(from) = &self.flow.from else {
            self.came = Some(Arrival::Public(None));
            return self.ask_policies(None);
        };
        let Some(place) = self.place_of(from) else {
            let evidence = Evidence::of(from.subnet.to_string()).with("subnet", from.subnet);
            return self.hop(HopKind::Route, from.subnet.to_string(), false, "EC2-RT-MAIN", evidence);
        };
        if self.is_local_service(&place) {
            return;
        }
        let sender = self.first_sender(from, &place);
        if let Some(aim) = self.look_up(&place) {
            self.way.address = Some(match &aim.receiver {
                Some(receiver) => receiver.address,
                None => name::some_address(&aim.ranges),
            });
            self.way.service =
                aim.service.as_ref().filter(|_| aim.receiver.is_none()).map(|(name, _)| name.clone());
            self.send(&sender, &aim, &aim.ranges);
            if aim.receiver.is_none() {
                self.way.address = Some(self.one_of(&aim.ranges));
            }
            if aim.is("s3") {
                self.ask_policies(Some(&sender));
            }
        }
    }

    /// Where a vantage is, if its subnet exists in the region of the flow.
    fn place_of(&self, vantage: &Vantage) -> Option<Place<'a>> {
        let subnet = self.terrain.state.subnets.get(&vantage.subnet)?.clone();
        Some(Place { state: Cell::Here(self.terrain.state), subnet })
    }

    fn first_sender(&self, from: &Vantage, place: &Place<'a>) -> Sender<'a> {
        let row = from.interface.and_then(|id| place.state.interfaces.get(&id));
        Sender {
            place: place.clone(),
            address: from.address,
            public: from.public.then(|| {
                row.and_then(|row| {
                    row.public.iter().find(|it| it.private == from.address).map(|it| it.public)
                })
            }),
            groups: Some(from.groups.clone()),
            nat: None,
            interface: row.map(|row| row.id),
            at: from.interface.map_or_else(|| from.subnet.to_string(), |id| id.to_string()),
            of_service: row.is_none_or(|row| is_of_sagemaker(row)),
            ports: acl::OF_CLIENTS,
            via: None,
            relays: 0,
        }
    }

    /// The region at one side of a peering connection.
    fn cell_of(&self, side: &PeeringSide) -> Option<Cell<'a>> {
        self.terrain.cell(side.account, &side.region)
    }

    /// One of the addresses that were asked for that has the fate that is told: the one that the first refusal is about,
    /// if it is about one, and else one that took the last route.
    fn one_of(&self, ranges: &[Ipv4Net]) -> Ipv4Addr {
        let refused = self.hops.iter().find(|hop| !hop.passed).and_then(|hop| hop.evidence.get("cidr"));
        let refused = refused.and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
        let refused = refused.filter(|cidr| ranges.iter().any(|range| range.contains(cidr)));
        match refused {
            Some(cidr) => name::some_address(&[cidr]),
            None if self.taken.is_empty() => name::some_address(ranges),
            None => name::some_address(&self.taken),
        }
    }

    /// Tells that there is an interface on the way, whose groups and ACL are asked at the hops from this one on.
    fn see(&mut self, place: &Place<'_>, interface: Option<NetworkInterfaceId>, seen: Seen, from: usize) {
        let Some(interface) = interface else { return };
        let site = &place.state.site;
        self.seen.push(Sighting {
            account: site.account,
            region: site.region.clone(),
            interface,
            ingress: seen.ingress,
            back: seen.back,
            client: seen.client,
            over: seen.over,
            hops: from..self.hops.len(),
        });
    }

    fn hop(&mut self, kind: HopKind, at: String, passed: bool, rule: &'static str, evidence: Evidence) {
        let passed = self.terrain.state.probe.hop(kind, passed);
        self.hops.push(Hop { kind, at, passed, rule, evidence });
    }

    fn with_transport(&self, evidence: Evidence) -> Evidence {
        let name = match self.flow.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        };
        evidence.with("transport", name)
    }

    fn with_port(&self, evidence: Evidence) -> Evidence {
        let port = self.flow.port;
        self.with_transport(evidence).with("port", port).with("from_port", port).with("to_port", port)
    }
}

/// Whether SageMaker made an interface.
fn is_of_sagemaker(interface: &NetworkInterface) -> bool {
    matches!(interface.owner, Some(Owner::Job(_) | Owner::WarmPool(_) | Owner::Endpoint(_) | Owner::Fleet(_)))
}

impl Place<'_> {
    /// The facts that every hop at a subnet tells.
    fn facts(&self, evidence: Evidence) -> Evidence {
        evidence
            .with("vpc", self.subnet.vpc)
            .with("subnet", self.subnet.id)
            .with("zone", self.subnet.zone.name)
    }

    fn is_same(&self, other: &Place<'_>) -> bool {
        self.subnet.id == other.subnet.id
    }
}

impl Aim<'_> {
    fn is(&self, service: &str) -> bool {
        self.service.as_ref().is_some_and(|(name, _)| &**name == service)
    }

    /// What facts tell of it.
    fn facts(&self, mut evidence: Evidence, region: &str) -> Evidence {
        evidence = evidence.with("address", range::list(&self.ranges));
        if let Some((service, place)) = &self.service {
            evidence = evidence.with("service", service).with("region", place);
            let list = crate::model::managed_prefix_list::of_service(place, service);
            if let Some(list) = list.filter(|_| &**place == region) {
                evidence = evidence.with("prefix_list", list);
            }
        }
        evidence
    }
}
