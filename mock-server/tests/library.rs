//! A test suite that has Mockplane in its process, as one of another crate would: it uses what `mockplane` exports, and
//! nothing else of this repository.
//!
//! `Cargo.toml` of such a crate has, besides what runs its tests,
//! `mockplane = { package = "mock-server", path = "../mockplane/mock-server" }` among its `dev-dependencies`.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use mockplane::{Account, CallError, Method, Profile, Server};
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::Duration;

/// One server for all tests, on threads of its own; accounts keep the tests apart.
static SERVER: LazyLock<Server> =
    LazyLock::new(|| Server::builder().seed(7).profile(Profile::Instant).start_blocking().unwrap());

/// What the code under test would do with an SDK: a private VPC, a role, and a training job in it.
async fn train(account: &Account<'_>, block: &str, instances: u32) -> Result<Value, CallError> {
    let id = |answer: Value, path: &str| answer.pointer(path).unwrap().as_str().unwrap().to_owned();
    let vpc = id(account.call("ec2.CreateVpc", json!({"CidrBlock": "10.0.0.0/16"})).await?, "/Vpc/VpcId");
    let subnet = json!({"VpcId": vpc, "CidrBlock": block, "AvailabilityZone": "us-east-1a"});
    let subnet = id(account.call("ec2.CreateSubnet", subnet).await?, "/Subnet/SubnetId");
    let group = json!({"VpcId": vpc, "GroupName": "training", "Description": "training jobs"});
    let group = id(account.call("ec2.CreateSecurityGroup", group).await?, "/GroupId");
    let among = json!([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]);
    let among = json!({"GroupId": group, "IpPermissions": among});
    account.call("ec2.AuthorizeSecurityGroupIngress", among).await?;
    let own = json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]});
    let table = account.call("ec2.DescribeRouteTables", own).await?;
    let table = id(table, "/RouteTables/0/RouteTableId");
    let s3 = json!({"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table]});
    account.call("ec2.CreateVpcEndpoint", s3).await?;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"},
    }]});
    let role = json!({"RoleName": "trainer", "AssumeRolePolicyDocument": trust.to_string()});
    let role = id(account.call("iam.CreateRole", role).await?, "/Role/Arn");
    let may = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["ec2:*", "s3:*"], "Resource": "*",
    }]});
    let may = json!({"RoleName": "trainer", "PolicyName": "jobs", "PolicyDocument": may.to_string()});
    account.call("iam.PutRolePolicy", may).await?;
    let job = job(&role, &subnet, &group, instances);
    account.call("sagemaker.CreateTrainingJob", job).await?;
    account.call("sagemaker.DescribeTrainingJob", json!({"TrainingJobName": "nightly"})).await
}

fn job(role: &str, subnet: &str, group: &str, instances: u32) -> Value {
    let image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1";
    json!({
        "TrainingJobName": "nightly",
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://models/nightly"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "VpcConfig": {"Subnets": [subnet], "SecurityGroupIds": [group]},
    })
}

#[tokio::test]
async fn a_job_that_fits_completes() {
    let account = SERVER.fresh_account();
    let job = train(&account, "10.0.1.0/24", 2).await.unwrap();
    assert_eq!(job["TrainingJobStatus"], "Completed", "{}", job["FailureReason"]);
    assert_eq!(account.decided_by("training-job/nightly").unwrap(), None);
}

/// The cause is asserted, not a sentence.
#[tokio::test]
async fn a_job_without_room_fails_for_that_reason() {
    let account = SERVER.fresh_account();
    let job = train(&account, "10.0.1.0/28", 6).await.unwrap();
    assert_eq!(job["TrainingJobStatus"], "Failed");
    assert_eq!(account.decided_by("training-job/nightly").unwrap().as_deref(), Some("SM-VPC-IP-01"));
    let events = account.events().unwrap();
    assert!(events.iter().any(|event| event["rule"] == "SM-VPC-IP-01"), "{events:#?}");
}

#[tokio::test]
async fn what_is_refused_has_the_code_of_aws() {
    let account = SERVER.fresh_account();
    let refused = account.call("ec2.CreateVpc", json!({"CidrBlock": "10.0.0.0/8"})).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidVpc.Range"));
}

#[tokio::test]
async fn faults_are_for_one_account() {
    let (one, other) = (SERVER.fresh_account(), SERVER.fresh_account());
    let effect = json!({"error": {"code": "ServiceUnavailable", "status": 503}});
    let fault = json!({"faults": [{"match": {"service": "ec2"}, "times": 1, "effect": effect}]});
    one.declare_faults(&fault).unwrap();
    other.call("ec2.DescribeVpcs", json!({})).await.unwrap();
    let refused = one.call("ec2.DescribeVpcs", json!({})).await.unwrap_err();
    assert_eq!(refused.code(), Some("ServiceUnavailable"));
    one.call("ec2.DescribeVpcs", json!({})).await.unwrap();
}

/// A server of its own, whose time stands still until the test moves it.
#[tokio::test]
async fn time_moves_when_it_is_told_to() {
    let start = "2026-01-05T09:00:00Z".parse().unwrap();
    let clock = (mockplane::ClockMode::Manual, Some(start));
    let builder = Server::builder().clock(clock.0, clock.1).profile(Profile::Realistic);
    let server = builder.start().await.unwrap();
    let account = server.fresh_account();
    assert_eq!(train(&account, "10.0.1.0/24", 1).await.unwrap()["TrainingJobStatus"], "InProgress");
    account.advance(Duration::from_secs(3600)).unwrap();
    let asked = json!({"TrainingJobName": "nightly"});
    let job = account.call("sagemaker.DescribeTrainingJob", asked.clone()).await.unwrap();
    assert_eq!(job["TrainingJobStatus"], "Completed");
    account.reset().unwrap();
    let gone = account.call("sagemaker.DescribeTrainingJob", asked).await.unwrap_err();
    assert!(gone.to_string().contains("Requested resource not found"), "{gone}");
}

/// Later years have five digits, which no date of a header or of an answer has.
#[tokio::test]
async fn time_ends_with_the_year_9999() {
    let account = SERVER.fresh_account();
    let clock = |change: Value| {
        let mut change = change;
        change["account"] = account.id().into();
        SERVER.control(Method::POST, "clock", Some(&change)).map_err(|error| error.to_string())
    };
    clock(json!({"mode": "manual", "start": "9999-12-31T23:59:59Z"})).unwrap();
    account.call("ec2.DescribeVpcs", json!({})).await.unwrap();
    for refused in [
        json!({"advance": "40m"}),
        json!({"advance": "99999999d"}),
        json!({"start": "2026-01-05T09:00:00Z", "advance": "99999999d"}),
        json!({"mode": "poll", "advance": "1s"}),
    ] {
        let told = clock(refused).unwrap_err();
        assert!(told.contains("would be after 9999-12-31T23:59:59.999Z, when time ends"), "{told}");
    }
    for refused in [
        json!({"start": "9999-12-31T23:59:60Z"}),
        json!({"start": "9999-12-31T23:59:59-01:00"}),
        json!({"mode": "manual:9999-12-31T23:59:60Z"}),
    ] {
        let told = clock(refused).unwrap_err();
        assert!(told.contains("is no time such as 2026-01-05T09:00:00Z"), "{told}");
    }
    let now = clock(json!({"advance": "999ms"})).unwrap();
    assert_eq!((&now["mode"], &now["now"]), (&"manual".into(), &"9999-12-31T23:59:59.999Z".into()));
    // What lies behind the end of time is made and told, and does not happen.
    train(&account, "10.0.1.0/24", 1).await.unwrap();
    let object = json!({"Bucket": format!("data-{}", account.id()), "Key": "a", "Body": "text"});
    account.call("s3.CreateBucket", json!({"Bucket": object["Bucket"]})).await.unwrap();
    account.call("s3.PutObject", object.clone()).await.unwrap();
    let at = json!({"Bucket": object["Bucket"], "Key": "a"});
    let found = account.call("s3.HeadObject", at).await.unwrap();
    assert_eq!(found["LastModified"], "9999-12-31T23:59:59.000Z");
    // A clock that moves by itself stops there.
    clock(json!({"start": "9999-12-31T23:59:59Z", "mode": "scaled:1000000"})).unwrap();
    let last = |clock: &Value| clock["now"] == "9999-12-31T23:59:59.999Z";
    while !last(&clock(json!({})).unwrap()) {}
    assert!(last(&clock(json!({"mode": "poll"})).unwrap()));
    account.call("ec2.DescribeVpcs", json!({})).await.unwrap();
}

/// A request is tried before it is made, and nothing comes of it.
#[tokio::test]
async fn a_request_is_explained_before_it_is_made() {
    let account = SERVER.fresh_account();
    let role = format!("arn:aws:iam::{}:role/nobody", account.id());
    let asked = job(&role, "subnet-0123456789abcdef0", "sg-0123456789abcdef0", 1);
    let told = account.preflight("CreateTrainingJob", &asked).unwrap();
    assert_eq!(told["wouldComplete"], false, "{told:#}");
    assert!(account.explain("training-job/nightly").is_err());
}

/// Another server with the same seed gives the same ids.
#[tokio::test]
async fn ids_follow_from_the_seed() {
    let mut ids = Vec::new();
    for seed in [7, 7, 8] {
        let server = Server::builder().seed(seed).start().await.unwrap();
        let account = server.account("111122223333").unwrap();
        let made = account.call("ec2.CreateVpc", json!({"CidrBlock": "10.0.0.0/16"})).await.unwrap();
        ids.push(made["Vpc"]["VpcId"].clone());
    }
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn settings_that_make_no_sense_do_not_start() {
    let started = Server::builder().rule("SM-NO-SUCH", mockplane::RuleMode::Off).start_blocking();
    let Err(mockplane::StartError::Invalid(invalid)) = started else { panic!("it started") };
    assert_eq!(invalid.to_string(), "there is no rule SM-NO-SUCH");
}

/// Whoever is connected when the server is dropped gets their answer, and nobody else comes in.
#[test]
fn a_dropped_server_finishes_what_it_began() {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    let server = Server::builder().start_blocking().unwrap();
    let address = server.address();
    let late = json!({"faults": [{"match": {"service": "sts"}, "effect": {"delay": "300ms"}}]});
    server.account("123456789012").unwrap().declare_faults(&late).unwrap();
    let ask = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let mut idle = TcpStream::connect(address).unwrap();
    let mut busy = TcpStream::connect(address).unwrap();
    busy.write_all(ask("/", "Action=GetCallerIdentity&Version=2011-06-15").as_bytes()).unwrap();
    // It has begun once the fault has struck.
    let struck = || {
        let told = server.control(Method::GET, "faults?account=123456789012", None).unwrap();
        told["faults"][0]["hits"].as_u64().unwrap() > 0
    };
    while !struck() {
        std::thread::yield_now();
    }
    let mut first = [0; 1];
    idle.write_all(b"GET /_mockplane/health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    idle.read_exact(&mut first).unwrap();
    drop(server);
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("123456789012"), "{answer}");
    idle.read_to_end(&mut Vec::new()).unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}
