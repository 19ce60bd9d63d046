//! Endpoint configurations.

use super::error::SageMakerError;
use super::exclusion::{self, Asked};
use super::listing::{ListIn, Listed, list};
use super::members::Members;
use super::model;
use super::tags::{Tag, checked};
use crate::jobs::hosting::capture;
use crate::kernel::{Memo, SimTime};
use crate::model::{Document, EndpointConfig, InstanceGroup, Needs, State, Txn, Variant};
use crate::services::{Caller, Done, Operation, Read, Reply, ReplyWriter, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What errors call it.
const WHAT: &str = "endpoint configuration";

/// The ARN of the configuration with this name, be there one or not.
fn arn(caller: &Caller, name: &str) -> String {
    caller.arn("sagemaker", format_args!("endpoint-config/{name}"))
}

/// Members that are told again and have no effect: where they are, and what they are called.
pub(super) const IGNORED: &[(&str, &str)] = &[
    (
        "/AsyncInferenceConfig/OutputConfig/NotificationConfig",
        "AsyncInferenceConfig.OutputConfig.NotificationConfig",
    ),
    ("/ExplainerConfig", "ExplainerConfig"),
];

/// What has no effect only beside certain others. Calls of shadows are not captured; and where all variants have models,
/// these say what inference components are told by the configuration, and nothing is known of what the latter would do.
pub(super) const BESIDE: [&str; 4] = [
    "CONSOLIDATION of ManagedInstanceScaling",
    "DataCaptureConfig of ShadowProductionVariants",
    "ExecutionRoleArn of variants with a ModelName",
    "VpcConfig of variants with a ModelName",
];

/// Tells of a member that is accepted and has no effect.
pub fn tell_ignored(txn: &mut Txn<'_>, operation: &str, path: &str) {
    let message = format!("{path} is accepted and has no effect here");
    txn.note("ParameterIgnored", format!("sagemaker.{operation}"), None, message);
}

/// The configuration with this name.
///
/// # Errors
/// [`SageMakerError::Unknown`].
pub fn find(state: &State, caller: &Caller, name: &str) -> Result<Arc<EndpointConfig>, SageMakerError> {
    let unknown = || SageMakerError::Unknown { what: WHAT, arn: arn(caller, name) };
    state.endpoint_configs.get(&name.into()).cloned().ok_or_else(unknown)
}

pub struct CreateEndpointConfig;

/// Members that DescribeEndpointConfig tells again are kept as they are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    endpoint_config_name: String,
    production_variants: Document,
    data_capture_config: Option<Document>,
    tags: Option<Vec<Tag>>,
    kms_key_id: Option<Document>,
    async_inference_config: Option<Document>,
    explainer_config: Option<Document>,
    shadow_production_variants: Option<Document>,
    execution_role_arn: Option<String>,
    vpc_config: Option<Document>,
    enable_network_isolation: Option<bool>,
    metrics_config: Option<Document>,
    cross_region_traffic_config: Option<Document>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    endpoint_config_arn: String,
}

impl Operation for CreateEndpointConfig {
    const NAME: &'static str = "CreateEndpointConfig";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateEndpointConfig {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let request = request(&input);
        let variants = variants(&request)?;
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let arn = arn(caller, &input.endpoint_config_name);
        let name: Arc<str> = input.endpoint_config_name.as_str().into();
        if txn.state.endpoint_configs.contains(&name) {
            return Err(SageMakerError::Exists { what: WHAT, arn });
        }
        let models = variants.iter().map(|variant| {
            variant.model.as_deref().map(|name| model::find(&txn.state, caller, name)).transpose()
        });
        let models: Vec<_> = models.collect::<Result<_, _>>()?;
        let request = Value::Object(request);
        exclusion::check(&Asked {
            variants: &variants,
            models: &models,
            request: &request,
            in_vpc: input.vpc_config.is_some(),
            isolated: input.enable_network_isolation == Some(true),
            has_role: input.execution_role_arn.is_some(),
        })?;
        let needs = Needs {
            role_arn: input.execution_role_arn.clone().unwrap_or_default(),
            vpc: input.vpc_config.as_deref().map(model::vpc_config),
            network_isolation: input.enable_network_isolation.unwrap_or(false),
            ..Needs::default()
        };
        model::ask(txn, &format!("endpoint-config/{name}"), &needs)?;
        for (pointer, path) in IGNORED {
            let given = |config: &Value| config.pointer(pointer).is_some_and(|value| *value != json!(false));
            if given(&request) {
                tell_ignored(txn, "CreateEndpointConfig", path);
            }
        }
        let modelled = variants.iter().all(|variant| variant.model.is_some());
        let consolidates = |variant: &Variant| {
            variant.request["ManagedInstanceScaling"]["ScaleInPolicy"]["Strategy"] == "CONSOLIDATION"
        };
        let without = [
            variants.iter().any(consolidates),
            variants.iter().any(|variant| variant.shadow) && capture::is_on(&request),
            modelled && input.execution_role_arn.is_some(),
            modelled && input.vpc_config.is_some(),
        ];
        for (path, _) in BESIDE.iter().zip(without).filter(|(_, without)| *without) {
            tell_ignored(txn, CreateEndpointConfig::NAME, path);
        }
        txn.state.endpoint_configs.insert(EndpointConfig {
            name,
            arn: arn.clone(),
            variants,
            execution_role_arn: needs.role_arn,
            vpc: needs.vpc,
            network_isolation: needs.network_isolation,
            request: Arc::new(request),
            created: txn.now,
            tags,
            memo: Memo::default(),
        });
        Ok(CreateOut { endpoint_config_arn: arn })
    }
}

/// What is told again, with the defaults that AWS fills in. Source: API reference, ProductionVariant; described
/// configurations in public repositories.
fn request(input: &CreateIn) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, document) in [
        ("ProductionVariants", Some(&input.production_variants)),
        ("DataCaptureConfig", input.data_capture_config.as_ref()),
        ("KmsKeyId", input.kms_key_id.as_ref()),
        ("AsyncInferenceConfig", input.async_inference_config.as_ref()),
        ("ExplainerConfig", input.explainer_config.as_ref()),
        ("ShadowProductionVariants", input.shadow_production_variants.as_ref()),
        ("VpcConfig", input.vpc_config.as_ref()),
        ("MetricsConfig", input.metrics_config.as_ref()),
        ("CrossRegionTrafficConfig", input.cross_region_traffic_config.as_ref()),
    ] {
        if let Some(document) = document {
            all.insert(name.to_owned(), Value::clone(document));
        }
    }
    for name in ["ProductionVariants", "ShadowProductionVariants"] {
        let variants = all.get_mut(name).and_then(Value::as_array_mut);
        for variant in variants.into_iter().flatten().filter_map(Value::as_object_mut) {
            variant.entry("InitialVariantWeight").or_insert(json!(1.0));
        }
    }
    all
}

/// The variants of a request. Source: API reference, CreateEndpointConfig and ProductionVariant.
fn variants(request: &Map<String, Value>) -> Result<Vec<Variant>, SageMakerError> {
    let listed = |name: &str| request.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (production, shadows) = (listed("ProductionVariants"), listed("ShadowProductionVariants"));
    if !shadows.is_empty() && (production.len(), shadows.len()) != (1, 1) {
        return Err(SageMakerError::OneShadow);
    }
    let mut names = BTreeSet::new();
    let all = production.iter().map(|given| (given, false)).chain(shadows.iter().map(|given| (given, true)));
    all.map(|(given, shadow)| {
        let name = given["VariantName"].as_str().unwrap_or_default().to_owned();
        if !names.insert(name.clone()) {
            return Err(SageMakerError::VariantTwice(name));
        }
        let instances = instances(given).ok_or_else(|| SageMakerError::VariantCapacity(name.clone()))?;
        let memory = given["ServerlessConfig"]["MemorySizeInMB"].as_u64();
        if let Some(size) = memory.filter(|size| size % 1_024 != 0) {
            return Err(SageMakerError::ServerlessMemory { size });
        }
        Ok(Variant {
            name,
            model: given["ModelName"].as_str().map(Arc::from),
            instances,
            weight: given["InitialVariantWeight"].as_f64().unwrap_or(1.0),
            shadow,
            request: Arc::new(given.clone()),
        })
    })
    .collect()
}

/// The instances of a variant, `Some(None)` if it is serverless; `None` if the request does not say.
///
/// Of instance pools the one that comes first provides all, as long as there is capacity for it.
fn instances(variant: &Value) -> Option<Option<InstanceGroup>> {
    let count =
        variant["InitialInstanceCount"].as_u64().map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let pools = variant["InstancePools"].as_array().map_or(&[][..], Vec::as_slice);
    let pool = pools.iter().min_by_key(|pool| pool["Priority"].as_u64());
    let pool = pool.and_then(|pool| pool["InstanceType"].as_str());
    match (variant["InstanceType"].as_str(), pool, variant.get("ServerlessConfig")) {
        (Some(instance_type), None, None) => {
            Some(Some(InstanceGroup { instance_type: instance_type.to_owned(), count: count? }))
        }
        (None, Some(instance_type), None) => {
            Some(Some(InstanceGroup { instance_type: instance_type.to_owned(), count: count.unwrap_or(1) }))
        }
        (None, None, Some(_)) => Some(None),
        _ => None,
    }
}

/// The input of every operation that names one configuration and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    endpoint_config_name: String,
}

pub struct DescribeEndpointConfig;
impl Operation for DescribeEndpointConfig {
    const NAME: &'static str = "DescribeEndpointConfig";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;
}
impl Read for DescribeEndpointConfig {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        find(view.state, view.caller, &input.endpoint_config_name).map(Described)
    }
}

/// A configuration, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<EndpointConfig>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a EndpointConfig);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let config = self.0;
        let role = Some(&config.execution_role_arn).filter(|arn| !arn.is_empty());
        let mut out = Members::new(serializer, &config.request)?;
        out.put("EndpointConfigName", &*config.name)?;
        out.put("EndpointConfigArn", &config.arn)?;
        out.repeat("ProductionVariants")?;
        out.repeat("DataCaptureConfig")?;
        out.repeat("KmsKeyId")?;
        out.put("CreationTime", &config.created.millis())?;
        out.repeat("AsyncInferenceConfig")?;
        out.repeat("ExplainerConfig")?;
        out.repeat("ShadowProductionVariants")?;
        out.maybe("ExecutionRoleArn", role)?;
        out.repeat("VpcConfig")?;
        out.put("EnableNetworkIsolation", &config.network_isolation)?;
        out.repeat("MetricsConfig")?;
        out.repeat("CrossRegionTrafficConfig")?;
        out.end()
    }
}

pub struct ListEndpointConfigs;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    endpoint_configs: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    endpoint_config_name: String,
    endpoint_config_arn: String,
    creation_time: i64,
}

impl Listed for EndpointConfig {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
}

impl Operation for ListEndpointConfigs {
    const NAME: &'static str = "ListEndpointConfigs";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}
impl Read for ListEndpointConfigs {
    fn run(view: &View<'_>, input: ListIn) -> Result<ListOut, SageMakerError> {
        let (rows, next_token) = list(view.state.endpoint_configs.iter(), &input)?;
        let endpoint_configs = rows.into_iter().map(|row| Summary {
            endpoint_config_name: row.name.to_string(),
            endpoint_config_arn: row.arn.clone(),
            creation_time: row.created.millis(),
        });
        Ok(ListOut { endpoint_configs: endpoint_configs.collect(), next_token })
    }
}

pub struct DeleteEndpointConfig;
impl Operation for DeleteEndpointConfig {
    const NAME: &'static str = "DeleteEndpointConfig";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteEndpointConfig {
    /// Endpoints that use the configuration go on: the reference warns of deleting it, and nothing forbids it.
    /// Source: API reference, DeleteEndpointConfig.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let config = find(&txn.state, caller, &input.endpoint_config_name)?;
        txn.state.endpoint_configs.remove(&config.name);
        Ok(Done {})
    }
}
