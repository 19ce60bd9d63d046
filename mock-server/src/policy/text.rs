//! Texts with policy variables.

use super::eval::Asked;
use super::pattern::{Mode, Pattern, Step, plain, wild};

/// A text of a policy that a request is compared with.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// Without variables: the same for every request.
    Fixed(Pattern),
    /// With variables, which stand for what the request says.
    Open(Mode, Vec<Piece>),
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Literal(String),
    /// `${*}`, `${?}` and `${$}`: the character itself.
    Special(u8),
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Text {
    /// `variables`: whether the policy is of the version that has them.
    pub fn new(text: &str, mode: Mode, variables: bool) -> Text {
        let pieces = if variables { pieces(text) } else { vec![Piece::Literal(text.to_owned())] };
        let mut fixed = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Literal(text) => mode.steps(text, &mut fixed),
                Piece::Special(character) => fixed.push(Step::Byte(*character)),
                Piece::Variable { .. } => return Text::Open(mode, pieces),
            }
        }
        Text::Fixed(Pattern::of(fixed, mode))
    }

    /// Whether it matches; `None` where a variable of it stands for nothing.
    pub fn matches(&self, text: &str, asked: &Asked<'_>) -> Option<bool> {
        match self {
            Text::Fixed(pattern) => Some(pattern.matches(text)),
            Text::Open(mode, pieces) => {
                let mut steps = Vec::new();
                for piece in pieces {
                    match piece {
                        Piece::Literal(text) => mode.steps(text, &mut steps),
                        Piece::Special(character) => steps.push(Step::Byte(*character)),
                        // What a variable stands for is never a wildcard.
                        Piece::Variable { key, default } => {
                            steps.extend(plain(asked.single(key).or(default.as_deref())?));
                        }
                    }
                }
                Some(Pattern::of(steps, *mode).matches(text))
            }
        }
    }
}

impl Mode {
    fn steps(self, text: &str, into: &mut Vec<Step>) {
        match self {
            Mode::Exact | Mode::IgnoreCase => into.extend(plain(text)),
            Mode::Like | Mode::Arn | Mode::Resource => into.extend(wild(text)),
        }
    }
}

/// Reads `${KEY}`, `${KEY, 'DEFAULT'}` and the escapes. What is no variable, for want of a brace, means itself.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${")
        && let Some((inside, behind)) = after.split_once('}')
    {
        pieces.push(Piece::Literal(before.to_owned()));
        pieces.push(match inside {
            "*" | "?" | "$" => Piece::Special(inside.as_bytes()[0]),
            inside => variable(inside),
        });
        rest = behind;
    }
    pieces.push(Piece::Literal(rest.to_owned()));
    pieces
}

fn variable(inside: &str) -> Piece {
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            (key, default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\'')))
        }
        None => (inside, None),
    };
    Piece::Variable { key: key.trim().to_owned(), default: default.map(str::to_owned) }
}
