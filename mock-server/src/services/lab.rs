//! A small world for unit tests: one account with a manual clock, a VPC, and the means to call operations as the
//! gateway does, with JSON in and JSON out.

use super::ec2::DeleteVpc;
use super::tests::assert_fits;
use super::{Caller, Invoke, Principal, Read, Refused, Reply, ReplyWriter, View, Write};
use crate::jobs::hosting::answer;
use crate::kernel::{Clock, ClockMode, HexId, Memo, Scope, SimTime};
use crate::model::endpoint_service;
use crate::model::network::{ANY_V4, NewSubnet, NewVpc};
use crate::model::route::RouteTableIndex;
use crate::model::{
    Account, Behaviour, Bucket, Content, Defaults, Direction, EndpointType, Grants, Id, NetworkInterface,
    ObjectKey, ObjectVersion, Partition, Peer, PolicyDocument, Profile, RegionInfo, Role, RuleMode,
    SecurityGroup, SecurityGroupId, SecurityGroupRule, State, SubnetId, Tags, Tenancy, Txn, VpcEndpoint,
    VpcEndpointState, VpcId, World,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
pub const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/service-role/Trainer";
pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// What users of SageMaker attach to their roles.
pub fn full_access() -> Grants {
    let attached = ["AmazonSageMakerFullAccess", "AmazonS3FullAccess"];
    let attached = attached.map(|name| format!("arn:aws:iam::aws:policy/{name}").into()).into();
    Grants { attached, ..Grants::default() }
}

pub struct Lab {
    pub account: Arc<Account>,
    scope: Scope,
    caller: Caller,
    made: std::cell::Cell<u128>,
}

impl Lab {
    /// An account with a role that SageMaker may assume, and nothing else.
    pub fn new(profile: Profile) -> Self {
        Self::with_defaults(Defaults { profile, ..Defaults::default() })
    }

    pub fn with_defaults(defaults: Defaults) -> Self {
        let start = SimTime::from_millis(1_600_000_000_000);
        let world = World::new(1, defaults, move |wall| Clock::new(ClockMode::Manual, Some(start), wall));
        let id = crate::kernel::AccountId::parse(ACCOUNT).unwrap();
        let caller = Caller {
            account: id,
            region: REGION.into(),
            partition: Partition::Aws,
            principal: Principal::Root,
            session: None,
            access_key: String::new(),
            host: "127.0.0.1:4545".into(),
        };
        let account = world.account(id, start);
        let lab = Self {
            account,
            scope: Scope::Region(REGION.into()),
            caller,
            made: std::cell::Cell::new(1 << 60),
        };
        lab.role(ROLE_ARN, TRUST);
        lab
    }

    pub fn role(&self, arn: &str, trust: &str) {
        let name = arn.rsplit('/').next().unwrap().to_owned();
        let role = Role {
            name,
            unique_id: "AROA0123456789ABCDEFG".into(),
            path: "/service-role/".into(),
            arn: arn.into(),
            description: None,
            trust: PolicyDocument::new(trust),
            grants: full_access(),
            max_session_seconds: 3_600,
            created: self.now(),
            tags: Tags::default(),
        };
        self.edit_scope(&Scope::Global, |state| {
            state.roles.insert(role);
        });
    }

    /// Leaves the role these actions on all resources, and all of S3, and nothing else.
    pub fn grant(&self, actions: &[&str]) {
        let actions: Vec<_> = actions.iter().copied().chain(["s3:*"]).collect();
        self.policy(json!({"Effect": "Allow", "Action": actions, "Resource": "*"}));
    }

    /// Leaves the role a policy of these statements, and nothing else.
    pub fn policy(&self, statements: Value) {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let inline = [("vpc".to_owned(), PolicyDocument::new(policy.to_string()))].into();
        self.edit_scope(&Scope::Global, |state| {
            state.roles.update(&Role::key_of("Trainer"), |role| {
                role.grants = Grants { inline, ..Grants::default() };
            });
        });
    }

    pub fn set_mode(&self, rule: &'static str, mode: RuleMode) {
        self.edit_scope(&Scope::Global, |state| state.rule_modes.set(rule, mode));
    }

    /// Declares what containers do, before all that was declared so far.
    pub fn declare(&self, behaviour: Behaviour) {
        self.edit_scope(&Scope::Global, |state| state.behaviours.put_first([behaviour]));
    }

    fn bits(&self) -> u128 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    fn id<I: Id>(&self) -> I {
        I::from_hex(HexId::long(self.bits()))
    }

    pub fn vpc(&self, tenancy: Tenancy) -> VpcId {
        let mut bits = |_: &'static str| self.bits();
        let new =
            NewVpc::new(&mut bits, "10.0.0.0/16".parse().unwrap(), tenancy, self.state().region_dhcp_options);
        let id = new.vpc.id;
        self.edit(|state| {
            state.add_vpc(new);
        });
        self.s3_endpoint(id);
        id
    }

    /// A gateway endpoint for S3 in the VPC's main table: jobs in the VPC get to their data.
    fn s3_endpoint(&self, vpc: VpcId) {
        let service = endpoint_service::named(REGION, "com.amazonaws.us-east-1.s3")
            .find(|service| service.kind == EndpointType::Gateway)
            .unwrap();
        let id = self.id();
        let created = self.now();
        self.edit(|state| {
            let tables = state.route_tables.by(&RouteTableIndex::Vpc(vpc)).map(|table| table.id).collect();
            state.put_vpc_endpoint(VpcEndpoint {
                id,
                vpc,
                service,
                state: VpcEndpointState::Available,
                outage: None,
                policy: None,
                route_tables: tables,
                placements: Vec::new(),
                groups: Vec::new(),
                private_dns: false,
                inbound_only: None,
                ip_address_type: None,
                dns_record_ip_type: None,
                created,
                client_token: None,
                tags: Tags::default(),
                memo: Memo::default(),
            });
        });
    }

    /// Deletes a VPC and its endpoint, or neither.
    pub fn delete_vpc(&self, vpc: VpcId) -> Result<Value, Refused> {
        let own = self.state().vpc_endpoints.iter().find(|row| row.vpc == vpc).cloned();
        self.edit(|state| own.iter().for_each(|row| drop(state.remove_vpc_endpoint(row.id))));
        let done = self.write::<DeleteVpc>(json!({ "VpcId": vpc.to_string() }));
        if done.is_err() {
            self.edit(|state| {
                own.iter().for_each(|row| drop(state.put_vpc_endpoint(VpcEndpoint::clone(row))))
            });
        }
        done
    }

    /// A bucket of the account in the lab's region. From then on none is taken to exist that nobody made.
    pub fn bucket(&self, name: &str) {
        let bucket = Bucket::new(name, self.account.id, REGION.into(), self.now());
        self.edit_scope(&Scope::Global, |state| {
            state.buckets.insert(bucket);
            state.has_made_bucket = true;
        });
    }

    /// Leaves the role these managed policies of AWS's, and nothing else.
    pub fn regrant(&self, policies: &[&str]) {
        let attached = policies.iter().map(|name| format!("arn:aws:iam::aws:policy/{name}").into()).collect();
        self.edit_scope(&Scope::Global, |state| {
            state.roles.update(&Role::key_of("Trainer"), |role| {
                role.grants = Grants { attached, ..Grants::default() };
            });
        });
    }

    /// Changes the endpoint of the first VPC.
    pub fn edit_endpoint(&self, change: impl FnOnce(&mut State, VpcEndpoint)) {
        self.edit(|state| {
            let endpoint = state.vpc_endpoints.iter().next().map(|row| VpcEndpoint::clone(row)).unwrap();
            change(state, endpoint);
        });
    }

    /// Changes a bucket.
    pub fn edit_bucket(&self, name: &str, change: impl FnOnce(&mut Bucket)) {
        self.edit_scope(&Scope::Global, |state| {
            state.buckets.update(&name.into(), change);
        });
    }

    /// An object of a few bytes, or of none that anybody wrote.
    pub fn object(&self, bucket: &str, key: &str, content: Content) {
        let (at, version) =
            (ObjectKey { bucket: bucket.into(), key: key.into() }, ObjectVersion::new(content, self.now()));
        self.edit_scope(&Scope::Global, |state| {
            state.edit_versions(&at, |versions| *versions = vec![Arc::new(version)]);
        });
    }

    /// The bytes of an object.
    pub fn bytes(&self, bucket: &str, key: &str) -> Option<bytes::Bytes> {
        match self.global().object(bucket, key)?.content.clone()? {
            Content::Bytes(bytes) => Some(bytes),
            Content::Size(_) => None,
        }
    }

    /// The keys of a bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.global().objects_under(bucket, "").map(|object| object.at.key.to_string()).collect()
    }

    pub fn subnet(&self, vpc: VpcId, cidr: &str) -> SubnetId {
        self.subnet_in(vpc, cidr, 0)
    }

    /// A subnet in one of the region's zones.
    pub fn subnet_in(&self, vpc: VpcId, cidr: &str, zone: usize) -> SubnetId {
        let new = NewSubnet {
            id: self.id(),
            acl_association: self.id(),
            vpc,
            cidr: Some(cidr.parse().unwrap()),
            ipv6: None,
            zone: RegionInfo::get(REGION).unwrap().zones[zone],
            default_for_zone: false,
            map_public_ip: false,
            tags: Tags::default(),
        };
        let id = new.id;
        self.edit(|state| {
            state.add_subnet(new);
        });
        id
    }

    /// A group that lets its members talk to each other, and out.
    pub fn group(&self, vpc: VpcId) -> SecurityGroupId {
        let id = self.id();
        let rules = [(Direction::Ingress, Peer::Group(id)), (Direction::Egress, Peer::V4(ANY_V4))];
        let row = SecurityGroup {
            id,
            vpc,
            name: format!("group {id}").into(),
            description: "a group".into(),
            rules: rules
                .map(|(direction, peer)| SecurityGroupRule::all_traffic(self.id(), direction, peer))
                .to_vec(),
            peered: Vec::new(),
            tags: Tags::default(),
            memo: Memo::default(),
        };
        self.edit(|state| {
            state.groups.insert(row);
        });
        id
    }

    // === Time and state ===

    pub fn now(&self) -> SimTime {
        self.account.now(SimTime::default())
    }

    pub fn advance(&self, millis: u64) {
        let to = self.now() + std::time::Duration::from_millis(millis);
        let now = self.account.change_clock(SimTime::default(), |clock| clock.jump(SimTime::default(), to));
        self.account.settle(now, super::step);
    }

    pub fn state(&self) -> Arc<State> {
        self.account.read(&self.scope)
    }

    /// The account-wide state.
    pub fn global(&self) -> Arc<State> {
        self.account.read(&Scope::Global)
    }

    pub fn free(&self, subnet: SubnetId) -> u32 {
        self.state().subnets.get(&subnet).unwrap().addresses.free()
    }

    pub fn interfaces(&self) -> Vec<Arc<NetworkInterface>> {
        self.state().interfaces.iter().cloned().collect()
    }

    /// The kinds and messages of the events so far.
    pub fn events(&self, kind: &str) -> Vec<String> {
        let all = self.account.events.since(0, usize::MAX);
        all.into_iter().filter(|(_, event)| event.kind == kind).map(|(_, event)| event.message).collect()
    }

    pub fn edit(&self, change: impl FnOnce(&mut State)) {
        self.edit_scope(&self.scope, change);
    }

    pub fn edit_global(&self, change: impl FnOnce(&mut State)) {
        self.edit_scope(&Scope::Global, change);
    }

    pub fn edit_scope(&self, scope: &Scope, change: impl FnOnce(&mut State)) {
        let done: Result<(), ()> = self.account.write(scope, self.now(), true, |txn| {
            change(&mut txn.state);
            Ok(())
        });
        done.unwrap();
    }

    // === Operations ===

    pub fn write<O: Write>(&self, input: Value) -> Result<Value, Refused> {
        let input = decode::<O::In>(input);
        let run = |txn: &mut Txn<'_>| O::run(txn, &self.caller, input);
        self.account
            .write(&self.scope, self.now(), true, run)
            .map(|out| encode(O::NAME, &out))
            .map_err(Into::into)
    }

    /// Calls an endpoint, whose containers answer what was declared.
    pub fn invoke<O: Invoke>(&self, input: Value) -> Result<Value, Refused> {
        let input = decode::<O::In>(input);
        let run = |txn: &mut Txn<'_>| O::begin(txn, &self.caller, "rid", input);
        let invocation = self.account.write(&self.scope, self.now(), true, run)?;
        let (said, _) = answer::declared(&invocation, O::LIMIT).expect("nobody calls containers here");
        O::end(&invocation, &said).map(|out| encode(O::NAME, &out))
    }

    pub fn read<O: Read>(&self, input: Value) -> Result<Value, Refused> {
        let state = self.account.read(&self.scope);
        let global = self.account.read(&Scope::Global);
        let view = View { state: &state, global: &global, caller: &self.caller, now: self.now() };
        O::run(&view, decode::<O::In>(input)).map(|out| encode(O::NAME, &out)).map_err(Into::into)
    }
}

fn decode<I: DeserializeOwned>(input: Value) -> I {
    serde_json::from_value(input).unwrap()
}

fn encode(operation: &str, out: &impl Reply) -> Value {
    assert_fits(operation, out);
    let mut json = Json(json!(null));
    out.write(&mut json).unwrap();
    json.0
}

struct Json(Value);

impl ReplyWriter for Json {
    type Error = serde_json::Error;

    fn value<T: Serialize>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.0 = serde_json::to_value(value)?;
        Ok(())
    }

    fn page<R: super::Printed>(&mut self, page: &super::Page<R>) -> Result<(), Self::Error> {
        let rows = page.rows.iter().map(|row| row.print(serde_json::value::Serializer));
        let rows: Vec<Value> = rows.collect::<Result<_, _>>()?;
        self.0 = json!({ R::LIST: rows, R::TOKEN: page.next_token });
        Ok(())
    }

    fn stream<T: Serialize>(&mut self, head: &T, events: &[super::StreamEvent]) -> Result<(), Self::Error> {
        self.0 = serde_json::to_value(head)?;
        let event = |event: &super::StreamEvent| match event {
            super::StreamEvent::Part { name, bytes } => json!({ *name: String::from_utf8_lossy(bytes) }),
            super::StreamEvent::Exception { name, members } => json!({ *name: members }),
        };
        self.0["Body"] = events.iter().map(event).collect();
        Ok(())
    }
}
