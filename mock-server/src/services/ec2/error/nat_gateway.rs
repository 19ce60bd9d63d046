//! Why EC2 refuses calls about NAT gateways.
//!
//! Texts: answers of AWS in public issues of terraform-provider-aws, hive and kops.

use crate::model::NatGatewayId;
use crate::services::refusal::refusals;
use std::net::Ipv4Addr;

refusals! {
    /// Why EC2 refuses.
    pub enum NatGatewayError as "ec2" {
        NatGatewayNotFound(id: String) = "NatGatewayNotFound" for "EC2-NAT-404",
            text "NAT gateway {id} was not found";
        NatGatewayMalformed(id: String) = "NatGatewayMalformed" for "EC2-MALFORMED",
            assumed "NAT gateway ID {id} is malformed";
        NatSubnetNotFound(id: String) = "InvalidSubnet" for "EC2-NAT-SUBNET",
            text "Subnet {id} was not found";
        TooManyNatGateways(most: usize) = "NatGatewayLimitExceeded" for "EC2-NAT-LIMIT",
            text "Performing this operation would exceed the limit of {most} NAT gateways";
        NatNeedsAddress = "MissingParameter" for "EC2-NAT-TYPE",
            assumed "The request must include the AllocationId parameter. Add the required parameter and retry the \
                    request.";
        NotForPrivateNat(parameter: &'static str) = "InvalidParameterCombination" for "EC2-NAT-TYPE",
            assumed "The parameter {parameter} cannot be used with a private NAT gateway";
        NotForPublicNat(parameter: &'static str) = "InvalidParameterCombination" for "EC2-NAT-TYPE",
            assumed "The parameter {parameter} cannot be used with a public NAT gateway";
        /// Assumed: that there must be as many.
        UnequalAddresses = "InvalidParameterCombination",
            assumed "The number of private IP addresses must be that of the allocation IDs";
        RepeatedAddress(address: String) = "InvalidParameterValue",
            assumed "Value ({address}) must not appear more than once";
        /// Assumed: the code.
        TooManyElasticOnNat(most: usize) = "AddressLimitExceeded" for "EC2-NAT-ADDRESSES",
            assumed "A NAT gateway can have at most {most} Elastic IP addresses";
        /// Assumed: the code.
        TooManyPrivateOnNat(most: usize) = "PrivateIpAddressLimitExceeded" for "EC2-NAT-ADDRESSES",
            assumed "A NAT gateway can have at most {most} private IP addresses";
        /// Assumed: the code.
        NatNotAvailable { id: NatGatewayId, state: &'static str } = "IncorrectState" for "EC2-NAT-STATE",
            assumed "NAT gateway {id} is {state}; its addresses can be changed when it is available";
        /// Assumed: the code.
        NatDrains(id: NatGatewayId) = "IncorrectState" for "EC2-NAT-STATE",
            assumed "NAT gateway {id} is letting addresses go; its addresses can be changed when that is done";
        PrimaryNatAddress(address: Ipv4Addr) = "InvalidParameterValue" for "EC2-NAT-PRIMARY",
            assumed "{address} is the primary address of the NAT gateway and cannot be removed";
        NotOnNat { address: String, id: NatGatewayId } = "InvalidParameterValue",
            assumed "{address} is not assigned to NAT gateway {id}";
    }
}
