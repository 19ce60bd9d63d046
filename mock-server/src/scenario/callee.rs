//! What a scenario calls: an operation of a published model, or one of S3's, whose wire has a table of its own.

use super::problem::instead_of;
use crate::aws::client::{self, HttpRequest, RequestError, s3};
use crate::aws::model::{self, Kind};
use crate::aws::{Fault, HeaderLookup, Operation, ServiceId, ServiceModel};
use serde_json::Value;

/// An operation that can be called.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    Modelled(&'static ServiceModel, &'static Operation),
    S3(&'static s3::Operation),
}

impl Callee {
    /// The operation that `service.Operation` names.
    ///
    /// # Errors
    /// Which part of it is not known.
    pub fn find(call: &str) -> Result<Self, String> {
        let Some((service, name)) = call.split_once('.') else {
            return Err(format!("`{call}` is no call: write it like ec2.CreateVpc"));
        };
        let none = |known: &mut dyn Iterator<Item = &'static str>| {
            format!("{service} has no operation `{name}`{}", instead_of(name, known))
        };
        if service == s3::NAME {
            let found = s3::operation(name).map(Callee::S3);
            // S3 has more than the table here does.
            return found.ok_or_else(|| {
                format!("scenarios cannot call s3.{name}{}", instead_of(name, s3::operations()))
            });
        }
        let services = ServiceId::ALL.iter().map(|service| service.name()).chain([s3::NAME]);
        let service = ServiceId::from_name(service)
            .ok_or_else(|| format!("unknown service `{service}`{}", instead_of(service, services)))?;
        let model = ServiceModel::get(service);
        let found = model.operation(name).map(|operation| Callee::Modelled(model, operation));
        found.ok_or_else(|| none(&mut model.operations().iter().map(|operation| operation.name)))
    }

    pub fn service(self) -> &'static str {
        match self {
            Callee::Modelled(model, _) => model.id.name(),
            Callee::S3(_) => s3::NAME,
        }
    }

    /// The service's name in signatures.
    pub fn signing_name(self) -> &'static str {
        match self {
            Callee::Modelled(model, _) => model.id.signing_name(),
            Callee::S3(_) => s3::NAME,
        }
    }

    pub fn operation(self) -> &'static str {
        match self {
            Callee::Modelled(_, operation) => operation.name,
            Callee::S3(operation) => operation.name,
        }
    }

    /// What the operation takes; `None` if nothing.
    pub fn input(self) -> Option<Shape> {
        match self {
            Callee::Modelled(model, operation) => {
                model.input(operation).map(|shape| Shape::Modelled(model, shape))
            }
            Callee::S3(operation) => Some(Shape::S3(operation.input())),
        }
    }

    /// What the operation answers; `None` if nothing, or nothing that is described in this way.
    pub fn output(self) -> Option<Shape> {
        match self {
            Callee::Modelled(model, operation) => {
                model.output(operation).map(|shape| Shape::Modelled(model, shape))
            }
            Callee::S3(_) => None,
        }
    }

    /// Puts a call on the wire.
    ///
    /// # Errors
    /// If the input does not fit the operation.
    pub fn encode(self, input: &Value) -> Result<HttpRequest, RequestError> {
        match self {
            Callee::Modelled(model, operation) => client::encode_request(model.id, operation.name, input),
            Callee::S3(operation) => s3::encode(operation, input),
        }
    }

    /// Reads an answer as SDKs show it.
    ///
    /// # Errors
    /// The refusal, or one with the code `UnreadableResponse`.
    pub fn decode(self, status: u16, headers: &dyn HeaderLookup, body: &[u8]) -> Result<Value, Fault> {
        match self {
            Callee::Modelled(model, operation) => {
                client::decode_response(model.id, operation.name, status, headers, body)
            }
            Callee::S3(operation) => s3::decode(operation, status, headers, body),
        }
    }
}

/// What a value looks like.
#[derive(Clone, Copy)]
pub enum Shape {
    Modelled(&'static ServiceModel, &'static model::Shape),
    S3(&'static s3::Shape),
}

/// A part of a structure.
pub struct Member {
    pub name: &'static str,
    pub required: bool,
    pub shape: Shape,
}

impl Shape {
    pub fn kind(self) -> Kind {
        match self {
            Shape::Modelled(_, shape) => shape.kind,
            Shape::S3(shape) => shape.kind(),
        }
    }

    /// The elements of a list, the values of a map.
    pub fn element(self) -> Option<Self> {
        match self {
            Shape::Modelled(model, shape) => shape.element.map(|id| Shape::Modelled(model, model.shape(id))),
            Shape::S3(shape) => shape.element().map(Shape::S3),
        }
    }

    /// The members of a structure.
    pub fn members(self) -> Vec<Member> {
        match self {
            Shape::Modelled(model, shape) => {
                let member = |member: &'static model::Member| Member {
                    name: member.name,
                    required: member.required,
                    shape: Shape::Modelled(model, model.shape(member.shape)),
                };
                model.members(shape).iter().map(member).collect()
            }
            Shape::S3(shape) => {
                let member = |member: &'static s3::Member| Member {
                    name: member.name,
                    required: member.required,
                    shape: Shape::S3(&member.shape),
                };
                shape.members().map(member).collect()
            }
        }
    }

    /// The words that a text can be; none if any will do.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            // EC2 has words that it accepts and does not list.
            Shape::Modelled(model, _) if model.id == ServiceId::Ec2 => &[],
            Shape::Modelled(model, shape) => model.enum_values(shape),
            Shape::S3(s3::Shape::Text(words)) => words,
            Shape::S3(_) => &[],
        }
    }

    /// How to write such a value, for whoever wrote it in another way.
    pub fn told(self) -> &'static str {
        match (self.kind(), self) {
            (Kind::Structure | Kind::Map, _) => "a mapping",
            (Kind::List, _) => "a list",
            (Kind::String, _) => "a text",
            (Kind::Integer | Kind::Long, _) => "a whole number",
            (Kind::Float | Kind::Double, _) => "a number",
            (Kind::Boolean, _) => "true or false",
            (Kind::Blob, Shape::S3(_)) => "a text, {text: ..} or {size: ..}",
            (Kind::Blob, Shape::Modelled(..)) => "base64 text, {text: ..} or {size: ..}",
            (Kind::Timestamp, _) => "a time: ISO 8601, or seconds since 1970",
        }
    }
}
