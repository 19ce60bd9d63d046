//! Internet gateways.

use super::describe::{Each, Resource, Text, stored_in};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::gateway::InVpcIndex;
use crate::model::{Id, InternetGateway, InternetGatewayId, Site, State, VpcId};
use serde::{Serialize, Serializer};

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
        Ec2Error::InternetGatewayNotFound(missing)
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
