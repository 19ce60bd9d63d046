//! Instances launched.

use super::client_token;
use super::describe::{Resource, find};
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::error::interfaces::InterfaceError;
use super::image::find_image;
use super::instance::{KIND, Reservation, Shown};
use super::instance_type::find_type;
use super::network_interface::find_own;
use super::network_interface_address::{Prefix, Prefix6, Single6, check_slots, exclusive};
use super::network_interface_attach::{self, Slot};
use super::network_interface_create::{
    AddressesIn, NewInterface, PrivateAddress, TrackingIn, groups_in, interface_type, make,
};
use super::tags::{self, TagSpecification};
use crate::kernel::{HexId, Memo};
use crate::model::instance::InstanceIndex;
use crate::model::{
    Addresses, Attachment, AttachmentId, ConnectionTracking, DEFAULT_GROUP, Id, Instance, InstanceId,
    InstanceState, NetworkInterface, NetworkInterfaceId, ReservationId, SecurityGroup, SecurityGroupId,
    State, Subnet, SubnetId, Tags, Tenancy, Txn, Zone,
};
use crate::net;
use crate::services::{Caller, Operation, Write};
use serde::Deserialize;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Source: the page of RunInstances; EC2-I-ENI, EC2-I-DEFAULT, EC2-ENI-NOIP, EC2-ENI-ADDR-USED, EC2-ENI-SGVPC.
pub struct RunInstances;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct RunInstancesIn {
    image_id: Option<String>,
    instance_type: Option<String>,
    min_count: Option<i64>,
    max_count: Option<i64>,
    placement: PlacementIn,
    security_group_ids: Vec<String>,
    security_groups: Vec<String>,
    subnet_id: Option<String>,
    private_ip_address: Option<String>,
    ipv6_address_count: Option<u32>,
    ipv6_addresses: Vec<Single6>,
    enable_primary_ipv6: bool,
    network_interfaces: Vec<InterfaceIn>,
    tag_specifications: Vec<TagSpecification>,
    disable_api_termination: bool,
    disable_api_stop: bool,
    instance_initiated_shutdown_behavior: Option<String>,
    launch_template: Option<LaunchTemplateIn>,
    client_token: Option<String>,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PlacementIn {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    tenancy: Option<String>,
}

#[derive(Deserialize, Debug, Default)]
struct LaunchTemplateIn {}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
struct InterfaceIn {
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
    secondary_private_ip_address_count: Option<u32>,
    ipv4_prefixes: Vec<Prefix>,
    ipv4_prefix_count: Option<u32>,
    ipv6_addresses: Vec<Single6>,
    ipv6_address_count: Option<u32>,
    ipv6_prefixes: Vec<Prefix6>,
    ipv6_prefix_count: Option<u32>,
    primary_ipv6: bool,
    interface_type: Option<String>,
    connection_tracking_specification: Option<TrackingIn>,
}

impl Operation for RunInstances {
    const NAME: &'static str = "RunInstances";
    type In = RunInstancesIn;
    type Out = Reservation;
    type Error = Ec2Error;
}

impl Write for RunInstances {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: RunInstancesIn) -> Result<Reservation, Ec2Error> {
        let token = input.client_token.take().filter(|token| !token.is_empty());
        let asked = format!("{input:?}");
        let given = token.as_deref().map(Arc::from);
        let reservation = client_token::once_made(
            txn,
            Self::NAME,
            token.as_deref(),
            &asked,
            |txn, key| run(txn, input, given, key).map(|id| (id.hex(), id)),
            |_, made: HexId| Ok(ReservationId::from_hex(made)),
        )?;
        let state = &txn.state;
        let mut rows: Vec<_> =
            state.instances.by(&InstanceIndex::Reservation(reservation)).cloned().collect();
        rows.sort_by_key(|row| row.launch_index);
        let instances = rows.into_iter().map(|row| Shown::new(state, row)).collect();
        Ok(Reservation { site: state.site.clone(), instances })
    }
}

/// An interface that each instance is to have.
struct Plan {
    slot: Slot,
    delete_on_termination: bool,
    public: bool,
    source: Source,
}

enum Source {
    /// One that is there.
    Existing(NetworkInterfaceId),
    New(Box<New>),
}

/// One that is made with the instance.
struct New {
    subnet: SubnetId,
    zone: Zone,
    groups: Vec<SecurityGroupId>,
    chosen: Vec<Ipv4Addr>,
    more: Addresses,
    description: String,
    interface_type: &'static str,
    primary_ipv6: bool,
    tracking: Option<ConnectionTracking>,
}

fn run(
    txn: &mut Txn<'_>,
    mut input: RunInstancesIn,
    token: Option<Arc<str>>,
    client_token: Option<u128>,
) -> Result<ReservationId, Ec2Error> {
    if input.launch_template.is_some() {
        return Err(Ec2Error::NotBuilt("RunInstances with a launch template"));
    }
    let state = &txn.state;
    let image = find_image(state, input.image_id.as_deref().ok_or(Ec2Error::MissingParameter("ImageId"))?)?;
    // "Default: m1.small"
    let kind = find_type(input.instance_type.as_deref().unwrap_or("m1.small"))?;
    if !kind.architectures.contains(&image.release.architecture) {
        let (of_type, of_image) = (kind.architectures.join(","), image.release.architecture);
        return Err(InstanceError::OtherArchitecture { of_type, of_image }.into());
    }
    let (min, max) = counts(input.min_count, input.max_count)?;
    let shutdown_behavior = match input.instance_initiated_shutdown_behavior.as_deref() {
        None | Some("stop") => "stop",
        Some("terminate") => "terminate",
        Some(other) => return Err(InstanceError::BadShutdownBehavior(other.into()).into()),
    };
    let tenancy = match input.placement.tenancy.as_deref() {
        None | Some("default") => Tenancy::Default,
        Some("dedicated") => Tenancy::Dedicated,
        Some(_) => return Err(Ec2Error::NotBuilt("RunInstances on dedicated hosts")),
    };
    let specifications = std::mem::take(&mut input.tag_specifications);
    let kinds = [KIND, NetworkInterface::KIND, "volume", "spot-instances-request"];
    let [instance_tags, interface_tags, _, _] = tags::given_each(state, kinds, specifications)?;
    let flags = (input.disable_api_termination, input.disable_api_stop);
    let plans = plans(state, input)?;
    let zone = common_zone(state, &plans)?;
    for new in plans.iter().filter_map(Plan::new_one) {
        let ipv4 = new.chosen.len().max(1) + new.more.ipv4_slots();
        check_slots(kind, ipv4, new.more.ipv6_slots())?;
    }
    if max > 1 && plans.iter().any(|plan| matches!(plan.source, Source::Existing(_))) {
        return Err(InstanceError::ExistingInterfaceForMany.into());
    }
    let count = room(state, &plans, min, max)?;
    let vpc_tenancy = vpc_tenancy(state, &plans);
    let reservation = ReservationId::mint(txn);
    for n in 0..count {
        let id = InstanceId::mint(txn);
        let row = txn.state.instances.insert(Instance {
            id,
            reservation,
            launch_index: n,
            image: Arc::new(image.clone()),
            instance_type: kind,
            zone,
            tenancy: if vpc_tenancy == Tenancy::Dedicated { vpc_tenancy } else { tenancy },
            state: InstanceState::Pending,
            launched: txn.now,
            ended: None,
            disable_api_termination: flags.0,
            disable_api_stop: flags.1,
            shutdown_behavior,
            token: token.clone(),
            client_token: client_token.filter(|_| n == 0),
            tags: instance_tags.clone(),
            memo: Memo::default(),
        });
        for plan in &plans {
            connect(txn, &row, plan, &interface_tags)?;
        }
        net::instance::enter(txn, row.id, InstanceState::Pending);
    }
    Ok(reservation)
}

impl Plan {
    fn new_one(&self) -> Option<&New> {
        match &self.source {
            Source::New(new) => Some(new),
            Source::Existing(_) => None,
        }
    }
}

/// How many instances there are to be at least and at most.
fn counts(min: Option<i64>, max: Option<i64>) -> Result<(u32, u32), Ec2Error> {
    let read = |parameter, value: i64| {
        let count = u32::try_from(value).ok().filter(|count| (1..=1_000).contains(count));
        count.ok_or(InstanceError::BadCount { parameter, value })
    };
    let min = read("minCount", min.ok_or(Ec2Error::MissingParameter("MinCount"))?)?;
    let max = max.ok_or(Ec2Error::MissingParameter("MaxCount"))?;
    let most = read("maxCount", max)?;
    if most < min {
        return Err(InstanceError::BadCount { parameter: "maxCount", value: max }.into());
    }
    Ok((min, most))
}

// === Which interfaces ===

fn plans(state: &State, input: RunInstancesIn) -> Result<Vec<Plan>, Ec2Error> {
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
    .parse()?;
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
    .parse()?;
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
    let index = crate::model::vpc::SubnetIndex::Vpc(vpc);
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
fn common_zone(state: &State, plans: &[Plan]) -> Result<Zone, Ec2Error> {
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
fn vpc_tenancy(state: &State, plans: &[Plan]) -> Tenancy {
    let vpc = plans.first().and_then(|plan| match &plan.source {
        Source::New(new) => state.subnets.get(&new.subnet).map(|subnet| subnet.vpc),
        Source::Existing(id) => state.interfaces.get(id).map(|row| row.vpc),
    });
    vpc.and_then(|vpc| state.vpcs.get(&vpc)).map_or(Tenancy::Default, |vpc| vpc.tenancy)
}

/// How many instances the subnets have room for: as many as possible, as the page says of capacity.
fn room(state: &State, plans: &[Plan], min: u32, max: u32) -> Result<u32, Ec2Error> {
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
        let primary = usize::from(self.interface_type != crate::model::interface::EFA_ONLY);
        self.chosen.len().max(primary) + self.more.ipv4_count
    }
}

/// Gives an instance one of its interfaces.
fn connect(txn: &mut Txn<'_>, row: &Instance, plan: &Plan, tags: &Tags) -> Result<(), Ec2Error> {
    let interface = match &plan.source {
        Source::Existing(id) => *id,
        Source::New(new) => {
            let new = NewInterface {
                subnet: new.subnet,
                groups: new.groups.clone(),
                chosen: new.chosen.clone(),
                more: new.more.clone(),
                description: new.description.clone(),
                interface_type: new.interface_type,
                primary_ipv6: new.primary_ipv6,
                tracking: new.tracking,
                client_token: None,
                tags: tags.clone(),
            };
            let chosen = new.chosen.clone();
            make(txn, new).map_err(|error| in_use(&txn.state, error, &chosen))?.id
        }
    };
    let missing = || Ec2Error::from(InterfaceError::NotAttachable(row.id));
    let made = txn.state.interfaces.get(&interface).cloned().ok_or_else(missing)?;
    let others = txn.state.interfaces_of(row.id);
    network_interface_attach::check(&made, row, &others, plan.slot)?;
    let attachment = Attachment::Instance {
        id: AttachmentId::mint(txn),
        instance: row.id,
        device_index: plan.slot.device_index,
        network_card_index: plan.slot.network_card_index,
        delete_on_termination: plan.delete_on_termination,
        since: txn.now,
    };
    txn.state.attach(interface, attachment);
    if plan.public {
        txn.state.interfaces.update(&interface, |row| row.associate_public = true);
    }
    Ok(())
}

/// A used address in the words of this operation; EC2-ENI-ADDR-USED.
fn in_use(state: &State, error: Ec2Error, chosen: &[Ipv4Addr]) -> Ec2Error {
    let taken = |address: &&Ipv4Addr| state.subnets.iter().any(|it| it.addresses.owner(**address).is_some());
    match chosen.iter().find(taken) {
        Some(address) if error == Ec2Error::AddressInUse => {
            InstanceError::InstanceAddressInUse(*address).into()
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::subnet::ModifySubnetAttribute;
    use super::*;
    use serde_json::{Value, json};

    fn launch(more: Value) -> Value {
        let mut input =
            json!({ "ImageId": "ami-12c6146b", "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1 });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    }

    fn free(lab: &Lab, subnet: &str) -> u32 {
        lab.state().subnets.get(&Id::parse(subnet).unwrap()).unwrap().addresses.free()
    }

    #[test]
    fn without_a_subnet_it_lies_in_the_first_default_one_and_is_public() {
        let lab = Lab::new();
        let tags = json!([
            { "ResourceType": "instance", "Tags": [{ "Key": "k", "Value": "i" }] },
            { "ResourceType": "network-interface", "Tags": [{ "Key": "k", "Value": "eni" }] },
            { "ResourceType": "volume", "Tags": [{ "Key": "k", "Value": "vol" }] },
        ]);
        let made = lab.write::<RunInstances>(launch(json!({ "TagSpecifications": tags, "MaxCount": 3 })));
        let instances = made["Instances"].as_array().unwrap();
        assert_eq!(instances.len(), 3);
        for (n, it) in instances.iter().enumerate() {
            assert_eq!(it["AmiLaunchIndex"], n);
            assert_eq!(it["State"], json!({ "Code": 0, "Name": "pending" }));
            assert_eq!(it["Placement"]["AvailabilityZone"], "us-east-1a");
            assert_eq!(it["Tags"], json!([{ "Key": "k", "Value": "i" }]));
            assert_eq!(it["SecurityGroups"][0]["GroupName"], "default");
            assert_eq!(it["NetworkInterfaces"][0]["Attachment"]["DeleteOnTermination"], true);
            assert_eq!(it["NetworkInterfaces"][0]["Association"]["IpOwnerId"], "amazon");
            assert_eq!(it["NetworkInterfaces"][0]["Association"]["PublicIp"], it["PublicIpAddress"]);
            assert!(text(&it["PublicDnsName"]).ends_with(".compute-1.amazonaws.com"));
            assert!(text(&it["PrivateDnsName"]).starts_with("ip-172-31-"));
        }
        let listed = lab.read::<Describe<NetworkInterface>>(json!({}));
        assert_eq!(listed["NetworkInterfaces"][0]["TagSet"], json!([{ "Key": "k", "Value": "eni" }]));
    }

    #[test]
    fn a_client_token_launches_once() {
        let lab = Lab::new();
        let input = launch(json!({ "ClientToken": "once", "MaxCount": 2 }));
        let first = lab.write::<RunInstances>(input.clone());
        assert_eq!(first["Instances"][1]["ClientToken"], "once");
        assert_eq!(lab.write::<RunInstances>(input), first);
        assert_eq!(lab.state().instances.len(), 2);
        let other = launch(json!({ "ClientToken": "once" }));
        assert_eq!(lab.try_write::<RunInstances>(other), Err(Ec2Error::TokenReused));
    }

    #[test]
    fn a_subnet_that_is_short_of_addresses_gets_as_many_instances_as_fit() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/28");
        let made =
            lab.write::<RunInstances>(launch(json!({ "SubnetId": subnet, "MinCount": 5, "MaxCount": 20 })));
        assert_eq!(made["Instances"].as_array().unwrap().len(), 11);
        assert_eq!(free(&lab, &subnet), 0);
    }

    #[test]
    fn described_interfaces_are_made_and_attached_as_described() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (subnet, second) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.subnet(&vpc, "10.0.1.0/24"));
        lab.write::<ModifySubnetAttribute>(
            json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true } }),
        );
        let existing = lab.interface(&second, &[]);
        let made = lab.write::<RunInstances>(launch(json!({ "NetworkInterfaces": [
            { "DeviceIndex": 1, "NetworkInterfaceId": existing },
            {
                "DeviceIndex": 0, "SubnetId": subnet, "PrivateIpAddress": "10.0.0.20", "Description": "mine",
                "SecondaryPrivateIpAddressCount": 2, "DeleteOnTermination": false,
            },
        ] })));
        let instance = &made["Instances"][0];
        let interfaces = instance["NetworkInterfaces"].as_array().unwrap();
        assert_eq!(instance["PrivateIpAddress"], "10.0.0.20");
        assert!(instance.get("PublicIpAddress").is_none(), "there are several interfaces");
        assert_eq!(interfaces[0]["Description"], "mine");
        assert_eq!(interfaces[0]["PrivateIpAddresses"].as_array().unwrap().len(), 3);
        assert_eq!(interfaces[0]["Attachment"]["DeleteOnTermination"], false);
        assert_eq!(interfaces[1]["NetworkInterfaceId"], json!(existing));
        assert_eq!(interfaces[1]["Attachment"]["DeviceIndex"], 1);
        assert_eq!(free(&lab, &subnet), 251 - 3);
        let seven = json!([{ "DeviceIndex": 0, "SubnetId": subnet, "SecondaryPrivateIpAddressCount": 6 }]);
        assert_eq!(
            lab.try_write::<RunInstances>(launch(json!({ "NetworkInterfaces": seven }))),
            Err(InterfaceError::TooManyAddresses.into())
        );
        let public = json!([{ "DeviceIndex": 0, "SubnetId": second, "AssociatePublicIpAddress": true }]);
        let made = lab.write::<RunInstances>(launch(json!({ "NetworkInterfaces": public })));
        assert!(made["Instances"][0].get("PublicIpAddress").is_some());
        assert_eq!(made["Instances"][0]["PublicDnsName"], "", "the VPC gives no names");
    }
}
