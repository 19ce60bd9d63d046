//! What is asked of one value.

use super::LogsError;
use super::lexer::{Op, Token};
use fancy_regex::RegexBuilder;

/// "There is a limit of 2 regex for each filter pattern when creating a delimited or JSON filter pattern."
const MOST_REGEXES: usize = 2;

/// An expression between percent signs, found anywhere in a text.
#[derive(Debug)]
pub struct Regex(fancy_regex::Regex);

impl Regex {
    pub(super) fn new(text: &str) -> Result<Self, LogsError> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || " :_#=@/;,-^$?[]{}|\\*+.".contains(c);
        if let Some(other) = text.chars().find(|c| !is_known(*c)) {
            return Err(LogsError::BadTerm { term: other.to_string() });
        }
        let built = RegexBuilder::new(&translate(text))
            .backtrack_limit(100_000)
            .delegate_size_limit(1 << 20)
            .delegate_dfa_size_limit(1 << 20)
            .build();
        built.map(Regex).map_err(|_| LogsError::BadPattern)
    }

    pub(super) fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }
}

/// The same in Rust's notation: classes are of ASCII, and a repetition may lack its minimum.
fn translate(text: &str) -> String {
    let (mut out, mut chars) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '{' && chars.peek() == Some(&',') {
            out.push('0');
        }
        if c == '\\' {
            let escaped = chars.next();
            let class = match escaped {
                Some('d') => "[0-9]",
                Some('D') => "[^0-9]",
                Some('s') => "[ \\t\\n\\r]",
                Some('S') => "[^ \\t\\n\\r]",
                Some('w') => "[a-zA-Z_0-9]",
                Some('W') => "[^a-zA-Z_0-9]",
                _ => {
                    out.extend(escaped);
                    continue;
                }
            };
            out.pop();
            out.push_str(class);
        }
    }
    out
}

/// A value that is looked at.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub text: &'a str,
    pub number: Option<f64>,
}

/// `= 4*`, `!= "x"`, `> 1000`.
#[derive(Debug)]
pub(super) struct Condition {
    op: Op,
    operand: Operand,
}

#[derive(Debug)]
enum Operand {
    Text {
        text: String,
        /// What it is as a number, if it is not in quotation marks.
        number: Option<f64>,
    },
    Regex(Regex),
}

impl Condition {
    /// Reads what stands behind an operator.
    pub fn new(op: Op, operand: Token) -> Result<Self, LogsError> {
        let operand = match operand {
            Token::Quoted(text) => Operand::Text { text, number: None },
            Token::Word(text) => {
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                Operand::Text { text, number }
            }
            Token::Regex(text) => Operand::Regex(Regex::new(&text)?),
            _ => return Err(LogsError::BadPattern),
        };
        let ordered = !matches!(op, Op::Equal | Op::Unequal);
        let has_order = matches!(operand, Operand::Text { number: Some(_), .. });
        if ordered && !has_order { Err(LogsError::BadPattern) } else { Ok(Self { op, operand }) }
    }

    pub fn holds(&self, subject: &Subject<'_>) -> bool {
        let is_equal = || match &self.operand {
            Operand::Regex(regex) => regex.is_found_in(subject.text),
            Operand::Text { text, number } => match (number, subject.number) {
                (Some(number), Some(value)) => *number == value,
                _ => is_like(text, subject.text),
            },
        };
        let ordered = |holds: fn(f64, f64) -> bool| match (&self.operand, subject.number) {
            (Operand::Text { number: Some(bound), .. }, Some(value)) => holds(value, *bound),
            _ => false,
        };
        match self.op {
            Op::Equal => is_equal(),
            Op::Unequal => !is_equal(),
            Op::Less => ordered(|value, bound| value < bound),
            Op::AtMost => ordered(|value, bound| value <= bound),
            Op::Greater => ordered(|value, bound| value > bound),
            Op::AtLeast => ordered(|value, bound| value >= bound),
        }
    }
}

/// Whether a text is another one that may begin and end with a star, which stands for any characters. A star between
/// others is one.
fn is_like(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (None, None) => text == pattern,
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (Some(end), Some(_)) => text.contains(end.strip_suffix('*').unwrap_or(end)),
    }
}

/// Holds a pattern to its quota of expressions.
pub(super) fn check_regexes(tokens: &[Token]) -> Result<(), LogsError> {
    let count = tokens.iter().filter(|token| matches!(token, Token::Regex(_))).count();
    if count > MOST_REGEXES { Err(LogsError::BadPattern) } else { Ok(()) }
}
