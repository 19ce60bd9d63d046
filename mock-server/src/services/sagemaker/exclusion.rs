//! What serverless variants, asynchronous endpoints, shadow variants and managed scaling exclude. Source: developer guide,
//! "serverless-endpoints", "shadow-tests-exclusions"; service model.

use super::error::VariantError;
use crate::model::compute;
use crate::model::{Endpoint, EndpointConfig, SageModel, Variant};
use serde_json::Value;
use std::sync::Arc;

/// What is asked for: a configuration's variants with their models, and all that the caller said.
pub struct Asked<'a> {
    pub variants: &'a [Variant],
    /// In the order of the variants; those of inference components are to come.
    pub models: &'a [Option<Arc<SageModel>>],
    pub request: &'a Value,
    pub in_vpc: bool,
    pub isolated: bool,
    /// Whether there is a role for what inference components bring.
    pub has_role: bool,
}

/// Looks for what does not go together.
///
/// # Errors
/// The first that is found.
pub fn check(asked: &Asked<'_>) -> Result<(), VariantError> {
    let is_async = asked.request.get("AsyncInferenceConfig").is_some();
    let serverless: Vec<_> = asked.variants.iter().filter(|variant| variant.instances.is_none()).collect();
    if !serverless.is_empty() {
        exclude_of_serverless(asked, is_async)?;
        serverless.iter().try_for_each(|variant| sizes(&variant.request["ServerlessConfig"]))?;
    }
    storage(asked)?;
    components(asked)?;
    asked.variants.iter().try_for_each(scaling)?;
    asked.variants.iter().try_for_each(routing)?;
    let clarify = asked.request.pointer("/ExplainerConfig/ClarifyExplainerConfig");
    let features = clarify.and_then(|it| it.pointer("/InferenceConfig/FeatureTypes")?.as_array());
    if features.is_some_and(|all| all.iter().all(|feature| feature != "text")) {
        return Err(VariantError::NoTextFeature);
    }
    let baseline = clarify.and_then(|it| it.pointer("/ShapConfig/ShapBaselineConfig"));
    if baseline.is_some_and(|it| it.get("ShapBaseline").is_some() && it.get("ShapBaselineUri").is_some()) {
        return Err(VariantError::TwoBaselines);
    }
    if is_async && asked.variants.len() > 1 {
        return Err(VariantError::Async { feature: "Multiple production variants" });
    }
    if asked.variants.iter().any(|variant| variant.shadow) {
        let models = || asked.models.iter().flatten();
        let found = [
            ("Multi-container endpoints", models().any(|model| model.hosted().len() > 1)),
            ("Multi-model endpoints", models().any(|model| has_many(model))),
            ("Endpoints that use Inf1 instances", asked.variants.iter().any(on_inf1)),
        ];
        first(&found).map_or(Ok(()), |feature| Err(VariantError::Shadow { feature }))?;
    }
    if asked.request.get("CrossRegionTrafficConfig").is_some() {
        let found = [("serverless variants", !serverless.is_empty()), ("AsyncInferenceConfig", is_async)];
        first(&found).map_or(Ok(()), |feature| Err(VariantError::Traffic { feature }))?;
    }
    Ok(())
}

fn first(found: &[(&'static str, bool)]) -> Option<&'static str> {
    found.iter().find(|(_, found)| *found).map(|(feature, _)| *feature)
}

/// Whether a container of a model has many models.
fn has_many(model: &SageModel) -> bool {
    model.hosted().iter().any(|container| container.models.is_some())
}

fn on_inf1(variant: &Variant) -> bool {
    variant.types().any(compute::is_inf1)
}

/// Local storage takes the place of a volume. Source: public issues of VolumeSizeInGB.
fn storage(asked: &Asked<'_>) -> Result<(), VariantError> {
    let sized = asked.variants.iter().filter(|variant| variant.request.get("VolumeSizeInGB").is_some());
    let mut types = sized.flat_map(Variant::types);
    match types.find(|name| compute::has_storage(name) == Some(true)) {
        Some(name) => Err(VariantError::VolumeWithStorage { instance_type: name.to_owned() }),
        None => Ok(()),
    }
}

/// What inference components run in and as is said by the configuration; of other variants their models say it.
fn components(asked: &Asked<'_>) -> Result<(), VariantError> {
    let bare = asked.variants.iter().find(|variant| variant.model.is_none());
    match bare {
        Some(variant) if !asked.has_role => {
            Err(VariantError::RoleOfComponents { variant: variant.name.clone() })
        }
        None if asked.isolated => Err(VariantError::IsolationOfModel),
        _ => Ok(()),
    }
}

fn exclude_of_serverless(asked: &Asked<'_>, is_async: bool) -> Result<(), VariantError> {
    let models = || asked.models.iter().flatten();
    let capture = asked.request.pointer("/DataCaptureConfig");
    let found = [
        ("network isolation", asked.isolated || models().any(|model| model.network_isolation)),
        ("VPC configuration", asked.in_vpc || models().any(|model| model.vpc.is_some())),
        ("data capture", capture.is_some_and(|capture| capture["EnableCapture"] != false)),
        ("asynchronous inference", is_async),
        ("more than one production variant", asked.variants.len() > 1),
        ("a container with ModelDataSource", models().any(|model| model.has_data_source())),
        ("a multi-model container", models().any(|model| has_many(model))),
        ("an inference pipeline", models().any(|model| model.hosted().len() > 1)),
    ];
    first(&found).map_or(Ok(()), |feature| Err(VariantError::Serverless { feature }))
}

fn sizes(config: &Value) -> Result<(), VariantError> {
    let number = |name: &str| config[name].as_u64();
    match (number("ProvisionedConcurrency"), number("MaxConcurrency")) {
        (Some(provisioned), Some(most)) if provisioned > most => {
            Err(VariantError::ServerlessConcurrency { provisioned, most })
        }
        _ => Ok(()),
    }
}

/// What is wrong with the managed scaling of a variant, if it has some.
fn scaling(variant: &Variant) -> Result<(), VariantError> {
    let scaling = &variant.request["ManagedInstanceScaling"];
    if scaling["Status"] != "ENABLED" {
        return Ok(());
    }
    if variant.model.is_some() {
        return Err(VariantError::ScalingOfModel);
    }
    let bound = |name: &str| scaling[name].as_u64();
    let (least, most) = (bound("MinInstanceCount"), bound("MaxInstanceCount"));
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        return Err(VariantError::ScalingBounds { least, most });
    }
    let (least, most) = (least.unwrap_or(0), most.unwrap_or(u64::MAX));
    match &variant.instances {
        Some(group) if !(least..=most).contains(&group.count.into()) => {
            Err(VariantError::ScalingInitial { count: group.count, variant: variant.name.clone() })
        }
        _ => Ok(()),
    }
}

/// What is wrong with how requests to a variant are routed. Source: API reference, ProductionVariantRoutingConfig and
/// PrefixAwareRoutingConfig.
fn routing(variant: &Variant) -> Result<(), VariantError> {
    let config = &variant.request["RoutingConfig"];
    let prefix = &config["PrefixAwareRoutingConfig"];
    let name = || variant.name.clone();
    if config["RoutingStrategy"] != "PREFIX_AWARE" {
        return if prefix.is_null() { Ok(()) } else { Err(VariantError::PrefixUnasked { variant: name() }) };
    }
    match ["PrefixLength", "ConcurrencyThreshold"].into_iter().find(|member| prefix[*member].is_null()) {
        Some(member) => Err(VariantError::PrefixLacks { member, variant: name() }),
        None => Ok(()),
    }
}

/// Whether an endpoint may be updated to this configuration.
///
/// # Errors
/// What cannot change.
pub fn check_update(endpoint: &Endpoint, config: &EndpointConfig) -> Result<(), VariantError> {
    let Some(serving) = &endpoint.serving else { return Ok(()) };
    let serves_serverless = serving.variants.iter().any(|variant| variant.serverless.is_some());
    if !serves_serverless && config.variants.iter().any(|variant| variant.instances.is_none()) {
        return Err(VariantError::ToServerless { arn: endpoint.arn.clone() });
    }
    let is_async = |request: &Value| request.get("AsyncInferenceConfig").is_some();
    if is_async(&serving.request) && !is_async(&config.request) {
        return Err(VariantError::AsyncStays { name: endpoint.name.to_string() });
    }
    Ok(())
}
