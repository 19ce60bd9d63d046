//! Customer-managed prefix lists: created, modified, restored, deleted. Each of these is a task that takes its time;
//! what keeps a list from growing or from going is found at its end, and told by the list.
//!
//! Source: VPC user guide, "Customer-managed prefix lists", and the pages of the operations.

use super::client_token::once;
use super::describe::{Listed, Resource};
use super::error::Ec2Error;
use super::error::prefix_lists::PrefixListError;
use super::prefix_list::{any, entries_of};
use super::tags::{self, TagSpecification};
use crate::kernel::Memo;
use crate::model::prefix_list::PrefixListIndex;
use crate::model::{
    AddressFamily, AnyPrefixList, Id, PrefixList, PrefixListChange, PrefixListEntries, PrefixListEntry,
    PrefixListId, PrefixListProgress, PrefixListTask, State, Txn,
};
use crate::net::prefix_list::begin;
use crate::services::{Caller, Operation, Write};
use imbl::OrdMap;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest name and description of an entry. Source: the page of CreateManagedPrefixList.
const LONGEST: usize = 255;
/// Names that begin so are AWS's.
const RESERVED: &str = "com.amazonaws";
/// How many entries one call may add, or remove.
const MOST_ENTRIES: usize = 100;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    cidr: String,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrefixListOut {
    prefix_list: Listed<PrefixList>,
}

impl PrefixListOut {
    fn new(state: &State, row: Arc<PrefixList>) -> Self {
        Self { prefix_list: Listed::new(state, row) }
    }
}

// === What is checked ===

fn name(name: String) -> Result<String, Ec2Error> {
    if name.is_empty() {
        return Err(Ec2Error::MissingParameter("prefixListName"));
    }
    if name.chars().count() > LONGEST || name.starts_with(RESERVED) {
        return Err(PrefixListError::BadPrefixListName(name).into());
    }
    Ok(name)
}

fn max_entries(state: &State, value: i32) -> Result<usize, Ec2Error> {
    let most = state.quotas.entries_per_prefix_list;
    let fits = usize::try_from(value).ok().filter(|value| (1..=most).contains(value));
    fits.ok_or_else(|| PrefixListError::BadMaxEntries { value, most }.into())
}

/// A range of the list's family; bits beyond the prefix are dropped, as in rules of groups.
fn cidr(family: AddressFamily, text: &str) -> Result<IpNet, Ec2Error> {
    let net = text.parse::<IpNet>().ok().filter(|net| AddressFamily::of(net) == family);
    let bad = || PrefixListError::BadPrefixListCidr { cidr: text.to_owned(), family: family.name() };
    net.map(|net| net.trunc()).ok_or_else(|| bad().into())
}

/// The entries without those removed and with those added.
fn changed(
    family: AddressFamily,
    entries: &[PrefixListEntry],
    add: Vec<Entry>,
    remove: Vec<Entry>,
) -> Result<PrefixListEntries, Ec2Error> {
    if add.len() > MOST_ENTRIES || remove.len() > MOST_ENTRIES {
        return Err(PrefixListError::ManyPrefixListEntries(MOST_ENTRIES).into());
    }
    // A range cannot be removed and added by one call, so what is added is compared with what was there before.
    let before: BTreeMap<_, _> =
        entries.iter().map(|entry| (entry.cidr, entry.description.clone())).collect();
    let mut after = before.clone();
    for Entry { cidr: text, .. } in remove {
        if after.remove(&cidr(family, &text)?).is_none() {
            return Err(PrefixListError::NoSuchEntry(text).into());
        }
    }
    for Entry { cidr: text, description } in add {
        let range = cidr(family, &text)?;
        if description.as_ref().is_some_and(|description| description.chars().count() > LONGEST) {
            return Err(PrefixListError::LongEntryDescription.into());
        }
        let description = description.filter(|description| !description.is_empty());
        if before.contains_key(&range) || after.insert(range, description).is_some() {
            return Err(PrefixListError::EntryTwice(text).into());
        }
    }
    Ok(after.into_iter().map(|(cidr, description)| PrefixListEntry { cidr, description }).collect())
}

/// Whether so many entries fit into a list.
fn room(id: PrefixListId, entries: usize, most: usize) -> Result<(), Ec2Error> {
    match entries > most {
        true => Err(PrefixListError::PrefixListFull { id: id.to_string(), most }.into()),
        false => Ok(()),
    }
}

/// The customer's list with this id, if nothing is being done to it.
fn idle(state: &State, id: &str) -> Result<PrefixList, Ec2Error> {
    let list = match any(state, id)? {
        AnyPrefixList::Customer(list) => PrefixList::clone(list),
        AnyPrefixList::Aws(list) => return Err(PrefixListError::AwsPrefixList(list.id).into()),
    };
    match list.progress {
        PrefixListProgress::InProgress => {
            Err(PrefixListError::PrefixListBusy { id: list.id, state: list.state() }.into())
        }
        PrefixListProgress::Complete | PrefixListProgress::Failed(_) => Ok(list),
    }
}

fn check_version(list: &PrefixList, current: i64) -> Result<(), Ec2Error> {
    match current {
        ..1 => Err(PrefixListError::NoFirstVersion.into()),
        _ if current != list.version => Err(PrefixListError::WrongPrefixListVersion.into()),
        _ => Ok(()),
    }
}

// === Operations ===

pub struct CreateManagedPrefixList;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateIn {
    prefix_list_name: String,
    entries: Vec<Entry>,
    max_entries: Option<i32>,
    tag_specifications: Vec<TagSpecification>,
    address_family: String,
    client_token: Option<String>,
}

impl Operation for CreateManagedPrefixList {
    const NAME: &'static str = "CreateManagedPrefixList";
    type In = CreateIn;
    type Out = PrefixListOut;
    type Error = Ec2Error;
}

impl Write for CreateManagedPrefixList {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreateIn) -> Result<PrefixListOut, Ec2Error> {
        let token = input.client_token.take();
        let request = format!("{input:?}");
        let make = |txn: &mut Txn<'_>, token| create(txn, input, token);
        let row = once::<PrefixList>(txn, Self::NAME, token.as_deref(), &request, make)?;
        Ok(PrefixListOut::new(&txn.state, row))
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateIn,
    client_token: Option<u128>,
) -> Result<Arc<PrefixList>, Ec2Error> {
    let state = &txn.state;
    let name = name(input.prefix_list_name)?;
    let size = input.max_entries.ok_or(Ec2Error::MissingParameter("maxEntries"))?;
    let max_entries = max_entries(state, size)?;
    if input.address_family.is_empty() {
        return Err(Ec2Error::MissingParameter("addressFamily"));
    }
    let family = AddressFamily::parse(&input.address_family)
        .ok_or(PrefixListError::BadAddressFamily(input.address_family))?;
    let entries = changed(family, &[], input.entries, Vec::new())?;
    let tags = tags::given(state, PrefixList::KIND, input.tag_specifications)?;
    if state.prefix_lists.count(&PrefixListIndex::Alive) >= state.quotas.prefix_lists {
        return Err(PrefixListError::TooManyPrefixLists.into());
    }
    // There is no list so far that could be named.
    if entries.len() > max_entries {
        return Err(PrefixListError::TooSmallForEntries { count: entries.len(), most: max_entries }.into());
    }
    let id = PrefixListId::mint(txn);
    let list = PrefixList {
        id,
        name,
        family,
        max_entries,
        task: PrefixListTask::Create,
        progress: PrefixListProgress::InProgress,
        change: PrefixListChange::default(),
        version: 1,
        versions: OrdMap::unit(1, entries),
        client_token,
        tags,
        memo: Memo::default(),
    };
    Ok(begin(txn, list))
}

pub struct ModifyManagedPrefixList;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyPrefixListIn {
    prefix_list_id: String,
    current_version: Option<i64>,
    prefix_list_name: Option<String>,
    add_entries: Vec<Entry>,
    remove_entries: Vec<Entry>,
    max_entries: Option<i32>,
}

impl Operation for ModifyManagedPrefixList {
    const NAME: &'static str = "ModifyManagedPrefixList";
    type In = ModifyPrefixListIn;
    type Out = PrefixListOut;
    type Error = Ec2Error;
}

impl Write for ModifyManagedPrefixList {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyPrefixListIn) -> Result<PrefixListOut, Ec2Error> {
        let state = &txn.state;
        let mut list = idle(state, &input.prefix_list_id)?;
        let of_entries = !input.add_entries.is_empty() || !input.remove_entries.is_empty();
        if of_entries && input.max_entries.is_some() {
            return Err(PrefixListError::EntriesAndSize.into());
        }
        if !of_entries && input.max_entries.is_none() && input.prefix_list_name.is_none() {
            return Err(Ec2Error::NoAttribute);
        }
        input.current_version.map_or(Ok(()), |current| check_version(&list, current))?;
        let mut change = PrefixListChange {
            name: input.prefix_list_name.map(name).transpose()?,
            max_entries: input.max_entries.map(|value| max_entries(state, value)).transpose()?,
            entries: None,
        };
        if of_entries {
            let entries = changed(list.family, list.entries(), input.add_entries, input.remove_entries)?;
            change.entries = Some(entries);
        }
        let entries = change.entries.as_deref().unwrap_or(list.entries()).len();
        room(list.id, entries, change.max_entries.unwrap_or(list.max_entries))?;
        (list.task, list.change) = (PrefixListTask::Modify, change);
        let row = begin(txn, list);
        Ok(PrefixListOut::new(&txn.state, row))
    }
}

pub struct RestoreManagedPrefixListVersion;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct RestoreIn {
    prefix_list_id: String,
    previous_version: Option<i64>,
    current_version: Option<i64>,
}

impl Operation for RestoreManagedPrefixListVersion {
    const NAME: &'static str = "RestoreManagedPrefixListVersion";
    type In = RestoreIn;
    type Out = PrefixListOut;
    type Error = Ec2Error;
}

impl Write for RestoreManagedPrefixListVersion {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RestoreIn) -> Result<PrefixListOut, Ec2Error> {
        let mut list = idle(&txn.state, &input.prefix_list_id)?;
        let previous = input.previous_version.ok_or(Ec2Error::MissingParameter("previousVersion"))?;
        let current = input.current_version.ok_or(Ec2Error::MissingParameter("currentVersion"))?;
        check_version(&list, current)?;
        let entries = entries_of(&list, Some(previous))?;
        room(list.id, entries.len(), list.max_entries)?;
        list.task = PrefixListTask::Restore;
        list.change.entries = Some(entries);
        let row = begin(txn, list);
        Ok(PrefixListOut::new(&txn.state, row))
    }
}

pub struct DeleteManagedPrefixList;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeletePrefixListIn {
    prefix_list_id: String,
}

impl Operation for DeleteManagedPrefixList {
    const NAME: &'static str = "DeleteManagedPrefixList";
    type In = DeletePrefixListIn;
    type Out = PrefixListOut;
    type Error = Ec2Error;
}

impl Write for DeleteManagedPrefixList {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeletePrefixListIn) -> Result<PrefixListOut, Ec2Error> {
        let mut list = idle(&txn.state, &input.prefix_list_id)?;
        list.task = PrefixListTask::Delete;
        let row = begin(txn, list);
        Ok(PrefixListOut::new(&txn.state, row))
    }
}
