//! Who makes a request: what its access key, session token and signature say, and how AWS refuses what they should not.

use super::Gateway;
use super::route::Origin;
use crate::aws::sigv2;
use crate::aws::sigv4::{self, Problem};
use crate::aws::{Fault, Protocol, RequestParts, ServiceId};
use crate::kernel::{AccountId, SimTime};
use crate::model::{Principal, Session, State};
use crate::s3;
use crate::services::s3::S3Error;
use std::sync::Arc;

/// What roots sign with unless something else is said.
pub const ROOT_SECRET: &str = "test";

/// How callers are known.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Keys that nobody made here, and requests without any, act as the account's root. A key of twelve digits does
    /// in any case: it is the root's.
    pub unknown_keys: bool,
    /// What requests of the root are signed with, if signatures are verified; those of all others have secrets that
    /// were made here.
    pub verify: Option<String>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { unknown_keys: true, verify: None }
    }
}

impl Trust {
    /// Whether signatures count in an account.
    fn verifies(&self, global: &State) -> bool {
        self.verify.is_some() || global.choices.verify_signatures
    }

    /// What requests of the root are signed with; any other secret will do too where signatures are not verified.
    pub fn root_secret(&self) -> &str {
        self.verify.as_deref().unwrap_or(ROOT_SECRET)
    }
}

/// Whether callers of an operation need no keys: somebody else vouches for them.
pub(super) fn needs_no_signature(service: ServiceId, operation: &str) -> bool {
    service == ServiceId::Sts && matches!(operation, "AssumeRoleWithWebIdentity" | "AssumeRoleWithSAML")
}

/// Whoever acts, and the temporary credentials that they act with.
pub(super) type Actor = (Principal, Option<Arc<Session>>);

/// Why nobody is behind a request.
#[derive(Debug)]
pub(super) enum Nobody {
    /// A key that is not known or not active.
    UnknownKey,
    /// A session token that is not the key's, or credentials that are not good for the service.
    WrongToken,
    Expired,
    Unsigned,
    Signature(Problem),
    /// A signature of the old kind, which only S3 takes.
    OldSignature(sigv2::Problem),
}

/// Whoever is behind a request.
///
/// `body` is what was sent, still zipped if it was; `service` is what signatures are for.
///
/// # Errors
/// Credentials that are not known, not active, or have expired; and, where signatures are verified, one that is not right.
pub(super) fn actor(
    gateway: &Gateway,
    origin: &Origin,
    parts: &RequestParts<'_>,
    body: &[u8],
    global: &State,
    now: SimTime,
    service: &'static str,
) -> Result<Actor, Nobody> {
    let trust = &gateway.trust;
    let scope = origin.scope.as_ref();
    let key = &origin.access_key;
    let token = origin.token();
    let (verify, root_secret) = (trust.verifies(global), trust.root_secret());
    let (actor, secret): (Actor, &str) = if let Some(session) = global.sessions.get(key) {
        if token != Some(session.token.as_str()) || !serves(session, service) {
            return Err(Nobody::WrongToken);
        }
        if session.expires <= now {
            return Err(Nobody::Expired);
        }
        ((session.principal.clone(), Some(session.clone())), &session.secret)
    } else if let Some(row) = global.access_keys.get(key) {
        if !row.active {
            return Err(Nobody::UnknownKey);
        }
        if token.is_some() {
            return Err(Nobody::WrongToken);
        }
        let principal = match &row.user {
            None => Principal::Root,
            Some(user) => {
                let user = global.users.get(user).ok_or(Nobody::UnknownKey)?;
                let (name, unique_id, arn) = (user.name.clone(), user.unique_id.clone(), user.arn.clone());
                Principal::User { name, unique_id, arn }
            }
        };
        ((principal, None), &row.secret)
    } else if AccountId::parse(key).is_some() {
        ((Principal::Root, None), root_secret)
    } else if global.deleted_keys.contains(key) {
        return Err(Nobody::UnknownKey);
    } else if trust.unknown_keys && (origin.is_signed() || !verify) {
        ((Principal::Root, None), root_secret)
    } else if origin.is_signed() {
        return Err(Nobody::UnknownKey);
    } else {
        return Err(Nobody::Unsigned);
    };
    if let (Some(scope), true) = (scope, verify) {
        let seconds = now.millis().div_euclid(1_000);
        sigv4::verify(parts, scope, body, service, secret, seconds).map_err(Nobody::Signature)?;
    }
    if let (Some(old), true) = (&origin.old, verify) {
        let bucket = parts.headers.get("host").and_then(s3::host::parse).and_then(|host| host.bucket);
        let seconds = now.millis().div_euclid(1_000);
        sigv2::verify(parts, old, bucket, secret, seconds).map_err(Nobody::OldSignature)?;
    }
    Ok(actor)
}

/// Whether temporary credentials are good for a service at all: what `GetSessionToken` and `GetFederationToken` give is
/// not known to IAM, unless a second factor was shown. Source: IAM user guide, "Compare AWS STS credentials".
fn serves(session: &Session, service: &str) -> bool {
    matches!(session.principal, Principal::Role { .. }) || service != ServiceId::Iam.signing_name()
}

impl Nobody {
    /// What a service says of it.
    pub(super) fn fault(&self, parts: &RequestParts<'_>, service: ServiceId) -> Fault {
        match self {
            Nobody::UnknownKey | Nobody::WrongToken => unknown(service),
            Nobody::Expired => expired(service),
            Nobody::Unsigned => unsigned(parts, service),
            Nobody::Signature(problem) => wrong(problem, service),
            Nobody::OldSignature(_) => wrong(&Problem::Mismatch, service),
        }
    }

    /// What S3 says of it. Source: S3 API reference, "Error responses".
    pub(super) fn s3(&self, origin: &Origin, parts: &RequestParts<'_>) -> S3Error {
        let key = || origin.access_key.clone();
        let presigned = origin.scope.as_ref().is_some_and(|scope| scope.presigned);
        match self {
            Nobody::UnknownKey => S3Error::NoSuchKeyId(key()),
            Nobody::WrongToken => S3Error::InvalidToken,
            Nobody::Expired => S3Error::ExpiredToken,
            Nobody::Unsigned if parts.headers.get("authorization").is_some() => S3Error::OldSignature,
            Nobody::Unsigned => S3Error::AccessDenied,
            Nobody::OldSignature(sigv2::Problem::Expired) => S3Error::RequestExpired,
            Nobody::OldSignature(sigv2::Problem::Mismatch) => S3Error::SignatureDoesNotMatch(key()),
            Nobody::Signature(Problem::Expired { .. }) if presigned => S3Error::RequestExpired,
            Nobody::Signature(Problem::Expired { .. } | Problem::NotYet { .. }) => S3Error::TimeTooSkewed,
            Nobody::Signature(Problem::Mismatch) => S3Error::SignatureDoesNotMatch(key()),
            Nobody::Signature(problem) => S3Error::MalformedAuthorization(problem.to_string()),
        }
    }
}

// === How AWS refuses ===

/// Source: recorded; what EC2 says of any credentials that it does not take.
fn not_validated() -> Fault {
    Fault::new("AuthFailure", "AWS was not able to validate the provided access credentials").with_status(401)
}

/// A key that is not known or not active, or a session token that is not the key's.
fn unknown(service: ServiceId) -> Fault {
    const TEXT: &str = "The security token included in the request is invalid.";
    match service.protocol() {
        Protocol::Ec2 => return not_validated().called("aws-unknown-key-ec2"),
        Protocol::Query => Fault::new("InvalidClientTokenId", TEXT).with_status(403),
        Protocol::Json11 => Fault::new("UnrecognizedClientException", TEXT),
        Protocol::RestJson => Fault::new("UnrecognizedClientException", TEXT).with_status(403),
    }
    .called("aws-unknown-key")
}

/// Source: the codes of expired credentials differ by protocol, as public logs show.
pub(super) fn expired(service: ServiceId) -> Fault {
    const TEXT: &str = "The security token included in the request is expired";
    match service.protocol() {
        Protocol::Ec2 => {
            return Fault::new("RequestExpired", "Request has expired.").called("aws-expired-ec2");
        }
        Protocol::Query => Fault::new("ExpiredToken", TEXT).with_status(403),
        Protocol::Json11 | Protocol::RestJson => Fault::new("ExpiredTokenException", TEXT),
    }
    .called("aws-expired")
}

/// A request that is signed not at all, or in a way that is none. Source: the common errors of the references; the
/// codes of JSON services were recorded, EC2's is Assumed.
fn unsigned(parts: &RequestParts<'_>, service: ServiceId) -> Fault {
    if let Some(header) = parts.headers.get("authorization") {
        let text = format!(
            "Authorization header requires 'Credential' parameter. Authorization={}",
            header.split(' ').next().unwrap_or_default()
        );
        return wrong(&Problem::Incomplete(text.into()), service);
    }
    match service.protocol() {
        Protocol::Ec2 => {
            Fault::new("MissingParameter", "The request must contain the parameter AWSAccessKeyId")
        }
        Protocol::Query => {
            Fault::new("MissingAuthenticationToken", "Request is missing Authentication Token")
                .with_status(403)
        }
        Protocol::Json11 | Protocol::RestJson => {
            Fault::new("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
    }
}

/// A signature that is not right. EC2 says the same whatever it is.
fn wrong(problem: &Problem, service: ServiceId) -> Fault {
    let incomplete = matches!(problem, Problem::Incomplete(_));
    let (code, status) = match service.protocol() {
        Protocol::Ec2 => return not_validated(),
        Protocol::Query if incomplete => ("IncompleteSignature", 400),
        Protocol::Query => ("SignatureDoesNotMatch", 403),
        Protocol::Json11 if incomplete => ("IncompleteSignatureException", 400),
        Protocol::Json11 => ("InvalidSignatureException", 400),
        Protocol::RestJson if incomplete => ("IncompleteSignatureException", 403),
        Protocol::RestJson => ("InvalidSignatureException", 403),
    };
    Fault::new(code, problem.to_string()).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock, ClockMode, Scope};
    use crate::model::iam::key::{KeyKind, access_key};
    use crate::model::{AccessKey, Account, Defaults, User, World};
    use bytes::Bytes;
    use hyper::Request;

    const NOW: SimTime = SimTime::from_millis(1_767_603_600_000);

    fn gateway() -> (Gateway, Arc<Account>) {
        let world = World::new(7, Defaults::default(), |wall| Clock::new(ClockMode::Manual, Some(NOW), wall));
        let account = world.account(AccountId::parse("111122223333").unwrap(), NOW);
        let default = AccountId::parse("123456789012").unwrap();
        (Gateway::new(Arc::new(world), default, "us-east-1".into(), true), account)
    }

    fn edit(account: &Account, change: impl FnOnce(&mut State)) {
        let done: Result<(), ()> = account.write(&Scope::Global, NOW, true, |txn| {
            change(&mut txn.state);
            Ok(())
        });
        done.unwrap();
    }

    /// Status and body of a GetCallerIdentity that is signed, in whatever way, with this key.
    fn ask(gateway: &Gateway, key: &str, token: Option<&str>) -> (u16, String) {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260105/us-east-1/sts/aws4_request, SignedHeaders=host"
        );
        let mut request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        request = request.header("host", "localhost").header("authorization", scope);
        if let Some(token) = token {
            request = request.header("x-amz-security-token", token);
        }
        let body = Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15");
        let answer = gateway.handle(&request.body(body).unwrap());
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    #[test]
    fn a_users_key_is_good_while_it_is_active() {
        let (gateway, account) = gateway();
        let key = access_key(KeyKind::LongTerm, account.id, 5);
        let user = User {
            login: None,
            name: "Ann".into(),
            unique_id: "AIDAANN".into(),
            path: "/".into(),
            arn: "arn:aws:iam::111122223333:user/Ann".into(),
            created: NOW,
            grants: Default::default(),
            groups: Default::default(),
            tags: Default::default(),
        };
        let row = AccessKey {
            id: key.clone(),
            secret: "s".repeat(40),
            user: Some(User::key_of("Ann")),
            active: true,
            created: NOW,
        };
        let root = ask(&gateway, &key, None);
        assert!(root.1.contains("arn:aws:iam::123456789012:root"), "nobody made it yet: {}", root.1);
        edit(&account, |state| {
            state.users.insert(user);
            state.access_keys.insert(row);
        });
        let (status, body) = ask(&gateway, &key, None);
        assert!(status == 200 && body.contains("<Arn>arn:aws:iam::111122223333:user/Ann</Arn>"), "{body}");
        let refused = |answer: (u16, String)| {
            assert!(
                answer.0 == 403 && answer.1.contains("<Code>InvalidClientTokenId</Code>"),
                "{}",
                answer.1
            );
        };
        refused(ask(&gateway, &key, Some("token")));
        edit(&account, |state| drop(state.access_keys.update(&key, |row| row.active = false)));
        refused(ask(&gateway, &key, None));
        edit(&account, |state| state.delete_access_key(&key));
        refused(ask(&gateway, &key, None));
    }
}
