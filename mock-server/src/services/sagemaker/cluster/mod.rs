//! HyperPod clusters.

mod asked;
mod change;
mod describe;
mod list;
mod node;

pub use change::{DeleteCluster, UpdateCluster, UpdateClusterSoftware};
pub use describe::{DescribeCluster, DescribeClusterNode};
pub use list::{ListClusterNodes, ListClusters};
pub use node::BatchDeleteClusterNodes;

use super::error::{ClusterError, SageMakerError};
use super::limit;
use super::tags::{Tag, checked};
use crate::jobs::cluster;
use crate::kernel::Memo;
use crate::model::{Cluster, ClusterCourse, ClusterStatus, Document, JobKind, State, Txn};
use crate::services::{Caller, Operation, Write};
use asked::Orchestrator;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The cluster with this name or ARN.
fn find(state: &State, given: &str) -> Result<Arc<Cluster>, ClusterError> {
    let found = match given.starts_with("arn:") {
        true => state.clusters.iter().find(|cluster| cluster.arn == given),
        false => state.clusters.get(&given.into()),
    };
    found.cloned().ok_or_else(|| ClusterError::NoSuchCluster { name: given.to_owned() })
}

/// The cluster with this name or ARN, if something can be done with it now.
fn at_rest(state: &State, given: &str, or_failed: bool) -> Result<Cluster, ClusterError> {
    let cluster = find(state, given)?;
    let ready = match cluster.status {
        ClusterStatus::InService => cluster.course.is_none(),
        ClusterStatus::Failed => or_failed,
        _ => false,
    };
    if !ready {
        let (name, status) = (cluster.name.to_string(), cluster.status_word());
        return Err(ClusterError::ClusterBusy { name, status });
    }
    Ok(Cluster::clone(&cluster))
}

/// What every operation answers that changes a cluster.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    cluster_arn: String,
}

pub struct CreateCluster;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    cluster_name: String,
    instance_groups: Option<Vec<Document>>,
    restricted_instance_groups: Option<Document>,
    restricted_instance_groups_config: Option<Document>,
    vpc_config: Option<Document>,
    tags: Option<Vec<Tag>>,
    orchestrator: Option<Document>,
    node_recovery: Option<String>,
    tiered_storage_config: Option<Document>,
    node_provisioning_mode: Option<String>,
    cluster_role: Option<String>,
    auto_scaling: Option<Document>,
}

impl Operation for CreateCluster {
    const NAME: &'static str = "CreateCluster";
    type In = CreateIn;
    type Out = Out;
    type Error = SageMakerError;
}

/// Members that were said.
fn said<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn tree(value: Option<Document>) -> Option<Value> {
    value.map(|tree| Value::clone(&tree))
}

/// Twelve letters and digits.
fn id(txn: &mut Txn<'_>) -> String {
    let mut bits = txn.mint("cluster");
    let mut next = || {
        let digit = (bits % 36) as usize;
        bits /= 36;
        char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[digit])
    };
    (0..12).map(|_| next()).collect()
}

impl Write for CreateCluster {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<Out, SageMakerError> {
        let restricted =
            input.restricted_instance_groups.is_some() || input.restricted_instance_groups_config.is_some();
        if restricted {
            return Err(ClusterError::ClusterForm("a cluster with restricted instance groups").into());
        }
        asked::check_modes(input.node_provisioning_mode.as_deref(), input.auto_scaling.as_deref())?;
        let orchestrator = asked::orchestrator(input.orchestrator.as_deref())?;
        if orchestrator == Orchestrator::Eks && input.vpc_config.is_none() {
            return Err(ClusterError::EksNetwork.into());
        }
        let name: Arc<str> = input.cluster_name.as_str().into();
        if txn.state.clusters.contains(&name) {
            return Err(ClusterError::ClusterExists { name: input.cluster_name }.into());
        }
        let groups = input.instance_groups.unwrap_or_default();
        if groups.is_empty() && orchestrator == Orchestrator::Slurm {
            return Err(ClusterError::NoGroups.into());
        }
        let request = Value::Object(said([
            ("VpcConfig", tree(input.vpc_config)),
            ("Orchestrator", tree(input.orchestrator)),
            ("NodeRecovery", input.node_recovery.map(|text| json!(text))),
            ("TieredStorageConfig", tree(input.tiered_storage_config)),
            ("ClusterRole", input.cluster_role.map(|text| json!(text))),
        ]));
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let id = id(txn);
        let arn = caller.arn("sagemaker", format_args!("cluster/{id}"));
        let mut cluster = Cluster {
            name,
            id,
            arn: arn.clone(),
            status: ClusterStatus::Creating,
            course: None,
            stage: 0,
            groups: asked::groups(&request, &groups, orchestrator)?,
            request: Arc::new(request),
            before: None,
            zone: None,
            failure: None,
            findings: Vec::new(),
            traces: Vec::new(),
            log: Vector::new(),
            created: txn.now,
            tags,
            memo: Memo::default(),
        };
        cluster::check(txn, &mut cluster)
            .map_err(|finding| SageMakerError::rule(&txn.state.texts, JobKind::Cluster, &finding))?;
        let more: Vec<_> = cluster.groups.iter().map(|group| group.of_size(group.target)).collect();
        limit::cluster(&txn.state, &more, more.iter().map(|group| u64::from(group.count)).sum())?;
        for group in &mut cluster.groups {
            let count = group.target;
            cluster::add_nodes(txn, &arn, group, count);
        }
        cluster::begin(txn, cluster, ClusterCourse::Create);
        Ok(Out { cluster_arn: arn })
    }
}
