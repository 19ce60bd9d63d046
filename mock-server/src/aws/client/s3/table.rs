//! The operations: where each member of an input or output travels.

use super::{COPY_SOURCE, Member, Operation, Place, Shape};

pub(super) static TEXT: Shape = Shape::Text(&[]);
static TAGS: Shape = Shape::Structure(&[&[of("Key", Shape::Text(&[])), of("Value", Shape::Text(&[]))]]);
static OBJECT: Shape = Shape::Structure(&[
    &[
        of("Key", Shape::Text(&[])),
        of("LastModified", Shape::Time),
        of("ETag", Shape::Text(&[])),
        of("ChecksumAlgorithm", Shape::Flat(&TEXT)),
        of("ChecksumType", Shape::Text(&[])),
        of("Size", Shape::Number),
        of("StorageClass", Shape::Text(&[])),
    ],
    &[of("Owner", Shape::Structure(&[&[of("DisplayName", Shape::Text(&[])), of("ID", Shape::Text(&[]))]]))],
]);
static COMMON_PREFIX: Shape = Shape::Structure(&[&[of("Prefix", Shape::Text(&[]))]]);

const fn at(name: &'static str, place: Place, shape: Shape) -> Member {
    Member { name, shape, place, required: false }
}

/// An element of a document, or a member of a structure in one.
const fn of(name: &'static str, shape: Shape) -> Member {
    at(name, Place::Element, shape)
}

const fn header(name: &'static str, wire: &'static str) -> Member {
    at(name, Place::Header(wire), Shape::Text(&[]))
}

const fn query(name: &'static str, wire: &'static str) -> Member {
    at(name, Place::Query(wire), Shape::Text(&[]))
}

const fn needed(mut member: Member) -> Member {
    member.required = true;
    member
}

const OWNER: Member = header("ExpectedBucketOwner", "x-amz-expected-bucket-owner");
const BUCKET: &[Member] = &[needed(at("Bucket", Place::Bucket, Shape::Text(&[]))), OWNER];
const KEY: &[Member] = &[needed(at("Key", Place::Key, Shape::Text(&[])))];
const VERSION: &[Member] = &[query("VersionId", "versionId")];
const VERSION_TOLD: &[Member] = &[header("VersionId", "x-amz-version-id")];
const METADATA: Member = at("Metadata", Place::Headers("x-amz-meta-"), Shape::Texts);

/// What an object is, as requests give it and answers tell it.
const PROPERTIES: &[Member] = &[
    header("CacheControl", "cache-control"),
    header("ContentDisposition", "content-disposition"),
    header("ContentEncoding", "content-encoding"),
    header("ContentLanguage", "content-language"),
    header("ContentType", "content-type"),
    header("ServerSideEncryption", "x-amz-server-side-encryption"),
    header("SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"),
    at("BucketKeyEnabled", Place::Header("x-amz-server-side-encryption-bucket-key-enabled"), Shape::Truth),
    header("StorageClass", "x-amz-storage-class"),
    METADATA,
];

/// What is given along with a new object alone.
const GIVEN: &[Member] = &[
    header("ACL", "x-amz-acl"),
    header("Tagging", "x-amz-tagging"),
    at(
        "ChecksumAlgorithm",
        Place::Header("x-amz-checksum-algorithm"),
        Shape::Text(&["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"]),
    ),
];

const CHECKSUM_TYPE: Member =
    at("ChecksumType", Place::Header("x-amz-checksum-type"), Shape::Text(&["COMPOSITE", "FULL_OBJECT"]));
/// In base64.
const CHECKSUMS: &[Member] = &[
    header("ChecksumCRC32", "x-amz-checksum-crc32"),
    header("ChecksumCRC32C", "x-amz-checksum-crc32c"),
    header("ChecksumCRC64NVME", "x-amz-checksum-crc64nvme"),
    header("ChecksumSHA1", "x-amz-checksum-sha1"),
    header("ChecksumSHA256", "x-amz-checksum-sha256"),
];
/// The same of parts, in documents.
const CHECKSUMS_OF_PARTS: &[Member] = &[
    of("ChecksumCRC32", Shape::Text(&[])),
    of("ChecksumCRC32C", Shape::Text(&[])),
    of("ChecksumCRC64NVME", Shape::Text(&[])),
    of("ChecksumSHA1", Shape::Text(&[])),
    of("ChecksumSHA256", Shape::Text(&[])),
];

const CONDITIONS: &[Member] = &[header("IfMatch", "if-match"), header("IfNoneMatch", "if-none-match")];
const TIMES: &[Member] = &[
    at("IfModifiedSince", Place::Header("if-modified-since"), Shape::Time),
    at("IfUnmodifiedSince", Place::Header("if-unmodified-since"), Shape::Time),
];
const ASKED: &[Member] = &[
    header("Range", "range"),
    query("ResponseCacheControl", "response-cache-control"),
    query("ResponseContentDisposition", "response-content-disposition"),
    query("ResponseContentEncoding", "response-content-encoding"),
    query("ResponseContentLanguage", "response-content-language"),
    query("ResponseContentType", "response-content-type"),
    at("PartNumber", Place::Query("partNumber"), Shape::Number),
    header("ChecksumMode", "x-amz-checksum-mode"),
];

const WRITTEN: &[Member] = &[
    header("ETag", "etag"),
    header("VersionId", "x-amz-version-id"),
    header("ServerSideEncryption", "x-amz-server-side-encryption"),
];
const FOUND: &[Member] = &[
    header("ETag", "etag"),
    header("VersionId", "x-amz-version-id"),
    header("AcceptRanges", "accept-ranges"),
    header("ContentRange", "content-range"),
    at("ContentLength", Place::Header("content-length"), Shape::Number),
    at("LastModified", Place::Header("last-modified"), Shape::Time),
    at("TagCount", Place::Header("x-amz-tagging-count"), Shape::Number),
];
const UPLOAD: &[Member] = &[needed(query("UploadId", "uploadId"))];
const NUMBER: &[Member] = &[needed(at("PartNumber", Place::Query("partNumber"), Shape::Number))];
static PART: Shape = Shape::Structure(&[
    &[
        of("PartNumber", Shape::Number),
        of("ETag", Shape::Text(&[])),
        of("Size", Shape::Number),
        of("LastModified", Shape::Time),
    ],
    CHECKSUMS_OF_PARTS,
]);
static COMPLETED: Shape =
    Shape::Structure(&[&[of("PartNumber", Shape::Number), of("ETag", Shape::Text(&[]))], CHECKSUMS_OF_PARTS]);
const TAG_SET: &[Member] = &[of("TagSet", Shape::List(&TAGS))];
const TAGGING: &[Member] = &[needed(at("Tagging", Place::Body, Shape::Structure(&[TAG_SET])))];
/// What is copied: `bucket/key`, and `?versionId=..` if it matters.
const SOURCE: &[Member] = &[
    needed(header("CopySource", COPY_SOURCE)),
    header("CopySourceIfMatch", "x-amz-copy-source-if-match"),
    header("CopySourceIfNoneMatch", "x-amz-copy-source-if-none-match"),
    header("ExpectedSourceBucketOwner", "x-amz-source-expected-bucket-owner"),
];
const REMOVED: &[Member] = &[
    at("DeleteMarker", Place::Header("x-amz-delete-marker"), Shape::Truth),
    header("VersionId", "x-amz-version-id"),
];

const PUBLIC_ACCESS: &[Member] = &[at(
    "PublicAccessBlockConfiguration",
    Place::Body,
    Shape::Structure(&[&[
        of("BlockPublicAcls", Shape::Truth),
        of("IgnorePublicAcls", Shape::Truth),
        of("BlockPublicPolicy", Shape::Truth),
        of("RestrictPublicBuckets", Shape::Truth),
    ]]),
)];
const VERSIONING: &[Member] = &[
    of("Status", Shape::Text(&["Enabled", "Suspended"])),
    at("MFADelete", Place::Element, Shape::Text(&["Enabled", "Disabled"])),
];
const POLICY: &[Member] = &[needed(at("Policy", Place::Body, Shape::Text(&[])))];

macro_rules! operations {
    ($( $name:literal $method:literal $resource:literal [$($input:expr),*] -> [$($output:expr),*]; )*) => {
        pub(super) static OPERATIONS: &[Operation] = &[$( Operation {
            name: $name,
            method: $method,
            resource: $resource,
            input: Shape::Structure(&[$($input),*]),
            output: &[$($output),*],
        } ),*];
    };
}

operations! {
    "CreateBucket" "PUT" "" [
        BUCKET,
        &[
            header("ACL", "x-amz-acl"),
            header("ObjectOwnership", "x-amz-object-ownership"),
            at("ObjectLockEnabledForBucket", Place::Header("x-amz-bucket-object-lock-enabled"), Shape::Truth),
            at("CreateBucketConfiguration", Place::Body, Shape::Structure(&[
                &[of("LocationConstraint", Shape::Text(&[])), of("Tags", Shape::List(&TAGS))],
            ]))
        ]
    ] -> [&[header("Location", "location")]];
    "HeadBucket" "HEAD" "" [BUCKET] -> [&[
        header("BucketRegion", "x-amz-bucket-region"),
        at("AccessPointAlias", Place::Header("x-amz-access-point-alias"), Shape::Truth)
    ]];
    "DeleteBucket" "DELETE" "" [BUCKET] -> [];
    "GetBucketLocation" "GET" "location" [BUCKET] -> [&[at("LocationConstraint", Place::Root, Shape::Text(&[]))]];
    "PutObject" "PUT" "" [
        BUCKET, KEY, PROPERTIES, GIVEN, CHECKSUMS, CONDITIONS,
        &[at("Body", Place::Body, Shape::Bytes), header("ContentMD5", "content-md5")]
    ] -> [WRITTEN, CHECKSUMS];
    "GetObject" "GET" "" [BUCKET, KEY, VERSION, CONDITIONS, TIMES, ASKED]
        -> [PROPERTIES, FOUND, &[at("Body", Place::Body, Shape::Bytes)]];
    "HeadObject" "HEAD" "" [BUCKET, KEY, VERSION, CONDITIONS, TIMES, ASKED] -> [PROPERTIES, FOUND];
    "DeleteObject" "DELETE" "" [BUCKET, KEY, VERSION, &[header("IfMatch", "if-match")]] -> [REMOVED];
    "CopyObject" "PUT" "" [
        BUCKET, KEY, PROPERTIES, GIVEN, CONDITIONS, SOURCE,
        &[
            at("MetadataDirective", Place::Header("x-amz-metadata-directive"), Shape::Text(&["COPY", "REPLACE"])),
            at("TaggingDirective", Place::Header("x-amz-tagging-directive"), Shape::Text(&["COPY", "REPLACE"]))
        ]
    ] -> [&[
        at("CopyObjectResult", Place::Body, Shape::Structure(&[
            &[of("ETag", Shape::Text(&[])), of("LastModified", Shape::Time)],
        ])),
        header("CopySourceVersionId", "x-amz-copy-source-version-id"),
        header("VersionId", "x-amz-version-id"),
        header("ServerSideEncryption", "x-amz-server-side-encryption")
    ]];
    "ListObjectsV2" "GET" "list-type=2" [BUCKET, &[
        query("Delimiter", "delimiter"),
        at("EncodingType", Place::Query("encoding-type"), Shape::Text(&["url"])),
        at("MaxKeys", Place::Query("max-keys"), Shape::Number),
        query("Prefix", "prefix"),
        query("ContinuationToken", "continuation-token"),
        at("FetchOwner", Place::Query("fetch-owner"), Shape::Truth),
        query("StartAfter", "start-after")
    ]] -> [&[
        of("IsTruncated", Shape::Truth),
        of("Contents", Shape::Flat(&OBJECT)),
        of("Name", Shape::Text(&[])),
        of("Prefix", Shape::Text(&[])),
        of("Delimiter", Shape::Text(&[])),
        of("MaxKeys", Shape::Number),
        of("CommonPrefixes", Shape::Flat(&COMMON_PREFIX)),
        of("EncodingType", Shape::Text(&[])),
        of("KeyCount", Shape::Number),
        of("ContinuationToken", Shape::Text(&[])),
        of("NextContinuationToken", Shape::Text(&[])),
        of("StartAfter", Shape::Text(&[]))
    ]];
    "PutBucketPolicy" "PUT" "policy" [BUCKET, POLICY, &[at(
        "ConfirmRemoveSelfBucketAccess", Place::Header("x-amz-confirm-remove-self-bucket-access"), Shape::Truth
    )]] -> [];
    "GetBucketPolicy" "GET" "policy" [BUCKET] -> [POLICY];
    "DeleteBucketPolicy" "DELETE" "policy" [BUCKET] -> [];
    "PutPublicAccessBlock" "PUT" "publicAccessBlock" [BUCKET, PUBLIC_ACCESS] -> [];
    "GetPublicAccessBlock" "GET" "publicAccessBlock" [BUCKET] -> [PUBLIC_ACCESS];
    "DeletePublicAccessBlock" "DELETE" "publicAccessBlock" [BUCKET] -> [];
    "PutBucketVersioning" "PUT" "versioning" [
        BUCKET,
        &[needed(at("VersioningConfiguration", Place::Body, Shape::Structure(&[VERSIONING])))]
    ] -> [];
    "GetBucketVersioning" "GET" "versioning" [BUCKET] -> [VERSIONING];
    "PutBucketTagging" "PUT" "tagging" [BUCKET, TAGGING] -> [];
    "GetBucketTagging" "GET" "tagging" [BUCKET] -> [TAG_SET];
    "DeleteBucketTagging" "DELETE" "tagging" [BUCKET] -> [];
    "PutObjectTagging" "PUT" "tagging" [BUCKET, KEY, VERSION, TAGGING] -> [VERSION_TOLD];
    "GetObjectTagging" "GET" "tagging" [BUCKET, KEY, VERSION] -> [VERSION_TOLD, TAG_SET];
    "DeleteObjectTagging" "DELETE" "tagging" [BUCKET, KEY, VERSION] -> [VERSION_TOLD];
    "CreateMultipartUpload" "POST" "uploads" [BUCKET, KEY, PROPERTIES, GIVEN, &[CHECKSUM_TYPE]] -> [&[
        of("Bucket", Shape::Text(&[])),
        of("Key", Shape::Text(&[])),
        of("UploadId", Shape::Text(&[])),
        header("ChecksumAlgorithm", "x-amz-checksum-algorithm"),
        CHECKSUM_TYPE,
        header("ServerSideEncryption", "x-amz-server-side-encryption")
    ]];
    "UploadPart" "PUT" "" [
        BUCKET, KEY, NUMBER, UPLOAD, CHECKSUMS,
        &[at("Body", Place::Body, Shape::Bytes), header("ContentMD5", "content-md5")]
    ] -> [CHECKSUMS, &[header("ETag", "etag"), header("ServerSideEncryption", "x-amz-server-side-encryption")]];
    "UploadPartCopy" "PUT" "" [
        BUCKET, KEY, NUMBER, UPLOAD, SOURCE, &[header("CopySourceRange", "x-amz-copy-source-range")]
    ] -> [&[
        at("CopyPartResult", Place::Body, Shape::Structure(&[
            &[of("ETag", Shape::Text(&[])), of("LastModified", Shape::Time)],
            CHECKSUMS_OF_PARTS,
        ])),
        header("CopySourceVersionId", "x-amz-copy-source-version-id")
    ]];
    "CompleteMultipartUpload" "POST" "" [
        BUCKET, KEY, UPLOAD, CHECKSUMS, CONDITIONS,
        &[
            at("MultipartUpload", Place::Body, Shape::Structure(&[&[of("Parts", Shape::Flat(&COMPLETED))]])),
            CHECKSUM_TYPE,
            at("MpuObjectSize", Place::Header("x-amz-mp-object-size"), Shape::Number)
        ]
    ] -> [CHECKSUMS_OF_PARTS, &[
        of("Location", Shape::Text(&[])),
        of("Bucket", Shape::Text(&[])),
        of("Key", Shape::Text(&[])),
        of("ETag", Shape::Text(&[])),
        of("ChecksumType", Shape::Text(&[])),
        header("VersionId", "x-amz-version-id"),
        header("ServerSideEncryption", "x-amz-server-side-encryption")
    ]];
    "AbortMultipartUpload" "DELETE" "" [BUCKET, KEY, UPLOAD] -> [];
    "ListParts" "GET" "" [BUCKET, KEY, UPLOAD, &[
        at("MaxParts", Place::Query("max-parts"), Shape::Number),
        at("PartNumberMarker", Place::Query("part-number-marker"), Shape::Number)
    ]] -> [&[
        of("Bucket", Shape::Text(&[])),
        of("Key", Shape::Text(&[])),
        of("UploadId", Shape::Text(&[])),
        of("PartNumberMarker", Shape::Number),
        of("NextPartNumberMarker", Shape::Number),
        of("MaxParts", Shape::Number),
        of("IsTruncated", Shape::Truth),
        of("Parts", Shape::Flat(&PART)),
        of("StorageClass", Shape::Text(&[])),
        of("ChecksumAlgorithm", Shape::Text(&[])),
        of("ChecksumType", Shape::Text(&[]))
    ]];
    // Whether these are set; what they say if they are is not read.
    "GetBucketCors" "GET" "cors" [BUCKET] -> [];
    "GetBucketLifecycleConfiguration" "GET" "lifecycle" [BUCKET] -> [];
    "GetBucketWebsite" "GET" "website" [BUCKET] -> [];
    "GetBucketReplication" "GET" "replication" [BUCKET] -> [];
    "GetObjectLockConfiguration" "GET" "object-lock" [BUCKET] -> [];
    "GetObjectTorrent" "GET" "torrent" [BUCKET, KEY] -> [&[at("Body", Place::Body, Shape::Bytes)]];
}
