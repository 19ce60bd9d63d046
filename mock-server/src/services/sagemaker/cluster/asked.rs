//! What is asked of a cluster and its groups of instances, and what that makes them need.

use super::super::error::ClusterError;
use crate::model::{
    ClusterGroup, DataNeed, DataUse, Document, Extent, InstanceGroup, InstanceType, Needs, NodeNetwork,
    VpcConfig,
};
use crate::rules::room;
use serde_json::Value;

/// Who gives work to the instances. Slurm's own configuration is for the scripts to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orchestrator {
    Slurm,
    Eks,
}

/// Where lifecycle scripts have to be.
const SOURCE: &str = "s3://sagemaker";

/// Forms of a cluster that are not here: instances that come as they can be had, and scaling by load.
pub fn check_modes(provisioning: Option<&str>, scaling: Option<&Value>) -> Result<(), ClusterError> {
    if provisioning == Some("Continuous") {
        return Err(ClusterError::ClusterForm("a cluster that provisions its instances continuously"));
    }
    if scaling.is_some_and(|scaling| scaling["Mode"] == "Enable") {
        return Err(ClusterError::ClusterForm("a cluster that scales by itself"));
    }
    Ok(())
}

/// Who orchestrates the cluster: Slurm, if nothing is said. The EKS cluster is elsewhere: nobody looks whether it is there.
pub fn orchestrator(said: Option<&Value>) -> Result<Orchestrator, ClusterError> {
    let Some(said) = said else { return Ok(Orchestrator::Slurm) };
    match (said.get("Eks").is_some(), said.get("Slurm").is_some()) {
        (true, false) => Ok(Orchestrator::Eks),
        (false, true) => Ok(Orchestrator::Slurm),
        _ => Err(ClusterError::OneOrchestrator),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn vpc_config(said: &Value) -> VpcConfig {
    VpcConfig { subnets: texts(&said["Subnets"]), groups: texts(&said["SecurityGroupIds"]) }
}

/// What an instance of this type has in the VPC. Source: developer guide, "sagemaker-hyperpod-prerequisites"; of instances
/// other than P5 it says nothing: that each card takes one address is assumed.
fn network(instance_type: &str, orchestrator: Orchestrator, interface_type: Option<&str>) -> NodeNetwork {
    let known = InstanceType::get(instance_type.strip_prefix("ml.").unwrap_or(instance_type));
    let efa = room::has_efa(instance_type);
    let cards = known.filter(|_| efa).map_or(1, |known| known.network_cards);
    let pods = orchestrator == Orchestrator::Eks && instance_type.starts_with("ml.p5") && cards > 1;
    let first = known.filter(|_| pods).map_or(1, |known| known.ipv4_per_interface);
    NodeNetwork {
        cards,
        first: u32::try_from(first).unwrap_or(u32::MAX),
        efa,
        efa_only: interface_type == Some("efa-only"),
    }
}

/// Groups of instances as they are asked for, without their instances.
pub fn groups(
    cluster: &Value,
    asked: &[Document],
    orchestrator: Orchestrator,
) -> Result<Vec<ClusterGroup>, ClusterError> {
    let mut groups: Vec<ClusterGroup> = Vec::with_capacity(asked.len());
    for request in asked {
        let group = group(cluster, request, orchestrator)?;
        if groups.iter().any(|known| known.name == group.name) {
            return Err(ClusterError::GroupTwice { group: group.name.to_string() });
        }
        groups.push(group);
    }
    Ok(groups)
}

/// One of them.
pub fn group(
    cluster: &Value,
    request: &Document,
    orchestrator: Orchestrator,
) -> Result<ClusterGroup, ClusterError> {
    let text = |name: &str| request[name].as_str();
    let name = text("InstanceGroupName").unwrap_or_default();
    let form = |what| Err(ClusterError::ClusterForm(what));
    let instance_type = match (text("InstanceType"), request.get("InstanceRequirements")) {
        (Some(instance_type), None) => instance_type,
        (None, Some(_)) => return form("an instance group of several instance types"),
        _ => return Err(ClusterError::GroupType { group: name.to_owned() }),
    };
    if request.get("MinInstanceCount").is_some() {
        return form("an instance group with MinInstanceCount");
    }
    if request.get("AutoPatchConfig").is_some() {
        return form("an instance group with AutoPatchConfig");
    }
    let own = request.get("OverrideVpcConfig");
    let all = cluster.get("VpcConfig");
    if own.is_some() && all.is_none() {
        return Err(ClusterError::OverrideWithout { group: name.to_owned() });
    }
    let vpc = own.or(all).map(vpc_config);
    let scripts = &request["LifeCycleConfig"];
    let mut inputs = Vec::new();
    if let Some(source) = scripts["SourceS3Uri"].as_str() {
        if !source.starts_with(SOURCE) {
            return Err(ClusterError::SourceUri { uri: source.to_owned() });
        }
        inputs.push(DataNeed::new(DataUse::Input, Extent::Prefix, source));
        for script in ["OnCreate", "OnInitComplete"].iter().filter_map(|name| scripts[*name].as_str()) {
            let url = format!("{}/{script}", source.trim_end_matches('/'));
            inputs.push(DataNeed::new(DataUse::Input, Extent::Object, &url));
        }
    }
    let target = u32::try_from(request["InstanceCount"].as_u64().unwrap_or_default()).unwrap_or(u32::MAX);
    let network = network(instance_type, orchestrator, request["NetworkInterface"]["InterfaceType"].as_str());
    let needs = Needs {
        role_arn: text("ExecutionRole").unwrap_or_default().to_owned(),
        instances: vec![InstanceGroup { instance_type: instance_type.to_owned(), count: target }],
        node: vpc.is_some().then_some(network),
        vpc,
        inputs,
        ..Needs::default()
    };
    Ok(ClusterGroup {
        name: name.into(),
        request: request.clone(),
        needs,
        target,
        nodes: Vec::new(),
        made: 0,
        leaves: false,
    })
}
