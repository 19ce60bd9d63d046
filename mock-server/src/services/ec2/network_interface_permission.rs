//! Permissions to attach an interface that are given to other accounts.

use super::describe::{Listed, Resource, Text, find, stored_in};
use super::error::interfaces::InterfaceError;
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::network_interface::find_own;
use crate::kernel::AccountId;
use crate::model::{
    Id, InterfacePermission, NetworkInterfaceId, NetworkInterfacePermissionId, Site, State, Tags, Txn,
};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};

/// What may be permitted.
const PERMISSIONS: [&str; 2] = ["INSTANCE-ATTACH", "EIP-ASSOCIATE"];

impl Resource for InterfacePermission {
    const DESCRIBE: &'static str = "DescribeNetworkInterfacePermissions";
    const LIST: &'static str = "NetworkInterfacePermissions";
    const IDS: &'static str = "networkInterfacePermissionIds";
    const KIND: &'static str = "network-interface-permission";
    const MOST: usize = 255;
    const ID_FILTER: &'static str = "network-interface-permission.network-interface-permission-id";
    const FILTERS: &'static [&'static str] = &[
        "network-interface-permission.aws-account-id",
        "network-interface-permission.aws-service",
        "network-interface-permission.network-interface-id",
        "network-interface-permission.network-interface-permission-id",
        "network-interface-permission.permission",
    ];

    stored_in!(interface_permissions);

    fn not_found(missing: Missing) -> Ec2Error {
        InterfaceError::PermissionNotFound(missing).into()
    }

    fn index(name: &str, value: &str) -> Option<NetworkInterfaceId> {
        let is_interface = name == "network-interface-permission.network-interface-id";
        NetworkInterfaceId::parse(value).filter(|_| is_interface)
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name.strip_prefix("network-interface-permission.") {
            Some("aws-account-id") => probe.show(self.account),
            Some("aws-service") => {}
            Some("network-interface-id") => probe.show(self.interface),
            Some("network-interface-permission-id") => probe.show(self.id),
            Some("permission") => probe.is(self.permission),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        PermissionView {
            network_interface_permission_id: Text(self.id),
            network_interface_id: Text(self.interface),
            aws_account_id: Text(self.account),
            permission: self.permission,
            permission_state: PermissionState { state: "granted" },
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionView {
    network_interface_permission_id: Text<NetworkInterfacePermissionId>,
    network_interface_id: Text<NetworkInterfaceId>,
    aws_account_id: Text<AccountId>,
    permission: &'static str,
    permission_state: PermissionState,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionState {
    state: &'static str,
}

/// Source: the page of CreateNetworkInterfacePermission.
pub struct CreateNetworkInterfacePermission;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreatePermissionIn {
    network_interface_id: String,
    aws_account_id: Option<String>,
    aws_service: Option<String>,
    permission: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePermissionOut {
    interface_permission: Listed<InterfacePermission>,
}

impl Operation for CreateNetworkInterfacePermission {
    const NAME: &'static str = "CreateNetworkInterfacePermission";
    type In = CreatePermissionIn;
    type Out = CreatePermissionOut;
    type Error = Ec2Error;
}

impl Write for CreateNetworkInterfacePermission {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreatePermissionIn) -> Result<Self::Out, Ec2Error> {
        let interface = find_own(&txn.state, &input.network_interface_id)?.id;
        let permission = PERMISSIONS.into_iter().find(|known| input.permission.as_deref() == Some(*known));
        let permission = permission.ok_or(Ec2Error::MissingParameter("permission"))?;
        if input.aws_service.is_some() {
            return Err(InterfaceError::ServicePermission.into());
        }
        let account = input.aws_account_id.ok_or(Ec2Error::MissingParameter("awsAccountId"))?;
        let account = AccountId::parse(&account).ok_or(InterfaceError::NotAnAccount(account))?;
        let id = NetworkInterfacePermissionId::mint(txn);
        let row = txn.state.interface_permissions.insert(InterfacePermission {
            id,
            interface,
            account,
            permission,
            tags: Tags::default(),
            memo: crate::kernel::Memo::default(),
        });
        Ok(CreatePermissionOut { interface_permission: Listed::new(&txn.state, row) })
    }
}

/// With or without force: no other account ever attaches an interface here.
/// Source: the page of DeleteNetworkInterfacePermission.
pub struct DeleteNetworkInterfacePermission;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeletePermissionIn {
    network_interface_permission_id: String,
    #[serde(rename = "Force")]
    _force: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletePermissionOut {
    r#return: bool,
}

impl Operation for DeleteNetworkInterfacePermission {
    const NAME: &'static str = "DeleteNetworkInterfacePermission";
    type In = DeletePermissionIn;
    type Out = DeletePermissionOut;
    type Error = Ec2Error;
}

impl Write for DeleteNetworkInterfacePermission {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeletePermissionIn) -> Result<Self::Out, Ec2Error> {
        let id = find::<InterfacePermission>(&txn.state, &input.network_interface_permission_id)?.id;
        txn.state.interface_permissions.remove(&id);
        Ok(DeletePermissionOut { r#return: true })
    }
}
