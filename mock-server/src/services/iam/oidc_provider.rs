//! OpenID Connect identity providers: whose tokens are good for `AssumeRoleWithWebIdentity`.

use super::entity::{Entity, Named, Tagged, change, find};
use super::error::IamError;
use super::tags::{self, TagData};
use crate::kernel::Table;
use crate::model::{OidcProvider, State, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, Registrar, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Source: IAM user guide, "IAM and AWS STS quotas".
const MOST_PROVIDERS: usize = 100;
const MOST_CLIENT_IDS: usize = 100;
const MOST_THUMBPRINTS: usize = 5;

pub fn operations(registrar: &mut impl Registrar) {
    registrar.write::<CreateOpenIDConnectProvider>();
    registrar.read::<GetOpenIDConnectProvider>();
    registrar.read::<ListOpenIDConnectProviders>();
    registrar.write::<AddClientIDToOpenIDConnectProvider>();
    registrar.write::<RemoveClientIDFromOpenIDConnectProvider>();
    registrar.write::<UpdateOpenIDConnectProviderThumbprint>();
    registrar.write::<DeleteOpenIDConnectProvider>();
    super::tags::<OidcProvider>(registrar);
}

impl Entity for OidcProvider {
    const RESOURCE: &'static str = "oidc-provider";
    /// They have no unique ids.
    const ID_PREFIX: &'static str = "";
    fn table(state: &State) -> &Table<Self> {
        &state.oidc_providers
    }
    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.oidc_providers
    }
    fn key_of(name: &str) -> Arc<str> {
        name.into()
    }
    fn path(&self) -> &str {
        "/"
    }
    fn missing(name: String) -> IamError {
        IamError::NoSuchOidcProvider(name)
    }
}

impl Tagged for OidcProvider {
    const TAG: &'static str = "TagOpenIDConnectProvider";
    const UNTAG: &'static str = "UntagOpenIDConnectProvider";
    const LIST: &'static str = "ListOpenIDConnectProviderTags";
    const QUOTA: &'static str = "TagsPerOpenIdConnectProvider";
    const CASELESS: bool = false;
    fn tags(&self) -> &crate::model::Tags {
        &self.tags
    }
    fn tags_mut(&mut self) -> &mut crate::model::Tags {
        &mut self.tags
    }
}

fn check_client_ids(ids: &[String]) -> Result<(), IamError> {
    let limit = MOST_CLIENT_IDS;
    if ids.len() > limit {
        return Err(IamError::Quota { quota: "ClientIdsPerOpenIdConnectProvider", limit });
    }
    Ok(())
}

fn check_thumbprints(thumbprints: &[String]) -> Result<(), IamError> {
    if thumbprints.len() > MOST_THUMBPRINTS { Err(IamError::TooManyThumbprints) } else { Ok(()) }
}

pub struct CreateOpenIDConnectProvider;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    url: String,
    #[serde(rename = "ClientIDList", default)]
    client_ids: Vec<String>,
    #[serde(default)]
    thumbprint_list: Vec<String>,
    #[serde(default)]
    tags: Vec<TagData>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arc<str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagData>,
}

impl Operation for CreateOpenIDConnectProvider {
    const NAME: &'static str = "CreateOpenIDConnectProvider";
    const HOME: Home = Home::Account;
    type In = CreateIn;
    type Out = CreateOut;
    type Error = IamError;
}

impl Write for CreateOpenIDConnectProvider {
    /// Source: IAM API reference, CreateOpenIDConnectProvider: `https`, a path if need be, but no query.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, IamError> {
        let url =
            input.url.strip_prefix("https://").filter(|url| !url.is_empty() && !url.contains(['?', '#']));
        let url = url.ok_or(IamError::InvalidOidcUrl)?.trim_end_matches('/').to_owned();
        check_thumbprints(&input.thumbprint_list)?;
        check_client_ids(&input.client_ids)?;
        let arn: Arc<str> =
            caller.partition.arn("iam", "", caller.account, format_args!("oidc-provider/{url}")).into();
        if txn.state.oidc_providers.contains(&arn) {
            return Err(IamError::OidcProviderExists(input.url));
        }
        if txn.state.oidc_providers.len() >= MOST_PROVIDERS {
            return Err(IamError::Quota { quota: "OpenIdConnectProvidersPerAccount", limit: MOST_PROVIDERS });
        }
        let provider = OidcProvider {
            arn,
            url,
            client_ids: input.client_ids,
            thumbprints: input.thumbprint_list,
            created: txn.now,
            tags: tags::of_new::<OidcProvider>(input.tags)?,
        };
        let made = txn.state.oidc_providers.insert(provider);
        Ok(CreateOut { arn: made.arn.clone(), tags: tags::data(&made.tags) })
    }
}

pub struct GetOpenIDConnectProvider;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOut {
    url: String,
    #[serde(rename = "ClientIDList")]
    client_ids: Vec<String>,
    thumbprint_list: Vec<String>,
    create_date: i64,
    tags: Vec<TagData>,
}

impl Operation for GetOpenIDConnectProvider {
    const NAME: &'static str = "GetOpenIDConnectProvider";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = GetOut;
    type Error = IamError;
}

impl Read for GetOpenIDConnectProvider {
    fn run(view: &View<'_>, input: Named) -> Result<GetOut, IamError> {
        let provider = find::<OidcProvider>(view.state, &input.name)?;
        Ok(GetOut {
            url: provider.url.clone(),
            client_ids: provider.client_ids.clone(),
            thumbprint_list: provider.thumbprints.clone(),
            create_date: provider.created.millis(),
            tags: tags::data(&provider.tags),
        })
    }
}

pub struct ListOpenIDConnectProviders;

#[derive(Deserialize)]
pub struct ListIn {}

#[derive(Serialize)]
pub struct ListOut {
    #[serde(rename = "OpenIDConnectProviderList")]
    list: Vec<Listed>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    arn: Arc<str>,
}

impl Operation for ListOpenIDConnectProviders {
    const NAME: &'static str = "ListOpenIDConnectProviders";
    const HOME: Home = Home::Account;
    type In = ListIn;
    type Out = ListOut;
    type Error = IamError;
}

impl Read for ListOpenIDConnectProviders {
    fn run(view: &View<'_>, _: ListIn) -> Result<ListOut, IamError> {
        let providers = view.state.oidc_providers.iter();
        Ok(ListOut { list: providers.map(|provider| Listed { arn: provider.arn.clone() }).collect() })
    }
}

/// The input of operations about one client id.
#[derive(Deserialize)]
pub struct ClientIn {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: String,
    #[serde(rename = "ClientID")]
    client_id: String,
}

pub struct AddClientIDToOpenIDConnectProvider;

impl Operation for AddClientIDToOpenIDConnectProvider {
    const NAME: &'static str = "AddClientIDToOpenIDConnectProvider";
    const HOME: Home = Home::Account;
    type In = ClientIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for AddClientIDToOpenIDConnectProvider {
    /// One that is there already is no error.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ClientIn) -> Result<Done, IamError> {
        let mut ids = find::<OidcProvider>(&txn.state, &input.arn)?.client_ids.clone();
        if !ids.contains(&input.client_id) {
            ids.push(input.client_id);
        }
        check_client_ids(&ids)?;
        change::<OidcProvider>(&mut txn.state, &input.arn, |provider| provider.client_ids = ids)?;
        Ok(Done {})
    }
}

pub struct RemoveClientIDFromOpenIDConnectProvider;

impl Operation for RemoveClientIDFromOpenIDConnectProvider {
    const NAME: &'static str = "RemoveClientIDFromOpenIDConnectProvider";
    const HOME: Home = Home::Account;
    type In = ClientIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for RemoveClientIDFromOpenIDConnectProvider {
    /// One that is not there is no error.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ClientIn) -> Result<Done, IamError> {
        change::<OidcProvider>(&mut txn.state, &input.arn, |provider| {
            provider.client_ids.retain(|id| *id != input.client_id);
        })?;
        Ok(Done {})
    }
}

pub struct UpdateOpenIDConnectProviderThumbprint;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ThumbprintIn {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: String,
    thumbprint_list: Vec<String>,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    const NAME: &'static str = "UpdateOpenIDConnectProviderThumbprint";
    const HOME: Home = Home::Account;
    type In = ThumbprintIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateOpenIDConnectProviderThumbprint {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ThumbprintIn) -> Result<Done, IamError> {
        check_thumbprints(&input.thumbprint_list)?;
        let replace = |provider: &mut OidcProvider| provider.thumbprints = input.thumbprint_list;
        change::<OidcProvider>(&mut txn.state, &input.arn, replace)?;
        Ok(Done {})
    }
}

pub struct DeleteOpenIDConnectProvider;

impl Operation for DeleteOpenIDConnectProvider {
    const NAME: &'static str = "DeleteOpenIDConnectProvider";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteOpenIDConnectProvider {
    /// One that is not there is no error. Source: IAM API reference, DeleteOpenIDConnectProvider.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        txn.state.oidc_providers.remove(&input.name.into());
        Ok(Done {})
    }
}
