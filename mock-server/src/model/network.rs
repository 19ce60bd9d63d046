//! VPCs and subnets with what comes and goes along with them; and what a new account finds in a region.

use super::gateway::InVpcIndex;
use super::group::SecurityGroupIndex;
use super::route::RouteTableIndex;
use super::*;
use crate::kernel::{HexId, Memo, Origin};
use ipnet::{Ipv4Net, Ipv6Net};
use std::sync::Arc;

/// The number of the entry that refuses what no other entry of a network ACL allowed.
pub const LAST_ACL_ENTRY: i32 = 32_767;

/// Everywhere.
pub const ANY_V4: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0);

/// The same for IPv6.
pub const ANY_V6: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0);

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
        let main_table = RouteTable {
            id: fresh(ids),
            vpc: vpc.id,
            routes: vec![Route::local(cidr.into())],
            associations: vec![RouteAssociation { id: fresh(ids), with: Associate::Main }],
            propagating: Vec::new(),
            client_token: None,
            tags: Tags::default(),
            memo: Memo::default(),
        };
        let acl = NetworkAcl::new(fresh(ids), vpc.id, true, false);
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
            peered: Vec::new(),
            tags: Tags::default(),
            memo: Memo::default(),
        };
        Self { vpc, main_table, acl, group }
    }
}

/// A subnet to be made.
#[derive(Clone, Debug)]
pub struct NewSubnet {
    pub id: SubnetId,
    /// Its association with the default network ACL of its VPC.
    pub acl_association: NetworkAclAssociationId,
    pub vpc: VpcId,
    /// `None`: for IPv6 alone.
    pub cidr: Option<Ipv4Net>,
    pub ipv6: Option<(SubnetCidrAssociationId, Ipv6Net)>,
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
        tables.iter().for_each(|id| drop(self.remove_route_table(*id)));
        acls.iter().for_each(|id| drop(self.acls.remove(id)));
        groups.iter().for_each(|id| self.remove_group(*id));
        self.forget_group_associations(&GroupAssociationIndex::Vpc(id));
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
            ipv6: new.ipv6,
            zone: new.zone,
            addresses: new.cidr.map_or_else(AddressPool::none, AddressPool::new),
            ipv6_addresses: Ipv6Pool::default(),
            default_for_zone: new.default_for_zone,
            map_public_ip: new.map_public_ip,
            // Without IPv4 addresses there is nothing else to assign or to make names of.
            assign_ipv6: new.cidr.is_none(),
            dns64: false,
            launch_names: LaunchNames {
                by_resource: new.cidr.is_none(),
                a_record: false,
                aaaa_record: false,
            },
            tags: new.tags,
            memo: Memo::default(),
        })
    }

    /// Makes the local routes of a VPC's tables follow from its blocks: to be called when those have changed. A
    /// local route that was given another target stays as it is.
    /// Source: VPC user guide, "Manage IPv4 CIDR blocks for a VPC".
    pub fn set_local_routes(&mut self, vpc: VpcId) {
        let Some(row) = self.vpcs.get(&vpc) else { return };
        let blocks: Vec<_> = row.blocks().collect();
        let tables: Vec<_> = self.route_tables.by(&RouteTableIndex::Vpc(vpc)).map(|table| table.id).collect();
        for table in tables {
            self.route_tables.update(&table, |table| {
                let (old, others): (Vec<_>, Vec<_>) =
                    table.routes.drain(..).partition(|route| route.origin == RouteOrigin::Table);
                let local = blocks.iter().map(|block| {
                    let kept = old.iter().find(|route| route.destination == Destination::Cidr(*block));
                    kept.cloned().unwrap_or_else(|| Route::local(*block))
                });
                table.routes.extend(local);
                table.routes.extend(others);
            });
        }
    }

    /// Lets the default group of a VPC that has got IPv6 send to everywhere by IPv6 too, unless its outbound rules
    /// were changed.
    /// Source: VPC user guide, "Default security groups for your VPCs".
    pub fn open_default_group_to_ipv6(&mut self, vpc: VpcId, rule: SecurityGroupRuleId) {
        let Some(group) = self.group_named(vpc, DEFAULT_GROUP) else { return };
        let outbound: Vec<_> =
            group.rules.iter().filter(|rule| rule.direction == Direction::Egress).collect();
        let as_made =
            matches!(outbound.as_slice(), [rule] if rule.peer == Peer::V4(ANY_V4) && rule.protocol == "-1");
        let id = group.id;
        if as_made {
            let rule = SecurityGroupRule::all_traffic(rule, Direction::Egress, Peer::V6(ANY_V6));
            self.groups.update(&id, |group| group.rules.push(rule));
        }
    }

    /// Removes a subnet with its associations and reservations.
    pub fn remove_subnet(&mut self, id: SubnetId) -> Option<Arc<Subnet>> {
        let subnet = self.subnets.remove(&id)?;
        let reservations = self.reservations.by(&reservation::ReservationIndex::Subnet(id));
        let reservations: Vec<_> = reservations.map(|row| row.id).collect();
        reservations.iter().for_each(|id| drop(self.reservations.remove(id)));
        let index = InVpcIndex::Subnet(id);
        let acls: Vec<_> = self.acls.by(&index).map(|row| row.id).collect();
        let tables: Vec<_> = self.route_tables.by(&RouteTableIndex::Subnet(id)).map(|row| row.id).collect();
        for acl in acls {
            self.acls.update(&acl, |acl| acl.associations.retain(|association| association.subnet != id));
        }
        for table in tables {
            self.route_tables.update(&table, |table| {
                table.associations.retain(|association| association.subnet() != Some(id));
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

    /// What a new account finds in a region: DHCP options and the default VPC. A pure function of the origin.
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
        self.region_dhcp_options = Some(options.id);
        self.dhcp_options.insert(options);
        self.add_default_vpc(ids, region);
    }

    /// Makes the default VPC, with a subnet for each zone and an internet gateway.
    /// Source: VPC user guide, "Default VPC components".
    pub fn add_default_vpc(&mut self, ids: Ids<'_>, region: &'static RegionInfo) -> Arc<Vpc> {
        let mut new = NewVpc::new(ids, DEFAULT_VPC_BLOCK, Tenancy::Default, self.region_dhcp_options);
        new.vpc.is_default = true;
        new.vpc.dns_hostnames = true;
        let gateway = InternetGateway {
            id: fresh(ids),
            vpc: Some(new.vpc.id),
            tags: Tags::default(),
            memo: Memo::default(),
        };
        let (everywhere, target) =
            (Destination::Cidr(ANY_V4.into()), RouteTarget::InternetGateway(gateway.id));
        new.main_table.routes.push(Route::new(everywhere, target, RouteOrigin::Route));
        self.internet_gateways.insert(gateway);
        let vpc = self.add_vpc(new);
        let blocks = DEFAULT_VPC_BLOCK.subnets(DEFAULT_SUBNET_SIZE).into_iter().flatten();
        // Lists are in the order of ids: so the default subnets are told in the order of their zones.
        let mut subnet_ids: Vec<SubnetId> = region.zones.iter().map(|_| fresh(ids)).collect();
        subnet_ids.sort_unstable();
        for ((zone, cidr), id) in region.zones.iter().zip(blocks).zip(subnet_ids) {
            self.add_subnet(NewSubnet {
                id,
                acl_association: fresh(ids),
                vpc: vpc.id,
                cidr: Some(cidr),
                ipv6: None,
                zone: *zone,
                default_for_zone: true,
                map_public_ip: true,
                tags: Tags::default(),
            });
        }
        vpc
    }
}

/// The block of every default VPC, and the size of the subnets in it.
/// Source: VPC user guide, "Default VPC components" and "Default subnets".
const DEFAULT_VPC_BLOCK: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 31, 0, 0), 16);
pub const DEFAULT_SUBNET_SIZE: u8 = 20;

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
