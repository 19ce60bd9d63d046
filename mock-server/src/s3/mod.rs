//! S3: who may do what in it.

pub mod access;
mod acts;
pub mod bucket_policy;
mod keys;
