//! Notebook instances.

mod caller;
mod describe;
mod lifecycle;

pub use caller::acts_in_ec2;
pub use describe::{DescribeNotebookInstance, ListNotebookInstances};
pub use lifecycle::{
    CreateNotebookInstanceLifecycleConfig, DeleteNotebookInstanceLifecycleConfig,
    DescribeNotebookInstanceLifecycleConfig, ListNotebookInstanceLifecycleConfigs,
    UpdateNotebookInstanceLifecycleConfig,
};

use super::error::{NotebookError, SageMakerError};
use super::limit;
use super::registry::code_repository;
use super::tags::{Tag, checked};
use crate::jobs::notebook::{self, NewNotebook, status_word};
use crate::kernel::digest;
use crate::model::{
    DEFAULT_GROUP, Document, Id, InstanceGroup, JobKind, Needs, Notebook, NotebookCourse, NotebookStatus,
    State, Subnet, SubnetId, Txn, VpcConfig,
};
use crate::services::{Caller, Done, Operation, Write};
use caller::{Deed, on_behalf};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The notebook instance with this name.
fn find(state: &State, name: &str) -> Result<Arc<Notebook>, NotebookError> {
    state.notebooks.get(&name.into()).cloned().ok_or(NotebookError::NoSuchNotebook)
}

/// The notebook instance with this name, if a course may begin: its next status can be reached from certain ones.
fn ready(
    state: &State,
    name: &str,
    from: &[NotebookStatus],
    to: NotebookStatus,
) -> Result<Notebook, NotebookError> {
    let notebook = find(state, name)?;
    if !from.contains(&notebook.status) {
        let from = from.iter().map(|status| status_word(*status)).collect::<Vec<_>>().join(", ");
        let (status, to, arn) = (notebook.status_word(), status_word(to), notebook.arn.clone());
        return Err(NotebookError::NotebookStatus { status, from, to, arn });
    }
    Ok(Notebook::clone(&notebook))
}

const AT_REST: &[NotebookStatus] = &[NotebookStatus::Stopped, NotebookStatus::Failed];

/// The subnet with this id, if there is one: a rule says what becomes of others.
fn subnet<'a>(state: &'a State, vpc: &VpcConfig) -> Option<&'a Arc<Subnet>> {
    state.subnets.get(&SubnetId::parse(vpc.subnets.first()?)?)
}

/// What a notebook instance asks of its role and of its network, from what was said of it.
fn needs(state: &State, request: &Value, groups: Option<Vec<String>>) -> Needs {
    let said = |name: &str| request[name].as_str().map(str::to_owned);
    let vpc = said("SubnetId").map(|id| {
        let mut vpc = VpcConfig { subnets: vec![id], groups: groups.unwrap_or_default() };
        // Assumed: what EC2 does with an interface that is made without groups.
        if vpc.groups.is_empty()
            && let Some(subnet) = subnet(state, &vpc)
        {
            vpc.groups = state
                .group_named(subnet.vpc, DEFAULT_GROUP)
                .map(|row| row.id.to_string())
                .into_iter()
                .collect();
        }
        vpc
    });
    Needs {
        role_arn: said("RoleArn").unwrap_or_default(),
        instances: vec![InstanceGroup { instance_type: said("InstanceType").unwrap_or_default(), count: 1 }],
        vpc,
        ..Needs::default()
    }
}

/// What the service may not do in the caller's name; nothing without a VPC.
fn behalf(txn: &Txn<'_>, caller: &Caller, needs: &mut Needs, deed: Deed) {
    let found = needs.vpc.as_ref().map(|vpc| {
        let subnet = subnet(&txn.state, vpc).map(|subnet| &**subnet);
        on_behalf(txn, caller, vpc, subnet, deed)
    });
    needs.on_behalf = found;
}

/// Platforms that are no longer offered.
const RETIRED: &[&str] = &["notebook-al1-v1", "notebook-al2-v1"];

/// What members say that the service model cannot judge.
fn check(settings: &Settings) -> Result<(), NotebookError> {
    if let Some(platform) = settings.platform_identifier.as_ref().filter(|name| RETIRED.contains(&&***name)) {
        return Err(NotebookError::Platform { platform: platform.clone() });
    }
    if settings.ip_address_type.as_deref() == Some("dualstack") {
        return Err(NotebookError::NotebookForm("a notebook instance with IPv6"));
    }
    Ok(())
}

/// Git repositories are named by their URLs, or are resources of the account. Source: API reference,
/// CreateNotebookInstance.
fn check_repositories(state: &State, caller: &Caller, settings: &Settings) -> Result<(), SageMakerError> {
    let all = settings.default_code_repository.iter();
    let all = all.chain(settings.additional_code_repositories.iter().flatten());
    let mut names = all.filter(|name| !name.starts_with("https://"));
    names.try_for_each(|name| code_repository::named(state, caller, name).map(drop))
}

/// What is said of a notebook instance when it is created or updated. The service model keeps members from the operation
/// that does not have them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Settings {
    notebook_instance_name: String,
    instance_type: Option<String>,
    ip_address_type: Option<String>,
    role_arn: Option<String>,
    lifecycle_config_name: Option<String>,
    #[serde(rename = "VolumeSizeInGB")]
    volume_size: Option<u64>,
    accelerator_types: Option<Document>,
    default_code_repository: Option<String>,
    additional_code_repositories: Option<Vec<String>>,
    root_access: Option<String>,
    platform_identifier: Option<String>,
    instance_metadata_service_configuration: Option<Document>,
    // At its creation.
    subnet_id: Option<String>,
    security_group_ids: Option<Vec<String>>,
    kms_key_id: Option<String>,
    tags: Option<Vec<Tag>>,
    direct_internet_access: Option<String>,
    // Later.
    disassociate_lifecycle_config: Option<bool>,
    disassociate_accelerator_types: Option<bool>,
    disassociate_default_code_repository: Option<bool>,
    disassociate_additional_code_repositories: Option<bool>,
}

impl Settings {
    /// Puts what is said into what is told again.
    fn put(&self, into: &mut Map<String, Value>) {
        let texts = [
            ("InstanceType", &self.instance_type),
            ("IpAddressType", &self.ip_address_type),
            ("RoleArn", &self.role_arn),
            ("NotebookInstanceLifecycleConfigName", &self.lifecycle_config_name),
            ("DefaultCodeRepository", &self.default_code_repository),
            ("RootAccess", &self.root_access),
            ("PlatformIdentifier", &self.platform_identifier),
            ("SubnetId", &self.subnet_id),
            ("KmsKeyId", &self.kms_key_id),
            ("DirectInternetAccess", &self.direct_internet_access),
        ];
        let texts = texts.map(|(name, value)| (name, value.as_ref().map(|text| json!(text))));
        let others = [
            ("VolumeSizeInGB", self.volume_size.map(|size| json!(size))),
            ("AcceleratorTypes", self.accelerator_types.as_deref().cloned()),
            ("AdditionalCodeRepositories", self.additional_code_repositories.as_ref().map(|all| json!(all))),
            (
                "InstanceMetadataServiceConfiguration",
                self.instance_metadata_service_configuration.as_deref().cloned(),
            ),
        ];
        for (name, value) in texts.into_iter().chain(others) {
            value.into_iter().for_each(|value| drop(into.insert(name.to_owned(), value)));
        }
    }
}

pub struct CreateNotebookInstance;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    notebook_instance_arn: String,
}

impl Operation for CreateNotebookInstance {
    const NAME: &'static str = "CreateNotebookInstance";
    type In = Settings;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateNotebookInstance {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Settings) -> Result<CreateOut, SageMakerError> {
        check(&input)?;
        if input.subnet_id.is_none() && input.direct_internet_access.as_deref() == Some("Disabled") {
            return Err(NotebookError::InternetWithoutSubnet.into());
        }
        if input.subnet_id.is_none() && input.security_group_ids.iter().flatten().next().is_some() {
            return Err(NotebookError::GroupsWithoutSubnet.into());
        }
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let name: Arc<str> = input.notebook_instance_name.as_str().into();
        let arn = caller.arn("sagemaker", format_args!("notebook-instance/{name}"));
        if txn.state.notebooks.contains(&name) {
            return Err(NotebookError::NotebookExists { arn }.into());
        }
        let (used, most) = (txn.state.notebooks.len() as u64, txn.state.quotas.notebook_instances);
        let quota = || "Total number of notebook instances".to_owned();
        limit::room(quota, most, used, 1, "NotebookInstances")?;
        if let Some(name) = &input.lifecycle_config_name {
            lifecycle::find(&txn.state, caller, name, "describe")?;
        }
        check_repositories(&txn.state, caller, &input)?;
        let mut request = defaults();
        input.put(&mut request);
        let request = Value::Object(request);
        let mut needs = needs(&txn.state, &request, input.security_group_ids);
        limit::notebook(&txn.state, &needs.instances)?;
        behalf(txn, caller, &mut needs, Deed::Create);
        let new = NewNotebook { name, arn: arn.clone(), needs, request: Arc::new(request), tags };
        notebook::create(txn, new)
            .map_err(|finding| SageMakerError::rule(&txn.state.texts, JobKind::Notebook, &finding))?;
        Ok(CreateOut { notebook_instance_arn: arn })
    }
}

/// Source: API reference, CreateNotebookInstance and InstanceMetadataServiceConfiguration.
fn defaults() -> Map<String, Value> {
    let defaults = [
        ("IpAddressType", json!("ipv4")),
        ("DirectInternetAccess", json!("Enabled")),
        ("VolumeSizeInGB", json!(5)),
        ("RootAccess", json!("Enabled")),
        ("PlatformIdentifier", json!("notebook-al2023-v1")),
        ("InstanceMetadataServiceConfiguration", json!({ "MinimumInstanceMetadataServiceVersion": "1" })),
    ];
    defaults.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

pub struct UpdateNotebookInstance;

impl Operation for UpdateNotebookInstance {
    const NAME: &'static str = "UpdateNotebookInstance";
    type In = Settings;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for UpdateNotebookInstance {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Settings) -> Result<Done, SageMakerError> {
        check(&input)?;
        let name = &input.notebook_instance_name;
        let mut notebook = ready(&txn.state, name, AT_REST, NotebookStatus::Updating)?;
        let now = notebook.request["VolumeSizeInGB"].as_u64().unwrap_or_default();
        if let Some(asked) = input.volume_size.filter(|asked| *asked < now) {
            return Err(NotebookError::SmallerVolume { now, asked }.into());
        }
        if let Some(name) = &input.lifecycle_config_name {
            lifecycle::find(&txn.state, caller, name, "describe")?;
        }
        check_repositories(&txn.state, caller, &input)?;
        let dropped = [
            ("NotebookInstanceLifecycleConfigName", input.disassociate_lifecycle_config),
            ("AcceleratorTypes", input.disassociate_accelerator_types),
            ("DefaultCodeRepository", input.disassociate_default_code_repository),
            ("AdditionalCodeRepositories", input.disassociate_additional_code_repositories),
        ];
        if let Some(request) = Arc::make_mut(&mut notebook.request).as_object_mut() {
            for (name, _) in dropped.into_iter().filter(|(_, drop)| *drop == Some(true)) {
                request.remove(name);
            }
            input.put(request);
        }
        let groups = notebook.needs.vpc.take().map(|vpc| vpc.groups);
        notebook.needs = needs(&txn.state, &notebook.request, groups);
        notebook::begin(txn, notebook, NotebookCourse::Update);
        Ok(Done {})
    }
}

/// The input of every operation that names one notebook instance and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    notebook_instance_name: String,
}

pub struct StartNotebookInstance;
impl Operation for StartNotebookInstance {
    const NAME: &'static str = "StartNotebookInstance";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for StartNotebookInstance {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let name = &input.notebook_instance_name;
        let mut notebook = ready(&txn.state, name, AT_REST, NotebookStatus::Pending)?;
        limit::notebook(&txn.state, &notebook.needs.instances)?;
        behalf(txn, caller, &mut notebook.needs, Deed::Start);
        notebook::start(txn, notebook);
        Ok(Done {})
    }
}

pub struct StopNotebookInstance;
impl Operation for StopNotebookInstance {
    const NAME: &'static str = "StopNotebookInstance";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for StopNotebookInstance {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let from = &[NotebookStatus::InService];
        let notebook = ready(&txn.state, &input.notebook_instance_name, from, NotebookStatus::Stopping)?;
        notebook::begin(txn, notebook, NotebookCourse::Stop);
        Ok(Done {})
    }
}

pub struct DeleteNotebookInstance;
impl Operation for DeleteNotebookInstance {
    const NAME: &'static str = "DeleteNotebookInstance";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteNotebookInstance {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let name = &input.notebook_instance_name;
        let mut notebook = ready(&txn.state, name, AT_REST, NotebookStatus::Deleting)?;
        behalf(txn, caller, &mut notebook.needs, Deed::Delete);
        notebook::begin(txn, notebook, NotebookCourse::Delete);
        Ok(Done {})
    }
}

pub struct CreatePresignedNotebookInstanceUrl;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UrlIn {
    notebook_instance_name: String,
    session_expiration_duration_in_seconds: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UrlOut {
    authorized_url: String,
}

impl Operation for CreatePresignedNotebookInstanceUrl {
    const NAME: &'static str = "CreatePresignedNotebookInstanceUrl";
    type In = UrlIn;
    type Out = UrlOut;
    type Error = SageMakerError;
}

impl Write for CreatePresignedNotebookInstanceUrl {
    /// The form of the URL is AWS's; nobody serves it here. Its token follows from the notebook instance, the time and the
    /// length of the session.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UrlIn) -> Result<UrlOut, SageMakerError> {
        let notebook = find(&txn.state, &input.notebook_instance_name)?;
        if notebook.status != NotebookStatus::InService {
            let (status, arn) = (notebook.status_word(), notebook.arn.clone());
            return Err(NotebookError::NotebookNotInService { status, arn }.into());
        }
        let seconds = input.session_expiration_duration_in_seconds.unwrap_or(43_200);
        let (now, seconds) = (txn.now.millis().to_le_bytes(), seconds.to_le_bytes());
        let half = |n: u8| digest(0, &[notebook.arn.as_bytes(), &now, &seconds, &[n]]);
        let token = format!("{:032x}{:032x}", half(0), half(1));
        Ok(UrlOut { authorized_url: format!("https://{}?authToken={token}", describe::host(&notebook)) })
    }
}
