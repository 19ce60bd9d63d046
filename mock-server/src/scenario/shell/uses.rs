//! What a script needs of what is captured.

use super::KEYS;
use crate::scenario::file::Step;
use crate::scenario::template::{Part, Piece, pieces};
use crate::scenario::tree::Node;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What templates name: by the first part of the name, the ways from there.
#[derive(Default)]
pub struct Uses(BTreeMap<String, BTreeMap<String, Vec<Part>>>);

impl Uses {
    pub fn all_of<'a>(&mut self, steps: &[Spanned<Step>], nodes: impl IntoIterator<Item = &'a Node>) {
        nodes.into_iter().for_each(|node| self.node(node));
        for step in steps {
            let step = &step.value;
            [&step.with, &step.capture].into_iter().flatten().for_each(|node| self.node(node));
            if let Some(expect) = &step.expect {
                expect.response.iter().for_each(|node| self.node(node));
                expect.error.iter().for_each(|error| self.node(&error.code));
            }
            if let Some(wait) = &step.wait_for {
                [&wait.resource, &wait.state].into_iter().for_each(|text| self.text(&text.value, &[]));
            }
            if let Some(caller) = &step.caller {
                let keys = KEYS.map(|(member, _)| member);
                caller.texts(&mut |_, text| {
                    // Whoever is named as a whole is named by the keys.
                    let whole =
                        matches!(pieces(text).as_deref(), Ok([Piece::Name(_)])) && caller.text().is_some();
                    self.text(text, if whole { &keys } else { &[] });
                });
            }
        }
    }

    pub fn node(&mut self, node: &Node) {
        node.texts(&mut |_, text| self.text(text, &[]));
    }

    fn text(&mut self, text: &str, members: &[&str]) {
        for piece in pieces(text).unwrap_or_default() {
            let Piece::Name(name) = piece else { continue };
            let paths = match members {
                [] => vec![name.path],
                members => {
                    let below = |member: &&str| {
                        name.path.iter().cloned().chain([Part::Member((*member).to_owned())]).collect()
                    };
                    members.iter().map(below).collect()
                }
            };
            for path in paths {
                self.0.entry(name.root.clone()).or_default().insert(told(&path), path);
            }
        }
    }

    pub fn of(&self, name: &str) -> Vec<Vec<Part>> {
        self.0.get(name).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }
}

/// A way into a value, as JMESPath has it.
pub fn told(path: &[Part]) -> String {
    let mut out = String::new();
    for part in path {
        match part {
            Part::Member(member) => {
                let dot = if out.is_empty() { "" } else { "." };
                let _ = write!(out, "{dot}\"{member}\"");
            }
            Part::Element(index) => {
                let _ = write!(out, "[{index}]");
            }
        }
    }
    out
}
