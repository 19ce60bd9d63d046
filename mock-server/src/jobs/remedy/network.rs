//! Ways that are missing: endpoints, NAT gateways, routes, subnets.

use super::bash::{Command, aws, variable};
use crate::model::gateway::InVpcIndex;
use crate::model::nat::NatGatewayIndex;
use crate::model::network::ANY_V4;
use crate::model::path::{Hop, Trace};
use crate::model::route::{Associate, RouteTableIndex};
use crate::model::vpc::{SubnetIndex, overlap};
use crate::model::vpc_endpoint::VpcEndpointIndex;
use crate::model::{
    Destination, EndpointService, EndpointType, Id, InternetGatewayId, NatGateway, NatGatewayId,
    NatGatewayState, Route, RouteOrigin, RouteTable, RouteTarget, State, Subnet, SubnetId, Vpc, VpcEndpoint,
    VpcEndpointState, VpcId, Zone, endpoint_service,
};
use ipnet::Ipv4Net;
use std::sync::Arc;

/// Lines of a script, and what they made or found: an id, or the variable that holds it.
pub struct Made {
    pub lines: Vec<String>,
    pub id: String,
}

/// Begins a command of EC2 in the state's region.
pub fn ec2(state: &State, operation: &str) -> Command {
    aws(&format!("ec2 {operation}")).with("region", &state.site.region)
}

/// Everywhere, as routes name it.
pub fn anywhere() -> Destination {
    Destination::Cidr(ANY_V4.into())
}

/// The route table that a subnet follows.
pub fn table_of(state: &State, subnet: SubnetId) -> Option<&Arc<RouteTable>> {
    let vpc = state.subnets.get(&subnet)?.vpc;
    let explicit = state.route_tables.by(&RouteTableIndex::Subnet(subnet)).next();
    explicit.or_else(|| state.route_tables.by(&RouteTableIndex::Vpc(vpc)).find(|table| table.is_main()))
}

fn vpc_of(state: &State, subnet: SubnetId) -> Option<&Arc<Vpc>> {
    state.vpcs.get(&state.subnets.get(&subnet)?.vpc)
}

/// Whether what has a public address in this subnet reaches the internet.
fn leads_out(state: &State, subnet: SubnetId) -> bool {
    table_of(state, subnet)
        .and_then(|table| table.route_for(anywhere()))
        .is_some_and(|route| !route.blackhole && matches!(route.target, RouteTarget::InternetGateway(_)))
}

/// The service of this type in the state's region, such as `s3` or `sagemaker.api`.
fn service(state: &State, name: &str, kind: EndpointType) -> Option<&'static EndpointService> {
    let ending = format!("{}.{name}", state.site.region);
    endpoint_service::services(&state.site.region)
        .iter()
        .find(|service| service.kind == kind && service.name.ends_with(&ending))
}

/// The VPC's endpoints for a service that are there to stay.
fn endpoints<'a>(
    state: &'a State,
    vpc: VpcId,
    service: &'static EndpointService,
) -> impl Iterator<Item = &'a Arc<VpcEndpoint>> {
    let all = state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(vpc));
    all.filter(move |endpoint| {
        endpoint.service.name == service.name
            && endpoint.kind() == service.kind
            && endpoint.state != VpcEndpointState::Deleting
    })
}

/// A gateway endpoint for S3 in the table of a subnet. A table has one route to a prefix list at most, so an endpoint
/// that the VPC has already gets the table too.
pub fn gateway_endpoint(state: &State, subnet: SubnetId) -> Option<Made> {
    let service = service(state, "s3", EndpointType::Gateway)?;
    let (table, vpc) = (table_of(state, subnet)?, vpc_of(state, subnet)?);
    let mut known: Vec<_> = endpoints(state, vpc.id, service).collect();
    known.sort_by_key(|endpoint| !endpoint.route_tables.contains(&table.id));
    if let Some(endpoint) = known.first() {
        let there = endpoint.route_tables.contains(&table.id);
        let add = || {
            ec2(state, "modify-vpc-endpoint")
                .with("vpc-endpoint-id", endpoint.id)
                .with("add-route-table-ids", table.id)
                .line()
        };
        let lines = (!there).then(add).into_iter().collect();
        return Some(Made { lines, id: endpoint.id.to_string() });
    }
    let line = ec2(state, "create-vpc-endpoint")
        .with("vpc-id", vpc.id)
        .with("vpc-endpoint-type", "Gateway")
        .with("service-name", &service.name)
        .with("route-table-ids", table.id)
        .into_variable("VPCE", "VpcEndpoint.VpcEndpointId");
    Some(Made { lines: vec![line], id: variable("VPCE") })
}

/// An interface endpoint to which a service's own name leads.
pub fn interface_endpoint(state: &State, subnet: SubnetId, name: &str) -> Option<Made> {
    let service = service(state, name, EndpointType::Interface)?;
    let vpc = vpc_of(state, subnet)?;
    let mut lines = super::dns::attributes(state, vpc);
    if let Some(endpoint) = endpoints(state, vpc.id, service).next() {
        if !endpoint.private_dns {
            let change = ec2(state, "modify-vpc-endpoint").with("vpc-endpoint-id", endpoint.id);
            lines.push(change.flag("private-dns-enabled").line());
        }
        return (!lines.is_empty()).then(|| Made { lines, id: endpoint.id.to_string() });
    }
    let all: Vec<_> = state.subnets.by(&SubnetIndex::Vpc(vpc.id)).collect();
    let home = all.iter().find(|each| each.id == subnet && service.is_in(each.zone));
    let home = home.or_else(|| all.iter().find(|each| service.is_in(each.zone)))?;
    let wanted = format!("endpoint-{}", name.replace('.', "-"));
    let group = unused(&wanted, |name| state.group_named(vpc.id, name).is_some());
    let made = ec2(state, "create-security-group")
        .with("group-name", group)
        .with("description", "HTTPS to the VPC endpoint")
        .with("vpc-id", vpc.id);
    lines.push(made.into_variable("SG", "GroupId"));
    for (_, block) in &vpc.cidrs {
        let admit = ec2(state, "authorize-security-group-ingress").with("group-id", variable("SG"));
        lines.push(admit.with("protocol", "tcp").with("port", 443).with("cidr", block).line());
    }
    let create = ec2(state, "create-vpc-endpoint")
        .with("vpc-id", vpc.id)
        .with("vpc-endpoint-type", "Interface")
        .with("service-name", &service.name)
        .with("subnet-ids", home.id)
        .with("security-group-ids", variable("SG"))
        .flag("private-dns-enabled");
    lines.push(create.into_variable("VPCE", "VpcEndpoint.VpcEndpointId"));
    // There is no waiter for endpoints.
    let look = ec2(state, "describe-vpc-endpoints").with("vpc-endpoint-ids", variable("VPCE"));
    let look = look.with("query", "VpcEndpoints[0].State").with("output", "text").line();
    lines.push(format!("until [ \"$({look})\" = available ]; do sleep 1; done"));
    Some(Made { lines, id: variable("VPCE") })
}

/// A name like the wanted one that nothing has.
pub fn unused(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = |n: u32| if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
    (1..).map(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// A way out of a subnet through a NAT gateway that stands where it can work: in another subnet, one whose route table
/// leads to an internet gateway. `spoilt` is one that does not do.
pub fn way_out(
    state: &State,
    subnet: SubnetId,
    destination: Destination,
    spoilt: Option<NatGatewayId>,
) -> Option<Vec<String>> {
    let from = state.subnets.get(&subnet)?;
    let mut lines = Vec::new();
    let works = |nat: &&Arc<NatGateway>| {
        nat.shown() == NatGatewayState::Available
            && nat.public
            && Some(nat.id) != spoilt
            && nat.subnet != subnet
            && leads_out(state, nat.subnet)
    };
    let existing = state.nat_gateways.by(&NatGatewayIndex::Vpc(from.vpc)).find(works);
    let nat = match existing {
        Some(nat) => nat.id.to_string(),
        None => {
            let home = public_subnet(state, from, &mut lines)?;
            let address = ec2(state, "allocate-address").with("domain", "vpc");
            lines.push(address.into_variable("EIP", "AllocationId"));
            let create = ec2(state, "create-nat-gateway").with("subnet-id", home);
            let create = create.with("allocation-id", variable("EIP"));
            lines.push(create.into_variable("NAT", "NatGateway.NatGatewayId"));
            let wait = ec2(state, "wait nat-gateway-available").with("nat-gateway-ids", variable("NAT"));
            lines.push(wait.line());
            variable("NAT")
        }
    };
    lead(state, from, destination, &nat, &mut lines)?;
    Some(lines)
}

/// A subnet of the same VPC, but not this one, whose route table leads to an internet gateway; made if there is none.
fn public_subnet(state: &State, from: &Subnet, lines: &mut Vec<String>) -> Option<String> {
    let others = state.subnets.by(&SubnetIndex::Vpc(from.vpc)).filter(|subnet| subnet.id != from.id);
    let mut public = others.filter(|subnet| subnet.cidr.is_some() && leads_out(state, subnet.id));
    if let Some(subnet) = public.next() {
        return Some(subnet.id.to_string());
    }
    let gateway = match state.internet_gateways.by(&InVpcIndex::Vpc(from.vpc)).next() {
        Some(gateway) => gateway.id.to_string(),
        None => {
            let create = ec2(state, "create-internet-gateway");
            lines.push(create.into_variable("IGW", "InternetGateway.InternetGatewayId"));
            let attach = ec2(state, "attach-internet-gateway").with("vpc-id", from.vpc);
            lines.push(attach.with("internet-gateway-id", variable("IGW")).line());
            variable("IGW")
        }
    };
    let made = new_subnet(state, from.vpc, 28, from.zone, "PUBLIC")?;
    lines.extend(made.lines);
    let table = ec2(state, "create-route-table").with("vpc-id", from.vpc);
    lines.push(table.into_variable("PUBLIC_RTB", "RouteTable.RouteTableId"));
    let route = ec2(state, "create-route").with("route-table-id", variable("PUBLIC_RTB"));
    lines.push(route.with("destination-cidr-block", ANY_V4).with("gateway-id", gateway).line());
    let associate = ec2(state, "associate-route-table").with("subnet-id", &made.id);
    lines.push(associate.with("route-table-id", variable("PUBLIC_RTB")).line());
    Some(made.id)
}

/// Leads packets of a subnet to a NAT gateway. Where the subnet shares its table with others that go by an internet
/// gateway, it gets one of its own, with all that it had.
fn lead(state: &State, from: &Subnet, to: Destination, nat: &str, lines: &mut Vec<String>) -> Option<()> {
    let table = table_of(state, from.id)?;
    let present = table.route_for(to);
    let by_gateway = present.is_some_and(|route| matches!(route.target, RouteTarget::InternetGateway(_)));
    let explicit = table.associations.iter().find(|each| each.subnet() == Some(from.id));
    let others = state.subnets.by(&SubnetIndex::Vpc(from.vpc)).filter(|subnet| subnet.id != from.id);
    let shared =
        || others.into_iter().any(|subnet| table_of(state, subnet.id).is_some_and(|its| its.id == table.id));
    if !(by_gateway && shared()) {
        let operation = if present.is_some() { "replace-route" } else { "create-route" };
        let route = destined(ec2(state, operation).with("route-table-id", table.id), to);
        lines.push(route.with("nat-gateway-id", nat).line());
        return Some(());
    }
    let own = ec2(state, "create-route-table").with("vpc-id", from.vpc);
    lines.push(own.into_variable("RTB", "RouteTable.RouteTableId"));
    let route = || ec2(state, "create-route").with("route-table-id", variable("RTB"));
    lines.push(destined(route(), to).with("nat-gateway-id", nat).line());
    let kept = table.routes.iter().filter(|route| route.destination != to && !route.blackhole);
    for kept in kept.filter(|route| route.origin == RouteOrigin::Route) {
        lines.extend(same_route(state, kept, route()));
    }
    let associate = match explicit {
        Some(association) => {
            ec2(state, "replace-route-table-association").with("association-id", association.id)
        }
        None => ec2(state, "associate-route-table").with("subnet-id", from.id),
    };
    lines.push(associate.with("route-table-id", variable("RTB")).line());
    Some(())
}

fn destined(command: Command, to: Destination) -> Command {
    match to {
        Destination::Cidr(net @ ipnet::IpNet::V4(_)) => command.with("destination-cidr-block", net),
        Destination::Cidr(net @ ipnet::IpNet::V6(_)) => command.with("destination-ipv6-cidr-block", net),
        Destination::PrefixList(list) => command.with("destination-prefix-list-id", list),
    }
}

/// The command that makes a route once more, in the table that `command` names.
fn same_route(state: &State, route: &Route, command: Command) -> Option<String> {
    let command = destined(command, route.destination);
    let command = match route.target {
        RouteTarget::Local => return None,
        RouteTarget::Endpoint(id) => ec2(state, "modify-vpc-endpoint")
            .with("vpc-endpoint-id", id)
            .with("add-route-table-ids", variable("RTB")),
        RouteTarget::InternetGateway(id) => command.with("gateway-id", id),
        RouteTarget::VpnGateway(id) => command.with("gateway-id", id),
        RouteTarget::EgressOnlyInternetGateway(id) => command.with("egress-only-internet-gateway-id", id),
        RouteTarget::NatGateway(id) => command.with("nat-gateway-id", id),
        RouteTarget::Interface(id) => command.with("network-interface-id", id),
        RouteTarget::Peering(id) => command.with("vpc-peering-connection-id", id),
        RouteTarget::TransitGateway(id) => command.with("transit-gateway-id", id),
    };
    Some(command.line())
}

/// What mends a route that leads nowhere.
pub fn dead_route(state: &State, trace: &Trace, hop: &Hop) -> Option<Vec<String>> {
    let from = trace.flow.from.as_ref()?.subnet;
    let gateway = hop.evidence.get("target").and_then(InternetGatewayId::parse);
    let gateway = gateway.and_then(|id| state.internet_gateways.get(&id));
    // That of a NAT gateway's subnet.
    if SubnetId::parse(&hop.at) != Some(from)
        && let Some(gateway) = gateway.filter(|gateway| gateway.vpc.is_none())
    {
        let attach = ec2(state, "attach-internet-gateway").with("internet-gateway-id", gateway.id);
        return Some(vec![attach.with("vpc-id", state.subnets.get(&from)?.vpc).line()]);
    }
    let table = table_of(state, from)?;
    let taken = trace.way.route.map(|(_, destination, target)| (destination, target));
    let dead = table.routes.iter().filter(|route| route.blackhole);
    let mut dead = dead.map(|route| (route.destination, route.target));
    let (destination, target) = taken.or_else(|| dead.next())?;
    match target {
        RouteTarget::NatGateway(nat) => way_out(state, from, destination, Some(nat)),
        RouteTarget::Endpoint(_) => gateway_endpoint(state, from).map(|made| made.lines),
        // The gateway alone leads nowhere for what has no public address.
        RouteTarget::InternetGateway(_) | RouteTarget::Interface(_) => {
            way_out(state, from, destination, None)
        }
        _ => None,
    }
}

/// A new subnet in a zone, with addresses that its VPC has left; where there are none, the VPC gets another block.
pub fn new_subnet(state: &State, vpc: VpcId, length: u8, zone: Zone, name: &str) -> Option<Made> {
    let mut lines = Vec::new();
    let block = free_block(state, vpc, length).or_else(|| {
        let more: Ipv4Net = "100.64.0.0/16".parse().ok()?;
        let known = &state.vpcs.get(&vpc)?.cidrs;
        known.iter().all(|(_, block)| !overlap((*block).into(), more.into())).then_some(())?;
        lines
            .push(ec2(state, "associate-vpc-cidr-block").with("vpc-id", vpc).with("cidr-block", more).line());
        Ipv4Net::new(more.addr(), length.max(more.prefix_len())).ok()
    })?;
    let create = ec2(state, "create-subnet").with("vpc-id", vpc).with("cidr-block", block);
    lines.push(create.with("availability-zone", zone.name).into_variable(name, "Subnet.SubnetId"));
    Some(Made { lines, id: variable(name) })
}

/// The first block of this size in a VPC that no subnet has an address of.
fn free_block(state: &State, vpc: VpcId, length: u8) -> Option<Ipv4Net> {
    let taken: Vec<Ipv4Net> =
        state.subnets.by(&SubnetIndex::Vpc(vpc)).filter_map(|subnet| subnet.cidr).collect();
    let free = |block: &Ipv4Net| !taken.iter().any(|net| overlap((*net).into(), (*block).into()));
    let blocks = state.vpcs.get(&vpc)?.cidrs.iter().filter_map(|(_, block)| block.subnets(length).ok());
    blocks.flatten().find(free)
}

/// A subnet like another one: in the same route table.
pub fn like(state: &State, model: &Subnet, length: u8, zone: Zone) -> Option<Made> {
    let mut made = new_subnet(state, model.vpc, length, zone, "SUBNET")?;
    let table = table_of(state, model.id)?;
    if table.associations.iter().any(|each| each.with == Associate::Subnet(model.id)) {
        let associate = ec2(state, "associate-route-table").with("subnet-id", &made.id);
        made.lines.push(associate.with("route-table-id", table.id).line());
    }
    Some(made)
}
