//! What a simulation is given: policies of somebody or out of the request, who asks, and what about.

use crate::iam::grants::{Granted, granted_to_group, granted_to_role, granted_to_user};
use crate::model::iam::policy;
use crate::model::{AnyPolicy, PolicyDocument, State};
use crate::model::{Group, Role, User};
use crate::policy::{Context, Policy, Principal};
use crate::services::View;
use crate::services::iam::entity::find;
use crate::services::iam::error::{IamError, PolicyError};
use serde::Deserialize;

/// The input of both simulations, and of asking for the keys that they need.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct SimulationIn {
    /// Of whom the policies are. Only those of principals have it.
    policy_source_arn: String,
    policy_input_list: Vec<String>,
    permissions_boundary_policy_input_list: Vec<String>,
    ordered_organization_policy_input_list: Vec<Level>,
    policy_exclusion_list: Vec<Excluded>,
    pub action_names: Vec<String>,
    pub resource_arns: Vec<String>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
    caller_arn: Option<String>,
    context_entries: Vec<ContextEntry>,
    pub marker: Option<String>,
    pub max_items: Option<usize>,
}

/// The service control policies of one level.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Level {
    #[serde(default)]
    service_control_policy_input_list: Vec<String>,
}

/// What is not to count though somebody has it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Excluded {
    policy_type: Option<String>,
    policy_arn: Option<String>,
    inline_policy_identifier: Option<ExcludedInline>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ExcludedInline {
    policy_name: String,
    attachment_type: String,
    attachment_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEntry {
    #[serde(default)]
    context_key_name: String,
    #[serde(default)]
    context_key_values: Vec<String>,
}

/// A policy, and what a result calls it.
pub struct InputPolicy {
    pub id: String,
    pub document: PolicyDocument,
}

/// What is asked, and of which policies.
pub struct Given {
    pub principal: Principal,
    /// The condition keys that follow from who asks.
    pub known_keys: &'static [&'static str],
    pub identity: Vec<InputPolicy>,
    pub boundary: Option<InputPolicy>,
    pub resource: Option<InputPolicy>,
    pub control: Vec<Vec<InputPolicy>>,
}

/// Somebody whose policies are asked, or who asks.
#[derive(Clone, Copy)]
struct Entity<'a> {
    account: &'a str,
    partition: &'a str,
    kind: &'a str,
    name: &'a str,
    arn: &'a str,
}

impl<'a> Entity<'a> {
    /// A user, group or role.
    fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        let ("arn", partition, "iam", "", account, resource) =
            (next(), next(), next(), next(), next(), next())
        else {
            return None;
        };
        let (kind, path) = resource.split_once('/')?;
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        matches!(kind, "user" | "group" | "role").then_some(Self { account, partition, kind, name, arn })
    }

    /// As the policy engine knows it, and the condition keys that follow. A role asks in a session, a group through
    /// whoever is in it.
    fn principal(self, unique_id: &str) -> (Principal, &'static [&'static str]) {
        const USER: [&str; 5] =
            ["aws:username", "aws:userid", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType"];
        let account = self.account.to_owned();
        if self.kind == "user" {
            let (id, name) = (unique_id.to_owned(), self.name.to_owned());
            return (Principal::User { account, arn: self.arn.to_owned(), id, name }, &USER);
        }
        let session = format!("arn:{}:sts::{account}:assumed-role/{}/simulation", self.partition, self.name);
        let id = format!("{unique_id}:simulation");
        let principal = Principal::Session { account, arn: session, role_arn: self.arn.to_owned(), id };
        (principal, if self.kind == "role" { &USER[1..] } else { &[] })
    }
}

/// Nobody in particular, who has identity-based policies all the same.
fn nobody() -> (Principal, &'static [&'static str]) {
    let empty = String::new;
    (Principal::Session { account: empty(), arn: empty(), role_arn: empty(), id: empty() }, &[])
}

impl SimulationIn {
    pub fn context(&self) -> Context {
        let mut context = Context::new();
        for entry in &self.context_entries {
            context.set_many(&entry.context_key_name, entry.context_key_values.clone());
        }
        context
    }

    /// Whose resources are that do not say so.
    pub fn owner(&self) -> Option<&str> {
        self.resource_owner.as_deref()
    }

    /// Whether a policy of a principal is not to count.
    fn excludes(&self, granted: &Granted<'_>) -> bool {
        self.policy_exclusion_list.iter().any(|excluded| match granted {
            Granted::Inline { holder, name, .. } => {
                let (kind, of) = holder.parts();
                let is = |inline: &ExcludedInline| {
                    inline.policy_name == *name
                        && inline.attachment_type == kind
                        && is_like(inline.attachment_name.as_bytes(), of.as_bytes())
                };
                excluded.is_type("inline") || excluded.inline_policy_identifier.as_ref().is_some_and(is)
            }
            Granted::Managed(policy) => {
                let of_type = match policy {
                    AnyPolicy::Aws(..) => "aws-managed",
                    AnyPolicy::Customer(_) => "user-managed",
                };
                excluded.is_type(of_type) || excluded.is_arn(&policy.arn())
            }
        })
    }
}

impl Excluded {
    fn is_type(&self, name: &str) -> bool {
        self.policy_type.as_deref() == Some(name)
    }

    fn is_arn(&self, arn: &str) -> bool {
        self.policy_arn.as_ref().is_some_and(|pattern| is_like(pattern.as_bytes(), arn.as_bytes()))
    }
}

/// Whether a name matches a pattern in which `*` stands for anything and `?` for one character.
fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|n| is_like(rest, &name[n..])),
        ([b'?', rest @ ..], [_, name @ ..]) => is_like(rest, name),
        ([c, rest @ ..], [d, name @ ..]) if c == d => is_like(rest, name),
        _ => false,
    }
}

/// Policies out of the request, each called by its place in its list.
fn inputs(list: &[String], called: &str) -> Result<Vec<InputPolicy>, PolicyError> {
    list.iter().enumerate().map(|(n, text)| input(text, format!("{called}.{}", n + 1))).collect()
}

fn input(text: &str, id: String) -> Result<InputPolicy, PolicyError> {
    Policy::parse(text).map_err(|error| PolicyError::BadInputPolicy(error.to_string()))?;
    Ok(InputPolicy { id, document: PolicyDocument::new(text) })
}

impl Given {
    /// What is the same whoever's the policies are.
    fn new(input: &SimulationIn, who: (Principal, &'static [&'static str])) -> Result<Self, PolicyError> {
        let boundaries =
            inputs(&input.permissions_boundary_policy_input_list, "PermissionsBoundaryPolicyInputList")?;
        if boundaries.len() > 1 {
            return Err(PolicyError::TwoBoundaries);
        }
        let levels = input.ordered_organization_policy_input_list.iter();
        let levels = levels
            .map(|level| inputs(&level.service_control_policy_input_list, "ServiceControlPolicyInputList"));
        let resource =
            input.resource_policy.as_deref().map(|text| self::input(text, "ResourcePolicy".into()));
        let (principal, known_keys) = who;
        Ok(Self {
            principal,
            known_keys,
            identity: inputs(&input.policy_input_list, "PolicyInputList")?,
            boundary: boundaries.into_iter().next(),
            resource: resource.transpose()?,
            control: levels.collect::<Result<_, _>>()?,
        })
    }

    /// What is asked of policies out of the request.
    pub fn custom(input: &SimulationIn) -> Result<Self, IamError> {
        let who = match &input.caller_arn {
            Some(arn) => Entity::parse(arn).ok_or(PolicyError::BadCaller(arn.clone()))?.principal(""),
            None if input.resource_policy.is_some() => return Err(PolicyError::NoCaller.into()),
            None => nobody(),
        };
        Ok(Self::new(input, who)?)
    }

    /// What is asked of the policies of a user, group or role, and of those that the request adds.
    pub fn of_principal(view: &View<'_>, input: &SimulationIn) -> Result<Self, IamError> {
        let state = view.state;
        let source = Entity::parse(&input.policy_source_arn);
        let source = source.ok_or(PolicyError::BadSource(input.policy_source_arn.clone()))?;
        let (granted, boundary, unique_id) = found(view, source)?;
        let caller = match &input.caller_arn {
            Some(arn) => Entity::parse(arn).ok_or(PolicyError::BadCaller(arn.clone()))?,
            None if source.kind == "group" && input.resource_policy.is_some() => {
                return Err(PolicyError::NoCaller.into());
            }
            None => source,
        };
        let who = caller.principal(if caller.arn == source.arn { unique_id } else { "" });
        let mut given = Self::new(input, who)?;
        let counted = granted.iter().filter(|granted| !input.excludes(granted));
        let own = counted.filter_map(|granted| {
            let id = match granted {
                Granted::Inline { holder, name, .. } => {
                    let (kind, of) = holder.parts();
                    format!("{kind}_{of}_{name}")
                }
                Granted::Managed(policy) => policy.name().to_owned(),
            };
            Some(InputPolicy { id, document: granted.document()?.clone() })
        });
        given.identity.splice(0..0, own);
        let excluded =
            input.policy_exclusion_list.iter().any(|excluded| excluded.is_type("permission-boundary"));
        if given.boundary.is_none() && !excluded {
            given.boundary = boundary.and_then(|arn| boundary_of(state, arn));
        }
        Ok(given)
    }
}

fn boundary_of(state: &State, arn: &str) -> Option<InputPolicy> {
    let policy = policy::policy(state, arn)?;
    Some(InputPolicy { id: policy.name().to_owned(), document: policy.document()?.clone() })
}

/// The policies of somebody, the ARN of the boundary, and the unique id.
type Found<'a> = (Vec<Granted<'a>>, Option<&'a str>, &'a str);

fn found<'a>(view: &View<'a>, source: Entity<'_>) -> Result<Found<'a>, IamError> {
    let state = view.state;
    let found = match source.kind {
        "user" => find::<User>(state, source.name).ok().map(|user| {
            (&user.arn, granted_to_user(state, user), user.grants.boundary.as_deref(), &user.unique_id)
        }),
        "group" => find::<Group>(state, source.name).ok().map(|group| {
            (&group.arn, granted_to_group(state, &group.name, &group.grants), None, &group.unique_id)
        }),
        _ => find::<Role>(state, source.name).ok().map(|role| {
            (&role.arn, granted_to_role(state, role), role.grants.boundary.as_deref(), &role.unique_id)
        }),
    };
    match found {
        Some((arn, granted, boundary, id)) if arn == source.arn => Ok((granted, boundary, id)),
        _ => Err(PolicyError::NoSuchSource(source.arn.to_owned()).into()),
    }
}
