//! What containers of endpoints answer, as it is declared.

use super::problem::{Flaw, flaw};
use super::span::Span;
use crate::model::{Answer, Broken, Canned, Reaction, Told, When, Wildcard};
use bytes::Bytes;
use reqwest::Url;
use schemars::JsonSchema;
use serde::de;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// What a container answers to invocations like these.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Reacts {
    #[serde(skip_serializing_if = "Invoked::is_any")]
    pub when: Invoked,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// A body in the pieces in which it is streamed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_error: Option<Breaks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// The address of a container that somebody runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
}

/// Which invocations; `*` stands for any characters.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Invoked {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Invoked {
    fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

/// How a stream ends.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Breaks {
    pub code: String,
    #[serde(default)]
    pub message: String,
}

/// An address. One with a template in it is read when that is filled in.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(transparent)]
pub struct Proxy(String);

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.contains("${") {
            address(&text).map_err(de::Error::custom)?;
        }
        Ok(Self(text))
    }
}

fn address(text: &str) -> Result<(), String> {
    let url = Url::parse(text).ok().filter(|url| url.has_host() && url.query().is_none());
    match url.filter(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none()) {
        Some(_) => Ok(()),
        None => Err(format!("`{text}` is no address of a container: write it like http://127.0.0.1:8080")),
    }
}

/// The longest body that is declared, in bytes: documents with behaviours are kept for each account.
const LONGEST_BODY: usize = 64 * 1024;
const MOST_PARTS: usize = 100;

/// Source: service model, SessionIdHeader.
fn is_session(text: &str) -> bool {
    let known = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    known && (1..=256).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

/// Source: service model, NewSessionResponseHeader.
fn is_new_session(text: &str) -> bool {
    const TIME: &str = "0000-00-00T00:00:00Z";
    let Some((id, time)) = text.split_once("; Expires=") else { return false };
    let like = |(given, form): (u8, u8)| if form == b'0' { given.is_ascii_digit() } else { given == form };
    is_session(id)
        && text.len() <= 256
        && time.len() == TIME.len()
        && time.bytes().zip(TIME.bytes()).all(like)
}

impl Reacts {
    /// What is wrong with it beyond its form.
    pub fn problem(&self) -> Option<Flaw> {
        let canned = self.status.is_some()
            || self.body.is_some()
            || !self.parts.is_empty()
            || self.content_type.is_some()
            || self.custom_attributes.is_some()
            || self.new_session_id.is_some()
            || self.closed_session_id.is_some()
            || self.stream_error.is_some()
            || self.delay.is_some();
        let long = self.body.iter().chain(&self.parts).map(String::len).sum::<usize>() > LONGEST_BODY;
        let headers =
            [&self.content_type, &self.custom_attributes, &self.new_session_id, &self.closed_session_id];
        let is_header =
            |text: &String| text.bytes().all(|b| (0x20..0x7f).contains(&b)) && text.len() <= 1_024;
        match () {
            () if self.proxy.is_some() && canned => {
                flaw("proxy", "`proxy` asks a container: whatever else is answered is for that to say")
            }
            () if self.body.is_some() && !self.parts.is_empty() => {
                flaw("parts", "`parts` are a body: give one of `body` and `parts`")
            }
            () if self.status.is_some_and(|status| !(200..600).contains(&status)) => {
                flaw("status", "`status` is what a container ends with: 200 to 599")
            }
            () if long => flaw("", format!("an answer is longer than {LONGEST_BODY} bytes")),
            () if self.parts.len() > MOST_PARTS => {
                flaw("parts", format!("an answer has more than {MOST_PARTS} parts"))
            }
            () if !headers.into_iter().flatten().all(is_header) => {
                flaw("", "a header is longer than 1024 characters, or not of printable ASCII")
            }
            () => {
                let proxy = self.proxy.as_ref().and_then(|proxy| address(&proxy.0).err());
                proxy
                    .and_then(|message| flaw("proxy", message))
                    .or_else(|| self.sessions(|text| !text.contains("${")))
            }
        }
    }

    /// What is wrong with the sessions that it tells of, of those that count: one with a template in it is judged when that
    /// is filled in.
    pub fn sessions(&self, counts: fn(&&String) -> bool) -> Option<Flaw> {
        let new = self.new_session_id.as_ref().filter(counts).filter(|text| !is_new_session(text));
        let new = new.map(|text| {
            let form = "an id of letters, digits and dashes, and until when it lasts";
            format!("`{text}` is no new session: {form}, as in `s1; Expires=2027-01-01T00:00:00Z`")
        });
        let closed = self.closed_session_id.as_ref().filter(counts).filter(|text| !is_session(text));
        let wrong = |text| format!("`{text}` is no id of a session: letters, digits and dashes");
        let new = new.and_then(|message| flaw("newSessionId", message));
        new.or_else(|| flaw("closedSessionId", closed.map(wrong)?))
    }

    pub fn reaction(&self) -> Reaction {
        let wildcard = |text: &Option<String>| text.as_deref().map(Wildcard::new);
        let text = |text: &Option<String>| text.as_deref().map(Arc::from);
        let when = When {
            variant: wildcard(&self.when.variant),
            component: wildcard(&self.when.component),
            target_model: wildcard(&self.when.target_model),
            container: wildcard(&self.when.container),
            content_type: wildcard(&self.when.content_type),
            custom_attributes: wildcard(&self.when.custom_attributes),
            body: wildcard(&self.when.body),
        };
        if let Some(proxy) = &self.proxy {
            return Reaction { when, answer: Answer::Proxy(proxy.0.trim_end_matches('/').into()) };
        }
        let bytes = |text: &String| Bytes::copy_from_slice(text.as_bytes());
        let parts = match (&self.body, &*self.parts) {
            (Some(body), _) => Some(vec![bytes(body)]),
            (None, []) => None,
            (None, parts) => Some(parts.iter().map(bytes).collect()),
        };
        let answer = Answer::Canned(Canned {
            status: self.status.unwrap_or(200),
            content_type: text(&self.content_type),
            parts,
            told: Told {
                custom_attributes: text(&self.custom_attributes),
                new_session: text(&self.new_session_id),
                closed_session: text(&self.closed_session_id),
            },
            broken: self.stream_error.as_ref().map(|breaks| Broken {
                code: breaks.code.as_str().into(),
                message: breaks.message.as_str().into(),
            }),
            delay: self.delay.map(|span| span.0).unwrap_or_default(),
        });
        Reaction { when, answer }
    }
}

/// As it was declared.
pub fn told(reaction: &Reaction) -> Reacts {
    let wildcard = |wildcard: &Option<Wildcard>| wildcard.as_ref().map(|wildcard| wildcard.text().to_owned());
    let When { variant, component, target_model, container, content_type, custom_attributes, body } =
        &reaction.when;
    let when = Invoked {
        variant: wildcard(variant),
        component: wildcard(component),
        target_model: wildcard(target_model),
        container: wildcard(container),
        content_type: wildcard(content_type),
        custom_attributes: wildcard(custom_attributes),
        body: wildcard(body),
    };
    let canned = match &reaction.answer {
        Answer::Proxy(base) => {
            return Reacts { when, proxy: Some(Proxy(base.to_string())), ..Reacts::default() };
        }
        Answer::Canned(canned) => canned,
    };
    let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
    let mut parts: Vec<String> =
        canned.parts.iter().flatten().map(|part| String::from_utf8_lossy(part).into()).collect();
    let body = if parts.len() == 1 { parts.pop() } else { None };
    Reacts {
        when,
        status: Some(canned.status).filter(|status| *status != 200),
        body,
        parts,
        content_type: text(&canned.content_type),
        custom_attributes: text(&canned.told.custom_attributes),
        new_session_id: text(&canned.told.new_session),
        closed_session_id: text(&canned.told.closed_session),
        stream_error: canned
            .broken
            .as_ref()
            .map(|broken| Breaks { code: broken.code.to_string(), message: broken.message.to_string() }),
        delay: Some(canned.delay).filter(|delay| !delay.is_zero()).map(Span),
        proxy: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::behaviour::{Declared, parse};

    #[test]
    fn what_is_declared_of_invocations_is_read_and_told_again() {
        let text = r#"
behaviours:
- job: e
  invocations:
  - when: {variant: B, body: "*x*", contentType: text/*, targetModel: m*, container: c, component: i}
    status: 503
    body: busy
    contentType: text/plain
    delay: 5s
  - {parts: [a, b], customAttributes: k=v, streamError: {code: StreamBroken, message: oh}}
  - {newSessionId: "s; Expires=2027-01-01T00:00:00Z", closedSessionId: t}
  - proxy: http://127.0.0.1:8080
  - {}
"#;
        let all = parse(text).unwrap();
        assert_eq!(all[0].invocations.len(), 5);
        let told: Vec<_> = all.iter().map(Declared::from).collect();
        let told = serde_json::json!({ "behaviours": told }).to_string();
        assert_eq!(parse(&told).unwrap(), all, "{told}");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (reaction, part) in [
            ("{proxy: 127.0.0.1:80}", "is no address of a container"),
            ("{proxy: 'file:///x'}", "is no address of a container"),
            ("{proxy: 'http://localhost:1', status: 200}", "asks a container"),
            ("{body: a, parts: [b]}", "one of `body` and `parts`"),
            ("{status: 100}", "200 to 599"),
            ("{customAttributes: é}", "printable ASCII"),
            ("{newSessionId: s1}", "1:44: `s1` is no new session: an id of letters"),
            ("{newSessionId: 's1; Expires=2027'}", "`s1; Expires=2027` is no new session"),
            ("{newSessionId: '-s; Expires=2027-01-01T00:00:00Z'}", "is no new session"),
            ("{newSessionId: 's; Expires=2027-01-01 00:00:00Z'}", "is no new session"),
            ("{closedSessionId: 'a b'}", "`a b` is no id of a session: letters, digits and dashes"),
            ("{closedSessionId: ''}", "is no id of a session"),
            ("{closedSessionId: '${vars.x}'}", "is no id of a session"),
            ("{when: {variants: x}}", "did you mean `variant`?"),
            ("{stats: 3}", "did you mean `status`?"),
        ] {
            let told = parse(&format!("behaviours: [{{invocations: [{reaction}]}}]")).unwrap_err();
            assert!(told[0].to_string().contains(part), "{reaction}: {}", told[0]);
        }
        let training = "behaviours: [{kinds: [training], invocations: [{}]}]";
        assert!(parse(training).unwrap_err()[0].to_string().contains("only endpoints are invoked"));
    }
}
