//! What holds for every operation, whichever it is: the registry says which there are.

use super::harness::Lab;
use super::{Describe, operations};
use crate::model::{Quotas, Vpc};
use crate::services::{Operation, Read, Refused, Registrar, Write};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Checks every operation that it is told of.
struct Contract<'a> {
    lab: &'a Lab,
    /// How many operations have pages, and filters.
    paged: usize,
    filtered: usize,
    written: usize,
    broken: Vec<String>,
}

impl Contract<'_> {
    fn expect(&mut self, operation: &str, what: &str, holds: bool) {
        if !holds {
            self.broken.push(format!("{operation}: {what}"));
        }
    }

    /// Everything, page by page.
    fn walk<O: Read>(&mut self, size: Option<usize>) -> Lists {
        let (mut seen, mut input) = (Lists::new(), json!({}));
        size.into_iter().for_each(|size| input["MaxResults"] = json!(size));
        loop {
            let page = self.lab.read_any::<O>(input.clone()).unwrap();
            for (name, rows) in lists(&page) {
                let is_short = size.is_none_or(|size| rows.len() <= size);
                self.expect(O::NAME, "a page is no longer than asked", is_short);
                seen.entry(name).or_default().extend(rows);
            }
            let Some(token) = page.get("NextToken") else { return seen };
            input["NextToken"] = token.clone();
        }
    }

    fn pages<O: Read>(&mut self) {
        self.paged += 1;
        let all = self.walk::<O>(None);
        for size in 5..9 {
            let seen = self.walk::<O>(Some(size));
            self.expect(O::NAME, "pages walk through everything once, in order", seen == all);
        }
    }
}

/// The lists of an answer by their names: mostly one.
type Lists = BTreeMap<String, Vec<Value>>;

fn lists(answer: &Value) -> Lists {
    let members = answer.as_object().unwrap().iter();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_array()?.clone()))).collect()
}

fn code(answer: Result<Value, Refused>) -> String {
    answer.map_or_else(|refused| refused.code.into_owned(), |_| "none".to_owned())
}

impl Registrar for Contract<'_> {
    fn read<O: Read>(&mut self) {
        let lab = self.lab;
        // What lists the parts of one thing has to be told of which.
        if lab.read_any::<O>(json!({})).is_err() {
            return;
        }
        let filters = json!([{ "Name": "no such filter", "Values": ["x"] }]);
        let refusal = lab.read_any::<O>(json!({ "Filters": filters })).err().map(|refused| refused.message);
        if has_filters::<O>() {
            self.filtered += 1;
            let expected = "The filter 'no such filter' is invalid";
            self.expect(O::NAME, "an unknown filter is refused", refusal.as_deref() == Some(expected));
        }
        if code(lab.read_any::<O>(json!({ "NextToken": "?" }))) != "InvalidNextToken" {
            return;
        }
        // The token of a VPC names no place in another list.
        let foreign = lab.read::<Describe<Vpc>>(json!({ "MaxResults": 5 }))["NextToken"].clone();
        let answer = code(lab.read_any::<O>(json!({ "NextToken": foreign })));
        let is_own = O::NAME == Describe::<Vpc>::NAME;
        self.expect(O::NAME, "a foreign token is refused", (answer == "InvalidNextToken") != is_own);
        self.pages::<O>();
    }

    fn write<O: Write>(&mut self) {
        self.written += 1;
        // That a refused call changes nothing and that every state is sound is what the harness checks.
        let before = self.lab.state();
        let dry = self.lab.write_any::<O>(json!({}), false);
        let same = std::sync::Arc::ptr_eq(&before, &self.lab.state());
        self.expect(O::NAME, "a dry run changes nothing", same);
        let done = self.lab.write_any::<O>(json!({}), true);
        self.expect(O::NAME, "a dry run is answered as the call", dry.is_ok() == done.is_ok());
    }
}

fn has_filters<O: Operation>() -> bool {
    super::filters().iter().any(|(operation, _)| *operation == O::NAME)
}

#[test]
fn every_operation_keeps_the_contract() {
    let lab = Lab::with("us-east-1", Quotas::UNLIMITED);
    for n in 0..7 {
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, &format!("10.0.{n}.0/24"));
        lab.interface(&subnet, &[]);
        lab.flow_log("VPC", &vpc, "records");
        lab.write::<super::tags::CreateTags>(
            json!({ "Resources": [vpc], "Tags": [{ "Key": "a", "Value": "b" }] }),
        );
        lab.write::<super::peering::CreateVpcPeeringConnection>(json!({ "VpcId": vpc, "PeerVpcId": vpc }));
    }
    let mut contract = Contract { lab: &lab, paged: 0, filtered: 0, written: 0, broken: Vec::new() };
    operations(&mut contract);
    assert_eq!(contract.broken, Vec::<String>::new());
    let counts = (contract.paged, contract.filtered, contract.written);
    assert!(counts.0 >= 11 && counts.1 >= 13 && counts.2 >= 20, "{counts:?}");
}
