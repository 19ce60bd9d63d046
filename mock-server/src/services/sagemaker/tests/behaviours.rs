//! What containers do because it was declared.

use super::*;
use crate::model::{
    Behaviour, Connection, NetworkInterface, Remote, Repository, RuleMode, Wildcard, behaviour, path,
};
use crate::scenario::behaviour::parse;
use std::time::Duration;

/// A behaviour of every container that connects to somebody and fails if that fails.
pub fn calling(to: &str) -> Behaviour {
    one(&format!("connects: [{{to: '{to}'}}]"))
}

/// One behaviour as a file would have it.
pub fn one(text: &str) -> Behaviour {
    parse(&format!("behaviours: [{{{text}}}]")).unwrap().remove(0)
}

/// A site where this is what containers do.
fn site(text: &str) -> Site {
    let site = Site::new(Profile::Fast);
    site.lab.declare(one(text));
    site
}

fn lines(job: &Job) -> Vec<(String, String)> {
    job.log.iter().map(|line| (line.stream.to_string(), line.text.to_string())).collect()
}

/// How many paths the containers took.
fn run_traces(job: &Job) -> usize {
    let to_logs = path::Goal::Service("logs".into());
    let run = job.traces.iter().filter(|(phase, _)| *phase == crate::model::Phase::Run);
    run.filter(|(_, trace)| trace.flow.to != to_logs).count()
}

fn statuses(described: &Value) -> Vec<&str> {
    let all = described["SecondaryStatusTransitions"].as_array().unwrap();
    all.iter().map(|each| each["Status"].as_str().unwrap()).collect()
}

#[test]
fn every_instance_writes_what_is_declared() {
    let site = site("log: ['{host} of {job}', 'done {other}']");
    site.create(site.request("two", 2)).unwrap();
    site.lab.advance(2_000);
    let row = site.row(kit(JobKind::Training), "two").unwrap();
    let seconds = row.log[0].at.millis() / 1_000;
    let expected = [
        (format!("two/algo-1-{seconds}"), "algo-1 of two".to_owned()),
        (format!("two/algo-2-{seconds}"), "algo-2 of two".to_owned()),
        (format!("two/algo-1-{seconds}"), "done {other}".to_owned()),
        (format!("two/algo-2-{seconds}"), "done {other}".to_owned()),
    ];
    assert_eq!(lines(&row), expected);
    assert_eq!(site.lab.events("ContainerLog"), [""; 0], "the run goes on");
    site.lab.advance(1_000);
    assert_eq!(site.lab.events("ContainerLog")[1], "algo-2: algo-2 of two");
}

#[test]
fn a_log_has_an_end() {
    let site = site("log: [a, b, c]");
    let mut wide = request("wide", 400);
    wide["ResourceConfig"]["InstanceType"] = json!("ml.m5.large");
    site.create(wide).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.row(kit(JobKind::Training), "wide").unwrap().log.len(), 1_000);
}

#[test]
fn a_run_takes_as_long_as_is_declared() {
    let site = site("job: long, duration: 10m");
    for name in ["long", "short"] {
        site.create(site.request(name, 1)).unwrap();
    }
    site.lab.advance(3_000);
    assert_eq!(site.describe("short")["TrainingJobStatus"], "Completed");
    // Two seconds pass before the run, and its stage would last one.
    site.lab.advance(2_000 + 600_000 - 3_000 - 400 - 1);
    assert_eq!(site.describe("long")["SecondaryStatus"], "Training");
    site.lab.advance(1_000);
    assert_eq!(site.describe("long")["TrainingJobStatus"], "Completed");
}

#[test]
fn a_run_that_takes_longer_than_it_may_is_stopped_and_tells_no_failure() {
    for profile in [Profile::Fast, Profile::Instant] {
        let site = Site::new(profile);
        site.lab.declare(one("duration: 2h, exitCode: 9, failure: never told, metrics: {loss: 1}"));
        site.create(site.request("slow", 1)).unwrap();
        site.lab.advance(3_600_000 + 10_000);
        let described = site.describe("slow");
        assert_eq!(described["TrainingJobStatus"], "Stopped", "{profile:?}");
        assert_eq!(described["SecondaryStatus"], "MaxRuntimeExceeded");
        assert!(described.get("FailureReason").is_none() && described.get("FinalMetricDataList").is_none());
        site.assert_sound();
    }
}

/// As a client without a timeout does that nobody answers.
#[test]
fn a_container_that_waits_for_ever_is_stopped_by_the_limit() {
    for profile in [Profile::Fast, Profile::Instant] {
        let site = Site::new(profile);
        site.lab.declare(one("connects: [{to: 'service:sts', onFailure: hang}]"));
        site.create(site.request("waits", 1)).unwrap();
        if profile == Profile::Fast {
            site.lab.advance(1_800_000);
            assert_eq!(site.describe("waits")["SecondaryStatus"], "Training");
        }
        site.lab.advance(3_600_000);
        let described = site.describe("waits");
        assert_eq!(described["SecondaryStatus"], "MaxRuntimeExceeded", "{profile:?}");
        assert!(described.get("FailureReason").is_none());
        let key = crate::model::JobKey { kind: JobKind::Training, name: "waits".into() };
        let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
        assert_eq!(why.decided_by, Some("EC2-VPCE-NEED"));
        site.assert_sound();
    }
    // Nothing stops a transform job.
    let site = site("connects: [{to: 'service:sts', onFailure: hang}]");
    let kit = kit(JobKind::Transform);
    (kit.create)(&site.lab, site.job(kit, "job", 1, true)).unwrap();
    site.lab.advance(10_000);
    assert_eq!((kit.describe)(&site.lab, kit.named("job")).unwrap()["TransformJobStatus"], "Failed");
}

#[test]
fn a_container_that_fails_says_so_in_the_words_of_its_kind() {
    for (kind, expected) in [
        (JobKind::Training, "AlgorithmError: ValueError: {no} job, exit code: 3"),
        (JobKind::Processing, "AlgorithmError: See job logs for more information"),
        (JobKind::Transform, "ClientError: See job logs for more information"),
        (JobKind::Compilation, "ClientError: ValueError: {no} job"),
    ] {
        let site = site(
            "kinds: [training, processing, transform, compilation], exitCode: 3, failure: 'ValueError: {no} {job}', \
             metrics: {loss: [3, 2, 0.5]}",
        );
        let kit = kit(kind);
        (kit.create)(&site.lab, site.job(kit, "job", 1, true)).unwrap();
        site.lab.advance(10_000);
        let described = (kit.describe)(&site.lab, kit.named("job")).unwrap();
        assert_eq!(described["FailureReason"], expected, "{kind:?}");
        assert_eq!(site.row(kit, "job").unwrap().told_failure().unwrap().rule, Some("SM-F-ALGO"));
        assert_eq!(site.lab.events("RuleViolated"), [expected], "told once");
        if kind == JobKind::Processing {
            assert_eq!(described["ExitMessage"], "ValueError: {no} job");
        }
        if kind == JobKind::Training {
            assert_eq!(statuses(&described), ["Starting", "Downloading", "Training", "Uploading", "Failed"]);
            let metrics = described["FinalMetricDataList"].as_array().unwrap();
            assert_eq!((metrics.len(), &metrics[0]["MetricName"]), (1, &json!("loss")));
            assert_eq!(metrics[0]["Value"], json!(0.5));
        }
        assert_eq!(site.free(), 11);
        site.assert_sound();
    }
}

#[test]
fn a_reason_keeps_its_exit_code_however_much_the_container_says() {
    let site = site(&format!("failure: '{}'", "é".repeat(3_000)));
    site.create(request("wordy", 1)).unwrap();
    site.lab.advance(10_000);
    let reason = site.describe("wordy")["FailureReason"].as_str().unwrap().to_owned();
    assert!(reason.chars().count() <= 1_024 && reason.ends_with("é, exit code: 1"), "{reason}");
}

#[test]
fn metrics_are_told_when_the_job_is_over() {
    let site = site(
        "metrics: {'validation:accuracy': 0.9, loss: [2, 1]}, reads: 1KB, writes: 2KB, files: {a: 1, b: 2}",
    );
    site.create(request("trained", 1)).unwrap();
    site.lab.advance(2_800);
    assert_eq!(site.describe("trained")["SecondaryStatus"], "Uploading");
    assert!(site.describe("trained").get("FinalMetricDataList").is_none());
    site.lab.advance(1_000);
    let described = site.describe("trained");
    let told: Vec<_> = described["FinalMetricDataList"].as_array().unwrap().iter().collect();
    let told: Vec<_> = told
        .iter()
        .map(|one| (one["MetricName"].as_str().unwrap(), one["Value"].as_f64().unwrap()))
        .collect();
    assert_eq!(told, [("loss", 1.0), ("validation:accuracy", 0.9)]);
    let said =
        "read 1000 bytes of its inputs, wrote 2000 bytes of output, wrote 3 bytes to 2 files beside it";
    assert_eq!(site.lab.events("ContainerData"), [said]);
}

#[test]
fn what_is_written_has_the_declared_size() {
    let site = site("writes: 2GB, files: {checkpoints/1.pt: 1KiB}");
    site.lab.bucket("data");
    site.lab.object("data", "train/a", crate::model::Content::Size(1));
    for kind in [JobKind::Training, JobKind::Processing] {
        let kit = kit(kind);
        let mut request = site.job(kit, "job", 1, false);
        if kind == JobKind::Processing {
            request["ProcessingInputs"] = json!([]);
            request["ProcessingOutputConfig"] = json!({ "Outputs": [{ "OutputName": "out",
                "S3Output": { "S3Uri": "s3://data/out", "LocalPath": "/opt/ml/processing/out",
                "S3UploadMode": "EndOfJob" } }] });
        }
        (kit.create)(&site.lab, request).unwrap();
    }
    site.lab.advance(10_000);
    let size = |key: &str| site.lab.global().object("data", key).and_then(|version| version.content.clone());
    for (key, bytes) in [
        ("models/job/output/model.tar.gz", 2_000_000_000),
        ("models/job/output/checkpoints/1.pt", 1_024),
        ("out/result.txt", 2_000_000_000),
        ("out/checkpoints/1.pt", 1_024),
    ] {
        assert_eq!(size(key), Some(crate::model::Content::Size(bytes)), "{key}: {:?}", site.lab.keys("data"));
    }
}

#[test]
fn what_a_job_does_is_settled_when_it_is_asked_for() {
    let site = site("exitCode: 1");
    site.create(request("early", 1)).unwrap();
    site.lab.declare(Behaviour::default());
    site.create(request("late", 1)).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("early")["TrainingJobStatus"], "Failed");
    assert_eq!(site.describe("late")["TrainingJobStatus"], "Completed");
}

#[test]
fn a_stopped_job_has_no_failure_of_its_container() {
    let site = site("duration: 1h, exitCode: 1, metrics: {loss: 1}");
    site.create(request("stopped", 1)).unwrap();
    site.lab.advance(5_000);
    site.stop("stopped").unwrap();
    site.lab.advance(10_000);
    let described = site.describe("stopped");
    assert_eq!(described["TrainingJobStatus"], "Stopped");
    assert!(described.get("FailureReason").is_none() && described.get("FinalMetricDataList").is_none());
}

#[test]
fn an_isolated_container_gets_nowhere() {
    for kind in [JobKind::Training, JobKind::Processing, JobKind::Transform] {
        for in_vpc in [false, true] {
            let site = Site::new(Profile::Fast);
            site.lab.declare(calling("example.com:443"));
            let kit = kit(kind);
            let mut request = site.job(kit, "job", 1, in_vpc);
            match kind {
                JobKind::Training => request["EnableNetworkIsolation"] = json!(true),
                JobKind::Processing => request["NetworkConfig"]["EnableNetworkIsolation"] = json!(true),
                _ => site.lab.edit(|state| {
                    let name = request["ModelName"].as_str().unwrap().into();
                    state.models.update(&name, |model| model.network_isolation = true);
                }),
            }
            (kit.create)(&site.lab, request).unwrap();
            site.lab.advance(10_000);
            let row = site.row(kit, "job").unwrap();
            let failure = row.told_failure().unwrap();
            assert_eq!(failure.rule, Some("SM-ISO-01"), "{kind:?}");
            let said = "Network is unreachable: the container has no network to connect to example.com:443";
            assert_eq!(row.log.last().unwrap().text.as_ref(), said);
            assert_eq!(run_traces(&row), 0);
        }
    }
}

#[test]
fn what_may_fail_is_only_logged() {
    let site =
        site("connects: [{to: 'example.com:443', onFailure: log}, {to: 'service:sts', onFailure: log}]");
    let mut request = request("job", 1);
    request["EnableNetworkIsolation"] = json!(true);
    site.create(request).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed");
    let row = site.row(kit(JobKind::Training), "job").unwrap();
    assert_eq!(lines(&row).iter().filter(|(_, text)| text.contains("Network is unreachable")).count(), 2);
    let explained =
        crate::jobs::explain(&site.lab.state(), &JobKey { kind: JobKind::Training, name: "job".into() });
    assert_eq!(explained.unwrap().decided_by, None);
}

#[test]
fn a_rule_that_only_warns_lets_the_container_through() {
    let site = site("connects: [{to: 'example.com:443'}]");
    site.lab.set_mode("SM-ISO-01", RuleMode::Warn);
    let mut request = request("job", 1);
    request["EnableNetworkIsolation"] = json!(true);
    site.create(request).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed");
    assert_eq!(site.lab.events("RuleWarning").len(), 1);
}

#[test]
fn without_a_vpc_everybody_is_reached() {
    let site =
        site("connects: [{to: 'example.com:443'}, {to: 'service:sts'}, {to: 'repository:amazonlinux'}]");
    site.create(request("job", 1)).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed");
    assert_eq!(run_traces(&site.row(kit(JobKind::Training), "job").unwrap()), 0);
}

#[test]
fn a_repository_is_in_the_buckets_that_the_guide_names() {
    let buckets = |repository: Repository, region| repository.buckets(region).join(" ");
    assert_eq!(
        buckets(Repository::AmazonLinux, "eu-west-1"),
        "packages.eu-west-1.amazonaws.com repo.eu-west-1.amazonaws.com"
    );
    assert_eq!(buckets(Repository::AmazonLinux2, "cn-north-1"), "amazonlinux.cn-north-1.amazonaws.com.cn");
}

/// A run has a trace of each thing that it connects to, from the subnet that it is in.
#[test]
fn connections_leave_their_traces() {
    let site = site(
        "connects: [{to: 'example.com:8080', onFailure: log}, {to: 'service:sts', onFailure: log}, \
         {to: 'repository:amazonlinux', onFailure: log}]",
    );
    site.create(site.request("job", 3)).unwrap();
    let first: Vec<Arc<NetworkInterface>> = site.lab.interfaces();
    site.lab.advance(10_000);
    let row = site.row(kit(JobKind::Training), "job").unwrap();
    let goals: Vec<_> = row
        .traces
        .iter()
        .filter(|(phase, _)| *phase == crate::model::Phase::Run)
        .map(|(_, trace)| {
            let from = trace.flow.from.as_ref().unwrap();
            assert_eq!(from.subnet, site.subnet);
            assert!(first.iter().any(|row| row.addresses.contains(&from.address)));
            let goal = match &trace.flow.to {
                path::Goal::Host(host) => host.to_string(),
                path::Goal::Service(service) => service.to_string(),
                path::Goal::Bucket(used) => used.bucket.to_string(),
                path::Goal::Peer(_) | path::Goal::Edge { .. } => String::new(),
            };
            (goal, trace.flow.port)
        })
        .collect();
    let expected = [
        ("logs", 443),
        ("example.com", 8080),
        ("sts", 443),
        ("packages.us-east-1.amazonaws.com", 443),
        ("repo.us-east-1.amazonaws.com", 443),
    ];
    assert_eq!(goals, expected.map(|(goal, port)| (goal.to_owned(), port)));
}

#[test]
fn a_declared_behaviour_of_one_account_is_that_account_s() {
    let declared = Behaviour {
        job: Some(Wildcard::new("x*")),
        duration: Some(Duration::from_secs(1)),
        connects: vec![Connection { to: Remote::Service("sts".into()), optional: true, waits: false }],
        ..Behaviour::default()
    };
    let defaults = Defaults { behaviours: [declared.clone()].into_iter().collect(), ..Defaults::default() };
    let (one, other) = (Lab::with_defaults(defaults), Lab::with_defaults(Defaults::default()));
    let of = |lab: &Lab| {
        lab.global().behaviours.of(JobKind::Training, "xy", &[]).map(|found| Behaviour::clone(found))
    };
    assert_eq!((of(&one), of(&other)), (Some(declared), None));
    assert_eq!(behaviour::line("{host}{job}", "{host}", "h"), "hh", "a name has no braces");
}
