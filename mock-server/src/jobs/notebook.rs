//! What notebook instances do over time: they are launched, stopped, updated and deleted; their interface, their scripts.
//!
//! A notebook instance that something is being done to has exactly one timer, one at rest has none.

use super::behaviour::{self, Crew};
use super::stages::{Stretch, stretch as stage};
use super::{Kept, ask, capacity, failure, log, place, stuck, vantages};
use crate::kernel::Memo;
use crate::model::behaviour::LONGEST_SCRIPT;
use crate::model::place::derived;
use crate::model::{
    Alarm, Document, Evidence, Failure, Finding, Needs, Notebook, NotebookCourse, NotebookStatus, Owner,
    Phase, Profile, RuleMode, ServiceAttachmentId, Tags, Txn,
};
use crate::rules::{self, declared, notebook::CALLER, texts};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// A notebook instance that is asked for.
pub struct NewNotebook {
    pub name: Arc<str>,
    pub arn: String,
    pub needs: Needs,
    pub request: Document,
    pub tags: Tags,
}

type Stage = Stretch<NotebookStatus>;

use NotebookStatus::{Deleting, Pending, Stopping, Updating};

/// Times of `realistic`: public test logs show five minutes and more for a notebook instance that is created, described,
/// stopped and deleted. Its scripts run in the second stage. Words: API reference, DescribeNotebookInstance.
const LAUNCH: &[Stage] = &[
    stage(Pending, Some(Phase::Place), [1_000, 60_000]),
    stage(Pending, Some(Phase::Run), [1_000, 120_000]),
];
const STOP: &[Stage] = &[stage(Stopping, None, [1_000, 90_000])];
const UPDATE: &[Stage] = &[stage(Updating, None, [500, 30_000])];
const DELETE: &[Stage] = &[stage(Deleting, None, [500, 30_000])];

const fn table(course: NotebookCourse) -> &'static [Stage] {
    match course {
        NotebookCourse::Launch => LAUNCH,
        NotebookCourse::Stop => STOP,
        NotebookCourse::Update => UPDATE,
        NotebookCourse::Delete => DELETE,
    }
}

/// What the streams of their logs are called. Source: API reference, CreateNotebookInstanceLifecycleConfig.
const ON_CREATE: &str = "LifecycleConfigOnCreate";
const ON_START: &str = "LifecycleConfigOnStart";

/// Begins a notebook instance.
///
/// # Errors
/// The violation that makes the call fail; the transaction has to be dropped then.
pub fn create(txn: &mut Txn<'_>, new: NewNotebook) -> Result<(), Box<Finding>> {
    let NewNotebook { name, arn, needs, request, tags } = new;
    let mut notebook = Notebook {
        name,
        arn,
        status: NotebookStatus::Pending,
        course: NotebookCourse::Launch,
        stage: 0,
        needs,
        request,
        interface: None,
        zone: None,
        short_for: None,
        has_served: false,
        failure: None,
        findings: Vec::new(),
        traces: Vec::new(),
        log: Vector::new(),
        created: txn.now,
        modified: txn.now,
        tags,
        memo: Memo::default(),
    };
    if let Some(violation) = judge(txn, &mut notebook, Phase::Create) {
        return Err(Box::new(violation));
    }
    enter(txn, notebook, 0);
    Ok(())
}

/// Begins to launch a notebook instance that was stopped or has failed.
pub fn start(txn: &mut Txn<'_>, mut notebook: Notebook) {
    notebook.course = NotebookCourse::Launch;
    notebook.zone = None;
    notebook.failure = None;
    notebook.findings.clear();
    notebook.traces.clear();
    notebook.log.clear();
    enter(txn, notebook, 0);
}

/// Begins to stop, update or delete one.
pub fn begin(txn: &mut Txn<'_>, mut notebook: Notebook, course: NotebookCourse) {
    notebook.course = course;
    enter(txn, notebook, 0);
}

/// Does what a timer of a notebook instance says.
pub(super) fn step(txn: &mut Txn<'_>, name: &Arc<str>, what: Alarm) {
    let Some(notebook) = txn.state.notebooks.get(name).map(|notebook| Notebook::clone(notebook)) else {
        return;
    };
    if let Alarm::Stage(n) = what {
        enter(txn, notebook, n);
    }
}

/// Enters a stage, and the ones after it as long as none of them takes time.
fn enter(txn: &mut Txn<'_>, mut notebook: Notebook, first: usize) {
    let table = table(notebook.course);
    for n in first.. {
        if n > 0 && notebook.failure.is_some() && notebook.course == NotebookCourse::Launch {
            return rest(txn, notebook, NotebookStatus::Failed);
        }
        let Some(stage) = table.get(n) else { return finish(txn, notebook) };
        notebook.stage = n;
        if n == 0 && notebook.short_for.is_none() {
            show(txn, &mut notebook, stage.status);
        }
        let waited = capacity::tried(notebook.short_for.take(), txn.state.profile);
        let scripts = match stage.phase {
            Some(Phase::Place) => {
                prepare(txn, &mut notebook, waited);
                Duration::ZERO
            }
            Some(Phase::Run) => run_scripts(txn, &mut notebook),
            _ => Duration::ZERO,
        };
        if notebook.short_for.is_some() {
            if waited.is_none() {
                let rule = Some(rules::capacity::ID);
                txn.note("NotebookCapacity", notebook.key().to_string(), rule, capacity::MESSAGE);
            }
            let at = txn.now + capacity::interval(txn.state.profile);
            txn.state.timers.schedule(at, Owner::Notebook(notebook.name.clone()), Alarm::Stage(n));
            txn.state.notebooks.insert(notebook);
            return;
        }
        if txn.state.profile != Profile::Instant && waited.is_none() {
            let fails = behaviour::service_failure(&notebook.needs, Phase::Start, false);
            let fails = fails.filter(|_| stage.phase == Some(Phase::Place) && notebook.failure.is_some());
            let lasts = fails.and_then(|fails| fails.after).unwrap_or(stage.lasts(txn.state.profile));
            let at = txn.now + lasts + scripts;
            txn.state.timers.schedule(at, Owner::Notebook(notebook.name.clone()), Alarm::Stage(n + 1));
            txn.state.notebooks.insert(notebook);
            return;
        }
    }
}

/// Shows a status. The interface is attached as long as there is an instance.
fn show(txn: &mut Txn<'_>, notebook: &mut Notebook, status: NotebookStatus) {
    notebook.status = status;
    notebook.modified = txn.now;
    let interface = notebook.interface.and_then(|id| txn.state.interfaces.get(&id));
    if let Some(id) =
        interface.filter(|row| row.attachment.is_some() != status.has_instance()).map(|row| row.id)
    {
        let attached = derived::<ServiceAttachmentId>(txn, &format!("{id}/{}", txn.now.millis()), 0);
        let attachment = status.has_instance().then(|| place::attachment(attached));
        txn.state.interfaces.update(&id, |row| row.attachment = attachment);
    }
    let failure = notebook.told_failure();
    let message = match failure {
        Some(failure) => format!("{}: {}", notebook.status_word(), failure.reason),
        None => notebook.status_word().to_owned(),
    };
    let rule = failure.and_then(|failure| failure.rule);
    txn.note("NotebookStatus", notebook.key().to_string(), rule, message);
}

/// Asks the rules of a phase.
fn judge(txn: &mut Txn<'_>, notebook: &mut Notebook, phase: Phase) -> Option<Finding> {
    let key = notebook.key();
    let kept = Kept { findings: &mut notebook.findings, traces: &mut notebook.traces };
    ask(txn, &key, &notebook.needs, Vec::new(), kept, phase)
}

/// Makes the interface, unless it is there: of one that was stopped it is.
///
/// An instance that its zone does not have is waited for, as of jobs; that notebook instances wait is assumed. `waited`:
/// for how long.
fn prepare(txn: &mut Txn<'_>, notebook: &mut Notebook, waited: Option<Duration>) {
    // What was there when it was created may be gone by now.
    let again = notebook.findings.is_empty().then_some(Phase::Create);
    let tried = waited.unwrap_or_default();
    let patient = tried < capacity::patience(txn.state.profile);
    if waited.is_some() {
        if patient && capacity::is_short(txn, &notebook.key(), &notebook.needs) {
            notebook.short_for = waited;
            return;
        }
        notebook.findings.retain(|finding| finding.phase != Phase::Place);
    }
    notebook.needs.beside = u32::from(notebook.interface.is_some());
    for phase in again.into_iter().chain([Phase::Place]) {
        if let Some(violation) = judge(txn, notebook, phase) {
            if patient && violation.rule == rules::capacity::ID {
                notebook.short_for = Some(tried);
                return;
            }
            let failure = failure::of(&txn.state.texts, notebook.key().kind, &violation);
            notebook.failure = Some(failure);
            return;
        }
    }
    notebook.needs.behaviour = behaviour::of(txn, &notebook.key(), &[]);
    let violation = judge(txn, notebook, Phase::Start);
    notebook.failure = match violation {
        Some(violation) => Some(failure::of(&txn.state.texts, notebook.key().kind, &violation)),
        None => behaviour::said(&notebook.needs, Phase::Start, false),
    };
    if notebook.failure.is_some() {
        return;
    }
    notebook.zone = capacity::homes(txn, &notebook.key(), &notebook.needs).first().copied();
    if notebook.needs.vpc.is_none() || notebook.interface.is_some() {
        return;
    }
    let parent = format!("{}/0", notebook.arn);
    let (key, owner) = (notebook.key(), Owner::Notebook(notebook.name.clone()));
    let placed = place::make(txn, &key, &notebook.needs, &parent, &owner);
    let message = match placed.as_deref() {
        Some(placed) => format!("an interface in {}", place::told(placed)),
        None => "no interface could be made, and no rule that is enforced forbids that".to_owned(),
    };
    notebook.interface = placed.into_iter().flatten().flat_map(|each| each.interfaces).next();
    txn.note("NotebookInterface", key.to_string(), None, message);
}

/// Runs the scripts of the lifecycle configuration, as far as somebody declared what they do. Answers how long that takes.
///
/// They see the network from the interface in the VPC if the notebook instance has no direct internet access. With it,
/// they are taken to reach what they want; developer guide, "appendix-notebook-and-internet-access".
fn run_scripts(txn: &mut Txn<'_>, notebook: &mut Notebook) -> Duration {
    let name = notebook.lifecycle().map(Arc::from);
    let Some(config) = name.and_then(|name| txn.state.notebook_lifecycles.get(&name).cloned()) else {
        return Duration::ZERO;
    };
    let on_create = config.on_create.as_ref().filter(|_| !notebook.has_served).map(|_| ON_CREATE);
    let on_start = config.on_start.as_ref().map(|_| ON_START);
    let Some(hook) = on_create.or(on_start) else { return Duration::ZERO };
    let key = notebook.key();
    notebook.needs.behaviour = behaviour::of(txn, &key, &[]);
    // What it finds is told when the script fails.
    judge(txn, notebook, Phase::Run);
    let behaviour = notebook.needs.behaviour.clone();
    let duration = behaviour.as_ref().and_then(|behaviour| behaviour.duration);
    let slow = behaviour.is_some_and(|behaviour| behaviour.is_slow_script(key.kind));
    let rule_of_end = declared::of_end(key.kind);
    let held = notebook.interface.filter(|_| !notebook.has_direct_internet());
    let held = held.and_then(|id| txn.state.interfaces.get(&id));
    let crew = Crew {
        key: &key,
        needs: &notebook.needs,
        arn: &notebook.arn,
        variant: Some(hook),
        vantages: vantages(held.map(|interface| &**interface).into_iter()),
        usual: Duration::ZERO,
        done: Duration::ZERO,
        heard: true,
    };
    let done = behaviour::start(txn, &crew, &mut notebook.log);
    notebook.traces.extend(done.traces);
    behaviour::add(&mut notebook.findings, done.findings);
    let evidence = Evidence::of(&*config.arn).with("notebook", &notebook.arn);
    let told =
        |id: &str, evidence: &Evidence| texts::fill(&txn.state.texts, id, evidence).unwrap_or_default();
    let early = done.exit.as_ref().is_some_and(|exit| exit.early);
    let (reason, rule, lasts) = match (&done.exit, duration) {
        _ if slow && !early && behaviour::counts(txn, rule_of_end) => {
            (told("notebook-script-timeout", &evidence), Some(rule_of_end), LONGEST_SCRIPT)
        }
        (Some(_), _) if done.waits => (told("notebook-script-timeout", &evidence), done.rule, LONGEST_SCRIPT),
        (Some(exit), duration) => {
            let evidence = evidence.with("code", exit.code);
            let lasts = duration.filter(|_| !early).unwrap_or_default();
            (told("notebook-script", &evidence), done.rule, lasts)
        }
        (None, duration) => return duration.unwrap_or_default(),
    };
    if rule.is_some() {
        txn.note("RuleViolated", key.to_string(), rule, reason.clone());
    }
    notebook.failure = Some(Failure { reason, rule });
    lasts
}

/// The end of a course.
fn finish(txn: &mut Txn<'_>, mut notebook: Notebook) {
    match notebook.course {
        NotebookCourse::Launch => {
            notebook.has_served = true;
            rest(txn, notebook, NotebookStatus::InService);
        }
        NotebookCourse::Stop | NotebookCourse::Update => rest(txn, notebook, NotebookStatus::Stopped),
        NotebookCourse::Delete => vanish(txn, &notebook),
    }
}

fn rest(txn: &mut Txn<'_>, mut notebook: Notebook, status: NotebookStatus) {
    log::close(txn, &notebook.key(), &mut notebook.log, true);
    show(txn, &mut notebook, status);
    txn.state.notebooks.insert(notebook);
}

/// The notebook instance goes, and its interface with it, unless whoever asked for that may not delete interfaces.
fn vanish(txn: &mut Txn<'_>, notebook: &Notebook) {
    txn.state.notebooks.remove(&notebook.name);
    let key = notebook.key().to_string();
    if let Some(id) = notebook.interface {
        let behalf = notebook.needs.on_behalf.as_ref();
        let lack = behalf.and_then(|behalf| Some((&behalf.requester_id, behalf.lacks.as_ref()?)));
        let mode = rules::mode_of(CALLER, &txn.global.rule_modes, &txn.global);
        let left = lack.filter(|_| mode != RuleMode::Off).is_some_and(|(who, lack)| {
            place::leave(txn, id, (CALLER, mode), &format!("{who} is not allowed {}", lack.action))
        });
        if !left && !stuck::keeps(txn, id, &notebook.key()) {
            txn.state.remove_interface(id);
            txn.note("NotebookInterface", key.clone(), None, "the interface is removed");
        }
    }
    txn.note("NotebookDeleted", key, None, "the notebook instance is gone; its name is free");
}

impl Notebook {
    /// What the notebook instance calls its status.
    pub fn status_word(&self) -> &'static str {
        status_word(self.status)
    }
}

/// Words: API reference, DescribeNotebookInstance.
pub const fn status_word(status: NotebookStatus) -> &'static str {
    match status {
        NotebookStatus::Pending => "Pending",
        NotebookStatus::InService => "InService",
        NotebookStatus::Stopping => "Stopping",
        NotebookStatus::Stopped => "Stopped",
        NotebookStatus::Failed => "Failed",
        NotebookStatus::Deleting => "Deleting",
        NotebookStatus::Updating => "Updating",
    }
}
