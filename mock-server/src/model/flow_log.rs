//! Flow logs: of what traffic is recorded, which, and where the records go.
//!
//! Source: VPC user guide, "Logging IP traffic using VPC Flow Logs".

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::OrdSet;
use std::fmt;
use std::sync::Arc;

/// What a flow log watches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Logged {
    Vpc(VpcId),
    Subnet(SubnetId),
    Interface(NetworkInterfaceId),
}

impl Logged {
    pub fn exists(self, state: &State) -> bool {
        match self {
            Logged::Vpc(id) => state.vpcs.contains(&id),
            Logged::Subnet(id) => state.subnets.contains(&id),
            Logged::Interface(id) => state.interfaces.contains(&id),
        }
    }
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Logged::Vpc(id) => id.fmt(f),
            Logged::Subnet(id) => id.fmt(f),
            Logged::Interface(id) => id.fmt(f),
        }
    }
}

/// The bucket and the folder of a destination, `arn:aws:s3:::bucket/folder/`; `None` if it is none. A folder has a
/// slash at its end. Source: the page of CreateFlowLogs.
pub fn bucket_of(arn: &str) -> Option<(&str, String)> {
    /// A folder of this name is made by the service itself.
    const RESERVED_FOLDER: &str = "AWSLogs";
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "s3", "", "", path] = parts[..] else { return None };
    let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
    let is_bucket = (3..=63).contains(&bucket.len()) && bucket.bytes().all(legal);
    let folders: String = folder.trim_end_matches('/').split('/').map(|name| format!("{name}/")).collect();
    let folder = if folders == "/" { String::new() } else { folders };
    (is_bucket && folder.split('/').all(|name| name != RESERVED_FOLDER)).then_some((bucket, folder))
}

/// Which traffic is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Traffic {
    Accept,
    Reject,
    All,
}

/// Where the records go.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum LogDestination {
    /// A log group, which need not exist; its ARN if the log was made with that.
    LogGroup { name: Arc<str>, arn: Option<Arc<str>> },
    /// The ARN of a bucket, maybe with a folder.
    Bucket(Arc<str>),
}

impl LogDestination {
    /// Whether both name the same place, in whatever way.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (LogDestination::LogGroup { name, .. }, LogDestination::LogGroup { name: other, .. }) => {
                name == other
            }
            _ => self == other,
        }
    }
}

/// How the objects in a bucket look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub struct BucketOptions {
    pub hive_compatible: bool,
    pub per_hour: bool,
}

/// The tags that the tag fields of a format show, of one kind of resource.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct TagField {
    pub resource_type: Arc<str>,
    pub keys: Vec<String>,
}

/// What all flow logs of one call have in common. It never changes.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct FlowLogSettings {
    pub traffic: Traffic,
    pub destination: LogDestination,
    /// The role that delivers.
    pub role: Option<Arc<str>>,
    /// As it was given.
    pub format: Arc<str>,
    /// Seconds.
    pub interval: i64,
    pub options: Option<BucketOptions>,
    pub tag_fields: Vec<TagField>,
}

impl FlowLogSettings {
    /// Whether a resource needs no second log with these settings. Who delivers does not matter.
    /// Assumed: that everything else does.
    pub fn is_same(&self, other: &Self) -> bool {
        self.destination.is_same(&other.destination)
            && (self.traffic, self.interval, self.options) == (other.traffic, other.interval, other.options)
            && (&self.format, &self.tag_fields) == (&other.format, &other.tag_fields)
    }
}

/// Why records did not arrive. Source: EC2 API reference, FlowLog; its `Unknown error` is one of AWS's own faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum DeliveryFailure {
    /// The role, or for a bucket its policy, does not let the records be written; or there is no such thing.
    Access,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct FlowLog {
    pub id: FlowLogId,
    pub resource: Logged,
    pub settings: Arc<FlowLogSettings>,
    pub created: SimTime,
    /// Why the last delivery failed, if it did.
    pub failure: Option<DeliveryFailure>,
    /// The interfaces that it has delivered records of.
    pub recorded: OrdSet<NetworkInterfaceId>,
    /// The token of the call that made it, maybe along with others.
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FlowLogIndex {
    Resource(Logged),
    Token(u128),
}

impl Row for FlowLog {
    type Key = FlowLogId;
    type Index = FlowLogIndex;
    fn key(&self) -> FlowLogId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(FlowLogIndex)) {
        emit(FlowLogIndex::Resource(self.resource));
        if let Some(token) = self.client_token {
            emit(FlowLogIndex::Token(token));
        }
    }
}

/// Every field that a record can have, by the version that brought it; within a version in the order of the default
/// format, which is version 2. Source: VPC user guide, "Flow log records", available fields.
pub const FIELDS: &[(u8, &[&str])] = &[
    (
        2,
        &[
            "version",
            "account-id",
            "interface-id",
            "srcaddr",
            "dstaddr",
            "srcport",
            "dstport",
            "protocol",
            "packets",
            "bytes",
            "start",
            "end",
            "action",
            "log-status",
        ],
    ),
    (3, &["vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr"]),
    (4, &["region", "az-id", "sublocation-type", "sublocation-id"]),
    (5, &["pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path"]),
    (
        7,
        &[
            "ecs-cluster-arn",
            "ecs-cluster-name",
            "ecs-container-instance-arn",
            "ecs-container-instance-id",
            "ecs-container-id",
            "ecs-second-container-id",
            "ecs-service-name",
            "ecs-task-definition-arn",
            "ecs-task-arn",
            "ecs-task-id",
        ],
    ),
    (8, &["reject-reason"]),
    (9, &["resource-id"]),
    (10, &["encryption-status"]),
    (
        11,
        &[
            "instance-tag",
            "instance-tag-2",
            "interface-tag",
            "interface-tag-2",
            "asg-tag",
            "asg-tag-2",
            "interface-type",
            "next-hop-interface-id",
            "next-hop-subnet-id",
            "next-hop-az-id",
            "next-hop-vpc-id",
            "next-hop-interface-type",
        ],
    ),
];

/// The version that brought this field; `None` if there is no such field.
pub fn version_of(field: &str) -> Option<u8> {
    FIELDS.iter().find(|(_, names)| names.contains(&field)).map(|(version, _)| *version)
}

/// The fields of a format.
pub fn fields_of(format: &str) -> impl Iterator<Item = &str> {
    let names = format.split(' ').filter(|word| !word.is_empty());
    names.map(|word| word.trim_start_matches("${").trim_end_matches('}'))
}

/// The format of logs that are made without one.
pub fn default_format() -> String {
    let fields: Vec<_> = FIELDS[0].1.iter().map(|name| format!("${{{name}}}")).collect();
    fields.join(" ")
}

impl State {
    /// Removes a flow log; its client token goes with the last log that it made.
    pub fn remove_flow_log(&mut self, id: FlowLogId) -> Option<Arc<FlowLog>> {
        let log = self.flow_logs.remove(&id)?;
        let token = log.client_token;
        self.forget_token(token.filter(|token| self.flow_logs.count(&FlowLogIndex::Token(*token)) == 0));
        Some(log)
    }

    /// Removes the flow logs of something that goes. AWS does so eventually; here they go along.
    /// Source: the page of DeleteVpc. Assumed: that it is so for subnets and interfaces as well.
    pub fn remove_flow_logs_of(&mut self, resource: Logged) {
        let index = FlowLogIndex::Resource(resource);
        let ids: Vec<_> = self.flow_logs.by(&index).map(|log| log.id).collect();
        for id in ids {
            self.remove_flow_log(id);
        }
    }
}

/// The client tokens that flow logs hold, each once.
pub(super) fn tokens(state: &State) -> impl Iterator<Item = u128> {
    let tokens: std::collections::BTreeSet<_> =
        state.flow_logs.iter().filter_map(|log| log.client_token).collect();
    tokens.into_iter()
}

pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let lost = state.flow_logs.iter().filter(|log| !log.resource.exists(state));
    lost.map(|log| format!("{} outlives {}", log.id, log.resource)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_format_is_that_of_version_2() {
        let format = default_format();
        assert!(format.starts_with("${version} ${account-id} ${interface-id} ${srcaddr} "));
        assert!(format.ends_with(" ${action} ${log-status}") && format.matches("${").count() == 14);
    }

    #[test]
    fn buckets_are_told_by_their_arns() {
        for (arn, place) in [
            ("arn:aws:s3:::records", Some(("records", ""))),
            ("arn:aws:s3:::records/", Some(("records", ""))),
            ("arn:aws:s3:::records/a", Some(("records", "a/"))),
            ("arn:aws-cn:s3:::records/a/b/", Some(("records", "a/b/"))),
            ("arn:aws:s3:::records/a/AWSLogs/", None),
            ("arn:aws:s3:::records/AWSLogs", None),
            ("arn:aws:s3:::x", None),
            ("arn:aws:s3:us-east-1::records", None),
            ("arn:aws:logs:us-east-1:123456789012:log-group:x", None),
            ("records", None),
        ] {
            let place = place.map(|(bucket, folder)| (bucket, folder.to_owned()));
            assert_eq!(bucket_of(arn), place, "{arn}");
        }
    }

    #[test]
    fn a_field_has_one_version() {
        let names: std::collections::BTreeSet<_> = FIELDS.iter().flat_map(|(_, names)| *names).collect();
        assert_eq!(names.len(), FIELDS.iter().map(|(_, names)| names.len()).sum::<usize>());
        assert!(fields_of(&default_format()).eq(FIELDS[0].1.iter().copied()));
        assert_eq!(
            (version_of("az-id"), version_of("next-hop-az-id"), version_of("x")),
            (Some(4), Some(11), None)
        );
    }
}
