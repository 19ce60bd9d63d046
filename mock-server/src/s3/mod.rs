//! S3: who may do what in it.

pub mod access;
mod acts;
mod keys;
