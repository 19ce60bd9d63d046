//! Prints what the codecs cost: `cargo run --release --example encode_speed`.

// Measuring is the one thing here that needs the real clock.
#![allow(clippy::disallowed_methods)]

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mockplane::aws::{Element, Encoder, RequestParts, ServiceId, ServiceModel, decode, from_value, validate};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subnet {
    availability_zone_id: &'static str,
    map_customer_owned_ip_on_launch: bool,
    owner_id: String,
    assign_ipv6_address_on_creation: bool,
    ipv6_cidr_block_association_set: Vec<Tag>,
    tags: Vec<Tag>,
    subnet_arn: String,
    enable_dns64: bool,
    ipv6_native: bool,
    private_dns_name_options_on_launch: Dns,
    subnet_id: String,
    state: &'static str,
    vpc_id: String,
    cidr_block: String,
    available_ip_address_count: u32,
    availability_zone: &'static str,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Dns {
    hostname_type: &'static str,
    enable_resource_name_dns_a_record: bool,
    #[serde(rename = "EnableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: bool,
}

struct Row {
    subnet: Subnet,
    memo: Option<OnceLock<Box<[u8]>>>,
}

impl Element for Row {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        self.memo.as_ref()
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.subnet, serializer)
    }
}

fn row(number: u32, memo: bool) -> Row {
    let id = format!("subnet-{number:017x}");
    let subnet = Subnet {
        availability_zone_id: "euw1-az1",
        map_customer_owned_ip_on_launch: false,
        owner_id: "123456789012".into(),
        assign_ipv6_address_on_creation: false,
        ipv6_cidr_block_association_set: vec![],
        tags: vec![Tag { key: "Name".into(), value: "training".into() }],
        subnet_arn: format!("arn:aws:ec2:eu-west-1:123456789012:subnet/{id}"),
        enable_dns64: false,
        ipv6_native: false,
        private_dns_name_options_on_launch: Dns {
            hostname_type: "ip-name",
            enable_resource_name_dns_a_record: false,
            enable_resource_name_dns_aaaa_record: false,
        },
        subnet_id: id,
        state: "available",
        vpc_id: format!("vpc-{:017x}", number / 16),
        cidr_block: format!("10.0.{number}.0/24"),
        available_ip_address_count: 251,
        availability_zone: "eu-west-1a",
        default_for_az: false,
        map_public_ip_on_launch: false,
    };
    Row { subnet, memo: memo.then(OnceLock::new) }
}

fn page(model: &'static ServiceModel, rows: &[Row]) -> usize {
    let Some(operation) = model.operation("DescribeSubnets") else { return 0 };
    let mut encoder = Encoder::new(operation, model, "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE");
    match encoder.page("Subnets", rows.iter(), None) {
        Ok(()) => encoder.finish().body.len(),
        Err(error) => {
            eprintln!("{error}");
            0
        }
    }
}

/// The shortest of many runs: what the code costs when nothing else is going on.
fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Input {
    subnet_ids: Vec<String>,
    max_results: Option<u32>,
}

fn main() {
    for id in ServiceId::ALL {
        let start = Instant::now();
        let operations = ServiceModel::get(id).operations().len();
        println!("first touch of {:18} {:8.2?}  ({operations} operations)", id.name(), start.elapsed());
    }
    let model = ServiceModel::get(ServiceId::Ec2);
    for (what, memo) in [("cold", false), ("warm", true)] {
        let rows: Vec<Row> = (0..100).map(|number| row(number, memo)).collect();
        let bytes = page(model, &rows);
        let time = best(2000, || {
            black_box(page(model, black_box(&rows)));
        });
        println!("100 subnets, {what}: {bytes} bytes in {time:.2?}, {} ns a row", time.as_nanos() / 100);
    }
    let headers: Vec<(&str, &str)> = Vec::new();
    let body = Bytes::from_static(
        b"Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-0123456789abcdef0\
          &SubnetId.1=subnet-0123456789abcdef0&MaxResults=100",
    );
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    let time = best(2000, || {
        if let Ok((operation, value)) = decode(model, black_box(&parts)) {
            let _ = black_box(validate(model, operation, &value));
            let input = from_value::<Input>(&value, &mut |_| {}).unwrap_or_default();
            black_box((input.subnet_ids.len(), input.max_results));
        }
    });
    println!("EC2 request: decode, validate, deserialise {time:.2?}");
    let model = ServiceModel::get(ServiceId::SageMaker);
    let headers = vec![("x-amz-target", "SageMaker.CreateTrainingJob")];
    let body = Bytes::from_static(
        br#"{"TrainingJobName":"job-1","RoleArn":"arn:aws:iam::123456789012:role/r","AlgorithmSpecification":
        {"TrainingImage":"123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1","TrainingInputMode":"File"},
        "OutputDataConfig":{"S3OutputPath":"s3://bucket/out"},"ResourceConfig":{"InstanceType":"ml.m5.large",
        "InstanceCount":1,"VolumeSizeInGB":10},"StoppingCondition":{"MaxRuntimeInSeconds":3600},
        "VpcConfig":{"Subnets":["subnet-0123456789abcdef0"],"SecurityGroupIds":["sg-0123456789abcdef0"]}}"#,
    );
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    let time = best(2000, || {
        let _ = black_box(decode(model, black_box(&parts)));
    });
    println!("CreateTrainingJob: decode {time:.2?}");
    if let Ok((operation, value)) = decode(model, &parts) {
        let start = Instant::now();
        let _ = black_box(validate(model, operation, &value));
        println!("CreateTrainingJob: first validation (patterns compile) {:.2?}", start.elapsed());
        let time = best(2000, || {
            let _ = black_box(validate(model, operation, black_box(&value)));
        });
        println!("CreateTrainingJob: validation {time:.2?}");
    }
}
