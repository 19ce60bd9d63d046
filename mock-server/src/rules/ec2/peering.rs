//! VPC peering connections.

use super::Basis::{Documented, Observed};
use super::{API, Ec2Rule, LOGS, rule};

const PEERING: &str = "Amazon VPC Peering Guide";

pub(super) const RULES: &[Ec2Rule] = &[
    // === Peering connections ===
    rule(
        "EC2-PCX-404",
        Documented,
        "The peering connection has to exist in the region of the call, on one of its two sides.",
        API,
        "Look the id up; a connection that is over is forgotten after some hours or days.",
    ),
    rule(
        "EC2-PCX-STATE",
        Observed,
        "Only a request that waits can be accepted or rejected; only an active connection, or one's own request, can be deleted.",
        LOGS,
        "Describe the connection: its status says whether there is anything left to do.",
    ),
    rule(
        "EC2-PCX-DUP",
        Observed,
        "There is at most one active connection between two VPCs.",
        LOGS,
        "Use the connection that is there, or delete it first.",
    ),
    rule(
        "EC2-PCX-WHO",
        Documented,
        "The owner of the accepter VPC answers a request, in the region of that VPC.",
        PEERING,
        "Call with credentials of the accepter's account, in the accepter's region.",
    ),
    rule(
        "EC2-PCX-OPTIONS",
        Documented,
        "Each side sets its own options, in its own region, once the connection is active.",
        API,
        "Let the owner of each VPC set that side's options after the request was accepted.",
    ),
    rule(
        "EC2-PCX-LIMIT",
        Documented,
        "A VPC has at most 50 active connections and 25 requests that wait.",
        PEERING,
        "Delete connections, answer requests, or raise the quota.",
    ),
];
