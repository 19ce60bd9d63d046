//! Flow logs: made for several resources at once, deleted and described. What they record is in `net::flow_log`.
//!
//! Source: VPC user guide, "Logging IP traffic using VPC Flow Logs"; EC2-FL-*.

mod bucket;
mod settings;
#[cfg(test)]
mod tests;

use super::client_token::Stamp;
use super::describe::{Each, Nothing, Resource, Text, find, stored_in};
use super::error::flow_log::{Counted, FlowLogError};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::{Memo, Scope};
use crate::model::flow_log::{DeliveryFailure, FlowLogIndex};
use crate::model::{
    FlowLog, FlowLogId, Id, Letter, LogDestination, Logged, NetworkInterfaceId, Site, State, SubnetId,
    Traffic, Txn, VpcId,
};
use crate::services::{Caller, Operation, Refused, Write};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bucket::Place;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// How many ids one call may have. Source: the pages of the operations.
const MOST_RESOURCES: usize = 300;
const MOST_LOGS: usize = 1_000;

impl Resource for FlowLog {
    const DESCRIBE: &'static str = "DescribeFlowLogs";
    const LIST: &'static str = "FlowLogs";
    const IDS: &'static str = "flowLogIds";
    const KIND: &'static str = "vpc-flow-log";
    /// Larger pages are as large as this. Source: the page of DescribeFlowLogs, in earlier versions.
    const CAPPED: bool = true;
    /// Clients look for deleted flow logs and find an empty list.
    const SKIPS_UNKNOWN: bool = true;
    const ID_FILTER: &'static str = "flow-log-id";
    const FILTERS: &'static [&'static str] = &[
        "deliver-log-status",
        "flow-log-id",
        "log-destination-type",
        "log-group-name",
        "resource-id",
        "tag",
        "tag-key",
        "traffic-type",
    ];

    stored_in!(flow_logs);

    fn not_found(missing: Missing) -> Ec2Error {
        FlowLogError::NotFound(Counted(missing.0)).into()
    }

    fn index(name: &str, value: &str) -> Option<FlowLogIndex> {
        let resource = || {
            let vpc = VpcId::parse(value).map(Logged::Vpc);
            let subnet = || SubnetId::parse(value).map(Logged::Subnet);
            vpc.or_else(subnet).or_else(|| NetworkInterfaceId::parse(value).map(Logged::Interface))
        };
        if name == "resource-id" { resource().map(FlowLogIndex::Resource) } else { None }
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "deliver-log-status" => probe.is(status(self.failure)),
            "flow-log-id" => probe.show(self.id),
            "log-destination-type" => probe.is(destination_type(&self.settings.destination)),
            "log-group-name" => {
                group_name(&self.settings.destination).into_iter().for_each(|it| probe.is(it))
            }
            "resource-id" => probe.show(self.resource),
            "traffic-type" => probe.is(traffic_type(self.settings.traffic)),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        let settings = &*self.settings;
        FlowLogView {
            creation_time: self.created.millis(),
            deliver_logs_permission_arn: settings.role.as_deref(),
            deliver_logs_status: status(self.failure),
            deliver_logs_error_message: self.failure.map(error_message),
            flow_log_id: Text(self.id),
            flow_log_status: "ACTIVE",
            log_group_name: group_name(&settings.destination),
            resource_id: Text(self.resource),
            traffic_type: traffic_type(settings.traffic),
            log_destination_type: destination_type(&settings.destination),
            log_destination: match &settings.destination {
                LogDestination::LogGroup { arn, .. } => arn.as_deref(),
                LogDestination::Bucket(arn) => Some(arn),
            },
            log_format: &settings.format,
            tags: TagSet(&self.tags),
            max_aggregation_interval: settings.interval,
            destination_options: settings.options.map(|options| OptionsView {
                file_format: PLAIN_TEXT,
                hive_compatible_partitions: options.hive_compatible,
                per_hour_partition: options.per_hour,
            }),
            tag_field_specifications: (!settings.tag_fields.is_empty()).then_some(Each(|| {
                let fields = settings.tag_fields.iter();
                fields.map(|it| TagFieldView { resource_type: &it.resource_type, tag_keys: &it.keys })
            })),
        }
        .serialize(serializer)
    }
}

/// The refusal of the first id that is none.
fn malformed(ids: &[String]) -> Option<Ec2Error> {
    let id = ids.iter().find(|id| FlowLogId::parse(id).is_none())?;
    Some(FlowLogError::Malformed(id.clone()).into())
}

// === Names ===

const LOG_GROUP: &str = "cloud-watch-logs";
const BUCKET: &str = "s3";
const PLAIN_TEXT: &str = "plain-text";
const PARQUET: &str = "parquet";

/// Of the last delivery; before there is one, nothing has failed.
fn status(failure: Option<DeliveryFailure>) -> &'static str {
    if failure.is_some() { "FAILED" } else { "SUCCESS" }
}

fn error_message(failure: DeliveryFailure) -> &'static str {
    match failure {
        DeliveryFailure::Access => "Access error",
    }
}

fn traffic_type(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Accept => "ACCEPT",
        Traffic::Reject => "REJECT",
        Traffic::All => "ALL",
    }
}

fn destination_type(destination: &LogDestination) -> &'static str {
    match destination {
        LogDestination::LogGroup { .. } => LOG_GROUP,
        LogDestination::Bucket(_) => BUCKET,
    }
}

fn group_name(destination: &LogDestination) -> Option<&str> {
    match destination {
        LogDestination::LogGroup { name, .. } => Some(name),
        LogDestination::Bucket(_) => None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FlowLogView<'a, F: Serialize> {
    creation_time: i64,
    deliver_logs_permission_arn: Option<&'a str>,
    deliver_logs_status: &'static str,
    deliver_logs_error_message: Option<&'static str>,
    flow_log_id: Text<FlowLogId>,
    flow_log_status: &'static str,
    log_group_name: Option<&'a str>,
    resource_id: Text<Logged>,
    traffic_type: &'static str,
    log_destination_type: &'static str,
    log_destination: Option<&'a str>,
    log_format: &'a str,
    tags: TagSet<'a>,
    max_aggregation_interval: i64,
    destination_options: Option<OptionsView>,
    tag_field_specifications: Option<F>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OptionsView {
    file_format: &'static str,
    hive_compatible_partitions: bool,
    per_hour_partition: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagFieldView<'a> {
    resource_type: &'a str,
    tag_keys: &'a [String],
}

// === Create ===

/// Makes a log for each resource that exists; of the others it tells why there is none.
/// Source: the page of CreateFlowLogs; EC2-FL-RESOURCE, EC2-FL-DUP.
pub struct CreateFlowLogs;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateFlowLogsIn {
    client_token: Option<String>,
    resource_ids: Vec<String>,
    resource_type: String,
    traffic_type: Option<String>,
    log_destination_type: Option<String>,
    log_destination: Option<String>,
    log_group_name: Option<String>,
    deliver_logs_permission_arn: Option<String>,
    deliver_cross_account_role: Option<String>,
    log_format: Option<String>,
    max_aggregation_interval: Option<i64>,
    destination_options: Option<settings::OptionsIn>,
    tag_field_specifications: Vec<settings::TagFieldIn>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateFlowLogsOut {
    client_token: String,
    flow_log_ids: Vec<Text<FlowLogId>>,
    unsuccessful: Vec<Unsuccessful>,
}

/// What became of one of several.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unsuccessful {
    error: UnsuccessfulError,
    resource_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnsuccessfulError {
    code: String,
    message: String,
}

impl Unsuccessful {
    fn new(state: &State, resource_id: String, error: FlowLogError) -> Self {
        let refused = Refused::from(error);
        let message = refused.told(&state.texts);
        let error = UnsuccessfulError { code: refused.code.into_owned(), message };
        Self { error, resource_id }
    }
}

impl Operation for CreateFlowLogs {
    const NAME: &'static str = "CreateFlowLogs";
    type In = CreateFlowLogsIn;
    type Out = CreateFlowLogsOut;
    type Error = Ec2Error;
}

impl Write for CreateFlowLogs {
    fn run(txn: &mut Txn<'_>, caller: &Caller, mut input: CreateFlowLogsIn) -> Result<Self::Out, Ec2Error> {
        // Whoever gives no token is told one.
        let token = input.client_token.take().filter(|token| !token.is_empty());
        let client_token = token.unwrap_or_else(|| new_token(txn));
        let stamp = Stamp::new(Self::NAME, &client_token, &input)?;
        let kind = Kind::new(&input.resource_type)?;
        if input.resource_ids.len() > MOST_RESOURCES {
            return Err(FlowLogError::TooMany { parameter: "resourceId", most: MOST_RESOURCES }.into());
        }
        let logs = match stamp.made(&txn.state)? {
            Some(_) => again(&txn.state, kind, &input.resource_ids, stamp.key()),
            None => create(txn, caller, kind, input, &stamp)?,
        };
        let mut out = Self::Out { client_token, flow_log_ids: Vec::new(), unsuccessful: Vec::new() };
        for (resource, log) in logs {
            match log {
                Ok(id) => out.flow_log_ids.push(Text(id)),
                Err(error) => out.unsuccessful.push(Unsuccessful::new(&txn.state, resource, error)),
            }
        }
        Ok(out)
    }
}

/// The logs of a call, by resource, or why there is none.
type Logs = Vec<(String, Result<FlowLogId, FlowLogError>)>;

fn create(
    txn: &mut Txn<'_>,
    caller: &Caller,
    kind: Kind,
    input: CreateFlowLogsIn,
    stamp: &Stamp,
) -> Result<Logs, Ec2Error> {
    let (resources, tags, settings) = settings::checked(txn, input)?;
    let tags = tags::given(&txn.state, FlowLog::KIND, tags)?;
    let settings = Arc::new(settings);
    let mut logs = Vec::with_capacity(resources.len());
    for id in resources {
        let state = &txn.state;
        let resource =
            kind.find(state, &id).and_then(|resource| Ok((resource, bucket::place(txn, caller, &settings)?)));
        let (resource, place) = match resource {
            Ok(found) => found,
            Err(error) => {
                logs.push((id, Err(error)));
                continue;
            }
        };
        let is_same = |log: &Arc<FlowLog>| log.settings.is_same(&settings);
        if state.flow_logs.by(&FlowLogIndex::Resource(resource)).any(is_same) {
            return Err(FlowLogError::AlreadyExists.into());
        }
        let row = FlowLog {
            id: FlowLogId::mint(txn),
            resource,
            settings: settings.clone(),
            created: txn.now,
            failure: None,
            recorded: Default::default(),
            client_token: Some(stamp.key()),
            tags: tags.clone(),
            memo: Memo::default(),
        };
        match place {
            Place::Ready => {}
            Place::External(bucket) => {
                let message =
                    format!("{bucket} is not a bucket of this server: it is taken to exist and to allow all");
                txn.note("ExternalBucket", row.id.to_string(), None, message);
            }
            // All logs of a call have one destination; what is granted already is not granted again.
            Place::Grant(grant) => {
                txn.post(txn.origin.account, Scope::Global, Letter::LetDeliver(Box::new(grant)));
            }
        }
        stamp.keep(&mut txn.state, row.id.hex());
        logs.push((id, Ok(row.id)));
        txn.state.flow_logs.insert(row);
    }
    Ok(logs)
}

/// What a call that is repeated made, as far as it is still there.
fn again(state: &State, kind: Kind, resources: &[String], token: u128) -> Logs {
    let log = |id: &String| match kind.find(state, id) {
        Err(error) => Some((id.clone(), Err(error))),
        Ok(resource) => {
            let mut made = state.flow_logs.by(&FlowLogIndex::Token(token));
            made.find(|log| log.resource == resource).map(|log| (id.clone(), Ok(log.id)))
        }
    };
    resources.iter().filter_map(log).collect()
}

fn new_token(txn: &mut Txn<'_>) -> String {
    let bytes: Vec<u8> = (0..2).flat_map(|_| txn.mint("client-token").to_be_bytes()).collect();
    STANDARD.encode(bytes)
}

/// What can be logged here.
#[derive(Clone, Copy)]
enum Kind {
    Vpc,
    Subnet,
    Interface,
}

impl Kind {
    fn new(name: &str) -> Result<Self, Ec2Error> {
        match name {
            "VPC" => Ok(Kind::Vpc),
            "Subnet" => Ok(Kind::Subnet),
            "NetworkInterface" => Ok(Kind::Interface),
            _ => {
                Err(Ec2Error::NotBuilt("CreateFlowLogs for transit gateways, NAT gateways and core networks"))
            }
        }
    }

    /// Assumed: what is of another kind is unknown.
    fn find(self, state: &State, id: &str) -> Result<Logged, FlowLogError> {
        let (resource, unknown): (_, fn(String) -> FlowLogError) = match self {
            Kind::Vpc => (VpcId::parse(id).map(Logged::Vpc), FlowLogError::UnknownVpc),
            Kind::Subnet => (SubnetId::parse(id).map(Logged::Subnet), FlowLogError::UnknownSubnet),
            Kind::Interface => {
                (NetworkInterfaceId::parse(id).map(Logged::Interface), FlowLogError::UnknownInterface)
            }
        };
        resource.filter(|resource| resource.exists(state)).ok_or_else(|| unknown(id.to_owned()))
    }
}

// === Delete ===

/// Source: the page of DeleteFlowLogs; EC2-FL-404.
pub struct DeleteFlowLogs;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteFlowLogsIn {
    flow_log_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteFlowLogsOut {
    /// Either all go or the call is refused.
    unsuccessful: Nothing,
}

impl Operation for DeleteFlowLogs {
    const NAME: &'static str = "DeleteFlowLogs";
    type In = DeleteFlowLogsIn;
    type Out = DeleteFlowLogsOut;
    type Error = Ec2Error;
}

impl Write for DeleteFlowLogs {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteFlowLogsIn) -> Result<Self::Out, Ec2Error> {
        if input.flow_log_ids.len() > MOST_LOGS {
            return Err(FlowLogError::TooMany { parameter: "flowLogId", most: MOST_LOGS }.into());
        }
        if let Some(refusal) = malformed(&input.flow_log_ids) {
            return Err(refusal);
        }
        let is_missing = |id: &&String| find::<FlowLog>(&txn.state, id).is_err();
        let missing: Vec<_> = input.flow_log_ids.iter().filter(is_missing).cloned().collect();
        if !missing.is_empty() {
            return Err(FlowLog::not_found(Missing(missing)));
        }
        for id in input.flow_log_ids.iter().filter_map(|id| FlowLogId::parse(id)) {
            txn.state.remove_flow_log(id);
            txn.state.end_captures(id, txn.now);
        }
        Ok(Self::Out { unsuccessful: &[] })
    }
}
