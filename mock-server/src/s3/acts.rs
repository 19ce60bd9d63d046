//! The actions that each operation of S3 takes.
//!
//! Source: S3 user guide, "Required permissions for Amazon S3 API operations", and the service authorization reference.

use super::access::{On, Visit};
use crate::model::Tags;

/// One action on one thing.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// Without prefix: `GetObject`.
    pub action: &'static str,
    pub on: On<'a>,
    /// Tags that the request's body gives.
    pub tags: Option<&'a Tags>,
    /// The object's version, where it does not stand in the query string.
    pub version: Option<&'a str>,
    /// Whether the action makes an object, where that is asked.
    pub creates: Option<bool>,
}

impl<'a> Act<'a> {
    pub fn new(action: &'static str, on: On<'a>) -> Self {
        Self { action, on, tags: None, version: None, creates: None }
    }

    /// The deletion of an object, of one version of it if that is named.
    pub fn delete(on: On<'a>, version: Option<&'a str>) -> Self {
        let action = if version.is_some() { "DeleteObjectVersion" } else { "DeleteObject" };
        Self { version, ..Self::new(action, on) }
    }

    /// Such as `s3:GetObject`.
    pub fn name(&self) -> String {
        format!("s3:{}", self.action)
    }
}

/// Headers that set an ACL.
const GRANTS: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

impl Visit<'_> {
    /// The actions of an operation. `source`: what it copies.
    pub fn acts<'a>(&self, operation: &str, on: On<'a>, source: Option<On<'a>>) -> Vec<Act<'a>> {
        let mut acts = Vec::new();
        if let Some(source) = source {
            acts.extend(self.reading(operation, source));
        }
        let makes = ["PutObject", "CopyObject", "CompleteMultipartUpload"].contains(&operation);
        acts.extend(self.actions(operation).into_iter().map(|action| {
            let creates = (action == "PutObject").then_some(makes);
            Act { creates, ..Act::new(action, on) }
        }));
        acts
    }

    /// What it takes to copy from somewhere: tags come along unless others are given.
    fn reading<'a>(&self, operation: &str, source: On<'a>) -> Vec<Act<'a>> {
        let version = self.header("x-amz-copy-source").and_then(|text| text.split_once("?versionId="));
        let read = if version.is_some() { "GetObjectVersion" } else { "GetObject" };
        let mut acts = vec![Act::new(read, source)];
        let replaces =
            self.header("x-amz-tagging-directive").is_some_and(|text| text.eq_ignore_ascii_case("REPLACE"));
        if operation == "CopyObject" && !replaces && is_tagged(source) {
            let read = if version.is_some() { "GetObjectVersionTagging" } else { "GetObjectTagging" };
            acts.push(Act::new(read, source));
        }
        acts
    }

    fn actions(&self, operation: &str) -> Vec<&'static str> {
        let versioned = self.parameter("versionId").is_some();
        let of = |plain, version| vec![if versioned { version } else { plain }];
        match operation {
            "ListBuckets" => vec!["ListAllMyBuckets"],
            "CreateBucket" => self.creating_bucket(),
            "DeleteBucket" => vec!["DeleteBucket"],
            "HeadBucket" | "ListObjects" | "ListObjectsV2" => vec!["ListBucket"],
            "ListObjectVersions" => vec!["ListBucketVersions"],
            "ListMultipartUploads" => vec!["ListBucketMultipartUploads"],
            "ListParts" => vec!["ListMultipartUploadParts"],
            "AbortMultipartUpload" => vec!["AbortMultipartUpload"],
            "GetObject" | "HeadObject" => of("GetObject", "GetObjectVersion"),
            "GetObjectAttributes" if versioned => vec!["GetObjectVersion", "GetObjectVersionAttributes"],
            "GetObjectAttributes" => vec!["GetObject", "GetObjectAttributes"],
            "PutObject" | "CopyObject" | "CreateMultipartUpload" => self.writing(),
            "UploadPart" | "UploadPartCopy" | "CompleteMultipartUpload" => vec!["PutObject"],
            "DeleteObject" => of("DeleteObject", "DeleteObjectVersion"),
            "GetObjectTagging" => of("GetObjectTagging", "GetObjectVersionTagging"),
            "PutObjectTagging" => of("PutObjectTagging", "PutObjectVersionTagging"),
            "DeleteObjectTagging" => of("DeleteObjectTagging", "DeleteObjectVersionTagging"),
            "GetObjectAcl" => of("GetObjectAcl", "GetObjectVersionAcl"),
            "PutObjectAcl" => of("PutObjectAcl", "PutObjectVersionAcl"),
            "GetObjectRetention" => vec!["GetObjectRetention"],
            "GetObjectLegalHold" => vec!["GetObjectLegalHold"],
            "GetBucketLocation" => vec!["GetBucketLocation"],
            "GetBucketPolicy" => vec!["GetBucketPolicy"],
            "PutBucketPolicy" => vec!["PutBucketPolicy"],
            "DeleteBucketPolicy" => vec!["DeleteBucketPolicy"],
            "GetBucketPolicyStatus" => vec!["GetBucketPolicyStatus"],
            "GetPublicAccessBlock" => vec!["GetBucketPublicAccessBlock"],
            "PutPublicAccessBlock" | "DeletePublicAccessBlock" => vec!["PutBucketPublicAccessBlock"],
            "GetBucketVersioning" => vec!["GetBucketVersioning"],
            "PutBucketVersioning" => vec!["PutBucketVersioning"],
            "GetBucketTagging" => vec!["GetBucketTagging"],
            "PutBucketTagging" | "DeleteBucketTagging" => vec!["PutBucketTagging"],
            "GetBucketAcl" => vec!["GetBucketAcl"],
            "PutBucketAcl" => vec!["PutBucketAcl"],
            "GetBucketEncryption" => vec!["GetEncryptionConfiguration"],
            "PutBucketEncryption" | "DeleteBucketEncryption" => vec!["PutEncryptionConfiguration"],
            "GetBucketOwnershipControls" => vec!["GetBucketOwnershipControls"],
            "PutBucketOwnershipControls" | "DeleteBucketOwnershipControls" => {
                vec!["PutBucketOwnershipControls"]
            }
            "GetBucketCors" => vec!["GetBucketCORS"],
            "PutBucketCors" | "DeleteBucketCors" => vec!["PutBucketCORS"],
            "GetBucketLifecycleConfiguration" => vec!["GetLifecycleConfiguration"],
            "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => vec!["PutLifecycleConfiguration"],
            "GetBucketLogging" => vec!["GetBucketLogging"],
            "GetBucketNotificationConfiguration" => vec!["GetBucketNotification"],
            "GetBucketRequestPayment" => vec!["GetBucketRequestPayment"],
            "GetBucketAccelerateConfiguration" => vec!["GetAccelerateConfiguration"],
            "GetBucketReplication" => vec!["GetReplicationConfiguration"],
            "GetBucketWebsite" => vec!["GetBucketWebsite"],
            "GetObjectLockConfiguration" => vec!["GetBucketObjectLockConfiguration"],
            _ => Vec::new(),
        }
    }

    fn creating_bucket(&self) -> Vec<&'static str> {
        let mut actions = vec!["CreateBucket"];
        if self.sets_acl() {
            actions.push("PutBucketAcl");
        }
        if self
            .header("x-amz-bucket-object-lock-enabled")
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
        {
            actions.extend(["PutBucketObjectLockConfiguration", "PutBucketVersioning"]);
        }
        if self.header("x-amz-object-ownership").is_some() {
            actions.push("PutBucketOwnershipControls");
        }
        actions
    }

    fn writing(&self) -> Vec<&'static str> {
        let mut actions = vec!["PutObject"];
        if self.sets_acl() {
            actions.push("PutObjectAcl");
        }
        if self.header("x-amz-tagging").is_some_and(|tags| !tags.is_empty()) {
            actions.push("PutObjectTagging");
        }
        if self.header("x-amz-object-lock-mode").is_some() {
            actions.push("PutObjectRetention");
        }
        if self.header("x-amz-object-lock-legal-hold").is_some() {
            actions.push("PutObjectLegalHold");
        }
        actions
    }

    fn sets_acl(&self) -> bool {
        GRANTS.iter().any(|name| self.header(name).is_some())
    }
}

fn is_tagged(on: On<'_>) -> bool {
    match on {
        On::Object(found, key) => {
            let object = found.home.0.object(&found.bucket.name, key);
            object.is_some_and(|version| !version.tags.is_empty())
        }
        _ => false,
    }
}
