//! Whether a caller may do something in S3.

use super::Place;
use crate::services::Caller;
use crate::services::s3::S3Error;

/// Something that somebody is about to do.
pub struct S3Act<'a> {
    pub caller: &'a Caller,
    /// Whether somebody signed the request.
    pub signed: bool,
    /// Such as `s3:GetObject`.
    pub action: &'static str,
    /// `None`: it is about no bucket that is there.
    pub place: Option<&'a Place>,
    /// The name of the bucket; empty if it is about none.
    pub bucket: &'a str,
    pub key: Option<&'a str>,
    /// Condition keys of S3's own, such as `s3:prefix`.
    pub context: Vec<(&'static str, String)>,
}

/// # Errors
/// Nobody allows it, or somebody denies it.
pub fn authorise(_act: &S3Act<'_>) -> Result<(), S3Error> {
    Ok(())
}
