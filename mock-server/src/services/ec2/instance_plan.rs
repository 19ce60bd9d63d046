//! Which interfaces an instance is to have.

use super::describe::{Resource, find};
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::instance_run::{PlacementIn, RunInstancesIn};
use super::network_interface::find_own;
use super::network_interface_address::{Prefix, Prefix6, Single6, exclusive};
use super::network_interface_attach::Slot;
use super::network_interface_create::{AddressesIn, PrivateAddress, TrackingIn, groups_in, interface_type};
use crate::model::interface::EFA_ONLY;
use crate::model::vpc::SubnetIndex;
use crate::model::{
    Addresses, ConnectionTracking, DEFAULT_GROUP, Id, NetworkInterfaceId, SecurityGroup, SecurityGroupId,
    State, Subnet, SubnetId, Tenancy, Zone,
};
use serde::Deserialize;
use std::net::Ipv4Addr;
use std::sync::Arc;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct InterfaceIn {
    device_index: Option<i32>,
    network_card_index: Option<i32>,
    network_interface_id: Option<String>,
    subnet_id: Option<String>,
    groups: Vec<String>,
    description: Option<String>,
    delete_on_termination: Option<bool>,
    associate_public_ip_address: Option<bool>,
    private_ip_address: Option<String>,
    private_ip_addresses: Vec<PrivateAddress>,
    secondary_private_ip_address_count: Option<i64>,
    ipv4_prefixes: Vec<Prefix>,
    ipv4_prefix_count: Option<i64>,
    ipv6_addresses: Vec<Single6>,
    ipv6_address_count: Option<i64>,
    ipv6_prefixes: Vec<Prefix6>,
    ipv6_prefix_count: Option<i64>,
    primary_ipv6: bool,
    interface_type: Option<String>,
    connection_tracking_specification: Option<TrackingIn>,
}

/// An interface that each instance is to have.
pub struct Plan {
    pub slot: Slot,
    pub delete_on_termination: bool,
    pub public: bool,
    pub source: Source,
}

pub enum Source {
    /// One that is there.
    Existing(NetworkInterfaceId),
    New(Box<New>),
}

/// One that is made with the instance.
pub struct New {
    pub subnet: SubnetId,
    pub zone: Zone,
    pub groups: Vec<SecurityGroupId>,
    pub chosen: Vec<Ipv4Addr>,
    pub more: Addresses,
    pub description: String,
    pub interface_type: &'static str,
    pub primary_ipv6: bool,
    pub tracking: Option<ConnectionTracking>,
}

impl Plan {
    pub fn new_one(&self) -> Option<&New> {
        match &self.source {
            Source::New(new) => Some(new),
            Source::Existing(_) => None,
        }
    }
}

pub fn plans(state: &State, input: RunInstancesIn) -> Result<Vec<Plan>, Ec2Error> {
    let zone = launch_zone(state, &input.placement)?;
    if input.network_interfaces.is_empty() {
        return only_interface(state, zone, input).map(|plan| vec![plan]);
    }
    for (other, given) in [
        ("subnet ID", input.subnet_id.is_some()),
        ("security groups", !input.security_group_ids.is_empty() || !input.security_groups.is_empty()),
        ("private address", input.private_ip_address.is_some()),
        ("IPv6 addresses", input.ipv6_address_count.is_some() || !input.ipv6_addresses.is_empty()),
    ] {
        if given {
            return Err(InstanceError::InterfacesAnd(other).into());
        }
    }
    let mut slots = Vec::new();
    for given in &input.network_interfaces {
        let device = given.device_index.ok_or(InstanceError::NoDeviceIndex)?;
        let slot = (given.network_card_index.unwrap_or(0), device);
        if slots.contains(&slot) {
            return Err(InstanceError::DeviceIndexTwice(device).into());
        }
        slots.push(slot);
    }
    if !slots.contains(&(0, 0)) {
        return Err(InstanceError::NoPrimaryInterface.into());
    }
    let many = slots.len() > 1;
    let mut plans = Vec::new();
    for given in input.network_interfaces {
        plans.push(plan(state, zone, many, given)?);
    }
    plans.sort_by_key(|plan| (plan.slot.network_card_index, plan.slot.device_index));
    Ok(plans)
}

/// The zone that is asked for by name or by id.
fn launch_zone(state: &State, placement: &PlacementIn) -> Result<Option<Zone>, Ec2Error> {
    let zones = state.site.info().map_or(&[][..], |region| region.zones);
    let Some(wanted) = placement.availability_zone.as_deref().or(placement.availability_zone_id.as_deref())
    else {
        return Ok(None);
    };
    match zones.iter().find(|zone| zone.name == wanted || zone.id == wanted) {
        Some(zone) => Ok(Some(*zone)),
        None => Err(InstanceError::NoSuchZone(wanted.to_owned()).into()),
    }
}

/// The interface of an instance for which none is described.
fn only_interface(state: &State, zone: Option<Zone>, input: RunInstancesIn) -> Result<Plan, Ec2Error> {
    let (ids, names) = (input.security_group_ids, input.security_groups);
    if !names.is_empty() && input.subnet_id.is_some() {
        return Err(InstanceError::GroupNamesAndSubnet.into());
    }
    exclusive(&[("SecurityGroupIds", !ids.is_empty()), ("SecurityGroups", !names.is_empty())])?;
    let subnet = subnet_for(state, zone, input.subnet_id)?;
    let groups = match names.as_slice() {
        [] => launch_groups(state, subnet, &ids)?,
        names => named_groups(state, names)?,
    };
    let (chosen, more) = AddressesIn {
        primary: input.private_ip_address,
        ipv6: input.ipv6_addresses,
        ipv6_count: input.ipv6_address_count,
        ..AddressesIn::default()
    }
    .parse(subnet)?;
    let new = New {
        subnet: subnet.id,
        zone: subnet.zone,
        groups,
        chosen,
        more,
        description: String::new(),
        interface_type: interface_type(None)?,
        primary_ipv6: input.enable_primary_ipv6,
        tracking: None,
    };
    Ok(Plan {
        slot: Slot { device_index: 0, network_card_index: 0 },
        delete_on_termination: true,
        public: subnet.map_public_ip,
        source: Source::New(Box::new(new)),
    })
}

fn plan(state: &State, zone: Option<Zone>, many: bool, given: InterfaceIn) -> Result<Plan, Ec2Error> {
    let slot = Slot {
        device_index: given.device_index.unwrap_or(0),
        network_card_index: given.network_card_index.unwrap_or(0),
    };
    if let Some(id) = &given.network_interface_id {
        refuse_with_existing(&given)?;
        let id = find_own(state, id)?.id;
        return Ok(Plan { slot, delete_on_termination: false, public: false, source: Source::Existing(id) });
    }
    if many && given.associate_public_ip_address == Some(true) {
        return Err(InstanceError::PublicAddressOfMany.into());
    }
    let subnet = subnet_for(state, zone, given.subnet_id)?;
    let (chosen, more) = AddressesIn {
        primary: given.private_ip_address,
        listed: given.private_ip_addresses,
        count: given.secondary_private_ip_address_count,
        prefixes: given.ipv4_prefixes,
        prefix_count: given.ipv4_prefix_count,
        ipv6: given.ipv6_addresses,
        ipv6_count: given.ipv6_address_count,
        ipv6_prefixes: given.ipv6_prefixes,
        ipv6_prefix_count: given.ipv6_prefix_count,
    }
    .parse(subnet)?;
    let new = New {
        subnet: subnet.id,
        zone: subnet.zone,
        groups: launch_groups(state, subnet, &given.groups)?,
        chosen,
        more,
        description: given.description.unwrap_or_default(),
        interface_type: interface_type(given.interface_type.as_deref())?,
        primary_ipv6: given.primary_ipv6,
        tracking: given.connection_tracking_specification.map(TrackingIn::parse).transpose()?,
    };
    Ok(Plan {
        slot,
        delete_on_termination: given.delete_on_termination.unwrap_or(true),
        // A subnet gives public addresses to instances with one interface.
        public: given.associate_public_ip_address.unwrap_or(!many && subnet.map_public_ip),
        source: Source::New(Box::new(new)),
    })
}

/// What applies only to interfaces that are made with their instance.
fn refuse_with_existing(given: &InterfaceIn) -> Result<(), Ec2Error> {
    let addresses = given.private_ip_address.is_some() || !given.private_ip_addresses.is_empty();
    let counted = given.secondary_private_ip_address_count.is_some() || given.ipv4_prefix_count.is_some();
    let ipv6 = !given.ipv6_addresses.is_empty() || given.ipv6_address_count.is_some();
    for (other, wrong) in [
        ("subnetId", given.subnet_id.is_some()),
        ("securityGroupId", !given.groups.is_empty()),
        ("description", given.description.is_some()),
        ("privateIpAddress", addresses || counted || !given.ipv4_prefixes.is_empty()),
        ("ipv6Addresses", ipv6 || !given.ipv6_prefixes.is_empty() || given.ipv6_prefix_count.is_some()),
        ("associatePublicIpAddress", given.associate_public_ip_address == Some(true)),
        ("deleteOnTermination", given.delete_on_termination == Some(true)),
    ] {
        if wrong {
            return Err(InstanceError::ExistingInterfaceAnd(other).into());
        }
    }
    Ok(())
}

/// The subnet that is named, or a default one. Source: the page of RunInstances; EC2-I-DEFAULT.
fn subnet_for(state: &State, zone: Option<Zone>, name: Option<String>) -> Result<&Arc<Subnet>, Ec2Error> {
    if let Some(name) = name {
        let subnet = find::<Subnet>(state, &name)?;
        return match zone.filter(|zone| *zone != subnet.zone) {
            None => Ok(subnet),
            Some(zone) => {
                let zone = zone.name.to_owned();
                Err(InstanceError::SubnetInOtherZone { subnet: subnet.id, zone }.into())
            }
        };
    }
    let vpc = state.default_vpc().ok_or(InstanceError::NoVpcForInstances)?.id;
    let index = SubnetIndex::Vpc(vpc);
    let defaults = || state.subnets.by(&index).filter(|subnet| subnet.default_for_zone);
    let found = defaults().filter(|subnet| zone.is_none_or(|zone| subnet.zone == zone));
    match (found.min_by_key(|subnet| subnet.zone), zone) {
        (Some(subnet), _) => Ok(subnet),
        (None, Some(zone)) if defaults().next().is_some() => {
            Err(InstanceError::NoDefaultSubnetIn(zone.name.into()).into())
        }
        (None, _) => Err(InstanceError::NoDefaultSubnets(vpc).into()),
    }
}

/// The groups that are named, or the default one; EC2-ENI-SGVPC in the words of this operation.
fn launch_groups(state: &State, subnet: &Subnet, names: &[String]) -> Result<Vec<SecurityGroupId>, Ec2Error> {
    for name in names {
        let group = SecurityGroupId::parse(name).and_then(|id| state.groups.get(&id));
        if let Some(group) = group.filter(|group| group.vpc != subnet.vpc) {
            return Err(InstanceError::GroupElsewhere { group: group.id, subnet: subnet.id }.into());
        }
    }
    let mut groups = groups_in(state, subnet.vpc, names)?;
    if groups.is_empty() {
        groups.extend(state.group_named(subnet.vpc, DEFAULT_GROUP).map(|group| group.id));
    }
    Ok(groups)
}

/// Groups of the default VPC by their names.
fn named_groups(state: &State, names: &[String]) -> Result<Vec<SecurityGroupId>, Ec2Error> {
    names.iter().map(|name| SecurityGroup::named(state, name).map(|group| group.id)).collect()
}

/// The zone that all interfaces are in.
pub fn common_zone(state: &State, plans: &[Plan]) -> Result<Zone, Ec2Error> {
    let zones = plans.iter().filter_map(|plan| match &plan.source {
        Source::New(new) => Some(new.zone),
        Source::Existing(id) => state.interfaces.get(id).map(|row| row.zone),
    });
    let mut zones: Vec<_> = zones.collect();
    zones.dedup();
    match zones.as_slice() {
        [zone] => Ok(*zone),
        _ => Err(InstanceError::InterfacesInZones.into()),
    }
}

/// In a VPC of dedicated tenancy all instances are dedicated.
/// Source: EC2 user guide, "Dedicated Instances".
pub fn vpc_tenancy(state: &State, plans: &[Plan]) -> Tenancy {
    let vpc = plans.first().and_then(|plan| match &plan.source {
        Source::New(new) => state.subnets.get(&new.subnet).map(|subnet| subnet.vpc),
        Source::Existing(id) => state.interfaces.get(id).map(|row| row.vpc),
    });
    vpc.and_then(|vpc| state.vpcs.get(&vpc)).map_or(Tenancy::Default, |vpc| vpc.tenancy)
}

/// How many instances the subnets have room for: as many as possible, as the page says of capacity.
pub fn room(state: &State, plans: &[Plan], min: u32, max: u32) -> Result<u32, Ec2Error> {
    let mut count = max;
    for new in plans.iter().filter_map(Plan::new_one) {
        if max > 1 && !new.chosen.is_empty() {
            return Err(InstanceError::AddressForMany.into());
        }
        let same = plans.iter().filter_map(Plan::new_one).filter(|other| other.subnet == new.subnet);
        let needed: usize = same.map(New::addresses).sum();
        let free = state.subnets.get(&new.subnet).map_or(0, |subnet| subnet.addresses.free()) as usize;
        let fits = free.checked_div(needed).and_then(|fits| u32::try_from(fits).ok()).unwrap_or(u32::MAX);
        count = count.min(fits);
        if count < min {
            return Err(InstanceError::NoRoomForInstances(new.subnet).into());
        }
    }
    Ok(count)
}

impl New {
    /// How many single IPv4 addresses it takes; prefixes have refusals of their own.
    fn addresses(&self) -> usize {
        let primary = usize::from(self.interface_type != EFA_ONLY);
        self.chosen.len().max(primary) + self.more.ipv4_count
    }
}
