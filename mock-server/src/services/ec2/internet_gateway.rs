//! Internet gateways.

use super::dependency;
use super::describe::{Each, Listed, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::{AccountId, Memo};
use crate::model::gateway::InVpcIndex;
use crate::model::interface::InterfaceIndex;
use crate::model::{
    Associate, Id, InternetGateway, InternetGatewayId, RouteTarget, Site, State, Txn, Vpc, VpcId,
};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};

/// The state of an attachment, as this operation calls it.
const ATTACHED: &str = "available";

impl Resource for InternetGateway {
    const DESCRIBE: &'static str = "DescribeInternetGateways";
    const LIST: &'static str = "InternetGateways";
    const IDS: &'static str = "internetGatewayIds";
    const KIND: &'static str = "internet-gateway";
    const ID_FILTER: &'static str = "internet-gateway-id";
    const FILTERS: &'static [&'static str] =
        &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id", "tag", "tag-key"];

    stored_in!(internet_gateways);

    fn not_found(missing: Missing) -> Ec2Error {
        RoutingError::InternetGatewayNotFound(missing).into()
    }

    fn index(name: &str, value: &str) -> Option<InVpcIndex> {
        if name == "attachment.vpc-id" { VpcId::parse(value).map(InVpcIndex::Vpc) } else { None }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "attachment.state" => self.vpc.into_iter().for_each(|_| probe.is(ATTACHED)),
            "attachment.vpc-id" => self.vpc.into_iter().for_each(|vpc| probe.show(vpc)),
            "internet-gateway-id" => probe.show(self.id),
            "owner-id" => probe.show(state.site.account),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        let attachment = |vpc| AttachmentView { state: ATTACHED, vpc_id: Text(vpc) };
        InternetGatewayView {
            attachments: Each(|| self.vpc.into_iter().map(attachment)),
            internet_gateway_id: Text(self.id),
            owner_id: Text(site.account),
            tags: TagSet(&self.tags),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InternetGatewayView<'a, A: Serialize> {
    attachments: A,
    internet_gateway_id: Text<InternetGatewayId>,
    owner_id: Text<AccountId>,
    tags: TagSet<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachmentView {
    state: &'static str,
    vpc_id: Text<VpcId>,
}

// === Create and delete ===

/// Source: VPC user guide, "Internet gateways"; EC2-IGW-LIMIT.
pub struct CreateInternetGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateInternetGatewayIn {
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInternetGatewayOut {
    internet_gateway: Listed<InternetGateway>,
}

impl Operation for CreateInternetGateway {
    const NAME: &'static str = "CreateInternetGateway";
    type In = CreateInternetGatewayIn;
    type Out = CreateInternetGatewayOut;
    type Error = Ec2Error;
}

impl Write for CreateInternetGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateInternetGatewayIn) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        let tags = tags::given(state, InternetGateway::KIND, input.tag_specifications)?;
        if state.internet_gateways.len() >= state.quotas.internet_gateways {
            return Err(RoutingError::TooManyInternetGateways.into());
        }
        let row = InternetGateway { id: Id::mint(txn), vpc: None, tags, memo: Memo::default() };
        let row = txn.state.internet_gateways.insert(row);
        Ok(CreateInternetGatewayOut { internet_gateway: Listed::new(&txn.state, row) })
    }
}

/// Routes to it stay, as black holes.
/// Source: VPC user guide, "Internet gateways"; EC2-IGW-DEL.
pub struct DeleteInternetGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteInternetGatewayIn {
    internet_gateway_id: String,
}

impl Operation for DeleteInternetGateway {
    const NAME: &'static str = "DeleteInternetGateway";
    type In = DeleteInternetGatewayIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteInternetGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteInternetGatewayIn) -> Result<Done, Ec2Error> {
        let id = find::<InternetGateway>(&txn.state, &input.internet_gateway_id)?.id;
        if dependency::is_held(&txn.state, id) {
            return Err(RoutingError::InternetGatewayInUse(id).into());
        }
        txn.state.internet_gateways.remove(&id);
        Ok(Done {})
    }
}

// === Attach and detach ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AttachmentIn {
    internet_gateway_id: String,
    vpc_id: String,
}

/// Routes to it that are left from an earlier attachment lead to it again.
/// Source: VPC user guide, "Internet gateways"; EC2-IGW-ATTACH.
pub struct AttachInternetGateway;

impl Operation for AttachInternetGateway {
    const NAME: &'static str = "AttachInternetGateway";
    type In = AttachmentIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for AttachInternetGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AttachmentIn) -> Result<Done, Ec2Error> {
        let gateway = find::<InternetGateway>(&txn.state, &input.internet_gateway_id)?.clone();
        let vpc = find::<Vpc>(&txn.state, &input.vpc_id)?.id;
        if let Some(vpc) = gateway.vpc {
            return Err(RoutingError::GatewayAttached { gateway: gateway.id, vpc }.into());
        }
        if txn.state.internet_gateways.count(&InVpcIndex::Vpc(vpc)) > 0 {
            return Err(RoutingError::HasInternetGateway(vpc).into());
        }
        txn.state.internet_gateways.update(&gateway.id, |gateway| gateway.vpc = Some(vpc));
        txn.state.settle_routes_to(RouteTarget::InternetGateway(gateway.id));
        Ok(Done {})
    }
}

/// Source: VPC user guide, "Internet gateways"; EC2-IGW-DETACH, EC2-IGW-DETACH2, EC2-RT-BLACKHOLE.
pub struct DetachInternetGateway;

impl Operation for DetachInternetGateway {
    const NAME: &'static str = "DetachInternetGateway";
    type In = AttachmentIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DetachInternetGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AttachmentIn) -> Result<Done, Ec2Error> {
        let gateway = find::<InternetGateway>(&txn.state, &input.internet_gateway_id)?.clone();
        // Whether there is such a VPC is not asked: the gateway is not attached to it.
        let Some(vpc) = VpcId::parse(&input.vpc_id).filter(|vpc| gateway.vpc == Some(*vpc)) else {
            let gateway = gateway.id.to_string();
            return Err(RoutingError::GatewayNotAttached { gateway, vpc: input.vpc_id }.into());
        };
        if txn.state.interfaces.by(&InterfaceIndex::Vpc(vpc)).any(|interface| !interface.public.is_empty()) {
            return Err(RoutingError::MappedAddresses(vpc).into());
        }
        txn.state.leave_gateway(Associate::InternetGateway(gateway.id));
        txn.state.internet_gateways.update(&gateway.id, |gateway| gateway.vpc = None);
        txn.state.settle_routes_to(RouteTarget::InternetGateway(gateway.id));
        Ok(Done {})
    }
}
