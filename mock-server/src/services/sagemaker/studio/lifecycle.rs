//! Studio's lifecycle configurations: scripts that apps run when they start.

use super::super::error::{SageMakerError, StudioError};
use super::super::listing::{ListIn, Listed, Manner, list_as};
use super::super::members::Members;
use super::super::tags::{Tag, checked};
use super::what;
use crate::kernel::{Memo, SimTime};
use crate::model::{State, StudioLifecycle, StudioMember, StudioStatus, Txn};
use crate::services::{Caller, Done, Operation, Read, Reply, ReplyWriter, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// What errors call it.
const WHAT: &str = "StudioLifecycleConfig";

/// What stands for no configuration. Source: service model, StudioLifecycleConfigArn.
const NONE: &str = "None";

/// The ARNs of configurations in some settings.
fn named<'v>(settings: &'v Value, into: &mut Vec<&'v str>) {
    match settings {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("LifecycleConfigArn" | "BuiltInLifecycleConfigArn", Value::String(arn)) => {
                        into.push(arn)
                    }
                    ("LifecycleConfigArns", Value::Array(arns)) => {
                        into.extend(arns.iter().filter_map(Value::as_str));
                    }
                    _ => named(value, into),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| named(element, into)),
        _ => {}
    }
}

/// Whether the configurations that settings name are there. That others are refused is assumed; what comes with
/// `LifecycleConfigArns` is documented: API reference, JupyterServerAppSettings.
///
/// # Errors
/// [`StudioError::NoSuchLifecycleConfig`], [`StudioError::LifecycleDefault`].
pub fn check(state: &State, settings: &Value) -> Result<(), StudioError> {
    let mut arns = Vec::new();
    named(settings, &mut arns);
    let there = |arn: &str| state.studio_lifecycles.iter().any(|row| row.arn == arn);
    if let Some(unknown) = arns.into_iter().find(|arn| *arn != NONE && !there(arn)) {
        return Err(StudioError::NoSuchLifecycleConfig { arn: unknown.to_owned() });
    }
    let server = &settings["JupyterServerAppSettings"];
    let listed = server["LifecycleConfigArns"].as_array().is_some_and(|arns| !arns.is_empty());
    if listed && server.get("DefaultResourceSpec").is_none() {
        return Err(StudioError::LifecycleDefault);
    }
    Ok(())
}

/// The configuration of this name.
fn find(state: &State, name: &str) -> Result<Arc<StudioLifecycle>, StudioError> {
    let unknown = || StudioError::NoSuchStudio { what: WHAT, name: name.to_owned() };
    state.studio_lifecycles.get(&name.into()).cloned().ok_or_else(unknown)
}

pub struct CreateStudioLifecycleConfig;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    studio_lifecycle_config_name: String,
    studio_lifecycle_config_content: String,
    studio_lifecycle_config_app_type: String,
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    studio_lifecycle_config_arn: String,
}

impl Operation for CreateStudioLifecycleConfig {
    const NAME: &'static str = "CreateStudioLifecycleConfig";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateStudioLifecycleConfig {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let name: Arc<str> = input.studio_lifecycle_config_name.as_str().into();
        // Names in ARNs of SageMaker are in lower case, as described resources show.
        let arn = caller.arn("sagemaker", format_args!("studio-lifecycle-config/{}", name.to_lowercase()));
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        if txn.state.studio_lifecycles.iter().any(|row| row.arn == arn) {
            return Err(StudioError::StudioExists { what: WHAT, arn }.into());
        }
        txn.state.studio_lifecycles.insert(StudioLifecycle {
            name,
            arn: arn.clone(),
            app_type: input.studio_lifecycle_config_app_type.into(),
            content: input.studio_lifecycle_config_content.into(),
            created: txn.now,
            tags,
            memo: Memo::default(),
        });
        Ok(CreateOut { studio_lifecycle_config_arn: arn })
    }
}

/// The input of every operation that names one configuration and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    studio_lifecycle_config_name: String,
}

pub struct DescribeStudioLifecycleConfig;
impl Operation for DescribeStudioLifecycleConfig {
    const NAME: &'static str = "DescribeStudioLifecycleConfig";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;
}
impl Read for DescribeStudioLifecycleConfig {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        Ok(Described(find(view.state, &input.studio_lifecycle_config_name)?))
    }
}

/// A configuration, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<StudioLifecycle>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a StudioLifecycle);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("StudioLifecycleConfigArn", &row.arn)?;
        out.put("StudioLifecycleConfigName", &*row.name)?;
        out.put("CreationTime", &row.created.millis())?;
        out.put("LastModifiedTime", &row.created.millis())?;
        out.put("StudioLifecycleConfigContent", &*row.content)?;
        out.put("StudioLifecycleConfigAppType", &*row.app_type)?;
        out.end()
    }
}

impl Listed for StudioLifecycle {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
}

/// Source: API reference, ListStudioLifecycleConfigs.
const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: true, status_last: false };

pub struct ListStudioLifecycleConfigs;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    studio_lifecycle_configs: Vec<Value>,
}

impl Operation for ListStudioLifecycleConfigs {
    const NAME: &'static str = "ListStudioLifecycleConfigs";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}

impl Read for ListStudioLifecycleConfigs {
    fn run(view: &View<'_>, mut input: ListIn) -> Result<ListOut, SageMakerError> {
        // This list has a name of its own for them.
        input.last_modified_time_before = input.modified_time_before.take();
        input.last_modified_time_after = input.modified_time_after.take();
        let app_type = input.app_type_equals.take();
        let wanted =
            |row: &&Arc<StudioLifecycle>| app_type.as_deref().is_none_or(|wanted| *row.app_type == *wanted);
        let rows = view.state.studio_lifecycles.iter().filter(wanted);
        let (rows, next_token) = list_as(&MANNER, rows, &input)?;
        let told = |row: &Arc<StudioLifecycle>| {
            json!({
                "StudioLifecycleConfigArn": row.arn,
                "StudioLifecycleConfigName": row.name,
                "CreationTime": row.created.millis(),
                "LastModifiedTime": row.created.millis(),
                "StudioLifecycleConfigAppType": row.app_type,
            })
        };
        Ok(ListOut { next_token, studio_lifecycle_configs: rows.into_iter().map(told).collect() })
    }
}

pub struct DeleteStudioLifecycleConfig;
impl Operation for DeleteStudioLifecycleConfig {
    const NAME: &'static str = "DeleteStudioLifecycleConfig";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for DeleteStudioLifecycleConfig {
    /// Apps that run hold it, and the settings of domains and user profiles. Source: API reference,
    /// DeleteStudioLifecycleConfig, which says nothing of spaces.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let row = find(&txn.state, &input.studio_lifecycle_config_name)?;
        let holds = txn.state.studio.iter().find(|studio| {
            let counts = match &studio.key.member {
                None | Some(StudioMember::UserProfile(_)) => true,
                Some(StudioMember::Space(_)) => false,
                Some(StudioMember::App { .. }) => {
                    !matches!(studio.status, StudioStatus::Deleted | StudioStatus::Failed)
                }
            };
            let mut arns = Vec::new();
            named(&studio.request, &mut arns);
            counts && arns.contains(&row.arn.as_str())
        });
        if let Some(by) = holds.map(|studio| what(&studio.key)) {
            return Err(StudioError::StudioHeld { what: WHAT, arn: row.arn.clone(), by }.into());
        }
        txn.state.studio_lifecycles.remove(&row.name);
        Ok(Done {})
    }
}
