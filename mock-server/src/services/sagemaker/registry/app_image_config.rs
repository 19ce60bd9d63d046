//! How Studio runs images.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::stored::{Asked, Change, Kind, Words, words};
use super::experiment::NEWEST_FIRST;
use crate::model::{Stored, Txn};
use crate::services::Caller;

const KERNEL: &str = "KernelGatewayImageConfig";
const LAB: &str = "JupyterLabAppImageConfig";
const EDITOR: &str = "CodeEditorAppImageConfig";
const WHAT: &str = "AppImageConfig";

pub struct AppImageConfig;

impl Kind for AppImageConfig {
    const WORDS: &'static Words = words!("AppImageConfig", "AppImageConfigs", "AppImageConfigs");
    const SLUG: &'static str = "app-image-config";
    const KEPT: &'static [&'static str] = &[KERNEL, LAB, EDITOR];
    const CHANGES: &'static [Change] = &[Change::Set(KERNEL), Change::Set(LAB), Change::Set(EDITOR)];
    const TIMES: &'static [&'static str] = &["CreationTime", "LastModifiedTime"];
    const SUMMARY: &'static [&'static str] =
        &["AppImageConfigArn", "AppImageConfigName", "CreationTime", "LastModifiedTime", KERNEL, LAB, EDITOR];
    const MANNER: Manner = Manner { from_time: true, ..NEWEST_FIRST };

    fn unknown(name: &str, _: String) -> SageMakerError {
        RegistryError::NoImage { what: WHAT, name: name.to_owned() }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::ImageExists { what: WHAT, name: name.to_owned() }.into()
    }

    /// Source: API reference, CreateAppImageConfig: it is of one kind of app.
    fn plan(_: &mut Txn<'_>, _: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        one(new)
    }

    fn changed(_: &mut Txn<'_>, _: &Caller, row: &mut Stored, _: &Asked) -> Result<(), SageMakerError> {
        one(row)
    }
}

fn one(row: &Stored) -> Result<(), SageMakerError> {
    match [KERNEL, LAB, EDITOR].iter().filter(|member| row.told.get(**member).is_some()).count() {
        0 | 1 => Ok(()),
        _ => Err(RegistryError::OneAppConfig.into()),
    }
}
