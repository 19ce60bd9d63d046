//! What is behind an `--endpoint`, for commands that run scenarios there.

use crate::scenario::plane::Credentials;
use crate::scenario::target::{Http, Unreachable};
use std::env;

/// Who makes the calls to a target that is no Mockplane, as AWS's SDKs and its CLI read it.
fn credentials() -> Result<Credentials, String> {
    let text = |name: &str| env::var(name).ok().filter(|text| !text.is_empty());
    let needed = |name: &str| {
        text(name).ok_or_else(|| {
            format!(
                "it is no Mockplane, and so its calls need AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary \
                 credentials, AWS_SESSION_TOKEN; {name} is not set"
            )
        })
    };
    Ok(Credentials {
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
        session_token: text("AWS_SESSION_TOKEN"),
    })
}

/// Whatever is behind an endpoint: a Mockplane, another control plane, or (`aws`) AWS.
///
/// # Errors
/// Nothing answers, or there are no credentials that are good for it.
pub async fn find(endpoint: &str, root_secret: &str) -> Result<Http, Unreachable> {
    Http::find(endpoint, root_secret, credentials).await
}
