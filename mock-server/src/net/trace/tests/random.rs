//! Random networks. Many of their flows get through, and no two fail alike.

use super::scene::{BUCKET, EVERYWHERE, ROLE, Scene, entry, net};
use crate::model::network::ANY_V4;
use crate::model::path::{BucketUse, Flow, Goal, Vantage};
use crate::model::*;
use proptest::prelude::*;

/// Where choices come from: what proptest gives, and zeros after that.
pub struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % sides
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == times - 1
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// A network with a flow through it.
#[derive(Clone)]
pub struct Case {
    pub scene: Scene,
    pub flow: Flow,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#?}\n{:#?}", self.flow, self.scene.trace(self.flow.clone()).hops)
    }
}

pub fn cases() -> impl Strategy<Value = Case> {
    prop::collection::vec(any::<u8>(), 400).prop_map(|bytes| case(&mut Dice(bytes.into_iter())))
}

/// Cases whose flow gets there.
pub fn reaching() -> impl Strategy<Value = Case> {
    cases().prop_filter("it gets there", |case| case.scene.trace(case.flow.clone()).reaches())
}

const SAID: [&str; 4] = [
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#,
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]}}"#,
    r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::packages.*"}}"#,
    r#"{"Statement": [{"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Sid": "D", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Null": {"aws:SourceVpce": "true"}}}]}"#,
];

pub fn s3_list() -> String {
    managed_prefix_list::of_service("us-west-2", "s3").unwrap().to_string()
}

fn peer(dice: &mut Dice, groups: &[SecurityGroupId]) -> Peer {
    match dice.roll(8) {
        0..=2 => Peer::V4(ANY_V4),
        3 => Peer::V4(net("10.0.0.0/8")),
        4 => Peer::PrefixList(PrefixListId::parse(&s3_list()).unwrap()),
        5 => {
            let nets = ["10.0.0.0/16", "52.0.0.0/8", "203.0.113.0/25"];
            Peer::V4(net(nets[dice.roll(nets.len())]))
        }
        _ => groups.last().map_or(Peer::V4(ANY_V4), |id| Peer::Group(*id)),
    }
}

fn group(scene: &mut Scene, dice: &mut Dice, vpc: VpcId, known: &[SecurityGroupId]) -> SecurityGroupId {
    let id = scene.add_group(vpc, &[]);
    let mut groups = known.to_vec();
    groups.push(id);
    for direction in Direction::BOTH {
        if !dice.once_in(3) {
            let rule = scene.rule((direction, "-1", None, Peer::V4(ANY_V4)));
            scene.here.groups.update(&id, |group| group.rules.push(rule));
        }
        for _ in 0..dice.roll(3) {
            let (protocol, ports) = *dice.pick(&[
                ("-1", None),
                ("tcp", Some((443, 443))),
                ("tcp", Some((0, 65_535))),
                ("tcp", Some((80, 80))),
                ("udp", Some((443, 443))),
            ]);
            let peer = peer(dice, &groups);
            let rule = scene.rule((direction, protocol, ports, peer));
            scene.here.groups.update(&id, |group| {
                if !group.rules.iter().any(|known| known.allows_what(&rule)) {
                    group.rules.push(rule);
                }
            });
        }
    }
    id
}

fn acl(scene: &mut Scene, dice: &mut Dice, subnet: SubnetId) {
    let mut entries = Vec::new();
    for egress in [true, false] {
        for _ in 0..dice.roll(4) {
            let cidr = *dice.pick(&[EVERYWHERE, "10.0.0.0/16", "52.0.0.0/8", "18.34.48.0/20"]);
            let ports = *dice.pick(&[(443, 443), (0, 65_535), (1_024, 65_535), (80, 80), (32_768, 40_000)]);
            let number = 2 + dice.roll(90) as i32;
            entries.push(entry(number, egress, !dice.once_in(8), cidr, ports));
        }
        if !dice.once_in(4) {
            let all = AclEntry {
                protocol: "-1".into(),
                ports: None,
                ..entry(100, egress, true, EVERYWHERE, (0, 0))
            };
            entries.push(all);
        }
    }
    scene.add_acl(subnet, entries);
}

fn case(dice: &mut Dice) -> Case {
    let mut scene = Scene::closed();
    let mut vpcs = vec![scene.vpc];
    for n in 0..dice.roll(3) {
        vpcs.push(scene.add_vpc(&format!("10.{}.0.0/16", n + 1)));
    }
    if dice.once_in(16) {
        let vpc = scene.vpc;
        scene.here.vpcs.update(&vpc, |vpc| vpc.dns_support = false);
    }
    let mut interfaces = Vec::new();
    for (at, vpc) in vpcs.clone().into_iter().enumerate() {
        let mut subnets = if at == 0 { vec![scene.subnet] } else { Vec::new() };
        for n in 0..1 + dice.roll(3) {
            let zone = dice.roll(3);
            subnets.push(scene.add_subnet(vpc, &format!("10.{at}.{}.0/24", n + 10), zone));
        }
        let mut groups = if at == 0 { vec![scene.group] } else { Vec::new() };
        for _ in 0..1 + dice.roll(2) {
            groups.push(group(&mut scene, dice, vpc, &groups));
        }
        for subnet in subnets.clone() {
            let carried = vec![*dice.pick(&groups)];
            interfaces.push(scene.add_interface(subnet, &carried, None, "interface"));
            if dice.once_in(3) {
                acl(&mut scene, dice, subnet);
            }
        }
        furnish(&mut scene, dice, vpc, &subnets, &groups);
    }
    for other in vpcs.iter().skip(1) {
        if dice.once_in(4) {
            continue;
        }
        let peering = scene.add_peering(vpcs[0], *other);
        for (vpc, other) in [(vpcs[0], *other), (*other, vpcs[0])] {
            let block = scene.here.vpcs.get(&other).unwrap().cidr().unwrap().to_string();
            if !dice.once_in(5) {
                scene.add_route(scene.main_table(vpc), &block, RouteTarget::Peering(peering));
            }
        }
    }
    if dice.once_in(6) {
        scene.put_bucket(BUCKET, "us-west-2", Some(SAID[dice.roll(SAID.len())]));
    }
    scene.check();
    let flow = flow(&scene, dice, &interfaces);
    Case { scene, flow }
}

/// Gateways, endpoints and tables of a VPC.
fn furnish(scene: &mut Scene, dice: &mut Dice, vpc: VpcId, subnets: &[SubnetId], groups: &[SecurityGroupId]) {
    let mut tables = vec![scene.main_table(vpc)];
    // Each subnet is associated once at most.
    for subnet in subnets {
        if dice.once_in(2) {
            tables.push(scene.add_table(vpc, &[*subnet]));
        }
    }
    let mut targets = Vec::new();
    if !dice.once_in(3) {
        let gateway = scene.add_internet_gateway(vpc);
        targets.push(RouteTarget::InternetGateway(gateway));
        for _ in 0..dice.roll(3) {
            let subnet = *dice.pick(subnets);
            targets.push(RouteTarget::NatGateway(scene.add_nat(subnet, !dice.once_in(6))));
        }
        if dice.once_in(8) {
            scene.detach(gateway);
        }
    }
    let with_list: Vec<_> = tables.iter().copied().filter(|_| dice.once_in(2)).collect();
    if dice.once_in(2) {
        let endpoint = scene.add_gateway_endpoint(vpc, "s3", &with_list);
        let said =
            dice.pick(&[None, None, Some(SAID[0]), Some(SAID[1]), Some(SAID[2])]).map(PolicyDocument::new);
        scene.here.vpc_endpoints.update(&endpoint, |endpoint| endpoint.policy = said);
    }
    for service in ["s3", "sts"] {
        if dice.once_in(3) {
            let subnet = *dice.pick(subnets);
            let group = *dice.pick(groups);
            let endpoint = scene.add_interface_endpoint(vpc, service, &[subnet], group);
            let private = !dice.once_in(4);
            scene.here.vpc_endpoints.update(&endpoint, |endpoint| endpoint.private_dns = private);
        }
    }
    for table in tables {
        if let Some(target) = targets.last().filter(|_| !dice.once_in(3)) {
            scene.add_route(table, EVERYWHERE, *target);
        }
        for _ in 0..dice.roll(3) {
            let Some(target) = targets.get(dice.roll(targets.len() + 1)).copied() else { continue };
            let to = *dice.pick(&[EVERYWHERE, "52.0.0.0/8", "52.218.128.0/18", "203.0.113.0/24"]);
            scene.add_route(table, to, target);
        }
    }
}

fn flow(scene: &Scene, dice: &mut Dice, interfaces: &[NetworkInterfaceId]) -> Flow {
    let own: Vec<_> = interfaces
        .iter()
        .filter_map(|id| scene.here.interfaces.get(id))
        .filter(|row| row.vpc == scene.vpc)
        .collect();
    let goal = match dice.roll(9) {
        0..=3 => Goal::Bucket(BucketUse {
            bucket: BUCKET.into(),
            acts: vec![("s3:ListBucket", None), ("s3:GetObject", Some("train/a".into()))],
            keys: Vec::new(),
            role_arn: Some(ROLE.into()),
        }),
        4 => Goal::Service("sts".into()),
        5 => Goal::Host("packages.us-west-2.amazonaws.com".into()),
        6 => Goal::Host("packages.example.com".into()),
        _ => {
            let to = scene.here.interfaces.get(dice.pick(interfaces)).unwrap();
            Goal::Peer(Vantage::of(to).unwrap())
        }
    };
    let mut flow = scene.flow(goal);
    flow.from = Vantage::of(own[dice.roll(own.len())]);
    flow.from.as_mut().unwrap().public = dice.once_in(3);
    flow
}
