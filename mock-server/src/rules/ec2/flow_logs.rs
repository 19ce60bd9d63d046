//! Flow logs.

use super::Basis::{Documented, Observed};
use super::{API, Ec2Rule, LOGS, rule};

const FLOW_LOGS: &str = "Amazon VPC User Guide, flow logs";

pub(super) const RULES: &[Ec2Rule] = &[
    // === Flow logs ===
    rule(
        "EC2-FL-404",
        Documented,
        "A flow log that is to be deleted or tagged has to exist; describing leaves out what does not.",
        API,
        "Look the id up; the flow logs of something go with it.",
    ),
    rule(
        "EC2-FL-RESOURCE",
        Observed,
        "What is to be logged has to exist; each resource of a call succeeds or fails for itself.",
        LOGS,
        "Look at `Unsuccessful` in the answer, and check the ids and their kind.",
    ),
    rule(
        "EC2-FL-BUCKET",
        Observed,
        "The bucket that records go to has to exist.",
        LOGS,
        "Create the bucket first.",
    ),
    rule(
        "EC2-FL-BUCKET-POLICY",
        Documented,
        "The bucket that records go to lets them in: whoever owns it and may put its policy gets the statements for that added when the flow log is made, anybody else is refused without them.",
        FLOW_LOGS,
        "Let the owner of the bucket add the policy of the page, with the account and the region of the flow log.",
    ),
    rule(
        "EC2-FL-DUP",
        Documented,
        "A resource has at most one flow log with the same settings and destination.",
        API,
        "Use the flow log that is there.",
    ),
    rule(
        "EC2-FL-DEST",
        Observed,
        "Records go to one destination of the type that is named: a log group, by name or by ARN and in the region of the call, or a bucket.",
        LOGS,
        "Give LogGroupName or LogDestination, and the LogDestinationType that fits.",
    ),
    rule(
        "EC2-FL-ROLE",
        Observed,
        "Delivery to a log group needs a role that vpc-flow-logs.amazonaws.com may assume; delivery to a bucket has none.",
        FLOW_LOGS,
        "Create the role with that service as a trusted principal, and name it only for log groups.",
    ),
    rule(
        "EC2-FL-FORMAT",
        Documented,
        "A format is a list of documented fields, each written ${field}, with blanks in between only.",
        FLOW_LOGS,
        "Use fields of the table of available fields.",
    ),
    rule(
        "EC2-FL-INTERVAL",
        Documented,
        "Records are aggregated over 60 or 600 seconds.",
        API,
        "Give 60 or 600.",
    ),
    rule(
        "EC2-FL-MANY",
        Documented,
        "One call makes at most 300 flow logs, or deletes at most 1,000.",
        API,
        "Make several calls.",
    ),
    rule(
        "EC2-FL-DELIVER-ROLE",
        Documented,
        "Records reach a log group only if the role of the flow log exists, trusts vpc-flow-logs.amazonaws.com, and may describe groups and streams, make those that are missing, and put events; else DescribeFlowLogs shows FAILED and `Access error`.",
        FLOW_LOGS,
        "Allow the role logs:CreateLogGroup, CreateLogStream, PutLogEvents, DescribeLogGroups and DescribeLogStreams on the group with `:*` behind its name.",
    ),
    rule(
        "EC2-FL-DELIVER-BUCKET",
        Documented,
        "Records reach a bucket only if it exists and its policy lets delivery.logs.amazonaws.com put objects and look at its access control list.",
        FLOW_LOGS,
        "Give the bucket the policy of the page; whoever owns the bucket and may put its policy gets it when the flow log is made.",
    ),
];
