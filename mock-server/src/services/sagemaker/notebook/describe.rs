//! DescribeNotebookInstance, ListNotebookInstances.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, list_as};
use super::super::members::Members;
use super::{Named, find};
use crate::kernel::SimTime;
use crate::model::{Notebook, Owner};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

pub struct DescribeNotebookInstance;

impl Operation for DescribeNotebookInstance {
    const NAME: &'static str = "DescribeNotebookInstance";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Notebook(input.notebook_instance_name.as_str().into())]
    }
}

impl Read for DescribeNotebookInstance {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        Ok(Described(find(view.state, &input.notebook_instance_name)?))
    }
}

/// A notebook instance, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<Notebook>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

/// The host of a notebook instance, whose region is in its ARN. Source: developer guide, "notebook-interface-endpoint".
pub fn host(notebook: &Notebook) -> String {
    let region = notebook.arn.split(':').nth(3).unwrap_or_default();
    let domain = match region.starts_with("cn-") {
        true => "sagemaker.com.cn",
        false => "sagemaker.aws",
    };
    format!("{}.notebook.{region}.{domain}", notebook.name)
}

struct Printed<'a>(&'a Notebook);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let notebook = self.0;
        let mut out = Members::new(serializer, &notebook.request)?;
        out.put("NotebookInstanceArn", &notebook.arn)?;
        out.put("NotebookInstanceName", &*notebook.name)?;
        out.put("NotebookInstanceStatus", notebook.status_word())?;
        out.maybe("FailureReason", notebook.told_failure().map(|failure| &failure.reason))?;
        out.put("Url", &host(notebook))?;
        out.repeat("InstanceType")?;
        out.repeat("IpAddressType")?;
        out.repeat("SubnetId")?;
        out.maybe("SecurityGroups", notebook.needs.vpc.as_ref().map(|vpc| &vpc.groups))?;
        out.repeat("RoleArn")?;
        out.repeat("KmsKeyId")?;
        out.maybe("NetworkInterfaceId", notebook.interface.map(|id| id.to_string()))?;
        out.put("LastModifiedTime", &notebook.modified.millis())?;
        out.put("CreationTime", &notebook.created.millis())?;
        out.repeat("NotebookInstanceLifecycleConfigName")?;
        out.repeat("DirectInternetAccess")?;
        out.repeat("VolumeSizeInGB")?;
        out.repeat("AcceleratorTypes")?;
        out.repeat("DefaultCodeRepository")?;
        out.repeat("AdditionalCodeRepositories")?;
        out.repeat("RootAccess")?;
        out.repeat("PlatformIdentifier")?;
        out.repeat("InstanceMetadataServiceConfiguration")?;
        out.end()
    }
}

pub struct ListNotebookInstances;

pub struct Page {
    rows: Vec<Arc<Notebook>>,
    next_token: Option<String>,
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Out", 2)?;
        match &self.next_token {
            Some(token) => out.serialize_field("NextToken", token)?,
            None => out.skip_field("NextToken")?,
        }
        out.serialize_field("NotebookInstances", &Rows(&self.rows))?;
        out.end()
    }
}

struct Rows<'a>(&'a [Arc<Notebook>]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|row| out.serialize_element(&Summary(row)))?;
        out.end()
    }
}

struct Summary<'a>(&'a Notebook);

impl Serialize for Summary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let notebook = self.0;
        let mut out = Members::new(serializer, &notebook.request)?;
        out.put("NotebookInstanceName", &*notebook.name)?;
        out.put("NotebookInstanceArn", &notebook.arn)?;
        out.put("NotebookInstanceStatus", notebook.status_word())?;
        out.put("Url", &host(notebook))?;
        out.repeat("InstanceType")?;
        out.put("CreationTime", &notebook.created.millis())?;
        out.put("LastModifiedTime", &notebook.modified.millis())?;
        out.repeat("NotebookInstanceLifecycleConfigName")?;
        out.repeat("DefaultCodeRepository")?;
        out.repeat("AdditionalCodeRepositories")?;
        out.end()
    }
}

impl Listed for Notebook {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
    fn status(&self) -> &'static str {
        self.status_word()
    }
}

/// Source: API reference, ListNotebookInstances; that the order is ascending is what another mock tells.
const MANNER: Manner = Manner { ascending: true, by_name: true, from_time: false, status_last: false };

/// Whether a notebook instance is one of those that only this list can be asked for.
fn suits(notebook: &Notebook, input: &ListIn) -> bool {
    let contains = |member: &str, part: &Option<String>| {
        part.as_deref().is_none_or(|part| notebook.said(member).is_some_and(|whole| whole.contains(part)))
    };
    let additional = |wanted: &str| {
        let all = notebook.request.get("AdditionalCodeRepositories").and_then(Value::as_array);
        all.is_some_and(|all| all.iter().any(|one| one == wanted))
    };
    contains("NotebookInstanceLifecycleConfigName", &input.notebook_instance_lifecycle_config_name_contains)
        && contains("DefaultCodeRepository", &input.default_code_repository_contains)
        && input.additional_code_repository_equals.as_deref().is_none_or(additional)
}

impl Operation for ListNotebookInstances {
    const NAME: &'static str = "ListNotebookInstances";
    type In = ListIn;
    type Out = Page;
    type Error = SageMakerError;
}

impl Read for ListNotebookInstances {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page, SageMakerError> {
        let rows = view.state.notebooks.iter().filter(|notebook| suits(notebook, &input));
        let (rows, next_token) = list_as(&MANNER, rows, &input)?;
        Ok(Page { rows: rows.into_iter().cloned().collect(), next_token })
    }
}
