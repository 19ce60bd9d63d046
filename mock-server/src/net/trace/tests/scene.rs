//! Networks to trace through, built with the model's own functions, and whatever is elsewhere.

use crate::kernel::{AccountId, CellState, Elsewhere, HexId, Memo, Origin, Scope, SimTime};
use crate::model::endpoint_service::{EndpointType, services};
use crate::model::nat::NatAddressStatus;
use crate::model::network::{ANY_V4, NewSubnet, NewVpc};
use crate::model::path::{BucketUse, Flow, Goal, Trace, Transport, Vantage};
use crate::model::place::InterfaceSpec;
use crate::model::*;
use crate::net::record::records;
use crate::net::trace::{Terrain, trace};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

pub const ROLE: &str = "arn:aws:iam::123456789012:role/Trainer";
pub const BUCKET: &str = "data";
pub const EVERYWHERE: &str = "0.0.0.0/0";
const REGION: &str = "us-west-2";

pub fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

/// Where a flow begins by default.
pub const OWN: u64 = 123_456_789_012;

/// A rule of a group: direction, protocol, ports and peer.
pub type AsWritten<'a> = (Direction, &'a str, Option<(i32, i32)>, Peer);

#[derive(Clone)]
pub struct Scene {
    pub here: State,
    pub global: State,
    pub others: BTreeMap<(AccountId, Scope), State>,
    pub vpc: VpcId,
    /// Of the job.
    pub subnet: SubnetId,
    pub group: SecurityGroupId,
    made: u128,
}

#[derive(Clone)]
struct Cells(BTreeMap<(AccountId, Scope), Arc<State>>);

impl Elsewhere<State> for Cells {
    fn peek(&self, account: AccountId, scope: &Scope) -> Option<Arc<State>> {
        self.0.get(&(account, scope.clone())).cloned()
    }
    fn accounts(&self) -> Vec<AccountId> {
        let mut all: Vec<_> = self.0.keys().map(|(account, _)| *account).collect();
        all.dedup();
        all
    }
}

pub fn first(number: u64, scope: Scope) -> State {
    State::first(&Origin::new(7, account(number), scope), &Defaults::default())
}

pub fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

pub fn to(text: &str) -> Destination {
    match PrefixListId::parse(text) {
        Some(list) => Destination::PrefixList(list),
        None => Destination::Cidr(text.parse().unwrap()),
    }
}

impl Scene {
    /// A VPC with one subnet and one group, and a role that may do everything with the bucket there is.
    pub fn closed() -> Self {
        let global = first(OWN, Scope::Global);
        let here = first(OWN, Scope::Region(REGION.into()));
        let default = here.default_vpc().unwrap().id;
        let subnet = here.subnets.iter().next().unwrap().id;
        let group = here.group_named(default, DEFAULT_GROUP).unwrap().id;
        let mut scene =
            Self { here, global, others: BTreeMap::new(), vpc: default, subnet, group, made: 1 << 40 };
        scene.vpc = scene.add_vpc("10.0.0.0/16");
        scene.subnet = scene.add_subnet(scene.vpc, "10.0.1.0/24", 0);
        scene.group = scene.add_group(scene.vpc, &[(Direction::Egress, "-1", None, Peer::V4(ANY_V4))]);
        scene.put_bucket(BUCKET, REGION, None);
        scene.put_role(r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#);
        scene
    }

    pub fn closed_with_endpoint() -> Self {
        let mut scene = Self::closed();
        let table = scene.main_table(scene.vpc);
        scene.add_gateway_endpoint(scene.vpc, "s3", &[table]);
        scene
    }

    /// The VPC of many tutorials: a NAT gateway in a public subnet, jobs in a private one.
    pub fn with_nat() -> (Self, NatGatewayId, InternetGatewayId) {
        let mut scene = Self::closed();
        let public = scene.add_subnet(scene.vpc, "10.0.0.0/24", 0);
        let gateway = scene.add_internet_gateway(scene.vpc);
        let table = scene.add_table(scene.vpc, &[public]);
        scene.add_route(table, EVERYWHERE, RouteTarget::InternetGateway(gateway));
        let nat = scene.add_nat(public, true);
        let main = scene.main_table(scene.vpc);
        scene.add_route(main, EVERYWHERE, RouteTarget::NatGateway(nat));
        (scene, nat, gateway)
    }

    // === What is asked ===

    pub fn vantage(&self) -> Vantage {
        let subnet = self.here.subnets.get(&self.subnet).unwrap();
        let host = u32::from(subnet.cidr.unwrap().network()) + 200;
        Vantage {
            subnet: self.subnet,
            groups: vec![self.group],
            address: Ipv4Addr::from(host),
            interface: None,
            public: false,
        }
    }

    pub fn to_bucket(&self) -> Flow {
        self.flow(Goal::Bucket(BucketUse {
            bucket: BUCKET.into(),
            acts: vec![("s3:ListBucket", None), ("s3:GetObject", Some("train/a".into()))],
            keys: Vec::new(),
            role_arn: Some(ROLE.into()),
        }))
    }

    pub fn flow(&self, to: Goal) -> Flow {
        Flow { from: Some(self.vantage()), to, transport: Transport::Tcp, port: 443 }
    }

    pub fn host(&self, host: &str) -> Flow {
        self.flow(Goal::Host(host.into()))
    }

    pub fn peer(&self, interface: NetworkInterfaceId) -> Flow {
        let all = self.others.values().chain([&self.here]);
        let row = all.filter_map(|state| state.interfaces.get(&interface)).next().unwrap();
        self.flow(Goal::Peer(Vantage::of(row).unwrap()))
    }

    pub fn trace(&self, flow: Flow) -> Trace {
        self.look(|terrain| trace(terrain, &flow))
    }

    /// What the interfaces saw of something.
    pub fn records(&self, trace: &Trace, volume: &Volume) -> Vec<FlowRecord> {
        self.look(|terrain| records(terrain, trace, volume))
    }

    /// Asks something of the whole.
    pub fn look<T>(&self, ask: impl FnOnce(&Terrain<'_>) -> T) -> T {
        let own = [(Scope::Global, &self.global), (Scope::Region(REGION.into()), &self.here)];
        let mut cells: BTreeMap<_, _> =
            own.into_iter().map(|(scope, state)| ((account(OWN), scope), Arc::new(state.clone()))).collect();
        cells.extend(self.others.iter().map(|(at, state)| (at.clone(), Arc::new(state.clone()))));
        ask(&Terrain {
            state: &self.here,
            global: &self.global,
            elsewhere: &Cells(cells),
            now: SimTime::default(),
        })
    }

    pub fn check(&self) {
        for state in self.others.values().chain([&self.here, &self.global]) {
            assert_eq!(state.broken_invariants(), Vec::<String>::new());
        }
    }

    // === What is built ===

    pub fn id<I: Id>(&mut self) -> I {
        self.made += 1;
        I::from_hex(HexId::long(self.made))
    }

    pub fn add_vpc(&mut self, cidr: &str) -> VpcId {
        let made = &mut self.made;
        let mut ids = |_: &'static str| {
            *made += 1;
            *made
        };
        let new = NewVpc::new(&mut ids, net(cidr), Tenancy::Default, self.here.region_dhcp_options);
        let id = new.vpc.id;
        self.here.add_vpc(new);
        self.here.vpcs.update(&id, |vpc| vpc.dns_hostnames = true);
        id
    }

    pub fn zone(&self, n: usize) -> Zone {
        let zones = self.here.site.info().unwrap().zones;
        zones[n % zones.len()]
    }

    pub fn add_subnet(&mut self, vpc: VpcId, cidr: &str, zone: usize) -> SubnetId {
        let (id, acl_association, zone) = (self.id(), self.id(), self.zone(zone));
        self.here.add_subnet(NewSubnet {
            id,
            acl_association,
            vpc,
            cidr: Some(net(cidr)),
            ipv6: None,
            zone,
            default_for_zone: false,
            map_public_ip: false,
            tags: Tags::default(),
        });
        id
    }

    pub fn rule(&mut self, (direction, protocol, ports, peer): AsWritten<'_>) -> SecurityGroupRule {
        SecurityGroupRule {
            protocol: protocol.into(),
            from_port: ports.map(|ports| ports.0),
            to_port: ports.map(|ports| ports.1),
            ..SecurityGroupRule::all_traffic(self.id(), direction, peer)
        }
    }

    pub fn add_group(&mut self, vpc: VpcId, rules: &[AsWritten<'_>]) -> SecurityGroupId {
        let id = self.id();
        let rules = rules.iter().map(|rule| self.rule(rule.clone())).collect();
        self.here.groups.insert(SecurityGroup {
            id,
            vpc,
            name: format!("g{id}").into(),
            description: String::new(),
            rules,
            peered: Vec::new(),
            tags: Tags::default(),
            memo: Memo::default(),
        });
        id
    }

    pub fn allow(&mut self, group: SecurityGroupId, direction: Direction, port: i32, peer: Peer) {
        let rule = self.rule((direction, "tcp", Some((port, port)), peer));
        self.here.groups.update(&group, |group| group.rules.push(rule));
    }

    pub fn main_table(&self, vpc: VpcId) -> RouteTableId {
        let index = route::RouteTableIndex::Vpc(vpc);
        self.here.route_tables.by(&index).find(|table| table.is_main()).unwrap().id
    }

    pub fn add_table(&mut self, vpc: VpcId, subnets: &[SubnetId]) -> RouteTableId {
        let id = self.id();
        let associations = subnets
            .iter()
            .map(|subnet| RouteAssociation { id: self.id(), with: Associate::Subnet(*subnet) })
            .collect();
        let blocks = self.here.vpcs.get(&vpc).unwrap().blocks();
        self.here.route_tables.insert(RouteTable {
            id,
            vpc,
            routes: blocks.map(Route::local).collect(),
            associations,
            propagating: Vec::new(),
            client_token: None,
            tags: Tags::default(),
            memo: Memo::default(),
        });
        id
    }

    pub fn add_route(&mut self, table: RouteTableId, destination: &str, target: RouteTarget) {
        let mut route = Route::new(to(destination), target, RouteOrigin::Route);
        let vpc = self.here.route_tables.get(&table).unwrap().vpc;
        route.blackhole = !self.here.leads(vpc, target);
        route.instance = self.here.instance_behind(target);
        self.here.route_tables.update(&table, |table| {
            table.routes.retain(|other| other.destination != route.destination);
            table.routes.push(route);
        });
    }

    pub fn drop_route(&mut self, table: RouteTableId, destination: Destination) {
        self.here.route_tables.update(&table, |table| {
            table.routes.retain(|route| route.destination != destination);
        });
    }

    pub fn add_gateway_endpoint(
        &mut self,
        vpc: VpcId,
        service: &str,
        tables: &[RouteTableId],
    ) -> VpcEndpointId {
        let endpoint = self.endpoint(vpc, service, EndpointType::Gateway);
        self.here.put_vpc_endpoint(VpcEndpoint { route_tables: tables.to_vec(), ..endpoint }).id
    }

    pub fn add_interface_endpoint(
        &mut self,
        vpc: VpcId,
        service: &str,
        subnets: &[SubnetId],
        group: SecurityGroupId,
    ) -> VpcEndpointId {
        let mut endpoint = self.endpoint(vpc, service, EndpointType::Interface);
        for subnet in subnets {
            let interface =
                self.add_interface(*subnet, &[group], Some(Owner::VpcEndpoint(endpoint.id)), "vpc_endpoint");
            let zone = self.here.subnets.get(subnet).unwrap().zone;
            endpoint.placements.push(EndpointPlacement { subnet: *subnet, zone, interface });
        }
        let name = self.here.groups.get(&group).unwrap().name.clone();
        endpoint.groups = vec![GroupRef { id: group, name }];
        endpoint.private_dns = true;
        self.here.put_vpc_endpoint(endpoint).id
    }

    fn endpoint(&mut self, vpc: VpcId, service: &str, kind: EndpointType) -> VpcEndpoint {
        let name = format!("com.amazonaws.{REGION}.{service}");
        VpcEndpoint {
            outage: None,
            id: self.id(),
            vpc,
            service: services(REGION).iter().find(|it| it.name == name && it.kind == kind).unwrap(),
            state: VpcEndpointState::Available,
            policy: None,
            route_tables: Vec::new(),
            placements: Vec::new(),
            groups: Vec::new(),
            private_dns: false,
            inbound_only: None,
            ip_address_type: None,
            dns_record_ip_type: None,
            created: SimTime::from_millis(0),
            client_token: None,
            tags: Tags::default(),
            memo: Memo::default(),
        }
    }

    pub fn add_interface(
        &mut self,
        subnet: SubnetId,
        groups: &[SecurityGroupId],
        owner: Option<Owner>,
        interface_type: &'static str,
    ) -> NetworkInterfaceId {
        let id = self.id();
        let spec = InterfaceSpec {
            id,
            subnet,
            groups: groups.to_vec(),
            addresses: Vec::new(),
            description: "".into(),
            attachment: None,
            requester_id: None,
            requester_managed: owner.is_some(),
            owner,
            interface_type,
            client_token: None,
            tags: Tags::default(),
        };
        self.here.add_interface(spec).unwrap();
        id
    }

    pub fn add_internet_gateway(&mut self, vpc: VpcId) -> InternetGatewayId {
        let id = self.id();
        let (tags, memo) = (Tags::default(), Memo::default());
        self.here.internet_gateways.insert(InternetGateway { id, vpc: Some(vpc), tags, memo });
        id
    }

    pub fn detach(&mut self, gateway: InternetGatewayId) {
        self.here.internet_gateways.update(&gateway, |gateway| gateway.vpc = None);
        self.here.settle_routes_to(RouteTarget::InternetGateway(gateway));
    }

    pub fn add_nat(&mut self, subnet: SubnetId, public: bool) -> NatGatewayId {
        let id = self.id();
        let interface = self.add_interface(subnet, &[], Some(Owner::NatGateway(id)), "nat_gateway");
        let row = self.here.interfaces.get(&interface).unwrap().clone();
        let private = row.addresses[0];
        let elastic = public.then(|| {
            let address = Ipv4Addr::from(0x3400_0000 + (self.made as u32 & 0xffff));
            let (allocation, association) = (self.id(), self.id());
            let row = ElasticAddress { id: allocation, address, domain_name: None, tags: Tags::default() };
            self.here.elastic_addresses.insert(row);
            self.here.associate((allocation, address), interface, private, association);
            (allocation, address, association)
        });
        self.here.nat_gateways.insert(NatGateway {
            outage: None,
            id,
            vpc: row.vpc,
            subnet,
            zone: row.zone,
            public,
            state: NatGatewayState::Available,
            failure: None,
            interface: Some(interface),
            addresses: vec![NatGatewayAddress {
                private: Some(private),
                allocation: elastic.map(|it| it.0),
                public: elastic.map(|it| (it.1, it.2)),
                status: NatAddressStatus::Succeeded,
            }],
            created: SimTime::from_millis(0),
            deleted: None,
            client_token: None,
            tags: Tags::default(),
            memo: Memo::default(),
        });
        id
    }

    /// An ACL of its own for a subnet.
    pub fn add_acl(&mut self, subnet: SubnetId, entries: Vec<AclEntry>) -> NetworkAclId {
        let (id, association) = (self.id(), self.id());
        let vpc = self.here.subnets.get(&subnet).unwrap().vpc;
        let mut acl = NetworkAcl::new(id, vpc, false, false);
        entries.into_iter().for_each(|entry| acl.put(entry));
        let old = super::acl::of(&super::Place {
            state: super::Cell::Here(&self.here),
            subnet: self.here.subnets.get(&subnet).unwrap().clone(),
        });
        self.here.acls.update(&old.unwrap().id, |acl| acl.associations.retain(|it| it.subnet != subnet));
        acl.associations.push(AclAssociation { id: association, subnet });
        self.here.acls.insert(acl);
        id
    }

    /// A connection to another VPC of the same account and region.
    pub fn add_peering(&mut self, one: VpcId, other: VpcId) -> VpcPeeringConnectionId {
        let side = |state: &State, vpc: VpcId| PeeringSide {
            account: state.site.account,
            region: state.site.region.clone(),
            vpc,
            cidrs: state.vpcs.get(&vpc).unwrap().cidrs.iter().map(|(_, net)| *net).collect(),
            ipv6_cidrs: Vec::new(),
            dns_resolution: false,
        };
        let id = self.id();
        let (requester, accepter) = (side(&self.here, one), side(&self.here, other));
        self.here.peerings.insert(Peering {
            id,
            requester,
            accepter,
            status: PeeringStatus::Active,
            expires: SimTime::from_millis(0),
            tags: Tags::default(),
            named: std::collections::BTreeSet::new(),
            memo: Memo::default(),
        });
        id
    }

    /// A transit gateway with one table; everything that is in none of the VPCs it sends to `out`.
    pub fn add_transit_gateway(&mut self, vpcs: &[(VpcId, SubnetId)], out: VpcId) -> TransitGatewayId {
        let (id, table) = (self.id(), self.id());
        let (created, tags) = (SimTime::from_millis(0), Tags::default());
        self.here.transit_gateways.insert(TransitGateway {
            id,
            description: None,
            asn: 64_512,
            auto_accept: false,
            associates: true,
            propagates: true,
            vpn_ecmp: true,
            dns: true,
            group_references: false,
            table: Some(table),
            state: TransitState::Available,
            created,
            tags: tags.clone(),
            memo: Memo::default(),
        });
        let mut propagating = std::collections::BTreeSet::new();
        let mut routes = BTreeMap::new();
        for (vpc, subnet) in vpcs {
            let attachment = self.id();
            self.here.transit_attachments.insert(TransitAttachment {
                id: attachment,
                gateway: id,
                vpc: *vpc,
                subnets: vec![*subnet],
                dns: true,
                group_references: false,
                ipv6: false,
                appliance: false,
                table: Some(table),
                state: TransitState::Available,
                created,
                tags: tags.clone(),
                memo: Memo::default(),
            });
            self.add_interface(*subnet, &[], Some(Owner::TransitAttachment(attachment)), "transit_gateway");
            propagating.insert(attachment);
            if *vpc == out {
                routes.insert(ANY_V4.into(), Some(attachment));
            }
        }
        self.here.transit_tables.insert(TransitRouteTable {
            id: table,
            gateway: id,
            default_association: true,
            default_propagation: true,
            state: TransitState::Available,
            created,
            routes,
            propagating,
            tags,
            memo: Memo::default(),
        });
        id
    }

    pub fn put_bucket(&mut self, name: &str, region: &str, policy: Option<&str>) {
        let bucket = Bucket::new(name, account(OWN), region.into(), SimTime::from_millis(0));
        self.global.buckets.insert(Bucket { policy: policy.map(PolicyDocument::new), ..bucket });
        self.global.has_made_bucket = true;
    }

    pub fn put_role(&mut self, policy: &str) {
        let inline = BTreeMap::from([("data".to_owned(), PolicyDocument::new(policy))]);
        self.global.roles.insert(Role {
            name: "Trainer".into(),
            unique_id: "AROA0123456789ABCDEFG".into(),
            path: "/".into(),
            arn: ROLE.into(),
            description: None,
            trust: PolicyDocument::new("{}"),
            grants: Grants { inline, ..Grants::default() },
            max_session_seconds: 3_600,
            created: SimTime::from_millis(0),
            tags: Tags::default(),
        });
    }
}

/// An entry for TCP.
pub fn entry(number: i32, egress: bool, allow: bool, cidr: &str, ports: (i32, i32)) -> AclEntry {
    let cidr = cidr.parse().unwrap();
    AclEntry { number, egress, allow, protocol: "6".into(), cidr, ports: Some(ports), icmp: None }
}
