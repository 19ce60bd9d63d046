//! SageMaker as a client's bytes reach it: through the whole gateway, with no socket.

use bytes::Bytes;
use hyper::Request;
use mockplane::gateway::Gateway;
use mockplane::kernel::{AccountId, Clock, ClockMode, SimTime};
use mockplane::model::{Defaults, Profile, RuleMode, RuleModes, World};
use mockplane::rules;
use serde_json::{Value, json};
use std::sync::Arc;

/// A server whose jobs are over at once and that asks no rule.
pub fn gateway(memo: bool) -> Gateway {
    let mut rule_modes = RuleModes::default();
    rules::all().for_each(|info| rule_modes.set(info.id, RuleMode::Off));
    let start = SimTime::from_millis(1_600_000_000_000);
    let clock = move |wall| Clock::new(ClockMode::Manual, Some(start), wall);
    let world =
        World::new(1, Defaults { profile: Profile::Instant, rule_modes, ..Defaults::default() }, clock);
    let account = AccountId::parse("123456789012").unwrap();
    Gateway::new(Arc::new(world), account, "us-east-1".into(), memo)
}

pub fn call(gateway: &Gateway, operation: &str, input: &Value) -> (u16, Value) {
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("SageMaker.{operation}"))
        .header("host", "localhost:4545")
        .body(Bytes::from(input.to_string()))
        .unwrap();
    let response = gateway.handle(&request);
    let status = response.status().as_u16();
    let body = response.into_body();
    (status, if body.is_empty() { json!({}) } else { serde_json::from_slice(&body).unwrap() })
}

pub fn ok(gateway: &Gateway, operation: &str, input: &Value) -> Value {
    let (status, answer) = call(gateway, operation, input);
    assert_eq!(status, 200, "{operation}: {answer}");
    answer
}
