//! The elements of a network, by their ids: that they exist, what their ARNs are, how they are named.

use crate::kernel::{Row, Scope, Table};
use crate::model::insights::Part;
use crate::model::{Id, State, Tags, endpoint_service, managed_prefix_list};
use std::ops::Deref;
use std::sync::Arc;

/// A kind of element: the prefix of its ids, what ARNs call it, whether paths may begin and end there.
pub struct Kind {
    pub prefix: &'static str,
    pub arn: &'static str,
    pub end: bool,
    /// The tags of the one with this id; `None` if there is none.
    tags: fn(&State, &str) -> Option<Tags>,
}

fn row<R: Row<Key: Id>>(table: &Table<R>, id: &str, tags: fn(&R) -> &Tags) -> Option<Tags> {
    R::Key::parse(id).and_then(|id| table.get(&id)).map(|row| tags(row).clone())
}

macro_rules! kinds {
    ($($prefix:literal $arn:literal $ends:literal $table:ident;)*) => {
        &[$(Kind {
            prefix: $prefix,
            arn: $arn,
            end: $ends,
            tags: |state, id| row(&state.$table, id, |row| &row.tags),
        },)*
        Kind { prefix: "pl", arn: "prefix-list", end: false, tags: prefix_list },
        Kind { prefix: "vpce-svc", arn: "vpc-endpoint-service", end: true, tags: service }]
    };
}

/// Source: Reachability Analyzer guide, "Source and destination resources" and "Path components".
const KINDS: &[Kind] = kinds! {
    "i" "instance" true instances;
    "eni" "network-interface" true interfaces;
    "igw" "internet-gateway" true internet_gateways;
    "tgw" "transit-gateway" true transit_gateways;
    "tgw-attach" "transit-gateway-attachment" true transit_attachments;
    "vgw" "vpn-gateway" true vpn_gateways;
    "vpce" "vpc-endpoint" true vpc_endpoints;
    "pcx" "vpc-peering-connection" true peerings;
    "nat" "natgateway" false nat_gateways;
    "eigw" "egress-only-internet-gateway" false egress_only_gateways;
    "tgw-rtb" "transit-gateway-route-table" false transit_tables;
    "acl" "network-acl" false acls;
    "sg" "security-group" false groups;
    "rtb" "route-table" false route_tables;
    "subnet" "subnet" false subnets;
    "vpc" "vpc" false vpcs;
};

fn prefix_list(state: &State, id: &str) -> Option<Tags> {
    let id = Id::parse(id)?;
    let own = state.prefix_lists.get(&id).map(|list| list.tags.clone());
    own.or_else(|| managed_prefix_list::get(&state.site.region, id).map(|_| Tags::default()))
}

fn service(state: &State, id: &str) -> Option<Tags> {
    let services = endpoint_service::services(&state.site.region);
    services.iter().any(|service| service.id == id).then(Tags::default)
}

/// What an id is the id of.
pub fn kind_of(id: &str) -> Option<&'static Kind> {
    let (prefix, _) = id.rsplit_once('-')?;
    KINDS.iter().find(|kind| kind.prefix == prefix)
}

impl Kind {
    pub fn exists(&self, state: &State, id: &str) -> bool {
        (self.tags)(state, id).is_some()
    }
}

/// The region of the analysis, or one that it may look into.
enum Cell<'a> {
    Here(&'a State),
    There(Arc<State>),
}

impl Deref for Cell<'_> {
    type Target = State;
    fn deref(&self) -> &State {
        match self {
            Cell::Here(state) => state,
            Cell::There(state) => state,
        }
    }
}

/// Where elements are looked for.
pub struct Parts<'a>(Vec<Cell<'a>>);

impl<'a> Parts<'a> {
    pub fn new(terrain: &crate::net::Terrain<'a>) -> Self {
        let site = &terrain.state.site;
        let mut cells = vec![Cell::Here(terrain.state)];
        let scope = Scope::Region(site.region.clone());
        let others = terrain.elsewhere.accounts().into_iter().filter(|account| *account != site.account);
        cells.extend(others.filter_map(|account| terrain.elsewhere.peek(account, &scope)).map(Cell::There));
        Self(cells)
    }

    /// The first answer of a state.
    pub fn find<T>(&self, find: impl Fn(&State) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|state| find(state))
    }

    pub fn part(&self, id: &str) -> Option<Part> {
        let kind = kind_of(id)?;
        self.find(|state| {
            let tags = (kind.tags)(state, id)?;
            let arn = state.site.arn("ec2", format_args!("{}/{id}", kind.arn)).into();
            Some(Part { id: id.into(), arn, name: tags.get("Name").map(Into::into) })
        })
    }
}
