//! What the role of a pipeline may do: the service makes the calls of steps as that role.
//!
//! Source: developer guide, "IAM access management" of pipelines. Condition keys that follow from the arguments of a step
//! are absent here.

use super::error::PipelineError;
use crate::iam::{control, grants, who};
use crate::model::iam::SERVICE_SESSION;
use crate::model::{Evidence, IamMode, Owner, PipelineExecution, Principal, Role, Txn};
use crate::policy::{Context, Policies, Request, decide};
use crate::rules::texts;
use crate::services::Refused;
use serde_json::Value;

/// Where the arguments of a step name roles that the jobs act as.
const ROLES: &[&str] = &["/RoleArn", "/ExecutionRoleArn", "/TrainingJobDefinition/RoleArn"];

/// Whether a step may make its call, and pass the roles that it names.
///
/// # Errors
/// What the call is refused with.
pub fn check(
    txn: &mut Txn<'_>,
    execution: &PipelineExecution,
    (action, resource): (&str, &str),
    arguments: &Value,
) -> Result<(), String> {
    let mode = txn.global.authorization.mode;
    if mode == IamMode::Off {
        return Ok(());
    }
    let told = denied(txn, execution, (action, resource), arguments);
    match told {
        Some(message) if mode == IamMode::Enforce => Err(message),
        Some(message) => {
            txn.note("WouldDeny", Owner::Execution(execution.arn.clone()).to_string(), None, message);
            Ok(())
        }
        None => Ok(()),
    }
}

fn denied(
    txn: &Txn<'_>,
    execution: &PipelineExecution,
    (action, resource): (&str, &str),
    arguments: &Value,
) -> Option<String> {
    let site = &txn.state.site;
    let name = execution.role_arn.rsplit('/').next().unwrap_or_default();
    let Some(role) = txn.global.roles.get(&Role::key_of(name)) else {
        return texts::fill(&txn.state.texts, "SM-ROLE-TRUST-07", &Evidence::of(&*execution.role_arn));
    };
    let principal = Principal::Role {
        role_arn: role.arn.clone(),
        role_name: role.name.clone(),
        role_unique_id: role.unique_id.clone(),
        session_name: SERVICE_SESSION.to_owned(),
    };
    let caller = who::arn(site.partition, site.account, &principal);
    let asker = who::asker(site.partition, site.account, &principal);
    let held = grants::of_role(&txn.global, role);
    let policies = Policies { control: control::levels(&txn.global), ..held.policies() };
    let passed = ROLES.iter().filter_map(|path| arguments.pointer(path)?.as_str());
    let passed = passed.map(|arn| ("iam:PassRole", arn));
    std::iter::once((action, resource)).chain(passed).find_map(|(action, resource)| {
        let mut context = Context::new();
        context.set("aws:RequestedRegion", &*site.region);
        if action == "iam:PassRole" {
            context.set("iam:PassedToService", "sagemaker.amazonaws.com");
        }
        let request =
            Request { principal: &asker, action, resource, resource_account: None, context: &context };
        let decision = decide(&request, &policies);
        let reason = decision.reason(action);
        let (action, resource) = (action.to_owned(), resource.to_owned());
        let caller = caller.clone();
        (!decision.allowed()).then(|| {
            let denied = PipelineError::StepDenied { caller, action, resource, reason };
            Refused::from(denied).told(&txn.state.texts)
        })
    })
}
