//! The operations: what `s3s` read of a request goes in, what it is to print comes out.

mod bucket;
mod head;
mod listing;
mod object;

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
        #[cfg(test)]
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
