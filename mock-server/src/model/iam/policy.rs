//! Policies: documents, the managed ones with their versions, and who has been granted what.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A policy document, as it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyDocument(Arc<str>);

impl PolicyDocument {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The policies of a user, group or role.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Grants {
    /// Inline policies by name.
    pub inline: BTreeMap<String, PolicyDocument>,
    /// The ARNs of the managed policies that are attached.
    pub attached: BTreeSet<Arc<str>>,
    /// The ARN of the managed policy that bounds what the others may grant; groups have none.
    pub boundary: Option<Arc<str>>,
}

/// A managed policy of a customer. AWS's own are no rows: no account can change them.
#[derive(Clone, PartialEq, Debug)]
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

#[derive(Clone, PartialEq, Debug)]
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
