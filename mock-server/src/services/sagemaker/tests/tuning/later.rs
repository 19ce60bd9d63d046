//! What a tuning job learns: from others, from jobs that do worse, and by itself; and what is told of its training jobs alone.

use super::*;
use crate::model::RuleMode;

#[test]
fn a_tuning_job_goes_on_from_others() {
    let site = Site::new(Profile::Fast);
    site.tune(tuning(&site, "first", 3, 3)).unwrap();
    site.pass(5);
    let warm = |name: &str, of: &str, how: &str| {
        let mut request = tuning(&site, name, 2, 2);
        request["WarmStartConfig"] = json!({"WarmStartType": how,
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": of}]});
        // Another version of the same image will do.
        let image = &mut request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"];
        *image = json!(format!("{}:other", image.as_str().unwrap().trim_end_matches(":1")));
        request["TrainingJobDefinition"]["StaticHyperParameters"] = json!({"given": "1"});
        site.tune(request).unwrap();
        site.pass(5);
        site.tuned(name)
    };
    let value = |told: &Value| told["FinalHyperParameterTuningJobObjectiveMetric"]["Value"].as_f64().unwrap();
    let first = site.tuned("first");
    assert!(first.get("OverallBestTrainingJob").is_none());
    let second = warm("second", "first", "IdenticalDataAndAlgorithm");
    let overall = &second["OverallBestTrainingJob"];
    let both = [&first, &second].map(|told| value(&told["BestTrainingJob"]));
    assert_eq!(value(overall), both[0].min(both[1]));
    let whose = if both[0] <= both[1] { "first" } else { "second" };
    assert_eq!(overall["TuningJobName"], whose);
    assert_eq!(second["WarmStartConfig"]["WarmStartType"], "IdenticalDataAndAlgorithm");
    // What the parent was told of its own parents counts too.
    let third = warm("third", "second", "IdenticalDataAndAlgorithm");
    assert!(value(&third["OverallBestTrainingJob"]) <= value(overall));
    assert!(warm("fourth", "second", "TransferLearning").get("OverallBestTrainingJob").is_none());
}

#[test]
fn what_does_worse_is_stopped_early() {
    let run = |how: &str| {
        let site = Site::new(Profile::Fast);
        let mut request = tuning(&site, "tune", 12, 1);
        request["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] = json!(how);
        site.tune(request).unwrap();
        site.pass(60);
        let told = site.tuned("tune");
        assert_eq!(told["HyperParameterTuningJobStatus"], "Completed");
        let children = site.children(json!({"HyperParameterTuningJobName": "tune", "MaxResults": 100}));
        (told, children)
    };
    let (told, _) = run("Off");
    assert_eq!(counters(&told), [12, 0, 0, 0, 0]);
    let (told, children) = run("Auto");
    let [completed, running, _, _, stopped] = counters(&told);
    assert!(completed >= 3 && running == 0 && stopped > 0 && completed + stopped == 12, "{told}");
    let value =
        |child: &Value| child["FinalHyperParameterTuningJobObjectiveMetric"]["Value"].as_f64().unwrap();
    let mut before: Vec<f64> = Vec::new();
    let mut all = children.clone();
    all.sort_by_key(|child| child["CreationTime"].as_i64());
    for child in &all {
        let mut sorted = before.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let is_worse = n >= 3 && value(child) > (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
        assert_eq!(child["TrainingJobStatus"], if is_worse { "Stopped" } else { "Completed" }, "{child}");
        before.push(value(child));
    }
    assert_eq!(run("Auto").1, children, "the same happens again");
}

#[test]
fn autotune_finds_what_was_not_said() {
    let site = Site::new(Profile::Fast);
    let mut request = tuning(&site, "auto", 1, 1);
    request["Autotune"] = json!({"Mode": "Enabled"});
    request["HyperParameterTuningJobConfig"]["ParameterRanges"] = json!({"AutoParameters": [
        {"Name": "rate", "ValueHint": "0.1"}, {"Name": "depth", "ValueHint": "6"}, {"Name": "kind", "ValueHint": "tree"},
    ]});
    site.tune(request).unwrap();
    site.pass(5);
    let told = site.tuned("auto");
    assert_eq!((&told["Autotune"]["Mode"], counters(&told)), (&json!("Enabled"), [1, 0, 0, 0, 0]));
    assert_eq!(told["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"], "Auto");
    let values = &site.children(tuning_named("auto"))[0]["TunedHyperParameters"];
    let number = |name: &str| values[name].as_str().unwrap().parse::<f64>().unwrap();
    assert!((0.05..=0.2).contains(&number("rate")) && (3.0..=12.0).contains(&number("depth")));
    assert_eq!(values["kind"], "tree");
}

#[test]
fn a_training_job_of_the_same_name_is_in_nobodys_way() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("tune", 1)).unwrap();
    site.tune(tuning(&site, "tune", 1, 1)).unwrap();
}

#[test]
fn a_tuning_job_ends_when_nothing_better_is_expected() {
    let site = Site::new(Profile::Instant);
    site.declare("metrics: {loss: 1}");
    let mut request = tuning(&site, "tune", 50, 1);
    request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] =
        json!({"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}});
    site.tune(request).unwrap();
    site.lab.advance(0);
    let told = site.tuned("tune");
    assert_eq!(
        (&told["HyperParameterTuningJobStatus"], counters(&told)),
        (&json!("Completed"), [11, 0, 0, 0, 0])
    );
    assert!(told["TuningJobCompletionDetails"]["ConvergenceDetectedTime"].is_i64(), "{told}");
}

#[test]
fn who_waits_for_a_tuning_job_waits_for_its_training_jobs() {
    let site = Site::new(Profile::Realistic);
    site.declare("duration: 30m");
    let mut request = tuning(&site, "short", 9, 1);
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = json!(600);
    site.tune(tuning(&site, "tune", 3, 1)).unwrap();
    site.tune(request).unwrap();
    let region = crate::kernel::Scope::Region("us-east-1".into());
    let now = site.lab.now();
    for name in ["tune", "short"] {
        let awaited = |state: &crate::model::State| state.awaited(&Owner::Tuning(name.into()));
        site.lab.account.hasten(&region, awaited, now, crate::services::step);
        site.assert_sound();
    }
    assert_eq!(counters(&site.tuned("tune")), [3, 0, 0, 0, 0]);
    // Its time is up before its first training job has ended.
    assert_eq!(counters(&site.tuned("short")), [0, 0, 0, 0, 1]);
    assert_eq!(site.tuned("short")["HyperParameterTuningJobStatus"], "Completed");
    assert_eq!(site.lab.now(), now);
}

/// Whether the definition could be carried out is found out by trying it, and what is tried is no job.
#[test]
fn a_rule_that_only_warns_tells_of_training_jobs_and_not_of_what_defines_them() {
    let site = Site::new(Profile::Fast);
    site.lab.set_mode("SM-F-SG-404", RuleMode::Warn);
    let mut request = tuning(&site, "t", 2, 1);
    request["TrainingJobDefinition"]["VpcConfig"]["SecurityGroupIds"] = json!(["sg-0123456789abcdef0"]);
    site.tune(request).unwrap();
    site.pass(10);
    let events = site.lab.account.events.since(0, usize::MAX);
    let warned = events.into_iter().filter(|(_, event)| event.kind == "RuleWarning");
    let mut warned: Vec<_> = warned.map(|(_, event)| event.resource.to_string()).collect();
    warned.sort();
    warned.dedup();
    let made: Vec<_> = site.lab.state().jobs.iter().map(|job| job.key.to_string()).collect();
    assert_eq!((made.len(), warned), (2, made));
}
