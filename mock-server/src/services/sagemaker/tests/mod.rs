//! Tests of SageMaker's operations and of the life of jobs behind them.

mod attempts;
mod automl;
mod behaviours;
mod capacity;
mod clusters;
mod data;
mod ends;
mod history;
mod hosting;
mod images;
mod keys;
mod kinds;
mod life;
mod logs;
mod models;
mod monitoring;
mod mutation;
mod notebooks;
mod pipelines;
mod properties;
mod refusals;
mod registry;
mod search;
mod stuck;
mod studio;
mod telling;
mod traffic;
mod tuning;

use super::compilation::Compilation;
use super::job::{Create, Delete, Describe, Kind, Stop};
use super::model::CreateModel;
use super::processing::Processing;
use super::training::Training;
use super::transform::Transform;
use crate::model::{Defaults, Job, JobKey, JobKind, Profile, SecurityGroupId, SubnetId, Tenancy, VpcId};
use crate::services::Refused;
use crate::services::lab::{Lab, ROLE_ARN};
use serde_json::{Value, json};
use std::sync::Arc;

/// An image of the user's own.
const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1";

/// One kind of job as its operations are called.
#[derive(Clone, Copy)]
struct Kit {
    kind: JobKind,
    create: fn(&Lab, Value) -> Result<Value, Refused>,
    describe: fn(&Lab, Value) -> Result<Value, Refused>,
    stop: fn(&Lab, Value) -> Result<Value, Refused>,
    delete: fn(&Lab, Value) -> Result<Value, Refused>,
    name: &'static str,
    status: &'static str,
}

impl Kit {
    fn of<K: Kind>() -> Self {
        Self {
            kind: K::KIND,
            create: Lab::write::<Create<K>>,
            describe: Lab::read::<Describe<K>>,
            stop: Lab::write::<Stop<K>>,
            delete: Lab::write::<Delete<K>>,
            name: K::WORDS.name,
            status: K::WORDS.status,
        }
    }

    fn named(&self, name: &str) -> Value {
        json!({ self.name: name })
    }
}

fn kits() -> [Kit; 4] {
    [Kit::of::<Training>(), Kit::of::<Processing>(), Kit::of::<Transform>(), Kit::of::<Compilation>()]
}

fn kit(kind: JobKind) -> Kit {
    kits().into_iter().find(|kit| kit.kind == kind).unwrap()
}

/// An account with one VPC, one /28 and one group.
struct Site {
    lab: Lab,
    vpc: VpcId,
    subnet: SubnetId,
    group: SecurityGroupId,
}

impl Site {
    fn new(profile: Profile) -> Self {
        Self::with(Defaults { profile, ..Defaults::default() })
    }

    fn with(defaults: Defaults) -> Self {
        let lab = Lab::with_defaults(defaults);
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

    /// A request for a job of any kind; a compilation job has one instance whatever is asked. The model of a transform
    /// job is made along with it.
    fn job(&self, kit: Kit, name: &str, instances: u32, in_vpc: bool) -> Value {
        let vpc =
            json!({ "SecurityGroupIds": [self.group.to_string()], "Subnets": [self.subnet.to_string()] });
        let (mut request, place) = match kit.kind {
            JobKind::Training => (request(name, instances), "/VpcConfig"),
            JobKind::Processing => (processing(name, instances), "/NetworkConfig/VpcConfig"),
            JobKind::Compilation => (compilation(name), "/VpcConfig"),
            JobKind::Transform => (transform(name, instances, if in_vpc { "inside" } else { "outside" }), ""),
            JobKind::Hosting | JobKind::Notebook | JobKind::Cluster => panic!("neither is a job"),
        };
        if kit.kind == JobKind::Transform {
            let mut model = json!({ "ModelName": request["ModelName"], "ExecutionRoleArn": ROLE_ARN,
                "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz" } });
            if in_vpc {
                model["VpcConfig"] = vpc;
            }
            // It may be there already.
            let _ = self.lab.write::<CreateModel>(model);
        } else if in_vpc {
            let (parent, member) = place.rsplit_once('/').unwrap();
            request.pointer_mut(parent).unwrap()[member] = vpc;
        }
        request
    }

    fn row(&self, kit: Kit, name: &str) -> Option<Arc<Job>> {
        self.lab.state().jobs.get(&JobKey { kind: kit.kind, name: name.into() }).cloned()
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
pub(in crate::services) fn request(name: &str, instances: u32) -> Value {
    json!({
        "TrainingJobName": name,
        "AlgorithmSpecification": { "TrainingImage": IMAGE, "TrainingInputMode": "File" },
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

pub(in crate::services) fn processing(name: &str, instances: u32) -> Value {
    json!({
        "ProcessingJobName": name,
        "ProcessingInputs": [{ "InputName": "in", "S3Input": { "S3Uri": "s3://data/in", "S3DataType": "S3Prefix",
            "LocalPath": "/opt/ml/processing/in" } }],
        "ProcessingResources": { "ClusterConfig":
            { "InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10 } },
        "AppSpecification": { "ImageUri": IMAGE },
        "NetworkConfig": {},
        "RoleArn": ROLE_ARN,
    })
}

pub(in crate::services) fn transform(name: &str, instances: u32, model: &str) -> Value {
    json!({
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": { "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://data/in" } } },
        "TransformOutput": { "S3OutputPath": "s3://data/out" },
        "TransformResources": { "InstanceType": "ml.m5.large", "InstanceCount": instances },
    })
}

pub(in crate::services) fn compilation(name: &str) -> Value {
    json!({
        "CompilationJobName": name,
        "RoleArn": ROLE_ARN,
        "InputConfig": { "S3Uri": "s3://data/model.tar.gz", "Framework": "PYTORCH" },
        "OutputConfig": { "S3OutputLocation": "s3://data/compiled", "TargetDevice": "ml_c5" },
        "StoppingCondition": { "MaxRuntimeInSeconds": 900 },
    })
}

/// The secondary statuses and messages of a described job.
fn transitions(described: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = described["SecondaryStatusTransitions"].as_array().unwrap();
    all.iter().map(|each| (text(&each["Status"]), text(&each["StatusMessage"]))).collect()
}

/// Endpoints, for the tests of who calls them.
pub(in crate::services) mod endpoints {
    use super::*;
    use crate::services::sagemaker::component;
    use crate::services::sagemaker::endpoint::{
        CreateEndpoint, DeleteEndpoint, DescribeEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities,
    };
    use crate::services::sagemaker::endpoint_config::CreateEndpointConfig;

    pub fn create_model(lab: &Lab, request: Value) {
        lab.write::<CreateModel>(request).unwrap();
    }

    /// An endpoint and its configuration.
    pub fn create(lab: &Lab, name: &str, config: Value) {
        let config_name = config["EndpointConfigName"].clone();
        lab.write::<CreateEndpointConfig>(config).unwrap();
        lab.write::<CreateEndpoint>(json!({ "EndpointName": name, "EndpointConfigName": config_name }))
            .unwrap();
    }

    pub fn config(lab: &Lab, request: Value) {
        lab.write::<CreateEndpointConfig>(request).unwrap();
    }

    pub fn update(lab: &Lab, request: Value) {
        lab.write::<UpdateEndpoint>(request).unwrap();
    }

    pub fn describe(lab: &Lab, name: &str) -> Value {
        lab.read::<DescribeEndpoint>(json!({ "EndpointName": name })).unwrap()
    }

    pub fn scale(lab: &Lab, name: &str, variant: &str, instances: u32) {
        let desired = json!([{ "VariantName": variant, "DesiredInstanceCount": instances }]);
        let request = json!({ "EndpointName": name, "DesiredWeightsAndCapacities": desired });
        lab.write::<UpdateEndpointWeightsAndCapacities>(request).unwrap();
    }

    /// One of the operations on inference components, by its first word or two.
    pub fn component(lab: &Lab, what: &str, request: Value) -> Result<Value, Refused> {
        match what {
            "Create" => lab.write::<component::CreateInferenceComponent>(request),
            "Update" => lab.write::<component::UpdateInferenceComponent>(request),
            "Copies" => lab.write::<component::UpdateInferenceComponentRuntimeConfig>(request),
            "Delete" => lab.write::<component::DeleteInferenceComponent>(request),
            "List" => lab.read::<component::ListInferenceComponents>(request),
            _ => lab.read::<component::DescribeInferenceComponent>(request),
        }
    }

    pub fn try_delete(lab: &Lab, name: &str) -> Result<Value, Refused> {
        lab.write::<DeleteEndpoint>(json!({ "EndpointName": name }))
    }

    pub fn delete(lab: &Lab, name: &str) {
        lab.write::<DeleteEndpoint>(json!({ "EndpointName": name })).unwrap();
    }
}
