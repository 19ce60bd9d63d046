//! Steps as a script of the AWS CLI: what a learner would type.
//!
//! What the script itself makes is kept in shell variables. Inputs are the options that the AWS CLI has for the members
//! of a request; what is no plain value is JSON.

use super::callee::{Callee, Shape};
use super::file::{Step, WaitFor};
use super::problem::{Place, Problem};
use super::resource::ResourceKind;
use super::template::Scope;
use super::tree::Node;
use crate::aws::client::s3;
use crate::aws::model::Kind;
use crate::jobs::remedy::bash;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// Options that are not called like the member: service, operation, member and value, and the option.
const OWN_NAMES: &[(&str, &str, &str, bool, &str)] = &[
    ("ec2", "CreateNetworkAclEntry", "Egress", false, "ingress"),
    ("ec2", "DeleteNetworkAclEntry", "Egress", false, "ingress"),
    ("ec2", "ReplaceNetworkAclEntry", "Egress", false, "ingress"),
];

/// What the names of shell variables end in that have JSON.
pub(super) const JSON: &str = "_json";

/// How often something is asked that is waited for. On a `poll` clock each time brings the next event.
const LOOKS: usize = 60;

/// The script.
///
/// # Errors
/// What has no command.
pub fn of(steps: &[Spanned<Step>], scope: &Scope, account: &str) -> Result<String, Problem> {
    let mut scope = scope.clone();
    let mut names = BTreeMap::new();
    let mut lines = vec!["set -e".to_owned()];
    for step in steps {
        let place = Place::from(step.referenced);
        let step = &step.value;
        if let Some(say) = &step.say {
            lines.extend(say.lines().map(|line| format!("# {line}")));
        }
        if let Some(call) = &step.call {
            call_lines(step, call, &mut scope, &mut names, &mut lines)?;
        } else if let Some(wait) = &step.wait_for {
            lines.push(wait_line(wait, &scope)?);
        } else if let Some(span) = &step.advance {
            let body = format!("{{\"account\": \"{account}\", \"advance\": \"{}\"}}", span.value);
            let url = "\"$AWS_ENDPOINT_URL/_mockplane/clock\"";
            lines.push(format!("curl -fsS -X POST {url} -d {} > /dev/null", bash::quoted(&body)));
        } else {
            return Err(Problem::new(place, "only `call`, `waitFor` and `advance` are commands of a shell"));
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn call_lines(
    step: &Step,
    call: &Spanned<String>,
    scope: &mut Scope,
    names: &mut BTreeMap<String, String>,
    lines: &mut Vec<String>,
) -> Result<(), Problem> {
    let place = Place::from(call.referenced);
    if let Some(wire) = &step.wire {
        return Err(Problem::new(
            wire.referenced,
            "a call with `wire` is no command: the AWS CLI does not send it",
        ));
    }
    let callee = Callee::find(&call.value).map_err(|message| Problem::new(place, message))?;
    let input = step.with.as_ref().map_or(Ok(Value::Object(Map::new())), |with| scope.value(with))?;
    let command = |input: &Value| command(callee, input);
    let captures = step.capture.iter().flat_map(Node::entries);
    let captures: Vec<_> =
        captures.map(|(name, path)| (&name.text, path.text().unwrap_or_default(), path.place)).collect();
    match captures.as_slice() {
        [] => match polled(step, scope)? {
            Some((path, value)) => {
                let asked = command(&input).with("query", path).with("output", "text").line();
                lines.push(until(&asked, &value));
            }
            None => lines.push(format!("{} > /dev/null", command(&input).line())),
        },
        [(name, path, place)] => {
            let path = scope.text(*place, path)?;
            let variable = variable(name, names);
            lines.push(command(&input).into_variable(&variable, &path));
        }
        // A command is run once: what is kept of it comes as words of one line.
        several => {
            let paths: Result<Vec<_>, _> =
                several.iter().map(|(_, path, place)| scope.text(*place, path)).collect();
            let all: Vec<_> = several.iter().map(|(name, ..)| variable(name, names)).collect();
            let asked = command(&input)
                .with("query", format!("[{}]", paths?.join(", ")))
                .with("output", "text")
                .line();
            lines.push(format!("read -r {} <<< \"$({asked})\"", all.join(" ")));
        }
    }
    for (name, ..) in captures {
        let variable = variable(name, names);
        scope.values.insert(name.clone(), bash::variable(&variable).into());
    }
    Ok(())
}

/// What a call is repeated for, if it is for one value.
fn polled(step: &Step, scope: &Scope) -> Result<Option<(String, String)>, Problem> {
    let response = step.expect.as_ref().and_then(|expect| expect.response.as_ref());
    let (Some(_), Some(response)) = (&step.poll, response) else { return Ok(None) };
    let [(path, value)] = response.entries() else { return Ok(None) };
    let text = match scope.value(value)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    Ok(Some((scope.text(path.place, &path.text)?, text)))
}

fn wait_line(wait: &WaitFor, scope: &Scope) -> Result<String, Problem> {
    let place = wait.resource.referenced.into();
    let resource = scope.text(place, &wait.resource.value)?;
    let unknown = || Problem::new(place, format!("`{resource}` is nothing to wait for"));
    let (slug, name) = resource.split_once('/').ok_or_else(unknown)?;
    let kind = ResourceKind::get(slug).ok_or_else(unknown)?;
    let asked = bash::aws(&format!("{} {}", kind.service.name(), dashed(kind.describe)))
        .with(&dashed(kind.name), name)
        .with("query", kind.state)
        .with("output", "text")
        .line();
    Ok(until(&asked, &wait.state.value))
}

/// Asks until the answer is this one.
fn until(asked: &str, answer: &str) -> String {
    let answer = bash::quoted(answer);
    format!("for _ in $(seq {LOOKS}); do [ \"$({asked})\" = {answer} ] && break; sleep 0.2; done")
}

fn variable(name: &str, names: &mut BTreeMap<String, String>) -> String {
    let made = || name.to_uppercase().replace('-', "_");
    names.entry(name.to_owned()).or_insert_with(made).clone()
}

/// The command for a call.
pub(super) fn command(callee: Callee, input: &Value) -> bash::Command {
    let service = if callee.service() == s3::NAME { "s3api" } else { callee.service() };
    let operation = callee.operation();
    let mut command = bash::aws(&format!("{service} {}", dashed(operation)));
    let members = callee.input().map(Shape::members).unwrap_or_default();
    for (name, value) in input.as_object().into_iter().flatten() {
        let option = dashed(name);
        let kind = members.iter().find(|member| member.name == name).map(|member| member.shape.kind());
        command = match value {
            Value::Bool(truth) => {
                let own = OWN_NAMES
                    .iter()
                    .find(|(s, o, m, t, _)| (*s, *o, *m, *t) == (service, operation, name, *truth));
                let flag = own.map(|(.., option)| (*option).to_owned());
                command.flag(&flag.unwrap_or_else(|| if *truth { option } else { format!("no-{option}") }))
            }
            Value::String(text) => command.with(&option, text),
            Value::Array(list)
                if kind == Some(Kind::List) && !list.is_empty() && list.iter().all(Value::is_string) =>
            {
                command.with_all(&option, list.iter().filter_map(Value::as_str))
            }
            other => command.with(&option, with_variables(other)),
        };
    }
    command
}

/// JSON, in which the marks of shell variables are themselves and not escapes, and what is JSON is no text.
pub(super) fn with_variables(value: &Value) -> String {
    let json = value.to_string().replace("\\u0001", "\u{1}").replace("\\u0002", "\u{2}");
    let mut parts = json.split("\"\u{1}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("\u{2}\"") {
            Some((name, rest)) if name.ends_with(JSON) && !name.contains('\u{2}') => {
                out += &format!("\u{1}{name}\u{2}{rest}");
            }
            _ => out += &format!("\"\u{1}{part}"),
        }
    }
    out
}

/// `CreateVpcEndpoint` as the AWS CLI writes it; a run of capitals is one word, and so is one with its `s`: `VPCs`.
fn dashed(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let begins = before.is_some_and(|before| {
            before.is_lowercase()
                || before.is_ascii_digit()
                || after.is_some_and(|after| after.is_lowercase())
        });
        if letter.is_uppercase() && begins {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}
