//! Why EC2 refuses calls about network ACLs.
//!
//! Texts: answers of AWS in public issues of amazon.aws, terraform-provider-aws and cool-assessment-terraform.

use super::Missing;
use crate::model::{NetworkAclId, SubnetId};
use crate::services::refusal::refusals;

refusals! {
    /// Why EC2 refuses.
    pub enum NetworkAclError as "ec2" {
        NetworkAclNotFound(missing: Missing) = "InvalidNetworkAclID.NotFound" for "EC2-ACL-404",
            text "The networkAcl ID{missing} not exist";
        TooManyNetworkAcls = "NetworkAclLimitExceeded" for "EC2-ACL-LIMIT",
            assumed "The maximum number of network ACLs has been reached.";
        DefaultNetworkAcl(id: NetworkAclId) = "InvalidParameterValue" for "EC2-ACL-DEL",
            assumed "cannot delete default network ACL {id}";
        NetworkAclInUse(id: NetworkAclId) = "DependencyViolation" for "EC2-ACL-DEL",
            assumed "The network ACL '{id}' has dependencies and cannot be deleted.";
        AclAssociationNotFound(id: String) = "InvalidAssociationID.NotFound" for "EC2-ACL-ASSOC",
            text "The association ID '{id}' does not exist";
        /// Assumed: the code.
        AclOfOtherNetwork { acl: NetworkAclId, subnet: SubnetId } = "InvalidParameterValue" for "EC2-ACL-ASSOC",
            assumed "Network ACL {acl} and subnet {subnet} belong to different networks.";
        BadRuleNumber(number: i32) = "InvalidParameterValue" for "EC2-ACL-NUMBER",
            assumed "Value ({number}) for parameter ruleNumber is invalid. Rule numbers are between 1 and 32766.";
        DuplicateAclEntry(number: i32) = "NetworkAclEntryAlreadyExists" for "EC2-ACL-DUP",
            text "The network acl entry identified by {number} already exists.";
        /// Assumed: the end of the text.
        AclEntryNotFound { direction: &'static str, number: i32, acl: NetworkAclId }
            = "InvalidNetworkAclEntry.NotFound" for "EC2-ACL-ENTRY-404",
            assumed "no {direction} entry with number {number} in network ACL {acl}";
        TooManyAclEntries = "NetworkAclEntryLimitExceeded" for "EC2-ACL-ENTRIES",
            text "The maximum number of network acl entries has been reached.";
        IcmpCodeWithoutType = "InvalidParameterValue",
            assumed "Invalid value for icmpTypeCode. The code must be -1 if the type is -1.";
    }
}
