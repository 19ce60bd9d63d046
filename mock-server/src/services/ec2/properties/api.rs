//! Operations by their names, as clients call them, whichever service they belong to.

use super::super::harness::{Lab, text};
use super::super::internet_gateway::{DeleteInternetGateway, DetachInternetGateway};
use super::super::subnet::DeleteSubnet;
use super::super::vpc::DeleteVpc;
use crate::services::{Read, Refused, Registrar, Write, ec2, sagemaker};
use ipnet::Ipv4Net;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

type Run = fn(&Lab, Value) -> Result<Value, Refused>;

/// Every operation of EC2 and SageMaker.
pub struct Api {
    operations: BTreeMap<&'static str, Run>,
    /// Whether the laboratory looks at the state after each call; with several writers it cannot.
    checked: bool,
}

impl Api {
    pub fn new(checked: bool) -> Self {
        let mut api = Self { operations: BTreeMap::new(), checked };
        sagemaker::operations(&mut api);
        ec2::operations(&mut api);
        api
    }

    pub fn call(&self, lab: &Lab, name: &str, input: Value) -> Result<Value, Refused> {
        self.operations[name](lab, input)
    }

    /// All that a describing operation lists.
    pub fn list(&self, lab: &Lab, name: &str, list: &str) -> Vec<Value> {
        let (mut all, mut input) = (Vec::new(), json!({}));
        loop {
            let page = self.call(lab, name, input.clone()).unwrap();
            all.extend(page[list].as_array().unwrap().iter().cloned());
            let Some(token) = page["NextToken"].as_str() else { return all };
            input["NextToken"] = json!(token);
        }
    }
}

impl Registrar for Api {
    fn read<O: Read>(&mut self) {
        self.operations.insert(O::NAME, |lab, input| lab.read_any::<O>(input));
    }
    fn write<O: Write>(&mut self) {
        let checked: Run = |lab, input| lab.write_any::<O>(input, true);
        let plain: Run = |lab, input| lab.call::<O>(input, true).map_err(Into::into);
        self.operations.insert(O::NAME, if self.checked { checked } else { plain });
    }
}

/// A region with nothing in it: what is looked at after each step is less without its default network.
pub fn without_default_vpc(lab: &Lab) {
    let state = lab.state();
    for gateway in state.internet_gateways.iter() {
        let detach =
            json!({ "InternetGatewayId": gateway.id.to_string(), "VpcId": gateway.vpc.unwrap().to_string() });
        lab.write::<DetachInternetGateway>(detach);
        lab.write::<DeleteInternetGateway>(json!({ "InternetGatewayId": gateway.id.to_string() }));
    }
    for subnet in state.subnets.iter() {
        lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet.id.to_string() }));
    }
    for vpc in state.vpcs.iter() {
        lab.write::<DeleteVpc>(json!({ "VpcId": vpc.id.to_string() }));
    }
}

// === The plainest model of addresses ===

/// Looks at what is described: each address lies in its subnet, is not one of the five that are reserved and has one
/// holder; and `AvailableIpAddressCount` is what is left. Answers the free addresses of each subnet and the interfaces.
pub fn check_addresses(api: &Api, lab: &Lab) -> (BTreeMap<String, usize>, Vec<Value>) {
    let interfaces = api.list(lab, "DescribeNetworkInterfaces", "NetworkInterfaces");
    let mut counts = BTreeMap::new();
    for subnet in api.list(lab, "DescribeSubnets", "Subnets") {
        let (id, block) = (text(&subnet["SubnetId"]), text(&subnet["CidrBlock"]));
        let mut free = usable(&block);
        for interface in interfaces.iter().filter(|interface| interface["SubnetId"] == id) {
            for address in held(interface) {
                // What is not there any more is reserved, outside, or somebody else's.
                assert!(free.remove(&address), "{address} of {block} is not for {interface}");
            }
        }
        let reservations = api.call(lab, "GetSubnetCidrReservations", json!({ "SubnetId": id })).unwrap();
        for range in reservations["SubnetIpv4CidrReservations"].as_array().unwrap() {
            let range: Ipv4Net = text(&range["Cidr"]).parse().unwrap();
            free.retain(|address| !range.contains(address));
        }
        assert_eq!(subnet["AvailableIpAddressCount"], json!(free.len()), "of {block}");
        counts.insert(id, free.len());
    }
    (counts, interfaces)
}

/// The addresses of a block without its first four and its last one.
fn usable(block: &str) -> BTreeSet<Ipv4Addr> {
    let block: Ipv4Net = block.parse().unwrap();
    let all: Vec<u32> = (block.network().into()..=block.broadcast().into()).collect();
    all[4..all.len() - 1].iter().map(|address| Ipv4Addr::from(*address)).collect()
}

/// The addresses of an interface: single ones, and all of each of its prefixes.
fn held(interface: &Value) -> Vec<Ipv4Addr> {
    let rows = |list: &str| interface[list].as_array().cloned().unwrap_or_default();
    let mut all: Vec<Ipv4Addr> = Vec::new();
    for address in rows("PrivateIpAddresses") {
        all.push(text(&address["PrivateIpAddress"]).parse().unwrap());
    }
    for prefix in rows("Ipv4Prefixes") {
        let prefix: Ipv4Net = text(&prefix["Ipv4Prefix"]).parse().unwrap();
        all.extend((u32::from(prefix.network())..=prefix.broadcast().into()).map(Ipv4Addr::from));
    }
    all
}
