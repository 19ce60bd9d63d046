//! What a caller who may not do something is told.
//!
//! Source: IAM user guide, "Troubleshoot access denied error messages", and what people were told by AWS in 2025 and
//! 2026: EC2 begins with a sentence of its own, and what it says of an act on a resource ends with a message in code;
//! an act on no resource names none, but IAM names what it lists; IAM calls its own things by kind and name; a managed policy that denies is named.

use super::acts::{Act, Asked};
use crate::aws::{Fault, Protocol, ServiceId, Value};
use crate::iam::message::Message;
use crate::iam::who;
use crate::policy::{Context, Decision, Effect, Principal, Verdict};

/// Why a call is refused.
pub(super) struct Denial<'a> {
    pub act: &'a Act,
    pub decision: Decision,
    pub principal: &'a Principal,
    pub context: Context,
}

/// The condition keys that a message in code tells, if they are there.
const TOLD: &[&str] =
    &["ec2:Region", "ec2:Vpc", "ec2:Subnet", "ec2:CreateAction", "ec2:AvailabilityZone", "ec2:InstanceType"];

/// What IAM calls the things that a call lists, though such calls act on no resource: the path under which they are.
/// Source: seen in public logs.
fn listed(asked: &Asked<'_>) -> Option<String> {
    let kind = match (asked.service, asked.operation) {
        (ServiceId::Iam, "ListUsers") => "user",
        (ServiceId::Iam, "ListGroups") => "group",
        (ServiceId::Iam, "ListRoles") => "role",
        (ServiceId::Iam, "ListInstanceProfiles") => "instance-profile",
        _ => return None,
    };
    let path = asked.input.get("PathPrefix").and_then(Value::as_str).unwrap_or("/");
    Some(asked.caller.partition.arn("iam", "", asked.caller.account, format_args!("{kind}{path}")))
}

impl Denial<'_> {
    /// `User: … is not authorized to perform: … on resource: … because …`
    pub fn sentence(&self, asked: &Asked<'_>) -> String {
        let caller = asked.caller;
        let arn = who::arn(caller.partition, caller.account, &caller.principal);
        let action = self.act.name();
        let mut text = format!("User: {arn} is not authorized to perform: {action} ");
        let resource = match &*self.act.resource {
            "*" => listed(asked),
            _ => Some(self.resource(asked)),
        };
        if let Some(resource) = resource {
            text.push_str("on resource: ");
            text.push_str(&resource);
            text.push(' ');
        }
        text.push_str(&self.decision.reason(&action));
        if let Some(policy) = self.denying_policy() {
            text.push_str(": ");
            text.push_str(policy);
        }
        text
    }

    /// What the resource is called: IAM says `role NAME`, all others say the ARN, and so does IAM where a role is
    /// passed.
    fn resource(&self, asked: &Asked<'_>) -> String {
        let name = self.act.resource.rsplit('/').next().unwrap_or_default();
        let kind = self.act.resource_type().map(|known| known.name);
        match (asked.service, self.act.action.name, kind) {
            (_, "PassRole", _) => self.act.resource.to_string(),
            (ServiceId::Iam, _, Some(kind @ ("role" | "user" | "group"))) => format!("{kind} {name}"),
            (ServiceId::Iam, _, Some("instance-profile")) => format!("instance profile {name}"),
            (ServiceId::Iam, _, Some("policy")) => format!("policy {}", self.act.resource),
            _ => self.act.resource.to_string(),
        }
    }

    /// The ARN of the managed policy that denies.
    fn denying_policy(&self) -> Option<&str> {
        if !matches!(self.decision.verdict, Verdict::ExplicitDeny(_)) {
            return None;
        }
        let denying = self.decision.cited.iter().find(|cited| cited.effect == Effect::Deny)?;
        Some(denying.source.as_str()).filter(|source| source.starts_with("arn:"))
    }

    pub fn fault(&self, asked: &Asked<'_>) -> Fault {
        let sentence = self.sentence(asked);
        match asked.service.protocol() {
            Protocol::Ec2 => {
                let mut text = format!("You are not authorized to perform this operation. {sentence}");
                if &*self.act.resource != "*" {
                    let action = self.act.name();
                    let message = Message::new(
                        &self.decision,
                        self.principal,
                        &action,
                        &self.act.resource,
                        &self.context,
                        TOLD,
                    );
                    text.push_str(". Encoded authorization failure message: ");
                    text.push_str(&message.encode(asked.caller.account));
                }
                Fault::new("UnauthorizedOperation", text).with_status(403).called("aws-denied-ec2")
            }
            Protocol::Query => Fault::new("AccessDenied", sentence).with_status(403).called("aws-denied"),
            Protocol::Json11 => Fault::new("AccessDeniedException", sentence).called("aws-denied"),
            Protocol::RestJson => {
                Fault::new("AccessDeniedException", sentence).with_status(403).called("aws-denied")
            }
        }
    }
}
