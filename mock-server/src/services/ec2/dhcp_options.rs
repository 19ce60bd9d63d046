//! DHCP option sets.

use super::describe::{Each, Resource, Text, Value, stored_in};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::{DhcpOptions, DhcpOptionsId, Site, State};
use serde::{Serialize, Serializer};

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
