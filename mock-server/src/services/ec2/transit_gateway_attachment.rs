//! Attachments of transit gateways to VPCs.

use super::describe::{DescribeIn, Listed, Resource, Text, Window, find, stored_in};
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::{Filters, Probe};
use super::network_interface_create::not_placed;
use super::tags::{self, TagSet, TagSpecification};
use super::transit_gateway::{is_on, living, switch, word};
use crate::kernel::{AccountId, Memo};
use crate::model::place::{InterfaceSpec, derived};
use crate::model::transit::TransitIndex;
use crate::model::{
    Attachment, Id, Owner, Site, State, Subnet, SubnetId, Tags, TransitAttachment,
    TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId, TransitState, Txn, Vpc, VpcId,
};
use crate::net;
use crate::services::{Caller, Operation, Page, Printed, Read, View, Write, page};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Resource for TransitAttachment {
    const DESCRIBE: &'static str = "DescribeTransitGatewayVpcAttachments";
    const LIST: &'static str = "TransitGatewayVpcAttachments";
    const IDS: &'static str = "transitGatewayAttachmentIds";
    const KIND: &'static str = "transit-gateway-attachment";
    const ID_FILTER: &'static str = "transit-gateway-attachment-id";
    const FILTERS: &'static [&'static str] =
        &["state", "transit-gateway-attachment-id", "transit-gateway-id", "vpc-id"];

    stored_in!(transit_attachments);

    fn not_found(missing: Missing) -> Ec2Error {
        RoutingError::UnknownTransitAttachment(missing.0.join(", ")).into()
    }

    fn owner(id: TransitGatewayAttachmentId) -> Option<Owner> {
        Some(Owner::TransitAttachment(id))
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "state" => probe.is(word(self.state)),
            "transit-gateway-attachment-id" => probe.show(self.id),
            "transit-gateway-id" => probe.show(self.gateway),
            "vpc-id" => probe.show(self.vpc),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        VpcAttachmentView {
            creation_time: self.created.millis(),
            options: OptionsView {
                appliance_mode_support: switch(self.appliance),
                dns_support: switch(self.dns),
                ipv6_support: switch(self.ipv6),
                security_group_referencing_support: switch(self.group_references),
            },
            state: word(self.state),
            subnet_ids: self.subnets.iter().copied().map(Text).collect(),
            tags: TagSet::unless_empty(&self.tags),
            transit_gateway_attachment_id: Text(self.id),
            transit_gateway_id: Text(self.gateway),
            vpc_id: Text(self.vpc),
            vpc_owner_id: Text(site.account),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VpcAttachmentView<'a> {
    creation_time: i64,
    options: OptionsView,
    state: &'static str,
    subnet_ids: Vec<Text<SubnetId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<TagSet<'a>>,
    transit_gateway_attachment_id: Text<TransitGatewayAttachmentId>,
    transit_gateway_id: Text<TransitGatewayId>,
    vpc_id: Text<VpcId>,
    vpc_owner_id: Text<AccountId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OptionsView {
    appliance_mode_support: &'static str,
    dns_support: &'static str,
    ipv6_support: &'static str,
    security_group_referencing_support: &'static str,
}

// === Described among attachments of all kinds ===

/// An attachment with the table that its gateway associates it with.
pub struct AnyAttachment {
    row: Arc<TransitAttachment>,
    table: Option<TransitGatewayRouteTableId>,
    site: Arc<Site>,
}

impl AnyAttachment {
    fn new(state: &State, row: &Arc<TransitAttachment>) -> Self {
        let table = row.table.filter(|_| row.state == TransitState::Available);
        Self { row: row.clone(), table, site: state.site.clone() }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "association.state" => self.table.iter().for_each(|_| probe.is(ASSOCIATED)),
            "association.transit-gateway-route-table-id" => self.table.iter().for_each(|id| probe.show(id)),
            "resource-id" => probe.show(self.row.vpc),
            "resource-owner-id" | "transit-gateway-owner-id" => probe.show(self.site.account),
            "resource-type" => probe.is(VPC),
            _ => self.row.values(state, name, probe),
        }
    }
}

const ASSOCIATED: &str = "associated";
const VPC: &str = "vpc";

pub const ATTACHMENT_FILTERS: &[&str] = &[
    "association.state",
    "association.transit-gateway-route-table-id",
    "resource-id",
    "resource-owner-id",
    "resource-type",
    "state",
    "transit-gateway-attachment-id",
    "transit-gateway-id",
    "transit-gateway-owner-id",
];

impl Printed for AnyAttachment {
    const LIST: &'static str = "TransitGatewayAttachments";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &self.row;
        AttachmentView {
            association: self
                .table
                .map(|id| AssociationView { state: ASSOCIATED, transit_gateway_route_table_id: Text(id) }),
            creation_time: row.created.millis(),
            resource_id: Text(row.vpc),
            resource_owner_id: Text(self.site.account),
            resource_type: VPC,
            state: word(row.state),
            tags: TagSet(&row.tags),
            transit_gateway_attachment_id: Text(row.id),
            transit_gateway_id: Text(row.gateway),
            transit_gateway_owner_id: Text(self.site.account),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachmentView<'a> {
    association: Option<AssociationView>,
    creation_time: i64,
    resource_id: Text<VpcId>,
    resource_owner_id: Text<AccountId>,
    resource_type: &'static str,
    state: &'static str,
    tags: TagSet<'a>,
    transit_gateway_attachment_id: Text<TransitGatewayAttachmentId>,
    transit_gateway_id: Text<TransitGatewayId>,
    transit_gateway_owner_id: Text<AccountId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationView {
    state: &'static str,
    transit_gateway_route_table_id: Text<TransitGatewayRouteTableId>,
}

/// Those to VPCs are the only ones.
/// Source: API reference, DescribeTransitGatewayAttachments.
pub struct DescribeTransitGatewayAttachments;

impl Operation for DescribeTransitGatewayAttachments {
    const NAME: &'static str = "DescribeTransitGatewayAttachments";
    type In = DescribeIn;
    type Out = Page<AnyAttachment>;
    type Error = Ec2Error;

    fn subjects(input: &DescribeIn) -> Vec<Owner> {
        input.ids.iter().filter_map(|id| Id::parse(id)).map(Owner::TransitAttachment).collect()
    }
}

impl Read for DescribeTransitGatewayAttachments {
    fn run(view: &View<'_>, input: DescribeIn) -> Result<Self::Out, Ec2Error> {
        type Key = TransitGatewayAttachmentId;
        let state = view.state;
        if !input.ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds(TransitAttachment::IDS));
        }
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, Key::parse)?;
        let filters = Filters::tagged(input.filters, ATTACHMENT_FILTERS)?;
        let named = input.ids.iter().map(|id| find::<TransitAttachment>(state, id).map(|row| row.id));
        let named: BTreeSet<Key> = named.collect::<Result<_, _>>()?;
        let mut scratch = String::new();
        let rows = state.transit_attachments.iter().filter(|row| {
            (input.ids.is_empty() || named.contains(&row.id))
                && window.after.is_none_or(|after| row.id > after)
        });
        let rows = rows.map(|row| AnyAttachment::new(state, row)).filter(|it| {
            filters.pass(&mut scratch, &it.row.tags, |name, probe| it.values(state, name, probe))
        });
        let (rows, next_token) = page::cut(rows, window.limit, |it| it.row.id.to_string());
        Ok(Page { rows, next_token })
    }
}

// === Create ===

/// Source: API reference, CreateTransitGatewayVpcAttachment; EC2-TGW-ATTACH.
pub struct CreateTransitGatewayVpcAttachment;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateVpcAttachmentIn {
    transit_gateway_id: String,
    vpc_id: String,
    subnet_ids: Vec<String>,
    options: OptionsIn,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct OptionsIn {
    dns_support: Option<String>,
    security_group_referencing_support: Option<String>,
    ipv6_support: Option<String>,
    appliance_mode_support: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcAttachmentOut {
    transit_gateway_vpc_attachment: Listed<TransitAttachment>,
}

impl Operation for CreateTransitGatewayVpcAttachment {
    const NAME: &'static str = "CreateTransitGatewayVpcAttachment";
    type In = CreateVpcAttachmentIn;
    type Out = VpcAttachmentOut;
    type Error = Ec2Error;
}

impl Write for CreateTransitGatewayVpcAttachment {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateVpcAttachmentIn) -> Result<Self::Out, Ec2Error> {
        let (state, options) = (&txn.state, input.options);
        let gateway = living(state, &input.transit_gateway_id)?.clone();
        let vpc = find::<Vpc>(state, &input.vpc_id)?.id;
        let subnets = subnets(state, vpc, &input.subnet_ids)?;
        let tags = tags::given(state, TransitAttachment::KIND, input.tag_specifications)?;
        if gateway.state != TransitState::Available {
            return Err(RoutingError::TransitState(gateway.id.to_string()).into());
        }
        if state.transit_attachments.by(&TransitIndex::Vpc(vpc)).any(|it| it.gateway == gateway.id) {
            return Err(RoutingError::TransitAttached(gateway.id).into());
        }
        let row = TransitAttachment {
            id: Id::mint(txn),
            gateway: gateway.id,
            vpc,
            subnets,
            dns: is_on(options.dns_support.as_deref(), true),
            group_references: is_on(options.security_group_referencing_support.as_deref(), true),
            ipv6: is_on(options.ipv6_support.as_deref(), false),
            appliance: is_on(options.appliance_mode_support.as_deref(), false),
            table: gateway.table.filter(|_| gateway.associates),
            state: TransitState::Pending,
            created: txn.now,
            tags,
            memo: Memo::default(),
        };
        place(txn, &row)?;
        let id = txn.state.transit_attachments.insert(row).id;
        if let Some(table) = gateway.table.filter(|_| gateway.propagates) {
            txn.state.transit_tables.update(&table, |table| {
                table.propagating.insert(id);
            });
        }
        net::transit_gateway::enter_attachment(txn, id, TransitState::Pending);
        answer(txn, id)
    }
}

/// The subnets that are named: of the VPC, one for each zone.
fn subnets(state: &State, vpc: VpcId, ids: &[String]) -> Result<Vec<SubnetId>, Ec2Error> {
    let mut zones = BTreeSet::new();
    let mut subnets = Vec::new();
    for id in ids {
        let subnet = find::<Subnet>(state, id)?;
        if subnet.vpc != vpc {
            return Err(RoutingError::TransitSubnetElsewhere { subnet: subnet.id, vpc }.into());
        }
        if !zones.insert(subnet.zone) {
            return Err(RoutingError::TransitZones.into());
        }
        subnets.push(subnet.id);
    }
    Ok(subnets)
}

/// Makes the attachment's interface in each of its subnets.
fn place(txn: &mut Txn<'_>, attachment: &TransitAttachment) -> Result<(), Ec2Error> {
    let parent = attachment.id.to_string();
    for (n, subnet) in attachment.subnets.iter().enumerate() {
        let id = derived(txn, &parent, n);
        let spec = InterfaceSpec {
            id,
            subnet: *subnet,
            groups: Vec::new(),
            addresses: Vec::new(),
            description: format!("Network Interface for Transit Gateway Attachment {parent}").into(),
            attachment: Some(Attachment::Service {
                id: derived(txn, &parent, n),
                instance_owner: "amazon-aws".into(),
                device_index: 1,
            }),
            requester_id: None,
            requester_managed: true,
            owner: Some(Owner::TransitAttachment(attachment.id)),
            interface_type: "transit_gateway",
            client_token: None,
            tags: Tags::default(),
        };
        txn.state.add_interface(spec).map_err(not_placed)?;
        txn.state.interfaces.update(&id, |interface| interface.source_dest_check = false);
    }
    Ok(())
}

fn answer(txn: &Txn<'_>, id: TransitGatewayAttachmentId) -> Result<VpcAttachmentOut, Ec2Error> {
    let row = find::<TransitAttachment>(&txn.state, &id.to_string())?.clone();
    Ok(VpcAttachmentOut { transit_gateway_vpc_attachment: Listed::new(&txn.state, row) })
}

// === Delete ===

/// Source: API reference, DeleteTransitGatewayVpcAttachment; EC2-TGW-ATTACH, EC2-RT-BLACKHOLE.
pub struct DeleteTransitGatewayVpcAttachment;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteVpcAttachmentIn {
    transit_gateway_attachment_id: String,
}

impl Operation for DeleteTransitGatewayVpcAttachment {
    const NAME: &'static str = "DeleteTransitGatewayVpcAttachment";
    type In = DeleteVpcAttachmentIn;
    type Out = VpcAttachmentOut;
    type Error = Ec2Error;
}

impl Write for DeleteTransitGatewayVpcAttachment {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteVpcAttachmentIn) -> Result<Self::Out, Ec2Error> {
        let named = input.transit_gateway_attachment_id;
        let attachment = find::<TransitAttachment>(&txn.state, &named)?;
        let id = attachment.id;
        match attachment.state {
            TransitState::Available => {}
            TransitState::Deleted => return Err(TransitAttachment::not_found(Missing::one(&named))),
            _ => return Err(RoutingError::TransitState(named).into()),
        }
        net::transit_gateway::enter_attachment(txn, id, TransitState::Deleting);
        answer(txn, id)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, unknown_filters};
    use super::super::route::CreateRoute;
    use super::super::transit_gateway::{CreateTransitGateway, DeleteTransitGateway};
    use super::super::vpc::DeleteVpc;
    use super::*;
    use crate::model::{NetworkInterface, RouteTable, TransitGateway};
    use serde_json::json;
    use std::time::Duration;

    /// A transit gateway and its attachment to a VPC, both available.
    pub fn attached(lab: &Lab, vpc: &str, subnet: &str) -> (String, String) {
        let made = lab.write::<CreateTransitGateway>(json!({ "Description": "mine" }));
        let gateway = text(&made["TransitGateway"]["TransitGatewayId"]);
        assert_eq!(made["TransitGateway"]["State"], "pending");
        lab.settle(Duration::from_secs(2));
        let input = json!({ "TransitGatewayId": gateway, "VpcId": vpc, "SubnetIds": [subnet] });
        let made = lab.write::<CreateTransitGatewayVpcAttachment>(input);
        assert_eq!(made["TransitGatewayVpcAttachment"]["State"], "pending");
        lab.settle(Duration::from_secs(4));
        (gateway, text(&made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]))
    }

    #[test]
    fn a_route_leads_to_a_transit_gateway_while_the_vpc_is_attached() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let (gateway, id) = attached(&lab, &vpc, &subnet);
        let state = lab.state();
        let row = state.transit_attachments.iter().next().unwrap();
        assert_eq!(unknown_filters(&state, &**row), Vec::<&str>::new());
        let first = state.transit_gateways.iter().next().unwrap();
        assert_eq!(unknown_filters(&state, &**first), Vec::<&str>::new());

        let by_vpc = json!({ "Filters": [{ "Name": "resource-id", "Values": [vpc] }] });
        let any =
            lab.read::<DescribeTransitGatewayAttachments>(by_vpc)["TransitGatewayAttachments"][0].clone();
        assert_eq!((&any["TransitGatewayAttachmentId"], &any["ResourceType"]), (&json!(id), &json!("vpc")));
        assert_eq!(
            (&any["State"], &any["Association"]["State"]),
            (&json!("available"), &json!("associated"))
        );
        let in_subnet = json!({ "Filters": [{ "Name": "subnet-id", "Values": [subnet] }] });
        let interfaces = lab.read::<Describe<NetworkInterface>>(in_subnet)["NetworkInterfaces"].clone();
        assert_eq!(interfaces[0]["InterfaceType"], "transit_gateway");
        assert_eq!(
            (&interfaces[0]["RequesterManaged"], &interfaces[0]["SourceDestCheck"]),
            (&json!(true), &json!(false))
        );

        let table = lab.main_table(&vpc);
        let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": gateway });
        lab.write::<CreateRoute>(route);
        let routed = || {
            let listed = lab.read::<Describe<RouteTable>>(json!({ "RouteTableIds": [table] }));
            listed["RouteTables"][0]["Routes"][1].clone()
        };
        assert_eq!((&routed()["TransitGatewayId"], &routed()["State"]), (&json!(gateway), &json!("active")));
        assert!(lab.try_write::<DeleteTransitGateway>(json!({ "TransitGatewayId": gateway })).is_err());
        assert!(lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc })).is_err());

        let delete = json!({ "TransitGatewayAttachmentId": id });
        lab.write::<DeleteTransitGatewayVpcAttachment>(delete);
        assert_eq!(routed()["State"], "blackhole");
        lab.settle(Duration::from_secs(6));
        assert!(lab.state().interfaces.is_empty());
        lab.write::<DeleteTransitGateway>(json!({ "TransitGatewayId": gateway }));
        lab.settle(Duration::from_secs(8));
        let seen = lab.read::<Describe<TransitGateway>>(json!({ "TransitGatewayIds": [gateway] }));
        assert_eq!(seen["TransitGateways"][0]["State"], "deleted");
        lab.settle(Duration::from_secs(2 * 60 * 60));
        assert!(lab.state().transit_gateways.is_empty() && lab.state().transit_attachments.is_empty());
    }
}
