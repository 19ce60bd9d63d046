//! The errors of EC2: one variant for each thing that it refuses, with its exact code and text.
//!
//! A variant marked "Assumed" has a text or a code for which no answer of AWS itself was seen; all others were.
//! The id in a variant's description is that of the rule in docs/RULES.md.

use crate::model::{DhcpOptionsId, NetworkInterfaceId, SecurityGroupId, SubnetId, VpcId};
use crate::services::Refused;
use ipnet::Ipv4Net;
use std::fmt;
use std::net::Ipv4Addr;

/// Ids that name nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing(pub Vec<String>);

impl Missing {
    pub fn one(id: &str) -> Self {
        Self(vec![id.to_owned()])
    }

    /// `'a' does` or `s 'a, b' do`.
    fn plural(&self) -> Plural<'_> {
        Plural(&self.0)
    }
}

struct Plural<'a>(&'a [String]);

impl fmt::Display for Plural<'_> {
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

/// The code of what AWS can do and this mock cannot.
const NOT_BUILT: &str = "NotImplemented";

/// Why EC2 refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Ec2Error {
    // === Any operation ===
    /// EC2-MISSING.
    #[error("The request must contain the parameter {0}")]
    MissingParameter(&'static str),
    /// No answer of AWS: the operation is there, this form of it is not.
    #[error("{0} is not implemented by this mock")]
    NotBuilt(&'static str),
    /// EC2-SUB-IPV6.
    #[error("Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")]
    NoIpv6Block,
    /// EC2-FILTER.
    #[error("The filter '{0}' is invalid")]
    UnknownFilter(String),
    /// EC2-FILTER. Assumed: the text.
    #[error("The maximum number of filter values specified on a single call is {0}")]
    TooManyFilterValues(usize),
    /// EC2-PAGE-MIN.
    #[error("Value ( {0} ) for parameter maxResults is invalid. Expecting a value greater than 5.")]
    PageTooSmall(i64),
    /// EC2-PAGE. Assumed: the text.
    #[error("Value ( {0} ) for parameter maxResults is invalid. Expecting a value less than {1}.")]
    PageTooLarge(i64, usize),
    /// EC2-PAGE. Assumed: the text.
    #[error("The parameter {0} cannot be used with the parameter maxResults")]
    PagedIds(&'static str),
    /// Assumed: the text.
    #[error("The token '{0}' is invalid")]
    BadToken(String),
    /// EC2-IDEM.
    #[error(
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
    )]
    TokenReused,
    /// EC2-IDEM-2. Assumed: the text.
    #[error("Value ({0}) for parameter clientToken is invalid. Expecting at most 64 ASCII characters.")]
    BadClientToken(String),

    // === Tags ===
    /// Assumed: the text.
    #[error("Tag specification must have at least one tag")]
    NoTags,
    /// Assumed: the text.
    #[error("Tag specification resource type must have a value")]
    NoTagResourceType,
    #[error("'{0}' is not a valid taggable resource type for this operation.")]
    WrongTagResourceType(String),
    #[error("Tag keys starting with 'aws:' are reserved for internal use")]
    ReservedTag,
    /// Assumed: the text.
    #[error("Tag key must have a length between 1 and 128 characters")]
    BadTagKey,
    /// Assumed: the text.
    #[error("Tag value exceeds the maximum length of 256 characters")]
    LongTagValue,
    /// Assumed: the text.
    #[error("Tag value cannot be null. Use empty string instead.")]
    NullTagValue,
    /// Assumed: the text.
    #[error("Duplicate tag key '{0}' specified.")]
    DuplicateTag(String),
    /// Assumed: the text.
    #[error("The maximum number of Tags for a resource has been reached.")]
    TooManyTags,
    #[error("The ID '{0}' is not valid")]
    UnknownResource(String),

    // === VPCs ===
    /// EC2-VPC-404.
    #[error("The vpc ID{} not exist", .0.plural())]
    VpcNotFound(Missing),
    /// EC2-VPC-SIZE. Assumed: the text.
    #[error("The CIDR '{0}' is invalid.")]
    VpcRange(Ipv4Net),
    /// EC2-VPC-BADCIDR. Assumed: the text.
    #[error("Value ({0}) for parameter cidrBlock is invalid. This is not a valid CIDR block.")]
    NotACidr(String),
    /// EC2-VPC-LIMIT.
    #[error("The maximum number of VPCs has been reached.")]
    TooManyVpcs,
    /// EC2-VPC-TENANCY. Assumed: the text.
    #[error("The tenancy value {0} is not supported.")]
    UnsupportedTenancy(String),
    /// EC2-VPC-DEL.
    #[error("The vpc '{0}' has dependencies and cannot be deleted.")]
    VpcInUse(VpcId),
    /// EC2-VPC-ATTR. Assumed: the code.
    #[error("Fields for multiple attribute types specified: {0}")]
    ManyAttributes(String),
    /// Assumed: the text.
    #[error("No attributes specified.")]
    NoAttribute,
    #[error("No default VPC for this user")]
    NoDefaultVpc,

    // === Subnets ===
    /// EC2-SUB-404.
    #[error("The subnet ID{} not exist", .0.plural())]
    SubnetNotFound(Missing),
    /// EC2-SUB-RANGE.
    #[error("The CIDR '{0}' is invalid.")]
    SubnetRange(Ipv4Net),
    /// EC2-SUB-CONFLICT.
    #[error("The CIDR '{0}' conflicts with another subnet")]
    SubnetConflict(Ipv4Net),
    /// EC2-SUB-LIMIT. Assumed: the text.
    #[error("The maximum number of subnets has been reached.")]
    TooManySubnets,
    /// EC2-SUB-DEL.
    #[error("The subnet '{0}' has dependencies and cannot be deleted.")]
    SubnetInUse(SubnetId),
    /// EC2-BADVALUE.
    #[error(
        "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in the \
         following availability zones: {zones}."
    )]
    WrongZone { parameter: &'static str, value: String, zones: String },

    // === Security groups ===
    /// EC2-SG-404.
    #[error("The security group{} not exist", .0.plural())]
    GroupNotFound(Missing),
    #[error("The security group '{name}' does not exist in default VPC '{vpc}'")]
    GroupNameNotFound { name: String, vpc: VpcId },
    /// EC2-MALFORMED.
    #[error("The security group ID '{0}' is malformed")]
    GroupIdMalformed(String),
    /// EC2-SG-DUP.
    #[error("The security group '{name}' already exists for VPC '{vpc}'")]
    DuplicateGroup { name: String, vpc: VpcId },
    #[error("Cannot use reserved security group name: {0}")]
    ReservedGroupName(String),
    /// EC2-SG-DUP. Assumed: the text.
    #[error("Value ({0}) for parameter GroupName is invalid. Group names may not be in the format sg-*.")]
    GroupNameLikeId(String),
    /// Assumed: the text.
    #[error(
        "Value ({value}) for parameter {parameter} is invalid. Expecting 1 to 255 characters from the \
         following set: a-zA-Z0-9 ._-:/()#,@[]+=&;{{}}!$*"
    )]
    BadGroupText { parameter: &'static str, value: String },
    /// EC2-SG-LIMIT2. Assumed: the text.
    #[error("The maximum number of security groups has been reached.")]
    TooManyGroups,
    /// EC2-SG-DEL.
    #[error("resource {0} has a dependent object")]
    GroupInUse(SecurityGroupId),
    /// EC2-SG-DEL-DEFAULT.
    #[error("the specified group: \"{0}\" name: \"default\" cannot be deleted by a user")]
    DefaultGroup(SecurityGroupId),
    /// Assumed: the text.
    #[error("The parameter groupName cannot be used with the parameter groupId")]
    GroupIdAndName,

    // === Rules of security groups ===
    /// EC2-SG-RULE-MOD.
    #[error("The security group rule ID{} not exist", .0.plural())]
    RuleNotFound(Missing),
    /// EC2-SG-RULE-DUP.
    #[error("the specified rule \"{0}\" already exists")]
    DuplicateRule(String),
    #[error("The same permission must not appear multiple times")]
    RepeatedRule,
    /// EC2-SG-RULE-404. Assumed: the text.
    #[error("The specified rule does not exist in this security group.")]
    NoSuchRule,
    /// EC2-SG-LIMIT.
    #[error("The maximum number of rules per security group has been reached.")]
    TooManyRules,
    #[error("Invalid value '{0}' for IP protocol. Unknown protocol.")]
    UnknownProtocol(String),
    /// EC2-SG-RULE-MOD.
    #[error("Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")]
    NoProtocol,
    /// EC2-SG-RULE-MOD.
    #[error("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")]
    NoPorts,
    /// Assumed: the text.
    #[error("Invalid value '{0}' for port. Must be between 0 and 65535.")]
    BadPort(i32),
    /// Assumed: the text.
    #[error("Invalid {protocol} port range ({from} to {to})")]
    BackwardPorts { protocol: String, from: i32, to: i32 },
    /// Assumed: the text.
    #[error("Invalid value '{0}' for ICMP type or code. Must be between -1 and 255.")]
    BadIcmp(i32),
    #[error("CIDR block {0} is malformed")]
    MalformedCidr(String),
    /// Assumed: the text.
    #[error("The prefix list ID '{0}' does not exist")]
    PrefixListNotFound(String),
    /// Assumed: the text.
    #[error(
        "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
         set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
    )]
    BadRuleDescription,
    /// EC2-SG-RULE-MOD.
    #[error("The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId")]
    NoPeer,
    /// Assumed: the text.
    #[error("Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.")]
    NoPermissions,

    // === Network interfaces ===
    /// EC2-ENI-404.
    #[error("The networkInterface ID{} not exist", .0.plural())]
    InterfaceNotFound(Missing),
    /// EC2-ENI-NOIP.
    #[error("The specified subnet does not have enough free addresses to satisfy the request.")]
    SubnetFull,
    /// EC2-ENI-ADDR-OUT.
    #[error("Address {0} does not fall within the subnet's address range")]
    AddressOutside(Ipv4Addr),
    /// EC2-ENI-ADDR-RES. Assumed: the text.
    #[error("Address {0} is in subnet's reserved address range")]
    AddressReserved(Ipv4Addr),
    /// EC2-ENI-ADDR-USED.
    #[error("The specified address is already in use.")]
    AddressInUse,
    /// Assumed: the text.
    #[error("Invalid value '{0}' for private IP address. Must be an IPv4 address.")]
    NotAnAddress(String),
    /// Assumed: the text.
    #[error("Exactly one private IP address must be marked as primary.")]
    OnePrimaryAddress,
    /// Assumed: the text.
    #[error("The parameter {0} cannot be used with the parameter {1}")]
    NotTogether(&'static str, &'static str),
    /// EC2-ENI-SGVPC. Assumed for this operation: the code and the text are those of an operation that makes
    /// instances.
    #[error("You have specified two resources that belong to different networks.")]
    DifferentNetworks,
    /// EC2-ENI-SGMAX. Assumed: the text.
    #[error("The maximum number of security groups per interface has been reached.")]
    TooManyGroupsOnInterface,
    /// EC2-ENI-LIMIT. Assumed: the text.
    #[error("The maximum number of network interfaces has been reached.")]
    TooManyInterfaces,
    /// EC2-ENI-DEL-USED.
    #[error("Network interface '{0}' is currently in use.")]
    InterfaceInUse(NetworkInterfaceId),
    /// EC2-ENI-REQ. Assumed: the status.
    #[error("You do not have permission to access the specified resource.")]
    ManagedInterface,
    /// EC2-ENI-DETACH.
    #[error("You are not allowed to manage 'ela-attach' attachments.")]
    ServiceAttachment,
    /// EC2-ENI-DETACH0.
    #[error("The network interface at device index 0 and networkCard index 0 cannot be detached.")]
    PrimaryInterface,
    /// Assumed: the text.
    #[error("The interface attachment '{0}' does not exist.")]
    AttachmentNotFound(String),

    // === Gateways and the like ===
    /// EC2-RT-404. Assumed: the text.
    #[error("The routeTable ID{} not exist", .0.plural())]
    RouteTableNotFound(Missing),
    /// Assumed: the text.
    #[error("The networkAcl ID{} not exist", .0.plural())]
    NetworkAclNotFound(Missing),
    /// EC2-IGW-404. Assumed: the text.
    #[error("The internetGateway ID{} not exist", .0.plural())]
    InternetGatewayNotFound(Missing),
    /// Assumed: the text.
    #[error("The dhcpOption ID{} not exist", .0.plural())]
    DhcpOptionsNotFound(Missing),
    /// What the operations other than the describing one answer. Assumed for associating.
    #[error("The dhcpOptions ID '{0}' does not exist")]
    NoSuchDhcpOptions(String),
    #[error("The dhcpOptions '{0}' has dependencies and cannot be deleted.")]
    DhcpOptionsInUse(DhcpOptionsId),
    /// Assumed: the text.
    #[error("Value ({0}) for parameter key is invalid. Unknown DHCP option.")]
    UnknownDhcpKey(String),
    /// Assumed: the text and the code.
    #[error("The DHCP option {0} must have a value.")]
    NoDhcpValues(&'static str),
    /// Assumed: the text and the code.
    #[error("The DHCP option {key} can have at most {most} values.")]
    TooManyDhcpValues { key: &'static str, most: usize },

    // === Regions ===
    #[error("Invalid region names provided. The following region names are invalid: {0}")]
    RegionNotFound(String),
    #[error("Invalid availability zone: [{0}]")]
    ZoneNotFound(String),
}

impl Ec2Error {
    fn code(&self) -> &'static str {
        use Ec2Error as E;
        match self {
            E::NotBuilt(_) => NOT_BUILT,
            E::MissingParameter(_) | E::NoIpv6Block | E::NoPermissions | E::NoPeer => "MissingParameter",
            E::TooManyFilterValues(_) => "FilterLimitExceeded",
            E::BadToken(_) => "InvalidNextToken",
            E::TokenReused => "IdempotentParameterMismatch",
            E::TooManyTags => "TagLimitExceeded",
            E::UnknownResource(_) => "InvalidID",
            E::VpcNotFound(_) => "InvalidVpcID.NotFound",
            E::VpcRange(_) => "InvalidVpc.Range",
            E::TooManyVpcs => "VpcLimitExceeded",
            E::UnsupportedTenancy(_) => "UnsupportedTenancy",
            E::VpcInUse(_) | E::SubnetInUse(_) | E::GroupInUse(_) | E::DhcpOptionsInUse(_) => {
                "DependencyViolation"
            }
            E::NoDefaultVpc => "VPCIdNotSpecified",
            E::SubnetNotFound(_) => "InvalidSubnetID.NotFound",
            E::SubnetRange(_) => "InvalidSubnet.Range",
            E::SubnetConflict(_) => "InvalidSubnet.Conflict",
            E::TooManySubnets => "SubnetLimitExceeded",
            E::GroupNotFound(_) | E::GroupNameNotFound { .. } | E::DifferentNetworks => {
                "InvalidGroup.NotFound"
            }
            E::GroupIdMalformed(_) => "InvalidGroupId.Malformed",
            E::DuplicateGroup { .. } => "InvalidGroup.Duplicate",
            E::TooManyGroups => "SecurityGroupLimitExceeded",
            E::DefaultGroup(_) => "CannotDelete",
            E::RuleNotFound(_) => "InvalidSecurityGroupRuleId.NotFound",
            E::DuplicateRule(_) => "InvalidPermission.Duplicate",
            E::NoSuchRule => "InvalidPermission.NotFound",
            E::TooManyRules => "RulesPerSecurityGroupLimitExceeded",
            E::PrefixListNotFound(_) => "InvalidPrefixListID.NotFound",
            E::InterfaceNotFound(_) => "InvalidNetworkInterfaceID.NotFound",
            E::SubnetFull => "InsufficientFreeAddressesInSubnet",
            E::AddressInUse => "InvalidIPAddress.InUse",
            E::TooManyGroupsOnInterface => "SecurityGroupsPerInterfaceLimitExceeded",
            E::TooManyInterfaces => "NetworkInterfaceLimitExceeded",
            E::ManagedInterface => "AuthFailure",
            E::ServiceAttachment | E::PrimaryInterface => "OperationNotPermitted",
            E::AttachmentNotFound(_) => "InvalidAttachmentID.NotFound",
            E::RouteTableNotFound(_) => "InvalidRouteTableID.NotFound",
            E::NetworkAclNotFound(_) => "InvalidNetworkAclID.NotFound",
            E::InternetGatewayNotFound(_) => "InvalidInternetGatewayID.NotFound",
            E::DhcpOptionsNotFound(_) => "InvalidDhcpOptionID.NotFound",
            E::NoSuchDhcpOptions(_) => "InvalidDhcpOptionsID.NotFound",
            E::PagedIds(_)
            | E::ManyAttributes(_)
            | E::NoAttribute
            | E::GroupIdAndName
            | E::OnePrimaryAddress
            | E::NotTogether(..) => "InvalidParameterCombination",
            E::UnknownFilter(_)
            | E::PageTooSmall(_)
            | E::PageTooLarge(..)
            | E::BadClientToken(_)
            | E::NoTags
            | E::NoTagResourceType
            | E::WrongTagResourceType(_)
            | E::ReservedTag
            | E::BadTagKey
            | E::LongTagValue
            | E::NullTagValue
            | E::DuplicateTag(_)
            | E::NotACidr(_)
            | E::WrongZone { .. }
            | E::ReservedGroupName(_)
            | E::GroupNameLikeId(_)
            | E::BadGroupText { .. }
            | E::RepeatedRule
            | E::UnknownProtocol(_)
            | E::NoProtocol
            | E::NoPorts
            | E::BadPort(_)
            | E::BackwardPorts { .. }
            | E::BadIcmp(_)
            | E::MalformedCidr(_)
            | E::BadRuleDescription
            | E::AddressOutside(_)
            | E::AddressReserved(_)
            | E::NotAnAddress(_)
            | E::InterfaceInUse(_)
            | E::UnknownDhcpKey(_)
            | E::NoDhcpValues(_)
            | E::TooManyDhcpValues { .. }
            | E::RegionNotFound(_)
            | E::ZoneNotFound(_) => "InvalidParameterValue",
        }
    }

    /// The id of the rule behind the refusal.
    fn rule(&self) -> Option<&'static str> {
        use Ec2Error as E;
        Some(match self {
            E::NotBuilt(..) => return None,
            E::NoIpv6Block => "EC2-SUB-IPV6",
            E::MissingParameter(..) => "EC2-MISSING",
            E::UnknownFilter(..) | E::TooManyFilterValues(..) => "EC2-FILTER",
            E::PageTooSmall(..) => "EC2-PAGE-MIN",
            E::PageTooLarge(..) | E::PagedIds(..) => "EC2-PAGE",
            E::TokenReused => "EC2-IDEM",
            E::BadClientToken(..) => "EC2-IDEM-2",
            E::VpcNotFound(..) => "EC2-VPC-404",
            E::VpcRange(..) => "EC2-VPC-SIZE",
            E::NotACidr(..) => "EC2-VPC-BADCIDR",
            E::TooManyVpcs => "EC2-VPC-LIMIT",
            E::UnsupportedTenancy(..) => "EC2-VPC-TENANCY",
            E::VpcInUse(..) => "EC2-VPC-DEL",
            E::ManyAttributes(..) => "EC2-VPC-ATTR",
            E::SubnetNotFound(..) => "EC2-SUB-404",
            E::SubnetRange(..) => "EC2-SUB-RANGE",
            E::SubnetConflict(..) => "EC2-SUB-CONFLICT",
            E::TooManySubnets => "EC2-SUB-LIMIT",
            E::SubnetInUse(..) => "EC2-SUB-DEL",
            E::WrongZone { .. } => "EC2-BADVALUE",
            E::GroupNotFound(..) => "EC2-SG-404",
            E::GroupIdMalformed(..) => "EC2-MALFORMED",
            E::DuplicateGroup { .. } | E::GroupNameLikeId(..) => "EC2-SG-DUP",
            E::TooManyGroups => "EC2-SG-LIMIT2",
            E::GroupInUse(..) => "EC2-SG-DEL",
            E::DefaultGroup(..) => "EC2-SG-DEL-DEFAULT",
            E::RuleNotFound(..) | E::NoProtocol | E::NoPorts | E::NoPeer => "EC2-SG-RULE-MOD",
            E::DuplicateRule(..) => "EC2-SG-RULE-DUP",
            E::NoSuchRule => "EC2-SG-RULE-404",
            E::TooManyRules => "EC2-SG-LIMIT",
            E::InterfaceNotFound(..) => "EC2-ENI-404",
            E::SubnetFull => "EC2-ENI-NOIP",
            E::AddressOutside(..) => "EC2-ENI-ADDR-OUT",
            E::AddressReserved(..) => "EC2-ENI-ADDR-RES",
            E::AddressInUse => "EC2-ENI-ADDR-USED",
            E::DifferentNetworks => "EC2-ENI-SGVPC",
            E::TooManyGroupsOnInterface => "EC2-ENI-SGMAX",
            E::TooManyInterfaces => "EC2-ENI-LIMIT",
            E::InterfaceInUse(..) => "EC2-ENI-DEL-USED",
            E::ManagedInterface => "EC2-ENI-REQ",
            E::ServiceAttachment => "EC2-ENI-DETACH",
            E::PrimaryInterface => "EC2-ENI-DETACH0",
            E::RouteTableNotFound(..) => "EC2-RT-404",
            E::InternetGatewayNotFound(..) => "EC2-IGW-404",
            _ => return None,
        })
    }
}

impl From<Ec2Error> for Refused {
    fn from(error: Ec2Error) -> Self {
        let (code, because) = (error.code(), error.rule());
        Refused {
            code: code.into(),
            message: error.to_string(),
            status: if code == NOT_BUILT { 501 } else { 400 },
            because,
        }
    }
}
