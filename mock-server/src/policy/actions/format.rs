//! The compiled form of the table of IAM actions: what `build.rs` writes and the crate reads.
//!
//! This file is compiled twice, once into the build script and once into the crate, so that both sides agree by
//! construction.

use serde::{Deserialize, Serialize};

/// The actions with one prefix, such as `ec2`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Table<'a> {
    /// Sorted by name.
    #[serde(borrow)]
    pub actions: Vec<Action<'a>>,
    /// Types of resources, sorted by name; actions refer to them by number.
    #[serde(borrow)]
    pub types: Vec<ResourceType<'a>>,
    /// Distinct sets of condition keys; everything else refers to them by number. `${TagKey}` stands for any key.
    #[serde(borrow)]
    pub keys: Vec<Vec<&'a str>>,
}

/// What an action may do, as the service authorization reference classifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    List,
    Read,
    Write,
    Tagging,
    Permissions,
}

/// One action.
#[derive(Debug, Serialize, Deserialize)]
pub struct Action<'a> {
    /// Without the prefix: `CreateVpc`.
    pub name: &'a str,
    pub level: Level,
    /// The types of resources that it acts on. Without any it acts on `*`.
    pub acts_on: Vec<ActsOn>,
    /// Condition keys that it has whatever it acts on.
    pub keys: u16,
    /// Actions that its caller needs besides, such as `iam:PassRole`.
    #[serde(borrow)]
    pub dependent: Vec<&'a str>,
}

/// That an action acts on resources of a type.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ActsOn {
    /// Number of the type.
    pub resource_type: u16,
    pub required: bool,
    pub keys: u16,
}

/// One type of resource.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResourceType<'a> {
    pub name: &'a str,
    /// With `${Partition}`, `${Region}`, `${Account}` and a variable or more for what is its own.
    pub arn: &'a str,
    pub keys: u16,
}
