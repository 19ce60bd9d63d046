//! Notebook instances, and the configurations of their scripts.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum NotebookStatus {
    Pending,
    InService,
    Stopping,
    Stopped,
    Failed,
    Deleting,
    Updating,
}

impl NotebookStatus {
    /// Whether something is being done to the notebook instance.
    pub fn is_under_way(self) -> bool {
        use NotebookStatus::{Deleting, Pending, Stopping, Updating};
        matches!(self, Pending | Stopping | Deleting | Updating)
    }

    /// Whether there is an instance that its interface can be attached to.
    pub fn has_instance(self) -> bool {
        matches!(self, NotebookStatus::Pending | NotebookStatus::InService | NotebookStatus::Stopping)
    }
}

/// What is being done to a notebook instance, or was last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum NotebookCourse {
    /// It is created or started.
    Launch,
    Stop,
    Update,
    Delete,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Notebook {
    pub name: Arc<str>,
    pub arn: String,
    pub status: NotebookStatus,
    pub course: NotebookCourse,
    /// The place of the current stage in the table of the course.
    pub stage: usize,
    pub needs: Needs,
    /// What the caller said, with defaults, under the names that the description has for it.
    pub request: Document,
    /// In the user's VPC. It stays while the notebook instance is stopped.
    pub interface: Option<NetworkInterfaceId>,
    /// Where its instance is, while it has one.
    pub zone: Option<&'static str>,
    /// For how long it has been trying to get an instance that its zone does not have.
    pub short_for: Option<Duration>,
    /// Whether it was ever in service: the script of its creation runs no more.
    pub has_served: bool,
    /// Known from the moment a rule is violated or a script fails, told once the notebook instance has failed.
    pub failure: Option<Failure>,
    /// What the rules said when it was last launched.
    pub findings: Vec<Finding>,
    /// What was found of the paths that its scripts took.
    pub traces: Vec<(Phase, Arc<path::Trace>)>,
    /// What its scripts wrote, as far as it is kept.
    pub log: Vector<LogLine>,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Notebook {
    /// As rules and explanations know it.
    pub fn key(&self) -> JobKey {
        JobKey { kind: JobKind::Notebook, name: self.name.clone() }
    }

    /// The failure, once it is told.
    pub fn told_failure(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|_| self.status == NotebookStatus::Failed)
    }

    /// Something that the caller said.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.request.get(name)?.as_str()
    }

    /// Whether the service's own network gives it the internet.
    pub fn has_direct_internet(&self) -> bool {
        self.said("DirectInternetAccess") != Some("Disabled")
    }

    /// The name of its lifecycle configuration.
    pub fn lifecycle(&self) -> Option<&str> {
        self.said("NotebookInstanceLifecycleConfigName")
    }
}

impl Row for Notebook {
    type Key = Arc<str>;
    type Index = Usage;
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(Usage)) {}
    fn amounts(&self, emit: &mut dyn FnMut(Usage, u64)) {
        let Some(group) = self.needs.instances.first().filter(|_| self.status.has_instance()) else { return };
        let instance_type: Arc<str> = group.instance_type.as_str().into();
        if let Some(zone) = self.zone {
            emit(Usage::In(zone, instance_type.clone()), 1);
        }
        compute::count(InstanceUse::Notebook, [(instance_type, 1)], emit);
    }
}

/// Scripts that notebook instances run.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct NotebookLifecycle {
    pub name: Arc<str>,
    pub arn: String,
    /// When a notebook instance is created.
    pub on_create: Option<Document>,
    /// When it is started, at its creation too.
    pub on_start: Option<Document>,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for NotebookLifecycle {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// What must hold of notebook instances in every state. For tests.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for notebook in state.notebooks.iter() {
        let owner = Owner::Notebook(notebook.name.clone());
        let timer = state.timers.next_of(&owner);
        if timer.is_some() != notebook.status.is_under_way() {
            broken.push(format!("{} is {:?} and has the timer {timer:?}", notebook.arn, notebook.status));
        }
        let held = state.interfaces.by(&interface::InterfaceIndex::Owner(owner));
        if !held.map(|interface| interface.id).eq(notebook.interface) {
            broken.push(format!("{} does not own its interface", notebook.arn));
        }
    }
    for interface in state.interfaces.iter() {
        let Some(Owner::Notebook(name)) = &interface.owner else { continue };
        match state.notebooks.get(name) {
            None => broken.push(format!("{} outlives notebook-instance/{name}", interface.id)),
            Some(notebook) if notebook.status.has_instance() != interface.attachment.is_some() => {
                broken.push(format!("{} is not attached as {:?} wants", interface.id, notebook.status));
            }
            Some(_) => {}
        }
    }
    broken
}
