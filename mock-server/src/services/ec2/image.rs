//! Machine images: the catalogue described.

use super::describe::{Nothing, Window};
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::filter::{Filter, Filters, Probe};
use super::network_interface::date;
use crate::model::image::{PUBLIC, Platform};
use crate::model::{Image, State, Tags};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;

/// The image with this id. Source: error codes of EC2; EC2-AMI-404.
///
/// # Errors
/// If there is none, or if the text is no id.
pub fn find_image(state: &State, id: &str) -> Result<Image, Ec2Error> {
    if !is_id(id) {
        return Err(InstanceError::ImageMalformed(id.to_owned()).into());
    }
    Image::get(&state.site.region, id).ok_or_else(|| InstanceError::ImageNotFound(id.to_owned()).into())
}

/// The image that `RunInstances` is told: by its id or by the public parameter that names it.
/// Source: API reference, ImageId of RequestLaunchTemplateData, which lists the forms.
///
/// # Errors
/// If there is none.
pub fn find_launched(state: &State, text: &str) -> Result<Image, Ec2Error> {
    let Some(asked) = text.strip_prefix("resolve:ssm:") else { return find_image(state, text) };
    // A public parameter has one version and no label.
    let name = asked.strip_suffix(":1").unwrap_or(asked);
    Image::named(&state.site.region, name)
        .ok_or_else(|| InstanceError::NoSuchParameter(asked.to_owned()).into())
}

fn is_id(text: &str) -> bool {
    let hex = text.strip_prefix("ami-").unwrap_or_default();
    matches!(hex.len(), 8 | 17) && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

pub struct DescribeImages;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeImagesIn {
    image_ids: Vec<String>,
    owners: Vec<String>,
    executable_users: Vec<String>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Operation for DescribeImages {
    const NAME: &'static str = "DescribeImages";
    type In = DescribeImagesIn;
    type Out = Page<Image>;
    type Error = Ec2Error;
}

impl Read for DescribeImages {
    fn run(view: &View<'_>, input: DescribeImagesIn) -> Result<Self::Out, Ec2Error> {
        if !input.image_ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds("imageIdsSet"));
        }
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, |key| {
            key.starts_with("ami-").then(|| key.to_owned())
        })?;
        let filters = Filters::new(input.filters, IMAGE_FILTERS)?;
        let images = Image::all(&view.state.site.region);
        let mut missing = Vec::new();
        for id in &input.image_ids {
            if !is_id(id) {
                return Err(InstanceError::ImageMalformed(id.clone()).into());
            }
            if images.iter().all(|image| image.id != *id) {
                missing.push(id.clone());
            }
        }
        match missing.as_slice() {
            [] => {}
            [one] => return Err(InstanceError::ImageNotFound(one.clone()).into()),
            many => return Err(InstanceError::ImagesNotFound(many.join(", ")).into()),
        }
        let ids: BTreeSet<&String> = input.image_ids.iter().collect();
        let has_owner = |image: &Image| {
            let owners = [image.release.owner, image.release.owner_alias];
            input.owners.is_empty() || input.owners.iter().any(|owner| owners.contains(&&**owner))
        };
        // All images are public: everybody may launch them, and nobody in particular.
        let for_all = input.executable_users.iter().all(|user| user == "all");
        let mut scratch = String::new();
        let rows = images
            .iter()
            .filter(|image| ids.is_empty() || ids.contains(&image.id))
            .filter(|image| for_all && has_owner(image))
            .filter(|image| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| image_values(image, name, probe))
            })
            .filter(|image| window.after.as_ref().is_none_or(|after| image.id > *after));
        let (rows, next_token) = page::cut(rows.cloned(), window.limit, |image| image.id.clone());
        Ok(Page { rows, next_token })
    }
}

pub const IMAGE_FILTERS: &[&str] = &[
    "architecture",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "boot-mode",
    "creation-date",
    "critical",
    "description",
    "ena-support",
    "free-tier-eligible",
    "high",
    "hypervisor",
    "image-allowed",
    "image-id",
    "image-type",
    "image-watermark.source-image-creation-time",
    "image-watermark.source-image-id",
    "image-watermark.source-image-region",
    "image-watermark.watermark-creation-time",
    "image-watermark.watermark-key",
    "informational",
    "instance-type-specification.supported-instance-type",
    "instance-type-specification.unsupported-instance-type",
    "is-public",
    "kernel-id",
    "low",
    "manifest-location",
    "medium",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "product-code",
    "product-code.type",
    "public-ssm-parameter-name",
    "ramdisk-id",
    "root-device-name",
    "root-device-type",
    "scan-result.critical-fix-available-since",
    "scan-result.finding-scan-date",
    "scan-result.high-fix-available-since",
    "scan-result.highest-finding-severity-label",
    "scan-result.informational-fix-available-since",
    "scan-result.low-fix-available-since",
    "scan-result.medium-fix-available-since",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "sriov-net-support",
    "state",
    "state-reason-code",
    "state-reason-message",
    "tag",
    "tag-key",
    "virtualization-type",
];

fn image_values(image: &Image, name: &str, probe: &mut Probe<'_>) {
    let release = &image.release;
    match name {
        "architecture" => probe.is(release.architecture),
        "creation-date" => probe.is(&date(release.created.millis())),
        "description" => probe.is(release.description),
        "ena-support" | "is-public" | "image-allowed" => probe.flag(true),
        "hypervisor" => probe.is("xen"),
        "image-id" => probe.is(&image.id),
        "image-type" => probe.is("machine"),
        "manifest-location" => probe.is(&location(image)),
        "name" => probe.is(release.name),
        "owner-alias" => probe.is(release.owner_alias),
        "owner-id" => probe.is(release.owner),
        "platform" if release.platform == Platform::Windows => probe.is("windows"),
        "public-ssm-parameter-name" => {
            release.parameters.iter().for_each(|name| probe.is(&format!("{PUBLIC}{name}")));
        }
        "root-device-name" => probe.is(release.root_device),
        "root-device-type" => probe.is("ebs"),
        "sriov-net-support" => probe.is("simple"),
        "state" => probe.is("available"),
        "virtualization-type" => probe.is(release.virtualization),
        // The images have no product codes, no sources, and none was scanned.
        _ => {}
    }
}

fn location(image: &Image) -> String {
    format!("{}/{}", image.release.owner_alias, image.release.name)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImageView<'a> {
    platform_details: &'static str,
    usage_operation: &'static str,
    block_device_mappings: Nothing,
    description: &'static str,
    ena_support: bool,
    hypervisor: &'static str,
    image_owner_alias: &'static str,
    name: &'static str,
    root_device_name: &'static str,
    root_device_type: &'static str,
    sriov_net_support: &'static str,
    virtualization_type: &'static str,
    image_id: &'a str,
    image_location: String,
    state: &'static str,
    owner_id: &'static str,
    creation_date: String,
    public: bool,
    architecture: &'static str,
    image_type: &'static str,
    platform: Option<&'static str>,
}

impl Printed for Image {
    const LIST: &'static str = "Images";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let release = &self.release;
        let (platform_details, usage_operation) = release.platform.billing();
        ImageView {
            platform_details,
            usage_operation,
            block_device_mappings: &[],
            description: release.description,
            ena_support: true,
            hypervisor: "xen",
            image_owner_alias: release.owner_alias,
            name: release.name,
            root_device_name: release.root_device,
            root_device_type: "ebs",
            sriov_net_support: "simple",
            virtualization_type: release.virtualization,
            image_id: &self.id,
            image_location: location(self),
            state: "available",
            owner_id: release.owner,
            creation_date: date(release.created.millis()),
            public: true,
            architecture: release.architecture,
            image_type: "machine",
            platform: (release.platform == Platform::Windows).then_some("windows"),
        }
        .serialize(serializer)
    }
}
