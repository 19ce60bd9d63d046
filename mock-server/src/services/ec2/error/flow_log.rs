//! Refusals about flow logs.

use crate::services::refusal::refusals;
use std::fmt;

/// As in "[TotalCount: 2] a b".
#[derive(Debug, Clone, PartialEq)]
pub struct Counted(pub Vec<String>);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[TotalCount: {}] {}", self.0.len(), self.0.join(" "))
    }
}

refusals! {
    /// Why a flow log is refused.
    pub enum FlowLogError as "ec2-flow-log" {
        NotFound(ids: Counted) = "InvalidFlowLogId.NotFound" for "EC2-FL-404",
            assumed "These flow log ids in the input list are not found: {ids}";
        Malformed(id: String) = "InvalidParameterValue" for "EC2-MALFORMED",
            assumed "1 validation error detected: Value '{id}' at 'flowLogId' has an invalid format";
        /// Told of one resource of several, as are those after it.
        UnknownVpc(id: String) = "InvalidVpcId.NotFound" for "EC2-FL-RESOURCE",
            assumed "Unknown resource {id}";
        UnknownSubnet(id: String) = "InvalidSubnetId.NotFound" for "EC2-FL-RESOURCE",
            assumed "Unknown resource {id}";
        UnknownInterface(id: String) = "InvalidNetworkInterfaceId.NotFound" for "EC2-FL-RESOURCE",
            assumed "Unknown resource {id}";
        /// Told of each resource.
        NoSuchBucket(bucket: String) = "400" for "EC2-FL-BUCKET",
            text "LogDestination: {bucket} does not exist";
        /// The same.
        BucketDenied(bucket: String) = "400" for "EC2-FL-BUCKET-POLICY",
            text "Access Denied for LogDestination: {bucket}. Please check LogDestination permission";
        /// The same. Documented: the name, which may as well be the code.
        BucketPolicyFull(bucket: String) = "400" for "EC2-FL-BUCKET-POLICY",
            assumed "LogDestinationPermissionIssueException: the policy of {bucket} has no room for another grant";
        AlreadyExists = "FlowLogAlreadyExists" for "EC2-FL-DUP",
            assumed "Error. There is an existing Flow Log with the same configuration and log destination.";
        TwoDestinations = "InvalidParameter" for "EC2-FL-DEST",
            text "Please only provide LogGroupName or only provide LogDestination.";
        NoDestination = "InvalidParameter" for "EC2-FL-DEST",
            text "LogDestination can't be empty if LogGroupName is not provided.";
        GroupElsewhere = "InvalidParameter" for "EC2-FL-DEST",
            text "LogDestination type must be cloud-watch-logs if LogGroupName is provided.";
        OtherRegion = "InvalidParameter" for "EC2-FL-DEST",
            text "LogDestination must be in the same region as the API caller.";
        BadDestination(destination: String) = "InvalidParameter" for "EC2-FL-DEST",
            assumed "Invalid LogDestination: {destination}";
        BadGroupName(name: String) = "InvalidParameter" for "EC2-FL-DEST",
            assumed "Invalid LogGroupName: {name}";
        OptionsElsewhere = "InvalidParameter" for "EC2-FL-DEST",
            assumed "DestinationOptions are only applicable for s3 delivery";
        NoRole = "InvalidParameter" for "EC2-FL-ROLE",
            assumed "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.";
        RoleForBucket = "InvalidParameter" for "EC2-FL-ROLE",
            text "DeliverLogsPermissionArn is not applicable for s3 delivery";
        NotAssumable(role: String) = "InvalidParameter" for "EC2-FL-ROLE",
            text "Unable to assume given IAM role: '{role}'";
        CrossAccountRoles = "InvalidParameter" for "EC2-FL-ROLE",
            text "When providing a role for cross-account delivery, both the DeliverLogsPermissionArn and \
                 DeliverCrossAccountRole fields must be set.";
        BadFormat(format: String) = "InvalidParameterValue" for "EC2-FL-FORMAT",
            text "1 validation error detected: Value '{format}' at 'logFormat' has an invalid format";
        UnknownFields(fields: String) = "InvalidParameter" for "EC2-FL-FORMAT",
            assumed "Unknown fields provided: [{fields}]";
        BadInterval = "InvalidParameter" for "EC2-FL-INTERVAL",
            assumed "Invalid Flow Log Max Aggregation Interval";
        /// Documented: the numbers.
        TooMany { parameter: &'static str, most: usize } = "InvalidParameterValue" for "EC2-FL-MANY",
            assumed "Too many values for parameter {parameter}. The maximum is {most}.";
    }
}
