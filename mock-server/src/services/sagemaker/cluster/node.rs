//! BatchDeleteClusterNodes, BatchRebootClusterNodes, BatchReplaceClusterNodes.

use super::super::error::{ClusterError, SageMakerError};
use super::at_rest;
use crate::jobs::cluster;
use crate::model::{Cluster, ClusterCourse, ClusterNode, NodeStatus, Txn};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The instances that a call names, by either of their ids.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    cluster_name: String,
    node_ids: Option<Vec<String>>,
    node_logical_ids: Option<Vec<String>>,
}

/// What became of them, under the ids that the call gave.
#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_node_logical_ids: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful_node_logical_ids: Vec<String>,
}

/// How an operation words that it cannot do something with an instance.
struct Words {
    code: &'static str,
    unknown: &'static str,
    /// Of an instance that the cluster cannot do without.
    needed: &'static str,
}

const OF_DELETION: Words = Words { code: "Code", unknown: "NodeIdNotFound", needed: "NodeIdInUse" };
const OF_OTHERS: Words =
    Words { code: "ErrorCode", unknown: "InstanceIdNotFound", needed: "InstanceIdInUse" };

/// Does something to each instance that is named and there, and tells of the others. Messages are assumed.
fn each(
    cluster: &mut Cluster,
    input: &In,
    words: &Words,
    keeps_controllers: bool,
    mut act: impl FnMut(&mut ClusterNode),
) -> Result<Out, ClusterError> {
    if input.node_ids.is_none() && input.node_logical_ids.is_none() {
        return Err(ClusterError::SomeNodeId);
    }
    let mut out = Out::default();
    let by_id = input.node_ids.iter().flatten().map(|id| (id, false));
    for (id, logical) in by_id.chain(input.node_logical_ids.iter().flatten().map(|id| (id, true))) {
        let is =
            |node: &ClusterNode| if logical { node.logical == *id } else { node.instance.to_string() == *id };
        let groups = cluster.groups.iter_mut();
        let found = groups
            .flat_map(|group| {
                let controls = group.request["SlurmConfig"]["NodeType"] == "Controller";
                group.nodes.iter_mut().map(move |node| (controls, node))
            })
            .find(|(_, node)| is(node));
        let refused = match found {
            None => Some((words.unknown, format!("The instance {id} does not exist in the cluster."))),
            // Documented: API reference, BatchDeleteClusterNodes.
            Some((true, _)) if keeps_controllers => {
                Some((words.needed, format!("The instance {id} is a Slurm controller node.")))
            }
            Some((_, node)) => {
                act(node);
                None
            }
        };
        let name = if logical { "NodeLogicalId" } else { "NodeId" };
        let told = refused.map(|(code, message)| json!({ words.code: code, "Message": message, name: id }));
        match (told, logical) {
            (Some(told), false) => out.failed.push(told),
            (Some(told), true) => out.failed_node_logical_ids.push(told),
            (None, false) => out.successful.push(id.clone()),
            (None, true) => out.successful_node_logical_ids.push(id.clone()),
        }
    }
    Ok(out)
}

pub struct BatchDeleteClusterNodes;
impl Operation for BatchDeleteClusterNodes {
    const NAME: &'static str = "BatchDeleteClusterNodes";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}
impl Write for BatchDeleteClusterNodes {
    /// The groups are asked for so many instances fewer from then on, or the cluster would make them anew.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: In) -> Result<Out, SageMakerError> {
        let mut cluster = at_rest(&txn.state, &input.cluster_name, false)?;
        let before = cluster.groups.clone();
        let out = each(&mut cluster, &input, &OF_DELETION, true, |node| {
            node.status = NodeStatus::ShuttingDown;
        })?;
        let leaves = |node: &&ClusterNode| node.status == NodeStatus::ShuttingDown;
        if cluster.nodes().all(|(_, node)| !leaves(&node)) {
            return Ok(out);
        }
        for group in &mut cluster.groups {
            let gone = group.nodes.iter().filter(leaves).count();
            group.target = group.target.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
        }
        cluster.before = Some(before);
        cluster::begin(txn, cluster, ClusterCourse::Change);
        Ok(out)
    }
}

pub struct BatchRebootClusterNodes;
impl Operation for BatchRebootClusterNodes {
    const NAME: &'static str = "BatchRebootClusterNodes";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}
impl Write for BatchRebootClusterNodes {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: In) -> Result<Out, SageMakerError> {
        let mut cluster = at_rest(&txn.state, &input.cluster_name, false)?;
        let out = each(&mut cluster, &input, &OF_OTHERS, false, |node| node.status = NodeStatus::Pending)?;
        if cluster.nodes().any(|(_, node)| node.status == NodeStatus::Pending) {
            cluster::begin(txn, cluster, ClusterCourse::Reboot);
        }
        Ok(out)
    }
}

pub struct BatchReplaceClusterNodes;
impl Operation for BatchReplaceClusterNodes {
    const NAME: &'static str = "BatchReplaceClusterNodes";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}
impl Write for BatchReplaceClusterNodes {
    /// The old instances end at once, so that their addresses are free for the new ones, which keep their logical ids. If
    /// those fail, the cluster goes on without them: assumed.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: In) -> Result<Out, SageMakerError> {
        let mut cluster = at_rest(&txn.state, &input.cluster_name, false)?;
        let out = each(&mut cluster, &input, &OF_OTHERS, false, |node| {
            node.status = NodeStatus::ShuttingDown;
        })?;
        let leaves = |node: &ClusterNode| node.status == NodeStatus::ShuttingDown;
        let old: Vec<_> =
            cluster.nodes().map(|(_, node)| node).filter(|node| leaves(node)).cloned().collect();
        if old.is_empty() {
            return Ok(out);
        }
        for group in &mut cluster.groups {
            let gone: Vec<_> =
                group.nodes.iter().filter(|node| leaves(node)).map(|node| node.logical.clone()).collect();
            group.nodes.retain(|node| !leaves(node));
            let kept = group.nodes.len();
            cluster.before.get_or_insert_default().push(group.clone());
            cluster::add_nodes(txn, &cluster.arn, group, u32::try_from(gone.len()).unwrap_or(u32::MAX));
            for (node, logical) in group.nodes.iter_mut().skip(kept).zip(gone) {
                node.logical = logical;
            }
        }
        cluster::release(txn, &cluster, &old);
        (cluster.findings, cluster.traces) = Default::default();
        cluster::begin(txn, cluster, ClusterCourse::Change);
        Ok(out)
    }
}
