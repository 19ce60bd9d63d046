//! What policies would say: the policy engine on policies and requests that are given, not made.
//! Source: IAM user guide, "IAM policy testing with the IAM policy simulator", and the reference of these operations.

mod input;
mod keys;
mod position;
#[cfg(test)]
mod tests;

pub use keys::{GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy};

use super::entity::{Part, Rest};
use super::error::{IamError, PolicyError};
use crate::model::PolicyDocument;
use crate::policy::{self, Cited, Context, Decision, Kind, Policies, Policy, Request, Source, Verdict};
use crate::services::{Home, Operation, Read, View};
use input::{Given, SimulationIn};
use position::Position;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What stands for all resources.
const EVERYTHING: &str = "*";

/// Allows everything: in place of what is not asked about.
static ALLOW_ALL: LazyLock<PolicyDocument> = LazyLock::new(|| {
    PolicyDocument::new(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
    )
});

/// A statement that decided.
#[derive(Serialize, Clone, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct StatementData {
    source_policy_id: String,
    source_policy_type: &'static str,
    start_position: Position,
    end_position: Position,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct BoundaryDetail {
    allowed_by_permissions_boundary: bool,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationsDetail {
    allowed_by_organizations: bool,
}

/// What comes out for an action on one resource.
#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceResult {
    eval_resource_name: String,
    eval_resource_decision: &'static str,
    matched_statements: Vec<StatementData>,
    missing_context_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
    #[serde(skip)]
    organizations: Option<OrganizationsDetail>,
}

/// What comes out for an action.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EvaluationResult {
    eval_action_name: String,
    eval_resource_name: String,
    eval_decision: &'static str,
    matched_statements: Vec<StatementData>,
    missing_context_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizations_decision_detail: Option<OrganizationsDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_specific_results: Vec<ResourceResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulationOut {
    evaluation_results: Vec<EvaluationResult>,
    #[serde(flatten)]
    rest: Rest,
}

pub struct SimulateCustomPolicy;

impl Operation for SimulateCustomPolicy {
    const NAME: &'static str = "SimulateCustomPolicy";
    const HOME: Home = Home::Account;
    type In = SimulationIn;
    type Out = SimulationOut;
    type Error = IamError;
}

impl Read for SimulateCustomPolicy {
    fn run(_: &View<'_>, input: SimulationIn) -> Result<SimulationOut, IamError> {
        let given = Given::custom(&input)?;
        simulate(&input, &given)
    }
}

pub struct SimulatePrincipalPolicy;

impl Operation for SimulatePrincipalPolicy {
    const NAME: &'static str = "SimulatePrincipalPolicy";
    const HOME: Home = Home::Account;
    type In = SimulationIn;
    type Out = SimulationOut;
    type Error = IamError;
}

impl Read for SimulatePrincipalPolicy {
    fn run(view: &View<'_>, input: SimulationIn) -> Result<SimulationOut, IamError> {
        let given = Given::of_principal(view, &input)?;
        simulate(&input, &given)
    }
}

fn simulate(input: &SimulationIn, given: &Given) -> Result<SimulationOut, IamError> {
    if let Some(action) = input.action_names.iter().find(|action| !is_action(action)) {
        return Err(PolicyError::BadAction(action.clone()).into());
    }
    let everything = [EVERYTHING.to_owned()];
    let resources = if input.resource_arns.is_empty() { &everything[..] } else { &input.resource_arns };
    let is_resource =
        |arn: &str| arn == EVERYTHING || arn.starts_with("arn:") && arn.matches(':').count() >= 5;
    if let Some(arn) = resources.iter().find(|arn| !is_resource(arn)) {
        return Err(PolicyError::BadResource(arn.clone()).into());
    }
    let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
    let actions = input.action_names.iter().enumerate();
    let (actions, rest) = part.of(actions, |(place, _)| format!("{place:06}"))?;
    let context = input.context();
    let missing = keys::missing(given, &context);
    let results = actions.into_iter().map(|(_, action)| {
        let on = |resource: &String| of_one(input, given, &context, &missing, action, resource);
        of_action(action, resources.iter().map(on).collect())
    });
    Ok(SimulationOut { evaluation_results: results.collect(), rest })
}

/// A service and a name.
fn is_action(action: &str) -> bool {
    action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
}

/// What is true of an action on all resources: the most restrictive decision, and whatever led to it on any of them.
fn of_action(action: &str, results: Vec<ResourceResult>) -> EvaluationResult {
    let decided = |decision: &str| results.iter().any(|result| result.eval_resource_decision == decision);
    let decision = ["explicitDeny", "implicitDeny"].into_iter().find(|decision| decided(decision));
    let decision = decision.unwrap_or("allowed");
    let mut matched = Vec::new();
    for statement in
        results.iter().filter(|r| r.eval_resource_decision == decision).flat_map(|r| &r.matched_statements)
    {
        if !matched.contains(statement) {
            matched.push(statement.clone());
        }
    }
    let missing: BTreeSet<_> =
        results.iter().flat_map(|result| &result.missing_context_values).cloned().collect();
    let bounded = results.iter().filter_map(|result| result.permissions_boundary_decision_detail.as_ref());
    let bounded = bounded.map(|detail| detail.allowed_by_permissions_boundary).reduce(|all, one| all && one);
    let controlled = results.iter().filter_map(|result| result.organizations.as_ref());
    let controlled = controlled.map(|detail| detail.allowed_by_organizations).reduce(|all, one| all && one);
    let name = match &results[..] {
        [one] => one.eval_resource_name.clone(),
        _ => EVERYTHING.to_owned(),
    };
    EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_decision: decision,
        matched_statements: matched,
        missing_context_values: missing.into_iter().collect(),
        organizations_decision_detail: controlled
            .map(|allowed_by_organizations| OrganizationsDetail { allowed_by_organizations }),
        permissions_boundary_decision_detail: bounded
            .map(|allowed_by_permissions_boundary| BoundaryDetail { allowed_by_permissions_boundary }),
        // All resources at once are no specific resource.
        resource_specific_results: if name == EVERYTHING && results.len() == 1 {
            Vec::new()
        } else {
            results
        },
        eval_resource_name: name,
    }
}

fn of_one(
    input: &SimulationIn,
    given: &Given,
    context: &Context,
    missing: &[String],
    action: &str,
    resource: &str,
) -> ResourceResult {
    let owner = given.resource.as_ref().and_then(|_| owner_of(resource).or(input.owner()));
    let request = Request { principal: &given.principal, action, resource, resource_account: owner, context };
    let policies = given.policies();
    let decision = policy::decide(&request, &policies);
    // The same request with nothing but one kind of policy in its way.
    let at_home = Request { resource_account: None, ..request };
    let alone = |identity, control| {
        policy::decide(&at_home, &Policies { identity, control, ..Policies::default() }).allowed()
    };
    let all = || vec![Source { name: Cow::Borrowed(""), policy: ALLOW_ALL.policy() }];
    let bounded = policies.boundary.clone().map(|boundary| alone(vec![boundary], Vec::new()));
    let controlled = (!policies.control.is_empty()).then(|| alone(all(), policies.control.clone()));
    ResourceResult {
        eval_resource_name: resource.to_owned(),
        eval_resource_decision: name_of(&decision),
        matched_statements: decision.cited.iter().filter_map(|cited| statement(given, cited)).collect(),
        missing_context_values: missing.to_vec(),
        permissions_boundary_decision_detail: bounded
            .map(|allowed_by_permissions_boundary| BoundaryDetail { allowed_by_permissions_boundary }),
        organizations: controlled
            .map(|allowed_by_organizations| OrganizationsDetail { allowed_by_organizations }),
    }
}

/// The account in an ARN.
fn owner_of(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit())).then_some(account)
}

fn name_of(decision: &Decision) -> &'static str {
    match decision.verdict {
        Verdict::Allowed => "allowed",
        Verdict::ExplicitDeny(_) => "explicitDeny",
        Verdict::ImplicitDeny(_) => "implicitDeny",
    }
}

/// Where a statement stands. Only those of identity-based and resource-based policies are told.
fn statement(given: &Given, cited: &Cited) -> Option<StatementData> {
    let input = match cited.kind {
        Kind::Identity => given.identity.get(cited.source.parse::<usize>().ok()?)?,
        Kind::Resource => given.resource.as_ref()?,
        _ => return None,
    };
    let (start_position, end_position) = position::of_statement(input.document.text(), cited.statement)?;
    Some(StatementData {
        source_policy_id: input.id.clone(),
        source_policy_type: if cited.kind == Kind::Resource { "Resource Policy" } else { "IAM Policy" },
        start_position,
        end_position,
    })
}

impl Given {
    /// As the policy engine takes them. What it cites is found again by its place among them.
    fn policies(&self) -> Policies<'_> {
        fn source((place, input): (usize, &input::InputPolicy)) -> Source<'_> {
            let policy: &Policy = input.document.policy();
            Source { name: Cow::Owned(place.to_string()), policy }
        }
        Policies {
            identity: self.identity.iter().enumerate().map(source).collect(),
            boundary: self.boundary.iter().enumerate().map(source).next(),
            resource: self.resource.iter().enumerate().map(source).next(),
            control: self
                .control
                .iter()
                .map(|level| level.iter().enumerate().map(source).collect())
                .collect(),
            ..Policies::default()
        }
    }
}
