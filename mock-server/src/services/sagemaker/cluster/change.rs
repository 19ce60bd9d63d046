//! UpdateCluster, UpdateClusterSoftware, DeleteCluster.

use super::super::error::{ClusterError, SageMakerError};
use super::super::limit;
use super::{Out, asked, at_rest, said, tree};
use crate::jobs::cluster;
use crate::model::{Cluster, ClusterCourse, ClusterGroup, ClusterNode, Document, JobKind, NodeStatus, Txn};
use crate::services::{Caller, Operation, Write};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub struct UpdateCluster;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    cluster_name: String,
    instance_groups: Option<Vec<Document>>,
    restricted_instance_groups: Option<Document>,
    restricted_instance_groups_config: Option<Document>,
    tiered_storage_config: Option<Document>,
    node_recovery: Option<String>,
    instance_groups_to_delete: Option<Vec<String>>,
    node_provisioning_mode: Option<String>,
    cluster_role: Option<String>,
    auto_scaling: Option<Document>,
    orchestrator: Option<Document>,
}

impl Operation for UpdateCluster {
    const NAME: &'static str = "UpdateCluster";
    type In = UpdateIn;
    type Out = Out;
    type Error = SageMakerError;
}

/// Lets instances go: those that came last go first, which is assumed.
fn shrink(group: &mut ClusterGroup, target: u32) {
    let target = target as usize;
    group.nodes.iter_mut().skip(target).for_each(|node| node.status = NodeStatus::ShuttingDown);
}

/// A group that is there becomes what is asked of it.
fn regroup(old: &ClusterGroup, new: ClusterGroup) -> Result<ClusterGroup, ClusterError> {
    for member in ["InstanceType", "OverrideVpcConfig"] {
        // What is not said again stays.
        let said = new.request.get(member);
        if said.is_some() && said != old.request.get(member) {
            return Err(ClusterError::GroupChange { member, group: new.name.to_string() });
        }
    }
    let mut group = ClusterGroup { nodes: old.nodes.clone(), made: old.made, ..new };
    if let Some(own) = old.request.get("OverrideVpcConfig") {
        Arc::make_mut(&mut group.request)["OverrideVpcConfig"] = own.clone();
        group.needs.vpc.clone_from(&old.needs.vpc);
        group.needs.node = old.needs.node;
    }
    Ok(group)
}

impl Write for UpdateCluster {
    /// That a cluster that has failed cannot be updated, only deleted, is assumed.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateIn) -> Result<Out, SageMakerError> {
        let restricted =
            input.restricted_instance_groups.is_some() || input.restricted_instance_groups_config.is_some();
        if restricted {
            return Err(ClusterError::ClusterForm("a cluster with restricted instance groups").into());
        }
        asked::check_modes(input.node_provisioning_mode.as_deref(), input.auto_scaling.as_deref())?;
        let mut cluster = at_rest(&txn.state, &input.cluster_name, false)?;
        let before = cluster.groups.clone();
        let changes = said([
            ("NodeRecovery", input.node_recovery.map(|text| json!(text))),
            ("TieredStorageConfig", tree(input.tiered_storage_config)),
            ("ClusterRole", input.cluster_role.map(|text| json!(text))),
            ("Orchestrator", tree(input.orchestrator)),
        ]);
        if let Value::Object(request) = Arc::make_mut(&mut cluster.request) {
            request.extend(changes);
        }
        let orchestrator = asked::orchestrator(cluster.request.get("Orchestrator"))?;
        for name in input.instance_groups_to_delete.unwrap_or_default() {
            let group = cluster.groups.iter_mut().find(|group| *group.name == *name);
            let group = group.ok_or_else(|| ClusterError::NoSuchGroup { group: name.clone() })?;
            (group.leaves, group.target) = (true, 0);
            shrink(group, 0);
        }
        let asked = input.instance_groups.unwrap_or_default();
        let mut grows = Vec::new();
        for mut group in asked::groups(&cluster.request, &asked, orchestrator)? {
            let at = cluster.groups.iter().position(|known| known.name == group.name);
            if let Some(old) = at.and_then(|at| cluster.groups.get(at)) {
                if old.leaves {
                    return Err(ClusterError::GroupTwice { group: group.name.to_string() }.into());
                }
                group = regroup(old, group)?;
            }
            let target = group.target;
            shrink(&mut group, target);
            let more = group.target.saturating_sub(u32::try_from(group.nodes.len()).unwrap_or(u32::MAX));
            grows.push((group.name.clone(), more));
            match at.and_then(|at| cluster.groups.get_mut(at)) {
                Some(old) => *old = group,
                None => cluster.groups.push(group),
            }
        }
        cluster::check(txn, &mut cluster)
            .map_err(|finding| SageMakerError::rule(&txn.state.texts, JobKind::Cluster, &finding))?;
        let more = |(name, more): &(Arc<str>, u32)| Some(cluster.group(name)?.of_size(*more));
        let more: Vec<_> = grows.iter().filter_map(more).collect();
        let stay = cluster.nodes().filter(|(_, node)| node.status != NodeStatus::ShuttingDown).count() as u64;
        let in_all = more.iter().fold(stay, |sum, group| sum + u64::from(group.count));
        limit::cluster(&txn.state, &more, in_all)?;
        for (name, more) in grows {
            if let Some(group) = cluster.groups.iter_mut().find(|group| group.name == name) {
                cluster::add_nodes(txn, &cluster.arn, group, more);
            }
        }
        cluster.before = Some(before);
        let out = Out { cluster_arn: cluster.arn.clone() };
        cluster::begin(txn, cluster, ClusterCourse::Change);
        Ok(out)
    }
}

pub struct UpdateClusterSoftware;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SoftwareIn {
    cluster_name: String,
    instance_groups: Option<Vec<SoftwareOf>>,
    image_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SoftwareOf {
    instance_group_name: String,
}

impl Operation for UpdateClusterSoftware {
    const NAME: &'static str = "UpdateClusterSoftware";
    type In = SoftwareIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateClusterSoftware {
    /// Of all instances at once: a deployment in steps is not here, and `DeploymentConfig` is told of as ignored.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: SoftwareIn) -> Result<Out, SageMakerError> {
        let mut cluster = at_rest(&txn.state, &input.cluster_name, false)?;
        let named: Option<Vec<String>> =
            input.instance_groups.map(|all| all.into_iter().map(|group| group.instance_group_name).collect());
        if let Some(unknown) = named.iter().flatten().find(|name| cluster.group(name).is_none()) {
            return Err(ClusterError::NoSuchGroup { group: unknown.clone() }.into());
        }
        let before = cluster.groups.clone();
        let wanted = |group: &&mut ClusterGroup| {
            named.as_ref().is_none_or(|names| names.contains(&group.name.to_string()))
        };
        for group in cluster.groups.iter_mut().filter(wanted) {
            if let Some(image) = &input.image_id {
                Arc::make_mut(&mut group.request)["ImageId"] = json!(image);
            }
            group.nodes.iter_mut().for_each(|node| node.status = NodeStatus::SystemUpdating);
        }
        (cluster.findings, cluster.traces) = Default::default();
        cluster.before = Some(before);
        let out = Out { cluster_arn: cluster.arn.clone() };
        cluster::begin(txn, cluster, ClusterCourse::Software);
        Ok(out)
    }
}

pub struct DeleteCluster;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    cluster_name: String,
}

impl Operation for DeleteCluster {
    const NAME: &'static str = "DeleteCluster";
    type In = Named;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for DeleteCluster {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Out, SageMakerError> {
        let mut cluster: Cluster = at_rest(&txn.state, &input.cluster_name, true)?;
        let all = cluster.groups.iter_mut().flat_map(|group| &mut group.nodes);
        all.for_each(|node: &mut ClusterNode| node.status = NodeStatus::ShuttingDown);
        let out = Out { cluster_arn: cluster.arn.clone() };
        cluster::begin(txn, cluster, ClusterCourse::Delete);
        Ok(out)
    }
}
