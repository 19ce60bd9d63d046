//! The stages of a job's life: one table for each kind and course.

use crate::model::{Course, JobKind, JobStatus, Phase, Profile};
use std::time::Duration;

/// A stretch of a job's life.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    pub status: JobStatus,
    /// The secondary status; kinds that have none repeat their status.
    pub secondary: &'static str,
    pub message: &'static str,
    /// The rules that are asked when the stage begins. One that is violated makes the job fail when the secondary
    /// status ends.
    pub phase: Option<Phase>,
    /// How long it lasts, in milliseconds, in profile `fast` and in profile `realistic`.
    lasts: [u64; 2],
}

impl Stage {
    pub fn lasts(&self, profile: Profile) -> Duration {
        let [fast, realistic] = self.lasts;
        Duration::from_millis(match profile {
            Profile::Fast => fast,
            Profile::Realistic => realistic,
            Profile::Instant => 0,
        })
    }
}

const fn stage(
    status: JobStatus,
    secondary: &'static str,
    message: &'static str,
    lasts: [u64; 2],
    phase: Option<Phase>,
) -> Stage {
    Stage { status, secondary, message, phase, lasts }
}

use JobStatus::{Completed, InProgress, Stopped, Stopping};

/// Secondary statuses that mean something to more than their table.
pub const DOWNLOADING: &str = "Downloading";
pub const TRAINING: &str = "Training";
pub const FAILED: &str = "Failed";

/// Words: API reference, SecondaryStatusTransition; as printed by described jobs and SDK logs in public
/// repositories, without the final stop of the reference. Times of `realistic`: such logs (two and a half minutes
/// up to a failed download, three to four minutes for a job that does next to nothing).
#[rustfmt::skip]
const TRAINING_RUN: &[Stage] = &[
    stage(InProgress, "Starting", "Starting the training job", [300, 2_000], Some(Phase::Place)),
    stage(InProgress, "Starting", "Launching requested ML instances", [300, 40_000], None),
    stage(InProgress, "Starting", "Preparing the instances for training", [300, 60_000], Some(Phase::Start)),
    stage(InProgress, DOWNLOADING, "Downloading input data", [400, 30_000], Some(Phase::Input)),
    stage(InProgress, TRAINING, "Downloading the training image", [300, 40_000], None),
    stage(InProgress, TRAINING, "Training image download completed. Training in progress.", [1_000, 60_000], Some(Phase::Run)),
    stage(InProgress, "Uploading", "Uploading generated training model", [400, 15_000], Some(Phase::Output)),
    stage(Completed, "Completed", "Training job completed", [0, 0], None),
];

/// A job that is stopped while it starts or downloads ends at once: SDK log of such a job in a public repository.
#[rustfmt::skip]
const TRAINING_STOP_EARLY: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the training job", [300, 5_000], None),
    stage(Stopped, "Stopped", "Training job stopped", [0, 0], None),
];

/// A container that runs has up to 120 seconds to save its work: API reference, StopTrainingJob.
#[rustfmt::skip]
const TRAINING_STOP: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the training job", [300, 30_000], None),
    stage(Stopping, "Uploading", "Uploading generated training model", [400, 15_000], Some(Phase::Output)),
    stage(Stopped, "Stopped", "Training job stopped", [0, 0], None),
];

/// The last message is assumed.
#[rustfmt::skip]
const TRAINING_OVERTIME: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the training job", [300, 30_000], None),
    stage(Stopping, "Uploading", "Uploading generated training model", [400, 15_000], Some(Phase::Output)),
    stage(Stopped, "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds provided", [0, 0], None),
];

/// What a kind of job calls its status.
pub const fn status_word(kind: JobKind, status: JobStatus) -> &'static str {
    match kind {
        // Endpoints have words of their own; these are never asked for.
        JobKind::Training | JobKind::Hosting => match status {
            JobStatus::InProgress => "InProgress",
            JobStatus::Completed => "Completed",
            JobStatus::Failed => "Failed",
            JobStatus::Stopping => "Stopping",
            JobStatus::Stopped => "Stopped",
            JobStatus::Deleting => "Deleting",
        },
    }
}

/// The stages of a course, in order; the last one is final.
pub const fn table(kind: JobKind, course: Course) -> &'static [Stage] {
    match (kind, course) {
        (JobKind::Training, Course::Run) => TRAINING_RUN,
        (JobKind::Training, Course::StopEarly) => TRAINING_STOP_EARLY,
        (JobKind::Training, Course::Stop) => TRAINING_STOP,
        (JobKind::Training, Course::Overtime) => TRAINING_OVERTIME,
        (JobKind::Hosting, _) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSES: [Course; 4] = [Course::Run, Course::StopEarly, Course::Stop, Course::Overtime];

    #[test]
    fn every_table_ends_in_its_only_final_stage() {
        for kind in JobKind::JOBS {
            for course in COURSES {
                let stages = table(*kind, course);
                let (last, before) = stages.split_last().unwrap();
                assert!(last.status.is_final() && last.phase.is_none());
                assert!(before.iter().all(|stage| !stage.status.is_final()));
            }
        }
    }

    #[test]
    fn a_fast_training_job_lives_three_seconds() {
        let stages = table(JobKind::Training, Course::Run);
        let total: Duration = stages.iter().map(|stage| stage.lasts(Profile::Fast)).sum();
        assert_eq!(total, Duration::from_secs(3));
        assert!(stages.iter().all(|stage| stage.lasts(Profile::Instant).is_zero()));
    }

    #[test]
    fn every_phase_of_a_job_has_its_stage() {
        let phases: Vec<_> =
            table(JobKind::Training, Course::Run).iter().filter_map(|stage| stage.phase).collect();
        assert_eq!(phases, Phase::ALL[1..]);
    }
}
