//! Answers to bytes.
//!
//! Services serialise plain structures whose fields carry the SDK names of members, declared in the
//! model's order. What is written follows a plan that is compiled once per shape: tags, keys and
//! timestamp forms come from the published model.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde::{Serialize, Serializer};

mod compound;
mod events;
pub(super) mod plan;
mod ser;

use self::plan::{Plan, StructPlan};
use self::ser::{Format, Json, Ser, Xml};
use super::model::{Kind, Operation, Protocol, ServiceModel, ShapeId};
use super::text::write_xml;
use super::{Encoded, HeaderList};

/// What an operation says does not fit the model: a bug of the operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0)]
pub struct EncodeError(Box<str>);

impl EncodeError {
    fn new(message: String) -> Self {
        Self(message.into_boxed_str())
    }

    fn under(self, member: &str) -> Self {
        Self(format!("{member}: {}", self.0).into_boxed_str())
    }
}

impl serde::ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// A row of a list that [`Encoder::page`] writes.
pub trait Element {
    /// Where the row's fragment is kept between answers, if anywhere.
    ///
    /// A fragment holds the row as the list's operation prints it, so a cell must not be shared by
    /// operations that print the row by different shapes, and everything printed must be as
    /// immutable as the row.
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>>;

    /// Serialises the row, in the form of the list's element shape.
    ///
    /// # Errors
    /// Those of the serializer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Element + ?Sized> Element for &T {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        (**self).memo()
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<T: Element + ?Sized> Element for std::sync::Arc<T> {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        (**self).memo()
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// Lets serde see an [`Element`].
struct Row<'a, E: ?Sized>(&'a E);

impl<E: Element + ?Sized> Serialize for Row<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Writes the answer of one operation.
///
/// Call [`value`](Self::value) or [`page`](Self::page) once, or neither for an empty answer, then
/// [`finish`](Self::finish).
pub struct Encoder<'a> {
    operation: &'static Operation,
    model: &'static ServiceModel,
    request_id: &'a str,
    out: Vec<u8>,
    headers: HeaderList,
    /// Length of what precedes the output.
    start: usize,
    written: bool,
}

impl<'a> Encoder<'a> {
    /// Begins an answer.
    pub fn new(operation: &'static Operation, model: &'static ServiceModel, request_id: &'a str) -> Self {
        let mut out = Vec::with_capacity(1024);
        match model.protocol() {
            Protocol::Ec2 => {
                out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
                out.extend_from_slice(operation.name.as_bytes());
                out.extend_from_slice(b"Response xmlns=\"");
                let namespace = model.meta().xml_namespace.unwrap_or_default();
                out.extend_from_slice(namespace.trim_end_matches('/').as_bytes());
                out.extend_from_slice(b"/\"><requestId>");
                write_xml(&mut out, request_id);
                out.extend_from_slice(b"</requestId>");
            }
            Protocol::Query => {
                out.push(b'<');
                out.extend_from_slice(operation.name.as_bytes());
                out.extend_from_slice(b"Response xmlns=\"");
                out.extend_from_slice(model.meta().xml_namespace.unwrap_or_default().as_bytes());
                out.extend_from_slice(b"\">");
                if let Some(wrapper) = operation.result_wrapper {
                    out.push(b'<');
                    out.extend_from_slice(wrapper.as_bytes());
                    out.push(b'>');
                }
            }
            Protocol::Json11 | Protocol::RestJson => {}
        }
        let start = out.len();
        Self { operation, model, request_id, out, headers: Vec::new(), start, written: false }
    }

    fn claim(&mut self) -> Result<(), EncodeError> {
        if std::mem::replace(&mut self.written, true) {
            return Err(EncodeError::new(format!("the output of {} is written twice", self.operation.name)));
        }
        Ok(())
    }

    /// Writes the whole output structure. `()` is the output of an operation that has none.
    ///
    /// # Errors
    /// [`EncodeError`] if a field is not in the model, or not of the model's type.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.claim()?;
        let Some(shape) = self.operation.output else {
            // There is nothing to say, so nothing may be said.
            return match serde_json::to_string(value).as_deref() {
                Ok("null" | "{}") => Ok(()),
                _ => Err(EncodeError::new(format!("the model has no output of {}", self.operation.name))),
            };
        };
        let target = self.model.target(shape);
        let operation = self.operation;
        let outcome = match self.model.protocol() {
            Protocol::Ec2 | Protocol::Query => {
                value.serialize(Ser::<Xml>::new(&mut self.out, self.model, target))
            }
            Protocol::Json11 => value.serialize(Ser::<Json>::new(&mut self.out, self.model, target)),
            Protocol::RestJson => {
                let mut ser = Ser::<Json>::new(&mut self.out, self.model, target);
                ser.headers = Some(&mut self.headers);
                value.serialize(ser)
            }
        };
        outcome.map(|_| ()).map_err(|error| error.under(operation.name))
    }

    /// As [`value`](Self::value), for a value that never changes: what is written is kept in `memo` and copied from
    /// there the next time.
    ///
    /// # Errors
    /// As those of `value`; and an output with members in headers, which are not kept.
    pub fn whole<T: Serialize + ?Sized>(
        &mut self,
        memo: &OnceLock<Box<[u8]>>,
        value: &T,
    ) -> Result<(), EncodeError> {
        if let Some(kept) = memo.get() {
            self.claim()?;
            self.out.extend_from_slice(kept);
            return Ok(());
        }
        self.value(value)?;
        if !self.headers.is_empty() {
            let name = self.operation.name;
            return Err(EncodeError::new(format!("the output of {name} is not all in the body")));
        }
        // Another request may have kept the same bytes in the meantime.
        let _ = memo.set(self.out[self.start..].into());
        Ok(())
    }

    /// Writes an output that is one list of rows, and perhaps the token of the next page.
    ///
    /// `next_token` is the output member that carries the token, and the token. Rows that keep a
    /// fragment are copied; the others are serialised and, if they have a cell, kept. Where the
    /// output says whether there is more (IAM's `IsTruncated`), that is said.
    ///
    /// # Errors
    /// [`EncodeError`] if a member or field is not in the model, or not of the model's type.
    pub fn page<E: Element>(
        &mut self,
        list_member: &str,
        items: impl Iterator<Item = E>,
        next_token: Option<(&str, &str)>,
    ) -> Result<(), EncodeError> {
        self.claim()?;
        let operation = self.operation;
        let outcome = match self.model.protocol() {
            Protocol::Ec2 | Protocol::Query => self.rows::<Xml, E>(list_member, items, next_token),
            Protocol::Json11 | Protocol::RestJson => self.rows::<Json, E>(list_member, items, next_token),
        };
        outcome.map_err(|error| error.under(operation.name))
    }

    fn rows<F: Format, E: Element>(
        &mut self,
        list_member: &str,
        items: impl Iterator<Item = E>,
        next_token: Option<(&str, &str)>,
    ) -> Result<(), EncodeError> {
        let plan = self.output_plan()?;
        let list = plan.named(list_member)?;
        let Plan::List { tags, inner } = self.model.plan(list.target.shape) else {
            return Err(EncodeError::new(format!("{list_member} is not a list")));
        };
        let out = &mut self.out;
        if !F::XML {
            out.push(b'{');
        }
        let open = list.tags.open();
        out.extend_from_slice(if F::XML { open } else { &open[1..] });
        if !F::XML {
            out.push(b'[');
        }
        let expected = items.size_hint().0;
        let mut first = true;
        for item in items {
            let mark = out.len();
            if !F::XML && !first {
                out.push(b',');
            }
            let begin = out.len();
            if let Some(fragment) = item.memo().and_then(OnceLock::get) {
                out.extend_from_slice(fragment);
            } else {
                if F::XML {
                    out.extend_from_slice(tags.open());
                }
                if !Row(&item).serialize(Ser::<F>::new(out, self.model, *inner))? {
                    out.truncate(mark);
                    continue;
                }
                out.extend_from_slice(tags.close());
                if let Some(memo) = item.memo() {
                    memo.get_or_init(|| out[begin..].into());
                }
            }
            if first {
                // Rows are much alike: the first tells how much room the rest needs.
                let row = out.len() - mark;
                out.reserve((row + row / 8).saturating_mul(expected).min(1 << 20));
                first = false;
            }
        }
        if !F::XML {
            out.push(b']');
        }
        out.extend_from_slice(list.tags.close());
        if let Some(more) = self.operation.paginator.as_ref().and_then(|paginator| paginator.more) {
            let more = plan.named(more)?;
            if more.target.kind == Kind::Boolean {
                out.extend_from_slice(more.tags.open());
                out.extend_from_slice(if next_token.is_some() { b"true" } else { b"false" });
                out.extend_from_slice(more.tags.close());
            }
        }
        if let Some((member, token)) = next_token {
            let member = plan.named(member)?;
            out.extend_from_slice(member.tags.open());
            token.serialize(Ser::<F>::new(out, self.model, member.target))?;
            out.extend_from_slice(member.tags.close());
        }
        if !F::XML {
            out.push(b'}');
        }
        Ok(())
    }

    /// Writes an event that is bytes and nothing else.
    pub fn event(&mut self, name: &str, bytes: &[u8]) {
        let headers = [
            (":event-type", name),
            (":content-type", "application/octet-stream"),
            (":message-type", "event"),
        ];
        events::write(&mut self.out, &headers, bytes);
    }

    /// Writes an event that is an error.
    pub fn exception(&mut self, name: &str, members: &serde_json::Value) {
        let headers = [
            (":exception-type", name),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ];
        events::write(&mut self.out, &headers, members.to_string().as_bytes());
    }

    /// Says that the body is a stream of events, be there any or none.
    pub fn end_stream(&mut self) {
        self.headers.push(("content-type".into(), events::CONTENT_TYPE.into()));
    }

    fn output_plan(&self) -> Result<&'static StructPlan, EncodeError> {
        match self.operation.output.map(|shape| self.model.plan(shape)) {
            Some(Plan::Struct(plan)) => Ok(plan),
            _ => Err(EncodeError::new("the operation has no output structure".to_owned())),
        }
    }

    /// Ends the answer.
    pub fn finish(self) -> Encoded {
        let Self { operation, model, request_id, mut out, headers: own, start, .. } = self;
        let empty = model.output(operation).is_none_or(|shape| model.members(shape).is_empty());
        match model.protocol() {
            Protocol::Ec2 => {
                if empty && out.len() == start {
                    out.extend_from_slice(b"<return>true</return>");
                }
                close(&mut out, operation.name, "Response");
            }
            Protocol::Query => {
                if let Some(wrapper) = operation.result_wrapper {
                    close(&mut out, wrapper, "");
                }
                out.extend_from_slice(b"<ResponseMetadata><RequestId>");
                write_xml(&mut out, request_id);
                out.extend_from_slice(b"</RequestId></ResponseMetadata>");
                close(&mut out, operation.name, "Response");
            }
            // SDKs take an empty body for an empty structure, and so do these services send it
            // where the model has no output.
            Protocol::Json11 => {
                if out.is_empty() && operation.output.is_some() {
                    out.extend_from_slice(b"{}");
                }
            }
            Protocol::RestJson => {}
        }
        let mut headers = response_headers(model.protocol(), request_id, out.len());
        for (name, value) in own {
            // The operation's own content type replaces the protocol's.
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            headers.push((name, value));
        }
        Encoded { status: operation.status, headers, body: out }
    }
}

/// Writes a value of a shape as JSON.
pub(super) fn write_json_value<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    model: &'static ServiceModel,
    shape: ShapeId,
    value: &T,
) -> Result<(), EncodeError> {
    value.serialize(Ser::<Json>::new(out, model, model.target(shape))).map(|_| ())
}

impl StructPlan {
    fn named(&self, name: &str) -> Result<&plan::MemberPlan, EncodeError> {
        let found = self.members.iter().find(|member| member.name == name);
        found.ok_or_else(|| EncodeError::new(format!("{} has no member {name}", self.name)))
    }
}

fn close(out: &mut Vec<u8>, name: &str, suffix: &str) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    out.push(b'>');
}

/// The headers that each protocol's answers carry, faults included.
pub(super) fn response_headers(protocol: Protocol, request_id: &str, length: usize) -> HeaderList {
    let content_type = match protocol {
        Protocol::Ec2 => "text/xml;charset=UTF-8",
        Protocol::Query => "text/xml",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
    };
    let mut headers: HeaderList = Vec::with_capacity(6);
    headers.push(("x-amzn-requestid".into(), request_id.to_owned().into()));
    headers.push(("content-type".into(), content_type.into()));
    if protocol == Protocol::Ec2 {
        headers.push(("cache-control".into(), "no-cache, no-store".into()));
        headers.push(("strict-transport-security".into(), "max-age=31536000; includeSubDomains".into()));
        headers.push(("server".into(), "AmazonEC2".into()));
        // EC2 sends its larger answers in chunks and says that they vary.
        if length > 4096 {
            headers.push((Cow::Borrowed("vary"), "accept-encoding".into()));
        }
    }
    headers
}

#[cfg(test)]
mod tests;
