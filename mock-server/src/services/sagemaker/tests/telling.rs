//! What Describe, List and the tags tell.

use super::*;
use crate::model::job::JobIndex;
use crate::services::sagemaker::job::List;
use crate::services::sagemaker::tags::{AddTags, DeleteTags, ListTags};
use crate::services::sagemaker::training::UpdateTrainingJob;

#[test]
fn what_was_given_is_told_again_with_the_defaults_filled_in() {
    let site = Site::new(Profile::Fast);
    let mut request = site.request("echo", 1);
    request["HyperParameters"] = json!({ "depth": "5" });
    request["Environment"] = json!({ "A": "b" });
    request["EnableNetworkIsolation"] = json!(true);
    request["ProfilerConfig"] =
        json!({ "S3OutputPath": "s3://data/profile", "ProfilingIntervalInMilliseconds": 500 });
    request["DebugHookConfig"] = json!({ "S3OutputPath": "s3://data/debug", "CollectionConfigurations": [] });
    request["RetryStrategy"] = json!({ "MaximumRetryAttempts": 2 });
    site.create(request.clone()).unwrap();
    let told = site.describe("echo");
    for (name, given) in request.as_object().unwrap() {
        assert!(covers(&told[name], given), "{name}: {given} became {}", told[name]);
    }
    assert_eq!(told["OutputDataConfig"]["KmsKeyId"], "");
    assert_eq!(told["OutputDataConfig"]["CompressionType"], "GZIP");
    assert_eq!(told["InputDataConfig"][0]["CompressionType"], "None");
    assert_eq!(told["ModelArtifacts"]["S3ModelArtifacts"], "s3://data/models/echo/output/model.tar.gz");
    assert_eq!(told["TrainingJobArn"], "arn:aws:sagemaker:us-east-1:123456789012:training-job/echo");
    assert_eq!(
        (&told["EnableManagedSpotTraining"], &told["EnableInterContainerTrafficEncryption"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(told["ProfilingStatus"], "Enabled");
    let empty =
        told.as_object().unwrap().iter().filter(|(_, value)| value.as_object().is_some_and(|o| o.is_empty()));
    assert_eq!(empty.count(), 0, "a structure is complete or absent");
}

/// Whether everything that was given is told; defaults may come on top.
fn covers(told: &Value, given: &Value) -> bool {
    match (told, given) {
        (Value::Object(told), Value::Object(given)) => {
            given.iter().all(|(name, value)| told.get(name).is_some_and(|told| covers(told, value)))
        }
        (Value::Array(told), Value::Array(given)) => {
            told.len() == given.len() && told.iter().zip(given).all(|(told, given)| covers(told, given))
        }
        (told, given) => told == given,
    }
}

#[test]
fn times_are_those_of_the_stages() {
    let site = Site::new(Profile::Realistic);
    let start = site.lab.now().millis();
    site.create(site.request("timed", 1)).unwrap();
    site.lab.advance(3_600_000);
    let told = site.describe("timed");
    let all = told["SecondaryStatusTransitions"].as_array().unwrap();
    assert_eq!(told["CreationTime"], start);
    assert_eq!(told["TrainingStartTime"], all[1]["StartTime"]);
    assert_eq!(told["TrainingEndTime"], all[4]["StartTime"]);
    assert_eq!(told["LastModifiedTime"], told["TrainingEndTime"]);
    let seconds =
        (told["TrainingEndTime"].as_i64().unwrap() - told["TrainingStartTime"].as_i64().unwrap()) / 1_000;
    assert_eq!(
        (told["TrainingTimeInSeconds"].as_i64(), told["BillableTimeInSeconds"].as_i64()),
        (Some(seconds), Some(seconds))
    );
    for pair in all.windows(2) {
        assert_eq!(pair[0]["EndTime"], pair[1]["StartTime"]);
    }
}

fn list(site: &Site, input: Value) -> (Vec<String>, Option<String>) {
    let out = site.lab.read::<List<Training>>(input).unwrap();
    let names = out["TrainingJobSummaries"].as_array().unwrap().iter();
    let names = names.map(|job| job["TrainingJobName"].as_str().unwrap().to_owned()).collect();
    (names, out["NextToken"].as_str().map(str::to_owned))
}

fn names(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("job-{n:02}")).collect()
}

#[test]
fn a_list_is_sorted_filtered_and_cut() {
    let site = Site::new(Profile::Fast);
    let first = site.lab.now().millis();
    for name in names(0..12) {
        site.create(request(&name, 1)).unwrap();
        site.lab.advance(1);
    }
    let (page, token) = list(&site, json!({}));
    assert_eq!(page, names((2..12).rev()));
    let (page, end) = list(&site, json!({ "NextToken": token }));
    assert_eq!((page, end), (names((0..2).rev()), None));
    let (page, _) = list(&site, json!({ "SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 3 }));
    assert_eq!(page, names(0..3));
    let (page, _) = list(&site, json!({ "NameContains": "-1" }));
    assert_eq!(page, names((10..12).rev()));
    let (page, _) = list(&site, json!({ "CreationTimeAfter": first + 1, "CreationTimeBefore": first + 4 }));
    assert_eq!(page, names([3, 2]));
    site.stop("job-05").unwrap();
    assert_eq!(list(&site, json!({ "StatusEquals": "Stopping" })).0, names([5]));
    let (page, token) = list(&site, json!({ "StatusEquals": "Stopping", "MaxResults": 3 }));
    assert_eq!((page.len(), token.is_some()), (0, true), "the page is cut before the status is asked");
    assert_eq!(list(&site, json!({ "SortBy": "Status", "MaxResults": 1 })).0, names([5]));
    let refused = site.lab.read::<List<Training>>(json!({ "NextToken": "nonsense" })).unwrap_err();
    assert_eq!(&*refused.code, "ValidationException");
}

#[test]
fn a_list_goes_on_after_its_last_row_went_away() {
    let site = Site::new(Profile::Instant);
    for name in names(0..6) {
        site.create(request(&name, 1)).unwrap();
    }
    let input = json!({ "SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 3 });
    let (_, token) = list(&site, input.clone());
    site.delete("job-02").unwrap();
    let mut next = input;
    next["NextToken"] = json!(token);
    assert_eq!(list(&site, next).0, names(3..6));
}

#[test]
fn tags_come_and_go() {
    let site = Site::new(Profile::Fast);
    let mut tagged = request("tagged", 1);
    tagged["Tags"] = json!([{ "Key": "team", "Value": "a" }]);
    let arn = site.create(tagged).unwrap()["TrainingJobArn"].clone();
    let tags = || site.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap()["Tags"].clone();
    assert_eq!(tags(), json!([{ "Key": "team", "Value": "a" }]));
    let added = json!([{ "Key": "team", "Value": "b" }, { "Key": "cost", "Value": "" }]);
    site.lab.write::<AddTags>(json!({ "ResourceArn": arn, "Tags": added })).unwrap();
    assert_eq!(tags(), json!([{ "Key": "cost", "Value": "" }, { "Key": "team", "Value": "b" }]));
    site.lab.write::<DeleteTags>(json!({ "ResourceArn": arn, "TagKeys": ["team", "unknown"] })).unwrap();
    assert_eq!(tags(), json!([{ "Key": "cost", "Value": "" }]));
    let many: Vec<_> = (0..50).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    let refused = site.lab.write::<AddTags>(json!({ "ResourceArn": arn, "Tags": many })).unwrap_err();
    assert_eq!(&*refused.code, "ValidationException");
    assert_eq!(tags().as_array().unwrap().len(), 1);
    for unknown in [
        "arn:aws:sagemaker:us-east-1:123456789012:training-job/no",
        "arn:aws:sagemaker:us-east-1:123456789012:model/tagged",
    ] {
        assert!(site.lab.read::<ListTags>(json!({ "ResourceArn": unknown })).is_err(), "{unknown}");
    }
}

#[test]
fn what_is_updated_is_told() {
    let site = Site::new(Profile::Fast);
    let update = |members: Value| {
        let mut input = named("tuned");
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        site.lab.write::<UpdateTrainingJob>(input)
    };
    let refused = |members: Value| {
        let refused = update(members).unwrap_err();
        assert_eq!((refused.code.as_ref(), refused.status), ("ValidationException", 400));
        refused.message
    };
    assert_eq!(refused(json!({})), "Requested resource not found.");
    let mut request = site.request("tuned", 2);
    request["ProfilerConfig"] =
        json!({ "S3OutputPath": "s3://data/profile", "ProfilingIntervalInMilliseconds": 500 });
    site.create(request).unwrap();
    let rules = json!([{ "RuleConfigurationName": "all", "RuleEvaluatorImage": IMAGE }]);
    let debug = json!({ "RemoteDebugConfig": { "EnableRemoteDebug": true } });
    assert!(refused(debug.clone()).contains("Starting"), "nothing runs that could be looked into");
    site.lab.advance(1_000);
    let before = site.describe("tuned");
    assert_eq!(before["SecondaryStatus"], "Downloading");
    let out = update(json!({
        "ProfilerConfig": { "DisableProfiler": true },
        "ProfilerRuleConfigurations": rules,
        "ResourceConfig": { "KeepAlivePeriodInSeconds": 600 },
    }));
    assert_eq!(out.unwrap(), json!({ "TrainingJobArn": before["TrainingJobArn"] }));
    update(debug.clone()).unwrap();
    let mut expected = before;
    expected["ProfilerConfig"]["DisableProfiler"] = json!(true);
    expected["ProfilingStatus"] = json!("Disabled");
    expected["ProfilerRuleConfigurations"] = rules;
    expected["ResourceConfig"]["KeepAlivePeriodInSeconds"] = json!(600);
    expected["WarmPoolStatus"] = json!({ "Status": "InUse" });
    let processing =
        &site.lab.state().jobs.by(&JobIndex::Kind(JobKind::Processing)).next().unwrap().arn.clone();
    expected["ProfilerRuleEvaluationStatuses"] = json!([{ "RuleConfigurationName": "all",
        "RuleEvaluationJobArn": processing, "RuleEvaluationStatus": "InProgress",
        "LastModifiedTime": site.lab.now().millis() }]);
    expected["RemoteDebugConfig"] = debug["RemoteDebugConfig"].clone();
    expected["LastModifiedTime"] = json!(site.lab.now().millis());
    assert_eq!(site.describe("tuned"), expected, "and nothing else");
    site.assert_sound();
    site.lab.advance(60_000);
    let told = site.describe("tuned");
    assert_eq!(told["TrainingJobStatus"], "Completed", "the job goes on as it would have");
    assert_eq!(told["ProfilerConfig"], expected["ProfilerConfig"]);
    let ended = "The request was rejected because the training job is in status Completed.";
    assert_eq!(refused(json!({ "ProfilerConfig": { "DisableProfiler": false } })), ended);
    assert_eq!(site.describe("tuned"), told);
}
