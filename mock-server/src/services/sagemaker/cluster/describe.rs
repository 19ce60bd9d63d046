//! DescribeCluster, DescribeClusterNode.

use super::super::error::{ClusterError, SageMakerError};
use super::super::members::Members;
use super::find;
use crate::jobs::cluster::{node_word, primary};
use crate::model::{Cluster, ClusterGroup, ClusterNode, ClusterStatus, NodeStatus, Owner, State};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub struct DescribeCluster;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    cluster_name: String,
}

impl Operation for DescribeCluster {
    const NAME: &'static str = "DescribeCluster";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Cluster(input.cluster_name.as_str().into())]
    }
}
impl Read for DescribeCluster {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        Ok(Described(find(view.state, &input.cluster_name)?))
    }
}

/// A description, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<Cluster>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a Cluster);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cluster = self.0;
        let mut out = Members::new(serializer, &cluster.request)?;
        out.put("ClusterArn", &cluster.arn)?;
        out.put("ClusterName", &*cluster.name)?;
        out.put("ClusterStatus", cluster.status_word())?;
        out.put("CreationTime", &cluster.created.millis())?;
        let tells = !matches!(cluster.status, ClusterStatus::Creating | ClusterStatus::Updating);
        let failure = cluster.failure.as_ref().filter(|_| tells);
        out.maybe("FailureMessage", failure.map(|failure| &failure.reason))?;
        let groups: Vec<_> = cluster.groups.iter().map(|group| told(cluster, group)).collect();
        out.put("InstanceGroups", &groups)?;
        for name in ["VpcConfig", "Orchestrator", "TieredStorageConfig", "NodeRecovery", "ClusterRole"] {
            out.repeat(name)?;
        }
        out.end()
    }
}

/// Members that are told of a group as they were said.
const SAID: &[&str] = &[
    "InstanceGroupName",
    "InstanceType",
    "LifeCycleConfig",
    "ExecutionRole",
    "ThreadsPerCore",
    "InstanceStorageConfigs",
    "OnStartDeepHealthChecks",
    "TrainingPlanArn",
    "OverrideVpcConfig",
    "ScheduledUpdateConfig",
    "SlurmConfig",
    "CapacityRequirements",
    "NetworkInterface",
];

fn copy(from: &Value, names: &[&str], into: &mut Map<String, Value>) {
    for name in names {
        from.get(name).into_iter().for_each(|value| drop(into.insert((*name).to_owned(), value.clone())));
    }
}

/// Labels and taints, which are as they are to be.
fn kubernetes(said: &Value) -> Option<Value> {
    let mut all = Map::new();
    for name in ["Labels", "Taints"] {
        for which in ["Current", "Desired"] {
            let value = said.get(name)?;
            all.insert(format!("{which}{name}"), value.clone());
        }
    }
    Some(Value::Object(all))
}

fn images(request: &Value, into: &mut Map<String, Value>) {
    for (name, said) in [("ImageId", "ImageId"), ("ImageReleaseVersion", "ImageReleaseVersion")] {
        if let Some(image) = request.get(said) {
            into.insert(format!("Current{name}"), image.clone());
            into.insert(format!("Desired{name}"), image.clone());
        }
    }
}

/// What is told of a group. Instances count from when they run.
fn told(cluster: &Cluster, group: &ClusterGroup) -> Value {
    let runs = |node: &&ClusterNode| node.status != NodeStatus::Pending;
    let mut all = Map::new();
    copy(&group.request, SAID, &mut all);
    images(&group.request, &mut all);
    let status = match cluster.status {
        _ if group.leaves => "Deleting",
        ClusterStatus::Creating => "Creating",
        ClusterStatus::InService => "InService",
        ClusterStatus::Updating | ClusterStatus::RollingBack => "Updating",
        ClusterStatus::SystemUpdating => "SystemUpdating",
        ClusterStatus::Deleting => "Deleting",
        ClusterStatus::Failed => "Failed",
    };
    let kubernetes = group.request.get("KubernetesConfig").and_then(kubernetes);
    all.insert("CurrentCount".to_owned(), json!(group.nodes.iter().filter(runs).count()));
    all.insert("TargetCount".to_owned(), json!(group.target));
    all.insert("Status".to_owned(), json!(status));
    kubernetes.into_iter().for_each(|value| drop(all.insert("KubernetesConfig".to_owned(), value)));
    Value::Object(all)
}

pub struct DescribeClusterNode;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeIn {
    cluster_name: String,
    node_id: Option<String>,
    node_logical_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeOut {
    node_details: Value,
}

impl Operation for DescribeClusterNode {
    const NAME: &'static str = "DescribeClusterNode";
    type In = NodeIn;
    type Out = NodeOut;
    type Error = SageMakerError;

    fn subjects(input: &NodeIn) -> Vec<Owner> {
        vec![Owner::Cluster(input.cluster_name.as_str().into())]
    }
}

impl Read for DescribeClusterNode {
    fn run(view: &View<'_>, input: NodeIn) -> Result<NodeOut, SageMakerError> {
        let cluster = find(view.state, &input.cluster_name)?;
        let wanted = |node: &ClusterNode| match (&input.node_id, &input.node_logical_id) {
            (Some(id), _) => node.instance.to_string() == *id,
            (None, logical) => logical.as_ref() == Some(&node.logical),
        };
        let asked = match (&input.node_id, &input.node_logical_id) {
            (Some(id), None) | (None, Some(id)) => id.clone(),
            _ => return Err(ClusterError::OneNodeId.into()),
        };
        let found = cluster.nodes().find(|(_, node)| wanted(node));
        let name = cluster.name.to_string();
        let (group, node) = found.ok_or(ClusterError::NoSuchNode { node: asked, name })?;
        Ok(NodeOut { node_details: details(view.state, group, node) })
    }
}

/// What a node is called in the VPC's DNS. Source: EC2 user guide, "EC2 instance hostnames": names by address.
pub fn hostname(state: &State, node: &ClusterNode) -> Option<String> {
    let address = primary(state, node)?.addresses.first()?.to_string();
    let domain = crate::model::RegionInfo::get(&state.site.region)?.domain_name();
    Some(format!("ip-{}.{domain}", address.replace('.', "-")))
}

fn details(state: &State, group: &ClusterGroup, node: &ClusterNode) -> Value {
    let mut all = Map::new();
    let said = [
        "InstanceGroupName",
        "InstanceType",
        "LifeCycleConfig",
        "OverrideVpcConfig",
        "ThreadsPerCore",
        "InstanceStorageConfigs",
        "NetworkInterface",
    ];
    copy(&group.request, &said, &mut all);
    images(&group.request, &mut all);
    let interface = primary(state, node);
    let zone =
        interface.map(|row| json!({ "AvailabilityZone": row.zone.name, "AvailabilityZoneId": row.zone.id }));
    let address = interface.and_then(|row| row.addresses.first()).map(ToString::to_string);
    let spot = group.request["CapacityRequirements"].get("Spot").is_some();
    let own = [
        ("InstanceId", Some(json!(node.instance.to_string()))),
        ("NodeLogicalId", Some(json!(node.logical))),
        ("InstanceStatus", Some(json!({ "Status": node_word(node.status) }))),
        ("LaunchTime", Some(json!(node.launched.millis()))),
        ("LastSoftwareUpdateTime", node.updated.map(|time| json!(time.millis()))),
        ("PrivatePrimaryIp", address.map(|address| json!(address))),
        ("PrivateDnsHostname", hostname(state, node).map(|name| json!(name))),
        ("Placement", zone),
        ("KubernetesConfig", group.request.get("KubernetesConfig").and_then(kubernetes)),
        ("CapacityType", Some(json!(if spot { "Spot" } else { "OnDemand" }))),
    ];
    for (name, value) in own {
        value.into_iter().for_each(|value| drop(all.insert(name.to_owned(), value)));
    }
    Value::Object(all)
}
