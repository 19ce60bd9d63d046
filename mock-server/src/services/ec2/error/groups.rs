//! What EC2 refuses about security groups, besides what [`super::Ec2Error`] has of them.

use crate::model::{SecurityGroupId, VpcId};
use crate::services::refusal::refusals;

refusals! {
    /// Why EC2 refuses something about security groups.
    pub enum GroupError as "ec2" {
        // === Rules ===
        InvalidGroupId(id: String) = "InvalidGroupId.Malformed" for "EC2-MALFORMED",
            text "Invalid id: \"{id}\" (expecting \"sg-...\")";
        InvalidRuleId(id: String) = "InvalidSecurityGroupRuleId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\" (expecting \"sgr-...\")";
        NoIcmpType = "InvalidParameterValue" for "EC2-SG-RULE-MOD",
            text "Invalid value for portRange. Must specify both from and to ports with ICMP.";
        CodeOfAllTypes(code: i32) = "InvalidParameterValue" for "EC2-SG-RULE-ICMP",
            assumed "Invalid ICMP code ({code}). All types (-1) have all codes (-1).";
        NoSourceGroup = "MissingParameter" for "EC2-SG-RULE-MOD",
            text "Source group ID missing.";
        ManyPeers = "InvalidParameterCombination" for "EC2-SG-RULE-MOD",
            text "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified";
        /// Assumed: the code, and the words for some kinds of peers.
        OtherPeer { given: &'static str, existing: &'static str }
            = "InvalidParameterValue" for "EC2-SG-RULE-KIND",
            text "You may not specify {given} for an existing {existing} rule.";

        // === Groups in further VPCs ===
        DefaultGroupElsewhere(id: SecurityGroupId) = "InvalidParameterValue" for "EC2-SG-VPC",
            assumed "The default security group {id} cannot be associated with another VPC";
        DefaultVpcForGuests(id: VpcId) = "InvalidParameterValue" for "EC2-SG-VPC",
            assumed "Security groups cannot be associated with the default VPC {id}, nor those of it with another";
        OwnVpc { group: SecurityGroupId, vpc: VpcId } = "InvalidParameterValue" for "EC2-SG-VPC",
            assumed "The security group {group} was created in {vpc}";
        AlreadyThere { group: SecurityGroupId, vpc: VpcId, state: &'static str }
            = "Resource.AlreadyAssociated" for "EC2-SG-VPC",
            assumed "The security group {group} is {state} with {vpc}";
        NoAssociation { group: SecurityGroupId, vpc: VpcId }
            = "InvalidSecurityGroupVpcAssociation.NotFound" for "EC2-SG-VPC",
            assumed "The security group {group} is not associated with {vpc}";
        CarriedThere { group: SecurityGroupId, vpc: VpcId } = "DependencyViolation" for "EC2-SG-VPC-USED",
            assumed "The security group {group} is in use by network interfaces in {vpc}";
    }
}
