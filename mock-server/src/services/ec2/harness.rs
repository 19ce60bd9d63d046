//! A laboratory for tests: one account in memory whose operations are called with JSON and answer JSON.

use super::error::Ec2Error;
use crate::kernel::{AccountId, Clock, ClockMode, Memo, Scope, SimTime};
use crate::model::{Account, Defaults, Partition, PolicyDocument, Quotas, Role, State, World};
use crate::services::tests::assert_fits;
use crate::services::{Caller, Page, Principal, Printed, Read, Refused, Reply, ReplyWriter, View, Write};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

pub struct Lab {
    world: Arc<World>,
    pub account: Arc<Account>,
    pub scope: Scope,
    caller: Caller,
}

pub const NOW: SimTime = SimTime::from_millis(1_700_000_000_000);

impl Lab {
    pub fn new() -> Self {
        Self::with("us-east-1", Quotas::default())
    }

    pub fn with(region: &str, quotas: Quotas) -> Self {
        Self::with_defaults(region, Defaults { quotas, ..Defaults::default() })
    }

    pub fn with_defaults(region: &str, defaults: Defaults) -> Self {
        let world = World::new(1, defaults, |wall| Clock::new(ClockMode::Manual, Some(NOW), wall));
        Self::within(Arc::new(world), "123456789012", region)
    }

    /// Another place of the same world.
    pub fn beside(&self, account: &str, region: &str) -> Self {
        Self::within(self.world.clone(), account, region)
    }

    fn within(world: Arc<World>, account: &str, region: &str) -> Self {
        let id = AccountId::parse(account).unwrap();
        let caller = Caller {
            account: id,
            region: region.into(),
            partition: Partition::of(region),
            principal: Principal::Root,
            session: None,
            access_key: String::new(),
            host: String::new(),
        };
        let account = world.account(id, NOW);
        Self { world, account, scope: Scope::Region(region.into()), caller }
    }

    pub fn state(&self) -> Arc<State> {
        self.account.read(&self.scope)
    }

    pub fn now(&self) -> SimTime {
        self.account.now(NOW)
    }

    /// Lets time pass, with all that happens in it.
    pub fn advance(&self, span: Duration) {
        let to = self.now() + span;
        let now = self.account.change_clock(NOW, |clock| clock.jump(NOW, to));
        self.account.settle(now, crate::jobs::step);
        assert_eq!(self.state().broken_invariants(), Vec::<String>::new());
    }

    /// Runs a writing operation. A refused one must leave the state as it was, and every state must be sound.
    pub fn try_write<O: Write<Error = Ec2Error>>(&self, input: Value) -> Result<Value, Ec2Error> {
        self.run::<O>(input, true)
    }

    /// The same for an operation that is only known to be one, and without `keep` as a dry run.
    pub fn write_any<O: Write>(&self, input: Value, keep: bool) -> Result<Value, Refused> {
        self.run::<O>(input, keep).map_err(Into::into)
    }

    pub fn read_any<O: Read>(&self, input: Value) -> Result<Value, Refused> {
        self.look::<O>(input).map_err(Into::into)
    }

    fn run<O: Write>(&self, input: Value, keep: bool) -> Result<Value, O::Error> {
        let before = self.state();
        let answer = self.call::<O>(input, keep);
        let after = self.state();
        assert!(answer.is_ok() || Arc::ptr_eq(&before, &after), "a refused call changes nothing");
        assert_eq!(after.broken_invariants(), Vec::<String>::new());
        answer
    }

    /// Runs a writing operation and looks at nothing else: for tests that do so themselves, such as those with
    /// several writers at once.
    pub fn call<O: Write>(&self, input: Value, keep: bool) -> Result<Value, O::Error> {
        let input: O::In = serde_json::from_value(input).unwrap();
        let answer =
            self.account.write(&self.scope, self.now(), keep, |txn| O::run(txn, &self.caller, input));
        answer.map(|out| to_json(O::NAME, &out))
    }

    pub fn try_read<O: Read<Error = Ec2Error>>(&self, input: Value) -> Result<Value, Ec2Error> {
        self.look::<O>(input)
    }

    fn look<O: Read>(&self, input: Value) -> Result<Value, O::Error> {
        let (state, global) = (self.state(), self.account.read(&Scope::Global));
        let view = View { state: &state, global: &global, caller: &self.caller, now: self.now() };
        O::run(&view, serde_json::from_value(input).unwrap()).map(|out| to_json(O::NAME, &out))
    }

    pub fn write<O: Write<Error = Ec2Error>>(&self, input: Value) -> Value {
        self.try_write::<O>(input).unwrap()
    }

    pub fn read<O: Read<Error = Ec2Error>>(&self, input: Value) -> Value {
        self.try_read::<O>(input).unwrap()
    }

    /// The ids that a describing operation lists.
    pub fn ids<O: Read<Error = Ec2Error>>(&self, list: &str, id: &str, input: Value) -> Vec<String> {
        texts(&self.read::<O>(input)[list], id)
    }

    /// Changes the state past all operations, as services do.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        let done: Result<(), ()> = self.account.write(&self.scope, self.now(), true, |txn| {
            change(&mut txn.state);
            Ok(())
        });
        done.unwrap();
    }

    /// A role that the account has, which trusts this service and may do what SageMaker needs; its ARN.
    pub fn role(&self, name: &str, service: &str) -> String {
        let arn = format!("arn:aws:iam::{}:role/{name}", self.caller.account);
        let trust = json!({ "Statement": {
            "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole",
        } });
        let role = Role {
            name: name.into(),
            unique_id: "AROA0123456789ABCDEFG".into(),
            path: "/".into(),
            arn: arn.clone(),
            description: None,
            trust: PolicyDocument::new(trust.to_string()),
            grants: crate::services::lab::full_access(),
            max_session_seconds: 3_600,
            created: self.now(),
            tags: Default::default(),
        };
        let done: Result<(), ()> = self.account.write(&Scope::Global, self.now(), true, |txn| {
            txn.state.roles.insert(role);
            Ok(())
        });
        done.unwrap();
        arn
    }

    /// Runs everything that is due within this time; the clock stays where it is.
    pub fn settle(&self, within: std::time::Duration) {
        self.account.settle(self.now() + within, crate::jobs::step);
        assert_eq!(self.state().broken_invariants(), Vec::<String>::new());
    }

    /// An instance of type t3.medium in a subnet, as its launch answers it; `more` are further parameters.
    pub fn instance(&self, subnet: &str, more: Value) -> Value {
        let mut input =
            json!({ "ImageId": "ami-12c6146b", "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1 });
        input["SubnetId"] = json!(subnet);
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.write::<super::instance_run::RunInstances>(input)["Instances"][0].clone()
    }

    /// Gives a VPC an IPv6 block of Amazon's; its first part for a subnet, such as `2600:1f18:1:2::/64`.
    pub fn ipv6_block(&self, vpc: &str) -> String {
        let input = json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true });
        let made = self.write::<super::vpc_cidr::AssociateVpcCidrBlock>(input);
        let id = text(&made["Ipv6CidrBlockAssociation"]["AssociationId"]);
        let state = self.state();
        let blocks = state.vpcs.iter().flat_map(|vpc| &vpc.ipv6_cidrs);
        let block = blocks.filter(|(own, _)| own.to_string() == id).map(|(_, net)| *net).next().unwrap();
        block.subnets(64).unwrap().next().unwrap().to_string()
    }

    /// A subnet with both kinds of addresses; its id and its IPv6 block.
    pub fn subnet_with_ipv6(&self, vpc: &str, cidr: &str) -> (String, String) {
        let block = self.ipv6_block(vpc);
        let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "Ipv6CidrBlock": block });
        let made = self.write::<super::subnet::CreateSubnet>(input);
        (text(&made["Subnet"]["SubnetId"]), block)
    }

    /// An instance that has this interface and no other; its id.
    pub fn instance_with(&self, interface: &str) -> String {
        let made = self.try_instance_with(interface).unwrap();
        text(&made["Instances"][0]["InstanceId"])
    }

    pub fn try_instance_with(&self, interface: &str) -> Result<Value, Ec2Error> {
        self.try_write::<super::instance_run::RunInstances>(json!({
            "ImageId": "ami-12c6146b", "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1,
            "NetworkInterfaces": [{ "NetworkInterfaceId": interface, "DeviceIndex": 0 }],
        }))
    }

    /// A VPC 10.0.0.0/16; its id.
    pub fn vpc(&self) -> String {
        let made = self.write::<super::vpc::CreateVpc>(json!({ "CidrBlock": "10.0.0.0/16" }));
        text(&made["Vpc"]["VpcId"])
    }

    pub fn subnet(&self, vpc: &str, cidr: &str) -> String {
        let made = self.write::<super::subnet::CreateSubnet>(json!({ "VpcId": vpc, "CidrBlock": cidr }));
        text(&made["Subnet"]["SubnetId"])
    }

    /// A subnet in the n-th zone of the region.
    pub fn subnet_in(&self, vpc: &str, cidr: &str, zone: usize) -> String {
        let zone = self.state().site.info().unwrap().zones[zone].name;
        let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone });
        text(&self.write::<super::subnet::CreateSubnet>(input)["Subnet"]["SubnetId"])
    }

    pub fn group(&self, vpc: &str, name: &str) -> String {
        let input = json!({ "VpcId": vpc, "GroupName": name, "Description": "a group" });
        text(&self.write::<super::security_group::CreateSecurityGroup>(input)["GroupId"])
    }

    pub fn route_table(&self, vpc: &str) -> String {
        let made = self.write::<super::route_table::CreateRouteTable>(json!({ "VpcId": vpc }));
        text(&made["RouteTable"]["RouteTableId"])
    }

    /// The main route table of a VPC.
    pub fn main_table(&self, vpc: &str) -> String {
        let filters = json!([
            { "Name": "vpc-id", "Values": [vpc] },
            { "Name": "association.main", "Values": ["true"] },
        ]);
        let input = json!({ "Filters": filters });
        let listed = self.read::<super::describe::Describe<crate::model::RouteTable>>(input);
        text(&listed["RouteTables"][0]["RouteTableId"])
    }

    /// An internet gateway, attached to this VPC.
    pub fn internet_gateway(&self, vpc: &str) -> String {
        let made = self.write::<super::internet_gateway::CreateInternetGateway>(json!({}));
        let id = text(&made["InternetGateway"]["InternetGatewayId"]);
        let attach = json!({ "InternetGatewayId": id, "VpcId": vpc });
        self.write::<super::internet_gateway::AttachInternetGateway>(attach);
        id
    }

    pub fn interface(&self, subnet: &str, groups: &[&str]) -> String {
        let input = json!({ "SubnetId": subnet, "Groups": groups });
        let made = self.write::<super::network_interface_create::CreateNetworkInterface>(input);
        text(&made["NetworkInterface"]["NetworkInterfaceId"])
    }

    /// A flow log to a bucket; its id.
    pub fn flow_log(&self, kind: &str, resource: &str, bucket: &str) -> String {
        let made = self.write::<super::flow_log::CreateFlowLogs>(json!({
            "ResourceType": kind, "ResourceIds": [resource], "TrafficType": "ALL",
            "LogDestinationType": "s3", "LogDestination": format!("arn:aws:s3:::{bucket}"),
        }));
        text(&made["FlowLogIds"][0])
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// One member of each row of a list.
pub fn texts(rows: &Value, member: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| text(&row[member])).collect()
}

// === JSON in place of the wire ===

fn to_json(operation: &str, out: &impl Reply) -> Value {
    assert_fits(operation, out);
    let mut writer = Json(Value::Null);
    out.write(&mut writer).unwrap();
    without_nulls(writer.0)
}

struct Json(Value);

impl ReplyWriter for Json {
    type Error = serde_json::Error;
    fn value<T: Serialize>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.0 = serde_json::to_value(value)?;
        Ok(())
    }
    fn page<R: Printed>(&mut self, page: &Page<R>) -> Result<(), Self::Error> {
        let rows = page.rows.iter().map(|row| row.print(serde_json::value::Serializer));
        let mut members = Map::new();
        members.insert(R::LIST.into(), rows.collect::<Result<Vec<_>, _>>()?.into());
        members.insert(R::TOKEN.into(), json!(page.next_token));
        self.0 = members.into();
        Ok(())
    }
}

/// A member that is nothing is not sent.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, without_nulls(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Whether every documented filter of a kind of resource is one that its rows know.
pub fn unknown_filters<R: super::describe::Resource>(state: &State, row: &R) -> Vec<&'static str> {
    super::filter::names_without_values(R::FILTERS, |name, probe| row.values(state, name, probe))
}

#[test]
fn a_memo_is_part_of_every_listed_row() {
    let lab = Lab::new();
    let state = lab.state();
    let subnet = state.subnets.iter().next().unwrap();
    let listed = super::describe::Listed::new(&state, subnet.clone());
    let memo: Option<&Memo> = listed.memo();
    assert!(std::ptr::eq(memo.unwrap(), &subnet.memo));
}
