//! Addresses are conserved: whoever takes and gives back addresses of a subnet, and in whatever order, what is
//! described agrees with the plainest model of it, and in the end all of them are back.

mod acts;

use self::acts::{Act, Want, act};
use super::super::harness::{Lab, text};
use super::api::{Api, check_addresses, without_default_vpc};
use crate::model::{Defaults, Profile, Quotas};
use crate::services::Refused;
use crate::services::sagemaker::tests as requests;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Small, so that each of them runs out of addresses now and then; each in a zone of its own.
const BLOCKS: [&str; 3] = ["10.0.0.0/28", "10.0.1.0/27", "10.0.2.0/26"];

/// How many sequences of acts are tried at once, and how often so many of them at the most: until each act that was
/// tried has been done, since what is never done proves nothing.
const CASES: u32 = 32;
const ROUNDS: usize = 12;

/// One of the rows of a list, not one of the first few if there are others.
fn nth(rows: &[Value], n: usize, skipped: usize) -> Option<&Value> {
    let rest = rows.get(skipped..).filter(|rest| !rest.is_empty()).unwrap_or(rows);
    rest.get(n % rest.len().max(1))
}

/// A name that SageMaker's operations have for each kind of job.
const KINDS: [&str; 4] = ["Training", "Processing", "Transform", "Compilation"];

struct Site {
    api: Api,
    lab: Lab,
    vpc: String,
    subnets: Vec<String>,
    group: String,
    role: String,
    allocations: Vec<String>,
    /// Ids that were given out, some of them gone by now; what is asked for is chosen from them.
    known: BTreeMap<&'static str, Vec<String>>,
    /// How often each operation was called, and refused.
    told: BTreeMap<String, [u32; 2]>,
}

impl Site {
    fn new(profile: Profile) -> Self {
        let lab = Lab::with_defaults(
            "us-east-1",
            Defaults { profile, quotas: Quotas { vpcs: 9, ..Quotas::default() }, ..Defaults::default() },
        );
        without_default_vpc(&lab);
        let vpc = lab.vpc();
        let subnets = (0..3).map(|n| lab.subnet_in(&vpc, BLOCKS[n], n)).collect();
        let group = lab.group(&vpc, "all");
        lab.internet_gateway(&vpc);
        let role = lab.role("Trainer", "sagemaker.amazonaws.com");
        let (api, known, told) = (Api::new(true), BTreeMap::new(), BTreeMap::new());
        let mut site = Self { api, lab, vpc, subnets, group, role, allocations: Vec::new(), known, told };
        let members = json!([{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": site.group }] }]);
        let rule = json!({ "GroupId": site.group, "IpPermissions": members });
        site.call("AuthorizeSecurityGroupIngress", rule).unwrap();
        // Jobs get to their data, so that they go through all of their lives.
        let table = site.lab.state().route_tables.iter().next().unwrap().id;
        let way = json!({ "VpcId": site.vpc, "ServiceName": "com.amazonaws.us-east-1.s3",
            "RouteTableIds": [table.to_string()] });
        site.call("CreateVpcEndpoint", way).unwrap();
        for _ in 0..3 {
            let made = site.call("AllocateAddress", json!({})).unwrap();
            site.allocations.push(text(&made["AllocationId"]));
        }
        site.model("hosted", &[0, 1, 2]);
        for size in 1..7 {
            let variant = json!([{ "VariantName": "v", "ModelName": "hosted", "InstanceType": "ml.m5.large",
                "InitialInstanceCount": size }]);
            let config = json!({ "EndpointConfigName": format!("c{size}"), "ProductionVariants": variant });
            site.call("CreateEndpointConfig", config).unwrap();
        }
        site
    }

    fn call(&mut self, operation: &str, input: Value) -> Result<Value, Refused> {
        let answer = self.api.call(&self.lab, operation, input);
        self.told.entry(operation.to_owned()).or_default()[usize::from(answer.is_err())] += 1;
        answer
    }

    /// Calls something that makes a thing; its id can be asked for from then on.
    fn make(&mut self, kind: &'static str, operation: &str, input: Value, id: &str) {
        if let Ok(made) = self.call(operation, input) {
            self.known.entry(kind).or_default().push(text(made.pointer(id).unwrap()));
        }
    }

    fn pick(&self, kind: &str, n: usize) -> String {
        let ids = self.known.get(kind).map_or(&[][..], Vec::as_slice);
        // The newest are the likeliest to be there still.
        ids.iter().rev().nth(n % ids.len().max(1)).cloned().unwrap_or_else(|| "none".into())
    }

    fn settings(&self, subnets: &[usize]) -> Value {
        let subnets: BTreeSet<_> = subnets.iter().map(|n| &self.subnets[*n]).collect();
        json!({ "Subnets": subnets, "SecurityGroupIds": [self.group] })
    }

    /// A model; it may be there already.
    fn model(&mut self, name: &str, subnets: &[usize]) {
        let container = json!({ "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1", "ModelDataUrl": "s3://data/model.tar.gz" });
        let settings = self.settings(subnets);
        let input = json!({ "ModelName": name, "ExecutionRoleArn": self.role, "PrimaryContainer": container,
            "VpcConfig": settings });
        if let Err(refused) = self.call("CreateModel", input) {
            assert!(refused.message.starts_with("Cannot create already existing model"), "{refused:?}");
        }
    }

    fn job(&mut self, kind: usize, name: &str, size: u32, subnets: &[usize]) -> Value {
        let settings = self.settings(subnets);
        let mut request = match KINDS[kind] {
            "Training" => requests::request(name, size),
            "Processing" => requests::processing(name, size),
            "Compilation" => requests::compilation(name),
            _ => {
                let which: Vec<_> = subnets.iter().map(ToString::to_string).collect();
                let model = format!("m{}", which.join("-"));
                self.model(&model, subnets);
                return requests::transform(name, size, &model);
            }
        };
        request["RoleArn"] = json!(self.role);
        match KINDS[kind] {
            "Processing" => request["NetworkConfig"]["VpcConfig"] = settings,
            _ => request["VpcConfig"] = settings,
        }
        request
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Wait(millis) => self.lab.advance(Duration::from_millis(millis)),
            Act::Job(..) | Act::StopJob(..) | Act::DropJob(..) => self.act_on_jobs(act),
            Act::Deploy(..) | Act::Redeploy(..) | Act::Scale(..) | Act::Undeploy(..) => {
                self.act_on_hosting(act)
            }
            Act::Notebook(name, at) => {
                let input = json!({ "NotebookInstanceName": format!("n{name}"), "RoleArn": self.role,
                    "InstanceType": "ml.t3.medium", "SubnetId": self.subnets[at],
                    "SecurityGroupIds": [self.group] });
                let _ = self.call("CreateNotebookInstance", input);
            }
            Act::OnNotebook(verb, name) => {
                let input = json!({ "NotebookInstanceName": format!("n{name}") });
                if verb == "Start" {
                    // Else hardly any would ever be stopped at that time.
                    let _ = self.call("StopNotebookInstance", input.clone());
                    self.lab.advance(Duration::from_secs(200));
                }
                let _ = self.call(&format!("{verb}NotebookInstance"), input);
            }
            Act::Nat(..)
            | Act::PublicNat(..)
            | Act::AssignNat(..)
            | Act::UnassignNat(..)
            | Act::DropNat(..) => {
                self.act_on_gateways(act);
            }
            Act::Endpoint(..) | Act::Join(..) | Act::Leave(..) | Act::DropEndpoint(..) => {
                self.act_on_endpoints(act);
            }
            act => self.act_on_interfaces(act),
        }
    }

    fn act_on_interfaces(&mut self, act: Act) {
        let address = |at: usize, last: &u8| format!("10.0.{at}.{last}");
        match act {
            Act::Interface(at, want) => {
                let mut input = json!({ "SubnetId": self.subnets[at] });
                match want {
                    Want::Next => {}
                    Want::These(all) => {
                        let row =
                            |(n, last)| json!({ "PrivateIpAddress": address(at, last), "Primary": n == 0 });
                        input["PrivateIpAddresses"] = all.iter().enumerate().map(row).collect();
                    }
                    Want::More(count) => input["SecondaryPrivateIpAddressCount"] = json!(count),
                    Want::Prefixes(count) => input["Ipv4PrefixCount"] = json!(count),
                }
                self.make("eni", "CreateNetworkInterface", input, "/NetworkInterface/NetworkInterfaceId");
            }
            Act::Assign(n, want) => {
                let mut input = json!({ "NetworkInterfaceId": self.pick("eni", n) });
                match want {
                    Want::Next => input["SecondaryPrivateIpAddressCount"] = json!(1),
                    Want::These(all) => {
                        input["PrivateIpAddresses"] = all.iter().map(|last| address(n % 3, last)).collect();
                    }
                    Want::More(count) => input["SecondaryPrivateIpAddressCount"] = json!(count),
                    Want::Prefixes(count) => input["Ipv4PrefixCount"] = json!(count),
                }
                let _ = self.call("AssignPrivateIpAddresses", input);
            }
            Act::Unassign(n, which, prefix) => {
                let id = self.pick("eni", n);
                let seen = self.call("DescribeNetworkInterfaces", json!({ "NetworkInterfaceIds": [id] }));
                let Ok(seen) = seen else { return };
                let (list, member, all) = match prefix {
                    true => ("Ipv4Prefixes", "Ipv4Prefix", "Ipv4Prefixes"),
                    false => ("PrivateIpAddresses", "PrivateIpAddress", "PrivateIpAddresses"),
                };
                let rows = seen["NetworkInterfaces"][0][list].as_array().cloned().unwrap_or_default();
                let given = nth(&rows, which, usize::from(!prefix)).map(|row| text(&row[member]));
                let input = json!({ "NetworkInterfaceId": id, all: given.as_slice() });
                let _ = self.call("UnassignPrivateIpAddresses", input);
            }
            Act::DropInterface(n) => {
                let input = json!({ "NetworkInterfaceId": self.pick("eni", n) });
                let _ = self.call("DeleteNetworkInterface", input);
            }
            Act::Reserve(at, first, size) => {
                let cidr = format!("10.0.{at}.{}/{size}", first * 4);
                let input =
                    json!({ "SubnetId": self.subnets[at], "ReservationType": "explicit", "Cidr": cidr });
                let id = "/SubnetCidrReservation/SubnetCidrReservationId";
                self.make("range", "CreateSubnetCidrReservation", input, id);
            }
            Act::Unreserve(n) => {
                let input = json!({ "SubnetCidrReservationId": self.pick("range", n) });
                let _ = self.call("DeleteSubnetCidrReservation", input);
            }
            Act::Run(at, count, want) => {
                let mut new = json!({ "DeviceIndex": 0, "SubnetId": self.subnets[at] });
                match want {
                    Want::Next => {}
                    Want::These(all) => new["PrivateIpAddress"] = json!(address(at, &all[0])),
                    Want::More(count) => new["SecondaryPrivateIpAddressCount"] = json!(count),
                    Want::Prefixes(count) => new["Ipv4PrefixCount"] = json!(count),
                }
                let made = self.call(
                    "RunInstances",
                    json!({ "ImageId": "ami-12c6146b", "InstanceType": "t3.medium", "MinCount": 1,
                        "MaxCount": count, "NetworkInterfaces": [new] }),
                );
                for made in made.iter().flat_map(|made| made["Instances"].as_array().unwrap()) {
                    self.known.entry("instance").or_default().push(text(&made["InstanceId"]));
                }
            }
            Act::Stop(n) => self.on_instance("StopInstances", n),
            Act::Start(n) => self.on_instance("StartInstances", n),
            Act::Terminate(n) => self.on_instance("TerminateInstances", n),
            other => panic!("{other:?} is another's"),
        }
    }

    fn on_instance(&mut self, operation: &str, n: usize) {
        let input = json!({ "InstanceIds": [self.pick("instance", n)] });
        let _ = self.call(operation, input);
    }

    fn act_on_gateways(&mut self, act: Act) {
        let chosen = |at: usize, all: &[u8]| -> Vec<String> {
            all.iter().map(|last| format!("10.0.{at}.{last}")).collect()
        };
        match act {
            Act::Nat(at, want) => {
                let mut input = json!({ "SubnetId": self.subnets[at], "ConnectivityType": "private" });
                match want {
                    Want::Next | Want::Prefixes(_) => {}
                    Want::These(all) => {
                        input["PrivateIpAddress"] = json!(chosen(at, &all[..1])[0]);
                        input["SecondaryPrivateIpAddresses"] = json!(chosen(at, &all[1..]));
                    }
                    Want::More(count) => input["SecondaryPrivateIpAddressCount"] = json!(count),
                }
                self.make("nat", "CreateNatGateway", input, "/NatGateway/NatGatewayId");
            }
            Act::PublicNat(at, n) => {
                let address = &self.allocations[n % self.allocations.len()];
                let input = json!({ "SubnetId": self.subnets[at], "AllocationId": address });
                self.make("nat", "CreateNatGateway", input, "/NatGateway/NatGatewayId");
            }
            Act::AssignNat(n, want) => {
                let mut input = json!({ "NatGatewayId": self.pick("nat", n) });
                match want {
                    Want::These(all) => input["PrivateIpAddresses"] = json!(chosen(n % 3, &all)),
                    Want::More(count) => input["PrivateIpAddressCount"] = json!(count.max(1)),
                    Want::Next | Want::Prefixes(_) => input["PrivateIpAddressCount"] = json!(1),
                }
                let _ = self.call("AssignPrivateNatGatewayAddress", input);
            }
            Act::UnassignNat(n, which) => {
                let id = self.pick("nat", n);
                let Ok(seen) = self.call("DescribeNatGateways", json!({ "NatGatewayIds": [id] })) else {
                    return;
                };
                let rows =
                    seen["NatGateways"][0]["NatGatewayAddresses"].as_array().cloned().unwrap_or_default();
                let address = nth(&rows, which, 1).map(|row| row["PrivateIp"].clone());
                let addresses: Vec<_> = address.into_iter().filter(Value::is_string).collect();
                let input = json!({ "NatGatewayId": id, "PrivateIpAddresses": addresses });
                let _ = self.call("UnassignPrivateNatGatewayAddress", input);
            }
            Act::DropNat(n) => {
                let input = json!({ "NatGatewayId": self.pick("nat", n) });
                let _ = self.call("DeleteNatGateway", input);
            }
            other => panic!("{other:?} is another's"),
        }
    }

    fn act_on_endpoints(&mut self, act: Act) {
        match act {
            Act::Endpoint(subnets) => {
                let subnets: BTreeSet<_> = subnets.iter().map(|n| self.subnets[*n].clone()).collect();
                let input = json!({ "VpcId": self.vpc, "VpcEndpointType": "Interface", "SubnetIds": subnets,
                    "ServiceName": "com.amazonaws.us-east-1.sagemaker.api", "SecurityGroupIds": [self.group],
                    "PrivateDnsEnabled": false });
                self.make("endpoint", "CreateVpcEndpoint", input, "/VpcEndpoint/VpcEndpointId");
            }
            Act::Join(n, at, address) => {
                let subnet = self.subnets[at].clone();
                let mut input =
                    json!({ "VpcEndpointId": self.pick("endpoint", n), "AddSubnetIds": [subnet] });
                if let Some(last) = address {
                    let chosen = json!({ "SubnetId": subnet, "Ipv4": format!("10.0.{at}.{last}") });
                    input["SubnetConfigurations"] = json!([chosen]);
                }
                let _ = self.call("ModifyVpcEndpoint", input);
            }
            Act::Leave(n, at) => {
                let subnet = self.subnets[at].clone();
                let input = json!({ "VpcEndpointId": self.pick("endpoint", n), "RemoveSubnetIds": [subnet] });
                let _ = self.call("ModifyVpcEndpoint", input);
            }
            Act::DropEndpoint(n) => {
                let input = json!({ "VpcEndpointIds": [self.pick("endpoint", n)] });
                let _ = self.call("DeleteVpcEndpoints", input);
            }
            other => panic!("{other:?} is another's"),
        }
    }

    fn act_on_jobs(&mut self, act: Act) {
        match act {
            Act::Job(kind, name, size, subnets) => {
                let name = format!("j{name}");
                let request = self.job(kind, &name, size, &subnets);
                if self.call(&format!("Create{}Job", KINDS[kind]), request).is_ok() {
                    self.known.entry("job").or_default().push(format!("{}/{name}", KINDS[kind]));
                    // Else hardly any would ever be stopped while it is under way.
                    let input = json!({ format!("{}JobName", KINDS[kind]): name });
                    let _ = (size == 6).then(|| self.call(&format!("Stop{}Job", KINDS[kind]), input));
                }
            }
            Act::StopJob(n) => self.on_job("Stop", n),
            Act::DropJob(n) => self.on_job("Delete", n),
            other => panic!("{other:?} is another's"),
        }
    }

    fn on_job(&mut self, verb: &str, n: usize) {
        if let Some((kind, name)) = self.pick("job", n).split_once('/')
            // AWS has no DeleteTransformJob.
            && (verb, kind) != ("Delete", "Transform")
        {
            let _ = self.call(&format!("{verb}{kind}Job"), json!({ format!("{kind}JobName"): name }));
        }
    }

    fn act_on_hosting(&mut self, act: Act) {
        let named = |name: u8| json!({ "EndpointName": format!("e{name}") });
        let _ = match act {
            Act::Deploy(name, size) | Act::Redeploy(name, size) => {
                let mut input = named(name);
                input["EndpointConfigName"] = json!(format!("c{size}"));
                let new = matches!(act, Act::Deploy(..));
                self.call(if new { "CreateEndpoint" } else { "UpdateEndpoint" }, input)
            }
            Act::Scale(name, size) => {
                let mut input = named(name);
                input["DesiredWeightsAndCapacities"] =
                    json!([{ "VariantName": "v", "DesiredInstanceCount": size }]);
                self.call("UpdateEndpointWeightsAndCapacities", input)
            }
            Act::Undeploy(name) => self.call("DeleteEndpoint", named(name)),
            other => panic!("{other:?} is another's"),
        };
    }

    // === What holds ===

    /// Addresses are right, and each interface is of somebody who says so.
    fn check(&self) -> BTreeMap<String, usize> {
        let (counts, interfaces) = check_addresses(&self.api, &self.lab);
        let holders = self.holders();
        for interface in &interfaces {
            let id = text(&interface["NetworkInterfaceId"]);
            let by_service = interface["RequesterId"].as_str().is_some_and(|id| id.ends_with(":SageMaker"));
            let mut own = 0;
            if let Some((_, addresses)) = holders.iter().find(|(holder, _)| **holder == id) {
                own += 1;
                let rows = interface["PrivateIpAddresses"].as_array().unwrap();
                let has =
                    |address: &String| rows.iter().any(|row| row["PrivateIpAddress"] == address.as_str());
                assert!(addresses.iter().all(has), "{addresses:?} are told of {interface}");
            }
            own += usize::from(by_service);
            own += usize::from(self.known.get("eni").is_some_and(|all| all.contains(&id)));
            assert_eq!(own, 1, "one holder of {interface}");
        }
        let there: BTreeSet<_> = interfaces.iter().map(|one| text(&one["NetworkInterfaceId"])).collect();
        assert!(holders.keys().all(|id| there.contains(id)), "what is told to be held is there");
        counts
    }

    /// The interfaces that gateways, endpoints and instances say are theirs, with what they say of the addresses.
    fn holders(&self) -> BTreeMap<String, Vec<String>> {
        let list = |name: &str, list: &str| self.api.list(&self.lab, name, list);
        let rows = |of: &Value, member: &str| of[member].as_array().cloned().unwrap_or_default();
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for notebook in list("ListNotebookInstances", "NotebookInstances") {
            let named = json!({ "NotebookInstanceName": notebook["NotebookInstanceName"] });
            let told = self.api.call(&self.lab, "DescribeNotebookInstance", named).unwrap();
            if let Some(id) = told["NetworkInterfaceId"].as_str() {
                all.insert(id.to_owned(), Vec::new());
            }
        }
        for gateway in list("DescribeNatGateways", "NatGateways") {
            let is_there = !["deleted", "failed"].contains(&gateway["State"].as_str().unwrap());
            for address in rows(&gateway, "NatGatewayAddresses").iter().filter(|_| is_there) {
                if let Some(id) = address["NetworkInterfaceId"].as_str() {
                    all.entry(id.into()).or_default().extend(address["PrivateIp"].as_str().map(Into::into));
                }
            }
        }
        for endpoint in list("DescribeVpcEndpoints", "VpcEndpoints") {
            all.extend(rows(&endpoint, "NetworkInterfaceIds").iter().map(|id| (text(id), Vec::new())));
        }
        for reservation in list("DescribeInstances", "Reservations") {
            for interface in
                rows(&reservation, "Instances").iter().flat_map(|one| rows(one, "NetworkInterfaces"))
            {
                let addresses = rows(&interface, "PrivateIpAddresses");
                let addresses = addresses.iter().map(|row| text(&row["PrivateIpAddress"])).collect();
                all.insert(text(&interface["NetworkInterfaceId"]), addresses);
            }
        }
        all
    }

    /// Everybody gives back what they have.
    fn tear_down(&mut self) {
        for _ in 0..2 {
            for (kind, known) in self.known.clone() {
                for id in known {
                    let _ = match kind {
                        "eni" => self.call("DeleteNetworkInterface", json!({ "NetworkInterfaceId": id })),
                        "nat" => self.call("DeleteNatGateway", json!({ "NatGatewayId": id })),
                        "endpoint" => self.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [id] })),
                        "instance" => self.call("TerminateInstances", json!({ "InstanceIds": [id] })),
                        _ => {
                            self.call("DeleteSubnetCidrReservation", json!({ "SubnetCidrReservationId": id }))
                        }
                    };
                }
            }
            // An endpoint can be deleted once it has come to rest.
            self.lab.advance(Duration::from_secs(7_200));
            (0..4).for_each(|name| self.act(Act::Undeploy(name)));
            for verb in ["Stop", "Delete"] {
                (0..4).for_each(|name| self.act(Act::OnNotebook(verb, name)));
                self.lab.advance(Duration::from_secs(7_200));
            }
            self.lab.advance(Duration::from_secs(7_200));
        }
    }
}

#[test]
fn whoever_holds_addresses_they_are_conserved() {
    let profile = prop_oneof![Just(Profile::Fast), Just(Profile::Realistic), Just(Profile::Instant)];
    let courses = (profile, prop::collection::vec(act(), 60..120));
    let told: RefCell<BTreeMap<String, [u32; 2]>> = RefCell::default();
    let run = |(profile, acts): (Profile, Vec<Act>)| {
        let mut site = Site::new(profile);
        let start = site.check();
        for act in acts {
            site.act(act);
            site.check();
        }
        site.tear_down();
        prop_assert_eq!(site.check(), start);
        prop_assert!(site.lab.state().interfaces.is_empty());
        for (operation, [done, refused]) in std::mem::take(&mut site.told) {
            let mut told = told.borrow_mut();
            let all = told.entry(operation).or_default();
            *all = [all[0] + done, all[1] + refused];
        }
        Ok(())
    };
    // Some acts are rare: now and then none of a round's is done.
    let never = || -> Vec<String> {
        told.borrow().iter().filter(|(_, [done, _])| *done == 0).map(|(name, _)| name.clone()).collect()
    };
    for _ in 0..ROUNDS {
        TestRunner::new(ProptestConfig::with_cases(CASES)).run(&courses, run).unwrap();
        if never().is_empty() {
            return;
        }
    }
    panic!("what is never done proves nothing: {:?}", never());
}
