//! What is set on buckets: versions, tags, policies, public access, owners, encryption.

use super::{Answer, owner, say};
use crate::kernel::AccountId;
use crate::model::Tags;
use crate::model::bucket::{Bucket as Row, PublicAccessBlock, Versioning};
use crate::s3::call::{Call, Place};
use crate::services::s3::{S3Error, tags};
use s3s::dto::*;

/// Changes the row of a bucket.
pub(super) fn edit(place: &Place, change: impl FnOnce(&mut Row)) -> Result<(), S3Error> {
    place.write(|txn| {
        let gone = || S3Error::NoSuchBucket(place.bucket.name.to_string());
        txn.state.buckets.update(&place.bucket.name, change).map(drop).ok_or_else(gone)
    })
}

/// The bucket of a request, if the caller may do this to it.
macro_rules! place {
    ($call:ident, $input:ident) => {
        $call.may_in(&$input.bucket, $input.expected_bucket_owner.as_deref())?
    };
}

// === Versions ===

pub(super) fn put_versioning(
    call: &Call,
    input: PutBucketVersioningInput,
) -> Answer<PutBucketVersioningOutput> {
    let place = place!(call, input);
    let asked = input.versioning_configuration;
    if asked.mfa_delete.as_ref().is_some_and(|mfa| mfa.as_str() == MFADelete::ENABLED) {
        return Err(S3Error::NotBuilt("MFA delete"));
    }
    let versioning = match asked.status.as_ref().map(BucketVersioningStatus::as_str) {
        Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
        Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
        _ => {
            let text = "The Versioning element must be specified";
            return Err(S3Error::IllegalVersioning(text));
        }
    };
    edit(&place, |row| row.versioning = versioning)?;
    say(PutBucketVersioningOutput {})
}

pub(super) fn get_versioning(
    call: &Call,
    input: GetBucketVersioningInput,
) -> Answer<GetBucketVersioningOutput> {
    let status = match place!(call, input).bucket.versioning {
        Versioning::Unversioned => None,
        Versioning::Enabled => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED)),
        Versioning::Suspended => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::SUSPENDED)),
    };
    say(GetBucketVersioningOutput { status, ..Default::default() })
}

// === Tags ===

pub(super) fn tag_set(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.to_owned()), value: Some(value.to_owned()) }).collect()
}

/// # Errors
/// As of `tags::checked`; or one without key or value.
pub(super) fn read_tags(set: Vec<Tag>, most: usize) -> Result<Tags, S3Error> {
    let pair = |tag: Tag| Some((tag.key?, tag.value?));
    let pairs = set.into_iter().map(pair).collect::<Option<Vec<_>>>().ok_or(S3Error::MalformedXml)?;
    tags::checked(pairs, most)
}

pub(super) fn get_tags(call: &Call, input: GetBucketTaggingInput) -> Answer<GetBucketTaggingOutput> {
    let place = place!(call, input);
    if place.bucket.tags.is_empty() {
        return Err(S3Error::NoSuchTagSet(input.bucket));
    }
    say(GetBucketTaggingOutput { tag_set: tag_set(&place.bucket.tags) })
}

pub(super) fn put_tags(call: &Call, input: PutBucketTaggingInput) -> Answer<PutBucketTaggingOutput> {
    let place = place!(call, input);
    let tags = read_tags(input.tagging.tag_set, tags::MOST_OF_BUCKET)?;
    edit(&place, |row| row.tags = tags)?;
    say(PutBucketTaggingOutput {})
}

pub(super) fn delete_tags(call: &Call, input: DeleteBucketTaggingInput) -> Answer<DeleteBucketTaggingOutput> {
    edit(&place!(call, input), |row| row.tags = Tags::default())?;
    say(DeleteBucketTaggingOutput {})
}

// === Public access ===

pub(super) fn put_public_access(
    call: &Call,
    input: PutPublicAccessBlockInput,
) -> Answer<PutPublicAccessBlockOutput> {
    let place = place!(call, input);
    let asked = input.public_access_block_configuration;
    let block = PublicAccessBlock {
        block_acls: asked.block_public_acls == Some(true),
        ignore_acls: asked.ignore_public_acls == Some(true),
        block_policy: asked.block_public_policy == Some(true),
        restrict_buckets: asked.restrict_public_buckets == Some(true),
    };
    edit(&place, |row| row.public_access = Some(block))?;
    say(PutPublicAccessBlockOutput {})
}

pub(super) fn get_public_access(
    call: &Call,
    input: GetPublicAccessBlockInput,
) -> Answer<GetPublicAccessBlockOutput> {
    let place = place!(call, input);
    let block = place.bucket.public_access.ok_or(S3Error::NoPublicAccessBlock(input.bucket))?;
    let configuration = PublicAccessBlockConfiguration {
        block_public_acls: Some(block.block_acls),
        ignore_public_acls: Some(block.ignore_acls),
        block_public_policy: Some(block.block_policy),
        restrict_public_buckets: Some(block.restrict_buckets),
    };
    say(GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) })
}

pub(super) fn delete_public_access(
    call: &Call,
    input: DeletePublicAccessBlockInput,
) -> Answer<DeletePublicAccessBlockOutput> {
    edit(&place!(call, input), |row| row.public_access = None)?;
    say(DeletePublicAccessBlockOutput {})
}

// === Owners ===

/// ACLs are off: the owner controls all. Source: S3 user guide, "Controlling ownership of objects and disabling ACLs".
fn owned(account: AccountId) -> (Option<Owner>, Option<Vec<Grant>>) {
    let owner = owner(account);
    let grantee = Grantee {
        id: owner.id.clone(),
        display_name: None,
        email_address: None,
        type_: Type::from_static(Type::CANONICAL_USER),
        uri: None,
    };
    let permission = Some(Permission::from_static(Permission::FULL_CONTROL));
    (Some(owner), Some(vec![Grant { grantee: Some(grantee), permission }]))
}

pub(super) fn get_acl(call: &Call, input: GetBucketAclInput) -> Answer<GetBucketAclOutput> {
    let (owner, grants) = owned(place!(call, input).bucket.account);
    say(GetBucketAclOutput { owner, grants })
}

pub(super) fn put_acl(call: &Call, input: PutBucketAclInput) -> Answer<PutBucketAclOutput> {
    place!(call, input);
    // A bucket's owner may say again what is so anyway.
    match input.acl.as_ref().map(BucketCannedACL::as_str) {
        Some(BucketCannedACL::PRIVATE) => say(PutBucketAclOutput {}),
        _ => Err(S3Error::AclNotSupported),
    }
}

pub(super) fn get_object_acl(call: &Call, input: GetObjectAclInput) -> Answer<GetObjectAclOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    super::tagging::version(call, &place, &input.key, input.version_id.as_deref())?;
    let (owner, grants) = owned(place.bucket.account);
    say(GetObjectAclOutput { owner, grants, ..Default::default() })
}

pub(super) fn put_object_acl(call: &Call, input: PutObjectAclInput) -> Answer<PutObjectAclOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    super::tagging::version(call, &place, &input.key, input.version_id.as_deref())?;
    match input.acl.as_ref().map(ObjectCannedACL::as_str) {
        Some(ObjectCannedACL::BUCKET_OWNER_FULL_CONTROL) => say(PutObjectAclOutput::default()),
        _ => Err(S3Error::AclNotSupported),
    }
}

pub(super) fn get_ownership(
    call: &Call,
    input: GetBucketOwnershipControlsInput,
) -> Answer<GetBucketOwnershipControlsOutput> {
    place!(call, input);
    let object_ownership = ObjectOwnership::from_static(ObjectOwnership::BUCKET_OWNER_ENFORCED);
    let rules = vec![OwnershipControlsRule { object_ownership }];
    say(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules }) })
}

pub(super) fn put_ownership(
    call: &Call,
    input: PutBucketOwnershipControlsInput,
) -> Answer<PutBucketOwnershipControlsOutput> {
    place!(call, input);
    match &input.ownership_controls.rules[..] {
        [rule] if rule.object_ownership.as_str() == ObjectOwnership::BUCKET_OWNER_ENFORCED => {
            say(PutBucketOwnershipControlsOutput {})
        }
        [_] => Err(S3Error::NotBuilt("Object ownership other than BucketOwnerEnforced")),
        _ => Err(S3Error::MalformedXml),
    }
}

// === Encryption ===

fn managed() -> ServerSideEncryptionConfiguration {
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            kms_master_key_id: None,
            sse_algorithm: ServerSideEncryption::from_static(ServerSideEncryption::AES256),
        }),
        bucket_key_enabled: Some(false),
    };
    ServerSideEncryptionConfiguration { rules: vec![rule] }
}

/// Source: S3 user guide, "Setting default server-side encryption behavior for Amazon S3 buckets".
pub(super) fn get_encryption(
    call: &Call,
    input: GetBucketEncryptionInput,
) -> Answer<GetBucketEncryptionOutput> {
    place!(call, input);
    say(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(managed()) })
}

pub(super) fn put_encryption(
    call: &Call,
    input: PutBucketEncryptionInput,
) -> Answer<PutBucketEncryptionOutput> {
    place!(call, input);
    let [rule] = &input.server_side_encryption_configuration.rules[..] else {
        return Err(S3Error::MalformedXml);
    };
    let default = rule.apply_server_side_encryption_by_default.as_ref().ok_or(S3Error::MalformedXml)?;
    if default.sse_algorithm.as_str() != ServerSideEncryption::AES256 || default.kms_master_key_id.is_some() {
        return Err(S3Error::NotBuilt("Default encryption with keys of KMS"));
    }
    say(PutBucketEncryptionOutput {})
}

/// Back to what is so anyway.
pub(super) fn delete_encryption(
    call: &Call,
    input: DeleteBucketEncryptionInput,
) -> Answer<DeleteBucketEncryptionOutput> {
    place!(call, input);
    say(DeleteBucketEncryptionOutput {})
}

// === What nobody can set here, as it is for who never set it ===

macro_rules! never_set {
    ($( $name:ident: $Input:ident => $Output:ident, |$bucket:ident| $answer:expr; )*) => {
        $(
            pub(super) fn $name(call: &Call, input: $Input) -> Answer<$Output> {
                place!(call, input);
                let $bucket = input.bucket;
                $answer
            }
        )*
    };
}

never_set! {
    get_cors: GetBucketCorsInput => GetBucketCorsOutput, |bucket| Err(S3Error::NoCors(bucket));
    get_lifecycle: GetBucketLifecycleConfigurationInput => GetBucketLifecycleConfigurationOutput,
        |bucket| Err(S3Error::NoLifecycle(bucket));
    get_website: GetBucketWebsiteInput => GetBucketWebsiteOutput, |bucket| Err(S3Error::NoWebsite(bucket));
    get_replication: GetBucketReplicationInput => GetBucketReplicationOutput,
        |_bucket| Err(S3Error::NoReplication);
    get_object_lock: GetObjectLockConfigurationInput => GetObjectLockConfigurationOutput,
        |bucket| Err(S3Error::NoObjectLock(bucket));
    get_logging: GetBucketLoggingInput => GetBucketLoggingOutput, |_bucket| say(GetBucketLoggingOutput::default());
    get_notification: GetBucketNotificationConfigurationInput => GetBucketNotificationConfigurationOutput,
        |_bucket| say(GetBucketNotificationConfigurationOutput::default());
    get_accelerate: GetBucketAccelerateConfigurationInput => GetBucketAccelerateConfigurationOutput,
        |_bucket| say(GetBucketAccelerateConfigurationOutput::default());
    get_request_payment: GetBucketRequestPaymentInput => GetBucketRequestPaymentOutput,
        |_bucket| say(GetBucketRequestPaymentOutput { payer: Some(Payer::from_static(Payer::BUCKET_OWNER)) });
}
