//! Temporary credentials.

use super::*;
use crate::kernel::Moving;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Temporary credentials, and who acts with them.
///
/// They last until they expire, even if the role or the user that they came from goes: then they may do nothing, for
/// there are no policies left that allow anything.
#[derive(Clone, PartialEq, Debug)]
pub struct Session {
    /// `ASIA…`; its digits encode the account.
    pub access_key: String,
    /// What requests are signed with: forty characters.
    pub secret: String,
    /// What requests must carry besides.
    pub token: String,
    pub principal: Principal,
    pub issued: SimTime,
    pub expires: SimTime,
    /// The session policy that was given along, if one was.
    pub policy: Option<PolicyDocument>,
    /// The ARNs of the managed policies that were given along as session policies.
    pub policy_arns: Vec<Arc<str>>,
    /// Session tags: those of the call, and the transitive ones of the session that made it.
    pub tags: Tags,
    /// The keys of the tags that go on to the sessions that this one makes.
    pub transitive: BTreeSet<String>,
    pub source_identity: Option<String>,
    /// Who vouched for whoever assumed the role: the ARN of an identity provider, or the name of a well-known one.
    pub provider: Option<String>,
}

impl Session {
    /// Whether session policies limit what may be done: a federated user has no more than they allow, and nothing
    /// without them.
    pub fn is_limited(&self) -> bool {
        let federated = matches!(self.principal, Principal::Federated { .. });
        federated || self.policy.is_some() || !self.policy_arns.is_empty()
    }
}

/// The key is another one; what is secret is as it was.
impl Rehome for Session {
    fn rehome(&mut self, moving: &Moving) {
        let Self { access_key, secret: _, token: _, principal, issued: _, expires: _, .. } = self;
        key::rehome(access_key, moving);
        principal.rehome(moving);
        let Self { policy, policy_arns, tags, transitive, source_identity, provider, .. } = self;
        policy.rehome(moving);
        policy_arns.rehome(moving);
        tags.rehome(moving);
        transitive.rehome(moving);
        source_identity.rehome(moving);
        provider.rehome(moving);
    }
}

impl Row for Session {
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        self.access_key.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}
