"""The table of EC2's rules: paths and analyses of Reachability Analyzer."""

from ec2_rules import HEX, behaves, refusal

PATH, ANALYSIS = f"nip-{HEX}", f"nia-{HEX}"


def a_path(**more):
    def given(w):
        path = {"Source": w.interface, "Destination": w.gateway, "Protocol": "tcp", "ClientToken": "token"}
        return {member: value for member, value in {**path, **more}.items() if value is not None}
    return given


def analysed(w):
    """A path with an analysis."""
    w.path = w.one("CreateNetworkInsightsPath", **a_path()(w))["NetworkInsightsPathId"]
    w("StartNetworkInsightsAnalysis", NetworkInsightsPathId=w.path, ClientToken="token")


refusal("EC2-NIP-404", "DescribeNetworkInsightsPaths", {"NetworkInsightsPathIds": [PATH]},
        "InvalidNetworkInsightsPathId.NotFound", f"The networkInsightsPath ID '{PATH}' does not exist")
refusal("EC2-NIP-404", "StartNetworkInsightsAnalysis", {"NetworkInsightsPathId": PATH, "ClientToken": "token"},
        "InvalidNetworkInsightsPathId.NotFound", f"The networkInsightsPath ID '{PATH}' does not exist")
refusal("EC2-NIA-404", "DeleteNetworkInsightsAnalysis", {"NetworkInsightsAnalysisId": ANALYSIS},
        "InvalidNetworkInsightsAnalysisId.NotFound", f"The networkInsightsAnalysis ID '{ANALYSIS}' does not exist")
refusal("EC2-NIP-END", "CreateNetworkInsightsPath", a_path(Source=f"eni-{HEX}"), "NetworkInsightsSource.NotFound",
        f"The source 'eni-{HEX}' does not exist")
refusal("EC2-NIP-END", "CreateNetworkInsightsPath", a_path(Destination=f"vpce-{HEX}"),
        "NetworkInsightsDestination.NotFound", f"The destination 'vpce-{HEX}' does not exist")
refusal("EC2-NIP-DEST", "CreateNetworkInsightsPath", a_path(Destination=None, DestinationIp="10.0.0.1"),
        "MissingParameter",
        "The request must include either the Destination parameter or the FilterAtSource.DestinationAddress parameter. "
        "Add the required parameter and retry the request.")
refusal("EC2-NIP-FILTER", "CreateNetworkInsightsPath",
        a_path(DestinationPort=443, FilterAtSource={"SourceAddress": "10.0.0.1"}), "InvalidParameterCombination",
        "You cannot specify both FilterAtSource and DestinationPort.")
refusal("EC2-NIP-USED", "DeleteNetworkInsightsPath", lambda w: {"NetworkInsightsPathId": w.path},
        "AnalysisExistsForNetworkInsightsPath",
        "An analysis exists for the networkInsightsPath '{w.path}'. Delete its analyses first.", before=analysed)
refusal("EC2-NIA-FILTER", "StartNetworkInsightsAnalysis",
        lambda w: {"NetworkInsightsPathId": w.path, "ClientToken": "other", "FilterInArns": ["igw"]},
        "InvalidParameterValue", "Value (igw) for parameter filterInArns is invalid. It is not an ARN.",
        before=analysed)


@behaves("EC2-NIP-USED")
def without_analyses_it_goes(w):
    analysed(w)
    (analysis,) = w.one("DescribeNetworkInsightsAnalyses", NetworkInsightsPathId=w.path)
    w("DeleteNetworkInsightsAnalysis", NetworkInsightsAnalysisId=analysis["NetworkInsightsAnalysisId"])
    assert w("DeleteNetworkInsightsPath", NetworkInsightsPathId=w.path) == {"NetworkInsightsPathId": w.path}
    assert w.one("DescribeNetworkInsightsPaths") == []
