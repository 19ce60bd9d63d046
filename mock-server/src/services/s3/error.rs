//! What S3 refuses with. Source, unless a line says otherwise: S3 API reference, "Error responses".

use crate::services::refusal::{Refusal, refusals};

refusals! {
    pub enum S3Error as "s3" {
        // === Buckets ===
        NoSuchBucket(bucket_name: String) = "NoSuchBucket" 404, text "The specified bucket does not exist";
        BucketAlreadyOwnedByYou(bucket_name: String) = "BucketAlreadyOwnedByYou" 409,
            text "Your previous request to create the named bucket succeeded and you already own it.";
        BucketAlreadyExists(bucket_name: String) = "BucketAlreadyExists" 409,
            text "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
        BucketNotEmpty(bucket_name: String) = "BucketNotEmpty" 409,
            text "The bucket you tried to delete is not empty";
        VersionsLeft(bucket_name: String) = "BucketNotEmpty" 409,
            text "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
        InvalidBucketName(bucket_name: String) = "InvalidBucketName", text "The specified bucket is not valid.";
        TooManyBuckets = "TooManyBuckets", text "You have attempted to create more buckets than allowed";
        IllegalLocation(location: String) = "IllegalLocationConstraintException",
            text "The {location} location constraint is incompatible for the region specific endpoint this request was sent to.";
        InvalidLocation(location_constraint: String) = "InvalidLocationConstraint",
            text "The specified location-constraint is not valid";
        /// Source: S3 user guide, "Making requests using the REST API".
        PermanentRedirect { bucket: String, endpoint: String, bucket_region: String } = "PermanentRedirect" 301,
            text "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
        WrongRegion { given: String, region: String } = "AuthorizationHeaderMalformed",
            text "The authorization header is malformed; the region '{given}' is wrong; expecting '{region}'";
        NoSuchBucketPolicy(bucket_name: String) = "NoSuchBucketPolicy" 404,
            text "The bucket policy does not exist";
        NoSuchTagSet(bucket_name: String) = "NoSuchTagSet" 404, text "The TagSet does not exist";
        NoPublicAccessBlock(bucket_name: String) = "NoSuchPublicAccessBlockConfiguration" 404,
            text "The public access block configuration was not found";
        NoCors(bucket_name: String) = "NoSuchCORSConfiguration" 404,
            text "The CORS configuration does not exist";
        NoLifecycle(bucket_name: String) = "NoSuchLifecycleConfiguration" 404,
            text "The lifecycle configuration does not exist";
        NoWebsite(bucket_name: String) = "NoSuchWebsiteConfiguration" 404,
            text "The specified bucket does not have a website configuration";
        NoReplication = "ReplicationConfigurationNotFoundError" 404,
            text "The replication configuration was not found";
        NoObjectLock(bucket_name: String) = "ObjectLockConfigurationNotFoundError" 404,
            text "Object Lock configuration does not exist for this bucket";
        IllegalVersioning(problem: &'static str) = "IllegalVersioningConfigurationException", text "{problem}";
        MalformedPolicy(problem: String) = "MalformedPolicy", text "{problem}";
        AclNotSupported = "AccessControlListNotSupported", text "The bucket does not allow ACLs";

        // === Objects ===
        NoSuchKey(key: String) = "NoSuchKey" 404, text "The specified key does not exist.";
        /// The newest version is a delete marker.
        Deleted { key: String, version: String } = "NoSuchKey" 404, text "The specified key does not exist.";
        NoSuchVersion { key: String, version_id: String } = "NoSuchVersion" 404,
            text "The specified version does not exist.";
        /// The answer to who asks for a delete marker by its version.
        DeleteMarker { modified: String, version: String } = "MethodNotAllowed" 405,
            text "The specified method is not allowed against this resource.";
        InvalidRange { range_requested: String, actual_object_size: u64 } = "InvalidRange" 416,
            text "The requested range is not satisfiable";
        InvalidPartNumber { part_number_requested: u64, actual_part_count: usize } = "InvalidPartNumber" 416,
            text "The requested partnumber is not satisfiable";
        PreconditionFailed(condition: &'static str) = "PreconditionFailed" 412,
            text "At least one of the pre-conditions you specified did not hold";
        CopyToItself = "InvalidRequest",
            text "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
        CopyTooLarge = "InvalidRequest",
            text "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120";
        EntityTooLarge { proposed_size: u64, max_size_allowed: u64 } = "EntityTooLarge",
            text "Your proposed upload exceeds the maximum allowed size";
        MetadataTooLarge { size: usize, max_size_allowed: usize } = "MetadataTooLarge",
            text "Your metadata headers exceed the maximum allowed metadata size";
        InvalidStorageClass(storage_class_requested: String) = "InvalidStorageClass",
            text "The storage class you specified is not valid";
        BucketAcl = "InvalidBucketAclWithObjectOwnership",
            text "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        InvalidTag(problem: &'static str) = "InvalidTag", text "{problem}";
        TooManyTags(most: usize) = "BadRequest", text "Object tags cannot be greater than {most}";

        // === Uploads ===
        NoSuchUpload(upload_id: String) = "NoSuchUpload" 404,
            text "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
        InvalidPart { upload_id: String, part_number: u64, etag: String } = "InvalidPart",
            text "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
        InvalidPartOrder(upload_id: String) = "InvalidPartOrder",
            text "The list of parts was not in ascending order. Parts must be ordered by part number.";
        EntityTooSmall { proposed_size: u64, min_size_allowed: u64, part_number: u64, etag: String } =
            "EntityTooSmall", text "Your proposed upload is smaller than the minimum allowed size";
        NoParts = "InvalidRequest", text "You must specify at least one part";
        ChecksumTypeMismatch { part: &'static str, upload: &'static str } = "InvalidRequest",
            text "Checksum Type mismatch occurred, expected checksum Type: {upload}, actual checksum Type: {part}";
        TypeMismatch { given: String, upload: &'static str } = "InvalidRequest",
            text "The upload was created using the {upload} checksum mode. The complete request must use the same checksum mode.";

        // === Requests ===
        AccessDenied = "AccessDenied" 403, text "Access Denied";
        /// Who may not do what, and why; S3 tells that to callers of the bucket's own account.
        Denied(sentence: String) = "AccessDenied" 403, text "{sentence}";
        /// The same where policies decide: the rule that they break, and which of them and what in them decided.
        DeniedBy { sentence: String, rule: &'static str, because: String } = "AccessDenied" 403 for rule,
            text "{sentence}";
        InvalidArgument { message: String, argument_name: &'static str, argument_value: String } = "InvalidArgument",
            text "{message}";
        InvalidRequest(problem: String) = "InvalidRequest", text "{problem}";
        MalformedXml = "MalformedXML",
            text "The XML you provided was not well-formed or did not validate against our published schema";
        BadMd5 { expected_digest: String, calculated_digest: String } = "BadDigest",
            text "The Content-MD5 you specified did not match what we received.";
        BadChecksum(algorithm: &'static str) = "BadDigest",
            text "The {algorithm} you specified did not match the calculated checksum.";
        InvalidMd5(content_md5: String) = "InvalidDigest", text "The Content-MD5 you specified was invalid.";
        InvalidChecksum(header: String) = "InvalidRequest", text "Value for {header} header is invalid.";
        Sha256Mismatch { client_computed: String, s3_computed: String } = "XAmzContentSHA256Mismatch",
            text "The provided 'x-amz-content-sha256' header does not match what was computed.";
        MethodNotAllowed = "MethodNotAllowed" 405,
            text "The specified method is not allowed against this resource.";
        KeyTooLong = "KeyTooLongError", text "Your key is too long";
        InvalidUri(uri: String) = "InvalidURI", text "Couldn't parse the specified URI.";
        IncompleteBody = "IncompleteBody",
            text "You did not provide the number of bytes specified by the Content-Length HTTP header";
        NoContentLength = "MissingContentLength" 411,
            text "You must provide the Content-Length HTTP header.";
        MalformedTrailer = "MalformedTrailerError",
            text "The request contained trailing data that was not well-formed or did not conform to our published schema.";
        MalformedChunk = "InvalidRequest", assumed "The chunks of the request body are not well-formed.";
        NoSuchKeyId(aws_access_key_id: String) = "InvalidAccessKeyId" 403,
            text "The AWS Access Key Id you provided does not exist in our records.";
        InvalidToken = "InvalidToken",
            text "The provided token is malformed or otherwise invalid.";
        ExpiredToken = "ExpiredToken", text "The provided token has expired.";
        SignatureDoesNotMatch(aws_access_key_id: String) = "SignatureDoesNotMatch" 403,
            text "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
        MalformedAuthorization(problem: String) = "AuthorizationHeaderMalformed", text "{problem}";
        TimeTooSkewed = "RequestTimeTooSkewed" 403,
            text "The difference between the request time and the current time is too large.";
        RequestExpired = "AccessDenied" 403, text "Request has expired";
        OldSignature = "InvalidRequest",
            text "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
        // === This server's own ===
        /// The bound of this server, not of S3.
        NoRoom(most: u64) = "ServiceUnavailable" 503,
            assumed "This server keeps at most {most} bytes of objects for an account (--s3-max-bytes); there is no room for this one.";
        /// An object that has a size and no bytes.
        NoBytes(key: String) = "NotImplemented" 501,
            assumed "The object {key} was put by its size alone; it has no bytes to read.";
        NotImplemented(operation: String) = "NotImplemented" 501,
            assumed "s3:{operation} is not implemented by this mock";
        NotBuilt(what: &'static str) = "NotImplemented" 501, assumed "{what} is not implemented by this mock";
        InternalError = "InternalError" 500,
            text "We encountered an internal error. Please try again.";
    }
}

/// The facts that are told in members of their own, and what those are called.
const MEMBERS: &[(&str, &str)] = &[
    ("bucket_name", "BucketName"),
    ("bucket", "Bucket"),
    ("key", "Key"),
    ("version_id", "VersionId"),
    ("upload_id", "UploadId"),
    ("part_number", "PartNumber"),
    ("etag", "ETag"),
    ("endpoint", "Endpoint"),
    ("region", "Region"),
    ("location_constraint", "LocationConstraint"),
    ("condition", "Condition"),
    ("range_requested", "RangeRequested"),
    ("actual_object_size", "ActualObjectSize"),
    ("part_number_requested", "PartNumberRequested"),
    ("actual_part_count", "ActualPartCount"),
    ("proposed_size", "ProposedSize"),
    ("min_size_allowed", "MinSizeAllowed"),
    ("max_size_allowed", "MaxSizeAllowed"),
    ("size", "Size"),
    ("uri", "URI"),
    ("storage_class_requested", "StorageClassRequested"),
    ("argument_name", "ArgumentName"),
    ("argument_value", "ArgumentValue"),
    ("expected_digest", "ExpectedDigest"),
    ("calculated_digest", "CalculatedDigest"),
    ("content_md5", "Content-MD5"),
    ("client_computed", "ClientComputedContentSHA256"),
    ("s3_computed", "S3ComputedContentSHA256"),
    ("aws_access_key_id", "AWSAccessKeyId"),
];

impl S3Error {
    /// What the answer says besides code and message.
    pub fn members(&self) -> Vec<(&'static str, String)> {
        // What is not known is not told.
        let member = |fact| MEMBERS.iter().find(|(name, _)| *name == fact).map(|(_, member)| *member);
        self.facts()
            .into_iter()
            .filter_map(|(fact, value)| Some((member(fact)?, value)))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// Headers of the answer that only some refusals have.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            S3Error::PermanentRedirect { bucket_region: region, .. }
            | S3Error::WrongRegion { region, .. } => {
                vec![("x-amz-bucket-region", region.clone())]
            }
            S3Error::DeleteMarker { modified, version } => vec![
                ("x-amz-delete-marker", "true".to_owned()),
                ("x-amz-version-id", version.clone()),
                ("allow", "DELETE".to_owned()),
                ("last-modified", modified.clone()),
            ],
            S3Error::Deleted { version, .. } => {
                vec![("x-amz-delete-marker", "true".to_owned()), ("x-amz-version-id", version.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// A parameter or header that is not what it should be.
    pub fn argument(name: &'static str, value: impl Into<String>, message: impl Into<String>) -> Self {
        S3Error::InvalidArgument {
            message: message.into(),
            argument_name: name,
            argument_value: value.into(),
        }
    }
}
