//! Two answers side by side: where they differ, once the words that control planes choose are taken for each other.
//!
//! Which id on one side stands for which on the other follows from where they appear first, and holds from then on: an
//! id that stands for two is a difference.

use super::token::{Token, tokens};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// A difference between two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where in the answer, such as `Vpcs[0].State`; empty if it is the whole.
    pub path: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// What it is here and there; `None` if it is not there.
    Values(Option<Value>, Option<Value>),
    /// The elements are the same, and in another order.
    Order,
}

/// What members are called whose words a client only hands back.
const READ_BY_NOBODY: [&str; 3] = ["Token", "SecretAccessKey", "Marker"];

/// Whether the order of a list says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    Ordered,
    /// Source: EC2 API reference: the order of elements in a response may vary.
    Unordered,
}

/// Which word on one side stands for which on the other.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    there: HashMap<String, String>,
    here: HashMap<String, String>,
    /// The words of this side in the order in which they were paired, so that an attempt can be undone.
    made: Vec<String>,
}

impl Pairs {
    /// Where two answers differ.
    pub fn differences(&mut self, a: &Value, b: &Value, lists: Lists) -> Vec<Difference> {
        let mut found = Vec::new();
        self.compare(&mut String::new(), a, b, lists, &mut found);
        found
    }

    /// Whether two texts say the same.
    pub fn say_the_same(&mut self, a: &str, b: &str) -> bool {
        let before = self.made.len();
        let (a, b) = (tokens(a), tokens(b));
        let same = a.len() == b.len()
            && a.iter().zip(&b).all(|(a, b)| match (a, b) {
                (Token::Plain(a), Token::Plain(b)) => a == b,
                (Token::Time, Token::Time) => true,
                (Token::Id(kind, a), Token::Id(other, b)) => kind == other && self.pair(a, b),
                _ => false,
            });
        if !same {
            self.undo(before);
        }
        same
    }

    fn pair(&mut self, a: &str, b: &str) -> bool {
        match (self.there.get(a), self.here.get(b)) {
            (None, None) => {
                self.there.insert(a.to_owned(), b.to_owned());
                self.here.insert(b.to_owned(), a.to_owned());
                self.made.push(a.to_owned());
                true
            }
            (Some(known), _) => known == b,
            (None, Some(_)) => false,
        }
    }

    /// Forgets all pairs but the first ones.
    fn undo(&mut self, keep: usize) {
        for a in self.made.drain(keep..) {
            if let Some(b) = self.there.remove(&a) {
                self.here.remove(&b);
            }
        }
    }

    /// Whether two texts of a member of this name say the same.
    fn members_agree(&mut self, name: &str, a: &str, b: &str) -> bool {
        if READ_BY_NOBODY.iter().any(|end| name.ends_with(end)) {
            return true;
        }
        // Policies in answers of IAM.
        let is_encoded = |text: &str| text.starts_with("%7B") || text.starts_with("%5B");
        if is_encoded(a) && is_encoded(b) {
            let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            return self.say_the_same(&plain(a), &plain(b));
        }
        self.say_the_same(a, b)
    }

    fn compare(
        &mut self,
        path: &mut String,
        a: &Value,
        b: &Value,
        lists: Lists,
        found: &mut Vec<Difference>,
    ) {
        let same = match (a, b) {
            (Value::Object(a), Value::Object(b)) => return self.members(path, a, b, lists, found),
            (Value::Array(a), Value::Array(b)) => return self.elements(path, a, b, lists, found),
            (Value::String(a), Value::String(b)) => {
                let name = path.rsplit('.').next().unwrap_or_default();
                self.members_agree(name, a, b)
            }
            (Value::Number(a), Value::Number(b)) => a == b || (is_time(a) && is_time(b)),
            (a, b) => a == b,
        };
        if !same {
            found.push(differ(path, Some(a), Some(b)));
        }
    }

    fn members(
        &mut self,
        path: &mut String,
        a: &Map<String, Value>,
        b: &Map<String, Value>,
        lists: Lists,
        found: &mut Vec<Difference>,
    ) {
        let there =
            |map: &Map<String, Value>, key: &str| map.get(key).filter(|value| !value.is_null()).cloned();
        let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let before = path.len();
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
            match (there(a, key), there(b, key)) {
                (Some(a), Some(b)) => self.compare(path, &a, &b, lists, found),
                (None, None) => {}
                (a, b) => found.push(differ(path, a.as_ref(), b.as_ref())),
            }
            path.truncate(before);
        }
    }

    /// Lists: as they are; else, with each element of one side beside the one of the other that is most like it.
    fn elements(
        &mut self,
        path: &mut String,
        a: &[Value],
        b: &[Value],
        lists: Lists,
        found: &mut Vec<Difference>,
    ) {
        let before = self.made.len();
        let mut in_order = Vec::new();
        self.in_order(path, a, b, lists, &mut in_order);
        if in_order.is_empty() {
            return;
        }
        if lists == Lists::Ordered && a.len() != b.len() {
            found.append(&mut in_order);
            return;
        }
        self.undo(before);
        let mut left: Vec<usize> = (0..b.len()).collect();
        let mut alone = Vec::new();
        for (n, element) in a.iter().enumerate() {
            match self.like(path, element, b, &left, lists) {
                Some(at) => {
                    let other = left.remove(at);
                    self.compare(path, element, &b[other], lists, &mut Vec::new());
                }
                None => alone.push(n),
            }
        }
        match (alone.is_empty() && left.is_empty(), lists) {
            (true, Lists::Unordered) => {}
            (true, Lists::Ordered) => found.push(Difference { path: path.clone(), what: What::Order }),
            (false, Lists::Ordered) => {
                self.undo(before);
                self.in_order(path, a, b, lists, found);
            }
            (false, Lists::Unordered) => {
                let rest = alone.len().max(left.len());
                for n in 0..rest {
                    let (mine, other) = (alone.get(n).copied(), left.get(n).copied());
                    self.element(
                        path,
                        mine.or(other).unwrap_or(n),
                        (mine.map(|n| &a[n]), other.map(|n| &b[n])),
                        lists,
                        found,
                    );
                }
            }
        }
    }

    fn in_order(
        &mut self,
        path: &mut String,
        a: &[Value],
        b: &[Value],
        lists: Lists,
        found: &mut Vec<Difference>,
    ) {
        for n in 0..a.len().max(b.len()) {
            self.element(path, n, (a.get(n), b.get(n)), lists, found);
        }
    }

    fn element(
        &mut self,
        path: &mut String,
        n: usize,
        sides: (Option<&Value>, Option<&Value>),
        lists: Lists,
        found: &mut Vec<Difference>,
    ) {
        let before = path.len();
        path.push_str(&format!("[{n}]"));
        match sides {
            (Some(a), Some(b)) => self.compare(path, a, b, lists, found),
            (a, b) => found.push(differ(path, a, b)),
        }
        path.truncate(before);
    }

    /// Which of these elements is the same as one of the other side: the one that fits best with what is known.
    fn like(
        &mut self,
        path: &mut String,
        a: &Value,
        b: &[Value],
        left: &[usize],
        lists: Lists,
    ) -> Option<usize> {
        let before = self.made.len();
        let mut best: Option<(usize, usize)> = None;
        for (at, n) in left.iter().enumerate() {
            let mut found = Vec::new();
            self.compare(path, a, &b[*n], lists, &mut found);
            let new = self.made.len() - before;
            self.undo(before);
            if found.is_empty() && best.is_none_or(|(least, _)| new < least) {
                best = Some((new, at));
            }
            if best.is_some_and(|(least, _)| least == 0) {
                break;
            }
        }
        best.map(|(_, at)| at)
    }
}

fn differ(path: &str, a: Option<&Value>, b: Option<&Value>) -> Difference {
    Difference { path: path.to_owned(), what: What::Values(a.cloned(), b.cloned()) }
}

/// Seconds since 1970, of these years: nothing else that is answered is as large and differs.
fn is_time(number: &serde_json::Number) -> bool {
    number.as_f64().is_some_and(|number| (1e9..5e9).contains(&number) || (1e12..5e12).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn differences(a: &Value, b: &Value, lists: Lists) -> Vec<String> {
        Pairs::default().differences(a, b, lists).into_iter().map(|one| one.path).collect()
    }

    #[test]
    fn ids_stand_for_each_other_from_then_on() {
        let a = json!({"Vpcs": [{"VpcId": "vpc-00000000000000001"}, {"VpcId": "vpc-00000000000000002"}]});
        let b = json!({"Vpcs": [{"VpcId": "vpc-0000000000000000a"}, {"VpcId": "vpc-0000000000000000b"}]});
        let mut pairs = Pairs::default();
        assert_eq!(pairs.differences(&a, &b, Lists::Ordered), []);
        assert!(pairs.say_the_same("no vpc-00000000000000002", "no vpc-0000000000000000b"));
        assert!(!pairs.say_the_same("no vpc-00000000000000002", "no vpc-0000000000000000a"));
        assert!(!pairs.say_the_same("no vpc-00000000000000003", "no vpc-0000000000000000a"));
        assert!(!pairs.say_the_same("no vpc-00000000000000003", "no eni-00000000000000003"));
    }

    #[test]
    fn another_order_is_told_where_order_says_something() {
        let a = json!({"l": [{"n": 1, "id": "x-00000001"}, {"n": 2, "id": "x-00000002"}]});
        let b = json!({"l": [{"n": 2, "id": "x-00000008"}, {"n": 1, "id": "x-00000009"}]});
        assert_eq!(differences(&a, &b, Lists::Unordered), [""; 0]);
        let found = Pairs::default().differences(&a, &b, Lists::Ordered);
        assert_eq!(found, [Difference { path: "l".into(), what: What::Order }]);
    }

    #[test]
    fn what_is_missing_or_other_is_told_with_its_place() {
        let a = json!({"a": {"b": [1, 2], "c": null, "d": "x"}, "t": 1_767_603_600});
        let b = json!({"a": {"b": [1, 3, 4]}, "t": 1_767_603_601.5});
        assert_eq!(differences(&a, &b, Lists::Ordered), ["a.b[1]", "a.b[2]", "a.d"]);
        assert_eq!(differences(&a, &b, Lists::Unordered), ["a.b[1]", "a.b[2]", "a.d"]);
    }

    /// Answers with ids, numbered from here on.
    fn answer() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            (0..6_u8).prop_map(|n| json!(format!("vpc-{n:017x}"))),
            (0..6_u8)
                .prop_map(|n| json!(format!("arn:aws:ec2:us-east-1:111122223333:subnet/subnet-{n:017x}"))),
            (0..4_u8).prop_map(|n| json!(n)),
            any::<bool>().prop_map(Value::Bool),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map("[A-D]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Ids that are others throughout are no difference, in whichever order they are chosen.
        #[test]
        fn renamed_ids_are_the_same(answer in answer(), add in 1..9_u8) {
            let mut text = answer.to_string();
            for n in (0..6_u8).rev() {
                text = text.replace(&format!("-{n:017x}"), &format!("-f{:016x}", (n + add) % 6));
            }
            let renamed: Value = serde_json::from_str(&text.replace("111122223333", "444455556666")).unwrap();
            for lists in [Lists::Ordered, Lists::Unordered] {
                prop_assert_eq!(Pairs::default().differences(&answer, &renamed, lists), vec![]);
            }
        }

        /// One member more is one difference, at its place, and so is another value.
        #[test]
        fn one_change_is_one_difference(answer in answer(), other in answer()) {
            let same = json!({"same": answer, "z": "there"});
            let changed = json!({"same": answer, "z": "gone"});
            let less = json!({"same": answer});
            prop_assert_eq!(differences(&same, &changed, Lists::Ordered), vec!["z"]);
            prop_assert_eq!(differences(&same, &less, Lists::Unordered), vec!["z"]);
            // Whoever looks first, they differ or they do not.
            let differ = |a, b| !differences(a, b, Lists::Ordered).is_empty();
            prop_assert_eq!(differ(&answer, &other), differ(&other, &answer));
        }
    }
}
