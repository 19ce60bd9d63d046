//! Inline policies of users, groups and roles.

use super::entity::{NamedPage, Rest, change, find};
use super::error::{IamError, PolicyError};
use super::holder::Holder;
use super::{document, encoded, identity_document, service_linked};
use crate::model::{PolicyDocument, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use std::marker::PhantomData;

/// Writes an inline policy: `PutRolePolicy` and its like.
pub struct Put<H>(PhantomData<H>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutIn {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    holder: String,
    policy_name: String,
    policy_document: String,
}

impl<H: Holder> Operation for Put<H> {
    const NAME: &'static str = H::PUT;
    const HOME: Home = Home::Account;
    type In = PutIn;
    type Out = Done;
    type Error = IamError;
}

impl<H: Holder> Write for Put<H> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PutIn) -> Result<Done, IamError> {
        service_linked::check::<H>(find::<H>(&txn.state, &input.holder)?)?;
        identity_document::check_inline(&input.policy_document)?;
        let holder = change(&mut txn.state, &input.holder, |holder: &mut H| {
            let document = PolicyDocument::new(input.policy_document);
            holder.grants_mut().inline.insert(input.policy_name, document);
        })?;
        let size: usize =
            holder.grants().inline.values().map(|document| document::size(document.text())).sum();
        if size > H::MOST_INLINE {
            let name = holder.name().to_owned();
            return Err(PolicyError::InlineTooLarge { kind: H::KIND, name, limit: H::MOST_INLINE }.into());
        }
        Ok(Done {})
    }
}

/// The input of operations on one inline policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneInline {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    holder: String,
    policy_name: String,
}

/// Tells an inline policy: `GetRolePolicy` and its like.
pub struct Get<H>(PhantomData<H>);

pub struct GetOut<H> {
    holder: String,
    policy_name: String,
    policy_document: String,
    kind: PhantomData<H>,
}

impl<H: Holder> Serialize for GetOut<H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("GetOut", 3)?;
        out.serialize_field(H::MEMBER, &self.holder)?;
        out.serialize_field("PolicyName", &self.policy_name)?;
        out.serialize_field("PolicyDocument", &self.policy_document)?;
        out.end()
    }
}

impl<H: Holder> Operation for Get<H> {
    const NAME: &'static str = H::GET;
    const HOME: Home = Home::Account;
    type In = OneInline;
    type Out = GetOut<H>;
    type Error = IamError;
}

impl<H: Holder> Read for Get<H> {
    fn run(view: &View<'_>, input: OneInline) -> Result<GetOut<H>, IamError> {
        let holder = find::<H>(view.state, &input.holder)?;
        let Some(document) = holder.grants().inline.get(&input.policy_name) else {
            return Err(missing::<H>(input.policy_name));
        };
        Ok(GetOut {
            holder: holder.name().to_owned(),
            policy_name: input.policy_name,
            policy_document: encoded(document.text()),
            kind: PhantomData,
        })
    }
}

fn missing<H: Holder>(name: String) -> IamError {
    PolicyError::NoSuchInline { kind: H::KIND, name }.into()
}

/// Tells the names of inline policies: `ListRolePolicies` and its like.
pub struct List<H>(PhantomData<H>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    policy_names: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

impl<H: Holder> Operation for List<H> {
    const NAME: &'static str = H::LIST;
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = ListOut;
    type Error = IamError;
}

impl<H: Holder> Read for List<H> {
    fn run(view: &View<'_>, input: NamedPage) -> Result<ListOut, IamError> {
        let names = find::<H>(view.state, &input.name)?.grants().inline.keys().cloned();
        let (policy_names, rest) = input.part().of(names, String::clone)?;
        Ok(ListOut { policy_names, rest })
    }
}

/// Removes an inline policy: `DeleteRolePolicy` and its like.
pub struct Delete<H>(PhantomData<H>);

impl<H: Holder> Operation for Delete<H> {
    const NAME: &'static str = H::DELETE;
    const HOME: Home = Home::Account;
    type In = OneInline;
    type Out = Done;
    type Error = IamError;
}

impl<H: Holder> Write for Delete<H> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: OneInline) -> Result<Done, IamError> {
        service_linked::check::<H>(find::<H>(&txn.state, &input.holder)?)?;
        let mut gone = None;
        change(&mut txn.state, &input.holder, |holder: &mut H| {
            gone = holder.grants_mut().inline.remove(&input.policy_name)
        })?;
        gone.map(|_| Done {}).ok_or_else(|| missing::<H>(input.policy_name))
    }
}
