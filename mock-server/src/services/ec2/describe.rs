//! What all describing operations of EC2 share: explicit ids, filters, pages.

use super::error::{Ec2Error, Missing};
use super::filter::{Filter, Filters, Probe};
use super::tags;
use crate::kernel::{Memo, Row, Table};
use crate::model::{Id, Owner, Site, State, Tags};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::Arc;

/// A kind of EC2 resource: how it is described, filtered, tagged and printed.
pub trait Resource: Row<Key: Id + Display + 'static> {
    /// The operation that describes it.
    const DESCRIBE: &'static str;
    /// The output member that lists it.
    const LIST: &'static str;
    /// The input member with explicit ids, as error texts name it.
    const IDS: &'static str;
    /// What tag specifications call it.
    const KIND: &'static str;
    /// The smallest page that may be asked for, and the largest.
    const LEAST: i64 = LEAST;
    const MOST: usize = 1_000;
    /// Whether a larger page than that is cut to it instead of refused; then there is no smallest page either.
    const CAPPED: bool = false;
    /// The names of all filters, as the operation documents them.
    const FILTERS: &'static [&'static str];
    /// The one of them that names the resource itself.
    const ID_FILTER: &'static str;
    /// Names that AWS takes though it documents them no more, each with the one that stands for it today.
    const OLD_FILTERS: &'static [(&'static str, &'static str)] = &[];
    /// Whether ids that name nothing are passed over instead of refused.
    const SKIPS_UNKNOWN: bool = false;

    fn table(state: &State) -> &Table<Self>;
    fn table_mut(state: &mut State) -> &mut Table<Self>;
    fn memo(&self) -> &Memo;
    fn tags(&self) -> &Tags;
    fn tags_mut(&mut self) -> &mut Tags;
    fn not_found(missing: Missing) -> Ec2Error;

    /// The index that holds exactly what the filter `name` selects with `value`.
    fn index(_name: &str, _value: &str) -> Option<Self::Index> {
        None
    }

    /// The keys of exactly what the filter `name` selects with `value`, where that is known without looking at
    /// every row.
    fn keys(_state: &State, _name: &str, _value: &str) -> Option<Vec<Self::Key>> {
        None
    }

    /// What the timers of such a resource belong to, if it does anything by itself: then waiters wait for it.
    fn owner(_key: Self::Key) -> Option<Owner> {
        None
    }

    /// Who takes the resource away after a while, which nobody's waiter waits for.
    fn leaves_with(&self) -> Option<&Owner> {
        None
    }

    /// Shows the probe every value that the resource has under the filter `name`.
    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>);

    /// # Errors
    /// Those of the serialiser.
    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error>;

    /// The resource with this name, where resources can be named.
    ///
    /// # Errors
    /// If there is none.
    fn named<'a>(_state: &'a State, name: &str) -> Result<&'a Arc<Self>, Ec2Error> {
        Err(Self::not_found(Missing::one(name)))
    }
}

/// The part of a [`Resource`] that follows from the table of the state which it is kept in.
macro_rules! stored_in {
    ($table:ident) => {
        fn table(state: &crate::model::State) -> &crate::kernel::Table<Self> {
            &state.$table
        }
        fn table_mut(state: &mut crate::model::State) -> &mut crate::kernel::Table<Self> {
            &mut state.$table
        }
        fn memo(&self) -> &crate::kernel::Memo {
            &self.memo
        }
        fn tags(&self) -> &crate::model::Tags {
            &self.tags
        }
        fn tags_mut(&mut self) -> &mut crate::model::Tags {
            &mut self.tags
        }
    };
}
pub(super) use stored_in;

/// The resource with this id.
///
/// # Errors
/// If there is none, or if the text is no id of this kind.
pub fn find<'a, R: Resource>(state: &'a State, id: &str) -> Result<&'a Arc<R>, Ec2Error> {
    R::Key::parse(id).and_then(|key| R::table(state).get(&key)).ok_or_else(|| R::not_found(Missing::one(id)))
}

/// A row on its way out.
pub struct Listed<R> {
    pub row: Arc<R>,
    pub site: Arc<Site>,
}

impl<R: Resource> Listed<R> {
    pub fn new(state: &State, row: Arc<R>) -> Self {
        Self { row, site: state.site.clone() }
    }
}

impl<R: Resource> Printed for Listed<R> {
    const LIST: &'static str = R::LIST;
    fn memo(&self) -> Option<&Memo> {
        Some(self.row.memo())
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.print(&self.site, serializer)
    }
}

impl<R: Resource> Serialize for Listed<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.print(&self.site, serializer)
    }
}

/// The input of every describing operation. The list of ids goes by another name in each of them.
#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeIn {
    #[serde(
        alias = "DhcpOptionsIds",
        alias = "EgressOnlyInternetGatewayIds",
        alias = "FlowLogIds",
        alias = "GroupIds",
        alias = "InstanceIds",
        alias = "InternetGatewayIds",
        alias = "LaunchTemplateIds",
        alias = "NatGatewayIds",
        alias = "NetworkAclIds",
        alias = "NetworkInsightsPathIds",
        alias = "NetworkInterfaceIds",
        alias = "NetworkInterfacePermissionIds",
        alias = "RouteTableIds",
        alias = "SecurityGroupRuleIds",
        alias = "SubnetIds",
        alias = "TransitGatewayAttachmentIds",
        alias = "TransitGatewayIds",
        alias = "TransitGatewayRouteTableIds",
        alias = "VpcEndpointIds",
        alias = "VpcIds",
        alias = "VpcPeeringConnectionIds",
        alias = "VpnGatewayIds"
    )]
    pub ids: Vec<String>,
    #[serde(alias = "LaunchTemplateNames")]
    pub group_names: Vec<String>,
    /// One operation calls it `Filter`.
    #[serde(alias = "Filter")]
    pub filters: Vec<Filter>,
    pub max_results: Option<i64>,
    pub next_token: Option<String>,
}

/// How much of a list is wanted: where to start, how many at most.
pub struct Window<K> {
    pub after: Option<K>,
    pub limit: usize,
}

/// The smallest page that may be asked for. Source: the operations' own pages; EC2-PAGE.
const LEAST: i64 = 5;

impl<K> Window<K> {
    /// # Errors
    /// If `max_results` is out of range or the token is none of ours.
    pub fn new(
        max_results: Option<i64>,
        next_token: Option<&str>,
        most: usize,
        parse: impl FnOnce(&str) -> Option<K>,
    ) -> Result<Self, Ec2Error> {
        Self::between(max_results, next_token, LEAST, most, parse)
    }

    /// The same for operations whose smallest page is another.
    ///
    /// # Errors
    /// The same.
    pub fn between(
        max_results: Option<i64>,
        next_token: Option<&str>,
        least: i64,
        most: usize,
        parse: impl FnOnce(&str) -> Option<K>,
    ) -> Result<Self, Ec2Error> {
        let limit = match max_results {
            None => usize::MAX,
            Some(n) if n < least => return Err(Ec2Error::PageTooSmall(n)),
            Some(n) => match usize::try_from(n) {
                Ok(limit) if limit <= most => limit,
                _ => return Err(Ec2Error::PageTooLarge(n, most)),
            },
        };
        Ok(Self { after: after(next_token, parse)?, limit })
    }

    /// As [`Window::new`] for operations that know neither a smallest page nor a largest one that they refuse: they
    /// return at most `most`.
    ///
    /// # Errors
    /// If the token is none of ours.
    pub fn capped(
        max_results: Option<i64>,
        next_token: Option<&str>,
        most: usize,
        parse: impl FnOnce(&str) -> Option<K>,
    ) -> Result<Self, Ec2Error> {
        let asked = max_results.map(|n| usize::try_from(n).unwrap_or_default());
        Ok(Self { after: after(next_token, parse)?, limit: asked.unwrap_or(most).clamp(1, most) })
    }
}

fn after<K>(next_token: Option<&str>, parse: impl FnOnce(&str) -> Option<K>) -> Result<Option<K>, Ec2Error> {
    let after = next_token.filter(|token| !token.is_empty()).map(|token| {
        let key = page::key_of(token).and_then(|key| parse(&key));
        key.ok_or_else(|| Ec2Error::BadToken(token.to_owned()))
    });
    after.transpose()
}

/// The operation that describes resources of one kind.
pub struct Describe<R>(PhantomData<fn() -> R>);

impl<R: Resource> Operation for Describe<R> {
    const NAME: &'static str = R::DESCRIBE;
    type In = DescribeIn;
    type Out = Page<Listed<R>>;
    type Error = Ec2Error;

    fn subjects(input: &DescribeIn) -> Vec<Owner> {
        input.ids.iter().filter_map(|id| R::Key::parse(id)).filter_map(R::owner).collect()
    }
}

impl<R: Resource> Read for Describe<R> {
    fn run(view: &View<'_>, input: DescribeIn) -> Result<Self::Out, Ec2Error> {
        let explicit = !input.ids.is_empty() || !input.group_names.is_empty();
        if explicit && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds(R::IDS));
        }
        let state = view.state;
        let (size, token) = (input.max_results, input.next_token.as_deref());
        let window = if R::CAPPED {
            Window::capped(size, token, R::MOST, R::Key::parse)
        } else {
            Window::between(size, token, R::LEAST, R::MOST, R::Key::parse)
        }?;
        let mut given = input.filters;
        for filter in &mut given {
            if let Some((_, name)) = R::OLD_FILTERS.iter().find(|(old, _)| *old == filter.name) {
                filter.name = (*name).to_owned();
            }
        }
        let ready = if tags::has_tags::<R>() { Filters::tagged } else { Filters::new };
        let mut filters = ready(given, R::FILTERS)?;
        let candidates = if explicit {
            Candidates::Keys(named::<R>(state, &input.ids, &input.group_names)?)
        } else {
            Candidates::of(state, &mut filters)
        };
        let mut scratch = String::new();
        let rows = candidates
            .rows(R::table(state), window.after)
            .filter(|row| {
                filters.pass(&mut scratch, row.tags(), |name, probe| row.values(state, name, probe))
            })
            .map(|row| Listed::new(state, row.clone()));
        let (rows, next_token) = page::cut(rows, window.limit, |listed| listed.row.key().to_string());
        Ok(Page { rows, next_token })
    }

    fn leaving(out: &Self::Out) -> BTreeSet<Owner> {
        out.rows.iter().filter_map(|listed| listed.row.leaves_with().cloned()).collect()
    }
}

/// The keys of what a caller names, by id and by name.
fn named<R: Resource>(state: &State, ids: &[String], names: &[String]) -> Result<BTreeSet<R::Key>, Ec2Error> {
    let mut found = BTreeSet::new();
    let mut missing = Vec::new();
    for id in ids {
        match R::Key::parse(id).filter(|key| R::table(state).contains(key)) {
            Some(key) => drop(found.insert(key)),
            None => missing.push(id.clone()),
        }
    }
    if !missing.is_empty() && !R::SKIPS_UNKNOWN {
        return Err(R::not_found(Missing(missing)));
    }
    for name in names {
        found.insert(R::named(state, name)?.key());
    }
    Ok(found)
}

/// The rows that can pass at all: never more than the indexes leave.
enum Candidates<R: Row> {
    All,
    Keys(BTreeSet<R::Key>),
    Indexes(Vec<R::Index>),
}

impl<R: Resource> Candidates<R> {
    /// The shortest list that holds everything which can pass. The filter that it answers is taken away.
    fn of(state: &State, filters: &mut Filters) -> Self {
        let table = R::table(state);
        let mut best = (table.len(), None, Candidates::All);
        for (place, name, values) in filters.exact() {
            let candidates = if name == R::ID_FILTER {
                Candidates::Keys(values.into_iter().filter_map(R::Key::parse).collect())
            } else if let Some(keys) = values.iter().map(|value| R::keys(state, name, value)).collect() {
                Candidates::Keys(Vec::into_iter(keys).flatten().collect())
            } else if let Some(indexes) = values.iter().map(|value| R::index(name, value)).collect() {
                Candidates::Indexes(indexes)
            } else {
                continue;
            };
            let count = candidates.count(table);
            if best.1.is_none() || count < best.0 {
                best = (count, Some(place), candidates);
            }
        }
        best.1.into_iter().for_each(|place| filters.forget(place));
        best.2
    }

    /// How many rows there are at most.
    fn count(&self, table: &Table<R>) -> usize {
        match self {
            Candidates::All => table.len(),
            Candidates::Keys(keys) => keys.len(),
            Candidates::Indexes(indexes) => indexes.iter().map(|index| table.count(index)).sum(),
        }
    }

    fn rows<'a>(
        self,
        table: &'a Table<R>,
        after: Option<R::Key>,
    ) -> Box<dyn Iterator<Item = &'a Arc<R>> + 'a> {
        match (self, after) {
            (Candidates::All, None) => Box::new(table.iter()),
            (Candidates::All, Some(after)) => Box::new(table.after(&after)),
            (Candidates::Indexes(indexes), after) => match (indexes.as_slice(), after) {
                ([index], None) => Box::new(table.by(index)),
                ([index], Some(after)) => Box::new(table.by_after(index, &after)),
                (many, after) => {
                    let keys = many.iter().flat_map(|index| table.by(index)).map(|row| row.key()).collect();
                    Candidates::Keys(keys).rows(table, after)
                }
            },
            (Candidates::Keys(keys), after) => Box::new(
                keys.into_iter()
                    .filter(move |key| after.as_ref().is_none_or(|after| key > after))
                    .filter_map(|key| table.get(&key)),
            ),
        }
    }
}

/// Prints anything that displays itself, such as an id.
pub struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Prints the items of an iterator that can be begun again.
pub struct Each<F>(pub F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A list that is always empty here.
pub type Nothing = &'static [()];

/// A structure with one member, as attributes are wrapped.
#[derive(Serialize, Deserialize, Debug, Clone, Default)]
#[serde(rename_all = "PascalCase")]
pub struct Value<T> {
    pub value: T,
}
