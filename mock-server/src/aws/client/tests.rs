//! Tests of the client side, and of both sides against each other.

use std::io::Write;
use std::sync::Mutex;

use base64::Engine;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::aws::arbitrary::{any_operation, value};
use crate::aws::model::{Operation, ServiceId, ServiceModel};
use crate::aws::value::{Struct, Value};
use crate::aws::{Encoded, Encoder, Fault, RequestParts, decode};

/// Where the tests leave answers for botocore's parsers, if anyone asks for them.
static ANSWERS: Mutex<()> = Mutex::new(());

fn leave_answer(
    model: &'static ServiceModel,
    operation: &Operation,
    answer: &Encoded,
    key: &str,
    said: serde_json::Value,
) {
    let Ok(path) = std::env::var("MOCKPLANE_CODEC_ANSWERS") else { return };
    let _one_at_a_time = ANSWERS.lock();
    let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
    let line = json!({
        "service": model.id.name(), "operation": operation.name, "status": answer.status, "headers": answer.headers,
        "body": base64::engine::general_purpose::STANDARD.encode(&answer.body), key: said, "request_id": "rid",
    });
    writeln!(file, "{line}").unwrap();
}

fn answer(model: &'static ServiceModel, operation: &'static Operation, output: &Value) -> Encoded {
    let mut encoder = Encoder::new(operation, model, "rid");
    encoder.value(output).unwrap();
    encoder.finish()
}

/// The value without what a client cannot see.
fn visible(model: &'static ServiceModel, operation: &Operation, value: Value) -> Value {
    match (value, model.output(operation)) {
        (Value::Struct(fields), Some(shape)) if model.id == ServiceId::SageMakerRuntime => {
            let mut kept = Struct::new();
            for (name, inner) in fields.iter() {
                let member = model.member(shape, name).unwrap();
                let stream = model.shape(member.shape).has(crate::aws::model::flag::EVENT_STREAM);
                let is_header = member.location == crate::aws::model::Location::Header;
                // Headers carry no line ends and no outer blanks; what is left is not this test's matter.
                if !stream {
                    let inner = match inner {
                        Value::String(_) if is_header => Value::String("header".into()),
                        other => other.clone(),
                    };
                    kept.set(member.name, inner);
                }
            }
            Value::Struct(kept)
        }
        (value, _) => value,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn requests_arrive_as_they_were_sent((model, operation, mut rng) in any_operation()) {
        let input = model.input(operation).and_then(|shape| value(model, shape, &mut rng, 0)).unwrap_or_else(Value::empty);
        match encode_value(model, operation, &input) {
            Ok(request) => {
                let (path, query) = request.path_and_query.split_once('?').unwrap_or((&request.path_and_query, ""));
                let parts = RequestParts {
                    method: request.method, path, query, headers: &request.headers, body: &Bytes::from(request.body.clone()),
                };
                match decode(model, &parts) {
                    Ok((found, decoded)) => {
                        prop_assert_eq!(found.name, operation.name);
                        // A payload that is not given is an empty body.
                        let mut decoded = decoded;
                        if model.id == ServiceId::SageMakerRuntime && input.get("Body").is_none()
                            && let Value::Struct(fields) = &mut decoded
                        {
                            fields.remove("Body");
                        }
                        prop_assert_eq!(decoded, input);
                    }
                    // An empty label makes a path that no operation has.
                    Err(fault) => prop_assert!(model.id == ServiceId::SageMakerRuntime, "{}", fault),
                }
            }
            Err(error) => prop_assert!(matches!(error, RequestError::NoLabel { .. }), "{}", error),
        }
    }

    #[test]
    fn answers_arrive_as_they_were_sent((model, operation, mut rng) in any_operation()) {
        let output = model.output(operation).and_then(|shape| value(model, shape, &mut rng, 0)).unwrap_or_else(Value::empty);
        let output = visible(model, operation, output);
        let answer = answer(model, operation, &output);
        leave_answer(model, operation, &answer, "output", output.to_json());
        let mut read = decode_value(model, operation, answer.status, &answer.headers, &answer.body).unwrap();
        if model.id == ServiceId::SageMakerRuntime && let Value::Struct(fields) = &mut read {
            if output.get("Body").is_none() {
                fields.remove("Body");
            }
            // The protocol's own content type is there when the operation gives none.
            if output.get("ContentType").is_none() {
                fields.remove("ContentType");
            }
        }
        prop_assert_eq!(&read, &output);
        // What SDKs show reads back as well.
        if let Some(shape) = operation.output {
            prop_assert_eq!(Value::from_json(model, shape, &output.to_json()).unwrap(), output);
        }
    }

    #[test]
    fn faults_arrive_as_they_were_sent(
        (model, operation, _) in any_operation(), code in "[A-Z][A-Za-z.]{1,20}", message in "[ -~é\n]{0,60}",
        status in prop::sample::select(vec![400u16, 403, 404, 409, 412, 500, 503]), rule in prop::option::of("[A-Z0-9-]{3,12}"),
    ) {
        let mut fault = Fault::new(code, message).with_status(status);
        fault.because = rule;
        let answer = fault.encode(model.id, "rid");
        let said = json!({"code": fault.code, "message": fault.message});
        leave_answer(model, operation, &answer, "error", said);
        let read = decode_response(model.id, operation.name, answer.status, &answer.headers, &answer.body);
        prop_assert_eq!(read, Err(fault));
    }

    #[test]
    fn any_answer_is_survived(
        (model, operation, _) in any_operation(), status in prop::sample::select(vec![200u16, 400, 500]),
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), "[<>/a&;\" ]{0,40}".prop_map(String::into_bytes)],
    ) {
        let headers: Vec<(&str, &str)> = Vec::new();
        let _ = decode_response(model.id, operation.name, status, &headers, &body);
    }
}

#[test]
fn calls_that_cannot_be_sent() {
    let error = |service, operation, parameters| {
        encode_request(service, operation, &parameters).unwrap_err().to_string()
    };
    assert_eq!(error(ServiceId::Ec2, "MakeCoffee", json!({})), "ec2 has no operation MakeCoffee");
    assert_eq!(
        error(ServiceId::Ec2, "CreateVpc", json!({"CidrBlock": 5})),
        "CreateVpc: CidrBlock: expected text, found 5"
    );
    assert_eq!(
        error(ServiceId::SageMakerRuntime, "InvokeEndpoint", json!({"Body": ""})),
        "InvokeEndpoint: EndpointName is part of the path and must be given"
    );
}

#[test]
fn a_call_of_each_protocol() {
    let ec2 = encode_request(ServiceId::Ec2, "DescribeVpcs", &json!({"VpcIds": ["vpc-1"], "MaxResults": 5}))
        .unwrap();
    assert_eq!(
        String::from_utf8(ec2.body).unwrap(),
        "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1&MaxResults=5"
    );
    let iam = encode_request(
        ServiceId::Iam,
        "TagRole",
        &json!({"RoleName": "r", "Tags": [{"Key": "k", "Value": "a b"}]}),
    );
    assert_eq!(
        String::from_utf8(iam.unwrap().body).unwrap(),
        "Action=TagRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=k&Tags.member.1.Value=a%20b"
    );
    let logs = encode_request(ServiceId::Logs, "CreateLogGroup", &json!({"logGroupName": "g"})).unwrap();
    assert_eq!(String::from_utf8(logs.body).unwrap(), r#"{"logGroupName":"g"}"#);
    assert_eq!(logs.headers[0].1, "Logs_20140328.CreateLogGroup");
    let call = json!({"EndpointName": "e 1", "Body": {"text": "a,b"}, "ContentType": "text/csv"});
    let runtime = encode_request(ServiceId::SageMakerRuntime, "InvokeEndpoint", &call).unwrap();
    assert_eq!(
        (runtime.path_and_query.as_str(), &runtime.body[..]),
        ("/endpoints/e%201/invocations", &b"a,b"[..])
    );
    assert_eq!(runtime.headers, [("Content-Type".into(), "text/csv".into())]);
}

#[test]
fn bytes_are_told_in_three_ways_and_never_without_bound() {
    let sent = |body: serde_json::Value| {
        let call = json!({"EndpointName": "e", "Body": body});
        encode_request(ServiceId::SageMakerRuntime, "InvokeEndpoint", &call).map(|request| request.body)
    };
    for (body, bytes) in [
        (json!("YWJj"), "abc"),
        (json!({"text": "abc"}), "abc"),
        (json!({"size": 3}), "000"),
        (json!({"size": 0}), ""),
    ] {
        assert_eq!(sent(body).unwrap(), bytes.as_bytes());
    }
    for body in [
        json!({"size": crate::aws::MOST_BYTES + 1}),
        json!({"size": u64::MAX}),
        json!({"size": -1}),
        json!({"size": 1, "text": "a"}),
        json!({}),
    ] {
        let told = sent(body).unwrap_err().to_string();
        assert!(
            told.ends_with("expected base64 text, {\"text\": ..} or {\"size\": ..}, found an object"),
            "{told}"
        );
    }
}

#[test]
fn an_answer_that_is_no_answer() {
    let headers: Vec<(&str, &str)> = Vec::new();
    let read = |status, body: &str| {
        decode_response(ServiceId::Ec2, "DescribeVpcs", status, &headers, body.as_bytes()).unwrap_err()
    };
    assert_eq!(read(502, "<html><body>Bad gateway</body></html>").code, "UnreadableResponse");
    assert_eq!(read(502, "<html><body>Bad gateway</body></html>").status, 502);
    assert_eq!(read(200, "<Other/>").message, "<Other> where <DescribeVpcsResponse> is expected");
    assert_eq!(read(200, &"<a>".repeat(100_000)).message, "the document is nested too deeply");
}
