//! XML answers as trees of elements, and trees as values.

use bytes::Bytes;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::aws::model::{Kind, Protocol, ServiceModel, Shape};
use crate::aws::text::base64_decode;
use crate::aws::timestamp;
use crate::aws::value::{Struct, Value};

/// Deepest tree that is read; answers of AWS stay far below.
const DEEPEST: usize = 128;

/// One element.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    /// By their names without what is before a colon.
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element under a path of names.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }
}

/// Reads a document; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let mut closed = None;
        match event {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err("the document is nested too deeply".to_owned());
                }
                open.push(opened(&start)?);
            }
            Event::Empty(start) => {
                closed = Some(opened(&start)?);
            }
            Event::End(_) => closed = open.pop(),
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let letter = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                if let Some(element) = open.last_mut() {
                    match letter {
                        Some(letter) => element.text.push(letter),
                        None => {
                            let name = reference.xml10_content();
                            let known = resolve_predefined_entity(&name);
                            element.text.push_str(known.ok_or_else(|| format!("unknown entity {name}"))?);
                        }
                    }
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => root = Some(element),
            }
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err("the document has no end".to_owned()),
    }
}

/// An element as its first tag says.
fn opened(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { name: start.local_name().into_inner().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        element.attributes.push((attribute.key.local_name().into_inner().to_owned(), value.into_owned()));
    }
    Ok(element)
}

/// Reads an element as a value of a shape. A scalar that does not read is an error.
pub(super) fn value(
    model: &'static ServiceModel,
    shape: &'static Shape,
    element: &Element,
) -> Result<Value, String> {
    let text = element.text.as_str();
    let bad = || format!("<{}> holds {text:?}, which is no {:?}", element.name, shape.kind);
    let traits = shape.traits.as_deref();
    match shape.kind {
        Kind::Structure => {
            let mut fields = Struct::new();
            for member in model.members(shape) {
                if let Some(child) = element.child(member.wire_name()) {
                    fields.set(member.name, value(model, model.shape(member.shape), child)?);
                }
            }
            Ok(Value::Struct(fields))
        }
        Kind::List => {
            let inner = model.shape(shape.element.ok_or_else(bad)?);
            let usual = if model.protocol() == Protocol::Ec2 { "item" } else { "member" };
            let name = traits.and_then(|traits| traits.element_name).unwrap_or(usual);
            let rows = element.children.iter().filter(|child| child.name == name);
            rows.map(|child| value(model, inner, child)).collect::<Result<_, _>>().map(Value::List)
        }
        Kind::Map => {
            let inner = model.shape(shape.element.ok_or_else(bad)?);
            let key_name = traits.and_then(|traits| traits.key_name).unwrap_or("key");
            let value_name = traits.and_then(|traits| traits.value_name).unwrap_or("value");
            let entries = element.children.iter().filter(|child| child.name == "entry");
            let entry = |entry: &Element| {
                let key = entry.child(key_name).ok_or_else(bad)?.text.clone();
                Ok((key, value(model, inner, entry.child(value_name).ok_or_else(bad)?)?))
            };
            entries.map(entry).collect::<Result<_, String>>().map(Value::Map)
        }
        Kind::String => Ok(Value::String(text.to_owned())),
        Kind::Integer | Kind::Long => text.trim().parse().map(Value::Integer).map_err(|_| bad()),
        Kind::Float | Kind::Double => text.trim().parse().map(Value::Float).map_err(|_| bad()),
        Kind::Boolean => text.trim().parse().map(Value::Bool).map_err(|_| bad()),
        Kind::Blob => base64_decode(text).map(|bytes| Value::Blob(Bytes::from(bytes))).ok_or_else(bad),
        Kind::Timestamp => timestamp::parse(text).map(Value::Timestamp).ok_or_else(bad),
    }
}
