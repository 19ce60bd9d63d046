//! Policies: documents, the managed ones with their versions, and who has been granted what.

use super::*;
use crate::kernel::Moving;
use crate::model::{Partition, State};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// A policy document, as it was given. Copies share the text and what was read from it.
#[derive(Clone, Debug)]
pub struct PolicyDocument(Arc<Written>);

#[derive(Debug)]
struct Written {
    text: Box<str>,
    /// Read when it is first asked.
    policy: OnceLock<Arc<Policy>>,
}

impl PolicyDocument {
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Written { text: text.into(), policy: OnceLock::new() }))
    }

    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it says. IAM takes no document that cannot be read; one that is there all the same says nothing, and so
    /// allows nothing.
    pub fn policy(&self) -> &Arc<Policy> {
        self.0.policy.get_or_init(|| Arc::new(Policy::parse(self.text()).unwrap_or_default()))
    }
}

impl Rehome for PolicyDocument {
    fn rehome(&mut self, moving: &Moving) {
        if let Some(moved) = moving.text(self.text()) {
            *self = Self::new(moved);
        }
    }
}

/// Two documents are the same if their texts are.
impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for PolicyDocument {}

/// The policies of a user, group or role.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Grants {
    /// Inline policies by name.
    pub inline: BTreeMap<String, PolicyDocument>,
    /// The ARNs of the managed policies that are attached.
    pub attached: BTreeSet<Arc<str>>,
    /// The ARN of the managed policy that bounds what the others may grant; groups have none.
    pub boundary: Option<Arc<str>>,
}

/// A managed policy of a customer. AWS's own are no rows: no account can change them.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct ManagedPolicy {
    pub name: String,
    /// `ANPA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: Arc<str>,
    pub description: Option<String>,
    pub created: SimTime,
    pub updated: SimTime,
    /// By number: `v1` is 1. Never empty.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The number of the version that is in effect: a key of `versions`.
    pub default_version: u32,
    /// How many versions were ever made.
    pub last_version: u32,
    pub tags: Tags,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct PolicyVersion {
    pub document: PolicyDocument,
    pub created: SimTime,
}

impl Row for ManagedPolicy {
    /// The ARN.
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.arn.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

impl ManagedPolicy {
    /// The document that is in effect.
    pub fn document(&self) -> Option<&PolicyDocument> {
        self.versions.get(&self.default_version).map(|version| &version.document)
    }
}

/// A managed policy, whoever manages it.
#[derive(Clone, Copy, Debug)]
pub enum AnyPolicy<'a> {
    Customer(&'a Arc<ManagedPolicy>),
    Aws(&'static AwsPolicy, Partition),
}

/// The managed policy with this ARN: one of the account's, or one of AWS's.
pub fn policy<'a>(state: &'a State, arn: &str) -> Option<AnyPolicy<'a>> {
    let awss = aws_policy::find(arn).map(|(policy, partition)| AnyPolicy::Aws(policy, partition));
    awss.or_else(|| state.policies.get(&arn.into()).map(AnyPolicy::Customer))
}

impl<'a> AnyPolicy<'a> {
    pub fn name(self) -> &'a str {
        match self {
            AnyPolicy::Customer(policy) => &policy.name,
            AnyPolicy::Aws(policy, _) => policy.name,
        }
    }

    pub fn path(self) -> &'a str {
        match self {
            AnyPolicy::Customer(policy) => &policy.path,
            AnyPolicy::Aws(policy, _) => policy.path,
        }
    }

    pub fn arn(self) -> Arc<str> {
        match self {
            AnyPolicy::Customer(policy) => policy.arn.clone(),
            AnyPolicy::Aws(policy, partition) => policy.arn(partition).into(),
        }
    }

    /// The number of the version that is in effect.
    pub fn default_version(self) -> u32 {
        match self {
            AnyPolicy::Customer(policy) => policy.default_version,
            AnyPolicy::Aws(policy, _) => policy.version,
        }
    }

    /// The document that is in effect.
    pub fn document(self) -> Option<&'a PolicyDocument> {
        match self {
            AnyPolicy::Customer(policy) => policy.document(),
            AnyPolicy::Aws(policy, partition) => Some(policy.document(partition)),
        }
    }
}

/// What users, groups and roles have been given, each with what to call whom in a complaint.
fn all_grants(state: &State) -> impl Iterator<Item = (&str, &Grants)> {
    let users = state.users.iter().map(|user| (user.arn.as_str(), &user.grants));
    let groups = state.user_groups.iter().map(|group| (group.arn.as_str(), &group.grants));
    let roles = state.roles.iter().map(|role| (role.arn.as_str(), &role.grants));
    users.chain(groups).chain(roles)
}

/// How often managed policies are used, by ARN.
#[derive(Default)]
pub struct Uses {
    attached: BTreeMap<Arc<str>, usize>,
    bounding: BTreeMap<Arc<str>, usize>,
}

impl Uses {
    pub fn of(state: &State) -> Self {
        let mut uses = Self::default();
        for (_, grants) in all_grants(state) {
            grants.attached.iter().for_each(|arn| *uses.attached.entry(arn.clone()).or_default() += 1);
            grants.boundary.iter().for_each(|arn| *uses.bounding.entry(arn.clone()).or_default() += 1);
        }
        uses
    }

    /// To how many users, groups and roles it is attached.
    pub fn attached(&self, arn: &str) -> usize {
        self.attached.get(arn).copied().unwrap_or(0)
    }

    /// Of how many users and roles it is the permissions boundary.
    pub fn bounding(&self, arn: &str) -> usize {
        self.bounding.get(arn).copied().unwrap_or(0)
    }
}

/// What must hold of policies.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for (holder, grants) in all_grants(state) {
        for arn in grants.attached.iter().chain(&grants.boundary) {
            if policy(state, arn).is_none() {
                broken.push(format!("{holder} has the policy {arn}, which does not exist"));
            }
        }
    }
    for policy in state.policies.iter() {
        let newest = policy.versions.last_key_value().map(|(number, _)| *number);
        if policy.document().is_none() || newest > Some(policy.last_version) {
            broken.push(format!("the versions of {} are not those that were made", policy.arn));
        }
    }
    broken
}
