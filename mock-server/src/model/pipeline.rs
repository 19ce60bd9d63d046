//! Pipelines and their executions, whose steps run as jobs.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Pipeline {
    pub name: Arc<str>,
    pub arn: String,
    pub display_name: Option<String>,
    pub definition: Arc<str>,
    pub description: Option<String>,
    pub role_arn: String,
    /// How many steps of an execution may run at once.
    pub parallelism: Option<u32>,
    /// When each of its definitions came, the last of which it has.
    pub versions: Vector<SimTime>,
    pub token: String,
    pub created: SimTime,
    pub modified: SimTime,
    pub last_run: Option<SimTime>,
    pub tags: Tags,
    pub memo: Memo,
}

impl Pipeline {
    /// The number of its last version: they are counted from 1.
    pub fn version(&self) -> u64 {
        self.versions.len() as u64
    }
}

impl Row for Pipeline {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum ExecutionStatus {
    Executing,
    Stopping,
    Stopped,
    Failed,
    Succeeded,
}

impl ExecutionStatus {
    pub fn word(self) -> &'static str {
        match self {
            ExecutionStatus::Executing => "Executing",
            ExecutionStatus::Stopping => "Stopping",
            ExecutionStatus::Stopped => "Stopped",
            ExecutionStatus::Failed => "Failed",
            ExecutionStatus::Succeeded => "Succeeded",
        }
    }

    /// Whether nothing more happens to the execution by itself.
    pub fn is_final(self) -> bool {
        !matches!(self, ExecutionStatus::Executing | ExecutionStatus::Stopping)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum StepStatus {
    Executing,
    Stopping,
    Stopped,
    Failed,
    Succeeded,
}

impl StepStatus {
    pub fn word(self) -> &'static str {
        match self {
            StepStatus::Executing => "Executing",
            StepStatus::Stopping => "Stopping",
            StepStatus::Stopped => "Stopped",
            StepStatus::Failed => "Failed",
            StepStatus::Succeeded => "Succeeded",
        }
    }

    pub fn is_final(self) -> bool {
        !matches!(self, StepStatus::Executing | StepStatus::Stopping)
    }
}

/// What a step made or found.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum StepResult {
    Job {
        key: JobKey,
        arn: String,
    },
    Tuning {
        name: Arc<str>,
        arn: String,
    },
    Model {
        arn: String,
    },
    /// A version of a model package group.
    Package {
        arn: String,
    },
    /// Whether the conditions hold.
    Condition(bool),
    /// What a step says that is there to fail.
    Fail(String),
    /// The call that the step makes was refused.
    Nothing,
}

/// A step that was started.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct StepRun {
    pub name: Arc<str>,
    pub status: StepStatus,
    pub started: SimTime,
    pub ended: Option<SimTime>,
    pub failure: Option<String>,
    pub result: StepResult,
    /// What other steps refer to: what it made, as it is described.
    pub properties: Document,
}

/// The steps that an execution runs, where it does not run all of them, and the execution that did the others.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Selection {
    /// In the order in which they were named.
    pub steps: Vec<Arc<str>>,
    pub source: Option<Arc<str>>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct PipelineExecution {
    pub arn: Arc<str>,
    pub pipeline: Arc<str>,
    pub pipeline_arn: String,
    /// As they were when it was started.
    pub definition: Arc<str>,
    pub version: u64,
    pub role_arn: String,
    pub display_name: String,
    pub description: Option<String>,
    pub parallelism: Option<u32>,
    /// All of the definition's, in its order.
    pub parameters: Vec<(String, String)>,
    pub token: Arc<str>,
    pub status: ExecutionStatus,
    pub failure: Option<String>,
    /// `None`: it runs all steps.
    pub selection: Option<Selection>,
    /// In the order in which they were started, those of another execution first.
    pub steps: Vector<StepRun>,
    pub created: SimTime,
    pub modified: SimTime,
    pub memo: Memo,
}

impl PipelineExecution {
    /// The last part of its ARN.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    pub fn step(&self, name: &str) -> Option<&StepRun> {
        self.steps.iter().find(|step| &*step.name == name)
    }

    pub fn running(&self) -> impl Iterator<Item = &StepRun> {
        self.steps.iter().filter(|step| !step.status.is_final())
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ExecutionIndex {
    Pipeline(Arc<str>),
    /// Those of a pipeline that were asked for with a token.
    Token(Arc<str>, Arc<str>),
}

impl PipelineExecution {
    /// The execution that did a step which this one takes from it.
    pub fn source_of(&self, step: &str) -> Option<&Arc<str>> {
        let selection = self.selection.as_ref().filter(|selection| !selection.has(step))?;
        selection.source.as_ref()
    }
}

impl Selection {
    pub fn has(&self, step: &str) -> bool {
        self.steps.iter().any(|name| **name == *step)
    }
}

impl Row for PipelineExecution {
    type Key = Arc<str>;
    type Index = ExecutionIndex;
    fn key(&self) -> Arc<str> {
        self.arn.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(ExecutionIndex)) {
        emit(ExecutionIndex::Pipeline(self.pipeline.clone()));
        emit(ExecutionIndex::Token(self.pipeline.clone(), self.token.clone()));
    }
}

/// What must hold of pipelines; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    if !state.executions.is_consistent() {
        broken.push("the indexes of executions do not match its rows".into());
    }
    for execution in state.executions.iter() {
        let arn = &execution.arn;
        if !state.pipelines.contains(&execution.pipeline) {
            broken.push(format!("{arn} has no pipeline"));
        }
        let running = execution.running().count();
        if execution.parallelism.is_some_and(|most| running > most as usize) {
            broken.push(format!("{arn} runs {running} steps at once"));
        }
        if execution.status.is_final() && running > 0 {
            broken.push(format!("{arn} is {:?} and runs {running} steps", execution.status));
        }
        let owner = Owner::Execution(arn.clone());
        let woken = state.timers.next_of(&owner).is_some();
        if !execution.status.is_final() && !woken && running == 0 {
            broken.push(format!("nothing wakes {arn}"));
        }
        if execution.status.is_final() && woken {
            broken.push(format!("{arn} has ended and has a timer"));
        }
    }
    broken
}
