//! What to do about a failure: in words, and as commands of the AWS CLI that really do it.
//!
//! A fix is made from what was violated and from the state as it is, so that ids are filled in and nothing is made
//! twice. The commands are lines for bash, to be run in their order in one shell; what an earlier one makes a later one
//! gets in a variable. Nothing is left for people to fill in but what the state cannot know, such as the content of a
//! file that is not there.

pub mod bash;
mod dns;
mod network;
mod packets;
mod policies;
mod rules;
#[cfg(test)]
mod tests;

pub use rules::fix as for_finding;

use crate::model::path::{BucketUse, Goal, Hop, HopKind, Trace};
use crate::model::peering::PeeringIndex;
use crate::model::{
    Destination, Id, NatGatewayId, NatGatewayState, NetworkInterfaceId, PeeringStatus, PrefixListId, Route,
    RouteTableId, RouteTarget, State, bucket,
};
use crate::net::Terrain;
use bash::aws;
use network::{anywhere, dead_route, ec2, gateway_endpoint, interface_endpoint, table_of, way_out};
use schemars::JsonSchema;
use serde::Serialize;

/// What to do about one violation.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// The rule that holds again after it.
    pub rule: &'static str,
    pub words: String,
    /// Lines for bash, in this order. Empty where another request is needed, not another network.
    pub commands: Vec<String>,
}

/// What to do about a hop that blocks. `also` is what else has to be done in buckets, on other paths.
pub fn for_hop(terrain: &Terrain<'_>, trace: &Trace, hop: &Hop, also: &[BucketUse]) -> Option<Fix> {
    let state = terrain.state;
    let from = trace.flow.from.as_ref().map(|from| from.subnet);
    let done = |words: String, commands: Vec<String>| Some(Fix { rule: hop.rule, words, commands });
    let (words, commands) = match hop.kind {
        HopKind::Name if needs_endpoint(trace, hop) => return way(terrain, trace, hop),
        HopKind::Name => {
            let subnet = state.subnets.get(&from?)?;
            ("Let names resolve in the VPC by AWS's own resolver.", dns::resolution(state, subnet)?)
        }
        HopKind::GroupOut => {
            ("Let the job's security group out to where it has to get.", packets::egress(terrain, trace)?)
        }
        HopKind::GroupIn => (
            "Let the traffic into the security group of what it arrives at.",
            packets::ingress(state, trace, hop)?,
        ),
        HopKind::AclOut | HopKind::AclIn | HopKind::AclBack => (
            "Let the traffic through the subnet's network ACL, both ways: it remembers nothing.",
            packets::through_acl(terrain, trace, hop)?,
        ),
        HopKind::Route | HopKind::Target => return way(terrain, trace, hop),
        HopKind::Bucket => return of_bucket(terrain, trace, hop),
        HopKind::RolePolicy | HopKind::EndpointPolicy | HopKind::BucketPolicy => {
            let mended = match hop.kind {
                HopKind::RolePolicy => policies::role(terrain, trace, also)?,
                HopKind::EndpointPolicy => policies::endpoint(terrain, trace, also)?,
                _ => policies::bucket(terrain, trace)?,
            };
            return done(mended.words.trim().to_owned(), mended.lines);
        }
    };
    done(words.to_owned(), commands)
}

/// Whether a name does not lead to where it could: to an interface endpoint in a VPC that has no way out.
fn needs_endpoint(trace: &Trace, hop: &Hop) -> bool {
    hop.rule == "EC2-VPCE-NEED" && matches!(trace.flow.to, Goal::Service(_))
}

/// What leads where no route does.
fn way(terrain: &Terrain<'_>, trace: &Trace, hop: &Hop) -> Option<Fix> {
    let state = terrain.state;
    let from = trace.flow.from.as_ref()?.subnet;
    let done = |words: &str, commands| Some(Fix { rule: hop.rule, words: words.to_owned(), commands });
    let peered = matches!(trace.way.route, Some((.., RouteTarget::Peering(_))));
    if hop.evidence.get("family") == Some("IPv6") {
        return done("A job's interfaces have IPv4 addresses: name a host that has one too.", Vec::new());
    }
    if hop.rule == "EC2-PCX-ROUTE" || (hop.rule == "EC2-RT-BLACKHOLE" && peered) {
        return peering(state, trace).and_then(|(words, commands)| done(&words, commands));
    }
    if hop.rule == "EC2-RT-BLACKHOLE" {
        return done("Lead the route to something that is there.", dead_route(state, trace, hop)?);
    }
    if hop.rule == "EC2-RT-TARGET" {
        let interface = NetworkInterfaceId::parse(&hop.at)?;
        let change = ec2(state, "modify-network-interface-attribute").with("network-interface-id", interface);
        let words = "Let the instance forward packets that are not its own: no source and destination check.";
        return done(words, vec![change.flag("no-source-dest-check").line()]);
    }
    if ["SM-OUT-03", "EC2-NAT-STATE"].contains(&hop.rule) {
        let to = trace.way.route.map_or_else(anywhere, |(_, destination, _)| destination);
        let nat = trace.way.nat.or(match trace.way.route {
            Some((.., RouteTarget::NatGateway(id))) => Some(id),
            _ => None,
        });
        if let Some(wait) = pending(state, nat) {
            return done("The NAT gateway is on its way: wait for it.", vec![wait]);
        }
        let words = "A NAT gateway works in a public subnet: one whose own route table leads to an internet gateway. \
                     Lead the job's subnet to such a one.";
        return done(words, way_out(state, from, to, nat)?);
    }
    match &trace.flow.to {
        Goal::Bucket(used) => {
            let found = bucket::find(state.site.account, &used.bucket, terrain.elsewhere);
            if found.is_none_or(|found| found.bucket.region == state.site.region)
                && let Some(made) = gateway_endpoint(state, from).filter(|made| !made.lines.is_empty())
            {
                let words = "Lead the subnet's route table to S3 by a gateway endpoint; a table takes part in one such \
                             endpoint only, so one that the VPC has already is used.";
                return done(words, made.lines);
            }
            done(
                "Lead the subnet out through a NAT gateway in a public subnet.",
                way_out(state, from, anywhere(), None)?,
            )
        }
        Goal::Service(name) => match interface_endpoint(state, from, name) {
            Some(made) => {
                let words = format!(
                    "Make an interface endpoint for {name}, with private DNS, so that its name leads to it."
                );
                done(&words, made.lines)
            }
            None => done(
                "Lead the subnet out through a NAT gateway in a public subnet.",
                way_out(state, from, anywhere(), None)?,
            ),
        },
        Goal::Host(_) => done(
            "Lead the subnet out through a NAT gateway in a public subnet.",
            way_out(state, from, anywhere(), None)?,
        ),
        Goal::Peer(_) | Goal::Edge { .. } => None,
    }
}

/// The command that waits for a NAT gateway that is being made.
fn pending(state: &State, nat: Option<NatGatewayId>) -> Option<String> {
    let nat = state.nat_gateways.get(&nat?)?;
    (nat.state == NatGatewayState::Pending && nat.failure.is_none())
        .then(|| ec2(state, "wait nat-gateway-available").with("nat-gateway-ids", nat.id).line())
}

/// A peering connection that waits for an answer, or that one side has no route to.
fn peering(state: &State, trace: &Trace) -> Option<(String, Vec<String>)> {
    let Goal::Peer(peer) = &trace.flow.to else { return None };
    let here = state.subnets.get(&trace.flow.from.as_ref()?.subnet)?;
    let there = state.subnets.get(&peer.subnet)?;
    let mut all = state.peerings.by(&PeeringIndex::Vpc(here.vpc));
    let peering = all.find(|peering| peering.other_side(here.vpc).vpc == there.vpc)?;
    let mut lines = Vec::new();
    if peering.status == PeeringStatus::PendingAcceptance {
        let accept = ec2(state, "accept-vpc-peering-connection");
        lines.push(accept.with("vpc-peering-connection-id", peering.id).line());
    }
    for (one, other) in [(here, there), (there, here)] {
        let table = table_of(state, one.id)?;
        let blocks = state.vpcs.get(&other.vpc)?.cidrs.iter().map(|(_, block)| *block);
        let known = |block: &ipnet::Ipv4Net| {
            let to = RouteTarget::Peering(peering.id);
            let covers = |route: &Route| match route.destination {
                Destination::Cidr(net) => net.contains(&ipnet::IpNet::V4(*block)),
                Destination::PrefixList(_) => false,
            };
            table.routes.iter().any(|route| route.target == to && covers(route))
        };
        for block in blocks.filter(|block| !known(block)) {
            let taken = table.route_for(Destination::Cidr(block.into())).is_some();
            let operation = if taken { "replace-route" } else { "create-route" };
            let route = ec2(state, operation).with("route-table-id", table.id);
            let route = route.with("destination-cidr-block", block);
            lines.push(route.with("vpc-peering-connection-id", peering.id).line());
        }
    }
    let words = "Accept the peering connection if it waits, and give the route tables of both sides a route to the other.";
    Some((words.to_owned(), lines))
}

/// A bucket or an object that is not there.
fn of_bucket(terrain: &Terrain<'_>, trace: &Trace, hop: &Hop) -> Option<Fix> {
    let Goal::Bucket(used) = &trace.flow.to else { return None };
    let state = terrain.state;
    let region = &state.site.region;
    let name = &used.bucket;
    let done = |words: String, commands| Some(Fix { rule: hop.rule, words, commands });
    if let Some(entry) = hop.evidence.get("entry") {
        return done(format!("Put {entry} there, or take it off the manifest."), Vec::new());
    }
    match bucket::find(state.site.account, name, terrain.elsewhere) {
        None => {
            let make = aws("s3 mb").line();
            let words =
                format!("Make the bucket {name}, or name one that is there; then put the input into it.");
            done(words, vec![format!("{make} {} --region {region}", bash::quoted(&format!("s3://{name}")))])
        }
        Some(found) if found.bucket.region != *region => {
            let near = format!("{name}-{region}");
            let copy = format!(
                "aws s3 sync {} {} --source-region {} --region {region}",
                bash::quoted(&format!("s3://{name}")),
                bash::quoted(&format!("s3://{near}")),
                found.bucket.region
            );
            let make = format!("aws s3 mb {} --region {region}", bash::quoted(&format!("s3://{near}")));
            let words = format!(
                "The bucket is in {}: copy it to {region}, and name s3://{near} in the request.",
                found.bucket.region
            );
            done(words, vec![make, copy])
        }
        Some(found) => {
            let keys: Vec<_> = found
                .home
                .0
                .objects_under(name, "")
                .take(3)
                .map(|object| object.at.key.to_string())
                .collect();
            let there = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
            done(format!("Name what is in the bucket, or put it there. It holds {there}."), Vec::new())
        }
    }
}

/// What to do about a refused call that no rule of jobs is behind: what the state knows better than the hint.
pub fn for_refusal(state: &State, rule: &'static str, message: &str, tables: &[String]) -> Option<Fix> {
    if rule != "EC2-VPCE-DUP-RT" {
        return None;
    }
    let table = RouteTableId::parse(message.split_whitespace().find(|word| word.starts_with("rtb-"))?)?;
    let list =
        message.split_whitespace().map(|word| word.trim_end_matches('.')).find_map(PrefixListId::parse)?;
    let route = state.route_tables.get(&table)?.route_for(Destination::PrefixList(list))?;
    let RouteTarget::Endpoint(id) = route.target else { return None };
    let endpoint = state.vpc_endpoints.get(&id)?;
    let lacks =
        |name: &&String| RouteTableId::parse(name).is_some_and(|id| !endpoint.route_tables.contains(&id));
    let lacking: Vec<&String> = tables.iter().filter(lacks).collect();
    let words = format!("{table} takes part in {id} already: use that endpoint instead of another one.");
    let add = |tables: &[&String]| {
        ec2(state, "modify-vpc-endpoint")
            .with("vpc-endpoint-id", id)
            .with_all("add-route-table-ids", tables)
            .line()
    };
    let commands = if lacking.is_empty() { Vec::new() } else { vec![add(&lacking)] };
    Some(Fix { rule, words, commands })
}
