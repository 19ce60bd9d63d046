//! The errors of EC2: one variant for each thing that it refuses, with its exact code and text. Those of a topic with
//! many are in a table of their own, in a file beside this one's.
//!
//! A text marked `assumed` is one for which no answer of AWS itself was seen.

pub mod address;
mod endpoints;
pub mod flow_log;
pub mod groups;
pub mod insights;
pub mod instances;
pub mod interfaces;
pub mod launch_template;
pub mod nat_gateway;
pub mod network_acl;
pub mod peering;
pub mod prefix_lists;
mod routing;
pub mod transit;
mod vpcs;

use self::instances::InstanceError;
use self::interfaces::InterfaceError;
use crate::model::{DhcpOptionsId, InstanceId, NetworkInterfaceId, SecurityGroupId, SubnetId, VpcId};
use crate::services::refusal::refusals;
pub use endpoints::EndpointError;
use groups::GroupError;
use ipnet::Ipv4Net;
use prefix_lists::PrefixListError;
pub use routing::RoutingError;
use std::fmt;
use std::net::Ipv4Addr;
pub use vpcs::VpcError;

/// Ids that name nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing(pub Vec<String>);

impl Missing {
    pub fn one(id: &str) -> Self {
        Self(vec![id.to_owned()])
    }
}

/// As in "The subnet ID{missing} not exist": `'a' does` or `s 'a, b' do`.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = self.0.len() > 1;
        f.write_str(if many { "s '" } else { " '" })?;
        for (n, id) in self.0.iter().enumerate() {
            f.write_str(if n > 0 { ", " } else { "" })?;
            f.write_str(id)?;
        }
        f.write_str(if many { "' do" } else { "' does" })
    }
}

refusals! {
    /// Why EC2 refuses.
    pub enum Ec2Error as "ec2" {
        // === Any operation ===
        MissingParameter(parameter: &'static str) = "MissingParameter" for "EC2-MISSING",
            text "The request must contain the parameter {parameter}";
        /// No answer of AWS: the operation is there, this form of it is not.
        NotBuilt(form: &'static str) = "NotImplemented" 501,
            text "{form} is not implemented by this mock";
        NoIpv6Block = "MissingParameter" for "EC2-SUB-IPV6",
            text "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.";
        UnknownFilter(name: String) = "InvalidParameterValue" for "EC2-FILTER",
            text "The filter '{name}' is invalid";
        TooManyFilterValues(most: usize) = "FilterLimitExceeded" for "EC2-FILTER",
            assumed "The maximum number of filter values specified on a single call is {most}";
        PageTooSmall(size: i64) = "InvalidParameterValue" for "EC2-PAGE-MIN",
            text "Value ( {size} ) for parameter maxResults is invalid. Expecting a value greater than 5.";
        PageTooLarge(size: i64, most: usize) = "InvalidParameterValue" for "EC2-PAGE",
            assumed "Value ( {size} ) for parameter maxResults is invalid. Expecting a value less than {most}.";
        PagedIds(ids: &'static str) = "InvalidParameterCombination" for "EC2-PAGE",
            assumed "The parameter {ids} cannot be used with the parameter maxResults";
        BadToken(token: String) = "InvalidNextToken",
            assumed "The token '{token}' is invalid";
        TokenReused = "IdempotentParameterMismatch" for "EC2-IDEM",
            text "Arguments on this idempotent request are inconsistent with arguments used in previous \
                 request(s).";
        BadClientToken { token: String, most: usize, characters: &'static str }
            = "InvalidParameterValue" for "EC2-IDEM-2",
            assumed "Value ({token}) for parameter clientToken is invalid. Expecting at most {most} {characters}.";

        // === Tags ===
        NoTags = "InvalidParameterValue",
            assumed "Tag specification must have at least one tag";
        NoTagResourceType = "InvalidParameterValue",
            assumed "Tag specification resource type must have a value";
        WrongTagResourceType(kind: String) = "InvalidParameterValue",
            text "'{kind}' is not a valid taggable resource type for this operation.";
        ReservedTag = "InvalidParameterValue",
            text "Tag keys starting with 'aws:' are reserved for internal use";
        BadTagKey = "InvalidParameterValue",
            assumed "Tag key must have a length between 1 and 128 characters";
        LongTagValue = "InvalidParameterValue",
            assumed "Tag value exceeds the maximum length of 256 characters";
        NullTagValue = "InvalidParameterValue",
            assumed "Tag value cannot be null. Use empty string instead.";
        DuplicateTag(key: String) = "InvalidParameterValue",
            assumed "Duplicate tag key '{key}' specified.";
        TooManyTags = "TagLimitExceeded",
            assumed "The maximum number of Tags for a resource has been reached.";
        UnknownResource(id: String) = "InvalidID",
            text "The ID '{id}' is not valid";

        // === VPCs ===
        VpcNotFound(missing: Missing) = "InvalidVpcID.NotFound" for "EC2-VPC-404",
            text "The vpc ID{missing} not exist";
        VpcRange(cidr: Ipv4Net) = "InvalidVpc.Range" for "EC2-VPC-SIZE",
            assumed "The CIDR '{cidr}' is invalid.";
        NotACidr(text: String) = "InvalidParameterValue" for "EC2-VPC-BADCIDR",
            assumed "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.";
        TooManyVpcs = "VpcLimitExceeded" for "EC2-VPC-LIMIT",
            text "The maximum number of VPCs has been reached.";
        UnsupportedTenancy(tenancy: String) = "UnsupportedTenancy" for "EC2-VPC-TENANCY",
            assumed "The tenancy value {tenancy} is not supported.";
        VpcInUse(id: VpcId) = "DependencyViolation" for "EC2-VPC-DEL",
            text "The vpc '{id}' has dependencies and cannot be deleted.";
        /// Assumed: the code.
        ManyAttributes(names: String) = "InvalidParameterCombination" for "EC2-VPC-ATTR",
            assumed "Fields for multiple attribute types specified: {names}";
        NoAttribute = "InvalidParameterCombination",
            assumed "No attributes specified.";
        NoDefaultVpc = "VPCIdNotSpecified",
            text "No default VPC for this user";

        // === Subnets ===
        SubnetNotFound(missing: Missing) = "InvalidSubnetID.NotFound" for "EC2-SUB-404",
            text "The subnet ID{missing} not exist";
        SubnetRange(cidr: Ipv4Net) = "InvalidSubnet.Range" for "EC2-SUB-RANGE",
            text "The CIDR '{cidr}' is invalid.";
        SubnetConflict(cidr: Ipv4Net) = "InvalidSubnet.Conflict" for "EC2-SUB-CONFLICT",
            text "The CIDR '{cidr}' conflicts with another subnet";
        TooManySubnets = "SubnetLimitExceeded" for "EC2-SUB-LIMIT",
            assumed "The maximum number of subnets has been reached.";
        SubnetInUse(id: SubnetId) = "DependencyViolation" for "EC2-SUB-DEL",
            text "The subnet '{id}' has dependencies and cannot be deleted.";
        WrongZone { parameter: &'static str, value: String, zones: String }
            = "InvalidParameterValue" for "EC2-BADVALUE",
            text "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in \
                 the following availability zones: {zones}.";

        // === Security groups ===
        GroupNotFound(missing: Missing) = "InvalidGroup.NotFound" for "EC2-SG-404",
            text "The security group{missing} not exist";
        /// `none` instead of a VPC if there is no default one.
        GroupNameNotFound { name: String, vpc: String } = "InvalidGroup.NotFound",
            text "The security group '{name}' does not exist in default VPC '{vpc}'";
        GroupIdMalformed(id: String) = "InvalidGroupId.Malformed" for "EC2-MALFORMED",
            text "The security group ID '{id}' is malformed";
        DuplicateGroup { name: String, vpc: VpcId } = "InvalidGroup.Duplicate" for "EC2-SG-DUP",
            text "The security group '{name}' already exists for VPC '{vpc}'";
        ReservedGroupName(name: String) = "InvalidParameterValue",
            text "Cannot use reserved security group name: {name}";
        GroupNameLikeId(name: String) = "InvalidParameterValue" for "EC2-SG-DUP",
            assumed "Value ({name}) for parameter GroupName is invalid. Group names may not be in the format \
                    sg-*.";
        BadGroupText { parameter: &'static str, value: String } = "InvalidParameterValue",
            assumed "Value ({value}) for parameter {parameter} is invalid. Expecting 1 to 255 characters from \
                    the following set: a-zA-Z0-9 ._-:/()#,@[]+=&;{{}}!$*";
        TooManyGroups = "SecurityGroupLimitExceeded" for "EC2-SG-LIMIT2",
            assumed "The maximum number of security groups has been reached.";
        GroupInUse(id: SecurityGroupId) = "DependencyViolation" for "EC2-SG-DEL",
            text "resource {id} has a dependent object";
        DefaultGroup(id: SecurityGroupId) = "CannotDelete" for "EC2-SG-DEL-DEFAULT",
            text "the specified group: \"{id}\" name: \"default\" cannot be deleted by a user";
        GroupIdAndName = "InvalidParameterCombination",
            assumed "The parameter groupName cannot be used with the parameter groupId";

        // === Rules of security groups ===
        RuleNotFound(missing: Missing) = "InvalidSecurityGroupRuleId.NotFound" for "EC2-SG-RULE-MOD",
            text "The security group rule ID{missing} not exist";
        DuplicateRule(rule: String) = "InvalidPermission.Duplicate" for "EC2-SG-RULE-DUP",
            text "the specified rule \"{rule}\" already exists";
        RepeatedRule = "InvalidParameterValue",
            text "The same permission must not appear multiple times";
        NoSuchRule = "InvalidPermission.NotFound" for "EC2-SG-RULE-404",
            text "The specified rule does not exist in this security group.";
        TooManyRules = "RulesPerSecurityGroupLimitExceeded" for "EC2-SG-LIMIT",
            text "The maximum number of rules per security group has been reached.";
        UnknownProtocol(protocol: String) = "InvalidParameterValue",
            text "Invalid value '{protocol}' for IP protocol. Unknown protocol.";
        NoProtocol = "InvalidParameterValue" for "EC2-SG-RULE-MOD",
            text "Invalid value 'null' for protocol. VPC security group rules must specify protocols \
                 explicitly.";
        NoPorts = "InvalidParameterValue" for "EC2-SG-RULE-MOD",
            text "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.";
        BadPort(port: i32) = "InvalidParameterValue",
            text "TCP/UDP port ({port}) out of range";
        BackwardPorts { protocol: String, from: i32, to: i32 } = "InvalidParameterValue",
            assumed "Invalid {protocol} port range ({from} to {to})";
        BadIcmp { what: &'static str, number: i32 } = "InvalidParameterValue",
            text "ICMP {what} ({number}) out of range";
        MalformedCidr(cidr: String) = "InvalidParameterValue",
            text "CIDR block {cidr} is malformed";
        PrefixListNotFound(id: String) = "InvalidPrefixListID.NotFound",
            text "The prefix list ID '{id}' does not exist";
        BadRuleDescription = "InvalidParameterValue",
            assumed "Invalid rule description. Valid descriptions are strings less than 256 characters from the \
                    following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*";
        NoPeer = "MissingParameter" for "EC2-SG-RULE-MOD",
            text "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId";
        NoPermissions = "MissingParameter",
            assumed "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.";

        // === Network interfaces ===
        InterfaceNotFound(missing: Missing) = "InvalidNetworkInterfaceID.NotFound" for "EC2-ENI-404",
            text "The networkInterface ID{missing} not exist";
        SubnetFull = "InsufficientFreeAddressesInSubnet" for "EC2-ENI-NOIP",
            text "The specified subnet does not have enough free addresses to satisfy the request.";
        AddressOutside(address: Ipv4Addr) = "InvalidParameterValue" for "EC2-ENI-ADDR-OUT",
            text "Address {address} does not fall within the subnet's address range";
        AddressReserved(address: Ipv4Addr) = "InvalidParameterValue" for "EC2-ENI-ADDR-RES",
            assumed "Address {address} is in subnet's reserved address range";
        AddressInUse = "InvalidIPAddress.InUse" for "EC2-ENI-ADDR-USED",
            text "The specified address is already in use.";
        NotAnAddress(id: String) = "InvalidParameterValue",
            assumed "Invalid value '{id}' for private IP address. Must be an IPv4 address.";
        BadCount { parameter: &'static str, count: i64 } = "InvalidParameterValue",
            assumed "Value ({count}) for parameter {parameter} is invalid. Expecting 0 or more.";
        OnePrimaryAddress = "InvalidParameterCombination",
            assumed "Exactly one private IP address must be marked as primary.";
        NotTogether(one: &'static str, other: &'static str) = "InvalidParameterCombination",
            assumed "The parameter {one} cannot be used with the parameter {other}";
        /// Assumed for this operation: the code and the text are those of an operation that makes
        /// instances.
        DifferentNetworks = "InvalidGroup.NotFound" for "EC2-ENI-SGVPC",
            assumed "You have specified two resources that belong to different networks.";
        TooManyGroupsOnInterface = "SecurityGroupsPerInterfaceLimitExceeded" for "EC2-ENI-SGMAX",
            assumed "The maximum number of security groups per interface has been reached.";
        TooManyInterfaces = "NetworkInterfaceLimitExceeded" for "EC2-ENI-LIMIT",
            assumed "The maximum number of network interfaces has been reached.";
        InterfaceInUse(id: NetworkInterfaceId) = "InvalidParameterValue" for "EC2-ENI-DEL-USED",
            text "Network interface '{id}' is currently in use.";
        /// Assumed: the status.
        ManagedInterface = "AuthFailure" for "EC2-ENI-REQ",
            assumed "You do not have permission to access the specified resource.";
        ServiceAttachment = "OperationNotPermitted" for "EC2-ENI-DETACH",
            text "You are not allowed to manage 'ela-attach' attachments.";
        PrimaryInterface = "OperationNotPermitted" for "EC2-ENI-DETACH0",
            text "The network interface at device index 0 and networkCard index 0 cannot be detached.";
        AttachmentNotFound(id: String) = "InvalidAttachmentID.NotFound",
            assumed "The interface attachment '{id}' does not exist.";

        // === Gateways and the like ===
        DhcpOptionsNotFound(missing: Missing) = "InvalidDhcpOptionID.NotFound",
            assumed "The dhcpOption ID{missing} not exist";
        DhcpOptionsMalformed(id: String) = "InvalidDhcpOptionsId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\" (expecting \"dopt-...\")";
        DhcpOptionsInUse(id: DhcpOptionsId) = "DependencyViolation",
            text "The dhcpOptions '{id}' has dependencies and cannot be deleted.";
        UnknownDhcpKey(key: String) = "InvalidParameterValue",
            assumed "Value ({key}) for parameter key is invalid. Unknown DHCP option.";
        /// Assumed: the text and the code.
        NoDhcpValues(key: &'static str) = "InvalidParameterValue",
            assumed "The DHCP option {key} must have a value.";
        BadDhcpValue { key: &'static str, value: String } = "InvalidParameterValue",
            assumed "Value ({value}) for parameter value is invalid. Invalid DHCP option value for {key}.";
        /// Assumed: the text and the code.
        TooManyDhcpValues { key: &'static str, most: usize } = "InvalidParameterValue",
            assumed "The DHCP option {key} can have at most {most} values.";

        // === Regions ===
        RegionNotFound(names: String) = "InvalidParameterValue",
            text "Invalid region names provided. The following region names are invalid: {names}";
        ZoneNotFound(zones: String) = "InvalidParameterValue",
            text "Invalid availability zone: [{zones}]";
    }
    with {
        Endpoint(EndpointError),
        Peering(peering::PeeringError),
        /// Blocks of VPCs and subnets, default VPCs, attributes of subnets.
        Vpcs(VpcError),
        /// Route tables and gateways.
        Routing(RoutingError),
        /// Elastic IP addresses.
        Address(address::AddressError),
        NatGateway(nat_gateway::NatGatewayError),
        NetworkAcl(network_acl::NetworkAclError),
        Groups(GroupError),
        PrefixLists(PrefixListError),
        Interface(InterfaceError),
        Instance(InstanceError),
        FlowLog(flow_log::FlowLogError),
        LaunchTemplate(launch_template::LaunchTemplateError),
        Insights(insights::InsightsError),
        Transit(transit::TransitError),
    }
}
