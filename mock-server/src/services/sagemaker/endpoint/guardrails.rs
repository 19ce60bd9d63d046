//! What a deployment configuration must be. Source: API reference, TrafficRoutingConfig, BlueGreenUpdatePolicy and
//! RollingUpdatePolicy; developer guide, "deployment-guardrails-exclusions". That the call is refused is assumed.

use super::super::error::DeploymentError;
use crate::model::{DeployedVariant, Deployment};
use serde_json::Value;
use std::collections::BTreeSet;

/// Between how many percent of a variant's instances a size has to be.
struct Bounds {
    member: &'static str,
    least: u64,
    most: u64,
}

const CANARY: Bounds = Bounds { member: "CanarySize", least: 0, most: 50 };
const LINEAR: Bounds = Bounds { member: "LinearStepSize", least: 10, most: 50 };
const BATCH: Bounds = Bounds { member: "MaximumBatchSize", least: 5, most: 50 };

/// Looks at a configuration for a deployment of these variants, in the place of another deployment if there is one.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(
    policy: Option<&Value>,
    variants: &[DeployedVariant],
    serving: Option<&Deployment>,
) -> Result<(), DeploymentError> {
    let Some(policy) = policy else { return Ok(()) };
    let (blue_green, rolling) = (&policy["BlueGreenUpdatePolicy"], &policy["RollingUpdatePolicy"]);
    if blue_green.is_object() && rolling.is_object() {
        return Err(DeploymentError::TwoPolicies);
    }
    let routing = &blue_green["TrafficRoutingConfiguration"];
    let size = match routing["Type"].as_str() {
        Some("CANARY") => Some((&CANARY, &routing["CanarySize"])),
        Some("LINEAR") => Some((&LINEAR, &routing["LinearStepSize"])),
        _ => rolling.is_object().then(|| (&BATCH, &rolling["MaximumBatchSize"])),
    };
    if let Some((bounds, size)) = size {
        if size.is_null() {
            let routing = routing["Type"].as_str().unwrap_or_default().to_owned();
            return Err(DeploymentError::NoSize { member: bounds.member, routing });
        }
        variants.iter().try_for_each(|variant| bounds.check(size, variant))?;
        // An update that is given no size goes over at once, whatever its variants are called.
        same_variants(variants, serving)?;
    }
    if rolling.is_object() {
        excluded(variants)?;
    }
    let seconds = |value: &Value| value.as_u64().unwrap_or(0);
    let waits = seconds(&routing["WaitIntervalInSeconds"]) + seconds(&blue_green["TerminationWaitInSeconds"]);
    match blue_green["MaximumExecutionTimeoutInSeconds"].as_u64() {
        Some(timeout) if timeout <= waits => Err(DeploymentError::TimeoutTooShort { timeout, waits }),
        _ => Ok(()),
    }
}

/// Whether an update follows no deployment configuration, because of what the old variants or the new ones are on: all
/// of the traffic goes over at once, and nobody waits afterwards.
pub fn are_without(variants: &[DeployedVariant], serving: &Deployment) -> bool {
    variants.iter().chain(&serving.variants).any(DeployedVariant::is_on_inf1)
}

impl Bounds {
    fn check(&self, size: &Value, variant: &DeployedVariant) -> Result<(), DeploymentError> {
        let Some(of) = variant.instance_count() else { return Ok(()) };
        let value = size["Value"].as_u64().unwrap_or(0);
        let (part, whole) = match size["Type"].as_str() {
            Some("CAPACITY_PERCENT") => (value, 1),
            _ => (value.saturating_mul(100), u64::from(of)),
        };
        if part < self.least.saturating_mul(whole) || part > self.most.saturating_mul(whole) {
            let &Self { member, least, most } = self;
            let variant = variant.name.clone();
            return Err(DeploymentError::Size { member, least, most, variant, instances: of });
        }
        Ok(())
    }
}

fn same_variants(variants: &[DeployedVariant], serving: Option<&Deployment>) -> Result<(), DeploymentError> {
    let Some(serving) = serving else { return Ok(()) };
    let names = |all: &[DeployedVariant]| all.iter().map(|each| each.name.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (names(&serving.variants), names(variants));
    let told = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    match old == new {
        true => Ok(()),
        false => Err(DeploymentError::OtherVariants { old: told(old), new: told(new) }),
    }
}

/// What is excluded from coming in batches.
fn excluded(variants: &[DeployedVariant]) -> Result<(), DeploymentError> {
    let serverless = variants.iter().any(|variant| variant.instance_count().is_none());
    let found = [("serverless endpoints", serverless), ("multi-variant endpoints", variants.len() > 1)];
    let mut found = found.into_iter().filter(|(_, found)| *found);
    found.next().map_or(Ok(()), |(feature, _)| Err(DeploymentError::Excluded { feature }))
}
