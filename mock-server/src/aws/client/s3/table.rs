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
    &[of("Owner", Shape::Structure(&[PERSON]))],
]);
/// An owner, or whoever began something.
const PERSON: &[Member] = &[of("DisplayName", Shape::Text(&[])), of("ID", Shape::Text(&[]))];
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
const TAG_SET: &[Member] = &[of("TagSet", Shape::List("Tag", &TAGS))];
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

// === Lists ===

static LISTED_BUCKET: Shape = Shape::Structure(&[&[
    of("Name", Shape::Text(&[])),
    of("CreationDate", Shape::Time),
    of("BucketRegion", Shape::Text(&[])),
    of("BucketArn", Shape::Text(&[])),
]]);
/// What all lists of a bucket's things take.
const LISTING: &[Member] = &[
    query("Delimiter", "delimiter"),
    at("EncodingType", Place::Query("encoding-type"), Shape::Text(&["url"])),
    query("Prefix", "prefix"),
];
const MAX_KEYS: Member = at("MaxKeys", Place::Query("max-keys"), Shape::Number);
/// And what they answer.
const LISTED: &[Member] = &[
    of("IsTruncated", Shape::Truth),
    of("Prefix", Shape::Text(&[])),
    of("Delimiter", Shape::Text(&[])),
    of("CommonPrefixes", Shape::Flat(&COMMON_PREFIX)),
    of("EncodingType", Shape::Text(&[])),
];
const LISTED_KEYS: &[Member] = &[of("Name", Shape::Text(&[])), of("MaxKeys", Shape::Number)];
const MARKED: &[Member] = &[
    of("Key", Shape::Text(&[])),
    of("VersionId", Shape::Text(&[])),
    of("IsLatest", Shape::Truth),
    of("LastModified", Shape::Time),
    of("Owner", Shape::Structure(&[PERSON])),
];
static DELETE_MARKER: Shape = Shape::Structure(&[MARKED]);
static OBJECT_VERSION: Shape = Shape::Structure(&[
    MARKED,
    &[
        of("ETag", Shape::Text(&[])),
        of("ChecksumAlgorithm", Shape::Flat(&TEXT)),
        of("ChecksumType", Shape::Text(&[])),
        of("Size", Shape::Number),
        of("StorageClass", Shape::Text(&[])),
    ],
]);
static BEGUN: Shape = Shape::Structure(&[&[
    of("UploadId", Shape::Text(&[])),
    of("Key", Shape::Text(&[])),
    of("Initiated", Shape::Time),
    of("StorageClass", Shape::Text(&[])),
    of("Owner", Shape::Structure(&[PERSON])),
    of("Initiator", Shape::Structure(&[PERSON])),
    of("ChecksumAlgorithm", Shape::Text(&[])),
    of("ChecksumType", Shape::Text(&[])),
]]);
static TO_DELETE: Shape = Shape::Structure(&[&[
    needed(of("Key", Shape::Text(&[]))),
    of("VersionId", Shape::Text(&[])),
    of("ETag", Shape::Text(&[])),
]]);
static DELETED: Shape = Shape::Structure(&[&[
    of("Key", Shape::Text(&[])),
    of("VersionId", Shape::Text(&[])),
    of("DeleteMarker", Shape::Truth),
    of("DeleteMarkerVersionId", Shape::Text(&[])),
]]);
static NOT_DELETED: Shape = Shape::Structure(&[&[
    of("Key", Shape::Text(&[])),
    of("VersionId", Shape::Text(&[])),
    of("Code", Shape::Text(&[])),
    of("Message", Shape::Text(&[])),
]]);

// === What is set on buckets and objects ===

static GRANT: Shape = Shape::Structure(&[&[
    of(
        "Grantee",
        Shape::Structure(&[
            PERSON,
            &[
                of("EmailAddress", Shape::Text(&[])),
                at("Type", Place::Attribute("type"), Shape::Text(&[])),
                of("URI", Shape::Text(&[])),
            ],
        ]),
    ),
    of("Permission", Shape::Text(&[])),
]]);
const ACL: &[Member] =
    &[of("Owner", Shape::Structure(&[PERSON])), of("Grants", Shape::List("Grant", &GRANT))];
static ATTRIBUTE: Shape = Shape::Text(&["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]);
static ENCRYPTION: Shape = Shape::Structure(&[&[
    of(
        "ApplyServerSideEncryptionByDefault",
        Shape::Structure(&[&[of("SSEAlgorithm", Shape::Text(&[])), of("KMSMasterKeyID", Shape::Text(&[]))]]),
    ),
    of("BucketKeyEnabled", Shape::Truth),
]]);
static OWNERSHIP: Shape = Shape::Structure(&[&[of("ObjectOwnership", Shape::Text(&[]))]]);
/// What all notifications have, whatever they go to.
const NOTIFIED: &[Member] = &[of("Id", Shape::Text(&[])), of("Events", Shape::Flat(&TEXT))];
static TO_TOPIC: Shape = Shape::Structure(&[NOTIFIED, &[of("TopicArn", Shape::Text(&[]))]]);
static TO_QUEUE: Shape = Shape::Structure(&[NOTIFIED, &[of("QueueArn", Shape::Text(&[]))]]);
static TO_FUNCTION: Shape = Shape::Structure(&[NOTIFIED, &[of("LambdaFunctionArn", Shape::Text(&[]))]]);

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
                &[of("LocationConstraint", Shape::Text(&[])), of("Tags", Shape::List("Tag", &TAGS))],
            ]))
        ]
    ] -> [&[header("Location", "location")]];
    "HeadBucket" "HEAD" "" [BUCKET] -> [&[
        header("BucketRegion", "x-amz-bucket-region"),
        at("AccessPointAlias", Place::Header("x-amz-access-point-alias"), Shape::Truth)
    ]];
    "DeleteBucket" "DELETE" "" [BUCKET] -> [];
    "ListBuckets" "GET" "" [&[
        at("MaxBuckets", Place::Query("max-buckets"), Shape::Number),
        query("ContinuationToken", "continuation-token"),
        query("Prefix", "prefix"),
        query("BucketRegion", "bucket-region")
    ]] -> [&[
        of("Buckets", Shape::List("Bucket", &LISTED_BUCKET)),
        of("Owner", Shape::Structure(&[PERSON])),
        of("ContinuationToken", Shape::Text(&[])),
        of("Prefix", Shape::Text(&[]))
    ]];
    "GetBucketLocation" "GET" "location" [BUCKET] -> [&[at("LocationConstraint", Place::Root, Shape::Text(&[]))]];
    "PutObject" "PUT" "" [
        BUCKET, KEY, PROPERTIES, GIVEN, CHECKSUMS, CONDITIONS,
        &[at("Body", Place::Body, Shape::Bytes), header("ContentMD5", "content-md5")]
    ] -> [WRITTEN, CHECKSUMS];
    "GetObject" "GET" "" [BUCKET, KEY, VERSION, CONDITIONS, TIMES, ASKED]
        -> [PROPERTIES, FOUND, &[at("Body", Place::Body, Shape::Bytes)]];
    "HeadObject" "HEAD" "" [BUCKET, KEY, VERSION, CONDITIONS, TIMES, ASKED] -> [PROPERTIES, FOUND];
    "DeleteObject" "DELETE" "" [BUCKET, KEY, VERSION, &[header("IfMatch", "if-match")]] -> [REMOVED];
    "DeleteObjects" "POST" "delete" [BUCKET, &[
        needed(at("Delete", Place::Body, Shape::Structure(&[&[
            needed(of("Objects", Shape::Flat(&TO_DELETE))),
            of("Quiet", Shape::Truth)
        ]])))
    ]] -> [&[of("Deleted", Shape::Flat(&DELETED)), of("Errors", Shape::Flat(&NOT_DELETED))]];
    "GetObjectAttributes" "GET" "attributes" [BUCKET, KEY, VERSION, &[
        needed(at("ObjectAttributes", Place::Header("x-amz-object-attributes"), Shape::Flat(&ATTRIBUTE))),
        at("MaxParts", Place::Header("x-amz-max-parts"), Shape::Number),
        at("PartNumberMarker", Place::Header("x-amz-part-number-marker"), Shape::Number)
    ]] -> [REMOVED, &[
        at("LastModified", Place::Header("last-modified"), Shape::Time),
        of("ETag", Shape::Text(&[])),
        of("Checksum", Shape::Structure(&[CHECKSUMS_OF_PARTS, &[of("ChecksumType", Shape::Text(&[]))]])),
        of("ObjectParts", Shape::Structure(&[&[
            of("TotalPartsCount", Shape::Number),
            of("PartNumberMarker", Shape::Number),
            of("NextPartNumberMarker", Shape::Number),
            of("MaxParts", Shape::Number),
            of("IsTruncated", Shape::Truth),
            of("Parts", Shape::Flat(&PART)),
        ]])),
        of("StorageClass", Shape::Text(&[])),
        of("ObjectSize", Shape::Number)
    ]];
    "GetObjectAcl" "GET" "acl" [BUCKET, KEY, VERSION] -> [ACL];
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
    "ListObjects" "GET" "" [BUCKET, LISTING, &[MAX_KEYS, query("Marker", "marker")]] -> [LISTED, LISTED_KEYS, &[
        of("Contents", Shape::Flat(&OBJECT)),
        of("Marker", Shape::Text(&[])),
        of("NextMarker", Shape::Text(&[]))
    ]];
    "ListObjectsV2" "GET" "list-type=2" [BUCKET, LISTING, &[
        MAX_KEYS,
        query("ContinuationToken", "continuation-token"),
        at("FetchOwner", Place::Query("fetch-owner"), Shape::Truth),
        query("StartAfter", "start-after")
    ]] -> [LISTED, LISTED_KEYS, &[
        of("Contents", Shape::Flat(&OBJECT)),
        of("KeyCount", Shape::Number),
        of("ContinuationToken", Shape::Text(&[])),
        of("NextContinuationToken", Shape::Text(&[])),
        of("StartAfter", Shape::Text(&[]))
    ]];
    "ListObjectVersions" "GET" "versions" [BUCKET, LISTING, &[
        MAX_KEYS,
        query("KeyMarker", "key-marker"),
        query("VersionIdMarker", "version-id-marker")
    ]] -> [LISTED, LISTED_KEYS, &[
        of("Versions", Shape::Flat(&OBJECT_VERSION)),
        of("DeleteMarkers", Shape::Flat(&DELETE_MARKER)),
        of("KeyMarker", Shape::Text(&[])),
        of("VersionIdMarker", Shape::Text(&[])),
        of("NextKeyMarker", Shape::Text(&[])),
        of("NextVersionIdMarker", Shape::Text(&[]))
    ]];
    "PutBucketPolicy" "PUT" "policy" [BUCKET, POLICY, &[at(
        "ConfirmRemoveSelfBucketAccess", Place::Header("x-amz-confirm-remove-self-bucket-access"), Shape::Truth
    )]] -> [];
    "GetBucketPolicy" "GET" "policy" [BUCKET] -> [POLICY];
    "DeleteBucketPolicy" "DELETE" "policy" [BUCKET] -> [];
    "GetBucketPolicyStatus" "GET" "policyStatus" [BUCKET]
        -> [&[at("PolicyStatus", Place::Body, Shape::Structure(&[&[of("IsPublic", Shape::Truth)]]))]];
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
    "ListMultipartUploads" "GET" "uploads" [BUCKET, LISTING, &[
        at("MaxUploads", Place::Query("max-uploads"), Shape::Number),
        query("KeyMarker", "key-marker"),
        query("UploadIdMarker", "upload-id-marker")
    ]] -> [LISTED, &[
        of("Bucket", Shape::Text(&[])),
        of("Uploads", Shape::Flat(&BEGUN)),
        of("MaxUploads", Shape::Number),
        of("KeyMarker", Shape::Text(&[])),
        of("UploadIdMarker", Shape::Text(&[])),
        of("NextKeyMarker", Shape::Text(&[])),
        of("NextUploadIdMarker", Shape::Text(&[]))
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
    "GetBucketAcl" "GET" "acl" [BUCKET] -> [ACL];
    "GetBucketEncryption" "GET" "encryption" [BUCKET] -> [&[at(
        "ServerSideEncryptionConfiguration",
        Place::Body,
        Shape::Structure(&[&[of("Rules", Shape::Flat(&ENCRYPTION))]]),
    )]];
    "GetBucketOwnershipControls" "GET" "ownershipControls" [BUCKET] -> [&[at(
        "OwnershipControls",
        Place::Body,
        Shape::Structure(&[&[of("Rules", Shape::Flat(&OWNERSHIP))]]),
    )]];
    "GetBucketLogging" "GET" "logging" [BUCKET] -> [&[of("LoggingEnabled", Shape::Structure(&[
        &[of("TargetBucket", Shape::Text(&[])), of("TargetPrefix", Shape::Text(&[]))],
    ]))]];
    "GetBucketAccelerateConfiguration" "GET" "accelerate" [BUCKET] -> [&[of("Status", Shape::Text(&[]))]];
    "GetBucketNotificationConfiguration" "GET" "notification" [BUCKET] -> [&[
        of("TopicConfigurations", Shape::Flat(&TO_TOPIC)),
        of("QueueConfigurations", Shape::Flat(&TO_QUEUE)),
        of("LambdaFunctionConfigurations", Shape::Flat(&TO_FUNCTION)),
        of("EventBridgeConfiguration", Shape::Structure(&[]))
    ]];
    "GetBucketRequestPayment" "GET" "requestPayment" [BUCKET] -> [&[of("Payer", Shape::Text(&[]))]];
    // Whether these are set; what they say if they are is not read.
    "GetBucketCors" "GET" "cors" [BUCKET] -> [];
    "GetBucketLifecycleConfiguration" "GET" "lifecycle" [BUCKET] -> [];
    "GetBucketWebsite" "GET" "website" [BUCKET] -> [];
    "GetBucketReplication" "GET" "replication" [BUCKET] -> [];
    "GetObjectLockConfiguration" "GET" "object-lock" [BUCKET] -> [];
    "GetObjectTorrent" "GET" "torrent" [BUCKET, KEY] -> [&[at("Body", Place::Body, Shape::Bytes)]];
}
