//! Explanations, of what was done, of what was refused, of what would become of a request, and of paths: as JSON, as a
//! text and as a page.

pub mod page;
#[cfg(test)]
mod tests;
pub mod text;

use super::{Problem, Query, Site, asked, known_region};
use crate::aws::Fault;
use crate::clock::wall;
use crate::gateway::{Planned, operation_of};
use crate::jobs::explain::PathReport;
use crate::jobs::remedy::{self, Fix};
use crate::jobs::{self, Explanation};
use crate::kernel::Scope;
use crate::model::path::{BucketUse, Flow, Goal, Transport, Vantage};
use crate::model::{
    Account, DEFAULT_GROUP, Id, JobKey, NetworkInterfaceId, RegionInfo, SecurityGroupId, State, SubnetId,
};
use crate::net::{Terrain, trace};
use crate::services;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A path, and what to do if it does not get there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reachability {
    pub reaches: bool,
    pub path: PathReport,
    pub fixes: Vec<Fix>,
}

/// What can be told in several forms.
enum Told {
    Explanation(Arc<Explanation>),
    Reachability(Box<Reachability>),
}

impl Site {
    /// The answer of a call that explains something; `None` if it is none.
    pub(super) fn told(&self, request: &Request<Bytes>, call: &str) -> Option<Response<Bytes>> {
        let query = Query::of(request);
        let told = match (request.method().as_str(), call) {
            ("GET", call) if call.starts_with("explain/") => self.explain(&call["explain/".len()..], &query),
            ("GET", "reachability") => self.reachability(&query),
            ("POST", "preflight") => self.preflight(request.body(), &query),
            _ => return None,
        };
        Some(match told.and_then(|told| show(&told, query.get("format").unwrap_or("json"))) {
            Ok(response) => response,
            Err(problem) => super::respond(Err(problem)),
        })
    }

    /// The account and the region of a query, with the account's time.
    fn place(&self, query: &Query) -> Result<(Arc<Account>, &'static RegionInfo), Problem> {
        let account = self.named(query.get("account"))?;
        account.settle(account.now(wall()), services::step);
        let region = known_region(query.get("region").unwrap_or(&self.gateway.default_region))?;
        let region = RegionInfo::get(region).ok_or_else(|| Problem::bad("no such region"))?;
        Ok((account, region))
    }

    /// Why a job is as it is: `training-job/NAME`, in the server's region or in the one that is named; or why a call
    /// was refused: `request/ID`.
    fn explain(&self, resource: &str, query: &Query) -> Result<Told, Problem> {
        if let Some(id) = resource.strip_prefix("request/") {
            let kept = self.gateway.refused.get(id);
            let missing = || Problem::not_found(format!("no refused request {id} is remembered"));
            return kept.map(Told::Explanation).ok_or_else(missing);
        }
        let (account, region) = self.place(query)?;
        let (state, global) = states(&account, region);
        let terrain =
            Terrain { state: &state, global: &global, elsewhere: &*account, now: account.now(wall()) };
        let explanation = match resource.strip_prefix("inference-component/") {
            Some(name) => jobs::explain_component(&terrain, name),
            None => JobKey::parse(resource).and_then(|key| jobs::explain_with_fixes(&terrain, &key)),
        };
        let explanation = explanation.ok_or_else(|| {
            Problem::not_found(format!("{} of account {} has no {resource}", region.name, account.id))
        })?;
        Ok(Told::Explanation(Arc::new(explanation)))
    }

    /// What would become of a request: `{"operation", "input"}`, several under `calls` of which the last one is
    /// explained, or the input alone if its members say what it is for.
    fn preflight(&self, body: &Bytes, query: &Query) -> Result<Told, Problem> {
        let asked: Value = asked(body)?;
        let calls: Vec<&Value> = match asked.get("calls").or(Some(&asked)) {
            Some(Value::Array(calls)) => calls.iter().collect(),
            one => one.into_iter().collect(),
        };
        let refused = |fault: Fault| Problem::bad(format!("{}: {}", fault.code, fault.message));
        let planned = calls.into_iter().map(|call| {
            let (operation, input) = match (call.get("operation").and_then(Value::as_str), call.get("input"))
            {
                (Some(operation), Some(input)) => (Some(operation), input),
                (operation, None) => (operation, call),
                (None, Some(input)) => (None, input),
            };
            let operation = operation.or_else(|| operation_of(input)).ok_or_else(|| {
                Problem::bad("no member says what the request is for; name the `operation`, and the `input`")
            })?;
            self.gateway.plan(operation, input).map_err(refused)
        });
        let planned = planned.collect::<Result<Vec<Planned>, Problem>>()?;
        let text =
            |name: &str| asked.get(name).and_then(Value::as_str).or(query.get(name)).map(str::to_owned);
        let place = [("account", text("account")), ("region", text("region"))];
        let place = place.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let (account, region) = self.place(&Query(place.collect()))?;
        let explanation = self.gateway.preflight(&account, region, account.now(wall()), &planned);
        explanation.map(Arc::new).map(Told::Explanation).map_err(refused)
    }

    /// Whether packets get from an interface, or from one that would be made in a subnet, to somewhere.
    fn reachability(&self, query: &Query) -> Result<Told, Problem> {
        let (account, region) = self.place(query)?;
        let (state, global) = states(&account, region);
        let terrain =
            Terrain { state: &state, global: &global, elsewhere: &*account, now: account.now(wall()) };
        let flow = flow(&state, query)?;
        let trace = trace(&terrain, &flow);
        let red = trace.hops.iter().filter(|hop| !hop.passed);
        let mut fixes: Vec<Fix> = Vec::new();
        for fix in red.filter_map(|hop| remedy::for_hop(&terrain, &trace, hop, &[])) {
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        let path = PathReport::of(&trace);
        Ok(Told::Reachability(Box::new(Reachability { reaches: trace.reaches(), path, fixes })))
    }
}

fn states(account: &Account, region: &'static RegionInfo) -> (Arc<State>, Arc<State>) {
    (account.read(&Scope::Region(region.name.into())), account.read(&Scope::Global))
}

/// The port that everything of AWS's listens on.
const HTTPS: u16 = 443;

/// The flow that a query asks about.
fn flow(state: &State, query: &Query) -> Result<Flow, Problem> {
    let needed = |name: &str| query.get(name).ok_or_else(|| Problem::bad(format!("`{name}` is missing")));
    let from = vantage(state, needed("from")?, query.get("groups"))?;
    let to = needed("to")?;
    let number = |text: &str| {
        text.parse::<u16>().map_err(|_| Problem::bad(format!("`{text}` is no port between 0 and 65535")))
    };
    let mut port = query.get("port").map(number).transpose()?;
    let to = if let Some(rest) = to.strip_prefix("s3://") {
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let acts = match key {
            "" => vec![("s3:ListBucket", None)],
            key => vec![("s3:GetObject", Some(key.into()))],
        };
        Goal::Bucket(BucketUse {
            bucket: bucket.into(),
            acts,
            keys: Vec::new(),
            role_arn: query.get("role").map(Into::into),
        })
    } else if let Some(service) = to.strip_prefix("service:") {
        Goal::Service(service.into())
    } else if to.starts_with("eni-") {
        Goal::Peer(vantage(state, to, None)?)
    } else {
        let (host, named) = match to.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            // An address of IPv6 without a port.
            None if to.matches(':').count() > 1 => (to, None),
            None => to.rsplit_once(':').map_or((to, None), |(host, port)| (host, Some(port))),
        };
        port = named.map(number).transpose()?.or(port);
        Goal::Host(host.into())
    };
    let transport = match query.get("protocol") {
        None | Some("tcp") => Transport::Tcp,
        Some("udp") => Transport::Udp,
        Some(other) => return Err(Problem::bad(format!("`{other}` is none of tcp, udp"))),
    };
    Ok(Flow { from: Some(from), to, transport, port: port.unwrap_or(HTTPS) })
}

/// An interface, or one as SageMaker would make it in a subnet: with a private address only.
fn vantage(state: &State, text: &str, groups: Option<&str>) -> Result<Vantage, Problem> {
    let missing = || Problem::not_found(format!("there is no {text}"));
    if let Some(id) = NetworkInterfaceId::parse(text) {
        let interface = state.interfaces.get(&id).ok_or_else(missing)?;
        let nowhere = || Problem::bad(format!("{text} has no IPv4 address"));
        return Vantage::of(interface).ok_or_else(nowhere);
    }
    let form = || Problem::bad(format!("`{text}` is no id of an interface or subnet"));
    let id = SubnetId::parse(text).ok_or_else(form)?;
    let subnet = state.subnets.get(&id).ok_or_else(missing)?;
    let default = || state.group_named(subnet.vpc, DEFAULT_GROUP).map(|group| group.id);
    let groups = match groups {
        None => default().into_iter().collect(),
        Some(list) => list
            .split(',')
            .map(|name| {
                let known = SecurityGroupId::parse(name).filter(|id| state.groups.contains(id));
                known.ok_or_else(|| Problem::not_found(format!("there is no {name}")))
            })
            .collect::<Result<_, _>>()?,
    };
    let taken = |address: &std::net::Ipv4Addr| subnet.addresses.owner(*address).is_some();
    // The first four addresses of a subnet are AWS's.
    let address = subnet.cidr.and_then(|net| net.hosts().skip(3).find(|address| !taken(address)));
    let address = address.ok_or_else(|| Problem::bad(format!("{text} has no IPv4 address left")))?;
    Ok(Vantage { subnet: id, groups, address, interface: None, public: false })
}

fn show(told: &Told, format: &str) -> Result<Response<Bytes>, Problem> {
    let json = |value: serde_json::Result<Value>| {
        let value = value.map_err(|error| Problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        Ok(format!("{value}\n"))
    };
    let (kind, body) = match (format, told) {
        ("json", Told::Explanation(all)) => ("application/json", json(serde_json::to_value(&**all))?),
        ("json", Told::Reachability(all)) => ("application/json", json(serde_json::to_value(all))?),
        ("text", Told::Explanation(all)) => ("text/plain; charset=utf-8", text::explanation(all)),
        ("text", Told::Reachability(all)) => ("text/plain; charset=utf-8", text::reachability(all)),
        ("html", Told::Explanation(all)) => ("text/html; charset=utf-8", page::explanation(all)),
        ("html", Told::Reachability(all)) => ("text/html; charset=utf-8", page::reachability(all)),
        _ => return Err(Problem::bad(format!("`{format}` is none of json, text, html"))),
    };
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

/// What is asked by `preflight`, for whoever asks over the wire.
pub fn question(operation: Option<&str>, input: &Value) -> Value {
    match operation {
        Some(operation) => json!({"operation": operation, "input": input}),
        None => input.clone(),
    }
}
