//! Network ACLs.

use super::Basis::{Documented, Observed};
use super::{API, Ec2Rule, LOGS, QUOTAS, VPC, rule};

pub(super) const RULES: &[Ec2Rule] = &[
    rule(
        "EC2-ACL-404",
        Observed,
        "The network ACL has to exist in the account and region of the call.",
        LOGS,
        "Look the id up.",
    ),
    rule(
        "EC2-ACL-LIMIT",
        Documented,
        "A VPC has at most 200 network ACLs, unless the quota is raised.",
        QUOTAS,
        "Delete ACLs, or start with `--quotas off`.",
    ),
    rule(
        "EC2-ACL-DEL",
        Documented,
        "A network ACL can be deleted when no subnet is associated with it; the default one goes only with its VPC.",
        VPC,
        "Associate its subnets with another ACL first.",
    ),
    rule(
        "EC2-ACL-ASSOC",
        Observed,
        "Every subnet has one network ACL, of its own VPC; replacing the association gives it a new id.",
        API,
        "Look the current association up with DescribeNetworkAcls.",
    ),
    rule(
        "EC2-ACL-NUMBER",
        Documented,
        "The entries that users make have numbers from 1 to 32766.",
        API,
        "Choose a number in that range.",
    ),
    rule(
        "EC2-ACL-DUP",
        Observed,
        "A number is used once in each direction of a network ACL.",
        LOGS,
        "Replace the entry, or choose another number.",
    ),
    rule(
        "EC2-ACL-ENTRY-404",
        Observed,
        "Only an entry that is there can be replaced or deleted.",
        LOGS,
        "Look the entries up with DescribeNetworkAcls.",
    ),
    rule(
        "EC2-ACL-ENTRIES",
        Documented,
        "A network ACL has at most 20 entries in each direction and for each address family, unless the quota is raised.",
        QUOTAS,
        "Merge entries, or start with `--quotas off`.",
    ),
];
