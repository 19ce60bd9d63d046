//! Paths through a network: what is asked, and hop by hop what decided.

use super::*;
use crate::kernel::{AccountId, Rehome};
use std::net::Ipv4Addr;
use std::ops::Range;
use std::sync::Arc;

/// Where packets come from, or go to, in a VPC: an interface, or one that is still to be made.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Vantage {
    pub subnet: SubnetId,
    /// All of them apply, summed up.
    pub groups: Vec<SecurityGroupId>,
    pub address: Ipv4Addr,
    pub interface: Option<NetworkInterfaceId>,
    /// Whether it has a public address. Interfaces of SageMaker never do: SM-VPC-ENI-10.
    pub public: bool,
}

impl Vantage {
    /// That of an interface; `None` if it has no IPv4 address.
    pub fn of(interface: &NetworkInterface) -> Option<Self> {
        Some(Self {
            subnet: interface.subnet,
            groups: interface.groups.iter().map(|group| group.id).collect(),
            address: *interface.addresses.first()?,
            interface: Some(interface.id),
            public: interface.owner.is_none() && !interface.public.is_empty(),
        })
    }
}

/// What is to be done in a bucket, as whom.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct BucketUse {
    pub bucket: Arc<str>,
    /// Such as `s3:GetObject`, each with its key; `None`: on the bucket itself.
    pub acts: Vec<(&'static str, Option<Arc<str>>)>,
    /// Condition keys that follow from what the requests ask for.
    pub keys: Vec<(&'static str, Arc<str>)>,
    /// The role that does it. `None`: nobody in particular, with no credentials (a package repository of AWS's).
    pub role_arn: Option<Arc<str>>,
}

/// What is to be reached.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum Goal {
    /// A bucket, over the name that SDKs use for it.
    Bucket(BucketUse),
    /// An API of AWS in the flow's region, as endpoint services are named: `sagemaker.api`, `sts`, `logs`.
    Service(Arc<str>),
    /// A host of the internet, by name or address.
    Host(Arc<str>),
    /// Another interface.
    Peer(Vantage),
    /// Out of a VPC through this, with packets for this address: a gateway, a gateway endpoint, a peering connection.
    Edge { at: RouteTarget, address: Ipv4Addr },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Transport {
    Tcp,
    Udp,
}

/// The question: may this get there, and back?
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Flow {
    /// `None`: from a network of the service's own, that reaches everything. Only policies count then.
    pub from: Option<Vantage>,
    pub to: Goal,
    pub transport: Transport,
    pub port: u16,
}

/// What is asked at a hop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Rehome)]
pub enum HopKind {
    /// Whether the name resolves, and to what.
    Name,
    /// Security groups on the way out of an interface.
    GroupOut,
    /// The subnet's network ACL, outbound.
    AclOut,
    /// The subnet's route table.
    Route,
    /// What the route leads to: a gateway, an endpoint, a peering connection.
    Target,
    /// The network ACL of the subnet that is entered.
    AclIn,
    /// Security groups on the way into an interface (an interface endpoint's too).
    GroupIn,
    /// The bucket: that it exists, and is where it is looked for.
    Bucket,
    /// What the role may do.
    RolePolicy,
    /// What the VPC endpoint lets through.
    EndpointPolicy,
    /// What the bucket lets do.
    BucketPolicy,
    /// The subnet's network ACL, inbound, for what comes back: ACLs remember nothing.
    AclBack,
}

impl HopKind {
    /// In the order in which a path has them.
    pub const ALL: [HopKind; 12] = [
        HopKind::Name,
        HopKind::GroupOut,
        HopKind::AclOut,
        HopKind::Route,
        HopKind::Target,
        HopKind::AclIn,
        HopKind::GroupIn,
        HopKind::Bucket,
        HopKind::RolePolicy,
        HopKind::EndpointPolicy,
        HopKind::BucketPolicy,
        HopKind::AclBack,
    ];

    pub fn name(self) -> &'static str {
        match self {
            HopKind::Name => "dns",
            HopKind::GroupOut => "security-group-egress",
            HopKind::AclOut => "network-acl-outbound",
            HopKind::Route => "route-table",
            HopKind::Target => "target",
            HopKind::AclIn => "network-acl-inbound",
            HopKind::GroupIn => "security-group-ingress",
            HopKind::Bucket => "bucket",
            HopKind::RolePolicy => "role-policy",
            HopKind::EndpointPolicy => "endpoint-policy",
            HopKind::BucketPolicy => "bucket-policy",
            HopKind::AclBack => "network-acl-return",
        }
    }

    /// Whether what is refused here is refused by a policy: the network led there.
    pub fn is_policy(self) -> bool {
        matches!(self, HopKind::RolePolicy | HopKind::EndpointPolicy | HopKind::BucketPolicy)
    }

    /// Whether what is refused here is refused with an answer: packets go both ways.
    pub fn is_of_application(self) -> bool {
        self.is_policy() || self == HopKind::Bucket
    }
}

/// One thing that decided.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Hop {
    pub kind: HopKind,
    /// Where it is asked: the id of a subnet, interface, gateway or endpoint, or a bucket's name.
    pub at: String,
    pub passed: bool,
    /// The documented rule behind the verdict.
    pub rule: &'static str,
    /// `resource` is the element that decided: a group's rule, an ACL's entry, a route, an endpoint, a statement. The
    /// facts say what else there is to know, by the names that [`net::trace`](crate::net::trace) documents.
    pub evidence: Evidence,
}

/// How packets went, as far as they came.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Way {
    /// What the name resolved to, or the address that was asked for; of several one that took the way that is told, and
    /// one that was refused if one was.
    pub address: Option<Ipv4Addr>,
    /// The service of AWS that has this address, if it is a public one, as endpoint services are named.
    pub service: Option<Arc<str>>,
    /// The route that was taken.
    pub route: Option<(RouteTableId, route::Destination, RouteTarget)>,
    /// The VPC endpoint that was taken, of either type.
    pub endpoint: Option<VpcEndpointId>,
    /// The NAT gateway that was taken.
    pub nat: Option<NatGatewayId>,
}

/// Packets at an interface, if they come that far.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Sighting {
    /// Where the interface is.
    pub account: AccountId,
    pub region: Arc<str>,
    pub interface: NetworkInterfaceId,
    /// Into the interface, or out of it.
    pub ingress: bool,
    /// Whether they are answers.
    pub back: bool,
    /// Who asks, as the packets name it here: what sends on in its own name stands for others.
    pub client: Ipv4Addr,
    /// The route that they leave by.
    pub over: Option<RouteTarget>,
    /// The hops that decide here. Packets come here if all hops before them let them through.
    pub hops: Range<usize>,
}

/// The answer: every hop in order, up to where nothing more can be asked. Hops after a blocked one say what would have
/// been the next obstacle.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Trace {
    pub flow: Flow,
    pub hops: Vec<Hop>,
    /// What interfaces there are on the way there and back, in order; of an interface that is still to be made nothing.
    pub seen: Vec<Sighting>,
    pub way: Way,
}

impl Trace {
    /// The hop that decided, if it is not reached.
    pub fn blocked(&self) -> Option<&Hop> {
        self.hops.iter().find(|hop| !hop.passed)
    }

    /// The hop that the network refuses at, by its place, if there is one.
    pub fn cut(&self) -> Option<usize> {
        self.hops.iter().position(|hop| !hop.passed && !hop.kind.is_of_application())
    }

    /// Whether packets get there and back and all that was asked for is allowed.
    pub fn reaches(&self) -> bool {
        self.blocked().is_none()
    }

    /// Whether what blocks is the network, not a policy or the bucket's absence.
    pub fn is_cut_off(&self) -> bool {
        self.blocked().is_some_and(|hop| !hop.kind.is_of_application())
    }
}
