//! What is refused of network interfaces, their attachments and their addresses.

use super::{InstanceId, Missing, NetworkInterfaceId, SubnetId};
use crate::services::refusal::refusals;
use std::net::{Ipv4Addr, Ipv6Addr};

refusals! {
    /// Why EC2 refuses something about interfaces.
    pub enum InterfaceError as "ec2-interface" {
        // === Attachments ===
        InterfaceAttached(id: NetworkInterfaceId) = "InvalidNetworkInterface.InUse" for "EC2-ENI-ATTACH-USED",
            text "Interface: [{id}] in use.";
        DeviceIndexUsed { instance: InstanceId, index: i32 } = "InvalidParameterValue" for "EC2-ENI-ATTACH-INDEX",
            text "Instance '{instance}' already has an interface attached at device index '{index}'.";
        TooManyAttachments { count: usize, instance_type: &'static str }
            = "AttachmentLimitExceeded" for "EC2-ENI-ATTACH-LIMIT",
            text "Interface count {count} exceeds the limit for {instance_type}";
        InterfaceElsewhere = "InvalidParameterCombination" for "EC2-ENI-ATTACH-ZONE",
            assumed "You may not attach a network interface to an instance if they are not in the same \
                    availability zone";
        NoSuchNetworkCard { card: i32, instance_type: &'static str } = "InvalidParameterValue",
            assumed "Invalid network card index {card} for {instance_type}";
        BadDeviceIndex(index: i32) = "InvalidParameterValue",
            assumed "Invalid device index {index}";
        NotAttachable(id: InstanceId) = "IncorrectInstanceState" for "EC2-ENI-ATTACH-STATE",
            assumed "The instance '{id}' is not in a state in which a network interface can be attached.";
        TooManyEfas { most: usize, instance_type: &'static str } = "AttachmentLimitExceeded" for "EC2-ENI-EFA",
            assumed "EFA interface count exceeds the limit {most} for {instance_type}";

        // === Addresses ===
        TooManyAddresses = "PrivateIpAddressLimitExceeded" for "EC2-ENI-ADDR-LIMIT",
            text "Number of private addresses will exceed limit.";
        /// Assumed: the code too.
        TooManyIpv6Addresses = "PrivateIpAddressLimitExceeded" for "EC2-ENI-ADDR-LIMIT",
            assumed "Number of IPv6 addresses will exceed limit.";
        NoPrefix = "InvalidParameterValue" for "EC2-ENI-NOIP2",
            text "There aren't sufficient free Ipv4 addresses or prefixes";
        NoWholePrefix = "InsufficientCidrBlocks" for "EC2-ENI-NOIP2",
            text "The specified subnet does not have enough free cidr blocks to satisfy the request.";
        BadPrefix(prefix: String) = "InvalidParameterValue",
            assumed "Value ({prefix}) for parameter prefix is invalid. Expecting a /28 of IPv4 or a /80 of IPv6 \
                    within the subnet.";
        PrefixInUse(prefix: String) = "InvalidParameterValue",
            assumed "Prefix {prefix} is not available in the subnet";
        AlreadyAssigned(address: Ipv4Addr) = "InvalidParameterValue" for "EC2-ENI-REASSIGN",
            assumed "[{address}] is already assigned but reassignment is not allowed.";
        PrimaryAddressMoved(address: Ipv4Addr) = "InvalidParameterValue" for "EC2-ENI-REASSIGN",
            assumed "[{address}] is the primary address of an interface and cannot be reassigned.";
        NotAssigned { addresses: String, interface: NetworkInterfaceId } = "InvalidParameterValue",
            assumed "Some of [{addresses}] are not assigned to interface {interface}";
        PrimaryAddressKept(address: Ipv4Addr) = "InvalidParameterValue" for "EC2-ENI-PRIMARY",
            assumed "The primary address {address} of an interface cannot be unassigned.";
        NoAddresses(parameters: &'static str) = "MissingParameter",
            assumed "Either {parameters} should be provided.";
        NoIpv6(subnet: SubnetId) = "InvalidParameterValue" for "EC2-ENI-IPV6",
            assumed "The subnet '{subnet}' has no IPv6 CIDR block associated with it.";
        NotAnIpv6Address(text: String) = "InvalidParameterValue",
            assumed "Invalid value '{text}' for IPv6 address.";
        Ipv6Outside(address: Ipv6Addr) = "InvalidParameterValue" for "EC2-ENI-ADDR-OUT",
            assumed "Address {address} does not fall within the subnet's address range";
        Ipv6Reserved(address: Ipv6Addr) = "InvalidParameterValue" for "EC2-ENI-ADDR-RES",
            assumed "Address {address} is in subnet's reserved address range";
        PrimaryIpv6 = "InvalidParameterValue" for "EC2-ENI-IPV6-PRIMARY",
            assumed "The primary IPv6 address of a network interface cannot be disabled or unassigned.";
        NoIpv6Address = "InvalidParameterValue" for "EC2-ENI-IPV6-PRIMARY",
            assumed "The network interface has no IPv6 address that could be its primary one.";

        // === Attributes ===
        UnknownInterfaceType(kind: String) = "InvalidParameterValue" for "EC2-ENI-TYPE",
            assumed "Value ({kind}) for parameter interfaceType is invalid. Expecting interface, efa, efa-only or \
                    trunk.";
        NoAddressesWanted = "InvalidParameterCombination" for "EC2-ENI-TYPE",
            assumed "Network interfaces of type efa-only do not support IP addresses.";
        BadTimeout { parameter: &'static str, value: i32, least: i32, most: i32 }
            = "InvalidParameterValue" for "EC2-ENI-TRACKING",
            assumed "Value ({value}) for parameter {parameter} is invalid. Expecting {least} to {most} seconds.";

        // === Permissions ===
        PermissionNotFound(missing: Missing) = "InvalidNetworkInterfacePermissionID.NotFound",
            assumed "The networkInterfacePermission ID{missing} not exist";
        NotAnAccount(account: String) = "InvalidParameterValue",
            assumed "Value ({account}) for parameter awsAccountId is invalid. Expecting an account id.";
        ServicePermission = "InvalidParameterValue",
            assumed "The parameter awsService is currently not supported.";
    }
}
