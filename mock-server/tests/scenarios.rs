//! Every scenario of the repository, in process and over a socket, and each of them twice.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use hyper::Request;
use mockplane::kernel::ClockMode;
use mockplane::scenario::report::Text;
use mockplane::scenario::target::{Http, InProcess, Target};
use mockplane::scenario::transcript::Transcript;
use mockplane::scenario::{Options, Summary, run_path};
use mockplane::server::{Config, Server};
use std::path::Path;

async fn run_all(target: &impl Target) -> Summary {
    run_with(target, &Options::default()).await
}

async fn run_with(target: &impl Target, options: &Options) -> Summary {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let mut told = Vec::new();
    let summary = run_path(target, Path::new(path), options, &mut Text::new(&mut told)).await;
    assert_eq!(summary.exit_code(), 0, "\n{}", String::from_utf8_lossy(&told));
    assert!(summary.outcomes.len() >= 10);
    summary
}

/// The first answers in which two runs differ.
fn difference(first: &Summary, second: &Summary) -> Option<String> {
    assert_eq!(first.outcomes.len(), second.outcomes.len());
    first.outcomes.iter().zip(&second.outcomes).find_map(|(one, other)| {
        let number = one.transcript.first_difference(&other.transcript)?;
        let answer = |all: &Transcript| Transcript(all.0.iter().skip(number - 1).take(1).cloned().collect());
        let (one_answer, other_answer) = (answer(&one.transcript), answer(&other.transcript));
        Some(format!("answer {number} of {}:\n{one_answer}\n{other_answer}", one.name))
    })
}

#[tokio::test]
async fn in_process_and_twice_the_same() {
    let (site, another) = (Config::default().site(), Config::default().site());
    let first = run_all(&InProcess(&site)).await;
    assert_eq!(difference(&first, &run_all(&InProcess(&site)).await), None);
    assert_eq!(difference(&first, &run_all(&InProcess(&another)).await), None);
}

/// No scenario knows an id, an account or a block of addresses that follows from its seed.
#[tokio::test]
async fn with_another_seed() {
    let site = Config::default().site();
    run_with(&InProcess(&site), &Options { seed: Some(42), ..Options::default() }).await;
}

/// The server's own clock and what happened on it before make no difference: each scenario has its account.
#[tokio::test]
async fn against_an_endpoint_and_twice_the_same() {
    let one = Server::builder().start().await.unwrap();
    let two = Server::builder().clock(ClockMode::Poll, None).start().await.unwrap();
    let (one, two) = (Http::new(&one.endpoint()).unwrap(), Http::new(&two.endpoint()).unwrap());
    run_all(&two).await;
    assert_eq!(difference(&run_all(&one).await, &run_all(&two).await), None);
}

/// What the control API tells of an account, by what is asked.
async fn settings_of(target: &Http, account: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for what in [
        "behaviours",
        "capacity",
        "clock",
        "data",
        "eventual-consistency",
        "faults",
        "iam",
        "job-logs",
        "offerings",
        "precheck",
        "quotas",
        "rules",
        "signatures",
        "snapshots",
    ] {
        let path = format!("/_mockplane/{what}?account={account}");
        let answer = target.send(Request::get(path).body(Bytes::new()).unwrap()).await.unwrap();
        all.push((what.to_owned(), String::from_utf8(answer.body().to_vec()).unwrap()));
    }
    all
}

/// Whoever names an account in a file gets it back as the server gives it out, whether the scenario passes or not.
#[tokio::test]
async fn the_servers_own_account_keeps_no_settings_of_a_scenario() {
    const OWN: &str = "123456789012";
    let head = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {name: everything}\nsettings:\n";
    let everything = format!(
        "{head}
  account: \"{OWN}\"
  profile: instant
  rules: {{SM-VPC-IP-01: warn}}
  quotas: {{vpcs: 6}}
  notOffered: {{ml.g5: [us-east-1a]}}
  capacity: {{ml.p3.2xlarge: {{us-east-1a: 0}}}}
  data: {{bucketNames: account, maxBytes: 1000}}
  signatures: verify
behaviours: [{{image: '*', exitCode: 1}}]
faults: [{{id: f, match: {{operation: DescribeVpcs}}, effect: {{error: {{code: InternalError}}}}}}]
steps:
  - snapshot: {{save: here}}
  - snapshot: {{restore: here}}
  - call: ec2.DescribeVpcs
"
    );
    let folder = std::env::temp_dir().join(format!("mockplane-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("everything.yaml");
    std::fs::write(&file, everything).unwrap();

    // On a clock that stands still its time can be compared, too.
    let server = Server::builder().clock(ClockMode::Manual, "2026-03-01T00:00:00Z".parse().ok());
    let server = server.start().await.unwrap();
    let target = Http::new(&server.endpoint()).unwrap();
    let unsigned = || async {
        let request = Request::get("/data/a").header("authorization", "Bearer abc");
        let request = request.header("host", "s3.amazonaws.com").body(Bytes::new()).unwrap();
        let answer = target.send(request).await.unwrap();
        String::from_utf8(answer.body().to_vec()).unwrap()
    };
    assert!(unsigned().await.contains("NoSuchBucket"), "{}", unsigned().await);
    let of_texts = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/texts/s3-unsigned.yaml");
    for (file, account, code) in [(Path::new(of_texts), OWN, 0), (&file, OWN, 4)] {
        let before = settings_of(&target, account).await;
        let mut told = Vec::new();
        let summary = run_path(&target, file, &Options::default(), &mut Text::new(&mut told)).await;
        assert_eq!(summary.exit_code(), code, "\n{}", String::from_utf8_lossy(&told));
        assert_eq!(settings_of(&target, account).await, before);
    }
    assert!(unsigned().await.contains("NoSuchBucket"), "{}", unsigned().await);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Waiting has to get there however the account's time moves, and in every profile.
#[tokio::test]
async fn waiting_gets_there_with_every_clock() {
    const REST: &str = r#"
vars:
  trust: >-
    {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}]}
steps:
  - call: iam.CreateRole
    with: {RoleName: trainer, AssumeRolePolicyDocument: "${vars.trust}"}
    capture: {role: Role.Arn}
  - call: iam.AttachRolePolicy
    with: {RoleName: trainer, PolicyArn: "arn:aws:iam::aws:policy/AmazonS3FullAccess"}
  - call: sagemaker.CreateTrainingJob
    with:
      TrainingJobName: demo
      RoleArn: ${role}
      AlgorithmSpecification: {TrainingImage: "${account}.dkr.ecr.${region}.amazonaws.com/t:1", TrainingInputMode: File}
      OutputDataConfig: {S3OutputPath: "s3://my-bucket/models"}
      ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1, VolumeSizeInGB: 10}
      StoppingCondition: {MaxRuntimeInSeconds: 3600}
  - waitFor: {resource: training-job/demo, state: Completed}
    expect: {secondaryStatus: [Starting, Downloading, Training, Uploading, Completed]}
  - call: sagemaker.DescribeTrainingJob
    with: {TrainingJobName: demo}
    poll: {every: 10ms, within: 1s}
    expect: {response: {TrainingJobStatus: Completed}}
"#;
    let folder = std::env::temp_dir().join(format!("mockplane-clocks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, settings) in [
        ("manual", "{region: eu-west-1}"),
        ("realistic", "{profile: realistic}"),
        ("instant", "{profile: instant}"),
        ("poll", "{profile: realistic, clock: {mode: poll}}"),
        ("scaled", "{profile: realistic, clock: {mode: scaled, scale: 3600}}"),
        ("real", "{clock: {mode: real}}"),
    ] {
        let head = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata:";
        let text = format!("{head} {{name: {name}}}\nsettings: {settings}{REST}");
        std::fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
    }
    let (site, mut told) = (Config::default().site(), Vec::new());
    let summary = run_path(&InProcess(&site), &folder, &Options::default(), &mut Text::new(&mut told)).await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(summary.exit_code(), 0, "\n{}", String::from_utf8_lossy(&told));
}

fn collect(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Every rule has a scenario that it blocks, and one that it could have blocked and does not.
#[test]
fn every_rule_has_a_scenario_for_each_side() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let mut texts = Vec::new();
    collect(Path::new(folder), &mut texts);
    let shown = |id: &&str| !mockplane::rules::INFORMATIONAL.contains(id);
    for id in mockplane::rules::all().map(|info| info.id).filter(shown) {
        // A job that loses its logs is blocked by nothing: an explanation says it.
        let of_logs = mockplane::rules::logs::OF_LOGS.contains(&id);
        let said = if of_logs { format!(".id\": [{id}]") } else { format!("blockedBy: {{rule: {id}") };
        let blocks = |text: &str| text.contains(&said);
        let red = texts.iter().any(|text| blocks(text));
        assert!(red, "a scenario that {id} blocks");
        let green = texts.iter().any(|text| text.contains(id) && !blocks(text));
        assert!(green, "a scenario that cites {id} and that it does not block");
    }
}
