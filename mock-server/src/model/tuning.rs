//! Hyperparameter tuning jobs: what starts training jobs, one after the other, and keeps what became of them.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum TuningStatus {
    InProgress,
    Stopping,
    Completed,
    Failed,
    Stopped,
}

impl TuningStatus {
    pub fn word(self) -> &'static str {
        match self {
            TuningStatus::InProgress => "InProgress",
            TuningStatus::Stopping => "Stopping",
            TuningStatus::Completed => "Completed",
            TuningStatus::Failed => "Failed",
            TuningStatus::Stopped => "Stopped",
        }
    }

    /// Whether nothing more happens to the tuning job.
    pub fn is_final(self) -> bool {
        matches!(self, TuningStatus::Completed | TuningStatus::Failed | TuningStatus::Stopped)
    }
}

/// A training job that a tuning job started. What became of it is kept here, for it can be deleted.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Trial {
    pub key: JobKey,
    pub arn: String,
    /// The place of its definition among those of the tuning job.
    pub definition: usize,
    /// The hyperparameters that were chosen for it.
    pub values: Vec<(String, String)>,
    pub created: SimTime,
    /// `None`: it has not ended.
    pub outcome: Option<TrialOutcome>,
    /// Whether it was compared with those before it, and was stopped because it did worse.
    pub is_judged: bool,
    pub is_worse: bool,
}

/// How a training job ended.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct TrialOutcome {
    pub status: JobStatus,
    pub started: Option<SimTime>,
    pub ended: Option<SimTime>,
    pub failure: Option<String>,
    /// Whether it failed for a reason that the service blames itself for.
    pub retryable: bool,
    /// The last value of the objective metric.
    pub objective: Option<f64>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct TuningJob {
    pub name: Arc<str>,
    pub arn: String,
    /// All that the caller said.
    pub request: Document,
    /// How many training jobs there may be, and how many of them at once.
    pub most_jobs: u32,
    pub most_parallel: u32,
    pub max_runtime: Option<Duration>,
    pub status: TuningStatus,
    /// What it will be once its running training jobs have ended: no more are started.
    pub ending: Option<TuningStatus>,
    /// Told once it has failed.
    pub failure: Option<String>,
    pub trials: Vector<Trial>,
    /// The best training job of those that it goes on from, and the name of its tuning job.
    pub heritage: Option<(Arc<str>, Trial)>,
    pub created: SimTime,
    pub modified: SimTime,
    pub ended: Option<SimTime>,
    /// Who is woken when it has ended, if something else started it.
    pub parent: Option<Owner>,
    pub tags: Tags,
    pub memo: Memo,
}

impl TuningJob {
    /// Those that have not ended.
    pub fn running(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.outcome.is_none())
    }

    /// How those ended that have.
    pub fn outcomes(&self) -> impl Iterator<Item = &TrialOutcome> {
        self.trials.iter().filter_map(|trial| trial.outcome.as_ref())
    }
}

impl Row for TuningJob {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// What must hold of tuning jobs; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for tuning in state.tuning_jobs.iter() {
        let name = &tuning.name;
        let running = tuning.running().count();
        if running > tuning.most_parallel as usize || tuning.trials.len() > tuning.most_jobs as usize {
            broken.push(format!("{name} has {running} of {} jobs running", tuning.trials.len()));
        }
        if tuning.status.is_final() != tuning.ended.is_some() || (tuning.status.is_final() && running > 0) {
            broken.push(format!("{name} is {:?} and has {running} jobs running", tuning.status));
        }
        // It is woken, for sure: by a timer of its own or by a job that knows it.
        let owner = Owner::Tuning(name.clone());
        let woken = state.timers.next_of(&owner).is_some();
        let knows = |trial: &Trial| {
            let job = state.jobs.get(&trial.key);
            job.and_then(|job| job.parent.as_ref()).is_some_and(|parent| parent.owner == owner)
        };
        if !tuning.status.is_final() && !woken && (running == 0 || !tuning.running().all(knows)) {
            broken.push(format!("nothing wakes {name}"));
        }
        if tuning.status.is_final() && woken {
            broken.push(format!("{name} has ended and has a timer"));
        }
    }
    broken
}
