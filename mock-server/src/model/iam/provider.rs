//! Identity providers outside of AWS.

use super::*;
use std::sync::Arc;

/// Somebody whose OpenID Connect tokens are trusted.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct OidcProvider {
    /// `arn:aws:iam::111122223333:oidc-provider/` and the URL.
    pub arn: Arc<str>,
    /// Host and path, without scheme: also the prefix of the condition keys of its tokens.
    pub url: String,
    /// The audiences that tokens may be for.
    pub client_ids: Vec<String>,
    pub thumbprints: Vec<String>,
    pub created: SimTime,
    pub tags: Tags,
}

impl Row for OidcProvider {
    /// The ARN.
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.arn.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}
