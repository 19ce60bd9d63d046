//! What jobs read and write in S3, with buckets that are there.

use super::*;
use crate::model::{Choices, Content, JobStatus, Phase, PolicyDocument, Precheck, RuleMode};

/// The policy that the page on compilation prints: nobody reads but through one endpoint.
pub(super) fn only_through(endpoint: &str) -> PolicyDocument {
    deny("s3:GetObject", endpoint)
}

fn deny(action: &str, endpoint: &str) -> PolicyDocument {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Access-to-specific-VPCE-only", "Principal": { "AWS": "*" }, "Action": action, "Effect": "Deny",
        "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
        "Condition": { "StringNotEquals": { "aws:SourceVpce": [endpoint] } },
    }] });
    PolicyDocument::new(policy.to_string())
}

/// A site with a bucket that holds what every kind of job reads.
fn stocked(profile: Profile) -> Site {
    let site = Site::new(profile);
    site.lab.bucket("data");
    for key in ["train/1", "in/a.csv", "in/b/c.csv", "model.tar.gz"] {
        site.lab.object("data", key, Content::Size(50 << 30));
    }
    site
}

fn endpoint(site: &Site) -> String {
    site.lab.state().vpc_endpoints.iter().next().unwrap().id.to_string()
}

#[test]
fn every_kind_leaves_its_output_where_it_says() {
    for (kind, expected) in [
        (JobKind::Training, vec!["models/j/output/model.tar.gz"]),
        (JobKind::Processing, vec!["out/result.txt"]),
        (JobKind::Transform, vec!["out/a.csv.out", "out/b/c.csv.out"]),
        (JobKind::Compilation, vec!["compiled/model-ml_c5.tar.gz"]),
    ] {
        for profile in [Profile::Fast, Profile::Instant] {
            let site = stocked(profile);
            let kit = kit(kind);
            let mut request = site.job(kit, "j", 1, true);
            if kind == JobKind::Processing {
                request["ProcessingOutputConfig"] =
                    json!({ "Outputs": [{ "OutputName": "o", "S3Output": { "S3Uri": "s3://data/out" } }] });
            }
            (kit.create)(&site.lab, request).unwrap();
            site.lab.advance(3_000);
            let row = site.row(kit, "j").unwrap();
            assert_eq!(row.status, JobStatus::Completed, "{:?}", row.failure);
            for key in &expected {
                let bytes = site.lab.bytes("data", key).unwrap_or_else(|| panic!("no {key}"));
                assert!(!bytes.is_empty());
                assert_eq!(bytes.starts_with(&[0x1f, 0x8b]), key.ends_with(".gz"), "{key}");
            }
            assert_eq!(site.lab.keys("data").len(), 4 + expected.len());
        }
    }
}

#[test]
fn a_stopped_training_job_uploads_what_it_has() {
    let site = stocked(Profile::Fast);
    site.create(site.request("early", 1)).unwrap();
    site.stop("early").unwrap();
    site.create(site.request("late", 1)).unwrap();
    site.lab.advance(1_700);
    assert_eq!(site.lab.keys("data").len(), 4);
    site.stop("late").unwrap();
    site.lab.advance(10_000);
    assert!(site.lab.bytes("data", "models/late/output/model.tar.gz").is_some());
    assert_eq!(site.lab.keys("data").len(), 5);
}

#[test]
fn calls_find_out_what_is_not_there() {
    let site = stocked(Profile::Fast);
    let mut request = site.request("j", 1);
    let uri = "/InputDataConfig/0/DataSource/S3DataSource/S3Uri";
    for (url, bucket) in [("s3://data/nothing", "data"), ("s3://nobodys/train", "nobodys")] {
        *request.pointer_mut(uri).unwrap() = json!(url);
        let refused = site.create(request.clone()).unwrap_err();
        let expected = format!(
            "No S3 objects found under S3 URL \"{url}\" given in input data source. Please ensure that the bucket exists in \
             the selected region (us-east-1), that objects exist under that S3 prefix, and that the role \"{ROLE_ARN}\" \
             has \"s3:ListBucket\" permissions on bucket \"{bucket}\"."
        );
        assert_eq!((refused.message, refused.because), (expected, Some("SM-F-S3-EMPTY")));
    }
    let model = json!({ "ModelName": "m", "ExecutionRoleArn": ROLE_ARN,
        "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://data/none.tar.gz" } });
    let refused = site.lab.write::<CreateModel>(model).unwrap_err();
    assert!(
        refused.message.starts_with("Could not access model data at s3://data/none.tar.gz. "),
        "{}",
        refused.message
    );
    // A processing job finds out when it reads.
    let kit = kit(JobKind::Processing);
    let mut processing = site.job(kit, "p", 1, true);
    processing["ProcessingInputs"][0]["S3Input"]["S3Uri"] = json!("s3://data/nothing");
    (kit.create)(&site.lab, processing).unwrap();
    site.lab.advance(10_000);
    let failure = site.row(kit, "p").unwrap().failure.clone().unwrap();
    assert!(failure.reason.starts_with("ClientError: No S3 objects found under"), "{}", failure.reason);
    assert_eq!(failure.rule, Some("SM-F-S3-EMPTY"));
}

/// A hop for each thing that was found at it, and no more.
#[test]
fn a_bucket_in_another_region_is_one_hop() {
    let site = stocked(Profile::Fast);
    site.lab.edit_bucket("data", |bucket| bucket.region = "eu-west-1".into());
    let kit = kit(JobKind::Compilation);
    (kit.create)(&site.lab, site.job(kit, "c", 1, true)).unwrap();
    site.lab.advance(10_000);
    let key = JobKey { kind: JobKind::Compilation, name: "c".into() };
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!(why.decided_by, Some("SM-F-BUCKET-REGION"));
    let input = why.phases.iter().find(|phase| phase.phase == "input").unwrap();
    for path in &input.paths {
        let at_bucket =
            path.hops.iter().filter(|hop| hop.kind == "bucket" && hop.rule == "SM-F-BUCKET-REGION");
        assert_eq!(at_bucket.count(), 1);
        assert!(!path.hops.iter().any(|hop| hop.kind == "bucket" && hop.verdict == "passed"), "{path:?}");
    }
}

#[test]
fn what_calls_look_at_is_a_choice() {
    let with = |precheck| {
        let choices = Choices { precheck, ..Choices::default() };
        let site = Site::with(Defaults { choices, ..Defaults::default() });
        site.lab.bucket("data");
        site
    };
    let site = with(Precheck::Off);
    site.create(site.request("j", 1)).unwrap();
    for (precheck, in_vpc, refused) in [
        (Precheck::Existence, true, false),
        (Precheck::Existence, false, true),
        (Precheck::Outside, true, true),
        (Precheck::Off, false, false),
    ] {
        let site = with(precheck);
        site.lab.object("data", "train/1", Content::Size(1));
        site.lab.edit_bucket("data", |bucket| bucket.policy = Some(deny("s3:*", &endpoint(&site))));
        let request = if in_vpc { site.request("j", 1) } else { request("j", 1) };
        assert_eq!(site.create(request).is_err(), refused, "{precheck:?} {in_vpc}");
        site.lab.advance(10_000);
        if !refused {
            let expected = if in_vpc { "Completed" } else { "Failed" };
            assert_eq!(site.describe("j")["TrainingJobStatus"], expected, "{precheck:?}");
        }
    }
}

/// SM-S3-BKT-08.
#[test]
fn the_policy_of_the_page_admits_one_endpoint() {
    for (own, in_vpc) in [(true, true), (false, true), (true, false)] {
        let site = stocked(Profile::Fast);
        let named = if own { endpoint(&site) } else { "vpce-01234567890123456".to_owned() };
        site.lab.edit_bucket("data", |bucket| bucket.policy = Some(only_through(&named)));
        // The call lists, and the policy only denies reading.
        site.create(if in_vpc { site.request("j", 1) } else { request("j", 1) }).unwrap();
        site.lab.advance(10_000);
        let described = site.describe("j");
        if own && in_vpc {
            assert_eq!(described["TrainingJobStatus"], "Completed", "{described}");
            continue;
        }
        let reason = "ClientError: Data download failed:Unable to download object s3://data/train/1 (AccessDenied: Access Denied)";
        assert_eq!(described["FailureReason"], reason);
        let key = JobKey { kind: JobKind::Training, name: "j".into() };
        let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
        assert_eq!(why.decided_by, Some("SM-S3-BKT-07"));
    }
}

#[test]
fn a_job_keeps_the_paths_it_took_and_a_warning_lets_it_go_on() {
    let site = stocked(Profile::Fast);
    site.lab.set_mode("SM-S3-NOPATH-01", RuleMode::Warn);
    site.lab.edit_endpoint(|state, endpoint| drop(state.remove_vpc_endpoint(endpoint.id)));
    site.create(site.request("j", 2)).unwrap();
    site.lab.advance(10_000);
    let row = site.row(kit(JobKind::Training), "j").unwrap();
    assert_eq!(row.status, JobStatus::Completed, "{:?}", row.failure);
    let phases: Vec<_> =
        row.traces.iter().map(|(phase, trace)| (*phase, trace.flow.from.is_some())).collect();
    // Two instances in one subnet see the same.
    let expected = [(Phase::Create, false), (Phase::Input, true), (Phase::Run, true), (Phase::Output, true)];
    assert_eq!(phases, expected);
    let blocked = row.traces[1].1.blocked().unwrap();
    assert_eq!(blocked.rule, "SM-S3-NOPATH-01");
    assert!(!site.lab.events("RuleWarning").is_empty());
}

/// Source: developer guide, "model-monitor-data-capture-batch".
#[test]
fn a_transform_job_lists_what_it_captured() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Transform));
    site.lab.bucket("data");
    for key in ["model.tar.gz", "in/a.csv", "in/b/c.csv"] {
        site.lab.object("data", key, Content::Size(1));
    }
    let end = |name: &str, url: &str| {
        let mut request = site.job(kit, name, 1, true);
        request["DataCaptureConfig"] = json!({ "DestinationS3Uri": url, "GenerateInferenceId": true });
        (kit.create)(&site.lab, request).unwrap();
        site.lab.advance(10_000);
        (kit.describe)(&site.lab, kit.named(name)).unwrap()[kit.status].clone()
    };
    assert_eq!(end("captured", "s3://data/captured/"), "Completed");
    assert!(site.lab.events("ParameterIgnored")[0].contains("GenerateInferenceId"));
    let listed = |side: &str| {
        let state = site.lab.global();
        let folder = format!("captured/{side}/");
        let mut found = state.objects_under("data", &folder);
        let object = found.next().unwrap().clone();
        assert!(found.next().is_none());
        let Some(Content::Bytes(text)) = object.current().unwrap().content.clone() else {
            panic!("a list has a text")
        };
        // YYYY/MM/DD/HH, and the list.
        assert_eq!(object.at.key.strip_prefix(&folder).unwrap().split('/').count(), 5);
        serde_json::from_slice::<Value>(&text).unwrap()
    };
    assert_eq!(listed("input"), json!([{ "prefix": "s3://data/in/" }, "a.csv", "b/c.csv"]));
    assert_eq!(listed("output"), json!([{ "prefix": "s3://data/out/" }, "a.csv.out", "b/c.csv.out"]));
    assert_eq!(end("nowhere", "s3://nobody-has-this/captured"), "Failed");
}

#[test]
fn an_endpoint_says_which_model_it_could_not_get() {
    let site = stocked(Profile::Fast);
    let needs = |more: Value| {
        let mut model = json!({ "ModelName": "m", "ExecutionRoleArn": ROLE_ARN });
        model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site.lab.write::<CreateModel>(model).unwrap();
        let row = site.lab.state().models.get(&"m".into()).unwrap().clone();
        site.lab.edit(|state| drop(state.models.remove(&"m".into())));
        let told = |need: &crate::model::DataNeed| format!("{:?} {}", need.extent, need.url);
        row.data().iter().map(told).collect::<Vec<_>>()
    };
    let image = |more: Value| {
        let mut container = json!({ "Image": IMAGE });
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        container
    };
    assert_eq!(
        needs(json!({ "Containers": [
            image(json!({ "ModelDataUrl": "s3://data/model.tar.gz" })),
            image(json!({ "ModelDataUrl": "s3://data/in/", "Mode": "MultiModel" })),
            image(json!({ "ModelDataSource": { "S3DataSource":
                { "S3Uri": "s3://data/in/", "S3DataType": "S3Prefix", "CompressionType": "None" } } })),
        ] })),
        ["Object s3://data/model.tar.gz", "Prefix s3://data/in/", "Prefix s3://data/in/"]
    );
    assert_eq!(needs(json!({ "PrimaryContainer": image(json!({})) })), Vec::<String>::new());
}
