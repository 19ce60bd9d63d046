//! What scenarios say of answers: expressions that point into them, states, and the causes that are behind them.

use super::super::callee::Callee;
use super::super::file::{BlockedBy, Expect, Step};
use super::super::matcher;
use super::super::outline::{self, Outline};
use super::super::problem::{Place, instead_of};
use super::super::query;
use super::super::resource::ResourceKind;
use super::super::template::{Piece, pieces};
use super::super::tree::{Kind, Node};
use super::Checker;
use crate::model::path::HopKind;
use crate::rules;

impl Checker {
    /// What the answer to a step looks like.
    pub(super) fn answer(step: &Step) -> Outline {
        if step.explain.is_some() {
            return outline::explanation();
        }
        let waited =
            step.wait_for.as_ref().and_then(|wait| ResourceKind::get(wait.resource.value.split_once('/')?.0));
        let described = waited.map(|kind| format!("{}.{}", kind.service.name(), kind.describe));
        let call = step.call.as_ref().map(|call| call.value.clone()).or(described);
        let callee = call.and_then(|call| Callee::find(&call).ok());
        callee.and_then(Callee::output).map_or(Outline::Anything, Outline::Like)
    }

    pub(super) fn expression(&mut self, place: Place, expression: &str, answer: &Outline) {
        // A template may stand for any part of it; most stand for a name within quotes.
        let filled: String = pieces(expression).map_or(expression.to_owned(), |pieces| {
            let fill = |piece| match piece {
                Piece::Text(text) => text,
                Piece::Name(_) => outline::FILLED.to_owned(),
            };
            pieces.into_iter().map(fill).collect()
        });
        if let Err(message) = query::check(&filled).and_then(|()| outline::find(&filled, answer)) {
            self.tell(place, message);
        }
    }

    /// A rule and a kind of hop that are written down have to be ones, and what the evidence names has an id. Templates may
    /// stand for any.
    pub(super) fn cause(&mut self, cause: &BlockedBy) {
        if let Some(rule) = &cause.rule {
            let known = rules::all().map(|info| info.id).chain(rules::ec2::all().map(|info| info.id));
            self.words(rule, &known.collect::<Vec<_>>(), "no rule");
        }
        if let Some(hop) = &cause.hop {
            self.words(hop, &HopKind::ALL.map(HopKind::name), "no kind of hop");
        }
        let tests = cause.resource.iter().flat_map(matcher::tests);
        for (test, operand) in tests {
            let of_texts = matches!(test, "equals" | "contains" | "matches" | "oneOf");
            let is_list = test == "oneOf" && matches!(operand.kind, Kind::List(_));
            if !of_texts || !is_list && operand.text().is_none_or(str::is_empty) {
                self.tell(operand.place, "`resource` is the id of something: a text, or a matcher of texts");
            }
        }
    }

    /// States that are written down have to be ones of what is waited for.
    pub(super) fn states(&mut self, step: &Step, expect: &Expect) {
        let resource = step.wait_for.as_ref().and_then(|wait| wait.resource.value.split_once('/'));
        let Some(kind) = resource.and_then(|(slug, _)| ResourceKind::get(slug)) else { return };
        if let Some(state) = &expect.state {
            self.words(state, kind.states(), &format!("no state of a {}", kind.slug));
        }
        if let Some(statuses) = &expect.secondary_status {
            self.words(
                statuses,
                kind.secondary_statuses(),
                &format!("no secondary status of a {}", kind.slug),
            );
        }
    }

    /// The texts that a matcher names whole have to be among those that are known.
    fn words(&mut self, matcher: &Node, known: &[&str], what: &str) {
        let whole = |test: &str| matches!(test, "equals" | "oneOf" | "sequence");
        for (_, operand) in matcher::tests(matcher).into_iter().filter(|(test, _)| whole(test)) {
            let all = match &operand.kind {
                Kind::List(all) => all.iter().collect(),
                _ => vec![operand],
            };
            for node in all {
                let unknown = |text: &&str| !text.contains("${") && !known.contains(text);
                if let Some(text) = node.text().filter(unknown) {
                    let hint = instead_of(text, known.iter().copied());
                    self.tell(node.place, format!("`{text}` is {what}{hint}"));
                }
            }
        }
    }
}
