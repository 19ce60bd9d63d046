//! What exists: VPCs, subnets, interfaces, roles, jobs, as plain data.
//!
//! No request, no wire name, no error text and no `Serialize` here: each boundary has types of its own.

pub mod address;
pub mod choice;
pub mod finding;
pub mod flow_log;
pub mod gateway;
pub mod group;
pub mod hosting;
pub mod iam;
pub mod ids;
pub mod interface;
pub mod job;
pub mod network;
pub mod offering;
pub mod peering;
pub mod place;
pub mod public;
pub mod quota;
pub mod region;
pub mod route;
pub mod state;
pub mod tags;
pub mod texts;
pub mod vpc;

pub use address::AddressPool;
pub use choice::{Choices, Placement, Silence};
pub use finding::{Evidence, Finding, Phase, RuleMode, RuleModes, Verdict};
pub use flow_log::{FlowLog, FlowLogSettings, LogDestination, Logged, Traffic};
pub use gateway::{AclAssociation, AclEntry, DhcpOptions, InternetGateway, NetworkAcl};
pub use group::{DEFAULT_GROUP, Direction, Peer, SecurityGroup, SecurityGroupRule};
pub use hosting::{
    DeployedVariant, Deployment, Endpoint, EndpointConfig, EndpointCourse, EndpointStatus, FleetKey,
    SageModel, Variant,
};
pub use iam::{Role, Session};
pub use ids::*;
pub use interface::{Attachment, GroupRef, InterfaceStatus, NetworkInterface, UsedToken};
pub use job::{
    Course, Document, Failure, InstanceGroup, Job, JobKey, JobKind, JobStatus, Needs, Transition, VpcConfig,
};
pub use offering::Offerings;
pub use peering::{Peering, PeeringSide, PeeringStatus};
pub use public::PublicAddress;
pub use quota::Quotas;
pub use region::{Partition, RegionInfo, Site, Zone};
pub use route::{Destination, Route, RouteAssociation, RouteOrigin, RouteTable, RouteTarget};
pub use state::{Alarm, Defaults, Letter, Owner, Profile, State};
pub use tags::Tags;
pub use texts::Texts;
pub use vpc::{Subnet, Tenancy, Vpc};

/// A transaction over the model.
pub type Txn<'a> = crate::kernel::Txn<'a, State>;
/// The world of the model.
pub type World = crate::kernel::World<State>;
/// An account of the model.
pub type Account = crate::kernel::Account<State>;
