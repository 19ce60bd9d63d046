//! Transcripts: what was answered, byte by byte, so that two runs can be compared.

use bytes::Bytes;
use hyper::Response;
use std::fmt;

/// The header that says where a refusal is explained, and what that address has after its host.
const EXPLAIN: &str = "x-mockplane-explain";
const ROOT: &[u8] = b"/_mockplane/";

/// All answers of a run, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transcript(pub Vec<Recorded>);

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// What was asked, such as `ec2.CreateVpc`.
    pub request: String,
    pub status: u16,
    /// By name, and in the order of arrival where a name occurs more than once.
    pub headers: Vec<(String, Bytes)>,
    pub body: Bytes,
}

impl Recorded {
    /// No answer.
    pub fn lost(request: impl Into<String>) -> Self {
        Self { request: request.into(), status: 0, headers: Vec::new(), body: Bytes::new() }
    }

    /// An answer to another account than the scenario's: all that is of it alone is left out.
    pub fn told_to_another(request: impl Into<String>, response: &Response<Bytes>) -> Self {
        Self { status: response.status().as_u16(), ..Self::lost(request) }
    }

    pub fn new(request: impl Into<String>, response: &Response<Bytes>) -> Self {
        let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            let value = value.as_bytes();
            // Where the server listens is no part of what it answers.
            let value = match name.as_str() {
                EXPLAIN => {
                    value.windows(ROOT.len()).position(|part| part == ROOT).map_or(value, |at| &value[at..])
                }
                _ => value,
            };
            (name.as_str().to_owned(), Bytes::copy_from_slice(value))
        };
        let mut headers: Vec<_> = response.headers().iter().map(header).collect();
        headers.sort_by(|a, b| a.0.cmp(&b.0));
        Self {
            request: request.into(),
            status: response.status().as_u16(),
            headers,
            body: response.body().clone(),
        }
    }

    /// Where the server listens is no part of what it answers, in the body either.
    #[must_use]
    pub fn said_at(mut self, origin: &str) -> Self {
        if let Some(text) = std::str::from_utf8(&self.body).ok().filter(|text| text.contains(origin)) {
            self.body = Bytes::from(text.replace(origin, ""));
            self.headers.retain(|(name, _)| name != "content-length");
        }
        self
    }
}

impl Transcript {
    /// The number of the first answer in which two transcripts differ, from 1.
    pub fn first_difference(&self, other: &Self) -> Option<usize> {
        let common = self.0.iter().zip(&other.0).take_while(|(one, other)| one == other).count();
        (common < self.0.len().max(other.0.len())).then_some(common + 1)
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, recorded) in (1..).zip(&self.0) {
            writeln!(f, "# {number} {}\n{}", recorded.request, recorded.status)?;
            for (name, value) in &recorded.headers {
                writeln!(f, "{name}: {}", String::from_utf8_lossy(value))?;
            }
            writeln!(f, "\n{}\n", String::from_utf8_lossy(&recorded.body))?;
        }
        Ok(())
    }
}
