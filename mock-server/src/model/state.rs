//! The state of one cell: every table there is, and the first state of a new region.

use super::*;
use crate::kernel::{CellState, Minter, Moving, Origin, Rehome, Row, Scope, Table, Timers};
use imbl::{OrdMap, OrdSet};
use std::sync::Arc;
use std::time::Duration;

/// How long the stages of a job take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Profile {
    /// Seconds: long enough to be seen, short enough for a test.
    #[default]
    Fast,
    /// As long as on AWS.
    Realistic,
    /// No time at all: the final state is reached at once.
    Instant,
}

impl Profile {
    /// Reads the name that people use.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "fast" => Some(Profile::Fast),
            "realistic" => Some(Profile::Realistic),
            "instant" => Some(Profile::Instant),
            _ => None,
        }
    }

    /// What lasts so many milliseconds in profile `fast` and in profile `realistic`.
    pub fn lasts(self, [fast, realistic]: [u64; 2]) -> Duration {
        Duration::from_millis(match self {
            Profile::Fast => fast,
            Profile::Realistic => realistic,
            Profile::Instant => 0,
        })
    }

    /// How long the interfaces of a deleted endpoint stay unless the server was told otherwise. AWS does not say;
    /// people report from a few minutes up to a quarter of an hour.
    pub fn linger(self) -> Duration {
        match self {
            Profile::Fast | Profile::Realistic => Duration::from_secs(5 * 60),
            Profile::Instant => Duration::ZERO,
        }
    }
}

/// What the server was started with, for every account.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub profile: Profile,
    pub rule_modes: RuleModes,
    pub offerings: Offerings,
    pub capacities: Capacities,
    pub quotas: Quotas,
    pub choices: Choices,
    pub texts: Texts,
    #[doc(hidden)]
    pub probe: Probe,
    pub iam_mode: IamMode,
    pub behaviours: Behaviours,
    pub faults: Faults,
}

/// What timers and interfaces belong to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Owner {
    Job(JobKey),
    /// What evaluates the rules of SageMaker Debugger for a training job.
    Evaluations(JobKey),
    /// The instances that a training job left: its interfaces, and their end.
    WarmPool(JobKey),
    /// An endpoint, by its name: its stages.
    Endpoint(Arc<str>),
    /// The instances of a deployment of an endpoint: its interfaces, and their end if the endpoint is gone.
    Fleet(FleetKey),
    /// An inference component, by its name.
    Component(Arc<str>),
    /// A call that is answered later, by its id.
    AsyncCall(Arc<str>),
    /// A notebook instance, by its name: its stages, and its interface.
    Notebook(Arc<str>),
    /// A domain, or something in one: its end; and a domain's interfaces.
    Studio(StudioKey),
    /// A cluster, by its name: its stages, and the interfaces of its instances.
    Cluster(Arc<str>),
    /// Something that is kept, by the last part of its ARN: a status that passes.
    Stored(Arc<str>),
    /// A hyperparameter tuning job, by its name.
    Tuning(Arc<str>),
    /// An execution of a pipeline, by its ARN.
    Execution(Arc<str>),
    /// A monitoring schedule, by its name: its change to another status.
    Schedule(Arc<str>),
    /// What a monitoring schedule of this name starts.
    Monitor(Arc<str>),
    /// An AutoML job, by its name in lower case.
    AutoMl(Arc<str>),
    NatGateway(NatGatewayId),
    /// A NAT gateway that failed or was deleted: how long it is still shown.
    ClosedNatGateway(NatGatewayId),
    VpcEndpoint(VpcEndpointId),
    Instance(InstanceId),
    /// What a flow log delivers next, even if it is deleted by then.
    FlowLog(FlowLogId),
    Peering(VpcPeeringConnectionId),
    VpnGateway(VpnGatewayId),
    TransitGateway(TransitGatewayId),
    TransitAttachment(TransitGatewayAttachmentId),
    TransitTable(TransitGatewayRouteTableId),
    PrefixList(PrefixListId),
    /// A group in a VPC other than its own.
    GroupAssociation(SecurityGroupId, VpcId),
    /// An instance that is terminated: how long it is still described.
    TerminatedInstance(InstanceId),
    /// An analysis of a path: its end, and when it is deleted.
    InsightsAnalysis(NetworkInsightsAnalysisId),
    /// The declared faults of a region: one begins or ends.
    Faults,
    /// Interfaces that a declared fault, by its id, keeps from being removed, and what they were of.
    Stuck(Arc<str>, JobKey),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Owner::Job(key) => key.fmt(f),
            Owner::Evaluations(key) => write!(f, "debugger-rules/{}", key.name),
            Owner::WarmPool(key) => write!(f, "warm-pool/{}", key.name),
            Owner::Endpoint(name) => write!(f, "endpoint/{name}"),
            Owner::Fleet(key) => key.fmt(f),
            Owner::Component(name) => write!(f, "inference-component/{name}"),
            Owner::AsyncCall(id) => write!(f, "async-invocation/{id}"),
            Owner::Notebook(name) => write!(f, "notebook-instance/{name}"),
            Owner::Studio(key) => key.fmt(f),
            Owner::Cluster(name) => write!(f, "cluster/{name}"),
            Owner::Stored(resource) => f.write_str(resource),
            Owner::Execution(arn) => f.write_str(arn.splitn(6, ':').last().unwrap_or(arn)),
            Owner::Tuning(name) => write!(f, "hyper-parameter-tuning-job/{name}"),
            Owner::Schedule(name) | Owner::Monitor(name) => write!(f, "monitoring-schedule/{name}"),
            Owner::AutoMl(name) => write!(f, "automl-job/{name}"),
            Owner::NatGateway(id) | Owner::ClosedNatGateway(id) => id.fmt(f),
            Owner::VpcEndpoint(id) => id.fmt(f),
            Owner::FlowLog(id) => id.fmt(f),
            Owner::Peering(id) => id.fmt(f),
            Owner::VpnGateway(id) => id.fmt(f),
            Owner::TransitGateway(id) => id.fmt(f),
            Owner::TransitAttachment(id) => id.fmt(f),
            Owner::TransitTable(id) => id.fmt(f),
            Owner::PrefixList(id) => id.fmt(f),
            Owner::GroupAssociation(group, vpc) => write!(f, "{group}/{vpc}"),
            Owner::Instance(id) | Owner::TerminatedInstance(id) => id.fmt(f),
            Owner::InsightsAnalysis(id) => id.fmt(f),
            Owner::Faults => f.write_str("faults"),
            Owner::Stuck(_, key) => key.fmt(f),
        }
    }
}

/// What a timer does to its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Alarm {
    /// The job or endpoint enters its next stage: the number is the stage's place in the table of stages.
    Stage(usize),
    /// The job has run as long as it may.
    Overtime,
    /// It has waited for spot instances as long as it may.
    WaitOver,
    /// Its spot instances are taken away.
    Interrupt,
    /// Its containers write a checkpoint.
    Checkpoint,
    /// The interfaces of a deleted endpoint go; a terminated instance is forgotten; a flow log delivers; an analysis of a
    /// path is deleted.
    Release,
    /// Something that starts jobs looks after them: one has ended, or time is up.
    Wake,
}

/// The state of one cell. Regional tables are empty in the account's global cell and the other way round.
#[derive(Clone, Default, Rehome)]
pub struct State {
    pub profile: Profile,
    pub quotas: Quotas,
    pub choices: Choices,
    pub texts: Texts,
    pub probe: Probe,
    /// Whose and where this cell is.
    pub site: Arc<Site>,
    pub minter: Minter,
    pub timers: Timers<Owner, Alarm>,
    // === EC2 ===
    pub vpcs: Table<Vpc>,
    pub subnets: Table<Subnet>,
    pub reservations: Table<SubnetCidrReservation>,
    pub groups: Table<SecurityGroup>,
    pub group_associations: Table<GroupAssociation>,
    /// Those of customers; AWS's are in `managed_prefix_list`.
    pub prefix_lists: Table<PrefixList>,
    pub interfaces: Table<NetworkInterface>,
    pub interface_permissions: Table<InterfacePermission>,
    pub instances: Table<Instance>,
    pub route_tables: Table<RouteTable>,
    pub acls: Table<NetworkAcl>,
    pub internet_gateways: Table<InternetGateway>,
    pub egress_only_gateways: Table<EgressOnlyInternetGateway>,
    pub vpn_gateways: Table<VpnGateway>,
    pub transit_gateways: Table<TransitGateway>,
    pub transit_attachments: Table<TransitAttachment>,
    pub transit_tables: Table<TransitRouteTable>,
    pub dhcp_options: Table<DhcpOptions>,
    pub peerings: Table<Peering>,
    pub elastic_addresses: Table<ElasticAddress>,
    pub nat_gateways: Table<NatGateway>,
    pub flow_logs: Table<FlowLog>,
    /// What flow logs are about to deliver.
    pub captures: Table<Capture>,
    pub launch_templates: Table<LaunchTemplate>,
    pub insights_paths: Table<InsightsPath>,
    pub insights_analyses: Table<InsightsAnalysis>,
    /// The DHCP options that new VPCs get.
    pub region_dhcp_options: Option<DhcpOptionsId>,
    pub vpc_endpoints: Table<VpcEndpoint>,
    /// By a digest of the operation and the token: plain values, for there may be one for each interface.
    pub client_tokens: OrdMap<u128, UsedToken>,
    // === CloudWatch Logs ===
    pub log_groups: Table<LogGroup>,
    pub log_streams: Table<LogStream>,
    pub log_policies: Table<LogPolicy>,
    // === SageMaker ===
    pub jobs: Table<Job>,
    pub models: Table<SageModel>,
    pub endpoint_configs: Table<EndpointConfig>,
    pub endpoints: Table<Endpoint>,
    /// How often each endpoint was invoked without being told which variant is to answer.
    pub invocations: OrdMap<Arc<str>, u64>,
    pub async_calls: Table<AsyncCall>,
    pub components: Table<InferenceComponent>,
    pub notebooks: Table<Notebook>,
    pub notebook_lifecycles: Table<NotebookLifecycle>,
    pub studio: Table<Studio>,
    pub studio_lifecycles: Table<StudioLifecycle>,
    pub clusters: Table<Cluster>,
    pub tuning_jobs: Table<TuningJob>,
    pub pipelines: Table<Pipeline>,
    pub executions: Table<PipelineExecution>,
    pub automl_jobs: Table<AutoMlJob>,
    pub monitoring_definitions: Table<MonitoringDefinition>,
    pub monitoring_schedules: Table<MonitoringSchedule>,
    pub monitoring_executions: Table<MonitoringExecution>,
    pub stored: Table<Stored>,
    // === Account-wide ===
    pub rule_modes: RuleModes,
    pub behaviours: Behaviours,
    pub faults: Faults,
    pub offerings: Offerings,
    pub capacities: Capacities,
    pub account: AccountSettings,
    pub authorization: Authorization,
    pub users: Table<User>,
    pub user_groups: Table<Group>,
    pub access_keys: Table<AccessKey>,
    pub roles: Table<Role>,
    pub sessions: Table<Session>,
    pub instance_profiles: Table<InstanceProfile>,
    pub policies: Table<ManagedPolicy>,
    pub oidc_providers: Table<OidcProvider>,
    /// Deletions of service-linked roles, all of them done, by id.
    pub deletion_tasks: OrdSet<String>,
    /// Access keys that were deleted: they are refused, while keys that were never made here act as the root.
    pub deleted_keys: OrdSet<String>,
    // === S3 ===
    pub buckets: Table<Bucket>,
    pub objects: Table<Object>,
    pub uploads: Table<Upload>,
    /// What all versions of objects and parts of uploads keep in memory.
    pub s3_bytes: u64,
    /// Whether there ever was a bucket: from then on [`DataMode::Auto`] does not take any to be elsewhere.
    pub has_made_bucket: bool,
    /// What another S3 told of buckets, by name.
    pub upstream: OrdMap<Arc<str>, Arc<Upstream>>,
}

impl CellState for State {
    type Owner = Owner;
    type What = Alarm;
    type Defaults = Defaults;
    type Letter = Letter;

    fn first(origin: &Origin, defaults: &Defaults) -> Self {
        let site = Arc::new(Site::new(origin.account, origin.region()));
        let mut state = Self {
            profile: defaults.profile,
            rule_modes: defaults.rule_modes.clone(),
            behaviours: defaults.behaviours.clone(),
            offerings: defaults.offerings.clone(),
            capacities: defaults.capacities.clone(),
            quotas: defaults.quotas.clone(),
            choices: defaults.choices,
            texts: defaults.texts.clone().probed(defaults.probe.clone()),
            probe: defaults.probe.clone(),
            authorization: Authorization { mode: defaults.iam_mode, ..Authorization::default() },
            site,
            ..Self::default()
        };
        if origin.scope == Scope::Global {
            state.faults = defaults.faults.clone();
        }
        if let Some(region) = RegionInfo::get(origin.region()) {
            state.furnish(origin, region);
        }
        state
    }

    fn timers(&self) -> &Timers<Owner, Alarm> {
        &self.timers
    }

    fn moved(&self, moving: &Moving) -> Self {
        let mut state = self.clone();
        // What was told of buckets that are elsewhere stays true; the keys that were deleted are others.
        let upstream = std::mem::take(&mut state.upstream);
        let deleted = std::mem::take(&mut state.deleted_keys);
        state.rehome(moving);
        let deleted = deleted.into_iter().map(|mut key| {
            iam::key::rehome(&mut key, moving);
            key
        });
        Self { upstream, deleted_keys: deleted.collect(), ..state }
    }

    fn timers_mut(&mut self) -> &mut Timers<Owner, Alarm> {
        &mut self.timers
    }

    fn minter_mut(&mut self) -> &mut Minter {
        &mut self.minter
    }

    fn lag(&self) -> Duration {
        self.choices.eventual
    }

    fn receive(txn: &mut Txn<'_>, letter: Letter) {
        match letter {
            Letter::Peering(news) => peering::receive(txn, *news),
            Letter::Session(session) => drop(txn.state.sessions.insert(*session)),
            Letter::PutObject(put) => bucket::receive(txn, *put),
            Letter::LetDeliver(grant) => log_grant::receive(txn, &grant),
            Letter::FaultStruck(id, times) => txn.state.faults.count(&id, times),
            Letter::Flows(records) => drop(capture::collect(txn, records)),
        }
    }
}

/// What one account or region tells another.
#[derive(Debug)]
pub enum Letter {
    Peering(Box<peering::PeeringNews>),
    /// Somebody of another account assumed a role here.
    Session(Box<Session>),
    /// Something wrote to a bucket here.
    PutObject(Box<PutObject>),
    /// A bucket here is to let logs in.
    LetDeliver(Box<log_grant::LogGrant>),
    /// A declared fault struck something in a region, so often.
    FaultStruck(Arc<str>, u64),
    /// What interfaces here saw.
    Flows(Vec<FlowRecord>),
}

impl State {
    /// Deletes an access key, for good.
    pub fn delete_access_key(&mut self, id: &str) {
        if self.access_keys.remove(&id.to_owned()).is_some() {
            self.deleted_keys.insert(id.to_owned());
        }
    }

    /// Forgets a client token along with what it made.
    pub fn forget_token(&mut self, token: Option<u128>) {
        token.map(|token| self.client_tokens.remove(&token));
    }

    /// Something and what it started: when one of them goes on, it does.
    pub fn awaited(&self, owner: &Owner) -> Vec<Owner> {
        let mut all = vec![owner.clone()];
        match owner {
            Owner::Tuning(name) => {
                let running = self.tuning_jobs.get(name).into_iter().flat_map(|job| job.running());
                all.extend(running.map(|trial| Owner::Job(trial.key.clone())));
            }
            Owner::Execution(arn) => {
                let running = self.executions.get(arn).into_iter().flat_map(|execution| execution.running());
                for step in running {
                    match &step.result {
                        StepResult::Job { key, .. } => all.push(Owner::Job(key.clone())),
                        StepResult::Tuning { name, .. } => {
                            all.extend(self.awaited(&Owner::Tuning(name.clone())));
                        }
                        _ => {}
                    }
                }
            }
            Owner::AutoMl(key) => {
                let running = self.automl_jobs.get(key).into_iter().flat_map(|job| job.running());
                all.extend(running.map(|child| Owner::Job(child.key.clone())));
            }
            Owner::Schedule(name) => all.extend(self.awaited_of_schedule(name)),
            Owner::Component(name) => {
                let grows = self.components.get(name).filter(|component| component.grows);
                all.extend(grows.map(|component| Owner::Endpoint(component.endpoint.clone())));
            }
            // Whoever waits for a version of an image names the image.
            Owner::Stored(image) => {
                let versions = self.stored.by(&stored::StoredIndex::Of("image-version", image.clone()));
                all.extend(versions.map(|row| Owner::Stored(row.resource.clone())));
            }
            _ => {}
        }
        all
    }

    /// How long the interfaces of a deleted endpoint stay.
    pub fn linger(&self) -> Duration {
        self.choices.linger.unwrap_or(self.profile.linger())
    }

    /// What must hold in every state; the answer names what does not. For tests.
    pub fn broken_invariants(&self) -> Vec<String> {
        let mut broken = Vec::new();
        fn table<R: Row>(broken: &mut Vec<String>, name: &str, table: &Table<R>) {
            if !table.is_consistent() {
                broken.push(format!("the indexes of {name} do not match its rows"));
            }
        }
        table(&mut broken, "vpcs", &self.vpcs);
        table(&mut broken, "subnets", &self.subnets);
        table(&mut broken, "groups", &self.groups);
        table(&mut broken, "group_associations", &self.group_associations);
        table(&mut broken, "prefix_lists", &self.prefix_lists);
        table(&mut broken, "interfaces", &self.interfaces);
        table(&mut broken, "route_tables", &self.route_tables);
        table(&mut broken, "acls", &self.acls);
        table(&mut broken, "internet_gateways", &self.internet_gateways);
        table(&mut broken, "egress_only_gateways", &self.egress_only_gateways);
        table(&mut broken, "vpn_gateways", &self.vpn_gateways);
        table(&mut broken, "transit_attachments", &self.transit_attachments);
        table(&mut broken, "transit_tables", &self.transit_tables);
        broken.extend(transit_table::broken_invariants(self));
        table(&mut broken, "dhcp_options", &self.dhcp_options);
        table(&mut broken, "vpc_endpoints", &self.vpc_endpoints);
        broken.extend(vpc_endpoint::broken_invariants(self));
        table(&mut broken, "peerings", &self.peerings);
        table(&mut broken, "elastic_addresses", &self.elastic_addresses);
        table(&mut broken, "nat_gateways", &self.nat_gateways);
        table(&mut broken, "flow_logs", &self.flow_logs);
        table(&mut broken, "captures", &self.captures);
        table(&mut broken, "launch_templates", &self.launch_templates);
        table(&mut broken, "insights_paths", &self.insights_paths);
        table(&mut broken, "insights_analyses", &self.insights_analyses);
        broken.extend(insights::broken_invariants(self));
        broken.extend(launch_template::broken_invariants(self));
        table(&mut broken, "jobs", &self.jobs);
        broken.extend(attempt::broken_invariants(self));
        table(&mut broken, "models", &self.models);
        table(&mut broken, "endpoint_configs", &self.endpoint_configs);
        table(&mut broken, "endpoints", &self.endpoints);
        table(&mut broken, "instances", &self.instances);
        table(&mut broken, "interface_permissions", &self.interface_permissions);
        broken.extend(hosting::broken_invariants(self));
        broken.extend(component::broken_invariants(self));
        broken.extend(async_call::broken_invariants(self));
        table(&mut broken, "notebooks", &self.notebooks);
        broken.extend(notebook::broken_invariants(self));
        table(&mut broken, "studio", &self.studio);
        broken.extend(studio::broken_invariants(self));
        table(&mut broken, "studio_lifecycles", &self.studio_lifecycles);
        table(&mut broken, "clusters", &self.clusters);
        broken.extend(cluster::broken_invariants(self));
        broken.extend(tuning::broken_invariants(self));
        broken.extend(pipeline::broken_invariants(self));
        broken.extend(automl::broken_invariants(self));
        broken.extend(monitoring::broken_invariants(self));
        broken.extend(stored::broken_invariants(self));
        broken.extend(peering::broken_invariants(self));
        table(&mut broken, "reservations", &self.reservations);
        broken.extend(vpc::broken_invariants(self));
        broken.extend(reservation::broken_invariants(self));
        broken.extend(route::broken_invariants(self));
        broken.extend(edge::broken_invariants(self));
        broken.extend(transit::broken_invariants(self));
        broken.extend(acl::broken_invariants(self));
        broken.extend(elastic::broken_invariants(self));
        broken.extend(nat::broken_invariants(self));
        broken.extend(group::broken_invariants(self));
        broken.extend(group_vpc::broken_invariants(self));
        broken.extend(prefix_list::broken_invariants(self));
        broken.extend(place::broken_invariants(self));
        broken.extend(flow_log::broken_invariants(self));
        broken.extend(capture::broken_invariants(self));
        broken.extend(log::broken_invariants(self));
        broken.extend(iam::broken_invariants(self));
        table(&mut broken, "uploads", &self.uploads);
        broken.extend(bucket::broken_invariants(self));
        for vpc in self.vpcs.iter() {
            if let Some(options) = vpc.dhcp_options.filter(|id| !self.dhcp_options.contains(id)) {
                broken.push(format!("{} has {options}, which does not exist", vpc.id));
            }
        }
        for subnet in self.subnets.iter() {
            if !self.vpcs.contains(&subnet.vpc) {
                broken.push(format!("{} lies in no VPC", subnet.id));
            }
        }
        for interface in self.interfaces.iter() {
            if !self.subnets.contains(&interface.subnet) {
                broken.push(format!("{} lies in no subnet", interface.id));
            }
            for group in &interface.groups {
                if self.groups.get(&group.id).is_none_or(|row| row.name != group.name) {
                    broken.push(format!("{} carries {}, which does not exist", interface.id, group.id));
                }
            }
            if let Some(Owner::Job(key)) = &interface.owner
                && self.jobs.get(key).is_none_or(|job| job.status.is_final())
            {
                broken.push(format!("{} outlives {key}", interface.id));
            }
        }
        for job in self.jobs.iter() {
            let timer = self.timers.next_of(&Owner::Job(job.key.clone()));
            if timer.is_some() == job.status.is_final() {
                broken.push(format!("{} is {:?} and has the timer {timer:?}", job.key, job.status));
            }
        }
        for vpc in self.vpcs.iter() {
            let index = gateway::InVpcIndex::Vpc(vpc.id);
            let default_groups = group::SecurityGroupIndex::Name(vpc.id, DEFAULT_GROUP.into());
            let mains = self
                .route_tables
                .by(&route::RouteTableIndex::Vpc(vpc.id))
                .filter(|table| table.is_main())
                .count();
            let acls = self.acls.by(&index).filter(|acl| acl.is_default).count();
            if (mains, acls, self.groups.count(&default_groups)) != (1, 1, 1) {
                broken.push(format!("{} lacks a main table, a default ACL or a default group", vpc.id));
            }
        }
        let associated = self.acls.iter().flat_map(|acl| &acl.associations).map(|a| a.subnet);
        let associated: std::collections::BTreeSet<_> = associated.collect();
        if !self.subnets.iter().map(|subnet| &subnet.id).eq(&associated) {
            broken.push("not every subnet has one network ACL".into());
        }
        // Each token is that of one row, or of the flow logs of one call, and goes with them.
        let mut tokens: Vec<_> =
            self.interfaces.iter().filter_map(|interface| interface.client_token).collect();
        tokens.extend(self.route_tables.iter().filter_map(|table| table.client_token));
        tokens.extend(self.egress_only_gateways.iter().filter_map(|gateway| gateway.client_token));
        tokens.extend(self.nat_gateways.iter().filter_map(|gateway| gateway.client_token));
        tokens.extend(self.acls.iter().filter_map(|acl| acl.client_token));
        tokens.extend(self.vpc_endpoints.iter().filter_map(|endpoint| endpoint.client_token));
        tokens.extend(self.prefix_lists.iter().filter_map(|list| list.client_token));
        tokens.extend(self.instances.iter().filter_map(|instance| instance.client_token));
        tokens.extend(flow_log::tokens(self));
        tokens.extend(self.launch_templates.iter().flat_map(|template| template.tokens()));
        tokens.extend(insights::tokens(self));
        tokens.sort_unstable();
        if !self.client_tokens.keys().eq(&tokens) {
            broken.push("the client tokens are not those of the rows".into());
        }
        broken
    }
}
