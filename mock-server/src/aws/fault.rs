//! Refusals on the wire.

use std::borrow::Cow;

use super::encode::response_headers;
use super::model::{Operation, Protocol, ServiceId, ServiceModel};
use super::text::{write_json, write_xml};
use super::{Encoded, HeaderList};

/// A refusal, before it has the form of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The code that SDKs match on.
    pub code: Cow<'static, str>,
    /// The text that people read.
    pub message: String,
    /// HTTP status.
    pub status: u16,
    /// The documented rule behind the refusal, if one is.
    pub because: Option<String>,
    /// More headers for the answer.
    pub headers: HeaderList,
    /// What the error has beside its message, in the protocols that speak JSON.
    pub members: Box<[(&'static str, serde_json::Value)]>,
    /// The place of its message's name in [`CALLED`], which takes less room than the name.
    called: Option<u8>,
}

/// What messages that no service words are called, as far as calls can come by them that an SDK makes and signs.
pub const CALLED: &[&str] = &[
    "aws-null",
    "aws-least",
    "aws-most",
    "aws-enum",
    "aws-pattern",
    "aws-list",
    "aws-map-keys",
    "aws-map-values",
    "aws-ec2-missing",
    "aws-ec2-least",
    "aws-ec2-most",
    "aws-ec2-enum",
    "aws-ec2-form",
    "aws-not-implemented",
    "aws-dry-run",
    "aws-denied",
    "aws-denied-ec2",
    "aws-unknown-key",
    "aws-unknown-key-ec2",
    "aws-expired",
    "aws-expired-ec2",
    "aws-throttled",
    "aws-throttled-ec2",
    "aws-declared",
];

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// A refusal with status 400.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
            because: None,
            headers: Vec::new(),
            members: Box::default(),
            called: None,
        }
    }

    /// The same, with a name for its message.
    #[must_use]
    pub fn called(mut self, name: &'static str) -> Self {
        let place = CALLED.iter().position(|known| *known == name);
        debug_assert!(place.is_some(), "{name} is not in the list");
        self.called = place.and_then(|place| u8::try_from(place).ok());
        self
    }

    /// What the message is called, if it is one of [`CALLED`].
    pub fn name(&self) -> Option<&'static str> {
        CALLED.get(usize::from(self.called?)).copied()
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same, naming the rule behind it.
    #[must_use]
    pub fn because(mut self, rule: impl Into<String>) -> Self {
        self.because = Some(rule.into());
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// An error of the service's model, given its shape name or its code: code and status are those
    /// that the model declares. An error that the model does not know keeps its name, with status 400.
    pub fn declared(
        service: ServiceId,
        name: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let name = name.into();
        match ServiceModel::get(service).error_shape(&name) {
            Some(shape) => {
                let status = shape.traits.as_ref().and_then(|traits| traits.error_status);
                let usual = if shape.has(super::model::flag::FAULT) { 500 } else { 400 };
                Self::new(shape.error_code(), message).with_status(status.unwrap_or(usual))
            }
            None => Self::new(name, message),
        }
    }

    /// The answer to an operation that the published model has and this program does not.
    pub fn not_implemented(service: ServiceId, operation: &Operation) -> Self {
        let name = operation.name;
        Self::new(
            "NotImplemented",
            format!("{}:{name} is not implemented by this mock", service.signing_name()),
        )
        .with_status(501)
        .called("aws-not-implemented")
    }

    /// The answer to a bug of this program, in the service's own terms.
    pub fn internal(service: ServiceId, message: impl Into<String>) -> Self {
        let code = match service {
            ServiceId::Ec2 => "InternalError",
            ServiceId::Iam => "ServiceFailure",
            ServiceId::Ssm => "InternalServerError",
            ServiceId::Sts | ServiceId::SageMaker | ServiceId::SageMakerRuntime | ServiceId::Logs => {
                "InternalFailure"
            }
        };
        Self::new(code, message).with_status(500)
    }

    /// The answer's bytes in the service's protocol.
    pub fn encode(&self, service: ServiceId, request_id: &str) -> Encoded {
        let body = match service.protocol() {
            Protocol::Ec2 => self.ec2(request_id),
            Protocol::Query => self.query(service, request_id),
            Protocol::Json11 | Protocol::RestJson => self.json(service),
        };
        let mut headers = response_headers(service.protocol(), request_id, body.len());
        if service.protocol() == Protocol::RestJson {
            headers.push(("x-amzn-errortype".into(), self.code.clone()));
        }
        if let Some(rule) = &self.because {
            headers.push(("x-mockplane-rule".into(), rule.clone().into()));
        }
        headers.extend(self.headers.iter().cloned());
        Encoded { status: self.status, headers, body }
    }

    fn ec2(&self, request_id: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + self.message.len());
        out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>");
        write_xml(&mut out, &self.code);
        out.extend_from_slice(b"</Code><Message>");
        write_xml(&mut out, &self.message);
        out.extend_from_slice(b"</Message></Error></Errors><RequestID>");
        write_xml(&mut out, request_id);
        out.extend_from_slice(b"</RequestID></Response>");
        out
    }

    fn query(&self, service: ServiceId, request_id: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(320 + self.message.len());
        out.extend_from_slice(b"<ErrorResponse xmlns=\"");
        write_xml(&mut out, ServiceModel::get(service).meta().xml_namespace.unwrap_or_default());
        out.extend_from_slice(b"\">\n  <Error>\n    <Type>");
        out.extend_from_slice(if self.status < 500 { b"Sender" } else { b"Receiver" });
        out.extend_from_slice(b"</Type>\n    <Code>");
        write_xml(&mut out, &self.code);
        out.extend_from_slice(b"</Code>\n    <Message>");
        write_xml(&mut out, &self.message);
        out.extend_from_slice(b"</Message>\n  </Error>\n  <RequestId>");
        write_xml(&mut out, request_id);
        out.extend_from_slice(b"</RequestId>\n</ErrorResponse>\n");
        out
    }

    fn json(&self, service: ServiceId) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.message.len());
        out.extend_from_slice(b"{\"__type\":\"");
        write_json(&mut out, &self.code);
        out.push(b'"');
        for (name, value) in &self.members {
            out.extend_from_slice(format!(",\"{name}\":{value}").as_bytes());
        }
        if self.message.is_empty() {
            out.push(b'}');
            return out;
        }
        // Error structures spell the member either way; SDKs read both.
        let key = ServiceModel::get(service)
            .error_shape(&self.code)
            .and_then(|shape| {
                let members = ServiceModel::get(service).members(shape);
                members
                    .iter()
                    .map(|member| member.wire_name())
                    .find(|name| name.eq_ignore_ascii_case("message"))
            })
            .unwrap_or("message");
        out.extend_from_slice(b",\"");
        write_json(&mut out, key);
        out.extend_from_slice(b"\":\"");
        write_json(&mut out, &self.message);
        out.extend_from_slice(b"\"}");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(fault: &Fault, service: ServiceId) -> String {
        String::from_utf8(fault.encode(service, "rid").body).unwrap()
    }

    #[test]
    fn each_wire() {
        let fault =
            Fault::new("InvalidVpcID.NotFound", "The vpc ID 'a<b' does not exist").because("EC2-VPC-404");
        assert_eq!(
            body(&fault, ServiceId::Ec2),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>\
             <Message>The vpc ID &apos;a&lt;b&apos; does not exist</Message></Error></Errors>\
             <RequestID>rid</RequestID></Response>"
        );
        let answer = fault.encode(ServiceId::Ec2, "rid");
        assert_eq!((answer.status, answer.header("x-mockplane-rule")), (400, Some("EC2-VPC-404")));
        let fault = Fault::declared(ServiceId::Iam, "NoSuchEntityException", "no");
        assert_eq!((fault.code.as_ref(), fault.status), ("NoSuchEntity", 404));
        let text = body(&fault, ServiceId::Iam);
        assert!(text.contains("<Type>Sender</Type>") && text.contains("<Code>NoSuchEntity</Code>"), "{text}");
        let fault = Fault::new("ValidationException", "a \"b\"");
        assert_eq!(
            body(&fault, ServiceId::SageMaker),
            r#"{"__type":"ValidationException","message":"a \"b\""}"#
        );
        let fault = Fault::declared(ServiceId::Ssm, "ParameterNotFound", "");
        assert_eq!(body(&fault, ServiceId::Ssm), r#"{"__type":"ParameterNotFound"}"#);
        let answer = Fault::declared(ServiceId::SageMakerRuntime, "ModelError", "m")
            .encode(ServiceId::SageMakerRuntime, "rid");
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (424, Some("ModelError")));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }

    #[test]
    fn errors_of_the_models() {
        let status = |service, name: &'static str| {
            let fault = Fault::declared(service, name, "");
            (fault.code.into_owned(), fault.status)
        };
        assert_eq!(status(ServiceId::Iam, "DeleteConflict"), ("DeleteConflict".into(), 409));
        assert_eq!(status(ServiceId::Iam, "ServiceFailureException"), ("ServiceFailure".into(), 500));
        assert_eq!(status(ServiceId::Sts, "RegionDisabledException").1, 403);
        assert_eq!(status(ServiceId::SageMaker, "ResourceInUse"), ("ResourceInUse".into(), 400));
        assert_eq!(status(ServiceId::Logs, "ServiceUnavailableException").1, 500);
        assert_eq!(status(ServiceId::Ec2, "VpcLimitExceeded"), ("VpcLimitExceeded".into(), 400));
    }

    #[test]
    fn not_implemented_names_the_operation() {
        let operation = ServiceModel::get(ServiceId::Ec2).operation("RunInstances");
        let fault = operation.map(|operation| Fault::not_implemented(ServiceId::Ec2, operation)).unwrap();
        assert_eq!((fault.status, fault.code.as_ref()), (501, "NotImplemented"));
        assert!(fault.message.contains("ec2:RunInstances"));
    }
}
