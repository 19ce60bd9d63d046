//! Elastic network interfaces.

use super::*;
use crate::kernel::{Memo, Row};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Whether something uses the interface. `attaching` and `detaching` pass at once here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InterfaceStatus {
    Available,
    InUse,
}

/// What an interface is attached to.
#[derive(Clone, PartialEq, Debug)]
pub enum Attachment {
    /// An instance of the user's own.
    Instance { id: AttachmentId, instance: String, device_index: i32, delete_on_termination: bool },
    /// Something that a service runs; no user may detach it.
    Service { id: ServiceAttachmentId, instance_owner: Arc<str>, device_index: i32 },
}

#[derive(Clone, PartialEq, Debug)]
pub struct NetworkInterface {
    pub id: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub vpc: VpcId,
    pub zone: Zone,
    pub mac: [u8; 6],
    /// The primary private address first.
    pub addresses: Vec<Ipv4Addr>,
    pub description: Arc<str>,
    pub groups: Vec<SecurityGroupId>,
    pub source_dest_check: bool,
    pub attachment: Option<Attachment>,
    /// `interface`, or what a service calls its own kind.
    pub interface_type: &'static str,
    /// Who asked for it, if a service did: `AROA…:SageMaker`.
    pub requester_id: Option<Arc<str>>,
    pub requester_managed: bool,
    /// What of this product's own holds it; such an interface goes when its owner lets it go, and no user may
    /// change or delete it before that.
    pub owner: Option<Owner>,
    pub tags: Tags,
    pub memo: Memo,
}

impl NetworkInterface {
    pub fn status(&self) -> InterfaceStatus {
        if self.attachment.is_some() { InterfaceStatus::InUse } else { InterfaceStatus::Available }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InterfaceIndex {
    Subnet(SubnetId),
    Vpc(VpcId),
    Group(SecurityGroupId),
    Owner(Owner),
}

impl Row for NetworkInterface {
    type Key = NetworkInterfaceId;
    type Index = InterfaceIndex;
    fn key(&self) -> NetworkInterfaceId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InterfaceIndex)) {
        emit(InterfaceIndex::Subnet(self.subnet));
        emit(InterfaceIndex::Vpc(self.vpc));
        self.groups.iter().for_each(|group| emit(InterfaceIndex::Group(*group)));
        if let Some(owner) = &self.owner {
            emit(InterfaceIndex::Owner(owner.clone()));
        }
    }
}
