//! Typed ids: a prefix that the type knows, and hexadecimal digits.

use super::Txn;
use crate::kernel::{HexId, Rehome};

/// An id of one kind of resource.
pub trait Id: Copy + Ord {
    /// The prefix, without the dash.
    const PREFIX: &'static str;
    fn from_hex(hex: HexId) -> Self;
    fn hex(self) -> HexId;

    /// Reads `prefix-digits`; `None` if it is anything else.
    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix(Self::PREFIX)?.strip_prefix('-')?;
        HexId::parse(hex).map(Self::from_hex)
    }

    /// A new id, never given out before in this cell.
    fn mint(txn: &mut Txn<'_>) -> Self {
        Self::from_hex(HexId::long(txn.mint(Self::PREFIX)))
    }
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Rehome)]
        pub struct $name(HexId);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_hex(hex: HexId) -> Self {
                Self(hex)
            }
            fn hex(self) -> HexId {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!($prefix, "-"))?;
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

typed_ids! {
    VpcId = "vpc";
    SubnetId = "subnet";
    SecurityGroupId = "sg";
    SecurityGroupRuleId = "sgr";
    NetworkInterfaceId = "eni";
    AttachmentId = "eni-attach";
    /// Attachment of an interface that a service manages: no user may detach it.
    ServiceAttachmentId = "ela-attach";
    RouteTableId = "rtb";
    RouteTableAssociationId = "rtbassoc";
    NetworkAclId = "acl";
    NetworkAclAssociationId = "aclassoc";
    InternetGatewayId = "igw";
    DhcpOptionsId = "dopt";
    VpcCidrAssociationId = "vpc-cidr-assoc";
    SubnetCidrAssociationId = "subnet-cidr-assoc";
    SubnetCidrReservationId = "scr";
    EgressOnlyInternetGatewayId = "eigw";
    NatGatewayId = "nat";
    AllocationId = "eipalloc";
    AddressAssociationId = "eipassoc";
    VpcEndpointId = "vpce";
    /// Those of AWS have eight digits, those of customers seventeen.
    PrefixListId = "pl";
    VpcPeeringConnectionId = "pcx";
    FlowLogId = "fl";
    InstanceId = "i";
    /// What one call made: its instances belong together.
    ReservationId = "r";
    TransitGatewayId = "tgw";
    TransitGatewayAttachmentId = "tgw-attach";
    TransitGatewayRouteTableId = "tgw-rtb";
    VpnGatewayId = "vgw";
    NetworkInterfacePermissionId = "eni-perm";
    LaunchTemplateId = "lt";
    NetworkInsightsPathId = "nip";
    NetworkInsightsAnalysisId = "nia";
}
