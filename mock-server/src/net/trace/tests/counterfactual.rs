//! For each green hop of a flow that gets there: without the element that it cites, the flow fails at that hop.

use super::random::{Case, reaching};
use super::scene::{BUCKET, entry};
use super::*;
use crate::model::{
    Id, InternetGatewayId, NatGatewayState, NetworkAclId, PeeringStatus, PolicyDocument, RouteTableId,
    VpcEndpointState,
};
use proptest::prelude::*;

const DENY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
    {"Sid": "Cut", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
const DENY_ROLE: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Cut", "Effect": "Deny", "Action": "*", "Resource": "*"}}"#;

/// What the trace must say after an element is gone.
enum After {
    /// This kind of hop refuses, by something with the same fact.
    Same(&'static str),
    /// A route to it became a black hole, or leads elsewhere.
    Rerouted,
    /// There is nothing to take away, such as a local route.
    Nothing,
}

fn fact<'a>(hop: &'a Hop, name: &str) -> &'a str {
    hop.evidence.get(name).unwrap_or_default()
}

/// Takes away what a hop cites.
fn take(case: &mut Case, hop: &Hop) -> After {
    let state = &mut case.scene.here;
    match hop.kind {
        HopKind::Name => {
            let vpc = Id::parse(fact(hop, "vpc")).unwrap();
            state.vpcs.update(&vpc, |vpc| vpc.dns_support = false);
            After::Same("vpc")
        }
        HopKind::GroupOut | HopKind::GroupIn => {
            let group = Id::parse(fact(hop, "group")).unwrap();
            let rule = hop.evidence.resource.clone().unwrap();
            state.groups.update(&group, |group| group.rules.retain(|other| other.id.to_string() != rule));
            After::Same("groups")
        }
        HopKind::AclOut | HopKind::AclIn | HopKind::AclBack => {
            let acl: NetworkAclId = Id::parse(fact(hop, "acl")).unwrap();
            let number = |name| fact(hop, name).parse().unwrap();
            let ports = (number("from_port"), number("to_port"));
            // Of answers those that any client uses.
            let ports = if hop.kind == HopKind::AclBack { (40_000, 40_000) } else { ports };
            let deny = entry(1, fact(hop, "egress") == "true", false, fact(hop, "cidr"), ports);
            state.acls.update(&acl, |acl| acl.put(deny));
            After::Same("acl")
        }
        HopKind::Route => {
            let table: RouteTableId = Id::parse(fact(hop, "route_table")).unwrap();
            let row = state.route_tables.get(&table).unwrap().clone();
            let route =
                row.routes.iter().find(|route| route.destination.to_string() == fact(hop, "destination"));
            match route.unwrap().target {
                RouteTarget::Local => return After::Nothing,
                RouteTarget::Endpoint(id) => {
                    let mut endpoint = VpcEndpoint::clone(state.vpc_endpoints.get(&id).unwrap());
                    endpoint.route_tables.retain(|other| *other != table);
                    state.put_vpc_endpoint(endpoint);
                }
                _ => case.scene.drop_route(table, route.unwrap().destination),
            }
            After::Rerouted
        }
        HopKind::Target => {
            let gateway = fact(hop, "gateway").to_owned();
            if let Some(id) = Id::parse(&gateway) {
                state.nat_gateways.update(&id, |nat| nat.state = NatGatewayState::Pending);
                After::Same("gateway")
            } else if let Some(id) = Id::parse(&gateway) {
                state.vpc_endpoints.update(&id, |endpoint| endpoint.state = VpcEndpointState::Deleting);
                After::Rerouted
            } else if let Some(id) = <InternetGatewayId as Id>::parse(&gateway) {
                case.scene.detach(id);
                After::Rerouted
            } else if let Some(id) = Id::parse(&gateway) {
                state.peerings.update(&id, |row| row.status = PeeringStatus::Expired);
                state.settle_routes_to(RouteTarget::Peering(id));
                After::Rerouted
            } else {
                panic!("{hop:?}")
            }
        }
        HopKind::Bucket => {
            if case.scene.global.buckets.remove(&Arc::from(BUCKET)).is_none()
                || fact(hop, "external") == "true"
            {
                return After::Nothing;
            }
            case.scene.put_bucket("another", "us-west-2", None);
            After::Same("bucket")
        }
        HopKind::RolePolicy => {
            case.scene.put_role(DENY_ROLE);
            After::Same("bucket")
        }
        HopKind::EndpointPolicy => {
            let id = Id::parse(fact(hop, "endpoint")).unwrap();
            state.vpc_endpoints.update(&id, |endpoint| endpoint.policy = Some(PolicyDocument::new(DENY)));
            After::Same("bucket")
        }
        HopKind::BucketPolicy => {
            if fact(hop, "bucket") != BUCKET {
                return After::Nothing;
            }
            case.scene.put_bucket(BUCKET, "us-west-2", Some(DENY));
            After::Same("bucket")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_green_hop_is_needed(case in reaching()) {
        let whole = case.scene.trace(case.flow.clone());
        for (n, hop) in whole.hops.iter().enumerate() {
            let mut cut = case.clone();
            let mut now = hop.clone();
            // Other rules may allow the same: all that are cited go, one after the other.
            for _ in 0..40 {
                let after = take(&mut cut, &now);
                let trace = cut.scene.trace(cut.flow.clone());
                let first = trace.blocked();
                let told = || format!("{:#?}\nof {hop:#?}\nbut {first:#?}", cut.scene.trace(cut.flow.clone()).hops);
                match after {
                    After::Nothing => break,
                    After::Same(name) => {
                        if let Some(first) = first {
                            prop_assert_eq!((first.kind, fact(first, name)), (hop.kind, fact(hop, name)), "{}", told());
                            break;
                        }
                        let group = matches!(hop.kind, HopKind::GroupIn | HopKind::GroupOut);
                        prop_assert!(group, "{}", told());
                        now = trace.hops[n].clone();
                        prop_assert_eq!((now.kind, &now.at), (hop.kind, &hop.at));
                    }
                    After::Rerouted => {
                        let way = |trace: &Trace| {
                            let named = trace.hops.iter().filter(|hop| matches!(hop.kind, HopKind::Route | HopKind::Target));
                            named.map(|hop| (hop.passed, hop.evidence.resource.clone())).collect::<Vec<_>>()
                        };
                        prop_assert_ne!(way(&trace), way(&whole), "{}", told());
                        break;
                    }
                }
            }
            // Nothing else has changed: with the element back, the flow is whole.
            prop_assert_eq!(&case.scene.trace(case.flow.clone()), &whole);
        }
    }
}
