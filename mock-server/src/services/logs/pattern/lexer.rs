//! What conditions are written with.

use super::LogsError;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// As far as it is no selector, so also a number, a keyword or something with stars.
    Word(String),
    Quoted(String),
    Regex(String),
    /// `$.a.b[0]`, without the dollar sign.
    Selector(Vec<Step>),
    Op(Op),
    And,
    Or,
    Open,
    Close,
    Comma,
    Ellipsis,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// A step of a selector.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Step {
    Field(String),
    Element(usize),
    /// Any element, or any field.
    Any,
}

/// What need not be in quotation marks.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The same, where values are compared: they may be numbers and have stars.
fn is_of_value(c: char) -> bool {
    is_plain(c) || matches!(c, '*' | '.' | '-' | '+')
}

/// What is up to the closing quotation mark, and what follows it.
pub(super) fn quoted(text: &str) -> Result<(String, &str), LogsError> {
    let (mut out, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((out, &text[at + 1..])),
            '\\' => match chars.next() {
                // Only what would end the text, or itself be an escape, needs one.
                Some((_, escaped @ ('"' | '\\'))) => out.push(escaped),
                Some((_, other)) => out.extend(['\\', other]),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err(LogsError::BadTerm { term: "\"".into() })
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, LogsError> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (token, after) = match first {
            '"' => quoted(&rest[1..]).map(|(text, after)| (Token::Quoted(text), after))?,
            '%' => {
                let (regex, after) =
                    rest[1..].split_once('%').ok_or_else(|| LogsError::BadTerm { term: "%".into() })?;
                (Token::Regex(regex.to_owned()), after)
            }
            '$' => selector(rest)?,
            _ => match sign(rest) {
                Some(found) => found,
                None => {
                    let end = rest.find(|c: char| !is_of_value(c)).unwrap_or(rest.len());
                    if end == 0 {
                        return Err(LogsError::BadTerm { term: first.to_string() });
                    }
                    (Token::Word(rest[..end].to_owned()), &rest[end..])
                }
            },
        };
        tokens.push(token);
        rest = after;
    }
}

fn sign(text: &str) -> Option<(Token, &str)> {
    const SIGNS: &[(&str, Token)] = &[
        ("...", Token::Ellipsis),
        ("&&", Token::And),
        ("||", Token::Or),
        ("!=", Token::Op(Op::Unequal)),
        // As older editions of the guide write it.
        ("=!", Token::Op(Op::Unequal)),
        ("<=", Token::Op(Op::AtMost)),
        (">=", Token::Op(Op::AtLeast)),
        ("<", Token::Op(Op::Less)),
        (">", Token::Op(Op::Greater)),
        ("=", Token::Op(Op::Equal)),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
    ];
    SIGNS.iter().find_map(|(sign, token)| Some((token.clone(), text.strip_prefix(sign)?)))
}

/// A selector and what follows. Names have letters, digits, hyphens and underscores; others are in brackets and quotation
/// marks.
fn selector(text: &str) -> Result<(Token, &str), LogsError> {
    let bad = |rest: &str| {
        let end = text.len() - rest.len() + rest.chars().next().map_or(0, char::len_utf8);
        LogsError::BadTerm { term: text[..end].to_owned() }
    };
    let mut steps = Vec::new();
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    loop {
        // A name in brackets may follow the dot that stands before names.
        let bracket = rest.strip_prefix(".[").or_else(|| rest.strip_prefix('['));
        if let Some(inside) = bracket {
            let (step, after) = in_brackets(inside).ok_or_else(|| bad(inside))?;
            steps.push(step);
            rest = after;
        } else if let Some(name) = rest.strip_prefix('.') {
            if let Some(after) = name.strip_prefix('*') {
                steps.push(Step::Any);
                rest = after;
                continue;
            }
            let end = name.find(|c: char| !is_plain(c) && c != '-').unwrap_or(name.len());
            if end == 0 {
                return Err(bad(name));
            }
            steps.push(Step::Field(name[..end].to_owned()));
            rest = &name[end..];
        } else if steps.is_empty() {
            return Err(bad(rest));
        } else if steps.iter().filter(|step| **step == Step::Any).count() > 1 {
            // "You can only use up to one wildcard selector in a property selector."
            return Err(LogsError::BadPattern);
        } else {
            return Ok((Token::Selector(steps), rest));
        }
    }
}

/// What is in brackets, behind the opening one: a number, a star or a name; and what follows the closing one.
fn in_brackets(text: &str) -> Option<(Step, &str)> {
    if let Some(mark) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let (name, after) = text[1..].split_once(mark)?;
        return Some((Step::Field(name.to_owned()), after.strip_prefix(']')?));
    }
    let (inside, after) = text.split_once(']')?;
    let step = if inside == "*" { Step::Any } else { Step::Element(inside.parse().ok()?) };
    Some((step, after))
}
