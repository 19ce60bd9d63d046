//! With one rule switched off, exactly the cases that violate it change.

use super::behaviours::{calling, one};
use super::*;
use crate::model::network::ANY_V4;
use crate::model::{
    Content, Direction, EndpointStatus, Evidence, InstanceGroup, Needs, Peer, PolicyDocument, RuleMode,
    SecurityGroupRule, Verdict, VpcConfig,
};
use crate::rules::{self, Case, Phase, RuleModes, evaluate, permissions};
use crate::services::sagemaker::endpoint::CreateEndpoint;

/// Rules about gateways and endpoints, which scenarios make, and about what containers connect to.
const IN_SCENARIOS: &[&str] = &[
    "SM-SG-NAT-07",
    "SM-OUT-01",
    "SM-VPC-ENI-09",
    "SM-VPC-ENI-10",
    "EC2-RT-BLACKHOLE",
    "SM-OUT-03",
    "EC2-NAT-STATE",
    "SM-S3-GW-02",
    "EC2-PCX-ROUTE",
    "EC2-VPCE-NEED",
    "EC2-VPCE-SG",
    "SM-S3-REPO-11",
    "SM-LOG-ROLE-01",
    "SM-LOG-PATH-02",
];

/// Rules about notebook instances alone, which have tests of their own.
const OF_NOTEBOOKS: &[&str] = &["SM-NB-PERM-01", "SM-NB-IP-02"];
/// The same of clusters.
const OF_CLUSTERS: &[&str] = &["SM-HP-ROLE-01", "SM-HP-IP-02", "SM-HP-EFA-03"];

fn rule_ids() -> impl Iterator<Item = &'static str> {
    let elsewhere = [rules::INFORMATIONAL, IN_SCENARIOS, OF_NOTEBOOKS, OF_CLUSTERS];
    let shown = move |id: &&str| !elsewhere.iter().any(|list| list.contains(id));
    rules::all().map(|info| info.id).filter(shown)
}

/// Leaves the site's group these rules.
fn regroup(site: &Site, rules: &[(Direction, Peer)]) {
    site.lab.edit(|state| {
        let id = state.groups.iter().flat_map(|group| &group.rules).next().unwrap().id;
        let rules = rules.iter().map(|(way, peer)| SecurityGroupRule::all_traffic(id, *way, peer.clone()));
        let rules = rules.collect();
        state.groups.update(&site.group, |group| group.rules = rules);
    });
}

/// The addresses of S3.
fn to_s3() -> Peer {
    Peer::PrefixList(crate::model::managed_prefix_list::of_service("us-east-1", "s3").unwrap())
}

/// A job that violates this rule and no other, made on a site of its own; the rule that blocks it.
fn outcome(id: &str, off: Option<&'static str>) -> Option<&'static str> {
    let site = Site::new(Profile::Fast);
    if let Some(off) = off {
        site.lab.set_mode(off, RuleMode::Off);
    }
    let training = kit(JobKind::Training);
    let foreign = |tenancy| {
        let vpc = site.lab.vpc(tenancy);
        (site.lab.subnet(vpc, "10.0.0.0/24").to_string(), site.lab.group(vpc).to_string())
    };
    let dedicated = || {
        let (subnet, group) = foreign(Tenancy::Dedicated);
        json!({ "Subnets": [subnet], "SecurityGroupIds": [group] })
    };
    let apart = |kind| {
        regroup(&site, &[(Direction::Egress, Peer::V4(ANY_V4))]);
        let kit = kit(kind);
        (kit, site.job(kit, "job", 2, true))
    };
    let mut request = site.request("job", 1);
    let (kit, request) = match id {
        "SM-ROLE-TRUST-07" => {
            request["RoleArn"] = json!("arn:aws:iam::123456789012:role/Nobody");
            (training, request)
        }
        "SM-IMG-01" | "SM-IMG-02" => {
            let region = if id == "SM-IMG-01" { "" } else { "123456789012.dkr.ecr.eu-west-1.amazonaws.com/" };
            request["AlgorithmSpecification"]["TrainingImage"] = json!(format!("{region}image:1"));
            (training, request)
        }
        "SM-F-SUBNET-404" => {
            request["VpcConfig"]["Subnets"] = json!(["subnet-0123456789abcdef0", site.subnet.to_string()]);
            (training, request)
        }
        "SM-F-SG-404" => {
            // Without any group nothing would be let out.
            let groups = json!(["sg-0123456789abcdef0", site.group.to_string()]);
            request["VpcConfig"]["SecurityGroupIds"] = groups;
            (training, request)
        }
        "SM-F-VPC-MIX" => {
            request["VpcConfig"]["SecurityGroupIds"] = json!([foreign(Tenancy::Default).1]);
            (training, request)
        }
        "SM-VPC-TENANCY-01" => {
            request["VpcConfig"] = dedicated();
            (training, request)
        }
        "SM-VPC-TENANCY-02" => {
            let kit = kit(JobKind::Compilation);
            let mut request = site.job(kit, "job", 1, true);
            request["VpcConfig"] = dedicated();
            (kit, request)
        }
        "SM-VPC-IP-01" => (training, site.request("job", 6)),
        "SM-VPC-IP-02" => {
            request["ResourceConfig"]["InstanceType"] = json!("ml.p4d.24xlarge");
            request["ResourceConfig"]["InstanceCount"] = json!(3);
            (training, request)
        }
        "SM-F-DHCP" => {
            // Names resolve all the same.
            site.lab.edit(|state| {
                let ids: Vec<_> = state.dhcp_options.iter().map(|row| row.id).collect();
                for id in ids {
                    state.dhcp_options.update(&id, |row| row.options.retain(|(key, _)| key != "domain-name"));
                }
            });
            (training, request)
        }
        "SM-SG-NEO-06" => {
            regroup(&site, &[(Direction::Egress, to_s3())]);
            let kit = kit(JobKind::Compilation);
            (kit, site.job(kit, "job", 1, true))
        }
        "SM-SG-SELF-01" => apart(JobKind::Training),
        "SM-SG-SELF-02" => apart(JobKind::Processing),
        "SM-SG-SELF-03" => apart(JobKind::Transform),
        "SM-SG-SELF-05" => {
            regroup(&site, &[(Direction::Ingress, Peer::Group(site.group)), (Direction::Egress, to_s3())]);
            request["ResourceConfig"]["InstanceType"] = json!("ml.p4d.24xlarge");
            request["ResourceConfig"]["InstanceCount"] = json!(2);
            (training, request)
        }
        "SM-SG-ENCRYPT-08" => {
            let all = [(Direction::Ingress, Peer::Group(site.group)), (Direction::Egress, Peer::V4(ANY_V4))];
            regroup(&site, &all);
            site.lab.edit(|state| {
                state.groups.update(&site.group, |group| {
                    let rule = &mut group.rules[0];
                    (rule.protocol, rule.from_port, rule.to_port) = ("tcp".into(), Some(0), Some(65_535));
                });
            });
            let mut request = site.request("job", 2);
            request["EnableInterContainerTrafficEncryption"] = json!(true);
            (training, request)
        }
        "SM-ROLE-9-02" => {
            site.lab.grant(&permissions::needed(JobKind::Training)[1..]);
            (training, request)
        }
        "SM-ROLE-9-01" => {
            site.lab.grant(&without(JobKind::Training, "ec2:CreateNetworkInterface"));
            (training, request)
        }
        "SM-ROLE-9-03" => {
            site.lab.grant(&without(JobKind::Processing, "ec2:DescribeNetworkInterfaces"));
            let kit = kit(JobKind::Processing);
            (kit, site.job(kit, "job", 1, true))
        }
        "SM-ROLE-11-05" => {
            site.lab.grant(&without(JobKind::Compilation, "ec2:DescribeVpcEndpoints"));
            let kit = kit(JobKind::Compilation);
            (kit, site.job(kit, "job", 1, true))
        }
        "SM-ROLE-11-ENI" => {
            site.lab.grant(&without(JobKind::Compilation, "ec2:ModifyNetworkInterfaceAttribute"));
            let kit = kit(JobKind::Compilation);
            (kit, site.job(kit, "job", 1, true))
        }
        "SM-S3-NOPATH-01" => {
            site.lab.edit_endpoint(|state, endpoint| drop(state.remove_vpc_endpoint(endpoint.id)));
            (training, request)
        }
        "SM-S3-RTB-03" => {
            site.lab.edit_endpoint(|state, mut endpoint| {
                endpoint.route_tables.clear();
                state.put_vpc_endpoint(endpoint);
            });
            (training, request)
        }
        "SM-S3-POL-05" | "SM-S3-REPO-12" => {
            let effect = if id == "SM-S3-POL-05" { "Allow" } else { "Deny" };
            let policy = json!({ "Statement": { "Effect": effect, "Principal": "*", "Action": "s3:*",
                "Resource": "arn:aws:s3:::other/*" } });
            site.lab.edit_endpoint(|state, mut endpoint| {
                endpoint.policy = Some(PolicyDocument::new(policy.to_string()));
                state.put_vpc_endpoint(endpoint);
            });
            (training, request)
        }
        "SM-S3-DNS-13" => {
            site.lab.edit(|state| drop(state.vpcs.update(&site.vpc, |vpc| vpc.dns_support = false)));
            (training, request)
        }
        "EC2-SG-EVAL" => {
            regroup(&site, &[(Direction::Egress, Peer::V4("10.0.0.0/16".parse().unwrap()))]);
            (training, request)
        }
        "EC2-NACL-EVAL" => {
            site.lab.edit(|state| {
                let ids: Vec<_> = state.acls.iter().map(|acl| acl.id).collect();
                ids.iter().for_each(|id| {
                    drop(state.acls.update(id, |acl| acl.entries.retain(|entry| entry.is_final())))
                });
            });
            (training, request)
        }
        "SM-F-S3-DENIED" => {
            site.lab.regrant(&["AmazonSageMakerFullAccess"]);
            (training, request)
        }
        "SM-F-S3-EMPTY" => {
            site.lab.bucket("data");
            (training, request)
        }
        "SM-F-MODEL-DATA" => {
            site.lab.bucket("data");
            let model = json!({ "ModelName": "m", "ExecutionRoleArn": ROLE_ARN,
                "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz" } });
            return site.lab.write::<CreateModel>(model).err().and_then(|refused| refused.because);
        }
        "SM-F-S3-MANIFEST" => {
            site.lab.bucket("data");
            let manifest = br#"[{"prefix": "s3://data/in/"}, "gone.csv"]"#;
            site.lab.object("data", "m.json", Content::Bytes(bytes::Bytes::from_static(manifest)));
            let source = &mut request["InputDataConfig"][0]["DataSource"]["S3DataSource"];
            (source["S3DataType"], source["S3Uri"]) = (json!("ManifestFile"), json!("s3://data/m.json"));
            (training, request)
        }
        "SM-F-BUCKET-REGION" => {
            site.lab.bucket("data");
            site.lab.edit_bucket("data", |bucket| bucket.region = "eu-west-1".into());
            site.lab.object("data", "model.tar.gz", Content::Size(1));
            let kit = kit(JobKind::Compilation);
            (kit, site.job(kit, "job", 1, true))
        }
        "SM-F-NEO-TAR" => {
            let kit = kit(JobKind::Compilation);
            let mut request = site.job(kit, "job", 1, true);
            request["InputConfig"]["S3Uri"] = json!("s3://data/model.zip");
            (kit, request)
        }
        "SM-S3-BKT-07" => {
            site.lab.bucket("data");
            site.lab.object("data", "train/1", Content::Size(1));
            let policy = data::only_through("vpce-01234567890123456");
            site.lab.edit_bucket("data", |bucket| bucket.policy = Some(policy));
            (training, request)
        }
        "SM-F-CAPACITY" => {
            site.lab.edit_global(|state| state.capacities.set("ml.m5.large", "us-east-1a", Some(0)));
            (training, request)
        }
        "SM-ISO-01" => {
            site.lab.declare(calling("service:sts"));
            request["EnableNetworkIsolation"] = json!(true);
            (training, request)
        }
        "SM-F-ALGO" => {
            site.lab.declare(one("exitCode: 1"));
            (training, request)
        }
        "SM-F-INTERNAL" => {
            site.lab.declare(one("serviceFailure: {at: running}"));
            (training, request)
        }
        "SM-F-PING" | "SM-F-IMAGE" => {
            let fails = match id {
                "SM-F-PING" => "exitCode: 1",
                _ => "serviceFailure: {at: starting, cause: image}",
            };
            site.lab.declare(one(&format!("kinds: [hosting], {fails}")));
            ends::host(&site);
            ends::call::<CreateEndpoint>(&site, "e");
            site.lab.advance(10_000);
            let row = site.lab.state().endpoints.iter().next().unwrap().clone();
            assert_eq!(row.status == EndpointStatus::Failed, row.failure.is_some());
            return row.failure.as_ref().and_then(|failure| failure.rule);
        }
        // Endpoints are no jobs; their own tests make some.
        "SM-ROLE-10-04" => {
            site.lab.grant(&without(JobKind::Hosting, "ec2:DescribeVpcEndpoints"));
            return blocked_endpoint(&site, Phase::Create, "ml.m5.large", &[site.subnet]);
        }
        "SM-HOST-AZ-01" => return blocked_endpoint(&site, Phase::Place, "ml.p3.2xlarge", &[site.subnet]),
        "SM-HOST-AZ-04" => {
            let without = site.lab.subnet_in(site.vpc, "10.0.1.0/24", 2);
            return blocked_endpoint(&site, Phase::Place, "ml.p3.2xlarge", &[site.subnet, without]);
        }
        id => panic!("{id} is new: show here a job that it alone forbids"),
    };
    let blocked_by = match (kit.create)(&site.lab, request) {
        Err(refused) => refused.because,
        Ok(_) => {
            site.lab.advance(10_000);
            let key = site.row(kit, "job").unwrap().key.clone();
            let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
            assert_eq!(site.row(kit, "job").unwrap().told_failure().is_some(), why.decided_by.is_some());
            let text = why.failure_reason.unwrap_or_default().replace("{DhcpOptionsId:", "");
            assert!(!text.contains('{'), "a fact is missing: {text}");
            why.decided_by
        }
    };
    site.assert_sound();
    blocked_by
}

/// All that a role needs but this.
fn without(kind: JobKind, action: &str) -> Vec<&'static str> {
    permissions::needed(kind).into_iter().filter(|needed| *needed != action).collect()
}

fn blocked_endpoint(
    site: &Site,
    phase: Phase,
    instance_type: &str,
    subnets: &[SubnetId],
) -> Option<&'static str> {
    let mut needs = needs(site, subnets, 1);
    needs.role_arn = ROLE_ARN.into();
    needs.instances[0].instance_type = instance_type.into();
    let (state, global) = (site.lab.state(), site.lab.global());
    let account = site.lab.account.id;
    let case = Case {
        kind: JobKind::Hosting,
        name: "e",
        needs: &needs,
        state: &state,
        global: &global,
        account,
        elsewhere: &crate::kernel::Nowhere,
        now: site.lab.now(),
        paths: None,
    };
    evaluate(phase, &case, &global.rule_modes).decisive().map(|finding| finding.rule)
}

#[test]
fn with_a_rule_switched_off_exactly_its_cases_change() {
    for id in rule_ids() {
        assert_eq!(outcome(id, None), Some(id), "the rule decides");
        for off in rules::all().map(|info| info.id) {
            let expected = (off != id).then_some(id);
            assert_eq!(outcome(id, Some(off)), expected, "the case of {id} with {off} off");
        }
    }
}

/// As the guide states them: which page speaks of which rule. A kind whose page is silent is not held to it.
#[test]
fn a_rule_speaks_of_the_kinds_whose_pages_state_it() {
    use JobKind::{Cluster, Compilation, Hosting, Notebook, Processing, Training, Transform};
    for info in rules::all() {
        let expected: &[JobKind] = match info.id {
            "SM-VPC-TENANCY-01" | "SM-VPC-IP-02" | "SM-SG-SELF-01" | "SM-SG-SELF-05" | "SM-SG-ENCRYPT-08" => {
                &[Training]
            }
            "SM-VPC-TENANCY-02" | "SM-SG-NEO-06" | "SM-F-NEO-TAR" => &[Compilation],
            "SM-SG-SELF-02" => &[Processing],
            "SM-SG-SELF-03" => &[Transform],
            "SM-HOST-AZ-01" | "SM-HOST-AZ-04" | "SM-ROLE-10-04" | "SM-F-MODEL-DATA" => &[Hosting],
            "SM-F-S3-MANIFEST" => &[Training, Processing, Transform],
            "SM-ROLE-9-01" => &[Training, Transform, Hosting],
            "SM-ROLE-9-02" => &[Training, Processing, Hosting],
            "SM-ROLE-9-03" => &[Processing],
            "SM-F-CAPACITY" => &[Training, Processing, Transform, Hosting, Notebook, Cluster],
            "SM-ROLE-11-05" | "SM-ROLE-11-ENI" => &[Compilation],
            "SM-NB-PERM-01" | "SM-NB-IP-02" => &[Notebook],
            "SM-ROLE-TRUST-07" | "SM-F-SUBNET-404" | "SM-F-SG-404" | "SM-F-VPC-MIX" => rules::ALL_AND_OTHERS,
            "SM-HP-ROLE-01" | "SM-HP-IP-02" | "SM-HP-EFA-03" => &[Cluster],
            "SM-ISO-01" => &[Training, Processing, Transform, Hosting],
            "SM-IMG-01" | "SM-IMG-02" => &[Training, Processing, Hosting],
            "SM-F-PING" | "SM-F-IMAGE" => &[Hosting],
            "SM-F-ALGO" => &[Training, Processing, Transform, Compilation, Notebook, Cluster],
            "SM-F-INTERNAL" => &[Training, Processing, Transform, Hosting, Compilation, Notebook],
            // Lifecycle scripts come from S3, and write.
            id if info.phases.contains(&Phase::Input) || rules::logs::OF_LOGS.contains(&id) => {
                rules::ALL_AND_CLUSTERS
            }
            _ => JobKind::ALL,
        };
        assert_eq!(info.jobs, expected, "{}", info.id);
        assert!(info.docs.iter().all(|doc| !doc.page.is_empty()));
    }
}

pub(super) fn verdict(site: &Site, kind: JobKind, phase: Phase, rule: &str, needs: &Needs) -> Verdict {
    let (state, global) = (site.lab.state(), site.lab.global());
    let account = site.lab.account.id;
    let case = Case {
        kind,
        name: "j",
        needs,
        state: &state,
        global: &global,
        account,
        elsewhere: &crate::kernel::Nowhere,
        now: site.lab.now(),
        paths: None,
    };
    let report = evaluate(phase, &case, &RuleModes::default());
    report.findings.iter().find(|finding| finding.rule == rule).unwrap().verdict.clone()
}

pub(super) fn needs(site: &Site, subnets: &[SubnetId], instances: u32) -> Needs {
    Needs {
        instances: vec![InstanceGroup { instance_type: "ml.m5.large".into(), count: instances }],
        vpc: Some(VpcConfig {
            subnets: subnets.iter().map(ToString::to_string).collect(),
            groups: vec![site.group.to_string()],
        }),
        ..Needs::default()
    }
}

#[test]
fn hosting_wants_two_zones_and_not_two_subnets() {
    let site = Site::new(Profile::Fast);
    let (same, other) =
        (site.lab.subnet(site.vpc, "10.0.1.0/24"), site.lab.subnet_in(site.vpc, "10.0.2.0/24", 1));
    let ask = |subnets: &[SubnetId]| {
        verdict(&site, JobKind::Hosting, Phase::Place, "SM-HOST-AZ-01", &needs(&site, subnets, 1))
    };
    for alone in [&[site.subnet][..], &[site.subnet, same], &[other, other]] {
        assert!(matches!(ask(alone), Verdict::Violated(_)), "{alone:?}");
    }
    let Verdict::Satisfied(evidence) = ask(&[site.subnet, same, other]) else { panic!("two zones") };
    assert_eq!(evidence.get("zones"), Some("us-east-1a, us-east-1b"));
}

#[test]
fn zones_without_the_instance_type_do_not_count() {
    let site = Site::new(Profile::Fast);
    let in_zone = |n: usize| site.lab.subnet_in(site.vpc, &format!("10.0.{n}.0/24"), n);
    let (b, c, d) = (in_zone(1), in_zone(2), in_zone(3));
    let ask = |instance_type: &str, subnets: &[SubnetId]| {
        let mut needs = needs(&site, subnets, 1);
        needs.instances[0].instance_type = instance_type.into();
        verdict(&site, JobKind::Hosting, Phase::Place, "SM-HOST-AZ-04", &needs)
    };
    let p3 = "ml.p3.2xlarge";
    for few in [&[site.subnet, c][..], &[c, d], &[d]] {
        assert!(matches!(ask(p3, few), Verdict::Violated(_)), "{few:?}");
    }
    let Verdict::Satisfied(evidence) = ask(p3, &[c, site.subnet, d, b]) else { panic!("two zones are left") };
    assert_eq!(evidence.get("zones"), Some("us-east-1a, us-east-1b"));
    assert_eq!(evidence.get("without"), Some("us-east-1c, us-east-1d"));
    for (instance_type, all) in [("ml.m5.large", &[c, d][..]), (p3, &[site.subnet, b]), (p3, &[b])] {
        assert_eq!(ask(instance_type, all), Verdict::NotApplicable, "{instance_type} {all:?}");
    }
}

#[test]
fn instances_with_efa_exchange_everything() {
    let site = Site::new(Profile::Fast);
    let v4 = |net: &str| Peer::V4(net.parse().unwrap());
    let own = Peer::Group(site.group);
    let ask = |instance_type: &str, instances: u32, isolated: bool| {
        let mut needs = needs(&site, &[site.subnet], instances);
        needs.instances[0].instance_type = instance_type.into();
        needs.network_isolation = isolated;
        verdict(&site, JobKind::Training, Phase::Run, "SM-SG-SELF-05", &needs)
    };
    let efa = "ml.p4d.24xlarge";
    let closed = |rules: &[(Direction, Peer)]| {
        regroup(&site, rules);
        match ask(efa, 2, false) {
            Verdict::Violated(evidence) => evidence.get("closed").unwrap().to_owned(),
            _ => "open".into(),
        }
    };
    use Direction::{Egress, Ingress};
    assert_eq!(closed(&[(Ingress, own.clone()), (Egress, own.clone())]), "open");
    assert_eq!(closed(&[(Ingress, own.clone()), (Egress, Peer::V4(ANY_V4))]), "open");
    assert_eq!(closed(&[(Ingress, v4("10.0.0.0/28")), (Egress, v4("10.0.0.0/28"))]), "open");
    assert_eq!(closed(&[(Ingress, own.clone()), (Egress, v4("203.0.113.0/24"))]), "outbound");
    assert_eq!(closed(&[(Egress, own.clone())]), "inbound");
    // All of TCP is not all.
    regroup(&site, &[(Ingress, own.clone()), (Egress, own)]);
    site.lab.edit(|state| {
        state.groups.update(&site.group, |group| {
            for rule in &mut group.rules {
                rule.protocol = "tcp".into();
                (rule.from_port, rule.to_port) = (Some(0), Some(65_535));
            }
        });
    });
    let Verdict::Violated(evidence) = ask(efa, 2, false) else { panic!("only TCP is open") };
    assert_eq!(evidence.get("closed"), Some("inbound and outbound"));
    for (instance_type, instances, isolated) in [(efa, 1, false), (efa, 2, true), ("ml.m5.large", 2, false)] {
        assert_eq!(ask(instance_type, instances, isolated), Verdict::NotApplicable);
    }
}

#[test]
fn members_may_talk_by_a_rule_about_them_or_about_their_addresses() {
    let site = Site::new(Profile::Fast);
    let v4 = |net: &str| Peer::V4(net.parse().unwrap());
    let other = site.lab.group(site.vpc);
    let holds = |instances: u32, rules: &[(Direction, Peer)]| {
        regroup(&site, rules);
        let needs = needs(&site, &[site.subnet], instances);
        match verdict(&site, JobKind::Processing, Phase::Run, "SM-SG-SELF-02", &needs) {
            Verdict::NotApplicable => None,
            verdict => Some(matches!(verdict, Verdict::Satisfied(_))),
        }
    };
    use Direction::{Egress, Ingress};
    assert_eq!(holds(1, &[]), None, "one instance has nobody to talk to");
    assert_eq!(holds(2, &[]), Some(false));
    assert_eq!(holds(2, &[(Ingress, Peer::Group(site.group))]), Some(true));
    assert_eq!(holds(2, &[(Egress, Peer::Group(site.group))]), Some(false));
    assert_eq!(holds(2, &[(Ingress, Peer::Group(other))]), Some(false));
    assert_eq!(holds(2, &[(Ingress, v4("10.0.0.0/28"))]), Some(true));
    assert_eq!(holds(2, &[(Ingress, v4("10.0.0.0/29"))]), Some(false));
    assert_eq!(holds(2, &[(Ingress, v4("10.0.0.0/29")), (Ingress, v4("10.0.0.8/29"))]), Some(true));
    // Ports: all of TCP, or nothing.
    for (protocol, ports, expected) in
        [("tcp", (0, 65_535), true), ("tcp", (22, 22), false), ("udp", (0, 65_535), false)]
    {
        regroup(&site, &[(Ingress, Peer::Group(site.group))]);
        site.lab.edit(|state| {
            state.groups.update(&site.group, |group| {
                group.rules[0].protocol = protocol.into();
                (group.rules[0].from_port, group.rules[0].to_port) = (Some(ports.0), Some(ports.1));
            });
        });
        let needs = needs(&site, &[site.subnet], 2);
        let verdict = verdict(&site, JobKind::Transform, Phase::Run, "SM-SG-SELF-03", &needs);
        assert_eq!(matches!(verdict, Verdict::Satisfied(_)), expected, "{protocol} {ports:?}");
    }
}

#[test]
fn compilation_reaches_every_one_of_its_subnets() {
    let site = Site::new(Profile::Fast);
    let second = site.lab.subnet(site.vpc, "10.0.1.0/24");
    let closed = |nets: &[&str]| {
        let rules: Vec<_> =
            nets.iter().map(|net| (Direction::Egress, Peer::V4(net.parse().unwrap()))).collect();
        // A group without rules lets nothing out.
        regroup(&site, &[(Direction::Ingress, Peer::Group(site.group))]);
        if !rules.is_empty() {
            regroup(&site, &rules);
        }
        let needs = needs(&site, &[site.subnet, second], 1);
        let verdict = verdict(&site, JobKind::Compilation, Phase::Start, "SM-SG-NEO-06", &needs);
        verdict.evidence().and_then(|evidence: &Evidence| evidence.get("closed")).unwrap().to_owned()
    };
    assert_eq!(closed(&[]), "10.0.0.0/28, 10.0.1.0/24");
    assert_eq!(closed(&["10.0.1.0/24"]), "10.0.0.0/28");
    assert_eq!(closed(&["10.0.0.0/23"]), "");
    assert_eq!(closed(&["0.0.0.0/0"]), "");
}
