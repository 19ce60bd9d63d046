//! A scenario as a Python script: its calls as boto3 makes them, one after the other.
//!
//! What can be seen from outside is written down: calls, waits, refusals with their codes, what is captured. What only a
//! control plane can be told is not, and a scenario that depends on it is not exported.

use super::callee::Callee;
use super::file::{Expect, Scenario, Step, WaitFor};
use super::problem::{Place, Problem};
use super::resource::ResourceKind;
use super::template::{MERGE, Name, Part, Piece, pieces};
use super::tree::{Kind, Node};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Longer calls have a line for each member.
const WIDTH: usize = 110;
/// Names that the script has for itself, and words of Python that could be names.
const TAKEN: &[&str] = &[
    "ClientError",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "boto3",
    "break",
    "class",
    "continue",
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
    "jmespath",
    "json",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "os",
    "pass",
    "raise",
    "return",
    "str",
    "time",
    "try",
    "urllib",
    "while",
    "with",
    "yield",
];

const REFUSED: &str = r#"

def _refused(call, code=None, **request):
    try:
        call(**request)
    except ClientError as error:
        assert code in (None, error.response["Error"]["Code"]), error
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
    let settings = &scenario.settings;
    let told = [
        (!scenario.behaviours.is_empty(), "behaviours"),
        (!scenario.faults.is_empty(), "faults"),
        (!settings.rules.is_empty(), "settings.rules"),
        (!settings.not_offered.is_empty(), "settings.notOffered"),
        (!settings.capacity.is_empty(), "settings.capacity"),
        (!settings.quotas.is_empty(), "settings.quotas"),
    ];
    if let Some((_, what)) = told.into_iter().find(|(is, _)| *is) {
        let message = format!("`{what}` can be told to a control plane, and not by calls");
        return Err(Problem::new(scenario.metadata.name.referenced, message));
    }
    let vars = scenario.vars.iter().flat_map(Node::entries);
    let mut script = Script {
        vars: vars.map(|(key, node)| (key.text.clone(), node)).collect(),
        names: ["account", "region"].map(|name| (name.to_owned(), name.to_owned())).into(),
        ..Script::default()
    };
    for step in &scenario.steps.value {
        script.step(&step.value, step.referenced.into())?;
    }
    Ok(script.whole(scenario))
}

#[derive(Default)]
struct Script<'a> {
    vars: BTreeMap<String, &'a Node>,
    /// What has a name in the scenario, and its name in the script.
    names: BTreeMap<String, String>,
    body: String,
    /// Variables of clients, and their services.
    clients: BTreeMap<String, &'static str>,
    refused: bool,
    until: bool,
    advance: bool,
}

impl<'a> Script<'a> {
    fn whole(&self, scenario: &Scenario) -> String {
        let name = &scenario.metadata.name.value;
        let title = scenario.metadata.title.as_ref().map(|title| format!(": {title}")).unwrap_or_default();
        let head = format!("{name}{title}").replace('\\', "\\\\").replace('"', "'");
        let mut out = format!(
            "\"\"\"{head}\n\nMade by `mockplane export`. AWS_ENDPOINT_URL says where AWS is, AWS_ACCESS_KEY_ID and its kin who \
             calls.\n\"\"\"\n\n"
        );
        let modules = [
            (self.advance, "json"),
            (self.advance, "os"),
            (self.until, "time"),
            (self.advance, "urllib.request"),
        ];
        let modules: Vec<_> = modules.into_iter().filter(|(used, _)| *used).collect();
        modules.iter().for_each(|(_, module)| out += &format!("import {module}\n"));
        out += if modules.is_empty() { "import boto3\n" } else { "\nimport boto3\n" };
        if self.until || self.body.contains("jmespath.") {
            out += "import jmespath\n";
        }
        if self.refused {
            out += "from botocore.exceptions import ClientError\n";
        }
        let helpers = [(self.refused, REFUSED), (self.until, UNTIL), (self.advance, ADVANCE)];
        helpers.into_iter().filter(|(used, _)| *used).for_each(|(_, helper)| out += helper);
        if self.refused || self.until || self.advance {
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

    fn step(&mut self, step: &'a Step, place: Place) -> Result<(), Problem> {
        self.body.push('\n');
        for line in step.say.iter().flat_map(|say| say.lines()) {
            let _ = writeln!(self.body, "# {line}");
        }
        if let Some(call) = &step.call {
            let place = call.referenced.into();
            let callee = Callee::find(&call.value).map_err(|message| Problem::new(place, message))?;
            return self.call(step, callee, place);
        }
        if let Some(wait) = &step.wait_for {
            return self.wait(wait, step);
        }
        if let Some(span) = &step.advance {
            self.advance = true;
            let _ = writeln!(self.body, "_advance(\"{}\")", span.value);
            return Ok(());
        }
        Err(Problem::new(place, "only `call`, `waitFor` and `advance` can be exported"))
    }

    fn call(&mut self, step: &'a Step, callee: Callee, place: Place) -> Result<(), Problem> {
        if let Some(wire) = &step.wire {
            return Err(Problem::new(
                wire.referenced,
                "a call with `wire` cannot be exported: no SDK sends it",
            ));
        }
        let method = self.method(callee);
        let request = match &step.with {
            None => Vec::new(),
            Some(node) => self.arguments(node)?,
        };
        let expect = step.expect.as_ref();
        if let Some(code) = expect.and_then(refusal) {
            self.refused = true;
            let code = code.and_then(Node::text).map(|code| self.text(place, code, 0)).transpose()?;
            let code = code.map(|code| format!("code={code}"));
            let line = laid_out("_refused", [Some(method), code].into_iter().flatten().chain(request));
            self.body += &(line + "\n");
            return Ok(());
        }
        if expect.is_some_and(|expect| expect.lost.is_some()) {
            return Err(Problem::new(place, "an answer that is lost cannot be exported"));
        }
        let mut line = laid_out(&method, request.into_iter());
        if step.poll.is_some() {
            let response = expect.and_then(|expect| expect.response.as_ref()).map(Node::entries);
            let Some([(path, wanted)]) = response else {
                return Err(Problem::new(place, "a `poll` for more than one value cannot be exported"));
            };
            if matches!(wanted.kind, Kind::Map(_) | Kind::List(_)) {
                return Err(Problem::new(wanted.place, "a `poll` with a matcher cannot be exported"));
            }
            self.until = true;
            let (path, wanted) = (self.text(path.place, &path.text, 0)?, self.value(wanted, 0)?);
            line = format!("_until(lambda: {line}, {path}, {wanted})");
        }
        self.captured(step, line)
    }

    fn wait(&mut self, wait: &WaitFor, step: &'a Step) -> Result<(), Problem> {
        let place: Place = wait.resource.referenced.into();
        let unknown = || Problem::new(place, format!("`{}` is nothing to wait for", wait.resource.value));
        let (slug, name) = wait.resource.value.split_once('/').ok_or_else(unknown)?;
        let kind = ResourceKind::get(slug).ok_or_else(unknown)?;
        let callee = Callee::find(&format!("{}.{}", kind.service.name(), kind.describe));
        let method = self.method(callee.map_err(|message| Problem::new(place, message))?);
        let name = self.text(place, name, 0)?;
        self.until = true;
        let look = format!("lambda: {method}({}={name})", kind.name);
        let last: Vec<_> = kind.last.iter().map(|state| format!("\"{state}\"")).collect();
        let wanted = self.text(wait.state.referenced.into(), &wait.state.value, 0)?;
        let more = [look, format!("\"{}\"", kind.state), wanted, format!("last=[{}]", last.join(", "))];
        let line = laid_out("_until", more.into_iter());
        self.captured(step, line)
    }

    /// The line, and what is kept of its answer.
    fn captured(&mut self, step: &'a Step, line: String) -> Result<(), Problem> {
        let captures = step.capture.as_ref().map(Node::entries).unwrap_or_default();
        let answer = if captures.is_empty() { "" } else { "_answer = " };
        let _ = writeln!(self.body, "{answer}{line}");
        for (name, path) in captures {
            let path = self.text(path.place, path.text().unwrap_or_default(), 0)?;
            let mut variable = name.text.replace('-', "_");
            if TAKEN.contains(&variable.as_str()) || self.clients.contains_key(&variable) {
                variable.push('_');
            }
            let _ = writeln!(self.body, "{variable} = jmespath.search({path}, _answer)");
            self.names.insert(name.text.clone(), variable);
        }
        Ok(())
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
    fn arguments(&self, input: &Node) -> Result<Vec<String>, Problem> {
        let plain = |(key, _): &(super::tree::Key, Node)| key.text != MERGE && !key.text.contains("${");
        match &input.kind {
            Kind::Map(entries) if entries.iter().all(plain) => {
                let one = |(key, node): &(super::tree::Key, Node)| {
                    Ok(format!("{}={}", key.text, self.value(node, 0)?))
                };
                entries.iter().map(one).collect()
            }
            _ => Ok(vec![format!("**{}", self.value(input, 0)?)]),
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
                    all.push(format!("{}: {}", literal(&key.text.clone().into()), inner(node)?));
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
        let variable = match (&*name.root, name.path.first()) {
            ("vars", Some(Part::Member(variable))) => Some(variable),
            _ => None,
        };
        let (mut value, path) = match variable {
            Some(variable) => {
                let node = self.vars.get(variable).filter(|_| depth < DEEPEST);
                let node = node.ok_or_else(|| Problem::new(place, format!("no variable `{variable}`")))?;
                let value = self.value(node, depth + 1)?;
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

/// The code that a call is refused with, if it is to be refused.
fn refusal(expect: &Expect) -> Option<Option<&Node>> {
    match (&expect.error, &expect.ok) {
        (Some(error), _) => Some(Some(&error.code)),
        (None, Some(ok)) if !ok.value => Some(None),
        _ => None,
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
        Value::Null => "None".into(),
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
mod tests {
    use super::*;
    use crate::scenario::file;

    fn exported(rest: &str) -> Result<String, String> {
        let text = format!(
            "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x, title: A \"title\"}}\n{rest}"
        );
        of(&file::parse(&text).unwrap()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn steps_become_calls() {
        let script = exported(
            r#"
settings: {region: eu-west-1}
vars:
  base: {CidrBlock: "10.0.0.0/16"}
  name: "${account}-${vpc}"
steps:
- say: A network.
  call: ec2.CreateVpc
  with: {$merge: "${vars.base}", AmazonProvidedIpv6CidrBlock: true}
  capture: {vpc: Vpc.VpcId, "in": Vpc}
- {call: ec2.DescribeVpcs, with: {VpcIds: ["${vpc}"], MaxResults: 5}}
- {call: s3.CreateBucket, with: {Bucket: "data-${vars.name}"}}
- call: ec2.DeleteVpc
  with: {VpcId: "${in.VpcId}"}
  expect: {error: {code: DependencyViolation}}
- {call: ec2.DescribeVpcs, with: {VpcIds: [a]}, expect: {ok: false}}
- call: ec2.DescribeNatGateways
  poll: {every: 10s, within: 10m}
  expect: {response: {"NatGateways[0].State": available}}
- waitFor: {resource: "training-job/${vars.name}", state: Completed}
- advance: 10m
"#,
        )
        .unwrap();
        for line in [
            "\"\"\"x: A 'title'\n",
            "_session = boto3.Session(region_name=\"eu-west-1\")\n",
            "_ec2 = _session.client(\"ec2\")\n",
            "# A network.\n_answer = _ec2.create_vpc(**{**{\"CidrBlock\": \"10.0.0.0/16\"}, \"AmazonProvidedIpv6CidrBlock\": True})\n\
             vpc = jmespath.search(\"Vpc.VpcId\", _answer)\nin_ = jmespath.search(\"Vpc\", _answer)\n",
            "_ec2.describe_vpcs(VpcIds=[vpc], MaxResults=5)\n",
            "_s3.create_bucket(Bucket=\"data-\" + str((str(account) + \"-\" + str(vpc))))\n",
            "_refused(_ec2.delete_vpc, code=\"DependencyViolation\", VpcId=in_[\"VpcId\"])\n",
            "_refused(_ec2.describe_vpcs, VpcIds=[\"a\"])\n",
            "_until(lambda: _ec2.describe_nat_gateways(), \"NatGateways[0].State\", \"available\")\n",
            "    lambda: _sagemaker.describe_training_job(TrainingJobName=(str(account) + \"-\" + str(vpc))),\n",
            "_advance(\"10m\")\n",
        ] {
            assert!(script.contains(line), "{line}\n{script}");
        }
    }

    #[test]
    fn what_is_no_call_is_told() {
        for (rest, expected) in [
            (
                "steps:\n- explain: training-job/x\n",
                "5:3: only `call`, `waitFor` and `advance` can be exported",
            ),
            (
                "settings: {quotas: {vpcs: 1}}\nsteps:\n- call: ec2.DescribeVpcs\n",
                "3:18: `settings.quotas` can be told to a control plane, and not by calls",
            ),
            (
                "steps:\n- {call: ec2.DeleteVpc, with: {VpcId: \"${net.vpc.id}\"}}\n",
                "5:39: `net` is nothing that a call answered, so it cannot be exported",
            ),
            (
                "steps:\n- {call: ec2.DescribeVpcs, expect: {lost: true}}\n",
                "5:10: an answer that is lost cannot be exported",
            ),
        ] {
            assert_eq!(exported(rest).unwrap_err(), expected);
        }
    }

    #[test]
    fn methods_are_called_as_boto3_calls_them() {
        for (name, expected) in [
            ("CreateVpc", "create_vpc"),
            ("DescribeAutoMLJobV2", "describe_auto_ml_job_v2"),
            ("ListObjectsV2", "list_objects_v2"),
            ("CreateCACert", "create_ca_cert"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }
}
