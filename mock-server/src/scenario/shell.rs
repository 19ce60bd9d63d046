//! A scenario as a script of bash: its calls as commands of the AWS CLI, one after the other.
//!
//! What is captured is a shell variable. A variable has a text, or JSON if what it is captured from is no text; if
//! templates go into what a capture names, each place that they name has a variable of its own.

use super::callee::{Callee, Shape};
use super::export::{self, Script as _, refusal};
use super::file::{Scenario, Step, WaitFor, by_name};
use super::fixture::Wanted;
use super::matcher;
use super::outline::{self, Outline};
use super::problem::{Place, Problem};
use super::resource::ResourceKind;
use super::script;
use super::span::Span;
use super::template::{Part, Scope};
use super::tree::Node;
use crate::aws::client::s3;
use crate::aws::model::Kind;
use crate::jobs::remedy::bash;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use uses::{Uses, told};

const ACCOUNT: &str = "account";
const REGION: &str = "region";
/// The folder of what is sent as the contents of a file.
const FILES: &str = "files";
/// Names that the shell, its functions in the script or the AWS CLI have for themselves.
const TAKEN: &[&str] = &[
    ACCOUNT,
    REGION,
    FILES,
    WRONG,
    "codes",
    "answer",
    "wanted",
    "last",
    "found",
    "end",
    "aws",
    "refused",
    "until_is",
    "nothing_wrong",
    "escaped",
];
/// Ends of what has no character that JSON writes otherwise.
const PLAIN: &[&str] = &["Id", "Ids[0]", "Arn"];
/// What an answer tells of pages.
const OF_PAGES: &[&str] = &["Token", "Truncated", "Marker", "KeyCount"];
/// The member that has bytes.
const BODY: &str = "Body";
/// What is not as the scenario says of an answer.
const WRONG: &str = "wrong";
/// What keys are called, and the variables that the AWS CLI takes them from.
const KEYS: [(&str, &str); 3] = [
    ("AccessKeyId", "AWS_ACCESS_KEY_ID"),
    ("SecretAccessKey", "AWS_SECRET_ACCESS_KEY"),
    ("SessionToken", "AWS_SESSION_TOKEN"),
];

const REFUSED: &str = r#"
refused() {    # codes, and the command that is refused with one of them
    local codes=$1 answer; shift
    if answer=$("$@" 2>&1); then
        echo "it was not refused: $*" >&2; exit 1
    fi
    if [[ $answer =~ "An error occurred ("([^\)]*)")" ]]; then
        if [[ $codes == '*' || " $codes " == *" ${BASH_REMATCH[1]} "* ]]; then return; fi
    fi
    case $answer in
        # What the AWS CLI knows to be wrong it does not send.
        *"Parameter validation failed"* | *"arguments are required"*) ;;
        *) echo "$answer" >&2; exit 1 ;;
    esac
}
"#;
const UNTIL: &str = r#"
until_is() {    # what is wanted, what nothing comes after, and the command that looks
    local wanted=$1 last=$2 found end=$((SECONDS + 300)); shift 2
    while true; do
        found=$("$@") || exit 1
        if [[ $found == "$wanted" ]]; then return; fi
        if [[ " $last " == *" $found "* ]] || ((SECONDS > end)); then
            echo "it is $found, not $wanted: $*" >&2; exit 1
        fi
        sleep 0.2
    done
}
"#;

const NOTHING_WRONG: &str = r#"
nothing_wrong() {    # what is not as it should be
    if [[ -n $1 ]]; then echo "$1" >&2; exit 1; fi
}
"#;
const ESCAPED: &str = r#"
escaped() {    # the name of a variable, whose text is to stand in a text of JSON
    local text=${!1}
    text=${text//\\/\\\\}; text=${text//\"/\\\"}; text=${text//$'\n'/\\n}; text=${text//$'\r'/\\r}
    text=${text//$'\t'/\\t}
    printf %s "${text//\`/\\u0060}"
}
"#;

/// The script.
///
/// # Errors
/// What has no command.
pub fn of(scenario: &Scenario) -> Result<String, Problem> {
    let scope = Scope { vars: scenario.variables(), values: built_in() };
    let plain = [ACCOUNT, REGION, FILES].map(str::to_owned).into();
    let mut script = Script { scope, plain, ..Script::default() };
    script.uses.all_of(&scenario.steps.value, script.scope.vars.values());
    for wanted in &scenario.fixtures {
        wanted.value.with.iter().for_each(|with| script.uses.node(with));
    }
    script.all_of(scenario)?;
    Ok(script.whole(scenario))
}

/// What the script knows from its beginning.
fn built_in() -> BTreeMap<String, Value> {
    [ACCOUNT, REGION].map(|name| (name.to_owned(), bash::variable(name).into())).into()
}

#[derive(Default)]
struct Script {
    scope: Scope,
    uses: Uses,
    /// Every variable.
    taken: BTreeSet<String>,
    /// Those that stand in JSON as they are.
    plain: BTreeSet<String>,
    /// What variables of the fixture that is being made begin with.
    prefix: String,
    body: String,
    files: usize,
}

impl Script {
    fn whole(&self, scenario: &Scenario) -> String {
        let mut out = String::from("#!/usr/bin/env bash\n");
        for line in export::heading(scenario).lines() {
            let _ = writeln!(out, "# {line}");
        }
        out += "#\n# Made by `mockplane export`. AWS_ENDPOINT_URL says where AWS is, AWS_ACCESS_KEY_ID and its kin who calls.\n\
                set -euo pipefail\n";
        let helpers = [
            ("refused ", REFUSED),
            ("until_is ", UNTIL),
            ("nothing_wrong ", NOTHING_WRONG),
            ("(escaped ", ESCAPED),
        ];
        for (word, helper) in helpers {
            out += if self.body.contains(word) { helper } else { "" };
        }
        out.push('\n');
        let uses = |name: &str| self.body.contains(&bash::quoted(&bash::variable(name)));
        match &scenario.settings.region {
            Some(region) => {
                let region = bash::quoted(&region.value);
                let _ = writeln!(
                    out,
                    "{REGION}={region}\nexport AWS_REGION={region} AWS_DEFAULT_REGION={region}"
                );
            }
            None if uses(REGION) => {
                let asked = bash::aws("ec2 describe-availability-zones");
                out += &(asked.into_variable(REGION, "AvailabilityZones[0].RegionName") + "\n");
            }
            None => {}
        }
        if uses(ACCOUNT) {
            out += &(bash::aws("sts get-caller-identity").into_variable(ACCOUNT, "Account") + "\n");
        }
        if self.files > 0 {
            let _ = writeln!(out, "{FILES}=$(mktemp -d)\ntrap 'rm -r \"${FILES}\"' EXIT");
        }
        out + &self.body
    }

    /// The variables that a step's captures become, and the expressions that they are captured with.
    fn captures(&mut self, step: &Step, callee: Callee) -> Result<Vec<(String, String)>, Problem> {
        let answer = callee.output().map_or(Outline::Anything, Outline::Like);
        let mut made = Vec::new();
        for (name, path) in step.capture.iter().flat_map(Node::entries) {
            let whole = self.scope.text(path.place, path.text().unwrap_or_default())?;
            let parts = self.uses.of(&name.text);
            if parts.len() > 1 && parts.contains(&Vec::new()) {
                let message =
                    format!("`{}` is named as a whole and in parts, which a shell cannot keep", name.text);
                return Err(Problem::new(name.place, message));
            }
            let mut value = Value::Null;
            for part in parts {
                let mut expression = whole.clone();
                if !part.is_empty() {
                    let _ = write!(expression, " | {}", told(&part));
                }
                // What a key does not have is no part of it.
                if part == [Part::Member(KEYS[2].0.into())] {
                    expression += " || ''";
                }
                let is_text = outline::is_text(&expression, &answer);
                let variable = self.variable(&name.text, &part, is_text);
                if PLAIN.iter().any(|end| expression.trim_end_matches('"').ends_with(end)) {
                    self.plain.insert(variable.clone());
                }
                put(&mut value, &part, bash::variable(&variable).into());
                let expression = if is_text { expression } else { format!("to_string({expression})") };
                made.push((variable, expression));
            }
            self.scope.values.insert(name.text.clone(), value);
        }
        Ok(made)
    }

    /// The codes that a call may be refused with, with blanks between them, or a star; and words for what else is said of
    /// the refusal.
    fn codes(&self, said: &[(&'static str, &Node)]) -> Result<(String, Vec<String>), Problem> {
        let (mut codes, mut left) = ("*".to_owned(), Vec::new());
        for (name, matcher) in said {
            for (test, operand) in matcher::tests(matcher).into_iter().filter(|_| *name == "code") {
                let value = self.scope.value(operand)?;
                let list = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
                match test {
                    "equals" | "oneOf" => codes = list.iter().map(as_text).collect::<Vec<_>>().join(" "),
                    test => left.push(format!("error `code` {test}")),
                }
            }
            if *name != "code" {
                left.push(format!("error `{name}`"));
            }
        }
        Ok((codes, left))
    }

    /// What is not as a step says of an answer, as an expression: a text that is empty if all is; and words for what
    /// no expression can say.
    fn wrong(
        &self,
        said: export::Said<'_>,
        answers_bytes: bool,
    ) -> Result<(Option<String>, Vec<String>), Problem> {
        let (mut parts, mut left) = (Vec::new(), said.left);
        for (path, matcher) in said.looked_at {
            // The body goes to a file.
            if answers_bytes && path == BODY {
                left.push(format!("response `{path}`"));
                continue;
            }
            let asked = self.scope.text(matcher.place, &path)?;
            for (test, operand) in matcher::tests(matcher) {
                let value = self.quoted_for_json(self.scope.value(operand)?);
                match holds(test, &asked, &value) {
                    Some(holds) => {
                        let wanted = Value::from(operand.kind.clone());
                        let told = literal(&format!("{path}: expected {test} {wanted}, got ").into());
                        parts.push(format!(
                            "!({holds}) && join('', [{told}, to_string({asked}), '; ']) || ''"
                        ));
                    }
                    None => left.push(format!("`{path}` {test}")),
                }
            }
        }
        Ok(((!parts.is_empty()).then(|| format!("join('', [{}])", parts.join(", "))), left))
    }

    /// Shell variables in the texts of a value that becomes JSON, as they stand in JSON.
    fn quoted_for_json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => bash::renamed(&text, |name| {
                let is_plain = self.plain.contains(name) || name.ends_with(script::JSON);
                if is_plain { name.to_owned() } else { format!("(escaped {name})") }
            })
            .into(),
            Value::Array(list) => list.into_iter().map(|one| self.quoted_for_json(one)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(key, one)| (key, self.quoted_for_json(one))).collect()
            }
            plain => plain,
        }
    }

    /// The command, what is said of its answer, and what is kept of it. It is made once.
    fn answered(
        &mut self,
        step: &Step,
        callee: Callee,
        secondary: Option<&str>,
        caller: &str,
        command: impl Fn() -> bash::Command,
    ) -> Result<(), Problem> {
        let bytes = export::answers_bytes(callee);
        let end = if bytes { " /dev/null" } else { "" };
        let said = export::said(step, callee, secondary);
        // The AWS CLI makes one answer of all pages, and tells nothing of them.
        let pages = said.looked_at.iter().any(|(path, _)| OF_PAGES.iter().any(|word| path.contains(word)));
        let command = || if pages { command().flag("no-paginate") } else { command() };
        let (wrong, left) = self.wrong(said, bytes)?;
        let mut captures = self.captures(step, callee)?;
        let looks = wrong.is_some();
        captures.extend(wrong.map(|wrong| (WRONG.to_owned(), wrong)));
        let asked = |query: &str| {
            format!("$({caller}{}{end})", command().with("query", query).with("output", "text").line())
        };
        match captures.as_slice() {
            [] => {
                let line = format!("{caller}{}{end} > /dev/null", command().line());
                self.line(&line);
            }
            [(variable, path)] => self.line(&format!("{variable}={}", asked(path))),
            // Parted by what no text has, as texts have spaces and lines.
            several => {
                let text = |path: &String| {
                    let is_text = ["to_string(", "join("].iter().any(|made| path.starts_with(made));
                    if is_text { path.clone() } else { format!("to_string({path})") }
                };
                let paths: Vec<_> = several.iter().map(|(_, path)| text(path)).collect();
                let variables: Vec<_> = several.iter().map(|(variable, _)| &**variable).collect();
                let answer = asked(&format!("join(`\"\\u001f\"`, [{}])", paths.join(", ")));
                self.line(&format!("answer={answer}"));
                self.line(&format!(
                    "IFS=$'\\x1f' read -r -d '' {} _ <<< \"$answer\"$'\\x1f' || true",
                    variables.join(" ")
                ));
            }
        }
        if looks {
            self.line(&format!("nothing_wrong \"${WRONG}\""));
        }
        self.not_looked_at(&left);
        Ok(())
    }

    fn variable(&mut self, name: &str, part: &[Part], is_text: bool) -> String {
        let words = part.iter().map(|part| match part {
            Part::Member(member) => format!("_{}", member.to_lowercase()),
            Part::Element(index) => format!("_{index}"),
        });
        // Those in capitals are the environment's.
        let own = format!("{}{name}{}", self.prefix, words.collect::<String>()).to_lowercase();
        // Of a text the ending would make JSON.
        let ending = if is_text { "" } else { script::JSON };
        let is_taken = |variable: &str| {
            TAKEN.contains(&variable)
                || self.taken.contains(&format!("{variable}{ending}"))
                || (is_text && variable.ends_with(script::JSON))
        };
        let variable = export::variable(&own, is_taken) + ending;
        self.taken.insert(variable.clone());
        variable
    }

    /// Whose a call is, as the settings that stand before a command.
    fn keys(&self, caller: &Node) -> Result<String, Problem> {
        let keys = self.scope.value(caller)?;
        let mut settings = String::new();
        for (member, variable) in KEYS {
            let without = if member == KEYS[2].0 { "" } else { "none" };
            let value = keys.get(member).and_then(Value::as_str).unwrap_or(without);
            let _ = write!(settings, "{variable}={} ", bash::quoted(value));
        }
        Ok(settings)
    }

    /// The input, with files in place of bytes.
    fn with_files(&mut self, callee: Callee, input: Value, place: Place) -> Result<Value, Problem> {
        let Value::Object(mut input) = input else { return Ok(input) };
        input.retain(|_, value| !value.is_null());
        let members = callee.input().map(Shape::members).unwrap_or_default();
        for member in members.iter().filter(|member| member.shape.kind() == Kind::Blob) {
            let Some(value) = input.get_mut(member.name) else { continue };
            let is_s3 = callee.service() == s3::NAME;
            let none = || Problem::new(place, format!("`{}` cannot be written to a file", member.name));
            let text = |value: &Value| value.as_str().map(bash::quoted);
            let made = match &*value {
                Value::Object(given) => match (given.get("size"), given.get("text")) {
                    (Some(size), _) => {
                        format!("head -c {} /dev/zero | tr '\\0' 0", bash::quoted(&as_text(size)))
                    }
                    (None, Some(given)) => format!("printf %s {}", text(given).ok_or_else(none)?),
                    _ => return Err(none()),
                },
                given if is_s3 => format!("printf %s {}", text(given).ok_or_else(none)?),
                given => format!("base64 -d <<< {}", text(given).ok_or_else(none)?),
            };
            self.files += 1;
            let number = self.files;
            self.line(&format!("{made} > \"${FILES}/{number}\""));
            // S3's commands take the name of a file, others what is written in place of a value.
            let prefix = if is_s3 { "" } else { "fileb://" };
            *value = format!("{prefix}{}/{number}", bash::variable(FILES)).into();
        }
        Ok(input.into())
    }
}

impl export::Script for Script {
    fn body(&mut self) -> &mut String {
        &mut self.body
    }

    /// What it puts out is known when it is made.
    fn fixture(&mut self, wanted: &Wanted) -> Result<(), Problem> {
        let name = &wanted.r#as.value;
        let (found, inside) = export::found(wanted)?;
        let fixture = &found.fixture;
        let mut vars = by_name(fixture.vars.as_ref());
        for (key, node) in wanted.with.iter().flat_map(Node::entries) {
            vars.insert(key.text.clone(), Node::plain(node.place, self.scope.value(node)?));
        }
        let mut uses = Uses::default();
        uses.all_of(&fixture.steps.value, vars.values().chain(&fixture.outputs));
        let scope = std::mem::replace(&mut self.scope, Scope { vars, values: built_in() });
        let uses = std::mem::replace(&mut self.uses, uses);
        self.prefix = format!("{name}_");
        self.line(&export::comment(fixture));
        self.steps(&fixture.steps.value).map_err(&inside)?;
        let outputs = fixture.outputs.as_ref().map(|outputs| self.scope.value(outputs)).transpose();
        let outputs = outputs.map_err(&inside)?.unwrap_or_default();
        self.prefix.clear();
        (self.scope, self.uses) = (scope, uses);
        self.scope.values.insert(name.clone(), outputs);
        Ok(())
    }

    fn call(&mut self, step: &Step, callee: Callee, place: Place) -> Result<(), Problem> {
        if callee.operation().ends_with("WithResponseStream") {
            return Err(Problem::new(place, "the AWS CLI has no command for an answer that is streamed"));
        }
        let caller = step.caller.as_ref().map(|caller| self.keys(caller)).transpose()?.unwrap_or_default();
        let input =
            step.with.as_ref().map_or(Ok(Value::Object(Map::new())), |with| self.scope.value(with))?;
        let mut input = self.with_files(callee, input, place)?;
        // What is a structure is written as JSON.
        for value in input.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let is_words = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
            if !is_words && !value.is_string() {
                *value = self.quoted_for_json(value.take());
            }
        }
        // The file of an answer is the command's last word.
        let bytes = export::answers_bytes(callee);
        let end = if bytes { " /dev/null" } else { "" };
        let command = || script::command(callee, &input);
        let alone = format!("{}{end}", command().line());
        let polled = export::polled(step, place)?;
        if let Some((expect, said)) = step.expect.as_ref().and_then(|expect| Some((expect, refusal(expect)?)))
        {
            let (codes, mut left) = self.codes(&said)?;
            left.extend(export::causes(expect));
            self.line(&format!("{caller}refused {} {alone}", bash::quoted(&codes)));
            self.not_looked_at(&left);
            return Ok(());
        }
        if let Some((path, wanted)) = polled {
            let wanted = match self.scope.value(wanted)? {
                Value::Object(_) | Value::Array(_) => {
                    return Err(Problem::new(wanted.place, "a `poll` with a matcher cannot be exported"));
                }
                wanted => as_text(&wanted),
            };
            let path = self.scope.text(path.place, &path.text)?;
            let look = command().with("query", path).with("output", "text").line();
            self.line(&format!("{caller}until_is {} '' {look}{end}", bash::quoted(&wanted)));
        }
        if polled.is_some() && step.capture.is_none() {
            return Ok(());
        }
        self.answered(step, callee, None, &caller, command)
    }

    fn wait(&mut self, wait: &WaitFor, step: &Step) -> Result<(), Problem> {
        let place: Place = wait.resource.referenced.into();
        let resource = self.scope.text(place, &wait.resource.value)?;
        let unknown = || Problem::new(place, format!("`{resource}` is nothing to wait for"));
        let (slug, name) = resource.split_once('/').ok_or_else(unknown)?;
        let kind = ResourceKind::get(slug).ok_or_else(unknown)?;
        let callee = Callee::find(&format!("{}.{}", kind.service.name(), kind.describe));
        let callee = callee.map_err(|message| Problem::new(place, message))?;
        let input = serde_json::json!({ kind.name: name });
        let wanted = self.scope.text(wait.state.referenced.into(), &wait.state.value)?;
        let look = script::command(callee, &input).with("query", kind.state).with("output", "text").line();
        let (wanted, last) = (bash::quoted(&wanted), bash::quoted(&kind.last.join(" ")));
        self.line(&format!("until_is {wanted} {last} {look}"));
        if step.capture.is_none() && step.expect.is_none() {
            return Ok(());
        }
        self.answered(step, callee, kind.secondary, "", || script::command(callee, &input))
    }

    fn advance(&mut self, span: Span) {
        let body = format!("{{\"account\": \"{}\", \"advance\": \"{span}\"}}", bash::variable(ACCOUNT));
        let body = bash::quoted(&body);
        self.line("# The account's time: only Mockplane moves it.");
        self.line(&format!("curl -fsS -d {body} \"$AWS_ENDPOINT_URL/_mockplane/clock\" > /dev/null"));
    }
}

/// Whether a test of a matcher holds, as an expression of JMESPath; `None`: there is no such expression.
fn holds(test: &str, asked: &str, value: &Value) -> Option<String> {
    let wanted = literal(value);
    Some(match test {
        "equals" => format!("({asked}) == {wanted}"),
        "contains" => format!("contains(({asked}) || `[]`, {wanted})"),
        "oneOf" => format!("contains({wanted}, {asked})"),
        "gte" => format!("({asked}) >= {wanted}"),
        "lte" => format!("({asked}) <= {wanted}"),
        "exists" => format!("(({asked}) != `null`) == {wanted}"),
        "length" => format!("({asked}) != `null` && length(({asked}) || `[]`) == {wanted}"),
        _ => return None,
    })
}

/// A value in an expression of JMESPath.
fn literal(value: &Value) -> String {
    format!("`{}`", script::with_variables(value).replace('`', "\\`"))
}

/// Puts something into a value, at the end of a way.
fn put(value: &mut Value, path: &[Part], what: Value) {
    let mut at = value;
    for part in path {
        match part {
            Part::Member(member) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at = &mut at[member.as_str()];
            }
            Part::Element(index) => {
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                if let Some(list) = at.as_array_mut()
                    && list.len() <= *index
                {
                    list.resize(index + 1, Value::Null);
                }
                at = &mut at[*index];
            }
        }
    }
    *at = what;
}

/// A plain value as the AWS CLI prints it as text.
fn as_text(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
mod uses;
