//! The operations: what `s3s` read of a request goes in, what it is to print comes out.

mod bucket;
mod config;
mod copy;
mod head;
mod listing;
mod object;
mod policy;
mod tagging;
mod upload;
mod versions;

use super::call::Call;
use crate::kernel::{AccountId, SimTime};
use crate::services::s3::S3Error;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};
use sha2::{Digest, Sha256};

pub(super) struct Api;

/// What an operation answers.
type Answer<T> = Result<S3Response<T>, S3Error>;

fn say<T>(output: T) -> Answer<T> {
    Ok(S3Response::new(output))
}

fn run<I, O>(
    mut request: S3Request<I>,
    operation: &'static str,
    serve: impl FnOnce(&Call, I) -> Answer<O>,
) -> S3Result<S3Response<O>> {
    let call = request.extensions.remove::<Call>().ok_or(s3s::S3ErrorCode::InternalError)?;
    call.outcome().operation = Some(operation);
    if call.gate.as_ref().is_some_and(|gate| !gate.opens(operation)) {
        call.outcome().refusal = Some(S3Error::InternalError);
        return Err(s3s::S3ErrorCode::InternalError.into());
    }
    serve(&call, request.input).map_err(|error| {
        call.outcome().refusal = Some(error);
        // Printed by us; whatever is said here is not sent.
        s3s::S3ErrorCode::InternalError.into()
    })
}

/// A line for each operation that behaves: its name in the trait, what it takes and gives, its name, and its code.
macro_rules! operations {
    ($( $method:ident: $Input:ident => $Output:ident, $name:literal, $serve:path; )*) => {
        #[async_trait::async_trait]
        impl S3 for Api {
            $(
                async fn $method(&self, request: S3Request<$Input>) -> S3Result<S3Response<$Output>> {
                    run(request, $name, $serve)
                }
            )*
        }

        /// The operations that behave.
        pub(super) const SERVED: &[&str] = &[$( $name ),*];
    };
}

operations! {
    create_bucket: CreateBucketInput => CreateBucketOutput, "CreateBucket", bucket::create;
    head_bucket: HeadBucketInput => HeadBucketOutput, "HeadBucket", bucket::head;
    delete_bucket: DeleteBucketInput => DeleteBucketOutput, "DeleteBucket", bucket::delete;
    list_buckets: ListBucketsInput => ListBucketsOutput, "ListBuckets", bucket::list;
    get_bucket_location: GetBucketLocationInput => GetBucketLocationOutput, "GetBucketLocation", bucket::location;
    put_object: PutObjectInput => PutObjectOutput, "PutObject", object::put;
    get_object: GetObjectInput => GetObjectOutput, "GetObject", object::get;
    head_object: HeadObjectInput => HeadObjectOutput, "HeadObject", object::head;
    delete_object: DeleteObjectInput => DeleteObjectOutput, "DeleteObject", object::delete;
    delete_objects: DeleteObjectsInput => DeleteObjectsOutput, "DeleteObjects", object::delete_many;
    list_objects: ListObjectsInput => ListObjectsOutput, "ListObjects", listing::objects;
    list_objects_v2: ListObjectsV2Input => ListObjectsV2Output, "ListObjectsV2", listing::objects_v2;
    copy_object: CopyObjectInput => CopyObjectOutput, "CopyObject", copy::copy;
    list_object_versions: ListObjectVersionsInput => ListObjectVersionsOutput, "ListObjectVersions", versions::list;
    put_bucket_versioning: PutBucketVersioningInput => PutBucketVersioningOutput, "PutBucketVersioning", config::put_versioning;
    get_bucket_versioning: GetBucketVersioningInput => GetBucketVersioningOutput, "GetBucketVersioning", config::get_versioning;
    create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput, "CreateMultipartUpload", upload::create;
    upload_part: UploadPartInput => UploadPartOutput, "UploadPart", upload::upload_part;
    upload_part_copy: UploadPartCopyInput => UploadPartCopyOutput, "UploadPartCopy", upload::upload_part_copy;
    complete_multipart_upload: CompleteMultipartUploadInput => CompleteMultipartUploadOutput, "CompleteMultipartUpload", upload::complete;
    abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput, "AbortMultipartUpload", upload::abort;
    list_parts: ListPartsInput => ListPartsOutput, "ListParts", upload::parts;
    list_multipart_uploads: ListMultipartUploadsInput => ListMultipartUploadsOutput, "ListMultipartUploads", versions::uploads;
    get_object_tagging: GetObjectTaggingInput => GetObjectTaggingOutput, "GetObjectTagging", tagging::get;
    put_object_tagging: PutObjectTaggingInput => PutObjectTaggingOutput, "PutObjectTagging", tagging::put;
    delete_object_tagging: DeleteObjectTaggingInput => DeleteObjectTaggingOutput, "DeleteObjectTagging", tagging::delete;
    get_object_attributes: GetObjectAttributesInput => GetObjectAttributesOutput, "GetObjectAttributes", tagging::attributes;
    get_bucket_tagging: GetBucketTaggingInput => GetBucketTaggingOutput, "GetBucketTagging", config::get_tags;
    put_bucket_tagging: PutBucketTaggingInput => PutBucketTaggingOutput, "PutBucketTagging", config::put_tags;
    delete_bucket_tagging: DeleteBucketTaggingInput => DeleteBucketTaggingOutput, "DeleteBucketTagging", config::delete_tags;
    get_bucket_policy: GetBucketPolicyInput => GetBucketPolicyOutput, "GetBucketPolicy", policy::get;
    put_bucket_policy: PutBucketPolicyInput => PutBucketPolicyOutput, "PutBucketPolicy", policy::put;
    delete_bucket_policy: DeleteBucketPolicyInput => DeleteBucketPolicyOutput, "DeleteBucketPolicy", policy::delete;
    get_bucket_policy_status: GetBucketPolicyStatusInput => GetBucketPolicyStatusOutput, "GetBucketPolicyStatus", policy::status;
    get_public_access_block: GetPublicAccessBlockInput => GetPublicAccessBlockOutput, "GetPublicAccessBlock", config::get_public_access;
    put_public_access_block: PutPublicAccessBlockInput => PutPublicAccessBlockOutput, "PutPublicAccessBlock", config::put_public_access;
    delete_public_access_block: DeletePublicAccessBlockInput => DeletePublicAccessBlockOutput, "DeletePublicAccessBlock", config::delete_public_access;
    get_bucket_acl: GetBucketAclInput => GetBucketAclOutput, "GetBucketAcl", config::get_acl;
    put_bucket_acl: PutBucketAclInput => PutBucketAclOutput, "PutBucketAcl", config::put_acl;
    get_object_acl: GetObjectAclInput => GetObjectAclOutput, "GetObjectAcl", config::get_object_acl;
    put_object_acl: PutObjectAclInput => PutObjectAclOutput, "PutObjectAcl", config::put_object_acl;
    get_bucket_ownership_controls: GetBucketOwnershipControlsInput => GetBucketOwnershipControlsOutput, "GetBucketOwnershipControls", config::get_ownership;
    put_bucket_ownership_controls: PutBucketOwnershipControlsInput => PutBucketOwnershipControlsOutput, "PutBucketOwnershipControls", config::put_ownership;
    get_bucket_encryption: GetBucketEncryptionInput => GetBucketEncryptionOutput, "GetBucketEncryption", config::get_encryption;
    put_bucket_encryption: PutBucketEncryptionInput => PutBucketEncryptionOutput, "PutBucketEncryption", config::put_encryption;
    delete_bucket_encryption: DeleteBucketEncryptionInput => DeleteBucketEncryptionOutput, "DeleteBucketEncryption", config::delete_encryption;
    get_bucket_cors: GetBucketCorsInput => GetBucketCorsOutput, "GetBucketCors", config::get_cors;
    get_bucket_lifecycle_configuration: GetBucketLifecycleConfigurationInput => GetBucketLifecycleConfigurationOutput, "GetBucketLifecycleConfiguration", config::get_lifecycle;
    get_bucket_website: GetBucketWebsiteInput => GetBucketWebsiteOutput, "GetBucketWebsite", config::get_website;
    get_bucket_replication: GetBucketReplicationInput => GetBucketReplicationOutput, "GetBucketReplication", config::get_replication;
    get_object_lock_configuration: GetObjectLockConfigurationInput => GetObjectLockConfigurationOutput, "GetObjectLockConfiguration", config::get_object_lock;
    get_bucket_logging: GetBucketLoggingInput => GetBucketLoggingOutput, "GetBucketLogging", config::get_logging;
    get_bucket_notification_configuration: GetBucketNotificationConfigurationInput => GetBucketNotificationConfigurationOutput, "GetBucketNotificationConfiguration", config::get_notification;
    get_bucket_accelerate_configuration: GetBucketAccelerateConfigurationInput => GetBucketAccelerateConfigurationOutput, "GetBucketAccelerateConfiguration", config::get_accelerate;
    get_bucket_request_payment: GetBucketRequestPaymentInput => GetBucketRequestPaymentOutput, "GetBucketRequestPayment", config::get_request_payment;
}

// === What several operations tell ===

fn timestamp(time: SimTime) -> Timestamp {
    let nanos = i128::from(time.millis()) * 1_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(time::OffsetDateTime::UNIX_EPOCH).into()
}

/// A time that a request tells, as headers have it.
fn http_date(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn etag(etag: &str) -> Option<ETag> {
    Some(ETag::Strong(etag.to_owned()))
}

/// The canonical id of an account: 64 digits that follow from its number.
fn owner(account: AccountId) -> Owner {
    let id = crate::model::bucket::hex(&Sha256::digest(format!("mockplane canonical user {account}")));
    Owner { id: Some(id), display_name: None }
}
