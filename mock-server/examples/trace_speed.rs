//! Prints what a trace costs in a small network and in a large one: `cargo run --release --example trace_speed`.

// Measuring is the one thing here that needs the real clock.
#![allow(clippy::disallowed_methods)]
#![expect(clippy::unwrap_used, reason = "this is a measurement")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mockplane::kernel::{AccountId, CellState, Elsewhere, HexId, Memo, Origin, Scope, SimTime};
use mockplane::model::network::{ANY_V4, NewSubnet, NewVpc};
use mockplane::model::path::{Flow, Goal, Transport, Vantage};
use mockplane::model::{
    Associate, Defaults, Direction, Id, InternetGateway, Peer, Route, RouteAssociation, RouteOrigin,
    RouteTable, RouteTarget, SecurityGroup, SecurityGroupRule, State, Tags, Tenancy,
};
use mockplane::net::{Terrain, trace};

struct Nowhere;

impl Elsewhere<State> for Nowhere {
    fn peek(&self, _: AccountId, _: &Scope) -> Option<Arc<State>> {
        None
    }
    fn accounts(&self) -> Vec<AccountId> {
        Vec::new()
    }
}

/// A VPC with so many route tables, each of a subnet of its own, and groups of so many rules; and the flow of an
/// interface in the last subnet that carries the last five groups.
fn network(tables: u32, groups: usize, rules: usize) -> (State, Flow) {
    let account = AccountId::from_number(123_456_789_012).unwrap();
    let mut state =
        State::first(&Origin::new(1, account, Scope::Region("us-east-1".into())), &Defaults::default());
    let mut made = 1u128 << 40;
    let mut fresh = || {
        made += 1;
        made
    };
    let zone = state.site.info().unwrap().zones[0];
    let new = NewVpc::new(
        &mut |_| fresh(),
        "10.0.0.0/16".parse().unwrap(),
        Tenancy::Default,
        state.region_dhcp_options,
    );
    let vpc = new.vpc.id;
    state.add_vpc(new);
    let mut id = || HexId::long(fresh());
    let gateway = Id::from_hex(id());
    state.internet_gateways.insert(InternetGateway {
        id: gateway,
        vpc: Some(vpc),
        tags: Tags::default(),
        memo: Memo::default(),
    });
    let mut last = None;
    for n in 0..tables {
        let cidr: ipnet::Ipv4Net = format!("10.0.{n}.0/24").parse().unwrap();
        let subnet = state.add_subnet(NewSubnet {
            id: Id::from_hex(id()),
            acl_association: Id::from_hex(id()),
            vpc,
            cidr: Some(cidr),
            ipv6: None,
            zone,
            default_for_zone: false,
            map_public_ip: false,
            tags: Tags::default(),
        });
        let mut routes = vec![Route::local("10.0.0.0/16".parse().unwrap())];
        let to = |net: &str| mockplane::model::Destination::Cidr(net.parse().unwrap());
        let target = RouteTarget::InternetGateway(gateway);
        routes
            .extend((0..48).map(|n| Route::new(to(&format!("172.16.{n}.0/24")), target, RouteOrigin::Route)));
        routes.push(Route::new(to("0.0.0.0/0"), target, RouteOrigin::Route));
        state.route_tables.insert(RouteTable {
            id: Id::from_hex(id()),
            vpc,
            routes,
            associations: vec![RouteAssociation {
                id: Id::from_hex(id()),
                with: Associate::Subnet(subnet.id),
            }],
            propagating: Vec::new(),
            client_token: None,
            tags: Tags::default(),
            memo: Memo::default(),
        });
        last = Some((subnet.id, cidr));
    }
    let mut carried = Vec::new();
    for n in 0..groups {
        let mut all: Vec<_> = (1..rules)
            .map(|n| {
                let peer = Peer::V4(format!("192.168.{n}.0/24").parse().unwrap());
                SecurityGroupRule::all_traffic(Id::from_hex(id()), Direction::Egress, peer)
            })
            .collect();
        // Only the last rule of the last group lets anything out.
        if n + 1 == groups {
            all.push(SecurityGroupRule::all_traffic(Id::from_hex(id()), Direction::Egress, Peer::V4(ANY_V4)));
        }
        let group = Id::from_hex(id());
        state.groups.insert(SecurityGroup {
            id: group,
            vpc,
            name: format!("group-{n}").into(),
            description: String::new(),
            rules: all,
            peered: Vec::new(),
            tags: Tags::default(),
            memo: Memo::default(),
        });
        carried.push(group);
    }
    let (subnet, cidr) = last.unwrap();
    let from = Vantage {
        subnet,
        groups: carried.split_off(carried.len().saturating_sub(5)),
        address: cidr.hosts().nth(40).unwrap(),
        interface: None,
        public: true,
    };
    (
        state,
        Flow {
            from: Some(from),
            to: Goal::Host("packages.example.com".into()),
            transport: Transport::Tcp,
            port: 443,
        },
    )
}

/// The best of twenty rounds.
fn measure(state: &State, flow: &Flow) -> Duration {
    let global = State::default();
    let terrain = Terrain { state, global: &global, elsewhere: &Nowhere, now: SimTime::from_millis(0) };
    assert!(trace(&terrain, flow).reaches());
    let round = || {
        let start = Instant::now();
        for _ in 0..1_000 {
            black_box(trace(black_box(&terrain), black_box(flow)));
        }
        start.elapsed() / 1_000
    };
    (0..20).map(|_| round()).min().unwrap_or_default()
}

fn main() {
    let (small, flow) = network(1, 1, 2);
    let least = measure(&small, &flow);
    println!("1 route table, 1 group of 2 rules: {:.0} traces per second", 1.0 / least.as_secs_f64());
    let (large, flow) = network(200, 500, 60);
    let most = measure(&large, &flow);
    println!(
        "200 route tables, 500 groups of 60 rules, 5 of them carried: {:.0} traces per second, {:.1} times as long",
        1.0 / most.as_secs_f64(),
        most.as_secs_f64() / least.as_secs_f64()
    );
}
