//! Tokens of identity providers: JSON Web Tokens, whose claims are read. Who signed them is not looked at: no key of
//! a provider can be had here.

use super::StsError;
use super::session::TagIn;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a token says.
#[derive(Debug)]
pub(super) struct Claims {
    /// As it stands in the token.
    pub issuer: String,
    pub subject: String,
    /// Whom the token is for: the authorized party if one is named, as of tokens for several audiences.
    pub audience: String,
    /// What policies may ask about, by the last part of the key.
    pub told: Vec<(&'static str, Vec<String>)>,
    /// Seconds since 1970.
    pub expires: i64,
    pub source_identity: Option<String>,
    tags: Tags,
}

/// Source: IAM user guide, "Pass session tags in AWS STS".
#[derive(Deserialize, Debug, Default)]
#[serde(default)]
struct Tags {
    principal_tags: BTreeMap<String, OneOrMany>,
    transitive_tag_keys: Vec<String>,
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(values: OneOrMany) -> Self {
        match values {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        }
    }
}

#[derive(Deserialize)]
struct Raw {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<OneOrMany>,
    azp: Option<String>,
    amr: Option<OneOrMany>,
    exp: Option<f64>,
    iat: Option<f64>,
    #[serde(rename = "https://aws.amazon.com/tags", default)]
    tags: Tags,
    #[serde(rename = "https://aws.amazon.com/source_identity")]
    source_identity: Option<String>,
}

impl Claims {
    /// Reads a token.
    pub fn read(token: &str) -> Result<Self, StsError> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, _] = parts[..] else { return Err(StsError::NotJwt) };
        part::<BTreeMap<String, Value>>(header)?;
        let raw: Raw = part(claims)?;
        let missing = StsError::MissingClaim;
        let audiences: Vec<String> = raw.aud.map(Into::into).unwrap_or_default();
        let first = audiences.first().cloned().ok_or(missing("aud"))?;
        let subject = raw.sub.ok_or(missing("sub"))?;
        raw.iat.ok_or(missing("iat"))?;
        let audience = raw.azp.clone().unwrap_or(first);
        // With an authorized party, `aud` is that party and `oaud` the audiences. Source: IAM user guide, "Available
        // keys for AWS web identity federation".
        let mut told = vec![("aud", vec![audience.clone()]), ("sub", vec![subject.clone()])];
        if raw.azp.is_some() {
            told.push(("oaud", audiences));
        }
        told.extend(raw.amr.map(|amr| ("amr", amr.into())));
        Ok(Self {
            issuer: raw.iss.ok_or(missing("iss"))?,
            subject,
            audience,
            told,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a number beyond all time is cut to the end of time"
            )]
            expires: raw.exp.ok_or(missing("exp"))? as i64,
            source_identity: raw.source_identity,
            tags: raw.tags,
        })
    }

    /// The issuer without scheme: what its provider is called, and what its condition keys begin with.
    pub fn provider(&self) -> &str {
        let issuer = self.issuer.as_str();
        issuer.strip_prefix("https://").unwrap_or(issuer).trim_end_matches('/')
    }

    /// The session tags in it, and which of them go on.
    pub fn tags(&mut self) -> (Vec<TagIn>, Vec<String>) {
        let tags = std::mem::take(&mut self.tags);
        let first = |values: OneOrMany| Vec::from(values).into_iter().next().unwrap_or_default();
        let given = tags.principal_tags.into_iter().map(|(key, values)| TagIn { key, value: first(values) });
        (given.collect(), tags.transitive_tag_keys)
    }
}

/// A part of a token: base64url of JSON.
fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, StsError> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| StsError::NotJwt)?;
    serde_json::from_slice(&bytes).map_err(|_| StsError::NotJwt)
}
