//! Calls that are answered later: they wait for an instance, read their input, ask the container, and leave what it says
//! in S3. Source: developer guide, "async-inference".

use super::answer::{self, ModelFailure};
use super::{Kept, ask, failure, vantages};
use crate::kernel::Scope;
use crate::model::async_call::AsyncCallIndex;
use crate::model::bucket::{self, FoundBucket};
use crate::model::{
    Alarm, Answer, AsyncCall, Content, DataNeed, DataUse, DeployedVariant, Deployment, Endpoint, Extent,
    Invocation, JobKey, JobKind, Letter, Needs, ObjectKey, Owner, Phase, Profile, PutObject, Said, Txn,
};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Where an endpoint configuration says with which key its answers are encrypted.
const KEY: &str = "/AsyncInferenceConfig/OutputConfig/KmsKeyId";

/// How long a call is in the queue if nothing is before it.
fn queued(profile: Profile) -> Duration {
    match profile {
        Profile::Fast => Duration::from_millis(500),
        Profile::Realistic => Duration::from_secs(2),
        Profile::Instant => Duration::ZERO,
    }
}

/// Takes a call.
pub fn begin(txn: &mut Txn<'_>, call: AsyncCall) {
    let owner = Owner::AsyncCall(call.id.clone());
    let wait = queued(txn.state.profile);
    match wait.is_zero() {
        true => start(txn, call),
        false => {
            txn.state.timers.schedule(txn.now + wait, owner, Alarm::Stage(0));
            txn.state.async_calls.insert(call);
        }
    }
}

/// Does what a timer of a call says.
pub fn step(txn: &mut Txn<'_>, id: &Arc<str>, what: Alarm) {
    let Some(call) = txn.state.async_calls.get(id).map(|row| AsyncCall::clone(row)) else { return };
    txn.state.timers.cancel(&Owner::AsyncCall(id.clone()));
    match what {
        Alarm::Overtime => end(txn, call, Err("The request expired before it was processed.".to_owned())),
        _ if call.said.is_some() => finish(txn, call),
        _ => start(txn, call),
    }
}

/// An endpoint has other instances: calls that waited for some try again.
pub fn wake(txn: &mut Txn<'_>, endpoint: &Arc<str>) {
    let index = AsyncCallIndex::Endpoint(endpoint.clone());
    let waiting: Vec<_> =
        txn.state.async_calls.by(&index).filter(|call| call.said.is_none()).cloned().collect();
    for call in waiting {
        let owner = Owner::AsyncCall(call.id.clone());
        txn.state.timers.cancel(&owner);
        txn.state.timers.schedule(txn.now, owner, Alarm::Stage(0));
    }
}

/// An endpoint goes, and with it the calls that it has not answered. That they leave nothing is assumed.
pub fn drop_all(txn: &mut Txn<'_>, endpoint: &Arc<str>) {
    let index = AsyncCallIndex::Endpoint(endpoint.clone());
    let lost: Vec<_> = txn.state.async_calls.by(&index).map(|call| call.id.clone()).collect();
    for id in lost {
        txn.state.timers.cancel(&Owner::AsyncCall(id.clone()));
        txn.state.async_calls.remove(&id);
        txn.note(
            "AsyncInvocation",
            format!("endpoint/{endpoint}"),
            None,
            format!("{id}: its endpoint is gone"),
        );
    }
}

/// The variant that a call is for, as it serves now; after an update the call is for whatever serves then.
fn variant(txn: &Txn<'_>, call: &AsyncCall) -> Option<(Arc<Endpoint>, DeployedVariant)> {
    let endpoint = txn.state.endpoints.get(&call.invocation.endpoint)?.clone();
    let variants = &endpoint.serving.as_ref()?.variants;
    let found = variants.iter().find(|variant| *variant.name == *call.invocation.variant);
    let variant = found.or(variants.first())?.clone();
    Some((endpoint, variant))
}

/// A call's turn has come: it waits on if there is no instance, and else its container is asked.
fn start(txn: &mut Txn<'_>, mut call: AsyncCall) {
    let owner = Owner::AsyncCall(call.id.clone());
    let Some((endpoint, variant)) = variant(txn, &call) else { return };
    if variant.instance_count() == Some(0) {
        txn.state.timers.schedule(call.expires.max(txn.now), owner, Alarm::Overtime);
        txn.state.async_calls.insert(call);
        return;
    }
    if let Some(url) = call.input.clone() {
        match read(txn, &endpoint, &variant, &url) {
            Ok(body) => call.invocation.body = body,
            Err(reason) => return end(txn, call, Err(reason)),
        }
    }
    call.invocation = call.invocation.clone().answered_by(call.behaviour.as_deref());
    let (said, takes) = match &call.invocation.answer {
        Answer::Canned(_) => answer::declared(&call.invocation, call.limit)
            .unwrap_or_else(|| (Said::nothing(""), Duration::ZERO)),
        // Calls to such containers are refused when they are made.
        Answer::Proxy(_) => (Said::nothing("the container is somewhere else"), Duration::ZERO),
    };
    call.said = Some(said);
    if takes.is_zero() || txn.state.profile == Profile::Instant {
        return finish(txn, call);
    }
    txn.state.timers.schedule(txn.now + takes, owner, Alarm::Stage(1));
    txn.state.async_calls.insert(call);
}

/// The needs of a call, for the rules: those of its variant with other data. How its deployment was to fail says nothing of
/// the call.
fn needs(variant: &DeployedVariant, inputs: Vec<DataNeed>, outputs: Vec<DataNeed>) -> Needs {
    Needs { inputs, outputs, behaviour: None, ..variant.needs.clone() }
}

/// Asks the rules about a way to S3; what they find of it is an event.
fn way(
    txn: &mut Txn<'_>,
    endpoint: &Endpoint,
    variant: &DeployedVariant,
    needs: &Needs,
    phase: Phase,
) -> Result<(), String> {
    let key = JobKey { kind: JobKind::Hosting, name: endpoint.name.clone() };
    let placed = variant.placed.iter().flatten().filter_map(|id| txn.state.interfaces.get(id));
    let vantages = vantages(placed.map(|interface| &**interface));
    let kept = Kept { findings: &mut Vec::new(), traces: &mut Vec::new() };
    match ask(txn, &key, needs, vantages, kept, phase) {
        Some(violation) => Err(failure::of(&txn.state.texts, JobKind::Hosting, &violation).reason),
        None => Ok(()),
    }
}

/// The body of a call that is in S3. Of what is in a bucket that is not here nobody knows.
fn read(
    txn: &mut Txn<'_>,
    endpoint: &Endpoint,
    variant: &DeployedVariant,
    url: &str,
) -> Result<Bytes, String> {
    let need = DataNeed::new(DataUse::Input, Extent::Object, url);
    let place = need.place.clone();
    way(txn, endpoint, variant, &needs(variant, vec![need], Vec::new()), Phase::Input)?;
    let Some(place) = place else { return Err(format!("{url} is nowhere in S3.")) };
    let found = bucket::find(txn.origin.account, &place.bucket, txn.elsewhere());
    let Some(FoundBucket { home, .. }) = found else { return Ok(Bytes::new()) };
    Ok(match home.0.object(&place.bucket, &place.key).and_then(|version| version.content.clone()) {
        Some(Content::Bytes(bytes)) => bytes,
        Some(Content::Size(_)) | None => Bytes::new(),
    })
}

/// The container has answered.
fn finish(txn: &mut Txn<'_>, mut call: AsyncCall) {
    let Some(said) = call.said.take() else { return };
    let outcome = match ModelFailure::of(&call.invocation, &said) {
        None => Ok(said.body()),
        Some(failure) => Err(failure.message),
    };
    end(txn, call, outcome);
}

/// Leaves what came of a call where it is to be found.
fn end(txn: &mut Txn<'_>, call: AsyncCall, outcome: Result<Bytes, String>) {
    txn.state.async_calls.remove(&call.id);
    let Invocation { endpoint: name, .. } = &call.invocation;
    let resource = format!("endpoint/{name}");
    let (place, content, told) = match outcome {
        Ok(body) => (Some(&call.output), body, "completed".to_owned()),
        Err(reason) => (call.failure.as_ref(), Bytes::from(reason.clone()), format!("failed: {reason}")),
    };
    txn.note("AsyncInvocation", resource.clone(), None, format!("{}: {told}", call.id));
    let Some((folder, file)) = place else { return };
    let Some((endpoint, variant)) = variant(txn, &call) else { return };
    let key = |serving: &Deployment| Some(serving.request.pointer(KEY)?.as_str()?.to_owned());
    let key = endpoint.serving.as_ref().and_then(key);
    if let Err(reason) = deliver(txn, &endpoint, &variant, key.as_deref(), (folder, file), content) {
        txn.note("AsyncInvocation", resource, None, format!("{}: nothing is written: {reason}", call.id));
    }
}

/// Writes a file of an endpoint's, if a variant's instances and its role get there.
///
/// # Errors
/// Why they do not.
pub(super) fn deliver(
    txn: &mut Txn<'_>,
    endpoint: &Endpoint,
    variant: &DeployedVariant,
    kms: Option<&str>,
    (folder, file): (&str, &str),
    content: Bytes,
) -> Result<(), String> {
    let need = DataNeed::output(folder, file).encrypted_if(kms);
    let target = need.target(JobKind::Hosting, &endpoint.name, file);
    let target = target.ok_or_else(|| format!("{folder} is nowhere in S3."))?;
    way(txn, endpoint, variant, &needs(variant, Vec::new(), vec![need]), Phase::Output)?;
    let found = bucket::find(txn.origin.account, &target.bucket, txn.elsewhere());
    if let Some(FoundBucket { bucket, .. }) = found {
        let at = ObjectKey { bucket: target.bucket, key: target.key };
        let put = PutObject { at, content: Content::Bytes(content) };
        txn.post(bucket.account, Scope::Global, Letter::PutObject(Box::new(put)));
    }
    Ok(())
}
