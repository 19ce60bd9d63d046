//! Making and deleting buckets.

use super::{S3Error, name};
use crate::model::{Bucket, RegionInfo, Txn};
use std::sync::Arc;

/// The region whose endpoint makes buckets everywhere, and answers a second creation with success.
/// Source: S3 API reference, `CreateBucket`.
pub const FIRST: &str = "us-east-1";

/// The region of a bucket that is made at the endpoint of a region. Source: S3 API reference, `CreateBucket`.
///
/// # Errors
/// A location that is none, or another one than the endpoint's.
pub fn location(endpoint: &str, constraint: Option<&str>) -> Result<&'static str, S3Error> {
    let asked = match constraint {
        None | Some("") if endpoint == FIRST => return Ok(FIRST),
        None | Some("") => return Err(S3Error::IllegalLocation("unspecified".into())),
        // The one region that had its name before regions had theirs.
        Some("EU") => "eu-west-1",
        Some(asked) => asked,
    };
    // There is no constraint that means the first region.
    let known = RegionInfo::get(asked).filter(|region| region.name != FIRST);
    match known {
        None => Err(S3Error::InvalidLocation(asked.to_owned())),
        Some(region) if endpoint == FIRST || endpoint == region.name => Ok(region.name),
        Some(_) => Err(S3Error::IllegalLocation(asked.to_owned())),
    }
}

/// Makes a bucket.
///
/// # Errors
/// A name that is none or taken.
pub fn create(txn: &mut Txn<'_>, bucket: Bucket, endpoint: &str) -> Result<(), S3Error> {
    name::check(&bucket.name)?;
    if let Some(there) = txn.state.buckets.get(&bucket.name) {
        // Elsewhere this is an error, "except in the North Virginia Region".
        let again = endpoint == FIRST && *there.region == *FIRST && bucket.region == there.region;
        let taken = S3Error::BucketAlreadyOwnedByYou(bucket.name.to_string());
        return if again { Ok(()) } else { Err(taken) };
    }
    if txn.state.buckets.len() >= txn.state.quotas.buckets {
        return Err(S3Error::TooManyBuckets);
    }
    txn.state.buckets.insert(bucket);
    txn.state.has_made_bucket = true;
    Ok(())
}

/// Deletes a bucket; uploads to it that are under way go with it.
///
/// # Errors
/// There is something in it.
pub fn delete(txn: &mut Txn<'_>, name: &Arc<str>) -> Result<(), S3Error> {
    let Some(bucket) = txn.state.buckets.get(name) else {
        return Err(S3Error::NoSuchBucket(name.to_string()));
    };
    if txn.state.objects_under(name, "").next().is_some() {
        return Err(match bucket.versioning {
            crate::model::Versioning::Unversioned => S3Error::BucketNotEmpty(name.to_string()),
            _ => S3Error::VersionsLeft(name.to_string()),
        });
    }
    let uploads: Vec<_> =
        txn.state.uploads_to(name).map(|upload| crate::kernel::Row::key(&**upload)).collect();
    uploads.iter().for_each(|upload| txn.state.remove_upload(upload));
    txn.state.buckets.remove(name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_buckets_are() {
        assert_eq!(location("us-east-1", None), Ok("us-east-1"));
        assert_eq!(location("us-east-1", Some("eu-west-1")), Ok("eu-west-1"));
        assert_eq!(location("eu-west-1", Some("EU")), Ok("eu-west-1"));
        let refused = |endpoint, constraint| location(endpoint, constraint).unwrap_err().to_string();
        assert!(refused("us-east-1", Some("us-east-1")).contains("not valid"));
        assert!(refused("us-east-1", Some("mars-1")).contains("not valid"));
        assert!(refused("eu-west-1", None).starts_with("The unspecified location constraint"));
        assert!(
            refused("eu-west-1", Some("eu-central-1")).starts_with("The eu-central-1 location constraint")
        );
    }
}
