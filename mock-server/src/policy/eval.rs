//! What policies say about a request.

use super::{Context, Effect, Policy, Principal};
use std::borrow::Cow;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub principal: &'a Principal,
    /// Such as `ec2:CreateVpc`.
    pub action: &'a str,
    /// An ARN, or `*` for an action that acts on no resource.
    pub resource: &'a str,
    /// Whose the resource is. `None`: the principal's own account.
    pub resource_account: Option<&'a str>,
    pub context: &'a Context,
}

/// What a policy is attached to, and so what it can do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Inline, managed, or of a group.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// Given along when a session was made.
    Session,
    /// Attached to a resource, such as a bucket.
    Resource,
    /// A role's trust policy.
    Trust,
    /// A service control policy.
    ControlPolicy,
    /// Of a VPC endpoint.
    Endpoint,
}

/// A policy and what to call it.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// An ARN, or such as `role/NAME inline POLICY`.
    pub name: Cow<'a, str>,
    pub policy: &'a Policy,
}

/// All policies that have a say in a request.
#[derive(Clone, Debug)]
pub struct Policies<'a> {
    /// Inline, managed, and of groups.
    pub identity: Vec<Source<'a>>,
    pub boundary: Option<Source<'a>>,
    /// `None`: the session was made without.
    pub session: Option<Vec<Source<'a>>>,
    pub resource: Option<Source<'a>>,
    /// What `resource` is: [`Kind::Resource`] or [`Kind::Trust`].
    pub resource_kind: Kind,
    /// Service control policies, by level; each level must allow.
    pub control: Vec<Vec<Source<'a>>>,
    /// The policy of the VPC endpoint that the request came through.
    pub endpoint: Option<Source<'a>>,
}

impl Default for Policies<'_> {
    fn default() -> Self {
        Policies {
            identity: Vec::new(),
            boundary: None,
            session: None,
            resource: None,
            resource_kind: Kind::Resource,
            control: Vec::new(),
            endpoint: None,
        }
    }
}

/// What came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Allowed,
    /// A statement of a policy of this kind denies it.
    ExplicitDeny(Kind),
    /// No statement of a policy of this kind allows it, and one should have.
    ImplicitDeny(Kind),
}

/// A statement that decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cited {
    pub kind: Kind,
    /// [`Source::name`].
    pub source: String,
    /// Its place in the policy, from zero.
    pub statement: usize,
    pub sid: Option<String>,
    pub effect: Effect,
}

/// The verdict and the statements that decided: every one that denies, or those that allow. Nobody decided an
/// implicit deny, so it cites nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    pub verdict: Verdict,
    pub cited: Vec<Cited>,
}

impl Decision {
    pub fn allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// How AWS ends the text of a refusal (IAM user guide, "Troubleshoot access denied error messages"): what
    /// follows on `User: ARN is not authorized to perform: ACTION on resource: ARN`. Empty where it is allowed.
    pub fn reason(&self, action: &str) -> String {
        match self.verdict {
            Verdict::Allowed => String::new(),
            Verdict::ExplicitDeny(kind) => {
                let article = match kind {
                    Kind::Identity => "an",
                    Kind::Trust => "the",
                    _ => "a",
                };
                format!("with an explicit deny in {article} {}", kind.name())
            }
            Verdict::ImplicitDeny(kind) => format!("because no {} allows the {action} action", kind.name()),
        }
    }
}

impl Kind {
    /// As AWS's texts call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Identity => "identity-based policy",
            Kind::Boundary => "permissions boundary",
            Kind::Session => "session policy",
            Kind::Resource => "resource-based policy",
            Kind::Trust => "role trust policy",
            Kind::ControlPolicy => "service control policy",
            Kind::Endpoint => "VPC endpoint policy",
        }
    }
}

/// What the policies say about the request.
pub fn decide(_request: &Request<'_>, _policies: &Policies<'_>) -> Decision {
    Decision { verdict: Verdict::ImplicitDeny(Kind::Identity), cited: Vec::new() }
}
