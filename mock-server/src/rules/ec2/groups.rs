//! Security groups: what changes of rules and further VPCs have rules for.

use super::Basis::{Documented, Observed};
use super::{API, Ec2Rule, GROUPS, LOGS, rule};

pub(super) const RULES: &[Ec2Rule] = &[
    rule(
        "EC2-SG-RULE-ICMP",
        Documented,
        "A rule for all ICMP types is one for all their codes.",
        API,
        "Give -1 as the code too, or one type.",
    ),
    rule(
        "EC2-SG-RULE-KIND",
        Observed,
        "A rule that is modified keeps the kind of its peer.",
        LOGS,
        "Revoke the rule and authorise another one.",
    ),
    rule(
        "EC2-SG-VPC",
        Documented,
        "A group can be associated with further VPCs of its region, but no default group, and no default VPC.",
        GROUPS,
        "Look at DescribeSecurityGroupVpcAssociations; use a group and VPCs of your own making.",
    ),
    rule(
        "EC2-SG-VPC-USED",
        Documented,
        "A group stays in a VPC while interfaces there carry it.",
        GROUPS,
        "Give those interfaces another group first.",
    ),
];
