//! Roles that belong to a service of AWS: it alone says what they may do, and they go by a task of their own.
//!
//! Source: IAM user guide, "Create a service-linked role" and "Delete a service-linked role"; API reference; the pages
//! of the services on their roles. What the policies that AWS attaches to them allow is not told here: nothing acts as
//! such a role. The task is done at once, and nothing holds such a role.

use super::entity::{self, Named, find};
use super::error::{IamError, PolicyError};
use super::holder::Holder;
use super::quota;
use super::role::{OneRole, RoleData, SESSION_SECONDS};
use crate::kernel::Row;
use crate::model::{Grants, PolicyDocument, Role, Tags, Txn};
use crate::services::{Caller, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write as _;

/// A service, the name of its role, and whether there can be several with a suffix each. Sorted.
const SERVICES: &[(&str, &str, bool)] = &[
    ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", true),
    ("batch.amazonaws.com", "AWSServiceRoleForBatch", false),
    ("ec2-instance-connect.amazonaws.com", "AWSServiceRoleForEc2InstanceConnect", false),
    ("ec2fleet.amazonaws.com", "AWSServiceRoleForEC2Fleet", false),
    ("ecs.amazonaws.com", "AWSServiceRoleForECS", false),
    ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", false),
    ("elasticfilesystem.amazonaws.com", "AWSServiceRoleForAmazonElasticFileSystem", false),
    ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing", false),
    ("fsx.amazonaws.com", "AWSServiceRoleForAmazonFSx", false),
    ("ipam.amazonaws.com", "AWSServiceRoleForIPAM", false),
    ("opensearchservice.amazonaws.com", "AWSServiceRoleForAmazonOpenSearchService", false),
    ("rds.amazonaws.com", "AWSServiceRoleForRDS", false),
    (
        "sagemaker.application-autoscaling.amazonaws.com",
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
        false,
    ),
    ("sagemaker.amazonaws.com", "AWSServiceRoleForAmazonSageMakerNotebooks", false),
    ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot", false),
    ("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet", false),
    ("ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM", false),
    ("transitgateway.amazonaws.com", "AWSServiceRoleForVPCTransitGateway", false),
];

/// Where the roles of services are.
pub const PATH: &str = "/aws-service-role/";

fn service(principal: &str) -> Option<&'static (&'static str, &'static str, bool)> {
    SERVICES.iter().find(|(known, ..)| *known == principal)
}

/// The path and name of the role that is made for a service; `None` if its role is not known.
pub fn path_and_name(principal: &str, suffix: Option<&str>) -> Option<(String, String)> {
    let (principal, name, _) = service(principal)?;
    let mut name = (*name).to_owned();
    if let Some(suffix) = suffix {
        // Writing to a text does not fail.
        let _ = write!(name, "_{suffix}");
    }
    Some((format!("{PATH}{principal}/"), name))
}

/// Whether it is a role that belongs to a service.
fn is_linked<H: Holder>(holder: &H) -> bool {
    H::KIND == "role" && holder.path().starts_with(PATH)
}

/// Whether whoever calls may change it.
pub fn check<H: Holder>(holder: &H) -> Result<(), IamError> {
    if is_linked(holder) { Err(PolicyError::Protected(holder.name().to_owned()).into()) } else { Ok(()) }
}

pub struct CreateServiceLinkedRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateServiceLinkedRoleIn {
    #[serde(rename = "AWSServiceName")]
    aws_service_name: String,
    description: Option<String>,
    custom_suffix: Option<String>,
}

impl Operation for CreateServiceLinkedRole {
    const NAME: &'static str = "CreateServiceLinkedRole";
    const HOME: Home = Home::Account;
    type In = CreateServiceLinkedRoleIn;
    type Out = OneRole;
    type Error = IamError;
}

impl Write for CreateServiceLinkedRole {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: CreateServiceLinkedRoleIn,
    ) -> Result<OneRole, IamError> {
        let suffix = input.custom_suffix.as_deref();
        let known = service(&input.aws_service_name).zip(path_and_name(&input.aws_service_name, suffix));
        let Some((&(principal, _, suffixes), (path, name))) = known else {
            return Err(PolicyError::UnknownService(input.aws_service_name).into());
        };
        if suffix.is_some() && !suffixes {
            return Err(PolicyError::NoSuffix(principal).into());
        }
        if txn.state.roles.contains(&Role::key_of(&name)) {
            return Err(PolicyError::LinkedRoleExists(name).into());
        }
        quota::room("RolesPerAccount", txn.state.roles.len(), quota::ROLES)?;
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [principal]},
        }]});
        let role = Role {
            arn: entity::arn::<Role>(caller, &path, &name),
            unique_id: entity::unique_id::<Role>(txn),
            name,
            path,
            description: input.description,
            trust: PolicyDocument::new(trust.to_string()),
            grants: Grants::default(),
            max_session_seconds: SESSION_SECONDS,
            created: txn.now,
            tags: Tags::default(),
        };
        Ok(OneRole { role: RoleData::created(&txn.state.roles.insert(role)) })
    }
}

pub struct DeleteServiceLinkedRole;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServiceLinkedRoleOut {
    deletion_task_id: String,
}

impl Operation for DeleteServiceLinkedRole {
    const NAME: &'static str = "DeleteServiceLinkedRole";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = DeleteServiceLinkedRoleOut;
    type Error = IamError;
}

impl Write for DeleteServiceLinkedRole {
    /// What it says of a role of no service is assumed.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<DeleteServiceLinkedRoleOut, IamError> {
        let role = find::<Role>(&txn.state, &input.name)?.clone();
        if !is_linked::<Role>(&role) {
            return Err(IamError::NoSuchRole(input.name));
        }
        let uuid = uuid::Builder::from_random_bytes(txn.mint("task").to_be_bytes()).into_uuid();
        let deletion_task_id = format!("task{}{}/{uuid}", role.path, role.name);
        txn.state.roles.remove(&role.key());
        txn.state.deletion_tasks.insert(deletion_task_id.clone());
        Ok(DeleteServiceLinkedRoleOut { deletion_task_id })
    }
}

pub struct GetServiceLinkedRoleDeletionStatus;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLinkedRoleDeletionStatusIn {
    deletion_task_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLinkedRoleDeletionStatusOut {
    status: &'static str,
}

impl Operation for GetServiceLinkedRoleDeletionStatus {
    const NAME: &'static str = "GetServiceLinkedRoleDeletionStatus";
    const HOME: Home = Home::Account;
    type In = GetServiceLinkedRoleDeletionStatusIn;
    type Out = GetServiceLinkedRoleDeletionStatusOut;
    type Error = IamError;
}

impl Read for GetServiceLinkedRoleDeletionStatus {
    fn run(
        view: &View<'_>,
        input: GetServiceLinkedRoleDeletionStatusIn,
    ) -> Result<GetServiceLinkedRoleDeletionStatusOut, IamError> {
        if view.state.deletion_tasks.contains(&input.deletion_task_id) {
            Ok(GetServiceLinkedRoleDeletionStatusOut { status: "SUCCEEDED" })
        } else {
            Err(PolicyError::NoSuchTask(input.deletion_task_id).into())
        }
    }
}
