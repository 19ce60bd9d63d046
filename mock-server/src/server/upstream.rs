//! Another S3, which people keep beside this server: asked whether buckets and objects exist.
//!
//! It is asked without a signature, for nobody's secret is known here; it may refuse to say what is in a bucket.

use crate::gateway::{Gateway, Questions};
use crate::kernel::AccountId;
use crate::model::Upstream;
use bytes::Bytes;
use hyper::Request;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::{Client, Response, StatusCode, Url};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How long all that a request needs may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most of a list that is read, in bytes. It has one key.
const LONGEST_LIST: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub struct OtherS3 {
    base: String,
    client: Client,
}

impl OtherS3 {
    /// # Errors
    /// That is no address.
    pub fn new(base: &str) -> Result<Self, String> {
        let url = Url::parse(base).map_err(|error| format!("`{base}` is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{base}` is no HTTP URL"));
        }
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), client })
    }

    /// Asks for what a request names, and tells the gateway what came back. What is not answered in time stays unknown.
    pub(super) async fn consult(&self, gateway: &Gateway, request: &Request<Bytes>) {
        let Some((account, questions)) = gateway.asks_upstream(request) else { return };
        let mut open: Vec<String> = questions.keys().cloned().collect();
        let all = self.ask_all(gateway, account, questions, &mut open);
        if tokio::time::timeout(TIMEOUT, all).await.is_err() {
            open.iter().for_each(|name| gateway.tell_upstream(account, name, None));
        }
    }

    async fn ask_all(
        &self,
        gateway: &Gateway,
        account: AccountId,
        questions: Questions,
        open: &mut Vec<String>,
    ) {
        for (name, prefixes) in questions {
            let told = self.ask(&name, prefixes).await;
            if let Err(error) = &told {
                tracing::warn!(bucket = name, %error, "the other S3 does not answer");
            }
            open.retain(|other| *other != name);
            gateway.tell_upstream(account, &name, told.ok());
        }
    }

    async fn ask(&self, name: &str, prefixes: impl IntoIterator<Item = String>) -> Result<Upstream, Silent> {
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        // A name is a part of the path; an escaped dot would be read as a dot all the same.
        let bucket = format!("{}/{}", self.base, escaped(name));
        let head = self.client.head(&bucket).send().await?;
        if head.status() == StatusCode::NOT_FOUND {
            return Ok(Upstream::default());
        }
        if head.status().is_server_error() {
            return Err(Silent(format!("it answers {}", head.status())));
        }
        // Who is refused, or sent elsewhere, is told that there is a bucket.
        let region = head.headers().get("x-amz-bucket-region").and_then(|value| value.to_str().ok());
        let mut told = Upstream { exists: true, region: region.map(Into::into), first_keys: BTreeMap::new() };
        for prefix in prefixes {
            let url =
                format!("{bucket}?list-type=2&encoding-type=url&max-keys=1&prefix={}", escaped(&prefix));
            let list = self.client.get(url).send().await?;
            if list.status().is_success() {
                let first = first_key(&text(list).await?).map(Into::into);
                told.first_keys.insert(prefix.into(), first);
            }
        }
        Ok(told)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Silent(String);

impl From<reqwest::Error> for Silent {
    fn from(error: reqwest::Error) -> Self {
        Self(error.to_string())
    }
}

async fn text(mut list: Response) -> Result<String, Silent> {
    let mut body = Vec::new();
    while let Some(chunk) = list.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_LIST {
            return Err(Silent("its list of one key is too long".to_owned()));
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The first key of a list. It is escaped as in a URL, so it has nothing that XML escapes.
fn first_key(list: &str) -> Option<String> {
    let (_, rest) = list.split_once("<Key>")?;
    let (key, _) = rest.split_once("</Key>")?;
    Some(percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_of_a_list() {
        let list = "<ListBucketResult><Prefix>in/</Prefix><Contents><Key>in/a+b%26c</Key></Contents></ListBucketResult>";
        assert_eq!(first_key(list).as_deref(), Some("in/a b&c"));
        assert_eq!(first_key("<ListBucketResult/>"), None);
    }

    #[test]
    fn only_http_is_asked() {
        assert!(OtherS3::new("http://localhost:4566/").is_ok_and(|it| it.base == "http://localhost:4566"));
        assert!(OtherS3::new("localhost:4566").is_err() && OtherS3::new("file:///tmp").is_err());
    }
}
