//! Which container a call is for.

use super::error::RuntimeError;
use crate::jobs::hosting::answer;
use crate::model::{
    Answer, Behaviour, Canned, ComponentStatus, DeployedVariant, Deployment, Endpoint, EndpointStatus,
    InferenceComponent, Invocation, S3Place, Txn, bucket,
};
use crate::services::Caller;
use bytes::Bytes;
use std::sync::Arc;

/// What a call says of the container that it is for. Most calls say nothing.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    pub variant: Option<&'a str>,
    pub component: Option<&'a str>,
    pub model: Option<&'a str>,
    pub container: Option<&'a str>,
}

/// How an endpoint answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    AtOnce,
    Later,
}

/// An endpoint that serves, and with what.
///
/// # Errors
/// One that does not serve is as good as none. That one that is being deleted does not is assumed.
pub fn serving(
    txn: &Txn<'_>,
    caller: &Caller,
    name: &str,
    manner: Manner,
) -> Result<(Arc<Endpoint>, Deployment), RuntimeError> {
    let none = || RuntimeError::NoSuchEndpoint { name: name.to_owned(), account: caller.account };
    let endpoint = txn.state.endpoints.get(&name.into()).ok_or_else(none)?.clone();
    let serves = !matches!(endpoint.status, EndpointStatus::Deleting | EndpointStatus::Failed);
    let serving = endpoint.serving.clone().filter(|_| serves).ok_or_else(none)?;
    let later = serving.request.get("AsyncInferenceConfig").is_some();
    if later != (manner == Manner::Later) {
        return Err(RuntimeError::OtherInferenceType { name: name.to_owned() });
    }
    Ok((endpoint, serving))
}

/// A call that has found its container, with all that is known of that and nothing of what is asked.
///
/// # Errors
/// What the endpoint does not have, and what it wants to be told.
pub fn find(
    txn: &mut Txn<'_>,
    caller: &Caller,
    request: &str,
    (endpoint, serving): (&Endpoint, &Deployment),
    wanted: Wanted<'_>,
) -> Result<Found, RuntimeError> {
    let name = || endpoint.name.to_string();
    let component = component(txn, endpoint, serving, wanted.component)?;
    let on_variant = component.as_ref().map(|component| &*component.variant);
    let variant = match wanted.variant.or(on_variant) {
        // A shadow answers nobody.
        Some(wanted) => {
            let found = serving.variants.iter().find(|variant| !variant.shadow && variant.name == wanted);
            found.ok_or_else(|| RuntimeError::NoSuchVariant { variant: wanted.to_owned(), name: name() })?
        }
        None => answer::next(txn, endpoint, serving)
            .ok_or_else(|| RuntimeError::NoSuchVariant { variant: String::new(), name: name() })?,
    };
    let container = container(variant, request, &name(), wanted.container)?;
    check_model(txn, variant, request, &name(), wanted.model)?;
    let invocation = Invocation {
        account: caller.account,
        region: caller.region.clone(),
        endpoint: endpoint.name.clone(),
        variant: variant.name.as_str().into(),
        component: component.as_ref().map(|component| component.name.clone()),
        container,
        target_model: wanted.model.map(Arc::from),
        content_type: None,
        accept: None,
        custom_attributes: None,
        inference_id: None,
        session: None,
        body: Bytes::new(),
        answer: Answer::Canned(Canned::default()),
        capture: None,
    };
    let behaviour = match component {
        Some(component) => component.running.as_ref().and_then(|plan| plan.behaviour.clone()),
        None => variant.needs.behaviour.clone(),
    };
    Ok((invocation, behaviour, variant.serverless.is_some()))
}

/// A call that has found its container, what that was declared to do, and whether it is serverless.
pub type Found = (Invocation, Option<Arc<Behaviour>>, bool);

/// The inference component that a call names, on an endpoint that has such.
fn component(
    txn: &Txn<'_>,
    endpoint: &Endpoint,
    serving: &Deployment,
    wanted: Option<&str>,
) -> Result<Option<Arc<InferenceComponent>>, RuntimeError> {
    let name = || endpoint.name.to_string();
    let bare = serving.variants.iter().any(|variant| variant.containers.is_empty());
    let Some(wanted) = wanted else {
        return if bare { Err(RuntimeError::ComponentMissing) } else { Ok(None) };
    };
    if !bare {
        return Err(RuntimeError::NoComponents { name: name() });
    }
    let found = txn.state.components.get(&wanted.into());
    let found = found.filter(|row| row.endpoint == endpoint.name && row.status != ComponentStatus::Deleting);
    let none = || RuntimeError::NoSuchComponent { component: wanted.to_owned(), name: name() };
    let found = found.ok_or_else(none)?.clone();
    if found.copies() == 0 { Err(RuntimeError::NoCapacity) } else { Ok(Some(found)) }
}

/// The container of a variant that answers. Of several in a row errors name the one that failed; here that is the
/// first. Source: developer guide, "multi-container-direct".
fn container(
    variant: &DeployedVariant,
    request: &str,
    name: &str,
    wanted: Option<&str>,
) -> Result<Arc<str>, RuntimeError> {
    let name = || name.to_owned();
    let first = variant.containers.first().map_or_else(|| "model".into(), |first| first.name.clone());
    match wanted {
        None if variant.direct => {
            Err(RuntimeError::ContainerMissing { request: request.to_owned(), name: name() })
        }
        None => Ok(first),
        Some(_) if !variant.direct => Err(RuntimeError::NotDirect { name: name() }),
        Some(wanted) => {
            let found = variant.containers.iter().find(|container| &*container.name == wanted);
            let none = || RuntimeError::NoSuchContainer { container: wanted.to_owned(), name: name() };
            found.map(|container| container.name.clone()).ok_or_else(none)
        }
    }
}

/// A container of many models is told which, and gets it from where the models are. Source: developer guide,
/// "invoke-multi-model-endpoint". What is in a bucket that is kept elsewhere nobody here knows.
fn check_model(
    txn: &Txn<'_>,
    variant: &DeployedVariant,
    request: &str,
    name: &str,
    wanted: Option<&str>,
) -> Result<(), RuntimeError> {
    let many = variant.containers.iter().find_map(|container| container.models.as_deref());
    let (Some(models), Some(wanted)) = (many, wanted) else {
        return match (many, wanted) {
            (None, Some(_)) => Err(RuntimeError::NotForManyModels { name: name.to_owned() }),
            (Some(_), None) => {
                Err(RuntimeError::TargetModelMissing { request: request.to_owned(), name: name.to_owned() })
            }
            _ => Ok(()),
        };
    };
    let Some(place) = S3Place::parse(models) else { return Ok(()) };
    let Some(found) = bucket::find(txn.origin.account, &place.bucket, txn.elsewhere()) else {
        return Ok(());
    };
    let folder = place.key.trim_end_matches('/');
    let slash = if folder.is_empty() { "" } else { "/" };
    let key = format!("{folder}{slash}{}", wanted.trim_start_matches('/'));
    match found.home.0.object(&place.bucket, &key) {
        Some(_) => Ok(()),
        None => Err(RuntimeError::NoModelData { bucket: place.bucket.to_string(), key }),
    }
}
