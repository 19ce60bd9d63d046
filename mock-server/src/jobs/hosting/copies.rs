//! Where the copies of inference components run: which instance has room for one, what becomes of them when an endpoint
//! serves with other instances, and which instances have none.

use super::{Capacity, component, failure};
use crate::model::component::{ComponentIndex, Room};
use crate::model::{
    ComponentPlan, ComponentStatus, DeployedVariant, Deployment, Endpoint, Failure, FleetKey,
    InferenceComponent, InstanceType, Txn,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The instances on which the copies of a plan are: those that run already stay where they are, unless they change, and
/// each of the others is put on the first instance with room for it. Source for a copy being on one instance, with what
/// it takes reserved there: API reference, InferenceComponentComputeResourceRequirements; that it is the first one
/// with room is assumed. An instance type that nobody knows has room for everything.
///
/// # Errors
/// What to tell if so many instances have too little room.
pub fn placed(
    txn: &Txn<'_>,
    variant: &DeployedVariant,
    component: &InferenceComponent,
    wanted: &ComponentPlan,
    instances: u32,
) -> Result<Vec<u32>, String> {
    match fitting(txn, variant, component, wanted, instances) {
        Some(places) if places.len() < wanted.copies as usize => {
            Err(short(txn, component, wanted, instances, places.len()))
        }
        places => Ok(places.unwrap_or_default()),
    }
}

/// What is told where only so many copies have room.
pub fn short(
    txn: &Txn<'_>,
    component: &InferenceComponent,
    wanted: &ComponentPlan,
    instances: u32,
    room: usize,
) -> String {
    let takes = wanted.takes();
    let need = failure::ComponentNeed { component, takes, instances, copies: wanted.copies };
    failure::component_capacity(&txn.state.texts, &need, room)
}

/// The instances of as many copies as have room; `None`: there is room for all, wherever they are.
fn fitting(
    txn: &Txn<'_>,
    variant: &DeployedVariant,
    component: &InferenceComponent,
    wanted: &ComponentPlan,
    instances: u32,
) -> Option<Vec<u32>> {
    if instances == 0 {
        return Some(Vec::new());
    }
    let takes = Some(wanted.takes()).filter(|takes| !takes.is_nothing())?;
    let kind = variant.needs.instances.first().map(|group| group.instance_type.trim_start_matches("ml."));
    let whole = Room::of(kind.and_then(InstanceType::get)?);
    let mut rooms = Rooms { whole, instances, left: BTreeMap::new() };
    let index = ComponentIndex::Endpoint(component.endpoint.clone());
    for other in txn.state.components.by(&index) {
        if other.name != component.name && other.variant == component.variant {
            let takes = other.running.as_ref().map(ComponentPlan::takes).unwrap_or_default();
            for place in &other.places {
                rooms.take(*place, takes);
            }
        }
    }
    let same = |running: &ComponentPlan| running.specification == wanted.specification;
    let stay = if component.running.as_ref().is_some_and(same) { &component.places[..] } else { &[] };
    let stay = stay.iter().copied().take(wanted.copies as usize);
    let mut places: Vec<u32> = stay.filter(|place| rooms.take(*place, takes)).collect();
    // No instance is large enough if an empty one is not.
    let tried = if rooms.whole.without(takes).is_some() { instances } else { 0 };
    let mut first = 0;
    while places.len() < wanted.copies as usize && first < tried {
        match rooms.take(first, takes) {
            true => places.push(first),
            false => first += 1,
        }
    }
    Some(places)
}

/// What is left of instances that are alike.
struct Rooms {
    /// Of one that nothing was taken of.
    whole: Room,
    instances: u32,
    left: BTreeMap<u32, Room>,
}

impl Rooms {
    /// Takes something of an instance, if that is there and has it.
    fn take(&mut self, place: u32, takes: Room) -> bool {
        let left = self.left.get(&place).copied().unwrap_or(self.whole).without(takes);
        let left = left.filter(|_| place < self.instances);
        if let Some(left) = left {
            self.left.insert(place, left);
        }
        left.is_some()
    }
}

/// The components of an endpoint, the oldest one first.
fn of(txn: &Txn<'_>, endpoint: &Arc<str>) -> Vec<InferenceComponent> {
    let all = txn.state.components.by(&ComponentIndex::Endpoint(endpoint.clone()));
    let mut all: Vec<_> = all.map(|row| InferenceComponent::clone(row)).collect();
    all.sort_by(|one, other| (one.created, &one.name).cmp(&(other.created, &other.name)));
    all
}

/// An endpoint serves with other instances than those of before: copies whose instance is gone are put on others, as
/// far as these have room, and load their data there. What AWS does is told nowhere: assumed is that copies that find
/// no room do not run until there is some, and that a component fails of which none can run because its data cannot be
/// loaded or because its variant is gone.
pub fn settle(txn: &mut Txn<'_>, before: &FleetKey, endpoint: &Arc<str>) {
    let Some(serving) = txn.state.endpoints.get(endpoint).and_then(|row| row.serving.clone()) else { return };
    let stays = serving.fleet == *before;
    let all = of(txn, endpoint);
    if all.is_empty() {
        return;
    }
    // Nobody takes the room of a copy that stays.
    let stayed: Vec<_> = all
        .into_iter()
        .filter(|component| component.running.is_some() && component.status != ComponentStatus::Deleting)
        .map(|mut component| {
            let left = serving.variants.iter().find(|variant| *variant.name == *component.variant);
            let left = left.map(|variant| &variant.left[..]).filter(|_| stays);
            let old = std::mem::take(&mut component.places);
            component.places = old.iter().filter_map(|place| moved(*place, left?)).collect();
            txn.state.components.insert(component.clone());
            (component, old)
        })
        .collect();
    for (component, old) in stayed {
        put(txn, &serving, component, &old, stays);
    }
    txn.state.endpoints.update(endpoint, |row| {
        row.serving.iter_mut().flat_map(|serving| &mut serving.variants).for_each(|one| one.left.clear());
    });
}

/// The place of an instance after others have gone; `None`: it is gone itself.
fn moved(place: u32, left: &[u32]) -> Option<u32> {
    let before = left.iter().filter(|gone| **gone < place).count();
    (!left.contains(&place)).then_some(place - u32::try_from(before).unwrap_or(place))
}

/// Puts the copies of a component that have no instance on some. `old`: where they were; `stays`: the instances that are
/// there have been there before.
fn put(txn: &mut Txn<'_>, serving: &Deployment, mut component: InferenceComponent, old: &[u32], stays: bool) {
    let Some(plan) = component.running.clone() else { return };
    let variant = serving.variants.iter().find(|variant| *variant.name == *component.variant);
    let instances = variant.and_then(DeployedVariant::instance_count).unwrap_or(0);
    let places = match variant {
        Some(variant) => fitting(txn, variant, &component, &plan, instances),
        None => Some(Vec::new()),
    };
    let (copies, stayed) = (plan.copies, component.places.len());
    let room = places.as_ref().map_or(copies, |places| u32::try_from(places.len()).unwrap_or(copies));
    component.places = places.unwrap_or_default();
    let mut lost = copies.saturating_sub(room);
    let mut failure = (lost > 0)
        .then(|| Failure { reason: short(txn, &component, &plan, instances, room as usize), rule: None });
    let fresh = component.places.get(stayed..).unwrap_or_default().to_vec();
    let mut fails = variant.is_none();
    let loads = room > 0 && (!stays || !fresh.is_empty());
    if loads {
        let unloaded = component::loaded(txn, &mut component, &plan, &fresh);
        if unloaded.is_some() {
            component.places.truncate(stayed);
            lost = copies.saturating_sub(u32::try_from(component.places.len()).unwrap_or(copies));
            fails = lost == copies;
            failure = unloaded;
        }
    }
    let same = lost == component.lost && component.places == old && !fails;
    if same && !loads {
        return;
    }
    component.lost = lost;
    let at_rest = !component.status.is_under_way();
    if at_rest || fails {
        component.failure = failure;
    }
    if fails {
        component.running = None;
        component.lost = 0;
        component.wanted.get_or_insert(plan);
    }
    if at_rest && !same {
        let status = if fails { ComponentStatus::Failed } else { ComponentStatus::InService };
        component::show(txn, &mut component, status);
    }
    txn.state.components.insert(component);
}

/// Releases instances that no copy is on, where scaling is managed. Source: API reference,
/// ProductionVariantManagedInstanceScaling and its ScaleInPolicy. Assumed: it is done without a policy too, and as soon
/// as a component is at rest; the newest go first; who says no least number retains the initial one.
pub fn release(txn: &mut Txn<'_>, endpoint: &Arc<str>) {
    let Some(endpoint) = txn.state.endpoints.get(endpoint).cloned() else { return };
    if endpoint.status.is_under_way() {
        return;
    }
    let components = of(txn, &endpoint.name);
    let mut capacities = capacities(&endpoint);
    let mut any = false;
    let variants = endpoint.serving.iter().flat_map(|serving| &serving.variants);
    for (variant, capacity) in variants.zip(&mut capacities) {
        let own = || components.iter().filter(|component| *component.variant == *variant.name);
        let unknown =
            |one: &InferenceComponent| one.status.is_under_way() || one.copies() > 0 && one.places.is_empty();
        let (Some(least), Some(count)) = (variant.least_instances(), variant.instance_count()) else {
            continue;
        };
        if own().any(unknown) {
            continue;
        }
        let used: BTreeSet<u32> = own().flat_map(|component| component.places.iter().copied()).collect();
        let idle = (0..count).rev().filter(|place| !used.contains(place));
        capacity.gone = idle.take(count.saturating_sub(least) as usize).collect();
        capacity.instances = Some(count - u32::try_from(capacity.gone.len()).unwrap_or(0));
        any |= !capacity.gone.is_empty();
    }
    if any {
        super::scale(txn, &endpoint, capacities);
    }
}

/// What the variants of an endpoint have.
pub fn capacities(endpoint: &Endpoint) -> Vec<Capacity> {
    let variants = endpoint.serving.iter().flat_map(|serving| &serving.variants);
    variants.map(Capacity::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_move_up_when_others_go() {
        let all = |left: &[u32]| (0..5).map(|place| moved(place, left)).collect::<Vec<_>>();
        assert_eq!(all(&[]), [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(all(&[4]), [Some(0), Some(1), Some(2), Some(3), None]);
        assert_eq!(all(&[3, 1]), [Some(0), None, Some(1), None, Some(2)]);
    }
}
