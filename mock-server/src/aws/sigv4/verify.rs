//! Whether a signature is right: Signature Version 4 of headers and of presigned URLs.
//!
//! Source: IAM user guide, "Create a signed AWS API request" and "Troubleshoot Signature Version 4 signing"; the texts
//! were recorded.

use super::canonical::{self, ALGORITHM, basic, keyed, payload_hash};
use super::{Scope, query_parameter};
use crate::aws::RequestParts;
use std::borrow::Cow;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const MINUTE: i64 = 60;
/// Clocks may differ by this much, in minutes.
const SKEW: i64 = 15;
/// Presigned URLs are good for a week at most, in seconds.
const LONGEST: i64 = 7 * 24 * 60 * MINUTE;

/// What is wrong with a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A part of it is not there.
    #[error("{0}")]
    Incomplete(Cow<'static, str>),
    /// The request is too old, or a presigned URL has run out.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - {span} min.)")]
    Expired { signed: String, earliest: String, now: String, span: i64 },
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + {span} min.)")]
    NotYet { signed: String, latest: String, now: String, span: i64 },
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{day}', \
         from '{date}'."
    )]
    OtherDay { scope: String, day: String, date: String },
    #[error("Credential should be scoped to correct service: '{0}'.")]
    OtherService(&'static str),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key \
         and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

/// Whether the request is signed with this secret, not long ago.
///
/// `body` is what was sent: still zipped if it was.
///
/// # Errors
/// What is wrong.
pub fn verify(
    parts: &RequestParts<'_>,
    scope: &Scope,
    body: &[u8],
    service: &'static str,
    secret: &str,
    now: i64,
) -> Result<(), Problem> {
    let signature = if scope.presigned { presigned(parts, now, service)? } else { in_header(parts, now)? };
    if scope.service != service {
        return Err(Problem::OtherService(service));
    }
    let day = signature.date.get(..8).unwrap_or_default();
    if scope.date != day {
        let (day, date) = (day.to_owned(), signature.date);
        return Err(Problem::OtherDay { scope: scope.date.clone(), day, date });
    }
    let names: Vec<&str> = signature.signed_headers.split(';').collect();
    if !names.contains(&"host") {
        let text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Problem::Incomplete(text.into()));
    }
    let payload = payload_hash(parts, scope, body);
    let calculated = canonical::signature(parts, scope, &names, &signature.date, &payload, secret);
    // Compared as digests under the secret, so that the time it takes tells nothing.
    let key = secret.as_bytes();
    if keyed(key, calculated.as_bytes()) == keyed(key, signature.value.as_bytes()) {
        Ok(())
    } else {
        Err(Problem::Mismatch)
    }
}

/// The parts of a signature that the scope does not hold.
struct Signature {
    signed_headers: String,
    value: String,
    /// `20260105T090000Z`.
    date: String,
}

fn in_header(parts: &RequestParts<'_>, now: i64) -> Result<Signature, Problem> {
    let header = parts.headers.get("authorization").unwrap_or_default().trim();
    let (algorithm, fields) = header.split_once(' ').unwrap_or((header, ""));
    if algorithm != ALGORITHM {
        return Err(Problem::Incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.").into()));
    }
    let field = |name: &str| {
        fields
            .split(',')
            .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    let date = header_date(parts)?;
    let missing = |name: &str| {
        let text =
            format!("Authorization header requires '{name}' parameter. Authorization={}", cut_secret(header));
        Problem::Incomplete(text.into())
    };
    let signature = Signature {
        value: field("Signature").ok_or_else(|| missing("Signature"))?,
        signed_headers: field("SignedHeaders").ok_or_else(|| missing("SignedHeaders"))?,
        date,
    };
    in_time(&signature.date, now, SKEW * MINUTE)?;
    Ok(signature)
}

/// The algorithm alone: AWS tells no more of a header that it quotes.
fn cut_secret(header: &str) -> &str {
    header.split(' ').next().unwrap_or_default()
}

fn header_date(parts: &RequestParts<'_>) -> Result<String, Problem> {
    if let Some(date) = parts.headers.get("x-amz-date") {
        return seconds_of(date).map(|_| date.to_owned()).ok_or_else(|| bad_date(date));
    }
    let Some(date) = parts.headers.get("date") else {
        let text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
        return Err(Problem::Incomplete(text.into()));
    };
    let parsed = OffsetDateTime::parse(date, &Rfc2822).map_err(|_| bad_date(date))?;
    Ok(basic(parsed.unix_timestamp()))
}

fn bad_date(date: &str) -> Problem {
    let text = format!(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    );
    Problem::Incomplete(text.into())
}

fn presigned(parts: &RequestParts<'_>, now: i64, service: &str) -> Result<Signature, Problem> {
    let parameter = |name: &str| {
        query_parameter(parts.query, name).map(Cow::into_owned).ok_or_else(|| {
            Problem::Incomplete(format!("AWS query-string parameters must include '{name}'.").into())
        })
    };
    let algorithm = parameter("X-Amz-Algorithm")?;
    if algorithm != ALGORITHM {
        return Err(Problem::Incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.").into()));
    }
    let date = parameter("X-Amz-Date")?;
    if seconds_of(&date).is_none() {
        return Err(bad_date(&date));
    }
    // STS takes no notice of what a URL says about its own life: it is good for as long as any request.
    let life = match query_parameter(parts.query, "X-Amz-Expires").filter(|_| service != "sts") {
        None => SKEW * MINUTE,
        Some(seconds) => match seconds.parse() {
            Ok(seconds @ 1..=LONGEST) => seconds,
            _ => {
                let text = "X-Amz-Expires must be a number of seconds between 1 and 604800";
                return Err(Problem::Incomplete(text.into()));
            }
        },
    };
    in_time(&date, now, life)?;
    Ok(Signature {
        signed_headers: parameter("X-Amz-SignedHeaders")?,
        value: parameter("X-Amz-Signature")?,
        date,
    })
}

/// Whether what was signed at `date` is good now, if it is good for so many seconds.
fn in_time(date: &str, now: i64, life: i64) -> Result<(), Problem> {
    let signed = seconds_of(date).ok_or_else(|| bad_date(date))?;
    let (earliest, latest) = (now - life, now + SKEW * MINUTE);
    if signed < earliest {
        let (earliest, now) = (basic(earliest), basic(now));
        return Err(Problem::Expired { signed: date.to_owned(), earliest, now, span: life / MINUTE });
    }
    if signed > latest {
        let (latest, now) = (basic(latest), basic(now));
        return Err(Problem::NotYet { signed: date.to_owned(), latest, now, span: SKEW });
    }
    Ok(())
}

/// The seconds since 1970 of `20260105T090000Z`.
fn seconds_of(date: &str) -> Option<i64> {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    Some(PrimitiveDateTime::parse(date, &form).ok()?.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::super::scope;
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    /// 2015-08-30T12:36:00Z, the time of the published examples.
    const THEN: i64 = 1_440_938_160;
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    struct Sent<'a> {
        method: &'a str,
        path: &'a str,
        query: &'a str,
        headers: Vec<(&'a str, String)>,
        body: &'a str,
    }

    impl Sent<'_> {
        fn check(&self, service: &'static str, secret: &str, now: i64) -> Result<(), Problem> {
            let body = Bytes::copy_from_slice(self.body.as_bytes());
            let (method, path, query) = (self.method, self.path, self.query);
            let parts = RequestParts { method, path, query, headers: &self.headers, body: &body };
            let scope = scope(&parts).unwrap();
            verify(&parts, &scope, &body, service, secret, now)
        }
    }

    /// The example of the general reference: `GET` of IAM's ListUsers.
    fn list_users() -> Sent<'static> {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                             SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789\
                             a8edb4c82c400e06b5924a6f2b5d7";
        Sent {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: vec![
                ("Content-Type", "application/x-www-form-urlencoded;  charset=utf-8".into()),
                ("Host", "iam.amazonaws.com".into()),
                ("X-Amz-Date", "20150830T123600Z".into()),
                ("Authorization", authorization.into()),
            ],
            body: "",
        }
    }

    #[test]
    fn the_published_example_is_right() {
        assert_eq!(list_users().check("iam", SECRET, THEN), Ok(()));
        assert_eq!(list_users().check("iam", SECRET, THEN + 15 * 60), Ok(()));
        assert_eq!(list_users().check("iam", SECRET, THEN - 15 * 60), Ok(()));
    }

    #[test]
    fn any_change_is_seen() {
        assert_eq!(list_users().check("iam", "other", THEN), Err(Problem::Mismatch));
        let changes: [fn(&mut Sent<'static>); 5] = [
            |sent| sent.method = "POST",
            |sent| sent.path = "/x",
            |sent| sent.query = "Action=ListRoles&Version=2010-05-08",
            |sent| sent.headers[1].1 = "iam.example".into(),
            |sent| sent.body = "x",
        ];
        for change in changes {
            let mut sent = list_users();
            change(&mut sent);
            assert_eq!(sent.check("iam", SECRET, THEN), Err(Problem::Mismatch));
        }
        let mut sent = list_users();
        sent.query = "Version=2010-05-08&Action=List%55sers";
        assert_eq!(sent.check("iam", SECRET, THEN), Ok(()), "neither order nor needless escapes are signed");
    }

    #[test]
    fn time_runs_out() {
        let text = |result: Result<(), Problem>| result.unwrap_err().to_string();
        assert_eq!(
            text(list_users().check("iam", SECRET, THEN + 15 * 60 + 1)),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
        );
        assert_eq!(
            text(list_users().check("iam", SECRET, THEN - 15 * 60 - 1)),
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 \
             min.)"
        );
        let mut sent = list_users();
        sent.headers[2].1 = "20150831T123600Z".into();
        assert_eq!(
            text(sent.check("iam", SECRET, THEN + 24 * 3600)),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150830' != \
             '20150831', from '20150831T123600Z'."
        );
        assert_eq!(list_users().check("sts", SECRET, THEN), Err(Problem::OtherService("sts")));
    }

    #[test]
    fn a_date_header_will_do() {
        let mut sent = list_users();
        sent.headers[2] = ("Date", "Sun, 30 Aug 2015 12:36:00 GMT".into());
        // Signed headers name another one, so it cannot be right; but it is a date.
        assert_eq!(sent.check("iam", SECRET, THEN), Err(Problem::Mismatch));
        sent.headers[2] = ("Date", "yesterday".into());
        assert!(sent.check("iam", SECRET, THEN).unwrap_err().to_string().contains("Got 'yesterday'"));
        sent.headers.remove(2);
        assert!(matches!(sent.check("iam", SECRET, THEN), Err(Problem::Incomplete(_))));
    }

    #[test]
    fn parts_that_are_missing_are_named() {
        for (part, text) in [
            (
                ", Signature=",
                "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256",
            ),
            (
                " SignedHeaders=content-type;",
                "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256",
            ),
        ] {
            let mut sent = list_users();
            sent.headers[3].1 = sent.headers[3].1.replace(part, ", x=");
            assert_eq!(sent.check("iam", SECRET, THEN).unwrap_err().to_string(), text);
        }
        let mut sent = list_users();
        sent.headers[3].1 = sent.headers[3].1.replace("content-type;host;", "content-type;");
        assert!(matches!(sent.check("iam", SECRET, THEN), Err(Problem::Incomplete(_))));
        let mut sent = list_users();
        sent.headers[3].1 = sent.headers[3].1.replace("HMAC", "ECDSA");
        assert!(sent.check("iam", SECRET, THEN).unwrap_err().to_string().contains("AWS4-ECDSA-SHA256"));
    }

    /// The example of the S3 reference: a presigned `GET`.
    #[test]
    fn the_published_presigned_url_is_right_for_a_day() {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F\
                     aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=\
                     aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        let headers = vec![("host", "examplebucket.s3.amazonaws.com".to_owned())];
        let sent = Sent { method: "GET", path: "/test.txt", query, headers, body: "" };
        let (secret, then) = ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 1_369_353_600);
        assert_eq!(sent.check("s3", secret, then), Ok(()));
        assert_eq!(sent.check("s3", secret, then + 86_400), Ok(()));
        assert!(matches!(sent.check("s3", secret, then + 86_401), Err(Problem::Expired { .. })));
        assert_eq!(sent.check("s3", "x", then), Err(Problem::Mismatch));
        for (from, to) in [("86400", "604801"), ("X-Amz-SignedHeaders", "x"), ("AWS4-HMAC-SHA256", "AWS4")] {
            let query = query.replacen(from, to, 1);
            let sent = Sent { query: &query, headers: sent.headers.clone(), ..sent };
            assert!(matches!(sent.check("s3", secret, then), Err(Problem::Incomplete(_))), "{from}");
        }
    }

    proptest! {
        #[test]
        fn any_request_is_read_without_harm(header in "(AWS4-HMAC-SHA256 )?.{0,60}", query in ".{0,60}", date in ".{0,20}") {
            let body = Bytes::new();
            let headers = vec![("authorization", header.as_str()), ("x-amz-date", &date)];
            let parts = RequestParts { method: "GET", path: "/", query: &query, headers: &headers, body: &body };
            let scope = Scope {
                access_key: String::new(), date: String::new(), region: String::new(), service: "sts".into(), token: None,
                presigned: header.len() % 2 == 0,
            };
            prop_assert!(verify(&parts, &scope, &body, "sts", "x", 0).is_err());
        }
    }
}
