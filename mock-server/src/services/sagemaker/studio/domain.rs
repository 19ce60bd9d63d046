//! Domains.

use super::super::error::{SageMakerError, StudioError};
use super::super::tags::Tag;
use super::lifecycle;
use super::{
    Described, MOST_GROUPS, at_rest, common, delete, domain_key, find, groups, has_apps, member_key, merge,
    modified, new, said, url,
};
use crate::jobs::studio;
use crate::kernel::digest;
use crate::model::{
    Document, Id, JobKey, JobKind, Needs, Owner, State, StudioMember, StudioStatus, SubnetId, Txn, VpcConfig,
    VpcId,
};
use crate::rules::{self, Case, Paths, Phase};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    domain_arn: String,
    domain_id: String,
    url: String,
}

pub struct CreateDomain;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    domain_name: String,
    auth_mode: String,
    default_user_settings: Document,
    domain_settings: Option<Document>,
    subnet_ids: Option<Vec<String>>,
    vpc_id: Option<String>,
    tags: Option<Vec<Tag>>,
    app_network_access_type: Option<String>,
    home_efs_file_system_kms_key_id: Option<String>,
    kms_key_id: Option<String>,
    app_security_group_management: Option<String>,
    home_efs_file_system_creation: Option<String>,
    tag_propagation: Option<String>,
    default_space_settings: Option<Document>,
}

impl Operation for CreateDomain {
    const NAME: &'static str = "CreateDomain";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

/// The VPC and the subnets of a domain, if they belong together.
fn place(
    state: &State,
    vpc: Option<&str>,
    subnets: &[String],
) -> Result<(VpcId, Vec<SubnetId>), StudioError> {
    let (Some(name), false) = (vpc, subnets.is_empty()) else { return Err(StudioError::DomainNetwork) };
    let vpc = VpcId::parse(name).filter(|id| state.vpcs.contains(id));
    let vpc = vpc.ok_or_else(|| StudioError::NoSuchVpc { vpc: name.to_owned() })?;
    let mut ids = Vec::new();
    let mut strangers = Vec::new();
    for subnet in subnets {
        match SubnetId::parse(subnet).filter(|id| state.subnets.get(id).is_some_and(|row| row.vpc == vpc)) {
            Some(id) if !ids.contains(&id) => ids.push(id),
            Some(_) => {}
            None => strangers.push(subnet.as_str()),
        }
    }
    if !strangers.is_empty() {
        return Err(StudioError::DomainSubnets { subnets: strangers.join(", "), vpc: vpc.to_string() });
    }
    Ok((vpc, ids))
}

/// Asks the rules about a role and a network that settings name. What they say of notebook instances they say of Studio,
/// whose apps are notebooks too.
pub(super) fn ask(
    txn: &mut Txn<'_>,
    key: &str,
    settings: &Value,
    subnets: Vec<String>,
) -> Result<(), SageMakerError> {
    let named = groups(settings);
    if named.len() > MOST_GROUPS {
        return Err(StudioError::StudioGroups { most: MOST_GROUPS }.into());
    }
    let needs = Needs {
        role_arn: settings["ExecutionRole"].as_str().unwrap_or_default().to_owned(),
        vpc: Some(VpcConfig { subnets, groups: named }),
        ..Needs::default()
    };
    let kind = JobKind::Notebook;
    let name = JobKey { kind, name: key.into() };
    let paths = Paths::new(Phase::Create, Vec::new());
    let case = Case { paths: Some(&paths), ..Case::new(txn, &name, &needs) };
    let report = rules::evaluate(Phase::Create, &case, &txn.global.rule_modes);
    crate::jobs::warn(txn, key, kind, &report);
    match report.decisive() {
        Some(finding) => Err(SageMakerError::rule(&txn.state.texts, kind, finding)),
        None => Ok(()),
    }
}

impl Write for CreateDomain {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        if input.home_efs_file_system_creation.as_deref() == Some("Disabled") {
            return Err(StudioError::StudioForm("a domain without a file system").into());
        }
        let named = input.subnet_ids.clone().unwrap_or_default();
        // Rules first: they know of subnets and groups that are not there.
        ask(txn, &format!("domain/{}", input.domain_name), &input.default_user_settings, named.clone())?;
        let (vpc, subnets) = place(&txn.state, input.vpc_id.as_deref(), &named)?;
        for settings in [Some(&input.default_user_settings), input.default_space_settings.as_ref()] {
            settings.map(|settings| lifecycle::check(&txn.state, settings)).transpose()?;
        }
        let used = txn.state.studio.iter().filter(|row| row.key.member.is_none()).count();
        let most = txn.state.quotas.studio_domains;
        if used >= most {
            return Err(StudioError::TooManyDomains { most, used }.into());
        }
        let access = input.app_network_access_type.unwrap_or("PublicInternetOnly".to_owned());
        if access == "VpcOnly" && groups(&input.default_user_settings).is_empty() {
            return Err(StudioError::VpcOnlyGroups.into());
        }
        let key = input.kms_key_id.or(input.home_efs_file_system_kms_key_id);
        let text = |value: Option<String>| value.map(|text| json!(text));
        let tree = |value: Option<Document>| value.map(|tree| Value::clone(&tree));
        let request = said([
            ("DomainName", Some(json!(input.domain_name))),
            ("AuthMode", Some(json!(input.auth_mode))),
            ("DefaultUserSettings", Some(Value::clone(&input.default_user_settings))),
            ("DomainSettings", tree(input.domain_settings)),
            ("SubnetIds", Some(json!(named))),
            ("VpcId", Some(json!(vpc.to_string()))),
            ("AppNetworkAccessType", Some(json!(access))),
            ("HomeEfsFileSystemKmsKeyId", text(key.clone())),
            ("KmsKeyId", text(key)),
            ("AppSecurityGroupManagement", text(input.app_security_group_management)),
            ("HomeEfsFileSystemCreation", Some(json!("Enabled"))),
            ("TagPropagation", text(Some(input.tag_propagation.unwrap_or("DISABLED".to_owned())))),
            ("DefaultSpaceSettings", tree(input.default_space_settings)),
        ]);
        let id = format!("d-{:012x}", txn.mint("domain") & 0xffff_ffff_ffff);
        let key = domain_key(&id);
        let mut row = new(txn, caller, key.clone(), request, input.tags.as_deref())?;
        row.network = studio::network(txn, &key, vpc, subnets);
        if row.network.is_none() {
            return Err(StudioError::StudioRoom { subnets: named.join(", ") }.into());
        }
        let out = CreateOut { domain_arn: row.arn.clone(), domain_id: id, url: url(&row) };
        studio::begin(txn, row, StudioStatus::Pending);
        Ok(out)
    }
}

/// The input of every operation that names one domain and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    domain_id: String,
}

pub struct DescribeDomain;
impl Operation for DescribeDomain {
    const NAME: &'static str = "DescribeDomain";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Studio(domain_key(&input.domain_id))]
    }
}
impl Read for DescribeDomain {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        let row = find(view.state, &domain_key(&input.domain_id))?;
        Ok(Described {
            row,
            own: |row| {
                let mut all = common(row);
                all.extend([
                    ("DomainArn", json!(row.arn)),
                    ("Url", json!(url(row))),
                    ("HomeEfsFileSystemId", json!(row.network.as_ref().map(|network| &network.file_system))),
                    modified(row),
                ]);
                all
            },
            said: &[
                "DomainName",
                "AuthMode",
                "DefaultUserSettings",
                "DomainSettings",
                "SubnetIds",
                "VpcId",
                "AppNetworkAccessType",
                "HomeEfsFileSystemKmsKeyId",
                "KmsKeyId",
                "AppSecurityGroupManagement",
                "HomeEfsFileSystemCreation",
                "TagPropagation",
                "DefaultSpaceSettings",
            ],
        })
    }
}

pub struct UpdateDomain;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    domain_id: String,
    default_user_settings: Option<Document>,
    domain_settings_for_update: Option<Document>,
    app_security_group_management: Option<String>,
    default_space_settings: Option<Document>,
    subnet_ids: Option<Vec<String>>,
    app_network_access_type: Option<String>,
    tag_propagation: Option<String>,
    home_efs_file_system_creation: Option<String>,
    vpc_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateOut {
    domain_arn: String,
}

impl Operation for UpdateDomain {
    const NAME: &'static str = "UpdateDomain";
    type In = UpdateIn;
    type Out = UpdateOut;
    type Error = SageMakerError;
}

/// What is to be done that no app may be there for. Source: API reference, UpdateDomain.
fn held_by_apps(now: &Value, asked: &UpdateIn) -> Option<&'static str> {
    let access = asked.app_network_access_type.as_deref();
    if access.is_some_and(|access| now["AppNetworkAccessType"] != access) {
        return Some("AppNetworkAccessType can be modified");
    }
    let kept = asked.subnet_ids.as_ref()?;
    let mut subnets = now["SubnetIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
    subnets.any(|subnet| !kept.iter().any(|kept| kept == subnet)).then_some("Subnets can be removed")
}

impl Write for UpdateDomain {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateIn) -> Result<UpdateOut, SageMakerError> {
        if input.vpc_id.is_some() || input.home_efs_file_system_creation.as_deref() == Some("Disabled") {
            return Err(StudioError::StudioForm("a domain that gets a VPC or loses its file system").into());
        }
        let key = domain_key(&input.domain_id);
        let mut row = at_rest(&txn.state, &key)?;
        if let Some(change) = held_by_apps(&row.request, &input)
            && has_apps(&txn.state, &key)
        {
            return Err(StudioError::DomainHasApps { change }.into());
        }
        let changes = said([
            ("DefaultUserSettings", input.default_user_settings.map(|tree| Value::clone(&tree))),
            ("DomainSettings", input.domain_settings_for_update.map(|tree| Value::clone(&tree))),
            ("AppSecurityGroupManagement", input.app_security_group_management.map(|text| json!(text))),
            ("DefaultSpaceSettings", input.default_space_settings.map(|tree| Value::clone(&tree))),
            ("SubnetIds", input.subnet_ids.as_ref().map(|all| json!(all))),
            ("AppNetworkAccessType", input.app_network_access_type.map(|text| json!(text))),
            ("TagPropagation", input.tag_propagation.map(|text| json!(text))),
        ]);
        merge(Arc::make_mut(&mut row.request), &Value::Object(changes));
        for settings in ["DefaultUserSettings", "DefaultSpaceSettings"] {
            lifecycle::check(&txn.state, &row.request[settings])?;
        }
        let subnets: Vec<String> =
            serde_json::from_value(row.request["SubnetIds"].clone()).unwrap_or_default();
        ask(txn, &key.to_string(), &row.request["DefaultUserSettings"], subnets.clone())?;
        if row.said("AppNetworkAccessType") == Some("VpcOnly")
            && groups(&row.request["DefaultUserSettings"]).is_empty()
        {
            return Err(StudioError::VpcOnlyGroups.into());
        }
        if input.subnet_ids.is_some()
            && let Some(network) = &mut row.network
        {
            let (_, ids) = place(&txn.state, Some(&network.vpc.to_string()), &subnets)?;
            network.subnets = ids;
            if !studio::mount(txn, &key, network) {
                return Err(StudioError::StudioRoom { subnets: subnets.join(", ") }.into());
            }
        }
        let out = UpdateOut { domain_arn: row.arn.clone() };
        studio::begin(txn, row, StudioStatus::Updating);
        Ok(out)
    }
}

pub struct DeleteDomain;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteIn {
    domain_id: String,
    retention_policy: Option<Retention>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retention {
    home_efs_file_system: Option<String>,
}

impl Operation for DeleteDomain {
    const NAME: &'static str = "DeleteDomain";
    type In = DeleteIn;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for DeleteDomain {
    /// The file system stays unless the caller says otherwise. Source: API reference, RetentionPolicy. The groups for it
    /// stay in either case: assumed, after what people have to delete by hand.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteIn) -> Result<Done, SageMakerError> {
        let policy = input.retention_policy.and_then(|policy| policy.home_efs_file_system);
        let key = domain_key(&input.domain_id);
        find(&txn.state, &key)?;
        txn.state.studio.update(&key, |row| {
            if let Some(network) = &mut row.network {
                network.delete_file_system = policy.as_deref() == Some("Delete");
            }
        });
        delete(txn, &key)?;
        Ok(Done {})
    }
}

pub struct CreatePresignedDomainUrl;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UrlIn {
    domain_id: String,
    user_profile_name: String,
    session_expiration_duration_in_seconds: Option<u64>,
    expires_in_seconds: Option<u64>,
    space_name: Option<String>,
    landing_uri: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UrlOut {
    authorized_url: String,
}

impl Operation for CreatePresignedDomainUrl {
    const NAME: &'static str = "CreatePresignedDomainUrl";
    type In = UrlIn;
    type Out = UrlOut;
    type Error = SageMakerError;
}

impl Write for CreatePresignedDomainUrl {
    /// The form of the URL is AWS's; nobody serves it here. Its token follows from what was asked and the time.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UrlIn) -> Result<UrlOut, SageMakerError> {
        let domain = find(&txn.state, &domain_key(&input.domain_id))?;
        if domain.said("AuthMode") != Some("IAM") {
            return Err(StudioError::NotOfIam.into());
        }
        let user = StudioMember::UserProfile(input.user_profile_name.as_str().into());
        let user = find(&txn.state, &member_key(&input.domain_id, user))?;
        if let Some(space) = &input.space_name {
            find(&txn.state, &member_key(&input.domain_id, StudioMember::Space(space.as_str().into())))?;
        }
        let seconds = [input.session_expiration_duration_in_seconds, input.expires_in_seconds];
        let asked = format!("{seconds:?}{:?}{:?}{}", input.space_name, input.landing_uri, txn.now.millis());
        let half = |n: u8| digest(0, &[user.arn.as_bytes(), asked.as_bytes(), &[n]]);
        let token = format!("{:032x}{:032x}", half(0), half(1));
        Ok(UrlOut { authorized_url: format!("{}/auth?token={token}", url(&domain)) })
    }
}
