//! HyperPod clusters: groups of instances that stay, each of which has its interfaces in the user's VPC.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum ClusterStatus {
    Creating,
    InService,
    Updating,
    SystemUpdating,
    RollingBack,
    Deleting,
    Failed,
}

/// What is being done to a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum ClusterCourse {
    Create,
    /// Instances come and go.
    Change,
    /// The software of instances is replaced.
    Software,
    /// What could not be done is undone.
    RollBack,
    Delete,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum NodeStatus {
    /// It is on its way.
    Pending,
    Running,
    SystemUpdating,
    ShuttingDown,
}

/// What each instance of a group has in the VPC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub struct NodeNetwork {
    /// Network cards that have an interface.
    pub cards: u32,
    /// Addresses on the first of them.
    pub first: u32,
    /// Whether there is an Elastic Fabric Adapter, and whether the cards after the first are nothing else.
    pub efa: bool,
    pub efa_only: bool,
}

impl NodeNetwork {
    /// The addresses that an instance takes.
    pub fn addresses(self) -> u32 {
        if self.efa_only { self.first } else { self.first.saturating_add(self.cards.saturating_sub(1)) }
    }
}

/// An instance of a cluster.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct ClusterNode {
    /// As it is called before it has an instance id, and after.
    pub logical: String,
    pub instance: InstanceId,
    /// The how manieth of its group it is: its ids derive from that.
    pub number: u32,
    pub status: NodeStatus,
    /// Where it is, once it is on its way.
    pub zone: Option<&'static str>,
    /// In the user's VPC; the first one has the primary address.
    pub interfaces: Vec<NetworkInterfaceId>,
    pub launched: SimTime,
    /// When its software was last replaced.
    pub updated: Option<SimTime>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct ClusterGroup {
    pub name: Arc<str>,
    /// As it was asked for.
    pub request: Document,
    /// What its instances need. Its network is that of the cluster, unless it has one of its own.
    pub needs: Needs,
    pub target: u32,
    pub nodes: Vec<ClusterNode>,
    /// How many instances it ever had: ids derive from that.
    pub made: u32,
    /// It goes with its last instance.
    pub leaves: bool,
}

impl ClusterGroup {
    /// So many instances of its type.
    pub fn of_size(&self, count: u32) -> InstanceGroup {
        let instance_type = self.needs.instances.first().map(|group| group.instance_type.clone());
        InstanceGroup { instance_type: instance_type.unwrap_or_default(), count }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Cluster {
    pub name: Arc<str>,
    pub id: String,
    pub arn: String,
    pub status: ClusterStatus,
    /// `None`: it is at rest.
    pub course: Option<ClusterCourse>,
    /// The place of the current stage in the table of the course.
    pub stage: usize,
    /// What the caller said of the cluster as a whole.
    pub request: Document,
    pub groups: Vec<ClusterGroup>,
    /// Its groups as they were, while instances come and go.
    pub before: Option<Vec<ClusterGroup>>,
    /// The zone of all groups that have no network of their own.
    pub zone: Option<&'static str>,
    pub failure: Option<Failure>,
    /// What the rules said since the last course began.
    pub findings: Vec<Finding>,
    pub traces: Vec<(Phase, Arc<path::Trace>)>,
    /// What lifecycle scripts wrote, as far as it is kept.
    pub log: Vector<LogLine>,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Cluster {
    /// As rules and explanations know it.
    pub fn key(&self) -> JobKey {
        JobKey { kind: JobKind::Cluster, name: self.name.clone() }
    }

    /// As its log group knows it: every cluster has one of its own. Source: developer guide,
    /// "sagemaker-hyperpod-cluster-management-slurm".
    pub fn log_key(&self) -> JobKey {
        JobKey { kind: JobKind::Cluster, name: format!("{}/{}", self.name, self.id).into() }
    }

    pub fn group(&self, name: &str) -> Option<&ClusterGroup> {
        self.groups.iter().find(|group| *group.name == *name)
    }

    /// All instances, with their groups.
    pub fn nodes(&self) -> impl Iterator<Item = (&ClusterGroup, &ClusterNode)> {
        self.groups.iter().flat_map(|group| group.nodes.iter().map(move |node| (group, node)))
    }

    pub fn interfaces(&self) -> impl Iterator<Item = NetworkInterfaceId> + '_ {
        self.nodes().flat_map(|(_, node)| node.interfaces.iter().copied())
    }
}

impl Row for Cluster {
    type Key = Arc<str>;
    type Index = Usage;
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(Usage)) {}
    /// A cluster uses its instances from the call that asks for them until they are gone; that it does while they come and
    /// go is assumed.
    fn amounts(&self, emit: &mut dyn FnMut(Usage, u64)) {
        for (group, node) in self.nodes() {
            let instance_type: Arc<str> = group.of_size(1).instance_type.into();
            if let Some(zone) = node.zone {
                emit(Usage::In(zone, instance_type.clone()), 1);
            }
            compute::count(InstanceUse::Cluster, [(instance_type, 1)], emit);
        }
    }
}

/// What must hold of clusters in every state. For tests.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for cluster in state.clusters.iter() {
        let owner = Owner::Cluster(cluster.name.clone());
        let timer = state.timers.next_of(&owner);
        if timer.is_some() != cluster.course.is_some() {
            broken.push(format!("{} does {:?} and has the timer {timer:?}", cluster.arn, cluster.course));
        }
        let rests = matches!(cluster.status, ClusterStatus::InService | ClusterStatus::Failed);
        if !rests && cluster.course.is_none() {
            broken.push(format!("{} is {:?} for ever", cluster.arn, cluster.status));
        }
        let held = state.interfaces.by(&interface::InterfaceIndex::Owner(owner));
        let mut own: Vec<_> = cluster.interfaces().collect();
        own.sort_unstable();
        if !held.map(|interface| interface.id).eq(own) {
            broken.push(format!("the interfaces of {} are not those of its instances", cluster.arn));
        }
        if rests && cluster.course.is_none() {
            let at_rest = |node: &ClusterNode| node.status == NodeStatus::Running;
            if cluster.before.is_some() || !cluster.nodes().all(|(_, node)| at_rest(node)) {
                broken.push(format!("{} is at rest and its instances are not", cluster.arn));
            }
        }
    }
    for interface in state.interfaces.iter() {
        if let Some(Owner::Cluster(name)) = &interface.owner
            && !state.clusters.contains(name)
        {
            broken.push(format!("{} outlives cluster/{name}", interface.id));
        }
    }
    broken
}
