//! Inputs of calls against the published model, before anything runs.

use super::problem::{Problem, instead_of};
use super::template::{MERGE, Name, Part, Piece, pieces};
use super::tree::{Kind as Found, Node};
use crate::aws::model::{Kind, Member, Shape};
use crate::aws::{Operation, ServiceId, ServiceModel};
use std::collections::BTreeMap;

/// The operation that `service.Operation` names.
///
/// # Errors
/// Which part of it is not known.
pub fn operation(call: &str) -> Result<(&'static ServiceModel, &'static Operation), String> {
    let Some((service, name)) = call.split_once('.') else {
        return Err(format!("`{call}` is no call: write it like ec2.CreateVpc"));
    };
    let services = ServiceId::ALL.iter().map(|service| service.name());
    let service = ServiceId::from_name(service)
        .ok_or_else(|| format!("unknown service `{service}`{}", instead_of(service, services)))?;
    let model = ServiceModel::get(service);
    let operations = || model.operations().iter().map(|operation| operation.name);
    let operation = model.operation(name).ok_or_else(|| {
        format!("{} has no operation `{name}`{}", service.name(), instead_of(name, operations()))
    })?;
    Ok((model, operation))
}

/// Finds what does not fit the operation's input.
///
/// Of a call that is expected to be refused only the shape is checked, for a broken constraint may be the point.
pub fn check(
    model: &'static ServiceModel,
    operation: &Operation,
    input: &Node,
    vars: &BTreeMap<String, Node>,
    refused: bool,
    problems: &mut Vec<Problem>,
) {
    match model.input(operation) {
        Some(shape) => Checker { model, vars, refused, problems }.value(shape, input, 0),
        None if input.entries().is_empty() => {}
        None => problems.push(Problem::new(input.place, format!("{} takes no input", operation.name))),
    }
}

struct Checker<'a> {
    model: &'static ServiceModel,
    vars: &'a BTreeMap<String, Node>,
    refused: bool,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn tell(&mut self, node: &Node, message: String) {
        self.problems.push(Problem::new(node.place, message));
    }

    /// `depth` bounds variables within variables.
    fn value(&mut self, shape: &'static Shape, node: &'a Node, depth: usize) {
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
        match (&node.kind, shape.kind) {
            (Found::Map(_), Kind::Structure) => self.structure(shape, node, depth),
            (Found::Map(entries), Kind::Map) => {
                if let Some(inner) = shape.element {
                    let inner = self.model.shape(inner);
                    entries.iter().for_each(|(_, node)| self.value(inner, node, depth + 1));
                }
            }
            (Found::List(nodes), Kind::List) => {
                if let Some(inner) = shape.element {
                    let inner = self.model.shape(inner);
                    nodes.iter().for_each(|node| self.value(inner, node, depth + 1));
                }
            }
            (Found::Text(text), Kind::String) => self.word(shape, node, text),
            (Found::Number(number), Kind::Integer | Kind::Long) if number.is_i64() => {}
            (Found::Number(_), Kind::Float | Kind::Double | Kind::Timestamp)
            | (Found::Text(_), Kind::Timestamp | Kind::Blob)
            | (Found::Bool(_), Kind::Boolean)
            | (Found::Map(_), Kind::Blob) => {}
            (_, wanted) => {
                let hint = match (&node.kind, wanted) {
                    (Found::Number(_) | Found::Bool(_), Kind::String) => "; put it in quotes",
                    _ => "",
                };
                self.tell(node, format!("expected {}, found {}{hint}", told(wanted), node.what()));
            }
        }
    }

    fn structure(&mut self, shape: &'static Shape, node: &'a Node, depth: usize) {
        let mut given = Vec::new();
        let complete = self.members(shape, node, &mut given, depth);
        if !complete || self.refused {
            return;
        }
        let absent = |member: &&Member| member.required && !given.contains(&member.name);
        for member in self.model.members(shape).iter().filter(absent) {
            self.tell(node, format!("`{}` is missing", member.name));
        }
    }

    /// Checks the members that a mapping gives, those of its `$merge` too. Whether all of them are known by now.
    fn members(
        &mut self,
        shape: &'static Shape,
        node: &'a Node,
        given: &mut Vec<&'static str>,
        depth: usize,
    ) -> bool {
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
            } else if let Some(member) = self.model.member(shape, &key.text) {
                if node.kind != Found::Null {
                    given.push(member.name);
                }
                self.value(self.model.shape(member.shape), node, depth + 1);
            } else {
                let known = self.model.members(shape).iter().map(|member| member.name);
                let message = format!("unknown member `{}`{}", key.text, instead_of(&key.text, known));
                self.problems.push(Problem::new(key.place, message));
            }
        }
        complete
    }

    fn word(&mut self, shape: &'static Shape, node: &Node, text: &str) {
        let values = self.model.enum_values(shape);
        // EC2 has words that it accepts and does not list.
        let listed = values.is_empty() || values.contains(&text) || self.model.id == ServiceId::Ec2;
        if !listed && !self.refused && !text.contains("${") {
            self.tell(node, format!("unknown value `{text}`{}", instead_of(text, values.iter().copied())));
        }
    }

    /// The part of a variable that a template names, as far as it is written there.
    fn variable(&self, name: &Name) -> Option<&'a Node> {
        let mut node = self.vars.get(name.variable()?)?;
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

fn told(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure | Kind::Map => "a mapping",
        Kind::List => "a list",
        Kind::String => "a text",
        Kind::Integer | Kind::Long => "a whole number",
        Kind::Float | Kind::Double => "a number",
        Kind::Boolean => "true or false",
        Kind::Blob => "base64 text, or {text: ..}",
        Kind::Timestamp => "a time: ISO 8601, or seconds since 1970",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::file::parse_value;

    fn problems(call: &str, input: &str, vars: &str, refused: bool) -> Vec<String> {
        let (model, operation) = operation(call).unwrap();
        let vars = parse_value(vars).unwrap();
        let vars = vars.entries().iter().map(|(key, node)| (key.text.clone(), node.clone())).collect();
        let mut problems = Vec::new();
        check(model, operation, &parse_value(input).unwrap(), &vars, refused, &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn calls_name_operations_of_the_model() {
        assert!(operation("ec2.CreateVpc").is_ok());
        for (call, expected) in [
            ("CreateVpc", "`CreateVpc` is no call: write it like ec2.CreateVpc"),
            ("ec.CreateVpc", "unknown service `ec`; did you mean `ec2`?"),
            ("ec2.CreateVCP", "ec2 has no operation `CreateVCP`; did you mean `CreateVpc`?"),
        ] {
            assert_eq!(operation(call).unwrap_err(), expected);
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
            let found = problems(call, input, "{v: {Rolename: x}}", false);
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
