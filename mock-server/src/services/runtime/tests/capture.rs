//! What endpoints keep of calls.

use super::*;

fn config(options: Value, more: Value) -> Value {
    let mut config = json!({ "EnableCapture": true, "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://kept/here/", "CaptureOptions": options });
    merge(&mut config, more);
    json!({ "DataCaptureConfig": config })
}

fn both() -> Value {
    json!([{ "CaptureMode": "Input" }, { "CaptureMode": "Output" }])
}

fn records(front: &Front) -> Vec<Value> {
    let keys = front.lab.keys("kept");
    let read = |key: &String| serde_json::from_slice(&front.lab.bytes("kept", key).unwrap()).unwrap();
    keys.iter().map(read).collect()
}

fn front(more: Value) -> Front {
    let front = Front::new();
    front.lab.bucket("kept");
    front.lab.bucket("models");
    front.lab.object("models", "m.tar.gz", Content::Size(1));
    front.endpoint("e", json!([variant("A", "m", 1.0)]), more);
    front
}

#[test]
fn a_call_and_its_answer_are_kept() {
    let types = json!({ "CaptureContentTypeHeader": { "CsvContentTypes": ["text/csv"] } });
    let front = front(config(both(), types));
    front.invoke("e", json!({ "InferenceId": "mine" })).unwrap();
    let [key] = &front.lab.keys("kept")[..] else { panic!("one file") };
    assert!(key.starts_with("here/e/A/2020/09/13/12/26-40-000-") && key.ends_with(".jsonl"), "{key}");
    let record = &records(&front)[0];
    let side = |mode: &str| {
        json!({ "observedContentType": "text/csv", "mode": mode, "data": "1,2",
        "encoding": "CSV" })
    };
    assert_eq!(
        record["captureData"],
        json!({ "endpointInput": side("INPUT"), "endpointOutput": side("OUTPUT") })
    );
    assert_eq!(record["eventMetadata"]["inferenceId"], "mine");
    assert_eq!(record["eventMetadata"]["inferenceTime"], "2020-09-13T12:26:40Z");
    assert_eq!(record["eventVersion"], "0");
}

#[test]
fn what_is_not_called_text_is_in_base_64_and_only_what_is_wanted_is_kept() {
    let front = front(config(json!([{ "CaptureMode": "Output" }]), json!({})));
    front.invoke("e", json!({})).unwrap();
    let data = records(&front).remove(0)["captureData"].clone();
    assert_eq!(
        data,
        json!({ "endpointOutput": { "observedContentType": "text/csv", "mode": "OUTPUT",
        "data": "MSwy", "encoding": "BASE64" } })
    );
}

#[test]
fn some_calls_are_kept_and_calls_that_fail_are_not() {
    let front = front(config(both(), json!({ "InitialSamplingPercentage": 30 })));
    (0..100).for_each(|_| drop(front.invoke("e", json!({})).unwrap()));
    let kept = front.lab.keys("kept").len();
    assert!((10..50).contains(&kept), "{kept}");
    let front = self::front(config(both(), json!({ "EnableCapture": false })));
    front.invoke("e", json!({})).unwrap();
    assert_eq!(front.lab.keys("kept"), Vec::<String>::new());
}

#[test]
fn a_role_that_may_not_write_loses_what_was_to_be_kept() {
    let front = front(config(both(), json!({})));
    front.lab.regrant(&["AmazonS3ReadOnlyAccess"]);
    assert!(front.invoke("e", json!({})).is_ok());
    assert_eq!(front.lab.keys("kept"), Vec::<String>::new());
    assert!(front.lab.events("DataCapture")[0].starts_with("nothing is written: "));
}
