//! What S3 does with buckets and objects, without its wire.

pub mod bucket;
pub mod error;
pub mod name;
pub use error::S3Error;

#[cfg(feature = "s3")]
pub mod checksum;
#[cfg(feature = "s3")]
pub mod condition;
#[cfg(feature = "s3")]
pub mod list;
#[cfg(feature = "s3")]
pub mod multipart;
#[cfg(feature = "s3")]
pub mod object;
#[cfg(feature = "s3")]
pub mod range;
#[cfg(feature = "s3")]
pub mod tags;
#[cfg(feature = "s3")]
#[cfg(test)]
mod tests;
