//! The attempts of a job: what ends a stage, interruptions of managed spot training, checkpoints, and what the service
//! tries again.
//!
//! A job that begins again has no instances meanwhile: its interfaces go and others are made, wherever there is room then,
//! and every rule is asked again.

use super::stages::{self, Stage};
use super::{behaviour, divert, enter, log, output, release};
use crate::model::attempt::{SpotMarket, Wait};
use crate::model::{
    Alarm, Course, DataUse, Evidence, Finding, Job, JobKind, Needs, Owner, Phase, Profile, Txn,
};
use crate::rules::{self, Case, Paths, texts};
use std::time::Duration;

/// No stage ends by itself after so long.
const FOR_EVER: Duration = Duration::MAX;
/// So many checkpoints are written and no more: what one job leaves stays bounded.
const MOST_CHECKPOINTS: u32 = 1_000;
/// How much of what an instance costs is billed on the spot market. Source: documented savings of "up to 90%"; jobs in
/// public repositories were told about 70 of 100.
pub const SPOT_SHARE: f64 = 0.3;

fn market(needs: &Needs) -> Option<&SpotMarket> {
    needs.max_wait?;
    Some(&needs.behaviour.as_ref()?.spot)
}

/// How long containers run in the current attempt.
fn left_of_run(job: &Job, usual: Duration) -> Duration {
    if job.hung.is_some() {
        return FOR_EVER;
    }
    let whole = behaviour::lasts(&job.needs, job.exit.as_ref(), usual);
    whole.saturating_sub(job.progress.base)
}

/// How long the stage that a job is in lasts, and what ends it: itself, or what comes before.
pub(super) fn next(txn: &Txn<'_>, job: &Job) -> (Duration, Alarm) {
    let (stage, profile) = (job.current(), txn.state.profile);
    let instant = profile == Profile::Instant;
    let runs = job.course == Course::Run && stage.phase == Some(Phase::Run);
    let progress = &job.progress;
    let elapsed = progress.running.map_or(Duration::ZERO, |since| txn.now.since(since));
    let declared = stage.phase.and_then(|phase| behaviour::service_failure(&job.needs, phase, false));
    let declared = declared.filter(|_| job.failure.is_some()).and_then(|failure| failure.after);
    let lasts = if let Some(declared) = declared {
        declared.saturating_sub(elapsed)
    } else if runs {
        left_of_run(job, stage.lasts(profile)).saturating_sub(elapsed)
    } else {
        waits(job, stage).map_or(stage.lasts(profile), |wait| match wait {
            Wait::Usual => stage.lasts(profile),
            Wait::For(span) => span,
            Wait::Never => FOR_EVER,
        })
    };
    let mut next = (lasts, Alarm::Stage(job.stage + 1));
    let mut sooner = |span: Duration, alarm| {
        if span < next.0 {
            next = (span, alarm);
        }
    };
    let mut overtime = false;
    if runs && let Some(limit) = job.needs.max_runtime {
        let left = limit.saturating_sub(progress.ran).saturating_sub(elapsed);
        overtime = left < lasts;
        sooner(left, Alarm::Overtime);
    }
    if runs
        && job.hung.is_none()
        && let Some(market) = market(&job.needs)
        && progress.interruptions < market.times
    {
        let run = left_of_run(job, stage.lasts(profile));
        let after = market.interrupted_after.unwrap_or(run / 2);
        // Where no time passes, a run whose length nobody declared is long enough to be interrupted.
        let long = instant && job.needs.behaviour.as_ref().is_none_or(|known| known.duration.is_none());
        if long && !overtime {
            return (Duration::ZERO, Alarm::Interrupt);
        }
        sooner(after.saturating_sub(elapsed), Alarm::Interrupt);
    }
    if let Some(limit) = job.needs.max_wait.filter(|_| may_be_over(job, stage)) {
        let spent = match instant {
            true => progress.ran.saturating_add(progress.waited),
            false => txn.now.since(job.created),
        };
        sooner(limit.saturating_sub(spent), Alarm::WaitOver);
    }
    if runs
        && !instant
        && let Some(at) = next_checkpoint(job)
    {
        sooner(at.saturating_sub(progress.base).saturating_sub(elapsed), Alarm::Checkpoint);
    }
    next
}

/// The time that a job may wait is not over once it uploads what it made. Assumed.
fn may_be_over(job: &Job, stage: &Stage) -> bool {
    match job.course {
        Course::Run => stage.phase != Some(Phase::Output) && !stage.status.is_final(),
        Course::Interrupted | Course::Restart => true,
        Course::StopEarly | Course::Stop | Course::Overtime | Course::WaitOver => false,
    }
}

/// What is declared of the time that instances are waited for in a stage.
fn waits(job: &Job, stage: &Stage) -> Option<Wait> {
    let market = market(&job.needs)?;
    let first = job.progress.interruptions == 0 && job.progress.retries == 0;
    match job.course {
        Course::Run if first && stage.message == stages::LAUNCHING => Some(market.launches),
        Course::Interrupted => Some(market.resumes),
        _ => None,
    }
}

/// Notes the time that passed in a stage where no time passes.
pub(super) fn pass(txn: &Txn<'_>, job: &mut Job, lasts: Duration) {
    if txn.state.profile == Profile::Instant && job.current().phase != Some(Phase::Run) {
        job.progress.waited = job.progress.waited.saturating_add(lasts);
    }
}

/// Whether a job that takes over instances has no use for a stage.
pub(super) fn skips(job: &Job, stage: &Stage) -> bool {
    job.needs.takes_over && stage.message == stages::LAUNCHING
}

/// The instances were taken away.
pub(super) fn interrupt(txn: &mut Txn<'_>, mut job: Job) {
    job.progress.interruptions += 1;
    again(txn, job, Course::Interrupted);
}

/// Whether the service tries once more what it failed. Source: API reference, RetryStrategy.
pub(super) fn is_retried(job: &Job) -> bool {
    let failed_itself = job.failure.as_ref().is_some_and(super::failure::is_of_service_itself);
    job.course == Course::Run && failed_itself && job.progress.retries < job.needs.retries
}

/// The service failed the job, which begins again.
pub(super) fn retry(txn: &mut Txn<'_>, mut job: Job) {
    job.progress.retries += 1;
    again(txn, job, Course::Restart);
}

/// Leaves an attempt; the next one begins when the stages of this course are over.
fn again(txn: &mut Txn<'_>, mut job: Job, course: Course) {
    let owner = Owner::Job(job.key.clone());
    txn.state.timers.cancel(&owner);
    leave(txn, &mut job);
    log::close(txn, &job.key, &mut job.log, false);
    release(txn, &mut job);
    job.needs.takes_over = false;
    (job.failure, job.exit, job.hung, job.short_for) = (None, None, None, None);
    job.course = course;
    enter(txn, job, 0);
}

/// Begins the next attempt.
pub(super) fn begin_again(txn: &mut Txn<'_>, mut job: Job) {
    // What the rules said of an attempt that is over says nothing of the next one.
    job.findings.retain(|finding| finding.phase == Phase::Create);
    job.traces.retain(|(phase, _)| *phase == Phase::Create);
    let kept = if writes_checkpoints(&job.needs) { job.progress.saved } else { Duration::ZERO };
    job.progress.base = kept;
    job.course = Course::Run;
    enter(txn, job, 0);
}

/// The instances work for the job no longer: how long they did is counted.
pub(super) fn leave(txn: &Txn<'_>, job: &mut Job) {
    if let Some(since) = job.progress.working.take() {
        job.progress.worked += txn.now.since(since);
    }
}

/// The containers have ended: what they did is counted, and kept if they write checkpoints.
pub(super) fn rest(txn: &mut Txn<'_>, job: &mut Job, ends: Alarm) {
    let Some(since) = job.progress.running.take() else { return };
    let ran = match txn.state.profile {
        Profile::Instant => planned(job, ends),
        _ => txn.now.since(since),
    };
    job.progress.ran = job.progress.ran.saturating_add(ran);
    let reached = job.progress.base.saturating_add(ran);
    if !writes_checkpoints(&job.needs) || job.exit.as_ref().is_some_and(|exit| exit.early) {
        return;
    }
    match every(&job.needs) {
        Some(_) => {
            while let Some(at) = next_checkpoint(job).filter(|at| *at <= reached) {
                if !save(txn, job, at) {
                    break;
                }
            }
        }
        None => drop(save(txn, job, reached)),
    }
}

/// How long a run lasted where no time passes: as long as was declared.
fn planned(job: &Job, ends: Alarm) -> Duration {
    let run = left_of_run(job, Duration::ZERO);
    let left = |limit: Duration| limit.saturating_sub(job.progress.ran);
    match ends {
        Alarm::Interrupt => {
            let declared = market(&job.needs).and_then(|market| market.interrupted_after);
            declared.unwrap_or(run / 2)
        }
        Alarm::Overtime => job.needs.max_runtime.map_or(run, left),
        Alarm::WaitOver => job.needs.max_wait.map_or(run, left),
        _ => run,
    }
}

// === Checkpoints ===

fn writes_checkpoints(needs: &Needs) -> bool {
    needs.outputs.iter().any(|need| need.purpose == DataUse::Checkpoint)
}

fn every(needs: &Needs) -> Option<Duration> {
    needs.behaviour.as_ref()?.checkpoint_every.filter(|every| !every.is_zero())
}

/// Where in the run the next checkpoint is.
fn next_checkpoint(job: &Job) -> Option<Duration> {
    let next = job.progress.checkpoints + 1;
    let writes = writes_checkpoints(&job.needs) && next <= MOST_CHECKPOINTS;
    every(&job.needs).filter(|_| writes).map(|every| every.saturating_mul(next))
}

/// Containers write a checkpoint while they run.
pub(super) fn checkpoint(txn: &mut Txn<'_>, mut job: Job) {
    if let Some(at) = next_checkpoint(&job)
        && !save(txn, &mut job, at)
    {
        // What is lost is lost; the next one may get there.
        job.progress.checkpoints += 1;
    }
    let (lasts, alarm) = next(txn, &job);
    txn.state.timers.schedule(txn.now + lasts, Owner::Job(job.key.clone()), alarm);
    txn.state.jobs.insert(job);
}

/// Copies a checkpoint to S3, if there is a way and the role may. The service copies what containers leave in a
/// directory while they run. Source: developer guide, "model-checkpoints". That a job goes on without is assumed.
fn save(txn: &mut Txn<'_>, job: &mut Job, reached: Duration) -> bool {
    let mut needs = job.needs.clone();
    needs.outputs.retain(|need| need.purpose == DataUse::Checkpoint);
    // How the upload at the end was to fail says nothing of it.
    needs.behaviour = None;
    let paths = Paths::new(Phase::Output, super::vantages_of(txn, &Owner::Job(job.key.clone())));
    let case = Case { paths: Some(&paths), ..Case::new(txn, &job.key, &needs) };
    let report = rules::evaluate(Phase::Output, &case, &txn.global.rule_modes);
    if let Some(Finding { rule, .. }) = report.decisive() {
        let message =
            "the checkpoint does not get to S3: an interruption loses what was done since the last one";
        txn.note("CheckpointLost", job.key.to_string(), Some(rule), message);
        return false;
    }
    job.progress.checkpoints += 1;
    job.progress.saved = reached;
    let number = job.progress.checkpoints;
    let evidence =
        Evidence::of(job.key.to_string()).with("number", number).with("seconds", reached.as_secs());
    let text = texts::fill(&txn.state.texts, "container-checkpoint", &evidence).unwrap_or_default();
    for need in &needs.outputs {
        if let Some(place) = need.target(JobKind::Training, &job.key.name, &format!("checkpoint-{number}")) {
            output::put(txn, place, text.clone());
        }
    }
    true
}

/// The time for which a job is billed, of all the time that it worked.
pub fn billable(needs: &Needs, worked: Duration) -> Duration {
    if needs.max_wait.is_some() { worked.mul_f64(SPOT_SHARE) } else { worked }
}

/// Stops a job that has waited as long as it may.
pub(super) fn wait_over(txn: &mut Txn<'_>, job: Job) {
    divert(txn, job, Course::WaitOver);
}
