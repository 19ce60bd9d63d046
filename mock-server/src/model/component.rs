//! Inference components: models that are put on the instances of an endpoint that has none of its own.

use super::path::Trace;
use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum ComponentStatus {
    Creating,
    Updating,
    InService,
    Failed,
    Deleting,
}

impl ComponentStatus {
    /// Whether something is being done to it, so that nothing else can be.
    pub fn is_under_way(self) -> bool {
        !matches!(self, ComponentStatus::InService | ComponentStatus::Failed)
    }

    pub fn word(self) -> &'static str {
        match self {
            ComponentStatus::Creating => "Creating",
            ComponentStatus::Updating => "Updating",
            ComponentStatus::InService => "InService",
            ComponentStatus::Failed => "Failed",
            ComponentStatus::Deleting => "Deleting",
        }
    }
}

/// What a component is to run, and how often.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct ComponentPlan {
    /// As the caller said it.
    pub specification: Document,
    /// Of its container, or of its model's.
    pub images: Vec<String>,
    /// What its container, or those of its model, load from S3.
    pub inputs: Vec<DataNeed>,
    /// What the rules said when this was asked for.
    pub findings: Vec<Finding>,
    pub copies: u32,
    /// What its container does, if that was declared when this was asked for.
    pub behaviour: Option<Arc<Behaviour>>,
}

impl ComponentPlan {
    /// What each copy takes of the instance that it is on. What is added to another component takes nothing of its own.
    pub fn takes(&self) -> Room {
        let required = &self.specification["ComputeResourceRequirements"];
        let members =
            ["NumberOfCpuCoresRequired", "MinMemoryRequiredInMb", "NumberOfAcceleratorDevicesRequired"];
        Room(members.map(|member| thousandths(required[member].as_f64().unwrap_or(0.0))))
    }
}

/// CPU cores, MiB of memory and accelerators, in thousandths, so that parts of them add up: what an instance has, or
/// what is taken of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Room([u64; 3]);

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` ends where u64 does")]
fn thousandths(amount: f64) -> u64 {
    (amount * 1_000.0).round() as u64
}

impl Room {
    /// All that an instance has.
    pub fn of(kind: &InstanceType) -> Self {
        let all = [u64::from(kind.vcpus), kind.memory_mib, u64::from(kind.accelerators)];
        Self(all.map(|amount| amount.saturating_mul(1_000)))
    }

    /// What is left of it; `None`: there is not so much.
    pub fn without(self, taken: Self) -> Option<Self> {
        let [cores, memory, accelerators] = self.0;
        let [less_cores, less_memory, less_accelerators] = taken.0;
        Some(Self([
            cores.checked_sub(less_cores)?,
            memory.checked_sub(less_memory)?,
            accelerators.checked_sub(less_accelerators)?,
        ]))
    }

    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Room {
    /// What there is none of is not told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.0.iter().zip(["CPU cores", "MiB of memory", "accelerators"]);
        let told = kinds.filter(|(amount, _)| **amount > 0);
        let told =
            told.map(|(amount, what)| format!("{} {what}", *amount as f64 / 1_000.0)).collect::<Vec<_>>();
        match told.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, before)) => write!(f, "{} and {last}", before.join(", ")),
            None => f.write_str("nothing"),
        }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InferenceComponent {
    pub name: Arc<str>,
    pub arn: String,
    pub endpoint: Arc<str>,
    pub endpoint_arn: String,
    pub variant: Arc<str>,
    pub status: ComponentStatus,
    /// What runs; `None` before it ever did.
    pub running: Option<ComponentPlan>,
    /// The instance of each copy that runs, by its place among those of the variant; none of what takes nothing of its
    /// own.
    pub places: Vec<u32>,
    /// How many copies of those that are to run have no instance.
    pub lost: u32,
    /// Whether its variant was to get more instances for it.
    pub grows: bool,
    /// What is to run next; of one that could not be created, what could not be.
    pub wanted: Option<ComponentPlan>,
    /// Told once the component is at rest again.
    pub failure: Option<Failure>,
    /// What the rules said of what was last to run, and what they looked at.
    pub findings: Vec<Finding>,
    pub traces: Vec<(Phase, Arc<Trace>)>,
    /// How it was last to be updated, if the caller said so.
    pub policy: Option<Document>,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl InferenceComponent {
    /// What is told of it: what is wanted, once it is asked for.
    pub fn told(&self) -> Option<&ComponentPlan> {
        self.wanted.as_ref().or(self.running.as_ref())
    }

    /// What is told of a failure: nothing while something is being done to the component.
    pub fn told_failure(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|_| !self.status.is_under_way())
    }

    /// How many copies answer.
    pub fn copies(&self) -> u32 {
        self.running.as_ref().map_or(0, |plan| plan.copies.saturating_sub(self.lost))
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ComponentIndex {
    /// By the name of its endpoint.
    Endpoint(Arc<str>),
}

impl Row for InferenceComponent {
    type Key = Arc<str>;
    type Index = ComponentIndex;
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(ComponentIndex)) {
        emit(ComponentIndex::Endpoint(self.endpoint.clone()));
    }
}

/// What must hold of components in every state. For tests.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    if !state.components.is_consistent() {
        broken.push("the indexes of components do not match its rows".to_owned());
    }
    for component in state.components.iter() {
        let timer = state.timers.next_of(&Owner::Component(component.name.clone()));
        if timer.is_some() != component.status.is_under_way() {
            broken.push(format!("{} is {:?} and has the timer {timer:?}", component.arn, component.status));
        }
        if !state.endpoints.contains(&component.endpoint) {
            broken.push(format!("{} outlives its endpoint", component.arn));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_and_taken() {
        let room = |amounts: [f64; 3]| Room(amounts.map(thousandths));
        for (amounts, told) in [
            ([0.5, 0.0, 0.0], "0.5 CPU cores"),
            ([1.0, 128.0, 0.0], "1 CPU cores and 128 MiB of memory"),
            ([1.0, 128.0, 2.0], "1 CPU cores, 128 MiB of memory and 2 accelerators"),
            ([0.0; 3], "nothing"),
        ] {
            assert_eq!(room(amounts).to_string(), told);
        }
        // Ten tenths are one.
        let tenth = room([0.1, 0.0, 0.0]);
        let left = (0..10).try_fold(room([1.0, 0.0, 0.0]), |left, _| left.without(tenth));
        assert!(left.is_some_and(Room::is_nothing));
        for more in [[1.1, 1.0, 1.0], [1.0, 1.1, 1.0], [1.0, 1.0, 1.1]] {
            assert_eq!(room([1.0; 3]).without(room(more)), None);
        }
    }
}
