//! Managed prefix lists: described, with their entries and with what refers to them. Those of AWS are told along with
//! the account's own.
//!
//! Source: VPC user guide, "Managed prefix lists".

use super::describe::{Resource, Text, Window, stored_in};
use super::error::prefix_lists::PrefixListError;
use super::error::{Ec2Error, Missing};
use super::filter::{Filter, Filters, Probe};
use super::tags::TagSet;
use crate::kernel::{AccountId, Memo};
use crate::model::{
    AnyPrefixList, Id, ManagedList, Owner, PrefixList, PrefixListEntries, PrefixListEntry, PrefixListId,
    PrefixListProgress, Site, State, Tags, managed_prefix_list,
};
use crate::services::{Operation, Page, Printed, Read, View, page};
use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Resource for PrefixList {
    const DESCRIBE: &'static str = "DescribeManagedPrefixLists";
    const LIST: &'static str = "PrefixLists";
    const IDS: &'static str = "prefixListIds";
    const KIND: &'static str = "prefix-list";
    const MOST: usize = 100;
    const ID_FILTER: &'static str = "prefix-list-id";
    const FILTERS: &'static [&'static str] = &["owner-id", "prefix-list-id", "prefix-list-name"];

    stored_in!(prefix_lists);

    fn not_found(missing: Missing) -> Ec2Error {
        let malformed = missing.0.iter().find(|id| !id.starts_with("pl-"));
        match malformed.or(missing.0.first()).cloned().unwrap_or_default() {
            id if id.starts_with("pl-") => PrefixListError::NoSuchPrefixList(id).into(),
            id => PrefixListError::InvalidPrefixListId(id).into(),
        }
    }

    fn owner(key: PrefixListId) -> Option<Owner> {
        Some(Owner::PrefixList(key))
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "owner-id" => probe.show(state.site.account),
            "prefix-list-id" => probe.show(self.id),
            "prefix-list-name" => probe.is(&self.name),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        PrefixListView {
            prefix_list_id: Text(self.id),
            address_family: self.family.name(),
            state: self.state(),
            state_message: match &self.progress {
                PrefixListProgress::Failed(message) => Some(message),
                PrefixListProgress::InProgress | PrefixListProgress::Complete => None,
            },
            prefix_list_arn: site.arn("ec2", format_args!("prefix-list/{}", self.id)),
            prefix_list_name: &self.name,
            max_entries: Some(self.max_entries),
            version: Some(self.version),
            tags: TagSet(&self.tags),
            owner_id: Owned::Account(site.account),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixListView<'a> {
    prefix_list_id: Text<PrefixListId>,
    address_family: &'static str,
    state: &'static str,
    state_message: Option<&'a str>,
    prefix_list_arn: String,
    prefix_list_name: &'a str,
    max_entries: Option<usize>,
    version: Option<i64>,
    tags: TagSet<'a>,
    owner_id: Owned,
}

/// Whose a list is.
enum Owned {
    Account(AccountId),
    Aws,
}

impl Serialize for Owned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Owned::Account(id) => serializer.collect_str(id),
            Owned::Aws => serializer.serialize_str("AWS"),
        }
    }
}

/// AWS's lists have neither a version nor a size, and belong to no account.
fn print_aws<S: Serializer>(list: &ManagedList, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
    let arn = site.partition.arn("ec2", &site.region, "aws", format_args!("prefix-list/{}", list.id));
    PrefixListView {
        prefix_list_id: Text(list.id),
        address_family: AnyPrefixList::family_of(list).name(),
        state: "create-complete",
        state_message: None,
        prefix_list_arn: arn,
        prefix_list_name: &list.name,
        max_entries: None,
        version: None,
        tags: TagSet(&Tags::default()),
        owner_id: Owned::Aws,
    }
    .serialize(serializer)
}

/// The list with this id, as operations on lists name it.
///
/// # Errors
/// If there is none, or if the text is no id.
pub fn any<'a>(state: &'a State, id: &str) -> Result<AnyPrefixList<'a>, Ec2Error> {
    let list = PrefixListId::parse(id).and_then(|key| state.prefix_list(key));
    list.ok_or_else(|| PrefixList::not_found(Missing::one(id)))
}

// === DescribeManagedPrefixLists ===

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribePrefixListsIn {
    prefix_list_ids: Vec<String>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// A list on its way out.
pub struct ListedPrefixList {
    list: Either,
    site: Arc<Site>,
}

enum Either {
    Customer(Arc<PrefixList>),
    Aws(&'static ManagedList),
}

impl ListedPrefixList {
    fn id(&self) -> PrefixListId {
        match &self.list {
            Either::Customer(list) => list.id,
            Either::Aws(list) => list.id,
        }
    }

    fn passes(&self, filters: &Filters, state: &State, scratch: &mut String) -> bool {
        match &self.list {
            Either::Customer(list) => {
                filters.pass(scratch, &list.tags, |name, probe| list.values(state, name, probe))
            }
            Either::Aws(list) => filters.pass(scratch, &Tags::default(), |name, probe| match name {
                "owner-id" => probe.is("AWS"),
                "prefix-list-id" => probe.show(list.id),
                "prefix-list-name" => probe.is(&list.name),
                _ => probe.unknown(),
            }),
        }
    }
}

impl Printed for ListedPrefixList {
    const LIST: &'static str = PrefixList::LIST;
    fn memo(&self) -> Option<&Memo> {
        match &self.list {
            Either::Customer(list) => Some(&list.memo),
            Either::Aws(_) => None,
        }
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.list {
            Either::Customer(list) => list.print(&self.site, serializer),
            Either::Aws(list) => print_aws(list, &self.site, serializer),
        }
    }
}

/// The pages of lists begin at one row.
const LEAST: i64 = 1;

pub struct DescribeManagedPrefixLists;

impl Operation for DescribeManagedPrefixLists {
    const NAME: &'static str = PrefixList::DESCRIBE;
    type In = DescribePrefixListsIn;
    type Out = Page<ListedPrefixList>;
    type Error = Ec2Error;

    fn subjects(input: &DescribePrefixListsIn) -> Vec<Owner> {
        input.prefix_list_ids.iter().filter_map(|id| PrefixListId::parse(id)).map(Owner::PrefixList).collect()
    }
}

impl Read for DescribeManagedPrefixLists {
    fn run(view: &View<'_>, input: DescribePrefixListsIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        if !input.prefix_list_ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds(PrefixList::IDS));
        }
        let token = input.next_token.as_deref();
        let window = Window::between(input.max_results, token, LEAST, PrefixList::MOST, PrefixListId::parse)?;
        let filters = Filters::tagged(input.filters, PrefixList::FILTERS)?;
        // In the order of ids: those of AWS are shorter, and come last.
        let own = state.prefix_lists.iter().map(|list| Either::Customer(list.clone()));
        let managed = managed_prefix_list::managed(&state.site.region).iter().map(Either::Aws);
        let listed = own.chain(managed).map(|list| ListedPrefixList { list, site: state.site.clone() });
        let mut rows: Vec<_> = listed.collect();
        if !input.prefix_list_ids.is_empty() {
            let wanted: BTreeSet<_> =
                input.prefix_list_ids.iter().filter_map(|id| PrefixListId::parse(id)).collect();
            rows.retain(|row| wanted.contains(&row.id()));
            let found: BTreeSet<_> = rows.iter().map(|row| row.id().to_string()).collect();
            let missing = input.prefix_list_ids.into_iter().filter(|id| !found.contains(id));
            let missing: Vec<_> = missing.collect();
            if !missing.is_empty() {
                return Err(PrefixList::not_found(Missing(missing)));
            }
        }
        let mut scratch = String::new();
        let rows = rows.into_iter().filter(|row| {
            window.after.is_none_or(|after| row.id() > after) && row.passes(&filters, state, &mut scratch)
        });
        let (rows, next_token) = page::cut(rows, window.limit, |row| row.id().to_string());
        Ok(Page { rows, next_token })
    }
}

// === GetManagedPrefixListEntries ===

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct EntriesIn {
    prefix_list_id: String,
    target_version: Option<i64>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedEntry {
    cidr: Text<IpNet>,
    description: Option<String>,
}

impl Printed for ListedEntry {
    const LIST: &'static str = "Entries";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// The entries of the current version, or of an earlier one that is kept.
///
/// # Errors
/// If there is no such version.
pub fn entries_of(list: &PrefixList, version: Option<i64>) -> Result<PrefixListEntries, Ec2Error> {
    let version = version.unwrap_or(list.version);
    let entries = list.versions.get(&version).cloned();
    entries.ok_or_else(|| PrefixListError::NoSuchPrefixListVersion(version).into())
}

pub struct GetManagedPrefixListEntries;

impl Operation for GetManagedPrefixListEntries {
    const NAME: &'static str = "GetManagedPrefixListEntries";
    type In = EntriesIn;
    type Out = Page<ListedEntry>;
    type Error = Ec2Error;
}

impl Read for GetManagedPrefixListEntries {
    fn run(view: &View<'_>, input: EntriesIn) -> Result<Self::Out, Ec2Error> {
        let token = input.next_token.as_deref();
        let parse = |text: &str| text.parse::<IpNet>().ok();
        let window = Window::between(input.max_results, token, LEAST, PrefixList::MOST, parse)?;
        let entries = match (any(view.state, &input.prefix_list_id)?, input.target_version) {
            (AnyPrefixList::Customer(list), version) => entries_of(list, version)?,
            (AnyPrefixList::Aws(_), Some(version)) => {
                return Err(PrefixListError::NoSuchPrefixListVersion(version).into());
            }
            (AnyPrefixList::Aws(list), None) => {
                let entry = |cidr: &IpNet| PrefixListEntry { cidr: *cidr, description: None };
                let mut entries: Vec<_> = list.entries.iter().map(entry).collect();
                entries.sort_by_key(|entry| entry.cidr);
                entries.into()
            }
        };
        let rows = entries.iter().filter(|entry| window.after.is_none_or(|after| entry.cidr > after));
        let rows =
            rows.map(|entry| ListedEntry { cidr: Text(entry.cidr), description: entry.description.clone() });
        let (rows, next_token) = page::cut(rows, window.limit, |entry| entry.cidr.0.to_string());
        Ok(Page { rows, next_token })
    }
}

// === GetManagedPrefixListAssociations ===

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociationsIn {
    prefix_list_id: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedUser {
    resource_id: String,
    resource_owner: Text<AccountId>,
}

impl Printed for ListedUser {
    const LIST: &'static str = "PrefixListAssociations";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

pub struct GetManagedPrefixListAssociations;

impl Operation for GetManagedPrefixListAssociations {
    const NAME: &'static str = "GetManagedPrefixListAssociations";
    type In = AssociationsIn;
    type Out = Page<ListedUser>;
    type Error = Ec2Error;
}

impl Read for GetManagedPrefixListAssociations {
    fn run(view: &View<'_>, input: AssociationsIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, 255, |id| Some(id.to_owned()))?;
        let id = match any(state, &input.prefix_list_id)? {
            AnyPrefixList::Customer(list) => list.id,
            AnyPrefixList::Aws(list) => list.id,
        };
        let mut users: Vec<_> = state.prefix_list_users(id).map(|user| user.to_string()).collect();
        users.sort();
        let rows = users.into_iter().filter(|id| window.after.as_ref().is_none_or(|after| id > after));
        let owner = state.site.account;
        let rows = rows.map(|resource_id| ListedUser { resource_id, resource_owner: Text(owner) });
        let (rows, next_token) = page::cut(rows, window.limit, |user| user.resource_id.clone());
        Ok(Page { rows, next_token })
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
