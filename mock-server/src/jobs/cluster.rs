//! What clusters do over time: their instances come and go, their software is replaced, what fails is undone.
//!
//! A cluster that something is being done to has exactly one timer, one at rest has none. Words: API reference,
//! DescribeCluster and DescribeClusterNode.

use super::behaviour::{self, Crew};
use super::stages::{Stretch, stretch as stage};
use super::{Kept, ask, capacity, failure, log, place, tell_buckets, vantages};
use crate::kernel::Memo;
use crate::model::interface::EFA_ONLY;
use crate::model::place::{InterfaceSpec, derived};
use crate::model::{
    Alarm, Cluster, ClusterCourse, ClusterGroup, ClusterNode, ClusterStatus, Evidence, Failure, Finding, Id,
    InstanceId, JobKind, Needs, NetworkInterface, NetworkInterfaceId, NodeStatus, Owner, Phase, Profile,
    SecurityGroupId, ServiceAttachmentId, SubnetId, Tags, Txn, Verdict,
};
use crate::rules::{Case, room, texts};
use std::sync::Arc;
use std::time::Duration;

type Stage = Stretch<ClusterStatus>;

use ClusterStatus::{Creating, Deleting, InService, RollingBack, SystemUpdating, Updating};

/// Times of `realistic`: public guides speak of eight to ten minutes for a small cluster.
const CREATE: &[Stage] = &[
    stage(Creating, Some(Phase::Place), [800, 240_000]),
    stage(Creating, Some(Phase::Start), [400, 120_000]),
    stage(Creating, Some(Phase::Input), [400, 30_000]),
    stage(Creating, Some(Phase::Run), [400, 120_000]),
];
const CHANGE: &[Stage] = &[
    stage(Updating, Some(Phase::Place), [800, 240_000]),
    stage(Updating, Some(Phase::Start), [400, 120_000]),
    stage(Updating, Some(Phase::Input), [400, 30_000]),
    stage(Updating, Some(Phase::Run), [400, 120_000]),
];
/// The root volumes are new, so that lifecycle scripts run again.
const SOFTWARE: &[Stage] = &[
    stage(SystemUpdating, Some(Phase::Input), [1_000, 600_000]),
    stage(SystemUpdating, Some(Phase::Run), [1_000, 300_000]),
];
const ROLL_BACK: &[Stage] = &[stage(RollingBack, None, [1_000, 120_000])];
const DELETE: &[Stage] = &[stage(Deleting, None, [1_000, 180_000])];

const fn table(course: ClusterCourse) -> &'static [Stage] {
    match course {
        ClusterCourse::Create => CREATE,
        ClusterCourse::Change => CHANGE,
        ClusterCourse::Software => SOFTWARE,
        ClusterCourse::RollBack => ROLL_BACK,
        ClusterCourse::Delete => DELETE,
    }
}

/// Asks what can be known of groups of instances before anything is made.
///
/// # Errors
/// The violation that makes the call fail; the transaction has to be dropped then.
pub fn check(txn: &mut Txn<'_>, cluster: &mut Cluster) -> Result<(), Box<Finding>> {
    let key = cluster.key();
    let (mut findings, mut traces) = (Vec::new(), Vec::new());
    for group in cluster.groups.iter().filter(|group| !group.leaves) {
        let kept = Kept { findings: &mut findings, traces: &mut traces };
        if let Some(violation) = ask(txn, &key, &group.needs, Vec::new(), kept, Phase::Create) {
            return Err(Box::new(violation));
        }
    }
    (cluster.findings, cluster.traces) = (findings, traces);
    Ok(())
}

/// Gives a group so many more instances, which are about to come.
pub fn add_nodes(txn: &Txn<'_>, arn: &str, group: &mut ClusterGroup, count: u32) {
    for _ in 0..count {
        let instance = derived::<InstanceId>(txn, &format!("{arn}/{}", group.name), group.made as usize);
        let number = group.made;
        group.made += 1;
        group.nodes.push(ClusterNode {
            logical: format!("{}-{}", group.name, InstanceId::hex(instance)),
            instance,
            number,
            status: NodeStatus::Pending,
            zone: None,
            interfaces: Vec::new(),
            launched: txn.now,
            updated: None,
        });
    }
}

/// Begins to do something to a cluster.
pub fn begin(txn: &mut Txn<'_>, mut cluster: Cluster, course: ClusterCourse) {
    cluster.failure = None;
    enter(txn, cluster, course, 0);
}

/// Does what a timer of a cluster says.
pub(super) fn step(txn: &mut Txn<'_>, name: &Arc<str>, what: Alarm) {
    let Some(cluster) = txn.state.clusters.get(name).map(|cluster| Cluster::clone(cluster)) else { return };
    if let (Alarm::Stage(n), Some(course)) = (what, cluster.course) {
        enter(txn, cluster, course, n);
    }
}

/// Enters a stage, and the ones after it as long as none of them takes time.
fn enter(txn: &mut Txn<'_>, mut cluster: Cluster, course: ClusterCourse, first: usize) {
    cluster.course = Some(course);
    let table = table(course);
    for n in first.. {
        let ends = matches!(course, ClusterCourse::RollBack | ClusterCourse::Delete);
        if n > 0 && cluster.failure.is_some() && !ends {
            log::close(txn, &cluster.log_key(), &mut cluster.log, true);
            return enter(txn, cluster, ClusterCourse::RollBack, 0);
        }
        let Some(stage) = table.get(n) else { return finish(txn, cluster, course) };
        cluster.stage = n;
        if n == 0 {
            show(txn, &mut cluster, stage.status);
        }
        let usual = stage.lasts(txn.state.profile);
        let mut scripts = Duration::ZERO;
        if let Some(phase) = stage.phase {
            scripts = advance(txn, &mut cluster, course, phase, usual);
        }
        if txn.state.profile != Profile::Instant {
            let owner = Owner::Cluster(cluster.name.clone());
            txn.state.timers.schedule(txn.now + usual.max(scripts), owner, Alarm::Stage(n + 1));
            txn.state.clusters.insert(cluster);
            return;
        }
    }
}

/// Shows a status.
fn show(txn: &mut Txn<'_>, cluster: &mut Cluster, status: ClusterStatus) {
    cluster.status = status;
    let word = status_word(status);
    let message = cluster.failure.as_ref().map(|failure| format!("{word}: {}", failure.reason));
    let rule = cluster.failure.as_ref().and_then(|failure| failure.rule);
    txn.note("ClusterStatus", cluster.key().to_string(), rule, message.unwrap_or_else(|| word.to_owned()));
}

/// What the instances of a group that something is done to need.
fn needed(cluster: &Cluster, group: &ClusterGroup, under_way: &[usize], txn: &Txn<'_>) -> Needs {
    let mut needs = group.needs.clone();
    if let Some(instances) = needs.instances.first_mut() {
        instances.count = u32::try_from(under_way.len()).unwrap_or(u32::MAX);
    }
    // All groups without a network of their own lie in the zone of the first one.
    if let (Some(vpc), Some(zone)) = (&mut needs.vpc, cluster.zone.filter(|_| !has_own_network(group))) {
        let in_zone = |name: &String| {
            let subnet = SubnetId::parse(name).and_then(|id| txn.state.subnets.get(&id));
            subnet.is_some_and(|subnet| subnet.zone.name == zone)
        };
        vpc.subnets.retain(in_zone);
    }
    needs
}

fn has_own_network(group: &ClusterGroup) -> bool {
    group.request.get("OverrideVpcConfig").is_some()
}

/// Asks the rules of a phase of every group that something is done to, and does what the phase is for. Answers how long
/// the scripts of a group take, if that was declared.
fn advance(
    txn: &mut Txn<'_>,
    cluster: &mut Cluster,
    course: ClusterCourse,
    phase: Phase,
    usual: Duration,
) -> Duration {
    let wanted = match course {
        ClusterCourse::Software => NodeStatus::SystemUpdating,
        _ => NodeStatus::Pending,
    };
    let mut longest = Duration::ZERO;
    for i in 0..cluster.groups.len() {
        let Some(mut group) = cluster.groups.get(i).cloned() else { break };
        let nodes = group.nodes.iter().enumerate().filter(|(_, node)| node.status == wanted);
        let under_way: Vec<usize> = nodes.map(|(n, _)| n).collect();
        let Some(node) = under_way.first().map(|n| group.nodes[*n].clone()) else { continue };
        let first = node.instance;
        let mut needs = needed(cluster, &group, &under_way, txn);
        if phase == Phase::Run && group.request.get("LifeCycleConfig").is_some() {
            needs.behaviour = behaviour::of(txn, &cluster.key(), &[]);
        }
        let before = cluster.findings.len();
        let own = under_way.iter().flat_map(|n| &group.nodes[*n].interfaces);
        let vantages = vantages(own.filter_map(|id| txn.state.interfaces.get(id)).map(|row| &**row));
        // What is written goes to a log group of this very cluster.
        let key = if phase == Phase::Run { cluster.log_key() } else { cluster.key() };
        let kept = Kept { findings: &mut cluster.findings, traces: &mut cluster.traces };
        if let Some(mut violation) = ask(txn, &key, &needs, vantages.clone(), kept, phase) {
            if let Verdict::Violated(evidence) = &mut violation.verdict {
                *evidence = evidence.clone().with("node", first);
            }
            cluster.failure = Some(failure::of(&txn.state.texts, JobKind::Cluster, &violation));
            return longest;
        }
        match phase {
            Phase::Place => {
                let zones = capacity::homes(txn, &key, &needs);
                for (at, zone) in under_way.iter().zip(zones) {
                    if let Some(node) = group.nodes.get_mut(*at) {
                        node.zone = Some(zone);
                    }
                }
                let placed = place_nodes(txn, cluster, &mut group, &needs, &under_way);
                if !placed {
                    let note = "no interface could be made, and no rule that is enforced forbids that";
                    txn.note("ClusterInterfaces", cluster.key().to_string(), None, note);
                }
            }
            Phase::Input => tell_buckets(txn, &cluster.key(), &needs),
            Phase::Run if group.request.get("LifeCycleConfig").is_some() => {
                let heard = log::are_heard(txn, &key, cluster.findings.get(before..).unwrap_or_default());
                needs.beside = node.number;
                let arn = format!("{}/{}", cluster.arn, group.name);
                let variant = Some(&*group.name);
                let crew = Crew {
                    key: &key,
                    needs: &needs,
                    arn: &arn,
                    variant,
                    vantages,
                    usual,
                    done: Duration::ZERO,
                    heard,
                };
                let done = behaviour::start(txn, &crew, &mut cluster.log);
                cluster.traces.extend(done.traces);
                behaviour::add(&mut cluster.findings, done.findings);
                longest = longest.max(behaviour::lasts(&needs, done.exit.as_ref(), usual));
                if done.exit.is_some() {
                    let evidence = Evidence::of(first.to_string())
                        .with("node", first)
                        .with("cluster", &cluster.name)
                        .with("id", &cluster.id)
                        .with("group", &group.name);
                    let reason = texts::fill(&txn.state.texts, "cluster-scripts-failed", &evidence);
                    if done.rule.is_some() {
                        let reason = reason.clone().unwrap_or_default();
                        txn.note("RuleViolated", cluster.key().to_string(), done.rule, reason);
                    }
                    let failure = Failure { reason: reason.unwrap_or_default(), rule: done.rule };
                    cluster.failure = Some(failure);
                }
            }
            _ => {}
        }
        if let Some(place) = cluster.groups.get_mut(i) {
            *place = group;
        }
    }
    longest
}

/// Makes the interfaces of instances that come to a group in a VPC. Whether there was room.
fn place_nodes(
    txn: &mut Txn<'_>,
    cluster: &mut Cluster,
    group: &mut ClusterGroup,
    needs: &Needs,
    under_way: &[usize],
) -> bool {
    let (Some(_), Some(network)) = (&needs.vpc, needs.node) else { return true };
    let key = cluster.key();
    let case = Case::new(txn, &key, needs);
    let Some(plan) = room::plan(&case) else { return false };
    let homes: Vec<SubnetId> = plan.iter().map(|placement| placement.subnet.id).collect();
    let zone = plan.first().map(|placement| placement.subnet.zone.name);
    let mut groups: Vec<SecurityGroupId> = case.groups().map(|group| group.id).collect();
    groups.dedup();
    let requester_id = case.role().map(|role| place::requester(role));
    let description: Arc<str> = place::description(&txn.state.texts, key.kind, &key.name).into();
    let Some(last) = homes.last().copied() else { return false };
    for (n, index) in under_way.iter().enumerate() {
        let Some(node) = group.nodes.get_mut(*index) else { continue };
        let subnet = homes.get(n).copied().unwrap_or(last);
        let parent = format!("{}/{}/{}", cluster.arn, group.name, node.instance);
        for card in 0..network.cards as usize {
            let id = derived::<NetworkInterfaceId>(txn, &parent, card);
            let spec = InterfaceSpec {
                id,
                subnet,
                groups: groups.clone(),
                addresses: Vec::new(),
                description: description.clone(),
                attachment: Some(place::attachment(derived::<ServiceAttachmentId>(txn, &parent, card))),
                requester_id: requester_id.clone(),
                requester_managed: false,
                owner: Some(Owner::Cluster(cluster.name.clone())),
                interface_type: match (network.efa, network.efa_only && card > 0) {
                    (_, true) => EFA_ONLY,
                    (true, false) if !network.efa_only => "efa",
                    _ => "interface",
                },
                client_token: None,
                tags: Tags::default(),
            };
            let more = if card == 0 { network.first.saturating_sub(1) as usize } else { 0 };
            let made = txn.state.add_interface(spec).is_ok();
            // The plan counted the free addresses of this very state.
            if !made || (more > 0 && txn.state.add_addresses(id, more).is_err()) {
                return false;
            }
            node.interfaces.push(id);
        }
    }
    if !has_own_network(group) {
        cluster.zone = cluster.zone.or(zone);
    }
    let message = format!("interfaces for {} instances of {} in {last}", under_way.len(), group.name);
    txn.note("ClusterInterfaces", key.to_string(), None, message);
    true
}

/// Takes instances away, and their interfaces with them.
fn release(txn: &mut Txn<'_>, cluster: &Cluster, nodes: &[ClusterNode]) {
    let all: Vec<_> = nodes.iter().flat_map(|node| node.interfaces.iter().copied()).collect();
    if !all.is_empty() {
        let removed = place::remove(txn, &cluster.key(), all);
        txn.note("ClusterInterfaces", cluster.key().to_string(), None, removed.to_string());
    }
}

/// The end of a course.
fn finish(txn: &mut Txn<'_>, mut cluster: Cluster, course: ClusterCourse) {
    cluster.course = None;
    log::close(txn, &cluster.log_key(), &mut cluster.log, true);
    match course {
        ClusterCourse::Delete => return vanish(txn, &cluster),
        ClusterCourse::RollBack => {
            let now: Vec<_> = cluster.nodes().map(|(_, node)| node.clone()).collect();
            let mut before = cluster.before.take();
            let kept: Vec<_> =
                before.iter().flatten().flat_map(|group| &group.nodes).map(|node| node.instance).collect();
            let gone: Vec<_> = now.into_iter().filter(|node| !kept.contains(&node.instance)).collect();
            release(txn, &cluster, &gone);
            // Ids that were given out are not given out again.
            for group in before.iter_mut().flatten() {
                let made = cluster.group(&group.name).map_or(group.made, |now| now.made);
                group.made = made.max(group.made);
            }
            // Without instances that it had before, the cluster has failed.
            let status = if before.is_some() { InService } else { ClusterStatus::Failed };
            cluster.groups = before.unwrap_or_else(|| {
                let mut groups = std::mem::take(&mut cluster.groups);
                groups.iter_mut().for_each(|group| group.nodes.clear());
                groups
            });
            show(txn, &mut cluster, status);
        }
        ClusterCourse::Create | ClusterCourse::Change | ClusterCourse::Software => {
            let leaves = |node: &ClusterNode| node.status == NodeStatus::ShuttingDown;
            let gone: Vec<_> =
                cluster.nodes().map(|(_, node)| node).filter(|node| leaves(node)).cloned().collect();
            release(txn, &cluster, &gone);
            cluster.before = None;
            cluster.groups.retain(|group| !group.leaves);
            for group in &mut cluster.groups {
                group.nodes.retain(|node| !leaves(node));
                for node in &mut group.nodes {
                    if node.status == NodeStatus::SystemUpdating {
                        node.updated = Some(txn.now);
                    }
                    node.status = NodeStatus::Running;
                }
            }
            show(txn, &mut cluster, InService);
        }
    }
    cluster.memo = Memo::default();
    txn.state.clusters.insert(cluster);
}

/// The cluster goes, and its instances with it.
fn vanish(txn: &mut Txn<'_>, cluster: &Cluster) {
    let all: Vec<_> = cluster.nodes().map(|(_, node)| node.clone()).collect();
    txn.state.clusters.remove(&cluster.name);
    release(txn, cluster, &all);
    let message = "the cluster is gone; its name is free";
    txn.note("ClusterDeleted", cluster.key().to_string(), None, message);
}

/// The interface with the primary address of an instance.
pub fn primary<'a>(state: &'a crate::model::State, node: &ClusterNode) -> Option<&'a Arc<NetworkInterface>> {
    state.interfaces.get(node.interfaces.first()?)
}

impl Cluster {
    /// What the cluster calls its status.
    pub fn status_word(&self) -> &'static str {
        status_word(self.status)
    }
}

pub const fn status_word(status: ClusterStatus) -> &'static str {
    match status {
        ClusterStatus::Creating => "Creating",
        ClusterStatus::InService => "InService",
        ClusterStatus::Updating => "Updating",
        ClusterStatus::SystemUpdating => "SystemUpdating",
        ClusterStatus::RollingBack => "RollingBack",
        ClusterStatus::Deleting => "Deleting",
        ClusterStatus::Failed => "Failed",
    }
}

pub const fn node_word(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Pending => "Pending",
        NodeStatus::Running => "Running",
        NodeStatus::SystemUpdating => "SystemUpdating",
        NodeStatus::ShuttingDown => "ShuttingDown",
    }
}
