//! Whether a caller may do what it asks for.
//!
//! A call does one thing or more, each on a resource ([`acts`]); every one must be allowed, or the call is refused with
//! the first that is not. What an account does with that follows from its mode: it refuses, tells, or does not ask.

mod acts;
mod ec2;
mod keys;
mod named;
mod pass_role;
mod refusal;

use super::call::Call;
use crate::aws::{Fault, Value};
use crate::iam::grants::Held;
use crate::iam::{control, who};
use crate::kernel::{Event, Scope};
use crate::model::{IamMode, Principal};
use crate::policy::{Request, decide};
use crate::services::sts;
use acts::{Act, Asked};
use keys::Sent;
use refusal::Denial;
use std::borrow::Cow;

/// What a call was found to do: to be recorded once it is done.
pub(super) struct Authorised {
    acts: Vec<Act>,
}

/// Decides about a call.
///
/// # Errors
/// The refusal, in the words of the service.
pub(super) fn authorise(
    call: &Call<'_>,
    input: &Value,
    user_agent: Option<&str>,
) -> Result<Authorised, Fault> {
    let global = call.account.read(&Scope::Global);
    let state = call.account.read(&Scope::Region(call.caller.region.clone()));
    let asked = Asked {
        service: call.service,
        operation: call.operation.name,
        caller: &call.caller,
        input,
        state: &state,
        global: &global,
    };
    let acts = acts::acts(&asked);
    let settings = &global.authorization;
    if settings.mode == IamMode::Off {
        return Ok(Authorised { acts });
    }
    let control = control::levels(&global);
    let held = who::held(&global, &call.caller.principal);
    let session = sts::limits(&call.caller, &global);
    if held.is_none() && session.is_none() && control.is_empty() {
        return Ok(Authorised { acts });
    }
    let mut policies = held.as_ref().map(Held::policies).unwrap_or_default();
    policies.session = session;
    policies.control = control;
    let caller = &call.caller;
    let principal = who::asker(caller.partition, caller.account, &caller.principal);
    let sent = Sent { user_agent, now: call.now };
    for act in &acts {
        let context = keys::context(&asked, &sent, act);
        let action = act.name();
        let request = Request {
            principal: &principal,
            action: &action,
            resource: &act.resource,
            resource_account: None,
            context: &context,
        };
        let decision = decide(&request, &policies);
        if decision.allowed() {
            continue;
        }
        let denial = Denial { act, decision, principal: &principal, context };
        if settings.mode == IamMode::Enforce {
            return Err(denial.fault(&asked));
        }
        call.account.events.push([would_deny(&asked, call, &denial)]);
    }
    Ok(Authorised { acts })
}

/// What would have been a refusal.
fn would_deny(asked: &Asked<'_>, call: &Call<'_>, denial: &Denial<'_>) -> Event {
    Event {
        at: call.now,
        kind: "WouldDeny",
        place: call.caller.region.to_string(),
        resource: denial.act.resource.to_string(),
        message: format!("{}: {}", denial.sentence(asked), denial.decision.because()),
        rule: None,
    }
}

impl Authorised {
    /// Remembers what the call did, so that policies can be written for it.
    pub(super) fn record(self, call: &Call<'_>) {
        let caller = &call.caller;
        let who: Cow<'_, str> = match &caller.principal {
            // Sessions of one role have their policies in common.
            Principal::Role { role_arn, .. } => role_arn.as_str().into(),
            principal => who::arn(caller.partition, caller.account, principal).into(),
        };
        for act in self.acts {
            call.account.deeds.add(&who, (act.actions.prefix, act.action.name), &act.resource);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::actions::Actions;
    use crate::aws::{ServiceId, ServiceModel};
    use crate::gateway::call::Operations;
    use crate::kernel::AccountId;
    use crate::model::{Partition, State};
    use crate::services::Caller;
    use serde_json::{Value as Json, json};

    const ACCOUNT: &str = "111122223333";

    /// The acts of a call in a world where there is nothing, as `action resource`.
    fn acts_of(service: ServiceId, operation: &str, input: &Json) -> Vec<String> {
        let model = ServiceModel::get(service);
        let operation = model.operation(operation).unwrap();
        let input = Value::from_json(model, operation.input.unwrap(), input).unwrap();
        let caller = Caller {
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: "us-east-1".into(),
            partition: Partition::Aws,
            principal: Principal::Root,
            session: None,
            access_key: String::new(),
            host: String::new(),
        };
        let state = State::default();
        let asked = Asked {
            service,
            operation: operation.name,
            caller: &caller,
            input: &input,
            state: &state,
            global: &state,
        };
        let own = format!("us-east-1:{ACCOUNT}:");
        let told = |act: &Act| format!("{} {}", act.name(), act.resource.replace(&own, ""));
        acts::acts(&asked).iter().map(told).collect()
    }

    #[test]
    fn every_operation_that_is_served_has_its_action() {
        let operations = Operations::all();
        for service in ServiceId::ALL {
            let actions = Actions::of(service.signing_name()).unwrap();
            for name in operations.names(service) {
                assert!(actions.get(name).is_some(), "{}:{name}", service.signing_name());
            }
        }
    }

    #[test]
    fn a_call_of_ec2_acts_on_what_it_names_and_on_what_it_makes() {
        let ec2 = |operation, input| acts_of(ServiceId::Ec2, operation, &input);
        assert_eq!(ec2("DescribeVpcs", json!({"VpcIds": ["vpc-11111111"]})), ["ec2:DescribeVpcs *"]);
        let tags = json!([{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "subnet-11111111"}]}]);
        assert_eq!(
            ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16", "TagSpecifications": tags})),
            ["ec2:CreateVpc arn:aws:ec2:vpc/*", "ec2:CreateTags arn:aws:ec2:vpc/*"]
        );
        assert_eq!(
            ec2(
                "CreateVpcEndpoint",
                json!({"VpcId": "vpc-1", "ServiceName": "s", "SubnetIds": ["subnet-1", "subnet-2"]})
            ),
            [
                "ec2:CreateVpcEndpoint arn:aws:ec2:vpc-endpoint/*",
                "ec2:CreateVpcEndpoint arn:aws:ec2:subnet/subnet-1",
                "ec2:CreateVpcEndpoint arn:aws:ec2:subnet/subnet-2",
                "ec2:CreateVpcEndpoint arn:aws:ec2:vpc/vpc-1",
            ]
        );
        let pairs = json!([{"UserIdGroupPairs": [{"GroupId": "sg-2"}]}]);
        assert_eq!(
            ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": "sg-1", "IpPermissions": pairs})),
            ["ec2:AuthorizeSecurityGroupIngress arn:aws:ec2:security-group/sg-1"]
        );
        let launch = json!({
            "ImageId": "ami-1", "SubnetId": "subnet-1", "SecurityGroupIds": ["sg-1"], "MinCount": 1, "MaxCount": 1,
        });
        assert_eq!(
            ec2("RunInstances", launch),
            [
                "ec2:RunInstances arn:aws:ec2:instance/*",
                "ec2:RunInstances arn:aws:ec2:network-interface/*",
                "ec2:RunInstances arn:aws:ec2:volume/*",
                "ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-1",
                "ec2:RunInstances arn:aws:ec2:security-group/sg-1",
                "ec2:RunInstances arn:aws:ec2:subnet/subnet-1",
            ]
        );
        let log = json!({
            "ResourceIds": ["vpc-1"], "ResourceType": "VPC", "DeliverLogsPermissionArn": "arn:aws:iam::1:role/r",
        });
        assert_eq!(
            ec2("CreateFlowLogs", log),
            [
                "ec2:CreateFlowLogs arn:aws:ec2:vpc-flow-log/*",
                "ec2:CreateFlowLogs arn:aws:ec2:vpc/vpc-1",
                "iam:PassRole arn:aws:iam::1:role/r",
            ]
        );
    }

    #[test]
    fn a_call_of_others_acts_on_names() {
        let sagemaker = |operation, input| acts_of(ServiceId::SageMaker, operation, &input);
        assert_eq!(
            sagemaker(
                "CreateModel",
                json!({"ModelName": "My-Model", "ExecutionRoleArn": "arn:aws:iam::1:role/r",
                "Tags": [{"Key": "a", "Value": "b"}]})
            ),
            [
                "sagemaker:CreateModel arn:aws:sagemaker:model/my-model",
                "sagemaker:AddTags arn:aws:sagemaker:model/my-model",
                "iam:PassRole arn:aws:iam::1:role/r",
            ]
        );
        assert_eq!(sagemaker("ListModels", json!({})), ["sagemaker:ListModels *"]);
        let arn = format!("arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/e");
        assert_eq!(
            sagemaker("ListTags", json!({"ResourceArn": arn})),
            ["sagemaker:ListTags arn:aws:sagemaker:endpoint/e"]
        );
        let iam = |operation, input| acts_of(ServiceId::Iam, operation, &input);
        assert_eq!(
            iam("CreateRole", json!({"RoleName": "r", "Path": "/team/", "AssumeRolePolicyDocument": "{}"})),
            [format!("iam:CreateRole arn:aws:iam::{ACCOUNT}:role/team/r")]
        );
        assert_eq!(
            iam("GetPolicy", json!({"PolicyArn": "arn:aws:iam::aws:policy/P"})),
            ["iam:GetPolicy arn:aws:iam::aws:policy/P"]
        );
        assert!(acts_of(ServiceId::Sts, "GetCallerIdentity", &json!({})).is_empty());
    }
}
