//! The wires of AWS: published service models, the four protocols, validation, faults, signatures.
//!
//! This module knows nothing of the mock itself. It turns requests into typed values, typed answers
//! into bytes, and the reverse for the client's side. A request passes through it like this:
//!
//! ```text
//! route::service_of -> decode::decode -> validate::validate -> value::from_value -> (operation)
//!                                                       fault::Fault::encode | encode::Encoder
//! ```

use std::borrow::Cow;

use bytes::Bytes;

#[cfg(test)]
mod arbitrary;
pub mod client;
pub mod decode;
pub mod encode;
pub mod fault;
pub mod model;
pub mod route;
pub mod sigv2;
pub mod sigv4;
mod text;
pub mod timestamp;
pub mod validate;
pub mod value;

pub use decode::decode;
pub use encode::{Element, EncodeError, Encoder};
pub use fault::Fault;
pub use model::{Operation, Protocol, ServiceId, ServiceModel};
pub use validate::{validate, validate_answer};
pub use value::{MOST_BYTES, Value, from_value};

/// Headers of answers and of client requests, in the order in which they are sent.
pub type HeaderList = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// Where the codecs look for request headers; names are given in lower case.
pub trait HeaderLookup {
    /// The value of the first header of that name, if it is text.
    fn get(&self, name: &str) -> Option<&str>;
    /// The headers whose names begin like this, names in lower case; those that are not text are left out.
    fn named(&self, start: &str) -> Vec<(String, String)>;
}

impl HeaderLookup for hyper::HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        hyper::HeaderMap::get(self, name).and_then(|value| value.to_str().ok())
    }
    fn named(&self, start: &str) -> Vec<(String, String)> {
        let all = self.iter().filter(|(name, _)| name.as_str().starts_with(start));
        all.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect()
    }
}

impl<K: AsRef<str>, V: AsRef<str>> HeaderLookup for [(K, V)] {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
    fn named(&self, start: &str) -> Vec<(String, String)> {
        let all =
            self.iter().map(|(name, value)| (name.as_ref().to_ascii_lowercase(), value.as_ref().to_owned()));
        all.filter(|(name, _)| name.starts_with(start)).collect()
    }
}

impl<K: AsRef<str>, V: AsRef<str>> HeaderLookup for Vec<(K, V)> {
    fn get(&self, name: &str) -> Option<&str> {
        HeaderLookup::get(self.as_slice(), name)
    }
    fn named(&self, start: &str) -> Vec<(String, String)> {
        HeaderLookup::named(self.as_slice(), start)
    }
}

/// An HTTP request, as far as the codecs look at it. The body has been read whole and unzipped.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    /// `GET`, `POST` and so on.
    pub method: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// What follows the question mark; empty if nothing does.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a dyn HeaderLookup,
    /// The body.
    pub body: &'a Bytes,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// HTTP status.
    pub status: u16,
    /// Headers; the transport adds length and date.
    pub headers: HeaderList,
    /// Body.
    pub body: Vec<u8>,
}

impl Encoded {
    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        HeaderLookup::get(&self.headers, name)
    }
}
