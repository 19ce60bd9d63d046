//! Attributes of instances, as far as they concern networks and the life of an instance.

use super::describe::{Nothing, Text, Value};
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::error::interfaces::InterfaceError;
use super::instance::{Shown, find_instance};
use super::instance_type::find_type;
use super::network_interface::{GroupIdentifier, group_set};
use super::network_interface_address::check_slots;
use super::network_interface_create::{groups_in, not_placed};
use crate::model::{Instance, InstanceId, InstanceState, NetworkInterfaceId, State, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize, Serializer};

const INSTANCE_TYPE: &str = "instanceType";
const DISABLE_API_TERMINATION: &str = "disableApiTermination";
const DISABLE_API_STOP: &str = "disableApiStop";
const SHUTDOWN_BEHAVIOR: &str = "instanceInitiatedShutdownBehavior";
const ROOT_DEVICE_NAME: &str = "rootDeviceName";
const SOURCE_DEST_CHECK: &str = "sourceDestCheck";
const GROUP_SET: &str = "groupSet";
const EBS_OPTIMIZED: &str = "ebsOptimized";
const ENA_SUPPORT: &str = "enaSupport";
const PRODUCT_CODES: &str = "productCodes";
const BLOCK_DEVICE_MAPPING: &str = "blockDeviceMapping";
const USER_DATA: &str = "userData";
const ENCLAVE_OPTIONS: &str = "enclaveOptions";
/// Attributes that no instance has here: they are described without a value.
const WITHOUT_VALUE: [&str; 3] = ["kernel", "ramdisk", "sriovNetSupport"];

// === Describe ===

pub struct DescribeInstanceAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAttributeIn {
    instance_id: String,
    attribute: Option<String>,
}

/// One attribute of an instance.
pub struct AttributeOut {
    shown: Shown,
    attribute: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeView<'a> {
    instance_id: Text<InstanceId>,
    instance_type: Option<Value<&'static str>>,
    disable_api_termination: Option<Value<bool>>,
    disable_api_stop: Option<Value<bool>>,
    instance_initiated_shutdown_behavior: Option<Value<&'static str>>,
    root_device_name: Option<Value<&'static str>>,
    source_dest_check: Option<Value<bool>>,
    groups: Option<Vec<GroupIdentifier<'a>>>,
    ebs_optimized: Option<Value<bool>>,
    ena_support: Option<Value<bool>>,
    product_codes: Option<Nothing>,
    block_device_mappings: Option<Nothing>,
    enclave_options: Option<EnclaveOptions>,
    kernel_id: Option<Absent>,
    ramdisk_id: Option<Absent>,
    user_data: Option<UserData<'a>>,
    sriov_net_support: Option<Absent>,
}

#[derive(Serialize)]
struct Absent {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EnclaveOptions {
    enabled: bool,
}

impl Serialize for AttributeOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &*self.shown.row;
        let primary = self.shown.primary();
        let is = |name| self.attribute == name;
        let flag = |name, value| is(name).then_some(Value { value });
        let absent = |name| is(name).then_some(Absent {});
        AttributeView {
            instance_id: Text(row.id),
            instance_type: is(INSTANCE_TYPE).then_some(Value { value: row.instance_type.name }),
            disable_api_termination: flag(DISABLE_API_TERMINATION, row.disable_api_termination),
            disable_api_stop: flag(DISABLE_API_STOP, row.disable_api_stop),
            instance_initiated_shutdown_behavior: is(SHUTDOWN_BEHAVIOR)
                .then_some(Value { value: row.shutdown_behavior }),
            root_device_name: is(ROOT_DEVICE_NAME).then_some(Value { value: row.image.release.root_device }),
            source_dest_check: primary.and_then(|it| flag(SOURCE_DEST_CHECK, it.source_dest_check)),
            groups: is(GROUP_SET).then(|| primary.into_iter().flat_map(group_set).collect()),
            ebs_optimized: flag(EBS_OPTIMIZED, false),
            ena_support: flag(ENA_SUPPORT, true),
            product_codes: is(PRODUCT_CODES).then_some(&[]),
            // There are no volumes and no enclaves.
            block_device_mappings: is(BLOCK_DEVICE_MAPPING).then_some(&[]),
            enclave_options: is(ENCLAVE_OPTIONS).then_some(EnclaveOptions { enabled: false }),
            kernel_id: absent(WITHOUT_VALUE[0]),
            ramdisk_id: absent(WITHOUT_VALUE[1]),
            user_data: is(USER_DATA).then_some(UserData { value: row.user_data.as_deref() }),
            sriov_net_support: absent(WITHOUT_VALUE[2]),
        }
        .serialize(serializer)
    }
}

impl Operation for DescribeInstanceAttribute {
    const NAME: &'static str = "DescribeInstanceAttribute";
    type In = DescribeAttributeIn;
    type Out = AttributeOut;
    type Error = Ec2Error;
}

impl Read for DescribeInstanceAttribute {
    fn run(view: &View<'_>, input: DescribeAttributeIn) -> Result<AttributeOut, Ec2Error> {
        let row = find_instance(view.state, &input.instance_id)?.clone();
        let attribute = input.attribute.ok_or(Ec2Error::MissingParameter("attribute"))?;
        Ok(AttributeOut { shown: Shown::new(view.state, row), attribute })
    }
}

// === Modify ===

/// Changes one attribute. Source: the page of ModifyInstanceAttribute; EC2-I-STATE, EC2-I-MANY.
pub struct ModifyInstanceAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyAttributeIn {
    instance_id: String,
    source_dest_check: Option<Value<bool>>,
    disable_api_stop: Option<Value<bool>>,
    disable_api_termination: Option<Value<bool>>,
    instance_type: Option<Value<String>>,
    instance_initiated_shutdown_behavior: Option<Value<String>>,
    groups: Vec<String>,
    /// The older way: the name of an attribute and its value.
    attribute: Option<String>,
    value: Option<String>,
    block_device_mappings: Vec<Unused>,
    kernel: Option<Unused>,
    ramdisk: Option<Unused>,
    user_data: Option<Unused>,
    ebs_optimized: Option<Unused>,
    sriov_net_support: Option<Unused>,
    ena_support: Option<Unused>,
    enclave_options: Option<Unused>,
}

#[derive(Deserialize, Default)]
struct Unused {}

impl Operation for ModifyInstanceAttribute {
    const NAME: &'static str = "ModifyInstanceAttribute";
    type In = ModifyAttributeIn;
    type Out = Done;
    type Error = Ec2Error;
}

/// What is to be changed.
enum Change {
    SourceDestCheck(bool),
    DisableApiStop(bool),
    DisableApiTermination(bool),
    InstanceType(String),
    ShutdownBehavior(String),
    Groups(Vec<String>),
}

/// The changes asked for, each with the name of its attribute.
fn changes(input: ModifyAttributeIn) -> Result<Vec<(&'static str, Change)>, Ec2Error> {
    let others = [
        !input.block_device_mappings.is_empty(),
        input.kernel.is_some(),
        input.ramdisk.is_some(),
        input.user_data.is_some(),
        input.ebs_optimized.is_some(),
        input.sriov_net_support.is_some(),
        input.ena_support.is_some(),
        input.enclave_options.is_some(),
    ];
    if others.contains(&true) {
        return Err(Ec2Error::NotBuilt("ModifyInstanceAttribute of this attribute"));
    }
    let mut changes = Vec::new();
    let mut add = |name, change: Option<Change>| changes.extend(change.map(|change| (name, change)));
    add(INSTANCE_TYPE, input.instance_type.map(|it| Change::InstanceType(it.value)));
    add(
        DISABLE_API_TERMINATION,
        input.disable_api_termination.map(|it| Change::DisableApiTermination(it.value)),
    );
    add(DISABLE_API_STOP, input.disable_api_stop.map(|it| Change::DisableApiStop(it.value)));
    let behavior = input.instance_initiated_shutdown_behavior;
    add(SHUTDOWN_BEHAVIOR, behavior.map(|it| Change::ShutdownBehavior(it.value)));
    add(SOURCE_DEST_CHECK, input.source_dest_check.map(|it| Change::SourceDestCheck(it.value)));
    add(GROUP_SET, Some(input.groups).filter(|groups| !groups.is_empty()).map(Change::Groups));
    if let Some(attribute) = input.attribute {
        let value = input.value.unwrap_or_default();
        match &*attribute {
            INSTANCE_TYPE => add(INSTANCE_TYPE, Some(Change::InstanceType(value))),
            DISABLE_API_TERMINATION => {
                add(DISABLE_API_TERMINATION, Some(Change::DisableApiTermination(value == "true")));
            }
            DISABLE_API_STOP => add(DISABLE_API_STOP, Some(Change::DisableApiStop(value == "true"))),
            SHUTDOWN_BEHAVIOR => add(SHUTDOWN_BEHAVIOR, Some(Change::ShutdownBehavior(value))),
            _ => return Err(Ec2Error::NotBuilt("ModifyInstanceAttribute of this attribute")),
        }
    }
    Ok(changes)
}

impl Write for ModifyInstanceAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyAttributeIn) -> Result<Done, Ec2Error> {
        let id = find_instance(&txn.state, &input.instance_id)?.id;
        let mut changes = changes(input)?;
        if changes.len() > 1 {
            let names: Vec<_> = changes.iter().map(|(name, _)| *name).collect();
            return Err(Ec2Error::ManyAttributes(names.join(", ")));
        }
        let (_, change) = changes.pop().ok_or(Ec2Error::NoAttribute)?;
        apply(&mut txn.state, id, change)?;
        Ok(Done {})
    }
}

fn apply(state: &mut State, id: InstanceId, change: Change) -> Result<(), Ec2Error> {
    let update = |state: &mut State, change: &dyn Fn(&mut Instance)| {
        state.instances.update(&id, change);
    };
    match change {
        Change::SourceDestCheck(check) => {
            let interface = only_interface(state, id)?;
            state.interfaces.update(&interface, |row| row.source_dest_check = check);
        }
        Change::Groups(names) => {
            let interface = only_interface(state, id)?;
            let vpc = state.interfaces.get(&interface).map(|row| row.vpc);
            let vpc = vpc.ok_or(InstanceError::NoInterfaces(id))?;
            let groups = groups_in(state, vpc, &names)?;
            let groups = state.group_refs(&groups).map_err(not_placed)?;
            state.interfaces.update(&interface, |row| row.groups = groups);
        }
        Change::DisableApiStop(value) => update(state, &|row| row.disable_api_stop = value),
        Change::DisableApiTermination(value) => update(state, &|row| row.disable_api_termination = value),
        Change::ShutdownBehavior(behavior) => {
            let known = ["stop", "terminate"].into_iter().find(|known| *known == behavior);
            let known = known.ok_or(InstanceError::BadShutdownBehavior(behavior))?;
            update(state, &|row| row.shutdown_behavior = known);
        }
        Change::InstanceType(name) => {
            let kind = find_type(&name)?;
            let row = state.instances.get(&id).filter(|row| row.state == InstanceState::Stopped);
            let row = row.ok_or(InstanceError::NotStopped(id))?;
            let of_image = row.image.release.architecture;
            if !kind.architectures.contains(&of_image) {
                let of_type = kind.architectures.join(",");
                return Err(InstanceError::OtherArchitecture { of_type, of_image }.into());
            }
            let interfaces = state.interfaces_of(id);
            if interfaces.len() > kind.interfaces {
                let count = interfaces.len();
                return Err(InterfaceError::TooManyAttachments { count, instance_type: kind.name }.into());
            }
            for interface in interfaces {
                check_slots(kind, interface.ipv4_slots(), interface.ipv6_slots())?;
            }
            update(state, &|row| row.instance_type = kind);
        }
    }
    Ok(())
}

/// The interface of an instance that has no more than one.
fn only_interface(state: &State, id: InstanceId) -> Result<NetworkInterfaceId, Ec2Error> {
    match state.interfaces_of(id).as_slice() {
        [] => Err(InstanceError::NoInterfaces(id).into()),
        [one] => Ok(one.id),
        _ => Err(InstanceError::ManyInterfaces(id).into()),
    }
}
