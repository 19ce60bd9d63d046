//! Elastic network interfaces.

use super::*;
use crate::kernel::{HexId, Memo, Rehome, Row, SimTime};
use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Whether something uses the interface. `attaching` and `detaching` pass at once here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InterfaceStatus {
    Available,
    InUse,
}

/// What an interface is attached to.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum Attachment {
    /// An instance of the user's own.
    Instance {
        id: AttachmentId,
        instance: InstanceId,
        device_index: i32,
        network_card_index: i32,
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

    /// The instance of the user's own that it is attached to.
    pub fn instance(&self) -> Option<InstanceId> {
        match self {
            Attachment::Instance { instance, .. } => Some(*instance),
            Attachment::Service { .. } => None,
        }
    }

    /// Whether it is the interface that an instance has from its beginning to its end.
    pub fn is_primary(&self) -> bool {
        matches!(self, Attachment::Instance { device_index: 0, network_card_index: 0, .. })
    }
}

/// For how many seconds security groups remember idle connections, where that was set.
/// Source: EC2 user guide, "Idle connection tracking timeout".
#[derive(Clone, Copy, PartialEq, Debug, Default, Rehome)]
pub struct ConnectionTracking {
    pub tcp_established: Option<i32>,
    pub udp_stream: Option<i32>,
    pub udp: Option<i32>,
}

/// The type of interfaces that have no addresses.
pub const EFA_ONLY: &str = "efa-only";

/// A group of an interface, with its name, which never changes.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct GroupRef {
    pub id: SecurityGroupId,
    pub name: Arc<str>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct NetworkInterface {
    pub id: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub vpc: VpcId,
    pub zone: Zone,
    pub mac: [u8; 6],
    /// The primary private address first.
    pub addresses: Vec<Ipv4Addr>,
    /// Whole prefixes of private addresses.
    pub prefixes: Vec<Ipv4Net>,
    /// The first one is the primary one, if there is such a thing.
    pub ipv6: Vec<Ipv6Addr>,
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// Whether its first IPv6 address stays as long as the interface is attached.
    pub primary_ipv6: bool,
    /// Whether the VPC gives names to the addresses: a copy of its DNS attributes, for what is printed.
    pub dns_names: bool,
    /// Whether its instance gets a public address when it starts.
    pub associate_public: bool,
    pub connection_tracking: Option<ConnectionTracking>,
    /// At most one for each private address.
    pub public: Vec<PublicAddress>,
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

    /// How many of the slots for IPv4 addresses are taken that an instance type gives to an interface: a prefix
    /// takes one, as an address does. Source: EC2 user guide, "Assign prefixes to network interfaces".
    pub fn ipv4_slots(&self) -> usize {
        self.addresses.len() + self.prefixes.len()
    }

    /// The same of IPv6.
    pub fn ipv6_slots(&self) -> usize {
        self.ipv6.len() + self.ipv6_prefixes.len()
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InterfaceIndex {
    Subnet(SubnetId),
    Vpc(VpcId),
    Group(SecurityGroupId),
    Owner(Owner),
    /// Attached to this instance.
    Instance(InstanceId),
    /// An attachment of either kind.
    Attachment(HexId),
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
        match &self.attachment {
            Some(Attachment::Instance { id, instance, .. }) => {
                emit(InterfaceIndex::Instance(*instance));
                emit(InterfaceIndex::Attachment(id.hex()));
            }
            Some(Attachment::Service { id, .. }) => emit(InterfaceIndex::Attachment(id.hex())),
            None => {}
        }
    }
}

/// A call that must not be done twice: what it asked for and what it made. It goes with what it made.
#[derive(Clone, Copy, PartialEq, Debug, Rehome)]
pub struct UsedToken {
    /// A digest of the parameters.
    pub request: u128,
    /// The id of what was made; the operation says of which kind it is.
    pub made: HexId,
}
