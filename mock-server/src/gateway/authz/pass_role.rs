//! Roles that a call hands on: its caller needs `iam:PassRole` on each.
//!
//! Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service"; dependent actions of the
//! service authorization reference.

use super::acts::{Act, Asked};
use crate::aws::{ServiceId, Value};
use crate::model::Role;
use crate::policy::actions::Actions;
use std::sync::Arc;

/// A member that names a role, and the service that the role is passed to.
struct Passed {
    service: ServiceId,
    /// Empty: every operation.
    operation: &'static str,
    /// A path, also through all elements of lists.
    member: &'static str,
    what: What,
    to: &'static str,
}

enum What {
    /// The ARN of the role.
    RoleArn,
    /// The name of the role.
    RoleName,
    /// An instance profile: its role is passed.
    Profile,
}

const fn passed(
    service: ServiceId,
    operation: &'static str,
    member: &'static str,
    what: What,
    to: &'static str,
) -> Passed {
    Passed { service, operation, member, what, to }
}

const PASSED: &[Passed] = &[
    passed(ServiceId::SageMaker, "", "RoleArn", What::RoleArn, "sagemaker.amazonaws.com"),
    passed(
        ServiceId::SageMaker,
        "",
        "TrainingJobDefinition.RoleArn",
        What::RoleArn,
        "sagemaker.amazonaws.com",
    ),
    passed(
        ServiceId::SageMaker,
        "",
        "TrainingJobDefinitions.RoleArn",
        What::RoleArn,
        "sagemaker.amazonaws.com",
    ),
    passed(
        ServiceId::SageMaker,
        "",
        "MonitoringScheduleConfig.MonitoringJobDefinition.RoleArn",
        What::RoleArn,
        "sagemaker.amazonaws.com",
    ),
    passed(ServiceId::SageMaker, "", "ExecutionRoleArn", What::RoleArn, "sagemaker.amazonaws.com"),
    passed(
        ServiceId::SageMaker,
        "",
        "DefaultUserSettings.ExecutionRole",
        What::RoleArn,
        "sagemaker.amazonaws.com",
    ),
    passed(
        ServiceId::SageMaker,
        "",
        "InstanceGroups.ExecutionRole",
        What::RoleArn,
        "sagemaker.amazonaws.com",
    ),
    passed(ServiceId::SageMaker, "", "ClusterRole", What::RoleArn, "sagemaker.amazonaws.com"),
    passed(ServiceId::SageMaker, "", "UserSettings.ExecutionRole", What::RoleArn, "sagemaker.amazonaws.com"),
    passed(
        ServiceId::Ec2,
        "CreateFlowLogs",
        "DeliverLogsPermissionArn",
        What::RoleArn,
        "vpc-flow-logs.amazonaws.com",
    ),
    passed(ServiceId::Ec2, "RunInstances", "IamInstanceProfile", What::Profile, "ec2.amazonaws.com"),
    passed(ServiceId::Iam, "AddRoleToInstanceProfile", "RoleName", What::RoleName, "ec2.amazonaws.com"),
];

/// Adds what the roles in the input need. Roles that are no longer passed because nothing changes about them are asked
/// all the same: updates name them anew.
pub(super) fn passing(asked: &Asked<'_>, acts: &mut Vec<Act>) {
    let Some(iam) = Actions::of("iam") else { return };
    let Some(action) = iam.get("PassRole") else { return };
    for entry in PASSED {
        let named = entry.operation.is_empty() || entry.operation == asked.operation;
        if entry.service != asked.service || !named {
            continue;
        }
        let mut values = Vec::new();
        found(asked.input, entry.member, &mut values);
        for resource in values.into_iter().filter_map(|value| role(asked, &entry.what, value)) {
            let act = Act {
                actions: iam,
                action,
                resource,
                acts_on: action.acts_on.first().copied(),
                because: Some(("iam:PassedToService", entry.to)),
            };
            if !acts.iter().any(|known| known.resource == act.resource && known.name() == act.name()) {
                acts.push(act);
            }
        }
    }
}

/// What is at a path.
fn found<'v>(value: &'v Value, path: &str, into: &mut Vec<&'v Value>) {
    match value {
        Value::List(elements) => elements.iter().for_each(|element| found(element, path, into)),
        _ if path.is_empty() => into.push(value),
        _ => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(value) = value.get(name) {
                found(value, rest, into);
            }
        }
    }
}

fn role(asked: &Asked<'_>, what: &What, value: &Value) -> Option<Arc<str>> {
    let roles = &asked.global.roles;
    let of_name = |name: &str| match roles.get(&Role::key_of(name)) {
        Some(role) => role.arn.as_str().into(),
        None => {
            asked.caller.partition.arn("iam", "", asked.caller.account, format_args!("role/{name}")).into()
        }
    };
    match what {
        What::RoleArn => value.as_str().filter(|arn| !arn.is_empty()).map(Arc::from),
        What::RoleName => value.as_str().map(of_name),
        What::Profile => {
            let arn = value.get("Arn").and_then(Value::as_str);
            let name = value.get("Name").and_then(Value::as_str);
            let name = name.or_else(|| arn?.rsplit('/').next())?;
            let profile = asked.global.instance_profiles.get(&name.to_lowercase())?;
            roles.get(profile.role.as_ref()?).map(|role| role.arn.as_str().into())
        }
    }
}
