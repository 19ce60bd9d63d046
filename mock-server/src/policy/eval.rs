//! What policies say about a request.

use super::principal::{Grant, Standing};
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
    /// follows on `User: ARN is not authorized to perform: ACTION on resource: ARN`. Empty where it is
    /// allowed.
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

impl Decision {
    /// Who decided, for people: the statements that deny, or the kind of policy that lacks an allowing one. Empty where
    /// it is allowed.
    pub fn because(&self) -> String {
        let statement = |cited: &Cited| match &cited.sid {
            Some(sid) => format!("statement {} ({sid}) of {}", cited.statement, cited.source),
            None => format!("statement {} of {}", cited.statement, cited.source),
        };
        match self.verdict {
            Verdict::Allowed => String::new(),
            Verdict::ExplicitDeny(_) => {
                let deciding: Vec<_> = self.cited.iter().map(statement).collect();
                format!("denied by {}", deciding.join(", "))
            }
            Verdict::ImplicitDeny(kind) => format!("no {} allows it", kind.name()),
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

    /// Whether policies of this kind say who they are about, since they are not attached to who asks.
    pub(super) fn names_principals(self) -> bool {
        matches!(self, Kind::Resource | Kind::Trust | Kind::Endpoint)
    }
}

/// A request while policies are asked about it.
pub(super) struct Asked<'a> {
    pub request: &'a Request<'a>,
    /// In lower case.
    pub action: String,
    /// Whether who asks has a permissions boundary.
    pub bounded: bool,
}

/// The values of a condition key: at least one.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    One(&'a str),
    Listed(&'a [String]),
}

impl<'a> Values<'a> {
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, listed) = match self {
            Values::One(value) => (Some(value), &[][..]),
            Values::Listed(values) => (None, values),
        };
        one.into_iter().chain(listed.iter().map(String::as_str))
    }
}

impl<'a> Asked<'a> {
    fn new(request: &'a Request<'a>, policies: &Policies<'_>) -> Self {
        Self { request, action: request.action.to_ascii_lowercase(), bounded: policies.boundary.is_some() }
    }

    /// What a condition key says: the context, or else who asks.
    pub fn values(&self, key: &str) -> Option<Values<'a>> {
        let listed = self.request.context.get(key).map(Values::Listed);
        listed.or_else(|| self.request.principal.key(key).map(Values::One))
    }

    /// The value of a key that has one, as a variable can stand for it.
    pub fn single(&self, key: &str) -> Option<&'a str> {
        match self.values(key)? {
            Values::One(value) => Some(value),
            Values::Listed([value]) => Some(value),
            Values::Listed(_) => None,
        }
    }
}

/// The statements that apply.
struct Found<'a> {
    asked: &'a Asked<'a>,
    allow: Vec<Applied<'a>>,
    deny: Vec<Applied<'a>>,
}

struct Applied<'a> {
    kind: Kind,
    source: &'a Source<'a>,
    statement: usize,
    grant: Grant,
}

impl<'a> Found<'a> {
    /// Asks policies. Answers how they let in who asks, if they do.
    fn ask(&mut self, kind: Kind, sources: impl IntoIterator<Item = &'a Source<'a>>) -> Option<Grant> {
        let mut strongest = None;
        for source in sources {
            for (statement, is) in source.policy.statements().iter().enumerate() {
                let Some(grant) = is.applies(self.asked, kind) else { continue };
                let applied = Applied { kind, source, statement, grant };
                if is.effect() == Effect::Deny {
                    self.deny.push(applied);
                } else {
                    self.allow.push(applied);
                    strongest = strongest.max(Some(grant));
                }
            }
        }
        strongest
    }
}

impl Applied<'_> {
    fn cite(&self) -> Option<Cited> {
        let statement = self.source.policy.statements().get(self.statement)?;
        Some(Cited {
            kind: self.kind,
            source: self.source.name.clone().into_owned(),
            statement: self.statement,
            sid: statement.sid().map(str::to_owned),
            effect: statement.effect(),
        })
    }
}

/// What the policies say about the request (IAM user guide, "Policy evaluation logic" and "Cross-account
/// policy evaluation logic").
///
/// Any statement that denies wins. Else each of these must allow: every level of service control policies,
/// for whoever acts for an account; the resource's policy, if it is in another account, if it is a role to be
/// assumed, or if who asks acts for no account; what the account itself has given who asks, and its limits;
/// the policy of the VPC endpoint.
///
/// Within one account a resource's policy can stand in for the account: to whom it names itself (`*` names
/// everybody) it grants whatever boundary and session policies leave out, to the sessions of a role that it
/// names what these leave. An account that it names is not yet a grant to anybody in it but the root user.
pub fn decide(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let asked = Asked::new(request, policies);
    weigh(&asked, policies).decision(|_| true)
}

/// What each side that has a say would decide if the others had none: one is denied if and only if the request is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sides {
    /// What was given to who asks, with boundary, session and service control policies.
    pub asker: Decision,
    /// The VPC endpoint that the request came through.
    pub endpoint: Decision,
    /// What is acted on.
    pub resource: Decision,
    /// The kinds of policies that do not allow it, even if none denied it.
    pub lacking: Vec<Kind>,
}

/// Decides like [`decide`], side by side.
pub fn sides(request: &Request<'_>, policies: &Policies<'_>) -> Sides {
    let asked = Asked::new(request, policies);
    let weighed = weigh(&asked, policies);
    Sides {
        asker: weighed.decision(|kind| !kind.names_principals()),
        endpoint: weighed.decision(|kind| kind == Kind::Endpoint),
        resource: weighed.decision(|kind| kind == policies.resource_kind),
        lacking: weighed.missing,
    }
}

/// What there is to decide from.
struct Weighed<'a> {
    found: Found<'a>,
    /// The kinds of policies that should have allowed and do not, the one that AWS tells first.
    missing: Vec<Kind>,
}

impl Weighed<'_> {
    /// The decision as far as it is made by policies of these kinds.
    fn decision(&self, of: impl Fn(Kind) -> bool) -> Decision {
        let denied = self.found.deny.iter().find(|applied| of(applied.kind));
        let missing = self.missing.iter().find(|kind| of(**kind));
        let (verdict, decided) = match (denied, missing) {
            (Some(applied), _) => (Verdict::ExplicitDeny(applied.kind), &self.found.deny[..]),
            (None, Some(kind)) => (Verdict::ImplicitDeny(*kind), &[][..]),
            (None, None) => (Verdict::Allowed, &self.found.allow[..]),
        };
        let cited = decided.iter().filter(|applied| of(applied.kind)).filter_map(Applied::cite);
        Decision { verdict, cited: cited.collect() }
    }
}

fn weigh<'a>(asked: &'a Asked<'a>, policies: &'a Policies<'a>) -> Weighed<'a> {
    let request = asked.request;
    let mut found = Found { asked, allow: Vec::new(), deny: Vec::new() };
    let standing = request.principal.standing();
    let outsider = standing == Standing::Outsider;

    let mut controlled = true;
    if !outsider {
        for level in &policies.control {
            controlled &= found.ask(Kind::ControlPolicy, level).is_some();
        }
    }
    let through = found.ask(Kind::Endpoint, &policies.endpoint);
    let granted = found.ask(policies.resource_kind, &policies.resource);
    let identity = found.ask(Kind::Identity, &policies.identity);
    let boundary = found.ask(Kind::Boundary, &policies.boundary);
    let session = found.ask(Kind::Session, policies.session.iter().flatten());

    let account = request.principal.account();
    let at_home = !outsider && request.resource_account.is_none_or(|owner| account == Some(owner));
    let needs_grant = !at_home || policies.resource_kind == Kind::Trust;
    // What a resource's policy grants within the account, beyond what the account itself does.
    let grant = granted.filter(|_| at_home);
    let by_account = !outsider && grant < Some(Grant::Direct);
    let limited = by_account && standing == Standing::Identity;

    let lacks = [
        (Kind::ControlPolicy, !controlled),
        (policies.resource_kind, needs_grant && granted.is_none()),
        (Kind::Identity, limited && grant < Some(Grant::Role) && identity.is_none()),
        (Kind::Boundary, limited && policies.boundary.is_some() && boundary.is_none()),
        (Kind::Session, by_account && policies.session.is_some() && session.is_none()),
        (Kind::Endpoint, policies.endpoint.is_some() && through.is_none()),
    ];
    let missing = lacks.into_iter().filter(|(_, lacks)| *lacks).map(|(kind, _)| kind).collect();
    found
        .allow
        .retain(|applied| needs_grant || applied.kind != Kind::Resource || applied.grant > Grant::Account);
    Weighed { found, missing }
}
