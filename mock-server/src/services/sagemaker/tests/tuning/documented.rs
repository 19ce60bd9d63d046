//! What the descriptions of the service model say of tuning jobs, and what is told of their training jobs' objectives.

use super::*;

const CONFIG: &str = "HyperParameterTuningJobConfig";

fn refusal(site: &Site, edit: impl FnOnce(&mut Value)) -> String {
    let mut request = tuning(site, "wrong", 2, 1);
    edit(&mut request);
    let refused = site.tune(request).unwrap_err();
    assert_eq!(&*refused.code, "ValidationException", "{}", refused.message);
    refused.message
}

/// Resources for tuning instead of those of a training job.
fn resources(request: &mut Value, resources: Value) {
    let definition = request["TrainingJobDefinition"].as_object_mut().unwrap();
    definition.remove("ResourceConfig");
    definition.insert("HyperParameterTuningResourceConfig".into(), resources);
}

#[test]
fn volumes_have_keys_where_there_is_no_local_storage() {
    let site = Site::new(Profile::Fast);
    let words = |name: &str| {
        format!("VolumeKmsKeyId cannot be specified for instance type {name}, which has local storage.")
    };
    let text = refusal(&site, |r| {
        let cluster = &mut r["TrainingJobDefinition"]["ResourceConfig"];
        (cluster["InstanceType"], cluster["VolumeKmsKeyId"]) = (json!("ml.p4d.24xlarge"), json!("key"));
    });
    assert_eq!(text, words("ml.p4d.24xlarge"));
    let one = |name: &str| json!({ "InstanceType": name, "InstanceCount": 1, "VolumeSizeInGB": 10 });
    let text = refusal(&site, |r| {
        let mut cluster = one("ml.g5.xlarge");
        cluster["VolumeKmsKeyId"] = json!("key");
        resources(r, cluster);
    });
    assert_eq!(text, words("ml.g5.xlarge"));
    let preferred = |second: &str| json!({ "VolumeKmsKeyId": "key", "InstanceConfigs": [one("ml.m5.large"), one(second)] });
    let text = refusal(&site, |r| resources(r, preferred("ml.g4dn.xlarge")));
    assert_eq!(text, words("ml.g4dn.xlarge"), "any of those that are preferred");
    let mut good = tuning(&site, "good", 2, 1);
    resources(&mut good, preferred("ml.c5.xlarge"));
    site.tune(good).unwrap();
}

#[test]
fn definitions_share_one_limit_of_variables() {
    let site = Site::new(Profile::Fast);
    let definitions = |r: &mut Value, count: usize| {
        let mut one = r.as_object_mut().unwrap().remove("TrainingJobDefinition").unwrap();
        let config = r[CONFIG].as_object_mut().unwrap();
        one["TuningObjective"] = config.remove("HyperParameterTuningJobObjective").unwrap();
        one["HyperParameterRanges"] = config.remove("ParameterRanges").unwrap();
        let variables = |from: usize, to: usize| {
            (from..to).map(|n| (format!("V{n}"), json!("x"))).collect::<serde_json::Map<_, _>>()
        };
        let mut two = one.clone();
        (one["DefinitionName"], one["Environment"]) = (json!("one"), variables(0, 24).into());
        (two["DefinitionName"], two["Environment"]) = (json!("two"), variables(24, count).into());
        r["TrainingJobDefinitions"] = json!([one, two]);
    };
    assert!(refusal(&site, |r| definitions(r, 49)).contains("more than 48 environment variables"));
    let mut good = tuning(&site, "good", 2, 1);
    definitions(&mut good, 48);
    site.tune(good).unwrap();
}

#[test]
fn hyperband_knows_how_much_a_training_job_may_use() {
    let site = Site::new(Profile::Fast);
    let asked = |r: &mut Value, most: Option<u64>, epochs: Option<&str>| {
        r[CONFIG]["Strategy"] = json!("Hyperband");
        r[CONFIG]["StrategyConfig"] = json!({ "HyperbandStrategyConfig": { "MinResource": 1 } });
        if let Some(most) = most {
            r[CONFIG]["StrategyConfig"]["HyperbandStrategyConfig"]["MaxResource"] = json!(most);
        }
        if let Some(name) = epochs {
            r["TrainingJobDefinition"]["StaticHyperParameters"][name] = json!("10");
        }
    };
    assert!(
        refusal(&site, |r| asked(r, None, None)).starts_with("MaxResource of HyperbandStrategyConfig must")
    );
    assert!(refusal(&site, |r| asked(r, None, Some("rounds"))).starts_with("MaxResource"));
    let text = refusal(&site, |r| asked(r, Some(20_001), None));
    assert!(text.contains("maxResource") && text.contains("less than or equal to 20000"), "{text}");
    for (name, most, epochs) in [("given", Some(20_000), None), ("found", None, Some("n-epochs"))] {
        let mut request = tuning(&site, name, 1, 1);
        asked(&mut request, most, epochs);
        site.tune(request).unwrap();
    }
}

/// Whatever a training job is asked by, it says the same of its objective.
#[test]
fn what_the_tuning_job_tells_of_an_objective_its_training_job_tells_too() {
    for (declared, emits) in
        [(None, true), (Some("metrics: {loss: [3, 0.25]}"), true), (Some("metrics: {x: 1}"), false)]
    {
        let site = Site::new(Profile::Fast);
        if let Some(declared) = declared {
            site.declare(declared);
        }
        site.tune(tuning(&site, "tune", 2, 2)).unwrap();
        site.pass(6);
        let children = site.children(tuning_named("tune"));
        assert_eq!(children.len(), 2);
        for child in children {
            let job = site.describe(child["TrainingJobName"].as_str().unwrap());
            let emitted = job["FinalMetricDataList"].as_array().into_iter().flatten();
            let emitted: Vec<_> = emitted
                .filter(|metric| metric["MetricName"] == "loss")
                .map(|metric| &metric["Value"])
                .collect();
            let objective = child.get("FinalHyperParameterTuningJobObjectiveMetric").map(|it| &it["Value"]);
            assert_eq!(emitted, objective.into_iter().collect::<Vec<_>>(), "{declared:?}");
            assert_eq!(objective.is_some(), emits, "{declared:?}");
        }
    }
}
