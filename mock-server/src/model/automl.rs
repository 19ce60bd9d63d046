//! AutoML jobs: what starts processing, training and transform jobs one step after the other, and keeps what became of
//! them.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// What an AutoML job does at a time, in the order in which it does it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum AutoMlStep {
    /// A processing job looks at the data.
    Analyze,
    /// A training job fits what turns data into features,
    Engineer,
    /// and a transform job turns them.
    Encode,
    /// Training jobs, each a candidate: one model each, or models that are put together.
    Tune,
    Train,
    /// Processing jobs write reports of the best candidate.
    Explain,
    Report,
    /// The best candidate gets an endpoint.
    Deploy,
}

impl AutoMlStep {
    /// Its jobs are candidates.
    pub fn makes_candidates(self) -> bool {
        matches!(self, AutoMlStep::Tune | AutoMlStep::Train)
    }

    /// The AutoML job succeeds without it.
    pub fn is_optional(self) -> bool {
        matches!(self, AutoMlStep::Explain | AutoMlStep::Report | AutoMlStep::Deploy)
    }

    /// What the AutoML job calls its secondary status meanwhile. Source: API reference, DescribeAutoMLJob.
    pub fn word(self) -> &'static str {
        match self {
            AutoMlStep::Analyze => "AnalyzingData",
            AutoMlStep::Engineer | AutoMlStep::Encode => "FeatureEngineering",
            AutoMlStep::Tune => "ModelTuning",
            AutoMlStep::Train => "TrainingModels",
            AutoMlStep::Explain => "GeneratingExplainabilityReport",
            AutoMlStep::Report => "GeneratingModelInsightsReport",
            AutoMlStep::Deploy => "DeployingModel",
        }
    }

    /// What it calls that when it went wrong, where the AutoML job goes on.
    pub fn error_word(self) -> Option<&'static str> {
        match self {
            AutoMlStep::Explain => Some("ExplainabilityError"),
            AutoMlStep::Report => Some("ModelInsightsError"),
            AutoMlStep::Deploy => Some("ModelDeploymentError"),
            _ => None,
        }
    }
}

/// A job that an AutoML job started. What became of it is kept here, for it can be deleted.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct AutoMlChild {
    pub step: AutoMlStep,
    pub key: JobKey,
    pub arn: String,
    pub created: SimTime,
    /// `None`: it has not ended.
    pub outcome: Option<TrialOutcome>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct AutoMlJob {
    /// In lower case: names are the same in any case.
    pub key: Arc<str>,
    pub name: Arc<str>,
    pub arn: String,
    /// All that the caller said, in the words of CreateAutoMLJobV2; and as it was said where that was CreateAutoMLJob.
    pub request: Document,
    pub first: Option<Document>,
    pub steps: Vec<AutoMlStep>,
    /// The place of the current one; `None`: none was begun.
    pub step: Option<usize>,
    pub children: Vector<AutoMlChild>,
    pub most_candidates: u32,
    pub max_runtime: Option<Duration>,
    /// The statuses are those of tuning jobs.
    pub status: TuningStatus,
    pub secondary: &'static str,
    /// What it will be once its running jobs have ended: no more are started.
    pub ending: Option<(TuningStatus, &'static str)>,
    /// Told once it has failed.
    pub failure: Option<String>,
    /// Why steps failed that it does without.
    pub partial: Vec<String>,
    /// The endpoint that the best candidate got.
    pub deployed: Option<String>,
    pub created: SimTime,
    pub modified: SimTime,
    pub ended: Option<SimTime>,
    pub tags: Tags,
    pub memo: Memo,
}

impl AutoMlJob {
    /// Those that have not ended.
    pub fn running(&self) -> impl Iterator<Item = &AutoMlChild> {
        self.children.iter().filter(|child| child.outcome.is_none())
    }

    pub fn candidates(&self) -> impl Iterator<Item = &AutoMlChild> {
        self.children.iter().filter(|child| child.step.makes_candidates())
    }

    /// The job of a step of which there is one.
    pub fn child(&self, step: AutoMlStep) -> Option<&AutoMlChild> {
        self.children.iter().find(|child| child.step == step)
    }
}

impl Row for AutoMlJob {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.key.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// What must hold of AutoML jobs; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for job in state.automl_jobs.iter() {
        let name = &job.name;
        let running = job.running().count();
        if job.candidates().count() > job.most_candidates as usize {
            broken.push(format!("{name} has more than {} candidates", job.most_candidates));
        }
        if job.status.is_final() != job.ended.is_some() || (job.status.is_final() && running > 0) {
            broken.push(format!("{name} is {:?} and has {running} jobs running", job.status));
        }
        // It is woken, for sure: by a timer of its own or by a job that knows it.
        let owner = Owner::AutoMl(job.key.clone());
        let woken = state.timers.next_of(&owner).is_some();
        let knows = |child: &AutoMlChild| {
            let job = state.jobs.get(&child.key);
            job.and_then(|job| job.parent.as_ref()).is_some_and(|parent| parent.owner == owner)
        };
        if !job.status.is_final() && !woken && (running == 0 || !job.running().all(knows)) {
            broken.push(format!("nothing wakes {name}"));
        }
        if job.status.is_final() && woken {
            broken.push(format!("{name} has ended and has a timer"));
        }
    }
    broken
}
