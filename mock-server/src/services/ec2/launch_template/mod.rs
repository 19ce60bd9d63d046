//! Launch templates.
//!
//! Source: EC2 user guide, "Store instance launch parameters in Amazon EC2 launch templates".

pub mod launch;
#[cfg(test)]
mod tests;
pub mod version;

use super::client_token;
use super::describe::{Listed, Resource, Text, stored_in};
use super::error::launch_template::LaunchTemplateError;
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::network_interface::date;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::Memo;
use crate::model::launch_template::LaunchTemplateIndex;
use crate::model::{Id, LaunchTemplate, LaunchTemplateId, LaunchVersion, Site, State, Txn};
use crate::services::{Caller, Operation, Write, sts};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Resource for LaunchTemplate {
    const DESCRIBE: &'static str = "DescribeLaunchTemplates";
    const LIST: &'static str = "LaunchTemplates";
    const IDS: &'static str = "launchTemplateIds";
    const KIND: &'static str = "launch-template";
    const LEAST: i64 = 1;
    const MOST: usize = 200;
    /// There is none.
    const ID_FILTER: &'static str = "";
    const FILTERS: &'static [&'static str] = &["create-time", "launch-template-name", "tag", "tag-key"];

    stored_in!(launch_templates);

    fn not_found(missing: Missing) -> Ec2Error {
        let malformed = missing.0.iter().any(|id| LaunchTemplateId::parse(id).is_none());
        let error =
            if malformed { LaunchTemplateError::MalformedId } else { LaunchTemplateError::SomeIdNotFound };
        error.into()
    }

    fn named<'a>(state: &'a State, name: &str) -> Result<&'a Arc<Self>, Ec2Error> {
        state.launch_template_named(name).ok_or_else(|| LaunchTemplateError::SomeNotFound.into())
    }

    fn index(name: &str, value: &str) -> Option<LaunchTemplateIndex> {
        (name == "launch-template-name").then(|| LaunchTemplateIndex::Name(value.into()))
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "create-time" => probe.is(&date(self.created.millis())),
            "launch-template-name" => probe.is(&self.name),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        TemplateView {
            launch_template_id: Text(self.id),
            launch_template_name: &self.name,
            create_time: self.created.millis(),
            created_by: &self.created_by,
            default_version_number: self.default_version,
            latest_version_number: self.latest_version(),
            tags: TagSet::unless_empty(&self.tags),
            operator: Operator { managed: false },
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TemplateView<'a> {
    launch_template_id: Text<LaunchTemplateId>,
    launch_template_name: &'a str,
    create_time: i64,
    created_by: &'a str,
    default_version_number: u64,
    latest_version_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<TagSet<'a>>,
    operator: Operator,
}

/// No service manages a template here.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Operator {
    managed: bool,
}

/// A template by its id or by its name.
///
/// # Errors
/// If there is none, and if both or neither are given.
fn find_template<'a>(
    state: &'a State,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<&'a Arc<LaunchTemplate>, Ec2Error> {
    match (id, name) {
        (Some(_), Some(_)) => Err(LaunchTemplateError::IdAndName.into()),
        (None, None) => Err(Ec2Error::MissingParameter("launch template ID or launch template name")),
        (Some(id), None) => {
            let key = LaunchTemplateId::parse(id).ok_or(LaunchTemplateError::MalformedId)?;
            let found = state.launch_templates.get(&key);
            found.ok_or_else(|| LaunchTemplateError::NoSuchId(id.to_owned()).into())
        }
        (None, Some(name)) => {
            let found = state.launch_template_named(name);
            found.ok_or_else(|| LaunchTemplateError::NoSuchName(name.to_owned()).into())
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TemplateOut {
    launch_template: Listed<LaunchTemplate>,
}

// === Create ===

pub struct CreateLaunchTemplate;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateTemplateIn {
    client_token: Option<String>,
    launch_template_name: String,
    version_description: Option<String>,
    launch_template_data: Option<Value>,
    tag_specifications: Vec<TagSpecification>,
}

impl Operation for CreateLaunchTemplate {
    const NAME: &'static str = "CreateLaunchTemplate";
    type In = CreateTemplateIn;
    type Out = TemplateOut;
    type Error = Ec2Error;
}

impl Write for CreateLaunchTemplate {
    fn run(txn: &mut Txn<'_>, caller: &Caller, mut input: CreateTemplateIn) -> Result<TemplateOut, Ec2Error> {
        let token = input.client_token.take();
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            create(txn, caller, input, key)
        })?;
        Ok(TemplateOut { launch_template: Listed::new(&txn.state, row) })
    }
}

fn create(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: CreateTemplateIn,
    client_token: Option<u128>,
) -> Result<Arc<LaunchTemplate>, Ec2Error> {
    let state = &txn.state;
    let name = input.launch_template_name;
    let data = input.launch_template_data.ok_or(Ec2Error::MissingParameter("LaunchTemplateData"))?;
    if !is_name(&name) {
        return Err(LaunchTemplateError::MalformedName.into());
    }
    if state.launch_template_named(&name).is_some() {
        return Err(LaunchTemplateError::NameInUse.into());
    }
    launch::check(state, &data)?;
    let tags = tags::given(state, LaunchTemplate::KIND, input.tag_specifications)?;
    let created_by: Arc<str> = sts::arn_of(caller).into();
    let first = LaunchVersion {
        number: 1,
        description: input.version_description,
        created: txn.now,
        created_by: created_by.clone(),
        data,
        client_token: None,
    };
    let row = LaunchTemplate {
        id: Id::mint(txn),
        name: name.into(),
        created: txn.now,
        created_by,
        default_version: 1,
        last_number: 1,
        versions: BTreeMap::from([(1, Arc::new(first))]),
        client_token,
        tags,
        memo: Memo::default(),
    };
    Ok(txn.state.launch_templates.insert(row))
}

/// Source: API reference, LaunchTemplateName; error codes, InvalidLaunchTemplateName.MalformedException.
fn is_name(name: &str) -> bool {
    (3..=128).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-()./_".contains(&b))
}

// === Modify ===

/// Sets the default version.
pub struct ModifyLaunchTemplate;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyTemplateIn {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    #[serde(alias = "SetDefaultVersion")]
    default_version: Option<String>,
}

impl Operation for ModifyLaunchTemplate {
    const NAME: &'static str = "ModifyLaunchTemplate";
    type In = ModifyTemplateIn;
    type Out = TemplateOut;
    type Error = Ec2Error;
}

impl Write for ModifyLaunchTemplate {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyTemplateIn) -> Result<TemplateOut, Ec2Error> {
        let (id, name) = (input.launch_template_id, input.launch_template_name);
        if id.is_some() && name.is_some() {
            return Err(LaunchTemplateError::IdAndNameToModify.into());
        }
        let row = find_template(&txn.state, id.as_deref(), name.as_deref())?;
        let wanted = input.default_version.ok_or(Ec2Error::MissingParameter("DefaultVersion"))?;
        let number = row.version(&wanted).ok_or(LaunchTemplateError::NoSuchDefault(wanted))?.number;
        let mut row = LaunchTemplate::clone(row);
        row.default_version = number;
        let row = txn.state.launch_templates.insert(row);
        Ok(TemplateOut { launch_template: Listed::new(&txn.state, row) })
    }
}

// === Delete ===

/// Deletes a template with all of its versions. Instances that it launched stay.
pub struct DeleteLaunchTemplate;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteTemplateIn {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
}

impl Operation for DeleteLaunchTemplate {
    const NAME: &'static str = "DeleteLaunchTemplate";
    type In = DeleteTemplateIn;
    type Out = TemplateOut;
    type Error = Ec2Error;
}

impl Write for DeleteLaunchTemplate {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteTemplateIn) -> Result<TemplateOut, Ec2Error> {
        let (id, name) = (input.launch_template_id.as_deref(), input.launch_template_name.as_deref());
        let row = find_template(&txn.state, id, name)?.clone();
        row.tokens().for_each(|token| txn.state.forget_token(Some(token)));
        txn.state.launch_templates.remove(&row.id);
        Ok(TemplateOut { launch_template: Listed::new(&txn.state, row) })
    }
}
