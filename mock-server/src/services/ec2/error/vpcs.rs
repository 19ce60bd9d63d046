//! What EC2 refuses about the blocks of VPCs and subnets, default VPCs and subnets, attributes of subnets, and ranges
//! that are set aside.

use super::Missing;
use crate::model::{SubnetCidrAssociationId, SubnetId, VpcCidrAssociationId, VpcId};
use crate::services::refusal::refusals;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

refusals! {
    /// See the module.
    pub enum VpcError as "ec2" {
        // === Blocks of VPCs ===
        RestrictedCidr(cidr: Ipv4Net) = "InvalidVpc.Range" for "EC2-VPC-CIDR-RESTRICTED",
            text "The CIDR '{cidr}' is restricted. Use a CIDR from the same private address range as the current \
                 VPC CIDR, or use a publicly-routable CIDR. For additional restrictions, see \
                 https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html";
        /// Assumed: the text and the code.
        CidrConflict(cidr: Ipv4Net) = "InvalidVpc.Range" for "EC2-VPC-CIDR-CONFLICT",
            assumed "The CIDR '{cidr}' conflicts with another CIDR block of the VPC";
        /// Assumed: the text and the code.
        CidrHoldsRoute { cidr: Ipv4Net, destination: IpNet } = "InvalidVpc.Range" for "EC2-VPC-CIDR-CONFLICT",
            assumed "The CIDR '{cidr}' conflicts with a route to {destination}";
        TooManyCidrs { vpc: VpcId, most: usize } = "CidrLimitExceeded" for "EC2-VPC-CIDRS",
            text "This network {vpc} has met its maximum number of allowed CIDRs: {most}";
        NoCidr = "MissingParameter" for "EC2-MISSING",
            assumed "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.";
        BothCidrs = "InvalidParameterCombination",
            assumed "The parameter cidrBlock cannot be used with the parameter amazonProvidedIpv6CidrBlock";
        CidrAssociationNotFound(id: String) = "InvalidVpcCidrBlockAssociationID.NotFound" for "EC2-VPC-CIDR-404",
            assumed "The vpc CIDR block association ID '{id}' does not exist";
        PrimaryCidr(id: VpcCidrAssociationId) = "OperationNotPermitted" for "EC2-VPC-CIDR-PRIMARY",
            assumed "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 \
                    CIDR block of the VPC";
        CidrInUse { vpc: VpcId, cidr: IpNet } = "InvalidCidrBlock.InUse" for "EC2-VPC-CIDR-USED",
            text "The vpc {vpc} currently has a subnet within CIDR block {cidr}";

        // === Tenancy, default VPCs and subnets ===
        TenancyUnchangeable(vpc: VpcId) = "InvalidTenancy" for "EC2-VPC-TENANCY",
            assumed "The tenancy of VPC {vpc} is default and cannot be modified.";
        DefaultVpcExists = "DefaultVpcAlreadyExists" for "EC2-VPC-DEFAULT",
            assumed "A Default VPC already exists for this account in this region.";
        DefaultVpcMissing = "DefaultVpcDoesNotExist" for "EC2-SUB-DEFAULT",
            assumed "No default VPC exists for this account in this region.";
        DefaultSubnetExists { subnet: SubnetId, zone: &'static str }
            = "DefaultSubnetAlreadyExistsInAvailabilityZone" for "EC2-SUB-DEFAULT",
            assumed "'{subnet}' is already the default subnet in {zone}.";
        /// Assumed: the text and the code.
        NoRoomInVpc(vpc: VpcId) = "InvalidSubnet.Conflict" for "EC2-SUB-DEFAULT",
            assumed "There is no free CIDR block for a default subnet in {vpc}";

        // === Blocks of subnets ===
        NotAnIpv6Cidr(text: String) = "InvalidParameterValue" for "EC2-SUB-IPV6-RANGE",
            text "invalid value for parameter ipv6-cidr-block: {text}";
        Ipv6Range(cidr: Ipv6Net) = "InvalidSubnet.Range" for "EC2-SUB-IPV6-RANGE",
            text "The IPv6 CIDR '{cidr}' is invalid.";
        Ipv6Conflict(cidr: Ipv6Net) = "InvalidSubnet.Conflict" for "EC2-SUB-CONFLICT",
            assumed "The IPv6 CIDR '{cidr}' conflicts with another subnet";
        NativeWithIpv4 = "InvalidParameterCombination" for "EC2-COMBO",
            text "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.";
        OutpostNotFound(arn: String) = "InvalidParameterValue" for "EC2-BADVALUE",
            assumed "Value ({arn}) for parameter outpostArn is invalid. The Outpost does not exist.";
        /// Assumed: the text and the code.
        SubnetHasIpv6(subnet: SubnetId) = "CidrLimitExceeded" for "EC2-SUB-IPV6-ONE",
            assumed "This subnet {subnet} has met its maximum number of allowed CIDRs: 1";
        SubnetAssociationNotFound(id: String) = "InvalidSubnetCidrBlockAssociationID.NotFound"
            for "EC2-SUB-CIDR-404",
            assumed "The subnet CIDR block with association ID '{id}' does not exist";
        SubnetAssociationMalformed(id: String) = "InvalidSubnetCidrBlockAssociationId.Malformed"
            for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\" (expecting \"subnet-cidr-assoc-...\")";
        SubnetCidrAssigned(id: SubnetCidrAssociationId) = "InvalidCidrBlock.InUse" for "EC2-SUB-CIDR-USED",
            text "The subnet IPv6 CIDR block with association ID {id} may not be disassociated, because its subnet \
                 has assign-ipv6-address-on-creation set to true.";
        SubnetCidrReserved(id: SubnetCidrAssociationId) = "InvalidCidrBlock.InUse" for "EC2-SUB-CIDR-USED",
            assumed "The subnet IPv6 CIDR block with association ID {id} may not be disassociated, because its \
                    subnet has a CIDR reservation in it.";

        // === Attributes of subnets ===
        ManySubnetAttributes(names: String) = "InvalidParameterCombination" for "EC2-SUB-ATTR",
            text "Only one subnet attribute can be modified at a time. Provided attributes: [{names}]";
        NothingToAssign(subnet: SubnetId) = "InvalidParameterValue" for "EC2-SUB-ASSIGN",
            text "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set \
                 assign-ipv6-address-on-creation to true unless the subnet ({subnet}) has an IPv6 CIDR block \
                 associated with it.";
        NativeHasToAssign(subnet: SubnetId) = "InvalidParameterValue" for "EC2-SUB-ASSIGN",
            assumed "Invalid value 'false' for assign-ipv6-address-on-creation. The subnet ({subnet}) is for IPv6 \
                    only.";
        NativeHostnames(subnet: SubnetId) = "InvalidParameterValue" for "EC2-SUB-NAMES",
            assumed "Invalid value 'ip-name' for private-dns-hostname-type-on-launch. The subnet ({subnet}) is for \
                    IPv6 only.";
        NotOnAnOutpost { parameter: &'static str, subnet: SubnetId } = "InvalidParameterValue"
            for "EC2-SUB-OUTPOST",
            assumed "The parameter {parameter} is not supported for subnet {subnet}, which is not on an Outpost.";

        // === Ranges set aside ===
        ReservationNotFound(missing: Missing) = "InvalidSubnetCidrReservationID.NotFound" for "EC2-SUB-RES-404",
            assumed "The subnet-cidr-reservation ID{missing} not exist";
        NotAReservation(text: String) = "InvalidParameterValue" for "EC2-SUB-RES-RANGE",
            assumed "Value ({text}) for parameter cidr is invalid. This is not a valid CIDR block.";
        ReservationOutside(block: String) = "InvalidParameterValue" for "EC2-SUB-RES-RANGE",
            assumed "Reservation CIDR should be within subnet CIDR block ({block})";
        ReservationOverlap(cidr: IpNet) = "InvalidParameterValue" for "EC2-SUB-RES-RANGE",
            assumed "Reservation CIDR {cidr} has overlap with existing reserved CIDR block";
    }
}
