//! What somebody has been given: inline policies, managed ones, those of their groups, and the boundary.

use crate::model::iam::policy;
use crate::model::{AnyPolicy, Grants, PolicyDocument, Role, State, User};
use crate::policy::{Policies, Policy, Source};
use std::borrow::Cow;
use std::sync::Arc;

/// Whose an inline policy is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder<'a> {
    User(&'a str),
    Group(&'a str),
    Role(&'a str),
}

impl Holder<'_> {
    /// Such as `user`, and the name.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Holder::User(name) => ("user", name),
            Holder::Group(name) => ("group", name),
            Holder::Role(name) => ("role", name),
        }
    }
}

/// One policy that somebody has been given.
#[derive(Clone, Copy, Debug)]
pub enum Granted<'a> {
    Inline { holder: Holder<'a>, name: &'a str, document: &'a PolicyDocument },
    Managed(AnyPolicy<'a>),
}

impl<'a> Granted<'a> {
    /// What it is called where a decision cites it: an ARN, or such as `role/NAME inline POLICY`.
    pub fn name(&self) -> String {
        match self {
            Granted::Inline { holder, name, .. } => {
                let (kind, of) = holder.parts();
                format!("{kind}/{of} inline {name}")
            }
            Granted::Managed(policy) => policy.arn().as_ref().to_owned(),
        }
    }

    pub fn document(&self) -> Option<&'a PolicyDocument> {
        match self {
            Granted::Inline { document, .. } => Some(document),
            Granted::Managed(policy) => policy.document(),
        }
    }
}

/// The policies of one holder: inline ones first, each kind in order of name or ARN.
fn of_grants<'a>(
    global: &'a State,
    holder: Holder<'a>,
    grants: &'a Grants,
) -> impl Iterator<Item = Granted<'a>> {
    let inline = grants.inline.iter().map(move |(name, document)| Granted::Inline { holder, name, document });
    let managed = grants.attached.iter().filter_map(|arn| policy::policy(global, arn));
    inline.chain(managed.map(Granted::Managed))
}

/// The policies of a user and then those of the groups that the user is in.
pub fn granted_to_user<'a>(global: &'a State, user: &'a User) -> Vec<Granted<'a>> {
    let groups = user.groups.iter().filter_map(|key| global.user_groups.get(key));
    let of_groups = groups.flat_map(|group| granted_to_group(global, &group.name, &group.grants));
    of_grants(global, Holder::User(&user.name), &user.grants).chain(of_groups).collect()
}

/// The policies of a group.
pub fn granted_to_group<'a>(global: &'a State, name: &'a str, grants: &'a Grants) -> Vec<Granted<'a>> {
    of_grants(global, Holder::Group(name), grants).collect()
}

/// The policies of a role.
pub fn granted_to_role<'a>(global: &'a State, role: &'a Role) -> Vec<Granted<'a>> {
    of_grants(global, Holder::Role(&role.name), &role.grants).collect()
}

/// The policies that decide what somebody may do, each with what to call it.
#[derive(Clone, Default, Debug)]
pub struct Held {
    pub identity: Vec<(String, Arc<Policy>)>,
    pub boundary: Option<(String, Arc<Policy>)>,
}

/// What a user holds, groups included.
pub fn of_user(global: &State, user: &User) -> Held {
    held(global, granted_to_user(global, user), &user.grants)
}

/// What a role holds.
pub fn of_role(global: &State, role: &Role) -> Held {
    held(global, granted_to_role(global, role), &role.grants)
}

fn held(global: &State, granted: Vec<Granted<'_>>, grants: &Grants) -> Held {
    let read = |granted: &Granted<'_>| {
        let policy = granted.document().map(|document| document.policy().clone());
        (granted.name(), policy.unwrap_or_default())
    };
    // A boundary that is gone would bound everything: it grants nothing.
    let boundary = grants.boundary.as_ref().map(|arn| match policy::policy(global, arn) {
        Some(policy) => read(&Granted::Managed(policy)),
        None => (arn.as_ref().to_owned(), Arc::default()),
    });
    Held { identity: granted.iter().map(read).collect(), boundary }
}

impl Held {
    /// As the policy engine takes them.
    pub fn policies(&self) -> Policies<'_> {
        Policies {
            identity: self.identity.iter().map(as_source).collect(),
            boundary: self.boundary.as_ref().map(as_source),
            ..Policies::default()
        }
    }
}

fn as_source((name, policy): &(String, Arc<Policy>)) -> Source<'_> {
    Source { name: Cow::Borrowed(name), policy }
}
