//! What endpoints do over time: deployments, their fleets and interfaces, their end.
//!
//! An endpoint that something is being done to has exactly one timer, one at rest has none. A fleet holds interfaces
//! as long as its endpoint serves with it or deploys it; the fleets of a deleted endpoint hold theirs for a while
//! longer, each with a timer of its own.

pub mod answer;
pub mod capture;
pub mod component;
mod copies;
pub mod later;
pub mod rolling;
mod scale;
mod shift;
pub mod stages;

use super::behaviour::{self, Crew};
use super::{Kept, ask, capacity, failure, log, place, tell_buckets, traffic, vantages};
use crate::kernel::Memo;
use crate::model::interface::InterfaceIndex;
use crate::model::{
    Alarm, DeployedVariant, Deployment, Document, Endpoint, EndpointConfig, EndpointCourse, EndpointStatus,
    FleetKey, JobKey, JobKind, Needs, NetworkInterface, Owner, Phase, Profile, SageModel, Tags, Txn, Variant,
};
use crate::rules;
use imbl::Vector;
pub use scale::{Capacity, scale};
use stages::status_word;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// An endpoint that is asked for.
pub struct NewEndpoint {
    pub name: Arc<str>,
    pub arn: String,
    pub variants: Vec<DeployedVariant>,
    pub config: Arc<EndpointConfig>,
    pub policy: Option<Document>,
    pub tags: Tags,
}

/// Begins an endpoint.
pub fn create(txn: &mut Txn<'_>, new: NewEndpoint) {
    let NewEndpoint { name, arn, variants, config, policy, tags } = new;
    let endpoint = Endpoint {
        name: name.clone(),
        arn,
        status: EndpointStatus::Creating,
        course: EndpointCourse::Create,
        stage: 0,
        serving: None,
        pending: Some(deployment(txn, &name, 0, variants, &config)),
        policy,
        rolling: None,
        shifted: None,
        short_for: None,
        failure: None,
        findings: Vec::new(),
        traces: Vec::new(),
        log: Vector::new(),
        created: txn.now,
        modified: txn.now,
        tags,
        memo: Memo::default(),
    };
    enter(txn, endpoint, 0);
}

/// Begins to replace what an endpoint serves with. What an earlier update failed for is forgotten: observed in
/// public issue threads.
pub fn update(
    txn: &mut Txn<'_>,
    endpoint: &Endpoint,
    variants: Vec<DeployedVariant>,
    config: &EndpointConfig,
    policy: Option<Document>,
) {
    let mut endpoint = endpoint.clone();
    let last = endpoint.serving.as_ref().map_or(0, |serving| serving.fleet.number);
    endpoint.pending = Some(deployment(txn, &endpoint.name, last, variants, config));
    endpoint.policy = policy;
    endpoint.course = EndpointCourse::Update;
    endpoint.rolling = rolling::begun(&endpoint);
    endpoint.failure = None;
    endpoint.findings.clear();
    endpoint.traces.clear();
    endpoint.log.clear();
    enter(txn, endpoint, 0);
}

/// Begins to delete an endpoint.
pub fn delete(txn: &mut Txn<'_>, endpoint: &Endpoint) {
    let mut endpoint = Endpoint { course: EndpointCourse::Delete, ..endpoint.clone() };
    let key = endpoint.key();
    log::close(txn, &key, &mut endpoint.log, false);
    enter(txn, endpoint, 0);
}

/// A variant as it would be deployed now. `model` is the one that the variant names, if it names one.
pub fn deployed(variant: &Variant, model: Option<&SageModel>, config: &EndpointConfig) -> DeployedVariant {
    let (role, vpc, isolation) = match model {
        Some(model) => (&model.execution_role_arn, &model.vpc, model.network_isolation),
        None => (&config.execution_role_arn, &config.vpc, config.network_isolation),
    };
    let needs = Needs {
        role_arn: role.clone(),
        instances: variant.instances.iter().cloned().collect(),
        alternatives: variant.pools(),
        // Serverless inference runs in no VPC of the user's: developer guide, "serverless-endpoints".
        vpc: vpc.clone().filter(|_| variant.instances.is_some()),
        network_isolation: isolation,
        inputs: model.map(SageModel::data).unwrap_or_default(),
        ..Needs::default()
    };
    DeployedVariant {
        name: variant.name.clone(),
        shadow: variant.shadow,
        images: model.map(SageModel::images).unwrap_or_default(),
        containers: model.map(SageModel::hosted).unwrap_or_default(),
        direct: model.is_some_and(SageModel::is_direct),
        needs,
        weight: variant.weight,
        serverless: variant.request.get("ServerlessConfig").map(|config| Arc::new(config.clone())),
        placed: Vec::new(),
        zones: Vec::new(),
        left: Vec::new(),
        request: variant.request.clone(),
    }
}

fn deployment(
    txn: &Txn<'_>,
    endpoint: &Arc<str>,
    last: u32,
    mut variants: Vec<DeployedVariant>,
    config: &EndpointConfig,
) -> Deployment {
    let unused = |number: &u32| {
        let owner = Owner::Fleet(FleetKey { endpoint: endpoint.clone(), number: *number });
        txn.state.interfaces.count(&InterfaceIndex::Owner(owner)) == 0
    };
    let key = JobKey { kind: JobKind::Hosting, name: endpoint.clone() };
    for variant in &mut variants {
        variant.needs.behaviour = behaviour::of(txn, &key, &variant.images);
    }
    Deployment {
        // Fleets of an endpoint that had this name before may still hold interfaces.
        fleet: FleetKey {
            endpoint: endpoint.clone(),
            number: (last + 1..).find(unused).unwrap_or(last.wrapping_add(1)),
        },
        config: config.name.clone(),
        variants,
        request: config.request.clone(),
        changes: 0,
        started: txn.now,
    }
}

/// Does what a timer of an endpoint says.
pub(super) fn step(txn: &mut Txn<'_>, name: &Arc<str>, what: Alarm) {
    let Some(endpoint) = txn.state.endpoints.get(name).map(|endpoint| Endpoint::clone(endpoint)) else {
        return;
    };
    match what {
        Alarm::Stage(n) => enter(txn, endpoint, n),
        Alarm::Overtime => shift::time_out(txn, endpoint),
        _ => {}
    }
}

/// Enters a stage, and the ones after it as long as none of them takes time.
fn enter(txn: &mut Txn<'_>, mut endpoint: Endpoint, first: usize) {
    let table = stages::table(endpoint.course);
    for n in first.. {
        let ends = matches!(endpoint.course, EndpointCourse::Delete | EndpointCourse::RollBack);
        if n > 0 && endpoint.failure.is_some() && !ends {
            return give_up(txn, endpoint);
        }
        let Some(stage) = table.get(n) else { return shift::enter(txn, endpoint, n - table.len(), n) };
        endpoint.stage = n;
        let waited = capacity::tried(endpoint.short_for, txn.state.profile);
        endpoint.short_for = waited;
        if waited.is_some() {
            if still_waits(txn, &mut endpoint) {
                let at = txn.now + capacity::interval(txn.state.profile);
                return shift::go_on(txn, endpoint, at, n);
            }
        } else if n == 0 && !rolling::goes_on(&endpoint) || endpoint.status != stage.status {
            show(txn, &mut endpoint, stage.status);
        }
        endpoint.short_for = None;
        if let Some(phase) = stage.phase {
            begin(txn, &mut endpoint, phase, waited);
        }
        if waited.is_some() && endpoint.short_for.is_none() {
            continue;
        }
        if endpoint.short_for.is_some() {
            if waited.is_none() {
                let rule = Some(rules::capacity::ID);
                txn.note("EndpointCapacity", endpoint.key().to_string(), rule, capacity::MESSAGE);
            }
            let at = txn.now + capacity::interval(txn.state.profile);
            return shift::go_on(txn, endpoint, at, n);
        }
        if txn.state.profile != Profile::Instant {
            let usual = stage.lasts(txn.state.profile);
            let longest = match (stage.phase, endpoint.coming()) {
                (Some(Phase::Run), Some(pending)) => {
                    let variants = pending.variants.iter();
                    variants.map(|variant| behaviour::lasts(&variant.needs, None, usual)).max()
                }
                _ => None,
            };
            let at = txn.now + failing_after(&endpoint, stage.phase).or(longest).unwrap_or(usual);
            return shift::go_on(txn, endpoint, at, n + 1);
        }
    }
}

/// How long a phase lasts in which the service is to fail, if somebody said so.
fn failing_after(endpoint: &Endpoint, phase: Option<Phase>) -> Option<Duration> {
    let pending = endpoint.pending.as_ref().filter(|_| endpoint.failure.is_some())?;
    let updates = endpoint.course != EndpointCourse::Create;
    let failure =
        |variant: &DeployedVariant| behaviour::service_failure(&variant.needs, phase?, updates)?.after;
    pending.variants.iter().find_map(failure)
}

/// Tries again to get instances that no zone had. Whether there still are none, and the service has not given up; else
/// the stage begins anew.
fn still_waits(txn: &Txn<'_>, endpoint: &mut Endpoint) -> bool {
    let profile = txn.state.profile;
    let given_up = endpoint.short_for.is_some_and(|tried| tried >= patience(endpoint, profile));
    let key = endpoint.key();
    let short = || {
        let variants = endpoint.coming().into_iter().flat_map(|pending| pending.variants.iter().enumerate());
        let mut needs = variants.filter_map(|(i, variant)| needed(endpoint, i, variant));
        needs.any(|mut needs| {
            if chooses(endpoint) {
                capacity::choose(txn, &key, &mut needs);
            }
            capacity::is_short(txn, &key, &needs)
        })
    };
    if !given_up && short() {
        return true;
    }
    // Of what comes back nothing was kept.
    if endpoint.goes_back() {
        return false;
    }
    endpoint.findings.retain(|finding| !matches!(finding.phase, Phase::Create | Phase::Place));
    false
}

/// How long the service tries to get instances: as long as a variant says. Source: API reference, ProductionVariant; what
/// it is where nobody says anything is assumed.
fn patience(endpoint: &Endpoint, profile: Profile) -> Duration {
    if profile == Profile::Instant {
        return Duration::ZERO;
    }
    let variants = endpoint.coming().into_iter().flat_map(|coming| &coming.variants);
    let said =
        variants.filter_map(|variant| variant.request["VariantInstanceProvisionTimeoutInSeconds"].as_u64());
    said.min().map_or(capacity::patience(profile), Duration::from_secs)
}

/// Shows a status.
fn show(txn: &mut Txn<'_>, endpoint: &mut Endpoint, status: EndpointStatus) {
    endpoint.status = status;
    endpoint.modified = txn.now;
    let failure = endpoint.told_failure();
    let message = match failure {
        Some(failure) => format!("{}: {}", status_word(status), failure.reason),
        None => status_word(status).to_owned(),
    };
    txn.note("EndpointStatus", endpoint.key().to_string(), failure.and_then(|failure| failure.rule), message);
}

/// Whether it is still open which of its pools a variant takes its instances from.
fn chooses(endpoint: &Endpoint) -> bool {
    endpoint.course != EndpointCourse::Scale && !rolling::goes_on(endpoint)
}

/// What a variant of the deployment in progress needs that is not there yet: everything, the instances by which it
/// grows, or its next batch.
fn needed(endpoint: &Endpoint, i: usize, variant: &DeployedVariant) -> Option<Needs> {
    let mut needs = Needs {
        images: variant.images.clone(),
        variant: Some(variant.name.clone()),
        updates: endpoint.course != EndpointCourse::Create,
        ..variant.needs.clone()
    };
    if endpoint.goes_back()
        && let Some(behaviour) = &mut needs.behaviour
    {
        // What was declared of updates is not meant for what comes back.
        Arc::make_mut(behaviour).service_failure = None;
    }
    if let Some(rolling) = &endpoint.rolling {
        needs.beside = rolling.there();
        needs.instances.first_mut()?.count = rolling.coming;
    }
    if endpoint.course == EndpointCourse::Scale {
        let before = endpoint.serving.as_ref().and_then(|serving| serving.variants.get(i))?;
        let group = needs.instances.first_mut()?;
        needs.beside = before.instance_count()?;
        group.count = group.count.checked_sub(needs.beside).filter(|more| *more > 0)?;
    }
    Some(needs)
}

/// Asks the rules of a phase of every variant that is deployed or grows, and does what the phase is for. `waited`: for
/// how long it has been trying to get instances.
fn begin(txn: &mut Txn<'_>, endpoint: &mut Endpoint, phase: Phase, waited: Option<Duration>) {
    let Some(mut pending) = endpoint.coming().cloned() else { return };
    let (before, known) = (pending.clone(), (endpoint.findings.len(), endpoint.traces.len()));
    let key = endpoint.key();
    // Role, subnets and groups were there when the model was made, and may be gone by now.
    let again = (phase == Phase::Place).then_some(Phase::Create);
    let stage = stages::table(endpoint.course).get(endpoint.stage);
    let usual = stage.map_or(Duration::ZERO, |stage| stage.lasts(txn.state.profile));
    'variants: for i in 0..pending.variants.len() {
        if phase == Phase::Place && chooses(endpoint) {
            capacity::choose(txn, &key, &mut pending.variants[i].needs);
        }
        let Some(needs) = needed(endpoint, i, &pending.variants[i]) else { continue };
        let variant = &mut pending.variants[i];
        let told_before = endpoint.findings.len();
        for phase in again.into_iter().chain([phase]) {
            let vantages = vantages(of_new(txn, variant, &needs));
            let kept = Kept { findings: &mut endpoint.findings, traces: &mut endpoint.traces };
            let violation = ask(txn, &key, &needs, vantages, kept, phase);
            let short = violation.as_ref().is_some_and(|violation| violation.rule == rules::capacity::ID);
            let tried = waited.unwrap_or_default();
            if short && tried < patience(endpoint, txn.state.profile) {
                endpoint.short_for = Some(tried);
                break 'variants;
            }
            if let Some(violation) = violation {
                let failure = failure::of(&txn.state.texts, key.kind, &violation);
                endpoint.failure.get_or_insert(failure);
                // A variant that has failed in one phase does not get to the next one.
                break;
            }
        }
        if endpoint.failure.is_none() {
            endpoint.failure = behaviour::said(&needs, phase, needs.updates);
        }
        let starts = endpoint.failure.is_none();
        if phase == Phase::Place && starts {
            variant.zones.extend(capacity::homes(txn, &key, &needs));
        }
        match phase {
            _ if !starts => {}
            Phase::Place if needs.vpc.is_some() => {
                let parent = match pending.changes {
                    0 => format!("{}/{}/{i}", endpoint.arn, pending.fleet.number),
                    n => format!("{}/{}.{n}/{i}", endpoint.arn, pending.fleet.number),
                };
                let placed = place::make(txn, &key, &needs, &parent, &Owner::Fleet(pending.fleet.clone()));
                let message = told(&variant.name, &needs, placed.as_deref());
                variant.placed.extend(placed.into_iter().flatten().map(|each| each.interfaces));
                txn.note("EndpointInterfaces", key.to_string(), None, message);
            }
            Phase::Input => tell_buckets(txn, &key, &needs),
            Phase::Run => {
                let crew = Crew {
                    key: &key,
                    needs: &needs,
                    arn: &endpoint.arn,
                    variant: Some(&variant.name),
                    vantages: vantages(of_new(txn, variant, &needs)),
                    usual,
                    done: Duration::ZERO,
                    heard: log::are_heard(
                        txn,
                        &key,
                        endpoint.findings.get(told_before..).unwrap_or_default(),
                    ),
                };
                let done = behaviour::start(txn, &crew, &mut endpoint.log);
                endpoint.traces.extend(done.traces);
                behaviour::add(&mut endpoint.findings, done.findings);
                endpoint.failure = done.exit.map(|exit| behaviour::told(txn, &crew, &exit, done.rule));
            }
            _ => {}
        }
        let machines: Vec<_> = variant.placed.iter().skip(needs.beside as usize).cloned().collect();
        let lasts = stages::table(endpoint.course).get(endpoint.stage).map(|it| it.lasts(txn.state.profile));
        traffic::observe(
            txn,
            &traffic::Crew {
                key: &key,
                needs: &needs,
                machines: &machines,
                phase,
                lasts: lasts.unwrap_or_default(),
                starts,
                gave_up: endpoint.failure.is_some(),
                log_bytes: traffic::bytes_of(&endpoint.log),
            },
        );
        if phase == Phase::Place && starts && pending.variants.len() > i + 1 {
            // The next one sees which instances are left for it.
            let pending = Some(pending.clone());
            txn.state.endpoints.insert(Endpoint { pending, ..endpoint.clone() });
        }
    }
    // Either all that is to come is placed or nothing of it.
    if phase == Phase::Place && (endpoint.failure.is_some() || endpoint.short_for.is_some()) {
        dismiss(txn, endpoint, &pending, Some(&before));
        for (variant, before) in pending.variants.iter_mut().zip(&before.variants) {
            variant.placed.truncate(before.placed.len());
            variant.zones.truncate(before.zones.len());
        }
    }
    // The endpoint is explained by what the deployment that is undone was told.
    if endpoint.goes_back() && endpoint.failure.is_none() {
        endpoint.findings.truncate(known.0);
        endpoint.traces.truncate(known.1);
    }
    *endpoint.coming_mut() = Some(pending);
}

/// The interfaces of those instances of a variant that are new.
fn of_new<'a>(
    txn: &'a Txn<'_>,
    variant: &'a DeployedVariant,
    needs: &Needs,
) -> impl Iterator<Item = &'a NetworkInterface> {
    let new = variant.placed.iter().skip(needs.beside as usize).flatten();
    new.filter_map(|id| txn.state.interfaces.get(id)).map(|interface| &**interface)
}

/// What to tell of a variant. Each one is placed before the next one is judged, so that each sees what is left for it.
fn told(variant: &str, needs: &Needs, placed: Option<&[place::Placed]>) -> String {
    match placed {
        Some(placed) => {
            let count = needs.instance_count();
            format!("interfaces for {count} instances of {variant} in {}", place::told(placed))
        }
        None => {
            format!("no interface of {variant} could be made, and no rule that is enforced forbids that")
        }
    }
}

/// Removes at once the interfaces that one deployment has and another one does not keep. That those of instances that
/// are replaced, or that never served, do not linger as those of a deleted endpoint do is assumed.
fn dismiss(txn: &mut Txn<'_>, endpoint: &Endpoint, from: &Deployment, kept: Option<&Deployment>) {
    let kept: BTreeSet<_> = kept.into_iter().flat_map(Deployment::interfaces).collect();
    let gone: Vec<_> = from.interfaces().filter(|id| !kept.contains(id)).collect();
    if !gone.is_empty() {
        let removed = place::remove(txn, &endpoint.key(), gone);
        txn.note("EndpointInterfaces", endpoint.key().to_string(), None, removed.to_string());
    }
}

/// What has failed is undone. An endpoint that serves goes on serving with what it had, in service and with a
/// FailureReason: observed in public issue threads, of updates. That a change of weights and capacities ends so, and
/// rolls back before that, is documented (API reference, DescribeEndpoint); that it tells a reason is assumed.
fn give_up(txn: &mut Txn<'_>, mut endpoint: Endpoint) {
    let key = endpoint.key();
    log::close(txn, &key, &mut endpoint.log, true);
    if endpoint.rolling.is_some() {
        endpoint = match rolling::give_up(txn, endpoint) {
            Some(endpoint) => endpoint,
            None => return,
        };
    }
    if let Some(pending) = &endpoint.pending {
        dismiss(txn, &endpoint, pending, endpoint.serving.as_ref());
    }
    let status = if endpoint.serving.is_some() {
        let stays = endpoint.rolling.take().is_some() || is_stuck(&endpoint);
        endpoint.shifted = None;
        endpoint.pending = None;
        if endpoint.course == EndpointCourse::Scale {
            endpoint.course = EndpointCourse::RollBack;
            return enter(txn, endpoint, 0);
        }
        // The reference speaks of a mix of old and new; here what serves is the old, or what is left of it.
        match stays {
            true => EndpointStatus::UpdateRollbackFailed,
            false => EndpointStatus::InService,
        }
    } else {
        EndpointStatus::Failed
    };
    show(txn, &mut endpoint, status);
    let (name, fleet) = (endpoint.name.clone(), endpoint.serving.as_ref().map(|it| it.fleet.clone()));
    txn.state.endpoints.insert(endpoint);
    // Of what is stuck on its way back some instances are gone.
    if let Some(fleet) = fleet {
        copies::settle(txn, &fleet, &name);
    }
}

/// Whether it was declared that the deployment in progress cannot be undone.
fn is_stuck(endpoint: &Endpoint) -> bool {
    let mut variants = endpoint.pending.iter().flat_map(|pending| &pending.variants);
    variants.any(|variant| {
        let failure = variant.needs.behaviour.as_ref().and_then(|all| all.service_failure.as_ref());
        failure.is_some_and(|failure| failure.rollback_fails && failure.updates != Some(false))
    })
}

/// The end of a course.
fn finish(txn: &mut Txn<'_>, mut endpoint: Endpoint) {
    if endpoint.course == EndpointCourse::Delete {
        return vanish(txn, &endpoint);
    }
    let key = endpoint.key();
    log::close(txn, &key, &mut endpoint.log, true);
    // One that has rolled back serves with what it had.
    let mut replaced = None;
    if let Some(new) = endpoint.pending.take()
        && let Some(old) = endpoint.serving.replace(new)
    {
        dismiss(txn, &endpoint, &old, endpoint.serving.as_ref());
        replaced = Some(old.fleet);
    }
    show(txn, &mut endpoint, EndpointStatus::InService);
    let name = endpoint.name.clone();
    txn.state.endpoints.insert(endpoint);
    if let Some(fleet) = replaced {
        copies::settle(txn, &fleet, &name);
    }
    later::wake(txn, &name);
}

/// The endpoint goes; its interfaces stay for a while: observed in public issue threads.
fn vanish(txn: &mut Txn<'_>, endpoint: &Endpoint) {
    txn.state.endpoints.remove(&endpoint.name);
    txn.state.invocations.remove(&endpoint.name);
    later::drop_all(txn, &endpoint.name);
    let linger = txn.state.linger();
    let fleets = endpoint.serving.iter().chain(&endpoint.pending).map(|deployment| &deployment.fleet);
    let mut left = 0;
    for fleet in fleets {
        let owner = Owner::Fleet(fleet.clone());
        let held = txn.state.interfaces.count(&InterfaceIndex::Owner(owner.clone()));
        if linger.is_zero() {
            place::release(txn, &endpoint.key(), &owner);
        } else if held > 0 {
            txn.state.timers.schedule(txn.now + linger, owner, Alarm::Release);
            left += held;
        }
    }
    let message = format!("the endpoint is gone; its name is free; {left} interfaces linger");
    txn.note("EndpointDeleted", endpoint.key().to_string(), None, message);
}

/// The interfaces of a deleted endpoint go.
pub(super) fn release(txn: &mut Txn<'_>, fleet: FleetKey) {
    let key = JobKey { kind: JobKind::Hosting, name: fleet.endpoint.clone() };
    let released = place::release(txn, &key, &Owner::Fleet(fleet));
    txn.note("EndpointInterfaces", key.to_string(), None, released.to_string());
}

impl Endpoint {
    /// What the endpoint calls its status.
    pub fn status_word(&self) -> &'static str {
        status_word(self.status)
    }
}
