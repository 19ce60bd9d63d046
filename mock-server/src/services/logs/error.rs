//! The errors of CloudWatch Logs: one variant for each thing that it refuses, with its exact code and text.
//!
//! Texts: answers of AWS recorded in LocalStack's snapshots, and public issues of agents that write logs.

use crate::services::refusal::refusals;

refusals! {
    /// Why CloudWatch Logs refuses.
    pub enum LogsError as "logs" {
        GroupExists = "ResourceAlreadyExistsException",
            text "The specified log group already exists";
        StreamExists = "ResourceAlreadyExistsException",
            text "The specified log stream already exists";
        NoSuchGroup = "ResourceNotFoundException",
            text "The specified log group does not exist.";
        NoSuchStream = "ResourceNotFoundException",
            text "The specified log stream does not exist.";
        NoSuchResource = "ResourceNotFoundException",
            assumed "The specified resource does not exist.";
        ReservedName = "InvalidParameterException",
            text "Log groups starting with AWS/ are reserved for AWS.";
        Protected = "ValidationException",
            assumed "The specified log group has deletion protection enabled and cannot be deleted.";
        PrefixAndPattern = "InvalidParameterException",
            text "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
        IdentifiersAndMore = "InvalidParameterException",
            assumed "LogGroup identifiers cannot be combined with other filters.";
        NameAndIdentifier = "ValidationException",
            text "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
        NeitherNameNorIdentifier = "InvalidParameterException",
            assumed "Either LogGroup name or LogGroup ARN must be specified.";
        BadIdentifier { identifier: String } = "InvalidParameterException",
            assumed "Invalid log group identifier: {identifier}";
        NamesAndPrefix = "InvalidParameterException",
            assumed "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.";
        OrderWithPrefix = "InvalidParameterException",
            text "Cannot order by LastEventTime with a logStreamNamePrefix.";
        BadToken = "InvalidParameterException",
            text "The specified nextToken is invalid.";
        BadRange = "InvalidParameterException",
            assumed "startTime must not be later than endTime.";
        DescendingFromEarly = "InvalidParameterException",
            assumed "startFromHead can be false only if startTime is on or after 2024-01-01T00:00:00Z.";
        /// That the numbers are told so is assumed.
        BadRetention { days: i64, allowed: String } = "InvalidParameterException",
            assumed "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member \
                  must satisfy enum value set: [{allowed}]";
        RetentionOfDelivery = "InvalidParameterException",
            assumed "The retention of a log group of the Delivery class cannot be changed.";
        BadKey { key: String } = "InvalidParameterException",
            assumed "Specified KMS key is not an ARN of a key: {key}";
        NotChronological = "InvalidParameterException",
            text "Log events in a single PutLogEvents request must be in chronological order.";
        LongSpan = "InvalidParameterException",
            text "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
        BatchTooLarge { bytes: usize, limit: usize } = "InvalidParameterException",
            text "Upload too large: {bytes} bytes exceeds limit of {limit}";
        EventTooLarge { bytes: usize, limit: usize } = "InvalidParameterException",
            text "Log event too large: {bytes} bytes exceeds limit of {limit}";
        BadTerm { term: String } = "InvalidParameterException",
            text "Invalid character(s) in term '{term}'";
        Unclosed { open: char, close: char } = "InvalidParameterException",
            text "If a filter pattern starts with '{open}' it must end with '{close}'";
        BadPattern = "InvalidParameterException",
            text "Invalid filter pattern";
        TooManyTags = "TooManyTagsException",
            assumed "The resource can have no more than 50 tags.";
        ReservedTag { key: String } = "InvalidParameterException",
            assumed "Tag keys that start with aws: are reserved for AWS: {key}";
        NoSuchPolicy { name: String } = "ResourceNotFoundException",
            text "Policy with name [{name}] does not exist.";
        TooManyPolicies = "LimitExceededException",
            text "Resource limit exceeded.";
        MissingPolicyMember { member: &'static str } = "InvalidParameterException",
            assumed "{member} must be specified.";
        BadPolicy = "InvalidParameterException",
            assumed "The policy document is not valid JSON of a policy.";
        LongPolicy { limit: usize } = "InvalidParameterException",
            assumed "The policy document has more than {limit} characters.";
        /// Ours: one form of an operation.
        NotBuilt { what: &'static str } = "NotImplemented" 501,
            text "{what} is not implemented by this mock";
    }
}
