//! An analysis and the traces that it is made of never disagree.

use super::steps::ANY_PORT;
use super::*;
use crate::kernel::{Memo, SimTime};
use crate::model::insights::{HeaderFilter, InsightsEnd, Part};
use crate::model::path::{Flow, Goal, Hop, HopKind, Transport};
use crate::model::*;
use crate::net::trace::tests::random::{Case, cases};
use crate::net::trace::tests::scene::{EVERYWHERE, OWN, Scene, account, entry, net};
use crate::net::trace::{trace, trace_inbound};
use ipnet::Ipv4Net;
use proptest::prelude::*;

fn named(state: &State, id: impl ToString) -> InsightsEnd {
    let id = id.to_string();
    let arn = state.site.arn("ec2", format_args!("{}/{id}", kind_of(&id).unwrap().arn));
    InsightsEnd { id: id.into(), arn: arn.into(), account: state.site.account }
}

fn path(scene: &Scene, from: impl ToString, to: impl ToString) -> InsightsPath {
    InsightsPath {
        id: Id::parse("nip-0123456789abcdef0").unwrap(),
        source: named(&scene.here, from),
        destination: Some(named(&scene.here, to)),
        transport: Transport::Tcp,
        source_ip: None,
        destination_ip: None,
        destination_port: Some(443),
        at_source: HeaderFilter::default(),
        at_destination: HeaderFilter::default(),
        created: SimTime::from_millis(0),
        client_token: None,
        tags: Tags::default(),
        memo: Memo::default(),
    }
}

fn to_address(scene: &Scene, from: impl ToString, to: Ipv4Addr) -> InsightsPath {
    let at_source = HeaderFilter {
        destination: Some(to),
        destination_ports: Some((443, 443)),
        ..HeaderFilter::default()
    };
    InsightsPath { destination: None, destination_port: None, at_source, ..path(scene, from, "igw-1") }
}

fn ask(scene: &Scene, path: &InsightsPath) -> Outcome {
    try_with(scene, path, &[], &[], &[]).unwrap()
}

fn try_with(
    scene: &Scene,
    path: &InsightsPath,
    accounts: &[AccountId],
    filter_in: &[Arc<str>],
    filter_out: &[Arc<str>],
) -> Result<Outcome, NotBuilt> {
    scene.look(|terrain| analyse(&Asked { terrain: *terrain, accounts, filter_in, filter_out }, path))
}

fn codes(outcome: &Outcome) -> Vec<String> {
    let code = |why: &Facts| match why.get("ExplanationCode") {
        Some(Fact::Text(code)) => code.to_string(),
        other => panic!("{other:?}"),
    };
    outcome.explanations.iter().map(code).collect()
}

/// The ids of the components of a path.
fn ids(steps: &[Facts]) -> Vec<String> {
    let id = |step: &Facts| match step.get("Component") {
        Some(Fact::Part(part)) => part.id.to_string(),
        other => panic!("{other:?} of {step:?}"),
    };
    steps.iter().map(id).collect()
}

fn prefixes(steps: &[Facts]) -> Vec<String> {
    ids(steps).iter().map(|id| id.rsplit_once('-').unwrap().0.to_owned()).collect()
}

/// Whether something with this id is in a table: asked in another way than the code does.
fn exists(state: &State, part: &Part) -> bool {
    let printed = format!("{}", part.id);
    macro_rules! any {
        ($($table:ident)*) => { $(state.$table.iter().any(|row| row.id.to_string() == printed))||* };
    }
    any!(interfaces subnets vpcs groups acls route_tables internet_gateways nat_gateways vpc_endpoints peerings
         transit_gateways transit_attachments instances vpn_gateways)
}

fn check_parts(scene: &Scene, outcome: &Outcome) {
    for facts in outcome.forward.iter().chain(&outcome.back).chain(&outcome.explanations) {
        for part in facts.parts() {
            assert!(exists(&scene.here, part), "{part:?} is nowhere");
            assert!(
                part.arn.ends_with(&format!("/{}", part.id))
                    && part.arn.starts_with("arn:aws:ec2:us-west-2:")
            );
        }
    }
}

/// The codes that a hop of a rule may have.
fn codes_of(hop: &Hop) -> &'static [&'static str] {
    match (hop.kind, hop.rule) {
        (HopKind::GroupIn | HopKind::GroupOut, _) => &["ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES"],
        (_, "EC2-NACL-EVAL") => &["SUBNET_ACL_RESTRICTION"],
        (HopKind::Route, "EC2-RT-BLACKHOLE") => &["BAD_STATE_ROUTE"],
        (HopKind::Route, _) => &["NO_ROUTE_TO_DESTINATION", "BAD_STATE_ROUTE"],
        (_, "EC2-IGW-PUBLIC" | "SM-VPC-ENI-10") => &[
            "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
            "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
            "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
            "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS",
            "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
            "NO_POSSIBLE_DESTINATION",
        ],
        (_, "EC2-RT-LOCAL") => &["NO_POSSIBLE_DESTINATION"],
        (_, "EC2-NAT-STATE") => &["BAD_STATE", "NO_POSSIBLE_DESTINATION"],
        (_, "EC2-PCX-ROUTE") => &["PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "NO_POSSIBLE_DESTINATION", "BAD_STATE"],
        (_, "SM-S3-GW-02" | "SM-OUT-02") => &["BAD_STATE", "VPCE_GATEWAY_PROTOCOL_RESTRICTION"],
        _ => &[],
    }
}

/// What a hop that refuses is about.
fn elements(hop: &Hop) -> Vec<String> {
    let fact = |name| hop.evidence.get(name).unwrap_or_default().to_owned();
    match hop.kind {
        HopKind::GroupIn | HopKind::GroupOut => fact("groups").split(", ").map(str::to_owned).collect(),
        HopKind::Route => vec![fact("route_table")],
        HopKind::Target => vec![hop.at.clone()],
        _ => vec![fact("acl")],
    }
}

/// The outcome is the trace's.
fn agree(scene: &Scene, outcome: &Outcome, trace: &Trace) -> Result<(), TestCaseError> {
    prop_assert_eq!(outcome.found, trace.reaches());
    check_parts(scene, outcome);
    prop_assert_eq!(outcome.found, outcome.explanations.is_empty());
    let refused: Vec<_> = trace.hops.iter().filter(|hop| !hop.passed).collect();
    prop_assert_eq!(outcome.explanations.len(), refused.len());
    for ((hop, why), code) in refused.iter().zip(&outcome.explanations).zip(codes(outcome)) {
        prop_assert!(codes_of(hop).contains(&&*code), "{code} is not of {hop:#?}");
        let named: Vec<_> = why.parts().map(|part| part.id.to_string()).collect();
        for element in elements(hop) {
            prop_assert!(named.contains(&element), "{element} is not in {why:#?}");
        }
    }
    // A path is told as far as packets come.
    let back = outcome.back.len();
    match refused.first() {
        None => prop_assert!(back > 0 && ids(&outcome.back).last() == ids(&outcome.forward).first()),
        Some(hop) if hop.kind == HopKind::AclBack || hop.evidence.get("back_to").is_some() => {
            prop_assert!(back > 0);
        }
        Some(_) => prop_assert_eq!(back, 0),
    }
    Ok(())
}

fn at_source(flow: &Flow) -> NetworkInterfaceId {
    flow.from.as_ref().unwrap().interface.unwrap()
}

/// The interface has an address of the internet's, or has none, as the case says.
fn make_public(case: &mut Case) {
    let from = case.flow.from.as_ref().unwrap();
    let (id, private, public) = (at_source(&case.flow), from.address, from.public);
    case.scene.here.interfaces.update(&id, |row| {
        let attachment = Id::parse("ela-attach-0123456789abcdef0").unwrap();
        row.attachment =
            Some(Attachment::Service { id: attachment, instance_owner: "me".into(), device_index: 1 });
        row.public.clear();
        if public {
            let public = "52.1.2.3".parse().unwrap();
            row.public.push(PublicAddress { private, public, elastic: None });
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Between interfaces, and from one to an address: the trace itself.
    #[test]
    fn an_analysis_is_the_trace(mut case in cases(), which in 0..3_usize) {
        make_public(&mut case);
        let scene = &case.scene;
        let (from, mut flow) = (at_source(&case.flow), case.flow.clone());
        let path = match (&case.flow.to, which) {
            (Goal::Peer(to), _) => path(scene, from, to.interface.unwrap()),
            (_, 0) => to_address(scene, from, "52.218.128.9".parse().unwrap()),
            (_, 1) => to_address(scene, from, "10.0.10.99".parse().unwrap()),
            _ => to_address(scene, from, "203.0.113.77".parse().unwrap()),
        };
        if let Some(address) = path.leaving().destination {
            flow.to = Goal::Host(address.to_string().into());
        }
        agree(scene, &ask(scene, &path), &scene.trace(flow))?;
    }

    /// To a gateway: if it is reached, some address is reached; if not, none is.
    #[test]
    fn what_is_reached_through_a_gateway_can_be_reached(mut case in cases(), addresses in prop::collection::vec(any::<u32>(), 12)) {
        make_public(&mut case);
        let scene = &case.scene;
        let from = at_source(&case.flow);
        let vpc = scene.here.interfaces.get(&from).unwrap().vpc;
        let gateways = scene.here.internet_gateways.iter().filter(|row| row.vpc == Some(vpc));
        let endpoints = scene.here.vpc_endpoints.iter().filter(|row| row.vpc == vpc && row.kind() == EndpointType::Gateway);
        let edges: Vec<_> = gateways
            .map(|row| RouteTarget::InternetGateway(row.id))
            .chain(endpoints.map(|row| RouteTarget::Endpoint(row.id)))
            .collect();
        for edge in edges {
            let (id, within) = match edge {
                RouteTarget::InternetGateway(id) => (id.to_string(), vec![net(EVERYWHERE)]),
                RouteTarget::Endpoint(id) => {
                    let list = scene.here.vpc_endpoints.get(&id).unwrap().service.prefix_list.unwrap();
                    (id.to_string(), crate::net::trace::entries(&scene.here, list))
                }
                _ => unreachable!(),
            };
            let outcome = ask(scene, &path(scene, from, &id));
            check_parts(scene, &outcome);
            prop_assert_eq!(outcome.found, outcome.explanations.is_empty());
            let try_one = |address: Ipv4Addr| {
                let to = Goal::Edge { at: edge, address };
                scene.trace(Flow { to, ..case.flow.clone() })
            };
            if outcome.found {
                prop_assert!(ids(&outcome.forward).last() == Some(&id));
                let Some(Fact::Header(header)) = outcome.forward[0].get("OutboundHeader") else { panic!() };
                prop_assert!(try_one(header.destinations[0].addr()).reaches());
            }
            for bits in &addresses {
                // Somewhere in one of the blocks.
                let block: Ipv4Net = within[*bits as usize % within.len()];
                let address = Ipv4Addr::from(u32::from(block.network()) | (bits & u32::from(block.hostmask())));
                prop_assert!(outcome.found || !try_one(address).reaches(), "{address} gets there: {outcome:#?}");
            }
        }
    }

    /// From outside: the trace of what comes in.
    #[test]
    fn what_comes_in_is_the_trace(mut case in cases(), source in any::<u32>()) {
        make_public(&mut case);
        let scene = &case.scene;
        let to = at_source(&case.flow);
        let row = scene.here.interfaces.get(&to).unwrap().clone();
        let gateways = scene.here.internet_gateways.iter().filter(|gateway| gateway.vpc == Some(row.vpc));
        for gateway in gateways.map(|gateway| gateway.id) {
            let source = Ipv4Addr::from(source);
            let at_source = HeaderFilter { source: Some(source), destination_ports: Some((443, 443)), ..HeaderFilter::default() };
            let path = InsightsPath { at_source, destination_port: None, ..path(scene, gateway, to) };
            let goal = Goal::Peer(crate::model::path::Vantage::of(&row).unwrap());
            let flow = Flow { from: None, to: goal, ..case.flow.clone() };
            let trace = scene.look(|terrain| trace_inbound(terrain, gateway, source, &flow));
            agree(scene, &ask(scene, &path), &trace)?;
            // Whoever comes from anywhere has a source that gets in.
            let anywhere = InsightsPath { at_source: HeaderFilter { source: None, ..path.at_source }, ..path.clone() };
            prop_assert!(ask(scene, &anywhere).found || !trace.reaches());
        }
    }
}

#[test]
fn a_path_between_interfaces_is_told_step_by_step() {
    let mut scene = Scene::closed();
    let apart = scene.add_subnet(scene.vpc, "10.0.2.0/24", 1);
    let guard = scene.add_group(scene.vpc, &[]);
    let from = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let to = scene.add_interface(apart, &[guard], None, "interface");
    let asked = path(&scene, from, to);
    let closed = ask(&scene, &asked);
    assert_eq!(codes(&closed), ["SG_HAS_NO_RULES"]);
    assert_eq!(prefixes(&closed.forward), ["eni", "sg", "acl", "rtb", "acl"]);
    scene.allow(guard, Direction::Ingress, 80, Peer::Group(scene.group));
    assert_eq!(codes(&ask(&scene, &asked)), ["ENI_SG_RULES_MISMATCH"]);
    scene.allow(guard, Direction::Ingress, 443, Peer::Group(scene.group));
    let open = ask(&scene, &asked);
    assert!(open.found);
    assert_eq!(prefixes(&open.forward), ["eni", "sg", "acl", "rtb", "acl", "sg", "eni"]);
    assert_eq!(prefixes(&open.back), ["eni", "sg", "acl", "acl", "sg", "eni"]);
    assert!(matches!(open.forward[1].get("SecurityGroupRule"), Some(Fact::GroupRule(_))));
    assert!(
        matches!(open.forward[2].get("AclRule"), Some(Fact::AclRule(rule)) if rule.egress && rule.number == 100)
    );
    assert!(
        matches!(open.forward[3].get("RouteTableRoute"), Some(Fact::Route(route)) if route.target == RouteTarget::Local)
    );
    let Some(Fact::Header(header)) = open.forward[0].get("OutboundHeader") else { panic!() };
    assert_eq!((header.source_ports, header.destination_ports), (Some(ANY_PORT), Some((443, 443))));
    // Whoever names no port is content with any.
    assert!(ask(&scene, &InsightsPath { destination_port: None, ..asked.clone() }).found);
    assert!(!ask(&scene, &InsightsPath { destination_port: Some(22), ..asked.clone() }).found);
    // Filters.
    let wrong: Ipv4Addr = "10.0.9.9".parse().unwrap();
    for (change, code) in [
        (InsightsPath { source_ip: Some(wrong), ..asked.clone() }, "FILTER_AT_SOURCE_SOURCE_ADDRESS"),
        (
            InsightsPath { destination_ip: Some(wrong), ..asked.clone() },
            "FILTER_AT_DESTINATION_DESTINATION_ADDRESS",
        ),
        (
            InsightsPath {
                at_destination: HeaderFilter { source: Some(wrong), ..HeaderFilter::default() },
                ..asked.clone()
            },
            "FILTER_AT_DESTINATION_SOURCE_ADDRESS",
        ),
        (
            InsightsPath {
                at_destination: HeaderFilter { destination_ports: Some((1, 2)), ..HeaderFilter::default() },
                ..asked.clone()
            },
            "FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE",
        ),
    ] {
        assert_eq!(codes(&ask(&scene, &change)), [code]);
    }
    let arn = |id: &str| -> Arc<str> { format!("arn:aws:ec2:us-west-2:123456789012:x/{id}").into() };
    let (on, off) = ([arn(&guard.to_string())], [arn("nat-0123456789abcdef0")]);
    assert!(try_with(&scene, &asked, &[], &on, &off).unwrap().found);
    let missed = try_with(&scene, &asked, &[], &off, &[]).unwrap();
    assert_eq!(codes(&missed), ["COMPONENT_FILTER_RESTRICTION"]);
    let removed = try_with(&scene, &asked, &[], &[], &on).unwrap();
    assert_eq!(codes(&removed), ["COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT"]);
    // It is gone.
    scene.here.remove_interface(to);
    let gone = ask(&scene, &asked);
    assert_eq!((gone.found, codes(&gone)), (false, vec!["NO_SOURCE_OR_DESTINATION".to_owned()]));
}

#[test]
fn a_nat_gateway_sends_on_in_its_own_name() {
    let (mut scene, nat, gateway) = Scene::with_nat();
    let from = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let outcome = ask(&scene, &path(&scene, from, gateway));
    assert!(outcome.found, "{outcome:#?}");
    assert_eq!(prefixes(&outcome.forward), ["eni", "sg", "acl", "rtb", "nat", "acl", "acl", "rtb", "igw"]);
    assert_eq!(prefixes(&outcome.back), ["igw", "acl", "nat", "acl", "acl", "sg", "eni"]);
    check_parts(&scene, &outcome);
    let Some(Fact::Header(sent)) = outcome.forward[4].get("OutboundHeader") else { panic!() };
    let private = scene.here.nat_gateways.get(&nat).unwrap().addresses[0].private.unwrap();
    assert_eq!((sent.sources.clone(), sent.source_ports), (steps::single(private), Some((1_024, 65_535))));
    scene.here.nat_gateways.update(&nat, |row| row.state = NatGatewayState::Pending);
    assert_eq!(codes(&ask(&scene, &path(&scene, from, gateway))), ["BAD_STATE"]);
}

#[test]
fn each_gateway_has_its_codes() {
    let mut scene = Scene::closed();
    let from = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let gateway = scene.add_internet_gateway(scene.vpc);
    let out = path(&scene, from, gateway);
    assert_eq!(codes(&ask(&scene, &out)), ["NO_ROUTE_TO_DESTINATION"]);
    scene.add_route(scene.main_table(scene.vpc), EVERYWHERE, RouteTarget::InternetGateway(gateway));
    assert_eq!(codes(&ask(&scene, &out)), ["IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"]);
    for (address, code) in [
        ("192.168.0.1", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
        ("100.64.0.1", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"),
    ] {
        let outcome = ask(&scene, &to_address(&scene, from, address.parse().unwrap()));
        assert_eq!(codes(&outcome), [code]);
    }
    // In again.
    let inward = path(&scene, gateway, from);
    assert_eq!(codes(&ask(&scene, &inward))[0], "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    let from_private = InsightsPath { source_ip: "10.1.1.1".parse().ok(), ..inward.clone() };
    assert_eq!(codes(&ask(&scene, &from_private))[0], "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS");
    // A gateway endpoint takes TCP alone.
    let endpoint = scene.add_gateway_endpoint(scene.vpc, "s3", &[scene.main_table(scene.vpc)]);
    let to_s3 = path(&scene, from, endpoint);
    let outcome = ask(&scene, &to_s3);
    assert!(outcome.found, "{outcome:#?}");
    assert_eq!(prefixes(&outcome.forward), ["eni", "sg", "acl", "rtb", "vpce"]);
    let udp = InsightsPath { transport: Transport::Udp, ..to_s3 };
    assert_eq!(codes(&ask(&scene, &udp)), ["VPCE_GATEWAY_PROTOCOL_RESTRICTION"]);
    // Nothing begins at an endpoint of the same VPC.
    let guard = scene.add_group(scene.vpc, &[(Direction::Ingress, "-1", None, Peer::V4(net(EVERYWHERE)))]);
    let private = scene.add_interface_endpoint(scene.vpc, "sts", &[scene.subnet], guard);
    assert_eq!(codes(&ask(&scene, &path(&scene, private, from))), ["VPCE_INTRA_VPC_TRAFFIC"]);
    let outcome = ask(&scene, &path(&scene, from, private));
    assert!(outcome.found);
    assert_eq!(prefixes(&outcome.forward), ["eni", "sg", "rtb", "sg", "eni", "vpce"]);
    // Not attached to anything.
    scene.detach(gateway);
    assert_eq!(codes(&ask(&scene, &out)), ["UNASSOCIATED_COMPONENT"]);
    assert_eq!(
        codes(&ask(&scene, &to_address(&scene, from, "8.8.8.8".parse().unwrap()))),
        ["BAD_STATE_ROUTE"]
    );
    scene.here.interfaces.update(&from, |row| row.addresses.clear());
    assert_eq!(codes(&ask(&scene, &path(&scene, from, endpoint))), ["UNASSOCIATED_COMPONENT"]);
}

#[test]
fn peering_connections_and_transit_gateways() {
    let mut scene = Scene::closed();
    let other = scene.add_vpc("10.9.0.0/16");
    let subnet = scene.add_subnet(other, "10.9.1.0/24", 0);
    let guard = scene.add_group(other, &[(Direction::Ingress, "-1", None, Peer::V4(net("10.0.0.0/16")))]);
    let from = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let to = scene.add_interface(subnet, &[guard], None, "interface");
    let peering = scene.add_peering(scene.vpc, other);
    let across = path(&scene, from, to);
    assert_eq!(codes(&ask(&scene, &across))[0], "NO_ROUTE_TO_DESTINATION");
    scene.add_route(scene.main_table(scene.vpc), "10.9.0.0/16", RouteTarget::Peering(peering));
    // As far as the connection alone it is open.
    let outcome = ask(&scene, &path(&scene, from, peering));
    assert!(outcome.found && ids(&outcome.forward).last() == Some(&peering.to_string()));
    let outcome = ask(&scene, &across);
    assert_eq!(codes(&outcome), ["NO_ROUTE_TO_DESTINATION"]);
    assert_eq!(prefixes(&outcome.back), ["eni", "sg", "acl"], "answers come as far as the table");
    assert!(
        matches!(outcome.explanations[0].get("Destination"), Some(Fact::Part(part)) if *part.id == peering.to_string())
    );
    scene.add_route(scene.main_table(other), "10.0.0.0/16", RouteTarget::Peering(peering));
    let outcome = ask(&scene, &across);
    assert!(outcome.found);
    assert_eq!(prefixes(&outcome.forward), ["eni", "sg", "acl", "rtb", "pcx", "acl", "sg", "eni"]);
    assert_eq!(prefixes(&outcome.back), ["eni", "sg", "acl", "rtb", "pcx", "acl", "sg", "eni"]);
    scene.add_route(scene.main_table(scene.vpc), "10.77.0.0/16", RouteTarget::Peering(peering));
    let outcome = ask(&scene, &to_address(&scene, from, "10.77.0.1".parse().unwrap()));
    assert_eq!(codes(&outcome), ["PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"]);

    let transit = scene.add_transit_gateway(&[(scene.vpc, scene.subnet), (other, subnet)], other);
    scene.add_route(scene.main_table(scene.vpc), "10.99.0.0/16", RouteTarget::TransitGateway(transit));
    assert!(ask(&scene, &path(&scene, from, transit)).found);
    let far = scene.add_subnet(scene.vpc, "10.0.7.0/24", 1);
    let from = scene.add_interface(far, &[scene.group], None, "interface");
    let outcome = ask(&scene, &path(&scene, from, transit));
    assert_eq!(codes(&outcome), ["TGW_ROUTE_AZ_RESTRICTION"]);
    check_parts(&scene, &outcome);
    for form in [path(&scene, transit, from), path(&scene, peering, from)] {
        assert!(try_with(&scene, &form, &[], &[], &[]).is_err(), "it is not built, and says so");
    }
    let ports = HeaderFilter { source_ports: Some((1, 2)), ..HeaderFilter::default() };
    let narrow = InsightsPath { at_source: ports, ..path(&scene, from, to) };
    assert!(try_with(&scene, &narrow, &[], &[], &[]).is_err());
}

#[test]
fn other_accounts_are_seen_if_they_are_named() {
    let mut scene = Scene::closed();
    let other = scene.add_vpc("10.9.0.0/16");
    let subnet = scene.add_subnet(other, "10.9.1.0/24", 0);
    let guard = scene.add_group(other, &[(Direction::Ingress, "-1", None, Peer::V4(net(EVERYWHERE)))]);
    let from = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let to = scene.add_interface(subnet, &[guard], None, "interface");
    let peering = scene.add_peering(scene.vpc, other);
    scene.add_route(scene.main_table(other), "10.0.0.0/16", RouteTarget::Peering(peering));
    scene.add_route(scene.main_table(scene.vpc), "10.9.0.0/16", RouteTarget::Peering(peering));
    let foreign = account(210_987_654_321);
    assert_ne!(foreign, account(OWN));
    let scope = Scope::Region("us-west-2".into());
    let mut far = scene.here.clone();
    far.site = crate::net::trace::tests::scene::first(210_987_654_321, scope.clone()).site;
    let side = |row: &mut Peering| row.accepter.account = foreign;
    far.peerings.update(&peering, side);
    scene.here.peerings.update(&peering, side);
    let mut asked = path(&scene, from, to);
    asked.destination = Some(InsightsEnd { account: foreign, ..named(&far, to) });
    let address = far.interfaces.get(&to).unwrap().addresses[0];
    scene.here.remove_interface(to);
    scene.here.remove_subnet(subnet);
    scene.others.insert((foreign, scope), far);
    let unknown = ask(&scene, &asked);
    assert_eq!((codes(&unknown), unknown.suggested), (vec!["UNKNOWN_RESOURCE".to_owned()], vec![foreign]));
    let by_address = ask(&scene, &to_address(&scene, from, address));
    assert_eq!(codes(&by_address), ["NO_POSSIBLE_DESTINATION"]);
    assert_eq!(by_address.suggested, vec![foreign]);
    let known = try_with(&scene, &asked, &[foreign], &[], &[]).unwrap();
    assert!(known.found, "{known:#?}");
    let arns: Vec<_> = known.forward.iter().flat_map(Facts::parts).map(|part| part.arn.to_string()).collect();
    assert!(arns.contains(&format!("arn:aws:ec2:us-west-2:210987654321:network-interface/{to}")), "{arns:?}");
}

#[test]
fn the_broken_acl_is_named_on_the_way_back() {
    let mut scene = Scene::closed_with_endpoint();
    let from = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let endpoint = scene.here.vpc_endpoints.iter().next().unwrap().id;
    let acl = scene.add_acl(scene.subnet, vec![entry(100, true, true, EVERYWHERE, (443, 443))]);
    let outcome = ask(&scene, &path(&scene, from, endpoint));
    assert_eq!(codes(&outcome), ["SUBNET_ACL_RESTRICTION"]);
    let why = &outcome.explanations[0];
    assert!(matches!(why.get("Acl"), Some(Fact::Part(part)) if *part.id == acl.to_string()));
    assert_eq!(why.get("Direction"), Some(&Fact::Text("ingress".into())));
    assert_eq!(prefixes(&outcome.back), ["vpce"]);
    let trace = scene.look(|terrain| trace(terrain, &scene.to_bucket()));
    assert_eq!(trace.blocked().unwrap().kind, HopKind::AclBack);
}
