//! Launches by a template: what the template says counts as if the call said it, and policies may ask whether it does.
//!
//! Source: EC2 user guide, "Control the use of launch templates" and "Example policies", "Launch templates"; service
//! authorization reference, `ec2:LaunchTemplate` and `ec2:IsLaunchTemplateResource`.

use super::acts::{Act, Asked};
use crate::aws::{Operation, ServiceId, ServiceModel, Value};
use crate::model::{Id, LaunchTemplate, LaunchTemplateId, State};
use std::sync::Arc;

/// The template that instances are launched by.
pub(super) fn template<'a>(state: &'a State, input: &Value) -> Option<&'a Arc<LaunchTemplate>> {
    let text = |member: &str| input.get("LaunchTemplate")?.get(member)?.as_str();
    match text("LaunchTemplateId") {
        Some(id) => state.launch_templates.get(&LaunchTemplateId::parse(id)?),
        None => state.launch_template_named(text("LaunchTemplateName")?),
    }
}

/// A launch with what its template says where it says nothing itself; `None` for all other calls.
pub(super) fn complete(
    service: ServiceId,
    model: &'static ServiceModel,
    operation: &Operation,
    state: &State,
    input: &Value,
) -> Option<Value> {
    if service != ServiceId::Ec2 || operation.name != "RunInstances" {
        return None;
    }
    let version = input.at("LaunchTemplate.Version").and_then(Value::as_str).unwrap_or("$Default");
    let said = template(state, input)?.version(version)?.data.as_object()?;
    let mut all = input.as_struct()?.clone();
    for (name, value) in said {
        let Some(member) = model.member(model.input(operation)?, name) else { continue };
        // What only a template can say is nothing that a launch can ask for.
        if all.get(name).is_none()
            && let Ok(value) = Value::from_json(model, member.shape, value)
        {
            all.set(member.name, value);
        }
    }
    Some(Value::Struct(all))
}

/// The members that say which resources of a type a launch uses.
const MEMBERS: &[(&str, &[&str])] = &[
    ("image", &["ImageId"]),
    ("key-pair", &["KeyName"]),
    ("network-interface", &["NetworkInterfaces"]),
    ("security-group", &["SecurityGroupIds", "SecurityGroups", "NetworkInterfaces"]),
    ("subnet", &["SubnetId", "NetworkInterfaces"]),
    ("volume", &["BlockDeviceMappings"]),
];

/// What every launch says itself.
const OWN: &[&str] =
    &["LaunchTemplate", "MinCount", "MaxCount", "ClientToken", "DryRun", "TagSpecifications"];

/// Whether this resource of a launch is as a template says: the call itself says nothing of it. Of the instance it is
/// nothing at all that the call says (assumed).
pub(super) fn is_of_template(asked: &Asked<'_>, act: &Act) -> bool {
    let kind = act.resource_type().map(|known| known.name);
    let says = |member: &&str| asked.sent.get(member).is_some();
    let overrides = match MEMBERS.iter().find(|(name, _)| Some(*name) == kind) {
        Some((_, members)) => members.iter().any(says),
        None => {
            let mut said = asked.sent.as_struct().into_iter().flat_map(|fields| fields.iter());
            kind == Some("instance") && said.any(|(name, _)| !OWN.contains(&name))
        }
    };
    template(asked.state, asked.sent).is_some() && !overrides
}
