//! Network interfaces attached to instances and detached from them.

use super::error::Ec2Error;
use super::error::interfaces::InterfaceError;
use super::instance::find_instance;
use super::network_interface::find_own;
use super::network_interface_address::check_slots;
use crate::kernel::HexId;
use crate::model::interface::InterfaceIndex;
use crate::model::{
    Attachment, AttachmentId, Id, Instance, InstanceState, NetworkInterface, NetworkInterfaceId,
    ServiceAttachmentId, State, Txn,
};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where an interface is to be attached to an instance.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub device_index: i32,
    pub network_card_index: i32,
}

/// Whether an interface can be attached there. `others` are the interfaces that the instance has already.
/// Source: EC2 user guide, "Attach a network interface"; EC2-ENI-ATTACH-USED, EC2-ENI-ATTACH-INDEX,
/// EC2-ENI-ATTACH-LIMIT, EC2-ENI-ATTACH-ZONE, EC2-ENI-EFA.
///
/// # Errors
/// If it cannot.
pub fn check(
    interface: &NetworkInterface,
    instance: &Instance,
    others: &[Arc<NetworkInterface>],
    slot: Slot,
) -> Result<(), Ec2Error> {
    let kind = instance.instance_type;
    if interface.attachment.is_some() {
        return Err(InterfaceError::InterfaceAttached(interface.id).into());
    }
    if interface.zone != instance.zone {
        return Err(InterfaceError::InterfaceElsewhere.into());
    }
    if slot.device_index < 0 {
        return Err(InterfaceError::BadDeviceIndex(slot.device_index).into());
    }
    let card = slot.network_card_index;
    if !u32::try_from(card).is_ok_and(|card| card < kind.network_cards) {
        return Err(InterfaceError::NoSuchNetworkCard { card, instance_type: kind.name }.into());
    }
    let places = || {
        others.iter().filter_map(|other| match &other.attachment {
            Some(Attachment::Instance { device_index, network_card_index, .. }) => {
                Some((*network_card_index, *device_index))
            }
            _ => None,
        })
    };
    if places().any(|place| place == (card, slot.device_index)) {
        let index = slot.device_index;
        return Err(InterfaceError::DeviceIndexUsed { instance: instance.id, index }.into());
    }
    let on_card = places().filter(|(other, _)| *other == card).count();
    if others.len() >= kind.interfaces || on_card >= kind.interfaces_per_card() {
        let count = others.len() + 1;
        return Err(InterfaceError::TooManyAttachments { count, instance_type: kind.name }.into());
    }
    let is_efa = |row: &NetworkInterface| row.interface_type.starts_with("efa");
    let efas = others.iter().filter(|other| is_efa(other)).count();
    if is_efa(interface) && efas >= kind.efa_interfaces {
        let most = kind.efa_interfaces;
        return Err(InterfaceError::TooManyEfas { most, instance_type: kind.name }.into());
    }
    check_slots(kind, interface.ipv4_slots(), interface.ipv6_slots())
}

// === Attach ===

/// Source: the page of AttachNetworkInterface.
pub struct AttachNetworkInterface;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AttachIn {
    network_interface_id: String,
    instance_id: String,
    device_index: Option<i32>,
    network_card_index: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachOut {
    attachment_id: String,
    network_card_index: i32,
}

impl Operation for AttachNetworkInterface {
    const NAME: &'static str = "AttachNetworkInterface";
    type In = AttachIn;
    type Out = AttachOut;
    type Error = Ec2Error;
}

impl Write for AttachNetworkInterface {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AttachIn) -> Result<AttachOut, Ec2Error> {
        let state = &txn.state;
        let interface = find_own(state, &input.network_interface_id)?.clone();
        let instance = find_instance(state, &input.instance_id)?.clone();
        let device_index = input.device_index.ok_or(Ec2Error::MissingParameter("deviceIndex"))?;
        let slot = Slot { device_index, network_card_index: input.network_card_index.unwrap_or(0) };
        if !matches!(instance.state, InstanceState::Running | InstanceState::Stopped) {
            return Err(InterfaceError::NotAttachable(instance.id).into());
        }
        check(&interface, &instance, &state.interfaces_of(instance.id), slot)?;
        let id = AttachmentId::mint(txn);
        let attachment = Attachment::Instance {
            id,
            instance: instance.id,
            device_index: slot.device_index,
            network_card_index: slot.network_card_index,
            delete_on_termination: false,
            since: txn.now,
        };
        txn.state.attach(interface.id, attachment);
        Ok(AttachOut { attachment_id: id.to_string(), network_card_index: slot.network_card_index })
    }
}

// === Detach ===

/// With or without force: nothing here is ever stuck.
/// Source: the page of DetachNetworkInterface; EC2-ENI-DETACH, EC2-ENI-DETACH0.
pub struct DetachNetworkInterface;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DetachNetworkInterfaceIn {
    attachment_id: String,
    #[serde(rename = "Force")]
    _force: bool,
}

impl Operation for DetachNetworkInterface {
    const NAME: &'static str = "DetachNetworkInterface";
    type In = DetachNetworkInterfaceIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DetachNetworkInterface {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DetachNetworkInterfaceIn) -> Result<Done, Ec2Error> {
        let (id, attachment) = attached(&txn.state, &input.attachment_id)?;
        match attachment {
            Attachment::Service { .. } => Err(Ec2Error::ServiceAttachment),
            attachment if attachment.is_primary() => Err(Ec2Error::PrimaryInterface),
            Attachment::Instance { .. } => {
                txn.state.detach(id);
                Ok(Done {})
            }
        }
    }
}

/// The interface with this attachment, and the attachment.
fn attached<'a>(state: &'a State, id: &str) -> Result<(NetworkInterfaceId, &'a Attachment), Ec2Error> {
    let hex = |id: &str| -> Option<HexId> {
        AttachmentId::parse(id).map(Id::hex).or_else(|| ServiceAttachmentId::parse(id).map(Id::hex))
    };
    let rows = hex(id).into_iter().flat_map(|hex| state.interfaces.by(&InterfaceIndex::Attachment(hex)));
    let mut found = rows.filter_map(|row| Some((row.id, row.attachment.as_ref()?)));
    found
        .find(|(_, attachment)| attachment.id() == id)
        .ok_or_else(|| Ec2Error::AttachmentNotFound(id.to_owned()))
}
