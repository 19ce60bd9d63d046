//! Git repositories that notebook instances may have.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::stored::{Asked, Change, Kind, Words, resource_of, row, words};
use crate::model::{State, Stored, Txn};
use crate::services::Caller;
use serde_json::Value;
use std::sync::Arc;

const GIT: &str = "GitConfig";

pub struct Repository;

/// The repository with this name.
///
/// # Errors
/// There is none.
pub fn named(state: &State, caller: &Caller, name: &str) -> Result<Arc<Stored>, SageMakerError> {
    let resource = resource_of(caller, Repository::SLUG, name);
    row::<Repository>(state, &resource)
        .ok_or_else(|| Repository::unknown(name, caller.arn("sagemaker", resource)))
}

impl Kind for Repository {
    const WORDS: &'static Words = words!("CodeRepository", "CodeRepositories", "CodeRepositorySummaryList");
    const SLUG: &'static str = "code-repository";
    const KEPT: &'static [&'static str] = &[GIT];
    const CHANGES: &'static [Change] = &[Change::Own(GIT)];
    const TIMES: &'static [&'static str] = &["CreationTime", "LastModifiedTime"];
    const SUMMARY: &'static [&'static str] =
        &["CodeRepositoryName", "CodeRepositoryArn", "CreationTime", "LastModifiedTime", GIT];
    /// Source: API reference, ListCodeRepositories.
    const MANNER: Manner = Manner { ascending: true, by_name: true, from_time: false, status_last: false };

    fn unknown(_: &str, arn: String) -> SageMakerError {
        RegistryError::NoRepository { arn }.into()
    }

    fn exists(_: &str, arn: String) -> SageMakerError {
        RegistryError::RepositoryExists { arn }.into()
    }

    /// Only the secret can be changed. Source: API reference, UpdateCodeRepository.
    fn changed(_: &mut Txn<'_>, _: &Caller, row: &mut Stored, asked: &Asked) -> Result<(), SageMakerError> {
        if let Some(Value::Object(update)) = asked.get(GIT) {
            for (member, value) in update {
                Arc::make_mut(&mut row.told)[GIT][member] = value.clone();
            }
        }
        Ok(())
    }
}
