//! Attributes of subnets.

use super::describe::{Value, find};
use super::error::{Ec2Error, VpcError};
use crate::model::{Subnet, Txn};
use crate::services::{Caller, Done, Operation, Write};
use serde::Deserialize;

/// Changes one attribute.
/// Source: API reference, ModifySubnetAttribute; EC2-SUB-ATTR.
pub struct ModifySubnetAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifySubnetAttributeIn {
    assign_ipv6_address_on_creation: Option<Value<bool>>,
    map_public_ip_on_launch: Option<Value<bool>>,
    subnet_id: String,
    map_customer_owned_ip_on_launch: Option<Value<bool>>,
    customer_owned_ipv4_pool: Option<String>,
    enable_dns64: Option<Value<bool>>,
    private_dns_hostname_type_on_launch: Option<String>,
    enable_resource_name_dns_a_record_on_launch: Option<Value<bool>>,
    #[serde(rename = "EnableResourceNameDnsAAAARecordOnLaunch")]
    enable_resource_name_dns_aaaa_record_on_launch: Option<Value<bool>>,
    enable_lni_at_device_index: Option<i32>,
    disable_lni_at_device_index: Option<Value<bool>>,
}

/// What is to be changed, once it is known to be possible.
enum Change {
    AssignIpv6(bool),
    MapPublicIp(bool),
    Dns64(bool),
    Hostnames(String),
    ARecord(bool),
    AaaaRecord(bool),
    /// Of subnets on an Outpost alone: the parameter, and whether it asks for anything.
    Outpost(&'static str, bool),
}

impl Operation for ModifySubnetAttribute {
    const NAME: &'static str = "ModifySubnetAttribute";
    type In = ModifySubnetAttributeIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ModifySubnetAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifySubnetAttributeIn) -> Result<Done, Ec2Error> {
        let subnet = find::<Subnet>(&txn.state, &input.subnet_id)?.clone();
        let change = match only(input.changes())? {
            Change::AssignIpv6(true) if subnet.ipv6.is_none() => {
                return Err(VpcError::NothingToAssign(subnet.id).into());
            }
            Change::AssignIpv6(false) if subnet.is_ipv6_native() => {
                return Err(VpcError::NativeHasToAssign(subnet.id).into());
            }
            Change::Hostnames(kind) if kind == IP_NAME && subnet.is_ipv6_native() => {
                return Err(VpcError::NativeHostnames(subnet.id).into());
            }
            Change::Outpost(parameter, true) => {
                return Err(VpcError::NotOnAnOutpost { parameter, subnet: subnet.id }.into());
            }
            change => change,
        };
        txn.state.subnets.update(&subnet.id, |subnet| match change {
            Change::AssignIpv6(value) => subnet.assign_ipv6 = value,
            Change::MapPublicIp(value) => subnet.map_public_ip = value,
            Change::Dns64(value) => subnet.dns64 = value,
            Change::Hostnames(kind) => subnet.launch_names.by_resource = kind == RESOURCE_NAME,
            Change::ARecord(value) => subnet.launch_names.a_record = value,
            Change::AaaaRecord(value) => subnet.launch_names.aaaa_record = value,
            Change::Outpost(..) => {}
        });
        Ok(Done {})
    }
}

/// What the names of instances are made of: their address or their id.
pub const IP_NAME: &str = "ip-name";
pub const RESOURCE_NAME: &str = "resource-name";

impl ModifySubnetAttributeIn {
    /// Every change that is asked for, by the name of its attribute. The two parameters on customer-owned addresses
    /// are one attribute.
    fn changes(self) -> Vec<(&'static str, Change)> {
        let flag =
            |value: Option<Value<bool>>, change: fn(bool) -> Change| value.map(|value| change(value.value));
        let customer_owned = match (self.map_customer_owned_ip_on_launch, self.customer_owned_ipv4_pool) {
            (None, None) => None,
            (map, pool) => {
                let asked = pool.is_some() || map.is_some_and(|map| map.value);
                Some(Change::Outpost("mapCustomerOwnedIpOnLaunch", asked))
            }
        };
        let lni = self.enable_lni_at_device_index.map(|_| Change::Outpost("enableLniAtDeviceIndex", true));
        let changes = [
            ("assignIpv6AddressOnCreation", flag(self.assign_ipv6_address_on_creation, Change::AssignIpv6)),
            ("mapPublicIpOnLaunch", flag(self.map_public_ip_on_launch, Change::MapPublicIp)),
            ("mapCustomerOwnedIpOnLaunch", customer_owned),
            ("enableDns64", flag(self.enable_dns64, Change::Dns64)),
            (
                "privateDnsHostnameTypeOnLaunch",
                self.private_dns_hostname_type_on_launch.map(Change::Hostnames),
            ),
            (
                "enableResourceNameDnsARecordOnLaunch",
                flag(self.enable_resource_name_dns_a_record_on_launch, Change::ARecord),
            ),
            (
                "enableResourceNameDnsAAAARecordOnLaunch",
                flag(self.enable_resource_name_dns_aaaa_record_on_launch, Change::AaaaRecord),
            ),
            ("enableLniAtDeviceIndex", lni),
            (
                "disableLniAtDeviceIndex",
                flag(self.disable_lni_at_device_index, |asked| {
                    Change::Outpost("disableLniAtDeviceIndex", asked)
                }),
            ),
        ];
        changes.into_iter().filter_map(|(name, change)| Some((name, change?))).collect()
    }
}

fn only(changes: Vec<(&'static str, Change)>) -> Result<Change, Ec2Error> {
    let names: Vec<_> = changes.iter().map(|(name, _)| *name).collect();
    let mut changes = changes.into_iter();
    match (changes.next(), names.len()) {
        (None, _) => Err(Ec2Error::NoAttribute),
        (Some((_, change)), 1) => Ok(change),
        _ => Err(VpcError::ManySubnetAttributes(names.join(", ")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::Lab;
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn every_attribute_is_described_as_it_was_set() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        let flag = |value: bool| json!({ "Value": value });
        for (member, pointer, filter) in [
            ("MapPublicIpOnLaunch", "/MapPublicIpOnLaunch", "map-public-ip-on-launch"),
            ("EnableDns64", "/EnableDns64", "enable-dns64"),
            (
                "EnableResourceNameDnsARecordOnLaunch",
                "/PrivateDnsNameOptionsOnLaunch/EnableResourceNameDnsARecord",
                "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            ),
            (
                "EnableResourceNameDnsAAAARecordOnLaunch",
                "/PrivateDnsNameOptionsOnLaunch/EnableResourceNameDnsAAAARecord",
                "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
            ),
        ] {
            for value in [true, false] {
                lab.write::<ModifySubnetAttribute>(json!({ "SubnetId": subnet, member: flag(value) }));
                let filters = json!([
                    { "Name": filter, "Values": [value.to_string()] },
                    { "Name": "subnet-id", "Values": [subnet] },
                ]);
                let seen = lab.read::<Describe<Subnet>>(json!({ "Filters": filters }))["Subnets"].clone();
                assert_eq!(seen[0].pointer(pointer), Some(&Json::from(value)), "{member}");
            }
        }
        let names = json!({ "SubnetId": subnet, "PrivateDnsHostnameTypeOnLaunch": "resource-name" });
        lab.write::<ModifySubnetAttribute>(names);
        let seen = lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [subnet] }))["Subnets"][0].clone();
        assert_eq!(seen["PrivateDnsNameOptionsOnLaunch"]["HostnameType"], "resource-name");
        // What an Outpost alone has can be switched off, for it is.
        let off = json!({ "SubnetId": subnet, "MapCustomerOwnedIpOnLaunch": flag(false) });
        lab.write::<ModifySubnetAttribute>(off);
        assert_eq!(
            lab.try_write::<ModifySubnetAttribute>(json!({ "SubnetId": subnet })),
            Err(Ec2Error::NoAttribute)
        );
    }
}
