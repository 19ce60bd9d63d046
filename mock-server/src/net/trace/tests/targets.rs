//! Every kind of target that a route may have.

use super::scene::{EVERYWHERE, OWN, account, entry, first, net, to};
use super::*;
use crate::model::network::ANY_V4;
use crate::model::path::HopKind::*;
use crate::model::*;

#[test]
fn a_nat_gateway_needs_a_public_subnet() {
    let (scene, nat, gateway) = Scene::with_nat();
    scene.check();
    let trace = scene.trace(scene.to_bucket());
    assert!(trace.reaches(), "{:#?}", trace.blocked());
    assert_eq!(
        kinds(&trace).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>(),
        [
            Name,
            GroupOut,
            AclOut,
            Route,
            Target,
            AclIn,
            AclOut,
            Route,
            Target,
            AclBack,
            AclBack,
            AclBack,
            Bucket,
            RolePolicy,
            BucketPolicy
        ]
    );
    assert_eq!((trace.way.nat, trace.way.endpoint), (Some(nat), None));
    assert!(scene.trace(scene.host("packages.example.com")).reaches());
    let public = scene.here.nat_gateways.get(&nat).unwrap().subnet;

    // In its own shadow: in a subnet that is routed to itself.
    let mut shadow = Scene::closed();
    let gateway_there = shadow.add_internet_gateway(shadow.vpc);
    let itself = shadow.add_nat(shadow.subnet, true);
    let main = shadow.main_table(shadow.vpc);
    shadow.add_route(main, EVERYWHERE, RouteTarget::NatGateway(itself));
    shadow.check();
    let trace = shadow.trace(shadow.to_bucket());
    assert_eq!(blocked(&trace), (Route, "SM-OUT-03", &*format!("{main} {EVERYWHERE}")));
    assert_eq!(trace.blocked().unwrap().evidence.get("nat"), Some(&*itself.to_string()));
    assert!(shadow.here.internet_gateways.contains(&gateway_there));

    // Its subnet has no route out at all.
    let mut cut = scene.clone();
    let table =
        cut.here.route_tables.by(&crate::model::route::RouteTableIndex::Subnet(public)).next().unwrap().id;
    cut.drop_route(table, to(EVERYWHERE));
    assert_eq!(blocked(&cut.trace(cut.to_bucket())), (Route, "SM-OUT-03", &*table.to_string()));

    // The gateway at the end is gone.
    let mut detached = scene.clone();
    detached.detach(gateway);
    detached.check();
    assert_eq!(blocked(&detached.trace(detached.to_bucket())).1, "EC2-RT-BLACKHOLE");

    let mut pending = scene.clone();
    pending.here.nat_gateways.update(&nat, |nat| nat.state = NatGatewayState::Pending);
    assert_eq!(blocked(&pending.trace(pending.to_bucket())), (Target, "EC2-NAT-STATE", &*nat.to_string()));

    // The ACLs of its subnet, each way on both sides.
    for (number, egress, cidr, ports, kind) in [
        (10, false, "10.0.1.0/24", (443, 443), AclIn),
        (10, true, EVERYWHERE, (443, 443), AclOut),
        (10, false, "52.92.128.0/17", (2_000, 2_000), AclBack),
        (10, true, "10.0.1.0/24", (40_000, 41_000), AclBack),
    ] {
        let mut scene = scene.clone();
        let mut entries = vec![entry(number, egress, false, cidr, ports)];
        entries.extend([true, false].map(|egress| entry(100, egress, true, EVERYWHERE, (0, 65_535))));
        let acl = scene.add_acl(public, entries);
        let trace = scene.trace(scene.to_bucket());
        assert_eq!(blocked(&trace), (kind, "EC2-NACL-EVAL", &*format!("{acl} 10")), "{cidr} {ports:?}");
        assert_eq!(trace.blocked().unwrap().at, public.to_string());
    }
}

#[test]
fn a_private_nat_gateway_does_not_lead_to_the_internet() {
    let mut scene = Scene::closed();
    let public = scene.add_subnet(scene.vpc, "10.0.0.0/24", 0);
    let gateway = scene.add_internet_gateway(scene.vpc);
    let table = scene.add_table(scene.vpc, &[public]);
    scene.add_route(table, EVERYWHERE, RouteTarget::InternetGateway(gateway));
    let nat = scene.add_nat(public, false);
    scene.add_route(scene.main_table(scene.vpc), EVERYWHERE, RouteTarget::NatGateway(nat));
    scene.check();
    assert_eq!(blocked(&scene.trace(scene.to_bucket())), (Target, "EC2-IGW-PUBLIC", &*gateway.to_string()));
}

#[test]
fn an_internet_gateway_serves_public_addresses() {
    let mut scene = Scene::closed();
    let gateway = scene.add_internet_gateway(scene.vpc);
    scene.add_route(scene.main_table(scene.vpc), EVERYWHERE, RouteTarget::InternetGateway(gateway));
    let trace = scene.trace(scene.to_bucket());
    assert_eq!(blocked(&trace), (Target, "SM-VPC-ENI-10", &*gateway.to_string()));
    let interface = scene.add_interface(scene.subnet, &[scene.group], None, "interface");
    let row = scene.here.interfaces.get(&interface).unwrap().clone();
    let mut flow = scene.to_bucket();
    flow.from = Vantage::of(&row);
    assert_eq!(blocked(&scene.trace(flow.clone())), (Target, "EC2-IGW-PUBLIC", &*gateway.to_string()));
    flow.from.as_mut().unwrap().public = true;
    assert!(scene.trace(flow).reaches());
}

#[test]
fn an_interface_endpoint_is_taken_by_its_names() {
    let mut scene = Scene::closed();
    let apart = scene.add_subnet(scene.vpc, "10.0.2.0/24", 1);
    let guard = scene.add_group(scene.vpc, &[]);
    let endpoint = scene.add_interface_endpoint(scene.vpc, "s3", &[apart], guard);
    scene.check();
    let closed = scene.trace(scene.to_bucket());
    assert_eq!(blocked(&closed), (GroupIn, "EC2-VPCE-SG", &*guard.to_string()));
    scene.allow(guard, Direction::Ingress, 443, Peer::Group(scene.group));
    let trace = scene.trace(scene.to_bucket());
    assert!(trace.reaches(), "{:#?}", trace.blocked());
    assert_eq!(trace.way.endpoint, Some(endpoint));
    assert_eq!(
        kinds(&trace).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>(),
        [
            Name,
            GroupOut,
            AclOut,
            Route,
            Target,
            AclIn,
            GroupIn,
            AclBack,
            AclBack,
            Bucket,
            RolePolicy,
            EndpointPolicy,
            BucketPolicy
        ]
    );
    // The one in the same zone is nearer; what stays in a subnet meets no ACL.
    let mut near = scene.clone();
    near.here.remove_vpc_endpoint(endpoint);
    near.add_interface_endpoint(near.vpc, "s3", &[apart, near.subnet], guard);
    let trace = near.trace(near.to_bucket());
    assert!(trace.reaches() && trace.hops.iter().all(|hop| !matches!(hop.kind, AclOut | AclIn | AclBack)));
    // Without private names, or with them for others only, its VPC does not find it.
    for change in [
        (|it: &mut VpcEndpoint| it.private_dns = false) as fn(&mut VpcEndpoint),
        |it| it.inbound_only = Some(true),
        |it| it.state = VpcEndpointState::Deleting,
    ] {
        let mut scene = scene.clone();
        scene.here.vpc_endpoints.update(&endpoint, change);
        assert_eq!(blocked(&scene.trace(scene.to_bucket())).1, "SM-S3-NOPATH-01");
    }
    let own = format!("bucket.{endpoint}-abcdefgh.s3.us-west-2.vpce.amazonaws.com");
    assert!(scene.trace(scene.host(&own)).reaches());
    let legacy = scene.trace(scene.host("data.s3-us-west-2.amazonaws.com"));
    assert_eq!(blocked(&legacy).1, "SM-S3-NOPATH-01", "its private names are not those of the old form");
}

#[test]
fn an_endpoint_of_a_peered_vpc_is_reached_by_its_own_name() {
    let mut scene = Scene::closed();
    let other = scene.add_vpc("10.9.0.0/16");
    let subnet = scene.add_subnet(other, "10.9.1.0/24", 0);
    let guard = scene
        .add_group(other, &[(Direction::Ingress, "tcp", Some((443, 443)), Peer::V4(net("10.0.0.0/16")))]);
    let endpoint = scene.add_interface_endpoint(other, "sts", &[subnet], guard);
    let own = format!("{endpoint}-abcdefgh.sts.us-west-2.vpce.amazonaws.com");
    let unknown = scene.trace(scene.host(&own));
    assert_eq!((blocked(&unknown).0, blocked(&unknown).1), (Name, "EC2-VPCE-404"));
    let peering = scene.add_peering(scene.vpc, other);
    scene.add_route(scene.main_table(scene.vpc), "10.9.0.0/16", RouteTarget::Peering(peering));
    scene.add_route(scene.main_table(other), "10.0.0.0/16", RouteTarget::Peering(peering));
    let trace = scene.trace(scene.host(&own));
    assert!(trace.reaches(), "{:#?}", trace.blocked());
    assert_eq!(trace.way.endpoint, Some(endpoint));
    // Its private names are for its own VPC.
    assert_eq!(blocked(&scene.trace(scene.host("sts.us-west-2.amazonaws.com"))).1, "EC2-VPCE-NEED");
}

#[test]
fn services_are_found_by_their_endpoints_names() {
    let mut scene = Scene::closed();
    let guard = scene
        .add_group(scene.vpc, &[(Direction::Ingress, "tcp", Some((443, 443)), Peer::V4(net("10.0.0.0/16")))]);
    scene.add_interface_endpoint(scene.vpc, "sts", &[scene.subnet], guard);
    assert!(scene.trace(scene.flow(Goal::Service("sts".into()))).reaches());
    assert!(scene.trace(scene.host("sts.us-west-2.amazonaws.com")).reaches());
    assert_eq!(blocked(&scene.trace(scene.host("logs.us-west-2.amazonaws.com"))).1, "EC2-VPCE-NEED");
    let vpc = scene.vpc;
    scene.here.vpcs.update(&vpc, |vpc| vpc.dns_hostnames = false);
    assert_eq!(blocked(&scene.trace(scene.flow(Goal::Service("sts".into())))).1, "EC2-VPCE-NEED");
}

#[test]
fn interfaces_of_a_vpc_reach_each_other() {
    let mut scene = Scene::closed();
    let apart = scene.add_subnet(scene.vpc, "10.0.2.0/24", 1);
    let guard = scene.add_group(scene.vpc, &[]);
    let there = scene.add_interface(apart, &[guard], None, "interface");
    assert_eq!(blocked(&scene.trace(scene.peer(there))), (GroupIn, "EC2-SG-EVAL", &*guard.to_string()));
    scene.allow(guard, Direction::Ingress, 443, Peer::Group(scene.group));
    let trace = scene.trace(scene.peer(there));
    let way = [GroupOut, AclOut, Route, AclIn, GroupIn, AclBack, AclBack];
    assert_eq!(kinds(&trace), way.map(|kind| (kind, true)));
    let near = scene.add_interface(scene.subnet, &[guard], None, "interface");
    assert_eq!(kinds(&scene.trace(scene.peer(near))), [GroupOut, Route, GroupIn].map(|kind| (kind, true)));
    // By its address too; nobody has another one.
    let address = scene.here.interfaces.get(&there).unwrap().addresses[0].to_string();
    assert!(scene.trace(scene.host(&address)).reaches());
    assert_eq!(blocked(&scene.trace(scene.host("10.0.2.99"))).0, Target);
}

#[test]
fn a_peering_connection_needs_a_route_on_each_side() {
    let mut scene = Scene::closed();
    let other = scene.add_vpc("10.9.0.0/16");
    let subnet = scene.add_subnet(other, "10.9.1.0/24", 0);
    let guard = scene
        .add_group(other, &[(Direction::Ingress, "tcp", Some((443, 443)), Peer::V4(net("10.0.0.0/16")))]);
    let there = scene.add_interface(subnet, &[guard], None, "interface");
    let peering = scene.add_peering(scene.vpc, other);
    let flow = scene.peer(there);
    assert_eq!(blocked(&scene.trace(flow.clone())).1, "EC2-PCX-ROUTE");
    scene.add_route(scene.main_table(scene.vpc), "10.9.0.0/16", RouteTarget::Peering(peering));
    let trace = scene.trace(flow.clone());
    assert_eq!((blocked(&trace).0, trace.blocked().unwrap().at.clone()), (Route, subnet.to_string()));
    scene.add_route(scene.main_table(other), "10.0.0.0/16", RouteTarget::Peering(peering));
    scene.check();
    assert!(scene.trace(flow.clone()).reaches(), "{:#?}", scene.trace(flow.clone()).blocked());
    // Nothing but the other VPC lies behind it.
    scene.add_route(scene.main_table(scene.vpc), EVERYWHERE, RouteTarget::Peering(peering));
    let gateway = scene.add_internet_gateway(other);
    scene.add_route(scene.main_table(other), EVERYWHERE, RouteTarget::InternetGateway(gateway));
    assert_eq!(blocked(&scene.trace(scene.to_bucket())), (Target, "EC2-PCX-ROUTE", &*peering.to_string()));
    scene.here.peerings.update(&peering, |row| row.status = PeeringStatus::Deleted { by: account(OWN) });
    scene.here.settle_routes_to(RouteTarget::Peering(peering));
    assert_eq!(blocked(&scene.trace(flow)).0, Route);
}

#[test]
fn a_vpc_of_another_account_and_region_is_reached_like_one_nearby() {
    let mut scene = Scene::closed();
    let other = scene.add_vpc("10.9.0.0/16");
    let subnet = scene.add_subnet(other, "10.9.1.0/24", 0);
    let guard = scene.add_group(other, &[(Direction::Ingress, "-1", None, Peer::V4(ANY_V4))]);
    let there = scene.add_interface(subnet, &[guard], None, "interface");
    let peering = scene.add_peering(scene.vpc, other);
    scene.add_route(scene.main_table(other), "10.0.0.0/16", RouteTarget::Peering(peering));
    scene.add_route(scene.main_table(scene.vpc), "10.9.0.0/16", RouteTarget::Peering(peering));
    let flow = scene.peer(there);
    // The same network, in a cell of its own.
    let scope = Scope::Region("eu-west-1".into());
    let mut far = scene.here.clone();
    far.site = first(210_987_654_321, scope.clone()).site;
    let side = |row: &mut Peering| {
        row.accepter.account = account(210_987_654_321);
        row.accepter.region = "eu-west-1".into();
    };
    far.peerings.update(&peering, side);
    scene.here.peerings.update(&peering, side);
    let (interface, row) = (there, scene.here.subnets.get(&subnet).unwrap().id);
    scene.here.remove_interface(interface);
    scene.here.remove_subnet(row);
    assert!(!scene.trace(flow.clone()).reaches(), "the other account is not there");
    scene.others.insert((account(210_987_654_321), scope), far);
    let trace = scene.trace(flow);
    assert!(trace.reaches(), "{:#?}", trace.blocked());
}

#[test]
fn a_transit_gateway_leads_to_a_vpc_that_leads_out() {
    let mut scene = Scene::closed();
    let other = scene.add_vpc("10.9.0.0/16");
    let inner = scene.add_subnet(other, "10.9.1.0/24", 0);
    let public = scene.add_subnet(other, "10.9.2.0/24", 0);
    let guard = scene.add_group(other, &[(Direction::Ingress, "-1", None, Peer::V4(net("10.0.0.0/16")))]);
    let there = scene.add_interface(public, &[guard], None, "interface");
    let gateway = scene.add_internet_gateway(other);
    let nat = scene.add_nat(public, true);
    let outer = scene.add_table(other, &[public]);
    scene.add_route(outer, EVERYWHERE, RouteTarget::InternetGateway(gateway));
    scene.add_route(scene.main_table(other), EVERYWHERE, RouteTarget::NatGateway(nat));
    let transit = scene.add_transit_gateway(&[(scene.vpc, scene.subnet), (other, inner)], other);
    let target = RouteTarget::TransitGateway(transit);
    scene.add_route(scene.main_table(scene.vpc), EVERYWHERE, target);
    // Answers do not find back yet.
    assert_eq!(
        blocked(&scene.trace(scene.to_bucket())),
        (Route, "EC2-TGW-ROUTE", &*format!("{outer} {EVERYWHERE}"))
    );
    assert_eq!(blocked(&scene.trace(scene.peer(there))).0, Route);
    scene.add_route(outer, "10.0.0.0/16", target);
    scene.check();
    let trace = scene.trace(scene.to_bucket());
    assert!(trace.reaches(), "{:#?}", trace.hops);
    assert_eq!(trace.way.nat, Some(nat));
    assert!(scene.trace(scene.peer(there)).reaches());
    // In a zone where the VPC is not attached.
    scene.subnet = scene.add_subnet(scene.vpc, "10.0.7.0/24", 1);
    assert_eq!(blocked(&scene.trace(scene.to_bucket())), (Target, "EC2-TGW-ATTACH", &*transit.to_string()));
}

#[test]
fn an_instance_forwards_if_it_may() {
    let mut scene = Scene::closed();
    let public = scene.add_subnet(scene.vpc, "10.0.0.0/24", 0);
    let gateway = scene.add_internet_gateway(scene.vpc);
    let table = scene.add_table(scene.vpc, &[public]);
    scene.add_route(table, EVERYWHERE, RouteTarget::InternetGateway(gateway));
    let everything = |direction| (direction, "-1", None, Peer::V4(ANY_V4));
    let guard = scene.add_group(scene.vpc, &Direction::BOTH.map(everything));
    let relay = scene.add_interface(public, &[guard], None, "interface");
    scene.here.interfaces.update(&relay, |row| {
        let private = row.addresses[0];
        let public = "52.1.2.3".parse().unwrap();
        row.public.push(PublicAddress { private, public, elastic: None });
        let attachment = Id::parse("ela-attach-0123456789abcdef0").unwrap();
        row.attachment =
            Some(Attachment::Service { id: attachment, instance_owner: "me".into(), device_index: 0 });
    });
    scene.add_route(scene.main_table(scene.vpc), EVERYWHERE, RouteTarget::Interface(relay));
    assert_eq!(blocked(&scene.trace(scene.to_bucket())), (Target, "EC2-RT-TARGET", &*relay.to_string()));
    scene.here.interfaces.update(&relay, |row| row.source_dest_check = false);
    let trace = scene.trace(scene.to_bucket());
    assert!(trace.reaches(), "{:#?}", trace.blocked());
    // Instances that send to each other are no way.
    scene.add_route(table, EVERYWHERE, RouteTarget::Interface(relay));
    assert!(!scene.trace(scene.to_bucket()).reaches());
}
