//! Virtual private gateways, as far as routes lead to them. There are no VPN connections.

use super::dependency;
use super::describe::{Each, Listed, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::Memo;
use crate::model::gateway::InVpcIndex;
use crate::model::{
    Id, Owner, Site, State, Txn, Vpc, VpcId, VpnAttachment, VpnAttachmentState, VpnGateway, VpnGatewayId,
};
use crate::net;
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// The one type that there is.
const IPSEC: &str = "ipsec.1";

impl Resource for VpnGateway {
    const DESCRIBE: &'static str = "DescribeVpnGateways";
    const LIST: &'static str = "VpnGateways";
    const IDS: &'static str = "vpnGatewayIds";
    const KIND: &'static str = "vpn-gateway";
    const ID_FILTER: &'static str = "vpn-gateway-id";
    const FILTERS: &'static [&'static str] = &[
        "amazon-side-asn",
        "attachment.state",
        "attachment.vpc-id",
        "availability-zone",
        "state",
        "tag",
        "tag-key",
        "type",
        "vpn-gateway-id",
    ];

    stored_in!(vpn_gateways);

    fn not_found(missing: Missing) -> Ec2Error {
        RoutingError::VpnGatewayNotFound(missing).into()
    }

    fn owner(id: VpnGatewayId) -> Option<Owner> {
        Some(Owner::VpnGateway(id))
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "amazon-side-asn" => probe.show(self.asn),
            "attachment.state" => self.attachment.iter().for_each(|it| probe.is(word(it.state))),
            "attachment.vpc-id" => self.attachment.iter().for_each(|it| probe.show(it.vpc)),
            "availability-zone" => self.zone.iter().for_each(|zone| probe.is(zone.name)),
            "state" => probe.is(state_of(self)),
            "type" => probe.is(IPSEC),
            "vpn-gateway-id" => probe.show(self.id),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        VpnGatewayView {
            amazon_side_asn: self.asn,
            availability_zone: self.zone.map(|zone| zone.name),
            state: state_of(self),
            tags: TagSet(&self.tags),
            r#type: IPSEC,
            vpc_attachments: Each(|| self.attachment.iter().map(AttachmentView::new)),
            vpn_gateway_id: Text(self.id),
        }
        .serialize(serializer)
    }
}

fn state_of(gateway: &VpnGateway) -> &'static str {
    if gateway.deleted { "deleted" } else { "available" }
}

fn word(state: VpnAttachmentState) -> &'static str {
    match state {
        VpnAttachmentState::Attaching => "attaching",
        VpnAttachmentState::Attached => "attached",
        VpnAttachmentState::Detaching => "detaching",
        VpnAttachmentState::Detached => "detached",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VpnGatewayView<'a, A: Serialize> {
    amazon_side_asn: i64,
    availability_zone: Option<&'static str>,
    state: &'static str,
    tags: TagSet<'a>,
    r#type: &'static str,
    vpc_attachments: A,
    vpn_gateway_id: Text<VpnGatewayId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachmentView {
    state: &'static str,
    vpc_id: Text<VpcId>,
}

impl AttachmentView {
    fn new(attachment: &VpnAttachment) -> Self {
        Self { state: word(attachment.state), vpc_id: Text(attachment.vpc) }
    }
}

/// The gateway with this id, unless it is deleted.
fn living(state: &State, id: &str) -> Result<Arc<VpnGateway>, Ec2Error> {
    let gateway = find::<VpnGateway>(state, id)?;
    if gateway.deleted { Err(VpnGateway::not_found(Missing::one(id))) } else { Ok(gateway.clone()) }
}

// === Create and delete ===

/// The number that Amazon's side has unless another is given, and those that it may have.
/// Source: API reference, CreateVpnGateway; Site-to-Site VPN user guide, "Virtual private gateway".
pub const ASN: i64 = 64_512;
pub const ASNS: [std::ops::RangeInclusive<i64>; 2] = [64_512..=65_534, 4_200_000_000..=4_294_967_294];

/// Source: API reference, CreateVpnGateway; EC2-VGW-LIMIT, EC2-VGW-ASN.
pub struct CreateVpnGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateVpnGatewayIn {
    availability_zone: Option<String>,
    /// There is one type, and no request with another one gets here.
    #[serde(rename = "Type")]
    _type: String,
    tag_specifications: Vec<TagSpecification>,
    amazon_side_asn: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpnGatewayOut {
    vpn_gateway: Listed<VpnGateway>,
}

impl Operation for CreateVpnGateway {
    const NAME: &'static str = "CreateVpnGateway";
    type In = CreateVpnGatewayIn;
    type Out = CreateVpnGatewayOut;
    type Error = Ec2Error;
}

impl Write for CreateVpnGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateVpnGatewayIn) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        let asn = input.amazon_side_asn.unwrap_or(ASN);
        if !ASNS.iter().any(|range| range.contains(&asn)) {
            return Err(RoutingError::BadAsn(asn).into());
        }
        let zones = state.site.info().map(|region| region.zones).unwrap_or_default();
        let zone = match input.availability_zone {
            None => None,
            Some(name) => match zones.iter().find(|zone| zone.name == name) {
                Some(zone) => Some(*zone),
                None => return Err(Ec2Error::ZoneNotFound(name)),
            },
        };
        let tags = tags::given(state, VpnGateway::KIND, input.tag_specifications)?;
        let living = state.vpn_gateways.iter().filter(|gateway| !gateway.deleted).count();
        if living >= state.quotas.vpn_gateways {
            return Err(RoutingError::TooManyVpnGateways.into());
        }
        let row = VpnGateway {
            id: Id::mint(txn),
            asn,
            zone,
            attachment: None,
            deleted: false,
            tags,
            memo: Memo::default(),
        };
        let row = txn.state.vpn_gateways.insert(row);
        Ok(CreateVpnGatewayOut { vpn_gateway: Listed::new(&txn.state, row) })
    }
}

/// Routes to it stay, as black holes.
/// Source: API reference, DeleteVpnGateway; EC2-VGW-DEL.
pub struct DeleteVpnGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteVpnGatewayIn {
    vpn_gateway_id: String,
}

impl Operation for DeleteVpnGateway {
    const NAME: &'static str = "DeleteVpnGateway";
    type In = DeleteVpnGatewayIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteVpnGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteVpnGatewayIn) -> Result<Done, Ec2Error> {
        let id = living(&txn.state, &input.vpn_gateway_id)?.id;
        if dependency::is_held(&txn.state, id) {
            return Err(RoutingError::VpnGatewayInUse.into());
        }
        net::vpn_gateway::delete(txn, id);
        Ok(Done {})
    }
}

// === Attach and detach ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct VpnAttachmentIn {
    vpc_id: String,
    vpn_gateway_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachVpnGatewayOut {
    vpc_attachment: Option<AttachmentView>,
}

/// Source: API reference, AttachVpnGateway; EC2-VGW-ATTACH. That one may be attached again where it is already is
/// assumed.
pub struct AttachVpnGateway;

impl Operation for AttachVpnGateway {
    const NAME: &'static str = "AttachVpnGateway";
    type In = VpnAttachmentIn;
    type Out = AttachVpnGatewayOut;
    type Error = Ec2Error;
}

impl Write for AttachVpnGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: VpnAttachmentIn) -> Result<Self::Out, Ec2Error> {
        use VpnAttachmentState::{Attached, Attaching};
        let gateway = living(&txn.state, &input.vpn_gateway_id)?;
        let vpc = find::<Vpc>(&txn.state, &input.vpc_id)?.id;
        let again =
            gateway.attachment.is_some_and(|it| it.vpc == vpc && matches!(it.state, Attaching | Attached));
        if !again {
            if gateway.holds().is_some() {
                return Err(RoutingError::VpnGatewayAttached.into());
            }
            let other = txn.state.vpn_gateways.by(&InVpcIndex::Vpc(vpc)).next().map(|other| other.id);
            if let Some(gateway) = other {
                return Err(RoutingError::HasVpnGateway { vpc, gateway }.into());
            }
            net::vpn_gateway::attach(txn, gateway.id, vpc);
        }
        let row = txn.state.vpn_gateways.get(&gateway.id);
        let attachment = row.and_then(|row| row.attachment.as_ref());
        Ok(AttachVpnGatewayOut { vpc_attachment: attachment.map(AttachmentView::new) })
    }
}

/// Source: API reference, DetachVpnGateway; EC2-VGW-DETACH.
pub struct DetachVpnGateway;

impl Operation for DetachVpnGateway {
    const NAME: &'static str = "DetachVpnGateway";
    type In = VpnAttachmentIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DetachVpnGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: VpnAttachmentIn) -> Result<Done, Ec2Error> {
        use VpnAttachmentState::{Attached, Attaching};
        let gateway = living(&txn.state, &input.vpn_gateway_id)?;
        let named = VpcId::parse(&input.vpc_id);
        match gateway.attachment {
            Some(it) if Some(it.vpc) == named && matches!(it.state, Attaching | Attached) => {
                net::vpn_gateway::detach(txn, gateway.id, it.vpc);
                Ok(Done {})
            }
            _ => {
                let (gateway, vpc) = (gateway.id.to_string(), input.vpc_id);
                Err(RoutingError::VpnAttachmentNotFound { gateway, vpc }.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, unknown_filters};
    use super::super::route::CreateRoute;
    use super::super::route_table_association::{DisableVgwRoutePropagation, EnableVgwRoutePropagation};
    use super::super::vpc::DeleteVpc;
    use super::*;
    use crate::model::RouteTable;
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn a_virtual_private_gateway_comes_and_goes_over_time() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let made = lab.write::<CreateVpnGateway>(json!({
            "Type": "ipsec.1",
            "AvailabilityZone": "us-east-1b",
            "TagSpecifications": [{ "ResourceType": "vpn-gateway", "Tags": [{ "Key": "k", "Value": "v" }] }],
        }));
        let id = text(&made["VpnGateway"]["VpnGatewayId"]);
        assert_eq!(
            made["VpnGateway"],
            json!({
                "AmazonSideAsn": 64_512,
                "AvailabilityZone": "us-east-1b",
                "State": "available",
                "Tags": [{ "Key": "k", "Value": "v" }],
                "Type": "ipsec.1",
                "VpcAttachments": [],
                "VpnGatewayId": id,
            })
        );
        let state = lab.state();
        assert_eq!(unknown_filters(&state, &**state.vpn_gateways.iter().next().unwrap()), Vec::<&str>::new());
        let pair = json!({ "VpnGatewayId": id, "VpcId": vpc });
        let seen =
            || lab.read::<Describe<VpnGateway>>(json!({ "VpnGatewayIds": [id] }))["VpnGateways"][0].clone();
        let attached = || text(&seen()["VpcAttachments"][0]["State"]);
        let table = lab.main_table(&vpc);
        let routed = || {
            let listed = lab.read::<Describe<RouteTable>>(json!({ "RouteTableIds": [table] }));
            listed["RouteTables"][0].clone()
        };
        let out = lab.write::<AttachVpnGateway>(pair.clone());
        assert_eq!(out["VpcAttachment"], json!({ "State": "attaching", "VpcId": vpc }));
        let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16", "GatewayId": id });
        assert!(lab.try_write::<CreateRoute>(route.clone()).is_err(), "it is not attached yet");
        lab.settle(Duration::from_secs(1));
        assert_eq!(attached(), "attached");
        lab.write::<CreateRoute>(route);
        let propagation = json!({ "RouteTableId": table, "GatewayId": id });
        lab.write::<EnableVgwRoutePropagation>(propagation.clone());
        assert_eq!(routed()["PropagatingVgws"], json!([{ "GatewayId": id }]));
        lab.write::<DisableVgwRoutePropagation>(propagation.clone());
        assert_eq!(routed()["PropagatingVgws"], json!([]));
        lab.write::<EnableVgwRoutePropagation>(propagation);
        assert!(lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc })).is_err());

        lab.write::<DetachVpnGateway>(pair);
        assert_eq!((attached().as_str(), &routed()["PropagatingVgws"]), ("detaching", &json!([])));
        assert_eq!(routed()["Routes"][1]["State"], "blackhole");
        lab.settle(Duration::from_secs(2));
        assert_eq!(attached(), "detached");
        lab.write::<DeleteVpnGateway>(json!({ "VpnGatewayId": id }));
        assert_eq!((&seen()["State"], &seen()["VpcAttachments"]), (&json!("deleted"), &json!([])));
        lab.settle(Duration::from_secs(2 * 60 * 60));
        assert_eq!(lab.state().vpn_gateways.len(), 0);
        lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
        let all: Value = lab.read::<Describe<VpnGateway>>(json!({}));
        assert_eq!(all, json!({ "VpnGateways": [] }));
    }
}
