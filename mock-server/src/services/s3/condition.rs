//! Requests that are served under conditions only. Source: S3 user guide, "Add preconditions to S3 operations with
//! conditional requests"; RFC 9110, "Precedence of preconditions".

use super::S3Error;
use crate::kernel::SimTime;
use crate::model::ObjectVersion;
use std::time::{Duration, UNIX_EPOCH};

/// What headers demand of an object. Times are in whole seconds since 1970, as headers have them.
#[derive(Default, Debug, Clone)]
pub struct Conditions {
    /// An ETag without quotes, or `*`.
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<i64>,
    pub if_unmodified_since: Option<i64>,
}

fn matches(asked: &str, etag: &str) -> bool {
    asked == "*" || asked.split(',').any(|one| one.trim().trim_start_matches("W/").trim_matches('"') == etag)
}

/// A time as headers tell it.
pub fn http_date(time: SimTime) -> String {
    let since = Duration::from_millis(u64::try_from(time.millis()).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}

fn seconds(time: SimTime) -> i64 {
    time.millis().div_euclid(1_000)
}

impl Conditions {
    /// Whether an object is another than the one that the caller has already, of those that may be read.
    ///
    /// # Errors
    /// 412.
    pub fn for_reading(&self, version: &ObjectVersion) -> Result<bool, S3Error> {
        let modified = seconds(version.modified);
        match (&self.if_match, self.if_unmodified_since) {
            (Some(asked), _) if !matches(asked, &version.etag) => {
                return Err(S3Error::PreconditionFailed("If-Match"));
            }
            (None, Some(since)) if modified > since => {
                return Err(S3Error::PreconditionFailed("If-Unmodified-Since"));
            }
            _ => {}
        }
        let known = match (&self.if_none_match, self.if_modified_since) {
            (Some(asked), _) => matches(asked, &version.etag),
            (None, Some(since)) => modified <= since,
            (None, None) => false,
        };
        Ok(!known)
    }

    /// Whether an object may be copied from: who has it already is told 412 too.
    ///
    /// # Errors
    /// 412.
    pub fn for_copying(&self, version: &ObjectVersion) -> Result<(), S3Error> {
        match self.for_reading(version)? {
            true => Ok(()),
            false if self.if_none_match.is_some() => {
                Err(S3Error::PreconditionFailed("x-amz-copy-source-If-None-Match"))
            }
            false => Err(S3Error::PreconditionFailed("x-amz-copy-source-If-Modified-Since")),
        }
    }

    /// Whether something may be put in the place of what is there.
    ///
    /// # Errors
    /// 412, or 404 for who means to replace what is not there.
    pub fn for_writing(&self, key: &str, there: Option<&ObjectVersion>) -> Result<(), S3Error> {
        match (&self.if_match, there) {
            (Some(_), None) => return Err(S3Error::NoSuchKey(key.to_owned())),
            (Some(asked), Some(there)) if !matches(asked, &there.etag) => {
                return Err(S3Error::PreconditionFailed("If-Match"));
            }
            _ => {}
        }
        match (&self.if_none_match, there) {
            (Some(asked), Some(there)) if matches(asked, &there.etag) => {
                Err(S3Error::PreconditionFailed("If-None-Match"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Content;

    #[test]
    fn the_etag_weighs_more_than_the_time() {
        let version = ObjectVersion::new(Content::Size(1), SimTime::from_millis(5_500));
        let etag = version.etag.to_string();
        let conditions = |none: Option<&str>, since| Conditions {
            if_none_match: none.map(str::to_owned),
            if_modified_since: since,
            ..Conditions::default()
        };
        assert_eq!(conditions(None, Some(4)).for_reading(&version), Ok(true));
        assert_eq!(
            conditions(None, Some(5)).for_reading(&version),
            Ok(false),
            "a second is as fine as it gets"
        );
        assert_eq!(conditions(Some("other"), Some(9)).for_reading(&version), Ok(true));
        assert_eq!(conditions(Some(&etag), Some(0)).for_reading(&version), Ok(false));
        let put = conditions(Some("*"), None);
        assert!(put.for_writing("k", None).is_ok() && put.for_writing("k", Some(&version)).is_err());
        let replace = Conditions { if_match: Some(format!("\"{etag}\"")), ..Conditions::default() };
        assert!(replace.for_writing("k", Some(&version)).is_ok());
        assert_eq!(replace.for_writing("k", None), Err(S3Error::NoSuchKey("k".into())));
        let stale =
            Conditions { if_match: Some("x".into()), if_unmodified_since: Some(9), ..Conditions::default() };
        assert_eq!(stale.for_reading(&version), Err(S3Error::PreconditionFailed("If-Match")));
    }
}
