//! What a call does, as IAM sees it: actions on resources, each of which must be allowed.
//!
//! Derived from the input and the service authorization reference; what differs from service to service is in
//! [`ec2`](super::ec2) and [`named`](super::named).

use super::{ec2, logs, named};
use crate::aws::{ServiceId, Value};
use crate::model::State;
use crate::policy::actions::{Action, Actions, ActsOn, ResourceType};
use crate::services::{Caller, sagemaker};
use std::sync::Arc;

/// A call that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub service: ServiceId,
    pub operation: &'static str,
    pub caller: &'a Caller,
    /// With what a launch template says.
    pub input: &'a Value,
    /// As it came.
    pub sent: &'a Value,
    /// Of the caller's region.
    pub state: &'a State,
    /// Of the account.
    pub global: &'a State,
}

/// One action on one resource.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub actions: &'static Actions,
    pub action: &'static Action,
    /// An ARN, or `*`.
    pub resource: Arc<str>,
    /// What the resource is; `None` for `*`.
    pub acts_on: Option<ActsOn>,
    /// Condition keys that come from the call and not from the resource: the operation that tags, the service that a
    /// role is passed to.
    pub because: Option<(&'static str, &'static str)>,
}

impl Act {
    /// On whatever there is.
    pub fn on_all(actions: &'static Actions, action: &'static Action) -> Self {
        Self { actions, action, resource: "*".into(), acts_on: None, because: None }
    }

    /// Such as `ec2:CreateVpc`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.actions.prefix, self.action.name)
    }

    /// Another action that the call needs on the same resource.
    pub fn with(&self, name: &str) -> Option<Act> {
        let action = self.actions.get(name)?;
        let named = self.acts_on.map(|on| self.actions.resource_type(&on).name);
        let acts_on = action.acts_on.iter().find(|on| Some(self.actions.resource_type(on).name) == named);
        Some(Act { action, acts_on: acts_on.copied(), ..self.clone() })
    }

    pub fn resource_type(&self) -> Option<&'static ResourceType> {
        self.acts_on.map(|on| self.actions.resource_type(&on))
    }

    /// Whether the reference lists this condition key, in its own spelling, for the action on such a resource.
    pub fn has_key(&self, key: &str) -> bool {
        let lists = |set: u16| self.actions.keys(set).contains(&key);
        lists(self.action.keys)
            || self.acts_on.is_some_and(|on| {
                lists(on.keys)
                    || (self.actions.prefix != "ec2" && lists(self.actions.resource_type(&on).keys))
            })
    }
}

/// The operations that everybody may call, whatever policies say.
///
/// Source: API reference of STS, GetCallerIdentity and GetSessionToken ("no permissions are required"). Who may assume
/// a role is decided where it is assumed: there a trust policy has a say too.
pub(super) const FREE: &[(ServiceId, &str)] = &[
    (ServiceId::Sts, "GetCallerIdentity"),
    (ServiceId::Sts, "GetSessionToken"),
    (ServiceId::Sts, "AssumeRole"),
    (ServiceId::Sts, "AssumeRoleWithWebIdentity"),
    (ServiceId::Sts, "AssumeRoleWithSAML"),
];

/// What a call does that is decided where it is done, and is a deed all the same: assuming a role, with what is given
/// along or comes down from the caller's own session.
pub(super) fn assuming(asked: &Asked<'_>) -> Vec<Act> {
    let known =
        Actions::of("sts").filter(|_| (asked.service, asked.operation) == (ServiceId::Sts, "AssumeRole"));
    let role = asked.input.get("RoleArn").and_then(Value::as_str);
    let Some((sts, role)) = known.zip(role) else { return Vec::new() };
    let session = asked.caller.session.as_deref();
    let tagged = asked.input.get("Tags").and_then(Value::as_list).is_some_and(|tags| !tags.is_empty())
        || session.is_some_and(|session| !session.transitive.is_empty());
    let identified = asked.input.get("SourceIdentity").is_some()
        || session.is_some_and(|session| session.source_identity.is_some());
    let names =
        [Some("AssumeRole"), tagged.then_some("TagSession"), identified.then_some("SetSourceIdentity")];
    let actions = names.into_iter().flatten().filter_map(|name| sts.get(name));
    actions
        .map(|action| Act {
            resource: role.into(),
            acts_on: action.acts_on.first().copied(),
            ..Act::on_all(sts, action)
        })
        .collect()
}

/// What an analysis of a path looks at, which is decided where it is made.
pub(super) fn looking(asked: &Asked<'_>) -> Vec<Act> {
    let starts = (asked.service, asked.operation) == (ServiceId::Ec2, "StartNetworkInsightsAnalysis");
    let Some(ec2) = Actions::of("ec2").filter(|_| starts) else { return Vec::new() };
    let actions = crate::services::ec2::LOOK_FOR_ANALYSIS.iter().filter_map(|name| ec2.get(name));
    actions.map(|action| Act::on_all(ec2, action)).collect()
}

/// What the service does in EC2 in the caller's name, which is a deed of the caller's and decided about by a rule.
pub(super) fn in_ec2(asked: &Asked<'_>) -> Vec<Act> {
    let text = |member: &str| asked.input.get(member).and_then(Value::as_str);
    let known = Actions::of("ec2").filter(|_| asked.service == ServiceId::SageMaker);
    let Some((ec2, name)) = known.zip(text("NotebookInstanceName")) else { return Vec::new() };
    let done = sagemaker::acts_in_ec2(asked.state, asked.operation, name, text("SubnetId"));
    let actions = done.filter_map(|action| ec2.get(action.strip_prefix("ec2:")?));
    actions.map(|action| Act::on_all(ec2, action)).collect()
}

/// Everything that the call does.
pub(super) fn acts(asked: &Asked<'_>) -> Vec<Act> {
    if FREE.contains(&(asked.service, asked.operation)) {
        return Vec::new();
    }
    let Some(actions) = Actions::of(asked.service.signing_name()) else { return Vec::new() };
    // The reference may be older than the API; no operation that is served is without (a test says so).
    let Some(action) = actions.get(asked.operation) else { return Vec::new() };
    let mut acts = Vec::new();
    for acts_on in &action.acts_on {
        let resource_type = actions.resource_type(acts_on);
        let names = match asked.service {
            ServiceId::Ec2 => ec2::arns(asked, acts_on.required, resource_type),
            ServiceId::Logs => logs::arns(asked, resource_type),
            _ => named::arns(asked, acts_on.required, resource_type),
        };
        for resource in names {
            if !acts.iter().any(|act: &Act| act.resource == resource) {
                acts.push(Act { actions, action, resource, acts_on: Some(*acts_on), because: None });
            }
        }
    }
    // What is made comes first: of a launch that is not allowed AWS names `instance/*`.
    acts.sort_by_key(|act| !act.resource.ends_with("/*"));
    if acts.is_empty() {
        acts.push(Act::on_all(actions, action));
    }
    // The reference knows no resource of it, and policies that name groups allow it all the same.
    if (asked.service, asked.operation) == (ServiceId::Logs, "DescribeLogGroups") {
        acts.iter_mut().for_each(|act| act.resource = logs::stream(asked));
    }
    match asked.service {
        ServiceId::Ec2 => {
            ec2::tagging(asked, actions, &mut acts);
            ec2::delivering(asked, &mut acts);
        }
        ServiceId::Logs => logs::tagging(asked, &mut acts),
        _ => named::tagging(asked, &mut acts),
    }
    super::pass_role::passing(asked, &mut acts);
    acts
}

/// The ARN of a resource of this type. Its form has variables for its own name, filled in this order; one that lacks
/// is `*`.
pub(super) fn arn(asked: &Asked<'_>, form: &str, names: &[&str]) -> Arc<str> {
    let mut names = names.iter();
    let mut out = String::with_capacity(form.len());
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        match variable {
            "Partition" => out.push_str(asked.caller.partition.id()),
            "Region" => out.push_str(&asked.caller.region),
            "Account" => out.push_str(&asked.caller.account.to_string()),
            _ => out.push_str(names.next().copied().unwrap_or("*")),
        }
        rest = behind;
    }
    out.push_str(rest);
    out.into()
}

/// Visits every text of the input with the name of the member that it is in.
pub(super) fn texts<'v>(
    value: &'v Value,
    member: &'static str,
    visit: &mut impl FnMut(&'static str, &'v str),
) {
    match value {
        Value::String(text) => visit(member, text),
        Value::List(elements) => elements.iter().for_each(|element| texts(element, member, visit)),
        Value::Struct(fields) => fields.iter().for_each(|(name, value)| texts(value, name, visit)),
        _ => {}
    }
}
