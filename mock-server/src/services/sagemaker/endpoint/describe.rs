//! DescribeEndpoint.

use super::super::error::SageMakerError;
use super::super::members::Members;
use super::{Named, find};
use crate::kernel::{SimTime, digest};
use crate::model::{DeployedVariant, Deployment, Endpoint, Owner};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

pub struct DescribeEndpoint;

impl Operation for DescribeEndpoint {
    const NAME: &'static str = "DescribeEndpoint";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Endpoint(input.endpoint_name.as_str().into())]
    }
}

impl Read for DescribeEndpoint {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        find(view.state, view.caller, &input.endpoint_name).map(Described)
    }
}

/// An endpoint, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<Endpoint>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a Endpoint);

impl Serialize for Printed<'_> {
    /// Until an update is done the endpoint is described as it was, and what is to come as `PendingDeploymentSummary`.
    /// An endpoint that was never in service has no variants yet: so do SDK logs in public repositories show it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let endpoint = self.0;
        let serving = endpoint.serving.as_ref();
        let told = serving.or(endpoint.pending.as_ref());
        // What changes under the very deployment that serves is told of its variants.
        let scaled = endpoint.scaled();
        let wanted = scaled.map(|to| Wanted { deployment: to, since: endpoint.modified });
        let rolling = endpoint.rolling.as_ref();
        let old = rolling.map(|rolling| rolling.old);
        let variants = |shadow| serving.and_then(|serving| Summary::all(serving, wanted, old, shadow));
        let request = told.map_or(&Value::Null, |deployment| &*deployment.request);
        let mut out = Members::new(serializer, request)?;
        out.put("EndpointName", &*endpoint.name)?;
        out.put("EndpointArn", &endpoint.arn)?;
        out.maybe("EndpointConfigName", told.map(|deployment| &*deployment.config))?;
        out.maybe("ProductionVariants", variants(false))?;
        out.maybe("DataCaptureConfig", CaptureSummary::of(&request["DataCaptureConfig"], serving.is_some()))?;
        out.put("EndpointStatus", endpoint.status_word())?;
        out.maybe("FailureReason", endpoint.told_failure().map(|failure| &failure.reason))?;
        out.put("CreationTime", &endpoint.created.millis())?;
        out.put("LastModifiedTime", &endpoint.modified.millis())?;
        out.maybe("LastDeploymentConfig", endpoint.policy.as_deref())?;
        out.repeat("AsyncInferenceConfig")?;
        out.maybe(
            "PendingDeploymentSummary",
            endpoint.in_progress().filter(|_| scaled.is_none()).map(|pending| Pending::of(pending, endpoint)),
        )?;
        out.repeat("ExplainerConfig")?;
        out.maybe("ShadowProductionVariants", variants(true))?;
        out.repeat("MetricsConfig")?;
        out.repeat("CrossRegionTrafficConfig")?;
        out.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pending<'a> {
    endpoint_config_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    production_variants: Option<Vec<Summary<'a>>>,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow_production_variants: Option<Vec<Summary<'a>>>,
}

impl<'a> Pending<'a> {
    fn of(deployment: &'a Deployment, endpoint: &Endpoint) -> Self {
        let rolling = endpoint.rolling.as_ref();
        // Of what comes in batches each is made, and then watched. That it is told so is assumed.
        let shares = match rolling {
            Some(rolling) => (rolling.coming == 0).then_some(&[1.0][..]),
            None => endpoint.shifted.as_deref(),
        };
        let shifted = shares.map(|shares| (shares, endpoint.modified));
        let there = rolling.map(|rolling| rolling.new);
        Self {
            endpoint_config_name: &deployment.config,
            production_variants: Summary::pending(deployment, shifted, there, false),
            start_time: deployment.started.millis(),
            shadow_production_variants: Summary::pending(deployment, shifted, there, true),
        }
    }
}

/// A variant, as it serves or as it is deployed.
struct Summary<'a> {
    variant: &'a DeployedVariant,
    since: SimTime,
    pending: bool,
    /// Of one that is pending: the share of its traffic that its deployment has already, and since when.
    shifted: Option<(f64, SimTime)>,
    /// How many of its instances are in service, if its deployment comes or goes in batches.
    there: Option<u32>,
    /// What it is to be, and from when on.
    wanted: Option<(&'a DeployedVariant, SimTime)>,
}

/// What the deployment that serves is about to become.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    deployment: &'a Deployment,
    since: SimTime,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VariantStatus {
    status: &'static str,
    start_time: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pool<'a> {
    instance_type: &'a str,
    current_instance_count: u32,
}

impl<'a> Summary<'a> {
    /// The variants of production, or the shadows; `None` if there are none.
    fn all(
        serving: &'a Deployment,
        wanted: Option<Wanted<'a>>,
        there: Option<u32>,
        shadow: bool,
    ) -> Option<Vec<Self>> {
        let all = serving.variants.iter().enumerate().map(|(i, variant)| {
            let wanted = wanted.and_then(|to| Some((to.deployment.variants.get(i)?, to.since)));
            Self { variant, since: serving.started, pending: false, shifted: None, there, wanted }
        });
        let all: Vec<_> = all.filter(|summary| summary.variant.shadow == shadow).collect();
        (!all.is_empty()).then_some(all)
    }

    /// The same of a deployment that does not serve yet.
    fn pending(
        deployment: &'a Deployment,
        shifted: Option<(&[f64], SimTime)>,
        there: Option<u32>,
        shadow: bool,
    ) -> Option<Vec<Self>> {
        let all = Self::all(deployment, None, there, shadow)?;
        let shifted = |of: &DeployedVariant| {
            let (shares, since) = shifted?;
            let place = deployment.variants.iter().position(|variant| variant.name == of.name)?;
            Some((shares.get(place).copied()?, since))
        };
        let all = all.into_iter();
        Some(all.map(|it| Self { pending: true, shifted: shifted(it.variant), ..it }).collect())
    }

    /// What is being done to it. A change of its weight has no word.
    fn status(&self) -> Option<[VariantStatus; 1]> {
        let told = |status, since: SimTime| Some([VariantStatus { status, start_time: since.millis() }]);
        match self.wanted {
            // Once all traffic is there the new deployment is only watched. Words: API reference, VariantStatus; when
            // which is told is assumed.
            _ if self.pending => match self.shifted {
                None => told("Creating", self.since),
                Some((share, since)) if share < 1.0 => told("ActivatingTraffic", since),
                Some((_, since)) => told("Baking", since),
            },
            Some((wanted, since))
                if wanted.instance_count() != self.variant.instance_count()
                    || wanted.serverless != self.variant.serverless =>
            {
                told("Updating", since)
            }
            _ => None,
        }
    }
}

impl Serialize for Summary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let &Self { variant, since, pending, shifted, there, wanted } = self;
        let desired = wanted.map_or(variant, |(wanted, _)| wanted);
        let images: Vec<_> = variant.images.iter().map(|image| DeployedImage::of(image, since)).collect();
        let group = variant.needs.instances.first();
        let current = variant.instance_count().map(|count| match there {
            Some(there) => there,
            None if pending && shifted.is_none() => 0,
            None => count,
        });
        let pools = variant.request.get("InstancePools").and(group).map(|group| {
            let current_instance_count = current.unwrap_or(0);
            [Pool { instance_type: &group.instance_type, current_instance_count }]
        });
        let mut out = Members::new(serializer, &variant.request)?;
        out.put("VariantName", &variant.name)?;
        out.maybe("DeployedImages", Some(images).filter(|images| !images.is_empty()))?;
        out.maybe("CurrentWeight", (!pending).then_some(variant.weight))?;
        out.put("DesiredWeight", &desired.weight)?;
        out.maybe("CurrentInstanceCount", current)?;
        out.maybe("DesiredInstanceCount", desired.instance_count())?;
        if pending {
            out.maybe("InstanceType", group.map(|group| &group.instance_type))?;
        }
        out.maybe("InstancePools", pools)?;
        out.maybe("VariantStatus", self.status())?;
        out.maybe("CurrentServerlessConfig", variant.serverless.as_deref().filter(|_| !pending))?;
        let asked = pending || desired.serverless != variant.serverless;
        out.maybe("DesiredServerlessConfig", desired.serverless.as_deref().filter(|_| asked))?;
        out.repeat("ManagedInstanceScaling")?;
        out.repeat("RoutingConfig")?;
        out.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeployedImage<'a> {
    specified_image: &'a str,
    resolved_image: String,
    resolution_time: i64,
}

impl<'a> DeployedImage<'a> {
    fn of(image: &'a str, at: SimTime) -> Self {
        Self { specified_image: image, resolved_image: resolved(image), resolution_time: at.millis() }
    }
}

/// There is no registry here: an image's digest follows from its name.
pub fn resolved(image: &str) -> String {
    let repository = image.split_once('@').map_or(image, |(repository, _)| repository);
    let repository = match repository.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => repository,
    };
    let half = |n: u8| digest(0, &[image.as_bytes(), &[n]]);
    format!("{repository}@sha256:{:032x}{:032x}", half(0), half(1))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CaptureSummary<'a> {
    enable_capture: bool,
    capture_status: &'static str,
    current_sampling_percentage: &'a Value,
    destination_s3_uri: &'a Value,
    kms_key_id: &'a str,
}

impl<'a> CaptureSummary<'a> {
    fn of(config: &'a Value, serves: bool) -> Option<Self> {
        let enabled = config["EnableCapture"].as_bool().unwrap_or(false);
        config.is_object().then(|| Self {
            enable_capture: enabled,
            capture_status: if enabled && serves { "Started" } else { "Stopped" },
            current_sampling_percentage: &config["InitialSamplingPercentage"],
            destination_s3_uri: &config["DestinationS3Uri"],
            kms_key_id: config["KmsKeyId"].as_str().unwrap_or_default(),
        })
    }
}
