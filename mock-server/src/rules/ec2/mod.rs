//! The rules behind EC2's refusals. Each is checked by the operation that it belongs to, which has the exact text
//! in its error; here stands what the rule says, where that is known from, and what to do.

mod acls;
mod addresses;
mod compute;
mod endpoints;
mod flow_logs;
mod groups;
mod insights;
mod interfaces;
mod peering;
mod prefix_lists;
mod routes;
mod throttling;
mod vpcs;

use super::Basis::{self, Assumed, Documented, Observed};

/// A rule of EC2.
#[derive(Clone, Copy, Debug)]
pub struct Ec2Rule {
    /// Never given to another rule; it is what `x-mockplane-rule` carries.
    pub id: &'static str,
    /// The rule, in our own words.
    pub summary: &'static str,
    /// How well the rule and its text are known.
    pub basis: Basis,
    /// Where it is stated, or who saw it.
    pub source: &'static str,
    /// What to do about a refusal.
    pub hint: &'static str,
}

const fn rule(
    id: &'static str,
    basis: Basis,
    summary: &'static str,
    source: &'static str,
    hint: &'static str,
) -> Ec2Rule {
    Ec2Rule { id, summary, basis, source, hint }
}

const API: &str = "Amazon EC2 API Reference";
const LOGS: &str = "answers of AWS in public logs and recordings";
const VPC: &str = "Amazon VPC User Guide";
const QUOTAS: &str = "Amazon VPC User Guide, quotas";
const INTERFACES: &str = "Amazon EC2 User Guide, elastic network interfaces";
const GROUPS: &str = "Amazon VPC User Guide, security groups";

/// The rules of EC2, topic by topic; those of large topics are in files of their own.
const TOPICS: &[&[Ec2Rule]] = &[
    GENERAL,
    routes::RULES,
    peering::RULES,
    flow_logs::RULES,
    insights::RULES,
    vpcs::RULES,
    addresses::RULES,
    acls::RULES,
    compute::RULES,
    endpoints::RULES,
    groups::RULES,
    prefix_lists::RULES,
    interfaces::RULES,
    throttling::RULES,
];

/// Every rule of EC2.
pub fn all() -> impl Iterator<Item = &'static Ec2Rule> {
    TOPICS.iter().copied().flatten()
}

const GENERAL: &[Ec2Rule] = &[
    // === Any operation ===
    rule(
        "EC2-MISSING",
        Observed,
        "A required parameter has to be there.",
        LOGS,
        "Give the parameter that is named.",
    ),
    rule(
        "EC2-BADVALUE",
        Observed,
        "A value has to be one that the parameter takes; a zone has to be one of the region.",
        LOGS,
        "Give one of the values that the message lists.",
    ),
    rule(
        "EC2-MALFORMED",
        Observed,
        "An id has its resource's prefix, a dash and hexadecimal digits.",
        LOGS,
        "Look the id up with the describing call.",
    ),
    rule(
        "EC2-FILTER",
        Observed,
        "A filter has a documented name and at most 200 values; values are alternatives, filters all have to match, `*` and `?` stand for other characters.",
        LOGS,
        "Use a name that the describing operation documents.",
    ),
    rule("EC2-PAGE-MIN", Observed, "A page has at least five rows.", LOGS, "Ask for five or more."),
    rule(
        "EC2-PAGE",
        Documented,
        "Page sizes have an upper bound, and pages and explicit ids exclude each other.",
        API,
        "Leave MaxResults out, or the ids.",
    ),
    rule(
        "EC2-IDEM",
        Observed,
        "A client token stands for one request; with other parameters it is refused.",
        API,
        "Use a new token for a new request.",
    ),
    rule(
        "EC2-IDEM-2",
        Documented,
        "A client token has at most 64 ASCII characters; one for launch templates 128, one for a prefix list 255 of \
         any kind.",
        API,
        "Shorten the token.",
    ),
    // === VPCs ===
    rule(
        "EC2-VPC-404",
        Observed,
        "The VPC has to exist in the account and region of the call.",
        LOGS,
        "Check the id, the region and the account of the access key.",
    ),
    rule(
        "EC2-VPC-SIZE",
        Documented,
        "The block of a VPC is between a /16 and a /28.",
        VPC,
        "Choose a block of a size in that range.",
    ),
    rule(
        "EC2-VPC-BADCIDR",
        Assumed,
        "A block is written as an address, a slash and a prefix length.",
        API,
        "Correct the block.",
    ),
    rule(
        "EC2-VPC-LIMIT",
        Documented,
        "A region has at most five VPCs, unless the quota is raised.",
        QUOTAS,
        "Delete VPCs that nobody needs, or start with `--quotas off`.",
    ),
    rule(
        "EC2-VPC-TENANCY",
        Documented,
        "The tenancy of a VPC is default or dedicated, and can be changed from dedicated to default only.",
        VPC,
        "Make a VPC of the tenancy that is needed.",
    ),
    rule(
        "EC2-VPC-DEL",
        Documented,
        "A VPC can be deleted when nothing is left in it but what was made with it.",
        VPC,
        "Delete interfaces, subnets, groups, tables and gateways first.",
    ),
    rule(
        "EC2-VPC-ATTR",
        Observed,
        "One call changes one attribute of a VPC.",
        LOGS,
        "Make one call for each attribute.",
    ),
    // === Subnets ===
    rule(
        "EC2-SUB-404",
        Observed,
        "The subnet has to exist in the account and region of the call.",
        LOGS,
        "Check the id, the region and the account of the access key.",
    ),
    rule(
        "EC2-SUB-RANGE",
        Documented,
        "The block of a subnet lies in a block of its VPC and is between a /16 and a /28.",
        VPC,
        "Choose a block within the VPC's.",
    ),
    rule(
        "EC2-SUB-CONFLICT",
        Documented,
        "The blocks of subnets of one VPC do not overlap.",
        VPC,
        "Choose a block that no subnet has.",
    ),
    rule(
        "EC2-SUB-LIMIT",
        Documented,
        "A VPC has at most 200 subnets, unless the quota is raised.",
        QUOTAS,
        "Delete subnets, or start with `--quotas off`.",
    ),
    rule(
        "EC2-SUB-DEL",
        Documented,
        "A subnet can be deleted when no network interface is left in it.",
        VPC,
        "Delete what holds interfaces there, and wait for interfaces that a service removes by itself.",
    ),
    rule(
        "EC2-SUB-IPV6",
        Observed,
        "A subnet for IPv6 alone needs an IPv6 block or a pool.",
        LOGS,
        "Give the block or the pool.",
    ),
    // === Security groups ===
    rule(
        "EC2-SG-404",
        Observed,
        "The security group has to exist in the account and region of the call.",
        LOGS,
        "Check the id, the region and the account of the access key.",
    ),
    rule(
        "EC2-SG-DUP",
        Documented,
        "The name of a group is unique in its VPC whatever its case, and does not look like an id.",
        GROUPS,
        "Choose another name.",
    ),
    rule(
        "EC2-SG-LIMIT2",
        Documented,
        "A region has at most 2,500 security groups, unless the quota is raised.",
        QUOTAS,
        "Delete groups, or start with `--quotas off`.",
    ),
    rule(
        "EC2-SG-LIMIT",
        Documented,
        "A group has at most 60 rules in each direction and for each address family.",
        QUOTAS,
        "Merge rules, or use a second group.",
    ),
    rule("EC2-SG-RULE-DUP", Observed, "A group has a rule once.", LOGS, "Leave the rule out: it is there."),
    rule(
        "EC2-SG-RULE-404",
        Documented,
        "Only a rule that the group has can be revoked.",
        API,
        "Look the group's rules up.",
    ),
    rule(
        "EC2-SG-RULE-MOD",
        Observed,
        "A rule names its protocol, both ports where it has ports, and exactly one peer.",
        LOGS,
        "Complete the rule.",
    ),
    rule(
        "EC2-SG-DEL",
        Documented,
        "A group can be deleted when no interface carries it and no other group refers to it.",
        GROUPS,
        "Delete or change what uses it, and wait for interfaces that a service removes by itself.",
    ),
    rule(
        "EC2-SG-DEL-DEFAULT",
        Documented,
        "The default group goes only with its VPC.",
        GROUPS,
        "Delete the VPC, or leave the group.",
    ),
    // === Network interfaces ===
    rule(
        "EC2-ENI-404",
        Observed,
        "The network interface has to exist in the account and region of the call.",
        LOGS,
        "Check the id; interfaces of jobs go when the job ends.",
    ),
    rule(
        "EC2-ENI-NOIP",
        Documented,
        "Each private address is taken by one interface; five addresses of every subnet are never free.",
        VPC,
        "Use a larger subnet, or delete interfaces that hold addresses.",
    ),
    rule(
        "EC2-ENI-ADDR-OUT",
        Observed,
        "A chosen private address lies in the subnet's block.",
        LOGS,
        "Choose an address of the subnet.",
    ),
    rule(
        "EC2-ENI-ADDR-RES",
        Documented,
        "The first four addresses of a subnet and its last one are reserved.",
        VPC,
        "Choose another address.",
    ),
    rule(
        "EC2-ENI-ADDR-USED",
        Observed,
        "A chosen private address is free.",
        LOGS,
        "Choose another address, or let EC2 choose.",
    ),
    rule(
        "EC2-ENI-SGVPC",
        Observed,
        "The groups of an interface belong to the VPC of its subnet.",
        LOGS,
        "Take groups of the subnet's VPC.",
    ),
    rule(
        "EC2-ENI-SGMAX",
        Documented,
        "An interface carries at most five groups.",
        QUOTAS,
        "Give five groups or fewer.",
    ),
    rule(
        "EC2-ENI-LIMIT",
        Documented,
        "A region has at most 5,000 interfaces, unless the quota is raised.",
        QUOTAS,
        "Delete interfaces, or start with `--quotas off`.",
    ),
    rule(
        "EC2-ENI-DEL-USED",
        Observed,
        "An interface that is attached cannot be deleted.",
        LOGS,
        "Detach it first.",
    ),
    rule(
        "EC2-ENI-REQ",
        Documented,
        "Nobody but the service changes or deletes an interface that a service manages.",
        INTERFACES,
        "Delete the job or endpoint that holds it.",
    ),
    rule(
        "EC2-ENI-DETACH",
        Observed,
        "Nobody but the service detaches an interface that a service attached.",
        LOGS,
        "Delete the job or endpoint that holds it.",
    ),
    rule(
        "EC2-ENI-DETACH0",
        Observed,
        "The primary interface of an instance cannot be detached.",
        LOGS,
        "Terminate the instance instead.",
    ),
];

/// The rule with this id.
pub fn get(id: &str) -> Option<&'static Ec2Rule> {
    all().find(|rule| rule.id.eq_ignore_ascii_case(id))
}
