//! What the operations know of a request besides its input, and the buckets they work on.

use super::Gate;
use super::access::{Denied, Ground, On, Permit, Visit};
use super::acts::Act;
use super::host::S3Host;
use crate::kernel::{AccountId, Scope, SimTime};
use crate::model::{Account, Bucket, FoundBucket, ObjectKey, State, Tags, Txn, World, bucket};
use crate::services::s3::S3Error;
use crate::services::s3::condition::Conditions;
use crate::services::{self, Caller};
use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};

/// What was decoded of a request before `s3s` saw it, and what comes of it; it travels through `s3s` in the request's
/// extensions.
#[derive(Clone)]
pub(super) struct Call(pub(super) Arc<Facts>);

pub(super) struct Facts {
    pub(super) world: Arc<World>,
    pub(super) account: Arc<Account>,
    pub(super) caller: Caller,
    pub(super) signed: bool,
    pub(super) now: SimTime,
    pub(super) wall: SimTime,
    /// The region whose endpoint was asked; `None` if nothing says which.
    pub(super) endpoint: Option<Arc<str>>,
    /// The headers as they came, but for what is said of chunks.
    pub(super) headers: HeaderMap,
    /// The query string as it came.
    pub(super) query: String,
    /// What was sent, without the frame of chunks.
    pub(super) body: Bytes,
    pub(super) gate: Option<Arc<dyn Gate>>,
    pub(super) outcome: Mutex<Outcome>,
}

/// What `s3s` has no room for.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) operation: Option<&'static str>,
    pub(super) refusal: Option<S3Error>,
    /// What was read of an object.
    pub(super) read: Option<(StatusCode, Bytes)>,
    /// What was found to be allowed: it is recorded once it is done.
    permits: Vec<Permit>,
}

impl From<Denied> for S3Error {
    fn from(denied: Denied) -> Self {
        match (denied.code, denied.ground) {
            ("AccessDenied", Some(Ground { rule, because })) => {
                S3Error::DeniedBy { sentence: denied.message, rule, because }
            }
            ("AccessDenied", None) => S3Error::Denied(denied.message),
            ("MethodNotAllowed", _) => S3Error::MethodNotAllowed,
            ("MalformedPolicy", _) => S3Error::MalformedPolicy(denied.message),
            _ => S3Error::argument("", "", denied.message),
        }
    }
}

impl std::ops::Deref for Call {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        &self.0
    }
}

/// A bucket, and where it is.
pub(super) struct Place {
    pub(super) bucket: Arc<Bucket>,
    /// The account-wide state of the account that has it.
    pub(super) state: Arc<State>,
    account: Arc<Account>,
    now: SimTime,
}

impl Place {
    pub(super) fn found(&self) -> FoundBucket {
        FoundBucket { bucket: self.bucket.clone(), home: bucket::Home(self.state.clone()) }
    }

    pub(super) fn at(&self, key: &str) -> ObjectKey {
        ObjectKey { bucket: self.bucket.name.clone(), key: key.into() }
    }

    /// Changes the account-wide state of the account that has the bucket.
    pub(super) fn write<R>(
        &self,
        change: impl FnOnce(&mut Txn<'_>) -> Result<R, S3Error>,
    ) -> Result<R, S3Error> {
        self.account.write(&Scope::Global, self.now, true, change)
    }
}

impl Facts {
    pub(super) fn outcome(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A header as it came.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The bucket of this name, wherever the request came in.
    pub(super) fn find(&self, name: &str, owner: Option<&str>) -> Result<Place, S3Error> {
        let found = bucket::find(self.account.id, name, &*self.account);
        let found = found.ok_or_else(|| S3Error::NoSuchBucket(name.to_owned()))?;
        let id = found.bucket.account;
        if owner.is_some_and(|owner| AccountId::parse(owner) != Some(id)) {
            return Err(S3Error::AccessDenied);
        }
        let account = self.world.account(id, self.wall);
        let now = if id == self.account.id { self.now } else { account.now(self.wall) };
        account.settle(now, services::step);
        let state = account.read(&Scope::Global);
        let bucket = state.buckets.get(&found.bucket.name).cloned();
        let bucket = bucket.ok_or_else(|| S3Error::NoSuchBucket(name.to_owned()))?;
        Ok(Place { bucket, state, account, now })
    }

    /// The bucket of this name, if the request came in at the endpoint of its region and is signed for it.
    pub(super) fn bucket(&self, name: &str, owner: Option<&str>) -> Result<Place, S3Error> {
        let place = self.find(name, owner)?;
        let region = &place.bucket.region;
        match &self.endpoint {
            Some(endpoint) if endpoint != region => {
                let suffix = self.caller.partition.dns_suffix();
                Err(S3Error::PermanentRedirect {
                    bucket: name.to_owned(),
                    endpoint: format!("{name}.s3.{region}.{suffix}"),
                    bucket_region: region.to_string(),
                })
            }
            Some(_) if self.signed && self.caller.region != *region => {
                let (given, region) = (self.caller.region.to_string(), region.to_string());
                Err(S3Error::WrongRegion { given, region })
            }
            _ => Ok(place),
        }
    }

    /// What policies see of the request.
    pub(super) fn visit(&self) -> Result<Visit<'_>, S3Error> {
        let caller = self.signed.then_some(&self.caller);
        Ok(Visit::new(caller, &self.account, &self.headers, &self.query, self.now)?)
    }

    fn permitted(&self, ask: impl FnOnce(&Visit<'_>, &str) -> Result<Permit, Denied>) -> Result<(), S3Error> {
        let operation = self.outcome().operation.unwrap_or_default();
        let permit = ask(&self.visit()?, operation)?;
        self.outcome().permits.push(permit);
        Ok(())
    }

    /// Whether the caller may do this operation to something.
    pub(super) fn may_on(&self, on: On<'_>) -> Result<(), S3Error> {
        self.permitted(|visit, operation| visit.authorise(operation, on, None))
    }

    /// Whether the caller may do this operation to an object.
    pub(super) fn may(&self, place: &Place, key: &str) -> Result<(), S3Error> {
        self.may_on(On::Object(&place.found(), key))
    }

    /// Whether the caller may do this operation to an object, with what is copied from another one.
    pub(super) fn may_copy(
        &self,
        place: &Place,
        key: &str,
        source: &Place,
        from: &str,
    ) -> Result<(), S3Error> {
        let (to, from) = (On::Object(&place.found(), key), On::Object(&source.found(), from));
        self.permitted(|visit, operation| visit.authorise(operation, to, Some(from)))
    }

    /// Whether the caller may give an object tags.
    pub(super) fn may_tag(&self, place: &Place, key: &str, tags: &Tags) -> Result<(), S3Error> {
        let found = place.found();
        self.permitted(|visit, operation| {
            let mut acts = visit.acts(operation, On::Object(&found, key), None);
            acts.iter_mut().for_each(|act| act.tags = Some(tags));
            visit.may(&acts)
        })
    }

    /// Whether the caller may delete an object.
    pub(super) fn may_delete(&self, place: &Place, key: &str, version: Option<&str>) -> Result<(), S3Error> {
        let found = place.found();
        self.permitted(|visit, _| visit.may(&[Act::delete(On::Object(&found, key), version)]))
    }

    /// The bucket of this name, if the caller may do this operation to it as a whole.
    pub(super) fn may_in(&self, name: &str, owner: Option<&str>) -> Result<Place, S3Error> {
        let place = self.bucket(name, owner)?;
        self.may_on(On::Bucket(&place.found()))?;
        Ok(place)
    }

    /// What to say instead of that an object is not there.
    pub(super) fn missing(&self, place: &Place, error: S3Error) -> S3Error {
        let untold = match &error {
            S3Error::NoSuchKey(_) | S3Error::Deleted { .. } => {
                self.visit().and_then(|visit| Ok(visit.may_know(&place.found())?)).err()
            }
            _ => None,
        };
        untold.unwrap_or(error)
    }

    /// Remembers what was done.
    pub(super) fn record(&self) {
        let permits = std::mem::take(&mut self.outcome().permits);
        if let Ok(visit) = self.visit() {
            permits.into_iter().for_each(|permit| visit.record(permit));
        }
    }

    /// What the request demands of the object, by headers that begin like this.
    pub(super) fn conditions(&self, start: &str) -> Conditions {
        let header = |name: &str| self.header(&format!("{start}{name}")).map(str::to_owned);
        let time = |name: &str| {
            let time = httpdate::parse_http_date(&header(name)?).ok()?;
            i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
        };
        Conditions {
            if_match: header("if-match"),
            if_none_match: header("if-none-match"),
            if_modified_since: time("if-modified-since"),
            if_unmodified_since: time("if-unmodified-since"),
        }
    }
}

/// The region of the endpoint that a request came in at: its host says so, or else its signature.
pub(super) fn endpoint(host: Option<S3Host<'_>>, signed_for: Option<&Arc<str>>) -> Option<Arc<str>> {
    host.and_then(|host| host.region).map(Arc::from).or_else(|| signed_for.cloned())
}

/// A header value of any text.
pub(super) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
