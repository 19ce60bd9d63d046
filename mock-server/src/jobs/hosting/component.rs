//! What inference components do over time. One that something is being done to has exactly one timer.

use crate::model::component::ComponentIndex;
use crate::model::{
    Alarm, ComponentPlan, ComponentStatus, InferenceComponent, InstanceType, Owner, Profile, Txn,
};
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

fn show(txn: &mut Txn<'_>, component: &mut InferenceComponent, status: ComponentStatus) {
    component.status = status;
    component.modified = txn.now;
    let message = match component.failure.as_ref().filter(|_| !status.is_under_way()) {
        Some(failure) => format!("{}: {failure}", status.word()),
        None => status.word().to_owned(),
    };
    txn.note("InferenceComponentStatus", format!("inference-component/{}", component.name), None, message);
}

/// Does what a timer of a component says.
pub fn step(txn: &mut Txn<'_>, name: &Arc<str>) {
    if let Some(component) = txn.state.components.get(name).map(|row| InferenceComponent::clone(row)) {
        end(txn, component);
    }
}

/// What was begun is done, or does not fit: then what ran before goes on. That the reason is told then is assumed.
fn end(txn: &mut Txn<'_>, mut component: InferenceComponent) {
    if component.status == ComponentStatus::Deleting {
        txn.state.components.remove(&component.name);
        return;
    }
    component.failure = component.wanted.as_ref().and_then(|wanted| lacks(txn, &component, wanted));
    let mut status = ComponentStatus::InService;
    if component.failure.is_none() {
        component.running = component.wanted.take();
    } else if component.running.is_some() {
        component.wanted = None;
    } else {
        status = ComponentStatus::Failed;
    }
    show(txn, &mut component, status);
    txn.state.components.insert(component);
}

/// What the instances of a component's variant do not have for it. Accelerators are not counted: how many an instance
/// has is not known here. With managed scaling there are as many instances as there may be.
fn lacks(txn: &Txn<'_>, component: &InferenceComponent, wanted: &ComponentPlan) -> Option<String> {
    let endpoint = txn.state.endpoints.get(&component.endpoint)?;
    let variants = &endpoint.serving.as_ref()?.variants;
    let variant = variants.iter().find(|variant| *variant.name == *component.variant)?;
    let group = variant.needs.instances.first()?;
    let kind = InstanceType::get(group.instance_type.trim_start_matches("ml."))?;
    let scaling = &variant.request["ManagedInstanceScaling"];
    let most = scaling["MaxInstanceCount"].as_u64().filter(|_| scaling["Status"] == "ENABLED");
    let instances = most.map_or(f64::from(group.count), |most| most as f64);
    let index = ComponentIndex::Endpoint(component.endpoint.clone());
    let others = txn.state.components.by(&index).filter(|other| {
        other.name != component.name
            && other.variant == component.variant
            && other.status != ComponentStatus::Failed
    });
    let taken = others.filter_map(|other| other.running.as_ref()).map(ComponentPlan::takes);
    let (cores, memory) =
        taken.fold(wanted.takes(), |(cores, memory), more| (cores + more.0, memory + more.1));
    let (all_cores, all_memory) = (instances * f64::from(kind.vcpus), instances * kind.memory_mib as f64);
    let word = |what: &str, need: f64, have: f64| {
        (need > have).then(|| {
            format!(
                "Insufficient capacity on variant {}: its inference components need {need} {what}, and its \
                 {instances} instance(s) have {have}.",
                component.variant
            )
        })
    };
    word("CPU cores", cores, all_cores).or_else(|| word("MiB of memory", memory, all_memory))
}
