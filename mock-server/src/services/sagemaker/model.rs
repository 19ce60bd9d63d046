//! Models.

use super::error::SageMakerError;
use super::listing::{ListIn, Listed, list};
use super::members::Members;
use super::registry::model_package;
use super::tags::{Tag, checked};
use crate::jobs;
use crate::kernel::{Memo, SimTime};
use crate::model::{
    Document, Finding, JobKey, JobKind, Needs, SageModel, State, Txn, VpcConfig, in_own_registry,
};
use crate::rules::{self, Case, Paths, Phase};
use crate::services::{Caller, Done, Operation, Read, Reply, ReplyWriter, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What errors call it.
const WHAT: &str = "model";

/// The ARN of the model with this name, be there one or not.
fn arn(caller: &Caller, name: &str) -> String {
    caller.arn("sagemaker", format_args!("model/{name}"))
}

/// The model with this name.
///
/// # Errors
/// [`SageMakerError::Unknown`].
pub fn find(state: &State, caller: &Caller, name: &str) -> Result<Arc<SageModel>, SageMakerError> {
    let unknown = || SageMakerError::Unknown { what: WHAT, arn: arn(caller, name) };
    state.models.get(&name.into()).cloned().ok_or_else(unknown)
}

pub struct CreateModel;

/// Members that DescribeModel tells again are kept as they are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    model_name: String,
    primary_container: Option<Document>,
    containers: Option<Document>,
    inference_execution_config: Option<Document>,
    execution_role_arn: Option<String>,
    tags: Option<Vec<Tag>>,
    vpc_config: Option<Document>,
    enable_network_isolation: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    model_arn: String,
}

impl Operation for CreateModel {
    const NAME: &'static str = "CreateModel";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateModel {
    /// One subnet will do here: that hosting wants two zones is told by the endpoint, and batch transform does not
    /// want them.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        check_containers(&input)?;
        let request = request(&input);
        let containers = running(&txn.state, caller, &request)?;
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let arn = arn(caller, &input.model_name);
        let name: Arc<str> = input.model_name.as_str().into();
        if txn.state.models.contains(&name) {
            return Err(SageMakerError::Exists { what: WHAT, arn });
        }
        let model = SageModel {
            name,
            arn: arn.clone(),
            execution_role_arn: input.execution_role_arn.clone().unwrap_or_default(),
            vpc: input.vpc_config.as_deref().map(vpc_config),
            network_isolation: input.enable_network_isolation.unwrap_or(false),
            request: Arc::new(request),
            containers: Arc::new(Value::Array(containers)),
            created: txn.now,
            tags,
            memo: Memo::default(),
        };
        let needs = Needs {
            role_arn: model.execution_role_arn.clone(),
            vpc: model.vpc.clone(),
            network_isolation: model.network_isolation,
            inputs: model.data(),
            pulled: model.pulled(),
            ..Needs::default()
        };
        ask(txn, &format!("model/{}", model.name), &needs)?;
        txn.state.models.insert(model);
        Ok(CreateOut { model_arn: arn })
    }
}

/// The containers that run: what a model package has takes the place of its name. Source: API reference,
/// ContainerDefinition.
fn running(state: &State, caller: &Caller, request: &Value) -> Result<Vec<Value>, SageMakerError> {
    let several = request.get("Containers").and_then(Value::as_array);
    let all = request.get("PrimaryContainer").into_iter().chain(several.into_iter().flatten());
    let mut running = Vec::new();
    for container in all {
        if container.get("ModelPackageName").is_none() {
            running.push(container.clone());
            continue;
        }
        for mut packed in model_package::containers(state, caller, container)? {
            let own = ["ContainerHostname", "Mode", "Environment"];
            for member in own.into_iter().filter(|member| container.get(*member).is_some()) {
                match (packed.get_mut(member), &container[member]) {
                    (Some(Value::Object(all)), Value::Object(own)) => all.extend(own.clone()),
                    (_, own) => packed[member] = own.clone(),
                }
            }
            running.push(packed);
        }
    }
    Ok(running)
}

/// Asks the rules of phase `create`: of the role, and of the network that hosting and batch transform will be in; what
/// they say.
///
/// # Errors
/// The violation that makes the call fail.
pub fn ask(txn: &mut Txn<'_>, resource: &str, needs: &Needs) -> Result<Vec<Finding>, SageMakerError> {
    let kind = JobKind::Hosting;
    let key = JobKey { kind, name: resource.into() };
    let paths = Paths::new(Phase::Create, Vec::new());
    let case = Case { paths: Some(&paths), ..Case::new(txn, &key, needs) };
    let report = rules::evaluate(Phase::Create, &case, &txn.global.rule_modes);
    jobs::warn(txn, resource, kind, &report);
    match report.decisive() {
        Some(finding) => Err(SageMakerError::rule(&txn.state.texts, kind, finding)),
        None => Ok(report.findings),
    }
}

/// What the service model cannot say. Source: API reference, CreateModel and ContainerDefinition.
fn check_containers(input: &CreateIn) -> Result<(), SageMakerError> {
    let containers = match (&input.primary_container, input.containers.as_deref().and_then(Value::as_array)) {
        (Some(primary), None) => vec![&**primary],
        (None, Some(several)) if !several.is_empty() => several.iter().collect(),
        _ => return Err(SageMakerError::OneKindOfContainer),
    };
    hostnames(&containers)?;
    for container in containers {
        let given = |name: &str| container.get(name).is_some();
        if given("Image") == given("ModelPackageName") {
            return Err(SageMakerError::ImageOrPackage);
        }
        if given("ModelDataUrl") && given("ModelDataSource") {
            return Err(SageMakerError::TwoKindsOfModelData);
        }
        if given("ModelDataSource") && container["Mode"] == "MultiModel" {
            return Err(SageMakerError::SourceOfMany);
        }
        let registry = &container["ImageConfig"];
        let (in_vpc, stem) = (in_own_registry(container), "");
        if registry.get("RepositoryAuthConfig").is_some() && !in_vpc {
            return Err(SageMakerError::RepositoryAuth { stem });
        }
        if in_vpc && input.vpc_config.is_none() {
            return Err(SageMakerError::RepositoryVpc { stem });
        }
        let source = &container["ModelDataSource"]["S3DataSource"];
        let url = source["S3Uri"].as_str().unwrap_or_default();
        if source["S3DataType"] == "S3Prefix" && !url.ends_with('/') {
            return Err(SageMakerError::ModelPrefix { url: url.to_owned() });
        }
    }
    Ok(())
}

/// In an inference pipeline either all containers have a name or none has, and a name is one container's. A model's only
/// container may be called anything. Source: API reference, ContainerDefinition.
fn hostnames(containers: &[&Value]) -> Result<(), SageMakerError> {
    let names: Vec<_> =
        containers.iter().filter_map(|container| container["ContainerHostname"].as_str()).collect();
    if !names.is_empty() && names.len() < containers.len() {
        return Err(SageMakerError::SomeHostnames);
    }
    let mut seen = BTreeSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(SageMakerError::HostnameTwice(name.to_owned())),
        None => Ok(()),
    }
}

/// A VpcConfig member as the rules see it. The service model was asked before whether both lists are there.
pub fn vpc_config(given: &Value) -> VpcConfig {
    let names = |member: &str| {
        let list = given[member].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    VpcConfig { subnets: names("Subnets"), groups: names("SecurityGroupIds") }
}

/// What is told again, with the defaults that AWS fills in: as described models in public repositories show them.
fn request(input: &CreateIn) -> Value {
    let mut all = Map::new();
    for (name, document) in [
        ("PrimaryContainer", &input.primary_container),
        ("Containers", &input.containers),
        ("InferenceExecutionConfig", &input.inference_execution_config),
        ("VpcConfig", &input.vpc_config),
    ] {
        if let Some(document) = document {
            all.insert(name.to_owned(), Value::clone(document));
        }
    }
    if let Some(Value::Object(container)) = all.get_mut("PrimaryContainer") {
        fill(container);
    }
    if let Some(Value::Array(containers)) = all.get_mut("Containers") {
        containers.iter_mut().filter_map(Value::as_object_mut).for_each(fill);
    }
    Value::Object(all)
}

fn fill(container: &mut Map<String, Value>) {
    container.entry("Mode").or_insert(json!("SingleModel"));
    container.entry("Environment").or_insert(json!({}));
}

/// The input of every operation that names one model and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    model_name: String,
}

pub struct DescribeModel;
impl Operation for DescribeModel {
    const NAME: &'static str = "DescribeModel";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;
}
impl Read for DescribeModel {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        find(view.state, view.caller, &input.model_name).map(Described)
    }
}

/// A model, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<SageModel>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a SageModel);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let model = self.0;
        let role = Some(&model.execution_role_arn).filter(|arn| !arn.is_empty());
        let mut out = Members::new(serializer, &model.request)?;
        out.put("ModelName", &*model.name)?;
        out.repeat("PrimaryContainer")?;
        out.repeat("Containers")?;
        out.repeat("InferenceExecutionConfig")?;
        out.maybe("ExecutionRoleArn", role)?;
        out.repeat("VpcConfig")?;
        out.put("CreationTime", &model.created.millis())?;
        out.put("ModelArn", &model.arn)?;
        out.put("EnableNetworkIsolation", &model.network_isolation)?;
        out.end()
    }
}

pub struct ListModels;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    models: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    model_name: String,
    model_arn: String,
    creation_time: i64,
}

impl Listed for SageModel {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
}

impl Operation for ListModels {
    const NAME: &'static str = "ListModels";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}
impl Read for ListModels {
    fn run(view: &View<'_>, input: ListIn) -> Result<ListOut, SageMakerError> {
        let (rows, next_token) = list(view.state.models.iter(), &input)?;
        let models = rows.into_iter().map(|row| Summary {
            model_name: row.name.to_string(),
            model_arn: row.arn.clone(),
            creation_time: row.created.millis(),
        });
        Ok(ListOut { models: models.collect(), next_token })
    }
}

pub struct DeleteModel;
impl Operation for DeleteModel {
    const NAME: &'static str = "DeleteModel";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteModel {
    /// Whatever uses the model goes on: the entry goes and nothing else. Source: API reference, DeleteModel.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let model = find(&txn.state, caller, &input.model_name)?;
        txn.state.models.remove(&model.name);
        Ok(Done {})
    }
}
