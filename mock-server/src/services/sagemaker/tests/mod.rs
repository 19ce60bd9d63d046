//! Tests of SageMaker's operations and of the life of jobs behind them.

mod hosting;
mod life;
mod models;
mod properties;
mod refusals;
mod telling;

use super::job::{Create, Delete, Describe, Stop};
use super::training::Training;
use crate::model::{Profile, SecurityGroupId, SubnetId, Tenancy, VpcId};
use crate::services::Refused;
use crate::services::lab::{Lab, ROLE_ARN};
use serde_json::{Value, json};

/// An account with one VPC, one /28 and one group.
struct Site {
    lab: Lab,
    vpc: VpcId,
    subnet: SubnetId,
    group: SecurityGroupId,
}

impl Site {
    fn new(profile: Profile) -> Self {
        let lab = Lab::new(profile);
        let vpc = lab.vpc(Tenancy::Default);
        let (subnet, group) = (lab.subnet(vpc, "10.0.0.0/28"), lab.group(vpc));
        Self { lab, vpc, subnet, group }
    }

    /// A request for a job in the site's subnet.
    fn request(&self, name: &str, instances: u32) -> Value {
        let mut request = request(name, instances);
        request["VpcConfig"] = json!({
            "SecurityGroupIds": [self.group.to_string()],
            "Subnets": [self.subnet.to_string()],
        });
        request
    }

    fn create(&self, request: Value) -> Result<Value, Refused> {
        self.lab.write::<Create<Training>>(request)
    }

    fn describe(&self, name: &str) -> Value {
        self.lab.read::<Describe<Training>>(named(name)).unwrap()
    }

    fn stop(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<Stop<Training>>(named(name))
    }

    fn delete(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<Delete<Training>>(named(name))
    }

    fn free(&self) -> u32 {
        self.lab.free(self.subnet)
    }

    /// What must hold at every moment.
    fn assert_sound(&self) {
        assert_eq!(self.lab.state().broken_invariants(), Vec::<String>::new());
    }
}

fn named(name: &str) -> Value {
    json!({ "TrainingJobName": name })
}

/// A request for a job without a VPC.
fn request(name: &str, instances: u32) -> Value {
    json!({
        "TrainingJobName": name,
        "AlgorithmSpecification": { "TrainingImage": "image:1", "TrainingInputMode": "File" },
        "RoleArn": ROLE_ARN,
        "InputDataConfig": [{
            "ChannelName": "train",
            "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://data/train" } },
        }],
        "OutputDataConfig": { "S3OutputPath": "s3://data/models/" },
        "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 10 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 3600 },
    })
}

/// The secondary statuses and messages of a described job.
fn transitions(described: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = described["SecondaryStatusTransitions"].as_array().unwrap();
    all.iter().map(|each| (text(&each["Status"]), text(&each["StatusMessage"]))).collect()
}
