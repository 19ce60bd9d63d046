//! Versions of managed policies.

use super::entity::{NamedPage, Rest, change, find};
use super::error::{IamError, PolicyError};
use super::{encoded, identity_document, quota};
use crate::kernel::SimTime;
use crate::model::iam::policy::policy;
use crate::model::{AnyPolicy, ManagedPolicy, PolicyDocument, PolicyVersion, State, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};

/// A version as IAM tells it. Only `GetPolicyVersion` tells the document.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionData {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: i64,
}

/// The answer of operations that tell one version.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneVersionOut {
    policy_version: VersionData,
}

/// A version of whoever's policy.
struct Version<'a> {
    number: u32,
    is_default: bool,
    created: SimTime,
    document: &'a PolicyDocument,
}

impl Version<'_> {
    fn brief(&self) -> VersionData {
        VersionData {
            document: None,
            version_id: format!("v{}", self.number),
            is_default_version: self.is_default,
            create_date: self.created.millis(),
        }
    }

    fn full(&self) -> VersionData {
        VersionData { document: Some(encoded(self.document.text())), ..self.brief() }
    }
}

/// The versions of a policy, the newest first. Of AWS's policies only the one in effect is known.
fn versions<'a>(policy: AnyPolicy<'a>) -> Vec<Version<'a>> {
    match policy {
        AnyPolicy::Customer(row) => {
            let version = |(number, version): (&u32, &'a PolicyVersion)| Version {
                number: *number,
                is_default: *number == row.default_version,
                created: version.created,
                document: &version.document,
            };
            row.versions.iter().rev().map(version).collect()
        }
        AnyPolicy::Aws(aws, partition) => vec![Version {
            number: aws.version,
            is_default: true,
            created: aws.updated,
            document: aws.document(partition),
        }],
    }
}

/// The number in the id of a version: `v2` is 2. There never is one of the form `v2.x`, which the service model allows.
fn number(id: &str) -> Option<u32> {
    id.strip_prefix('v')?.parse().ok()
}

/// The customer's policy with this ARN, and the number of one of its versions.
fn find_version(state: &State, arn: &str, version: &str) -> Result<u32, IamError> {
    let row = find::<ManagedPolicy>(state, arn)?;
    let number = number(version).filter(|number| row.versions.contains_key(number));
    number.ok_or_else(|| no_such_version(arn, version))
}

fn no_such_version(arn: &str, version: &str) -> IamError {
    PolicyError::NoSuchVersion { arn: arn.to_owned(), version: version.to_owned() }.into()
}

pub struct CreatePolicyVersion;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyVersionIn {
    policy_arn: String,
    policy_document: String,
    #[serde(default)]
    set_as_default: bool,
}

impl Operation for CreatePolicyVersion {
    const NAME: &'static str = "CreatePolicyVersion";
    const HOME: Home = Home::Account;
    type In = CreatePolicyVersionIn;
    type Out = OneVersionOut;
    type Error = IamError;
}

impl Write for CreatePolicyVersion {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreatePolicyVersionIn) -> Result<OneVersionOut, IamError> {
        let versions = find::<ManagedPolicy>(&txn.state, &input.policy_arn)?.versions.len();
        identity_document::check_managed(&input.policy_document)?;
        if versions >= quota::VERSIONS_PER_POLICY {
            return Err(PolicyError::TooManyVersions.into());
        }
        let (now, is_default) = (txn.now, input.set_as_default);
        let document = PolicyDocument::new(input.policy_document);
        let version = PolicyVersion { document: document.clone(), created: now };
        let row = change(&mut txn.state, &input.policy_arn, |row: &mut ManagedPolicy| {
            row.last_version += 1;
            row.updated = now;
            row.versions.insert(row.last_version, version);
            if is_default {
                row.default_version = row.last_version;
            }
        })?;
        let made = Version { number: row.last_version, is_default, created: now, document: &document };
        Ok(OneVersionOut { policy_version: made.brief() })
    }
}

/// The input of operations on one version.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneVersion {
    policy_arn: String,
    version_id: String,
}

pub struct GetPolicyVersion;

impl Operation for GetPolicyVersion {
    const NAME: &'static str = "GetPolicyVersion";
    const HOME: Home = Home::Account;
    type In = OneVersion;
    type Out = OneVersionOut;
    type Error = IamError;
}

impl Read for GetPolicyVersion {
    fn run(view: &View<'_>, input: OneVersion) -> Result<OneVersionOut, IamError> {
        let number = number(&input.version_id);
        let Some(policy) = policy(view.state, &input.policy_arn) else {
            return Err(IamError::NoSuchPolicy(input.policy_arn));
        };
        let version = versions(policy).into_iter().find(|version| Some(version.number) == number);
        let version = version.ok_or_else(|| no_such_version(&input.policy_arn, &input.version_id))?;
        Ok(OneVersionOut { policy_version: version.full() })
    }
}

pub struct ListPolicyVersions;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyVersionsOut {
    versions: Vec<VersionData>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListPolicyVersions {
    const NAME: &'static str = "ListPolicyVersions";
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = ListPolicyVersionsOut;
    type Error = IamError;
}

impl Read for ListPolicyVersions {
    fn run(view: &View<'_>, input: NamedPage) -> Result<ListPolicyVersionsOut, IamError> {
        let Some(policy) = policy(view.state, &input.name) else {
            return Err(IamError::NoSuchPolicy(input.name));
        };
        // The newest comes first, so keys count down.
        let key = |version: &Version<'_>| format!("{:010}", u32::MAX - version.number);
        let (page, rest) = input.part().of(versions(policy).into_iter(), key)?;
        Ok(ListPolicyVersionsOut { versions: page.iter().map(Version::brief).collect(), rest })
    }
}

pub struct SetDefaultPolicyVersion;

impl Operation for SetDefaultPolicyVersion {
    const NAME: &'static str = "SetDefaultPolicyVersion";
    const HOME: Home = Home::Account;
    type In = OneVersion;
    type Out = Done;
    type Error = IamError;
}

impl Write for SetDefaultPolicyVersion {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: OneVersion) -> Result<Done, IamError> {
        let number = find_version(&txn.state, &input.policy_arn, &input.version_id)?;
        let set = |row: &mut ManagedPolicy| row.default_version = number;
        change(&mut txn.state, &input.policy_arn, set)?;
        Ok(Done {})
    }
}

pub struct DeletePolicyVersion;

impl Operation for DeletePolicyVersion {
    const NAME: &'static str = "DeletePolicyVersion";
    const HOME: Home = Home::Account;
    type In = OneVersion;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeletePolicyVersion {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: OneVersion) -> Result<Done, IamError> {
        let number = find_version(&txn.state, &input.policy_arn, &input.version_id)?;
        let mut was_default = false;
        change(&mut txn.state, &input.policy_arn, |row: &mut ManagedPolicy| {
            was_default = row.default_version == number;
            row.versions.remove(&number);
        })?;
        if was_default { Err(PolicyError::DefaultVersion.into()) } else { Ok(Done {}) }
    }
}
