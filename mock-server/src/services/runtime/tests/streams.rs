//! Streamed answers.

use super::*;
use crate::model::Broken;
use crate::services::runtime::stream::InvokeEndpointWithResponseStream;

fn stream(front: &Front, name: &str) -> Result<Value, Refused> {
    let input = json!({ "EndpointName": name, "Body": "1,2", "ContentType": "text/csv" });
    front.lab.invoke::<InvokeEndpointWithResponseStream>(input)
}

#[test]
fn an_answer_comes_in_its_parts_and_may_break_off() {
    let front = Front::new();
    let broken = Some(Broken { code: "StreamBroken".into(), message: "oh".into() });
    let parts = Some(vec!["a".into(), "".into(), "b".into()]);
    front
        .declare("e", vec![(When::default(), Answer::Canned(Canned { parts, broken, ..Canned::default() }))]);
    front.serve("e");
    front.serve("echo");
    let answer = stream(&front, "e").unwrap();
    let error = json!({ "ModelStreamError": { "Message": "oh", "ErrorCode": "StreamBroken" } });
    assert_eq!(answer["Body"], json!([{ "PayloadPart": "a" }, { "PayloadPart": "b" }, error]));
    assert_eq!(answer["InvokedProductionVariant"], "A");
    let echo = stream(&front, "echo").unwrap();
    assert_eq!(
        (&echo["Body"], &echo["ContentType"]),
        (&json!([{ "PayloadPart": "1,2" }]), &json!("text/csv"))
    );
    assert_eq!(told(stream(&front, "none")).0, "ValidationError");
}

#[test]
fn a_container_that_fails_does_so_before_the_stream() {
    let front = Front::new();
    front.declare("e", vec![(When::default(), Answer::Canned(Canned { status: 400, ..Canned::default() }))]);
    front.serve("e");
    let (code, status, message) = told(stream(&front, "e"));
    assert_eq!((&*code, status), ("ModelError", 424));
    assert!(
        message.starts_with("Received client error (400) from primary with message \"1,2\"."),
        "{message}"
    );
}
