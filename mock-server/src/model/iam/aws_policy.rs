//! The policies that AWS manages: the same in every account, and no account can change them.
//!
//! Where they come from is in `model/NOTICE`. They are unpacked when somebody first asks for one of them.

use super::PolicyDocument;
use super::base32;
use crate::kernel::{SimTime, digest};
use crate::model::Partition;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

static PACKED: &[u8] = include_bytes!("../../../model/aws-policies.tsv.gz");

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::new();
    let read = flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text);
    read.map(|_| text).expect("the file was written by import_policies.py")
});

static POLICIES: LazyLock<BTreeMap<&'static str, AwsPolicy>> =
    LazyLock::new(|| TEXT.lines().filter_map(read).map(|policy| (policy.name, policy)).collect());

/// A managed policy of AWS, with the one version that is known of it.
#[derive(Debug)]
pub struct AwsPolicy {
    pub name: &'static str,
    /// Begins and ends with a slash.
    pub path: &'static str,
    /// The number of the version that is in effect.
    pub version: u32,
    pub created: SimTime,
    pub updated: SimTime,
    /// As written for the partition `aws`.
    text: &'static str,
    /// One for each partition, made when it is asked for.
    documents: [OnceLock<PolicyDocument>; Partition::ALL.len()],
}

fn read(line: &'static str) -> Option<AwsPolicy> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    let (name, path, version) = (next()?, next()?, next()?.parse().ok()?);
    let mut date = || Some(SimTime::from_millis(next()?.parse::<i64>().ok()? * 1_000));
    let (created, updated) = (date()?, date()?);
    Some(AwsPolicy { name, path, version, created, updated, text: next()?, documents: Default::default() })
}

impl AwsPolicy {
    /// `ANPA` and seventeen more characters. AWS's own ids of them are not known: these follow from the name.
    pub fn unique_id(&self) -> String {
        format!("ANPA{}", base32(digest(0, &[b"aws-policy", self.name.as_bytes()]), 17))
    }

    pub fn arn(&self, partition: Partition) -> String {
        partition.arn("iam", "", "aws", format_args!("policy{}{}", self.path, self.name))
    }

    /// The document as it is in a partition: ARNs in it are of that partition.
    pub fn document(&self, partition: Partition) -> &PolicyDocument {
        self.documents[partition as usize].get_or_init(|| match partition {
            Partition::Aws => PolicyDocument::new(self.text),
            other => PolicyDocument::new(self.text.replace("arn:aws:", &format!("arn:{}:", other.id()))),
        })
    }
}

/// All of them, in order of name.
pub fn all() -> impl Iterator<Item = &'static AwsPolicy> {
    POLICIES.values()
}

/// The one with this ARN, and the partition that the ARN names.
pub fn find(arn: &str) -> Option<(&'static AwsPolicy, Partition)> {
    let (partition, name) = arn.strip_prefix("arn:")?.split_once(":iam::aws:policy/")?;
    let partition = Partition::ALL.into_iter().find(|known| known.id() == partition)?;
    let policy = POLICIES.get(name.rsplit('/').next()?)?;
    (policy.arn(partition) == arn).then_some((policy, partition))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What users of SageMaker in a VPC attach.
    const COMMON: [&str; 10] = [
        "AmazonSageMakerFullAccess",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AmazonEC2FullAccess",
        "AmazonVPCFullAccess",
        "PowerUserAccess",
        "AdministratorAccess",
        "ReadOnlyAccess",
        "IAMFullAccess",
        "CloudWatchLogsFullAccess",
    ];

    #[test]
    fn every_line_is_read_and_found_by_its_arn() {
        assert_eq!(all().count(), TEXT.lines().count());
        for policy in all() {
            let (found, partition) = find(&policy.arn(Partition::GovCloud)).unwrap();
            assert_eq!((found.name, partition), (policy.name, Partition::GovCloud));
            assert!(serde_json::from_str::<serde_json::Value>(policy.text).is_ok(), "{}", policy.name);
        }
        for name in COMMON {
            assert!(find(&format!("arn:aws:iam::aws:policy/{name}")).is_some(), "{name}");
        }
        for arn in [
            "arn:aws:iam::aws:policy/None",
            "arn:aws:iam::aws:policy/service-role/AdministratorAccess",
            "arn:aws-x:iam::aws:policy/AdministratorAccess",
            "arn:aws:iam::111122223333:policy/AdministratorAccess",
            "AdministratorAccess",
        ] {
            assert!(find(arn).is_none(), "{arn}");
        }
    }

    #[test]
    fn arns_in_a_document_are_of_its_partition() {
        let (policy, _) = find("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess").unwrap();
        let text = |partition| policy.document(partition).text();
        assert!(text(Partition::Aws).contains("\"arn:aws:sagemaker:*:*:domain/*\""));
        assert!(text(Partition::China).contains("\"arn:aws-cn:sagemaker:*:*:domain/*\""));
        assert!(!text(Partition::China).contains("arn:aws:"));
    }
}
