//! Tags of buckets and objects. Source: S3 user guide, "Categorizing your objects using tags"; S3 API reference, `Tag`.

use super::S3Error;
use crate::model::Tags;
use percent_encoding::percent_decode_str;

pub const MOST_OF_OBJECT: usize = 10;
pub const MOST_OF_BUCKET: usize = 50;

/// # Errors
/// Too many tags, one of them twice, or one that is none.
pub fn checked(pairs: Vec<(String, String)>, most: usize) -> Result<Tags, S3Error> {
    if pairs.len() > most {
        return Err(S3Error::TooManyTags(most));
    }
    let mut tags = Tags::default();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > 128 || !plain(&key) {
            return Err(S3Error::InvalidTag("The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 || !plain(&value) {
            return Err(S3Error::InvalidTag("The TagValue you have provided is invalid"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(S3Error::InvalidTag("System tags cannot be added/updated by requester"));
        }
        if tags.get(&key).is_some() {
            return Err(S3Error::InvalidTag("Cannot provide multiple Tags with the same key"));
        }
        tags.set(key, value);
    }
    Ok(tags)
}

fn plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
}

/// The tags of the header `x-amz-tagging`, which are written as in a query.
///
/// # Errors
/// As of [`checked`].
pub fn of_header(header: &str) -> Result<Tags, S3Error> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8().map(|text| text.into_owned())
    };
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(key).ok()?, decoded(value).ok()?))
    };
    let pairs: Option<Vec<_>> = header.split('&').filter(|text| !text.is_empty()).map(pair).collect();
    let pairs = pairs.ok_or_else(|| {
        let text = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
        S3Error::argument("x-amz-tagging", header, text)
    })?;
    checked(pairs, MOST_OF_OBJECT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_limits() {
        let tags = of_header("a=1&b%20c=d+e&empty").unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("a", "1"), ("b c", "d e"), ("empty", "")]);
        assert!(of_header("").unwrap().is_empty());
        let many = (0..11).map(|n| (n.to_string(), String::new())).collect::<Vec<_>>();
        assert_eq!(checked(many.clone(), 10), Err(S3Error::TooManyTags(10)));
        assert!(checked(many, 50).is_ok());
        for bad in ["a=1&a=2", "aws:x=1", "=1", "a=%3C"] {
            assert!(matches!(of_header(bad), Err(S3Error::InvalidTag(_))), "{bad}");
        }
    }
}
