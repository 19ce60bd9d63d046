//! The condition keys that policies look at.

use super::input::{Given, SimulationIn};
use crate::policy::Context;
use crate::policy::outline::many;
use crate::services::iam::error::IamError;
use crate::services::{Home, Operation, Read, View};
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeysOut {
    context_key_names: Vec<String>,
}

pub struct GetContextKeysForCustomPolicy;

impl Operation for GetContextKeysForCustomPolicy {
    const NAME: &'static str = "GetContextKeysForCustomPolicy";
    const HOME: Home = Home::Account;
    type In = SimulationIn;
    type Out = KeysOut;
    type Error = IamError;
}

impl Read for GetContextKeysForCustomPolicy {
    fn run(_: &View<'_>, input: SimulationIn) -> Result<KeysOut, IamError> {
        Ok(KeysOut { context_key_names: keys(&Given::custom(&input)?) })
    }
}

pub struct GetContextKeysForPrincipalPolicy;

impl Operation for GetContextKeysForPrincipalPolicy {
    const NAME: &'static str = "GetContextKeysForPrincipalPolicy";
    const HOME: Home = Home::Account;
    type In = SimulationIn;
    type Out = KeysOut;
    type Error = IamError;
}

impl Read for GetContextKeysForPrincipalPolicy {
    fn run(view: &View<'_>, input: SimulationIn) -> Result<KeysOut, IamError> {
        Ok(KeysOut { context_key_names: keys(&Given::of_principal(view, &input)?) })
    }
}

/// The keys that the policies look at, and that neither the context has nor who asks. AWS tells those of all policies,
/// also of statements that are about other actions.
pub fn missing(given: &Given, context: &Context) -> Vec<String> {
    let known = |key: &str| given.known_keys.iter().any(|known| known.eq_ignore_ascii_case(key));
    keys(given).into_iter().filter(|key| context.get(key).is_none() && !known(key)).collect()
}

/// The keys that identity-based and resource-based policies look at, each once, as the policies write them.
fn keys(given: &Given) -> Vec<String> {
    let mut keys = Vec::new();
    for input in given.identity.iter().chain(&given.resource) {
        let policy = serde_json::from_str::<Value>(input.document.text()).unwrap_or_default();
        for statement in policy.get("Statement").map(many).unwrap_or_default() {
            of_statement(statement, &mut |key| {
                if !keys.iter().any(|known: &String| known.eq_ignore_ascii_case(key)) {
                    keys.push(key.to_owned());
                }
            });
        }
    }
    keys
}

fn of_statement(statement: &Value, tell: &mut impl FnMut(&str)) {
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flat_map(Map::values);
    for keys in operators.filter_map(Value::as_object) {
        for (key, values) in keys {
            tell(key);
            variables(values, tell);
        }
    }
    ["Resource", "NotResource"]
        .iter()
        .filter_map(|name| statement.get(name))
        .for_each(|texts| variables(texts, tell));
}

/// The keys of variables, such as `${aws:username}` or, with a default, `${aws:username, 'nobody'}`.
fn variables(texts: &Value, tell: &mut impl FnMut(&str)) {
    for text in many(texts).into_iter().filter_map(Value::as_str) {
        for rest in text.split("${").skip(1) {
            let name =
                rest.split_once('}').map(|(name, _)| name.split(',').next().unwrap_or_default().trim());
            // `${*}` and its like stand for themselves.
            name.filter(|name| name.contains(':')).into_iter().for_each(&mut *tell);
        }
    }
}
