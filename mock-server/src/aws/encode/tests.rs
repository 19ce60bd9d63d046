//! Tests of encoding.

use std::sync::OnceLock;

use serde::{Serialize, Serializer};

use super::*;
use crate::aws::ServiceId;

fn encoder(service: ServiceId, operation: &str) -> Encoder<'static> {
    let model = ServiceModel::get(service);
    Encoder::new(model.operation(operation).unwrap(), model, "rid")
}

fn text<T: Serialize>(service: ServiceId, operation: &str, value: &T) -> String {
    let mut encoder = encoder(service, operation);
    encoder.value(value).unwrap();
    String::from_utf8(encoder.finish().body).unwrap()
}

fn error<T: Serialize>(service: ServiceId, operation: &str, value: &T) -> String {
    encoder(service, operation).value(value).unwrap_err().to_string()
}

#[derive(Serialize, Default, Clone)]
#[serde(rename_all = "PascalCase")]
struct Subnet {
    available_ip_address_count: Option<i64>,
    subnet_id: String,
    tags: Option<Vec<Tag>>,
    vpc_id: Option<String>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSubnet {
    subnet: Subnet,
}

struct Row(Subnet, OnceLock<Box<[u8]>>);

impl Element for Row {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        Some(&self.1)
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.0, serializer)
    }
}

fn subnet(id: &str) -> Subnet {
    Subnet { subnet_id: id.into(), ..Subnet::default() }
}

#[test]
fn ec2_structure() {
    let out = CreateSubnet {
        subnet: Subnet {
            available_ip_address_count: Some(251),
            subnet_id: "subnet-<1>".into(),
            tags: Some(vec![Tag { key: "Name".into(), value: "a & b".into() }]),
            vpc_id: None,
        },
    };
    insta::assert_snapshot!(text(ServiceId::Ec2, "CreateSubnet", &out), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <CreateSubnetResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>rid</requestId><subnet><availableIpAddressCount>251</availableIpAddressCount><subnetId>subnet-&lt;1&gt;</subnetId><tagSet><item><key>Name</key><value>a &amp; b</value></item></tagSet></subnet></CreateSubnetResponse>
    "#);
    let empty = CreateSubnet { subnet: Subnet { tags: Some(vec![]), ..subnet("s") } };
    assert!(
        text(ServiceId::Ec2, "CreateSubnet", &empty)
            .contains("<subnetId>s</subnetId><tagSet></tagSet></subnet>")
    );
}
