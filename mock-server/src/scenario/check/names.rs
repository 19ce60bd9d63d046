//! What templates name: whether it is there, and, of what is written in the file, whether it is of that form.

use super::super::problem::{Place, instead_of};
use super::super::template::{MERGE, Name, Part, Piece, VARS, pieces};
use super::super::tree::{Kind, Node};
use super::{BUILT_IN, Checker, used_as};

impl Checker {
    /// Checks every name in the texts of a value.
    pub(super) fn names(&mut self, node: &Node) {
        self.names_below(node, &mut Vec::new());
    }

    fn names_below(&mut self, node: &Node, within: &mut Vec<String>) {
        let mut texts = Vec::new();
        node.texts(&mut |place, text| texts.push((place, text.to_owned())));
        for (place, text) in texts.into_iter().filter(|(_, text)| text != MERGE) {
            self.name_in(place, &text, within);
        }
        self.merges(node);
    }

    /// `within` are the variables that led here.
    pub(super) fn name_in(&mut self, place: Place, text: &str, within: &mut Vec<String>) {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(message) => return self.tell(place, message),
        };
        let is_longer = pieces.len() > 1;
        for piece in pieces {
            let Piece::Name(name) = piece else { continue };
            if let Some(variable) = name.variable() {
                self.variable(place, &variable, within);
                self.form(place, &name, is_longer);
            } else if self.captures.contains_key(&name.root) {
                self.used.insert(name.root);
            } else if let Some(wanted) = self.fixtures.get(&name.root) {
                let problem = wanted.output_problem(&name);
                self.used.insert(name.root);
                if let Some(message) = problem {
                    self.tell(place, message);
                }
            } else if let Some(later) = self.later.get(&name.root) {
                let message = format!("nothing is named `{}` before it is captured at {later}", name.root);
                self.tell(place, message);
            } else if !BUILT_IN.contains(&name.root.as_str()) {
                let known = self.captures.keys().chain(self.fixtures.keys()).map(String::as_str);
                let known = known.chain(BUILT_IN).chain([VARS]);
                let hint = instead_of(&name.root, known);
                self.tell(place, format!("nothing is named `{}` here{hint}", name.root));
            } else if let Some(part) = name.path.first() {
                self.tell(place, format!("`{}` is a text, which has no {part}", name.root));
            }
        }
    }

    fn variable(&mut self, place: Place, variable: &str, within: &mut Vec<String>) {
        if within.iter().any(|name| name == variable) {
            return self.tell(place, format!("variable `{variable}` goes in circles"));
        }
        let Some(node) = self.vars.get(variable).cloned() else {
            let hint = instead_of(variable, self.vars.keys().map(String::as_str));
            return self.tell(place, format!("no variable is named `{variable}`{hint}"));
        };
        self.used.insert(used_as(variable));
        within.push(variable.to_owned());
        self.names_below(&node, within);
        within.pop();
    }

    /// Whether a variable has the part that is named, and is one that a longer text can have in it.
    fn form(&mut self, place: Place, name: &Name, is_longer: bool) {
        if self.vars_are_defaults {
            return;
        }
        match self.written(name, 0) {
            Err(message) => self.tell(place, message),
            Ok(Some(node)) if is_longer && matches!(node.kind, Kind::List(_) | Kind::Map(_)) => {
                let told = name.told(name.path.len());
                let what = node.what();
                self.tell(
                    place,
                    format!("`{told}` in a longer text has to be a text or a number, not {what}"),
                );
            }
            Ok(_) => {}
        }
    }

    /// What a template names, if that is written in the file. What `--var` is to give is not: `null` stands for it.
    ///
    /// # Errors
    /// The part that is not there.
    fn written(&self, name: &Name, depth: usize) -> Result<Option<&Node>, String> {
        const DEEPEST: usize = 16;
        let found = name.variable().and_then(|variable| self.vars.get(&*variable));
        let Some(mut node) = found.filter(|_| depth < DEEPEST) else { return Ok(None) };
        for (n, part) in name.path.iter().enumerate().skip(1) {
            let Some(whole) = self.followed(node, depth) else { return Ok(None) };
            let missing = |hint: String| {
                let what = match (&whole.kind, part) {
                    (Kind::Map(_), Part::Member(_)) | (Kind::List(_), Part::Element(_)) => String::new(),
                    _ => format!(" is {}, which", whole.what()),
                };
                Err(format!("`{}`{what} has no {part}{hint}", name.told(n)))
            };
            node = match (part, &whole.kind) {
                (_, Kind::Null) => return Ok(None),
                (Part::Member(member), Kind::Map(entries)) => match whole.get(member) {
                    Some(inner) => inner,
                    None if whole.get(MERGE).is_some() => return Ok(None),
                    None => {
                        let known = entries.iter().map(|(key, _)| key.text.as_str());
                        return missing(instead_of(member, known));
                    }
                },
                (Part::Element(index), Kind::List(nodes)) => match nodes.get(*index) {
                    Some(inner) => inner,
                    None => return missing(String::new()),
                },
                _ => return missing(String::new()),
            };
        }
        Ok(self.followed(node, depth))
    }

    /// The node itself, or what it stands for if it is a template; `None` if that is known only when it runs.
    fn followed<'a>(&'a self, node: &'a Node, depth: usize) -> Option<&'a Node> {
        let pieces = node.text().and_then(|text| pieces(text).ok());
        match pieces.as_deref() {
            Some([Piece::Name(name)]) => self.written(name, depth + 1).ok().flatten(),
            _ => Some(node),
        }
    }

    /// Whether what mappings are laid over are mappings.
    fn merges(&mut self, node: &Node) {
        if self.vars_are_defaults {
            return;
        }
        match &node.kind {
            Kind::List(nodes) => nodes.iter().for_each(|node| self.merges(node)),
            Kind::Map(entries) => {
                for (key, node) in entries {
                    if key.text == MERGE {
                        self.base(node, true);
                    }
                    self.merges(node);
                }
            }
            _ => {}
        }
    }

    fn base(&mut self, base: &Node, may_be_several: bool) {
        let what = match self.followed(base, 0).map(|known| (&known.kind, known.what())) {
            Some((Kind::List(bases), _)) if may_be_several => {
                let bases = bases.clone();
                return bases.iter().for_each(|base| self.base(base, false));
            }
            None | Some((Kind::Map(_) | Kind::Null, _)) => return,
            Some((_, what)) => what,
        };
        self.tell(base.place, format!("`{MERGE}` takes mappings, not {what}"));
    }
}
