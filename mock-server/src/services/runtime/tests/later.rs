//! Calls that are answered later.

use super::*;
use crate::services::runtime::later::InvokeEndpointAsync;

/// An endpoint that answers into the bucket `data`, with an input in it.
fn front() -> Front {
    let front = Front::with(Profile::Fast);
    front.lab.bucket("data");
    front.lab.bucket("models");
    front.lab.object("models", "m.tar.gz", Content::Size(1));
    front.lab.object("data", "in/1.csv", Content::Bytes("1,2".into()));
    front
}

fn serve(front: &Front) {
    let output = json!({ "S3OutputPath": "s3://data/out/", "S3FailurePath": "s3://data/bad" });
    let config = json!({ "AsyncInferenceConfig": { "OutputConfig": output } });
    front.endpoint("e", json!([variant("A", "m", 1.0)]), config);
    front.lab.advance(3_000);
}

fn call(front: &Front, more: Value) -> Result<Value, Refused> {
    let mut input = json!({ "EndpointName": "e" });
    merge(&mut input, more);
    front.lab.write::<InvokeEndpointAsync>(input)
}

fn object(front: &Front, location: &Value) -> Option<String> {
    let key = location.as_str().unwrap().strip_prefix("s3://data/").unwrap();
    front.lab.bytes("data", key).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn sound(front: &Front) {
    assert_eq!(front.lab.state().broken_invariants(), Vec::<String>::new());
}

#[test]
fn an_answer_is_where_the_call_said_that_it_would_be() {
    let front = front();
    serve(&front);
    let told = call(&front, json!({ "InputLocation": "s3://data/in/1.csv" })).unwrap();
    assert_eq!(object(&front, &told["OutputLocation"]), None);
    sound(&front);
    front.lab.advance(1_000);
    assert_eq!(object(&front, &told["OutputLocation"]).as_deref(), Some("1,2"));
    assert_eq!(object(&front, &told["FailureLocation"]), None);
    let inline =
        json!({ "Body": "x", "InferenceId": "i", "Filename": "f.txt", "S3OutputPathExtension": "more/" });
    let told = call(&front, inline).unwrap();
    assert_eq!(
        (&told["InferenceId"], &told["OutputLocation"]),
        (&json!("i"), &json!("s3://data/out/more/f.txt"))
    );
    front.lab.advance(1_000);
    assert_eq!(object(&front, &told["OutputLocation"]).as_deref(), Some("x"));
    assert!(front.lab.state().async_calls.iter().next().is_none());
    sound(&front);
}

#[test]
fn what_fails_is_told_in_its_own_place() {
    let front = front();
    let failing = Canned { status: 500, parts: Some(vec!["boom".into()]), ..Canned::default() };
    let when = When { body: Some(Wildcard::new("bad")), ..When::default() };
    front.declare("e", vec![(when, Answer::Canned(failing))]);
    serve(&front);
    let bad = call(&front, json!({ "Body": "bad" })).unwrap();
    let absent = call(&front, json!({ "InputLocation": "s3://data/in/2.csv" })).unwrap();
    front.lab.advance(1_000);
    let text = object(&front, &bad["FailureLocation"]).unwrap();
    assert!(text.starts_with("Received server error (500) from primary with message \"boom\""), "{text}");
    assert!(object(&front, &absent["FailureLocation"]).is_some());
    assert_eq!(
        (object(&front, &bad["OutputLocation"]), object(&front, &absent["OutputLocation"])),
        (None, None)
    );
    sound(&front);
}

#[test]
fn a_call_waits_for_an_instance_and_not_for_ever() {
    let front = front();
    serve(&front);
    endpoints::scale(&front.lab, "e", "A", 0);
    front.lab.advance(3_000);
    let short = call(&front, json!({ "Body": "x", "RequestTTLSeconds": 60 })).unwrap();
    let long = call(&front, json!({ "Body": "y" })).unwrap();
    front.lab.advance(61_000);
    assert!(object(&front, &short["FailureLocation"]).unwrap().contains("expired"));
    assert_eq!(object(&front, &long["OutputLocation"]), None);
    sound(&front);
    endpoints::scale(&front.lab, "e", "A", 1);
    front.lab.advance(4_000);
    assert_eq!(object(&front, &long["OutputLocation"]).as_deref(), Some("y"));
    call(&front, json!({ "Body": "z" })).unwrap();
    endpoints::delete(&front.lab, "e");
    front.lab.advance(10);
    sound(&front);
    front.lab.advance(1_000);
    sound(&front);
}

#[test]
fn what_is_no_call_is_refused() {
    let front = front();
    front.serve("now");
    front.lab.advance(3_000);
    let other = told(front.lab.write::<InvokeEndpointAsync>(json!({ "EndpointName": "now", "Body": "x" })));
    assert_eq!(other.2, "Endpoint now does not support this inference type.");
    front.declare("e", vec![(When::default(), Answer::Proxy("http://127.0.0.1:1".into()))]);
    serve(&front);
    let both = json!({ "Body": "x", "InputLocation": "s3://data/in/1.csv" });
    for refused in [call(&front, both), call(&front, json!({}))] {
        assert!(told(refused).2.contains("Exactly one of"));
    }
    assert_eq!(told(call(&front, json!({ "Body": "x" }))).1, 501);
    sound(&front);
}
