//! Models, and what hosts them.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A model as SageMaker keeps it: containers, a role and, maybe, a network. Hosting and batch transform run it; it is
/// the only place where either is given a VPC.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct SageModel {
    pub name: Arc<str>,
    pub arn: String,
    /// Empty: none was given. Only endpoints that bring a role of their own can use such a model.
    pub execution_role_arn: String,
    pub vpc: Option<VpcConfig>,
    pub network_isolation: bool,
    /// All that the caller said.
    pub request: Document,
    /// The containers, in the order in which they run; for a model package, those that it had.
    pub containers: Document,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

/// Whether a container's image is in a registry that is reached through the VPC. Source: API reference, ImageConfig.
pub fn in_own_registry(container: &serde_json::Value) -> bool {
    container["ImageConfig"]["RepositoryAccessMode"] == "Vpc"
}

impl SageModel {
    /// Whether a container has its model from where several objects may be.
    pub fn has_data_source(&self) -> bool {
        self.containers().any(|container| container.get("ModelDataSource").is_some())
    }

    fn containers(&self) -> impl Iterator<Item = &serde_json::Value> {
        self.containers.as_array().into_iter().flatten()
    }

    /// The images of the containers.
    pub fn images(&self) -> Vec<String> {
        self.containers().filter_map(|container| container["Image"].as_str()).map(str::to_owned).collect()
    }

    /// Those of them that are not in a registry of the VPC.
    pub fn pulled(&self) -> Vec<String> {
        let platform = self.containers().filter(|container| !in_own_registry(container));
        platform.filter_map(|container| container["Image"].as_str()).map(str::to_owned).collect()
    }

    /// The containers' model data. A container for many models has a prefix below which each is packed for itself, and
    /// gets one when it is asked for; data that are not packed are a prefix too. Source: API reference,
    /// ContainerDefinition and S3ModelDataSource.
    pub fn data(&self) -> Vec<DataNeed> {
        let need = |container: &serde_json::Value| {
            let source = &container["ModelDataSource"]["S3DataSource"];
            match container["ModelDataUrl"].as_str() {
                Some(url) if container["Mode"] == "MultiModel" => {
                    Some(DataNeed::new(DataUse::Model, Extent::Prefix, url))
                }
                Some(url) => Some(DataNeed::new(DataUse::Model, Extent::Object, url)),
                None => {
                    let url = source["S3Uri"].as_str()?;
                    Some(DataNeed::typed(DataUse::Model, source["S3DataType"].as_str(), url))
                }
            }
        };
        let more = |container: &serde_json::Value| {
            let sources = container["AdditionalModelDataSources"].as_array().cloned().unwrap_or_default();
            let need = |source: &serde_json::Value| {
                let source = &source["S3DataSource"];
                Some(DataNeed::typed(
                    DataUse::Model,
                    source["S3DataType"].as_str(),
                    source["S3Uri"].as_str()?,
                ))
            };
            sources.iter().filter_map(need).collect::<Vec<_>>()
        };
        self.containers().flat_map(|container| need(container).into_iter().chain(more(container))).collect()
    }
}

/// A container of a model, as far as invocations can tell it from others.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Hosted {
    /// What invocations and errors call it.
    pub name: Arc<str>,
    /// Where its models are, if it has many.
    pub models: Option<Arc<str>>,
}

impl SageModel {
    /// What the containers are called. Source: ModelError texts in public issue threads, for one container; for several
    /// API reference, ContainerDefinition, and assumed where they were given no names.
    pub fn hosted(&self) -> Vec<Hosted> {
        let alone = self.request.get("PrimaryContainer").is_some() && self.containers().count() == 1;
        let hosted = |(n, container): (usize, &serde_json::Value)| Hosted {
            name: match container["ContainerHostname"].as_str() {
                _ if alone => "primary".into(),
                Some(name) => name.into(),
                None => format!("container-{}", n + 1).into(),
            },
            models: container["ModelDataUrl"]
                .as_str()
                .filter(|_| container["Mode"] == "MultiModel")
                .map(Arc::from),
        };
        self.containers().enumerate().map(hosted).collect()
    }

    /// Whether each invocation is for one of the containers, and not for all of them one after the other.
    pub fn is_direct(&self) -> bool {
        self.request["InferenceExecutionConfig"]["Mode"] == "Direct"
    }
}

impl Row for SageModel {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// A variant as an endpoint configuration asks for it.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Variant {
    pub name: String,
    /// `None`: it is inference components that bring models later.
    pub model: Option<Arc<str>>,
    /// `None`: serverless.
    pub instances: Option<InstanceGroup>,
    pub weight: f64,
    /// It gets a copy of the traffic and answers nobody.
    pub shadow: bool,
    /// All that the caller said of it.
    pub request: Document,
}

impl Variant {
    /// The types of instances that it may have.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let pools = self.request["InstancePools"].as_array().into_iter().flatten();
        let pools = pools.filter_map(|pool| pool["InstanceType"].as_str());
        self.instances.iter().map(|group| &*group.instance_type).chain(pools)
    }

    /// Its instances as its pools would have them, the one to be tried first in front; none if it has no pools.
    pub fn pools(&self) -> Vec<InstanceGroup> {
        let count = self.instances.as_ref().map_or(1, |group| group.count);
        let mut pools: Vec<_> = self.request["InstancePools"].as_array().into_iter().flatten().collect();
        pools.sort_by_key(|pool| pool["Priority"].as_u64());
        let types = pools.iter().filter_map(|pool| pool["InstanceType"].as_str());
        types.map(|name| InstanceGroup { instance_type: name.to_owned(), count }).collect()
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct EndpointConfig {
    pub name: Arc<str>,
    pub arn: String,
    /// Those for production first, then the shadows.
    pub variants: Vec<Variant>,
    /// What variants without a model run as and in. Empty: no role was given.
    pub execution_role_arn: String,
    pub vpc: Option<VpcConfig>,
    pub network_isolation: bool,
    /// All that the caller said.
    pub request: Document,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for EndpointConfig {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum EndpointStatus {
    Creating,
    Updating,
    /// A change of weights or capacity failed and is being undone.
    RollingBack,
    InService,
    /// An update failed and could not be undone.
    UpdateRollbackFailed,
    Failed,
    Deleting,
}

impl EndpointStatus {
    /// Whether something is being done to the endpoint, so that nothing else can be.
    pub fn is_under_way(self) -> bool {
        use EndpointStatus::{Failed, InService, UpdateRollbackFailed};
        !matches!(self, InService | UpdateRollbackFailed | Failed)
    }
}

/// What is being done to an endpoint, or was last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum EndpointCourse {
    Create,
    /// The whole deployment is replaced.
    Update,
    /// Weights and capacities of the deployment that serves change.
    Scale,
    /// A failed change of these is undone.
    RollBack,
    Delete,
}

/// The instances of one deployment. Their interfaces belong to it, so that old and new ones are told apart, and so
/// that they can outlive the endpoint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct FleetKey {
    /// Name of the endpoint.
    pub endpoint: Arc<str>,
    /// Never that of another fleet of an endpoint of this name that still holds interfaces.
    pub number: u32,
}

impl std::fmt::Display for FleetKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "endpoint/{}/fleet/{}", self.endpoint, self.number)
    }
}

/// A variant as it is deployed: what its model and its configuration said at that time. Both may be deleted later
/// and the endpoint goes on.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct DeployedVariant {
    pub name: String,
    pub shadow: bool,
    pub images: Vec<String>,
    /// None: inference components bring theirs.
    pub containers: Vec<Hosted>,
    /// Each invocation names its container.
    pub direct: bool,
    pub needs: Needs,
    pub weight: f64,
    /// What it may do at once, if it is serverless.
    pub serverless: Option<Document>,
    /// The interfaces of each instance that has some, the oldest instance first.
    pub placed: Vec<Vec<NetworkInterfaceId>>,
    /// The zone of each instance that is there, the oldest instance first.
    pub zones: Vec<&'static str>,
    /// Which instances of the same fleet are gone once this serves, by their places before.
    pub left: Vec<u32>,
    /// What the endpoint configuration says of it.
    pub request: Document,
}

impl DeployedVariant {
    /// How many instances it has, or is to have; `None` if it is serverless.
    pub fn instance_count(&self) -> Option<u32> {
        self.needs.instances.first().map(|group| group.count)
    }

    pub fn is_on_inf1(&self) -> bool {
        self.needs.instances.iter().any(|group| compute::is_inf1(&group.instance_type))
    }

    /// How many it may have, if the service is to see to it that it has enough.
    pub fn most_instances(&self) -> Option<u32> {
        let scaling = &self.request["ManagedInstanceScaling"];
        let most = scaling["MaxInstanceCount"].as_u64().filter(|_| scaling["Status"] == "ENABLED");
        most.map(|most| u32::try_from(most).unwrap_or(u32::MAX))
    }

    /// How many it retains, if the service is to see to it that it has no more than enough.
    pub fn least_instances(&self) -> Option<u32> {
        let scaling = &self.request["ManagedInstanceScaling"];
        let least = scaling["MinInstanceCount"].as_u64().or(self.request["InitialInstanceCount"].as_u64());
        least.filter(|_| scaling["Status"] == "ENABLED").map(|least| u32::try_from(least).unwrap_or(u32::MAX))
    }
}

/// An endpoint configuration on a fleet of instances.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Deployment {
    pub fleet: FleetKey,
    pub config: Arc<str>,
    pub variants: Vec<DeployedVariant>,
    /// All that the endpoint configuration says.
    pub request: Document,
    /// How often its capacity was to change: no interface gets the id of one that is gone.
    pub changes: u32,
    pub started: SimTime,
}

impl Deployment {
    /// The interfaces of all instances.
    pub fn interfaces(&self) -> impl Iterator<Item = NetworkInterfaceId> + '_ {
        self.variants.iter().flat_map(|variant| &variant.placed).flatten().copied()
    }
}

/// How far a deployment has replaced another one batch by batch. Either has one variant, which runs on instances.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Rolling {
    /// Instances in service of the deployment that is replaced.
    pub old: u32,
    /// Instances in service of the one that replaces it.
    pub new: u32,
    /// The batch that is on its way into service, of the new deployment or, if this is undone, of the old one.
    pub coming: u32,
    /// Why it is undone.
    pub undone: Option<Failure>,
}

impl Rolling {
    /// How many instances there are of the deployment that gets more, without those that come.
    pub fn there(&self) -> u32 {
        if self.undone.is_some() { self.old } else { self.new }
    }

    /// How many instances the old and the new deployment hold.
    pub fn held(&self) -> [u32; 2] {
        match self.undone {
            Some(_) => [self.old + self.coming, self.new],
            None => [self.old, self.new + self.coming],
        }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Endpoint {
    pub name: Arc<str>,
    pub arn: String,
    pub status: EndpointStatus,
    pub course: EndpointCourse,
    /// The place of the current stage in the table of the course.
    pub stage: usize,
    /// What serves; `None` before the endpoint was ever in service.
    pub serving: Option<Deployment>,
    /// What is to serve next: another deployment, or the one that serves with other weights and capacities. Of an
    /// endpoint that could not be created, what could not be.
    pub pending: Option<Deployment>,
    /// How the latest deployment was to replace the one before it, if the caller said so.
    pub policy: Option<Document>,
    /// How far it has got, if it comes batch by batch.
    pub rolling: Option<Rolling>,
    /// The share that the pending deployment has already of the traffic of each of its variants.
    pub shifted: Option<Vec<f64>>,
    /// For how long its deployment has been trying to get instances that no zone of its has.
    pub short_for: Option<Duration>,
    /// Known from the moment a rule is violated, told once the endpoint is at rest again.
    pub failure: Option<Failure>,
    /// What the rules said of the latest deployment.
    pub findings: Vec<Finding>,
    /// What was found of the paths that were looked at, with the phase that needed them.
    pub traces: Vec<(Phase, Arc<path::Trace>)>,
    /// What its containers wrote, as far as it is kept.
    pub log: Vector<LogLine>,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Endpoint {
    /// As rules and explanations know it.
    pub fn key(&self) -> JobKey {
        JobKey { kind: JobKind::Hosting, name: self.name.clone() }
    }

    /// The failure, once it is told: of an endpoint that failed, or of an update that was undone.
    pub fn told_failure(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|_| !self.status.is_under_way())
    }

    /// What the deployment that serves is about to become, if its weights or capacities change.
    pub fn scaled(&self) -> Option<&Deployment> {
        self.in_progress().filter(|_| self.course == EndpointCourse::Scale)
    }

    /// Whether a deployment that came batch by batch is undone so.
    pub fn goes_back(&self) -> bool {
        self.rolling.as_ref().is_some_and(|rolling| rolling.undone.is_some())
    }

    /// The deployment that gets instances: the pending one, or the one before it if that comes back.
    pub fn coming(&self) -> Option<&Deployment> {
        if self.goes_back() { self.serving.as_ref() } else { self.pending.as_ref() }
    }

    /// The same, to change it.
    pub fn coming_mut(&mut self) -> &mut Option<Deployment> {
        if self.goes_back() { &mut self.serving } else { &mut self.pending }
    }

    /// The variants on each fleet of instances: one, or that which serves and what is to become of it.
    fn variants_by_fleet(&self) -> Vec<Vec<&DeployedVariant>> {
        let mut all: Vec<Vec<&DeployedVariant>> = Vec::new();
        let serving = self.serving.as_ref();
        for variant in serving.into_iter().flat_map(|serving| &serving.variants) {
            all.push(vec![variant]);
        }
        let Some(pending) = self.in_progress() else { return all };
        let same = serving.is_some_and(|serving| serving.fleet == pending.fleet);
        for (i, variant) in pending.variants.iter().enumerate() {
            match all.get_mut(i) {
                Some(variants) if same => variants.push(variant),
                _ => all.push(vec![variant]),
            }
        }
        all
    }

    /// The deployment that is in progress.
    pub fn in_progress(&self) -> Option<&Deployment> {
        let deploys = matches!(self.status, EndpointStatus::Creating | EndpointStatus::Updating);
        self.pending.as_ref().filter(|_| deploys)
    }
}

impl Row for Endpoint {
    type Key = Arc<str>;
    type Index = Usage;
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(Usage)) {}
    /// An endpoint uses the instances that serve and those that are to: all of them where one deployment replaces
    /// another, those that either has if it does so batch by batch, those of the larger where the deployment that serves
    /// grows or shrinks.
    fn amounts(&self, emit: &mut dyn FnMut(Usage, u64)) {
        let held = self.rolling.as_ref().map(Rolling::held);
        for (i, variants) in self.variants_by_fleet().into_iter().enumerate() {
            let largest = variants.iter().max_by_key(|variant| variant.instance_count().unwrap_or(0));
            let group = largest.and_then(|variant| variant.needs.instances.first());
            let count = held.and_then(|held| held.get(i).copied());
            let group =
                group.map(|group| (group.instance_type.as_str().into(), count.unwrap_or(group.count)));
            let zones = variants.iter().map(|variant| &variant.zones).max_by_key(|zones| zones.len());
            if let Some((instance_type, _)) = &group {
                let instance_type: &Arc<str> = instance_type;
                for zone in zones.into_iter().flatten() {
                    emit(Usage::In(zone, instance_type.clone()), 1);
                }
            }
            compute::count(InstanceUse::Endpoint, group, emit);
        }
    }
}

/// What must hold of endpoints in every state. For tests.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for endpoint in state.endpoints.iter() {
        let timer = state.timers.next_of(&Owner::Endpoint(endpoint.name.clone()));
        if timer.is_some() != endpoint.status.is_under_way() {
            broken.push(format!("{} is {:?} and has the timer {timer:?}", endpoint.arn, endpoint.status));
        }
        for deployment in endpoint.serving.iter().chain(&endpoint.pending) {
            if state.timers.next_of(&Owner::Fleet(deployment.fleet.clone())).is_some() {
                broken.push(format!("{} has an endpoint and lingers", deployment.fleet));
            }
        }
    }
    for endpoint in state.endpoints.iter() {
        let deployments = || endpoint.serving.iter().chain(endpoint.in_progress());
        for fleet in deployments().map(|deployment| &deployment.fleet) {
            let of_fleet = deployments().filter(|deployment| deployment.fleet == *fleet);
            let placed: BTreeSet<_> = of_fleet.flat_map(Deployment::interfaces).collect();
            let owned = state.interfaces.by(&interface::InterfaceIndex::Owner(Owner::Fleet(fleet.clone())));
            if owned.map(|interface| interface.id).collect::<BTreeSet<_>>() != placed {
                broken.push(format!("the instances of {fleet} do not match its interfaces"));
            }
        }
    }
    for name in state.invocations.keys().filter(|name| !state.endpoints.contains(name)) {
        broken.push(format!("the invocations of {name} are counted, which does not exist"));
    }
    for interface in state.interfaces.iter() {
        let Some(owner @ Owner::Fleet(fleet)) = &interface.owner else { continue };
        let lingers = state.timers.next_of(owner).is_some();
        let endpoint = state.endpoints.get(&fleet.endpoint);
        let used = endpoint.is_some_and(|endpoint| {
            let deployments = endpoint.serving.as_ref().into_iter().chain(endpoint.in_progress());
            deployments.into_iter().any(|deployment| deployment.fleet == *fleet)
        });
        if lingers == used {
            broken.push(format!("{} outlives {fleet}", interface.id));
        }
    }
    broken
}
