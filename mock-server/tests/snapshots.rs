//! Snapshots: an account that goes back answers what it answered and goes on as it did; one that begins with another's
//! is the same under its own number.

#![cfg(feature = "s3")]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use hyper::{Method, Request};
use mockplane::admin::Site;
use mockplane::kernel::{AccountId, SimTime};
use mockplane::scenario::report::Silent;
use mockplane::scenario::target::{InProcess, Target};
use mockplane::scenario::{Options, run_path};
use mockplane::server::Config;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const OTHER: &str = "987654321098";

/// Scenarios of which each leaves something else: jobs of all kinds, gateways, policies, faults, flow logs.
const LEFT: [&str; 10] = [
    "training-in-a-vpc",
    "endpoint-in-two-zones",
    "notebook-story",
    "studio-domain-in-a-vpc",
    "cluster-in-a-vpc",
    "monitoring-in-a-vpc",
    "automl-in-a-vpc",
    "warm-pool",
    "interfaces-stuck-after-a-job",
    "buckets-and-objects",
];

/// What describes and lists without being told what.
const EC2: [&str; 22] = [
    "DescribeVpcs",
    "DescribeSubnets",
    "DescribeSecurityGroups",
    "DescribeSecurityGroupRules",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeNetworkAcls",
    "DescribeInternetGateways",
    "DescribeNatGateways",
    "DescribeVpcEndpoints",
    "DescribeAddresses",
    "DescribeDhcpOptions",
    "DescribeFlowLogs",
    "DescribeInstances",
    "DescribeLaunchTemplates",
    "DescribeManagedPrefixLists",
    "DescribeTransitGateways",
    "DescribeTransitGatewayAttachments",
    "DescribeTransitGatewayRouteTables",
    "DescribeVpcPeeringConnections",
    "DescribeVpnGateways",
    "DescribeTags",
];
const SAGEMAKER: [&str; 20] = [
    "ListTrainingJobs",
    "ListProcessingJobs",
    "ListTransformJobs",
    "ListCompilationJobs",
    "ListHyperParameterTuningJobs",
    "ListAutoMLJobs",
    "ListModels",
    "ListEndpoints",
    "ListEndpointConfigs",
    "ListNotebookInstances",
    "ListDomains",
    "ListUserProfiles",
    "ListApps",
    "ListSpaces",
    "ListClusters",
    "ListMonitoringSchedules",
    "ListMonitoringExecutions",
    "ListPipelines",
    "ListExperiments",
    "ListInferenceComponents",
];
const IAM: [&str; 5] =
    ["ListUsers", "ListRoles", "ListInstanceProfiles", "GetAccountAuthorizationDetails", "GetAccountSummary"];
const CONTROL: [&str; 10] = [
    "rules",
    "offerings",
    "capacity",
    "quotas",
    "eventual-consistency",
    "behaviours",
    "faults",
    "data",
    "iam",
    "policy",
];

struct Plane<'a> {
    target: InProcess<&'a Site>,
}

impl Plane<'_> {
    async fn send(&self, request: Request<Bytes>) -> (u16, String) {
        let answer = self.target.send(request).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        (answer.status().as_u16(), text)
    }

    async fn call(&self, account: &str, service: &str, operation: &str, target: &str) -> String {
        let scope = format!("{account}/20260105/us-east-1/{service}/aws4_request");
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={:064}",
            0
        );
        let request =
            Request::post("/").header("authorization", signed).header("x-amz-date", "20260105T090000Z");
        let request = match service {
            "sagemaker" | "logs" => request
                .header("x-amz-target", format!("{target}.{operation}"))
                .header("content-type", "application/x-amz-json-1.1")
                .body(Bytes::from("{}")),
            _ => request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Bytes::from(format!("Action={operation}&Version={target}"))),
        };
        let (status, text) = self.send(request.unwrap()).await;
        assert!(status == 200, "{operation}: {status} {text}");
        without_request_id(&text)
    }

    async fn control(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request =
            Request::builder().method(method).uri(format!("/_mockplane/{path}")).body(body).unwrap();
        let (status, text) = self.send(request).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    async fn done(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.control(Method::POST, path, &body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// All that is told of an account.
    async fn told(&self, account: &str) -> BTreeMap<String, String> {
        let mut told = BTreeMap::new();
        for operation in EC2 {
            told.insert(operation.to_owned(), self.call(account, "ec2", operation, "2016-11-15").await);
        }
        for operation in SAGEMAKER {
            told.insert(operation.to_owned(), self.call(account, "sagemaker", operation, "SageMaker").await);
        }
        for operation in IAM {
            told.insert(operation.to_owned(), self.call(account, "iam", operation, "2010-05-08").await);
        }
        let groups = self.call(account, "logs", "DescribeLogGroups", "Logs_20140328").await;
        told.insert("DescribeLogGroups".to_owned(), groups);
        for path in CONTROL.into_iter().chain(["clock"]) {
            let (_, answer) =
                self.control(Method::GET, &format!("{path}?account={account}"), &Value::Null).await;
            told.insert(path.to_owned(), answer.to_string());
        }
        told
    }

    async fn advance(&self, account: &str) {
        self.done("clock", json!({ "account": account, "advance": "26h" })).await;
    }
}

/// Answers in XML say the number of the request.
fn without_request_id(text: &str) -> String {
    let mut text = text.to_owned();
    for (start, end) in [("<requestId>", "</requestId>"), ("<RequestId>", "</RequestId>")] {
        if let (Some(from), Some(to)) = (text.find(start), text.find(end)) {
            text.replace_range(from..to, "");
        }
    }
    text
}

/// The first thing in which they differ.
fn difference(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Option<String> {
    let differs = one.iter().find(|(name, told)| other.get(*name) != Some(told));
    differs.map(|(name, told)| format!("{name}:\n{told}\n{}", other.get(name).cloned().unwrap_or_default()))
}

fn broken(site: &Site, account: &str) -> Vec<String> {
    let account = site.gateway.world.account(AccountId::parse(account).unwrap(), SimTime::from_millis(0));
    account.scopes().iter().flat_map(|scope| account.read(scope).broken_invariants()).collect()
}

#[tokio::test]
async fn an_account_goes_back_and_another_begins_with_it() {
    let site = Config::default().site();
    let plane = Plane { target: InProcess(&site) };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let options = Options { only: LEFT.map(str::to_owned).to_vec(), ..Options::default() };
    let summary = run_path(&plane.target, Path::new(path), &options, &mut Silent).await;
    // A tag of another scenario may be one of these names.
    let left: Vec<_> = summary.outcomes.iter().filter(|one| LEFT.contains(&one.name.as_str())).collect();
    assert_eq!((summary.exit_code(), left.len()), (0, LEFT.len()));
    for outcome in left {
        let (name, id) = (&outcome.name, outcome.account.to_string());
        // A region that nobody touched by then begins as each account's own.
        plane.told(&id).await;
        let saved = plane.done(&format!("snapshots?account={id}"), json!({ "name": "s" })).await;
        assert_eq!((&saved["name"], &saved["replaced"]), (&json!("s"), &json!(false)));
        let before = plane.told(&id).await;
        plane.advance(&id).await;
        let later = plane.told(&id).await;
        // What is done from here on is undone.
        plane.call(&id, "ec2", "CreateInternetGateway", "2016-11-15").await;
        plane.done("rules", json!({ "account": id, "rule": "SM-VPC-IP-01", "mode": "off" })).await;
        plane.done("quotas", json!({ "account": id, "quota": "vpcs", "limit": 7 })).await;

        let restored = plane.done(&format!("snapshots/s/restore?account={id}"), Value::Null).await;
        assert_eq!(restored["nowMillis"], saved["timeMillis"]);
        assert_eq!(difference(&before, &plane.told(&id).await), None, "{name} goes back");
        plane.advance(&id).await;
        assert_eq!(difference(&later, &plane.told(&id).await), None, "{name} goes on as it did");

        plane.done(&format!("snapshots/s/restore?account={id}&to={OTHER}"), Value::Null).await;
        assert_eq!(broken(&site, OTHER), Vec::<String>::new(), "{name} is whole elsewhere");
        let theirs = |told: BTreeMap<String, String>| -> BTreeMap<_, _> {
            told.into_iter().map(|(name, text)| (name, text.replace(OTHER, &id))).collect()
        };
        let there = plane.told(OTHER).await;
        let named: Vec<_> = there.iter().filter(|(_, text)| text.contains(&id)).collect();
        assert!(named.is_empty(), "{name}: {named:?}");
        assert_eq!(difference(&before, &theirs(there)), None, "{name} is the same elsewhere");
        plane.advance(OTHER).await;
        assert_eq!(broken(&site, OTHER), Vec::<String>::new(), "{name} goes on elsewhere");
    }
}

#[tokio::test]
async fn what_is_refused() {
    let site = Config::default().site();
    let plane = Plane { target: InProcess(&site) };
    let refused = async |method: Method, path: &str, body: Value, status: u16, text: &str| {
        let (found, answer) = plane.control(method, path, &body).await;
        assert_eq!(found, status, "{path}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(text), "{path}: {answer}");
    };
    let post = Method::POST;
    for name in ["", "a/b", "-a", "a b", &"a".repeat(65)] {
        let body = json!({ "name": name });
        refused(post.clone(), "snapshots?account=111122223333", body, 400, "is no name of a snapshot").await;
    }
    refused(post.clone(), "snapshots", json!({ "nam": "a" }), 400, "unknown field").await;
    refused(
        post.clone(),
        "snapshots/a/restore?account=111122223333",
        Value::Null,
        404,
        "has no snapshot `a`",
    )
    .await;
    refused(Method::DELETE, "snapshots/a?account=111122223333", Value::Null, 404, "has no snapshot `a`")
        .await;
    refused(Method::GET, "snapshots/a?account=1", Value::Null, 400, "no account of twelve digits").await;

    let account = "111122223333";
    for number in 0..50 {
        plane.done(&format!("snapshots?account={account}"), json!({ "name": format!("s{number}") })).await;
    }
    let body = json!({ "name": "one-more" });
    refused(post.clone(), &format!("snapshots?account={account}"), body, 409, "has 50 snapshots").await;
    // There is room for one in the place of another.
    let again = plane.done(&format!("snapshots?account={account}"), json!({ "name": "s7" })).await;
    assert_eq!(again["replaced"], true);
    let (_, all) = plane.control(Method::GET, &format!("snapshots?account={account}"), &Value::Null).await;
    assert_eq!(all["snapshots"].as_array().unwrap().len(), 50);
    refused(
        post.clone(),
        &format!("snapshots/s1/restore?account={account}&to=12"),
        Value::Null,
        400,
        "twelve",
    )
    .await;
    plane.done(&format!("reset?account={account}"), Value::Null).await;
    let (_, none) = plane.control(Method::GET, &format!("snapshots?account={account}"), &Value::Null).await;
    assert_eq!(none["snapshots"], json!([]), "they go with the account");
}
