//! What the service does in EC2 in the name of whoever asks for a notebook instance.
//!
//! Source: developer guide, "api-permissions-reference".

use crate::iam::message::Message;
use crate::iam::{control, grants::Held, who};
use crate::model::{Lack, OnBehalf, State, Subnet, Txn, VpcConfig};
use crate::policy::{Context, Request, decide};
use crate::services::{Caller, sts};

/// The service in whose calls the caller's permissions count.
const SERVICE: &str = "sagemaker.amazonaws.com";
/// The condition keys that a message in code tells.
const TOLD: &[&str] = &["ec2:Region", "ec2:Vpc", "ec2:Subnet"];

const MAKE: &str = "ec2:CreateNetworkInterface";
const DELETE: &str = "ec2:DeleteNetworkInterface";
const CREATE: [&str; 4] = [MAKE, "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
const START: [&str; 5] = [
    MAKE,
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkInterfaces",
];

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Create,
    Start,
    Delete,
}

impl Deed {
    /// What the service does for it in a VPC.
    fn actions(self) -> impl Iterator<Item = &'static str> {
        let actions: &[&str] = match self {
            Deed::Create => &CREATE,
            Deed::Start => &START,
            Deed::Delete => &[DELETE],
        };
        actions.iter().copied()
    }
}

/// What an operation does in EC2 in the caller's name; nothing without a VPC. `given` is the subnet in the request.
pub fn acts_in_ec2(
    state: &State,
    operation: &str,
    name: &str,
    given: Option<&str>,
) -> impl Iterator<Item = &'static str> {
    let has_vpc = || state.notebooks.get(&name.into()).is_some_and(|notebook| notebook.needs.vpc.is_some());
    let deed = match operation {
        "CreateNotebookInstance" if given.is_some() => Some(Deed::Create),
        "StartNotebookInstance" if has_vpc() => Some(Deed::Start),
        "DeleteNotebookInstance" if has_vpc() => Some(Deed::Delete),
        _ => None,
    };
    deed.into_iter().flat_map(Deed::actions)
}

/// The caller, and the first thing that it may not do of what the service does for such a notebook instance in EC2.
pub fn on_behalf(
    txn: &Txn<'_>,
    caller: &Caller,
    vpc: &VpcConfig,
    subnet: Option<&Subnet>,
    deed: Deed,
) -> OnBehalf {
    let requester_id = who::user_id(caller.account, &caller.principal).into();
    let network = || caller.arn("ec2", "network-interface/*");
    let subnets = || vpc.subnets.iter().map(|id| caller.arn("ec2", format_args!("subnet/{id}")));
    let groups = || vpc.groups.iter().map(|id| caller.arn("ec2", format_args!("security-group/{id}")));
    let resources = |action: &str| match action {
        MAKE => std::iter::once(network()).chain(subnets()).chain(groups()).collect(),
        DELETE => vec![network()],
        _ => vec!["*".to_owned()],
    };
    let lacks = deed.actions().find_map(|action| lack(txn, caller, subnet, action, &resources(action)));
    OnBehalf { requester_id, lacks }
}

/// What EC2 says if the caller may not do this, on one of these resources.
fn lack(
    txn: &Txn<'_>,
    caller: &Caller,
    subnet: Option<&Subnet>,
    action: &'static str,
    resources: &[String],
) -> Option<Lack> {
    let global = &txn.global;
    let control = control::levels(global);
    let held = who::held(global, &caller.principal);
    let session = sts::limits(caller, global);
    if held.is_none() && session.is_none() && control.is_empty() {
        return None;
    }
    let mut policies = held.as_ref().map(Held::policies).unwrap_or_default();
    policies.session = session;
    policies.control = control;
    let principal = who::asker(caller.partition, caller.account, &caller.principal);
    let mut context = Context::new();
    who::keys(global, &caller.principal, caller.session.as_deref(), txn.now, &mut context);
    context.set("aws:RequestedRegion", &*caller.region);
    context.set("aws:ViaAWSService", "true");
    for key in ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"] {
        context.set(key, SERVICE);
    }
    context.set("ec2:Region", &*caller.region);
    if let Some(subnet) = subnet {
        context.set("ec2:Vpc", caller.arn("ec2", format_args!("vpc/{}", subnet.vpc)));
        context.set("ec2:Subnet", caller.arn("ec2", format_args!("subnet/{}", subnet.id)));
        context.set("ec2:AvailabilityZone", subnet.zone.name);
    }
    resources.iter().find_map(|resource| {
        let request =
            Request { principal: &principal, action, resource, resource_account: None, context: &context };
        let decision = decide(&request, &policies);
        if decision.allowed() {
            return None;
        }
        let message = Message::new(&decision, &principal, action, resource, &context, TOLD);
        let message = format!(
            "You are not authorized to perform this operation. Encoded authorization failure message: {}",
            message.encode(caller.account)
        );
        Some(Lack { action, message })
    })
}
