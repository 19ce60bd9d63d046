//! Sessions in the making: what may be given along, and the credentials that come out.

use super::StsError;
use crate::kernel::{AccountId, Scope};
use crate::model::iam::key::{self, KeyKind};
use crate::model::iam::policy;
use crate::model::state::Letter;
use crate::model::{PolicyDocument, Principal, Session, State, Tags, Txn};
use crate::policy::Source;
use crate::services::Caller;
use crate::services::iam::identity_document;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// The default of roles, and the most for sessions that make sessions, in seconds.
pub(super) const HOUR: i32 = 3_600;
/// Managed session policies of one session. Source: STS API reference, AssumeRole.
const MOST_POLICIES: usize = 10;
/// The bytes that session tags may take when packed: nine tags of 250 characters were told to take 498 %.
const TAG_SPACE: usize = 462;
/// The bytes that session policies may take when packed. AWS does not say: Assumed.
const POLICY_SPACE: usize = 1_024;

/// A managed policy that is given along.
#[derive(Deserialize)]
pub(super) struct PolicyArn {
    arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagIn {
    pub key: String,
    pub value: String,
}

/// What whoever makes a session gives along.
#[derive(Default)]
pub(super) struct Along {
    pub policy: Option<PolicyDocument>,
    pub policy_arns: Vec<Arc<str>>,
    /// Those of the call and those that came down from the caller's own session.
    pub tags: Tags,
    pub transitive: BTreeSet<String>,
    pub source_identity: Option<String>,
}

impl Along {
    /// The session policies. `home` is the account-wide state of the account that the session will be of.
    pub fn limited(
        mut self,
        home: &State,
        policy: Option<String>,
        arns: Vec<PolicyArn>,
    ) -> Result<Self, StsError> {
        if let Some(text) = &policy {
            identity_document::check_inline(text).map_err(|error| StsError::Malformed(error.to_string()))?;
        }
        if arns.len() > MOST_POLICIES {
            return Err(StsError::TooManyPolicies);
        }
        for arn in arns.into_iter().filter_map(|policy| policy.arn) {
            let known = policy::policy(home, &arn).is_some();
            self.policy_arns.push(arn.clone().into());
            if !known {
                return Err(StsError::NoSuchPolicy(arn));
            }
        }
        self.policy = policy.map(PolicyDocument::new);
        Ok(self)
    }

    /// The tags of the call, and the transitive ones of the session that makes the call.
    /// Source: IAM user guide, "Pass session tags in AWS STS".
    pub fn tagged(
        mut self,
        caller: Option<&Session>,
        tags: Vec<TagIn>,
        transitive: Vec<String>,
    ) -> Result<Self, StsError> {
        let folded: BTreeSet<_> = tags.iter().map(|tag| tag.key.to_lowercase()).collect();
        if folded.len() < tags.len() {
            return Err(StsError::DuplicateTags);
        }
        if let Some(tag) = tags.iter().find(|tag| tag.key.to_lowercase().starts_with("aws:")) {
            return Err(StsError::ReservedTag(tag.key.clone()));
        }
        if transitive.iter().any(|key| !folded.contains(&key.to_lowercase())) {
            return Err(StsError::NoSuchTransitive);
        }
        if let Some(session) = caller {
            if session.transitive.iter().any(|key| folded.contains(&key.to_lowercase())) {
                return Err(StsError::TransitiveConflict);
            }
            let down = session.tags.iter().filter(|(key, _)| session.transitive.contains(*key));
            down.for_each(|(key, value)| self.tags.set(key, value));
            self.transitive.extend(session.transitive.iter().cloned());
        }
        let is_transitive = |key: &str| transitive.iter().any(|other| other.eq_ignore_ascii_case(key));
        for tag in tags {
            if is_transitive(&tag.key) {
                self.transitive.insert(tag.key.clone());
            }
            self.tags.set(tag.key, tag.value);
        }
        Ok(self)
    }

    /// How much of the space for policies and tags is used, in percent; `None` if nothing is given along.
    pub fn packed(&self) -> Result<Option<i32>, StsError> {
        let limited = self.policy.is_some() || !self.policy_arns.is_empty();
        if !limited && self.tags.is_empty() {
            return Ok(None);
        }
        let arns = self.policy_arns.iter().map(|arn| arn.len());
        let policies = self.policy.as_ref().map_or(0, |policy| deflated(policy.text())) + arns.sum::<usize>();
        let tags: usize = self.tags.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let percent = 100 * policies / POLICY_SPACE + 100 * tags / TAG_SPACE;
        let percent = i32::try_from(percent.max(1)).unwrap_or(i32::MAX);
        match percent {
            ..=100 => Ok(Some(percent)),
            _ if limited => Err(StsError::PackedPolicy(percent)),
            _ => Err(StsError::PackedTags(percent)),
        }
    }
}

/// The bytes of a text when packed.
fn deflated(text: &str) -> usize {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    packed.write_all(text.as_bytes()).and_then(|()| packed.finish()).map_or(text.len(), |packed| packed.len())
}

// === The session ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: i64,
}

/// Makes a session of `account`, and answers with its credentials.
///
/// A session of another account gets there by letter. When it expires follows from the clock of the account that
/// made it: that is what its maker was told.
pub(super) fn make(
    txn: &mut Txn<'_>,
    account: AccountId,
    principal: Principal,
    seconds: i32,
    along: Along,
    provider: Option<String>,
) -> Credentials {
    let access_key = key::access_key(KeyKind::Temporary, account, txn.mint("session"));
    let session = Session {
        secret: key::secret(txn.origin, &access_key),
        token: STANDARD
            .encode([&TOKEN_START[..], &key::derived(txn.origin, &access_key, "token", 257)].concat()),
        access_key,
        principal,
        issued: txn.now,
        expires: txn.now + Duration::from_secs(seconds.unsigned_abs().into()),
        policy: along.policy,
        policy_arns: along.policy_arns,
        tags: along.tags,
        transitive: along.transitive,
        source_identity: along.source_identity,
        provider,
    };
    let credentials = Credentials {
        access_key_id: session.access_key.clone(),
        secret_access_key: session.secret.clone(),
        session_token: session.token.clone(),
        expiration: session.expires.millis(),
    };
    if account == txn.origin.account {
        txn.state.sessions.insert(session);
    } else {
        txn.post(account, Scope::Global, Letter::Session(Box::new(session)));
    }
    credentials
}

/// What the session tokens of AWS were seen to begin with.
const TOKEN_START: [u8; 10] = *b"\x15\x0a\x06er/aws\x13";

/// The session policies that the caller acts with; `None` if there are none.
pub fn limits<'a>(caller: &'a Caller, home: &'a State) -> Option<Vec<Source<'a>>> {
    let session = caller.session.as_ref().filter(|session| session.is_limited())?;
    let inline = session
        .policy
        .iter()
        .map(|document| Source { name: "session policy".into(), policy: document.policy() });
    let managed = session.policy_arns.iter().filter_map(|arn| {
        let document = policy::policy(home, arn)?.document()?;
        Some(Source { name: (&**arn).into(), policy: document.policy() })
    });
    Some(inline.chain(managed).collect())
}
