//! What scenarios say of answers: expressions that point into them, and rules that are behind them.

use super::super::callee::Callee;
use super::super::file::Step;
use super::super::outline::{self, Outline};
use super::super::problem::{Place, instead_of};
use super::super::query;
use super::super::resource::ResourceKind;
use super::super::template::{Piece, pieces};
use super::super::tree::Node;
use super::Checker;
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

    /// A rule that is written down has to be one. Matchers and templates may stand for any.
    pub(super) fn rule(&mut self, rule: &Node) {
        let Some(id) = rule.text().filter(|id| !id.contains("${")) else { return };
        if rules::get(id).is_none() && rules::ec2::get(id).is_none() {
            let known = rules::all().map(|info| info.id).chain(rules::ec2::all().map(|info| info.id));
            self.tell(rule.place, format!("`{id}` is no rule{}", instead_of(id, known)));
        }
    }
}
