//! What inference components do over time. One that something is being done to has exactly one timer.

use crate::jobs::failure;
use crate::model::component::{ComponentIndex, Room};
use crate::model::{
    Alarm, ComponentPlan, ComponentStatus, DeployedVariant, InferenceComponent, InstanceType, Owner, Profile,
    State, Txn,
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
    let wanted = component.wanted.take();
    let mut status = ComponentStatus::InService;
    match wanted.as_ref().map(|wanted| placed(txn, &component, wanted)) {
        Some(Err(failure)) => {
            component.failure = Some(failure);
            if component.running.is_none() {
                component.wanted = wanted;
                status = ComponentStatus::Failed;
            }
        }
        Some(Ok(places)) => {
            component.places = places;
            component.running = wanted;
        }
        None => {}
    }
    show(txn, &mut component, status);
    txn.state.components.insert(component);
}

/// The variant whose instances a component is put on.
fn variant_of<'a>(state: &'a State, component: &InferenceComponent) -> Option<&'a DeployedVariant> {
    let variants = &state.endpoints.get(&component.endpoint)?.serving.as_ref()?.variants;
    variants.iter().find(|variant| *variant.name == *component.variant)
}

/// The instances on which the copies of a plan are: those that run already stay where they are, unless they change, and
/// each of the others is put on the first instance with room for it. Source for a copy being on one instance, with what
/// it takes reserved there: API reference, InferenceComponentComputeResourceRequirements; that it is the first one
/// with room is assumed. An instance type that nobody knows has room for everything.
fn placed(txn: &Txn<'_>, component: &InferenceComponent, wanted: &ComponentPlan) -> Result<Vec<u32>, String> {
    let takes = wanted.takes();
    let Some(variant) = variant_of(&txn.state, component).filter(|_| !takes.is_nothing()) else {
        return Ok(Vec::new());
    };
    let kind = variant.needs.instances.first().map(|group| group.instance_type.trim_start_matches("ml."));
    let Some(kind) = kind.and_then(InstanceType::get) else { return Ok(Vec::new()) };
    // With managed scaling there are as many instances as there may be.
    let scaling = &variant.request["ManagedInstanceScaling"];
    let most = scaling["MaxInstanceCount"].as_u64().filter(|_| scaling["Status"] == "ENABLED");
    let most = most.and_then(|most| u32::try_from(most).ok());
    let instances = most.or(variant.instance_count()).unwrap_or(0);
    let mut rooms = vec![Room::of(kind); instances as usize];
    let index = ComponentIndex::Endpoint(component.endpoint.clone());
    for other in txn.state.components.by(&index) {
        if other.name != component.name && other.variant == component.variant {
            let takes = other.running.as_ref().map(ComponentPlan::takes).unwrap_or_default();
            other.places.iter().for_each(|place| drop(take(&mut rooms, *place, takes)));
        }
    }
    let same = |running: &ComponentPlan| running.specification == wanted.specification;
    let stay = if component.running.as_ref().is_some_and(same) { &component.places[..] } else { &[] };
    let stay = stay.iter().copied().take(wanted.copies as usize);
    let mut places: Vec<u32> = stay.filter(|place| take(&mut rooms, *place, takes)).collect();
    let mut first = 0;
    while places.len() < wanted.copies as usize && first < instances {
        match take(&mut rooms, first, takes) {
            true => places.push(first),
            false => first += 1,
        }
    }
    match places.len() < wanted.copies as usize {
        true => {
            let need = failure::ComponentNeed { component, takes, instances, copies: wanted.copies };
            Err(failure::component_capacity(&txn.state.texts, &need, places.len()))
        }
        false => Ok(places),
    }
}

/// Takes something of an instance, if that has it.
fn take(rooms: &mut [Room], place: u32, takes: Room) -> bool {
    let room = rooms.get_mut(place as usize);
    room.and_then(|room| Some(*room = room.without(takes)?)).is_some()
}
