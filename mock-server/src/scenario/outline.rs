//! What a JMESPath can find in an answer, by the shape that the model gives the answer: a member that no answer has can be
//! told before anything runs.

use super::callee::Shape;
use super::problem::instead_of;
use crate::aws::model::Kind;
use crate::jobs::Explanation;
use jmespath::ast::Ast;
use schemars::SchemaGenerator;
use serde_json::Value;
use std::sync::LazyLock;

/// What is known of a value.
#[derive(Clone)]
pub enum Outline {
    Anything,
    Like(Shape),
    ListOf(Box<Outline>),
    /// A structure of no more than these members.
    Of(Vec<(&'static str, Shape)>),
    /// A part of an explanation, by its part of their schema.
    Told(&'static Value),
}

/// The explanations of the control API, by the very types that it tells.
static EXPLANATIONS: LazyLock<Value> =
    LazyLock::new(|| SchemaGenerator::default().into_root_schema_for::<Explanation>().into());

/// What is told of why something is as it is.
pub fn explanation() -> Outline {
    Outline::Told(&EXPLANATIONS)
}

/// What a part of the schema says, wherever it is said; that it may be absent is no matter here.
fn resolved(schema: &'static Value) -> &'static Value {
    let there = schema["anyOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"));
    let schema = there.unwrap_or(schema);
    let named = schema["$ref"].as_str().and_then(|name| EXPLANATIONS.pointer(name.strip_prefix('#')?));
    named.unwrap_or(schema)
}

/// What stands for a template while an expression is looked at.
pub const FILLED: &str = "x";

/// What an expression finds in a value.
///
/// # Errors
/// The member that no such value has.
pub fn find(expression: &str, within: &Outline) -> Result<(), String> {
    match jmespath::parse(expression) {
        Ok(ast) => within.found(&ast).map(|_| ()).map_err(|message| format!("`{expression}`: {message}")),
        // That it is no expression is told elsewhere.
        Err(_) => Ok(()),
    }
}

/// Whether an expression finds a text, or what is not known: in the form of text the AWS CLI prints it as it is.
pub fn is_text(expression: &str, within: &Outline) -> bool {
    let found = jmespath::parse(expression).ok().and_then(|ast| within.found(&ast).ok());
    match found {
        Some(Outline::Like(shape)) => matches!(shape.kind(), Kind::String | Kind::Timestamp | Kind::Blob),
        Some(Outline::ListOf(_)) => false,
        _ => true,
    }
}

fn no_member<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("there is no member `{name}`{}", instead_of(name, known))
}

impl Outline {
    fn list(self) -> Self {
        Outline::ListOf(Box::new(self))
    }

    fn element(&self) -> Self {
        match self {
            Outline::Like(shape) if shape.kind() == Kind::List => {
                shape.element().map_or(Outline::Anything, Outline::Like)
            }
            Outline::ListOf(element) => (**element).clone(),
            Outline::Told(schema) if self.is_list() => Outline::Told(&resolved(schema)["items"]),
            _ => Outline::Anything,
        }
    }

    fn is_list(&self) -> bool {
        match self {
            Outline::Like(shape) => shape.kind() == Kind::List,
            Outline::ListOf(_) => true,
            Outline::Told(schema) => resolved(schema)["type"] == "array",
            Outline::Of(_) | Outline::Anything => false,
        }
    }

    fn member(&self, name: &str) -> Result<Self, String> {
        match self {
            _ if self.is_list() => Err(format!("a list has no member `{name}`: write [0] or [] before it")),
            Outline::Like(shape) if shape.kind() == Kind::Structure && name != FILLED => {
                let members = shape.members();
                let found = members.iter().find(|member| member.name == name);
                found
                    .map(|member| Outline::Like(member.shape))
                    .ok_or_else(|| no_member(name, members.iter().map(|member| member.name)))
            }
            Outline::Of(members) if name != FILLED => {
                let found = members.iter().find(|(known, _)| *known == name);
                found
                    .map(|(_, shape)| Outline::Like(*shape))
                    .ok_or_else(|| no_member(name, members.iter().map(|(known, _)| *known)))
            }
            Outline::Told(schema) if name != FILLED => {
                let Some(members) = resolved(schema)["properties"].as_object() else {
                    return Ok(Outline::Anything);
                };
                let found = members.get(name).map(Outline::Told);
                found.ok_or_else(|| no_member(name, members.keys().map(String::as_str)))
            }
            Outline::Like(shape) if shape.kind() == Kind::Map => {
                Ok(shape.element().map_or(Outline::Anything, Outline::Like))
            }
            _ => Ok(Outline::Anything),
        }
    }

    fn found(&self, ast: &Ast) -> Result<Self, String> {
        match ast {
            Ast::Identity { .. } => Ok(self.clone()),
            Ast::Literal { .. } => Ok(Outline::Anything),
            Ast::Field { name, .. } => self.member(name),
            Ast::Index { .. } => Ok(self.element()),
            Ast::Slice { .. } => Ok(self.clone()),
            Ast::Subexpr { lhs, rhs, .. } => self.found(lhs)?.found(rhs),
            Ast::Projection { lhs, rhs, .. } => Ok(self.found(lhs)?.element().found(rhs)?.list()),
            Ast::Flatten { node, .. } => {
                let list = self.found(node)?;
                let element = list.element();
                Ok(if element.is_list() { element } else { list })
            }
            Ast::ObjectValues { node, .. } => match self.found(node)? {
                Outline::Like(shape) if shape.kind() == Kind::Map => {
                    Ok(shape.element().map_or(Outline::Anything, Outline::Like).list())
                }
                _ => Ok(Outline::Anything.list()),
            },
            Ast::Condition { predicate, then, .. } => {
                self.found(predicate)?;
                self.found(then)
            }
            Ast::Comparison { lhs, rhs, .. } | Ast::And { lhs, rhs, .. } | Ast::Or { lhs, rhs, .. } => {
                self.found(lhs)?;
                self.found(rhs)?;
                Ok(Outline::Anything)
            }
            Ast::Not { node, .. } => self.found(node).map(|_| Outline::Anything),
            Ast::MultiList { elements, .. } => {
                elements.iter().try_for_each(|element| self.found(element).map(|_| ()))?;
                Ok(Outline::Anything.list())
            }
            Ast::MultiHash { elements, .. } => {
                elements.iter().try_for_each(|pair| self.found(&pair.value).map(|_| ()))?;
                Ok(Outline::Anything)
            }
            Ast::Expref { ast, .. } => self.found(ast),
            Ast::Function { name, args, .. } => self.returned(name, args),
        }
    }

    fn returned(&self, name: &str, args: &[Ast]) -> Result<Self, String> {
        let mut first = Outline::Anything;
        // `map` has its expression first, the others have the list first.
        let (expressions, values): (Vec<_>, Vec<_>) =
            args.iter().partition(|arg| matches!(arg, Ast::Expref { .. }));
        for (number, value) in values.into_iter().enumerate() {
            let found = self.found(value)?;
            if number == 0 {
                first = found;
            }
        }
        let mut mapped = Outline::Anything;
        for expression in expressions {
            mapped = first.element().found(expression)?;
        }
        Ok(match name {
            "sort" | "sort_by" | "reverse" => first,
            "max_by" | "min_by" => first.element(),
            "map" => mapped.list(),
            _ => Outline::Anything,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::callee::Callee;

    #[test]
    fn a_member_that_no_answer_has_is_told() {
        let subnets = Outline::Like(Callee::find("ec2.DescribeSubnets").unwrap().output().unwrap());
        for expression in [
            "Subnets",
            "Subnets[0].AvailableIpAddressCount",
            "Subnets[].Tags[].Value",
            "Subnets[?SubnetId=='x' && Tags[?Key=='a']].VpcId | [0]",
            "length(Subnets[?VpcId=='x'])",
            "sort_by(Subnets, &CidrBlock)[0].SubnetId",
            "map(&SubnetId, Subnets)",
            "Subnets[-1:].[SubnetId, VpcId]",
            "Subnets[*].{id: SubnetId}",
            "Subnets[0].x",
            "@",
        ] {
            assert_eq!(find(expression, &subnets), Ok(()), "{expression}");
        }
        for (expression, expected) in [
            ("Subnts[0]", "there is no member `Subnts`; did you mean `Subnets`?"),
            ("Subnets.SubnetId", "a list has no member `SubnetId`: write [0] or [] before it"),
            ("Subnets[?VpcID=='x']", "there is no member `VpcID`; did you mean `VpcId`?"),
            ("Subnets[0].Tags[0].Kee", "there is no member `Kee`; did you mean `Key`?"),
            ("length(Subnet)", "there is no member `Subnet`; did you mean `Subnets`?"),
            ("sort_by(Subnets, &Cidr)[0]", "there is no member `Cidr`"),
            ("map(&SubnetID, Subnets)", "there is no member `SubnetID`; did you mean `SubnetId`?"),
        ] {
            assert_eq!(find(expression, &subnets), Err(format!("`{expression}`: {expected}")));
        }
    }

    #[test]
    fn a_member_that_no_explanation_has_is_told() {
        for expression in [
            "decidedBy",
            "phases[?phase=='place'].rules[].evidence.anything | [0]",
            "phases[].paths[].hops[?decides].kind",
            "refusal.code",
            "fixes[0].commands[0]",
            "interfaces[].id",
        ] {
            assert_eq!(find(expression, &explanation()), Ok(()), "{expression}");
        }
        for (expression, expected) in [
            ("decidedBi", "there is no member `decidedBi`; did you mean `decidedBy`?"),
            ("phases.rules", "a list has no member `rules`: write [0] or [] before it"),
            ("phases[].paths[].hop[]", "there is no member `hop`; did you mean `hops`?"),
            ("refusal.cod", "there is no member `cod`; did you mean `code`?"),
        ] {
            assert_eq!(find(expression, &explanation()), Err(format!("`{expression}`: {expected}")));
        }
    }
}
