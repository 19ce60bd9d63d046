//! Permissions to attach an interface that are given to other accounts.

use super::*;
use crate::kernel::{AccountId, Memo, Rehome, Row};

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InterfacePermission {
    pub id: NetworkInterfacePermissionId,
    pub interface: NetworkInterfaceId,
    pub account: AccountId,
    /// As described: `INSTANCE-ATTACH` or `EIP-ASSOCIATE`.
    pub permission: &'static str,
    /// Always empty: permissions cannot be tagged.
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for InterfacePermission {
    type Key = NetworkInterfacePermissionId;
    /// The interface that it is for.
    type Index = NetworkInterfaceId;
    fn key(&self) -> NetworkInterfacePermissionId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(NetworkInterfaceId)) {
        emit(self.interface);
    }
}
