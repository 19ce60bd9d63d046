//! Lifecycle configurations: the scripts that notebook instances run.

use super::super::error::{NotebookError, SageMakerError};
use super::super::listing::{ListIn, Listed, Manner, list_as};
use super::super::members::Members;
use super::super::tags::{Tag, checked};
use crate::kernel::{Memo, SimTime};
use crate::model::{Document, NotebookLifecycle, State, Txn};
use crate::services::{Caller, Done, Operation, Read, Reply, ReplyWriter, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// The ARN of the configuration with this name, be there one or not.
fn arn(caller: &Caller, name: &str) -> String {
    caller.arn("sagemaker", format_args!("notebook-instance-lifecycle-config/{name}"))
}

/// The configuration with this name; `verb` is what was to be done to it.
///
/// # Errors
/// [`NotebookError::NoSuchLifecycle`].
pub fn find(
    state: &State,
    caller: &Caller,
    name: &str,
    verb: &'static str,
) -> Result<Arc<NotebookLifecycle>, NotebookError> {
    let unknown = || NotebookError::NoSuchLifecycle { verb, arn: arn(caller, name) };
    state.notebook_lifecycles.get(&name.into()).cloned().ok_or_else(unknown)
}

pub struct CreateNotebookInstanceLifecycleConfig;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    notebook_instance_lifecycle_config_name: String,
    on_create: Option<Document>,
    on_start: Option<Document>,
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    notebook_instance_lifecycle_config_arn: String,
}

impl Operation for CreateNotebookInstanceLifecycleConfig {
    const NAME: &'static str = "CreateNotebookInstanceLifecycleConfig";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateNotebookInstanceLifecycleConfig {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let name: Arc<str> = input.notebook_instance_lifecycle_config_name.into();
        let arn = arn(caller, &name);
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        if txn.state.notebook_lifecycles.contains(&name) {
            return Err(NotebookError::LifecycleExists { arn }.into());
        }
        txn.state.notebook_lifecycles.insert(NotebookLifecycle {
            name,
            arn: arn.clone(),
            on_create: input.on_create,
            on_start: input.on_start,
            created: txn.now,
            modified: txn.now,
            tags,
            memo: Memo::default(),
        });
        Ok(CreateOut { notebook_instance_lifecycle_config_arn: arn })
    }
}

pub struct UpdateNotebookInstanceLifecycleConfig;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    notebook_instance_lifecycle_config_name: String,
    on_create: Option<Document>,
    on_start: Option<Document>,
}

impl Operation for UpdateNotebookInstanceLifecycleConfig {
    const NAME: &'static str = "UpdateNotebookInstanceLifecycleConfig";
    type In = UpdateIn;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for UpdateNotebookInstanceLifecycleConfig {
    /// That a script that is not named stays as it is, is assumed.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateIn) -> Result<Done, SageMakerError> {
        let row = find(&txn.state, caller, &input.notebook_instance_lifecycle_config_name, "update")?;
        let now = txn.now;
        txn.state.notebook_lifecycles.update(&row.name, |row| {
            row.on_create = input.on_create.or(row.on_create.take());
            row.on_start = input.on_start.or(row.on_start.take());
            row.modified = now;
        });
        Ok(Done {})
    }
}

/// The input of every operation that names one configuration and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    notebook_instance_lifecycle_config_name: String,
}

pub struct DescribeNotebookInstanceLifecycleConfig;
impl Operation for DescribeNotebookInstanceLifecycleConfig {
    const NAME: &'static str = "DescribeNotebookInstanceLifecycleConfig";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;
}
impl Read for DescribeNotebookInstanceLifecycleConfig {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        let name = &input.notebook_instance_lifecycle_config_name;
        Ok(Described(find(view.state, view.caller, name, "describe")?))
    }
}

/// A configuration, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<NotebookLifecycle>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a NotebookLifecycle);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("NotebookInstanceLifecycleConfigArn", &row.arn)?;
        out.put("NotebookInstanceLifecycleConfigName", &*row.name)?;
        out.maybe("OnCreate", row.on_create.as_deref())?;
        out.maybe("OnStart", row.on_start.as_deref())?;
        out.put("LastModifiedTime", &row.modified.millis())?;
        out.put("CreationTime", &row.created.millis())?;
        out.end()
    }
}

pub struct ListNotebookInstanceLifecycleConfigs;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    notebook_instance_lifecycle_configs: Vec<Summary>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    notebook_instance_lifecycle_config_name: String,
    notebook_instance_lifecycle_config_arn: String,
    creation_time: i64,
    last_modified_time: i64,
}

impl Listed for NotebookLifecycle {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
}

/// Source: API reference, ListNotebookInstanceLifecycleConfigs. The order in which it lists is assumed.
const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };

impl Operation for ListNotebookInstanceLifecycleConfigs {
    const NAME: &'static str = "ListNotebookInstanceLifecycleConfigs";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}
impl Read for ListNotebookInstanceLifecycleConfigs {
    fn run(view: &View<'_>, input: ListIn) -> Result<ListOut, SageMakerError> {
        let (rows, next_token) = list_as(&MANNER, view.state.notebook_lifecycles.iter(), &input)?;
        let rows = rows.into_iter().map(|row| Summary {
            notebook_instance_lifecycle_config_name: row.name.to_string(),
            notebook_instance_lifecycle_config_arn: row.arn.clone(),
            creation_time: row.created.millis(),
            last_modified_time: row.modified.millis(),
        });
        Ok(ListOut { next_token, notebook_instance_lifecycle_configs: rows.collect() })
    }
}

pub struct DeleteNotebookInstanceLifecycleConfig;
impl Operation for DeleteNotebookInstanceLifecycleConfig {
    const NAME: &'static str = "DeleteNotebookInstanceLifecycleConfig";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteNotebookInstanceLifecycleConfig {
    /// Notebook instances that name it run no scripts from then on: that nothing forbids it is assumed.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let row = find(&txn.state, caller, &input.notebook_instance_lifecycle_config_name, "delete")?;
        txn.state.notebook_lifecycles.remove(&row.name);
        Ok(Done {})
    }
}
