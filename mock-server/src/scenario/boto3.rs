//! A scenario as a Python script: its calls as boto3 makes them, one after the other.

use super::callee::{Callee, Shape};
use super::export::{self, Script as _, refusal};
use super::file::{self, Scenario, Step, WaitFor};
use super::fixture::Wanted;
use super::problem::{Place, Problem};
use super::resource::ResourceKind;
use super::span::Span;
use super::template::{MERGE, Name, Part, Piece, pieces};
use super::tree::{Kind, Node};
use crate::aws::client::s3;
use crate::aws::model;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Nothing, as Python writes it.
const NOTHING: &str = "None";
/// Longer calls have a line for each member.
const WIDTH: usize = 110;
/// Names that the script has for itself, and words of Python that could be names.
const TAKEN: &[&str] = &[
    "AssertionError",
    "ClientError",
    "False",
    "None",
    "ParamValidationError",
    "True",
    "all",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "base64",
    "boto3",
    "break",
    "class",
    "continue",
    "datetime",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "isinstance",
    "iter",
    "jmespath",
    "json",
    "lambda",
    "len",
    "list",
    "nonlocal",
    "not",
    "or",
    "os",
    "pass",
    "raise",
    "re",
    "return",
    "str",
    "time",
    "try",
    "urllib",
    "while",
    "with",
    "yield",
];

const AS: &str = r#"

def _as(service, keys):
    """A client of whoever has these keys."""
    return boto3.client(
        service, region_name=region, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys.get("SecretAccessKey", "none"), aws_session_token=keys.get("SessionToken"))
"#;
const REFUSED: &str = r#"

def _refused(call, code=None, message=None, status=None, **request):
    try:
        call(**request)
    except ClientError as error:
        answer = error.response
        for path, wanted in ("Error.Code", code), ("Error.Message", message), ("ResponseMetadata.HTTPStatusCode", status):
            if wanted is not None:
                _check(answer, path, **(wanted if isinstance(wanted, dict) else {"equals": wanted}))
    except ParamValidationError:
        pass  # boto3 knows that it is wrong, and does not send it
    else:
        raise AssertionError("it was not refused")
"#;
const UNTIL: &str = r#"

def _until(look, path, wanted, last=(), seconds=300):
    """Looks until there is what is wanted; what was seen last."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        found = jmespath.search(path, answer)
        if found == wanted:
            return answer
        if found in last or time.monotonic() > deadline:
            raise AssertionError(f"{path} is {found}, not {wanted}: {answer}")
        time.sleep(0.1)
"#;
const CHECK: &str = r#"

def _check(answer, path, **tests):
    """What is said of an answer holds."""
    found = jmespath.search(path, answer)
    if isinstance(found, datetime.datetime):
        found = found.astimezone(datetime.timezone.utc).isoformat()
    holds = {
        "equals": lambda wanted: found == wanted,
        "contains": lambda wanted: wanted in (found or ()),
        "matches": lambda wanted: isinstance(found, str) and re.search(wanted, found),
        "oneOf": lambda wanted: found in wanted,
        "gte": lambda wanted: found is not None and found >= wanted,
        "lte": lambda wanted: found is not None and found <= wanted,
        "exists": lambda wanted: (found is not None) == wanted,
        "length": lambda wanted: found is not None and len(found) == wanted,
        "sequence": lambda wanted, rest=iter(found if isinstance(found, list) else ()): all(one in rest for one in wanted),
    }
    for test, wanted in tests.items():
        assert holds[test](wanted), f"{path}: expected {test} {wanted!r}, got {found!r}"
"#;
const ADVANCE: &str = r#"

def _advance(span):
    """Moves the account's time: only Mockplane does that."""
    urllib.request.urlopen(
        os.environ["AWS_ENDPOINT_URL"] + "/_mockplane/clock",
        json.dumps({"account": account, "advance": span}).encode()).close()
"#;

/// The script.
///
/// # Errors
/// What is no call.
pub fn of(scenario: &Scenario) -> Result<String, Problem> {
    let vars = scenario.variables().into_iter().map(|(name, node)| (name, Var::Node(node))).collect();
    let mut script = Script { vars, names: built_in(), ..Script::default() };
    script.all_of(scenario)?;
    Ok(script.whole(scenario))
}

/// What the script knows from its beginning.
fn built_in() -> BTreeMap<String, String> {
    ["account", "region"].map(|name| (name.to_owned(), name.to_owned())).into()
}

/// What a variable stands for.
enum Var {
    Node(Node),
    /// What a fixture is given, by whoever gives it.
    Expression(String),
}

#[derive(Default)]
struct Script {
    vars: BTreeMap<String, Var>,
    /// What has a name in the scenario, or in the fixture that is being made, and its name in the script.
    names: BTreeMap<String, String>,
    /// Every name in the script.
    taken: BTreeSet<String>,
    /// What names of the fixture that is being made begin with.
    prefix: String,
    body: String,
    /// Variables of clients, and their services.
    clients: BTreeMap<String, &'static str>,
    r#as: bool,
    refused: bool,
    until: bool,
    check: bool,
    advance: bool,
}

impl Script {
    fn whole(&self, scenario: &Scenario) -> String {
        let head = export::heading(scenario).replace('\\', "\\\\").replace('"', "'");
        let mut out = format!(
            "\"\"\"{head}\n\nMade by `mockplane export`. AWS_ENDPOINT_URL says where AWS is, AWS_ACCESS_KEY_ID and its kin who \
             calls.\n\"\"\"\n\n"
        );
        let modules = [
            (self.body.contains("base64."), "base64"),
            (self.check, "datetime"),
            (self.advance, "json"),
            (self.advance, "os"),
            (self.check, "re"),
            (self.until, "time"),
            (self.advance, "urllib.request"),
        ];
        let modules: Vec<_> = modules.into_iter().filter(|(used, _)| *used).collect();
        modules.iter().for_each(|(_, module)| out += &format!("import {module}\n"));
        out += if modules.is_empty() { "import boto3\n" } else { "\nimport boto3\n" };
        if self.until || self.check || self.body.contains("jmespath.") {
            out += "import jmespath\n";
        }
        if self.refused {
            out += "from botocore.exceptions import ClientError, ParamValidationError\n";
        }
        let helpers = [
            (self.r#as, AS),
            (self.refused, REFUSED),
            (self.until, UNTIL),
            (self.check, CHECK),
            (self.advance, ADVANCE),
        ];
        helpers.into_iter().filter(|(used, _)| *used).for_each(|(_, helper)| out += helper);
        if helpers.iter().any(|(used, _)| *used) {
            out.push('\n');
        }
        let region = scenario.settings.region.as_ref();
        let region = region.map(|region| format!("region_name={}", literal(&region.value.clone().into())));
        let _ = write!(
            out,
            "\n_session = boto3.Session({})\nregion = _session.region_name\n\
             account = _session.client(\"sts\").get_caller_identity()[\"Account\"]\n",
            region.unwrap_or_default()
        );
        for (variable, service) in &self.clients {
            let _ = writeln!(out, "{variable} = _session.client({})", literal(&(*service).into()));
        }
        out + &self.body
    }

    /// The line, what is said of its answer, and what is kept of it.
    fn captured(
        &mut self,
        step: &Step,
        callee: Callee,
        secondary: Option<&str>,
        line: String,
    ) -> Result<(), Problem> {
        let captures = step.capture.as_ref().map(Node::entries).unwrap_or_default();
        let said = export::said(step, callee, secondary);
        let answer = if captures.is_empty() && said.looked_at.is_empty() { "" } else { "_answer = " };
        let _ = writeln!(self.body, "{answer}{line}");
        if !answer.is_empty() && export::answers_bytes(callee) {
            self.line("_answer[\"Body\"] = _answer[\"Body\"].read().decode()");
        }
        for (path, matcher) in said.looked_at {
            self.check = true;
            let tests: Result<Vec<_>, _> = super::matcher::tests(matcher)
                .into_iter()
                .map(|(test, operand)| Ok(format!("{test}={}", self.value(operand, 0)?)))
                .collect();
            let path = self.text(matcher.place, &path, 0)?;
            self.line(&laid_out("_check", ["_answer".to_owned(), path].into_iter().chain(tests?)));
        }
        self.not_looked_at(&said.left);
        for (name, path) in captures {
            let path = self.text(path.place, path.text().unwrap_or_default(), 0)?;
            let variable = self.variable(&name.text);
            let _ = writeln!(self.body, "{variable} = jmespath.search({path}, _answer)");
            self.names.insert(name.text.clone(), variable);
        }
        Ok(())
    }

    /// What a name is called in the script.
    fn variable(&mut self, name: &str) -> String {
        let is_taken = |variable: &str| {
            TAKEN.contains(&variable)
                || ["account", "region"].contains(&variable)
                || self.taken.contains(variable)
        };
        let variable = export::variable(&format!("{}{name}", self.prefix), is_taken);
        self.taken.insert(variable.clone());
        variable
    }

    /// The method of a client, as boto3 calls it.
    fn method(&mut self, callee: Callee) -> String {
        let service = callee.service();
        let variable = format!("_{}", service.replace('-', "_"));
        let method = format!("{variable}.{}", snake(callee.operation()));
        self.clients.insert(variable, service);
        method
    }

    /// The input of a call, as arguments.
    fn arguments(&self, callee: Callee, input: &Node) -> Result<Vec<String>, Problem> {
        let plain = |(key, _): &(super::tree::Key, Node)| key.text != MERGE && !key.text.contains("${");
        let members = callee.input().map(Shape::members).unwrap_or_default();
        let is_blob = |name: &str| {
            members.iter().any(|member| member.name == name && member.shape.kind() == model::Kind::Blob)
        };
        match &input.kind {
            Kind::Map(entries) if entries.iter().all(plain) => {
                let mut arguments = Vec::new();
                for (key, node) in entries {
                    let value =
                        if is_blob(&key.text) { self.blob(callee, node)? } else { self.value(node, 0)? };
                    // What is nothing is not given.
                    if value != NOTHING {
                        arguments.push(format!("{}={value}", key.text));
                    }
                }
                Ok(arguments)
            }
            _ => Ok(vec![format!("**{}", self.value(input, 0)?)]),
        }
    }

    /// Bytes: S3's are a text, those of other services base64, and those of both are told as text or zeros.
    fn blob(&self, callee: Callee, node: &Node) -> Result<String, Problem> {
        if let Some(size) = node.get("size") {
            return Ok(format!("b\"0\" * {}", self.value(size, 0)?));
        }
        match node.get("text") {
            Some(text) => self.value(text, 0),
            None if callee.service() == s3::NAME => self.value(node, 0),
            None => Ok(format!("base64.b64decode({})", self.value(node, 0)?)),
        }
    }

    /// A value as an expression.
    fn value(&self, node: &Node, depth: usize) -> Result<String, Problem> {
        let inner = |node: &Node| self.value(node, depth);
        Ok(match &node.kind {
            Kind::Text(text) => self.text(node.place, text, depth)?,
            Kind::List(nodes) => {
                format!("[{}]", nodes.iter().map(inner).collect::<Result<Vec<_>, _>>()?.join(", "))
            }
            Kind::Map(entries) => {
                // The last that has a key wins: what is laid under comes first.
                let (bases, own): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| key.text == MERGE);
                let mut all = Vec::new();
                for (_, base) in bases {
                    match &base.kind {
                        Kind::List(bases) => {
                            for base in bases {
                                all.push(format!("**{}", inner(base)?));
                            }
                        }
                        _ => all.push(format!("**{}", inner(base)?)),
                    }
                }
                for (key, node) in own {
                    let value = inner(node)?;
                    if value != NOTHING {
                        all.push(format!("{}: {value}", literal(&key.text.clone().into())));
                    }
                }
                format!("{{{}}}", all.join(", "))
            }
            plain => literal(&plain.clone().into()),
        })
    }

    /// A text, whose templates are expressions.
    fn text(&self, place: Place, text: &str, depth: usize) -> Result<String, Problem> {
        let pieces = pieces(text).map_err(|message| Problem::new(place, message))?;
        if let [Piece::Name(name)] = &pieces[..] {
            return self.named(place, name, depth);
        }
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(literal(&text.into())),
            Piece::Name(name) => Ok(format!("str({})", self.named(place, &name, depth)?)),
        });
        Ok(parts.collect::<Result<Vec<_>, Problem>>()?.join(" + "))
    }

    fn named(&self, place: Place, name: &Name, depth: usize) -> Result<String, Problem> {
        const DEEPEST: usize = 16;
        let (mut value, path) = match name.variable() {
            Some(variable) => {
                let unknown = || Problem::new(place, format!("no variable `{variable}`"));
                let value = match self.vars.get(&*variable).filter(|_| depth < DEEPEST).ok_or_else(unknown)? {
                    Var::Node(node) => self.value(node, depth + 1)?,
                    Var::Expression(expression) => expression.clone(),
                };
                // Parts of a text that is put together are one value.
                let joined = value.starts_with(['"', 's']) && value.contains(" + ");
                (if joined { format!("({value})") } else { value }, &name.path[1..])
            }
            None => {
                let known = self.names.get(&name.root);
                let message =
                    || format!("`{}` is nothing that a call answered, so it cannot be exported", name.root);
                (known.ok_or_else(|| Problem::new(place, message()))?.clone(), &name.path[..])
            }
        };
        for part in path {
            match part {
                Part::Member(member) => value += &format!("[{}]", literal(&member.clone().into())),
                Part::Element(index) => value += &format!("[{index}]"),
            }
        }
        Ok(value)
    }
}

impl export::Script for Script {
    fn body(&mut self) -> &mut String {
        &mut self.body
    }

    fn fixture(&mut self, wanted: &Wanted) -> Result<(), Problem> {
        let name = &wanted.r#as.value;
        let (found, inside) = export::found(wanted)?;
        let fixture = &found.fixture;
        let mut vars: BTreeMap<_, _> = file::by_name(fixture.vars.as_ref())
            .into_iter()
            .map(|(name, node)| (name, Var::Node(node)))
            .collect();
        for (key, node) in wanted.with.iter().flat_map(Node::entries) {
            vars.insert(key.text.clone(), Var::Expression(self.value(node, 0)?));
        }
        let variable = self.variable(name);
        let vars = std::mem::replace(&mut self.vars, vars);
        let names = std::mem::replace(&mut self.names, built_in());
        self.prefix = format!("{variable}_");
        self.body += &export::comment(fixture);
        self.steps(&fixture.steps.value).map_err(&inside)?;
        let outputs = fixture.outputs.as_ref().map(Node::entries).unwrap_or_default();
        self.line(&format!("{variable} = {{"));
        for (key, node) in outputs {
            let output = self.value(node, 0).map_err(&inside)?;
            self.line(&format!("    {}: {output},", literal(&key.text.clone().into())));
        }
        self.line("}");
        self.prefix.clear();
        (self.vars, self.names) = (vars, names);
        self.names.insert(name.clone(), variable);
        Ok(())
    }

    fn call(&mut self, step: &Step, callee: Callee, place: Place) -> Result<(), Problem> {
        let method = match &step.caller {
            None => self.method(callee),
            Some(caller) => {
                self.r#as = true;
                let service = literal(&callee.service().into());
                format!("_as({service}, {}).{}", self.value(caller, 0)?, snake(callee.operation()))
            }
        };
        let request = match &step.with {
            None => Vec::new(),
            Some(node) => self.arguments(callee, node)?,
        };
        let polled = export::polled(step, place)?;
        if let Some((expect, said)) = step.expect.as_ref().and_then(|expect| Some((expect, refusal(expect)?)))
        {
            (self.refused, self.check) = (true, self.check || !said.is_empty());
            let said =
                said.into_iter().map(|(name, matcher)| Ok(format!("{name}={}", self.value(matcher, 0)?)));
            let said = said.collect::<Result<Vec<_>, Problem>>()?;
            self.line(&laid_out("_refused", [method].into_iter().chain(said).chain(request)));
            self.not_looked_at(&export::causes(expect).collect::<Vec<_>>());
            return Ok(());
        }
        let mut line = laid_out(&method, request.into_iter());
        if let Some((path, wanted)) = polled {
            if matches!(wanted.kind, Kind::Map(_) | Kind::List(_)) {
                return Err(Problem::new(wanted.place, "a `poll` with a matcher cannot be exported"));
            }
            self.until = true;
            let (path, wanted) = (self.text(path.place, &path.text, 0)?, self.value(wanted, 0)?);
            line = format!("_until(lambda: {line}, {path}, {wanted})");
        }
        self.captured(step, callee, None, line)
    }

    fn wait(&mut self, wait: &WaitFor, step: &Step) -> Result<(), Problem> {
        let place: Place = wait.resource.referenced.into();
        let unknown = || Problem::new(place, format!("`{}` is nothing to wait for", wait.resource.value));
        let (slug, name) = wait.resource.value.split_once('/').ok_or_else(unknown)?;
        let kind = ResourceKind::get(slug).ok_or_else(unknown)?;
        let callee = Callee::find(&format!("{}.{}", kind.service.name(), kind.describe));
        let callee = callee.map_err(|message| Problem::new(place, message))?;
        let method = self.method(callee);
        let name = self.text(place, name, 0)?;
        self.until = true;
        let look = format!("lambda: {method}({}={name})", kind.name);
        let last: Vec<_> = kind.last.iter().map(|state| format!("\"{state}\"")).collect();
        let wanted = self.text(wait.state.referenced.into(), &wait.state.value, 0)?;
        let more = [look, format!("\"{}\"", kind.state), wanted, format!("last=[{}]", last.join(", "))];
        let line = laid_out("_until", more.into_iter());
        self.captured(step, callee, kind.secondary, line)
    }

    fn advance(&mut self, span: Span) {
        self.advance = true;
        self.line(&format!("_advance(\"{span}\")"));
    }
}

/// A call on one line, or with a line for each argument.
fn laid_out(function: &str, arguments: impl Iterator<Item = String>) -> String {
    let arguments: Vec<_> = arguments.collect();
    let line = format!("{function}({})", arguments.join(", "));
    if line.chars().count() <= WIDTH {
        return line;
    }
    format!("{function}(\n    {})", arguments.join(",\n    "))
}

/// A plain value as Python writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        // Texts and numbers of JSON are Python's too.
        other => other.to_string(),
    }
}

/// `CreateVpcEndpoint` as boto3 writes it; a run of capitals is one word.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let begins = before.is_some_and(|before| {
            before.is_lowercase()
                || before.is_ascii_digit()
                || letters.get(at + 1).is_some_and(|after| after.is_lowercase())
        });
        if letter.is_uppercase() && begins {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests;
