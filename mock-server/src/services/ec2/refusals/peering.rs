//! The refusals of peering connections.

use super::super::describe::Describe;
use super::super::harness::{Lab, text};
use super::super::peering::{
    AcceptVpcPeeringConnection, CreateVpcPeeringConnection, DeleteVpcPeeringConnection,
    ModifyVpcPeeringConnectionOptions, RejectVpcPeeringConnection,
};
use super::super::vpc::CreateVpc;
use super::Seen;
use crate::model::{Peering, Quotas};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OTHER: &str = "210987654321";

pub(super) fn peering() -> BTreeSet<String> {
    let quotas = Quotas { outstanding_peerings: 1, peerings_per_vpc: 1, ..Quotas::default() };
    let lab = Lab::with("us-east-1", quotas);
    let other = lab.beside(OTHER, "us-east-1");
    let away = other.beside(OTHER, "eu-west-1");
    let vpc =
        |lab: &Lab, cidr: &str| text(&lab.write::<CreateVpc>(json!({ "CidrBlock": cidr }))["Vpc"]["VpcId"]);
    let (own, theirs) = (vpc(&lab, "10.0.0.0/16"), vpc(&other, "10.1.0.0/16"));
    let request = json!({ "VpcId": own, "PeerVpcId": theirs, "PeerOwnerId": OTHER });
    let made = lab.write::<CreateVpcPeeringConnection>(request.clone());
    let id = text(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    let by_id = |id: &str| json!({ "VpcPeeringConnectionId": id });
    let names = BTreeSet::new();
    let mut seen = Seen { lab: &lab, names };
    asking(&mut seen, &own, &request);
    seen.read::<Describe<Peering>>(
        json!({ "VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"] }),
        "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID 'pcx-0123456789abcdef0' does not exist",
    );
    seen.write::<DeleteVpcPeeringConnection>(
        by_id("pcx"),
        "InvalidVpcPeeringConnectionId.Malformed",
        "Invalid id: \"pcx\" (expecting \"pcx-...\")",
    );
    let not_permitted = "OperationNotPermitted";
    seen.write::<AcceptVpcPeeringConnection>(
        by_id(&id),
        not_permitted,
        &format!("User (123456789012) cannot accept peering {id}"),
    );
    let options = |side: &str| {
        let mut input = by_id(&id);
        input[side] = json!({ "AllowDnsResolutionFromRemoteVpc": true });
        input
    };
    seen.write::<ModifyVpcPeeringConnectionOptions>(
        options("RequesterPeeringConnectionOptions"),
        not_permitted,
        &format!("Peering {id} is not active. Peering options can be added only to active peerings."),
    );
    seen.write::<ModifyVpcPeeringConnectionOptions>(
        options("AccepterPeeringConnectionOptions"),
        not_permitted,
        &format!("User (123456789012) cannot modify accepter peering options for {id}"),
    );
    seen.write::<ModifyVpcPeeringConnectionOptions>(
        by_id(&id),
        "InvalidParameterCombination",
        "Either AccepterPeeringConnectionOptions or RequesterPeeringConnectionOptions must be provided.",
    );
    let mut names = seen.names;
    names.extend(answering(&other, &away, &id, &theirs));
    names.extend(elsewhere());
    names
}

fn asking(seen: &mut Seen<'_>, own: &str, request: &Value) {
    let with = |name: &str, value: &str| {
        let mut input = request.clone();
        input[name] = json!(value);
        input
    };
    seen.value::<CreateVpcPeeringConnection>(
        with("PeerOwnerId", "me"),
        "Value (me) for parameter peerOwnerId is invalid. Expecting an account id of 12 digits.",
    );
    seen.value::<CreateVpcPeeringConnection>(
        with("PeerRegion", "moon-1"),
        "Value (moon-1) for parameter peerRegion is invalid. Unknown region.",
    );
    seen.write::<CreateVpcPeeringConnection>(
        json!({ "VpcId": own, "PeerVpcId": "vpc-0123456789abcdef0" }),
        "InvalidVpcID.NotFound",
        "The vpc ID 'vpc-0123456789abcdef0' does not exist",
    );
    seen.write::<CreateVpcPeeringConnection>(
        with("PeerVpcId", "vpc-0123456789abcdef0"),
        "OutstandingVpcPeeringConnectionLimitExceeded",
        "The maximum number of outstanding VPC peering connection requests has been reached.",
    );
}

/// The other side accepts, once; then there is no more room.
fn answering(other: &Lab, away: &Lab, id: &str, theirs: &str) -> BTreeSet<String> {
    let by_id = json!({ "VpcPeeringConnectionId": id });
    let mut seen = Seen { lab: other, names: BTreeSet::new() };
    other.write::<AcceptVpcPeeringConnection>(by_id.clone());
    seen.write::<RejectVpcPeeringConnection>(
        by_id,
        "InvalidStateTransition",
        &format!("Invalid state transition for {id}, attempted to transition from active to rejected"),
    );
    away.state();
    seen.write::<CreateVpcPeeringConnection>(
        json!({ "VpcId": theirs, "PeerVpcId": "vpc-0123456789abcdef0", "PeerRegion": "eu-west-1" }),
        "VpcPeeringConnectionsPerVpcLimitExceeded",
        &format!("The maximum number of VPC peering connections has been reached for VPC {theirs}."),
    );
    seen.names
}

/// One account, two regions: the request is answered where it was made; and a second one between the same VPCs.
fn elsewhere() -> BTreeSet<String> {
    let lab = Lab::new();
    let vpc =
        |lab: &Lab, cidr: &str| text(&lab.write::<CreateVpc>(json!({ "CidrBlock": cidr }))["Vpc"]["VpcId"]);
    let there = lab.beside("123456789012", "eu-west-1");
    let (own, far, near) = (vpc(&lab, "10.0.0.0/16"), vpc(&there, "10.1.0.0/16"), vpc(&lab, "10.2.0.0/16"));
    let ask = |input: Value| {
        let made = lab.write::<CreateVpcPeeringConnection>(input);
        text(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    };
    let id = ask(json!({ "VpcId": own, "PeerVpcId": far, "PeerRegion": "eu-west-1" }));
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<AcceptVpcPeeringConnection>(
        json!({ "VpcPeeringConnectionId": id }),
        "OperationNotPermitted",
        &format!(
            "Incorrect region (us-east-1) specified for this request.VPC peering connection {id} must be accepted \
             in region eu-west-1"
        ),
    );
    let first = ask(json!({ "VpcId": own, "PeerVpcId": near }));
    let second = ask(json!({ "VpcId": near, "PeerVpcId": own }));
    lab.write::<AcceptVpcPeeringConnection>(json!({ "VpcPeeringConnectionId": first }));
    seen.write::<AcceptVpcPeeringConnection>(
        json!({ "VpcPeeringConnectionId": second }),
        "VpcPeeringConnectionAlreadyExists",
        &format!("The vpc peering connection identified by {second} already exists."),
    );
    seen.names
}
