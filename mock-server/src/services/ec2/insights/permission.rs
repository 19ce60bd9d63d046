//! An analysis looks at the network as whoever starts it: with that one's permissions.
//!
//! Source: Reachability Analyzer guide, "Required API permissions", which points to the managed policy
//! AmazonVPCReachabilityAnalyzerFullAccessPolicy. Of its actions these are about what there is here.

use crate::iam::{control, who};
use crate::model::{IamMode, Txn};
use crate::policy::{Context, Policies, Request, decide};
use crate::services::{Caller, sts};

/// What looking takes. Sorted.
pub const LOOK: &[&str] = &[
    "DescribeAvailabilityZones",
    "DescribeInstances",
    "DescribeInternetGateways",
    "DescribeManagedPrefixLists",
    "DescribeNatGateways",
    "DescribeNetworkAcls",
    "DescribeNetworkInterfaces",
    "DescribePrefixLists",
    "DescribeRegions",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTransitGatewayAttachments",
    "DescribeTransitGatewayRouteTables",
    "DescribeTransitGatewayVpcAttachments",
    "DescribeTransitGateways",
    "DescribeVpcEndpoints",
    "DescribeVpcPeeringConnections",
    "DescribeVpcs",
    "DescribeVpnGateways",
    "GetManagedPrefixListEntries",
    "GetTransitGatewayRouteTablePropagations",
    "SearchTransitGatewayRoutes",
];

/// Whether the caller may look at all of it.
pub fn may_look(txn: &Txn<'_>, caller: &Caller) -> bool {
    let global = &*txn.global;
    if global.authorization.mode != IamMode::Enforce {
        return true;
    }
    let held = who::held(global, &caller.principal);
    let (session, control) = (sts::limits(caller, global), control::levels(global));
    if held.is_none() && session.is_none() && control.is_empty() {
        return true;
    }
    let policies =
        Policies { session, control, ..held.as_ref().map(|held| held.policies()).unwrap_or_default() };
    let principal = who::asker(caller.partition, caller.account, &caller.principal);
    let mut context = Context::new();
    who::keys(global, &caller.principal, caller.session.as_deref(), txn.now, &mut context);
    context.set("aws:RequestedRegion", &*caller.region);
    context.set("ec2:Region", &*caller.region);
    LOOK.iter().all(|action| {
        let action = format!("ec2:{action}");
        let request = Request {
            principal: &principal,
            action: &action,
            resource: "*",
            resource_account: None,
            context: &context,
        };
        decide(&request, &policies).allowed()
    })
}
