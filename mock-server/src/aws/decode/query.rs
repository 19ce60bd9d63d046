//! The two query protocols: parameters such as `Filter.1.Value.2=x`.
//!
//! Each key is a path through the input's shape. Values are put into a tree as they come, so that the
//! order of parameters does not matter, and elements of lists keep the order of their numbers; the
//! numbers themselves may have gaps.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::form;
use crate::aws::model::{Kind, Member, Operation, Protocol, ServiceModel, Shape};
use crate::aws::text::{base64_decode, lower_first};
use crate::aws::timestamp;
use crate::aws::value::{Struct, Value};
use crate::aws::{Fault, RequestParts};

/// Longest path: deeper than any sensible input of a recursive shape, and far from the stack's end.
const DEEPEST: usize = 64;

/// Parameters of the protocol itself and of its signatures.
const PROTOCOL: [&str; 9] = [
    "Action",
    "Version",
    "AWSAccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SecurityToken",
    "Timestamp",
    "Expires",
];

pub(super) fn decode(
    model: &'static ServiceModel,
    parts: &RequestParts<'_>,
) -> Result<(&'static Operation, Value), Fault> {
    let pairs = || form::pairs(parts.query.as_bytes()).chain(form::pairs(parts.body));
    let mut action = None;
    let mut version = None;
    for pair in pairs() {
        let (key, value) = pair.ok_or_else(not_text)?;
        match key.as_ref() {
            "Action" => action = action.or(Some(value)),
            "Version" => version = version.or(Some(value)),
            _ => {}
        }
    }
    let action = action.filter(|action| !action.is_empty()).ok_or_else(|| {
        Fault::new("MissingAction", "The request is missing an action or a required parameter.")
    })?;
    let operation = model.operation(&action).ok_or_else(|| {
        let message = match model.protocol() {
            Protocol::Ec2 => format!("The action {action} is not valid for this web service."),
            _ => {
                let version = version.unwrap_or_else(|| model.meta().api_version.into());
                format!("Could not find operation {action} for version {version}")
            }
        };
        Fault::new("InvalidAction", message)
    })?;
    let Some(input) = model.input(operation) else { return Ok((operation, Value::empty())) };
    let mut root = Node::Struct(Vec::new());
    let reader = Reader { model, dialect: Dialect::of(model.protocol()) };
    for pair in pairs() {
        let (key, value) = pair.ok_or_else(not_text)?;
        reader.insert(&mut root, input, &key, &value)?;
    }
    Ok((operation, reader.finish(root, input)))
}

fn not_text() -> Fault {
    Fault::new("MalformedQueryString", "The query string contains bytes that are not UTF-8 text")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// EC2: lists are numbered without a level of their own; unknown parameters are refused.
    Ec2,
    /// The others: `List.member.1`, `Map.entry.1.key`; unknown parameters are overlooked.
    Query,
}

impl Dialect {
    fn of(protocol: Protocol) -> Self {
        if protocol == Protocol::Ec2 { Self::Ec2 } else { Self::Query }
    }
}

/// A value under construction.
enum Node {
    /// Nothing said yet.
    Unset,
    /// A scalar.
    Leaf(Value),
    /// Members by position in the shape; also the two halves of a map's entry.
    Struct(Vec<(u16, Node)>),
    /// Numbered elements that have come in ascending order so far.
    Ordered(Vec<(u32, Node)>),
    /// Numbered elements in any order.
    Sparse(BTreeMap<u32, Node>),
}

impl Node {
    /// The member at a position, made if need be.
    fn member(&mut self, position: u16) -> Option<&mut Self> {
        if let Self::Unset = self {
            *self = Self::Struct(Vec::new());
        }
        let Self::Struct(members) = self else { return None };
        let at = match members.iter().position(|(known, _)| *known == position) {
            Some(at) => at,
            None => {
                members.push((position, Self::Unset));
                members.len() - 1
            }
        };
        Some(&mut members[at].1)
    }

    /// The element of a number, made if need be. Ascending numbers, the usual case, are appended.
    fn element(&mut self, number: u32) -> Option<&mut Self> {
        if let Self::Unset = self {
            *self = Self::Ordered(Vec::new());
        }
        if let Self::Ordered(elements) = self
            && elements.last().is_some_and(|(last, _)| number < *last)
        {
            *self = Self::Sparse(std::mem::take(elements).into_iter().collect());
        }
        match self {
            Self::Ordered(elements) => {
                if elements.last().is_none_or(|(last, _)| *last != number) {
                    elements.push((number, Self::Unset));
                }
                elements.last_mut().map(|(_, node)| node)
            }
            Self::Sparse(elements) => Some(elements.entry(number).or_insert(Self::Unset)),
            _ => None,
        }
    }
}

struct Reader {
    model: &'static ServiceModel,
    dialect: Dialect,
}

impl Reader {
    fn insert(&self, root: &mut Node, input: &'static Shape, key: &str, value: &str) -> Result<(), Fault> {
        match self.place(root, input, key, value) {
            Ok(()) => Ok(()),
            Err(Misfit::Unknown) if PROTOCOL.contains(&key) || key.starts_with("X-Amz-") => Ok(()),
            Err(Misfit::Unknown) if self.dialect == Dialect::Query => Ok(()),
            Err(Misfit::Unknown) => {
                Err(Fault::new("UnknownParameter", format!("The parameter {key} is not recognized")))
            }
            Err(Misfit::Twice) => Err(Fault::new(
                "MalformedQueryString",
                format!("The parameter {key} is given more than once"),
            )),
            Err(Misfit::Value(expected)) => Err(self.bad_value(key, value, expected)),
        }
    }

    fn bad_value(&self, key: &str, value: &str, expected: &str) -> Fault {
        match self.dialect {
            Dialect::Ec2 => Fault::new(
                "InvalidParameterValue",
                format!(
                    "Value ({value}) for parameter {} is invalid. Expecting {expected}.",
                    lower_first(key)
                ),
            ),
            Dialect::Query => {
                Fault::new("MalformedInput", format!("Value ({value}) for parameter {key} is not {expected}"))
            }
        }
    }

    fn place(&self, root: &mut Node, input: &'static Shape, key: &str, value: &str) -> Result<(), Misfit> {
        let mut steps = key.split('.').take(DEEPEST + 1).peekable();
        let mut node = root;
        let mut shape = input;
        for _ in 0..DEEPEST {
            let last = steps.peek().is_none();
            match shape.kind {
                Kind::Structure if !last => {
                    let step = steps.next().unwrap_or_default();
                    let (position, member) = self.member(shape, step).ok_or(Misfit::Unknown)?;
                    node = node.member(position).ok_or(Misfit::Twice)?;
                    shape = self.model.shape(member.shape);
                }
                Kind::List if !last => {
                    if self.dialect == Dialect::Query {
                        let wrapper = shape.traits.as_ref().and_then(|traits| traits.element_name);
                        steps
                            .next()
                            .filter(|step| *step == wrapper.unwrap_or("member"))
                            .ok_or(Misfit::Unknown)?;
                    }
                    let number = steps.next().and_then(|step| step.parse().ok()).ok_or(Misfit::Unknown)?;
                    node = node.element(number).ok_or(Misfit::Twice)?;
                    shape = self.model.shape(shape.element.ok_or(Misfit::Unknown)?);
                }
                Kind::Map if !last => {
                    steps.next().filter(|step| *step == "entry").ok_or(Misfit::Unknown)?;
                    let number = steps.next().and_then(|step| step.parse().ok()).ok_or(Misfit::Unknown)?;
                    let traits = shape.traits.as_deref();
                    let key_name = traits.and_then(|traits| traits.key_name).unwrap_or("key");
                    let value_name = traits.and_then(|traits| traits.value_name).unwrap_or("value");
                    let entry = node.element(number).ok_or(Misfit::Twice)?;
                    let (half, inner) = match steps.next() {
                        Some(step) if step == key_name => (0, shape.key),
                        Some(step) if step == value_name => (1, shape.element),
                        _ => return Err(Misfit::Unknown),
                    };
                    node = entry.member(half).ok_or(Misfit::Twice)?;
                    shape = self.model.shape(inner.ok_or(Misfit::Unknown)?);
                }
                // `List=` is how clients send an empty list.
                Kind::List | Kind::Map | Kind::Structure => {
                    if !value.is_empty() {
                        return Err(Misfit::Unknown);
                    }
                    if let Node::Unset = node {
                        *node = if shape.kind == Kind::Structure {
                            Node::Struct(Vec::new())
                        } else {
                            Node::Ordered(Vec::new())
                        };
                    }
                    return Ok(());
                }
                kind => {
                    if !last {
                        return Err(Misfit::Unknown);
                    }
                    let Node::Unset = node else { return Err(Misfit::Twice) };
                    *node = Node::Leaf(scalar(kind, value).map_err(Misfit::Value)?);
                    return Ok(());
                }
            }
        }
        Err(Misfit::Unknown)
    }

    fn member(&self, shape: &'static Shape, step: &str) -> Option<(u16, &'static Member)> {
        let members = self.model.members(shape);
        let matches = |member: &Member| match self.dialect {
            // The model spells most names with a small letter; the parameter has a capital one.
            Dialect::Ec2 => equal_but_for_first_case(member.query_name(), step),
            Dialect::Query => member.query_name() == step,
        };
        let position = members.iter().position(matches)?;
        Some((u16::try_from(position).ok()?, &members[position]))
    }

    fn finish(&self, node: Node, shape: &'static Shape) -> Value {
        match (node, shape.kind) {
            (Node::Leaf(value), _) => value,
            (Node::Ordered(elements), Kind::List | Kind::Map) => {
                self.collect(elements.into_iter().map(|(_, node)| node), shape)
            }
            (Node::Sparse(elements), Kind::List | Kind::Map) => self.collect(elements.into_values(), shape),
            (Node::Struct(members), Kind::Structure) => {
                let known = self.model.members(shape);
                let mut fields = Struct::new();
                for (position, node) in members {
                    let member = &known[usize::from(position)];
                    if !matches!(node, Node::Unset) {
                        fields.push(member.name, self.finish(node, self.model.shape(member.shape)));
                    }
                }
                Value::Struct(fields)
            }
            // Nothing was said: an element whose only parameter was overlooked.
            (_, Kind::List) => Value::List(Vec::new()),
            (_, Kind::Map) => Value::Map(Vec::new()),
            (_, Kind::Structure) => Value::empty(),
            (_, _) => Value::String(String::new()),
        }
    }

    fn collect(&self, nodes: impl Iterator<Item = Node>, shape: &'static Shape) -> Value {
        let Some(inner) = shape.element.map(|id| self.model.shape(id)) else {
            return Value::List(Vec::new());
        };
        if shape.kind == Kind::List {
            return Value::List(
                nodes
                    .filter(|node| !matches!(node, Node::Unset))
                    .map(|node| self.finish(node, inner))
                    .collect(),
            );
        }
        let mut entries = BTreeMap::new();
        let mut order = Vec::new();
        for node in nodes {
            let Node::Struct(halves) = node else { continue };
            let mut key = String::new();
            let mut value = None;
            for (half, node) in halves {
                match (half, node) {
                    (0, Node::Leaf(Value::String(text))) => key = text,
                    (_, Node::Unset) => {}
                    (_, node) => value = Some(self.finish(node, inner)),
                }
            }
            let value = value.unwrap_or_else(|| self.finish(Node::Unset, inner));
            if entries.insert(key.clone(), value).is_none() {
                order.push(key);
            }
        }
        let take = |key: String| entries.remove(&key).map(|value| (key, value));
        Value::Map(order.into_iter().filter_map(take).collect())
    }
}

/// Why a parameter has no place.
enum Misfit {
    Unknown,
    Twice,
    Value(&'static str),
}

fn equal_but_for_first_case(name: &str, step: &str) -> bool {
    let (name, step) = (name.as_bytes(), step.as_bytes());
    name.len() == step.len()
        && name.first().zip(step.first()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
        && name[1..] == step[1..]
}

/// Reads a scalar; the error says what was expected.
fn scalar(kind: Kind, text: &str) -> Result<Value, &'static str> {
    match kind {
        Kind::Integer => {
            let number = text.trim().parse::<i32>().map_err(|_| "an integer")?;
            Ok(Value::Integer(number.into()))
        }
        Kind::Long => text.trim().parse().map(Value::Integer).map_err(|_| "an integer"),
        Kind::Float | Kind::Double => text.trim().parse().map(Value::Float).map_err(|_| "a number"),
        Kind::Boolean => match text.trim() {
            truth if truth.eq_ignore_ascii_case("true") || truth == "1" => Ok(Value::Bool(true)),
            truth if truth.eq_ignore_ascii_case("false") || truth == "0" => Ok(Value::Bool(false)),
            _ => Err("true or false"),
        },
        Kind::Blob => base64_decode(text).map(|bytes| Value::Blob(Bytes::from(bytes))).ok_or("base64 text"),
        Kind::Timestamp => timestamp::parse(text).map(Value::Timestamp).ok_or("a time in ISO 8601 form"),
        _ => Ok(Value::String(text.to_owned())),
    }
}
