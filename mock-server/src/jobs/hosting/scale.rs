//! Weights and capacities of an endpoint that change: a second state of the deployment that serves.

use super::enter;
use crate::model::{DeployedVariant, Document, Endpoint, EndpointCourse, Txn};

/// What an endpoint's variants are to have from now on, in the order in which it has them.
pub struct Capacity {
    pub weight: f64,
    /// Of a variant that runs on instances.
    pub instances: Option<u32>,
    /// Of a serverless variant.
    pub serverless: Option<Document>,
    /// Which instances go if some have to, by their places; if none is told, the newest.
    pub gone: Vec<u32>,
}

impl Capacity {
    /// What a variant has.
    pub fn of(variant: &DeployedVariant) -> Self {
        let serverless = variant.serverless.clone();
        Self { weight: variant.weight, instances: variant.instance_count(), serverless, gone: Vec::new() }
    }
}

/// Begins to change weights and capacities of an endpoint that serves. That it is the newest instances that go when
/// some have to is assumed.
pub fn scale(txn: &mut Txn<'_>, endpoint: &Endpoint, wanted: Vec<Capacity>) {
    let mut endpoint = endpoint.clone();
    let Some(serving) = &mut endpoint.serving else { return };
    serving.changes += 1;
    let mut scaled = serving.clone();
    for (variant, wanted) in scaled.variants.iter_mut().zip(wanted) {
        variant.weight = wanted.weight;
        variant.serverless = wanted.serverless;
        if let (Some(group), Some(count)) = (variant.needs.instances.first_mut(), wanted.instances) {
            let newest = || (count..group.count).collect();
            variant.left = if wanted.gone.is_empty() { newest() } else { wanted.gone };
            variant.placed = staying(&variant.placed, &variant.left);
            variant.zones = staying(&variant.zones, &variant.left);
            group.count = count;
        }
    }
    endpoint.pending = Some(scaled);
    endpoint.course = EndpointCourse::Scale;
    endpoint.failure = None;
    endpoint.findings.clear();
    endpoint.traces.clear();
    endpoint.log.clear();
    enter(txn, endpoint, 0);
}

/// What belongs to the instances that do not go.
fn staying<T: Clone>(all: &[T], gone: &[u32]) -> Vec<T> {
    let stays = |at: usize| !gone.iter().any(|gone| *gone as usize == at);
    all.iter().enumerate().filter(|(at, _)| stays(*at)).map(|(_, one)| one.clone()).collect()
}
