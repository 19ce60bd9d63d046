//! Instances launched.

use super::client_token;
use super::describe::Resource;
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::error::interfaces::InterfaceError;
use super::image::find_launched;
use super::instance::{KIND, Reservation, Shown};
use super::instance_plan::{InterfaceIn, Plan, Source, common_zone, plans, room, vpc_tenancy};
use super::instance_type::find_type;
use super::launch_template::launch::{self, LaunchTemplateIn};
use super::network_interface_address::{Single6, check_slots};
use super::network_interface_attach;
use super::network_interface_create::{NewInterface, make};
use super::tags::{self, TagSpecification};
use crate::kernel::{HexId, Memo};
use crate::model::instance::InstanceIndex;
use crate::model::{
    Attachment, AttachmentId, Id, Instance, InstanceId, InstanceState, NetworkInterface, ReservationId,
    State, Tags, Tenancy, Txn,
};
use crate::net;
use crate::services::{Caller, Operation, Write};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
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
    pub placement: PlacementIn,
    pub security_group_ids: Vec<String>,
    pub security_groups: Vec<String>,
    pub subnet_id: Option<String>,
    pub private_ip_address: Option<String>,
    pub ipv6_address_count: Option<i64>,
    pub ipv6_addresses: Vec<Single6>,
    pub enable_primary_ipv6: bool,
    pub network_interfaces: Vec<InterfaceIn>,
    tag_specifications: Vec<TagSpecification>,
    disable_api_termination: Option<bool>,
    disable_api_stop: Option<bool>,
    instance_initiated_shutdown_behavior: Option<String>,
    user_data: Option<Arc<str>>,
    pub launch_template: Option<LaunchTemplateIn>,
    client_token: Option<String>,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlacementIn {
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
    tenancy: Option<String>,
}

impl RunInstancesIn {
    /// Takes what it does not say itself from what a launch template says. A list is taken as a whole.
    pub fn fill(&mut self, base: RunInstancesIn) {
        fn or<T>(own: &mut Option<T>, base: Option<T>) {
            if own.is_none() {
                *own = base;
            }
        }
        fn list<T>(own: &mut Vec<T>, base: Vec<T>) {
            if own.is_empty() {
                *own = base;
            }
        }
        or(&mut self.image_id, base.image_id);
        or(&mut self.instance_type, base.instance_type);
        or(&mut self.user_data, base.user_data);
        or(&mut self.disable_api_termination, base.disable_api_termination);
        or(&mut self.disable_api_stop, base.disable_api_stop);
        or(&mut self.instance_initiated_shutdown_behavior, base.instance_initiated_shutdown_behavior);
        if self.placement.availability_zone.is_none() && self.placement.availability_zone_id.is_none() {
            self.placement.availability_zone = base.placement.availability_zone;
            self.placement.availability_zone_id = base.placement.availability_zone_id;
        }
        or(&mut self.placement.tenancy, base.placement.tenancy);
        if self.security_group_ids.is_empty() && self.security_groups.is_empty() {
            self.security_group_ids = base.security_group_ids;
            self.security_groups = base.security_groups;
        }
        list(&mut self.network_interfaces, base.network_interfaces);
        let own = std::mem::take(&mut self.tag_specifications);
        self.tag_specifications = launch::both(own, base.tag_specifications);
    }
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

fn run(
    txn: &mut Txn<'_>,
    input: RunInstancesIn,
    token: Option<Arc<str>>,
    client_token: Option<u128>,
) -> Result<ReservationId, Ec2Error> {
    let state = &txn.state;
    let (mut input, template) = launch::complete(state, input)?;
    let image =
        find_launched(state, input.image_id.as_deref().ok_or(Ec2Error::MissingParameter("ImageId"))?)?;
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
    let [mut instance_tags, interface_tags, _, _] = tags::given_each(state, kinds, specifications)?;
    // Source: EC2 user guide, "Launch instances from a launch template".
    if let Some(template) = &template {
        instance_tags.set("aws:ec2launchtemplate:id", template.id.to_string());
        instance_tags.set("aws:ec2launchtemplate:version", template.version.to_string());
    }
    let flags = (input.disable_api_termination == Some(true), input.disable_api_stop == Some(true));
    let user_data = input.user_data.take();
    user_data.as_deref().map_or(Ok(()), check_user_data)?;
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
    template.iter().for_each(|template| template.tell_ignored(txn));
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
            user_data: user_data.clone(),
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

/// Source: EC2 user guide, "User data": Base64 of at most 16 KB.
fn check_user_data(text: &str) -> Result<(), InstanceError> {
    let bytes = BASE64.decode(text).map_err(|_| InstanceError::UserDataMalformed)?;
    if bytes.len() > MOST_USER_DATA { Err(InstanceError::UserDataTooLong(MOST_USER_DATA)) } else { Ok(()) }
}

const MOST_USER_DATA: usize = 16_384;

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
    use super::super::subnet_attribute::ModifySubnetAttribute;
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
