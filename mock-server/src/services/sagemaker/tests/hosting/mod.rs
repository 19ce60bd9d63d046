//! Endpoints, from the configuration to the last of their interfaces.

mod documented;
mod life;
mod properties;
mod refusals;
mod rolling;
mod scale;
mod traffic;

use super::IMAGE;
use crate::model::{
    Defaults, Endpoint, NetworkInterface, Owner, Profile, SecurityGroupId, SubnetId, Tenancy, VpcId,
};
use crate::services::Refused;
use crate::services::lab::{Lab, ROLE_ARN};
use crate::services::sagemaker::endpoint::{
    CreateEndpoint, DeleteEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint,
    UpdateEndpointWeightsAndCapacities,
};
use crate::services::sagemaker::endpoint_config::{CreateEndpointConfig, DeleteEndpointConfig};
use crate::services::sagemaker::model::{CreateModel, DeleteModel};
use serde_json::{Value, json};
use std::sync::Arc;

/// How long the interfaces of a deleted endpoint stay, in milliseconds.
const LINGER: u64 = 300_000;
/// When a fast endpoint is in service.
const READY: u64 = 3_000;
/// When a fast endpoint is gone.
const GONE: u64 = 500;

/// An account with one VPC, a /28 in each of two zones and one group; a model "m" that is given all of these.
struct House {
    lab: Lab,
    vpc: VpcId,
    subnets: [SubnetId; 2],
    group: SecurityGroupId,
}

impl House {
    fn new(profile: Profile) -> Self {
        Self::with(Defaults { profile, ..Defaults::default() })
    }

    fn with(defaults: Defaults) -> Self {
        let lab = Lab::with_defaults(defaults);
        let vpc = lab.vpc(Tenancy::Default);
        let subnets = [lab.subnet_in(vpc, "10.0.0.0/28", 0), lab.subnet_in(vpc, "10.0.1.0/28", 1)];
        let house = Self { group: lab.group(vpc), lab, vpc, subnets };
        house.model("m", &house.subnets, false).unwrap();
        house
    }

    fn model(&self, name: &str, subnets: &[SubnetId], isolated: bool) -> Result<Value, Refused> {
        let subnets: Vec<_> = subnets.iter().map(ToString::to_string).collect();
        self.lab.write::<CreateModel>(json!({
            "ModelName": name,
            "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://models/m.tar.gz" },
            "ExecutionRoleArn": ROLE_ARN,
            "VpcConfig": { "Subnets": subnets, "SecurityGroupIds": [self.group.to_string()] },
            "EnableNetworkIsolation": isolated,
        }))
    }

    /// A model outside of any VPC.
    fn model_outside(&self, name: &str) {
        let container = json!({ "Image": IMAGE, "ModelDataUrl": "s3://models/m.tar.gz" });
        let request =
            json!({ "ModelName": name, "PrimaryContainer": container, "ExecutionRoleArn": ROLE_ARN });
        self.lab.write::<CreateModel>(request).unwrap();
    }

    /// A configuration with one variant.
    fn config(&self, name: &str, model: &str, instances: u32) -> Result<Value, Refused> {
        self.lab.write::<CreateEndpointConfig>(json!({
            "EndpointConfigName": name,
            "ProductionVariants": [variant("AllTraffic", model, instances)],
        }))
    }

    fn create(&self, name: &str, config: &str) -> Result<Value, Refused> {
        self.lab.write::<CreateEndpoint>(json!({ "EndpointName": name, "EndpointConfigName": config }))
    }

    fn update(&self, name: &str, config: &str) -> Result<Value, Refused> {
        self.lab.write::<UpdateEndpoint>(json!({ "EndpointName": name, "EndpointConfigName": config }))
    }

    /// Weights and capacities.
    fn change(&self, name: &str, desired: Value) -> Result<Value, Refused> {
        self.lab.write::<UpdateEndpointWeightsAndCapacities>(json!({
            "EndpointName": name, "DesiredWeightsAndCapacities": desired,
        }))
    }

    /// So many instances for the only variant.
    fn scale(&self, name: &str, instances: u32) -> Result<Value, Refused> {
        self.change(name, json!([{ "VariantName": "AllTraffic", "DesiredInstanceCount": instances }]))
    }

    fn delete(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<DeleteEndpoint>(json!({ "EndpointName": name }))
    }

    fn delete_config(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<DeleteEndpointConfig>(json!({ "EndpointConfigName": name }))
    }

    fn delete_model(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<DeleteModel>(json!({ "ModelName": name }))
    }

    fn describe(&self, name: &str) -> Value {
        self.try_describe(name).unwrap()
    }

    fn try_describe(&self, name: &str) -> Result<Value, Refused> {
        self.lab.read::<DescribeEndpoint>(json!({ "EndpointName": name }))
    }

    fn status(&self, name: &str) -> String {
        self.describe(name)["EndpointStatus"].as_str().unwrap().to_owned()
    }

    fn row(&self, name: &str) -> Arc<Endpoint> {
        self.lab.state().endpoints.get(&name.into()).unwrap().clone()
    }

    /// An endpoint of so many instances that is in service.
    fn in_service(&self, name: &str, instances: u32) {
        let config = format!("{name}-{instances}");
        self.config(&config, "m", instances).unwrap();
        self.create(name, &config).unwrap();
        self.lab.advance(READY);
        assert_eq!(self.status(name), "InService");
    }

    /// Free addresses in the two subnets.
    fn free(&self) -> [u32; 2] {
        self.subnets.map(|subnet| self.lab.free(subnet))
    }

    fn interfaces_of(&self, endpoint: &str) -> Vec<Arc<NetworkInterface>> {
        let is_its = |owner: &Option<Owner>| matches!(owner, Some(Owner::Fleet(fleet)) if &*fleet.endpoint == endpoint);
        self.lab.interfaces().into_iter().filter(|interface| is_its(&interface.owner)).collect()
    }

    fn explain(&self, name: &str) -> crate::jobs::Explanation {
        crate::jobs::explain(&self.lab.state(), &self.row(name).key()).unwrap()
    }

    /// What must hold at every moment.
    fn assert_sound(&self) {
        assert_eq!(self.lab.state().broken_invariants(), Vec::<String>::new());
    }

    /// Nothing of any endpoint is left.
    fn assert_empty(&self) {
        self.assert_sound();
        let state = self.lab.state();
        assert_eq!((state.endpoints.len(), state.interfaces.len(), state.timers.len()), (0, 0, 0));
        assert!(state.subnets.iter().all(|subnet| subnet.addresses.taken().next().is_none()));
    }
}

fn variant(name: &str, model: &str, instances: u32) -> Value {
    json!({
        "VariantName": name, "ModelName": model,
        "InstanceType": "ml.m5.large", "InitialInstanceCount": instances,
    })
}
