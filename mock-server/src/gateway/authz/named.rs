//! What the calls of SageMaker, IAM and STS act on: things with names, and ARNs that callers give.

use super::acts::{Act, Asked, arn};
use crate::aws::{ServiceId, Value};
use crate::model::{Principal, Role, State, User};
use crate::policy::actions::ResourceType;
use crate::services::iam::service_linked;
use std::sync::Arc;

/// Members whose ARN is that of what is acted on.
const ARNS: &[&str] = &[
    "ResourceArn",
    "PolicyArn",
    "PolicySourceArn",
    "Arn",
    "OpenIDConnectProviderArn",
    "SerialNumber",
    "PipelineName",
    "PipelineExecutionArn",
    "ClusterName",
    "ModelPackageArn",
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelCardName",
    "FeatureGroupName",
    "ArtifactArn",
];

/// Variables that are not called like the member that they stand for.
const MEMBERS: &[(&str, &str)] = &[
    ("DataQualityJobDefinitionName", "JobDefinitionName"),
    ("ModelQualityJobDefinitionName", "JobDefinitionName"),
    ("ModelBiasJobDefinitionName", "JobDefinitionName"),
    ("ModelExplainabilityJobDefinitionName", "JobDefinitionName"),
    ("AutoMLJobJobName", "AutoMLJobName"),
];

/// The ARNs of what a call acts on, of one type.
pub(super) fn arns(asked: &Asked<'_>, required: bool, resource_type: &ResourceType) -> Vec<Arc<str>> {
    let given = |member: &str| asked.input.get(member).and_then(Value::as_str);
    let as_told = ARNS.iter().filter_map(|member| given(member)).find(|arn| fits(resource_type.arn, arn));
    if let Some(arn) = as_told {
        return vec![arn.into()];
    }
    let names: Vec<Option<String>> = variables(resource_type.arn).map(|name| named(asked, name)).collect();
    let known = !names.is_empty() && names.iter().all(Option::is_some);
    if !known && !required {
        return Vec::new();
    }
    let names: Vec<&str> = names.iter().map(|name| name.as_deref().unwrap_or("*")).collect();
    vec![arn(asked, resource_type.arn, &names)]
}

/// The variables of the form of an ARN that are not the same for all ARNs of an account and region.
fn variables(form: &'static str) -> impl Iterator<Item = &'static str> {
    let all = form.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    all.filter(|name| !["Partition", "Region", "Account"].contains(name))
}

/// Whether an ARN is of this form. The last variable may stand for a path.
fn fits(form: &str, arn: &str) -> bool {
    let mut pieces =
        form.split("${").map(|piece| piece.split_once('}').map_or(piece, |(_, literal)| literal));
    let Some(mut rest) = pieces.next().and_then(|start| arn.strip_prefix(start)) else { return false };
    let mut pieces = pieces.peekable();
    while let Some(literal) = pieces.next() {
        let last = pieces.peek().is_none();
        match rest.find(literal) {
            _ if last && literal.is_empty() => return !rest.is_empty(),
            // A variable stands for no part of an ARN beyond its own.
            Some(at) if !rest[..at].contains('/') => rest = &rest[at + literal.len()..],
            _ => return false,
        }
    }
    rest.is_empty()
}

/// What a variable stands for in this call.
fn named(asked: &Asked<'_>, variable: &str) -> Option<String> {
    // ARNs of clusters have ids; calls name them by name.
    if variable == "ClusterId" {
        let name = asked.input.get("ClusterName").and_then(Value::as_str)?;
        return asked.state.clusters.get(&name.into()).map(|cluster| cluster.id.clone());
    }
    match variable.strip_suffix("WithPath") {
        Some(member) => with_path(asked, member),
        None => {
            let member =
                MEMBERS.iter().find(|(known, _)| *known == variable).map_or(variable, |known| known.1);
            let name = asked.input.get(member).and_then(Value::as_str)?;
            // Names in ARNs of SageMaker are in lower case, as described resources show.
            Some(if matches!(asked.service, ServiceId::SageMaker | ServiceId::SageMakerRuntime) {
                name.to_lowercase()
            } else {
                name.to_owned()
            })
        }
    }
}

/// The path and name of something of IAM's, without the slash that the path begins with.
fn with_path(asked: &Asked<'_>, member: &str) -> Option<String> {
    let given = asked.input.get(member).and_then(Value::as_str);
    let global = asked.global;
    let text = |member: &str| asked.input.get(member).and_then(Value::as_str);
    let whole = match (member, given) {
        ("RoleName", None) if text("AWSServiceName").is_some() => {
            let made = service_linked::path_and_name(text("AWSServiceName")?, text("CustomSuffix"))?;
            Some(format!("{}{}", made.0, made.1))
        }
        // The task of a deletion has the path and name of its role, and an id.
        ("RoleName", None) if text("DeletionTaskId").is_some() => {
            let (role, _) = text("DeletionTaskId")?.strip_prefix("task")?.rsplit_once('/')?;
            Some(role.to_owned())
        }
        // What is about to be made: `CreateRole` makes what `RoleName` names.
        (_, Some(name)) if asked.operation.strip_prefix("Create") == member.strip_suffix("Name") => {
            let path = asked.input.get("Path").and_then(Value::as_str).unwrap_or("/");
            Some(format!("{path}{name}"))
        }
        ("UserName", given) => user(asked, given),
        ("RoleName", Some(name)) => {
            global.roles.get(&Role::key_of(name)).map(|row| format!("{}{}", row.path, row.name))
        }
        ("GroupName", Some(name)) => {
            global.user_groups.get(&name.to_lowercase()).map(|row| format!("{}{}", row.path, row.name))
        }
        ("InstanceProfileName", Some(name)) => {
            global.instance_profiles.get(&name.to_lowercase()).map(|row| format!("{}{}", row.path, row.name))
        }
        _ => None,
    };
    let whole = whole.or_else(|| given.map(|name| format!("/{name}")))?;
    Some(whole.strip_prefix('/').unwrap_or(&whole).to_owned())
}

/// The user that a call names, by name or by access key, or else the one who calls.
fn user(asked: &Asked<'_>, given: Option<&str>) -> Option<String> {
    let global: &State = asked.global;
    let by_key = |id: &str| global.access_keys.get(&id.to_owned()).and_then(|key| key.user.clone());
    let key = match (given, asked.input.get("AccessKeyId").and_then(Value::as_str)) {
        (Some(name), _) => Some(User::key_of(name)),
        (None, Some(id)) => by_key(id),
        (None, None) => None,
    };
    let key = key.or_else(|| match &asked.caller.principal {
        Principal::User { name, .. } => Some(User::key_of(name)),
        _ => None,
    })?;
    global.users.get(&key).map(|row| format!("{}{}", row.path, row.name))
}

/// Tags that are given to what is made need the action that tags it (IAM user guide, "Tagging IAM resources"; the
/// dependent actions of SageMaker's reference).
pub(super) fn tagging(asked: &Asked<'_>, acts: &mut Vec<Act>) {
    let tagged = asked.input.get("Tags").and_then(Value::as_list).is_some_and(|tags| !tags.is_empty());
    let Some(kind) = asked.operation.strip_prefix("Create").filter(|_| tagged) else { return };
    let action = match asked.service {
        ServiceId::SageMaker => "AddTags".to_owned(),
        ServiceId::Iam => format!("Tag{kind}"),
        _ => return,
    };
    acts.extend(acts.first().and_then(|act| act.with(&action)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_told_by_its_form() {
        let role = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";
        let device = "arn:${Partition}:sagemaker:${Region}:${Account}:device-fleet/${Fleet}/device/${Device}";
        for (form, arn, expected) in [
            (role, "arn:aws:iam::111122223333:role/a", true),
            (role, "arn:aws:iam::111122223333:role/a/b", true),
            (role, "arn:aws:iam::111122223333:user/a", false),
            (role, "arn:aws:iam::111122223333:role/", false),
            (role, "role/a", false),
            (device, "arn:aws:sagemaker:us-east-1:1:device-fleet/f/device/d", true),
            (device, "arn:aws:sagemaker:us-east-1:1:device-fleet/f", false),
        ] {
            assert_eq!(fits(form, arn), expected, "{arn}");
        }
        assert_eq!(variables(device).collect::<Vec<_>>(), ["Fleet", "Device"]);
    }
}
