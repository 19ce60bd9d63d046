//! What endpoints do over time: deployments, their fleets and interfaces, their end.
//!
//! An endpoint that something is being done to has exactly one timer, one at rest has none. A fleet holds interfaces
//! as long as its endpoint serves with it or deploys it; the fleets of a deleted endpoint hold theirs for a while
//! longer, each with a timer of its own.

pub mod stages;

use super::{ask, failure, place, tell_buckets};
use crate::kernel::Memo;
use crate::model::interface::InterfaceIndex;
use crate::model::{
    Alarm, DeployedVariant, Deployment, Document, Endpoint, EndpointConfig, EndpointCourse, EndpointStatus,
    FleetKey, Needs, Owner, Phase, Profile, SageModel, Tags, Txn, Variant,
};
use stages::status_word;
use std::sync::Arc;

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
        pending: Some(deployment(txn, &name, 0, variants, &config, policy)),
        failure: None,
        findings: Vec::new(),
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
    endpoint.pending = Some(deployment(txn, &endpoint.name, last, variants, config, policy));
    endpoint.course = EndpointCourse::Update;
    endpoint.failure = None;
    endpoint.findings.clear();
    enter(txn, endpoint, 0);
}

/// Begins to delete an endpoint.
pub fn delete(txn: &mut Txn<'_>, endpoint: &Endpoint) {
    let endpoint = Endpoint { course: EndpointCourse::Delete, ..endpoint.clone() };
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
        // Serverless inference runs in no VPC of the user's: developer guide, "serverless-endpoints".
        vpc: vpc.clone().filter(|_| variant.instances.is_some()),
        network_isolation: isolation,
        inputs: model.map(SageModel::data_urls).unwrap_or_default(),
        ..Needs::default()
    };
    DeployedVariant {
        name: variant.name.clone(),
        shadow: variant.shadow,
        images: model.map(SageModel::images).unwrap_or_default(),
        needs,
        weight: variant.weight,
        request: variant.request.clone(),
    }
}

fn deployment(
    txn: &Txn<'_>,
    endpoint: &Arc<str>,
    last: u32,
    variants: Vec<DeployedVariant>,
    config: &EndpointConfig,
    policy: Option<Document>,
) -> Deployment {
    let unused = |number: &u32| {
        let owner = Owner::Fleet(FleetKey { endpoint: endpoint.clone(), number: *number });
        txn.state.interfaces.count(&InterfaceIndex::Owner(owner)) == 0
    };
    Deployment {
        // Fleets of an endpoint that had this name before may still hold interfaces.
        fleet: FleetKey {
            endpoint: endpoint.clone(),
            number: (last + 1..).find(unused).unwrap_or(last.wrapping_add(1)),
        },
        config: config.name.clone(),
        variants,
        request: config.request.clone(),
        policy,
        started: txn.now,
    }
}

/// Does what a timer of an endpoint says.
pub(super) fn step(txn: &mut Txn<'_>, name: &Arc<str>, what: Alarm) {
    let Some(endpoint) = txn.state.endpoints.get(name).map(|endpoint| Endpoint::clone(endpoint)) else {
        return;
    };
    if let Alarm::Stage(n) = what {
        enter(txn, endpoint, n);
    }
}

/// Enters a stage, and the ones after it as long as none of them takes time.
fn enter(txn: &mut Txn<'_>, mut endpoint: Endpoint, first: usize) {
    let table = stages::table(endpoint.course);
    for n in first.. {
        if n > 0 && endpoint.failure.is_some() && endpoint.course != EndpointCourse::Delete {
            return give_up(txn, endpoint);
        }
        let Some(stage) = table.get(n) else { return finish(txn, endpoint) };
        endpoint.stage = n;
        if n == 0 || endpoint.status != stage.status {
            show(txn, &mut endpoint, stage.status);
        }
        if let Some(phase) = stage.phase {
            begin(txn, &mut endpoint, phase);
        }
        if txn.state.profile != Profile::Instant {
            let at = txn.now + stage.lasts(txn.state.profile);
            txn.state.timers.schedule(at, Owner::Endpoint(endpoint.name.clone()), Alarm::Stage(n + 1));
            txn.state.endpoints.insert(endpoint);
            return;
        }
    }
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

/// Asks the rules of a phase of every variant that is deployed, and does what the phase is for.
fn begin(txn: &mut Txn<'_>, endpoint: &mut Endpoint, phase: Phase) {
    let Some(pending) = endpoint.pending.clone() else { return };
    let key = endpoint.key();
    // Role, subnets and groups were there when the model was made, and may be gone by now.
    let again = (phase == Phase::Place).then_some(Phase::Create);
    for (i, variant) in pending.variants.iter().enumerate() {
        for phase in again.into_iter().chain([phase]) {
            let violation = ask(txn, &key, &variant.needs, &mut endpoint.findings, phase);
            if let Some(violation) = violation {
                let failure = failure::of(&txn.state.texts, key.kind, &violation);
                endpoint.failure.get_or_insert(failure);
                // A variant that has failed in one phase does not get to the next one.
                break;
            }
        }
        match phase {
            _ if endpoint.failure.is_some() => {}
            Phase::Place if variant.needs.vpc.is_some() => {
                let message = place_variant(txn, endpoint, &pending, i, variant);
                txn.note("EndpointInterfaces", key.to_string(), None, message);
            }
            Phase::Input => tell_buckets(txn, &key, &variant.needs),
            _ => {}
        }
    }
    // Either all of a deployment is placed or nothing of it.
    if phase == Phase::Place && endpoint.failure.is_some() {
        dismiss(txn, endpoint, &pending.fleet);
    }
}

/// Makes the interfaces of a variant; what to tell of it. Each variant is placed before the next one is judged, so
/// that each sees what is left for it.
fn place_variant(
    txn: &mut Txn<'_>,
    endpoint: &Endpoint,
    deployment: &Deployment,
    i: usize,
    variant: &DeployedVariant,
) -> String {
    let fleet = &deployment.fleet;
    let parent = format!("{}/{}/{i}", endpoint.arn, fleet.number);
    let owner = Owner::Fleet(fleet.clone());
    let count = variant.needs.instance_count();
    match place::make(txn, &endpoint.key(), &variant.needs, &parent, &owner) {
        Some(subnets) => {
            let subnets: Vec<_> = subnets.iter().map(ToString::to_string).collect();
            format!("interfaces for {count} instances of {} in {}", variant.name, subnets.join(", "))
        }
        None => format!(
            "no interface of {} could be made, and no rule that is enforced forbids that",
            variant.name
        ),
    }
}

/// Removes the interfaces of a fleet at once. That those of a fleet that is replaced, or that never served, do not
/// linger as those of a deleted endpoint do is assumed.
fn dismiss(txn: &mut Txn<'_>, endpoint: &Endpoint, fleet: &FleetKey) {
    let released = place::release(txn, &Owner::Fleet(fleet.clone()));
    if released > 0 {
        let message = format!("{released} interfaces removed");
        txn.note("EndpointInterfaces", endpoint.key().to_string(), None, message);
    }
}

/// What has failed is undone. An endpoint that serves goes on serving with what it had, in service and with a
/// FailureReason: observed in public issue threads.
fn give_up(txn: &mut Txn<'_>, mut endpoint: Endpoint) {
    if let Some(pending) = &endpoint.pending {
        dismiss(txn, &endpoint, &pending.fleet);
    }
    let status = if endpoint.serving.is_some() {
        endpoint.pending = None;
        EndpointStatus::InService
    } else {
        EndpointStatus::Failed
    };
    show(txn, &mut endpoint, status);
    txn.state.endpoints.insert(endpoint);
}

/// The end of a course.
fn finish(txn: &mut Txn<'_>, mut endpoint: Endpoint) {
    if endpoint.course == EndpointCourse::Delete {
        return vanish(txn, &endpoint);
    }
    let old = std::mem::replace(&mut endpoint.serving, endpoint.pending.take());
    if let Some(old) = old {
        dismiss(txn, &endpoint, &old.fleet);
    }
    show(txn, &mut endpoint, EndpointStatus::InService);
    txn.state.endpoints.insert(endpoint);
}

/// The endpoint goes; its interfaces stay for a while: observed in public issue threads.
fn vanish(txn: &mut Txn<'_>, endpoint: &Endpoint) {
    txn.state.endpoints.remove(&endpoint.name);
    let linger = txn.state.linger();
    let fleets = endpoint.serving.iter().chain(&endpoint.pending).map(|deployment| &deployment.fleet);
    let mut left = 0;
    for fleet in fleets {
        let owner = Owner::Fleet(fleet.clone());
        let held = txn.state.interfaces.count(&InterfaceIndex::Owner(owner.clone()));
        if linger.is_zero() {
            txn.state.remove_interfaces_of(&owner);
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
    let resource = format!("endpoint/{}", fleet.endpoint);
    let released = place::release(txn, &Owner::Fleet(fleet));
    txn.note("EndpointInterfaces", resource, None, format!("{released} interfaces removed"));
}

impl Endpoint {
    /// What the endpoint calls its status.
    pub fn status_word(&self) -> &'static str {
        status_word(self.status)
    }
}
