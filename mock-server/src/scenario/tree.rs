//! Free-form parts of a scenario: values that know where they stand.

use super::problem::Place;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;
use std::fmt;

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    pub place: Place,
    pub kind: Kind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Key {
    pub place: Place,
    pub text: String,
}

impl Node {
    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }

    /// The mapping in it that begins at this place.
    pub fn beginning_at(&self, place: Place) -> Option<&Node> {
        match &self.kind {
            Kind::Map(_) if self.place == place => Some(self),
            Kind::Map(entries) => entries.iter().find_map(|(_, node)| node.beginning_at(place)),
            Kind::List(nodes) => nodes.iter().find_map(|node| node.beginning_at(place)),
            _ => None,
        }
    }

    /// What there is of a way into it, which consists of members and numbers of elements.
    pub fn along(&self, way: &[String]) -> &Node {
        let Some((part, rest)) = way.split_first() else { return self };
        let next = match &self.kind {
            Kind::List(nodes) => part.parse().ok().and_then(|number: usize| nodes.get(number)),
            _ => self.get(part),
        };
        next.map_or(self, |next| next.along(rest))
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Every text in it, keys of mappings included, with its place.
    pub fn texts(&self, each: &mut impl FnMut(Place, &str)) {
        match &self.kind {
            Kind::Text(text) => each(self.place, text),
            Kind::List(nodes) => nodes.iter().for_each(|node| node.texts(each)),
            Kind::Map(entries) => entries.iter().for_each(|(key, node)| {
                each(key.place, &key.text);
                node.texts(each);
            }),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }

    /// A value that is nothing but itself: what looks like a template in it is none.
    pub fn plain(place: Place, value: Value) -> Self {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(truth) => Kind::Bool(truth),
            Value::Number(number) => Kind::Number(number),
            Value::String(text) => Kind::Text(text.replace("${", "$${")),
            Value::Array(list) => {
                Kind::List(list.into_iter().map(|value| Self::plain(place, value)).collect())
            }
            Value::Object(map) => {
                let entry = |(text, value)| (Key { place, text }, Self::plain(place, value));
                Kind::Map(map.into_iter().map(entry).collect())
            }
        };
        Self { place, kind }
    }

    /// What it is, for messages.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

impl From<Kind> for Value {
    /// The bare value; templates stay as they are written.
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Null => Value::Null,
            Kind::Bool(truth) => truth.into(),
            Kind::Number(number) => number.into(),
            Kind::Text(text) => text.into(),
            Kind::List(nodes) => nodes.into_iter().map(|node| Value::from(node.kind)).collect(),
            Kind::Map(entries) => {
                entries.into_iter().map(|(key, node)| (key.text, Value::from(node.kind))).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Self { place: spanned.referenced.into(), kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Kind, E> {
        Number::from_f64(number).map(Kind::Number).ok_or_else(|| E::custom("a number has to be finite"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Kind::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let key = Key { place: key.referenced.into(), text: key.value };
            entries.push((key, map.next_value()?));
        }
        Ok(Kind::Map(entries))
    }
}
