//! The refusals of paths and analyses of Reachability Analyzer.

use super::super::harness::{Lab, text};
use super::super::insights::analysis::{
    DeleteNetworkInsightsAnalysis, DescribeNetworkInsightsAnalyses, StartNetworkInsightsAnalysis,
};
use super::super::insights::{CreateNetworkInsightsPath, DeleteNetworkInsightsPath};
use super::{Describe, Seen, with};
use crate::model::{InsightsPath, Profile};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LOST: &str = "nip-0123456789abcdef0";
const LOST_ANALYSIS: &str = "nia-0123456789abcdef0";

pub(super) fn insights() -> BTreeSet<String> {
    let lab = Lab::new();
    lab.change(|state| state.profile = Profile::Realistic);
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let (source, destination) = (lab.interface(&subnet, &[]), lab.interface(&subnet, &[]));
    let all = json!({ "Source": source, "Destination": destination, "Protocol": "tcp" });
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    paths(&mut seen, &all);
    let path = text(
        &lab.write::<CreateNetworkInsightsPath>(all.clone())["NetworkInsightsPath"]["NetworkInsightsPathId"],
    );
    analyses(&mut seen, &path);
    lab.change(|state| state.quotas.insights_paths = 1);
    seen.write::<CreateNetworkInsightsPath>(
        all,
        "NetworkInsightsPath.LimitExceeded",
        "You have reached the limit of 1 network insights paths.",
    );
    let start = json!({ "NetworkInsightsPathId": path });
    lab.write::<StartNetworkInsightsAnalysis>(start.clone());
    seen.write::<DeleteNetworkInsightsPath>(
        start.clone(),
        "AnalysisExistsForNetworkInsightsPath",
        &format!("An analysis exists for the networkInsightsPath '{path}'. Delete its analyses first."),
    );
    lab.change(|state| state.quotas.concurrent_insights_analyses = 1);
    seen.write::<StartNetworkInsightsAnalysis>(
        start.clone(),
        "NetworkInsightsAnalysis.LimitExceeded",
        "You have reached the limit of 1 concurrent network insights analyses.",
    );
    lab.change(|state| state.quotas.insights_analyses = 1);
    seen.write::<StartNetworkInsightsAnalysis>(
        start,
        "NetworkInsightsAnalysis.LimitExceeded",
        "You have reached the limit of 1 network insights analyses.",
    );
    seen.names
}

fn paths(seen: &mut Seen<'_>, all: &Value) {
    let given = |more: Value| with(all.clone(), more);
    seen.write::<CreateNetworkInsightsPath>(
        given(json!({ "Source": "eni-0123456789abcdef0" })),
        "NetworkInsightsSource.NotFound",
        "The source 'eni-0123456789abcdef0' does not exist",
    );
    seen.write::<CreateNetworkInsightsPath>(
        given(json!({ "Destination": "arn:aws:ec2:us-east-1:123456789012:vpc-endpoint/vpce-0123456789abcdef0" })),
        "NetworkInsightsDestination.NotFound",
        "The destination 'vpce-0123456789abcdef0' does not exist",
    );
    for id in ["sg-0123456789abcdef0", "x", "arn:aws:ec2:us-east-1:x:instance"] {
        seen.value::<CreateNetworkInsightsPath>(
            given(json!({ "Source": id })),
            &format!(
                "Value ({id}) for parameter source is invalid. It is not the ID or ARN of a supported resource."
            ),
        );
    }
    let elsewhere = "arn:aws:ec2:eu-west-1:123456789012:internet-gateway/igw-0123456789abcdef0";
    seen.value::<CreateNetworkInsightsPath>(
        given(json!({ "Destination": elsewhere })),
        &format!(
            "Value ({elsewhere}) for parameter destination is invalid. The resource must be in the Region of the request."
        ),
    );
    seen.write::<CreateNetworkInsightsPath>(
        given(json!({ "Destination": null, "DestinationIp": "10.0.0.1" })),
        "MissingParameter",
        "The request must include either the Destination parameter or the FilterAtSource.DestinationAddress parameter. Add the required parameter and retry the request.",
    );
    for (more, filter, parameter) in [
        (json!({ "FilterAtSource": {}, "SourceIp": "10.0.0.1" }), "FilterAtSource", "SourceIp"),
        (json!({ "FilterAtSource": {}, "DestinationPort": 1 }), "FilterAtSource", "DestinationPort"),
        (
            json!({ "FilterAtDestination": {}, "DestinationIp": "10.0.0.1" }),
            "FilterAtDestination",
            "DestinationIp",
        ),
    ] {
        seen.write::<CreateNetworkInsightsPath>(
            given(more),
            "InvalidParameterCombination",
            &format!("You cannot specify both {filter} and {parameter}."),
        );
    }
    seen.value::<CreateNetworkInsightsPath>(
        given(json!({ "SourceIp": "10.0.0.256" })),
        "Value (10.0.0.256) is not a valid IPv4 address.",
    );
    seen.value::<CreateNetworkInsightsPath>(
        given(json!({ "FilterAtSource": { "DestinationPortRange": { "FromPort": 2, "ToPort": 1 } } })),
        "Invalid port range: 2-1",
    );
    seen.read::<Describe<InsightsPath>>(
        json!({ "NetworkInsightsPathIds": [LOST] }),
        "InvalidNetworkInsightsPathId.NotFound",
        &format!("The networkInsightsPath ID '{LOST}' does not exist"),
    );
    seen.write::<DeleteNetworkInsightsPath>(
        json!({ "NetworkInsightsPathId": "path" }),
        "InvalidNetworkInsightsPathId.Malformed",
        "Invalid id: \"path\"",
    );
}

fn analyses(seen: &mut Seen<'_>, path: &str) {
    let start = |more: Value| with(json!({ "NetworkInsightsPathId": path }), more);
    seen.value::<StartNetworkInsightsAnalysis>(
        start(json!({ "FilterInArns": ["igw-1"] })),
        "Value (igw-1) for parameter filterInArns is invalid. It is not an ARN.",
    );
    seen.value::<StartNetworkInsightsAnalysis>(
        start(json!({ "AdditionalAccounts": ["me"] })),
        "Value (me) for parameter additionalAccounts is invalid. It is not an account ID.",
    );
    seen.read::<DescribeNetworkInsightsAnalyses>(
        json!({ "NetworkInsightsAnalysisIds": [LOST_ANALYSIS] }),
        "InvalidNetworkInsightsAnalysisId.NotFound",
        &format!("The networkInsightsAnalysis ID '{LOST_ANALYSIS}' does not exist"),
    );
    seen.write::<DeleteNetworkInsightsAnalysis>(
        json!({ "NetworkInsightsAnalysisId": path }),
        "InvalidNetworkInsightsAnalysisId.Malformed",
        &format!("Invalid id: \"{path}\""),
    );
}
