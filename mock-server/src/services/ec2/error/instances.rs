//! What is refused of instances, images and instance types.

use super::{InstanceId, Missing, SecurityGroupId, SubnetId, VpcId};
use crate::services::refusal::refusals;
use std::net::Ipv4Addr;

refusals! {
    /// Why EC2 refuses something about instances.
    pub enum InstanceError as "ec2-instance" {
        InstanceNotFound(missing: Missing) = "InvalidInstanceID.NotFound" for "EC2-I-404",
            text "The instance ID{missing} not exist";
        InstanceMalformed(id: String) = "InvalidInstanceID.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\" (expecting \"i-...\")";
        NoInstances = "InvalidParameterCombination" for "EC2-I-NONE",
            text "No instances specified";

        // === Images and types ===
        ImageNotFound(id: String) = "InvalidAMIID.NotFound" for "EC2-AMI-404",
            text "The image id '[{id}]' does not exist";
        ImagesNotFound(ids: String) = "InvalidAMIID.NotFound" for "EC2-AMI-404",
            assumed "The image ids '[{ids}]' do not exist";
        ImageMalformed(id: String) = "InvalidAMIID.Malformed" for "EC2-MALFORMED",
            text "Invalid id: \"{id}\" (expecting \"ami-...\")";
        /// The code and the words before the name were seen in public logs.
        NoSuchParameter(name: String) = "SsmInvalidParameter",
            assumed "The following aliases are invalid: {name}";
        UnknownInstanceType(name: String) = "InvalidParameterValue" for "EC2-I-TYPE",
            text "Invalid value '{name}' for InstanceType.";
        InstanceTypesNotFound(names: String) = "InvalidInstanceType" for "EC2-I-TYPE",
            text "The following supplied instance types do not exist: [{names}]";
        OtherArchitecture { of_type: String, of_image: &'static str } = "InvalidParameterValue" for "EC2-I-ARCH",
            assumed "The architecture '{of_type}' of the specified instance type does not match the architecture \
                    '{of_image}' of the specified AMI.";

        // === Launching ===
        UserDataMalformed = "InvalidUserData.Malformed",
            text "Invalid BASE64 encoding of user data.";
        UserDataTooLong(most: usize) = "InvalidParameterValue",
            text "User data is limited to {most} bytes";
        BadCount { parameter: &'static str, value: i64 } = "InvalidParameterValue" for "EC2-I-COUNT",
            assumed "Value ({value}) for parameter {parameter} is invalid.";
        NoRoomForInstances(subnet: SubnetId) = "InsufficientFreeAddressesInSubnet" for "EC2-ENI-NOIP",
            text "There are not enough free addresses in subnet '{subnet}' to satisfy the requested number of \
                 instances.";
        InstanceAddressInUse(address: Ipv4Addr) = "InvalidIPAddress.InUse" for "EC2-ENI-ADDR-USED",
            text "Address {address} is in use.";
        GroupElsewhere { group: SecurityGroupId, subnet: SubnetId } = "InvalidParameter" for "EC2-ENI-SGVPC",
            text "Security group {group} and subnet {subnet} belong to different networks.";
        InterfacesAnd(other: &'static str) = "InvalidParameterCombination" for "EC2-I-ENI",
            text "Network interfaces and an instance-level {other} may not be specified on the same request";
        GroupNamesAndSubnet = "InvalidParameterCombination" for "EC2-I-GROUPS",
            assumed "The parameter groupName cannot be used with the parameter subnet";
        NoDeviceIndex = "InvalidParameterValue" for "EC2-I-ENI",
            text "Each network interface requires a device index.";
        NoPrimaryInterface = "InvalidParameterValue" for "EC2-I-ENI",
            text "When specifying network interfaces, you must include a device at index 0";
        DeviceIndexTwice(index: i32) = "InvalidParameterValue" for "EC2-I-ENI",
            assumed "More than one network interface is specified at device index {index}.";
        ExistingInterfaceAnd(other: &'static str) = "InvalidParameterCombination" for "EC2-I-ENI",
            assumed "A network interface ID and the parameter {other} may not be specified together";
        ExistingInterfaceForMany = "InvalidParameterCombination" for "EC2-I-ENI",
            assumed "Network interfaces specified by ID can be attached to one instance only";
        AddressForMany = "InvalidParameterCombination" for "EC2-I-ENI",
            assumed "A private IP address may not be specified for more than one instance";
        PublicAddressOfMany = "InvalidParameterCombination" for "EC2-I-PUBLIC",
            assumed "The associatePublicIPAddress parameter cannot be specified when launching with multiple network \
                 interfaces.";
        NoVpcForInstances = "VPCIdNotSpecified" for "EC2-I-DEFAULT",
            text "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.";
        NoDefaultSubnets(vpc: VpcId) = "MissingInput" for "EC2-I-DEFAULT",
            text "No subnets found for the default VPC '{vpc}'. Please specify a subnet.";
        NoDefaultSubnetIn(zone: String) = "InvalidInput" for "EC2-I-DEFAULT",
            text "No default subnet for availability zone: '{zone}'.";
        NoSuchZone(zone: String) = "InvalidParameterValue",
            assumed "Invalid Availability Zone ({zone})";
        SubnetInOtherZone { subnet: SubnetId, zone: String } = "InvalidParameterValue" for "EC2-I-ZONE",
            assumed "The subnet '{subnet}' is not in the availability zone '{zone}'.";
        InterfacesInZones = "InvalidParameterCombination" for "EC2-I-ZONE",
            assumed "The network interfaces of an instance must be in the same availability zone.";
        BadShutdownBehavior(behavior: String) = "InvalidParameterValue",
            assumed "Value ({behavior}) for parameter instanceInitiatedShutdownBehavior is invalid.";

        // === States ===
        TerminationProtected(id: InstanceId) = "OperationNotPermitted" for "EC2-I-PROTECTED",
            assumed "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance \
                 attribute and try again.";
        StopProtected(id: InstanceId) = "OperationNotPermitted" for "EC2-I-PROTECTED",
            assumed "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and \
                    try again.";
        NotStartable(id: InstanceId) = "IncorrectInstanceState" for "EC2-I-STATE",
            assumed "The instance '{id}' is not in a state from which it can be started.";
        NotStoppable(id: InstanceId) = "IncorrectInstanceState" for "EC2-I-STATE",
            assumed "This instance '{id}' is not in a state from which it can be stopped.";
        NotStopped(id: InstanceId) = "IncorrectInstanceState" for "EC2-I-STATE",
            assumed "The instance '{id}' is not in the 'stopped' state.";
        ManyInterfaces(id: InstanceId) = "InvalidInstanceID" for "EC2-I-MANY",
            assumed "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for \
                 the operation instead.";
        NoInterfaces(id: InstanceId) = "IncorrectInstanceState" for "EC2-I-STATE",
            assumed "The instance '{id}' is terminated.";
    }
}
