//! VPC endpoints and the services that they lead to.

use super::Basis::{Assumed, Documented, Observed};
use super::{API, Ec2Rule, LOGS, QUOTAS, rule};

const PRIVATELINK: &str = "AWS PrivateLink Guide";
const POLICIES: &str = "AWS PrivateLink Guide, endpoint policies";

pub(super) const RULES: &[Ec2Rule] = &[
    rule(
        "EC2-VPCE-TYPES",
        Documented,
        "A gateway endpoint has route tables, an interface endpoint has subnets, groups and private names; S3 and \
         DynamoDB are offered through both, all other services through interfaces.",
        PRIVATELINK,
        "Give the type that fits the service, and only what an endpoint of that type has.",
    ),
    rule(
        "EC2-VPCE-404",
        Observed,
        "The VPC endpoint has to exist in the account and region of the call.",
        LOGS,
        "Look the id up; a deleted endpoint is gone once its interfaces are.",
    ),
    rule(
        "EC2-VPCE-PART-404",
        Documented,
        "The subnets and route tables of an endpoint have to exist in the account and region of the call.",
        API,
        "Look the id up.",
    ),
    rule(
        "EC2-VPCE-SVC",
        Observed,
        "The service has to be offered in the region under exactly this name.",
        LOGS,
        "Take a name from DescribeVpcEndpointServices.",
    ),
    rule(
        "EC2-VPCE-NET",
        Assumed,
        "The subnets and route tables of an endpoint belong to its VPC.",
        PRIVATELINK,
        "Give those of the endpoint's VPC.",
    ),
    rule(
        "EC2-VPCE-DUP-RT",
        Observed,
        "A route table has one route to a service, so one gateway endpoint for it.",
        LOGS,
        "Share the endpoint that the table has a route to.",
    ),
    rule(
        "EC2-VPCE-AZ",
        Observed,
        "An interface endpoint is in one subnet of each zone.",
        LOGS,
        "Give one subnet for each zone.",
    ),
    rule(
        "EC2-VPCE-AZ2",
        Observed,
        "An interface endpoint can only be in zones that its service is in.",
        LOGS,
        "Give subnets in the zones that DescribeVpcEndpointServices lists.",
    ),
    rule(
        "EC2-VPCE-DNS1",
        Documented,
        "Private DNS needs the VPC attributes enableDnsSupport and enableDnsHostnames; the second is off in VPCs \
         made by API.",
        PRIVATELINK,
        "Set both with ModifyVpcAttribute, one in each call.",
    ),
    rule(
        "EC2-VPCE-DNS2",
        Observed,
        "In a VPC one interface endpoint has the private names of a service.",
        LOGS,
        "Use the endpoint that is there, or create the other one without private DNS.",
    ),
    rule(
        "EC2-VPCE-NONAME",
        Observed,
        "Private DNS needs a service that has private names.",
        LOGS,
        "Set PrivateDnsEnabled to false and use the names of the endpoint.",
    ),
    rule(
        "EC2-VPCE-INBOUND",
        Documented,
        "The names of a service that is offered through both types can be left to inbound resolver endpoints, which \
         is the default; then the VPC needs a gateway endpoint for it.",
        API,
        "Create the gateway endpoint first, or set PrivateDnsOnlyForInboundResolverEndpoint to false.",
    ),
    rule(
        "EC2-VPCE-RECORD",
        Documented,
        "The type of DNS records has to fit the endpoint's type of addresses.",
        PRIVATELINK,
        "Leave DnsRecordIpType out, or give ipv4.",
    ),
    rule(
        "EC2-VPCE-POLICY",
        Documented,
        "A policy of an endpoint is a JSON policy document of at most 20,480 characters whose statements have an \
         effect, a principal, an action and a resource.",
        POLICIES,
        "Give one such document; merge several into one, with a statement that allows something.",
    ),
    rule(
        "EC2-VPCE-MODIFY",
        Observed,
        "An interface endpoint takes one change at a time, and only while it is available.",
        LOGS,
        "Wait until its state is available.",
    ),
    rule(
        "EC2-VPCE-PART",
        Documented,
        "Only what an endpoint has can be taken from it.",
        API,
        "Describe the endpoint to see what it has.",
    ),
    rule(
        "EC2-VPCE-LIMIT",
        Documented,
        "A region has at most 20 gateway endpoints, a VPC at most 50 interface endpoints, unless the quotas are raised.",
        QUOTAS,
        "Delete endpoints, or start with `--quotas off`.",
    ),
];
