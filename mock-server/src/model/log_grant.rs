//! What the service that delivers logs is let do in a bucket: two statements in the bucket's policy.
//!
//! Source: VPC user guide, "Amazon S3 bucket permissions for flow logs", and "Troubleshoot VPC Flow Logs", after which
//! a further log adds its folder to the resources. The former page says instead that what was there is overwritten.

use super::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// The most bytes of a bucket's policy. Source: S3 user guide, "Bucket policies".
const LARGEST: usize = 20 * 1024;

const WRITE: &str = "AWSLogDeliveryWrite";
const ACL_CHECK: &str = "AWSLogDeliveryAclCheck";

/// That logs of an account and region may be delivered to a folder.
#[derive(Clone, PartialEq, Debug)]
pub struct LogGrant {
    pub bucket: Arc<str>,
    /// The partition that the bucket is in.
    pub partition: Partition,
    /// Whose and where the logs are.
    pub site: Arc<Site>,
    /// What all keys begin with.
    pub prefix: String,
}

/// Why a policy cannot grant more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotGranted {
    /// It would be too long.
    TooLong,
    /// What is there is no policy.
    Unreadable,
}

impl LogGrant {
    /// A policy that grants this, and all that `policy` says.
    ///
    /// # Errors
    /// There cannot be such a policy.
    pub fn added_to(&self, policy: Option<&PolicyDocument>) -> Result<PolicyDocument, NotGranted> {
        let nothing = || json!({ "Version": "2012-10-17", "Statement": [] });
        let document = policy.map(|policy| serde_json::from_str(policy.text()).ok());
        let mut document: Value =
            document.unwrap_or_else(|| Some(nothing())).ok_or(NotGranted::Unreadable)?;
        let list = document.get_mut("Statement").ok_or(NotGranted::Unreadable)?;
        // A single statement may stand there without a list.
        if !list.is_array() {
            *list = json!([list.take()]);
        }
        let Value::Array(statements) = list else { return Err(NotGranted::Unreadable) };
        self.add(statements, WRITE, "s3:PutObject", &format!("{}/{}*", self.bucket, self.prefix));
        self.add(statements, ACL_CHECK, "s3:GetBucketAcl", &self.bucket);
        let text = document.to_string();
        if text.len() > LARGEST { Err(NotGranted::TooLong) } else { Ok(PolicyDocument::new(text)) }
    }

    /// Adds a resource to the statement that is like this one, or the statement.
    fn add(&self, statements: &mut Vec<Value>, sid: &str, action: &str, resource: &str) {
        let resource = json!(self.partition.arn("s3", "", "", resource));
        let mut equals = json!({ "aws:SourceAccount": self.site.account.to_string() });
        if sid == WRITE {
            equals["s3:x-amz-acl"] = json!("bucket-owner-full-control");
        }
        let source = json!({ "aws:SourceArn": self.site.arn("logs", "*") });
        let mut new = json!({
            "Sid": sid, "Effect": "Allow", "Principal": { "Service": "delivery.logs.amazonaws.com" },
            "Action": action, "Condition": { "StringEquals": equals, "ArnLike": source },
        });
        let alike = |old: &Value| {
            let members = ["Effect", "Principal", "Action", "Condition"];
            members.iter().all(|name| old.get(*name) == new.get(*name))
        };
        if let Some(old) = statements.iter_mut().find(|old| alike(old)).and_then(|it| it.get_mut("Resource"))
        {
            let mut all = match old.take() {
                Value::Array(all) => all,
                one => vec![one],
            };
            if !all.contains(&resource) {
                all.push(resource);
            }
            *old = if all.len() == 1 { all.remove(0) } else { Value::Array(all) };
            return;
        }
        let is_taken = |sid: &str| statements.iter().any(|old| old.get("Sid").is_some_and(|it| it == sid));
        let numbered = (1..).map(|n| format!("{sid}{n}"));
        let free = std::iter::once(sid.to_owned()).chain(numbered).find(|sid| !is_taken(sid));
        new["Sid"] = json!(free);
        new["Resource"] = resource;
        statements.push(new);
    }
}

/// Does what the account of a flow log that was just made had its bucket say.
pub(super) fn receive(txn: &mut Txn<'_>, grant: &LogGrant) {
    let Some(bucket) = txn.state.buckets.get(&grant.bucket) else { return };
    match grant.added_to(bucket.policy.as_ref()) {
        Ok(policy) => drop(txn.state.buckets.update(&grant.bucket, |bucket| bucket.policy = Some(policy))),
        // It was changed since the flow log was made; deliveries will tell.
        Err(_) => txn.note("BucketPolicyKept", &*grant.bucket, None, "there is no room for another grant"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::AccountId;

    fn grant(region: &str, prefix: &str) -> LogGrant {
        let site = Arc::new(Site::new(AccountId::parse("123456789012").unwrap(), region));
        LogGrant { bucket: "records".into(), partition: Partition::Aws, site, prefix: prefix.into() }
    }

    fn read(policy: &PolicyDocument) -> Value {
        serde_json::from_str(policy.text()).unwrap()
    }

    #[test]
    fn the_documented_policy() {
        let policy = grant("us-east-1", "a/AWSLogs/123456789012/").added_to(None).unwrap();
        let service = json!({ "Service": "delivery.logs.amazonaws.com" });
        let source = json!({ "aws:SourceArn": "arn:aws:logs:us-east-1:123456789012:*" });
        assert_eq!(
            read(&policy),
            json!({ "Version": "2012-10-17", "Statement": [
                { "Sid": "AWSLogDeliveryWrite", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
                  "Resource": "arn:aws:s3:::records/a/AWSLogs/123456789012/*",
                  "Condition": { "ArnLike": source, "StringEquals": {
                      "aws:SourceAccount": "123456789012", "s3:x-amz-acl": "bucket-owner-full-control" } } },
                { "Sid": "AWSLogDeliveryAclCheck", "Effect": "Allow", "Principal": service,
                  "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::records",
                  "Condition": { "ArnLike": source, "StringEquals": { "aws:SourceAccount": "123456789012" } } },
            ] })
        );
        assert_eq!(grant("us-east-1", "a/AWSLogs/123456789012/").added_to(Some(&policy)).unwrap(), policy);
    }

    #[test]
    fn what_was_there_stays_and_grants_are_joined() {
        let own = json!({ "Sid": "AWSLogDeliveryWrite", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::records/secret" });
        let single = PolicyDocument::new(json!({ "Statement": own }).to_string());
        let first = grant("us-east-1", "a/").added_to(Some(&single)).unwrap();
        let second = grant("us-east-1", "b/").added_to(Some(&first)).unwrap();
        let third = grant("eu-west-1", "a/").added_to(Some(&second)).unwrap();
        let statements = read(&third)["Statement"].as_array().unwrap().clone();
        let sids: Vec<_> = statements.iter().map(|it| it["Sid"].as_str().unwrap()).collect();
        assert_eq!(
            sids,
            [
                "AWSLogDeliveryWrite",
                "AWSLogDeliveryWrite1",
                "AWSLogDeliveryAclCheck",
                "AWSLogDeliveryWrite2",
                "AWSLogDeliveryAclCheck1"
            ]
        );
        assert_eq!(statements[0], own);
        assert_eq!(
            statements[1]["Resource"],
            json!(["arn:aws:s3:::records/a/*", "arn:aws:s3:::records/b/*"])
        );
        assert_eq!(statements[2]["Resource"], "arn:aws:s3:::records");
        let text = PolicyDocument::new("no policy");
        assert_eq!(grant("us-east-1", "a/").added_to(Some(&text)), Err(NotGranted::Unreadable));
        let long = grant("us-east-1", &"x".repeat(LARGEST));
        assert_eq!(long.added_to(None), Err(NotGranted::TooLong));
    }
}
