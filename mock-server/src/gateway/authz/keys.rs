//! Condition keys of an act: what the policies that have a say may ask about it.
//!
//! A key is there only if the service authorization reference lists it for the action on such a resource; those that
//! every request has are the exception. Source: IAM user guide, "AWS global condition context keys", and the
//! service authorization reference.

mod from_input;

use self::from_input::FROM_INPUT;
use super::acts::{Act, Asked, arn};
use super::{ec2, launch, logs};
use crate::aws::{ServiceId, Value};
use crate::iam::who;
use crate::kernel::SimTime;
use crate::model::vpc_endpoint::VpcEndpoint;
use crate::model::{
    AllocationId, Id, InstanceId, NetworkAclId, NetworkInterfaceId, Role, RouteTableId, SecurityGroupId,
    Stored, SubnetId, Tags, User, VpcEndpointId, VpcId, VpcPeeringConnectionId,
};
use crate::policy::Context;
use crate::services::{ec2 as ec2_service, logs as logs_service, sagemaker};
use std::net::{IpAddr, Ipv4Addr};

/// What the request itself tells.
#[derive(Clone, Copy)]
pub(in crate::gateway) struct Sent<'a> {
    pub user_agent: Option<&'a str>,
    /// Where it came from; `None` if it came over no network.
    pub from: Option<IpAddr>,
    pub now: SimTime,
}

/// What gives a key its value; `None`: the key is absent.
type Derive = fn(&On<'_>) -> Option<String>;

/// Keys whose values follow from what there is.
const DERIVED: &[(&str, Derive)] = &[
    ("ec2:AccepterVpc", |on| on.peering(false)),
    ("ec2:AuthorizedUser", |on| {
        let account = on.asked.input.get("AwsAccountId")?.as_str()?;
        Some(on.asked.caller.partition.arn("iam", "", account, "root"))
    }),
    ("ec2:AvailabilityZone", |on| on.subnet().map(|subnet| subnet.zone.name.to_owned())),
    ("ec2:AvailabilityZoneId", |on| on.subnet().map(|subnet| subnet.zone.id.to_owned())),
    // Addresses of a VPC are the only ones that there are.
    ("ec2:Domain", |on| on.is("elastic-ip").then(|| "vpc".to_owned())),
    ("ec2:InstanceProfile", |on| on.instance_profile()),
    ("ec2:InstanceType", |on| on.instance().map(|row| row.instance_type.name.to_string())),
    // The catalogue has images of AWS's own only, and they are public.
    ("ec2:ImageType", |on| on.is("image").then(|| "machine".to_owned())),
    ("ec2:IsLaunchTemplateResource", |on| Some(launch::is_of_template(on.asked, on.act).to_string())),
    ("ec2:LaunchTemplate", |on| {
        let template = launch::template(on.asked.state, on.asked.sent)?;
        Some(on.arn("launch-template", &template.id.to_string()))
    }),
    ("ec2:Owner", |on| on.is("image").then(|| "amazon".to_owned())),
    ("ec2:PlacementGroup", |on| {
        let name = on.asked.input.at("Placement.GroupName").and_then(Value::as_str)?;
        Some(on.arn("placement-group", name))
    }),
    ("ec2:PublicIpAddress", |on| {
        let address = on.asked.state.elastic_addresses.get(&on.own::<AllocationId>()?)?;
        Some(address.address.to_string())
    }),
    ("ec2:Public", |on| on.is("image").then(|| "true".to_owned())),
    ("ec2:RootDeviceType", |on| on.is("image").then(|| "ebs".to_owned())),
    ("ec2:Region", |on| Some(on.asked.caller.region.to_string())),
    ("ec2:RequesterVpc", |on| on.peering(true)),
    ("ec2:Subnet", |on| on.subnet().map(|subnet| on.arn("subnet", &subnet.id.to_string()))),
    ("ec2:SubnetID", |on| on.subnet().map(|subnet| subnet.id.to_string())),
    ("ec2:Vpc", |on| on.vpc().map(|vpc| on.arn("vpc", &vpc.to_string()))),
    ("ec2:VpceServiceName", |on| on.endpoint().map(|row| row.service.name.to_string())),
    ("ec2:VpceServiceOwner", |on| {
        let name = on.asked.input.get("ServiceName").and_then(Value::as_str).map(str::to_owned);
        let name = name.or_else(|| on.endpoint().map(|row| row.service.name.to_string()))?;
        (name.starts_with("com.amazonaws.") || name.starts_with("aws.")).then(|| "amazon".to_owned())
    }),
    ("iam:PermissionsBoundary", |on| on.boundary()),
    ("sagemaker:CurrentModelLifeCycleStage", |on| on.stage("Stage")),
    ("sagemaker:CurrentModelLifeCycleStageStatus", |on| on.stage("StageStatus")),
    // Assumed: the reference says that it is a truth, and of what.
    ("sagemaker:FeatureGroupOfflineStoreConfig", |on| {
        Some(on.asked.input.get("OfflineStoreConfig").is_some().to_string())
    }),
    ("sagemaker:ModelArn", |on| {
        let model = on
            .asked
            .input
            .get("ModelName")
            .or_else(|| on.asked.input.get("ProductionVariants")?.as_list()?.first()?.get("ModelName"));
        Some(on.asked.caller.arn("sagemaker", format_args!("model/{}", model?.as_str()?.to_lowercase())))
    }),
    ("sagemaker:OwnerUserProfileArn", |on| {
        let domain = on.asked.input.get("DomainId")?.as_str()?;
        let owner = on.asked.input.at("OwnershipSettings.OwnerUserProfileName");
        let owner = owner.or_else(|| on.asked.input.get("UserProfileName"))?.as_str()?;
        Some(on.asked.caller.arn("sagemaker", format_args!("user-profile/{domain}/{}", owner.to_lowercase())))
    }),
    ("sagemaker:TaggingAction", |on| Some(on.asked.operation.to_owned())),
];

/// Keys of operations that a guide gives and the service authorization reference does not, and the members of the input
/// whose values they have. Source: SageMaker developer guide, "multi-container-security".
const GUIDED: &[(&str, &str, &str)] =
    &[("InvokeEndpoint", "sagemaker:TargetContainerHostname", "TargetContainerHostname")];

/// Actions whose requests tell no `aws:ResourceAccount`, of those that are served here. The IAM user guide ("AWS global
/// condition context keys") lists such actions; that it is exactly these was not read there, and is assumed.
const HAS_NO_OWNER: &[&str] = &[
    "ec2:AcceptVpcEndpointConnections",
    "ec2:AcceptVpcPeeringConnection",
    "ec2:CreateVpcEndpoint",
    "ec2:CreateVpcPeeringConnection",
    "ec2:DeleteVpcPeeringConnection",
    "ec2:RejectVpcEndpointConnections",
    "ec2:RejectVpcPeeringConnection",
];

/// The condition keys of one act.
pub(super) fn context(asked: &Asked<'_>, sent: &Sent<'_>, act: &Act) -> Context {
    let mut context = Context::new();
    let caller = asked.caller;
    who::keys(asked.global, &caller.principal, caller.session.as_deref(), sent.now, &mut context);
    context.set("aws:RequestedRegion", &*caller.region);
    if !HAS_NO_OWNER.contains(&&*act.name()) {
        // A resource of nobody's account is AWS's own: whose that is, is told nowhere.
        let owner = match &*act.resource {
            "*" => Some(caller.account.to_string()),
            arn => arn.split(':').nth(4).filter(|account| account.len() == 12).map(str::to_owned),
        };
        if let Some(owner) = owner {
            context.set("aws:ResourceAccount", owner);
        }
    }
    context.set("aws:SourceIp", sent.from.unwrap_or(Ipv4Addr::LOCALHOST.into()).to_canonical().to_string());
    if let Some(agent) = sent.user_agent {
        context.set("aws:UserAgent", agent);
    }
    let on = On { asked, act };
    request_tags(&on, &mut context);
    resource_tags(&on, &mut context);
    if let Some(id) = on.id()
        && let Some(key) = own_id_key(act)
    {
        context.set(key, id);
    }
    for (key, derive) in DERIVED {
        if act.has_key(key)
            && let Some(value) = derive(&on)
        {
            context.set(key, value);
        }
    }
    for (key, paths) in FROM_INPUT {
        if !act.has_key(key) {
            continue;
        }
        let mut values = Vec::new();
        for path in *paths {
            collect(asked.input, path, &mut values);
            if !values.is_empty() {
                break;
            }
        }
        if !values.is_empty() {
            context.set_many(key, values);
        }
    }
    for (operation, key, member) in GUIDED {
        if let Some(value) =
            asked.input.get(member).and_then(Value::as_str).filter(|_| asked.operation == *operation)
        {
            context.set(key, value);
        }
    }
    attributes(&on, &mut context);
    metadata(&on, &mut context);
    visibility(&on, &mut context);
    if let Some((key, value)) = act.because {
        context.set(key, value);
    }
    context
}

/// What a search is limited to: its visibility conditions, which hold for what has such a tag. The form of the key is that
/// of AWS's own policies.
const VISIBILITY: &str = "sagemaker:SearchVisibilityCondition/${FilterKey}";

fn visibility(on: &On<'_>, context: &mut Context) {
    if !on.act.has_key(VISIBILITY) {
        return;
    }
    let all = on.asked.input.get("VisibilityConditions").and_then(Value::as_list).unwrap_or_default();
    for condition in all {
        let text = |member: &str| condition.get(member).and_then(Value::as_str);
        if let Some((key, value)) = text("Key").zip(text("Value")) {
            context.set(&format!("sagemaker:SearchVisibilityCondition/{key}/EqualsIfExists"), value);
        }
    }
}

/// Members that change no attribute: what is changed, or how the call is made.
const NO_ATTRIBUTES: &[&str] = &["Attribute", "ClientToken", "CurrentVersion", "DryRun"];

/// What a call changes about a resource: `ec2:Attribute/NAME` is its new value, `ec2:Attribute` the names. What is
/// named as the attribute is one; else it is every member that says no id (assumed: the EC2 user guide shows both
/// keys for an image's description alone).
fn attributes(on: &On<'_>, context: &mut Context) {
    if !on.act.has_key("ec2:Attribute") {
        return;
    }
    let mut names = Vec::new();
    for (name, value) in on.asked.sent.as_struct().into_iter().flat_map(|fields| fields.iter()) {
        let names_id = name.ends_with("Id") || name.ends_with("Ids") || name.ends_with("Name");
        if names_id || NO_ATTRIBUTES.contains(&name) {
            continue;
        }
        let mut values = Vec::new();
        collect(value.get("Value").unwrap_or(value), "", &mut values);
        context.set_many(&format!("ec2:Attribute/{name}"), values);
        names.push(name.to_owned());
    }
    if let Some(named) = on.asked.sent.get("Attribute").and_then(Value::as_str) {
        names = vec![named.to_owned()];
    }
    context.set_many("ec2:Attribute", names);
}

/// What customers say of a model package: what they are about to say, and what they said before.
fn metadata(on: &On<'_>, context: &mut Context) {
    const MEMBER: &str = "CustomerMetadataProperties";
    if !on.act.has_key("sagemaker:CustomerMetadataProperties/${MetadataKey}") {
        return;
    }
    if let Some(Value::Map(entries)) = on.asked.input.get(MEMBER) {
        for (key, value) in entries {
            context.set(&format!("sagemaker:{MEMBER}/{key}"), value.as_str().unwrap_or_default());
        }
    }
    let said = on.stored().and_then(|row| row.told.get(MEMBER)?.as_object());
    for (key, value) in said.into_iter().flatten() {
        context.set(&format!("sagemaker:Current{MEMBER}/{key}"), value.as_str().unwrap_or_default());
    }
}

/// Whether any call can have this key, in the reference's spelling, for such an act.
#[cfg(test)]
pub(super) fn can_be_there(act: &Act, key: &str) -> bool {
    /// Those that do not follow from the tables.
    const OTHERS: &[&str] = &[
        "aws:RequestTag/${TagKey}",
        "aws:ResourceTag/${TagKey}",
        "aws:TagKeys",
        "ec2:Attribute",
        "ec2:Attribute/${AttributeName}",
        "ec2:CreateAction",
        "ec2:ResourceTag/${TagKey}",
        "sagemaker:CurrentCustomerMetadataProperties/${MetadataKey}",
        "sagemaker:CustomerMetadataProperties/${MetadataKey}",
        "sagemaker:ResourceTag/${TagKey}",
        VISIBILITY,
    ];
    OTHERS.contains(&key)
        || own_id_key(act) == Some(key)
        || DERIVED.iter().any(|(known, _)| *known == key)
        || FROM_INPUT.iter().any(|(known, _)| *known == key)
}

/// The values at a path, in every element of the lists on the way.
fn collect(value: &Value, path: &str, into: &mut Vec<String>) {
    if let Value::List(elements) = value {
        return elements.iter().for_each(|element| collect(element, path, into));
    }
    if path.is_empty() {
        into.extend(match value {
            Value::String(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        });
        return;
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    if let Some(value) = value.get(name) {
        collect(value, rest, into);
    }
}

/// The key that has the id of the resource: `ec2:SubnetID` of a subnet, `ec2:transitGatewayId` of a transit gateway.
fn own_id_key(act: &Act) -> Option<&'static str> {
    let on = act.acts_on.filter(|_| act.actions.prefix == "ec2")?;
    let name = act.actions.resource_type(&on).name;
    if name == "elastic-ip" {
        return Some("ec2:AllocationId");
    }
    let is_own = |key: &&&str| {
        let letters = name.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase());
        let key = key.strip_prefix("ec2:");
        let stem = key.and_then(|key| key.strip_suffix("ID").or_else(|| key.strip_suffix("Id")));
        stem.is_some_and(|stem| stem.bytes().map(|byte| byte.to_ascii_lowercase()).eq(letters))
    };
    act.actions.keys(on.keys).iter().find(is_own).copied()
}

/// Tags of the request: `aws:RequestTag/KEY` and `aws:TagKeys`.
fn request_tags(on: &On<'_>, context: &mut Context) {
    let input = on.asked.input;
    let given = match on.asked.service {
        // Of the type of resource that the act is about.
        ServiceId::Ec2 if input.get("TagSpecifications").is_some() => {
            let name = on.act.resource_type().map(|known| known.name);
            let all = input.get("TagSpecifications").and_then(Value::as_list).unwrap_or_default();
            let of_type = all
                .iter()
                .find(|each| each.get("ResourceType").and_then(Value::as_str) == name && name.is_some());
            of_type.and_then(|each| each.get("Tags"))
        }
        _ => input.get("Tags"),
    };
    let mut keys = Vec::new();
    for tag in given.and_then(Value::as_list).unwrap_or_default() {
        let Some(key) = tag.get("Key").and_then(Value::as_str) else { continue };
        keys.push(key.to_owned());
        if let Some(value) = tag.get("Value").and_then(Value::as_str) {
            context.set(&format!("aws:RequestTag/{key}"), value);
        }
    }
    if let Some(removed) = input.get("TagKeys") {
        collect(removed, "", &mut keys);
    }
    if on.asked.service == ServiceId::Logs {
        if let Some(Value::Map(entries)) = input.get("tags") {
            for (key, value) in entries {
                context.set(&format!("aws:RequestTag/{key}"), value.as_str().unwrap_or_default());
            }
        }
        keys.extend(["tags", "tagKeys"].iter().filter_map(|member| input.get(member)).flat_map(logs::keys));
    }
    if !keys.is_empty() {
        context.set_many("aws:TagKeys", keys);
    }
}

/// Tags of the resource: `aws:ResourceTag/KEY`, and the same with the prefix of the service.
fn resource_tags(on: &On<'_>, context: &mut Context) {
    if !on.act.has_key("aws:ResourceTag/${TagKey}") {
        return;
    }
    for (key, value) in on.tags().iter() {
        context.set(&format!("aws:ResourceTag/{key}"), value);
        context.set(&format!("{}:ResourceTag/{key}", on.act.actions.prefix), value);
    }
}

/// An act in its call.
struct On<'a> {
    asked: &'a Asked<'a>,
    act: &'a Act,
}

impl On<'_> {
    /// The id or name of what is acted on, unless it is about to be made.
    fn id(&self) -> Option<&str> {
        let (_, name) = self.act.resource.rsplit_once('/')?;
        (name != "*").then_some(name)
    }

    fn own<I: Id>(&self) -> Option<I> {
        self.id().and_then(I::parse)
    }

    fn given<I: Id>(&self, member: &str) -> Option<I> {
        self.asked.input.get(member).and_then(Value::as_str).and_then(I::parse)
    }

    fn arn(&self, kind: &str, id: &str) -> String {
        arn(self.asked, &format!("arn:${{Partition}}:ec2:${{Region}}:${{Account}}:{kind}/{id}"), &[])
            .to_string()
    }

    fn tags(&self) -> Tags {
        let (state, global) = (self.asked.state, self.asked.global);
        match (self.act.actions.prefix, self.act.resource_type().map(|known| known.name), self.id()) {
            ("ec2", _, Some(id)) => ec2_service::tags_of(state, id),
            ("logs", ..) => logs_service::tags_of(state, &self.act.resource),
            ("sagemaker", ..) => sagemaker::tags_of(state, self.asked.caller, &self.act.resource),
            ("iam", Some("role"), Some(name)) => {
                global.roles.get(&Role::key_of(name)).map(|row| row.tags.clone()).unwrap_or_default()
            }
            ("iam", Some("user"), Some(name)) => {
                global.users.get(&User::key_of(name)).map(|row| row.tags.clone()).unwrap_or_default()
            }
            ("iam", Some("policy"), _) => {
                global.policies.get(&self.act.resource).map(|row| row.tags.clone()).unwrap_or_default()
            }
            _ => Tags::default(),
        }
    }

    /// The subnet that it is, or that it is or will be in.
    fn subnet(&self) -> Option<&crate::model::Subnet> {
        let state = self.asked.state;
        let of_interface = || state.interfaces.get(&self.own::<NetworkInterfaceId>()?).map(|row| row.subnet);
        let id = self.own::<SubnetId>().or_else(of_interface).or_else(|| match self.id() {
            None => self.given::<SubnetId>("SubnetId"),
            Some(_) => None,
        })?;
        state.subnets.get(&id).map(|row| &**row)
    }

    fn instance(&self) -> Option<&crate::model::Instance> {
        self.asked.state.instances.get(&self.own::<InstanceId>()?).map(|row| &**row)
    }

    /// The instance profile that a launch gives, as an ARN.
    fn instance_profile(&self) -> Option<String> {
        let given = self.asked.input.get("IamInstanceProfile")?;
        let text = |member: &str| given.get(member).and_then(Value::as_str);
        let of_name = |name: &str| {
            let row = self.asked.global.instance_profiles.get(&name.to_lowercase())?;
            Some(row.arn.to_string())
        };
        text("Arn").map(str::to_owned).or_else(|| of_name(text("Name")?))
    }

    /// What is kept of it.
    fn stored(&self) -> Option<&Stored> {
        let resource = self.act.resource.splitn(6, ':').nth(5)?;
        self.asked.state.stored.get(&resource.into()).map(|row| &**row)
    }

    /// Where in its life a model package is.
    fn stage(&self, member: &str) -> Option<String> {
        self.stored()?.told["ModelLifeCycle"][member].as_str().map(str::to_owned)
    }

    fn endpoint(&self) -> Option<&VpcEndpoint> {
        self.asked.state.vpc_endpoints.get(&self.own::<VpcEndpointId>()?).map(|row| &**row)
    }

    fn is(&self, resource_type: &str) -> bool {
        self.act.resource_type().is_some_and(|known| known.name == resource_type)
    }

    /// The VPC that it is in, or will be.
    fn vpc(&self) -> Option<VpcId> {
        let state = self.asked.state;
        if let Some(subnet) = self.subnet() {
            return Some(subnet.vpc);
        }
        let Some(id) = self.id() else {
            return self
                .given::<VpcId>("VpcId")
                .or_else(|| state.default_vpc().filter(|_| self.is("security-group")).map(|vpc| vpc.id));
        };
        match ec2::type_of(id)? {
            "security-group" => state.groups.get(&SecurityGroupId::parse(id)?).map(|row| row.vpc),
            "route-table" => state.route_tables.get(&RouteTableId::parse(id)?).map(|row| row.vpc),
            "network-acl" => state.acls.get(&NetworkAclId::parse(id)?).map(|row| row.vpc),
            _ => None,
        }
    }

    /// The VPC on one side of a peering connection, as an ARN.
    fn peering(&self, requester: bool) -> Option<String> {
        let arn = |account: &str, region: &str, vpc: &str| {
            self.asked.caller.partition.arn("ec2", region, account, format_args!("vpc/{vpc}"))
        };
        if let Some(row) =
            self.own::<VpcPeeringConnectionId>().and_then(|id| self.asked.state.peerings.get(&id))
        {
            let side = if requester { &row.requester } else { &row.accepter };
            return Some(arn(&side.account.to_string(), &side.region, &side.vpc.to_string()));
        }
        let text = |member: &str| self.asked.input.get(member).and_then(Value::as_str);
        let (own, here) = (self.asked.caller.account.to_string(), &*self.asked.caller.region);
        if requester {
            return Some(arn(&own, here, text("VpcId")?));
        }
        Some(arn(text("PeerOwnerId").unwrap_or(&own), text("PeerRegion").unwrap_or(here), text("PeerVpcId")?))
    }

    /// The boundary that the user or role has.
    fn boundary(&self) -> Option<String> {
        let global = self.asked.global;
        let grants = match self.act.resource_type()?.name {
            "role" => &global.roles.get(&Role::key_of(self.id()?))?.grants,
            "user" => &global.users.get(&User::key_of(self.id()?))?.grants,
            _ => return None,
        };
        grants.boundary.as_ref().map(|arn| arn.to_string())
    }
}
