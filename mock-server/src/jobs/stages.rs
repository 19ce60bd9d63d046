//! The stages of a job's life: one table for each kind and course.

use crate::model::{Course, JobKind, JobStatus, Phase, Profile};
use std::time::Duration;

/// A stretch of a job's life.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    pub status: JobStatus,
    /// The part of its life that the stage belongs to: training jobs tell it as their secondary status, other kinds
    /// keep it to themselves.
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
        profile.lasts(self.lasts)
    }
}

/// A stretch of the life of something else, which has this status meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<S> {
    pub status: S,
    /// The rules that are asked when it begins. One that is violated has its effect when it ends.
    pub phase: Option<Phase>,
    /// As above.
    lasts: [u64; 2],
}

impl<S> Stretch<S> {
    pub fn lasts(&self, profile: Profile) -> Duration {
        profile.lasts(self.lasts)
    }
}

pub const fn stretch<S: Copy>(status: S, phase: Option<Phase>, lasts: [u64; 2]) -> Stretch<S> {
    Stretch { status, phase, lasts }
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

use JobStatus::{Completed, Failed, InProgress, Starting, Stopped, Stopping};

/// Secondary statuses that mean something to more than their table.
pub const DOWNLOADING: &str = "Downloading";
pub const TRAINING: &str = "Training";
pub const FAILED: &str = "Failed";
/// The message of the stage in which instances are waited for.
pub const LAUNCHING: &str = "Launching requested ML instances";

/// Words: API reference, SecondaryStatusTransition; as printed by described jobs and SDK logs in public
/// repositories, without the final stop of the reference. Times of `realistic`: such logs (two and a half minutes
/// up to a failed download, three minutes for a job that does next to nothing).
#[rustfmt::skip]
const TRAINING_RUN: &[Stage] = &[
    stage(InProgress, "Starting", "Starting the training job", [300, 2_000], Some(Phase::Place)),
    stage(InProgress, "Starting", LAUNCHING, [300, 40_000], None),
    stage(InProgress, "Starting", "Preparing the instances for training", [300, 60_000], Some(Phase::Start)),
    stage(InProgress, DOWNLOADING, "Downloading input data", [400, 30_000], Some(Phase::Input)),
    stage(InProgress, TRAINING, "Downloading the training image", [300, 20_000], None),
    stage(InProgress, TRAINING, "Training image download completed. Training in progress.", [1_000, 20_000], Some(Phase::Run)),
    stage(InProgress, "Uploading", "Uploading generated training model", [400, 10_000], Some(Phase::Output)),
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

/// The statuses: developer guide, "model-managed-spot-training-status", which shows no upload. The last message is assumed.
#[rustfmt::skip]
const TRAINING_WAIT_OVER: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the training job", [300, 5_000], None),
    stage(Stopped, "MaxWaitTimeExceeded", "Training job runtime exceeded MaxWaitTimeInSeconds provided", [0, 0], None),
];

/// After these the job begins again. The statuses: as above, and the service model; the messages are assumed.
#[rustfmt::skip]
const TRAINING_INTERRUPTED: &[Stage] = &[
    stage(InProgress, "Interrupted", "Training job interrupted", [300, 60_000], None),
];
#[rustfmt::skip]
const TRAINING_RESTART: &[Stage] = &[
    stage(InProgress, "Restarting", "Restarting the training job", [300, 10_000], None),
];

/// Jobs of the kinds below tell a status and nothing else, so their messages are ours and show in events only. Times of
/// `realistic`: assumed after described processing jobs, where about four minutes pass before a container that runs
/// for twenty seconds.
#[rustfmt::skip]
const PROCESSING_RUN: &[Stage] = &[
    stage(InProgress, "Starting", "Starting the processing job", [300, 2_000], Some(Phase::Place)),
    stage(InProgress, "Starting", "Preparing the instances for processing", [600, 120_000], Some(Phase::Start)),
    stage(InProgress, DOWNLOADING, "Downloading input data", [400, 30_000], Some(Phase::Input)),
    stage(InProgress, "Processing", "The processing container runs", [1_300, 60_000], Some(Phase::Run)),
    stage(InProgress, "Uploading", "Uploading output data", [400, 15_000], Some(Phase::Output)),
    stage(Completed, "Completed", "Processing job completed", [0, 0], None),
];
#[rustfmt::skip]
const PROCESSING_STOP: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the processing job", [300, 20_000], None),
    stage(Stopped, "Stopped", "Processing job stopped", [0, 0], None),
];
/// That the job is stopped when its time is over: API reference, ProcessingStoppingCondition.
#[rustfmt::skip]
const PROCESSING_OVERTIME: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the processing job", [300, 20_000], None),
    stage(Stopped, "Stopped", "Processing job exceeded MaxRuntimeInSeconds", [0, 0], None),
];

#[rustfmt::skip]
const TRANSFORM_RUN: &[Stage] = &[
    stage(InProgress, "Starting", "Starting the transform job", [300, 2_000], Some(Phase::Place)),
    stage(InProgress, "Starting", "Preparing the instances for the model", [600, 120_000], Some(Phase::Start)),
    stage(InProgress, DOWNLOADING, "Downloading the model and input data", [400, 40_000], Some(Phase::Input)),
    stage(InProgress, "Transforming", "The model answers records", [1_300, 60_000], Some(Phase::Run)),
    stage(InProgress, "Uploading", "Uploading output data", [400, 15_000], Some(Phase::Output)),
    stage(Completed, "Completed", "Transform job completed", [0, 0], None),
];
/// Nothing is stored of a job that is stopped: API reference, StopTransformJob.
#[rustfmt::skip]
const TRANSFORM_STOP: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the transform job", [300, 20_000], None),
    stage(Stopped, "Stopped", "Transform job stopped", [0, 0], None),
];

#[rustfmt::skip]
const COMPILATION_RUN: &[Stage] = &[
    stage(Starting, "Starting", "Starting the compilation job", [300, 2_000], Some(Phase::Place)),
    stage(Starting, "Starting", "Preparing the instance for compilation", [600, 60_000], Some(Phase::Start)),
    stage(InProgress, DOWNLOADING, "Downloading the model", [400, 20_000], Some(Phase::Input)),
    stage(InProgress, "Compiling", "Compiling the model", [1_300, 120_000], Some(Phase::Run)),
    stage(InProgress, "Uploading", "Uploading the compiled model", [400, 15_000], Some(Phase::Output)),
    stage(Completed, "Completed", "Compilation job completed", [0, 0], None),
];
#[rustfmt::skip]
const COMPILATION_STOP: &[Stage] = &[
    stage(Stopping, "Stopping", "Stopping the compilation job", [300, 20_000], None),
    stage(Stopped, "Stopped", "Compilation job stopped", [0, 0], None),
];
/// A time-out error, not a stop: API reference, StoppingCondition.
#[rustfmt::skip]
const COMPILATION_OVERTIME: &[Stage] = &[
    stage(Failed, FAILED, "Compilation job failed", [0, 0], None),
];

/// What a kind of job calls its status.
pub const fn status_word(kind: JobKind, status: JobStatus) -> &'static str {
    match kind {
        JobKind::Compilation => match status {
            Starting => "STARTING",
            InProgress => "INPROGRESS",
            Completed => "COMPLETED",
            Failed => "FAILED",
            Stopping => "STOPPING",
            Stopped => "STOPPED",
            JobStatus::Deleting => "DELETING",
        },
        // Endpoints have words of their own; these are never asked for.
        JobKind::Training
        | JobKind::Processing
        | JobKind::Transform
        | JobKind::Hosting
        | JobKind::Notebook
        | JobKind::Cluster => match status {
            Starting | InProgress => "InProgress",
            Completed => "Completed",
            Failed => "Failed",
            Stopping => "Stopping",
            Stopped => "Stopped",
            JobStatus::Deleting => "Deleting",
        },
    }
}

/// The message of the last transition of a failed job. Source for training: SDK logs in public repositories.
pub const fn failed_message(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Training => "Training job failed",
        JobKind::Processing => "Processing job failed",
        JobKind::Transform => "Transform job failed",
        JobKind::Compilation => "Compilation job failed",
        JobKind::Hosting => "Endpoint failed",
        JobKind::Notebook => "Notebook instance failed",
        JobKind::Cluster => "Cluster failed",
    }
}

/// The stages of a course, in order; the last one is final, unless the job begins again after it.
pub const fn table(kind: JobKind, course: Course) -> &'static [Stage] {
    match (kind, course) {
        (JobKind::Training, Course::Run) => TRAINING_RUN,
        (JobKind::Training, Course::StopEarly) => TRAINING_STOP_EARLY,
        (JobKind::Training, Course::Stop) => TRAINING_STOP,
        (JobKind::Training, Course::Overtime) => TRAINING_OVERTIME,
        (JobKind::Training, Course::WaitOver) => TRAINING_WAIT_OVER,
        (JobKind::Training, Course::Interrupted) => TRAINING_INTERRUPTED,
        (JobKind::Training, Course::Restart) => TRAINING_RESTART,
        // Only training jobs wait, or begin again.
        (_, Course::WaitOver | Course::Interrupted | Course::Restart) => &[],
        (JobKind::Processing, Course::Run) => PROCESSING_RUN,
        (JobKind::Processing, Course::StopEarly | Course::Stop) => PROCESSING_STOP,
        (JobKind::Processing, Course::Overtime) => PROCESSING_OVERTIME,
        (JobKind::Transform, Course::Run) => TRANSFORM_RUN,
        (JobKind::Transform, Course::StopEarly | Course::Stop | Course::Overtime) => TRANSFORM_STOP,
        (JobKind::Compilation, Course::Run) => COMPILATION_RUN,
        (JobKind::Compilation, Course::StopEarly | Course::Stop) => COMPILATION_STOP,
        (JobKind::Compilation, Course::Overtime) => COMPILATION_OVERTIME,
        (JobKind::Hosting | JobKind::Notebook | JobKind::Cluster, _) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSES: [Course; 4] = [Course::Run, Course::StopEarly, Course::Stop, Course::Overtime];

    #[test]
    fn training_alone_waits_and_begins_again() {
        for course in [Course::WaitOver, Course::Interrupted, Course::Restart] {
            for kind in JobKind::JOBS {
                assert_eq!(table(*kind, course).is_empty(), *kind != JobKind::Training);
            }
        }
        let last = |course| table(JobKind::Training, course).last().unwrap().status;
        assert!(last(Course::WaitOver).is_final());
        assert!(!last(Course::Interrupted).is_final() && !last(Course::Restart).is_final());
    }

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
    fn a_fast_job_lives_three_seconds() {
        for kind in JobKind::JOBS {
            let stages = table(*kind, Course::Run);
            let total: Duration = stages.iter().map(|stage| stage.lasts(Profile::Fast)).sum();
            assert_eq!(total, Duration::from_secs(3), "{kind:?}");
            assert!(stages.iter().all(|stage| stage.lasts(Profile::Instant).is_zero()));
        }
    }

    #[test]
    fn every_phase_of_a_job_has_its_stage() {
        for kind in JobKind::JOBS {
            let phases: Vec<_> = table(*kind, Course::Run).iter().filter_map(|stage| stage.phase).collect();
            assert_eq!(phases, Phase::ALL[1..], "{kind:?}");
        }
    }
}
