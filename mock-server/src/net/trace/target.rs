//! Routes and what they lead to: gateways, endpoints, peering connections, other interfaces.

use super::group::Other;
use super::range::single;
use super::route::Branch;
use super::{Aim, Arrival, MOST_RELAYS, Place, Receiver, Seen, Sender, Walk, acl};
use crate::model::path::{HopKind, Transport};
use crate::model::vpc_endpoint::VpcEndpointIndex;
use crate::model::{
    EndpointType, Evidence, InternetGatewayId, NatGatewayId, NatGatewayState, NetworkInterfaceId, Route,
    RouteTable, RouteTarget, VpcEndpointId,
};
use ipnet::Ipv4Net;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// As routes print their targets.
pub(super) struct Named(pub(super) RouteTarget);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RouteTarget::Local => f.write_str("local"),
            RouteTarget::InternetGateway(id) => id.fmt(f),
            RouteTarget::EgressOnlyInternetGateway(id) => id.fmt(f),
            RouteTarget::NatGateway(id) => id.fmt(f),
            RouteTarget::Interface(id) => id.fmt(f),
            RouteTarget::Peering(id) => id.fmt(f),
            RouteTarget::TransitGateway(id) => id.fmt(f),
            RouteTarget::VpnGateway(id) => id.fmt(f),
            RouteTarget::Endpoint(id) => id.fmt(f),
        }
    }
}

/// The rule behind a route that leads somewhere.
pub(super) fn rule_of(target: RouteTarget) -> &'static str {
    match target {
        RouteTarget::Local => "EC2-RT-LOCAL",
        RouteTarget::Endpoint(_) => "SM-S3-RTB-03",
        RouteTarget::NatGateway(_) => "SM-OUT-03",
        RouteTarget::InternetGateway(_) => "EC2-IGW-PUBLIC",
        RouteTarget::Peering(_) => "EC2-PCX-ROUTE",
        RouteTarget::TransitGateway(_) => "EC2-TGW-ROUTE",
        RouteTarget::VpnGateway(_) => "EC2-VGW-ATTACH",
        RouteTarget::EgressOnlyInternetGateway(_) | RouteTarget::Interface(_) => "EC2-RT-TARGET",
    }
}

impl<'a> Walk<'a> {
    /// Sends packets to addresses, by the groups of who sends. Where different addresses take different routes, the trace
    /// tells of one that does not get there, if there is one.
    pub(super) fn send(&mut self, from: &Sender<'a>, aim: &Aim<'a>, to: &[Ipv4Net]) {
        let (table, branches) = from.place.routes(to);
        let groups = aim.receiver.as_ref().map_or(&[][..], |receiver| &receiver.groups);
        // The pages speak of the groups where they speak of NAT.
        let by_endpoint = |(route, _): &Branch| {
            route.as_ref().is_some_and(|route| matches!(route.target, RouteTarget::Endpoint(_)))
        };
        let outside = aim.receiver.is_none() && !branches.iter().any(by_endpoint);
        let rule = if outside { "SM-SG-NAT-07" } else { "EC2-SG-EVAL" };
        let first = self.hops.len();
        self.groups_out(from, &Other { ranges: to, groups }, rule);
        if let [branch] = branches.as_slice() {
            return self.branch(from, aim, table.as_deref(), branch, first);
        }
        let before = self.hops.len();
        let mut told = None;
        for branch in &branches {
            let mut walk = self.clone();
            walk.branch(from, aim, table.as_deref(), branch, first);
            let refused = walk.hops.iter().skip(before).any(|hop| !hop.passed);
            if refused || told.is_none() {
                told = Some(walk);
            }
            if refused {
                break;
            }
        }
        if let Some(walk) = told {
            *self = walk;
        }
    }

    /// Sends packets along one route; `first` is the first hop at who sends. What stays in its subnet does not meet the ACL.
    fn branch(
        &mut self,
        from: &Sender<'a>,
        aim: &Aim<'a>,
        table: Option<&RouteTable>,
        (route, to): &Branch,
        first: usize,
    ) {
        self.taken.clone_from(to);
        let next = match route.as_ref().map(|route| route.target) {
            Some(RouteTarget::NatGateway(id)) => from.place.state.nat_gateways.get(&id).map(|row| row.subnet),
            Some(RouteTarget::Interface(id)) => from.place.state.interfaces.get(&id).map(|row| row.subnet),
            Some(RouteTarget::Local) => aim.receiver.as_ref().map(|receiver| receiver.place.subnet.id),
            _ => None,
        };
        let leaves = next != Some(from.place.subnet.id);
        if leaves {
            self.acl_out(&from.place, to);
        }
        let over = route.as_ref().map(|route| route.target);
        self.see(&from.place, from.interface, Seen::leaving(from.address, over), first);
        self.follow(from, aim, table, route.as_ref(), to);
        let back = self.hops.len();
        if leaves {
            self.acl_back_in(&from.place, to, from.ports);
        }
        self.see(&from.place, from.interface, Seen::arriving(from.address).back(), back);
    }

    fn follow(
        &mut self,
        from: &Sender<'a>,
        aim: &Aim<'a>,
        table: Option<&RouteTable>,
        route: Option<&Route>,
        to: &[Ipv4Net],
    ) {
        let at = from.place.subnet.id.to_string();
        let table_id = table.map(|table| table.id.to_string()).unwrap_or_default();
        let wanted = Aim { ranges: to.to_vec(), ..aim.clone() };
        let facts = |evidence: Evidence, destination: &str, target: &str| {
            let evidence = wanted.facts(from.place.facts(evidence), &from.place.state.site.region);
            let evidence = evidence
                .with("route_table", &table_id)
                .with("destination", destination)
                .with("target", target);
            match from.nat {
                Some(nat) => evidence.with("nat", nat).with("nat_subnet", from.place.subnet.id),
                None => evidence,
            }
        };
        // A route elsewhere does not help who wants out here.
        let Some(route) = route.filter(|route| aim.may_go_by(route.target)) else {
            let (rule, endpoint) = self.missing(from, aim);
            let destination = self.wanted_destination(from, aim, rule);
            let evidence = facts(Evidence::of(table_id.clone()), &destination, "none");
            let evidence = match endpoint {
                Some(id) => evidence.with("endpoint", id),
                None => evidence,
            };
            return self.hop(HopKind::Route, at, false, rule, evidence.with("state", "no route"));
        };
        let destination = route.destination.to_string();
        let target = Named(route.target).to_string();
        let evidence = facts(Evidence::of(format!("{table_id} {destination}")), &destination, &target);
        // A NAT gateway that would send to a NAT gateway, itself maybe, lies in no public subnet.
        let shadow = from.nat.is_some() && matches!(route.target, RouteTarget::NatGateway(_));
        let rule = if route.blackhole {
            "EC2-RT-BLACKHOLE"
        } else if shadow {
            "SM-OUT-03"
        } else {
            rule_of(route.target)
        };
        let passed = !route.blackhole && !shadow;
        let evidence = match () {
            () if route.blackhole => evidence.with("state", "blackhole"),
            () if shadow => evidence.with("state", "elsewhere"),
            () => evidence,
        };
        self.hop(HopKind::Route, at, passed, rule, evidence);
        if self.way.route.is_none() {
            self.way.route = table.map(|table| (table.id, route.destination, route.target));
        }
        if passed {
            self.enter(from, aim, route.target, to);
        }
    }

    /// The rule behind a missing route, and the endpoint that would be there for it.
    fn missing(&self, from: &Sender<'a>, aim: &Aim<'a>) -> (&'static str, Option<VpcEndpointId>) {
        let state = &from.place.state;
        if from.nat.is_some() {
            return ("SM-OUT-03", None);
        }
        if let Some(edge) = aim.edge.filter(|edge| !matches!(edge, RouteTarget::InternetGateway(_))) {
            return (rule_of(edge), None);
        }
        if aim.receiver.is_some() {
            return ("EC2-PCX-ROUTE", None);
        }
        let Some((service, region)) = &aim.service else { return ("SM-OUT-01", None) };
        let gateways = state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(from.place.subnet.vpc));
        let name = format!(".{service}");
        let endpoint = gateways
            .filter(|row| row.kind() == EndpointType::Gateway && row.service.name.ends_with(&name))
            .map(|row| row.id)
            .next();
        match (&**service, endpoint) {
            ("s3", Some(id)) if *region != state.site.region => ("SM-F-BUCKET-REGION", Some(id)),
            ("s3", Some(id)) => ("SM-S3-RTB-03", Some(id)),
            ("s3", None) => ("SM-S3-NOPATH-01", None),
            _ => ("EC2-VPCE-NEED", endpoint),
        }
    }

    /// What a route that is missing would be for.
    fn wanted_destination(&self, from: &Sender<'a>, aim: &Aim<'a>, rule: &str) -> String {
        let vpc_block = |receiver: &Receiver<'a>| {
            let vpc = receiver.place.state.vpcs.get(&receiver.place.subnet.vpc)?;
            let block = vpc.cidrs.iter().map(|(_, net)| *net).find(|net| net.contains(&receiver.address));
            block.map(|net| net.to_string())
        };
        let list = || {
            let (service, region) = aim.service.as_ref()?;
            crate::model::managed_prefix_list::of_service(region, service).map(|id| id.to_string())
        };
        let everywhere = || "0.0.0.0/0".to_owned();
        match (&aim.receiver, rule) {
            (Some(receiver), _) => {
                vpc_block(receiver).unwrap_or_else(|| single(receiver.address).to_string())
            }
            (None, "SM-S3-RTB-03" | "SM-S3-NOPATH-01") if from.nat.is_none() => {
                list().unwrap_or_else(everywhere)
            }
            _ => everywhere(),
        }
    }

    /// What a route leads to.
    fn enter(&mut self, from: &Sender<'a>, aim: &Aim<'a>, target: RouteTarget, to: &[Ipv4Net]) {
        match target {
            RouteTarget::Local => self.local(from, aim),
            RouteTarget::Endpoint(id) => self.gateway_endpoint(from, id),
            RouteTarget::InternetGateway(id) => self.internet(from, aim, id),
            RouteTarget::NatGateway(id) => self.nat(from, aim, id, to),
            RouteTarget::Peering(_) | RouteTarget::VpnGateway(_) if aim.edge == Some(target) => {
                self.leave(from, target);
            }
            RouteTarget::Peering(id) => self.peering(from, aim, id),
            RouteTarget::Interface(id) => self.relay(from, aim, id, to),
            RouteTarget::TransitGateway(id) => self.transit(from, aim, id, to),
            RouteTarget::VpnGateway(_) | RouteTarget::EgressOnlyInternetGateway(_) => {
                self.beyond(from, target);
            }
        }
    }

    pub(super) fn target(
        &mut self,
        from: &Sender<'a>,
        at: impl fmt::Display,
        passed: bool,
        rule: &'static str,
        more: Evidence,
    ) {
        let mut evidence = from.place.facts(Evidence::of(at.to_string())).with("gateway", &at);
        evidence.facts.extend(more.facts);
        self.hop(HopKind::Target, at.to_string(), passed, rule, evidence);
    }

    /// Out of the VPC through something of which nothing else is asked: it is reached if it works.
    fn leave(&mut self, from: &Sender<'a>, target: RouteTarget) {
        let leads = from.place.state.leads(from.place.subnet.vpc, target);
        let state = match () {
            () if !leads => "not available",
            () if from.via.is_some() => "from another VPC",
            () => "available",
        };
        let evidence = Evidence::none().with("state", state);
        self.target(from, Named(target), state == "available", rule_of(target), evidence);
    }

    /// Within the VPC: somebody has to have the address.
    fn local(&mut self, from: &Sender<'a>, aim: &Aim<'a>) {
        let here = aim.receiver.as_ref().filter(|it| it.place.subnet.vpc == from.place.subnet.vpc);
        match here {
            Some(receiver) => self.arrive(from, receiver, from.via.unwrap_or(RouteTarget::Local)),
            None => {
                let evidence = aim.facts(Evidence::none(), &from.place.state.site.region);
                self.target(from, from.place.subnet.vpc, false, "EC2-RT-LOCAL", evidence);
            }
        }
    }

    /// At an interface, from within the VPC or through a peering connection; answers leave by this route.
    pub(super) fn arrive(&mut self, from: &Sender<'a>, to: &Receiver<'a>, answers: RouteTarget) {
        let rule = if let Some(endpoint) = &to.endpoint {
            let evidence = Evidence::none()
                .with("endpoint", endpoint.id)
                .with("endpoint_type", endpoint.kind().name())
                .with("service", &endpoint.service.name)
                .with("interface", &to.at)
                .with("state", if endpoint.serves() { "available" } else { "not available" });
            let evidence = blaming(evidence, endpoint.outage.as_ref());
            self.target(from, endpoint.id, endpoint.serves(), "SM-OUT-02", evidence);
            self.way.endpoint = Some(endpoint.id);
            "EC2-VPCE-SG"
        } else {
            "EC2-SG-EVAL"
        };
        let crosses = !from.place.is_same(&to.place);
        let first = self.hops.len();
        if crosses {
            self.acl_in(&to.place, single(from.address));
        }
        self.groups_in(from, to, rule);
        self.see(&to.place, to.interface, Seen::arriving(from.address), first);
        let back = self.hops.len();
        if crosses {
            self.acl_back_out(&to.place, single(from.address), from.ports);
        }
        self.see(&to.place, to.interface, Seen::leaving(from.address, Some(answers)).back(), back);
        if let Some(endpoint) = &to.endpoint {
            self.came = Some(Arrival::Endpoint {
                endpoint: endpoint.clone(),
                account: to.place.state.site.account,
                source: from.address,
            });
        }
    }

    fn gateway_endpoint(&mut self, from: &Sender<'a>, id: VpcEndpointId) {
        let Some(endpoint) = from.place.state.vpc_endpoints.get(&id).cloned() else {
            return self.target(from, id, false, "EC2-RT-BLACKHOLE", Evidence::none());
        };
        let evidence = Evidence::none()
            .with("endpoint", id)
            .with("endpoint_type", endpoint.kind().name())
            .with("service", &endpoint.service.name);
        // Nobody outside the VPC can use it. Source: PrivateLink guide, "Gateway endpoints", considerations.
        // And they take TCP alone. Source: Reachability Analyzer guide, VPCE_GATEWAY_PROTOCOL_RESTRICTION.
        let tcp = self.flow.transport == Transport::Tcp;
        let state = match () {
            () if !endpoint.serves() => "not available",
            () if from.via.is_some() => "from another VPC",
            () if !tcp => "not TCP",
            () => "available",
        };
        let evidence = self.with_transport(evidence).with("state", state);
        let evidence = blaming(evidence, endpoint.outage.as_ref());
        let passed = endpoint.serves() && from.via.is_none() && tcp;
        self.target(from, id, passed, "SM-S3-GW-02", evidence);
        self.way.endpoint = Some(id);
        self.came = Some(Arrival::Endpoint {
            endpoint,
            account: from.place.state.site.account,
            source: from.address,
        });
    }

    /// An internet gateway serves who has a public address, and leads to no private ones.
    fn internet(&mut self, from: &Sender<'a>, aim: &Aim<'a>, id: InternetGatewayId) {
        let leads = from.place.state.leads(from.place.subnet.vpc, RouteTarget::InternetGateway(id));
        let rule = match () {
            () if !leads => "EC2-RT-BLACKHOLE",
            () if from.of_service => "SM-VPC-ENI-10",
            () => "EC2-IGW-PUBLIC",
        };
        let is_kept = |kept: &[Ipv4Net]| aim.ranges.iter().any(|net| kept.iter().any(|it| it.contains(net)));
        let state = match () {
            () if !leads => "not attached",
            () if is_kept(&PRIVATE) => "private destination",
            () if is_kept(&[SHARED]) => "shared destination",
            () if aim.receiver.is_some() => "destination in a VPC",
            () if from.public.is_none() => "no public address",
            () => "available",
        };
        let passed = state == "available";
        let mut evidence = Evidence::none().with("interface", &from.at).with("state", state);
        if let Some(Some(public)) = from.public {
            evidence = evidence.with("public_address", public);
        }
        self.target(from, id, passed, rule, evidence);
        self.came = Some(Arrival::Public(from.public.flatten()));
    }

    /// A NAT gateway sends on in its own name, by the routes of its own subnet.
    fn nat(&mut self, from: &Sender<'a>, aim: &Aim<'a>, id: NatGatewayId, to: &[Ipv4Net]) {
        let state = &from.place.state;
        let found = state.nat_gateways.get(&id).cloned();
        let place = found.as_ref().and_then(|row| {
            Some(Place { state: state.clone(), subnet: state.subnets.get(&row.subnet)?.clone() })
        });
        let (Some(row), Some(place)) = (found, place) else {
            return self.target(from, id, false, "EC2-RT-BLACKHOLE", Evidence::none());
        };
        let working = row.shown() == NatGatewayState::Available && row.vpc == from.place.subnet.vpc;
        let evidence = Evidence::none()
            .with("nat", id)
            .with("nat_subnet", row.subnet)
            .with("state", row.shown().name())
            .with("connectivity", if row.public { "public" } else { "private" });
        let evidence = blaming(evidence, row.outage.as_ref());
        let looping = from.relays >= MOST_RELAYS;
        self.target(from, id, working && !looping, "EC2-NAT-STATE", evidence);
        self.way.nat.get_or_insert(id);
        if looping {
            return;
        }
        let address = row.addresses.first().and_then(|it| it.private).unwrap_or(from.address);
        let public = row.addresses.iter().find_map(|it| it.public).map(|(address, _)| Some(address));
        let next = Sender {
            place,
            address,
            public: public.filter(|_| row.public),
            groups: None,
            nat: Some(id),
            interface: row.interface,
            at: id.to_string(),
            of_service: false,
            ports: acl::OF_NAT,
            via: None,
            relays: from.relays + 1,
        };
        let first = self.hops.len();
        self.through(from, &next, aim, to, first);
    }

    /// Through something that sends on in its own name; `first` is the first hop at it.
    fn through(&mut self, from: &Sender<'a>, next: &Sender<'a>, aim: &Aim<'a>, to: &[Ipv4Net], first: usize) {
        let crosses = !from.place.is_same(&next.place);
        if crosses {
            self.acl_in(&next.place, single(from.address));
        }
        self.see(&next.place, next.interface, Seen::arriving(from.address), first);
        self.send(next, aim, to);
        let back = self.hops.len();
        if crosses {
            self.acl_back_out(&next.place, single(from.address), from.ports);
        }
        let answers = from.via.unwrap_or(RouteTarget::Local);
        self.see(&next.place, next.interface, Seen::leaving(from.address, Some(answers)).back(), back);
        if let Some(via) = from.via {
            self.route_back(from, &next.place, via);
        }
    }

    /// An instance that routes: a NAT instance, as its user set it up. What it does with packets cannot be seen; it is
    /// taken to send them on in its own name if it may: with source and destination checks off.
    /// Source: VPC user guide, "NAT instances".
    fn relay(&mut self, from: &Sender<'a>, aim: &Aim<'a>, id: NetworkInterfaceId, to: &[Ipv4Net]) {
        let state = &from.place.state;
        let row = state.interfaces.get(&id).cloned();
        let place = row.as_ref().and_then(|row| {
            Some(Place { state: state.clone(), subnet: state.subnets.get(&row.subnet)?.clone() })
        });
        let (Some(row), Some(place)) = (row, place) else {
            return self.target(from, id, false, "EC2-RT-BLACKHOLE", Evidence::none());
        };
        let passed = row.attachment.is_some() && !row.source_dest_check && from.relays < MOST_RELAYS;
        let evidence = Evidence::none().with("interface", id).with("attribute", "sourceDestCheck").with(
            "state",
            match () {
                () if row.source_dest_check => "checked",
                () if row.attachment.is_none() => "not attached",
                () => "unchecked",
            },
        );
        self.target(from, id, passed, "EC2-RT-TARGET", evidence);
        let Some(address) = row.addresses.first().copied().filter(|_| from.relays < MOST_RELAYS) else {
            return;
        };
        let groups: Vec<_> = row.groups.iter().map(|group| group.id).collect();
        let at = id.to_string();
        let receiver = Receiver {
            place: place.clone(),
            address,
            groups: groups.clone(),
            interface: Some(id),
            at: at.clone(),
            endpoint: None,
        };
        let first = self.hops.len();
        self.groups_in(from, &receiver, "EC2-SG-EVAL");
        let public = row.public.iter().find(|it| it.private == address).map(|it| Some(it.public));
        let next = Sender {
            place,
            address,
            public,
            groups: Some(groups),
            nat: None,
            interface: Some(id),
            at,
            of_service: false,
            ports: acl::OF_CLIENTS,
            via: None,
            relays: from.relays + 1,
        };
        self.through(from, &next, aim, to, first);
    }

    /// A virtual private gateway leads to a network that is not known here, so nothing is taken to get there; an
    /// egress-only internet gateway takes no IPv4.
    fn beyond(&mut self, from: &Sender<'a>, target: RouteTarget) {
        self.target(from, Named(target), false, rule_of(target), Evidence::none().with("state", "unknown"));
    }
}

impl Aim<'_> {
    /// Whether a route with this target can lead to what is asked for. Who wants out through something may be brought to
    /// an internet gateway by what forwards, and to everything else by a route to it alone.
    fn may_go_by(&self, target: RouteTarget) -> bool {
        use RouteTarget::{Interface, InternetGateway, NatGateway, TransitGateway};
        match self.edge {
            None => true,
            Some(edge) if edge == target => true,
            Some(InternetGateway(_)) => {
                matches!(target, NatGateway(_) | Interface(_) | TransitGateway(_))
            }
            Some(_) => false,
        }
    }
}

/// Addresses that internet gateways take nothing for, of the private networks (RFC 1918, and link-local) ...
pub const PRIVATE: [Ipv4Net; 4] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
];
/// ... and those that are shared (RFC 6598).
pub const SHARED: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);

/// Names the declared fault because of which something is out of order.
fn blaming(evidence: Evidence, fault: Option<&Arc<str>>) -> Evidence {
    match fault {
        Some(fault) => evidence.with("fault", fault),
        None => evidence,
    }
}

/// The source address of a request that came over public addresses.
pub(super) fn public_source(known: Option<Ipv4Addr>) -> Ipv4Addr {
    // Set aside for documentation (RFC 5737).
    known.unwrap_or(Ipv4Addr::new(198, 51, 100, 1))
}

/// The S3 gateway endpoint of a VPC that a flow would take if it could get there.
pub(super) fn intended(place: &Place<'_>) -> Option<Arc<crate::model::VpcEndpoint>> {
    let of_vpc = place.state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(place.subnet.vpc));
    of_vpc
        .filter(|row| row.kind() == EndpointType::Gateway && row.service.name.ends_with(".s3"))
        .find(|row| row.serves())
        .cloned()
}
