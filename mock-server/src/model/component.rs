//! Inference components: models that are put on the instances of an endpoint that has none of its own.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
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
    pub copies: u32,
    /// What its container does, if that was declared when this was asked for.
    pub behaviour: Option<Arc<Behaviour>>,
}

impl ComponentPlan {
    fn required(&self, member: &str) -> f64 {
        self.specification["ComputeResourceRequirements"][member].as_f64().unwrap_or(0.0)
    }

    /// What all copies take together: cores, and memory in MiB.
    pub fn takes(&self) -> (f64, f64) {
        let copies = f64::from(self.copies);
        (copies * self.required("NumberOfCpuCoresRequired"), copies * self.required("MinMemoryRequiredInMb"))
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
    /// What is to run next; of one that could not be created, what could not be.
    pub wanted: Option<ComponentPlan>,
    /// Told once the component is at rest again.
    pub failure: Option<String>,
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

    /// How many copies answer.
    pub fn copies(&self) -> u32 {
        self.running.as_ref().map_or(0, |plan| plan.copies)
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
