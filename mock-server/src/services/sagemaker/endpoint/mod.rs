//! Endpoints.

mod capacity;
mod describe;
mod guardrails;
mod list;

pub use capacity::UpdateEndpointWeightsAndCapacities;
pub use describe::{DescribeEndpoint, resolved};
pub use list::ListEndpoints;

use super::error::SageMakerError;
use super::monitoring::MonitoringError;
use super::tags::{Tag, checked};
use super::{endpoint_config, exclusion, limit, model};
use crate::jobs::hosting::{self, NewEndpoint, deployed, rolling};
use crate::model::component::ComponentIndex;
use crate::model::monitoring::ScheduleIndex;
use crate::model::{
    DeployedVariant, Deployment, Document, Endpoint, EndpointConfig, EndpointStatus, State, Txn,
};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What errors call it.
const WHAT: &str = "endpoint";

/// The ARN of the endpoint with this name, be there one or not.
fn arn(caller: &Caller, name: &str) -> String {
    caller.arn("sagemaker", format_args!("endpoint/{name}"))
}

/// The endpoint with this name.
fn find(state: &State, caller: &Caller, name: &str) -> Result<Arc<Endpoint>, SageMakerError> {
    let unknown = || SageMakerError::Unknown { what: WHAT, arn: arn(caller, name) };
    state.endpoints.get(&name.into()).cloned().ok_or_else(unknown)
}

/// The endpoint with this name, if something can be done to it now.
fn at_rest(state: &State, caller: &Caller, name: &str) -> Result<Arc<Endpoint>, SageMakerError> {
    let endpoint = find(state, caller, name)?;
    if endpoint.status.is_under_way() {
        return Err(SageMakerError::EndpointInProgress { arn: endpoint.arn.clone() });
    }
    Ok(endpoint)
}

/// The endpoint with this name, if what it serves with can be changed now; and what that is.
pub(super) fn serving(
    state: &State,
    caller: &Caller,
    name: &str,
) -> Result<(Arc<Endpoint>, Deployment), SageMakerError> {
    let endpoint = at_rest(state, caller, name)?;
    match endpoint.serving.clone().filter(|_| endpoint.status != EndpointStatus::Failed) {
        Some(serving) => Ok((endpoint, serving)),
        None => Err(SageMakerError::EndpointFailed { arn: endpoint.arn.clone() }),
    }
}

/// The variants of a configuration as they would be deployed now.
///
/// # Errors
/// A model that was deleted since the configuration was made. That the call fails is assumed.
fn variants(
    state: &State,
    caller: &Caller,
    config: &EndpointConfig,
) -> Result<Vec<DeployedVariant>, SageMakerError> {
    let variants = config.variants.iter().map(|variant| {
        let model = variant.model.as_deref().map(|name| model::find(state, caller, name)).transpose()?;
        Ok(deployed(variant, model.as_deref(), config))
    });
    variants.collect()
}

/// Whether there may be the instances, and the memory, of a new deployment beside those that there are. `rolling`: how many more than
/// those of the one that it replaces there are at most if it comes in batches.
fn check_limits(
    state: &State,
    variants: &[DeployedVariant],
    rolling: Option<(&Deployment, u32)>,
) -> Result<(), SageMakerError> {
    let mut groups: Vec<_> =
        variants.iter().flat_map(|variant| variant.needs.instances.iter().cloned()).collect();
    let mut in_all = groups.iter().map(|group| u64::from(group.count)).sum();
    if let Some((serving, beside)) = rolling {
        in_all = u64::from(beside);
        let old = serving.variants.iter().flat_map(|variant| &variant.needs.instances);
        let old: Vec<_> = old.map(|group| &group.instance_type).collect();
        // Of another type there are all of them in the end.
        groups.iter_mut().filter(|group| old.contains(&&group.instance_type)).for_each(|group| {
            group.count = beside;
        });
    }
    limit::serverless(state, variants)?;
    limit::endpoint(state, &groups, in_all)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    endpoint_arn: String,
}

/// What a deployment configuration says of alarms: there are none here that could go off and roll a deployment back.
pub(super) const OF_ALARMS: &str = "DeploymentConfig.AutoRollbackConfiguration";

/// Tells that there are no alarms.
fn tell_policy(txn: &mut Txn<'_>, operation: &str, policy: Option<&Document>) {
    if policy.is_some_and(|policy| policy.get("AutoRollbackConfiguration").is_some()) {
        endpoint_config::tell_ignored(txn, operation, OF_ALARMS);
    }
}

pub struct CreateEndpoint;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    endpoint_name: String,
    endpoint_config_name: String,
    deployment_config: Option<Document>,
    tags: Option<Vec<Tag>>,
}

impl Operation for CreateEndpoint {
    const NAME: &'static str = "CreateEndpoint";
    type In = CreateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for CreateEndpoint {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<Out, SageMakerError> {
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let arn = arn(caller, &input.endpoint_name);
        let name: Arc<str> = input.endpoint_name.as_str().into();
        if txn.state.endpoints.contains(&name) {
            return Err(SageMakerError::Exists { what: WHAT, arn });
        }
        let config = endpoint_config::find(&txn.state, caller, &input.endpoint_config_name)?;
        let variants = variants(&txn.state, caller, &config)?;
        check_limits(&txn.state, &variants, None)?;
        let policy = input.deployment_config;
        guardrails::check(policy.as_deref(), &variants, None)?;
        tell_policy(txn, CreateEndpoint::NAME, policy.as_ref());
        hosting::create(txn, NewEndpoint { name, arn: arn.clone(), variants, config, policy, tags });
        Ok(Out { endpoint_arn: arn })
    }
}

pub struct UpdateEndpoint;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    endpoint_name: String,
    endpoint_config_name: String,
    retain_all_variant_properties: Option<bool>,
    exclude_retained_variant_properties: Option<Vec<VariantProperty>>,
    deployment_config: Option<Document>,
    retain_deployment_config: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VariantProperty {
    variant_property_type: String,
}

impl UpdateIn {
    fn retains(&self, property: &str) -> bool {
        let excluded = self.exclude_retained_variant_properties.iter().flatten();
        self.retain_all_variant_properties.unwrap_or(false)
            && !excluded.into_iter().any(|each| each.variant_property_type == property)
    }

    /// Takes over from what serves what the caller wants to keep.
    fn retain(&self, variants: &mut [DeployedVariant], config: &mut EndpointConfig, serving: &Deployment) {
        for variant in variants {
            let Some(old) = serving.variants.iter().find(|old| old.name == variant.name) else { continue };
            if self.retains("DesiredWeight") {
                variant.weight = old.weight;
            }
            if self.retains("DesiredInstanceCount")
                && let (Some(new), Some(old)) =
                    (variant.needs.instances.first_mut(), old.needs.instances.first())
            {
                new.count = old.count;
                let count = old.count;
                variant.needs.alternatives.iter_mut().for_each(|pool| pool.count = count);
            }
        }
        if self.retains("DataCaptureConfig")
            && let Some(request) = Arc::make_mut(&mut config.request).as_object_mut()
        {
            match serving.request.get("DataCaptureConfig") {
                Some(capture) => request.insert("DataCaptureConfig".to_owned(), capture.clone()),
                None => request.remove("DataCaptureConfig"),
            };
        }
    }
}

impl Operation for UpdateEndpoint {
    const NAME: &'static str = "UpdateEndpoint";
    type In = UpdateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateEndpoint {
    /// The configuration that serves has to be there still, as the new one has to be: observed in public issue
    /// threads.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateIn) -> Result<Out, SageMakerError> {
        let (endpoint, serving) = serving(&txn.state, caller, &input.endpoint_name)?;
        let mut config =
            EndpointConfig::clone(&*endpoint_config::find(&txn.state, caller, &input.endpoint_config_name)?);
        endpoint_config::find(&txn.state, caller, &serving.config)?;
        exclusion::check_update(&endpoint, &config)?;
        let mut variants = variants(&txn.state, caller, &config)?;
        input.retain(&mut variants, &mut config, &serving);
        let kept = endpoint.policy.clone().filter(|_| input.retain_deployment_config.unwrap_or(false));
        let policy = input.deployment_config.or(kept);
        guardrails::check(policy.as_deref(), &variants, Some(&serving))?;
        // The old instances go when the new ones serve, all of them or batch by batch. Source: developer guide,
        // "deployment-guardrails-blue-green" and "deployment-guardrails-rolling".
        let followed = policy.clone().filter(|_| !guardrails::are_without(&variants, &serving));
        let beside = rolling::peak(followed.as_deref(), &serving, &variants);
        check_limits(&txn.state, &variants, beside.map(|beside| (&serving, beside)))?;
        tell_policy(txn, UpdateEndpoint::NAME, followed.as_ref());
        if policy.is_some() && followed.is_none() {
            let message =
                "the deployment configuration is not followed: there is none for endpoints on Inf1 instances";
            txn.note("EndpointTraffic", endpoint.key().to_string(), None, message);
        }
        hosting::update(txn, &endpoint, variants, &config, followed);
        Ok(Out { endpoint_arn: endpoint.arn.clone() })
    }
}

/// The input of every operation that names one endpoint and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    endpoint_name: String,
}

pub struct DeleteEndpoint;
impl Operation for DeleteEndpoint {
    const NAME: &'static str = "DeleteEndpoint";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteEndpoint {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let endpoint = at_rest(&txn.state, caller, &input.endpoint_name)?;
        if txn.state.components.count(&ComponentIndex::Endpoint(endpoint.name.clone())) > 0 {
            return Err(SageMakerError::ComponentsLeft { arn: endpoint.arn.clone() });
        }
        if txn.state.monitoring_schedules.count(&ScheduleIndex::Endpoint(endpoint.name.clone())) > 0 {
            return Err(MonitoringError::EndpointMonitored { arn: endpoint.arn.clone() }.into());
        }
        hosting::delete(txn, &endpoint);
        Ok(Done {})
    }
}
