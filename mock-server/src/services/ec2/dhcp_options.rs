//! DHCP option sets.

use super::dependency;
use super::describe::{Each, Listed, Resource, Text, Value, find, stored_in};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::{AccountId, Memo};
use crate::model::{DhcpOptions, DhcpOptionsId, Id, Site, State, Txn, Vpc};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

impl Resource for DhcpOptions {
    const DESCRIBE: &'static str = "DescribeDhcpOptions";
    const LIST: &'static str = "DhcpOptions";
    const IDS: &'static str = "dhcpOptionsIds";
    const KIND: &'static str = "dhcp-options";
    const ID_FILTER: &'static str = "dhcp-options-id";
    const FILTERS: &'static [&'static str] =
        &["dhcp-options-id", "key", "owner-id", "tag", "tag-key", "value"];

    stored_in!(dhcp_options);

    fn not_found(missing: Missing) -> Ec2Error {
        Ec2Error::DhcpOptionsNotFound(missing)
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "dhcp-options-id" => probe.show(self.id),
            "key" => self.options.iter().for_each(|(key, _)| probe.is(key)),
            "value" => self.options.iter().flat_map(|(_, values)| values).for_each(|value| probe.is(value)),
            "owner-id" => probe.show(state.site.account),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        DhcpOptionsView {
            owner_id: Text(site.account),
            tags: TagSet(&self.tags),
            dhcp_options_id: Text(self.id),
            dhcp_configurations: Each(|| {
                self.options.iter().map(|(key, values)| Configuration {
                    key,
                    values: values.iter().map(|value| Value { value }).collect(),
                })
            }),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DhcpOptionsView<'a, C: Serialize> {
    owner_id: Text<AccountId>,
    tags: TagSet<'a>,
    dhcp_options_id: Text<DhcpOptionsId>,
    dhcp_configurations: C,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration<'a> {
    key: &'a str,
    values: Vec<Value<&'a String>>,
}

// === Create, delete and associate ===

/// A key that a set can have.
struct Key {
    name: &'static str,
    /// The values are addresses of servers; several can be written as one, with commas between them.
    servers: bool,
    most: usize,
    takes: fn(&str) -> bool,
}

/// What a set can hold.
/// Source: API reference, CreateDhcpOptions; VPC user guide, "DHCP option sets".
const KEYS: &[Key] = &[
    Key { name: "domain-name", servers: false, most: usize::MAX, takes: |_| true },
    Key {
        name: "domain-name-servers",
        servers: true,
        most: 4,
        takes: |value| value == "AmazonProvidedDNS" || is::<IpAddr>(value),
    },
    Key {
        name: "ipv6-address-preferred-lease-time",
        servers: false,
        most: usize::MAX,
        // Seconds, or a number with a unit.
        takes: |value| match value.parse::<u32>() {
            Ok(seconds) => (140..=2_147_483_647).contains(&seconds),
            Err(_) => value.starts_with(|c: char| c.is_ascii_digit()),
        },
    },
    Key { name: "netbios-name-servers", servers: true, most: 4, takes: is::<Ipv4Addr> },
    Key {
        name: "netbios-node-type",
        servers: false,
        most: usize::MAX,
        takes: |value| ["1", "2", "4", "8"].contains(&value),
    },
    Key { name: "ntp-servers", servers: true, most: 8, takes: is::<IpAddr> },
];

fn is<T: FromStr>(value: &str) -> bool {
    value.parse::<T>().is_ok()
}

/// What detaches a VPC's options.
const NONE: &str = "default";

/// Source: VPC user guide, "DHCP option sets".
pub struct CreateDhcpOptions;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateDhcpOptionsIn {
    dhcp_configurations: Vec<NewConfiguration>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct NewConfiguration {
    key: String,
    values: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDhcpOptionsOut {
    dhcp_options: Listed<DhcpOptions>,
}

impl Operation for CreateDhcpOptions {
    const NAME: &'static str = "CreateDhcpOptions";
    type In = CreateDhcpOptionsIn;
    type Out = CreateDhcpOptionsOut;
    type Error = Ec2Error;
}

impl Write for CreateDhcpOptions {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateDhcpOptionsIn) -> Result<Self::Out, Ec2Error> {
        let row = DhcpOptions {
            options: options(input.dhcp_configurations)?,
            tags: tags::given(&txn.state, DhcpOptions::KIND, input.tag_specifications)?,
            id: Id::mint(txn),
            memo: Memo::default(),
        };
        let row = txn.state.dhcp_options.insert(row);
        Ok(CreateDhcpOptionsOut { dhcp_options: Listed::new(&txn.state, row) })
    }
}

/// The values of each key, in the order of the keys.
fn options(given: Vec<NewConfiguration>) -> Result<Vec<(String, Vec<String>)>, Ec2Error> {
    if given.is_empty() {
        return Err(Ec2Error::MissingParameter("dhcpConfiguration"));
    }
    let mut options = BTreeMap::<_, Vec<_>>::new();
    for NewConfiguration { key, values } in given {
        let Some(known) = KEYS.iter().find(|known| known.name == key) else {
            return Err(Ec2Error::UnknownDhcpKey(key));
        };
        let key = known.name;
        let values = values.iter().flat_map(|value| match known.servers {
            true => value.split(',').map(str::trim).collect(),
            false => vec![value.as_str()],
        });
        let values: Vec<_> = values.map(str::to_owned).collect();
        if values.is_empty() {
            return Err(Ec2Error::NoDhcpValues(key));
        }
        if let Some(value) = values.iter().find(|value| !(known.takes)(value)) {
            return Err(Ec2Error::BadDhcpValue { key, value: value.clone() });
        }
        let all = options.entry(key).or_default();
        all.extend(values);
        if all.len() > known.most {
            return Err(Ec2Error::TooManyDhcpValues { key, most: known.most });
        }
    }
    Ok(options.into_iter().map(|(key, values)| (key.to_owned(), values)).collect())
}

/// VPCs that are made after the region's own set was deleted have none.
/// Source: VPC user guide, "DHCP option sets".
pub struct DeleteDhcpOptions;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteDhcpOptionsIn {
    dhcp_options_id: String,
}

impl Operation for DeleteDhcpOptions {
    const NAME: &'static str = "DeleteDhcpOptions";
    type In = DeleteDhcpOptionsIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteDhcpOptions {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteDhcpOptionsIn) -> Result<Done, Ec2Error> {
        if !input.dhcp_options_id.starts_with("dopt-") {
            return Err(Ec2Error::DhcpOptionsMalformed(input.dhcp_options_id));
        }
        let id = find::<DhcpOptions>(&txn.state, &input.dhcp_options_id)?.id;
        if dependency::is_held(&txn.state, id) {
            return Err(Ec2Error::DhcpOptionsInUse(id));
        }
        txn.state.dhcp_options.remove(&id);
        txn.state.region_dhcp_options.take_if(|own| *own == id);
        Ok(Done {})
    }
}

/// Gives a VPC another set, or with the id `default` none.
/// Source: API reference, AssociateDhcpOptions.
pub struct AssociateDhcpOptions;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociateDhcpOptionsIn {
    dhcp_options_id: String,
    vpc_id: String,
}

impl Operation for AssociateDhcpOptions {
    const NAME: &'static str = "AssociateDhcpOptions";
    type In = AssociateDhcpOptionsIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for AssociateDhcpOptions {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociateDhcpOptionsIn) -> Result<Done, Ec2Error> {
        let options = match input.dhcp_options_id.as_str() {
            NONE => None,
            id => Some(find::<DhcpOptions>(&txn.state, id)?.id),
        };
        let vpc = find::<Vpc>(&txn.state, &input.vpc_id)?.id;
        txn.state.vpcs.update(&vpc, |vpc| vpc.dhcp_options = options);
        Ok(Done {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::vpc::DeleteVpc;
    use super::*;
    use serde_json::{Value as Json, json};

    fn create(lab: &Lab, configurations: Json) -> Json {
        lab.write::<CreateDhcpOptions>(json!({
            "DhcpConfigurations": configurations,
            "TagSpecifications": [{ "ResourceType": "dhcp-options", "Tags": [{ "Key": "Name", "Value": "mine" }] }],
        }))["DhcpOptions"]
            .clone()
    }

    #[test]
    fn a_set_is_described_as_it_was_made_and_goes_when_no_vpc_has_it() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let made = create(
            &lab,
            json!([
                { "Key": "ntp-servers", "Values": ["10.0.0.9"] },
                { "Key": "domain-name-servers", "Values": ["10.0.0.2, 10.0.0.3"] },
                { "Key": "domain-name-servers", "Values": ["10.0.0.4"] },
            ]),
        );
        let id = text(&made["DhcpOptionsId"]);
        assert_eq!(
            made["DhcpConfigurations"],
            json!([
                {
                    "Key": "domain-name-servers",
                    "Values": [{ "Value": "10.0.0.2" }, { "Value": "10.0.0.3" }, { "Value": "10.0.0.4" }],
                },
                { "Key": "ntp-servers", "Values": [{ "Value": "10.0.0.9" }] },
            ])
        );
        assert_eq!(made["Tags"], json!([{ "Key": "Name", "Value": "mine" }]));
        let by_key = json!({ "Filters": [{ "Name": "key", "Values": ["ntp-servers"] }] });
        assert_eq!(lab.read::<Describe<DhcpOptions>>(by_key)["DhcpOptions"], json!([made]));

        let has = |options: &str| {
            lab.write::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": options, "VpcId": vpc }));
            let filters = json!({ "Filters": [{ "Name": "dhcp-options-id", "Values": [options] }] });
            assert!(lab.ids::<Describe<Vpc>>("Vpcs", "VpcId", filters).contains(&vpc));
            text(&lab.read::<Describe<Vpc>>(json!({ "VpcIds": [vpc] }))["Vpcs"][0]["DhcpOptionsId"])
        };
        let delete = || lab.try_write::<DeleteDhcpOptions>(json!({ "DhcpOptionsId": id })).map(|_| ());
        assert_eq!(has(&id), id);
        assert!(matches!(delete(), Err(Ec2Error::DhcpOptionsInUse(_))));
        assert_eq!(has("default"), "default");
        assert_eq!(delete(), Ok(()));
        assert_eq!(delete(), Err(Ec2Error::DhcpOptionsNotFound(Missing::one(&id))));
        assert_eq!(lab.state().dhcp_options.len(), 1);
    }

    #[test]
    fn deleting_a_vpc_leaves_its_options_and_frees_them() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let id =
            text(&create(&lab, json!([{ "Key": "domain-name", "Values": ["a.test"] }]))["DhcpOptionsId"]);
        lab.write::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": id, "VpcId": vpc }));
        lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
        assert_eq!(lab.state().dhcp_options.len(), 2);
        lab.write::<DeleteDhcpOptions>(json!({ "DhcpOptionsId": id }));
    }

    #[test]
    fn without_the_regions_own_set_new_vpcs_have_none() {
        let lab = Lab::new();
        let (own, vpc) = {
            let state = lab.state();
            (state.region_dhcp_options.unwrap(), state.vpcs.iter().next().unwrap().id)
        };
        lab.write::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": "default", "VpcId": vpc.to_string() }));
        lab.write::<DeleteDhcpOptions>(json!({ "DhcpOptionsId": own.to_string() }));
        let new = lab.vpc();
        let told = lab.read::<Describe<Vpc>>(json!({ "VpcIds": [new] }))["Vpcs"][0].clone();
        assert_eq!(told["DhcpOptionsId"], "default");
    }
}
