//! What inference components do over time. One that something is being done to has exactly one timer.

use super::copies::{self, placed};
use crate::jobs::{Kept, ask_about, behaviour, failure, tell_buckets, vantages};
use crate::model::compute::Exceeded;
use crate::model::{
    Alarm, ComponentPlan, ComponentStatus, DeployedVariant, Endpoint, Failure, InferenceComponent,
    InstanceUse, JobKey, JobKind, Needs, Owner, Phase, Profile, State, Txn,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a status lasts. Times of `realistic`: people report minutes for large models.
fn lasts(status: ComponentStatus, profile: Profile) -> Duration {
    profile.lasts(match status {
        ComponentStatus::Creating => [1_500, 180_000],
        ComponentStatus::Updating => [1_000, 120_000],
        ComponentStatus::Deleting => [500, 30_000],
        ComponentStatus::InService | ComponentStatus::Failed => [0, 0],
    })
}

/// Begins to do something to a component.
pub fn begin(txn: &mut Txn<'_>, mut component: InferenceComponent, status: ComponentStatus) {
    show(txn, &mut component, status);
    let lasts = lasts(status, txn.state.profile);
    if lasts.is_zero() {
        return end(txn, component);
    }
    let owner = Owner::Component(component.name.clone());
    txn.state.timers.schedule(txn.now + lasts, owner, Alarm::Stage(0));
    txn.state.components.insert(component);
}

pub(super) fn show(txn: &mut Txn<'_>, component: &mut InferenceComponent, status: ComponentStatus) {
    component.status = status;
    component.modified = txn.now;
    let failure = component.told_failure();
    let message = match failure {
        Some(failure) => format!("{}: {}", status.word(), failure.reason),
        None => status.word().to_owned(),
    };
    let rule = failure.and_then(|failure| failure.rule);
    txn.note("InferenceComponentStatus", resource(component), rule, message);
}

/// What events and explanations call it.
fn resource(component: &InferenceComponent) -> String {
    format!("inference-component/{}", component.name)
}

/// Does what a timer of a component says.
pub fn step(txn: &mut Txn<'_>, name: &Arc<str>) {
    if let Some(component) = txn.state.components.get(name).map(|row| InferenceComponent::clone(row)) {
        end(txn, component);
    }
}

/// What was begun is done, or does not fit: then what ran before goes on. That the reason is told then is assumed.
fn end(txn: &mut Txn<'_>, mut component: InferenceComponent) {
    let endpoint = component.endpoint.clone();
    if component.status == ComponentStatus::Deleting {
        txn.state.components.remove(&component.name);
        return copies::release(txn, &endpoint);
    }
    let wanted = component.wanted.take();
    let mut status = ComponentStatus::InService;
    match wanted.as_ref().map(|wanted| outcome(txn, &mut component, wanted)) {
        Some(Outcome::Waits) => {
            component.wanted = wanted;
            return wait(txn, component);
        }
        Some(Outcome::Fails(failure)) => {
            component.failure = Some(failure);
            if component.running.is_none() {
                component.wanted = wanted;
                status = ComponentStatus::Failed;
            }
        }
        Some(Outcome::Runs(places)) => {
            component.places = places;
            component.lost = 0;
            component.running = wanted;
        }
        None => {}
    }
    component.grows = false;
    show(txn, &mut component, status);
    txn.state.components.insert(component);
    copies::release(txn, &endpoint);
}

/// What becomes of a plan.
enum Outcome {
    /// Its copies are on these instances.
    Runs(Vec<u32>),
    /// There will be more instances.
    Waits,
    Fails(Failure),
}

impl Outcome {
    /// It fails, and no rule says so.
    fn fails(reason: String) -> Self {
        Outcome::Fails(Failure { reason, rule: None })
    }
}

/// Finds instances for a plan, and looks whether its container can start there and load its data. Those that run already
/// have all of it.
fn outcome(txn: &mut Txn<'_>, component: &mut InferenceComponent, wanted: &ComponentPlan) -> Outcome {
    let places = match there_or_grows(txn, component, wanted) {
        Outcome::Runs(places) => places,
        other => return other,
    };
    let running = component.running.as_ref();
    let has_all = |running: &ComponentPlan| {
        running.specification == wanted.specification && running.copies >= wanted.copies
    };
    if running.is_some_and(has_all) {
        return Outcome::Runs(places);
    }
    match loaded(txn, component, wanted, &places) {
        None => Outcome::Runs(places),
        Some(failure) => Outcome::Fails(failure),
    }
}

/// What a component needs of the network, of a role and of S3. Its endpoint configuration says the former two: API
/// reference, CreateEndpointConfig; that this holds of components that name a model too is assumed.
pub fn needs(variant: &DeployedVariant, component: &InferenceComponent, plan: &ComponentPlan) -> Needs {
    Needs {
        images: plan.images.clone(),
        inputs: plan.inputs.clone(),
        behaviour: plan.behaviour.clone(),
        variant: Some(variant.name.clone()),
        updates: component.running.is_some(),
        ..variant.needs.clone()
    }
}

/// Asks the rules about a container that starts on these instances, or on those of its variant if none is told, and loads
/// its data. Why it cannot, if it cannot.
pub(super) fn loaded(
    txn: &mut Txn<'_>,
    component: &mut InferenceComponent,
    wanted: &ComponentPlan,
    places: &[u32],
) -> Option<Failure> {
    component.findings = wanted.findings.clone();
    component.traces.clear();
    let variant = variant_of(&txn.state, component)?.clone();
    let needs = needs(&variant, component, wanted);
    let is_place = |at: usize| places.is_empty() || places.iter().any(|place| *place as usize == at);
    let machines = variant.placed.iter().enumerate().filter(|(at, _)| is_place(*at));
    let ids = machines.flat_map(|(_, machine)| machine);
    let interfaces = ids.filter_map(|id| txn.state.interfaces.get(id)).map(|interface| &**interface);
    let vantages = vantages(interfaces);
    let key = JobKey { kind: JobKind::Hosting, name: component.endpoint.clone() };
    let resource = resource(component);
    for phase in [Phase::Start, Phase::Input] {
        let kept = Kept { findings: &mut component.findings, traces: &mut component.traces };
        if let Some(violation) = ask_about(txn, &resource, &key, &needs, vantages.clone(), kept, phase) {
            return Some(failure::of(&txn.state.texts, key.kind, &violation));
        }
        if let Some(failure) = behaviour::said(&needs, phase, needs.updates) {
            return Some(failure);
        }
    }
    tell_buckets(txn, &key, &needs);
    None
}

/// A component waits for its endpoint, and looks again.
fn wait(txn: &mut Txn<'_>, component: InferenceComponent) {
    let lasts = lasts(component.status, txn.state.profile).max(Duration::from_secs(1));
    let owner = Owner::Component(component.name.clone());
    txn.state.timers.schedule(txn.now + lasts, owner, Alarm::Stage(0));
    txn.state.components.insert(component);
}

/// Places the copies of a plan, or sees to it that there are instances for them. Where scaling is managed a variant gets
/// as many as it needs and may have: API reference, ProductionVariantManagedInstanceScaling. That the endpoint is
/// updated then as if somebody had asked for more, that the component is on its way until that is done, and that it
/// fails for the reason for which that does, is assumed.
fn there_or_grows(txn: &mut Txn<'_>, component: &mut InferenceComponent, wanted: &ComponentPlan) -> Outcome {
    let Some(variant) = variant_of(&txn.state, component).cloned() else {
        return Outcome::fails(copies::short(txn, component, wanted, 0, 0));
    };
    let now = variant.instance_count().unwrap_or(0);
    let short = match placed(txn, &variant, component, wanted, now) {
        Ok(places) => return Outcome::Runs(places),
        Err(short) => short,
    };
    let most = variant.most_instances().filter(|most| *most > now);
    let Some(most) = most else { return Outcome::fails(short) };
    let Some(endpoint) = txn.state.endpoints.get(&component.endpoint).cloned() else {
        return Outcome::fails(short);
    };
    if endpoint.status.is_under_way() {
        return Outcome::Waits;
    }
    if let Some(failure) = endpoint.failure.as_ref().filter(|_| component.grows) {
        return Outcome::Fails(failure.clone());
    }
    let needed = match placed(txn, &variant, component, wanted, most) {
        Ok(places) => places.iter().max().map_or(now.max(1), |last| last + 1),
        Err(short) => return Outcome::fails(short),
    };
    if let Some(exceeded) = beyond_quota(&txn.state, &endpoint, &variant, needed) {
        return Outcome::fails(failure::component_quota(&txn.state.texts, component, &exceeded));
    }
    component.grows = true;
    let mut capacities = copies::capacities(&endpoint);
    let variants = endpoint.serving.iter().flat_map(|serving| &serving.variants);
    for (_, capacity) in variants.zip(&mut capacities).filter(|(known, _)| known.name == variant.name) {
        capacity.instances = Some(needed);
    }
    super::scale(txn, &endpoint, capacities);
    // Without time the instances are there, or there is a reason why not.
    match txn.state.profile {
        Profile::Instant => there_or_grows(txn, component, wanted),
        _ => Outcome::Waits,
    }
}

/// The quota that forbids a variant to have so many instances.
fn beyond_quota(
    state: &State,
    endpoint: &Endpoint,
    variant: &DeployedVariant,
    instances: u32,
) -> Option<Exceeded> {
    let group = variant.needs.instances.first()?;
    let more = u64::from(instances.saturating_sub(group.count));
    let variants = endpoint.serving.iter().flat_map(|serving| &serving.variants);
    let there: u64 = variants.filter_map(DeployedVariant::instance_count).map(u64::from).sum();
    state.exceeded(InstanceUse::Endpoint, &BTreeMap::from([(&*group.instance_type, more)]), there + more)
}

/// The variant whose instances a component is put on.
pub fn variant_of<'a>(state: &'a State, component: &InferenceComponent) -> Option<&'a DeployedVariant> {
    let variants = &state.endpoints.get(&component.endpoint)?.serving.as_ref()?.variants;
    variants.iter().find(|variant| *variant.name == *component.variant)
}
