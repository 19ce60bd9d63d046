//! Services of AWS that a VPC endpoint can lead to: which there are in a region, and what they are called.
//!
//! Source: PrivateLink user guide, "AWS services that integrate with AWS PrivateLink" and "Gateway endpoints".

use super::managed_prefix_list::{GATEWAY_SERVICES, of_service};
use super::*;
use crate::kernel::{HexId, Rehome, digest};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How traffic gets to a service: by a route, or by an interface in a subnet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Rehome)]
pub enum EndpointType {
    Gateway,
    Interface,
}

impl EndpointType {
    pub fn name(self) -> &'static str {
        match self {
            EndpointType::Gateway => "Gateway",
            EndpointType::Interface => "Interface",
        }
    }
}

/// A service as it is offered in one region through one type of endpoint.
#[derive(Debug)]
pub struct EndpointService {
    /// Such as `com.amazonaws.us-east-1.sagemaker.api`.
    pub name: String,
    /// `vpce-svc-…`; derived, for AWS's own differ between regions and are not published.
    pub id: String,
    pub kind: EndpointType,
    /// What the names of its endpoints end in: of several, the last.
    pub base_names: Vec<String>,
    /// The names that a private hosted zone can lead to an endpoint, in the order in which endpoints list them.
    pub private_names: Vec<String>,
    /// Whether endpoint-specific names are wildcards, as those of S3: a bucket's name goes before them.
    pub wildcard: bool,
    /// Where it can be reached.
    pub zones: Vec<Zone>,
    /// The list that routes to it name.
    pub prefix_list: Option<PrefixListId>,
}

impl EndpointService {
    pub fn is_in(&self, zone: Zone) -> bool {
        self.zones.contains(&zone)
    }

    /// Whether private names may be left to inbound resolver endpoints, so that traffic of the VPC itself takes a
    /// gateway endpoint to the same names. Source: API reference, DnsOptionsSpecification.
    pub fn has_gateway_twin(&self) -> bool {
        let twin = |service: &str| self.name.ends_with(&format!(".{service}"));
        self.kind == EndpointType::Interface
            && !self.private_names.is_empty()
            && GATEWAY_SERVICES.into_iter().any(twin)
    }
}

/// The services of a region, in order of name. None for a region that AWS does not have.
pub fn services(region: &str) -> &'static [EndpointService] {
    static SERVICES: LazyLock<BTreeMap<&str, Vec<EndpointService>>> =
        LazyLock::new(|| region::REGIONS.iter().map(|region| (region.name, of_region(region))).collect());
    SERVICES.get(region).map_or(&[], Vec::as_slice)
}

/// The services with this name: one, or one for each type.
pub fn named<'a>(region: &str, name: &'a str) -> impl Iterator<Item = &'static EndpointService> + use<'a> {
    services(region).iter().filter(move |service| service.name == name)
}

fn of_region(region: &'static RegionInfo) -> Vec<EndpointService> {
    let interfaces = INTERFACES.iter().filter(|entry| entry.is_in(region.name));
    let mut all: Vec<_> = interfaces.map(|entry| entry.service(region)).collect();
    all.extend(GATEWAY_SERVICES.map(|service| gateway(region, service)));
    all.push(sagemaker(region, "notebook"));
    all.push(sagemaker(region, "studio"));
    all.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    all
}

fn gateway(region: &'static RegionInfo, service: &str) -> EndpointService {
    EndpointService {
        id: service_id(region.name, service, EndpointType::Gateway),
        name: format!("com.amazonaws.{}.{service}", region.name),
        kind: EndpointType::Gateway,
        base_names: vec![format!("{service}.{}.{}", region.name, region.partition().dns_suffix())],
        private_names: Vec::new(),
        wildcard: false,
        zones: region.zones.to_vec(),
        prefix_list: of_service(region.name, service),
    }
}

/// What a user's browser needs for a notebook instance or a Studio domain.
fn sagemaker(region: &'static RegionInfo, what: &str) -> EndpointService {
    let place = region.name;
    let id = service_id(place, what, EndpointType::Interface);
    let domain = if region.partition() == Partition::China { "sagemaker.com.cn" } else { "sagemaker.aws" };
    EndpointService {
        name: format!("aws.sagemaker.{place}.{what}"),
        kind: EndpointType::Interface,
        base_names: vec![
            format!("{id}.{place}.vpce.{}", region.partition().dns_suffix()),
            format!("{what}.{place}.vpce.{domain}"),
        ],
        private_names: vec![format!("*.{what}.{place}.{domain}")],
        wildcard: false,
        zones: region.zones.to_vec(),
        prefix_list: None,
        id,
    }
}

fn service_id(region: &str, service: &str, kind: EndpointType) -> String {
    let bits = digest(0, &[b"vpce-svc", region.as_bytes(), service.as_bytes(), kind.name().as_bytes()]);
    format!("vpce-svc-{}", HexId::long(bits))
}

/// A service with interface endpoints.
struct Entry {
    /// What follows the region in its name.
    name: &'static str,
    /// What precedes the region in its host names.
    host: &'static str,
    /// The host parts of its private names.
    private: &'static [&'static str],
    place: Place,
}

/// Where a service is offered, and under which prefix.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Everywhere,
    /// In China it goes by another prefix. Source: CDK, which holds what described services have shown.
    PrefixedInChina,
    /// In the regions of the United States and Canada that have FIPS endpoints.
    Fips,
}

impl Entry {
    fn is_in(&self, region: &str) -> bool {
        self.place != Place::Fips || ["us-", "ca-"].iter().any(|start| region.starts_with(start))
    }

    fn service(&self, region: &'static RegionInfo) -> EndpointService {
        let place = region.name;
        let china = region.partition() == Partition::China && self.place == Place::PrefixedInChina;
        let prefix = if china { "cn.com.amazonaws" } else { "com.amazonaws" };
        let suffix = region.partition().dns_suffix();
        let lacks = |zone: &Zone| LACKING.contains(&(self.name, zone.id));
        EndpointService {
            name: format!("{prefix}.{place}.{}", self.name),
            id: service_id(place, self.name, EndpointType::Interface),
            kind: EndpointType::Interface,
            base_names: vec![format!("{}.{place}.vpce.{suffix}", self.host)],
            private_names: self.private.iter().map(|host| format!("{host}.{place}.{suffix}")).collect(),
            wildcard: self.name == "s3",
            zones: region.zones.iter().filter(|zone| !lacks(zone)).copied().collect(),
            prefix_list: None,
        }
    }
}

const fn plain(name: &'static str, host: &'static [&'static str; 1]) -> Entry {
    Entry { name, host: host[0], private: host, place: Place::Everywhere }
}

const fn china(name: &'static str, host: &'static [&'static str; 1]) -> Entry {
    Entry { name, host: host[0], private: host, place: Place::PrefixedInChina }
}

const fn fips(name: &'static str, host: &'static [&'static str; 1]) -> Entry {
    Entry { name, host: host[0], private: host, place: Place::Fips }
}

/// What users of SageMaker in a closed network are told to make endpoints for, and what their containers call.
const INTERFACES: &[Entry] = &[
    china("sagemaker.api", &["api.sagemaker"]),
    china("sagemaker.runtime", &["runtime.sagemaker"]),
    china("sagemaker.featurestore-runtime", &["featurestore-runtime.sagemaker"]),
    plain("sagemaker.metrics", &["metrics.sagemaker"]),
    fips("sagemaker.api-fips", &["api-fips.sagemaker"]),
    fips("sagemaker.runtime-fips", &["runtime-fips.sagemaker"]),
    Entry {
        name: "s3",
        host: "s3",
        private: &["s3", "*.s3", "*.s3-accesspoint", "*.s3-control"],
        place: Place::PrefixedInChina,
    },
    // Its endpoints have names of their own only.
    Entry { name: "dynamodb", host: "dynamodb", private: &[], place: Place::Everywhere },
    china("ecr.api", &["api.ecr"]),
    Entry {
        name: "ecr.dkr",
        host: "dkr.ecr",
        private: &["dkr.ecr", "*.dkr.ecr"],
        place: Place::PrefixedInChina,
    },
    Entry {
        name: "execute-api",
        host: "execute-api",
        private: &["*.execute-api"],
        place: Place::PrefixedInChina,
    },
    plain("codeartifact.api", &["codeartifact"]),
    Entry {
        name: "codeartifact.repositories",
        host: "d.codeartifact",
        private: &["*.d.codeartifact"],
        place: Place::Everywhere,
    },
    china("sts", &["sts"]),
    plain("logs", &["logs"]),
    china("monitoring", &["monitoring"]),
    china("ec2", &["ec2"]),
    plain("ec2messages", &["ec2messages"]),
    plain("kms", &["kms"]),
    plain("secretsmanager", &["secretsmanager"]),
    plain("ssm", &["ssm"]),
    plain("ssmmessages", &["ssmmessages"]),
    china("elasticfilesystem", &["elasticfilesystem"]),
    china("fsx", &["fsx"]),
    china("lambda", &["lambda"]),
    plain("sns", &["sns"]),
    china("sqs", &["sqs"]),
    china("states", &["states"]),
    plain("events", &["events"]),
    china("athena", &["athena"]),
    plain("glue", &["glue"]),
    plain("lakeformation", &["lakeformation"]),
    china("redshift-data", &["redshift-data"]),
    china("rds", &["rds"]),
    china("batch", &["batch"]),
    plain("ecs", &["ecs"]),
    plain("ecs-agent", &["ecs-a"]),
    plain("ecs-telemetry", &["ecs-t"]),
    plain("elasticloadbalancing", &["elasticloadbalancing"]),
    china("autoscaling", &["autoscaling"]),
    china("application-autoscaling", &["application-autoscaling"]),
    china("cloudformation", &["cloudformation"]),
    plain("cloudtrail", &["cloudtrail"]),
    plain("codebuild", &["codebuild"]),
    plain("codecommit", &["codecommit"]),
    plain("git-codecommit", &["git-codecommit"]),
    plain("codepipeline", &["codepipeline"]),
    plain("config", &["config"]),
    china("servicecatalog", &["servicecatalog"]),
    china("kinesis-streams", &["kinesis"]),
    plain("kinesis-firehose", &["firehose"]),
    china("xray", &["xray"]),
    plain("comprehend", &["comprehend"]),
    plain("rekognition", &["rekognition"]),
    plain("textract", &["textract"]),
    plain("forecast", &["forecast"]),
    plain("email-smtp", &["email-smtp"]),
    plain("bedrock", &["bedrock"]),
    plain("bedrock-runtime", &["bedrock-runtime"]),
];

/// Zones without a service. That these two are not everywhere in us-east-1 is known from refusals; that it is the
/// oldest zone which lacks them is assumed.
const LACKING: &[(&str, &str)] = &[("comprehend", "use1-az3"), ("email-smtp", "use1-az3")];

/// The hosted zone of the names of a region's endpoints: as described endpoints have shown, else derived.
pub fn hosted_zone(region: &str) -> String {
    match region {
        "ap-northeast-1" => "Z2E726K9Y6RL4W".into(),
        "ap-southeast-1" => "Z18LLCSTV4NVNL".into(),
        "us-east-1" => "Z7HUB22UULQXV".into(),
        "us-west-2" => "Z1YSA3EXCYUU9Z".into(),
        other => format!("Z{}", letters(&["hosted zone", other], 13, UPPER)),
    }
}

/// The characters of hosted zones.
pub const UPPER: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The characters of the random part of an endpoint's names.
pub const LOWER: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// So many characters that follow from `parts`.
pub fn letters(parts: &[&str], count: usize, alphabet: &[u8; 36]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
    let mut bits = digest(0, &parts);
    let mut next = || {
        let letter = alphabet[usize::try_from(bits % 36).unwrap_or_default()];
        bits /= 36;
        char::from(letter)
    };
    (0..count).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_region_offers_what_sagemaker_needs() {
        for region in region::REGIONS {
            let all = services(region.name);
            let ids: BTreeSet<_> = all.iter().map(|service| &service.id).collect();
            let keys: BTreeSet<_> = all.iter().map(|service| (&service.name, service.kind)).collect();
            assert_eq!((ids.len(), keys.len()), (all.len(), all.len()), "{}", region.name);
            for needed in ["sagemaker.api", "sagemaker.runtime", "sts", "logs", "ecr.api", "ecr.dkr", "s3"] {
                let end = format!(".{}.{needed}", region.name);
                let found: Vec<_> = all.iter().filter(|service| service.name.ends_with(&end)).collect();
                assert_eq!(found.len(), if needed == "s3" { 2 } else { 1 }, "{needed} in {}", region.name);
            }
            for service in all {
                assert_eq!(service.prefix_list.is_some(), service.kind == EndpointType::Gateway);
                assert!(!service.zones.is_empty());
            }
        }
        assert!(services("nowhere-1").is_empty());
    }

    #[test]
    fn services_are_called_as_on_aws() {
        let one = |region, name: &'static str| named(region, name).last().unwrap();
        let registry = one("ap-southeast-1", "com.amazonaws.ap-southeast-1.ecr.dkr");
        assert_eq!(registry.base_names, ["dkr.ecr.ap-southeast-1.vpce.amazonaws.com"]);
        assert_eq!(
            registry.private_names,
            ["dkr.ecr.ap-southeast-1.amazonaws.com", "*.dkr.ecr.ap-southeast-1.amazonaws.com"]
        );
        let sts = one("cn-north-1", "cn.com.amazonaws.cn-north-1.sts");
        assert_eq!(sts.private_names, ["sts.cn-north-1.amazonaws.com.cn"]);
        let studio = one("us-east-1", "aws.sagemaker.us-east-1.studio");
        assert_eq!(studio.private_names, ["*.studio.us-east-1.sagemaker.aws"]);
        assert_eq!(named("us-east-1", "com.amazonaws.us-east-1.s3").count(), 2);
        assert_eq!(named("eu-west-1", "com.amazonaws.eu-west-1.sagemaker.runtime-fips").count(), 0);
        assert_eq!(hosted_zone("us-east-1"), "Z7HUB22UULQXV");
        assert_eq!(hosted_zone("eu-west-1").len(), 14);
    }
}
