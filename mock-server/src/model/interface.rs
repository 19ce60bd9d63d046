//! Elastic network interfaces.

use super::*;
use crate::kernel::{HexId, Memo, Row, SimTime};
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
    Instance {
        id: AttachmentId,
        instance: String,
        device_index: i32,
        delete_on_termination: bool,
        since: SimTime,
    },
    /// Something that a service runs; no user may detach it.
    Service { id: ServiceAttachmentId, instance_owner: Arc<str>, device_index: i32 },
}

impl Attachment {
    pub fn id(&self) -> String {
        match self {
            Attachment::Instance { id, .. } => id.to_string(),
            Attachment::Service { id, .. } => id.to_string(),
        }
    }
}

/// A group of an interface, with its name, which never changes.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupRef {
    pub id: SecurityGroupId,
    pub name: Arc<str>,
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
    /// At most one for each private address.
    pub public: Vec<PublicAddress>,
    /// Whether its VPC gives public addresses names.
    pub public_names: bool,
    pub description: Arc<str>,
    pub groups: Vec<GroupRef>,
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
    /// Its entry among the used client tokens, if the caller gave one.
    pub client_token: Option<u128>,
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
    /// A public address that it has.
    Public(Ipv4Addr),
    /// An association with an Elastic IP address.
    Association(AddressAssociationId),
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
        self.groups.iter().for_each(|group| emit(InterfaceIndex::Group(group.id)));
        if let Some(owner) = &self.owner {
            emit(InterfaceIndex::Owner(owner.clone()));
        }
        for address in &self.public {
            emit(InterfaceIndex::Public(address.public));
            if let Some((_, association)) = address.elastic {
                emit(InterfaceIndex::Association(association));
            }
        }
    }
}

/// A call that must not be done twice: what it asked for and what it made. It goes with what it made.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct UsedToken {
    /// A digest of the parameters.
    pub request: u128,
    /// The id of what was made; the operation says of which kind it is.
    pub made: HexId,
}
