//! Several writers at once: what they get is theirs alone, and what is free is counted exactly, in whatever order their
//! calls come to pass.

use super::super::harness::{Lab, NOW, text};
use super::api::{Api, check_addresses, without_default_vpc};
use crate::model::{Defaults, Profile, Quotas};
use crate::services::Refused;
use crate::services::sagemaker::tests as requests;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

const WRITERS: usize = 8;
const ACTS: usize = 200;
/// As many addresses as a writer tries to hold at once: together they want more than a /24 has.
const GREED: usize = 40;

/// How a full subnet refuses an address, a prefix, and further addresses.
const NO_ROOM: [(&str, &str); 3] = [
    (
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.",
    ),
    (
        "InsufficientCidrBlocks",
        "The specified subnet does not have enough free cidr blocks to satisfy the request.",
    ),
    ("InvalidParameterValue", "There aren't sufficient free Ipv4 addresses or prefixes"),
];

/// What the writers share.
struct Street {
    api: Api,
    subnet: String,
    group: String,
    role: String,
}

/// What one writer holds, and which of its calls were done and refused.
#[derive(Default)]
struct Tally {
    /// Operations with what deletes the thing, the oldest first.
    held: Vec<(&'static str, Value)>,
    done: usize,
    refused: BTreeMap<(String, String), usize>,
}

impl Street {
    /// Makes something of the n-th kind; the call that deletes it.
    fn make(&self, lab: &Lab, name: &str, n: usize) -> Result<(&'static str, Value), Refused> {
        let (subnet, group) = (&self.subnet, &self.group);
        let settings = json!({ "Subnets": [subnet], "SecurityGroupIds": [group] });
        let call = |operation: &str, input: Value| self.api.call(lab, operation, input);
        Ok(match n % 6 {
            0 => {
                let mut request = requests::request(name, 3);
                request["RoleArn"] = json!(self.role);
                request["VpcConfig"] = settings;
                call("CreateTrainingJob", request)?;
                ("StopTrainingJob", json!({ "TrainingJobName": name }))
            }
            1 => {
                let made = call(
                    "CreateVpcEndpoint",
                    json!({ "VpcId": self.vpc(lab), "VpcEndpointType": "Interface", "SubnetIds": [subnet],
                        "ServiceName": "com.amazonaws.us-east-1.sagemaker.api", "SecurityGroupIds": [group],
                        "PrivateDnsEnabled": false }),
                )?;
                ("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [made["VpcEndpoint"]["VpcEndpointId"]] }))
            }
            2 => {
                let input = json!({ "EndpointName": name, "EndpointConfigName": "two" });
                call("CreateEndpoint", input)?;
                ("DeleteEndpoint", json!({ "EndpointName": name }))
            }
            n => {
                // One, three or seventeen addresses.
                let more = [
                    json!({}),
                    json!({ "SecondaryPrivateIpAddressCount": 2 }),
                    json!({ "Ipv4PrefixCount": 1 }),
                ];
                let mut input = more[n % 3].clone();
                input["SubnetId"] = json!(subnet);
                let made = call("CreateNetworkInterface", input)?;
                let id = made["NetworkInterface"]["NetworkInterfaceId"].clone();
                ("DeleteNetworkInterface", json!({ "NetworkInterfaceId": id }))
            }
        })
    }

    fn vpc(&self, lab: &Lab) -> String {
        text(&self.api.list(lab, "DescribeSubnets", "Subnets")[0]["VpcId"])
    }

    /// One writer's acts: it makes things until it has enough or there is no room, then deletes the oldest.
    fn act(&self, lab: &Lab, writer: usize) -> Tally {
        let mut tally = Tally::default();
        for n in 0..ACTS {
            let made = if tally.held.len() < GREED && n % 5 != 4 {
                self.make(lab, &format!("w{writer}-{n}"), writer + n).map(|undo| tally.held.push(undo))
            } else if tally.held.is_empty() {
                continue;
            } else {
                let (operation, input) = tally.held.remove(0);
                self.api.call(lab, operation, input).map(drop)
            };
            match made {
                Ok(()) => tally.done += 1,
                Err(refused) => {
                    let refused = (refused.code.into_owned(), refused.message);
                    *tally.refused.entry(refused).or_default() += 1;
                }
            }
        }
        tally
    }
}

/// A configuration with two instances in the subnet.
fn furnish_hosting(street: &Street, lab: &Lab) {
    let container = json!({ "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1", "ModelDataUrl": "s3://data/model.tar.gz" });
    let settings = json!({ "Subnets": [street.subnet], "SecurityGroupIds": [street.group] });
    let model = json!({ "ModelName": "m", "ExecutionRoleArn": street.role, "PrimaryContainer": container,
        "VpcConfig": settings });
    street.api.call(lab, "CreateModel", model).unwrap();
    let variant = json!([{ "VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 2 }]);
    let config = json!({ "EndpointConfigName": "two", "ProductionVariants": variant });
    street.api.call(lab, "CreateEndpointConfig", config).unwrap();
}

#[test]
fn writers_at_once_share_no_address() {
    let quotas = Quotas { interface_endpoints_per_vpc: 10_000, ..Quotas::default() };
    let lab = Lab::with_defaults(
        "us-east-1",
        Defaults { profile: Profile::Realistic, quotas, ..Defaults::default() },
    );
    without_default_vpc(&lab);
    let vpc = lab.vpc();
    let street = Street {
        api: Api::new(false),
        subnet: lab.subnet(&vpc, "10.0.7.0/24"),
        group: lab.group(&vpc, "all"),
        role: lab.role("Trainer", "sagemaker.amazonaws.com"),
    };
    let rule = json!([{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": street.group }] }]);
    let rule = json!({ "GroupId": street.group, "IpPermissions": rule });
    street.api.call(&lab, "AuthorizeSecurityGroupIngress", rule).unwrap();
    furnish_hosting(&street, &lab);
    let ready = Barrier::new(WRITERS + 1);
    let work = |writer: usize| {
        let own = lab.beside("123456789012", "us-east-1");
        ready.wait();
        street.act(&own, writer)
    };
    let (work, lab) = (&work, &lab);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || work(writer))).collect();
        ready.wait();
        // Time passes meanwhile: jobs and endpoints come and go by themselves.
        while running.iter().any(|thread| !thread.is_finished()) {
            let to = lab.now() + Duration::from_secs(5);
            let now = lab.account.change_clock(NOW, |clock| clock.jump(NOW, to));
            lab.account.settle(now, crate::services::step);
            std::thread::yield_now();
        }
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(lab.state().broken_invariants(), Vec::<String>::new());
    check_addresses(&street.api, lab);

    // What each call was answered is what there is: nobody's interface was lost or given to two.
    let mut refusals: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut own = 0;
    for tally in &tallies {
        assert!(tally.done > ACTS / 4, "{:?}", tally.refused);
        tally.refused.iter().for_each(|(code, n)| *refusals.entry(code.clone()).or_default() += n);
        own += tally.held.iter().filter(|(operation, _)| *operation == "DeleteNetworkInterface").count();
    }
    let is_own = |row: &&Value| row["InterfaceType"] == "interface" && row["RequesterId"].is_null();
    let interfaces = street.api.list(lab, "DescribeNetworkInterfaces", "NetworkInterfaces");
    assert_eq!(interfaces.iter().filter(is_own).count(), own);
    let untimely = [
        "The request was rejected because the training job is in status ",
        "Cannot update in-progress endpoint ",
    ];
    for (code, text) in refusals.keys() {
        let known = NO_ROOM.contains(&(code, text))
            || (code == "ValidationException" && untimely.iter().any(|begin| text.starts_with(begin)));
        assert!(known, "{code}: {text}");
    }
    // Which of these is met depends on who comes first.
    assert!(NO_ROOM.iter().any(|(code, _)| refusals.keys().any(|(seen, _)| seen == code)), "{refusals:?}");

    // An endpoint can be deleted when it has come to rest.
    for _ in 0..2 {
        for (operation, input) in tallies.iter().flat_map(|tally| &tally.held) {
            let _ = street.api.call(lab, operation, input.clone());
        }
        // Deletions that were refused before were of endpoints as well.
        for endpoint in street.api.list(lab, "ListEndpoints", "Endpoints") {
            let _ =
                street.api.call(lab, "DeleteEndpoint", json!({ "EndpointName": endpoint["EndpointName"] }));
        }
        lab.advance(Duration::from_secs(86_400));
    }
    let (counts, interfaces) = check_addresses(&street.api, lab);
    assert_eq!((counts[&street.subnet], interfaces.len()), (251, 0));
}
