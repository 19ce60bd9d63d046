//! Inference components.

use super::error::SageMakerError;
use super::listing::{ListIn, Listed, list};
use super::members::Members;
use super::tags::{Tag, checked};
use super::{endpoint, model};
use crate::jobs::hosting::component;
use crate::kernel::{Memo, SimTime};
use crate::model::{
    ComponentPlan, ComponentStatus, DataNeed, DataUse, DeployedVariant, Document, Extent, InferenceComponent,
    JobKind, Needs, Owner, State, Txn,
};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// What errors call it.
const WHAT: &str = "inference component";

fn arn(caller: &Caller, name: &str) -> String {
    caller.arn("sagemaker", format_args!("inference-component/{name}"))
}

fn find(state: &State, caller: &Caller, name: &str) -> Result<Arc<InferenceComponent>, SageMakerError> {
    let unknown = || SageMakerError::Unknown { what: WHAT, arn: arn(caller, name) };
    state.components.get(&name.into()).cloned().ok_or_else(unknown)
}

/// The component with this name, if something can be done to it now.
fn at_rest(state: &State, caller: &Caller, name: &str) -> Result<InferenceComponent, SageMakerError> {
    let component = find(state, caller, name)?;
    match component.status.is_under_way() {
        true => Err(SageMakerError::ComponentInProgress { arn: component.arn.clone() }),
        false => Ok(InferenceComponent::clone(&component)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuntimeConfig {
    copy_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    inference_component_arn: String,
}

/// What is to run. Source: API reference, InferenceComponentSpecification: a model or a container, and what a copy
/// takes; what is added to another component takes what that has.
fn plan(
    txn: &mut Txn<'_>,
    caller: &Caller,
    component: &str,
    endpoint: &str,
    specification: Document,
    copies: u32,
) -> Result<ComponentPlan, SageMakerError> {
    let given = |name: &str| specification.get(name).is_some_and(|value| !value.is_null());
    let base = specification["BaseInferenceComponentName"].as_str();
    let image = specification["Container"]["Image"].as_str();
    let artifact = specification["Container"]["ArtifactUrl"].as_str();
    let artifact =
        || artifact.map(|url| DataNeed::new(DataUse::Model, Extent::Object, url)).into_iter().collect();
    let mut findings = Vec::new();
    let (images, inputs) = match (specification["ModelName"].as_str(), image, base) {
        (Some(name), None, None) if !given("Container") => {
            let model = model::find(&txn.state, caller, name)?;
            (model.images(), model.data())
        }
        (None, Some(image), None) => {
            let pulled = Needs { pulled: vec![image.to_owned()], ..Needs::default() };
            findings = model::ask(txn, &format!("inference-component/{component}"), &pulled)?;
            (vec![image.to_owned()], artifact())
        }
        (None, None, Some(base)) => {
            let base = find(&txn.state, caller, base)?;
            (base.told().map(|plan| plan.images.clone()).unwrap_or_default(), artifact())
        }
        _ => return Err(SageMakerError::ComponentSource),
    };
    if base.is_none() && !given("ComputeResourceRequirements") {
        return Err(SageMakerError::Required("specification.computeResourceRequirements"));
    }
    let behaviour = txn.global.behaviours.of(JobKind::Hosting, endpoint, &images).cloned();
    Ok(ComponentPlan { specification, images, inputs, findings, copies, behaviour })
}

/// What of a partitioned accelerator a copy takes. Source: API reference, InferenceComponentComputeResourceRequirements.
fn partition(specification: &Value, variant: &DeployedVariant) -> Result<(), SageMakerError> {
    let Some(needs) = specification.get("ComputeResourceRequirements") else { return Ok(()) };
    let layouts = variant.request["AcceleratorPartitionLayouts"].as_array().into_iter().flatten();
    let mut known = layouts
        .flat_map(|layout| layout["AcceleratorPartitionTypes"].as_array().into_iter().flatten())
        .peekable();
    let name = || variant.name.clone();
    match needs["AcceleratorPartitionType"].as_str() {
        None if known.peek().is_some() => Err(SageMakerError::PartitionMissing { variant: name() }),
        None => Ok(()),
        Some(_) if needs["NumberOfAcceleratorDevicesRequired"].as_f64() != Some(1.0) => {
            Err(SageMakerError::PartitionDevices)
        }
        Some(asked) if known.any(|partition| partition == asked) => Ok(()),
        Some(asked) => Err(SageMakerError::PartitionUnknown { partition: asked.to_owned(), variant: name() }),
    }
}

/// How much of a component is replaced at once. Sizes that count copies are not looked at: a single copy has no half.
/// Source: API reference, InferenceComponentRollingUpdatePolicy.
fn batch(policy: &Value) -> Result<(), SageMakerError> {
    let size = &policy["RollingUpdatePolicy"]["MaximumBatchSize"];
    let percent = size["Value"].as_u64().filter(|_| size["Type"] == "CAPACITY_PERCENT");
    match percent.filter(|percent| !(5..=50).contains(percent)) {
        Some(percent) => Err(SageMakerError::ComponentBatch { percent }),
        None => Ok(()),
    }
}

/// A specification for each instance type stands in the place of one for all.
fn only_one(one: Option<&Document>, several: Option<&Document>) -> Result<(), SageMakerError> {
    match (one, several) {
        (_, None) => Ok(()),
        (Some(_), Some(_)) => Err(SageMakerError::TwoSpecifications),
        (None, Some(_)) => Err(SageMakerError::NotBuilt("Specifications of an inference component")),
    }
}

pub struct CreateInferenceComponent;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    inference_component_name: String,
    endpoint_name: String,
    variant_name: Option<String>,
    specification: Option<Document>,
    specifications: Option<Document>,
    runtime_config: Option<RuntimeConfig>,
    tags: Option<Vec<Tag>>,
}

impl Operation for CreateInferenceComponent {
    const NAME: &'static str = "CreateInferenceComponent";
    type In = CreateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for CreateInferenceComponent {
    /// That an endpoint has to be in service first is assumed.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<Out, SageMakerError> {
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let (name, arn) = (&input.inference_component_name, arn(caller, &input.inference_component_name));
        if txn.state.components.contains(&Arc::from(name.as_str())) {
            return Err(SageMakerError::Exists { what: WHAT, arn });
        }
        only_one(input.specification.as_ref(), input.specifications.as_ref())?;
        let specification = input.specification.ok_or(SageMakerError::Required("specification"))?;
        let (endpoint, serving) = endpoint::serving(&txn.state, caller, &input.endpoint_name)?;
        let base = specification["BaseInferenceComponentName"].as_str();
        let base = base.map(|base| find(&txn.state, caller, base)).transpose()?;
        let variant = input.variant_name.as_deref().or(base.as_ref().map(|base| &*base.variant));
        let variant = variant.ok_or(SageMakerError::Required("variantName"))?;
        let Some(found) = serving.variants.iter().find(|known| known.name == variant) else {
            let (names, config) = (variant.to_owned(), serving.config.to_string());
            return Err(SageMakerError::UnknownVariants { names, config });
        };
        if !found.containers.is_empty() {
            return Err(SageMakerError::NoComponents);
        }
        partition(&specification, found)?;
        // What is added to another component is wherever that is.
        let copies = match (&base, input.runtime_config) {
            (None, None) => return Err(SageMakerError::Required("runtimeConfig")),
            (_, Some(config)) if config.copy_count == 0 => return Err(SageMakerError::ComponentCopies),
            (_, Some(config)) => config.copy_count,
            (Some(base), None) => base.copies(),
        };
        let wanted = plan(txn, caller, name, &endpoint.name, specification, copies)?;
        let component = InferenceComponent {
            name: name.as_str().into(),
            arn: arn.clone(),
            endpoint: endpoint.name.clone(),
            endpoint_arn: endpoint.arn.clone(),
            variant: variant.into(),
            status: ComponentStatus::Creating,
            running: None,
            places: Vec::new(),
            lost: 0,
            grows: false,
            wanted: Some(wanted),
            failure: None,
            findings: Vec::new(),
            traces: Vec::new(),
            policy: None,
            created: txn.now,
            modified: txn.now,
            tags,
            memo: Memo::default(),
        };
        component::begin(txn, component, ComponentStatus::Creating);
        Ok(Out { inference_component_arn: arn })
    }
}

pub struct UpdateInferenceComponent;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    inference_component_name: String,
    specification: Option<Document>,
    specifications: Option<Document>,
    runtime_config: Option<RuntimeConfig>,
    deployment_config: Option<Document>,
}

impl Operation for UpdateInferenceComponent {
    const NAME: &'static str = "UpdateInferenceComponent";
    type In = UpdateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateInferenceComponent {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateIn) -> Result<Out, SageMakerError> {
        let mut component = at_rest(&txn.state, caller, &input.inference_component_name)?;
        only_one(input.specification.as_ref(), input.specifications.as_ref())?;
        input.deployment_config.as_deref().map_or(Ok(()), batch)?;
        let told = component.told();
        let specification =
            input.specification.or_else(|| told.map(|plan| plan.specification.clone())).unwrap_or_default();
        let copies = input.runtime_config.map(|config| config.copy_count);
        let copies = copies.unwrap_or_else(|| told.map_or(0, |plan| plan.copies));
        let endpoint = component.endpoint.clone();
        let name = component.name.clone();
        component.wanted = Some(plan(txn, caller, &name, &endpoint, specification, copies)?);
        component.policy = input.deployment_config.or(component.policy);
        Ok(update(txn, component))
    }
}

fn update(txn: &mut Txn<'_>, mut component: InferenceComponent) -> Out {
    let inference_component_arn = component.arn.clone();
    component.failure = None;
    component::begin(txn, component, ComponentStatus::Updating);
    Out { inference_component_arn }
}

pub struct UpdateInferenceComponentRuntimeConfig;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CopiesIn {
    inference_component_name: String,
    desired_runtime_config: RuntimeConfig,
}

impl Operation for UpdateInferenceComponentRuntimeConfig {
    const NAME: &'static str = "UpdateInferenceComponentRuntimeConfig";
    type In = CopiesIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateInferenceComponentRuntimeConfig {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CopiesIn) -> Result<Out, SageMakerError> {
        let mut component = at_rest(&txn.state, caller, &input.inference_component_name)?;
        let copies = input.desired_runtime_config.copy_count;
        component.wanted = component.told().map(|plan| ComponentPlan { copies, ..plan.clone() });
        Ok(update(txn, component))
    }
}

/// The input of every operation that names one component and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    inference_component_name: String,
}

pub struct DeleteInferenceComponent;
impl Operation for DeleteInferenceComponent {
    const NAME: &'static str = "DeleteInferenceComponent";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteInferenceComponent {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let component = at_rest(&txn.state, caller, &input.inference_component_name)?;
        component::begin(txn, component, ComponentStatus::Deleting);
        Ok(Done {})
    }
}

pub struct DescribeInferenceComponent;
impl Operation for DescribeInferenceComponent {
    const NAME: &'static str = "DescribeInferenceComponent";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Component(input.inference_component_name.as_str().into())]
    }
}
impl Read for DescribeInferenceComponent {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        find(view.state, view.caller, &input.inference_component_name).map(Described)
    }
}

pub struct Described(Arc<InferenceComponent>);

impl Serialize for Described {
    /// The image of a container is told as it was deployed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let component = &*self.0;
        let told = component.told();
        let mut specification = told.map(|plan| Value::clone(&plan.specification)).unwrap_or_default();
        if let Some(container) = specification.get_mut("Container").and_then(Value::as_object_mut)
            && let Some(image) = container.remove("Image")
        {
            let image = image.as_str().unwrap_or_default();
            let resolved = endpoint::resolved(image);
            container.insert(
                "DeployedImage".to_owned(),
                json!({ "SpecifiedImage": image, "ResolvedImage": resolved, "ResolutionTime": component.created.millis() }),
            );
        }
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("InferenceComponentName", &*component.name)?;
        out.put("InferenceComponentArn", &component.arn)?;
        out.put("EndpointName", &*component.endpoint)?;
        out.put("EndpointArn", &component.endpoint_arn)?;
        out.put("VariantName", &*component.variant)?;
        out.maybe("FailureReason", component.told_failure().map(|failure| &failure.reason))?;
        out.maybe("Specification", told.map(|_| &specification))?;
        out.maybe(
            "RuntimeConfig",
            told.map(
                |plan| json!({ "DesiredCopyCount": plan.copies, "CurrentCopyCount": component.copies() }),
            ),
        )?;
        out.put("CreationTime", &component.created.millis())?;
        out.put("LastModifiedTime", &component.modified.millis())?;
        out.put("InferenceComponentStatus", component.status.word())?;
        out.maybe("LastDeploymentConfig", component.policy.as_deref())?;
        out.end()
    }
}

pub struct ListInferenceComponents;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    inference_components: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    creation_time: i64,
    inference_component_arn: String,
    inference_component_name: String,
    endpoint_arn: String,
    endpoint_name: String,
    variant_name: String,
    inference_component_status: &'static str,
    last_modified_time: i64,
}

impl Listed for InferenceComponent {
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
        self.status.word()
    }
}

impl Operation for ListInferenceComponents {
    const NAME: &'static str = "ListInferenceComponents";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}

impl Read for ListInferenceComponents {
    fn run(view: &View<'_>, input: ListIn) -> Result<ListOut, SageMakerError> {
        let is = |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
        let rows = view.state.components.iter().filter(|row| {
            is(&input.endpoint_name_equals, &row.endpoint) && is(&input.variant_name_equals, &row.variant)
        });
        let (rows, next_token) = list(rows, &input)?;
        let summary = |row: &Arc<InferenceComponent>| Summary {
            creation_time: row.created.millis(),
            inference_component_arn: row.arn.clone(),
            inference_component_name: row.name.to_string(),
            endpoint_arn: row.endpoint_arn.clone(),
            endpoint_name: row.endpoint.to_string(),
            variant_name: row.variant.to_string(),
            inference_component_status: row.status.word(),
            last_modified_time: row.modified.millis(),
        };
        Ok(ListOut { inference_components: rows.into_iter().map(summary).collect(), next_token })
    }
}
