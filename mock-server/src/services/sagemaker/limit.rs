//! Quotas of instances, and of what serverless endpoints have in their place.

use super::error::{LimitError, SageMakerError};
use crate::jobs::{NewJob, pool};
use crate::model::compute::{Exceeded, by_type};
use crate::model::job::instance_use;
use crate::model::quota::UNBOUNDED;
use crate::model::{DeployedVariant, InstanceGroup, InstanceUse, State};
use std::collections::BTreeMap;

const INSTANCES: &str = "Instances";

/// Whether an account may have this much more of something.
///
/// # Errors
/// [`LimitError::Exceeded`].
pub fn room(
    quota: impl FnOnce() -> String,
    most: usize,
    used: u64,
    delta: u64,
    unit: &'static str,
) -> Result<(), LimitError> {
    if most == UNBOUNDED || delta == 0 || used.saturating_add(delta) <= most as u64 {
        return Ok(());
    }
    Err(LimitError::Exceeded { quota: quota(), most, used, delta, unit })
}

/// Whether there may be so many more instances of these types.
fn instances(
    state: &State,
    of: InstanceUse,
    more: &BTreeMap<&str, u64>,
    largest: u64,
) -> Result<(), LimitError> {
    let Some(Exceeded { quota, most, used, delta }) = state.exceeded(of, more, largest) else {
        return Ok(());
    };
    Err(LimitError::Exceeded { quota, most, used, delta, unit: INSTANCES })
}

/// Whether so many jobs like this one may be started.
///
/// # Errors
/// [`LimitError::Exceeded`].
pub fn jobs(state: &State, new: &NewJob, times: u64) -> Result<(), SageMakerError> {
    let Some(of) = instance_use(new.key.kind, &new.request) else { return Ok(()) };
    if times == 1 && pool::fitting(state, new.key.kind, &new.needs, &new.request).is_some() {
        // It takes instances that count already.
        return Ok(());
    }
    let mut more = by_type(&new.needs.instances);
    more.values_mut().for_each(|count| *count *= times);
    Ok(instances(state, of, &more, new.needs.instance_count().into())?)
}

/// Whether an endpoint may have these instances beside those that there are, so that it has so many.
///
/// # Errors
/// [`LimitError::Exceeded`].
pub fn endpoint(state: &State, more: &[InstanceGroup], in_all: u64) -> Result<(), SageMakerError> {
    Ok(instances(state, InstanceUse::Endpoint, &by_type(more), in_all)?)
}

/// Whether an endpoint's serverless variants may have their memory.
///
/// # Errors
/// [`LimitError::Exceeded`].
pub fn serverless(state: &State, variants: &[DeployedVariant]) -> Result<(), SageMakerError> {
    let configs = variants.iter().filter_map(|variant| variant.serverless.as_ref());
    let most = configs.filter_map(|config| config["MemorySizeInMB"].as_u64()).max().unwrap_or(0);
    let quota = || "Memory size in MB per serverless endpoint".to_owned();
    Ok(room(quota, state.quotas.serverless_memory, 0, most, "MBs")?)
}

/// Whether a cluster may have these instances beside those that there are, so that it has so many.
///
/// # Errors
/// [`LimitError::Exceeded`].
pub fn cluster(state: &State, more: &[InstanceGroup], in_all: u64) -> Result<(), SageMakerError> {
    Ok(instances(state, InstanceUse::Cluster, &by_type(more), in_all)?)
}

/// Whether a notebook instance of this type may run.
///
/// # Errors
/// [`LimitError::Exceeded`].
pub fn notebook(state: &State, groups: &[InstanceGroup]) -> Result<(), SageMakerError> {
    Ok(instances(state, InstanceUse::Notebook, &by_type(groups), 1)?)
}
