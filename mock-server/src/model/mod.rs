//! What exists: VPCs, subnets, interfaces, roles, jobs, as plain data.
//!
//! No request, no wire name, no error text and no `Serialize` here: each boundary has types of its own.

pub mod acl;
pub mod address;
pub mod address6;
pub mod assign;
pub mod async_call;
pub mod attempt;
pub mod automl;
pub mod behaviour;
pub mod bucket;
pub mod capacity;
pub mod capture;
pub mod choice;
pub mod cluster;
pub mod component;
pub mod compute;
pub mod data;
pub mod edge;
pub mod elastic;
pub mod endpoint_service;
pub mod fault;
pub mod finding;
pub mod flow_log;
pub mod gateway;
pub mod group;
pub mod group_peer;
pub mod group_vpc;
pub mod hosting;
pub mod iam;
pub mod ids;
pub mod image;
pub mod insights;
pub mod instance;
pub mod instance_type;
pub mod interface;
pub mod invocation;
pub mod job;
pub mod launch_template;
pub mod log;
pub mod log_grant;
pub mod managed_prefix_list;
pub mod manifest;
pub mod monitoring;
pub mod nat;
pub mod network;
pub mod notebook;
pub mod offering;
pub mod path;
pub mod peering;
pub mod permission;
pub mod pipeline;
pub mod place;
pub mod prefix_list;
pub mod probe;
pub mod public;
pub mod quota;
pub mod region;
pub mod reservation;
pub mod route;
pub mod sight;
pub mod state;
pub mod stored;
pub mod studio;
pub mod tags;
pub mod texts;
pub mod traffic;
pub mod transit;
pub mod transit_table;
pub mod tuning;
pub mod upload;
pub mod vpc;
pub mod vpc_endpoint;

pub use acl::{AclAssociation, AclEntry, NetworkAcl};
pub use address::AddressPool;
pub use address6::Ipv6Pool;
pub use assign::Addresses;
pub use async_call::AsyncCall;
pub use attempt::{PoolStatus, Progress, SpotMarket, Wait, WarmPool};
pub use automl::{AutoMlChild, AutoMlJob, AutoMlStep};
pub use behaviour::{Behaviour, Behaviours, Connection, Exit, LogLine, Metric, Remote, Repository, Wildcard};
pub use bucket::{
    Bucket, Content, FoundBucket, Object, ObjectKey, ObjectVersion, PublicAccessBlock, PutObject, Versioning,
};
pub use capacity::Capacities;
pub use capture::{Capture, Flow};
pub use choice::{Choices, JobLogs, Placement, Precheck, Silence};
pub use cluster::{
    Cluster, ClusterCourse, ClusterGroup, ClusterNode, ClusterStatus, NodeNetwork, NodeStatus,
};
pub use component::{ComponentPlan, ComponentStatus, InferenceComponent};
pub use compute::{Held, InstanceUse, Usage};
pub use data::{DataNeed, DataUse, Extent, Mount, S3Place};
pub use edge::{EgressOnlyInternetGateway, VpnAttachment, VpnAttachmentState, VpnGateway};
pub use elastic::ElasticAddress;
pub use endpoint_service::{EndpointService, EndpointType};
pub use fault::{DeclaredFault, Ending, FaultEffect, FaultScope, Faults, Rate, Struck, Toll, Window};
pub use finding::{Evidence, Finding, Phase, RuleMode, RuleModes, Verdict};
pub use flow_log::{FlowLog, FlowLogSettings, LogDestination, Logged, Traffic};
pub use gateway::{DhcpOptions, InternetGateway};
pub use group::{DEFAULT_GROUP, Direction, Peer, SecurityGroup, SecurityGroupRule};
pub use group_vpc::{GroupAssociation, GroupAssociationIndex, GroupAssociationState};
pub use hosting::{
    DeployedVariant, Deployment, Endpoint, EndpointConfig, EndpointCourse, EndpointStatus, FleetKey, Rolling,
    SageModel, Variant, in_own_registry,
};
pub use iam::{
    AccessKey, AccountSettings, AnyPolicy, Authorization, ControlPolicies, CredentialReport, Grants, Group,
    IamMode, InstanceProfile, LoginProfile, ManagedPolicy, OidcProvider, PasswordPolicy, PolicyDocument,
    PolicyVersion, Principal, Role, Session, User,
};
pub use ids::*;
pub use image::Image;
pub use insights::{InsightsAnalysis, InsightsPath};
pub use instance::{Instance, InstanceState};
pub use instance_type::InstanceType;
pub use interface::{Attachment, ConnectionTracking, GroupRef, InterfaceStatus, NetworkInterface, UsedToken};
pub use invocation::{Answer, Broken, Canned, Invocation, Reaction, Said, Told, When};
pub use job::{
    Course, Document, Evaluation, Failure, InstanceGroup, Job, JobKey, JobKind, JobStatus, Lack, Needs,
    OnBehalf, Parent, Transition, VpcConfig,
};
pub use launch_template::{LaunchTemplate, LaunchVersion};
pub use log::{EventKey, LogClass, LogEvent, LogGroup, LogPolicy, LogStream, StreamKey};
pub use managed_prefix_list::ManagedList;
pub use monitoring::{
    DefinitionKey, MonitoringAlert, MonitoringDefinition, MonitoringExecution, MonitoringExecutionKey,
    MonitoringOutcome, MonitoringSchedule, MonitoringType, Recurrence, ScheduleStatus,
};
pub use nat::{NatGateway, NatGatewayAddress, NatGatewayState};
pub use notebook::{Notebook, NotebookCourse, NotebookLifecycle, NotebookStatus};
pub use offering::Offerings;
pub use peering::{Peering, PeeringSide, PeeringStatus};
pub use permission::InterfacePermission;
pub use pipeline::{ExecutionStatus, Pipeline, PipelineExecution, StepResult, StepRun, StepStatus};
pub use prefix_list::{
    AddressFamily, AnyPrefixList, PrefixList, PrefixListChange, PrefixListEntries, PrefixListEntry,
    PrefixListProgress, PrefixListTask,
};
pub use probe::{Probe, Tamper};
pub use public::PublicAddress;
pub use quota::Quotas;
pub use region::{Partition, RegionInfo, Site, Zone};
pub use reservation::{ReservationType, SubnetCidrReservation};
pub use route::{Associate, Destination, Route, RouteAssociation, RouteOrigin, RouteTable, RouteTarget};
pub use sight::{BucketNames, DataMode, Sight, Upstream};
pub use state::{Alarm, Defaults, Letter, Owner, Profile, State};
pub use stored::Stored;
pub use studio::{AppOwner, Studio, StudioKey, StudioLifecycle, StudioMember, StudioNetwork, StudioStatus};
pub use tags::Tags;
pub use texts::Texts;
pub use traffic::{FlowRecord, Volume};
pub use transit::{TransitAttachment, TransitGateway, TransitState};
pub use transit_table::TransitRouteTable;
pub use tuning::{Trial, TrialOutcome, TuningJob, TuningStatus};
pub use upload::{Part, Upload, UploadKey};
pub use vpc::{LaunchNames, Subnet, Tenancy, Vpc};
pub use vpc_endpoint::{EndpointPlacement, VpcEndpoint, VpcEndpointState};

/// A transaction over the model.
pub type Txn<'a> = crate::kernel::Txn<'a, State>;
/// The world of the model.
pub type World = crate::kernel::World<State>;
/// An account of the model.
pub type Account = crate::kernel::Account<State>;
