//! Prefix lists of services, as the older of two operations describes them: those that gateway endpoints route to.

use super::describe::{Each, Text, Window};
use super::error::Ec2Error;
use super::filter::{Filter, Filters};
use crate::model::managed_prefix_list::{GATEWAY_SERVICES, get, of_service};
use crate::model::{Id, ManagedList, PrefixListId, Tags};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};

pub const LIST_FILTERS: &[&str] = &["prefix-list-id", "prefix-list-name"];

/// Source: the page of DescribePrefixLists.
pub struct DescribePrefixLists;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribePrefixListsIn {
    prefix_list_ids: Vec<String>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Printed for &'static ManagedList {
    const LIST: &'static str = "PrefixLists";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cidrs = Each(|| self.entries.iter().map(Text));
        PrefixListView { cidrs, prefix_list_id: Text(self.id), prefix_list_name: &self.name }
            .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixListView<'a, C: Serialize> {
    cidrs: C,
    prefix_list_id: Text<PrefixListId>,
    prefix_list_name: &'a str,
}

impl Operation for DescribePrefixLists {
    const NAME: &'static str = "DescribePrefixLists";
    type In = DescribePrefixListsIn;
    type Out = Page<&'static ManagedList>;
    type Error = Ec2Error;
}

impl Read for DescribePrefixLists {
    fn run(view: &View<'_>, input: DescribePrefixListsIn) -> Result<Self::Out, Ec2Error> {
        let region = &*view.state.site.region;
        let window =
            Window::capped(input.max_results, input.next_token.as_deref(), 1_000, PrefixListId::parse)?;
        let filters = Filters::new(input.filters, LIST_FILTERS)?;
        let mut ids: Vec<_> =
            GATEWAY_SERVICES.into_iter().filter_map(|service| of_service(region, service)).collect();
        if !input.prefix_list_ids.is_empty() {
            let parse = |text: &String| {
                let known = PrefixListId::parse(text).filter(|id| ids.contains(id));
                known.ok_or_else(|| Ec2Error::PrefixListNotFound(text.clone()))
            };
            ids = input.prefix_list_ids.iter().map(parse).collect::<Result<_, _>>()?;
        }
        ids.sort_unstable();
        ids.dedup();
        let mut scratch = String::new();
        let lists = ids
            .into_iter()
            .filter(|id| window.after.is_none_or(|after| *id > after))
            .filter_map(|id| get(region, id))
            .filter(|list| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| match name {
                    "prefix-list-id" => probe.show(list.id),
                    "prefix-list-name" => probe.is(&list.name),
                    _ => probe.unknown(),
                })
            });
        let (rows, next_token) = page::cut(lists, window.limit, |list| list.id.to_string());
        Ok(Page { rows, next_token })
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{Lab, texts};
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_lists_of_gateway_endpoints_are_described() {
        let lab = Lab::new();
        let lists = |input: Value| lab.read::<DescribePrefixLists>(input);
        let all = lists(json!({}));
        assert_eq!(texts(&all["PrefixLists"], "PrefixListId"), ["pl-02cd2c6b", "pl-63a5400a"]);
        assert_eq!(
            lists(json!({ "PrefixListIds": ["pl-63a5400a"] }))["PrefixLists"],
            json!([{
                "Cidrs": ["54.231.0.0/17"],
                "PrefixListId": "pl-63a5400a",
                "PrefixListName": "com.amazonaws.us-east-1.s3",
            }])
        );
        let named = |name: &str| json!({ "Filters": [{ "Name": "prefix-list-name", "Values": [name] }] });
        assert_eq!(texts(&lists(named("*.s3"))["PrefixLists"], "PrefixListId"), ["pl-63a5400a"]);
        let first = lists(json!({ "MaxResults": 1 }));
        assert_eq!(texts(&first["PrefixLists"], "PrefixListId"), ["pl-02cd2c6b"]);
        let second = lists(json!({ "MaxResults": 1, "NextToken": first["NextToken"] }));
        assert_eq!(texts(&second["PrefixLists"], "PrefixListId"), ["pl-63a5400a"]);
        assert!(second.get("NextToken").is_none());
    }
}
