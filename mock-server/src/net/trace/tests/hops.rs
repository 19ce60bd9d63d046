//! Every kind of hop, green and red.

use super::scene::{BUCKET, EVERYWHERE, ROLE, entry, net};
use super::*;
use crate::model::network::ANY_V4;
use crate::model::path::{BucketUse, HopKind::*};
use crate::model::*;

fn group(scene: &Scene) -> SecurityGroupId {
    scene.group
}

/// The S3 list of the region.
fn s3() -> PrefixListId {
    managed_prefix_list::of_service("us-west-2", "s3").unwrap()
}

fn say(scene: &mut Scene, document: &str) {
    let id = scene.here.vpc_endpoints.iter().next().unwrap().id;
    scene.here.vpc_endpoints.update(&id, |endpoint| endpoint.policy = Some(PolicyDocument::new(document)));
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
    // No path is one of IPv6.
    let trace = scene.trace(scene.host("2001:db8::1"));
    assert_eq!((blocked(&trace).0, blocked(&trace).1, trace.hops.len()), (Target, "SM-VPC-ENI-09", 1));
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
        assert!(resource.starts_with(if passes { "sgr-" } else { "sg-" }), "{resource}");
    }
    // The groups add up.
    let mut scene = base;
    let nothing = scene.add_group(scene.vpc, &[]);
    let mut flow = scene.to_bucket();
    flow.from.as_mut().unwrap().groups = vec![nothing, group(&scene)];
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
    let cases = vec![
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
            keys: Vec::new(),
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
    scene.global.has_made_bucket = false;
    assert!(scene.trace(scene.flow(goal("no-such"))).reaches());
}

#[test]
fn the_repositories_of_amazon_linux_are_buckets_for_everybody() {
    let mut scene = Scene::closed_with_endpoint();
    for host in [
        "packages.us-west-2.amazonaws.com",
        "repo.us-west-2.amazonaws.com",
        "amazonlinux.us-west-2.amazonaws.com",
        "amazonlinux-2-repos-us-west-2.s3.dualstack.us-west-2.amazonaws.com",
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
    flow.from.as_mut().unwrap().subnet = Id::parse("subnet-0123456789abcdef0").unwrap();
    assert_eq!(blocked(&scene.trace(flow)).0, Route);
}
