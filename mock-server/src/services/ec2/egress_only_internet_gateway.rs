//! Egress-only internet gateways.

use super::client_token;
use super::describe::{Listed, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::Memo;
use crate::model::{
    EgressOnlyInternetGateway, EgressOnlyInternetGatewayId, Id, RouteTarget, Site, State, Txn, Vpc, VpcId,
};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for EgressOnlyInternetGateway {
    const DESCRIBE: &'static str = "DescribeEgressOnlyInternetGateways";
    const LIST: &'static str = "EgressOnlyInternetGateways";
    const IDS: &'static str = "egressOnlyInternetGatewayIds";
    const KIND: &'static str = "egress-only-internet-gateway";
    const MOST: usize = 255;
    /// There is none.
    const ID_FILTER: &'static str = "";
    const FILTERS: &'static [&'static str] = &["tag", "tag-key"];
    const SKIPS_UNKNOWN: bool = true;

    stored_in!(egress_only_gateways);

    fn not_found(missing: Missing) -> Ec2Error {
        RoutingError::EgressOnlyGatewayNotFound(missing.0.join(", ")).into()
    }

    fn values(&self, _: &State, _: &str, probe: &mut Probe<'_>) {
        probe.unknown();
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        GatewayView {
            attachments: [AttachmentView { state: "attached", vpc_id: Text(self.vpc) }],
            egress_only_internet_gateway_id: Text(self.id),
            tags: TagSet(&self.tags),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayView<'a> {
    attachments: [AttachmentView; 1],
    egress_only_internet_gateway_id: Text<EgressOnlyInternetGatewayId>,
    tags: TagSet<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachmentView {
    state: &'static str,
    vpc_id: Text<VpcId>,
}

/// Source: VPC user guide, "Egress-only internet gateways"; EC2-EIGW-LIMIT, EC2-IDEM.
pub struct CreateEgressOnlyInternetGateway;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateEgressOnlyIn {
    client_token: Option<String>,
    vpc_id: String,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateEgressOnlyOut {
    client_token: Option<String>,
    egress_only_internet_gateway: Listed<EgressOnlyInternetGateway>,
}

impl Operation for CreateEgressOnlyInternetGateway {
    const NAME: &'static str = "CreateEgressOnlyInternetGateway";
    type In = CreateEgressOnlyIn;
    type Out = CreateEgressOnlyOut;
    type Error = Ec2Error;
}

impl Write for CreateEgressOnlyInternetGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreateEgressOnlyIn) -> Result<Self::Out, Ec2Error> {
        let token = input.client_token.take().filter(|token| !token.is_empty());
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        let egress_only_internet_gateway = Listed::new(&txn.state, row);
        Ok(CreateEgressOnlyOut { client_token: token, egress_only_internet_gateway })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateEgressOnlyIn,
    client_token: Option<u128>,
) -> Result<Arc<EgressOnlyInternetGateway>, Ec2Error> {
    let state = &txn.state;
    let vpc = find::<Vpc>(state, &input.vpc_id)?.id;
    let tags = tags::given(state, EgressOnlyInternetGateway::KIND, input.tag_specifications)?;
    if state.egress_only_gateways.len() >= state.quotas.egress_only_gateways {
        return Err(RoutingError::TooManyEgressOnlyGateways.into());
    }
    let row = EgressOnlyInternetGateway { id: Id::mint(txn), vpc, client_token, tags, memo: Memo::default() };
    Ok(txn.state.egress_only_gateways.insert(row))
}

/// Routes to it stay, as black holes.
/// Source: API reference, DeleteEgressOnlyInternetGateway; EC2-EIGW-404, EC2-RT-BLACKHOLE.
pub struct DeleteEgressOnlyInternetGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteEgressOnlyIn {
    egress_only_internet_gateway_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteEgressOnlyOut {
    return_code: bool,
}

impl Operation for DeleteEgressOnlyInternetGateway {
    const NAME: &'static str = "DeleteEgressOnlyInternetGateway";
    type In = DeleteEgressOnlyIn;
    type Out = DeleteEgressOnlyOut;
    type Error = Ec2Error;
}

impl Write for DeleteEgressOnlyInternetGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteEgressOnlyIn) -> Result<Self::Out, Ec2Error> {
        let id = find::<EgressOnlyInternetGateway>(&txn.state, &input.egress_only_internet_gateway_id)?.id;
        let gone = txn.state.egress_only_gateways.remove(&id);
        txn.state.forget_token(gone.and_then(|gateway| gateway.client_token));
        txn.state.settle_routes_to(RouteTarget::EgressOnlyInternetGateway(id));
        Ok(DeleteEgressOnlyOut { return_code: true })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::vpc::DeleteVpc;
    use super::*;
    use serde_json::json;

    #[test]
    fn an_egress_only_gateway_holds_its_vpc_until_it_is_deleted() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let input = json!({
            "VpcId": vpc,
            "ClientToken": "once",
            "TagSpecifications":
                [{ "ResourceType": "egress-only-internet-gateway", "Tags": [{ "Key": "k", "Value": "v" }] }],
        });
        let made = lab.write::<CreateEgressOnlyInternetGateway>(input.clone());
        assert_eq!(lab.write::<CreateEgressOnlyInternetGateway>(input), made);
        let gateway = &made["EgressOnlyInternetGateway"];
        assert_eq!(gateway["Attachments"], json!([{ "State": "attached", "VpcId": vpc }]));
        assert_eq!(gateway["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        let id = text(&gateway["EgressOnlyInternetGatewayId"]);
        let seen = || {
            let ids = json!({ "EgressOnlyInternetGatewayIds": [id] });
            lab.read::<Describe<EgressOnlyInternetGateway>>(ids)["EgressOnlyInternetGateways"].clone()
        };
        assert_eq!(seen(), json!([gateway]));
        let drop_vpc = || lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc })).is_ok();
        assert!(!drop_vpc());
        let delete = json!({ "EgressOnlyInternetGatewayId": id });
        let deleted = lab.write::<DeleteEgressOnlyInternetGateway>(delete);
        assert_eq!(deleted, json!({ "ReturnCode": true }));
        assert_eq!(seen(), json!([]), "describing passes over ids that name nothing");
        assert!(drop_vpc());
    }
}
