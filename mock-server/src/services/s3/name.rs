//! Names of buckets. Source: S3 user guide, "General purpose bucket naming rules".

use super::S3Error;
use std::net::Ipv4Addr;

const RESERVED_STARTS: &[&str] = &["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_ENDS: &[&str] = &["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];

/// # Errors
/// A name that no bucket can have.
pub fn check(name: &str) -> Result<(), S3Error> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let ends =
        bytes.first().is_some_and(|byte| plain(*byte)) && bytes.last().is_some_and(|byte| plain(*byte));
    let good = (3..=63).contains(&name.len())
        && ends
        && bytes.iter().all(|byte| plain(*byte) || matches!(byte, b'.' | b'-'))
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !RESERVED_STARTS.iter().any(|start| name.starts_with(start))
        && !RESERVED_ENDS.iter().any(|end| name.ends_with(end));
    if good { Ok(()) } else { Err(S3Error::InvalidBucketName(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["abc", "my-bucket", "a.b.c", "1-2", "sagemaker-us-east-1-123456789012", &"a".repeat(63)]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let long = "a".repeat(64);
        for bad in
            ["ab", &long, "Abc", "a_b", "-ab", "ab-", ".ab", "a..b", "192.168.5.4", "xn--abc", "abc-s3alias"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
