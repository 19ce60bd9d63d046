//! Clusters: their instances and interfaces, what makes them fail, and what is refused.

use super::*;
use crate::model::{Behaviour, Content, Direction, JobKey, Peer, SecurityGroupRule};
use crate::services::ec2::DeleteSubnet;
use crate::services::sagemaker::cluster::{
    BatchDeleteClusterNodes, CreateCluster, DeleteCluster, DescribeCluster, DescribeClusterNode,
    ListClusterNodes, ListClusters, UpdateCluster, UpdateClusterSoftware,
};
use crate::services::sagemaker::tags::{AddTags, ListTags};

/// When a fast cluster is in service, and when something else is done.
const READY: u64 = 2_000;
const SOON: u64 = 1_000;

fn of(name: &str) -> Value {
    json!({ "ClusterName": name })
}

fn group(name: &str, instance_type: &str, count: u32) -> Value {
    json!({
        "InstanceGroupName": name,
        "InstanceType": instance_type,
        "InstanceCount": count,
        "ExecutionRole": ROLE_ARN,
        "LifeCycleConfig": { "SourceS3Uri": "s3://sagemaker-scripts/base", "OnCreate": "on_create.sh" },
    })
}

impl Site {
    fn network(&self) -> Value {
        json!({ "Subnets": [self.subnet.to_string()], "SecurityGroupIds": [self.group.to_string()] })
    }

    fn cluster(&self, name: &str, groups: Value, edit: impl FnOnce(&mut Value)) -> Result<Value, Refused> {
        let mut request =
            json!({ "ClusterName": name, "InstanceGroups": groups, "VpcConfig": self.network() });
        edit(&mut request);
        self.lab.write::<CreateCluster>(request)
    }

    fn cluster_told(&self, name: &str) -> Value {
        self.lab.read::<DescribeCluster>(of(name)).unwrap()
    }

    fn status_of(&self, name: &str) -> String {
        self.assert_sound();
        self.cluster_told(name)["ClusterStatus"].as_str().unwrap().to_owned()
    }

    fn status_after(&self, millis: u64, name: &str) -> String {
        self.lab.advance(millis);
        self.status_of(name)
    }

    fn nodes(&self, name: &str) -> Vec<Value> {
        let told =
            self.lab.read::<ListClusterNodes>(json!({ "ClusterName": name, "MaxResults": 100 })).unwrap();
        told["ClusterNodeSummaries"].as_array().unwrap().clone()
    }

    fn ids(&self, name: &str) -> Vec<String> {
        self.nodes(name).iter().map(|node| node["InstanceId"].as_str().unwrap().to_owned()).collect()
    }

    fn counts(&self, name: &str) -> Vec<(u64, u64)> {
        let told = self.cluster_told(name);
        let groups = told["InstanceGroups"].as_array().unwrap().iter();
        groups
            .map(|group| (group["CurrentCount"].as_u64().unwrap(), group["TargetCount"].as_u64().unwrap()))
            .collect()
    }

    /// A failed call, by code and text.
    fn refused(&self, name: &str, groups: Value, edit: impl FnOnce(&mut Value)) -> (String, String) {
        let refused = self.cluster(name, groups, edit).unwrap_err();
        self.assert_sound();
        assert!(self.lab.interfaces().is_empty());
        (refused.code.into_owned(), refused.message)
    }
}

#[test]
fn each_instance_holds_an_address_until_the_cluster_is_gone() {
    let site = Site::new(Profile::Fast);
    let made = site
        .cluster("hp", json!([group("head", "ml.m5.large", 1), group("work", "ml.m5.large", 3)]), |_| {})
        .unwrap();
    let arn = made["ClusterArn"].as_str().unwrap().to_owned();
    let id = arn.rsplit('/').next().unwrap();
    assert!(id.len() == 12 && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{id}");
    assert_eq!((site.status_of("hp").as_str(), site.free()), ("Creating", 7));
    assert_eq!(site.counts("hp"), [(0, 1), (0, 3)]);
    assert!(site.nodes("hp").iter().all(|node| node["InstanceStatus"]["Status"] == "Pending"));
    assert_eq!(site.status_after(READY, "hp"), "InService");
    assert_eq!(site.counts("hp"), [(1, 1), (3, 3)]);
    // By ARN as well as by name.
    assert_eq!(site.cluster_told(&arn)["ClusterName"], "hp");

    let nodes = site.nodes("hp");
    assert_eq!(nodes.len(), 4);
    let asked = json!({ "ClusterName": "hp", "NodeId": nodes[0]["InstanceId"] });
    let node = site.lab.read::<DescribeClusterNode>(asked).unwrap()["NodeDetails"].clone();
    let address = node["PrivatePrimaryIp"].as_str().unwrap();
    let interfaces = site.lab.interfaces();
    assert!(interfaces.iter().any(|row| row.addresses[0].to_string() == address));
    assert_eq!(node["PrivateDnsHostname"], format!("ip-{}.ec2.internal", address.replace('.', "-")));
    assert_eq!(node["Placement"]["AvailabilityZone"], "us-east-1a");
    assert_eq!(node["InstanceStatus"], json!({ "Status": "Running" }));
    let logical = json!({ "ClusterName": "hp", "NodeLogicalId": node["NodeLogicalId"] });
    assert_eq!(site.lab.read::<DescribeClusterNode>(logical).unwrap()["NodeDetails"], node);

    let held = site.lab.write::<DeleteSubnet>(json!({ "SubnetId": site.subnet.to_string() })).unwrap_err();
    assert_eq!(held.code, "DependencyViolation");
    site.lab.write::<DeleteCluster>(of("hp")).unwrap();
    assert_eq!(site.status_of("hp"), "Deleting");
    let busy = site.lab.write::<DeleteCluster>(of("hp")).unwrap_err();
    assert_eq!(busy.code, "ConflictException");
    site.lab.advance(SOON);
    assert_eq!((site.lab.interfaces().len(), site.free()), (0, 11));
    let gone = site.lab.read::<DescribeCluster>(of("hp")).unwrap_err();
    assert_eq!((&*gone.code, &*gone.message), ("ValidationException", "Could not find cluster 'hp'."));
    site.assert_sound();
}

#[test]
fn groups_grow_shrink_come_and_go() {
    let site = Site::new(Profile::Fast);
    site.cluster("hp", json!([group("a", "ml.m5.large", 2), group("b", "ml.m5.large", 1)]), |_| {}).unwrap();
    let early = json!({ "ClusterName": "hp", "InstanceGroups": [group("a", "ml.m5.large", 3)] });
    assert_eq!(site.lab.write::<UpdateCluster>(early).unwrap_err().code, "ConflictException");
    site.lab.advance(READY);
    let first = site.ids("hp");
    let change = json!({ "ClusterName": "hp", "InstanceGroupsToDelete": ["b"],
        "InstanceGroups": [group("a", "ml.m5.large", 4), group("c", "ml.m5.large", 1)] });
    site.lab.write::<UpdateCluster>(change).unwrap();
    // What leaves is there until the end.
    assert_eq!((site.status_of("hp").as_str(), site.free()), ("Updating", 11 - 6));
    assert_eq!(site.status_after(READY, "hp"), "InService");
    assert_eq!((site.counts("hp"), site.free()), (vec![(4, 4), (1, 1)], 6));
    assert!(site.ids("hp").contains(&first[0]) && site.ids("hp").contains(&first[1]));
    let shrink = json!({ "ClusterName": "hp", "InstanceGroups": [group("a", "ml.m5.large", 1)] });
    site.lab.write::<UpdateCluster>(shrink).unwrap();
    assert_eq!(site.status_after(READY, "hp"), "InService");
    assert_eq!((site.counts("hp"), site.free()), (vec![(1, 1), (1, 1)], 9));
    assert!(site.ids("hp").contains(&first[0]), "the newest go first");

    for (change, code) in [
        (json!({ "InstanceGroups": [group("a", "ml.m5.xlarge", 1)] }), "ValidationException"),
        (json!({ "InstanceGroupsToDelete": ["zzz"] }), "ValidationException"),
        (
            json!({ "InstanceGroups": [group("a", "ml.m5.large", 1), group("a", "ml.m5.large", 2)] }),
            "ValidationException",
        ),
        (json!({ "NodeProvisioningMode": "Continuous" }), "NotImplemented"),
    ] {
        let mut change = change;
        change["ClusterName"] = json!("hp");
        let refused = site.lab.write::<UpdateCluster>(change.clone()).unwrap_err();
        assert_eq!(refused.code, code, "{change}");
        assert_eq!((site.status_of("hp").as_str(), site.free()), ("InService", 9));
    }
}

#[test]
fn without_room_it_rolls_back() {
    let site = Site::new(Profile::Fast);
    site.cluster("hp", json!([group("a", "ml.m5.large", 12)]), |_| {}).unwrap();
    assert_eq!(site.status_of("hp"), "Creating");
    assert!(site.cluster_told("hp").get("FailureMessage").is_none());
    assert_eq!(site.status_after(SOON, "hp"), "RollingBack");
    assert_eq!(site.status_after(SOON, "hp"), "Failed");
    let told = site.cluster_told("hp");
    let reason = told["FailureMessage"].as_str().unwrap();
    assert!(reason.contains("do not have enough free IP addresses"), "{reason}");
    assert!(reason.contains(": 11") && reason.contains("need 12"), "{reason}");
    assert_eq!(site.free(), 11);
    let key = JobKey::parse("cluster/hp").unwrap();
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!((why.status, why.decided_by), ("Failed", Some("SM-HP-IP-02")));
    let late = json!({ "ClusterName": "hp", "InstanceGroups": [group("a", "ml.m5.large", 1)] });
    assert_eq!(site.lab.write::<UpdateCluster>(late).unwrap_err().code, "ConflictException");
    site.lab.write::<DeleteCluster>(of("hp")).unwrap();
    site.lab.advance(SOON);

    // What cannot grow goes on with what it had.
    site.cluster("hp", json!([group("a", "ml.m5.large", 8)]), |_| {}).unwrap();
    site.lab.advance(READY);
    let before = site.ids("hp");
    let more = json!({ "ClusterName": "hp", "InstanceGroups": [group("a", "ml.m5.large", 12)] });
    site.lab.write::<UpdateCluster>(more).unwrap();
    assert_eq!(site.status_after(SOON, "hp"), "RollingBack");
    assert_eq!(site.status_after(SOON, "hp"), "InService");
    assert_eq!((site.ids("hp"), site.free(), site.counts("hp")), (before, 3, vec![(8, 8)]));
    assert!(site.cluster_told("hp")["FailureMessage"].as_str().unwrap().contains("need 4"));
}

#[test]
fn instances_take_an_address_for_each_network_card() {
    let site = Site::new(Profile::Instant);
    let wide = site.lab.subnet(site.vpc, "10.0.8.0/24");
    site.lab.edit(|state| {
        let id = state.groups.iter().flat_map(|group| &group.rules).next().unwrap().id;
        let out = SecurityGroupRule::all_traffic(id, Direction::Egress, Peer::Group(site.group));
        state.groups.update(&site.group, |group| group.rules.push(out));
    });
    let network = json!({ "Subnets": [wide.to_string()], "SecurityGroupIds": [site.group.to_string()] });
    let eks = json!({ "Eks": { "ClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/k" } });
    let taken = |instance_type: &str, orchestrator: Option<&Value>, interface: Option<&str>| {
        let mut group = group("g", instance_type, 1);
        if let Some(interface) = interface {
            group["NetworkInterface"] = json!({ "InterfaceType": interface });
        }
        site.cluster("hp", json!([group]), |request| {
            request["VpcConfig"] = network.clone();
            orchestrator.into_iter().for_each(|it| request["Orchestrator"] = it.clone());
        })
        .unwrap();
        assert_eq!(site.status_of("hp"), "InService", "{:?}", site.cluster_told("hp")["FailureMessage"]);
        let taken = 251 - site.lab.free(wide);
        let kinds: Vec<_> = site.lab.interfaces().iter().map(|row| row.interface_type).collect();
        site.lab.write::<DeleteCluster>(of("hp")).unwrap();
        assert_eq!(site.lab.free(wide), 251);
        (taken, kinds.len(), kinds.iter().filter(|kind| **kind == "efa-only").count())
    };
    assert_eq!(taken("ml.p5.48xlarge", None, None), (32, 32, 0));
    assert_eq!(taken("ml.p5.48xlarge", Some(&eks), None), (81, 32, 0));
    assert_eq!(taken("ml.p5.48xlarge", None, Some("efa-only")), (1, 32, 31));
    assert_eq!(taken("ml.p4d.24xlarge", None, None), (4, 4, 0));
    assert_eq!(taken("ml.m5.large", Some(&eks), None), (1, 1, 0));
}

#[test]
fn adapters_want_rules_that_name_the_group_itself() {
    let site = Site::new(Profile::Instant);
    // It lets everything out, which is not the same.
    site.cluster("hp", json!([group("g", "ml.p4d.24xlarge", 1)]), |_| {}).unwrap();
    assert_eq!(site.status_of("hp"), "Failed");
    assert_eq!(
        site.cluster_told("hp")["FailureMessage"],
        "EFA health checks did not run successfully. Ensure that your VPC and security groups are properly configured \
         before attempting to create a new cluster."
    );
    let key = JobKey::parse("cluster/hp").unwrap();
    assert_eq!(crate::jobs::explain(&site.lab.state(), &key).unwrap().decided_by, Some("SM-HP-EFA-03"));
    assert_eq!(site.free(), 11);
    // Other instances do without.
    site.cluster("plain", json!([group("g", "ml.g5.xlarge", 2)]), |_| {}).unwrap();
    assert_eq!(site.status_of("plain"), "InService");
}

const SCRIPTS: &str = "\" Note that multiple instances may be impacted.";

#[test]
fn lifecycle_scripts_have_to_be_in_reach() {
    let site = Site::new(Profile::Instant);
    site.lab.bucket("sagemaker-scripts");
    site.lab.object("sagemaker-scripts", "base/on_create.sh", Content::Bytes("#!/bin/bash".into()));
    site.cluster("good", json!([group("g", "ml.m5.large", 1)]), |_| {}).unwrap();
    assert_eq!(site.status_of("good"), "InService");
    let reason =
        |name: &str| site.cluster_told(name)["FailureMessage"].as_str().unwrap_or_default().to_owned();
    let failed = |name: &str, rule: &str| {
        assert_eq!(site.status_of(name), "Failed");
        let reason = reason(name);
        assert!(reason.starts_with("Instance i-") && reason.ends_with(SCRIPTS), "{reason}");
        assert!(reason.contains("Ensure the scripts exist in provided S3 path"), "{reason}");
        let key = JobKey::parse(&format!("cluster/{name}")).unwrap();
        assert_eq!(crate::jobs::explain(&site.lab.state(), &key).unwrap().decided_by, Some(rule));
    };
    let mut other = group("g", "ml.m5.large", 1);
    other["LifeCycleConfig"]["OnCreate"] = json!("missing.sh");
    site.cluster("missing", json!([other]), |_| {}).unwrap();
    failed("missing", "SM-F-S3-EMPTY");
    site.lab.grant(&["ec2:*", "logs:*"]);
    site.lab.edit(|state| {
        let endpoints: Vec<_> = state.vpc_endpoints.iter().map(|row| row.id).collect();
        endpoints.into_iter().for_each(|id| drop(state.remove_vpc_endpoint(id)));
    });
    site.cluster("shut", json!([group("g", "ml.m5.large", 1)]), |_| {}).unwrap();
    failed("shut", "SM-S3-NOPATH-01");
    // Without a VPC they come over the service's own network.
    site.cluster("outside", json!([group("g", "ml.m5.large", 2)]), |request| {
        request.as_object_mut().unwrap().remove("VpcConfig");
    })
    .unwrap();
    assert_eq!((site.status_of("outside").as_str(), site.nodes("outside").len()), ("InService", 2));
}

#[test]
fn a_script_that_fails_is_told_with_its_log() {
    let site = Site::new(Profile::Fast);
    let behaviour = Behaviour {
        kinds: vec![JobKind::Cluster],
        exit_code: 3,
        log: vec!["mounting".into()],
        failure: "no such file system".into(),
        ..Behaviour::default()
    };
    site.lab.declare(behaviour);
    let made = site.cluster("hp", json!([group("g", "ml.m5.large", 1)]), |_| {}).unwrap();
    let id = made["ClusterArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let node = site.ids("hp")[0].clone();
    site.lab.advance(READY);
    assert_eq!(site.status_after(SOON, "hp"), "Failed");
    let key = JobKey::parse("cluster/hp").unwrap();
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!(why.decided_by, Some("SM-F-ALGO"));
    let reason = site.cluster_told("hp")["FailureMessage"].as_str().unwrap().to_owned();
    assert!(reason.contains(&format!("log group '/aws/sagemaker/Clusters/hp/{id}'")), "{reason}");
    assert!(reason.contains(&format!("log stream 'LifecycleConfig/g/{node}'")), "{reason}");
    let state = site.lab.state();
    let streams: Vec<_> =
        state.clusters.iter().flat_map(|row| &row.log).map(|line| line.stream.to_string()).collect();
    assert_eq!(streams, [format!("LifecycleConfig/g/{node}")]);
}

#[test]
fn instances_are_deleted_and_their_software_replaced() {
    let site = Site::new(Profile::Fast);
    let mut head = group("head", "ml.m5.large", 1);
    head["SlurmConfig"] = json!({ "NodeType": "Controller" });
    site.cluster("hp", json!([head, group("work", "ml.m5.large", 3)]), |_| {}).unwrap();
    site.lab.advance(READY);
    let ids = site.ids("hp");
    let call = |ids: &[&str]| json!({ "ClusterName": "hp", "NodeIds": ids });
    let unknown = "i-0123456789abcdef0";

    let out = site.lab.write::<BatchDeleteClusterNodes>(call(&[&ids[0], &ids[3], unknown])).unwrap();
    assert_eq!(out["Successful"], json!([ids[3]]));
    let codes: Vec<_> = out["Failed"].as_array().unwrap().iter().map(|it| it["Code"].clone()).collect();
    assert_eq!(codes, ["NodeIdInUse", "NodeIdNotFound"]);
    assert_eq!((site.status_of("hp").as_str(), site.free()), ("Updating", 7));
    assert_eq!(site.status_after(READY, "hp"), "InService");
    assert_eq!((site.counts("hp"), site.free()), (vec![(1, 1), (2, 2)], 8));

    let logical = json!({ "ClusterName": "hp", "NodeLogicalIds": ["nobody"] });
    let out = site.lab.write::<BatchDeleteClusterNodes>(logical).unwrap();
    assert_eq!(out["FailedNodeLogicalIds"][0]["NodeLogicalId"], "nobody");
    assert_eq!(site.status_of("hp"), "InService");

    site.lab.write::<UpdateClusterSoftware>(of("hp")).unwrap();
    assert_eq!(site.status_of("hp"), "SystemUpdating");
    assert_eq!(site.status_after(READY, "hp"), "InService");
    assert!(site.nodes("hp").iter().all(|node| node["LastSoftwareUpdateTime"].is_i64()));
    let unnamed = site.lab.write::<BatchDeleteClusterNodes>(of("hp")).unwrap_err();
    assert_eq!(unnamed.code, "ValidationException");
}

#[test]
fn what_cannot_be_is_refused() {
    let site = Site::new(Profile::Instant);
    let plain = || group("g", "ml.m5.large", 1);
    let with = |edit: fn(&mut Value)| {
        let mut group = plain();
        edit(&mut group);
        json!([group])
    };
    let eks = json!({ "Eks": { "ClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/k" } });
    let bad = with(|group| group["LifeCycleConfig"]["SourceS3Uri"] = json!("s3://lifecycleconfig"));
    assert_eq!(
        site.refused("hp", bad, |_| {}).1,
        "Validation Error: SourceS3Uri s3://lifecycleconfig does not start with 's3://sagemaker'."
    );
    let nobody = with(|group| group["ExecutionRole"] = json!("arn:aws:iam::123456789012:role/Nobody"));
    assert!(site.refused("hp", nobody, |_| {}).1.starts_with("Could not assume role "));
    let unknown = site.refused("hp", json!([plain()]), |request| {
        request["VpcConfig"]["Subnets"] = json!(["subnet-0123456789abcdef0"]);
    });
    assert_eq!(unknown.1, "The subnet ID 'subnet-0123456789abcdef0' does not exist");
    let drop_vpc = |request: &mut Value| drop(request.as_object_mut().unwrap().remove("VpcConfig"));
    let own = site.network();
    type Edit<'a> = &'a dyn Fn(&mut Value);
    let nothing: Edit<'_> = &|_| {};
    let cases: Vec<(Value, Edit<'_>, &str)> = vec![
        (json!([]), nothing, "ValidationException"),
        (json!([plain(), plain()]), nothing, "ValidationException"),
        (
            with(|group| drop(group.as_object_mut().unwrap().remove("InstanceType"))),
            nothing,
            "ValidationException",
        ),
        (with(|group| group["MinInstanceCount"] = json!(1)), nothing, "NotImplemented"),
        (with(|group| group["AutoPatchConfig"] = json!({})), nothing, "NotImplemented"),
        (json!([plain()]), &|r| r["Orchestrator"] = json!({}), "ValidationException"),
        (json!([plain()]), &|r| r["NodeProvisioningMode"] = json!("Continuous"), "NotImplemented"),
        (json!([plain()]), &|r| r["AutoScaling"] = json!({ "Mode": "Enable" }), "NotImplemented"),
        (json!([plain()]), &|r| r["RestrictedInstanceGroups"] = json!([]), "NotImplemented"),
    ];
    for (groups, edit, code) in cases {
        let told = site.refused("hp", groups, edit);
        assert_eq!(told.0, code, "{}", told.1);
    }
    let without = site.refused("hp", json!([plain()]), |r| {
        drop_vpc(r);
        r["Orchestrator"] = eks;
    });
    assert!(without.1.contains("orchestrated by Amazon EKS"), "{}", without.1);
    let without = site.refused("hp", json!([plain()]), |r| {
        drop_vpc(r);
        r["InstanceGroups"][0]["OverrideVpcConfig"] = own;
    });
    assert!(without.1.starts_with("OverrideVpcConfig of the instance group g"), "{}", without.1);
    site.cluster("hp", json!([plain()]), |_| {}).unwrap();
    let twice = site.cluster("hp", json!([plain()]), |_| {}).unwrap_err();
    let text = "Resource Already Exists: Cluster with name hp already exists. Choose a different name.";
    assert_eq!((&*twice.code, &*twice.message), ("ResourceInUse", text));
    for asked in
        [json!({ "ClusterName": "hp" }), json!({ "ClusterName": "hp", "NodeId": "a", "NodeLogicalId": "b" })]
    {
        assert_eq!(site.lab.read::<DescribeClusterNode>(asked).unwrap_err().code, "ValidationException");
    }
    let node = json!({ "ClusterName": "hp", "NodeId": "i-0123456789abcdef0" });
    assert_eq!(site.lab.read::<DescribeClusterNode>(node).unwrap_err().code, "ResourceNotFound");
    let software = json!({ "ClusterName": "hp", "InstanceGroups": [{ "InstanceGroupName": "zzz" }] });
    assert_eq!(site.lab.write::<UpdateClusterSoftware>(software).unwrap_err().code, "ValidationException");
}

#[test]
fn a_group_may_have_a_network_of_its_own() {
    let site = Site::new(Profile::Instant);
    let other = site.lab.subnet_in(site.vpc, "10.0.4.0/28", 1);
    let mut far = group("far", "ml.m5.large", 2);
    far["OverrideVpcConfig"] =
        json!({ "Subnets": [other.to_string()], "SecurityGroupIds": [site.group.to_string()] });
    site.cluster("hp", json!([group("near", "ml.m5.large", 1), far.clone()]), |_| {}).unwrap();
    assert_eq!((site.status_of("hp").as_str(), site.free(), site.lab.free(other)), ("InService", 10, 9));
    assert_eq!(site.cluster_told("hp")["InstanceGroups"][1]["OverrideVpcConfig"], far["OverrideVpcConfig"]);
    let mut moved = far.clone();
    moved["OverrideVpcConfig"] = site.network();
    let refused = site.lab.write::<UpdateCluster>(json!({ "ClusterName": "hp", "InstanceGroups": [moved] }));
    assert!(refused.unwrap_err().message.starts_with("OverrideVpcConfig of the instance group far"));
    // What is not said again stays.
    let grown = json!({ "ClusterName": "hp", "InstanceGroups": [group("far", "ml.m5.large", 3)] });
    site.lab.write::<UpdateCluster>(grown).unwrap();
    assert_eq!((site.status_of("hp").as_str(), site.lab.free(other)), ("InService", 8));
    // Groups without one follow the first into its zone, although a subnet of another one has room.
    site.lab.write::<DeleteCluster>(of("hp")).unwrap();
    let both = json!([site.subnet.to_string(), other.to_string()]);
    let groups = json!([group("a", "ml.m5.large", 8), group("b", "ml.m5.large", 4)]);
    site.cluster("hp", groups, |request| request["VpcConfig"]["Subnets"] = both).unwrap();
    assert_eq!((site.status_of("hp").as_str(), site.free()), ("Failed", 11));
}

#[test]
fn the_role_of_a_group_makes_its_interfaces() {
    let site = Site::new(Profile::Instant);
    site.lab.grant(&["ec2:Describe*"]);
    site.cluster("hp", json!([group("g", "ml.m5.large", 1)]), |_| {}).unwrap();
    assert_eq!(site.status_of("hp"), "Failed");
    let reason = site.cluster_told("hp")["FailureMessage"].as_str().unwrap().to_owned();
    assert!(reason.contains("ec2:CreateNetworkInterface"), "{reason}");
    let key = JobKey::parse("cluster/hp").unwrap();
    assert_eq!(crate::jobs::explain(&site.lab.state(), &key).unwrap().decided_by, Some("SM-HP-ROLE-01"));
}

#[test]
fn lists_are_filtered_and_sorted_and_clusters_tagged() {
    let site = Site::new(Profile::Instant);
    let plan = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/tp";
    for (n, name) in ["beta", "alpha", "gamma"].into_iter().enumerate() {
        let mut group = group("g", "ml.m5.large", n as u32);
        if name == "alpha" {
            group["TrainingPlanArn"] = json!(plan);
        }
        site.cluster(name, json!([group]), |r| r["Tags"] = json!([{ "Key": "team", "Value": name }]))
            .unwrap();
        site.lab.advance(10);
    }
    let names = |request: Value| {
        let told = site.lab.read::<ListClusters>(request).unwrap();
        let all = told["ClusterSummaries"].as_array().unwrap().iter();
        all.map(|row| row["ClusterName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})), ["beta", "alpha", "gamma"]);
    assert_eq!(names(json!({ "SortBy": "NAME" })), ["alpha", "beta", "gamma"]);
    assert_eq!(
        names(json!({ "SortBy": "CREATION_TIME", "SortOrder": "Descending" })),
        ["gamma", "alpha", "beta"]
    );
    assert_eq!(names(json!({ "NameContains": "a", "MaxResults": 2 })), ["beta", "alpha"]);
    assert_eq!(names(json!({ "TrainingPlanArn": plan })), ["alpha"]);
    let page = site.lab.read::<ListClusters>(json!({ "MaxResults": 2 })).unwrap();
    assert_eq!(names(json!({ "MaxResults": 2, "NextToken": page["NextToken"] })), ["gamma"]);
    let arn = site.cluster_told("alpha")["ClusterArn"].clone();
    site.lab.write::<AddTags>(json!({ "ResourceArn": arn, "Tags": [{ "Key": "k", "Value": "v" }] })).unwrap();
    let tags = site.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap();
    assert_eq!(tags["Tags"].as_array().unwrap().len(), 2);
    let nodes = json!({ "ClusterName": "gamma", "IncludeNodeLogicalIds": true, "SortBy": "NAME",
        "InstanceGroupNameContains": "g", "SortOrder": "Descending", "MaxResults": 1 });
    let told = site.lab.read::<ListClusterNodes>(nodes).unwrap();
    assert!(told["ClusterNodeSummaries"][0]["NodeLogicalId"].is_string() && told["NextToken"].is_string());
    let none = json!({ "ClusterName": "gamma", "InstanceGroupNameContains": "zzz" });
    assert_eq!(site.lab.read::<ListClusterNodes>(none).unwrap()["ClusterNodeSummaries"], json!([]));
}
