//! What a host name says about a request to S3. Source: S3 user guide, "Virtual hosting of general purpose buckets",
//! "Using Amazon S3 dual-stack endpoints"; AWS general reference, "Amazon S3 endpoints".

/// The bucket and the region that a host name of S3 names.
#[derive(Debug, PartialEq, Eq, Clone, Copy, Default)]
pub struct S3Host<'a> {
    pub bucket: Option<&'a str>,
    pub region: Option<&'a str>,
}

/// Names of this machine, under which S3 is `s3.localhost`, `BUCKET.s3.localhost` or plainly `BUCKET.localhost`.
const HERE: &str = "localhost";
const DOMAINS: &[&str] = &["amazonaws.com.cn", "amazonaws.com", "api.aws", HERE];

/// Reads a `Host` header. `None`: it says nothing of S3.
pub fn parse(host: &str) -> Option<S3Host<'_>> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_end_matches('.');
    let (domain, rest) = DOMAINS.iter().find_map(|domain| {
        let rest = name.strip_suffix(domain)?.strip_suffix('.')?;
        Some((*domain, rest))
    })?;
    let labels: Vec<&str> = rest.split('.').collect();
    let service = |label: &str| label == "s3" || label.starts_with("s3-");
    // `s3`, `s3.REGION`, `s3.dualstack.REGION`: the label is one of the last three; the last such one counts.
    let place = labels.iter().rposition(|label| service(label)).filter(|place| {
        let after = &labels[place + 1..];
        matches!(after, [] | [_] | ["dualstack", _])
    });
    let Some(place) = place else {
        return (domain == HERE).then_some(S3Host { bucket: Some(rest), region: None });
    };
    let old_style = match labels[place].strip_prefix("s3-") {
        None | Some("fips" | "accelerate" | "external-1") => None,
        Some(region) => Some(region),
    };
    let region = labels[place + 1..].last().copied().or(old_style);
    let bucket = rest.len().checked_sub(labels[place..].join(".").len() + 1).map(|end| &rest[..end]);
    Some(S3Host { bucket, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let said = |host| parse(host).map(|host| (host.bucket, host.region));
        assert_eq!(said("localhost:4545"), None);
        assert_eq!(said("127.0.0.1:4545"), None);
        assert_eq!(said("ec2.eu-west-1.amazonaws.com"), None);
        assert_eq!(said("my.bucket.localhost:4545"), Some((Some("my.bucket"), None)));
        assert_eq!(said("s3.localhost:4545"), Some((None, None)));
        assert_eq!(said("b.s3.localhost"), Some((Some("b"), None)));
        assert_eq!(said("s3.amazonaws.com"), Some((None, None)));
        assert_eq!(said("b.s3.amazonaws.com"), Some((Some("b"), None)));
        assert_eq!(said("s3.eu-west-1.amazonaws.com"), Some((None, Some("eu-west-1"))));
        assert_eq!(said("a.b.s3.eu-west-1.amazonaws.com:443"), Some((Some("a.b"), Some("eu-west-1"))));
        assert_eq!(said("b.s3-eu-west-1.amazonaws.com"), Some((Some("b"), Some("eu-west-1"))));
        assert_eq!(said("b.s3.dualstack.eu-west-1.amazonaws.com"), Some((Some("b"), Some("eu-west-1"))));
        assert_eq!(said("s3.cn-north-1.amazonaws.com.cn"), Some((None, Some("cn-north-1"))));
        assert_eq!(said("b.s3-fips.us-east-1.amazonaws.com"), Some((Some("b"), Some("us-east-1"))));
        assert_eq!(said("s3.s3.us-east-1.amazonaws.com"), Some((Some("s3"), Some("us-east-1"))));
    }
}
