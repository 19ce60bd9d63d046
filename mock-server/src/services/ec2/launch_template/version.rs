//! Versions of launch templates.

use super::super::client_token::Stamp;
use super::super::describe::{Text, Window};
use super::super::error::Ec2Error;
use super::super::error::launch_template::LaunchTemplateError;
use super::super::filter::{Filter, Filters, Probe};
use super::super::network_interface::date;
use super::{Operator, find_template, launch};
use crate::model::{Id, LaunchTemplate, LaunchTemplateId, LaunchVersion, State, Tags, Txn};
use crate::services::{Caller, Operation, Page, Printed, Read, View, Write, page, sts};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// A version on its way out.
pub struct ShownVersion {
    template: Arc<LaunchTemplate>,
    version: Arc<LaunchVersion>,
    /// The image in place of the parameter that names it.
    resolved: Option<String>,
}

impl ShownVersion {
    fn new(
        state: &State,
        template: &Arc<LaunchTemplate>,
        version: &Arc<LaunchVersion>,
        resolve: bool,
    ) -> Self {
        let image = version.data.get("ImageId").and_then(Value::as_str).filter(|_| resolve);
        let resolved = image.and_then(|image| launch::image(state, image).ok()).map(|image| image.id);
        Self { template: template.clone(), version: version.clone(), resolved }
    }

    /// Lists are in the order of this, and tokens name it.
    fn place(&self) -> (LaunchTemplateId, u64) {
        (self.template.id, self.version.number)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionView<'a> {
    launch_template_id: Text<LaunchTemplateId>,
    launch_template_name: &'a str,
    version_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_description: Option<&'a str>,
    create_time: i64,
    created_by: &'a str,
    default_version: bool,
    launch_template_data: &'a Value,
    operator: Operator,
}

impl Serialize for ShownVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (template, version) = (&*self.template, &*self.version);
        let resolved = self.resolved.as_ref().map(|image| {
            let mut data = version.data.clone();
            data["ImageId"] = Value::from(image.as_str());
            data
        });
        VersionView {
            launch_template_id: Text(template.id),
            launch_template_name: &template.name,
            version_number: version.number,
            version_description: version.description.as_deref(),
            create_time: version.created.millis(),
            created_by: &version.created_by,
            default_version: template.default_version == version.number,
            launch_template_data: resolved.as_ref().unwrap_or(&version.data),
            operator: Operator { managed: false },
        }
        .serialize(serializer)
    }
}

impl Printed for ShownVersion {
    const LIST: &'static str = "LaunchTemplateVersions";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

// === Create ===

/// Adds a version; it takes from the source version what it does not say itself.
pub struct CreateLaunchTemplateVersion;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateVersionIn {
    client_token: Option<String>,
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    source_version: Option<String>,
    version_description: Option<String>,
    launch_template_data: Option<Value>,
    resolve_alias: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVersionOut {
    launch_template_version: ShownVersion,
}

impl Operation for CreateLaunchTemplateVersion {
    const NAME: &'static str = "CreateLaunchTemplateVersion";
    type In = CreateVersionIn;
    type Out = CreateVersionOut;
    type Error = Ec2Error;
}

impl Write for CreateLaunchTemplateVersion {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        mut input: CreateVersionIn,
    ) -> Result<CreateVersionOut, Ec2Error> {
        let token = input.client_token.take().filter(|token| !token.is_empty());
        let stamp = token.map(|token| Stamp::new(Self::NAME, &token, &input)).transpose()?;
        let resolve = input.resolve_alias;
        let (id, number) = match &stamp {
            Some(stamp) => match stamp.made(&txn.state)? {
                Some(made) => (LaunchTemplateId::from_hex(made), None),
                None => {
                    let (id, number) = create(txn, caller, input, Some(stamp.key()))?;
                    stamp.keep(&mut txn.state, id.hex());
                    (id, Some(number))
                }
            },
            None => create(txn, caller, input, None).map(|(id, number)| (id, Some(number)))?,
        };
        let missing = || LaunchTemplateError::NoSuchId(id.to_string());
        let template = txn.state.launch_templates.get(&id).ok_or_else(missing)?;
        let is_it = |version: &&Arc<LaunchVersion>| match number {
            Some(number) => version.number == number,
            None => version.client_token == stamp.as_ref().map(Stamp::key),
        };
        let version = template.versions.values().find(is_it).ok_or_else(missing)?;
        Ok(CreateVersionOut {
            launch_template_version: ShownVersion::new(&txn.state, template, version, resolve),
        })
    }
}

fn create(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: CreateVersionIn,
    client_token: Option<u128>,
) -> Result<(LaunchTemplateId, u64), Ec2Error> {
    let (id, name) = (input.launch_template_id.as_deref(), input.launch_template_name.as_deref());
    let template = find_template(&txn.state, id, name)?;
    let given = input.launch_template_data.ok_or(Ec2Error::MissingParameter("LaunchTemplateData"))?;
    let data = match input.source_version {
        None => given,
        Some(source) => launch::over(&wanted(template, &source)?.data, given),
    };
    launch::check(&txn.state, &data)?;
    let mut template = LaunchTemplate::clone(template);
    template.last_number += 1;
    let version = LaunchVersion {
        number: template.last_number,
        description: input.version_description,
        created: txn.now,
        created_by: sts::arn_of(caller).into(),
        data,
        client_token,
    };
    template.versions.insert(version.number, Arc::new(version));
    let row = txn.state.launch_templates.insert(template);
    Ok((row.id, row.last_number))
}

/// The version that is asked for.
pub fn wanted<'a>(template: &'a LaunchTemplate, text: &str) -> Result<&'a Arc<LaunchVersion>, Ec2Error> {
    let missing = || LaunchTemplateError::NoSuchVersion { version: text.to_owned(), id: template.id };
    template.version(text).ok_or_else(|| missing().into())
}

// === Describe ===

pub struct DescribeLaunchTemplateVersions;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeVersionsIn {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    versions: Vec<String>,
    min_version: Option<String>,
    max_version: Option<String>,
    filters: Vec<Filter>,
    resolve_alias: bool,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub const VERSION_FILTERS: &[&str] = &[
    "create-time",
    "ebs-optimized",
    "host-resource-group-arn",
    "http-endpoint",
    "http-protocol-ipv4",
    "http-tokens",
    "iam-instance-profile",
    "image-id",
    "instance-type",
    "is-default-version",
    "kernel-id",
    "license-configuration-arn",
    "network-card-index",
    "ram-disk-id",
];

/// The values of the data under one of the filters: what lies at a path, in each element of a list.
fn values(template: &LaunchTemplate, version: &LaunchVersion, name: &str, probe: &mut Probe<'_>) {
    let paths: &[&[&str]] = match name {
        "create-time" => return probe.is(&date(version.created.millis())),
        "is-default-version" => return probe.flag(template.default_version == version.number),
        "ebs-optimized" => &[&["EbsOptimized"]],
        "host-resource-group-arn" => &[&["Placement", "HostResourceGroupArn"]],
        "http-endpoint" => &[&["MetadataOptions", "HttpEndpoint"]],
        "http-protocol-ipv4" => &[&["MetadataOptions", "HttpProtocolIpv6"]],
        "http-tokens" => &[&["MetadataOptions", "HttpTokens"]],
        "iam-instance-profile" => &[&["IamInstanceProfile", "Arn"], &["IamInstanceProfile", "Name"]],
        "image-id" => &[&["ImageId"]],
        "instance-type" => &[&["InstanceType"]],
        "kernel-id" => &[&["KernelId"]],
        "license-configuration-arn" => &[&["LicenseSpecifications", "LicenseConfigurationArn"]],
        "network-card-index" => &[&["NetworkInterfaces", "NetworkCardIndex"]],
        "ram-disk-id" => &[&["RamDiskId"]],
        _ => return probe.unknown(),
    };
    paths.iter().for_each(|path| at(&version.data, path, probe));
}

fn at(data: &Value, path: &[&str], probe: &mut Probe<'_>) {
    match (data, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| at(item, path, probe)),
        (Value::Object(members), [first, rest @ ..]) => {
            members.get(*first).into_iter().for_each(|inner| at(inner, rest, probe));
        }
        (Value::String(text), []) => probe.is(text),
        (Value::Null, _) => {}
        (other, []) => probe.show(other),
        _ => {}
    }
}

impl Operation for DescribeLaunchTemplateVersions {
    const NAME: &'static str = "DescribeLaunchTemplateVersions";
    type In = DescribeVersionsIn;
    type Out = Page<ShownVersion>;
    type Error = Ec2Error;
}

impl Read for DescribeLaunchTemplateVersions {
    fn run(view: &View<'_>, input: DescribeVersionsIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        let window = Window::between(input.max_results, input.next_token.as_deref(), 1, 200, |key| {
            let (id, number) = key.split_once(' ')?;
            Some((LaunchTemplateId::parse(id)?, number.parse::<u64>().ok()?))
        })?;
        let filters = Filters::new(input.filters, VERSION_FILTERS)?;
        let (id, name) = (input.launch_template_id.as_deref(), input.launch_template_name.as_deref());
        let shown = |template, version| ShownVersion::new(state, template, version, input.resolve_alias);
        let mut rows = Vec::new();
        if id.is_none() && name.is_none() {
            if input.versions.is_empty() {
                return Err(LaunchTemplateError::NoVersions.into());
            }
            if input.versions.iter().any(|version| version != "$Latest" && version != "$Default") {
                return Err(LaunchTemplateError::NumbersOfAll.into());
            }
            for template in state.launch_templates.iter() {
                let found = input.versions.iter().filter_map(|version| template.version(version));
                rows.extend(found.map(|version| shown(template, version)));
            }
        } else {
            let template = find_template(state, id, name)?;
            for version in &input.versions {
                rows.push(shown(template, wanted(template, version)?));
            }
            if input.versions.is_empty() {
                let least = input.min_version.map(bound).transpose()?.unwrap_or(0);
                let most = input.max_version.map(bound).transpose()?.unwrap_or(u64::MAX);
                let all = template.versions.values().filter(|it| (least..=most).contains(&it.number));
                rows.extend(all.map(|version| shown(template, version)));
            }
        }
        rows.sort_by_key(ShownVersion::place);
        rows.dedup_by_key(|row| row.place());
        let mut scratch = String::new();
        let rows = rows.into_iter().filter(|row| {
            filters.pass(&mut scratch, &Tags::default(), |name, probe| {
                values(&row.template, &row.version, name, probe);
            }) && window.after.is_none_or(|after| row.place() > after)
        });
        let (rows, next_token) = page::cut(rows, window.limit, |row| {
            let (id, number) = row.place();
            format!("{id} {number}")
        });
        Ok(Page { rows, next_token })
    }
}

fn bound(text: String) -> Result<u64, Ec2Error> {
    text.parse().map_err(|_| LaunchTemplateError::BadVersionNumber(text).into())
}

// === Delete ===

/// Deletes versions, each by itself. "You can't delete the default version."
pub struct DeleteLaunchTemplateVersions;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteVersionsIn {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    versions: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVersionsOut {
    successfully_deleted_launch_template_versions: Vec<DeletedVersion>,
    unsuccessfully_deleted_launch_template_versions: Vec<KeptVersion>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletedVersion {
    launch_template_id: Text<LaunchTemplateId>,
    launch_template_name: Arc<str>,
    version_number: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeptVersion {
    launch_template_id: Text<LaunchTemplateId>,
    launch_template_name: Arc<str>,
    version_number: u64,
    response_error: ResponseError,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResponseError {
    code: &'static str,
    message: String,
}

impl Operation for DeleteLaunchTemplateVersions {
    const NAME: &'static str = "DeleteLaunchTemplateVersions";
    type In = DeleteVersionsIn;
    type Out = DeleteVersionsOut;
    type Error = Ec2Error;
}

impl Write for DeleteLaunchTemplateVersions {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteVersionsIn) -> Result<DeleteVersionsOut, Ec2Error> {
        let (id, name) = (input.launch_template_id.as_deref(), input.launch_template_name.as_deref());
        let mut template = LaunchTemplate::clone(find_template(&txn.state, id, name)?);
        let (mut deleted, mut kept) = (Vec::new(), Vec::new());
        for number in input.versions.into_iter().map(bound).collect::<Result<Vec<_>, _>>()? {
            let (launch_template_id, launch_template_name) = (Text(template.id), template.name.clone());
            // The codes are those of the service model; which of them stands for the default version is assumed, and
            // so are the texts.
            let (code, message) = if number == template.default_version {
                ("unexpectedError", "The default version of a launch template cannot be deleted.".to_owned())
            } else if let Some(version) = template.versions.remove(&number) {
                txn.state.forget_token(version.client_token);
                deleted.push(DeletedVersion {
                    launch_template_id,
                    launch_template_name,
                    version_number: number,
                });
                continue;
            } else {
                let missing =
                    LaunchTemplateError::NoSuchVersion { version: number.to_string(), id: template.id };
                ("launchTemplateVersionDoesNotExist", missing.to_string())
            };
            kept.push(KeptVersion {
                launch_template_id,
                launch_template_name,
                version_number: number,
                response_error: ResponseError { code, message },
            });
        }
        txn.state.launch_templates.insert(template);
        Ok(DeleteVersionsOut {
            successfully_deleted_launch_template_versions: deleted,
            unsuccessfully_deleted_launch_template_versions: kept,
        })
    }
}
