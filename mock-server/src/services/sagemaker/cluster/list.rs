//! ListClusters, ListClusterNodes.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, list_as};
use super::describe::hostname;
use super::find;
use crate::jobs::cluster::node_word;
use crate::kernel::SimTime;
use crate::model::{Cluster, ClusterNode};
use crate::services::{Operation, Read, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Source: API reference, ListClusters and ListClusterNodes.
const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };

/// Both call what they are ordered by in a way of their own.
fn by_name(input: &mut ListIn) {
    input.sort_by = match input.sort_by.as_deref() {
        Some("NAME") => Some("Name".to_owned()),
        _ => None,
    };
}

impl Listed for Cluster {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
}

fn plans(cluster: &Cluster) -> Vec<&str> {
    let mut plans: Vec<_> =
        cluster.groups.iter().filter_map(|group| group.request["TrainingPlanArn"].as_str()).collect();
    plans.dedup();
    plans
}

pub struct ListClusters;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    cluster_summaries: Vec<Value>,
}

impl Operation for ListClusters {
    const NAME: &'static str = "ListClusters";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}

impl Read for ListClusters {
    fn run(view: &View<'_>, mut input: ListIn) -> Result<ListOut, SageMakerError> {
        by_name(&mut input);
        let plan = input.training_plan_arn.clone();
        let wanted =
            |cluster: &&Arc<Cluster>| plan.as_deref().is_none_or(|plan| plans(cluster).contains(&plan));
        let (rows, next_token) = list_as(&MANNER, view.state.clusters.iter().filter(wanted), &input)?;
        let told = |cluster: &Arc<Cluster>| {
            let mut told = json!({
                "ClusterArn": cluster.arn,
                "ClusterName": cluster.name,
                "CreationTime": cluster.created.millis(),
                "ClusterStatus": cluster.status_word(),
            });
            let plans = plans(cluster);
            if !plans.is_empty() {
                told["TrainingPlanArns"] = json!(plans);
            }
            told
        };
        Ok(ListOut { next_token, cluster_summaries: rows.into_iter().map(told).collect() })
    }
}

pub struct ListClusterNodes;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodesIn {
    cluster_name: String,
    include_node_logical_ids: Option<bool>,
    creation_time_after: Option<i64>,
    creation_time_before: Option<i64>,
    instance_group_name_contains: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodesOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    cluster_node_summaries: Vec<Value>,
}

impl Operation for ListClusterNodes {
    const NAME: &'static str = "ListClusterNodes";
    type In = NodesIn;
    type Out = NodesOut;
    type Error = SageMakerError;
}

/// An instance in a list: ordered by its group, then by when it came, if not by time.
struct Entry {
    name: Arc<str>,
    group: Arc<str>,
    instance_type: String,
    node: ClusterNode,
}

impl Listed for Entry {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.node.launched
    }
}

impl Read for ListClusterNodes {
    fn run(view: &View<'_>, input: NodesIn) -> Result<NodesOut, SageMakerError> {
        let cluster = find(view.state, &input.cluster_name)?;
        let mut list = ListIn {
            creation_time_after: input.creation_time_after,
            creation_time_before: input.creation_time_before,
            max_results: input.max_results,
            next_token: input.next_token,
            sort_by: input.sort_by,
            sort_order: input.sort_order,
            ..ListIn::default()
        };
        by_name(&mut list);
        let part = input.instance_group_name_contains;
        let entries: Vec<_> = cluster
            .nodes()
            .filter(|(group, _)| part.as_deref().is_none_or(|part| group.name.contains(part)))
            .map(|(group, node)| {
                Arc::new(Entry {
                    name: format!("{}/{:08}", group.name, node.number).into(),
                    group: group.name.clone(),
                    instance_type: group.request["InstanceType"].as_str().unwrap_or_default().to_owned(),
                    node: node.clone(),
                })
            })
            .collect();
        let (rows, next_token) = list_as(&MANNER, entries.iter(), &list)?;
        let told = |entry: &Arc<Entry>| {
            let node = &entry.node;
            let mut told = json!({
                "InstanceGroupName": entry.group,
                "InstanceId": node.instance.to_string(),
                "InstanceType": entry.instance_type,
                "LaunchTime": node.launched.millis(),
                "InstanceStatus": { "Status": node_word(node.status) },
            });
            if input.include_node_logical_ids == Some(true) {
                told["NodeLogicalId"] = json!(node.logical);
            }
            if let Some(time) = node.updated {
                told["LastSoftwareUpdateTime"] = json!(time.millis());
            }
            if let Some(name) = hostname(view.state, node) {
                told["PrivateDnsHostname"] = json!(name);
            }
            told
        };
        Ok(NodesOut { next_token, cluster_node_summaries: rows.into_iter().map(told).collect() })
    }
}
