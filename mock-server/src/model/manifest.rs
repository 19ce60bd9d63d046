//! Manifests: objects that list what a job reads.
//!
//! Source: SageMaker API reference, "S3DataSource"; developer guide, "Augmented Manifest Files for Training Jobs".

use super::{Extent, S3Place};
use serde_json::Value;

/// The attribute of a line that names an object.
const REFERENCE: &str = "source-ref";

/// The objects that a manifest lists, with what each is called. A plain manifest is a JSON array: a prefix, and what
/// follows it in the name of each object. An augmented one has a JSON object in each line.
///
/// # Errors
/// Why it is none.
pub fn listed(extent: Extent, text: &[u8]) -> Result<Vec<(String, S3Place)>, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    let place = |url: String| {
        let place = S3Place::parse(&url).ok_or("it names what is not in S3")?;
        Ok((url, place))
    };
    if extent == Extent::AugmentedManifest {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let named = |line: &str| match serde_json::from_str(line) {
            Ok(Value::Object(attributes)) => match attributes.get(REFERENCE) {
                Some(Value::String(url)) => Ok(Some(url.clone())),
                Some(_) => Err("a source-ref is no text"),
                // A line can have its data in itself.
                None => Ok(None),
            },
            _ => Err("a line is no JSON object"),
        };
        return lines.filter_map(|line| named(line).transpose()).map(|url| place(url?)).collect();
    }
    let Ok(Value::Array(elements)) = serde_json::from_str(text) else { return Err("it is no JSON array") };
    let Some((first, rest)) = elements.split_first() else { return Err("it has no prefix") };
    let prefix = first.get("prefix").and_then(Value::as_str).filter(|prefix| !prefix.is_empty());
    let prefix = prefix.ok_or("it does not begin with a prefix")?;
    let whole = |suffix: &Value| match suffix.as_str() {
        Some(suffix) => place(format!("{prefix}{suffix}")),
        None => Err("what follows the prefix is no text"),
    };
    rest.iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(extent: Extent, text: &str) -> Result<Vec<String>, &'static str> {
        listed(extent, text.as_bytes()).map(|all| all.into_iter().map(|(url, _)| url).collect())
    }

    #[test]
    fn both_forms_are_read() {
        let plain = r#"[{"prefix": "s3://data/in/"}, "a.csv", "b/c.csv"]"#;
        let expected = Ok(vec!["s3://data/in/a.csv".to_owned(), "s3://data/in/b/c.csv".to_owned()]);
        assert_eq!(urls(Extent::Manifest, plain), expected);
        let lines = "{\"source-ref\": \"s3://data/a\", \"label\": 1}\n\n{\"source\": \"text itself\"}\n";
        assert_eq!(urls(Extent::AugmentedManifest, lines), Ok(vec!["s3://data/a".to_owned()]));
    }

    #[test]
    fn what_is_no_manifest_says_why() {
        for (text, why) in [
            ("{}", "it is no JSON array"),
            ("[", "it is no JSON array"),
            ("[]", "it has no prefix"),
            (r#"["s3://data/a"]"#, "it does not begin with a prefix"),
            (r#"[{"prefix": ""}, "a"]"#, "it does not begin with a prefix"),
            (r#"[{"prefix": "s3://data/"}, 1]"#, "what follows the prefix is no text"),
            (r#"[{"prefix": "/tmp/"}, "a"]"#, "it names what is not in S3"),
        ] {
            assert_eq!(urls(Extent::Manifest, text), Err(why), "{text}");
        }
        for (text, why) in
            [("1", "a line is no JSON object"), (r#"{"source-ref": 1}"#, "a source-ref is no text")]
        {
            assert_eq!(urls(Extent::AugmentedManifest, text), Err(why), "{text}");
        }
        assert_eq!(listed(Extent::Manifest, &[0xff]), Err("it is not UTF-8"));
    }
}
