//! UpdateEndpointWeightsAndCapacities.

use super::super::error::SageMakerError;
use super::super::limit;
use super::{Out, serving};
use crate::jobs::hosting::{self, Capacity};
use crate::model::{DeployedVariant, Deployment, Document, InstanceGroup, State, Txn};
use crate::services::{Caller, Operation, Write};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub struct UpdateEndpointWeightsAndCapacities;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    endpoint_name: String,
    desired_weights_and_capacities: Vec<Desired>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Desired {
    variant_name: String,
    desired_weight: Option<f64>,
    desired_instance_count: Option<u32>,
    serverless_update_config: Option<Document>,
}

impl Operation for UpdateEndpointWeightsAndCapacities {
    const NAME: &'static str = "UpdateEndpointWeightsAndCapacities";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateEndpointWeightsAndCapacities {
    /// The reference speaks of the weights of several variants or of the capacity of one; that a call may change both,
    /// and the capacities of several, is assumed.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: In) -> Result<Out, SageMakerError> {
        let (endpoint, serving) = serving(&txn.state, caller, &input.endpoint_name)?;
        let all = &input.desired_weights_and_capacities;
        check_names(all, &serving)?;
        let wanted = serving.variants.iter().map(|variant| {
            match all.iter().find(|desired| desired.variant_name == variant.name) {
                Some(desired) => desired.of(variant, &serving),
                None => Ok(Capacity::of(variant)),
            }
        });
        let wanted: Vec<Capacity> = wanted.collect::<Result<_, _>>()?;
        check_limits(&txn.state, &serving, &wanted)?;
        hosting::scale(txn, &endpoint, wanted);
        Ok(Out { endpoint_arn: endpoint.arn.clone() })
    }
}

/// Whether there may be the instances by which an endpoint grows; that its quota of instances counts what it is to have
/// is assumed.
fn check_limits(state: &State, serving: &Deployment, wanted: &[Capacity]) -> Result<(), SageMakerError> {
    let more = serving.variants.iter().zip(wanted).filter_map(|(variant, wanted)| {
        let group = variant.needs.instances.first()?;
        Some(InstanceGroup { count: wanted.instances?.saturating_sub(group.count), ..group.clone() })
    });
    let more: Vec<_> = more.collect();
    limit::endpoint(state, &more, wanted.iter().filter_map(|wanted| wanted.instances).map(u64::from).sum())
}

/// Every name is that of a variant, and is given once.
fn check_names(all: &[Desired], serving: &Deployment) -> Result<(), SageMakerError> {
    let known = |name: &str| serving.variants.iter().any(|variant| variant.name == name);
    let names: Vec<_> = all.iter().map(|desired| &*desired.variant_name).collect();
    let unknown: Vec<_> = names.iter().copied().filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        let (names, config) = (unknown.join(", "), serving.config.to_string());
        return Err(SageMakerError::UnknownVariants { names, config });
    }
    let mut seen = BTreeSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(SageMakerError::VariantNamedTwice { name: name.to_owned() }),
        None => Ok(()),
    }
}

fn refused(variant: &str, why: &'static str) -> SageMakerError {
    SageMakerError::VariantUpdate { variant: variant.to_owned(), why }
}

impl Desired {
    /// What a variant is to have.
    ///
    /// # Errors
    /// What fits no variant of its kind. That only asynchronous endpoints and those of inference components do without
    /// instances: developer guide, "async-inference-autoscale" and "endpoint-auto-scaling-zero-instances".
    fn of(&self, variant: &DeployedVariant, serving: &Deployment) -> Result<Capacity, SageMakerError> {
        let refuse = |why| Err(refused(&variant.name, why));
        let held = Capacity::of(variant);
        if self.desired_instance_count.is_some() && held.serverless.is_some() {
            return refuse("a serverless variant has no DesiredInstanceCount");
        }
        let may_be_empty = variant.request.get("ModelName").is_none()
            || serving.request.get("AsyncInferenceConfig").is_some();
        if self.desired_instance_count == Some(0) && !may_be_empty {
            return refuse("DesiredInstanceCount must be at least 1 for a variant that answers at once");
        }
        let serverless = match (&self.serverless_update_config, held.serverless) {
            (None, held) => held,
            (Some(_), None) => return refuse("ServerlessUpdateConfig is for serverless variants only"),
            (Some(update), Some(held)) => Some(merged(&held, update)),
        };
        let number = |name: &str| serverless.as_ref().and_then(|config| config[name].as_u64());
        if number("ProvisionedConcurrency") > number("MaxConcurrency") {
            return refuse("ProvisionedConcurrency must not be greater than MaxConcurrency");
        }
        Ok(Capacity {
            weight: self.desired_weight.unwrap_or(held.weight),
            instances: self.desired_instance_count.or(held.instances),
            serverless,
            gone: Vec::new(),
        })
    }
}

/// A document with the members of another one in place of its own.
fn merged(document: &Document, update: &Document) -> Document {
    let mut merged = Value::clone(document);
    if let (Some(all), Some(new)) = (merged.as_object_mut(), update.as_object()) {
        all.extend(new.clone());
    }
    Arc::new(merged)
}
