//! Answers to results.

use bytes::Bytes;

use super::xml;
use crate::aws::decode::{json_document, rest_scalar};
use crate::aws::model::{Kind, Location, Operation, Protocol, ServiceId, ServiceModel, flag};
use crate::aws::value::{Struct, Value};
use crate::aws::{Fault, HeaderLookup};

/// The code of faults that this reader itself makes: the answer was not of the protocol.
const UNREADABLE: &str = "UnreadableResponse";

/// Reads an answer as SDKs show it.
///
/// # Errors
/// The [`Fault`] that the service sent, or one with code `UnreadableResponse` if the answer is not of
/// the service's protocol.
pub fn decode_response(
    service: ServiceId,
    operation: &str,
    status: u16,
    headers: &dyn HeaderLookup,
    body: &[u8],
) -> Result<serde_json::Value, Fault> {
    let model = ServiceModel::get(service);
    let operation = model
        .operation(operation)
        .ok_or_else(|| unreadable(format!("{} has no operation {operation}", service.name())))?;
    decode_value(model, operation, status, headers, body).map(|value| value.to_json())
}

/// Reads an answer as a value of the operation's output.
///
/// # Errors
/// As [`decode_response`].
pub fn decode_value(
    model: &'static ServiceModel,
    operation: &'static Operation,
    status: u16,
    headers: &dyn HeaderLookup,
    body: &[u8],
) -> Result<Value, Fault> {
    if status >= 300 {
        let mut fault = match model.protocol() {
            Protocol::Ec2 | Protocol::Query => xml_fault(body),
            Protocol::Json11 | Protocol::RestJson => json_fault(headers, body),
        };
        fault.status = status;
        fault.because = headers.get("x-mockplane-rule").map(str::to_owned);
        return Err(fault);
    }
    let Some(output) = model.output(operation) else { return Ok(Value::empty()) };
    match model.protocol() {
        Protocol::Ec2 | Protocol::Query => {
            let text = std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()))?;
            let root = xml::parse(text).map_err(unreadable)?;
            let expected = format!("{}Response", operation.name);
            if root.name != expected {
                return Err(unreadable(format!("<{}> where <{expected}> is expected", root.name)));
            }
            let element = match operation.result_wrapper {
                Some(wrapper) => {
                    root.child(wrapper).ok_or_else(|| unreadable(format!("there is no <{wrapper}>")))?
                }
                None => &root,
            };
            xml::value(model, output, element).map_err(unreadable)
        }
        Protocol::Json11 => json_document(model, output, body).map_err(|fault| unreadable(fault.message)),
        Protocol::RestJson => {
            let mut fields = Struct::new();
            for (position, member) in model.members(output).iter().enumerate() {
                let shape = model.shape(member.shape);
                if member.location == Location::Header {
                    let text = headers.get(&member.wire_name().to_ascii_lowercase());
                    if let Some(value) = text.and_then(|text| rest_scalar(shape, text)) {
                        fields.set(member.name, value);
                    }
                } else if output.payload() == Some(position) {
                    let value = match shape.kind {
                        Kind::Blob => Value::Blob(Bytes::copy_from_slice(body)),
                        // Streams of events are not taken apart.
                        Kind::Structure if shape.has(flag::EVENT_STREAM) => continue,
                        _ => json_document(model, shape, body).map_err(|fault| unreadable(fault.message))?,
                    };
                    fields.set(member.name, value);
                }
            }
            if output.payload().is_none() {
                let document =
                    json_document(model, output, body).map_err(|fault| unreadable(fault.message))?;
                for (name, value) in document.as_struct().into_iter().flat_map(Struct::iter) {
                    fields.set(name, value.clone());
                }
            }
            Ok(Value::Struct(fields))
        }
    }
}

pub(super) fn unreadable(message: String) -> Fault {
    Fault::new(UNREADABLE, message)
}

fn xml_fault(body: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(body);
    let root = match xml::parse(&text) {
        Ok(root) => root,
        Err(error) => return unreadable(format!("{error} in {}", shorten(&text))),
    };
    let error = root.at(&["Errors", "Error"]).or_else(|| root.child("Error"));
    match error.and_then(|error| Some((error.child("Code")?, error.child("Message")))) {
        Some((code, message)) => {
            Fault::new(code.text.clone(), message.map(|message| message.text.clone()).unwrap_or_default())
        }
        None => unreadable(format!("an error answer without a code: {}", shorten(&text))),
    }
}

fn json_fault(headers: &dyn HeaderLookup, body: &[u8]) -> Fault {
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |names: &[&str]| names.iter().find_map(|name| document.get(name)?.as_str());
    let code = headers.get("x-amzn-errortype").or_else(|| field(&["__type", "code"]));
    match code {
        Some(code) => {
            // `namespace#Code:http://...` is one of the forms.
            let code = code.split(':').next().unwrap_or_default();
            let code = code.rsplit('#').next().unwrap_or_default();
            Fault::new(code.to_owned(), field(&["message", "Message"]).unwrap_or_default())
        }
        None => {
            unreadable(format!("an error answer without a code: {}", shorten(&String::from_utf8_lossy(body))))
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}
