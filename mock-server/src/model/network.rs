//! VPCs and subnets with what comes and goes along with them; and what a new account finds in a region.

use super::gateway::InVpcIndex;
use super::group::SecurityGroupIndex;
use super::route::RouteTableIndex;
use super::*;
use crate::kernel::{HexId, Memo, Origin};
use ipnet::Ipv4Net;
use std::sync::Arc;

/// The number of the entry that refuses what no other entry of a network ACL allowed.
pub const LAST_ACL_ENTRY: i32 = 32_767;

/// Everywhere.
pub const ANY_V4: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0);

/// Makes the random part of a new id of the kind with this prefix.
pub type Ids<'a> = &'a mut dyn FnMut(&'static str) -> u128;

fn fresh<I: Id>(ids: Ids<'_>) -> I {
    I::from_hex(HexId::long(ids(I::PREFIX)))
}

/// A VPC with the children that are made with it and that only go with it.
/// Source: VPC user guide, "Create a VPC".
#[derive(Clone, Debug)]
pub struct NewVpc {
    pub vpc: Vpc,
    main_table: RouteTable,
    acl: NetworkAcl,
    group: SecurityGroup,
}

impl NewVpc {
    pub fn new(ids: Ids<'_>, cidr: Ipv4Net, tenancy: Tenancy, dhcp_options: Option<DhcpOptionsId>) -> Self {
        let vpc = Vpc {
            id: fresh(ids),
            cidrs: vec![(fresh(ids), cidr)],
            ipv6_cidrs: Vec::new(),
            dhcp_options,
            tenancy,
            is_default: false,
            dns_support: true,
            dns_hostnames: false,
            network_address_usage_metrics: false,
            tags: Tags::default(),
            memo: Memo::default(),
        };
        let local = Route {
            destination: Destination::Cidr(cidr.into()),
            target: RouteTarget::Local,
            origin: RouteOrigin::Table,
            blackhole: false,
        };
        let main_table = RouteTable {
            id: fresh(ids),
            vpc: vpc.id,
            routes: vec![local],
            associations: vec![RouteAssociation { id: fresh(ids), subnet: None }],
            tags: Tags::default(),
            memo: Memo::default(),
        };
        let acl = NetworkAcl {
            id: fresh(ids),
            vpc: vpc.id,
            is_default: true,
            entries: [true, false].into_iter().flat_map(default_acl_entries).collect(),
            associations: Vec::new(),
            tags: Tags::default(),
            memo: Memo::default(),
        };
        let id = fresh(ids);
        let group = SecurityGroup {
            id,
            vpc: vpc.id,
            name: DEFAULT_GROUP.into(),
            description: "default VPC security group".into(),
            rules: vec![
                SecurityGroupRule::all_traffic(fresh(ids), Direction::Ingress, Peer::Group(id)),
                SecurityGroupRule::all_traffic(fresh(ids), Direction::Egress, Peer::V4(ANY_V4)),
            ],
            tags: Tags::default(),
            memo: Memo::default(),
        };
        Self { vpc, main_table, acl, group }
    }
}

/// Entry 100 allows everything, the last one refuses what is left.
/// Source: VPC user guide, "Default network ACL for a VPC".
fn default_acl_entries(egress: bool) -> [AclEntry; 2] {
    [(100, true), (LAST_ACL_ENTRY, false)].map(|(number, allow)| AclEntry {
        number,
        egress,
        allow,
        protocol: "-1".into(),
        cidr: ANY_V4,
        ports: None,
    })
}

/// A subnet to be made.
#[derive(Clone, Debug)]
pub struct NewSubnet {
    pub id: SubnetId,
    /// Its association with the default network ACL of its VPC.
    pub acl_association: NetworkAclAssociationId,
    pub vpc: VpcId,
    pub cidr: Ipv4Net,
    pub zone: Zone,
    pub default_for_zone: bool,
    pub map_public_ip: bool,
    pub tags: Tags,
}

impl State {
    pub fn add_vpc(&mut self, new: NewVpc) -> Arc<Vpc> {
        self.route_tables.insert(new.main_table);
        self.acls.insert(new.acl);
        self.groups.insert(new.group);
        self.vpcs.insert(new.vpc)
    }

    /// Removes a VPC with its main route table, default ACL and default group. Whether anything else is left in
    /// it is the caller's to ask.
    pub fn remove_vpc(&mut self, id: VpcId) -> Option<Arc<Vpc>> {
        let vpc = self.vpcs.remove(&id)?;
        let index = InVpcIndex::Vpc(id);
        let tables: Vec<_> = self.route_tables.by(&RouteTableIndex::Vpc(id)).map(|row| row.id).collect();
        let acls: Vec<_> = self.acls.by(&index).map(|row| row.id).collect();
        let groups: Vec<_> = self.groups.by(&SecurityGroupIndex::Vpc(id)).map(|row| row.id).collect();
        tables.iter().for_each(|id| drop(self.route_tables.remove(id)));
        acls.iter().for_each(|id| drop(self.acls.remove(id)));
        groups.iter().for_each(|id| drop(self.groups.remove(id)));
        self.remove_flow_logs_of(Logged::Vpc(id));
        Some(vpc)
    }

    /// Adds a subnet, which its VPC's default network ACL guards from then on.
    pub fn add_subnet(&mut self, new: NewSubnet) -> Arc<Subnet> {
        let default_acl =
            self.acls.by(&InVpcIndex::Vpc(new.vpc)).find(|acl| acl.is_default).map(|acl| acl.id);
        if let Some(acl) = default_acl {
            let association = AclAssociation { id: new.acl_association, subnet: new.id };
            self.acls.update(&acl, |acl| acl.associations.push(association));
        }
        self.subnets.insert(Subnet {
            id: new.id,
            vpc: new.vpc,
            cidr: new.cidr,
            ipv6: None,
            zone: new.zone,
            addresses: AddressPool::new(new.cidr),
            default_for_zone: new.default_for_zone,
            map_public_ip: new.map_public_ip,
            tags: new.tags,
            memo: Memo::default(),
        })
    }

    /// Removes a subnet with its associations.
    pub fn remove_subnet(&mut self, id: SubnetId) -> Option<Arc<Subnet>> {
        let subnet = self.subnets.remove(&id)?;
        let index = InVpcIndex::Subnet(id);
        let acls: Vec<_> = self.acls.by(&index).map(|row| row.id).collect();
        let tables: Vec<_> = self.route_tables.by(&RouteTableIndex::Subnet(id)).map(|row| row.id).collect();
        for acl in acls {
            self.acls.update(&acl, |acl| acl.associations.retain(|association| association.subnet != id));
        }
        for table in tables {
            self.route_tables.update(&table, |table| {
                table.associations.retain(|association| association.subnet != Some(id));
            });
        }
        self.remove_flow_logs_of(Logged::Subnet(id));
        Some(subnet)
    }

    /// The VPC that the region came with, unless it was deleted.
    pub fn default_vpc(&self) -> Option<&Arc<Vpc>> {
        self.vpcs.by(&vpc::VpcIndex::Default).next()
    }

    /// The group of a VPC with this name, whatever its case.
    pub fn group_named(&self, vpc: VpcId, name: &str) -> Option<&Arc<SecurityGroup>> {
        self.groups.by(&SecurityGroupIndex::Name(vpc, name.to_lowercase())).next()
    }

    /// What a new account finds in a region: DHCP options; the default VPC with a subnet for each zone and an
    /// internet gateway. A pure function of the origin.
    /// Source: VPC user guide, "Default VPC components".
    pub(super) fn furnish(&mut self, origin: &Origin, region: &'static RegionInfo) {
        let mut n = 0;
        let ids: Ids<'_> = &mut |kind| {
            n += 1;
            origin.derive(&[kind, "first", &n.to_string()])
        };
        let options = DhcpOptions {
            id: fresh(ids),
            options: vec![
                ("domain-name".into(), vec![region.domain_name()]),
                ("domain-name-servers".into(), vec!["AmazonProvidedDNS".into()]),
            ],
            tags: Tags::default(),
            memo: Memo::default(),
        };
        let cidr = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 31, 0, 0), 16);
        let mut new = NewVpc::new(ids, cidr, Tenancy::Default, Some(options.id));
        new.vpc.is_default = true;
        new.vpc.dns_hostnames = true;
        let gateway = InternetGateway {
            id: fresh(ids),
            vpc: Some(new.vpc.id),
            tags: Tags::default(),
            memo: Memo::default(),
        };
        new.main_table.routes.push(Route {
            destination: Destination::Cidr(ANY_V4.into()),
            target: RouteTarget::InternetGateway(gateway.id),
            origin: RouteOrigin::Route,
            blackhole: false,
        });
        self.region_dhcp_options = Some(options.id);
        self.dhcp_options.insert(options);
        self.internet_gateways.insert(gateway);
        let vpc = self.add_vpc(new).id;
        for (zone, cidr) in region.zones.iter().zip(cidr.subnets(20).into_iter().flatten()) {
            self.add_subnet(NewSubnet {
                id: fresh(ids),
                acl_association: fresh(ids),
                vpc,
                cidr,
                zone: *zone,
                default_for_zone: true,
                map_public_ip: true,
                tags: Tags::default(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{AccountId, CellState, Scope};

    fn first(region: &str) -> State {
        let account = AccountId::from_number(123_456_789_012).unwrap();
        State::first(&Origin::new(1, account, Scope::Region(region.into())), &Defaults::default())
    }

    #[test]
    fn every_region_comes_with_a_default_vpc_and_a_subnet_for_each_zone() {
        for region in region::REGIONS {
            let state = first(region.name);
            assert_eq!(state.broken_invariants(), Vec::<String>::new(), "{}", region.name);
            let vpc = state.default_vpc().unwrap();
            assert!(vpc.dns_support && vpc.dns_hostnames);
            let mut zones: Vec<_> = state.subnets.iter().map(|subnet| subnet.zone).collect();
            zones.sort();
            assert_eq!(zones, region.zones);
            assert!(state.subnets.iter().all(|subnet| subnet.addresses.free() == 4_091));
            assert_eq!((state.groups.len(), state.acls.len(), state.route_tables.len()), (1, 1, 1));
        }
        assert!(first("nowhere-1").vpcs.is_empty());
    }

    #[test]
    fn the_first_ids_depend_on_the_place_only() {
        let id = |region| first(region).default_vpc().unwrap().id;
        assert_eq!(id("us-east-1"), id("us-east-1"));
        assert_ne!(id("us-east-1"), id("eu-west-1"));
    }
}
