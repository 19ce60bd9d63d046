//! Network ACLs and their associations: made, deleted, replaced.

use super::client_token;
use super::dependency;
use super::describe::{Listed, Resource, Text, find};
use super::error::Ec2Error;
use super::error::network_acl::NetworkAclError;
use super::tags::{self, TagSpecification};
use crate::model::gateway::InVpcIndex;
use crate::model::{AclAssociation, Id, NetworkAcl, NetworkAclAssociationId, NetworkAclId, Txn, Vpc};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

// === Create and delete ===

/// Source: VPC user guide, "Custom network ACLs for your VPC"; EC2-ACL-LIMIT, EC2-IDEM.
pub struct CreateNetworkAcl;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateNetworkAclIn {
    tag_specifications: Vec<TagSpecification>,
    client_token: Option<String>,
    vpc_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNetworkAclOut {
    network_acl: Listed<NetworkAcl>,
    client_token: Option<String>,
}

impl Operation for CreateNetworkAcl {
    const NAME: &'static str = "CreateNetworkAcl";
    type In = CreateNetworkAclIn;
    type Out = CreateNetworkAclOut;
    type Error = Ec2Error;
}

impl Write for CreateNetworkAcl {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreateNetworkAclIn) -> Result<Self::Out, Ec2Error> {
        let client_token = input.client_token.take().filter(|token| !token.is_empty());
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, client_token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        Ok(CreateNetworkAclOut { network_acl: Listed::new(&txn.state, row), client_token })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateNetworkAclIn,
    client_token: Option<u128>,
) -> Result<Arc<NetworkAcl>, Ec2Error> {
    let state = &txn.state;
    let vpc = find::<Vpc>(state, &input.vpc_id)?;
    let (vpc, with_ipv6) = (vpc.id, !vpc.ipv6_cidrs.is_empty());
    let tags = tags::given(state, NetworkAcl::KIND, input.tag_specifications)?;
    if state.acls.count(&InVpcIndex::Vpc(vpc)) >= state.quotas.acls_per_vpc {
        return Err(NetworkAclError::TooManyNetworkAcls.into());
    }
    let acl = NetworkAcl::new(NetworkAclId::mint(txn), vpc, false, with_ipv6);
    Ok(txn.state.acls.insert(NetworkAcl { client_token, tags, ..acl }))
}

/// Source: VPC user guide, "Delete a network ACL"; EC2-ACL-DEL.
pub struct DeleteNetworkAcl;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteNetworkAclIn {
    network_acl_id: String,
}

impl Operation for DeleteNetworkAcl {
    const NAME: &'static str = "DeleteNetworkAcl";
    type In = DeleteNetworkAclIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteNetworkAcl {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteNetworkAclIn) -> Result<Done, Ec2Error> {
        let acl = find::<NetworkAcl>(&txn.state, &input.network_acl_id)?;
        let (id, token) = (acl.id, acl.client_token);
        if acl.is_default {
            return Err(NetworkAclError::DefaultNetworkAcl(id).into());
        }
        if dependency::is_held(&txn.state, id) {
            return Err(NetworkAclError::NetworkAclInUse(id).into());
        }
        txn.state.acls.remove(&id);
        txn.state.forget_token(token);
        Ok(Done {})
    }
}

// === Associations ===

/// Every subnet has one network ACL: an association is replaced, never removed.
/// Source: the page of ReplaceNetworkAclAssociation; EC2-ACL-ASSOC.
pub struct ReplaceNetworkAclAssociation;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReplaceNetworkAclAssociationIn {
    association_id: String,
    network_acl_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceNetworkAclAssociationOut {
    new_association_id: Text<NetworkAclAssociationId>,
}

impl Operation for ReplaceNetworkAclAssociation {
    const NAME: &'static str = "ReplaceNetworkAclAssociation";
    type In = ReplaceNetworkAclAssociationIn;
    type Out = ReplaceNetworkAclAssociationOut;
    type Error = Ec2Error;
}

impl Write for ReplaceNetworkAclAssociation {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: ReplaceNetworkAclAssociationIn,
    ) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        let old = NetworkAclAssociationId::parse(&input.association_id).and_then(|id| {
            let associations =
                state.acls.iter().flat_map(|acl| acl.associations.iter().map(move |it| (acl, it)));
            associations.into_iter().find(|(_, association)| association.id == id)
        });
        let (from, association) = old.ok_or(NetworkAclError::AclAssociationNotFound(input.association_id))?;
        let to = find::<NetworkAcl>(state, &input.network_acl_id)?;
        let (from, subnet, id) = (from.id, association.subnet, association.id);
        if state.subnets.get(&subnet).is_none_or(|subnet| subnet.vpc != to.vpc) {
            return Err(NetworkAclError::AclOfOtherNetwork { acl: to.id, subnet }.into());
        }
        let to = to.id;
        if from == to {
            return Ok(ReplaceNetworkAclAssociationOut { new_association_id: Text(id) });
        }
        let new = NetworkAclAssociationId::mint(txn);
        txn.state.acls.update(&from, |acl| acl.associations.retain(|association| association.id != id));
        txn.state.acls.update(&to, |acl| acl.associations.push(AclAssociation { id: new, subnet }));
        Ok(ReplaceNetworkAclAssociationOut { new_association_id: Text(new) })
    }
}
