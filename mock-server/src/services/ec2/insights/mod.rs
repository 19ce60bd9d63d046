//! Reachability Analyzer: the paths that it is asked about. What it finds is in [`analysis`].
//!
//! Source: Reachability Analyzer guide; EC2-NIP-*.

pub mod analysis;
pub mod permission;
mod view;

use super::client_token;
use super::describe::{Listed, Resource, Text, find, stored_in};
use super::error::insights::InsightsError;
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::{AccountId, Memo};
use crate::model::insights::{
    HeaderFilter, InsightsAnalysisIndex, InsightsEnd, InsightsPathIndex, PortRange,
};
use crate::model::path::Transport;
use crate::model::{Id, InsightsPath, NetworkInsightsPathId, Site, State, Txn};
use crate::net::insights::kind_of;
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::net::Ipv4Addr;
use std::sync::Arc;

impl Resource for InsightsPath {
    const DESCRIBE: &'static str = "DescribeNetworkInsightsPaths";
    const LIST: &'static str = "NetworkInsightsPaths";
    const IDS: &'static str = "networkInsightsPathIds";
    const KIND: &'static str = "network-insights-path";
    const LEAST: i64 = 1;
    const MOST: usize = 100;
    /// No filter does.
    const ID_FILTER: &'static str = "";
    const FILTERS: &'static [&'static str] = &[
        "destination",
        "filter-at-destination.destination-address",
        "filter-at-destination.destination-port-range",
        "filter-at-destination.source-address",
        "filter-at-destination.source-port-range",
        "filter-at-source.destination-address",
        "filter-at-source.destination-port-range",
        "filter-at-source.source-address",
        "filter-at-source.source-port-range",
        "protocol",
        "source",
    ];

    stored_in!(insights_paths);

    fn not_found(missing: Missing) -> Ec2Error {
        match missing.0.iter().find(|id| NetworkInsightsPathId::parse(id).is_none()) {
            Some(malformed) => InsightsError::PathMalformed(malformed.clone()).into(),
            None => InsightsError::PathNotFound(missing).into(),
        }
    }

    fn index(name: &str, value: &str) -> Option<InsightsPathIndex> {
        match name {
            "source" => Some(InsightsPathIndex::Source(value.into())),
            "destination" => Some(InsightsPathIndex::Destination(value.into())),
            _ => None,
        }
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match (name.strip_prefix("filter-at-source."), name.strip_prefix("filter-at-destination.")) {
            (Some(of), _) => header_values(&self.at_source, of, probe),
            (_, Some(of)) => header_values(&self.at_destination, of, probe),
            _ => match name {
                "source" => probe.is(&self.source.id),
                "destination" => self.destination.iter().for_each(|end| probe.is(&end.id)),
                "protocol" => probe.is(protocol_name(self.transport)),
                _ => probe.unknown(),
            },
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        PathView {
            network_insights_path_id: Text(self.id),
            network_insights_path_arn: site.arn("ec2", format_args!("{}/{}", Self::KIND, self.id)),
            created_date: self.created.millis(),
            source: &self.source.id,
            destination: self.destination.as_ref().map(|end| &*end.id),
            source_arn: &self.source.arn,
            destination_arn: self.destination.as_ref().map(|end| &*end.arn),
            source_ip: self.source_ip.map(Text),
            destination_ip: self.destination_ip.map(Text),
            protocol: protocol_name(self.transport),
            destination_port: self.destination_port,
            tags: TagSet(&self.tags),
            filter_at_source: FilterView::new(&self.at_source),
            filter_at_destination: FilterView::new(&self.at_destination),
        }
        .serialize(serializer)
    }
}

/// A range of ports is written as `from-to`. Assumed.
fn header_values(header: &HeaderFilter, name: &str, probe: &mut Probe<'_>) {
    let range = |(from, to): PortRange| format!("{from}-{to}");
    match name {
        "source-address" => header.source.into_iter().for_each(|it| probe.show(it)),
        "destination-address" => header.destination.into_iter().for_each(|it| probe.show(it)),
        "source-port-range" => header.source_ports.into_iter().for_each(|it| probe.show(range(it))),
        "destination-port-range" => {
            header.destination_ports.into_iter().for_each(|it| probe.show(range(it)));
        }
        _ => probe.unknown(),
    }
}

fn protocol_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PathView<'a> {
    network_insights_path_id: Text<NetworkInsightsPathId>,
    network_insights_path_arn: String,
    created_date: i64,
    source: &'a str,
    destination: Option<&'a str>,
    source_arn: &'a str,
    destination_arn: Option<&'a str>,
    source_ip: Option<Text<Ipv4Addr>>,
    destination_ip: Option<Text<Ipv4Addr>>,
    protocol: &'static str,
    destination_port: Option<u16>,
    tags: TagSet<'a>,
    filter_at_source: Option<FilterView>,
    filter_at_destination: Option<FilterView>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FilterView {
    source_address: Option<Text<Ipv4Addr>>,
    source_port_range: Option<PortsView>,
    destination_address: Option<Text<Ipv4Addr>>,
    destination_port_range: Option<PortsView>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PortsView {
    from_port: u16,
    to_port: u16,
}

impl FilterView {
    fn new(header: &HeaderFilter) -> Option<Self> {
        let ports = |(from_port, to_port)| PortsView { from_port, to_port };
        (!header.is_empty()).then(|| Self {
            source_address: header.source.map(Text),
            source_port_range: header.source_ports.map(ports),
            destination_address: header.destination.map(Text),
            destination_port_range: header.destination_ports.map(ports),
        })
    }
}

// === Create ===

/// Source: the page of CreateNetworkInsightsPath; Reachability Analyzer guide, "Source and destination resources" and
/// "Quotas"; EC2-NIP-END, EC2-NIP-DEST, EC2-NIP-FILTER, EC2-NIP-LIMIT, EC2-IDEM.
pub struct CreateNetworkInsightsPath;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreatePathIn {
    source_ip: Option<String>,
    destination_ip: Option<String>,
    source: String,
    destination: Option<String>,
    protocol: String,
    destination_port: Option<i64>,
    tag_specifications: Vec<TagSpecification>,
    client_token: Option<String>,
    filter_at_source: Option<FilterIn>,
    filter_at_destination: Option<FilterIn>,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
struct FilterIn {
    source_address: Option<String>,
    source_port_range: Option<PortsIn>,
    destination_address: Option<String>,
    destination_port_range: Option<PortsIn>,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PortsIn {
    from_port: Option<i64>,
    to_port: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePathOut {
    network_insights_path: Listed<InsightsPath>,
}

impl Operation for CreateNetworkInsightsPath {
    const NAME: &'static str = "CreateNetworkInsightsPath";
    type In = CreatePathIn;
    type Out = CreatePathOut;
    type Error = Ec2Error;
}

impl Write for CreateNetworkInsightsPath {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreatePathIn) -> Result<Self::Out, Ec2Error> {
        let token = input.client_token.take();
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        Ok(Self::Out { network_insights_path: Listed::new(&txn.state, row) })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreatePathIn,
    client_token: Option<u128>,
) -> Result<Arc<InsightsPath>, Ec2Error> {
    let state = &txn.state;
    let two_ways = |given: bool, filter, parameter| match given {
        true => Err(InsightsError::TwoWays { filter, parameter }),
        false => Ok(()),
    };
    if input.filter_at_source.is_some() {
        two_ways(input.source_ip.is_some(), "FilterAtSource", "SourceIp")?;
        two_ways(input.destination_port.is_some(), "FilterAtSource", "DestinationPort")?;
    }
    if input.filter_at_destination.is_some() {
        two_ways(input.destination_ip.is_some(), "FilterAtDestination", "DestinationIp")?;
    }
    let at_source = header(input.filter_at_source.unwrap_or_default())?;
    let at_destination = header(input.filter_at_destination.unwrap_or_default())?;
    let destination = input.destination.filter(|id| !id.is_empty());
    if destination.is_none() && at_source.destination.is_none() {
        return Err(InsightsError::NoDestination.into());
    }
    let source = end(state, "source", input.source)?;
    let destination = destination.map(|id| end(state, "destination", id)).transpose()?;
    let lost = |end: &InsightsEnd| {
        let own = end.account == state.site.account;
        own && kind_of(&end.id).is_none_or(|kind| !kind.exists(state, &end.id))
    };
    if lost(&source) {
        return Err(InsightsError::SourceNotFound(source.id.to_string()).into());
    }
    if let Some(end) = destination.as_ref().filter(|end| lost(end)) {
        return Err(InsightsError::DestinationNotFound(end.id.to_string()).into());
    }
    let (source_ip, destination_ip) = (address(input.source_ip)?, address(input.destination_ip)?);
    let tags = tags::given(state, InsightsPath::KIND, input.tag_specifications)?;
    if state.insights_paths.len() >= state.quotas.insights_paths {
        return Err(InsightsError::TooManyPaths(state.quotas.insights_paths).into());
    }
    let row = InsightsPath {
        id: Id::mint(txn),
        source,
        destination,
        transport: if input.protocol == "udp" { Transport::Udp } else { Transport::Tcp },
        source_ip,
        destination_ip,
        destination_port: input.destination_port.map(|it| port(it, it)).transpose()?,
        at_source,
        at_destination,
        created: txn.now,
        client_token,
        tags,
        memo: Memo::default(),
    };
    Ok(txn.state.insights_paths.insert(row))
}

/// What the user calls an end: an id, or an ARN of whatever account in this region.
fn end(state: &State, parameter: &'static str, named: String) -> Result<InsightsEnd, InsightsError> {
    let site = &state.site;
    let parts: Vec<&str> = named.splitn(6, ':').collect();
    let (id, account) = match parts.as_slice() {
        ["arn", partition, "ec2", region, account, resource] => {
            let id = resource.split_once('/').map(|(_, id)| id);
            let account = AccountId::parse(account);
            let (Some(id), Some(account)) = (id, account) else {
                return Err(InsightsError::NoEnd { parameter, id: named });
            };
            if *region != &*site.region || !site.arn("ec2", "").starts_with(&format!("arn:{partition}:")) {
                return Err(InsightsError::EndElsewhere { parameter, arn: named });
            }
            (id.to_owned(), account)
        }
        _ => (named.clone(), site.account),
    };
    let Some(kind) = kind_of(&id).filter(|kind| kind.end) else {
        return Err(InsightsError::NoEnd { parameter, id: named });
    };
    let arn = site.partition.arn("ec2", &site.region, account, format_args!("{}/{id}", kind.arn));
    Ok(InsightsEnd { id: id.into(), arn: arn.into(), account })
}

fn address(text: Option<String>) -> Result<Option<Ipv4Addr>, InsightsError> {
    let read = |text: String| text.parse().map_err(|_| InsightsError::BadAddress(text));
    text.map(read).transpose()
}

fn port(from: i64, port: i64) -> Result<u16, InsightsError> {
    u16::try_from(port).map_err(|_| InsightsError::BadPorts { from, to: port })
}

fn header(filter: FilterIn) -> Result<HeaderFilter, InsightsError> {
    // A range without one of its ends is the port alone. Assumed.
    let ports = |range: PortsIn| {
        let Some(from) = range.from_port.or(range.to_port) else { return Ok(None) };
        let to = range.to_port.unwrap_or(from);
        match (u16::try_from(from), u16::try_from(to)) {
            (Ok(low), Ok(high)) if low <= high => Ok(Some((low, high))),
            _ => Err(InsightsError::BadPorts { from, to }),
        }
    };
    let range = |range: Option<PortsIn>| range.map_or(Ok(None), ports);
    Ok(HeaderFilter {
        source: address(filter.source_address)?,
        source_ports: range(filter.source_port_range)?,
        destination: address(filter.destination_address)?,
        destination_ports: range(filter.destination_port_range)?,
    })
}

// === Delete ===

/// Source: the page of DeleteNetworkInsightsPath; EC2-NIP-USED.
pub struct DeleteNetworkInsightsPath;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct PathIn {
    network_insights_path_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PathOut {
    network_insights_path_id: Text<NetworkInsightsPathId>,
}

impl Operation for DeleteNetworkInsightsPath {
    const NAME: &'static str = "DeleteNetworkInsightsPath";
    type In = PathIn;
    type Out = PathOut;
    type Error = Ec2Error;
}

impl Write for DeleteNetworkInsightsPath {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PathIn) -> Result<PathOut, Ec2Error> {
        let id = find::<InsightsPath>(&txn.state, &input.network_insights_path_id)?.id;
        if txn.state.insights_analyses.count(&InsightsAnalysisIndex::Path(id)) > 0 {
            return Err(InsightsError::AnalysisExists(id).into());
        }
        txn.state.remove_insights_path(id);
        Ok(PathOut { network_insights_path_id: Text(id) })
    }
}
