//! Refusals about paths and analyses of Reachability Analyzer.
//!
//! Codes: the public sources of CloudFormation's handlers for these resources list what the operations answer.

use crate::model::NetworkInsightsPathId;
use crate::services::ec2::error::Missing;
use crate::services::refusal::refusals;

refusals! {
    /// Why EC2 refuses something about paths.
    pub enum InsightsError as "ec2-insights" {
        PathNotFound(missing: Missing) = "InvalidNetworkInsightsPathId.NotFound" for "EC2-NIP-404",
            assumed "The networkInsightsPath ID{missing} not exist";
        PathMalformed(id: String) = "InvalidNetworkInsightsPathId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\"";
        AnalysisNotFound(missing: Missing) = "InvalidNetworkInsightsAnalysisId.NotFound" for "EC2-NIA-404",
            assumed "The networkInsightsAnalysis ID{missing} not exist";
        AnalysisMalformed(id: String) = "InvalidNetworkInsightsAnalysisId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\"";
        SourceNotFound(id: String) = "NetworkInsightsSource.NotFound" for "EC2-NIP-END",
            assumed "The source '{id}' does not exist";
        DestinationNotFound(id: String) = "NetworkInsightsDestination.NotFound" for "EC2-NIP-END",
            assumed "The destination '{id}' does not exist";
        NoEnd { parameter: &'static str, id: String } = "InvalidParameterValue" for "EC2-NIP-END",
            assumed "Value ({id}) for parameter {parameter} is invalid. It is not the ID or ARN of a supported resource.";
        EndElsewhere { parameter: &'static str, arn: String } = "InvalidParameterValue" for "EC2-NIP-END",
            assumed "Value ({arn}) for parameter {parameter} is invalid. The resource must be in the Region of the request.";
        NoDestination = "MissingParameter" for "EC2-NIP-DEST",
            text "The request must include either the Destination parameter or the FilterAtSource.DestinationAddress \
                 parameter. Add the required parameter and retry the request.";
        /// Documented: the rule.
        TwoWays { filter: &'static str, parameter: &'static str } = "InvalidParameterCombination" for "EC2-NIP-FILTER",
            assumed "You cannot specify both {filter} and {parameter}.";
        BadAddress(address: String) = "InvalidParameterValue" for "EC2-NIP-FILTER",
            assumed "Value ({address}) is not a valid IPv4 address.";
        BadPorts { from: i64, to: i64 } = "InvalidParameterValue" for "EC2-NIP-FILTER",
            assumed "Invalid port range: {from}-{to}";
        AnalysisExists(path: NetworkInsightsPathId) = "AnalysisExistsForNetworkInsightsPath" for "EC2-NIP-USED",
            assumed "An analysis exists for the networkInsightsPath '{path}'. Delete its analyses first.";
        BadArn { parameter: &'static str, arn: String } = "InvalidParameterValue" for "EC2-NIA-FILTER",
            assumed "Value ({arn}) for parameter {parameter} is invalid. It is not an ARN.";
        BadAccount(account: String) = "InvalidParameterValue" for "EC2-NIA-FILTER",
            assumed "Value ({account}) for parameter additionalAccounts is invalid. It is not an account ID.";
        TooManyPaths(most: usize) = "NetworkInsightsPath.LimitExceeded" for "EC2-NIP-LIMIT",
            assumed "You have reached the limit of {most} network insights paths.";
        TooManyAnalyses(most: usize) = "NetworkInsightsAnalysis.LimitExceeded" for "EC2-NIP-LIMIT",
            assumed "You have reached the limit of {most} network insights analyses.";
        TooManyRunning(most: usize) = "NetworkInsightsAnalysis.LimitExceeded" for "EC2-NIP-LIMIT",
            assumed "You have reached the limit of {most} concurrent network insights analyses.";
    }
}
