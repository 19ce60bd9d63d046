//! Tags: given with a create, added, removed and described.

use super::describe::{Resource, Window, find};
use super::error::Ec2Error;
use super::filter::{Filter, Filters};
use crate::model::{
    AllocationId, DhcpOptions, EgressOnlyInternetGateway, FlowLog, Id, InsightsAnalysis, InsightsPath,
    InstanceId, InternetGateway, LaunchTemplate, NatGateway, NetworkAcl, NetworkInterface, Peering,
    PrefixList, RouteTable, SecurityGroup, SecurityGroupRuleId, State, Subnet, SubnetCidrReservation, Tags,
    TransitAttachment, TransitGateway, TransitRouteTable, Txn, Vpc, VpcEndpoint, VpnGateway,
};
use crate::services::{Caller, Done, Operation, Page, Printed, Read, View, Write, page};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;

/// Longest key and value, in characters. Source: EC2 user guide, "Tag restrictions".
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;
/// Keys that begin so are AWS's own.
const RESERVED: &str = "aws:";

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagSpecification {
    pub resource_type: Option<String>,
    pub tags: Vec<Tag>,
}

/// The tags that a create gives to what it makes, which is of this kind.
///
/// # Errors
/// For another kind of resource and for tags that may not be.
pub fn given(state: &State, kind: &str, specifications: Vec<TagSpecification>) -> Result<Tags, Ec2Error> {
    given_each(state, [kind], specifications).map(|[tags]| tags)
}

/// The tags that a call gives to what it makes, if that is of several kinds; in the order of the kinds.
///
/// # Errors
/// As [`given`].
pub fn given_each<const N: usize>(
    state: &State,
    kinds: [&str; N],
    specifications: Vec<TagSpecification>,
) -> Result<[Tags; N], Ec2Error> {
    let mut all = std::array::from_fn(|_| Tags::default());
    for specification in specifications {
        let kind = specification.resource_type.ok_or(Ec2Error::NoTagResourceType)?;
        let Some(at) = kinds.iter().position(|known| *known == kind) else {
            return Err(Ec2Error::WrongTagResourceType(kind));
        };
        if specification.tags.is_empty() {
            return Err(Ec2Error::NoTags);
        }
        add(&mut all[at], specification.tags, state.quotas.tags_per_resource)?;
    }
    Ok(all)
}

/// Adds tags to those that are there.
fn add(tags: &mut Tags, more: Vec<Tag>, most: usize) -> Result<(), Ec2Error> {
    let mut seen = BTreeSet::new();
    for tag in more {
        let key = tag.key.unwrap_or_default();
        let value = tag.value.ok_or(Ec2Error::NullTagValue)?;
        if !(1..=LONGEST_KEY).contains(&key.chars().count()) {
            return Err(Ec2Error::BadTagKey);
        }
        if key.starts_with(RESERVED) {
            return Err(Ec2Error::ReservedTag);
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(Ec2Error::LongTagValue);
        }
        if !seen.insert(key.clone()) {
            return Err(Ec2Error::DuplicateTag(key));
        }
        tags.set(key, value);
    }
    if tags.len() > most { Err(Ec2Error::TooManyTags) } else { Ok(()) }
}

// === Printing ===

/// A tag set, in the order of the keys.
pub struct TagSet<'a>(pub &'a Tags);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagView<'a> {
    key: &'a str,
    value: &'a str,
}

impl Serialize for TagSet<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| TagView { key, value }))
    }
}

impl<'a> TagSet<'a> {
    /// For resources that are printed without a tag set if they have no tags.
    pub fn unless_empty(tags: &'a Tags) -> Option<Self> {
        (!tags.is_empty()).then_some(Self(tags))
    }
}

/// The tags of something that is no longer borrowed.
pub struct OwnTags(pub Tags);

impl Serialize for OwnTags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TagSet(&self.0).serialize(serializer)
    }
}

// === What can be tagged ===

type Change<'a> = &'a mut dyn FnMut(&mut Tags) -> Result<(), Ec2Error>;
type Visit<'a> = &'a mut dyn FnMut(String, &Tags);

/// One kind of thing that carries tags.
struct Kind {
    prefix: &'static str,
    name: &'static str,
    change: fn(&mut State, &str, Change<'_>) -> Result<(), Ec2Error>,
    /// Visits the tags of all such things, or of the one with this id.
    visit: fn(&State, Option<&str>, Visit<'_>),
}

/// Everything that can be tagged.
const KINDS: &[Kind] = &[
    kind::<DhcpOptions>(),
    kind::<EgressOnlyInternetGateway>(),
    Kind {
        prefix: AllocationId::PREFIX,
        name: super::address::KIND,
        change: super::address::change_tags,
        visit: super::address::visit_tags,
    },
    Kind {
        prefix: InstanceId::PREFIX,
        name: super::instance::KIND,
        change: super::instance::change_tags,
        visit: super::instance::visit_tags,
    },
    kind::<InternetGateway>(),
    kind::<NatGateway>(),
    kind::<NetworkAcl>(),
    kind::<NetworkInterface>(),
    kind::<PrefixList>(),
    kind::<RouteTable>(),
    kind::<SecurityGroup>(),
    Kind {
        prefix: SecurityGroupRuleId::PREFIX,
        name: super::security_group_rule::KIND,
        change: super::security_group_rule::change_tags,
        visit: super::security_group_rule::visit_tags,
    },
    kind::<Subnet>(),
    kind::<SubnetCidrReservation>(),
    kind::<Vpc>(),
    kind::<VpcEndpoint>(),
    kind::<Peering>(),
    kind::<TransitAttachment>(),
    kind::<TransitGateway>(),
    kind::<VpnGateway>(),
    kind::<FlowLog>(),
    kind::<LaunchTemplate>(),
    kind::<TransitRouteTable>(),
    kind::<InsightsPath>(),
    kind::<InsightsAnalysis>(),
];

const fn kind<R: Resource>() -> Kind {
    fn change<R: Resource>(state: &mut State, id: &str, change: Change<'_>) -> Result<(), Ec2Error> {
        let mut row = R::clone(find::<R>(state, id)?);
        change(row.tags_mut())?;
        R::table_mut(state).insert(row);
        Ok(())
    }
    fn visit<R: Resource>(state: &State, only: Option<&str>, visit: Visit<'_>) {
        let mut show = |row: &R| {
            if !row.tags().is_empty() {
                visit(row.key().to_string(), row.tags());
            }
        };
        match only {
            None => R::table(state).iter().for_each(|row| show(row)),
            Some(id) => find::<R>(state, id).into_iter().for_each(|row| show(row)),
        }
    }
    Kind { prefix: <R::Key as Id>::PREFIX, name: R::KIND, change: change::<R>, visit: visit::<R> }
}

/// Whether this kind of thing can have tags.
pub fn has_tags<R: Resource>() -> bool {
    KINDS.iter().any(|kind| kind.name == R::KIND)
}

/// The kind of thing that this id names.
fn kind_of(id: &str) -> Option<&'static Kind> {
    let (prefix, _) = id.rsplit_once('-')?;
    KINDS.iter().find(|kind| kind.prefix == prefix)
}

/// The tags of the thing with this id; none if there is no such thing.
pub fn of(state: &State, id: &str) -> Tags {
    let mut found = Tags::default();
    if let Some(kind) = kind_of(id) {
        (kind.visit)(state, Some(id), &mut |_, tags| found = tags.clone());
    }
    found
}

fn change_tags(txn: &mut Txn<'_>, ids: &[String], change: Change<'_>) -> Result<(), Ec2Error> {
    if ids.is_empty() {
        return Err(Ec2Error::MissingParameter("resourceIdSet"));
    }
    for id in ids {
        let kind = kind_of(id).ok_or_else(|| Ec2Error::UnknownResource(id.clone()))?;
        (kind.change)(&mut txn.state, id, change)?;
    }
    Ok(())
}

// === Operations ===

pub struct CreateTags;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagsIn {
    resources: Vec<String>,
    tags: Vec<Tag>,
}

impl Operation for CreateTags {
    const NAME: &'static str = "CreateTags";
    type In = TagsIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for CreateTags {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: TagsIn) -> Result<Done, Ec2Error> {
        if input.tags.is_empty() {
            return Err(Ec2Error::MissingParameter("tagSet"));
        }
        let most = txn.state.quotas.tags_per_resource;
        let mut new = Tags::default();
        add(&mut new, input.tags, most)?;
        change_tags(txn, &input.resources, &mut |tags| {
            new.iter().for_each(|(key, value)| tags.set(key, value));
            if tags.len() > most { Err(Ec2Error::TooManyTags) } else { Ok(()) }
        })?;
        Ok(Done {})
    }
}

/// Removes tags: by key, or by key and value if a value is given; all of the user's own if none are named.
pub struct DeleteTags;

impl Operation for DeleteTags {
    const NAME: &'static str = "DeleteTags";
    type In = TagsIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteTags {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: TagsIn) -> Result<Done, Ec2Error> {
        change_tags(txn, &input.resources, &mut |tags| {
            if input.tags.is_empty() {
                *tags = tags.iter().filter(|(key, _)| key.starts_with(RESERVED)).collect();
            }
            for tag in &input.tags {
                let key = tag.key.as_deref().unwrap_or_default();
                if key.starts_with(RESERVED) {
                    return Err(Ec2Error::ReservedTag);
                }
                if tag.value.as_deref().is_none_or(|value| tags.get(key) == Some(value)) {
                    tags.remove(key);
                }
            }
            Ok(())
        })?;
        Ok(Done {})
    }
}

pub struct DescribeTags;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeTagsIn {
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "PascalCase")]
pub struct TagDescription {
    key: String,
    resource_id: String,
    resource_type: &'static str,
    value: String,
}

impl Printed for TagDescription {
    const LIST: &'static str = "Tags";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl TagDescription {
    /// Lists are in the order of this.
    fn place(&self) -> (String, String) {
        (self.resource_id.clone(), self.key.clone())
    }
}

pub const TAG_FILTERS: &[&str] = &["key", "resource-id", "resource-type", "tag", "value"];

impl Operation for DescribeTags {
    const NAME: &'static str = "DescribeTags";
    type In = DescribeTagsIn;
    type Out = Page<TagDescription>;
    type Error = Ec2Error;
}

impl Read for DescribeTags {
    fn run(view: &View<'_>, input: DescribeTagsIn) -> Result<Self::Out, Ec2Error> {
        let after = |token: &str| {
            let (id, key) = token.split_once(' ').filter(|(id, _)| kind_of(id).is_some())?;
            Some((id.to_owned(), key.to_owned()))
        };
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, after)?;
        let filters = Filters::new(input.filters, TAG_FILTERS)?;
        let mut rows = Vec::new();
        let mut scratch = String::new();
        let mut visit = |kind: &Kind, only: Option<&str>| {
            (kind.visit)(view.state, only, &mut |id, tags| {
                for (key, value) in tags.iter() {
                    let alone: Tags = [(key, value)].into_iter().collect();
                    let pass = filters.pass(&mut scratch, &alone, |name, probe| match name {
                        "key" => probe.is(key),
                        "resource-id" => probe.is(&id),
                        "resource-type" => probe.is(kind.name),
                        "value" => probe.is(value),
                        _ => probe.unknown(),
                    });
                    if pass {
                        let (key, value) = (key.to_owned(), value.to_owned());
                        rows.push(TagDescription {
                            key,
                            resource_id: id.clone(),
                            resource_type: kind.name,
                            value,
                        });
                    }
                }
            });
        };
        match filters.exact().find(|(_, name, _)| *name == "resource-id") {
            Some((.., ids)) => {
                let ids: BTreeSet<&str> = ids.into_iter().collect();
                ids.into_iter().for_each(|id| kind_of(id).into_iter().for_each(|kind| visit(kind, Some(id))));
            }
            None => KINDS.iter().for_each(|kind| visit(kind, None)),
        }
        rows.sort_by_cached_key(TagDescription::place);
        let rows =
            rows.into_iter().filter(|row| window.after.as_ref().is_none_or(|after| row.place() > *after));
        let (rows, next_token) =
            page::cut(rows, window.limit, |row| format!("{} {}", row.resource_id, row.key));
        Ok(Page { rows, next_token })
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::AllocateAddress;
    use super::super::describe::Describe;
    use super::super::egress_only_internet_gateway::CreateEgressOnlyInternetGateway;
    use super::super::harness::{Lab, text, texts};
    use super::super::nat_gateway::CreateNatGateway;
    use super::super::subnet_reservation::CreateSubnetCidrReservation;
    use super::super::vpn_gateway::CreateVpnGateway;
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn everything_with_an_id_can_be_tagged_and_described_by_its_tags() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let interface = lab.interface(&subnet, &[]);
        let peers = json!({ "VpcId": vpc, "PeerVpcId": lab.vpc() });
        lab.write::<super::super::peering::CreateVpcPeeringConnection>(peers);
        lab.write::<CreateEgressOnlyInternetGateway>(json!({ "VpcId": vpc }));
        lab.write::<CreateVpnGateway>(json!({ "Type": "ipsec.1" }));
        let (_, attachment) = super::super::transit_gateway_attachment::tests::attached(&lab, &vpc, &subnet);
        lab.flow_log("VPC", &vpc, "records");
        let state = lab.state();
        let group = state.groups.iter().next().unwrap();
        let mut ids: Vec<String> = vec![vpc.clone(), subnet, interface];
        ids.push(group.id.to_string());
        ids.push(group.rules[0].id.to_string());
        ids.push(state.dhcp_options.iter().next().unwrap().id.to_string());
        ids.push(state.internet_gateways.iter().next().unwrap().id.to_string());
        ids.push(state.route_tables.iter().next().unwrap().id.to_string());
        ids.push(state.acls.iter().next().unwrap().id.to_string());
        let endpoint = json!({ "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3" });
        let endpoint = lab.write::<super::super::vpc_endpoint_create::CreateVpcEndpoint>(endpoint);
        ids.push(super::super::harness::text(&endpoint["VpcEndpoint"]["VpcEndpointId"]));
        ids.push(state.peerings.iter().next().unwrap().id.to_string());
        let reservation = lab.write::<CreateSubnetCidrReservation>(
            json!({ "SubnetId": ids[1], "ReservationType": "prefix", "Cidr": "10.0.0.16/28" }),
        );
        ids.push(text(&reservation["SubnetCidrReservation"]["SubnetCidrReservationId"]));
        ids.push(state.egress_only_gateways.iter().next().unwrap().id.to_string());
        ids.push(state.vpn_gateways.iter().next().unwrap().id.to_string());
        ids.push(state.transit_gateways.iter().next().unwrap().id.to_string());
        ids.push(attachment);
        let allocated = lab.write::<AllocateAddress>(json!({}));
        ids.push(text(&allocated["AllocationId"]));
        let made = json!({ "SubnetId": ids[1], "ConnectivityType": "private" });
        ids.push(text(&lab.write::<CreateNatGateway>(made)["NatGateway"]["NatGatewayId"]));
        let list = json!({ "PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 1 });
        let list = lab.write::<super::super::prefix_list_change::CreateManagedPrefixList>(list);
        ids.push(list["PrefixList"]["PrefixListId"].as_str().unwrap().to_owned());
        ids.push(text(&lab.instance(&ids[1], json!({}))["InstanceId"]));
        ids.push(state.flow_logs.iter().next().unwrap().id.to_string());
        ids.push(state.transit_tables.iter().next().unwrap().id.to_string());
        let template = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": {} });
        let template = lab.write::<super::super::launch_template::CreateLaunchTemplate>(template);
        ids.push(text(&template["LaunchTemplate"]["LaunchTemplateId"]));
        let path = json!({ "Source": ids[2], "Destination": ids[2], "Protocol": "tcp" });
        let path = lab.write::<super::super::insights::CreateNetworkInsightsPath>(path);
        let path = text(&path["NetworkInsightsPath"]["NetworkInsightsPathId"]);
        let analysis = json!({ "NetworkInsightsPathId": path });
        let analysis = lab.write::<super::super::insights::analysis::StartNetworkInsightsAnalysis>(analysis);
        ids.push(path);
        ids.push(text(&analysis["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]));
        assert_eq!(ids.len(), KINDS.len());
        let tags = json!([{ "Key": "team", "Value": "a" }, { "Key": "Name", "Value": "" }]);
        lab.write::<CreateTags>(json!({ "Resources": ids, "Tags": tags }));

        let describe =
            |filters: Json| lab.read::<DescribeTags>(json!({ "Filters": filters }))["Tags"].clone();
        assert_eq!(describe(json!([])).as_array().unwrap().len(), 2 * ids.len());
        ids.sort();
        assert_eq!(texts(&describe(json!([{ "Name": "tag:team", "Values": ["a"] }])), "ResourceId"), ids);
        assert_eq!(
            describe(
                json!([{ "Name": "resource-id", "Values": [vpc] }, { "Name": "key", "Values": ["t*"] }])
            ),
            json!([{ "Key": "team", "ResourceId": vpc, "ResourceType": "vpc", "Value": "a" }])
        );
        assert_eq!(
            describe(json!([{ "Name": "resource-type", "Values": ["subnet"] }])).as_array().unwrap().len(),
            2
        );
        let with_tags = json!({ "Filters": [{ "Name": "tag-key", "Values": ["team"] }] });
        assert_eq!(lab.ids::<Describe<Vpc>>("Vpcs", "VpcId", with_tags), [&*vpc]);

        let mut input = json!({ "MaxResults": 7 });
        let mut seen = 0;
        loop {
            let page = lab.read::<DescribeTags>(input.clone());
            seen += page["Tags"].as_array().unwrap().len();
            match page.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(seen, 2 * ids.len());

        let left = |tags: Json| {
            let mut input = json!({ "Resources": [vpc] });
            if !tags.is_null() {
                input["Tags"] = tags;
            }
            lab.write::<DeleteTags>(input);
            texts(&describe(json!([{ "Name": "resource-id", "Values": [vpc] }])), "Key")
        };
        assert_eq!(left(json!([{ "Key": "team", "Value": "b" }])), ["Name", "team"]);
        assert_eq!(left(json!([{ "Key": "team", "Value": "a" }])), ["Name"]);
        assert_eq!(left(Json::Null), Vec::<String>::new());
    }

    #[test]
    fn fifty_tags_are_enough() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let tags = |from: usize, to: usize| -> Json {
            (from..to).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect()
        };
        let create =
            |tags: Json| lab.try_write::<CreateTags>(json!({ "Resources": [vpc], "Tags": tags })).map(|_| ());
        assert_eq!(create(tags(0, 50)), Ok(()));
        assert_eq!(create(tags(0, 1)), Ok(()), "a tag that is there may be set again");
        assert_eq!(create(tags(50, 51)), Err(Ec2Error::TooManyTags));
    }
}
