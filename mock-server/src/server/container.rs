//! Containers that somebody runs: endpoints whose behaviour says so pass their calls on.

use crate::gateway::Question;
use crate::jobs::hosting::answer;
use crate::model::{Invocation, Said, Told};
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url};
use std::sync::Arc;

/// Which containers may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reach {
    /// Those of this machine.
    #[default]
    Loopback,
    Anywhere,
}

impl Reach {
    fn covers(self, url: &Url) -> bool {
        let local = || match url.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        };
        self == Reach::Anywhere || local()
    }
}

/// The largest answer, in bytes. Source: service model, BodyBlob.
const LARGEST: usize = 6_291_456;

const CUSTOM_ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";
const NEW_SESSION: &str = "x-amzn-sagemaker-new-session-id";
const CLOSED_SESSION: &str = "x-amzn-sagemaker-closed-session-id";

pub struct Containers {
    reach: Reach,
    client: Option<Client>,
}

impl Containers {
    pub fn new(reach: Reach) -> Self {
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Self { reach, client: client.ok() }
    }

    /// Asks a container. One that cannot be reached has said nothing.
    pub async fn ask(&self, question: &Question) -> Said {
        let invocation = &question.invocation;
        let url = match Url::parse(&format!("{}/invocations", question.base)) {
            Ok(url) => url,
            Err(error) => return Said::nothing(error.to_string()),
        };
        if !self.reach.covers(&url) {
            let host = url.host_str().unwrap_or_default();
            return Said::nothing(format!("{host} is not on this machine: serve --proxy-anywhere"));
        }
        let Some(client) = &self.client else { return Said::nothing("there is no HTTP client") };
        let call = client.post(url).headers(headers(invocation)).body(invocation.body.clone());
        let answered = async { heard(call.send().await?).await };
        match tokio::time::timeout(question.limit, answered).await {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => {
                tracing::warn!(endpoint = %invocation.endpoint, %error, "a container does not answer");
                Said::nothing(format!("container {} does not answer: {error}", invocation.container))
            }
            Err(_) => answer::timeout(invocation),
        }
    }
}

/// What a container is told. Source: developer guide, "your-algorithms-inference-code", and API reference,
/// InvokeEndpoint, for what is passed on; that all of it goes by the names it came by is assumed.
fn headers(invocation: &Invocation) -> HeaderMap {
    let Invocation { content_type, accept, custom_attributes, inference_id, session, target_model, .. } =
        invocation;
    let all = [
        (CONTENT_TYPE, content_type),
        (ACCEPT, accept),
        (HeaderName::from_static(CUSTOM_ATTRIBUTES), custom_attributes),
        (HeaderName::from_static("x-amzn-sagemaker-inference-id"), inference_id),
        (HeaderName::from_static("x-amzn-sagemaker-session-id"), session),
        (HeaderName::from_static("x-amzn-sagemaker-target-model"), target_model),
    ];
    let given = all
        .into_iter()
        .filter_map(|(name, text)| Some((name, HeaderValue::from_str(text.as_deref()?).ok()?)));
    given.collect()
}

async fn heard(mut answer: Response) -> Result<Said, reqwest::Error> {
    let text = |name: &str| -> Option<Arc<str>> {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).map(Arc::from)
    };
    let (status, content_type) = (answer.status().as_u16(), text(CONTENT_TYPE.as_str()));
    let told = Told {
        custom_attributes: text(CUSTOM_ATTRIBUTES),
        new_session: text(NEW_SESSION),
        closed_session: text(CLOSED_SESSION),
    };
    let (mut parts, mut size) = (Vec::<Bytes>::new(), 0);
    while let Some(part) = answer.chunk().await? {
        size += part.len();
        if size > LARGEST {
            return Ok(Said::nothing(format!("the answer is larger than {LARGEST} bytes")));
        }
        parts.push(part);
    }
    Ok(Said { status, content_type, parts, told, broken: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called_unless_somebody_says_otherwise() {
        for (url, local) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://localhost:80/x", true),
            ("http://[::1]:80", true),
            ("http://169.254.169.254", false),
            ("http://example.com", false),
            ("http://localhost.example.com", false),
            ("http://[::2]", false),
            ("http://2130706433", true),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(Reach::Loopback.covers(&url), local, "{url}");
            assert!(Reach::Anywhere.covers(&url));
        }
    }
}
