//! Resource policies: which services of AWS may write to the groups of the account.

use super::LogsError;
use super::group_list::MOST as MOST_LISTED;
use crate::model::{LogPolicy, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write, page};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Policies of an account in a region, and characters of one. Source: CloudWatch Logs user guide, "CloudWatch Logs
/// quotas".
const MOST: usize = 10;
const MOST_CHARACTERS: usize = 5_120;
const OF_RESOURCES: LogsError = LogsError::NotBuilt { what: "A resource policy of one log group" };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    policy_name: Arc<str>,
    policy_document: Arc<str>,
    last_updated_time: i64,
    policy_scope: &'static str,
}

impl Printed {
    fn new(policy: &LogPolicy) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_document: policy.document.clone(),
            last_updated_time: policy.updated.millis(),
            policy_scope: "ACCOUNT",
        }
    }
}

pub struct PutResourcePolicy;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutResourcePolicyIn {
    policy_name: Option<Arc<str>>,
    policy_document: Option<Arc<str>>,
    resource_arn: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutResourcePolicyOut {
    resource_policy: Printed,
}

impl Operation for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    type In = PutResourcePolicyIn;
    type Out = PutResourcePolicyOut;
    type Error = LogsError;
}

impl Write for PutResourcePolicy {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: PutResourcePolicyIn,
    ) -> Result<PutResourcePolicyOut, LogsError> {
        if input.resource_arn.is_some() {
            return Err(OF_RESOURCES);
        }
        let name = input.policy_name.ok_or(LogsError::MissingPolicyMember { member: "policyName" })?;
        let document =
            input.policy_document.ok_or(LogsError::MissingPolicyMember { member: "policyDocument" })?;
        if document.chars().count() > MOST_CHARACTERS {
            return Err(LogsError::LongPolicy { limit: MOST_CHARACTERS });
        }
        let is_policy = |json: serde_json::Value| json.get("Statement").is_some();
        if !serde_json::from_str(&document).is_ok_and(is_policy) {
            return Err(LogsError::BadPolicy);
        }
        if !txn.state.log_policies.contains(&name) && txn.state.log_policies.len() >= MOST {
            return Err(LogsError::TooManyPolicies);
        }
        let policy = txn.state.log_policies.insert(LogPolicy { name, document, updated: txn.now });
        Ok(PutResourcePolicyOut { resource_policy: Printed::new(&policy) })
    }
}

pub struct DescribeResourcePolicies;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeResourcePoliciesIn {
    resource_arn: Option<String>,
    policy_scope: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeResourcePoliciesOut {
    resource_policies: Vec<Printed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeResourcePolicies {
    const NAME: &'static str = "DescribeResourcePolicies";
    type In = DescribeResourcePoliciesIn;
    type Out = DescribeResourcePoliciesOut;
    type Error = LogsError;
}

impl Read for DescribeResourcePolicies {
    fn run(
        view: &View<'_>,
        input: DescribeResourcePoliciesIn,
    ) -> Result<DescribeResourcePoliciesOut, LogsError> {
        let after = match &input.next_token {
            Some(token) => Some(page::key_of(token).ok_or(LogsError::BadToken)?),
            None => None,
        };
        // No policy of one group can be made here.
        let of_account = input.resource_arn.is_none() && input.policy_scope.as_deref() != Some("RESOURCE");
        let rows = view
            .state
            .log_policies
            .iter()
            .filter(|policy| of_account && after.as_deref().is_none_or(|after| &*policy.name > after));
        let limit = input.limit.unwrap_or(MOST_LISTED);
        let (rows, next_token) = page::cut(rows, limit, |policy| policy.name.to_string());
        let resource_policies = rows.into_iter().map(|policy| Printed::new(policy)).collect();
        Ok(DescribeResourcePoliciesOut { resource_policies, next_token })
    }
}

pub struct DeleteResourcePolicy;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteResourcePolicyIn {
    policy_name: Option<Arc<str>>,
    resource_arn: Option<String>,
}

impl Operation for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    type In = DeleteResourcePolicyIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for DeleteResourcePolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteResourcePolicyIn) -> Result<Done, LogsError> {
        if input.resource_arn.is_some() {
            return Err(OF_RESOURCES);
        }
        let name = input.policy_name.ok_or(LogsError::MissingPolicyMember { member: "policyName" })?;
        match txn.state.log_policies.remove(&name) {
            Some(_) => Ok(Done {}),
            None => Err(LogsError::NoSuchPolicy { name: name.to_string() }),
        }
    }
}
