//! Inputs of calls against the published model, before anything runs.

use super::callee::{Callee, Shape};
use super::problem::{Problem, instead_of};
use super::template::{MERGE, Name, Part, Piece, pieces};
use super::tree::{Kind as Found, Node};
use crate::aws::MOST_BYTES;
use crate::aws::model::Kind;
use std::collections::BTreeMap;

/// Finds what does not fit the operation's input.
///
/// Of a call that is expected to be refused only the shape is checked, for a broken constraint may be the point.
pub fn check(
    callee: Callee,
    input: &Node,
    vars: &BTreeMap<String, Node>,
    refused: bool,
    problems: &mut Vec<Problem>,
) {
    match callee.input() {
        Some(shape) => Checker { vars, refused, problems }.value(shape, input, 0),
        None if input.entries().is_empty() => {}
        None => problems.push(Problem::new(input.place, format!("{} takes no input", callee.operation()))),
    }
}

struct Checker<'a> {
    vars: &'a BTreeMap<String, Node>,
    refused: bool,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn tell(&mut self, node: &Node, message: String) {
        self.problems.push(Problem::new(node.place, message));
    }

    /// `depth` bounds variables within variables.
    fn value(&mut self, shape: Shape, node: &'a Node, depth: usize) {
        const DEEPEST: usize = 64;
        if depth > DEEPEST || node.kind == Found::Null {
            return;
        }
        if let Some(name) = whole_template(node) {
            // What is captured is known only when it runs.
            if let Some(node) = self.variable(&name) {
                self.value(shape, node, depth + 1);
            }
            return;
        }
        match (&node.kind, shape.kind()) {
            (Found::Map(_), Kind::Structure) => self.structure(shape, node, depth),
            (Found::Map(entries), Kind::Map) => {
                if let Some(inner) = shape.element() {
                    entries.iter().for_each(|(_, node)| self.value(inner, node, depth + 1));
                }
            }
            (Found::List(nodes), Kind::List) => {
                if let Some(inner) = shape.element() {
                    nodes.iter().for_each(|node| self.value(inner, node, depth + 1));
                }
            }
            (Found::Map(_), Kind::Blob) => self.bytes(shape, node),
            (Found::Text(text), Kind::String) => self.word(shape, node, text),
            (Found::Number(number), Kind::Integer | Kind::Long) if number.is_i64() => {}
            (Found::Number(_), Kind::Float | Kind::Double | Kind::Timestamp)
            | (Found::Text(_), Kind::Timestamp | Kind::Blob)
            | (Found::Bool(_), Kind::Boolean) => {}
            (_, wanted) => {
                let hint = match (&node.kind, wanted) {
                    (Found::Number(_) | Found::Bool(_), Kind::String) => "; put it in quotes",
                    _ => "",
                };
                self.tell(node, format!("expected {}, found {}{hint}", shape.told(), node.what()));
            }
        }
    }

    /// Bytes that are told as a text, or by how many there are.
    fn bytes(&mut self, shape: Shape, node: &'a Node) {
        let [(key, told)] = node.entries() else {
            return self.tell(node, format!("expected {}", shape.told()));
        };
        let told = match whole_template(told) {
            None => told,
            Some(name) => match self.variable(&name) {
                Some(told) => told,
                None => return,
            },
        };
        match (key.text.as_str(), &told.kind) {
            ("text", Found::Text(_)) => {}
            ("text", _) => self.tell(told, format!("`text` takes a text, not {}", told.what())),
            ("size", Found::Number(size)) if size.as_u64().is_some_and(|size| size <= MOST_BYTES) => {}
            ("size", _) => self.tell(told, format!("`size` is a whole number, at most {MOST_BYTES}")),
            (other, _) => {
                let hint = instead_of(other, ["text", "size"]);
                self.problems.push(Problem::new(key.place, format!("bytes have no `{other}`{hint}")));
            }
        }
    }

    fn structure(&mut self, shape: Shape, node: &'a Node, depth: usize) {
        let mut given = Vec::new();
        let complete = self.members(shape, node, &mut given, depth);
        if !complete || self.refused {
            return;
        }
        let members = shape.members().into_iter();
        for member in members.filter(|member| member.required && !given.contains(&member.name)) {
            self.tell(node, format!("`{}` is missing", member.name));
        }
    }

    /// Checks the members that a mapping gives, those of its `$merge` too. Whether all of them are known by now.
    fn members(&mut self, shape: Shape, node: &'a Node, given: &mut Vec<&'static str>, depth: usize) -> bool {
        let mut complete = true;
        for (key, node) in node.entries() {
            if key.text == MERGE {
                let bases = match &node.kind {
                    Found::List(bases) => bases.iter().collect(),
                    _ => vec![node],
                };
                for base in bases {
                    let base = match whole_template(base) {
                        Some(name) => self.variable(&name),
                        None => Some(base),
                    };
                    complete &= match base {
                        Some(base) if depth < 16 => self.members(shape, base, given, depth + 1),
                        _ => false,
                    };
                }
            } else if let Some(member) = shape.members().into_iter().find(|member| member.name == key.text) {
                if node.kind != Found::Null {
                    given.push(member.name);
                }
                self.value(member.shape, node, depth + 1);
            } else {
                let known: Vec<_> = shape.members().iter().map(|member| member.name).collect();
                let hint = instead_of(&key.text, known.iter().copied());
                let message = format!("unknown member `{}`{hint}", key.text);
                self.problems.push(Problem::new(key.place, message));
            }
        }
        complete
    }

    fn word(&mut self, shape: Shape, node: &Node, text: &str) {
        let values = shape.words();
        let listed = values.is_empty() || values.contains(&text);
        if !listed && !self.refused && !text.contains("${") {
            self.tell(node, format!("unknown value `{text}`{}", instead_of(text, values.iter().copied())));
        }
    }

    /// The part of a variable that a template names, as far as it is written there.
    fn variable(&self, name: &Name) -> Option<&'a Node> {
        let mut node = self.vars.get(&*name.variable()?)?;
        for part in &name.path[1..] {
            node = match part {
                Part::Member(member) => node.get(member)?,
                Part::Element(index) => match &node.kind {
                    Found::List(nodes) => nodes.get(*index)?,
                    _ => return None,
                },
            };
        }
        Some(node)
    }
}

fn whole_template(node: &Node) -> Option<Name> {
    match pieces(node.text()?).ok()?.as_slice() {
        [Piece::Name(name)] => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::file::parse_value;

    fn problems(call: &str, input: &str, vars: &str, refused: bool) -> Vec<String> {
        let vars = parse_value(vars).unwrap();
        let vars = vars.entries().iter().map(|(key, node)| (key.text.clone(), node.clone())).collect();
        let mut problems = Vec::new();
        check(Callee::find(call).unwrap(), &parse_value(input).unwrap(), &vars, refused, &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn calls_name_operations_of_the_model() {
        // S3 has this one; nothing is said to be missing that is there.
        assert_eq!(
            Callee::find("s3.SelectObjectContent").unwrap_err(),
            "scenarios cannot call s3.SelectObjectContent"
        );
        assert!(Callee::find("ec2.CreateVpc").is_ok() && Callee::find("s3.PutObject").is_ok());
        for (call, expected) in [
            ("CreateVpc", "`CreateVpc` is no call: write it like ec2.CreateVpc"),
            ("ec.CreateVpc", "unknown service `ec`; did you mean `ec2`?"),
            ("ec2.CreateVCP", "ec2 has no operation `CreateVCP`; did you mean `CreateVpc`?"),
            ("s3.PutObjekt", "scenarios cannot call s3.PutObjekt; did you mean `PutObject`?"),
        ] {
            assert_eq!(Callee::find(call).unwrap_err(), expected);
        }
    }

    #[test]
    fn sound_inputs_pass() {
        let job = "{RoleArn: '${role}', StoppingCondition: {MaxRuntimeInSeconds: 60}, \
                   AlgorithmSpecification: {TrainingInputMode: File}, OutputDataConfig: {S3OutputPath: 's3://b/'}}";
        for (call, input) in [
            ("ec2.CreateVpc", "{CidrBlock: 10.0.0.0/16}"),
            ("ec2.DescribeSubnets", "{SubnetIds: ['${subnet}'], Filters: '${filters}'}"),
            ("sts.GetCallerIdentity", "{}"),
            ("s3.PutObject", "{Bucket: b, Key: k, Body: text, Metadata: {a: b}}"),
            ("s3.PutObject", "{Bucket: b, Key: k, Body: {size: 1000}}"),
            ("s3.PutObject", "{Bucket: b, Key: k, Body: {size: '${length}'}}"),
            ("sagemaker-runtime.InvokeEndpoint", "{EndpointName: e, Body: {size: 100000000}}"),
            ("sagemaker-runtime.InvokeEndpoint", "{EndpointName: e, Body: {text: '${told}'}}"),
            ("s3.PutBucketVersioning", "{Bucket: b, VersioningConfiguration: {Status: Enabled}}"),
            (
                "sagemaker.CreateTrainingJob",
                "{$merge: '${vars.job}', TrainingJobName: x, ResourceConfig: {InstanceCount: '${vars.count}'}}",
            ),
            ("sagemaker.CreateTrainingJob", "{$merge: ['${base}', {TrainingJobName: x}]}"),
            ("sagemaker.CreateTrainingJob", "'${anything}'"),
        ] {
            assert_eq!(
                problems(call, input, &format!("{{job: {job}, count: 2}}"), false),
                [""; 0],
                "{input}"
            );
        }
    }

    #[test]
    fn each_misfit_is_told_with_its_place() {
        for (call, input, expected) in [
            ("ec2.CreateVpc", "{CidrBlok: x}", "1:2: unknown member `CidrBlok`; did you mean `CidrBlock`?"),
            ("ec2.CreateVpc", "{CidrBlock: 10}", "1:13: expected a text, found a number; put it in quotes"),
            ("ec2.CreateVpc", "[]", "1:1: expected a mapping, found a list"),
            ("ec2.DescribeSubnets", "{SubnetIds: x}", "1:13: expected a list, found a text"),
            ("ec2.DescribeSubnets", "{MaxResults: 1.5}", "1:14: expected a whole number, found a number"),
            ("s3.GetObject", "{Bucket: b, Keey: k}", "1:13: unknown member `Keey`; did you mean `Key`?"),
            ("s3.GetObject", "{Bucket: b}", "1:1: `Key` is missing"),
            (
                "s3.PutObject",
                "{Bucket: b, Key: k, Body: 1}",
                "1:27: expected a text, {text: ..} or {size: ..}, found a number",
            ),
            (
                "s3.PutObject",
                "{Bucket: b, Key: k, Body: {size: 18446744073709551615}}",
                "1:34: `size` is a whole number, at most 100000000",
            ),
            (
                "s3.PutObject",
                "{Bucket: b, Key: k, Body: {size: -1}}",
                "1:34: `size` is a whole number, at most 100000000",
            ),
            (
                "s3.PutObject",
                "{Bucket: b, Key: k, Body: {siz: 1}}",
                "1:28: bytes have no `siz`; did you mean `size`?",
            ),
            (
                "s3.PutObject",
                "{Bucket: b, Key: k, Body: {text: 1}}",
                "1:34: `text` takes a text, not a number",
            ),
            (
                "sagemaker-runtime.InvokeEndpoint",
                "{EndpointName: e, Body: {size: 1, text: a}}",
                "1:25: expected base64 text, {text: ..} or {size: ..}",
            ),
            (
                "sagemaker-runtime.InvokeEndpoint",
                "{EndpointName: e, Body: {size: '${vars.many}'}}",
                "1:26: `size` is a whole number, at most 100000000",
            ),
            (
                "s3.PutBucketVersioning",
                "{Bucket: b, VersioningConfiguration: {Status: On}}",
                "1:47: unknown value `On`; known are Enabled, Suspended",
            ),
            ("iam.GetRole", "{}", "1:1: `RoleName` is missing"),
            ("iam.GetRole", "{RoleName: ~}", "1:1: `RoleName` is missing"),
            ("iam.TagRole", "{RoleName: x, Tags: [{Key: k}]}", "1:22: `Value` is missing"),
            (
                "sagemaker.ListTrainingJobs",
                "{StatusEquals: Complete}",
                "1:16: unknown value `Complete`; did you mean `Completed`?",
            ),
            (
                "iam.GetRole",
                "{$merge: '${vars.v}'}",
                "1:6: unknown member `Rolename`; did you mean `RoleName`?",
            ),
        ] {
            let found = problems(call, input, "{v: {Rolename: x}, many: 100000001}", false);
            assert!(found.contains(&expected.to_owned()), "{input}: {found:?}");
        }
    }

    #[test]
    fn a_call_that_is_to_be_refused_may_break_constraints_but_not_shapes() {
        assert_eq!(problems("iam.GetRole", "{}", "{}", true), [""; 0]);
        assert_eq!(problems("sagemaker.ListTrainingJobs", "{StatusEquals: x}", "{}", true), [""; 0]);
        assert_eq!(problems("iam.GetRole", "{RoleName: 1}", "{}", true).len(), 1);
        assert_eq!(problems("iam.GetRole", "{Name: x}", "{}", true).len(), 1);
    }
}
