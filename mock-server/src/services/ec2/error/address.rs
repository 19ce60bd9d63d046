//! Why EC2 refuses calls about Elastic IP addresses.
//!
//! Texts: answers of AWS in public issues of terraform, terraform-provider-aws, ansible, boto, vagrant-aws, bosh,
//! cloud-custodian and leftovers.

use super::Missing;
use crate::model::{AddressAssociationId, AllocationId, VpcId};
use crate::services::refusal::refusals;
use std::net::Ipv4Addr;

refusals! {
    /// Why EC2 refuses.
    pub enum AddressError as "ec2-address" {
        TooManyAddresses = "AddressLimitExceeded" for "EC2-EIP-LIMIT",
            text "The maximum number of addresses has been reached.";
        NotAVpcAddress(domain: String) = "InvalidParameterValue",
            assumed "Value ({domain}) for parameter domain is invalid. Addresses are for use in a VPC.";
        UnknownBorderGroup(group: String) = "InvalidParameterValue",
            assumed "Value ({group}) for parameter networkBorderGroup is invalid.";
        AllocationNotFound(missing: Missing) = "InvalidAllocationID.NotFound" for "EC2-EIP-404",
            text "The allocation ID{missing} not exist";
        AddressNotFound(address: String) = "InvalidAddress.NotFound" for "EC2-EIP-404",
            assumed "Address '{address}' not found.";
        NotAPublicAddress(address: String) = "InvalidParameterValue",
            text "Invalid value '{address}' for PublicIp. Not a valid IPv4 address";
        AddressOfOthers(address: String) = "AuthFailure" for "EC2-EIP-404",
            text "The address '{address}' does not belong to you.";
        AddressAssociationNotFound(id: String) = "InvalidAssociationID.NotFound" for "EC2-EIP-ASSOC-404",
            text "The association ID '{id}' does not exist";
        ReleaseById = "InvalidParameterValue" for "EC2-EIP-BY-ID",
            text "You must specify an allocation id when releasing a VPC elastic IP address";
        AssociateById = "InvalidParameterCombination" for "EC2-EIP-BY-ID",
            text "You must specify an allocation id when mapping an address to a VPC instance";
        DisassociateById = "InvalidParameterValue" for "EC2-EIP-BY-ID",
            text "You must specify an association id when unmapping an address from a VPC instance";
        NothingToAssociate = "MissingParameter",
            assumed "Invalid request, expect InstanceId/NetworkId parameter.";
        ManyInterfaces(id: String) = "InvalidInstanceID",
            assumed "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the \
                 operation instead.";
        NotOnInterface(address: String) = "InvalidParameterValue",
            assumed "The private IP address '{address}' is not assigned to the network interface.";
        AddressNeedsGateway(vpc: VpcId) = "Gateway.NotAttached" for "EC2-EIP-IGW",
            text "Network {vpc} is not attached to any internet gateway";
        AddressAlreadyAssociated { id: AllocationId, association: AddressAssociationId }
            = "Resource.AlreadyAssociated" for "EC2-EIP-USED",
            text "resource {id} is already associated with associate-id {association}";
        PublicAddressInUse(address: Ipv4Addr) = "InvalidIPAddress.InUse" for "EC2-EIP-INUSE",
            text "Address {address} is in use.";
        HasPtrRecord(id: AllocationId) = "InvalidAddress.PtrSet" for "EC2-EIP-PTR",
            text "The address with allocation id [{id}] cannot be released because it has a PTR record set.";
        NotADomainName(name: String) = "InvalidParameterValue",
            assumed "Value ({name}) for parameter domainName is invalid.";
    }
}
