//! The refusals of VPC endpoints.

use super::super::describe::Describe;
use super::super::endpoint_service::DescribeVpcEndpointServices;
use super::super::harness::{Lab, text};
use super::super::vpc::ModifyVpcAttribute;
use super::super::vpc_endpoint_create::{CreateVpcEndpoint, DeleteVpcEndpoints};
use super::super::vpc_endpoint_modify::ModifyVpcEndpoint;
use super::{Seen, with};
use crate::model::{Quotas, VpcEndpoint};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const S3: &str = "com.amazonaws.us-east-1.s3";
const STS: &str = "com.amazonaws.us-east-1.sts";
const INVALID: &str = "InvalidParameter";

fn gateway(vpc: &str, more: Value) -> Value {
    with(json!({ "VpcId": vpc, "ServiceName": S3 }), more)
}

fn interface(vpc: &str, more: Value) -> Value {
    with(json!({ "VpcId": vpc, "VpcEndpointType": "Interface", "ServiceName": STS }), more)
}

fn made(lab: &Lab, input: Value) -> String {
    text(&lab.write::<CreateVpcEndpoint>(input)["VpcEndpoint"]["VpcEndpointId"])
}

/// The main route table of a VPC.
fn table(lab: &Lab, vpc: &str) -> String {
    let state = lab.state();
    state.route_tables.iter().find(|table| table.vpc.to_string() == vpc).unwrap().id.to_string()
}

pub(super) fn endpoints(seen: &mut Seen<'_>, vpc: &str, other: &str, subnet: &str) {
    ids_and_services(seen, vpc);
    gateways(seen, vpc, other);
    interfaces(seen, vpc, other, subnet);
    names(seen, vpc);
    policies(seen, vpc);
    changes(seen, vpc);
}

fn ids_and_services(seen: &mut Seen<'_>, vpc: &str) {
    seen.read::<Describe<VpcEndpoint>>(
        json!({ "VpcEndpointIds": ["vpce-0123456789abcdef0"] }),
        "InvalidVpcEndpointId.NotFound",
        "The Vpc Endpoint Id 'vpce-0123456789abcdef0' does not exist",
    );
    seen.read::<Describe<VpcEndpoint>>(
        json!({ "VpcEndpointIds": ["rtb-0123456789abcdef0"] }),
        "InvalidVpcEndpointId.Malformed",
        "Invalid Vpc Endpoint Id: 'rtb-0123456789abcdef0' (expecting 'vpce-...; the Id may only contain lowercase \
         alphanumeric characters and a single dash')",
    );
    let unknown = "The Vpc Endpoint Service 'com.amazonaws.us-east-1.x' does not exist";
    seen.write::<CreateVpcEndpoint>(
        json!({ "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.x" }),
        "InvalidServiceName",
        unknown,
    );
    seen.read::<DescribeVpcEndpointServices>(
        json!({ "ServiceNames": [S3, "com.amazonaws.us-east-1.x"] }),
        "InvalidServiceName",
        unknown,
    );
    seen.write::<CreateVpcEndpoint>(
        json!({ "VpcId": vpc, "ServiceName": STS }),
        INVALID,
        "Endpoint type (Gateway) does not match available service types ([Interface]).",
    );
    seen.write::<CreateVpcEndpoint>(
        json!({ "VpcId": vpc }),
        "MissingParameter",
        "The request must contain the parameter serviceName",
    );
    for form in ["GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel"] {
        seen.write::<CreateVpcEndpoint>(
            gateway(vpc, json!({ "VpcEndpointType": form })),
            "NotImplemented",
            &format!("CreateVpcEndpoint of type {form} is not implemented by this mock"),
        );
    }
    for (more, form) in [
        (json!({ "ServiceRegion": "eu-west-1" }), "a VPC endpoint to a service of another region"),
        (json!({ "IpAddressType": "dualstack" }), "a VPC endpoint with IPv6"),
    ] {
        let message = format!("{form} is not implemented by this mock");
        seen.write::<CreateVpcEndpoint>(gateway(vpc, more), "NotImplemented", &message);
    }
}

fn gateways(seen: &mut Seen<'_>, vpc: &str, other: &str) {
    let (own, foreign) = (table(seen.lab, vpc), table(seen.lab, other));
    let lost = "rtb-0123456789abcdef0";
    made(seen.lab, gateway(vpc, json!({ "RouteTableIds": [own] })));
    seen.write::<CreateVpcEndpoint>(
        gateway(vpc, json!({ "RouteTableIds": [own] })),
        "RouteAlreadyExists",
        &format!("route table {own} already has a route with destination-prefix-list-id pl-63a5400a"),
    );
    seen.write::<CreateVpcEndpoint>(
        gateway(vpc, json!({ "RouteTableIds": [foreign] })),
        INVALID,
        &format!("route table {foreign} and network {vpc} belong to different networks"),
    );
    seen.write::<CreateVpcEndpoint>(
        gateway(vpc, json!({ "RouteTableIds": [lost] })),
        "InvalidRouteTableId.NotFound",
        &format!("The routeTable ID '{lost}' does not exist"),
    );
    seen.write::<CreateVpcEndpoint>(
        gateway(vpc, json!({ "RouteTableIds": ["x"] })),
        "InvalidRouteTableId.Malformed",
        "Invalid Route Table Id: 'x' (expecting 'rtb-...; the Id may only contain lowercase alphanumeric \
         characters and a single dash')",
    );
    for (more, message) in [
        (
            json!({ "SubnetIds": ["subnet-1"] }),
            "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.",
        ),
        (
            json!({ "SecurityGroupIds": ["sg-1"] }),
            "Security group IDs are only supported for Interface type VPC Endpoints.",
        ),
        (
            json!({ "PrivateDnsEnabled": true }),
            "Private DNS is only supported for Interface type VPC Endpoints.",
        ),
        (
            json!({ "DnsOptions": { "PrivateDnsOnlyForInboundResolverEndpoint": false } }),
            "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.",
        ),
    ] {
        seen.write::<CreateVpcEndpoint>(gateway(vpc, more), INVALID, message);
    }
}

fn interfaces(seen: &mut Seen<'_>, vpc: &str, other: &str, subnet: &str) {
    let lab = seen.lab;
    let silent = |more| interface(vpc, with(json!({ "PrivateDnsEnabled": false }), more));
    let foreign = lab.subnet(other, "10.0.9.0/28");
    let twin = lab.subnet(vpc, "10.0.9.0/28");
    let old = lab.subnet_in(vpc, "10.0.10.0/28", 4);
    seen.write::<CreateVpcEndpoint>(
        silent(json!({ "RouteTableIds": ["rtb-1"] })),
        INVALID,
        "Route table IDs are only supported for Gateway type VPC Endpoint.",
    );
    seen.write::<CreateVpcEndpoint>(
        silent(json!({ "SubnetIds": ["x"] })),
        "InvalidSubnetId.Malformed",
        "Invalid Subnet Id: 'x' (expecting 'subnet-...; the Id may only contain lowercase alphanumeric characters \
         and a single dash')",
    );
    seen.write::<CreateVpcEndpoint>(
        silent(json!({ "SubnetIds": ["subnet-1"] })),
        "InvalidSubnetId.NotFound",
        "The subnet ID 'subnet-1' does not exist",
    );
    seen.write::<CreateVpcEndpoint>(
        silent(json!({ "SubnetIds": [foreign] })),
        INVALID,
        &format!("subnet {foreign} and network {vpc} belong to different networks"),
    );
    seen.write::<CreateVpcEndpoint>(
        silent(json!({ "SubnetIds": [subnet, twin] })),
        "DuplicateSubnetsInSameZone",
        &format!(
            "Found another VPC endpoint subnet in the availability zone of {twin}. VPC endpoint subnets should be \
             in different availability zones supported by the VPC endpoint service."
        ),
    );
    let comprehend = "com.amazonaws.us-east-1.comprehend";
    seen.write::<CreateVpcEndpoint>(
        silent(json!({ "ServiceName": comprehend, "SubnetIds": [old] })),
        INVALID,
        &format!(
            "The VPC endpoint service {comprehend} does not support the availability zone of the subnet: {old}."
        ),
    );
    seen.write::<CreateVpcEndpoint>(
        silent(
            json!({ "SubnetIds": [old], "SubnetConfigurations": [{ "SubnetId": twin, "Ipv4": "10.0.9.9" }] }),
        ),
        INVALID,
        &format!(
            "The subnet configuration for {twin} does not match any of the subnets of the VPC endpoint."
        ),
    );
    seen.write::<CreateVpcEndpoint>(
        silent(
            json!({ "SubnetIds": [old], "SubnetConfigurations": [{ "SubnetId": old, "Ipv4": "10.0.9.9" }] }),
        ),
        "InvalidParameterValue",
        "Address 10.0.9.9 does not fall within the subnet's address range",
    );
}

fn names(seen: &mut Seen<'_>, vpc: &str) {
    let lab = seen.lab;
    seen.write::<CreateVpcEndpoint>(
        interface(vpc, json!({})),
        INVALID,
        &format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true \
             for {vpc}"
        ),
    );
    lab.write::<ModifyVpcAttribute>(json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
    made(lab, interface(vpc, json!({})));
    seen.write::<CreateVpcEndpoint>(
        interface(vpc, json!({})),
        INVALID,
        &format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for \
             sts.us-east-1.amazonaws.com in the VPC {vpc}"
        ),
    );
    let dynamodb = "com.amazonaws.us-east-1.dynamodb";
    seen.write::<CreateVpcEndpoint>(
        interface(vpc, json!({ "ServiceName": dynamodb, "PrivateDnsEnabled": true })),
        INVALID,
        &format!(
            "Private DNS can't be enabled because the service {dynamodb} does not provide a private DNS name."
        ),
    );
    let options = |options: Value| interface(vpc, json!({ "DnsOptions": options }));
    seen.write::<CreateVpcEndpoint>(
        options(json!({ "PrivateDnsOnlyForInboundResolverEndpoint": false })),
        INVALID,
        "PrivateDnsOnlyForInboundResolverEndpoint not supported for this service.",
    );
    seen.write::<CreateVpcEndpoint>(
        options(json!({ "DnsRecordIpType": "dualstack" })),
        INVALID,
        "The DNS record IP type dualstack is not supported for VPC Endpoints with the IP address type ipv4.",
    );
    seen.write::<CreateVpcEndpoint>(
        options(json!({ "PrivateDnsPreference": "ALL_DOMAINS" })),
        INVALID,
        "DnsOptions PrivateDnsPreference and PrivateDnsSpecifiedDomains are applicable only to Resource and \
         ServiceNetwork VPC Endpoints.",
    );
    let bare = {
        let state = lab.state();
        let bare = state.vpcs.iter().find(|vpc| vpc.is_default).unwrap();
        bare.id.to_string()
    };
    seen.write::<CreateVpcEndpoint>(
        interface(&bare, json!({ "ServiceName": S3, "PrivateDnsEnabled": true })),
        INVALID,
        &format!(
            "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {bare} must have a Gateway endpoint \
             for the service."
        ),
    );
}

fn policies(seen: &mut Seen<'_>, vpc: &str) {
    for (policy, message) in [
        ("{".to_owned(), "The Policy Document is not valid. Syntax error at position (1,1)"),
        ("{}".to_owned(), "The Policy Document is not valid. It has no Statement."),
        (" ".repeat(20_481), "The Policy Document is not valid. It has more than 20480 characters."),
    ] {
        let input = gateway(vpc, json!({ "PolicyDocument": policy }));
        seen.write::<CreateVpcEndpoint>(input, "InvalidPolicyDocument", message);
    }
}

fn changes(seen: &mut Seen<'_>, vpc: &str) {
    let lab = seen.lab;
    let id = made(lab, interface(vpc, json!({ "ServiceName": "com.amazonaws.us-east-1.kms" })));
    let modify = |more: Value| with(json!({ "VpcEndpointId": id }), more);
    seen.write::<ModifyVpcEndpoint>(
        modify(json!({ "ResetPolicy": true })),
        "OperationInProgress",
        "VpcEndpoint modify operation in progress",
    );
    lab.settle(Duration::from_millis(60_000));
    let group = lab.state().vpc_endpoints.iter().find(|row| row.id.to_string() == id).unwrap().groups[0].id;
    seen.write::<ModifyVpcEndpoint>(
        modify(json!({ "RemoveSecurityGroupIds": [group.to_string()] })),
        INVALID,
        &format!("The VPC endpoint {id} must have at least one security group."),
    );
    let subnet = lab.subnet(vpc, "10.0.11.0/28");
    seen.write::<ModifyVpcEndpoint>(
        modify(json!({ "RemoveSubnetIds": [subnet] })),
        INVALID,
        &format!("Subnet {subnet} is not associated with the VPC endpoint {id}."),
    );
    seen.write::<ModifyVpcEndpoint>(
        modify(json!({ "ResetPolicy": true, "PolicyDocument": "{}" })),
        "InvalidParameterCombination",
        "The parameter policyDocument cannot be used with the parameter resetPolicy",
    );
    lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [id] }));
    seen.write::<ModifyVpcEndpoint>(
        modify(json!({ "ResetPolicy": true })),
        "IncorrectState",
        &format!("The VPC endpoint {id} is being deleted."),
    );
}

/// Each type has a quota of its own.
pub(super) fn quotas() -> BTreeSet<String> {
    let quotas = Quotas { gateway_endpoints: 1, interface_endpoints_per_vpc: 1, ..Quotas::default() };
    let lab = Lab::with("us-east-1", quotas);
    let (vpc, other) = (lab.vpc(), lab.vpc());
    let silent = |vpc: &str| interface(vpc, json!({ "PrivateDnsEnabled": false }));
    made(&lab, gateway(&vpc, json!({})));
    made(&lab, silent(&vpc));
    made(&lab, silent(&other));
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    for input in [gateway(&other, json!({})), silent(&vpc)] {
        seen.write::<CreateVpcEndpoint>(
            input,
            "VpcEndpointLimitExceeded",
            "The maximum number of VPC endpoints has been reached.",
        );
    }
    seen.names
}
