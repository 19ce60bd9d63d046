//! Templates: `${name}` in a text stands for a value that is known when the step runs.
//!
//! A name is `account`, `region`, `vars.NAME`, `matrix.NAME`, or that of a fixture or of an earlier capture; `.member` and `[0]` go into it. A
//! text that is one template and no more becomes the value itself, whatever its type. `$${` stands for `${`.
//! A mapping may have the key `$merge`: the mapping, or list of mappings, that the other keys are laid over.

use super::problem::{Place, Problem, instead_of};
use super::tree::{Kind, Node};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The key of a mapping that the others are laid over.
pub const MERGE: &str = "$merge";
/// The first part of the name of a variable.
pub const VARS: &str = "vars";
/// The first part of the name of a value of the row that runs.
pub const MATRIX: &str = "matrix";

/// A part of a text.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    Text(String),
    Name(Name),
}

/// What a template names.
#[derive(Clone, PartialEq, Debug)]
pub struct Name {
    /// `account`, `region`, `vars`, `matrix`, or the name of a fixture or a capture.
    pub root: String,
    pub path: Vec<Part>,
}

/// One step into a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    Member(String),
    Element(usize),
}

impl Name {
    /// The name of the variable, if it is one. Values of a matrix are variables too, named `matrix.NAME`.
    pub fn variable(&self) -> Option<Cow<'_, str>> {
        match (self.root.as_str(), self.path.first()) {
            (VARS, Some(Part::Member(name))) => Some(name.into()),
            (MATRIX, Some(Part::Member(name))) => Some(format!("{MATRIX}.{name}").into()),
            _ => None,
        }
    }

    /// Its beginning: the root and so many steps.
    pub fn told(&self, steps: usize) -> String {
        let step = |part: &Part| match part {
            Part::Member(member) => format!(".{member}"),
            Part::Element(index) => format!("[{index}]"),
        };
        self.path.iter().take(steps).map(step).fold(self.root.clone(), |told, step| told + &step)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Member(member) => write!(f, "member `{member}`"),
            Part::Element(index) => write!(f, "element {index}"),
        }
    }
}

/// The pieces of a text.
///
/// # Errors
/// What is wrong with a template in it.
pub fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            plain.push_str(&rest[..at - 1]);
            plain.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        plain.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find('}').ok_or_else(|| format!("`{text}` has a `${{` without its `}}`"))?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Name(name(&inner[..end])?));
        rest = &inner[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

fn name(text: &str) -> Result<Name, String> {
    let wrong =
        || format!("`${{{text}}}` names nothing: a name is like `vpc`, `vars.job` or `subnets[0].id`");
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    let mut parts = Vec::new();
    for dotted in text.split('.') {
        let mut bracketed = dotted.split('[');
        let word = bracketed.next().filter(|word| is_word(word)).ok_or_else(wrong)?;
        parts.push(Part::Member(word.to_owned()));
        for index in bracketed {
            let index = index.strip_suffix(']').and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
            parts.push(Part::Element(index));
        }
    }
    match parts.remove(0) {
        Part::Member(root)
            if ![VARS, MATRIX].contains(&root.as_str()) || matches!(parts.first(), Some(Part::Member(_))) =>
        {
            Ok(Name { root, path: parts })
        }
        _ => Err(wrong()),
    }
}

/// What templates can name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub vars: BTreeMap<String, Node>,
    /// `account`, `region`, what fixtures put out, and what was captured so far.
    pub values: BTreeMap<String, Value>,
}

impl Scope {
    /// The value that a node stands for.
    ///
    /// # Errors
    /// A template that names nothing, with its place.
    pub fn value(&self, node: &Node) -> Result<Value, Problem> {
        self.value_below(node, 0)
    }

    /// The text that a text stands for.
    ///
    /// # Errors
    /// A template that names nothing, or something that is no text.
    pub fn text(&self, place: Place, text: &str) -> Result<String, Problem> {
        match self.filled(place, text, 0)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(Problem::new(place, format!("`{text}` is {other}, which is no text"))),
        }
    }

    /// `depth` counts variables within variables; the check of the file has found those that go in circles.
    fn value_below(&self, node: &Node, depth: usize) -> Result<Value, Problem> {
        match &node.kind {
            Kind::Text(text) => self.filled(node.place, text, depth),
            Kind::List(nodes) => nodes.iter().map(|node| self.value_below(node, depth)).collect(),
            Kind::Map(entries) => {
                let mut map = Map::new();
                for (key, node) in entries {
                    let value = self.value_below(node, depth)?;
                    if key.text == MERGE {
                        lay_under(&mut map, value).map_err(|found| {
                            Problem::new(node.place, format!("`{MERGE}` takes mappings, not {found}"))
                        })?;
                    } else {
                        map.insert(key.text.clone(), value);
                    }
                }
                Ok(Value::Object(map))
            }
            plain => Ok(plain.clone().into()),
        }
    }

    fn filled(&self, place: Place, text: &str, depth: usize) -> Result<Value, Problem> {
        let pieces = pieces(text).map_err(|message| Problem::new(place, message))?;
        if let [Piece::Name(name)] = &pieces[..] {
            return self.named(place, name, depth);
        }
        let mut filled = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(&text),
                Piece::Name(name) => match self.named(place, &name, depth)? {
                    Value::String(text) => filled.push_str(&text),
                    value @ (Value::Number(_) | Value::Bool(_)) => filled.push_str(&value.to_string()),
                    _ => {
                        let message = format!(
                            "`{}` in a longer text has to be a text or a number",
                            name.told(name.path.len())
                        );
                        return Err(Problem::new(place, message));
                    }
                },
            }
        }
        Ok(filled.into())
    }

    fn named(&self, place: Place, name: &Name, depth: usize) -> Result<Value, Problem> {
        const DEEPEST: usize = 16;
        let unknown =
            |kind: &str, word: &str, hint: String| Problem::new(place, format!("no {kind} `{word}`{hint}"));
        let (mut value, begun) = match name.variable() {
            Some(variable) => {
                let known = self.vars.keys().map(String::as_str);
                let node = self.vars.get(&*variable);
                let node =
                    node.ok_or_else(|| unknown("variable", &variable, instead_of(&variable, known)))?;
                if depth >= DEEPEST {
                    return Err(Problem::new(place, format!("variable `{variable}` goes in circles")));
                }
                (self.value_below(node, depth + 1)?, 1)
            }
            None => {
                let known = self.values.keys().map(String::as_str).chain([VARS]);
                let value = self.values.get(&name.root);
                let value =
                    value.ok_or_else(|| unknown("value", &name.root, instead_of(&name.root, known)))?;
                (value.clone(), 0)
            }
        };
        for (n, part) in name.path.iter().enumerate().skip(begun) {
            let inner = match part {
                Part::Member(member) => value.get_mut(member),
                Part::Element(index) => value.get_mut(index),
            };
            value = inner
                .map(Value::take)
                .ok_or_else(|| Problem::new(place, format!("`{}` has no {part}", name.told(n))))?;
        }
        Ok(value)
    }
}

/// Adds what is not there yet. The answer to something that is no mapping is that something.
fn lay_under(map: &mut Map<String, Value>, base: Value) -> Result<(), Value> {
    match base {
        Value::Object(base) => {
            for (key, value) in base {
                map.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Array(bases) => bases.into_iter().rev().try_for_each(|base| lay_under(map, base)),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(text: &str) -> Node {
        serde_saphyr::from_str(text).unwrap()
    }

    fn scope() -> Scope {
        let vars = node(
            "{job: {Name: x, Count: 2, Role: '${role}'}, small: {$merge: '${vars.job}', Count: 1}, loop: '${vars.loop}'}",
        );
        let vars = vars.entries().iter().map(|(key, node)| (key.text.clone(), node.clone())).collect();
        let values = [
            ("account", json!("111122223333")),
            ("role", json!("arn:r")),
            ("subnets", json!([{"id": "subnet-1"}, {"id": "subnet-2"}])),
            ("free", json!(11)),
        ];
        Scope { vars, values: values.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    #[test]
    fn a_whole_template_keeps_its_type() {
        let scope = scope();
        for (text, expected) in [
            ("'${free}'", json!(11)),
            ("'${subnets}'", json!([{"id": "subnet-1"}, {"id": "subnet-2"}])),
            ("'${subnets[1].id}'", json!("subnet-2")),
            ("'arn:${account}:${subnets[0].id}/${free}'", json!("arn:111122223333:subnet-1/11")),
            ("'$${free} costs $5 $'", json!("${free} costs $5 $")),
            ("{a: ['${free}', null, 1.5, true]}", json!({"a": [11, null, 1.5, true]})),
            ("''", json!("")),
            ("'${vars.job.Role}'", json!("arn:r")),
            ("'${vars.small}'", json!({"Name": "x", "Count": 1, "Role": "arn:r"})),
        ] {
            assert_eq!(scope.value(&node(text)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_last_of_several_bases_wins_and_the_mapping_itself_over_all() {
        let merged = node("{b: 9, $merge: [{a: 1, b: 1, c: 1}, {a: 2, c: 2}]}");
        assert_eq!(scope().value(&merged), Ok(json!({"b": 9, "a": 2, "c": 2})));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let scope = scope();
        for (text, expected) in [
            ("a: '${subnet}'", "1:4: no value `subnet`; did you mean `subnets`?"),
            ("a: '${vars.jop}'", "1:4: no variable `jop`; did you mean `job`?"),
            ("a: '${subnets[2].id}'", "1:4: `subnets` has no element 2"),
            ("a: '${subnets[0].idd}'", "1:4: `subnets[0]` has no member `idd`"),
            ("a: '${vars.job.Nam}'", "1:4: `vars.job` has no member `Nam`"),
            ("a: '${subnets.id}'", "1:4: `subnets` has no member `id`"),
            ("a: 'x${subnets}'", "1:4: `subnets` in a longer text has to be a text or a number"),
            ("a: '${free'", "1:4: `${free` has a `${` without its `}`"),
            ("a: '${}'", "1:4: `${}` names nothing: a name is like `vpc`, `vars.job` or `subnets[0].id`"),
            (
                "a: '${a b}'",
                "1:4: `${a b}` names nothing: a name is like `vpc`, `vars.job` or `subnets[0].id`",
            ),
            (
                "a: '${vars}'",
                "1:4: `${vars}` names nothing: a name is like `vpc`, `vars.job` or `subnets[0].id`",
            ),
            ("a: {$merge: '${free}'}", "1:13: `$merge` takes mappings, not 11"),
        ] {
            assert_eq!(scope.value(&node(text)).unwrap_err().to_string(), expected);
        }
        assert!(scope.value(&node("'${vars.loop}'")).unwrap_err().message.contains("goes in circles"));
        assert_eq!(scope.text(Place::default(), "${free}").as_deref(), Ok("11"));
        assert!(scope.text(Place::default(), "${subnets}").is_err());
    }
}
