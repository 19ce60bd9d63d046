//! Explanation codes: which hop that refuses has which.
//!
//! Source: Reachability Analyzer guide, "Explanation codes". Codes of what is not here (load balancers, firewalls,
//! middleboxes, VPN connections) are left out.

use crate::model::path::{Hop, HopKind};

const GROUPS: &[HopKind] = &[HopKind::GroupOut, HopKind::GroupIn];
const ACLS: &[HopKind] = &[HopKind::AclOut, HopKind::AclIn, HopKind::AclBack];
const ROUTE: &[HopKind] = &[HopKind::Route];
const TARGET: &[HopKind] = &[HopKind::Target];

/// A hop, the prefix of what it is at, what its fact `state` says, and the code. `*` is whatever it is. The first line
/// that fits decides.
type Line = (&'static [HopKind], &'static str, &'static str, &'static str);

const CODES: &[Line] = &[
    (GROUPS, "*", "no rules", "SG_HAS_NO_RULES"),
    (GROUPS, "*", "*", "ENI_SG_RULES_MISMATCH"),
    (ACLS, "*", "*", "SUBNET_ACL_RESTRICTION"),
    (ROUTE, "*", "blackhole", "BAD_STATE_ROUTE"),
    (ROUTE, "*", "*", "NO_ROUTE_TO_DESTINATION"),
    (TARGET, "igw", "not attached", "BAD_STATE_ATTACHMENT"),
    (TARGET, "igw", "no public address", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
    (TARGET, "igw", "private destination", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
    (TARGET, "igw", "shared destination", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"),
    (TARGET, "igw", "private source", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"),
    (TARGET, "igw", "shared source", "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS"),
    (TARGET, "igw", "no public destination", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"),
    (TARGET, "vpce", "not TCP", "VPCE_GATEWAY_PROTOCOL_RESTRICTION"),
    (TARGET, "vpce", "not available", "BAD_STATE"),
    (TARGET, "nat", "pending", "BAD_STATE"),
    (TARGET, "nat", "failed", "BAD_STATE"),
    (TARGET, "nat", "deleting", "BAD_STATE"),
    (TARGET, "nat", "deleted", "BAD_STATE"),
    (TARGET, "eni", "checked", "ENI_SOURCE_DEST_CHECK_RESTRICTION"),
    (TARGET, "eni", "not attached", "BAD_STATE_ATTACHMENT"),
    (TARGET, "pcx", "not active", "BAD_STATE"),
    (TARGET, "pcx", "not in the other VPC", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"),
    (TARGET, "pcx", "from another VPC", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"),
    (TARGET, "vgw", "not available", "BAD_STATE_ATTACHMENT"),
    (TARGET, "tgw", "not attached", "BAD_STATE_ATTACHMENT"),
    (TARGET, "tgw", "not in this zone", "TGW_ROUTE_AZ_RESTRICTION"),
    (TARGET, "tgw", "no table", "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"),
    (TARGET, "tgw", "blackhole", "TGW_RTB_BAD_STATE_ROUTE"),
    (TARGET, "tgw", "no route", "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"),
    (TARGET, "tgw", "no route back", "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"),
    (TARGET, "*", "*", "NO_POSSIBLE_DESTINATION"),
];

/// The code of a hop of the network that refuses.
pub fn code(hop: &Hop) -> Option<&'static str> {
    let prefix = hop.at.rsplit_once('-').map_or("", |(prefix, _)| prefix);
    let state = hop.evidence.get("state").unwrap_or_default();
    let fits = |wanted: &str, known: &str| wanted == "*" || wanted == known;
    let line = CODES
        .iter()
        .find(|(kinds, at, says, _)| kinds.contains(&hop.kind) && fits(at, prefix) && fits(says, state));
    line.map(|(.., code)| *code)
}
