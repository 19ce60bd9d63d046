//! The refusals of network ACLs.

use super::super::describe::Describe;
use super::super::network_acl_change::{CreateNetworkAcl, DeleteNetworkAcl, ReplaceNetworkAclAssociation};
use super::super::network_acl_entry::{CreateNetworkAclEntry, DeleteNetworkAclEntry, ReplaceNetworkAclEntry};
use super::{Lab, Seen, with};
use crate::model::{NetworkAcl, Quotas, VpcId};
use crate::services::ec2::harness::text;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn created(lab: &Lab, vpc: &str) -> String {
    text(&lab.write::<CreateNetworkAcl>(json!({ "VpcId": vpc }))["NetworkAcl"]["NetworkAclId"])
}

fn allow(acl: &str, number: i32) -> Value {
    json!({
        "NetworkAclId": acl, "RuleNumber": number, "Protocol": "-1", "RuleAction": "allow", "Egress": false,
        "CidrBlock": "10.0.0.0/8",
    })
}

pub(super) fn network_acls(seen: &mut Seen<'_>, vpc: &str, other: &str) {
    let (acl, elsewhere) = (created(seen.lab, vpc), created(seen.lab, other));
    let vpc: VpcId = crate::model::Id::parse(vpc).unwrap();
    let state = seen.lab.state();
    let default = state.acls.iter().find(|acl| acl.is_default && acl.vpc == vpc).unwrap();
    let association = &default.associations[0];
    seen.read::<Describe<NetworkAcl>>(
        json!({ "NetworkAclIds": ["acl-1"] }),
        "InvalidNetworkAclID.NotFound",
        "The networkAcl ID 'acl-1' does not exist",
    );
    seen.value::<DeleteNetworkAcl>(
        json!({ "NetworkAclId": default.id.to_string() }),
        &format!("cannot delete default network ACL {}", default.id),
    );
    let replace = |association: &str, acl: &str| json!({ "AssociationId": association, "NetworkAclId": acl });
    seen.write::<ReplaceNetworkAclAssociation>(
        replace("aclassoc-1", &acl),
        "InvalidAssociationID.NotFound",
        "The association ID 'aclassoc-1' does not exist",
    );
    let id = association.id.to_string();
    seen.value::<ReplaceNetworkAclAssociation>(
        replace(&id, &elsewhere),
        &format!("Network ACL {elsewhere} and subnet {} belong to different networks.", association.subnet),
    );
    seen.lab.write::<ReplaceNetworkAclAssociation>(replace(&id, &acl));
    seen.write::<DeleteNetworkAcl>(
        json!({ "NetworkAclId": acl }),
        "DependencyViolation",
        &format!("The network ACL '{acl}' has dependencies and cannot be deleted."),
    );
    let bad = "Value (32767) for parameter ruleNumber is invalid. Rule numbers are between 1 and 32766.";
    seen.value::<CreateNetworkAclEntry>(allow(&acl, 32_767), bad);
    seen.value::<DeleteNetworkAclEntry>(
        json!({ "NetworkAclId": acl, "RuleNumber": 32_767, "Egress": true }),
        bad,
    );
    let missing = "InvalidNetworkAclEntry.NotFound";
    seen.write::<ReplaceNetworkAclEntry>(
        allow(&acl, 100),
        missing,
        &format!("no ingress entry with number 100 in network ACL {acl}"),
    );
    seen.write::<DeleteNetworkAclEntry>(
        json!({ "NetworkAclId": acl, "RuleNumber": 7, "Egress": true }),
        missing,
        &format!("no egress entry with number 7 in network ACL {acl}"),
    );
    seen.lab.write::<CreateNetworkAclEntry>(allow(&acl, 100));
    seen.write::<CreateNetworkAclEntry>(
        allow(&acl, 100),
        "NetworkAclEntryAlreadyExists",
        "The network acl entry identified by 100 already exists.",
    );
    let icmp = |kind: Value| with(allow(&acl, 1), json!({ "Protocol": "icmp", "IcmpTypeCode": kind }));
    seen.write::<CreateNetworkAclEntry>(
        icmp(json!({})),
        "MissingParameter",
        "The request must contain the parameter icmpTypeCode.type",
    );
    seen.value::<CreateNetworkAclEntry>(
        icmp(json!({ "Type": -1, "Code": 3 })),
        "Invalid value for icmpTypeCode. The code must be -1 if the type is -1.",
    );
    seen.value::<CreateNetworkAclEntry>(
        icmp(json!({ "Type": 256, "Code": 3 })),
        "ICMP type (256) out of range",
    );
    let tcp = |range: Value| with(allow(&acl, 1), json!({ "Protocol": "6", "PortRange": range }));
    seen.write::<CreateNetworkAclEntry>(
        tcp(json!({})),
        "MissingParameter",
        "The request must contain the parameter portRange.from",
    );
    seen.value::<CreateNetworkAclEntry>(
        tcp(json!({ "From": 2, "To": 1 })),
        "Invalid TCP port range (2 to 1)",
    );
    seen.value::<CreateNetworkAclEntry>(
        tcp(json!({ "From": 0, "To": 65_536 })),
        "TCP/UDP port (65536) out of range",
    );
    seen.value::<CreateNetworkAclEntry>(
        with(allow(&acl, 1), json!({ "Protocol": "256" })),
        "Invalid value '256' for IP protocol. Unknown protocol.",
    );
    seen.value::<CreateNetworkAclEntry>(
        with(allow(&acl, 1), json!({ "CidrBlock": "::/0" })),
        "CIDR block ::/0 is malformed",
    );
    seen.write::<CreateNetworkAclEntry>(
        with(allow(&acl, 1), json!({ "Ipv6CidrBlock": "::/0" })),
        "InvalidParameterCombination",
        "The parameter cidrBlock cannot be used with the parameter ipv6CidrBlock",
    );
    seen.write::<CreateNetworkAclEntry>(
        with(allow(&acl, 1), json!({ "CidrBlock": null })),
        "MissingParameter",
        "The request must contain the parameter cidrBlock",
    );
}

/// The refusals of a VPC that may have two ACLs, each with one entry in each direction.
pub(super) fn quotas() -> BTreeSet<String> {
    let quotas = Quotas { acls_per_vpc: 2, acl_entries_per_direction: 1, ..Quotas::default() };
    let lab = Lab::with("us-east-1", quotas);
    let vpc = lab.vpc();
    let acl = created(&lab, &vpc);
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<CreateNetworkAcl>(
        json!({ "VpcId": vpc }),
        "NetworkAclLimitExceeded",
        "The maximum number of network ACLs has been reached.",
    );
    lab.write::<CreateNetworkAclEntry>(allow(&acl, 1));
    lab.write::<CreateNetworkAclEntry>(with(allow(&acl, 2), json!({ "Egress": true })));
    let v6 = json!({ "CidrBlock": null, "Ipv6CidrBlock": "::/0" });
    lab.write::<CreateNetworkAclEntry>(with(allow(&acl, 3), v6.clone()));
    lab.write::<ReplaceNetworkAclEntry>(allow(&acl, 1));
    let full = "The maximum number of network acl entries has been reached.";
    seen.write::<CreateNetworkAclEntry>(allow(&acl, 2), "NetworkAclEntryLimitExceeded", full);
    seen.write::<ReplaceNetworkAclEntry>(with(allow(&acl, 1), v6), "NetworkAclEntryLimitExceeded", full);
    seen.names
}
