//! Every kind of hop, green and red.

use super::scene::{BUCKET, EVERYWHERE, OWN, ROLE, account, entry, first, net};
use super::*;
use crate::model::network::ANY_V4;
use crate::model::path::{BucketUse, HopKind::*};
use crate::model::*;
use scene::to;

fn group(scene: &Scene) -> SecurityGroupId {
    scene.group
}

/// The S3 list of the region.
fn s3() -> PrefixListId {
    managed_prefix_list::of_service("us-west-2", "s3").unwrap()
}

fn say(scene: &mut Scene, document: &str) {
    let id = scene.here.vpc_endpoints.iter().next().unwrap().id;
    scene.here.vpc_endpoints.update(&id, |endpoint| endpoint.policy = Some(document.into()));
}

#[test]
fn a_gateway_endpoint_leads_to_the_bucket() {
    let scene = Scene::closed_with_endpoint();
    scene.check();
    let trace = scene.trace(scene.to_bucket());
    assert!(trace.reaches(), "{:#?}", trace.blocked());
    let order =
        [Name, GroupOut, AclOut, Route, Target, AclBack, Bucket, RolePolicy, EndpointPolicy, BucketPolicy];
    assert_eq!(kinds(&trace), order.map(|kind| (kind, true)));
    let endpoint = scene.here.vpc_endpoints.iter().next().unwrap();
    assert_eq!(trace.way.endpoint, Some(endpoint.id));
    let (table, destination, target) = trace.way.route.unwrap();
    assert_eq!(table, scene.main_table(scene.vpc));
    assert_eq!((destination, target), (Destination::PrefixList(s3()), RouteTarget::Endpoint(endpoint.id)));
    let route = &trace.hops[3];
    assert_eq!(route.evidence.resource.as_deref(), Some(&*format!("{table} {}", s3())));
    assert_eq!(route.evidence.get("target"), Some(&*endpoint.id.to_string()));
}

#[test]
fn nothing_leads_out_of_a_closed_vpc() {
    let scene = Scene::closed();
    let trace = scene.trace(scene.to_bucket());
    let table = scene.main_table(scene.vpc).to_string();
    assert_eq!(blocked(&trace), (Route, "SM-S3-NOPATH-01", &*table));
    assert!(trace.is_cut_off());
    let hop = trace.blocked().unwrap();
    assert_eq!(hop.evidence.get("destination"), Some(&*s3().to_string()));
    // What can still be asked is asked.
    assert!(trace.hops.iter().any(|hop| hop.kind == RolePolicy && hop.passed));
    assert_eq!(blocked(&scene.trace(scene.host("example.com"))).1, "SM-OUT-01");
    let service = Goal::Service("sagemaker.api".into());
    assert_eq!(blocked(&scene.trace(scene.flow(service))).1, "EC2-VPCE-NEED");
}

#[test]
fn an_endpoint_on_another_table_does_not_help() {
    let mut scene = Scene::closed();
    let other = scene.add_table(scene.vpc, &[]);
    let endpoint = scene.add_gateway_endpoint(scene.vpc, "s3", &[other]);
    let trace = scene.trace(scene.to_bucket());
    assert_eq!(blocked(&trace).1, "SM-S3-RTB-03");
    assert_eq!(trace.blocked().unwrap().evidence.get("endpoint"), Some(&*endpoint.to_string()));
}

// === Names ===

#[test]
fn names_need_a_resolver_that_knows_them() {
    let base = Scene::closed_with_endpoint();
    let servers = |values: &[&str], marked: bool| {
        let mut scene = base.clone();
        let id = scene.id();
        let mut tags = Tags::default();
        if marked {
            tags.set("mockplane:resolves", "true");
        }
        let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
        let options = vec![("domain-name-servers".to_owned(), values)];
        scene.here.dhcp_options.insert(DhcpOptions { id, options, tags, memo: Default::default() });
        let vpc = scene.vpc;
        scene.here.vpcs.update(&vpc, |vpc| vpc.dhcp_options = Some(id));
        scene.trace(scene.to_bucket())
    };
    for (values, marked, passes) in [
        (&["AmazonProvidedDNS"][..], false, true),
        (&["169.254.169.253"], false, true),
        (&["10.0.0.2"], false, true),
        (&["fd00:ec2::253"], false, true),
        (&["10.1.0.2"], false, false),
        (&["10.1.0.2", "AmazonProvidedDNS"], false, true),
        (&["10.1.0.2"], true, true),
        (&[], true, false),
    ] {
        let trace = servers(values, marked);
        assert_eq!(trace.reaches(), passes, "{values:?}");
        if !passes {
            let hop = trace.blocked().unwrap();
            assert_eq!((hop.kind, hop.rule), (Name, "SM-S3-DNS-13"));
            assert_eq!(hop.evidence.get("servers"), Some(&*values.join(", ")));
            // The rest of the way is told all the same.
            assert!(trace.hops.iter().any(|hop| hop.kind == Target && hop.passed));
        }
    }
    let mut scene = base.clone();
    let vpc = scene.vpc;
    scene.here.vpcs.update(&vpc, |vpc| vpc.dhcp_options = None);
    assert_eq!(blocked(&scene.trace(scene.to_bucket())), (Name, "SM-S3-DNS-13", "default"));
    let mut scene = base;
    scene.here.vpcs.update(&vpc, |vpc| vpc.dns_support = false);
    let trace = scene.trace(scene.to_bucket());
    assert_eq!(blocked(&trace), (Name, "SM-S3-DNS-13", &*vpc.to_string()));
    assert_eq!(trace.blocked().unwrap().evidence.get("attribute"), Some("enableDnsSupport"));
    // An address needs no name.
    let address = "54.231.0.1";
    assert!(scene.trace(scene.host(address)).hops.iter().all(|hop| hop.kind != Name));
}

#[test]
fn hosts_are_read_by_their_form() {
    use super::name::{Host, read};
    let s3 = |region: &str| Host::S3 { region: region.into() };
    for host in [
        "s3.us-west-2.amazonaws.com",
        "s3-us-west-2.amazonaws.com",
        "data.s3.us-west-2.amazonaws.com",
        "data.s3-us-west-2.amazonaws.com",
        "my.dotted.data.s3.us-west-2.amazonaws.com",
        "s3.dualstack.us-west-2.amazonaws.com",
        "data.s3.dualstack.us-west-2.amazonaws.com",
        "s3-fips.us-west-2.amazonaws.com",
        "s3-fips.dualstack.us-west-2.amazonaws.com",
        "ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com",
        "packages.us-west-2.amazonaws.com",
        "repo.us-west-2.amazonaws.com",
        "amazonlinux.us-west-2.amazonaws.com",
        "amazonlinux-2-repos-us-west-2.s3.dualstack.us-west-2.amazonaws.com",
        "S3.US-WEST-2.amazonaws.com.",
    ] {
        assert_eq!(read(host), s3("us-west-2"), "{host}");
    }
    for host in ["s3.amazonaws.com", "data.s3.amazonaws.com", "s3-external-1.amazonaws.com"] {
        assert_eq!(read(host), s3("us-east-1"), "{host}");
    }
    assert_eq!(read("s3.cn-north-1.amazonaws.com.cn"), s3("cn-north-1"));
    let service =
        |service: &str, region: &str| Host::Service { service: service.into(), region: region.into() };
    assert_eq!(read("api.sagemaker.eu-west-1.amazonaws.com"), service("sagemaker.api", "eu-west-1"));
    assert_eq!(read("123456789012.dkr.ecr.us-east-1.amazonaws.com"), service("ecr.dkr", "us-east-1"));
    assert_eq!(read("sts.us-east-1.amazonaws.com"), service("sts", "us-east-1"));
    for host in [
        "packages.example.com",
        "amazonaws.com",
        "nothing.us-west-2.amazonaws.com",
        "s3-moon.amazonaws.com",
        "",
    ] {
        assert_eq!(read(host), Host::Internet, "{host}");
    }
    let own = "vpce-00000000000000123-abcdefgh.s3.us-west-2.vpce.amazonaws.com";
    assert_eq!(read(own), Host::Endpoint("vpce-00000000000000123".into()));
}

#[test]
fn metadata_and_the_resolver_are_always_there() {
    let mut scene = Scene::closed();
    scene.group = scene.add_group(scene.vpc, &[]);
    scene.add_acl(scene.subnet, vec![]);
    for host in ["169.254.169.254", "169.254.169.253", "10.0.0.2"] {
        assert!(scene.trace(scene.host(host)).reaches(), "{host}");
    }
    assert!(!scene.trace(scene.host("10.0.0.3")).reaches());
}

// === Security groups ===

#[test]
fn groups_let_out_what_any_rule_allows() {
    let mut base = Scene::closed_with_endpoint();
    let ranges: Vec<_> = managed_prefix_list::get("us-west-2", s3()).unwrap().entries.clone();
    assert!(ranges.len() > 2);
    let list = base.id();
    let entries: Vec<_> =
        ranges.iter().map(|cidr| PrefixListEntry { cidr: *cidr, description: None }).collect();
    base.here.prefix_lists.insert(PrefixList {
        id: list,
        name: "own".into(),
        family: AddressFamily::V4,
        max_entries: 9,
        task: PrefixListTask::Create,
        progress: PrefixListProgress::Complete,
        change: Default::default(),
        version: 1,
        versions: [(1, PrefixListEntries::from(entries))].into_iter().collect(),
        client_token: None,
        tags: Tags::default(),
        memo: Default::default(),
    });
    let all = ranges.iter().filter_map(|net| match net {
        ipnet::IpNet::V4(net) => Some((Direction::Egress, "tcp", Some((443, 443)), Peer::V4(*net))),
        ipnet::IpNet::V6(_) => None,
    });
    let all: Vec<_> = all.collect();
    let egress = |protocol: &'static str, ports, peer| vec![(Direction::Egress, protocol, ports, peer)];
    let cases = [
        (egress("-1", None, Peer::V4(ANY_V4)), true),
        (egress("tcp", Some((0, 65_535)), Peer::V4(ANY_V4)), true),
        (egress("6", Some((443, 443)), Peer::PrefixList(s3())), true),
        (egress("tcp", Some((443, 443)), Peer::PrefixList(list)), true),
        (all.clone(), true),
        // One range is left out.
        (all[1..].to_vec(), false),
        (egress("tcp", Some((80, 80)), Peer::V4(ANY_V4)), false),
        (egress("udp", Some((443, 443)), Peer::V4(ANY_V4)), false),
        (egress("tcp", Some((443, 443)), Peer::V4(net("10.0.0.0/8"))), false),
        (vec![(Direction::Ingress, "-1", None, Peer::V4(ANY_V4))], false),
        (vec![], false),
    ];
    for (rules, passes) in cases {
        let mut scene = base.clone();
        scene.group = scene.add_group(scene.vpc, &rules);
        let trace = scene.trace(scene.to_bucket());
        assert_eq!(trace.reaches(), passes, "{rules:?}");
        let hop = trace.hops.iter().find(|hop| hop.kind == GroupOut).unwrap();
        assert_eq!((hop.passed, hop.rule), (passes, "EC2-SG-EVAL"));
        let resource = hop.evidence.resource.as_deref().unwrap();
        assert_eq!(resource.starts_with(if passes { "sgr-" } else { "sg-" }), true, "{resource}");
    }
    // The groups add up.
    let mut scene = base;
    let nothing = scene.add_group(scene.vpc, &[]);
    let mut flow = scene.to_bucket();
    flow.from.groups = vec![nothing, group(&scene)];
    assert!(scene.trace(flow).reaches());
    scene.group = nothing;
    let trace = scene.trace(scene.host("example.com"));
    assert_eq!(blocked(&trace), (GroupOut, "SM-SG-NAT-07", &*nothing.to_string()));
}

// === Network ACLs ===

#[test]
fn acls_are_asked_in_both_directions() {
    let base = Scene::closed_with_endpoint();
    let out = entry(100, true, true, EVERYWHERE, (443, 443));
    let back = entry(100, false, true, EVERYWHERE, (1_024, 65_535));
    let cases: Vec<(Vec<AclEntry>, Option<(HopKind, i32)>)> = vec![
        (vec![out.clone(), back.clone()], None),
        (vec![out.clone(), entry(100, false, true, EVERYWHERE, (32_768, 65_535))], None),
        (vec![out.clone()], Some((AclBack, 32_767))),
        (vec![back.clone()], Some((AclOut, 32_767))),
        (vec![out.clone(), entry(50, true, false, EVERYWHERE, (443, 443)), back.clone()], Some((AclOut, 50))),
        // The lower number wins.
        (vec![out.clone(), entry(200, true, false, EVERYWHERE, (443, 443)), back.clone()], None),
        // Some of S3's addresses.
        (
            vec![out.clone(), entry(50, true, false, "52.218.128.0/24", (443, 443)), back.clone()],
            Some((AclOut, 50)),
        ),
        (
            vec![out.clone(), back.clone(), entry(9, false, false, EVERYWHERE, (40_000, 40_000))],
            Some((AclBack, 9)),
        ),
        (vec![out.clone(), back.clone(), entry(9, false, false, EVERYWHERE, (3_389, 3_389))], None),
    ];
    for (entries, refused) in cases {
        let mut scene = base.clone();
        let acl = scene.add_acl(scene.subnet, entries.clone());
        scene.check();
        let trace = scene.trace(scene.to_bucket());
        let told = trace.blocked().map(|hop| (hop.kind, hop.evidence.resource.clone().unwrap()));
        assert_eq!(told, refused.map(|(kind, number)| (kind, format!("{acl} {number}"))), "{entries:?}");
    }
}

// === Routes and targets ===

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
    flow.from = Vantage::of(&row).unwrap();
    assert_eq!(blocked(&scene.trace(flow.clone())), (Target, "EC2-IGW-PUBLIC", &*gateway.to_string()));
    flow.from.public = true;
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

// === The bucket and policies ===

#[test]
fn each_side_has_its_say_about_the_bucket() {
    const DENY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}"#;
    let base = Scene::closed_with_endpoint();
    let endpoint = base.here.vpc_endpoints.iter().next().unwrap().id;

    let mut scene = base.clone();
    scene.put_role(r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}"#);
    let trace = scene.trace(scene.to_bucket());
    assert_eq!(blocked(&trace), (RolePolicy, "SM-F-S3-DENIED", ROLE));
    assert_eq!(trace.blocked().unwrap().evidence.get("action"), Some("s3:GetObject"));
    assert!(!trace.is_cut_off());

    let mut scene = base.clone();
    say(&mut scene, DENY);
    let trace = scene.trace(scene.to_bucket());
    // Alone it allows nothing, not even to list.
    assert_eq!(blocked(&trace), (EndpointPolicy, "SM-S3-REPO-12", &*endpoint.to_string()));
    assert_eq!(trace.blocked().unwrap().evidence.get("verdict"), Some("implicit deny"));
    say(
        &mut scene,
        r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"}}"#,
    );
    let trace = scene.trace(scene.to_bucket());
    assert_eq!(blocked(&trace), (EndpointPolicy, "SM-S3-POL-05", &*endpoint.to_string()));
    assert_eq!(trace.blocked().unwrap().evidence.get("verdict"), Some("implicit deny"));

    let mut scene = base.clone();
    let only = |endpoint: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "Only", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
            "Condition": {{"StringNotEquals": {{"aws:SourceVpce": "{endpoint}"}}}}}}]}}"#
        )
    };
    scene.put_bucket(BUCKET, "us-west-2", Some(&only("vpce-0123")));
    assert_eq!(
        blocked(&scene.trace(scene.to_bucket())),
        (BucketPolicy, "SM-S3-BKT-07", "arn:aws:s3:::data Only")
    );
    scene.put_bucket(BUCKET, "us-west-2", Some(&only(&endpoint.to_string())));
    assert!(scene.trace(scene.to_bucket()).reaches());
    // The same bucket through a NAT gateway.
    let (mut nat, ..) = Scene::with_nat();
    nat.put_bucket(BUCKET, "us-west-2", Some(&only(&endpoint.to_string())));
    assert_eq!(blocked(&nat.trace(nat.to_bucket())).0, BucketPolicy);
}

#[test]
fn a_bucket_has_to_exist_and_may_be_elsewhere() {
    let goal = |bucket: &str| {
        Goal::Bucket(BucketUse {
            bucket: bucket.into(),
            acts: vec![("s3:GetObject", Some("k".into()))],
            role_arn: Some(ROLE.into()),
        })
    };
    let mut scene = Scene::closed_with_endpoint();
    assert_eq!(blocked(&scene.trace(scene.flow(goal("no-such")))), (Bucket, "SM-F-S3-EMPTY", "no-such"));
    scene.put_bucket("far", "eu-west-1", None);
    let trace = scene.trace(scene.flow(goal("far")));
    assert_eq!((blocked(&trace).0, blocked(&trace).1), (Route, "SM-F-BUCKET-REGION"));
    let (mut nat, ..) = Scene::with_nat();
    nat.put_bucket("far", "eu-west-1", None);
    let trace = nat.trace(nat.flow(goal("far")));
    assert!(trace.reaches(), "{:#?}", trace.blocked());
    assert_eq!(
        trace.hops.iter().find(|hop| hop.kind == Bucket).unwrap().evidence.get("region"),
        Some("eu-west-1")
    );
    // Whoever keeps buckets elsewhere has them there.
    scene.global.buckets.remove(&Arc::from("far"));
    scene.global.buckets.remove(&Arc::from(BUCKET));
    assert!(scene.trace(scene.flow(goal("no-such"))).reaches());
}

#[test]
fn the_repositories_of_amazon_linux_are_buckets_for_everybody() {
    let mut scene = Scene::closed_with_endpoint();
    for host in [
        "packages.us-west-2.amazonaws.com",
        "repo.us-west-2.amazonaws.com",
        "amazonlinux.us-west-2.amazonaws.com",
    ] {
        let trace = scene.trace(scene.host(host));
        assert!(trace.reaches(), "{:#?}", trace.blocked());
        assert!(trace.hops.iter().all(|hop| hop.kind != RolePolicy));
    }
    let document = r#"{"Version": "2012-10-17", "Statement": [
        {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Sid": "AmazonLinuxAMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"], "Effect": "Deny",
         "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*", "arn:aws:s3:::repo.*.amazonaws.com/*"]}]}"#;
    say(&mut scene, document);
    let trace = scene.trace(scene.host("packages.us-west-2.amazonaws.com"));
    let (kind, rule, resource) = blocked(&trace);
    assert_eq!((kind, rule), (EndpointPolicy, "SM-S3-REPO-11"));
    assert!(resource.ends_with("AmazonLinuxAMIRepositoryAccess"), "{resource}");
    assert!(scene.trace(scene.to_bucket()).reaches());
}

#[test]
fn a_subnet_that_is_gone_leads_nowhere() {
    let scene = Scene::closed();
    let mut flow = scene.to_bucket();
    flow.from.subnet = Id::parse("subnet-0123456789abcdef0").unwrap();
    assert_eq!(blocked(&scene.trace(flow)).0, Route);
}
