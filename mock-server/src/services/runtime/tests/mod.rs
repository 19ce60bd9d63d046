//! Tests of calls to endpoints.

mod capture;
mod components;
mod later;
mod shifting;
mod streams;

use super::invoke::InvokeEndpoint;
use crate::model::{Answer, Behaviour, Canned, Content, Defaults, Profile, Reaction, When, Wildcard};
use crate::services::Refused;
use crate::services::lab::{Lab, ROLE_ARN};
use crate::services::sagemaker::tests::endpoints;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const MODEL: &str = "s3://models/m.tar.gz";

/// An account with endpoints that are in service at once.
struct Front {
    pub lab: Lab,
}

impl Front {
    pub fn new() -> Self {
        Self::with(Profile::Instant)
    }

    pub fn with(profile: Profile) -> Self {
        let front = Self { lab: Lab::with_defaults(Defaults { profile, ..Defaults::default() }) };
        front.model("m", json!({ "PrimaryContainer": { "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1", "ModelDataUrl": MODEL } }));
        front
    }

    pub fn model(&self, name: &str, members: Value) {
        let mut request = json!({ "ModelName": name, "ExecutionRoleArn": ROLE_ARN });
        merge(&mut request, members);
        endpoints::create_model(&self.lab, request);
    }

    /// An endpoint of the name of its configuration.
    pub fn endpoint(&self, name: &str, variants: Value, more: Value) {
        let mut request = json!({ "EndpointConfigName": name, "ProductionVariants": variants });
        merge(&mut request, more);
        endpoints::create(&self.lab, name, request);
    }

    pub fn serve(&self, name: &str) {
        self.endpoint(name, json!([variant("A", "m", 1.0)]), json!({}));
    }

    pub fn declare(&self, job: &str, answers: Vec<(When, Answer)>) {
        let invocations = answers.into_iter().map(|(when, answer)| Reaction { when, answer }).collect();
        let job = Some(Wildcard::new(job));
        self.lab.declare(Behaviour { job, invocations, ..Behaviour::default() });
    }

    pub fn invoke(&self, name: &str, more: Value) -> Result<Value, Refused> {
        let mut input = json!({ "EndpointName": name, "Body": "1,2", "ContentType": "text/csv" });
        merge(&mut input, more);
        self.lab.invoke::<InvokeEndpoint>(input)
    }
}

fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("no object") };
    into.as_object_mut().unwrap().extend(more);
}

fn variant(name: &str, model: &str, weight: f64) -> Value {
    json!({ "VariantName": name, "ModelName": model, "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1, "InitialVariantWeight": weight })
}

fn text(bytes: &Value) -> String {
    let bytes = bytes.as_array().unwrap().iter().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

fn told(answer: Result<Value, Refused>) -> (String, u16, String) {
    let refused = answer.unwrap_err();
    (refused.code.to_string(), refused.status, refused.message)
}

#[test]
fn what_is_asked_comes_back() {
    let front = Front::new();
    front.serve("e");
    let answer = front.invoke("e", json!({})).unwrap();
    assert_eq!(text(&answer["Body"]), "1,2");
    assert_eq!(
        (&answer["ContentType"], &answer["InvokedProductionVariant"]),
        (&json!("text/csv"), &json!("A"))
    );
}

#[test]
fn an_endpoint_that_does_not_serve_is_not_found() {
    let front = Front::with(Profile::Fast);
    let unknown = || told(front.invoke("e", json!({})));
    let expected = "Endpoint e of account 123456789012 not found.";
    assert_eq!(unknown(), ("ValidationError".into(), 400, expected.into()));
    front.serve("e");
    assert_eq!(unknown().2, expected);
    front.lab.advance(3_000);
    assert!(front.invoke("e", json!({})).is_ok());
    endpoints::delete(&front.lab, "e");
    assert_eq!(unknown().2, expected);
    front.lab.advance(10_000);
    assert_eq!(front.lab.state().broken_invariants(), Vec::<String>::new());
}

#[test]
fn variants_are_chosen_by_weight_and_the_same_way_every_time() {
    let run = || {
        let front = Front::new();
        front.endpoint("e", json!([variant("A", "m", 1.0), variant("B", "m", 3.0)]), json!({}));
        let one =
            || front.invoke("e", json!({})).unwrap()["InvokedProductionVariant"].as_str().unwrap().to_owned();
        (0..400).map(|_| one()).collect::<Vec<_>>()
    };
    let (first, again) = (run(), run());
    assert_eq!(first, again);
    let share = first.iter().filter(|name| *name == "B").count();
    assert!((270..330).contains(&share), "{share} of 400");
}

#[test]
fn a_target_variant_gets_the_call_whatever_it_weighs() {
    let front = Front::new();
    front.endpoint("e", json!([variant("A", "m", 1.0), variant("B", "m", 0.0)]), json!({}));
    let answer = front.invoke("e", json!({ "TargetVariant": "B" })).unwrap();
    assert_eq!(answer["InvokedProductionVariant"], "B");
    assert_eq!(told(front.invoke("e", json!({ "TargetVariant": "C" }))).0, "ValidationError");
}

#[test]
fn a_container_that_fails_was_asked_all_the_same() {
    let front = Front::new();
    let failing = Canned { status: 500, parts: Some(vec!["boom".into()]), ..Canned::default() };
    let on_a = When { variant: Some(Wildcard::new("A")), ..When::default() };
    front.declare("e", vec![(on_a, Answer::Canned(failing))]);
    front.endpoint("e", json!([variant("A", "m", 1.0), variant("B", "m", 1.0)]), json!({}));
    let mut seen = BTreeMap::new();
    for _ in 0..40 {
        let key = match front.invoke("e", json!({})) {
            Ok(answer) => answer["InvokedProductionVariant"].to_string(),
            Err(refused) => {
                let members: BTreeMap<_, _> = refused.members.iter().cloned().collect();
                assert_eq!(members["OriginalStatusCode"], json!(500));
                assert_eq!(members["OriginalMessage"], json!("boom"));
                assert_eq!(members["ErrorCode"], json!("SERVER_ERROR_FROM_MODEL"));
                let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/e";
                assert_eq!(members["LogStreamArn"], json!(arn));
                assert_eq!((refused.status, &*refused.code), (424, "ModelError"));
                refused.message
            }
        };
        *seen.entry(key).or_insert(0) += 1;
    }
    let message = "Received server error (500) from primary with message \"boom\". See \
        https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:\
        group=/aws/sagemaker/Endpoints/e in account 123456789012 for more information.";
    assert!(seen.contains_key("\"B\"") && seen.contains_key(message), "{seen:?}");
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_container_may_take_a_minute() {
    let front = Front::new();
    let slow = |seconds| Answer::Canned(Canned { delay: Duration::from_secs(seconds), ..Canned::default() });
    front.declare("in-time", vec![(When::default(), slow(60))]);
    front.declare("too-late", vec![(When::default(), slow(61))]);
    front.serve("in-time");
    front.serve("too-late");
    assert!(front.invoke("in-time", json!({})).is_ok());
    let (code, status, message) = told(front.invoke("too-late", json!({})));
    assert_eq!((&*code, status), ("ModelError", 424));
    assert!(
        message
            .starts_with("Received server error (0) from primary with message \"Your invocation timed out")
    );
}

#[test]
fn a_container_of_many_models_is_told_which() {
    let front = Front::new();
    let many = json!({ "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1", "Mode": "MultiModel", "ModelDataUrl": "s3://many/models/" });
    front.lab.bucket("many");
    front.lab.bucket("models");
    front.lab.object("many", "models/a.tar.gz", Content::Size(3));
    front.lab.object("models", "m.tar.gz", Content::Size(3));
    front.model("many", json!({ "PrimaryContainer": many }));
    front.endpoint("e", json!([variant("A", "many", 1.0)]), json!({}));
    front.serve("one");
    assert!(front.invoke("e", json!({ "TargetModel": "a.tar.gz" })).is_ok());
    let missing = told(front.invoke("e", json!({}))).2;
    assert!(missing.starts_with("Request rid is missing a target model header"), "{missing}");
    let absent = told(front.invoke("e", json!({ "TargetModel": "b.tar.gz" }))).2;
    assert!(absent.contains("bucket: many, key: models/b.tar.gz"), "{absent}");
    assert_eq!(
        told(front.invoke("one", json!({ "TargetModel": "a.tar.gz" }))).2,
        "Endpoint one is not a multi-model endpoint and does not support target model header."
    );
}

#[test]
fn one_of_several_containers_is_called_by_its_name() {
    let front = Front::new();
    let container = |name: &str| json!({ "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1", "ContainerHostname": name });
    let containers = json!([container("first"), container("second")]);
    front.model("serial", json!({ "Containers": containers }));
    let direct = json!({ "Containers": containers, "InferenceExecutionConfig": { "Mode": "Direct" } });
    front.model("direct", direct);
    front.endpoint("serial", json!([variant("A", "serial", 1.0)]), json!({}));
    front.endpoint("direct", json!([variant("A", "direct", 1.0)]), json!({}));
    let named = |name: &str| json!({ "TargetContainerHostname": name });
    assert!(front.invoke("serial", json!({})).is_ok());
    assert!(front.invoke("direct", named("second")).is_ok());
    assert!(told(front.invoke("serial", named("second"))).2.contains("does not support"));
    assert!(told(front.invoke("direct", named("third"))).2.contains("third"));
    assert!(told(front.invoke("direct", json!({}))).2.contains("missing a target container"));
}

#[test]
fn what_is_for_another_kind_of_endpoint_is_refused() {
    let front = Front::new();
    front.serve("e");
    let component = told(front.invoke("e", json!({ "InferenceComponentName": "c" })));
    assert!(component.2.contains("does not support inference component"), "{}", component.2);
    let output = json!({ "OutputConfig": { "S3OutputPath": "s3://out/" } });
    front.endpoint("later", json!([variant("A", "m", 1.0)]), json!({ "AsyncInferenceConfig": output }));
    let later = told(front.invoke("later", json!({})));
    assert_eq!(later.2, "Endpoint later does not support this inference type.");
    let bare = json!([{ "VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }]);
    front.endpoint("bare", bare, json!({ "ExecutionRoleArn": ROLE_ARN }));
    assert!(
        told(front.invoke("bare", json!({}))).2.starts_with("Inference Component Name header is required")
    );
    let serverless = json!([{ "VariantName": "A", "ModelName": "m",
        "ServerlessConfig": { "MemorySizeInMB": 2048, "MaxConcurrency": 1 } }]);
    front.endpoint("small", serverless, json!({}));
    let large = "x".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(told(front.invoke("small", json!({ "Body": large }))).2, "Request rid has oversize body.");
    assert!(front.invoke("e", json!({ "Body": large })).is_ok());
    assert_eq!(front.lab.state().broken_invariants(), Vec::<String>::new());
}
