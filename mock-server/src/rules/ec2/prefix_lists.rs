//! Managed prefix lists.

use super::Basis::{Assumed, Documented, Observed};
use super::{API, Ec2Rule, LOGS, QUOTAS, rule};

const LISTS: &str = "Amazon VPC User Guide, managed prefix lists";

pub(super) const RULES: &[Ec2Rule] = &[
    rule(
        "EC2-PL-404",
        Observed,
        "The prefix list has to exist in the account and region of the call, or be one of AWS's there.",
        LOGS,
        "Look the id up: ids of AWS's lists differ between regions.",
    ),
    rule(
        "EC2-PL-AWS",
        Documented,
        "Nobody changes a list that AWS manages.",
        LISTS,
        "Create a list of your own.",
    ),
    rule(
        "EC2-PL-BUSY",
        Observed,
        "A list does one thing at a time.",
        LOGS,
        "Wait until its state is complete or failed.",
    ),
    rule(
        "EC2-PL-VERSION",
        Documented,
        "A version that a call names is one that the list has; the current one has to be the current one.",
        API,
        "Describe the list again and repeat the call with its version.",
    ),
    rule(
        "EC2-PL-SIZE",
        Documented,
        "A list has a size, of at most 1,000 entries, that its entries fit into; one call changes either of them.",
        LISTS,
        "Resize the list first; what refers to it has to have room for the new size.",
    ),
    rule(
        "EC2-PL-REQUEST",
        Observed,
        "One call adds or removes at most 100 entries.",
        LOGS,
        "Make several calls.",
    ),
    rule(
        "EC2-PL-LIMIT",
        Documented,
        "A region has at most 100 prefix lists, unless the quota is raised.",
        QUOTAS,
        "Delete lists, or start with `--quotas off`.",
    ),
    rule(
        "EC2-PL-NAME",
        Documented,
        "The name of a list has at most 255 characters and does not begin as those of AWS do.",
        API,
        "Choose another name.",
    ),
    rule(
        "EC2-PL-ENTRY",
        Assumed,
        "An entry is a range of the list's address family, and a list has it once; only one that is there can be \
         removed.",
        LISTS,
        "Correct the range; to change a description, remove the entry and add it by another call.",
    ),
];
