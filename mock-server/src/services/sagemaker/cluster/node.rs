//! BatchDeleteClusterNodes.

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

/// Lets an instance go. If it cannot: a code, which is in the service model, and a message, which is assumed.
fn dismiss(cluster: &mut Cluster, id: &str, logical: bool) -> Result<(), (&'static str, String)> {
    let is = |node: &ClusterNode| {
        if logical { node.logical == id } else { node.instance.to_string() == id }
    };
    for group in &mut cluster.groups {
        let Some(node) = group.nodes.iter_mut().find(|node| is(node)) else { continue };
        // Documented: API reference, BatchDeleteClusterNodes.
        if group.request["SlurmConfig"]["NodeType"] == "Controller" {
            return Err(("NodeIdInUse", format!("The instance {id} is a Slurm controller node.")));
        }
        node.status = NodeStatus::ShuttingDown;
        return Ok(());
    }
    Err(("NodeIdNotFound", format!("The instance {id} does not exist in the cluster.")))
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
        if input.node_ids.is_none() && input.node_logical_ids.is_none() {
            return Err(ClusterError::SomeNodeId.into());
        }
        let before = cluster.groups.clone();
        let mut out = Out::default();
        for id in input.node_ids.into_iter().flatten() {
            match dismiss(&mut cluster, &id, false) {
                Ok(()) => out.successful.push(id),
                Err((code, text)) => out.failed.push(json!({ "Code": code, "Message": text, "NodeId": id })),
            }
        }
        for id in input.node_logical_ids.into_iter().flatten() {
            match dismiss(&mut cluster, &id, true) {
                Ok(()) => out.successful_node_logical_ids.push(id),
                Err((code, text)) => {
                    let told = json!({ "Code": code, "Message": text, "NodeLogicalId": id });
                    out.failed_node_logical_ids.push(told);
                }
            }
        }
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
