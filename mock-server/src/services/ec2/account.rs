//! Attributes of the account.

use super::error::Ec2Error;
use crate::services::{Operation, Read, View};
use serde::{Deserialize, Serialize};

/// Source: the page of DescribeAccountAttributes.
pub struct DescribeAccountAttributes;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AccountAttributesIn {
    attribute_names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountAttributesOut {
    account_attributes: Vec<Attribute>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: &'static str,
    attribute_values: Vec<AttributeValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeValue {
    attribute_value: String,
}

impl Operation for DescribeAccountAttributes {
    const NAME: &'static str = "DescribeAccountAttributes";
    type In = AccountAttributesIn;
    type Out = AccountAttributesOut;
    type Error = Ec2Error;
}

impl Read for DescribeAccountAttributes {
    fn run(view: &View<'_>, input: AccountAttributesIn) -> Result<AccountAttributesOut, Ec2Error> {
        let state = view.state;
        let default_vpc = state.default_vpc().map_or_else(|| "none".to_owned(), |vpc| vpc.id.to_string());
        let asked =
            |name: &str| input.attribute_names.is_empty() || input.attribute_names.iter().any(|n| n == name);
        let addresses = state.quotas.elastic_addresses.to_string();
        let attributes = [
            ("supported-platforms", "VPC".to_owned()),
            ("vpc-max-security-groups-per-interface", state.quotas.groups_per_interface.to_string()),
            ("max-elastic-ips", addresses.clone()),
            ("max-instances", MAX_INSTANCES.to_owned()),
            ("vpc-max-elastic-ips", addresses),
            ("default-vpc", default_vpc),
        ];
        let attributes =
            attributes.into_iter().filter(|(name, _)| asked(name)).map(|(attribute_name, value)| Attribute {
                attribute_name,
                attribute_values: vec![AttributeValue { attribute_value: value }],
            });
        Ok(AccountAttributesOut { account_attributes: attributes.collect() })
    }
}

const MAX_INSTANCES: &str = "20";

#[cfg(test)]
mod tests {
    use super::super::harness::Lab;
    use super::*;
    use serde_json::json;

    #[test]
    fn attributes_are_those_asked_for() {
        let lab = Lab::new();
        let all = lab.read::<DescribeAccountAttributes>(json!({}))["AccountAttributes"].clone();
        assert_eq!(all.as_array().unwrap().len(), 6);
        let vpc = lab.state().default_vpc().unwrap().id.to_string();
        assert_eq!(
            lab.read::<DescribeAccountAttributes>(json!({ "AttributeNames": ["default-vpc"] })),
            json!({ "AccountAttributes": [
                { "AttributeName": "default-vpc", "AttributeValues": [{ "AttributeValue": vpc }] },
            ] })
        );
    }
}
