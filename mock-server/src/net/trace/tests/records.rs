//! What interfaces saw: never anything else than what the trace says.

use super::random::cases;
use super::scene::{EVERYWHERE, OWN, account, entry};
use super::*;
use crate::kernel::SimTime;
use crate::model::network::ANY_V4;
use crate::model::traffic::{EXCHANGE, FlowRecord, Volume};
use crate::model::{AclEntry, Attachment, Direction, Peer, Peering, PeeringSide, PeeringStatus, RouteTarget};
use proptest::prelude::*;

fn volume() -> Volume {
    Volume {
        out_bytes: 2_000,
        back_bytes: 1_000_000,
        start: SimTime::from_millis(1_000),
        end: SimTime::from_millis(31_000),
        from_port: 40_000,
    }
}

fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

/// An interface at which flows begin, as the job's are.
fn sender(scene: &mut Scene) -> NetworkInterfaceId {
    let (subnet, group) = (scene.subnet, scene.group);
    scene.add_interface(subnet, &[group], None, "interface")
}

/// A flow from an interface.
fn from(scene: &Scene, interface: NetworkInterfaceId, mut flow: Flow) -> Flow {
    flow.from = Vantage::of(scene.here.interfaces.get(&interface).unwrap());
    flow
}

/// Interface, direction, and whether it was accepted.
fn told(records: &[FlowRecord]) -> Vec<(NetworkInterfaceId, &'static str, bool)> {
    records.iter().map(|it| (it.interface, if it.ingress { "in" } else { "out" }, it.accepted)).collect()
}

/// The addresses of a record: interface's source and destination, then those in the packets.
fn addresses(record: &FlowRecord) -> [String; 4] {
    [record.source, record.destination, record.packet_source, record.packet_destination]
        .map(|it| it.to_string())
}

fn s3_through_endpoint() -> (Scene, Vec<FlowRecord>, NetworkInterfaceId) {
    let mut scene = Scene::closed_with_endpoint();
    let eni = sender(&mut scene);
    let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
    assert!(trace.reaches());
    let records = scene.records(&trace, &volume());
    (scene, records, eni)
}

#[test]
fn a_download_is_a_record_each_way() {
    let (scene, records, eni) = s3_through_endpoint();
    assert_eq!(told(&records), [(eni, "out", true), (eni, "in", true)]);
    let [out, back] = &records[..] else { panic!() };
    let row = scene.here.interfaces.get(&eni).unwrap();
    let own = row.addresses[0];
    assert_eq!((out.source, out.source_port, out.destination_port), (own, 40_000, 443));
    assert_eq!((back.destination, back.source_port, back.destination_port), (own, 443, 40_000));
    assert_eq!((out.destination, out.packet_destination), (back.source, back.source));
    assert_eq!((out.tcp_flags, back.tcp_flags, out.protocol), (3, 19, 6));
    assert_eq!((out.destination_service, out.source_service), (Some("S3"), None));
    assert_eq!((back.destination_service, back.source_service), (None, Some("S3")));
    // 685 segments of data, 1 acknowledgement of the request, 2 packets around them.
    assert_eq!((back.packets, back.bytes), (688, 1_000_000 + 688 * 40 + 20));
    // 2 segments of the request, 343 acknowledgements, 4 packets around them.
    assert_eq!((out.packets, out.bytes), (349, 2_000 + 349 * 40 + 20));
    assert_eq!((out.start.millis(), out.end.millis()), (1_000, 31_000));
    assert_eq!((out.account, &*out.region, out.zone_id), (account(OWN), "us-west-2", row.zone.id));
    assert_eq!((out.subnet, out.vpc, out.interface_type), (scene.subnet, scene.vpc, "interface"));
    assert_eq!((out.instance, out.path, back.path), (None, Some(2), None));
    assert_eq!(out.next_hop, None);
}

#[test]
fn interfaces_of_instances_take_the_paths_of_nitro() {
    let mut scene = Scene::closed_with_endpoint();
    let eni = sender(&mut scene);
    let id = scene.id();
    scene.here.interfaces.update(&eni, |row| {
        row.attachment =
            Some(Attachment::Service { id, instance_owner: "amazon-aws".into(), device_index: 1 });
    });
    let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
    assert_eq!(scene.records(&trace, &volume())[0].path, Some(7));
}

#[test]
fn answers_that_the_acl_refuses_are_rejected_after_what_went_out() {
    let mut scene = Scene::closed_with_endpoint();
    let eni = sender(&mut scene);
    let all = AclEntry { protocol: "-1".into(), ports: None, ..entry(100, true, true, EVERYWHERE, (0, 0)) };
    scene.add_acl(scene.subnet, vec![all, entry(100, false, true, EVERYWHERE, (1_024, 40_000))]);
    let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
    assert_eq!(blocked(&trace).0, HopKind::AclBack);
    let records = scene.records(&trace, &volume());
    assert_eq!(told(&records), [(eni, "out", true), (eni, "in", false)]);
    let [out, back] = &records[..] else { panic!() };
    assert_eq!((out.tcp_flags, out.packets, out.bytes), (2, 7, 420));
    assert_eq!((back.tcp_flags, back.packets, back.bytes), (18, 7, 420));
    // The entry lets some ports of clients in. That connection is from one of the others.
    assert_eq!((out.source_port, back.destination_port), (40_001, 40_001));
    assert_eq!(back.path, None);
}

#[test]
fn what_groups_and_acls_refuse_at_the_sender_goes_nowhere() {
    for acl in [false, true] {
        let mut scene = Scene::closed_with_endpoint();
        let eni = sender(&mut scene);
        if acl {
            // The first of S3's ranges is let through, so what is refused is in another one.
            let first = scene.trace(scene.to_bucket()).way.address.unwrap();
            scene.add_acl(scene.subnet, vec![entry(100, true, true, &format!("{first}/24"), (443, 443))]);
        } else {
            let group = scene.group;
            scene.here.groups.update(&group, |group| group.rules.clear());
        }
        let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
        let records = scene.records(&trace, &volume());
        assert_eq!(told(&records), [(eni, "out", false)]);
        let refused: Ipv4Net = trace.blocked().unwrap().evidence.get("cidr").unwrap().parse().unwrap();
        assert!(refused.contains(&records[0].destination), "{refused} {}", records[0].destination);
        assert_eq!((records[0].packets, records[0].bytes, records[0].path), (7, 420, None));
    }
}

#[test]
fn without_a_route_all_there_is_is_that_it_left() {
    let mut scene = Scene::closed();
    let eni = sender(&mut scene);
    let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
    let records = scene.records(&trace, &volume());
    assert_eq!(told(&records), [(eni, "out", true)]);
    assert_eq!((records[0].tcp_flags, records[0].packets, records[0].path), (2, 7, None));
}

#[test]
fn a_name_that_does_not_resolve_and_what_is_beside_every_instance_leave_nothing() {
    let mut scene = Scene::closed_with_endpoint();
    let eni = sender(&mut scene);
    let metadata = scene.trace(from(&scene, eni, scene.host("169.254.169.254")));
    assert!(metadata.reaches());
    assert_eq!(scene.records(&metadata, &volume()), []);
    let resolver = scene.trace(from(&scene, eni, scene.host("10.0.0.2")));
    assert_eq!(scene.records(&resolver, &volume()), []);
    let vpc = scene.vpc;
    scene.here.vpcs.update(&vpc, |vpc| vpc.dns_support = false);
    let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
    assert_eq!(blocked(&trace).0, HopKind::Name);
    assert_eq!(scene.records(&trace, &volume()), []);
}

#[test]
fn what_policies_refuse_is_refused_in_an_answer() {
    let mut scene = Scene::closed_with_endpoint();
    let eni = sender(&mut scene);
    scene.put_role(r#"{"Version": "2012-10-17", "Statement": []}"#);
    let trace = scene.trace(from(&scene, eni, scene.to_bucket()));
    assert_eq!(blocked(&trace).0, HopKind::RolePolicy);
    let records = scene.records(&trace, &volume());
    assert_eq!(told(&records), [(eni, "out", true), (eni, "in", true)]);
    assert!(records[1].bytes > EXCHANGE.1 && records[1].bytes < 2 * EXCHANGE.1);
    assert_eq!((records[0].tcp_flags, records[1].tcp_flags), (3, 19));
}

/// VPC user guide, "Traffic through a NAT gateway".
#[test]
fn a_nat_gateway_sees_both_conversations() {
    let (mut scene, nat, _) = Scene::with_nat();
    let eni = sender(&mut scene);
    let trace = scene.trace(from(&scene, eni, scene.host("203.0.113.5")));
    assert!(trace.reaches(), "{:?}", trace.blocked());
    let records = scene.records(&trace, &volume());
    let gate = scene.here.nat_gateways.get(&nat).unwrap().interface.unwrap();
    let expected = [
        (eni, "out", true),
        (gate, "in", true),
        (gate, "out", true),
        (gate, "in", true),
        (gate, "out", true),
        (eni, "in", true),
    ];
    assert_eq!(told(&records), expected);
    let own = scene.here.interfaces.get(&eni).unwrap().addresses[0].to_string();
    let at = scene.here.interfaces.get(&gate).unwrap().addresses[0].to_string();
    let (own, at, host) = (own.as_str(), at.as_str(), "203.0.113.5");
    assert_eq!(addresses(&records[0]), [own, host, own, host]);
    assert_eq!(addresses(&records[1]), [own, at, own, host]);
    assert_eq!(addresses(&records[2]), [at, host, at, host]);
    assert_eq!(addresses(&records[3]), [host, at, host, at]);
    assert_eq!(addresses(&records[4]), [at, own, host, own]);
    assert_eq!(addresses(&records[5]), [host, own, host, own]);
    let paths: Vec<_> = records.iter().map(|it| it.path).collect();
    assert_eq!(paths, [Some(1), None, Some(2), None, Some(1), None]);
    let hops: Vec<_> = records.iter().map(|it| it.next_hop).collect();
    assert_eq!(hops, [Some(gate), None, None, None, Some(eni), None]);
    assert_eq!(records[1].interface_type, "nat_gateway");
    assert_eq!(records[2].destination_service, None);
}

#[test]
fn a_nat_gateway_whose_acl_refuses_accepts_before_it_rejects() {
    let (mut scene, nat, _) = Scene::with_nat();
    let eni = sender(&mut scene);
    let public = scene.here.nat_gateways.get(&nat).unwrap().subnet;
    let all = AclEntry { protocol: "-1".into(), ports: None, ..entry(100, true, true, EVERYWHERE, (0, 0)) };
    let inside = entry(100, false, true, "10.0.0.0/16", (443, 443));
    scene.add_acl(public, vec![all, inside]);
    let trace = scene.trace(from(&scene, eni, scene.host("203.0.113.5")));
    let records = scene.records(&trace, &volume());
    let gate = scene.here.nat_gateways.get(&nat).unwrap().interface.unwrap();
    assert_eq!(
        told(&records),
        [(eni, "out", true), (gate, "in", true), (gate, "out", true), (gate, "in", false)]
    );
    // The gateway has ports of its own, the interface behind it keeps its port.
    let ports: Vec<_> = records.iter().map(|it| (it.source_port, it.destination_port)).collect();
    assert_eq!(ports, [(40_000, 443), (40_000, 443), (1_024, 443), (443, 1_024)]);
}

#[test]
fn an_interface_endpoint_sees_what_it_is_asked() {
    let mut scene = Scene::closed();
    let eni = sender(&mut scene);
    let (vpc, group) = (scene.vpc, scene.group);
    let other = scene.add_subnet(vpc, "10.0.7.0/24", 1);
    let endpoint = scene.add_interface_endpoint(vpc, "sts", &[other], group);
    let gate = scene.here.vpc_endpoints.get(&endpoint).unwrap().placements[0].interface;
    let flow = from(&scene, eni, scene.flow(Goal::Service("sts".into())));
    // Its groups let nothing in.
    let records = scene.records(&scene.trace(flow.clone()), &volume());
    assert_eq!(told(&records), [(eni, "out", true), (gate, "in", false)]);
    scene.allow(group, Direction::Ingress, 443, Peer::V4(ANY_V4));
    let records = scene.records(&scene.trace(flow), &volume());
    assert_eq!(
        told(&records),
        [(eni, "out", true), (gate, "in", true), (gate, "out", true), (eni, "in", true)]
    );
    assert_eq!(records[1].interface_type, "vpc_endpoint");
    assert!(records.iter().all(|it| it.destination_service.is_none() && it.source_service.is_none()));
    assert_eq!((records[0].path, records[2].path), (Some(1), Some(1)));
}

#[test]
fn a_peer_is_seen_where_it_is() {
    for (region, path) in [("us-west-2", 4), ("eu-west-1", 5)] {
        let mut scene = Scene::closed();
        let eni = sender(&mut scene);
        let mut far = scene.clone();
        far.here = super::scene::first(210_987_654_321, Scope::Region(region.into()));
        let vpc = far.add_vpc("10.5.0.0/16");
        let subnet = far.add_subnet(vpc, "10.5.1.0/24", 0);
        let open = (Direction::Ingress, "-1", None, Peer::V4(ANY_V4));
        let group = far.add_group(vpc, &[open]);
        let peer = far.add_interface(subnet, &[group], None, "interface");
        let side = |scene: &Scene, vpc| PeeringSide {
            account: scene.here.site.account,
            region: scene.here.site.region.clone(),
            vpc,
            cidrs: scene.here.vpcs.get(&vpc).unwrap().cidrs.iter().map(|(_, net)| *net).collect(),
            ipv6_cidrs: Vec::new(),
            dns_resolution: false,
        };
        let own = scene.vpc;
        let id = far.id();
        let row = Peering {
            id,
            requester: side(&scene, own),
            accepter: side(&far, vpc),
            status: PeeringStatus::Active,
            expires: SimTime::from_millis(0),
            tags: Default::default(),
            named: Default::default(),
            memo: Default::default(),
        };
        scene.here.peerings.insert(row.clone());
        far.here.peerings.insert(row);
        scene.add_route(scene.main_table(own), "10.5.0.0/16", RouteTarget::Peering(id));
        let vantage = Vantage::of(far.here.interfaces.get(&peer).unwrap()).unwrap();
        let flow = from(&scene, eni, scene.flow(Goal::Peer(vantage)));
        // What is answered has no way back.
        let at = (account(210_987_654_321), Scope::Region(region.into()));
        scene.others.insert(at.clone(), far.here.clone());
        let trace = scene.trace(flow.clone());
        assert_eq!(blocked(&trace).0, HopKind::Route);
        let records = scene.records(&trace, &volume());
        assert_eq!(told(&records), [(eni, "out", true), (peer, "in", true), (peer, "out", true)]);
        assert_eq!((records[2].tcp_flags, records[2].path), (18, None));
        far.add_route(far.main_table(vpc), "10.0.0.0/16", RouteTarget::Peering(id));
        scene.others.insert(at.clone(), far.here.clone());
        let records = scene.records(&scene.trace(flow), &volume());
        assert_eq!(
            told(&records),
            [(eni, "out", true), (peer, "in", true), (peer, "out", true), (eni, "in", true)]
        );
        assert_eq!((records[1].account, &*records[1].region, records[1].vpc), (at.0, region, vpc));
        assert_eq!((records[0].path, records[2].path), (Some(path), Some(path)));
        assert_eq!(records[0].next_hop, None, "it is another account's");
    }
}

/// VPC user guide, "Traffic through a transit gateway".
#[test]
fn a_transit_gateway_has_interfaces_in_both_vpcs() {
    let mut scene = Scene::closed();
    let (own, own_subnet) = (scene.vpc, scene.subnet);
    let eni = sender(&mut scene);
    let other = scene.add_vpc("10.5.0.0/16");
    let subnet = scene.add_subnet(other, "10.5.1.0/24", 0);
    let gateway = scene.add_transit_gateway(&[(own, own_subnet), (other, subnet)], other);
    let group = scene.add_group(other, &[(Direction::Ingress, "-1", None, Peer::V4(ANY_V4))]);
    let peer = scene.add_interface(subnet, &[group], None, "interface");
    let target = RouteTarget::TransitGateway(gateway);
    scene.add_route(scene.main_table(own), "10.5.0.0/16", target);
    scene.add_route(scene.main_table(other), "10.0.0.0/16", target);
    let trace = scene.trace(from(&scene, eni, scene.peer(peer)));
    assert!(trace.reaches(), "{:?}", trace.blocked());
    let records = scene.records(&trace, &volume());
    let door = |subnet| {
        let mut all = scene.here.interfaces.iter();
        all.find(|row| row.subnet == subnet && row.interface_type == "transit_gateway").unwrap().id
    };
    let (near, far) = (door(own_subnet), door(subnet));
    let expected = [
        (eni, "out", true),
        (near, "in", true),
        (far, "out", true),
        (peer, "in", true),
        (peer, "out", true),
        (far, "in", true),
        (near, "out", true),
        (eni, "in", true),
    ];
    assert_eq!(told(&records), expected);
    let at = |id| scene.here.interfaces.get(&id).unwrap().addresses[0].to_string();
    let [client, server, near, far] = [eni, peer, near, far].map(at);
    assert_eq!(addresses(&records[1]), [&client, &near, &client, &server].map(Clone::clone));
    assert_eq!(addresses(&records[2]), [&far, &server, &client, &server].map(Clone::clone));
    assert_eq!(addresses(&records[5]), [&server, &far, &server, &client].map(Clone::clone));
    assert_eq!(addresses(&records[6]), [&near, &client, &server, &client].map(Clone::clone));
}

#[test]
fn an_address_beside_the_first_is_told_by_the_packets_alone() {
    let mut scene = Scene::closed();
    let eni = sender(&mut scene);
    let (subnet, group) = (scene.subnet, scene.group);
    scene.allow(group, Direction::Ingress, 443, Peer::V4(ANY_V4));
    let peer = scene.add_interface(subnet, &[group], None, "interface");
    let first = scene.here.interfaces.get(&peer).unwrap().addresses[0];
    let flow = from(&scene, eni, scene.peer(peer));
    let Goal::Peer(mut vantage) = flow.to.clone() else { panic!() };
    vantage.address = address("10.0.1.99");
    let trace = scene.trace(Flow { to: Goal::Peer(vantage), ..flow });
    let records = scene.records(&trace, &volume());
    assert_eq!((records[1].destination, records[1].packet_destination), (first, address("10.0.1.99")));
    assert_eq!((records[2].source, records[2].packet_source), (first, address("10.0.1.99")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whoever reads the records knows what the trace says of the network, and the other way round.
    #[test]
    fn records_and_traces_never_disagree(case in cases()) {
        let scene = &case.scene;
        let trace = scene.trace(case.flow.clone());
        let records = scene.records(&trace, &volume());
        let sender = case.flow.from.as_ref().unwrap().interface.unwrap();
        let own = |ingress| move |it: &&FlowRecord| it.interface == sender && it.ingress == ingress && it.accepted;
        let left = records.iter().any(|it| own(false)(&it));
        let returned = records.iter().any(|it| own(true)(&it));
        let rejected: Vec<_> = records.iter().filter(|it| !it.accepted).collect();
        prop_assert_eq!(left && returned && rejected.is_empty(), trace.cut().is_none(), "{:#?}", records);
        // What rejected is what the trace says, where it says so.
        let cut = trace.cut().map(|cut| &trace.hops[cut]);
        let decides = |kind| matches!(kind, HopKind::GroupOut | HopKind::GroupIn | HopKind::AclOut | HopKind::AclIn | HopKind::AclBack);
        prop_assert_eq!(rejected.len(), usize::from(cut.is_some_and(|hop| decides(hop.kind))));
        if let (Some(record), Some(hop)) = (rejected.first(), cut) {
            let at = [record.interface.to_string(), record.subnet.to_string()];
            prop_assert!(at.contains(&hop.at), "{:?} {:?}", hop, record);
            let out = matches!(hop.kind, HopKind::GroupOut | HopKind::AclOut) || hop.evidence.get("egress") == Some("true");
            prop_assert_eq!(out, !record.ingress);
            let refused: Ipv4Net = hop.evidence.get("cidr").unwrap().parse().unwrap();
            let other = if record.ingress { record.packet_source } else { record.packet_destination };
            prop_assert!(refused.contains(&other), "{} {:?}", refused, record);
        }
        if cut.is_some_and(|hop| hop.kind == HopKind::Name) {
            prop_assert!(records.is_empty());
        }
        // Who saw it is there, and is told as it is.
        for record in &records {
            let row = scene.here.interfaces.get(&record.interface).unwrap();
            prop_assert_eq!((row.subnet, row.vpc, row.zone.id), (record.subnet, record.vpc, record.zone_id));
            let side = if record.ingress { record.destination } else { record.source };
            prop_assert_eq!(Some(&side), row.addresses.first());
            prop_assert!(record.path.is_none() || !record.ingress);
        }
        // Nothing is lost or made on the way.
        for back in [false, true] {
            let way = records.iter().filter(|it| (it.source_port == 443) == back);
            let sizes: std::collections::BTreeSet<_> = way.map(|it| (it.packets, it.bytes, it.tcp_flags)).collect();
            prop_assert!(sizes.len() <= 1, "{:?}", sizes);
        }
        // What arrived somewhere had left, and what came back was answered.
        prop_assert!(records.len() < 2 || left);
        prop_assert!(records.iter().rev().skip(1).all(|it| it.accepted), "nothing comes after a rejection");
        // Where nobody is in a VPC nobody sees anything.
        let outside = scene.trace(Flow { from: None, ..case.flow.clone() });
        prop_assert!(scene.records(&outside, &volume()).is_empty());
    }
}
